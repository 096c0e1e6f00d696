"""Lambert's conformal conic projection, fitted to a route (J. P. Snyder, Map Projections: A Working Manual, chapter 15, on the
sphere): true along two parallels through it, so that angles near the route are as they are on the ground.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.views.outlines import FULL_CIRCLE, Point

POLE: Final = 84.0
"""Degrees beyond which nothing is told apart: at a pole the projection ends."""
FLAT: Final = 0.08
"""Below this cone constant it is as good as a cylinder, and drawn as one (Mercator)."""
RADIUS: Final = 6371.0
"""Of the earth, kilometres."""
NARROWEST: Final = 240.0
"""Kilometres that the height of a picture stands for at least: outlines are no better than a few."""


@dataclass(frozen=True)
class Projection:
    """From degrees to the units of a picture."""

    middle: float
    cone: float
    factor: float
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def __call__(self, at: Point) -> Point:
        """Where a place stands. Longitudes beyond half a circle from the middle stand at its edge."""
        x, y = self._plain(at)
        return self.left + x * self.scale, self.top - y * self.scale

    def _plain(self, at: Point) -> Point:
        east = math.radians(min(max(at[0] - self.middle, -180.0), 180.0))
        tangent = math.tan(math.pi / 4 + math.radians(min(max(at[1], -POLE), POLE)) / 2)
        if not self.cone:
            return east, math.log(tangent)
        radius = self.factor * tangent**-self.cone
        return radius * math.sin(self.cone * east), -radius * math.cos(self.cone * east)

    def round_the_world(self, at: Point) -> Point:
        """The same place with the longitude that is nearest to the middle."""
        return at[0] + FULL_CIRCLE * round((self.middle - at[0]) / FULL_CIRCLE), at[1]


def fitted(points: Sequence[Point], size: Point, margin: Point) -> Projection:
    """That shows these places in a picture of this size, with a margin at each side."""
    plain = _conic(points)
    places = [plain(plain.round_the_world(one)) for one in points]
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
    room = size[0] - 2 * margin[0], size[1] - 2 * margin[1]
    middle = sum((min(lats := [one[1] for one in points]), max(lats))) / 2
    stretched = 1 / max(math.cos(math.radians(min(abs(middle), POLE))), 0.1) if not plain.cone else 1.0
    closest = size[1] * RADIUS / NARROWEST / stretched
    scale = min(closest, *(have / max(need, 1e-9) for have, need in zip(room, (right - left, bottom - top), strict=True)))
    return Projection(
        plain.middle,
        plain.cone,
        plain.factor,
        scale,
        size[0] / 2 - scale * (left + right) / 2,
        size[1] / 2 - scale * (top + bottom) / 2,
    )


def _conic(points: Sequence[Point]) -> Projection:
    """True at a sixth of the way from the southernmost place and from the northernmost."""
    south, north = min(lat for _, lat in points), max(lat for _, lat in points)
    south, north = (min(max(lat, -POLE + 4), POLE - 4) for lat in (min(south, north - 2), max(north, south + 2)))
    low, high = (math.radians(south + (north - south) * share) for share in (1 / 6, 5 / 6))
    tangents = [math.tan(math.pi / 4 + lat / 2) for lat in (low, high)]
    cone = math.log(math.cos(low) / math.cos(high)) / math.log(tangents[1] / tangents[0])
    if abs(cone) < FLAT:
        return Projection(_middle(points), 0.0, 1.0)
    return Projection(_middle(points), cone, math.cos(low) * tangents[0] ** cone / cone)


def _middle(points: Sequence[Point]) -> float:
    """The longitude in the middle of all, on the side of the world where they are."""
    found = sorted({at[0] % FULL_CIRCLE for at in points})
    gaps = [(after - before, after) for before, after in zip(found, [*found[1:], found[0] + FULL_CIRCLE], strict=True)]
    widest, begins = max(gaps)
    return (begins + (FULL_CIRCLE - widest) / 2 + 180.0) % FULL_CIRCLE - 180.0
