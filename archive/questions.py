"""The questions that lists and inboxes ask of the database.

A filter must not tell a reader what no row shows it. Of a delivery that it may see in part, filters therefore compare only its
own State and itself, and never the channel.
"""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, exists, literal, or_, select, true, tuple_

from archive.cursors import CursorPosition
from archive.standing import NEVER
from archive.tables import data_keys, deliveries, participants, requests, states
from domain.delivery.vocabulary import UtcText
from domain.signing.canonical import Frozen
from domain.views.lists import OperationCodes
from domain.views.standing import Word
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import LONGEST_SEARCH

Reach = Literal["all", "own"]
"""Every delivery, the whole of it; or those in which the reader takes part, as far as each is its to see."""
Sort = Literal["due", "started", "name"]
"""Overdue first, then the nearest deadline; the newest first; by code name."""


class Filters(Frozen):
    """What a list is narrowed to: all of what is given. `mine`: the reader is asked for something that it may answer now."""

    state: State | None = None
    service: ServiceId | None = None
    phase: Word | None = None
    channel: Word | None = None
    group: OperationCode | None = None
    overdue: bool | None = None
    due_before: UtcText | None = None
    mine: bool = False
    open: bool | None = None
    deliveries: OperationCodes | None = None
    """Only these of what the reader sees, with commas between their names."""
    text: Annotated[str, Field(max_length=LONGEST_SEARCH)] = ""
    """Part of the code name, or of the title where the reader may see it; upper or lower case."""


class ListQuestion(Frozen):
    """Who asks for which list."""

    reader: ServiceId
    reach: Reach
    filters: Filters = Filters()
    sort: Sort = "due"


KEYS: dict[Sort, tuple[str, ...]] = {
    "due": ("overdue", "due", "delivery"),
    "started": ("started_at", "delivery"),
    "name": ("delivery",),
}
"""What each list is sorted by; all of a list in the same direction, so that one comparison of rows finds where to go on."""


def rows_of(question: ListQuestion, at: CursorPosition) -> Select[Any]:
    """The rows behind a position. The last columns are what the list is sorted by."""
    asked, named = seen(question, at.now)
    if at.part == "changed":
        return asked.where(deliveries.c.change > at.after[0]).order_by(deliveries.c.change)
    keys = [named[name] for name in KEYS[question.sort]]
    asked = asked.add_columns(*(key.label(f"key_{number}") for number, key in enumerate(keys)))
    asked = asked.where(deliveries.c.change <= at.as_of)
    last = tuple_(*map(literal, at.after)) if at.after else None
    if question.sort == "started":
        behind = true() if last is None else tuple_(*keys) < last
        return asked.where(behind).order_by(*(key.desc() for key in keys))
    behind = true() if last is None else tuple_(*keys) > last
    return asked.where(behind).order_by(*keys)


def seen(question: ListQuestion, now: str) -> tuple[Select[Any], dict[str, ColumnElement[Any]]]:
    """The deliveries that a reader may see, as it may, and that pass the filters; and what they can be sorted by."""
    own = question.reach == "own"
    times = participants if own else deliveries
    whole: ColumnElement[bool] = participants.c.reach == "whole" if own else true()
    named: dict[str, ColumnElement[Any]] = {
        "overdue": times.c.overdue_since,
        "due": times.c.next_due,
        "delivery": participants.c.delivery if own else deliveries.c.delivery,
        "started_at": deliveries.c.started_at,
    }
    shown = [column for column in deliveries.c if column.name not in {"next_due", "overdue_since", "glance"}]
    asked = select(
        *shown,
        named["overdue"].label("overdue"),
        named["due"].label("due"),
        whole.label("whole"),
        data_keys.c.wrapped,
        data_keys.c.ring_key,
    ).select_from(deliveries)
    if own:
        asked = asked.join(
            participants, and_(participants.c.delivery == deliveries.c.delivery, participants.c.service == question.reader)
        )
    asked = asked.outerjoin(data_keys, data_keys.c.delivery == deliveries.c.delivery)
    return asked.where(*_passing(question, whole, named, now)), named


def _passing(
    question: ListQuestion, whole: ColumnElement[bool], named: dict[str, ColumnElement[Any]], now: str
) -> list[ColumnElement[bool]]:
    filters, reader, own = question.filters, question.reader, question.reach == "own"
    here = deliveries.c.delivery
    passing: list[ColumnElement[bool]] = []
    if filters.state is not None:
        touched = exists().where(states.c.delivery == here, states.c.state == filters.state)
        passing.append(or_(and_(whole, touched), participants.c.state == filters.state) if own else touched)
    if filters.service is not None:
        other = participants.alias()
        takes_part = exists().where(other.c.delivery == here, other.c.service == filters.service)
        passing.append(takes_part if not own or filters.service == reader else and_(whole, takes_part))
    if filters.phase is not None:
        passing.append(deliveries.c.phase == filters.phase)
    if filters.channel is not None:
        passing.append(and_(whole, deliveries.c.channel == filters.channel))
    if filters.group is not None:
        passing.append(deliveries.c.group == filters.group)
    if filters.overdue is not None:
        late = or_(named["overdue"] != NEVER, named["due"] <= now)
        passing.append(late if filters.overdue else ~late)
    if filters.due_before is not None:
        passing.append(or_(named["due"] < filters.due_before, named["overdue"] < filters.due_before))
    if filters.mine:
        asked = exists().where(requests.c.delivery == here, requests.c.service == reader)
        passing.append(asked.where(requests.c.since <= now, requests.c.until > now))
    if filters.deliveries is not None:
        passing.append(here.in_(filters.deliveries.split(",")))
    if filters.open is not None:
        passing.append(~deliveries.c.ended if filters.open else deliveries.c.ended)
    return passing


def asked_of(service: str, at: CursorPosition) -> Select[Any]:
    """The requests behind a position that the service may answer now."""
    asked = (
        select(requests, data_keys.c.wrapped, data_keys.c.ring_key)
        .join(data_keys, data_keys.c.delivery == requests.c.delivery)
        .where(requests.c.service == service, requests.c.since <= at.now, requests.c.until > at.now)
    )
    if at.part == "changed":
        keys = (requests.c.change, requests.c.delivery, requests.c.id)
        fresh = requests.c.change > at.as_of
    else:
        keys = (requests.c.due, requests.c.delivery, requests.c.id)
        fresh = requests.c.change <= at.as_of
    behind = tuple_(*keys) > tuple_(*map(literal, at.after)) if len(at.after) == len(keys) else true()
    return asked.where(fresh, behind).order_by(*keys)
