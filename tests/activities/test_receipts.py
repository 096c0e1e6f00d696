"""What is owed to services that are polled is handed over, whatever the worker that first takes it in hand can make of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from activities.receipts import Receipts
from archive.cached_deliveries import FoldedDeliveries
from archive.database import Database
from archive.ledgers import Ledgers
from archive.owed import OwedReceipts
from domain.delivery.reported import Stated
from domain.plan.directory import Poll, Service
from domain.plan.plan import Plan
from domain.record import door
from domain.record.receipts import opened
from domain.rules import books
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed
from process.in_force import InForce
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import new_keys
from tests.archive.test_cached_deliveries import keep
from tests.second_book import TWO
from tests.support import Table

PROSECUTOR = "uz.prosecutor"


class Taking:
    """A service that takes what it is handed."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def hand_over(self, _service: Service, receipt: Envelope) -> None:
        """It has it."""
        self.taken.append(receipt)


def unread(_plan: object) -> Plan:
    """A plan with something that a program does not know."""
    raise Malformed("this is no plan")


@pytest.mark.parametrize(
    ("where", "what"), [(books, {"BOOKS": {TWO.version: TWO}}), (door, {"read_plan": unread})], ids=["rules", "plan"]
)
async def test_a_receipt_is_handed_over_though_a_worker_that_lacks_the_rules_took_it_in_hand_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: ModuleType, what: dict[str, object]
) -> None:
    """Two builds are up, and the older one cannot read the delivery: it settles nothing, serves whoever it can, and the newer one
    hands it over.
    """
    table, taking, later = Table(), Taking(), timedelta()
    table.say(PROSECUTOR, "information", text="a tip")
    seq = next(one.seq for one in reversed(table.delivery.ledger.entries) if isinstance(one.event, Stated))
    reach = Poll.model_validate({"url": "http://127.0.0.1:1", "every": "1s"})
    polled = table.directory.get(PROSECUTOR).model_copy(update={"reach": reach})
    directory = table.directory.model_copy(
        update={"services": tuple(polled if one.id == PROSECUTOR else one for one in table.directory.services)}
    )
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers, owed = Ledgers(archive, new_keys()), OwedReceipts(archive, lambda: datetime.now(UTC) + later)
    await keep(ledgers, table, owed=((seq, PROSECUTOR),))

    async def a_round() -> None:
        folded, known = FoldedDeliveries(ledgers), InForce(directory)
        receipts = Receipts(taking, owed, folded, known, private_key_of(VIGIL), "vigil")  # type: ignore[arg-type]
        await receipts.once()
        await asyncio.gather(*receipts._serving.values())

    with monkeypatch.context() as older:
        for name, value in what.items():
            older.setattr(where, name, value)
        await a_round()
    before, later = len(taking.taken), timedelta(minutes=2)
    await a_round()
    await a_round()
    await archive.close()

    assert 0 == before
    assert [seq] == [opened(one, directory).seq for one in taking.taken]
