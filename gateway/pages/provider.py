"""To an OpenID provider and back, for supervisors. These routes are there only where there is a provider (`gateway.oidc`).

The provider sends the browser back to the page of the door, by a link from another site: no strict cookie comes along. So that
page uses nothing up. Its script sends what the provider has said, as a request of this origin; then the cookies are there, and
whatever comes from elsewhere is refused on this way in as on every other.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from domain.words.errors import VigilError
from gateway.limits import LIMITS
from gateway.oidc import PROVIDER, AuthorizationResponse
from gateway.pages.entrance import ROOT, SESSIONS, here, remember, token_of
from gateway.pages.pages import sent

log = logging.getLogger("vigil.gateway")

BEGUN = "-begun"
"""What the name of the cookie ends with that a browser holds while it is at the provider."""

routes = web.RouteTableDef()


@routes.post(f"{ROOT}/in/go", name="desk.go")
async def go(request: web.Request) -> web.Response:
    """Begin: where the browser is to go."""
    with _refusals_logged():
        async with request.app[LIMITS].turn("everybody who signs in so", "enter"):
            token = await request.app[SESSIONS].go()
            answer = web.json_response({"address": await request.app[PROVIDER].address(token, _door(request))})
    remember(request, answer, token, BEGUN)
    return answer


@routes.post(f"{ROOT}/in/back", name="desk.back")
async def back(request: web.Request) -> web.Response:
    """What the provider has said, by the browser that it was said to; the browser is then signed in."""
    sessions, provider, token = request.app[SESSIONS], request.app[PROVIDER], token_of(request, BEGUN)
    said = await sent(request, AuthorizationResponse)
    with _refusals_logged():
        provider.check_begun(token, said)
        await sessions.back(token)
        session = await sessions.open(await provider.named(token, said, _door(request)))
    answer = web.Response(status=204)
    remember(request, answer, session)
    remember(request, answer, "", BEGUN)
    return answer


def _door(request: web.Request) -> str:
    """The address that the provider knows as ours."""
    return f"{here(request)}{ROOT}/in"


@contextmanager
def _refusals_logged() -> Iterator[None]:
    """For the operator, to whom people will come; none of our errors names a person or repeats what was sent."""
    try:
        yield
    except VigilError as error:
        log.warning("no sign-in through the provider: %s", error.message, extra={"code": error.code})
        raise
