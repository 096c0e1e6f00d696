"""What each State's rule card demands of a plan, for the officer who must ask for consent. Pure; it refuses nothing.

What a plan may not be is refused in `domain.planning`. Here stands what its cards say about it: the ways of handling (R3),
who may grant (R1), and the longest validity of one authorisation beside the time for which this plan needs one (R5). What a
card does not know is said so: then the State's own authorisation decides.
"""

from collections.abc import Mapping
from datetime import timedelta

from domain.canonical import Frozen
from domain.cards import Modality, NotKnown, RuleCard
from domain.directory import ServiceKind
from domain.plan import Plan
from domain.quantities import Span


class Demand(Frozen):
    """What one State's card says about one plan. None where the card does not know, and the authorisation decides."""

    state: str
    version: str
    example: bool
    modalities: tuple[Modality, ...] | NotKnown
    modality_allowed: bool | None
    granted_by: tuple[ServiceKind, ...] | NotKnown
    asked: tuple[str, ...]
    """Whom the plan asks to authorise there."""
    longest: Span | NotKnown
    needed: Span
    """For how long a consent must run, from being asked, if every step takes as long as it may."""
    extension_likely: bool | None
    """Whether that is longer than one authorisation may be valid, so that it must be extended on the way."""
    sources: tuple[str, ...]
    notes: str


def demands(plan: Plan, cards: Mapping[str, RuleCard]) -> tuple[Demand, ...]:
    """For each State on the route, in its order. The plan has been checked, so each has a card."""
    return tuple(_demand(plan, cards[state]) for state in plan.states())


def needed(plan: Plan, state: str) -> timedelta:
    """How long this State's consent must run from being asked: what its request states (`domain.requests`)."""
    before = (plan.at("authorise"), plan.at("prepare"), plan.at("dispatch"))
    steps = sum((max(checkpoint.due for checkpoint in step) for step in before if step), timedelta())
    return steps + plan.time_to_leave(state) + plan.margin + plan.contingencies.extension


def _demand(plan: Plan, card: RuleCard) -> Demand:
    span = needed(plan, card.state)
    return Demand(
        state=card.state,
        version=card.version,
        example=card.example,
        modalities=card.modalities,
        modality_allowed=card.allows(plan.modality),
        granted_by=card.granted_by,
        asked=plan.authorities(card.state),
        longest=card.longest,
        needed=span,
        extension_likely=None if card.longest == "not known" else span > card.longest,
        sources=card.sources,
        notes=card.notes,
    )
