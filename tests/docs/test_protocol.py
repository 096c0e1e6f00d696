"""docs/protocol.md is run: its Python, its bytes, and every HTTP exchange it shows, against the real code."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, get_args

import aiohttp
import jsonschema
import pytest
import rfc8785
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from activities.messenger import Alert, Messenger, mail, message_id
from activities.services import POLL_WAIT, ServiceCaller
from archive.sessions import Sessions
from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Receipt
from domain.delivery.requests import Facts, Notice, Request
from domain.delivery.statement import Statement
from domain.delivery.vocabulary import NoticeKind, Outcome
from domain.plan import proof
from domain.plan.access import MAY, ROLES
from domain.plan.directory import Desk, Directory, Reach, Service
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.reads import EMPTY, Shown, after, verify_reads
from domain.record.receipts import signed
from domain.rules.consent import AuthorisationGranted
from domain.signing import envelope as real_envelope
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import NOTICE_TYPE, PLAN_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope
from domain.signing.keys import public_text
from domain.views.asked import request
from domain.views.sight import page
from domain.words.errors import BY_CODE, REASONS, Malformed, NotAuthentic, VigilError
from domain.words.limits import LARGEST_BODY, LARGEST_PAYLOAD
from domain.words.moments import utc_text
from domain.words.quantities import parse_span
from gateway import api, openapi
from gateway.access import Proofs
from gateway.problems import HTTP, problem
from process.in_force import InForce
from process.ring import Wrapping
from rehearsal.services import private_key_of
from tests.docs.protocol_page import (
    BLOCKS,
    NOW,
    ROOT,
    TEXT,
    URL,
    Block,
    PaperReception,
    block,
    directory_of,
    namespace,
    renewed,
)
from tests.installation import PAYLOAD_KEYS, log_of_reads
from tests.reference import protocol
from tests.support import submitted

FOR_OPERATORS = {
    ("POST", "/v1/codec/decode"),
    ("POST", "/v1/deliveries/{delivery}/expunction"),
    ("GET", "/v1/deliveries/{delivery}/expunction"),
}
"""What no participating service needs: it stands in deploy/README.md."""
OF_FLOOR = {("GET", "/v1/floor"), ("GET", "/v1/floor/changes"), ("GET", "/v1/overdue"), ("POST", "/v1/overdue/chases")}
"""For who sees the whole of something: the document's example is of a service that sees a part, and has no such row."""
OF_NOTICES = {
    ("GET", "/v1/notices"),
    ("POST", "/v1/notices"),
    ("DELETE", "/v1/notices/{subscription}"),
    ("POST", "/v1/notices/{subscription}/test"),
}
"""For supervisors: `tests/gateway/test_notices.py` tries them, and docs/notices.md says what they take."""
OF_SHIFTS = {
    ("GET", "/v1/shift"),
    ("POST", "/v1/shift/hand-over"),
    ("POST", "/v1/shift/take-over"),
    ("GET", "/v1/shift/handovers"),
    ("GET", "/v1/shift/handovers/{number}"),
}
"""For who watches over deliveries; told and not shown, for the same reason."""
OF_FILES = {
    ("GET", "/v1/deliveries/{delivery}/attachments/{digest}"),
    ("PUT", "/v1/deliveries/{delivery}/attachments/{digest}"),
}
"""What carries a file one way or the other: `tests/gateway/test_attachments.py` tries it."""
DEPLOYMENT = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
HERE = "https://vigil.prosecutor.example/vigil"
"""The service of the document."""
ANYTHING = "..."
"""What the document writes where it leaves something out."""


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """The namespace that the document's Python leaves, run in order."""
    return namespace(BLOCKS)


class PinnedProofs(Proofs):
    """The gateway's check of proofs, at the moment of the document."""

    def caller(self, header: str | None, method: str, target: str) -> proof.Caller:
        """As the gateway does, with the clock stopped."""
        caller = proof.identify(header, self._directory.now, method, f"{URL}{target}", now=NOW)
        if caller.nonce in self._used:
            message = "this proof has been used already"
            raise NotAuthentic(message, hint="sign each request anew")
        self._used[caller.nonce] = NOW
        return caller


def changed(plan: Plan, checkpoint: str, **fields: Any) -> Plan:
    """The plan with other fields in one of its checkpoints."""
    checkpoints = [one.model_copy(update=fields) if one.id == checkpoint else one for one in plan.checkpoints]
    return plan.model_copy(update={"checkpoints": tuple(checkpoints)})


def matches(shown: Any, real: Any) -> bool:
    """Whether a shown value is the real one, apart from what it leaves out with `...`."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(real, dict):
        rest = {key: value for key, value in shown.items() if key != ANYTHING}
        whole = ANYTHING in shown or rest.keys() == real.keys()
        return whole and all(key in real and matches(value, real[key]) for key, value in rest.items())
    if isinstance(shown, list) and isinstance(real, list):
        kept = shown[:-1] if shown and shown[-1] == ANYTHING else shown
        long_enough = len(kept) == len(real) or (len(kept) < len(shown) and len(kept) <= len(real))
        return long_enough and all(matches(one, other) for one, other in zip(kept, real, strict=False))
    return bool(shown == real)


def exchanges() -> Iterator[tuple[Block, Block]]:
    """Each request to the gateway that the document shows, with the response shown after it."""
    shown = [one for one in BLOCKS if one.language == "http"]
    for asked, answered in pairwise(shown):
        if asked.note.startswith("as "):
            yield asked, answered


def raw_request(asked: Block, said: dict[str, Any], number: int) -> bytes:
    """The bytes to send: `<proof>` and `<NAME>` (an envelope of the namespace) filled in."""
    head, _, body = asked.body.partition("\n\n")
    body = body.strip()
    if body.startswith("<"):
        body = json.dumps(said[body.strip("<>")])
    officer, _, caller = asked.note.removeprefix("as ").split(",")[0].rpartition(" of ")
    method, target, _ = head.splitlines()[0].split(" ")
    if "<proof>" in head:
        key = {
            "uz.prosecutor": said["key"],
            "kz.knb": said["initiator_key"],
            "audit": said["auditor_key"],
            "supervision": private_key_of("supervision"),
        }[caller]
        now = int(NOW.timestamp())
        made = said["make_proof"](caller, key, method, f"{URL}{target}", body.encode(), now, f"example-{number}", officer)
        head = head.replace("Authorization: Vigil <proof>", f"Authorization: {made}")
    if "Content-Length" not in head and body:
        head += f"\nContent-Length: {len(body.encode())}"
    return (head + "\nConnection: close\n\n").replace("\n", "\r\n").encode() + body.encode()


async def sent(server: TestServer, data: bytes) -> tuple[str, dict[str, str], str]:
    """Status line, headers and body that a server answers raw bytes with."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(data)
    await writer.drain()
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    if headers.get("Transfer-Encoding") == "chunked":
        body = "".join(body.split("\r\n")[1::2])
    return status, headers, body


async def test_every_exchange_with_the_gateway_is_as_shown(said: dict[str, Any]) -> None:
    """Each request in the document, sent byte by byte to the real application, gets the answer the document shows."""
    desk = PaperReception(said)
    plans = {
        "signed_plan": desk.plan,
        "more_time": changed(desk.plan, "tashkent-airport", due=parse_span("36h")),
        "elsewhere": changed(desk.plan, "delivery", place="Another address, Tashkent"),
    }
    said |= {name: said["sign_envelope"](canonical(plan), PLAN_TYPE, said["initiator_key"]) for name, plan in plans.items()}
    wrong: list[str] = []
    proofs = PinnedProofs(InForce(desk.directory), URL)
    async with (
        log_of_reads(desk.directory, said["vigil_key"]) as reads,
        TestServer(api.application(desk, proofs, reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS)))) as server,  # type: ignore[arg-type] - the same methods
    ):
        for number, (asked, answered) in enumerate(exchanges()):
            status, headers, body = await sent(server, raw_request(asked, said, number))
            head, _, shown = answered.body.partition("\n\n")
            lines = head.splitlines()
            fits = lines[0].split()[:2] == status.split()[:2] and all(
                headers.get(line.split(": ")[0]) == line.split(": ", 1)[1] for line in lines[1:]
            )
            stream = "event-stream" in headers["Content-Type"]
            fits &= stream_fits(shown, body) if stream else matches(json.loads(shown), read(body))
            if not fits:
                wrong.append(f"{asked.body.splitlines()[0]}\n{status} {headers}\n{body}")
    assert not wrong, "\n\n".join(wrong)
    assert len(list(exchanges())) >= 12


def read(body: str) -> Any:
    """The JSON in an answer, or the answer itself where it is none, such as a crash."""
    try:
        return json.loads(body)
    except ValueError:
        return body


def stream_fits(shown: str, real: str) -> bool:
    """Whether the events shown are those of the stream."""
    if not events(shown) or len(events(shown)) != len(events(real)):
        return False
    pairs = zip(events(shown), events(real), strict=True)
    return all(one == other and matches(json.loads(a), json.loads(b)) for (one, a), (other, b) in pairs)


def events(text: str) -> list[tuple[str, str]]:
    """Id and data of each event."""
    return re.findall(r"^id: (\d+)\ndata: (.*)$", text, re.MULTILINE)


def test_every_endpoint_of_the_gateway_is_shown() -> None:
    """The document has an example for each route of the gateway and for no other."""
    routes = {(route.method, route.path) for route in api.routes if isinstance(route, web.RouteDef)}
    shown = set()
    for asked, _ in exchanges():
        method, target, _ = asked.body.splitlines()[0].split(" ")
        path = re.sub(r"^/v1/deliveries/[^/]+", "/v1/deliveries/{delivery}", target.split("?")[0])
        path = re.sub(r"/papers/[^/]+$", "/papers/{name}", path)
        shown.add((method, path))
    assert shown == routes - FOR_OPERATORS - OF_FILES - OF_FLOOR - OF_NOTICES - OF_SHIFTS
    assert all(f"{method} {path}" in TEXT for method, path in OF_FILES | OF_FLOOR | OF_NOTICES | OF_SHIFTS)
    assert all(path in DEPLOYMENT for _, path in FOR_OPERATORS)


def test_who_may_what_is_as_the_policy_says() -> None:
    """The table is the policy's own."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ((?:(?:all|own|part|-) \| ?)+)$", TEXT, re.MULTILINE))
    shown = {action: tuple(cell.strip() for cell in cells.strip(" |").split("|")) for action, cells in rows.items()}
    assert MAY == shown
    assert " | ".join(("| action", *ROLES)) in TEXT


def test_keys_and_key_ids_are_those_of_vigil(said: dict[str, Any]) -> None:
    """The public key text and key id made in the document are what Vigil makes of the same key."""
    assert said["public"] == public_text(said["key"])
    assert said["kid"] == real_envelope.key_id(said["public"])
    document = Document("vigil: directory/1\nservices:\n" + block("directory entry").body, "directory.yaml")
    (service,) = document.read(Directory).services
    assert service.keys[0].public == said["public"]
    assert service.id == "uz.prosecutor"


def test_canonical_json_of_the_document_is_rfc_8785(said: dict[str, Any]) -> None:
    """The few lines of canonical JSON agree with the RFC 8785 library on text of every kind that occurs."""
    awkward = {"b": [1, -2, 9007199254740991, True, None], "a": 'ўз "\\ \b\f\n\r\t\x01\x1f\x7f é 😀  ', "A": {}, "": []}
    assert said["canonical"](awkward) == rfc8785.dumps(awkward)
    assert said["canonical"](said["statement"]) == canonical(said["statement"]) == block("payload").body.strip().encode()


def test_the_proof_of_the_document_is_accepted_once_for_its_request(said: dict[str, Any]) -> None:
    """Vigil accepts the worked proof for its own request and for no other, and the document shows its exact parts."""
    header, directory = said["authorization"], directory_of(said)
    caller = proof.check(header, directory, "GET", f"{URL}/v1/inbox", b"", now=NOW)
    assert (caller.service.id, caller.nonce) == ("uz.prosecutor", block("proof claims").json()["jti"])
    assert block("authorization").body == f"Authorization: {header}\n"
    assert said["claims_of"](header) == block("proof claims").json()
    assert said["header_of"](header) == block("proof header").json()
    for method, target, body in (
        ("POST", f"{URL}/v1/inbox", b""),
        ("GET", f"{URL}/v1/deliveries", b""),
        ("GET", "https://another.example/v1/inbox", b""),
        ("GET", f"{URL}/v1/inbox", b"x"),
    ):
        with pytest.raises(NotAuthentic):
            proof.check(header, directory, method, target, body, now=NOW)


def test_a_proof_made_by_vigil_passes_the_check_of_the_document(said: dict[str, Any]) -> None:
    """The document's check accepts Vigil's proof for its request, and refuses another target, a stale one and another key."""
    now = int(NOW.timestamp())
    made = proof.make("vigil", said["vigil_key"], "POST", f"{HERE}/requests", b"{}", now=NOW, nonce="n-1")
    said["check_proof"](made, "vigil", said["vigil_keys"], "POST", f"{HERE}/requests", b"{}", now)
    with pytest.raises(ValueError, match="another request"):
        said["check_proof"](made, "vigil", said["vigil_keys"], "POST", f"{HERE}/notices", b"{}", now)
    with pytest.raises(ValueError, match="time"):
        said["check_proof"](made, "vigil", said["vigil_keys"], "POST", f"{HERE}/requests", b"{}", now + proof.LIFETIME + 1)
    other = proof.make("uz.prosecutor", said["key"], "POST", f"{HERE}/requests", b"{}", now=NOW, nonce="n-2")
    with pytest.raises(ValueError, match="Vigil"):
        said["check_proof"](other, "vigil", said["vigil_keys"], "POST", f"{HERE}/requests", b"{}", now)


def test_the_worked_envelope_is_a_valid_statement(said: dict[str, Any]) -> None:
    """The bytes of the worked example are exactly what Vigil signs, opens and reads."""
    shown = Envelope.model_validate(block("envelope").json())
    assert shown == Envelope.model_validate(said["granted"])
    payload = open_envelope(shown, STATEMENT_TYPE, {said["kid"]: said["public"]})
    statement = read_statement(shown)
    assert (statement.kind, statement.service) == ("authorisation_granted", "uz.prosecutor")
    assert PaperReception(said).begun().state.plan_digest == statement.plan
    assert real_envelope.sign(payload, STATEMENT_TYPE, said["key"]) == shown
    start = block("signed bytes").body.strip().removesuffix(ANYTHING).encode()
    assert real_envelope._pae(STATEMENT_TYPE, payload).startswith(start)
    assert len(payload) == said["length"]
    for what in (f"{len(payload)} bytes", shown.fingerprint()):
        assert what in TEXT


def test_what_the_page_computes_is_up_to_date() -> None:
    """Digests, payload, envelope and request are what `make vectors` writes there."""
    assert renewed(TEXT) == TEXT


def test_the_fields_of_what_is_said_and_asked_are_named(said: dict[str, Any]) -> None:
    """Each field of a statement, a request and its facts, and each event of the ledger, has a row; what is shown is valid."""
    rows = [name for first in re.findall(r"^\| (`[^|]*`) \|", TEXT, re.MULTILINE) for name in re.findall(r"`([^`]+)`", first)]
    events = [model.model_fields["event"].default for model in get_args(get_args(AnyEvent)[0])]
    facts = [f"facts.{name}" for name in Facts.model_fields]
    assert {*Statement.model_fields, *(Request.model_fields.keys() - {"facts"}), *facts, *events} <= set(rows)
    accepted, in_its_stead = (
        read_statement(Envelope.model_validate(said["sign_envelope"](canonical(said[name]), STATEMENT_TYPE, said["key"])))
        for name in ("accepted", "in_its_stead")
    )
    assert (("uz.prosecutor/2",), "uz.customs", "uz.customs") == (accepted.fulfils, accepted.voice, in_its_stead.voice)
    assert "tashkent-airport" == AuthorisationGranted.model_validate(said["conditional"]).conditions[1].at


def test_the_check_of_the_log_of_reads_is_that_of_vigil(said: dict[str, Any]) -> None:
    """The document's few lines accept a log that Vigil's accept, with the same head, and refuse one that was changed or cut."""
    seen = Shown(service="kz.knb", officer="officer-1", key="5" * 32, role="service", action="view", deliveries=("saxaul-22",))
    tip, reads = EMPTY, []
    for _ in range(3):
        reads.append(tip.next(seen, utc_text(NOW)))
        tip = after(reads[-1])
    log, end = [plain(read) for read in reads], plain(tip)

    assert said["verify_reads"](log, end) == verify_reads(reads).head == tip.head
    for wrong in (log[:2], [*log[:1], log[1] | {"officer": None}, log[2]], [log[0], log[2]]):
        with pytest.raises(ValueError, match=r"record \d|where the installation"):
            said["verify_reads"](wrong, end)


def test_types_and_limits_are_those_of_the_code() -> None:
    """Payload types, kinds of notice, limits and the lifetime of a proof stand in the document as they are in the code."""
    types = (STATEMENT_TYPE, PLAN_TYPE, REQUEST_TYPE, NOTICE_TYPE)
    types += (real_envelope.RECEIPT_TYPE, real_envelope.MANIFEST_TYPE, real_envelope.KEYS_TYPE, real_envelope.READS_TYPE)
    kinds = NoticeKind.__args__  # type: ignore[attr-defined]
    for name in (*types, *(f"`{kind}`" for kind in kinds), f"{proof.LIFETIME} seconds", f"wait={POLL_WAIT}"):
        assert name in TEXT, name
    for limit in (LARGEST_BODY, api.LARGEST_BODY):
        assert f"{limit:,} bytes" in TEXT
    assert f"{LARGEST_PAYLOAD // 1024} KiB" in TEXT


def test_every_error_code_stands_with_its_status() -> None:
    """The table of errors names each code of the code base that the gateway may answer with, and its HTTP status."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3})", TEXT, re.MULTILINE))
    expected = {code: str(kind.status) for code, kind in BY_CODE.items() if code not in ("refused", "timed-out")}
    expected |= {code: str(status) for status, (code, _) in HTTP.items()}
    assert expected.items() <= rows.items()
    assert rows.keys() == expected.keys()
    assert problem(VigilError("x")).document.status == int(rows["error"])
    shown = next(answered for asked, answered in exchanges() if asked.note.endswith("malformed"))
    assert Malformed.code in shown.body


def test_every_reason_why_a_rule_forbids_something_stands_there() -> None:
    """The table of reasons names each that a problem document may have, and no other."""
    assert set(REASONS) == set(re.findall(r"^\| `([a-z_]+)` \| R\d+(?:, R\d+)* \|", TEXT, re.MULTILINE))


class _Heard:
    """What a participating service hears, as it came."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self._answers = answers

    async def hear(self, request: web.Request) -> web.Response:
        """Keep it; acknowledge."""
        self.requests.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        if request.method == "GET":
            return web.json_response(self._answers)
        return web.json_response({"received": "yes"}, status=202)


async def test_what_a_service_receives_is_as_shown(said: dict[str, Any]) -> None:
    """Request, notice and poll, sent by the real code, are the bytes the document shows, and its Python takes them."""
    asked = request(PaperReception(said).begun(), "consent-uz", "uz.prosecutor")
    assert matches(block("request").json(), json.loads(canonical(asked)))
    told = Notice.model_validate(block("notice").json())
    heard = _Heard(said["answers_after"](asked.id, 0))
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", heard.hear)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        service = Service(
            id="uz.prosecutor", kind="prosecutor", state="UZ", names={"en": "x"},
            reach={"by": "poll", "url": str(server.make_url("/vigil")), "every": "30s"},
        )  # fmt: skip
        calls = ServiceCaller(http, "vigil", said["vigil_key"])
        await calls.ask(service, asked)
        await calls.notify(service, told)
        found = await calls.answers(service, asked.id, 0)
        await calls.hand_over(service, signed(receipt_of(said)[0], said["vigil_key"]))
        await calls.answers(service, asked.id, 3, ["refused=3:malformed", "waits=4:not-authentic"])
        method, target, *_ = heard.requests.pop()
        assert block("polled again").body.strip() == f"{method} {target} HTTP/1.1"
        here = str(server.make_url("/vigil"))
    assert found == (Envelope.model_validate(said["granted"]),)
    shown = [one for one in BLOCKS if one.language == "http" and one.note.startswith("received")]
    assert len(shown) == len(heard.requests) == 4
    for one, (method, target, headers, body) in zip(shown, heard.requests, strict=True):
        head, _, content = one.body.partition("\n\n")
        first, *lines = head.splitlines()
        assert first == f"{method} {target} HTTP/1.1"
        for name, value in (line.split(": ", 1) for line in lines if not line.startswith("Host")):
            assert value in (headers[name], ANYTHING) or (name == "Authorization" and headers[name].startswith("Vigil ey")), name
        assert matches(json.loads(content), json.loads(body)) if content.strip() else body == b""
    now = datetime.now(UTC).timestamp()
    (_, _, headers, body), (_, _, other_headers, other_body), _, (*_, receipt) = heard.requests
    assert said["check_receipt"](json.loads(receipt), said["vigil_keys"])["statement"] == said["statement"]["id"]
    assert said["take"]("POST", f"{here}/requests", headers["Authorization"], body, now)["id"] == asked.id
    assert said["take"]("POST", f"{here}/notices", other_headers["Authorization"], other_body, now)["kind"] == told.kind
    answer = Envelope.model_validate(
        said["sign_envelope"](said["canonical"](said["answer"](asked.model_dump(mode="json"))), STATEMENT_TYPE, said["key"])
    )
    assert read_statement(answer).content.kind == "authorisation_granted"
    assert (asked.plan, asked.seen) == (read_statement(answer).plan, read_statement(answer).seen)


async def test_what_a_desk_is_told_is_as_shown(said: dict[str, Any]) -> None:
    """The webhook and the mail that the real code sends are those of the document, and its check takes the webhook: the one
    shown, at its time, and the one just sent; not one that was altered, is old, or is for somebody else.
    """
    asked = request(PaperReception(said).begun(), "consent-uz", "uz.prosecutor")
    reach = TypeAdapter(Reach).validate_python(YAML(typ="safe").load(block("desk entry").body)["reach"])
    heard = _Heard({})
    app = web.Application()
    app.router.add_post("/vigil", heard.hear)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        here = Desk.model_validate({"notify": [{"by": "webhook", "url": str(server.make_url("/vigil"))}]})
        known = Service(
            id="uz.prosecutor", kind="prosecutor", state="UZ", names={"en": "x"}, reach=here
        )  # fmt: skip
        desks = Messenger(
            http, InForce(Directory(vigil="directory/1", services=(known,))), said["vigil_key"], "https://vigil.example"
        )
        assert (await desks.tell(Alert.of_request(asked), [])).everyone
    head, _, body = block("told by webhook").body.partition("\n\n")
    shown = {name.lower(): value for name, value in (line.split(": ", 1) for line in head.splitlines()[1:])}
    ((_, _, headers, sent_body),) = heard.requests
    real = {name.lower(): value for name, value in headers.items()}
    check, now = said["check_webhook"], int(NOW.timestamp())

    assert (shown["webhook-id"], body.strip().encode()) == (real["webhook-id"], sent_body)
    assert "request" == check(shown, body.strip().encode(), now)["type"]
    assert "request" == check(real, sent_body, datetime.now(UTC).timestamp())["type"]
    for wrong, when in ((sent_body + b" ", now), (sent_body, now + 301)):
        with pytest.raises(ValueError, match=r"webhook|Vigil"):
            check(shown, wrong, when)
    number = message_id(Alert.of_request(asked), said["vigil_key"])
    message = mail(Alert.of_request(asked), number, "vigil@vigil.example", reach.notify[1].to, "https://vigil.example")
    lines = [f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")]
    assert block("told by mail").body == "\n".join(lines) + "\n\n" + message.get_content()


def test_the_reference_service_and_the_document_make_and_take_the_same(said: dict[str, Any]) -> None:
    """The example's own code verifies what the document's makes, byte for byte, and the other way round."""
    now, url = int(NOW.timestamp()), "https://vigil.prosecutor.example/vigil/requests"
    asked = canonical(request(PaperReception(said).begun(), "consent-uz", "uz.prosecutor"))
    body = json.dumps(said["sign_envelope"](asked, REQUEST_TYPE, said["vigil_key"])).encode()
    made = said["make_proof"]("vigil", said["vigil_key"], "POST", url, body, now, "n-9")

    assert "n-9" == protocol.check_proof(made, "vigil", said["vigil_keys"], "POST", url, body, now)
    assert json.loads(asked) == protocol.open_envelope(body, REQUEST_TYPE, said["vigil_keys"])
    assert said["granted"] == protocol.sign_envelope(said["payload"], STATEMENT_TYPE, said["key"])
    said["check_proof"](protocol.make_proof("uz.prosecutor", said["key"], "POST", url, body, now), "uz.prosecutor",
                        {said["kid"]: said["public"]}, "POST", url, body, now)  # fmt: skip


async def test_a_request_for_another_service_is_not_taken(said: dict[str, Any]) -> None:
    """The document's receiver refuses a request addressed to somebody else, though Vigil signed it."""
    asked = request(PaperReception(said).begun(), "consent-kz", "kz.prosecutor")
    body = json.dumps(said["sign_envelope"](canonical(asked), REQUEST_TYPE, said["vigil_key"])).encode()
    made = proof.make("vigil", said["vigil_key"], "POST", f"{HERE}/requests", body, now=NOW, nonce="n-3")
    with pytest.raises(ValueError, match="not for us"):
        said["take"]("POST", f"{HERE}/requests", made, body, NOW.timestamp())


def receipt_of(said: dict[str, Any]) -> tuple[Receipt, Delivery]:
    """The receipt for the worked example, and its delivery."""
    delivery = PaperReception(said).begun()
    return submitted(delivery, Envelope.model_validate(said["granted"]), NOW), delivery


def test_the_receipt_shown_is_the_one_that_is_given(said: dict[str, Any]) -> None:
    """Its payload has every field of the page; so has the verdict of the refusal that follows."""
    given, delivery = receipt_of(said)
    refused = submitted(delivery, Envelope.model_validate(said["sighted"]), NOW)

    assert matches(block("receipt").json(), plain(given))
    assert block("verdict of sighting-0001").json() == plain(refused.verdict)


def test_a_receipt_is_checked_and_compared_with_the_ledger(said: dict[str, Any]) -> None:
    """The page's own code takes what Vigil gives, whatever is withheld, and refuses another signer and another ledger."""
    given, delivery = receipt_of(said)
    entries = [json.loads(entry.model_dump_json()) for entry in page(delivery, delivery.directory.get("uz.prosecutor"), 0)]
    checked = said["check_receipt"](plain(signed(given, said["vigil_key"])), said["vigil_keys"])

    assert any("leaf" in entry for entry in entries)
    assert delivery.ledger.root == said["root_over"]([said["leaf_of"](entry) for entry in entries]).hex()
    edge, held, rest = said["edge_of"](checked), (checked["size"], checked["root"]), entries[checked["size"] :]
    now = (len(entries), delivery.ledger.root)
    assert held == (edge[0], said["root_at"](edge))
    assert now == ((after := said["compare"](edge, rest, [held, now]))[0], said["root_at"](after))
    with pytest.raises(ValueError, match="an unknown key"):
        said["check_receipt"](plain(signed(given, said["key"])), said["vigil_keys"])
    with pytest.raises(ValueError, match="an entry is missing"):
        said["compare"](edge, entries[1:], [])
    for wrong in ([(held[0], "0" * 64)], [(now[0], "0" * 64)]):
        with pytest.raises(ValueError, match="another ledger"):
            said["compare"](edge, rest, wrong)


async def test_the_reader_of_the_stream_resumes(said: dict[str, Any]) -> None:
    """The document's reader of server-sent events takes the stream apart, and the last id is where it resumes."""
    shown = next(answered for asked, answered in exchanges() if "/changes" in asked.body)
    found = list(said["entries_in"](shown.body.partition("\n\n")[2].splitlines()))
    assert [number for number, _ in found] == [10, 11, 12, 13, 14]
    assert found[-1][1]["seq"] == 14


def test_the_keys_of_the_examples_are_nobodys(said: dict[str, Any]) -> None:
    """The example keys are made from plain numbers, so that nobody mistakes them for real ones."""
    assert said["key"].private_bytes_raw() == bytes(range(32))
    assert isinstance(said["vigil_key"], Ed25519PrivateKey)


@pytest.mark.parametrize("kind", ["proofs", "envelopes", "tree", "receipts"])
def test_the_documents_own_checks_agree_with_the_vectors(kind: str, said: dict[str, Any]) -> None:
    """The Python of the page takes what docs/vectors says is right, and refuses everything else there."""
    document = json.loads((ROOT / "docs" / "vectors" / f"{kind}.json").read_text(encoding="utf-8"))
    keys = {one["keyid"]: one["public"] for one in document.get("keys", ()) if one["service"] in document.get("known", ())}

    def taken(vector: Any) -> bool:
        said["used"].clear()
        call = document.get("call", {})
        try:
            if kind == "proofs":
                asked = (call["caller"], keys, call["method"], call["url"], call["body"].encode(), call["now"])
                said["check_proof"](vector["authorization"], *asked)
            elif kind == "envelopes":
                said["open_envelope"](vector["envelope"], document["type"], keys)
            elif kind == "tree":
                steps = [bytes.fromhex(one) for one in vector["proof"]]
                found = said["root_by_proof"](bytes.fromhex(vector["leaf"]), vector["index"], vector["size"], steps)
                return bool(found.hex() == vector["root"])
            else:
                receipt, entries = said["check_receipt"](vector["envelope"], keys), document["entries"]
                said["compare"](said["edge_of"](receipt), entries[receipt["size"] :], [(len(entries), document["root"])])
        except (ValueError, LookupError, AttributeError, InvalidSignature):
            return False
        return True

    assert {one["name"]: one["accepted"] for one in document["vectors"]} == {
        one["name"]: taken(one) for one in document["vectors"]
    }


def test_every_outcome_is_named() -> None:
    """The page lists what the text of a notice `outcome` may begin with: each way to end, in the order of the code."""
    listed = TEXT.partition("The outcomes are ")[2].partition(".\n")[0].partition(". The same")[0]

    assert list(get_args(Outcome)) == re.findall(r"`([a-z_]+)`", listed)


def test_every_parameter_of_a_question_is_named() -> None:
    """Whatever may be asked of the gateway in the query of a path stands on the page."""
    paths = openapi.document(api.routes, URL)["paths"]
    calls = [call for path in paths.values() for call in path.values()]
    asked = {one["name"] for call in calls for one in call.get("parameters", ()) if one["in"] == "query"}

    assert {"signed", "since"} <= asked
    assert [name for name in sorted(asked) if not re.search(rf"[?&]{name}=|`{name}`", TEXT)] == []


@pytest.mark.parametrize(("note", "schema"), [("request", "request"), ("notice", "notice"), ("payload", "statement")])
def test_what_the_page_shows_fits_its_schema(note: str, schema: str) -> None:
    """Request, notice and statement of the page fit the schemas that are published beside it."""
    published = json.loads((ROOT / "docs" / "schemas" / f"{schema}.schema.json").read_text(encoding="utf-8"))

    jsonschema.validate(block(note).json(), published, jsonschema.Draft202012Validator)
