"""How a delivery stands: what lists and inboxes say of it, made from its entries by one pure function."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.progress import Progress
from domain.delivery.reported import Started
from domain.delivery.vocabulary import UtcText
from domain.plan.vocabulary import Digest
from domain.rules.book import book_of
from domain.rules.speaking import is_backup
from domain.signing.canonical import Frozen, canonical
from domain.views.asked import asked_of, urgently
from domain.views.correcting import corrections_asked
from domain.views.glance import Glance, glance
from domain.views.owed import at_once
from domain.views.sight import Sight, sight, whole
from domain.views.tally import Tally, tally
from domain.views.view import phase
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId, State
from domain.words.limits import (
    GLANCE_BYTES,
    LONGEST_LINE,
    LONGEST_NUMBER,
    MOST_REQUESTS,
    MOST_SERVICES,
    MOST_STATES,
    REQUEST_BYTES,
    REQUESTS_BYTES,
)
from domain.words.moments import utc_text

Word = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
Reach = Literal["whole", "part"]


class Participant(Frozen):
    """A service that takes part, and how much of it it may see."""

    service: ServiceId
    state: State | None = None
    reach: Reach


class OpenRequest(Frozen):
    """What an open checkpoint asks, in the inbox of one service: its own, or one that it may answer for another (R21). Or, at no
    checkpoint, a correction that its second officer is to sign (R20).

    `id` is the request's; `request` are the bytes that it is asked with. From `since` on and before `until` it may be answered.
    `at_once`: it stands before all that has a due time, as on the watch floor.
    """

    id: Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]
    service: ServiceId
    checkpoint: CheckpointId | None = None
    due: UtcText | None = None
    since: UtcText | None = None
    until: UtcText | None = None
    at_once: Annotated[bool, Field(exclude_if=lambda at_once: not at_once)] = False
    request: Annotated[bytes, Field(max_length=REQUEST_BYTES)]


class Standing(Frozen):
    """How one delivery stands. `at`: the moment up to which it is true."""

    at: UtcText
    plan_digest: Digest
    rules: Annotated[int, Field(ge=1)]
    phase: Word
    outcome: Word | None = None
    group: OperationCode | None = None
    parent: OperationCode | None = None
    """The delivery that it was split from."""
    channel: Word
    next_due: UtcText | None = None
    overdue_since: UtcText | None = None
    ended: bool = False
    diverged: bool = False
    """Whether its record was put back and nobody has decided yet how to go on: its alarm stays."""
    started_at: UtcText
    closed_at: UtcText | None = None
    title: Annotated[str, Field(max_length=LONGEST_LINE)]
    participants: Annotated[tuple[Participant, ...], Field(max_length=MOST_SERVICES)]
    states: Annotated[tuple[State, ...], Field(max_length=MOST_STATES)]
    requests: Annotated[tuple[OpenRequest, ...], Field(max_length=MOST_REQUESTS)] = ()
    tallies: Annotated[tuple[Tally, ...], Field(max_length=MOST_SERVICES + 1)] = ()
    """What it adds to the results of a period, for who sees the whole, and for each participant that sees a part."""
    glance: Glance
    """Its row of the watch floor."""

    @model_validator(mode="after")
    def _bounded_and_each_once(self) -> Self:
        if sum(len(one.request) for one in self.requests) > REQUESTS_BYTES:
            raise ValueError(f"the requests of one delivery have at most {REQUESTS_BYTES} bytes")
        if len(canonical(self.glance)) > GLANCE_BYTES:
            raise ValueError(f"a row of the watch floor has at most {GLANCE_BYTES} bytes")
        asked = [(one.id, one.service) for one in self.requests]
        for named in (asked, [one.service for one in self.participants], self.states):
            if len(named) != len(set(named)):
                raise ValueError("a participant, a State or a request stands there twice")
        return self


def standing(delivery: Delivery) -> Standing:
    """The delivery as it stands after its newest entry."""
    state, plan = delivery.state, delivery.plan
    first = delivery.ledger[0]
    assert isinstance(first, Entry)  # noqa: S101 - a ledger begins so
    assert isinstance(first.event, Started)  # noqa: S101
    glanced = glance(delivery)
    seen = [sight(delivery, delivery.directory.get(service)) for service in state.participants]
    dues = [one.due for one in state.open_checkpoints() if one.due is not None and _is_due(delivery, one)]
    ahead, behind = [due for due in dues if due > state.now], [due for due in dues if due <= state.now]
    return Standing(
        at=utc_text(state.now),
        plan_digest=state.plan_digest,
        rules=book_of(delivery).version,
        phase=phase(delivery),
        outcome=state.outcome,
        group=plan.group.code if plan.group is not None else None,
        parent=plan.parent,
        channel=plan.consignment.kind,
        next_due=_text(min(ahead, default=None)),
        overdue_since=_text(min(behind, default=None)),
        ended=state.ended,
        diverged=state.divergence is not None,
        started_at=first.at,
        closed_at=utc_text(state.now) if state.ended else None,
        title=plan.title,
        participants=tuple(
            Participant(service=one.reader.id, state=one.reader.state, reach="whole" if one.whole else "part") for one in seen
        ),
        states=plan.states(),
        requests=_requests(delivery, glanced),
        tallies=tuple(_tallies(delivery, seen)),
        glance=glanced,
    )


def _tallies(delivery: Delivery, seen: Iterable[Sight]) -> Iterator[Tally]:
    yield Tally(service=None, lines=tally(delivery, whole(delivery)))
    yield from (Tally(service=one.reader.id, lines=tally(delivery, one)) for one in seen if not one.whole)


def _requests(delivery: Delivery, seen: Glance) -> tuple[OpenRequest, ...]:
    """What each service is asked, and after it, as long as there is room (R28), what it may answer for others."""
    waiting = [(name, voice) for name, one in delivery.state.progress.items() if one.open for voice in one.waiting_for()]
    own = [*(_asked(delivery, name, voice, seen) for name, voice in waiting), *_to_correct(delivery)]
    left = REQUESTS_BYTES - sum(len(one.request) for one in own)
    for_others: list[OpenRequest] = []
    for (name, voice), one in zip(waiting, own, strict=False):
        for deputy, since, until in (*_deputies(delivery, name, voice), *_urgent(delivery, name, voice)):
            asked = canonical(asked_of(delivery, name, voice, deputy))
            left -= len(asked)
            if left >= 0 and len(own) + len(for_others) < MOST_REQUESTS:
                times = {"service": deputy, "since": _text(since), "until": _text(until), "request": asked}
                for_others.append(one.model_copy(update=times))
    return (*own, *for_others)


def _to_correct(delivery: Delivery) -> Iterator[OpenRequest]:
    """What second officers are to correct too, each in the inbox of their service."""
    for service, asked in corrections_asked(delivery):
        yield OpenRequest(id=f"correction/{asked.of}", service=service, request=canonical(asked))


def _asked(delivery: Delivery, name: str, voice: str, seen: Glance) -> OpenRequest:
    progress = delivery.state.progress[name]
    asked = asked_of(delivery, name, voice, voice)
    return OpenRequest(
        id=asked.id,
        service=voice,
        checkpoint=name,
        due=asked.due if _is_due(delivery, progress) else None,
        at_once=at_once(seen, progress.contingency),
        request=canonical(asked),
    )


def _is_due(delivery: Delivery, progress: Progress) -> bool:
    """Whether its due time counts: nobody's does where it stands, but of who was silent before."""
    return progress.silent or not delivery.state.stands(progress)


def _deputies(delivery: Delivery, name: str, voice: str) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Who may answer there for that service, from when until when: those to whom the checkpoint's ladder has come, and delegates
    while every delegation that leads to them is in force.
    """
    now, found = delivery.state.now, {voice}
    for rung in delivery.state.progress[name].checkpoint.escalate:
        if rung.to not in found and is_backup(delivery, rung.to, voice, delivery.state.progress[name]):
            found.add(rung.to)
            yield rung.to, None, None
    speaker, since, until = voice, None, None
    while (delegation := delivery.state.delegations.get(speaker)) is not None:
        since = max(since or delegation.valid_from, delegation.valid_from)
        until = min(until or delegation.valid_until, delegation.valid_until)
        speaker = delegation.to
        if until <= max(since, now):
            return
        if speaker not in found:
            found.add(speaker)
            yield speaker, since, until


def _urgent(delivery: Delivery, name: str, voice: str) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Who may permit something there in urgency and may say nothing else for that service (R16)."""
    for service in delivery.state.participants:
        if urgently(delivery, service, name, voice):
            yield service, None, None


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment is not None else None
