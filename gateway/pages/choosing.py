"""In which language a page is: as its reader has chosen on a page, else as the browser says."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from yarl import URL

from gateway.access import CALLER
from gateway.pages.entrance import remember, token_of
from process.language import LANGUAGES, chosen
from process.proposals import named

PARAMETER: Final = "lang"
"""Of an address: whoever follows it has chosen."""
KEPT: Final = "-language"
"""What the name of the cookie ends with that holds the choice until the browser is closed."""


def language_of(request: web.Request) -> str:
    """One in which everything is said; no other can be chosen."""
    wanted = (request.query.get(PARAMETER), token_of(request, KEPT))
    return next((one for one in wanted if one in LANGUAGES), None) or chosen(request.headers.get("Accept-Language", ""))


def keep(request: web.Request, answer: web.Response) -> None:
    """Have the browser keep what was chosen by this address."""
    if request.query.get(PARAMETER) in LANGUAGES:
        remember(request, answer, language_of(request), KEPT)


def others(request: web.Request) -> tuple[tuple[str, str, str], ...]:
    """Code, own name and address of the same page in each other language; none where it was no link that led here."""
    if request.method != "GET":
        return ()
    found = (one for one in LANGUAGES if one != language_of(request))
    here = request.rel_url if CALLER in request else URL()  # to nobody an address is repeated
    return tuple((one, named(one), str(here.update_query({PARAMETER: one}))) for one in found)


def without(query: Mapping[str, str]) -> dict[str, str]:
    """What else an address asks for."""
    return {name: value for name, value in query.items() if name != PARAMETER}
