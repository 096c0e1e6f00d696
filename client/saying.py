"""Statements from the command line: `field=value` words become the content of a statement."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from client.human_times import TypedTimes, moments_of
from client.language import _
from client.submitting import kept
from domain.delivery.requests import Request
from domain.delivery.statement import Content, Handling, Seen, Statement
from domain.plan.attachment import Attachment
from domain.rules.books import BOOK
from domain.rules.speaking import Correction
from domain.views import forms
from domain.views.correcting import corrected
from domain.views.forms import FIELDS, PARTS, Parts, handling_of
from domain.words.errors import Fault, Malformed, faults_of


@dataclass(frozen=True)
class PlanAsSeen:
    """The plan that a statement is about, and what its service had last seen of the delivery's ledger."""

    plan: str | None = None
    seen: Seen | None = None


def _signed(text: str) -> dict[str, Any]:
    """The signed statement in this file, as `vigil confirm --offline` writes it."""
    return kept(Path(text))[0].model_dump()


_PARTS: Parts = {**PARTS, "agreement": _signed}


def content_of(  # noqa: PLR0913 - what is said, and what is known
    kind: str,
    words: Iterable[str],
    request: Request | None,
    clock: TypedTimes | None = None,
    before: Content | None = None,
    *,
    taken_over: Mapping[str, Any] | None = None,
) -> Content:
    """The content of a statement of this kind; times as people say them are read by the `clock`. `before`, or field by field
    `taken_over`: what it says where the words say nothing. Raises `Malformed` with every field that is missing or wrong.
    """
    given: dict[str, str] = {}
    faults: list[Fault] = []
    hint = _("give fields as field=value; `vigil explain {kind}` names them", kind=kind)
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            faults.append(Fault(place=word, problem=_("expected field=value")))
        elif name in given:
            faults.append(Fault(place=name, problem=_("given twice")))
        else:
            given[name] = value
    if clock is not None:
        faults += _by(clock, kind, given)
    asked = forms.asked(kind, request, datetime.now(UTC)) if request is not None else {}
    if before is not None and before.kind == kind:
        asked = {name: getattr(before, name) for name in type(before).model_fields if name != "kind"}
    if taken_over is not None:
        asked = taken_over
    try:
        content = forms.content_of(kind, given, asked, _PARTS, hint=hint)
    except Malformed as error:
        hint = _several(error.faults, given) or hint
        told = {one.place for one in faults}  # a time that no clock can tell is told once
        more = [one for one in error.faults if one.place not in told]
        raise Malformed(error.message, [*faults, *more], hint=hint) from error
    if faults:
        raise Malformed(_("{kind} is not right", kind=kind), faults, hint=hint)
    return content


def _several(faults: Iterable[Fault], given: Mapping[str, str]) -> str:
    """How several of one thing are written, where commas stand between them; nothing where none do."""
    first = (one.place.partition(".")[0] for one in faults if one.place.endswith(".0"))
    name = next((one for one in first if "," in given.get(one, "")), None)
    return _('several have a semicolon between them: {field}="A; B"', field=name) if name is not None else ""


def _by(clock: TypedTimes, kind: str, given: dict[str, str]) -> Iterator[Fault]:
    """Put RFC 3339 in place of times as people say them; a fault for each that the clock cannot tell."""
    for name in sorted(moments_of(kind) & given.keys()):
        try:
            given[name] = clock.read(given[name])
        except ValueError as error:
            yield Fault(place=name, problem=str(error))


DECISIONS: Mapping[str, tuple[str, str]] = {
    "movement_decision": ("proceed=yes", "proceed=no"),
    "hold_decided": ("decision=go_on", "decision=end"),
}
"""Kinds that say yes and no alike, and how: on a hold there is a third decision, `decision=seize`."""


def with_decision(kind: str, words: Iterable[str], *, positive: bool) -> list[str]:
    """The words of a statement, and what decides where its kind says yes and no alike and they do not."""
    given, (yes, no) = list(words), DECISIONS.get(kind, ("", ""))
    decides = yes if positive else no
    name = decides.partition("=")[0]
    return given if any(one.partition("=")[0] == name for one in given) or not decides else [*given, decides]


def with_reason(kind: str, words: Iterable[str], *, none: bool) -> list[str]:
    """The words of a refusal, which says why; `none`: whoever refuses owes no reason and gives none. Raises `Malformed`."""
    given = list(words)
    if none and any(one.startswith("reason=") for one in given):
        raise Malformed(_("--no-reason says that there is none, and a reason is given"), hint=_("leave one of the two out"))
    says_why = "reason" not in FIELDS.get(kind, ()) or any(one.startswith("reason=") for one in given)
    if not (says_why or none):
        hint = _("give it with --reason; who owes none says so with --no-reason")
        raise Malformed(_("a refusal says why"), [Fault(place="reason", problem=_("is missing"))], hint=hint)
    return given


def kind_for(request: Request, *, positive: bool) -> str:
    """The kind that answers a request, or says no to it. Raises `Malformed` if the request leaves several or none."""
    kinds = [BOOK.answers[need] for need in request.says]
    found = [kind[0] for kind in kinds] if positive else [one for kind in kinds for one in kind[1:]]
    if not positive:
        found += [kind[0] for kind in kinds if kind[0] in DECISIONS]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Malformed(
            _("there is no way to say no at {checkpoint}", checkpoint=request.checkpoint),
            hint=_("`vigil stop` stops the delivery"),
        )
    raise Malformed(
        _("{checkpoint} asks for several things", checkpoint=request.checkpoint),
        hint=_("say which with --kind: {kinds}", kinds=", ".join(found)),
    )


def correction(  # noqa: PLR0913, PLR0917 - what is corrected, and how
    of: str, kind: str, words: Iterable[str], reason: str, clock: TypedTimes | None = None, before: Statement | None = None
) -> Correction:
    """What an earlier statement should have said, whole: where the words say nothing, what it said `before`. Raises `Malformed`,
    also for a kind that is not corrected.
    """
    said = before.content if before is not None else None
    if isinstance(said, Correction):
        said = said.content
    content = content_of(kind, words, None, clock, said)
    try:
        return corrected(of, reason, content, said)
    except Malformed as error:
        typed = {"of": "STATEMENT-ID", "content": "kind"}
        faults = [one.model_copy(update={"place": typed.get(one.place, one.place)}) for one in error.faults]
        raise Malformed(error.message, faults, hint=error.hint) from error


def _handling(text: str) -> Handling:
    """Raises `Malformed` for what is no handling code, by the name of its option."""
    try:
        return handling_of(text)
    except ValidationError as error:
        faults = [one.model_copy(update={"place": "--handling"}) for one in faults_of(error)]
        raise Malformed(_("nothing was signed"), faults) from error


def statement(  # noqa: PLR0913, PLR0917 - the parts of one statement
    delivery: str,
    service: str,
    officer: str,
    content: Content,
    about: PlanAsSeen,
    checkpoint: str | None = None,
    *,
    on_behalf_of: str | None = None,
    fulfils: Iterable[str] = (),
    handling: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    members: tuple[int, ...] | None = None,
) -> Statement:
    """A statement that happened now, with an id of its own, to be signed. `members`: of which consignments of a group it is said,
    where `delivery` is the group. Raises `Malformed` for codes that are none.
    """
    try:
        return Statement(
            id=uuid.uuid4().hex,
            delivery=delivery,
            members=members,
            checkpoint=checkpoint,
            plan=about.plan,
            seen=about.seen,
            service=service,
            on_behalf_of=on_behalf_of,
            officer=officer,
            happened_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            fulfils=tuple(fulfils),
            handling=_handling(handling) if handling is not None else None,
            attachments=attachments,
            content=content,
        )
    except ValidationError as error:
        raise Malformed(_("nothing was signed"), faults_of(error)) from error
