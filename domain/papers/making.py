"""A paper is asked for by its name, in a language, for somebody: made here, or refused with the rule and whom to ask."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.papers.form import Form, may_have
from domain.papers.forms import FORMS
from domain.papers.frame import Frame, frame
from domain.papers.paired import paired
from domain.papers.paper import Paper, entries_of, pieces_of
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.directory import Service
from domain.plan.vocabulary import HandlingCode
from domain.record.packet import Purpose, unsealed
from domain.record.provided import held_back
from domain.record.replay import replay
from domain.rules.handling import code_of, may_read
from domain.views.sentences import Translate
from domain.words.errors import NotAllowed, NotFound, RuleBroken
from domain.words.text import fill

LANGUAGES = ("ru", "en", "ru-en")
"""In which papers are made; the last one in two columns."""


@dataclass(frozen=True)
class Offered:
    """A paper that can be made now."""

    name: str
    title: str
    of: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """A paper with what stands around it."""

    paper: Paper
    frame: Frame


@dataclass(frozen=True)
class Wanted:
    """Which paper, in which language, for whose use: the operation's own, a court's, or a State's (R23)."""

    name: str
    language: str
    purpose: Purpose = "operation"


def offered(record: Record, reader: Service | None, translate: Translate) -> Iterator[Offered]:
    """Which papers this reader may have now; none is whoever holds a packet, and so all of it."""
    for form in FORMS.values():
        for subject in form.subjects(record):
            if reader is None or may_have(form, record, subject, reader):
                name = f"{form.name}.{subject}" if subject else form.name
                languages = LANGUAGES if form.two_columns else LANGUAGES[:2]
                yield Offered(name, translate(form.title), form.of(record, subject), languages)


def make(record: Record, wanted: Wanted, speakers: dict[str, Translate], reader: Service | None = None) -> Made:
    """The paper. Raises `NotFound` where there is none of that name or language yet, `NotAllowed` where it is not this reader's
    (R11), `RuleBroken` where what it rests on may not go there (R23).
    """
    form, subject = _form(record, wanted)
    if form.purpose is not None:
        record = as_it_may_go(record, form.purpose)
    if reader is not None and not may_have(form, record, subject, reader):
        raise NotAllowed(fill("{name} is not for {service} (R11)", name=wanted.name, service=reader.id))
    paper, tongues = _made(form, record, subject, wanted.language, speakers)
    _may_go(record, paper, form.purpose or wanted.purpose, reader)
    before = _before(form, record, subject, paper, speakers)
    return Made(paper, frame(paper, tongues, before))


def as_it_may_go(record: Record, purpose: Purpose) -> Record:
    """The record as a packet for this purpose has it, every rule run again: what its provider has not permitted is left out, or
    `RuleBroken` says whom to ask (R23). A record of such a packet is one already.
    """
    if purpose == "operation" or record.left_out:
        return record
    packet = unsealed(record.delivery, "", record.delivery.state.now, purpose).packet
    return Record.of(replay(packet.ledger, packet.directory, packet.cards))


def _form(record: Record, wanted: Wanted) -> tuple[Form, str]:
    kind, _, subject = wanted.name.partition(".")
    form = FORMS.get(kind)
    if form is None:
        message = fill("there is no form {name}", name=kind)
        raise NotFound(message, hint=fill("one of {forms}", forms=", ".join(FORMS)))
    possible = form.subjects(record)
    if subject not in possible:
        named = ", ".join(f"{kind}.{one}" if one else kind for one in possible) or "-"
        message = fill("there is no paper {name} yet", name=wanted.name)
        raise NotFound(message, hint=fill("of this form there are now: {names}", names=named))
    known = LANGUAGES if form.two_columns else LANGUAGES[:2]
    if wanted.language not in known:
        message = fill("{name} is not made in {language}", name=kind, language=wanted.language)
        raise NotFound(message, hint=fill("one of {languages}", languages=", ".join(known)))
    return form, subject


def _made(
    form: Form, record: Record, subject: str, language: str, speakers: dict[str, Translate]
) -> tuple[Paper, tuple[Tongue, ...]]:
    codes = language.split("-")
    tongues = tuple(Tongue(one, speakers[one], neutral=len(codes) > 1) for one in codes)
    made = [form.blocks(record, subject, one) for one in tongues]
    blocks = made[0] if len(made) == 1 else paired(*made)
    running = " / ".join(one.translate(form.title) for one in tongues)
    used = entries_of(pieces_of(blocks))
    size = record.size if form.of_the_whole else max(used, default=record.plan_entry) + 1
    asof = record.until(size - 1)
    paper = Paper(
        form=form.name,
        version=form.version,
        subject=subject,
        language=language,
        delivery=record.plan.operation,
        example=record.plan.example,
        marking=record.plan.request.marking,
        handling=_strictest(record, used),
        running=running,
        blocks=blocks,
        size=asof.size,
        root=asof.root,
    )
    return paper, tongues


def _strictest(record: Record, used: tuple[int, ...]) -> HandlingCode:
    """The strictest code of all that is printed: of the statements, and of the plan, which every paper names."""
    codes = [record.plan.handling_code]
    codes += [code_of(record.delivery, one) for one in _statements(record, used)]
    return max(codes)


def _statements(record: Record, used: tuple[int, ...]) -> Iterator[Statement]:
    for entry in record.entries:
        if entry.seq in used and isinstance(entry.event, Stated):
            yield record.delivery.law.read(entry.event.envelope)


def _may_go(record: Record, paper: Paper, purpose: Purpose, reader: Service | None) -> None:
    """Raises `RuleBroken` (R23) where something that it prints may not go there, and names whom to ask."""
    barred = [one for one in held_back(record.delivery, purpose) if one.seq in paper.entries or one.statement is None]
    if barred:
        faults = "; ".join(f"{one.provider} has not permitted {one.name} ({one.code})" for one in barred)
        hint = f"have each say `disclosure_permitted` to={purpose}, see docs/statements.md"
        raise RuleBroken("R23", f"not for {purpose} yet: {faults}", reason="disclosure_not_permitted", hint=hint)
    for statement in _statements(record, paper.entries) if reader is not None else ():
        assert reader is not None  # noqa: S101 - looked at just now
        if not may_read(record.delivery, statement, 0, reader, addressed=True):
            message = f"{statement.service} has not permitted {statement.kind} {statement.id} to {reader.id}"
            hint = f"have it say `disclosure_permitted` to={reader.state}, see docs/statements.md"
            raise RuleBroken("R23", message, reason="disclosure_not_permitted", hint=hint)


def _before(form: Form, record: Record, subject: str, paper: Paper, speakers: dict[str, Translate]) -> str | None:
    """The code of the paper that it takes the place of; none where it could not be made before its newest entry."""
    if form.of_the_whole or not paper.entries or paper.entries[-1] == 0:
        return None
    earlier = record.until(paper.entries[-1] - 1)
    if subject not in form.subjects(earlier):
        return None
    before, _ = _made(form, earlier, subject, paper.language, speakers)
    return before.code if before.code != paper.code else None
