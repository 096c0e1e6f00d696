"""How a report tells: numbered sections and sentences, each with what it rests on, and bars along a scale of time or mass."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.papers.forms.parts import (
    MORE_TOLD,
    MOST_TOLD,
)
from domain.papers.paper import (
    BarRow,
    Blank,
    Heading,
    Line,
    Sentence,
    Shade,
    Source,
    Tick,
    TimeBar,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.rules.hold import HoldDecided
from domain.views.sentences import say_kind
from domain.words.text import mark

SAID = mark("{service}: {what}, {reason}.")
DECIDED = mark("{what}: {decision}")
DECISIONS: Mapping[str, str] = {"go_on": mark("it goes on"), "seize": mark("it is seized"), "end": mark("it ends")}
OUTCOME, ARRESTED, GAPS_SEEN = mark("outcome"), mark("arrested"), mark("gaps in the watch")
NO = mark("No")
LAST_NAMED = 930
"""Thousandths of a scale, after which no day has room for its name."""
COMPUTED = Value("", ("computed",))


Told = tuple[str, dict[str, Value | Line | Blank]]
"""A sentence of a report, and what stands in it."""


Bar = tuple[str, int | None, Shade, tuple[Source, ...]]
"""Of a mass: what it is, milligrams or none where not all of it was measured, how it is drawn, and where it comes from."""
_Bar = tuple[str, int, Shade, tuple[Source, ...]]


class ReportTelling:
    """A report being made of one record, in one language."""

    def __init__(self, record: Record, tongue: Tongue) -> None:
        self.record, self.tongue = record, tongue
        self.section = self.number = 0

    def head(self, text: str) -> Heading:
        """The next section begins."""
        self.section, self.number = self.section + 1, 0
        return Heading((Words(f"{self.section}. "), *self.tongue.words(text)))

    def tell(self, template: str, **filled: Value | Line | Blank) -> Sentence:
        """The next sentence of the section. Raises `ValueError` where it rests on nothing."""
        return self.sentence(self.tongue.say(template, **filled))  # type: ignore[arg-type]

    def lines(self, lines: list[Line]) -> Iterator[Sentence]:
        """So many of one kind; how many more there are, and where."""
        for line in lines[:MOST_TOLD]:
            yield self.sentence(line)
        if len(lines) > MOST_TOLD:
            yield self.tell(MORE_TOLD, count=Value(str(len(lines) - MOST_TOLD), ("computed",)))

    def sentence(self, line: Line) -> Sentence:
        """The same, of what has been said already."""
        self.number += 1
        return Sentence(f"{self.section}.{self.number}", line)

    def told(self, lines: list[Told]) -> Iterator[Sentence]:
        """So many of one kind; how many more there are, and where."""
        yield from self.lines([self.tongue.say(template, **filled) for template, filled in lines])  # type: ignore[arg-type]

    def moment(self, said: Heard) -> Value:
        """When something happened, as who said it has it."""
        return Value(self.tongue.moment(said.happened), said.entries)

    def at(self, when: datetime, *sources: Source) -> Value:
        """A moment."""
        return Value(self.tongue.moment(when), sources)

    def service(self, name: str) -> Value:
        """What the directory calls a service."""
        return self.tongue.service(self.record, name)

    def the_service(self, name: str) -> Value:
        """The same in a sentence."""
        return self.tongue.the_service(self.record, name)

    def no(self, text: str = NO) -> Value:
        """That there is none: it follows from all entries."""
        return Value(self.tongue.translate(text), ("computed",))


class TimeScale:
    """Moments as thousandths of the time from a beginning to an end."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, max(end, begin + timedelta(minutes=1))

    def at(self, moment: datetime) -> int:
        """Where it is on the scale."""
        inside = min(max(moment, self.begin), self.end)
        return int((inside - self.begin) * 1000 // (self.end - self.begin))

    def days(self) -> tuple[Tick, ...]:
        """The beginnings of at most twenty days."""
        first = (self.begin + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = max((self.end - first).days + 1, 0) if self.end >= first else 0
        step = max(count // 12, 1)
        days = [first + timedelta(days=number) for number in range(0, count, step)]
        return tuple(Tick(self.at(day), (Value(f"{day:%d.%m}", ("computed",)),)) for day in days if self.at(day) <= LAST_NAMED)


class MassBars:
    """Rows of masses along one scale, and the names of those that have no bar."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self.missing: list[str] = []
        self._rows: list[tuple[str, tuple[_Bar, ...], bool]] = []

    def add(self, name: str, bars: tuple[Bar, ...], *, below: bool = False) -> None:
        """A row of what was measured; one that stands `below` ends where the one before it that does not does."""
        self.missing += [what for what, mass, _, _ in bars if mass is None]
        if drawn := tuple((what, mass, shade, sources) for what, mass, shade, sources in bars if mass):
            self._rows.append((name, drawn, below))

    def drawn(self) -> tuple[BarRow, ...]:
        """The rows, in thousandths of the longest."""
        most = max((self._whole(bars) for _, bars, _ in self._rows), default=0) or 1
        end, rows = 0, []
        for name, bars, below in self._rows:
            place = max(end - self._whole(bars), 0) if below else 0
            drawn: list[TimeBar] = []
            for what, mass, shade, sources in bars:
                begin, place = place, place + mass
                text = self.tongue.mass(mass) if what == name else f"{self.tongue.translate(what)} {self.tongue.mass(mass)}"
                drawn.append(TimeBar(begin * 1000 // most, place * 1000 // most, shade, (Value(text, sources),)))
            if not below:
                end = place
            rows.append(BarRow(self.tongue.words(name), tuple(drawn)))
        return tuple(rows)

    @staticmethod
    def _whole(bars: tuple[_Bar, ...]) -> int:
        return sum(mass for _, mass, _, _ in bars)


def halt_called(tongue: Tongue, said: Heard) -> Line:
    """What a statement that kept it from going as planned is called; of a decision on a hold, with what was decided."""
    what = Value(say_kind(said.statement.kind, tongue.translate), said.entries)
    if not isinstance(said.content, HoldDecided):
        return (what,)
    return tongue.say(DECIDED, what=what, decision=Value(tongue.translate(DECISIONS[said.content.decision]), said.entries))
