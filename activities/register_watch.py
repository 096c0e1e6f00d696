"""What watches over the register of live operations (R15): supervisors are told of patterns, and what nothing performs any more
is taken out after a day.

An operation leaves the register by its own workflow. Where somebody has ended that from outside, nobody releases it, and whoever
touches the same would settle with an initiator that has nothing under way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.alarms import Alarms
from activities.deconfliction import RegisterActivities
from archive.claims import Claims
from archive.patterns import Patterns
from domain.delivery.reported import Deconflicted
from domain.plan.register import RegisterAnswer
from domain.words.errors import Unavailable
from domain.words.moments import instant
from process.clock import Clock, look
from workflows import messages
from workflows.messages import hand_in, workflow_id

log = logging.getLogger("vigil.register")

LOOK_EVERY = 5.0
"""Seconds from one look for patterns to the next."""
SWEEP_EVERY = 60.0
"""Seconds from one look for what nothing performs to the next."""
PATIENCE = timedelta(seconds=3)
"""For one answer of Temporal."""


class RegisterWatch:
    """Looks from time to time, at each worker, with the installation's key to tell deliveries what follows."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        client: Client,
        claims: Claims,
        patterns: Patterns,
        alarms: Alarms,
        register: RegisterActivities,
        key: Ed25519PrivateKey,
        clock: Callable[[Client], Awaitable[Clock]] = look,
    ) -> None:
        """`clock`: Temporal's, by which claims and releases come: a day is a day, whatever a worker's machine says."""
        self._client = client
        self._claims = claims
        self._patterns = patterns
        self._alarms = alarms
        self._register = register
        self._key = key
        self._clock = clock

    async def go_on(self) -> None:
        """One look after another, until it is cancelled. What is away is asked again at the next one."""
        swept = monotonic() - SWEEP_EVERY
        while True:
            try:
                await self.tell()
                if monotonic() - swept >= SWEEP_EVERY:
                    swept = monotonic()
                    await self.sweep()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look comes
                log.warning("the register was not looked after: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def tell(self) -> None:
        """Tell supervisors of every pattern of which they have not been told. Where none can be reached, it is told again a while
        later, and the others wait for the next look: what nothing performs is looked for meanwhile. Raises `Unavailable`.
        """
        while (alarm := await self._patterns.take()) is not None:
            if not await self._alarms.tell(f"enquiries/{alarm.number}", "enquiries", alarm, instant(alarm.at)):
                break
            await self._patterns.told(alarm.number)

    async def sweep(self) -> None:
        """Take out what nothing has performed for a day, tell those who touched it, and forget what is over. Raises `RPCError` or
        `Unavailable`.
        """
        now = (await self._clock(self._client)).now()
        for delivery in await self._claims.suspects():
            if await self._is_performed(delivery):
                await self._claims.there(delivery)
                continue
            answer = await self._claims.gone(delivery, now)
            if answer is not None:
                log.error("an operation that nothing performs is in the register no more", extra={"delivery": delivery})
                if await self._told(answer):
                    await self._claims.forgotten(delivery)
        await self._claims.tidy(now)

    async def _told(self, answer: RegisterAnswer) -> bool:
        """Tell all those whom this answer concerns; whether each has been told. The others are told in a later round."""
        all_told = True
        async for other, fact in self._register.facts(answer):
            try:
                await self._report(other, fact)
            except (RPCError, Unavailable) as error:
                log.warning("not told that a conflict has gone: %s", type(error).__name__, extra={"delivery": other})
                all_told = False
        return all_told

    async def _is_performed(self, delivery: str) -> bool:
        try:
            described = await self._client.get_workflow_handle(workflow_id(delivery)).describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return False
        return described.status == WorkflowExecutionStatus.RUNNING

    async def _report(self, delivery: str, fact: Deconflicted) -> None:
        handed = hand_in(fact, delivery, (await look(self._client)).now(), self._key)
        try:
            await self._client.get_workflow_handle(workflow_id(delivery)).signal(messages.REPORT, handed, rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
