"""Receipts are witnesses: signed by the installation, whole in themselves, and of one ledger only."""

import json
from typing import Any

import pytest

from domain.delivery.ledger import Receipt, Withheld
from domain.record.receipts import Comparison, fits, of_history, opened, read_receipt, signed
from domain.record.verify import verify
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import RECEIPT_TYPE, STATEMENT_TYPE, sign
from domain.words.errors import Malformed, NotAuthentic, NotVerified
from rehearsal.services import VIGIL, private_key_of
from tests.support import Table

KEY = private_key_of(VIGIL)


@pytest.fixture(scope="module")
def table() -> Table:
    """A delivery that has been handed over."""
    return Table().dispatch().hand_over()


@pytest.fixture(scope="module")
def receipt(table: Table) -> Receipt:
    """The receipt of something that was said in it."""
    return table.say("uz.customs", "sighted")


def forged(receipt: Receipt, **changed: Any) -> bytes:
    """The canonical bytes of a receipt that says something else."""
    return canonical(plain(receipt) | changed)


def test_a_signed_receipt_is_opened_and_fits_its_ledger(table: Table, receipt: Receipt) -> None:
    """What whoever relays it signs is what its holder reads, and what the packet is compared with."""
    envelope = signed(receipt, KEY)
    fits(receipt, table.delivery)

    assert receipt == opened(envelope, table.directory) == read_receipt(envelope)
    assert 1 == verify(table.packet(), table.directory, [envelope]).receipts


def test_a_receipt_that_the_installation_has_not_signed_is_none(table: Table, receipt: Receipt) -> None:
    """Another key, another type and spaces between are refused."""
    for envelope, error in (
        (signed(receipt, private_key_of("kz.customs")), NotAuthentic),
        (sign(canonical(receipt), STATEMENT_TYPE, KEY), NotAuthentic),
        (sign(json.dumps(plain(receipt)).encode(), RECEIPT_TYPE, KEY), Malformed),
    ):
        with pytest.raises(error):
            opened(envelope, table.directory)


@pytest.mark.parametrize(
    "changed",
    [
        {"root": "0" * 64},
        {"proof": []},
        {"size": 3},
        {"statement": "another-one"},
        {"fingerprint": "0" * 64},
        {"delivery": "another-one"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_receipt_proves_its_own_entry(receipt: Receipt, changed: dict[str, Any]) -> None:
    """Whatever else it says, it is not whole, though the installation has signed it."""
    with pytest.raises(NotVerified, match=r"does not prove its own entry|is not for what stands there"):
        read_receipt(sign(forged(receipt, **changed), RECEIPT_TYPE, KEY))


def test_a_receipt_of_another_history_does_not_fit(table: Table, receipt: Receipt) -> None:
    """The same statement in another ledger, and the same entry under another plan, are found."""
    other = Table().dispatch()
    elsewhere = other.say("kz.customs", "sighted")
    with pytest.raises(NotVerified, match="of another ledger"):
        fits(elsewhere, table.delivery)
    with pytest.raises(NotVerified, match="another plan than was in force"):
        fits(receipt.model_copy(update={"plan": "0" * 64}), table.delivery)
    with pytest.raises(NotVerified, match="of another ledger"):
        verify(table.packet(), table.directory, [signed(elsewhere, KEY)])


def test_what_is_shown_is_compared_entry_by_entry(table: Table, receipt: Receipt) -> None:
    """Withheld entries are compared by their leaves; from any number on; a ledger that ends too soon is found."""
    entries = table.delivery.ledger.entries
    whole, later, short = (Comparison(table.plan.operation, [receipt]) for _ in range(3))
    for entry in entries:
        whole.see(Withheld(seq=entry.seq, leaf=entry.leaf()))
    whole.ends_at(len(entries), table.delivery.ledger.root)
    for entry in entries[receipt.seq :]:
        later.see(entry)

    with pytest.raises(NotVerified, match="contradicts your receipt"):
        short.ends_at(receipt.seq)


def test_what_contradicts_a_receipt_is_found(table: Table, receipt: Receipt) -> None:
    """Another entry in its place, another one before it, and another root of the same size."""
    entries = table.delivery.ledger.entries
    other = Withheld(seq=receipt.seq, leaf="0" * 64)
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        Comparison(table.plan.operation, [receipt]).see(other)
    before = Comparison(table.plan.operation, [receipt])
    before.see(Withheld(seq=0, leaf="0" * 64))
    for entry in entries[1 : receipt.seq]:
        before.see(entry)
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        before.see(entries[receipt.seq])
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        Comparison(table.plan.operation, [receipt]).ends_at(receipt.size, "0" * 64)


def test_receipts_of_other_deliveries_are_left_alone(receipt: Receipt) -> None:
    """Whoever takes part in several compares each with its own."""
    comparison = Comparison("another-one", [receipt])
    comparison.see(Withheld(seq=receipt.seq, leaf="0" * 64))
    comparison.ends_at(0)


def test_a_receipt_is_of_the_history_that_has_all_that_stood_before_its_entry(table: Table, receipt: Receipt) -> None:
    """The same entry after another one, and another entry in its place, are of another history."""
    entries = table.delivery.ledger.entries
    before, itself = entries[receipt.seq - 1], entries[receipt.seq]
    other = before.model_copy(update={"salt": "0" * 64})
    for wrong in ((*entries[: receipt.seq - 1], other, itself), (*entries[: receipt.seq], other), entries[: receipt.seq]):
        assert [] == list(of_history(wrong, [receipt]))
    assert [receipt] == list(of_history(entries, [receipt]))
