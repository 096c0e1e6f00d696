"""The usual course of a delivery at a table, step by step, and what tests of rules ask of it."""

from datetime import datetime
from typing import Any

import pytest

from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Entry, Receipt, salt
from domain.plan.plan import Plan
from domain.record.replay import replay
from domain.rules.course import upcoming
from domain.words.errors import NotVerified
from domain.words.moments import utc_text
from tests.support import SECRET, Table

TOLERANCE = 20_000
GROSS = 13_900_000
"""Milligrams, as in the plan of Almaty - Tashkent: 20 g and 13.9 kg."""


def became(answer: Receipt) -> tuple[str, str | None]:
    """What became of a statement: verdict and rule."""
    return answer.verdict.verdict, answer.verdict.rule


def refusal(answer: Receipt) -> str | None:
    """The code by which it does not count; none where it does, whatever is remarked of it."""
    return code(answer) if answer.verdict.verdict != "accepted" else None


def code(answer: Receipt) -> str | None:
    """The code of the verdict."""
    return answer.verdict.finding.code if answer.verdict.finding is not None else None


def forbidden(table: Table, event: AnyEvent, instead_of: Entry | None = None) -> str:
    """Why a stranger does not believe a ledger that has this put in: at its end now, or instead of one entry."""
    entries = table.delivery.ledger.entries
    seq, at = (len(entries), utc_text(table.now)) if instead_of is None else (instead_of.seq, instead_of.at)
    put_in = Entry(seq=seq, at=at, salt=salt(SECRET, seq, event), event=event)
    with pytest.raises(NotVerified) as refused:
        replay((*entries[:seq], put_in), table.directory, table.cards)
    assert refused.value.entry == seq
    return refused.value.reason


def entry_of(table: Table, kind: str, **fields: Any) -> Entry:
    """The first entry of this kind with these fields."""
    return next(
        entry
        for entry in table.delivery.ledger.entries
        if entry.event.event == kind and all(getattr(entry.event, name) == value for name, value in fields.items())
    )


def outcome_of(table: Table) -> str | None:
    """The outcome, once whoever is responsible has seized it and everybody had the time to acknowledge."""
    table.say(table.delivery.state.responsible, "interdicted")
    table.pass_time(hours=12)
    return table.delivery.state.outcome


def prepared(table: Table) -> Table:
    """Preparation, where it is open."""
    for one in table.plan.at("prepare"):
        table.say(one.services()[0], "prepared", one.id)
    table.say("kz.knb", "ready", "preparation")
    return table


def dispatched(table: Table) -> Table:
    """Preparation, and on its way."""
    prepared(table)
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    return table


def altered(table: Table, name: str, **changed: Any) -> str:
    """Why a stranger does not believe a ledger in which the last event of this name says this instead."""
    entry = [one for one in table.delivery.ledger.entries if one.event.event == name][-1]
    event = entry.event.model_copy(update=changed)
    assert event != entry.event
    return forbidden(table, event, instead_of=entry)


def brings(table: Table, **span: float) -> list[str]:
    """The names of what is recorded while this time goes by."""
    before = len(table.events)
    table.pass_time(**span)
    return table.events[before:]


def coming(table: Table, until: datetime) -> AnyEvent | None:
    """What will be decided next, up to this instant, if nobody speaks."""
    found = upcoming(table.delivery, until)
    return found[1] if found is not None else None


def consenting(**until: str) -> Table:
    """Both States have been asked and have consented until these times."""
    table = Table()
    for state in ("kz", "uz"):
        other = {"valid_until": until[state]} if state in until else {}
        answer = table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **other)
        assert became(answer) == ("accepted", None)
    return table


def arrested(arrests: int = 2) -> Table:
    """Delivered, so many arrests made, and all of it is to be accounted for."""
    table = Table().deliver()
    for number, (service, at) in enumerate((("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty"))):
        table.say(service, "arrest_made" if number < arrests else "no_arrest", at)
    return table


def accounted(arrests: int = 2) -> Table:
    """Everything up to the outcome, with so many arrests."""
    table = arrested(arrests)
    table.say("uz.customs", "seizure", "accounting")
    return table


PHASES: dict[str, Any] = {
    "asked": Table,
    "consented": lambda: Table().consent(),
    "prepared": lambda: Table().prepare(),
    "dispatched": lambda: Table().dispatch(),
    "handed over": lambda: Table().dispatch().hand_over(),
    "delivered": lambda: Table().deliver(),
    "arrested": arrested,
    "accounted": accounted,
}


def replaced(plan: Plan, name: str, **changed: Any) -> Plan:
    """The plan, with one checkpoint changed."""
    checkpoints = tuple(
        checkpoint.model_copy(update=changed) if checkpoint.id == name else checkpoint for checkpoint in plan.checkpoints
    )
    return plan.model_copy(update={"checkpoints": checkpoints})
