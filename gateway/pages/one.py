"""The page of one delivery at the gateway: whole, on paper, and as it changes.

What changes is sent part by part, as the trees of elements that the page would have, and a part that has not changed is not sent.
New entries of the ledger are sent alone.
"""

import json
from asyncio import sleep
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import web

from domain.delivery.delivery import Delivery
from domain.plan.directory import Service
from domain.views.sight import length, newest_first, sight
from domain.views.view import DeliveryView
from domain.words.legible import legible
from domain.words.moments import instant, utc_text
from gateway.access import CALLER, PROOFS
from gateway.files import FILES
from gateway.limits import PAGE_OF_LEDGER
from gateway.pages import floor, pages
from gateway.pages.delivery import OnePage, one_page
from gateway.pages.entrance import ROOT, StillSignedIn
from gateway.pages.maps import maps_of
from gateway.pages.story import StoryFilter, chapter, narrowed_to
from gateway.pages.trees import Tree, parts
from gateway.reads import following_one, shows
from gateway.reception import RECEPTION
from gateway.streams import may_follow, stream_texts
from process.language import speaker
from workflows.messages import workflow_id

BEAT: Final = 5.0
"""Seconds after which a stream says that it is still there, and how things stand."""
NEARLY: Final = 0.9
"""Of a beat, after which it is time for one: what rings between two and is not the reader's gives none (R15)."""
ANEW: Final = 60.0
"""Seconds after which the words of a page are made anew though nothing was recorded: some say how long ago something was."""
LASTS: Final = 3600.0
"""Seconds after which a stream ends: who follows begins anew, and shows that it still may."""
ENTRY: Final = "entry-"
"""With what the id of an entry begins."""
LEDGER: Final = "ledger"
"""The id of what shows it."""
LONGEST_PLACE: Final = 40
"""Characters of the place in a ledger from which a stream goes on."""

routes = web.RouteTableDef()


@routes.get(f"{ROOT}/deliveries/{{delivery}}", name="desk.view")
async def view(request: web.Request) -> web.Response:
    """One delivery, as far as it is the reader's to see, with the newest entries of its ledger, narrowed as the address says; or
    as it is laid out for paper (`?print`), which is recorded as that.
    """
    reader, name = request[CALLER].service, request.match_info["delivery"]
    delivery = await request.app[RECEPTION].reading.delivery(reader, name)
    printing = "print" in request.query
    drawing = await _drawing(request, delivery, max(datetime.now(UTC), delivery.state.now))
    shows(request, [name], drawing.numbers(), action="print" if printing else None)
    found = drawing.page
    data = pages.data_of_brakes(request, name) if request[CALLER].key is not None else {}
    data |= {"plan": found.view.plan, "seen": {"size": found.view.entries, "root": found.view.root}}
    live = None if printing or delivery.state.ended else await _live(request, drawing)
    return pages.page(request, "delivery.html", **drawing.values(), data=data, live=live, printing=printing)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/changes", name="desk.changes")
async def changes(request: web.Request) -> web.StreamResponse:
    """The same as it changes, in the reader's language, until it has ended or the session has, which this prolongs."""
    reader, name = request[CALLER].service, request.match_info["delivery"]
    delivery = await request.app[RECEPTION].reading.delivery(reader, name)
    if request.method == "HEAD":
        return may_follow(request)
    again, here = request.headers.get("Last-Event-ID", ""), Place.of(delivery, reader)
    place = Place.read(again or request.query.get("since", ""))
    shown = _Shown(request, place if place is not None else here)
    if not again and place == here:
        await shown.begin(delivery, request.query.get("at", ""))
    async with following_one(request, shown.place.size) as handed:
        return await stream_texts(request, shown.texts(handed))


@routes.get(f"{ROOT}/deliveries/{{delivery}}/story", name="desk.story")
async def story(request: web.Request) -> web.Response:
    """The ledger of that page alone, narrowed as the address says: for its script, which keeps the rest where it stands."""
    reader, name = request[CALLER].service, request.match_info["delivery"]
    delivery = await request.app[RECEPTION].reading.delivery(reader, name)
    drawing = await _drawing(request, delivery, max(datetime.now(UTC), delivery.state.now))
    shows(request, [name], drawing.numbers())
    _, found = parts(_text(request, drawing), LEDGER)
    return web.json_response({"tree": found[LEDGER], "shown": drawing.shown, "place": str(drawing.place)})


@dataclass(frozen=True)
class Place:
    """How far a ledger is shown: so many entries of this branch of it."""

    branch: int
    size: int

    @classmethod
    def of(cls, delivery: Delivery, reader: Service) -> "Place":
        """All of it that there is for this reader (R15)."""
        return cls(delivery.state.branch, length(delivery, sight(delivery, reader)))

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """As it stands in an address; None: it does not."""
        branch, dot, size = text.partition(".")
        fits = dot and len(text) <= LONGEST_PLACE and all(one.isascii() and one.isdecimal() for one in (branch, size))
        return cls(int(branch), int(size)) if fits else None

    def __str__(self) -> str:
        return f"{self.branch}.{self.size}"


@dataclass(frozen=True)
class _Drawing:
    """What a template draws of a delivery for one reader at one moment."""

    page: OnePage
    shown: Mapping[str, Any]
    files: Any
    place: Place
    now: datetime

    def numbers(self) -> list[int]:
        """Of the entries that stand on it."""
        return [one.line.seq for one in self.page.chapter.tales]

    def values(self) -> dict[str, Any]:
        return {"view": self.page.view, "page": self.page, "shown": self.shown, "files": self.files, "now": self.now}


async def _drawing(request: web.Request, delivery: Delivery, now: datetime) -> _Drawing:
    reader, name = request[CALLER].service, delivery.plan.operation
    before = pages.number_in(request.query.get("before", ""), len(delivery.ledger))
    speak, narrowed = speaker(pages.language_of(request)), narrowed_to(request.query)
    entries = newest_first(delivery, sight(delivery, reader), before)
    newest = await chapter(entries, PAGE_OF_LEDGER, narrowed, speak)
    await sleep(0)
    found = one_page(delivery, reader, now, speak, narrowed, newest, _in_temporal(request, name))
    found = replace(found, maps=await maps_of(request, found.route, found.way_said, speak))
    who = {"service": reader.id, "officer": request[CALLER].officer, "delivery": name}
    leaves = [[one.line.seq, one.line.leaf] for one in found.chapter.tales]
    shown = who | {"size": found.view.entries, "root": found.view.root, "leaves": leaves}
    return _Drawing(found, shown, await request.app[FILES].told(reader, name), Place.of(delivery, reader), now)


async def _live(request: web.Request, drawing: _Drawing) -> dict[str, Any]:
    """What its script needs to follow it."""
    speak, name = speaker(pages.language_of(request)), drawing.page.view.delivery
    given = {one: request.query[one] for one in ("before", *StoryFilter.__dataclass_fields__) if request.query.get(one)}
    place = {"since": str(drawing.place), "at": utc_text(drawing.now)}
    return {
        "stream": f"{ROOT}/deliveries/{name}/changes?{urlencode(given | place)}",
        "at": utc_text(drawing.now),
        "engine": await request.app[RECEPTION].engine(),
        "due": _due_soon(drawing.page.view, drawing.now),
        "act": _loud(drawing.page),
        "words": {name: speak(text) for name, text in floor.SAID.items()},
    }


def _due_soon(shown: DeliveryView, now: datetime) -> int:
    """How many deadlines of it fall into the next hour."""
    return sum(one.due is not None and now <= instant(one.due) < now + timedelta(hours=1) for one in shown.waiting)


def _loud(found: OnePage) -> str:
    """What somebody must act on now, in words."""
    said: str = legible(" ".join(one.text for one in found.situation.stands if one.loud == "act"))
    return said


@dataclass
class _Shown:
    """What a page in a browser shows, so that no more goes there than has changed."""

    request: web.Request
    place: Place
    parts: dict[str, str] = field(default_factory=dict)
    made: float = 0.0

    async def begin(self, delivery: Delivery, at: str) -> None:
        """From a page that was made at that moment of what still stands."""
        try:
            moment = instant(at)
        except ValueError:
            return
        if moment <= datetime.now(UTC):
            found, _ = self._parts(await _drawing(self.request, delivery, max(moment, delivery.state.now)))
            self.parts, self.made = {name: json.dumps(one) for name, one in found.items()}, monotonic()

    async def texts(self, handed: Any) -> AsyncIterator[str]:
        """Server-sent events: what changes, and how things stand."""
        reception, reader = self.request.app[RECEPTION], self.request[CALLER].service
        still, ends, beat, due = StillSignedIn(self.request), monotonic() + LASTS, 0.0, 0
        name, at = self.request.match_info["delivery"], utc_text(datetime.now(UTC))
        async with aclosing(reception.reading.standing(reader, name, BEAT)) as standing:
            async for delivery in standing:
                await still()
                found = None
                if delivery is not None:
                    at = utc_text(datetime.now(UTC))
                    found = await self._changed(delivery, reader)
                if found is not None:
                    handed(self.place.size - 1)
                    due = found.pop("due")
                    yield _event(found, self.place)
                if found is not None or delivery is None or monotonic() >= beat:
                    beat = monotonic() + BEAT * NEARLY
                    up = "up" if delivery is not None else "away"
                    stands = {"archive": up, "engine": await reception.engine(), "due": due}
                    yield _event({"kind": "beat", "at": at, **stands, "silent": reception.overdue.count(reader)})
                if delivery is not None and delivery.state.ended:
                    yield "event: end\ndata: over\n\n"
                if monotonic() >= ends:
                    return

    async def _changed(self, delivery: Delivery, reader: Service) -> dict[str, Any] | None:
        """What is not shown yet; None: nothing new is this reader's, and the words are not old."""
        place = Place.of(delivery, reader)
        if place == self.place and self.parts and monotonic() - self.made < ANEW:
            return None
        drawing = await _drawing(self.request, delivery, max(datetime.now(UTC), delivery.state.now))
        found, entries = self._parts(drawing)
        before, self.place, self.made = self.place, place, monotonic()
        if place.branch != before.branch or place.size < before.size:
            return {"kind": "anew", "due": 0}
        new = [] if "before" in self.request.query else [one for seq, one in entries if seq >= before.size]
        if len(new) == PAGE_OF_LEDGER:
            return {"kind": "anew", "due": 0}  # what is between is not on this page
        known, self.parts = self.parts, {name: json.dumps(one) for name, one in found.items()}
        view = drawing.page.view
        return {
            "kind": "changed",
            "parts": {name: one for name, one in found.items() if self.parts[name] != known.get(name)},
            "entries": new,
            "count": place.size - before.size,
            "shown": drawing.shown,
            "plan": view.plan,
            "installation": pages.keys_of_installation(self.request.app[PROOFS].system),
            "act": _loud(drawing.page),
            "due": _due_soon(view, drawing.now),
        }

    def _parts(self, drawing: _Drawing) -> tuple[dict[str, Tree], list[tuple[int, Tree]]]:
        found, entries = parts(_text(self.request, drawing), ENTRY)
        return found, [(int(name.removeprefix(ENTRY)), one) for name, one in entries.items()]


def _text(request: web.Request, drawing: _Drawing) -> str:
    """The page, less what its scripts are given."""
    return pages.drawn(request, "delivery.html", **drawing.values(), data={}, live=None, printing=False)


def _event(said: Mapping[str, Any], place: Place | None = None) -> str:
    text = f"data: {json.dumps(said)}\n\n"
    return text if place is None else f"id: {place}\n{text}"


def _in_temporal(request: web.Request, delivery: str) -> str:
    """Where Temporal's own pages have this delivery; empty where the installation does not say."""
    ours = request.app.get(pages.TEMPORAL_UI)
    return f"{ours}{quote(workflow_id(delivery), safe='')}" if ours is not None else ""
