"""The usual course of a delivery at a table, step by step, and what tests of rules ask of it."""

from typing import Any

import pytest

from domain.delivery.ledger import Cleared, Event, Opened, Receipt
from domain.plan.plan import Plan
from domain.rules import unforeseen
from domain.rules.timers import elapsed
from domain.words.errors import RuleBroken
from domain.words.moments import utc_text
from tests.support import Table

TOLERANCE = 20_000
GROSS = 13_900_000
"""Milligrams, as in the plan of Almaty - Tashkent: 20 g and 13.9 kg."""


def became(answer: Receipt) -> tuple[str, str | None]:
    """What became of a statement: verdict and rule."""
    return answer.verdict.verdict, answer.verdict.rule


def forbidden(table: Table, event: Event) -> str:
    """The rule that forbids this event now; nothing is recorded."""
    before = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as broken:
        table.record(event)
    assert len(table.delivery.ledger) == before
    return broken.value.rule


def let_time_bring(table: Table) -> tuple[str, ...]:
    """Record everything time has brought by now, as the story does; its names."""
    brought = []
    while due := elapsed(table.delivery, table.now):
        for event in due:
            if event in elapsed(table.delivery, table.now):
                table.record(event)
                brought.append(event.event)
    return tuple(brought)


def open_unforeseen(table: Table, name: str) -> None:
    """Open what the rules call for, with the due time they give it."""
    definition = unforeseen.definition(table.delivery, name)
    assert definition is not None, name
    due = None if unforeseen.waits_without_end(name) else utc_text(table.now + definition.due)
    table.record(Opened(checkpoint=name, due=due, definition=definition))


def consenting(**until: str) -> Table:
    """Both States have been asked and have consented until these times."""
    table = Table()
    table.open("consent-kz", "consent-uz")
    for state in ("kz", "uz"):
        other = {"valid_until": until[state]} if state in until else {}
        assert became(table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **other)) == (
            "accepted",
            None,
        )
    table.close("consent-kz", "consent-uz")
    return table


def prepared(table: Table) -> Table:
    """Preparation done after `consenting`."""
    table.open("preparation")
    table.say("kz.customs", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    return table


def under_way(table: Table) -> Table:
    """Cleared and dispatched after `prepared`."""
    table.record(Cleared(leg=0))
    table.open("departure")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.customs", "dispatched")):
        table.say(service, kind, "departure")
    table.close("departure")
    return table


def handed_over(table: Table | None = None) -> Table:
    """Custody is with the customs of Uzbekistan."""
    table = table or Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    table.close("tashkent-airport")
    return table


def delivered() -> Table:
    """Delivered, and the arrest checkpoints are open."""
    table = handed_over()
    table.open("delivery")
    table.say("uz.customs", "delivered", "delivery")
    table.close("delivery")
    table.open("arrest-tashkent", "arrest-almaty")
    return table


def accounted(arrests: int = 2) -> Table:
    """Everything but the outcome."""
    table = delivered()
    for number, (service, at) in enumerate((("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty"))):
        table.say(service, "arrest_made" if number < arrests else "no_arrest", at)
    table.close("arrest-tashkent", "arrest-almaty")
    table.open("accounting")
    table.say("uz.customs", "seizure", "accounting")
    table.close("accounting")
    return table


PHASES: dict[str, Any] = {
    "begun": Table,
    "asked": lambda: opened(Table(), "consent-kz", "consent-uz"),
    "consented": lambda: Table().consent(),
    "prepared": lambda: Table().prepare(),
    "dispatched": lambda: Table().dispatch(),
    "approaching": lambda: Table().approach(),
    "handed over": handed_over,
    "delivered": delivered,
    "accounted": accounted,
}


def opened(table: Table, *names: str) -> Table:
    """The table, with these open."""
    table.open(*names)
    return table


def replaced(plan: Plan, name: str, **changed: Any) -> Plan:
    """The plan, with one checkpoint changed."""
    checkpoints = tuple(
        checkpoint.model_copy(update=changed) if checkpoint.id == name else checkpoint for checkpoint in plan.checkpoints
    )
    return plan.model_copy(update={"checkpoints": checkpoints})
