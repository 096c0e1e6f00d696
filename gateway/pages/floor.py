"""The page of the watch floor, made whole on the server, and its rows as they change.

A row that changes is sent as the tree of elements that the page would have, and its script builds just that: under the content
policy of the desk no script can make elements of a text.
"""

import json
from asyncio import sleep
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from domain.views import floor_in_words as words
from domain.views.floor import NARROWING, PARAMETERS, Floor, FloorQuestion, FloorRow, ReasonCount, asked
from domain.views.overdue_in_words import all_taken
from domain.views.route import way
from domain.views.sentences import Translate
from domain.views.spans import DAYS, HOURS, MINUTES
from domain.views.urgency import COUNTED, GROUPS, Reason
from domain.words.legible import legible
from domain.words.moments import instant
from domain.words.text import mark
from gateway.access import CALLER
from gateway.floor import FloorBeat, FloorChanged, FloorEvent, FloorGone
from gateway.pages.choosing import without
from gateway.pages.entrance import ROOT, StillSignedIn
from gateway.pages.pages import language_of, page
from gateway.pages.templating import environment
from gateway.pages.trees import tree
from gateway.reads import shows
from gateway.reception import RECEPTION
from gateway.streams import stream_floor
from process.language import speaker

HERE: Final = f"{ROOT}/floor"
ICONS: Final[Mapping[Reason, str]] = {
    "to_seize": "stop",
    "lost": "sight",
    "overdue": "late",
    "diverged": "split",
    "held": "hold",
    "differs": "differ",
    "consent": "consent",
    "due_soon": "soon",
    "unreachable": "away",
}
"""The mark of each reason that is one to look at. Filled ones are to act on, outlined ones to watch."""
ROWS: Final = ("roomy", "")
"""How high rows are: as a finger needs them, or as many as go on a screen."""
AT_ONCE: Final = 20
"""Rows that are written before others have their turn."""
MOST_BARS: Final = 4
"""Of a ladder."""
SAID: Final[Mapping[str, str]] = {
    "days": DAYS,
    "hours": HOURS,
    "minutes": MINUTES,
    "late": words.LATE,
    "live": mark("Live"),
    "ago": mark("{seconds} s ago"),
    "not_live": mark("Not live"),
    "over": mark("It is over"),
    "since": mark("since {time}"),
    "stale": mark(
        "These are the figures of {time}. The connection to Vigil is lost; it is tried again every 5 s. Countdowns go on; "
        "positions and answers do not."
    ),
    "archive": mark("These are the figures of {time}. The archive does not answer, so nothing newer is known."),
    "out": mark("These are the figures of {time}. You are signed out, or may not follow this any more: load the page again."),
    "many": mark(
        "These are the figures of {time}. As many pages are followed as may be at once: close some of your service. It is tried "
        "again every 5 s."
    ),
    "no_worker": mark("No worker"),
    "no_worker_means": mark(
        "No worker is up: nothing advances by itself. Stops and answers are kept, and take effect before anything else when one "
        "is. Say them by telephone too. Deadlines in the next hour: {count}."
    ),
    "away": mark("Temporal is away"),
    "away_means": mark(
        "Temporal does not answer: nothing advances, and stops and answers cannot be handed in. Say them by telephone. Deadlines "
        "in the next hour: {count}."
    ),
    "changed": mark("{count} changed, {worse} got worse, {new} new · show"),
    "alarm": mark("{delivery} needs you: {reason}"),
    "name": mark("Name of this view"),
    "forget": mark("Forget this view"),
}
"""What its script says."""

routes = web.RouteTableDef()


@routes.get(HERE, name="desk.floor")
async def floor(request: web.Request) -> web.Response:
    """The watch floor: what is on the road, who holds it, what it waits for, what is late, what needs somebody."""
    rows, named = request.query.get("rows", ""), without(request.query)
    question, unknown = asked({name: value for name, value in named.items() if name != "rows" or value not in ROWS})
    reception = request.app[RECEPTION]
    found = await reception.reading.floor.page(request[CALLER].service, question, unknown, await reception.engine())
    shows(request, found.names())
    bands = await _bands(found.rows, instant(found.at), language_of(request), banded=question.sort == "worst")
    answer = page(request, "floor.html", **_values(request, found, question), bands=bands, roomy=rows == "roomy")
    answer.enable_compression()  # rows are alike: a tenth of it goes out
    return answer


@routes.get(f"{HERE}/changes", name="desk.floor.changes")
async def changes(request: web.Request) -> web.StreamResponse:
    """The same as it changes, row by row, in the reader's language; for as long as the session lasts, which this prolongs."""
    question, _ = asked(request.query)
    language, reader, overdue = language_of(request), request[CALLER].service, request.app[RECEPTION].overdue

    def said(event: FloorEvent) -> str:
        told = _said(event, language)
        return json.dumps(told | {"silent": overdue.count(reader)} if isinstance(event, FloorBeat) else told)

    return await stream_floor(request, question, StillSignedIn(request), said)


def _values(request: web.Request, found: Floor, question: FloorQuestion) -> dict[str, Any]:
    """What the template needs, each address that a filter leads to among it."""
    speak, now = speaker(language_of(request)), instant(found.at)
    given = {name: request.query[name] for name in (*PARAMETERS, "rows") if request.query.get(name) and name not in found.unknown}

    def leads(**changed: str) -> str:
        """The address with these parameters changed; empty: without. A filter begins on the first page."""
        wanted = {name: value for name, value in (given | {"page": ""} | changed).items() if value}
        return f"?{urlencode(wanted)}" if wanted else HERE

    def filters(
        name: str, counted: Mapping[Any, int], called: Mapping[Any, str] | None = None, offered: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        chosen = given.get(name)
        values = dict.fromkeys((*(counted if offered is None else offered), *((chosen,) if chosen else ())))
        return [
            {
                "text": speak(called[one]) if called is not None and one in called else one,
                "count": counted.get(one, 0),
                "href": leads(**{name: "" if one == chosen else one}),
                "current": one == chosen,
            }
            for one in values
        ]

    facets = found.facets
    show = [one for one in facets.show if one in words.GROUPS and one not in GROUPS]
    return {
        "found": found,
        "given": given,
        "question": question,
        "counters": counters(found.counters, now, speak, question.show),
        "views": filters("show", facets.show, words.SHOWN, show),
        "phases": filters("phase", facets.phase, words.PHASES),
        "states": filters("in", facets.state),
        "services": filters("service", facets.service),
        "narrowed": [speak(words.SHOWN.get(given[name], given[name])) for name in NARROWING if name in given],
        "leads": leads,
        "other_rows": leads(rows="" if given.get("rows") else "roomy", page=given.get("page", "")),
        "everything": HERE,
        "pages": range(1, found.pages + 1),
        "chased": all_taken(found.chases, now, speak),
        "data": {
            "stream": f"{HERE}/changes?{urlencode(given | {'since': found.version})}",
            "at": found.at,
            "engine": found.engine,
            "due": found.due_within_an_hour,
            "words": {name: speak(text) for name, text in SAID.items()},
        },
    }


def counters(counted: Sequence[ReasonCount], now: datetime, speak: Translate, shown: str | None = None) -> list[dict[str, Any]]:
    """Each counter in its place: how many, what the worst is, and where it leads. At nothing it is quiet."""
    return [
        {
            "key": number,
            "reason": one.reason,
            "icon": ICONS[one.reason],
            "text": speak(words.REASONS[one.reason]),
            "count": one.count,
            "worst": words.worst_of(one, now, speak),
            "tone": "none" if not one.count else "act" if GROUPS[one.reason] == "needs_you" else "warn",
            "href": f"{HERE}?show={one.reason}" if one.reason != shown else HERE,
            "current": one.reason == shown,
        }
        for number, one in enumerate(counted, 1)
    ]


async def _bands(rows: Sequence[FloorRow], now: datetime, language: str, *, banded: bool) -> list[tuple[str, list[str]]]:
    """The rows as they are written, each band with its name beside its first; others have their turn between them."""
    write, written = _macro(language), list[tuple[str, list[str]]]()
    for group, members in groupby(rows, key=lambda one: one.group if banded else ""):
        band = list(members)
        written.append((group, []))
        for number, row in enumerate(band):
            named = (speaker(language)(words.SHOWN[group]), len(band)) if group and number == 0 else ()
            written[-1][1].append(write(_row(row, now, language), *named))
            if number % AT_ONCE == 0:
                await sleep(0)
    return written


def _row(row: FloorRow, now: datetime, language: str) -> dict[str, Any]:
    speak = speaker(language)
    said = words.cells(row, now, speak)
    return {
        "row": row,
        "group": row.group,
        "rank": [*GROUPS].index(row.reason),
        "icon": ICONS.get(row.reason),
        "cells": said,
        "bars": _bars(said.climbed, min(said.rungs, MOST_BARS)),
        "way": way(row.glance, now, speak),
    }


@cache
def _macro(language: str) -> Callable[..., str]:
    """What writes a row in this language."""
    found: Any = environment(language).get_template("floor_row.html").make_module({"root": ROOT})
    write: Callable[..., str] = found.row
    return write


def _bars(climbed: int, rungs: int) -> Iterator[tuple[bool, list[tuple[int, int]]]]:
    """The rungs that are climbed, and those that are not, each as a bar of its height."""
    for on, numbers in ((True, range(min(climbed, rungs))), (False, range(climbed, rungs))):
        if numbers:
            yield on, [(number * 6 + 3, 6 - number * 2) for number in numbers]


def _said(event: FloorEvent, language: str) -> Any:
    """An event for the script of the page, which shows every text of it as it comes."""
    return legible(_told(event, language))


def _told(event: FloorEvent, language: str) -> dict[str, Any]:
    now, speak = datetime.now(UTC), speaker(language)
    match event:
        case FloorChanged(row=row):
            made = _row(row, now, language)
            told = {"rank": made["rank"], "act": row.group == "needs_you", "reason": made["cells"].reason}
            return {"kind": "row", "delivery": row.glance.delivery, "tree": tree(str(_macro(language)(made))), **told}
        case FloorGone(delivery=delivery):
            return {"kind": "gone", "delivery": delivery}
        case FloorBeat():
            plainly = event.model_dump(include={"kind", "at", "archive", "engine", "matching", "open"})
            marked = counters(event.counters, now, speak)
            shown = [{name: one[name] for name in ("reason", "count", "worst", "tone")} for one in marked]
            chased = all_taken(event.chases, now, speak)
            return plainly | {"counters": shown, "due": event.due_within_an_hour, "chased": chased}
        case _:
            return {"kind": "anew"}


assert set(COUNTED) <= ICONS.keys()  # noqa: S101 - each counter has its mark
