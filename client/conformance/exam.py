"""What an examination of a participating service is made with: calls such as Vigil makes, and calls such as Vigil never makes."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from client.conformance.for_consent import for_consent
from client.conformance.gateway import LOOK_EVERY, HandedIn, StandIn, about_what
from client.conformance.record import ExaminationRecord, said_in
from domain.delivery.requests import Facts, Notice, Request
from domain.delivery.statement import Statement
from domain.plan.directory import Service, ServiceKey
from domain.plan.request_for_consent import DECIDING
from domain.plan.vocabulary import Need
from domain.record.door import read_statement
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import Malformed, Unavailable, VigilError
from domain.words.limits import LARGEST_BODY, MOST_ANSWERS
from domain.words.moments import utc_text
from domain.words.text import fill, in_a_row, mark
from protocol.calls import Signer, answers_to, read_up_to

ONE_CALL = 10.0
"""Seconds within which a service acknowledges."""
CONDITIONS = ("zz.conformance/1", "zz.conformance/2")
"""What binds the answer that is looked at."""
ELSEWHERE = "elsewhere.example"
"""A host that the service is not."""


CLOSED = fill("the connection was closed without an answer")


class Unmet(Exception):
    """The service did something else than the protocol demands; `expected` and `got` are what to compare, byte for byte."""

    def __init__(self, message: str, expected: object = b"", got: object = b"") -> None:
        super().__init__(message)
        self.said = message
        self.expected, self.got = (as_bytes(one) for one in (expected, got))


class Untried(Exception):
    """What this would look at is not there."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.said = message


@dataclass(frozen=True)
class Reply:
    """What a call was answered with; status 0 where the connection was closed without an answer."""

    status: int
    body: bytes
    seconds: float

    def said(self) -> str:
        """In words."""
        return fill("status {status}", status=self.status) if self.status else CLOSED

    def timed(self) -> str:
        """The same, and how long it took."""
        return fill("{answer} after {seconds} s", answer=self.said(), seconds=f"{self.seconds:.1f}")

    def whole(self) -> bytes:
        """Its status line and its body."""
        return f"HTTP/1.1 {self.status}\n\n".encode() + self.body if self.status else b""


def as_bytes(said: object) -> bytes:
    """What stands for itself, or the JSON of it in canonical form."""
    if isinstance(said, Envelope):
        return said.model_dump_json().encode()
    return said if isinstance(said, bytes) else said.encode() if isinstance(said, str) else canonical(said)


class Exam:
    """The service under examination, and Vigil as it meets it."""

    def __init__(  # noqa: PLR0913 - who examines whom, and how long that may take
        self,
        http: aiohttp.ClientSession,
        url: str,
        service: Service,
        vigil: tuple[str, Ed25519PrivateKey],
        says: Need,
        *,
        gateway: str | None,
        patience: float,
        settle: float,
    ) -> None:
        self.service = service
        self.says = says
        self.patience = patience
        """Seconds for which an answer is waited for."""
        self.settle = settle
        """Seconds after which what has not happened counts as not happening."""
        self.delivery = f"conformance-{secrets.token_hex(4)}"
        self.vigil, self.key = vigil
        self.record = ExaminationRecord(self.delivery, self.key)
        self.main = self.request("main", conditions=CONDITIONS)
        """The request whose answers are looked at."""
        self.pair = self.request("pair", officers=2)
        """One that two officers must answer."""
        self.sent = b""
        """The last call, as it went out."""
        self.answered = b""
        """What it was answered with."""
        self._asked: dict[str, Envelope] = {}
        self._silent: set[str] = set()
        """Requests whose answers were waited for in vain: they are not waited for again."""
        self._http = http
        self.url = url.rstrip("/")
        self.key_id = key_id(public_text(self.key))
        self.stranger = Ed25519PrivateKey.generate()
        self.gateway = self._stand_in(gateway) if gateway is not None else None
        """Where it hands in; None where it is polled."""

    # What Vigil says

    def _stand_in(self, url: str) -> StandIn:
        key = ServiceKey(public=public_text(self.key), valid_from=utc_text(datetime.now(UTC) - timedelta(days=1)))
        vigil = Service(id=self.vigil, kind="system", names={"en": "Vigil"}, keys=(key,))
        return StandIn(
            url, self.delivery, vigil, self.service, self.main["checkpoint"], lambda: list(self._asked.values()), self.record
        )

    def request(self, checkpoint: str = "", conditions: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
        """A request of its own, with these fields instead of the usual ones."""
        name = checkpoint or f"check-{secrets.token_hex(4)}"
        now = datetime.now(UTC)
        usual = Request(
            id=f"{self.delivery}/{name}/{self.service.id}",
            delivery=self.delivery,
            checkpoint=name,
            plan=self.record.plan,
            seen=self.record.seen,
            service=self.service.id,
            says=(self.says,),
            asked_at=utc_text(now),
            due=utc_text(now + timedelta(hours=1)),
            facts=Facts.model_validate(
                {
                    "place": "Conformance test",
                    "state": self.service.state,
                    "modality": "intact",
                    "expected_at": None,
                    "valid_until": utc_text(now + timedelta(days=7)),
                    "gross": "13.9 kg",
                    "tolerance": "20 g",
                    "seals": [{"number": "KZ000001", "security": "H"}],
                    "contents": [{"substance": "conformance test", "net": "13.2 kg"}],
                    "permissions": ["opening"],
                    "conditions": [{"id": number, "text": "conformance test"} for number in conditions],
                    "problem": "conformance test",
                    **self._decided_on(),
                }
            ),
        )
        return {**plain(usual), **changed}

    def _decided_on(self) -> dict[str, Any]:
        """A request for consent to decide on, where that is what is asked."""
        if self.says not in DECIDING or self.service.state is None:
            return {}
        asked = for_consent(self.service.state, self.service.id, self.delivery)
        return {"request": plain(asked), "request_digest": digest(asked)}

    def notice(self, **changed: Any) -> dict[str, Any]:
        """A notice of its own."""
        usual = Notice(
            id=f"{self.delivery}/{secrets.token_hex(4)}/{self.service.id}",
            delivery=self.delivery,
            service=self.service.id,
            kind="reminder",
            checkpoint=self.main["checkpoint"],
            texts={"en": "conformance test"},
        )
        return {**plain(usual), **changed}

    def envelope(self, said: Any) -> Envelope:
        """A request in the envelope that Vigil would send."""
        return sign(canonical(said), REQUEST_TYPE, self.key)

    def signed(self, said: Any, payload_type: str = REQUEST_TYPE) -> bytes:
        """The envelope that Vigil would send, as bytes."""
        payload = said if isinstance(said, bytes) else canonical(said)
        return sign(payload, payload_type, self.key).model_dump_json().encode()

    def proof(self, method: str, path: str, body: bytes, *, key: Ed25519PrivateKey | None = None, **claims: Any) -> str:
        """A proof of this call; by another key, or with other claims than the true ones (None leaves one out)."""
        made = Signer(self.vigil, key or self.key).proof(method, self.url + path, body)
        scheme, _, token = made.partition(" ")
        header, true, _ = (json.loads(_unb64url(part)) if number < 2 else {} for number, part in enumerate(token.split(".")))
        header |= {name: claims.pop(name) for name in ("alg", "kid", "typ") if name in claims}
        said = {name: value for name, value in (true | claims).items() if value is not None}
        parts = ".".join(_b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, said))
        return f"{scheme} {parts}.{_b64url((key or self.key).sign(parts.encode()))}"

    def proof_elsewhere(self, method: str, path: str, body: bytes) -> str:
        """A proof of this call as if it were made to another host."""
        address = URL(self.url)
        return self.proof(method, path, body, htu=f"{address.scheme}://{ELSEWHERE}{address.path.rstrip('/')}{path}")

    @property
    def submission_address(self) -> str:
        """The address at which statements are handed in."""
        return f"{self.gateway.url if self.gateway is not None else ''}/v1/deliveries/{self.delivery}/statements"

    # Calls

    async def ask(self, said: Any) -> Reply:
        """A request as Vigil makes it."""
        if said["id"] in (self.main["id"], self.pair["id"]):
            self._asked[said["id"]] = self.envelope(said)
        return await self.post("/requests", self.signed(said))

    async def tell(self, said: Any) -> Reply:
        """A notice as Vigil sends it."""
        return await self.post("/notices", self.signed(said, NOTICE_TYPE))

    async def hand_over(self, receipt: Envelope) -> Reply:
        """A receipt, as Vigil hands it to a service that is polled."""
        return await self.post("/receipts", receipt.model_dump_json().encode())

    async def post(self, path: str, body: bytes, authorization: str | None = "", host: str | None = None) -> Reply:
        """A call with this body; without a proof if `authorization` is None, with the true one if it is empty. `host`: the header
        where it names another host than the one that is called.
        """
        made = self.proof("POST", path, body) if authorization == "" else authorization
        headers = {"Content-Type": "application/json"} | ({"Host": host} if host is not None else {})
        return await self._call("POST", path, body, headers, made)

    async def get(self, path: str, wait: int, authorization: str | None = "", host: str | None = None) -> Reply:
        """A poll. `host`: as of `post`."""
        made = self.proof("GET", path, b"") if authorization == "" else authorization
        headers = {"Prefer": f"wait={wait}"} | ({"Host": host} if host is not None else {})
        return await self._call("GET", path, b"", headers, made)

    async def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str], authorization: str | None) -> Reply:
        sent = dict(headers) | ({"Authorization": authorization} if authorization is not None else {})
        timeout = aiohttp.ClientTimeout(total=3 * ONE_CALL)
        url = URL(self.url + path, encoded=True)
        lines = [f"{method} {url.raw_path_qs} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        self.sent, self.answered = "\n".join([*lines, "", ""]).encode() + body, b""
        began = time.monotonic()
        try:
            async with self._http.request(method, url, data=body, headers=sent, timeout=timeout, allow_redirects=False) as answer:
                found = Reply(answer.status, await read_up_to(LARGEST_BODY, answer), time.monotonic() - began)
                self.answered = found.whole()
                return found
        except aiohttp.ClientConnectorError as error:
            message = fill("nothing answers at {url}", url=self.url)
            raise Unavailable(message, hint=mark("start your system, and name its `url` as the directory has it")) from error
        except TimeoutError as error:
            raise Unmet(fill("no answer within {seconds} s", seconds=f"{3 * ONE_CALL:.0f}")) from error
        except (aiohttp.ClientError, OSError):
            return Reply(0, b"", time.monotonic() - began)

    # Its answers

    async def answers(self, request: Mapping[str, Any], after: int = 0, wait: int = 0) -> list[Envelope]:
        """What a polled service has answered beyond the first `after`. Raises `Unmet` if that is no list of envelopes."""
        found = await self.get(answers_to(request["id"], after), wait)
        if found.status != 200 or len(found.body) > LARGEST_BODY:
            raise Unmet(fill("{answer}, {count} bytes", answer=found.said(), count=len(found.body)))
        try:
            document = json.loads(found.body)
            listed = [Envelope.model_validate(one) for one in document["answers"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unmet(mark("no list `answers` of envelopes"), '{"answers":[...]}', found.body) from error
        if len(listed) > MOST_ANSWERS:
            raise Unmet(fill("{count} answers at once", count=len(listed)), f"{MOST_ANSWERS} answers", f"{len(listed)} answers")
        return listed

    async def said_to(self, request: Mapping[str, Any], least: int = 1) -> list[Envelope]:
        """What it has said to a request by now: each statement once, in order. Raises `Untried` if fewer come in good time."""
        until = time.monotonic() + (self.patience if request["id"] not in self._silent else 0)
        while True:
            found = await self.by_now(request)
            if len(found) >= least:
                return found
            if time.monotonic() > until:
                self._silent.add(request["id"])
                answers = {"count": len(found), "request": request["id"], "seconds": f"{self.patience:.0f}"}
                raise Untried(fill("{count} answers to {request} within {seconds} s", **answers))
            await asyncio.sleep(LOOK_EVERY)

    async def by_now(self, request: Mapping[str, Any]) -> list[Envelope]:
        """What it has said to a request, without waiting for more."""
        if self.gateway is None:
            return await self.answers(request)
        said: dict[str, Envelope] = {}
        for one in self.gateway.handed_in:
            if about_what(one.envelope) == (request["delivery"], request["checkpoint"]):
                said.setdefault(one.envelope.fingerprint(), one.envelope)
        return list(said.values())

    def statement(self, envelope: Envelope) -> Statement:
        """The statement in an envelope. Raises `Unmet` if it is not the service's."""
        keys = self.service.keys_at(datetime.now(UTC))
        try:
            payload = open_envelope(envelope, STATEMENT_TYPE, keys)
        except VigilError as error:
            expected = {"payloadType": STATEMENT_TYPE, "signatures": [{"keyid": number} for number in keys]}
            raise Unmet(error.message, expected, envelope) from error
        try:
            return read_statement(envelope)
        except Malformed as error:
            faults = "; ".join(str(fault) for fault in error.faults)
            raise Unmet(
                in_a_row((error.message, faults)) if faults else error.message, faults or _in_form(payload), payload
            ) from error

    def loosely(self, envelope: Envelope) -> dict[str, Any]:
        """What an envelope says, whoever signed it and however. Raises `Untried` if that is no JSON object."""
        said = said_in(envelope)
        if said is None or not isinstance(said.get("content"), dict):
            raise Untried(mark("the answer is no statement"))
        return said

    def attempts(self, envelope: Envelope) -> list[HandedIn]:
        """Attempts so far to hand in what this envelope says."""
        said = self.loosely(envelope).get("id")
        handed_in = self.gateway.handed_in if self.gateway is not None else []
        return [one for one in handed_in if self.loosely(one.envelope).get("id") == said]

    async def attempts_at(self, envelope: Envelope, least: int) -> list[HandedIn]:
        """The same, once there are so many. Raises `Untried` if they do not come in good time."""
        until = time.monotonic() + self.patience
        while len(found := self.attempts(envelope)) < least:
            if time.monotonic() > until:
                raise Untried(
                    fill("handed in {count} times within {seconds} s", count=len(found), seconds=f"{self.patience:.0f}")
                )
            await asyncio.sleep(LOOK_EVERY)
        return found

    @staticmethod
    def now() -> int:
        """Seconds since 1970, as in a proof."""
        return int(time.time())


def _in_form(payload: bytes) -> bytes:
    """The canonical form of a payload, where it has one."""
    try:
        return canonical(json.loads(payload))
    except (Malformed, ValueError, RecursionError) as error:
        return str(error).encode()


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
