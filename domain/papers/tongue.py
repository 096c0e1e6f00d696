"""How a paper says things in its language: sentences with values in them, masses, moments, names of States and services."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from string import Formatter

from domain.delivery.verdicts import Finding
from domain.papers.paper import Blank, Line, Piece, Source, Value, Width, Words
from domain.papers.record import Heard, Record
from domain.plan.cards import Measure
from domain.plan.goods import AnyAmount, Cash, Counted, Instruments, SubstanceMass, Weapons
from domain.plan.quantity import Quantity, number_of, say_how
from domain.plan.substances import known_as
from domain.views.names import EXHIBITS, MEASURES
from domain.views.sentences import Translate, say_plainly
from domain.views.states import state_called
from domain.words.codes import CODES, Parameter
from domain.words.moments import instant
from domain.words.quantities import Money, say_mass
from domain.words.text import mark, word

Filled = Piece | Line
NARROW = "\u202f"
"""Between thousands in Russian, and between a number and its unit: no line ends there."""
FROM_100_KG = 100 * 10**6
UNITS = {"kg": mark("kg"), "g": mark("g"), "mg": mark("mg")}
SPANS = ((timedelta(days=1), mark("d")), (timedelta(hours=1), mark("h")), (timedelta(minutes=1), mark("min")))
SECOND = (timedelta(seconds=1), mark("s"))
LANGUAGES = {
    "ru": mark("Russian"),
    "en": mark("English"),
    "kk": mark("Kazakh"),
    "ky": mark("Kyrgyz"),
    "uz": mark("Uzbek"),
    "tg": mark("Tajik"),
    "az": mark("Azerbaijani"),
    "be": mark("Belarusian"),
    "et": mark("Estonian"),
    "lv": mark("Latvian"),
    "de": mark("German"),
    "es": mark("Spanish"),
    "fr": mark("French"),
    "nl": mark("Dutch"),
    "pl": mark("Polish"),
    "tr": mark("Turkish"),
}
CASH = mark("cash")
CYRILLIC = re.compile("[\u0400-\u04ff]")
ARTICLE = "the "
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9]{2}:[0-9]{2})")
"""As the rules write one."""


STATES = ("state", "states", "own", "given", "asked")
"""What a finding calls a State that it names."""
SERVICES = ("by", "carrier", "competent", "decider", "giver", "held_by", "holder", "service", "services", "taker", "to", "voice")
"""And a service. What it calls so and the directory does not know, such as a team, stands as it is."""
WITH_ARTICLE = re.compile(
    r"\b(Republic|Federation|Federated|Kingdom|States|Emirates|Islands|Territor(y|ies))\b"
    "|^(Netherlands|Philippines|Bahamas|Maldives|Comoros|Gambia|Holy See|State of)"
)
"""What an English sentence calls "the" Russian Federation; most States have a name alone."""
NO_ARTICLE = re.compile(r"The |H[MR]H? |(His|Her) |\S+$")
"""Services that have none: one word is a name, such as Europol, or the id of one that the directory does not name."""


def printed(at: datetime) -> datetime:
    """A moment as papers print it, to the minute: what is computed from two of them is computed from what stands there."""
    return at.replace(second=0, microsecond=0)


@dataclass(frozen=True)
class Articled(Value):
    """A name with its article."""

    def begun(self) -> "Articled":
        """As it begins a sentence."""
        return replace(self, text=self.text[0].upper() + self.text[1:])


@dataclass(frozen=True)
class Tongue:
    """One language. `neutral`: figures and units as both languages of a paper in two can read them, so no figure with a comma,
    which one reads as a point and the other as thousands.
    """

    code: str
    translate: Translate
    neutral: bool = False

    def words(self, text: str, *, strong: bool = False) -> Line:
        """Fixed wording."""
        return (Words(self.translate(text), strong),)

    def say(self, template: str, /, *, strong: bool = False, **filled: Filled) -> Line:
        """A sentence of the form, with what is filled in where its language has it."""
        pieces: list[Piece] = []
        for text, name, _, _ in Formatter().parse(self.translate(template)):
            if text:
                pieces.append(Words(text, strong))
            if name is not None:
                one = filled[name]
                line = one if isinstance(one, tuple) else (one,)
                pieces.extend((self._begun(line[0], pieces), *line[1:]) if line else ())
        return tuple(pieces)

    @staticmethod
    def _begun(piece: Piece, before: list[Piece]) -> Piece:
        """With a capital letter, where an article begins a sentence."""
        begins = not before or (isinstance(before[-1], Words) and before[-1].text.endswith(". "))
        return piece.begun() if begins and isinstance(piece, Articled) else piece

    def quoted(self, text: str, *sources: Source, unsure: bool = False) -> Value:
        """What somebody wrote, as it was written, in quotes."""
        opening, closing = ("«", "»") if self.code == "ru" else ("“", "”")
        return Value(f"{opening}{text}{closing}", sources, unsure=unsure)

    def word(self, code: str, *sources: Source) -> Value:
        """One of our own words."""
        return Value(self.translate(word(code)), sources)

    def measure(self, one: Measure, *sources: Source) -> Value:
        """What is done beside letting it go on."""
        return Value(self.translate(MEASURES[one]), sources)

    def finding(self, record: Record, finding: Finding, *sources: Source) -> Value:
        """The sentence of a finding, its moments as papers write them, States by name, and services by id and name."""
        shapes = CODES[finding.code].shapes
        named = {
            name: self._named(record, name, value) if shapes.get(name) in ("name", "names") else value
            for name, value in finding.parameters.items()
        }
        said = say_plainly(finding.model_copy(update={"parameters": named}), self.translate)
        known = any(named[name] != finding.parameters[name] for name in SERVICES if name in named)
        by_name: tuple[Source, ...] = ("directory",) if known else ()
        return Value(MOMENT.sub(lambda found: self.moment(instant(found[0])), said), (*sources, *by_name))

    def _named(self, record: Record, parameter: str, ids: Parameter) -> Parameter:
        """States and services of a finding as a sentence calls them."""
        if isinstance(ids, tuple):
            return tuple(str(self._named(record, parameter, one)) for one in ids)
        if parameter in STATES:
            return self.the_state(str(ids), "computed").text
        return self._with_name(record, str(ids)) if parameter in SERVICES else ids

    def _with_name(self, record: Record, service: str) -> str:
        """The id, which no language declines, and in brackets the name, so that it is right whatever the sentence asks."""
        called = self.service(record, service).text
        return service if called == service else f"{service} ({called})"

    def language(self, code: str, *sources: Source) -> Value:
        """What a language is called; by its code, where that is not one of those that services write in."""
        return Value(self.translate(LANGUAGES[code]) if code in LANGUAGES else code, sources)

    def exhibit(self, what: str, *sources: Source) -> Value:
        """What an exhibit is."""
        return Value(self.translate(EXHIBITS.get(what, what)), sources)

    def number(self, whole: int) -> str:
        """A whole number, its thousands apart."""
        return f"{whole:,}".replace(",", NARROW if self.code == "ru" or self.neutral else ",")

    @property
    def _point(self) -> str:
        return "," if self.code == "ru" and not self.neutral else "."

    def mass(self, milligrams: int) -> str:
        """Grams; kilograms from a hundred of them on; every digit that was written."""
        if abs(milligrams) >= FROM_100_KG:
            number, unit = say_mass(milligrams).split(" ")
            whole, _, part = number.partition(".")
        else:
            whole, part = str(abs(milligrams) // 1000), f"{abs(milligrams) % 1000:03d}".rstrip("0")
            unit, whole = "g", ("-" if milligrams < 0 else "") + whole
        sign, whole = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
        decimals = f"{self._point}{part}" if part else ""
        return f"{sign}{self.number(int(whole))}{decimals}{NARROW}{unit if self.neutral else self.translate(UNITS[unit])}"

    def quantity(self, mass: Quantity) -> str:
        """A mass, and how it is known."""
        return say_how(mass, self.mass(number_of(mass)), self.translate)

    def substance(self, name: str, cas: str | None = None) -> str:
        """What it is called: by the catalogue, where it was written in letters of another language; else as it was written."""
        known = known_as(name, cas) if bool(CYRILLIC.search(name)) != (self.code == "ru") else None
        return known.in_language(self.code) if known is not None else name

    def amount(self, one: AnyAmount) -> str:
        """What and how much of it."""
        match one:
            case Cash():
                return self.much(one)
            case Instruments() | Weapons():
                return f"{self.goods(one)} x {self.much(one)}"
        return f"{self.goods(one)} {self.much(one)}"

    def goods(self, one: AnyAmount) -> str:
        """What it is, without how much of it."""
        match one:
            case SubstanceMass(substance=name, cas=cas):
                return self.substance(name, cas)
            case Cash(currency=currency):
                return f"{self.translate(CASH)} {currency}"
            case Instruments(instrument=name, nominal=nominal):
                return f"{name} {self.money(nominal)}"
            case Weapons(weapon=weapon):
                return self.translate(weapon.replace("_", " "))
            case Counted(goods=name, hs=hs):
                return f"{name} ({hs})"

    def much(self, one: AnyAmount) -> str:
        """How much of it, in what it is measured or counted in, and how that is known."""
        match one:
            case SubstanceMass(net=net):
                return self.quantity(net)
            case Cash(currency=currency, minor=minor):
                return say_how(minor, self.money(Money(currency=currency, minor=number_of(minor))), self.translate)
            case Counted(count=count, unit=unit):
                return f"{say_how(count, self.number(number_of(count)), self.translate)}{NARROW}{self.translate(unit)}"
            case Instruments(count=count) | Weapons(count=count):
                return say_how(count, self.number(number_of(count)), self.translate)

    def money(self, value: Money) -> str:
        """An amount of money, its thousands apart."""
        amount, currency = value.say().split(" ")
        whole, point, minor = amount.partition(".")
        return f"{self.number(int(whole))}{self._point if point else ''}{minor}{NARROW}{currency}"

    def moment(self, at: datetime) -> str:
        """Day, hour and minute, UTC."""
        return at.astimezone(UTC).strftime("%d.%m.%Y %H:%M")

    def day(self, at: datetime) -> str:
        """Day, UTC."""
        return at.astimezone(UTC).strftime("%d.%m.%Y")

    def span(self, span: timedelta) -> str:
        """Days, hours and minutes; seconds where it is shorter."""
        rest, said = abs(span), []
        for size, unit in SPANS if rest >= SPANS[-1][0] else (SECOND,):
            count, rest = divmod(rest, size)
            if count:
                said.append(f"{count}{NARROW}{unit if self.neutral else self.translate(unit)}")
        return " ".join(said) or f"0{NARROW}{self.translate(SPANS[-1][1])}"

    def between(self, begins: datetime, ends: datetime) -> str:
        """From one moment to another, as `moment` prints both: whoever reads them finds the same difference."""
        return self.span(printed(ends) - printed(begins))

    def state(self, code: str) -> str:
        """What a State is called."""
        return state_called(code, self.translate)

    def the_state(self, code: str, *sources: Source) -> Value:
        """The same in a sentence."""
        called = self.state(code)
        if self.code != "en" or not WITH_ARTICLE.search(called):
            return Value(called, sources)
        return Articled(f"{ARTICLE}{called}", sources)

    def place(self, place: str, state: str, *sources: Source) -> Value:
        """A place, with its State."""
        return Value(f"{place} ({self.state(state)})", sources)

    def states(self, codes: Iterable[str], *sources: Source) -> Value:
        """Several of them, in a sentence."""
        return Value(", ".join(self.the_state(one, *sources).text for one in dict.fromkeys(codes)), sources)

    def service(self, record: Record, name: str) -> Value:
        """What the directory calls a service in this language; in English else, or by its id."""
        known = record.service(name)
        names = known.names if known is not None else {}
        return Value(names.get(self.code) or names.get("en") or name, ("directory",))

    def the_service(self, record: Record, name: str) -> Value:
        """The same in a sentence."""
        called = self.service(record, name)
        if self.code != "en" or NO_ARTICLE.match(called.text):
            return called
        return Articled(f"{ARTICLE}{called.text}", called.sources)

    def officer(self, said: Heard) -> Value:
        """Who said it, by code; both, where two officers had to."""
        return Value(", ".join(said.officers), said.entries[: len(said.officers)])


def blank(width: Width = 3, caption: str = "") -> Blank:
    """A ruled line."""
    return Blank(width, caption)


def joined(lines: Iterable[Line | Piece], between: str = ", ") -> Line:
    """Lines one after the other, with something between them."""
    pieces: list[Piece] = []
    for one in lines:
        if pieces:
            pieces.append(Words(between))
        pieces.extend(one if isinstance(one, tuple) else (one,))
    return tuple(pieces)
