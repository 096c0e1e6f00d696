"""Statements: everything a participating service says, as typed records that it signs with its own key.

A statement has its own id, names the delivery (and, where it answers one, the checkpoint), the service, the officer's
code, and when the thing happened as the officer wrote it. The *content* is one of a closed set. What a checkpoint
*needs* is answered by one or more kinds of content: see `ANSWERS`.
"""

import json
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from domain.plan.cards import Modality, Permission
from domain.plan.goods import Item, Label, Seals, Substances, Unit
from domain.plan.vocabulary import Digest, HandlingCode, Need, Reason
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import Malformed, faults_of
from domain.words.identifiers import CheckpointId, OfficerCode, OperationCode, Seal, ServiceId, State, StatementId
from domain.words.moments import Moment, instant
from domain.words.quantities import Milligrams

Act = TypeVar("Act", "AuthorisationGranted", "PermissionGranted", "Delegated")


def _in_order(act: Act) -> Act:
    """Raises `ValueError` for a window that ends before it begins."""
    if instant(act.valid_from) >= instant(act.valid_until):
        message = "valid_until must be later than valid_from"
        raise ValueError(message)
    return act


class Condition(Frozen):
    """What a State demands in return. Bound to a checkpoint, every answer there must say that it is met (R19)."""

    text: Reason
    at: CheckpointId | None = None


class Find(Frozen):
    """Something found at the target that is no part of the consignment: a new exhibit."""

    label: Label
    what: Annotated[str, Field(min_length=1, max_length=200)]


class AuthorisationGranted(Frozen):
    """One State's reasoned act (Albania CPC 294/c, Spain LECrim 263 bis): who, on what basis, for what, how long."""

    kind: Literal["authorisation_granted"] = "authorisation_granted"
    state: State
    reference: Annotated[str, Field(min_length=1, max_length=80)]
    granted_by_role: Annotated[str, Field(min_length=1, max_length=80)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=200)]
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1, max_length=4)]
    """The ways of handling this State allows for this consignment."""
    valid_from: Moment
    valid_until: Moment
    provisional: bool = False
    """It will be made final or refused (Netherlands: when the region is known); until then it authorises nothing (R1)."""
    offence: Annotated[str, Field(max_length=200)] = ""
    """As it is called in the law of that State."""
    extraditable: bool | None = None
    """Whether it is extraditable there (ETS 182 art. 18); none where the act does not say."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _window(self) -> "AuthorisationGranted":
        return _in_order(self)


class PermissionGranted(Frozen):
    """A permission of its own for what the authorisation does not cover (R16)."""

    kind: Literal["permission_granted"] = "permission_granted"
    state: State
    permissions: Annotated[tuple[Permission, ...], Field(min_length=1, max_length=3)]
    reference: Annotated[str, Field(min_length=1, max_length=80)]
    granted_by_role: Annotated[str, Field(min_length=1, max_length=80)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=200)]
    valid_from: Moment
    valid_until: Moment

    @model_validator(mode="after")
    def _window(self) -> "PermissionGranted":
        return _in_order(self)


class PermissionRefused(Frozen):
    """The State does not permit it."""

    kind: Literal["permission_refused"] = "permission_refused"
    state: State
    reason: Reason = "not given"


class DutyDone(Frozen):
    """What the State's rule card makes a duty of whoever authorises has been done."""

    kind: Literal["duty_done"] = "duty_done"
    reference: Annotated[str, Field(min_length=1, max_length=80)]


class AuthorisationRefused(Frozen):
    """The State does not consent. It owes no reason."""

    kind: Literal["authorisation_refused"] = "authorisation_refused"
    state: State
    reason: Reason = "not given"


class AuthorisationExtended(Frozen):
    """The State lets its authorisation run longer."""

    kind: Literal["authorisation_extended"] = "authorisation_extended"
    state: State
    valid_until: Moment


class AuthorisationWithdrawn(Frozen):
    """The State takes its consent back, from now on."""

    kind: Literal["authorisation_withdrawn"] = "authorisation_withdrawn"
    state: State
    reason: Reason = "not given"


class Prepared(Frozen):
    """Preparation record: what was done to the consignment, and the seals and weight that every later check compares with."""

    kind: Literal["prepared"] = "prepared"
    modality: Modality
    gross: Milligrams
    """Gross weight as resealed, with substitute and devices, milligrams."""
    seals: Seals
    kept: Substances
    removed: Substances = ()
    samples: Substances = ()
    """Taken for the laboratory."""
    units: Annotated[tuple[Unit, ...], Field(max_length=1000)] = ()
    """Each unit as weighed; together they are what was kept, removed and sampled (R10)."""
    items: Annotated[tuple[Item, ...], Field(max_length=50)] = ()
    opened: bool = False
    """Whether it was opened, which may need a permission of its own (R16)."""
    test: Annotated[str, Field(max_length=200)] = ""
    """Presumptive test and its result."""
    broken: Annotated[tuple[Seal, ...], Field(max_length=50)] = ()
    """Seals broken for it."""
    pictures: Annotated[tuple[Digest, ...], Field(max_length=200)] = ()
    """SHA-256 of photographs and video."""
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _each_label_once(self) -> "Prepared":
        for labels in ([unit.label for unit in self.units], [item.label for item in self.items]):
            if len(labels) != len(dict.fromkeys(labels)):
                message = "each label stands once"
                raise ValueError(message)
        return self


class Ready(Frozen):
    """The service's team is in place."""

    kind: Literal["ready"] = "ready"
    note: Annotated[str, Field(max_length=500)] = ""


class Dispatched(Frozen):
    """The consignment is back in the normal stream and on its way."""

    kind: Literal["dispatched"] = "dispatched"
    note: Annotated[str, Field(max_length=500)] = ""


class Sighted(Frozen):
    """The responsible authority has the consignment in sight."""

    kind: Literal["sighted"] = "sighted"
    place: Annotated[str, Field(min_length=1, max_length=120)]


class HandoverOffered(Frozen):
    """The giver offers custody and states its own measurement."""

    kind: Literal["handover_offered"] = "handover_offered"
    gross: Milligrams
    seals: Seals


class HandoverAccepted(Frozen):
    """The taker accepts, with its *own* measurement of weight and seals (R6)."""

    kind: Literal["handover_accepted"] = "handover_accepted"
    gross: Milligrams
    seals: Seals
    seals_intact: bool
    not_checked: Annotated[str, Field(max_length=500)] = ""
    """What could not be checked without burning the cover."""


class HandoverDeclined(Frozen):
    """The taker does not take custody; the giver stays responsible."""

    kind: Literal["handover_declined"] = "handover_declined"
    reason: Reason


class MovementDecision(Frozen):
    """A fresh decision after a seal or weight did not fit (R7)."""

    kind: Literal["movement_decision"] = "movement_decision"
    proceed: bool
    reason: Reason


class SurveillanceLost(Frozen):
    """The responsible authority no longer has the consignment in sight (R9); a gap begins."""

    kind: Literal["surveillance_lost"] = "surveillance_lost"
    reason: Reason


class SurveillanceRegained(Frozen):
    """It is in sight again; the gap ends."""

    kind: Literal["surveillance_regained"] = "surveillance_regained"
    place: Annotated[str, Field(min_length=1, max_length=120)]
    reason: Reason


class DeviceFailed(Frozen):
    """A device put into the consignment no longer works: it is watched more closely from now on (R9)."""

    kind: Literal["device_failed"] = "device_failed"
    label: Label
    reason: Reason


class LossRecorded(Frozen):
    """The search has ended without it: the act of loss (R9)."""

    kind: Literal["loss_recorded"] = "loss_recorded"
    circumstances: Reason


class Incident(Frozen):
    """Something happened that all must know of. Where life is at risk, it stops the delivery by itself (R14)."""

    kind: Literal["incident"] = "incident"
    risk_to_life: bool
    what: Reason


class ConflictSettled(Frozen):
    """Both operations may go on (R15). Each side says it of the other's; the one asked brings the other's word with it."""

    kind: Literal["conflict_settled"] = "conflict_settled"
    agreed_with: ServiceId
    reference: Annotated[str, Field(min_length=1, max_length=80)]
    reason: Reason
    agreement: Envelope | None = None
    """The same kind of statement by `agreed_with`, about this delivery and at this checkpoint, in its own signed envelope."""


class ConflictYielded(Frozen):
    """This operation gives way to the other (R15)."""

    kind: Literal["conflict_yielded"] = "conflict_yielded"
    reason: Reason


class Delivered(Frozen):
    """The consignment has reached the recipient."""

    kind: Literal["delivered"] = "delivered"
    how: Reason
    seen: bool = True
    """False where it was taken out of sight (Valencia): the recovery is an investigation of its own."""


class NotCollected(Frozen):
    """It was not delivered, and nobody will come for it any more."""

    kind: Literal["not_collected"] = "not_collected"
    because: Literal["no_show", "fictitious_addressee", "dead_addressee", "refused_by_addressee"]
    reason: Reason


class ArrestMade(Frozen):
    """How many persons were arrested; no names."""

    kind: Literal["arrest_made"] = "arrest_made"
    persons: Annotated[int, Field(ge=1, le=1000)]
    place: Annotated[str, Field(min_length=1, max_length=120)]


class NoArrest(Frozen):
    """The team ends its action without an arrest."""

    kind: Literal["no_arrest"] = "no_arrest"
    reason: Reason


class ArresteeReleased(Frozen):
    """Persons arrested before have been released; no names."""

    kind: Literal["arrestee_released"] = "arrestee_released"
    persons: Annotated[int, Field(ge=1, le=1000)]
    reason: Reason


class Seizure(Frozen):
    """What was recovered at the end, reweighed (R10)."""

    kind: Literal["seizure"] = "seizure"
    recovered: Substances
    gross: Milligrams
    items: Annotated[tuple[Label, ...], Field(max_length=50)] = ()
    """Labels of the substitutes and devices recovered."""
    finds: Annotated[tuple[Find, ...], Field(max_length=100)] = ()
    """New exhibits, which are no part of the consignment."""


class DifferenceExplained(Frozen):
    """Why what was recovered is not what was sent (R10)."""

    kind: Literal["difference_explained"] = "difference_explained"
    reason: Reason


class Part(Frozen):
    """A part of a consignment that has split, which goes on as a delivery of its own."""

    operation: OperationCode
    contents: Substances


class Split(Frozen):
    """The consignment has split; each part is a delivery of its own from here on."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=2, max_length=20)]
    reason: Reason

    @model_validator(mode="after")
    def _each_once(self) -> "Split":
        names = [part.operation for part in self.parts]
        if len(names) != len(dict.fromkeys(names)):
            message = "each part has a code name of its own"
            raise ValueError(message)
        return self


class PartEnded(Frozen):
    """How a part ended: its outcome, what was recovered, and the head of its ledger, which its packet must have."""

    operation: OperationCode
    outcome: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    recovered: Substances
    head: Digest


class PartsEnded(Frozen):
    """Every part has ended."""

    kind: Literal["parts_ended"] = "parts_ended"
    parts: Annotated[tuple[PartEnded, ...], Field(min_length=2, max_length=20)]


class Debriefed(Frozen):
    """The closing meeting was held."""

    kind: Literal["debriefed"] = "debriefed"
    note: Annotated[str, Field(max_length=500)] = ""


class CostsSettled(Frozen):
    """Who bears the costs is settled (UN 1988 Convention art. 11(2))."""

    kind: Literal["costs_settled"] = "costs_settled"
    note: Annotated[str, Field(min_length=1, max_length=500)]


class GoodsReturned(Frozen):
    """What was seized has gone to the State that asked for it."""

    kind: Literal["goods_returned"] = "goods_returned"
    reference: Annotated[str, Field(min_length=1, max_length=80)]


class LookedBack(Frozen):
    """What came of it later, in the courts and elsewhere."""

    kind: Literal["looked_back"] = "looked_back"
    note: Annotated[str, Field(min_length=1, max_length=500)]


class StopRequested(Frozen):
    """Anyone may stop, at any moment (R8)."""

    kind: Literal["stop_requested"] = "stop_requested"
    reason: Reason


class StopAcknowledged(Frozen):
    """The service knows of the stop and acts on it (R8)."""

    kind: Literal["stop_acknowledged"] = "stop_acknowledged"


class Interdicted(Frozen):
    """The responsible authority has seized the consignment."""

    kind: Literal["interdicted"] = "interdicted"
    gross: Milligrams
    seals_intact: bool
    place: Annotated[str, Field(min_length=1, max_length=120)]
    seized_by: Annotated[str, Field(max_length=200)] = ""
    """Where an authority that was not told has seized it: which one. It is in safe hands all the same."""


class Destroyed(Frozen):
    """The consignment no longer exists: burnt, spilt, or destroyed because it was a danger."""

    kind: Literal["destroyed"] = "destroyed"
    circumstances: Reason
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=10)]


class Delegated(Frozen):
    """From one moment to another, what this service is asked may be said by another in its stead."""

    kind: Literal["delegated"] = "delegated"
    to: ServiceId
    valid_from: Moment
    valid_until: Moment
    reason: Reason

    @model_validator(mode="after")
    def _window(self) -> "Delegated":
        return _in_order(self)


class Information(Frozen):
    """What a service knows and lets others know. It decides nothing, so it can be left out of a copy of the record."""

    kind: Literal["information"] = "information"
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    to: Annotated[tuple[ServiceId, ...], Field(max_length=50)] = ()
    """Who is to read it, besides whoever runs the operation."""
    source: Literal["A", "B", "C", "X"] | None = None
    """How reliable the source is, and below how sure the information (EU guidelines on controlled deliveries, 2018)."""
    certainty: Literal["1", "2", "3", "4"] | None = None


class DisclosurePermitted(Frozen):
    """What this service has said may go where its handling code does not let it: before a court, or to a third State (R23)."""

    kind: Literal["disclosure_permitted"] = "disclosure_permitted"
    to: Literal["court"] | State
    statements: Annotated[tuple[StatementId, ...], Field(max_length=100)] = ()
    """Which of its statements; none: all it has said so far, and where it is the initiator, the plan."""


class Correction(Frozen):
    """An earlier statement of this service was wrong, and this is what it should have said. The earlier one stays."""

    kind: Literal["correction"] = "correction"
    of: StatementId
    reason: Reason
    content: Annotated[Prepared | ArrestMade | Seizure | Interdicted, Field(discriminator="kind")]


Content = Annotated[
    AuthorisationGranted
    | AuthorisationRefused
    | AuthorisationExtended
    | AuthorisationWithdrawn
    | PermissionGranted
    | PermissionRefused
    | DutyDone
    | Prepared
    | Ready
    | Dispatched
    | Sighted
    | SurveillanceLost
    | SurveillanceRegained
    | DeviceFailed
    | LossRecorded
    | Incident
    | HandoverOffered
    | HandoverAccepted
    | HandoverDeclined
    | MovementDecision
    | ConflictSettled
    | ConflictYielded
    | Delivered
    | NotCollected
    | ArrestMade
    | NoArrest
    | ArresteeReleased
    | Seizure
    | DifferenceExplained
    | Split
    | PartsEnded
    | Debriefed
    | CostsSettled
    | GoodsReturned
    | LookedBack
    | StopRequested
    | StopAcknowledged
    | Interdicted
    | Destroyed
    | Delegated
    | Information
    | DisclosurePermitted
    | Correction,
    Field(discriminator="kind"),
]


ANSWERS: dict[Need, tuple[str, ...]] = {
    "authorisation": ("authorisation_granted", "authorisation_refused"),
    "extension": ("authorisation_extended",),
    "permission": ("permission_granted", "permission_refused"),
    "duty": ("duty_done",),
    "prepared": ("prepared",),
    "ready": ("ready",),
    "dispatched": ("dispatched",),
    "sighting": ("sighted", "surveillance_regained"),
    "handover_offer": ("handover_offered",),
    "handover_acceptance": ("handover_accepted", "handover_declined"),
    "movement_decision": ("movement_decision",),
    "conflict_settlement": ("conflict_settled", "conflict_yielded"),
    "delivered": ("delivered", "not_collected"),
    "arrest": ("arrest_made", "no_arrest"),
    "seizure": ("seizure",),
    "explanation": ("difference_explained",),
    "parts": ("parts_ended",),
    "debrief": ("debriefed",),
    "costs": ("costs_settled",),
    "return_of_goods": ("goods_returned",),
    "look_back": ("looked_back",),
    "stop_acknowledgement": ("stop_acknowledged",),
    "interdiction": ("interdicted", "loss_recorded", "destroyed"),
}
"""Which kinds of content answer a need; the first is the confirming one, the others say no."""

NEED_OF: dict[str, Need] = {kind: need for need, kinds in ANSWERS.items() for kind in kinds}


def confirms(kind: str) -> bool:
    """Whether it says yes to what is asked."""
    need = NEED_OF.get(kind)
    return need is not None and ANSWERS[need][0] == kind


ConditionId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,49}/[1-9][0-9]?$")]
"""Who set it and its number, from 1, in the authorisation: `uz.prosecutor/1`."""


class Handling(Frozen):
    """A handling code of its own for one statement."""

    code: HandlingCode
    caveat: Annotated[str, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> "Handling":
        if (self.code == "H3") != bool(self.caveat):
            message = "H3 comes with its caveat in words, and no other code has one"
            raise ValueError(message)
        return self


class Statement(Frozen):
    """What one service says, once."""

    vigil: Literal["statement/1"] = "statement/1"
    id: StatementId
    delivery: OperationCode
    checkpoint: CheckpointId | None = None
    service: ServiceId
    on_behalf_of: ServiceId | None = None
    """The service whose say it is, where that has delegated it or did not answer in time."""
    officer: OfficerCode
    happened_at: Moment
    fulfils: Annotated[tuple[ConditionId, ...], Field(max_length=50)] = ()
    """Conditions of authorisations that bind here and are met (R19)."""
    handling: Handling | None = None
    """None: as the plan's code says."""
    content: Content

    @property
    def voice(self) -> str:
        """The service whose say it is."""
        return self.on_behalf_of or self.service

    @property
    def kind(self) -> str:
        """The kind of its content."""
        return self.content.kind


CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def sign_statement(statement: Statement, key: Ed25519PrivateKey) -> Envelope:
    """The statement as canonical JSON in a signed envelope."""
    return sign(canonical(statement), STATEMENT_TYPE, key)


@lru_cache(maxsize=1024)
def read_statement(payload: bytes) -> Statement:
    """The statement in an envelope's payload. Raises `Malformed` with every fault, and if the bytes are not canonical."""
    try:
        statement = Statement.model_validate_json(payload, strict=True)
    except ValidationError as error:
        message = "not a statement"
        raise Malformed(message, faults_of(error)) from error
    if canonical(json.loads(payload)) != payload:
        message = "the statement is not in canonical form (RFC 8785)"
        raise Malformed(message)
    return statement
