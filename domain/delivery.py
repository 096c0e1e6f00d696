"""The state of one delivery: a fold over its ledger. `apply` is the only thing that changes it.

Nothing is stored beside the entries, so a packet, a continue-as-new or a replay all rebuild exactly this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatchmethod

from domain.canonical import digest
from domain.cards import RuleCard
from domain.consent import Grant, Permit, Permits
from domain.custody import Custody, Discrepancy
from domain.directory import Directory
from domain.errors import RuleBroken
from domain.ledger import (
    Asked,
    Cause,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Entry,
    Escalated,
    Event,
    Expired,
    Expiring,
    Halted,
    Ledger,
    Opened,
    Outcome,
    Reminded,
    Silence,
    Started,
    Stated,
    TakenUp,
    Verdict,
)
from domain.moments import instant
from domain.plan import Leg, Plan, Step
from domain.progress import Progress
from domain.statements import (
    NEED_OF,
    ArresteeReleased,
    ArrestMade,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationRefused,
    AuthorisationWithdrawn,
    Correction,
    Delegated,
    Delivered,
    Destroyed,
    Dispatched,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    Incident,
    Interdicted,
    LossRecorded,
    MovementDecision,
    NotCollected,
    PermissionGranted,
    PermissionRefused,
    Prepared,
    Seizure,
    Sighted,
    Statement,
    StopRequested,
    SurveillanceLost,
    SurveillanceRegained,
    confirms,
    read_statement,
)

NEEDS_NO_CHECKPOINT = (
    "authorisation_extended",
    "stop_acknowledged",
    "interdicted",
    "loss_recorded",
    "destroyed",
    "sighted",
    "surveillance_regained",
)
"""Kinds that count whether or not the service names the checkpoint that asked for them."""


CONTACT = ("dispatched", "sighted", "surveillance_regained", "handover_offered", "handover_accepted", "delivered")
"""Kinds that prove that somebody has the consignment in hand or in sight (R9)."""


@dataclass(frozen=True)
class Halt:
    """Why nothing advances any more; `rule` says so, `by` is the service whose word it was, if it was one's."""

    cause: Cause
    rule: str
    reason: str
    by: str | None = None


@dataclass(frozen=True)
class Gap:
    """An interval out of sight (R9): from the last contact on; `ended` is none while it lasts."""

    began: datetime
    reason: str
    ended: datetime | None = None


@dataclass(frozen=True)
class Known:
    """A statement that has been recorded: which bytes, where, with what verdict."""

    fingerprint: str
    seq: int
    verdict: Verdict


class Delivery:
    """One delivery: what was brought (plan, directory snapshot, cards) and what has happened (the ledger)."""

    def __init__(self, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> None:
        self.plan = plan
        self.directory = directory
        self.cards = dict(cards)
        self.ledger = Ledger()
        self.statements: dict[str, Known] = {}
        self.contradictions: dict[str, Known] = {}
        """By fingerprint: other content under an id that was used already (R18)."""
        self.early: dict[str, Statement] = {}
        self.progress: dict[str, Progress] = {}
        self.grants: dict[str, Grant] = {}
        self.permits: Permits = {}
        self.delegations: dict[str, Delegated] = {}
        """By whom: the last delegation of what it is asked to say."""
        self.prepared: Prepared | None = None
        self.seizures: dict[str, Seizure] = {}
        """By statement id, as last corrected."""
        self.interdicted: Interdicted | None = None
        self.custody: Custody | None = None
        self.discrepancy: Discrepancy | None = None
        self.cleared = -1
        """The last leg the rules have allowed to begin."""
        self.leg: int | None = None
        """The leg it is on; none before dispatch."""
        self.delivered = False
        """It has reached its recipient, or the point at which it was to be seized: the way is over."""
        self.arrests: dict[str, int] = {}
        """Persons arrested, by statement id, as last corrected."""
        self.released = 0
        self.secured = False
        """Seized by the responsible authority."""
        self.seized_unasked = False
        """That seizure is what halted it: nobody had ordered a stop."""
        self.destroyed = False
        self.last_sighting: tuple[str, str] | None = None
        """When (as written) and where the responsible authority last saw it."""
        self.last_contact: datetime | None = None
        """When the last statement was recorded that had it in hand or in sight."""
        self.gap: Gap | None = None
        self.gaps: list[Gap] = []
        """Intervals out of sight that have ended."""
        self.lost = False
        """Given up as lost, by an act of loss."""
        self.halt: Halt | None = None
        self.outcome: Outcome | None = None
        self.ended = False

    # What is asked of the state

    @property
    def here(self) -> Leg:
        """The leg it is on, or the first before dispatch."""
        return self.plan.legs[self.leg or 0]

    @property
    def responsible(self) -> str:
        """The one authority responsible at this instant (R4)."""
        return self.here.responsible

    @property
    def arrested(self) -> int:
        """How many persons have been arrested."""
        return sum(self.arrests.values())

    @property
    def dispatched(self) -> bool:
        """Whether it has left."""
        return self.leg is not None

    def states_ahead(self) -> tuple[str, ...]:
        """The State it is in and those still to come, in order."""
        return tuple(dict.fromkeys(leg.state for leg in self.plan.legs[self.leg or 0 :]))

    def open_checkpoints(self) -> tuple[Progress, ...]:
        """Checkpoints that wait, in the order in which they opened."""
        return tuple(progress for progress in self.progress.values() if progress.open)

    def closed(self, checkpoint: str) -> bool:
        """Whether this checkpoint has opened and closed."""
        progress = self.progress.get(checkpoint)
        return progress is not None and not progress.open

    def satisfied(self, step: Step) -> bool:
        """Whether every checkpoint of the step has got all its answers and closed."""
        results = [self.progress[one.id].result for one in self.plan.at(step) if one.id in self.progress]
        return len(results) == len(self.plan.at(step)) and set(results) <= {"satisfied"}

    def participant(self, service: str) -> bool:
        """Whether the service has a part in this delivery, or is a supervisor of it."""
        known = self.directory.find(service)
        return known is not None and (service in self.plan.participants() or known.kind == "supervisor")

    def said(self, statement: str) -> Statement | None:
        """The statement recorded first under this id, or none."""
        known = self.statements.get(statement)
        event = self.ledger[known.seq].event if known is not None else None
        return read_statement(event.envelope.body()) if isinstance(event, Stated) else None

    def known(self, statement: str, fingerprint: str) -> Known | None:
        """These very bytes under this statement id, if they have been recorded."""
        first = self.statements.get(statement)
        return first if first is not None and first.fingerprint == fingerprint else self.contradictions.get(fingerprint)

    def snapshot_digest(self) -> str:
        """Digest of the directory snapshot the delivery started with."""
        return digest(self.directory)

    def cards_digest(self) -> str:
        """Digest of the rule cards the delivery started with."""
        return digest({state: card.model_dump(mode="json") for state, card in self.cards.items()})

    # What changes it

    def append(self, entry: Entry, statement: Statement | None = None) -> None:
        """Append an entry and let it take effect. `statement` saves reading it again where it is already read."""
        self.ledger.append(entry)
        at = instant(entry.at)
        if isinstance(entry.event, Stated):
            self._stated(entry.seq, entry.event, statement or read_statement(entry.event.envelope.body()), at)
        else:
            self._apply(entry.event, at)

    def _stated(self, seq: int, event: Stated, statement: Statement, at: datetime) -> None:
        known = Known(event.envelope.fingerprint(), seq, event.verdict)
        if statement.id in self.statements:
            self.contradictions[known.fingerprint] = known
        else:
            self.statements[statement.id] = known
        if event.verdict.verdict == "early":
            self.early[statement.id] = statement
        elif event.verdict.verdict == "accepted":
            self._say(statement, seq, at)

    @singledispatchmethod
    def _apply(self, event: Event, at: datetime) -> None:
        """Entries without an effect of their own."""

    @_apply.register
    def _(self, event: Started, _at: datetime) -> None:
        if event.directory != self.snapshot_digest() or event.cards != self.cards_digest():
            rule, reason = "R1", "the directory or the rule cards are not those this delivery started with"
            raise RuleBroken(rule, reason)

    @_apply.register
    def _(self, event: TakenUp, at: datetime) -> None:
        statement = self.early.pop(event.statement)
        if event.verdict.verdict == "accepted":
            self._say(statement, self.statements[statement.id].seq, at)

    @_apply.register
    def _(self, event: Opened, at: datetime) -> None:
        checkpoint = event.definition or self.plan.find(event.checkpoint)
        if checkpoint is None:
            rule, reason = "R17", f"there is no checkpoint {event.checkpoint}"
            raise RuleBroken(rule, reason)
        due = instant(event.due) if event.due is not None else None
        self.progress[event.checkpoint] = Progress(checkpoint, at, due)

    @_apply.register
    def _(self, event: Asked, _at: datetime) -> None:
        standing = self.progress[event.checkpoint].standing
        standing.update(dict.fromkeys(event.unreachable, "unreachable"))
        standing.update(dict.fromkeys(event.received, "received"))

    @_apply.register
    def _(self, event: Reminded, _at: datetime) -> None:
        self.progress[event.checkpoint].rung = event.rung

    @_apply.register
    def _(self, event: Escalated, _at: datetime) -> None:
        self.progress[event.checkpoint].escalated = event.rung

    @_apply.register
    def _(self, event: Silence, at: datetime) -> None:
        progress = self.progress[event.checkpoint]
        progress.silent = True
        who = ", ".join(event.services)
        planned = self.plan.find(event.checkpoint)
        if planned is not None and planned.step == "authorise":
            self._halt("silence", "R2", f"no answer in time from {who}: silence is not consent")
        elif event.checkpoint.startswith("sighting."):
            self._lose_sight(f"no check-in by {who}", at)
        elif event.checkpoint.startswith("search."):
            self._halt("lost", "R9", f"out of sight, and not found in time by {who}")
        elif event.checkpoint.startswith("extension."):
            self._halt("expired", "R5", f"no extension in time from {who}")
        elif progress.checkpoint.overdue == "interdict":
            self._halt("silence", "R2", f"{event.checkpoint} is overdue: no answer in time from {who}")

    @_apply.register
    def _(self, event: Closed, _at: datetime) -> None:
        self.progress[event.checkpoint].result = event.result

    @_apply.register
    def _(self, event: Expiring, _at: datetime) -> None:
        grant = self.grants[event.service]
        grant.warnings = event.rung
        if event.rung == len(self.plan.expiry_warnings):
            reason = f"the authorisation of {grant.state} expires at {event.valid_until} and was not extended"
            self._halt("expired", "R5", reason)

    @_apply.register
    def _(self, event: Expired, _at: datetime) -> None:
        grant = self.grants[event.service]
        grant.expired = True
        if not self.delivered and grant.state in self.states_ahead():
            self._halt("expired", "R5", f"the authorisation of {grant.state} has expired")

    @_apply.register
    def _(self, event: Cleared, _at: datetime) -> None:
        self.cleared = event.leg

    @_apply.register
    def _(self, event: Halted, _at: datetime) -> None:
        self._halt(event.cause, event.rule, event.reason)

    @_apply.register
    def _(self, event: Concluded, _at: datetime) -> None:
        self.outcome = event.outcome

    @_apply.register
    def _(self, _event: Ended, _at: datetime) -> None:
        self.ended = True

    def _halt(self, cause: Cause, rule: str, reason: str, by: str | None = None) -> None:
        """The first cause stands; later ones change nothing (R8)."""
        if self.halt is None:
            self.halt = Halt(cause, rule, reason, by)

    def _say(self, statement: Statement, seq: int, at: datetime) -> None:
        """Let an accepted statement take effect."""
        if self._is_first_of_two(statement):
            return
        unseen = isinstance(statement.content, Delivered) and not statement.content.seen
        if statement.kind in CONTACT and not unseen:
            self._have_in_sight(at)
        planned = self.ends_here(statement)
        if not (isinstance(statement.content, AuthorisationGranted) and statement.content.provisional):
            self._answer(statement, seq)
        self._say_of_consent(statement)
        self._say_of_the_way(statement, at)
        self._say_of_the_end(statement, planned=planned)
        self._say_of_a_halt(statement)

    def _say_of_consent(self, statement: Statement) -> None:
        voice = statement.voice
        match statement.content:
            case AuthorisationGranted(valid_from=begins, valid_until=ends) as act:
                window = (instant(begins), instant(ends))
                self.grants[voice] = Grant(voice, act.state, act.modalities, *window, act.conditions, act.provisional)
            case AuthorisationExtended(valid_until=until):
                grant = self.grants[voice]
                grant.valid_until, grant.warnings = instant(until), 0
            case AuthorisationWithdrawn(state=state):
                self.grants[voice].withdrawn = True
                if state in self.states_ahead() and not self.delivered:
                    self._halt("withdrawn", "R5", f"{state} has withdrawn its consent ({voice})", statement.service)
            case PermissionGranted(valid_from=begins, valid_until=ends) as act:
                permit = Permit(voice, act.permissions, instant(begins), instant(ends))
                self.permits.setdefault(act.state, []).append(permit)
            case AuthorisationRefused(state=state):
                self._halt("refused", "R1", f"{state} does not consent ({voice})", statement.service)
            case PermissionRefused(state=state):
                self._halt("refused", "R16", f"{state} does not permit it ({voice})", statement.service)
            case Delegated() as delegated:
                self.delegations[statement.service] = delegated
            case _:
                """Not about consent."""

    def _say_of_the_way(self, statement: Statement, at: datetime) -> None:
        match statement.content:
            case Prepared(gross=gross, seals=seals) as prepared:
                self.prepared = prepared
                self.custody = Custody(gross, seals)
            case Dispatched():
                self.leg = 0
            case HandoverOffered() | HandoverAccepted() as measured:
                self._measured(statement, measured)
            case MovementDecision(proceed=proceed, reason=reason):
                self._decided(statement, proceed, reason)
            case Sighted(place=place) | SurveillanceRegained(place=place):
                self.last_sighting = (statement.happened_at, place)
            case SurveillanceLost(reason=reason):
                self._lose_sight(reason, at)
            case _:
                """Not about the way."""

    def _say_of_the_end(self, statement: Statement, *, planned: bool) -> None:
        match statement.content:
            case Delivered():
                self.delivered = True
            case ArrestMade(persons=persons):
                self.arrests[statement.id] = persons
            case ArresteeReleased(persons=persons):
                self.released += persons
            case Seizure() as seizure:
                self.seizures[statement.id] = seizure
            case Interdicted() as interdicted:
                self.secured, self.interdicted = True, interdicted
                if planned:
                    self.delivered = True
                else:
                    self.seized_unasked |= self.halt is None
                    who = interdicted.seized_by or statement.service
                    self._halt("stop", "R8", f"{who} interdicted the consignment", statement.service)
            case LossRecorded():
                self.lost = True
            case Destroyed():
                self.destroyed = True
            case Correction() as correction:
                self._correct(correction)
            case _:
                """Not about the end."""

    def _say_of_a_halt(self, statement: Statement) -> None:
        who = statement.service
        match statement.content:
            case HandoverDeclined(reason=reason):
                self._halt("declined", "R6", f"{who} declined custody: {reason}", who)
            case NotCollected(because=because, reason=reason):
                self._halt("no_show", "R12", f"{who} could not deliver it, {because.replace('_', ' ')}: {reason}", who)
            case StopRequested(reason=reason):
                self._halt("stop", "R8", f"{who} ordered a stop: {reason}", who)
            case Destroyed(circumstances=circumstances):
                self._halt("destroyed", "R10", f"{who} reports it destroyed: {circumstances}", who)
            case Incident(risk_to_life=True, what=what):
                self._halt("risk_to_life", "R14", f"{who} reports a risk to life: {what}", who)
            case _:
                """Halts nothing by itself."""

    def ends_here(self, statement: Statement) -> bool:
        """Whether this interdiction is the one the plan ends with."""
        return statement.kind == "interdicted" and any(
            "interdiction" in one.needs_of(statement.voice) and one.id in self.progress and self.progress[one.id].open
            for one in self.plan.at("deliver")
        )

    def _is_first_of_two(self, statement: Statement) -> bool:
        """Keep what a first officer says until a second one has said the same (R20). A no needs only one."""
        need = NEED_OF.get(statement.kind)
        progress = self.progress.get(statement.checkpoint or "")
        if need is None or progress is None or not confirms(statement.kind):
            return False
        key = (statement.voice, need)
        if progress.checkpoint.officers_for(*key) == 1 or key in progress.firsts:
            return False
        progress.firsts[key] = statement
        return True

    def _correct(self, correction: Correction) -> None:
        """Put right the numbers that are still compared with; what has been decided on the old ones stays decided."""
        match correction.content:
            case Seizure() as seizure:
                self.seizures[correction.of] = seizure
            case Interdicted() as interdicted:
                self.interdicted = interdicted
            case Prepared() as prepared:
                self.prepared = prepared
                if not self.dispatched:
                    self.custody = Custody(prepared.gross, prepared.seals)
            case ArrestMade(persons=persons):
                self.arrests[correction.of] = persons

    def _have_in_sight(self, at: datetime) -> None:
        self.last_contact = at
        if self.gap is not None:
            self.gaps.append(replace(self.gap, ended=at))
            self.gap = None

    def _lose_sight(self, reason: str, at: datetime) -> None:
        if self.gap is None:
            self.gap = Gap(self.last_contact or at, reason)

    def _answer(self, statement: Statement, seq: int) -> None:
        """Count it as the answer of the checkpoint it names, or where none need be named, of the open ones that ask for it."""
        need = NEED_OF.get(statement.kind)
        if need is None:
            return
        for name, progress in self.progress.items():
            named = statement.checkpoint == name or (statement.kind in NEEDS_NO_CHECKPOINT and progress.open)
            if named and need in progress.checkpoint.needs_of(statement.voice):
                progress.answers.setdefault((statement.voice, need), seq)

    def _measured(self, statement: Statement, measured: HandoverOffered | HandoverAccepted) -> None:
        taker = isinstance(measured, HandoverAccepted)
        if self.custody is None:
            rule, reason = "R7", "nothing was prepared, so there is nothing to compare with"
            raise RuleBroken(rule, reason)
        intact = measured.seals_intact if isinstance(measured, HandoverAccepted) else True
        problem = self.custody.problem_with(measured.gross, measured.seals, self.plan.weight_tolerance, intact=intact)
        if problem:
            self.discrepancy = Discrepancy(
                statement.checkpoint or "", statement.service, problem, measured.gross, measured.seals, taker
            )
        elif taker:
            self._move()

    def _decided(self, statement: Statement, proceed: bool, reason: str) -> None:  # noqa: FBT001
        progress = self.progress[statement.checkpoint or ""]
        if not proceed:
            self._halt("decision", "R7", f"{statement.service} decided not to go on: {reason}", statement.service)
        elif progress.satisfied and self.discrepancy is not None and self.custody is not None:
            found, self.discrepancy = self.discrepancy, None
            self.custody = self.custody.measured(found)
            if found.taker:
                self._move()

    def _move(self) -> None:
        self.leg = (self.leg or 0) + 1
