"""Receipts that a service keeps are compared with every history that it is shown."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from client import cli
from client.caller import CallerOptions
from client.countersigning import as_kept, compared
from client.receipts import KeptReceipts, receipts_at
from client.submitting import kept
from domain.delivery.ledger import Entry
from domain.delivery.statement import Seen
from domain.record.receipts import SignedReceipt, read_receipt, signed
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
def shelf(tmp_path: Path, histories: tuple[Table, Table]) -> KeptReceipts:
    """It holds a receipt of each history, for an entry of the same number."""
    old, new = histories
    later = new.say("uz.police", "information", text="they are watched again")
    former = old.say("uz.police", "information", text="they are watched still")
    while former.seq < later.seq:
        former = old.say("uz.police", "information", text="they are watched still")
    while later.seq < former.seq:
        later = new.say("uz.police", "information", text="they are watched again")
    kept = KeptReceipts(tmp_path)
    for receipt in (former, later):
        kept.keep(SignedReceipt(signed(receipt, KEY), receipt))
    return kept


def test_another_receipt_for_the_same_entry_is_an_alarm_and_both_are_kept(
    shelf: KeptReceipts, histories: tuple[Table, Table]
) -> None:
    """The one that was given last is the newest; kept once more, it changes nothing."""
    name = histories[0].plan.operation
    former, later = (one.receipt for one in shelf.of(name))
    newest = shelf.newest(name)
    assert newest is not None
    shelf.keep(newest)

    assert (former.seq, True) == (later.seq, former.root != later.root)
    assert later == newest.receipt
    assert [former, later] == [one.receipt for one in shelf.of(name)]


def test_no_receipt_for_the_same_entry_is_written_over_by_others(tmp_path: Path, histories: tuple[Table, Table]) -> None:
    """However often whoever signs them gives one of three, and though two are of one root: each is a witness."""
    kept, receipt = KeptReceipts(tmp_path), histories[1].say("uz.police", "information", text="they are watched")
    three = [receipt, *(receipt.model_copy(update={"plan": one * 64}) for one in "ab")]
    for given in (*three, three[1], three[0], three[2], three[1]):
        kept.keep(SignedReceipt(signed(given, KEY), given))
    found = [one.receipt for one in kept.of(receipt.delivery)]
    assert {one.plan for one in three} == {one.plan for one in found}
    newest = kept.newest(receipt.delivery)
    assert newest is not None
    assert three[1] == newest.receipt


def test_a_folder_is_read_with_all_that_links_lead_to(tmp_path: Path, histories: tuple[Table, Table]) -> None:
    """A receipt that contradicts is not missed for where it lies, and folders that lead to each other are read once."""
    receipts = [histories[1].say("uz.police", "information", text=f"they are watched {number}") for number in range(3)]
    given, elsewhere = tmp_path / "given", tmp_path / "elsewhere"
    for folder, receipt, name in zip((given, given / "below", elsewhere), receipts, ("1.json", "2.JSON", "3.json"), strict=True):
        folder.mkdir(parents=True)
        (folder / name).write_text(signed(receipt, KEY).model_dump_json(), encoding="utf-8")
    (given / "link").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(given)
    assert {one.fingerprint for one in receipts} == {read_receipt(one).fingerprint for one in receipts_at([given])}
    assert 3 == len(receipts_at([given]))


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives receipts is told that some were not looked at."""
    (tmp_path / "closed").mkdir()
    before = os.scandir

    def scandir(place: Any = ".") -> Any:
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(place))
        return before(place)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        receipts_at([tmp_path])


def test_a_receipt_that_cannot_be_read_is_an_alarm_and_holds_up_no_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R8: what another user of the machine has written there, such as root, ends no command that pulls a brake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(CallerOptions, "key", lambda caller: private_key_of(caller.service))
    for name in ("3.json", "compared"):
        (tmp_path / "receipts" / "saxaul-22" / name).mkdir(parents=True)  # as little to be read as what is not one's own
    words = ("--as", "uz.police", "--keys", str(tmp_path), "--gateway", "http://127.0.0.1:1", "--offline")
    ran = CliRunner().invoke(cli.app, ["stop", "saxaul-22", "--reason", "leak", *words])
    (file,) = tmp_path.glob("*.statement.json")

    assert (0, "stop_requested") == (ran.exit_code, kept(file)[1].content.kind)
    assert KeptReceipts(tmp_path).edge("saxaul-22") is None
    assert "cannot be read" in ran.stderr


def test_a_packet_has_each_history_of_which_a_receipt_is_kept(shelf: KeptReceipts, histories: tuple[Table, Table]) -> None:
    """With both it fits; with either alone, the receipt of the other contradicts it."""
    old, new = histories
    name = new.plan.operation
    shelf.compare_packet(name, packet_of(new, old))
    for alone in (old, new):
        with pytest.raises(NotVerified, match="contradicts your receipt"):
            shelf.compare_packet(name, packet_of(alone))


@dataclass
class Shown:
    """As much of a gateway as is asked before something is signed: it shows a ledger, up to some entry."""

    ledger: Any
    until: int | None = None

    def door(self) -> Any:
        """As the client of a gateway has it."""

        async def ledger(_delivery: str, since: int) -> list[Entry]:
            self.since = since
            return [one for one in self.ledger.entries[: self.until] if one.seq >= since]

        async def view(_delivery: str) -> Any:
            return SimpleNamespace(entries=len(self.ledger), root=self.ledger.root)

        return SimpleNamespace(ledger=ledger, view=view)


def as_of(table: Table, size: int | None = None) -> Seen:
    """What is shown of a delivery: all of it, or what it was at this size."""
    ledger = table.delivery.ledger
    return Seen(size=size or len(ledger), root=ledger.root_at(size or len(ledger)))


@pytest.fixture
def mine(tmp_path: Path) -> tuple[Table, KeptReceipts]:
    """A delivery that has gone on since the receipt that is kept of it."""
    table, shelf = Table(), KeptReceipts(tmp_path)
    receipt = table.say("uz.police", "information", text="they are watched")
    shelf.keep(SignedReceipt(signed(receipt, KEY), receipt))
    for _ in range(4):
        table.say("uz.police", "information", text="they are watched still")
    return table, shelf


async def test_what_goes_on_from_ones_receipts_is_countersigned(mine: tuple[Table, KeptReceipts]) -> None:
    """All that is shown, though the request knew less; the next comparison begins where this one ended."""
    table, shelf = mine
    name, shown = table.plan.operation, Shown(table.delivery.ledger)
    first = shelf.of(name)[0].receipt
    found = await compared(shown.door(), shelf, name, as_of(table, first.size + 2))
    began = shown.since
    again = await compared(shown.door(), shelf, name, as_of(table))

    assert as_of(table) == found == again
    assert (first.size, found.size) == (began, shown.since)


async def test_a_root_that_is_not_shown_is_not_countersigned(mine: tuple[Table, KeptReceipts]) -> None:
    """A ledger that ends before it: what is named is what was shown of it."""
    table, shelf = mine
    until = shelf.of(table.plan.operation)[0].receipt.size + 1
    found = await compared(Shown(table.delivery.ledger, until).door(), shelf, table.plan.operation, as_of(table))

    assert as_of(table, until) == found


async def test_a_forked_root_is_not_countersigned(mine: tuple[Table, KeptReceipts]) -> None:
    """One that was forked before the receipt, or after it while the ledger that is shown is the true one; of any size, and though
    the request is older than the receipt.
    """
    table, shelf = mine
    name, other = table.plan.operation, Table()
    old = Seen(size=1, root=other.delivery.ledger.root_at(1))
    while len(other.delivery.ledger) < len(table.delivery.ledger):
        other.say("uz.police", "information", text="they are not watched")
    mixed = Seen(size=len(table.delivery.ledger), root=other.delivery.ledger.root)
    for ledger, shown in (
        (other.delivery.ledger, as_of(other)),
        (other.delivery.ledger, old),
        (table.delivery.ledger, mixed),
    ):
        with pytest.raises(NotVerified, match=r"another root at|contradicts your receipt"):
            await compared(Shown(ledger).door(), shelf, name, shown)


async def test_a_receipt_of_a_fork_is_found_by_the_next_comparison(mine: tuple[Table, KeptReceipts]) -> None:
    """Whoever was given one by a forked installation does not go on from it: what was compared before is remembered."""
    table, shelf = mine
    name, other = table.plan.operation, Table()
    await compared(Shown(table.delivery.ledger).door(), shelf, name, as_of(table))
    while (given := other.say("uz.police", "information", text="they are not watched")).seq <= len(table.delivery.ledger):
        pass
    shelf.keep(SignedReceipt(signed(given, KEY), given))
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        await compared(Shown(other.delivery.ledger).door(), shelf, name, as_of(other))


def test_what_another_has_said_may_be_beyond_what_one_is_shown(mine: tuple[Table, KeptReceipts], tmp_path: Path) -> None:
    """Several services keep receipts in one folder: what is shown to who is not asked yet contradicts its own alone."""
    table, _shelf = mine
    name, root = table.plan.operation, table.delivery.ledger.root_at(1)
    KeptReceipts(tmp_path, "uz.customs").comparison(name).ends_at(1, root)
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        KeptReceipts(tmp_path, "uz.police").comparison(name).ends_at(1, root)


def test_without_a_network_the_newest_receipt_is_named(mine: tuple[Table, KeptReceipts], tmp_path: Path) -> None:
    """Whatever the request says of a later ledger, which cannot be compared; another root of the same size is refused."""
    table, shelf = mine
    name, receipt = table.plan.operation, shelf.of(table.plan.operation)[0].receipt
    own = Seen(size=receipt.size, root=receipt.root)

    assert own == as_kept(shelf, name, as_of(table)) == as_kept(shelf, name, own) == as_kept(shelf, name, None)
    assert as_of(table) == as_kept(KeptReceipts(tmp_path / "none"), name, as_of(table))
    with pytest.raises(NotVerified, match="contradicts your receipt"):
        as_kept(shelf, name, Seen(size=receipt.size, root="0" * 64))


async def test_how_far_was_compared_is_read_again_or_compared_anew(mine: tuple[Table, KeptReceipts]) -> None:
    """A file that somebody has spoilt is an alarm, and the comparison begins at the first receipt."""
    table, shelf = mine
    name, shown = table.plan.operation, Shown(table.delivery.ledger)
    heard: list[str] = []
    shelf.alarm = lambda error: heard.append(error.message)  # type: ignore[method-assign]
    await compared(shown.door(), shelf, name, as_of(table))
    place = shelf.place_of(shelf.of(name)[0].receipt).with_name("compared")
    place.write_text('{"size": 3, "peaks": []}')

    assert as_of(table) == await compared(shown.door(), shelf, name, as_of(table))
    assert shelf.of(name)[0].receipt.size == shown.since
    assert [f"{place} is spoilt: it said how far the ledger of {name} was compared"] == heard
