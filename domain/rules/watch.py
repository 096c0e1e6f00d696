"""Surveillance (R9): kept in sight, asked after, out of sight, searched for, given up as lost."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.memory import Sighting, Spent
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.directory import Service
from domain.plan.goods import Label
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Consequence, Contingency, Unforeseen, another_in_charge, open_about
from domain.rules.kind import HALTED, UNDER_WAY, Declaration, Kind
from domain.words.limits import LARGEST_NOTE, LONGEST_PLACE
from domain.words.places import MaybeAt
from domain.words.quantities import MAX_SPAN

Place = Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]

NOT_SEARCHED = refused(
    "R9", "not_searched", "nothing is given up as lost before it has been searched for and the delivery has halted"
)
SEIZED_ALREADY = refused("R10", "seized_already", "it has been seized; what becomes of it then is not this delivery's any more")
NO_SUCH_DEVICE = refused("R9", "no_such_device", "no device {label} was put in", label="name")
NOT_FOUND = found("R9", "not_found", "out of sight, and not found in time by {services}", services="names")


class Sighted(Kind):
    """The responsible authority has the consignment in sight."""

    kind: Literal["sighted"] = "sighted"
    place: Place
    at: MaybeAt = None
    """Where that is on a map; no rule looks at it."""

    declares = Declaration(
        title="Consignment in sight",
        answers="sighting",
        confirms=True,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=True,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """This is where it was last seen."""
        state.last_sighting = Sighting(said.statement.happened_at, self.place)


class SurveillanceLost(Kind):
    """The responsible authority no longer has the consignment in sight (R9); a gap begins."""

    kind: Literal["surveillance_lost"] = "surveillance_lost"
    reason: Reason

    declares = Declaration(
        title="Out of sight",
        answers=None,
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """They `lose_sight` of it."""
        state.lose_sight(said.at, said.seq)


class SurveillanceRegained(Kind):
    """It is in sight again; the gap ends."""

    kind: Literal["surveillance_regained"] = "surveillance_regained"
    place: Place
    at: MaybeAt = None
    """Where that is on a map; no rule looks at it."""
    reason: Reason

    declares = Declaration(
        title="In sight again",
        answers="sighting",
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=True,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """This is where it was last seen."""
        state.last_sighting = Sighting(said.statement.happened_at, self.place)


class DeviceFailed(Kind):
    """A device put into the consignment no longer works: it is watched more closely from now on (R9)."""

    kind: Literal["device_failed"] = "device_failed"
    label: Label
    reason: Reason

    declares = Declaration(
        title="Device failed",
        answers=None,
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Something was put into the consignment."""
        return delivery.state.goods is not None and bool(delivery.state.goods.items)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_such_device` unless an item of that label was put in, and has a time it `lasts`."""
        items = delivery.state.goods.items if delivery.state.goods is not None else ()
        known = any(item.label == self.label and item.lasts is not None for item in items)
        return ACCEPTED if known else NO_SUCH_DEVICE(label=self.label)

    def apply(self, state: State, said: Said) -> None:
        """The device is one of those that no longer work."""
        if self.label not in state.failed_devices:
            state.failed_devices = (*state.failed_devices, self.label)


class LossRecorded(Kind):
    """The search has ended without it: the act of loss (R9)."""

    kind: Literal["loss_recorded"] = "loss_recorded"
    circumstances: Reason

    declares = Declaration(
        title="Loss recorded",
        answers="interdiction",
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It has halted as lost, or out of sight."""
        return _may_be_lost(delivery.state)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_searched` unless it has halted, with the cause `lost` or while there is a gap: a stop in the middle of a search is
        the end of that; `seized_already` where it is secured.
        """
        if not _may_be_lost(delivery.state):
            return NOT_SEARCHED()
        return SEIZED_ALREADY() if delivery.state.secured else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """It is lost."""
        state.lost = True


def _may_be_lost(state: State) -> bool:
    return state.halt is not None and (state.halt.cause == "lost" or state.gap is not None)


class SightingDue(Contingency):
    """The responsible authority says where the consignment is, once a check-in is due (R9)."""

    declares = Unforeseen(
        name="sighting",
        title="where it is",
        needs="sighting",
        without_end=False,
        after_halt=False,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """When `check_in_due` has come."""
        due = check_in_due(delivery)
        if due is not None and due <= now:
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The responsible authority."""
        watch = delivery.state.watch
        assert watch is not None  # noqa: S101 - no check-in is due without it
        sighting = (Requirement(service=delivery.state.responsible, says="sighting"),)
        return Checkpoint(id=name, requires=sighting, due=watch.answer)

    def title_of(self, key: str) -> str:
        return "sighting"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not `watched` any more, or somebody has had it in hand or in sight since this opened, at the very moment too, or
        `another_in_charge`.
        """
        contact = delivery.state.last_contact
        seen = contact is not None and contact >= progress.opened
        return not delivery.state.watched or seen or another_in_charge(delivery, progress)

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It is out of sight."""
        return "out_of_sight"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """They `lose_sight` of it."""
        state.lose_sight(when.at, when.seq)


class Search(Contingency):
    """It is out of sight, and is to be found (R9)."""

    declares = Unforeseen(
        name="search",
        title="where it is",
        needs="sighting",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While there is a gap, it is `watched` and there is a `watch`, unless one is open."""
        state = delivery.state
        wanted = state.gap is not None and state.watch is not None and state.watched
        if wanted and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The responsible authority."""
        watch = delivery.state.watch
        assert watch is not None  # noqa: S101 - nothing is searched for without it
        sighting = (Requirement(service=delivery.state.responsible, says="sighting"),)
        return Checkpoint(id=name, requires=sighting, due=watch.search)

    def title_of(self, key: str) -> str:
        return "search"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """There is no gap any more, or it is not `watched`, or `another_in_charge`."""
        return delivery.state.gap is None or not delivery.state.watched or another_in_charge(delivery, progress)

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `lost` and R9 `not_found`."""
        state.stop_all("lost", NOT_FOUND(services=services), when.seq)


def check_in_due(delivery: Delivery) -> datetime | None:
    """When the responsible authority will be asked where it is, unless it says so before (R9): as long after the last contact as
    the `watch` says by `check_in`, or by `degraded`, where it has that and a device has failed; as many times that as it is asked
    `slower`. Never without a `watch` or a last contact, while there is a gap or a `sighting` is open, or unless it is `watched`;
    nor while it is `newly_watched`, a State is `asked_here`, and it is `never_permitted` there that it be watched (R16).
    """
    state, watch = delivery.state, delivery.state.watch
    if watch is None or state.last_contact is None or state.gap is not None or not state.watched:
        return None
    wanting = delivery.consents.never_permitted(state.asked_here()) if state.newly_watched else ()
    if any(one.permission == "watching_thing" for one in wanting):
        return None
    often = watch.degraded if watch.degraded is not None and state.failed_devices else watch.check_in
    return None if open_about(state, "sighting", "") else state.last_contact + min(often * slower(delivery), MAX_SPAN)


def slower(delivery: Delivery) -> int:
    """How many times rarer than planned who is responsible is asked: twice once half of what it may say is spent, four times once
    half of the rest is, and so on. So a way that takes longer than planned never leaves it without a word (R28).
    """
    most, times = delivery.law.figures.share(len(delivery.plan.speakers()), delivery.state.said_before.statements), 1
    spent = delivery.state.spent.get(delivery.state.responsible, Spent())
    left = max(most - spent.statements, 1)
    while 2 * times * left <= most:
        times *= 2
    return times
