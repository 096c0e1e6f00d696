"""What was permitted because it could not wait is sanctioned by whose say it is in the time of the law, or ends (R16).

It is the measure that ends, and not the delivery (Kazakhstan, law on operational-search activity art. 12(7): else it stops at
once); see `domain.rules.lapse`. What was done by it may be over within hours. The law wants the sanction all the same, and a
court asks for it: so it is asked for to its time, however the delivery stands.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.delivery import unforeseen
from domain.delivery.consents import Consents
from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, found
from domain.plan.cards import Measure
from domain.plan.plan import Checkpoint
from domain.rules.contingency import open_about
from domain.rules.lapse import Lapse, in_urgency, lapse, urgent, urgent_of
from domain.words.quantities import left_until

NOT_SANCTIONED = found(
    "R16",
    "not_sanctioned",
    "{service} has not sanctioned what was permitted in urgency: in {state} there is no permission any more for {lapsed}",
    service="name",
    state="name",
    lapsed="words",
)
HELD_FOR_IT = found(
    "R16",
    "held_for_sanction",
    "{service} has not sanctioned what was permitted in urgency: in {state} there is no permission any more for "
    "{lapsed}; it goes by that now, so it is held",
    service="name",
    state="name",
    lapsed="words",
)


class Sanction(Lapse):
    """Whose say a permission is sanctions what was permitted without it, since that was urgent, in the time of the card (R16)."""

    declares = lapse(unforeseen.SANCTION, "the sanction of what was urgent", after_halt=True)

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each service without whom something was permitted in urgency that has not ended, State by State, while it is
        under way, unless one about it is open.
        """
        state = delivery.state
        for permit in urgent(state) if state.under_way else ():
            if permit.valid_until > state.now and not open_about(state, self.declares.name, permit.service):
                yield permit.service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That service, by as many officers as the plan asks to permit it, until the permission ends. If nobody answers, it has
        ended, and what it permitted is not permitted any more.
        """
        state, needs = delivery.state, self.asks(delivery.state, key)
        ends = self.ends(state, key)
        return Checkpoint(id=name, requires=needs, due=left_until(ends, state.now))

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It has been permitted since by an act that was not urgent."""
        return not progress.satisfied and not urgent_of(delivery.state, progress.key)

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """What was permitted in urgency in the place of that service, and no other act permits then: `held_for_sanction` where it
        `goes_by` some of that; else `not_sanctioned`.
        """
        return self.found_by_silence(state, progress.key, at, holds=HELD_FOR_IT, closes=NOT_SANCTIONED)

    def ends(self, state: State, service: str) -> datetime:
        return max((one.valid_until for one in urgent_of(state, service)), default=state.now)

    def lapsing(self, state: State, service: str, at: datetime) -> tuple[Measure, ...]:
        """What was permitted in urgency in the place of this service and nothing else permits at this instant: of what the plan
        wants permitted there, though it may be done already.
        """
        there = state.directory.get(service).state or ""
        told, card, consents = in_urgency(state, service), state.cards.get(there), Consents(state)
        wanted = state.plan.permissions(card) if card is not None else ()
        return tuple(one for one in wanted if one in told and not consents.permitted(there, one, at, without=service))

    def no_more(self, state: State, service: str) -> None:
        """What was permitted in its place."""
        there, gone = state.directory.get(service).state or "", urgent_of(state, service)
        state.permits[there] = tuple(one for one in state.permits.get(there, ()) if one not in gone)
