"""Errors as problem documents (RFC 9457), each with our code, the rule's number where one forbids it, and what to do."""

from aiohttp import web

from domain.errors import (
    Malformed,
    NotAllowed,
    NotAuthentic,
    NotFound,
    RuleBroken,
    Unavailable,
    VigilError,
)

STATUS: dict[type[VigilError], int] = {
    Malformed: 422,
    NotAuthentic: 401,
    NotAllowed: 403,
    NotFound: 404,
    RuleBroken: 409,
    Unavailable: 503,
}


def problem(error: VigilError) -> web.Response:
    """The problem document of one of our errors."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    more: dict[str, object] = {"hint": error.hint} if error.hint else {}
    if isinstance(error, Malformed):
        more["faults"] = [fault.model_dump() for fault in error.faults]
    if isinstance(error, RuleBroken):
        more["rule"] = error.rule
    return document(status, error.message, code=error.code, **more)


def document(status: int, detail: str, *, code: str, **more: object) -> web.Response:
    """A problem document of this status; `more` are our extension members."""
    members = {
        "type": f"urn:vigil:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return web.json_response(members | more, status=status, content_type="application/problem+json")
