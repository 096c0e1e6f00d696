"""Of the report for the court: the route as a map. A plan knows the order of its places and not where they are, so the map is a
schematic one: it says so, and draws neither distances nor borders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.papers.forms import story
from domain.papers.forms.parts import NONE, STEPS, row, table
from domain.papers.forms.telling import Telling
from domain.papers.paper import Block, Known, Line, Map, Paragraph, Row, Source, Station, Stretch, Strip, Value, Words
from domain.plan.plan import Leg
from domain.rules.arrival import Delivered
from domain.rules.custody import Dispatched, HandoverAccepted
from domain.words.text import mark

SCHEMATIC = mark(
    "Schematic map{computed}: the places in the order of the plan. It is not to scale, and neither distances nor borders are "
    "drawn: the plan says of no place where it is. A band is a stretch, with the State that answers for it. The table explains "
    "the numbers."
)
PLACE, STEP, RECORDED = mark("Place"), mark("By the plan"), mark("Recorded, UTC")
NUMBER = mark("No.")
LEGEND: tuple[tuple[Known, str], ...] = (
    ("recorded", mark("recorded there")),
    ("planned", mark("by the plan alone")),
    ("seized", mark("seized on the way")),
)
SEIZED_THERE, CALLED_AT = mark("seized on the way"), mark("call on the way")
EDGE = 90
"""Thousandths of the width, left and right: a place at the end has room for its moment."""
A_ROW = 5
"""Stretches side by side: each has room for the name of a State, and each place for a moment."""


@dataclass(frozen=True)
class _Place:
    """One place of the way."""

    name: Value
    step: Line
    known: Known
    moment: Line = ()


class Mapped(Telling):
    """The map, and the table that explains it."""

    def _map(self) -> Iterator[Block]:
        places, stretches = self._places()
        step = (1000 - 2 * EDGE) // min(A_ROW, len(stretches))
        strips = tuple(
            self._strip(places[first : first + A_ROW + 1], stretches[first : first + A_ROW], first, step)
            for first in range(0, len(stretches), A_ROW)
        )
        known = {one.known for one in places}
        legend = tuple((one, self.tongue.words(text)) for one, text in LEGEND if one in known)
        yield Paragraph(self.tongue.say(SCHEMATIC, computed=Value("", ("plan", "computed"))), "small")
        yield Map(strips, legend)
        heads = ((NUMBER, 1), (PLACE, 7), (STEP, 4), (RECORDED, 4))
        yield table(self.tongue, heads, self._rows(places), [self.record.plan_entry] * len(places), small=True)

    def _places(self) -> tuple[list[_Place], list[tuple[Leg, bool]]]:
        """Every place in its order, and between two of them the leg, and whether it was gone."""
        plan = self.record.plan
        places = [self._at(plan.legs[0].start)]
        stretches: list[tuple[Leg, bool]] = []
        ridden = {one.leg.id: one for one in story.ways(self.record)}
        for leg in plan.legs:
            way = ridden.get(leg.id)
            arrived = way is not None and way.ends is not None and not way.seized
            for call in leg.calls:
                named = Value(call.place if call.state is None else f"{call.place} ({call.state})", ("plan",))
                places.append(_Place(named, self.tongue.words(CALLED_AT), "planned"))
                stretches.append((leg, arrived))
            if way is not None and way.seized and way.ends is not None:
                places += self._seizure()
                stretches.append((leg, True))
            places.append(self._at(leg.end))
            stretches.append((leg, arrived))
        return places, stretches

    def _at(self, checkpoint: str) -> _Place:
        """A checkpoint, and when what makes it reached was recorded."""
        record, tongue = self.record, self.tongue
        planned = record.plan.find(checkpoint)
        if planned is None:
            return _Place(Value(checkpoint, ("plan",)), NONE, "planned")
        name = Value(f"{planned.place} ({planned.state})", ("plan",))
        step: Line = (Value(tongue.translate(STEPS[planned.step]), ("plan",)),)
        there = (one for one in record.heard if one.checkpoint == checkpoint)
        reached = [one for one in there if isinstance(one.content, Dispatched | HandoverAccepted | Delivered)]
        if not reached:
            return _Place(name, step, "planned")
        return _Place(name, step, "recorded", (self.at(reached[-1].at, *reached[-1].entries),))

    def _seizure(self) -> Iterator[_Place]:
        said, content = story.interdictions(self.record)[0]
        sources: tuple[Source, ...] = said.entries
        yield _Place(Value(content.place, sources), self.tongue.words(SEIZED_THERE), "seized", (self.at(said.at, *sources),))

    def _strip(self, places: Sequence[_Place], stretches: Sequence[tuple[Leg, bool]], first: int, step: int) -> Strip:
        ends = [EDGE + step * number for number in range(len(places))]
        return Strip(
            tuple(
                Stretch(
                    ends[number],
                    ends[number + 1],
                    ends[number + 1] if gone else ends[number],
                    (Value(self.tongue.state(leg.state), ("plan",)),),
                )
                for number, (leg, gone) in enumerate(stretches)
            ),
            tuple(
                Station(end, str(first + number + 1), one.known, one.moment)
                for number, (end, one) in enumerate(zip(ends, places, strict=True))
            ),
        )

    def _rows(self, places: Sequence[_Place]) -> Iterator[Row]:
        for number, one in enumerate(places, 1):
            yield row((Words(str(number)),), (one.name,), one.step, one.moment or NONE)
