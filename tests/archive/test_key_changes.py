"""Changes of keys in a real database of each kind."""

import asyncio

import pytest
from sqlalchemy import update

from archive.database import Database
from archive.key_changes import KeyChanges
from archive.tables import key_changes
from domain.plan.key_changes import ENTERED_TYPE
from domain.signing.envelope import Envelope, sign
from domain.words.errors import NotVerified, Unavailable
from process.in_force import InForce
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import database
from tests.archive.standby import no_standby
from tests.process.test_in_force import DIRECTORY, KEY, fine, revocation


def entered(text: str) -> Envelope:
    """Something that the installation has entered."""
    return sign(text.encode(), ENTERED_TYPE, private_key_of(VIGIL))


async def test_what_is_appended_is_there_for_everybody_in_its_order(url: str) -> None:
    """Another gateway finds it at once, and one that is started later finds all of it."""
    first, second = database(url), database(url)
    appended = [await KeyChanges(first).append(number, entered(f"{number}")) for number in (1, 2)]
    since = await KeyChanges(second).since(1)
    await first.close()
    await second.close()
    later = database(url)
    everything = await KeyChanges(later).since(0)
    await later.close()

    assert [True, True] == appended
    assert (entered("2"),) == since
    assert (entered("1"), entered("2")) == everything


async def test_of_many_who_append_at_once_one_has_the_number(url: str) -> None:
    """So each change is judged with all before it in force: whoever comes second looks again."""
    first, second = database(url), database(url)
    doors = [KeyChanges(first), KeyChanges(second)] * 3
    won = await asyncio.gather(*(door.append(1, entered(f"{number}")) for number, door in enumerate(doors)))
    kept = await doors[0].since(0)
    await first.close()
    await second.close()

    assert 1 == won.count(True)
    assert (entered(f"{won.index(True)}"),) == kept


async def test_nothing_has_been_entered_in_a_new_archive(url: str) -> None:
    """No key has been changed since its file was written."""
    archive = database(url)
    found = await KeyChanges(archive).since(0)
    await archive.close()

    assert () == found


async def test_a_row_that_is_no_envelope_is_named(url: str) -> None:
    """Somebody has written into the database."""
    archive = database(url)
    await KeyChanges(archive).append(1, entered("1"))
    async with archive.writing() as connection:
        await connection.execute(update(key_changes).values(envelope="{}"))
    with pytest.raises(NotVerified, match="entry 1: what is in the database is not a change of keys"):
        await KeyChanges(archive).since(0)
    await archive.close()


async def test_a_database_that_is_away_says_so() -> None:
    """Rather than that no key has been changed."""
    changes = KeyChanges(Database("sqlite+aiosqlite:////nowhere/archive.db"))
    for asked in (changes.since(0), changes.append(1, entered("1"))):
        with pytest.raises(Unavailable):
            await asked


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_change_that_no_standby_has_is_not_said_to_be_entered_however_often_it_is_announced(url: str) -> None:
    """Whoever announces it again finds it in the one database, where the first attempt left it. If that were an answer, a revoked
    key would count again once that machine is lost.
    """
    change = revocation()
    async with no_standby(url) as hurried:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await InForce(DIRECTORY, KeyChanges(hurried)).enter(change, KEY, fine)
    archive = database(url)
    in_force = InForce(DIRECTORY, KeyChanges(archive))
    new = await in_force.enter(change, KEY, fine)
    await archive.close()

    assert not new
    assert 1 == in_force.entered
