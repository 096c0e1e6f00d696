"""What a delivery hears of its siblings from their ledgers in the archive (R31)."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.siblings import SiblingWatch
from archive.cached_deliveries import FoldedDeliveries
from archive.database import Database
from archive.ledgers import Ledgers
from domain.delivery.delivery import Delivery
from domain.delivery.reported import SiblingHeard
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.record.door import change_keys
from domain.record.siblings import heeding
from domain.rules import books
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import NotFound, NotVerified, RuleBroken, Unavailable
from domain.words.moments import utc_text
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import new_keys
from tests.archive.test_cached_deliveries import keep
from tests.groups import BOTH, CHEMICALS, KEPT, OIL, Parcels
from tests.second_book import TWO

EXPUNGED = NotFound("expunged")


class Archive:
    """The ledgers of siblings as an archive has them: a delivery, or why there is none."""

    def __init__(self, **found: Delivery | Exception) -> None:
        self._found = {name.replace("_", "-"): one for name, one in found.items()}

    async def newest(self, name: str) -> Delivery:
        """As the archive has it."""
        found = self._found.get(name, NotFound("none of this name"))
        if isinstance(found, Exception):
            raise found
        return found

    async def is_expunged(self, name: str) -> bool:
        """Whether one of this name was."""
        return self._found.get(name) is EXPUNGED


class Told:
    """Where reports go."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, SiblingHeard]] = []

    async def report(self, delivery: str, fact: Any) -> None:
        """It comes in."""
        self.facts.append((delivery, fact))


async def heard_in(archive: Archive, parcels: Parcels) -> list[tuple[str, str]]:
    """What the first parcel is told; raises what the activity raises."""
    told = Told()
    watch = SiblingWatch(archive, private_key_of(VIGIL), told)  # type: ignore[arg-type]
    await ActivityEnvironment().run(watch.heed, heeding(parcels[OIL].delivery))
    return [(fact.sibling, fact.says) for _, fact in told.facts]


async def test_all_that_is_new_of_siblings_is_reported_once() -> None:
    """What one has come to and what another has: each a report; heard, it is not reported again."""
    parcels = Parcels()
    parcels.consent(*BOTH)
    parcels.deliver(OIL)
    parcels.deliver(CHEMICALS)
    parcels.muster(CHEMICALS)
    parcels[KEPT].say("ru.customs", "stop_requested")
    archive = Archive(motor_oil_2=parcels[CHEMICALS].delivery, motor_oil_3=parcels[KEPT].delivery)

    assert [(KEPT, "stopped"), (CHEMICALS, "reached")] == await heard_in(archive, parcels)
    parcels.hear(OIL)
    with pytest.raises(ApplicationError, match="nothing is new"):
        await heard_in(archive, parcels)


async def test_one_that_has_not_begun_is_waited_for_and_one_that_was_expunged_has_ended() -> None:
    """A ledger that cannot be trusted says nothing: who waits for it decides in the end."""
    parcels = Parcels()

    with pytest.raises(ApplicationError, match="nothing is new"):
        await heard_in(Archive(), parcels)
    with pytest.raises(ApplicationError, match="nothing is new"):
        await heard_in(Archive(motor_oil_2=NotVerified("altered", 3)), parcels)
    assert [(CHEMICALS, "ended")] == await heard_in(Archive(motor_oil_2=EXPUNGED), parcels)


async def test_one_that_this_program_cannot_read_has_not_ended() -> None:
    """The archive has it, and it is under rules that came later, or what it began with is lost: nothing goes on as if it were
    over, and its danger is news once it can be read.
    """
    parcels = Parcels()

    with pytest.raises(ApplicationError, match="nothing is new"):
        await heard_in(Archive(motor_oil_2=NotFound("rules that this program does not have")), parcels)


@pytest.mark.parametrize("wrong", [KeyError("of an entry"), RuleBroken("R17", "no such checkpoint"), NotVerified("altered", 3)])
async def test_whatever_is_wrong_with_the_ledger_of_one_the_others_are_heard(wrong: Exception) -> None:
    """One that does not add up keeps no danger from being told."""
    parcels = Parcels()
    parcels[KEPT].say("ru.customs", "incident", risk_to_life=True, what="danger")

    assert [(KEPT, "danger")] == await heard_in(Archive(motor_oil_2=wrong, motor_oil_3=parcels[KEPT].delivery), parcels)


async def test_while_the_archive_is_away_it_is_looked_again() -> None:
    """That is no word of any of them."""
    with pytest.raises(Unavailable):
        await heard_in(Archive(motor_oil_2=Unavailable("away")), Parcels())


async def test_r14_danger_is_told_before_what_would_open_something() -> None:
    """Both are new at one look: nobody is asked to arrest, and told to stop right after."""
    parcels = Parcels()
    parcels.consent(*BOTH)
    parcels.deliver(CHEMICALS)
    parcels.muster(CHEMICALS)
    parcels[KEPT].say("ru.customs", "incident", risk_to_life=True, what="danger")
    archive = Archive(motor_oil_2=parcels[CHEMICALS].delivery, motor_oil_3=parcels[KEPT].delivery)

    assert [(KEPT, "danger"), (CHEMICALS, "reached")] == await heard_in(archive, parcels)


async def test_what_a_sibling_has_reached_is_heard_though_the_listeners_own_ledger_was_altered() -> None:
    """In the archive, that is: its run has the right one, and judges for itself. Else it would never hear of that."""
    parcels = Parcels()
    parcels.consent(*BOTH)
    parcels.deliver(CHEMICALS)
    parcels.muster(CHEMICALS)
    archive = Archive(motor_oil_1=NotVerified("altered", 3), motor_oil_2=parcels[CHEMICALS].delivery)

    assert [(CHEMICALS, "reached")] == await heard_in(archive, parcels)


async def test_r31_one_that_this_program_cannot_read_has_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sibling is under way under rules that this worker lacks, being of an older build. To say that it has ended would let a
    delivery go on without it: nothing is said of it, before a worker listens that has them.
    """
    parcels = Parcels()
    parcels.consent(*BOTH)
    parcels[KEPT].say("ru.customs", "stop_requested")
    wanted, archive = heeding(parcels[OIL].delivery), Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers, told = Ledgers(archive, new_keys()), Told()
    await keep(ledgers, parcels[KEPT])
    with monkeypatch.context() as older:
        older.setattr(books, "BOOKS", {TWO.version: TWO})
        with suppress(ApplicationError):
            await ActivityEnvironment().run(SiblingWatch(FoldedDeliveries(ledgers), private_key_of(VIGIL), told).heed, wanted)  # type: ignore[arg-type]
        before = [fact.says for _, fact in told.facts]
    await ActivityEnvironment().run(SiblingWatch(FoldedDeliveries(ledgers), private_key_of(VIGIL), told).heed, wanted)  # type: ignore[arg-type]
    await archive.close()

    assert [] == before
    assert ["stopped"] == [fact.says for _, fact in told.facts]


async def test_r14_danger_to_a_sibling_is_heard_though_nothing_proves_here_what_that_has_reached() -> None:
    """The key under which its team said that it is ready has ended since: that would be refused, so it is not reported again and
    again, and people decide; that life is at risk there is reported, and stops this delivery.
    """
    parcels = Parcels()
    parcels.consent(*BOTH)
    parcels.deliver(OIL)
    parcels.deliver(CHEMICALS)
    parcels.muster(CHEMICALS)
    parcels[CHEMICALS].say("ru.police", "incident", risk_to_life=True, what="the courier is armed")
    table, old, new = parcels[OIL], private_key_of("ru.police"), private_key_of("ru.police, its new key")
    change = KeyChange(
        service="ru.police",
        by="ru.police",
        made_at=utc_text(table.now),
        added=(ServiceKey(public=public_text(new), valid_from=utc_text(table.now)),),
        ended=(KeyEnd(key=key_id(public_text(old)), at=utc_text(table.now)),),
    )
    change_keys(table.delivery, sign(canonical(change), KEYS_TYPE, old), table.now)
    told = Told()
    archive = Archive(motor_oil_1=table.delivery, motor_oil_2=parcels[CHEMICALS].delivery)
    await ActivityEnvironment().run(SiblingWatch(archive, private_key_of(VIGIL), told).heed, heeding(table.delivery))  # type: ignore[arg-type]

    (danger,) = (fact for _, fact in told.facts)
    assert "danger" == danger.says
    table.report(danger)
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("risk_to_life", "danger_to_a_sibling") == (halt.cause, halt.finding.code)
