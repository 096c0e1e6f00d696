"""A small service that takes part in controlled deliveries, to read, to try and to build on. See README.md beside it.

    python service.py key CONFIG                     make each key that is not there; print their public halves
    python service.py serve CONFIG                   serve Vigil's calls, answer by the policy if there is one, hand in
    python service.py inbox CONFIG                   what is asked, what was said, what came of it
    python service.py answer CONFIG REQUEST CONTENT  sign an answer; CONTENT is JSON, as docs/statements.md says

It is an example. What it leaves out: TLS (a proxy's work), a screen, and who of your officers may say what.
"""

import argparse
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import sys
import threading
import time
import tomllib
import traceback
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import vigil_protocol as protocol
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from store import Store
from vigil_protocol import RefusedError

LONGEST_WAIT = 10
"""Seconds for which a poll is held at most."""
LOOK_EVERY = 0.5
"""Seconds between two looks for what the operator has answered."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds between two attempts to hand in; twice as long each time."""
MOST_ANSWERS = 100
LARGEST_LEDGER = 50_000_000
"""Bytes of a page of a ledger, at most, that are read."""
MOST_ENTRIES = 100_000
"""Of a ledger: no delivery has more."""
BRAKES = ("stop_requested", "stop_acknowledged", "interdicted", "seizure", "destroyed", "authorisation_withdrawn", "incident")
"""Kinds that only stop or end something: nothing keeps them back."""
FOR_GOOD = (400, 403, 404, 409, 413, 422)
"""Statuses of the gateway after which the same statement is not sent again, but for one reason."""
LATER = "archive_behind"


@dataclass(frozen=True)
class Config:
    """The settings, from a TOML file."""

    service: str
    """Our service id."""
    url: str
    """Our address as it stands in the directory: proofs are of this address."""
    listen: tuple[str, int]
    key: Path
    officers: dict[str, Path]
    """Officers who have a key of their own, by code: where two must sign the same, two keys must."""
    database: Path
    vigil: str
    """The id of Vigil's own entry, and its keys: take them by a way on which you know each other."""
    vigil_keys: dict[str, str]
    gateway: str | None
    """Where statements are handed in. None: we are polled."""
    ca: Path | None
    """Certificates of the authority that the gateway's is of (PEM). None: those that the system trusts."""
    policy: dict[str, Any] | None
    """Need to content, for exercises. None: people answer."""

    @classmethod
    def read(cls, path: Path) -> "Config":
        """Read the file; paths in it are relative to it."""
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        url = urlsplit(found["url"])
        host, _, port = str(found.get("listen", f"{url.hostname}:{url.port}")).rpartition(":")
        policy = path.parent / found["policy"] if "policy" in found else None
        return cls(
            service=found["service"],
            url=found["url"].rstrip("/"),
            listen=(host, int(port)),
            key=path.parent / found["key"],
            officers={code: path.parent / key for code, key in found.get("officers", {}).items()},
            database=path.parent / found["database"],
            vigil=found["vigil"]["id"],
            vigil_keys=protocol.by_id(found["vigil"]["keys"]),
            gateway=found["gateway"].rstrip("/") if "gateway" in found else None,
            ca=path.parent / found["ca"] if "ca" in found else None,
            policy=json.loads(policy.read_text(encoding="utf-8")) if policy is not None else None,
        )


class Service:
    """What the service does, apart from HTTP."""

    def __init__(self, config: Config, key: Ed25519PrivateKey, store: Store) -> None:
        self.config = config
        self.key = key
        self.store = store
        self.news = threading.Event()
        """Set when there may be something to answer."""

    # What Vigil calls

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        """Only Vigil, only for this request, only now, only once. Raises `RefusedError`."""
        address = urlsplit(self.config.url)
        url, now = f"{address.scheme}://{address.netloc}{target}", int(time.time())
        nonce = protocol.check_proof(authorization, self.config.vigil, self.config.vigil_keys, method, url, body, now)
        if not self.store.first_use(nonce, now, now + 2 * protocol.LIFETIME):
            raise RefusedError(401, "the proof has been used already")

    def take_request(self, body: bytes) -> dict[str, Any]:
        """Store a request; our signed acknowledgement of exactly this one. Raises `RefusedError`."""
        request = self._for_us(body, protocol.REQUEST, "request/1", ("id", "delivery", "checkpoint"))
        if not (isinstance(request.get("says"), list) and isinstance(request.get("facts"), dict)):
            raise RefusedError(422, "not a request")
        asked, named = request["facts"].get("request"), request["facts"].get("request_digest")
        if named != (hashlib.sha256(protocol.canonical(asked)).hexdigest() if asked is not None else None):
            raise RefusedError(422, "request_digest is not that of the request for consent beside it")
        self.store.keep_request(request)
        self.news.set()
        return protocol.sign_envelope(
            protocol.canonical(
                {
                    "vigil": "acknowledgement/1",
                    "request": request["id"],
                    "delivery": request["delivery"],
                    "checkpoint": request["checkpoint"],
                    "service": self.config.service,
                    "digest": protocol.payload_digest(body),
                    "received_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                }
            ),
            protocol.ACKNOWLEDGEMENT,
            self.key,
        )

    def take_notice(self, body: bytes) -> dict[str, Any]:
        """Store a notice. Raises `RefusedError`."""
        self.store.keep_notice(self._for_us(body, protocol.NOTICE, "notice/2", ("id", "delivery", "kind")))
        return {"received": True}

    def take_receipt(self, body: bytes) -> dict[str, Any]:
        """Keep the receipt of what we answered when we were polled: it is our witness. Raises `RefusedError`."""
        receipt = protocol.open_receipt(body, self.config.vigil_keys)
        self.keep_receipt(receipt["statement"], body.decode())
        self.compared(receipt["delivery"], None)
        return {"received": True}

    def answers(self, request: str, after: int, wait: float) -> list[dict[str, Any]]:
        """Our answers to a request beyond the first `after`; held for as long as `wait` seconds if there is none."""
        until = time.monotonic() + wait
        while True:
            found = self.store.said_to(request, after, MOST_ANSWERS)
            if found or time.monotonic() >= until:
                return found
            time.sleep(FIRST_PAUSE)

    def _for_us(self, body: bytes, payload_type: str, version: str, texts: tuple[str, ...]) -> dict[str, Any]:
        said = protocol.open_envelope(body, payload_type, self.config.vigil_keys)
        if said.get("vigil") != version or not all(isinstance(said.get(name), str) for name in texts):
            raise RefusedError(422, f"not a {version}")
        if said.get("service") != self.config.service:
            raise RefusedError(422, "not for us")
        return said  # fields that we do not know are a later version's: they are left alone

    # What we hold against it

    def compared(self, delivery: str, shown: dict[str, Any] | None) -> dict[str, Any] | None:
        """How far the ledger goes on from our receipts: what we countersign. `shown`: what a request says of the ledger, which is
        taken as it is where we have no receipt yet. Where they contradict each other, an alarm is kept and `RefusedError` raised.
        """
        held = [protocol.open_receipt(one.encode(), self.config.vigil_keys) for one in self.store.receipts(delivery)]
        if not held:
            return shown
        known = self.store.compared(delivery)
        edge = protocol.Edge(known[0], [bytes.fromhex(one) for one in known[1]]) if known else protocol.Edge.of(held[0])
        roots = [(one["size"], one["root"]) for one in [*held, *([shown] if shown else [])]]
        try:
            protocol.compare(edge, self.ledger(delivery, edge.size), roots)
        except RefusedError as error:
            self.store.alarm(delivery, error.reason)
            raise
        if self.config.gateway is None:  # nobody shows us the ledger: the newest receipt is all that we have seen
            return {name: max(held, key=lambda one: one["size"])[name] for name in ("size", "root")}
        self.store.keep_compared(delivery, edge.size, [one.hex() for one in edge.peaks])
        return {"size": edge.size, "root": edge.root()}

    def ledger(self, delivery: str, since: int) -> list[dict[str, Any]]:
        """Entries from a number on, as the gateway shows them; none where it is away, or where there is none for us."""
        if self.config.gateway is None:
            return []
        found: list[dict[str, Any]] = []
        following: int | None = since
        while following is not None:
            status, answer = self._call("GET", f"/v1/deliveries/{delivery}/ledger?since={following}", b"")
            try:
                page = json.loads(answer) if status == 200 else {"entries": [], "next": None}
                entries, following = page["entries"], page["next"]
                for entry in entries:
                    protocol.leaf_of(entry)
            except (ValueError, LookupError, TypeError):
                break  # it is no gateway that answers
            found += entries
            if not entries or len(found) >= MOST_ENTRIES:  # a gateway may be hostile too, and give no end
                break
        return found

    # What we say

    def answer(self, request: dict[str, Any], content: dict[str, Any], officers: list[str], fulfils: list[str]) -> list[str]:
        """Sign an answer, once for each officer; kept before it goes anywhere. The ids of the statements.

        Raises `RefusedError` where what the request says of the ledger contradicts our receipts: we do not sign it too. What only
        stops or ends something is said all the same.
        """
        try:
            seen = self.compared(request["delivery"], request.get("seen"))
        except RefusedError:
            if content["kind"] not in BRAKES:
                raise
            seen = None
        said = []
        for officer in officers:
            statement = {
                "vigil": "statement/2",
                "id": uuid.uuid4().hex,
                "delivery": request["delivery"],
                "checkpoint": request["checkpoint"],
                "plan": request.get("plan"),
                "seen": seen,
                "service": self.config.service,
                "officer": officer,
                "happened_at": datetime.now().astimezone().isoformat(timespec="seconds"),
                "fulfils": fulfils,
                "content": content,
            }
            own = self.config.officers.get(officer)
            key = key_in(own) if own is not None else self.key
            envelope = protocol.sign_envelope(protocol.canonical(statement), protocol.STATEMENT, key)
            said.append((statement["id"], envelope))
        self.store.keep_statements(request, said)
        return [number for number, _ in said]

    def answer_by_policy(self) -> None:
        """Answer what the policy has an answer to. Exercises only: consent is a person's to give, not a program's."""
        for request in self.store.unanswered() if self.config.policy is not None else []:
            contents = [self.config.policy[need] for need in request["says"] if need in (self.config.policy or {})]
            officers = ["officer-1", *self.config.officers][: request.get("officers", 1)]
            fulfils = [one["id"] for one in request["facts"].get("conditions", [])]
            with suppress(RefusedError):  # an alarm, which the operator reads
                for content in contents:
                    self.answer(request, filled_in(content, request["facts"]), officers, fulfils)

    def hand_in(self) -> bool:
        """Hand in what has no receipt yet, oldest first; whether none is left."""
        for row in self.store.without_receipt():
            status, answer = self._post(f"/v1/deliveries/{row['delivery']}/statements", row["envelope"].encode())
            if status == 201 and self.is_receipt(answer, row["envelope"]):
                self.keep_receipt(row["id"], answer)
                with suppress(RefusedError):  # likewise
                    self.compared(row["delivery"], None)
            elif status in FOR_GOOD and is_for_good(answer):
                self.store.keep_problem(row["id"], answer)
            # else it is away, or it was left for later (202): the same bytes again, with a new proof
        return not self.store.without_receipt()

    def is_receipt(self, answer: str, envelope: str) -> bool:
        """Whether this is the receipt of these very bytes, signed by Vigil, and proves its own entry."""
        try:
            receipt = protocol.open_receipt(answer.encode(), self.config.vigil_keys)
            return bool(receipt["fingerprint"] == protocol.payload_digest(envelope.encode()))
        except RefusedError:
            return False

    def keep_receipt(self, statement: str, receipt: str) -> None:
        """Keep a receipt: the first one stays. Another for the same statement is of another history: it is kept in an alarm."""
        row = self.store.keep_receipt(statement, receipt)
        if row is not None and protocol.payload_digest(row["receipt"].encode()) != protocol.payload_digest(receipt.encode()):
            self.store.alarm(row["delivery"], f"another receipt for statement {statement}: {receipt}")

    def authorization(self, url: str, body: bytes, method: str = "POST") -> str:
        """A new proof for each attempt."""
        return protocol.make_proof(self.config.service, self.key, method, url, body, int(time.time()))

    def _post(self, path: str, body: bytes) -> tuple[int, str]:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """Status and body; status 0 if no answer came."""
        address = f"{self.config.gateway}{path}"
        url, made = urlsplit(address), self.authorization(address, body, method)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        safe = {"context": ssl.create_default_context(cafile=self.config.ca)} if url.scheme == "https" else {}
        connection = kind(str(url.hostname), url.port, timeout=30, **safe)
        try:
            target = f"{url.path}?{url.query}" if url.query else url.path
            connection.request(method, target, body, {"Authorization": made, "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read(LARGEST_LEDGER if method == "GET" else protocol.LARGEST_BODY).decode(
                errors="replace"
            )
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def work(self, stop: threading.Event) -> None:
        """Answer and hand in until `stop`; after a failure with growing pauses."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                self.answer_by_policy()
                done = self.config.gateway is None or self.hand_in()
            except Exception:  # noqa: BLE001 - whatever it was, such as a full disk: what is signed is handed in all the same
                traceback.print_exc()
                done = False
            pause = FIRST_PAUSE if done else min(2 * pause, LONGEST_PAUSE)
            self.news.wait(LOOK_EVERY if done else pause)
            self.news.clear()


def is_for_good(answer: str) -> bool:
    """Whether the gateway itself says that the same need not be sent again. What stands before it answers with a page of its own,
    and an archive that is behind takes it later.
    """
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and "code" in said and said.get("reason") != LATER


def filled_in(content: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The policy's words, with `$now` and `$NAME` (a fact of the request) filled in."""

    def value(text: Any) -> Any:
        if isinstance(text, list):
            return [value(one) for one in text]
        if not isinstance(text, str) or not text.startswith("$"):
            return text
        return datetime.now(UTC).isoformat(timespec="seconds") if text == "$now" else facts.get(text[1:])

    return {name: value(text) for name, text in content.items()}


class Handler(BaseHTTPRequestHandler):
    """Vigil's calls."""

    protocol_version = "HTTP/1.1"
    timeout = 15
    """Seconds for which a caller may be silent."""
    service: Service

    def do_POST(self) -> None:
        """A request, a notice or a receipt: stored, then acknowledged."""
        self._answered(self._take)

    def do_GET(self) -> None:
        """A poll for our answers."""
        self._answered(self._poll)

    def _take(self) -> tuple[int, Any]:
        body = self._body()
        calls = {
            f"{self._base}/requests": self.service.take_request,
            f"{self._base}/notices": self.service.take_notice,
            f"{self._base}/receipts": self.service.take_receipt,
        }
        take = calls.get(self.path)
        if take is None:
            raise RefusedError(404, "no such path")
        self.service.check_caller(self.headers["Authorization"], "POST", self.path, body)
        return 202, take(body)

    def _poll(self) -> tuple[int, Any]:
        url = urlsplit(self.path)
        request = re.fullmatch(rf"{re.escape(self._base)}/requests/([^/]+)/answers", url.path)
        if request is None:
            raise RefusedError(404, "no such path")
        self.service.check_caller(self.headers["Authorization"], "GET", self.path, self._body())
        after = parse_qs(url.query, keep_blank_values=True).get("after", ["0"])[0]
        if not re.fullmatch(r"[0-9]{1,9}", after):
            raise RefusedError(400, "`after` is no number")
        wait = re.search(r"\bwait=([0-9]{1,4})\b", self.headers.get("Prefer", ""))
        held = min(int(wait[1]), LONGEST_WAIT) if wait else 0
        return 200, {"answers": self.service.answers(unquote(request[1]), int(after), held)}

    @property
    def _base(self) -> str:
        return urlsplit(self.service.config.url).path

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            raise RefusedError(411, "say the length of the body")
        if int(length) > protocol.LARGEST_BODY:
            raise RefusedError(413, "the body is too large")
        return self.rfile.read(int(length))

    def _answered(self, work: Any) -> None:
        try:
            status, said = work()
        except RefusedError as error:
            status, said = error.status, {"error": error.reason}
            self.close_connection = True  # what is left of its body is not read
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as the base class calls it
        """One line for each call, without its content."""
        sys.stderr.write(f"{self.log_date_time_string()} {format % arguments}\n")


class Server(ThreadingHTTPServer):
    """A thread for each connection, so that a held poll keeps nobody waiting."""

    daemon_threads = True

    def __init__(self, service: Service, handler: type[Handler] = Handler) -> None:
        super().__init__(service.config.listen, type("Bound", (handler,), {"service": service}))


def key_in(path: Path) -> Ed25519PrivateKey:
    """The service's private key (PKCS 8 PEM). A real service keeps it in a hardware module or encrypted."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path} holds no Ed25519 key")
    return key


def make_key(path: Path) -> None:
    """A new key, readable by its owner only. Never overwrites one."""
    secret = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)


def serve(service: Service) -> None:
    """Serve until asked to stop."""
    stop = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: stop.set())
    worker = threading.Thread(target=service.work, args=(stop,))
    server = Server(service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    worker.start()
    sys.stderr.write(f"{service.config.service} serves at {service.config.url}\n")
    stop.wait()
    service.news.set()
    server.shutdown()
    server.server_close()
    worker.join()
    service.store.close()


def show(service: Service) -> None:
    """What is asked, what was said, what came of it."""
    for row in service.store.alarms():
        print(f"ALARM   {row['delivery']}: {row['what']}: keep the receipts, tell the other services, and sign nothing there")
    for request in service.store.unanswered():
        print(f"asked   {request['id']}: {', '.join(request['says'])} until {request.get('due') or 'it is done'}")
    for row in service.store.statements():
        receipt = protocol.open_receipt(row["receipt"].encode(), service.config.vigil_keys) if row["receipt"] else None
        entry = receipt["entry"] if receipt else {}
        came = f"entry {entry['seq']}, {entry['event']['verdict']['verdict']}" if entry else row["problem"] or "no receipt yet"
        print(f"said    {row['id']} to {row['request']}: {came}")
    for notice in service.store.notices():
        print(f"notice  {notice['delivery']} {notice['kind']}: {next(iter(notice.get('texts', {}).values()), '')}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("key", "serve", "inbox", "answer"))
    parser.add_argument("config", type=Path)
    parser.add_argument("request", nargs="?")
    parser.add_argument("content", nargs="?")
    parser.add_argument("--officer", action="append", help="officer code, never a name; twice where two must sign")
    parser.add_argument("--fulfils", action="append", default=[], help="a condition that is met")
    given = parser.parse_intermixed_args()  # options may stand between the words
    config = Config.read(given.config)
    if given.command == "key":
        for code, path in {"": config.key, **config.officers}.items():
            if not path.exists():
                make_key(path)
            print(protocol.public_text(key_in(path)), code)
        return
    service = Service(config, key_in(config.key), Store(config.database))
    if given.command == "serve":
        serve(service)
    elif given.command == "inbox":
        show(service)
    else:
        request = service.store.request(given.request or "")
        if request is None or given.content is None:
            parser.error("name a request of your inbox, and the content as JSON")
        try:
            print("\n".join(service.answer(request, json.loads(given.content), given.officer or ["duty"], given.fulfils)))
        except RefusedError as error:
            raise SystemExit(f"nothing was signed: {error.reason}") from error


if __name__ == "__main__":
    main()
