"""The form of an answer, made from the model of its kind: whatever a checkpoint can ask for can be answered."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from domain.delivery.requests import Request
from domain.delivery.statement import Members, Seen, Statement
from domain.plan.attachment import Attachments
from domain.plan.vocabulary import ConditionId, Digest
from domain.rules.kind import Kind
from domain.rules.speaking import Correction
from domain.rules.stop import StopAcknowledged
from domain.signing.canonical import Frozen, Verbatim
from domain.views import forms
from domain.views.as_typed import as_typed
from domain.views.correcting import ToCorrect, corrected
from domain.views.forms import PARTS, Parts, handling_of
from domain.views.second import fields_of
from domain.words.errors import Fault, Malformed, faults_of
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId
from domain.words.limits import LONGEST_REASON
from domain.words.moments import instant
from domain.words.sizes import bounded
from domain.words.text import mark
from gateway.access import Visitor

As = Literal["line", "text", "mass", "weight", "moment", "whole", "yes", "one", "many", "fixed"]
FIXED = ("state", "request", "transfer", "giver", "agreed_with")
"""What an answer says as it was asked, and no officer types: of another value it would not be the answer."""
LONG = 120
"""Characters from which on a text is given more than a line."""


@dataclass(frozen=True)
class FormField:
    """One field of a form."""

    name: str
    shown_as: As
    required: bool
    value: str
    """What was merely asked, filled in."""
    values: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    longest: int | None = None
    usual: str = ""
    """What it says where nothing is chosen: yes or no."""


class FilledForm(Frozen):
    """What a page sends of a form that has been filled in; of each field the words as typed."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    checkpoint: CheckpointId | None = None
    on_behalf_of: ServiceId | None = None
    happened_at: Annotated[str, Field(max_length=40)]
    fulfils: Annotated[tuple[ConditionId, ...], Field(max_length=50)] = ()
    handling: Annotated[str, Field(max_length=310)] = ""
    attachments: Attachments = ()
    group: OperationCode | None = None
    members: Members | None = None
    """Where it is said of several consignments of a group at once: of which group, and of which of them (R31)."""
    corrects: Annotated[int | None, Field(ge=0)] = None
    """The entry of the statement that is corrected (R18); `kind` is then what corrects it."""
    says: Digest | None = None
    """What that says, as the page showed it."""
    second: Annotated[int | None, Field(ge=0)] = None
    """The entry of what a first officer has said, where a second one signs the same (R20)."""
    plan: Digest | None = None
    """Which the page showed; of a group, its digest."""
    seen: Seen | None = None
    fields: Annotated[dict[str, Annotated[Verbatim, Field(max_length=100_000)]], Field(max_length=40)]


def boxes_of(
    kind: str, request: Request | None, now: datetime, known: Mapping[str, Any] = MappingProxyType({})
) -> tuple[FormField, ...]:
    """The fields of a statement of this kind, with what the request merely asks, or what is `known` where nobody asks. Raises
    `Malformed` if there is no such kind.
    """
    schema = forms.kind_called(kind).model_json_schema()
    asked = dict(forms.asked(kind, request, now)) if request is not None else dict(known)
    if "valid_until" in asked:
        asked["valid_until"] = _whole(asked["valid_until"])
    needed = schema.get("required", ())
    fixed = {name for name in FIXED if request is not None and isinstance(asked.get(name), str)}
    of_checks = {name: forms.asked_of(kind, name, request) for name in schema["properties"]}
    return tuple(
        _as(box, "fixed") if name in fixed else box
        for name, said in schema["properties"].items()
        if name != "kind" and of_checks[name] is not False
        for box in (_box(name, said, required=name in needed or of_checks[name] is True, asked=asked.get(name, "")),)
    )


def _whole(until: str) -> str:
    """The next whole minute, which is long enough and easier to read."""
    return (instant(until) + timedelta(minutes=1, microseconds=-1)).replace(second=0, microsecond=0).isoformat()


def _box(name: str, said: Mapping[str, Any], *, required: bool, asked: Any) -> FormField:
    """By the JSON schema of the field."""
    some = [one for one in said.get("anyOf", [said]) if one.get("type") != "null"]
    values = tuple(asked) if isinstance(asked, list) else ()
    box = FormField(name, "text", required, "" if values else str(asked), values)
    if [one.get("type") for one in some[:2]] == ["integer", "string"]:  # whole milligrams, or words with a unit
        return _as(box, "mass" if some[2:] else "weight")  # what may be an estimate, or not measured; or a weight alone
    one = some[0]
    match one.get("type"):
        case "boolean":
            usual = said.get("default")
            return _as(box, "yes", usual="" if usual is None else "yes" if usual else "no")
        case "integer":
            return _as(box, "whole")
        case "array" if "enum" in one.get("items", ()):
            return _as(box, "many", choices=tuple(one["items"]["enum"]))
        case "string" if "enum" in one:
            return _as(box, "one", choices=tuple(one["enum"]))
        case "string" if one.get("format") == "date-time":
            return _as(box, "moment")
        case "string":
            longest = one.get("maxLength")
            return _as(box, "line" if longest is None or longest <= LONG else "text", longest=longest)
        case "array":
            return _as(box, "text", value="\n".join(map(str, values)))  # such as exhibits: one on each line
        case _:
            return box


def _as(box: FormField, shown_as: As, **more: Any) -> FormField:
    return FormField(**(vars(box) | {"shown_as": shown_as} | more))


def statement_of(
    delivery: str,
    speaker: Visitor,
    filled: FilledForm,
    taken_over: Mapping[str, Any] = MappingProxyType({}),
    corrects: ToCorrect | None = None,
) -> Statement:
    """The statement that a filled form is, with an id of its own. `taken_over`: what it says where nothing is typed. `corrects`:
    of which it says what it should have said. Raises `Malformed` with every fault, by its field.
    """
    faults: list[Fault] = []
    kind = filled.kind if corrects is None else corrects.content.kind
    typed = {name: words for name, words in filled.fields.items() if words.strip()}
    said = {name: words if _has_lines(kind, name) else _one_line(words) for name, words in typed.items()}
    content: Kind | None = None
    try:
        if corrects is None:
            content = forms.content_of(kind, said, taken_over, _PARTS)
        else:
            content = _correction(corrects, said, filled.fields, taken_over)
    except Malformed as error:
        faults += error.faults or (Fault(place="kind" if corrects is None else "", problem=error.message),)
    handling = None
    try:
        handling = handling_of(filled.handling) if filled.handling else None
    except ValidationError as error:
        faults += faults_of(error, place="handling")
    try:
        statement = Statement(
            id=uuid.uuid4().hex,
            delivery=filled.group or delivery,
            members=filled.members,
            checkpoint=filled.checkpoint,
            plan=filled.plan,
            seen=filled.seen,
            service=speaker.service.id,
            on_behalf_of=filled.on_behalf_of,
            officer=speaker.officer or "",
            happened_at=filled.happened_at,
            fulfils=filled.fulfils,
            handling=handling,
            attachments=filled.attachments,
            content=content if content is not None else _NOTHING,
        )
    except ValidationError as error:
        faults += faults_of(error)
    if faults:
        raise Malformed(mark("nothing can be signed yet"), faults, hint=mark("fix what is named"))
    return statement


def _correction(
    corrects: ToCorrect, said: dict[str, str], fields: Mapping[str, str], taken_over: Mapping[str, Any]
) -> Correction:
    """Of what the form has no field for, it says what it said; a second officer what the first one says (R20). Raises
    `Malformed`.
    """
    if taken_over:
        content = forms.content_of(corrects.content.kind, said, taken_over, _PARTS)
        return corrected(corrects.of, corrects.reason, content, None)
    reason, before = said.pop("reason", ""), corrects.content
    several = {name for name in fields_of(before) if isinstance(getattr(before, name), tuple)}
    said = dict.fromkeys(several & fields.keys(), "") | said  # of several things that are taken away there are none
    kept = {name: getattr(before, name) for name in fields_of(before) if name not in fields}
    content = forms.content_of(corrects.content.kind, said, kept, _PARTS)
    return corrected(corrects.of, reason, content, corrects.content)


def boxes_to_correct(corrects: ToCorrect, now: datetime) -> tuple[FormField, ...]:
    """Why it is corrected, and the fields of its kind filled with what was said; less those whose words would say otherwise."""
    words, reason = as_typed(corrects.content), FormField("reason", "text", required=True, value="", longest=LONGEST_REASON)
    boxes = boxes_of(corrects.content.kind, None, now)
    filled = (replace(box, value=words[box.name], usual="") for box in boxes if box.name in words)
    return (reason, *filled)


def _has_lines(kind: str, name: str) -> bool:
    """Whether the field has parts, of which each may stand on a line."""
    return name in _PARTS or f"{kind}.{name}" in _PARTS


def _one_line(words: str) -> str:
    """What was typed or pasted with line breaks, in a field that shows them, as the one line that a text is."""
    return " ".join(words.splitlines())


def _pasted(text: str) -> Any:
    """A signed statement, as its file holds it."""
    try:
        return json.loads(bounded(text.encode(), "the statement"))
    except (Malformed, ValueError, RecursionError) as error:
        raise ValueError("expected the whole of a signed statement's file") from error


_PARTS: Parts = {**PARTS, "agreement": _pasted}
_NOTHING = StopAcknowledged()
"""In place of a content that is not right yet, so that the faults of the rest are found as well."""
