"""R21: who speaks for another service does so by its dated delegation, or as the backup its ladder has come to."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.statement import sign_statement
from domain.plan.plan import Plan
from domain.views.asked import inbox
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from rehearsal.simulator import World, simulate
from tests.course import became, code
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, submitted, with_changes

ANYBODY = card_of("UZ", measures=[])
"""A card of Uzbekistan that does not know who permits what, so that any public authority speaks for another."""


def sat_at(plan: Plan | None = None) -> Table:
    """A table where one kind of service is as good as another."""
    return Table(plan or example_plan(), other_cards=ANYBODY)


THREE = with_changes(consent_uz={"escalate": [{"after": "30h", "to": "uz.security"}]})
"""With a third service of Uzbekistan that neither decides nor carries anything out."""


def speaks(
    table: Table, service: str, *, for_: str = "uz.prosecutor", kind: str = "authorisation_granted", **content: Any
) -> Any:
    """One service speaks for another where Uzbekistan is asked; verdict and rule."""
    return became(table.say(service, kind, "consent-uz", on_behalf_of=for_, **content))


def test_r21_nobody_speaks_for_another_without_a_delegation() -> None:
    """Not even of the same State; and nothing is granted."""
    table = sat_at()
    assert speaks(table, "uz.police") == ("refused", "R21")
    assert table.delivery.state.grants == {}


def test_r21_delegate_speaks_for_who_delegated() -> None:
    """It counts as the say of the prosecutor, and the prosecutor has answered."""
    table = sat_at()
    assert became(table.say("uz.prosecutor", "delegated", to="uz.police")) == ("accepted", None)
    assert speaks(table, "uz.police") == ("accepted", None)
    assert table.delivery.state.grants["uz.prosecutor"].service == "uz.prosecutor"
    assert table.is_closed("consent-uz")
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz")) == ("late", "R17")


def test_r21_delegate_speaks_for_who_delegated_and_for_nobody_else() -> None:
    """The police of Uzbekistan has not become the customs."""
    table = sat_at()
    table.say("uz.prosecutor", "delegated", to="uz.police")
    assert speaks(table, "uz.police", for_="uz.customs") == ("refused", "R21")
    assert speaks(table, "uz.customs") == ("refused", "R21")


def test_r21_speaking_for_oneself_needs_no_delegation() -> None:
    """Naming oneself changes nothing."""
    assert speaks(sat_at(), "uz.prosecutor") == ("accepted", None)


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "expected"),
    [
        ("2022-03-01T06:00:00Z", "2022-03-01T06:00:00.001Z", ("accepted", None)),
        ("2022-03-01T06:00:00.001Z", "2022-03-02T06:00:00Z", ("refused", "R21")),
        ("2022-03-01T05:00:00Z", "2022-03-01T06:00:00Z", ("refused", "R21")),
    ],
    ids=["begins now", "not yet", "ends now"],
)
def test_r21_delegation_counts_from_its_first_instant_until_its_last(valid_from: str, valid_until: str, expected: Any) -> None:
    """At `valid_from` it counts, at `valid_until` no more."""
    table = sat_at()
    table.say("uz.prosecutor", "delegated", to="uz.police", valid_from=valid_from, valid_until=valid_until)
    assert speaks(table, "uz.police") == expected


def test_r21_delegation_may_be_passed_on_and_each_link_must_count() -> None:
    """From the prosecutor to the police to the security; when one link has run out, the chain has."""
    table = sat_at(THREE)
    table.say("uz.prosecutor", "delegated", to="uz.police")
    table.say("uz.police", "delegated", to="uz.security", valid_until="2022-03-01T08:00:00Z")
    assert speaks(table, "uz.security", kind="authorisation_granted", provisional=True) == ("accepted", None)
    table.pass_time(hours=2)
    assert speaks(table, "uz.security") == ("refused", "R21")
    assert speaks(table, "uz.police") == ("accepted", None)


def test_r21_last_delegation_replaces_the_one_before() -> None:
    """Given to another, it is no longer the first one's."""
    table = sat_at(THREE)
    table.say("uz.prosecutor", "delegated", to="uz.police")
    table.say("uz.prosecutor", "delegated", to="uz.security")
    assert speaks(table, "uz.police") == ("refused", "R21")
    assert speaks(table, "uz.security") == ("accepted", None)


@pytest.mark.parametrize(
    ("by", "to", "found"),
    [
        ("uz.prosecutor", "kz.police", "delegate_of_other_state"),
        ("uz.prosecutor", "caricc", "delegate_of_other_state"),
        ("uz.prosecutor", "uz.post", "no_part"),
        ("uz.prosecutor", "uz.ghost", "no_part"),
        ("uz.prosecutor", "uz.prosecutor", "circle"),
    ],
)
def test_r21_say_stays_within_the_state_and_the_delivery(by: str, to: str, found: str) -> None:
    """Not to another State, not to who has no part, not to oneself."""
    table = sat_at()
    said = table.say(by, "delegated", to=to)
    assert (became(said), code(said)) == (("refused", "R21"), found)
    assert table.delivery.state.delegations == {}


def test_r21_delegations_make_no_circle() -> None:
    """Neither of two nor of three; each would have everyone speak for everyone."""
    table = sat_at(THREE)
    table.say("uz.prosecutor", "delegated", to="uz.police")
    assert became(table.say("uz.police", "delegated", to="uz.prosecutor")) == ("refused", "R21")
    table.say("uz.police", "delegated", to="uz.security")
    assert became(table.say("uz.security", "delegated", to="uz.prosecutor")) == ("refused", "R21")


def test_r21_delegate_cannot_delegate_what_is_not_its_own() -> None:
    """A delegation speaks of the service that signs it: nobody gives away another's say."""
    table = sat_at()
    table.say("uz.police", "delegated", to="uz.customs", on_behalf_of="uz.police")
    table.say("uz.customs", "delegated", to="uz.police", on_behalf_of="uz.prosecutor")
    assert "uz.prosecutor" not in table.delivery.state.delegations


BACKED = with_changes(
    consent_uz={
        "escalate": [
            {"after": "30h", "to": "uz.customs"},
            {"after": "36h", "to": "uz.police", "may_answer": True},
        ]
    }
)


def test_r21_backup_answers_only_once_the_ladder_has_come_to_it() -> None:
    """Before its rung it is refused; from its rung on it counts as the prosecutor's say."""
    table = sat_at(BACKED)
    table.pass_time(hours=35)
    assert speaks(table, "uz.police") == ("refused", "R21")
    table.pass_time(hours=1)
    assert speaks(table, "uz.police") == ("accepted", None)
    assert table.at("consent-uz").satisfied


def test_r21_superior_who_is_only_told_does_not_answer() -> None:
    """A rung without `may_answer` is for information."""
    table = sat_at(BACKED)
    table.pass_time(hours=36)
    assert speaks(table, "uz.customs") == ("refused", "R21")


def climbed(plan: Plan = BACKED) -> Table:
    """The ladder at Uzbekistan's consent has come to its police."""
    table = sat_at(plan)
    table.pass_time(hours=36)
    return table


def test_r21_backup_says_there_only_what_is_asked_there() -> None:
    """It withdraws nothing, and speaks for nobody who is not asked there (found by test)."""
    table = climbed()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=True)
    assert speaks(table, "uz.police", kind="authorisation_withdrawn") == ("refused", "R21")
    assert speaks(table, "uz.police", for_="kz.police", kind="interdicted") == ("refused", "R21")
    assert speaks(table, "uz.police", for_="kz.prosecutor") == ("refused", "R21")
    assert table.delivery.state.halt is None


def test_r21_backup_has_no_more_say_once_the_checkpoint_has_closed() -> None:
    """The prosecutor has answered after all; its backup cannot withdraw or seize in its name (found by test)."""
    table = climbed()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_closed("consent-uz")
    assert speaks(table, "uz.police", kind="authorisation_withdrawn") == ("refused", "R21")
    assert table.delivery.state.halt is None


def test_r21_backup_at_the_last_checkpoint_seizes_nothing_after_it_has_closed() -> None:
    """The customs has seized it as planned; the police, whose rung came, cannot seize again in its name and halt the arrests."""
    ladder = [{"after": "20h", "to": "uz.police", "may_answer": True}]
    ends = with_changes(delivery={"requires": asks("uz.customs interdiction"), "escalate": ladder, "remind": []})
    table = sat_at(ends).dispatch().hand_over()
    table.pass_time(hours=20)
    table.say("uz.customs", "interdicted", "delivery")
    assert table.is_closed("delivery")
    again = table.say("uz.police", "interdicted", "delivery", on_behalf_of="uz.customs")
    assert became(again) == ("refused", "R21")
    assert table.delivery.state.halt is None


def test_r21_backup_of_another_state_cannot_consent() -> None:
    """Even where a plan names one, a State's say stays within it (found by test)."""
    ladder = [{"after": "30h", "to": "kz.knb", "may_answer": True}]
    table = sat_at(with_changes(consent_uz={"escalate": ladder}))
    table.pass_time(hours=30)
    assert speaks(table, "kz.knb", state="UZ") == ("refused", "R21")


def test_r21_backup_gives_no_second_answer() -> None:
    """The prosecutor has answered, and only the customs are still waited for: the prosecutor's backup comes too late."""
    both = asks("uz.prosecutor authorisation", "uz.customs authorisation")
    table = climbed(with_changes(BACKED, consent_uz={"requires": both}))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_open("consent-uz")
    assert speaks(table, "uz.police") == ("refused", "R17")
    assert speaks(table, "uz.police", for_="uz.customs") == ("accepted", None)


def test_r21_backup_signs_with_its_own_key() -> None:
    """Speaking for another needs no key of the other: what is signed is who signed."""
    table = climbed()
    statement = table.statement("uz.police", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    envelope = sign_statement(statement, private_key_of("uz.police"))
    assert became(submitted(table.delivery, envelope, table.now)) == ("accepted", None)


def test_r21_delegate_of_the_responsible_authority_hands_over() -> None:
    """Custody is the giver's and the taker's still: the delegate only speaks."""
    table = sat_at().dispatch()
    table.say("kz.police", "delegated", to="kz.knb")
    said = table.say("kz.knb", "handover_offered", "tashkent-airport", on_behalf_of="kz.police")
    assert became(said) == ("accepted", None)
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.state.responsible == "uz.customs"


def test_r21_delegating_needs_no_open_checkpoint_and_outlives_a_halt() -> None:
    """Somebody must be able to acknowledge and to seize, whoever is on leave."""
    table = sat_at().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "delegated", to="kz.knb")) == ("accepted", None)
    assert became(table.say("kz.knb", "interdicted", on_behalf_of="kz.police")) == ("accepted", None)
    assert table.delivery.state.secured


def test_r21_delegate_finds_what_it_may_answer_in_its_inbox() -> None:
    """What the prosecutor is asked is in the delegate's inbox as the prosecutor's, from the first instant to the last."""
    table = sat_at()
    assert () == inbox(table.delivery, "uz.police", table.now)
    window = {"valid_from": table.now.isoformat(), "valid_until": (table.now + timedelta(hours=5)).isoformat()}
    table.say("uz.prosecutor", "delegated", to="uz.police", reason="on leave", **window)
    found = inbox(table.delivery, "uz.police", table.now)

    assert [("consent-uz", "uz.prosecutor")] == [(one.checkpoint, one.service) for one in found]
    assert () == inbox(table.delivery, "uz.police", table.now + timedelta(hours=5))


@pytest.mark.parametrize(("backups", "outcome"), [(True, "delivered_with_arrests"), (False, "expired")])
def test_r21_a_simulated_delivery_goes_on_with_the_backups_answer(backups: bool, outcome: str) -> None:  # noqa: FBT001
    """The prosecutor is silent; the police answers once its rung has come, or nobody does."""
    silent = {"service": "uz.prosecutor", "at": "consent-uz"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": [silent]})
    chosen = World(BACKED, example_directory(), example_cards() | ANYBODY, scenario, 1, backups=backups)
    done = simulate(chosen)
    assert done.delivery.state.outcome == outcome
    Checker(BACKED, chosen.cards, chosen.directory).check(done.delivery.ledger.entries)
