"""A plan that two services initiate: each signs the same bytes, and one of them hands both signatures in."""

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from client import carrying
from client.language import _
from domain.plan.plan import Plan, read_plan
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.words.errors import Malformed, NotAllowed, faults_of

Countersigned = Annotated[
    Path | None,
    typer.Option("--countersigned", help="the same plan signed by its other initiator, as `vigil countersign` writes it"),
]


def countersigned(plan: Plan, service: str, key: Ed25519PrivateKey) -> Path:
    """A file with this service's signature under the plan. Raises `NotAllowed` unless it is one of two initiators."""
    if plan.co_initiator is None or service not in plan.initiators():
        message = _("{service} is none of two initiators of {operation}", service=service, operation=plan.operation)
        raise NotAllowed(message, hint=_("a joint plan names the other service as `co_initiator`"))
    envelope = sign(canonical(plan), PLAN_TYPE, key)
    return carrying.write(Path(f"{plan.operation}.plan.json"), envelope.model_dump_json().encode() + b"\n", None, None)


def signed(plan: Plan, key: Ed25519PrivateKey, other: Path | None, folder: Path) -> Envelope:
    """The plan, signed with this key, and as the other initiator has signed it. Raises `Malformed` where that is another plan."""
    mine = sign(canonical(plan), PLAN_TYPE, key)
    if other is None:
        if plan.co_initiator is not None:
            message = _("{operation} has two initiators, and both sign it", operation=plan.operation)
            raise Malformed(message, hint=_("the other signs by `vigil countersign`; give its file by --countersigned"))
        return mine
    try:
        theirs = Envelope.model_validate_json(carrying.read(other, folder))
    except ValidationError as error:
        raise Malformed(_("{path} holds no signed plan", path=other), faults_of(error)) from error
    if theirs.payloadType != PLAN_TYPE or theirs.payload != mine.payload:
        said = read_plan(theirs).operation if theirs.payloadType == PLAN_TYPE else theirs.payloadType
        message = _("{path} is signed under another plan than this ({operation})", path=other, operation=said)
        raise Malformed(message, hint=_("both sign the same file, to the last character that counts"))
    return theirs.model_copy(update={"signatures": (*mine.signatures, *theirs.signatures)})
