"""What becomes of the answers of a polled service: each enters by the same door as everyone's statement, or waits, or is noise.

An answer is passed over only when it is settled: judged, so that there is a receipt, or noise that no change of keys or plan
can make sense of. Everything else may be a directory or a delivery that lags behind: it is fetched and handed in again, and
does not keep back what was said after it. Its service hears of both with the next question.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel
from temporalio.client import RPCTimeoutOrCancelledError, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.clock import moment
from activities.relay import Relay
from activities.services import NonsenseError, ServiceCaller
from domain.delivery.requests import Request
from domain.plan.directory import Directory, Service
from domain.record.door import read_statement
from domain.rules.budget import is_brake
from domain.signing.envelope import STATEMENT_TYPE, Envelope, open_envelope
from domain.signing.keys import key_id
from domain.words.errors import Malformed, NotAuthentic, NotFound, Unavailable
from domain.words.limits import MOST_ANSWERS
from domain.words.moments import instant
from domain.words.text import mark
from process.in_force import BRAKES, InForce
from workflows.messages import A_BRAKE

log = logging.getLogger("vigil.polled")

MOST_WORDS = 20
"""Answers of which a service hears with one question."""
MOST_UNHEARD = MOST_ANSWERS
"""Answers that were noise, of which it has still to hear. Who sends more noise than it is told of is told first: what is
remembered goes with every sign of life, of which Temporal takes 2 MiB.
"""

Fate = Literal["judged", "refused", "waits"]
"""`refused`: noise for good. `waits`: not acceptable as things stand, and perhaps soon."""


class PolledVerdict(NamedTuple):
    """What became of one answer; `code` says why it was not judged (docs/protocol.md, section 7)."""

    fate: Fate
    code: str = ""


class PollProgress(BaseModel):
    """How far the answers of one service have been taken."""

    after: int = 0
    """All up to this number are settled."""
    settled: list[int] = []
    """Numbers beyond it that are settled too."""
    left: list[int] = []
    """Numbers of those beyond it that have been left by signal: once, whatever comes of it."""
    refused: list[str] = []
    """What its service has still to hear of answers that were noise, as `refused=NUMBER:CODE`; 0 is an answer as a whole."""
    waits: list[str] = []
    """And of those that wait, as `waits=NUMBER:CODE`."""

    def words(self) -> list[str]:
        """What it hears with the next question."""
        return [*self.refused[:MOST_WORDS], *self.waits[:MOST_WORDS]]

    def heard(self) -> None:
        """It has been asked with these words, and has answered."""
        del self.refused[:MOST_WORDS]

    def refuse(self, number: int, code: str) -> None:
        """Let its service hear that this was noise; once, however often it comes."""
        word = f"refused={number}:{code}"
        if word not in self.refused:
            self.refused.append(word)

    @property
    def is_nonsense(self) -> bool:
        """Whether its newest answer as a whole was."""
        return f"refused=0:{Malformed.code}" in self.refused

    def settle(self, number: int) -> None:
        """Never take this answer again, and go on from it if nothing before it is left."""
        self.settled.append(number)
        self.left = [one for one in self.left if one != number]
        while self.after + 1 in self.settled:
            self.after += 1
            self.settled.remove(self.after)


async def fetch(  # noqa: PLR0913, PLR0917 - whom, what, how far, and the way in
    caller: ServiceCaller, service: Service, request: Request, progress: PollProgress, directory: InForce, relay: Relay
) -> bool:
    """Hand in what a polled service has answered since last time, and let it hear what became of that; whether one is settled.

    Raises `AwayError` if it cannot be reached, and what `take` raises.
    """
    try:
        answers = await caller.answers(service, request.id, progress.after, progress.words())
    except NonsenseError as error:
        log.warning("%s", error, extra={"service": service.id, "checkpoint": request.checkpoint})
        progress.heard()
        progress.refuse(0, Malformed.code)
        return False
    progress.heard()
    settled = await take(answers, progress, directory, relay, request.delivery)
    if progress.refused or progress.waits:
        log.warning("polled answers were not taken: %s", ", ".join(progress.words()), extra={"service": service.id})
    return settled


async def take(
    answers: tuple[Envelope | None, ...], progress: PollProgress, directory: InForce, relay: Relay, delivery: str
) -> bool:
    """Take what came beyond `progress.after`; whether anything is settled. What was judged has a receipt (`activities.receipts`).

    What its service has said is handed in one after another; but a brake does not wait until something before it is judged (R8).
    Raises `RPCError` or `RPCTimeoutOrCancelledError` if the workflow cannot be reached: what was taken until then is noted.
    """
    progress.waits = []
    await directory.look()  # a key that ended a moment ago, the delivery may not know of yet
    page = _Page(dict(enumerate(answers, start=progress.after + 1)), progress, directory, relay, delivery)
    for number in tuple(page.left):
        if number not in page.left:
            continue
        attempt = asyncio.create_task(page.hand_in(number))
        try:
            await asyncio.wait({attempt}, timeout=A_BRAKE)
            if not attempt.done() or attempt.exception() is not None:
                await page.hand_in_brakes()
            page.note(number, await attempt)
        finally:
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)
    return page.settled


class _Page:
    """What a service has answered, by number, as far as that is not settled."""

    def __init__(
        self, answers: dict[int, Envelope | None], progress: PollProgress, directory: InForce, relay: Relay, delivery: str
    ) -> None:
        self.left = {number: one for number, one in answers.items() if number not in progress.settled}
        """What has still to be handed in."""
        self.settled = False
        """Whether anything is settled now."""
        self._progress = progress
        self._directory = directory
        self._relay = relay
        self._delivery = delivery

    async def hand_in(self, number: int, *, brake: bool = False) -> PolledVerdict | None:
        """Hand in this one; what became of it. `brake`: only if it is one, else none. Raises as `take` does."""
        envelope = self.left.pop(number) if not brake else self.left[number]
        door = _Door(self._relay, self._delivery, self._progress, number)
        return await _hand_in(envelope, self._directory, door, brake=brake)

    async def hand_in_brakes(self) -> None:
        """Hand in every brake that is left, first those that have not been left by signal yet."""
        for number in sorted(self.left, key=lambda number: number in self._progress.left):
            with suppress(*AWAY):  # the next attempt hands it in again
                verdict = await self.hand_in(number, brake=True)
                if verdict is not None:
                    del self.left[number]
                    self.note(number, verdict)

    def note(self, number: int, verdict: PolledVerdict | None) -> None:
        """This became of it."""
        progress = self._progress
        assert verdict is not None  # noqa: S101 - it was handed in
        if verdict.fate == "waits":
            progress.waits.append(f"waits={number}:{verdict.code}")
            return
        if verdict.fate == "refused":
            if len(progress.refused) >= MOST_UNHEARD:
                return  # it comes again, once its service has heard of some
            progress.refuse(number, verdict.code)
        progress.settle(number)
        self.settled = True


class _Door(NamedTuple):
    """The door of a delivery for one answer, by its number."""

    relay: Relay
    delivery: str
    progress: PollProgress
    number: int

    async def take(self, envelope: Envelope, at: datetime) -> None:
        """Have it judged. Raises what `Relay.submit` raises."""
        await self.relay.submit(self.delivery, envelope, at)

    async def take_brake(self, envelope: Envelope, at: datetime) -> None:
        """The same for a brake. Where it is not judged at once, or cannot be told yet to be authentic, it is left by signal:
        Temporal takes only so many updates of a delivery, and a brake does not wait until it takes one more (R8).

        Raises `WorkflowUpdateFailedError` for what is turned away, `Unavailable` for what is left and has no receipt yet, and
        what `Relay.leave` raises.
        """
        try:
            async with asyncio.timeout(A_BRAKE):
                await self.take(envelope, at)
        except (WorkflowUpdateFailedError, Unavailable, TimeoutError, *AWAY) as error:
            if isinstance(error, WorkflowUpdateFailedError) and _code(error) != NotAuthentic.code:
                raise
            if self.number not in self.progress.left:
                await self.relay.leave(self.delivery, envelope, at)
                self.progress.left.append(self.number)
            with suppress(*AWAY):  # it is kept all the same
                if await self.relay.has_come_in(self.delivery, envelope):
                    return
            if isinstance(error, WorkflowUpdateFailedError):
                raise
            raise Unavailable(mark("it is left with Temporal, and has no receipt yet")) from error


async def _hand_in(envelope: Envelope | None, directory: InForce, door: _Door, *, brake: bool) -> PolledVerdict | None:
    """Nothing of an answer is parsed before it is known who signed it. `brake`: none of what is no brake, and it is let be."""
    if envelope is None:
        return PolledVerdict("refused", Malformed.code) if not brake else None
    at = moment()
    found = _speaker(envelope, directory.now, at)
    if isinstance(found, PolledVerdict):
        return found if not brake else None
    try:
        statement = read_statement(envelope)
        if brake and not is_brake(statement):
            return None
        if statement.service != found.id:
            return PolledVerdict("refused", NotAuthentic.code)
        if statement.kind not in BRAKES:
            directory.sure()
        for signature in envelope.signatures:
            found.check_signer(signature.keyid, statement.officer, at)
        await (door.take_brake if is_brake(statement) else door.take)(envelope, at)
    except (Malformed, NotAuthentic) as error:
        return PolledVerdict("refused", error.code)
    except Unavailable as error:
        return PolledVerdict("waits", error.code)
    except WorkflowUpdateFailedError as error:
        code = _code(error)
        return PolledVerdict("refused" if code in (Malformed.code, NotFound.code) else "waits", code)
    return PolledVerdict("judged")


def _code(error: WorkflowUpdateFailedError) -> str:
    """Why a delivery turns it away."""
    return error.cause.type if isinstance(error.cause, ApplicationError) and error.cause.type else Unavailable.code


def _speaker(envelope: Envelope, directory: Directory, now: datetime) -> Service | PolledVerdict:
    """Whose keys signed this, all of them valid now; else what that makes of it.

    A key that the directory does not know, or that is not valid yet, may be there soon. A signature that does not fit, or by a
    key that has ended, is never mended. One that is revoked by this worker's clock signs nothing more, and until then it counts,
    as at a gateway: an attempt that a busy worker began late tells its moments too early, and the key would count for as long.
    """
    signers = {signature.keyid for signature in envelope.signatures}
    speaker = directory.signer(envelope)
    known = {key_id(key.public): key for key in speaker.keys} if speaker is not None else {}
    if speaker is None or not signers <= known.keys():
        return PolledVerdict("waits", NotAuthentic.code)
    try:
        open_envelope(envelope, STATEMENT_TYPE, {number: known[number].public for number in signers})
    except (NotAuthentic, Malformed) as error:
        return PolledVerdict("refused", error.code)
    here = datetime.now(UTC)
    ends = (known[number].revoked_at for number in signers)
    if all(known[number].valid_at(now) for number in signers) and all(end is None or here < instant(end) for end in ends):
        return speaker
    early = any(instant(known[number].valid_from) > now for number in signers)
    return PolledVerdict("waits" if early else "refused", NotAuthentic.code)


AWAY = (RPCError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError)
"""The workflow cannot be reached now, or answers nothing."""
