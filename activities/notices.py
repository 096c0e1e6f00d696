"""The activity `deliver_notice`: one reminder, withdrawal, outcome or the like, to one service. A service that is called gets
the notice itself; people at a desk are told that there is one.

Each notice is an activity of its own, so no service keeps another from hearing. An attempt tries once and ends within
`ONE_ATTEMPT`; the last one gives up. How it went is a fact of the ledger, and so it reaches the workflow by signal: an activity's
result could be put there by whoever can write to Temporal and knows the activity's id.
"""

import asyncio
import logging
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.messenger import Alert, Messenger
from activities.relay import Relay
from activities.services import AwayError, ServiceCaller
from domain.delivery.reported import Told
from domain.plan.directory import Desk
from workflows import messages
from workflows.messages import NoticeErrand

log = logging.getLogger("vigil.notices")

ATTEMPTS = 3
"""How often a notice is tried at most, whatever the workflow's retry policy would allow."""
ONE_ATTEMPT = 20.0
"""Seconds for one attempt, before it is reported or tried again."""
PAUSE = timedelta(seconds=5)
"""Between two attempts; the second pause is twice as long."""


class Attempted(BaseModel):
    """What one attempt leaves to the next."""

    taken: list[str] = []
    """Marks of what has been told where, see `Messenger.tell`."""
    reached: bool = False
    """Whether it has been told anywhere."""
    done: bool = False
    """Whether nothing is left to try, and only the report is missing."""


class Notices:
    """The activity, with its way to the services."""

    def __init__(self, caller: ServiceCaller, messenger: Messenger, relay: Relay) -> None:
        self._caller = caller
        self._messenger = messenger
        self._relay = relay

    @activity.defn(name=messages.DELIVER_NOTICE)
    async def deliver_notice(self, errand: NoticeErrand) -> None:
        """Try once. At the end the workflow is told whether the service was reached; who was not is never tried without end."""
        info = activity.info()
        allowed = info.retry_policy.maximum_attempts if info.retry_policy is not None else 0
        last = info.attempt >= min(allowed or ATTEMPTS, ATTEMPTS)
        tried = Attempted.model_validate(info.heartbeat_details[0]) if info.heartbeat_details else Attempted()
        activity.heartbeat(tried)  # an attempt that cannot leave a word of its own leaves that of the attempt before
        if not tried.done:
            await self._in_time(errand, tried)
            activity.heartbeat(tried)
        if not (tried.done or last):
            message = f"{errand.service.id} has not been reached"
            pause = PAUSE * 2 ** (info.attempt - 1)
            raise ApplicationError(message, type="NotReached", category=ApplicationErrorCategory.BENIGN, next_retry_delay=pause)
        notice, service = errand.notice, (errand.service.id,)
        how = {"reached": service} if tried.reached else {"unreachable": service}
        await self._relay.report(errand.delivery, Told(of=errand.of, kind=notice.kind, checkpoint=notice.checkpoint, **how))

    async def _in_time(self, errand: NoticeErrand, tried: Attempted) -> None:
        try:
            async with asyncio.timeout(ONE_ATTEMPT):
                await self._try(errand, tried)
        except TimeoutError:
            log.warning("a notice was not taken in time", extra={"service": errand.service.id})

    async def _try(self, errand: NoticeErrand, tried: Attempted) -> None:
        if isinstance(errand.service.reach, Desk):
            told = await self._messenger.tell(Alert.of_notice(errand.notice, activity.info().scheduled_time), tried.taken)
            tried.reached, tried.done = told.anyone or told.everyone, told.everyone
            return
        try:
            await self._caller.notify(errand.service, errand.notice)
        except AwayError as error:
            log.warning("%s", error, extra={"service": errand.service.id})
        else:
            tried.reached = tried.done = True
