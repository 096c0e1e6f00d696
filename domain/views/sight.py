"""Who reads what of a delivery (R11): need to know, decided here for every door.

Whoever starts or coordinates it, and supervisors, see the whole. A participant sees a part:

    its legs        those it is responsible for or travels with; a prosecutor or court, those in its State, or that call there
    its checkpoints where it is asked, or its turn on a ladder has come; those at either end of its legs (the handovers beside
                    them); a prosecutor or court, those in its State
    what binds it   the authorisations of its own State, and what its own State's services say at its checkpoints

It does not see other States' consents, refusals and reasons, their targets and sources, or where the consignment is on a leg that
is not its own. That a stop has come and how it ended it always learns, in general words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, Withheld
from domain.delivery.progress import Progress
from domain.delivery.reported import Stated, Told
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Cause, Finding
from domain.plan.access import reach, role_of
from domain.plan.directory import Service
from domain.plan.plan import PlannedCheckpoint
from domain.rules import handling
from domain.rules.book import book_of
from domain.rules.kind import kind_of
from domain.rules.proceedings import may_prosecute
from domain.signing.canonical import Frozen
from domain.views.names import IN_GENERAL
from domain.views.sentences import say
from domain.words.codes import RuleNumber
from domain.words.limits import ENTRIES_OF_A_PAGE, MOST_ENTRIES


class LedgerPage(Frozen):
    """Some of a ledger, as its reader may have it. `next`: the number from which to ask on; none at its end."""

    entries: Annotated[tuple[Entry | Withheld, ...], Field(max_length=ENTRIES_OF_A_PAGE)]
    next: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True)
class Sight:
    """What one reader sees of one delivery as it stands."""

    reader: Service
    whole: bool
    legs: tuple[int, ...]
    checkpoints: tuple[str, ...]

    def own(self, service: str, delivery: Delivery) -> bool:
        """Whether this is the reader, or a service of its State."""
        known = delivery.directory.find(service)
        same = known is not None and known.state is not None and known.state == self.reader.state
        return service == self.reader.id or same


def sight(delivery: Delivery, reader: Service) -> Sight:
    """What this reader sees of the delivery as it stands. Its legs: those that it is responsible for or travels with; of a
    prosecutor or court, those with its State among their `states`. Its checkpoints: those of the plan, and those that opened and
    were taken out of it, at either end of its legs, at which it `is_asked`, or that are in its State, if it is a prosecutor or
    court; and of those that no plan holds, closed ones too, at which it `is_asked`, or whose key is one of these.
    """
    plan, role, opened = delivery.plan, role_of(reader, delivery.plan), delivery.state.every_checkpoint()
    legs = tuple(
        number
        for number, leg in enumerate(plan.legs)
        if reader.id in (leg.responsible, *leg.accompanied_by) or (role == "prosecutor" and reader.state in leg.states)
    )
    beside = [name for number in legs for name in (plan.legs[number].start, plan.legs[number].end)]
    gone = [one.checkpoint for name, one in opened.items() if plan.find(name) is None]
    planned = [
        one.id
        for one in (*plan.checkpoints, *(one for one in gone if isinstance(one, PlannedCheckpoint)))
        if one.id in beside
        or _is_asked(reader.id, one, delivery.state.seen(one.id))
        or (role == "prosecutor" and one.state == reader.state)
    ]
    unforeseen = [
        name
        for name, progress in opened.items()
        if progress.contingency is not None and (_is_asked(reader.id, None, progress) or progress.key in planned)
    ]
    return Sight(reader, sees_all(delivery, reader), legs, (*planned, *unforeseen))


def whole(delivery: Delivery) -> Sight:
    """What its initiator sees, as every other does who sees the whole."""
    return Sight(delivery.directory.get(delivery.plan.initiator), whole=True, legs=(), checkpoints=())


def sees_all(delivery: Delivery, reader: Service) -> bool:
    """Whether this reader sees the whole."""
    return reach(role_of(reader, delivery.plan), "view") in ("all", "own")


def _is_asked(service: str, planned: PlannedCheckpoint | None, progress: Progress | None) -> bool:
    """Whether it is asked there, by the plan or as it opened, or the ladder has come to it."""
    if planned is not None and service in planned.services():
        return True
    if progress is None:
        return False
    rungs = progress.checkpoint.escalate[: progress.escalated]
    return service in progress.checkpoint.services() or any(rung.to == service for rung in rungs)


def page(delivery: Delivery, reader: Service, since: int, most: int = MOST_ENTRIES) -> list[Entry | Withheld]:
    """The ledger from a number on, so many entries of it at most, as this reader may have it."""
    seen, ledger = sight(delivery, reader), delivery.ledger
    end = min(since + most, length(delivery, seen))
    return [_had(delivery, seen, ledger[seq]) for seq in range(max(since, ledger.kept), end)]


def newest_first(delivery: Delivery, seen: Sight, before: int) -> Iterator[Entry | Withheld]:
    """The same from the entry before that number backwards, for who does not need all: each is looked at as it is asked for."""
    ledger, end = delivery.ledger, min(before, length(delivery, seen))
    return (_had(delivery, seen, ledger[seq]) for seq in range(end - 1, ledger.kept - 1, -1))


def _had(delivery: Delivery, seen: Sight, entry: Entry | LeftOut) -> Entry | Withheld:
    if isinstance(entry, Entry) and sees(delivery, seen, entry):
        return entry
    return Withheld(seq=entry.seq, leaf=delivery.ledger.leaf_at(entry.seq))


def length(delivery: Delivery, seen: Sight) -> int:
    """How many entries this reader is shown, withheld ones included. Before the first checkpoint of step `authorise` has opened,
    a participant's ledger ends with the newest entry that it may read, so that their number does not tell whether another
    operation was found (R15).
    """
    begun = any(one.id in delivery.state.progress for one in delivery.plan.at("authorise"))
    if seen.whole or begun:
        return len(delivery.ledger)
    own = (one.seq for one in reversed(delivery.ledger.entries) if sees(delivery, seen, one))
    return next(own, 0) + 1


def sees(delivery: Delivery, seen: Sight, entry: Entry) -> bool:
    """Whether an entry of the ledger is this reader's to read."""
    event = entry.event
    if isinstance(event, Stated):
        return _hears(delivery, seen, book_of(delivery).read(event.envelope), entry.seq)
    if seen.whole:
        return True
    match event.readers:
        case "everybody":
            return True
        case "speaker":
            return isinstance(event, TakenUp) and hears_statement(delivery, seen, event.statement)
        case "checkpoint":
            return _named_there(delivery, seen, getattr(event, "checkpoint", None))
        case "notice":
            concerns = isinstance(event, Told) and event.kind in ("reminder", "escalation", "withdrawn")
            return concerns and _named_there(delivery, seen, getattr(event, "checkpoint", None))
        case "own_state":
            return seen.own(getattr(event, "service", ""), delivery)
        case "leg":
            return getattr(event, "leg", None) in seen.legs
        case "whole":
            return False  # the plan, conflicts, halts and conclusions name what is others'; the view says them in general


def _named_there(delivery: Delivery, seen: Sight, name: str | None) -> bool:
    """Whether it sees this checkpoint, and not everybody is asked there: who else takes part is not seen there."""
    return name in seen.checkpoints and not everybody_named(delivery, name)


def everybody_named(delivery: Delivery, name: str | None) -> bool:
    """Whether everybody is asked at this checkpoint, so that who else takes part must not be seen there."""
    progress = delivery.state.seen(name)
    contingency = book_of(delivery).contingencies.get(progress.contingency or "") if progress is not None else None
    return contingency is not None and contingency.declares.everybody_named


def hears_statement(delivery: Delivery, seen: Sight, statement: str) -> bool:
    """Whether the statement recorded first under this id is the reader's to read."""
    known = delivery.state.statements.first(statement)
    entry = delivery.ledger[known.seq] if known is not None else None
    if not isinstance(entry, Entry) or not isinstance(entry.event, Stated):
        return False
    return _hears(delivery, seen, book_of(delivery).read(entry.event.envelope), entry.seq)


def _hears(delivery: Delivery, seen: Sight, said: Statement, seq: int) -> bool:
    """Whether a statement is this reader's to read: what it said, or was said for it. Else only what its handling code lets it
    `may_read`, where it is addressed if it sees the checkpoint, or its State is the one that is asked. Of that, who sees the
    whole reads everything, and others what the readers of its kind say. What is said of several consignments
    of a group, only who sees the whole.
    """
    name, reader, content = said.checkpoint, seen.reader, kind_of(said)
    if reader.id in (said.service, said.on_behalf_of):
        return True
    if said.members is not None and not seen.whole:
        return False  # it names siblings; what follows from it here, the view says
    here = _named_there(delivery, seen, name)
    asked = content.declares.readers == "both_states" and reader.state == getattr(content, "to", "")
    if not handling.may_read(delivery, said, seq, reader, addressed=here or asked):
        return False
    if seen.whole or reader.id in content.addressees():
        return True
    own = seen.own(said.service, delivery)
    match content.declares.readers:
        case "addressed":
            return False
        case "as_named":
            return hears_statement(delivery, seen, getattr(content, "of", ""))
        case "leg":
            return all(one in seen.legs for one in content.legs(delivery.state, said.voice, seq))
        case "own_state":
            return own
        case "both_states":
            return own or asked
        case "prosecution":
            return may_prosecute(reader)
        case "both_sides":
            return here
        case "asked_there":  # with reasons, which are for those who are asked there
            there = name is not None and _is_asked(reader.id, delivery.plan.find(name), delivery.state.seen(name))
            return here if own else there
        case "checkpoint":
            return here and own


def what_halted(delivery: Delivery, seen: Sight) -> Finding | Cause | None:
    """Why nothing advances: what was found, for those whose word it was; else what it was in general."""
    halt = delivery.state.halt
    if halt is None:
        return None
    if seen.whole or (halt.by is not None and seen.own(halt.by, delivery)):
        return halt.finding
    return "decision" if halt.cause == "conflict" else halt.cause


def why_halted(delivery: Delivery, seen: Sight) -> str | None:
    """The same in words."""
    halt, found = delivery.state.halt, what_halted(delivery, seen)
    if halt is None or found is None:
        return None
    if isinstance(found, Finding):
        return say(found)
    rule = rule_of_halt(delivery, seen)
    return f"{rule}: {IN_GENERAL[found]}" if rule is not None else IN_GENERAL[found]


def rule_of_halt(delivery: Delivery, seen: Sight) -> RuleNumber | None:
    """The rule by which nothing advances. Where it was decided not to go on, only those whose word it was hear by which: it could
    be that of conflicts.
    """
    halt = delivery.state.halt
    return None if halt is None or what_halted(delivery, seen) == "decision" else halt.rule
