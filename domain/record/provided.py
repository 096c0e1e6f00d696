"""What services have provided, and what of it may not be in a packet for a court or for a State (R23)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import LeftOut
from domain.delivery.reported import Amended, Diverged, Started, Stated
from domain.delivery.statement import Statement
from domain.plan.plan import read_plan
from domain.plan.vocabulary import HandlingCode
from domain.rules.handling import COURT, bound, code_of, permitted, third_state
from domain.rules.kind import kind_of
from domain.rules.speaking import Correction
from domain.words.errors import RuleBroken
from domain.words.text import fill, one_by_one, together


@dataclass(frozen=True)
class Provided:
    """One thing that a service has provided."""

    seq: int
    provider: str
    code: HandlingCode
    statement: Statement | None
    """None: the plan."""
    decides: bool
    """Whether anything else in the record may rest on it; if not, it can be left out of a copy."""
    asks: tuple[str, ...] = ()
    """The States to which the request of a plan says something."""

    @property
    def name(self) -> str:
        """What it is, in words."""
        return fill("the plan") if self.statement is None else f"{self.statement.kind} {self.statement.id}"


MOST_NAMED = 3
"""Of what one provider has not permitted: what it permits, it permits at once."""


def raise_if_any(barred: Iterable[Provided], purpose: str, delivery: Delivery) -> None:
    """Raises `RuleBroken` (R23) if anything is barred from this purpose, and names whom to ask; once the ledger is closed, that
    nobody can permit it any more, so that nobody is sent to ask for it.
    """
    faults = _not_permitted(barred)
    if not faults:
        return
    hint = fill("have each say `disclosure_permitted` to={purpose}, see docs/statements.md", purpose=purpose)
    sentence = fill("not for {purpose} yet: {faults}", purpose=purpose, faults=faults)
    if delivery.state.ended:
        hint = fill(
            "the ledger is closed: that can be permitted no more; when it can, docs/statements.md says (`disclosure_permitted`)"
        )
        sentence = fill("not for {purpose}: {faults}", purpose=purpose, faults=faults)
    raise RuleBroken("R23", sentence, reason="disclosure_not_permitted", hint=hint)


def _not_permitted(held: Iterable[Provided]) -> str:
    """Who has not permitted what, provider by provider; of many things of one, how many more there are. Empty for nothing."""
    by: dict[str, list[Provided]] = {}
    for one in held:
        by.setdefault(one.provider, []).append(one)
    return one_by_one(fill("{provider} has not permitted {what}", provider=one, what=_named(its)) for one, its in by.items())


def _named(its: Sequence[Provided]) -> str:
    named = together(fill("{what} ({code})", what=one.name, code=one.code) for one in its[:MOST_NAMED])
    return fill("{some} and {count} more", some=named, count=len(its) - MOST_NAMED) if len(its) > MOST_NAMED else named


def items(delivery: Delivery) -> Iterator[Provided]:
    """Everything that services have provided, in the order of the ledger: a plan by the initiator, under its own code; a
    statement by its service, under its `code_of`. A plan decides something. A statement does unless its kind may be left out or
    it was refused or late, and no correction and no permission that counts names it.
    """
    referred = {correction.of for correction in _corrections(delivery)}
    referred |= {statement for one in delivery.state.disclosures for statement in one.statements}
    for entry in delivery.ledger.entries:
        match entry.event:
            case Started(plan=signed) | Amended(plan=signed):
                plan = read_plan(signed)
                asks = tuple(plan.request.to)
                yield Provided(entry.seq, plan.initiator, plan.handling_code, None, decides=True, asks=asks)
            case Stated(envelope=envelope, verdict=verdict):
                said = delivery.law.read(envelope)
                idle = kind_of(said).declares.may_be_left_out or verdict.verdict in ("refused", "late")
                decides = not idle or said.id in referred
                yield Provided(entry.seq, said.service, code_of(delivery, said), said, decides=decides)


def _corrections(delivery: Delivery) -> Iterator[Correction]:
    for entry in delivery.ledger.entries:
        if isinstance(entry.event, Stated):
            content = delivery.law.read(entry.event.envelope).content
            if isinstance(content, Correction):
                yield content


def held_back(delivery: Delivery, to: str) -> tuple[Provided, ...]:
    """What may not be in a packet for a court, or for a State: what its code has `bound` there, and a plan in a packet for a
    `third_state` where its request says something to another State, since it holds what that one is asked; unless it has been
    `permitted` to go there. Of the operation's own nothing is held back.
    """
    if to == "operation":
        return ()
    return tuple(item for item in items(delivery) if _is_bound(item, delivery, to) and not _may_go(item, delivery, to))


def _is_bound(item: Provided, delivery: Delivery, to: str) -> bool:
    """By its code; or it is a plan, and holds the request to another State, which is not for this one."""
    asks_others = any(state != to for state in item.asks)
    return bound(delivery, item.code, item.provider, to) or (
        asks_others and to != COURT and third_state(delivery, item.provider, to)
    )


def held_back_beside(delivery: Delivery, other: Delivery, since: int, to: str) -> tuple[Provided, ...]:
    """The same of what another history of it has from its first other entry on. It is permitted there; or here: by name, or with
    all that was provided, once it was known that the record had been put back.
    """
    known = _put_back_at(delivery)

    def may_go(item: Provided) -> bool:
        statement = item.statement.id if item.statement is not None else None
        return _permitted_here(delivery, item.provider, statement, known, to)

    return tuple(item for item in held_back(other, to) if item.seq >= since and not may_go(item))


def left_out_though_permitted(delivery: Delivery, to: str) -> Iterator[LeftOut]:
    """What is left out of a packet for a court, or for a State, and may be in it."""
    for entry in delivery.ledger:
        if isinstance(entry, LeftOut) and permitted(delivery, entry.provider, entry.statement, entry.seq, to):
            yield entry


def left_out_beside_though_permitted(delivery: Delivery, other: Delivery, since: int, to: str) -> Iterator[LeftOut]:
    """The same of what another history of it has from its first other entry on: permitted there, or here."""
    known = _put_back_at(delivery)
    for entry in other.ledger.since(since):
        if isinstance(entry, LeftOut):
            there = permitted(other, entry.provider, entry.statement, entry.seq, to)
            if there or _permitted_here(delivery, entry.provider, entry.statement, known, to):
                yield entry


def _permitted_here(delivery: Delivery, service: str, statement: str | None, known: int, to: str) -> bool:
    """Whether a service has permitted that what stands in a history that was put back goes there: by name, or with all that it
    had said, once that was known by entry `known`.
    """
    mine = [one for one in delivery.state.disclosures if (one.service, one.to) == (service, to)]
    return any(statement in one.statements or (not one.statements and one.seq >= known) for one in mine)


def _put_back_at(delivery: Delivery) -> int:
    """The entry by which it was known that the record had been put back."""
    forks = [entry.seq for entry in delivery.ledger.entries if isinstance(entry.event, Diverged)]
    return min(forks, default=len(delivery.ledger))


def _may_go(item: Provided, delivery: Delivery, to: str) -> bool:
    statement = item.statement.id if item.statement is not None else None
    return permitted(delivery, item.provider, statement, item.seq, to)
