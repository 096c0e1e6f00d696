"""R28: what the archive has not yet has a bound. Beyond it only brakes are taken until it has caught up, and all are told."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.delivery.carried import carried
from domain.delivery.reported import Amended, ArchiveBehind, ArchiveCaughtUp, Told
from domain.record.door import amend, archive_has
from domain.record.verify import verify
from domain.words.errors import NotVerified, RuleBroken
from domain.words.limits import BRAKES, MOST_CARRIED_UNKEPT, MOST_UNKEPT
from domain.words.moments import utc_text
from tests.course import became
from tests.domain.test_afterwards import FOR, concluded, plan
from tests.support import Table, signed_plan, with_changes

LONG = "\N{CYRILLIC CAPITAL LETTER YA}" * 2000
SPEAKERS = ("kz.knb", "kz.prosecutor", "uz.customs", "uz.police")


def left_alone(table: Table | None = None) -> Table:
    """Services talk while the archive is away, until it is behind."""
    table = table or Table().dispatch()
    number = 0
    while table.delivery.state.behind is None:
        table.say(SPEAKERS[number % 4], "information", text=LONG)
        number += 1
    return table


def test_r28_receipts_go_on_until_so_much_is_unkept_and_then_it_is_a_fact() -> None:
    """The fact says how far the archive was, comes in the same breath as what was too much, and everybody is told."""
    table = left_alone()
    behind = next(one for one in table.delivery.ledger.entries if isinstance(one.event, ArchiveBehind))
    told = [one.event for one in table.delivery.ledger.entries if isinstance(one.event, Told) and one.event.kind == "archive"]
    before = sum(len(one.model_dump_json()) for one in table.delivery.ledger.entries[: behind.seq])

    assert 0 == table.delivery.ledger.kept == behind.event.model_dump()["kept"]
    assert abs(before - MOST_UNKEPT) < 20_000
    assert set(table.plan.participants()) == {service for one in told for service in one.reached}
    verify(table.packet())


def test_r28_while_the_archive_is_behind_only_brakes_are_taken() -> None:
    """Nothing is recorded of anything else, no plan is changed, and a stop stops at once."""
    table = left_alone()
    size = len(table.delivery.ledger)
    with pytest.raises(RuleBroken, match="R28: the archive is behind") as turned_away:
        table.say("kz.knb", "information")
    assert "archive_behind" == turned_away.value.reason
    with pytest.raises(RuleBroken, match="R28: the archive is behind") as refused:
        amend(table.delivery, Amended(plan=signed_plan(with_changes(arrest_tashkent={"due": "P9D"}))), table.now)
    assert ("archive_behind", size) == (refused.value.reason, len(table.delivery.ledger))

    assert ("accepted", None) == became(table.say("uz.police", "stop_requested"))
    assert table.delivery.state.halt is not None
    verify(table.packet())


def test_r28_each_service_has_so_many_brakes_while_the_archive_is_behind() -> None:
    """They fit one run of the workflow, which cannot end meanwhile."""
    table = left_alone()
    table.say("uz.police", "stop_requested")
    for _ in range(BRAKES):
        table.say("kz.knb", "stop_requested")
    with pytest.raises(RuleBroken, match="R28: it is stopped already") as told:
        table.say("kz.knb", "stop_requested")
    assert "stopped_already" == told.value.reason
    assert ("accepted", None) == became(table.say("kz.police", "stop_requested"))


def test_r28_what_the_archive_has_taken_lets_everybody_speak_again() -> None:
    """Once what is unkept fits into what a run carries, and not before; that is a fact, and everybody is told."""
    table = left_alone()
    ledger = table.delivery.ledger
    archive_has(table.delivery, len(ledger) // 2, table.now)
    assert table.delivery.state.behind is not None
    assert ledger.unkept_bytes > MOST_CARRIED_UNKEPT
    entries = ledger.entries
    archive_has(table.delivery, len(ledger), table.now)
    table.settle()

    assert table.delivery.state.behind is None
    assert isinstance(ledger.entries[0].event, ArchiveCaughtUp)
    assert {"archive_caught_up", "told"} <= {one.event.event for one in ledger.entries}
    assert ("accepted", None) == became(table.say("kz.knb", "information"))
    assert entries[0].seq + len(entries) == ledger.kept


def test_r28_it_falls_behind_once_at_a_time() -> None:
    """Told again of the same, nothing is recorded; and again behind, it is a fact again."""
    table = left_alone()
    archive_has(table.delivery, len(table.delivery.ledger), table.now)
    size = len(table.delivery.ledger)
    archive_has(table.delivery, size, table.now)
    assert size == len(table.delivery.ledger)
    left_alone(table)

    assert 1 == sum(isinstance(one.event, ArchiveBehind) for one in table.delivery.ledger.entries)


@pytest.mark.parametrize("what", ["statement", "plan"])
def test_r28_a_ledger_in_which_others_were_heard_meanwhile_is_refused(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """The refusals rest on the fact, so a stranger holds the installation to it."""
    table = left_alone()
    with monkeypatch.context() as lenient:
        lenient.setattr("domain.rules.budget.Budget.turned_away", lambda *_: None)
        behind, table.delivery.state.behind = table.delivery.state.behind, None
        lenient.setattr("domain.record.door.MOST_UNKEPT", 2**40)
        say: dict[str, Callable[[], object]] = {
            "statement": lambda: table.say("kz.knb", "information"),
            "plan": lambda: amend(
                table.delivery, Amended(plan=signed_plan(with_changes(arrest_tashkent={"due": "P9D"}))), table.now
            ),
        }
        say[what]()
        table.delivery.state.behind = behind
        packet = table.packet()
    with pytest.raises(NotVerified, match="R28"):
        verify(packet)


def test_what_is_carried_stays_within_its_bound_when_the_archive_has_caught_up() -> None:
    """A run that was held up goes on with what the archive has not yet, and not with what was said meanwhile."""
    table = left_alone()
    archive_has(table.delivery, len(table.delivery.ledger), table.now)
    table.settle()

    assert table.delivery.ledger.unkept_bytes <= MOST_CARRIED_UNKEPT
    assert len(carried(table.delivery).model_dump_json()) < 1902 * 1024


def test_r12_an_archive_that_catches_up_after_the_time_of_a_delivery_is_over_finds_that_it_has_ended() -> None:
    """Its end is the last entry, at its own moment, and that the archive has caught up follows on nothing."""
    table = left_alone(concluded(Table(plan())))
    state = table.delivery.state
    assert state.outcome_at is not None
    table.now = state.outcome_at + FOR + timedelta(seconds=1)

    archive_has(table.delivery, len(table.delivery.ledger), table.now)

    *_, last = table.delivery.ledger.entries
    assert ("ended", utc_text(state.outcome_at + FOR)) == (last.event.event, last.at)
