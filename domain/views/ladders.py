"""What each open checkpoint has brought, brings next, and ends with: for who has to know whether anybody else will be told, and
whom to call. Who sees a part is told who was told so far, and not who would be next (R11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from domain.delivery.decided import Escalated, Reminded
from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.plan.directory import Service
from domain.rules.book import book_of
from domain.rules.contingency import Consequence
from domain.rules.lapse import Lapse
from domain.views.consequences import after_silence
from domain.views.noted import noted
from domain.views.sentences import Translate
from domain.views.sight import Sight
from domain.views.view import DeliveryView, OpenCheckpoint
from domain.words.moments import instant
from domain.words.text import mark

Stage = Literal["done", "next", "later", "end"]
What = Literal["asked", "reminded", "told", "silent", "remind", "tell", "tell_backup", "tell_next", "nobody"]
End = Literal["halts", "interdicted", "stays", "closes", "lapses", "out_of_sight", "holds", "overdue", "open", "held"]

STEPS: Final[Mapping[What, str]] = {
    "asked": mark("asked"),
    "reminded": mark("reminded"),
    "told": mark("{service} was told"),
    "silent": mark("no answer in time"),
    "remind": mark("reminder"),
    "tell": mark("{service} is told"),
    "tell_backup": mark("{service} is told, and may then answer (R21)"),
    "tell_next": mark("the next on the ladder is told"),
    "nobody": mark("nobody else is told: call"),
}
ENDS: Final[Mapping[End, str]] = {
    "halts": mark("no answer: it halts, and {holder} must seize it"),
    "interdicted": mark("no answer: it is interdicted, {holder} must seize it"),
    "stays": mark("no answer: it halts, and does not leave"),
    "closes": mark("no answer: it closes without one"),
    "lapses": mark("no answer: the permission ends, and so does what is done by it"),
    "out_of_sight": mark("no answer: it counts as out of sight, and is searched for"),
    "holds": mark("no answer: it is held, and is decided on anew"),
    "overdue": mark("no answer: it is overdue, and nothing follows by itself"),
    "open": mark("nothing by itself: it has no deadline"),
    "held": mark("until it is decided how it goes on, nobody's silence counts"),
}
NO_CONTACT: Final = Service.model_fields["contact"].default
"""What the directory says where it says nothing."""
WHOEVER: Final = mark("the authority responsible there")
"""In place of whoever holds it, for whom that is not to be told (R11)."""


@dataclass(frozen=True)
class Step:
    """One step of a ladder."""

    stage: Stage
    what: What | End
    at: datetime | None = None
    to: str = ""


@dataclass(frozen=True)
class Callee:
    """Whom to call, and how, as the directory says."""

    service: str
    contact: str


@dataclass(frozen=True)
class Ladder:
    """An open checkpoint: what is waited for there, and its steps in order."""

    wait: OpenCheckpoint
    contingency: str | None
    steps: tuple[Step, ...]
    end: End
    next: Step | None
    calls: tuple[Callee, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Who has not answered."""
        return tuple(one.service for one in self.wait.services if one.standing != "answered")


def ladders(delivery: Delivery, shown: DeliveryView, seen: Sight) -> tuple[Ladder, ...]:
    """Of each open checkpoint that the reader sees, what comes first by its due time first; what has none is last."""
    done = _done(delivery)
    found = (_ladder(delivery, wait, seen, done.get(wait.checkpoint, ())) for wait in shown.waiting)
    return tuple(sorted(found, key=lambda one: (one.wait.due is None, one.wait.due or "", one.wait.checkpoint)))


def say_step(step: Step, holder: str | None, speak: Translate) -> str:
    """It in words; `holder`: who has it now, where the reader may know."""
    said: str = STEPS[step.what] if step.what in STEPS else ENDS[step.what]  # type: ignore[index]
    return speak(said).format(service=step.to, holder=holder or speak(WHOEVER))


def _done(delivery: Delivery) -> dict[str, tuple[Step, ...]]:
    """Reminders and rungs so far, by checkpoint."""
    found: dict[str, tuple[Step, ...]] = {}
    waits = {one.checkpoint.id: one.opened for one in delivery.state.open_checkpoints()}
    for entry in noted(delivery.ledger).events:
        if isinstance(entry.event, Reminded | Escalated):
            event, at = entry.event, instant(entry.at)
            if event.checkpoint in waits and at >= waits[event.checkpoint]:
                step = Step("done", "told", at, event.to) if isinstance(event, Escalated) else Step("done", "reminded", at)
                found[event.checkpoint] = (*found.get(event.checkpoint, ()), step)
    return found


def _ladder(delivery: Delivery, wait: OpenCheckpoint, seen: Sight, done: tuple[Step, ...]) -> Ladder:
    progress = delivery.state.progress[wait.checkpoint]
    end = _end(delivery, progress)
    past = [Step("done", "asked", progress.opened), *done]
    if progress.silent:
        past.append(Step("done", "silent", progress.due))
    ahead = sorted(_ahead(delivery, progress, seen), key=lambda one: (one.at or progress.opened, one.what))
    if ahead:
        ahead[0] = Step("next", ahead[0].what, ahead[0].at, ahead[0].to)
    elif end != "held":
        ahead = [Step("next", "nobody")]
    lacking = [one.service for one in wait.services if one.standing != "answered"]
    known = {one: delivery.directory.find(one) for one in lacking}
    calls = tuple(Callee(name, one.contact) for name, one in known.items() if one is not None and one.contact != NO_CONTACT)
    last = Step("end", end, None if progress.silent or end in ("open", "held") else progress.due)
    return Ladder(wait, progress.contingency, (*past, *ahead, last), end, ahead[0] if ahead else None, calls)


def _ahead(delivery: Delivery, progress: Progress, seen: Sight) -> Iterator[Step]:
    if progress.silent or delivery.state.stands(progress):
        return
    begun = progress.counted_from
    if progress.due is None:
        reminder = progress.next_reminder(delivery.plan.contingencies.remind_every, book_of(delivery).figures)
        if reminder is not None:
            yield Step("later", "remind", reminder)
    else:
        yield from (Step("later", "remind", begun + after) for after in progress.checkpoint.remind[progress.rung :])
    for rung in progress.checkpoint.escalate[progress.escalated :]:
        if seen.whole or seen.own(rung.to, delivery):
            yield Step("later", "tell_backup" if rung.may_answer else "tell", begun + rung.after, rung.to)
        else:
            yield Step("later", "tell_next", begun + rung.after)


def _end(delivery: Delivery, progress: Progress) -> End:
    if delivery.state.stands(progress):
        return "held"
    then: Consequence = after_silence(delivery, progress)
    if then == "nothing":
        return "open" if progress.due is None else "overdue"
    if then == "closes" and isinstance(book_of(delivery).contingencies.get(progress.contingency or ""), Lapse):
        return "lapses"
    if then != "halts":
        return then
    if not delivery.state.dispatched:
        return "stays"
    return "interdicted" if progress.checkpoint.overdue == "interdict" and progress.contingency is None else "halts"
