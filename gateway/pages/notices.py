"""The notices of the desk's own pages, and subscriptions on the page *You*: what the API does, for a browser."""

from typing import Any

from aiohttp import web

from domain.plan.access import supervises
from domain.views.subscriptions import FAILURES, SUBJECTS_IN_WORDS, WAYS_IN_WORDS, Wish
from gateway.access import CALLER
from gateway.notices import NOTICES, room_of
from gateway.pages.entrance import ROOT
from gateway.pages.pages import page, script_data, sent

YOU = f"{ROOT}/me"

routes = web.RouteTableDef()


async def _subscriptions(request: web.Request) -> dict[str, Any] | None:
    """What the page *You* shows of them; none where nobody subscribes."""
    if NOTICES not in request.app:
        return None
    room, visitor = request.app[NOTICES], request[CALLER]
    words = {"subjects": SUBJECTS_IN_WORDS, "ways": WAYS_IN_WORDS, "failures": FAILURES}
    return words | {"found": await room.of(visitor), "waiting": await room.waiting(visitor)}


@routes.get(YOU, name="desk.me")
async def me(request: web.Request) -> web.Response:
    """Who is signed in, the key of this browser, and of what one is told."""
    told = await _subscriptions(request) if supervises(request[CALLER].service) else None
    return page(request, "me.html", data=script_data(request, "", None, ""), told=told, tried=request.query.get("tried"))


@routes.get(f"{ROOT}/notices", name="desk.notices.waiting")
async def waiting(request: web.Request) -> web.Response:
    """How many wait, for the script of an open page."""
    found = await room_of(request).waiting(request[CALLER])
    return web.json_response(text=found.model_dump_json())


@routes.post(f"{ROOT}/notices/seen/{{upto}}", name="desk.notices.seen")
async def seen(request: web.Request) -> web.Response:
    """They were seen, up to this number."""
    upto = request.match_info["upto"]
    number = int(upto) if upto.isascii() and upto.isdecimal() and len(upto) <= 18 else 0
    await room_of(request).seen(request[CALLER], number)
    return _back()


@routes.post(f"{ROOT}/notices", name="desk.notices.subscribe")
async def subscribe(request: web.Request) -> web.Response:
    """What the form says, as its script sends it."""
    made = await room_of(request).subscribe(request[CALLER], await sent(request, Wish))
    return web.json_response(text=made.model_dump_json(), status=201)


@routes.post(f"{ROOT}/notices/{{subscription}}/end", name="desk.notices.unsubscribe")
async def unsubscribe(request: web.Request) -> web.Response:
    """End one."""
    await room_of(request).unsubscribe(request[CALLER], request.match_info["subscription"])
    return _back()


@routes.post(f"{ROOT}/notices/{{subscription}}/test", name="desk.notices.test")
async def try_out(request: web.Request) -> web.Response:
    """Send a test there; what came of it stands on the page."""
    tried = await room_of(request).try_out(request[CALLER], request.match_info["subscription"])
    return _back(f"?tried={tried.failure or 'taken'}")


def _back(query: str = "") -> web.Response:
    return web.Response(status=303, headers={"Location": f"{YOU}{query}#notices"})
