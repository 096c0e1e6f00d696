"""Two operations that touch the same (R15): a competent service lets them be looked for, then both agree, or one gives way."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.directory import valid_keys
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.register import Contact, competent
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Consequence, Contingency, Unforeseen, open_about
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind
from domain.signing.envelope import Envelope
from domain.signing.keys import key_id
from domain.words.errors import Refused
from domain.words.identifiers import ServiceId
from domain.words.limits import LARGEST_ACT, LARGEST_NOTE
from domain.words.moments import instant

NO_SUCH_CONFLICT = refused(
    "R15", "no_such_conflict", "{checkpoint} is no conflict with {service}", checkpoint="name", service="name"
)
ONE_SIDED = refused(
    "R15", "one_sided", "the agreement signed by {service} is not in it; one side alone settles nothing", service="name"
)
NOT_THEIRS = refused("R15", "not_theirs", "what is in it is not signed by {service}", service="name")
OTHER_AGREEMENT = refused(
    "R15",
    "other_agreement",
    "what {service} signed is no agreement to this delivery at {checkpoint}",
    service="name",
    checkpoint="name",
)
TOUCHES = found("R15", "touches", "another operation touches this one; call {service}", service="name")
LOOK_ASKED = found(
    "R15",
    "look_asked",
    "{service} asks for a look for other live operations that touch the same: numbers of the consignment {numbers}, "
    "persons {persons}, telephones {phones}, plates {plates}, addresses {addresses}",
    service="name",
    numbers="count",
    persons="count",
    phones="count",
    plates="count",
    addresses="count",
)
GAVE_WAY = found("R15", "gave_way", "{service} gives way (entry {entry})", service="name", entry="entry")
NO_AGREEMENT = found(
    "R15", "no_agreement", "another operation touches this one; no agreement in time by {services}", services="names"
)


NOT_SIGNED = found("R15", "not_signed", "no signature in time by {services}: the register is not looked into", services="names")
NOT_TO_BE_LOOKED = found(
    "R15", "not_to_be_looked", "{service} refuses that the register is looked into (entry {entry})", service="name", entry="entry"
)
NOT_COMPETENT = refused(
    "R15",
    "not_competent",
    "{service} may not sign that the register is looked into; of this operation {competent} may",
    service="name",
    competent="names",
)


class DeconflictionRequested(Kind):
    """The register may be looked into for all that the plan in force touches (R15). One signature serves the whole of a plan, and
    its changes that add no selector.
    """

    kind: Literal["deconfliction_requested"] = "deconfliction_requested"
    reference: Act
    reason: Reason

    declares = Declaration(
        title="Deconfliction requested",
        answers="deconfliction",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R15",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_competent` unless whoever signs is `competent` itself: nobody's delegation lets the initiator look for itself."""
        able = competent(delivery.plan, delivery.directory)
        return ACCEPTED if said.service in able else NOT_COMPETENT(service=said.service, competent=able)

    def may_be_shared(self) -> bool:
        """Yes: in each for all that its own plan touches."""
        return True

    def bound_to(self) -> Binding:
        return "consent"

    def apply(self, state: State, said: Said) -> None:
        """The register is to be looked into `afresh`, by this signature, for all that the plan touches: it has not `looked`,
        nothing is put off, and the selectors of the plan are `signed` and no more `passed_over`.
        """
        register = state.register
        register.orders = (*register.orders, said.seq)
        register.signed = tuple(dict.fromkeys((*register.signed, *(one.hash for one in state.plan.selectors))))
        register.passed_over = tuple(one for one in register.passed_over if one not in register.signed)
        register.looked, register.afresh, register.not_before = False, True, None


class DeconflictionRefused(Kind):
    """The register is not to be looked into for this plan (R15), so it goes no further."""

    kind: Literal["deconfliction_refused"] = "deconfliction_refused"
    reason: Reason

    declares = Declaration(
        title="Deconfliction refused",
        answers="deconfliction",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R15",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """Before it has left, it halts with the cause `refused` and `not_to_be_looked`. After that, the selectors of the plan
        that are not `signed` are `passed_over`.
        """
        if state.dispatched:
            _pass_over(state)
        else:
            state.stop_all("refused", NOT_TO_BE_LOOKED(service=said.service, entry=said.seq), said.seq, said.service)


class Deconfliction(Contingency):
    """Before the register is looked into, one competent service of the initiator's own State signs for it (R15): at the start,
    and when a changed plan touches more.
    """

    declares = Unforeseen(
        name="deconfliction",
        title="whether the register may be looked into",
        needs="deconfliction",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While it `lacks_a_signature`, unless one is open."""
        if _lacks_a_signature(delivery) and not open_about(delivery.state, "deconfliction", ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those who are `competent`; one of them is enough."""
        able = competent(delivery.plan, delivery.directory)
        needs = tuple(Requirement(service=service, says="deconfliction") for service in able)
        return Checkpoint(id=name, requires=needs, need=1, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "deconfliction"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied, and one of those asked is not `competent` any more, or it no longer `lacks_a_signature`."""
        able = competent(delivery.plan, delivery.directory)
        gone = not all(service in able for service in progress.checkpoint.services())
        return not progress.satisfied and (gone or not _lacks_a_signature(delivery))

    def may_stay_unanswered(self, state: State) -> bool:
        """One that came up after it had left holds nothing up."""
        return state.dispatched

    def silence_brings(self, state: State, key: str) -> Consequence:
        """Before it has left, it halts; after that it closes."""
        return "closes" if state.dispatched else "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Before it has left, it halts with the cause `silence` and R15 `not_signed`. After that, the selectors of the plan that
        are not `signed` are `passed_over`.
        """
        if state.dispatched:
            _pass_over(state)
        else:
            state.stop_all("silence", NOT_SIGNED(services=services), when.seq)


def signature(delivery: Delivery) -> tuple[str, int]:
    """The newest signature by which the register is looked into: whose it is, and its entry. There must be one."""
    order = delivery.state.register.orders[-1]
    known = next(one for one in delivery.state.statements if one.seq == order)
    return known.service, order


def _lacks_a_signature(delivery: Delivery) -> bool:
    """Whether the plan touches something that nobody has signed for, and it still matters: it is under way and has not been
    delivered, and nothing has been signed, or a selector of the plan is neither `signed` nor `passed_over`.
    """
    state, register = delivery.state, delivery.state.register
    asked = (*register.signed, *register.passed_over)
    unsigned = not register.orders or any(one.hash not in asked for one in delivery.plan.selectors)
    return state.under_way and not state.delivered and unsigned


def _pass_over(state: State) -> None:
    register = state.register
    more = (one.hash for one in state.plan.selectors if one.hash not in register.signed)
    register.passed_over = tuple(dict.fromkeys((*register.passed_over, *more)))


class ConflictSettled(Kind):
    """Both operations may go on (R15). Each side says it of the other's; the one asked brings the other's word with it."""

    kind: Literal["conflict_settled"] = "conflict_settled"
    agreed_with: ServiceId
    reference: Act
    reason: Reason
    agreement: Envelope | None = None
    """The same kind of statement by `agreed_with`, about this delivery and at this checkpoint, in its own signed envelope."""

    declares = Declaration(
        title="Conflict settled",
        answers="conflict_settlement",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R15",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_ACT,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_such_conflict` unless there is somebody to `call_about` the conflict of its checkpoint, and it is who the statement
        agrees with; `one_sided` without an `agreement`; `not_theirs` unless that is a statement signed by keys of the contact
        that count now, by what the register told of them and by what is known of that service here; `other_agreement` unless that
        is a `conflict_settled` of the contact's, about this delivery and checkpoint, and agrees with who says this, and happened
        after what it is `gone_since`.
        """
        contact = call_about(delivery, delivery.state.progress[said.checkpoint])
        if contact is None or self.agreed_with != contact.service:
            return NO_SUCH_CONFLICT(checkpoint=said.checkpoint, service=self.agreed_with)
        if self.agreement is None:
            return ONE_SIDED(service=contact.service)
        try:
            other = delivery.law.opened(self.agreement, _keys_now(delivery, contact, said.at))
        except Refused:
            return NOT_THEIRS(service=contact.service)
        place = (other.service, other.delivery, other.checkpoint)
        gone = delivery.state.register.gone_since(contact.conflict)
        anew = gone is None or gone < instant(other.happened_at)
        agrees = anew and isinstance(other.content, ConflictSettled) and other.content.agreed_with == said.service
        if place != (contact.service, said.statement.delivery, said.checkpoint) or not agrees:
            return OTHER_AGREEMENT(service=contact.service, checkpoint=said.checkpoint)
        return ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The conflict of the checkpoint is settled."""
        state.register.settled = (*state.register.settled, state.progress[said.checkpoint].key)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"agreed_with": facts.agree_with} if facts.agree_with is not None else {}


class ConflictYielded(Kind):
    """This operation gives way to the other (R15)."""

    kind: Literal["conflict_yielded"] = "conflict_yielded"
    reason: Reason

    declares = Declaration(
        title="Gives way to the other operation",
        answers="conflict_settlement",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R15",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `conflict` and `gave_way`."""
        state.stop_all("conflict", GAVE_WAY(service=said.service, entry=said.seq), said.seq, said.service)


class Conflict(Contingency):
    """The initiator settles with another operation that touches this one, or gives way (R15)."""

    declares = Unforeseen(
        name=unforeseen.CONFLICT,
        title="whether the conflict is settled",
        needs="conflict_settlement",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=True,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each contact that is `unsettled` and not let be, while it is under way and unless one about it is open."""
        if not delivery.state.under_way:
            return
        for contact in delivery.state.register.unsettled():
            let_be = contact.conflict in delivery.state.register.let_be
            if not let_be and not open_about(delivery.state, self.declares.name, contact.conflict):
                yield contact.conflict

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The initiator."""
        agreement = (Requirement(service=delivery.plan.initiator, says="conflict_settlement"),)
        return Checkpoint(id=name, requires=agreement, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return f"conflict.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied, and there is nobody to `call_about` it."""
        return not progress.satisfied and call_about(delivery, progress) is None

    def silence_brings(self, state: State, key: str) -> Consequence:
        """Before it has left, it halts; after that it closes."""
        return "closes" if state.dispatched else "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Before it has left, it halts with the cause `conflict` and R15 `no_agreement`. After that nothing follows."""
        if not state.dispatched:
            state.stop_all("conflict", NO_AGREEMENT(services=services), when.seq)

    def may_stay_unanswered(self, state: State) -> bool:
        """One that came up after it had left holds nothing up."""
        return state.dispatched

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If nobody answered, the conflict is let be."""
        if progress.result == "unanswered":
            state.register.let_be = (*state.register.let_be, progress.key)


def _keys_now(delivery: Delivery, contact: Contact, at: datetime) -> dict[str, str]:
    """Its keys, as the register told them and as they are known here since, where it is known: none that has ended by either."""
    known = delivery.directory.find(contact.service)
    told = (contact.keys, known.keys if known is not None else ())
    valid = [valid_keys(keys, at) for keys in told]
    ended = {key_id(one.public) for keys, good in zip(told, valid, strict=True) for one in keys if key_id(one.public) not in good}
    return {name: public for good in valid for name, public in good.items() if name not in ended}


def call_about(delivery: Delivery, progress: Progress | None) -> Contact | None:
    """Whom to call about the conflict of this checkpoint: the `unsettled` contact of that conflict. Nobody at a checkpoint that
    no `conflict` called for, and nobody once it has its outcome.
    """
    if progress is None or progress.contingency != unforeseen.CONFLICT or delivery.state.outcome is not None:
        return None
    return next((one for one in delivery.state.register.unsettled() if one.conflict == progress.key), None)
