"""Requests and notices: what Vigil asks services and tells them, as they are sent."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError, model_validator

from domain.delivery.statement import Seen
from domain.delivery.verdicts import Cause, Finding
from domain.delivery.vocabulary import AnyNotice, Outcome, Services, UtcText
from domain.plan.cards import Measure, Modality
from domain.plan.demands import Topic
from domain.plan.enquiries import Alarm
from domain.plan.goods import Amount, Check, Label, Part
from domain.plan.quantity import Count, Mass
from domain.plan.request_for_consent import RequestForConsent
from domain.plan.vocabulary import ConditionId, Digest, Line, Need, Reason
from domain.signing.canonical import Frozen, canonical, digest, plain
from domain.signing.envelope import ACKNOWLEDGEMENT_TYPE, Envelope, Signature, open_envelope, payload_of, sign
from domain.words.codes import RuleNumber
from domain.words.errors import Malformed, NotAuthentic, faults_of
from domain.words.identifiers import CheckpointId, OfficerCode, OperationCode, Seal, ServiceId, State, StatementId
from domain.words.limits import (
    LARGEST_ACKNOWLEDGEMENT,
    LONGEST_BUILD,
    LONGEST_CONTACT,
    LONGEST_CURSOR,
    LONGEST_NOTICE,
    LONGEST_NUMBER,
    MOST_ABOUT,
    MOST_BY_TWO,
    MOST_CARRIED_REQUESTS,
    MOST_MEMBERS,
    MOST_NAMED,
)
from domain.words.quantities import Milligrams
from domain.words.text import mark

RequestId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9./-]{0,199}$")]


class Bound(Frozen):
    """A condition of an authorisation that binds here."""

    id: ConditionId
    text: Reason


class InGeneral(Frozen):
    """Why nothing advances, for those whose word it was not: what it was in general, and no more (R11)."""

    cause: Cause
    rule: RuleNumber | None = None


class OfGroup(Frozen):
    """The group that a delivery is one of (R31): who is asked the same of others of it may answer once for all of these."""

    code: OperationCode
    digest: Digest
    """It commits to the plan of each, and so to what is asked of each."""
    number: Annotated[int, Field(ge=1, le=MOST_MEMBERS)]
    """Which one of them this is."""


class Facts(Frozen):
    """What bears on the answer, and nothing more (R11): of the consignment only where the answer is about it."""

    place: str
    """Empty where the answer is about no place."""
    state: State
    modality: Modality
    expected_at: UtcText | None
    """Planned arrival, for a handover or the delivery."""
    valid_until: UtcText | None
    """Until when an authorisation must run, margin included."""
    checked_by: tuple[Check, ...] = ()
    """What is checked, and so what the answer says of it (R7)."""
    gross: Mass | None = None
    """Expected gross weight, milligrams; at detection until prepared."""
    tolerance: Milligrams | None = None
    """Of the gross weight."""
    seals: tuple[Seal, ...] = ()
    packages: Count | None = None
    """How many there should be."""
    picture: Digest | None = None
    """SHA-256 of the picture that it should look like."""
    contents: tuple[Amount, ...] = ()
    items: tuple[Label, ...] = ()
    """Substitutes and devices put in: they are to be recovered too (R10)."""
    exhibits: tuple[Label, ...] = ()
    """What is offered to this service, or where it is asked what became of exhibits or what they are, what it holds (R30)."""
    giver: ServiceId | None = None
    """Who offers them."""
    taker: Annotated[ServiceId | None, Field(exclude_if=lambda service: service is None)] = None
    """To whom they are to be offered, where this service is asked to hand on what it has found (R30)."""
    transfer: Annotated[StatementId | None, Field(exclude_if=lambda statement: statement is None)] = None
    """The request to take over proceedings that its State is asked to answer (R29)."""
    permissions: tuple[Measure, ...] = ()
    """What this service is to permit, in its authorisation or apart from it (R16)."""
    duty: Annotated[Line | None, Field(exclude_if=lambda duty: duty is None)] = None
    """What is to be done, where a duty is asked about: in the words of the State's card."""
    law_not_known: tuple[Topic, ...] = ()
    """What the State's card does not know, and this service answers for (R1)."""
    request: RequestForConsent | None = None
    """What its State is asked to decide on, where this service decides on it."""
    request_digest: Digest | None = None
    """SHA-256 of that in canonical form: who consents names it (R1)."""
    group: Annotated[OfGroup | None, Field(exclude_if=lambda group: group is None)] = None
    """Where it decides on the request, and the delivery is one of a group."""
    conditions: tuple[Bound, ...] = ()
    """What binds this answer: it must say that each is met (R19)."""
    parts: tuple[Part, ...] = ()
    """What it has split into, where it is asked how they ended."""
    about: Annotated[tuple[Finding | InGeneral, ...], Field(max_length=MOST_ABOUT, exclude_if=lambda about: not about)] = ()
    """What a decision, an explanation, a conflict or a stop is about: for who says it in another language."""
    problem: str = ""
    """The same in English sentences."""
    agree_with: ServiceId | None = None
    """Whom to call about a conflict, and whose agreement settles it."""
    call: Annotated[str | None, Field(exclude_if=lambda call: call is None)] = None
    """How to reach people there at any hour."""

    @model_validator(mode="after")
    def _digest_of_the_request(self) -> "Facts":
        if self.request_digest != (digest(self.request) if self.request is not None else None):
            message = "request_digest is not that of the request for consent beside it: decide on neither"
            raise ValueError(message)
        return self


class SignedByOne(Frozen):
    """What a first officer has signed where two must sign the same (R20)."""

    says: Need
    officer: OfficerCode
    entry: int
    """Where it stands in the ledger."""


class CorrectedByOne(Frozen):
    """What a first officer has signed in the place of a statement, where two must correct it (R20)."""

    of: StatementId
    officer: OfficerCode
    entry: int
    """Where it stands in the ledger."""


class CorrectionAsked(CorrectedByOne):
    """The same in the inbox of their service, among what is asked of it in all its deliveries."""

    vigil: Literal["correction_asked/1"] = "correction_asked/1"
    delivery: OperationCode
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
    """Of the statement that is corrected."""
    corrects: int
    """Where that stands in the ledger."""


class Request(Frozen):
    """Please say this, here, until then. The id is also the idempotency key: asking again is the same request."""

    vigil: Literal["request/1"] = "request/1"
    id: RequestId
    delivery: OperationCode
    checkpoint: CheckpointId
    plan: Digest
    """SHA-256 of the payload of the plan in force: the answer names it."""
    seen: Seen
    """Of the ledger as it stands: the answer may repeat it."""
    service: ServiceId
    says: tuple[Need, ...]
    officers: int = 1
    """How many officers must sign (R20)."""
    signed_by_one: Annotated[tuple[SignedByOne, ...], Field(max_length=MOST_BY_TWO, exclude_if=lambda signed: not signed)] = ()
    """In the inbox of the service whose officer has signed, and of nobody else: a second one must."""
    asked_at: UtcText
    due: UtcText | None
    facts: Facts


class Acknowledgement(Frozen):
    """What a service signs when it has received a request: which one, byte for byte, and when. It answers nothing."""

    vigil: Literal["acknowledgement/1"] = "acknowledgement/1"
    request: RequestId
    delivery: OperationCode
    checkpoint: CheckpointId
    service: ServiceId
    digest: Digest
    """SHA-256 of the payload of the request."""
    received_at: UtcText


class SignedAcknowledgement(Envelope):
    """An envelope that holds no more than an acknowledgement can be."""

    payload: Annotated[str, Field(max_length=LARGEST_ACKNOWLEDGEMENT * 4 // 3 + 4)]
    signatures: Annotated[tuple[Signature], Field(min_length=1, max_length=1)]


def sign_acknowledgement(said: Acknowledgement, key: Ed25519PrivateKey) -> SignedAcknowledgement:
    """It, as its service signs it."""
    return SignedAcknowledgement.model_validate(plain(sign(canonical(said), ACKNOWLEDGEMENT_TYPE, key)))


def read_acknowledgement(envelope: SignedAcknowledgement) -> Acknowledgement:
    """What is acknowledged, unverified. Raises `Malformed` if it is none, or not in its one canonical form."""
    return _read(envelope.payload)


@lru_cache(maxsize=1024)
def _read(payload: str) -> Acknowledgement:
    body = payload_of(payload)
    try:
        said = Acknowledgement.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(mark("not an acknowledgement"), faults_of(error)) from error
    if canonical(said) != body:
        raise Malformed(mark("not an acknowledgement in its one canonical form"))
    return said


def acknowledged(answer: bytes, keys: Mapping[str, str], request: Request) -> SignedAcknowledgement | None:
    """What one of these keys has signed: that exactly this request was received. None where nothing of the kind was answered."""
    with suppress(ValidationError, Malformed, NotAuthentic):
        envelope = SignedAcknowledgement.model_validate_json(answer)
        said = read_acknowledgement(envelope)
        open_envelope(envelope, ACKNOWLEDGEMENT_TYPE, keys)
        of = (said.request, said.delivery, said.checkpoint, said.service, said.digest)
        if of == (request.id, request.delivery, request.checkpoint, request.service, digest(request)):
            return envelope
    return None


class Stranded(Frozen):
    """Deliveries whose runs are a build's of which no worker is up: what is said to them is kept, and judged when one is."""

    pattern: Literal["stranded"] = "stranded"
    build: Annotated[str, Field(min_length=1, max_length=LONGEST_BUILD)]
    count: Annotated[int, Field(ge=1)]
    deliveries: Annotated[tuple[OperationCode, ...], Field(min_length=1, max_length=MOST_NAMED)]
    """As many as an alarm names, by their code names in order."""


AnyAlarm = Annotated[Alarm | Stranded, Field(discriminator="pattern")]
"""What supervisors find among the alarms."""


class NoticeFacts(Frozen):
    """What a notice is about beyond its kind and checkpoint, as far as its reader may know (R11)."""

    services: Services = ()
    """Who has not answered."""
    outcome: Outcome | None = None
    because: Finding | None = None
    """Why it has this outcome."""
    entry: Annotated[int, Field(ge=0)] | None = None
    """The entry of the ledger that says more."""
    state: State | None = None
    """Where it went out of sight."""
    behind: bool | None = None
    """Whether the archive is behind, or has caught up."""
    call: ServiceId | None = None
    """Whom to call about a conflict or a hold."""
    contact: Annotated[str, Field(max_length=LONGEST_CONTACT)] | None = None
    """How."""
    alarm: AnyAlarm | None = None
    """A pattern of enquiries, or deliveries that are stranded."""


Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""By its code of ISO 639-1."""


class Notice(Frozen):
    """For your information: nothing to confirm."""

    vigil: Literal["notice/2"] = "notice/2"
    id: Annotated[str, Field(max_length=LONGEST_NUMBER)]
    delivery: OperationCode
    service: ServiceId
    kind: AnyNotice
    checkpoint: CheckpointId | None = None
    facts: NoticeFacts = NoticeFacts()
    texts: dict[Language, Annotated[str, Field(max_length=LONGEST_NOTICE)]] = Field(default_factory=dict, max_length=2)
    """The same in words for people, by language: that of the service, or each that there is. Said by whoever hands it over."""


class Inbox(Frozen):
    """A page of what one service is being asked, in all its deliveries."""

    requests: tuple[Request, ...]
    corrections: Annotated[tuple[CorrectionAsked, ...], Field(exclude_if=lambda asked: not asked)] = ()
    """What a first officer of the service corrects, and a second one must sign too (R20)."""
    unreadable: tuple[OperationCode, ...] = ()
    """Deliveries that ask something which somebody altered in the archive: tell whoever runs the installation."""
    next: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = None
    """The cursor of the next page; none at the end."""

    @property
    def deliveries(self) -> tuple[str, ...]:
        """Of which deliveries something is asked here."""
        return (*(one.delivery for one in self.requests), *(one.delivery for one in self.corrections))


class SignedInbox(Frozen):
    """The same to be carried in a file: each request in an envelope signed by Vigil."""

    requests: Annotated[tuple[Envelope, ...], Field(max_length=MOST_CARRIED_REQUESTS)]
    unreadable: tuple[OperationCode, ...] = ()
    next: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = None
