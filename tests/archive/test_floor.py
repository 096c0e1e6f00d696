"""The rows of the watch floor in the archive: page by page the most urgent first, and what changed since."""

import pytest
from sqlalchemy import update

from archive.tables import deliveries
from domain.views.standing import Standing
from tests.archive.samples import AT, glanced, put, standing
from tests.archive.test_deliveries import MOMENTS, opened


def made(name: str, **changed: object) -> tuple[str, Standing]:
    """A delivery with a row of its own."""
    return name, standing(glance=glanced(delivery=name, title=f"Case {name}"), **changed)


MANY = dict(
    [
        made("amber-1", next_due=MOMENTS[7]),
        made("amber-2", overdue_since=MOMENTS[2]),
        made("birch-3", next_due=MOMENTS[6]),
        made("birch-4", phase="ended", ended=True, outcome="refused", closed_at=AT),
        made("cedar-5"),
    ]
)


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_what_is_open_comes_page_by_page_the_most_urgent_first(url: str, limit: int) -> None:
    """Each once, with its row as it was kept; what has ended is not among them."""
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, MANY)
        found, after = await read.floor(None, limit)
        while after is not None:
            more, after = await read.floor(after, limit)
            assert len(more) <= limit
            found += more

        assert ["amber-2", "birch-3", "amber-1", "cedar-5"] == [one.delivery for one in found]
        assert [MANY[one.delivery].glance for one in found] == [one.glance for one in found]
        assert 4 == await read.count_open()


async def test_what_changed_comes_in_order_and_what_ended_with_its_last_row(url: str) -> None:
    """From the change that was seen last: nobody looks at everything again. What has ended says so, and is on no page."""
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, MANY)
        seen = await read.newest()
        assert () == await read.floor_changes(seen)
        await put(
            archive, ring, dict([made("cedar-5", phase="ended", ended=True, closed_at=AT), made("amber-1", next_due=MOMENTS[5])])
        )
        found = await read.floor_changes(seen)

        assert {("cedar-5", True, True), ("amber-1", False, True)} == {
            (one.delivery, one.ended, one.glance is not None) for one in found
        }
        assert sorted(one.change for one in found) == [one.change for one in found]
        assert 1 == len(await read.floor_changes(seen, 1))
        assert "cedar-5" not in {one.delivery for one in (await read.floor())[0]}


async def test_a_row_that_somebody_altered_is_missing_and_the_delivery_is_named(url: str) -> None:
    """Whoever can write the database keeps nobody from the rest of the floor."""
    async with opened(url) as (read, archive, ring):
        await put(archive, ring, MANY)
        async with archive.writing() as connection:
            await connection.execute(update(deliveries).where(deliveries.c.delivery == "birch-3").values(glance=b"x"))
        found, _ = await read.floor()

        assert ["birch-3"] == [one.delivery for one in found if one.glance is None]
        assert 4 == len(found)
