"""A statement comes in. Its receipt says that it is durable, and what became of it."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.delivery.ledger import Kept, Left, Receipt
from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.plan.directory import Service
from domain.record.door import read_statement
from domain.rules.budget import is_brake, too_large
from domain.signing.envelope import STATEMENT_TYPE, Envelope, open_envelope
from domain.words.errors import NotAllowed, NotAuthentic, NotFound, Unavailable
from domain.words.moments import utc_text
from domain.words.text import fill, mark
from gateway.aside import Aside
from gateway.health import Pulse
from gateway.lanes import Lanes
from gateway.leaving import BRAKES, STATEMENTS, Leaving
from gateway.reading import Reading
from gateway.runs import PATIENCE, Runs
from gateway.temporal import NoWorkerError, answer_to, as_ours
from process.in_force import InForce
from workflows import messages
from workflows.messages import A_BRAKE, HandIn, hand_in, update_id

log = logging.getLogger("vigil.submissions")

UNTIL_LEFT = timedelta(seconds=10)
"""How long it waits for a statement's receipt before it leaves the statement for when a worker is up."""
ITS_RECEIPT = 2.0
"""Seconds it goes on waiting for the receipt of a brake that it has left as well, before it says that it has been left."""
ONCE_MORE = timedelta(seconds=1)
"""How long it waits, once a statement has been left, to hear that a worker is there after all and what it made of it."""


class Submissions:
    """Brings statements to the deliveries that they are about."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        runs: Runs,
        directory: InForce,
        key: Ed25519PrivateKey,
        reading: Reading,
        pulse: Pulse,
        leaving: Leaving,
        aside: Aside,
    ) -> None:
        self._runs = runs
        self._in_force = directory
        self._key = key
        self._reading = reading
        self._pulse = pulse
        self._lanes = Lanes()
        self._leaving = leaving
        self._aside = aside

    async def submit(self, caller: Service, delivery: str, envelope: Envelope) -> Receipt | Left:
        """Hand in a statement, the caller's or another's; the receipt says that it is durable and what became of it. It was
        received now, however long it waits to be judged.

        Where no worker answers, the statement is left with Temporal, which keeps it until one does: acknowledged is durable
        (R8: a stop is never lost). Raises `Malformed`, `NotAuthentic`, `NotAllowed`, `NotFound` or `RuleBroken` for noise, and
        `Unavailable` if Temporal itself cannot be reached, or no more can be left there.
        """
        received = monotonic()
        speaker, statement = await self._aside.if_large(partial(self._signed, envelope), len(envelope.body()))
        if statement.members is None and statement.delivery != delivery:
            message = fill(
                "the statement is about delivery {delivery}, this is {this}", delivery=statement.delivery, this=delivery
            )
            raise NotFound(message)
        statement = statement.model_copy(update={"delivery": delivery})  # of several of a group (R31), the one that it goes to
        # before anything else: who has no part learns nothing, not even that it exists
        try:
            await self._runs.seen_by(speaker, delivery)
        except NotFound:
            return await self._reading.recorded(speaker, delivery, envelope)  # for longer than Temporal remembers
        if (why := too_large(statement, envelope)) is not None:  # what is left by Signal lies there already
            raise why
        brake = is_brake(statement)
        handed = await self._handed(envelope, delivery, received, brake=brake)
        try:
            answer = await (self._braked if brake else self._judged_or_left)(caller, statement, handed)
        except NotFound:
            try:
                answer = await self._as_recorded(delivery, envelope, PATIENCE)
            except NotFound:  # Temporal has forgotten it since it was seen
                return await self._reading.recorded(speaker, delivery, envelope)
        if isinstance(answer, Receipt):
            self._reading.expect(speaker.id, delivery, answer.size)
        return answer

    def _signed(self, envelope: Envelope) -> tuple[Service, Statement]:
        """Who has signed this now, and what. Nothing is parsed before it is known who signed it.

        Raises `NotAuthentic` or `Malformed`.
        """
        now, speaker = datetime.now(UTC), self._in_force.now.signer(envelope)
        if speaker is None:
            message = fill("key {key} is nobody's here", key=envelope.signatures[0].keyid)
            raise NotAuthentic(message, hint=mark("a statement is signed with a key of the directory"))
        open_envelope(envelope, STATEMENT_TYPE, speaker.keys_at(now))
        statement = read_statement(envelope)
        if statement.service != speaker.id:
            message = fill("{signer} has signed it, and it is said by {service}", signer=speaker.id, service=statement.service)
            raise NotAuthentic(message, hint=mark("a service signs what it says itself"))
        for signature in envelope.signatures:
            speaker.check_signer(signature.keyid, statement.officer, now)
        return speaker, statement

    async def _handed(self, envelope: Envelope, delivery: str, received: float, *, brake: bool) -> HandIn[Envelope]:
        """Something signed, received when our clock that nobody sets stood there, by Temporal's clock.

        Where that is not known, or ours is not about right, nothing is handed in, and this raises `Unavailable`; but for a brake.
        Where Temporal's is not known, that has no seal, and counts as of the newest entry.
        """
        clock = await (self._pulse.clock_for_a_brake() if brake else self._pulse.on_time())
        if clock is None:
            return HandIn(content=envelope, at=utc_text(datetime.now(UTC)))
        return hand_in(envelope, delivery, clock.moment(received), self._key)

    async def _judged_or_left(self, caller: Service, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """The receipt; where no worker is up, it is left for when one is."""
        try:
            async with self._lanes.turn(statement.delivery, UNTIL_LEFT.total_seconds()):
                return await self._judged(statement.delivery, handed)
        except NoWorkerError:
            return await self._leave(caller, statement, handed)

    async def _braked(self, caller: Service, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """The same for a brake, which is left as well where it is not judged at once: it waits for no other caller's statements,
        and not for the delivery to learn of keys. For the brakes of its own caller it waits, judged or left: one after another.
        """
        async with self._lanes.turn(statement.delivery, UNTIL_LEFT.total_seconds(), brake_by=caller.id):
            judging = asyncio.create_task(self._judged(statement.delivery, handed))
            judging.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may wait for it any more
            try:
                if (await asyncio.wait({judging}, timeout=A_BRAKE))[0]:
                    return await judging
                with suppress(Unavailable):  # then its judgement says so too
                    left = await self._leave(caller, statement, handed)
                    if isinstance(left, Receipt):
                        return left
                    await asyncio.wait({judging}, timeout=ITS_RECEIPT)
                    return judging.result() if judging.done() and judging.exception() is None else left
                return await judging
            except (NoWorkerError, NotAuthentic):
                return await self._leave(caller, statement, handed)
            finally:
                judging.cancel()

    async def _judged(self, delivery: str, handed: HandIn[Envelope]) -> Receipt:
        with as_ours(delivery):
            update = self._runs.handle(delivery).execute_update(
                messages.SUBMIT, handed, id=update_id(handed.content), result_type=messages.ANSWER, rpc_timeout=UNTIL_LEFT
            )
            answer: Receipt | Kept = await answer_to(update, messages.ANSWER)
        self._leaving.answered(delivery)
        return answer if isinstance(answer, Receipt) else await self._reading.receipt(delivery, answer)

    async def _leave(self, caller: Service, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """Leave it by Signal: the same door, kept by the server until a worker is up.

        A delivery that has ended just before takes no signal, or takes it and records nothing. So where a worker answers after
        all, the delivery is looked at once more: there is a receipt, or a refusal, and only where none answers is it left.
        """
        delivery = statement.delivery
        await self._leaving.leave(caller, delivery, handed, BRAKES if is_brake(statement) else STATEMENTS)
        try:
            async with asyncio.timeout(ONCE_MORE.total_seconds()):  # Temporal's client tries again and again where many ask
                return await self._as_recorded(delivery, handed.content, ONCE_MORE)
        except NotAllowed:
            self._leaving.taken(delivery, handed)
            raise
        except (NoWorkerError, TimeoutError):
            pass
        log.warning("a statement was left with Temporal: it has no receipt yet", extra={"delivery": delivery})
        return Left(statement=statement.id, left_at=utc_text(datetime.now(UTC)))

    async def _as_recorded(self, delivery: str, envelope: Envelope, patience: timedelta) -> Receipt:
        """The receipt if exactly this has come in, signature and all, else a refusal: the workflow takes nothing more.

        A query is answered after everything that was signalled before it.
        """
        with as_ours(delivery):
            answers: list[Receipt | Kept] = await self._runs.handle(delivery).query(
                messages.QUERY_RECEIPT, envelope, result_type=list[messages.ANSWER], rpc_timeout=patience
            )
        known = [one if isinstance(one, Receipt) else await self._reading.receipt(delivery, one) for one in answers]
        if not any(isinstance(one.entry.event, Stated) and one.entry.event.envelope == envelope for one in known):
            message = fill("delivery {delivery} has ended and its ledger is closed, or you take no part in it", delivery=delivery)
            raise NotAllowed(message, hint=mark("the statement was not recorded"))
        return known[0]
