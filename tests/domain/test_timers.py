"""What time brings, and when it brings the next thing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from domain.rules.timers import elapsed
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.events import Closed, Event, Expired, Expiring, Opened, Reminded, Silence
from domain.plan.plan import Plan
from domain.rules import unforeseen
from domain.rules.course import next_moment
from domain.words.moments import utc_text
from tests.support import Table, example_plan

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def asked() -> Table:
    """Uzbekistan is asked for its consent: 48 h, reminders after 24 h and 40 h."""
    table = Table()
    table.open("consent-uz")
    return table


def due(table: Table, after: timedelta) -> tuple[Event, ...]:
    """What has become due by then."""
    return elapsed(table.delivery, table.now + after)


WHO = ("uz.prosecutor",)
FIRST = Reminded(checkpoint="consent-uz", services=WHO, rung=1)
SECOND = Reminded(checkpoint="consent-uz", services=WHO, rung=2)
SILENT = Silence(checkpoint="consent-uz", services=WHO)


def test_nothing_is_due_before_anything_opens() -> None:
    """A delivery that waits for nothing waits for no moment either."""
    table = Table()
    assert (next_moment(table.delivery), due(table, 1000 * HOUR)) == (None, ())


def test_reminders_come_at_their_moments_and_then_silence() -> None:
    """24 h, 40 h, 48 h: each at its instant, not a microsecond before, and once recorded never again."""
    table = asked()
    for after, event in ((24 * HOUR, FIRST), (40 * HOUR, SECOND), (48 * HOUR, SILENT)):
        assert next_moment(table.delivery) == table.now + after
        assert due(table, after - MOMENT) == ()
        assert due(table, after) == (event,)
        table.delivery.append(table.delivery.ledger.next(event, utc_text(table.now + after)))
    assert next_moment(table.delivery) is None


def test_after_a_long_absence_what_is_due_comes_in_order() -> None:
    """First the reminder that was missed, then the silence; after it no reminder is made up for."""
    table = asked()
    table.pass_time(hours=100)
    assert due(table, timedelta()) == (FIRST, SILENT)
    for event in (FIRST, SILENT):
        table.record(event)
    assert (due(table, timedelta()), next_moment(table.delivery)) == ((), None)


def test_answered_checkpoint_is_not_reminded_of() -> None:
    """Once satisfied nothing is due, open or closed."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2023-03-01T00:00:00Z")
    assert due(table, 100 * HOUR) == ()
    table.close("consent-uz")
    assert due(table, 100 * HOUR) == ()


def test_only_those_who_have_not_answered_are_named() -> None:
    """The customs has answered, the security committee has not."""
    table = Table().consent()
    table.open("preparation")
    table.say("kz.customs", "prepared", "preparation")
    waiting = ("kz.knb",)
    assert due(table, 8 * HOUR) == (Reminded(checkpoint="preparation", services=waiting, rung=1),)
    assert due(table, 12 * HOUR)[1] == Silence(checkpoint="preparation", services=waiting)


def test_withdrawn_checkpoint_brings_nothing() -> None:
    """What has been taken back is not waited for."""
    table = asked()
    table.say("kz.knb", "stop_requested")
    table.record(Closed(checkpoint="consent-uz", result="withdrawn"))
    assert due(table, 100 * HOUR) == ()


def test_interdiction_is_reminded_of_for_as_long_as_it_takes() -> None:
    """Every hour by the plan, without end, and never silent."""
    table = Table().dispatch()
    table.say("kz.knb", "stop_requested")
    definition = unforeseen.definition(table.delivery, unforeseen.INTERDICTION)
    table.record(Opened(checkpoint=unforeseen.INTERDICTION, due=None, definition=definition))
    begun = table.now
    for rung in range(1, 100):
        table.now = begun + rung * HOUR
        assert next_moment(table.delivery) == table.now
        table.record(Reminded(checkpoint=unforeseen.INTERDICTION, services=("kz.customs",), rung=rung))
    table.say("kz.customs", "interdicted", unforeseen.INTERDICTION)
    assert next_moment(table.delivery) is None


UNTIL = datetime.fromisoformat("2022-04-01T00:00:00+00:00")


def expiring(service: str, rung: int) -> Expiring:
    """A warning."""
    return Expiring(service=service, valid_until=utc_text(UNTIL), rung=rung)


def test_warnings_come_at_the_lead_times_longest_first() -> None:
    """48 h, 12 h, 2 h before the end, however the plan lists them, then the expiry."""
    plan = example_plan().model_copy(update={"expiry_warnings": (2 * HOUR, 48 * HOUR, 12 * HOUR)})
    table = Table(plan)
    table.open("consent-uz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    for rung, lead in enumerate((48, 12), start=1):
        table.now = UNTIL - lead * HOUR
        assert elapsed(table.delivery, table.now - MOMENT) == ()
        assert next_moment(table.delivery) == table.now
        assert elapsed(table.delivery, table.now) == (expiring("uz.prosecutor", rung),)
        table.record(expiring("uz.prosecutor", rung))
    assert next_moment(table.delivery) == UNTIL - 2 * HOUR
    assert elapsed(table.delivery, UNTIL) == (expiring("uz.prosecutor", 3), Expired(service="uz.prosecutor"))


def test_no_warning_for_a_state_that_has_been_left() -> None:
    """Kazakhstan is behind the handover; only Uzbekistan's consent is watched."""
    table = Table().approach()
    assert {event.service for event in elapsed(table.delivery, UNTIL) if isinstance(event, Expired)} == {
        "kz.prosecutor",
        "uz.prosecutor",
    }
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert elapsed(table.delivery, UNTIL) == (expiring("uz.prosecutor", 1), Expired(service="uz.prosecutor"))


@pytest.mark.parametrize("kind", ["delivered", "halted", "withdrawn"])
def test_no_warning_where_nothing_travels_any_more(kind: str) -> None:
    """After the delivery, a halt or a withdrawal no consent is watched."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    table.close("tashkent-airport")
    if kind == "delivered":
        table.open("delivery")
        table.say("uz.customs", "delivered", "delivery")
    elif kind == "halted":
        table.say("caricc", "stop_requested")
    else:
        table.say("uz.prosecutor", "authorisation_withdrawn")
    assert [event for event in elapsed(table.delivery, UNTIL) if isinstance(event, Expiring | Expired)] == []


def changed(plan: Plan, **of_first: Any) -> Plan:
    """The plan with its first checkpoint changed."""
    first = plan.checkpoints[0].model_copy(update=of_first)
    return plan.model_copy(update={"checkpoints": (first, *plan.checkpoints[1:])})


@given(
    remind=st.lists(st.integers(1, 200), max_size=4, unique=True).map(sorted),
    end=st.integers(1, 200),
    step=st.integers(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_next_moment_is_the_first_at_which_something_has_elapsed(remind: list[int], end: int, step: int) -> None:
    """For any ladder: before the next moment nothing is due, at it something is; recording all of it ends."""
    plan = changed(example_plan(), remind=tuple(hours * HOUR for hours in remind), due=end * HOUR)
    table = Table(plan)
    table.open("consent-kz")
    recorded = []
    while (moment := next_moment(table.delivery)) is not None:
        assert elapsed(table.delivery, moment - MOMENT) == ()
        table.now = max(table.now, moment) + step * HOUR
        first = elapsed(table.delivery, table.now)[0]
        table.record(first)
        recorded.append(first.event)
    assert recorded.count("silence") == 1
    assert recorded == ["reminded"] * (len(recorded) - 1) + ["silence"]
