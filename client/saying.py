"""Statements from the command line: `field=value` words become the content of a signed statement.

What was merely asked (the State, the modality, the permissions, until when) is filled in from the request. What must be one's
own finding (weight, seals, persons, references, that a condition is met) is never filled in.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from client.handing import kept
from domain.envelope import Envelope
from domain.errors import Fault, Malformed
from domain.identifiers import MINOR_UNITS, CheckpointId
from domain.quantities import parse_amount
from domain.requests import Request
from domain.statements import ANSWERS, CONTENT, Content, Correction, Handling, Statement, faults_of, sign_statement

_CHECKPOINT: TypeAdapter[str] = TypeAdapter(CheckpointId)


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


def _parted(one: str, *names: str) -> dict[str, str]:
    """`A-1: heroin: 1 kg`: its parts by these names, as far as they are given."""
    return dict(zip(names, (part.strip() for part in one.split(":", len(names) - 1)), strict=False))


def _seals(text: str) -> list[dict[str, str]]:
    """`KZ123456/H, KZ777/S`: number and ISO 17712 class (I, S or H; H where none is given)."""
    pairs = [one.strip().partition("/") for one in text.split(",") if one.strip()]
    return [{"number": number, "security": security or "H"} for number, _, security in pairs]


def _substances(text: str) -> list[dict[str, Any]]:
    """`mephedrone: 13.2 kg; EUR: 12500.00`: net mass of each; a name that is an ISO 4217 currency is cash."""
    return [_cash(one) if one.partition(":")[0].strip() in MINOR_UNITS else _mass(one) for one in _list(text)]


def _mass(one: str) -> dict[str, Any]:
    substance, _, net = one.rpartition(":")
    return {"substance": substance.strip(), "net": net.strip()}


def _cash(one: str) -> dict[str, Any]:
    """`EUR: 12500.00`, and where their serial numbers were taken, after another colon the SHA-256 of their list."""
    cash: dict[str, Any] = _parted(one, "currency", "minor", "serials")
    return cash | {"minor": parse_amount(cash["currency"], cash.get("minor", ""))}


def _conditions(text: str) -> list[dict[str, str]]:
    """`two officers present; airport: photographs`: what stands before a colon, where it is a checkpoint id, binds it there."""
    return [_condition(one) for one in _list(text)]


def _condition(one: str) -> dict[str, str]:
    at, colon, text = (part.strip() for part in one.partition(":"))
    try:
        return {"text": text, "at": _CHECKPOINT.validate_python(at if colon else "")}
    except ValidationError:
        return {"text": one}


def _units(text: str) -> list[dict[str, str]]:
    """`A-1: heroin: 1 kg; A-2: heroin: 980 g`: label, substance and net mass of each."""
    return [_parted(one, "label", "substance", "net") for one in _list(text)]


def _items(text: str) -> list[Any]:
    """`T-1: tracker: 120 g: 9d; S-1: substitute: 13 kg` as put in, `T-1; S-1` as recovered."""
    return [_parted(one, "label", "what", "gross", "lasts") if ":" in one else one for one in _list(text)]


def _finds(text: str) -> list[dict[str, str]]:
    """`F-1: 197 000 USD in notes`: label and what it is."""
    return [_parted(one, "label", "what") for one in _list(text)]


def _split_into(text: str) -> list[dict[str, Any]]:
    """`saxaul-22-1: heroin: 6 kg; saxaul-22-2: heroin: 7 kg`: code name and contents; what else a part holds under its name."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for one in _list(text):
        operation, _, contents = one.partition(":")
        parts.setdefault(operation.strip(), []).extend(_substances(contents))
    return [{"operation": operation, "contents": contents} for operation, contents in parts.items()]


def _ended(text: str) -> list[dict[str, Any]]:
    """`saxaul-22-1: no_show: HEAD: heroin: 6 kg`: code name, outcome, head, recovered; what else was, under the same name."""
    parts: dict[str, dict[str, Any]] = {}
    for one in _list(text):
        operation, _, more = one.partition(":")
        known = parts.get(operation.strip())
        if known is not None:
            known["recovered"] += _substances(more)
            continue
        part: dict[str, Any] = _parted(one, "operation", "outcome", "head", "recovered")
        parts[operation.strip()] = part | {"recovered": _substances(part.get("recovered", ""))}
    return list(parts.values())


def _signed(text: str) -> dict[str, Any]:
    """The signed statement in this file, as `vigil confirm --offline` writes it."""
    return kept(Path(text))[0].model_dump()


_PARTS: Mapping[str, Callable[[str], Any]] = {
    "seals": _seals,
    "broken": _seals,
    "kept": _substances,
    "removed": _substances,
    "samples": _substances,
    "recovered": _substances,
    "units": _units,
    "items": _items,
    "finds": _finds,
    "conditions": _conditions,
    "modalities": _list,
    "permissions": _list,
    "pictures": _list,
    "witnesses": _list,
    "split.parts": _split_into,
    "parts_ended.parts": _ended,
    "agreement": _signed,
}
"""How a structured field is read, by its name, or by kind and name where the kind decides."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    kind.model_fields["kind"].default: tuple(name for name in kind.model_fields if name != "kind")
    for kind in get_args(get_args(Content)[0])
}
"""What a statement of each kind may say."""
_HINT = "give fields as field=value; see docs/statements.md"


def content_of(kind: str, words: Iterable[str], request: Request | None) -> Content:
    """The content of a statement of this kind. Raises `Malformed` with every field that is missing or wrong."""
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    known = FIELDS.get(kind)
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            faults.append(Fault(place=word, problem="expected field=value"))
        elif known is not None and name not in known:
            faults.append(Fault(place=name, problem=f"no such field; expected {', '.join(known) or 'none'}"))
        elif name in given:
            faults.append(Fault(place=name, problem="given twice"))
        else:
            try:
                given[name] = _PARTS.get(f"{kind}.{name}", _PARTS.get(name, str))(value)
            except ValueError as error:
                faults.append(Fault(place=name, problem=str(error)))
    if faults:
        raise Malformed(f"{kind} is not right", faults, hint=_HINT)
    asked = _asked(kind, request) if request is not None else {}
    try:
        return CONTENT.validate_python({"kind": kind} | asked | given)
    except ValidationError as error:
        found = tuple(fault.model_copy(update={"place": fault.place.removeprefix(f"{kind}.")}) for fault in faults_of(error))
        raise Malformed(f"{kind} is not complete or not right", found, hint=_HINT) from error


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


def correction(of: str, kind: str, words: Iterable[str], reason: str) -> Correction:
    """What an earlier statement should have said, whole. Raises `Malformed`, also for a kind that is not corrected."""
    try:
        return Correction(of=of, reason=reason, content=content_of(kind, words, None))
    except ValidationError as error:
        raise Malformed(f"{of} cannot be corrected so", faults_of(error)) from error


def statement(  # noqa: PLR0913, PLR0917 - the parts of one statement
    delivery: str,
    service: str,
    officer: str,
    content: Content,
    key: Ed25519PrivateKey,
    checkpoint: str | None = None,
    *,
    on_behalf_of: str | None = None,
    fulfils: Iterable[str] = (),
    handling: str | None = None,
) -> Envelope:
    """A signed statement that happened now, with an id of its own. Raises `Malformed` for codes that are none."""
    try:
        said = Statement(
            id=uuid.uuid4().hex,
            delivery=delivery,
            checkpoint=checkpoint,
            service=service,
            on_behalf_of=on_behalf_of,
            officer=officer,
            happened_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            fulfils=tuple(fulfils),
            handling=handling_of(handling) if handling is not None else None,
            content=content,
        )
    except ValidationError as error:
        raise Malformed("nothing was signed", faults_of(error)) from error
    return sign_statement(said, key)


def handling_of(text: str) -> Handling:
    """`H1`, or `H3: for the prosecutor alone`: a handling code, and its caveat. Raises `ValidationError`."""
    code, _, caveat = text.partition(":")
    return Handling.model_validate({"code": code.strip(), "caveat": caveat.strip()})


def _asked(kind: str, request: Request) -> dict[str, Any]:
    facts = request.facts
    of = {"state": facts.state}
    until = {"valid_until": facts.valid_until} if facts.valid_until else {}
    window = {"valid_from": datetime.now(UTC).isoformat(timespec="seconds"), **until}
    asked: dict[str, dict[str, Any]] = {
        "authorisation_granted": {**of, **window, "modalities": [facts.modality]},
        "authorisation_refused": of,
        "authorisation_withdrawn": of,
        "authorisation_extended": {**of, **until},
        "permission_granted": {**of, **window, "permissions": list(facts.permissions)},
        "permission_refused": of,
        "prepared": {"modality": facts.modality},
        "arrest_made": {"place": facts.place},
        "conflict_settled": {"agreed_with": facts.agree_with} if facts.agree_with is not None else {},
    }
    return asked.get(kind, {})
