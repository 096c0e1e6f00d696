"""Whatever others have written, a picture of it is a picture: a whole file of XML in which their words are words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.drawing import plan_svg
from domain.views import timeline_picture
from domain.views.canvas import Canvas
from domain.views.map_ground import SMALL, Name, ground
from domain.views.map_picture import map_picture
from domain.views.route_map import MapStop, RouteMap
from domain.views.timeline import ConsentSpan, Timeline, TimelineRow, TimelineSpan
from domain.words.legible import legible
from domain.words.text import shown
from tests.client.test_hostile import is_harmless
from tests.domain.test_text import HOSTILE, ORDERS
from tests.support import example_plan

hostile = st.lists(st.sampled_from([*HOSTILE, *ORDERS, "</text>", "<b>", "&", '"', "'", "]]>", "word", " "]), min_size=1).map(
    "".join
)
BEGINS = datetime(2026, 3, 1, tzinfo=UTC)


def canvas(words: str) -> str:
    """A canvas that says this as its title and in a line."""
    found = Canvas(100, 100)
    found.text(0, 0, words)
    return found.svg(words)


def plan(words: str) -> str:
    """A plan whose texts are these."""
    known = example_plan()
    places = tuple(one.model_copy(update={"place": words}) for one in known.checkpoints)
    legs = tuple(one.model_copy(update={"means": words}) for one in known.legs)
    return plan_svg(known.model_copy(update={"title": words, "checkpoints": places, "legs": legs}))


def route(words: str) -> str:
    """A map with posts and a State of this name."""
    stops = (MapStop(1, (69.2, 41.3), passed=True, post=words), MapStop(2, (76.9, 43.2), passed=False, post=words))
    found = RouteMap(stops, ((stops[0].at, stops[1].at),), (), (), None, (), ())
    drawn = ground(None, found.planned, (), SMALL)
    return map_picture(found, replace(drawn, names=(Name(1, 1, words),)), words)


def timeline(words: str) -> str:
    """Bars of consents and steps by services of this name."""
    span = TimelineSpan(BEGINS, BEGINS + timedelta(hours=1))
    row = TimelineRow("leg", 0, words, (words,), span, span, goes_on=True, expected=span)
    drawn = Timeline(BEGINS, (ConsentSpan(words, words, span, live=True, needed=span),), (row,), timedelta())
    return timeline_picture.picture(drawn, str)


PICTURES: dict[str, Callable[[str], str]] = {"canvas": canvas, "plan": plan, "map": route, "timeline": timeline}


def elements(picture: str) -> set[str]:
    """Of what elements it is made."""
    return {one.tag for one in ET.fromstring(picture).iter()}  # noqa: S314 - our own picture


@pytest.mark.parametrize("name", PICTURES)
@settings(deadline=None)  # a busy machine is no fault
@given(words=hostile)
def test_a_picture_is_whole_whatever_is_written_in_it(name: str, words: str) -> None:
    """It is well-formed, has the same elements, but for how many lines a text takes, and holds nothing that is not seen."""
    drawn, plain = PICTURES[name](words), PICTURES[name]("word")

    assert is_harmless(drawn)
    assert elements(drawn) == elements(plain)


@given(words=hostile)
def test_a_line_of_a_picture_says_what_was_written(words: str) -> None:
    """Nothing of it is lost: what is not seen stands there written out."""
    (text,) = ET.fromstring(canvas(words)).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - our own picture

    assert shown(words) == text.text


@given(words=hostile)
def test_every_text_of_data_is_seen(words: str) -> None:
    """However deep it stands, and as a name too; what is no text stays as it is."""
    assert {shown(words): [shown(words), 1, None, True, [shown(words)]]} == legible({words: [words, 1, None, True, (words,)]})
