"""The largest legal instance of any record, made from its fields: texts at their longest in the widest letters, lists full."""

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Le, Lt, MaxLen
from pydantic import BaseModel, HttpUrl
from pydantic.fields import FieldInfo
from pyrage.x25519 import Identity

from domain.delivery.requests import Language
from domain.delivery.verdicts import Finding
from domain.plan import duty
from domain.plan.goods import Cash
from domain.signing import keys
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope
from domain.signing.keys import public_text
from domain.words import identifiers, moments, places
from domain.words.codes import CODES, Code, Parameter, Shape
from domain.words.limits import ATTACHMENTS_BYTES, KIB, LARGEST_PAYLOAD, MOST_SERVICES
from domain.words.quantities import MAX_SPAN
from rehearsal.services import private_key_of

M = TypeVar("M", bound=BaseModel)
WIDEST = "\U00012000"
"""A letter of four bytes: no text has wider ones."""
LONGEST_MOMENT = "2022-03-{:02d}T00:00:00.123456+05:00"
KNOWN_BYTES = 750 * KIB
"""Of the table of known statements, carried: 24 bytes each, in base64."""
STATE_BYTES = 400 * KIB
"""Of all else that the state holds, owed notices, and the edge of the tree."""
MOST_CARRIED = 2_010 * KIB
"""Of what a run carries to the next, of the 2,048 KiB that Temporal takes as one payload."""
LARGEST_WHOLE = 2**53 - 1
"""The largest number of canonical JSON."""

FORMS: dict[str, Callable[[int], str]] = {
    r"^\+[0-9][0-9 ()-]{6,24}$": lambda _: "+".ljust(26, "9"),
    r"^[A-Z][A-Za-z0-9_+-]{1,30}(/[A-Z][A-Za-z0-9_+-]{1,30}){0,2}$": lambda _: "/".join(["Z".ljust(31, "z")] * 3),
    identifiers._SERVICE: lambda number: f"zz.{number}".replace(".", ".s").ljust(40, "x"),
    identifiers._STATEMENT: lambda number: f"{number}".ljust(64, "x"),
    "^[a-z][a-z0-9-]{0,39}$": lambda number: f"s{number}".ljust(40, "x"),
    "^[a-z][a-z0-9.-]{0,119}$": lambda number: f"c{number}".ljust(120, "x"),
    "^[a-z][a-z0-9-]{2,39}$": lambda number: f"d{number}".ljust(40, "x"),
    "^[A-Za-z0-9._-]{1,40}$": lambda number: f"{number}".ljust(40, "x"),
    "^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$": lambda number: f"{number}".ljust(40, "x"),
    "^[a-z0-9][a-z0-9./-]{0,199}$": lambda number: f"{number}".ljust(200, "x"),
    "^[a-z0-9][a-z0-9.-]{0,49}/[1-9][0-9]?$": lambda number: f"{number}".ljust(50, "x") + "/99",
    "^[A-Za-z0-9._-]{1,80}$": lambda _: "q" * 80,
    "^[a-z_]{1,40}$": lambda _: "o" * 40,
    "^[a-z]{2}$": lambda _: "kk",
    "^[0-9a-f]{12}$": lambda number: f"{number:012x}",
    "^[0-9a-f]{16}$": lambda number: f"{number:016x}",
    "^([0-9a-f]{16})?$": lambda number: f"{number:016x}",
    "^[0-9a-f]{32}$": lambda number: f"{number:032x}",
    "^[0-9]{12}$": lambda number: f"{number}".rjust(12, "9"),
    "^[+-](0[0-9]|1[0-4]):(00|15|30|45)$": lambda _: "+05:00",
    "^[0-9]{6,10}$": lambda number: f"{number}".rjust(10, "9"),
    "^[0-9a-f]{64}$": lambda number: f"{number:064x}",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$": lambda _: "2022-03-01T00:00:00.123456Z",
    "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$": lambda _: "m" * 64 + "@" + "d" * 190,
    "^age1[02-9ac-hj-np-z]{58}$": lambda _: str(Identity.generate().to_public()),
}
"""By the pattern of a text: one of the longest, with this number in it."""
CHECKED: dict[Callable[..., Any], Callable[[int], str]] = {
    places.longitude: lambda _: "-179.9999",
    places.latitude: lambda _: "-89.9999",
    moments.on_calendar: lambda _: "2022-03-01",
    identifiers.state_code: lambda _: "KZ",
    identifiers.currency_code: lambda _: "EUR",
    identifiers.cas_number: lambda _: "1000000-00-9",
    identifiers.un_locode: lambda _: "KZALA",
    identifiers.seal_number: lambda number: f"{number}".ljust(20, "X"),
    identifiers.free_text: lambda _: WIDEST * 40,
    moments.kept: lambda _: LONGEST_MOMENT.format(1),
    duty._hours: lambda _: "; ".join(["Mo-Tu 00:00-00:00"] * duty.MOST_SPANS),
    keys._public_key_text: lambda number: public_text(private_key_of(f"key {number}")),
}
"""By what reads it, the same."""


class Largest:
    """Makes instances, no two texts of which are the same where they name something."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def of(self, model: type[M], **fixed: Any) -> M:
        """The largest instance, with these fields as they are given. It is legal: it has been read as what is sent is."""
        return model.model_validate(self._words(model, fixed))

    def _words(self, model: type[BaseModel], fixed: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        free = {name: field for name, field in model.model_fields.items() if name not in fixed}
        words = {name: self._field(name, field) for name, field in free.items()} | dict(fixed)
        if len(canonical(list(words.get("attachments", ())))) > ATTACHMENTS_BYTES:  # as many as there are bytes for
            words["attachments"] = words["attachments"][: ATTACHMENTS_BYTES // (len(canonical(words["attachments"][0])) + 1)]
        if model is Cash:  # the notes add up, to no more than an amount may be
            words["notes"] = [{"value": 20_000, "count": 10**9} for _ in words["notes"]]
            words["minor"] = sum(one["value"] * one["count"] for one in words["notes"])
        if {"received", "spent", "left"} <= words.keys():  # what was spent and left was received
            words["spent"] = 0
        if {"members", "seen"} <= words.keys():  # a statement of several has seen no one ledger, which takes more room
            words["members"] = None
        if {"form", "spoken"} <= words.keys():  # what is in a form that can be read again is not taken down
            words["form"], words["spoken"], words["taken_down_by"] = "reproducible", None, None
        if "code" in words and "caveat" in words:
            words["code"] = "H3"
        return words

    def _field(self, name: str, field: FieldInfo) -> Any:
        if name in ("valid_from", "valid_until", "begins", "ends") and not self._is_optional(field.annotation):
            return LONGEST_MOMENT.format(1 if name in ("valid_from", "begins") else 31)
        return self._value(field.annotation, tuple(field.metadata))

    @staticmethod
    def _is_optional(annotation: Any) -> bool:
        return False if get_origin(annotation) not in (Union, UnionType) else NoneType in get_args(annotation)

    def _value(self, annotation: Any, about: tuple[Any, ...]) -> Any:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._value(inner[0], (*inner[1:], *about))
        if origin is Literal:
            return max(inner, key=lambda one: len(str(one)))
        if origin in (Union, UnionType):
            values = [self._value(one, ()) for one in inner if one is not NoneType]
            return max(values, key=lambda one: len(str(one).encode()))
        if origin is tuple and Ellipsis not in inner:
            return tuple(self._value(one, ()) for one in inner)
        if origin is tuple:
            return tuple(self._value(inner[0], ()) for _ in range(_most(about)))
        if origin is dict:
            return {self._key(inner[0], number): self._value(inner[1], ()) for number in range(_most(about))}
        if annotation is str:
            return self._text(about)
        if annotation is int:
            return _whole(about)
        if annotation is bool:
            return False
        if annotation is timedelta:
            return MAX_SPAN - timedelta(milliseconds=1)
        if annotation is HttpUrl:
            return "https://example.org/".ljust(2083, "x")
        if annotation is Envelope:
            return self.envelope()
        if annotation is Finding:
            return max((_finding(code) for code in CODES.values()), key=lambda one: len(canonical(one)))
        assert issubclass(annotation, BaseModel), annotation
        return self._words(annotation)

    def _key(self, annotation: Any, number: int) -> str:
        if annotation is Language:
            return ("en", "ru")[number]
        return sorted(identifiers.STATES)[number] if get_args(annotation) else f"{number}".ljust(40, "x")

    def _text(self, about: tuple[Any, ...]) -> str:
        number = next(self._numbers)
        for one in _flat(about):
            made = FORMS.get(getattr(one, "pattern", None) or "") or CHECKED.get(getattr(one, "func", None))
            if made is not None:
                return made(number)
        most = next((one.max_length for one in _flat(about) if isinstance(one, MaxLen)), None)
        assert most is not None, f"a text without a bound: {about}"
        return WIDEST * most

    def envelope(self, payload: int = LARGEST_PAYLOAD) -> Envelope:
        """One with so many bytes in it, signed by four."""
        signatures = [{"keyid": f"{number:032x}", "sig": "A" * 86 + "=="} for number in range(4)]
        base64 = "A" * (payload // 3 * 4) + ("" if payload % 3 == 0 else "AAA=" if payload % 3 == 2 else "AA==")
        return Envelope.model_validate(
            {"payloadType": "application/vnd.vigil.statement+json".ljust(80, "x"), "payload": base64, "signatures": signatures}
        )


def _finding(code: Code) -> Finding:
    """With as much in it as its shapes take."""
    longest: dict[Shape, Parameter] = {
        "instant": LONGEST_MOMENT.format(1),
        "names": tuple(f"zz.{number}".ljust(40, "x") for number in range(MOST_SERVICES)),
        "words": ("destroyed",) * 10,
    }
    whole = ("entry", "count", "mass", "money", "span")
    given = {
        name: LARGEST_WHOLE if shape in whole else longest.get(shape, "c".ljust(120, "x")) for name, shape in code.shapes.items()
    }
    return Finding(rule=code.rule, code=code.name, parameters=given)


def _most(about: tuple[Any, ...]) -> int:
    found = [one.max_length for one in _flat(about) if isinstance(one, MaxLen)]
    assert found, f"a list without a bound: {about}"
    return found[0]


def _flat(about: tuple[Any, ...]) -> list[Any]:
    """What is noted of a field, also by `Field` inside `Annotated`."""
    return [inner for one in about for inner in (one.metadata if isinstance(one, FieldInfo) else (one,))]


def _whole(about: tuple[Any, ...]) -> int:
    for one in _flat(about):
        if isinstance(one, Le):
            return int(one.le)  # type: ignore[call-overload]
        if isinstance(one, Lt):
            return int(one.lt) - 1  # type: ignore[call-overload]
    return LARGEST_WHOLE
