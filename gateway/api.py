"""The HTTP API, version 1. Every answer is JSON, every error a problem document (RFC 9457) with our code, rule and hint."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.envelope import Envelope
from domain.errors import (
    Malformed,
    NotAllowed,
    NotAuthentic,
    NotFound,
    RuleBroken,
    Unavailable,
    VigilError,
)
from domain.ledger import Entry, Left
from domain.packet import Purpose
from domain.policy import permit
from domain.sight import Withheld
from domain.statements import faults_of
from domain.views import Row
from gateway.access import CALLER, Proofs
from gateway.desk import Desk

log = logging.getLogger("vigil.gateway")

LARGEST_BODY = 1_000_000
KEEP_ALIVE = 15.0
"""Seconds of silence on a stream after which a comment is sent."""
STATUS: dict[type[VigilError], int] = {
    Malformed: 422,
    NotAuthentic: 401,
    NotAllowed: 403,
    NotFound: 404,
    RuleBroken: 409,
    Unavailable: 503,
}
ENTRIES: TypeAdapter[list[Entry | Withheld]] = TypeAdapter(list[Entry | Withheld])
ROWS = TypeAdapter(tuple[Row, ...])
PURPOSE: TypeAdapter[Purpose] = TypeAdapter(Purpose)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
PROOFS: web.AppKey[Proofs] = web.AppKey("proofs", Proofs)
STREAMS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("streams")
"""Streams of changes that are open: they are ended when the process is asked to stop."""

routes = web.RouteTableDef()


def application(desk: Desk, proofs: Proofs) -> web.Application:
    """The gateway's web application."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[logged, explained, proved])
    streams: set[asyncio.Task[None]] = set()
    app[DESK], app[PROOFS], app[STREAMS] = desk, proofs, streams
    app.on_shutdown.append(_end_streams)
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
    first = await anext(found, None)  # what is wrong with the question is answered as for any other
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    request.app[STREAMS].add(request.task)
    request.task.add_done_callback(request.app[STREAMS].discard)
    try:
        async for text in _events(first, found):
            await answer.write(text)
    except VigilError as error:
        log.warning("a stream of changes broke off", extra={"code": error.code})
        return answer  # without an end: the client asks again from where it was
    await answer.write_eof()
    return answer


async def _end_streams(app: web.Application) -> None:
    """Whoever follows asks again from where it was, another gateway if there is one."""
    open_now = app[STREAMS]
    for stream in list(open_now):
        stream.cancel()


async def _events(first: Entry | Withheld | None, following: AsyncIterator[Entry | Withheld]) -> AsyncIterator[bytes]:
    """Entries as server-sent events, and a comment now and then so that nobody on the way takes silence for death."""
    entry = first
    while entry is not None:
        yield f"id: {entry.seq}\ndata: {entry.model_dump_json()}\n\n".encode()
        coming = asyncio.ensure_future(anext(following, None))
        try:
            while not (await asyncio.wait({coming}, timeout=KEEP_ALIVE))[0]:
                yield b": still here\n\n"
        except BaseException:
            coming.cancel()
            raise
        entry = coming.result()


@routes.get("/v1/deliveries/{delivery}/packet", name="packet")
async def packet(request: web.Request) -> web.Response:
    """The sealed evidence packet, for the operation itself or, with `purpose`, for a court or a State (R23)."""
    try:
        purpose = PURPOSE.validate_python(request.query.get("purpose", "operation"))
    except ValidationError as error:
        raise Malformed("there is no such purpose", faults_of(error, place="purpose")) from error
    return _json(await request.app[DESK].packet(request[CALLER].service, request.match_info["delivery"], purpose))


@routes.post("/v1/keys", name="keys")
async def keys(request: web.Request) -> web.Response:
    """Bring a signed change of a service's keys to the deliveries under way. The answer says what became of it in each."""
    return _model(await request.app[DESK].change_keys(request[CALLER].service, await _body(request, Envelope)))


@routes.get("/v1/inbox", name="inbox")
async def inbox(request: web.Request) -> web.Response:
    """What the caller is being asked, in all its deliveries; with `signed=yes`, each request in an envelope, to be carried."""
    desk, caller = request.app[DESK], request[CALLER].service
    return _model(await (desk.signed_inbox(caller) if request.query.get("signed") == "yes" else desk.inbox(caller)))


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line for each request; ids of deliveries are code names, bodies are never logged."""
    began = time.perf_counter()
    answer = await handler(request)
    caller = request.get(CALLER)
    fields = {
        "method": request.method,
        "path": request.path,
        "status": answer.status,
        "milliseconds": round((time.perf_counter() - began) * 1000),
        "service": caller.service.id if caller is not None else "",
    }
    log.info("answered", extra=fields)
    return answer


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problem documents."""
    try:
        return await handler(request)
    except VigilError as error:
        return problem(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _problem(error.status, error.reason, code="http")
    except Exception:
        log.exception("a fault of our own", extra={"method": request.method, "path": request.path})
        return _problem(500, "the gateway has a fault of its own; it has been logged", code="bug")


@web.middleware
async def proved(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody anonymous gets further than the health of the process, and nobody to what the policy does not give."""
    action = request.match_info.route.name
    if action != "health":
        body = await request.read()
        authorization = request.headers.get("Authorization")
        caller = request.app[PROOFS].caller(authorization, request.method, request.raw_path, body)
        request[CALLER] = caller
        if action is not None:
            permit(caller.service, action)
    return await handler(request)


def problem(error: VigilError) -> web.Response:
    """The problem document of one of our errors."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    more: dict[str, object] = {"hint": error.hint} if error.hint else {}
    if isinstance(error, Malformed):
        more["faults"] = [fault.model_dump() for fault in error.faults]
    if isinstance(error, RuleBroken):
        more["rule"] = error.rule
    return _problem(status, error.message, code=error.code, **more)


def _problem(status: int, detail: str, *, code: str, **more: object) -> web.Response:
    document = {
        "type": f"urn:vigil:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return web.json_response(document | more, status=status, content_type="application/problem+json")


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
