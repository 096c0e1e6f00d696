"""What people read on a screen of its own: one delivery, lists of them, an inbox."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from client.entries import line, moment
from client.language import _, named, needs, speak
from client.tables import Fitting, Lines, pairs
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.requests import CorrectionAsked, Request, SignedByOne
from domain.delivery.verdicts import Finding
from domain.plan.demands import topic
from domain.plan.goods import say_amount
from domain.plan.request_for_consent import RequestForConsent
from domain.record.verify import HeldExhibit
from domain.rules.books import BOOK
from domain.views.asked import say_about
from domain.views.forms import FIELDS
from domain.views.given import say_changed, say_given
from domain.views.listed import say_prosecution
from domain.views.names import CRIMINAL_ROLES, EXHIBITS, FATES, IN_GENERAL, OUTCOMES, PHASES, SIBLINGS, STANDINGS
from domain.views.request_in_words import in_words, say_closer
from domain.views.sentences import say, say_plainly
from domain.views.view import DeliveryView, ExhibitView, OpenCheckpoint, Position, StopView, WaitView
from domain.words.moments import instant
from domain.words.quantities import say_mass, say_span
from domain.words.text import fill, shown, told


def _outside(where: Position) -> str:
    """What it weighs and bears and how many packages it has, as far as that was checked last."""
    weight = [_("{mass} gross", mass=say_mass(where.gross))] if where.gross is not None else []
    seals = [_("seals {seals}", seals=", ".join(where.seals))] if where.seals else []
    packages = [_("packages {count}", count=where.packages)] if where.packages is not None else []
    return ", ".join((*weight, *seals, *packages))


def picture(view: DeliveryView) -> Text:
    """The route as a line: `●` behind it, `○` ahead, and where it is now."""
    text = Text()
    for number, stop in enumerate(view.route):
        if number:
            before = view.route[number - 1]
            travelling = before.passed and not stop.passed and view.outcome is None
            text.append(" ══▶ " if travelling else " ─── ", "bold" if travelling else "dim")
        text.append(shown(f"{'●' if stop.passed else '○'} {_short(stop)}"), "green" if stop.passed else "")
    return text


def _short(stop: StopView) -> str:
    return f"{stop.place} ({stop.state})"


def panel(view: DeliveryView, now: datetime | None = None, *, tail: tuple[Entry | Withheld, ...] = ()) -> RenderableType:
    """Everything about one delivery on one screen."""
    now = now or datetime.now(UTC)
    where = view.position
    facts = pairs()
    facts.add_row(_("phase"), Text(named(PHASES, view.phase), "bold"))
    if not view.whole:
        facts.add_row(_("shown"), _("your part of it: your legs, the handovers beside them and what binds you (R11)"))
    if where is not None and view.outcome is None:
        left = f"{where.responsible} ({where.state}, {where.means})"
        not_left = _("{service} ({state}); it has not left yet", service=where.responsible, state=where.state)
        facts.add_row(_("responsible now"), left if where.leg is not None else not_left)
    if where is not None and where.held_by is not None and view.outcome is None:
        facts.add_row(_("who holds it"), where.held_by)
    if where is not None and (outside := _outside(where)):
        facts.add_row(_("consignment"), outside)
    if where is not None and where.last_seen:
        facts.add_row(_("last seen"), where.last_seen)
    if view.closer is not None and view.outcome is None:
        facts.add_row(_("how closely it is watched"), say_closer(view.closer, speak))
    for consent in view.consents if view.outcome is None else ():
        live = _("live") if consent.live else _("provisional, NOT live") if consent.provisional else _("NOT live")
        words = {"live": live, "moment": moment(consent.valid_until), "service": consent.service}
        stands = _("{live} until {moment} ({service})", **words)
        stands += "; " + say_given(consent, speak)
        if changed := say_changed(consent, speak):
            stands += "; " + changed
        facts.add_row(_("consent {state}", state=consent.state), stands)
    for name, result in _results(view):
        facts.add_row(name, result)
    for name, held in _exhibits(view):
        facts.add_row(name, held)
    for name, sibling in _of_its_group(view):
        facts.add_row(name, sibling)
    for name, problem in _problems(view):
        facts.add_row(name, Text(shown(problem), "bold red"))
    if view.outcome:
        facts.add_row(_("outcome"), Text(named(OUTCOMES, view.outcome), "bold"))
    if view.stays_open_until is not None:
        until = moment(view.stays_open_until)
        facts.add_row(_("stays open"), _("until {moment}, for what becomes of what is still held", moment=until))
    facts.add_row(_("ledger"), _("{count} entries, root {root}", count=view.entries, root=view.root[:16]))
    facts.add_row(_("plan"), _cut(Text(view.plan)))
    parts: list[RenderableType] = [_cut(picture(view)), Text(), facts]
    if view.waiting:
        parts += [Text(), waiting_table(view.waiting, now)]
    if tail:
        parts += [Text(), *(_cut(line(entry)) for entry in tail)]
    title = Text(shown(f"{view.delivery}: {view.title}" if view.title else view.delivery))  # a string would be read as markup
    return Panel(Group(*parts), title=title, title_align="left")


def _of_its_group(view: DeliveryView) -> Iterator[tuple[str, str]]:
    """Of which operation it is one consignment, how the others stand, and what waits for them (R31)."""
    found = view.group
    if found is None:
        return
    held = _(", held back: it never leaves") if found.held_back else ""
    yield _("group"), _("{code}, consignment {number}", code=found.code, number=found.number) + held
    others = [f"{one.delivery}: {named(SIBLINGS, one.stands)}" for one in found.siblings if one.stands is not None]
    if others:
        yield _("siblings"), ", ".join(others)
    for one in found.waits:
        yield _("waits for siblings"), waits_for_siblings(one)


def waits_for_siblings(one: WaitView) -> str:
    """That a checkpoint waits for siblings: for how many, or for which, and until when."""
    of = ", ".join(one.of) or str(one.lacking)
    return _("{checkpoint} for {siblings}, until {moment}", checkpoint=one.checkpoint, siblings=of, moment=moment(one.until))


def _problems(view: DeliveryView) -> Iterator[tuple[str, str]]:
    """What is wrong with it, in the reader's language: from the codes, never from the sentences that the gateway made of them."""
    because = view.because
    if because.discrepancy:
        yield _("discrepancy"), "; ".join(say_plainly(one, speak) for one in because.discrepancy)
    for unequal in because.unbalanced:
        yield _("does not balance"), say_plainly(unequal, speak)
    for passed in because.let_pass:
        yield _("within the tolerances"), say_plainly(passed, speak)
    for remark in because.remarked:
        yield _("remarked"), _("entry {entry}: {what}", entry=remark.entry, what=say_plainly(remark.finding, speak))
    if because.out_of_sight is not None:
        yield _("out of sight"), _("since {moment}", moment=moment(because.out_of_sight))
    if view.held is not None:
        since, by = moment(view.held.since), view.held.by
        if by is None:
            lapsed = _("what it goes by is permitted no more since {moment}; nothing moves until it is decided", moment=since)
            yield _("held"), lapsed
        else:
            ordered = _("{service} ordered a hold at {moment}; nothing moves until it is decided", service=by, moment=since)
            yield _("held"), ordered
    if view.diverged is not None:
        entry = view.diverged
        what = _("entry {entry}: the archive has another history; nothing moves until it is decided how to go on", entry=entry)
        yield _("put back"), what
    if isinstance(because.halted, Finding):
        yield _("halted"), say(because.halted, speak)
    elif because.halted is not None:
        general = named(IN_GENERAL, because.halted)
        yield _("halted"), f"{because.rule}: {general}" if because.rule else general


def _results(view: DeliveryView) -> Iterator[tuple[str, str]]:
    """What has come of it: who was arrested, who prosecutes, what is still out; and where nobody watched."""
    if (found := view.arrests) is not None:
        parts = ", ".join(f"{named(CRIMINAL_ROLES, role)} {count}" for role, count in found.roles.items() if count)
        held = _("{held} of {arrested} still held", held=found.held, arrested=found.arrested)
        yield _("arrested"), f"{held}: {parts}" if parts else held
        reached = {"supplier": found.supplier_reached, "distributor": found.distributor_reached}
        missing = ", ".join(named(CRIMINAL_ROLES, role) for role, there in reached.items() if not there)
        yield _("not reached"), missing or _("nobody: supplier and distributor are under arrest")
    for one in view.prosecutions:
        agreed = _("agreed") if one.agreed else _("not agreed by all")
        yield (
            _("prosecution"),
            f"{one.service}: {'; '.join(say_prosecution(each, speak) for each in one.prosecutions)} ({agreed})",
        )
    for transfer in view.transfers:
        answered = _("answered") if transfer.answered else _("not answered")
        yield _("transfer of proceedings"), f"{transfer.state} - {transfer.to}: {answered} ({transfer.statement})"
    if view.recorders:
        yield _("recorders out"), ", ".join(view.recorders)
    if (log := view.watch_log) is not None:
        yield (
            _("surveillance log"),
            _(
                "{begins} - {ends}: {intervals} intervals, {gaps} gaps",
                begins=moment(log.begins),
                ends=moment(log.ends),
                intervals=log.intervals,
                gaps=log.gaps_in_all,
            ),
        )
        for gap in log.gaps:
            yield _("not watched"), f"{moment(gap.begins)} - {moment(gap.ends)}"


def whose(one: ExhibitView | HeldExhibit) -> str:
    """Who holds an exhibit, and what became of it; of a recorder, that it was not handed back."""
    words = [named(EXHIBITS, one.what), *([_("in the consignment")] if one.inside else [])]
    words += [_("held by {service}", service=one.holder)] if one.holder else []
    words += [_("not handed back")] if one.travels and one.what == "recorder" else []
    return ", ".join([*words, *([named(FATES, one.fate)] if one.fate else [])])


def _exhibits(view: DeliveryView) -> Iterator[tuple[str, str]]:
    """Who holds what; where nothing has left the consignment yet, that is told by who is responsible."""
    for one in view.exhibits:
        if one.travels and len(view.exhibits) == 1 and view.position is not None and view.position.held_by is None:
            continue
        said = [whose(one), *(say_amount(amount, speak) for amount in one.contents)]
        said += [told(say_mass(one.net), speak)] if one.net is not None else []
        said += [_("offered to {service}", service=one.offered_to)] if one.offered_to else []
        said += [_("{mass} left after examination", mass=say_mass(one.left))] if one.left is not None else []
        yield _("exhibit {label}", label=one.label), ", ".join(said)


def _cut(text: Text) -> Text:
    """One line of a screen, which shows by an ellipsis that it does not hold all."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def waiting_table(waiting: tuple[OpenCheckpoint, ...], now: datetime) -> Fitting:
    """Who is waited for, where, and until when."""
    headings = (_("checkpoint"), _("service"), _("must say"), _("request"), _("due"))
    title = _("waiting for")
    wide, narrow = Lines(*headings, title=title), Lines(*_stacked(*headings), title=title, pad_edge=False)
    for one in waiting:
        for service in one.services:
            style = "dim" if service.standing == "answered" else ""
            says, standing = needs(service.says), named(STANDINGS, service.standing)
            for first in service.signed_by_one:
                standing += "; " + _of_first(first)
            cells = (one.checkpoint, service.service, says, standing)
            wide.add_row(*cells, ", ".join(_due(one, now)), style=style)
            narrow.add_row(*map(_text, _stacked(*cells, "\n".join(_due(one, now)))), style=style)
    return Fitting(wide, narrow)


def _of_first(first: SignedByOne | CorrectionAsked) -> str:
    return _("officer {officer} has signed, entry {entry}; a second must (R20)", officer=first.officer, entry=first.entry)


def _stacked(checkpoint: str, service: str, says: str, request: str, due: str) -> tuple[str, str, str]:
    """Two of them below one another."""
    return f"{checkpoint}\n{says}", f"{service}\n{request}", due


def _text(lines: str) -> Text:
    """Lines below one another, the first as a heading of them."""
    first, *others = map(shown, lines.split("\n"))
    return Text("\n").join([Text(first, "bold" if others else ""), *map(Text, others)])


def _due(one: OpenCheckpoint, now: datetime) -> tuple[str, ...]:
    if one.due is None:
        return (_("no deadline"),)
    left = instant(one.due) - now
    words = say_span(abs(left) - (abs(left) % _SECOND)) if abs(left) >= _SECOND else fill("{number} s", number=0)
    late = left.total_seconds() < 0 or one.overdue
    return moment(one.due), (_("OVERDUE by {span}", span=words) if late else _("in {span}", span=words))


_SECOND = datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)


def sayable(kinds: tuple[str, ...]) -> Table:
    """What may be said unasked, and by which fields."""
    table = Lines(_("kind"), _("what it says"), _("fields"))
    for kind in kinds:
        table.add_row(kind, _title(kind), ", ".join(FIELDS.get(kind, ())))
    return table


def _title(kind: str) -> str:
    known = BOOK.kinds.get(kind)  # a gateway may know more than this command
    return speak(known.declares.title) if known is not None else kind


def asked_in_full(found: tuple[Request, ...], corrections: tuple[CorrectionAsked, ...] = ()) -> RenderableType:
    """An inbox, and below it each request for consent in full, with the digest that who consents names."""
    parts: list[RenderableType] = [requests(found, corrections)]
    for asked in found:
        if asked.facts.request is not None and asked.facts.request_digest is not None:
            title = _("{delivery}, {checkpoint}: the request", delivery=asked.delivery, checkpoint=asked.checkpoint)
            parts += [Text(), Text(shown(title), "bold"), for_consent(asked.facts.request, asked.facts.request_digest)]
    return Group(*parts)


def for_consent(asked: RequestForConsent, digest: str) -> RenderableType:
    """A request for consent in sentences."""
    table = pairs()
    for section in in_words(asked, speak):
        table.add_row(section.heading, Text("\n".join(map(shown, section.lines))))
    table.add_row(_("digest"), digest)
    return table


def requests(found: tuple[Request, ...], corrections: tuple[CorrectionAsked, ...] = ()) -> Fitting:
    """An inbox, and after what is asked in it what a second officer is to correct, with the command for that."""
    headings = (_("delivery"), _("checkpoint"), _("place"), _("asked"), _("due"))
    delivery, checkpoint, place, says, due = headings
    wide, narrow = Lines(*headings), Lines(f"{delivery}\n{checkpoint}\n{due}", f"{says}\n{place}")
    for asked in found:
        until = moment(asked.due) if asked.due else _("now")
        wide.add_row(asked.delivery, asked.checkpoint, asked.facts.place, _please_say(asked), until)
        where = [shown(asked.facts.place)] if asked.facts.place else []
        said = Text("\n").join([_please_say(asked), *map(Text, where)])
        narrow.add_row(_text(f"{asked.delivery}\n{asked.checkpoint}\n{until}"), said)
    for one in corrections:
        wide.add_row(one.delivery, "", "", _please_correct(one), "")
        narrow.add_row(one.delivery, _please_correct(one))
    return Fitting(wide, narrow)


def _please_correct(one: CorrectionAsked) -> Text:
    what = _("correct what was said, {kind}", kind=_title(one.kind))
    command = f"vigil correct {one.delivery} {one.of} {one.kind} --second"
    return Text("\n".join(map(shown, (what, _of_first(one), command))))


def _please_say(asked: Request) -> Text:
    """The needs, which duty it is, what is to be permitted, how many must sign and who has first, what it is about, what of the
    law is answered for by that, and each condition by the number to confirm it with.
    """
    permitted = f" ({needs(asked.facts.permissions)})" if asked.facts.permissions else ""
    signed = _("; {count} officers sign the same", count=asked.officers) if asked.officers > 1 else ""
    firsts = [shown(_of_first(one)) for one in asked.signed_by_one]
    bound = [shown(_("condition {number}: {text}", number=one.id, text=one.text)) for one in asked.facts.conditions]
    topics = ", ".join(told(topic(one), speak) for one in asked.facts.law_not_known)
    law = [_("by authorising you answer for: {topics}", topics=topics)] if topics else []
    about = [shown(say_about(asked.facts.about, speak))] if asked.facts.about else []
    call = [shown(_("call {service}: {how}", service=asked.facts.agree_with, how=asked.facts.call))] if asked.facts.call else []
    duty = f": {speak(asked.facts.duty)}" if asked.facts.duty is not None else ""
    return Text("\n".join([shown(needs(asked.says) + duty + permitted + signed), *firsts, *about, *call, *law, *bound]))
