"""The stage on Temporal: durable timers, the checkpoint activity, notices, the register, and continue-as-new at any moment.

It performs what `workflows.errands.wanted` says and decides nothing. Activities hand in what they find by signal or Update, never
by their result, but for the archive's answer (`workflows.keeping`): on a replay, results may come in another order than at first.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ContinueAsNewVersioningBehavior

from domain.delivery.carried import carried
from domain.delivery.delivery import Delivery, Snapshot
from domain.delivery.requests import Notice
from domain.plan.directory import Poll
from domain.record.siblings import heeding
from domain.rules.conflict import signature
from domain.views.asked import request, without_facts
from domain.views.notices import facts_of
from domain.views.view import phase
from domain.words.limits import MOST_CARRIED_UNKEPT
from workflows.errands import Errand, Heed, Look, OnceMore, Question, Release, Telling, parcels, wanted
from workflows.keeping import Keeping
from workflows.messages import (
    ASK_ONCE_MORE,
    AWAIT_CONFIRMATIONS,
    BESIDE,
    DECONFLICT,
    DELIVER_NOTICE,
    HEED,
    PARTICIPANTS,
    PHASE,
    RELEASE_CLAIM,
    CheckpointWait,
    GoingOn,
    LookErrand,
    NoticeErrand,
    ReleaseErrand,
    RunLength,
    errand_id,
)

_PHASE = SearchAttributeKey.for_keyword(PHASE)
_PARTICIPANTS = SearchAttributeKey.for_keyword_list(PARTICIPANTS)
_BESIDE = SearchAttributeKey.for_keyword_list(BESIDE)
_ONE_ATTEMPT = timedelta(seconds=60)
"""Longest time one attempt at asking takes, long polls included; the wait itself has no limit."""
_LIVENESS = timedelta(seconds=30)
_THERE = timedelta(minutes=2)
"""So long a task queue of a service's own is waited for, where whoever is asked or told once would keep the delivery waiting."""
_PAUSE = timedelta(seconds=30)
"""Before an errand that has ended by itself, and is wanted still, is sent again."""
_AT_ONCE = timedelta(milliseconds=1)
_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))

FULL = 2
"""Lengths of a run (`RunLength`), by events or by bytes, after which it takes brakes only."""


class TemporalStage:
    """Performs what is wanted, as a workflow."""

    def __init__(self, delivery: Delivery, secret: str, pace: RunLength, snapshot: Snapshot | None) -> None:
        """`snapshot`: what it began with, until the archive has its first entry."""
        self._delivery = delivery
        self._secret = secret
        self._pace = pace
        self._updates = 0
        """How many this run has taken."""
        self._asking: dict[tuple[str, int], list[tuple[frozenset[str], asyncio.Task[None]]]] = {}
        """By checkpoint, and by plan where that matters: whom each activity asks."""
        self._running: dict[Errand, asyncio.Task[None]] = {}
        """What ends by itself."""
        self._asked = 0
        """Activities that ask, so far in this run."""
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._shown_phase = ""
        self._shown_participants = delivery.state.participants
        self._shown_beside = delivery.plan.beside()
        self._stirred = False
        self._commands = 0
        self._made_in = 0
        """The last task that made a command."""
        self._until = workflow.info().workflow_start_time + timedelta(seconds=pace.seconds)
        """When another run goes on."""
        self.keeping = Keeping(delivery, secret, snapshot, self.stir)
        self.newest = delivery.state.now
        """The newest moment that a message or an alarm has brought."""

    def took_an_update(self) -> None:
        """Temporal takes so many in one run, and no more. That it was taken stands in the history like a command."""
        self._updates += 1
        self._made_in = _task()

    def stir(self, at: datetime | None = None) -> None:
        """Something has happened: the loop looks again."""
        self._stirred = True
        if at is not None:
            self.newest = max(self.newest, at)

    async def news(self) -> datetime | None:
        """Return when something has happened: the moment that has come, or none where it was something else."""
        await workflow.wait_condition(lambda: self._stirred)
        self._stirred = False
        if self._alarm is None or not self._alarm.done():
            return None
        moment, self._alarm, self._alarm_at = self._alarm_at, None, None
        assert moment is not None  # noqa: S101 - an alarm is set for a moment
        self.newest = max(self.newest, moment)
        return moment

    def match(self, coming: datetime | None) -> None:
        """Start what is wanted and does not run, end what runs and is not wanted, and wait for the next moment.

        No task may end without a command, or a replay may take it together with the next one, where results and timers come in
        another order: where nothing else is to be done in all of it, the memo is written.
        """
        before, now = self._commands, _task()
        errands = wanted(self._delivery)
        self._ask([one for one in errands if isinstance(one, Question)])
        for errand in errands:
            known = self._running.get(errand)
            if not isinstance(errand, Question) and (known is None or known.done()):
                self._start(errand)
        heeded = {one.plan for one in errands if isinstance(one, Heed)}
        for one, task in self._running.items():
            if isinstance(one, Heed) and one.plan not in heeded:  # what listens ends by itself only when there is news
                self._commands += task.cancel()
        self._running = {one: task for one, task in self._running.items() if not task.done() or one in errands}
        ends = self._until if self.newest < self._until else None  # once that has come, what it waits for brings news of itself
        self._set_alarm(min((one for one in (coming, ends) if one is not None), default=None))
        if not self._ends():
            self._commands += self.keeping.go_on()
        self._show()
        if self._commands == before and self._made_in != now:
            workflow.upsert_memo({"size": len(self._delivery.ledger)})
        self._made_in = now

    def go_on_in_a_new_run(self) -> None:
        """Continue as new where the run has grown long or old, whatever is open: the next run starts what is wanted, on the build
        of the worker that is current then. It waits only until the archive has nearly everything.
        """
        if self._ends() and self.keeping.rests():
            going_on = GoingOn(
                carried=carried(self._delivery), secret=self._secret, pace=self._pace, snapshot=self.keeping.snapshot
            )
            workflow.continue_as_new(going_on, initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE)

    @property
    def is_full(self) -> bool:
        """Whether what the archive has not yet keeps this run from its end, and it is `FULL` times as long as it may be: the rest
        of what Temporal takes in one run is for brakes.
        """
        info, pace = workflow.info(), self._pace
        waits = self._delivery.ledger.unkept_bytes > MOST_CARRIED_UNKEPT
        events, size = info.get_current_history_length(), info.get_current_history_size()
        return waits and (events >= FULL * pace.events or size >= FULL * pace.bytes)

    def _ends(self) -> bool:
        """Whether this run has grown long or old, and what the archive has not yet is little enough to be carried."""
        info, pace = workflow.info(), self._pace
        over = (
            self._updates >= pace.updates
            or info.get_current_history_length() >= pace.events
            or info.get_current_history_size() >= pace.bytes
            or info.is_continue_as_new_suggested()
            or self.newest >= self._until
        )
        return over and self._delivery.ledger.unkept_bytes <= MOST_CARRIED_UNKEPT

    def _ask(self, questions: list[Question]) -> None:
        """One activity per checkpoint (and per task queue, where services are reached from their own), and another for whom a
        changed plan asks there as well. What has closed is cancelled: a parked activity is gone at once.
        """
        asked: dict[tuple[str, int], list[str]] = {}
        for one in questions:
            asked.setdefault((one.checkpoint, one.plan), []).append(one.service)
        for over in [one for one in self._asking if one not in asked]:
            for _, task in self._asking.pop(over):
                self._commands += task.cancel()
        for (name, plan), services in asked.items():
            running = [(whom, task) for whom, task in self._asking.get((name, plan), []) if not task.done()]
            missing = [one for one in services if not any(one in whom for whom, _ in running)]
            for queue, group in self._by_queue(missing):
                sent = parcels(self._delivery, name, group)
                running += [(frozenset(one), self._open_ended(self._await(name, one, queue))) for one in sent]
            self._asking[name, plan] = running

    def _by_queue(self, services: list[str]) -> Iterator[tuple[str | None, list[str]]]:
        queues: dict[str | None, list[str]] = {}
        for service in services:
            queues.setdefault(self._delivery.directory.get(service).task_queue, []).append(service)
        yield from queues.items()

    def _wait(self, name: str, services: list[str], *, in_full: bool = True) -> CheckpointWait:
        requests = (request(self._delivery, name, one) for one in services)
        return CheckpointWait(
            delivery=self._delivery.plan.operation,
            checkpoint=name,
            requests=tuple(requests if in_full else map(without_facts, requests)),
            services=tuple(self._delivery.directory.get(one) for one in services),
        )

    def _await(self, name: str, services: list[str], queue: str | None) -> asyncio.Task[Any]:
        self._asked += 1
        return workflow.start_activity(
            AWAIT_CONFIRMATIONS,
            self._wait(name, services),
            activity_id=errand_id(self._secret, "wait", name, str(self._asked)),
            task_queue=queue,
            start_to_close_timeout=_ONE_ATTEMPT,
            heartbeat_timeout=_LIVENESS,
            retry_policy=_AGAIN,
            summary=f"{name}: waits for {', '.join(services)}"[:120],
        )

    def _start(self, errand: Errand) -> None:
        match errand:
            case OnceMore(checkpoint=name, services=services):
                task = self._ask_once_more(name, list(services), f"{name}: asks once more before silence decides")
            case Telling(of=of, kind=kind, checkpoint=name, service=service):
                facts = facts_of(self._delivery, kind, name, service)
                operation = self._delivery.plan.operation
                number = f"{operation}/{of}/{kind}/{service}"
                told = Notice(id=number, delivery=operation, service=service, kind=kind, checkpoint=name, facts=facts)
                known = self._delivery.directory.get(service)
                told_of = NoticeErrand(delivery=operation, of=of, notice=told, service=known)
                task = self._once(DELIVER_NOTICE, told_of, f"{kind} to {service}", known.task_queue)
            case Look():
                plan, (signer, order) = self._delivery.plan, signature(self._delivery)
                state = self._delivery.directory.get(plan.initiator).state
                assert state is not None  # noqa: S101 - who signed is of the initiator's State
                touched = LookErrand(
                    delivery=plan.operation,
                    contact=plan.initiator,
                    state=state,
                    signer=signer,
                    order=order,
                    identifiers=plan.consignment.identifiers,
                    selectors=plan.selectors,
                    group=plan.group.digest if plan.group is not None else None,
                )
                task = self._once(DECONFLICT, touched, "looks for other operations that touch this one")
            case Heed():
                task = self._once(HEED, heeding(self._delivery), "listens for its siblings")
            case Release():
                task = self._once(RELEASE_CLAIM, ReleaseErrand(delivery=self._delivery.plan.operation), "is live no more")
            case Question():
                return
        self._running[errand] = self._open_ended(task)

    def _once(self, activity: str, what: Any, summary: str, queue: str | None = None) -> asyncio.Task[Any]:
        """An activity that ends by itself, and reports what it found by signal. `queue`: through this one, where a worker is
        there; else through ours, and the service is found to be away.
        """
        if queue is not None:
            return asyncio.create_task(self._there_or_here(queue, activity, what, summary))
        return workflow.start_activity(
            activity, what, start_to_close_timeout=_ONE_ATTEMPT, retry_policy=_AGAIN, summary=summary[:120]
        )

    async def _there_or_here(self, queue: str, activity: str, what: Any, summary: str) -> None:
        if not await self._there(queue, activity, what, summary):
            await self._once(activity, what, summary)

    @staticmethod
    async def _there(queue: str, activity: str, what: Any, summary: str) -> bool:
        """The same through a task queue of a service's own; whether that came to its end there."""
        try:
            await workflow.start_activity(
                activity,
                what,
                task_queue=queue,
                schedule_to_start_timeout=_THERE,
                start_to_close_timeout=_ONE_ATTEMPT,
                retry_policy=_AGAIN,
                summary=summary[:120],
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return False
        return True

    def _ask_once_more(self, name: str, services: list[str], summary: str) -> asyncio.Task[Any]:
        """Side by side through the task queues of their own, and the others at last, with the report."""
        directory = self._delivery.directory
        last = self._wait(name, services, in_full=False)
        polled = [one for one in services if isinstance(directory.get(one).reach, Poll)]
        waits = {
            queue: self._wait(name, group, in_full=False).model_copy(update={"reports": False})
            for queue, group in self._by_queue(polled)
            if queue is not None
        }
        return (
            asyncio.create_task(self._side_by_side_and_at_last(waits, last, summary))
            if waits
            else self._once(ASK_ONCE_MORE, last, summary)
        )

    async def _side_by_side_and_at_last(self, waits: dict[str, CheckpointWait], last: CheckpointWait, summary: str) -> None:
        """`waits`: by task queue. Where one has its answer and others have not, the loop looks, so that a command is made."""
        under_way = len(waits)

        async def there(queue: str) -> bool:
            nonlocal under_way
            came = await self._there(queue, ASK_ONCE_MORE, waits[queue], summary)
            under_way -= 1
            if under_way:
                self.stir()
            return came

        queues = sorted(waits)
        came = await asyncio.gather(*map(there, queues))
        heard = [one.id for queue, is_heard in zip(queues, came, strict=True) if is_heard for one in waits[queue].services]
        await self._once(ASK_ONCE_MORE, last.model_copy(update={"heard": tuple(heard)}), summary)

    def _open_ended(self, activity: asyncio.Task[Any]) -> asyncio.Task[None]:
        """An errand never raises into the loop. One that ends by itself rests, and is sent again if it is wanted still."""
        self._commands += 1

        async def run() -> None:
            try:
                await activity
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the loop goes on
                if is_cancelled_exception(error):
                    return
                workflow.logger.warning("an errand ended by itself", exc_info=error)
            self.stir()
            await workflow.sleep(_PAUSE, summary="a pause after a failure")
            self.stir()

        return asyncio.create_task(run())

    def _set_alarm(self, until: datetime | None) -> None:
        """Where one is set for an earlier moment, which nothing waits for any more, it stays: when it comes, the next is set. To
        take it back and set another would be two events for each checkpoint that closes in time.
        """
        if until is None or (self._alarm_at is not None and self._alarm_at <= until):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = until
        self._commands += 1
        left = max(until - workflow.now(), _AT_ONCE)
        self._alarm = asyncio.create_task(workflow.sleep(left, summary=f"until {until.isoformat(timespec='seconds')}"))
        self._alarm.add_done_callback(lambda _: self.stir())

    def _show(self) -> None:
        """By what Temporal's lists are filtered, where that has changed. What its UI says in words, `workflows.details` makes."""
        delivery = self._delivery
        coarse = coarse_phase(delivery)
        if coarse != self._shown_phase:
            self._shown_phase = coarse
            self._commands += 1
            workflow.upsert_search_attributes([_PHASE.value_set(coarse)])
        if delivery.state.participants != self._shown_participants:
            self._shown_participants = delivery.state.participants
            self._commands += 1
            workflow.upsert_search_attributes([_PARTICIPANTS.value_set(list(self._shown_participants))])
        if delivery.plan.beside() != self._shown_beside:
            self._shown_beside = beside = delivery.plan.beside()
            self._commands += 1
            workflow.upsert_search_attributes([_BESIDE.value_set(list(beside)) if beside else _BESIDE.value_unset()])


def _task() -> int:
    """The workflow task that is being performed, by the event with which it started."""
    return workflow.info().get_current_history_length()


def coarse_phase(delivery: Delivery) -> str:
    """The one word by which lists in Temporal are filtered."""
    state = delivery.state
    if state.outcome is not None:
        return state.outcome
    return "halted" if phase(delivery) == "halted" else "under_way" if state.dispatched else "planned"
