"""The activity `tell_supervisors`: a pattern of enquiries at the register is told to everyone who watches over deliveries (R15).

Each is told as of anything else: a service that is called gets a notice in words, people at a desk hear that there is something
to read, and nothing of what. What there is they read among the alarms, `GET /v1/alarms`.
"""

import asyncio
import logging

from temporalio import activity

from activities.messenger import Alert, Messenger
from activities.services import AwayError, ServiceCaller
from domain.delivery.requests import Notice, NoticeFacts
from domain.plan.access import supervises
from domain.plan.directory import Desk, Service
from domain.plan.enquiries import Alarm
from domain.words.moments import instant
from process.in_force import InForce
from workflows import messages

log = logging.getLogger("vigil.alarms")

ONE_SUPERVISOR = 20.0
"""Seconds for each; they are told side by side."""


class Alarms:
    """The activity, with its way to supervisors."""

    def __init__(self, caller: ServiceCaller, messenger: Messenger, directory: InForce) -> None:
        self._caller = caller
        self._messenger = messenger
        self._directory = directory

    @activity.defn(name=messages.TELL_SUPERVISORS)
    async def tell_supervisors(self, alarm: Alarm) -> None:
        """Tell each supervisor of the directory once. Who cannot be reached is passed over, and does not keep others waiting."""
        supervisors = [one for one in self._directory.now.services if supervises(one)]
        await asyncio.gather(*(self._in_time(one, alarm) for one in supervisors))

    async def _in_time(self, supervisor: Service, alarm: Alarm) -> None:
        try:
            async with asyncio.timeout(ONE_SUPERVISOR):
                await self._tell(supervisor, alarm)
        except (AwayError, TimeoutError):
            log.warning("a supervisor was not told of an alarm", extra={"service": supervisor.id})

    async def _tell(self, supervisor: Service, alarm: Alarm) -> None:
        notice = Notice(
            id=f"enquiries/{alarm.number}/{supervisor.id}",
            delivery=alarm.deliveries[-1],
            service=supervisor.id,
            kind="enquiries",
            facts=NoticeFacts(alarm=alarm),
        )
        if isinstance(supervisor.reach, Desk):
            await self._messenger.tell(Alert.of_notice(notice, instant(alarm.at)), [])
        else:
            await self._caller.notify(supervisor, notice)
