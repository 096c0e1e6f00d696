"""The watch floor: what a row says of a delivery, what is worst of it at any moment, and what silence would bring."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.delivery.decided import Silence
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.record.replay import follow, replay
from domain.rules.contingency import Consequence
from domain.signing.canonical import canonical
from domain.views.consequences import after_silence
from domain.views.glance import Glance, glance
from domain.views.standing import standing
from domain.views.subscriptions import occasions
from domain.views.urgency import GROUPS, REASONS, order, urgencies, urgency
from domain.views.view import view
from domain.words.limits import GLANCE_BYTES
from domain.words.moments import instant
from tests.goldens import GOLDEN, Golden, read, under
from tests.support import Table, example_plan

LEDGERS = sorted((GOLDEN / "1").glob("*.json.gz"))


def seen(table: Table) -> Glance:
    """The row of a table's delivery."""
    return glance(table.delivery)


def reasons(table: Table) -> list[str]:
    """All that is so of it now, the worst first."""
    return [one.reason for one in urgencies(seen(table), table.now)]


def followed(golden: Golden) -> Iterator[tuple[Delivery, Entry]]:
    """A delivery before each of its entries, with that entry."""
    with under(golden):
        first, *rest = golden.entries
        delivery = replay([first], golden.directory, golden.cards)
        for entry in rest:
            assert isinstance(entry, Entry)
            yield delivery, entry
            follow(delivery, entry)


def happened(delivery: Delivery, checkpoint: str, silence: Entry) -> Consequence:
    """What silence has brought, as the state shows it at once."""
    if delivery.state.hold is not None and delivery.state.hold.seq == silence.seq:
        return "holds"
    if delivery.state.halt is not None:
        return "halts"
    if delivery.state.gap is not None:
        return "out_of_sight"
    return "nothing" if delivery.state.is_open(checkpoint) else "closes"


@pytest.mark.slow
@pytest.mark.parametrize("path", LEDGERS[::3], ids=lambda path: path.name.removesuffix(".json.gz"))
def test_silence_brings_what_was_said_before(path: Path) -> None:
    """In each golden ledger, whenever nobody answers in time, that happens which the row had said would."""
    golden, before, said, name = read(path), None, "nothing", ""
    for delivery, entry in followed(golden):
        if before is not None:
            found = happened(delivery, name, before)
            assert (said, entry.seq) == (found if found != "nothing" or said != "closes" else said, entry.seq)
            before = None
        if isinstance(entry.event, Silence) and delivery.state.under_way and delivery.state.gap is None:
            name = entry.event.checkpoint
            before, said = entry, after_silence(delivery, delivery.state.progress[name])


@pytest.mark.parametrize("path", LEDGERS[::3], ids=lambda path: path.name.removesuffix(".json.gz"))
def test_every_row_fits_and_says_why_it_stands_where_it_does(path: Path) -> None:
    """After each entry of each golden ledger: in its bound of bytes, with a reason, and the worst of them first."""
    for delivery, _ in followed(read(path)):
        row = glance(delivery)
        found = [one.rank for one in urgencies(row, delivery.state.now)]
        assert len(canonical(row)) <= GLANCE_BYTES
        assert found == sorted(set(found))
        assert all(REASONS[rank] in GROUPS for rank in found)


def test_what_is_about_to_leave_is_neither_urgent_nor_on_the_road() -> None:
    """Nobody needs to look at what only waits for its time."""
    assert ["before"] == reasons(Table())


def test_what_is_due_soon_is_watched_and_once_overdue_needs_somebody() -> None:
    """Two hours before the due time it moves up, and past it further, until somebody answers."""
    table = Table().consent().prepare()
    (due,) = (one.due for one in seen(table).waits)
    assert due is not None
    table.pass_time(seconds=(instant(due) - table.now - timedelta(hours=1)).total_seconds())
    assert "due_soon" == urgency(seen(table), table.now).reason
    table.pass_time(hours=2)
    assert "overdue" == urgency(seen(table), table.now).reason


def test_r8_what_was_stopped_and_is_not_seized_is_the_worst() -> None:
    """Until somebody says that it has been seized."""
    table = Table().dispatch()
    table.say("kz.police", "stop_requested", reason="seen")
    assert ("to_seize", None) == (urgency(seen(table), table.now).reason, urgency(seen(table), table.now).until)
    table.say(table.delivery.state.responsible, "interdicted", "stop.interdiction")
    assert not seen(table).to_seize


def test_r8_what_is_held_needs_somebody_and_says_until_when() -> None:
    """The decision has a time, and silence ends it."""
    table = Table().dispatch()
    table.say("kz.police", "hold_requested", reason="seen")
    worst = urgency(seen(table), table.now)
    assert ("held", "kz.police") == (worst.reason, seen(table).held_by)
    assert worst.until is not None
    assert worst.until > table.now
    assert ["halts"] == [one.then for one in seen(table).waits if one.contingency == "hold"]


def test_r5_a_consent_that_ends_before_the_way_out_is_watched() -> None:
    """The row says which State's, until when it is valid and until when it is needed."""
    table = Table().consent()
    (grant, *_) = table.delivery.state.grants.values()
    grant.valid_until = table.now + timedelta(hours=1)
    short = seen(table).shortest
    assert short is not None
    assert (grant.state, grant.service) == (short.state, short.service)
    assert short.valid_until < short.needed_until
    assert "consent" in reasons(table)


def test_rows_stand_by_the_worst_reason_then_by_the_earliest_moment() -> None:
    """The order is one function of row and moment, for page, command line and print alike."""
    stopped, quiet, held = Table().dispatch(), Table(), Table().dispatch()
    stopped.say("kz.police", "stop_requested", reason="seen")
    held.say("kz.police", "hold_requested", reason="seen")
    rows = sorted(map(seen, (quiet, held, stopped)), key=lambda row: order(row, stopped.now))
    assert ["to_seize", "held", "before"] == [urgency(row, stopped.now).reason for row in rows]


def test_a_row_is_for_who_sees_the_whole() -> None:
    """Initiator and coordinator are named in it, and who sees a part is not (R11)."""
    plan = example_plan()
    whole = seen(Table()).whole
    assert plan.initiator in whole
    assert not {"uz.customs", "kz.prosecutor"} & set(whole)


def test_r8_where_time_stands_nobody_is_said_to_be_late() -> None:
    """Neither by the row, of which mails are made, nor by a list nor the page: when it goes on it is due so much later."""
    table = Table().dispatch()
    due = instant(seen(table).waits[0].due or "")
    table.pass_time(seconds=(due - table.now).total_seconds() - 1800)
    table.say("kz.police", "hold_requested", reason="seen")
    table.pass_time(hours=1)
    short, lists = seen(table), standing(table.delivery)
    shown = view(table.delivery, table.delivery.directory.get("kz.knb"), table.now)

    assert due < table.now
    assert "held" == urgency(short, table.now).reason
    assert {"hold", "needs_you"} == {one.subject for one in occasions(short, table.now)}
    assert lists.overdue_since is None
    assert table.at("hold.1").due == instant(lists.next_due or "")
    assert [None] == [one.due for one in shown.waiting if one.checkpoint == "tashkent-airport"]
    assert {None} == {one.due for one in lists.requests if one.checkpoint == "tashkent-airport"}
