"""A plan comes in: a delivery is started by it, or goes on by it. Nothing is changed unless everything is right."""

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import SECRET, Entry, Kept
from domain.delivery.reported import Amended
from domain.plan.access import taken_along
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory, Service
from domain.plan.key_changes import read_change
from domain.plan.plan import Plan
from domain.record.door import amended_by, verified_plan
from domain.rules import amending
from domain.rules.books import newest
from domain.signing.envelope import Envelope
from domain.words.errors import Fault, Malformed, NotFound, RuleBroken, Unavailable, VigilError
from domain.words.text import fill, in_markdown, mark
from gateway.access import may_start
from gateway.aside import Aside
from gateway.health import Pulse
from gateway.reading import Reading
from gateway.runs import BESIDE, PARTICIPANTS, PATIENCE, Runs
from gateway.temporal import answer_to, as_ours
from process.in_force import InForce
from process.temporal import TASK_TIMEOUT
from workflows import messages
from workflows.messages import Docket, RunLength, hand_in, update_id, workflow_id

log = logging.getLogger("vigil.gateway")

_PHASE = SearchAttributeKey.for_keyword(messages.PHASE)
_GROUP = "group"
_NOT_STARTED = (
    mark("the plan of {operation} cannot be started: {count} fault"),
    mark("the plan of {operation} cannot be started: {count} faults"),
)
_NOT_CHANGED = (
    mark("the plan of {delivery} cannot be changed like this: {count} fault"),
    mark("the plan of {delivery} cannot be changed like this: {count} faults"),
)
LOOKS = 5
"""How often a plan is looked at while keys of its services change, before whoever starts it is told to come back."""


class Plans:
    """Takes plans from their initiators."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        runs: Runs,
        directory: InForce,
        cards: dict[str, RuleCard],
        key: Ed25519PrivateKey,
        reading: Reading,
        pulse: Pulse,
        aside: Aside,
        pace: RunLength,
    ) -> None:
        self._runs = runs
        self._in_force = directory
        self._cards = cards
        self._key = key
        self._reading = reading
        self._pulse = pulse
        self._aside = aside
        self._pace = pace

    async def start(self, caller: Service, envelope: Envelope) -> Plan:
        """Start the delivery of a signed plan. Nothing is started unless everything is right.

        Raises `Malformed` with every fault, `NotAllowed`, `NotAuthentic`, `RuleBroken` if it was started before, or `Unavailable`
        while keys of its services change all the time.
        """
        for _ in range(LOOKS):
            plan, directory = await self._checked(caller, envelope)
            if taken_along(plan, directory) == taken_along(plan, await self._in_force.latest()):
                break  # else keys that it takes along have changed while it was looked at
        else:
            raise Unavailable(mark("keys of this plan change all the time"), hint=mark("start it again in a while"))
        known = self._in_force.entered
        docket = Docket(
            plan=envelope,
            snapshot=Snapshot(
                directory=taken_along(plan, directory),
                cards={state: self._cards[state] for state in plan.asked_states()},
            ),
            secret=secrets.token_hex(SECRET),
            rules=newest().version,
            pace=self._pace,
        )
        with as_ours(plan.operation):
            try:
                await self._runs.client.start_workflow(
                    messages.WORKFLOW,
                    docket,
                    id=workflow_id(plan.operation),
                    task_queue=self._runs.task_queue,
                    task_timeout=TASK_TIMEOUT,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=TypedSearchAttributes(
                        [
                            SearchAttributePair(PARTICIPANTS, list(plan.participants())),
                            *([SearchAttributePair(BESIDE, list(plan.beside()))] if plan.beside() else []),
                            SearchAttributePair(_PHASE, "planned"),
                        ]
                    ),
                    memo={_GROUP: plan.group.code if plan.group is not None else None},
                    static_summary=in_markdown(plan.title),
                )
            except WorkflowAlreadyStartedError:
                await self._taken(caller, plan)
        self._reading.expect(caller.id, plan.operation, 1)
        await self._tell_of_keys(plan.operation, docket.snapshot.directory.services, known)
        return plan

    async def _checked(self, caller: Service, envelope: Envelope) -> tuple[Plan, Directory]:
        """The plan, if its delivery may be started, and by which directory. Raises what `start` does."""
        now, directory = datetime.now(UTC), self._in_force.now
        plan = await self._read(envelope, directory, now)
        may_start(caller, plan)
        check = partial(faults_in, plan, directory, self._cards)
        faults = [*await self._aside.if_large(check, len(envelope.payload)), *_without_keys(plan, directory, now)]
        if plan.replaced:  # as of a plan that was changed under way: who has gone would be asked, and heard by nobody
            problem = mark("R22: nobody is replaced before it begins; leave this out, and ask whoever does it now")
            faults.append(Fault(place="replaced", problem=problem))
        if faults:
            raise _not_started(plan, faults)
        await self._pulse.on_time()
        if await self._reading.has(plan.operation):  # for longer than Temporal remembers
            await self._taken(caller, plan)
        return plan, directory

    async def _tell_of_keys(self, delivery: str, services: Iterable[Service], known: int) -> None:
        """Tell a delivery that has just been given these services of changes of their keys that were entered since there were so
        many: whoever brought them to all that know them may not have found it among those yet.
        """
        given = {one.id for one in services}
        try:
            await self._in_force.look()
            for change in self._in_force.entered_after(known):
                if read_change(change).service in given:
                    handed = hand_in(change, delivery, (await self._pulse.clock()).now(), self._key)
                    with as_ours(delivery):
                        await self._runs.handle(delivery).signal(messages.CHANGE_KEYS, handed, rpc_timeout=PATIENCE)
        except VigilError as error:
            fields = {"delivery": delivery, "code": error.code}
            log.warning("keys have changed, and a delivery that has just been given them was not told", extra=fields)

    async def _read(self, envelope: Envelope, directory: Directory, now: datetime) -> Plan:
        return await self._aside.if_large(partial(verified_plan, envelope, directory, now), len(envelope.payload))

    async def _taken(self, caller: Service, plan: Plan) -> NoReturn:
        """Raises `RuleBroken`; or `Malformed`, as for any fault of a plan, where what bears this code name is not the caller's to
        see: it hears that the name cannot be used, and not of what.
        """
        try:
            await self._runs.seen_by(caller, plan.operation)
        except NotFound as error:
            fault = Fault(
                place="operation", problem=fill("the code name {name} cannot be used; choose another", name=plan.operation)
            )
            raise _not_started(plan, [fault]) from error
        sentence = fill("delivery {operation} has been started already; nothing was changed", operation=plan.operation)
        raise RuleBroken("R18", sentence, reason="started_already", hint=fill("see `vigil show {name}`", name=plan.operation))

    async def amend(self, caller: Service, delivery: str, envelope: Envelope) -> Entry:
        """Change a delivery's plan for what is still ahead; the ledger entry that records it.

        Raises `Malformed` with everything that keeps this plan from taking the old one's place (R22), `NotAllowed`,
        `NotAuthentic`, `NotFound` or `Unavailable`: then nothing has changed.
        """
        received, now = monotonic(), datetime.now(UTC)
        plan = await self._read(envelope, self._in_force.now, now)
        may_start(caller, plan)
        handle = await self._runs.seen_by(caller, delivery)
        known = await self._reading.delivery(caller, delivery)
        if isinstance(recorded := amended_by(known, envelope), Entry):
            return recorded
        entered, snapshot = self._in_force.entered, self._in_force.now.snapshot((*plan.everybody(), *plan.vouching()))
        amended = Amended(
            plan=envelope,
            services=tuple(one for one in snapshot.services if known.directory.find(one.id) is None),
            cards=tuple(self._cards[state] for state in plan.asked_states() if state in self._cards and state not in known.cards),
        )
        faults = [
            *amending.faults_in(known, plan, *amended.known_with(known.state)),
            *_without_keys(plan, self._in_force.now, now),
        ]
        if faults:
            raise _faulty(_NOT_CHANGED, faults, delivery=delivery)
        handed = hand_in(amended, delivery, (await self._pulse.on_time()).moment(received), self._key)
        with as_ours(delivery):
            update = handle.execute_update(
                messages.AMEND, handed, id=update_id(envelope), result_type=messages.AMENDED, rpc_timeout=PATIENCE
            )
            answer: Entry | Kept = await answer_to(update, messages.AMENDED)
        entry = answer if isinstance(answer, Entry) else amended_by(await self._reading.delivery(caller, delivery), envelope)
        assert isinstance(entry, Entry)  # noqa: S101 - the archive holds every entry
        self._reading.expect(caller.id, delivery, entry.seq + 1)
        await self._tell_of_keys(delivery, amended.services, entered)
        return entry


def _not_started(plan: Plan, faults: Sequence[Fault]) -> Malformed:
    return _faulty(_NOT_STARTED, faults, operation=plan.operation)


def _faulty(texts: tuple[str, str], faults: Sequence[Fault], **named: str) -> Malformed:
    """With what is said of one fault, or of several."""
    return Malformed(fill(texts[len(faults) > 1], count=len(faults), **named), faults)


def _without_keys(plan: Plan, directory: Directory, now: datetime) -> Iterator[Fault]:
    gone = [one.service for one in plan.replaced]  # where it has answered it is still named, and nothing more is asked of it
    for service in dict.fromkeys((*plan.participants(), *plan.speakers())):
        known = directory.find(service)
        if known is not None and service not in gone and not known.keys_at(now):
            problem = fill("{service} has no valid key in the directory, so it could never confirm anything", service=service)
            yield Fault(place=f"directory: {service}", problem=problem)
