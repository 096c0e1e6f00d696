"""The largest legal delivery (R28): ten services say all that they may while checkpoints are open. Meanwhile some of them flood
every door for a while, and another stops a delivery meanwhile. Who has flooded then says what it still may. Those who flood order
stops as well, which count: so the one whose effect is measured is of a delivery beside the flooded one.

`python -m bench.largest --statements 20000` is all that ten services may say; fewer show the same in less time. It says how long
receipts and stops take without a load, under load and in the flood, how far the archive is behind, how much memory the processes
need, and how long the packet takes to be made and verified with every receipt that was given. Those who flood run on the same
machine, and so take from it what they use themselves.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.figures import figures, machine, most_memory
from bench.flood import Flood, flooding, told
from client.dossier import Dossier, Staged
from client.embedded import Embedded, held
from client.rehearse import Rehearsal
from domain.delivery.requests import Request
from domain.plan.directory import Directory, Poll, Push, Service
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.balance import Seizure
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.words.errors import Limited, NotFound, RuleBroken, Unavailable
from process.serve import leave
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from tests.installation import renamed, said_by, stop_by
from tests.largest import Largest
from tests.support import example_cards, example_directory, example_plan, signed_plan, with_changes

STOPS, FORGED, SEIZES, LOOKS = "uz.police", "kz.knb", "uz.customs", "kz.police"
"""Who stops; in whose name the flood orders stops; who says the largest statement of all; who looks how far the archive is."""
HOSTILE = ("uz.prosecutor", "caricc", "kz.border", "uz.security", "kz.afm", "kz.prosecutor")
"""Who floods, from the first on: those who are not needed otherwise. The first is polled too, the second sees the whole."""
POLLED_ONE = HOSTILE[0]
MORE = ("kz.border", "uz.security", "kz.afm")
"""Asked at the departure as well, so that ten are."""
BEGINNING = ("detection.", "deconfliction.")
"""What the checkpoints are called that come before all others."""
AT_ONCE = 3
"""Statements that each service has under way."""
LARGE = "\N{GOTHIC LETTER AHSA}" * 2000
"""The longest text of the largest letters."""
SMALL, EVERY = "observed " * 30, 10
"""What is said, and each so many-th time the largest text."""
QUIET = 100
"""Statements one after another before there is a load."""
FLOOD = 20.0
"""Seconds of the flood; the stop comes in the middle."""
POLLED = 100
"""Answers that one poll may have."""
AGAIN = 0.2
"""Seconds until what was not judged is handed in again."""
LOOK = 0.02
"""Seconds between two looks, as long as one service may ask so often."""
PATIENCE = 120.0


class OpenServices(SimulatedServices):
    """Simulated services that let deliveries begin and say nothing else that they are asked, so that checkpoints stay open. The
    hostile one, which is polled, always has a hundred other answers.
    """

    def __init__(self, directory: Directory, gateway: str, plan: Plan, scenario: Scenario) -> None:
        super().__init__(directory, gateway, scenario, seed=1)
        self._plan = plan
        self.floods = False
        self.polls = 0
        self.asked: defaultdict[tuple[str, str], asyncio.Event] = defaultdict(asyncio.Event)
        """By delivery and checkpoint: set when somebody has been asked there."""

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived."""
        self.asked[request.delivery, request.checkpoint].set()
        if request.checkpoint.startswith(BEGINNING):
            super().take(service, request)

    def said(self, _request: str, _after: int) -> list[Envelope]:
        """What a polled service answers."""
        self.polls += self.floods
        news = Information(text="polled news")
        return [said_by(POLLED_ONE, self._plan, news) for _ in range(POLLED if self.floods else 0)]


@dataclass
class Times:
    """Seconds until each receipt, by what went on when it was asked for."""

    now: str = "quiet"
    found: dict[str, list[float]] = field(default_factory=dict)

    def add(self, when: str, seconds: float) -> None:
        """One receipt was given."""
        self.found.setdefault(when, []).append(seconds)


@dataclass
class Site:
    """An installation of real processes, with a busy delivery and two that are stopped: one before the load, one in the flood."""

    embedded: Embedded
    services: OpenServices
    directory: Directory
    http: aiohttp.ClientSession
    quiet: Plan
    beside: Plan
    busy: Plan
    times: Times = field(default_factory=Times)
    receipts: list[SignedReceipt] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    until: int = 0
    again: int = 0
    """How often a statement was left or not taken, and handed in again."""
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when so many receipts have been given."""

    def door(self, service: str) -> Gateway:
        """The gateway, as an officer of this service calls it."""
        return Gateway(self.http, self.embedded.layout.gateway_url, service, private_key_of(service), "officer-1")

    async def say(self, door: Gateway, envelope: Envelope) -> None:
        """Hand in a statement about the busy delivery."""
        when, began = self.times.now, time.perf_counter()
        self.receipts.append(await self.handed_in(door, self.busy, envelope))
        self.times.add(when, time.perf_counter() - began)
        if len(self.receipts) == self.until:
            self.enough.set()

    async def handed_in(self, door: Gateway, plan: Plan, envelope: Envelope) -> SignedReceipt:
        """Hand in a statement, again where it was not judged, until there is a receipt. Raises `RuleBroken` for none."""
        while True:
            pause = AGAIN
            try:
                given = await door.submit(plan.operation, envelope)
                if isinstance(given, SignedReceipt):
                    return given
            except Limited as error:
                pause = error.after
            except Unavailable:
                pass
            except RuleBroken as error:
                if error.reason != "archive_behind":
                    raise
            self.again += 1
            await asyncio.sleep(pause)

    async def speak(self, service: str, numbers: Iterator[int]) -> None:
        """One service says so much, or until it may say no more."""
        door = self.door(service)

        async def one_after_another() -> None:
            with suppress(RuleBroken):  # its budget is spent, and it has been told so
                for one in numbers:
                    text = LARGE if one % EVERY == 0 else SMALL
                    await self.say(door, said_by(service, self.busy, Information(text=text)))

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))

    async def seize(self) -> tuple[int, float]:
        """Say the largest seizure, which is refused and recorded in full: its bytes, and seconds until its receipt."""
        seizure, began = said_by(SEIZES, self.busy, Largest().of(Seizure)), time.perf_counter()
        self.receipts.append(await self.handed_in(self.door(SEIZES), self.busy, seizure))
        return len(seizure.body()), time.perf_counter() - began

    async def stop(self, plan: Plan) -> dict[str, float]:
        """Order a stop: seconds until its receipt, until somebody is asked to seize, and until a view shows that."""
        seizes = self.services.asked[plan.operation, "stop.interdiction"]
        began, acted_on = time.perf_counter(), 0.0

        async def asked() -> None:
            nonlocal acted_on
            await seizes.wait()
            acted_on = time.perf_counter() - began

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(asked())
            given = await self.handed_in(self.door(STOPS), plan, stop_by(STOPS, plan))
            heard = time.perf_counter() - began
        assert "accepted" == given.receipt.verdict.verdict
        await self.opened(plan, "stop.interdiction")
        return {"receipt": heard, "acted_on": acted_on, "shown": time.perf_counter() - began}

    async def stop_once_more(self) -> float:
        """Order a stop of the busy delivery, which those who flood have stopped, too: seconds until its receipt."""
        began = time.perf_counter()
        await self.handed_in(self.door(STOPS), self.busy, stop_by(STOPS, self.busy))
        return time.perf_counter() - began

    async def opened(self, plan: Plan, checkpoint: str) -> None:
        """Wait until it is open, as the archive shows it. Raises `TimeoutError`."""
        door = self.door(plan.initiator)
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(NotFound, Unavailable):
                    if checkpoint in {one.checkpoint for one in (await door.view(plan.operation)).waiting}:
                        return
                await asyncio.sleep(LOOK)

    async def look_behind(self) -> None:
        """Measure, until cancelled, how long after a receipt the archive has its entry."""
        door = self.door(LOOKS)
        while True:
            await asyncio.sleep(0.5)
            size, began = max(one.receipt.size for one in self.receipts), time.perf_counter()
            with suppress(TimeoutError):  # then it is behind by that much at least
                await self.kept(door, size)
            self.lags.append(time.perf_counter() - began)

    async def kept(self, door: Gateway, size: int) -> None:
        """Wait until the archive has so many entries of the busy delivery. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Unavailable):
                    if await door.ledger(self.busy.operation, size - 1):
                        return
                await asyncio.sleep(LOOK)

    @asynccontextmanager
    async def flooded(self, flood: Flood) -> AsyncIterator[None]:
        """Every door is flooded meanwhile."""
        self.times.now, self.services.floods = "in the flood", True
        await flood.begin()
        yield
        await flood.end()
        self.times.now, self.services.floods = "after it", False


def busy_plan() -> Plan:
    """A plan in which ten services are asked."""
    plan = example_plan("almaty-tashkent")
    ready = [one.model_dump() for one in plan.at("dispatch")[0].requires]
    plan = with_changes(plan, departure={"requires": [*ready, *({"service": one, "says": "ready"} for one in MORE)]})
    return renamed(plan)


def another() -> Plan:
    """A delivery of its own."""
    plan = renamed(example_plan("almaty-tashkent"))
    own = plan.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": plan.operation})
    return plan.model_copy(update={"consignment": plan.consignment.model_copy(update={"identifiers": (own,)})})


def polled(directory: Directory) -> Directory:
    """The directory in which one of the hostile services is polled."""
    services = (
        one.model_copy(update={"reach": Poll(url=one.reach.url, every="1s")})
        if one.id == POLLED_ONE and isinstance(one.reach, Push)
        else one
        for one in directory.services
    )
    return directory.model_copy(update={"services": tuple(services)})


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """Everything is up, and both deliveries wait for consents."""
    busy, quiet, beside = busy_plan(), another(), another()
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "100ms", "slowest": "500ms"}})
    with held(folder / "home") as home:
        dossier = Dossier(busy, example_directory(), example_cards())
        directory, layout = Rehearsal((Staged(dossier, scenario),), 1, home).lay_out(polled)
        services = OpenServices(directory, layout.gateway_url, busy, scenario)
        async with Embedded(layout) as embedded, services, aiohttp.ClientSession() as http:
            found = Site(embedded, services, directory, http, quiet, beside, busy)
            for plan in (quiet, beside, busy):
                await found.door(plan.initiator).start(signed_plan(plan))
                await found.opened(plan, "consent-uz")
            yield found


def most_of(embedded: Embedded) -> dict[str, int]:
    """The most memory that each process has had, in MiB (Linux)."""
    return {name: most_memory(embedded.processes[name].pid) for name in ("worker", "gateway", "temporal")}


def memory(most: Mapping[str, int]) -> str:
    """The same as a line."""
    return f"{'most memory':<34}" + ", ".join(f"{name} {mebi} MiB" for name, mebi in most.items()) + "\n"


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """How many there were, p50, p99 and the longest; a single one is all of these."""
    return {"count": len(seconds), **figures(seconds if len(seconds) > 1 else [*seconds, *seconds])}


def said_in(packet: bytes) -> Counter[str]:
    """How many statements of each service are recorded."""
    entries: list[dict[str, Any]] = json.loads(packet)["packet"]["ledger"]
    events = (one["event"] for one in entries if one.get("event"))
    stated = (one["envelope"]["payload"] for one in events if one["event"] == "stated")
    return Counter(json.loads(b64decode(payload))["service"] for payload in stated)


async def measure(folder: Path, statements: int, hostile: Sequence[str]) -> dict[str, Any]:
    """All of it, as one document; milliseconds, unless a name says otherwise."""
    async with site(folder) as at, flooding(at.embedded.layout.gateway_url, at.busy, hostile, FORGED, folder) as flood:
        at.until = max(statements // 3, 1)
        speakers = at.busy.speakers()
        each = statements // len(speakers)
        for _ in range(QUIET):
            await at.say(at.door("kz.knb"), said_by("kz.knb", at.busy, Information(text=SMALL)))
        quiet = await at.stop(at.quiet)
        watching, began = asyncio.create_task(at.look_behind()), time.perf_counter()
        at.times.now = "under load"
        speaking = [asyncio.create_task(at.speak(one, iter(range(each)))) for one in speakers if one not in hostile]
        large, seized = await at.seize()
        await at.enough.wait()
        async with at.flooded(flood):
            await asyncio.sleep(FLOOD / 2)
            flooded = {**await at.stop(at.beside), "receipt_of_the_flooded_one": await at.stop_once_more()}
            await asyncio.sleep(FLOOD / 2)
        speaking += [asyncio.create_task(at.speak(one, iter(range(each)))) for one in hostile]
        await asyncio.gather(*speaking)
        took = time.perf_counter() - began
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        door, last = at.door(at.busy.initiator), max(one.receipt.size for one in at.receipts)
        await at.kept(door, last)
        began = time.perf_counter()
        packet = await door.packet(at.busy.operation)
        made = time.perf_counter() - began
        needed = most_of(at.embedded)
    began = time.perf_counter()
    proved = verify(packet, at.directory, [one.envelope for one in at.receipts])
    verified = time.perf_counter() - began
    stops = {"without load": quiet, "in the flood": flooded}
    return {
        "machine": machine(),
        "hostile": list(hostile),
        "statements": {"recorded": proved.statements, "refused": proved.refused, "by_service": dict(said_in(packet))},
        "receipts": {when: milliseconds(found) for when, found in at.times.found.items()},
        "archive_behind_a_receipt": milliseconds(at.lags) if at.lags else None,
        "stop": {when: {name: round(seconds * 1000, 1) for name, seconds in found.items()} for when, found in stops.items()},
        "seizure": {"bytes": large, "receipt": round(seized * 1000, 1)},
        "handed_in_again": at.again,
        "polled_in_the_flood": at.services.polls,
        "statements_a_second": round(len(at.receipts) / took, 1),
        "packet": {
            "mib": round(len(packet) / 2**20, 1),
            "entries": proved.size,
            "made_s": round(made, 1),
            "verified_s": round(verified, 1),
            "receipts": proved.receipts,
        },
        "most_memory_mib": needed,
        "flood": flood.answers,
    }


def table(document: Mapping[str, Any]) -> str:
    """For people."""

    def line(name: str, found: Mapping[str, float]) -> str:
        return f"{name:<34}" + "".join(f"   {what} {found[what]:8.1f} ms" for what in ("p50", "p99", "max")) + "\n"

    said, packet, behind = document["statements"], document["packet"], document["archive_behind_a_receipt"]
    lines = [f"the flood of {name}:\n{told(answers)}" for name, answers in document["flood"].items()]
    lines += [line(f"{found['count']} receipts {when}", found) for when, found in document["receipts"].items()]
    lines += [line("archive behind a receipt", behind)] if behind is not None else []
    lines += [
        f"a stop {when:<27}   receipt {found['receipt']:8.1f} ms   who must seize is asked {found['acted_on']:8.1f} ms"
        f"   shown {found['shown']:8.1f} ms\n"
        for when, found in document["stop"].items()
    ]
    seized, services = document["seizure"], len(said["by_service"])
    lines += [
        f"a seizure of {seized['bytes']} bytes{'':<11}   receipt {seized['receipt']:8.1f} ms, under load\n",
        f"statements recorded              {said['recorded']:9} of {services} services, {said['refused']} of them as refused\n",
        f"{document['handed_in_again']} times a statement was left or not taken, and handed in again\n",
        f"one hostile service was polled {document['polled_in_the_flood']} times in the flood\n",
        f"statements a second              {document['statements_a_second']:9.1f}\n",
        f"packet                           {packet['mib']:9.1f} MiB, {packet['entries']} entries, made in {packet['made_s']} s\n",
        f"verified with {packet['receipts']:6} receipts     {packet['verified_s']:9.1f} s\n",
        memory(document["most_memory_mib"]),
    ]
    return "".join(lines)


async def main() -> None:
    """On an installation of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=3_000, help="of all services together")
    parser.add_argument("--hostile", type=int, default=3, choices=range(1, len(HOSTILE) + 1), help="who flood side by side")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-largest-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    document = await measure(folder, chosen.statements, HOSTILE[: chosen.hostile])
    shutil.rmtree(folder)
    sys.stdout.write(json.dumps(document) + "\n" if chosen.output == "json" else table(document))


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
