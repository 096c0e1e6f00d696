"""What happened in a shift, found in the archive; and how a delivery stood when the shift began."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from archive.batches import Batch
from archive.cached_deliveries import FoldedDeliveries
from archive.database import Database
from archive.ledgers import Ledgers
from archive.shifts import ALL, Shifts
from archive.tables import entries
from domain.delivery.delivery import Delivery, Snapshot
from domain.delivery.ledger import Entry
from domain.record.handover import SHEET_TYPE, SHIFT_TYPE, Handed
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.signing.envelope import sign
from domain.views.glance import glance
from domain.views.happenings import WHATS, happening
from domain.views.shift import SheetSource, Shift, sheet_of
from domain.views.standing import standing
from domain.words.errors import Unavailable
from domain.words.limits import BATCH_ENTRIES
from domain.words.moments import instant, utc_text
from process.ring import Wrapping
from rehearsal.services import EPOCH
from tests.archive.samples import AT, READER, database, new_keys
from tests.archive.standby import no_standby
from tests.goldens import GOLDEN, read, replayed

EVER, NEVER = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
NAMES = ("example-stopped-under-way", "example-ladder-to-the-end", "example-cash-by-bus", "example-istanbul-stopped")


@dataclass
class Kept:
    """An archive with whole deliveries."""

    archive: Database
    ring: Wrapping
    deliveries: list[Delivery]

    @property
    def shifts(self) -> Shifts:
        """What happened in it."""
        return Shifts(self.archive, self.ring)


def of(delivery: Delivery) -> list[Entry]:
    """Its entries."""
    return [entry for entry in delivery.ledger if isinstance(entry, Entry)]


async def keep(archive: Database, ring: Wrapping, delivery: Delivery) -> None:
    """As a worker does, in batches."""
    frontier, all_of_it, ledgers = tree.Frontier(), of(delivery), Ledgers(archive, ring)
    for first in range(0, len(all_of_it), BATCH_ENTRIES):
        some, peaks = all_of_it[first : first + BATCH_ENTRIES], frontier.peaks
        for one in some:
            frontier.append(bytes.fromhex(one.leaf()))
        snapshot = Snapshot(directory=delivery.snapshot.directory, cards=delivery.snapshot.cards)
        batch = Batch(
            delivery=delivery.plan.operation,
            first=first,
            entries=tuple(map(canonical, some)),
            size=first + len(some),
            root=frontier.root(),
            standing=standing(delivery),
            happened=tuple((one.seq, what) for one in some if (what := happening(one)) is not None),
            peaks=peaks,
            snapshot=canonical(snapshot) if not first else None,
        )
        await ledgers.keep(batch)


@pytest.fixture
async def kept(url: str) -> AsyncIterator[Kept]:
    """Four that went wrong, or well."""
    archive, ring = database(url), new_keys()
    found = {one.plan.operation: one for one in (replayed(read(GOLDEN / "1" / f"{name}.json.gz")) for name in NAMES)}
    for one in found.values():
        await keep(archive, ring, one)
    yield Kept(archive, ring, [*found.values()])
    await archive.close()


async def test_what_happened_is_told_and_the_routine_is_not(kept: Kept) -> None:
    """Each entry that is one once, in the order of time, as it stands in the ledger; counted even where it finds no room."""
    everything = [(one.plan.operation, entry) for one in kept.deliveries for entry in of(one) if happening(entry) is not None]
    found = await kept.shifts.happened(ALL, EVER, NEVER)

    assert 1 < len(kept.deliveries)
    assert {(name, entry.seq) for name, entry in everything} == {(one.delivery, one.seq) for one in found.lines}
    assert sorted(one.at for one in found.lines) == [one.at for one in found.lines]
    assert len(everything) == sum(found.counts.values()) < sum(len(of(one)) for one in kept.deliveries)
    assert {"stopped", "seized", "started", "ended", "told_next", "silent"} <= found.counts.keys()
    stopped = next(one for one in found.lines if one.what == "stopped")
    assert stopped.by is not None
    assert stopped.kind == "stop_requested"


async def test_of_more_than_has_room_the_worst_is_told(kept: Kept) -> None:
    """Stops before departures, the newest first; and the numbers stay those of everything."""
    whole, some = await kept.shifts.happened(ALL, EVER, NEVER), await kept.shifts.happened(ALL, EVER, NEVER, 3)
    ranks = sorted(WHATS.index(one.what) for one in whole.lines)
    assert whole.counts == some.counts
    assert ranks[:3] == sorted(WHATS.index(one.what) for one in some.lines)


async def test_only_what_was_recorded_in_the_shift_is_of_it(kept: Kept) -> None:
    """After its beginning and up to its end: two shifts one after another have everything once."""
    whole = await kept.shifts.happened(ALL, EVER, NEVER)
    middle = whole.lines[len(whole.lines) // 2].at
    before, after = await kept.shifts.happened(ALL, EVER, middle), await kept.shifts.happened(ALL, middle, NEVER)
    assert (before.lines, after.lines) == (
        tuple(one for one in whole.lines if one.at <= middle),
        tuple(one for one in whole.lines if one.at > middle),
    )


async def test_r11_a_reader_is_told_of_what_it_sees_as_a_whole(kept: Kept) -> None:
    """Not of deliveries in which it has a part, or none."""
    everybody = {service for one in kept.deliveries for service in one.state.participants}
    assert everybody - {service for one in kept.deliveries for service in glance(one).whole}
    for service in (*sorted(everybody), "nobody"):
        whole = {one.plan.operation for one in kept.deliveries if service in glance(one).whole}
        found = await kept.shifts.happened(service, EVER, NEVER)
        assert whole == {one.delivery for one in found.lines}


async def test_an_entry_that_somebody_altered_is_named_and_keeps_nobody_from_the_rest(kept: Kept) -> None:
    """Whoever can write the database makes no sheet fail, and none that tells what it wrote."""
    name = kept.deliveries[0].plan.operation
    async with kept.archive.writing() as connection:
        await connection.execute(update(entries).where(entries.c.delivery == name, entries.c.seq == 0).values(opening=b"x"))
    found = await kept.shifts.happened(ALL, EVER, NEVER)
    assert {name} == found.unreadable
    assert (name, 0) not in {(one.delivery, one.seq) for one in found.lines}


async def test_a_delivery_is_read_as_it_stood_when_the_shift_began(kept: Kept) -> None:
    """As many entries as it had then, and the same row of the floor; of one that had none there is nothing."""
    one = kept.deliveries[0]
    name, half = one.plan.operation, of(one)[len(of(one)) // 2]
    sizes = await kept.shifts.sizes([name], half.at)
    before = await kept.shifts.sizes([name], utc_text(instant(of(one)[0].at) - timedelta(seconds=1)))
    stood = await FoldedDeliveries(Ledgers(kept.archive, kept.ring)).as_at(name, sizes[name])

    assert {} == before
    assert half.seq < sizes[name] == len(stood.ledger) < len(one.ledger)
    assert stood.ledger[sizes[name] - 1].at <= half.at  # type: ignore[union-attr]
    assert glance(stood) != glance(one)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_handover_that_no_standby_has_is_not_found_however_often_it_is_signed(url: str) -> None:
    """Whoever signs it again is answered with what is found. The first attempt leaves it in the one database, and with that
    machine a shift would be lost that two persons had been told of as handed over.
    """
    ring, key = new_keys(), Ed25519PrivateKey.generate()
    shift = Shift(watch=None, since=EPOCH, at=EPOCH, until=EPOCH, before=None)
    sheet = sheet_of(shift, SheetSource(rows=(), heads=(), counts={}, happened=(), then={}))
    signed = sign(canonical(sheet), SHEET_TYPE, key)
    handed = Handed(part="hands_over", sheet=signed.fingerprint(), service=READER, officer="S-1", at=AT)
    given = sign(canonical(handed), SHIFT_TYPE, key)
    async with no_standby(url) as hurried:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await Shifts(hurried, ring).give(sheet, signed, given, AT)
            with pytest.raises(Unavailable):
                await Shifts(hurried, ring).of_sheet(ALL, signed.fingerprint())
        assert await Shifts(hurried, ring).of_sheet(ALL, "0" * 64) is None
    archive = database(url)
    found = await Shifts(archive, ring).of_sheet(ALL, signed.fingerprint())
    await archive.close()

    assert found is not None
    assert 1 == found.number
