"""Rules of consent: no dispatch without it, no silence for it, one way of handling, never by the initiator alone."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Cleared, Closed, Expired, Expiring, Halted, Opened, Reminded, Silence
from domain.delivery.events import AnyEvent
from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.plan import Plan, Requirement
from domain.record.door import amend
from domain.rules.course import NO_COMMON_WAY
from domain.rules.stop import ORDERED
from domain.views.asked import request
from domain.words.moments import utc_text
from tests.course import accounted, became, brings, code, consenting, entry_of, forbidden, outcome_of, prepared
from tests.support import Table, example_cards, example_plan, omsk_with_two_authorities, signed_plan, with_changes

# R1


def test_r1_dispatch_with_live_consents_is_accepted() -> None:
    """With both consents live and departure cleared, the consignment leaves on its first leg."""
    table = Table().prepare()
    assert table.is_open("departure")
    assert became(table.say("kz.police", "dispatched", "departure")) == ("accepted", None)
    assert (table.delivery.state.leg, table.delivery.state.responsible) == (0, "kz.police")


def test_r1_dispatch_without_a_fresh_consent_that_a_changed_plan_asks_for_is_refused() -> None:
    """A consent to another way is none to this one: `dispatched` is refused and there is no leg."""
    table = Table().prepare()
    elsewhere = table.plan.model_dump()
    places = {one["id"]: one for one in elsewhere["checkpoints"]}
    places["delivery"]["place"] = "Another address, Tashkent"
    elsewhere["checkpoints"] += (places["consent-uz"] | {"id": "again-uz"},)
    amend(table.delivery, Amended(plan=signed_plan(Plan.model_validate(elsewhere))), table.now)
    assert table.is_open("departure", "again-uz")
    answer = table.say("kz.police", "dispatched", "departure")
    assert (became(answer), code(answer)) == (("refused", "R1"), "no_live_consent")
    assert table.delivery.state.leg is None


def test_r1_consent_ends_at_the_very_instant_it_names() -> None:
    """At `valid_until` it is over and nothing leaves any more; a microsecond before it is not."""
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R8"))):
        table = Table(example_plan().model_copy(update={"expiry_warnings": ()}))
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
        table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2022-03-09T06:00:00Z")
        prepared(table).pass_time(days=8, microseconds=-early)
        assert became(table.say("kz.police", "dispatched", "departure")) == expected
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, table.delivery.state.leg) == ("expired", "R5", None)


def test_r1_consent_not_yet_valid_clears_nothing() -> None:
    """A consent that begins tomorrow is not live today, and is not asked to run longer: departure is cleared as it begins."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_from="2022-03-02T06:00:00Z")
    prepared(table)
    assert (table.delivery.state.cleared, table.delivery.state.open_checkpoints()) == (-1, ())
    assert "recorded is cleared" in forbidden(table, Cleared(leg=0))
    assert brings(table, days=1, microseconds=-1) == []
    assert brings(table, microseconds=1) == ["cleared", "opened"]
    assert table.is_open("departure")


def test_r1_dispatch_after_withdrawal_is_refused_and_leaves_no_leg() -> None:
    """A State takes its consent back before departure: nothing leaves, and the end is `withdrawn`."""
    table = Table().prepare()
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert became(table.say("kz.police", "dispatched", "departure")) == ("refused", "R8")
    assert table.delivery.state.leg is None
    assert outcome_of(table) == "withdrawn"


def test_r1_departure_without_any_consent_is_not_even_opened() -> None:
    """Without consents neither clearing nor the departure checkpoint is due, and an early `dispatched` waits."""
    table = Table()
    opening = Opened(checkpoint="departure", due=utc_text(table.now + timedelta(hours=12)))
    for event in (Cleared(leg=0), opening):
        assert f"is nothing, recorded is {event.event}" in forbidden(table, event)
    assert became(table.say("kz.police", "dispatched", "departure")) == ("early", "R17")
    assert table.delivery.state.leg is None


def test_r1_departure_does_not_open_before_it_is_cleared() -> None:
    """Consent and preparation are not enough: the rules must have cleared the departure."""
    table = Table().prepare()
    cleared = entry_of(table, "cleared")
    opening = entry_of(table, "opened", checkpoint="departure")
    assert "due then is cleared" in forbidden(table, opening.event, instead_of=cleared)


def test_r1_clearing_departure_needs_consents_that_last_to_the_planned_exit() -> None:
    """Uzbekistan is left after 64 h at most and the margin is 24 h: 88 h clear; a millisecond less is asked to run longer."""
    enough = Table().now + timedelta(hours=88)
    short = prepared(consenting(uz=utc_text(enough - timedelta(milliseconds=1))))
    assert "recorded is cleared" in forbidden(short, Cleared(leg=0))
    assert short.is_open("extension.uz.prosecutor.1")
    assert not short.is_open("departure")
    long = prepared(consenting(uz=utc_text(enough)))
    assert (long.delivery.state.cleared, long.is_open("departure")) == (0, True)


def test_r1_transit_states_own_consent_counts_until_its_own_exit() -> None:
    """Kazakhstan is left after 22 h and 24 h margin: 46 h are enough for it and one millisecond less is not."""
    enough = Table().now + timedelta(hours=46)
    assert prepared(consenting(kz=utc_text(enough - timedelta(milliseconds=1)))).delivery.state.cleared == -1
    assert prepared(consenting(kz=utc_text(enough))).delivery.state.cleared == 0


def test_r5_what_is_asked_to_run_longer_is_asked_for_beyond_its_end() -> None:
    """It is warned of three days before that, when the way through its State is nearly over: a date before its end extends
    nothing.
    """
    table = Table(with_changes(plan_={"expiry_warnings": [timedelta(hours=72), timedelta(hours=2)]}))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-05T00:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.dispatch().pass_time(hours=18)
    until = request(table.delivery, "extension.kz.prosecutor.1", "kz.prosecutor").facts.valid_until
    assert until == "2022-03-05T12:00:00.000000Z"
    assert code(table.say("kz.prosecutor", "authorisation_extended", "extension.kz.prosecutor.1", valid_until=until)) is None


def test_r1_clearing_ends_where_a_consent_has_become_too_short_meanwhile() -> None:
    """Prepared a microsecond later than the consent still sufficed for: departure is not cleared, and a longer one is asked."""
    table = consenting(uz=utc_text(Table().now + timedelta(hours=89)))
    table.pass_time(hours=1, microseconds=1)
    prepared(table)
    assert (table.delivery.state.cleared, table.opened("extension")) == (-1, "extension.uz.prosecutor.1")


def test_r1_grant_that_has_already_ended_is_refused_and_can_be_given_anew() -> None:
    """A slip in the year does not halt the delivery: the grant is refused and a right one is accepted (found by test)."""
    table = Table()
    old = {"valid_from": "0001-01-01T00:00:00Z", "valid_until": "0001-01-02T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **old)) == ("refused", "R1")
    at_this_instant = {"valid_until": utc_text(table.now)}
    refused = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **at_this_instant)
    assert became(refused) == ("refused", "R1")
    assert brings(table, hours=1) == []
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz")) == ("accepted", None)


@pytest.mark.parametrize("kind", ["authorisation_granted", "authorisation_refused"])
def test_r1_consent_is_given_for_ones_own_state_only(kind: str) -> None:
    """An authority that answers its checkpoint for another State is refused."""
    table = Table()
    assert became(table.say("kz.prosecutor", kind, "consent-kz", state="UZ")) == ("refused", "R1")
    assert (table.delivery.state.grants, table.delivery.state.halt) == ({}, None)


def test_r1_a_state_that_was_asked_elsewhere_cannot_consent_here() -> None:
    """The prosecutor of Uzbekistan is not asked at Kazakhstan's checkpoint."""
    assert became(Table().say("uz.prosecutor", "authorisation_granted", "consent-kz")) == ("refused", "R1")


def test_r1_refusal_by_one_state_halts() -> None:
    """One State that does not consent is enough, and the outcome is `refused`."""
    table = Table()
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("refused", "R1", "uz.prosecutor")
    assert outcome_of(table) == "refused"


@pytest.mark.parametrize("kind", ["authorisation_extended", "authorisation_withdrawn"])
def test_r1_only_who_has_consented_can_extend_or_withdraw(kind: str) -> None:
    """Without a grant, after withdrawing it, or for another State, there is nothing to extend or withdraw."""
    content = {"valid_until": "2022-05-01T00:00:00Z"} if kind == "authorisation_extended" else {}
    table = Table()
    assert became(table.say("kz.prosecutor", kind, **content)) == ("refused", "R1")
    table.consent()
    assert became(table.say("kz.prosecutor", kind, **content | {"state": "UZ"})) == ("refused", "R1")
    assert became(table.say("kz.police", kind, **content)) == ("refused", "R1")
    assert table.delivery.state.halt is None


def test_r1_of_two_authorities_of_one_state_both_must_consent() -> None:
    """Omsk - Taraz asks prosecutor and customs of Russia: one of them alone closes and clears nothing."""
    table = Table(omsk_with_two_authorities())
    table.say("ru.prosecutor", "authorisation_granted", "consent-ru")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert table.is_open("consent-ru")
    for event in (Closed(checkpoint="consent-ru", result="satisfied"), Cleared(leg=0)):
        assert f"is nothing, recorded is {event.event}" in forbidden(table, event)
    table.say("ru.customs", "authorisation_granted", "consent-ru")
    assert table.is_closed("consent-ru")
    assert table.is_open("preparation")


# R2


def test_r2_silence_of_an_authority_halts_and_the_outcome_is_expired() -> None:
    """When consent is not given in time the delivery halts by R2 and can only end as `expired`."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert brings(table, hours=24)[0] == "reminded"
    brought = brings(table, hours=24)
    assert [one for one in brought if one in ("reminded", "silence")] == ["reminded", "silence"]
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")
    assert halt.finding.parameters == {"services": ("uz.prosecutor",)}
    assert outcome_of(table) == "expired"


@pytest.mark.parametrize("result", ["satisfied", "unanswered"])
def test_r2_silent_consent_checkpoint_cannot_be_passed(result: Any) -> None:
    """A checkpoint for consent closes neither as satisfied nor as unanswered, only as withdrawn after the halt."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.pass_time(hours=48)
    closed = entry_of(table, "closed", checkpoint="consent-uz", result="withdrawn")
    assert "due then is closed" in forbidden(table, Closed(checkpoint="consent-uz", result=result), instead_of=closed)


def test_r2_silence_at_a_checkpoint_that_holds_does_not_pass_it() -> None:
    """Preparation that is overdue waits on: it neither halts nor can be passed, and a later answer still counts."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation")
    assert [one for one in brings(table, hours=12) if one != "told"] == ["reminded", "silence"]
    assert table.delivery.state.halt is None
    passed = Closed(checkpoint="preparation", result="unanswered")
    assert "is nothing, recorded is closed" in forbidden(table, passed)
    assert became(table.say("kz.knb", "ready", "preparation")) == ("accepted", None)
    assert table.is_closed("preparation")


def test_r2_silence_at_a_handover_interdicts() -> None:
    """The plan says `overdue: interdict` for the handover: silence there halts, and the end is an early interdiction."""
    table = Table().dispatch()
    table.pass_time(hours=22)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")
    assert outcome_of(table) == "interdicted_early"


@pytest.mark.parametrize(
    "event",
    [
        Silence(checkpoint="consent-uz", services=("uz.prosecutor",)),
        Reminded(checkpoint="consent-uz", services=("uz.prosecutor",), rung=1),
        Expired(service="kz.prosecutor"),
        Expiring(service="kz.prosecutor", valid_until="2022-04-01T00:00:00.000000Z", rung=1),
    ],
)
def test_r2_what_time_has_not_brought_is_not_recorded(event: AnyEvent) -> None:
    """Reminders, silence and expiry are recorded when they are due, never before."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.pass_time(hours=23)
    assert f"is nothing, recorded is {event.event}" in forbidden(table, event)


def test_r2_what_time_has_brought_is_not_left_out() -> None:
    """Who runs the installation cannot keep a reminder or a silence back and record what came after it."""
    table = Table()
    table.pass_time(hours=24)
    reminded = entry_of(table, "reminded")
    cut = Table(now=table.now + timedelta(hours=1))
    said = cut.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert "reminded was due" in forbidden(table, said.entry.event, instead_of=reminded)


def test_r2_silence_may_close_the_debrief() -> None:
    """The debrief decides nothing: once its time has passed it closes unanswered, not before."""
    table = accounted()
    assert table.is_open("debrief")
    unanswered = Closed(checkpoint="debrief", result="unanswered")
    table.pass_time(days=20, microseconds=-1)
    assert "is nothing, recorded is closed" in forbidden(table, unanswered)
    table.pass_time(microseconds=1)
    assert entry_of(table, "closed", checkpoint="debrief").event == unanswered


# R3


def test_r3_preparing_in_another_way_than_consented_is_refused() -> None:
    """Consent was for `intact`: a record of `removed` is refused and the service may prepare again, rightly."""
    table = Table().consent()
    assert became(table.say("kz.police", "prepared", "preparation", modality="removed")) == ("refused", "R3")
    assert table.delivery.state.custody is None
    assert became(table.say("kz.police", "prepared", "preparation")) == ("accepted", None)


def test_r3_grant_for_another_way_of_handling_halts() -> None:
    """A State that allows only `removed` stops an intact delivery: nothing is prepared, and it ends as `refused`."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", modalities=["removed", "replaced_in_whole"])
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.finding.parameters["states"]) == ("modality", "R3", ("UZ",))
    halted = entry_of(table, "halted")
    opening = Opened(checkpoint="preparation", due=utc_text(table.now + timedelta(hours=12)))
    for event in (Cleared(leg=0), opening):
        assert "due then is halted" in forbidden(table, event, instead_of=halted)
    assert outcome_of(table) == "refused"


def test_r3_halt_for_the_modality_is_not_declared_where_all_allow_it() -> None:
    """A modality halt must follow from the grants."""
    pretext = Halted(cause="modality", finding=NO_COMMON_WAY(states=("UZ",), modality="intact"))
    assert "is nothing, recorded is halted" in forbidden(Table().consent(), pretext)


@pytest.mark.parametrize("cause", ["stop", "refused", "withdrawn", "expired", "silence", "declined", "decision"])
def test_r8_no_halt_is_declared_by_the_installation(cause: Any) -> None:
    """Every other halt follows from a statement or from time."""
    pretext = Halted(cause=cause, finding=ORDERED(service="kz.knb", entry=0))
    assert "is nothing, recorded is halted" in forbidden(Table(), pretext)


# R13


def test_r13_initiator_is_never_the_only_one_to_authorise() -> None:
    """A plan whose only authority is its initiator has that fault; with another authority beside it, it has not."""
    plan = example_plan()
    alone = tuple(
        checkpoint.model_copy(update={"requires": (Requirement(service="kz.prosecutor", says="authorisation"),)})
        if checkpoint.step == "authorise"
        else checkpoint
        for checkpoint in plan.checkpoints
    )
    started = plan.model_copy(update={"initiator": "kz.prosecutor"})
    directory, cards = Table().directory, example_cards()

    def places(of: Plan) -> list[str]:
        return [fault.place for fault in faults_in(of, directory, cards) if fault.problem.startswith("R13")]

    assert places(started.model_copy(update={"checkpoints": alone})) == ["initiator"]
    assert places(started) == []
