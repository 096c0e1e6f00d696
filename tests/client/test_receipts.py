"""Receipts that a service keeps are compared with every history that it is shown."""

from pathlib import Path

import pytest

from client.receipts import Shelf
from domain.record.receipts import SignedReceipt, signed
from domain.words.errors import NotVerified
from rehearsal.services import VIGIL, private_key_of
from tests.domain.test_divergence import packet_of, put_back
from tests.support import Table

KEY = private_key_of(VIGIL)


@pytest.fixture(scope="module")
def histories() -> tuple[Table, Table]:
    """A delivery before and after it was put back."""
    return put_back()


@pytest.fixture
def shelf(tmp_path: Path, histories: tuple[Table, Table]) -> Shelf:
    """It holds a receipt of each history, for an entry of the same number."""
    old, new = histories
    later = new.say("uz.police", "information", text="they are watched again")
    former = old.say("uz.police", "information", text="they are watched still")
    while former.seq < later.seq:
        former = old.say("uz.police", "information", text="they are watched still")
    while later.seq < former.seq:
        later = new.say("uz.police", "information", text="they are watched again")
    kept = Shelf(tmp_path)
    for receipt in (former, later):
        kept.keep(SignedReceipt(signed(receipt, KEY), receipt))
    return kept


def test_another_receipt_for_the_same_entry_is_an_alarm_and_both_are_kept(shelf: Shelf, histories: tuple[Table, Table]) -> None:
    """The one that was given last is the newest; kept once more, it changes nothing."""
    name = histories[0].plan.operation
    former, later = (one.receipt for one in shelf.of(name))
    newest = shelf.newest(name)
    assert newest is not None
    shelf.keep(newest)

    assert (former.seq, True) == (later.seq, former.root != later.root)
    assert later == newest.receipt
    assert [former, later] == [one.receipt for one in shelf.of(name)]


def test_a_packet_has_each_history_of_which_a_receipt_is_kept(shelf: Shelf, histories: tuple[Table, Table]) -> None:
    """With both it fits; with either alone, the receipt of the other contradicts it."""
    old, new = histories
    name = new.plan.operation
    shelf.compare_packet(name, packet_of(new, old))
    for alone in (old, new):
        with pytest.raises(NotVerified, match="contradicts your receipt"):
            shelf.compare_packet(name, packet_of(alone))
