"""Of the report for the court: the route as a map. A plan knows the order of its places, so there is a schematic one, which says
so and draws neither distances nor borders; and where it has coordinates of them, one with outlines of States above it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.papers.forms import story
from domain.papers.forms.parts import NONE, STEPS, row, table
from domain.papers.forms.telling import ReportTelling
from domain.papers.paper import (
    Block,
    Known,
    Line,
    Located,
    Map,
    MapStretch,
    Paragraph,
    Source,
    Station,
    Strip,
    TableRow,
    Value,
    Words,
)
from domain.plan.plan import Leg
from domain.rules.arrival import Delivered
from domain.rules.custody import Dispatched, HandoverAccepted
from domain.views.request_in_words import with_post
from domain.words.places import At
from domain.words.text import mark

SCHEMATIC = mark(
    "Schematic map{computed}: the places in the order of the plan. It is not to scale, and neither distances nor borders are "
    "drawn. A band is a stretch, with the State that answers for it. The table explains the numbers."
)
CHARTED = mark(
    "Map{computed}: the places of which the plan gives coordinates, and straight lines between them, which are no roads. "
    "Outlines of States are generalised (Natural Earth, public domain); boundaries stand near the route only, and take no "
    "position."
)
SHIELDS = mark("A shield is a border or customs post, with its name where there is room; it stands in the table.")
WHERE = mark("Longitude, latitude")
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
    at: At | None = None
    post: str = ""


class Mapped(ReportTelling):
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
        located = tuple(self._located(places, stretches))
        for said in (CHARTED, SCHEMATIC) if located else (SCHEMATIC,):
            yield Paragraph(self.tongue.say(said, computed=Value("", ("plan", "computed"))), "small")
        if any(one.post for one in located):
            yield Paragraph(self.tongue.words(SHIELDS), "small")
        yield Map(strips, legend, located, self._states() if located else ())
        heads = ((NUMBER, 1), (PLACE, 7), (STEP, 4), (RECORDED, 4), *(((WHERE, 4),) if located else ()))
        rows = self._rows(places, where=bool(located))
        yield table(self.tongue, heads, rows, [self.record.plan_entry] * len(places), small=True)

    def _located(self, places: Sequence[_Place], stretches: Sequence[tuple[Leg, bool]]) -> Iterator[Located]:
        """Those with coordinates, if there are two. The way to one was gone if the last stretch to it was."""
        if len({one.at for one in places if one.at is not None}) < 2:
            return
        for number, one in enumerate(places):
            if one.at is not None:  # behind a leg that was not gone none is, so that the last stretch says it of all
                gone = number == 0 or stretches[number - 1][1]
                yield Located(str(number + 1), one.known, *one.at, gone, one.post)

    def _states(self) -> tuple[tuple[str, str], ...]:
        found = dict.fromkeys(state for leg in self.record.plan.legs for state in leg.states)
        return tuple((state, self.tongue.state(state)) for state in found)

    def _places(self) -> tuple[list[_Place], list[tuple[Leg, bool]]]:
        """Every place in its order, and between two of them the leg, and whether it was gone."""
        plan = self.record.plan
        places = [self._at(plan.legs[0].start)]
        stretches: list[tuple[Leg, bool]] = []
        ridden = {one.leg.id: one for one in story.ways(self.record)}
        for leg in plan.legs:
            way = ridden.get(leg.id)
            arrived = way is not None and way.arrived
            for call in leg.calls:
                there = with_post(call.place, call.post)
                named = self.tongue.place(there, call.state, "plan") if call.state is not None else Value(there, ("plan",))
                places.append(_Place(named, self.tongue.words(CALLED_AT), "planned", at=call.at, post=call.post or ""))
                stretches.append((leg, arrived))
            if way is not None and way.cut == "seized" and way.ends is not None:
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
        name = self.tongue.place(with_post(planned.place, planned.post), planned.state, "plan")
        post = planned.post or ""
        step: Line = (Value(tongue.translate(STEPS[planned.step]), ("plan",)),)
        there = (one for one in record.heard if one.checkpoint == checkpoint)
        reached = [one for one in there if isinstance(one.content, Dispatched | HandoverAccepted | Delivered)]
        if not reached:
            return _Place(name, step, "planned", at=planned.at, post=post)
        return _Place(name, step, "recorded", (self.at(reached[-1].at, *reached[-1].entries),), planned.at, post)

    def _seizure(self) -> Iterator[_Place]:
        said, content = story.interdictions(self.record)[0]
        sources: tuple[Source, ...] = said.entries
        yield _Place(Value(content.place, sources), self.tongue.words(SEIZED_THERE), "seized", (self.at(said.at, *sources),))

    def _strip(self, places: Sequence[_Place], stretches: Sequence[tuple[Leg, bool]], first: int, step: int) -> Strip:
        ends = [EDGE + step * number for number in range(len(places))]
        return Strip(
            tuple(
                MapStretch(
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

    def _rows(self, places: Sequence[_Place], *, where: bool) -> Iterator[TableRow]:
        for number, one in enumerate(places, 1):
            at: Line = (Value(", ".join(one.at), ("plan",)),) if one.at is not None else NONE
            yield row((Words(str(number)),), (one.name,), one.step, one.moment or NONE, *((at,) if where else ()))
