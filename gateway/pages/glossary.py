"""Words in the national languages, beside ours: what they call States, services, phases and outcomes. It is a help to
read, and no more.

Nobody has reviewed what is marked so. Nothing else of the desk is ever in these languages (`process.proposals`).
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from domain.views.names import OUTCOMES, PHASES
from domain.views.states import state_called
from gateway.access import CALLER
from gateway.pages.entrance import ROOT
from gateway.pages.pages import language_of, page
from gateway.reception import RECEPTION
from process.language import speaker
from process.proposals import KINDS, PROPOSED, named, proposals, state_in

routes = web.RouteTableDef()


@routes.get(f"{ROOT}/words", name="desk.words")
async def glossary(request: web.Request) -> web.Response:
    """The words of one of these languages: the one that the address names, else the one that the browser likes best."""
    there, speak = _chosen(request), speaker(language_of(request))
    services = request.app[RECEPTION].directory_for(request[CALLER].service)
    codes = sorted({one.state for one in services if one.state is not None})
    states = [(code, state_called(code, speak), state_in(there, code)) for code in codes]
    bodies = [
        (one.id, one.names.get(language_of(request)) or one.names.get("en") or one.id, one.names.get(there)) for one in services
    ]
    return page(
        request,
        "words.html",
        there=there,
        there_named=named(there),
        choices=[(code, named(code)) for code in PROPOSED],
        states=states,
        bodies=bodies,
        phases=_rows(PHASES.values(), there, speak),
        outcomes=_rows(OUTCOMES.values(), there, speak),
        kinds=_rows(KINDS, there, speak),
        lacking=sum(not one.word for one in proposals(there).values()),
        awaiting=sum(bool(one.word) and not one.reviewed for one in proposals(there).values()),
    )


def _chosen(request: web.Request) -> str:
    asked = request.query.get("in", "")
    if asked in PROPOSED:
        return asked
    liked = (
        one.partition(";")[0].strip().partition("-")[0].lower() for one in request.headers.get("Accept-Language", "").split(",")
    )
    return next((one for one in liked if one in PROPOSED), PROPOSED[0])


def _rows(texts: Iterable[str], there: str, speak: Any) -> list[tuple[str, Any]]:
    """Each of our words with what is proposed for it."""
    known = proposals(there)
    return [(speak(text), known.get(text)) for text in texts]
