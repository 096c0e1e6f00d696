"""Consent: which State has authorised what, for how long, and whether that carries the delivery through (R1, R2, R3, R5).

Consent is only ever a statement: nothing here turns silence into one (R2). A State is authorised while enough of the
authorities its checkpoints ask hold a live grant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.cards import Modality
from domain.plan import Plan


@dataclass
class Grant:
    """One authority's authorisation, as last extended."""

    service: str
    state: str
    modalities: tuple[Modality, ...]
    valid_from: datetime
    valid_until: datetime
    conditions: tuple[str, ...] = ()
    withdrawn: bool = False
    expired: bool = False
    warnings: int = 0
    """How many of the plan's lead times have passed (R5)."""

    def live(self, at: datetime) -> bool:
        """Whether it authorises anything at this instant."""
        return not self.withdrawn and not self.expired and self.valid_from <= at < self.valid_until


Grants = dict[str, Grant]


def authorised(plan: Plan, grants: Grants, state: str, at: datetime, until: datetime | None = None) -> bool:
    """Whether the State's authorisation is live at `at` and, if given, lasts until `until` (R1)."""
    checkpoints = [checkpoint for checkpoint in plan.at("authorise") if checkpoint.state == state]

    def holds(service: str) -> bool:
        grant = grants.get(service)
        return grant is not None and grant.live(at) and (until is None or until <= grant.valid_until)

    return bool(checkpoints) and all(
        sum(holds(service) for service in checkpoint.services()) >= checkpoint.quorum() for checkpoint in checkpoints
    )


def missing(plan: Plan, grants: Grants, at: datetime) -> tuple[str, ...]:
    """States on the route, transit included, without a live authorisation (R1)."""
    return tuple(state for state in plan.states() if not authorised(plan, grants, state, at))


def too_short(  # noqa: PLR0913 - what a way through a State depends on
    plan: Plan, grants: Grants, states: tuple[str, ...], at: datetime, *, leg: int, margin: timedelta
) -> tuple[str, ...]:
    """Of these States, those whose authorisation ends before the planned exit plus margin, seen from the start of `leg` (R5)."""
    return tuple(
        state for state in states if not authorised(plan, grants, state, at, at + plan.time_to_leave(state, leg) + margin)
    )


def conflicting(plan: Plan, grants: Grants) -> tuple[str, ...]:
    """States whose authorisation does not allow the plan's way of handling (R3)."""
    return tuple(
        dict.fromkeys(grant.state for grant in grants.values() if not grant.withdrawn and plan.modality not in grant.modalities)
    )
