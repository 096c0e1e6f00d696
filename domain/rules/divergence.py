"""The archive has another history of this delivery than this ledger: one of the two was put back. People decide how to go on.

Nothing new begins until they have, and stops are taken as ever (R8). What follows stands in a history of its own; the other stays
in the archive and goes into every packet, so that what was put back is proved by both.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.plan.access import supervises
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.register import competent
from domain.rules.contingency import Contingency, Unforeseen, open_about


class Divergence(Contingency):
    """A supervisor, and the initiator's prosecutor, each decide whether it goes on (R18). Either halts it."""

    declares = Unforeseen(
        name="divergence",
        title="whether it goes on after its record was put back",
        needs="movement_decision",
        without_end=True,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each of the two who has still to decide, while it is under way and unless one about it is open. Its key is the
        number of the entry `diverged`, a dot, and `supervisor` or `prosecutor`.
        """
        for key in _undecided(delivery.state):
            if delivery.state.under_way and not open_about(delivery.state, self.declares.name, key):
                yield key

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """About `supervisor`: the supervisors of the directory. About `prosecutor`: those who are `competent`, or the initiator
        where there is none. One of them is enough; of none nothing is asked.
        """
        needs = tuple(Requirement(service=service, says="movement_decision") for service in _undecided(delivery.state)[key])
        return Checkpoint(id=name, requires=needs, need=1, due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return f"divergence.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied, and one of those asked may not decide about this key any more: it was decided, the record was put
        back again, or by a changed plan others decide.
        """
        able = _undecided(delivery.state).get(progress.key, ())
        return not progress.satisfied and not all(service in able for service in progress.checkpoint.services())

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it is satisfied, this key is decided. Once nobody has still to decide, the divergence is over."""
        known = state.divergence
        if known is None or progress.result != "satisfied":
            return
        known.decided = (*known.decided, progress.key)
        if not _undecided(state):
            state.divergence = None


def _undecided(state: State) -> Mapping[str, tuple[str, ...]]:
    """Who has still to decide: by what each checkpoint is about, those of whom one is enough."""
    known = state.divergence
    if known is None:
        return {}
    who = {
        f"{known.seq}.supervisor": tuple(one.id for one in state.directory.services if supervises(one)),
        f"{known.seq}.prosecutor": competent(state.plan, state.directory) or state.plan.initiators(),
    }
    return {key: services for key, services in who.items() if services and key not in known.decided}
