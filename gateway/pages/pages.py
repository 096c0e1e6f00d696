"""The pages, made on the server: what an officer is asked, sees, answers and signs. What they do is what the API does,
by the same `gateway.reception`; who may see it is decided in `gateway.pages.entrance`.

A page signs nothing. What is to be signed goes to it as bytes, and what was signed comes back through the API, with a proof.
"""

import asyncio
import mimetypes
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from aiohttp import web
from pydantic import BaseModel, ValidationError
from yarl import URL

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Request, Stranded
from domain.papers.handed import Format
from domain.plan.access import supervises
from domain.plan.attachment import SUFFIXES
from domain.plan.directory import Service
from domain.rules.books import BOOK
from domain.rules.speaking import Correction
from domain.signing.canonical import Frozen, canonical, digest, plain
from domain.signing.keys import key_id
from domain.views import names
from domain.views.asked import inbox as asked_in
from domain.views.asked import urgently
from domain.views.correcting import ToCorrect, to_correct
from domain.views.forms import asked_otherwise, kinds_for
from domain.views.law import CALLED, NOT_KNOWN, NOT_KNOWN_MARK, SURE, explained
from domain.views.second import OWN_FINDING, fields_of, first_word, still_holds
from domain.views.unasked import known
from domain.views.view import view as view_of
from domain.words.errors import Malformed, NotAuthentic, NotFound, Unavailable, VigilError, faults_of
from domain.words.moments import instant
from domain.words.quantities import UNITS
from domain.words.text import mark, shown
from gateway.access import CALLER, PROOFS
from gateway.bodies import read
from gateway.files import handed_out
from gateway.list_query import ListQuery, list_query_of
from gateway.oidc import PROVIDER
from gateway.pages import choosing, rules, words
from gateway.pages.answer import asked_of, in_zone, of_urgency, zones_of
from gateway.pages.brakes import BRAKES, braked, fields_of_brakes
from gateway.pages.entrance import ROOT, SESSIONS, SILENT, remember, token_of, visitor_of
from gateway.pages.forms import FilledForm, boxes_of, boxes_to_correct, statement_of
from gateway.pages.seconding import (
    SIGNED_ANEW,
    compared,
    data_of_first,
    first_asked,
    first_filled,
    first_to_correct,
    to_check,
)
from gateway.pages.story import StoryFilter
from gateway.pages.templating import environment
from gateway.pages.together import asked_alike, chosen, data_of, for_each, in_order, longest, of_members
from gateway.papers import paper_wanted
from gateway.problems import Refusal
from gateway.reads import READ, looked, shows
from gateway.reception import RECEPTION, Reception
from process.language import speaker

HERE = Path(__file__).parent
FILES = {path.name: path.read_bytes() for path in (HERE / "static").iterdir()}
"""All that a page may load, which is ours."""
COMPARED: Final = frozenset({"handover_offered", "handover_accepted"})
"""Kinds whose weight and seals are compared with what was found before (R7)."""
LONGEST_ENTRY: Final = 9
"""Digits of the number of an entry in an address."""
AT_ONCE = 1.0
"""Seconds that the form of a stop waits for how the delivery stands."""

TEMPORAL_UI: web.AppKey[str] = web.AppKey("temporal_ui", str)
"""Under which address Temporal's own pages have the workflows; not there where the installation says none."""

routes = web.RouteTableDef()


class Token(Frozen):
    """What a link holds after its `#`, which no server is told by following it."""

    token: str


@routes.get(f"{ROOT}/in", name="desk.door")
async def come_in(request: web.Request) -> web.Response:
    """The page that a link opens. It uses nothing up: its script sends the token, so that who merely looks at links does not."""
    return page(request, "in.html")


@routes.post(f"{ROOT}/in", name="desk.enter")
async def enter(request: web.Request) -> web.Response:
    """Use a one-time link; the browser is then signed in."""
    try:
        link = (await sent(request, Token)).token
    except Malformed as error:
        raise NotAuthentic(mark("that is no link to sign in with")) from error
    token = await request.app[SESSIONS].enter(link)
    await visitor_of(request, token)  # a link ends with the key that asked for it
    answer = web.Response(status=204)
    remember(request, answer, token)
    return answer


@routes.post(f"{ROOT}/out", name="desk.leave")
async def leave(request: web.Request) -> web.Response:
    """Sign out."""
    await request.app[SESSIONS].end(token_of(request))
    answer = page(request, "out.html", signed_in=False)
    remember(request, answer, "")
    return answer


@routes.get(f"{ROOT}/file/{{name}}", name="desk.file")
async def file(request: web.Request) -> web.Response:
    """A script, a style or a picture of the pages."""
    name = request.match_info["name"]
    if name not in FILES:
        raise web.HTTPNotFound
    kind, _ = mimetypes.guess_type(name)
    return web.Response(body=FILES[name], content_type=kind or "application/octet-stream", charset="utf-8")


@routes.get(ROOT, name="desk.home")
async def home(request: web.Request) -> web.StreamResponse:
    """Where one begins: the watch floor for who watches over all deliveries, the inbox for everybody else."""
    if supervises(request[CALLER].service):
        raise web.HTTPSeeOther(f"{ROOT}/floor")
    return await inbox(request)


@routes.get(f"{ROOT}/inbox", name="desk.inbox")
async def inbox(request: web.Request) -> web.Response:
    """What is asked of the reader, in all deliveries, the most urgent first."""
    found, request[READ] = await request.app[RECEPTION].inbox(request[CALLER].service, request.query.get("cursor"))
    shows(request, found.deliveries)
    return page(request, "inbox.html", found=found)


@routes.get(f"{ROOT}/deliveries", name="desk.list")
async def deliveries(request: web.Request) -> web.Response:
    """The reader's deliveries, a page at a time, as it has narrowed them down."""
    reception, reader = request.app[RECEPTION], request[CALLER].service
    found = await reception.reading.deliveries(reader, *list_query_of(narrowed(request.query)))
    stranded = await _stranded(reception) if supervises(reader) else ()
    group = request.query.get("group", "")
    together = await braked(reception, reader, group) if group and request[CALLER].key is not None else None
    names = (*(row.delivery for row in found.rows), *(name for one in stranded for name in one.deliveries))
    shows(request, dict.fromkeys((*names, *(name for _, name in (together.members if together is not None else ())))))
    data = data_of_brakes(request, together.members[0][1]) | together.data() if together is not None else {}
    lists: dict[str, Any] = {"found": found, "query": narrowed(request.query), "stranded": stranded}
    return page(request, "deliveries.html", **lists, braked=together, data=data)


async def _stranded(reception: Reception) -> tuple[Stranded, ...]:
    """What no worker goes on with; nothing while that cannot be known, for the list is there all the same."""
    with suppress(Unavailable):
        return await reception.stranded()
    return ()


@routes.get(f"{ROOT}/deliveries/{{delivery}}/packet", name="desk.packet")
async def packet(request: web.Request) -> web.Response:
    """Its sealed evidence packet as of now, for the operation itself, as a file."""
    delivery = request.match_info["delivery"]
    found = await request.app[RECEPTION].packet(request[CALLER].service, delivery, "operation")
    shows(request, [delivery], purpose="operation")
    headers = {"Content-Disposition": f'attachment; filename="{delivery}.packet.json"'}
    return web.Response(body=found, content_type="application/json", headers=headers)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/attachments/{{digest}}", name="desk.attachment", allow_head=False)
async def attachment(request: web.Request) -> web.StreamResponse:
    """A file, to be saved: no browser shows it as a page."""
    return await handed_out(request)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/ledger", name="desk.ledger")
async def ledger(request: web.Request) -> web.Response:
    """Where its ledger is: on its page. Nothing of it is shown by that."""
    query = {name: request.query[name] for name in ("before", *StoryFilter.__dataclass_fields__) if name in request.query}
    where = URL(f"{ROOT}/deliveries").joinpath(request.match_info["delivery"]).with_query(query).with_fragment("ledger")
    raise web.HTTPFound(where)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/law", name="desk.law")
async def law(request: web.Request) -> web.Response:
    """What the rule cards demand of its plan, State by State, as far as it is the reader's to see; and how sure that is."""
    delivery = request.match_info["delivery"]
    found = await request.app[RECEPTION].reading.law(request[CALLER].service, delivery)
    shows(request, [delivery])
    speak = speaker(language_of(request))
    marks = {code: speak(text) for code, text in (SURE | {NOT_KNOWN_MARK: NOT_KNOWN}).items()}
    called = {name: speak(text) for name, text in CALLED.items()}
    return page(
        request, "law.html", delivery=delivery, states=[explained(one, speak) for one in found], marks=marks, called=called
    )


@routes.get(f"{ROOT}/deliveries/{{delivery}}/papers", name="desk.papers")
async def papers(request: web.Request) -> web.Response:
    """The papers that the reader may have of it now, each as HTML and as PDF."""
    delivery = request.match_info["delivery"]
    found = await request.app[RECEPTION].papers.offered(request[CALLER].service, delivery)
    shows(request, [delivery])
    speak = speaker(language_of(request))
    rows = [(one, speak(one.title)) for one in found]
    return page(request, "papers.html", delivery=delivery, papers=rows, formats=get_args(Format))


@routes.get(f"{ROOT}/deliveries/{{delivery}}/papers/{{name}}", name="desk.paper")
async def paper(request: web.Request) -> web.Response:
    """One of them, to be kept as a file: it is no page of the desk, and none opens it as one."""
    delivery = request.match_info["delivery"]
    wanted, form = paper_wanted(request)
    made, found = await request.app[RECEPTION].papers.paper(request[CALLER].service, delivery, wanted, form)
    shows(request, [delivery], made.paper.entries, found.paper.purpose)
    name = f"{delivery}.{found.paper.name}.{found.paper.language}.{form}"
    kind = "application/pdf" if form == "pdf" else "text/html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=found.content(), content_type=kind, headers=headers)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/answer", name="desk.answer")
async def answer_form(request: web.Request) -> web.Response:
    """The form that answers a request."""
    delivery, reader = request.match_info["delivery"], request[CALLER].service
    voice = request.query.get("for", reader.id)
    known = await request.app[RECEPTION].reading.delivery(reader, delivery)
    asked = asked_in(known, reader.id, datetime.now(UTC))
    found = next((one for one in asked if (one.checkpoint, one.service) == (request.query.get("checkpoint"), voice)), None)
    if found is None:
        raise NotFound(
            mark("no open request for you at this checkpoint"),
            hint=mark("what you have answered stands in the ledger; your inbox shows what is asked of you"),
        )
    urgent = urgently(known, reader.id, found.checkpoint, found.service)
    kinds = kinds_for(found)[:1] if urgent else kinds_for(found)  # nobody refuses it for another
    kind = request.query.get("kind", kinds[0])
    if kind not in kinds:
        raise NotFound(mark("that does not answer what is asked there"))
    alike = await asked_alike(request.app[RECEPTION], reader, found, kind)
    first = first_asked(known, reader, found, kind)
    mine = first is not None and first.statement.officer == request[CALLER].officer
    second = first if first is not None and not mine and still_holds(first, found) else None
    if second is None:  # what a first officer has signed for all, the second sees whole
        alike = tuple(one for one in alike if not asked_otherwise(kind, (found, one), datetime.now(UTC)))
    also = request.query.getall("also", ()) if second is None else of_members(alike, second.statement.members)
    others, gone = chosen(alike, also)
    request[READ] = (*asked, *others)
    shows(request, [delivery, *(one.delivery for one in alike)])
    speak, now = speaker(language_of(request)), max(datetime.now(UTC), known.state.now)
    zones, told_of = zones_of(known.plan, reader, now), asked_of(known, found, reader, now, speak)
    boxes, data = boxes_of(kind, found, now), script_data(request, delivery, found, kind)
    if urgent:
        data["sentence"] = speak(words.URGENT)
    if others or (second is not None and second.statement.members is not None):
        together = in_order(found, others)
        boxes = for_each(boxes_of(kind, longest(together), now), together)
        data |= data_of(together)
    if second is not None:
        boxes, data["first"] = to_check(boxes), data_of_first(second)
        data["members"] = list(second.statement.members) if second.statement.members is not None else None
    fields: dict[str, Any] = {"asked": found, "kinds": kinds, "kind": kind, "delivery": delivery, "voice": voice}
    fields |= {"zones": zones, "told_of": told_of, "alike": alike, "others": others, "gone": gone}
    fields |= {"first": first, "mine": mine, "second": second, "own": OWN_FINDING}
    return page(request, "answer.html", **fields, boxes=in_zone(of_urgency(boxes, urgent=urgent), zones), data=data)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/unasked", name="desk.unasked")
async def unasked_form(request: web.Request) -> web.Response:
    """What the reader may say by itself, and the form of what it has chosen."""
    name, reader = request.match_info["delivery"], request[CALLER].service
    delivery, now = await request.app[RECEPTION].reading.delivery(reader, name), datetime.now(UTC)
    found = view_of(delivery, reader, max(now, delivery.state.now))
    kind = request.query.get("kind")
    if kind is not None and kind not in found.may_say:
        raise NotFound(mark("that is not yours to say now"), hint=mark("the page of what you may say unasked shows what is"))
    shows(request, [name])
    boxes = boxes_of(kind, None, now, known(delivery, reader, kind, now)) if kind is not None else ()
    seen = {"plan": found.plan, "seen": {"size": found.entries, "root": found.root}}
    fields: dict[str, Any] = {"delivery": name, "kinds": found.may_say, "kind": kind}
    fields |= {"zones": (zones := zones_of(delivery.plan, reader, now)), "boxes": in_zone(boxes, zones)}
    return page(request, "unasked.html", **fields, data=script_data(request, name, None, kind or "") | seen)


@routes.get(f"{ROOT}/deliveries/{{delivery}}/correct", name="desk.correct")
async def correct_form(request: web.Request) -> web.Response:
    """The form by which the reader corrects what it has said in an entry, filled with that."""
    name, reader, now = request.match_info["delivery"], request[CALLER].service, datetime.now(UTC)
    delivery = await request.app[RECEPTION].reading.delivery(reader, name)
    corrects = _to_correct(delivery, reader, number_in(request.query.get("entry", ""), -1))
    shows(request, [name], [corrects.entry])
    found = view_of(delivery, reader, max(now, delivery.state.now))
    boxes, kind, first = boxes_to_correct(corrects, now), corrects.content.kind, corrects.first
    there = [box.name for box in boxes]
    fields: dict[str, Any] = {"delivery": name, "kind": kind, "corrects": corrects, "boxes": boxes}
    fields |= {"kept": [one for one in fields_of(corrects.content) if one not in there], "own": OWN_FINDING}
    fields |= {"zones": zones_of(delivery.plan, reader, now)}
    data = script_data(request, name, None, kind) | {"plan": found.plan, "seen": {"size": found.entries, "root": found.root}}
    called = data["words"]["FIELDS"]
    called |= {one: called[f"{kind}.{one}"] for one in fields_of(corrects.content) if f"{kind}.{one}" in called}
    data |= data_to_correct(request, corrects)
    second = first if first is not None and first.statement.officer != request[CALLER].officer else None
    if second is not None:
        fields |= {"boxes": to_check(boxes_of(kind, None, now)), "kept": []}
        data |= {"first": data_of_first(second) | {"reason": corrects.reason}}
    return page(request, "correct.html", **fields, second=second, data=data)


def number_in(text: str, otherwise: int) -> int:
    """The number of an entry in an address; `otherwise` for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ENTRY else otherwise


def _to_correct(delivery: Delivery, reader: Service, entry: int) -> ToCorrect:
    """Raises `NotFound` where the reader has said nothing there that it may correct."""
    found = to_correct(delivery, reader, entry)
    if found is None:
        hint = mark("the ledger on the page of the delivery shows what you may correct")
        raise NotFound(mark("nothing that you said there can be corrected, or not any more"), hint=hint)
    return found


@routes.get(f"{ROOT}/deliveries/{{delivery}}/stop", name="desk.stop")
async def stop_form(request: web.Request) -> web.Response:
    """The form that stops a delivery. It needs nothing of the delivery, so that it opens whatever is away; what is seen of it is
    named where that is known at once, and is recorded as any view.
    """
    delivery = request.match_info["delivery"]
    data = script_data(request, delivery, None, "stop_requested") | await _as_it_stands(request, delivery)
    return page(request, "stop.html", delivery=delivery, data=data)


async def _as_it_stands(request: web.Request, delivery: str) -> dict[str, Any]:
    """The plan in force, and the ledger's size and root; nothing where that is not to be had, or not recorded, at once."""
    with suppress(VigilError, TimeoutError):
        async with asyncio.timeout(AT_ONCE):
            found = await request.app[RECEPTION].reading.view(request[CALLER].service, delivery)
            await looked(request, delivery)
        return {"plan": found.plan, "seen": {"size": found.entries, "root": found.root}}
    return {}


@routes.post(f"{ROOT}/deliveries/{{delivery}}/statement", name="desk.say")
async def say(request: web.Request) -> web.Response:
    """The bytes that are to be signed, of a form that has been filled in. Nothing has been said by that."""
    filled, delivery, taken_over = await sent(request, FilledForm), request.match_info["delivery"], dict[str, Any]()
    corrects, reader = None, request[CALLER].service
    if filled.corrects is not None:
        corrects = _to_correct(await request.app[RECEPTION].reading.delivery(reader, delivery), reader, filled.corrects)
        if filled.says != digest(corrects.content):  # what the page left as it was would take that back unseen
            message = mark("it says something else by now than this page has shown")
            raise Malformed(message, hint=mark("load the page anew, and read what stands there now"))
    if filled.second is not None and corrects is not None:
        taken_over |= first_to_correct(corrects, filled.second).taken_over()
    elif filled.second is not None:
        known = await request.app[RECEPTION].reading.delivery(reader, delivery)
        taken_over |= first_filled(known, reader, filled).taken_over()
    statement = statement_of(delivery, request[CALLER], filled, taken_over, corrects)
    return web.Response(body=canonical(statement), content_type="application/json")


@routes.post(f"{ROOT}/deliveries/{{delivery}}/second", name="desk.second")
async def second(request: web.Request) -> web.Response:
    """Where what a second officer is about to sign is not what the first has signed (R20): told once they have said their own."""
    said, delivery, reader = await sent(request, BOOK.statement), request.match_info["delivery"], request[CALLER].service
    known, need = await request.app[RECEPTION].reading.delivery(reader, delivery), BOOK.kinds[said.kind].declares.answers
    first = first_word(known, reader, said.checkpoint or "", said.voice, need)
    if isinstance(said.content, Correction):
        earlier = known.state.statements.first(said.content.of)
        corrects = to_correct(known, reader, earlier.seq) if earlier is not None else None
        first = corrects.first if corrects is not None else None
        said = said.model_copy(update={"content": said.content.content})
    if first is None:
        raise NotFound(SIGNED_ANEW)
    shows(request, [delivery], [first.entry])
    return web.json_response(compared(first, said))


@routes.get(f"{ROOT}/findings", name="desk.findings")
async def findings(request: web.Request) -> web.Response:
    """What the rules may have found, in words: asked for by a script once a receipt has a finding."""
    return web.json_response(rules.for_script(speaker(language_of(request))))


def narrowed(query: Mapping[str, str]) -> dict[str, str]:
    """What a list is narrowed down to: a form sends what was left empty as well, and an address may bear other things."""
    return {name: query[name] for name in ListQuery.model_fields if query.get(name)}


def refused(request: web.Request, refusal: Refusal) -> web.Response:
    """A problem document as a page."""
    problem = refusal.document
    english = problem.detail == shown(refusal.words[0])
    answer = page(request, "refused.html", problem=problem, english=english, signed_in=CALLER in request)
    answer.set_status(problem.status)
    answer.headers.update(refusal.headers)
    return answer


def script_data(request: web.Request, delivery: str, asked: Request | None, kind: str) -> dict[str, Any]:
    """What the scripts of a page need to know."""
    caller, speak = request[CALLER], speaker(language_of(request))
    called = {"FIELDS": words.FIELDS, "CHOICES": words.CHOICES, "VERDICTS": names.VERDICTS, "UNITS": UNITS}
    tables = {name: {code: speak(text) for code, text in table.items()} for name, table in called.items()}
    within = {name: {code: speak(text) for code, text in table.items()} for name, table in words.WITHIN.items()}
    return {
        "url": request.app[PROOFS].url,
        "service": caller.service.id,
        "officer": caller.officer,
        "keys": keys_of(caller.service, caller.officer),
        "installation": keys_of_installation(request.app[PROOFS].system),
        "delivery": delivery,
        "checkpoint": asked.checkpoint if asked is not None else None,
        "on_behalf_of": asked.service if asked is not None and asked.service != caller.service.id else None,
        "plan": asked.plan if asked is not None else None,
        "seen": plain(asked.seen) if asked is not None else None,
        "kind": kind,
        "types": SUFFIXES,
        "words": tables | {"KINDS": rules.kinds(speak), "WITHIN": within},
        "sentence": speak(words.SENTENCES[kind]) if kind in words.SENTENCES else None,
        "unwritten": {form: speak(text) for form, text in words.UNWRITTEN.get(kind, {}).items()},
        "asked": plain(asked.facts) if asked is not None else None,
        "codes": [box.name for box in boxes_of(kind, None, datetime.now(UTC)) if box.choices] if kind else [],
        "compares": kind in COMPARED,
        "confirms": bool(kind) and BOOK.kinds[kind].declares.confirms,
    }


def data_to_correct(request: web.Request, corrects: ToCorrect) -> dict[str, Any]:
    """What the scripts need to know of a correction, beside what they do of the kind that is corrected."""
    speak = speaker(language_of(request))
    return {
        "kind": "correction",
        "sentence": speak(words.SENTENCES["correction"]),
        "unwritten": {},
        "corrects": {
            "entry": corrects.entry,
            "of": corrects.of,
            "content": plain(corrects.content),
            "says": digest(corrects.content),
        },
    }


def data_of_brakes(request: web.Request, delivery: str) -> dict[str, Any]:
    """The same for a hold or a stop on a page of other things: less the words that none of these has."""
    found = script_data(request, delivery, None, "stop_requested")
    named = fields_of_brakes()
    fields = {name: text for name, text in found["words"]["FIELDS"].items() if name in named}
    kinds = {kind: found["words"]["KINDS"][kind] for kind in BRAKES}
    return found | {"words": found["words"] | {"FIELDS": fields, "KINDS": kinds, "CHOICES": {}, "WITHIN": {}}}


def keys_of(service: Service, officer: str | None) -> dict[str, dict[str, str | None]]:
    """The keys of a service that count now and with which this officer may sign, by their id."""
    now = datetime.now(UTC)
    found = [key for key in service.keys if key.valid_at(now) and key.officer in (None, officer)]
    return {key_id(key.public): {"from": key.valid_from, "until": key.valid_until} for key in found}


def keys_of_installation(system: Service | None) -> dict[str, dict[str, str | None]]:
    """All keys that it has or had, by their id: what it has signed is checked by the one that counted then."""
    keys = system.keys if system is not None else ()
    ends = {key.public: [one for one in (key.valid_until, key.revoked_at) if one is not None] for key in keys}
    return {
        key_id(key.public): {
            "public": key.public,
            "from": key.valid_from,
            "until": min(ends[key.public], key=instant, default=None),
        }
        for key in keys
    }


M = TypeVar("M", bound=BaseModel)


async def sent(request: web.Request, model: type[M]) -> M:
    """What a script of a page has sent. Raises `Malformed`."""
    try:
        return await read(request, model.model_validate_json)
    except ValidationError as error:
        raise Malformed(mark("the form is not complete"), faults_of(error)) from error


# How a page is made


def language_of(request: web.Request) -> str:
    """As its reader has chosen, or as the browser says."""
    return choosing.language_of(request)


def page(request: web.Request, template: str, /, *, signed_in: bool | None = None, **values: Any) -> web.Response:
    """A page, in the language of whoever reads it."""
    answer = web.Response(text=drawn(request, template, signed_in=signed_in, **values), content_type="text/html")
    choosing.keep(request, answer)
    return answer


def drawn(request: web.Request, template: str, /, *, signed_in: bool | None = None, **values: Any) -> str:
    """The same as text."""
    language = language_of(request)
    known = CALLER in request if signed_in is None else signed_in
    visitor = request[CALLER] if known else None
    shared: dict[str, Any] = {"root": ROOT, "reader": visitor, "now": datetime.now(UTC), "language": language}
    shared["supervisor"] = visitor is not None and supervises(visitor.service)
    shared["overdue"] = request.get(SILENT)
    shared["languages"] = choosing.others(request)
    shared["provider"] = request.app[PROVIDER].host if PROVIDER in request.app else None
    text = environment(language).get_template(template).render(shared | values)
    return "\n".join(map(shown, text.split("\n")))
