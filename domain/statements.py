"""Statements: everything a participating service says, as typed records that it signs with its own key.

A statement has its own id, names the delivery (and, where it answers one, the checkpoint), the service, the officer's
code, and when the thing happened as the officer wrote it. The *content* is one of a closed set. What a checkpoint
*needs* is answered by one or more kinds of content: see `ANSWERS`.
"""

import json
from functools import lru_cache
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from domain.canonical import Frozen, canonical
from domain.cards import Modality
from domain.envelope import STATEMENT_TYPE, Envelope, sign
from domain.errors import Fault, Malformed
from domain.identifiers import CheckpointId, OfficerCode, OperationCode, Seal, ServiceId, State, StatementId
from domain.moments import Moment, instant
from domain.quantities import Milligrams

Reason = Annotated[str, Field(min_length=1, max_length=500)]
Seals = Annotated[tuple[Seal, ...], Field(min_length=1, max_length=50)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SubstanceMass(Frozen):
    """Net mass of one substance, milligrams."""

    substance: Annotated[str, Field(min_length=1, max_length=80)]
    net: Milligrams


Substances = Annotated[tuple[SubstanceMass, ...], Field(max_length=50)]


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
    conditions: Annotated[tuple[Reason, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _window(self) -> "AuthorisationGranted":
        if instant(self.valid_from) >= instant(self.valid_until):
            message = "valid_until must be later than valid_from"
            raise ValueError(message)
        return self


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
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=10)]


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


class ArrestMade(Frozen):
    """How many persons were arrested; no names."""

    kind: Literal["arrest_made"] = "arrest_made"
    persons: Annotated[int, Field(ge=1, le=1000)]
    place: Annotated[str, Field(min_length=1, max_length=120)]


class NoArrest(Frozen):
    """The team ends its action without an arrest."""

    kind: Literal["no_arrest"] = "no_arrest"
    reason: Reason


class Seizure(Frozen):
    """What was recovered at the end, reweighed."""

    kind: Literal["seizure"] = "seizure"
    recovered: Substances
    gross: Milligrams


class Debriefed(Frozen):
    """The closing meeting was held."""

    kind: Literal["debriefed"] = "debriefed"
    note: Annotated[str, Field(max_length=500)] = ""


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


Content = Annotated[
    AuthorisationGranted
    | AuthorisationRefused
    | AuthorisationExtended
    | AuthorisationWithdrawn
    | Prepared
    | Ready
    | Dispatched
    | Sighted
    | SurveillanceLost
    | SurveillanceRegained
    | LossRecorded
    | Incident
    | HandoverOffered
    | HandoverAccepted
    | HandoverDeclined
    | MovementDecision
    | ConflictSettled
    | ConflictYielded
    | Delivered
    | ArrestMade
    | NoArrest
    | Seizure
    | Debriefed
    | StopRequested
    | StopAcknowledged
    | Interdicted,
    Field(discriminator="kind"),
]

Need = Literal[
    "authorisation",
    "extension",
    "prepared",
    "ready",
    "dispatched",
    "sighting",
    "handover_offer",
    "handover_acceptance",
    "movement_decision",
    "conflict_settlement",
    "delivered",
    "arrest",
    "seizure",
    "debrief",
    "stop_acknowledgement",
    "interdiction",
]
"""What a checkpoint can ask a service to say."""

ANSWERS: dict[Need, tuple[str, ...]] = {
    "authorisation": ("authorisation_granted", "authorisation_refused"),
    "extension": ("authorisation_extended",),
    "prepared": ("prepared",),
    "ready": ("ready",),
    "dispatched": ("dispatched",),
    "sighting": ("sighted", "surveillance_regained"),
    "handover_offer": ("handover_offered",),
    "handover_acceptance": ("handover_accepted", "handover_declined"),
    "movement_decision": ("movement_decision",),
    "conflict_settlement": ("conflict_settled", "conflict_yielded"),
    "delivered": ("delivered",),
    "arrest": ("arrest_made", "no_arrest"),
    "seizure": ("seizure",),
    "debrief": ("debriefed",),
    "stop_acknowledgement": ("stop_acknowledged",),
    "interdiction": ("interdicted", "loss_recorded"),
}
"""Which kinds of content answer a need; the first is the confirming one, the others say no."""

NEED_OF: dict[str, Need] = {kind: need for need, kinds in ANSWERS.items() for kind in kinds}


class Statement(Frozen):
    """What one service says, once."""

    vigil: Literal["statement/1"] = "statement/1"
    id: StatementId
    delivery: OperationCode
    checkpoint: CheckpointId | None = None
    service: ServiceId
    officer: OfficerCode
    happened_at: Moment
    content: Content

    @property
    def kind(self) -> str:
        """The kind of its content."""
        return self.content.kind


CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def faults_of(error: ValidationError, *, place: str = "") -> tuple[Fault, ...]:
    """Pydantic's findings as ours: the path of the field and what would be right.

    A finding about a whole that stands only because a part of it is wrong ("too short", once the bad items are left out)
    is dropped: the part is named already.
    """
    found = error.errors(include_url=False, include_input=False, include_context=False)
    inner = [one["loc"] for one in found]
    return tuple(
        Fault(
            place=".".join([*([place] if place else []), *(str(part) for part in one["loc"])]) or "document",
            problem=one["msg"].removeprefix("Value error, "),
        )
        for one in found
        if not any(len(loc) > len(one["loc"]) and loc[: len(one["loc"])] == one["loc"] for loc in inner)
    )


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
