"""Who comes in with a browser, and from where.

A browser is signed in by a one-time link that the `vigil` command asked for with the service's own key. What it holds is a
cookie, which is nothing but a random number: who it stands for is in the archive, and what that service may do is looked up in
the directory and in `domain.plan.access` at each request, as for callers with a proof. Supervisors may come in through an OpenID
provider instead, where there is one (`gateway.pages.provider`): they hold no key, so they read, and sign nothing.

No other site can act through it: the cookie is not sent along from elsewhere (`SameSite=Strict`), and whatever changes something
must say that it comes from a page of this very origin, which the cookie alone could not tell (another port is the same *site*).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from aiohttp import web
from yarl import URL

from archive.sessions import Sessions, SignedIn
from domain.plan.access import permit, role_of
from domain.plan.directory import Service
from domain.words.errors import NotAllowed, NotAuthentic
from domain.words.limits import LARGEST_BRAKE
from domain.words.text import mark
from gateway.access import CALLER, PROOFS, Visitor, may_exist
from gateway.bodies import received
from gateway.limits import FILES, FOLLOWING, LIMITS, LONGEST_ANSWER, LONGEST_TOKEN, Lane, is_form_of_stop, lane_of
from gateway.oidc import PROVIDER
from gateway.reception import RECEPTION

SILENT: web.RequestKey[int | None] = web.RequestKey("silent", int)
"""How many services are silent in what the reader sees; none where that is not known."""
SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)

CHECKED: Final = 5.0
"""Seconds for which whoever reads counts as one who may: each look at a session prolongs it, and so writes."""
ROOT = "/desk"
ACTIONS: Mapping[str, str | None] = {
    "desk.door": None,
    "desk.enter": None,
    "desk.go": None,
    "desk.back": None,
    "desk.file": None,
    "desk.home": "inbox",
    "desk.inbox": "inbox",
    "desk.floor": "floor",
    "desk.floor.changes": "floor-changes",
    "desk.overdue": "overdue",
    "desk.overdue.changes": "floor-changes",
    "desk.list": "list",
    "desk.view": "view",
    "desk.changes": "changes",
    "desk.story": "ledger",
    "desk.ledger": "ledger",
    "desk.packet": "packet",
    "desk.law": "view",
    "desk.attachment": "file",
    "desk.results": "results",
    "desk.results.take": "results",
    "desk.statistics": "statistics",
    "desk.statistics.take": "statistics",
    "desk.shift": "shift",
    "desk.shift.former": "handovers",
    "desk.shift.one": "handover",
    "desk.papers": "papers",
    "desk.paper": "paper",
    "desk.answer": "inbox",
    "desk.stop": "submit",
    "desk.unasked": "view",
    "desk.correct": "view",
    "desk.say": "submit",
    "desk.second": "view",
    "desk.findings": "enter",
    "desk.words": "directory",
    "desk.me": "enter",
    "desk.notices.waiting": "notices",
    "desk.notices.seen": "notices",
    "desk.notices.subscribe": "subscribe",
    "desk.notices.unsubscribe": "unsubscribe",
    "desk.notices.test": "test-notice",
    "desk.leave": "enter",
}
"""The action of `domain.plan.access` that each page is; None: for anybody, since it says nothing of a delivery or person."""
SIGNING = frozenset({"desk.answer", "desk.stop", "desk.unasked", "desk.correct", "desk.say", "desk.second"})
"""Pages for what is to be signed, and so not for those who have come in without a key."""

FORMS = frozenset({"desk.leave", "desk.notices.seen", "desk.notices.unsubscribe", "desk.notices.test"})
"""What a button of a page sends without a script: whoever presses it reads the answer."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every page says: nothing but its own files, in no frame, and no address of it goes anywhere."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_page(request: web.Request) -> bool:
    """Whether it is asked of the pages, be there such a page or not."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def is_for_eyes(request: web.Request) -> bool:
    """Whether a person will read the answer as it is; else a script of a page does, or a program."""
    return is_page(request) and (request.method in ("GET", "HEAD") or request.match_info.route.name in FORMS)


def action_of(request: web.Request) -> str | None:
    """What is asked, by its name in `domain.plan.access`. None: what anybody may ask, or what does not exist."""
    name = request.match_info.route.name
    return ACTIONS[name] if is_page(request) and name is not None else name


async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody anonymous gets further than to sign in, nobody to what the policy does not give, and no more than a share."""
    _refuse_from_elsewhere(request)
    action = action_of(request)
    if action is None:
        longest = LONGEST_ANSWER if request.match_info.route.name == "desk.back" else LONGEST_TOKEN
        if (request.content_length or 0) > longest or (request.can_read_body and request.content_length is None):
            raise web.HTTPRequestEntityTooLarge(longest, request.content_length or 0)
        await received(request)
        return await handler(request)
    visitor = await _visitor(request)
    request[CALLER] = visitor
    permit(visitor.service, action)
    if visitor.key is None and request.match_info.route.name in SIGNING:
        raise NotAllowed(
            mark("you have signed in without a key, to read"), hint=mark("say it, or stop, with the vigil command and your key")
        )
    lane = lane_of(action, b"") if action in (*FILES, *FOLLOWING) else await _lane_of_page(request)
    async with request.app[LIMITS].turn(visitor.service.id, lane) as waited:
        await received(request)
        if waited or request.body_exists:  # its turn or its body may have been long in coming
            await still_signed_in(request)
        if "delivery" in request.match_info:
            may_exist(request.match_info["delivery"])
        if is_for_eyes(request) and lane in ("ask", "stop"):
            await _count_silent(request, visitor.service)
        return await handler(request)


async def _lane_of_page(request: web.Request) -> Lane:
    """What leads to a stop that is signed in a browser waits for nothing else that its service asks (R8)."""
    match request.match_info.route.name:
        case "desk.stop":
            return "stop"
        case "desk.say" if 0 < (request.content_length or 0) <= LARGEST_BRAKE:
            return "stop" if is_form_of_stop(await received(request)) else "ask"
        case _:
            return "ask"


async def _count_silent(request: web.Request, reader: Service) -> None:
    """How many services are silent, for the navigation. Who is about to sign, or to stop, waits for no look."""
    overdue = request.app[RECEPTION].overdue
    if request.match_info.route.name not in SIGNING:
        await overdue.glimpse()
    request[SILENT] = overdue.count(reader)


async def _visitor(request: web.Request) -> Visitor:
    """Who is signed in. Raises `NotAuthentic`, also where the directory in force no longer has that key or service, or where a
    person who has come in through the provider could not any more.
    """
    token = token_of(request)
    if not token:
        raise NotAuthentic(
            mark("you are not signed in"), hint=mark("run `vigil sign-in --as SERVICE`, and open the link that it prints")
        )
    return await visitor_of(request, token)


async def visitor_of(request: web.Request, token: str) -> Visitor:
    """Whose session this is, which ends with what it was begun with.

    Raises `NotAuthentic`, or `Unavailable` while it is not known which keys count.
    """
    sessions = request.app[SESSIONS]
    who = await sessions.of(token)
    service = (await request.app[PROOFS].latest()).find(who.service)
    if service is None or not _still(request, who, service):
        await sessions.end(token)
        raise NotAuthentic(mark("what you signed in with is not valid any more"), hint=mark("sign in again with what is"))
    return Visitor(service=service, officer=who.officer, key=who.key, nonce=None, subject=who.subject)


async def still_signed_in(request: web.Request) -> None:
    """Raises `NotAuthentic` once who asked has a session no more, or is another than when it asked; `Unavailable` while that is
    not known.
    """
    asked, now = request[CALLER], await visitor_of(request, token_of(request))
    if (now.service.id, now.officer, role_of(now.service)) != (asked.service.id, asked.officer, role_of(asked.service)):
        raise NotAuthentic(mark("what you signed in with is not valid any more"), hint=mark("sign in again with what is"))


def _still(request: web.Request, who: SignedIn, service: Service) -> bool:
    if who.key is not None:
        return who.key in service.keys_at(datetime.now(UTC)) and service.officer_of(who.key) in (None, who.officer)
    provider = request.app.get(PROVIDER)
    return provider is not None and provider.admits(who, service)


class StillSignedIn:
    """Raises once whoever follows has a session no more. While it is followed it does not run out for want of requests."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._looked = 0.0

    async def __call__(self) -> None:
        """Raises `NotAuthentic`, or `Unavailable` while that is not known."""
        if monotonic() - self._looked >= CHECKED:
            self._looked = monotonic()
            await still_signed_in(self._request)


def _refuse_from_elsewhere(request: web.Request) -> None:
    """Raises `NotAllowed` unless it comes from a page of this origin, was typed, or is a link that merely opens a page.

    Browsers say where a request comes from (`Sec-Fetch-Site`, Fetch Metadata); old ones in `Origin`, for what changes something.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if request.method in ("GET", "HEAD"):
        fine = site in (None, "none", "same-origin") or request.headers.get("Sec-Fetch-Mode") == "navigate"
    elif site is not None:  # Origin is `null` in forms of our own, because of our Referrer-Policy
        fine = site == "same-origin" and origin in (None, "null", here(request))
    else:
        fine = origin == here(request)
    if not fine:
        raise NotAllowed(mark("this request comes from another site"), hint=mark("open the page here, and do it there"))


def here(request: web.Request) -> str:
    """This origin: scheme, host and port under which the gateway is reached."""
    return str(URL(request.app[PROOFS].url).origin())


def token_of(request: web.Request, of: str = "") -> str:
    """The token of the browser's session, or `of` something else that is under way; empty where it has none."""
    return request.cookies.get(_cookie(request, of), "")


def remember(request: web.Request, answer: web.Response, token: str, of: str = "") -> None:
    """Have the browser keep the token until it is closed; empty: forget it."""
    name, ends = _cookie(request, of), None if token else 0
    answer.set_cookie(name, token, max_age=ends, path="/", secure=_secure(request), httponly=True, samesite="Strict")


def _cookie(request: web.Request, of: str) -> str:
    """`__Host-` has browsers refuse it unless it is from this very host and inside TLS. On plain HTTP, which is for the loopback
    interface of one machine alone, they would not keep a cookie of that name, or one that is `Secure`.
    """
    return f"__Host-vigil{of}" if _secure(request) else f"vigil{of}"


def _secure(request: web.Request) -> bool:
    return here(request).startswith("https:")
