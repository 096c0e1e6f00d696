import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from archive.cursors import PIECE, CursorPosition, turn
from archive.database import Database
from archive.deliveries import Deliveries, InboxRow, KeptRow
from archive.questions import Filters, ListQuestion, Sort
from archive.sealed import KeyWrapping
from archive.standing import NEVER
from archive.tables import deliveries, requests
from domain.views.standing import Participant, Standing
from domain.words.errors import Malformed, NotFound
from domain.words.limits import (
    LONGEST_INBOX,
    LONGEST_LIST,
    MOST_CHANGES,
    MOST_SEARCHED,
    MOST_SERVICES,
    REQUEST_BYTES,
    REQUESTS_BYTES,
)
from domain.words.moments import utc_text
from rehearsal.services import EPOCH
from tests.archive.samples import AT, READER, any_standing, database, new_keys, put, request, standing

PART = "uz.customs"
SERVICES = (READER, PART, "ru.fsb", "kg.police")
MOMENTS = tuple(utc_text(EPOCH + timedelta(hours=hour)) for hour in range(-4, 5))
ALL = ListQuestion(reader="kz.supervisor", reach="all")
OWN = ListQuestion(reader=READER, reach="own")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Deliveries, Database, KeyWrapping]]:
    """A new archive, at the moment from which the samples are seen."""
    archive, ring = database(url), new_keys()
    try:
        yield Deliveries(archive, ring, lambda: EPOCH), archive, ring
    finally:
        await archive.close()


def seeded(seed: int) -> random.Random:
    """What is drawn can be drawn again."""
    return random.Random(seed)  # noqa: S311


async def nothing() -> None:
    """Nothing happens between two pages."""


async def listed(
    read: Deliveries, question: ListQuestion, limit: int = 200, between: Callable[[], Awaitable[None]] = nothing
) -> list[KeptRow]:
    """All pages of a list; no page has more than it should."""
    found: list[KeptRow] = []
    cursor: str | None = None
    while True:
        page = await read.page(question, cursor, limit)
        assert len(page.rows) <= limit
        found += page.rows
        cursor = page.next
        if cursor is None:
            return found
        await between()


async def asked(
    read: Deliveries, service: str, limit: int = 50, between: Callable[[], Awaitable[None]] = nothing
) -> list[InboxRow]:
    """All pages of an inbox."""
    found: list[InboxRow] = []
    cursor: str | None = None
    while True:
        page = await read.inbox(service, cursor, limit)
        found += page.asked
        cursor = page.next
        if cursor is None:
            return found
        await between()


def due_of(one: Standing, reader: str) -> tuple[str, str]:
    """Overdue since when and next due, as this reader of its own may see it: told once more, in a few lines."""
    mine = next(participant for participant in one.participants if participant.service == reader)
    if mine.reach == "whole":
        return one.overdue_since or NEVER, one.next_due or NEVER
    dues = [each.due for each in one.requests if each.service == reader and each.due is not None]
    return min((due for due in dues if due <= one.at), default=NEVER), min((due for due in dues if due > one.at), default=NEVER)


def passes(name: str, one: Standing, question: ListQuestion) -> bool:
    """Whether a delivery belongs into a list: told once more, row by row."""
    filters, reader = question.filters, question.reader
    mine = next((participant for participant in one.participants if participant.service == reader), None)
    if question.reach == "own" and mine is None:
        return False
    whole = question.reach == "all" or (mine is not None and mine.reach == "whole")
    overdue, due = due_of(one, reader) if question.reach == "own" else (one.overdue_since or NEVER, one.next_due or NEVER)
    services = {participant.service for participant in one.participants} if whole else {reader}
    return all(
        (
            filters.state is None or filters.state in (one.states if whole or mine is None else (mine.state,)),
            filters.service is None or filters.service in services,
            filters.phase is None or filters.phase == one.phase,
            filters.channel is None or (whole and filters.channel == one.channel),
            filters.group is None or filters.group == one.group,
            filters.overdue is None or filters.overdue == (overdue != NEVER or due <= AT),
            filters.due_before is None or min(due, overdue) < filters.due_before,
            not filters.mine or any(each.service == reader for each in one.requests),
            filters.open is None or filters.open != one.ended,
            filters.deliveries is None or name in filters.deliveries.split(","),
            filters.text.casefold() in name or (whole and filters.text.casefold() in one.title.casefold()),
        )
    )


FILTERS = (
    Filters(),
    Filters(state="UZ"),
    Filters(service=READER),
    Filters(service="ru.fsb", phase="consent"),
    Filters(channel="post", group="twins"),
    Filters(overdue=True),
    Filters(overdue=False, open=True),
    Filters(due_before=MOMENTS[3]),
    Filters(mine=True),
    Filters(open=False),
    Filters(text="PARCEL"),
    Filters(text="case-01"),
    Filters(deliveries="case-011,case-017,case-023", open=True),
    Filters(text="cash", mine=True, open=True),
)


async def many(read: tuple[Deliveries, Database, KeyWrapping], draw: random.Random, count: int) -> dict[str, Standing]:
    """So many deliveries in the archive."""
    made = {f"case-{number:05}": any_standing(draw, SERVICES, MOMENTS) for number in range(count)}
    await put(read[1], read[2], made)
    return made


async def test_every_list_is_complete_and_in_order(url: str) -> None:
    """1,200 deliveries, every filter, each reader: exactly the rows that belong there, each once, in order."""
    draw = seeded(1)
    async with opened(url) as room:
        made = await many(room, draw, 1200)
        for reader, reach in ((READER, "own"), (PART, "own"), ("kz.supervisor", "all")):
            for filters in FILTERS:
                sort: Sort = draw.choice(["due", "started", "name"])
                question = ListQuestion.model_validate({"reader": reader, "reach": reach, "filters": filters, "sort": sort})
                rows = await listed(room[0], question, draw.choice([199, 200]))
                names = [one.delivery for one in rows]
                expected = {name for name, one in made.items() if passes(name, one, question)}
                assert len(names) == len(set(names))
                assert expected == set(names), (question, "one of the rows is missing, or not of this list")
                keys = {
                    "due": [(one.overdue_since or NEVER, one.next_due or NEVER, one.delivery) for one in rows],
                    "started": [(one.started_at, one.delivery) for one in rows],
                    "name": names,
                }[sort]
                assert keys == sorted(keys, reverse=sort == "started")  # type: ignore[type-var]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_lost_while_rows_change_between_pages(url: str, seed: int) -> None:
    """150 deliveries change, begin and end while somebody pages. Each row that did not change comes exactly once.

    Of each that did, the last is as it now stands; none comes twice as the same.
    """
    draw = seeded(seed)
    async with opened(url) as room:
        made = await many(room, draw, 150)
        for sort in ("due", "started", "name"):
            filters = draw.choice([Filters(), Filters(open=True), Filters(overdue=True), Filters(text="parcel")])
            question = ListQuestion.model_validate(
                {"reader": READER, "reach": draw.choice(["own", "all"]), "filters": filters, "sort": sort}
            )
            before, changed = dict(made), set[str]()

            async def change(changed: set[str] = changed) -> None:
                some = [*draw.sample(sorted(made), 3), f"new-{len(made)}"]
                if len(changed) < 60:
                    made.update({name: any_standing(draw, SERVICES, MOMENTS) for name in some})
                    await put(room[1], room[2], {name: made[name] for name in some})
                    changed.update(some)

            rows = await listed(room[0], question, 7, change)
            again = {one.delivery: one for one in await listed(room[0], question)}
            newest = {one.delivery: one for one in rows}

            assert len(rows) == len({(one.delivery, one.change) for one in rows}), f"seed {seed}"
            still = [one.delivery for one in rows if one.delivery not in changed]
            assert sorted(still) == [
                name for name in sorted(before) if name not in changed and passes(name, before[name], question)
            ]
            assert {name: newest.get(name) for name in again} == again, f"seed {seed}: a row was lost, or is not the newest"


async def test_what_is_to_be_done_at_once_stands_first_in_an_inbox_and_through_its_pages(url: str) -> None:
    """Before what is long overdue; then the nearest deadline, and what has none. It is shown without a due time."""
    dues = {"amber": None, "birch": MOMENTS[1], "cedar": MOMENTS[0]}
    made = {name: standing(requests=(request(READER, due),)) for name, due in dues.items()}
    made["zinnia"] = standing(requests=(request(READER, None, "interdiction", at_once=True),))
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made)
        found = await asked(read, READER, limit=1)

    assert [("zinnia", None), ("cedar", MOMENTS[0]), ("birch", MOMENTS[1]), ("amber", None)] == [
        (one.delivery, one.due) for one in found
    ]


@pytest.mark.slow
async def test_an_inbox_is_complete_with_ten_thousand_open_deliveries(url: str) -> None:
    """Each request once, the nearest deadline first, its bytes as they were asked; another service's are not in it."""
    draw = seeded(3)
    made = {
        f"case-{number:05}": standing(requests=(request(READER, draw.choice((None, *MOMENTS))), request(PART, None)))
        for number in range(10_000)
    }
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made)
        found = await asked(read, READER)

    assert sorted(made) == sorted(one.delivery for one in found)
    keys = [(one.due or NEVER, one.delivery) for one in found]
    assert sorted(keys) == keys
    assert {b"to kz.knb"} == {one.request for one in found}


@pytest.mark.parametrize("seed", range(2))
async def test_no_request_is_lost_while_an_inbox_changes(url: str, seed: int) -> None:
    """Requests come, go and are due at other times while the service pages: whatever is asked at the end has been in it."""
    draw = seeded(seed)
    async with opened(url) as room:
        made = await many(room, draw, 200)

        async def change() -> None:
            some = [*draw.sample(sorted(made), 3), f"new-{len(made)}"] if len(made) < 240 else []
            made.update({name: any_standing(draw, SERVICES, MOMENTS) for name in some})
            await put(room[1], room[2], {name: made[name] for name in some})

        found = await asked(room[0], READER, 5, change)
        newest = {one.delivery: one for one in found}
        now = {one.delivery: one for one in await asked(room[0], READER)}

    assert {name: newest.get(name) for name in now} == now, f"seed {seed}"


async def test_a_reader_of_a_part_is_told_no_more(url: str) -> None:
    """Its due times are those of its own requests; it gets no title and no channel, and no filter or text tells it more."""
    asks = (request(PART, MOMENTS[6]), request(PART, MOMENTS[2], "departure"), request(READER, MOMENTS[0]))
    made = standing(at=AT, next_due=MOMENTS[5], overdue_since=MOMENTS[0], title="MARKED", requests=asks)
    reader = ListQuestion(reader=PART, reach="own")
    hidden = (
        Filters(service=READER),
        Filters(state="KZ"),
        Filters(channel="road"),
        Filters(text="marked"),
        Filters(due_before=MOMENTS[1]),
    )
    shown = (
        Filters(service=PART),
        Filters(state="UZ"),
        Filters(text="saxaul"),
        Filters(due_before=MOMENTS[3]),
        Filters(mine=True),
    )
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, {"saxaul-22": made})
        row = await read.one(reader, "saxaul-22")
        counts = [
            [len((await read.page(reader.model_copy(update={"filters": one}))).rows) for one in some] for some in (hidden, shown)
        ]
        whole = await read.one(OWN, "saxaul-22")
        with pytest.raises(NotFound):
            await read.one(ListQuestion(reader="ru.fsb", reach="own"), "saxaul-22")

    assert (False, None, None, MOMENTS[6], MOMENTS[2]) == (row.whole, row.title, row.channel, row.next_due, row.overdue_since)
    assert [[0] * 5, [1] * 5] == counts
    assert (True, "MARKED", "road", MOMENTS[5], MOMENTS[0]) == (
        whole.whole, whole.title, whole.channel, whole.next_due, whole.overdue_since,
    )  # fmt: skip


async def test_a_search_that_finds_nothing_yet_says_where_to_go_on(url: str) -> None:
    """It looks at 1,000 rows at once: the one that it is for stands behind them, and is found on the second page."""
    made = {f"case-{number:05}": standing() for number in range(MOST_SEARCHED)}
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made | {"other-1": standing(title="Needle")})
        question = OWN.model_copy(update={"filters": Filters(text="needle"), "sort": "name"})
        first = await read.page(question)
        assert first.next is not None
        second = await read.page(question, first.next)

    assert () == first.rows
    assert ["other-1"] == [one.delivery for one in second.rows]
    assert second.next is None


@pytest.mark.parametrize("count", [1, 3, 4, 6])
async def test_the_last_page_says_that_it_is_the_last(url: str, count: int) -> None:
    """Also where it is full: pages of three come to no empty one, of a list, of a search and of an inbox."""
    made = {f"case-{number:05}": standing(requests=(request(READER, AT),)) for number in range(count)}
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made)
        for question in (OWN, OWN.model_copy(update={"filters": Filters(text="case")})):
            cursor, lengths = None, list[int]()
            while not lengths or cursor:
                page = await read.page(question, cursor, 3)
                cursor = page.next
                lengths.append(len(page.rows))
            assert [3] * (count // 3) + [count % 3] * (count % 3 > 0) == lengths
        cursor, lengths = None, []
        while not lengths or cursor:
            asked = await read.inbox(READER, cursor, 3)
            cursor = asked.next
            lengths.append(len(asked.asked))

    assert [3] * (count // 3) + [count % 3] * (count % 3 > 0) == lengths


async def test_what_asks_one_now_is_what_one_may_answer_now(url: str) -> None:
    """A request that may be answered later only, or no more, is in no inbox and makes no delivery the reader's to answer."""
    spans = {
        "now": {},
        "later": {"since": MOMENTS[5]},
        "over": {"until": MOMENTS[3]},
        "between": {"since": MOMENTS[3], "until": MOMENTS[5]},
    }
    made = {f"asks-{name}": standing(requests=(request(READER, MOMENTS[8], **span),)) for name, span in spans.items()}
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made)
        rows = await listed(read, OWN.model_copy(update={"filters": Filters(mine=True), "sort": "name"}))
        inbox = await asked(read, READER)

    assert ["asks-between", "asks-now"] == [one.delivery for one in rows] == sorted(one.delivery for one in inbox)


async def test_pages_are_bounded(url: str) -> None:
    """However many are asked for: 200 rows, 50 requests, 1,000 changes; none or fewer is one."""
    made = {f"case-{number:05}": standing(requests=(request(READER, AT),)) for number in range(MOST_CHANGES + 1)}
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, made)
        counts = [len((await read.page(OWN, None, limit)).rows) for limit in (0, 10**6)]
        counts += [len((await read.inbox(READER, None, limit)).asked) for limit in (-1, 10**6)]
        counts.append(len(await read.changes(0, 10**6)))

    assert [1, LONGEST_LIST, 1, LONGEST_INBOX, MOST_CHANGES] == counts


async def test_a_cursor_is_good_for_its_own_list_only(url: str) -> None:
    """Not for another reader, filter, sort or kind of list, nor altered, nor made by somebody else; and it says nothing."""
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, {f"case-{number}": standing(requests=(request(READER, AT),)) for number in range(3)})
        cursor = (await read.page(OWN, None, 1)).next
        assert cursor is not None
        assert ["case-1"] == [one.delivery for one in (await read.page(OWN, cursor, 1)).rows]
        for other in ({"reader": PART}, {"reach": "all"}, {"sort": "name"}, {"filters": Filters(mine=True)}):
            with pytest.raises(Malformed, match="no cursor of this list"):
                await read.page(OWN.model_copy(update=other), cursor)
        for wrong in (cursor[:-8], "x" * 5000, "é", "AAAA", cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]):
            with pytest.raises(Malformed):
                await read.page(OWN, wrong)
        with pytest.raises(Malformed):
            await read.inbox(READER, cursor)
        with pytest.raises(Malformed):
            await Deliveries(archive, new_keys()).page(OWN, cursor)

    assert "case" not in cursor


async def test_changes_are_numbered_over_the_installation(url: str) -> None:
    """Each delivery stands there once with its newest; whoever goes on from the last one seen misses none."""
    async with opened(url) as (read, archive, ring):
        for name in ("amber-1", "saxaul-22", "amber-1", "heron-3"):
            await put(archive, ring, {name: standing()})
        found = [await read.changes(0), await read.changes(2), await read.changes(0, 1), await read.changes(4)]
        newest = await read.newest()

    assert [[("saxaul-22", 2), ("amber-1", 3), ("heron-3", 4)], [("amber-1", 3), ("heron-3", 4)], [("saxaul-22", 2)], []] == [
        [(one.delivery, one.change) for one in some] for some in found
    ]
    assert 4 == newest


async def test_when_a_request_was_first_read_is_kept_until_it_is_asked_anew(url: str) -> None:
    """Neither reading it again nor another batch takes it back; a new request is unread."""
    one = request(READER, AT)
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, {"saxaul-22": standing(requests=(one,))})
        await read.read(READER, "saxaul-22", one.id)
        await Deliveries(archive, ring).read(READER, "saxaul-22", one.id)
        await read.read(READER, "saxaul-22", "unknown")
        await put(archive, ring, {"saxaul-22": standing(phase="under_way", requests=(one,))})
        first = (await read.inbox(READER)).asked[0].read_at
        await put(archive, ring, {"saxaul-22": standing(requests=(one.model_copy(update={"id": "saxaul-22/consent/kz.knb/1"}),))})
        second = (await read.inbox(READER)).asked[0].read_at

    assert (AT, None) == (first, second)


async def test_one_altered_row_keeps_nobody_from_the_rest(url: str) -> None:
    """A title or request that somebody altered in the database is missing; the delivery stands in list and inbox all the same."""
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, {f"case-{number}": standing(requests=(request(READER, AT),)) for number in range(3)})
        async with archive.writing() as connection:
            await connection.execute(update(deliveries).where(deliveries.c.delivery == "case-1").values(title=b"x"))
            await connection.execute(update(requests).where(requests.c.delivery == "case-1").values(request=b"x"))
        rows, inbox = await read.page(OWN), await read.inbox(READER)

    assert ["Heroin in a lorry", None, "Heroin in a lorry"] == [one.title for one in rows.rows]
    assert [b"to kz.knb", None, b"to kz.knb"] == [one.request for one in inbox.asked]


def test_how_a_delivery_stands_is_bounded() -> None:
    """In services, States, requests and their bytes; a filter in characters. The largest of each is allowed."""
    largest = request(READER, None).model_copy(update={"request": bytes(REQUEST_BYTES)})
    full = tuple(largest.model_copy(update={"id": f"leg-{number}"}) for number in range(REQUESTS_BYTES // REQUEST_BYTES))
    services = tuple(Participant(service=f"kz.s{number}", reach="part") for number in range(MOST_SERVICES))
    assert standing(requests=full, participants=services)
    wrong: tuple[dict[str, Any], ...] = (
        {"requests": (*full, request(PART, None))},
        {"requests": (request(READER, None), request(READER, AT))},
        {"participants": (*services, Participant(service=READER, reach="part"))},
        {"participants": (services[0], services[0])},
        {"states": tuple(f"A{letter}" for letter in "ABCDEFGHIJKLMNOPQ")},
        {"states": ("KZ", "KZ")},
        {"title": "x" * 201},
    )
    for changed in wrong:
        with pytest.raises(ValidationError):
            standing(**changed)
    with pytest.raises(ValidationError):
        Filters(text="x" * 101)


async def test_others_have_their_turn_while_a_search_looks_at_row_after_row() -> None:
    """Who searches through a thousand titles again and again keeps no stop waiting for all of them (R8)."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def fetch(at: CursorPosition, count: int) -> Sequence[int]:
        return range(count - 1) if at.part == "unchanged" else ()

    waiting = asyncio.create_task(others())
    begin = CursorPosition(as_of=1, now="")
    found = await turn(begin, fetch, lambda _row: None, lambda row, _at: (row,), (10, 1_000))
    waiting.cancel()

    assert ((), None) == found
    assert 1_000 / PIECE <= turns + 1
