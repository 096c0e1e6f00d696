"""Errors as problem documents (RFC 9457), each with our code, the rule's number where one forbids it, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from domain.signing.canonical import Frozen
from domain.words.errors import (
    Fault,
    Limited,
    Malformed,
    NotAllowed,
    NotAuthentic,
    NotFound,
    NotVerified,
    RuleBroken,
    Unavailable,
    VigilError,
)
from domain.words.text import shown

CONTENT_TYPE = "application/problem+json"
STATUS: dict[type[VigilError], int] = {
    Malformed: 422,
    NotAuthentic: 401,
    NotAllowed: 403,
    NotFound: 404,
    RuleBroken: 409,
    Limited: 429,
    NotVerified: 503,
    Unavailable: 503,
}
_WHAT_TO_DO: dict[type[VigilError], str] = {
    Malformed: "mend what is named, sign it anew where it is signed, and send it again",
    NotAuthentic: "sign with a key that is valid in the directory",
    NotAllowed: "docs/protocol.md has the table of who may what",
    NotFound: "check the name",
    RuleBroken: "nothing was changed; the rule says what must be so first",
    Unavailable: "send the same again after a pause: nothing counts twice",
}
"""Where an error has no better hint of its own."""


class Problem(Frozen):
    """A problem document (RFC 9457). Programs decide by `code`, never by the text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    """What to do."""
    rule: str | None = None
    """Number of the rule that forbids it, with code `rule-broken`."""
    faults: tuple[Fault, ...] | None = None
    """Everything wrong with what was sent, with code `malformed`."""


HTTP: dict[int, tuple[str, str]] = {
    400: ("bad-request", "send a request as HTTP/1.1 (RFC 9112) has it"),
    404: ("no-such-path", "GET /v1/openapi.json lists every path"),
    405: ("method-not-allowed", "use a method that the header Allow names"),
    408: ("too-slow", "send the whole body at once; nothing has been done, and nothing counts twice"),
    413: ("too-large", "a body has at most 1,000,000 bytes"),
    415: ("unsupported-media-type", "send JSON as Content-Type: application/json, without Content-Encoding"),
}
"""HTTP's own errors: our code, and what to do."""


@dataclass(frozen=True)
class Refusal:
    """A problem document, and the headers that go with it."""

    document: Problem
    headers: Mapping[str, str]

    def as_json(self) -> web.Response:
        """For a program."""
        members = self.document.model_dump(mode="json", exclude_none=True)
        return web.json_response(members, status=self.document.status, headers=self.headers, content_type=CONTENT_TYPE)


def problem(error: VigilError) -> Refusal:
    """The problem document of one of our errors."""
    kinds = type(error).__mro__
    status = next((STATUS[kind] for kind in kinds if kind in STATUS), 500)
    hint = error.hint or next((_WHAT_TO_DO[kind] for kind in kinds if kind in _WHAT_TO_DO), "try again once")
    return _answer(
        status,
        error.message,
        error.code,
        hint,
        rule=error.rule if isinstance(error, RuleBroken) else None,
        faults=error.faults if isinstance(error, Malformed) else None,
        headers={"Retry-After": str(error.after)} if isinstance(error, Limited) else None,
    )


def http_problem(error: web.HTTPException) -> Refusal:
    """The problem document of one of HTTP's own errors."""
    code, hint = HTTP.get(error.status, ("http", "see RFC 9110"))
    return _answer(
        error.status, error.reason, code, hint, headers={"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    )


def own_fault() -> Refusal:
    """The problem document of a bug: nothing of it but that it happened."""
    return _answer(500, "the gateway has a fault of its own; it has been logged", "bug", "try again once, then tell the operator")


def _answer(  # noqa: PLR0913 - a problem document has these members
    status: int,
    detail: str,
    code: str,
    hint: str,
    *,
    rule: str | None = None,
    faults: tuple[Fault, ...] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    document = Problem(
        type=f"urn:vigil:{code}",
        title=code.replace("-", " "),
        status=status,
        detail=shown(detail),
        code=code,
        hint=hint,
        rule=rule,
        faults=faults,
    )
    return Refusal(document, headers or {})
