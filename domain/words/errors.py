"""What can go wrong, as one tree. Nobody parses messages: the class says what happened and who must act.

    VigilError
    ├── Refused                 what was asked is not allowed, or not what it should be; the asker must act
    │   ├── Malformed           the bytes, fields or files are not what they must be
    │   ├── NotAuthentic        no key of a known, valid service stands behind it
    │   ├── NotAllowed          the service is known but this is not its to see or do
    │   ├── NotFound            no such delivery, checkpoint, service or file
    │   ├── RuleBroken          a numbered rule of design section 4 forbids it
    │   └── NotVerified         a packet does not prove what it claims, or a system does not do what the protocol demands
    └── Unavailable             a counterpart (server, gateway, service, port) is away; try again or repair it
        ├── TimedOut            what was waited for did not come true in time
        └── Limited             more than the asker's share was asked for; nothing was done, ask again a little later

A bug of our own is none of these: it stays a plain `RuntimeError` or `AssertionError`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal, cast, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from domain.words.likeness import did_you_mean, or_meant
from domain.words.patterns import IN_WORDS
from domain.words.quantities import say_span
from domain.words.text import Filled, fill, mark, nested, shown, told

MOST_FAULTS: Final = 100
"""Of one document that are told one by one; nobody mends more at once, and who sends rubbish gets no book about it."""
MOST_LOOKED_AT: Final = 1_000
"""Faults that are looked at one by one, since that costs more than it did to find them. What has more is of another form."""
REST: Final = "further"
"""Place of the fault that stands for all those that are not told."""
_LONGEST_PLACE: Final = 300
_LONGEST_PROBLEM: Final = 1000

Reason = Literal[
    "archive_behind",
    "budget_spent",
    "disclosure_not_permitted",
    "ended_already",
    "keys_not_changed",
    "plan_not_changed",
    "started_already",
    "statement_too_large",
    "stopped_already",
]
"""Why a rule forbids something of which nothing is recorded. What is recorded as refused has the code of its finding."""
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


def _place(text: str) -> str:
    return shown(text, _LONGEST_PLACE)


def _problem(text: Any, plainly: Callable[[Any], str]) -> str:
    """As text; one of ours that is seen as it is stays one, which can be said in another language."""
    said = shown(plainly(text), _LONGEST_PROBLEM)
    return text if isinstance(text, Filled) and text == said else said


_LABEL = re.compile(r"[\[(]|^constrained-")
"""What pydantic calls a branch that has no tag, such as `literal['court']`: no name in a document is like it."""


class Fault(BaseModel):
    """One thing wrong with a document the user brought, with the place where it stands. Names and words that the document itself
    has in it are written out and cut: whoever reads a fault reads text.
    """

    model_config = ConfigDict(frozen=True)

    place: Annotated[str, AfterValidator(_place)]
    """`file:line: path.to.field` where the file is known, else the path alone."""
    problem: Annotated[str, WrapValidator(_problem)]
    """What stands there and what would be right."""

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"

    def in_words(self) -> str:
        """The same, which can be said again in another language."""
        return fill("{place}: {problem}", place=self.place, problem=nested(self.problem))


class VigilError(Exception):
    """Root of every error we raise on purpose. Its words may repeat what others wrote: they are text, whatever that was.

    All that is known of a kind of error stands where its class begins: `code`, by which programs decide; `title`, what people are
    told it is; `exit_code` of a command; `status` of an answer (RFC 9110); and `hint`, what to do where one has no better hint of
    its own. A class that says nothing of this is its parent's kind of error; one that says some of it fails at import.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = mark("error")
    exit_code: ClassVar[int] = 1
    status: ClassVar[int] = 500
    otherwise: ClassVar[str] = mark("try again once")

    def __init_subclass__(
        cls,
        *,
        code: str = "",
        title: str = "",
        exit_code: int = 0,
        status: int = 0,
        hint: str = "",
    ) -> None:
        super().__init_subclass__()
        said = (code, title, exit_code, status, hint)
        if not any(said):
            return
        if not all(said) or code in BY_CODE:
            raise TypeError(f"{cls.__name__}: code, title, exit_code, status and hint are said together, and each code once")
        cls.code, cls.title, cls.exit_code, cls.status, cls.otherwise = said
        BY_CODE[code] = cls

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = shown(message)
        self.hint = shown(hint)
        self.words = (message, hint)
        super().__init__(self.message)

    @property
    def said(self) -> Filled:
        """The message, to be filled into another text."""
        return nested(self.words[0])

    def told_in(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """Message and hint in another language, as far as they are texts of ours."""
        message, hint = (shown(told(text, translate)) for text in self.words)
        return message, hint

    @classmethod
    def told(cls, told: "RelayedError") -> "VigilError":
        """The same error, of which somebody else has told."""
        return cls(told.message, hint=told.hint)


BY_CODE: Final[dict[str, type[VigilError]]] = {"error": VigilError}
"""Every kind of error."""


@dataclass(frozen=True, kw_only=True)
class RelayedError:
    """What another process says of an error of ours."""

    message: str
    hint: str = ""
    faults: tuple[Fault, ...] = ()
    after: int = 0
    """Seconds, after which the same may be asked again."""
    reason: str = ""
    """Of a rule that is broken, as `RuleBroken` has it."""


class Refused(
    VigilError,
    code="refused",
    title=mark("refused"),
    exit_code=1,
    status=500,
    hint=mark("ask for something else"),
):
    """What was asked cannot be done as asked; asking again unchanged will not help."""


class Malformed(
    Refused,
    code="malformed",
    title=mark("malformed"),
    exit_code=2,
    status=422,
    hint=mark("fix what is named, sign it anew where it is signed, and send it again"),
):
    """Carries every fault found, not only the first."""

    def __init__(self, message: str, faults: Sequence[Fault] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = tuple(faults)

    @classmethod
    def told(cls, told: RelayedError) -> VigilError:
        """With its faults."""
        return cls(told.message, told.faults, hint=told.hint)


class NotAuthentic(
    Refused,
    code="not-authentic",
    title=mark("not authentic"),
    exit_code=5,
    status=401,
    hint=mark("sign with a key that is valid in the directory"),
):
    """Unknown service, unknown, expired or revoked key, wrong signature or stale proof."""


class NotAllowed(
    Refused,
    code="not-allowed",
    title=mark("not allowed"),
    exit_code=5,
    status=403,
    hint=mark("docs/protocol.md has the table of who may what"),
):
    """The caller is who they say, and this is not theirs."""


class NotFound(
    Refused,
    code="not-found",
    title=mark("not found"),
    exit_code=3,
    status=404,
    hint=mark("check the name"),
):
    """The thing named does not exist here, or not for this caller."""


OF_A_RULE: Final = mark("{rule}: {reason}")


class RuleBroken(
    Refused,
    code="rule-broken",
    title=mark("rule broken"),
    exit_code=4,
    status=409,
    hint=mark("nothing was changed; the rule says what must be so first"),
):
    """A numbered rule forbids it; `rule` is its number, such as `R6`, and `reason` what a program reacts to: none where nobody
    outside can meet it.
    """

    def __init__(self, rule: str, sentence: str, *, reason: Reason | None = None, hint: str = "") -> None:
        super().__init__(fill(OF_A_RULE, rule=rule, reason=nested(sentence)), hint=hint)
        self.rule = rule
        self.sentence = shown(sentence)
        self.reason = reason

    @classmethod
    def told(cls, told: RelayedError) -> VigilError:
        """Its message begins with the rule's number. A reason that is not known here is none."""
        rule, _, sentence = told.message.partition(": ")
        if isinstance(told.message, Filled) and told.message.template == OF_A_RULE:
            sentence = cast(str, told.message.filled["reason"])  # as it is, to be said in another language
        return cls(rule, sentence, reason=next((one for one in REASONS if one == told.reason), None), hint=told.hint)


class NotVerified(
    Refused,
    code="not-verified",
    title=mark("not verified"),
    exit_code=7,
    status=503,
    hint=mark("tell whoever runs the installation"),
):
    """A packet fails verification, or a system its examination; `entry` is the sequence number at which a packet does, if it is
    one entry's fault.
    """

    def __init__(self, reason: str, entry: int | None = None, *, hint: str = "") -> None:
        super().__init__(
            reason if entry is None else fill("entry {entry}: {reason}", entry=entry, reason=nested(reason)), hint=hint
        )
        self.reason = shown(reason)
        self.entry = entry


class Unavailable(
    VigilError,
    code="unavailable",
    title=mark("unavailable"),
    exit_code=1,
    status=503,
    hint=mark("send the same again after a pause: nothing counts twice"),
):
    """`message` says what is away; `hint` says what to do about it."""


class Limited(
    Unavailable,
    code="limited",
    title=mark("limited"),
    exit_code=1,
    status=429,
    hint=mark("send the same again after a pause: nothing counts twice"),
):
    """`after`: seconds, after which the same may be asked again. Where there is no better hint, that says it in words: nobody
    sees a header at a terminal or on a page.
    """

    def __init__(self, message: str, *, after: int, hint: str = "") -> None:
        span = say_span(timedelta(seconds=after))
        said = fill("ask again in {span}: nothing has been done, and nothing counts twice", span=span)
        super().__init__(message, hint=hint or said)
        self.after = after

    @classmethod
    def told(cls, told: RelayedError) -> VigilError:
        """With its time."""
        return cls(told.message, after=told.after, hint=told.hint)


class TimedOut(
    Unavailable,
    code="timed-out",
    title=mark("timed out"),
    exit_code=6,
    status=503,
    hint=mark("send the same again after a pause: nothing counts twice"),
):
    """The condition waited for did not come true in time."""


def faults_of(error: ValidationError, *, place: str = "") -> tuple[Fault, ...]:
    """Pydantic's findings as ours: the path of the field and what would be right. At most `MOST_FAULTS`, and one that says how
    many more there are.

    A finding about a whole that stands only because a part of it is wrong ("too short", once the bad items are left out)
    is dropped: the part is named already. The branches of a union, which pydantic names too, stand in no document. Of more than
    `MOST_LOOKED_AT` only the number is told.
    """
    if (count := error.error_count()) > MOST_LOOKED_AT:
        return (Fault(place=place or "document", problem=fill("it has {count} faults: this is something else", count=count)),)
    found = error.errors(include_url=False)
    wholes = _wholes(one["loc"] for one in found)
    parts = [one for one in found if one["loc"] not in wholes]
    branches = _branches(error.title, len(_kinds()))
    told = [
        Fault(
            place=".".join([*([place] if place else []), *_path(one, branches)]) or "document",
            problem=_in_our_words(one, error.title),
        )
        for one in parts[:MOST_FAULTS]
    ]
    more = len(parts) - len(told)
    return (*told, Fault(place=REST, problem=fill("and {count} more", count=more))) if more else tuple(told)


EMPTY: Final = mark("is empty")
_NAMES: Final = mark("expected names with their values, such as `name: value` in lines of their own")
OF_PYDANTIC: Mapping[str, str] = {
    "missing": mark("is missing"),
    "json_invalid": mark("it is not JSON"),
    "extra_forbidden": mark("there is no such field"),
    "string_type": mark("expected text"),
    "string_too_short": mark("expected at least {min_length} characters"),
    "string_too_long": mark("expected at most {max_length} characters"),
    "string_pattern_mismatch": mark("expected text of the form {pattern}"),
    "literal_error": mark("expected one of {expected}"),
    "union_tag_invalid": mark("expected one of {expected}"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _NAMES),
    **dict.fromkeys(("list_type", "tuple_type", "frozen_set_type"), mark("expected a list, such as [one, two]")),
    **dict.fromkeys(("bool_type", "bool_parsing"), mark("expected yes or no")),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), mark("expected a whole number")),
    "greater_than_equal": mark("expected {ge} or more"),
    "less_than_equal": mark("expected {le} or less"),
    "too_short": mark("expected at least {min_length}, found {actual_length}"),
    "too_long": mark("expected at most {max_length}, found {actual_length}"),
}
"""What pydantic finds by itself, in words of an officer."""
_LONGEST_TYPED: Final = 60
"""Of a value that may be one of the choices, mistyped."""


def _in_our_words(found: ErrorDetails, title: str) -> str:
    """What was found: a text of ours as that, and what pydantic finds by itself in our words, with the choice or field that was
    meant. `title`: of the record that the whole is.
    """
    context, said = found.get("ctx", {}), found["msg"].removeprefix("Value error, ")
    raised = context.get("error")
    if isinstance(raised, ValueError) and raised.args and isinstance(raised.args[0], Filled):
        return raised.args[0]
    if (template := OF_PYDANTIC.get(found["type"])) is None:
        return said
    if context.get("min_length") == 1 and found["type"] == "string_too_short":
        return fill(EMPTY)
    expected = str(context.get("expected_tags", context.get("expected", "")))
    if found["type"] == "extra_forbidden":
        typed, there = str(found["loc"][-1]), fill(template)
        return or_meant(there, typed, _fields_at(title, found["loc"][:-1])) if len(typed) <= _LONGEST_TYPED else there
    if not expected:
        return fill(IN_WORDS.get(str(context.get("pattern")), template), **context)
    choices, typed = _QUOTED.findall(expected), context.get("tag", found["input"])
    there_are = ", ".join(choices) or expected.replace(" or ", ", ")
    if len(choices) == 1:
        return fill("expected {right}", right=there_are)
    text = fill(template, expected=there_are)
    meant = did_you_mean(typed, choices) if isinstance(typed, str) and len(typed) <= _LONGEST_TYPED else None
    return text if meant is None else fill("{text}; {question}", text=text, question=meant)


_QUOTED = re.compile(r"'([^']*)'")


def _wholes(places: Iterable[tuple[int | str, ...]]) -> set[tuple[int | str, ...]]:
    """Every place inside which another stands. Each place is looked at once, however many there are."""
    wholes: set[tuple[int | str, ...]] = set()
    for place in places:
        whole = place
        while whole and (whole := whole[:-1]) not in wholes:
            wholes.add(whole)
    return wholes


def _path(found: ErrorDetails, branches: Mapping[str, frozenset[str]]) -> list[str]:
    """The names and numbers by which a part is found in the document; what should not be there is called as it is there."""
    extra = [str(found["loc"][-1])] if found["type"] == "extra_forbidden" else []
    path: list[str] = []
    field = ""
    for part in found["loc"][: len(found["loc"]) - len(extra)]:
        if isinstance(part, int):
            path.append(str(part))
        elif part in branches.get(field, ()) or _LABEL.search(part):
            field = ""
        else:
            path.append(part)
            field = part
    return path + extra


def _kinds() -> list[type[BaseModel]]:
    """Every kind of record that there is now."""
    found = BaseModel.__subclasses__()
    for kind in found:  # it grows while it is gone through
        found += kind.__subclasses__()
    return found


def _fields_at(title: str, place: Sequence[int | str]) -> tuple[str, ...]:
    """The fields that may stand at a place of a record of this title."""
    here = _called(title, len(_kinds()))
    for part in place:  # what is no field is the tag of one of several, or a number or a key: that leads nowhere else
        fields = [one.model_fields[part] for one in here if isinstance(part, str) and part in one.model_fields]
        tagged = tuple(one for one in here if any(part in get_args(field.annotation) for field in one.model_fields.values()))
        here = tuple(dict.fromkeys(kind for one in fields for kind in _kinds_in(one.annotation))) if fields else tagged or here
    return tuple(dict.fromkeys(name for one in here for name in one.model_fields))


@lru_cache(maxsize=256)
def _called(title: str, _known: int) -> tuple[type[BaseModel], ...]:
    """The records of this title, looked up anew where there are more or fewer kinds than before."""
    return tuple(one for one in _kinds() if one.__name__ == title)


def _kinds_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The records that may stand where this is said of a field."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _kinds_in(one)


@lru_cache(maxsize=256)
def _branches(_title: str, _known: int) -> Mapping[str, frozenset[str]]:
    """For each field that is a union told apart by a tag: its tags. Looked up anew for each kind of record, and where there are
    more or fewer kinds than before: some are made when they are needed, and two may have one title.
    """
    found: dict[str, set[str]] = {}
    for kind in _kinds():
        _gather(kind.__pydantic_core_schema__, "", found)
    return {field: frozenset(tags) for field, tags in found.items()}


def _gather(schema: object, field: str, found: dict[str, set[str]]) -> None:
    """Add the tags of the unions in a schema of pydantic's to those of the field that holds them."""
    if isinstance(schema, list | tuple):
        for one in schema:
            _gather(one, field, found)
    elif isinstance(schema, Mapping):
        if schema.get("type") == "tagged-union":
            found.setdefault(field, set()).update(map(str, schema["choices"]))
        for name, one in schema.get("fields", {}).items() if schema.get("type") == "model-fields" else ():
            _gather(one["schema"], name, found)
        for part in ("schema", "items_schema", "values_schema", "choices", "definitions"):
            inner = schema.get(part, ())
            _gather(list(inner.values()) if part == "choices" and isinstance(inner, Mapping) else inner, field, found)
