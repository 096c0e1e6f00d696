"""R1: what was authorised by word of mouth and is never confirmed in writing stops the delivery at the time of the card; and
where nothing is left to stop, it is said.
"""

from datetime import timedelta

import pytest

from domain.delivery.decided import Silence
from domain.record.verify import verify
from domain.views.consequences import after_silence
from tests.course import became, code, outcome_of
from tests.domain.test_before_it_is_written import GIVEN, URGENT, WRITTEN
from tests.support import Table, card_of, with_changes

SECOND = timedelta(seconds=1)


def told_only() -> Table:
    """Kazakhstan has authorised by word of mouth, to be written within half a day; everybody else in writing."""
    table = Table(other_cards=card_of("KZ", urgent=[URGENT[0] | {"written_within": "12h"}]))
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", **GIVEN)) == ("accepted", None)
    return table


@pytest.mark.parametrize("left", [False, True], ids=["before it has left", "on its way"])
def test_r1_what_nobody_ever_writes_stops_it_at_the_time_of_the_card(left: bool) -> None:  # noqa: FBT001
    """Not a second earlier and not one later: it halts as expired, and is seized."""
    table = told_only()
    due = table.at("written.kz.prosecutor.1").due
    assert due is not None
    if left:
        table.dispatch()
    table.now = due - SECOND
    table.pass_time(seconds=0)
    assert table.delivery.state.halt is None
    table.pass_time(seconds=1)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.finding.code) == ("expired", "not_written")
    assert not table.delivery.consents.authorised("KZ", table.now)
    assert code(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == "writing_overdue"
    assert outcome_of(table) == "expired"


def over() -> Table:
    """It was let go by word of mouth and seized an hour later, before the writing was due."""
    table = told_only().dispatch()
    table.pass_time(hours=1)
    table.say("kz.police", "interdicted")
    return table


def test_r1_the_writing_is_asked_for_and_taken_though_it_is_over() -> None:
    """A court asks for it: it is still asked of the prosecutor when nothing advances any more, and when everything is over."""
    assert became(over().say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == ("accepted", None)

    table = over()
    for one in table.plan.participants():
        table.say(one, "stop_acknowledged", "stop.acknowledged")
    assert table.delivery.state.outcome == "interdicted_early"
    progress = table.at("written.kz.prosecutor.1")
    assert (progress.open, after_silence(table.delivery, progress)) == (True, "closes")
    assert became(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == ("accepted", None)
    assert table.is_closed("written.kz.prosecutor.1")
    assert table.delivery.state.grants["kz.prosecutor"].form == "written"
    verify(table.packet())


def test_r1_the_writing_is_asked_for_and_taken_though_what_it_confirms_has_ended() -> None:
    """The authorisation runs out, which halts: what was done on it is written down all the same."""
    plan = with_changes(plan_={"expiry_warnings": []})
    table = Table(plan, other_cards=card_of("KZ", urgent=[URGENT[0] | {"written_within": "12h"}]))
    ends = {"valid_until": (table.now + timedelta(hours=2)).isoformat()}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", **(GIVEN | ends))
    table.pass_time(hours=3)
    assert (True, True) == (table.delivery.state.grants["kz.prosecutor"].expired, table.is_open("written.kz.prosecutor.1"))
    assert became(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == ("accepted", None)
    assert table.is_closed("written.kz.prosecutor.1")


def test_r1_what_is_never_written_is_said_when_it_is_over() -> None:
    """The outcome stays; the record says whose writing did not come, and a later one is refused."""
    table = over()
    table.pass_time(hours=11)
    halt, grant = table.delivery.state.halt, table.delivery.state.grants["kz.prosecutor"]
    assert halt is not None
    assert (halt.finding.code, grant.form, grant.expired) == ("interdicted_on_the_way", "oral", True)
    said = [one.event.finding for one in table.delivery.ledger.entries if isinstance(one.event, Silence) and one.event.finding]
    assert [(one.code, one.parameters["services"]) for one in said] == [("not_written", ("kz.prosecutor",))]
    assert table.is_closed("written.kz.prosecutor.1")
    table.pass_time(hours=1)
    assert table.delivery.state.outcome == "interdicted_early"
    assert code(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == "writing_overdue"
    verify(table.packet())


def test_r1_a_second_oral_consent_gains_no_time() -> None:
    """Said again by word of mouth, it is still to be written by the first time."""
    table = told_only()
    due = table.at("written.kz.prosecutor.1").due
    table.pass_time(hours=8)
    again = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", **GIVEN)
    assert again.verdict.verdict != "accepted"
    assert table.at("written.kz.prosecutor.1").due == due
    table.pass_time(hours=4)
    assert table.delivery.state.halt is not None


def test_r1_nor_does_a_longer_one_that_is_not_written() -> None:
    """An extension extends, and writes nothing."""
    table = told_only()
    longer = {"state": "KZ", "valid_until": "2022-04-20T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("accepted", None)
    assert table.is_open("written.kz.prosecutor.1")
    table.pass_time(hours=12)
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.finding.code == "not_written"


def test_r8_a_hold_stops_no_such_clock() -> None:
    """While it is held, the writing is still due."""
    table = told_only()
    table.pass_time(hours=8)
    table.say("kz.knb", "hold_requested")
    table.pass_time(hours=4)
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.finding.code == "not_written"
