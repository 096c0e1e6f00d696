"""How far one open checkpoint has come: who has answered, who is waited for, and whether that is enough."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, PlainSerializer

from domain.delivery import unforeseen
from domain.plan.plan import Checkpoint, Plan, PlannedCheckpoint, Rung
from domain.plan.successors import asked_instead
from domain.plan.vocabulary import Need
from domain.words.figures import Figures

RequestStanding = Literal["asked", "unreachable", "told", "received", "answered"]
"""Asked, received and answered are three different things. A service may also not have been reached yet; and people at a desk
may have been told that something waits, and not have read it."""


@dataclass(frozen=True)
class First:
    """What a first officer has said where two must say the same (R20): who, by which keys, the digest of that, and its entry."""

    service: str
    officer: str
    keys: tuple[str, ...]
    word: str
    seq: int


def _pairs(table: Any) -> Any:
    return [(*key, value) for key, value in table.items()]


def _table(given: Any) -> Any:
    return {(service, need): value for service, need, value in given} if isinstance(given, list) else given


T = TypeVar("T")
ByNeed = Annotated[dict[tuple[str, Need], T], BeforeValidator(_table), PlainSerializer(_pairs)]
"""By service and what it is asked to say; in JSON, whose names are single, a list."""


@dataclass
class Progress:
    """One checkpoint since it opened."""

    checkpoint: PlannedCheckpoint | Checkpoint
    """What it asks: as the plan has it, or the definition."""
    opened: datetime
    """When."""
    due: datetime | None
    """None: it waits for as long as it takes (an authority that must interdict)."""
    contingency: str | None = None
    """Which contingency opened it; none for a checkpoint of the plan."""
    key: str = ""
    """What it is about, where a contingency is called for about several things at once."""
    answers: ByNeed[int] = field(default_factory=dict)
    """(service, need) to the ledger number of the statement that answered it."""
    firsts: ByNeed[First] = field(default_factory=dict)
    """(service, need) to what a first officer has said, where two must say it (R20)."""
    standing: dict[str, RequestStanding] = field(default_factory=dict)
    """How far the request to each service has come."""
    stood: datetime | None = None
    """Since when its time stands; none while it runs."""
    paused: timedelta = timedelta()
    """How long its time has stood before."""
    escalated: int = 0
    """Rungs of the ladder climbed so far."""
    rung: int = 0
    """Reminders so far."""
    came_due: bool = False
    """The due time passed, and those who must be polled, or of whom it is not known that they were asked, are asked once more."""
    asked_again: bool = False
    """They have been."""
    silent: bool = False
    """The due time passed unanswered."""
    refused: bool = False
    """Whoever was asked to permit it for longer, or to sanction it, does not: the measure ends, not the delivery (R16)."""
    result: Literal["satisfied", "unanswered", "withdrawn", "refused"] | None = None
    """How it closed; none while it is open."""

    @property
    def counted_from(self) -> datetime:
        """From when its reminders, its ladder and its due time are counted: from when it opened, and as much later as it was
        `paused`.
        """
        return self.opened + self.paused

    def due_anew(self, due: datetime | None, now: datetime) -> None:
        """It is due then, if at all: it has not come due, and who must be polled has not been asked once more. Where that is
        after now, it is silent no more.
        """
        self.due, self.came_due, self.asked_again = due, False, False
        self.silent = self.silent and (due is None or due <= now)

    def run_on(self, stood: datetime, now: datetime) -> None:
        """Its time runs again, which had stood since then: it is `due_anew`, so much later."""
        span = now - stood
        self.stood, self.paused = None, self.paused + span
        self.due_anew(self.due + span if self.due is not None else None, now)

    @property
    def unasked(self) -> bool:
        """Whether it is of the contingency `sighting`, `search` or `sibling`, which open by themselves and may come due while
        nobody is up to ask; and of none of those that are waited for it is known how far the request has come.
        """
        opens_by_itself = self.contingency in (unforeseen.SIGHTING, unforeseen.SEARCH, unforeseen.SIBLING)
        return opens_by_itself and not any(service in self.standing for service in self.waiting_for())

    def begin_late(self, now: datetime, figures: Figures) -> bool:
        """Whether its time begins only now: it has come due and is `unasked`, and they have not been asked once more, and it was
        due longer ago than `away_for`. Then it is `counted_from` now, and due so much later; who is waited for is `asked`, so
        that this is once.
        """
        late = self.came_due and not self.asked_again and self.unasked
        if not late or self.due is None or now - self.due <= figures.away_for:
            return False
        self.standing = dict.fromkeys(self.waiting_for(), "asked")
        self.run_on(self.counted_from, now)
        return True

    def hand_over(self, plan: Plan, now: datetime) -> None:
        """The successors of those that have been replaced are asked in their place, as in `asked_instead`; what has been answered
        stays. But where two officers must say now what one said, both are asked. What a first officer of one that was replaced
        has said is forgotten. It is `due_anew`, when it was.
        """
        self.due_anew(self.due, now)
        before = self.checkpoint
        assert isinstance(before, Checkpoint)  # noqa: S101 - one of the plan is as the plan has it
        self.checkpoint = asked_instead(before, plan, self.answers.keys())
        grown = [key for key in self.answers if self.checkpoint.officers_for(*key) > before.officers_for(*key)]
        self.answers = {key: seq for key, seq in self.answers.items() if key not in grown}
        self.firsts = {key: first for key, first in self.firsts.items() if key[1] in self.checkpoint.needs_of(key[0])}
        self.standing = {service: known for service, known in self.standing.items() if service in self.checkpoint.needs}

    @property
    def open(self) -> bool:
        """Whether it still waits."""
        return self.result is None

    def answered(self, service: str) -> bool:
        """Whether the service has answered each need that is asked of it here."""
        return self.checkpoint.asked.get(service, frozenset()) <= self.answers.keys()

    def waiting_for(self) -> tuple[str, ...]:
        """Services that have not `answered`, in the plan's order."""
        said = self.answers.keys()
        if not said:
            return tuple(self.checkpoint.asked)
        return tuple(service for service, asked in self.checkpoint.asked.items() if not asked <= said)

    @property
    def satisfied(self) -> bool:
        """Whether as many distinct services have `answered` as its `quorum` says."""
        return len(self.checkpoint.needs) - len(self.waiting_for()) >= self.checkpoint.quorum()

    def standing_of(self, service: str) -> RequestStanding:
        """Where the request to this service stands."""
        return "answered" if self.answered(service) else self.standing.get(service, "asked")

    def next_rung(self) -> Rung | None:
        """The next rung of the ladder. None once it is silent."""
        ladder = self.checkpoint.escalate
        return ladder[self.escalated] if self.escalated < len(ladder) and not self.silent else None

    def may_answer(self, service: str) -> bool:
        """Whether a rung that the ladder has come to names this service and lets it answer in place of others."""
        return any(rung.to == service and rung.may_answer for rung in self.checkpoint.escalate[: self.escalated])

    def next_reminder(self, every: timedelta, figures: Figures) -> datetime | None:
        """When the next reminder is due. Where it waits without end: so many times the plan's `contingencies.remind_every` after
        `counted_from`, but the first `reminders_at_pace` alone; each that follows comes `rarely` after the one before, or that
        span after it where that is longer; after `most_reminders` there is none. Else by its list `remind`, after `counted_from`;
        not once that has ended, or it is silent.
        """
        if self.due is None:
            paced = min(self.rung + 1, figures.reminders_at_pace)
            then = self.counted_from + every * paced + max(every, figures.rarely) * (self.rung + 1 - paced)
            return then if self.rung < figures.most_reminders else None
        reminders = self.checkpoint.remind
        return self.counted_from + reminders[self.rung] if self.rung < len(reminders) and not self.silent else None
