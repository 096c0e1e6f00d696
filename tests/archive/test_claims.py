"""R15: the register of live operations in the database, by many workers at once, and after anything that may happen to them."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from archive.claims import MOST_SUSPECTS, REMEMBERED, Claims
from archive.database import Database
from archive.ledgers import Ledgers
from archive.patterns import MINE, Patterns
from archive.tables import claim_hashes, claims, enquiries, live_counts, register
from domain.plan.enquiries import WINDOW
from domain.plan.register import Claim, DatedClaim, Register, RegisterAnswer
from domain.signing.canonical import digest
from domain.words.errors import Unavailable
from domain.words.limits import (
    MANY_MISSES,
    MOST_ALARMS,
    MOST_CONTACTS,
    MOST_HASHES,
    MOST_HASHES_EACH,
    MOST_LIVE_OF_A_STATE,
    MOST_LIVE_OPERATIONS,
    MOST_LOOKS_FOR_A_SELECTOR,
)
from domain.words.moments import utc_text
from rehearsal.services import EPOCH
from tests.archive.samples import batch, database, ledger, new_keys, standing


def claim_of(
    delivery: str, *things: str, state: str = "KZ", service: str = "police", order: int = 2, group: str | None = None
) -> Claim:
    """An operation of that State's service, which touches these."""
    country = state.lower()
    hashes = tuple(digest(one) for one in things)
    return Claim(
        delivery=delivery,
        contact=f"{country}.{service}",
        state=state,
        signer=f"{country}.prosecutor",
        order=order,
        hashes=hashes,
        group=group,
    )


def dated(claim: Claim, at: datetime = EPOCH) -> DatedClaim:
    """Brought then."""
    return DatedClaim(claim=claim, at=utc_text(at))


def found(answer: RegisterAnswer) -> dict[str, list[str]]:
    """Operation to those that it is told of."""
    return {one.party.delivery: sorted(other.delivery for other in one.others) for one in answer.findings}


@asynccontextmanager
async def workers(url: str, count: int = 1) -> AsyncIterator[list[Claims]]:
    """So many workers, each with connections of its own."""
    archives = [database(url) for _ in range(count)]
    try:
        yield [Claims(one) for one in archives]
    finally:
        for one in archives:
            await one.close()


async def changed(url: str, *statements: object) -> None:
    """Somebody who holds the database changes it."""
    archive = database(url)
    async with archive.writing() as connection:
        for one in statements:
            await connection.execute(one)  # type: ignore[call-overload]
    await archive.close()


async def rows(url: str, table: object) -> Sequence[tuple[object, ...]]:
    """What stands in a table."""
    archive = database(url)
    async with archive.reading() as connection:
        held = [tuple(one) for one in await connection.execute(select(table))]  # type: ignore[call-overload]
    await archive.close()
    return held


async def test_of_starts_at_the_same_moment_no_two_pass_unseen(url: str) -> None:
    """At two workers, each through its own connections: of two that touch the same thing exactly one hears of nobody, both sides
    hear of each other in the end, and no number is given twice.
    """
    pairs = [[claim_of(f"{side}-{n}", f"thing-{n}", state=state) for side, state in (("a", "KZ"), ("b", "UZ"))] for n in range(8)]
    async with workers(url, 2) as (one, other):
        asked = [at.claim(dated(claim)) for pair in pairs for at, claim in zip((one, other), pair, strict=True)]
        answers = await asyncio.gather(*asked)

    told = [found(answer) for answer in answers]
    for number, (a, b) in enumerate(pairs):
        first, second = told[2 * number], told[2 * number + 1]
        assert [0, 1] == sorted((len(first[a.delivery]), len(second[b.delivery])))
        assert {a.delivery: [b.delivery], b.delivery: [a.delivery]} in (first, second)
    assert len(answers) == len({answer.number for answer in answers})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
async def test_it_answers_as_a_register_that_is_whole(url: str, seed: int) -> None:
    """Claims, changed claims, repeats and releases in any order, over a day and through restarts: findings, what is put off and
    alarms are those of the pure register, and what is counted is what stands there.
    """
    dice = random.Random(seed)  # noqa: S311 - a test must be repeatable
    whole, live, now, numbers = Register(), list[str](), EPOCH, itertools.count()
    for _ in range(4):
        async with workers(url) as (at,):
            for _ in range(25):
                now += timedelta(minutes=dice.choice((0, 1, 30)))
                if live and dice.random() < 0.3:
                    name = live.pop(dice.randrange(len(live)))
                    whole, expected = whole.release(name)
                    answer = await at.release(name, now)
                else:
                    name = dice.choice(live) if live and dice.random() < 0.3 else f"operation-{next(numbers)}"
                    things = [f"thing-{dice.randrange(12)}" for _ in range(dice.randint(1, 3))]
                    country = dice.choice(("KZ", "UZ"))
                    group = dice.choice((None, None, "a" * 64, "b" * 64))
                    service = dice.choice(("police", "customs"))
                    claim = claim_of(name, *dict.fromkeys(things), state=country, service=service, group=group)
                    whole, expected = whole.claim(dated(claim, now))
                    answer = await at.claim(dated(claim, now))
                    live += [name] if expected.not_before is None and name not in live else []
                assert (found(expected), expected.not_before) == (found(answer), answer.not_before)

    archive = database(url)
    alarms = await Patterns(archive).newest()
    await archive.close()
    assert whole.enquiries.alarms == alarms
    states = {one.state for one in whole.claims}
    of_state = {state: [one for one in whole.claims if one.state == state] for state in states}
    counted = {(state, len(some), sum(len(one.hashes) for one in some)) for state, some in of_state.items()}
    assert counted == {row for row in await rows(url, live_counts) if row[1]}


async def test_an_attempt_that_is_made_again_is_answered_the_same(url: str) -> None:
    """A worker is killed after the commit and before anybody was told: another one, after a restart, is told of everybody whom
    the first was told of, at the claim and at the release, and nothing is counted twice.
    """
    own, other = claim_of("own", "a", "b"), claim_of("other", "b", state="UZ")
    async with workers(url) as (at,):
        await at.claim(dated(other))
        entered = await at.claim(dated(own))
    async with workers(url) as (at,):
        again = await at.claim(dated(own, EPOCH + timedelta(minutes=1)))
        released = await at.release("own", EPOCH + timedelta(hours=1))
    async with workers(url) as (at,):
        once_more = await at.release("own", EPOCH + timedelta(hours=2))

    assert entered == again
    assert {"own": ["other"], "other": ["own"]} == found(entered)
    assert released == once_more
    assert {"other": []} == found(released)
    assert entered.number < released.number
    assert 2 == len(await rows(url, enquiries))


async def test_an_attempt_that_comes_after_a_newer_one_takes_nothing_back(url: str) -> None:
    """The plan was changed, and it was signed for more: what was tried for the plan before lets go of nothing. It is answered for
    its own signature, which is the newest that a delivery has that was put back.
    """
    older, newer, other = claim_of("own", "a"), claim_of("own", "a", "b", order=9), claim_of("other", "b", state="UZ")
    async with workers(url) as (at,):
        for one in (older, newer, other):
            await at.claim(dated(one))
        late = await at.claim(dated(older))
        again = await at.claim(dated(newer))

    assert {"own": ["other"], "other": ["own"]} == found(late) == found(again)
    assert [2, 9] == [one.findings[-1].party.order for one in (late, again)]
    assert {("KZ", 1, 2), ("UZ", 1, 1)} == set(await rows(url, live_counts))


async def test_what_never_entered_is_released_as_often_as_it_is_said(url: str) -> None:
    """Its delivery halted before anybody looked, and the worker was killed before it said so: the next attempt ends it."""
    async with workers(url) as (at,):
        other = await at.claim(dated(claim_of("other", "a")))
        answers = [await at.release("never", EPOCH) for _ in range(2)]

    assert [RegisterAnswer(number=other.number)] * 2 == answers


async def test_r31_consignments_of_one_group_are_one_operation(url: str) -> None:
    """They touch the same receiver and are in no conflict, at whichever worker each looks; another operation is, with each."""
    async with workers(url, 2) as (one, two):
        first = await one.claim(dated(claim_of("first", "receiver", group="a" * 64)))
        second = await two.claim(dated(claim_of("second", "receiver", group="a" * 64)))
        other = await one.claim(dated(claim_of("other", "receiver", state="UZ", group="b" * 64)))

    assert [{"first": []}, {"second": []}] == [found(first), found(second)]
    assert {"first": ["other"], "second": ["other"], "other": ["first", "second"]} == found(other)


async def test_an_attempt_that_comes_after_the_release_enters_nothing(url: str) -> None:
    """Released is released, for a day at least, also where it had never been entered; then all of it is forgotten."""
    own, late = claim_of("own", "a"), claim_of("late", "a", state="UZ")
    async with workers(url) as (at,):
        await at.claim(dated(own))
        for one in (own, late):
            await at.release(one.delivery, EPOCH)
        answers = [await at.claim(dated(one)) for one in (own, late)]
        alone = await at.claim(dated(claim_of("third", "a", service="customs")))
        await at.tidy(EPOCH + REMEMBERED - timedelta(seconds=1))
        kept = len(await rows(url, claims))
        await at.tidy(EPOCH + REMEMBERED)

    assert [((), None)] * 2 == [(one.findings, one.not_before) for one in answers]
    assert {"third": []} == found(alone)
    assert (3, ["third"]) == (kept, [row[0] for row in await rows(url, claims)])
    assert [(bytes.fromhex(digest("a")), "third")] == await rows(url, claim_hashes)
    assert [] == await rows(url, enquiries)


async def test_quotas_outlive_workers(url: str) -> None:
    """How often a service has looked for the same thing is counted by all workers, and begins anew after a day."""
    async with workers(url, 2) as pair:
        for number in range(MOST_LOOKS_FOR_A_SELECTOR):
            at = pair[number % 2]
            assert (await at.claim(dated(claim_of(f"look-{number}", "a")))).not_before is None
            await at.release(f"look-{number}", EPOCH)
    async with workers(url) as (at,):
        once_more = claim_of("once-more", "a")
        refused = await at.claim(dated(once_more, EPOCH + timedelta(hours=1)))
        others = await at.claim(dated(claim_of("others", "a", service="customs"), EPOCH + timedelta(hours=1)))
        later = await at.claim(dated(once_more, EPOCH + WINDOW))

    assert utc_text(EPOCH + WINDOW) == refused.not_before
    assert () == refused.findings
    assert {"others": []} == found(others)
    assert {"once-more": ["others"], "others": ["once-more"]} == found(later)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"state": "DE", "live": MOST_LIVE_OPERATIONS, "hashes": 0}, "KZ"),
        ({"state": "KZ", "live": MOST_LIVE_OF_A_STATE, "hashes": 0}, "KZ"),
        ({"state": "DE", "live": 1, "hashes": MOST_HASHES - MOST_HASHES_EACH + 1}, "KZ"),
    ],
    ids=["operations", "of a State", "hashes"],
)
async def test_a_full_register_takes_nothing_more_and_says_so(url: str, counts: dict[str, object], state: str) -> None:
    """One of the greatest is put off at each bound, with an alarm, and enters once there is room."""
    largest = claim_of("largest", *(f"{number}" for number in range(MOST_HASHES_EACH)), state=state)
    async with workers(url) as (at,):
        await changed(url, live_counts.insert().values(counts))
        refused = await at.claim(dated(largest))
        less = {name: number - 1 for name, number in counts.items() if isinstance(number, int) and number}
        await changed(url, update(live_counts).values(less))
        entered = await at.claim(dated(largest))

    archive = database(url)
    (alarm,) = [one for one in await Patterns(archive).newest() if one.pattern == "full"]
    await archive.close()
    assert (True, None) == (refused.not_before is not None, entered.not_before)
    assert ("full", ("largest",)) == (alarm.pattern, alarm.deliveries)
    assert MOST_HASHES_EACH == len(await rows(url, claim_hashes))


async def test_of_more_on_one_thing_than_can_be_told_of_none_is_told_by_halves(url: str) -> None:
    """At the bound each is told of all the others; one more is put off."""
    async with workers(url) as (at,):
        for number in range(MOST_CONTACTS + 1):
            answer = await at.claim(dated(claim_of(f"live-{number}", "a", f"own-{number}", service=f"s{number}")))
        refused = await at.claim(dated(claim_of("one-more", "a", state="UZ")))

    assert [MOST_CONTACTS] * (MOST_CONTACTS + 1) == [len(one.others) for one in answer.findings]
    assert (True, ()) == (refused.not_before is not None, refused.findings)


async def test_a_database_that_was_put_back_answers_with_higher_numbers(url: str) -> None:
    """So no delivery takes its answer for an older one, and waits for ever."""
    async with workers(url) as (at,):
        before = await at.claim(dated(claim_of("before", "a")))
        await changed(url, update(register).values(number=0, asked_at=None))
        after = await at.claim(dated(claim_of("after", "a", state="UZ"), EPOCH + timedelta(seconds=1)))

    assert before.number < after.number


async def test_what_nothing_performs_is_live_for_a_day_and_then_no_more(url: str) -> None:
    """Of whose delivery there is no ledger, or one that is gone. What is performed after all stays; those it touched are told,
    and again until that is noted.
    """
    async with workers(url) as (at,):
        archive = database(url)
        ledgers = Ledgers(archive, new_keys())
        for name in ("gone", "open"):
            await ledgers.keep(batch(ledger(2), delivery=name, standing=standing()))
        await ledgers.is_gone("gone")
        await archive.close()
        for name in ("gone", "open", "unknown", "released"):
            await at.claim(dated(claim_of(name, "a", service=f"of-{name}")))
        await at.release("released", EPOCH)
        suspects = await at.suspects()
        marked = [await at.gone(name, EPOCH) for name in ("gone", "unknown", "released", "nobody")]
        await at.there("unknown")
        again = await at.gone("unknown", EPOCH + REMEMBERED)
        early, over, once_more = [await at.gone("gone", EPOCH + REMEMBERED + timedelta(seconds=one)) for one in (-1, 0, 1)]
        untold = await at.suspects()
        await at.forgotten("gone")
        left = await at.suspects()

    assert ("gone", "unknown") == suspects
    assert [None] * 6 == [*marked, again, early]
    assert over is not None
    assert over == once_more
    assert {"open": ["unknown"], "unknown": ["open"]} == found(over)
    assert ("gone", "unknown") == untold
    assert ("unknown",) == left
    assert [("KZ", 2, 2)] == await rows(url, live_counts)


async def test_what_comes_back_when_it_counts_as_live_no_more_enters_again(url: str) -> None:
    """Its workflow was put back before all had been told that it is gone: it is not taken for released, and is seen again."""
    async with workers(url) as (at,):
        for name in ("gone", "other"):
            await at.claim(dated(claim_of(name, "a", service=f"of-{name}")))
        await at.gone("gone", EPOCH)
        over = await at.gone("gone", EPOCH + REMEMBERED)
        await at.there("gone")
        again = await at.claim(dated(claim_of("gone", "a", service="of-gone"), EPOCH + REMEMBERED))

    assert over is not None
    assert {"other": []} == found(over)
    assert {"gone": ["other"], "other": ["gone"]} == found(again)


async def test_what_has_come_back_is_not_forgotten_by_a_worker_that_had_seen_it_gone(url: str) -> None:
    """While one worker tells that it is gone, another sees that it was put back, and it enters: it stays, and is counted."""
    back = claim_of("gone", "a", service="of-gone")
    async with workers(url, 2) as (one, two):
        await one.claim(dated(back))
        await one.gone("gone", EPOCH)
        over = await one.gone("gone", EPOCH + REMEMBERED)
        await two.there("gone")
        await two.claim(dated(back, EPOCH + REMEMBERED))
        await one.forgotten("gone")
        met = await two.claim(dated(claim_of("other", "a", state="UZ"), EPOCH + REMEMBERED))

    assert over is not None
    assert {"gone": ["other"], "other": ["gone"]} == found(met)


async def test_of_many_that_nothing_performs_all_are_looked_at(url: str) -> None:
    """Those come first of which it is not known yet."""
    async with workers(url) as (at,):
        for number in range(MOST_SUSPECTS + 1):
            await at.claim(dated(claim_of(f"gone-{number}", service=f"s{number}")))
        first = await at.suspects()
        for name in first:
            await at.gone(name, EPOCH)
        then = await at.suspects()

    assert (MOST_SUSPECTS, f"gone-{MOST_SUSPECTS}") == (len(first), then[0])


async def test_a_pattern_is_told_by_one_worker_and_not_forgotten_with_it(url: str) -> None:
    """What a worker has taken nobody else is given, until it has had time enough; once told it is read, and told no more."""
    archive, now = database(url), [EPOCH]
    patterns = Patterns(archive, lambda: now[0])
    async with workers(url) as (at,):
        for number in range(MANY_MISSES):
            await at.claim(dated(claim_of(f"missed-{number}", f"{number}")))
    taken, meanwhile = await patterns.take(), await patterns.take()
    now[0] += MINE
    again = await patterns.take()
    assert taken is not None
    await patterns.told(taken.number)
    now[0] += MINE
    done, read = await patterns.take(), await patterns.newest()
    await archive.close()

    assert ("many_misses", MANY_MISSES) == (taken.pattern, taken.count)
    assert (None, taken, None) == (meanwhile, again, done)
    assert (taken,) == read


async def test_of_alarms_the_newest_are_kept(url: str) -> None:
    """However many there have been."""
    archive = database(url)
    await changed(url, update(register).values(raised=MOST_ALARMS), live_counts.insert().values(state="DE", live=10**6, hashes=0))
    async with workers(url) as (at,):
        for number in range(3):
            await at.claim(dated(claim_of(f"late-{number}", "a", service=f"s{number}"), EPOCH))
        await changed(url, update(register).values(raised=2 * MOST_ALARMS))
        await at.claim(dated(claim_of("newest", "a", service="newest"), EPOCH))
    kept = await Patterns(archive).newest()
    await archive.close()

    assert [MOST_ALARMS + 2, MOST_ALARMS + 3, 2 * MOST_ALARMS + 1] == [one.number for one in kept]


async def test_who_gives_up_keeps_nobody_waiting(url: str) -> None:
    """Claims of one worker go in together. Those that came with one that is given up are answered, or told to ask again."""
    claimed = [dated(claim_of(f"own-{n}", "a", service=f"s{n}")) for n in range(6)]
    async with workers(url) as (at,):
        asked = [asyncio.create_task(at.claim(one)) for one in claimed]
        await asyncio.sleep(0)
        asked[0].cancel()
        first = await asyncio.gather(*asked, return_exceptions=True)
        then = await asyncio.gather(*(at.claim(one) for one in claimed))

    assert isinstance(first[0], asyncio.CancelledError)
    assert all(isinstance(one, RegisterAnswer | Unavailable) for one in first[1:])
    assert [5] * 6 == [len(one.findings[-1].others) for one in then]


async def test_a_database_that_is_away_has_answered_nobody(tmp_path: object) -> None:
    """The claim fails at once, and whoever asks again later is answered."""
    at = Claims(Database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/archive.db"))
    with pytest.raises(Unavailable):
        await at.claim(dated(claim_of("own", "a")))
