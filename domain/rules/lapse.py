"""A permission ends (R16): whose say it is permits it in time, or the measure has ended, and not the delivery.

To refuse is to say so sooner: what was urgent ends at once, and what is permitted ends with its time. But somebody must be able
to seize at any moment: where the way that is being gone rests on that measure, it is held, and those in charge decide in time
(R8).
"""

from abc import abstractmethod
from datetime import datetime

from domain.delivery import unforeseen
from domain.delivery.event import Moment
from domain.delivery.grants import Permit
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, Found
from domain.plan.cards import Measure
from domain.plan.plan import Requirement
from domain.rules.contingency import Consequence, Contingency, Unforeseen, is_numbered

CONTROL: tuple[Measure, ...] = ("post", "following_person", "watching_thing", "device", "foreign_officers")
"""Measures by which it is kept under control on its way. The others are done once, or listen."""


def lapse(name: str, title: str, *, after_halt: bool) -> Unforeseen:
    """What each of them says of itself."""
    return Unforeseen(
        name=name,
        title=title,
        needs="permission",
        without_end=False,
        after_halt=after_halt,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )


class Lapse(Contingency):
    """A service is asked for a permission, and its silence or refusal ends what is not permitted otherwise."""

    @abstractmethod
    def ends(self, state: State, service: str) -> datetime:
        """When what this service is asked about ends, unless it permits it."""

    @abstractmethod
    def lapsing(self, state: State, service: str, at: datetime) -> tuple[Measure, ...]:
        """What is permitted no more from this instant on, unless this service permits it."""

    def asks(self, state: State, key: str) -> tuple[Requirement, ...]:
        """That service, by as many officers as the plan asks to permit it."""
        officers = max((one.officers_for(key, "permission") for one in state.plan.at("authorise")), default=1)
        return (Requirement(service=key, says="permission", officers=officers),)

    def no_more(self, state: State, service: str) -> None:
        """What this service has refused is permitted no more."""

    def found_by_silence(self, state: State, service: str, at: datetime, *, holds: Found, closes: Found) -> Finding | None:
        """What is permitted no more, if anything, and whether it goes by that."""
        lapsed = self.lapsing(state, service, at)
        finding = holds if goes_by(state, service, lapsed) else closes
        return (
            finding(service=state.plan.successor_of(service), state=state.directory.get(service).state or "", lapsed=lapsed)
            if lapsed
            else None
        )

    def title_of(self, key: str) -> str:
        return f"{self.declares.name}.{key}"

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It is held, where it `goes_by` what ends then; else it closes."""
        return "holds" if goes_by(state, key, self.lapsing(state, key, self.ends(state, key))) else "closes"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Where it `goes_by` what is permitted no more since it was due, it is held, by nobody's order."""
        if goes_by(state, progress.key, self.lapsing(state, progress.key, _ended(progress, when))):
            state.hold_all(when.at, when.seq, None)

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it was `refused`, what that service was asked for is permitted no more, and it is held as after silence."""
        if progress.result == "refused":
            held = goes_by(state, progress.key, self.lapsing(state, progress.key, _ended(progress, when)))
            self.no_more(state, progress.key)
            if held:
                state.hold_all(when.at, when.seq, None)


def _ended(progress: Progress, when: Moment) -> datetime:
    """When it ended: when it was due, although that is decided later where who hangs is asked once more; else now."""
    return min(when.at, progress.due or when.at)


def goes_by(state: State, service: str, lapsed: tuple[Measure, ...]) -> bool:
    """Whether it is `watched`, on a leg through the State of this service, and kept under control there by some of this: `post`,
    `following_person`, `watching_thing`, `device` or `foreign_officers`.
    """
    here = state.directory.get(service).state in state.here.states
    return state.watched and here and any(one in CONTROL for one in lapsed)


def permits_of(state: State, there: str, *, urgent: bool) -> tuple[Permit, ...]:
    """What a State has permitted, in urgency and not sanctioned, or otherwise."""
    return tuple(one for one in state.permits.get(there, ()) if one.urgent == urgent)


def urgent(state: State) -> tuple[Permit, ...]:
    """What was permitted in urgency and is not sanctioned."""
    return tuple(one for there in state.permits for one in permits_of(state, there, urgent=True))


def urgent_of(state: State, service: str) -> tuple[Permit, ...]:
    """Of that, what was permitted in the place of this service, or of one that it `stands_for`."""
    return tuple(one for one in urgent(state) if one.service in state.plan.stands_for(service))


def in_urgency(state: State, service: str) -> frozenset[Measure]:
    """Which measures that permits."""
    return frozenset(one for permit in urgent_of(state, service) for one in permit.permissions)


def asks_to_sanction(state: State, checkpoint: str) -> bool:
    """Whether a checkpoint of this name asks for a sanction, or did."""
    begun = ((name.partition("/"), times) for name, times in state.opened.items())
    asked = ((f"{title}.{key}", times) for (title, _, key), times in begun if title == unforeseen.SANCTION)
    return any(is_numbered(checkpoint, title, times) for title, times in asked)
