"""What time brings, and when it brings the next thing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.decided import CameDue, Expired, Expiring, Reminded, Silence
from domain.delivery.progress import Progress
from domain.delivery.reported import Amended, Asked, AskedOnceMore
from domain.delivery.statement import sign_statement
from domain.plan.directory import Poll
from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.record.door import amend, submit
from domain.record.replay import replay
from domain.record.verify import verify
from domain.rules.course import advance, next_moment
from domain.words.errors import NotVerified
from domain.words.limits import MOST_REMINDERS, RARELY, REMINDERS_AT_PACE
from domain.words.moments import instant, utc_text
from rehearsal.services import EPOCH, private_key_of
from tests.course import became, brings, coming, entry_of, forbidden, replaced
from tests.support import Table, card_of, example_plan, signed_plan, with_changes

HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
LATER = "2023-03-01T00:00:00Z"


def asked(plan: Plan | None = None) -> Table:
    """Kazakhstan has consented; Uzbekistan is asked for its consent: 48 h, reminders after 24 h and 40 h."""
    table = Table(plan or example_plan())
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=LATER)
    return table


WHO = ("uz.prosecutor",)
FIRST = Reminded(checkpoint="consent-uz", services=WHO, rung=1)
SECOND = Reminded(checkpoint="consent-uz", services=WHO, rung=2)
SILENT = Silence(checkpoint="consent-uz", services=WHO)
LADDER = ((24 * HOUR, FIRST), (40 * HOUR, SECOND), (48 * HOUR, SILENT))


def test_nothing_is_due_before_anything_opens() -> None:
    """A delivery that waits for the register waits for no moment, and asks nobody how to go on."""
    table = Table(alone=False)
    assert next_moment(table.delivery, table.now) is None
    assert brings(table, days=1000) == []


def test_reminders_come_at_their_moments_and_then_silence() -> None:
    """24 h, 40 h, 48 h: each at its instant, not a microsecond before, and once recorded never again."""
    table = asked()
    began = table.now
    for after, event in LADDER:
        assert next_moment(table.delivery, table.now) == began + after
        assert coming(table, began + after - MOMENT) is None
        assert coming(table, began + after) == event
        brings(table, seconds=(began + after - table.now).total_seconds())
    assert table.is_closed("consent-uz")


def test_after_a_long_absence_each_thing_has_its_own_moment() -> None:
    """Nobody looked for 100 h: what fell due meanwhile is recorded with the instant at which it fell due."""
    table = asked()
    began = table.now
    table.pass_time(hours=100)
    recorded = [(entry.at, entry.event) for entry in table.delivery.ledger.entries if entry.event in (FIRST, SECOND, SILENT)]
    assert recorded == [(utc_text(began + after), event) for after, event in LADDER]
    halt = table.delivery.state.halt
    assert halt is not None
    assert table.delivery.ledger.entries[halt.seq].at == utc_text(began + 48 * HOUR)


def test_answered_checkpoint_is_not_reminded_of() -> None:
    """Once it has its answer nothing is due about it."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LATER)
    table.pass_time(hours=100)
    about = [entry.event for entry in table.delivery.ledger.entries if isinstance(entry.event, Reminded | Silence)]
    assert [event for event in about if event.checkpoint == "consent-uz"] == []


def test_only_those_who_have_not_answered_are_named() -> None:
    """The customs has answered, the security committee has not."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation")
    waiting = ("kz.knb",)
    assert coming(table, table.now + 8 * HOUR) == Reminded(checkpoint="preparation", services=waiting, rung=1)
    table.pass_time(hours=8)
    assert coming(table, table.now + 4 * HOUR) == Silence(checkpoint="preparation", services=waiting)


def test_withdrawn_checkpoint_brings_nothing() -> None:
    """What has been taken back is not waited for."""
    table = asked()
    table.say("kz.knb", "stop_requested")
    assert table.is_closed("consent-uz")
    table.pass_time(hours=100)
    assert not {FIRST, SECOND, SILENT} & {entry.event for entry in table.delivery.ledger.entries}


def test_interdiction_is_reminded_of_at_the_plans_pace_then_daily_and_a_hundred_times_in_all() -> None:
    """Every hour by the plan for two days, then daily for seven weeks, and never silent; after that nothing more is recorded of
    it, however long it waits, and it is seized all the same.
    """
    table = Table(other_cards=card_of("KZ", duties=[])).dispatch()  # whose results nobody is told when a permission ends
    table.say("kz.knb", "stop_requested")
    table.pass_time(hours=12)
    for rung in range(13, MOST_REMINDERS + 1):
        after = HOUR if rung <= REMINDERS_AT_PACE else RARELY
        assert next_moment(table.delivery, table.now) == table.now + after
        reminded = Reminded(checkpoint="stop.interdiction", services=("kz.police",), rung=rung)
        assert coming(table, table.now + after) == reminded
        table.pass_time(seconds=after.total_seconds())
    size = len(table.delivery.ledger)
    assert table.now > table.delivery.state.progress["stop.interdiction"].opened + timedelta(days=45)
    assert next_moment(table.delivery, table.now) is None
    table.pass_time(days=1000)
    assert size == len(table.delivery.ledger)
    table.say("kz.police", "interdicted", "stop.interdiction")
    assert "reminded" not in brings(table, hours=1)
    assert table.is_closed("stop.interdiction")


@pytest.mark.parametrize(("every", "days"), [(timedelta(minutes=5), 52), (timedelta(days=3), 300)])
def test_a_checkpoint_that_waits_without_end_adds_a_hundred_entries_at_most(every: timedelta, days: int) -> None:
    """At the shortest pace that a plan may have, and at one slower than a day, which stays as slow as it is."""
    words = example_plan().contingencies.model_copy(update={"remind_every": every})
    table = Table(example_plan().model_copy(update={"contingencies": words})).dispatch()
    table.say("kz.knb", "stop_requested")
    table.pass_time(days=1000)
    reminded = [entry for entry in table.delivery.ledger.entries if isinstance(entry.event, Reminded)]
    about = [entry for entry in reminded if isinstance(entry.event, Reminded) and entry.event.checkpoint == "stop.interdiction"]

    assert MOST_REMINDERS == len(about)
    assert days == (instant(about[-1].at) - instant(about[0].at)).days + (every > RARELY) * every.days


UNTIL = datetime.fromisoformat("2022-04-01T00:00:00+00:00")
"""When consents end at a table, if nothing else is said."""


def warned(table: Table) -> list[tuple[str, str, str]]:
    """What has been recorded of authorisations that run out: what, whose, and when."""
    return [
        (entry.event.event, entry.event.service, entry.at)
        for entry in table.delivery.ledger.entries
        if isinstance(entry.event, Expiring | Expired)
    ]


def test_warnings_come_at_the_lead_times_longest_first() -> None:
    """48 h, 12 h, 2 h before the end, however the plan lists them; at the last it halts."""
    slow = example_plan().contingencies.model_copy(update={"extension": timedelta(days=3)})
    leads = (2 * HOUR, 48 * HOUR, 12 * HOUR)
    table = asked(example_plan().model_copy(update={"expiry_warnings": leads, "contingencies": slow}))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.pass_time(days=60)
    at = [utc_text(UNTIL - lead * HOUR) for lead in (48, 12, 2)]
    assert warned(table) == [("expiring", "uz.prosecutor", one) for one in at]
    halt = table.delivery.state.halt
    assert halt is not None
    assert table.delivery.ledger.entries[halt.seq].at == at[-1]


@pytest.mark.parametrize("off", [-MOMENT, MOMENT])
def test_what_time_brought_stands_at_its_own_moment(off: timedelta) -> None:
    """A stranger does not believe a reminder that was recorded a moment sooner or later than it fell."""
    table = asked()
    table.pass_time(hours=30)
    entries = table.delivery.ledger.entries
    reminded = entry_of(table, "reminded")
    moved = reminded.model_copy(update={"at": utc_text(instant(reminded.at) + off)})
    with pytest.raises(NotVerified, match="what was due then") as refused:
        replay((*entries[: reminded.seq], moved), table.directory, table.cards)

    assert reminded.seq == refused.value.entry
    assert replay(entries, table.directory, table.cards).state == table.delivery.state


def test_no_warning_for_a_state_that_has_been_left() -> None:
    """Kazakhstan is behind the handover; only Uzbekistan's consent is watched."""
    patient = replaced(example_plan(), "tashkent-airport", overdue="hold")
    for left, expected in ((False, {"kz.prosecutor", "uz.prosecutor"}), (True, {"uz.prosecutor"})):
        table = Table(patient).dispatch()
        if left:
            table.hand_over()
        table.pass_time(seconds=(UNTIL - 48 * HOUR - table.now).total_seconds(), microseconds=-1)
        assert warned(table) == []
        table.pass_time(microseconds=1)
        assert {service for _, service, _ in warned(table)} == expected


@pytest.mark.parametrize("kind", ["delivered", "halted", "withdrawn"])
def test_no_warning_where_nothing_travels_any_more(kind: str) -> None:
    """After the delivery, a halt or a withdrawal no consent is watched."""
    table = Table().dispatch().hand_over()
    if kind == "delivered":
        table.say("uz.customs", "delivered", "delivery")
    elif kind == "halted":
        table.say("caricc", "stop_requested")
    else:
        table.say("uz.prosecutor", "authorisation_withdrawn")
    table.pass_time(days=40)
    assert warned(table) == []


# Services that must be polled: silence decides nothing before they were asked once more


def polled() -> Table:
    """Uzbekistan's prosecutor cannot call us, and is asked for its consent."""
    table = Table(reach={"uz.prosecutor": Poll(url="https://uz.example/vigil", every="1m")})
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=LATER)
    return table


def test_r2_polled_service_is_asked_once_more_before_silence_decides() -> None:
    """It comes due, is asked once more, and only then is silent: three entries in this order."""
    table = polled()
    advance(table.delivery, table.now + 48 * HOUR)
    assert table.events[-1] == "came_due"
    assert entry_of(table, "came_due").at == utc_text(EPOCH + 48 * HOUR)
    assert coming(table, table.now + 1000 * HOUR) is None
    assert table.delivery.state.halt is None
    table.pass_time(hours=49)
    events = [one for one in table.events if one in ("came_due", "asked_once_more", "silence")]
    assert events == ["came_due", "asked_once_more", "silence"]
    assert entry_of(table, "silence").at == utc_text(EPOCH + 49 * HOUR)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r2_what_a_polled_service_said_in_time_counts_though_it_is_fetched_after_the_due_time() -> None:
    """Nobody could fetch it for a while: its answer is accepted, and nothing halts."""
    table = polled()
    table.now += 60 * HOUR
    said = table.statement("uz.prosecutor", "authorisation_granted", "consent-uz")
    answer = submit(table.delivery, sign_statement(said, private_key_of("uz.prosecutor")), table.now)
    assert became(answer) == ("accepted", None)
    assert table.is_closed("consent-uz")
    assert (table.delivery.state.halt, table.events.count("came_due"), table.events.count("silence")) == (None, 1, 0)


def test_r2_silence_of_a_polled_service_that_nobody_asked_once_more_is_not_believed() -> None:
    """Who runs the installation can neither leave the second question out, nor record it early, twice, or of strangers."""
    table = polled()
    early = AskedOnceMore(checkpoint="consent-uz")
    assert "says nothing new" in forbidden(table, early)
    advance(table.delivery, table.now + 48 * HOUR)
    table.now += 48 * HOUR
    assert "is nothing, recorded is silence" in forbidden(table, SILENT)
    assert "R17" in forbidden(table, AskedOnceMore(checkpoint="consent-uz", unreachable=("kz.police",)))
    came_due = entry_of(table, "came_due")
    assert "due then is came_due" in forbidden(table, SILENT, instead_of=came_due)
    table.report(early)
    assert "says nothing new" in forbidden(table, early)


def test_r2_a_polled_service_whose_time_was_extended_is_asked_once_more_when_that_is_over() -> None:
    """The plan is changed while it is asked once more, and gives it two days longer: that question decides nothing about the new
    due time, at which it is asked again; and what it said in time counts then.
    """
    table = polled()
    advance(table.delivery, table.now + 48 * HOUR)
    table.now += 49 * HOUR
    longer = with_changes(table.delivery.plan, consent_uz={"due": "P4D"})
    amend(table.delivery, Amended(plan=signed_plan(longer)), table.now)
    table.report(AskedOnceMore(checkpoint="consent-uz"))
    table.now = EPOCH + 96 * HOUR + HOUR
    advance(table.delivery, table.now)
    assert table.events[-1] == "came_due"
    assert (table.delivery.state.halt, table.events.count("silence")) == (None, 0)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LATER)
    assert table.is_closed("consent-uz")


def test_r2_a_polled_service_that_was_held_up_is_asked_once_more_when_its_time_is_over() -> None:
    """A hold begins while it is asked once more where it is to hand over: when it goes on it is due so much later, and asked
    again then, before silence counts.
    """
    table = Table(reach={"uz.customs": Poll(url="https://uz.example/vigil", every="1m")}).dispatch()
    due = table.at("tashkent-airport").due
    assert due is not None
    advance(table.delivery, due)
    assert table.events[-1] == "came_due"
    table.now = due
    table.say("kz.police", "hold_requested")
    assert table.events.count("asked_once_more") == 1
    table.now += HOUR
    for service in table.at("hold.1").checkpoint.services():
        table.say(service, "hold_decided", "hold.1", decision="go_on")
    events = [one for one in table.events if one in ("came_due", "asked_once_more", "silence")]
    assert events == ["came_due", "asked_once_more", "came_due", "asked_once_more", "silence"]


def test_r2_who_succeeds_a_polled_service_is_asked_once_more_too() -> None:
    """Who was asked in its place after the due time has not been asked once more by what was asked of the one before."""
    asked = Requirement(service="uz.police", says="stop_acknowledgement")
    progress = Progress(
        checkpoint=Checkpoint(id="stop.acknowledged", requires=(asked,), due=HOUR),
        opened=EPOCH,
        due=EPOCH + HOUR,
        came_due=True,
        asked_again=True,
    )
    progress.hand_over(example_plan(), EPOCH)
    assert (progress.due, progress.came_due, progress.asked_again) == (EPOCH + HOUR, False, False)


def test_r2_who_can_call_us_is_not_asked_once_more() -> None:
    """People at a desk have had their time: silence decides at its instant."""
    table = asked()
    table.pass_time(hours=48)
    assert entry_of(table, "silence").at == utc_text(EPOCH + 48 * HOUR)
    assert "came_due" not in table.events
    assert "is nothing, recorded is came_due" in forbidden(asked(), CameDue(checkpoint="consent-uz"))


# Time never runs back


def test_time_in_the_ledger_never_runs_back() -> None:
    """What comes with an earlier instant than the newest entry's is recorded at that one's, and judged as of it."""
    table = asked()
    table.pass_time(hours=24)
    newest = table.delivery.ledger.entries[-1].at
    assert newest == utc_text(EPOCH + 24 * HOUR)
    said = table.statement("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=utc_text(EPOCH + 23 * HOUR))
    late = submit(table.delivery, sign_statement(said, private_key_of("uz.prosecutor")), EPOCH)
    assert (late.entry.at, became(late)) == (newest, ("refused", "R1"))
    table.now = EPOCH
    table.report(Asked(checkpoint="consent-uz", received=WHO))
    assert table.delivery.ledger.entries[-1].at == newest
    times = [entry.at for entry in table.delivery.ledger.entries]
    assert times == sorted(times)
    assert "older than the entry before it" in forbidden(table, Asked(checkpoint="consent-uz", told=WHO))


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
def test_next_moment_is_the_first_that_brings_something(remind: list[int], end: int, step: int) -> None:
    """For any ladder: before the next moment nothing is decided, at it something is; and it ends with one silence."""
    plan = changed(example_plan(), remind=tuple(hours * HOUR for hours in remind), due=end * HOUR)
    table = Table(plan)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LATER)
    while table.delivery.state.halt is None:
        moment = next_moment(table.delivery, table.now)
        assert moment is not None
        assert coming(table, moment - MOMENT) is None
        assert coming(table, moment) is not None
        table.now = max(table.now, moment)
        table.pass_time(hours=step)
    recorded = [entry.event for entry in table.delivery.ledger.entries if isinstance(entry.event, Reminded | Silence)]
    about = [event.event for event in recorded if event.checkpoint == "consent-kz"]
    assert about == ["reminded"] * sum(hours <= end for hours in remind) + ["silence"]
