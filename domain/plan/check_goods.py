"""What a plan says that travels (R7, R10): substances that are what they are called, sums that are possible, checks that check
something, and tolerances that hide nothing.
"""

from collections.abc import Iterator, Mapping

from domain.plan.cards import GoodsClass, RuleCard
from domain.plan.directory import Directory
from domain.plan.goods import SMALLEST_SHARE, AnyAmount, Counted, SubstanceMass, class_of_code, keyed, kind_of_amount, least_mass
from domain.plan.plan import Leg, Plan
from domain.plan.quantity import Quantity, Unmeasured, bounds
from domain.plan.substances import contradiction, identity, known_as
from domain.plan.vocabulary import is_gap
from domain.words.errors import Fault
from domain.words.limits import MOST_PACKAGES
from domain.words.quantities import MAX_WHOLE, say_mass
from domain.words.text import either, fill, mark, word

Cards = Mapping[str, RuleCard]


def substances(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """No name stands with the CAS number of another substance of the catalogue (R10)."""
    for index, one in enumerate(plan.consignment.contents):
        both = contradiction(one.substance, one.cas) if isinstance(one, SubstanceMass) else None
        if both is not None:
            named, numbered = both
            numbers = either(named.cas) if named.cas else fill("without a number")
            problem = fill(
                "R10: this is the number of {other}; {name} is {numbers}",
                other=numbered.english,
                name=named.english,
                numbers=numbers,
            )
            yield Fault(place=f"consignment.contents.{index}.cas", problem=problem)


ONE_OF_IT = mark("R3: there is one of it, and no part of that can travel on while another is taken out")
_CLASSES: Mapping[str, tuple[GoodsClass, ...]] = {
    "1961": ("drugs", "psychotropics"),
    "1971": ("drugs", "psychotropics"),
    "1988": ("precursors",),
    "cash": ("cash",),
    "instruments": ("cash",),
    "weapons": ("weapons",),
}
"""What goods are, by the convention that names a substance, or by how they are counted. States tell the first two apart."""


def imports(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Whether it was imported into the State where its way begins fits the number that a post gave it: an item of another
    State's post came from there, and one of its own did not (UPU S10). What travels back to its sender may be either.
    """
    first, said = plan.legs[0].state, plan.consignment.imported
    numbers = enumerate(plan.consignment.identifiers) if not plan.reverse else ()
    for index, one in numbers:
        posted = one.value[-2:]
        if one.scheme != "upu_s10" or (posted != first) is said:
            continue
        problem = (
            fill("R1: the post of {posted} gave this number, and its way begins there: leave `imported` out", posted=posted)
            if said
            else fill(
                "R1: the post of {posted} gave this number, so it was imported into {state}: say `imported: true`",
                posted=posted,
                state=first,
            )
        )
        yield Fault(place=f"consignment.identifiers.{index}.value", problem=problem)


def classes(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """What is in it is among the `goods` that it is said to be, since the law of each State goes by these (R1)."""
    for index, one in enumerate(plan.consignment.contents):
        known = known_as(one.substance, one.cas) if isinstance(one, SubstanceMass) else None
        right = _CLASSES.get(known.table.partition("/")[0] if known is not None else kind_of_amount(one), ())
        if isinstance(one, Counted) and (coded := class_of_code(one.hs)) is not None:
            right = (coded,)
        if right and not any(one in plan.consignment.goods for one in right):
            problem = fill(
                "R1: this is of the class {classes}; name it in consignment.goods, by which each State decides",
                classes=either(right),
            )
            yield Fault(place=f"consignment.contents.{index}", problem=problem)


MOST_PLANNED = MAX_WHOLE // 10
"""So much of one thing a plan may speak of at most: whatever is added to it, or found to be more, can still be told."""


def sums(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """What is in it does not weigh more than all of it (R10), there is something of everything, and no more of anything than what
    is found of it later can be told of.
    """
    goods = plan.consignment
    yield from _too_much(plan)
    inside, gross = least_mass(goods.contents), bounds(goods.gross).most
    if gross is not None and inside > gross:
        problem = fill(
            "R10: what is in it weighs {inside}, more than all of it together, {gross}",
            inside=say_mass(inside),
            gross=say_mass(gross),
        )
        yield Fault(place="consignment.gross", problem=problem)
    for index, one in enumerate(goods.contents):
        if bounds(one.quantity).most == 0:
            yield Fault(place=f"consignment.contents.{index}", problem=mark("R10: there is none of it; leave it out"))
    if plan.modality.endswith("_in_part") and all(bounds(one.quantity).most in (0, 1) for one in goods.contents):
        yield Fault(place="modality", problem=ONE_OF_IT)
    if goods.packages is not None and bounds(goods.packages).most == 0:
        yield Fault(
            place="consignment.packages", problem=mark("R10: it travels in no package; leave it out where none is counted")
        )
    if goods.packages is not None and bounds(goods.packages).said > MOST_PACKAGES:
        problem = fill("R10: more packages than are ever counted, which is {most} at most", most=MOST_PACKAGES)
        yield Fault(place="consignment.packages", problem=problem)


def _too_much(plan: Plan) -> Iterator[Fault]:
    """Of what there may be more than `MOST_PLANNED`: a mass, a sum of money, a number, or all masses together."""
    goods = plan.consignment
    placed = [(f"consignment.contents.{index}", one.quantity) for index, one in enumerate(goods.contents)]
    weighed = [(place, one.net) for (place, _), one in zip(placed, goods.contents, strict=True) if isinstance(one, SubstanceMass)]
    masses = {place for place, _ in weighed} | {"consignment.gross"}
    placed.append(("consignment.gross", goods.gross))
    beyond = [(place, most) for place, one in placed if (most := bounds(one).most) is not None and most > MOST_PLANNED]
    for place, most in beyond:
        say = _in_tonnes if place in masses else str
        problem = fill(
            "R10: there may be {found} of it, more than can be told once anything is added; {most} at most, so split it",
            found=say(most),
            most=say(MOST_PLANNED),
        )
        yield Fault(place=place, problem=problem)
    together = sum(bounds(one).most or 0 for _, one in weighed)
    if together > MOST_PLANNED and not beyond:
        problem = fill(
            "R10: all of it may weigh {found}, more than can be told once anything is added; {most} at most, so split it",
            found=_in_tonnes(together),
            most=_in_tonnes(MOST_PLANNED),
        )
        yield Fault(place="consignment.contents", problem=problem)


def _in_tonnes(mg: int) -> str:
    """Milligrams as a plan says so much."""
    whole, rest = divmod(mg, 10**9)
    return fill("{number} t", number=f"{whole}.{rest:09}".rstrip("0").rstrip("."))


def checks(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Every check compares something; what is not weighed says why; and what is not measured was allowed by an authority (R7)."""
    goods = plan.consignment
    place = "consignment.checked_by"
    if not goods.checked_by:
        problem = mark("R7: nothing would be checked; name weight and seals, or what stands in for them: count, picture, sight")
        yield Fault(place=place, problem=problem)
    for number, check in enumerate(goods.checked_by):
        if check in goods.checked_by[:number]:
            yield Fault(place=f"{place}.{number}", problem=fill("R7: {check} stands twice; once is enough", check=word(check)))
    if "weight" in goods.checked_by and goods.not_weighed is not None:
        problem = mark("R7: it is checked by weight, so nobody needs to say why it is not")
        yield Fault(place="consignment.not_weighed", problem=problem)
    elif goods.checked_by and "weight" not in goods.checked_by and goods.not_weighed is None:
        problem = mark("R7: it is not checked by weight; say in not_weighed why, and which authority allowed it")
        yield Fault(place="consignment", problem=problem)
    yield from _checks_of_legs(plan)
    for where, by in ((place, goods.checked_by), *((f"legs.{index}.checked_by", leg.checked_by) for index, leg in _own(plan))):
        if by == ("sight",) and plan.surveillance is None:
            problem = mark("R7: it is checked by sight alone, and nobody is asked to watch it; say in surveillance how closely")
            yield Fault(place=where, problem=problem)
    for where, quantity in _quantities(plan):
        leave = quantity.allowed_by if isinstance(quantity, Unmeasured) and not is_gap(quantity.allowed_by) else None
        if leave is None:
            continue
        either = (leave, plan.successor_of(leave))  # what a replaced one allowed its successor authorises
        if not any(plan.may_allow(one, state) for one in either for state in plan.states()):
            problem = fill(
                "R7: {service} is asked to authorise in no State on the route, so it cannot allow that; name who is",
                service=leave,
            )
            yield Fault(place=where, problem=problem)


def _own(plan: Plan) -> Iterator[tuple[int, Leg]]:
    """Legs that say how it is checked at their end."""
    return ((index, leg) for index, leg in enumerate(plan.legs) if leg.checked_by)


def _checks_of_legs(plan: Plan) -> Iterator[Fault]:
    """What a leg says is checked at a handover, once, and compares with what was recorded when it was prepared (R7)."""
    for index, leg in _own(plan):
        place, end = f"legs.{index}.checked_by", plan.find(leg.end)
        if end is not None and end.step != "hand_over":
            yield Fault(
                place=place, problem=fill("R7: nothing is handed over at {end}, so nothing is checked there", end=leg.end)
            )
        for number, check in enumerate(leg.checked_by):
            if check in leg.checked_by[:number]:
                problem = fill("R7: {check} stands twice; once is enough", check=word(check))
                yield Fault(place=f"{place}.{number}", problem=problem)
            if check not in (*plan.consignment.checked_by, "sight"):
                problem = fill(
                    "R7: {check} is not among what the consignment is checked by, so there is nothing to compare with",
                    check=word(check),
                )
                yield Fault(place=f"{place}.{number}", problem=problem)


def _quantities(plan: Plan) -> Iterator[tuple[str, Quantity | None]]:
    """Whatever may not be measured, with its place."""
    goods = plan.consignment
    for index, one in enumerate(goods.contents):
        yield f"consignment.contents.{index}", one.quantity
    yield "consignment.gross", goods.gross
    yield "consignment.packages", goods.packages
    yield "consignment.not_weighed", goods.not_weighed


def tolerances(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """No tolerance hides what it is of (R7, R10): that of a net mass and of the gross weight is a twentieth of it at most, and
    that of the gross weight less than any substance weighs; each is of something that travels, and of each substance there is
    one.
    """
    masses = _masses(plan.consignment.contents)
    known: list[str] = []
    for name, most in plan.tolerances.net.items():
        place, same = f"tolerances.net.{name}", identity(name)
        if same in known:
            yield Fault(place=place, problem=fill("R10: {name} has a tolerance already, under another name", name=name))
        known.append(same)
        if same not in masses:
            problem = fill("R10: there is no {name} in it; name a substance as the contents have it", name=name)
            yield Fault(place=place, problem=problem)
        elif most * SMALLEST_SHARE > masses[same]:
            problem = fill(
                "R10: {most} of {net} would hide too much; {right} at most may be missing",
                most=say_mass(most),
                net=say_mass(masses[same]),
                right=say_mass(masses[same] // SMALLEST_SHARE),
            )
            yield Fault(place=place, problem=problem)
    hidden = [(name, net) for name, net in masses.items() if 0 < net <= plan.tolerances.gross]
    for name, net in hidden:
        problem = fill(
            "R7: a tolerance of {most} would hide all of it: {net} of {name}",
            most=say_mass(plan.tolerances.gross),
            net=say_mass(net),
            name=name,
        )
        yield Fault(place="tolerances.gross", problem=problem)
    gross = bounds(plan.consignment.gross).said
    if not hidden and plan.tolerances.gross * SMALLEST_SHARE > gross > 0:
        problem = fill(
            "R7: {given} of {gross} would hide too much; {most} at most may differ",
            given=say_mass(plan.tolerances.gross),
            gross=say_mass(gross),
            most=say_mass(gross // SMALLEST_SHARE),
        )
        yield Fault(place="tolerances.gross", problem=problem)


def _masses(contents: tuple[AnyAmount, ...]) -> Mapping[str, int]:
    """How much there is of each substance, as far as that is known, by its name as it is compared."""
    found: dict[str, int] = {}
    for _, one in keyed(contents):
        if isinstance(one, SubstanceMass):
            found[identity(one.substance)] = found.get(identity(one.substance), 0) + bounds(one.net).said
    return found
