"""`vigil conformance` against the reference service, sound and with one fault at a time."""

# ruff: noqa: D102 - the class of a fault says what its method does wrong

import asyncio
import base64
import io
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client.conformance.checks import CHECKS, By, CheckResult, Mismatch, examine
from client.conformance.exam import Exam
from client.conformance.gateway import OF_A_DELIVERY, OF_ALL, HandedIn
from domain.delivery.ledger import Entry
from domain.plan import proof
from domain.plan.directory import Service, ServiceKey
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.signing.keys import private_pem, public_text
from gateway import api
from protocol.calls import listening
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.command import Ran, vigil
from tests.reference import FOLDER, SERVICE, configured, in_a_thread, protocol, reference, served

ROOT = FOLDER.parents[1]
PUBLIC = public_text(private_key_of(SERVICE))
SECOND = public_text(private_key_of(f"{SERVICE} second"))
VALID = ServiceKey(public=PUBLIC, valid_from="2000-01-01T00:00:00Z")
DIGEST = "ab" * 32


def test_every_check_names_a_section_of_the_protocol() -> None:
    """Each section that a check names is a heading of docs/protocol.md, and no two checks have the same name."""
    headings = re.findall(r"^##+ ([0-9.]+?)\.? ", (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert {check.section for check in CHECKS} <= set(headings)
    assert len(CHECKS) == len({check.name for check in CHECKS})


def test_the_stand_in_has_what_the_gateway_has() -> None:
    """Path and method of each route of the gateway's API, and no others, are no stray calls in an examination."""
    own = "/v1/deliveries/{delivery}"
    played = OF_ALL | {f"{own}{below}": methods for below, methods in OF_A_DELIVERY.items()}

    assert {(route.method, route.path) for route in api.routes if isinstance(route, web.RouteDef)} == {
        (method, path) for path, methods in played.items() for method in methods
    }


async def test_a_name_in_a_path_is_no_stray_call_and_a_file_is_proved_by_its_digest() -> None:
    """A paper is asked for by its name, a file is handed in with a proof over the digest in its path, and over no other; what
    stands below a paper is a stray call.
    """
    key, (port,) = private_key_of(SERVICE), free_ports(1)
    service = Service(id=SERVICE, kind="prosecutor", state="UZ", names={"en": "x"}, keys=(VALID,))
    door, vigil_key = f"http://127.0.0.1:{port}", Ed25519PrivateKey.generate()
    async with aiohttp.ClientSession() as http:
        exam = Exam(http, door, service, (VIGIL, vigil_key), "authorisation", gateway=door, patience=4, settle=1)
        assert exam.gateway is not None
        own = f"{door}/v1/deliveries/{exam.delivery}"
        calls = [
            ("GET", f"{own}/papers/request.{SERVICE}", b""),
            ("PUT", f"{own}/attachments/{DIGEST}?media_type=image/jpeg", DIGEST),
            ("PUT", f"{own}/attachments/{DIGEST}?media_type=image/jpeg", b"a file"),
            ("GET", f"{own}/papers/request/below", b""),
        ]
        async with exam.gateway.open():
            found = []
            for number, (method, url, body) in enumerate(calls):
                made = proof.make(SERVICE, key, method, url, body, now=datetime.now(UTC), nonce=f"call-{number}")
                data = b"a file" if method == "PUT" else None
                async with http.request(method, url, data=data, headers={"Authorization": made}) as answer:
                    found.append(answer.status)

    path = f"/v1/deliveries/{exam.delivery}"
    assert [503, 503, 401, 404] == found
    assert exam.gateway.strays[0].startswith(f"PUT {path}/attachments/{DIGEST}: ")
    assert [f"GET {path}/papers/request/below"] == exam.gateway.strays[1:]


ODD = {
    "no JSON": b"not even JSON",
    "a list": b"[]",
    "no end": b"[" * 100_000,
    "no id": b'{"content":{}}',
    "an id that is none": b'{"id":"{not an id}","content":{"kind":["x"]},"officer":[],"seen":1}',
    "a list for an officer": b'{"id":"12345678","content":{"kind":{}},"officer":["x"]}',
    "a float and half a character": b'{"id":"12345678","plan":1.5,"service":"\\ud800","content":{"kind":"\\ud800"},"officer":{}}',
    "a number without end": b'{"id":"12345678","plan":' + b"9" * 5_000 + b',"content":{"kind":1e999},"fulfils":[NaN]}',
}


@pytest.mark.parametrize("by", ["push", "poll"])
@pytest.mark.parametrize("payload", ODD.values(), ids=ODD)
async def test_whatever_a_system_says_it_is_examined_to_the_end(payload: bytes, by: By) -> None:
    """A system that signs nonsense, or sends no JSON at all, is told of each check; the command has no fault of its own."""
    signed = sign(payload, STATEMENT_TYPE, private_key_of(SERVICE))
    service = Service(id=SERVICE, kind="prosecutor", state="UZ", names={"en": "x"}, keys=(VALID,))
    answers = json.dumps({"answers": [signed.model_dump()] * 2}).encode() if payload[:2] != b"[[" else payload
    (door,) = free_ports(1)

    async def odd(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.method == "GET" else 202, body=answers)

    app = web.Application(client_max_size=2**22)
    app.router.add_route("*", "/{path:.*}", odd)
    async with listening(app, "127.0.0.1", free_ports(1)[0], patience=0) as port, aiohttp.ClientSession() as http:
        url, gateway = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{door}" if by == "push" else None
        exam = Exam(
            http, url, service, (VIGIL, Ed25519PrivateKey.generate()), "authorisation", gateway=gateway, patience=1, settle=0
        )
        async with exam.gateway.open() if exam.gateway is not None else nullcontext():
            if exam.gateway is not None:
                exam.gateway.handed_in.append(HandedIn(signed, "", "", ""))
                own = f"{gateway}/v1/deliveries/{exam.delivery}/statements"
                async with http.post(own, data=signed.model_dump_json()) as answer:
                    assert answer.status in (201, 202, 422, 429, 503)
            found = await examine(exam, by, lambda _check: None)

    assert sum(by in check.by for check in CHECKS) == len(found)
    assert "failed" in {one.result for one in found}


# As a process


async def examined(folder: Path, by: By, *more: object, port: int | None = None) -> Ran:
    """The command against the reference service as a process of its own; against nobody if a port is given."""
    mine, gateway = free_ports(2)
    where = (
        "--service",
        SERVICE,
        "--public",
        PUBLIC,
        "--public",
        SECOND,
        "--keys",
        folder / "test-key",
        "--by",
        by,
        "--patience",
        "15",
    )
    door = f"http://127.0.0.1:{gateway}"
    if port is not None:
        return await vigil("conformance", f"http://127.0.0.1:{port}/vigil", *where, "--gateway", door, *more)
    key = await vigil("keys", "new", VIGIL, "--plain", "--keys", folder / "test-key", "-o", "json")
    config = configured(folder, mine, gateway=door if by == "push" else None)
    config.write_text(config.read_text().replace(public_text(private_key_of(VIGIL)), key.json[0]["public"]))
    async with served(config):
        return await vigil("conformance", f"http://127.0.0.1:{mine}/vigil", *where, "--gateway", door, *more)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["push", "poll"])
async def test_the_reference_service_takes_part_as_the_protocol_says(tmp_path: Path, by: By) -> None:
    """As a real process, pushing and polled, it passes every check there is for it; exit code 0."""
    ran = await examined(tmp_path, by, "-o", "json")

    assert [] == [one for one in ran.json["checks"] if one["result"] != "passed"]
    assert sum(by in check.by for check in CHECKS) == ran.json["passed"]
    assert (0, 0) == (ran.code, ran.json["failed"])


@pytest.mark.slow
async def test_a_system_that_does_not_conform_is_told_what_was_seen_and_expected(tmp_path: Path) -> None:
    """One that is asked for what it has no answer to: the table says so, each with its section; exit code 7. With --explain each
    check that failed, and no other, says what was sent, what was expected and what came.
    """
    ran = await examined(tmp_path, "poll", "--says", "costs", "--patience", "1", "--explain")
    told = ran.out.partition("\n5.3 answers what is asked\n")[2]

    assert 7 == ran.code
    assert re.search(r"5\.3 +answers what is asked +failed +0 answers .* a statement, in good time", ran.out)
    assert re.search(r"3 +refuses a request without a proof +passed +status 401", ran.out)
    assert "checks did not pass" in ran.err
    assert re.search(r"sent:\n    GET /vigil/requests/\S+ HTTP/1.1\n(.*\n)*  expected:\n.*\n  got:\n    HTTP/1.1 200", told)
    assert "refuses a request without a proof" not in told


async def test_where_nobody_answers_nothing_is_examined(tmp_path: Path) -> None:
    """Exit code 1 and what to do, and no list of failures."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    ran = await examined(tmp_path, "push", "-o", "json", port=free_ports(1)[0])

    assert 1 == ran.code
    assert "unavailable" == ran.json["error"]["code"]


async def test_a_gateway_address_that_is_taken_is_refused(tmp_path: Path) -> None:
    """The command says so before anything is asked."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        ran = await examined(tmp_path, "push", "--gateway", f"http://127.0.0.1:{port}", port=port)

    assert 1 == ran.code
    assert f"no gateway can listen at http://127.0.0.1:{port}" in ran.err


async def test_wrong_options_are_refused_with_what_would_be_right(tmp_path: Path) -> None:
    """Exit code 2, and nothing is called."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    port = free_ports(1)[0]
    wrong = {
        ("--says", "everything"): "expected one of detection",
        ("--public", "ed25519:short"): "a public key is written",
        ("--service", "Not An Id"): "Service id",
        ("--state", "ZZ"): "state",
        ("--gateway", "nowhere"): "is no address",
    }
    ran = await asyncio.gather(*(examined(tmp_path, "push", *pair, port=port) for pair in wrong))

    assert [2] * len(wrong) == [one.code for one in ran]
    for said, one in zip(wrong.values(), ran, strict=True):
        assert said in one.err


async def test_without_a_key_of_its_own_it_does_not_begin(tmp_path: Path) -> None:
    """There is no default folder: nobody tests with the installation's own key by accident."""
    ran = await vigil("conformance", "http://127.0.0.1:1/vigil", "--service", SERVICE, "--public", PUBLIC)
    missing = await examined(tmp_path, "push", port=free_ports(1)[0])

    assert 2 == ran.code
    assert "--keys" in ran.err
    assert 3 == missing.code
    assert "vigil keys new vigil" in missing.err


# Faults


class Faulty(reference.Service):  # type: ignore[misc] - the example is not typed for us
    """The reference service, for faults."""

    def claims(self, authorization: str | None) -> dict[str, Any]:
        """What a proof says, whoever made it."""
        return json.loads(protocol._unb64url((authorization or "").split(".")[1]))  # type: ignore[no-any-return]

    def answer(self, request: Any, content: Any, officers: list[str], fulfils: list[str]) -> Any:
        """For the request that wants more officers than any service has, one answer for each."""
        wanted = request.get("officers", 1)
        many = [f"officer-{number}" for number in range(1, wanted + 1)] if wanted > 2 else officers
        return super().answer(request, content, many, fulfils)


class TakesUnsigned(Faulty):
    """No proof is as good as a proof."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        if authorization is not None:
            super().check_caller(authorization, method, target, body)


class TakesReplays(Faulty):
    """Forgets which proofs it has seen."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.store.first_use = lambda *_: True


class AnyMethod(Faulty):
    """Believes the proof which method it is of."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        method = self.claims(authorization)["htm"] if authorization and authorization.count(".") == 2 else method
        super().check_caller(authorization, method, target, body)


class AnyAddress(Faulty):
    """Believes the proof which address it is of."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        told = self.claims(authorization)["htu"] if authorization and authorization.count(".") == 2 else ""
        if "elsewhere" not in told:
            super().check_caller(authorization, method, target, body)


class TakesOthersRequests(Faulty):
    """Keeps what is for somebody else."""

    def take_request(self, body: bytes) -> None:
        said = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)
        if said.get("service") in (None, SERVICE):
            super().take_request(body)


class AcknowledgesAnother(Faulty):
    """Signs that it has received something else."""

    def take_request(self, body: bytes) -> Any:
        super().take_request(body)
        said = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)
        names = {name: said[name] for name in ("delivery", "checkpoint", "service")}
        more = {"request": said["id"], "digest": "0" * 64, "received_at": "2026-03-02T08:30:00.250000Z"}
        payload = protocol.canonical({"vigil": "acknowledgement/1"} | names | more)
        return protocol.sign_envelope(payload, protocol.ACKNOWLEDGEMENT, self.key)


class TrustsAnyKey(Faulty):
    """An envelope that no key has signed which it knows is taken as it is."""

    def take_request(self, body: bytes) -> None:
        signers = re.findall(rb'"keyid":"([0-9a-f]+)"', body)
        if not signers or any(one.decode() in self.config.vigil_keys for one in signers):
            super().take_request(body)


class SaysFiveHundred(reference.Handler):  # type: ignore[misc]
    """Breaks on what is no JSON."""

    def _answered(self, work: Any) -> None:
        def broken() -> tuple[int, Any]:
            try:
                return work()  # type: ignore[no-any-return]
            except protocol.RefusedError as error:
                if error.reason == "not JSON":
                    return 500, {}
                raise

        super()._answered(broken)


class TakesLargeBodies(reference.Handler):  # type: ignore[misc]
    """Reads whatever comes."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))  # type: ignore[no-any-return]


class Believes(reference.Handler):  # type: ignore[misc]
    """The reference service at HTTP, for a fault: it can believe the header `Host`."""

    def at_the_host_it_is_told(self) -> None:
        told = replace(self.service.config, url=f"http://{self.headers['Host']}/vigil")
        self.service = type(self.service)(told, self.service.key, self.service.store)


class AtAnyHost(Believes):
    """Believes the header `Host` of what it is handed."""

    def do_POST(self) -> None:  # noqa: N802 - as the base class calls it
        self.at_the_host_it_is_told()
        super().do_POST()


class PolledAtAnyHost(Believes):
    """Believes the header `Host` of a poll."""

    def do_GET(self) -> None:  # noqa: N802 - as the base class calls it
        self.at_the_host_it_is_told()
        super().do_GET()


class AnyToken(Faulty):
    """Does not look at the type of a token."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        token = (authorization or "").removeprefix("Vigil ").split(".")
        if len(token) != 3 or json.loads(protocol._unb64url(token[0])).get("typ") != "JWT":
            super().check_caller(authorization, method, target, body)


class HalfAMinute(Faulty):
    """Lets clocks be apart by half a minute only."""

    lifetime = 30

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        made = self.claims(authorization).get("iat") if authorization and authorization.count(".") == 2 else None
        if isinstance(made, int) and abs(time.time() - made) > self.lifetime:
            raise protocol.RefusedError(401, "the time of the proof is too far from ours")
        super().check_caller(authorization, method, target, body)


class FirstSignature(Faulty):
    """Checks the first signature of several."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        if isinstance(said.get("signatures"), list):
            body = json.dumps(said | {"signatures": said["signatures"][:1]}).encode()
        super().take_request(body)


class LastSignature(Faulty):
    """Checks the last signature of several."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        if isinstance(said.get("signatures"), list):
            body = json.dumps(said | {"signatures": said["signatures"][-1:]}).encode()
        super().take_request(body)


class LaxBase64(Faulty):
    """Reads base64 as most libraries do."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        try:
            said["payload"] = strictly(said["payload"])
            said["signatures"] = [one | {"sig": strictly(one["sig"])} for one in said["signatures"]]
        except (LookupError, TypeError, ValueError):
            pass
        super().take_request(json.dumps(said).encode())


def strictly(text: str) -> str:
    """The one text for what lenient readers see in another."""
    return base64.b64encode(base64.b64decode(text + "=" * (-len(text) % 4))).decode()


class EachByAnotherKey(Faulty):
    """Reads no envelope with two signatures by one key, as section 4.2 has it; Vigil itself does not either."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        with suppress(LookupError, TypeError):
            if len({one["keyid"] for one in said["signatures"]}) < len(said["signatures"]):
                raise protocol.RefusedError(422, "two signatures by one key")
        super().take_request(body)


class UrlSafePayload(Faulty):
    """Reads a payload in the URL-safe alphabet too."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        with suppress(LookupError, AttributeError):
            said["payload"] = said["payload"].translate(STANDARD)
        super().take_request(json.dumps(said).encode())


class UrlSafeSignature(Faulty):
    """Reads signatures in the URL-safe alphabet too."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        with suppress(LookupError, TypeError, AttributeError):
            said["signatures"] = [one | {"sig": one["sig"].translate(STANDARD)} for one in said["signatures"]]
        super().take_request(json.dumps(said).encode())


STANDARD = str.maketrans("-_", "+/")
"""The two letters of the URL-safe alphabet, in the standard one."""


class AnyType(Faulty):
    """Takes an envelope of whatever type for a request."""

    def take_request(self, body: bytes) -> None:
        said = protocol.read_object(body)
        super().take_request(json.dumps(said | {"payloadType": protocol.REQUEST} if "payloadType" in said else said).encode())


class ForgetsConditions(Faulty):
    """Answers as if nothing bound it."""

    def answer(self, request: Any, content: Any, officers: list[str], _fulfils: list[str]) -> list[str]:
        return super().answer(request, content, officers, [])  # type: ignore[no-any-return]


class AnswersWhatIsWithdrawn(Faulty):
    """Does not read its notices."""

    def take_notice(self, body: bytes) -> None:
        self._for_us(body, protocol.NOTICE, "notice/2", ("id", "delivery", "kind"))


class GivesUpWhenLimited(Faulty):
    """Takes 429 for the end."""

    def _post(self, path: str, body: bytes) -> tuple[int, str]:
        status, answer = super()._post(path, body)
        return (422 if status == 429 else status), answer


class AllAtOnce(Faulty):
    """Gives all the answers that there are."""

    def answers(self, request: str, after: int, wait: float) -> list[Any]:
        found = super().answers(request, after, wait)
        while more := self.store.said_to(request, after + len(found), reference.MOST_ANSWERS):
            found = [*found, *more]
        return found  # type: ignore[no-any-return]


SEEN: list[Any] = []
"""What was read of the changes."""


class Follows(Faulty):
    """No fault: it follows the changes, as section 9 says, and reads its inbox and the ledger."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.following: dict[str, threading.Thread] = {}

    def take_request(self, body: bytes) -> None:
        super().take_request(body)
        delivery = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)["delivery"]
        thread = threading.Thread(target=self.follow, args=(delivery,))
        if self.following.setdefault(delivery, thread) is thread:  # two requests may come at once
            thread.start()

    def work(self, stop: threading.Event) -> None:
        """Until all has been read that follows, too."""
        super().work(stop)
        for thread in self.following.values():
            thread.join()

    def follow(self, delivery: str) -> None:
        """Read what there is, then what comes, until nothing follows."""
        with self.reads("/v1/inbox") as inbox, self.reads(f"/v1/deliveries/{delivery}/ledger") as ledger:
            assert "requests" in json.load(inbox)
            assert json.load(ledger)["entries"][0]["seq"] == 0
        with self.reads(f"/v1/deliveries/{delivery}/changes?since=0") as stream:
            SEEN.extend(json.loads(line[6:]) for line in stream if line.startswith(b"data: "))

    def reads(self, path: str) -> Any:
        """The answer to a signed question."""
        url = f"{self.config.gateway}{path}"
        made = protocol.make_proof(SERVICE, self.key, "GET", url, b"", int(time.time()))
        return urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": made}))  # noqa: S310 - our own


class FollowsUnproved(Follows):
    """Follows without a proof."""

    def reads(self, path: str) -> Any:
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{self.config.gateway}{path}").close()  # noqa: S310 - our own
        return io.BytesIO(b'{"requests": []}' if "inbox" in path else b'{"entries": [{"seq": 0}]}')


class IgnoresAfter(Faulty):
    """Gives all its answers to each poll."""

    def answers(self, request: str, after: int, wait: float) -> list[Any]:
        return super().answers(request, 0, wait) if after else super().answers(request, after, wait)  # type: ignore[no-any-return]


class HoldsTooLong(Faulty):
    """Holds a poll for longer than it was allowed to."""

    def answers(self, request: str, after: int, wait: float) -> list[Any]:
        return super().answers(request, after, 8 if wait else 0)  # type: ignore[no-any-return]


class SignsWithAnotherKey(Faulty):
    """Signs with a key that is not in the directory."""

    def __init__(self, config: Any, _key: Any, store: Any) -> None:
        super().__init__(config, Ed25519PrivateKey.generate(), store)


class AnswersAnew(Faulty):
    """Says something new each time it is asked the same."""

    def take_request(self, body: bytes) -> None:
        super().take_request(body)
        request = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)
        if self.store.said_to(request["id"], 0, 1):
            content = reference.filled_in(self.config.policy["authorisation"], request["facts"])
            self.answer(request, content, ["another"], [one["id"] for one in request["facts"]["conditions"]])


class OneKey(reference.Service):  # type: ignore[misc]
    """Signs for every officer with its own key."""

    def __init__(self, config: Any, key: Any, store: Any) -> None:
        super().__init__(config, key, store)
        self.config.officers.update(dict.fromkeys(self.config.officers, self.config.key))


class OneOfficer(Faulty):
    """Has one officer sign, always."""

    def answer(self, request: Any, content: Any, officers: list[str], fulfils: list[str]) -> list[str]:
        return super().answer(request, content, officers[:1], fulfils)  # type: ignore[no-any-return]


class SaysSomethingElse(Faulty):
    """Answers another question."""

    def answer(self, request: Any, _content: Any, officers: list[str], fulfils: list[str]) -> list[str]:
        return super().answer(request, {"kind": "ready"}, officers, fulfils)  # type: ignore[no-any-return]


class NeverAnswers(Faulty):
    """Receives, and no more."""

    def answer_by_policy(self) -> None:
        """Nothing."""


class TakesLeftForReceipt(Faulty):
    """Does not hand in again what was left for later."""

    def is_receipt(self, answer: str, envelope: str) -> bool:
        """Takes anything for one that names the statement."""
        statement = json.loads(Envelope.model_validate_json(envelope).body())["id"]
        return super().is_receipt(answer, envelope) or f'"statement": "{statement}"' in answer

    def _post(self, path: str, body: bytes) -> tuple[int, str]:
        status, answer = super()._post(path, body)
        return (201 if status == 202 else status), answer

    def compared(self, _delivery: str, shown: Any) -> Any:
        """What it keeps is no receipt."""
        return shown


class ReusesProofs(Faulty):
    """Sends the same call again, proof and all."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.made: dict[bytes, str] = {}

    def authorization(self, url: str, body: bytes, method: str = "POST") -> str:
        made = super().authorization(url, body, method)
        return self.made.setdefault(body, made) if method == "POST" else made  # type: ignore[no-any-return]


class ComparesNothing(Faulty):
    """Keeps its receipts, and signs whatever it is shown."""

    def compared(self, _delivery: str, shown: Any) -> Any:
        return shown


class NeverDone(Faulty):
    """Hands in what has its receipt already."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.store.without_receipt = self.store.statements

    def hand_in(self) -> bool:
        return bool(super().hand_in() or True)


@dataclass(frozen=True)
class Fault:
    """A class with a fault, how it is examined, and the checks that are to fail."""

    by: By
    fails: set[str]
    service: type[Any] = Faulty
    handler: type[Any] = field(default_factory=lambda: reference.Handler)


FAULTS: dict[str, Fault] = {
    "none, pushing": Fault("push", set()),
    "none, following": Fault("push", set(), Follows),
    "follows unproved": Fault("push", {"calls nothing that the gateway has not"}, FollowsUnproved),
    "any host": Fault("push", {"refuses a proof of the host that the caller names"}, handler=AtAnyHost),
    "any token": Fault("push", {"refuses a proof of another type"}, AnyToken),
    "half a minute": Fault(
        "push", {"takes a proof made less than a minute ago", "takes a proof less than a minute ahead"}, HalfAMinute
    ),
    "first signature": Fault("push", {"refuses an envelope with a second signature that is not Vigil's"}, FirstSignature),
    "last signature": Fault("push", {"refuses an envelope with a second signature that is not Vigil's"}, LastSignature),
    "none, each by another key": Fault("push", set(), EachByAnotherKey),
    "URL-safe payload": Fault("push", {"refuses base64 that is not in its one form"}, UrlSafePayload),
    "URL-safe signature": Fault("push", {"refuses base64 that is not in its one form"}, UrlSafeSignature),
    "any host of a poll": Fault(
        "poll", {"refuses a poll with a proof of the host that the caller names"}, handler=PolledAtAnyHost
    ),
    "lax base64": Fault("push", {"refuses base64 that is not in its one form"}, LaxBase64),
    "any type": Fault("push", {"refuses an envelope of another type"}, AnyType),
    "conditions": Fault("push", {"says that conditions are met"}, ForgetsConditions),
    "withdrawn": Fault("push", {"does not answer what was withdrawn"}, AnswersWhatIsWithdrawn),
    "limited": Fault("push", {"hands in again until it has the receipt"}, GivesUpWhenLimited),
    "all at once": Fault("poll", {"gives 100 answers at once at most"}, AllAtOnce),
    "none, polled": Fault("poll", set()),
    "unsigned": Fault("push", {"refuses a request without a proof"}, TakesUnsigned),
    "unsigned polls": Fault("poll", {"refuses a request without a proof", "refuses a poll without a proof"}, TakesUnsigned),
    "replays": Fault("push", {"refuses a proof that was used already"}, TakesReplays),
    "method": Fault("push", {"refuses a proof of another method"}, AnyMethod),
    "address": Fault(
        "push", {"refuses a proof of another host", "refuses a proof of the host that the caller names"}, AnyAddress
    ),
    "others' requests": Fault("push", {"refuses a request for another service"}, TakesOthersRequests),
    "acknowledges another": Fault(
        "push", {"signs its acknowledgement of exactly this request, or signs none"}, AcknowledgesAnother
    ),
    "any key": Fault("push", {"refuses an envelope signed by another key"}, TrustsAnyKey),
    "500": Fault("push", {"answers nonsense with an error of the caller"}, handler=SaysFiveHundred),
    "large bodies": Fault("push", {"refuses a body of more than 1,000,000 bytes"}, handler=TakesLargeBodies),
    "after": Fault("poll", {"leaves out what was fetched", "gives 100 answers at once at most"}, IgnoresAfter),
    "holds": Fault("poll", {"answers a held poll"}, HoldsTooLong),
    "another key": Fault(
        "poll",
        {"signs its answers", "signs its acknowledgement of exactly this request, or signs none"},
        SignsWithAnotherKey,
    ),
    "answers anew": Fault("poll", {"answers once, however often it is asked"}, AnswersAnew),
    "one key": Fault("push", {"has two officers sign where two must"}, OneKey),
    "one officer": Fault("push", {"has two officers sign where two must"}, OneOfficer),
    "something else": Fault("poll", {"answers what was asked"}, SaysSomethingElse),
    "no answer": Fault("push", {"answers what is asked", "has two officers sign where two must"}, NeverAnswers),
    "left is done": Fault("push", {"hands in again until it has the receipt"}, TakesLeftForReceipt),
    "old proofs": Fault("push", {"proves each attempt anew"}, ReusesProofs),
    "compares nothing": Fault("push", {"signs no other history than its receipt proves"}, ComparesNothing),
    "compares nothing, polled": Fault("poll", {"signs no other history than its receipt proves"}, ComparesNothing),
    "never done": Fault("push", {"is done when it has the receipt"}, NeverDone),
}


async def found_in(fault: Fault, folder: Path, mine: int, door: int) -> list[CheckResult]:
    """What an examination of this service finds."""
    vigil_key = Ed25519PrivateKey.generate()
    gateway = f"http://127.0.0.1:{door}"
    config = configured(folder, mine, gateway=gateway if fault.by == "push" else None, vigil=vigil_key)
    keys = tuple(ServiceKey(public=public, valid_from="2000-01-01T00:00:00Z") for public in (PUBLIC, SECOND))
    service = Service(id=SERVICE, kind="prosecutor", state="UZ", names={"en": "x"}, keys=keys)
    url, pushes = f"http://127.0.0.1:{mine}/vigil", fault.by == "push"
    async with aiohttp.ClientSession() as http:
        door = gateway if pushes else None
        exam = Exam(http, url, service, (VIGIL, vigil_key), "authorisation", gateway=door, patience=4, settle=1.5)
        played = exam.gateway.open() if exam.gateway is not None else nullcontext()
        async with in_a_thread(config, fault.service, fault.handler), played:
            return await examine(exam, fault.by, _nothing)


_nothing: Callable[[object], None] = lambda _check: None  # noqa: E731


SIDE_BY_SIDE = 8
"""Services that are examined at once: more would keep each other waiting on a busy machine, and be blamed for it."""


async def all_found_in(names: Collection[str], folders: pytest.TempPathFactory) -> dict[str, dict[str, Mismatch]]:
    """For each of these faults the checks that failed, and what they compared."""
    SEEN.clear()  # who runs tests side by side may come here twice
    ports, places = iter(free_ports(2 * len(names))), asyncio.Semaphore(SIDE_BY_SIDE)

    async def found_at(name: str, folder: Path, mine: int, door: int) -> list[CheckResult]:
        async with places:
            return await found_in(FAULTS[name], folder, mine, door)

    found = await asyncio.gather(*(found_at(name, folders.mktemp("service"), next(ports), next(ports)) for name in names))
    told = [{one.check.name: one.compared for one in each if one.compared is not None} for each in found]
    return dict(zip(names, told, strict=True))


TOLD = {
    "any host": ("Host: elsewhere.example", "HTTP/1.1 400 to 499", 'HTTP/1.1 202\n\n{"payloadType": '),
    "conditions": ("", '{"fulfils":["zz.conformance/1","zz.conformance/2"]}', '{"fulfils":[]}'),
    "something else": ("", '{"kind":"authorisation_granted"}', '{"kind":"ready"}'),
    "all at once": ("GET /vigil/requests/conformance-", "100 answers", "120 answers"),
    "follows unproved": ("", "/changes", "GET /v1/inbox: this request is not signed"),
}
"""Faults of which is looked at what was sent, what was expected, and how that begins which came."""


@pytest.fixture(scope="module")
async def some_failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Mismatch]]:
    """Of the faults of which more is looked at, and of a service that follows and has none."""
    return await all_found_in(("none, following", *TOLD), tmp_path_factory)


@pytest.mark.slow
async def test_each_fault_fails_the_check_that_is_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Services with one fault each: exactly what is wrong with each is found, and nothing else is blamed."""
    failed = await all_found_in(FAULTS, tmp_path_factory)

    assert {name: fault.fails for name, fault in FAULTS.items()} == {name: set(found) for name, found in failed.items()}


@pytest.mark.slow
@pytest.mark.usefixtures("some_failed")
def test_one_that_follows_reads_its_own_statements() -> None:
    """The changes of the examination are real entries: a withheld one, what the service said, and the end."""
    events = [entry["event"]["event"] for entry in SEEN if "event" in entry]

    assert list(range(len(SEEN))) == [entry["seq"] for entry in SEEN]
    assert "leaf" in SEEN[0]
    assert all(Entry.model_validate(entry).leaf() for entry in SEEN[1:])
    assert {"stated", "ended"} == set(events)
    assert "ended" == events[-1]


@pytest.mark.slow
@pytest.mark.parametrize("fault", TOLD)
def test_a_failed_check_tells_its_bytes(fault: str, some_failed: dict[str, dict[str, Mismatch]]) -> None:
    """What went out, what was expected and what came stand beside each other, byte for byte."""
    sent, expected, got = TOLD[fault]
    (compared,) = some_failed[fault].values()
    said = compared.said()

    assert sent in said["sent"]
    assert expected in said["expected"]
    assert said["got"].startswith(got)


async def test_one_that_does_not_even_acknowledge_is_not_examined_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows another key as Vigil's: one check fails, the others are not tried, and the key that it should know is named; in
    Russian as in English, and for programs in English.
    """
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "test-key").mkdir(mode=0o700)
    key = Ed25519PrivateKey.generate()
    (folder / "test-key" / "vigil.pem").write_bytes(private_pem(key))
    port = free_ports(1)[0]
    async with served(configured(folder, port, gateway=None)):
        ran = await examined(folder, "poll", "-o", "json", port=port)
        told = await examined(folder, "poll", port=port)
        monkeypatch.setenv("VIGIL_LANG", "ru")
        russian, same = await examined(folder, "poll", port=port), await examined(folder, "poll", "-o", "json", port=port)
    results = [one["result"] for one in ran.json["checks"]]

    assert 7 == ran.code
    assert ["failed", *["untried"] * (len(results) - 1)] == results
    assert "status 401" in ran.json["checks"][0]["seen"]
    assert f"have your system know {public_text(key)} as the key of vigil" in told.err
    assert re.search(r"5\.1 +подтверждает получение запроса +не пройдено +статус 401", russian.out)
    assert f"чтобы ваша система знала {public_text(key)} как ключ vigil" in russian.err
    assert ran.json["checks"][1:] == same.json["checks"][1:]
