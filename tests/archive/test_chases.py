"""Notes of who chases a silent service, in a real database of each kind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.chases import Chases
from archive.database import Database
from archive.tables import chases
from domain.delivery.chasing import APART, CHASE_TYPE, Chase, chase_in
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope, sign
from domain.words.errors import NotAllowed
from domain.words.limits import MOST_CHASED
from domain.words.moments import utc_text
from rehearsal.services import EPOCH, private_key_of
from tests.archive.test_log import database

MINUTE = timedelta(minutes=1)


def note(chased: str = "uz.customs", minutes: int = 0, lasts: int = 60, **changed: Any) -> Envelope:
    """A signed note, of so many minutes after the beginning."""
    at = EPOCH + minutes * MINUTE
    said = {
        "chased": chased,
        "service": "supervision",
        "officer": "S-1",
        "at": utc_text(at),
        "until": utc_text(at + lasts * MINUTE),
    }
    return sign(canonical(Chase(**(said | changed))), CHASE_TYPE, private_key_of("supervision"))


def at(archive: Database, minutes: int = 0) -> Chases:
    """The table as one gateway has it, so many minutes after the beginning."""
    return Chases(archive, lambda: EPOCH + minutes * MINUTE)


async def kept(archive: Database) -> int:
    """How many rows there are, ended ones too."""
    async with archive.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(chases))).scalar_one())


async def test_the_newest_note_of_a_service_stands_for_every_gateway_until_it_ends(url: str) -> None:
    """The same again changes nothing, an older one takes no later one's place, and nobody is in charge for ever."""
    first, second = database(url), database(url)
    older, newer = note(officer="S-2"), note(minutes=1)
    await at(first).keep(older)
    await at(second, 1).keep(newer)
    await at(first, 1).keep(newer)
    with pytest.raises(NotAllowed, match=r"a newer note of supervision about uz\.customs stands"):
        await at(first, 1).keep(older)
    others = note(service="kz.knb")
    await at(second).keep(others)

    assert (newer, others) == await at(first, 1).now()
    assert () == await at(first, 61).now()
    await at(first, 61 + 2 * int(APART / MINUTE)).keep(note("uz.police", 70))
    assert 1 == await kept(first)
    await first.close()
    await second.close()


async def test_of_two_who_sign_at_once_the_later_stands(url: str) -> None:
    """In whichever order they come."""
    archive = database(url)
    notes = [note(minutes=number, officer=f"S-{number}") for number in range(5)]
    await asyncio.gather(*(at(archive, 4).keep(one) for one in reversed(notes)), return_exceptions=True)
    assert [notes[-1]] == [*await at(archive, 4).now()]
    await archive.close()


async def test_a_service_chases_so_many_and_no_more(url: str) -> None:
    """One more is refused and changes nothing; another service may, and so may it once it has given one back."""
    archive = database(url)
    for number in range(MOST_CHASED):
        await at(archive).keep(note(f"uz.s-{number}"))
    with pytest.raises(NotAllowed, match=f"supervision chases {MOST_CHASED} services already"):
        await at(archive).keep(note("uz.more"))
    assert MOST_CHASED == await kept(archive)
    await at(archive).keep(note("uz.more", service="kz.knb"))
    await at(archive, 1).keep(note("uz.s-1", minutes=1, lasts=0))
    await at(archive, 1).keep(note("uz.more", minutes=1))
    assert {"uz.more", "uz.s-2"} <= {chase_in(one).chased for one in await at(archive, 1).now()}
    await archive.close()


async def test_a_service_that_hands_in_two_at_once_chases_no_more_than_it_may(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever counts while another gateway is just keeping one waits for that, and counts it."""
    first, second, there, go_on = database(url), database(url), asyncio.Event(), asyncio.Event()
    for number in range(MOST_CHASED - 1):
        await at(second).keep(note(f"uz.s-{number}"))
    writing = first.writing

    @asynccontextmanager
    async def slowly() -> AsyncIterator[AsyncConnection]:
        async with writing() as connection:
            yield connection
            there.set()
            await go_on.wait()

    monkeypatch.setattr(first, "writing", slowly)
    one = asyncio.create_task(at(first).keep(note("uz.one")))
    await there.wait()
    other = asyncio.create_task(at(second).keep(note("uz.other")))
    await asyncio.wait({other}, timeout=0.5)
    go_on.set()
    await one
    with pytest.raises(NotAllowed, match=f"supervision chases {MOST_CHASED} services already"):
        await other
    assert MOST_CHASED == await kept(second)
    await first.close()
    await second.close()


async def test_what_is_no_note_in_the_database_keeps_nobody_from_the_others(url: str) -> None:
    """It is left out."""
    archive = database(url)
    await at(archive).keep(note())
    await at(archive).keep(note("uz.police"))
    async with archive.writing() as connection:
        await connection.execute(update(chases).where(chases.c.chased == "uz.police").values(envelope="{}"))
    assert (note(),) == await at(archive).now()
    await archive.close()
