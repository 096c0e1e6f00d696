"""Receipts are witnesses: signed by the installation, whole in themselves, and of one ledger only."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.ledger import Entry, Ledger, Receipt, Withheld
from domain.delivery.reported import Stated
from domain.delivery.verdicts import ACCEPTED
from domain.plan.directory import ServiceKey
from domain.record.receipts import Comparison, edge_of, fits, of_history, opened, read_receipt, signed
from domain.record.verify import verify
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import RECEIPT_TYPE, STATEMENT_TYPE, sign
from domain.signing.keys import public_text
from domain.signing.tree import Frontier
from domain.words.errors import Malformed, NotAuthentic, NotVerified
from domain.words.moments import instant, utc_text
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


@pytest.mark.parametrize("said", [b"", b"no JSON", b"\xff\xfe", b'{"id":' + b"1" * 5000 + b"}", b"[]", b'{"id":NaN}'])
def test_a_receipt_for_what_is_no_statement_is_none(table: Table, receipt: Receipt, said: bytes) -> None:
    """Whoever hands somebody such a receipt ends no command of theirs but with words."""
    ledger = Ledger(bytes(32))
    ledger.append(ledger.next(Stated(envelope=sign(said, STATEMENT_TYPE, KEY), verdict=ACCEPTED), receipt.entry.at))
    (entry,) = ledger.entries
    assert isinstance(entry.event, Stated)
    its = {"fingerprint": entry.event.envelope.fingerprint(), "entry": entry, "size": 1, "root": ledger.root, "proof": ()}
    with pytest.raises(NotVerified, match="is not for what stands there"):
        verify(table.packet(), table.directory, [signed(receipt.model_copy(update=its), KEY)])


def test_a_receipt_is_handed_over_again_under_a_newer_key(table: Table, receipt: Receipt) -> None:
    """Who asks for the receipt of an old word again gets it under the installation's key of that day: it proves as much. What a
    key signs of an entry that was recorded after its end proves nothing, whenever it began.
    """
    recorded = instant(receipt.entry.at)
    for begins, ends, counts in ((1, 3, True), (1, None, True), (-2, -1, False), (-2, 0, False), (-2, 1, True)):
        key = ServiceKey(
            public=public_text(private_key_of("vigil, another key")),
            valid_from=utc_text(recorded + timedelta(days=begins)),
            valid_until=utc_text(recorded + timedelta(days=ends)) if ends is not None else None,
        )
        services = [
            one.model_copy(update={"keys": (*one.keys, key)}) if one.kind == "system" else one for one in table.directory.services
        ]
        directory = table.directory.model_copy(update={"services": tuple(services)})
        envelope = signed(receipt, private_key_of("vigil, another key"))
        if counts:
            assert receipt == opened(envelope, directory)
            assert 1 == verify(table.packet(), directory, [envelope]).receipts
        else:
            with pytest.raises(NotAuthentic):
                opened(envelope, directory)


def test_a_receipt_that_the_installation_has_not_signed_is_none(table: Table, receipt: Receipt) -> None:
    """Another key, another type and spaces between are refused."""
    for envelope, error in (
        (signed(receipt, private_key_of("kz.police")), NotAuthentic),
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
    elsewhere = other.say("kz.police", "sighted")
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


def test_a_root_of_old_is_compared_too(table: Table, receipt: Receipt) -> None:
    """What somebody says that the ledger once was: with the receipt of that size, and with the entries that were seen."""
    name, entries = table.plan.operation, table.delivery.ledger.entries
    by_receipt, by_entries = Comparison(name, [receipt]), Comparison(name, [])
    by_receipt.had(receipt.size, receipt.root)
    by_receipt.had(receipt.size + 1, "0" * 64)
    for entry in entries[:3]:
        by_entries.see(entry)
    by_entries.had(3, table.delivery.ledger.root_at(3))

    with pytest.raises(NotVerified, match="contradicts your receipt"):
        by_receipt.had(receipt.size, "0" * 64)
    with pytest.raises(NotVerified, match="another root at 3 entries"):
        by_entries.had(3, "0" * 64)
    with pytest.raises(NotVerified, match="another root at 3 entries"):
        by_entries.ends_at(3, "0" * 64)


def test_a_ledger_goes_on_from_the_tree_of_a_receipt(table: Table, receipt: Receipt) -> None:
    """The receipt alone is enough to compare what comes after it: what was forked before it never reaches the same root."""
    name, later = table.plan.operation, table.say("uz.customs", "sighted")
    entries = table.delivery.ledger.entries
    comparison = Comparison(name, [receipt, later], edge_of(receipt))
    other = Comparison(name, [later], edge_of(forked(receipt)))
    for entry in entries[receipt.size : later.seq]:
        comparison.see(entry)
        other.see(entry)
    comparison.see(entries[later.seq])
    comparison.had(later.size, later.root)

    assert (later.size, later.root) == (comparison.edge.size, comparison.edge.root().hex())
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        other.see(entries[later.seq])


def forked(receipt: Receipt) -> Receipt:
    """The same entry after others."""
    return receipt.model_copy(update={"proof": ("0" * 64, *receipt.proof[1:])})


@pytest.mark.parametrize("size", range(1, 40))
def test_the_tree_of_a_receipt_is_found_in_its_proof(size: int) -> None:
    """For each size of a tree: the proof of the newest leaf has all that is needed to go on."""
    frontier = Frontier()
    for number in range(size):
        proof = frontier.append(one := bytes([number] * 32))
    entry = Entry.model_construct(seq=size - 1)
    entry.__dict__["_weighed"] = (one, 0)
    edge = edge_of(Receipt.model_construct(entry=entry, proof=tuple(step.hex() for step in proof)))

    assert (frontier.size, frontier.peaks) == (edge.size, edge.peaks)


def test_receipts_of_other_deliveries_are_counted_and_passed_over(table: Table, receipt: Receipt) -> None:
    """Whoever has all receipts in one folder verifies a packet with it; one that is not whole is no receipt of anything."""
    elsewhere = Table(table.plan.model_copy(update={"operation": "amber-heron"})).say("kz.knb", "information")
    envelopes = [signed(elsewhere, private_key_of("kz.knb")), signed(receipt, KEY)]
    proved = verify(table.packet(), table.directory, envelopes)

    assert (1, 1) == (proved.receipts, proved.foreign_receipts)
    with pytest.raises(NotVerified, match="not for what stands there"):
        verify(table.packet(), table.directory, [sign(forged(receipt, delivery="amber-heron"), RECEIPT_TYPE, KEY)])


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
