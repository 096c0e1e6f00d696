"""What becomes of a line on its way into a picture: fewer points, cut to the box, whole numbers."""

from collections.abc import Iterable, Iterator, Sequence

from domain.views.outlines import Point


def simplified(line: Sequence[Point], apart: float) -> list[Point]:
    """Without the points that lie no further than this from what is left (Douglas and Peucker, 1973). Both ends stay."""
    if len(line) < 3:
        return list(line)
    kept = [False] * len(line)
    kept[0] = kept[-1] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        furthest, found = apart * apart, None
        for number in range(first + 1, last):
            distance = from_segment(line[number], line[first], line[last])
            if distance > furthest:
                furthest, found = distance, number
        if found is not None:
            kept[found] = True
            spans += [(first, found), (found, last)]
    return [point for point, stays in zip(line, kept, strict=True) if stays]


def from_segment(at: Point, begin: Point, end: Point) -> float:
    """The square of the distance of a point from a segment."""
    across, down = end[0] - begin[0], end[1] - begin[1]
    length = across * across + down * down
    along = ((at[0] - begin[0]) * across + (at[1] - begin[1]) * down) / length if length else 0.0
    along = min(max(along, 0.0), 1.0)
    return (at[0] - begin[0] - along * across) ** 2 + (at[1] - begin[1] - along * down) ** 2


def cut(ring: Sequence[Point], low: Point, high: Point) -> list[Point]:
    """A ring, as far as it is in a box (Sutherland and Hodgman, 1974)."""
    found = list(ring)
    for axis in (0, 1):
        for bound, sign in ((low[axis], 1.0), (high[axis], -1.0)):
            found = list(_beyond(found, axis, bound, sign))
    return found


def _beyond(ring: Sequence[Point], axis: int, bound: float, sign: float) -> Iterator[Point]:
    """As far as it is on one side of a line."""
    for number, point in enumerate(ring):
        before = ring[number - 1]
        inside, was_inside = (point[axis] - bound) * sign >= 0, (before[axis] - bound) * sign >= 0
        if inside != was_inside:
            share = (bound - before[axis]) / (point[axis] - before[axis])
            other = before[1 - axis] + (point[1 - axis] - before[1 - axis]) * share
            yield (bound, other) if axis == 0 else (other, bound)
        if inside:
            yield point


def meets(line: Iterable[Point], low: Point, high: Point) -> bool:
    """Whether the least box around a line meets another."""
    points = list(line)
    return all(
        min(one[axis] for one in points) <= high[axis] and max(one[axis] for one in points) >= low[axis] for axis in (0, 1)
    )


def area(ring: Sequence[Point]) -> float:
    """Of what a ring encloses."""
    return abs(sum(one[0] * two[1] - two[0] * one[1] for one, two in zip(ring, [*ring[1:], *ring[:1]], strict=True))) / 2


def holds(rings: Iterable[Sequence[Point]], at: Point) -> bool:
    """Whether a point is inside rings, holes left out."""
    inside = False
    for ring in rings:
        for one, two in zip(ring, [*ring[1:], *ring[:1]], strict=True):
            if (one[1] > at[1]) != (two[1] > at[1]) and at[0] < (two[0] - one[0]) * (at[1] - one[1]) / (two[1] - one[1]) + one[0]:
                inside = not inside
    return inside


def path(line: Sequence[Point], *, closed: bool = False) -> str:
    """A line as a path of SVG, in whole units, each point by its step from the one before; empty where it is shorter than one."""
    steps, at = [], (round(line[0][0]), round(line[0][1]))
    begin = at
    for point in line[1:]:
        there = round(point[0]), round(point[1])
        if there != at:
            steps.append(f"{there[0] - at[0]} {there[1] - at[1]}")
            at = there
    if len(steps) < (2 if closed else 1):
        return ""
    return f"M{begin[0]} {begin[1]}l{' '.join(steps)}{'z' if closed else ''}".replace(" -", "-")
