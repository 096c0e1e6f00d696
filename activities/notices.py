"""The activity `deliver_notices`: reminders, withdrawals and outcomes, to each service that is called, a few times over."""

import asyncio
import logging

from temporalio import activity

from activities.services import AwayError, Services
from domain.directory import Service
from domain.requests import Notice
from workflows import messages
from workflows.messages import Delivered, Errand

log = logging.getLogger("vigil.notices")

TRIES = 4
FIRST_PAUSE = 1.0


class Notices:
    """The activity, with its way to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @activity.defn(name=messages.DELIVER_NOTICES)
    async def deliver_notices(self, errand: Errand) -> Delivered:
        """Who was reached and who was not. A notice has an id, so receiving it twice does no harm."""
        by_id = {service.id: service for service in errand.services}
        went = await asyncio.gather(*(self._deliver(by_id[notice.service], notice) for notice in errand.notices))
        services = [notice.service for notice in errand.notices]
        return Delivered(
            reached=tuple(service for service, reached in zip(services, went, strict=True) if reached),
            unreachable=tuple(service for service, reached in zip(services, went, strict=True) if not reached),
        )

    async def _deliver(self, service: Service, notice: Notice) -> bool:
        for attempt in range(TRIES):
            activity.heartbeat()
            try:
                await self._services.notify(service, notice)
            except AwayError as error:
                log.warning("%s", error, extra={"service": service.id})
                await asyncio.sleep(FIRST_PAUSE * 2**attempt)
            else:
                return True
        return False
