"""What was given before it was written is confirmed in writing by its service, in time, or it has expired (R1)."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.grants import Agreed, Grant
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, Found
from domain.plan.check_powers import touches
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.vocabulary import Need
from domain.rules.contingency import Consequence, Contingency, Unforeseen, open_about
from domain.words.quantities import left_until


def written(name: str, title: str, needs: Need) -> Unforeseen:
    """What each of them says of itself."""
    return Unforeseen(
        name=name,
        title=title,
        needs=needs,
        without_end=False,
        after_halt=True,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )


class Written(Contingency):
    """A service confirms in writing what it gave before it was written; in its silence that expires (R1)."""

    not_in_time: ClassVar[Found]
    """What is said where it does not."""

    @abstractmethod
    def given(self, state: State) -> Mapping[str, Grant | Agreed]:
        """What each service has given."""

    @abstractmethod
    def due(self, delivery: Delivery, service: str) -> datetime | None:
        """By when it is to be written; none where it was written when it was given."""

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each service that has given what is not `written` and has not expired, while it is under way and unless one about
        it is open. In the order of `grants` or `agreed`.
        """
        state = delivery.state
        for service, one in self.given(state).items() if state.under_way else ():
            if one.form != "written" and not one.expired and not open_about(state, self.declares.name, service):
                yield service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That service, within the time `written_within` that its State's card gives where such is given in its form: it counts
        from when that was `given_at`.
        """
        due = self.due(delivery, key)
        assert due is not None  # noqa: S101 - else it had not been taken
        needs = (Requirement(service=key, says=self.declares.needs),)
        return Checkpoint(id=name, requires=needs, due=left_until(due, delivery.state.now), overdue="interdict")

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """A written one stands in its place, nobody has written it in time, or it lies with nobody any more to write it."""
        one, still = self.given(delivery.state).get(progress.key), delivery.state.lies_with(progress.key)
        return one is None or not still or (one.form == "written" and not progress.satisfied) or progress.silent

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts, or closes where nothing is left to halt, or the plan does not touch the State whose act it is."""
        return "halts" if self._stops(state, key) else "closes"

    def _stops(self, state: State, key: str) -> bool:
        """Whether it is under way, and the plan `touches` the State whose act it is."""
        one = self.given(state).get(key)
        return state.under_way and one is not None and touches(state.plan, one.state, state.directory)

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """`not_written` of an authorisation, `agreement_not_written` of an agreement, where it stops nothing: else the halt says
        it.
        """
        return None if self._stops(state, progress.key) else self.not_in_time(services=progress.waiting_for())

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It has expired. While it is under way, and the plan `touches` the State whose act it is, the delivery halts with the
        cause `expired`, and `not_written` of an authorisation, `agreement_not_written` of an agreement.
        """
        self.given(state)[progress.key].expired = True
        if self._stops(state, progress.key):
            state.stop_all("expired", self.not_in_time(services=services), when.seq)
