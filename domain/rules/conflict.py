"""Two operations that touch the same (R15): both agree, or one gives way."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.register import Contact
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind
from domain.signing.envelope import Envelope
from domain.words.errors import Refused
from domain.words.identifiers import ServiceId

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
GAVE_WAY = found("R15", "gave_way", "{service} gives way (entry {entry})", service="name", entry="entry")
NO_AGREEMENT = found(
    "R15", "no_agreement", "another operation touches this one; no agreement in time by {services}", services="names"
)


class ConflictSettled(Kind):
    """Both operations may go on (R15). Each side says it of the other's; the one asked brings the other's word with it."""

    kind: Literal["conflict_settled"] = "conflict_settled"
    agreed_with: ServiceId
    reference: Annotated[str, Field(min_length=1, max_length=80)]
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
        largest=16_000,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """Both sides' own signed word, about this conflict: the initiator's, and inside it that of the service to call."""
        contact = call_about(delivery, delivery.state.progress[said.checkpoint])
        if contact is None or self.agreed_with != contact.service:
            return NO_SUCH_CONFLICT(checkpoint=said.checkpoint, service=self.agreed_with)
        if self.agreement is None:
            return ONE_SIDED(service=contact.service)
        try:
            other = delivery.law.opened(self.agreement, contact.keys_at(said.at))
        except Refused:
            return NOT_THEIRS(service=contact.service)
        place = (other.service, other.delivery, other.checkpoint)
        agrees = isinstance(other.content, ConflictSettled) and other.content.agreed_with == said.service
        if place != (contact.service, said.statement.delivery, said.checkpoint) or not agrees:
            return OTHER_AGREEMENT(service=contact.service, checkpoint=said.checkpoint)
        return ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
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
        largest=4_000,
    )

    def apply(self, state: State, said: Said) -> None:
        state.stop_all("conflict", GAVE_WAY(service=said.service, entry=said.seq), said.seq, said.service)


class Conflict(Contingency):
    """The initiator settles with another operation that touches this one, or gives way (R15)."""

    declares = Unforeseen(
        name="conflict",
        title="whether the conflict is settled",
        needs="conflict_settlement",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=True,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        if not delivery.state.under_way:
            return
        for contact in delivery.state.register.unsettled():
            let_be = contact.conflict in delivery.state.register.let_be
            if not let_be and not open_about(delivery.state, self.declares.name, contact.conflict):
                yield contact.conflict

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        agreement = (Requirement(service=delivery.plan.initiator, says="conflict_settlement"),)
        return Checkpoint(id=name, requires=agreement, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return f"conflict.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """The other operation has gone, or the two have agreed."""
        return not progress.satisfied and call_about(delivery, progress) is None

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Before it has left it does not leave; what came up after that decides nothing any more."""
        if not state.dispatched:
            state.stop_all("conflict", NO_AGREEMENT(services=services), when.seq)

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        if progress.result == "unanswered":
            state.register.let_be = (*state.register.let_be, progress.key)


def call_about(delivery: Delivery, progress: Progress | None) -> Contact | None:
    """Whom to call about the conflict of this checkpoint; none where it is settled, has gone, or this has its outcome."""
    if progress is None or progress.contingency != "conflict" or delivery.state.outcome is not None:
        return None
    return next((one for one in delivery.state.register.unsettled() if one.conflict == progress.key), None)
