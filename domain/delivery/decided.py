"""What Vigil decides, as the ledger records it: it follows from state and time alone."""

from typing import Annotated, Literal

from pydantic import Field

from domain.delivery import unforeseen
from domain.delivery.consents import Consents
from domain.delivery.event import Event, Law, Moment
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Cause, Finding, Verdict, found
from domain.delivery.vocabulary import Outcome, Result, Services, UtcText
from domain.plan.plan import Checkpoint
from domain.words.errors import RuleBroken
from domain.words.identifiers import CheckpointId, ServiceId, StatementId
from domain.words.limits import (
    LONGEST_KEY,
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
        for it, that has opened about this key once more. In a group they `remember_siblings`, with no more `reached` than before.
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
        if state.plan.group is not None:
            state.remember_siblings()
        if self.contingency == unforeseen.SEARCH:
            state.owe(when.seq, "alarm", self.checkpoint, state.plan.participants())
        if self.contingency == unforeseen.CONFLICT:
            state.owe(when.seq, "conflict", self.checkpoint, (state.plan.initiator,))


class Waits(Event):
    """A checkpoint of the plan has its turn, and waits for siblings first (R31): until then, unless they come sooner."""

    event: Literal["waits"] = "waits"
    readers = "checkpoint"
    checkpoint: CheckpointId
    until: UtcText

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint is `waiting`, until then."""
        state.siblings.waiting[self.checkpoint] = instant(self.until)


class CameDue(Event):
    """The due time has passed. Services that must be polled are asked once more before silence decides (R2), since what they said
    in time may not have been heard; and so is who was not asked where it opened and came due while nobody was up to ask.
    """

    event: Literal["came_due"] = "came_due"
    readers = "checkpoint"
    checkpoint: CheckpointId

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint has come due, and waits until those who were not asked or heard have been asked once more."""
        state.progress[self.checkpoint].came_due = True


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
    finding: Annotated[Finding | None, Field(exclude_if=lambda finding: finding is None)] = None
    """What ends with it, where something does."""

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The checkpoint is `silent`. Of a contingency's, what follows is what that says. Of a checkpoint of the plan: at one of
        step `authorise` it halts with the cause `silence` and R2 `no_answer`; at another whose `overdue` is `interdict` with the
        cause `silence` and R2 `overdue`; elsewhere nothing follows.
        """
        progress = state.progress[self.checkpoint]
        progress.silent = True
        law.fell_silent(state, progress, self.services, when)
        state.owe(when.seq, "silence", self.checkpoint, state.plan.initiators())


class Closed(Event):
    """A checkpoint closed."""

    event: Literal["closed"] = "closed"
    readers = "checkpoint"
    checkpoint: CheckpointId
    result: Result
    finding: Annotated[Finding | None, Field(exclude_if=lambda finding: finding is None)] = None
    """What ends with it, where something was refused."""

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
        `expired` and R5 `not_extended`, where its State `rests_on` it.
        """
        grant = state.grants[self.service]
        grant.warnings = self.rung
        if self.rung == len(state.plan.expiry_warnings) and Consents(state).rests_on(grant):
            state.stop_all("expired", NOT_EXTENDED(state=grant.state, until=self.valid_until), when.seq)


class Expired(Event):
    """An authorisation expired (R5)."""

    event: Literal["expired"] = "expired"
    readers = "own_state"
    service: ServiceId

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The authorisation has expired. Unless it is delivered, or the State is not ahead any more, or does not go by it
        (`rests_on`), it halts with the cause `expired` and R5 `has_expired`.
        """
        grant = state.grants[self.service]
        grant.expired = True
        if not state.delivered and grant.state in state.states_ahead() and Consents(state).rests_on(grant):
            state.stop_all("expired", HAS_EXPIRED(state=grant.state), when.seq)


class LookDue(Event):
    """The register may be asked again (R15)."""

    event: Literal["look_due"] = "look_due"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Nothing keeps the register from being asked."""
        state.register.not_before = None


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


class Concluded(Event):
    """The one outcome (R12)."""

    event: Literal["concluded"] = "concluded"
    outcome: Outcome
    finding: Finding

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This is the outcome, and why."""
        state.outcome, state.outcome_at, state.because = self.outcome, when.at, self.finding
        state.owe(when.seq, "outcome", None, state.plan.everybody())


class Ended(Event):
    """Nothing follows."""

    event: Literal["ended"] = "ended"
    readers = "everybody"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Nothing more is decided, and nothing more is said."""
        state.ended = True
