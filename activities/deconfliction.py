"""The activities `deconflict` and `release_claim`: an operation enters and leaves the register, and every side is told (R15).

Here alone is the deconfliction key: what goes to the register is hashed, and what comes back to a delivery is the number of
a conflict and whom to call. Code names of other operations stay in the register and in this activity.

An attempt that ends between the register's answer and the word to a delivery is followed by another: the register answers it the
same, and everybody is told again. While the archive is away an attempt fails, and the operation goes no further.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio import activity

from activities.clock import moment
from activities.relay import Relay
from archive.claims import Claims
from domain.delivery.reported import Deconflicted, Deferred, Released
from domain.plan.register import Claim, DatedClaim, RegisterAnswer, contacts
from domain.plan.selectors import blocks, hashes
from domain.words.moments import utc_text
from process.in_force import InForce
from workflows import messages
from workflows.messages import LookErrand, ReleaseErrand

MARGIN = timedelta(seconds=2)
"""By which an attempt is shorter than Temporal gives it, so that two of one errand never run side by side."""


class RegisterActivities:
    """The activities, with the register, its key, and the directory that says how to call a service."""

    def __init__(self, key: bytes, directory: InForce, relay: Relay, claims: Claims) -> None:
        self._key = key
        self._directory = directory
        self._relay = relay
        self._claims = claims

    @activity.defn(name=messages.DECONFLICT)
    async def deconflict(self, touched: LookErrand) -> None:
        """Claim. The answer goes by signal to every delivery it concerns, to the one that asked last; that it was not looked into
        goes to that one alone. Raises `Unavailable` if the archive is away: it is tried again.
        """
        claim = Claim(
            delivery=touched.delivery,
            contact=touched.contact,
            state=touched.state,
            signer=touched.signer,
            order=touched.order,
            hashes=hashes(self._key, touched.identifiers, touched.selectors),
            group=touched.group,
        )
        numbers = tuple(block[:16] for block in blocks(self._key, touched.identifiers))
        async with asyncio.timeout(_given()):
            answer = await self._claims.claim(DatedClaim(claim=claim, at=utc_text(moment()), blocks=numbers))
            if answer.not_before is not None:
                await self._relay.report(touched.delivery, Deferred(order=touched.order, not_before=answer.not_before))
            await self._tell(answer)

    @activity.defn(name=messages.RELEASE_CLAIM)
    async def release(self, over: ReleaseErrand) -> None:
        """Release. Those it touched learn that the conflict has gone. Raises `Unavailable` as `deconflict` does."""
        async with asyncio.timeout(_given()):
            await self._tell(await self._claims.release(over.delivery, moment()))
            await self._relay.report(over.delivery, Released())

    async def _tell(self, answer: RegisterAnswer) -> None:
        async for delivery, fact in self.facts(answer):
            await self._relay.report(delivery, fact)

    async def facts(self, answer: RegisterAnswer) -> AsyncIterator[tuple[str, Deconflicted]]:
        """What each delivery is told of an answer."""
        await self._directory.look()  # so that nobody is given a key that has ended
        for finding in answer.findings:
            party, found = finding.party, contacts(self._key, finding, self._directory.now)
            yield party.delivery, Deconflicted(number=answer.number, order=party.order, contacts=found)


def _given() -> float:
    """Seconds of one attempt."""
    return ((activity.info().start_to_close_timeout or timedelta(minutes=1)) - MARGIN).total_seconds()
