"""Errors as problem documents (RFC 9457), each with our code, the rule's number where one forbids it, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from domain.signing.canonical import Frozen
from domain.words.errors import BY_CODE, Fault, Limited, Malformed, Reason, RuleBroken, VigilError
from domain.words.text import mark, shown, told
from process.language import speaker

CONTENT_TYPE = "application/problem+json"


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
    reason: Reason | None = None
    """Why it does, for a program to react to."""
    faults: tuple[Fault, ...] | None = None
    """Everything wrong with what was sent, with code `malformed`."""


TITLES: Mapping[str, str] = {
    **{code: kind.title for code, kind in BY_CODE.items()},
    "bad-request": mark("bad request"),
    "no-such-path": mark("no such path"),
    "method-not-allowed": mark("method not allowed"),
    "length-required": mark("length required"),
    "too-slow": mark("too slow"),
    "too-large": mark("too large"),
    "unsupported-media-type": mark("unsupported media type"),
    "http": mark("http"),
    "bug": mark("bug"),
}
"""What each code is called."""
BUG = mark("the gateway has a fault of its own; it has been logged"), mark("try again once, then tell the operator")
RFC = mark("see RFC 9110")
HTTP: dict[int, tuple[str, str]] = {
    400: ("bad-request", mark("send a request as HTTP/1.1 (RFC 9112) has it")),
    404: ("no-such-path", mark("GET /v1/openapi.json lists every path")),
    405: ("method-not-allowed", mark("use a method that the header Allow names")),
    408: ("too-slow", mark("send the whole body at once; nothing has been done, and nothing counts twice")),
    411: ("length-required", mark("say in Content-Length how long the file is")),
    413: ("too-large", mark("a body has at most 1,000,000 bytes")),
    415: ("unsupported-media-type", mark("send JSON as Content-Type: application/json, without Content-Encoding")),
}
"""HTTP's own errors: our code, and what to do."""


@dataclass(frozen=True)
class Refusal:
    """A problem document, and the headers that go with it."""

    document: Problem
    headers: Mapping[str, str]
    words: tuple[str, str]
    """Its detail and its hint, as texts that can be said in another language."""

    def in_language(self, language: str) -> "Refusal":
        """What the code is called, what is wrong and what to do, for a reader of this language, where it is a text of ours."""
        speak, document = speaker(language), self.document
        detail, hint = (shown(told(text, speak)) for text in self.words)
        words: dict[str, object] = {"title": speak(document.title), "detail": detail, "hint": hint}
        if document.faults is not None:
            words["faults"] = tuple(
                one.model_copy(update={"problem": shown(told(one.problem, speak))}) for one in document.faults
            )
        return Refusal(document.model_copy(update=words), {**self.headers, "Content-Language": language}, self.words)

    def as_json(self) -> web.Response:
        """For a program."""
        members = self.document.model_dump(mode="json", exclude_none=True)
        return web.json_response(members, status=self.document.status, headers=self.headers, content_type=CONTENT_TYPE)


def problem(error: VigilError) -> Refusal:
    """The problem document of one of our errors."""
    return _answer(
        error.status,
        error.words[0],
        error.code,
        error.words[1] or error.otherwise,
        rule=error.rule if isinstance(error, RuleBroken) else None,
        reason=error.reason if isinstance(error, RuleBroken) else None,
        faults=error.faults if isinstance(error, Malformed) else None,
        headers={"Retry-After": str(error.after)} if isinstance(error, Limited) else None,
    )


def http_problem(error: web.HTTPException) -> Refusal:
    """The problem document of one of HTTP's own errors."""
    code, hint = HTTP.get(error.status, ("http", RFC))
    return _answer(
        error.status, error.reason, code, hint, headers={"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    )


def own_fault() -> Refusal:
    """The problem document of a bug: nothing of it but that it happened."""
    return _answer(500, BUG[0], "bug", BUG[1])


def _answer(  # noqa: PLR0913 - a problem document has these members
    status: int,
    detail: str,
    code: str,
    hint: str,
    *,
    rule: str | None = None,
    reason: Reason | None = None,
    faults: tuple[Fault, ...] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    document = Problem(
        type=f"urn:vigil:{code}",
        title=TITLES[code],
        status=status,
        detail=shown(detail),
        code=code,
        hint=shown(hint),
        rule=rule,
        reason=reason,
        faults=faults,
    )
    return Refusal(document, headers or {}, (detail, hint))
