"""docs/protocol.md as it is run: its blocks, the names that its Python leaves, and the installation that answers in it. What the
page computes (digests, payload, envelope and request) is made anew by `make vectors`.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, Receipt, Withheld
from domain.delivery.reported import Amended, Deconflicted
from domain.delivery.requests import AnyAlarm, Inbox, Request
from domain.plan.directory import Directory, Listed, Service, ServiceKey
from domain.plan.documents import Document
from domain.plan.key_changes import Taken, authentic
from domain.plan.plan import Plan, read_plan
from domain.plan.request_for_consent import digest_of_request
from domain.record.door import amend, begin, read_statement, report
from domain.record.packet import Purpose, seal
from domain.record.receipts import signed
from domain.rules import amending
from domain.signing import envelope as real_envelope
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, Envelope
from domain.signing.keys import public_text
from domain.views.asked import inbox, request
from domain.views.lists import Row, Rows
from domain.views.results import CountedBy, Period, Results
from domain.views.sight import LedgerPage, page
from domain.views.statistics import Forecast, Narrowed, Statistics, durations
from domain.views.view import DeliveryView, view
from domain.words.errors import Malformed, RuleBroken
from domain.words.moments import utc_text
from gateway.access import may_start, no_delivery
from gateway.aside import Aside
from gateway.health import Health
from gateway.papers import Papers
from process.configuration import cards_in
from rehearsal.scenario import Pace, Scenario
from rehearsal.services import lines, private_key_of
from tests.support import example_directory, example_plan, services_near, submitted

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (?P<note>[^>]*) -->\n)?^```(?P<language>[a-z]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""The moment at which the document's examples happen."""
URL = "https://vigil.example"
"""The gateway of the document."""
DIGEST = "[0-9a-f]{64}"
WIDEST = 110
"""Columns of a value that stands on one line."""
AT_ONCE = Pace(fastest=timedelta(milliseconds=1), slowest=timedelta(milliseconds=1))


@dataclass(frozen=True)
class Block:
    """One fenced block, with the note (an HTML comment) on the line before it."""

    note: str
    language: str
    body: str

    def json(self) -> Any:
        """The JSON in it."""
        return json.loads(self.body)


def blocks_in(text: str) -> list[Block]:
    """All of a page, in order."""
    return [Block(found["note"] or "", found["language"], found["body"]) for found in BLOCK.finditer(text)]


BLOCKS = blocks_in(TEXT)


def block(note: str) -> Block:
    """The block of this note."""
    return next(one for one in BLOCKS if one.note == note)


def namespace(blocks: Iterable[Block]) -> dict[str, Any]:
    """What the Python of the page leaves, run in order."""
    names: dict[str, Any] = {"__name__": "protocol"}
    for one in blocks:
        if one.language == "python":
            exec(compile(one.body, "docs/protocol.md", "exec"), names)  # noqa: S102 - our own document
    return names


def directory_of(said: dict[str, Any]) -> Directory:
    """Who stands at a table, with the document's keys."""
    services = [example_directory().get(one) for one in services_near(example_plan())]
    others = {"kz.knb": said["initiator_key"], "audit": said["auditor_key"], "kz.prosecutor": private_key_of("kz.prosecutor")}
    others |= {one: private_key_of(one) for one in ("supervision", "kz.police")}
    known = {"uz.prosecutor": said["public"]} | {service: public_text(key) for service, key in others.items()}
    system = Service(id="vigil", kind="system", names={"en": "Vigil"})
    keyed = [
        one.model_copy(update={"keys": (ServiceKey(public=known[one.id], valid_from="2026-01-01T00:00:00Z"),)})
        if one.id in known
        else one
        for one in services
    ]
    vigil = ServiceKey(public=public_text(said["vigil_key"]), valid_from="2026-01-01T00:00:00Z")
    return Directory(vigil="directory/1", services=(*keyed, system.model_copy(update={"keys": (vigil,)})))


class _Read:
    """What a reception reads of its delivery."""

    def __init__(self, reception: "PaperReception") -> None:
        self._reception = reception

    async def delivery(self, _caller: Service, name: str) -> Delivery:
        """The delivery."""
        return self._reception._of(name)


class PaperReception:
    """The gateway's reception, with one delivery in memory instead of Temporal."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.directory = directory_of(said)
        self.cards = {state: card for state, card in cards_in(ROOT / "examples" / "cards").items() if state in ("KZ", "UZ")}
        path = ROOT / "examples" / "almaty-tashkent" / "plan.yaml"
        self.plan = Document(path.read_text(encoding="utf-8"), str(path)).read(Plan)
        self.said = said
        self.started: Delivery | None = None

    def begun(self) -> Delivery:
        """The delivery, started if nobody has, with both requests for consent open."""
        if self.started is None:
            plan = Envelope.model_validate(
                self.said["sign_envelope"](canonical(self.plan), PLAN_TYPE, self.said["initiator_key"])
            )
            self.started = begin(plan, self.directory, self.cards, NOW, bytes(32))
            for name, service in (("detection.1", "kz.police"), ("deconfliction.1", "kz.prosecutor")):
                asked = request(self.started, name, service)
                (line,) = lines(asked, Scenario(vigil="scenario/1", pace=AT_ONCE), 1, NOW)
                submitted(self.started, line.envelope, NOW)
            report(self.started, Deconflicted(number=1, order=self.started.state.register.orders[-1]), NOW)
        return self.started

    def _of(self, delivery: str) -> Delivery:
        if delivery != self.plan.operation:
            raise no_delivery(delivery)
        return self.begun()

    async def ready(self) -> Health:
        """Always."""
        return Health(worker="up")

    def directory_for(self, caller: Service) -> tuple[Listed, ...]:
        """Every service."""
        return self.directory.shown_to(caller, whole=False)

    async def start(self, caller: Service, envelope: Envelope) -> Plan:
        """Start the delivery."""
        plan = read_plan(envelope)
        may_start(caller, plan)
        if self.started is not None:
            raise RuleBroken(
                "R18", f"delivery {plan.operation} has been started already; nothing was changed", reason="started_already"
            )
        self.begun()
        return plan

    async def amend(self, caller: Service, delivery: str, envelope: Envelope) -> Entry:
        """Change the plan."""
        plan = read_plan(envelope)
        may_start(caller, plan)
        amended = Amended(plan=envelope)
        faults = amending.faults_in(self._of(delivery), plan, *amended.known_with(self._of(delivery).state))
        if faults:
            message = f"the plan of {delivery} cannot be changed like this: {len(faults)} fault{'s' * (len(faults) > 1)}"
            raise Malformed(message, faults)
        return amend(self._of(delivery), amended, NOW)

    async def submit(self, _caller: Service, delivery: str, envelope: Envelope) -> Receipt:
        """Hand in a statement."""
        read_statement(envelope)
        return submitted(self._of(delivery), envelope, NOW)

    def handed_over(self, receipt: Receipt) -> Envelope:
        """A receipt, signed."""
        return signed(receipt, self.said["vigil_key"])

    @property
    def itself(self) -> "PaperReception":
        """It takes plans and statements itself, and shows itself what there is to read."""
        return self

    plans = submissions = reading = itself

    @property
    def papers(self) -> Papers:
        """Made of what there is to read."""
        return Papers(_Read(self), Aside())  # type: ignore[arg-type] - the one method that it asks for

    async def deliveries(self, _caller: Service, *_narrowed: object) -> Rows:
        """The one delivery."""
        row = Row(
            delivery=self.plan.operation,
            whole=False,
            title=None,
            phase="consent",
            outcome=None,
            group=self.plan.group,
            channel=None,
            next_due="2026-03-04T08:30:00.000000Z",
            overdue_since=None,
            ended=False,
            expunged=False,
            alarm=None,
            started_at=utc_text(NOW),
            closed_at=None,
            size=4,
        )
        return Rows(rows=(row,))

    async def delivery(self, _caller: Service, delivery: str) -> Delivery:
        """The whole of it."""
        return self._of(delivery)

    async def alarms(self) -> tuple[AnyAlarm, ...]:
        """Nobody looks for too much."""
        return ()

    async def results(self, caller: Service, period: Period, by: CountedBy) -> Results:
        """Nothing counts in the period."""
        return Results(counted_by=by, period=period, as_of=utc_text(NOW), reader=caller.id, whole=True)

    async def statistics(self, caller: Service, period: Period, by: CountedBy, narrowed: Narrowed) -> Statistics:
        """Nothing has ended in the period."""
        given = {"counted_by": by, "period": period, "as_of": utc_text(NOW), "reader": caller.id, "narrowed": narrowed}
        return Statistics(**given, whole=True, deliveries=0, simulated=0, lasted=durations((), (), ()))

    async def keep_forecast(self, _caller: Service, _delivery: str, _forecast: Forecast) -> bool:
        """It is kept."""
        return True

    async def view(self, caller: Service, delivery: str) -> DeliveryView:
        """Its summary."""
        return view(self._of(delivery), caller, NOW)

    async def ledger(self, caller: Service, delivery: str, since: int) -> LedgerPage:
        """Its ledger."""
        return LedgerPage(entries=tuple(page(self._of(delivery), caller, since)))

    async def changes(self, caller: Service, delivery: str, since: int) -> AsyncIterator[Entry | Withheld]:
        """Its ledger as far as it goes."""
        for entry in page(self._of(delivery), caller, since):
            yield entry

    async def packet(self, _caller: Service, delivery: str, purpose: Purpose) -> bytes:
        """Its packet."""
        return seal(self._of(delivery), "", self.said["vigil_key"], NOW, purpose)

    async def change_keys(self, _caller: Service, envelope: Envelope) -> Taken:
        """It takes what is signed with a key it knows."""
        authentic(envelope, self.directory, NOW)
        return Taken(taken=(self.plan.operation,))

    async def inbox(self, caller: Service, _cursor: str | None = None) -> tuple[Inbox, tuple[Request, ...]]:
        """What it asks the caller, which has read it before."""
        return Inbox(requests=inbox(self.begun(), caller.id, NOW)), ()

    async def has_read(self, _reader: Service, _requests: tuple[Request, ...]) -> None:
        """No delivery is told."""


def renewed(text: str) -> str:
    """The page with everything that is computed in it as it is now."""
    plan = example_plan()
    text = _exchanged(text, rf'"plan": "({DIGEST})"', digest(plan))
    text = _exchanged(text, rf'"request": "({DIGEST})"', digest_of_request(plan, "UZ"))
    said = namespace(blocks_in(text))
    payload: bytes = said["payload"]
    text = _exchanged(text, rf"^Its SHA-256 is `({DIGEST})`", hashlib.sha256(payload).hexdigest())
    text = _exchanged(text, r"^The payload has (\d+ bytes)", f"{len(payload)} bytes")
    begins = real_envelope._pae(STATEMENT_TYPE, payload)[:120].decode()
    text = _with_block(text, "signed bytes", f"{begins}...")
    text = _with_block(text, "payload", payload.decode())
    text = _with_block(text, "envelope", json.dumps(said["granted"], indent=2))
    asked = request(PaperReception(said).begun(), "consent-uz", "uz.prosecutor")
    return _with_block(text, "request", laid_out(asked.model_dump(mode="json")))


def _exchanged(text: str, where: str, right: str) -> str:
    """The page with what is right in place of whatever the group of this pattern is, wherever that stands."""
    found = dict.fromkeys(re.findall(where, text, re.MULTILINE))
    if not found:
        message = f"docs/protocol.md: nothing is like {where}"
        raise ValueError(message)
    return reduce(lambda page, stale: page.replace(stale, right), found, text)


def _with_block(text: str, note: str, body: str) -> str:
    """The page with another body in one block."""
    shown = re.compile(rf"(<!-- {note} -->\n```[a-z]+\n).*?^```$", re.MULTILINE | re.DOTALL)
    return shown.sub(lambda found: f"{found[1]}{body}\n```", text, count=1)


def laid_out(value: Any, depth: int = 0) -> str:
    """JSON that a person reads: small lists and objects on one line, others on one for each thing in them."""
    pad, line = "  " * depth, json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (depth > 1 and len(pad) + len(line) < WIDEST):
        return line
    if isinstance(value, dict):
        inside = [f"{pad}  {json.dumps(name)}: {laid_out(one, depth + 1)}" for name, one in value.items()]
        return "{\n" + ",\n".join(inside) + f"\n{pad}}}"
    return "[\n" + ",\n".join(f"{pad}  {laid_out(one, depth + 1)}" for one in value) + f"\n{pad}]"
