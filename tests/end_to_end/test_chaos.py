"""The tool that kills processes in the middle of busy deliveries: it finds no difference, and would find one."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bench.held import Case, differences
from bench.kills import SIGNALS, TARGETS, drawn, open_folder, run
from bench.traffic import Load
from domain.delivery.ledger import Entry, Receipt
from tests.postgresql import is_installed
from tests.support import Table
from workflows.messages import LedgerSize

SEED = 6
"""Of it the first six kills hit each process, some of them two at once, with either signal."""
SIX = range(1, 7)
LOAD = Load(length=60)

Shown = tuple[Sequence[Entry], Sequence[Receipt], LedgerSize]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a PostgreSQL can run in, where one is installed."""
    if not is_installed():
        pytest.skip("PostgreSQL is not installed: its programs are neither on the path nor in /usr/lib/postgresql")
    path = open_folder()
    yield path
    shutil.rmtree(path)


def shown() -> Shown:
    """A ledger, two receipts of it, and what its workflow states."""
    table = Table()
    receipts = [
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz"),
        table.say("kz.police", "information"),
    ]
    ledger = table.delivery.ledger
    return ledger.entries, receipts, LedgerSize(branch=0, size=len(ledger), root=ledger.root)


def forged(receipt: Receipt, **changed: str) -> Receipt:
    """The receipt, with these fields instead."""
    return receipt.model_copy(update=changed)


def without(entries: Sequence[Entry], seq: int) -> list[Entry]:
    """The ledger, with an entry taken out and those after it moved up."""
    return [one.model_copy(update={"seq": number}) for number, one in enumerate([*entries[:seq], *entries[seq + 1 :]])]


def once_more(entries: Sequence[Entry], seq: int) -> list[Entry]:
    """The ledger, with an entry that stands at its end as well."""
    return [*entries, entries[seq].model_copy(update={"seq": len(entries)})]


def test_a_ledger_that_is_as_the_receipts_and_the_workflow_say_has_no_difference() -> None:
    """What a workflow has recorded, answered and stated agrees."""
    entries, receipts, size = shown()

    assert [] == list(differences(entries, receipts, [size]))


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda entries, held, size: (entries, [forged(held[0], root="0" * 64), *held[1:]], size), "the root at"),
        (lambda entries, held, size: (without(entries, held[0].seq), held, size), "is not that of the receipt"),
        (lambda entries, held, size: (entries[: held[-1].seq], held, size), "is not that of the receipt"),
        (lambda entries, held, size: (once_more(entries, held[0].seq), held, size), "stands 2 times"),
        (lambda entries, held, size: (entries, held, size.model_copy(update={"root": "0" * 64})), "was stated as"),
        (lambda entries, held, size: (entries, held, size.model_copy(update={"branch": 1})), "in branch 1"),
        (lambda entries, held, size: ([*entries[:-2], entries[-1]], held, size), "stands where entry"),
    ],
)
def test_each_planted_difference_is_found(plant: Callable[..., Shown], found: str) -> None:
    """A forged receipt, an entry that is lost or stands twice, and a workflow with another ledger are each told."""
    entries, held, size = plant(*shown())

    assert any(found in one for one in differences(entries, held, [size]))


def test_a_kill_is_drawn_from_the_seed_and_its_number_alone() -> None:
    """A run can be resumed at any number, and a kill repeated; six kills of the seed of these tests hit everything."""
    kills = [drawn(SEED, number) for number in SIX]

    assert kills[3:] == [drawn(SEED, number) for number in SIX[3:]]
    assert set(TARGETS) == {name for one in kills for name in one.targets}
    assert set(SIGNALS) == {one.by for one in kills}
    assert {1, 2} == {len(one.targets) for one in kills}


@pytest.mark.kill
async def test_after_six_kills_every_receipt_is_in_ledger_archive_workflow_and_packet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Worker, gateway, database and Temporal are killed in the middle of traffic: no difference, and nothing is left open."""
    code = await run(folder, SIX, SEED, LOAD, asyncio.Event())
    said = capsys.readouterr().out

    assert 0 == code, said
    assert "differences: 0" in said


@pytest.mark.kill
async def test_a_forged_receipt_ends_it_with_what_repeats_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A receipt with another root than its ledger's is found after the first kill, and the seed and number are told."""
    monkeypatch.setattr(
        Case, "held", property(lambda case: [forged(one.receipt, root="0" * 64) for one in case.receipts.values()])
    )

    code = await run(folder, range(3, 7), SEED, LOAD, asyncio.Event())

    assert 1 == code
    assert f"--seed {SEED} --from 3 --kills 3" in capsys.readouterr().out
