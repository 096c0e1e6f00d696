"""The page of statistics: how deliveries went, beside what was simulated of them; and the same to take as CSV, JSON or picture.
What it shows is its address.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from domain.views import statistics_in_words as words
from domain.views.request_in_words import TRAVELS
from domain.views.results_in_words import in_period, last_day
from domain.views.statistics import KINDS, Narrowed, Statistics
from domain.views.statistics_picture import panels, picture
from gateway.access import CALLER
from gateway.pages.entrance import ROOT
from gateway.pages.pages import language_of, page
from gateway.pages.results import TAKEN_AS, ZONES, as_a_file, asked, usual
from gateway.reads import counts
from gateway.reception import RECEPTION
from gateway.results_query import ResultsQuery, statistics_query_of
from process.language import speaker

HERE: Final = f"{ROOT}/statistics"
ASKED: Final = (*ResultsQuery.model_fields, *Narrowed.model_fields)

routes = web.RouteTableDef()


@routes.get(HERE, name="desk.statistics")
async def statistics(request: web.Request) -> web.Response:
    """How the deliveries of a period went, and a form to choose others."""
    query, language = asked(request.query, ASKED), language_of(request)
    found, speak = await _found(request, query), speaker(language)
    return page(
        request,
        "statistics.html",
        found=found,
        query=dict.fromkeys(ASKED, "") | {"zone": "UTC", "by": found.counted_by} | query,
        days=(found.period.since[:10], last_day(found.period)),
        period=in_period(found.period),
        sentences=words.sentences(found, speak),
        numbers=words.headline(found, speak),
        remarks=words.remarks(found, speak),
        panels=tuple(panels(found, speak)),
        tables=words.in_tables(found, speak),
        zones=dict.fromkeys((*ZONES, query.get("zone", "UTC"))),
        kinds={one: words.what_for(one, speak) for one in sorted(KINDS)},
        channels={one: speak(text) for one, text in TRAVELS.items()},
        usual=usual(query, datetime.now(UTC), ASKED),
        take={form: f"{HERE}.{form}?{urlencode(query)}" for form in TAKEN_AS},
    )


@routes.get(f"{HERE}.{{form:csv|json|svg}}", name="desk.statistics.take")
async def take(request: web.Request) -> web.Response:
    """The statistics of a period as a file."""
    query, language, form = asked(request.query, ASKED), language_of(request), request.match_info["form"]
    found = await _found(request, query)
    match form:
        case "csv":
            text = words.in_csv(found)
        case "json":
            text = found.model_dump_json()
        case _:
            text = picture(found, speaker(language))
    return as_a_file("statistics", found.period, form, text)


async def _found(request: web.Request, query: Mapping[str, str]) -> Statistics:
    found = await request.app[RECEPTION].reading.statistics(request[CALLER].service, *statistics_query_of(query))
    counts(request, found)
    return found
