"""What each unforeseen checkpoint must declare: one that no plan holds, and that the rules open when something does not go as
planned.

Its name is made here and parsed nowhere: an `opened` entry says which contingency called for it, and about what.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Finding
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.vocabulary import Need
from domain.plan.voices import agreeing

Consequence = Literal["halts", "closes", "out_of_sight", "holds", "nothing"]
"""What silence brings: nothing advances any more; the checkpoint closes; the consignment counts as out of sight; it is held until
it is decided how to go on; it goes on waiting, and nobody else is told.
"""


@dataclass(frozen=True, kw_only=True)
class Unforeseen:
    """What a contingency says of itself. It has no defaults."""

    name: str
    """As `opened` has it."""
    title: str
    """In English, what it asks; its Russian stands in the catalogue."""
    needs: Need
    """What it asks."""
    without_end: bool
    """Whether it waits for as long as it takes, with reminders."""
    after_halt: bool
    """Whether it goes on being asked when nothing advances any more."""
    closes_unanswered: bool
    """Whether silence closes it, because it decides nothing."""
    once: bool
    """Whether it is opened once for each key, and not again."""
    everybody_named: bool
    """Whether everybody is asked there, so that who else is may be seen by nobody (R11)."""


class Contingency(ABC):
    """One kind of unforeseen checkpoint."""

    declares: ClassVar[Unforeseen]

    @abstractmethod
    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """What it is called for about now: keys, in a fixed order; an empty key where there is only one."""

    @abstractmethod
    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Who is asked, and until when. It follows from the state alone, so that a verifier derives the same one."""

    @abstractmethod
    def title_of(self, key: str) -> str:
        """The beginning of its checkpoints' names."""

    def name_of(self, state: State, key: str) -> str:
        """The name of the next one about this key."""
        begun = self.title_of(key)
        return begun if self.declares.once else f"{begun}.{state.opened.get(f'{self.declares.name}/{key}', 0) + 1}"

    def may_stay_unanswered(self, state: State) -> bool:
        """Whether silence closes it: where it decides nothing."""
        return self.declares.closes_unanswered

    def silence_brings(self, state: State, key: str) -> Consequence:
        """What follows where nobody answers in time: it closes, where it may stay unanswered; else nothing."""
        return "closes" if self.may_stay_unanswered(state) else "nothing"

    def has_named(self, name: str, key: str, times: int) -> bool:
        """Whether one of those about this key, opened so many times, had this name."""
        begun = self.title_of(key)
        if self.declares.once:
            return name == begun
        return is_numbered(name, begun, times)

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """Whether it is no longer needed."""
        return False

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """What ends if it is not answered in time: nothing that would have to be said."""
        return None

    def refusal_counts(self, progress: Progress, now: datetime) -> bool:
        """It closes as `refused` at once."""
        return True

    def after_silence(  # noqa: B027 - most have nothing to do
        self, state: State, progress: Progress, services: tuple[str, ...], when: Moment
    ) -> None:
        """What follows when it was not answered in time: nothing."""

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:  # noqa: B027
        """What follows when it has closed: nothing."""


def in_charge(delivery: Delivery) -> tuple[str, ...]:
    """The responsible authority, the authorities of the State that it is in, and who by the card of that must agree with them
    (`agreeing`). Each once.
    """
    plan, here = delivery.plan, delivery.state.here.state
    card = delivery.cards.get(here)
    agree = agreeing(plan, delivery.directory, card) if card is not None else ()
    return tuple(dict.fromkeys((delivery.state.responsible, *plan.authorities(here), *agree)))


def another_in_charge(delivery: Delivery, progress: Progress) -> bool:
    """Whether a changed plan has it decided by others (R22): the responsible authority is none of those that are asked there, nor
    has it taken the place of one; or one that is waited for is not `in_charge` any more.
    """
    able, plan = in_charge(delivery), delivery.plan
    left = not all(service in able for service in progress.waiting_for())
    return left or delivery.state.responsible not in map(plan.successor_of, progress.checkpoint.services())


def decide_afresh(delivery: Delivery, need: Need) -> tuple[Requirement, ...]:
    """Whose decision it takes whether it goes on: those `in_charge`. It is never one person's: where they are one service, which
    its law lets decide alone, it is two of its officers (R7).
    """
    services = in_charge(delivery)
    officers = 2 if len(services) == 1 else 1
    return tuple(Requirement(service=service, says=need, officers=officers) for service in services)


def is_numbered(name: str, begun: str, times: int) -> bool:
    """Whether this is one of the names that begin so, opened so many times."""
    number = name.removeprefix(f"{begun}.")
    return number.isdecimal() and f"{begun}.{int(number)}" == name and 1 <= int(number) <= times


def open_about(state: State, contingency: str, key: str) -> bool:
    """Whether one about this key is open."""
    return any(one.contingency == contingency and one.key == key and one.open for one in state.progress.values())


def ever_opened(state: State, contingency: str, key: str = "") -> bool:
    """Whether one about this key has been opened."""
    return f"{contingency}/{key}" in state.opened


def asked_about(state: State, contingency: str, service: str) -> bool:
    """Whether one about something of this service has been opened: its key begins with that service and a dot."""
    return any(one.startswith(f"{contingency}/{service}.") for one in state.opened)


def is_over(state: State, contingency: str, key: str = "") -> bool:
    """Whether one about this key has been opened, and none is open."""
    return ever_opened(state, contingency, key) and not open_about(state, contingency, key)


def has_opened(state: State, contingencies: Mapping[str, Contingency], name: str) -> bool:
    """Whether a checkpoint of this name that no plan holds has been opened. What was asked there may be forgotten."""
    pairs = (begun.split("/", 1) for begun in state.opened)
    return any(contingencies[one].has_named(name, key, state.opened[f"{one}/{key}"]) for one, key in pairs)
