"""Hold is not stop (R8): anyone may order a hold, and others decide in time to go on, to seize or to end it.

A measure that the way rests on and nobody sanctions in time (R16) holds it by itself. Nothing moves meanwhile. What is said to
have moved waits; what is seen, seized or reported counts; the clock runs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found
from domain.plan.plan import Checkpoint
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Consequence, Contingency, Unforeseen, another_in_charge, decide_afresh, open_about
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind
from domain.rules.standing_in import may_not_let_go_on
from domain.words.limits import LARGEST_BRAKE, LARGEST_NOTE

ORDERED = found("R8", "hold_ordered", "{service} ordered a hold (entry {entry})", service="name", entry="entry")
HELD_AND_SEIZED = found(
    "R8",
    "hold_seized",
    "{service} decided to seize it (entry {entry}), after {by} had ordered a hold",
    service="name",
    entry="entry",
    by="name",
)
HELD_AND_ENDED = found(
    "R8",
    "hold_ended",
    "{service} decided to end it (entry {entry}), after {by} had ordered a hold",
    service="name",
    entry="entry",
    by="name",
)
LAPSED = found(
    "R8",
    "hold_of_itself",
    "what it goes by is permitted no more (entry {entry})",
    entry="entry",
)
LAPSED_AND_SEIZED = found(
    "R8",
    "lapse_seized",
    "{service} decided to seize it (entry {entry}), after what it goes by was permitted no more",
    service="name",
    entry="entry",
)
LAPSED_AND_ENDED = found(
    "R8",
    "lapse_ended",
    "{service} decided to end it (entry {entry}), after what it goes by was permitted no more",
    service="name",
    entry="entry",
)
LAPSE_UNDECIDED = found(
    "R8",
    "lapse_undecided",
    "what it goes by is permitted no more (entry {entry}), and {services} did not decide in time",
    entry="entry",
    services="names",
)
UNDECIDED = found(
    "R8",
    "hold_undecided",
    "{by} ordered a hold (entry {entry}), and {services} did not decide in time",
    by="name",
    entry="entry",
    services="names",
)


class HoldRequested(Kind):
    """Anyone may order a hold, at any moment: nothing moves until it is decided whether it goes on (R8)."""

    kind: Literal["hold_requested"] = "hold_requested"
    reason: Reason

    declares = Declaration(
        title="Hold ordered",
        answers=None,
        confirms=False,
        by="anyone",
        counts=UNDER_WAY,
        names_checkpoint=False,
        rule="R8",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def bound_to(self) -> Binding:
        return "brake"

    def apply(self, state: State, said: Said) -> None:
        """It is held from now on, by this service and entry, and every participant is told; where it is held already that is one
        hold, with one decision, and this the newest reason for it.
        """
        if state.under_way:
            state.hold_all(said.at, said.seq, said.service)


class HoldDecided(Kind):
    """Whether what is held goes on, is seized, or ends (R8)."""

    kind: Literal["hold_decided"] = "hold_decided"
    decision: Literal["go_on", "seize", "end"]
    reason: Reason

    declares = Declaration(
        title="Decision on the hold",
        answers="hold_decision",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="asked_there",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`may_not_let_go_on` where it is to go on, and its `service` says that in the place of one that authorises for its State
        or must agree by the card of that, and by the card is of a kind that may not authorise, or not agree in the place of that;
        `not_agreed_to` where it is of one that may not decide without an agreement, and nobody is asked here who must agree.
        """
        return (may_not_let_go_on(delivery, said) if self.is_yes() else None) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def is_yes(self) -> bool:
        """To go on is one; to seize or to end is none, and one officer's word is enough for that."""
        return self.decision == "go_on"

    def apply(self, state: State, said: Said) -> None:
        """To seize or to end halts with the cause `decision`, and `hold_seized` or `hold_ended`, where it is held; `lapse_seized`
        or `lapse_ended`, where no service ordered that. To go on is an answer, and nothing else follows from it by itself.
        """
        if self.decision == "go_on" or state.hold is None:
            return
        seizes = self.decision == "seize"
        if (by := state.hold.by) is None:
            finding = (LAPSED_AND_SEIZED if seizes else LAPSED_AND_ENDED)(service=said.service, entry=said.seq)
        else:
            finding = (HELD_AND_SEIZED if seizes else HELD_AND_ENDED)(service=said.service, entry=said.seq, by=by)
        state.stop_all("decision", finding, said.seq, said.service)


class Hold(Contingency):
    """Those whose say it is decide what becomes of what is held: all must want it to go on, and one is enough to seize or to end
    it. Silence ends it (R2, R8).
    """

    declares = Unforeseen(
        name=unforeseen.HOLD,
        title="whether what is held goes on",
        needs="hold_decision",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While it is held and under way, unless one is open."""
        state = delivery.state
        if state.hold is not None and state.under_way and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those `in_charge`; where that is one service, two of its officers."""
        needs = decide_afresh(delivery, "hold_decision")
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision, overdue="interdict")

    def title_of(self, key: str) -> str:
        return "hold"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied; and there is `another_in_charge`, or somebody has answered, a first officer too, before the
        `newest` of what holds it: who decided before that has not decided about it, so all are asked afresh.
        """
        hold = delivery.state.hold
        said = (*progress.answers.values(), *(first.seq for first in progress.firsts.values()))
        again = hold is not None and any(seq < hold.newest for seq in said)
        return not progress.satisfied and (again or another_in_charge(delivery, progress))

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `undecided` and `hold_undecided`, or `lapse_undecided` where no service ordered the hold."""
        assert state.hold is not None  # noqa: S101 - it is open only while something is held
        by, entry = state.hold.by, state.hold.seq
        lapsed = LAPSE_UNDECIDED(entry=entry, services=services)
        state.stop_all("undecided", lapsed if by is None else UNDECIDED(by=by, entry=entry, services=services), when.seq)

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it is satisfied, it is held no more: see `go_on`."""
        if progress.result == "satisfied":
            state.go_on(when.seq)
