"""A flood knocks at every door that the gateway has: `bench.largest` says what comes of it, and here that none is missing."""

import pytest
from aiohttp import web
from temporalio.client import Client

from bench import doors
from bench.doors import LEFT_OUT, OFFICER, ROUTES, Participant, forbidden
from bench.flood import Knocking
from domain.plan.access import MAY, OPEN
from gateway.openapi import SAYS
from gateway.pages.entrance import ACTIONS
from protocol.calls import Signer
from rehearsal.services import private_key_of
from tests.installation import installed, renamed
from tests.support import example_plan, signed_plan

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


async def test_each_door_is_found_and_what_is_sent_there_is_read(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """By who sees the whole of a delivery: what it may ask is answered, what it may not is refused as such, and nothing but
    nonsense and a plan that breaks rules is turned away for its form. So the flood is as dear as it can be.
    """
    monkeypatch.setattr("gateway.floor.LASTS", 0.0)
    plan = renamed(example_plan("almaty-tashkent"))
    who, found = Participant(plan, "caricc", "kz.knb"), dict[int, set[str]]()
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        knocking = Knocking(at.http, at.url, Signer(who.name, private_key_of(who.name), OFFICER))
        await knocking.sign_in()
        for door in who.doors():
            async with knocking.asked(door) as answer:
                found.setdefault(answer.status, set()).add(door.name)

    assert {200, 201, 302, 401, 403, 404, 422} == found.keys()
    assert {"desk.ledger"} == found[302]
    assert {one.name for one in who.doors() if forbidden(one.route)} | {"forecast"} == found[403]
    assert {"nonsense", "start"} == found[422]
    assert {"amend", "hand-over", "stops in another's name", "desk.enter"} == found[401]
    assert {"news", "stops of another plan", "chase", "attach", "enter"} <= found[201]
    assert {"keys", "packet", "paper", "desk.paper", "desk.say", "desk.view", "changes", "floor-changes", "shift"} <= found[200]
