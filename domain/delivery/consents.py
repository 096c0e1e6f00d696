"""Consent: which State has authorised what, for how long, and whether that carries the delivery through (R1, R2, R3, R5).

Consent is only ever a statement: nothing here turns silence into one (R2). A State is authorised while enough of the
authorities its checkpoints ask hold a live grant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.delivery.statements import Condition
from domain.plan.cards import Modality, Permission, RuleCard
from domain.plan.plan import Plan, PlannedCheckpoint


@dataclass
class Grant:
    """One authority's authorisation, as last extended."""

    service: str
    state: str
    modalities: tuple[Modality, ...]
    valid_from: datetime
    valid_until: datetime
    at: str = ""
    """The checkpoint that asked for it."""
    conditions: tuple[Condition, ...] = ()
    provisional: bool = False
    """Not final yet: it authorises nothing."""
    withdrawn: bool = False
    expired: bool = False
    warnings: int = 0
    """How many of the plan's lead times have passed (R5)."""

    def live(self, at: datetime) -> bool:
        """Whether it authorises anything at this instant."""
        return not self.provisional and not self.withdrawn and not self.expired and self.valid_from <= at < self.valid_until

    def binding(self, checkpoint: str) -> tuple[tuple[str, str], ...]:
        """Number and text of the conditions that bind this checkpoint (R19)."""
        if self.provisional or self.withdrawn:
            return ()
        numbered = enumerate(self.conditions, 1)
        return tuple((f"{self.service}/{number}", one.text) for number, one in numbered if one.at == checkpoint)


@dataclass(frozen=True)
class Permit:
    """A permission of its own (R16)."""

    service: str
    permissions: tuple[Permission, ...]
    valid_from: datetime
    valid_until: datetime


Grants = dict[str, Grant]
Permits = dict[str, list[Permit]]
"""State to what it has permitted."""


def permitted(permits: Permits, state: str, permission: Permission, at: datetime) -> bool:
    """Whether the State permits this at this instant."""
    return any(permission in one.permissions and one.valid_from <= at < one.valid_until for one in permits.get(state, ()))


def lacking(  # noqa: PLR0913, PLR0917 - a plan, the law, what was permitted, where and when
    plan: Plan,
    cards: Mapping[str, RuleCard],
    permits: Permits,
    states: tuple[str, ...],
    at: datetime,
    over: tuple[Permission, ...] = (),
) -> tuple[str, ...]:
    """What these States' cards want permitted apart and is not, as `UZ: opening` (R16); not what is `over` already."""
    return tuple(
        f"{state}: {permission.replace('_', ' ')}"
        for state in states
        for permission in plan.permissions(cards[state])
        if permission not in over and not permitted(permits, state, permission, at)
    )


def authorised(plan: Plan, grants: Grants, state: str, at: datetime, until: datetime | None = None) -> bool:
    """Whether the State's authorisation is live at `at` and, if given, lasts until `until` (R1)."""
    checkpoints = [one for one in plan.at("authorise") if one.state == state and one.authorities()]

    order = [one.id for one in checkpoints]

    def holds(service: str, asked: PlannedCheckpoint) -> bool:
        """An act given when the State was asked later covers what it was asked before; not the other way round."""
        grant = grants.get(service)
        if grant is None or not grant.live(at) or (until is not None and until > grant.valid_until):
            return False
        return grant.at in order[order.index(asked.id) :]

    def enough(asked: PlannedCheckpoint) -> bool:
        wanted = asked.quorum() - (len(asked.services()) - len(asked.authorities()))
        return sum(holds(service, asked) for service in asked.authorities()) >= wanted

    return bool(checkpoints) and all(map(enough, checkpoints))


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
