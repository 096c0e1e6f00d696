"""What must be true of whatever is measured (R7, R10): it is what the plan has checked, who let something go unmeasured may do
so, and no sum is impossible. A brake is not held to it: what it says is compared, and no less a stop.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import get_args

from domain.delivery.delivery import Delivery
from domain.delivery.grants import Grant
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused, remarked
from domain.plan.goods import AnyAmount, Check, Checked, Item, SubstanceMass, Unit, least_mass
from domain.plan.plan import Plan
from domain.plan.quantity import Quantity, Unmeasured, allowers, bounds, leaves_in
from domain.plan.substances import contradiction
from domain.signing.canonical import Sent

CHECKED_OTHERWISE = refused(
    "R7", "checked_otherwise", "it was checked by {given}; this plan has it checked by {asked}", given="words", asked="words"
)
NOT_THEIRS_TO_ALLOW = refused(
    "R7",
    "not_theirs_to_allow",
    "{services} is not asked to authorise there, so it cannot allow that something is not measured",
    services="names",
)
NOT_SAID_ITSELF = remarked(
    "R7",
    "leave_not_said",
    "{services} is named as having allowed that something is not measured, and has not said so itself",
    services="names",
)
MORE_THAN_GROSS = refused(
    "R10", "more_than_gross", "what is in it weighs {inside}, and all of it together {gross}", inside="mass", gross="mass"
)
ANOTHER_SUBSTANCE = refused(
    "R10",
    "another_substance",
    "substance {number}: the number {cas} is that of {other}, and not of what it is called",
    number="count",
    cas="name",
    other="name",
)
MORE_PACKAGES = refused(
    "R10",
    "more_packages",
    "there are {packages} packages, and in its units together {inside}",
    packages="count",
    inside="count",
)

SCALE_UNVERIFIED = remarked(
    "R7", "scale_unverified", "weighed on a scale whose verification had ended {days} days before", days="count"
)


def as_checked(plan: Plan, found: Checked, by: tuple[Check, ...], states: tuple[str, ...]) -> Verdict:
    """`checked_otherwise` unless it was checked by exactly these; then whether it is `allowed` in these States that its weight
    was not measured.
    """
    given, asked = found.checks(), tuple(check for check in get_args(Check) if check in by)
    if given != asked:
        return CHECKED_OTHERWISE(given=given or ("nothing",), asked=asked or ("nothing",))
    return allowed(plan, (found.gross,), states)


def allowed(plan: Plan, quantities: Iterable[Quantity | None], states: tuple[str, ...]) -> Verdict:
    """`not_theirs_to_allow` where something of it was not measured, and who allowed that is asked to authorise in none of these
    States. What the plan itself says is not measured every State on the way has decided on, so that is allowed anywhere.
    """
    planned = tuple(leaves_in(plan.consignment))
    leaves = dict.fromkeys(one for one in quantities if isinstance(one, Unmeasured) and one not in planned)
    others = tuple(one for one in allowers(leaves) if not any(plan.may_allow(one, state) for state in states))
    return NOT_THEIRS_TO_ALLOW(services=others) if others else ACCEPTED


def not_said_itself(delivery: Delivery, content: Sent) -> Verdict | None:
    """`leave_not_said` for the services that are named as having allowed that something is not measured, and have not said so
    themselves. Where something is `prepared` or handed over, one has said so of the gross weight, or of what was `kept`, if the
    plan has the same leave, with the same reason, of its gross weight (or in `not_weighed`), or of its contents, and the service
    authorises that plan: it, or one that has taken its place, holds an authorisation that is final. Of all else, such as what was
    `removed`, of what is seized or split, nobody has said so.
    """
    goods, state = delivery.plan.consignment, delivery.state
    planned = {"gross": tuple(leaves_in((goods.gross, goods.not_weighed))), "kept": tuple(leaves_in(goods.contents))}
    known = planned if isinstance(content, Checked) else {}
    named = ((name, leave) for name in type(content).model_fields for leave in leaves_in(getattr(content, name)))
    unsaid = dict.fromkeys(
        leave.allowed_by
        for name, leave in named
        if leave not in known.get(name, ()) or not any(held.final for held in _held(state, leave.allowed_by))
    )
    return NOT_SAID_ITSELF(services=tuple(unsaid)) if unsaid else None


def _held(state: State, service: str) -> Iterator[Grant]:
    """What this service and those that have taken its place have given."""
    return (state.grants[one] for one in state.plan.line_of(service) if one in state.grants)


def possible(
    plan: Plan, inside: tuple[AnyAmount, ...], items: tuple[Item, ...], gross: Quantity | None, states: tuple[str, ...]
) -> Verdict:
    """Whether it is `allowed` in these States that something inside, or an item, was not measured; `another_substance` for the
    first substance whose number in the CAS registry is, by the catalogue, that of another than its name; `more_than_gross` where
    what is inside and its items together weigh more at least than the gross weight at most, with its tolerance.
    """
    verdict = allowed(plan, (*(one.quantity for one in inside), *(item.gross for item in items)), states)
    if verdict != ACCEPTED:
        return verdict
    for number, one in enumerate(inside, 1):
        both = contradiction(one.substance, one.cas) if isinstance(one, SubstanceMass) else None
        if both is not None and isinstance(one, SubstanceMass):
            return ANOTHER_SUBSTANCE(number=number, cas=one.cas or "", other=both[1].english)
    most = bounds(gross).most if gross is not None else None
    weighs = least_mass(inside) + sum(bounds(item.gross).least for item in items)
    if most is not None and weighs > most + plan.tolerances.gross:
        return MORE_THAN_GROSS(inside=weighs, gross=most)
    return ACCEPTED


def packed(units: tuple[Unit, ...], packages: int | None) -> Verdict:
    """`more_than_gross` for the first unit whose net mass is at least more than its gross weight at most; `more_packages` where
    more were counted than its units have, which hold what was removed and sampled too.
    """
    for unit in units:
        most = bounds(unit.gross).most if unit.gross is not None else None
        if most is not None and bounds(unit.net).least > most:
            return MORE_THAN_GROSS(inside=bounds(unit.net).least, gross=most)
    inside = sum(unit.packages for unit in units)
    return MORE_PACKAGES(packages=packages, inside=inside) if units and packages is not None and packages > inside else ACCEPTED


def on_an_unverified_scale(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts: it says with what it was weighed, and the verification of that scale had ended before the day on which it
    happened, by the clock of who says it. Of a correction it is what it says now.
    """
    found: object = getattr(said.content, "content", said.content)
    if not isinstance(found, Checked) or found.scale is None:
        return None
    weighed, held = (date.fromisoformat(one[:10]) for one in (said.statement.happened_at, found.scale.verified_until))
    return SCALE_UNVERIFIED(days=(weighed - held).days) if weighed > held else None
