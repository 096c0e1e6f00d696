"""The sheet of a shift as a page and as one sheet of paper, with what its script needs to sign it; former handovers."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from domain.record.handover import SHIFT_TYPE, Handover, Part
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.views import shift_in_words as words
from domain.views.happenings import WHATS
from domain.views.shift import MOST_HOURS, Sheet
from domain.words.moments import instant
from gateway.access import CALLER, PROOFS
from gateway.pages.choosing import without
from gateway.pages.entrance import ROOT
from gateway.pages.pages import keys_of, language_of, page
from gateway.reads import shows
from gateway.reception import RECEPTION
from gateway.shift import handover_number, handovers_query_of, shift_query_of
from process.language import speaker

HERE: Final = f"{ROOT}/shift"
ZONES: Final = ("UTC", "+02:00", "+03:00", "+04:00", "+05:00", "+06:00")
HOURS: Final = (8, 12, 24, MOST_HOURS)
ON_PAPER: Final[Mapping[str, int]] = {"waiting": 10, "coming": 6, "happened": 10, "worse": 3, "better": 3}
"""Rows of each list that find room on one A4 page. What is more is on the screen, and said on the paper."""
MOST_COMING: Final = 40
"""Rows of what comes due on the screen."""
NEWEST: Final = 5
"""Former handovers that stand under a sheet."""

routes = web.RouteTableDef()


@routes.get(HERE, name="desk.shift")
async def shift(request: web.Request) -> web.Response:
    """The sheet as of now, and whether somebody waits for it to be taken over."""
    desk, caller = request.app[RECEPTION].shift, request[CALLER].service
    made = await desk.sheet(caller, shift_query_of(_asked(request.query)))
    former = await desk.former(caller, None)
    shows(request, made.sheet.names())
    return page(
        request,
        "shift.html",
        **_values(request, made.sheet, made.digest),
        handover=None,
        query={"since": "", "zone": "UTC", "hours": ""} | dict(request.query),
        zones=dict.fromkeys((*ZONES, request.query.get("zone", "UTC"))),
        hours=HOURS,
        waiting=former.waiting,
        former=former.handovers[:NEWEST],
        data=_data(request, made.signed, made.digest, "hands_over"),
    )


@routes.get(f"{HERE}/handovers", name="desk.shift.former")
async def former_handovers(request: web.Request) -> web.Response:
    """Former handovers, the newest first."""
    before = handovers_query_of(without(request.query))
    found = await request.app[RECEPTION].shift.former(request[CALLER].service, before)
    return page(request, "handovers.html", found=found)


@routes.get(f"{HERE}/handovers/{{number}}", name="desk.shift.one")
async def handover(request: web.Request) -> web.Response:
    """One handover with its sheet; while it waits, another officer may take it over here."""
    number = handover_number(request.match_info["number"])
    record, sheet = await request.app[RECEPTION].shift.record(request[CALLER].service, number)
    shows(request, sheet.names() if sheet is not None else ())
    if sheet is None or record.sheet is None:
        return page(request, "handover_gone.html", handover=record.handover)
    digest, waits = record.handover.sheet, record.handover.taken_by is None and not _is_mine(request, record.handover)
    data = _data(request, record.sheet, digest, "takes_over") if waits else None
    return page(request, "shift.html", **_values(request, sheet, digest), handover=record.handover, data=data)


def _values(request: web.Request, sheet: Sheet, digest: str) -> dict[str, Any]:
    """What the template tells of a sheet."""
    speak, at = speaker(language_of(request)), instant(sheet.at)
    coming, worst = words.coming(sheet, speak), sorted(sheet.happened, key=lambda one: (WHATS.index(one.what), one.at))
    lists: dict[str, Sequence[Any]] = {
        "waiting": tuple(words.rows(sheet, speak)),
        "coming": coming[:MOST_COMING],
        "happened": [(one.at, words.clock(one.at, at), words.tells(one, speak), one) for one in sheet.happened],
        "worse": [(one.delivery, words.moved(one, speak)) for one in sheet.worse],
        "better": [(one.delivery, words.moved(one, speak)) for one in sheet.better],
    }
    more = {
        "waiting": sheet.more_waiting,
        "coming": sheet.more_consents + max(len(coming) - MOST_COMING, 0),
        "happened": sheet.more_happened,
    }
    more |= {"worse": sheet.more_worse, "better": sheet.more_better}
    return {
        "sheet": sheet,
        "digest": digest,
        "lists": lists,
        "more": more,
        "off_paper": {name: max(len(some) - ON_PAPER[name], 0) + more[name] for name, some in lists.items()},
        "on_paper": ON_PAPER,
        "printed": {(one.delivery, one.seq) for one in worst[: ON_PAPER["happened"]]},
        "next_hours": (instant(sheet.until) - at) // timedelta(hours=1),
        "counted": words.counted(sheet, speak),
        "remarks": tuple(words.remarks(sheet, speak)),
    }


def _data(request: web.Request, signed: Envelope, digest: str, part: Part) -> dict[str, Any] | None:
    """What the script needs to sign; none for who has come in without a key."""
    caller = request[CALLER]
    if caller.key is None:
        return None
    return {
        "url": request.app[PROOFS].url,
        "service": caller.service.id,
        "officer": caller.officer,
        "keys": keys_of(caller.service, caller.officer),
        "part": part,
        "type": SHIFT_TYPE,
        "sheet": plain(signed),
        "digest": digest,
    }


def _is_mine(request: web.Request, one: Handover) -> bool:
    return (one.given_by.service, one.given_by.officer) == (request[CALLER].service.id, request[CALLER].officer)


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    """What the form sends: a day and an hour, and the zone of their clock. What was left empty is not asked for."""
    given = {name: query[name] for name in ("since", "hours") if query.get(name)}
    zone = query.get("zone")
    if "since" in given and zone:
        seconds = ":00" if len(given["since"]) == len("2026-03-14T20:00") else ""
        given["since"] += seconds + ("Z" if zone == "UTC" else zone)
    return given
