"""The HTTP API, version 1. Every answer is JSON, every error a problem document (RFC 9457) with our code, rule and hint.

What each route takes and gives stands in `gateway.openapi`, who may use it in `domain.plan.access`,
how often in `gateway.limits`.
"""

import asyncio
import json
from functools import lru_cache, partial
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from archive.attachments.files import Files
from archive.reads import LONGEST_PAGE, Reads
from archive.sessions import Sessions, SignedIn
from domain.delivery.ledger import Left
from domain.delivery.requests import AnyAlarm
from domain.papers.making import Offered
from domain.plan.directory import Listed
from domain.record.expunction import Approvals
from domain.record.handover import HandingOver
from domain.record.packet import Purpose
from domain.signing.canonical import digest_of_bytes
from domain.signing.envelope import Envelope
from domain.views.floor import asked
from domain.views.overdue import asked as asked_overdue
from domain.views.statistics import Forecast
from domain.views.subscriptions import Wish
from domain.words.errors import Malformed, NotAllowed, faults_of
from domain.words.identifiers import OperationCode
from domain.words.limits import LARGEST_BODY
from domain.words.moments import utc_text
from domain.words.text import fill, mark
from gateway import openapi
from gateway.access import CALLER, PROOFS, Proofs
from gateway.aside import Aside
from gateway.bodies import READER, read
from gateway.connections import CONNECTIONS, Connections
from gateway.files import FILES, FileRoom, handed_in, handed_out, nothing_yet
from gateway.health import ARCHIVE, ArchivePulse, Health, whole
from gateway.limits import LARGEST_NUMBER, LIMITS, MOST_CODED, Limits
from gateway.list_query import list_query_of
from gateway.metrics import METRICS, Metrics
from gateway.middlewares import explained, logged, proved
from gateway.notices import NOTICES, NoticeRoom, room_of
from gateway.oidc import PROVIDER, Provider
from gateway.pages import entrance, one, pages, provider
from gateway.pages import floor as floor_page
from gateway.pages import glossary as glossary_page
from gateway.pages import notices as notices_page
from gateway.pages import overdue as overdue_page
from gateway.pages import results as results_page
from gateway.pages import shift as shift_page
from gateway.pages import statistics as statistics_page
from gateway.pages.entrance import SESSIONS
from gateway.pages.maps import DRAWING
from gateway.papers import paper_wanted
from gateway.payloads import decoded
from gateway.reads import READ, READS, counts, recorded, refusing, shows, still_may_read
from gateway.reception import RECEPTION, Reception
from gateway.results_query import results_query_of, statistics_query_of
from gateway.shift import handover_number, handovers_query_of, shift_query_of
from gateway.streams import STREAMS, end_streams, stream, stream_floor
from process.metrics import CONTENT_TYPE

ALARMS: TypeAdapter[tuple[AnyAlarm, ...]] = TypeAdapter(tuple[AnyAlarm, ...])
LISTED = TypeAdapter(tuple[Listed, ...])
DELIVERY: TypeAdapter[str] = TypeAdapter(OperationCode)
PURPOSE: TypeAdapter[Purpose] = TypeAdapter(Purpose)

OFFERED: TypeAdapter[tuple[Offered, ...]] = TypeAdapter(tuple[Offered, ...])

routes = web.RouteTableDef()
PAGES = (
    pages.routes,
    one.routes,
    results_page.routes,
    statistics_page.routes,
    floor_page.routes,
    notices_page.routes,
    shift_page.routes,
    overdue_page.routes,
    glossary_page.routes,
)
"""The routes for browsers, but those of an OpenID provider (`gateway.pages.provider`), which only some installations have."""


def application(  # noqa: PLR0913, PLR0917 - what it serves from
    reception: Reception,
    proofs: Proofs,
    log_of_reads: Reads,
    sessions: Sessions,
    openid: Provider | None = None,
    kept: Files | None = None,
    notices: NoticeRoom | None = None,
    limits: Limits | None = None,
) -> web.Application:
    """The gateway's web application: the API, and the pages of `gateway.pages` for people. `openid`: through whom supervisors may
    sign in; None: there is no such way. `kept`: the attachments; None: files are not kept here. `notices`: subscriptions; None:
    nobody subscribes here. `limits`: how much one caller may ask.
    """
    connections, limits = Connections(), limits or Limits()
    middlewares = [connections.seen, logged, explained, proved, recorded]
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=middlewares)
    streams: set[asyncio.Task[None]] = set()
    app[RECEPTION], app[PROOFS], app[STREAMS], app[READS], app[SESSIONS] = reception, proofs, streams, log_of_reads, sessions
    app[ARCHIVE] = ArchivePulse(lambda: log_of_reads.page(0, 0))
    app[CONNECTIONS], app[LIMITS], app[METRICS] = connections, limits, Metrics(limits)
    app[FILES] = FileRoom(kept, reception)
    if notices is not None:
        app[NOTICES] = notices
    openapi.by_name(routes)
    app[READER], app[DRAWING], app[overdue_page.BLOCKS] = Aside(), Aside(), overdue_page.Blocks()
    app.on_response_prepare.append(_guard)
    app.on_shutdown.append(end_streams)
    for table in (routes, *PAGES):
        app.add_routes(table)
    if openid is not None:
        app[PROVIDER] = openid
        app.add_routes(provider.routes)
    return app


async def health_of(app: web.Application) -> Health:
    """How every part of the installation is. Raises `Unavailable` if Temporal is away."""
    return await whole(app[RECEPTION].ready(), app[ARCHIVE], app[FILES].pulse)


async def _guard(request: web.Request, answer: web.StreamResponse) -> None:
    """What holds for every answer: nobody keeps it, nobody guesses what it is, and nobody learns what it was made with."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Server"] = "Vigil"
    if entrance.is_page(request):
        answer.headers.update(entrance.HEADERS)


@routes.get("/v1/health", name="health")
async def health(request: web.Request) -> web.Response:
    """Whether this process, Temporal and the archive behind it, and a worker are up. Needs no proof."""
    return _model(await health_of(request.app))


@routes.get("/v1/openapi.json", name="openapi")
async def describe(request: web.Request) -> web.Response:
    """This API as an OpenAPI 3.1 document. Needs no proof: it says what could be asked, and nothing of what is."""
    return _json(await asyncio.to_thread(_document, request.app[PROOFS].url))


@lru_cache(maxsize=1)
def _document(url: str) -> bytes:
    """Made when it is first asked for, beside the loop: that takes a while, and few ask."""
    return json.dumps(openapi.document(routes, url)).encode()


@routes.get("/v1/metrics", name="measure")
async def count(request: web.Request) -> web.Response:
    """Counts and times of this process, in Prometheus' text format."""
    await request.app[METRICS].look(partial(health_of, request.app))
    return web.Response(body=request.app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE})


@routes.get("/v1/directory", name="directory")
async def directory(request: web.Request) -> web.Response:
    """The services of the installation with their keys. How one is reached, for itself and those who run the installation."""
    body = LISTED.dump_json(request.app[RECEPTION].directory_for(request[CALLER].service))
    tag = f'"{digest_of_bytes(body)}"'
    known = tag in request.headers.get("If-None-Match", "")
    return web.Response(status=304, headers={"ETag": tag}) if known else _json(body, headers={"ETag": tag})


@routes.post("/v1/deliveries", name="start")
async def start(request: web.Request) -> web.Response:
    """Start the delivery of a signed plan."""
    plan = await request.app[RECEPTION].plans.start(request[CALLER].service, await _body(request, Envelope))
    place = f"/v1/deliveries/{plan.operation}"
    return _json(openapi.Begun(delivery=plan.operation).model_dump_json().encode(), 201, {"Location": place})


@routes.get("/v1/deliveries", name="list")
async def deliveries(request: web.Request) -> web.Response:
    """A page of the caller's deliveries, those overdue first."""
    found = await request.app[RECEPTION].reading.deliveries(request[CALLER].service, *list_query_of(request.query))
    shows(request, (row.delivery for row in found.rows))
    return _model(found)


@routes.get("/v1/floor", name="floor")
async def floor(request: web.Request) -> web.Response:
    """A page of the watch floor: every open delivery of which the caller sees the whole, what is worst of it, and counts."""
    question, unknown = asked(request.query)
    reception = request.app[RECEPTION]
    found = await reception.reading.floor.page(request[CALLER].service, question, unknown, await reception.engine())
    shows(request, found.names())
    return _model(found)


@routes.get("/v1/floor/changes", name="floor-changes", allow_head=False)
async def floor_changes(request: web.Request) -> web.StreamResponse:
    """The watch floor as server-sent events: rows as they change, and every five seconds how things stand; for an hour."""
    question, _ = asked(request.query)
    return await stream_floor(request, question, partial(still_may_read, request), lambda event: event.model_dump_json())


@routes.get("/v1/overdue", name="overdue")
async def overdue(request: web.Request) -> web.Response:
    """The services that are silent, in deliveries of which the caller sees the whole: since when, and whom to call."""
    question, unknown = asked_overdue(request.query)
    found = await request.app[RECEPTION].overdue.page(request[CALLER].service, question, unknown)
    shows(request, found.names())
    return _model(found)


@routes.post("/v1/overdue/chases", name="chase")
async def chase(request: web.Request) -> web.Response:
    """Take over to chase a silent service, or give it back, by a signed note for those who watch. It changes no delivery."""
    return _model(await request.app[RECEPTION].overdue.take(request[CALLER].service, await _body(request, Envelope)), 201)


@routes.get("/v1/deliveries/{delivery}", name="view")
async def show(request: web.Request) -> web.Response:
    """One delivery's summary."""
    found = await request.app[RECEPTION].reading.view(request[CALLER].service, request.match_info["delivery"])
    shows(request, [found.delivery])
    return _model(found)


@routes.put("/v1/deliveries/{delivery}/plan", name="amend")
async def amend(request: web.Request) -> web.Response:
    """Change the plan for what is still ahead, by a new signed plan. The answer is the ledger entry that records it."""
    envelope = await _body(request, Envelope)
    return _model(await request.app[RECEPTION].plans.amend(request[CALLER].service, request.match_info["delivery"], envelope))


@routes.post("/v1/deliveries/{delivery}/statements", name="submit")
async def submit(request: web.Request) -> web.Response:
    """Hand in a signed statement. The answer is its receipt, signed, also where a rule refuses it: the attempt is recorded. 202
    where no worker is up to judge it: it is kept until one is.
    """
    envelope = await _body(request, Envelope)
    answer = await request.app[RECEPTION].submissions.submit(request[CALLER].service, request.match_info["delivery"], envelope)
    request.app[METRICS].stated(answer)
    if isinstance(answer, Left):
        return _model(answer, status=202)
    return _model(request.app[RECEPTION].handed_over(answer), status=201)


@routes.get("/v1/deliveries/{delivery}/ledger", name="ledger")
async def ledger(request: web.Request) -> web.Response:
    """A page of the ledger from `since` on, and from where to ask on."""
    delivery, since = request.match_info["delivery"], _number("since", request.query.get("since", "0"))
    found = await request.app[RECEPTION].reading.ledger(request[CALLER].service, delivery, since)
    shows(request, [delivery], (entry.seq for entry in found.entries))
    return _model(found)


@routes.get("/v1/deliveries/{delivery}/changes", name="changes", allow_head=False)
async def changes(request: web.Request) -> web.StreamResponse:
    """The ledger as server-sent events, from `since` or the `Last-Event-ID` on, until the delivery has ended."""
    last = request.headers.get("Last-Event-ID")
    since = _number("Last-Event-ID", last) + 1 if last else _number("since", request.query.get("since", "0"))
    found = request.app[RECEPTION].changes(request[CALLER].service, request.match_info["delivery"], since)
    return await stream(request, found)


@routes.get("/v1/deliveries/{delivery}/attachments", name="files")
async def attachments(request: web.Request) -> web.Response:
    """The files that the delivery names, as far as they are the caller's to know of; and what it has handed in that nothing names
    yet.
    """
    found = await request.app[FILES].told(request[CALLER].service, request.match_info["delivery"])
    shows(request, [found.delivery], (one.entry for one in found.files))
    return _model(found)


@routes.get("/v1/deliveries/{delivery}/attachments/{digest}", name="file", allow_head=False)
async def attachment(request: web.Request) -> web.StreamResponse:
    """One file, as bytes and never as a page. One that ends too soon was altered in the storage."""
    return await handed_out(request)


@routes.put("/v1/deliveries/{delivery}/attachments/{digest}", name="attach", expect_handler=nothing_yet)
async def attach(request: web.Request) -> web.Response:
    """Hand in a file that a statement names or is about to name. Sent again it changes nothing. The proof is over its digest."""
    taken = await handed_in(request)
    return _model(taken, status=201 if taken.new else 200)


@routes.get("/v1/deliveries/{delivery}/packet", name="packet")
async def packet(request: web.Request) -> web.Response:
    """The sealed evidence packet, for the operation itself or, with `purpose`, for a court or a State (R23)."""
    try:
        purpose = PURPOSE.validate_python(request.query.get("purpose", "operation"))
    except ValidationError as error:
        raise Malformed(mark("there is no such purpose"), faults_of(error, place="purpose")) from error
    delivery = request.match_info["delivery"]
    found = await request.app[RECEPTION].packet(request[CALLER].service, delivery, purpose)
    shows(request, [delivery], purpose=purpose)
    return _json(found)


@routes.get("/v1/deliveries/{delivery}/papers", name="papers")
async def papers(request: web.Request) -> web.Response:
    """Which papers of it the caller may have now: requests, orders, records, acts and reports."""
    delivery = request.match_info["delivery"]
    found = await request.app[RECEPTION].papers.offered(request[CALLER].service, delivery)
    shows(request, [delivery])
    return _json(OFFERED.dump_json(found))


@routes.get("/v1/deliveries/{delivery}/papers/{name}", name="paper")
async def paper(request: web.Request) -> web.Response:
    """One of them as a file, HTML or PDF, in a language, for the operation itself, a court or a State (R11, R23)."""
    delivery = request.match_info["delivery"]
    wanted, form = paper_wanted(request)
    made, found = await request.app[RECEPTION].papers.paper(request[CALLER].service, delivery, wanted, form)
    shows(request, [delivery], made.paper.entries, found.paper.purpose)
    return _model(found)


@routes.post("/v1/deliveries/{delivery}/expunction", name="expunge")
async def expunge(request: web.Request) -> web.Response:
    """Destroy what a closed delivery says, by the approvals of two officers. The answer is what remains: leaves and root."""
    try:
        given = await read(request, Approvals.model_validate_json)
    except ValidationError as error:
        raise Malformed(mark("the body is not two signed approvals"), faults_of(error)) from error
    found = await request.app[RECEPTION].expunge(request.match_info["delivery"], given)
    shows(request, [found.delivery])
    return _model(found)


@routes.get("/v1/deliveries/{delivery}/expunction", name="expunged")
async def expunged(request: web.Request) -> web.Response:
    """What remains of an expunged delivery: the order, the two officers, its leaves and its root."""
    found = await request.app[RECEPTION].reading.expunged(request.match_info["delivery"])
    shows(request, [found.delivery])
    return _model(found)


@routes.post("/v1/keys", name="keys")
async def keys(request: web.Request) -> web.Response:
    """Enter a signed change of a service's keys, and bring it to the deliveries under way. The answer says what became of it in
    each, to who may list them; to others, whether all have it.
    """
    taken = await request.app[RECEPTION].change_keys(request[CALLER].service, await _body(request, Envelope))
    shows(request, (*taken.taken, *taken.left, *(fault.place for fault in taken.refused if taken.named)))
    return _model(taken)


@routes.get("/v1/inbox", name="inbox")
async def inbox(request: web.Request) -> web.Response:
    """A page of what the caller is being asked, in all its deliveries; with `signed=yes`, each request in an envelope, to be
    carried.
    """
    reception, caller = request.app[RECEPTION], request[CALLER].service
    found, request[READ] = await reception.inbox(caller, request.query.get("cursor"))
    shows(request, found.deliveries)
    return _model(reception.signed(found) if request.query.get("signed") == "yes" else found)


@routes.post("/v1/sign-in", name="enter")
async def sign_in(request: web.Request) -> web.Response:
    """Sign in with a browser: the token of a one-time link, good for a minute. The proof must have an officer's code."""
    caller = request[CALLER]
    if caller.officer is None or caller.nonce is None:
        raise NotAllowed(
            mark("a person signs in, and this proof names none"), hint=mark("give the officer's code as `sub` of the proof")
        )
    who = SignedIn(service=caller.service.id, officer=caller.officer, key=caller.key)
    token, until = await request.app[SESSIONS].link(who, caller.nonce)
    return _model(openapi.SignInToken(token=token, until=utc_text(until)), 201)


@routes.post("/v1/codec/decode", name="decode")
async def decode(request: web.Request) -> web.Response:
    """Decode payloads of histories: Temporal's remote codec protocol, for its own UI and command line. There is no encoding."""
    body, deliveries = await read(request, partial(decoded, request.app[RECEPTION].codec), most=MOST_CODED)
    shows(request, deliveries)
    return _json(body)


@routes.get("/v1/alarms", name="alarms")
async def alarms(request: web.Request) -> web.Response:
    """Deliveries that wait for a worker of their build, and patterns of enquiries at the register. For supervisors."""
    found = await request.app[RECEPTION].alarms()
    shows(request, dict.fromkeys(delivery for alarm in found for delivery in alarm.deliveries))
    return _json(ALARMS.dump_json(found))


@routes.get("/v1/results", name="results")
async def results(request: web.Request) -> web.Response:
    """The results of a period in numbers: operations, consignments, legs and parcels, and what came of them. Of all deliveries
    for supervisors; for who takes part, of its own part alone (R11).
    """
    found = await request.app[RECEPTION].reading.results(request[CALLER].service, *results_query_of(request.query))
    counts(request, found)
    return _model(found)


@routes.get("/v1/statistics", name="statistics")
async def statistics(request: web.Request) -> web.Response:
    """How the deliveries of a period went: how long each kind of checkpoint and each service was waited for, beside what was
    simulated before the start; outcomes, and refusals by rule. Of all deliveries for supervisors; else of one's own part (R11).
    """
    found = await request.app[RECEPTION].reading.statistics(request[CALLER].service, *statistics_query_of(request.query))
    counts(request, found)
    return _model(found)


@routes.put("/v1/deliveries/{delivery}/forecast", name="forecast")
async def forecast(request: web.Request) -> web.Response:
    """Keep what a simulation said of the delivery, for statistics; before it departs, and once: 200 where there is one."""
    given = await _body(request, Forecast, mark("the body is no forecast"))
    new = await request.app[RECEPTION].reading.keep_forecast(request[CALLER].service, request.match_info["delivery"], given)
    return _model(openapi.ForecastKept(new=new), status=201 if new else 200)


@routes.get("/v1/shift", name="shift")
async def shift(request: web.Request) -> web.Response:
    """The sheet of a shift: what changed since a moment, and what is open for the next one; signed by the installation."""
    found = await request.app[RECEPTION].shift.sheet(request[CALLER].service, shift_query_of(request.query))
    shows(request, found.sheet.names())
    return _model(found)


@routes.post("/v1/shift/hand-over", name="hand-over")
async def hand_over(request: web.Request) -> web.Response:
    """Hand over a shift, by an officer's signature under its sheet; it waits to be taken. Handed in again it is the same."""
    try:
        given = await read(request, HandingOver.model_validate_json)
    except ValidationError as error:
        raise Malformed(mark("the body is not a sheet and a signature"), faults_of(error)) from error
    taken = request.app[RECEPTION].shift.hand_over(request[CALLER].service, given)
    return _model(await refusing(request, taken), 201)


@routes.post("/v1/shift/take-over", name="take-over")
async def take_over(request: web.Request) -> web.Response:
    """Take over the shift that waits, by another officer's signature under the same sheet; handed in again it is the same."""
    taken = request.app[RECEPTION].shift.take_over(request[CALLER].service, await _body(request, Envelope))
    return _model(await refusing(request, taken), 201)


@routes.get("/v1/shift/handovers", name="handovers")
async def former_handovers(request: web.Request) -> web.Response:
    """A page of former handovers, the newest first. It names no delivery."""
    found = await request.app[RECEPTION].shift.former(request[CALLER].service, handovers_query_of(request.query))
    return _model(found)


@routes.get("/v1/shift/handovers/{number}", name="handover")
async def former_handover(request: web.Request) -> web.Response:
    """One handover: its sheet, and both signatures."""
    number = handover_number(request.match_info["number"])
    found, sheet = await request.app[RECEPTION].shift.record(request[CALLER].service, number)
    shows(request, sheet.names() if sheet is not None else ())
    return _model(found)


@routes.get("/v1/reads", name="reads")
async def show_reads(request: web.Request) -> web.Response:
    """The log of reads from record `since` on, of one delivery or of all. For auditors."""
    since = _number("since", request.query.get("since", "0"))
    limit = min(_number("limit", request.query.get("limit", str(LONGEST_PAGE))), LONGEST_PAGE)
    try:
        delivery = DELIVERY.validate_python(request.query["delivery"]) if "delivery" in request.query else None
    except ValidationError as error:
        raise Malformed(mark("that is no code name of a delivery"), faults_of(error, place="delivery")) from error
    page = await request.app[READS].page(since, limit, delivery)
    shows(request, () if delivery is None else [delivery], (one.number for one in page.reads))
    return _model(page)


@routes.get("/v1/notices", name="notices")
async def subscribed(request: web.Request) -> web.Response:
    """The caller's own subscriptions to notices, and how each goes. For officers who supervise."""
    found = await room_of(request).of(request[CALLER])
    return _model(found)


@routes.post("/v1/notices", name="subscribe")
async def subscribe(request: web.Request) -> web.Response:
    """Be told, by page, webhook or mail, that something waits at the desk, and of how many deliveries: never what."""
    try:
        wish = await read(request, Wish.model_validate_json)
    except ValidationError as error:
        raise Malformed(mark("the body is no subscription"), faults_of(error)) from error
    made = await room_of(request).subscribe(request[CALLER], wish)
    return _model(made, status=201)


@routes.delete("/v1/notices/{subscription}", name="unsubscribe")
async def unsubscribe(request: web.Request) -> web.Response:
    """End one of the caller's own subscriptions. The answer has those that are left."""
    room = room_of(request)
    await room.unsubscribe(request[CALLER], request.match_info["subscription"])
    return _model(await room.of(request[CALLER]))


@routes.post("/v1/notices/{subscription}/test", name="test-notice")
async def try_notice(request: web.Request) -> web.Response:
    """Send a test there, once in a minute. The answer says why it was not taken, if so."""
    tried = await room_of(request).try_out(request[CALLER], request.match_info["subscription"])
    return _model(tried)


M = TypeVar("M", bound=BaseModel)


async def _body(request: web.Request, model: type[M], wrong: str = "the body is not a signed envelope") -> M:
    try:
        return await read(request, model.model_validate_json)
    except ValidationError as error:
        raise Malformed(wrong, faults_of(error)) from error


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_NUMBER))):
        raise Malformed(fill("{name}: expected the number of an entry, 0 to {most}", name=name, most=LARGEST_NUMBER))
    return int(text)


def _json(data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)


def _model(model: BaseModel, status: int = 200) -> web.Response:
    return _json(model.model_dump_json().encode(), status)
