"""R1, R16: a call is in a State, which consents, or it is one of which nothing is touched there, and that can be so."""

from typing import Any

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from tests.domain.test_powers import CARDS, DIRECTORY, legs
from tests.support import asks, example_plan, with_changes

DUSHANBE = {"kind": "airport", "state": "TJ", "place": "Airport of Dushanbe"}


def problems(*calls: dict[str, Any], **changed: Any) -> list[str]:
    """What the check says of a plan whose first leg calls there."""
    first = legs(0, calls=calls, **changed.pop("leg", {}))
    return [one.problem for one in faults_in(with_changes(plan_=first | changed), DIRECTORY, CARDS)]


@pytest.mark.parametrize(
    "call",
    [
        DUSHANBE | {"not_touched": "stays_on_board"},
        {"kind": "port", "state": "TJ", "place": "a port", "not_touched": "stays_on_board"},
        {"kind": "air", "state": "TJ", "place": "over the Pamirs", "not_touched": "passes_through"},
        {"kind": "sea", "state": "TJ", "place": "territorial sea", "not_touched": "passes_through"},
        {"kind": "sea", "place": "42 N 50 E", "not_touched": "high_seas"},
        {"kind": "air", "place": "42 N 50 E", "not_touched": "high_seas"},
    ],
    ids=str,
)
def test_r1_where_nothing_is_touched_nobody_is_asked(call: dict[str, Any]) -> None:
    """On board at a port or an airport; in passage at sea or in the air; or on the high seas."""
    assert problems(call) == []


@pytest.mark.parametrize(
    ("call", "part"),
    [
        ({"kind": "airport", "place": "Airport of Dushanbe", "not_touched": "high_seas"}, "it says high seas of airport"),
        ({"kind": "road", "place": "a lay-by", "not_touched": "high_seas"}, "it says high seas of road"),
        ({"kind": "airport", "place": "Airport of Dushanbe", "not_touched": "stays_on_board"}, "only on the high seas"),
        ({"kind": "sea", "place": "at sea"}, "only on the high seas"),
        (DUSHANBE | {"not_touched": "high_seas"}, "only on the high seas"),
        (DUSHANBE | {"not_touched": "passes_through"}, "it says passes through of airport"),
        (DUSHANBE | {"kind": "road", "not_touched": "stays_on_board"}, "it says stays on board of road"),
        (DUSHANBE | {"kind": "station", "not_touched": "stays_on_board"}, "it says stays on board of station"),
        (DUSHANBE | {"state": "UZ", "not_touched": "stays_on_board"}, "UZ is on the route"),
        (DUSHANBE | {"state": "KZ", "not_touched": "stays_on_board"}, "KZ is on the route"),
    ],
    ids=str,
)
def test_r1_a_reason_is_one_that_can_be_so(call: dict[str, Any], part: str) -> None:
    """No airport is on the high seas, and a State that consents is touched."""
    assert any(one.startswith("R1") and part in one for one in problems(call)), problems(call)


AIR = {"kind": "air", "state": "TJ", "place": "over the Pamirs", "not_touched": "passes_through"}


@pytest.mark.parametrize("channel", ["truck", "rail"])
def test_r1_by_land_nothing_is_in_the_air(channel: str) -> None:
    """A truck or a train enters the State that it comes to; on a ferry it may be on the high seas or stay on board at a port."""
    goes = {"consignment": example_plan().model_dump()["consignment"] | {"kind": channel}}
    flies = f"where what goes by {channel} never is; by land it is in a State, which consents"
    high = {"kind": "air", "place": "42 N 50 E", "not_touched": "high_seas"}
    for call in (AIR, high, DUSHANBE | {"not_touched": "stays_on_board"}):
        assert any(one.startswith("R1: it says") and one.endswith(flies) for one in problems(call, **goes)), call
    ferry = ({"kind": "port", "place": "a port"}, {"kind": "sea", "place": "territorial sea"})
    for call, why in zip(ferry, ("stays_on_board", "passes_through"), strict=True):
        assert problems(call | {"state": "TJ", "not_touched": why}, **goes) == []


def test_r1_a_state_is_touched_or_not() -> None:
    """One leg calls there and another leaves it untouched: then it is on the route for both."""
    both = (DUSHANBE, DUSHANBE | {"not_touched": "stays_on_board"})
    assert any("TJ is on the route" in one for one in problems(*both))


@pytest.mark.parametrize("changed", [{"uses": ["device"]}, {"leg": {"accompanied_by": ["uz.police"]}}], ids=str)
def test_r16_officers_and_devices_are_where_it_is(changed: dict[str, Any]) -> None:
    """Who travels along, and a tracker, are in that State too, so it is asked; on the high seas there is nobody to ask."""
    assert any(
        one.startswith("R16: officers or a device") for one in problems(DUSHANBE | {"not_touched": "stays_on_board"}, **changed)
    )
    assert not any(
        "officers or a device" in one for one in problems({"kind": "sea", "place": "-", "not_touched": "high_seas"}, **changed)
    )


def test_r1_a_state_outside_has_a_part() -> None:
    """Nobody is arrested and nothing weighed there: then there is nothing to be said of it."""
    idle = with_changes(plan_={"outside": [{"state": "LV", "why": "own_case"}]})
    assert [(one.place, one.problem) for one in faults_in(idle, DIRECTORY, CARDS)] == [
        ("outside.0.state", "R1: nobody is arrested, nothing weighed or examined in LV, and nobody of it waits: leave it out")
    ]
    latvia = {"state": "LV", "requires": asks("lv.police arrest")}
    assert faults_in(with_changes(idle, arrest_tashkent=latvia), DIRECTORY, CARDS) == ()


def test_a_call_says_what_it_is() -> None:
    """There is no call of no kind, and no reason in anybody's own words, of a call or of a State outside."""
    for call in ({"place": "somewhere", "state": "TJ"}, DUSHANBE | {"not_touched": "we asked nobody"}):
        with pytest.raises(ValueError, match=r"kind|not_touched"):
            Plan.model_validate(with_changes().model_dump() | legs(0, calls=[call]))
    with pytest.raises(ValueError, match=r"should be 'own_case', 'legal_assistance' or 'exhibits_sent'"):
        with_changes(plan_={"outside": [{"state": "LV", "why": "we asked nobody"}]})
