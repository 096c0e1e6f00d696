"""The checkpoint activity `await_confirmations`: asks the services of one checkpoint and waits, for days if need be.

It waits *parked*. One attempt asks whoever has not received the request yet, fetches what polled services have answered,
and then ends with a benign "waiting for ..." and the moment at which it wants to be woken. Between attempts the activity is
pending on the server, visible in Temporal's UI with what it waits for, and costs no slot, no heartbeat and no history; a
crash in the middle of an attempt is noticed by its short timeout; and when the checkpoint closes, the workflow's cancellation
closes it at once. What has been asked and received is kept in the heartbeat details, which survive every attempt. People at a
desk are told that something waits; that they have received it is known when they read it.
(docs/decisions/0003 has the alternatives and the measurements.)

Within an attempt each service has turns of its own, at its own pace and bounded in time: while one keeps us waiting, the
others are asked and heard as if it were not there.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities import polled
from activities.clock import moment
from activities.messenger import Alert, Messenger
from activities.polled import AWAY, PollProgress
from activities.relay import Relay
from activities.services import AwayError, ServiceCaller
from domain.delivery.reported import Asked, AskedOnceMore
from domain.delivery.requests import Request, SignedAcknowledgement
from domain.plan.directory import Desk, Poll, Service
from domain.words.errors import Unavailable
from domain.words.moments import instant
from process.in_force import InForce
from workflows import messages
from workflows.messages import CheckpointWait

log = logging.getLogger("vigil.checkpoint")

PARKED = timedelta(days=1)
"""How long it sleeps at most when nothing is left to ask or poll; waking is harmless. Temporal's UI shows it in seconds."""
LONGEST_BACKOFF = timedelta(minutes=1)
RARELY = timedelta(days=1)
"""The same where people may have been told, and nobody knows: their mail server takes longer to say so than it is given."""
AT_ONCE = timedelta(milliseconds=50)
"""How long it sleeps when a service is due already."""
ONE_TURN = 25.0
"""Seconds for asking one service once, or for fetching its answers and handing them in."""
LAGS = timedelta(minutes=2)
"""So long an answer that cannot be judged yet keeps silence from deciding after a due time, while it is asked for again: the
worker's directory, a change of keys, or the delivery lags behind. Not longer, or a service could hold a delivery up with an
answer that nobody can judge. While no worker is up nobody asks, and that does not count.
"""
A_MOMENT = timedelta(seconds=1)
"""Before it is asked again."""
ROUND = timedelta(seconds=20)
"""After so long an attempt begins no more turns. With the last turn it ends before the workflow gives it up."""
TOGETHER = 0.05
"""Seconds within which what services have received is told in one report."""
BEAT = 5.0
"""Seconds between two signs of life."""
NEVER = datetime.max.replace(tzinfo=UTC)


class Memory(BaseModel):
    """What one attempt leaves to the next."""

    received: list[str] = []
    unreachable: list[str] = []
    told: list[str] = []
    acknowledgements: dict[str, SignedAcknowledgement] = {}
    """What those who have received it have signed of that, until the workflow has it."""
    reported: list[str] = []
    """Of the three above, what the workflow has been told, as `service received`, `service unreachable` or `service told`."""
    taken: list[str] = []
    """Marks of what has been told where, see `Messenger.tell`."""
    perhaps_told: list[str] = []
    """Services whose people may have been told, and nobody knows."""
    polled: dict[str, PollProgress] = {}
    """How far the answers of each polled service have been taken."""
    misses: dict[str, int] = {}
    """How often in a row each service could not be asked."""
    due: dict[str, datetime] = {}
    """When the next turn of each service is, by Temporal's clock, since another worker may give it; at once of one that has had
    none.
    """
    held_up: timedelta = timedelta()
    """For how long attempts have kept silence from deciding."""


Heard = Literal["heard", "waits", "away"]
"""What came of hearing a polled service: nothing of it is left; something is, and may be judged soon; it could not be heard."""


class Checkpoints:
    """The activity, with its way to the services."""

    def __init__(self, caller: ServiceCaller, messenger: Messenger, directory: InForce, relay: Relay) -> None:
        self._caller = caller
        self._messenger = messenger
        self._directory = directory
        self._relay = relay

    @activity.defn(name=messages.AWAIT_CONFIRMATIONS)
    async def await_confirmations(self, wait: CheckpointWait) -> None:
        """Ask, fetch, park. Never returns by itself: the checkpoint closes when the workflow says so."""
        memory = _remembered()
        alive = asyncio.create_task(_live(memory))
        try:
            await _Round(self._caller, self._messenger, self._directory, self._relay, wait, memory).go()
        finally:
            alive.cancel()
        activity.heartbeat(memory)
        raise ApplicationError(
            waiting_for(wait, memory),
            type="Waiting",
            category=ApplicationErrorCategory.BENIGN,
            next_retry_delay=wakes(wait, memory, now := moment()) - now,
        )

    @activity.defn(name=messages.ASK_ONCE_MORE)
    async def ask_once_more(self, wait: CheckpointWait) -> None:
        """The due time has passed: hear what those who must be polled have answered, each in one turn, before silence decides.

        Everything they have answered is handed in once more; what is known already changes nothing. Silence does not decide while
        an answer lies there that was not judged, for as long as `LAGS`, nor because this worker stops. Who need not be polled is
        asked by `await_confirmations`: for these it says no more than that somebody is up.
        """
        memory = _remembered()
        due = [(service, one) for service in wait.services for one in wait.requests if one.service == service.id]
        polled_now = [(service, one) for service, one in due if isinstance(service.reach, Poll) and service.id not in wait.heard]
        heard = await asyncio.gather(*(self._hear(service, one, memory) for service, one in polled_now))
        held_up = memory.held_up + (moment() - activity.info().started_time)
        memory.held_up = held_up + A_MOMENT
        activity.heartbeat(memory)
        came = {service.id: how for (service, _), how in zip(polled_now, heard, strict=True)}
        waits = [service for service, how in came.items() if how == "waits"]
        if waits and (activity.is_worker_shutdown() or held_up < LAGS):
            raise ApplicationError(
                f"answers are not judged yet: {', '.join(waits)}",
                type="Waiting",
                category=ApplicationErrorCategory.BENIGN,
                next_retry_delay=A_MOMENT,
            )
        missed = tuple(service for service, how in came.items() if how == "away")
        if not wait.reports:
            if missed:
                message = f"not heard from here: {', '.join(missed)}"
                raise ApplicationError(message, type="Away", category=ApplicationErrorCategory.BENIGN, non_retryable=True)
            return
        await self._relay.report(wait.delivery, AskedOnceMore(checkpoint=wait.checkpoint, unreachable=missed))

    async def _hear(self, service: Service, request: Request, memory: Memory) -> Heard:
        """All that it has answered is handed in, and it hears what became of that: it is asked until both are so."""
        progress = memory.polled.setdefault(service.id, PollProgress())
        try:
            async with asyncio.timeout(ONE_TURN):
                while True:
                    words = progress.words()
                    settled = await polled.fetch(self._caller, service, request, progress, self._directory, self._relay)
                    if not settled and set(progress.words()) <= set(words):
                        break
        except AwayError as error:
            log.warning("not heard before silence decides: %s", error, extra={"service": service.id})
            return "away"
        except (TimeoutError, *AWAY) as error:
            log.warning("not heard yet: %s", type(error).__name__, extra={"service": service.id})
            return "waits"
        return "away" if progress.is_nonsense else "waits" if progress.waits else "heard"


class _Round:
    """One attempt at one checkpoint."""

    def __init__(  # noqa: PLR0913, PLR0917 - what one attempt takes
        self,
        caller: ServiceCaller,
        messenger: Messenger,
        directory: InForce,
        relay: Relay,
        wait: CheckpointWait,
        memory: Memory,
    ) -> None:
        self._caller = caller
        self._messenger = messenger
        self._directory = directory
        self._relay = relay
        self._wait = wait
        self._memory = memory
        self._services = {service.id: service for service in wait.services}
        self._reporting = asyncio.Lock()
        self._everyone = asyncio.Event()
        """Of everyone it is known whether the request has arrived."""

    async def go(self) -> None:
        """Give every service its turns as they come due, side by side, until nobody keeps us waiting."""
        until, turns = moment() + ROUND, dict[asyncio.Task[None], str]()
        try:
            while True:
                begins = moment() < until and not activity.is_worker_shutdown()
                idle = [one for one in self._wait.requests if one.service not in turns.values()] if begins else []
                for one in idle:
                    if self._due(one) <= moment():
                        turns[asyncio.create_task(self._turn(self._services[one.service], one))] = one.service
                if not turns:
                    return
                left = min((self._due(one) for one in idle if one.service not in turns.values()), default=until) - moment()
                patience = max(left.total_seconds(), 0.01) if begins else None
                done, _ = await asyncio.wait(turns, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for turn in done:
                    del turns[turn]
                    turn.result()
        finally:
            for turn in turns:
                turn.cancel()
            await asyncio.gather(*turns, return_exceptions=True)

    def _due(self, request: Request) -> datetime:
        return self._memory.due.get(request.service, datetime.min.replace(tzinfo=UTC))

    async def _turn(self, service: Service, request: Request) -> None:
        """Ask it, or fetch what it has answered, in bounded time; then note when its next turn is."""
        after: timedelta | None
        try:
            async with asyncio.timeout(ONE_TURN):
                if isinstance(service.reach, Poll) and service.id in self._memory.received:
                    await self._report()  # if that could not be done when it was asked
                    await self._fetch(service, request)
                    self._memory.misses.pop(service.id, None)
                    after = max(service.reach.every, AT_ONCE)
                else:
                    done = await self._ask(service, request)
                    await self._report()
                    after = self._again(service, done=done)
        except TimeoutError:
            log.warning("a turn took too long", extra={"service": service.id, "checkpoint": request.checkpoint})
            after = self._again(service, done=False)
        except (Unavailable, *AWAY) as error:
            log.warning("the workflow cannot be told: %s", type(error).__name__, extra={"service": service.id})
            after = self._again(service, done=False)
        self._memory.due[service.id] = moment() + after if after is not None else NEVER
        activity.heartbeat(self._memory)

    def _again(self, service: Service, *, done: bool) -> timedelta | None:
        """How long until its next turn; None where nothing is left to do: one that was away is asked again ever more rarely."""
        if done:
            self._memory.misses.pop(service.id, None)
            return timedelta() if isinstance(service.reach, Poll) else None
        self._memory.misses[service.id] = missed = self._memory.misses.get(service.id, 0) + 1
        longest = RARELY if service.id in self._memory.perhaps_told else LONGEST_BACKOFF
        return min(timedelta(seconds=2 ** min(missed, 17)), longest)

    async def _ask(self, service: Service, request: Request) -> bool:
        """Ask once more, unless the service has acknowledged receipt; whether nothing is left to do for it. Before it is asked
        again, the delivery says whether it is asked still: it may have answered by another way.
        """
        memory = self._memory
        if service.id in memory.received:
            return True
        if service.id in memory.misses and not await self._relay.still_asked(self._wait.delivery, request.id):
            return False
        if isinstance(service.reach, Desk):
            return await self._tell(service, request)
        try:
            signed = await self._caller.ask(service, request)
        except AwayError as error:
            log.warning("%s", error, extra={"service": service.id, "checkpoint": request.checkpoint})
            if service.id not in memory.unreachable:
                memory.unreachable.append(service.id)
            return False
        memory.received.append(service.id)
        if signed is not None:
            memory.acknowledgements[service.id] = signed
        if service.id in memory.unreachable:
            memory.unreachable.remove(service.id)
        return True

    async def _tell(self, service: Service, request: Request) -> bool:
        """Tell people at a desk, where the directory says how; the request is in their inbox all the same."""
        memory = self._memory
        perhaps = list[str]()
        told = await self._messenger.tell(Alert.of_request(request), memory.taken, perhaps)
        if perhaps and service.id not in memory.perhaps_told:
            memory.perhaps_told.append(service.id)
        activity.heartbeat(memory)
        if told.anyone and service.id not in memory.told:
            memory.told.append(service.id)
            memory.unreachable = [one for one in memory.unreachable if one != service.id]
        if not (told.anyone or told.everyone or service.id in memory.unreachable):
            memory.unreachable.append(service.id)
        return told.everyone

    async def _report(self) -> None:
        """Tell the ledger what is new about who has received the request: each thing once, and what comes at nearly the same time
        together, since each report is a task of the workflow. Nobody waits where there is nobody left to be heard of.
        """
        memory = self._memory
        if {one.service for one in self._wait.requests} <= {*memory.received, *memory.unreachable, *memory.told}:
            self._everyone.set()
        async with self._reporting:
            if self._news() is None:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(TOGETHER):
                    await self._everyone.wait()
            news = self._news()
            if news is None:
                return
            await self._relay.report(self._wait.delivery, news)
            memory.reported += [f"{one} received" for one in news.received]
            for one in news.received:
                memory.acknowledgements.pop(one, None)
            memory.reported += [f"{one} unreachable" for one in news.unreachable]
            memory.reported += [f"{one} told" for one in news.told]

    def _news(self) -> Asked | None:
        """What the ledger has not been told; None where that is nothing."""
        memory = self._memory
        received = tuple(one for one in memory.received if f"{one} received" not in memory.reported)
        unreachable = tuple(one for one in memory.unreachable if f"{one} unreachable" not in memory.reported)
        told = tuple(one for one in memory.told if f"{one} told" not in memory.reported)
        if not (received or unreachable or told):
            return None
        return Asked(
            checkpoint=self._wait.checkpoint,
            received=received,
            acknowledgements=tuple(memory.acknowledgements[one] for one in received if one in memory.acknowledgements),
            unreachable=unreachable,
            told=told,
        )

    async def _fetch(self, service: Service, request: Request) -> None:
        """Hand in what a polled service has answered since last time. One that is away is asked again."""
        progress = self._memory.polled.setdefault(service.id, PollProgress())
        try:
            await polled.fetch(self._caller, service, request, progress, self._directory, self._relay)
        except AwayError as error:
            log.warning("%s", error, extra={"service": service.id, "checkpoint": request.checkpoint})


def _remembered() -> Memory:
    """What the attempt before has left."""
    details = activity.info().heartbeat_details
    return Memory.model_validate(details[0]) if details else Memory()


async def _live(memory: Memory) -> None:
    """Say that this attempt is alive, however long a service keeps it waiting."""
    while True:
        await asyncio.sleep(BEAT)
        activity.heartbeat(memory)


def wakes(wait: CheckpointWait, memory: Memory, now: datetime) -> datetime:
    """When the next attempt is: with the next turn; where there is none, when the answers are due, or after `PARKED`."""
    turn = min((memory.due.get(one.service, NEVER) for one in wait.requests), default=NEVER)
    due = [instant(one.due) for one in wait.requests if one.due is not None and instant(one.due) > now]
    return max(min(turn, now + PARKED, *due), now + AT_ONCE)


def waiting_for(wait: CheckpointWait, memory: Memory) -> str:
    """What Temporal's UI shows with the pending activity under "last failure": it has no other place."""
    words = dict.fromkeys(memory.received, "received") | dict.fromkeys(memory.unreachable, "unreachable")
    words |= dict.fromkeys(memory.told, "told")
    who = ", ".join(f"{one.service} ({words.get(one.service, 'asked')})" for one in wait.requests)
    due = min((one.due for one in wait.requests if one.due is not None), default=None)
    return f"waiting for {who} at {wait.checkpoint}{f', due {due}' if due is not None else ''}; this is no failure"
