"""R20: where the plan asks for two officers, a second one signs the same, or nothing counts."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.reported import Amended
from domain.delivery.statement import sign_statement
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.record.door import amend, change_keys, submit
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import public_text
from domain.views.asked import inbox, request
from domain.views.second import first_word, otherwise
from domain.views.view import view
from domain.words.errors import NotAuthentic
from rehearsal.scenario import Scenario
from rehearsal.services import SECOND, private_key_of, second
from rehearsal.simulator import World, simulate
from tests.course import became, code, outcome_of
from tests.support import PHOTOGRAPH, Table, asks, example_cards, example_directory, signed_plan, with_changes

TWO = with_changes(
    consent_uz={"requires": asks("uz.prosecutor authorisation 2")},
    preparation={"requires": asks("kz.police prepared 2", "kz.knb ready")},
    tashkent_airport={"requires": asks("kz.police handover_offer", "uz.customs handover_acceptance 2")},
)


def preparing() -> Table:
    """The preparation is open, and two officers of the customs must sign it."""
    return Table(with_changes(preparation={"requires": asks("kz.police prepared 2", "kz.knb ready")})).consent()


def test_r20_one_officer_alone_prepares_nothing() -> None:
    """Accepted and kept, but without effect: no custody begins and the customs is still waited for."""
    table = preparing()
    assert became(table.say("kz.police", "prepared", "preparation")) == ("accepted", None)
    assert (table.delivery.state.custody, table.delivery.state.goods) == (None, None)
    assert "kz.police" in table.delivery.state.progress["preparation"].waiting_for()


def test_r20_second_officer_who_says_the_same_makes_it_count() -> None:
    """Same service, same words, another officer."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation")
    assert became(table.say("kz.police", "prepared", "preparation", officer="officer-2")) == ("accepted", None)
    assert table.delivery.state.custody is not None
    assert "kz.police" not in table.delivery.state.progress["preparation"].waiting_for()


def test_r20_same_officer_twice_is_one_officer() -> None:
    """Signing again, under another statement id, is refused."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation")
    again = table.say("kz.police", "prepared", "preparation")
    assert (became(again), code(again)) == (("refused", "R20"), "same_officer")
    assert table.delivery.state.custody is None


def test_r20_one_key_in_two_names_is_one_officer() -> None:
    """Whoever has one key signs in another officer's name as well: that is one person's word, and refused."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation")
    said = table.statement("kz.police", "prepared", "preparation", officer="officer-3")
    again = submit(table.delivery, sign_statement(said, private_key_of("kz.police")), table.now)
    assert (became(again), code(again)) == (("refused", "R20"), "same_officer")
    first = table.statement("kz.police", "prepared", "preparation")
    with pytest.raises(NotAuthentic, match="is officer-2's"):
        submit(table.delivery, sign_statement(first, private_key_of(second("kz.police"))), table.now)
    assert table.delivery.state.custody is None


def test_r20_two_keys_in_one_officers_hand_are_one_officer() -> None:
    """Whoever has a new key and the old one signs twice, and it is one person's word."""
    table = preparing()
    new = ServiceKey(public=public_text(private_key_of("new")), officer=SECOND, valid_from="2022-03-01T00:00:00Z")
    record = KeyChange(service="kz.police", by="kz.police", made_at=table.now.isoformat(), added=(new,), ended=())
    assert change_keys(table.delivery, sign(canonical(record), KEYS_TYPE, private_key_of("kz.police")), table.now) is not None
    table.say("kz.police", "prepared", "preparation", officer=SECOND)
    said = table.statement("kz.police", "prepared", "preparation", officer=SECOND)
    again = submit(table.delivery, sign_statement(said, private_key_of("new")), table.now)
    assert (became(again), code(again)) == (("refused", "R20"), "same_officer")
    assert table.delivery.state.custody is None


def test_r20_a_services_own_key_does_not_speak_for_an_officer_who_has_one() -> None:
    """Else its system and the officer would be two, and one person's word two persons'."""
    table = preparing()
    said = table.statement("kz.police", "prepared", "preparation", officer="officer-2")
    with pytest.raises(NotAuthentic, match="officer-2, whom what it signed names, has a key of their own"):
        submit(table.delivery, sign_statement(said, private_key_of("kz.police")), table.now)
    assert table.delivery.state.custody is None


def test_r20_second_officer_who_says_something_else_is_refused() -> None:
    """A milligram of difference, and nothing counts until both say the same."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation")
    other = table.say("kz.police", "prepared", "preparation", officer="officer-2", gross="13.900001 kg")
    assert became(other) == ("refused", "R20")
    assert became(table.say("kz.police", "prepared", "preparation", officer="officer-2")) == ("accepted", None)
    assert table.delivery.state.custody is not None


def test_r20_first_officer_may_sign_anew_until_a_second_has_signed() -> None:
    """A slip of the first does not lock the checkpoint for ever (found by test): the new words take the place of the old."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation", gross="1.39 kg")
    assert became(table.say("kz.police", "prepared", "preparation")) == ("accepted", None)
    assert became(table.say("kz.police", "prepared", "preparation", officer="officer-2", gross="1.39 kg")) == ("refused", "R20")
    table.say("kz.police", "prepared", "preparation", officer="officer-2")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == 13_900_000


def test_r20_officers_of_two_services_are_not_two_of_one() -> None:
    """The customs signs, and the police by its delegation: neither has two officers yet."""
    table = preparing()
    table.say("kz.police", "delegated", to="kz.knb")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "prepared", "preparation", officer="officer-2", on_behalf_of="kz.police")
    assert table.delivery.state.custody is None
    table.say("kz.knb", "prepared", "preparation", on_behalf_of="kz.police")
    assert table.delivery.state.custody is not None


def test_r20_one_officer_does_not_consent_for_a_state() -> None:
    """A grant by one of two is none; by both it is one."""
    table = Table(TWO)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.delivery.state.grants == {}
    assert table.is_open("consent-uz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    assert list(table.delivery.state.grants) == ["uz.prosecutor"]


@pytest.mark.parametrize("kind", ["authorisation_refused", "stop_requested"])
def test_r20_a_no_needs_only_one(kind: str) -> None:
    """One officer is enough to refuse or to stop."""
    table = Table(TWO)
    table.say("uz.prosecutor", kind, "consent-uz")
    assert table.delivery.state.halt is not None


def under_way(plan: Plan) -> Table:
    """Dispatched under this plan, two officers saying what two must say."""
    table = Table(plan)
    for state in ("kz", "uz"):
        for officer in ("officer-1", "officer-2"):
            table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", officer=officer)
    for officer in ("officer-1", "officer-2"):
        table.say("kz.police", "prepared", "preparation", officer=officer)
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    assert table.is_open("tashkent-airport")
    return table


def test_r20_one_officer_of_the_taker_moves_no_custody() -> None:
    """The giver stays responsible until a second officer of the taker has signed."""
    table = under_way(TWO)
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.state.responsible == "kz.police"
    table.say("uz.customs", "handover_accepted", "tashkent-airport", officer="officer-2")
    assert table.delivery.state.responsible == "uz.customs"


def test_r20_one_officer_declines() -> None:
    """Not to take custody needs one."""
    table = under_way(TWO)
    table.say("uz.customs", "handover_declined", "tashkent-airport")
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.cause == "declined"


SEIZED_AT_THE_END = with_changes(delivery={"requires": asks("uz.customs interdiction 2")})


def test_r20_planned_seizure_needs_the_two_the_plan_asks_for() -> None:
    """One officer, or the same one twice, does not end it as planned (found by test)."""
    table = Table(SEIZED_AT_THE_END).dispatch().hand_over()
    assert became(table.say("uz.customs", "interdicted", "delivery")) == ("accepted", None)
    assert not table.delivery.state.secured
    assert became(table.say("uz.customs", "interdicted", "delivery")) == ("refused", "R20")
    table.say("uz.customs", "interdicted", "delivery", officer="officer-2")
    assert (table.delivery.state.secured, table.delivery.state.delivered, table.delivery.state.halt) == (True, True, None)


def test_r20_seizure_beside_the_plan_needs_only_one_and_halts() -> None:
    """Naming no checkpoint is no way to end it as planned with one signature (found by test): it is an early interdiction."""
    table = Table(SEIZED_AT_THE_END).dispatch().hand_over()
    table.say("uz.customs", "interdicted")
    assert (table.delivery.state.secured, table.delivery.state.delivered) == (True, False)
    assert outcome_of(table) == "interdicted_early"


def test_r20_the_request_says_that_two_must_sign_and_a_simulated_service_does() -> None:
    """Told in the simulator: each is signed by two, and it arrives."""
    table = Table(TWO)
    officers: dict[str, Any] = {
        state: request(table.delivery, f"consent-{state}", f"{state}.prosecutor") for state in ("kz", "uz")
    }
    assert {state: asked.officers for state, asked in officers.items()} == {"kz": 1, "uz": 2}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}})
    done = simulate(World(TWO, example_directory(), example_cards(), scenario, 1))
    assert done.delivery.state.outcome == "delivered_with_arrests"


def test_r20_r11_a_second_officer_is_shown_what_the_first_said_less_their_own_finding_and_nobody_else_is() -> None:
    """Newest word of the first, by its entry, which inbox and view name; never the weight and the seals, which each finds; of no
    other service, not the initiator either; and no more once two have signed, or where one is enough.
    """
    table = preparing()
    table.say("kz.police", "prepared", "preparation", gross="1.39 kg")
    table.say("kz.knb", "ready", "preparation")
    entry = table.say("kz.police", "prepared", "preparation").seq
    delivery, police = table.delivery, table.directory.get("kz.police")
    first = first_word(delivery, police, "preparation", "kz.police", "prepared")
    assert first is not None
    assert (first.entry, first.statement.officer) == (entry, "officer-1")
    assert {"gross", "seals"} == set(first.own_findings())
    assert {"kept", "modality", "opened"} <= first.taken_over().keys()
    assert first.taken_over().keys().isdisjoint({"gross", "seals", "packages"})
    told = {
        reader.id: [one.signed_by_one for wait in view(delivery, reader, table.now).waiting for one in wait.services]
        for reader in table.directory.services
    }
    assert [one.entry for signed in told.pop("kz.police") for one in signed] == [entry]
    assert not [one for others in told.values() for signed in others for one in signed]
    asked = {one.id: [each.signed_by_one for each in inbox(delivery, one.id, table.now)] for one in table.directory.services}
    assert [(entry, "officer-1")] == [(one.entry, one.officer) for signed in asked.pop("kz.police") for one in signed]
    assert not [one for others in asked.values() for signed in others for one in signed]
    assert not [one for one in told if first_word(delivery, table.directory.get(one), "preparation", "kz.police", "prepared")]

    other = table.statement("kz.police", "prepared", "preparation", gross="13.900001 kg", attachments=(PHOTOGRAPH,))
    assert otherwise(first.statement, other) == ("gross", "attachments")
    assert otherwise(first.statement, table.statement("kz.police", "prepared", "preparation", officer="officer-2")) == ()
    table.say("kz.police", "prepared", "preparation", officer="officer-2")
    assert first_word(delivery, police, "preparation", "kz.police", "prepared") is None


def test_r20_what_a_first_officer_consented_to_is_forgotten_once_it_is_asked_otherwise() -> None:
    """The plan is changed between the two: two others may sign for what is asked now, though the first is not there any more."""
    plan = with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation 2")})
    table = Table(plan)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    longer = signed_plan(with_changes(plan, delivery={"due": timedelta(days=7)}))
    amend(table.delivery, Amended(plan=longer), table.now)
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz")) == ("accepted", None)
    assert "uz.prosecutor" not in table.delivery.state.grants
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    assert "uz.prosecutor" in table.delivery.state.grants
