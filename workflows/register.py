"""The workflow `Register`: one for an installation, for ever. It keeps what every live operation touches, as hashes (R15), and
who has looked for how much; where that makes a pattern, it has supervisors told.

A workflow handles one message at a time, so of two operations that start at the same moment one finds the other. It is
begun by whoever claims first. Nothing but hashes, code names and service ids is in it. Time comes with the claims.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.plan.enquiries import Alarm
    from domain.plan.register import Answer, DatedClaim, Register
    from domain.words.moments import instant
    from workflows import messages
    from workflows.messages import CarriedRegister, ReleaseErrand, is_timely

_ONE_ATTEMPT, _ALL_ATTEMPTS = timedelta(seconds=60), timedelta(minutes=5)
_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
"""Supervisors that cannot be reached find the alarm where alarms are read."""


@workflow.defn(name=messages.REGISTER, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class LiveOperations:
    """The register of an installation's live operations. It never ends, so it goes to whichever build is current."""

    @workflow.init
    def __init__(self, book: CarriedRegister) -> None:
        # One that begins anew must not be taken for an older one: it counts from the seconds of its beginning.
        self._register = book.live or Register(number=int(workflow.now().timestamp()))
        self._answers = 0

    @workflow.run
    async def run(self, book: CarriedRegister) -> None:
        """Answer, have supervisors told, and go on in a new run once this one has grown long."""
        while self._answers < book.answers_per_run:
            await workflow.wait_condition(
                lambda: bool(self._register.enquiries.untold()) or self._answers >= book.answers_per_run
            )
            for alarm in self._register.enquiries.untold()[:1]:  # one, then it looks how long this run has become
                await self._tell(alarm)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(book.model_copy(update={"live": self._register}))

    async def _tell(self, alarm: Alarm) -> None:
        try:
            await workflow.execute_activity(
                messages.TELL_SUPERVISORS,
                alarm,
                start_to_close_timeout=_ONE_ATTEMPT,
                schedule_to_close_timeout=_ALL_ATTEMPTS,
                retry_policy=_AGAIN,
                summary="tells supervisors of a pattern",
            )
        except ActivityError as error:
            workflow.logger.warning("no supervisor was told of an alarm", exc_info=error)
        self._register = self._register.told(alarm.number)

    @workflow.query(name=messages.QUERY_ALARMS)
    def alarms(self) -> list[Alarm]:
        """The patterns of enquiries that were found, the oldest first."""
        return list(self._register.enquiries.alarms)

    @workflow.update(name=messages.CLAIM)
    def claim(self, brought: DatedClaim) -> Answer:
        """Enter an operation. Idempotent."""
        self._answers += 1
        self._register, answer = self._register.claim(brought)
        return answer

    @claim.validator
    def _check_time(self, brought: DatedClaim) -> None:
        """Quotas are counted by the time of the claim, so nobody brings one that cannot be."""
        if not is_timely(instant(brought.at), workflow.now()):
            raise ApplicationError("it is said to be asked at a time that is not now", type="NotAuthentic", non_retryable=True)

    @workflow.update(name=messages.RELEASE)
    def release(self, over: ReleaseErrand) -> Answer:
        """Take an operation out. Idempotent."""
        self._answers += 1
        self._register, answer = self._register.release(over.delivery)
        return answer
