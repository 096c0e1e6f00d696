"""A dishonest operator in the simulator is found by whom the design says."""

from typing import Any

import pytest

from domain.delivery.reported import Stated
from domain.record.histories import Compared, against
from domain.record.receipts import Comparison, signed
from domain.record.verify import Verified, verify
from domain.words.errors import NotVerified
from rehearsal import operator
from rehearsal.__main__ import world
from rehearsal.invariants import BrokenInvariantError
from rehearsal.operator import ShownHistory, is_found_out, signed_elsewhere, two_histories, two_histories_are_found
from rehearsal.services import VIGIL, private_key_of
from rehearsal.simulator import Simulated, simulate

SEED = 14


@pytest.fixture(scope="module")
def run() -> Simulated:
    """A delivery with trouble, to its end."""
    return simulate(world(SEED))


def said_in(run: Simulated) -> list[int]:
    """The entries of its statements."""
    return [entry.seq for entry in run.delivery.ledger.entries if isinstance(entry.event, Stated)]


def verified(shown: ShownHistory, of: ShownHistory, since: int = 0) -> Verified:
    """What one was shown, with the receipts from a number on that were given of another."""
    held = [signed(one, private_key_of(VIGIL)) for one in of.receipts if one.seq >= since]
    return verify(shown.packet, shown.delivery.directory, held)


def compared(shown: ShownHistory, of: ShownHistory, since: int) -> None:
    """What one is shown, entry by entry, beside the receipts from a number on that were given of another."""
    comparison = Comparison(shown.delivery.plan.operation, [one for one in of.receipts if one.seq >= since])
    for entry in shown.delivery.ledger.entries:
        comparison.see(entry)


def parting(run: Simulated) -> int:
    """A statement without which others count that were signed with it in sight."""
    return next(number for number in said_in(run) if list(signed_elsewhere(two_histories(run, number)[1], number)))


def test_of_two_histories_each_verifies_with_the_receipts_that_were_given_of_it(run: Simulated) -> None:
    """Whoever is shown one of them and compares with nobody finds nothing: both are lawful, and each service has its receipts."""
    first, *_ = said_in(run)
    one, other = two_histories(run, first)

    assert len(one.receipts) == verified(one, one).receipts
    assert len(other.receipts) == verified(other, other).receipts
    assert [receipt for receipt in other.receipts if receipt.seq >= first]


def test_whoever_compares_finds_two_histories(run: Simulated) -> None:
    """With another's receipts in the packet or entry by entry, with another's packet, and by what a service had seen: wherever in
    its course the two part.
    """
    *before, _ = said_in(run)
    for number in before[::4]:
        one, other = two_histories(run, number)
        for mine, theirs in ((one, other), (other, one)):
            with pytest.raises(NotVerified, match="of another ledger"):
                verified(mine, theirs, number)
            with pytest.raises(NotVerified, match="contradicts your receipt"):
                compared(mine, theirs, number)
            parted = against(mine.packet, theirs.packet)
            assert (number, False) == (parted.same, parted.agree)
        assert set(signed_elsewhere(other, number)) <= set(verified(other, other).other_history)


def test_what_a_service_signs_in_the_one_history_is_an_alarm_in_the_other(run: Simulated) -> None:
    """Its handover names the root that it had seen: where it counts in the other history too, that is said by entry."""
    number = parting(run)
    one, other = two_histories(run, number)

    assert not verified(one, one).other_history
    assert set(signed_elsewhere(other, number)) <= set(verified(other, other).other_history)


@pytest.mark.slow
def test_each_fraud_is_found_in_seeds_of_trouble() -> None:
    """Whatever of it the seed chooses, in whatever delivery."""
    for seed in range(1, 13):
        is_found_out(simulate(world(seed)))


@pytest.fixture(params=["receipts", "packet", "seen"])
def blind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A way of finding it that finds nothing."""

    class Blind(Comparison):
        def see(self, entry: Any) -> None:
            pass

        def ends_at(self, size: int, root: str | None = None) -> None:
            pass

    match request.param:
        case "receipts":
            monkeypatch.setattr(operator, "Comparison", Blind)
        case "packet":
            monkeypatch.setattr(operator, "against", lambda *_: Compared(same=0, sizes=(1, 1), agree=True))
        case "seen":
            monkeypatch.setattr("domain.record.verify.saw_another_history", lambda *_: iter(()))
    return str(request.param)


def test_a_way_of_finding_it_that_finds_nothing_is_a_broken_invariant(run: Simulated, blind: str) -> None:
    """The net holds: each of the three is missed."""
    with pytest.raises(BrokenInvariantError, match=blind):
        two_histories_are_found(run, parting(run))
