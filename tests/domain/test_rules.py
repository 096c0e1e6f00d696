"""One test or more for each rule of `domain.rules`, named after it: what it lets pass and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import unforeseen
from domain.canonical import canonical
from domain.delivery import Delivery
from domain.directory import Directory
from domain.envelope import STATEMENT_TYPE, Envelope, sign
from domain.errors import Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken
from domain.ledger import (
    Asked,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Event,
    Expired,
    Expiring,
    Halted,
    Opened,
    Receipt,
    Reminded,
    Silence,
    TakenUp,
    Told,
    Verdict,
)
from domain.moments import utc_text
from domain.plan import Checkpoint, Plan, Requirement
from domain.planning import faults_in
from domain.record import admit, receipt, resume, submit, take_up
from domain.rules import conclusion
from domain.statements import sign_statement
from domain.timers import elapsed
from rehearsal.services import private_key_of
from tests.support import SEAL, Table, example_cards, example_plan, signed_plan

TOLERANCE = 20_000
GROSS = 13_900_000
"""Milligrams, as in the plan of Almaty - Tashkent: 20 g and 13.9 kg."""


def became(answer: Receipt) -> tuple[str, str | None]:
    """What became of a statement: verdict and rule."""
    return answer.verdict.verdict, answer.verdict.rule


def forbidden(table: Table, event: Event) -> str:
    """The rule that forbids this event now; nothing is recorded."""
    before = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as broken:
        table.record(event)
    assert len(table.delivery.ledger) == before
    return broken.value.rule


def let_time_bring(table: Table) -> tuple[str, ...]:
    """Record everything time has brought by now, as the story does; its names."""
    brought = []
    while due := elapsed(table.delivery, table.now):
        for event in due:
            if event in elapsed(table.delivery, table.now):
                table.record(event)
                brought.append(event.event)
    return tuple(brought)


def open_unforeseen(table: Table, name: str) -> None:
    """Open what the rules call for, with the due time they give it."""
    definition = unforeseen.definition(table.delivery, name)
    assert definition is not None, name
    due = None if unforeseen.waits_without_end(name) else utc_text(table.now + definition.due)
    table.record(Opened(checkpoint=name, due=due, definition=definition))


def consenting(**until: str) -> Table:
    """Both States have been asked and have consented until these times."""
    table = Table()
    table.open("consent-kz", "consent-uz")
    for state in ("kz", "uz"):
        other = {"valid_until": until[state]} if state in until else {}
        assert became(table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **other)) == (
            "accepted",
            None,
        )
    table.close("consent-kz", "consent-uz")
    return table


def prepared(table: Table) -> Table:
    """Preparation done after `consenting`."""
    table.open("preparation")
    table.say("kz.customs", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    return table


def under_way(table: Table) -> Table:
    """Cleared and dispatched after `prepared`."""
    table.record(Cleared(leg=0))
    table.open("departure")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.customs", "dispatched")):
        table.say(service, kind, "departure")
    table.close("departure")
    return table


def handed_over(table: Table | None = None) -> Table:
    """Custody is with the customs of Uzbekistan."""
    table = table or Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    table.close("tashkent-airport")
    return table


def delivered() -> Table:
    """Delivered, and the arrest checkpoints are open."""
    table = handed_over()
    table.open("delivery")
    table.say("uz.customs", "delivered", "delivery")
    table.close("delivery")
    table.open("arrest-tashkent", "arrest-almaty")
    return table


def accounted(arrests: int = 2) -> Table:
    """Everything but the outcome."""
    table = delivered()
    for number, (service, at) in enumerate((("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty"))):
        table.say(service, "arrest_made" if number < arrests else "no_arrest", at)
    table.close("arrest-tashkent", "arrest-almaty")
    table.open("accounting")
    table.say("uz.customs", "seizure", "accounting")
    table.close("accounting")
    return table


PHASES: dict[str, Any] = {
    "begun": Table,
    "asked": lambda: opened(Table(), "consent-kz", "consent-uz"),
    "consented": lambda: Table().consent(),
    "prepared": lambda: Table().prepare(),
    "dispatched": lambda: Table().dispatch(),
    "approaching": lambda: Table().approach(),
    "handed over": handed_over,
    "delivered": delivered,
    "accounted": accounted,
}


def opened(table: Table, *names: str) -> Table:
    """The table, with these open."""
    table.open(*names)
    return table


# R1


def test_r1_dispatch_with_live_consents_is_accepted() -> None:
    """With both consents live and departure cleared, the consignment leaves on its first leg."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("accepted", None)
    assert (table.delivery.leg, table.delivery.responsible) == (0, "kz.customs")


def test_r1_dispatch_after_a_consent_ran_out_is_refused() -> None:
    """A consent that ended, even by nobody's word, lets nothing leave: `dispatched` is refused and there is no leg."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    table.pass_time(days=31)
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("refused", "R1")
    assert table.delivery.leg is None


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
    assert table.delivery.cleared == 0


def test_r1_dispatch_after_withdrawal_is_refused_and_leaves_no_leg() -> None:
    """A State takes its consent back before departure: nothing leaves, and the end is `withdrawn`."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    table.open("departure")
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("refused", "R8")
    assert table.delivery.leg is None
    assert conclusion(table.delivery)[0] == "withdrawn"


def test_r1_departure_without_any_consent_is_not_even_opened() -> None:
    """Without consents neither clearing nor the departure checkpoint is permitted, and an early `dispatched` waits."""
    table = Table()
    assert forbidden(table, Cleared(leg=0)) == "R1"
    assert forbidden(table, Opened(checkpoint="departure", due=utc_text(table.now))) == "R17"
    assert became(table.say("kz.customs", "dispatched", "departure")) == ("early", None)
    assert table.delivery.leg is None


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
    assert long.delivery.cleared == 0


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
    assert (table.delivery.grants, table.delivery.halt) == ({}, None)


def test_r1_a_state_that_was_asked_elsewhere_cannot_consent_here() -> None:
    """The prosecutor of Uzbekistan is not asked at Kazakhstan's checkpoint."""
    table = opened(Table(), "consent-kz", "consent-uz")
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-kz")) == ("refused", "R1")


def test_r1_refusal_by_one_state_halts() -> None:
    """One State that does not consent is enough, and the outcome is `refused`."""
    table = opened(Table(), "consent-kz", "consent-uz")
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz")
    halt = table.delivery.halt
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
    assert table.delivery.halt is None


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
    halt = table.delivery.halt
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
    assert table.delivery.halt is None
    assert forbidden(table, Closed(checkpoint="preparation", result="unanswered")) == "R2"
    assert became(table.say("kz.knb", "ready", "preparation")) == ("accepted", None)
    table.close("preparation")


def test_r2_silence_at_a_handover_interdicts() -> None:
    """The plan says `overdue: interdict` for the handover: silence there halts, and the end is an early interdiction."""
    table = Table().approach()
    table.pass_time(hours=22)
    let_time_bring(table)
    halt = table.delivery.halt
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
    assert table.delivery.custody is None
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
    assert table.delivery.last_sighting == (table.now.isoformat(), "on the road")


def test_r4_interdiction_counts_only_from_the_responsible_authority() -> None:
    """Seizure by somebody else secures nothing; by the responsible authority it halts and secures."""
    table = Table().dispatch()
    assert became(table.say("uz.customs", "interdicted")) == ("refused", "R4")
    assert (table.delivery.secured, table.delivery.halt) == (False, None)
    assert became(table.say("kz.customs", "interdicted")) == ("accepted", None)
    halt = table.delivery.halt
    assert table.delivery.secured
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
    found = {name: make().delivery.responsible for name, make in PHASES.items()}
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
    assert table.delivery.responsible == "kz.customs"


def test_r5_crossing_after_withdrawal_by_the_next_state_is_refused() -> None:
    """Withdrawal halts by R5, and the acceptance that comes after it is refused."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("withdrawn", "R5", "uz.prosecutor")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("refused", "R8")
    assert table.delivery.responsible == "kz.customs"
    assert conclusion(table.delivery)[0] == "withdrawn"


def test_r5_withdrawal_by_a_state_already_left_changes_nothing() -> None:
    """Kazakhstan is behind: its withdrawal is recorded and does not halt."""
    table = handed_over()
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert table.delivery.halt is None
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("refused", "R1")
    longer = {"valid_until": "2022-06-01T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R1")


def test_r5_withdrawal_after_the_delivery_does_not_undo_it() -> None:
    """What has been delivered needs no consent to travel."""
    table = delivered()
    table.say("uz.prosecutor", "authorisation_withdrawn")
    assert table.delivery.halt is None


def test_r5_crossing_is_cleared_only_if_the_consent_lasts_until_the_exit() -> None:
    """Uzbekistan takes 18 h and 24 h: a consent of 42 h at the border clears, of a microsecond less does not."""
    until = Table().now + timedelta(days=4)
    table = under_way(prepared(consenting(uz=utc_text(until))))
    table.now = until - timedelta(hours=42) + timedelta(microseconds=1)
    assert forbidden(table, Cleared(leg=1)) == "R5"
    table.now = until - timedelta(hours=42)
    table.record(Cleared(leg=1))


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
        assert table.delivery.halt is None
    table.now = until - timedelta(hours=2)
    assert let_time_bring(table) == ("expiring",)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")
    assert table.delivery.grants["uz.prosecutor"].live(table.now)
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
    grant = table.delivery.grants["uz.prosecutor"]
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
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("expired", "R5")


def test_r5_expiry_without_any_warnings_in_the_plan_halts() -> None:
    """Where the plan sets no lead times, the expiry itself halts."""
    table = Table(example_plan().model_copy(update={"expiry_warnings": ()}))
    table.consent()
    table.pass_time(days=31)
    assert let_time_bring(table) == ("expired",)
    halt = table.delivery.halt
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
    halt = table.delivery.halt
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
    assert table.delivery.progress[name].satisfied


# R6


def test_r6_acceptance_before_the_offer_is_kept_and_taken_up() -> None:
    """What comes early waits: custody moves when the offer comes, by the acceptance that was already there."""
    table = Table().approach()
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("early", None)
    assert table.delivery.responsible == "kz.customs"
    assert became(table.say("kz.customs", "handover_offered", "tashkent-airport")) == ("accepted", None)
    assert isinstance(table.delivery.ledger[len(table.delivery.ledger) - 1].event, TakenUp)
    assert (table.delivery.responsible, table.delivery.early) == ("uz.customs", {})


def test_r6_until_acceptance_the_giver_stays_responsible() -> None:
    """An offer alone moves nothing and closes nothing."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert table.delivery.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("uz.customs", "handover_offered"),
        ("kz.customs", "handover_accepted"),
        ("uz.police", "handover_accepted"),
        ("kz.knb", "handover_offered"),
        ("uz.police", "handover_declined"),
    ],
)
def test_r6_only_the_giver_offers_and_only_the_taker_accepts(service: str, kind: str) -> None:
    """Anybody else is refused by R6 and nothing moves."""
    table = Table().approach()
    if kind != "handover_offered":
        table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say(service, kind, "tashkent-airport")) == ("refused", "R6")
    assert (table.delivery.responsible, table.delivery.halt) == ("kz.customs", None)


def test_r6_offer_by_one_who_does_not_hold_it_is_refused() -> None:
    """On a plan that wrongly asks two services to offer, only the holder's offer counts (planning finds such a plan)."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_offer") for who in ("kz.customs", "kz.knb"))
    table = Table(replaced(plan, "tashkent-airport", requires=(*both, plan.checkpoints[4].requires[1]))).approach()
    assert became(table.say("kz.knb", "handover_offered", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("kz.customs", "handover_offered", "tashkent-airport")) == ("accepted", None)


def test_r6_acceptance_by_one_who_is_not_next_is_refused() -> None:
    """On a plan that wrongly asks two services to accept, custody goes only to the next leg's authority."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_acceptance") for who in ("uz.customs", "uz.police"))
    table = Table(replaced(plan, "tashkent-airport", requires=(plan.checkpoints[4].requires[0], *both))).approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.police", "handover_accepted", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("accepted", None)


def test_r6_taker_that_declines_halts() -> None:
    """Declined custody halts and the giver stays responsible."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.customs", "handover_declined", "tashkent-airport")) == ("accepted", None)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.responsible) == (
        "declined",
        "R6",
        "uz.customs",
        "kz.customs",
    )
    assert conclusion(table.delivery)[0] == "interdicted_early"


def test_r6_two_handovers_one_after_another() -> None:
    """On the way to Saratov custody moves twice, each time to the next leg's authority and no further."""
    table = Table(example_plan("moscow-vector"))
    usual = {"gross": "150 kg"}
    table.open("consent-kz", "consent-ru")
    for service, at in (("kz.prosecutor", "kz"), ("ru.prosecutor", "ru"), ("ru.customs", "ru")):
        table.say(service, "authorisation_granted", f"consent-{at}")
    table.close("consent-kz", "consent-ru")
    table.open("preparation")
    table.say("kz.border", "prepared", "preparation", **usual)
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    table.record(Cleared(leg=0))
    table.open("departure")
    table.say("kz.border", "dispatched", "departure")
    table.say("ru.border", "ready", "departure")
    table.close("departure")
    table.record(Cleared(leg=1))
    assert forbidden(table, Opened(checkpoint="saratov", due=utc_text(table.now))) == "R17"
    table.open("ozinki")
    assert became(table.say("ru.border", "handover_offered", "saratov", **usual)) == ("early", None)
    table.say("kz.border", "handover_offered", "ozinki", **usual)
    table.say("ru.border", "handover_accepted", "ozinki", **usual)
    assert table.delivery.responsible == "ru.border"
    table.close("ozinki")
    table.record(Cleared(leg=2))
    table.open("saratov")
    assert table.delivery.progress["saratov"].waiting_for() == ("ru.police",)
    assert became(table.say("ru.police", "handover_accepted", "saratov", **usual)) == ("accepted", None)
    assert table.delivery.responsible == "ru.police"


# R7


def mismatched(**found: Any) -> Table:
    """The taker's measurement differs."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    answer = table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)
    assert became(answer) == ("accepted", None)
    return table


OTHER_SEAL = [{"number": "XX999999", "security": "H"}]

MISMATCHES: list[dict[str, Any]] = [
    {"seals": OTHER_SEAL},
    {"seals": [SEAL, *OTHER_SEAL]},
    {"seals_intact": False},
    {"gross": GROSS + TOLERANCE + 1},
    {"gross": GROSS - TOLERANCE - 1},
    {"gross": 0},
]


@pytest.mark.parametrize("found", MISMATCHES)
def test_r7_what_does_not_fit_moves_nothing_and_passes_nothing(found: dict[str, Any]) -> None:
    """Another seal, a broken one or another weight: custody stays, the checkpoint stays open, no further step counts."""
    table = mismatched(**found)
    assert table.delivery.discrepancy is not None
    assert table.delivery.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


@pytest.mark.parametrize("gross", [GROSS - TOLERANCE, GROSS, GROSS + TOLERANCE])
def test_r7_weight_exactly_at_the_tolerance_passes(gross: int) -> None:
    """20 g either way is within the plan's 20 g."""
    table = mismatched(gross=gross)
    assert (table.delivery.discrepancy, table.delivery.responsible) == (None, "uz.customs")


@given(difference=st.integers(-3 * TOLERANCE, 3 * TOLERANCE))
@settings(max_examples=40, deadline=None)
def test_r7_custody_moves_exactly_if_the_weight_is_within_tolerance(difference: int) -> None:
    """For any weight found, custody moves if and only if it differs by no more than the tolerance."""
    table = mismatched(gross=GROSS + difference)
    assert (table.delivery.responsible == "uz.customs") == (abs(difference) <= TOLERANCE)


def test_r7_further_handover_statements_are_refused_until_decided() -> None:
    """The giver's own offer does not fit what was prepared: the acceptance is refused until a fresh decision."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport", gross=GROSS + TOLERANCE + 1)
    found = {"gross": GROSS + TOLERANCE + 1}
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("refused", "R7")
    decide(table, "kz.customs", "kz.prosecutor")
    assert (table.delivery.discrepancy, table.delivery.responsible) == (None, "kz.customs")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("accepted", None)
    assert table.delivery.responsible == "uz.customs"


def decide(table: Table, *services: str, proceed: bool = True) -> str:
    """Open the decision, if it is not, and have these services decide."""
    name = unforeseen.decision_name(table.delivery)
    if name not in table.delivery.progress:
        open_unforeseen(table, name)
    for service in services:
        answer = table.say(service, "movement_decision", name, proceed=proceed)
        assert became(answer) == ("accepted", None)
    return name


@pytest.mark.parametrize("alone", ["kz.customs", "kz.prosecutor"])
def test_r7_one_officer_cannot_wave_it_through(alone: str) -> None:
    """The decision of either alone changes nothing: both the authority in charge and the prosecutor must decide."""
    table = mismatched(seals=OTHER_SEAL)
    name = decide(table, alone)
    assert table.delivery.discrepancy is not None
    assert table.delivery.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint=name, result="satisfied")) == "R17"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


def test_r7_after_both_decide_custody_moves_and_later_checks_compare_with_the_new_values() -> None:
    """Both proceed: the taker holds it, and what was found is what the next check must find."""
    found = GROSS + 5 * TOLERANCE
    table = mismatched(gross=found, seals=OTHER_SEAL)
    name = decide(table, "kz.customs", "kz.prosecutor")
    table.close(name, "tashkent-airport")
    custody = table.delivery.custody
    assert custody is not None
    assert (custody.gross, [seal.number for seal in custody.seals]) == (found, ["XX999999"])
    assert custody.problem_with(found + TOLERANCE, custody.seals, TOLERANCE) == ""
    assert "gross weight" in custody.problem_with(GROSS, custody.seals, TOLERANCE)
    assert table.delivery.responsible == "uz.customs"


def test_r7_who_else_was_asked_nothing_cannot_decide() -> None:
    """The State it is still in decides: the taker's State has no say before it holds it."""
    table = mismatched(seals=OTHER_SEAL)
    name = unforeseen.decision_name(table.delivery)
    open_unforeseen(table, name)
    for service in ("uz.customs", "uz.prosecutor", "kz.knb", "caricc"):
        assert became(table.say(service, "movement_decision", name)) == ("refused", "R17")


@pytest.mark.parametrize("first", ["kz.customs", "kz.prosecutor"])
def test_r7_decision_not_to_go_on_halts(first: str) -> None:
    """Either of them can end it, also after the other has agreed."""
    other = "kz.prosecutor" if first == "kz.customs" else "kz.customs"
    table = mismatched(seals=OTHER_SEAL)
    decide(table, other)
    decide(table, first, proceed=False)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.responsible) == ("decision", "R7", first, "kz.customs")


def test_r7_decision_that_is_not_made_in_time_interdicts() -> None:
    """Silence decides nothing: the decision's time passes and the delivery halts."""
    table = mismatched(seals=OTHER_SEAL)
    decide(table, "kz.customs")
    table.pass_time(hours=12)
    assert "silence" in let_time_bring(table)
    assert table.delivery.halt is not None


def test_r7_second_mismatch_at_the_same_checkpoint_needs_its_own_decision() -> None:
    """One decision covers one finding: the taker's other weight is decided anew."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport", seals=OTHER_SEAL)
    first = decide(table, "kz.customs", "kz.prosecutor")
    table.close(first)
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.discrepancy is not None
    assert (first, decide(table)) == ("tashkent-airport.decision.1", "tashkent-airport.decision.2")
    assert table.delivery.responsible == "kz.customs"


def test_r7_no_decision_opens_where_nothing_is_wrong() -> None:
    """A decision, an extension or a stop checkpoint opens only if the state calls for it."""
    table = Table().approach()
    about = Checkpoint(id="x", requires=(Requirement(service="kz.customs", says="movement_decision"),), due=timedelta(hours=1))
    due = utc_text(table.now + about.due)
    for name in ("tashkent-airport.decision.1", unforeseen.INTERDICTION, "extension.kz.customs.1", "something"):
        event = Opened(checkpoint=name, due=due, definition=about.model_copy(update={"id": name}))
        assert forbidden(table, event) == "R17"


def test_r7_decision_asks_those_the_rules_name_and_no_fewer() -> None:
    """A decision checkpoint that leaves the prosecutor out is not opened."""
    table = mismatched(seals=OTHER_SEAL)
    name = unforeseen.decision_name(table.delivery)
    right = unforeseen.definition(table.delivery, name)
    assert right is not None
    assert [requirement.service for requirement in right.requires] == ["kz.customs", "kz.prosecutor"]
    fewer = right.model_copy(update={"requires": right.requires[:1]})
    due = utc_text(table.now + right.due)
    assert forbidden(table, Opened(checkpoint=name, due=due, definition=fewer)) == "R17"
    assert forbidden(table, Opened(checkpoint=name, due=due)) == "R17"
    assert forbidden(table, Opened(checkpoint=name, due=None, definition=right)) == "R2"


# R8


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("service", ["kz.knb", "uz.police", "kz.prosecutor", "caricc"])
def test_r8_any_participant_stops_in_any_phase(phase: str, service: str) -> None:
    """Whoever has a part, the coordinator included, and whenever: the word is accepted and halts."""
    table = PHASES[phase]()
    assert became(table.say(service, "stop_requested")) == ("accepted", None)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("stop", "R8", service)


@pytest.mark.parametrize("service", ["ru.police", "kz.post"])
def test_r8_who_has_no_part_cannot_stop(service: str) -> None:
    """A service of the directory without a part in this delivery is turned away and leaves no trace."""
    table = Table().dispatch()
    before = len(table.delivery.ledger)
    with pytest.raises(NotAllowed):
        table.say(service, "stop_requested")
    assert (len(table.delivery.ledger), table.delivery.halt) == (before, None)


@pytest.mark.parametrize("phase", PHASES)
def test_r8_nothing_advances_after_a_stop(phase: str) -> None:
    """After the stop no checkpoint of the route opens, no leg is cleared, and no step's statement is accepted."""
    table = PHASES[phase]()
    table.say("caricc", "stop_requested")
    for planned in table.plan.checkpoints:
        if planned.id not in table.delivery.progress and planned.step != "close":
            assert forbidden(table, Opened(checkpoint=planned.id, due=utc_text(table.now))) == "R8"
    assert forbidden(table, Cleared(leg=table.delivery.cleared + 1)) == "R8"
    steps = {
        "authorisation_granted": "kz.prosecutor",
        "prepared": "kz.customs",
        "dispatched": "kz.customs",
        "handover_offered": "kz.customs",
        "handover_accepted": "uz.customs",
        "handover_declined": "uz.customs",
        "movement_decision": "kz.customs",
        "delivered": "uz.customs",
        "arrest_made": "uz.police",
        "no_arrest": "uz.police",
        "seizure": "uz.customs",
        "ready": "kz.knb",
    }
    leg = table.delivery.leg
    for kind, service in steps.items():
        at = {"handover_offered": "tashkent-airport", "delivered": "delivery"}.get(kind, "preparation")
        assert became(table.say(service, kind, at)) == ("refused", "R8")
    longer = {"valid_until": "2022-06-01T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R8")
    assert table.delivery.leg == leg


def test_r8_first_stop_keeps_its_reason() -> None:
    """A second stop is accepted and recorded, and changes neither who nor why."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested", reason="the recipient has been warned")
    assert became(table.say("kz.knb", "stop_requested", reason="another reason")) == ("accepted", None)
    halt = table.delivery.halt
    assert halt is not None
    assert (halt.by, halt.reason) == ("uz.police", "uz.police ordered a stop: the recipient has been warned")


def test_r8_everyone_but_who_ordered_it_acknowledges() -> None:
    """The stop reaches every other participant, once each."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.ACKNOWLEDGED)
    asked = table.delivery.progress[unforeseen.ACKNOWLEDGED].checkpoint.services()
    assert sorted((*asked, "uz.police")) == sorted(table.plan.participants())
    assert became(table.say("uz.police", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("refused", "R17")
    assert became(table.say("kz.knb", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("accepted", None)


def test_r8_there_is_nothing_to_acknowledge_before_a_stop() -> None:
    """An acknowledgement of no stop is refused."""
    table = Table().dispatch()
    assert became(table.say("kz.knb", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("refused", "R8")


def test_r8_interdiction_waits_without_end() -> None:
    """It has no due time, may not be given one, is reminded of again and again and can never be passed unanswered."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    definition = unforeseen.definition(table.delivery, unforeseen.INTERDICTION)
    due = utc_text(table.now + timedelta(hours=1))
    assert forbidden(table, Opened(checkpoint=unforeseen.INTERDICTION, due=due, definition=definition)) == "R2"
    open_unforeseen(table, unforeseen.INTERDICTION)
    table.pass_time(days=30)
    assert set(let_time_bring(table)) == {"reminded"}
    assert table.delivery.progress[unforeseen.INTERDICTION].rung == 30 * 24
    for result, rule in (("unanswered", "R2"), ("satisfied", "R17")):
        event = Closed.model_validate({"checkpoint": unforeseen.INTERDICTION, "result": result})
        assert forbidden(table, event) == rule


def test_r8_unanswered_acknowledgement_may_be_closed_after_its_time() -> None:
    """Silence about a stop is recorded and does not keep the delivery open."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.ACKNOWLEDGED)
    assert forbidden(table, Closed(checkpoint=unforeseen.ACKNOWLEDGED, result="unanswered")) == "R2"
    table.pass_time(hours=12)
    assert let_time_bring(table) == ("silence",)
    table.record(Closed(checkpoint=unforeseen.ACKNOWLEDGED, result="unanswered"))


def test_r8_halted_delivery_is_not_concluded_before_the_seizure() -> None:
    """Only the responsible authority's seizure lets it end."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.INTERDICTION)
    end = Concluded(outcome="interdicted_early", reason="stopped")
    assert forbidden(table, end) == "R8"
    assert became(table.say("uz.customs", "interdicted", unforeseen.INTERDICTION)) == ("refused", "R4")
    assert became(table.say("kz.customs", "interdicted", unforeseen.INTERDICTION)) == ("accepted", None)
    table.close(unforeseen.INTERDICTION)
    table.record(end)
    assert table.delivery.outcome == "interdicted_early"


def test_r8_seizure_without_a_checkpoint_answers_the_interdiction() -> None:
    """The responsible authority has seized: whether or not it names the checkpoint, nothing more is waited for."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.INTERDICTION)
    assert became(table.say("kz.customs", "interdicted")) == ("accepted", None)
    assert table.delivery.secured
    assert table.delivery.progress[unforeseen.INTERDICTION].satisfied


def test_r8_open_checkpoints_are_taken_back_only_after_a_halt() -> None:
    """`withdrawn` is no way round an open checkpoint."""
    table = opened(Table(), "consent-kz")
    assert forbidden(table, Closed(checkpoint="consent-kz", result="withdrawn")) == "R17"
    table.say("caricc", "stop_requested")
    table.record(Closed(checkpoint="consent-kz", result="withdrawn"))


def test_r8_what_still_counts_after_a_halt() -> None:
    """A stop, a sighting and a withdrawal may still be said; a lost sighting would lose the consignment."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.customs", "sighted")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "stop_requested")) == ("accepted", None)


# R12


@pytest.mark.parametrize(("arrests", "outcome"), [(0, "delivered_without_arrest"), (1, "delivered_with_arrests")])
def test_r12_only_the_outcome_that_follows_can_be_concluded_and_once(arrests: int, outcome: Any) -> None:
    """Of all thirteen outcomes the rules let exactly one through, and only one time."""
    table = accounted(arrests)
    for other in Concluded.model_fields["outcome"].annotation.__args__:  # type: ignore[union-attr]
        if other != outcome:
            assert forbidden(table, Concluded(outcome=other, reason="pretext")) == "R12"
    table.record(Concluded(outcome=outcome, reason="as it happened"))
    assert forbidden(table, Concluded(outcome=outcome, reason="again")) == "R12"


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "accounted"])
def test_r12_nothing_is_concluded_while_checkpoints_are_open(phase: str) -> None:
    """A delivery that has not run its course has no outcome."""
    assert forbidden(PHASES[phase](), Concluded(outcome="delivered_without_arrest", reason="pretext")) == "R12"


def test_r12_a_stop_after_the_arrests_does_not_undo_them() -> None:
    """What has been achieved is the outcome; why the rest was cut short stands beside it."""
    table = accounted(2)
    table.say("uz.customs", "stop_requested", reason="flood in the store")
    table.say("uz.customs", "interdicted")
    outcome, reason = conclusion(table.delivery)

    assert "delivered_with_arrests" == outcome
    assert "flood in the store" in reason


@pytest.mark.parametrize(
    ("phase", "outcome"),
    [("prepared", "withdrawn"), ("dispatched", "interdicted_early"), ("delivered", "interdicted_early")],
)
def test_r12_stop_ends_as_withdrawn_before_departure_and_as_interdicted_after(phase: str, outcome: str) -> None:
    """What a stop amounts to depends on whether the consignment had left."""
    table = PHASES[phase]()
    table.say("caricc", "stop_requested")
    assert conclusion(table.delivery)[0] == outcome


def test_r12_it_ends_only_with_an_outcome_and_starts_only_once() -> None:
    """`ended` needs an outcome, and a second `started` is not permitted."""
    table = accounted()
    assert forbidden(table, Ended()) == "R12"
    assert forbidden(table, table.delivery.ledger[0].event) == "R12"


def test_r12_after_the_end_nothing_enters() -> None:
    """An ended ledger takes no event and no statement, not even a stop or a repeated one."""
    table = accounted()
    table.record(Concluded(outcome="delivered_with_arrests", reason="two arrested"))
    repeated = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    assert became(submit(table.delivery, repeated, table.now)) == ("late", None)
    table.record(Ended())
    before = len(table.delivery.ledger)
    with pytest.raises(NotAllowed, match="has ended"):
        submit(table.delivery, repeated, table.now)
    with pytest.raises(NotAllowed, match="has ended"):
        table.say("kz.knb", "stop_requested")
    assert forbidden(table, Told(kind="outcome")) == "R12"
    assert forbidden(table, Ended()) == "R12"
    assert len(table.delivery.ledger) == before


def test_r12_after_the_outcome_only_the_debrief_is_heard() -> None:
    """A late arrest is kept and counts for nothing; the debrief is accepted."""
    table = accounted(0)
    table.record(Concluded(outcome="delivered_without_arrest", reason="nobody came"))
    table.open("debrief")
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("late", None)
    assert became(table.say("kz.knb", "stop_requested")) == ("late", None)
    assert (table.delivery.arrested, table.delivery.halt) == (0, None)
    assert became(table.say("caricc", "debriefed", "debrief")) == ("accepted", None)


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


# R17


@pytest.mark.parametrize(
    ("service", "kind", "at"),
    [
        ("kz.police", "ready", "preparation"),
        ("uz.customs", "ready", "preparation"),
        ("kz.knb", "prepared", "preparation"),
        ("kz.customs", "ready", "preparation"),
        ("kz.knb", "ready", "nowhere"),
        ("kz.knb", "ready", None),
        ("kz.customs", "dispatched", "delivery"),
    ],
)
def test_r17_statement_counts_only_from_who_is_asked_where_it_is_asked(service: str, kind: str, at: str | None) -> None:
    """A wrong service, an unknown checkpoint, no checkpoint or another need: refused, and nothing is answered."""
    plan = replaced(example_plan(), "debrief", requires=(Requirement(service="kz.police", says="debrief"),))
    table = opened(Table(plan).consent(), "preparation")
    assert became(table.say(service, kind, at)) == ("refused", "R17")
    assert table.delivery.progress["preparation"].answers == {}


def test_r17_answering_twice_is_refused() -> None:
    """The first answer stands, also if the second says something else."""
    table = opened(Table().consent(), "preparation")
    table.say("kz.customs", "prepared", "preparation")
    assert became(table.say("kz.customs", "prepared", "preparation", gross="14 kg")) == ("refused", "R17")
    assert table.delivery.custody is not None
    assert table.delivery.custody.gross == GROSS


def test_r17_consent_cannot_be_given_after_it_was_refused() -> None:
    """The two answers to one need are one turn."""
    table = opened(delivered(), *())
    table.say("uz.police", "no_arrest", "arrest-tashkent")
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("refused", "R17")
    assert table.delivery.arrested == 0


def test_r17_late_statements_are_kept_and_change_nothing() -> None:
    """After its checkpoint has closed an answer is recorded as late and the state stays as it was."""
    plan = replaced(example_plan(), "arrest-almaty", need=1, requires=ARRESTS)
    table = delivered_with(plan)
    table.say("kz.knb", "no_arrest", "arrest-almaty")
    table.close("arrest-almaty")
    before = len(table.delivery.ledger)
    assert became(table.say("kz.police", "arrest_made", "arrest-almaty")) == ("late", None)
    assert (len(table.delivery.ledger), table.delivery.arrested) == (before + 1, 0)


ARRESTS = (Requirement(service="kz.knb", says="arrest"), Requirement(service="kz.police", says="arrest"))


def delivered_with(plan: Plan) -> Table:
    """Delivered by this plan."""
    table = handed_over(Table(plan).approach())
    table.open("delivery")
    table.say("uz.customs", "delivered", "delivery")
    table.close("delivery")
    table.open("arrest-tashkent", "arrest-almaty")
    return table


def test_r17_early_statements_wait_for_their_checkpoint() -> None:
    """Kept as early, without effect, and evaluated anew when the checkpoint opens: accepted or refused then."""
    table = opened(Table(), "consent-kz", "consent-uz")
    assert became(table.say("kz.knb", "ready", "preparation")) == ("early", None)
    assert became(table.say("kz.customs", "prepared", "preparation", modality="removed")) == ("early", None)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}")
    table.close("consent-kz", "consent-uz")
    assert len(table.delivery.early) == 2
    table.open("preparation")
    verdicts = [entry.event.verdict for entry in table.delivery.ledger if isinstance(entry.event, TakenUp)]
    assert [(verdict.verdict, verdict.rule) for verdict in verdicts] == [("accepted", None), ("refused", "R3")]
    assert (table.delivery.early, table.delivery.custody) == ({}, None)


def test_r17_checkpoints_open_in_the_order_of_the_steps() -> None:
    """No checkpoint opens before every one of an earlier step has closed, nor twice, nor one that nobody planned."""
    table = opened(Table(), "consent-kz")
    due = utc_text(table.now + timedelta(hours=1))
    for name in ("preparation", "delivery", "arrest-almaty", "accounting", "debrief", "consent-kz", "nowhere"):
        assert forbidden(table, Opened(checkpoint=name, due=due)) == "R17"
    table.open("consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.close("consent-kz")
    assert forbidden(table, Opened(checkpoint="preparation", due=due)) == "R17"


def test_r17_without_a_handover_the_delivery_still_follows_the_departure() -> None:
    """On a route of one leg no handover stands between: the delivery opens only after the departure has closed."""
    plan = example_plan()
    kept = tuple(checkpoint for checkpoint in plan.checkpoints if checkpoint.id not in ("consent-uz", "tashkent-airport"))
    leg = plan.legs[0].model_copy(update={"end": "delivery"})
    table = Table(plan.model_copy(update={"checkpoints": kept, "legs": (leg,)}))
    table.open("consent-kz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.close("consent-kz")
    prepared(table).record(Cleared(leg=0))
    with pytest.raises(RuleBroken, match="R17: delivery does not open before departure has closed"):
        table.open("delivery")


def test_r17_planned_checkpoint_is_defined_by_the_plan_alone() -> None:
    """Opening it with a definition that asks fewer services is not permitted (found by test)."""
    table = Table().consent()
    planned = table.plan.find("preparation")
    assert planned is not None
    fewer = Checkpoint(id="preparation", requires=planned.requires[1:], due=planned.due)
    due = utc_text(table.now + planned.due)
    assert forbidden(table, Opened(checkpoint="preparation", due=due, definition=fewer)) == "R17"


@pytest.mark.parametrize("hours", [None, 0, 1000])
def test_r2_planned_checkpoint_is_due_when_the_plan_says(hours: int | None) -> None:
    """Who runs the installation cannot let a request for consent wait for ever, nor make it overdue at once."""
    table = Table()
    due = None if hours is None else utc_text(table.now + timedelta(hours=hours))
    assert forbidden(table, Opened(checkpoint="consent-kz", due=due)) == "R2"


def test_r17_nobody_was_asked_at_a_checkpoint_that_is_not_open() -> None:
    """Asking is recorded only where a checkpoint has opened; closing, only where it is open."""
    table = Table()
    assert forbidden(table, Asked(checkpoint="consent-kz", received=("kz.prosecutor",))) == "R17"
    assert forbidden(table, Closed(checkpoint="consent-kz", result="satisfied")) == "R17"
    table.consent()
    assert forbidden(table, Closed(checkpoint="consent-kz", result="satisfied")) == "R17"


def test_r17_quorum_counts_distinct_services() -> None:
    """One of two is enough where the plan says so, and one service that speaks twice is still one."""
    table = delivered_with(replaced(example_plan(), "arrest-almaty", need=2, requires=(*ARRESTS, *ARRESTS_TASHKENT)))
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert became(table.say("kz.knb", "no_arrest", "arrest-almaty")) == ("refused", "R17")
    assert forbidden(table, Closed(checkpoint="arrest-almaty", result="satisfied")) == "R17"
    table.say("uz.customs", "arrest_made", "arrest-almaty")
    table.close("arrest-almaty")


ARRESTS_TASHKENT = (Requirement(service="uz.customs", says="arrest"),)


# R18


def test_r18_same_bytes_get_the_same_receipt_and_no_second_entry() -> None:
    """A statement sent again, even after more has happened, is the same statement."""
    table = opened(Table(), "consent-kz")
    envelope = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    first = submit(table.delivery, envelope, table.now)
    table.say("kz.prosecutor", "stop_requested")
    before = len(table.delivery.ledger)
    table.pass_time(hours=1)
    assert submit(table.delivery, envelope, table.now) == first
    assert receipt(table.delivery, first.statement) == first
    assert len(table.delivery.ledger) == before


def test_r18_same_id_with_other_content_is_recorded_as_refused() -> None:
    """The attempt is evidence, the first content stands, and its receipt stays what it was."""
    table = opened(Table().consent(), "preparation")
    first = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert became(again) == ("refused", "R18")
    assert again.seq == first.seq + 1
    assert table.delivery.custody is not None
    assert table.delivery.custody.gross == GROSS
    assert receipt(table.delivery, "one-and-the-same") == first


def test_r18_the_same_contradiction_again_is_recorded_once() -> None:
    """Repeating it gets the first refusal's receipt and leaves no second entry: the ledger cannot be filled that way."""
    table = opened(Table().consent(), "preparation")
    table.say("kz.customs", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    so_far = len(table.delivery.ledger)

    assert again == table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert so_far == len(table.delivery.ledger)


def test_r18_id_used_by_one_service_cannot_be_used_by_another() -> None:
    """Whoever takes an id first has it."""
    table = Table()
    table.say("kz.knb", "stop_requested", id="one-and-the-same")
    assert became(table.say("uz.police", "stop_requested", id="one-and-the-same")) == ("refused", "R18")


def test_r18_early_statement_is_taken_up_once_and_with_the_rules_verdict() -> None:
    """Nothing that is not kept is taken up, and not with another verdict, nor while it is still early."""
    table = Table().approach()
    early = table.say("uz.customs", "handover_accepted", "tashkent-airport").statement
    accepted = Verdict(verdict="accepted")
    assert forbidden(table, TakenUp(statement=early, verdict=accepted)) == "R18"
    still = table.delivery.statements[early].verdict
    assert forbidden(table, TakenUp(statement=early, verdict=still)) == "R18"
    assert forbidden(table, TakenUp(statement="never-said", verdict=accepted)) == "R18"
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert forbidden(table, TakenUp(statement=early, verdict=accepted)) == "R18"


def test_r18_receipt_of_an_unknown_statement_is_not_found() -> None:
    """There is no receipt for what was never said."""
    with pytest.raises(NotFound):
        receipt(Table().delivery, "never-said")


# The door: what is noise leaves no trace


def raw(payload: bytes) -> Envelope:
    """These bytes, signed by a participant."""
    return sign(payload, STATEMENT_TYPE, private_key_of("kz.knb"))


def with_keys(**key: str) -> Table:
    """A table at which the key of `kz.knb` has this validity."""
    table = Table()
    services = tuple(
        service.model_copy(update={"keys": (service.keys[0].model_copy(update=dict(key)),)})
        if service.id == "kz.knb"
        else service
        for service in table.directory.services
    )
    table.directory = Directory(vigil="directory/1", services=services)
    table.delivery.directory = table.directory
    return table


def test_admit_refuses_noise_and_leaves_no_trace() -> None:
    """Malformed, not canonical, unknown, forged, about another delivery or from outside: nothing enters the ledger."""
    table = Table()
    statement = table.statement("kz.knb", "stop_requested")
    payload = canonical(statement)
    good = sign_statement(statement, private_key_of("kz.knb"))
    elsewhere = statement.model_copy(update={"delivery": "another-one"})
    unknown = statement.model_copy(update={"service": "kz.nobody"})
    outside = table.statement("ru.police", "stop_requested")
    noise = [
        (raw(b"not json"), Malformed),
        (raw(b"{}"), Malformed),
        (raw(payload.replace(b'{"checkpoint"', b'{ "checkpoint"')), Malformed),
        (raw(payload[:-1] + b',"more":1}'), Malformed),
        (raw(payload + b"\n"), Malformed),
        (good.model_copy(update={"payload": good.payload[:-4] + "!!!!"}), Malformed),
        (sign_statement(elsewhere, private_key_of("kz.knb")), NotFound),
        (sign_statement(unknown, private_key_of("kz.nobody")), NotAuthentic),
        (sign_statement(statement, private_key_of("uz.police")), NotAuthentic),
        (good.model_copy(update={"payload": raw(payload.replace(b"danger", b"dangex")).payload}), NotAuthentic),
        (sign(payload, "application/vnd.vigil.plan+json", private_key_of("kz.knb")), NotAuthentic),
        (sign(payload, STATEMENT_TYPE, private_key_of("kz.knb"), private_key_of("uz.police")), NotAuthentic),
        (sign_statement(outside, private_key_of("ru.police")), NotAllowed),
    ]
    before = tuple(table.delivery.ledger)
    for envelope, error in noise:
        with pytest.raises(error):
            submit(table.delivery, envelope, table.now)
    assert tuple(table.delivery.ledger) == before
    assert (table.delivery.statements, table.delivery.halt) == ({}, None)
    assert became(submit(table.delivery, good, table.now)) == ("accepted", None)


@pytest.mark.parametrize(
    "key",
    [
        {"revoked_at": "2022-03-01T06:00:00Z"},
        {"valid_until": "2022-03-01T06:00:00Z"},
        {"valid_from": "2022-03-01T06:00:00.000001Z"},
    ],
)
def test_admit_refuses_a_key_that_is_not_valid_now(key: dict[str, str]) -> None:
    """Revoked, run out or not yet valid at this instant: not authentic; the other side of the boundary is admitted."""
    table = with_keys(**key)
    statement = table.statement("kz.knb", "sighted")
    envelope = sign_statement(statement, private_key_of("kz.knb"))
    with pytest.raises(NotAuthentic):
        admit(table.delivery, envelope, table.now)
    inside = timedelta(microseconds=1 if "valid_from" in key else -1)
    assert admit(table.delivery, envelope, table.now + inside) == statement


@given(phase=st.sampled_from(sorted(PHASES)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_the_ledger_adds_up_to_the_same_delivery(phase: str, data: st.DataObject) -> None:
    """Random words by random services at random checkpoints: nothing crashes, and the entries rebuild the same state."""
    table = PHASES[phase]()
    names = [checkpoint.id for checkpoint in table.plan.checkpoints] + [None, "nowhere", unforeseen.ACKNOWLEDGED]
    for _ in range(data.draw(st.integers(1, 8))):
        service = data.draw(st.sampled_from(table.plan.participants()))
        kind = data.draw(st.sampled_from(sorted(KINDS)))
        at = data.draw(st.sampled_from(names))
        if kind.startswith("authorisation_") and table.directory.get(service).state is None:
            continue
        table.say(service, kind, at, **KINDS[kind])
        table.pass_time(hours=data.draw(st.integers(0, 30)))
        let_time_bring(table)
        take_up(table.delivery, table.now)
    again = resume(signed_plan(table.plan), table.directory, table.cards, tuple(table.delivery.ledger))
    assert summary(again) == summary(table.delivery)


KINDS: dict[str, dict[str, Any]] = {
    "authorisation_granted": {},
    "authorisation_refused": {},
    "authorisation_extended": {"valid_until": "2022-04-09T00:00:00Z"},
    "authorisation_withdrawn": {},
    "prepared": {},
    "ready": {},
    "dispatched": {},
    "sighted": {},
    "handover_offered": {},
    "handover_accepted": {"gross": "13.8 kg"},
    "handover_declined": {},
    "movement_decision": {},
    "delivered": {},
    "arrest_made": {},
    "no_arrest": {},
    "seizure": {},
    "debriefed": {},
    "stop_acknowledged": {},
    "interdicted": {},
}


def summary(delivery: Delivery) -> tuple[Any, ...]:
    """All that a delivery knows."""
    return (
        delivery.ledger.head,
        delivery.statements,
        delivery.early,
        delivery.progress,
        delivery.grants,
        delivery.custody,
        delivery.discrepancy,
        delivery.cleared,
        delivery.leg,
        delivery.delivered,
        delivery.arrested,
        delivery.secured,
        delivery.halt,
    )


def replaced(plan: Plan, name: str, **changed: Any) -> Plan:
    """The plan, with one checkpoint changed."""
    checkpoints = tuple(
        checkpoint.model_copy(update=changed) if checkpoint.id == name else checkpoint for checkpoint in plan.checkpoints
    )
    return plan.model_copy(update={"checkpoints": checkpoints})
