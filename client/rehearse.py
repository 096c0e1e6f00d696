"""A rehearsal of a delivery or a group: the whole system on this machine, simulated services over real HTTP, the plan's time
compressed, and at the end each evidence packet verified as a stranger would. It is the demonstration, the training exercise and
the end-to-end test.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from ruamel.yaml import YAML

from client.console import talk
from client.dossier import Dossier, Staged
from client.embedded import LOCK, Embedded, Home, Layout, held
from client.language import _, speak
from client.running import Interrupted
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.vocabulary import Outcome
from domain.plan.directory import Directory, Service
from domain.plan.group import under_one_root
from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.signing.canonical import Frozen, canonical, plain
from domain.signing.envelope import PLAN_TYPE, sign
from domain.signing.keys import private_pem
from domain.signing.tree import root
from domain.views.view import DeliveryView
from domain.words.errors import Fault, Malformed, NotVerified, TimedOut
from domain.words.quantities import say_span
from domain.words.text import told
from process.ring import new_ring
from protocol.gateway import Away, Gateway
from rehearsal.over_http import (
    SimulatedServices,
    compressed,
    factor_for,
    free_ports,
    hindrances,
    ordinary_length,
    reach_of,
)
from rehearsal.scenario import PlanChange
from rehearsal.services import DECONFLICTION_KEY, VIGIL, cast, private_key_of

LONGEST_PAUSE = 120.0
"""Seconds without a new entry after which a rehearsal is given up."""
MOST_REASONS = 3
"""Of why it takes so long."""
SHORT = timedelta(minutes=1)
"""A rehearsal that takes longer says why before it begins."""
MOST = timedelta(hours=1)
"""One that takes longer is not begun."""
APART = timedelta(seconds=6)
"""Real time between the beginnings of two consignments, where the rehearsal takes at most twice as long for it: how slow this
machine is does not decide who comes first.
"""
GRACE = 1.0
"""Seconds that its processes are given to end: nobody needs what they have not said by then."""

T = TypeVar("T")
Watch = Callable[[Entry, DeliveryView], None]
Say = Callable[[str], None]
Reached = Callable[[Directory], Directory]


class Rehearsed(Frozen):
    """How a rehearsal went. These names are stable: programs read them."""

    delivery: str
    outcome: Outcome | None
    expected: Outcome | None
    statements: int
    refused: int
    entries: int
    ledger_root: str
    packet: str
    verified: bool
    problem: str = ""
    seed: int
    seconds: int

    @property
    def as_expected(self) -> bool:
        """Whether it ended as its scenario says."""
        return self.expected is None or self.expected == self.outcome


@dataclass(frozen=True)
class Rehearsal:
    """What is rehearsed, and where its files are kept: one delivery, or the consignments of a group."""

    staged: tuple[Staged, ...]
    seed: int
    home: Home

    async def run(self, watch: Watch, say: Say) -> tuple[Rehearsed, ...]:
        """Rehearse to the end of each. Raises `VigilError` if the system does not come up, and `Malformed` where it would take as
        long as the delivery itself.
        """
        began = time.monotonic()
        factor = self._factor(say)
        quick = self._compressed(factor)
        directory, layout = self.lay_out()
        say(
            _(
                "one second here is {hours} h of the plan; files are in {folder}",
                hours=f"{factor / 3600:.1f}",
                folder=self.home.path,
            )
        )
        scenarios = {one.name: one.scenario for one in quick}
        services = SimulatedServices(directory, layout.gateway_url, quick[0].scenario, self.seed, scenarios)
        async with Embedded(layout, GRACE), services, aiohttp.ClientSession() as http:
            say(_("up: Temporal, worker, gateway; simulated services: {count}", count=len(directory.services) - 1))
            done = await _all(self._perform(one, http, layout, watch, say) for one in quick)
        seconds = round(time.monotonic() - began)
        return tuple(self._verified(one, work, services, layout, seconds) for one, work in zip(quick, done, strict=True))

    async def _perform(
        self, one: Staged, http: aiohttp.ClientSession, layout: Layout, watch: Watch, say: Say
    ) -> tuple[Path, list[Entry]]:
        """One of them, from its beginning to its end: its packet, and the ledger as it was watched."""
        await asyncio.sleep(one.begins.total_seconds())
        plan = one.dossier.plan
        gateway = Gateway(http, layout.gateway_url, plan.initiator, private_key_of(plan.initiator))
        delivery = await gateway.start(sign(canonical(plan), PLAN_TYPE, *map(private_key_of, plan.initiators())))
        changing = [asyncio.create_task(changed(gateway, change)) for change in one.scenario.changes]
        entries = await self._followed(
            gateway, delivery, watch, lambda error: say(_("{message}; trying again", message=error.told_in(speak)[0]))
        )
        for change in changing:
            change.cancel()
        await asyncio.gather(*changing, return_exceptions=True)
        packet = self.home.path / f"{delivery}.packet.json"
        packet.write_bytes(await gateway.packet(delivery))
        return packet, entries

    def _factor(self, say: Say) -> float:
        """How many times shorter than the plans; what keeps them from being as short as usual is said."""
        for one in self.staged:
            raise_if_endless(one)
        narrowest = min(self.staged, key=_factor)
        factor = kept_apart(_factor(narrowest), (one.begins for one in self.staged))
        if (takes := max(_takes(one, factor) for one in self.staged)) > SHORT:
            say(_("this takes about {span}, since:", span=say_span(takes)))
            for reason in hindrances(narrowest.dossier.plan, narrowest.scenario)[:MOST_REASONS]:
                say(f"  {told(reason, speak)}")
        return factor

    def _compressed(self, factor: float) -> tuple[Staged, ...]:
        """The same, so many times shorter. Plans of a group are under a digest of their own again."""
        plans = [compressed(one.dossier.plan, factor) for one in self.staged]
        if len(plans) > 1:
            plans = [*under_one_root(plans)]
        return tuple(
            Staged(replace(one.dossier, plan=plan), compressed(one.scenario, factor), one.begins / factor)
            for one, plan in zip(self.staged, plans, strict=True)
        )

    async def _followed(self, gateway: Gateway, delivery: str, watch: Watch, away: Away) -> list[Entry]:
        """The whole ledger, watched as it grew. Raises `TimedOut` if it stops growing for too long."""
        entries: list[Entry] = []
        changes = gateway.changes(delivery, away)
        while True:
            try:
                async with asyncio.timeout(LONGEST_PAUSE):  # `wait_for` of Python 3.11 may swallow that we are cancelled
                    entry = await anext(changes)
            except StopAsyncIteration:
                return entries
            except TimeoutError as error:
                message = _("nothing has happened for {seconds} s", seconds=round(LONGEST_PAUSE))
                raise TimedOut(message, hint=_("see the logs in {folder}", folder=self.home.path)) from error
            assert isinstance(entry, Entry)  # noqa: S101 - the initiator sees all of it
            entries.append(entry)
            watch(entry, await gateway.view(delivery, away))

    def _verified(
        self, one: Staged, done: tuple[Path, list[Entry]], services: SimulatedServices, layout: Layout, seconds: int
    ) -> Rehearsed:
        """Read the packet back and verify it against the directory's file and the services' receipts, as anyone could."""
        packet, entries = done
        stated = [entry.event for entry in entries if isinstance(entry.event, Stated)]
        problem, outcome, top = "", None, root([bytes.fromhex(one.leaf()) for one in entries]).hex()
        try:
            trusted = Directory.model_validate(YAML(typ="safe").load(layout.directory))
            proved = verify(packet.read_bytes(), trusted, tuple(services.receipts.values()))
            outcome, problem = proved.outcome, next(iter(services.alarms), "")
            if proved.root != top:
                problem = _("the packet's ledger is not the one that was watched")
        except NotVerified as error:
            problem = error.message
        return Rehearsed(
            delivery=one.name,
            outcome=outcome,
            expected=one.scenario.expect.outcome if one.scenario.expect is not None else None,
            statements=len(stated),
            refused=sum(event.verdict.verdict == "refused" for event in stated),
            entries=len(entries),
            ledger_root=top,
            packet=str(packet),
            verified=not problem,
            problem=problem,
            seed=self.seed,
            seconds=seconds,
        )

    def lay_out(self, reached: Reached = lambda directory: directory) -> tuple[Directory, Layout]:
        """Write the files an installation is given, with simulated keys and addresses. `reached` may change how
        services are reached.
        """
        each = (one.scenario.participants(one.dossier.plan) for one in self.staged)
        return lay_out(self.staged[0].dossier, tuple(dict.fromkeys(chain.from_iterable(each))), self.home, reached)


def lay_out(
    dossier: Dossier, participants: tuple[str, ...], home: Home, reached: Reached = lambda directory: directory
) -> tuple[Directory, Layout]:
    """The same for these services."""
    ports = free_ports(len(participants) + 2)
    found = [dossier.directory.get(service) for service in participants]
    reach = {service.id: reach_of(service, port) for service, port in zip(found, ports[2:], strict=True)}
    directory = reached(_telephoned(cast(dossier.directory, participants, reach), dossier.directory))
    layout = Layout(
        home=home,
        directory=home.path / "directory.yaml",
        cards=home.path / "cards",
        key=home.path / "vigil.pem",
        deconfliction_key=home.path / "deconfliction.key",
        payload_keys=home.path / "payload.keys",
        gateway_port=ports[0],
        temporal_port=ports[1],
    )
    layout.cards.mkdir(parents=True, exist_ok=True)
    write_yaml(layout.directory, directory)
    for state, card in dossier.cards.items():
        write_yaml(layout.cards / f"{state}.yaml", card)
    secrets = {
        layout.key: private_pem(private_key_of(VIGIL)),
        layout.deconfliction_key: DECONFLICTION_KEY.hex().encode(),
        layout.payload_keys: new_ring().text().encode(),
    }
    for path, secret in secrets.items():
        path.touch(mode=0o600)
        path.write_bytes(secret)
    return directory, layout


async def _all(working: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What came of each; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in working]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return [one.result() for one in tasks]


async def changed(gateway: Gateway, change: PlanChange) -> None:
    """The initiator changes the plan when its time has come."""
    assert isinstance(change.plan, Plan)  # noqa: S101 - a scenario that has been read holds plans
    await asyncio.sleep(change.after.total_seconds())
    plan = sign(canonical(change.plan), PLAN_TYPE, *map(private_key_of, change.plan.initiators()))
    await gateway.amend(change.plan.operation, plan)


@contextmanager
def home_for(keep: Path | None) -> Iterator[Home]:
    """The folder to keep; or a temporary one, of which the packet is left; everything if something goes wrong once it
    has begun, and nothing before.

    Raises `Malformed` if the folder holds a rehearsal already, `Unavailable` if one is going on there.
    """
    if keep is not None:
        with held(keep) as home:
            if (keep / "temporal.db").exists():
                message = _("{folder} holds a rehearsal already; it is kept", folder=keep)
                raise Malformed(message, hint=_("name another folder with --keep, or remove that one"))
            yield home
        return
    folder = Path(tempfile.mkdtemp(prefix="vigil-rehearsal-"))
    try:
        with held(folder) as home:
            yield home
    except Interrupted:
        shutil.rmtree(folder)
        raise
    except Exception:
        if [one.name for one in folder.iterdir()] == [LOCK]:  # it was refused before anything began
            shutil.rmtree(folder)
        else:
            talk.print(_("everything it left is in {folder}", folder=folder), style="dim")
        raise
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffixes[-2:] != [".packet", ".json"]:
            path.unlink()


def write_yaml(path: Path, record: Any) -> None:
    """Write a record as people read it."""
    yaml = YAML()
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(plain(record), file)


def raise_if_endless(one: Staged) -> None:
    """Raises `Malformed` with what keeps a rehearsal from being compressed, where it would take longer than anybody waits."""
    why, takes = hindrances(one.dossier.plan, one.scenario), _takes(one, _factor(one))
    if why and takes > MOST:
        message = _("a rehearsal of this plan cannot be compressed: it would take {span}", span=say_span(takes))
        hint = _("make those times longer, or the pace of the scenario quicker; `vigil plan test` needs no real time")
        raise Malformed(message, [Fault(place=one.name, problem=reason) for reason in why[:MOST_REASONS]], hint=hint)


def _factor(one: Staged) -> float:
    """How many times shorter it may be by itself."""
    return factor_for(one.dossier.plan, one.scenario)


def kept_apart(factor: float, begins: Iterable[timedelta]) -> float:
    """How many times shorter, so that consignments which begin at different times begin in that order here, too."""
    nearest = min((later - earlier for earlier, later in pairwise(sorted(set(begins)))), default=APART * factor)
    return max(min(factor, nearest / APART), factor / 2, 1.0)


def _takes(one: Staged, factor: float) -> timedelta:
    """How long it really takes, in whole seconds."""
    length = one.begins + ordinary_length(one.dossier.plan, one.scenario)
    return timedelta(seconds=round((length / factor).total_seconds()))


def _telephoned(made: Directory, known: Directory) -> Directory:
    """With telephones, duty hours and zones, which no delivery takes along."""

    def told(one: Service) -> Service:
        there = known.find(one.id)
        if there is None:
            return one
        return one.model_copy(update={"telephone": there.telephone, "hours": there.hours, "zone": there.zone})

    return made.model_copy(update={"services": tuple(map(told, made.services))})
