"""Statements from the command line: `field=value` words become the content of a signed statement.

What was merely asked (the State, the modality, until when) is filled in from the request. What must be one's own finding
(weight, seals, persons, references) is never filled in.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from client.handing import kept
from domain.envelope import Envelope
from domain.errors import Fault, Malformed
from domain.requests import Request
from domain.statements import ANSWERS, CONTENT, Content, Statement, faults_of, sign_statement


def _seals(text: str) -> list[dict[str, str]]:
    """`KZ123456/H, KZ777/S`: number and ISO 17712 class (I, S or H; H where none is given)."""
    pairs = [one.strip().partition("/") for one in text.split(",") if one.strip()]
    return [{"number": number, "security": security or "H"} for number, _, security in pairs]


def _substances(text: str) -> list[dict[str, str]]:
    """`mephedrone: 13.2 kg; cutting agent: 40 g`: net mass of each."""
    pairs = [one.rpartition(":") for one in text.split(";") if one.strip()]
    return [{"substance": name.strip(), "net": net.strip()} for name, _, net in pairs]


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def _signed(text: str) -> dict[str, Any]:
    """The signed statement in this file, as `vigil confirm --offline` writes it."""
    return kept(Path(text))[0].model_dump()


_PARTS: Mapping[str, Callable[[str], Any]] = {
    "seals": _seals,
    "kept": _substances,
    "removed": _substances,
    "recovered": _substances,
    "modalities": _list,
    "conditions": _list,
    "witnesses": _list,
    "agreement": _signed,
}


def content_of(kind: str, words: Iterable[str], request: Request | None) -> Content:
    """The content of a statement of this kind. Raises `Malformed` with every field that is missing or wrong."""
    given: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Malformed(f"{word!r} is not field=value", [Fault(place=word, problem="expected field=value")])
        given[name] = _PARTS[name](value) if name in _PARTS else value
    asked = _asked(kind, request) if request is not None else {}
    try:
        return CONTENT.validate_python({"kind": kind} | asked | given)
    except ValidationError as error:
        faults = tuple(fault.model_copy(update={"place": fault.place.removeprefix(f"{kind}.")}) for fault in faults_of(error))
        hint = "give fields as field=value; see docs/statements.md"
        raise Malformed(f"{kind} is not complete or not right", faults, hint=hint) from error


def kind_for(request: Request, *, positive: bool) -> str:
    """The kind that answers a request, or says no to it. Raises `Malformed` if the request leaves several or none."""
    kinds = [ANSWERS[need] for need in request.says]
    found = [kind[0] for kind in kinds] if positive else [one for kind in kinds for one in kind[1:]]
    if not positive and "movement_decision" in request.says:
        found.append("movement_decision")
    if len(found) == 1:
        return found[0]
    if not found:
        raise Malformed(f"there is no way to say no at {request.checkpoint}", hint="`vigil stop` stops the delivery")
    raise Malformed(f"{request.checkpoint} asks for several things", hint=f"say which with --kind: {', '.join(found)}")


def statement(  # noqa: PLR0913, PLR0917 - the parts of one statement
    delivery: str, service: str, officer: str, content: Content, key: Ed25519PrivateKey, checkpoint: str | None = None
) -> Envelope:
    """A signed statement that happened now, with an id of its own."""
    said = Statement(
        id=uuid.uuid4().hex,
        delivery=delivery,
        checkpoint=checkpoint,
        service=service,
        officer=officer,
        happened_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        content=content,
    )
    return sign_statement(said, key)


def _asked(kind: str, request: Request) -> dict[str, Any]:
    facts = request.facts
    asked: dict[str, dict[str, Any]] = {
        "authorisation_granted": {
            "state": facts.state,
            "modalities": [facts.modality],
            "valid_from": datetime.now(UTC).isoformat(timespec="seconds"),
            **({"valid_until": facts.valid_until} if facts.valid_until else {}),
        },
        "authorisation_refused": {"state": facts.state},
        "authorisation_withdrawn": {"state": facts.state},
        "authorisation_extended": {
            "state": facts.state,
            **({"valid_until": facts.valid_until} if facts.valid_until else {}),
        },
        "prepared": {"modality": facts.modality},
        "arrest_made": {"place": facts.place},
        "conflict_settled": {"agreed_with": facts.agree_with} if facts.agree_with is not None else {},
    }
    return asked.get(kind, {})
