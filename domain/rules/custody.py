"""Custody moves by offer and acceptance (R6); what does not fit waits for a fresh decision (R7)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.delivery import unforeseen
from domain.delivery.custody import AWAITS_DECISION, HELD, RECORD_PUT_BACK, Custody, Discrepancy
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.holdings import holder
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, early, found, refused
from domain.plan.goods import Check, Checked, DeviceFound
from domain.plan.plan import Checkpoint
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Consequence, Contingency, Unforeseen, another_in_charge, decide_afresh, open_about
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind
from domain.rules.measuring import as_checked
from domain.rules.standing_in import may_not_let_go_on
from domain.rules.turns import NOT_PERMITTED, may_not_move, not_over_yet
from domain.words.limits import LARGEST_NOTE, LARGEST_OF_SEALS, LONGEST_REASON, MOST_ITEMS
from domain.words.moments import instant
from domain.words.text import mark

NO_CONSENT = refused("R1", "no_live_consent", "no live authorisation of {states}", states="names")
NOT_ALLOWED = refused(
    "R3", "modality_not_allowed", "{states} does not allow the consignment to go {modality}", states="names", modality="word"
)
NOT_RECEIVED = refused(
    "R30",
    "not_received",
    "{holder} still holds what was found; it leaves once {taker} has received it",
    holder="name",
    taker="name",
)
NOT_CLEARED = refused("R1", "departure_not_cleared", "departure has not been cleared")
UNSETTLED = refused(
    "R15", "conflict_unsettled", "another operation touches this one, and there is no agreement with {services}", services="names"
)
NOT_LOOKED = refused("R15", "not_looked", "nobody has looked whether another operation touches this one")
NOTHING_PREPARED = refused(
    "R7", "nothing_prepared", "nothing has been prepared, so there is nothing to compare weight and seals with"
)
NOT_THE_HOLDER = refused("R6", "not_the_holder", "{voice} does not hold the consignment, so it cannot offer it", voice="name")
NOT_OFFERED = early("R6", "not_offered", "nothing has been offered yet; kept until it is")
OTHER_TAKER = refused("R6", "other_taker", "custody goes to {taker}, not to {voice}", taker="name", voice="name")

NOT_PUT_IN = refused("R6", "not_put_in", "{labels} is no device that was put in", labels="names")

DECLINED = found("R6", "custody_declined", "{service} declined custody (entry {entry})", service="name", entry="entry")
DECIDED_AGAINST = found("R7", "decided_against", "{service} decided not to go on (entry {entry})", service="name", entry="entry")
OVERDUE = found(
    "R2", "overdue", "{checkpoint} is overdue: no answer in time from {services}", checkpoint="name", services="names"
)


class Dispatched(Kind):
    """The consignment is back in the normal stream and on its way."""

    kind: Literal["dispatched"] = "dispatched"
    note: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    declares = Declaration(
        title="Consignment dispatched",
        answers="dispatched",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=True,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What keeps it where it is (`may_not_move`); `no_live_consent` where a State is not `authorised` now;
        `modality_not_allowed` where States are `conflicting`; `permission_missing` for the first permission of any State that is
        not given; `not_received` while its `holder` is not the responsible authority (R30); `departure_not_cleared` unless the
        first leg is `cleared`; `conflict_unsettled` where contacts are `unsettled`;
        `not_looked` unless the register has `looked`.
        """
        consents, register = delivery.consents, delivery.state.register
        if (wrong := may_not_move(delivery.state)) is not None:
            return wrong
        if missing := consents.missing(said.at):
            return NO_CONSENT(states=missing)
        if conflicting := consents.conflicting():
            return NOT_ALLOWED(states=conflicting, modality=delivery.plan.modality)
        for lacking in consents.not_permitted(delivery.plan.states(), said.at):
            return NOT_PERMITTED(state=lacking.state, permission=lacking.permission)
        if (held_by := holder(delivery.state)) != delivery.state.responsible:
            return NOT_RECEIVED(holder=held_by, taker=delivery.state.responsible)
        if delivery.state.cleared < 0:
            return NOT_CLEARED()
        if unsettled := register.unsettled():
            return UNSETTLED(services=tuple(one.service for one in unsettled))
        return ACCEPTED if register.looked else NOT_LOOKED()

    def apply(self, state: State, said: Said) -> None:
        """It is on the first leg."""
        state.move(said.seq, said.at, instant(said.statement.happened_at))


class InHand(Checked):
    """What is found at a handover."""

    in_sight: bool | None = None
    """Whether it was never out of sight since the last check; said where the plan has it checked so."""
    seals_intact: bool | None = None
    """Whether all seals are whole; a taker says it where there are seals."""
    devices: Annotated[tuple[DeviceFound, ...], Field(max_length=MOST_ITEMS)] = ()
    """How the devices that were put in were found."""

    def _checks(self) -> dict[Check, bool]:
        return super()._checks() | {"sight": self.in_sight is not None}

    def as_found(self, delivery: Delivery, checkpoint: str, state: str) -> Verdict:
        """`not_put_in` for what is said of devices that were not put in; then what is wrong `as_checked` at that checkpoint, in
        that State.
        """
        put_in = [item.label for item in delivery.state.goods.items if item.is_device] if delivery.state.goods is not None else []
        unknown = tuple(one.label for one in self.devices if one.label not in put_in)
        if unknown:
            return NOT_PUT_IN(labels=unknown)
        return as_checked(delivery.plan, self, delivery.plan.checked_at(checkpoint), (state,))


class HandoverOffered(InHand, Kind):
    """The giver offers custody and states what it has found itself, by each check that the plan names."""

    kind: Literal["handover_offered"] = "handover_offered"

    declares = Declaration(
        title="Handover offered",
        answers="handover_offer",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R6",
        contact=True,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_OF_SEALS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`awaits_decision` while a discrepancy waits for a decision; `nothing_prepared` before it has been prepared;
        `not_the_holder` unless its `voice` is the responsible authority; then what is wrong `as_found`, in the State that it is
        in.
        """
        state = delivery.state
        if state.discrepancy is not None:
            return AWAITS_DECISION(entry=state.discrepancy.seq)
        if state.custody is None:
            return NOTHING_PREPARED()
        if said.voice != state.responsible:
            return NOT_THE_HOLDER(voice=said.voice)
        return self.as_found(delivery, said.checkpoint, state.here.state)

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """It is compared with the custody. Any `differences` are a discrepancy at this checkpoint."""
        _compare(state, said, self, taker=False)


class HandoverAccepted(InHand, Kind):
    """The taker accepts, with what it has found *itself*, by each check that the plan names (R6)."""

    kind: Literal["handover_accepted"] = "handover_accepted"
    not_checked: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    """What could not be checked without burning the cover."""

    declares = Declaration(
        title="Handover accepted",
        answers="handover_acceptance",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R6",
        contact=True,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_OF_SEALS,
    )

    @model_validator(mode="after")
    def _says_whether_they_are_intact(self) -> "HandoverAccepted":
        if self.seals and self.seals_intact is None:
            message = mark("seals_intact: where there are seals, say whether they are intact")
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What keeps it where it is (`may_not_move`); `nothing_prepared` before it has been prepared; `not_offered` (early)
        before anybody has answered `handover_offer` there; `other_taker` unless its `voice` is responsible for the next leg; then
        what keeps it from that leg (`not_over_yet`); then what is wrong `as_found`, in the State of the next leg.
        """
        state = delivery.state
        if (wrong := may_not_move(state)) is not None:
            return wrong
        if state.custody is None:
            return NOTHING_PREPARED()
        if not any(need == "handover_offer" for _, need in state.progress[said.checkpoint].answers):
            return NOT_OFFERED()
        leg = delivery.plan.legs[(state.leg or 0) + 1]
        if said.voice != leg.responsible:
            return OTHER_TAKER(taker=leg.responsible, voice=said.voice)
        if (wrong := not_over_yet(delivery, said.at)) is not None:
            return wrong
        return self.as_found(delivery, said.checkpoint, leg.state)

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """It is compared with the custody. Any `differences` are a discrepancy at this checkpoint, found by a taker; without them
        it is on the next leg.
        """
        if not _compare(state, said, self, taker=True):
            state.move(said.seq, said.at, instant(said.statement.happened_at))


class HandoverDeclined(Kind):
    """The taker does not take custody; the giver stays responsible."""

    kind: Literal["handover_declined"] = "handover_declined"
    reason: Reason

    declares = Declaration(
        title="Handover declined",
        answers="handover_acceptance",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R6",
        contact=False,
        readers="asked_there",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `declined` and `custody_declined`."""
        state.stop_all("declined", DECLINED(service=said.service, entry=said.seq), said.seq, said.service)


class MovementDecision(Kind):
    """A fresh decision after a discrepancy of seals or weight (R7)."""

    kind: Literal["movement_decision"] = "movement_decision"
    proceed: bool
    reason: Reason

    declares = Declaration(
        title="Decision whether to go on",
        answers="movement_decision",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R7",
        contact=False,
        readers="asked_there",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`may_not_let_go_on` or `not_agreed_to` for a yes, as of a decision on a hold. For a yes at a checkpoint of the
        contingency `decision`, which could move it: `held` (early) while it is held; and where a taker had found the discrepancy,
        `record_put_back` while a divergence waits for a decision, then what keeps it from the next leg (`not_over_yet`).
        """
        if self.proceed and (wrong := may_not_let_go_on(delivery, said)):
            return wrong
        state = delivery.state
        if not self.proceed or state.progress[said.checkpoint].contingency != Decision.declares.name:
            return ACCEPTED
        if state.hold is not None:
            return HELD(entry=state.hold.seq)
        if state.discrepancy is None or not state.discrepancy.taker:
            return ACCEPTED
        if state.divergence is not None:
            return RECORD_PUT_BACK(entry=state.divergence.seq)
        return not_over_yet(delivery, said.at) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def is_yes(self) -> bool:
        """To go on is one; a no is none, and one officer's word is enough for that."""
        return self.proceed

    def apply(self, state: State, said: Said) -> None:
        """A no halts with the cause `decision` and `decided_against`. With a yes at a checkpoint of the contingency `decision`
        that is then satisfied, and while there is a discrepancy, the discrepancy is over and `went_on` is one more; later checks
        compare with what was found then, unless it has still to be prepared; and where a taker had found it, it is on the next
        leg.
        """
        if not self.proceed:
            state.stop_all("decision", DECIDED_AGAINST(service=said.service, entry=said.seq), said.seq, said.service)
            return
        progress, custody = state.progress[said.checkpoint], state.custody
        about_it = progress.contingency == Decision.declares.name
        if about_it and progress.satisfied and state.discrepancy is not None:
            found_then, state.discrepancy = state.discrepancy, None
            state.went_on += 1
            state.custody = custody.after(found_then.found) if custody is not None else None
            if found_then.taker:
                state.move(said.seq, said.at, instant(said.statement.happened_at))


class Decision(Contingency):
    """The authority in charge and the prosecutor decide afresh about a discrepancy (R7)."""

    declares = Unforeseen(
        name=unforeseen.DECISION,
        title="a decision whether to go on",
        needs="movement_decision",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About the checkpoint of the discrepancy, while it is under way and unless one about it is open."""
        found_then = delivery.state.discrepancy
        if found_then is None or not delivery.state.under_way:
            return
        if not open_about(delivery.state, self.declares.name, found_then.checkpoint):
            yield found_then.checkpoint

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those `in_charge`; where that is one service, two of its officers."""
        needs = decide_afresh(delivery, "movement_decision")
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision, overdue="interdict")

    def title_of(self, key: str) -> str:
        return f"{key}.decision"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied; and there is no discrepancy any more, or there is `another_in_charge`."""
        gone = delivery.state.discrepancy is None
        return not progress.satisfied and (gone or another_in_charge(delivery, progress))

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `silence` and R2 `overdue`."""
        finding = OVERDUE(checkpoint=progress.checkpoint.id, services=services)
        state.stop_all("silence", finding, when.seq)


def _compare(state: State, said: Said, found: InHand, *, taker: bool) -> bool:
    """Compare with the last check that held; whether something did not fit, and waits for a decision. By what, the plan says,
    as it is `checked_at` this checkpoint, with its tolerances; seals of which nothing is said are taken to be whole. What is not
    checked there stays as it was.
    """
    assert state.custody is not None  # noqa: S101 - nothing is offered before it has been prepared
    by, tolerances = state.plan.checked_at(said.checkpoint), state.plan.tolerances
    now = state.custody.checked(Custody.of(found, state.gaps), by)
    intact, in_sight = found.seals_intact is not False, found.in_sight is not False
    differs = state.custody.differences(now, by, tolerances, intact=intact, in_sight=in_sight)
    if differs:
        state.discrepancy = Discrepancy(said.checkpoint, said.seq, differs, now, taker)
    return bool(differs)
