"""The Stage on Temporal: durable timers, the checkpoint activity, notices, and continue-as-new between two steps."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import is_cancelled_exception

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import NoticeKind, Told
from domain.delivery.requests import Notice
from domain.record.door import record
from domain.rules.unforeseen import in_between
from domain.views.asked import requests
from domain.views.sight import notice
from domain.views.view import markdown, phase, view
from workflows.messages import (
    AWAIT_CONFIRMATIONS,
    DECONFLICT,
    DELIVER_NOTICES,
    PARTICIPANTS,
    PHASE,
    RELEASE_CLAIM,
    CheckpointWait,
    Delivered,
    Docket,
    Errand,
    Over,
    Touched,
    wait_id,
)

DESKS_ARE_TOLD = "desks-are-told"
"""Patch: notices go to people at a desk as well."""
_PHASE = SearchAttributeKey.for_keyword(PHASE)
_PARTICIPANTS = SearchAttributeKey.for_keyword_list(PARTICIPANTS)
_ONE_ATTEMPT = timedelta(seconds=60)
"""Longest time one attempt at asking takes, long polls included; the wait itself has no limit."""
_UNTELLING_IDS = "untelling-activity-ids"
"""Patch: activity ids, which Temporal never encrypts, do not tell a checkpoint's name any more."""
_LIVENESS = timedelta(seconds=30)


class TemporalStage:
    """Performs a `Story` as a workflow."""

    def __init__(self, delivery: Delivery, docket: Docket) -> None:
        self._delivery = delivery
        self._docket = docket
        self._asking: dict[str, list[asyncio.Task[Any]]] = {}
        self._asked: dict[str, list[str]] = {}
        """Services asked so far in this run, by checkpoint."""
        self._notices: list[asyncio.Task[Any]] = []
        """Notices and errands to the register that are under way."""
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._shown_phase = ""
        self._participants = delivery.plan.participants()

    def now(self) -> datetime:
        """The workflow's time, the same on every replay."""
        return workflow.now()

    async def wait(self, until_true: Callable[[], bool], until: datetime | None, summary: str) -> None:
        """One durable timer serves many waits: it is set anew only when the next moment changes."""
        self.show_everywhere()
        self._set_alarm(until, summary)
        await workflow.wait_condition(lambda: until_true() or (until is not None and self.now() >= until))

    def deconflict(self) -> None:
        """The activity answers by signal, so that the story can be stopped meanwhile."""
        plan = self._delivery.plan
        touched = Touched(
            delivery=plan.operation,
            contact=plan.initiator,
            identifiers=plan.consignment.identifiers,
            selectors=plan.selectors,
        )
        self._register(DECONFLICT, touched, "looks for other operations that touch this one")

    async def release(self) -> None:
        """After whatever is under way, so that no claim comes in behind it."""
        await self.settle()
        self._register(RELEASE_CLAIM, Over(delivery=self._delivery.plan.operation), "is live no more")
        await self.settle()

    def ask(self, name: str) -> None:
        """One activity per checkpoint (and per task queue, where services are reached from their own), and another for whom a
        changed plan asks there as well.
        """
        before = self._asked.setdefault(name, [])
        asked = [one for one in requests(self._delivery, name) if one.service not in before]
        again = f"+{len(before)}" if before else ""
        before += [one.service for one in asked]
        activity = wait_id(self._docket.plan, name) if workflow.patched(_UNTELLING_IDS) else f"wait:{name}"
        queues: dict[str | None, list[str]] = {}
        for one in asked:
            queues.setdefault(self._delivery.directory.get(one.service).task_queue, []).append(one.service)
        for queue, services in queues.items():
            wait = CheckpointWait(
                delivery=self._delivery.plan.operation,
                checkpoint=name,
                requests=tuple(one for one in asked if one.service in services),
                services=tuple(self._delivery.directory.get(service) for service in services),
            )
            task = workflow.start_activity(
                AWAIT_CONFIRMATIONS,
                wait,
                activity_id=f"{activity}{again}" + (f"@{queue}" if queue else ""),
                task_queue=queue,
                start_to_close_timeout=_ONE_ATTEMPT,
                heartbeat_timeout=_LIVENESS,
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
                summary=f"{name}: waits for {', '.join(services)}"[:120],
            )
            task.add_done_callback(_look_at)
            self._asking.setdefault(name, []).append(task)

    def withdraw(self, name: str, services: tuple[str, ...]) -> None:
        """Cancelling a parked activity closes it at once: nothing stays pending behind a closed checkpoint."""
        for task in self._asking.pop(name, []):
            task.cancel()
        told = tuple(one for one in services if one not in self._never_told(services))
        if told:
            self.tell("withdrawn", name, told)

    def tell(self, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...]) -> None:
        """Send it with an activity of its own; who was reached is recorded when that has ended."""
        self._notices = [task for task in self._notices if not task.done()]
        number = f"{self._delivery.plan.operation}/{len(self._delivery.ledger)}/{kind}"
        notices = tuple(
            Notice(
                id=f"{number}/{service}",
                delivery=self._delivery.plan.operation,
                service=service,
                kind=kind,
                checkpoint=checkpoint,
                text=notice(self._delivery, kind, checkpoint, service)[:1000],
            )
            for service in services
        )
        self._notices.append(asyncio.create_task(self._deliver(kind, checkpoint, notices)))

    def show(self) -> None:
        """Shown when the story next waits."""

    def amended(self) -> None:
        """The plan was changed: whoever takes part now, and whoever did, is told; lists show it to whoever takes part."""
        before = self._participants
        self._participants = self._delivery.plan.participants()
        workflow.upsert_search_attributes([_PARTICIPANTS.value_set(list(self._participants))])
        services = tuple(dict.fromkeys((*self._participants, *before)))
        self.tell("amended", None, services)
        for name, progress in self._delivery.progress.items():
            if progress.open:
                self.ask(name)

    async def rest(self) -> None:
        """Continue as new here if the run has grown long. Only between checkpoints, since pending activities do not survive:
        what goes on being asked meanwhile is asked anew by the next run, with the same request.
        """
        grown = len(self._delivery.ledger) - len(self._docket.entries) >= self._docket.entries_per_run
        if not (grown or workflow.info().is_continue_as_new_suggested()) or not in_between(self._delivery):
            return
        await self.settle()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.show_everywhere()
        entries = tuple(self._delivery.ledger)
        workflow.continue_as_new(self._docket.model_copy(update={"entries": entries}))

    async def settle(self) -> None:
        """Return when no notice is under way any more."""
        while pending := [task for task in self._notices if not task.done()]:
            await workflow.wait(pending)

    def show_everywhere(self) -> None:
        """Temporal's own UI reads like the operation: details in words, one search attribute for lists."""
        shown = view(self._delivery, self._delivery.directory.get(self._delivery.plan.initiator), self.now())
        workflow.set_current_details(markdown(shown))
        name = phase(self._delivery)
        coarse = shown.outcome or ("halted" if name == "halted" else "under_way" if self._delivery.dispatched else "planned")
        if coarse != self._shown_phase:
            self._shown_phase = coarse
            workflow.upsert_search_attributes([_PHASE.value_set(coarse)])

    def _never_told(self, services: tuple[str, ...]) -> tuple[str, ...]:
        """People at a desk, in a run from before they were told of anything: they find it in their inbox."""
        desks = tuple(service for service in services if self._delivery.directory.get(service).reach.by == "desk")
        return () if desks and workflow.patched(DESKS_ARE_TOLD) else desks

    def _register(self, errand: str, what: Touched | Over, summary: str) -> None:
        task = workflow.start_activity(errand, what, start_to_close_timeout=_ONE_ATTEMPT, summary=summary)
        self._notices.append(task)

    def _set_alarm(self, until: datetime | None, summary: str) -> None:
        if until == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at, self._alarm = until, None
        if until is not None:
            left = max(until - self.now(), timedelta())
            self._alarm = asyncio.create_task(workflow.sleep(left, summary=summary[:120]))

    async def _deliver(self, kind: NoticeKind, checkpoint: str | None, notices: tuple[Notice, ...]) -> None:
        directory = self._delivery.directory
        desks = self._never_told(tuple(one.service for one in notices))
        called = tuple(one for one in notices if one.service not in desks)
        went = Delivered(reached=desks)
        if called:
            errand = Errand(notices=called, services=tuple(directory.get(one.service) for one in called))
            result = await workflow.execute_activity(
                DELIVER_NOTICES,
                errand,
                result_type=Delivered,
                start_to_close_timeout=timedelta(minutes=2),
                heartbeat_timeout=_LIVENESS,
                summary=f"{kind} to {', '.join(one.service for one in called)}"[:120],
            )
            went = Delivered(reached=desks + result.reached, unreachable=result.unreachable)
        told = Told(kind=kind, checkpoint=checkpoint, reached=went.reached, unreachable=went.unreachable)
        record(self._delivery, told, self.now())


def _look_at(task: asyncio.Task[Any]) -> None:
    """A checkpoint activity only ever ends because it was cancelled; anything else is worth a line in the log."""
    if not task.cancelled() and (error := task.exception()) is not None and not is_cancelled_exception(error):
        workflow.logger.warning("the checkpoint activity ended by itself", exc_info=error)
