"""The page of silent services: whom to call, about what, and who has taken that over. In print it is a call list.

What changes is sent service by service, as the trees of elements that the page would have (`gateway.pages.trees`).
"""

import json
import re
from asyncio import Lock
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from domain.delivery.chasing import LONGEST
from domain.signing.canonical import digest_of_bytes
from domain.views import overdue_in_words as words
from domain.views.floor import FloorQuestion
from domain.views.overdue import PARAMETERS, Overdue, OverdueQuestion, Silent, asked
from domain.views.sentences import Translate
from domain.words.errors import Unavailable
from domain.words.moments import instant
from domain.words.text import mark
from gateway.access import CALLER, PROOFS
from gateway.floor import FloorBeat
from gateway.pages import floor
from gateway.pages.entrance import ROOT, StillSignedIn
from gateway.pages.maps import DRAWING
from gateway.pages.pages import drawn, keys_of, language_of, page
from gateway.pages.trees import Tree, parts
from gateway.reads import following_floor, shows
from gateway.reception import RECEPTION
from gateway.streams import may_follow, stream_texts
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
LIVE: Final[Mapping[str, str]] = {
    **floor.SAID,
    "stale": mark("These are the figures of {time}. The connection to Vigil is lost; it is tried again every 5 s."),
    "silent": mark("New here: {fresh}, owing nothing now: {gone} · show"),
    "order": mark("The order has changed · show"),
}
"""The same, of how old it is and what is wrong."""
MOST_DRAWN: Final = 8
"""Pages whose parts are kept for who follows the same."""
BLOCK: Final = "b-"
"""With what the id of a service's block begins."""

routes = web.RouteTableDef()


@routes.get(HERE, name="desk.overdue")
async def overdue(request: web.Request) -> web.Response:
    """Overdue, by service."""
    caller = request[CALLER]
    question, unknown = asked(request.query)
    found = await request.app[RECEPTION].overdue.page(caller.service, question, unknown)
    shows(request, found.names())
    values = await request.app[DRAWING].do(partial(_values, request, found, question))
    return page(request, "overdue.html", **values)


@routes.get(f"{HERE}/changes", name="desk.overdue.changes")
async def changes(request: web.Request) -> web.StreamResponse:
    """The same as it changes, in the reader's language; for as long as the session lasts, which this prolongs."""
    question, _ = asked(request.query)
    found = await request.app[RECEPTION].overdue.page(request[CALLER].service, question)
    if request.method == "HEAD":
        return may_follow(request)
    async with following_floor(request, found.names()) as show:
        return await stream_texts(request, _texts(request, question, show))


async def _texts(
    request: web.Request, question: OverdueQuestion, show: Callable[[Iterable[str]], Awaitable[None]]
) -> AsyncIterator[str]:
    """Server-sent events: what has changed since the page was made, and how things stand. It is looked at as often as the watch
    floor says how things stand: within a second after a change, and every five.
    """
    reception, reader, still = request.app[RECEPTION], request[CALLER].service, StillSignedIn(request)
    known, shown = request.query.get("since", ""), dict[str, str]()
    async with aclosing(reception.reading.floor.changes(reader, FloorQuestion(), reception.engine)) as looks:
        async for events, _ in looks:
            beat = next((one for one in events if isinstance(one, FloorBeat)), None)
            if beat is None:
                continue
            await still()
            told = {"kind": "beat", "at": beat.at, "archive": beat.archive, "engine": beat.engine, "due": beat.due_within_an_hour}
            told["silent"] = reception.overdue.count(reader)
            try:
                await reception.overdue.paced(reader)
                found = await reception.overdue.page(reader, question)
            except Unavailable:
                yield _event(told | {"archive": "away"})
                continue
            await show(found.names())
            values = await request.app[DRAWING].do(partial(_values, request, found, question))
            if values["data"]["live"]["since"] != known or not shown:
                trees = await request.app[BLOCKS].of(request, values)
                if values["data"]["live"]["since"] != known:
                    yield _event(_changed(trees, shown))
                known, shown = values["data"]["live"]["since"], {name: json.dumps(one) for name, one in trees.items()}
            yield _event(told)


class Blocks:
    """What was drawn last for streams: many officers of a service follow the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], dict[str, Tree]] = OrderedDict()
        self._gate = Lock()

    async def of(self, request: web.Request, values: Mapping[str, Any]) -> dict[str, Tree]:
        """Each part of the page by its id, drawn beside the event loop where nobody has just been sent the same."""
        caller, since = request[CALLER], values["data"]["live"]["since"]
        same = since, language_of(request), caller.service.id, "" if caller.key is None else "signs"
        async with self._gate:
            if same not in self._kept:
                text = partial(drawn, request, "overdue.html", **values)
                self._kept[same], _ = await request.app[DRAWING].do(lambda: parts(text(), BLOCK))
            while len(self._kept) > MOST_DRAWN:
                self._kept.popitem(last=False)
            return self._kept[same]


BLOCKS: Final[web.AppKey[Blocks]] = web.AppKey("blocks", Blocks)


def _changed(trees: Mapping[str, Tree], shown: Mapping[str, str]) -> dict[str, Any]:
    """What is not shown as it is now, and the services in their order."""
    new = {name: one for name, one in trees.items() if json.dumps(one) != shown.get(name)}
    return {"kind": "changed", "parts": new, "order": [name for name in trees if name.startswith(BLOCK)]}


def _event(said: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(said)}\n\n"


def _values(request: web.Request, found: Overdue, question: OverdueQuestion) -> dict[str, Any]:
    language, caller = language_of(request), request[CALLER]
    speak, now = speaker(language), instant(found.at)
    given = {name: request.query[name] for name in PARAMETERS if request.query.get(name) and name not in found.unknown}

    def leads(**changed: str) -> str:
        wanted = {name: value for name, value in (given | {"page": ""} | changed).items() if value}
        return f"?{urlencode(wanted)}" if wanted else HERE

    def choices(name: str, called: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
        return [{"text": speak(text), "href": leads(**{name: one}), "current": one == chosen} for one, text in called.items()]

    said, blocks = words.in_one_sentence(found, speak), [_block(one, now, language, speak) for one in found.silent]
    since = digest_of_bytes(
        repr((said, [one | {"silent": one["silent"].model_copy(update={"local": None})} for one in blocks])).encode()
    )
    return {
        "found": found,
        "said": said,
        "blocks": blocks,
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
            "live": {
                "stream": f"{HERE}/changes?{urlencode(given | {'since': since})}",
                "since": since,
                "at": found.at,
                "engine": "up",  # until it is known
                "due": 0,
                "words": {name: speak(text) for name, text in LIVE.items()},
            },
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
