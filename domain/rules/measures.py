"""What an act may permit beside the delivery, by the card of its State (R16)."""

from datetime import datetime, timedelta

from domain.delivery.verdicts import Verdict, refused
from domain.plan.cards import Case, Measure, RuleCard
from domain.plan.directory import ServiceKind
from domain.plan.plan import Plan
from domain.words.terms import iso_term, outlasts

NOT_BY_IT = refused(
    "R16",
    "may_not_permit",
    "by the rule card of {state} a {service} may not permit {permission}, nor in another's place; let one that may permit it",
    state="name",
    service="word",
    permission="word",
)
PERMITTED_TOO_LONG = refused(
    "R16",
    "permitted_too_long",
    "by the rule card of {state} {permission} may be permitted for {longest} at most",
    state="name",
    permission="word",
    longest="term",
)
EXTENDED_TOO_FAR = refused(
    "R16",
    "measure_extended_too_far",
    "by the rule card of {state} what permits {permission} is extended by at most {step} at a time",
    state="name",
    permission="word",
    step="term",
)
NOT_IN_URGENCY = refused(
    "R16",
    "not_in_urgency",
    "nothing is known that lets a {service} of {state} permit {permission} where it is urgent",
    service="word",
    state="name",
    permission="word",
)


def may_be_permitted(plan: Plan, card: RuleCard, kind: ServiceKind) -> tuple[Measure, ...]:
    """Those of the plan's `permissions` in a State that such a service may permit there."""
    return tuple(one for one in plan.permissions(card) if card.lets_permit(kind, one, plan.case))


def permits_wrongly(
    card: RuleCard,
    case: Case,
    kinds: tuple[ServiceKind, ServiceKind],
    permissions: tuple[Measure, ...],
    window: tuple[datetime, datetime],
) -> Verdict | None:
    """What is wrong with permitting the first of these that a service of the first kind may not permit, or one of the second in
    its place, or that may not be permitted for so long.
    """
    for one in permissions:
        if wrong := not_by_them(card, case, kinds, (one,)):
            return wrong
        rule = card.rule_of(one, case)
        if rule is not None and rule.longest is not None and outlasts(*window, rule.longest):
            return PERMITTED_TOO_LONG(state=card.state, permission=one, longest=iso_term(rule.longest))
    return None


def not_by_them(
    card: RuleCard, case: Case, kinds: tuple[ServiceKind, ServiceKind], permissions: tuple[Measure, ...]
) -> Verdict | None:
    """What is wrong with the first of these that a service of the first kind may not permit, or one of the second for it."""
    for one in permissions:
        for kind in kinds:
            if not card.lets_permit(kind, one, case):
                return NOT_BY_IT(state=card.state, service=kind, permission=one)
    return None


def steps_too_far(
    card: RuleCard, case: Case, permissions: tuple[Measure, ...], step: tuple[datetime, datetime]
) -> Verdict | None:
    """What is wrong with extending what permits these from the first instant to the second: the first that is extended by less at
    a time.
    """
    for one in permissions:
        rule = card.rule_of(one, case)
        if rule is not None and rule.extension is not None and outlasts(*step, rule.extension):
            return EXTENDED_TOO_FAR(state=card.state, permission=one, step=iso_term(rule.extension))
    return None


def extended_wrongly(
    card: RuleCard, case: Case, permissions: tuple[Measure, ...], window: tuple[datetime, datetime], until: datetime
) -> Verdict | None:
    """What is wrong with letting what permits these, from the first instant to the second, run on until this one: the first that
    is extended by more than its step, or where that is not known, beyond its longest.
    """
    begins, ends = window
    if wrong := steps_too_far(card, case, permissions, (ends, until)):
        return wrong
    for one in permissions:
        rule = card.rule_of(one, case)
        if rule is not None and rule.extension is None and rule.longest is not None and outlasts(begins, until, rule.longest):
            return PERMITTED_TOO_LONG(state=card.state, permission=one, longest=iso_term(rule.longest))
    return None


def urgent_wrongly(card: RuleCard, case: Case, kind: ServiceKind, permissions: tuple[Measure, ...]) -> Verdict | None:
    """What is wrong where such a service permits these because it is urgent: the first that no law is known to let it."""
    for one in permissions:
        if card.urgent_for_measure(one, kind, case) is None:
            return NOT_IN_URGENCY(service=kind, state=card.state, permission=one)
    return None


def sanctioned_within(card: RuleCard, case: Case, kind: ServiceKind, permissions: tuple[Measure, ...]) -> timedelta:
    """Within what time these must be sanctioned where such a service has permitted them: the least of what the card gives."""
    rules = (card.urgent_for_measure(one, kind, case) for one in permissions)
    return min(rule.sanctioned_within for rule in rules if rule is not None)
