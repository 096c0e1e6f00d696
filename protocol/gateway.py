"""The connection to the gateway: signed calls, each with a proof of its own, and problem documents as our errors."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, TypeAdapter, ValidationError
from yarl import URL

from domain.delivery.chasing import Chase
from domain.delivery.ledger import Entry, Left, Withheld, leaf_of
from domain.delivery.requests import AnyAlarm, CorrectionAsked, Inbox, Request, SignedInbox
from domain.papers.handed import PaperFile
from domain.papers.making import Offered
from domain.plan.attachment import File
from domain.plan.directory import Listed
from domain.plan.key_changes import Taken
from domain.record.expunction import Approvals, Expunged
from domain.record.handover import HandingOver, Handover, HandoverRecord, Handovers
from domain.record.reads import ReadsPage
from domain.record.receipts import Comparison, SignedReceipt, may_sign, read_receipt
from domain.signing.canonical import canonical
from domain.signing.envelope import RECEIPT_TYPE, Envelope, open_envelope
from domain.views.attachments import FilesOfDelivery
from domain.views.floor import LAST_PAGE, Floor, FloorRow
from domain.views.lists import Row, Rows
from domain.views.overdue import Overdue
from domain.views.results import Results
from domain.views.shift import MadeSheet
from domain.views.sight import LedgerPage
from domain.views.statistics import Forecast, Statistics
from domain.views.subscriptions import Subscription, Subscriptions, Tried, Wish
from domain.views.view import DeliveryView
from domain.words.errors import (
    BY_CODE,
    Fault,
    Limited,
    Malformed,
    NotAuthentic,
    NotVerified,
    Refused,
    RelayedError,
    Unavailable,
    VigilError,
)
from domain.words.limits import LONGEST_LIST, MOST_PAGES
from domain.words.text import fill, mark
from protocol.calls import Signer, address, of_delivery, read_up_to

T = TypeVar("T")
Paged = TypeVar("Paged", Rows, Inbox, SignedInbox, LedgerPage)
Away = Callable[[Unavailable], None]
"""Is told that the gateway, or what is behind it, does not answer for now."""

AGAIN_AFTER = 1.0
"""Seconds before a stream that broke off is asked for again."""
ANSWERED_WITHIN = 60.0
"""Seconds for which an answer is waited for, the longest packet among them."""
HEARD_WITHIN = 15.0
"""Seconds after which a gateway that takes a statement and says nothing hangs: one that works has judged it by then, or left it
for when a worker is up. Another may be behind the same address, and there the same bytes count once."""
_STREAM = aiohttp.ClientTimeout(total=None, connect=5, sock_read=60)
"""A stream is never silent for as long: the gateway sends a comment now and then."""
AT_ONCE = 1_000_000
"""Bytes of the longest body that is handed over whole; aiohttp wants to be given a longer one bit by bit."""
LONGEST_ANSWER, LONGEST_PACKET = 64 * 2**20, 2**30
"""Bytes that are read of an answer, and of a packet, which has all that was ever said: a gateway may be hostile too."""
LONGEST_ENTRY = 1_000_000
"""Bytes of the longest line of a stream: an entry with a plan of the largest size."""


class Witness(Protocol):
    """Keeps the receipts that one is given, and hears where what a gateway shows contradicts them."""

    def keep(self, given: SignedReceipt) -> None:
        """Keep one, before anybody is told of it."""

    def comparison(self, delivery: str) -> Comparison:
        """With all that is kept of a delivery."""

    def alarm(self, error: VigilError) -> None:
        """Something was shown or given that cannot be right."""


class SignInLink(BaseModel):
    """A one-time link to sign in with a browser, and until when it is good."""

    address: str
    until: str


class _Token(BaseModel):
    token: str
    until: str


class _Begun(BaseModel):
    delivery: str


LONGEST_AFTER = 9
"""Digits of `Retry-After`, in seconds; more is no time that anybody waits."""


class _Problem(BaseModel):
    """A problem document (RFC 9457), and what we add to it."""

    code: str
    detail: str = ""
    hint: str = ""
    faults: tuple[Fault, ...] = ()
    reason: str = ""

    def error(self, url: str, after: str | None) -> VigilError:
        """The error it stands for; what is away from a gateway is told with the gateway's address."""
        kind = BY_CODE.get(self.code, Unavailable)
        told_so = after is not None and after.isascii() and after.isdecimal() and len(after) <= LONGEST_AFTER
        seconds = int(after) if after is not None and told_so else 0
        if not issubclass(kind, Refused) and not (kind is Limited and seconds):
            return Unavailable(fill("the gateway at {url} says: {what}", url=url, what=self.detail or self.code), hint=self.hint)
        told = RelayedError(message=self.detail, hint=self.hint, faults=self.faults, after=seconds, reason=self.reason)
        return kind.told(told)


class _Handed(BaseModel):
    new: bool


_TOKEN = TypeAdapter(_Token)
_HANDED = TypeAdapter(_Handed)
_FILES = TypeAdapter(FilesOfDelivery)
_BEGUN = TypeAdapter(_Begun)
_ANSWER: TypeAdapter[Envelope | Left] = TypeAdapter(Envelope | Left)
_LISTED = TypeAdapter(list[Listed])
_ROWS = TypeAdapter(Rows)
_VIEW = TypeAdapter(DeliveryView)
_SEEN: TypeAdapter[Entry | Withheld] = TypeAdapter(Entry | Withheld)
_PAGE = TypeAdapter(LedgerPage)
_INBOX = TypeAdapter(Inbox)
_SIGNED_INBOX = TypeAdapter(SignedInbox)
_TAKEN = TypeAdapter(Taken)
_EXPUNGED = TypeAdapter(Expunged)
_READS = TypeAdapter(ReadsPage)
_FLOOR = TypeAdapter(Floor)
_RESULTS = TypeAdapter(Results)
_STATISTICS = TypeAdapter(Statistics)
_SHEET = TypeAdapter(MadeSheet)
_HANDOVER = TypeAdapter(Handover)
_HANDOVERS = TypeAdapter(Handovers)
_RECORD = TypeAdapter(HandoverRecord)
_OVERDUE = TypeAdapter(Overdue)
_CHASE = TypeAdapter(Chase)
_ALARMS: TypeAdapter[tuple[AnyAlarm, ...]] = TypeAdapter(tuple[AnyAlarm, ...])
_OFFERED: TypeAdapter[tuple[Offered, ...]] = TypeAdapter(tuple[Offered, ...])
_PAPER = TypeAdapter(PaperFile)
_SUBSCRIPTIONS = TypeAdapter(Subscriptions)
_SUBSCRIPTION = TypeAdapter(Subscription)
_TRIED = TypeAdapter(Tried)
_PROBLEM = TypeAdapter(_Problem)


class Gateway:
    """Calls the gateway as one service, with that service's own key."""

    def __init__(  # noqa: PLR0913, PLR0917 - who calls whom, and for whom
        self,
        http: aiohttp.ClientSession,
        url: str,
        service: str,
        key: Ed25519PrivateKey,
        officer: str | None = None,
        witness: Witness | None = None,
        language: str = "en",
    ) -> None:
        """`officer` is the code of the person who calls; none where a system does. `witness`: who keeps receipts and compares.
        `language`: of who reads its refusals. Raises `Malformed` if the address is none.
        """
        self._witness = witness
        self._language = language
        self._http = http
        self._url = address(url, "gateway", "http://127.0.0.1:8470")
        self._caller = Signer(service, key, officer)

    @property
    def caller(self) -> str:
        """The service that calls it."""
        return self._caller.service

    async def sign_in(self) -> SignInLink:
        """A link that signs this officer in with a browser, once."""
        given = self._read(_TOKEN, await self._call("POST", "/v1/sign-in"))
        return SignInLink(address=f"{self._url}/desk/in#{given.token}", until=given.until)

    async def start(self, plan: Envelope) -> str:
        """Start a delivery; its id."""
        return self._read(_BEGUN, await self._call("POST", "/v1/deliveries", plan)).delivery

    async def amend(self, delivery: str, plan: Envelope) -> Entry:
        """Change a delivery's plan for what is still ahead; the ledger entry that records it."""
        return Entry.model_validate_json(await self._call("PUT", f"{of_delivery(delivery)}/plan", plan))

    async def submit(self, delivery: str, statement: Envelope) -> SignedReceipt | Left:
        """Hand in a statement; its receipt, or that it has been left for when a worker is up."""
        answer = self._read(
            _ANSWER, await self._call("POST", f"{of_delivery(delivery)}/statements", statement, within=HEARD_WITHIN)
        )
        if isinstance(answer, Left):
            return answer
        try:
            given = SignedReceipt(answer, read_receipt(answer))
        except (Malformed, NotVerified) as error:
            raise self._stranger() from error
        if (given.receipt.fingerprint, given.receipt.delivery) != (statement.fingerprint(), delivery):
            raise self._stranger()
        if self._witness is not None:
            self._witness.keep(given)
            await self._check(given, self._witness)
        return given

    async def _check(self, given: SignedReceipt, witness: Witness) -> None:
        """A receipt that the installation has not signed is worth nothing."""
        try:
            listed = await self.directory()
        except VigilError:
            return  # it is kept, and checked whenever it is used
        keys = tuple(key for one in listed if one.kind == "system" for key in one.keys)
        try:
            open_envelope(given.envelope, RECEIPT_TYPE, may_sign(given.receipt, keys))
        except NotAuthentic as error:
            witness.alarm(
                NotVerified(
                    fill(
                        "the receipt for statement {statement}: {message}",
                        statement=given.receipt.statement,
                        message=error.said,
                    )
                )
            )

    async def directory(self) -> list[Listed]:
        """The services of the installation with their keys; how one is reached as far as it is the caller's to see."""
        return self._read(_LISTED, await self._call("GET", "/v1/directory"))

    async def deliveries(self, filters: Mapping[str, str] | None = None, most: int | None = None) -> list[Row]:
        """One's own deliveries: as now, in the order of the list, every page or the first so many. `filters`: parameters of the
        list.
        """
        found: dict[str, Row] = {}
        limit = LONGEST_LIST if most is None else min(most, LONGEST_LIST)
        async for page in self._pages(_ROWS, "/v1/deliveries", {"limit": str(limit), **(filters or {})}):
            found.update({row.delivery: row for row in page.rows})  # one that changed meanwhile comes again
            if most is not None and len(found) >= most:
                break
        return list(found.values())[:most]

    async def floor(self, filters: Mapping[str, str] | None = None) -> tuple[dict[str, FloorRow], Floor]:
        """The open deliveries of which one sees the whole, in the order of the watch floor, every page; and the last of these
        pages. `filters`: parameters of the floor.
        """
        found: dict[str, FloorRow] = {}
        async for page in self.floor_pages(filters or {}):
            found.update({row.glance.delivery: row for row in page.rows if row.glance.delivery not in found})
        return found, page

    async def floor_pages(self, filters: Mapping[str, str]) -> AsyncGenerator[Floor, None]:
        """The same page by page, as far as they are wanted: one at least. A row may stand on two of them."""
        for number in range(1, LAST_PAGE + 1):
            page = self._read(_FLOOR, await self._call("GET", f"/v1/floor?{urlencode({**filters, 'page': str(number)})}"))
            yield page
            if number >= page.pages:
                return

    async def view(self, delivery: str, away: Away | None = None) -> DeliveryView:
        """The summary. Raises `Unavailable` if there is no answer; with `away`, that is told instead, and it is asked again."""
        while True:
            try:
                view = self._read(_VIEW, await self._call("GET", of_delivery(delivery)))
            except Unavailable as error:
                if away is None:
                    raise
                away(error)
            else:
                self._compare(delivery, (), view.entries, view.root)
                return view
            await asyncio.sleep(AGAIN_AFTER)

    async def ledger(self, delivery: str, since: int = 0) -> list[Entry | Withheld]:
        """Ledger entries from a number on, page by page; what is not one's own to read is withheld."""
        pages = self._pages(_PAGE, f"{of_delivery(delivery)}/ledger", {"since": str(since)}, on="since")
        found = [entry async for page in pages for entry in page.entries]
        self._compare(delivery, found, found[-1].seq + 1 if found else since)
        return found

    def _compare(self, delivery: str, shown: Sequence[Entry | Withheld], size: int, root: str | None = None) -> None:
        """What is shown with the receipts that are held."""
        if self._witness is None:
            return
        try:
            comparison = self._witness.comparison(delivery)
            for entry in shown:
                comparison.see(entry)
            comparison.ends_at(size, root)
        except NotVerified as error:
            self._witness.alarm(error)

    def _compare_seen(self, asked: Request) -> None:
        """What a request says of the ledger with the receipts that are held."""
        if self._witness is None:
            return
        try:
            self._witness.comparison(asked.delivery).had(asked.seen.size, asked.seen.root)
        except NotVerified as error:
            self._witness.alarm(error)

    async def inbox(self) -> Inbox:
        """What one is being asked, every page."""
        found: dict[str, Request] = {}
        corrections: dict[tuple[str, str], CorrectionAsked] = {}
        unreadable: set[str] = set()
        async for page in self._pages(_INBOX, "/v1/inbox", {}):
            found.update({one.id: one for one in page.requests})  # one that is asked anew meanwhile comes again
            corrections.update({(one.delivery, one.of): one for one in page.corrections})
            unreadable.update(page.unreadable)
        for one in found.values():
            self._compare_seen(one)
        asked = {"requests": tuple(found.values()), "corrections": tuple(corrections.values())}
        return Inbox(**asked, unreadable=tuple(sorted(unreadable)))

    async def signed_inbox(self) -> SignedInbox:
        """The same, each request in an envelope signed by Vigil."""
        requests: dict[str, Envelope] = {}
        unreadable: set[str] = set()
        async for page in self._pages(_SIGNED_INBOX, "/v1/inbox", {"signed": "yes"}):
            requests.update({one.payload: one for one in page.requests})
            unreadable.update(page.unreadable)
        return SignedInbox(requests=tuple(requests.values()), unreadable=tuple(sorted(unreadable)))

    async def _pages(
        self, kind: TypeAdapter[Paged], path: str, asked: Mapping[str, str], *, on: str = "cursor"
    ) -> AsyncGenerator[Paged, None]:
        """Page after page, each asked for by what the one before said is next, in the parameter `on`. Raises `Unavailable` where
        there is no end to them: a gateway may be hostile too.
        """
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            query = urlencode({**asked, **cursor})
            page = self._read(kind, await self._call("GET", f"{path}?{query}" if query else path))
            yield page
            if page.next is None:
                return
            cursor = {on: str(page.next)}
        message = fill("the gateway gives no end to {path}: there is more after {most} pages", path=path, most=MOST_PAGES)
        raise Unavailable(message, hint=mark("narrow it down, or tell whoever runs the installation"))

    async def change_keys(self, change: Envelope) -> Taken:
        """Bring a signed change of keys to the deliveries under way; what became of it in each."""
        return self._read(_TAKEN, await self._call("POST", "/v1/keys", change))

    async def packet(self, delivery: str, purpose: str = "operation") -> bytes:
        """The sealed evidence packet for this purpose, as the bytes to keep."""
        return await self._call("GET", f"{of_delivery(delivery)}/packet?purpose={quote(purpose, safe='')}", most=LONGEST_PACKET)

    async def files(self, delivery: str) -> FilesOfDelivery:
        """The files that a delivery names, as far as they are the caller's to know of."""
        return self._read(_FILES, await self._call("GET", f"{of_delivery(delivery)}/attachments"))

    async def attach(self, delivery: str, file: File, pieces: AsyncIterable[bytes]) -> bool:
        """Hand in a file; whether it had not been handed in before. Raises `Malformed` where it is not what is said of it."""
        path = f"{of_delivery(delivery)}/attachments/{file.digest}?media_type={quote(file.media_type, safe='')}"
        url, headers = self._signed("PUT", path, file.digest)
        sent = {**headers, "Content-Type": "application/octet-stream", "Content-Length": str(file.size)}
        async with self._long("PUT", url, sent, pieces) as answer:
            data = await self._whole(answer)
            if answer.content_type != "application/json":
                raise self._refusal(data, answer.headers.get("Retry-After"))
            return self._read(_HANDED, data).new

    async def fetch(self, delivery: str, digest: str) -> AsyncGenerator[bytes]:
        """A file in pieces, as the gateway has it: who reads it compares the digest. Raises `Unavailable` where it breaks off."""
        url, headers = self._signed("GET", f"{of_delivery(delivery)}/attachments/{digest}", b"")
        async with self._long("GET", url, headers, None) as answer:
            if answer.content_type != "application/octet-stream":
                raise self._refusal(await self._whole(answer), answer.headers.get("Retry-After"))
            async for piece in answer.content.iter_any():
                yield piece

    @asynccontextmanager
    async def _long(
        self, method: str, url: URL, headers: Mapping[str, str], data: AsyncIterable[bytes] | None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """A call that takes as long as its file takes, and is broken off where nothing moves."""
        expect = data is not None  # who is refused has sent nothing
        try:
            async with self._http.request(
                method, url, data=data, headers=headers, timeout=_STREAM, allow_redirects=False, expect100=expect
            ) as answer:
                yield answer
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise self._away() from error
        except aiohttp.ClientResponseError as error:
            raise self._stranger() from error

    async def papers(self, delivery: str) -> tuple[Offered, ...]:
        """Which papers of it one may have now."""
        return self._read(_OFFERED, await self._call("GET", f"{of_delivery(delivery)}/papers"))

    async def paper(self, delivery: str, name: str, language: str, form: str, purpose: str = "operation") -> PaperFile:
        """One of them, as a file."""
        asked = urlencode({"language": language, "format": form, "purpose": purpose})
        return self._read(_PAPER, await self._call("GET", f"{of_delivery(delivery)}/papers/{quote(name, safe='')}?{asked}"))

    async def expunge(self, delivery: str, approvals: Approvals) -> Expunged:
        """Destroy what a closed delivery says; what remains of it."""
        body = approvals.model_dump_json().encode()
        return self._read(_EXPUNGED, await self._call("POST", f"{of_delivery(delivery)}/expunction", body))

    async def expunged(self, delivery: str) -> Expunged:
        """What remains of an expunged delivery."""
        return self._read(_EXPUNGED, await self._call("GET", f"{of_delivery(delivery)}/expunction"))

    async def decode(self, payloads: bytes) -> bytes:
        """What Temporal's UI or command line asks a codec server, and the answer. For supervisors."""
        return await self._call("POST", "/v1/codec/decode", payloads)

    async def alarms(self) -> tuple[AnyAlarm, ...]:
        """Deliveries that wait for a worker of their build, and patterns of enquiries at the register. For supervisors."""
        return self._read(_ALARMS, await self._call("GET", "/v1/alarms"))

    async def notices(self) -> Subscriptions:
        """One's own subscriptions to notices. For officers who supervise."""
        return self._read(_SUBSCRIPTIONS, await self._call("GET", "/v1/notices"))

    async def subscribe(self, wish: Wish) -> Subscription:
        """Be told that something waits."""
        return self._read(_SUBSCRIPTION, await self._call("POST", "/v1/notices", wish.model_dump_json().encode()))

    async def unsubscribe(self, subscription: str) -> Subscriptions:
        """End one of them; those that are left."""
        return self._read(_SUBSCRIPTIONS, await self._call("DELETE", f"/v1/notices/{quote(subscription, safe='')}"))

    async def try_notice(self, subscription: str) -> Tried:
        """Have a test sent there; what came of it."""
        return self._read(_TRIED, await self._call("POST", f"/v1/notices/{quote(subscription, safe='')}/test"))

    async def overdue(self, asked: Mapping[str, str]) -> Overdue:
        """A page of the services that are silent, as far as one sees the whole of deliveries. `asked`: parameters of it."""
        return self._read(_OVERDUE, await self._call("GET", f"/v1/overdue?{urlencode(asked)}"))

    async def chase(self, note: Envelope) -> Chase:
        """Hand in a signed note that one chases a service. Sent again it changes nothing."""
        return self._read(_CHASE, await self._call("POST", "/v1/overdue/chases", note.model_dump_json().encode()))

    async def results(self, asked: Mapping[str, str]) -> Results:
        """The results of a period, as far as they are one's own to have. `asked`: parameters of the question."""
        return self._read(_RESULTS, await self._call("GET", f"/v1/results?{urlencode(asked)}"))

    async def statistics(self, asked: Mapping[str, str]) -> Statistics:
        """How the deliveries of a period went, as far as it is one's own to know. `asked`: parameters of the question."""
        return self._read(_STATISTICS, await self._call("GET", f"/v1/statistics?{urlencode(asked)}"))

    async def forecast(self, delivery: str, found: Forecast) -> None:
        """Have kept what a simulation says of a delivery, before it departs; one that is kept already stays."""
        await self._call("PUT", f"{of_delivery(delivery)}/forecast", found.model_dump_json().encode())

    async def shift(self, asked: Mapping[str, str]) -> MadeSheet:
        """The sheet of a shift. `asked`: parameters of the question. Raises `NotVerified` if it is not what is signed."""
        query = urlencode(asked)
        made = self._read(_SHEET, await self._call("GET", f"/v1/shift?{query}" if query else "/v1/shift"))
        if made.signed.fingerprint() != made.digest or canonical(made.sheet) != made.signed.body():
            raise NotVerified(mark("the gateway shows another sheet than it asks to be signed"))
        return made

    async def hand_over(self, given: HandingOver) -> Handover:
        """Hand over a shift with this sheet."""
        return self._read(_HANDOVER, await self._call("POST", "/v1/shift/hand-over", given.model_dump_json().encode()))

    async def take_over(self, taken: Envelope) -> Handover:
        """Take over the shift that waits."""
        return self._read(_HANDOVER, await self._call("POST", "/v1/shift/take-over", taken))

    async def handovers(self, before: int | None = None) -> Handovers:
        """A page of former handovers, and the one that waits."""
        asked = f"?before={before}" if before is not None else ""
        return self._read(_HANDOVERS, await self._call("GET", f"/v1/shift/handovers{asked}"))

    async def handover(self, number: int) -> HandoverRecord:
        """One handover, with what was signed."""
        return self._read(_RECORD, await self._call("GET", f"/v1/shift/handovers/{number}"))

    async def reads(self, since: int = 0, limit: int = 1000) -> ReadsPage:
        """A page of the log of reads, from a number on."""
        return self._read(_READS, await self._call("GET", f"/v1/reads?since={since}&limit={limit}"))

    async def changes(self, delivery: str, away: Away | None = None) -> AsyncGenerator[Entry | Withheld]:
        """Entries as they are recorded, until the delivery has ended. Goes on after a broken connection. Where the record was put
        back, what took its place is given from there, or from the first entry on.

        Raises `Unavailable` if the gateway does not answer; with `away`, only if it never has: later `away` is told once, and
        the gateway asked again until it answers. Raises `VigilError` if the delivery was closed without its end.
        """
        since, last, closed, told = 0, "", False, False
        comparison = self._witness.comparison(delivery) if self._witness is not None else None
        while True:
            try:
                # from the last entry on, which there is already: so the answer begins at once
                async for entry in self._stream(f"{of_delivery(delivery)}/changes?since={max(since - 1, 0)}"):
                    told = False
                    if entry.seq == since - 1:
                        if leaf_of(entry) == last:
                            continue
                        since, closed = 0, False  # another history stands there now: nobody knows from where on
                        break
                    since, last, closed = entry.seq + 1, leaf_of(entry), False
                    comparison = self._compared(comparison, entry)
                    yield entry
                    if isinstance(entry, Entry) and entry.event.event == "ended":
                        return
                if closed:
                    break
                closed = bool(since) and any(
                    row.delivery == delivery and row.alarm == "gone" for row in await self.deliveries({"text": delivery})
                )
            except aiohttp.ClientPayloadError:
                pass  # broken off in the middle of an entry: asked for again
            except Unavailable as error:
                if away is None or not since:
                    raise
                if not told:
                    away(error)
                told = True
            await asyncio.sleep(AGAIN_AFTER)
        message = fill(
            "delivery {delivery} was closed in Temporal without its end: its ledger stops at entry {entry}",
            delivery=delivery,
            entry=since - 1,
        )
        raise VigilError(message, hint=mark("ask whoever runs Temporal; `vigil export` gives what there is as evidence"))

    def _compared(self, comparison: Comparison | None, entry: Entry | Withheld) -> Comparison | None:
        """The comparison, with one more entry; none once there has been an alarm."""
        if comparison is None or self._witness is None:
            return None
        try:
            comparison.see(entry)
        except NotVerified as error:
            self._witness.alarm(error)
            return None
        return comparison

    async def _stream(self, path: str) -> AsyncGenerator[Entry | Withheld]:
        url, headers = self._signed("GET", path, b"")
        try:
            async with self._http.get(
                url, headers=headers, timeout=_STREAM, allow_redirects=False, read_bufsize=LONGEST_ENTRY
            ) as answer:
                if answer.content_type != "text/event-stream":
                    raise self._refusal(await self._whole(answer), answer.headers.get("Retry-After"))
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        yield self._read(_SEEN, line[6:])
        except aiohttp.ClientConnectionError as error:
            raise self._away() from error
        except (aiohttp.ClientResponseError, HttpProcessingError) as error:  # a line that is too long is the second
            raise self._stranger() from error

    async def _call(
        self, method: str, path: str, content: Envelope | bytes = b"", most: int = LONGEST_ANSWER, within: float = ANSWERED_WITHIN
    ) -> bytes:
        """What is answered, of at most so many bytes, within so many seconds."""
        body = content if isinstance(content, bytes) else content.model_dump_json().encode()
        url, headers = self._signed(method, path, body)
        try:
            async with self._http.request(
                method,
                url,
                data=BytesIO(body) if len(body) > AT_ONCE else body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=within, connect=5),
                allow_redirects=False,
            ) as answer:
                data = await self._whole(answer, most)
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._untrusted() from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise self._away() from error
        except aiohttp.ClientResponseError as error:
            raise self._stranger() from error
        except TimeoutError as error:
            message = fill("the gateway at {url} does not answer in time", url=self._url)
            raise Unavailable(message, hint=mark("try again: nothing is counted twice")) from error
        if answer.content_type != "application/json":
            raise self._refusal(data, answer.headers.get("Retry-After"))
        return data

    async def _whole(self, answer: aiohttp.ClientResponse, most: int = LONGEST_ANSWER) -> bytes:
        """What it says. Raises `Unavailable` where that is longer than it can be."""
        data = await read_up_to(most, answer)
        if len(data) > most:
            raise self._stranger()
        return data

    def _signed(self, method: str, path: str, body: bytes | str) -> tuple[URL, Mapping[str, str]]:
        url = URL(f"{self._url}{path}", encoded=True)
        proof = self._caller.proof(method, str(url), body)
        return url, {"Authorization": proof, "Content-Type": "application/json", "Accept-Language": self._language}

    def _read(self, kind: TypeAdapter[T], data: bytes) -> T:
        try:
            return kind.validate_json(data)
        except ValidationError as error:
            raise self._stranger() from error

    def _refusal(self, data: bytes, after: str | None) -> VigilError:
        return self._read(_PROBLEM, data).error(self._url, after)

    def _away(self) -> Unavailable:
        message = fill("no gateway answers at {url}", url=self._url)
        return Unavailable(message, hint=mark("start one with `vigil up`, or name another with --gateway or VIGIL_GATEWAY"))

    def _untrusted(self) -> Unavailable:
        message = fill("the certificate of the gateway at {url} is not trusted here", url=self._url)
        return Unavailable(
            message, hint=mark("name the authority's certificate with VIGIL_CA, or look whether it is the right gateway")
        )

    def _stranger(self) -> Unavailable:
        message = fill("what answers at {url} is not a Vigil gateway, or one of another version", url=self._url)
        return Unavailable(message, hint=mark("name the right address with --gateway or VIGIL_GATEWAY"))
