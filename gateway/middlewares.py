"""What every request passes on its way to its handler, from the outside in: logged, explained, proved."""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from domain.plan.access import OPEN, permit
from domain.plan.proof import Caller
from domain.words.errors import NotAuthentic, VigilError
from domain.words.limits import LARGEST_BRAKE
from gateway.access import CALLER, PROOFS, Proofs, Visitor, may_exist
from gateway.bodies import received
from gateway.limits import LIMITS, lane_of
from gateway.metrics import METRICS
from gateway.pages import entrance, pages
from gateway.payloads import roomy
from gateway.problems import Refusal, http_problem, own_fault, problem

log = logging.getLogger("vigil.gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SMALL = 2 * LARGEST_BRAKE
"""Bytes of a body that is read before the caller's share is asked: a stop in its envelope is no larger, and only its body says
that it is one.
"""
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line and one count for each request; ids of deliveries are code names, bodies are never logged."""
    began = time.perf_counter()
    request = roomy(request)
    answer = await handler(request)
    seconds = time.perf_counter() - began
    caller = request.get(CALLER)
    fields = {
        "method": request.method,
        "path": request.rel_url.raw_path,
        "status": answer.status,
        "milliseconds": round(seconds * 1000),
        "service": caller.service.id if caller is not None else "",
    }
    log.info("answered", extra=fields)
    method = request.method if request.method in METHODS else "other"
    request.app[METRICS].answered(_action(request), method, answer, seconds)
    return answer


@web.middleware
async def explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problem documents; as pages for people who follow a link."""
    try:
        return await handler(request)
    except VigilError as error:
        request.app[METRICS].refused(_action(request), error)
        return _told(request, problem(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _told(request, http_problem(error))
    except ConnectionError:  # the caller has gone: nobody reads it, and it is no fault of ours
        return _told(request, http_problem(web.HTTPBadRequest()))
    except Exception:
        log.exception("a fault of our own", extra={"action": _action(request)})  # it is reported, and names no delivery
        return _told(request, own_fault())


@web.middleware
async def proved(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody anonymous gets further than what `OPEN` names, nobody to what the policy does not give, and no more than a share.

    The proof is checked before the body is read, and once more whether its key counts when all of it has come, and when its turn
    has. While it is not known which keys count, nobody gets further than a stop, by the keys last known: it must get through
    (R8), and waits for two glances at what has become of keys, where all else waits until that is known.
    """
    if request.path == "/" and request.method in ("GET", "HEAD"):
        raise web.HTTPSeeOther(entrance.ROOT)  # who types the address alone is a person
    if entrance.is_page(request):
        return await entrance.signed_in(request, handler)
    action = request.match_info.route.name
    if action in OPEN:
        return await handler(request)
    proofs = request.app[PROOFS]
    caller = await _caller(request, proofs)
    request[CALLER] = visitor = Visitor(caller.service, caller.officer, caller.key, caller.nonce)
    if action is not None:
        permit(caller.service, action)
    body = b""
    if action == "submit" and request.content_length is not None and request.content_length <= SMALL:
        body = await _received(request, caller)
    lane = lane_of(action, body)
    async with request.app[LIMITS].turn(caller.service.id, lane) as waited:
        if action == "attach":  # its digest stands in its address, and is compared while it comes
            caller.check_digest(request.match_info["digest"])
        else:
            await _received(request, caller)
        if lane == "stop":
            await proofs.glance()
            proofs.counts(visitor)
        else:
            if waited or (request.body_exists and action != "attach"):  # its turn or its body may have been long in coming
                await proofs.still(visitor)
            proofs.known()
        if "delivery" in request.match_info:
            may_exist(request.match_info["delivery"])
        return await handler(request)


async def _caller(request: web.Request, proofs: Proofs) -> Caller:
    """Who calls. A statement may be a stop, so it waits for a glance only; for the whole look where its key is not known by then,
    and may be a new one. Raises `NotAuthentic`.
    """
    header, asked = request.headers.get("Authorization"), (request.method, request.raw_path)
    if request.match_info.route.name != "submit":
        await proofs.look()
    elif not await proofs.glance():
        with suppress(NotAuthentic):
            return proofs.caller(header, *asked)
        await proofs.look()
    return proofs.caller(header, *asked)


async def _received(request: web.Request, caller: Caller) -> bytes:
    """The body, as the caller proved it. Raises `NotAuthentic`, or what `received` does."""
    body = await received(request)
    caller.check_body(body)
    return body


def _told(request: web.Request, refusal: Refusal) -> web.Response:
    said = refusal.in_language(pages.language_of(request))
    return pages.refused(request, said) if entrance.is_for_eyes(request) else said.as_json()


def _action(request: web.Request) -> str:
    return request.match_info.route.name or "none"
