"""The activity `deliver_notices`: reminders, withdrawals, outcomes and the like, to each service a few times over. One that is
called gets the notice itself; people at a desk are told that there is one.
"""

import asyncio
import logging

from temporalio import activity

from activities.desks import Desks, Waiting
from activities.services import AwayError, Services
from domain.delivery.requests import Notice
from domain.plan.directory import Desk, Service
from workflows import messages
from workflows.messages import Delivered, Errand

log = logging.getLogger("vigil.notices")

TRIES = 4
FIRST_PAUSE = 1.0


class Notices:
    """The activity, with its way to the services."""

    def __init__(self, services: Services, desks: Desks) -> None:
        self._services = services
        self._desks = desks

    @activity.defn(name=messages.DELIVER_NOTICES)
    async def deliver_notices(self, errand: Errand) -> Delivered:
        """Who was reached and who was not. A notice has an id, so receiving it twice does no harm."""
        by_id = {service.id: service for service in errand.services}
        details = activity.info().heartbeat_details
        taken: list[str] = list(details[0]) if details else []
        went = await asyncio.gather(*(self._deliver(by_id[notice.service], notice, taken) for notice in errand.notices))
        services = [notice.service for notice in errand.notices]
        return Delivered(
            reached=tuple(service for service, reached in zip(services, went, strict=True) if reached),
            unreachable=tuple(service for service, reached in zip(services, went, strict=True) if not reached),
        )

    async def _deliver(self, service: Service, notice: Notice, taken: list[str]) -> bool:
        reached = False
        for attempt in range(TRIES):
            activity.heartbeat(taken)
            reached, done = await self._try(service, notice, taken)
            if done:
                break
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)
        return reached

    async def _try(self, service: Service, notice: Notice, taken: list[str]) -> tuple[bool, bool]:
        """Whether the service is reached, and whether nothing is left to try."""
        if isinstance(service.reach, Desk):
            told = await self._desks.tell(Waiting.of_notice(notice, activity.info().scheduled_time), taken)
            activity.heartbeat(taken)
            return told.anyone or told.everyone, told.everyone
        try:
            await self._services.notify(service, notice)
        except AwayError as error:
            log.warning("%s", error, extra={"service": service.id})
            return False, False
        return True, True
