"""What must be true of whatever is measured (R7, R10): it is what the plan has checked, who let something go unmeasured may do
so, and no sum is impossible. A brake is not held to it: what it says is compared, and no less a stop.
"""

from collections.abc import Iterable
from datetime import date
from typing import get_args

from domain.delivery.delivery import Delivery
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused, remarked
from domain.plan.goods import AnyAmount, Check, Checked, Item, SubstanceMass, Unit, least_mass
from domain.plan.plan import Plan
from domain.plan.quantity import Quantity, allowers, bounds
from domain.plan.substances import contradiction

CHECKED_OTHERWISE = refused(
    "R7", "checked_otherwise", "it was checked by {given}; this plan has it checked by {asked}", given="words", asked="words"
)
NOT_THEIRS_TO_ALLOW = refused(
    "R7",
    "not_theirs_to_allow",
    "{services} is not asked to authorise anything here, so it cannot allow that something is not measured",
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


def as_checked(plan: Plan, found: Checked, by: tuple[Check, ...]) -> Verdict:
    """`checked_otherwise` unless it was checked by exactly these; `not_theirs_to_allow` where its weight was not measured and a
    service allowed that which nobody asks to authorise.
    """
    given, asked = found.checks(), tuple(check for check in get_args(Check) if check in by)
    if given != asked:
        return CHECKED_OTHERWISE(given=given or ("nothing",), asked=asked or ("nothing",))
    return allowed(plan, (found.gross,))


def allowed(plan: Plan, quantities: Iterable[Quantity | None]) -> Verdict:
    """`not_theirs_to_allow` where something of it was not measured and a service allowed that which nobody asks to authorise."""
    others = tuple(one for one in allowers(quantities) if not plan.may_allow(one))
    return NOT_THEIRS_TO_ALLOW(services=others) if others else ACCEPTED


def possible(plan: Plan, inside: tuple[AnyAmount, ...], items: tuple[Item, ...], gross: Quantity | None) -> Verdict:
    """`not_theirs_to_allow` for what is inside; `another_substance` for the first substance whose number in the CAS registry is,
    by the catalogue, that of another than its name; `more_than_gross` where what is inside and its items together weigh more at
    least than the gross weight at most, with its tolerance.
    """
    verdict = allowed(plan, (one.quantity for one in inside))
    if verdict != ACCEPTED:
        return verdict
    for number, one in enumerate(inside, 1):
        both = contradiction(one.substance, one.cas) if isinstance(one, SubstanceMass) else None
        if both is not None and isinstance(one, SubstanceMass):
            return ANOTHER_SUBSTANCE(number=number, cas=one.cas or "", other=both[1].english)
    most = bounds(gross).most if gross is not None else None
    weighs = least_mass(inside) + sum(item.gross for item in items)
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
    happened, by the clock of who says it.
    """
    found: object = said.content
    if not isinstance(found, Checked) or found.scale is None:
        return None
    weighed, held = (date.fromisoformat(one[:10]) for one in (said.statement.happened_at, found.scale.verified_until))
    return SCALE_UNVERIFIED(days=(weighed - held).days) if weighed > held else None
