"""The workflow `ControlledDelivery`: one durable run of the story, one door for statements, queries for those who watch.

Platform matters stand here, the order of events in `workflows.story`, what is allowed in `domain.rules.rules`.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.delivery.ledger import Amended, Asked, Deconflicted, Entry, Receipt
    from domain.delivery.requests import Request
    from domain.record.door import admit, amend, begin, change_keys, look_up, receipt, record, resume, submit
    from domain.signing.envelope import Envelope
    from domain.views.asked import inbox
    from domain.views.sight import Withheld, page
    from domain.views.view import DeliveryView, view
    from domain.words.errors import Malformed, VigilError
    from workflows import messages
    from workflows.messages import AskedReport, Asker, Docket, Ending, Page
    from workflows.story import Story
    from workflows.temporal_stage import TemporalStage


def as_application_error(error: VigilError) -> ApplicationError:
    """The one boundary at which our errors become Temporal's: `type` is our code, details what a caller may show."""
    faults = [str(fault) for fault in error.faults] if isinstance(error, Malformed) else []
    return ApplicationError(error.message, {"hint": error.hint, "faults": faults}, type=error.code, non_retryable=True)


@workflow.defn(name=messages.WORKFLOW)
class ControlledDelivery:
    """One controlled delivery from the first request for consent to its one outcome."""

    @workflow.init
    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self._refused: ApplicationError | None = None
        try:
            if docket.entries:
                self._delivery = resume(docket.plan, docket.directory, docket.cards, docket.entries)
            else:
                self._delivery = begin(docket.plan, docket.directory, docket.cards, workflow.now())
            self._stage = TemporalStage(self._delivery, docket)
        except VigilError as error:
            self._refused = as_application_error(error)  # raised by `run`, since an initialiser cannot fail a workflow

    @workflow.run
    async def run(self, docket: Docket) -> Ending:  # noqa: ARG002 - Temporal gives it to both; the initialiser has used it
        """Perform the story; then wait until everyone who was being answered has been."""
        if self._refused is not None:
            raise self._refused
        await Story(self._delivery, self._stage).run()
        self._stage.show_everywhere()
        await workflow.wait_condition(workflow.all_handlers_finished)
        outcome = self._delivery.outcome
        assert outcome is not None  # noqa: S101 - the story records it before it ends
        ledger = self._delivery.ledger
        return Ending(delivery=self._delivery.plan.operation, outcome=outcome, entries=len(ledger), head=ledger.head)

    @workflow.update(name=messages.SUBMIT)
    def submit(self, envelope: Envelope) -> Receipt:
        """The one door: record a statement, answer with its receipt. Idempotent by statement id."""
        try:
            return submit(self._delivery, envelope, workflow.now())
        except VigilError as error:
            raise as_application_error(error) from error

    @submit.validator
    def _admit(self, envelope: Envelope) -> None:
        """Refuse noise before anything is written. Signatures are checked here because Temporal does not run this on replay."""
        try:
            admit(self._delivery, envelope, workflow.now())
        except VigilError as error:
            raise as_application_error(error) from error

    @workflow.update(name=messages.AMEND)
    def amend(self, amended: Amended) -> Entry:
        """Change the plan for what is still ahead; the entry that records it. Idempotent: the same plan again is one change."""
        known = [
            entry for entry in self._delivery.ledger if isinstance(entry.event, Amended) and entry.event.plan == amended.plan
        ]
        try:
            entry = known[0] if known else amend(self._delivery, amended, workflow.now())
        except VigilError as error:
            raise as_application_error(error) from error
        if not known:
            self._stage.amended()
        return entry

    @workflow.update(name=messages.CHANGE_KEYS)
    def change_keys(self, change: Envelope) -> None:
        """Take a signed change of a service's keys (R24). Idempotent: what is known already is taken."""
        try:
            self._change_keys(change)
        except VigilError as error:
            raise as_application_error(error) from error

    @workflow.signal(name=messages.CHANGE_KEYS)
    def leave_keys(self, change: Envelope) -> None:
        """The same for when no worker is up. What does not count here is dropped and logged."""
        try:
            self._change_keys(change)
        except VigilError as error:
            workflow.logger.warning("a change of keys left by signal was turned away", extra={"code": error.code})

    def _change_keys(self, change: Envelope) -> None:
        if change_keys(self._delivery, change, workflow.now()) is not None:
            self._stage.tell("keys", None, self._delivery.plan.participants())

    @workflow.signal(name=messages.SUBMIT)
    def leave(self, envelope: Envelope) -> None:
        """Store-and-forward for when no worker is up: the same door, without an answer. Noise is dropped and logged."""
        try:
            submit(self._delivery, envelope, workflow.now())
        except VigilError as error:
            workflow.logger.warning("a statement left by signal was turned away", extra={"code": error.code})

    @workflow.signal(name=messages.REPORT_ASKED)
    def report_asked(self, report: AskedReport) -> None:
        """From the checkpoint activity and the gateway: asked, told and received are facts of the ledger too."""
        asked = Asked(**report.model_dump())
        try:
            record(self._delivery, asked, workflow.now())
        except VigilError as error:
            workflow.logger.warning("a report came too late", extra={"code": error.code})

    @workflow.signal(name=messages.REPORT_CONFLICTS)
    def report_conflicts(self, found: Deconflicted) -> None:
        """From the activities of this delivery, or of another that has come or gone: the register's answer (R15)."""
        try:
            look_up(self._delivery, found, workflow.now())
        except VigilError as error:
            workflow.logger.warning("the register's answer came too late", extra={"code": error.code})

    @workflow.query(name=messages.QUERY_VIEW)
    def view(self, asker: Asker) -> DeliveryView:
        """The summary, as far as it is the asker's to see (R11)."""
        return view(self._delivery, asker.service, workflow.now())

    @workflow.query(name=messages.QUERY_LEDGER)
    def ledger(self, wanted: Page) -> list[Entry | Withheld]:
        """Entries from a number on; those that are not the reader's are withheld, all but their hash (R11)."""
        return page(self._delivery, wanted.reader, wanted.since)

    @workflow.query(name=messages.QUERY_INBOX)
    def inbox(self, asker: Asker) -> list[Request]:
        """What a service is being asked now."""
        return list(inbox(self._delivery, asker.service.id, workflow.now()))

    @workflow.query(name=messages.QUERY_RECEIPT)
    def receipt(self, envelope: Envelope) -> list[Receipt]:
        """The receipt of exactly this statement, if it has come in: for a caller whose answer was lost."""
        known = receipt(self._delivery, envelope)
        return [known] if known is not None else []

    @workflow.query(name=messages.QUERY_DOCKET)
    def docket(self) -> Docket:
        """Everything: for the evidence packet."""
        return self._docket.model_copy(update={"entries": tuple(self._delivery.ledger)})
