"""The workflow `ControlledDelivery`: one durable run of a delivery, one door for statements. Readers ask the archive.

Platform matters stand here. *What happens next* is decided in `domain.rules.course`, the officer's checklist; read that first.
What is allowed stands beside each kind of statement in `domain.rules`.
"""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.delivery.delivery import Delivery
    from domain.delivery.ledger import Entry, Kept, Receipt
    from domain.delivery.reported import Amended
    from domain.plan.key_changes import authentic, changed, read_change
    from domain.record.door import admit, amend, amended_by, begin, change_keys, go_on, key_faults, receipt, report, submit
    from domain.rules.book import Book, book_of
    from domain.rules.books import book_for
    from domain.rules.budget import is_brake
    from domain.rules.course import advance, next_moment
    from domain.signing.envelope import Envelope
    from domain.views.asked import still_asked
    from domain.words.errors import Malformed, RuleBroken, Unavailable, VigilError
    from domain.words.text import mark, parts
    from workflows import details, messages
    from workflows.messages import Docket, Ending, Fact, GoingOn, HandIn, LedgerSize
    from workflows.temporal_stage import TemporalStage


def as_application_error(error: VigilError) -> ApplicationError:
    """The one boundary at which our errors become Temporal's: `type` is our code, details what a caller may show."""
    message, hint = map(parts, error.words)
    faults = [[fault.place, parts(fault.problem)] for fault in error.faults] if isinstance(error, Malformed) else []
    reason = (error.reason if isinstance(error, RuleBroken) else None) or ""
    details = {"message": message, "hint": hint, "faults": faults, "reason": reason}
    return ApplicationError(error.message, details, type=error.code, non_retryable=True)


@workflow.defn(name=messages.WORKFLOW)
class ControlledDelivery:
    """One controlled delivery from the first request for consent to its one outcome."""

    @workflow.init
    def __init__(self, docket: Docket | GoingOn) -> None:
        self._secret, self._pace = docket.secret, docket.pace
        self._refused: ApplicationError | None = None
        # Where this worker lacks these rules, or cannot read what another build has carried, the task fails and is tried again
        # until one comes that can. What is left meanwhile is kept, a stop too (R8); a run that failed would be over.
        book = book_for(docket.rules if isinstance(docket, Docket) else docket.carried.rules)
        try:
            self._delivery = _delivery_of(docket, book)
            self._stage = TemporalStage(self._delivery, docket.secret, docket.pace, docket.snapshot)
        except VigilError as error:
            if isinstance(docket, GoingOn):
                raise
            self._refused = as_application_error(error)  # raised by `run`, since an initialiser cannot fail a workflow

    @workflow.run
    async def run(self, docket: Docket | GoingOn) -> Ending:  # noqa: ARG002 - Temporal gives it to both; the initialiser has used it
        """Perform what is decided until it has ended and the archive has all of it; then wait until everyone who was being
        answered has been.
        """
        if self._refused is not None:
            raise self._refused
        delivery, stage = self._delivery, self._stage
        while True:
            stage.match(next_moment(delivery, delivery.reached))
            if delivery.state.ended and stage.keeping.done:
                break
            stage.go_on_in_a_new_run()
            moment = await stage.news()
            if moment is not None:
                advance(delivery, moment)
        await workflow.wait_condition(workflow.all_handlers_finished)
        outcome = delivery.state.outcome
        assert outcome is not None  # noqa: S101 - nothing ends without one
        return Ending(delivery=delivery.plan.operation, outcome=outcome, size=len(delivery.ledger), root=delivery.ledger.root)

    @workflow.update(name=messages.SUBMIT)
    def submit(self, handed: HandIn[Envelope]) -> Receipt | Kept:
        """The one door: record a statement, answer with its receipt. Idempotent by statement id: what was recorded long ago is
        answered with the number of its entry, and the receipt is read in the archive.
        """
        self._stage.took_an_update()
        try:
            return submit(self._delivery, handed.content, self._received(handed))
        except VigilError as error:
            raise as_application_error(error) from error

    @submit.validator
    def _admit(self, handed: HandIn[Envelope]) -> None:
        """Refuse noise before anything is written, and what is recorded already with its receipt: while the archive is away a run
        cannot end, and whoever said it again and again, signed anew each time, would fill it. Signatures are checked here because
        Temporal does not run this on replay.
        """
        self._check(handed, brake=self._is_brake(handed.content))
        delivery, envelope, now = self._delivery, handed.content, workflow.now()
        try:
            statement = admit(delivery, envelope, now)
            if delivery.state.statements.find(statement.id, envelope.fingerprint()) is not None:
                raise messages.known_already(submit(delivery, envelope, now))
        except VigilError as error:
            raise as_application_error(error) from error

    @workflow.update(name=messages.AMEND)
    def amend(self, handed: HandIn[Amended]) -> Entry | Kept:
        """Change the plan for what is still ahead; the entry that records it. Idempotent: the same plan again is one change."""
        self._stage.took_an_update()
        try:
            return amend(self._delivery, handed.content, self._received(handed))
        except VigilError as error:
            raise as_application_error(error) from error

    @amend.validator
    def _check_amending(self, handed: HandIn[Amended]) -> None:
        """Likewise; whether the plan can be changed so, the handler says. That is written, so a full run hears of none."""
        self._check(handed)
        try:
            if (known := amended_by(self._delivery, handed.content.plan)) is not None:
                raise messages.known_already(known)
        except VigilError as error:
            raise as_application_error(error) from error
        if self._stage.is_full:
            sentence = mark("the archive is behind, and no plan is changed until it has caught up")
            raise as_application_error(Unavailable(sentence, hint=mark("say it again later")))

    @workflow.update(name=messages.CHANGE_KEYS)
    def change_keys(self, handed: HandIn[Envelope]) -> None:
        """Take a signed change of a service's keys (R24). Idempotent: what is known already is taken."""
        self._stage.took_an_update()
        try:
            change_keys(self._delivery, handed.content, self._received(handed))
        except VigilError as error:
            raise as_application_error(error) from error

    @change_keys.validator
    def _check_changing_keys(self, handed: HandIn[Envelope]) -> None:
        """Refuse what says nothing new here, and noise, before anything is written: it may be announced without end."""
        self._check(handed, brake=True)  # a key that was stolen is ended whatever the clock says
        delivery = self._delivery
        try:
            change = read_change(handed.content)
            if changed(delivery.directory, change) == delivery.directory:
                raise messages.known_already(None)
            at = handed.moment(delivery.plan.operation, delivery.directory, delivery.state.now)
            authentic(handed.content, delivery.directory, max(at, delivery.state.now))
            if faults := key_faults(delivery, change):
                raise RuleBroken("R24", "; ".join(faults), reason="keys_not_changed")
        except VigilError as error:
            raise as_application_error(error) from error

    @workflow.signal(name=messages.CHANGE_KEYS)
    def leave_keys(self, handed: HandIn[Envelope]) -> None:
        """The same for when no worker is up. What does not count here is dropped and logged."""
        try:
            at = self._received(handed)
            change_keys(self._delivery, handed.content, at)
        except VigilError as error:
            workflow.logger.warning("a change of keys left by signal was turned away", extra={"code": error.code})

    @workflow.signal(name=messages.SUBMIT)
    def leave(self, handed: HandIn[Envelope]) -> None:
        """Store-and-forward for when no worker is up: the same door, without an answer. Noise is dropped and logged."""
        try:
            at = self._received(handed)
            submit(self._delivery, handed.content, at)
        except VigilError as error:
            workflow.logger.warning("a statement left by signal was turned away", extra={"code": error.code})

    @workflow.signal(name=messages.REPORT)
    def report(self, handed: HandIn[Fact]) -> None:
        """From activities and the gateway: who was asked or told, and what the register says, are facts of the ledger."""
        try:
            at = self._received(handed)
            report(self._delivery, handed.content, at)
        except VigilError as error:
            workflow.logger.warning("a report came too late", extra={"code": error.code})

    @workflow.query(name=messages.QUERY_RECEIPT)
    def receipt(self, envelope: Envelope) -> list[Receipt | Kept]:
        """The receipt of exactly this statement, if it has come in: for a caller whose answer was lost. Where the archive alone
        has it, its number.
        """
        known = receipt(self._delivery, envelope)
        return [known] if known is not None else []

    @workflow.query(name=messages.QUERY_ASKED)
    def asked(self, request: str) -> bool:
        """Whether the answer to the request of this number is still waited for: for whoever is about to send it again."""
        return still_asked(self._delivery, request)

    @workflow.query(name=messages.QUERY_SIZE)
    def size(self) -> LedgerSize:
        """How far the ledger goes: what the archive is held against."""
        ledger = self._delivery.ledger
        return LedgerSize(branch=self._delivery.state.branch, size=len(ledger), root=ledger.root)

    def details(self) -> str:
        """In words, for Temporal's own UI."""
        return "" if self._refused is not None else details.details(self._delivery)

    def _received(self, handed: HandIn[Envelope] | HandIn[Amended] | HandIn[Fact]) -> datetime:
        """When it was received; whatever comes of it, the loop looks again. Raises why a delivery could not begin: a run that is
        to fail must not hang for what was left before.
        """
        if self._refused is not None:
            raise self._refused
        state = self._delivery.state
        at = handed.moment(self._delivery.plan.operation, self._delivery.directory, state.now)
        self._stage.stir(at)
        return at

    def _is_brake(self, envelope: Envelope) -> bool:
        try:
            return is_brake(book_of(self._delivery).read(envelope))
        except VigilError:
            return False  # what it is, is said when it is admitted

    def _check(self, handed: HandIn[Envelope] | HandIn[Amended], *, brake: bool = False) -> None:
        try:
            handed.check(self._delivery.plan.operation, self._delivery.directory)
            handed.check_time(workflow.now(), brake=brake)
        except VigilError as error:
            raise as_application_error(error) from error


def _delivery_of(docket: Docket | GoingOn, book: Book) -> Delivery:
    secret = bytes.fromhex(docket.secret)
    if isinstance(docket, GoingOn):
        return go_on(docket.carried, secret)
    return begin(docket.plan, docket.snapshot.directory, docket.snapshot.cards, workflow.info().workflow_start_time, secret, book)
