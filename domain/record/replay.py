"""A ledger is run again: every rule, over every entry of it, by whoever has nothing but the entries."""

from collections.abc import Mapping, Sequence

from domain.delivery.delivery import Delivery
from domain.delivery.events import OUTSIDE
from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Amended, Diverged, KeysChanged, Started, Stated
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import authentic, changed
from domain.record.door import amended_by, check_budget, key_faults, stated, verified_plan
from domain.record.left_out import check_left_out
from domain.rules.amending import faults_in
from domain.rules.book import book_of
from domain.rules.books import book_for
from domain.rules.course import upcoming
from domain.signing.envelope import STATEMENT_TYPE
from domain.words.errors import NotVerified, VigilError
from domain.words.identifiers import State
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark, one_by_one


def replay(entries: Sequence[Entry | LeftOut], directory: Directory, cards: Mapping[State, RuleCard]) -> Delivery:
    """The delivery these entries add up to, every signature checked and every rule run again. Raises `NotVerified`."""
    first, version = entries[0], rules_of(entries)
    assert isinstance(first, Entry)  # noqa: S101 - `rules_of` has looked
    assert isinstance(first.event, Started)  # noqa: S101
    try:
        plan = verified_plan(first.event.plan, directory, instant(first.at))
        delivery = Delivery(plan, directory, cards, book_for(version), instant(first.at))
        delivery.take(first)
    except NotVerified:
        raise
    except VigilError as error:
        raise NotVerified(error.words[0], 0) from error
    for entry in entries[1:]:
        follow(delivery, entry)
    return delivery


def follow(delivery: Delivery, entry: Entry | LeftOut) -> None:
    """Take one more entry, once it has been checked like all before it. Raises `NotVerified`."""
    try:
        delivery.ledger.check(entry)
        _check(delivery, entry)
        delivery.take(entry)
    except NotVerified:
        raise
    except VigilError as error:
        raise NotVerified(error.words[0], entry.seq) from error
    except (LookupError, ValueError, ArithmeticError, StopIteration) as error:
        raise NotVerified(str(error), entry.seq) from error


def rules_of(entries: Sequence[Entry | LeftOut]) -> int:
    """The version of the rules that a ledger says it is under. Raises `NotVerified`."""
    first = entries[0]
    if not isinstance(first, Entry) or not isinstance(first.event, Started):
        reason = mark("a ledger begins with the signed plan")
        raise NotVerified(reason, 0)
    return first.event.rules


def _check(delivery: Delivery, entry: Entry | LeftOut) -> None:
    """Whether the live workflow could have recorded this entry. Raises `NotVerified`, or what a door would have raised."""
    if isinstance(entry, LeftOut):
        check_left_out(delivery, entry)
        return
    at, event = instant(entry.at), entry.event
    if delivery.state.ended and not isinstance(event, Diverged):
        raise NotVerified(mark("R12: the delivery has ended"), entry.seq)
    decided = upcoming(delivery, at)
    if not isinstance(event, OUTSIDE):
        if decided is None or (utc_text(decided[0]), decided[1]) != (entry.at, event):
            if decided is None:
                raise NotVerified(fill("what was due then is nothing, recorded is {event}", event=event.event), entry.seq)
            raise NotVerified(
                fill(
                    "what was due then is {due} at {moment}, recorded is {event}",
                    due=decided[1].event,
                    moment=utc_text(decided[0]),
                    event=event.event,
                ),
                entry.seq,
            )
        return
    if decided is not None:
        raise NotVerified(
            fill("{event} was due at {moment}, and is not there", event=decided[1].event, moment=utc_text(decided[0])), entry.seq
        )
    delivery.quiet = max(at, delivery.state.now)  # what came from outside was weighed by the moment at which it came
    match event:
        case Stated():
            _check_stated(delivery, event, entry)
        case Amended():
            if delivery.state.behind is not None:
                raise NotVerified(mark("R28: the plan was changed while the archive was behind"), entry.seq)
            plan = verified_plan(event.plan, delivery.directory, at)
            if amended_by(delivery, event.plan) is not None:
                raise NotVerified(mark("R22: the plan that is in force is put into its own place"), entry.seq)
            faults = faults_in(delivery, plan, *event.known_with(delivery.state))
            if faults or plan.initiator != delivery.plan.initiator:
                raise NotVerified(
                    one_by_one(one.in_words() for one in faults) or mark("another initiator changes the plan"), entry.seq
                )
        case KeysChanged():
            change = authentic(event.change, delivery.directory, at)
            found = [*key_faults(delivery, change)]
            if found or changed(delivery.directory, change) == delivery.directory:
                raise NotVerified(one_by_one(("R24", *found)), entry.seq)
        case _:
            news = book_of(delivery).news(delivery, event, at)
            if news is None:
                raise NotVerified(fill("{event} says nothing new, or what cannot be so", event=event.event), entry.seq)
            if news != event:
                raise NotVerified(
                    mark("R17: it names who was not asked, or has an acknowledgement that is not of what was asked"), entry.seq
                )


def _check_stated(delivery: Delivery, event: Stated, entry: Entry) -> None:
    at, envelope = instant(entry.at), event.envelope
    statement = delivery.law.read(envelope)
    delivery.directory.get(statement.service).opened(envelope, STATEMENT_TYPE, statement.officer, at)
    if not statement.about(delivery.plan) or not delivery.state.participant(statement.service):
        raise NotVerified(fill("{service} has no part in this delivery", service=statement.service), entry.seq)
    if delivery.state.statements.find(statement.id, envelope.fingerprint()) is not None:
        raise NotVerified(fill("statement {statement} is recorded twice", statement=statement.id), entry.seq)
    check_budget(delivery, statement, envelope, at)
    expected = stated(delivery, statement, envelope, at).verdict
    if expected != event.verdict:
        said, recorded = (f"{one.verdict} {one.rule or ''}".rstrip() for one in (expected, event.verdict))
        reason = fill("the rules say {said}; recorded is {recorded}", said=said, recorded=recorded)
        raise NotVerified(reason, entry.seq)
