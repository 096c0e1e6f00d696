"""Rules of the route: one responsible authority at each instant, and no crossing that is not covered."""

from datetime import timedelta

from domain.delivery.events import Cleared, Closed, Opened
from domain.plan.check import faults_in
from domain.record.verify import verify
from domain.rules import unforeseen
from domain.rules.course import conclusion
from domain.words.moments import utc_text
from rehearsal.scenario import Act, Pace, Scenario
from rehearsal.simulator import World, simulate
from tests.course import (
    PHASES,
    became,
    consenting,
    delivered,
    forbidden,
    handed_over,
    let_time_bring,
    open_unforeseen,
    prepared,
    under_way,
)
from tests.support import Table, example_cards, example_directory, example_plan

# R4


def test_r4_sighting_counts_only_from_the_responsible_authority() -> None:
    """In Kazakhstan it is Kazakhstan's customs, after the handover it is Uzbekistan's, and nobody else's."""
    table = Table().approach()
    assert became(table.say("kz.customs", "sighted")) == ("accepted", None)
    assert became(table.say("uz.customs", "sighted")) == ("refused", "R4")
    assert became(table.say("kz.knb", "sighted")) == ("refused", "R4")
    handed_over(table)
    assert became(table.say("kz.customs", "sighted")) == ("refused", "R4")
    assert became(table.say("uz.customs", "sighted")) == ("accepted", None)
    assert table.delivery.state.last_sighting == (table.now.isoformat(), "on the road")


def test_r4_interdiction_counts_only_from_the_responsible_authority() -> None:
    """Seizure by somebody else secures nothing; by the responsible authority it halts and secures."""
    table = Table().dispatch()
    assert became(table.say("uz.customs", "interdicted")) == ("refused", "R4")
    assert (table.delivery.state.secured, table.delivery.state.halt) == (False, None)
    assert became(table.say("kz.customs", "interdicted")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert table.delivery.state.secured
    assert halt is not None
    assert (halt.cause, halt.by) == ("stop", "kz.customs")


def test_r4_legs_begin_one_after_another() -> None:
    """The next leg only: none twice, none skipped, none beyond the last."""
    table = Table().prepare()
    assert forbidden(table, Cleared(leg=1)) == "R4"
    table.record(Cleared(leg=0))
    assert forbidden(table, Cleared(leg=0)) == "R4"
    table.record(Cleared(leg=1))
    assert forbidden(table, Cleared(leg=2)) == "R4"


def test_r4_exactly_one_authority_is_responsible_in_every_phase() -> None:
    """In each phase one service of the plan is responsible: the giver until the acceptance, then the taker."""
    found = {name: make().delivery.state.responsible for name, make in PHASES.items()}
    before = dict.fromkeys(("begun", "asked", "consented", "prepared", "dispatched", "approaching"), "kz.customs")
    assert found == before | dict.fromkeys(("handed over", "delivered", "accounted"), "uz.customs")


def test_r4_planning_refuses_an_authority_of_another_state() -> None:
    """A leg in Uzbekistan under Kazakhstan's customs is a fault of the plan."""
    table = Table()
    legs = (table.plan.legs[0], table.plan.legs[1].model_copy(update={"responsible": "kz.customs"}))
    faults = faults_in(table.plan.model_copy(update={"legs": legs}), table.directory, example_cards())
    assert [fault.place for fault in faults if fault.problem.startswith("R4")] == ["legs.1.responsible"]


# R5


def test_r5_crossing_is_refused_once_the_next_states_consent_has_run_out() -> None:
    """Cleared in time and accepted too late: nothing crosses into a State whose consent has ended."""
    table = under_way(prepared(consenting(uz="2022-03-05T06:00:00Z")))
    table.record(Cleared(leg=1))
    table.open("tashkent-airport")
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.pass_time(days=4)
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("refused", "R5")
    assert table.delivery.state.responsible == "kz.customs"


def test_r5_crossing_after_withdrawal_by_the_next_state_is_refused() -> None:
    """Withdrawal halts by R5, and the acceptance that comes after it is refused."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("withdrawn", "R5", "uz.prosecutor")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("refused", "R8")
    assert table.delivery.state.responsible == "kz.customs"
    assert conclusion(table.delivery)[0] == "withdrawn"


def test_r5_withdrawal_by_a_state_already_left_changes_nothing() -> None:
    """Kazakhstan is behind: its withdrawal is recorded and does not halt."""
    table = handed_over()
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert table.delivery.state.halt is None
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("refused", "R1")
    longer = {"valid_until": "2022-06-01T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R1")


def test_r5_withdrawal_after_the_delivery_does_not_undo_it() -> None:
    """What has been delivered needs no consent to travel."""
    table = delivered()
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert table.delivery.state.halt is None


def test_r5_crossing_is_cleared_only_if_the_consent_lasts_until_the_exit() -> None:
    """Uzbekistan takes 18 h and 24 h: a consent of 42 h at the border clears, of a microsecond less does not."""
    until = Table().now + timedelta(days=4)
    table = under_way(prepared(consenting(uz=utc_text(until))))
    table.now = until - timedelta(hours=42) + timedelta(microseconds=1)
    assert forbidden(table, Cleared(leg=1)) == "R5"
    table.now = until - timedelta(hours=42)
    table.record(Cleared(leg=1))


def test_r5_crossing_is_cleared_once_its_consent_has_been_extended() -> None:
    """It leaves so late that the consent does not outlast the way; once it is extended, the story goes on (found by test)."""
    until = {"valid_from": "2022-03-01T00:00:00Z", "valid_until": "2022-03-05T00:20:00Z"}
    acts = (
        Act(service="uz.prosecutor", at="consent-uz", says="authorisation_granted", details=until),
        Act(service="kz.customs", at="departure", says="dispatched", after=timedelta(hours=50)),
        Act(service="uz.prosecutor", at="extension.uz.prosecutor", says="authorisation_extended", after=timedelta(hours=11)),
    )
    pace = Pace(fastest=timedelta(minutes=10), slowest=timedelta(minutes=10))
    scenario = Scenario(vigil="scenario/1", pace=pace, acts=acts)
    done = simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))
    steps = [entry.event for entry in done.delivery.ledger if isinstance(entry.event, Cleared | Closed)]
    left = steps.index(Closed(checkpoint="departure", result="satisfied"))

    assert [Closed(checkpoint="extension.uz.prosecutor.1", result="satisfied"), Cleared(leg=1)] == steps[left + 1 : left + 3]
    assert "delivered_with_arrests" == verify(done.packet).outcome


def test_r5_handover_does_not_open_before_its_crossing_is_cleared() -> None:
    """The border is not reached before the rules have looked at the State behind it."""
    table = Table().dispatch()
    assert forbidden(table, Opened(checkpoint="tashkent-airport", due=utc_text(table.now))) == "R5"


def test_r5_expiry_warns_at_each_lead_then_halts_at_the_last() -> None:
    """48 h and 12 h before its end a consent is warned of; 2 h before, an authority still being live, it halts."""
    until = Table().now + timedelta(days=4)
    table = under_way(prepared(consenting(uz=utc_text(until))))
    for hours, expected in ((48, ("expiring",)), (12, ("expiring",))):
        table.now = until - timedelta(hours=hours, microseconds=1)
        assert let_time_bring(table) == ()
        table.now = until - timedelta(hours=hours)
        assert let_time_bring(table) == expected
        assert table.delivery.state.halt is None
    table.now = until - timedelta(hours=2)
    assert let_time_bring(table) == ("expiring",)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")
    assert table.delivery.state.grants["uz.prosecutor"].live(table.now)
    assert conclusion(table.delivery)[0] == "expired"


def test_r5_extension_answers_the_checkpoint_and_starts_the_warnings_anew() -> None:
    """An extension beyond the end resets the ladder and closes what was opened for it."""
    until = Table().now + timedelta(days=4)
    table = under_way(prepared(consenting(uz=utc_text(until))))
    table.now = until - timedelta(hours=48)
    let_time_bring(table)
    name = unforeseen.extension_name(table.delivery, "uz.prosecutor")
    open_unforeseen(table, name)
    longer = utc_text(until + timedelta(days=9))
    answer = table.say("uz.prosecutor", "authorisation_extended", name, valid_until=longer)
    assert became(answer) == ("accepted", None)
    table.close(name)
    grant = table.delivery.state.grants["uz.prosecutor"]
    assert (grant.valid_until, grant.warnings) == (until + timedelta(days=9), 0)
    table.now = until
    assert let_time_bring(table) == ()
    assert unforeseen.extension_name(table.delivery, "uz.prosecutor") == "extension.uz.prosecutor.2"


def test_r5_extension_must_be_longer() -> None:
    """An extension to the same end or an earlier one is refused."""
    table = consenting(uz="2022-03-09T06:00:00Z")
    for until in ("2022-03-09T06:00:00Z", "2022-03-08T06:00:00Z"):
        assert became(table.say("uz.prosecutor", "authorisation_extended", valid_until=until)) == ("refused", "R5")
    later = table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-09T06:00:00.001Z")
    assert became(later) == ("accepted", None)


def test_r5_extension_after_expiry_is_refused() -> None:
    """At the instant of expiry it is too late to extend, whether or not the expiry has been recorded."""
    table = consenting(uz="2022-03-09T06:00:00Z")
    table.pass_time(days=8)
    longer = {"valid_until": "2022-05-01T00:00:00Z"}
    assert became(table.say("uz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R5")
    assert let_time_bring(table) == ("expiring", "expired")
    assert became(table.say("uz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R8")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")


def test_r5_expiry_without_any_warnings_in_the_plan_halts() -> None:
    """Where the plan sets no lead times, the expiry itself halts."""
    table = Table(example_plan().model_copy(update={"expiry_warnings": ()}))
    table.consent()
    table.pass_time(days=31)
    assert let_time_bring(table) == ("expired",)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")


def test_r5_unanswered_request_for_an_extension_halts() -> None:
    """No extension in time is no extension: halt by R5, while the consent is still live."""
    table = Table().dispatch()
    name = unforeseen.extension_name(table.delivery, "uz.prosecutor")
    open_unforeseen(table, name)
    assert forbidden(table, Closed(checkpoint=name, result="unanswered")) == "R2"
    table.pass_time(hours=12)
    assert let_time_bring(table) == ("silence",)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")


def test_r5_extension_no_longer_needed_is_taken_back() -> None:
    """A request to a State that has been left closes as withdrawn; before that it does not."""
    table = Table().approach()
    name = unforeseen.extension_name(table.delivery, "kz.prosecutor")
    open_unforeseen(table, name)
    assert forbidden(table, Closed(checkpoint=name, result="withdrawn")) == "R17"
    handed_over(table)
    table.record(Closed(checkpoint=name, result="withdrawn"))


def test_r5_extension_is_no_longer_needed_once_delivered() -> None:
    """Uzbekistan was asked for longer; delivered in time, the request is taken back."""
    table = handed_over()
    table.open("delivery")
    name = unforeseen.extension_name(table.delivery, "uz.prosecutor")
    open_unforeseen(table, name)
    table.say("uz.customs", "delivered", "delivery")
    table.record(Closed(checkpoint=name, result="withdrawn"))


def test_r5_no_extension_is_asked_for_after_a_halt() -> None:
    """What no longer travels needs no longer consent."""
    table = Table().dispatch()
    name = unforeseen.extension_name(table.delivery, "uz.prosecutor")
    definition = unforeseen.definition(table.delivery, name)
    assert definition is not None
    table.say("caricc", "stop_requested")
    due = utc_text(table.now + definition.due)
    assert forbidden(table, Opened(checkpoint=name, due=due, definition=definition)) == "R17"


def test_r5_extension_without_a_checkpoint_answers_the_open_request() -> None:
    """An authority that extends without naming the request has extended: its 'silence' must not halt the delivery."""
    table = Table().dispatch()
    name = unforeseen.extension_name(table.delivery, "uz.prosecutor")
    open_unforeseen(table, name)
    longer = table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-05-01T00:00:00Z")
    assert became(longer) == ("accepted", None)
    assert table.delivery.state.progress[name].satisfied
