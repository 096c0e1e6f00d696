"""The OpenAPI 3.1 document of the gateway, made from its routes and the models of what goes in and out.

`SAYS` holds for each route, by its name, what no code can tell: the model of the body, of each answer, the refusals of its
own. The rest is taken from the route: path, method, and from the docstring of its handler what it does. A route without an
entry cannot be served: the application does not start.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from inspect import cleandoc
from typing import Annotated, Any, Literal, get_args

from aiohttp import web
from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema

from archive.reads import LONGEST_PAGE
from domain.delivery.chasing import CHASE_TYPE, Chase
from domain.delivery.ledger import Entry, Left, Withheld
from domain.delivery.requests import AnyAlarm, Inbox, SignedInbox
from domain.delivery.vocabulary import UtcText
from domain.papers.handed import Format, PaperFile
from domain.papers.making import LANGUAGES, Offered
from domain.plan.access import OPEN
from domain.plan.attachment import MediaType
from domain.plan.cards import Channel
from domain.plan.directory import Listed
from domain.plan.key_changes import Taken
from domain.plan.vocabulary import Digest
from domain.record.expunction import Approvals, Expunged
from domain.record.handover import SHIFT_TYPE, HandingOver, Handover, HandoverRecord, Handovers
from domain.record.packet import Purpose
from domain.record.reads import ReadsPage
from domain.signing.canonical import Frozen
from domain.signing.envelope import KEYS_TYPE, PLAN_TYPE, STATEMENT_TYPE, Envelope
from domain.views.attachments import FilesOfDelivery
from domain.views.floor import PARAMETERS, Floor, FloorQuestion
from domain.views.lists import Rows
from domain.views.overdue import PARAMETERS as OF_OVERDUE
from domain.views.overdue import Overdue, OverdueQuestion
from domain.views.results import LONGEST_PERIOD, CountedBy, Results
from domain.views.shift import MOST_HOURS, MadeSheet
from domain.views.sight import LedgerPage
from domain.views.statistics import Forecast, Statistics
from domain.views.subscriptions import Subscription, SubscriptionId, Subscriptions, Tried, Wish
from domain.views.view import DeliveryView
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import LARGEST_NUMBER_OF_HANDOVER, LONGEST_CURSOR, LONGEST_NUMBER, MOST_ASKED_BY_NAME
from gateway.files import FileTaken
from gateway.floor import FloorAnew, FloorBeat, FloorChanged, FloorGone
from gateway.health import Health
from gateway.list_query import ListQuery
from gateway.payloads import Coded
from gateway.problems import CONTENT_TYPE, HTTP, Problem
from process.metrics import CONTENT_TYPE as COUNTS

JSON = "application/json"
EVENTS = "text/event-stream"
COMPONENTS = "#/components/schemas/"


_SEEN = [{"$ref": f"{COMPONENTS}{one.__name__}"} for one in (Entry, Withheld)]


class Begun(Frozen):
    """A delivery has been started."""

    delivery: OperationCode


class ForecastKept(Frozen):
    """A forecast is kept for the delivery; `new`: it is this one."""

    new: bool


class SignInToken(Frozen):
    """A one-time link to sign in with is the gateway's address, `/desk/in#` and this token."""

    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{43,150}$")]
    until: UtcText


class StreamEvent(BaseModel):
    """One server-sent event of a stream of changes."""

    id: str
    """The entry's number: what to send as `Last-Event-ID` to go on after it."""
    event: Literal["message"] = "message"
    data: Annotated[str, WithJsonSchema({"type": "string", "contentMediaType": JSON, "contentSchema": {"anyOf": _SEEN}})]
    """The entry, or in its place what says that it is withheld from the reader (R11)."""


_OF_FLOOR = [{"$ref": f"{COMPONENTS}{one.__name__}"} for one in (FloorChanged, FloorGone, FloorBeat, FloorAnew)]


class FloorStreamEvent(BaseModel):
    """One server-sent event of the watch floor."""

    id: str | None = None
    """On the last event of what changed at once: what to send as `Last-Event-ID` to go on after it."""
    event: Literal["message"] = "message"
    data: Annotated[str, WithJsonSchema({"type": "string", "contentMediaType": JSON, "contentSchema": {"anyOf": _OF_FLOOR}})]
    """A row that changed or has gone, how things stand, or that all must be read anew."""


@dataclass(frozen=True)
class Success:
    """One answer that is no error: what is in it, and why it comes where there are several."""

    model: Any
    means: str = "Done."
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    """Name and meaning of headers that are part of the answer."""


@dataclass(frozen=True)
class Says:
    """What one route takes and gives."""

    answers: Mapping[int, Success]
    takes: str = ""
    """Payload type of the envelope in its body; empty: it takes no envelope."""
    sends: type[BaseModel] | None = None
    """What its body is, where it is no envelope."""
    carries: str = ""
    """The media type of a file in its body; empty: it carries none."""
    refuses: tuple[int, ...] = ()
    """Statuses of errors beyond those that any request may meet."""
    asks: Mapping[str, tuple[str, Mapping[str, Any], str]] = field(default_factory=dict)
    """Parameters beside those of the path: where it is, its schema, what it means."""


_NUMBER = {"type": "integer", "minimum": 0, "maximum": 999_999_999}


def _since(what: str) -> tuple[str, Mapping[str, Any], str]:
    return "query", _NUMBER | {"default": 0}, f"Number of the first {what} wanted."


_CURSOR = ("query", {"type": "string", "maxLength": LONGEST_CURSOR}, "Where to go on: `next` of the page before.")
_FILTERS = {
    "state": "Only what touches this State; of what the caller sees in part, its own State.",
    "service": "Only where this service takes part; of what the caller sees in part, itself.",
    "phase": "Only in this phase.",
    "channel": "Only by this channel, such as `air_cargo`; nothing of what the caller sees in part.",
    "group": "Only consignments of this operation.",
    "overdue": "Only what is overdue; `no`: only what is not.",
    "due_before": "Only what is due before this moment.",
    "mine": "Only where something is asked of the caller.",
    "open": "Only what has not ended; `no`: only what has.",
    "deliveries": f"Only these: up to {MOST_ASKED_BY_NAME} code names with commas between.",
    "text": "Only with this in the code name, or in the title where the caller sees it. A page may be empty and have a `next`.",
    "sort": "`due`: overdue first, then the nearest deadline. `started`: the newest first. `name`: by code name.",
    "limit": "Rows of a page, 50 unless given.",
}
_YES_OR_NO = {"type": "string", "enum": ["yes", "no"]}


def _of_a_list(name: str, means: str) -> tuple[str, Mapping[str, Any], str]:
    schema = ListQuery.model_json_schema()["properties"][name]
    kept = {key: value for key, value in schema.items() if key not in {"title", "default"}}
    kinds = [one for one in kept.get("anyOf", [kept]) if one != {"type": "null"}]
    return "query", _YES_OR_NO if kinds[0]["type"] == "boolean" else kinds[0], means


_LIST = {name: _of_a_list(name, means) for name, means in _FILTERS.items()} | {"cursor": _CURSOR}

_SHOWN_OF_FLOOR = {
    "show": "Only rows of which this is so, or in this band: a reason or group of a row.",
    "in": "Only what is in this State now.",
    "service": "Only what this service holds, or is waited for.",
    "phase": "Only in this phase.",
    "text": "Only with this in the code name, the title, or such a service.",
    "deliveries": f"Only these: up to {MOST_ASKED_BY_NAME} code names with commas between.",
    "sort": "`worst`: the worst first. `due`: what comes due next. `age`: the oldest. `name`: by code name.",
    "page": "From 1; of 120 rows each.",
}


def _of_floor(
    name: str, means: str, question: type[BaseModel] = FloorQuestion, called: Mapping[str, str] = PARAMETERS
) -> tuple[str, Mapping[str, Any], str]:
    schema = question.model_json_schema(ref_template=f"{COMPONENTS}{{model}}")["properties"][called[name]]
    kept = {key: value for key, value in schema.items() if key not in {"title", "default"}}
    kinds = [one for one in kept.get("anyOf", [kept]) if one != {"type": "null"}]
    return "query", kinds[0] if len(kinds) == 1 else {"anyOf": kinds}, means


_SHOWN_OF_OVERDUE = {
    "show": "`late`: without services of which all is merely due within 12 hours.",
    "in": "Only services of this State.",
    "service": "Only this service.",
    "sort": "`worst`: the worst first. `state`: by State.",
    "page": "From 1; of 40 services each.",
}
_VERSION = {"type": "string", "maxLength": 40}
_FLOOR = {name: _of_floor(name, means) for name, means in _SHOWN_OF_FLOOR.items()}
_OVERDUE = {name: _of_floor(name, means, OverdueQuestion, OF_OVERDUE) for name, means in _SHOWN_OF_OVERDUE.items()}

_DELIVERY = TypeAdapter(OperationCode).json_schema()
_HANDOVER = {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER_OF_HANDOVER}
_PATH = {
    "number": _HANDOVER,
    "delivery": _DELIVERY,
    "digest": TypeAdapter(Digest).json_schema(),
    "name": {"type": "string", "minLength": 1, "maxLength": LONGEST_NUMBER},
    "subscription": TypeAdapter(SubscriptionId).json_schema(),
}
_PERIOD = (
    "A year, quarter, month or day such as 2026, 2026-Q2, 2026-06 or 2026-06-15; FIRST/LAST of such, both whole; or two moments, "
    "the second no more in it. This year unless given."
)

_OF_A_PERIOD: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "period": ("query", {"type": "string", "maxLength": LONGEST_PERIOD}, _PERIOD),
    "zone": (
        "query",
        {"type": "string", "maxLength": 6, "default": "UTC"},
        "By whose calendar: UTC, or an offset such as +05:00.",
    ),
    "by": (
        "query",
        {"type": "string", "enum": list(get_args(CountedBy)), "default": "ended"},
        "By which moment a delivery counts: when it started, or when it ended.",
    ),
}
_NARROWED: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "kind": ("query", {"type": "string", "maxLength": 80}, "One kind of checkpoint, such as authorise/transit or hand_over."),
    "service": ("query", TypeAdapter(ServiceId).json_schema(), "What this service was asked, and what it was refused."),
    "state": ("query", TypeAdapter(State).json_schema(), "Deliveries through this State, as far as they are the caller's."),
    "channel": (
        "query",
        {"type": "string", "enum": list(get_args(Channel))},
        "Deliveries that travel so, of those that the caller sees whole.",
    ),
}

SAYS: dict[str, Says] = {
    "health": Says({200: Success(Health)}, refuses=(503,)),
    "openapi": Says({200: Success(dict[str, Any])}),
    "measure": Says({200: Success(str, media=COUNTS)}),
    "directory": Says(
        {
            200: Success(tuple[Listed, ...], headers={"ETag": "Changes when the directory does."}),
            304: Success(None, "As it was."),
        },
        asks={"If-None-Match": ("header", {"type": "string"}, "The ETag of the answer there is already.")},
    ),
    "start": Says(
        {201: Success(Begun, "Started.", headers={"Location": "Where the delivery is."})}, takes=PLAN_TYPE, refuses=(409, 422)
    ),
    "list": Says({200: Success(Rows)}, refuses=(422,), asks=_LIST),
    "floor": Says({200: Success(Floor)}, asks=_FLOOR),
    "floor-changes": Says(
        {200: Success(FloorStreamEvent, "Server-sent events, each of this form.", EVENTS)},
        asks=_FLOOR
        | {
            "since": ("query", _VERSION, "`version` of the page that is there already: what has changed since comes first."),
            "Last-Event-ID": ("header", _VERSION, "Id of the last event there is already; comes before `since`."),
        },
    ),
    "overdue": Says({200: Success(Overdue)}, asks=_OVERDUE),
    "chase": Says({201: Success(Chase, "Kept, now or before.")}, takes=CHASE_TYPE, refuses=(422,)),
    "view": Says({200: Success(DeliveryView)}),
    "amend": Says({200: Success(Entry)}, takes=PLAN_TYPE, refuses=(409, 422)),
    "submit": Says(
        {
            201: Success(
                Envelope, "Recorded, be it as refused by a rule: its receipt (docs/schemas), signed by the installation."
            ),
            202: Success(Left, "No worker is up: kept, and judged when one is. Send the same again for its receipt."),
        },
        takes=STATEMENT_TYPE,
        refuses=(422,),
    ),
    "ledger": Says({200: Success(LedgerPage)}, refuses=(422,), asks={"since": _since("entry")}),
    "changes": Says(
        {200: Success(StreamEvent, "Server-sent events, each of this form.", EVENTS)},
        refuses=(422,),
        asks={
            "since": _since("entry"),
            "Last-Event-ID": ("header", {"type": "string"}, "Number of the last entry there is already; comes before `since`."),
        },
    ),
    "files": Says({200: Success(FilesOfDelivery)}),
    "file": Says({200: Success(None, "The file, as bytes.", media="application/octet-stream")}),
    "attach": Says(
        {201: Success(FileTaken, "Kept."), 200: Success(FileTaken, "Handed in before: nothing has changed.")},
        carries="application/octet-stream",
        refuses=(411, 422),
        asks={"media_type": ("query", TypeAdapter(MediaType).json_schema(), "What kind of file it is.")},
    ),
    "packet": Says(
        {200: Success(dict[str, Any])},
        refuses=(409, 422),
        asks={"purpose": ("query", TypeAdapter(Purpose).json_schema() | {"default": "operation"}, "What it is for (R23).")},
    ),
    "papers": Says({200: Success(tuple[Offered, ...])}),
    "paper": Says(
        {200: Success(PaperFile)},
        refuses=(409, 422),
        asks={
            name: ("query", schema | {"default": default}, means)
            for name, schema, default, means in (
                ("language", {"type": "string", "enum": [*LANGUAGES]}, LANGUAGES[0], "Of the paper; two, in two columns."),
                ("format", TypeAdapter(Format).json_schema(), "html", "Of the file."),
                ("purpose", TypeAdapter(Purpose).json_schema(), "operation", "For whose use it is (R23)."),
            )
        },
    ),
    "expunge": Says({200: Success(Expunged, "Expunged.")}, sends=Approvals, refuses=(422,)),
    "expunged": Says({200: Success(Expunged)}),
    "keys": Says({200: Success(Taken)}, takes=KEYS_TYPE, refuses=(409, 422)),
    "inbox": Says(
        {200: Success(Inbox | SignedInbox)},
        refuses=(422,),
        asks={
            "cursor": _CURSOR,
            "signed": ("query", {"type": "string", "enum": ["yes"]}, "Each request in an envelope signed by Vigil."),
        },
    ),
    "enter": Says({201: Success(SignInToken, "Good for a minute, and once.")}),
    "decode": Says({200: Success(Coded)}, sends=Coded, refuses=(422,)),
    "alarms": Says({200: Success(tuple[AnyAlarm, ...])}),
    "notices": Says({200: Success(Subscriptions)}),
    "subscribe": Says({201: Success(Subscription)}, sends=Wish, refuses=(422,)),
    "unsubscribe": Says({200: Success(Subscriptions)}),
    "test-notice": Says({200: Success(Tried)}),
    "results": Says({200: Success(Results)}, refuses=(422,), asks=_OF_A_PERIOD),
    "statistics": Says({200: Success(Statistics)}, refuses=(422,), asks={**_OF_A_PERIOD, **_NARROWED}),
    "forecast": Says(
        {
            201: Success(ForecastKept, "It is kept."),
            200: Success(ForecastKept, "There was one already, which stays."),
        },
        sends=Forecast,
        refuses=(404, 422),
    ),
    "shift": Says(
        {200: Success(MadeSheet)},
        refuses=(422,),
        asks={
            "since": (
                "query",
                {"type": "string", "format": "date-time", "maxLength": 32},
                "From when on, with its offset. Since the last handover unless given; before the first one the last 12 hours.",
            ),
            "hours": ("query", {"type": "integer", "minimum": 1, "maximum": MOST_HOURS, "default": 12}, "Of the coming shift."),
        },
    ),
    "hand-over": Says({201: Success(Handover, "It waits to be taken over.")}, sends=HandingOver, refuses=(422,)),
    "take-over": Says({201: Success(Handover, "Closed.")}, takes=SHIFT_TYPE, refuses=(422,)),
    "handovers": Says(
        {200: Success(Handovers)}, refuses=(422,), asks={"before": ("query", _HANDOVER, "`next` of the page before.")}
    ),
    "handover": Says({200: Success(HandoverRecord)}),
    "reads": Says(
        {200: Success(ReadsPage)},
        refuses=(422,),
        asks={
            "since": _since("record"),
            "limit": ("query", _NUMBER | {"default": LONGEST_PAGE}, f"How many records at most; never more than {LONGEST_PAGE}."),
            "delivery": ("query", _DELIVERY, "Only records that name it."),
        },
    ),
}

_ANY = (400, 401, 403, 404, 408, 413, 415, 429, 503)
"""What any request that needs a proof may be answered."""
_MEANS = {
    400: "Not as HTTP has it.",
    401: "No proof, or none that fits.",
    403: "Not the caller's to do.",
    404: "It does not exist, or is not the caller's to see.",
    408: "The body did not come in time.",
    409: "A numbered rule forbids it.",
    411: "It does not say how long the body is.",
    413: "The body is too large.",
    415: "Not JSON.",
    422: "Not what it must be; every fault is named.",
    429: "More than the caller's share; nothing has been done.",
    503: "A part of the installation is away, or was too slow to say whether it has been done: send the same again.",
}
_CODES = {401: "not-authentic", 403: "not-allowed", 409: "rule-broken", 422: "malformed", 429: "limited", 503: "unavailable"}
_EXAMPLE = {
    "payloadType": STATEMENT_TYPE,
    "payload": "e30=",
    "signatures": [{"keyid": "56475aa75463474c0285df5dbf2bcab7", "sig": "A" * 86 + "=="}],
}


def by_name(routes: Iterable[web.AbstractRouteDef]) -> dict[str, web.RouteDef]:
    """The routes. Raises `LookupError` with each that `SAYS` does not describe, or too much."""
    found = {route.kwargs["name"]: route for route in routes if isinstance(route, web.RouteDef)}
    if found.keys() != SAYS.keys():
        message = f"gateway.openapi.SAYS must describe each route and no other; see {sorted(found.keys() ^ SAYS.keys())}"
        raise LookupError(message)
    return found


def document(routes: Iterable[web.AbstractRouteDef], url: str) -> dict[str, Any]:
    """The document, for a gateway at `url`. Raises `LookupError` as `by_name` does."""
    found = by_name(routes)
    said = ((name, status, answer.model) for name, says in SAYS.items() for status, answer in says.answers.items())
    schemas, components = _schemas(tuple(said))
    paths: dict[str, dict[str, Any]] = {}
    for name, route in found.items():
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(name, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigil",
            "version": version("vigil"),
            "summary": "The gateway of an installation that coordinates controlled deliveries.",
            "description": "How to sign, what counts and when: docs/protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "security": [{"proof": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "proof": {
                    "type": "http",
                    "scheme": "Vigil",
                    "description": "A JSON Web Token signed with the service's own key, for this one request: its method, its "
                    "address and its body. docs/protocol.md, section 3.",
                }
            },
        },
    }


@lru_cache(maxsize=1)
def _schemas(said: tuple[tuple[str, int, Any], ...]) -> tuple[dict[tuple[str, int], Any], dict[str, Any]]:
    """The schema of each answer, and of what they share. Not to be changed: the next document has them too."""
    inputs = [((name, status), "serialization", TypeAdapter(model)) for name, status, model in said]
    sent = (says.sends for says in SAYS.values() if says.sends is not None)
    shared: list[type[BaseModel]] = [Problem, Envelope, FloorChanged, FloorGone, FloorBeat, FloorAnew, *sent]
    inputs += [((model.__name__, 0), "serialization", TypeAdapter(model)) for model in shared]
    schemas, rest = TypeAdapter.json_schemas(inputs, ref_template=f"{COMPONENTS}{{model}}")  # type: ignore[arg-type] # literals
    return {name: schema for (name, _), schema in schemas.items()}, rest.get("$defs", {})


def _operation(name: str, route: web.RouteDef, schemas: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    says, text = SAYS[name], " ".join(cleandoc(route.handler.__doc__ or "").split())
    answers = {str(status): _answer(answer, schemas[name, status]) for status, answer in says.answers.items()}
    refused = says.refuses if name in OPEN else sorted({*_ANY, *says.refuses})
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": text.partition(". ")[0].removesuffix("."),
        "description": text,
        "responses": answers | {str(status): _refusal(status) for status in refused},
    }
    parameters = [
        {"name": one, "in": "path", "required": True, "schema": _PATH[one]} for one in re.findall(r"\{(\w+)\}", route.path)
    ]
    parameters += [
        {"name": one, "in": where, "required": False, "schema": schema, "description": means}
        for one, (where, schema, means) in says.asks.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if says.takes:
        content = {JSON: {"schema": {"$ref": f"{COMPONENTS}Envelope"}, "example": _EXAMPLE | {"payloadType": says.takes}}}
        operation["requestBody"] = {"required": True, "description": f"An envelope of {says.takes}.", "content": content}
    if says.sends is not None:
        content = {JSON: {"schema": {"$ref": f"{COMPONENTS}{says.sends.__name__}"}}}
        operation["requestBody"] = {"required": True, "content": content}
    if says.carries:
        operation["requestBody"] = {"required": True, "description": "The file.", "content": {says.carries: {}}}
    if name in OPEN:
        operation["security"] = []
    return operation


def _answer(answer: Success, schema: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"description": answer.means}
    if answer.model is not None:
        said["content"] = {answer.media: {"schema": schema}}
    if answer.headers:
        said["headers"] = {one: {"description": means, "schema": {"type": "string"}} for one, means in answer.headers.items()}
    return said


def _refusal(status: int) -> dict[str, Any]:
    code, hint = HTTP.get(status, ("", "what to do"))
    code = _CODES.get(status, code)
    example = {"type": f"urn:vigil:{code}", "title": code.replace("-", " "), "status": status, "detail": _MEANS[status]}
    content = {CONTENT_TYPE: {"schema": {"$ref": f"{COMPONENTS}Problem"}, "example": example | {"code": code, "hint": hint}}}
    said: dict[str, Any] = {"description": _MEANS[status], "content": content}
    if status == 429:
        said["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return said
