"""The page of silent services: whom to call, about what, and who has taken that over. In print it is a call list."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from domain.delivery.chasing import LONGEST
from domain.views import overdue_in_words as words
from domain.views.overdue import PARAMETERS, Overdue, OverdueQuestion, Silent, asked
from domain.views.sentences import Translate
from domain.words.moments import instant
from domain.words.text import mark
from gateway.access import CALLER, PROOFS
from gateway.pages.entrance import ROOT
from gateway.pages.pages import keys_of, language_of, page
from gateway.reads import shows
from gateway.reception import RECEPTION
from process.language import speaker

HERE: Final = f"{ROOT}/overdue"
HOURS: Final = (1, 2, 4, 8, int(LONGEST.total_seconds()) // 3600)
"""For how long somebody may take it over."""
USUAL: Final = 4
SHOW: Final[Mapping[str, str]] = {"": mark("late, and due in less than 12 h"), "late": mark("late only")}
SORT: Final[Mapping[str, str]] = {"": mark("the worst first"), "state": mark("by State")}
SAID: Final[Mapping[str, str]] = {
    "signs": mark("You sign: {officer} of {service} chases {chased} until {time}. It changes nothing in any delivery."),
    "gives_back": mark("You sign: {officer} of {service} no longer chases {chased}. It changes nothing in any delivery."),
    "unsent": mark("Not sent: the gateway does not answer. Sign again; twice counts once."),
}
"""What its script says."""

routes = web.RouteTableDef()


@routes.get(HERE, name="desk.overdue")
async def overdue(request: web.Request) -> web.Response:
    """Overdue, by service."""
    caller = request[CALLER]
    question, unknown = asked(request.query)
    found = await request.app[RECEPTION].overdue.page(caller.service, question, unknown)
    shows(request, found.names())
    return page(request, "overdue.html", **_values(request, found, question))


def _values(request: web.Request, found: Overdue, question: OverdueQuestion) -> dict[str, Any]:
    language, caller = language_of(request), request[CALLER]
    speak, now = speaker(language), instant(found.at)
    given = {name: request.query[name] for name in PARAMETERS if request.query.get(name) and name not in found.unknown}

    def leads(**changed: str) -> str:
        wanted = {name: value for name, value in (given | {"page": ""} | changed).items() if value}
        return f"?{urlencode(wanted)}" if wanted else HERE

    def choices(name: str, called: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
        return [{"text": speak(text), "href": leads(**{name: one}), "current": one == chosen} for one, text in called.items()]

    return {
        "found": found,
        "said": words.in_one_sentence(found, speak),
        "blocks": [_block(one, now, language, speak) for one in found.silent],
        "orders": choices("sort", SORT, "" if question.sort == "worst" else question.sort),
        "views": choices("show", SHOW, "" if question.show == "all" else question.show),
        "narrowed": [given[name] for name in ("in", "service") if name in given],
        "everything": HERE,
        "pages": [(number, leads(page=str(number))) for number in range(1, found.pages + 1)],
        "beyond": speak(words.BEYOND).format(count=found.beyond) if found.beyond else "",
        "hours": HOURS,
        "usual": USUAL,
        "data": {
            "url": request.app[PROOFS].url,
            "service": caller.service.id,
            "officer": caller.officer,
            "keys": keys_of(caller.service, caller.officer),
            "words": {name: speak(text) for name, text in SAID.items()},
        },
    }


def _block(one: Silent, now: datetime, language: str, speak: Translate) -> dict[str, Any]:
    """What the template draws of one service."""
    rows = [
        {
            "delivery": item.delivery,
            "title": item.title,
            "state": item.state,
            "checkpoint": item.checkpoint,
            "what": words.what(item, speak),
            "left": words.lateness(item, now, speak),
            "rung": words.rung(item, speak),
            "opened": words.opened(item, now, speak),
            "next": words.comes_next(item, now, speak),
        }
        for item in one.missing
    ]
    return {
        "silent": one,
        "name": words.name_of(one, language),
        "there": words.there(one, speak),
        "since": words.since(one, now, speak),
        "taken": words.taken(one.chase, now, speak),
        "whom": words.whom(one, speak),
        "dial": re.sub(r"[^+0-9]", "", one.telephone) if one.telephone is not None else "",
        "rows": rows,
    }
