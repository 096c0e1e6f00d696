"""The workflow `Register`: one for an installation, for ever. It keeps what every live operation touches, as hashes (R15).

A workflow handles one message at a time, so of two operations that start at the same moment one finds the other. It is
begun by whoever claims first. Nothing but hashes, code names and service ids is in it.
"""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from domain.plan.register import Answer, Claim, Register
    from workflows import messages
    from workflows.messages import Book, Over


@workflow.defn(name=messages.REGISTER, versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class LiveOperations:
    """The register of an installation's live operations. It never ends, so it goes to whichever build is current."""

    @workflow.init
    def __init__(self, book: Book) -> None:
        # One that begins anew must not be taken for an older one: it counts from the seconds of its beginning.
        self._register = book.live or Register(number=int(workflow.now().timestamp()))
        self._answers = 0

    @workflow.run
    async def run(self, book: Book) -> None:
        """Answer, and go on in a new run once this one has grown long."""
        await workflow.wait_condition(lambda: self._answers >= book.answers_per_run)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(book.model_copy(update={"live": self._register}))

    @workflow.update(name=messages.CLAIM)
    def claim(self, claim: Claim) -> Answer:
        """Enter an operation. Idempotent."""
        self._answers += 1
        self._register, answer = self._register.claim(claim)
        return answer

    @workflow.update(name=messages.RELEASE)
    def release(self, over: Over) -> Answer:
        """Take an operation out. Idempotent."""
        self._answers += 1
        self._register, answer = self._register.release(over.delivery)
        return answer
