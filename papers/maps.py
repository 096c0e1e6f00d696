"""The map of a paper as a picture in grey: what it shows is in the paper as data, and is drawn alike wherever the same program
has the same outlines. Where it has none, only places are drawn.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from domain.views.map_ground import LARGE, ground
from domain.views.map_picture import map_picture
from domain.views.outlines import Outlines
from domain.views.route_map import MapStop, RouteMap, Track
from domain.words.places import point
from papers.outlines import outlines

STYLE: Final = (
    '.map text{font-family:"Libertinus Serif","PT Sans","Liberation Sans",sans-serif;text-anchor:middle;font-weight:700}'
    ".land{fill:#ececec;stroke:#ececec;fill-rule:evenodd}.near{fill:#cfcfcf;fill-rule:evenodd}"
    ".veil{stroke:#fff;fill:none;stroke-linecap:round;stroke-linejoin:round}.half{opacity:.45}"
    ".border{stroke:#fff;stroke-width:1.4;fill:none}.st{font-size:14px;fill:#444;letter-spacing:1px}"
    ".ahead{stroke:#000;stroke-width:2;stroke-dasharray:2 5;stroke-linecap:round;fill:none}"
    ".done{stroke:#000;stroke-width:3;stroke-linecap:round;stroke-linejoin:round;fill:none}.lead{stroke:#000}"
    ".cp{fill:#000;stroke:#fff;stroke-width:1.5}.cp.open{fill:#fff;stroke:#000;stroke-width:2}"
    ".post{font-size:11px;fill:#000}.nr{font-size:12px;fill:#fff}.nr.open{fill:#000}"
)


def with_pictures(data: Mapping[str, Any]) -> dict[str, Any]:
    """A paper as data, and in each of its maps the picture; empty where too few of its places have coordinates."""
    blocks = [{**one, "picture": picture(one, outlines())} if one["block"] == "map" else one for one in data["blocks"]]
    return {**data, "blocks": blocks}


def picture(block: Mapping[str, Any], known: Outlines | None) -> str:
    """One map, with these outlines."""
    placed = [(one, point((one["longitude"], one["latitude"]))) for one in block["located"]]
    found = RouteMap(
        stops=tuple(MapStop(int(one["number"]), at, one["known"] != "planned", one["post"]) for one, at in placed),
        planned=(tuple(at for _, at in placed),),
        tracks=tuple(Track((before, at), gone=one["gone"]) for (_, before), (one, at) in pairwise(placed)),
        sightings=(),
        here=None,
        states=tuple(code for code, _ in block["states"]),
        lacking=(),
    )
    if not found.drawn:
        return ""
    states = tuple((code, name) for code, name in block["states"])
    drawn = map_picture(found, ground(known, found.planned, states, LARGE), "")
    head, rest = drawn.split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{STYLE}</style>{rest}'
