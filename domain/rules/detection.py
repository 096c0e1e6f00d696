"""Detection (R30): what was found, where, when and how, said by who found it and holds it. Custody begins with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import holder
from domain.delivery.memory import Detection
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.kind import UNDER_WAY, Declaration, Kind
from domain.words.identifiers import OfficerCode
from domain.words.limits import (
    LARGEST_OF_DETECTION,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_PLACE,
    MOST_TAKEN_FOR,
    MOST_WITNESSES,
)
from domain.words.moments import Moment, instant

FOUND_LATER = refused("R30", "found_in_future", "it was found after now")


class Detected(Kind):
    """Detection report: what was found, where, when, how and by whom. Who says it holds the consignment from then on."""

    kind: Literal["detected"] = "detected"
    place: Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]
    detected_at: Moment
    """By the clock there."""
    how: Literal["risk_analysis", "information", "routine_check", "x_ray", "dog", "weighing", "search", "handed_in"]
    officers: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=MOST_WITNESSES)]
    """Who found it, by their codes."""
    found_by: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """Of which service or carrier they are, where it is not the one that says this, and takes no part."""
    concealment: Reason
    """Where and how it is hidden, or that it is not."""
    taken_for: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)], ...], Field(min_length=1, max_length=MOST_TAKEN_FOR)
    ]
    """What it is taken for; how much the plan says."""
    sure: Literal["suspected", "presumptive_test", "laboratory"]
    """How sure that is."""
    test: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """Which test, and its result."""

    declares = Declaration(
        title="Detection reported",
        answers="detection",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_OF_DETECTION,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`found_in_future` where it was detected after now."""
        return FOUND_LATER() if instant(self.detected_at) > said.at else ACCEPTED

    def may_be_shared(self) -> bool:
        """Yes: they were found together."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """It is detected, and its `voice` holds it, and nobody else any more."""
        state.exhibits.pop("consignment", None)
        state.detected = Detection(said.voice, said.seq)


class Reporting(Contingency):
    """First of all, who found it and holds it reports that (R30). Nobody is asked for consent before."""

    declares = Unforeseen(
        name="detection",
        title="what was found",
        needs="detection",
        without_end=True,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While it is under way and has not left, unless it is `reported`, or one is open."""
        state = delivery.state
        wanted = state.under_way and not state.dispatched and not reported(state)
        if wanted and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The one `to_report` it."""
        asked = (Requirement(service=to_report(delivery.state), says="detection"),)
        return Checkpoint(id=name, requires=asked, due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return "detection"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It has left, or is `reported`, or another is `to_report` it, and it is not satisfied."""
        asked = progress.checkpoint.services() == (to_report(delivery.state),)
        return not progress.satisfied and (delivery.state.dispatched or reported(delivery.state) or not asked)


def reported(state: State) -> bool:
    """Whether it is reported what was found, and who holds it takes part: else who has it then says so afresh."""
    return state.detected is not None and state.participant(holder(state))


def to_report(state: State) -> str:
    """Who reports it: the successor of the plan's `finder`; the responsible authority, once somebody has who takes no part any
    more.
    """
    return state.plan.successor_of(state.plan.finder) if state.detected is None else state.responsible


def in_hand(state: State) -> bool:
    """Whether the responsible authority has received what was found (R30)."""
    return state.detected is not None and holder(state) == state.responsible
