"""The page of results, for heads of services: numbers, bars, tables; and the same to take, as CSV, JSON or a picture."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from aiohttp import web

from domain.views import results_in_words as words
from domain.views.results import Period, Results
from domain.views.results_picture import panels, picture
from domain.words.text import mark
from gateway.access import CALLER
from gateway.pages.entrance import ROOT
from gateway.pages.pages import language_of, page
from gateway.reads import counts
from gateway.reception import RECEPTION
from gateway.results_query import ResultsQuery, results_query_of
from process.language import speaker

ZONES = ("UTC", "+02:00", "+03:00", "+04:00", "+05:00", "+06:00")
"""To choose from. Whoever writes another into the address is given it."""
TAKEN_AS: Mapping[str, str] = {"csv": "text/csv", "json": "application/json", "svg": "image/svg+xml"}

routes = web.RouteTableDef()


@routes.get(f"{ROOT}/results", name="desk.results")
async def results(request: web.Request) -> web.Response:
    """The results of a period, and a form to choose another."""
    query, language = asked(request.query), language_of(request)
    found, speak = await _found(request, query), speaker(language)
    return page(
        request,
        "results.html",
        found=found,
        query={"zone": "UTC", "by": found.counted_by} | query,
        days=(found.period.since[:10], words.last_day(found.period)),
        title=speak(words.COUNTED_BY[found.counted_by]),
        period=words.in_period(found.period),
        numbers=words.headline(found, speak, language),
        remarks=words.remarks(found, speak),
        nothing=speak(words.NOTHING),
        panels=tuple(panels(found, speak, language)),
        tables=words.in_tables(found, speak, language),
        zones=dict.fromkeys((*ZONES, query.get("zone", "UTC"))),
        usual=usual(query, datetime.now(UTC)),
        take={form: f"{ROOT}/results.{form}?{urlencode(query)}" for form in TAKEN_AS},
    )


@routes.get(f"{ROOT}/results.{{form:csv|json|svg}}", name="desk.results.take")
async def take(request: web.Request) -> web.Response:
    """The results of a period as a file."""
    query, language, form = asked(request.query), language_of(request), request.match_info["form"]
    found = await _found(request, query)
    match form:
        case "csv":
            text = words.in_csv(found)
        case "json":
            text = found.model_dump_json()
        case _:
            text = picture(found, speaker(language), language)
    return as_a_file("results", found.period, form, text)


def as_a_file(what: str, period: Period, form: str, text: str) -> web.Response:
    """What was counted over a period, to be saved under a name that says both."""
    name = f"{what}-{period.since[:10]}-{words.last_day(period)}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, content_type=TAKEN_AS[form], headers=headers)


async def _found(request: web.Request, query: Mapping[str, str]) -> Results:
    found = await request.app[RECEPTION].reading.results(request[CALLER].service, *results_query_of(query))
    counts(request, found)
    return found


def asked(query: Mapping[str, str], names: Iterable[str] = tuple(ResultsQuery.model_fields)) -> dict[str, str]:
    """What the form sends: two days, or a period in one word. What was left empty is not asked for."""
    given = {name: query[name] for name in names if query.get(name)}
    first, last = query.get("from", ""), query.get("to", "")
    if first or last:
        given["period"] = f"{first or last}/{last or first}"
    return given


def usual(query: Mapping[str, str], now: datetime, names: Iterable[str] = ("zone", "by")) -> tuple[tuple[str, str], ...]:
    """Periods that are asked for most, as addresses with whatever else is asked for."""
    year, quarter = now.year, (now.month - 1) // 3 + 1
    before = f"{year}-Q{quarter - 1}" if quarter > 1 else f"{year - 1}-Q4"
    periods = (
        (mark("this month"), f"{year}-{now.month:02d}"),
        (mark("this quarter"), f"{year}-Q{quarter}"),
        (mark("last quarter"), before),
        (mark("this year"), str(year)),
        (mark("last year"), str(year - 1)),
    )
    kept = {name: query[name] for name in names if name in query}
    return tuple((name, f"?{urlencode(kept | {'period': period})}") for name, period in periods)
