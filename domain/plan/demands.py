"""What each State's rule card demands of a plan, for the officer who must ask for consent. Pure; it refuses nothing.

What a plan may not be is refused in `domain.plan.check`. Here stands what its cards say about it: the ways of handling (R3),
who may grant (R1), what needs a permission of its own (R16), the notice a State must be given, the longest validity of one
authorisation beside the time for which this plan needs one (R5), the duties of whoever authorises, and the languages of a
request. What a card does not know is said so: then the State's own authorisation decides.
"""

from collections.abc import Mapping
from datetime import timedelta

from domain.plan.cards import Duty, Language, Modality, NotKnown, Permission, RuleCard
from domain.plan.directory import ServiceKind
from domain.plan.plan import Plan
from domain.signing.canonical import Frozen
from domain.words.quantities import Span


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
    separate: tuple[Permission, ...] | NotKnown
    permissions: tuple[Permission, ...]
    """What of it this plan does there, so that it must be permitted."""
    permission_asked: tuple[str, ...]
    """Whom the plan asks to permit it."""
    notice: Span | NotKnown
    answer_within: Span
    """The least time this plan gives that State to answer."""
    longest: Span | NotKnown
    needed: Span
    """For how long a consent must run, from being asked, if every step takes as long as it may."""
    extension_likely: bool | None
    """Whether that is longer than one authorisation may be valid, so that it must be extended on the way."""
    duties: tuple[Duty, ...]
    languages: tuple[Language, ...] | NotKnown
    sources: tuple[str, ...]
    notes: str


def demands(plan: Plan, cards: Mapping[str, RuleCard]) -> tuple[Demand, ...]:
    """For each State on the route, in its order. The plan has been checked, so each has a card."""
    return tuple(_demand(plan, cards[state]) for state in plan.states())


def needed(plan: Plan, state: str) -> timedelta:
    """How long this State's consent must run from being asked: what its request states (`domain.views.asked`)."""
    before = (plan.at("authorise"), plan.at("prepare"), plan.at("dispatch"))
    steps = sum((max(checkpoint.due for checkpoint in step) for step in before if step), timedelta())
    return steps + plan.time_to_leave(state) + plan.margin + plan.contingencies.extension


def _demand(plan: Plan, card: RuleCard) -> Demand:
    span = needed(plan, card.state)
    asking = [one for one in plan.at("authorise") if one.state == card.state]
    return Demand(
        state=card.state,
        version=card.version,
        example=card.example,
        modalities=card.modalities,
        modality_allowed=card.allows(plan.modality),
        granted_by=card.granted_by,
        asked=plan.authorities(card.state),
        separate=card.separate,
        permissions=plan.permissions(card),
        permission_asked=tuple(need.service for one in asking for need in one.requires if need.says == "permission"),
        notice=card.notice,
        answer_within=min(one.due for one in asking),
        longest=card.longest,
        needed=span,
        extension_likely=None if card.longest == "not known" else span > card.longest,
        duties=card.duties,
        languages=card.languages,
        sources=card.sources,
        notes=card.notes,
    )
