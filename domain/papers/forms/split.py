"""What papers say of a consignment that has split: into which parts, what went in which, and how each ended."""

from collections.abc import Callable

from domain.papers.forms.parts import NONE
from domain.papers.paper import Line, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.rules.balance import PartsEnded, Split
from domain.views.names import OUTCOMES
from domain.words.text import mark

PART = mark("{operation} ({contents})")
PART_ENDED = mark("{operation} – {outcome}, recovered: {amounts}")
APART = mark("{what}, not counting its parts")


def but_for_parts(record: Record, tongue: Tongue, mine: Callable[[str], bool], what: Line) -> Line:
    """A sum of this delivery; where one of those that are `mine` has said that it split, that its parts are not in it."""
    return tongue.say(APART, what=what) if any(mine(said.service) for said, _ in record.said(Split)) else what


def parts_of(tongue: Tongue, said: Heard, split: Split) -> Line:
    """Its parts by code name, and what went in each."""
    return joined(
        (
            tongue.say(
                PART,
                operation=Value(one.operation, said.entries),
                contents=joined(Value(tongue.amount(each), said.entries) for each in one.contents) or NONE,
            )
            for one in split.parts
        ),
        "; ",
    )


def ends_of(tongue: Tongue, said: Heard, ended: PartsEnded) -> Line:
    """The parts by code name, how each ended, and what was recovered of it."""
    return joined(
        (
            tongue.say(
                PART_ENDED,
                operation=Value(one.operation, said.entries),
                outcome=Value(tongue.translate(OUTCOMES.get(one.outcome, one.outcome)), said.entries),
                amounts=joined(Value(tongue.amount(each), said.entries) for each in one.recovered) or NONE,
            )
            for one in ended.parts
        ),
        "; ",
    )
