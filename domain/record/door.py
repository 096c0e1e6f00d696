"""The only ways anything enters a ledger: what a service says (`submit`), what comes from outside (`report`, `amend`,
`change_keys`), and what the checklist decides on it (`domain.rules.course`).

`admit` stands before the door: it refuses noise (malformed, unknown, unsigned), which leaves no trace. Whatever is
authentic is recorded, and if it breaks a rule it is recorded *as refused*: the attempt is itself evidence.

Each of these first lets time pass up to the moment at which the message came, then records the message, then what follows
from it: in one breath, so that nothing depends on when somebody looks.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from domain.delivery.carried import Carried, going_on
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.ledger import Entry, Kept, Receipt
from domain.delivery.reported import Amended, ArchiveBehind, ArchiveCaughtUp, Diverged, KeysChanged, Started, Stated, cards_digest
from domain.delivery.statement import Statement
from domain.plan.cards import RuleCard
from domain.plan.check_size import known_services
from domain.plan.directory import Directory
from domain.plan.key_changes import KeyChange, authentic, changed, read_change
from domain.plan.key_changes import faults_in as faults_of_keys
from domain.plan.plan import Plan, read_plan
from domain.rules.amending import faults_in
from domain.rules.book import Book, book_of, said
from domain.rules.books import book_for, newest, read
from domain.rules.course import advance
from domain.rules.outside import Report
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, Envelope, open_envelope
from domain.words.errors import NotAllowed, NotAuthentic, NotFound, RuleBroken
from domain.words.figures import Figures
from domain.words.limits import KEY_BYTES, MOST_CARRIED_UNKEPT, MOST_KEYS_EACH, MOST_UNKEPT
from domain.words.moments import instant
from domain.words.text import fill, mark


def read_statement(envelope: Envelope) -> Statement:
    """The statement in an envelope, unverified, whatever delivery it is about, and under whatever rules. Raises `Malformed`."""
    return read(envelope)


def verified_plan(envelope: Envelope, directory: Directory, at: datetime) -> Plan:
    """The plan, after checking who signed it, and that these are its initiators, each and nobody else.

    Raises `NotAuthentic` or `Malformed`.
    """
    signers = directory.signers(envelope)
    open_envelope(envelope, PLAN_TYPE, {key: text for one in signers for key, text in one.keys_at(at).items()})
    plan, signed = read_plan(envelope), {one.id for one in signers}
    if lacking := [one for one in plan.initiators() if one not in signed]:
        message = fill("it is not signed by {services}; each of its initiators signs it", services=", ".join(lacking))
        raise NotAuthentic(message)
    if others := sorted(signed - set(plan.initiators())):
        message = fill("it is signed by {services}; only its initiators sign it", services=", ".join(others))
        raise NotAuthentic(message)
    return plan


def begin(  # noqa: PLR0913, PLR0917 - what a delivery is made of
    plan: Envelope,
    directory: Directory,
    cards: Mapping[str, RuleCard],
    at: datetime,
    secret: bytes,
    book: Book | None = None,
) -> Delivery:
    """A new delivery with its first entries. `directory` and `cards` are the snapshots it keeps, `secret` is behind the salts.
    `book`: the rules it is under to its end, the newest where none are named.
    """
    book = book or newest()
    delivery = Delivery(verified_plan(plan, directory, at), directory, cards, book, at, secret)
    started = Started(rules=book.version, plan=plan, directory=directory.digest(), cards=cards_digest(delivery.cards))
    delivery.append(started, at)
    advance(delivery, at)
    return delivery


def resume(
    directory: Directory, cards: Mapping[str, RuleCard], entries: tuple[Entry, ...], secret: bytes | None = None
) -> Delivery:
    """The delivery that these entries add up to, all of them from the first on, under the rules it began with.

    Raises `NotFound` if this program does not have that version of the rules.
    """
    first = entries[0].event
    assert isinstance(first, Started)  # noqa: S101 - a ledger begins so
    delivery = Delivery(read_plan(first.plan), directory, cards, book_for(first.rules), instant(entries[0].at), secret)
    for entry in entries:
        delivery.take(entry)
    return delivery


def go_on(carried: Carried, secret: bytes) -> Delivery:
    """The delivery that another run has carried so far, under the rules it began with.

    Raises `NotFound` if this program does not have that version of the rules, `Malformed` for what no run has carried.
    """
    return going_on(carried, book_for(carried.rules), secret)


def amend(delivery: Delivery, amended: Amended, at: datetime) -> Entry | Kept:
    """Change the plan for what is still ahead; the entry that records it, the same one where the plan in force comes again.

    Raises `NotAuthentic`, `NotAllowed` or `Malformed` for what is no signed plan of this initiator, and `RuleBroken` (R22) for
    one that changes what it may not, or nothing, or was replaced before; (R28) while the archive is behind. Then nothing is
    recorded.
    """
    known = amended_by(delivery, amended.plan)
    if known is not None:
        return known
    if delivery.state.behind is not None:
        sentence = mark("the archive is behind, and no plan is changed until it has caught up")
        raise RuleBroken("R28", sentence, reason="archive_behind")
    advance(delivery, at)
    plan = verified_plan(amended.plan, delivery.directory, max(at, delivery.state.now))
    if plan.initiator != delivery.plan.initiator:
        message = fill("only {initiator} changes this plan", initiator=delivery.plan.initiator)
        raise NotAllowed(message)
    faults = faults_in(delivery, plan, *amended.known_with(delivery.state))
    if faults:
        raise RuleBroken("R22", "; ".join(map(str, faults)), reason="plan_not_changed")
    return _record(delivery, amended, at)


def amended_by(delivery: Delivery, plan: Envelope) -> Entry | Kept | None:
    """The entry that put this plan in the place of another, if one did and it is in force.

    Raises `RuleBroken` (R22) for one that was in force earlier: whoever has seen it could hand it in again, and the initiator
    who signed it then need not want it now.
    """
    digest, plans = plan.fingerprint(), delivery.state.plans
    until = next((ends for (_, known), (ends, _) in pairwise(plans) if known == digest), None)
    if until is not None:
        sentence = fill("this plan was in force until entry {entry}; a plan that was replaced never counts again", entry=until)
        hint = mark("sign one that differs from it, such as in its title")
        raise RuleBroken("R22", sentence, reason="plan_not_changed", hint=hint)
    found, known = plans[-1]
    if known != digest or len(plans) == 1:
        return None
    entry = delivery.ledger[found] if delivery.ledger.holds(found) else None
    return entry if isinstance(entry, Entry) else Kept(seq=found, fingerprint=digest)


def change_keys(delivery: Delivery, envelope: Envelope, at: datetime) -> Entry | None:
    """Take a signed change of keys into the delivery; none if it says nothing new here.

    Raises `Malformed`, `NotAuthentic`, or `RuleBroken` (R24; R12 once the delivery has ended); then nothing is recorded.
    """
    change = read_change(envelope)
    if changed(delivery.directory, change) == delivery.directory:
        return None
    advance(delivery, at)
    _still_open(delivery)
    authentic(envelope, delivery.directory, max(at, delivery.state.now))
    faults = key_faults(delivery, change)
    if faults:
        raise RuleBroken("R24", "; ".join(faults), reason="keys_not_changed")
    return _record(delivery, KeysChanged(change=envelope), at)


def key_faults(delivery: Delivery, change: KeyChange) -> tuple[str, ...]:
    """What keeps a change of keys out of this delivery: what is wrong with it, no room for what it adds, or that whoever signed
    it has changed keys as often as it may here, or while the archive is behind (R28). An administrator still ends a stolen key.
    """
    found, figures = tuple(faults_of_keys(delivery.directory, change)), book_of(delivery).figures
    room = known_services(changed(delivery.directory, change), figures) if change.added and not found else ()
    state, by = delivery.state, change.by
    spent = []
    if change.added and not found and by == change.service and not _leaves_room(changed(delivery.directory, change), by, figures):
        spent.append(f"R28: {by} has {MOST_KEYS_EACH} keys or more here, and what room is left is for the keys of others")
    if state.rekeyed.get(by, 0) >= (most := figures.most_key_changes):
        spent.append(f"R28: {by} has changed keys {most} times here, and an administrator may do so for it")
    if state.behind is not None and state.behind.get(by, 0) >= figures.brakes:
        spent.append("R28: the archive is behind, and no more is taken before it has caught up")
    return (*found, *(fault.problem for fault in room), *spent)


def _leaves_room(directory: Directory, service: str, figures: Figures) -> bool:
    """Whether a service that has many keys leaves each that has few two more, so that a key can be ended and another begun."""
    if len(directory.get(service).keys) <= MOST_KEYS_EACH:
        return True
    others = sum(len(one.keys) <= MOST_KEYS_EACH for one in directory.services if one.id != service)
    return len(canonical(directory)) + others * 2 * KEY_BYTES <= figures.directory_bytes


def report(delivery: Delivery, fact: Report, at: datetime) -> Entry | None:
    """Record a fact from outside; none where it says nothing new, or can no longer be so.

    Raises `RuleBroken` once the delivery has ended, and for what cannot be: nobody was asked there, nothing was to be told.
    """
    advance(delivery, at)
    if not isinstance(fact, Diverged):  # it is found by keeping the last entry, too
        _still_open(delivery)
    news = book_of(delivery).news(delivery, fact, max(at, delivery.state.now))
    return _record(delivery, news, at) if news is not None else None


def archive_has(delivery: Delivery, size: int, at: datetime) -> None:
    """The archive has the first `size` entries: they are let go of. Raises `ValueError` for more than there are."""
    delivery.ledger.keep(size)
    mind_the_archive(delivery, at)


def mind_the_archive(delivery: Delivery, at: datetime) -> None:
    """Record that the archive has fallen behind by more than a run can hold, or has caught up (R28)."""
    unkept, behind = delivery.ledger.unkept_bytes, delivery.state.behind is not None
    if not behind and unkept > MOST_UNKEPT:
        news: ArchiveBehind | ArchiveCaughtUp = ArchiveBehind(kept=delivery.ledger.kept)
    elif behind and unkept <= MOST_CARRIED_UNKEPT:
        news = ArchiveCaughtUp(kept=delivery.ledger.kept)
    else:
        return
    advance(delivery, at)
    if not delivery.state.ended:
        report(delivery, news, at)


def admit(delivery: Delivery, envelope: Envelope, at: datetime) -> Statement:
    """The authentic statement of a participant of this delivery.

    Raises `Malformed`, `NotFound` (another delivery), `NotAllowed` (not a participant; something new once it has ended),
    `NotAuthentic`, or `RuleBroken` (R28) for what is too large or beyond a budget that is known to be spent. Pure.
    """
    statement = book_of(delivery).read(envelope)
    if not statement.about(delivery.plan):
        message = fill(
            "the statement is about delivery {delivery}, this is {operation}",
            delivery=statement.delivery,
            operation=delivery.plan.operation,
        )
        raise NotFound(message)
    service = delivery.directory.find(statement.service)
    if service is None:
        message = fill("unknown service {service}", service=statement.service)
        raise NotAuthentic(message, hint=mark("a statement names a service of the directory this delivery started with"))
    service.opened(envelope, STATEMENT_TYPE, statement.officer, max(at, delivery.state.now))
    if not delivery.state.participant(service.id):
        message = fill("{service} has no part in delivery {operation}", service=service.id, operation=delivery.plan.operation)
        raise NotAllowed(message)
    if delivery.state.statements.find(statement.id, envelope.fingerprint()) is not None:
        return statement  # whose receipt may have been lost: also once it has ended
    _takes_what_is_new(delivery)
    check_budget(delivery, statement, envelope, at)
    return statement


def check_budget(delivery: Delivery, statement: Statement, envelope: Envelope, at: datetime) -> None:
    """Raises `RuleBroken` (R28) for what is too large, or comes when its service has been told that its budget is spent."""
    book = book_of(delivery)
    new = said(statement, envelope, Moment(len(delivery.ledger), max(at, delivery.state.now)))
    if (error := book.budget.turned_away(delivery, new, envelope, book.judge)) is not None:
        raise error


def submit(delivery: Delivery, envelope: Envelope, at: datetime) -> Receipt | Kept:
    """Record what a service said and answer with a receipt.

    The same statement again gets its first receipt again, from here or from the archive, and leaves no second entry. Raises only
    what `admit` raises.
    """
    statement = admit(delivery, envelope, at)
    known = delivery.state.statements.find(statement.id, envelope.fingerprint())
    if known is not None:
        held = delivery.ledger.holds(known.seq)
        fingerprint = envelope.fingerprint()
        return receipt_of(delivery, known.seq) if held else Kept(seq=known.seq, fingerprint=fingerprint)
    advance(delivery, at)
    _takes_what_is_new(delivery)
    check_budget(delivery, statement, envelope, at)
    entry = _record(delivery, stated(delivery, statement, envelope, max(at, delivery.state.now)), at)
    return receipt_of(delivery, entry.seq)


def stated(delivery: Delivery, statement: Statement, envelope: Envelope, at: datetime) -> Stated:
    """What is recorded of a statement that comes in now: its verdict is what the rules say."""
    book = book_of(delivery)
    new = said(statement, envelope, Moment(len(delivery.ledger), at))
    return Stated(envelope=envelope, verdict=book.budget.hear(delivery, new, envelope, book.judge))


def receipt(delivery: Delivery, envelope: Envelope) -> Receipt | Kept | None:
    """The receipt of exactly this statement, signature and all, if it has come in and its entry is held here; where the archive
    alone has it, signatures are for whoever reads there. Raises `Malformed`.
    """
    statement = book_of(delivery).read(envelope)
    known = delivery.state.statements.find(statement.id, envelope.fingerprint())
    if known is None:
        return None
    if not delivery.ledger.holds(known.seq):
        return Kept(seq=known.seq, fingerprint=envelope.fingerprint())
    entry = delivery.ledger[known.seq]
    same = isinstance(entry, Entry) and isinstance(entry.event, Stated) and entry.event.envelope == envelope
    return receipt_of(delivery, known.seq) if same else None


def receipt_of(delivery: Delivery, seq: int) -> Receipt:
    """The receipt of the statement in entry `seq`, which is held here."""
    ledger, entry = delivery.ledger, delivery.ledger[seq]
    assert isinstance(entry, Entry)  # noqa: S101 - only a packet leaves something out
    assert isinstance(entry.event, Stated)  # noqa: S101
    return Receipt(
        delivery=delivery.plan.operation,
        plan=delivery.state.plan_at(seq),
        statement=delivery.law.read(entry.event.envelope).id,
        fingerprint=entry.event.envelope.fingerprint(),
        entry=entry,
        size=seq + 1,
        root=ledger.root_at(seq + 1),
        proof=ledger.proof_at(seq),
    )


def _record(delivery: Delivery, event: Any, at: datetime) -> Entry:
    entry = delivery.append(event, at)
    advance(delivery, delivery.state.now)
    mind_the_archive(delivery, delivery.state.now)
    return entry


def _takes_what_is_new(delivery: Delivery) -> None:
    if delivery.state.ended:
        message = fill("delivery {operation} has ended; its ledger is closed", operation=delivery.plan.operation)
        raise NotAllowed(message)


def _still_open(delivery: Delivery) -> None:
    if delivery.state.ended:
        raise RuleBroken("R12", mark("the delivery has ended"), reason="ended_already")
