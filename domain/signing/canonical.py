"""Canonical bytes (RFC 8785, JSON Canonicalization Scheme) and their SHA-256. Everything hashed or signed goes through here.

Floats are forbidden (their text form is a trap), and integers must stay below 2**53 as RFC 8785 demands:
masses are milligrams, money is minor units, so neither comes near.
"""

import hashlib
from _json import encode_basestring, make_encoder
from collections.abc import Callable, Mapping
from json import JSONEncoder
from typing import Annotated, Any, Final, Self, TypeVar, cast
from weakref import WeakValueDictionary

import rfc8785
from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from domain.words import text
from domain.words.errors import Malformed
from domain.words.text import fill

T = TypeVar("T")
R = TypeVar("R", bound=BaseModel)

_INNER = (
    "schema",
    "fields",
    "items_schema",
    "keys_schema",
    "values_schema",
    "extras_schema",
    "choices",
    "steps",
    "definitions",
    "json_schema",
    "python_schema",
    "lax_schema",
    "strict_schema",
)
"""Where a core schema of pydantic's has others in it."""


def _of_text(schema: Any) -> Any:
    """The same schema, in which each string is looked at as soon as it is one, before what else is asked of it."""
    if isinstance(schema, list):
        return [_of_text(one) for one in schema]
    if isinstance(schema, tuple):  # a choice and its label
        return (_of_text(schema[0]), *schema[1:])
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "str":
        return core_schema.no_info_after_validator_function(text.checked, schema)
    if schema.get("type") == "function-after" and schema["function"]["function"] in (text.checked, _as_it_is):
        return schema  # of a record in this one: looked at already
    inner = _INNER if isinstance(schema.get("type"), str) else tuple(schema)  # else a table: of fields, or of choices
    return schema | {name: _of_text(schema[name]) for name in inner if name in schema}


def _hasty(schema: Any) -> Any:
    """The same core schema, in which a list ends at its first wrong part."""
    if isinstance(schema, list):
        return [_hasty(one) for one in schema]
    if isinstance(schema, tuple):  # a choice and its label
        return (_hasty(schema[0]), *schema[1:])
    if not isinstance(schema, dict):
        return schema
    inner = _INNER if isinstance(schema.get("type"), str) else tuple(schema)  # else a table: of fields, or of choices
    ends = {"fail_fast": True} if schema.get("type") in ("list", "tuple", "set", "frozenset") else {}
    return schema | {name: _hasty(schema[name]) for name in inner if name in schema} | ends


def _as_it_is(given: str) -> str:
    return given


Verbatim = Annotated[str, AfterValidator(_as_it_is)]
"""A string of a record that is no text: a file inside it, as another program wrote it. No person is shown one."""


class Frozen(BaseModel):
    """Base of every record: immutable, unknown fields refused, no conversions beyond JSON's; errors do not repeat the input.

    Every string in it is text (`domain.words.text`), also in its lists and as the name of a member, whatever else is asked of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        checked: CoreSchema = _of_text(handler(source))
        return checked

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with these values in place of others. It forgets what was worked out of the old ones and kept."""
        copied = super().model_copy(update=update, deep=deep)
        for kept in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[kept]
        return copied

    def once(self, find: Callable[[Self, str], T], about: str) -> T:
        """What this finds in the record about that, worked out once: nothing changes a record. It lives as long as the record."""
        found: dict[tuple[Any, str], T] = self.__dict__.setdefault("_found", {})
        if (find, about) not in found:
            found[find, about] = find(self, about)
        return found[find, about]


class Sent(Frozen):
    """Base of what others send, and nobody writes by hand: a list in it ends at its first wrong part; thousands cost no more."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        hasty: CoreSchema = _hasty(super().__get_pydantic_core_schema__(source, handler))
        return hasty


_QUICK = make_encoder(None, JSONEncoder().default, encode_basestring, None, ":", ",", True, False, False)  # noqa: FBT003 - it takes no names
"""What `json.dumps` makes for each text anew, where that sorts names and escapes only what it must."""
_KINDS_OF_BYTES = bytes.maketrans(b"0123456789:[" + bytes(range(0xF0, 0x100)), b"0000000000,," + b"\xf0" * 16)
"""Each digit as 0, what stands before a value as a comma, and each byte that begins a character beyond U+FFFF as 0xF0."""
_LARGE, _LARGE_BELOW_ZERO, _BEYOND = b"," + b"0" * 16, b",-" + b"0" * 16, b"\xf0"
"""What may be an integer of 2**53 or more, or a name that sorts otherwise in UTF-16: the only two things in which the fast way of
`canonical` differs from RFC 8785.
"""


def plain(value: Any) -> Any:
    """The JSON value of a record; anything else is returned as it is."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a record or JSON value. Raises `Malformed` on floats and integers of 2**53 and more."""
    given = plain(value)
    if given is value and (odd := _odd(value)):  # no record has a field for it
        raise Malformed(odd)
    try:
        written = "".join(_QUICK(given, 0)).encode()
        kinds = b"," + written.translate(_KINDS_OF_BYTES)
        if _LARGE in kinds or _LARGE_BELOW_ZERO in kinds or _BEYOND in kinds:
            return rfc8785.dumps(given)
    except (rfc8785.CanonicalizationError, UnicodeError, TypeError) as error:
        message = fill("not representable as canonical JSON: {error}", error=error)
        raise Malformed(message) from error
    return written


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, as 64 hex digits."""
    return digest_of_bytes(canonical(value))


def digest_of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


_HELD: Final[WeakValueDictionary[tuple[type[BaseModel], str], BaseModel]] = WeakValueDictionary()


def _held(record: R) -> R:
    kept = _HELD.setdefault((type(record), digest(record)), record)
    return cast(R, kept)


HELD_ONCE: Final = AfterValidator(_held)
"""Beside the type of a record that many others have in them: where one with the same content is in memory, that one is taken, so
that a thousand deliveries that begin with one directory hold it once. A record never changes, so that nobody can tell.
"""


def _odd(value: Any) -> str:
    """What is in this JSON value that no record has: a fraction, or a member whose name is no text."""
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            return "names of members are text; something else was given"
        return next(filter(None, map(_odd, value.values())), "")
    if isinstance(value, list | tuple):
        return next(filter(None, map(_odd, value)), "")
    return "numbers in a record are integers; a fraction was given" if isinstance(value, float) else ""
