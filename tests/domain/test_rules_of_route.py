"""Rules of the route: one responsible authority at each instant, and no crossing that is not covered."""

from datetime import datetime, timedelta

from domain.delivery.decided import Cleared, Closed, Opened
from domain.delivery.memory import Sighting
from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.record.verify import verify
from domain.words.moments import utc_text
from rehearsal.scenario import Act, Pace, Scenario
from rehearsal.simulator import World, simulate
from tests.course import PHASES, became, brings, code, consenting, dispatched, entry_of, forbidden, outcome_of, prepared, replaced
from tests.support import Table, example_cards, example_directory, example_plan, omsk_with_two_authorities, signed_plan

# R4


def test_r4_sighting_counts_only_from_the_responsible_authority() -> None:
    """In Kazakhstan it is Kazakhstan's customs, after the handover it is Uzbekistan's, and nobody else's."""
    table = Table().dispatch()
    assert became(table.say("kz.police", "sighted")) == ("accepted", None)
    assert became(table.say("uz.customs", "sighted")) == ("refused", "R4")
    assert became(table.say("kz.knb", "sighted")) == ("refused", "R4")
    table.hand_over()
    assert became(table.say("kz.police", "sighted")) == ("refused", "R4")
    assert became(table.say("uz.customs", "sighted")) == ("accepted", None)
    assert table.delivery.state.last_sighting == Sighting(table.now.isoformat(), "on the road")


def test_r4_interdiction_counts_only_from_the_responsible_authority() -> None:
    """Seizure by somebody else secures nothing; by the responsible authority it halts and secures."""
    table = Table().dispatch()
    assert became(table.say("uz.customs", "interdicted")) == ("refused", "R4")
    assert (table.delivery.state.secured, table.delivery.state.halt) == (False, None)
    assert became(table.say("kz.police", "interdicted")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert table.delivery.state.secured
    assert halt is not None
    assert (halt.cause, halt.by) == ("stop", "kz.police")


def test_r4_legs_begin_one_after_another() -> None:
    """The next leg only: none twice, none skipped, none beyond the last."""
    table = Table().prepare()
    cleared = entry_of(table, "cleared", leg=0)
    assert "due then is cleared" in forbidden(table, Cleared(leg=1), instead_of=cleared)
    for leg in (0, 1):
        assert "is nothing, recorded is cleared" in forbidden(table, Cleared(leg=leg))
    dispatched_then = Table().dispatch()
    assert dispatched_then.delivery.state.cleared == 1
    assert "is nothing, recorded is cleared" in forbidden(dispatched_then, Cleared(leg=2))


def test_r4_exactly_one_authority_is_responsible_in_every_phase() -> None:
    """In each phase one service of the plan is responsible: the giver until the acceptance, then the taker."""
    found = {name: make().delivery.state.responsible for name, make in PHASES.items()}
    before = dict.fromkeys(("asked", "consented", "prepared", "dispatched"), "kz.police")
    assert found == before | dict.fromkeys(("handed over", "delivered", "arrested", "accounted"), "uz.customs")


def test_r4_planning_refuses_an_authority_of_another_state() -> None:
    """A leg in Uzbekistan under Kazakhstan's customs is a fault of the plan."""
    table = Table()
    legs = (table.plan.legs[0], table.plan.legs[1].model_copy(update={"responsible": "kz.police"}))
    faults = faults_in(table.plan.model_copy(update={"legs": legs}), table.directory, example_cards())
    assert [fault.place for fault in faults if fault.problem.startswith("R4")] == ["legs.1.responsible"]


# R5


def test_r5_crossing_waits_for_the_consent_that_a_changed_plan_asks_afresh() -> None:
    """Cleared in time, and the way changed: nothing crosses into a State that has not consented to it."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    elsewhere = table.plan.model_dump()
    places = {one["id"]: one for one in elsewhere["checkpoints"]}
    places["delivery"]["place"] = "Another address, Tashkent"
    elsewhere["checkpoints"] += (places["consent-uz"] | {"id": "again-uz"},)
    amend(table.delivery, Amended(plan=signed_plan(Plan.model_validate(elsewhere))), table.now)
    answer = table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert (became(answer), code(answer)) == (("early", "R5"), "crossing_not_cleared")
    assert table.delivery.state.responsible == "kz.police"
    table.say("uz.prosecutor", "authorisation_granted", "again-uz")
    assert table.delivery.state.responsible == "uz.customs"


def test_r5_crossing_is_refused_once_the_next_states_consent_has_run_out() -> None:
    """Cleared in time and accepted too late: nothing crosses into a State whose consent has ended, to the microsecond."""
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R8"))):
        table = patient(until := Table().now + timedelta(days=4))
        table.say("kz.police", "handover_offered", "tashkent-airport")
        table.pass_time(days=4, microseconds=-early)
        assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == expected
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, table.delivery.state.responsible) == ("expired", "R5", "kz.police")
    assert entry_of(table, "expired").at == utc_text(until)


def patient(until: datetime, *warnings: timedelta) -> Table:
    """Dispatched under a consent of Uzbekistan until then, by a plan with these warnings that waits for what is overdue."""
    plan = replaced(example_plan(), "tashkent-airport", overdue="hold")
    slow = plan.contingencies.model_copy(update={"extension": timedelta(days=3)})
    table = Table(plan.model_copy(update={"expiry_warnings": warnings, "contingencies": slow}))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=utc_text(until))
    return dispatched(table)


def test_r5_crossing_after_withdrawal_by_the_next_state_is_refused() -> None:
    """Withdrawal halts by R5, and the acceptance that comes after it is refused."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("withdrawn", "R5", "uz.prosecutor")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("refused", "R8")
    assert table.delivery.state.responsible == "kz.police"
    assert outcome_of(table) == "withdrawn"


def test_r5_withdrawal_by_a_state_already_left_changes_nothing() -> None:
    """Kazakhstan is behind: its withdrawal is recorded and does not halt."""
    table = Table().dispatch().hand_over()
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert table.delivery.state.halt is None
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("refused", "R1")
    longer = {"valid_until": "2022-06-01T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R1")


def test_r5_withdrawal_after_the_delivery_does_not_undo_it() -> None:
    """What has been delivered needs no consent to travel."""
    table = Table().deliver()
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert table.delivery.state.halt is None


def test_r5_crossing_is_cleared_only_if_the_consent_lasts_until_the_exit() -> None:
    """Uzbekistan takes 18 h and 24 h: a consent of 42 h as it leaves clears the border, of a microsecond less does not."""
    until = Table().now + timedelta(days=4)
    for late, cleared in ((0, 1), (1, 0)):
        table = prepared(consenting(uz=utc_text(until)))
        table.say("uz.customs", "ready", "departure")
        table.say("uz.police", "ready", "departure")
        table.pass_time(hours=4 * 24 - 42, microseconds=late)
        assert became(table.say("kz.police", "dispatched", "departure")) == ("accepted", None)
        assert (table.delivery.state.cleared, table.is_open("tashkent-airport")) == (cleared, bool(cleared))
    assert table.is_open("extension.uz.prosecutor.1")
    assert "is nothing, recorded is cleared" in forbidden(table, Cleared(leg=1))


def test_r5_crossing_is_cleared_once_its_consent_has_been_extended() -> None:
    """It leaves so late that the consent does not outlast the way; once it is extended, the story goes on (found by test)."""
    until = {"valid_from": "2022-03-01T00:00:00Z", "valid_until": "2022-03-05T00:20:00Z"}
    acts = (
        Act(service="uz.prosecutor", at="consent-uz", says="authorisation_granted", details=until),
        Act(service="kz.police", at="departure", says="dispatched", after=timedelta(hours=50)),
        Act(service="uz.prosecutor", at="extension.uz.prosecutor", says="authorisation_extended", after=timedelta(hours=11)),
    )
    pace = Pace(fastest=timedelta(minutes=10), slowest=timedelta(minutes=10))
    scenario = Scenario(vigil="scenario/1", pace=pace, acts=acts)
    done = simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))
    steps = [entry.event for entry in done.delivery.ledger.entries if isinstance(entry.event, Cleared | Closed)]
    left = steps.index(Closed(checkpoint="departure", result="satisfied"))

    assert [Closed(checkpoint="extension.uz.prosecutor.1", result="satisfied"), Cleared(leg=1)] == steps[left + 1 : left + 3]
    assert "delivered_with_arrests" == verify(done.packet).outcome


def test_r5_handover_does_not_open_before_its_crossing_is_cleared() -> None:
    """The border is not reached before the rules have looked at the State behind it."""
    table = Table().dispatch()
    opening = entry_of(table, "opened", checkpoint="tashkent-airport")
    cleared = entry_of(table, "cleared", leg=1)
    assert cleared.seq < opening.seq
    assert "due then is cleared" in forbidden(table, opening.event, instead_of=cleared)


def test_r5_expiry_warns_at_each_lead_then_halts_at_the_last() -> None:
    """48 h and 12 h before its end a consent is warned of; 2 h before, an authority still being live, it halts."""
    until = Table().now + timedelta(days=4)
    table = patient(until, *(timedelta(hours=hours) for hours in (48, 12, 2)))
    for hours in (48, 12):
        table.pass_time(seconds=(until - timedelta(hours=hours) - table.now).total_seconds(), microseconds=-1)
        before = table.events.count("expiring")
        table.pass_time(microseconds=1)
        assert table.events.count("expiring") == before + 1
        assert table.delivery.state.halt is None
    table.pass_time(hours=10)
    assert table.events.count("expiring") == 3
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")
    assert table.delivery.state.grants["uz.prosecutor"].live(table.now)
    assert outcome_of(table) == "expired"


def test_r5_extension_answers_the_checkpoint_and_starts_the_warnings_anew() -> None:
    """An extension beyond the end resets the ladder and closes what was opened for it; the next has a name of its own."""
    until = Table().now + timedelta(days=4)
    table = patient(until, timedelta(hours=48), timedelta(hours=2))
    table.pass_time(hours=48)
    name = table.opened("extension")
    assert (name, table.is_open(name)) == ("extension.uz.prosecutor.1", True)
    longer = utc_text(until + timedelta(days=9))
    answer = table.say("uz.prosecutor", "authorisation_extended", name, valid_until=longer)
    assert became(answer) == ("accepted", None)
    assert table.is_closed(name)
    grant = table.delivery.state.grants["uz.prosecutor"]
    assert (grant.valid_until, grant.warnings) == (until + timedelta(days=9), 0)
    assert "expiring" not in brings(table, days=9, microseconds=-1)
    assert "expiring" in brings(table, microseconds=1)
    assert table.opened("extension") == "extension.uz.prosecutor.2"


def test_r5_extension_must_be_longer() -> None:
    """An extension to the same end or an earlier one is refused."""
    table = consenting(uz="2022-03-09T06:00:00Z")
    for until in ("2022-03-09T06:00:00Z", "2022-03-08T06:00:00Z"):
        assert became(table.say("uz.prosecutor", "authorisation_extended", valid_until=until)) == ("refused", "R5")
    later = table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-09T06:00:00.001Z")
    assert became(later) == ("accepted", None)


def test_r5_extension_after_expiry_is_refused() -> None:
    """At the instant of expiry it is too late to extend; a microsecond before it is not."""
    longer = {"valid_until": "2022-05-01T00:00:00Z"}
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R8"))):
        table = patient(Table().now + timedelta(days=4))
        table.pass_time(days=4, microseconds=-early)
        assert became(table.say("uz.prosecutor", "authorisation_extended", **longer)) == expected


def test_r5_expiry_without_any_warnings_in_the_plan_halts() -> None:
    """Where the plan sets no lead times, the expiry itself halts, at its instant."""
    until = Table().now + timedelta(days=4)
    table = patient(until)
    assert [one for one in brings(table, days=5) if one.startswith("exp")] == ["expired"]
    assert entry_of(table, "expired").at == utc_text(until)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")


def asked_for_longer(state: str) -> Table:
    """Dispatched 48 h before the consent of this State ends, which is warned of; it is asked to let it run longer."""
    until = Table().now + timedelta(hours=89 if state == "uz" else 49)
    plan = example_plan().model_copy(update={"expiry_warnings": (timedelta(hours=88 if state == "uz" else 48),)})
    plan = plan.model_copy(update={"expiry_warnings": (*plan.expiry_warnings, timedelta(hours=1))})
    table = Table(plan)
    for other in ("kz", "uz"):
        ends = {"valid_until": utc_text(until)} if other == state else {}
        table.say(f"{other}.prosecutor", "authorisation_granted", f"consent-{other}", **ends)
    dispatched(table).pass_time(hours=1)
    assert table.is_open(f"extension.{state}.prosecutor.1")
    return table


def test_r5_unanswered_request_for_an_extension_halts() -> None:
    """No extension in time is no extension: halt by R5, while the consent is still live."""
    table = asked_for_longer("uz")
    name = table.opened("extension")
    assert "is nothing, recorded is closed" in forbidden(table, Closed(checkpoint=name, result="unanswered"))
    assert "silence" in brings(table, hours=12)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")
    assert table.delivery.state.grants["uz.prosecutor"].live(table.now)


def test_r5_extension_no_longer_needed_is_taken_back() -> None:
    """A request to a State that has been left closes as withdrawn; before that it does not."""
    table = asked_for_longer("kz")
    name = table.opened("extension")
    withdrawn = Closed(checkpoint=name, result="withdrawn")
    assert "is nothing, recorded is closed" in forbidden(table, withdrawn)
    table.hand_over()
    assert entry_of(table, "closed", checkpoint=name).event == withdrawn


def test_r5_extension_is_no_longer_needed_once_delivered() -> None:
    """Uzbekistan was asked for longer; delivered in time, the request is taken back."""
    table = asked_for_longer("uz").hand_over()
    name = table.opened("extension")
    assert table.is_open(name)
    table.say("uz.customs", "delivered", "delivery")
    assert entry_of(table, "closed", checkpoint=name).event == Closed(checkpoint=name, result="withdrawn")


def test_r5_no_extension_is_asked_for_after_a_halt() -> None:
    """What no longer travels needs no longer consent: the request is taken back, and none opens as the consent ends."""
    table = asked_for_longer("uz")
    asked = entry_of(table, "opened", checkpoint=table.opened("extension")).event
    table.say("caricc", "stop_requested")
    assert table.is_closed("extension.uz.prosecutor.1")
    assert isinstance(asked, Opened)
    assert asked.definition is not None
    second = "extension.uz.prosecutor.2"
    again = {"checkpoint": second, "definition": asked.definition.model_copy(update={"id": second})}
    assert "is nothing, recorded is opened" in forbidden(table, asked.model_copy(update=again))
    brings(table, days=30)
    assert second not in table.delivery.state.progress


def test_r5_extension_without_a_checkpoint_answers_the_open_request() -> None:
    """An authority that extends without naming the request has extended: its 'silence' must not halt the delivery."""
    table = asked_for_longer("uz")
    longer = table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-05-01T00:00:00Z")
    assert became(longer) == ("accepted", None)
    assert table.is_closed("extension.uz.prosecutor.1")


def either_of_two(first_ends: timedelta, then_ends: timedelta, *allowed: str) -> Table:
    """Russia is asked twice, and one of its two authorities is enough: the prosecutor answers where it was asked first, the
    customs where it was asked later. `allowed`: which way of handling each of them allows, where it is not the plan's.
    """
    document = omsk_with_two_authorities().model_dump()
    asked = next(one for one in document["checkpoints"] if one["id"] == "consent-ru") | {"need": 1}
    checkpoints = [asked if one["id"] == "consent-ru" else one for one in document["checkpoints"]]
    table = Table(Plan.model_validate(document | {"checkpoints": [*checkpoints, asked | {"id": "consent-ru-2"}]}))
    until = [(table.now + ends).isoformat() for ends in (timedelta(days=60), first_ends, then_ends)]
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=until[0])
    table.say(
        "ru.customs", "authorisation_granted", "consent-ru-2", valid_until=until[2], modalities=list(allowed[1:] or ["intact"])
    )
    table.say(
        "ru.prosecutor", "authorisation_granted", "consent-ru", valid_until=until[1], modalities=list(allowed[:1] or ["intact"])
    )
    return table


def test_r5_an_authorisation_on_which_nothing_rests_halts_nothing_when_it_ends() -> None:
    """Russia has decided since on the same by an act of its customs: the prosecutor's is not asked for longer, and may end."""
    table = either_of_two(timedelta(hours=3), timedelta(days=60))
    table.pass_time(hours=3)
    assert table.delivery.state.grants["ru.prosecutor"].expired
    assert table.delivery.state.halt is None
    assert not [one for one in table.delivery.state.every_checkpoint().values() if one.contingency == "extension"]


def test_r3_an_authorisation_on_which_nothing_rests_forbids_no_way_of_handling() -> None:
    """The customs has decided since on how it is handled now. What the prosecutor was asked first was another way."""
    long = timedelta(days=60)
    assert either_of_two(long, long, "replaced_in_whole", "intact").delivery.state.halt is None
    halt = either_of_two(long, long, "intact", "replaced_in_whole").delivery.state.halt
    assert halt is not None
    assert ("modality", "R3") == (halt.cause, halt.rule)


def test_r5_an_authorisation_on_which_something_rests_halts_before_it_ends() -> None:
    """What the prosecutor gave when it was asked first does not answer what Russia was asked later."""
    table = either_of_two(timedelta(days=60), timedelta(hours=1))
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("expired", "R5") == (halt.cause, halt.rule)


def test_r5_of_two_authorities_it_is_the_one_whose_consent_runs_out_that_is_asked() -> None:
    """Of the two of Russia only the customs' act is short, and only the customs is asked to let it run longer."""
    table = Table(omsk_with_two_authorities())
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-05-01T00:00:00Z")
    table.say("ru.prosecutor", "authorisation_granted", "consent-ru", valid_until="2022-05-01T00:00:00Z")
    table.say("ru.customs", "authorisation_granted", "consent-ru", valid_until="2022-04-01T00:00:00Z")
    table.pass_time(days=30)
    asked = [one.key for one in table.delivery.state.every_checkpoint().values() if one.contingency == "extension"]
    assert asked == ["ru.customs"]
