"""What may come from outside without a service's signature: who was asked and told, what register and archive say."""

from contextlib import suppress
from datetime import datetime, timedelta

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Ledger
from domain.delivery.memory import RegisterState
from domain.delivery.reported import (
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    Released,
    SiblingHeard,
    Told,
)
from domain.delivery.requests import SignedAcknowledgement, read_acknowledgement
from domain.plan.enquiries import WINDOW
from domain.rules.siblings import is_news
from domain.signing.envelope import ACKNOWLEDGEMENT_TYPE, open_envelope
from domain.words.errors import Refused, RuleBroken
from domain.words.moments import instant
from domain.words.text import fill

LONGEST_DEFERRED = WINDOW + timedelta(minutes=5)
"""How far ahead the register may put off a look: until all that it counts has left its window, clocks apart."""

Report = (
    Asked | AskedOnceMore | Deconflicted | Deferred | Released | Told | ArchiveBehind | ArchiveCaughtUp | Diverged | SiblingHeard
)
"""A fact from outside that nobody signs with a service's key."""


def news(delivery: Delivery, fact: Report, at: datetime) -> Report | None:
    """This fact as it is recorded at this moment; none where it says nothing new. Raises `RuleBroken` for what cannot be so."""
    return _as_it_counts(delivery, fact, at) if _is_news(delivery, fact, at) else None


def _is_news(delivery: Delivery, fact: Report, at: datetime) -> bool:
    """Whether it says something new, and can be so.

    asked              its checkpoint is open, and asks a service that it names, if it names any
    asked_once_more    its checkpoint is open, and asks every service that it names; it has come due, and they have not been
                       asked once more
    deconflicted       `order` is one of the signatures, and `number` is higher than that of what is known, or is the same while
                       the register has not `looked`
    deferred           `order` is the newest signature, the register has not `looked`, nothing is put off, and `not_before` is
                       after the newest entry, and no more than 24 hours and 5 minutes after this moment
    released           it has its outcome, and has not been released
    told               a notice of that kind and checkpoint from entry `of` has still to be told to each service that it names,
                       and it names one
    archive_behind     the archive is not behind
    archive_caught_up  the archive is behind
    diverged           `branch` is not less than this history's, and this history does not begin with what was found
    sibling_heard      `sibling` is another of the `members`, the installation has signed `seal` with a key that counts at this
                       moment, this one `hears` of its siblings, and it is news: `reached`, while it is under way, where that is
                       `awaited` and not yet `reached`, and what `proves` so for each that waits for it is in `statements`;
                       `held`, where its `standing_of` is none; `stopped`, where that is none, `held` or `ended`; `danger` and
                       `ended`, where it is another
    """
    state = delivery.state
    match fact:
        case Asked(checkpoint=name) | AskedOnceMore(checkpoint=name):
            progress = state.progress.get(name)
            if progress is None:
                raise RuleBroken("R17", fill("nobody was asked: {name} has not opened", name=name))
            named = (*fact.unreachable, *(fact.received + fact.told if isinstance(fact, Asked) else ()))
            strangers = [one for one in named if one not in progress.checkpoint.services()]
            if strangers and (isinstance(fact, AskedOnceMore) or len(strangers) == len(named)):
                raise RuleBroken("R17", fill("{services}: not asked at {name}", services=", ".join(strangers), name=name))
            return progress.open and (isinstance(fact, Asked) or (progress.came_due and not progress.asked_again))
        case Deconflicted():
            if fact.order not in state.register.orders:
                raise RuleBroken(
                    "R15", fill("entry {order} is no signature by which the register is looked into", order=fact.order)
                )
            return _is_newer(fact, state.register)
        case Deferred(order=order, not_before=not_before):
            register = state.register
            waits = register.orders[-1:] == (order,) and not register.looked and register.not_before is None
            return waits and state.now < instant(not_before) <= at + LONGEST_DEFERRED
        case Released():
            return state.outcome is not None and not state.released
        case ArchiveBehind():
            return state.behind is None
        case ArchiveCaughtUp():
            return state.behind is not None
        case Diverged():
            return fact.branch >= state.branch and not _is_its_own(fact, delivery.ledger)
        case SiblingHeard():
            return is_news(delivery, fact, at)
        case Told(of=seq, kind=kind):
            owed = [one for one in state.owed if (one.seq, one.kind, one.checkpoint) == (seq, kind, fact.checkpoint)]
            named = (*fact.reached, *fact.unreachable)
            return bool(named) and any(all(service in one.services for service in named) for one in owed)


def _is_its_own(found: Diverged, ledger: Ledger) -> bool:
    """Whether what was found is the beginning of this very ledger: it was put back, and has come to the same again by itself."""
    there = found.size <= len(ledger)
    return there and (found.size <= ledger.kept or ledger.root_at(found.size) == found.root)


def _as_it_counts(delivery: Delivery, fact: Report, at: datetime) -> Report:
    """The fact without services that its checkpoint does not ask, such as who has been replaced since; and without
    acknowledgements that are not of this delivery and checkpoint, not by a service that has received the request, not signed with
    a key of it that counts at this moment, or not the first of their service (R17).
    """
    if not isinstance(fact, Asked):
        return fact
    asked = delivery.state.progress[fact.checkpoint].checkpoint.services()
    received, unreachable, told = (
        tuple(one for one in who if one in asked) for who in (fact.received, fact.unreachable, fact.told)
    )
    good: dict[str, SignedAcknowledgement] = {}
    for envelope in fact.acknowledgements:
        with suppress(Refused):
            said = read_acknowledgement(envelope)
            of = (said.delivery, said.checkpoint, said.service in received)
            known = delivery.directory.find(said.service)
            if known is not None and of == (delivery.plan.operation, fact.checkpoint, True):
                open_envelope(envelope, ACKNOWLEDGEMENT_TYPE, known.keys_at(at))
                good.setdefault(said.service, envelope)
    acknowledgements = tuple(good.values())
    return Asked(
        checkpoint=fact.checkpoint, received=received, unreachable=unreachable, told=told, acknowledgements=acknowledgements
    )


def _is_newer(answer: Deconflicted, known: RegisterState) -> bool:
    """Whether it is newer than what is known, or confirms it after a step has passed (R15)."""
    return answer.number > known.number or (answer.number == known.number and not known.looked)
