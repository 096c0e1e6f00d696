"""What the ledger records, each with its effect on the state and, where it is not about a statement, who reads it (R11)."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from domain.delivery.event import Event, Law, Moment
from domain.delivery.progress import Progress
from domain.delivery.requests import SignedAcknowledgement, read_acknowledgement
from domain.delivery.state import Diverging, State
from domain.delivery.verdicts import Cause, Finding, Verdict, found
from domain.delivery.vocabulary import Differing, NoticeKind, Outcome, Result, Services, UtcText
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service
from domain.plan.key_changes import changed, read_change
from domain.plan.plan import Checkpoint, read_plan
from domain.plan.register import Contact
from domain.plan.vocabulary import Digest
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import Envelope
from domain.words.errors import RuleBroken
from domain.words.identifiers import CheckpointId, ServiceId, StatementId
from domain.words.limits import (
    CONTACTS_BYTES,
    LONGEST_KEY,
    MOST_BRANCHES,
    MOST_BROUGHT_CARDS,
    MOST_BROUGHT_SERVICES,
    MOST_CONTACTS,
    MOST_SERVICES,
)
from domain.words.moments import instant

NOT_EXTENDED = found(
    "R5",
    "not_extended",
    "the authorisation of {state} expires at {until} and was not extended",
    state="name",
    until="instant",
)
HAS_EXPIRED = found("R5", "has_expired", "the authorisation of {state} has expired", state="name")


class Started(Event):
    """The signed plan, what it was checked against, and the version of the rules that the delivery is under to its end."""

    event: Literal["started"] = "started"
    rules: Annotated[int, Field(ge=1)]
    plan: Envelope
    directory: Digest
    cards: Digest

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The signed plan is in force from here on. Directory and cards must have these digests."""
        if self.directory != state.directory.digest() or self.cards != cards_digest(state.cards):
            rule, reason = "R1", "the directory or the rule cards are not those this delivery started with"
            raise RuleBroken(rule, reason)
        state.plans.append((when.seq, self.plan.fingerprint()))


class Amended(Event):
    """The plan was changed by a new signed one, for what is still ahead (R22), with the services and cards new to it."""

    event: Literal["amended"] = "amended"
    plan: Envelope
    services: Annotated[tuple[Service, ...], Field(max_length=MOST_BROUGHT_SERVICES)] = ()
    cards: Annotated[tuple[RuleCard, ...], Field(max_length=MOST_BROUGHT_CARDS)] = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The new services and cards are known, and the new plan is in force, from here on. `cleared` falls back to the leg it is
        on, -1 before it has left. `looked` of the register stays only if the register `covers` the new plan. A checkpoint that is
        open and stands in the new plan is asked as it stands there, and is due `due_after` later than it opened.
        """
        before = state.plan.participants()
        state.directory, state.cards = self.known_with(state)
        state.plan = read_plan(self.plan)
        state.plans.append((when.seq, self.plan.fingerprint()))
        state.cleared = min(state.cleared, -1 if state.leg is None else state.leg)
        state.register.looked = state.register.looked and state.register.covers(state.plan)
        for name, progress in state.progress.items():
            planned = state.plan.find(name)
            if planned is not None and progress.open:
                progress.checkpoint = planned
                progress.due = progress.opened + state.plan.due_after(planned)
        state.owe(when.seq, "amended", None, tuple(dict.fromkeys((*state.plan.participants(), *before))))

    def known_with(self, state: State) -> tuple[Directory, dict[str, RuleCard]]:
        """The services and rule cards known once this has brought its own; what is known stays as it is."""
        new = tuple(service for service in self.services if state.directory.find(service.id) is None)
        directory = state.directory.model_copy(update={"services": (*state.directory.services, *new)})
        return directory, {card.state: card for card in self.cards} | state.cards


class KeysChanged(Event):
    """Keys of a service were added or ended by a signed record, from here on (R24)."""

    event: Literal["keys_changed"] = "keys_changed"
    readers = "everybody"  # everybody must know whose key counts no more
    change: Envelope

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The keys of the service are those that the record makes of them. Its signer has changed keys once more, and while the
        archive is behind that counts as one of its brakes.
        """
        change = read_change(self.change)
        state.directory = changed(state.directory, change)
        state.rekeyed[change.by] = state.rekeyed.get(change.by, 0) + 1
        if state.behind is not None:
            state.behind[change.by] = state.behind.get(change.by, 0) + 1
        state.owe(when.seq, "keys", None, state.plan.participants())


class Stated(Event):
    """A statement came in, with the verdict."""

    event: Literal["stated"] = "stated"
    readers = "speaker"
    envelope: Envelope
    verdict: Verdict

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The statement is remembered, whatever its verdict. An early one waits; an accepted one takes effect."""
        law.heard(state, self.envelope, self.verdict, when)


class TakenUp(Event):
    """An early statement's time has come."""

    event: Literal["taken_up"] = "taken_up"
    readers = "speaker"
    statement: StatementId
    verdict: Verdict

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The statement waits no more. If it is accepted, it takes effect: under the number of the entry in which it came in, at
        the time of this one.
        """
        law.taken_up(state, self.statement, self.verdict, when)


class Opened(Event):
    """A checkpoint opened and its services are asked. One that no plan holds says which contingency called for it, about what,
    and what it is.
    """

    event: Literal["opened"] = "opened"
    readers = "checkpoint"
    checkpoint: CheckpointId
    due: UtcText | None
    contingency: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None = None
    key: Annotated[str, Field(max_length=LONGEST_KEY)] = ""
    definition: Checkpoint | None = None

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint is open from here on, with what the definition says of it, or else the plan. Where a contingency called
        for it, that has opened about this key once more.
        """
        checkpoint = self.definition or state.plan.find(self.checkpoint)
        if checkpoint is None:
            rule, reason = "R17", f"there is no checkpoint {self.checkpoint}"
            raise RuleBroken(rule, reason)
        due = instant(self.due) if self.due is not None else None
        state.past.pop(self.checkpoint, None)
        state.progress[self.checkpoint] = Progress(checkpoint, when.at, due, self.contingency, self.key)
        if self.contingency is not None:
            begun = f"{self.contingency}/{self.key}"
            state.opened[begun] = state.opened.get(begun, 0) + 1
        if self.contingency == "search":
            state.owe(when.seq, "alarm", self.checkpoint, state.plan.participants())
        if self.contingency == "conflict":
            state.owe(when.seq, "conflict", self.checkpoint, (state.plan.initiator,))


class Asked(Event):
    """What came of asking: who received the request, who could not be reached yet, and whose people were told that it waits."""

    event: Literal["asked"] = "asked"
    readers = "checkpoint"
    checkpoint: CheckpointId
    received: Services = ()
    unreachable: Services = ()
    told: Services = ()
    acknowledgements: Annotated[tuple[SignedAcknowledgement, ...], Field(max_length=MOST_SERVICES)] = ()
    """Signed by some of those who have received it."""

    @property
    def signed(self) -> Services:
        """Who has signed that it received the request."""
        return tuple(read_acknowledgement(one).service for one in self.acknowledgements)

    @property
    def unsigned(self) -> Services:
        """Of whom the installation alone says that they received it."""
        return tuple(one for one in self.received if one not in self.signed)

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Nothing is decided by it. It is shown how far each request has come."""
        standing = state.progress[self.checkpoint].standing
        once_received = {service for service, known in standing.items() if known == "received"}
        standing.update(dict.fromkeys(self.unreachable, "unreachable"))
        standing.update(dict.fromkeys(self.told, "told"))
        standing.update(dict.fromkeys((*self.received, *once_received), "received"))


class CameDue(Event):
    """The due time has passed. Services that must be polled are asked once more before silence decides (R2), since what they said
    in time may not have been heard.
    """

    event: Literal["came_due"] = "came_due"
    readers = "checkpoint"
    checkpoint: CheckpointId

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint has come due, and waits until those who must be polled have been asked once more."""
        state.progress[self.checkpoint].came_due = True


class AskedOnceMore(Event):
    """Those who must be polled have been asked once more."""

    event: Literal["asked_once_more"] = "asked_once_more"
    readers = "checkpoint"
    checkpoint: CheckpointId
    unreachable: Services = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """They have been, so silence may decide."""
        state.progress[self.checkpoint].asked_again = True


class Reminded(Event):
    """Services that had not answered are reminded; `rung` counts from 1."""

    event: Literal["reminded"] = "reminded"
    readers = "checkpoint"
    checkpoint: CheckpointId
    services: Services
    rung: Annotated[int, Field(ge=1)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint has had so many reminders."""
        state.progress[self.checkpoint].rung = self.rung
        state.owe(when.seq, "reminder", self.checkpoint, self.services)


class Escalated(Event):
    """Answers are still missing, and the next on the ladder is told; `rung` counts from 1."""

    event: Literal["escalated"] = "escalated"
    readers = "checkpoint"
    checkpoint: CheckpointId
    to: ServiceId
    services: Services
    rung: Annotated[int, Field(ge=1)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The ladder of the checkpoint has come to this rung."""
        state.progress[self.checkpoint].escalated = self.rung
        state.owe(when.seq, "escalation", self.checkpoint, (self.to,))


class Silence(Event):
    """The due time passed without these services' answers (R2)."""

    event: Literal["silence"] = "silence"
    readers = "checkpoint"
    checkpoint: CheckpointId
    services: Services

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint is `silent`. Of a contingency's, what follows is what that says. Of a checkpoint of the plan: at one of
        step `authorise` it halts with the cause `silence` and R2 `no_answer`; at another whose `overdue` is `interdict` with the
        cause `silence` and R2 `overdue`; elsewhere nothing follows.
        """
        progress = state.progress[self.checkpoint]
        progress.silent = True
        law.fell_silent(state, progress, self.services, when)
        state.owe(when.seq, "silence", self.checkpoint, (state.plan.initiator,))


class Closed(Event):
    """A checkpoint closed."""

    event: Literal["closed"] = "closed"
    readers = "checkpoint"
    checkpoint: CheckpointId
    result: Result

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint has this result, and what was answered there is forgotten. Of a checkpoint of the plan, the register
        must answer again: `looked` ends. Of a contingency's, what follows is what that says, and the checkpoint is forgotten.
        """
        progress = state.close(self.checkpoint, self.result)
        if progress.contingency is None:
            state.register.looked = False
        else:
            law.closed(state, progress, when)
        state.owe(when.seq, "withdrawn", self.checkpoint, progress.waiting_for())


class Expiring(Event):
    """An authorisation will expire within a lead time of the plan (R5)."""

    event: Literal["expiring"] = "expiring"
    readers = "own_state"
    service: ServiceId
    valid_until: UtcText
    rung: Annotated[int, Field(ge=1)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """So many of the plan's lead times have passed for this authorisation. With the last one it halts with the cause
        `expired` and R5 `not_extended`.
        """
        grant = state.grants[self.service]
        grant.warnings = self.rung
        if self.rung == len(state.plan.expiry_warnings):
            state.stop_all("expired", NOT_EXTENDED(state=grant.state, until=self.valid_until), when.seq)


class Expired(Event):
    """An authorisation expired (R5)."""

    event: Literal["expired"] = "expired"
    readers = "own_state"
    service: ServiceId

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The authorisation has expired. Unless it is delivered, or the State is not ahead any more, it halts with the cause
        `expired` and R5 `has_expired`.
        """
        grant = state.grants[self.service]
        grant.expired = True
        if not state.delivered and grant.state in state.states_ahead():
            state.stop_all("expired", HAS_EXPIRED(state=grant.state), when.seq)


class Deconflicted(Event):
    """The register's answer: every other live operation that touches this one now, by whom to call about it (R15)."""

    event: Literal["deconflicted"] = "deconflicted"
    number: Annotated[int, Field(ge=0)]
    """Counts the register's changes: of two answers, the higher is the newer."""
    order: Annotated[int, Field(ge=0)]
    """The entry in which it was signed that the register is looked into. Without one it is not, and answers nothing."""
    contacts: Annotated[tuple[Contact, ...], Field(max_length=MOST_CONTACTS)] = ()

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        if len(canonical([plain(one) for one in self.contacts])) > CONTACTS_BYTES:
            raise ValueError(f"R28: whom to call has {CONTACTS_BYTES} bytes at most")
        return self

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This is what is known of other operations, and of which answer. What is settled or let be of a conflict that is not
        named any more is forgotten, and how often it was opened too: where the other operation comes back, the two agree anew.
        Where `order` is the newest signature and the register `covers` the plan, it has `looked`, and no more `afresh`.
        """
        register = state.register
        register.number, register.contacts = self.number, self.contacts
        there = [one.conflict for one in self.contacts]
        register.settled = tuple(one for one in register.settled if one in there)
        register.let_be = tuple(one for one in register.let_be if one in there)
        over = [one for one in state.opened if one.startswith("conflict/") and one.removeprefix("conflict/") not in there]
        for one in over:
            del state.opened[one]
        if register.orders[-1:] == (self.order,) and register.covers(state.plan):
            register.looked, register.afresh = True, False


class Deferred(Event):
    """The register was not looked into, for want of room or by a quota (R15). It does not say which, nor anything of others."""

    event: Literal["deferred"] = "deferred"
    order: Annotated[int, Field(ge=0)]
    not_before: UtcText

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The register is not asked again before then."""
        state.register.not_before = instant(self.not_before)


class LookDue(Event):
    """The register may be asked again (R15)."""

    event: Literal["look_due"] = "look_due"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Nothing keeps the register from being asked."""
        state.register.not_before = None


class Released(Event):
    """The operation no longer counts as live in the register (R15)."""

    event: Literal["released"] = "released"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The register has let go of it."""
        state.released = True


class Cleared(Event):
    """The rules allow what comes next: dispatch (R1, R3) or the crossing into the State of leg `leg` (R5)."""

    event: Literal["cleared"] = "cleared"
    readers = "leg"
    leg: Annotated[int, Field(ge=0)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This leg may begin."""
        state.cleared = self.leg


class Halted(Event):
    """The rules do not allow what would come next; nothing advances any more."""

    event: Literal["halted"] = "halted"
    cause: Cause
    finding: Finding

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """It halts with this cause and finding; nobody's word it was."""
        state.stop_all(self.cause, self.finding, when.seq)


class Told(Event):
    """What came of notices that follow from entry `of`."""

    event: Literal["told"] = "told"
    readers = "notice"
    of: Annotated[int, Field(ge=0)]
    kind: NoticeKind
    checkpoint: CheckpointId | None = None
    reached: Services = ()
    unreachable: Services = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Whoever was reached or could not be reached need not be told any more of notices of this kind from that entry."""
        for owed in state.owed:
            if (owed.seq, owed.kind) == (self.of, self.kind):
                owed.services = tuple(one for one in owed.services if one not in (*self.reached, *self.unreachable))
        state.owed = [owed for owed in state.owed if owed.services]


class Concluded(Event):
    """The one outcome (R12)."""

    event: Literal["concluded"] = "concluded"
    outcome: Outcome
    finding: Finding

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This is the outcome, and why."""
        state.outcome, state.because = self.outcome, self.finding
        state.owe(when.seq, "outcome", None, state.plan.participants())


class Ended(Event):
    """Nothing follows."""

    event: Literal["ended"] = "ended"
    readers = "everybody"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Nothing more is decided, and nothing more is said."""
        state.ended = True


class ArchiveBehind(Event):
    """What the archive has not yet has become too much to go on with: only brakes are heard until it has caught up (R28)."""

    event: Literal["archive_behind"] = "archive_behind"
    readers = "everybody"
    kept: Annotated[int, Field(ge=0)]
    """It has the first so many entries."""

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The archive is behind, and nobody has used a brake since."""
        state.behind = {}
        state.owe(when.seq, "archive", None, state.plan.participants())


class ArchiveCaughtUp(Event):
    """The archive has nearly everything again, and everybody is heard."""

    event: Literal["archive_caught_up"] = "archive_caught_up"
    readers = "everybody"
    kept: Annotated[int, Field(ge=0)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The archive is behind no more."""
        state.behind = None
        state.owe(when.seq, "archive", None, state.plan.participants())


class Diverged(Event):
    """The archive has another history of this delivery, so one of the two was put back. This one goes on in a branch of its own,
    once people have decided so; after the end, until everybody has been told.
    """

    event: Literal["diverged"] = "diverged"
    readers = "everybody"
    branch: Annotated[int, Field(ge=0, lt=MOST_BRANCHES)]
    """Of the other history in the archive."""
    seq: Annotated[int, Field(ge=0)]
    """The first entry of which it is seen."""
    how: Differing
    size: Annotated[int, Field(ge=1)]
    root: Digest
    """Of the other history, as far as the archive had it."""

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This history is the next branch, and it has not ended. Nothing advances before it has been decided how to go on."""
        state.branch = self.branch + 1
        state.divergence = Diverging(when.seq)
        state.ended = False
        state.owe(when.seq, "diverged", None, state.plan.participants())


AnyEvent = Annotated[
    Started
    | Amended
    | KeysChanged
    | Stated
    | TakenUp
    | Opened
    | Asked
    | CameDue
    | AskedOnceMore
    | Reminded
    | Escalated
    | Silence
    | Closed
    | Expiring
    | Expired
    | Deconflicted
    | Deferred
    | LookDue
    | Released
    | Cleared
    | Halted
    | Told
    | ArchiveBehind
    | ArchiveCaughtUp
    | Diverged
    | Concluded
    | Ended,
    Field(discriminator="event"),
]

EVENTS: dict[str, type[Event]] = {one.model_fields["event"].default: one for one in get_args(get_args(AnyEvent)[0])}
"""By name, each with the effect that it has under the law as it is."""

OUTSIDE = (
    Amended,
    KeysChanged,
    Stated,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Released,
    Told,
    ArchiveBehind,
    ArchiveCaughtUp,
    Diverged,
)
"""Events that somebody or something outside brings. All others are decisions: they follow from state and time alone."""


def cards_digest(cards: dict[str, RuleCard]) -> str:
    """Digest of rule cards by State."""
    return digest({state: card.model_dump(mode="json") for state, card in cards.items()})
