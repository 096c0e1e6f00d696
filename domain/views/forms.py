"""The content of a statement from words: what a person types for each field, on a command line or in a form.

What was merely asked (the State, the modality, the permissions, until when) can be filled in from the request. What must be one's
own finding (weight, seals, persons, references, that a condition is met) is never filled in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from domain.delivery.requests import Request
from domain.delivery.statement import Handling
from domain.plan.goods import Check, Checked
from domain.rules.books import BOOK
from domain.rules.kind import Kind
from domain.words.errors import Fault, Malformed, faults_of
from domain.words.identifiers import MINOR_UNITS, CheckpointId
from domain.words.likeness import did_you_mean, or_meant
from domain.words.quantities import parse_amount
from domain.words.text import fill, mark, shown

_CHECKPOINT: TypeAdapter[str] = TypeAdapter(CheckpointId)


def _list(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[;\n]", text) if one.strip()]


def _parted(one: str, *names: str) -> dict[str, str]:
    """`A-1: heroin: 1 kg`: its parts by these names, as far as they are given."""
    return dict(zip(names, (part.strip() for part in one.split(":", len(names) - 1)), strict=False))


def _seals(text: str) -> list[dict[str, str]]:
    """`KZ123456/H, KZ777/S`: number and ISO 17712 class (I, S or H; H where none is given)."""
    pairs = [one.strip().partition("/") for one in re.split(r"[,;\n]", text) if one.strip()]
    return [{"number": number, "security": security or "H"} for number, _, security in pairs]


def _substances(text: str) -> list[dict[str, Any]]:
    """`mephedrone: 13.2 kg; EUR: 12500.00`: net mass of each; a name that is an ISO 4217 currency is cash. What is counted says
    so first: `weapon rifle: 12`, `bearer cheque 1000.00 EUR: 3`, `hs 240220 carton cigarettes: 500`.
    """
    return [_amount(one) for one in _list(text)]


def _amount(one: str) -> dict[str, Any]:
    first, _, rest = one.partition(" ")
    counted = _COUNTED.get(first)
    if counted is not None:
        return counted(rest)
    return _cash(one) if one.partition(":")[0].strip() in MINOR_UNITS else _mass(one)


def _mass(one: str) -> dict[str, Any]:
    substance, colon, net = one.rpartition(":")
    if not (colon and substance.strip()):
        raise ValueError(fill('{typed}: expected what and how much of it, e.g. "heroin: 2 kg"', typed=shown(one)))
    return {"substance": substance.strip(), "net": net.strip()}


def _weapons(rest: str) -> dict[str, Any]:
    """`rifle: 12`, and where their serial numbers were taken, after another colon the SHA-256 of their list."""
    weapons: dict[str, Any] = _parted(rest, "weapon", "count", "serials")
    return weapons | {"count": _number(weapons.get("count", ""))}


def _instruments(rest: str) -> dict[str, Any]:
    """`cheque 1000.00 EUR: 3`: what, nominal value of each, how many; and the SHA-256 of their list."""
    given: dict[str, str] = _parted(rest, "what", "count", "serials")
    name, _, nominal = given.get("what", "").rpartition(" ")
    name, _, value = name.rpartition(" ")
    if nominal not in MINOR_UNITS:
        raise ValueError('expected what, nominal value and currency, and how many, e.g. "bearer cheque 1000.00 EUR: 3"')
    more = {"serials": given["serials"]} if "serials" in given else {}
    money = {"currency": nominal, "minor": parse_amount(nominal, value)}
    return {"instrument": name, "nominal": money, "count": _number(given.get("count", ""))} | more


def _counted(rest: str) -> dict[str, Any]:
    """`240220 carton cigarettes: 500`: code of the Harmonized System, what they are counted in, what they are, how many."""
    what, _, count = rest.rpartition(":")
    code, unit, goods = [*what.split(None, 2), "", "", ""][:3]
    return {"hs": code, "unit": unit, "goods": goods.strip(), "count": _number(count)}


def _number(text: str) -> Any:
    """A whole number, or what is not counted but known otherwise, in words."""
    return int(text) if text.strip().isdecimal() else text.strip()


_COUNTED: Mapping[str, Callable[[str], dict[str, Any]]] = {"weapon": _weapons, "bearer": _instruments, "hs": _counted}
"""How what is counted is read, by its first word."""


def _cash(one: str) -> dict[str, Any]:
    """`EUR: 12500.00`, and where their serial numbers were taken, after another colon the SHA-256 of their list."""
    cash: dict[str, Any] = _parted(one, "currency", "minor", "serials")
    how, _, minor = cash.get("minor", "").rpartition(" ")
    if how.startswith("unmeasured"):
        return cash
    whole = parse_amount(cash["currency"], minor)
    return cash | {"minor": {"about": whole, "known": how} if how else whole}


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
    """`A-1: heroin: 1 kg; A-2: heroin: 980 g: 40: 1.02 kg: removed`: label, substance and net mass of each, how many packages it
    has, its gross weight, and whether it was kept or removed.
    """
    return [_parted(one, "label", "substance", "net", "packages", "gross", "fate") for one in _list(text)]


def _items(text: str) -> list[Any]:
    """`T-1: tracker: 120 g: 9d: No. 4417; S-1: substitute: 13 kg: gypsum` as put in, `T-1; S-1` as recovered."""
    return [_item(one) if ":" in one else one for one in _list(text)]


def _item(one: str) -> dict[str, str]:
    item = _parted(one, "label", "what", "gross", "more", "number")
    more = item.pop("more", None)
    return item | ({} if more is None else {"made_of" if item.get("what") == "substitute" else "lasts": more})


def _devices(text: str) -> list[dict[str, str]]:
    """`T-1: working; T-2: silent`: how each device was found."""
    return [_parted(one, "label", "works") for one in _list(text)]


def _scale(text: str) -> dict[str, str]:
    """`VLT-15: 20447: 2026-12-31: 1 g`: model, number, until when it is verified, division."""
    return _parted(text, "model", "number", "verified_until", "division")


def _value(text: str) -> dict[str, Any]:
    """`KZT 12500.00`: currency and amount."""
    currency, _, amount = text.strip().partition(" ")
    return {"currency": currency, "minor": parse_amount(currency, amount.strip()) if currency in MINOR_UNITS else 0}


def _charges(text: str) -> list[dict[str, Any]]:
    """`supplier: 228.1, 229.1; courier: 228.1: P-2`: a role, articles, and the code of one person."""
    charges: list[dict[str, Any]] = [{**_parted(one, "role", "articles", "person")} for one in _list(text)]
    return [one | {"articles": [each.strip() for each in one.get("articles", "").split(",")]} for one in charges]


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


def _divided(text: str) -> list[dict[str, str]]:
    """`S-1: 5 g; S-2: 5 g`: label and net mass of each, where it was weighed."""
    return [_parted(one, "label", "net") for one in _list(text)]


def _ended(text: str) -> list[dict[str, Any]]:
    """`saxaul-22-1: no_show: ROOT: heroin: 6 kg`: code name, outcome, root, recovered; what else was, under the same name."""
    parts: dict[str, dict[str, Any]] = {}
    for one in _list(text):
        operation, _, more = one.partition(":")
        known = parts.get(operation.strip())
        if known is not None:
            known["recovered"] += _substances(more)
            continue
        part: dict[str, Any] = _parted(one, "operation", "outcome", "root", "recovered")
        parts[operation.strip()] = part | {"recovered": _substances(part.get("recovered", ""))}
    return list(parts.values())


def _arrestees(text: str) -> list[dict[str, Any]]:
    """`P-1: supplier; P-2: courier: unwitting`: code and role of each, and whether they did not know."""
    people = [_parted(one, "code", "role", "unwitting") for one in _list(text)]
    return [one | {"unwitting": _word(one, "unwitting")} if "unwitting" in one else one for one in people]


def _word(one: Mapping[str, str], word: str) -> bool:
    """Whether a part that may stand there does. Raises `ValueError` for another."""
    if one[word] != word:
        raise ValueError(fill("expected {word}, or nothing", word=word))
    return True


def _intervals(text: str) -> list[dict[str, str]]:
    """`A: visual: 2026-03-02T10:00:00+05:00/2026-03-02T12:30:00+05:00 > B`: team, means, from and until when, who took over."""
    return [_interval(one) for one in _list(text)]


def _interval(one: str) -> dict[str, str]:
    whole, _, taker = one.partition(">")
    parts = _parted(whole, "team", "means", "window")
    begins, _, ends = parts.pop("window", "").partition("/")
    return parts | {"begins": begins.strip(), "ends": ends.strip()} | ({"handed_to": taker.strip()} if taker.strip() else {})


def _costs(text: str) -> list[dict[str, Any]]:
    """`kz.police: escort to the border: EUR: 1250.00`: who bears it, what for, how much."""
    parted = [_parted(one, "by", "what", "currency", "minor") for one in _list(text)]
    return [
        {name: one[name] for name in ("by", "what") if name in one}
        | {"amount": {"currency": one.get("currency", ""), "minor": _minor(one)}}
        for one in parted
    ]


def _minor(one: Mapping[str, str]) -> int:
    """Minor units, where it is a currency; what is none is found as that."""
    currency = one.get("currency", "")
    return parse_amount(currency, one.get("minor", "")) if currency in MINOR_UNITS else 0


def _prosecutions(text: str) -> list[dict[str, str]]:
    """`supplier: KZ; courier: UZ: P-2`: a role, the State that prosecutes, and the code of one person."""
    return [_parted(one, "role", "state", "person") for one in _list(text)]


def _at(text: str) -> list[str]:
    """`69.2797, 41.3111`: longitude and latitude in degrees."""
    return [one.strip() for one in text.split(",")]


def _one_or_several(text: str) -> str | list[str]:
    """One thing as it stands, several as a list: a statement about a group says that of each consignment."""
    several = _list(text)
    return several if len(several) > 1 else text.strip()


Parts = Mapping[str, Callable[[str], Any]]

PARTS: Parts = {
    "seals": _seals,
    "broken": _seals,
    "sample_seals": _seals,
    "scale": _scale,
    "devices": _devices,
    "value": _value,
    "charges": _charges,
    "articles": _list,
    "statements": _list,
    "persons_notified.persons": _list,
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
    "permits": _list,
    "witnesses": _list,
    "request": _one_or_several,
    "arrest_made.persons": _arrestees,
    "arrest_reported.persons": _arrestees,
    "interdicted.arrested": _arrestees,
    "arrestee_released.persons": _list,
    "at": _at,
    "intervals": _intervals,
    "borne": _costs,
    "prosecutions": _prosecutions,
    "officers": _list,
    "taken_for": _list,
    "exhibits": _list,
    "into": _divided,
    "information.to": _list,
    "disclosure_permitted.statements": _list,
    "split.parts": _split_into,
    "parts_ended.parts": _ended,
}
"""How a structured field is read, by its name, or by kind and name where the kind decides. Several of one thing stand on lines of
their own, or with semicolons between."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(name for name in model.model_fields if name != "kind") for kind, model in BOOK.kinds.items()
}
"""What a statement of each kind may say."""


def content_of(kind: str, said: Mapping[str, str], asked: Mapping[str, Any], parts: Parts, *, hint: str = "") -> Kind:
    """The content of a statement of this kind, from the words for each field, and where there are none from what was `asked`.

    Raises `Malformed` with every field that is missing, wrong or none of this kind's.
    """
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    known = FIELDS.get(kind)
    for name, words in said.items():
        if known is not None and name not in known:
            there_are = fill("no such field; expected {names}", names=", ".join(known) or "-")
            faults.append(Fault(place=name, problem=or_meant(there_are, name, known)))
            continue
        try:
            given[name] = parts.get(f"{kind}.{name}", parts.get(name, str))(words)
        except ValueError as error:
            faults.append(Fault(place=name, problem=error.args[0] if error.args else str(error)))
    if faults:
        raise Malformed(fill("{kind} is not right", kind=kind), faults, hint=hint)
    try:
        return kind_called(kind).model_validate({"kind": kind, **asked, **given})
    except ValidationError as error:
        found = tuple(fault.model_copy(update={"place": fault.place}) for fault in faults_of(error))
        raise Malformed(fill("{kind} is not complete or not right", kind=kind), found, hint=hint) from error


OF_CHECKS: Mapping[str, Check] = {
    "gross": "weight",
    "scale": "weight",
    "seals": "seals",
    "seals_intact": "seals",
    "packages": "count",
    "picture": "picture",
    "in_sight": "sight",
}
"""Fields in which the answer says what was checked, and by which check."""
_MAY_BE_SAID = ("scale", "handover_offered.seals_intact")
"""Of these what may be left out although it is checked so, by name, or by kind and name where the kind decides."""


def asked_of(kind: str, name: str, request: Request | None) -> bool | None:
    """Whether an answer of this kind says this field because the plan has it checked so, or has no place for it because it has it
    checked otherwise, or no devices were put in; none where it may say it, or no check is about it.
    """
    if request is None or not issubclass(kind_called(kind), Checked):
        return None
    if name == "devices":
        return None if request.facts.items else False
    if name not in OF_CHECKS:
        return None
    if OF_CHECKS[name] not in request.facts.checked_by:
        return False
    return None if name in _MAY_BE_SAID or f"{kind}.{name}" in _MAY_BE_SAID else True


def kind_called(name: str) -> type[Kind]:
    """The kind of this name. Raises `Malformed`."""
    found = BOOK.kinds.get(name)
    if found is None:
        message = fill("there is no kind of statement {name}", name=name)
        raise Malformed(message, hint=did_you_mean(name, BOOK.kinds) or mark("`vigil explain` and docs/statements.md name them"))
    return found


def masses_of(kind: str) -> frozenset[str]:
    """Fields of a statement of this kind that are masses: whole milligrams, or words with a unit. Raises `Malformed`."""
    properties = kind_called(kind).model_json_schema()["properties"]
    some = {name: [one.get("type") for one in said.get("anyOf", [said])] for name, said in properties.items()}
    return frozenset(name for name, types in some.items() if types[:2] == ["integer", "string"])


def kinds_for(request: Request) -> tuple[str, ...]:
    """Every kind that answers this request, those that confirm before those that say no."""
    answers = [BOOK.answers[need] for need in request.says]
    return (*(kinds[0] for kinds in answers), *(kind for kinds in answers for kind in kinds[1:]))


def handling_of(text: str) -> Handling:
    """`H1`, or `H3: for the prosecutor alone`: a handling code, and its caveat. Raises `ValidationError`."""
    code, _, caveat = text.partition(":")
    return Handling.model_validate({"code": code.strip(), "caveat": caveat.strip()})


def asked(kind: str, request: Request, now: datetime) -> Mapping[str, Any]:
    """What an answer of this kind says that was merely asked. What is to be permitted stands in the permission, where one is
    asked for: an authorisation may not permit what the card wants an act of its own for (R16).
    """
    facts, answers = request.facts, kind_called(kind).declares.answers
    if "permission" in request.says and answers != "permission":
        facts = facts.model_copy(update={"permissions": ()})
    return kind_called(kind).asked(facts, now)


OF_EACH_OR_TIME: Final = frozenset({"request", "valid_from", "valid_until"})
"""What an answer to several says of each, and what is long enough for all."""


def asked_otherwise(kind: str, requests: Sequence[Request], now: datetime) -> tuple[str, ...]:
    """Fields of which an answer of this kind would say something else to one of these requests than to the first, if it said what
    was merely asked: such as the way of handling. One answer to all of them cannot leave these to what was asked.
    """
    first, *others = (asked(kind, one, now) for one in requests)
    names = dict.fromkeys(name for said in (first, *others) for name in said if name not in OF_EACH_OR_TIME)
    return tuple(name for name in names if any(said.get(name) != first.get(name) for said in others))
