"""The HTTP API, version 1. Every answer is JSON, every error a problem document (RFC 9457) with our code, rule and hint."""

import asyncio

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.envelope import Envelope
from domain.errors import Malformed
from domain.ledger import Entry, Left
from domain.statements import faults_of
from domain.views import Row
from gateway.access import CALLER, PROOFS, Proofs
from gateway.desk import Desk
from gateway.middlewares import explained, logged, proved
from gateway.streams import STREAMS, end_streams, stream

LARGEST_BODY = 1_000_000
ENTRIES = TypeAdapter(list[Entry])
ROWS = TypeAdapter(tuple[Row, ...])

DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)

routes = web.RouteTableDef()


def application(desk: Desk, proofs: Proofs) -> web.Application:
    """The gateway's web application."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[logged, explained, proved])
    streams: set[asyncio.Task[None]] = set()
    app[DESK], app[PROOFS], app[STREAMS] = desk, proofs, streams
    app.on_shutdown.append(end_streams)
    app.add_routes(routes)
    return app


@routes.get("/v1/health", name="health")
async def health(request: web.Request) -> web.Response:
    """Whether this process and Temporal behind it are up. The only answer that needs no proof."""
    await request.app[DESK].ready()
    return web.json_response({"status": "up"})


@routes.post("/v1/deliveries", name="start")
async def start(request: web.Request) -> web.Response:
    """Start the delivery of a signed plan."""
    plan = await request.app[DESK].start(request[CALLER].service, await _body(request, Envelope))
    place = f"/v1/deliveries/{plan.operation}"
    return web.json_response({"delivery": plan.operation}, status=201, headers={"Location": place})


@routes.get("/v1/deliveries", name="list")
async def deliveries(request: web.Request) -> web.Response:
    """The caller's deliveries."""
    return _json(ROWS.dump_json(await request.app[DESK].deliveries(request[CALLER].service)))


@routes.get("/v1/deliveries/{delivery}", name="view")
async def show(request: web.Request) -> web.Response:
    """One delivery's summary."""
    return _model(await request.app[DESK].view(request[CALLER].service, request.match_info["delivery"]))


@routes.put("/v1/deliveries/{delivery}/plan", name="amend")
async def amend(request: web.Request) -> web.Response:
    """Change the plan for what is still ahead, by a new signed plan. The answer is the ledger entry that records it."""
    envelope = await _body(request, Envelope)
    return _model(await request.app[DESK].amend(request[CALLER].service, request.match_info["delivery"], envelope))


@routes.post("/v1/deliveries/{delivery}/statements", name="submit")
async def submit(request: web.Request) -> web.Response:
    """Hand in a signed statement. The answer is its receipt, also where a rule refuses it: the attempt is recorded. 202 where
    no worker is up to judge it: it is kept until one is.
    """
    envelope = await _body(request, Envelope)
    answer = await request.app[DESK].submit(request.match_info["delivery"], envelope)
    return _model(answer, status=202 if isinstance(answer, Left) else 200)


@routes.get("/v1/deliveries/{delivery}/ledger", name="ledger")
async def ledger(request: web.Request) -> web.Response:
    """Ledger entries from `since` on."""
    found = await request.app[DESK].ledger(request[CALLER].service, request.match_info["delivery"], _since(request))
    return _json(ENTRIES.dump_json(found))


@routes.get("/v1/deliveries/{delivery}/changes", name="changes")
async def changes(request: web.Request) -> web.StreamResponse:
    """The ledger as server-sent events, from `since` or the `Last-Event-ID` on, until the delivery has ended."""
    last = request.headers.get("Last-Event-ID", "")
    since = int(last) + 1 if last.isdecimal() else _since(request)
    found = request.app[DESK].changes(request[CALLER].service, request.match_info["delivery"], since)
    return await stream(request, found)


@routes.get("/v1/deliveries/{delivery}/packet", name="packet")
async def packet(request: web.Request) -> web.Response:
    """The sealed evidence packet."""
    return _json(await request.app[DESK].packet(request[CALLER].service, request.match_info["delivery"]))


@routes.get("/v1/inbox", name="inbox")
async def inbox(request: web.Request) -> web.Response:
    """What the caller is being asked, in all its deliveries."""
    return _model(await request.app[DESK].inbox(request[CALLER].service))


async def _body(request: web.Request, model: type[Envelope]) -> Envelope:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise Malformed("the body is not a signed envelope", faults_of(error)) from error


def _since(request: web.Request) -> int:
    text = request.query.get("since", "0")
    if not text.isdecimal():
        raise Malformed(f"since={text}: expected the number of an entry, 0 or more")
    return int(text)


def _json(data: bytes, status: int = 200) -> web.Response:
    return web.Response(body=data, status=status, content_type="application/json")


def _model(model: BaseModel, status: int = 200) -> web.Response:
    return _json(model.model_dump_json().encode(), status)
