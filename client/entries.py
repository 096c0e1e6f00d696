"""Entries of a ledger, and receipts, as people read them: a line each, times with their zone, and colour never the only sign."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from client.language import _, named, speak
from domain.delivery.decided import (
    CameDue,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Escalated,
    Expired,
    Expiring,
    Halted,
    LookDue,
    Opened,
    Reminded,
    Silence,
    TakenUp,
    Waits,
)
from domain.delivery.ledger import Entry, Receipt, Withheld
from domain.delivery.reported import (
    Amended,
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    KeysChanged,
    Released,
    SiblingHeard,
    Started,
    Stated,
    Told,
)
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Finding, Verdict
from domain.plan.acts import NamedAct
from domain.plan.goods import Checked, say_amount
from domain.plan.key_changes import read_change
from domain.plan.quantity import say_quantity
from domain.plan.register import Contact
from domain.record.door import read_statement
from domain.rules.arrival import ArresteeReleased, ArrestMade
from domain.rules.balance import Seizure
from domain.rules.closing import CostsSettled
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import HandoverAccepted, HandoverOffered, InHand
from domain.rules.preparation import Prepared
from domain.rules.proceedings import JurisdictionUnderstood, TransferRequested
from domain.rules.stop import Incident, Interdicted
from domain.rules.watch_log import SurveillanceLog
from domain.views.listed import listed
from domain.views.names import ALERTS, OUTCOMES, RESULTS, SIBLINGS
from domain.views.sentences import say_kind, say_plainly
from domain.words.identifiers import Seal
from domain.words.moments import instant
from domain.words.text import mark, shown

MARKS = {
    "accepted": (mark("ok"), "green"),
    "early": (mark("early"), "yellow"),
    "late": (mark("late"), "yellow"),
    "refused": (mark("REFUSED"), "bold red"),
}


def moment(text: str) -> str:
    """A time of the record as people read it, in UTC and saying so."""
    return instant(text).strftime("%Y-%m-%d %H:%M:%S UTC")


def receipt(given: Receipt) -> Text:
    """A receipt in one line."""
    words, style = MARKS[given.verdict.verdict]
    where = _("entry {entry}, {moment}, root {root}", entry=given.seq, moment=moment(given.entry.at), root=given.root)
    return Text(shown(f"{_(words)}{why(given.verdict)}: {where}"), style)


def why(verdict: Verdict) -> str:
    """Each rule and reason of a verdict; nothing where there is none."""
    return ";".join(f" [{one.rule}] {say_plainly(one, speak)}" for one in verdict.findings)


def line(entry: Entry | Withheld) -> Text:
    """One ledger entry as one line: number, time, who, what, verdict."""
    number, at, words = _parts(entry)
    return Text.assemble((f"{number}  {at}  " if at else f"{number}  ", "dim"), words)


def in_lines(found: Iterable[Entry | Withheld], *, folded: bool) -> RenderableType:
    """Entries below one another, with the ids by which statements are corrected; `folded`: what is too long for the screen goes
    on below its own words.
    """
    if not folded:
        return Text("\n").join(_with_id(entry, line(entry)) for entry in found)
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in found:
        number, at, words = _parts(entry)
        table.add_row(Text(number, "dim"), Text(at.replace(" UTC", "Z"), "dim"), _with_id(entry, words))
    return table


def _with_id(entry: Entry | Withheld, words: Text) -> Text:
    if isinstance(entry, Entry) and isinstance(entry.event, Stated):
        return Text.assemble(words, (f"  {read_statement(entry.event.envelope).id}", "dim"))
    return words


def _parts(entry: Entry | Withheld) -> tuple[str, str, Text]:
    """Number, moment and words of an entry."""
    if isinstance(entry, Withheld):
        words = _("withheld: not yours to read (R11); its leaf is {leaf}", leaf=entry.leaf[:16])
        return f"{entry.seq:>4}", "", Text(words, "dim")
    words, style = _what(entry)
    return f"{entry.seq:>4}", moment(entry.at), Text(shown(words), style)


def line_of(delivery: str, entry: Entry | Withheld) -> Text:
    """The same where several deliveries are shown."""
    return Text.assemble((f"{delivery} ", "bold"), line(entry))


def said(statement: Statement) -> str:
    """What a statement says, in a few words."""
    kind = say_kind(statement.kind, speak)
    match statement.content:
        case AuthorisationGranted(state=state, valid_until=until, reference=None):
            facts = _("{state} until {moment}, by word of mouth", state=state, moment=moment(until))
        case AuthorisationGranted(state=state, valid_until=until, reference=NamedAct() as reference):
            facts = _("{state} until {moment}, ref. {reference}", state=state, moment=moment(until), reference=reference.say())
        case (Prepared() | HandoverOffered() | HandoverAccepted()) as checked:
            facts = ", ".join(_found(checked))
        case ArrestMade(place=place) as arrest:
            facts = _("{persons} at {place}", persons=", ".join(listed(arrest, speak)), place=place)
        case Interdicted(place=place, arrested=(_, *_)) as seized:
            facts = _("{persons} at {place}", persons=", ".join(listed(seized, speak)), place=place)
        case ArresteeReleased(reason=reason) as release:
            facts = f"{', '.join(listed(release, speak))}: {reason}"
        case SurveillanceLog() | CostsSettled(each_bears_its_own=False) | JurisdictionUnderstood() | TransferRequested() as lists:
            facts = "; ".join(listed(lists, speak))
        case Seizure(recovered=recovered):
            facts = ", ".join(say_amount(one, speak) for one in recovered)
        case Incident(what=what):
            facts = what
        case content:
            facts = ": ".join(filter(None, ("; ".join(listed(content, speak)), getattr(content, "reason", ""))))
    return f"{kind}: {facts}" if facts else kind


def _found(checked: Checked) -> Iterator[str]:
    """What was found of it, in the order of the checks."""
    if checked.gross is not None:
        yield say_quantity(checked.gross, speak)
    if checked.seals:
        seals = _numbers(checked.seals)
        if not isinstance(checked, HandoverAccepted):
            yield _("seals {seals}", seals=seals)
        else:
            yield _("seals {seals} intact", seals=seals) if checked.seals_intact else _("seals {seals} BROKEN", seals=seals)
    if checked.packages is not None:
        yield _("packages {count}", count=checked.packages)
    if checked.picture is not None:
        yield _("as on picture {picture}", picture=checked.picture[:16])
    if isinstance(checked, InHand) and checked.in_sight is not None:
        yield _("never out of sight") if checked.in_sight else _("OUT OF SIGHT")


def _numbers(seals: Iterable[Seal]) -> str:
    return ", ".join(seal.number for seal in seals)


def _what(entry: Entry) -> tuple[str, str]:
    match entry.event:
        case Started():
            return _("delivery started from its signed plan"), "bold"
        case Amended():
            return _("the plan was changed by a new signed one [R22]"), "bold yellow"
        case KeysChanged() as event:
            return _keys(event), "bold yellow"
        case Stated(envelope=envelope, verdict=verdict):
            statement = read_statement(envelope)
            words_, style = MARKS[verdict.verdict]
            at = _(" at {checkpoint}", checkpoint=statement.checkpoint) if statement.checkpoint else ""
            files = "; ".join(one.shows for one in statement.attachments)
            attached = _(" with {files}", files=files) if files else ""
            return f"{statement.service}: {said(statement)}{at}{attached}  <{_(words_)}>{why(verdict)}", style
        case TakenUp(statement=statement_id, verdict=verdict):
            became = f"{_(MARKS[verdict.verdict][0])}{why(verdict)}"
            return _("early statement {statement} taken up: {verdict}", statement=statement_id[:8], verdict=became), "green"
        case Opened(checkpoint=name, due=due):
            if due is None:
                return _("{checkpoint} opened, no deadline", checkpoint=name), "cyan"
            return _("{checkpoint} opened, due {moment}", checkpoint=name, moment=moment(due)), "cyan"
        case Waits(checkpoint=name, until=until):
            return _("{checkpoint} waits for siblings until {moment} [R31]", checkpoint=name, moment=moment(until)), "cyan"
        case SiblingHeard() as event:
            return _of_a_sibling(event), "bold yellow" if event.says in ("stopped", "danger") else "cyan"
        case Asked() as event:
            return _asked(event), "dim"
        case Escalated(checkpoint=name, to=to, services=services, rung=rung):
            who = ", ".join(services)
            return _(
                "{checkpoint}: rung {rung}, {to} is told that {services} has not answered",
                checkpoint=name,
                rung=rung,
                to=to,
                services=who,
            ), "yellow"
        case Reminded(checkpoint=name, services=services, rung=rung):
            who = ", ".join(services)
            return _("{checkpoint}: reminder {rung} to {services}", checkpoint=name, rung=rung, services=who), "yellow"
        case Silence(checkpoint=name, services=services, finding=finding):
            who = ", ".join(services)
            silent = _("{checkpoint}: overdue, SILENCE of {services} [R2]", checkpoint=name, services=who)
            return silent + _ends(finding), "bold yellow"
        case Closed(checkpoint=name, result=result, finding=finding):
            closed = _("{checkpoint} closed: {result}", checkpoint=name, result=named(RESULTS, result))
            return closed + _ends(finding), "bold yellow" if finding is not None else "cyan"
        case Expiring(service=service, valid_until=until):
            when = moment(until)
            return _("the authorisation by {service} expires at {moment} [R5]", service=service, moment=when), "yellow"
        case Expired(service=service):
            return _("the authorisation by {service} has EXPIRED [R5]", service=service), "bold red"
        case Deconflicted(contacts=contacts):
            return _looked(contacts), "bold yellow" if contacts else "dim"
        case Deferred(not_before=until):
            return _("the register was not looked into; asked again from {moment} on [R15]", moment=moment(until)), "yellow"
        case LookDue():
            return _("the register may be asked again"), "dim"
        case Cleared(leg=leg):
            rule = "R1" if leg == 0 else "R5"
            return _(
                "leg {leg} cleared: every authorisation it needs is live and lasts [{rule}]", leg=leg + 1, rule=rule
            ), "green"
        case CameDue(checkpoint=name):
            return _("{checkpoint}: due; whoever may not have been asked or heard is asked once more", checkpoint=name), "yellow"
        case AskedOnceMore(checkpoint=name, unreachable=unreachable):
            return _("{checkpoint}: asked once more", checkpoint=name) + _missed(unreachable), "yellow"
        case ArchiveBehind():
            return _("the archive is behind: only what stops it is taken [R28]"), "bold red"
        case ArchiveCaughtUp():
            return _("the archive has caught up: everybody is heard"), "green"
        case Diverged(seq=seq, size=size):
            return _(
                "the record was PUT BACK: the archive has another history of it, of {size} entries, from entry {entry} on; "
                "people decide how to go on [R18]",
                size=size,
                entry=seq,
            ), "bold red"
        case Released():
            return _("the register no longer counts it as live"), "dim"
        case Halted(finding=finding):
            return _("HALTED [{rule}] {reason}", rule=finding.rule, reason=say_plainly(finding, speak)), "bold red"
        case Told() as event:
            return _told(event), "dim"
        case Concluded(outcome=outcome, finding=finding):
            reason = say_plainly(finding, speak)
            return _("outcome: {outcome} ({reason})", outcome=named(OUTCOMES, outcome), reason=reason), "bold"
        case Ended():
            return _("ended; the ledger is closed"), "bold"


def _ends(finding: Finding | None) -> str:
    """What ends with it."""
    return f" [{finding.rule}] {say_plainly(finding, speak)}" if finding is not None else ""


def _keys(event: KeysChanged) -> str:
    change = read_change(event.change)
    what = [_("{count} added", count=len(change.added))] if change.added else []
    for one in change.ended:
        ended = _("{key} REVOKED {moment}") if one.revoked else _("{key} ends {moment}")
        what.append(ended.format(key=one.key, moment=moment(one.at)))
    return _("keys of {service}, by {by}: {what} [R24]", service=change.service, by=change.by, what="; ".join(what))


def _asked(event: Asked) -> str:
    sentences = (
        (_("{services} signed that the request was received"), event.signed),
        (_("{services} received the request, as the installation says"), event.unsigned),
        (_("{services} told that it waits"), event.told),
        (_("{services} cannot be reached yet"), event.unreachable),
    )
    said_ = [sentence.format(services=", ".join(services)) for sentence, services in sentences if services]
    return f"{event.checkpoint}: {'; '.join(said_)}"


def _of_a_sibling(heard: SiblingHeard) -> str:
    """What was heard of another consignment of the same operation."""
    if heard.says == "reached":
        who = ", ".join(dict.fromkeys(read_statement(one).service for one in heard.statements))
        return _(
            "{sibling} has reached {checkpoint}, by the signed words of {who} [R31]",
            sibling=heard.sibling,
            checkpoint=heard.checkpoint,
            who=who,
        )
    return _("{sibling}, of the same operation: {stands} [R31]", sibling=heard.sibling, stands=named(SIBLINGS, heard.says))


def _looked(contacts: Iterable[Contact]) -> str:
    call = _("call {service} ({call}) about conflict {conflict}")
    who = ", ".join(call.format(service=one.service, call=one.call, conflict=one.conflict) for one in contacts)
    return _("conflict check: {who}", who=who or _("none touches this one"))


def _told(event: Told) -> str:
    about = f"{named(ALERTS, event.kind)}, {event.checkpoint}" if event.checkpoint else named(ALERTS, event.kind)
    who = ", ".join(event.reached) or _("nobody")
    return _("told ({about}): {services}", about=about, services=who) + _missed(event.unreachable)


def _missed(unreachable: tuple[str, ...]) -> str:
    return _("; NOT reached: {services}", services=", ".join(unreachable)) if unreachable else ""


def own_statements(ledger: Iterable[Entry | Withheld], service: str) -> dict[str, Statement]:
    """What this service has said, or another on its behalf, in order, each by its id."""
    said = (read_statement(one.event.envelope) for one in ledger if isinstance(one, Entry) and isinstance(one.event, Stated))
    return {one.id: one for one in said if service in {one.service, one.on_behalf_of}}
