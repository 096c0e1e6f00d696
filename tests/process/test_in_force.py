"""Which keys count, as several gateways and workers know it from one archive; the clock is the test's."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.plan.directory import Directory, ServiceKey
from domain.plan.key_changes import ENTERED_TYPE, Entered, KeyChange, KeyEnd, said_already
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import Malformed, NotAuthentic, RuleBroken, Unavailable
from process.in_force import BOUND, MOST_CHANGES, FollowedFile, InForce, InMemory
from rehearsal.services import VIGIL, cast, private_key_of
from tests.support import example_directory

POLICE = "uz.police"
DIRECTORY = cast(example_directory(), (POLICE, "uz.customs"))
KEY = private_key_of(VIGIL)


@dataclass
class Archive(InMemory):
    """An archive that can be away, be slow, and counts how often it is asked."""

    away: bool = False
    asked: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """It answers."""
        super().__init__()
        self.answering.set()

    async def since(self, seq: int) -> Sequence[Envelope]:
        """As it stands, unless it is away."""
        self.asked += 1
        self.begun.set()
        await self.answering.wait()
        if self.away:
            raise Unavailable("away", hint="wait")
        return await super().since(seq)


@dataclass
class Clock:
    """Seconds, as the test lets them go by."""

    now: float = 1000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


def of(name: str) -> str:
    """Key id of the key that a name stands for."""
    return key_id(public_text(private_key_of(name)))


def revocation(name: str = POLICE, signer: str = POLICE) -> Envelope:
    """Of a key of the police, now."""
    now = datetime.now(UTC).isoformat()
    change = KeyChange(service=POLICE, by=POLICE, made_at=now, ended=(KeyEnd(key=of(name), at=now, revoked=True),))
    return sign(canonical(change), KEYS_TYPE, private_key_of(signer))


def addition(name: str) -> Envelope:
    """Of a new key to those of the police."""
    now = datetime.now(UTC).isoformat()
    added = ServiceKey(public=public_text(private_key_of(name)), valid_from=now)
    return sign(canonical(KeyChange(service=POLICE, by=POLICE, made_at=now, added=(added,))), KEYS_TYPE, private_key_of(POLICE))


def counts(directory: Directory, name: str = POLICE) -> bool:
    """Whether this key of the police counts there now."""
    return of(name) in directory.get(POLICE).keys_at(datetime.now(UTC))


def fine(_: Directory) -> None:
    """Whatever is entered may be."""


async def test_a_revocation_made_at_one_binds_the_other_at_its_next_look_and_those_that_start_later() -> None:
    """There is nothing that the second does between the revocation and its next use of a key."""
    archive = Archive()
    first, second = InForce(DIRECTORY, archive), InForce(DIRECTORY, archive)
    assert counts(await second.latest())
    await first.enter(revocation(), KEY, fine)

    assert not counts(first.now)
    assert not counts(await second.latest())
    assert not counts(await InForce(DIRECTORY, archive).latest())


async def test_a_new_key_counts_everywhere_before_any_file_says_so() -> None:
    """What a change adds is in force as what it ends is."""
    archive = Archive()
    await InForce(DIRECTORY, archive).enter(addition("new"), KEY, fine)

    assert counts(await InForce(DIRECTORY, archive).latest(), "new")


async def test_what_the_archive_holds_stays_in_force_over_a_new_file() -> None:
    """An operator who puts back an old directory brings back no key."""
    in_force = InForce(DIRECTORY)
    await in_force.enter(revocation(), KEY, fine)
    in_force.replace(DIRECTORY.model_copy(update={"example": False}))

    assert not counts(in_force.now)
    assert not in_force.now.example


async def test_a_file_that_changes_is_read_with_what_the_archive_holds(tmp_path: Path) -> None:
    """The file is the base, and the archive's changes stand over it."""
    file, archive = tmp_path / "directory.yaml", Archive()
    file.write_text(DIRECTORY.model_dump_json(exclude_none=True))
    in_force = FollowedFile(file, archive)
    await InForce(DIRECTORY, archive).enter(revocation(), KEY, fine)
    await in_force.look()
    file.write_text(DIRECTORY.model_copy(update={"example": False}).model_dump_json(exclude_none=True) + "\n")

    assert not in_force.now.example
    assert not counts(in_force.now)


def test_a_file_that_could_not_be_read_is_read_once_it_may_be(tmp_path: Path) -> None:
    """Whoever put it there as root's alone gives it to the gateway's user, which leaves its words and their moment as they were:
    else the directory before would stay in force until a restart.
    """
    file = tmp_path / "directory.yaml"
    file.write_text(DIRECTORY.model_dump_json(exclude_none=True))
    in_force, new = FollowedFile(file), DIRECTORY.model_copy(update={"example": False}).model_dump_json(exclude_none=True)
    file.write_text("?" * len(new.encode()))
    before = in_force.now.example, file.stat()
    while file.stat().st_ctime_ns == before[1].st_ctime_ns:  # files have a coarse clock
        file.write_text(new)
        os.utime(file, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))

    assert (True, False) == (before[0], in_force.now.example)


@pytest.mark.parametrize("silent", [False, True])
async def test_while_the_archive_is_away_the_keys_last_known_count_for_a_while(
    silent: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether it refuses or says nothing. Then nobody is let in, but for a stop by what was known, until it is back."""
    monkeypatch.setattr("process.in_force.LOOK_WITHIN", 0.01)
    archive, clock = Archive(), Clock()
    in_force = InForce(DIRECTORY, archive, clock=clock)
    await in_force.look()
    if silent:
        archive.answering.clear()
    archive.away = True
    clock.now += BOUND
    assert counts(await in_force.latest())
    clock.now += 0.001
    with pytest.raises(Unavailable, match="does not say which keys count"):
        await in_force.latest()
    assert counts(in_force.now)
    archive.away = False
    archive.answering.set()

    assert counts(await in_force.latest())


async def test_who_has_never_reached_the_archive_lets_nobody_in() -> None:
    """A process that is started while it is away does not know what was revoked before."""
    archive = Archive(away=True)
    in_force = InForce(DIRECTORY, archive)
    with pytest.raises(Unavailable, match="does not say which keys count"):
        await in_force.latest()


async def test_nothing_is_entered_while_the_archive_is_away() -> None:
    """A change that one gateway alone knew would be forgotten: it is refused, and nothing has changed."""
    archive = Archive()
    in_force = InForce(DIRECTORY, archive)
    await in_force.look()
    archive.away = True
    with pytest.raises(Unavailable, match="cannot take a change of keys"):
        await in_force.enter(revocation(), KEY, fine)

    assert counts(in_force.now)


async def test_many_who_ask_at_once_cost_two_looks() -> None:
    """One is under way; the next serves all who came meanwhile, and none is served by one that began before it came."""
    archive = Archive()
    archive.answering.clear()
    in_force = InForce(DIRECTORY, archive)
    asking = [asyncio.create_task(in_force.look())]
    await archive.begun.wait()
    asking += [asyncio.create_task(in_force.look()) for _ in range(100)]
    await asyncio.sleep(0)
    archive.answering.set()
    await asyncio.gather(*asking)

    assert 2 == archive.asked


async def test_one_who_is_cancelled_while_looking_leaves_nobody_with_old_news() -> None:
    """The look that was broken off counts for nobody: whoever waits makes one of their own."""
    archive = Archive()
    archive.answering.clear()
    in_force = InForce(DIRECTORY, archive)
    first = asyncio.create_task(in_force.look())
    await archive.begun.wait()
    second = asyncio.create_task(in_force.latest())
    await asyncio.sleep(0)
    first.cancel()
    archive.answering.set()

    assert counts(await second)
    assert 2 == archive.asked


async def test_a_change_is_judged_with_every_other_before_it_in_force() -> None:
    """A thief adds a key at one gateway while the owner revokes at another: what comes second is judged with the first."""
    archive = Archive()
    first, second = InForce(DIRECTORY, archive), InForce(DIRECTORY, archive)
    judged = []

    def check(directory: Directory) -> None:
        judged.append(counts(directory))
        if not judged[-1]:
            raise NotAuthentic("revoked")

    class Overtaken(InMemory):
        """Another change is entered between the judgement and the append."""

        since = archive.since  # type: ignore[assignment]

        async def append(self, seq: int, entered: Envelope) -> bool:
            await first.enter(revocation(), KEY, fine)
            return await archive.append(seq, entered)

    second._changes = Overtaken()
    with pytest.raises(NotAuthentic):
        await second.enter(addition("the thief's"), KEY, check)

    assert [True, False] == judged
    assert not counts(await second.latest(), "the thief's")


async def test_the_same_change_again_is_kept_once() -> None:
    """Announcing may be repeated, and fills no archive."""
    archive, change = Archive(), revocation()
    in_force = InForce(DIRECTORY, archive)
    for one in (change, change, revocation()):
        await in_force.enter(one, KEY, fine)

    assert 1 == len(await archive.since(0))


async def test_who_has_changed_a_services_keys_as_often_as_it_may_is_refused_and_another_is_not() -> None:
    """Who brings an end forward again and again fills no archive; an administrator still ends the key (R28)."""
    archive, now = Archive(), datetime.now(UTC)
    in_force = InForce(DIRECTORY, archive)

    def sooner(by: str, days: int) -> Envelope:
        end = KeyEnd(key=of(POLICE), at=(now + timedelta(days=days)).isoformat())
        change = KeyChange(service=POLICE, by=by, made_at=now.isoformat(), ended=(end,))
        return sign(canonical(change), KEYS_TYPE, private_key_of(by))

    for days in range(1000, 1000 - MOST_CHANGES, -1):
        await in_force.enter(sooner(POLICE, days), KEY, fine)
    for days in (800, 500):
        with pytest.raises(RuleBroken, match=f"R28: {POLICE} has changed keys of {POLICE} {MOST_CHANGES} times") as refused:
            await InForce(DIRECTORY, archive).enter(sooner(POLICE, days), KEY, fine)
        assert "keys_not_changed" == refused.value.reason
    await in_force.enter(sooner(POLICE, 1000), KEY, fine)  # said already

    assert MOST_CHANGES == len(await archive.since(0))
    await in_force.enter(sooner("administration", -1), KEY, fine)
    assert not counts(await in_force.latest())


NOW, LONG_AGO, NEVER = datetime.now(UTC).isoformat(), "1990-01-01T00:00:00Z", "9000-01-01T00:00:00Z"
NEW = ServiceKey(public=public_text(private_key_of("new")), valid_from=NOW)
TWICE: dict[str, KeyChange] = {
    "ended, the second end long after the first": KeyChange(
        service=POLICE,
        by=POLICE,
        made_at=NOW,
        ended=(KeyEnd(key=of(POLICE), at=LONG_AGO, revoked=True), KeyEnd(key=of(POLICE), at=NEVER, revoked=True)),
    ),
    "revoked, and ended later": KeyChange(
        service=POLICE,
        by=POLICE,
        made_at=NOW,
        ended=(KeyEnd(key=of(POLICE), at=LONG_AGO, revoked=True), KeyEnd(key=of(POLICE), at=NEVER)),
    ),
    "added": KeyChange(service=POLICE, by=POLICE, made_at=NOW, added=(NEW, NEW)),
    "added for two officers": KeyChange(
        service=POLICE, by=POLICE, made_at=NOW, added=(NEW, NEW.model_copy(update={"officer": "officer-9"}))
    ),
}


@pytest.mark.parametrize("change", TWICE.values(), ids=TWICE)
async def test_a_change_that_names_a_key_twice_is_not_entered(change: KeyChange) -> None:
    """A thief who ends a stolen key twice has what follows from the last end, and is believed the first: then its owner's
    revocation would say nothing new, and an administrator's neither. A key that is added twice makes a directory that is none.
    """
    archive = Archive()
    in_force = InForce(DIRECTORY, archive)
    with pytest.raises(Malformed, match="twice"):
        await in_force.enter(sign(canonical(change), KEYS_TYPE, private_key_of(POLICE)), KEY, fine)

    assert not await archive.since(0)
    assert Directory.model_validate_json(in_force.now.model_dump_json()) == in_force.now
    assert await in_force.enter(revocation(), KEY, fine)
    assert not counts(in_force.now)


async def test_what_is_announced_is_compared_with_as_much_as_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has changed keys as often as it may, and announces without end, keeps nobody from a stop: to go over all of that
    took a tenth of a second each time, also for what is refused at once.
    """
    in_force, compared = InForce(DIRECTORY), list[int]()

    def noted(change: KeyChange, before: Sequence[KeyChange]) -> bool:
        compared.append(sum(len(one.added) + len(one.ended) for one in before))
        return said_already(change, before)

    monkeypatch.setattr("process.in_force.said_already", noted)
    keys = [f"{number:032x}" for number in range(64)]
    for days in range(20, 0, -1):
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        change = KeyChange(
            service=POLICE, by=POLICE, made_at=NOW, ended=tuple(KeyEnd(key=one, at=at, revoked=days % 2 == 0) for one in keys)
        )
        assert await in_force.enter(sign(canonical(change), KEYS_TYPE, private_key_of(POLICE)), KEY, fine)
    assert not await in_force.enter(sign(canonical(change), KEYS_TYPE, private_key_of(POLICE)), KEY, fine)
    assert await in_force.enter(addition("new"), KEY, fine)
    assert not await in_force.enter(addition("new"), KEY, fine)

    assert 64 == max(compared)
    assert [0, 1] == compared[-2:]


def by_another(entered: Sequence[Envelope]) -> Sequence[Envelope]:
    """Signed by somebody who writes into the database, and holds no key of the installation."""
    return [sign(one.body(), ENTERED_TYPE, private_key_of("uz.customs")) for one in entered]


TAMPERED: dict[str, Callable[[Sequence[Envelope]], Sequence[Envelope]]] = {
    "written by another": by_another,
    "in another order": lambda entered: entered[::-1],
    "one taken out": lambda entered: entered[1:],
    "nonsense": lambda entered: [sign(b"{}", ENTERED_TYPE, KEY), *entered],
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_an_archive_that_does_not_hold_what_was_entered_lets_nobody_in(how: str, caplog: pytest.LogCaptureFixture) -> None:
    """The database is not believed: what is not the installation's, in its order and without a gap, is found, and said once."""
    archive = Archive()
    for change in (revocation(), addition("new")):
        await InForce(DIRECTORY, archive).enter(change, KEY, fine)
    archive._entered = [*TAMPERED[how](archive._entered)]
    in_force = InForce(DIRECTORY, archive)
    with caplog.at_level(logging.WARNING, "vigil.directory"):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await in_force.latest()

    assert 1 == len(caplog.records)


async def test_changes_that_are_gone_from_the_archive_are_noticed() -> None:
    """What was known stays in force, and nobody is let in once that is too old."""
    archive, clock = Archive(), Clock()
    in_force = InForce(DIRECTORY, archive, clock=clock)
    await in_force.enter(revocation(), KEY, fine)
    archive._entered.clear()
    clock.now += BOUND + 1
    with pytest.raises(Unavailable):
        await in_force.latest()

    assert not counts(in_force.now)


async def test_an_archive_that_was_put_back_and_gone_on_with_is_noticed() -> None:
    """Else a gateway that was up all the time took a change that is gone for the one that has its number by now, and let in for
    ever whom that one revokes.
    """
    archive, clock = Archive(), Clock()
    in_force = InForce(DIRECTORY, archive, clock=clock)
    await in_force.enter(addition("new"), KEY, fine)
    archive._entered.clear()
    await InForce(DIRECTORY, archive).enter(revocation(), KEY, fine)
    clock.now += BOUND + 1
    with pytest.raises(Unavailable, match="does not say which keys count"):
        await in_force.latest()


async def test_a_gateway_with_a_key_that_has_ended_enters_nothing() -> None:
    """It would be nobody's word: the others would find an archive that they cannot believe."""
    archive = Archive()
    with pytest.raises(Unavailable, match="a key of the installation that has ended"):
        await InForce(DIRECTORY, archive).enter(revocation(), private_key_of("an old one"), fine)

    assert not await archive.since(0)


async def test_the_installation_changes_its_own_key_and_goes_on() -> None:
    """What it enters afterwards, it signs with the new one, which is known by what it entered before."""
    archive, now = Archive(), datetime.now(UTC).isoformat()
    new = ServiceKey(public=public_text(private_key_of("vigil, new")), valid_from=now)
    ends = (KeyEnd(key=of(VIGIL), at=now),)
    rotation = sign(canonical(KeyChange(service=VIGIL, by=VIGIL, made_at=now, added=(new,), ended=ends)), KEYS_TYPE, KEY)
    in_force = InForce(DIRECTORY, archive)
    entered = Entered(seq=1, at="2026-01-01T00:00:00Z", change=rotation)
    assert await archive.append(1, sign(canonical(entered), ENTERED_TYPE, KEY))
    await in_force.look()
    await in_force.enter(revocation(), private_key_of("vigil, new"), fine)

    assert not counts(await InForce(DIRECTORY, archive).latest())
