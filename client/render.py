"""What people read: every time with its zone, colour only where a terminal shows it and never as the only sign."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from domain.delivery.events import (
    Amended,
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    CameDue,
    Cleared,
    Closed,
    Concluded,
    Deconflicted,
    Deferred,
    Diverged,
    Ended,
    Escalated,
    Expired,
    Expiring,
    Halted,
    KeysChanged,
    LookDue,
    Opened,
    Released,
    Reminded,
    Silence,
    Started,
    Stated,
    TakenUp,
    Told,
)
from domain.delivery.ledger import Entry, Receipt, Withheld
from domain.delivery.requests import Request
from domain.delivery.statement import Statement
from domain.plan.goods import say_amount
from domain.plan.key_changes import read_change
from domain.record.door import read_statement
from domain.rules.arrival import ArrestMade
from domain.rules.balance import Seizure
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import HandoverAccepted, HandoverOffered
from domain.rules.preparation import Prepared
from domain.rules.stop import Incident
from domain.views.lists import Row
from domain.views.sentences import say_plainly, say_verdict
from domain.views.view import DeliveryView, OpenCheckpoint, StopView
from domain.words.moments import instant
from domain.words.quantities import say_mass, say_span
from domain.words.text import shown

MARKS = {
    "accepted": ("ok", "green"),
    "early": ("early", "yellow"),
    "late": ("late", "yellow"),
    "refused": ("REFUSED", "bold red"),
}


class _Lines(Table):
    """A table of what others have written: each cell is one line of text, and nothing in it is markup."""

    def add_row(self, *cells: RenderableType | None, **more: Any) -> None:
        """One row; what comes as a string is shown as text."""
        super().add_row(*(Text(shown(cell)) if isinstance(cell, str) else cell for cell in cells), **more)


def moment(text: str) -> str:
    """A time of the record as people read it, in UTC and saying so."""
    return instant(text).strftime("%Y-%m-%d %H:%M:%S UTC")


def said(statement: Statement) -> str:
    """What a statement says, in a few words."""
    words = statement.kind.replace("_", " ")
    match statement.content:
        case AuthorisationGranted(state=state, valid_until=until, reference=reference):
            return f"{words}: {state} until {until}, ref. {reference}"
        case Prepared(gross=gross, seals=seals) | HandoverOffered(gross=gross, seals=seals):
            return f"{words}: {say_mass(gross)}, seals {', '.join(seal.number for seal in seals)}"
        case HandoverAccepted(gross=gross, seals=seals, seals_intact=intact):
            seal_words = "intact" if intact else "BROKEN"
            return f"{words}: {say_mass(gross)}, seals {', '.join(seal.number for seal in seals)} {seal_words}"
        case ArrestMade(persons=persons, place=place):
            return f"{words}: {persons} at {place}"
        case Seizure(recovered=recovered):
            return f"{words}: " + ", ".join(say_amount(one) for one in recovered)
        case Incident(what=what):
            return f"{words}: {what}"
        case content:
            reason = getattr(content, "reason", "")
            return f"{words}: {reason}" if reason else words


def line(entry: Entry | Withheld) -> Text:
    """One ledger entry as one line: number, time, who, what, verdict."""
    if isinstance(entry, Withheld):
        return Text(f"{entry.seq:>4}  withheld: not yours to read (R11); its leaf is {entry.leaf[:16]}", style="dim")
    text = Text(f"{entry.seq:>4}  {moment(entry.at)}  ", style="dim")
    words, style = _what(entry)
    text.append(shown(words), style)
    return text


def _what(entry: Entry) -> tuple[str, str]:
    match entry.event:
        case Started():
            return "delivery started from its signed plan", "bold"
        case Amended():
            return "the plan was changed by a new signed one [R22]", "bold yellow"
        case KeysChanged(change=envelope):
            change = read_change(envelope)
            words = [f"{len(change.added)} added"] if change.added else []
            words += [f"{one.key} {'REVOKED' if one.revoked else 'ends'} {moment(one.at)}" for one in change.ended]
            return f"keys of {change.service}, by {change.by}: {'; '.join(words)} [R24]", "bold yellow"
        case Stated(envelope=envelope, verdict=verdict):
            statement = read_statement(envelope)
            mark, style = MARKS[verdict.verdict]
            why = f" [{verdict.rule}] {say_verdict(verdict)}" if verdict.rule else ""
            at = f" at {statement.checkpoint}" if statement.checkpoint else ""
            return f"{statement.service}: {said(statement)}{at}  <{mark}>{why}", style
        case TakenUp(statement=statement_id, verdict=verdict):
            return (
                f"early statement {statement_id[:8]} taken up: {verdict.verdict} {verdict.rule or ''}".rstrip(),
                "green",
            )
        case Opened(checkpoint=name, due=due):
            return f"{name} opened" + (f", due {moment(due)}" if due else ", for as long as it takes"), "cyan"
        case Asked(checkpoint=name, signed=signed, unsigned=unsigned, unreachable=unreachable, told=told):
            parts = [f"{', '.join(signed)} signed that the request was received"] if signed else []
            parts += [f"{', '.join(unsigned)} received the request, as the installation says"] if unsigned else []
            parts += [f"{', '.join(told)} told that it waits"] if told else []
            parts += [f"{', '.join(unreachable)} cannot be reached yet"] if unreachable else []
            return f"{name}: {'; '.join(parts)}", "dim"
        case Escalated(checkpoint=name, to=to, services=services, rung=rung):
            return f"{name}: rung {rung}, {to} is told that {', '.join(services)} has not answered", "yellow"
        case Reminded(checkpoint=name, services=services, rung=rung):
            return f"{name}: reminder {rung} to {', '.join(services)}", "yellow"
        case Silence(checkpoint=name, services=services):
            return f"{name}: overdue, SILENCE of {', '.join(services)} [R2]", "bold yellow"
        case Closed(checkpoint=name, result=result):
            more = "; nothing is waited for any more" if result == "withdrawn" else ""
            return f"{name} closed: {result}{more}", "cyan"
        case Expiring(service=service, valid_until=until):
            return f"the authorisation by {service} expires at {moment(until)} [R5]", "yellow"
        case Expired(service=service):
            return f"the authorisation by {service} has EXPIRED [R5]", "bold red"
        case Deconflicted(contacts=contacts):
            who = ", ".join(f"call {one.service} ({one.call}) about conflict {one.conflict}" for one in contacts)
            return f"other operations looked for: {who or 'none touches this one'}", "bold yellow" if contacts else "dim"
        case Deferred(not_before=moment_text):
            return f"the register was not looked into; asked again from {moment(moment_text)} on [R15]", "yellow"
        case LookDue():
            return "the register may be asked again", "dim"
        case Cleared(leg=leg):
            return (
                f"leg {leg + 1} cleared: every authorisation it needs is live and lasts [{'R1' if leg == 0 else 'R5'}]",
                "green",
            )
        case CameDue(checkpoint=name):
            return f"{name}: due; whoever must be polled is asked once more", "yellow"
        case AskedOnceMore(checkpoint=name, unreachable=unreachable):
            missed = f"; NOT reached: {', '.join(unreachable)}" if unreachable else ""
            return f"{name}: asked once more{missed}", "yellow"
        case ArchiveBehind():
            return "the archive is behind: only what stops it is taken [R28]", "bold red"
        case ArchiveCaughtUp():
            return "the archive has caught up: everybody is heard", "green"
        case Diverged(seq=seq, size=size):
            what = f"the archive has another history of it, of {size} entries, from entry {seq} on"
            return f"the record was PUT BACK: {what}; people decide how to go on [R18]", "bold red"
        case Released():
            return "the register no longer counts it as live", "dim"
        case Halted(finding=finding):
            return f"HALTED [{finding.rule}] {say_plainly(finding)}", "bold red"
        case Told(kind=kind, checkpoint=name, reached=reached, unreachable=unreachable):
            missed = f"; NOT reached: {', '.join(unreachable)}" if unreachable else ""
            about = f"{kind} of {name}" if name else kind
            return f"told ({about}): {', '.join(reached) or 'nobody'}{missed}", "dim"
        case Concluded(outcome=outcome, finding=finding):
            return f"outcome: {outcome} ({say_plainly(finding)})", "bold"
        case Ended():
            return "ended; the ledger is closed", "bold"


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
    facts = _Lines.grid(padding=(0, 2))
    facts.add_row("phase", Text(view.phase.replace("_", " "), "bold"))
    if not view.whole:
        facts.add_row("shown", "your part of it: your legs, the handovers beside them and what binds you (R11)")
    if where is not None and view.outcome is None:
        facts.add_row("responsible now", f"{where.responsible} ({where.state}, {where.means})")
    if where is not None and where.gross is not None:
        facts.add_row("consignment", f"{say_mass(where.gross)} gross, seals {', '.join(where.seals)}")
    if where is not None and where.last_seen:
        facts.add_row("last seen", where.last_seen)
    for consent in view.consents if view.outcome is None else ():
        live = "live" if consent.live else "provisional, NOT live" if consent.provisional else "NOT live"
        facts.add_row(f"consent {consent.state}", f"{live} until {moment(consent.valid_until)} ({consent.service})")
    if view.discrepancy:
        facts.add_row("does not fit", Text(shown(view.discrepancy), "bold red"))
    for unequal in view.unbalanced:
        facts.add_row("does not balance", Text(shown(unequal), "bold red"))
    if view.out_of_sight:
        facts.add_row("out of sight", Text(shown(view.out_of_sight), "bold red"))
    if view.diverged is not None:
        words = f"entry {view.diverged}: the archive has another history; nothing moves until it is decided how to go on"
        facts.add_row("put back", Text(words, "bold red"))
    if view.halted:
        facts.add_row("halted", Text(shown(view.halted), "bold red"))
    if view.outcome:
        facts.add_row("outcome", Text(view.outcome, "bold"))
    facts.add_row("ledger", f"{view.entries} entries, root {view.root[:16]}")
    facts.add_row("plan", view.plan)
    parts: list[RenderableType] = [_cut(picture(view)), Text(), facts]
    if view.waiting:
        parts += [Text(), waiting_table(view.waiting, now)]
    if tail:
        parts += [Text(), *(_cut(line(entry)) for entry in tail)]
    title = Text(shown(f"{view.delivery}: {view.title}" if view.title else view.delivery))  # a string would be read as markup
    return Panel(Group(*parts), title=title, title_align="left")


def _cut(text: Text) -> Text:
    """One line of a screen, which shows by an ellipsis that it does not hold all."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def waiting_table(waiting: tuple[OpenCheckpoint, ...], now: datetime) -> Table:
    """Who is waited for, where, and until when."""
    table = _Lines(title="waiting for", title_justify="left", box=None, padding=(0, 2), title_style="bold")
    for heading in ("checkpoint", "service", "must say", "request", "due"):
        table.add_column(heading)
    for one in waiting:
        for service in one.services:
            style = "dim" if service.standing == "answered" else ""
            table.add_row(one.checkpoint, service.service, ", ".join(service.says), service.standing, _due(one, now), style=style)
    return table


def _due(one: OpenCheckpoint, now: datetime) -> str:
    if one.due is None:
        return "as long as it takes"
    left = instant(one.due) - now
    words = say_span(abs(left) - (abs(left) % _SECOND)) if abs(left) >= _SECOND else "0 s"
    return f"{moment(one.due)}, " + (f"OVERDUE by {words}" if left.total_seconds() < 0 or one.overdue else f"in {words}")


_SECOND = datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)


def rows(found: list[Row]) -> Table:
    """A list of deliveries."""
    table = _Lines(box=None, padding=(0, 2))
    for heading in ("delivery", "operation", "phase", "due", "started", "closed"):
        table.add_column(heading)
    for row in found:
        late, due = row.overdue_since is not None, row.overdue_since or row.next_due
        alarm = " ALARM: archive and workflow differ" if row.alarm else ""
        table.add_row(
            row.delivery,
            row.group or "",
            (row.outcome or row.phase) + (", expunged" if row.expunged else "") + alarm,
            (moment(due) + (" overdue" if late else "")) if due else "",
            moment(row.started_at),
            moment(row.closed_at) if row.closed_at else "open",
        )
    return table


def requests(found: tuple[Request, ...]) -> Table:
    """An inbox."""
    table = _Lines(box=None, padding=(0, 2))
    for heading in ("delivery", "checkpoint", "place", "please say", "due"):
        table.add_column(heading)
    for asked in found:
        due = moment(asked.due) if asked.due else "now"
        table.add_row(asked.delivery, asked.checkpoint, asked.facts.place, _please_say(asked), due)
    return table


def _please_say(asked: Request) -> Text:
    """The needs, what is to be permitted, how many must sign, and each condition by the number to confirm it with."""
    permitted = f" ({', '.join(asked.facts.permissions)})" if asked.facts.permissions else ""
    signed = f"; {asked.officers} officers sign the same" if asked.officers > 1 else ""
    bound = [shown(f"condition {one.id}: {one.text}") for one in asked.facts.conditions]
    return Text("\n".join([shown(", ".join(asked.says) + permitted + signed), *bound]))


def receipt(given: Receipt) -> Text:
    """A receipt in one line."""
    mark, style = MARKS[given.verdict.verdict]
    why = f" [{given.verdict.rule}]" if given.verdict.rule else ""
    why += f" {say_verdict(given.verdict)}" if given.verdict.finding is not None else ""
    return Text(shown(f"{mark}{why}: entry {given.seq}, {moment(given.entry.at)}, root {given.root}"), style)
