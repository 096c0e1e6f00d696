"""A paper is asked for by its name, in a language, for somebody: made here, or refused with the rule and whom to ask."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.papers.form import Form, may_have
from domain.papers.forms import FORMS
from domain.papers.frame import Frame, frame
from domain.papers.opened import in_place_of_the_mark, opened
from domain.papers.paired import paired
from domain.papers.paper import Paper, entries_of, pieces_of
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.directory import Service
from domain.plan.vocabulary import HandlingCode
from domain.record.packet import Packet, Purpose, unsealed
from domain.record.provided import held_back, raise_if_any
from domain.record.replay import replay
from domain.rules.handling import may_read
from domain.signing.canonical import Frozen
from domain.views.sentences import Translate
from domain.words.errors import NotAllowed, NotFound, RuleBroken
from domain.words.likeness import did_you_mean
from domain.words.text import fill

LANGUAGES = ("ru", "en", "ru-en")
"""In which papers are made; the last one in two columns."""


class Offered(Frozen):
    """A paper that can be made now."""

    name: str
    title: str
    """What its form is called, in English."""
    of: str
    """What of the delivery it is about: a place, a service, a State; empty where it is about the whole."""
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


def offered(record: Record, reader: Service | None = None) -> Iterator[Offered]:
    """Which papers this reader may have now; none is whoever holds a packet, and so all of it."""
    for form in FORMS.values():
        for subject in form.subjects(record):
            if reader is None or may_have(form, record, subject, reader):
                name = f"{form.name}.{subject}" if subject else form.name
                languages = LANGUAGES if form.two_columns else LANGUAGES[:2]
                yield Offered(name=name, title=form.title, of=form.of(record, subject), languages=languages)


def make(record: Record, wanted: Wanted, speakers: dict[str, Translate], reader: Service | None = None) -> Made:
    """The paper. Raises `NotFound` where there is none of that name or language yet, `NotAllowed` where it is not this reader's
    (R11), `RuleBroken` where what it rests on may not go there (R23).
    """
    form, subject = allowed(record, wanted, reader)
    packet = to_make(record, wanted)
    if packet is not None:
        record = record_of(packet, purpose_of(wanted))
    paper, tongues = _made(form, record, subject, wanted.language, speakers)
    raise_unless_it_may_go(record, paper, purpose_of(wanted), reader)
    before = _before(form, record, subject, paper, speakers)
    return Made(paper, frame(paper, tongues, before))


def allowed(record: Record, wanted: Wanted, reader: Service | None) -> tuple[Form, str]:
    """The form and its subject. Raises `NotFound` and `NotAllowed` as `make` does."""
    form, subject = _form(record, wanted)
    if reader is not None and not may_have(form, record, subject, reader):
        raise NotAllowed(fill("{name} is not for {service} (R11)", name=wanted.name, service=reader.id))
    return form, subject


def purpose_of(wanted: Wanted) -> Purpose:
    """For whom it is made: its form may be for one alone. What is no form is refused later."""
    form = FORMS.get(wanted.name.partition(".")[0])
    return wanted.purpose if form is None or form.purpose is None else form.purpose


def to_make(record: Record, wanted: Wanted) -> Packet | None:
    """The record as it may go where this paper goes, for a form that is made of that alone: it must be run again first
    (`record_of`). None: the record is what it is made of. Raises `RuleBroken` (R23), which says whom to ask.
    """
    form = FORMS.get(wanted.name.partition(".")[0])
    if form is None or form.purpose is None or record.purpose == form.purpose:
        return None
    return unsealed(record.delivery, "", record.delivery.state.now, form.purpose).packet


def record_of(packet: Packet, purpose: Purpose, size: int | None = None) -> Record:
    """The record that a packet for this purpose holds, or its first entries, every rule run again. Raises `NotVerified`."""
    return Record.of(replay(packet.ledger[:size], packet.directory, packet.cards), purpose)


def _form(record: Record, wanted: Wanted) -> tuple[Form, str]:
    kind, _, subject = wanted.name.partition(".")
    form = FORMS.get(kind)
    if form is None:
        message = fill("there is no form {name}", name=kind or wanted.name)
        raise NotFound(message, hint=did_you_mean(kind, FORMS) or fill("one of {forms}", forms=", ".join(FORMS)))
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
    then = record if form.of_the_whole else record.until(max(used, default=record.plan_entry))  # the plan may be another by now
    acts = opened(record, used, then)
    newest = max((*used, *(heard.seq for heard, _ in acts)), default=record.plan_entry)
    size = record.size if form.of_the_whole else newest + 1
    asof = record.until(size - 1)
    paper = Paper(
        form=form.name,
        version=form.version,
        subject=subject,
        language=language,
        delivery=record.plan.operation,
        example=asof.plan.example,
        marking=in_place_of_the_mark(acts, tongues) if acts else asof.plan.request.marking,
        handling=_strictest(asof, used),
        running=running,
        blocks=blocks,
        size=asof.size,
        root=asof.root,
    )
    return paper, tongues


def _strictest(record: Record, used: tuple[int, ...]) -> HandlingCode:
    """The strictest code of all that is printed: of the statements, and of the plan, which every paper names."""
    own = (one.handling.code for _, one in _statements(record, used) if one.handling is not None)
    return max((record.plan.handling_code, *own))


def _statements(record: Record, used: tuple[int, ...]) -> Iterator[tuple[int, Statement]]:
    for entry in record.entries:
        if entry.seq in used and isinstance(entry.event, Stated):
            yield entry.seq, record.delivery.law.read(entry.event.envelope)


def raise_unless_it_may_go(record: Record, paper: Paper, purpose: Purpose, reader: Service | None = None) -> None:
    """Raises `RuleBroken` (R23) where something that it prints, or a plan as far as it goes, may not go there by what this record
    has permitted, and names whom to ask.
    """
    known = (one for one in held_back(record.delivery, purpose) if one.seq < paper.size)
    barred = [one for one in known if one.seq in paper.entries or one.statement is None]
    raise_if_any(barred, purpose, record.delivery)
    for seq, statement in _statements(record, paper.entries) if reader is not None else ():
        assert reader is not None  # noqa: S101 - looked at just now
        if not may_read(record.delivery, statement, seq, reader, addressed=True):
            message = fill(
                "{service} has not permitted {kind} {statement} to {reader}",
                service=statement.service,
                kind=statement.kind,
                statement=statement.id,
                reader=reader.id,
            )
            hint = fill("have it say `disclosure_permitted` to={state}, see docs/statements.md", state=reader.state)
            raise RuleBroken("R23", message, reason="disclosure_not_permitted", hint=hint)


def _before(form: Form, record: Record, subject: str, paper: Paper, speakers: dict[str, Translate]) -> str | None:
    """The code of the paper that it takes the place of; none where it could not be made before its newest entry."""
    if form.of_the_whole or paper.size == 1:
        return None
    earlier = record.until(paper.size - 2)
    if subject not in form.subjects(earlier):
        return None
    before, _ = _made(form, earlier, subject, paper.language, speakers)
    return before.code if before.code != paper.code else None
