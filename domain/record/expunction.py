"""To expunge a closed delivery takes two persons: each signs the same order with a key of their own.

What was said is then destroyed; that it was said, by its leaves and root, stays provable. Data protection law demands the one and
courts that hold a packet the other.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from domain.delivery.vocabulary import UtcText
from domain.plan.access import reach, role_of
from domain.plan.directory import Directory
from domain.plan.vocabulary import Digest, Line
from domain.signing.canonical import Frozen
from domain.signing.envelope import EXPUNGE_TYPE, Envelope
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, faults_of
from domain.words.identifiers import OfficerCode, OperationCode, ServiceId
from domain.words.moments import instant
from domain.words.text import fill, mark

GOOD_FOR = timedelta(days=7)
"""How long an approval waits for the second one."""
AHEAD = timedelta(minutes=5)
"""By how much the clock of who signed may be ahead."""


class Approval(Frozen):
    """One officer approves that a delivery is expunged: by whose order, and under which law."""

    vigil: Literal["expunge/1"] = "expunge/1"
    delivery: OperationCode
    ordered_by: Line
    law: Line
    service: ServiceId
    officer: OfficerCode
    at: UtcText


class Approvals(Frozen):
    """What is handed in: two envelopes, each with the approval of one officer."""

    approvals: tuple[Envelope, Envelope]


class Expunged(Frozen):
    """What remains of an expunged delivery: the order, the two persons, and the ledger that stays provable.

    `leaves`: every one, by number; over them the root is `root` (RFC 6962).
    """

    delivery: OperationCode
    at: UtcText
    ordered_by: Line
    law: Line
    first: str
    second: str
    size: Annotated[int, Field(ge=1)]
    root: Digest
    leaves: tuple[Digest, ...]


def approval_in(envelope: Envelope) -> Approval:
    """The approval in an envelope, unverified. Raises `Malformed`."""
    try:
        return Approval.model_validate_json(envelope.body())
    except ValidationError as error:
        raise Malformed(mark("this is no approval that a delivery is expunged"), faults_of(error)) from error


def approved(given: Approvals, delivery: str, directory: Directory, now: datetime) -> tuple[Approval, Approval]:
    """The two approvals, once all is right with them.

    Raises `Malformed` where they are not about one order for this delivery, `NotAuthentic` for a key that does not count, and
    `NotAllowed` for one person twice, somebody who may not, or an approval that is too old.
    """
    first, second = (approval_in(one) for one in given.approvals)
    if {first.delivery, second.delivery} != {delivery}:
        raise Malformed(fill("the approvals are not both about {delivery}", delivery=delivery))
    if (first.ordered_by, first.law) != (second.ordered_by, second.law):
        raise Malformed(mark("the two approvals name different orders or laws"), hint=mark("both officers sign the same order"))
    for envelope, one in zip(given.approvals, (first, second), strict=True):
        _check(envelope, one, directory, now)
    people = {(one.service, one.officer) for one in (first, second)}
    keys = [{signature.keyid for signature in envelope.signatures} for envelope in given.approvals]
    if len(people) < 2 or keys[0] & keys[1]:
        raise NotAllowed(mark("it takes two persons to expunge a delivery, each with a key of their own"))
    return first, second


def _check(envelope: Envelope, one: Approval, directory: Directory, now: datetime) -> None:
    service = directory.find(one.service)
    if service is None:
        raise NotAuthentic(fill("unknown service {service}", service=one.service))
    if reach(role_of(service), "expunge") != "all":
        raise NotAllowed(
            fill("an officer of {service}, of kind {kind}, expunges nothing", service=one.service, kind=service.kind)
        )
    service.opened(envelope, EXPUNGE_TYPE, one.officer, now)
    if not now - GOOD_FOR <= instant(one.at) <= now + AHEAD:
        raise NotAllowed(
            fill("the approval of {service} {officer} is of {at}", service=one.service, officer=one.officer, at=one.at),
            hint=mark("it is good for seven days; sign anew"),
        )
