"""A sandbox: an installation of its own in which everybody but one service is simulated, for whoever builds that one.

Temporal, worker and gateway are the real ones. People are given as long to answer as the plan says; only the ways are short and
the simulated services quick, so that what is asked of the one comes soon, and waits for its developer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import aiohttp
from pydantic import ValidationError

from client.dossier import Dossier
from client.embedded import Home, Layout
from client.entries import line
from client.language import _, named
from client.naming import raise_unless_listed
from client.rehearse import changed, lay_out, write_yaml
from domain.delivery.decided import Ended, Opened
from domain.delivery.ledger import Entry
from domain.delivery.reported import Asked
from domain.plan.directory import Desk, Directory, Poll, Push, Reach, Service
from domain.plan.plan import Plan
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import PLAN_TYPE, sign
from domain.signing.keys import private_pem, public_text
from domain.views.names import NEEDS
from domain.words.errors import Malformed, NotFound, faults_of
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices, compressed, hurried, without
from rehearsal.scenario import Scenario
from rehearsal.services import SECOND, VIGIL, private_key_of, second

JOURNEY = timedelta(seconds=30)
"""How long all its ways together take."""
SLOWEST = timedelta(seconds=1)
"""How long the simulated services take to answer, at most."""
EVERY = "1s"
"""How often a polled service is asked for its answers."""

Way = Literal["push", "poll", "desk"]
Say = Callable[[object], None]


class SandboxFile(Frozen):
    """What a program needs to know of a sandbox: `sandbox.json` in its folder. These names are stable."""

    service: str
    by: Way
    url: str | None
    """Where Vigil reaches the service."""
    gateway: str
    temporal: str
    delivery: str
    vigil: str
    """Id of Vigil's own entry."""
    vigil_key: str
    """What its requests, notices, proofs and receipts are signed with."""
    directory: str
    keys: str
    """The folder with the keys of the service, and of who starts deliveries."""
    officer_keys: str
    """The folder with the key of its second officer, whose code is `officer`."""
    officer: str
    plan: str
    """As it was started."""


def reach_for(service: Service, by: Way | None, url: str | None) -> Reach:
    """How the one service is reached in a sandbox: as the directory says, or as is said instead; never at the address in the
    directory, where its real system may listen. Raises `Malformed`.
    """
    way = by or service.reach.by
    if way == "desk":
        if url is not None:
            message = _("--url is for a service that Vigil calls, and {service} is reached at its desk", service=service.id)
            raise Malformed(message, hint=_("say --by push or --by poll, or leave --url out"))
        return Desk()
    if url is None:
        message = _("it must be said where the system of {service} listens", service=service.id)
        raise Malformed(
            message, hint=_("say it with --url, such as http://127.0.0.1:9101/vigil; or --by desk, where nothing listens")
        )
    try:
        return Push.model_validate({"url": url}) if way == "push" else Poll.model_validate({"url": url, "every": EVERY})
    except ValidationError as error:
        raise Malformed(_("{url} is no address of a service", url=repr(url)), faults_of(error, place="--url")) from error


def raise_unless_taking_part(dossier: Dossier, scenario: Scenario, service: str) -> Service:
    """The service, if the plan gives it a part. Raises `NotFound`."""
    raise_unless_listed([service], [one.id for one in dossier.directory.services], "--as")
    found = dossier.directory.get(service)
    participants = scenario.participants(dossier.plan)
    if service not in participants:
        message = _("{service} takes no part in {plan}", service=service, plan=dossier.plan.operation)
        raise NotFound(message, hint=_("those who do are: {services}", services=", ".join(participants)))
    return found


@dataclass(frozen=True)
class Sandbox:
    """What is played, for whom, and where its files are."""

    dossier: Dossier
    scenario: Scenario
    service: str
    reach: Reach
    seed: int
    home: Home

    @property
    def supervisor(self) -> str | None:
        """As whom Temporal's pages are read: the directory's first, if the developer is not one."""
        return next((one.id for one in self.dossier.directory.services if one.kind == "supervisor"), None)

    def lay_out(self, gateway_port: int, temporal_port: int, ui_port: int) -> tuple[Directory, Layout]:
        """Write the files of the installation, and the test keys of the one service."""
        watching = (self.supervisor,) if self.supervisor is not None else ()
        apart: dict[str, Reach] = {self.service: self.reach} | dict.fromkeys(watching, Desk())

        def reached(directory: Directory) -> Directory:
            services = tuple(
                one.model_copy(update={"reach": apart[one.id]}) if one.id in apart else one for one in directory.services
            )
            return directory.model_copy(update={"services": services})

        participants = self.scenario.participants(self.dossier.plan)
        directory, layout = lay_out(self.dossier, (*participants, *watching), self.home, reached)
        layout = replace(layout, gateway_port=gateway_port, temporal_port=temporal_port, ui_port=ui_port)
        for service in {self.service, *self.plan.initiators()}:
            write_key(self.keys / f"{service}.pem", service)
        write_key(self.officer_keys / f"{self.service}.pem", second(self.service))
        write_yaml(self.home.path / "plan.yaml", self.plan)
        about = self.home.path / "sandbox.json"
        about.write_text(self.about(layout).model_dump_json(indent=2) + "\n", encoding="utf-8")
        return directory, layout

    @property
    def plan(self) -> Plan:
        """As it is started: with short ways."""
        return self._hurried(self.dossier.plan)

    @property
    def keys(self) -> Path:
        """Where the test keys lie."""
        return self.home.path / "keys"

    @property
    def officer_keys(self) -> Path:
        """Where that of the second officer lies."""
        return self.keys / SECOND

    def about(self, layout: Layout) -> SandboxFile:
        """What a program needs to know of it."""
        return SandboxFile(
            service=self.service,
            by=self.reach.by,
            url=None if isinstance(self.reach, Desk) else str(self.reach.url),
            gateway=layout.gateway_url,
            temporal=f"127.0.0.1:{layout.temporal_port}",
            delivery=self.plan.operation,
            vigil=VIGIL,
            vigil_key=public_text(private_key_of(VIGIL)),
            directory=str(layout.directory.resolve()),
            keys=str(self.keys.resolve()),
            officer_keys=str(self.officer_keys.resolve()),
            officer=SECOND,
            plan=str((self.home.path / "plan.yaml").resolve()),
        )

    @asynccontextmanager
    async def others(self, directory: Directory, gateway: str) -> AsyncIterator[None]:
        """Everybody else, while the context is open."""
        apart = tuple(one for one in (self.service, self.supervisor) if one is not None)
        scenario = compressed(self.scenario, max(self._slowest() / SLOWEST, 1.0))
        async with SimulatedServices(without(directory, apart), gateway, scenario, self.seed):
            yield

    async def play(self, gateway: str, say: Say) -> None:
        """Start the delivery, and say what happens until it has ended. Raises `VigilError`."""
        plan = self.plan
        async with aiohttp.ClientSession() as http:
            door = Gateway(http, gateway, plan.initiator, private_key_of(plan.initiator))
            await door.start(sign(canonical(plan), PLAN_TYPE, *map(private_key_of, plan.initiators())))
            factor = max(self._slowest() / SLOWEST, 1.0)
            changes = [
                compressed(one, factor).model_copy(update={"plan": self._hurried(one.plan)})
                for one in self.scenario.changes
                if isinstance(one.plan, Plan)
            ]
            changing = [asyncio.create_task(changed(door, one)) for one in changes]
            try:
                async for entry in door.changes(plan.operation):
                    say(line(entry))
                    if isinstance(entry, Entry):
                        for more in self._more(entry):
                            say(more)
            finally:
                for one in changing:
                    one.cancel()
                await asyncio.gather(*changing, return_exceptions=True)

    def _needs(self, opened: Opened) -> list[str]:
        """What the one service is to say at this checkpoint, by the newest plan that has it. It may have answered by now."""
        plans = (self.plan, *(one.plan for one in self.scenario.changes if isinstance(one.plan, Plan)))
        planned = (plan.find(opened.checkpoint) for plan in reversed(plans))
        checkpoint = opened.definition or next((one for one in planned if one is not None), None)
        asked = checkpoint.requires if checkpoint is not None else ()
        return [named(NEEDS, one.says) for one in asked if one.service == self.service]

    def _more(self, entry: Entry) -> list[str]:
        """What the developer of the one service is told beside the entry."""
        match entry.event:
            case Opened() as opened if needs := self._needs(opened):
                return [
                    _(
                        "      -> {service} is asked at {checkpoint}: {what}",
                        service=self.service,
                        checkpoint=opened.checkpoint,
                        what=", ".join(needs),
                    )
                ]
            case Asked(unreachable=unreachable) if self.service in unreachable:
                log = self.home.path / "worker.log"
                return [_("      -> {service} has not taken the request: {log} says why", service=self.service, log=log)]
            case Ended():
                return [_("      -> it is over; start another under another code name, or stop with Ctrl-C")]
            case _:
                return []

    def _hurried(self, plan: Plan) -> Plan:
        ways = sum((leg.takes for leg in self.dossier.plan.legs), start=timedelta())
        return hurried(plan, max(ways / JOURNEY, 1.0))

    def _slowest(self) -> timedelta:
        return max((one.slowest for one in (self.scenario.pace, *self.scenario.paces)), default=SLOWEST)


def write_key(path: Path, whose: str) -> None:
    """The test key of a service, or of an officer: everybody can make it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(private_pem(private_key_of(whose)))
