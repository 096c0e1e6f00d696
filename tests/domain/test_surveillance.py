from datetime import timedelta

import pytest
from domain.rules.timers import elapsed

from domain.delivery.events import Cleared, Closed, Concluded, Opened, Silence
from domain.plan.plan import Plan
from domain.rules import rules, unforeseen
from domain.rules.course import next_moment
from domain.words.errors import RuleBroken
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.support import Table, example_cards, example_directory, example_plan


def watched_plan() -> Plan:
    """Almaty - Tashkent with a check-in every two hours, an hour to answer and six to search."""
    surveillance = {"check_in": "2h", "answer": "1h", "search": "6h"}
    return Plan.model_validate(example_plan().model_dump() | {"surveillance": surveillance})


def on_the_way() -> Table:
    """Dispatched, under a plan that asks for check-ins."""
    return Table(plan=watched_plan()).dispatch()


def open_unforeseen(table: Table, name: str) -> None:
    """Open a checkpoint that no plan holds, as the story does."""
    definition = unforeseen.definition(table.delivery, name)
    table.record(Opened(checkpoint=name, due=rules.due_at(table.delivery, name, table.now), definition=definition))


def silent_at(table: Table, name: str) -> None:
    """Let the due time of a checkpoint pass."""
    due = table.delivery.state.progress[name].due
    assert due is not None
    table.now = due
    table.record(next(event for event in elapsed(table.delivery, due) if isinstance(event, Silence) and event.checkpoint == name))


def test_r9_check_in_is_due_the_plans_interval_after_the_last_contact() -> None:
    """Not before; and a sighting in between puts it off."""
    table = on_the_way()
    began = table.now
    assert began + timedelta(hours=2) == unforeseen.check_in_due(table.delivery) == next_moment(table.delivery)
    table.pass_time(hours=1)
    assert "accepted" == table.say("kz.customs", "sighted").verdict.verdict
    assert began + timedelta(hours=3) == unforeseen.check_in_due(table.delivery)


def test_r9_no_sighting_is_asked_before_it_is_due() -> None:
    """The story cannot ask early: the ledger would show a check-in that nobody owed."""
    table = on_the_way()
    with pytest.raises(RuleBroken, match="R9"):
        open_unforeseen(table, "sighting.1")


def test_r9_missed_check_in_opens_a_gap_from_the_last_contact_and_a_search() -> None:
    """Asked and silent: out of sight since it was last seen; the search is a checkpoint of its own."""
    table = on_the_way()
    began = table.now
    table.pass_time(hours=2)
    open_unforeseen(table, "sighting.1")
    assert unforeseen.definition(table.delivery, "search.1") is None
    silent_at(table, "sighting.1")
    assert table.delivery.state.gap is not None
    assert began == table.delivery.state.gap.began
    table.record(Closed(checkpoint="sighting.1", result="unanswered"))
    open_unforeseen(table, "search.1")
    assert table.now + timedelta(hours=6) == table.delivery.state.progress["search.1"].due


def test_r9_gap_ends_when_it_is_seen_and_keeps_its_bounds() -> None:
    """Lost by word of the responsible authority, regained by a sighting: both ends stand in the record."""
    table = on_the_way()
    began = table.now
    table.pass_time(minutes=40)
    table.say("kz.customs", "surveillance_lost", reason="the van turned off")
    open_unforeseen(table, "search.1")
    table.pass_time(minutes=30)
    table.say("kz.customs", "surveillance_regained", "search.1", place="lay-by", reason="found")
    assert table.delivery.state.gap is None
    assert [(began, table.now)] == [(gap.began, gap.ended) for gap in table.delivery.state.gaps]
    assert table.delivery.state.progress["search.1"].satisfied


def test_r9_search_without_an_end_halts_as_lost() -> None:
    """Never closed by itself: silence at the search halts, and nothing but a seizure or an act of loss ends it."""
    table = on_the_way()
    table.say("kz.customs", "surveillance_lost", reason="gone")
    open_unforeseen(table, "search.1")
    silent_at(table, "search.1")
    assert table.delivery.state.halt is not None
    assert ("lost", "R9") == (table.delivery.state.halt.cause, table.delivery.state.halt.rule)
    with pytest.raises(RuleBroken, match="neither seized nor given up"):
        table.record(Concluded(outcome="lost_or_stolen", reason="test"))
    table.record(Closed(checkpoint="search.1", result="withdrawn"))
    table.say("kz.customs", "loss_recorded", circumstances="not found")
    assert "lost_or_stolen" == rules.conclusion(table.delivery)[0]


def test_r9_nothing_is_given_up_before_it_was_searched() -> None:
    """An act of loss is refused while it is on its way, and after a stop for another reason."""
    table = on_the_way()
    assert "R9" == table.say("kz.customs", "loss_recorded", circumstances="gone").verdict.rule
    table.say("uz.police", "stop_requested")
    assert "R9" == table.say("kz.customs", "loss_recorded", circumstances="gone").verdict.rule


def test_r9_only_the_responsible_authority_speaks_of_sight() -> None:
    """R4 for each of the three."""
    table = on_the_way()
    for kind, content in (
        ("surveillance_lost", {"reason": "gone"}),
        ("surveillance_regained", {"place": "road", "reason": "seen"}),
        ("loss_recorded", {"circumstances": "gone"}),
    ):
        assert "R4" == table.say("uz.customs", kind, **content).verdict.rule


def test_r9_found_after_all_it_is_interdicted() -> None:
    """Halted as lost, then found and seized: interdicted early, not lost."""
    table = on_the_way()
    table.say("kz.customs", "surveillance_lost", reason="gone")
    open_unforeseen(table, "search.1")
    silent_at(table, "search.1")
    table.say("kz.customs", "interdicted")
    assert "interdicted_early" == rules.conclusion(table.delivery)[0]


def test_r14_risk_to_life_stops_whoever_reports_it() -> None:
    """The coordinator, who has no power at all, reports it; the outcome says why it ended."""
    table = on_the_way()
    table.say("caricc", "incident", risk_to_life=True, what="the courier is armed")
    assert table.delivery.state.halt is not None
    assert "R14" == table.delivery.state.halt.rule
    assert "R8" == table.say("kz.customs", "handover_offered", "tashkent-airport").verdict.rule
    table.say("kz.customs", "interdicted")
    assert "aborted_for_risk_to_life" == rules.conclusion(table.delivery)[0]


def test_r14_incident_without_a_risk_to_life_is_recorded_and_stops_nothing() -> None:
    """It is for everyone to know; the delivery goes on."""
    table = on_the_way()
    assert "accepted" == table.say("caricc", "incident", risk_to_life=False, what="heavy traffic").verdict.verdict
    assert table.delivery.state.halt is None


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([{"service": "kz.customs", "at": "sighting"}, {"service": "kz.customs", "at": "search"},
          {"service": "kz.customs", "at": "stop.interdiction", "says": "loss_recorded"}], "lost_or_stolen"),
        ([{"service": "kz.customs", "at": "sighting"}], "delivered_with_arrests"),
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
    entries = tuple(done.delivery.ledger)
    alarmed = [entry.event for entry in entries if entry.event.event == "told" and entry.event.kind == "alarm"]

    assert outcome == done.delivery.state.outcome
    assert (outcome != "aborted_for_risk_to_life") == bool(alarmed)
    Checker(plan).check(entries)


def test_r9_once_a_device_has_failed_it_is_looked_at_more_often() -> None:
    """The plan's closer interval counts from then on; a device that was never put in cannot fail."""
    surveillance = {"check_in": "2h", "answer": "1h", "search": "6h", "degraded": "30m"}
    table = Table(plan=Plan.model_validate(example_plan().model_dump() | {"surveillance": surveillance}))
    table.consent().open("preparation")
    tracker = {"label": "T-1", "what": "tracker", "gross": "100 g", "lasts": "30d"}
    table.say("kz.customs", "prepared", "preparation", items=[tracker])
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    table.record(Cleared(leg=0))
    table.open("departure")
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.say("kz.customs", "dispatched", "departure")
    unknown = table.say("kz.customs", "device_failed", label="T-2", reason="battery").verdict
    before = unforeseen.check_in_due(table.delivery)
    table.say("kz.customs", "device_failed", label="T-1", reason="battery")

    assert ("refused", "R9") == (unknown.verdict, unknown.rule)
    assert table.now + timedelta(hours=2) == before
    assert table.now + timedelta(minutes=30) == unforeseen.check_in_due(table.delivery)
