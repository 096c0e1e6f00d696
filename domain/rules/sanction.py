"""What was permitted because it could not wait is sanctioned by whose say it is in the time of the law, or ends (R16)."""

from collections.abc import Iterator
from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.delivery.grants import Permit
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.plan.plan import Checkpoint, Requirement
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.words.quantities import left_until


class Sanction(Contingency):
    """Whose say a permission is sanctions what was permitted without it, since that was urgent, in the time of the card (R16)."""

    declares = Unforeseen(
        name="sanction",
        title="the sanction of what was urgent",
        needs="permission",
        without_end=False,
        after_halt=False,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each service without whom something was permitted in urgency that has not ended, State by State, while it is
        under way, unless one about it is open.
        """
        state = delivery.state
        for permit in _urgent(state) if state.under_way else ():
            if permit.valid_until > state.now and not open_about(state, self.declares.name, permit.service):
                yield permit.service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That service, by as many officers as the plan asks to permit it, until the permission ends. If nobody answers, it has
        ended, and what it permitted is not permitted any more.
        """
        state = delivery.state
        ends = max(one.valid_until for one in _urgent(state) if one.service == key)
        officers = max((one.officers_for(key, "permission") for one in state.plan.at("authorise")), default=1)
        needs = (Requirement(service=key, says="permission", officers=officers),)
        return Checkpoint(id=name, requires=needs, due=left_until(ends, state.now))

    def title_of(self, key: str) -> str:
        return f"sanction.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It has been permitted since by an act that was not urgent."""
        return not progress.satisfied and not any(one.service == progress.key for one in _urgent(delivery.state))


def _urgent(state: State) -> tuple[Permit, ...]:
    """What was permitted in urgency and is not sanctioned."""
    return tuple(one for permits in state.permits.values() for one in permits if one.urgent)
