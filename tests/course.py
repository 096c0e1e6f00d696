"""The usual course of a delivery at a table, step by step, and what tests of rules ask of it."""

from typing import Any

from domain.delivery.ledger import Receipt
from domain.plan.plan import Plan
from tests.support import Table

TOLERANCE = 20_000
GROSS = 13_900_000
"""Milligrams, as in the plan of Almaty - Tashkent: 20 g and 13.9 kg."""


def became(answer: Receipt) -> tuple[str, str | None]:
    """What became of a statement: verdict and rule."""
    return answer.verdict.verdict, answer.verdict.rule


def code(answer: Receipt) -> str | None:
    """The code of the verdict."""
    return answer.verdict.finding.code if answer.verdict.finding is not None else None


def consenting(**until: str) -> Table:
    """Both States have been asked and have consented until these times."""
    table = Table()
    for state in ("kz", "uz"):
        other = {"valid_until": until[state]} if state in until else {}
        answer = table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **other)
        assert became(answer) == ("accepted", None)
    return table


def accounted(arrests: int = 2) -> Table:
    """Everything up to the outcome, with so many arrests."""
    table = Table().deliver()
    for number, (service, at) in enumerate((("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty"))):
        table.say(service, "arrest_made" if number < arrests else "no_arrest", at)
    table.say("uz.customs", "seizure", "accounting")
    return table


PHASES: dict[str, Any] = {
    "asked": Table,
    "consented": lambda: Table().consent(),
    "prepared": lambda: Table().prepare(),
    "dispatched": lambda: Table().dispatch(),
    "handed over": lambda: Table().dispatch().hand_over(),
    "delivered": lambda: Table().deliver(),
    "accounted": accounted,
}


def replaced(plan: Plan, name: str, **changed: Any) -> Plan:
    """The plan, with one checkpoint changed."""
    checkpoints = tuple(
        checkpoint.model_copy(update=changed) if checkpoint.id == name else checkpoint for checkpoint in plan.checkpoints
    )
    return plan.model_copy(update={"checkpoints": checkpoints})
