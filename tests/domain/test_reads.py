"""The log of reads: a chain that shows every change, and a signed tip that shows where it ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.record.reads import EMPTY, Read, Shown, after, contains, signed_tip, verify_end, verify_reads
from domain.signing.canonical import canonical
from domain.signing.envelope import READS_TYPE, Envelope, sign
from domain.words.errors import NotVerified
from domain.words.moments import utc_text
from rehearsal.services import VIGIL, cast, private_key_of
from tests.support import example_directory

SYSTEM = cast(example_directory(), ()).get(VIGIL)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

SEEN = Shown(service="kz.knb", officer="officer-1", key="5" * 32, role="service", action="view", deliveries=("saxaul-22",))


def log(count: int = 6, officer: str = "officer-1") -> list[Read]:
    """So many records, one a minute."""
    tip, made = EMPTY, list[Read]()
    for number in range(count):
        seen = SEEN.model_copy(update={"officer": officer})
        made.append(tip.next(seen, utc_text(NOON + timedelta(minutes=number))))
        tip = after(made[-1])
    return made


def tip_of(reads: list[Read], key: str = VIGIL, payload_type: str = READS_TYPE) -> Envelope:
    """Its tip, signed."""
    return sign(canonical(after(reads[-1])), payload_type, private_key_of(key))


def replaced(which: int, **changed: object) -> Callable[[list[Read]], list[Read]]:
    """One record says something else."""
    return lambda reads: [one.model_copy(update=changed) if one.number == which else one for one in reads]


def test_a_whole_log_verifies_up_to_its_tip() -> None:
    """Record by record, or in two parts; an empty one too."""
    reads = log()

    assert after(reads[-1]) == verify_reads(reads) == verify_reads(reads[3:], verify_reads(reads[:3]))
    assert EMPTY == verify_reads([])
    assert signed_tip(tip_of(reads), SYSTEM) == after(reads[-1])


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (replaced(2, officer="officer-2"), 3),
        (replaced(2, officer=None), 3),
        (replaced(2, deliveries=()), 3),
        (replaced(2, at=utc_text(NOON + timedelta(minutes=2, microseconds=1))), 3),
        (replaced(2, number=7), 2),
        (replaced(2, prev="0" * 64), 2),
        (lambda reads: [*reads[:2], *reads[3:]], 2),
        (lambda reads: reads[1:], 0),
        (lambda reads: [*reads[:2], reads[3], reads[2], *reads[4:]], 2),
        (lambda reads: [*reads[:3], reads[2], *reads[3:]], 3),
        (lambda reads: [*reads[:3], *log(6, "officer-9")[3:]], 3),
    ],
    ids=["who", "person", "what", "when", "number", "link", "deleted", "beginning", "order", "twice", "other end"],
)
def test_a_changed_deleted_or_reordered_record_is_found(change: Callable[[list[Read]], list[Read]], number: int) -> None:
    """By the number at which the chain no longer holds: the record itself, or the one after it."""
    with pytest.raises(NotVerified) as broken:
        verify_reads(change(log()))

    assert number == broken.value.entry


def test_time_never_goes_back() -> None:
    """A record older than the one before it is found, well chained as it is; one made from a clock that is behind is not."""
    first = log(1)
    older = Read(**first[0].model_dump() | {"number": 1, "prev": first[0].head(), "at": utc_text(NOON - timedelta(seconds=1))})
    with pytest.raises(NotVerified, match="older"):
        verify_reads([*first, older])
    behind = after(first[0]).next(SEEN, utc_text(NOON - timedelta(seconds=1)))

    assert first[0].at == behind.at


@pytest.mark.parametrize("count", [0, 3, 5])
def test_a_log_that_was_cut_off_is_found_by_its_signed_tip(count: int) -> None:
    """What is left is a perfect chain; the installation has signed for more."""
    reads = log()
    signed = signed_tip(tip_of(reads), SYSTEM)
    with pytest.raises(NotVerified, match="6 records") as broken:
        verify_end(reads[:count], verify_reads(reads[:count]), signed, EMPTY)

    assert count == broken.value.entry


def test_a_log_put_back_or_made_anew_is_found_by_who_saw_it_before() -> None:
    """Cut off with an older signed tip, or made anew and signed by the installation itself: the auditor's memory does not fit."""
    reads, known = log(), after(log()[-1])
    for other in (reads[:4], log(6, "officer-9"), log(9, "officer-9")):
        with pytest.raises(NotVerified, match="seen here before") as broken:
            verify_end(other, verify_reads(other), signed_tip(tip_of(other), SYSTEM), known)
        assert 5 == broken.value.entry

    verify_end(log(9), verify_reads(log(9)), after(log(9)[-1]), known)
    assert contains([], EMPTY)


@pytest.mark.parametrize(
    "envelope",
    [
        tip_of(log(), "kz.knb"),
        tip_of(log(), payload_type="application/vnd.vigil.manifest+json"),
        tip_of(log()).model_copy(update={"signatures": tip_of(log(5)).signatures}),
        sign(b"nothing", READS_TYPE, private_key_of(VIGIL)),
        sign(canonical(after(log()[-1])) + b" ", READS_TYPE, private_key_of(VIGIL)),
    ],
    ids=["another's key", "another type", "another signature", "no tip", "another form"],
)
def test_a_tip_that_the_installation_has_not_signed_is_refused(envelope: Envelope) -> None:
    """Key, type, signature and form must be its own."""
    with pytest.raises(NotVerified):
        signed_tip(envelope, SYSTEM)


def test_a_tip_is_judged_by_the_keys_of_its_own_time() -> None:
    """A key that was revoked later stands behind what it signed before, and behind nothing after."""
    key = SYSTEM.keys[0].model_copy(update={"valid_from": "2026-03-01T00:00:00Z", "revoked_at": "2026-03-02T12:03:30Z"})
    system = SYSTEM.model_copy(update={"keys": (key,)})

    assert after(log(4)[-1]) == signed_tip(tip_of(log(4)), system)
    with pytest.raises(NotVerified, match="not signed by vigil"):
        signed_tip(tip_of(log(5)), system)
