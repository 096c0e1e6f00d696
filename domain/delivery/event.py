"""What every event of a ledger is: a record with an effect on the state and, where it is no statement, its readers (R11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Verdict
from domain.signing.canonical import Frozen
from domain.signing.envelope import Envelope
from domain.words.figures import Figures

Readers = Literal["whole", "checkpoint", "notice", "own_state", "leg", "speaker", "everybody"]
"""Who reads an entry beside those who see the whole: nobody; who sees its checkpoint; the same, of notices that concern it;
services of the State; whose leg it is; who may read the statement; everybody who takes part."""


@dataclass(frozen=True)
class Moment:
    """Where an entry stands: its number, and when it was recorded."""

    seq: int
    at: datetime


class Law(Protocol):
    """What the effects of events ask of the rules that the delivery is under."""

    @property
    def figures(self) -> Figures:
        """The numbers that are law."""
        ...

    def read(self, envelope: Envelope) -> Statement:
        """The statement in an envelope, unverified. Raises `Malformed`."""
        ...

    def opened(self, envelope: Envelope, keys: Mapping[str, str]) -> Statement:
        """The statement in an envelope that these keys have signed. Raises `NotAuthentic` or `Malformed`."""
        ...

    def heard(self, state: State, envelope: Envelope, verdict: Verdict, when: Moment) -> None:
        """Let a statement that has come in take effect, as its verdict says."""
        ...

    def taken_up(self, state: State, statement: str, verdict: Verdict, when: Moment) -> None:
        """Let an early statement take effect, as its verdict says."""
        ...

    def fell_silent(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """What follows from an answer that did not come in time (R2)."""
        ...

    def closed(self, state: State, progress: Progress, when: Moment) -> None:
        """What follows from the close of a checkpoint that no plan holds."""
        ...


class Event(Frozen):
    """One thing that is recorded."""

    event: str
    readers: ClassVar[Readers] = "whole"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Let it take effect; by itself it has none."""
