"""A flood knocks at every door that the gateway has: `bench.largest` says what comes of it, and here that none is missing."""

import pytest
from aiohttp import web

from bench import doors
from bench.doors import LEFT_OUT, ROUTES, Participant, forbidden
from domain.plan.access import MAY, OPEN
from gateway.openapi import SAYS
from gateway.pages.entrance import ACTIONS
from tests.support import example_plan

HOSTILE = Participant(example_plan("almaty-tashkent"), "uz.prosecutor", "kz.knb")


async def nothing(_request: web.Request) -> web.Response:
    """What a new route would do."""
    return web.Response()


def test_every_route_is_in_a_door_or_is_left_out_for_a_reason() -> None:
    """Of the API and of the pages; nobody knocks where there is no route, and statements come in several ways."""
    knocked = [door.route for door in HOSTILE.doors()]

    assert {*SAYS, *ACTIONS} == ROUTES.keys()
    assert ROUTES.keys() == {*knocked, *LEFT_OUT}
    assert not {*knocked} & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())
    assert 5 == knocked.count("submit")


def test_what_is_sent_has_a_whole_address_and_is_made_anew() -> None:
    """No gap is left open in an address, and what changes something is another thing each time."""
    for door in HOSTILE.doors():
        sent = door.make()
        assert "{" not in sent.path, door
        assert bool(sent.body) == (door.method in ("POST", "PUT") and door.name != "enter"), door
    for name in ("news", "start", "amend", "keys", "attach", "desk.enter"):
        (door,) = (one for one in HOSTILE.doors() if one.name == name)
        assert door.make().body != door.make().body


@pytest.mark.parametrize(
    "route",
    [
        web.post("/v1/novelties", nothing, name="novelty"),
        web.get("/v1/novelties/{novelty}", nothing, name="novelty"),
        web.put("/desk/novelties", nothing, name="novelty"),
    ],
    ids=lambda route: route.method,
)
def test_a_new_route_of_which_nothing_is_known_fails(route: web.RouteDef, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it takes, or what stands in its address: whoever adds it says what a flood sends there, or why nothing."""
    monkeypatch.setattr(doors, "ROUTES", {**ROUTES, "novelty": route})
    with pytest.raises(LookupError, match="novelty"):
        HOSTILE.doors()

    monkeypatch.setattr(doors, "LEFT_OUT", {**LEFT_OUT, "novelty": "it is new"})
    assert HOSTILE.doors()


def test_what_no_participant_may_use_is_what_the_policy_says() -> None:
    """Such a door takes anything, since nobody reads it."""
    assert forbidden("expunge")
    assert forbidden("desk.notices.subscribe")
    assert not any(forbidden(name) for name in (*OPEN, "desk.door", "submit", "packet"))
    assert {"reads", "alarms", "decode"} <= {name for name in MAY if forbidden(name)}
