"""The activities `deconflict` and `release_claim`: an operation enters and leaves the register, and every side is told (R15).

Here alone is the deconfliction key: what goes to the register is hashed, and what comes back to a delivery is the number of
a conflict and whom to call. Code names of other operations stay in the register and in this activity.
"""

from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy

from activities.clock import moment
from activities.relay import Relay, answered
from domain.delivery.reported import Deconflicted, Deferred, Released
from domain.plan.register import Answer, Claim, DatedClaim, contacts
from domain.plan.selectors import blocks, hashes
from domain.words.moments import utc_text
from process.in_force import InForce
from process.temporal import TASK_TIMEOUT
from workflows import messages
from workflows.messages import CarriedRegister, LookErrand, ReleaseErrand, register_id


class RegisterActivities:
    """The activities, with the key and the directory that says how to call a service."""

    def __init__(self, key: bytes, directory: InForce, relay: Relay) -> None:
        self._key = key
        self._directory = directory
        self._relay = relay

    @activity.defn(name=messages.DECONFLICT)
    async def deconflict(self, touched: LookErrand) -> None:
        """Claim. The answer goes by signal to every delivery it concerns, to the one that asked last; that it was not looked into
        goes to that one alone.
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
        answer = await _ask(messages.CLAIM, DatedClaim(claim=claim, at=utc_text(moment()), blocks=numbers))
        if answer.not_before is not None:
            await self._relay.report(touched.delivery, Deferred(order=touched.order, not_before=answer.not_before))
        await self._tell(answer)

    @activity.defn(name=messages.RELEASE_CLAIM)
    async def release(self, over: ReleaseErrand) -> None:
        """Release. Those it touched learn that the conflict has gone."""
        await self._tell(await _ask(messages.RELEASE, over))
        await self._relay.report(over.delivery, Released())

    async def _tell(self, answer: Answer) -> None:
        await self._directory.look()  # so that nobody is given a key that has ended
        for finding in answer.findings:
            party, found = finding.party, contacts(self._key, finding, self._directory.now)
            await self._relay.report(party.delivery, Deconflicted(number=answer.number, order=party.order, contacts=found))


async def _ask(update: str, what: DatedClaim | ReleaseErrand) -> Answer:
    """The register's answer; the first who asks begins it. Raises `Unavailable` if this worker stops."""
    queue = activity.info().task_queue
    register = await activity.client().start_workflow(
        messages.REGISTER,
        CarriedRegister(),
        id=register_id(queue),
        task_queue=queue,
        task_timeout=TASK_TIMEOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    answer: Answer = await answered(register.execute_update(update, what, result_type=Answer))
    return answer
