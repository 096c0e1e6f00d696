"""The log of reads: who has been shown what of a delivery, and when. One chain for an installation.

It is chained as a delivery's ledger is: each record carries the number and the hash of the one before it. Whoever holds the
database could still make the whole chain anew, so its *tip*, the count and the hash of the newest record, is signed with the
installation's key each time it grows; and an auditor keeps the last tip seen, which every later log must contain.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from domain.delivery.vocabulary import UtcText
from domain.plan.access import Role
from domain.plan.directory import Service
from domain.plan.vocabulary import Digest
from domain.record.packet import Purpose
from domain.signing.canonical import Frozen, canonical, digest
from domain.signing.envelope import READS_TYPE, Envelope, open_envelope
from domain.signing.keys import KeyId
from domain.words.errors import Malformed, NotAuthentic, NotVerified
from domain.words.identifiers import OfficerCode, OperationCode, ServiceId
from domain.words.limits import LONGEST_LINE, MOST_READ
from domain.words.moments import instant
from domain.words.text import fill, mark

Number = Annotated[int, Field(ge=0)]


class Shown(Frozen):
    """What one answer shows, and to whom. Never what it says: no contents, no names."""

    service: ServiceId
    officer: OfficerCode | None
    """The person who called, by code. None where a system did: then it is the service that has seen it."""
    key: KeyId | None
    """The key that proved it: an officer's own, or the service's. None where a provider of sign-in said who it is."""
    role: Role
    """What the caller is, apart from its part in any one delivery."""
    action: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    """The action of `domain.plan.access`: view, ledger, changes, packet, list, inbox; reads, for this log itself; results, of a
    period. Or print: the page of a delivery as it is laid out for paper.
    """
    deliveries: Annotated[tuple[OperationCode, ...], Field(max_length=MOST_READ)]
    """Every delivery of which the answer shows anything."""
    first: Number | None = None
    last: Number | None = None
    """Numbers of the first and the last entry handed out, where entries were, those withheld from the reader (R11) counted in;
    of `reads`, records of this log."""
    ends: Number | None = None
    """A stream of changes has two records: one with `first` before anything is handed out, and at its end one with `last`, which
    says whose end it is. One that has begun and not ended was cut off, and may have handed out whatever came."""
    purpose: Purpose | None = None
    """Of a packet: what it is for, which decides what is in it (R23)."""
    file: Digest | None = None
    """Of an attachment that is handed out: its SHA-256."""
    period: Annotated[str | None, Field(max_length=LONGEST_LINE, exclude_if=lambda period: period is None)] = None
    """Of results: the period and by which moment a delivery counts in it. Numbers are shown, and no delivery by its name."""


class Read(Shown):
    """One record. `at` is when it was written (UTC): before the answer went out, never before the record before it."""

    number: Number
    at: UtcText
    prev: Digest

    def head(self) -> str:
        """The hash that the next record refers to."""
        return digest(self)


class Tip(Frozen):
    """How far the log goes: so many records, the newest with this hash."""

    vigil: Literal["reads/1"] = "reads/1"
    count: Number
    head: Digest
    at: UtcText

    def next(self, shown: Shown, at: str) -> Read:
        """The record that comes next."""
        return Read(**shown.model_dump(), number=self.count, at=max(at, self.at), prev=self.head)


NOTHING = "0" * 64
"""The head of an empty log."""
EMPTY = Tip(count=0, head=NOTHING, at="1970-01-01T00:00:00.000000Z")
"""The tip of a log in which there is nothing yet."""


class ReadsPage(Frozen):
    """Some of the log, and its tip at that moment, signed by the installation; None while nothing has been read."""

    reads: tuple[Read, ...]
    tip: Envelope | None


def after(read: Read) -> Tip:
    """The tip of the log when this record was its newest."""
    return Tip(count=read.number + 1, head=read.head(), at=read.at)


def verify_reads(reads: Iterable[Read], tip: Tip = EMPTY) -> Tip:
    """The tip after these records, which must follow on `tip` one by one. Raises `NotVerified` with the number of the first that
    does not: changed, missing, out of order, or older than the one before it.
    """
    for read in reads:
        if read.number != tip.count:
            found = fill("expected record number {expected}, found {found}", expected=tip.count, found=read.number)
            raise NotVerified(found, tip.count)
        if read.prev != tip.head:
            reason = mark("the link to the record before it does not fit: one of the two has been changed")
            raise NotVerified(reason, read.number)
        if read.at < tip.at:
            reason = mark("it is older than the record before it")
            raise NotVerified(reason, read.number)
        tip = after(read)
    return tip


def signed_tip(envelope: Envelope | None, installation: Service) -> Tip:
    """What the installation has signed. Raises `NotVerified` if it was not the installation, with a key valid at that time."""
    if envelope is None:
        return EMPTY
    tip = unverified_tip(envelope)
    try:
        open_envelope(envelope, READS_TYPE, installation.keys_at(instant(tip.at)))
    except (NotAuthentic, Malformed) as error:
        reason = fill(
            "the tip of the log of reads is not signed by {service}: {error}", service=installation.id, error=error.said
        )
        raise NotVerified(reason) from error
    return tip


def unverified_tip(envelope: Envelope | None) -> Tip:
    """What the tip says, whoever signed it. Raises `NotVerified` if it is none."""
    if envelope is None:
        return EMPTY
    try:
        tip = Tip.model_validate_json(envelope.body())
    except (ValidationError, Malformed) as error:
        reason = mark("the tip of the log of reads is not one")
        raise NotVerified(reason) from error
    if canonical(tip) != envelope.body():
        reason = mark("the tip of the log of reads is not in its one form")
        raise NotVerified(reason)
    return tip


def contains(reads: Iterable[Read], known: Tip) -> bool:
    """Whether the log of which these are records is the one of this tip: it has that record, with that hash."""
    return known == EMPTY or any(read.number == known.count - 1 and read.head() == known.head for read in reads)


def verify_end(reads: Iterable[Read], tip: Tip, signed: Tip, known: Tip) -> None:
    """The records, which end at `tip`, are all that the installation has signed for, and hold what was `known` of it earlier.

    Raises `NotVerified`: a log that was cut off, or made anew from some record on, is found however well it is chained.
    """
    if tip != signed:
        reason = fill(
            "the log ends here, and its signed tip says that it ends after {count} records, with another hash", count=signed.count
        )
        raise NotVerified(reason, tip.count)
    if not contains(reads, known):
        reason = fill(
            "it is not the record that was seen here before, in the log as it ended at {at}: cut off, or made anew", at=known.at
        )
        raise NotVerified(reason, known.count - 1)
