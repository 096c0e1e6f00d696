"""Rules of consent: no dispatch without it, no silence for it, one way of handling, never by the initiator alone."""

from datetime import timedelta
from typing import Any

import pytest
from domain.rules.timers import elapsed

from domain.delivery.events import Cleared, Closed, Concluded, Event, Expired, Expiring, Halted, Opened, Reminded, Silence
from domain.plan.check import faults_in
from domain.plan.plan import Plan, Requirement
from domain.rules.course import conclusion
from domain.words.moments import utc_text
from tests.course import (
    accounted,
    became,
    consenting,
    forbidden,
    let_time_bring,
    opened,
    prepared,
)
from tests.support import Table, example_cards, example_plan

# R1


def test_r1_dispatch_with_live_consents_is_accepted() -> None:
    """With both consents live and departure cleared, the consignment leaves on its first leg."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("accepted", None)
    assert (table.delivery.state.leg, table.delivery.state.responsible) == (0, "kz.customs")


def test_r1_dispatch_after_a_consent_ran_out_is_refused() -> None:
    """A consent that ended, even by nobody's word, lets nothing leave: `dispatched` is refused and there is no leg."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    table.pass_time(days=31)
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("refused", "R1")
    assert table.delivery.state.leg is None


def test_r1_consent_ends_at_the_very_instant_it_names() -> None:
    """At `valid_until` it is over; a microsecond before it is not."""
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R1"))):
        table = prepared(consenting(uz="2022-03-09T06:00:00Z"))
        table.record(Cleared(leg=0))
        table.open("departure")
        table.pass_time(days=8, microseconds=-early)
        assert became(table.say("kz.customs", "dispatched", "departure")) == expected


def test_r1_consent_not_yet_valid_clears_nothing() -> None:
    """A consent that begins tomorrow is not live today."""
    table = Table()
    table.open("consent-kz", "consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_from="2022-03-02T06:00:00Z")
    table.close("consent-kz", "consent-uz")
    assert forbidden(prepared(table), Cleared(leg=0)) == "R1"
    table.pass_time(days=1)
    table.record(Cleared(leg=0))
    assert table.delivery.state.cleared == 0


def test_r1_dispatch_after_withdrawal_is_refused_and_leaves_no_leg() -> None:
    """A State takes its consent back before departure: nothing leaves, and the end is `withdrawn`."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("refused", "R8")
    assert table.delivery.state.leg is None
    assert conclusion(table.delivery)[0] == "withdrawn"


def test_r1_departure_without_any_consent_is_not_even_opened() -> None:
    """Without consents neither clearing nor the departure checkpoint is permitted, and an early `dispatched` waits."""
    table = Table()
    assert forbidden(table, Cleared(leg=0)) == "R1"
    assert forbidden(table, Opened(checkpoint="departure", due=utc_text(table.now))) == "R17"
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("early", None)
    assert table.delivery.state.leg is None


def test_r1_departure_does_not_open_before_it_is_cleared() -> None:
    """Consent and preparation are not enough: the rules must have cleared the departure."""
    table = Table().prepare()
    assert forbidden(table, Opened(checkpoint="departure", due=utc_text(table.now))) == "R1"


def test_r1_clearing_departure_needs_consents_that_last_to_the_planned_exit() -> None:
    """Uzbekistan is left after 64 h at most and the margin is 24 h: 88 h clear, a millisecond less does not."""
    enough = Table().now + timedelta(hours=88)
    short = prepared(consenting(uz=utc_text(enough - timedelta(milliseconds=1))))
    assert forbidden(short, Cleared(leg=0)) == "R1"
    long = prepared(consenting(uz=utc_text(enough)))
    long.record(Cleared(leg=0))
    assert long.delivery.state.cleared == 0


def test_r1_transit_states_own_consent_counts_until_its_own_exit() -> None:
    """Kazakhstan is left after 22 h and 24 h margin: 46 h are enough for it and one millisecond less is not."""
    enough = Table().now + timedelta(hours=46)
    assert forbidden(prepared(consenting(kz=utc_text(enough - timedelta(milliseconds=1)))), Cleared(leg=0)) == "R1"
    prepared(consenting(kz=utc_text(enough))).record(Cleared(leg=0))


def test_r1_grant_that_has_already_ended_is_refused_and_can_be_given_anew() -> None:
    """A slip in the year does not halt the delivery: the grant is refused and a right one is accepted (found by test)."""
    table = opened(Table(), "consent-kz")
    old = {"valid_from": "0001-01-01T00:00:00Z", "valid_until": "0001-01-02T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **old)) == ("refused", "R1")
    at_this_instant = {"valid_until": utc_text(table.now)}
    refused = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **at_this_instant)
    assert became(refused) == ("refused", "R1")
    assert elapsed(table.delivery, table.now) == ()
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz")) == ("accepted", None)


@pytest.mark.parametrize("kind", ["authorisation_granted", "authorisation_refused"])
def test_r1_consent_is_given_for_ones_own_state_only(kind: str) -> None:
    """An authority that answers its checkpoint for another State is refused."""
    table = opened(Table(), "consent-kz")
    assert became(table.say("kz.prosecutor", kind, "consent-kz", state="UZ")) == ("refused", "R1")
    assert (table.delivery.state.grants, table.delivery.state.halt) == ({}, None)


def test_r1_a_state_that_was_asked_elsewhere_cannot_consent_here() -> None:
    """The prosecutor of Uzbekistan is not asked at Kazakhstan's checkpoint."""
    table = opened(Table(), "consent-kz", "consent-uz")
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-kz")) == ("refused", "R1")


def test_r1_refusal_by_one_state_halts() -> None:
    """One State that does not consent is enough, and the outcome is `refused`."""
    table = opened(Table(), "consent-kz", "consent-uz")
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("refused", "R1", "uz.prosecutor")
    assert conclusion(table.delivery)[0] == "refused"


@pytest.mark.parametrize("kind", ["authorisation_extended", "authorisation_withdrawn"])
def test_r1_only_who_has_consented_can_extend_or_withdraw(kind: str) -> None:
    """Without a grant, after withdrawing it, or for another State, there is nothing to extend or withdraw."""
    content = {"valid_until": "2022-05-01T00:00:00Z"} if kind == "authorisation_extended" else {}
    table = Table()
    assert became(table.say("kz.prosecutor", kind, **content)) == ("refused", "R1")
    table.consent()
    assert became(table.say("kz.prosecutor", kind, **content | {"state": "UZ"})) == ("refused", "R1")
    assert became(table.say("kz.customs", kind, **content)) == ("refused", "R1")
    assert table.delivery.state.halt is None


def test_r1_of_two_authorities_of_one_state_both_must_consent() -> None:
    """Omsk - Taraz asks prosecutor and customs of Russia: one of them alone clears nothing."""
    table = Table(example_plan("omsk-taraz"))
    table.open("consent-ru", "consent-kz")
    table.say("ru.prosecutor", "authorisation_granted", "consent-ru")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert forbidden(table, Closed(checkpoint="consent-ru", result="satisfied")) == "R17"
    assert forbidden(table, Cleared(leg=0)) == "R1"
    table.say("ru.customs", "authorisation_granted", "consent-ru")
    table.record(Cleared(leg=0))


# R2


def test_r2_silence_of_an_authority_halts_and_the_outcome_is_expired() -> None:
    """When consent is not given in time the delivery halts by R2 and can only end as `expired`."""
    table = opened(Table(), "consent-kz", "consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.pass_time(hours=24)
    assert let_time_bring(table) == ("reminded",)
    table.pass_time(hours=24)
    assert let_time_bring(table) == ("reminded", "silence")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")
    assert "uz.prosecutor" in halt.reason
    assert conclusion(table.delivery)[0] == "expired"


@pytest.mark.parametrize("result", ["satisfied", "unanswered"])
def test_r2_silent_consent_checkpoint_cannot_be_passed(result: Any) -> None:
    """A checkpoint for consent closes neither as satisfied nor as unanswered, only as withdrawn after the halt."""
    table = opened(Table(), "consent-uz")
    table.pass_time(hours=48)
    let_time_bring(table)
    expected = {"satisfied": "R17", "unanswered": "R2"}[result]
    assert forbidden(table, Closed(checkpoint="consent-uz", result=result)) == expected
    table.record(Closed(checkpoint="consent-uz", result="withdrawn"))


def test_r2_silence_at_a_checkpoint_that_holds_does_not_pass_it() -> None:
    """Preparation that is overdue waits on: it neither halts nor can be passed, and a later answer still counts."""
    table = opened(Table().consent(), "preparation")
    table.say("kz.customs", "prepared", "preparation")
    table.pass_time(hours=12)
    assert let_time_bring(table) == ("reminded", "silence")
    assert table.delivery.state.halt is None
    assert forbidden(table, Closed(checkpoint="preparation", result="unanswered")) == "R2"
    assert became(table.say("kz.knb", "ready", "preparation")) == ("accepted", None)
    table.close("preparation")


def test_r2_silence_at_a_handover_interdicts() -> None:
    """The plan says `overdue: interdict` for the handover: silence there halts, and the end is an early interdiction."""
    table = Table().approach()
    table.pass_time(hours=22)
    let_time_bring(table)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")
    assert conclusion(table.delivery)[0] == "interdicted_early"


@pytest.mark.parametrize(
    "event",
    [
        Silence(checkpoint="consent-uz", services=("uz.prosecutor",)),
        Reminded(checkpoint="consent-uz", services=("uz.prosecutor",), rung=1),
        Expired(service="kz.prosecutor"),
        Expiring(service="kz.prosecutor", valid_until="2022-04-01T00:00:00.000000Z", rung=1),
    ],
)
def test_r2_what_time_has_not_brought_is_not_recorded(event: Event) -> None:
    """Reminders, silence and expiry are recorded when they are due, never before."""
    table = opened(Table(), "consent-kz", "consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.pass_time(hours=23)
    assert forbidden(table, event) == "R2"


def test_r2_silence_may_close_the_debrief() -> None:
    """The debrief decides nothing: once its time has passed it closes unanswered, not before."""
    table = accounted()
    table.record(Concluded(outcome="delivered_with_arrests", reason="two arrested"))
    table.open("debrief")
    assert forbidden(table, Closed(checkpoint="debrief", result="unanswered")) == "R2"
    table.pass_time(days=20)
    let_time_bring(table)
    table.record(Closed(checkpoint="debrief", result="unanswered"))


# R3


def test_r3_preparing_in_another_way_than_consented_is_refused() -> None:
    """Consent was for `intact`: a record of `removed` is refused and the service may prepare again, rightly."""
    table = opened(Table().consent(), "preparation")
    assert became(table.say("kz.customs", "prepared", "preparation", modality="removed")) == ("refused", "R3")
    assert table.delivery.state.custody is None
    assert became(table.say("kz.customs", "prepared", "preparation")) == ("accepted", None)


def test_r3_grant_for_another_way_of_handling_clears_nothing_and_may_be_declared_a_halt() -> None:
    """A State that allows only `removed` stops an intact delivery: no clearing, a halt by R3, and the end is `refused`."""
    table = opened(Table(), "consent-kz", "consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", modalities=["removed", "replaced_in_whole"])
    table.close("consent-kz", "consent-uz")
    assert forbidden(table, Cleared(leg=0)) == "R3"
    table.record(Halted(cause="modality", rule="R3", reason="UZ does not allow it"))
    assert conclusion(table.delivery)[0] == "refused"


def test_r3_halt_for_the_modality_is_not_declared_where_all_allow_it() -> None:
    """A modality halt must follow from the grants."""
    table = Table().consent()
    assert forbidden(table, Halted(cause="modality", rule="R3", reason="pretext")) == "R3"


@pytest.mark.parametrize("cause", ["stop", "refused", "withdrawn", "expired", "silence", "declined", "decision"])
def test_r8_no_halt_is_declared_by_the_story(cause: Any) -> None:
    """Every other halt follows from a statement or from time."""
    assert forbidden(Table(), Halted(cause=cause, rule="R8", reason="pretext")) == "R8"


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
