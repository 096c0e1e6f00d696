"""The handover of a shift at the gateway: what its sheet says and to whom, and that two persons sign one and the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, update

from archive import shifts
from archive.database import Database
from archive.expunging import Approver, ExpungingOrder
from archive.tables import branches, data_keys, handovers
from domain.plan.access import MAY, ROLES
from domain.plan.directory import Directory, Service, ServiceKey
from domain.record.handover import SHEET_TYPE, SHIFT_TYPE, Handed, HandingOver, Handover, Part, verify_handover
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope, sign
from domain.signing.keys import public_text
from domain.views.shift import MadeSheet, heads_of
from domain.words.errors import Limited, Malformed, NotAllowed, NotAuthentic, NotFound
from domain.words.moments import utc_text
from gateway import shift as gateway_shift
from gateway.shift import ShiftDesk
from protocol.gateway import Gateway
from rehearsal.services import VIGIL, private_key_of
from tests.floors import night, wait
from tests.gateway import test_floor
from tests.gateway.test_floor import ALL, NOW, READER, ROWS, Night, keep, made, over
from tests.gateway.test_pages import SAME

ACTIONS = ("shift", "hand-over", "take-over", "handovers", "handover")
OFFICERS = {"S-1": Ed25519PrivateKey.generate(), "S-2": Ed25519PrivateKey.generate()}
"""Two supervisors, each with a key of their own."""


def with_officers(directory: Directory) -> Directory:
    """The same directory, in which these are officers of the supervision."""
    begun = "2020-01-01T00:00:00Z"
    keys = tuple(ServiceKey(public=public_text(key), officer=code, valid_from=begun) for code, key in OFFICERS.items())
    service = directory.get(ALL)
    more = service.model_copy(update={"keys": (*service.keys, *keys)})
    return directory.model_copy(update={"services": tuple(more if one.id == ALL else one for one in directory.services)})


@asynccontextmanager
async def watched(patch: pytest.MonkeyPatch) -> AsyncIterator[Night]:
    """A night with six open deliveries, and two officers to watch it."""
    patch.setattr(test_floor, "DIRECTORY", with_officers(test_floor.DIRECTORY))
    async with over(ROWS) as found:
        yield found


@pytest.fixture
async def at(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Night]:
    """Such a night."""
    async with watched(monkeypatch) as found:
        yield found


def door(at: Night, officer: str = "S-1") -> Gateway:
    """The gateway, as an officer of the supervision calls it."""
    return Gateway(at.http, at.url, ALL, OFFICERS[officer], officer)


def signature(sheet: str, part: Part, officer: str, key: Ed25519PrivateKey | None = None, **changed: Any) -> Envelope:
    """What an officer signs."""
    said = {"part": part, "sheet": sheet, "service": ALL, "officer": officer, "at": utc_text(datetime.now(UTC))}
    return sign(canonical(Handed.model_validate(said | changed)), SHIFT_TYPE, key or OFFICERS[officer])


async def hand_over(at: Night, officer: str = "S-1") -> tuple[MadeSheet, Handover]:
    """Hand over with a new sheet."""
    sheet = await door(at, officer).shift({})
    given = HandingOver(sheet=sheet.signed, signed=signature(sheet.digest, "hands_over", officer))
    return sheet, await door(at, officer).hand_over(given)


async def take_over(at: Night, sheet: MadeSheet, officer: str = "S-2", **changed: Any) -> Handover:
    """Take it over."""
    return await door(at, officer).take_over(signature(sheet.digest, "takes_over", officer, **changed))


async def bare_branch(archive: Database, name: str) -> None:
    """A ledger of one entry, of which the tree alone is there."""
    row = {"delivery": name, "branch": 0, "parent": None, "since": 0, "size": 1, "root": b"0" * 32, "peaks": b"0" * 32}
    async with archive.writing() as connection:
        await connection.execute(insert(branches).values(row))


# The sheet


async def test_a_sheet_says_what_is_open_the_worst_first_and_one_digest_over_all_heads(at: Night) -> None:
    """With whom each waits for and until when, and the consent that ends within the coming shift."""
    made_now = await door(at).shift({"hours": "8"})
    sheet = made_now.sheet

    assert ["birch-3", "amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"] == [one.delivery for one in sheet.waiting]
    assert ("to_seize", None, ("kz.customs", "kz.police")) == (
        sheet.waiting[0].reason,
        sheet.waiting[0].until,
        sheet.waiting[0].who,
    )
    assert (6, 3, ["heron-5"]) == (sheet.open, sheet.needing, [one.delivery for one in sheet.consents])
    heads = sorted((await at.reception.reading.floor.stand(test_floor.DIRECTORY.get(ALL))).heads)
    assert heads_of(reversed(heads)) == sheet.heads
    assert heads_of(heads[1:]) != sheet.heads
    read = (await at.reads.page(0, 10)).reads[0]
    assert ("shift", "S-1", 6) == (read.action, read.officer, len(read.deliveries))


async def test_of_one_watch_one_sheet_at_a_time_reads_what_was(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for many at once waits for them itself: another watch has its sheet meanwhile."""
    busy, most, goes_on, stood = 0, 0, asyncio.Event(), gateway_shift.ShiftDesk._as_they_stood

    async def reads(self: Any, stand: Any, since: Any) -> Any:
        nonlocal busy, most
        if len(stand.rows) < len(ROWS):
            return {}
        busy += 1
        most = max(most, busy)
        await goes_on.wait()
        found = await stood(self, stand, since)
        busy -= 1
        return found

    monkeypatch.setattr(gateway_shift.ShiftDesk, "_as_they_stood", reads)
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(at.ask("/v1/shift"))
        assert 200 == (await at.ask("/v1/shift", READER))[0]
        goes_on.set()
    assert 1 == most


async def test_what_time_alone_made_worse_is_on_the_sheet(at: Night) -> None:
    """Nothing was said since, and what was due is overdue. Of what has newer entries and no ledger that is not known."""
    earlier = (NOW - timedelta(hours=5)).isoformat(timespec="seconds")
    late = wait(NOW, "uz.customs", -1, silent=False)
    await keep(at.reads, [made("amber-2", at=utc_text(NOW - timedelta(hours=9)), waits=(late,))])
    sheet = (await door(at).shift({"since": earlier})).sheet

    assert [("amber-2", "under_way", "overdue")] == [(one.delivery, one.was, one.now) for one in sheet.worse]
    assert 5 == sheet.not_compared


@pytest.mark.parametrize(
    ("since", "why"),
    [
        ("2026-03-14T20:00:00", "has no offset"),
        ("today", "wrong form"),
        ("2001-01-01T00:00:00Z", "not within the last 31 days"),
        ("2999-01-01T00:00:00+05:00", "not within the last 31 days"),
    ],
)
async def test_a_beginning_that_is_none_is_refused(at: Night, since: str, why: str) -> None:
    """A time without its zone names no moment; one that has not been begins no shift."""
    with pytest.raises(Malformed) as refused:
        await door(at).shift({"since": since})
    assert why in f"{refused.value} {refused.value.faults}"


async def test_r11_who_operates_has_a_sheet_of_its_own_and_others_have_none(at: Night) -> None:
    """Of deliveries of which it sees the whole; who sees a part finds an empty one, and who audits is refused."""
    _, own = await at.ask("/v1/shift", READER)
    _, nothing = await at.ask("/v1/shift", "uz.customs")
    everything = (await door(at).shift({})).sheet

    assert {"birch-3", "amber-2", "ibex-6", "heron-5", "cedar-1"} == {one["delivery"] for one in own["sheet"]["waiting"]}
    assert (READER, 5, 0) == (own["sheet"]["watch"], own["sheet"]["open"], nothing["sheet"]["open"])
    assert len({own["sheet"]["heads"], nothing["sheet"]["heads"], everything.heads}) == 3
    for role in ("auditor", "administrator", "system"):
        assert {"-"} == {MAY[action][ROLES.index(role)] for action in ACTIONS}


# The handover


async def test_two_persons_close_a_handover_and_the_next_sheet_begins_with_it(at: Night) -> None:
    """The record has both signatures under one digest, and the sheet itself; the log says who was shown it."""
    sheet, waiting = await hand_over(at)
    assert (None, "S-1", sheet.digest) == (waiting.taken_by, waiting.given_by.officer, waiting.sheet)
    closed = await take_over(at, sheet)
    record = await door(at, "S-2").handover(closed.number)
    following = (await door(at, "S-2").shift({})).sheet

    assert closed == record.handover
    assert ("S-2", sheet.signed) == (closed.taken_by and closed.taken_by.officer, record.sheet)
    verify_handover(record, test_floor.DIRECTORY)
    assert following.before is not None
    assert (closed.number, sheet.digest, sheet.sheet.heads, sheet.sheet.at) == tuple(vars(following.before).values())
    assert (sheet.sheet.at, following.heads) == (following.since, sheet.sheet.heads)
    shown = [one for one in (await at.reads.page(0, 100)).reads if one.action == "handover"]
    assert [(("S-2"), len({*sheet.sheet.names()}))] == [(one.officer, len(one.deliveries)) for one in shown]


async def test_what_is_signed_twice_counts_once(at: Night) -> None:
    """Both signatures may be handed in again, and give what there is; a handover anew takes the place of one that waits."""
    first, _ = await hand_over(at)
    given = HandingOver(sheet=first.signed, signed=signature(first.digest, "hands_over", "S-1"))
    assert await door(at).hand_over(given) == await door(at).hand_over(given)
    second, waiting = await hand_over(at, "S-2")
    with pytest.raises(NotFound):
        await take_over(at, first)
    assert await take_over(at, second, "S-1") == await take_over(at, second, "S-1")
    found = await door(at).handovers()

    assert ([waiting.number], None, None) == ([one.number for one in found.handovers], found.waiting, found.next)


async def test_what_is_signed_twice_at_one_moment_counts_once_and_is_told_so(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends it again, since no answer came, is told that it is recorded, also where it was not when that was looked."""
    unchanged, go_on = ShiftDesk._unchanged, [asyncio.Event() for _ in range(4)]
    coming = iter(go_on)

    async def held(self: ShiftDesk, *given: Any) -> None:
        await next(coming).wait()
        await unchanged(self, *given)

    sheet = await door(at).shift({})
    given = HandingOver(sheet=sheet.signed, signed=signature(sheet.digest, "hands_over", "S-1"))
    taken = signature(sheet.digest, "takes_over", "S-2")
    monkeypatch.setattr(ShiftDesk, "_unchanged", held)
    async with asyncio.timeout(60):
        gives = [asyncio.create_task(door(at).hand_over(given)) for _ in range(2)]
        go_on[0].set()
        waiting = (await asyncio.wait(gives, return_when=asyncio.FIRST_COMPLETED))[0].pop().result()
        takes = [asyncio.create_task(door(at, "S-2").take_over(taken)) for _ in range(2)]
        go_on[2].set()
        closed = (await asyncio.wait(takes, return_when=asyncio.FIRST_COMPLETED))[0].pop().result()
        go_on[1].set()
        go_on[3].set()

        assert [closed, closed] == await asyncio.gather(*takes)
        assert {waiting.number} == {one.number for one in await asyncio.gather(*gives)}
    assert [closed] == list((await door(at).handovers()).handovers)


async def test_one_person_or_one_key_hands_over_to_nobody(at: Night) -> None:
    """The same officer, another code with the same key, another's key, and the service's key for an officer who has one."""
    sheet, _ = await hand_over(at)
    for refusal, officer, key in (
        (NotAllowed, "S-1", OFFICERS["S-1"]),
        (NotAuthentic, "S-2", OFFICERS["S-1"]),
        (NotAuthentic, "S-2", private_key_of(ALL)),
    ):
        with pytest.raises(refusal):
            await door(at, "S-2").take_over(signature(sheet.digest, "takes_over", officer, key))
    shared = await door(at).shift({})
    by_system = signature(shared.digest, "hands_over", "S-8", private_key_of(ALL))
    await door(at).hand_over(HandingOver(sheet=shared.signed, signed=by_system))
    with pytest.raises(NotAllowed, match="two persons"):
        await door(at).take_over(signature(shared.digest, "takes_over", "S-9", private_key_of(ALL)))
    assert () == (await door(at).handovers()).handovers


async def test_nobody_signs_under_a_shift_with_a_key_that_was_revoked_while_the_request_waited(at: Night) -> None:
    """A system calls with its own key, which counts on; the officer's counts no more once the turn of its request has come."""
    before = at.known.now
    waiting = await door(at).shift({})
    sheet, _ = await hand_over(at)
    at.known.replace(test_floor.DIRECTORY.model_copy(update={"services": tuple(map(without_officers, before.services))}))
    given = HandingOver(sheet=waiting.signed, signed=signature(waiting.digest, "hands_over", "S-1"))
    with pytest.raises(NotAuthentic):
        await at.reception.shift.hand_over(before.get(ALL), given)
    with pytest.raises(NotAuthentic):
        await at.reception.shift.take_over(before.get(ALL), signature(sheet.digest, "takes_over", "S-2"))


def without_officers(service: Service) -> Service:
    """The service without the keys that are its officers' own."""
    return service.model_copy(update={"keys": tuple(one for one in service.keys if one.officer is None)})


async def test_a_sheet_that_changed_is_refused_with_what_changed(at: Night) -> None:
    """For both signatures; what is routine holds nobody up. Who is told of which delivery is in the log."""
    sheet = await door(at).shift({})
    given = HandingOver(sheet=sheet.signed, signed=signature(sheet.digest, "hands_over", "S-1"))
    await keep(at.reads, [made("cedar-1", "overdue"), made("ibex-6"), made("birch-3", "lost")])
    with pytest.raises(Malformed, match="has changed since") as refused:
        await door(at).hand_over(given)
    told = {one.place: one.problem for one in refused.value.faults}
    assert ["birch-3", "cedar-1", "ibex-6"] == sorted(told)
    assert "needs somebody now, and by the sheet it does not: Overdue" == told["cedar-1"]
    assert "needs nobody now, and by the sheet it does: Held" == told["ibex-6"]
    assert "by the sheet: Stopped, not seized; now: Out of sight" == told["birch-3"]
    assert ("hand-over", ("birch-3", "cedar-1", "ibex-6")) == next(
        (one.action, one.deliveries) for one in (await at.reads.page(0, 100)).reads if one.action == "hand-over"
    )

    sheet, _ = await hand_over(at)
    await keep(at.reads, [made("heron-5"), made("cedar-1", "overdue", seen_at=utc_text(NOW))])
    await keep(at.reads, [made("novel-7", "to_seize")])
    with pytest.raises(Malformed) as refused:
        await take_over(at, sheet)
    assert ["novel-7"] == [one.place for one in refused.value.faults]
    await keep(at.reads, [made("novel-7")])
    assert (await take_over(at, sheet)).taken_by is not None


async def test_nobody_signs_a_sheet_that_was_not_made_here_or_not_now(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another's signature under it, one of another watch, another digest, another part, an hour later, another service."""
    sheet = await door(at).shift({})
    forged = sign(canonical(sheet.sheet.model_copy(update={"open": 0})), SHEET_TYPE, OFFICERS["S-1"])
    _, own = await at.ask("/v1/shift", READER)
    theirs = Envelope.model_validate(own["signed"])
    late = utc_text(datetime.now(UTC) - timedelta(hours=1))
    for refusal, envelope, signed in (
        (NotAuthentic, forged, signature(forged.fingerprint(), "hands_over", "S-1")),
        (NotAllowed, theirs, signature(theirs.fingerprint(), "hands_over", "S-1")),
        (Malformed, sheet.signed, signature("0" * 64, "hands_over", "S-1")),
        (Malformed, sheet.signed, signature(sheet.digest, "takes_over", "S-1")),
        (NotAllowed, sheet.signed, signature(sheet.digest, "hands_over", "S-1", at=late)),
        (NotAllowed, sheet.signed, signature(sheet.digest, "hands_over", "S-1", service=READER)),
        (Malformed, sign(b"{}", SHEET_TYPE, private_key_of(VIGIL)), signature(sheet.digest, "hands_over", "S-1")),
    ):
        with pytest.raises(refusal):
            await door(at).hand_over(HandingOver(sheet=envelope, signed=signed))
    monkeypatch.setattr(gateway_shift, "SIGNED_WITHIN", timedelta())
    with pytest.raises(NotAllowed, match="good for 0 minutes"):
        await hand_over(at)
    assert None is (await door(at).handovers()).waiting


async def test_of_two_sheets_only_one_follows_on_a_handover(at: Night) -> None:
    """Who hands over with a sheet from before another handover was closed is told to read anew."""
    old = await door(at).shift({})
    sheet, _ = await hand_over(at)
    await take_over(at, sheet)
    with pytest.raises(Malformed, match="was handed over since"):
        await door(at).hand_over(HandingOver(sheet=old.signed, signed=signature(old.digest, "hands_over", "S-1")))


async def test_a_service_hands_over_a_shift_so_often_in_a_day(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each handover is kept for ever: two officers who hand over to each other without end are told when the next may be, and
    another service that watches hands over all the same.
    """
    monkeypatch.setattr(shifts, "MOST_CLOSED", 2)
    for _ in range(2):
        sheet, _ = await hand_over(at)
        await take_over(at, sheet)
    with pytest.raises(Limited, match=f"{ALL} has handed over this shift 2 times within a day") as refused:
        await hand_over(at)
    async with at.reads._database.writing() as connection:
        await shifts._check_often(connection, "", "supervision-2", utc_text(datetime.now(UTC)))
        first = handovers.c.number == 1
        await connection.execute(update(handovers).where(first).values(taken_at=utc_text(datetime.now(UTC) - shifts.A_DAY)))
    sheet, _ = await hand_over(at)

    assert 86_000 < refused.value.after <= 86_400
    assert 3 == (await take_over(at, sheet)).number


async def test_nobody_takes_over_what_was_put_in_the_place_of_what_they_signed(at: Night) -> None:
    """Between the look and the close another sheet may have its number, or the same officer may have handed over."""
    kept, archive = at.reception.reading._shifts, at.reads._database
    first, waiting = await hand_over(at, "S-1")
    found = await kept.record("", waiting.number)
    await keep(at.reads, [made("cedar-1", title="Novel")])
    second, anew = await hand_over(at, "S-1")
    assert (waiting.number, False) == (anew.number, first.digest == second.digest)
    with pytest.raises(NotFound, match="does not wait any more"):
        await kept.take(found, signature(first.digest, "takes_over", "S-2"), utc_text(NOW))

    found = await kept.record("", anew.number)
    same = HandingOver(sheet=second.signed, signed=signature(second.digest, "hands_over", "S-2"))
    assert anew.number == (await door(at, "S-2").hand_over(same)).number
    with pytest.raises(NotFound, match="does not wait any more"):
        await kept.take(found, signature(second.digest, "takes_over", "S-2"), utc_text(NOW))
    assert () == (await door(at).handovers()).handovers
    async with archive.reading() as connection:
        assert [None] == [*(await connection.execute(select(handovers.c.taken))).scalars()]


async def test_a_handover_that_somebody_altered_is_said_to_be_and_the_sheet_is_still_made(at: Night) -> None:
    """Of a signature, of the sealed sheet: it is no fault of the gateway's own, and whoever reads is told whom to ask."""
    sheet, _ = await hand_over(at)
    await take_over(at, sheet)
    archive = at.reads._database
    async with archive.reading() as connection:
        whole = dict((await connection.execute(select(handovers))).mappings().one())
    for altered in ({"sheet": b"x" * 40}, {"given": "{}"}, {"taken": "{}"}):
        async with archive.writing() as connection:
            await connection.execute(update(handovers).values(whole | altered))
        status, problem = await at.ask("/v1/shift/handovers/1")
        assert (503, "not-verified") == (status, problem["code"])
        assert 200 == (await at.ask("/v1/shift"))[0]


async def test_a_sheet_stands_sealed_and_goes_with_a_delivery_that_is_expunged(at: Night) -> None:
    """Whoever reads the database finds none of it; signatures and digest stay, and verify."""
    sheet, _ = await hand_over(at)
    closed = await take_over(at, sheet)
    async with at.reads._database.reading() as connection:
        rows = (await connection.execute(select(handovers))).all()
        assert b"birch-3" not in repr(rows).encode()
    ended = utc_text(datetime.now(UTC))
    await keep(at.reads, [made("birch-3")], phase="ended", ended=True, closed_at=ended, outcome="destroyed")
    people = {"first": Approver(service=ALL, officer="S-1"), "second": Approver(service=ALL, officer="S-2")}
    await bare_branch(at.reads._database, "birch-3")
    await at.reception.reading.expunge("birch-3", ExpungingOrder(at=ended, ordered_by="A court", law="A law", **people))
    record = await door(at).handover(closed.number)

    assert (None, closed) == (record.sheet, record.handover)
    verify_handover(record, test_floor.DIRECTORY)
    async with at.reads._database.reading() as connection:
        key = (await connection.execute(select(data_keys.c.wrapped).where(data_keys.c.delivery == "shift/1"))).scalar_one()
    assert key is None


async def test_a_sheet_from_before_a_delivery_was_expunged_is_kept_no_more(at: Night) -> None:
    """It was made while it could be; whoever hands over with it is told to read anew, and none of it is in the archive."""
    sheet, ended = await door(at).shift({}), utc_text(datetime.now(UTC))
    await keep(at.reads, [made("cedar-1")], phase="ended", ended=True, closed_at=ended, outcome="destroyed")
    await bare_branch(at.reads._database, "cedar-1")
    people = {"first": Approver(service=ALL, officer="S-1"), "second": Approver(service=ALL, officer="S-2")}
    await at.reception.reading.expunge("cedar-1", ExpungingOrder(at=ended, ordered_by="A court", law="A law", **people))
    given = HandingOver(sheet=sheet.signed, signed=signature(sheet.digest, "hands_over", "S-1"))
    with pytest.raises(Malformed, match="has been expunged"):
        await door(at).hand_over(given)
    async with at.reads._database.reading() as connection:
        assert [] == (await connection.execute(select(handovers))).all()


# The pages


async def test_the_page_says_what_the_sheet_says_and_who_waits(at: Night) -> None:
    """Each row with its link and until when, the digests, a form that needs no script; and that another has handed over."""
    page = await (await at.browser()).page("/desk/shift?since=2026-03-14T20:00&zone=%2B05:00", 422)
    assert "not within the last 31 days" in page
    since = (NOW - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    sheet, _ = await hand_over(at, "S-2")
    page = await (await at.browser()).page(f"/desk/shift?since={since}&zone=UTC&hours=8")

    assert f'value="{since}"' in page
    for name in ("birch-3", "amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"):
        assert f'href="/desk/deliveries/{name}"' in page
    assert 'class="until act">until seized' in page
    assert "consent of uz.prosecutor for UZ ends: 1 h 24 min too early" in page
    assert sheet.sheet.heads in page
    assert 'href="/desk/shift/handovers/1"' in page
    waiting = await (await at.browser()).page("/desk/shift/handovers/1")
    assert sheet.digest in waiting
    assert "Take over this shift" in waiting


async def test_a_closed_handover_is_read_and_not_signed_again(at: Night) -> None:
    """With both officers and when; it stands in the list, and its view in the log."""
    sheet, _ = await hand_over(at)
    await take_over(at, sheet)
    browser = await at.browser()
    page, former = await browser.page("/desk/shift/handovers/1"), await browser.page("/desk/shift/handovers")

    assert "Handover 1 is closed: supervision S-1 handed over" in page
    assert "shift.js" not in page
    assert 'href="/desk/shift/handovers/1">1</a>' in former
    assert "Передача смены" in await browser.page("/desk/shift/handovers?lang=ru")  # as its link to other languages leads
    assert "supervision S-2" in former
    await browser.page("/desk/shift/handovers/2", 404)
    reads = [one for one in (await at.reads.page(0, 100)).reads if one.action == "handover"]
    assert [{*sheet.sheet.names()}] == [{*one.deliveries} for one in reads]


async def test_the_page_of_a_full_floor_weighs_less_than_200_kb(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand open deliveries, in the language with the longer words; more is on the sheet than on paper."""
    monkeypatch.setattr(test_floor, "DIRECTORY", with_officers(test_floor.DIRECTORY))
    async with over([*night(1000, NOW)]) as at:
        browser = await at.browser()
        answer, page = await browser.ask("GET", "/desk/shift?hours=48", headers=SAME | {"Accept-Language": "ru"})
        assert 200 == answer.status
        assert len(page.encode()) < 200_000
