"""Coordinates: what is taken for degrees, what is refused, and what is remarked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.rules.watch import Sighted
from domain.signing.canonical import canonical
from domain.views.far_off import far_off
from domain.views.map_ground import LARGE, SMALL, Size, ground
from domain.views.outlines import Outlines, Point
from domain.views.projection import fitted
from domain.words.places import At
from papers.outlines import outlines
from tests.support import example_plan

AT: TypeAdapter[At] = TypeAdapter(At)
PLACES = st.tuples(st.floats(-180, 180), st.floats(-80, 80))


def known() -> Outlines:
    """The outlines that are installed."""
    found = outlines()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ((69.28, "41.3"), 'degrees stand in quotes, e.g. "69.28"'),
        (("69.28", True), "no text of degrees"),
        (("69,28", "41.3"), "no text of degrees"),
        (("69.28001", "41.3"), "at most four decimals"),
        (("180.0001", "0"), "outside the world, expected -180 to 180"),
        (("43.2", "-90.1"), "outside the world, expected -90 to 90"),
        (("1e1", "٤"), "no text of degrees"),
        (("69.28",), "Field required"),
    ],
)
def test_what_is_no_place_in_the_world_is_refused(at: tuple[object, ...], why: str) -> None:
    """No float, no other digits, nothing outside: the refusal says which axis it is and what would be right."""
    with pytest.raises(ValidationError, match=why):
        AT.validate_python(at)


def test_degrees_are_signed_as_they_were_written_and_nowhere_where_they_were_not() -> None:
    """West and south have a minus; what was not said leaves no trace in what is signed."""
    assert ("-180", "-0.5") == AT.validate_python(("-180", "-0.5"))
    assert b'{"at":["69.6","42.34"],"kind":"sighted","place":"here"}' == canonical(Sighted(place="here", at=("69.6", "42.34")))
    assert b'{"kind":"sighted","place":"here"}' == canonical(Sighted(place="here"))


def test_coordinates_far_from_their_state_are_remarked() -> None:
    """The wrong way round it says so; a border post some kilometres off, and the State itself, are fine."""
    plan = example_plan()
    assert [] == list(far_off(plan, known()))

    def remarked(*at: str) -> list[str]:
        checkpoints = tuple(one.model_copy(update={"at": at}) if one.id == "departure" else one for one in plan.checkpoints)
        return [fault.problem for fault in far_off(plan.model_copy(update={"checkpoints": checkpoints}), known())]

    assert ["it lies 2607 km from KZ; the other way round it would not: longitude stands first"] == remarked("43.2567", "76.9286")
    assert "it lies" in remarked("-70", "-10")[0]
    assert [] == remarked("71.2", "42.4")


@given(places=st.lists(PLACES, min_size=2, max_size=8), size=st.sampled_from([LARGE, SMALL]))
def test_every_place_of_a_route_is_on_its_map(places: list[Point], size: Size) -> None:
    """Wherever in the world they are, across the meridian of 180 too."""
    project = fitted(places, (size.width, size.height), size.margin)
    for at in places:
        x, y = project(project.round_the_world(at))
        assert -1 <= x <= size.width + 1
        assert -1 <= y <= size.height + 1


ROUTES = {
    "across a continent": (
        (("KG", "Kyrgyzstan"), ("KZ", "Kazakhstan"), ("RU", "Russia")),
        ((74.6, 42.9), (54.9, 51.2), (28.2, 56.4)),
    ),
    "across the meridian of 180": ((("RU", "Russia"), ("US", "United States")), ((177.5, 64.7), (-150.0, 61.2))),
    "across an ocean": ((("GT", "Guatemala"), ("RU", "Russia")), ((-90.5, 14.6), (37.6, 55.8))),
    "along the equator": ((("KE", "Kenya"), ("EC", "Ecuador")), ((36.8, -1.3), (-78.5, -0.2))),
    "in a city": ((("KZ", "Kazakhstan"),), ((76.95, 43.25), (76.93, 43.24))),
}


@pytest.mark.parametrize("route", ROUTES)
def test_land_and_states_of_a_route_are_drawn_and_weigh_little(route: str) -> None:
    """In both renderings; neighbours have one line between them, which is an edge of each."""
    states, line = ROUTES[route]
    for size in (LARGE, SMALL):
        drawn = ground(known(), (line,), states, size)

        assert drawn.land
        assert drawn.near
        assert len(drawn.land + drawn.near + drawn.borders) < 9_500
        for one in drawn.names:
            assert 0 < one.x < size.width
            assert 0 < one.y < size.height


def test_no_boundary_is_drawn_where_states_do_not_agree() -> None:
    """The corridor has a hole there; and a unit without a code is land, beside which no boundary is drawn."""
    drawn = ground(known(), (((33.0, 46.2), (39.0, 45.0)),), (("UA", "Ukraine"), ("RU", "Russia")), LARGE)
    x, y = drawn.place((34.3, 45.3))
    assert any((x - left) ** 2 + (y - top) ** 2 < around**2 for left, top, around in drawn.unsettled)

    square = (
        ((0.0, 0.0), (0.0, 4.0)),
        ((0.0, 4.0), (-4.0, 4.0), (-4.0, 0.0), (0.0, 0.0)),
        ((0.0, 4.0), (4.0, 4.0), (4.0, 0.0), (0.0, 0.0)),
    )
    for other, drawn_borders in (("UZ", True), ("", False)):
        two = Outlines(square, ((1,), (2,)), {"KZ": ((0, 1),), other: ((0, 2),)})
        assert drawn_borders is bool(ground(two, (((-1.0, 2.0), (1.0, 2.0)),), (("KZ", "K"),), LARGE).borders)
