"""Which files of a delivery a reader is told of, and may have: those of what it reads (R11), as their codes let it (R23)."""

from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, Started
from domain.plan.attachment import Attachment
from domain.plan.directory import Service
from domain.plan.plan import read_plan
from domain.plan.vocabulary import Digest, HandlingCode
from domain.rules.handling import Named, named
from domain.signing.canonical import Frozen
from domain.views.sight import Sight, sees, sight
from domain.words.identifiers import OperationCode, ServiceId, StatementId
from domain.words.limits import LONGEST_NAME, MOST_FILES_EACH, MOST_LISTED_FILES


class NamedFile(Frozen):
    """A file that the delivery names."""

    entry: int
    service: ServiceId
    statement: StatementId | None
    """None: the plan names it, as an annex of its request for consent."""
    kind: Annotated[str, Field(max_length=LONGEST_NAME)] | None
    """Of the statement."""
    attachment: Attachment
    code: HandlingCode
    """The stricter of its own and that of what names it."""
    kept: bool
    """Whether somebody has handed it in."""
    yours: bool
    """Whether the reader may have it."""


class FilesOfDelivery(Frozen):
    """The files of one delivery, as far as they are the reader's to know of."""

    delivery: OperationCode
    files: Annotated[tuple[NamedFile, ...], Field(max_length=MOST_LISTED_FILES)]
    unnamed: Annotated[tuple[Digest, ...], Field(max_length=MOST_FILES_EACH)] = ()
    """What the reader has handed in and nothing names yet: it is removed in time."""


def known_to(delivery: Delivery, reader: Service) -> Iterator[Named]:
    """The files of what this reader reads."""
    seen = sight(delivery, reader)
    return (one for one in named(delivery) if _reads(delivery, seen, one))


def files_of(delivery: Delivery, reader: Service, kept: Collection[str], own: Collection[str]) -> FilesOfDelivery:
    """The same as it is shown. `kept`: digests of what has been handed in; `own`: of that, by the reader."""
    found = tuple(
        NamedFile(
            entry=one.seq,
            service=one.service,
            statement=one.statement.id if one.statement is not None else None,
            kind=one.statement.kind if one.statement is not None else None,
            attachment=one.attachment,
            code=one.code(delivery),
            kept=one.attachment.digest in kept,
            yours=one.may_be_had(delivery, reader),
        )
        for one, _ in zip(known_to(delivery, reader), range(MOST_LISTED_FILES), strict=False)
    )
    told = {one.attachment.digest for one in found}
    return FilesOfDelivery(
        delivery=delivery.plan.operation, files=found, unnamed=tuple(one for one in own if one not in told)[:MOST_FILES_EACH]
    )


def _reads(delivery: Delivery, seen: Sight, one: Named) -> bool:
    """Annexes are for who sees the whole, and for who is asked to decide by the plan whose request names them: another one may
    ask others, and without them.
    """
    entry = delivery.ledger[one.seq]
    assert isinstance(entry, Entry)  # noqa: S101 - what names a file is there
    match entry.event:
        case Started(plan=signed) | Amended(plan=signed):
            asked = any(seen.reader.id in checkpoint.services() for checkpoint in read_plan(signed).at("authorise"))
            return seen.whole or asked
    return sees(delivery, seen, entry)
