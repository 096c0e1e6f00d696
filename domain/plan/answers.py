"""What whoever begins a plan is asked: a handful of answers, of which the rest of a plan follows (`domain.plan.draft`)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from domain.plan.cards import Channel, GoodsClass, Modality, Stage
from domain.plan.goods import Amount, CountedIn, Weapon, class_of_code
from domain.plan.plan import Used
from domain.plan.quantity import Known, Mass
from domain.plan.request import Means
from domain.plan.substances import known_as
from domain.plan.vocabulary import HandlingCode, Line
from domain.signing.canonical import Frozen
from domain.words.errors import faults_of
from domain.words.identifiers import ConsignmentIdentifier, OperationCode, ServiceId, State, currency_code
from domain.words.limits import (
    LONGEST_GROSS,
    LONGEST_NAME,
    LONGEST_QUOTED,
    MOST_LEGS,
    MOST_STATES,
    MOST_STOPS,
    MOST_SUBSTANCES,
)
from domain.words.quantities import MASS_UNITS, MAX_WHOLE, parse_amount, parse_span, say_minor
from domain.words.text import fill, shown

_QUANTITY: Final = re.compile(
    rf"(?P<name>.*?\S) (?P<quantity>(?:(?:{'|'.join(get_args(Known))}) )?[0-9]+(?:[.][0-9]+)? ?(?:{'|'.join(MASS_UNITS)}))"
)


def _span(text: str) -> str:
    parse_span(text)
    return text


WrittenSpan = Annotated[str, AfterValidator(_span)]
"""A span as people write it, which a plan repeats as it is."""
_MASS: Final[TypeAdapter[Any]] = TypeAdapter(Mass)
_AMOUNT: Final[TypeAdapter[Any]] = TypeAdapter(Amount)
MOST_MASS: Final = "1000000 t"
"""As much as can be written down, as people write it."""


def _mass(text: str) -> str:
    try:
        _MASS.validate_python(text)
    except ValidationError as error:
        raise ValueError(_too_much(text, MOST_MASS) if _is_too_much(error) else faults_of(error)[0].problem) from error
    return text


def _is_too_much(error: ValidationError) -> bool:
    return any(one["type"] == "less_than_equal" for one in error.errors(include_url=False))


def _too_much(what: str, most: str) -> str:
    return fill("{what} is more than can be written down: {most} at most", what=shown(what, LONGEST_QUOTED), most=most)


WrittenMass = Annotated[str, Field(max_length=LONGEST_GROSS), AfterValidator(_mass)]
"""A mass as people write it: `5.5 kg`, `suspected 5 kg`, `unmeasured cover kz.prosecutor`."""


class Stop(Frozen):
    """A place on the way; its State alone where nobody has to know more yet."""

    state: State
    place: Line | None = None


class Goods(Frozen):
    """What travels, as the plan has it, and the class by which laws go."""

    amount: dict[str, Any]
    """As in `consignment.contents`; its quantity left out where nothing is known of it."""
    goods: GoodsClass


class Answers(Frozen):
    """All that is asked. Only the route, the channel and the goods must be said."""

    operation: OperationCode
    title: Line | None = None
    route: Annotated[tuple[Stop, ...], Field(min_length=1, max_length=MOST_STOPS)]
    """From where it is now to where it is delivered. Where a State follows another it is handed over: at its first stop, or at
    the border where only its last is named.
    """
    ends: Literal["delivery", "seizure"] = "delivery"
    recipients: Annotated[tuple[Line, ...], Field(max_length=8)] = ()
    """Further recipients, in a chain behind the last stop."""
    channel: Channel
    goods: Annotated[tuple[Goods, ...], Field(min_length=1, max_length=MOST_SUBSTANCES)]
    gross: WrittenMass | None = None
    number: ConsignmentIdentifier | None = None
    imported: bool = False
    """It came from abroad into the State where it is now; the number of an item of post says so itself."""
    modality: Modality = "intact"
    uses: Annotated[tuple[Used, ...], Field(max_length=6)] = ()
    stage: Stage = "operational"
    handling_code: HandlingCode = "H1"
    initiator: ServiceId | None = None
    found_by: ServiceId | None = None
    """Who found it and holds it first; none: who is in charge first."""
    authorities: Annotated[dict[State, ServiceId], Field(default_factory=dict, max_length=MOST_STATES)]
    in_charge: Annotated[dict[State, tuple[ServiceId, ...]], Field(default_factory=dict, max_length=MOST_STATES)]
    """Of several in one State each but the first takes over at a stop on the way."""
    coordinator: ServiceId | None = None
    means: Means | None = None
    """How a request reaches other States."""
    arrests: Annotated[dict[State, ServiceId | None], Field(default_factory=dict, max_length=MOST_STATES)]
    """Where somebody is arrested, and by whom where that is not who is in charge; none: at the end of the way."""
    one_after_another: bool = False
    """Each arrest waits for the one before it, so that none warns another."""
    articles: Annotated[dict[State, tuple[Line, ...]], Field(default_factory=dict, max_length=MOST_STATES)]
    takes: Annotated[tuple[WrittenSpan, ...], Field(max_length=MOST_LEGS)] = ()
    """How long each leg takes; the usual time of the channel where it is left out."""
    check_in: WrittenSpan | None = None
    """How often it is heard of on its way; none: nobody is asked."""
    example: bool = False

    @field_validator("recipients")
    @classmethod
    def _each_seizure_is_the_end(cls, recipients: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("ends") == "seizure" and recipients:
            raise ValueError(fill("what is seized at its end is passed on to nobody: leave one of the two out"))
        return recipients

    def came_from_abroad(self) -> bool:
        """Whether it was imported: it is said, or its number says so."""
        return self.imported or posted_abroad(self.number, self.route[0].state)

    def states(self) -> tuple[str, ...]:
        """The States on the way, each once."""
        return tuple(dict.fromkeys(one.state for one in self.route))


def posted_abroad(number: ConsignmentIdentifier | None, state: str) -> bool:
    """Whether the post of another State gave this number (UPU S10)."""
    return number is not None and number.scheme == "upu_s10" and number.value[-2:] != state


def read_route(text: str) -> tuple[Stop, ...]:
    """`KZ Mail centre, Almaty, UZ Tashkent`: stops with a comma between, or a semicolon or arrow, each a State and, if wanted, a
    place. What does not begin with two letters belongs to the place before it; between two commas something stands.
    """
    stops: list[str] = []
    parts = [part.strip() for part in re.split("[,;→]|->", text)]
    if len(parts) > 1 and not all(parts):
        message = fill(
            "{what}: a stop is missing before or behind a comma; write each, such as KZ Almaty, UZ Tashkent",
            what=shown(text, LONGEST_QUOTED),
        )
        raise ValueError(message)
    for part in parts:
        if stops and not re.match(r"[A-Za-z]{2}( |$)", part):
            stops[-1] += f", {part}"
        else:
            stops.append(part)
    return tuple(map(_stop, stops))


def _stop(text: str) -> Stop:
    state, _, place = text.partition(" ")
    try:
        return Stop(state=state, place=place.strip() or None)
    except ValidationError as error:
        wrong = next((one.problem for one in faults_of(error) if one.place == "place"), None)
        if wrong is not None:
            raise ValueError(
                fill("the place {what}: {problem}", what=shown(place.strip(), LONGEST_QUOTED), problem=wrong)
            ) from error
        message = fill(
            "{what} is no stop: write the two capital letters of a State, then the place, such as KZ Almaty",
            what=shown(text, LONGEST_QUOTED),
        )
        raise ValueError(message) from error


def read_goods(text: str, of: GoodsClass | None = None) -> Goods:
    """What travels, in words: `heroin 5.3 kg`, `heroin suspected 5 kg`, `heroin`; `EUR 12500`; `rifle 10`;
    `240220 cigarettes 2500 carton`. Its class follows from what it is, where the conventions or the way it is counted say so;
    `of` says it otherwise.
    """
    words = text.split()
    if not words:
        raise ValueError(_wanted())
    for read in (_cash, _weapons, _counted):
        found = read(words)
        if found is not None:
            return _written(found if of is None else found.model_copy(update={"goods": of}))
    return _written(_substance(" ".join(words), of))


def size_of(amount: Mapping[str, Any]) -> str:
    """What the quantity of such goods is called in a plan."""
    return "net" if "substance" in amount else "minor" if "currency" in amount else "count"


def _written(goods: Goods) -> Goods:
    """The same, where a plan can have it written so: what is too long or too much is refused."""
    amount, size = goods.amount, size_of(goods.amount)
    name = str(amount.get("substance") or amount.get("goods") or "")
    if len(name) > LONGEST_NAME:
        what = shown(name, LONGEST_QUOTED)
        raise ValueError(fill("{what}: a name has {most} characters at most", what=what, most=LONGEST_NAME))
    try:
        _AMOUNT.validate_python(dict(amount) | {size: amount.get(size, 1)})
    except ValidationError as error:
        if not _is_too_much(error):
            raise ValueError(faults_of(error)[0].problem) from error
        much, most = str(amount[size]), MOST_MASS if size == "net" else str(MAX_WHOLE)
        if size == "minor":
            much, most = (f"{amount['currency']} {say_minor(amount['currency'], one)}" for one in (amount[size], MAX_WHOLE))
        raise ValueError(_too_much(much, most)) from error
    return goods


def _wanted() -> str:
    return fill(
        "say what travels, such as: {examples}", examples="heroin 5.3 kg; EUR 12500; rifle 10; 240220 cigarettes 2500 carton"
    )


def _cash(words: list[str]) -> Goods | None:
    try:
        currency = currency_code(words[0]) if words[0].isupper() and len(words[0]) == len("EUR") else None
    except ValueError:
        return None
    if currency is None or (len(words) == 1 and known_as(words[0]) is not None):
        return None
    if len(words) == 1:
        raise ValueError(fill("{what} is a currency: say how much, such as {what} 12500", what=currency))
    return Goods(amount={"currency": currency, "minor": parse_amount(currency, "".join(words[1:]))}, goods="cash")


def _weapons(words: list[str]) -> Goods | None:
    if words[0] not in get_args(Weapon) or len(words) > 2:
        return None
    return Goods(amount={"weapon": words[0], **({"count": _count(words[1])} if words[1:] else {})}, goods="weapons")


def _counted(words: list[str]) -> Goods | None:
    """By its code in the Harmonized System, which says whether that is tobacco, a weapon or money."""
    if not re.fullmatch(r"[0-9]{6,10}", words[0]):
        return None
    *name, count, unit = words[1:] if len(words) > 3 else ["", "", ""]
    if unit not in get_args(CountedIn):
        units = ", ".join(get_args(CountedIn))
        message = fill(
            "after the code say what it is, how many and of what ({units}): 240220 cigarettes 2500 carton", units=units
        )
        raise ValueError(message)
    if name[-1].isdecimal():
        raise ValueError(fill("{what} is no whole number", what=f"{name[-1]} {count}"))
    amount = {"hs": words[0], "goods": " ".join(name), "count": _count(count), "unit": unit}
    return Goods(amount=amount, goods=class_of_code(words[0]) or "goods")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(fill("{what} is no whole number", what=shown(text, LONGEST_QUOTED)))
    if len(text) > len(str(MAX_WHOLE)):
        raise ValueError(_too_much(text, str(MAX_WHOLE)))
    return int(text)


def _substance(text: str, of: GoodsClass | None) -> Goods:
    name, quantity = text, None
    if (found := _QUANTITY.fullmatch(text)) is not None:
        name, quantity = found["name"], found["quantity"]
    if known_as(name) is None and re.search(r"[0-9][0-9.,]*( ?[a-zа-я]{1,2})?,?$| [0-9][0-9.,]* ?[a-zа-я]+,?$", name):
        raise ValueError(
            fill(
                "{what}: write the quantity as 5.3 kg or 250 g, or leave it out where nothing is known",
                what=shown(text, LONGEST_QUOTED),
            )
        )
    known = known_as(name)
    amount: dict[str, Any] = {"substance": name}
    if known is not None and known.cas:
        amount["cas"] = known.cas[0]
    if quantity is not None:
        amount["net"] = quantity
    return Goods(amount=amount, goods=of or _class_of(name))


def _class_of(name: str) -> GoodsClass:
    """By the convention that names the substance; drugs, where none of the catalogue does."""
    known = known_as(name)
    by_convention: dict[str, GoodsClass] = {"1971": "psychotropics", "1988": "precursors"}
    return by_convention.get(known.table.partition("/")[0], "drugs") if known is not None else "drugs"


def read_number(text: str) -> ConsignmentIdentifier:
    """`upu_s10 CP220322019KZ`: which kind of number, and the number; a check digit is checked."""
    scheme, _, value = text.strip().partition(" ")
    return TypeAdapter(ConsignmentIdentifier).validate_python({"scheme": scheme, "value": value.strip()})
