"""What those who watch over deliveries are told: by `activities.register_watch`, of a pattern of enquiries at the register (R15);
by `StrandedWatch`, of deliveries that wait for a worker of a build of which none is up.

Each is told as of anything else: a service that is called gets a notice in words, people at a desk hear that there is something
to read, and nothing of what. What there is they read among the alarms, `GET /v1/alarms`.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Literal

from temporalio.client import Client

from activities.messenger import Alert, Messenger
from activities.services import AwayError, ServiceCaller
from domain.delivery.requests import Notice, NoticeFacts, Stranded
from domain.plan.access import supervises
from domain.plan.directory import Desk, Service
from domain.plan.enquiries import Alarm
from domain.signing.canonical import digest
from process.builds import builds_at_work, stranded
from process.in_force import InForce
from workflows.messages import delivery_of

log = logging.getLogger("vigil.alarms")

ONE_SUPERVISOR = 20.0
"""Seconds for each; they are told side by side."""
LOOK_EVERY = 15.0
"""Seconds from one look for stranded deliveries to the next: with `process.builds.LATELY`, supervisors are told within
two minutes after the last worker of a build has gone.
"""
PATIENCE = timedelta(seconds=3)
"""For one answer of Temporal."""


class Alarms:
    """The way to supervisors."""

    def __init__(self, caller: ServiceCaller, messenger: Messenger, directory: InForce) -> None:
        self._caller = caller
        self._messenger = messenger
        self._directory = directory

    async def tell(self, number: str, kind: Literal["enquiries", "stranded"], alarm: Alarm | Stranded, at: datetime) -> bool:
        """Tell each supervisor of the directory once. Who cannot be reached is passed over, and keeps no other waiting: alarms
        are read, too. Whether that was not so of all of them: what nobody has heard of is told again. `number`: of the alarm, by
        which one that is told again is known.
        """
        supervisors = [one for one in self._directory.now.services if supervises(one)]
        facts, delivery = NoticeFacts(alarm=alarm), alarm.deliveries[-1]
        notices = [
            Notice(id=f"{number}/{one.id}", delivery=delivery, service=one.id, kind=kind, facts=facts) for one in supervisors
        ]
        told = await asyncio.gather(*(self._in_time(one, notice, at) for one, notice in zip(supervisors, notices, strict=True)))
        return True in told or False not in told

    async def _in_time(self, supervisor: Service, notice: Notice, at: datetime) -> bool | None:
        """Whether it was told, or may have been; none where the directory names no place to tell it."""
        perhaps = list[str]()
        try:
            async with asyncio.timeout(ONE_SUPERVISOR):
                if not isinstance(supervisor.reach, Desk):
                    await self._caller.notify(supervisor, notice)
                    return True
                reached = await self._messenger.tell(Alert.of_notice(notice, at), [], perhaps)
                if reached.anyone or perhaps:
                    return True
                if reached.everyone:
                    return None
        except (AwayError, TimeoutError):
            pass
        log.warning("a supervisor was not told of an alarm", extra={"service": supervisor.id})
        return False


class StrandedWatch:
    """Looks for deliveries that are stranded, and tells supervisors of what two looks in a row have found: once a day for each
    build, as long as it lasts.
    """

    def __init__(self, client: Client, task_queue: str, alarms: Alarms) -> None:
        self._client = client
        self._task_queue = task_queue
        self._alarms = alarms
        self._told: dict[str, str] = {}
        """By build: on which day; on none yet. A build of which a worker has come is forgotten."""

    async def go_on(self) -> None:
        """One look after another, until it is cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look comes
                log.warning("nobody knows which deliveries are stranded: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def once(self) -> None:
        """One look. Raises `RPCError` or `Unavailable`."""
        builds = await builds_at_work(self._client, self._task_queue, patience=PATIENCE)
        found = await stranded(self._client, self._task_queue, builds, delivery_of, patience=PATIENCE)
        now = datetime.now(UTC)
        day = f"{now:%Y-%m-%d}"
        again = self._told.keys()  # where Temporal has just come back, no worker has asked it for work yet
        self._told = {one.build: self._told.get(one.build, "") for one in found}
        for one in found:
            if one.build in again and self._told[one.build] != day:
                log.error("deliveries wait for a worker of a build of which none is up", extra={"build": one.build})
                if await self._alarms.tell(f"stranded/{digest([one.build])[:16]}/{day}", "stranded", one, now):
                    self._told[one.build] = day
