"""One answer to what is asked in several consignments of a group (R31): where the same is asked, and the form for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from archive.questions import Filters
from domain.delivery.requests import OfGroup, Request
from domain.delivery.statement import Members
from domain.plan.directory import Service
from domain.views.forms import kind_called
from domain.words.identifiers import OperationCode
from domain.words.limits import MOST_MEMBERS
from gateway.pages.forms import FormField
from gateway.reception import Reception

_NAME: Final = TypeAdapter[str](OperationCode)
"""An address can say anything."""


async def asked_alike(reception: Reception, reader: Service, mine: Request, kind: str) -> tuple[Request, ...]:
    """What is asked of the reader at the same checkpoint in other consignments of the group, in their order, and may be answered
    by one statement of this kind. Nothing where a condition binds, for each is met in one of them.
    """
    group = mine.facts.group
    if group is None or not _may_be_shared(kind) or not _by_one(mine, reader):
        return ()
    rows = await reception.reading.deliveries(reader, Filters(group=group.code), "name", limit=MOST_MEMBERS)
    found: list[Request] = []
    for row in rows.rows:
        if row.delivery != mine.delivery:
            asked = await reception.reading.asked(reader, row.delivery)
            found += (one for one in asked if _is_alike(one, mine, group) and _by_one(one, reader))
    return tuple(sorted(found, key=_number))


def chosen(alike: Sequence[Request], names: Sequence[str]) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """Those of these consignments; and the names of those where nothing is asked, or nothing any more: what was ticked may be
    answered, stopped or changed before the page is there.
    """
    found = tuple(one for one in alike if one.delivery in names)
    there = {one.delivery for one in found}
    return found, tuple(name for name in dict.fromkeys(names) if name not in there and _is_a_name(name))[:MOST_MEMBERS]


def _is_a_name(text: str) -> bool:
    try:
        return bool(_NAME.validate_python(text))
    except ValidationError:
        return False


def of_members(alike: Sequence[Request], members: Members | None) -> tuple[str, ...]:
    """Those of these consignments that a first officer has answered in as well, by the same statement (R20)."""
    return tuple(one.delivery for one in alike if members is not None and _number(one) in members)


def longest(together: Sequence[Request]) -> Request:
    """The one whose consent must last longest, so that it is long enough for each."""
    return max(together, key=lambda one: one.facts.valid_until or "")


def for_each(boxes: Sequence[FormField], together: Sequence[Request]) -> tuple[FormField, ...]:
    """The fields of one answer to all: it names the request of each, in the order of the consignments."""
    digests = "; ".join(one.facts.request_digest or "" for one in together)
    return tuple(replace(one, value=digests, longest=None) if one.name == "request" else one for one in boxes)


def data_of(together: Sequence[Request]) -> dict[str, Any]:
    """What the script needs to know beside what it knows of one: it is said of the group, and handed in to each."""
    group = together[0].facts.group
    assert group is not None  # noqa: S101 - `asked_alike` has looked
    members = [_number(one) for one in together]
    names = [one.delivery for one in together]
    return {"group": group.code, "members": members, "deliveries": names, "plan": group.digest, "seen": None}


def in_order(mine: Request, others: Sequence[Request]) -> tuple[Request, ...]:
    """All that one answer is for, in the order of the group."""
    return tuple(sorted((mine, *others), key=_number))


def _may_be_shared(kind: str) -> bool:
    return kind_called(kind).model_construct(kind=kind).may_be_shared()


def _by_one(one: Request, reader: Service) -> bool:
    return one.service == reader.id and not one.facts.conditions


def _is_alike(one: Request, mine: Request, group: OfGroup) -> bool:
    theirs = one.facts.group
    same = (one.checkpoint, one.service, one.says) == (mine.checkpoint, mine.service, mine.says)
    return same and theirs is not None and (theirs.code, theirs.digest) == (group.code, group.digest)


def _number(one: Request) -> int:
    return one.facts.group.number if one.facts.group is not None else 0
