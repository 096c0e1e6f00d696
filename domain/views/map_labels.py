"""Where names stand on a map beside their marks: over no mark, no other name, and, where there is room, not over the way. A name
that has no room is left out; it stands in words under the map all the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from unicodedata import east_asian_width

from domain.views.map_ground import LETTER as LETTER_OF_A_STATE
from domain.views.map_ground import LINE_HEIGHT, MapGround, Name, Size
from domain.views.outlines import Point
from domain.views.shapes import from_segment
from domain.words.text import shown

LETTER: Final = 7.8
"""Width of a letter of a label, in units of the picture; one of twice the width counts twice."""
HALF: Final = 7.0
"""Half the height of a label."""
LONGEST: Final = {"large": 34, "small": 22}
"""Letters of a label, by the size of the map; what is longer is cut, and stands whole under the map."""
CLEAR: Final = 3.0
"""Between a label and what it is beside."""
MARK: Final = 11.0
"""Half of the room that a mark takes."""


@dataclass(frozen=True)
class LabelBox:
    """A rectangle by its middle and its halves."""

    x: float
    y: float
    half: float
    high: float

    def meets(self, other: "LabelBox") -> bool:
        """Whether they overlap."""
        return abs(self.x - other.x) < self.half + other.half and abs(self.y - other.y) < self.high + other.high


def mark_at(at: Point, half: float = MARK) -> LabelBox:
    """The room that a mark takes."""
    return LabelBox(*at, half, half)


def labels(
    wanted: Iterable[tuple[Point, str]], marks: Iterable[LabelBox], lines: Sequence[Sequence[Point]], drawn: MapGround
) -> Iterator[Name]:
    """For each mark that has a name, the label: the middle of its base line, and as much of the text as is drawn."""
    taken = [*marks, *map(_of_state, drawn.names)]
    for at, text in wanted:
        cut = shown(text, LONGEST[drawn.size.name])
        free = [one for one in _places(at, _wide(cut) / 2) if _inside(one, drawn.size) and not any(map(one.meets, taken))]
        best = next((one for one in free if not _crossed(one, lines)), next(iter(free), None))
        if best is not None:
            taken.append(best)
            yield Name(best.x, best.y + 4, cut)


def _wide(text: str) -> float:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text) * LETTER


def _of_state(name: Name) -> LabelBox:
    return LabelBox(name.x, name.y - 4, len(name.text) * LETTER_OF_A_STATE / 2, LINE_HEIGHT / 2)


def _places(at: Point, half: float) -> Iterator[LabelBox]:
    """Right, left, above and below; then beside these."""
    aside, apart = MARK + CLEAR + half, MARK + CLEAR + HALF
    across = (aside, -aside)
    yield from (LabelBox(at[0] + x, at[1], half, HALF) for x in across)
    yield from (LabelBox(at[0], at[1] + y, half, HALF) for y in (-apart, apart))
    yield from (
        LabelBox(at[0] + x * share, at[1] + y, half, HALF) for share in (1.0, 0.5) for y in (-apart, apart) for x in across
    )
    yield from (LabelBox(at[0] + x, at[1] + 2 * y, half, HALF) for y in (-apart, apart) for x in (0.0, *across))


def _inside(box: LabelBox, size: Size) -> bool:
    return box.half + CLEAR <= box.x <= size.width - box.half - CLEAR and box.high <= box.y <= size.height - box.high - CLEAR


def _crossed(box: LabelBox, lines: Sequence[Sequence[Point]]) -> bool:
    """Whether the way goes through it."""
    count = max(int(box.half // HALF), 1)
    along = [(box.x + box.half * step / count, box.y) for step in range(-count, count + 1)]
    return any(from_segment(one, *pair) < (HALF + 2) ** 2 for line in lines for pair in pairwise(line) for one in along)
