"""The state of one delivery: a fold over its ledger. `apply` is the only thing that changes it.

Nothing is stored beside the entries, so a packet, a continue-as-new or a replay all rebuild exactly this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatchmethod

from domain.delivery.consents import Grant, Permit, Permits, lacking
from domain.delivery.custody import Custody, Discrepancy
from domain.delivery.ledger import (
    Amended,
    Asked,
    Cause,
    Cleared,
    Closed,
    Concluded,
    Deconflicted,
    Ended,
    Entry,
    Escalated,
    Event,
    Expired,
    Expiring,
    Halted,
    KeysChanged,
    Ledger,
    LeftOut,
    Opened,
    Outcome,
    Reminded,
    Silence,
    Started,
    Stated,
    TakenUp,
    Verdict,
)
from domain.delivery.progress import Progress
from domain.delivery.statements import (
    NEED_OF,
    ArresteeReleased,
    ArrestMade,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationRefused,
    AuthorisationWithdrawn,
    ConflictSettled,
    ConflictYielded,
    Correction,
    Delegated,
    Delivered,
    Destroyed,
    DeviceFailed,
    DisclosurePermitted,
    Dispatched,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    Incident,
    Interdicted,
    LossRecorded,
    MovementDecision,
    NotCollected,
    Part,
    PartEnded,
    PartsEnded,
    PermissionGranted,
    PermissionRefused,
    Prepared,
    Seizure,
    Sighted,
    Split,
    Statement,
    StopRequested,
    SurveillanceLost,
    SurveillanceRegained,
    confirms,
    read_statement,
)
from domain.plan.cards import Permission, RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import changed, read_change
from domain.plan.plan import Leg, Plan, Step, read_plan
from domain.plan.register import Contact
from domain.signing.canonical import digest
from domain.words.errors import RuleBroken
from domain.words.moments import instant

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
class Disclosure:
    """A provider's permission that what it said goes further (R23). `statements` empty: all up to entry `seq`."""

    service: str
    to: str
    statements: tuple[str, ...]
    seq: int


@dataclass(frozen=True)
class Known:
    """A statement that has been recorded: which bytes, where, with what verdict."""

    fingerprint: str
    seq: int
    verdict: Verdict


def seconds(first: Statement | None, statement: Statement) -> bool:
    """Whether this is a second officer's signature under what a first one of the same service has said (R20)."""
    return first is not None and first.service == statement.service and first.officer != statement.officer


@dataclass(eq=False)
class Happened:
    """All that the entries of a ledger add up to."""

    ledger: Ledger = field(default_factory=Ledger)
    statements: dict[str, Known] = field(default_factory=dict)
    contradictions: dict[str, Known] = field(default_factory=dict)
    """By fingerprint: other content under an id that was used already (R18)."""
    counted: set[str] = field(default_factory=set)
    """Ids of statements that have taken effect; only these can be corrected (R18)."""
    firsts: dict[str, Statement] = field(default_factory=dict)
    """By the id it corrects: what a first officer says where two must correct the same (R20)."""
    early: dict[str, Statement] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    permits: Permits = field(default_factory=dict)
    delegations: dict[str, Delegated] = field(default_factory=dict)
    """By whom: the last delegation of what it is asked to say."""
    disclosures: list[Disclosure] = field(default_factory=list)
    prepared: Prepared | None = None
    seizures: dict[str, Seizure] = field(default_factory=dict)
    """By statement id, as last corrected."""
    interdicted: Interdicted | None = None
    parts: tuple[Part, ...] = ()
    """What it has split into."""
    ended_parts: tuple[PartEnded, ...] = ()
    custody: Custody | None = None
    discrepancy: Discrepancy | None = None
    deconflicted: Deconflicted | None = None
    """The register's newest answer."""
    looked: bool = False
    """Whether the register has answered since the last planned checkpoint closed (R15)."""
    settled: list[str] = field(default_factory=list)
    """Checkpoints of the conflicts that both sides have settled."""
    cleared: int = -1
    """The last leg the rules have allowed to begin."""
    leg: int | None = None
    """The leg it is on; none before dispatch."""
    moves: list[int] = field(default_factory=list)
    """Number of the first entry recorded on each leg."""
    delivered: bool = False
    """It has reached its recipient, or the point at which it was to be seized: the way is over."""
    arrests: dict[str, int] = field(default_factory=dict)
    """Persons arrested, by statement id, as last corrected."""
    released: int = 0
    secured: bool = False
    """Seized by the responsible authority."""
    unasked: bool = False
    """Seized of its own accord, and not because a halt had it asked to."""
    destroyed: bool = False
    last_sighting: tuple[str, str] | None = None
    """When (as written) and where the responsible authority last saw it."""
    last_contact: datetime | None = None
    """When the last statement was recorded that had it in hand or in sight."""
    gap: Gap | None = None
    gaps: list[Gap] = field(default_factory=list)
    """Intervals out of sight that have ended."""
    failed_devices: list[str] = field(default_factory=list)
    """Labels of devices that no longer work."""
    lost: bool = False
    """Given up as lost, by an act of loss."""
    halt: Halt | None = None
    outcome: Outcome | None = None
    because: str = ""
    """Why it is this outcome."""
    ended: bool = False


class Delivery(Happened):
    """One delivery: what was brought (plan, directory snapshot, cards) and what has happened (the ledger)."""

    def __init__(self, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> None:
        super().__init__()
        self.plan = plan
        self.brought = (directory, dict(cards))
        """What it started with; a changed plan may bring more."""
        self.directory = directory
        self.cards = dict(cards)

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

    @property
    def under_way(self) -> bool:
        """Whether the ordinary course goes on: it has neither halted nor split."""
        return self.halt is None and not self.parts

    def newer(self, found: Deconflicted) -> bool:
        """Whether this answer of the register is newer than what is known, or confirms it after a step has passed (R15)."""
        known = self.deconflicted.number if self.deconflicted is not None else -1
        return found.number > known or (found.number == known and not self.looked)

    def unsettled(self) -> tuple[Contact, ...]:
        """Whom to call about other live operations that touch this one, where the two have not agreed yet (R15)."""
        contacts = self.deconflicted.contacts if self.deconflicted is not None else ()
        return tuple(contact for contact in contacts if contact.checkpoint not in self.settled)

    def states_ahead(self) -> tuple[str, ...]:
        """The State it is in and those still to come, in order."""
        return tuple(dict.fromkeys(leg.state for leg in self.plan.legs[self.leg or 0 :]))

    def leg_at(self, seq: int) -> int:
        """The leg it was on when entry `seq` was recorded; the first one before dispatch."""
        return max(sum(first <= seq for first in self.moves) - 1, 0)

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

    def not_permitted(self, states: tuple[str, ...], at: datetime) -> tuple[str, ...]:
        """What these States want permitted apart and have not (R16): once it is prepared, it is not opened any more."""
        over: tuple[Permission, ...] = ("opening",) if self.prepared is not None else ()
        return lacking(self.plan, self.cards, self.permits, states, at, over)

    def said(self, statement: str) -> Statement | None:
        """The statement recorded first under this id, or none."""
        known = self.statements.get(statement)
        event = self.ledger[known.seq].event if known is not None else None
        return read_statement(event.envelope.body()) if isinstance(event, Stated) else None

    def known(self, statement: str, fingerprint: str) -> Known | None:
        """These very bytes under this statement id, if they have been recorded."""
        first = self.statements.get(statement)
        return first if first is not None and first.fingerprint == fingerprint else self.contradictions.get(fingerprint)

    def knowing(self, event: Amended) -> tuple[Directory, dict[str, RuleCard]]:
        """The services and rule cards known once a changed plan has brought its own; what is known stays as it is."""
        new = tuple(service for service in event.services if self.directory.find(service.id) is None)
        directory = self.directory.model_copy(update={"services": (*self.directory.services, *new)})
        return directory, {card.state: card for card in event.cards} | self.cards

    def snapshot_digest(self) -> str:
        """Digest of the directory snapshot the delivery started with."""
        return digest(self.brought[0])

    def cards_digest(self) -> str:
        """Digest of the rule cards the delivery started with."""
        return digest({state: card.model_dump(mode="json") for state, card in self.brought[1].items()})

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
    def _(self, event: Amended, _at: datetime) -> None:
        self.directory, self.cards = self.knowing(event)
        self.plan = read_plan(event.plan)
        self.cleared = min(self.cleared, -1 if self.leg is None else self.leg)
        for name, progress in self.progress.items():
            planned = self.plan.find(name)
            if planned is not None and progress.open:
                progress.checkpoint = planned
                progress.due = progress.opened + self.plan.due_after(planned)

    @_apply.register
    def _(self, event: KeysChanged, _at: datetime) -> None:
        self.directory = changed(self.directory, read_change(event.change))

    @_apply.register
    def _(self, event: LeftOut, _at: datetime) -> None:
        known = Known(event.fingerprint, len(self.ledger) - 1, event.verdict)
        if event.statement in self.statements:
            self.contradictions[known.fingerprint] = known
        else:
            self.statements[event.statement] = known

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
        once_received = {service for service, known in standing.items() if known == "received"}
        standing.update(dict.fromkeys(event.unreachable, "unreachable"))
        standing.update(dict.fromkeys(event.told, "told"))
        standing.update(dict.fromkeys((*event.received, *once_received), "received"))

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
        elif event.checkpoint.startswith("conflict.") and not self.dispatched:
            self._halt("conflict", "R15", f"another operation touches this one; no agreement in time by {who}")
        elif event.checkpoint.startswith("extension."):
            self._halt("expired", "R5", f"no extension in time from {who}")
        elif progress.checkpoint.overdue == "interdict":
            self._halt("silence", "R2", f"{event.checkpoint} is overdue: no answer in time from {who}")

    @_apply.register
    def _(self, event: Closed, _at: datetime) -> None:
        self.progress[event.checkpoint].result = event.result
        if self.plan.find(event.checkpoint) is not None:
            self.looked = False

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
    def _(self, event: Deconflicted, _at: datetime) -> None:
        self.deconflicted, self.looked = event, True

    @_apply.register
    def _(self, event: Cleared, _at: datetime) -> None:
        self.cleared = event.leg

    @_apply.register
    def _(self, event: Halted, _at: datetime) -> None:
        self._halt(event.cause, event.rule, event.reason)

    @_apply.register
    def _(self, event: Concluded, _at: datetime) -> None:
        self.outcome, self.because = event.outcome, event.reason

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
        self.counted.add(statement.id)
        unseen = isinstance(statement.content, Delivered) and not statement.content.seen
        if statement.kind in CONTACT and not unseen:
            self._have_in_sight(at)
        planned = self.ends_here(statement)
        if not (isinstance(statement.content, AuthorisationGranted) and statement.content.provisional):
            self._answer(statement, seq)
        if isinstance(statement.content, DisclosurePermitted):
            permitted = statement.content
            self.disclosures.append(Disclosure(statement.service, permitted.to, permitted.statements, seq))
        self._say_of_consent(statement)
        self._say_of_the_way(statement, at)
        self._say_of_the_end(statement, planned=planned)
        self._say_of_a_halt(statement)

    def _say_of_consent(self, statement: Statement) -> None:
        voice = statement.voice
        match statement.content:
            case AuthorisationGranted(valid_from=begins, valid_until=ends) as act:
                window = (instant(begins), instant(ends))
                name = statement.checkpoint or ""
                self.grants[voice] = Grant(voice, act.state, act.modalities, *window, name, act.conditions, act.provisional)
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
            case ConflictSettled():
                self.settled.append(statement.checkpoint or "")
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
                self._move()
            case HandoverOffered() | HandoverAccepted() as measured:
                self._measured(statement, measured)
            case MovementDecision(proceed=proceed, reason=reason):
                self._decided(statement, proceed, reason)
            case Sighted(place=place) | SurveillanceRegained(place=place):
                self.last_sighting = (statement.happened_at, place)
            case SurveillanceLost(reason=reason):
                self._lose_sight(reason, at)
            case DeviceFailed(label=label):
                self.failed_devices.append(label)
            case _:
                """Not about the way."""

    def _say_of_the_end(self, statement: Statement, *, planned: bool) -> None:
        match statement.content:
            case Delivered():
                if self.plan.leg_to(statement.checkpoint or "") == len(self.plan.legs) - 1:
                    self.delivered = True
                else:
                    self._move()
            case Split(parts=parts):
                self.parts = parts
            case PartsEnded(parts=parts):
                self.ended_parts = parts
            case ArrestMade(persons=persons):
                self.arrests[statement.id] = persons
            case ArresteeReleased(persons=persons):
                self.released += persons
            case Seizure() as seizure:
                self.seizures[statement.id] = seizure
            case Interdicted() as interdicted:
                self.secured, self.interdicted = True, interdicted
                self.unasked = self.halt is None
                if planned:
                    self.delivered = True
                else:
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
            case ConflictYielded(reason=reason):
                self._halt("conflict", "R15", f"{who} gives way: {reason}", who)
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
            one.id == statement.checkpoint
            and "interdiction" in one.needs_of(statement.voice)
            and one.id in self.progress
            and self.progress[one.id].open
            for one in self.plan.at("deliver")
        )

    def _is_first_of_two(self, statement: Statement) -> bool:
        """Keep what a first officer says until a second one has said the same (R20). A no needs only one."""
        if isinstance(statement.content, Correction):
            return self._is_first_to_correct(statement, statement.content)
        need = NEED_OF.get(statement.kind)
        progress = self.progress.get(statement.checkpoint or "")
        if need is None or progress is None or not confirms(statement.kind):
            return False
        key = (statement.voice, need)
        if progress.checkpoint.officers_for(*key) == 1 or seconds(progress.firsts.get(key), statement):
            return False
        progress.firsts[key] = statement
        return True

    def _is_first_to_correct(self, statement: Statement, correction: Correction) -> bool:
        """What two officers had to say, two officers correct."""
        earlier = self.said(correction.of)
        progress = self.progress.get(earlier.checkpoint or "") if earlier is not None else None
        need = NEED_OF[correction.content.kind]
        if earlier is None or progress is None or progress.checkpoint.officers_for(earlier.voice, need) == 1:
            return False
        first = self.firsts.pop(correction.of, None)
        if seconds(first, statement):
            return False
        self.firsts[correction.of] = statement
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
        self.leg = 0 if self.leg is None else self.leg + 1
        self.moves.append(len(self.ledger))
