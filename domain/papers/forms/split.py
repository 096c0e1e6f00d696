"""What papers say of a consignment that has split: into which parts, what went in which, and how each ended."""

from domain.papers.forms.parts import NONE
from domain.papers.paper import Line, Value
from domain.papers.record import Heard
from domain.papers.tongue import Tongue, joined
from domain.rules.balance import PartsEnded, Split
from domain.views.names import OUTCOMES
from domain.words.text import mark

PART = mark("{operation} ({contents})")
PART_ENDED = mark("{operation} – {outcome}, recovered: {amounts}")


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
