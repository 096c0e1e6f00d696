"""Who holds what was found hands it on before it leaves, and who is offered exhibits says that it has received them (R30)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.holdings import CONSIGNMENT, holder, offered
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.plan.plan import Checkpoint, Requirement
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.exhibits import prepares_it, to_hand_on


class HandingOn(Contingency):
    """Who holds what was found, and is not the responsible authority, offers it to that: nothing leaves before (R30)."""

    declares = Unforeseen(
        name="handing_on",
        title="that what was found is offered to who carries it on",
        needs="exhibit_offer",
        without_end=True,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While it is under way, somebody who takes part is `to_hand_on` the consignment, who neither `prepares_it` nor has
        offered it to anybody, and none is open.
        """
        state = delivery.state
        held_by = to_hand_on(state)
        if held_by is None or not state.under_way or not state.participant(held_by) or prepares_it(state):
            return
        handed_on = state.exhibits.get(CONSIGNMENT)
        if (handed_on is None or handed_on.offered_to is None) and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Its `holder`."""
        asked = Requirement(service=holder(delivery.state), says="exhibit_offer")
        return Checkpoint(id=name, requires=(asked,), due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return "handing-on"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """Another holds it, or it has left, or who holds it takes part no more, and it is not satisfied."""
        state, asked = delivery.state, progress.checkpoint.services()
        return not progress.satisfied and (asked != (to_hand_on(state),) or not all(map(state.participant, asked)))


class Receiving(Contingency):
    """Who is offered exhibits says that it has received them; until then, and if it does not, the giver holds them (R30)."""

    declares = Unforeseen(
        name="exhibits",
        title="whether exhibits were received",
        needs="exhibit_acceptance",
        without_end=False,
        after_halt=True,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While something is offered, unless one is open: one taker after another. Not once the time for it is over."""
        if open_about(delivery.state, self.declares.name, "") or _is_over(delivery):
            return
        if first_taker(delivery.state) is not None:
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The service to which the first of what is offered is."""
        asked = Requirement(service=first_taker(delivery.state) or "", says="exhibit_acceptance")
        return Checkpoint(id=name, requires=(asked,), due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "exhibits"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """Nothing is offered to that service any more, or the time for it is over, and it is not satisfied."""
        gone = not offered(delivery.state, progress.checkpoint.services()[0])
        return not progress.satisfied and (gone or _is_over(delivery))

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Nothing is offered to that service any more."""
        for label in offered(state, services[0]):
            state.exhibits[label] = replace(state.exhibits[label], offered_to=None)


def _is_over(delivery: Delivery) -> bool:
    """Whether as much time as the plan gives `afterwards`, or else for a `decision`, had passed since the outcome when the newest
    entry was recorded: whoever offers again and again keeps it open no longer.
    """
    state, plan = delivery.state, delivery.plan
    return state.outcome_at is not None and state.now >= state.outcome_at + (plan.afterwards or plan.contingencies.decision)


def first_taker(state: State) -> str | None:
    """To whom the first exhibit that is offered is, in the order in which they were first handed on."""
    return next((one.offered_to for one in state.exhibits.values() if one.offered_to is not None), None)
