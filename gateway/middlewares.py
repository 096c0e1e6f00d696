"""What every request passes on its way to its handler, from the outside in: logged, explained, proved."""

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from domain.errors import VigilError
from domain.policy import permit
from gateway.access import CALLER, PROOFS
from gateway.problems import document, problem

log = logging.getLogger("vigil.gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
        return document(error.status, error.reason, code="http")
    except Exception:
        log.exception("a fault of our own", extra={"method": request.method, "path": request.path})
        return document(500, "the gateway has a fault of its own; it has been logged", code="bug")


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
