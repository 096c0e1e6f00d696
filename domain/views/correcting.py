"""What a service may correct of what it has said (R18): which of its statements, what each says as it was last corrected, and the
correction that is made of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from pydantic import ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import KeysChanged, Stated
from domain.delivery.requests import CorrectedByOne, CorrectionAsked
from domain.delivery.statement import Content, Said, Statement
from domain.plan.directory import Service
from domain.rules.books import read
from domain.rules.disposing import disposed_in
from domain.rules.speaking import NOTHING_SAID, OTHER_KIND, OVERTAKEN, Correction
from domain.views.second import FirstWord, revokes, word_of
from domain.words.errors import Malformed, faults_of
from domain.words.moments import instant
from domain.words.text import fill, mark

KINDS = tuple(one.model_fields["kind"].default for one in get_args(Correction.model_fields["content"].annotation))
"""Kinds of statements that can be corrected, each by one of its kind."""
CLOSED = frozenset(one.name for one in (NOTHING_SAID, OTHER_KIND, OVERTAKEN))
"""Findings by which a statement cannot be corrected, or not any more, whatever is said in its place."""


@dataclass(frozen=True)
class ToCorrect:
    """A statement that its service may correct."""

    entry: int
    of: str
    content: Content
    """What it says, as last corrected."""
    officers: int
    """How many sign a correction of it (R20)."""
    first: FirstWord | None
    """What a first officer has signed in its place, while a second one is waited for: as a statement of its kind."""
    reason: str
    """Why that one corrects it; empty where there is none."""


def may_correct(delivery: Delivery, reader: Service, entry: int) -> bool:
    """Whether what is said in this entry is the reader's own, and it may correct it as the delivery stands."""
    return _correctable(delivery, reader, entry) is not None


def _correctable(delivery: Delivery, reader: Service, entry: int) -> Said | None:
    said = _said_in(delivery, reader, entry)
    if said is None or said.statement.kind not in KINDS or delivery.state.ended:
        return None
    right = Correction(of=said.statement.id, reason="-", content=said.content)
    corrects = Said(said.seq, delivery.state.now, said.statement.model_copy(update={"content": right}), said.keys)
    finding = right.judge(delivery, corrects).finding
    return said if finding is None or finding.code not in CLOSED else None


def to_correct(delivery: Delivery, reader: Service, entry: int) -> ToCorrect | None:
    """That statement; none where it may not be corrected."""
    said = _correctable(delivery, reader, entry)
    if said is None:
        return None
    of, officers = said.statement.id, officers_for(delivery, said.statement.id)
    content = as_corrected(delivery, entry, said.statement)
    first = delivery.state.firsts.get(of)
    word = word_of(delivery, first) if first is not None else None
    if word is None or not isinstance(right := word.statement.content, Correction):
        return ToCorrect(entry, of, content, officers, None, "")
    as_its_kind = replace(word, statement=word.statement.model_copy(update={"content": right.content}))
    return ToCorrect(entry, of, content, officers, as_its_kind, right.reason)


def as_corrected(delivery: Delivery, entry: int, statement: Statement) -> Content:
    """What a statement that counts, in this entry, says as last corrected; by two officers, where two must say it (R20)."""
    of, content = statement.id, statement.content
    officers = officers_for(delivery, of)
    earlier: Said | None = None
    for one in _corrections(delivery, delivery.directory.get(statement.service), entry, of):
        if not isinstance(one, Said):
            earlier = None if earlier is not None and revokes(one, earlier.service, earlier.keys) else earlier
            continue
        right = one.content
        assert isinstance(right, Correction)  # noqa: S101 - none else was looked for
        if officers == 1 or (earlier is not None and earlier.content == right and _is_second(one, earlier)):
            content, earlier = right.content, None
        else:
            earlier = one
    return content


def corrected_by_one(delivery: Delivery, reader: Service) -> tuple[CorrectedByOne, ...]:
    """What first officers of the reader's own service correct, while a second one is waited for; of no other service (R11)."""
    return tuple(
        CorrectedByOne(of=one.of, officer=one.officer, entry=one.entry)
        for service, one in corrections_asked(delivery)
        if service == reader.id
    )


def corrections_asked(delivery: Delivery) -> Iterator[tuple[str, CorrectionAsked]]:
    """Each correction that a first officer has signed and a second one may sign, with their service."""
    for of, first in delivery.state.firsts.items():
        known = delivery.state.statements.first(of)
        said = _correctable(delivery, delivery.directory.get(first.service), known.seq) if known is not None else None
        if said is not None:
            signed = {"of": of, "kind": said.statement.kind, "corrects": said.seq, "officer": first.officer, "entry": first.seq}
            yield first.service, CorrectionAsked(delivery=delivery.plan.operation, **signed)


def officers_for(delivery: Delivery, of: str) -> int:
    """How many officers sign a correction of this statement: as many as had to say it."""
    counted = delivery.state.counted.get(of)
    if counted is not None:
        return counted.officers
    return max((word.officers for word in disposed_in(delivery.state, of).values()), default=1)


def corrected(of: str, reason: str, content: Content, before: Content | None) -> Correction:
    """What an earlier statement should have said. Raises `Malformed` where it says so already, and for a kind or a reason that is
    none of a correction.
    """
    if content == before:
        hint = mark("change what was wrong to what is right")
        raise Malformed(fill("{statement} says that already", statement=of), hint=hint)
    try:
        return Correction.model_validate({"of": of, "reason": reason, "content": content})
    except ValidationError as error:
        raise Malformed(fill("{statement} cannot be corrected so", statement=of), faults_of(error)) from error


def _said_in(delivery: Delivery, reader: Service, entry: int) -> Said | None:
    """What the reader itself has said there, where it counts."""
    if not 0 <= entry < len(delivery.ledger):
        return None
    return _own(delivery.ledger[entry], reader)


def _own(entry: object, reader: Service) -> Said | None:
    if not isinstance(entry, Entry) or not isinstance(entry.event, Stated) or entry.event.verdict.verdict == "refused":
        return None
    statement: Statement = read(entry.event.envelope)
    keys = tuple(one.keyid for one in entry.event.envelope.signatures)
    return Said(entry.seq, instant(entry.at), statement, keys) if statement.service == reader.id else None


def _corrections(delivery: Delivery, reader: Service, after: int, of: str) -> Iterator[Said | Entry]:
    """Each correction of it, and between them each entry by which keys were changed."""
    for one in delivery.ledger.since(after + 1):
        if isinstance(one, Entry) and isinstance(one.event, KeysChanged):
            yield one
        if not isinstance(one, Entry) or not isinstance(one.event, Stated) or of.encode() not in one.event.envelope.body():
            continue  # a long delivery has tens of thousands: only those that may name it are read
        said = _own(one, reader)
        if said is not None and isinstance(said.content, Correction) and said.content.of == of:
            yield said


def _is_second(said: Said, first: Said) -> bool:
    return said.statement.officer != first.statement.officer and set(said.keys).isdisjoint(first.keys)
