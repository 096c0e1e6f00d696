"""Three ways of taking the same delivery through the same confirmations, on one Temporal server.

- `bare`: a workflow of Temporal and nothing else, as lean as this shape can be;
- `workflow`: Vigil's workflow by Updates, its rules, ledger and archive, without gateway and encryption;
- `whole`: signed statements over HTTP to the gateway, encrypted, with what lists and pages are read from.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowHandle

from bench.processes import BareDelivery
from bench.shape import CHECKPOINTS, SERVICES, Script
from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import Left, Receipt
from domain.delivery.requests import Request
from domain.delivery.statement import Statement
from domain.plan.access import taken_along
from domain.plan.directory import Directory, Service
from domain.record.receipts import SignedReceipt
from domain.rules.books import newest
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from rehearsal.over_http import SimulatedServices
from rehearsal.scenario import Scenario
from tests.installation import VIGIL_KEY
from tests.support import SECRET, example_cards
from workflows import messages
from workflows.messages import Docket, HandIn, hand_in, workflow_id

PATIENCE = 120.0


class Asked(SimulatedServices):
    """Simulated services that note what they are asked, and say nothing by themselves."""

    def __init__(self, directory: Directory, gateway: str, scenario: Scenario, seed: int) -> None:
        super().__init__(directory, gateway, scenario, seed)
        self.directory = directory
        self.bells: defaultdict[tuple[str, str, str], asyncio.Event] = defaultdict(asyncio.Event)

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived."""
        self.bells[request.delivery, request.checkpoint, service.id].set()

    async def asked(self, delivery: str, statement: Statement) -> None:
        """Wait until that service is asked there. Raises `TimeoutError`."""
        assert statement.checkpoint is not None
        async with asyncio.timeout(PATIENCE):
            await self.bells[delivery, statement.checkpoint, statement.service].wait()


class Way(ABC):
    """One way of doing it."""

    name: str
    processes: tuple[str, ...]
    """Who has work by it, beside Temporal's server and whoever measures."""

    @abstractmethod
    def handle(self, script: Script) -> WorkflowHandle[Any, Any]:
        """The workflow of a delivery."""

    @abstractmethod
    async def begin(self, script: Script) -> None:
        """Start it, and take it to where the first of the five checkpoints is open."""

    @abstractmethod
    async def asked(self, script: Script, statement: Statement) -> None:
        """Wait until this is to be said."""

    @abstractmethod
    async def confirm(self, script: Script, statement: Statement, envelope: Envelope) -> None:
        """Say it; it is acknowledged when this returns."""

    async def confirm_all(self, took: list[float], script: Script) -> None:
        """Say all that the five checkpoints want, each once it is asked for; `took` gets the seconds of each."""
        for statement, envelope in script.confirmations:
            await self.asked(script, statement)
            began = time.perf_counter()
            await self.confirm(script, statement, envelope)
            took.append(time.perf_counter() - began)

    async def end(self, script: Script) -> None:
        """Wait until it has ended. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            await self.handle(script).result()


@dataclass
class Bare(Way):
    """Nothing but Temporal."""

    client: Client
    name: str = "bare"
    processes: tuple[str, ...] = ("bare",)

    def handle(self, script: Script) -> WorkflowHandle[Any, Any]:
        """By its code name."""
        return self.client.get_workflow_handle(script.plan.operation)

    async def begin(self, script: Script) -> None:
        """Start it: that is all."""
        await self.client.start_workflow(
            BareDelivery.run, [SERVICES] * len(CHECKPOINTS), id=script.plan.operation, task_queue=self.name
        )

    async def asked(self, script: Script, statement: Statement) -> None:
        """Nobody is asked."""

    async def confirm(self, script: Script, statement: Statement, envelope: Envelope) -> None:
        """The same bytes."""
        await self.handle(script).execute_update(BareDelivery.confirm, plain(envelope), id=statement.id)


@dataclass
class Vigil(Way):
    """What Vigil's two ways share: services are asked over HTTP, and answer after that."""

    services: Asked
    client: Client

    def handle(self, script: Script) -> WorkflowHandle[Any, Any]:
        """By the name that Vigil gives it."""
        return self.client.get_workflow_handle(workflow_id(script.plan.operation))

    @abstractmethod
    async def start(self, script: Script) -> None:
        """Start it."""

    async def begin(self, script: Script) -> None:
        """What was found is reported, the register looked into, and the State consents."""
        await self.start(script)
        for one, envelope in script.before:
            await self.asked(script, one)
            await self.confirm(script, one, envelope)

    async def asked(self, script: Script, statement: Statement) -> None:
        """Until its service has been asked for it."""
        await self.services.asked(script.plan.operation, statement)

    async def end(self, script: Script) -> None:
        """All is accounted for, and the outcome has been told."""
        for one, envelope in script.after:
            await self.asked(script, one)
            await self.confirm(script, one, envelope)
        await super().end(script)


@dataclass
class Updates(Vigil):
    """Straight to the workflow, as a gateway hands in."""

    name: str = "workflow"
    processes: tuple[str, ...] = ("plain",)

    async def start(self, script: Script) -> None:
        """With the docket that a gateway would make."""
        plan = script.plan
        cards = {state: card for state, card in example_cards().items() if state in plan.asked_states()}
        snapshot = Snapshot(directory=taken_along(plan, self.services.directory), cards=cards)
        docket = Docket(plan=script.signed, snapshot=snapshot, secret=SECRET.hex(), rules=newest().version)
        await self.client.start_workflow(messages.WORKFLOW, docket, id=workflow_id(plan.operation), task_queue="plain")

    async def confirm(self, script: Script, statement: Statement, envelope: Envelope) -> None:
        """By Update."""
        handed: HandIn[Envelope] = hand_in(envelope, script.plan.operation, datetime.now(UTC), VIGIL_KEY)
        given: Receipt = await self.handle(script).execute_update(
            messages.SUBMIT, handed, id=statement.id, result_type=messages.ANSWER
        )
        accepted(given)


@dataclass
class Whole(Vigil):
    """Through the gateway."""

    name: str = "whole"
    processes: tuple[str, ...] = ("worker", "gateway")

    async def start(self, script: Script) -> None:
        """As an officer does."""
        await self.services.door_of(script.plan.initiator).start(script.signed)

    async def confirm(self, script: Script, statement: Statement, envelope: Envelope) -> None:
        """As a service does: what was left for when a worker has time is handed in again."""
        given: SignedReceipt | Left | None = None
        while not isinstance(given, SignedReceipt):
            given = await self.services.door_of(statement.service).submit(script.plan.operation, envelope)
        accepted(given.receipt)


def accepted(receipt: Receipt) -> None:
    """Nothing is measured but what counts."""
    assert receipt.verdict.verdict == "accepted", receipt.verdict
