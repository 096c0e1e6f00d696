"""The only two ways anything enters a ledger: `submit` for what a service says, `record` for what the story does.

`admit` stands before the door: it refuses noise (malformed, unknown, unsigned), which leaves no trace. Whatever is
authentic is recorded, and if it breaks a rule it is recorded *as refused*: the attempt is itself evidence.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Amended, Deconflicted, Entry, Event, KeysChanged, Receipt, Started, Stated, TakenUp, Verdict
from domain.delivery.statements import Statement, read_statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import authentic, changed, read_change
from domain.plan.plan import Plan, read_plan
from domain.rules.rules import contradiction, judge, permits
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, Envelope, open_envelope
from domain.words.errors import NotAllowed, NotAuthentic, NotFound
from domain.words.moments import utc_text


def verified_plan(envelope: Envelope, directory: Directory, at: datetime) -> Plan:
    """The plan, after checking that its initiator signed it. Raises `NotAuthentic`, `NotFound` or `Malformed`."""
    plan = read_plan(envelope)
    open_envelope(envelope, PLAN_TYPE, directory.get(plan.initiator).keys_at(at))
    return plan


def begin(plan: Envelope, directory: Directory, cards: Mapping[str, RuleCard], at: datetime) -> Delivery:
    """A new delivery with its first entry. `directory` and `cards` are the snapshots it keeps."""
    delivery = Delivery(verified_plan(plan, directory, at), directory, cards)
    started = Started(plan=plan, directory=delivery.snapshot_digest(), cards=delivery.cards_digest())
    record(delivery, started, at)
    return delivery


def resume(plan: Envelope, directory: Directory, cards: Mapping[str, RuleCard], entries: Sequence[Entry]) -> Delivery:
    """The delivery that these entries add up to (after a continue-as-new, or in a verifier)."""
    delivery = Delivery(read_plan(plan), directory, cards)
    for entry in entries:
        delivery.append(entry)
    return delivery


def amend(delivery: Delivery, amended: Amended, at: datetime) -> Entry:
    """Change the plan for what is still ahead.

    Raises `NotAuthentic`, `NotAllowed` or `Malformed` for what is no signed plan of this initiator, and `RuleBroken` (R22) for
    one that changes what it may not; then nothing is recorded.
    """
    plan = verified_plan(amended.plan, delivery.directory, at)
    if plan.initiator != delivery.plan.initiator:
        message = f"only {delivery.plan.initiator} changes this plan"
        raise NotAllowed(message)
    return record(delivery, amended, at)


def change_keys(delivery: Delivery, envelope: Envelope, at: datetime) -> Entry | None:
    """Take a signed change of keys into the delivery; none if it says nothing new here.

    Raises `Malformed`, `NotAuthentic`, or `RuleBroken` (R24; R12 once the delivery has ended); then nothing is recorded.
    """
    if changed(delivery.directory, read_change(envelope)) == delivery.directory:
        return None
    authentic(envelope, delivery.directory, at)
    return record(delivery, KeysChanged(change=envelope), at)


def record(delivery: Delivery, event: Event, at: datetime) -> Entry:
    """Record what the story does. Raises `RuleBroken` if the rules do not permit it now; then nothing is recorded."""
    permits(delivery, event, at)
    entry = delivery.ledger.next(event, utc_text(at))
    delivery.append(entry)
    return entry


def look_up(delivery: Delivery, found: Deconflicted, at: datetime) -> None:
    """Record the register's answer, asked for or because another operation came or went (R15).

    One that is older than what is known, or the same once more, is dropped. Raises `RuleBroken` once the delivery has ended.
    """
    if delivery.newer(found):
        record(delivery, found, at)


def admit(delivery: Delivery, envelope: Envelope, at: datetime) -> Statement:
    """The authentic statement of a participant of this delivery.

    Raises `Malformed`, `NotFound` (another delivery), `NotAllowed` (not a participant) or `NotAuthentic`. Pure.
    """
    if delivery.ended:
        message = f"delivery {delivery.plan.operation} has ended; its ledger is closed"
        raise NotAllowed(message)
    statement = read_statement(envelope.body())
    if statement.delivery != delivery.plan.operation:
        message = f"the statement is about delivery {statement.delivery}, this is {delivery.plan.operation}"
        raise NotFound(message)
    service = delivery.directory.find(statement.service)
    if service is None:
        message = f"unknown service {statement.service}"
        raise NotAuthentic(message, hint="a statement names a service of the directory this delivery started with")
    open_envelope(envelope, STATEMENT_TYPE, service.keys_at(at))
    if not delivery.participant(service.id):
        message = f"{service.id} has no part in delivery {delivery.plan.operation}"
        raise NotAllowed(message)
    return statement


def submit(delivery: Delivery, envelope: Envelope, at: datetime) -> Receipt:
    """Record what a service said and answer with a receipt.

    The same statement again gets its first receipt again and leaves no second entry. Raises only what `admit` raises.
    """
    statement = admit(delivery, envelope, at)
    known = delivery.known(statement.id, envelope.fingerprint())
    if known is not None:
        return _receipt(delivery, known.seq, statement.id, known.verdict)
    first = delivery.statements.get(statement.id)
    verdict = judge(delivery, statement, at) if first is None else contradiction(statement.id, first.seq)
    entry = delivery.ledger.next(Stated(envelope=envelope, verdict=verdict), utc_text(at))
    delivery.append(entry, statement)
    if verdict.verdict == "accepted":
        take_up(delivery, at)
    return _receipt(delivery, entry.seq, statement.id, verdict)


def take_up(delivery: Delivery, at: datetime) -> None:
    """Evaluate early statements whose time has come, in the order in which they came in."""
    for statement in tuple(delivery.early.values()):
        if statement.id not in delivery.early:
            continue
        verdict = judge(delivery, statement, at)
        if verdict.verdict != "early":
            record(delivery, TakenUp(statement=statement.id, verdict=verdict), at)


def receipt(delivery: Delivery, envelope: Envelope) -> Receipt | None:
    """The receipt of exactly this statement, signature and all, if it has come in. Raises `Malformed`."""
    statement = read_statement(envelope.body())
    known = delivery.known(statement.id, envelope.fingerprint())
    event = delivery.ledger[known.seq].event if known is not None else None
    if known is None or not isinstance(event, Stated) or event.envelope != envelope:
        return None
    return _receipt(delivery, known.seq, statement.id, known.verdict)


def _receipt(delivery: Delivery, seq: int, statement: str, verdict: Verdict) -> Receipt:
    ledger = delivery.ledger
    return Receipt(statement=statement, seq=seq, recorded_at=ledger[seq].at, head=ledger.head_at(seq), verdict=verdict)
