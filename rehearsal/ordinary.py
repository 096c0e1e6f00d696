"""The scenario of a plan in which everybody does what it asks: the one to begin with, and to bend into others."""

from typing import Any

from domain.plan.plan import Plan, PlannedCheckpoint
from domain.rules.books import BOOK
from domain.words.text import fill

SHOWN = ("authorise", "prepare", "dispatch", "hand_over", "deliver", "arrest", "account")
"""Steps of which the trail shows each checkpoint, in the order in which they open."""
NOT_SHOWN = ("ready", "handover_offer", "permission", "agreement")
"""What is asked beside that of which the step is named."""


def ordinary(plan: Plan, file: str = "plan.yaml") -> dict[str, Any]:
    """The scenario, as people write it: it ends as planned, and its trail is the way of the plan."""
    delivered = "returned_to_sender" if plan.reverse else "delivered_with_arrests"
    outcome = "interdicted_as_planned" if plan.ends_with_a_seizure() and not plan.reverse else delivered
    said = [one for step in SHOWN for at in plan.at(step) if at.after is None for one in _said(at)]  # type: ignore[arg-type]
    return {
        "vigil": "scenario/1",
        "title": fill("{operation}, as planned", operation=plan.operation),
        "source": "synthetic",
        "plan": file,
        "pace": {"fastest": "10m", "slowest": "1h"},
        "expect": {"outcome": outcome, "trail": [*said, {"event": "concluded", "outcome": outcome}]},
    }


def _said(checkpoint: PlannedCheckpoint) -> list[dict[str, Any]]:
    """The first answer of each checkpoint but for arrests and accounts, which may come in any order: that they close."""
    if checkpoint.step in ("arrest", "account", "authorise"):
        return [{"event": "opened", "checkpoint": checkpoint.id}] if checkpoint.step == "arrest" else []
    one = next(one for one in checkpoint.requires if one.says not in NOT_SHOWN)
    return [{"service": one.service, "says": BOOK.confirming(one.says), "checkpoint": checkpoint.id, "verdict": "accepted"}]
