"""R9: the consignment is kept in sight, asked after, searched for; and R14: risk to life stops."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.carried import carried
from domain.delivery.decided import Closed, Opened
from domain.delivery.memory import Spent
from domain.delivery.reported import Asked, AskedOnceMore
from domain.delivery.statement import sign_statement
from domain.plan.plan import Plan
from domain.record.door import submit
from domain.record.verify import verify
from domain.rules.course import advance, next_moment
from domain.rules.watch import check_in_due
from domain.views.view import view
from domain.words.moments import utc_text
from domain.words.quantities import MAX_SPAN
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, brings, code, dispatched, entry_of, forbidden, outcome_of
from tests.domain.test_changes import change
from tests.support import Table, example_cards, example_directory, example_plan, private_key_of, with_changes


def watched_plan() -> Plan:
    """Almaty - Tashkent with a check-in every two hours, an hour to answer and six to search."""
    surveillance = {"check_in": "2h", "answer": "1h", "search": "6h"}
    return Plan.model_validate(example_plan().model_dump() | {"surveillance": surveillance})


def on_the_way() -> Table:
    """Dispatched, under a plan that asks for check-ins."""
    return Table(plan=watched_plan()).dispatch()


def test_r9_check_in_is_due_the_plans_interval_after_the_last_contact() -> None:
    """Not before; and a sighting in between puts it off."""
    table = on_the_way()
    began = table.now
    assert began + timedelta(hours=2) == check_in_due(table.delivery) == next_moment(table.delivery, table.now)
    table.pass_time(hours=1)
    assert "accepted" == table.say("kz.police", "sighted").verdict.verdict
    assert began + timedelta(hours=3) == check_in_due(table.delivery)
    assert [] == brings(table, hours=2, microseconds=-1)
    assert ["opened"] == brings(table, microseconds=1)
    assert table.is_open("sighting.1")


def test_r9_no_sighting_is_asked_before_it_is_due() -> None:
    """A ledger that asks early is not believed: it would show a check-in that nobody owed."""
    table = on_the_way()
    asked = on_the_way()
    asked.pass_time(hours=2)
    opening = entry_of(asked, "opened", checkpoint="sighting.1").event
    assert isinstance(opening, Opened)
    early = opening.model_copy(update={"due": utc_text(table.now + timedelta(hours=1))})
    assert "is nothing, recorded is opened" in forbidden(table, early)


@pytest.mark.parametrize(("spent", "times"), [(0, 1), (999, 1), (1_000, 2), (1_500, 4), (1_999, 1_024), (2_000, 1_024)])
def test_r28_who_has_said_half_of_what_it_may_is_asked_half_as_often(spent: int, times: int) -> None:
    """And so on: a way that takes longer than planned leaves whoever watches a word to the end."""
    table = on_the_way()
    soon = check_in_due(table.delivery)
    table.delivery.state.spent["kz.police"] = Spent(spent)
    later, contact = check_in_due(table.delivery), table.delivery.state.last_contact
    assert soon is not None
    assert later is not None
    assert contact is not None
    assert later - contact == times * (soon - contact)


def test_r28_check_ins_as_rare_as_a_span_may_be_come_no_later_than_that() -> None:
    """Who has said nearly all that it may is asked as rarely as a span lets, within the calendar."""
    surveillance = {"check_in": MAX_SPAN, "answer": "1h", "search": "6h"}
    table = Table(plan=with_changes(plan_={"surveillance": surveillance})).dispatch()
    table.delivery.state.spent["kz.police"] = Spent(1_999)
    contact = table.delivery.state.last_contact
    assert contact is not None
    assert contact + MAX_SPAN == check_in_due(table.delivery)


def test_r9_missed_check_in_opens_a_gap_from_the_last_contact_and_a_search() -> None:
    """Asked and silent: out of sight since it was last seen; the search is a checkpoint of its own."""
    table = on_the_way()
    began = table.now
    table.pass_time(hours=2)
    assert "search.1" not in table.delivery.state.progress
    assert ["came_due", "asked_once_more", "silence", "closed", "opened"] == [
        one for one in brings(table, hours=1) if one != "told"
    ]
    assert table.delivery.state.gap is not None
    assert began == table.delivery.state.gap.began
    closed = entry_of(table, "closed", checkpoint="sighting.1").event
    assert Closed(checkpoint="sighting.1", result="unanswered") == closed
    assert table.now + timedelta(hours=6) == table.delivery.state.progress["search.1"].due


@pytest.mark.parametrize("first", ["asked", "asked_once_more"])
def test_r9_nobody_is_silent_at_a_check_in_whose_time_was_over_before_anybody_could_ask(first: str) -> None:
    """No worker was up from before the check-in until the search would have been over: its time begins when somebody is there to
    ask, once, and nothing is lost for want of an answer that nobody asked for.
    """
    table = on_the_way()
    back = table.now + timedelta(hours=12)
    advance(table.delivery, back)
    assert ["opened", "came_due"] == [one for one in table.events if one != "reminded"][-2:]
    table.now = back
    asking = Asked(checkpoint="sighting.1", received=("kz.police",))
    table.report(asking if first == "asked" else AskedOnceMore(checkpoint="sighting.1"))
    known = table.delivery.state.progress["sighting.1"]
    assert (back, back + timedelta(hours=1)) == (known.counted_from, known.due)
    assert (None, None) == (table.delivery.state.gap, table.delivery.state.halt)
    table.pass_time(hours=1)
    assert (True, 1) == (table.is_open("search.1"), table.events.count("came_due"))
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r9_a_sighting_that_was_left_while_no_worker_was_up_counts() -> None:
    """The check-in and the search would both have been over when it was said; it is judged as what it is, in time."""
    table = on_the_way()
    table.now += timedelta(hours=12)
    said = table.statement("kz.police", "sighted")
    assert ("accepted", None) == became(submit(table.delivery, sign_statement(said, private_key_of("kz.police")), table.now))
    assert (None, None) == (table.delivery.state.gap, table.delivery.state.halt)
    assert table.delivery.state.watched


def test_r9_answered_check_in_closes_and_the_next_comes_an_interval_later() -> None:
    """Whoever is responsible says where it is, and is asked again two hours after that."""
    table = on_the_way()
    table.pass_time(hours=2, minutes=30)
    table.say("kz.police", "sighted", "sighting.1")
    assert table.is_closed("sighting.1")
    assert table.now + timedelta(hours=2) == check_in_due(table.delivery)
    table.pass_time(hours=2)
    assert table.is_open("sighting.2")


def test_r9_a_contact_at_the_instant_of_the_check_in_leaves_nobody_silent() -> None:
    """The offer came a moment before the check-in was due, and is recorded after it opened, under the same time."""
    table = on_the_way()
    table.pass_time(hours=2)
    assert table.is_open("sighting.1")
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert Closed(checkpoint="sighting.1", result="withdrawn") == entry_of(table, "closed", checkpoint="sighting.1").event


def test_r9_gap_ends_when_it_is_seen_and_keeps_its_bounds() -> None:
    """Lost by word of the responsible authority, regained by a sighting: both ends stand in the record."""
    table = on_the_way()
    began = table.now
    table.pass_time(minutes=40)
    lost = table.say("kz.police", "surveillance_lost", reason="the van turned off")
    assert table.is_open("search.1")
    gap = table.delivery.state.gap
    assert gap is not None
    assert (began, lost.seq) == (gap.began, gap.seq)
    table.pass_time(minutes=30)
    found = table.say("kz.police", "surveillance_regained", "search.1", place="lay-by", reason="found")
    assert (None, 1) == (table.delivery.state.gap, table.delivery.state.gaps)
    assert (utc_text(table.now), table.now) == (found.entry.at, table.delivery.state.last_contact)
    assert Closed(checkpoint="search.1", result="satisfied") == entry_of(table, "closed", checkpoint="search.1").event


def given_up_search() -> Table:
    """Lost by word of the responsible authority, and not found in time."""
    table = on_the_way()
    table.say("kz.police", "surveillance_lost", reason="gone")
    table.pass_time(hours=6)
    return table


def test_r9_search_without_an_end_halts_as_lost() -> None:
    """Never closed by itself: silence at the search halts, and nothing but a seizure or an act of loss ends it."""
    table = given_up_search()
    assert table.delivery.state.halt is not None
    assert ("lost", "R9") == (table.delivery.state.halt.cause, table.delivery.state.halt.rule)
    assert Closed(checkpoint="search.1", result="withdrawn") == entry_of(table, "closed", checkpoint="search.1").event
    table.pass_time(hours=12)
    assert (None, True) == (table.delivery.state.outcome, table.is_open("stop.interdiction"))
    table.say("kz.police", "loss_recorded", circumstances="not found")
    assert "lost_or_stolen" == table.delivery.state.outcome


def test_r9_nothing_is_given_up_before_it_was_searched() -> None:
    """An act of loss is refused while it is on its way, and after a stop for another reason."""
    table = on_the_way()
    assert ("refused", "R9") == became(table.say("kz.police", "loss_recorded", circumstances="gone"))
    table.say("uz.police", "stop_requested")
    assert ("refused", "R9") == became(table.say("kz.police", "loss_recorded", circumstances="gone"))


def test_r9_what_was_out_of_sight_when_it_was_stopped_may_be_given_up_as_lost() -> None:
    """A stop ends the search. Where it is not found nobody can seize it, and the delivery ends all the same."""
    table = on_the_way()
    table.say("kz.police", "surveillance_lost", reason="gone")
    table.say("uz.police", "stop_requested")
    table.pass_time(hours=12)
    assert (None, True) == (table.delivery.state.outcome, table.is_open("stop.interdiction"))
    assert ("accepted", None) == became(table.say("kz.police", "loss_recorded", circumstances="not found"))
    assert "lost_or_stolen" == table.delivery.state.outcome


def test_r9_only_the_responsible_authority_speaks_of_sight() -> None:
    """R4 for each of the three."""
    table = on_the_way()
    for kind, content in (
        ("surveillance_lost", {"reason": "gone"}),
        ("surveillance_regained", {"place": "road", "reason": "seen"}),
        ("loss_recorded", {"circumstances": "gone"}),
    ):
        assert ("refused", "R4") == became(table.say("uz.customs", kind, **content))


def test_r9_found_after_all_it_is_interdicted() -> None:
    """Halted as lost, then found and seized: interdicted early, not lost."""
    assert "interdicted_early" == outcome_of(given_up_search())


def test_r9_what_has_been_found_and_seized_is_not_given_up_as_lost() -> None:
    """Once it is in safe hands, no act of loss takes it out of the balance."""
    table = given_up_search()
    table.say("kz.police", "interdicted")
    assert ("refused", "R10") == became(table.say("kz.police", "loss_recorded", circumstances="no trace of it"))
    assert not table.delivery.state.lost


def test_r14_risk_to_life_stops_whoever_reports_it() -> None:
    """The coordinator, who has no power at all, reports it; the outcome says why it ended."""
    table = on_the_way()
    table.say("caricc", "incident", risk_to_life=True, what="the courier is armed")
    assert table.delivery.state.halt is not None
    assert "R14" == table.delivery.state.halt.rule
    assert ("refused", "R8") == became(table.say("kz.police", "handover_offered", "tashkent-airport"))
    assert "aborted_for_risk_to_life" == outcome_of(table)


def test_r14_incident_without_a_risk_to_life_is_recorded_and_stops_nothing() -> None:
    """It is for everyone to know; the delivery goes on."""
    table = on_the_way()
    assert "accepted" == table.say("caricc", "incident", risk_to_life=False, what="heavy traffic").verdict.verdict
    assert table.delivery.state.halt is None


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([{"service": "kz.police", "at": "sighting"}, {"service": "kz.police", "at": "search"},
          {"service": "kz.police", "at": "stop.interdiction", "says": "loss_recorded"}], "lost_or_stolen"),
        ([{"service": "kz.police", "at": "sighting"}], "delivered_with_arrests"),
        ([{"service": "uz.police", "at": "departure", "says": "incident", "details": {"risk_to_life": True}}],
         "aborted_for_risk_to_life"),
    ],
    ids=["lost", "found again", "danger"],
)  # fmt: skip
def test_the_story_asks_alarms_searches_and_halts(acts: list[dict[str, object]], outcome: str) -> None:
    """The whole ladder, told by the story in the simulator; everyone is alarmed when it is out of sight."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    plan = watched_plan()
    done = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    entries = done.delivery.ledger.entries
    alarmed = [entry.event for entry in entries if entry.event.event == "told" and entry.event.kind == "alarm"]

    assert outcome == done.delivery.state.outcome
    assert (outcome != "aborted_for_risk_to_life") == bool(alarmed)
    Checker(plan).check(entries)


def test_r9_once_a_device_has_failed_it_is_looked_at_more_often() -> None:
    """The plan's closer interval counts from then on; a device that was never put in cannot fail."""
    surveillance = {"check_in": "2h", "answer": "1h", "search": "6h", "degraded": "30m"}
    table = Table(plan=Plan.model_validate(example_plan().model_dump() | {"surveillance": surveillance}))
    tracker = {"label": "T-1", "what": "tracker", "gross": "100 g", "lasts": "30d"}
    table.consent().say("kz.police", "prepared", "preparation", items=[tracker])
    dispatched(table)
    unknown = table.say("kz.police", "device_failed", label="T-2", reason="battery")
    before = check_in_due(table.delivery)
    table.say("kz.police", "device_failed", label="T-1", reason="battery")

    assert (("refused", "R9"), "no_such_device") == (became(unknown), code(unknown))
    assert table.now + timedelta(hours=2) == before
    assert table.now + timedelta(minutes=30) == check_in_due(table.delivery)
    assert "opened" in brings(table, minutes=30)


def watching(**hours: float | None) -> dict[str, Any]:
    """That plan with another watch, or with none."""
    watch = {name: timedelta(hours=span) for name, span in hours.items() if span is not None}
    return {"surveillance": watch or None}


def changing(table: Table, asked: str, **hours: float) -> None:
    """The watch changes, and each State ahead is asked afresh at a checkpoint whose name ends so."""
    document = watched_plan().model_dump() | watching(**hours)
    afresh = [one | {"id": f"{one['id']}-{asked}"} for one in document["checkpoints"] if one["step"] == "authorise"]
    known = {one.id: one.model_dump() for one in table.delivery.plan.checkpoints}
    document["checkpoints"] = [*(known | ({one["id"]: one for one in afresh} if asked else {})).values()]
    change(table, Plan.model_validate(document))


def answer_afresh(table: Table, asked: str, *states: str) -> None:
    """They consent to what they are asked there."""
    for state in states:
        said = table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}-{asked}")
        assert became(said) == ("accepted", None)


def test_r22_a_looser_watch_counts_once_the_states_have_consented_to_it() -> None:
    """Before, it counted at once, whatever they said then. A closer one counts at once, and of one that is both, each span for
    itself.
    """
    table = on_the_way()
    began = table.now
    changing(table, "8h", check_in=8, answer=0.5, search=6)
    assert check_in_due(table.delivery) == began + timedelta(hours=2)
    answer_afresh(table, "8h", "uz")
    assert check_in_due(table.delivery) == began + timedelta(hours=2)
    seen = [view(table.delivery, table.directory.get(one), table.now).closer for one in ("kz.police", "uz.customs")]
    assert seen == [table.delivery.state.watch, None]
    brings(table, hours=2)
    assert table.at("sighting.1").due == table.now + timedelta(minutes=30)
    assert became(table.say("kz.police", "sighted")) == ("accepted", None)
    answer_afresh(table, "8h", "kz")
    assert check_in_due(table.delivery) == table.now + timedelta(hours=8)
    assert view(table.delivery, table.directory.get("kz.police"), table.now).closer is None
    changing(table, "", check_in=1, answer=0.5, search=6)
    assert check_in_due(table.delivery) == table.now + timedelta(hours=1)
    assert carried(table.delivery).led_to_by(table.delivery)
    verify(table.packet())


def test_r22_no_watch_at_all_counts_no_sooner_and_further_changes_do_not_bring_it_nearer() -> None:
    """It is asked after and searched for until they have agreed; a second change in between loosens nothing by itself."""
    table = on_the_way()
    began = table.now
    changing(table, "none")
    assert check_in_due(table.delivery) == began + timedelta(hours=2)
    changing(table, "again", check_in=4, answer=1, search=6)
    answer_afresh(table, "none", "kz", "uz")
    assert check_in_due(table.delivery) == began + timedelta(hours=2)
    assert carried(table.delivery).led_to_by(table.delivery)
    answer_afresh(table, "again", "kz", "uz")
    assert check_in_due(table.delivery) == began + timedelta(hours=4)
    verify(table.packet())


def test_r22_whoever_does_not_consent_to_a_looser_watch_halts_it_as_it_was_watched() -> None:
    """A no is a no. Where the change is undone, what they consented to is as it was, and the question goes."""
    table = on_the_way()
    changing(table, "8h", check_in=8, answer=1, search=6)
    change(table, watched_plan().model_copy(update={"title": "As before"}))
    assert not table.is_open("consent-uz-8h")
    changing(table, "again", check_in=8, answer=1, search=6)
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz-again")
    assert table.delivery.state.halt is not None
    verify(table.packet())


def in_charge_instead(plan: Plan) -> Plan:
    """The border service of Kazakhstan is responsible for the flight from now on, and offers custody at its end."""
    document = plan.model_dump()
    document["legs"] = [document["legs"][0] | {"responsible": "kz.border"}, *document["legs"][1:]]
    offer = next(one for one in document["checkpoints"] if one["id"] == "tashkent-airport")["requires"][0]
    offer["service"] = "kz.border"
    return Plan.model_validate(document)


@pytest.mark.parametrize(("hours", "asked"), [(2, "sighting"), (3, "search")])
def test_r22_where_it_is_is_asked_of_who_is_responsible_by_a_changed_plan(hours: int, asked: str) -> None:
    """Who is so no more cannot answer it, and would be silent to the end."""
    table = on_the_way()
    table.pass_time(hours=hours)
    change(table, in_charge_instead(table.plan))
    assert table.at(f"{asked}.1").result == "withdrawn"
    assert table.at(f"{asked}.2").checkpoint.services() == ("kz.border",)
    assert became(table.say("kz.border", "sighted", f"{asked}.2")) == ("accepted", None)
    assert table.delivery.state.gap is None
