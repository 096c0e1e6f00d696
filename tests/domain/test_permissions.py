"""R16: what needs a permission of its own where the State's card says so."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.events import Cleared, Concluded, Halted
from domain.plan.plan import Plan
from domain.rules.course import conclusion
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, forbidden, opened
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

PERMIT = asks("uz.prosecutor authorisation", "uz.police permission")
TRACKER = {"items": [{"label": "T-1", "what": "tracker", "gross": "50 g", "lasts": "30d"}]}


def plan_with(permission: str) -> Plan:
    """Almaty - Tashkent, doing what needs this permission in Uzbekistan (opening: prepared there), where it is asked for."""
    plan = with_changes(consent_uz={"requires": PERMIT})
    if permission == "accompanying_officers":
        legs = (plan.legs[0], plan.legs[1].model_copy(update={"accompanied_by": ("kz.knb",)}))
        return plan.model_copy(update={"legs": legs})
    if permission == "opening":
        plan = with_changes(plan, preparation={"state": "UZ", "locode": None})
    return plan.model_copy(update={"uses": (permission,)})


def asked(permission: str, plan: Plan | None = None) -> Table:
    """Both States are asked; Kazakhstan has consented, and Uzbekistan's card wants this permitted apart."""
    table = Table(plan or plan_with(permission), other_cards=card_of("UZ", separate=[permission]))
    opened(table, "consent-kz", "consent-uz").say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    return table


def permitted(permission: str, **content: Any) -> Table:
    """It is permitted, in these words, and consent is closed."""
    table = asked(permission)
    said = table.say("uz.police", "permission_granted", "consent-uz", permissions=[permission], **content)
    assert became(said) == ("accepted", None)
    table.close("consent-kz", "consent-uz")
    return table


def made_ready(table: Table) -> Table:
    """Prepared in a way that needs no permission."""
    table.open("preparation")
    table.say("kz.customs", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    return table


EACH = pytest.mark.parametrize("permission", ["opening", "technical_means", "accompanying_officers"])


@EACH
def test_r16_permission_is_wanted_only_where_the_card_separates_it(permission: Any) -> None:
    """The card that names it wants it, in that State; one that names another, nothing, or does not know wants none."""
    plan, card = plan_with(permission), card_of("UZ", separate=[permission])["UZ"]
    others = [one for one in ("opening", "technical_means", "accompanying_officers") if one != permission]
    assert plan.permissions(card) == (permission,)
    for separate in (others, [], "not known"):
        assert plan.permissions(card_of("UZ", separate=separate)["UZ"]) == ()
    assert example_plan().permissions(card) == ()


def test_r16_opening_is_wanted_where_it_is_prepared_and_officers_where_they_travel() -> None:
    """Kazakhstan, where nothing is opened and nobody accompanies, need not permit it; a device travels through both."""
    card = card_of("KZ", separate=["opening", "technical_means", "accompanying_officers"])["KZ"]
    wanted = {one: plan_with(one).permissions(card) for one in ("opening", "technical_means", "accompanying_officers")}
    assert wanted == {"opening": (), "technical_means": ("technical_means",), "accompanying_officers": ()}


@EACH
def test_r16_without_the_permission_the_story_may_declare_a_halt(permission: str) -> None:
    """Permitted, departure is cleared; not permitted, the delivery is refused before anything is prepared."""
    table = permitted(permission)
    made_ready(table).record(Cleared(leg=0))

    missing = asked(permission)
    missing.delivery.state.progress["consent-uz"].answers["uz.police", "permission"] = 0
    missing.close("consent-kz", "consent-uz")
    missing.record(Halted(cause="permission", rule="R16", reason="test"))
    assert conclusion(missing.delivery)[0] == "refused"


@pytest.mark.parametrize("permission", ["technical_means", "accompanying_officers"])
def test_r16_nothing_departs_without_the_permission(permission: str) -> None:
    """What goes on all along the way is permitted when it leaves."""
    missing = asked(permission)
    missing.delivery.state.progress["consent-uz"].answers["uz.police", "permission"] = 0
    missing.close("consent-kz", "consent-uz")
    assert forbidden(made_ready(missing), Cleared(leg=0)) == "R16"


def test_r16_opening_needs_no_permission_any_more_once_it_is_prepared() -> None:
    """A permit to open that has run out, or was never used, does not keep what is sealed again from leaving."""
    missing = asked("opening")
    missing.delivery.state.progress["consent-uz"].answers["uz.police", "permission"] = 0
    missing.close("consent-kz", "consent-uz")
    made_ready(missing).record(Cleared(leg=0))

    assert missing.delivery.state.cleared == 0


def test_r16_no_halt_is_declared_where_all_is_permitted() -> None:
    """Who runs the installation cannot end a delivery by saying that a permission is missing."""
    assert forbidden(permitted("opening"), Halted(cause="permission", rule="R16", reason="test")) == "R16"


def test_r16_consent_does_not_close_before_the_permission_is_given() -> None:
    """The checkpoint waits for both: the authorisation alone is not enough."""
    table = asked("technical_means")
    assert table.delivery.state.progress["consent-uz"].waiting_for() == ("uz.police",)


def test_r16_refused_permission_halts() -> None:
    """The State does not permit it: nothing advances, and it ends as refused."""
    table = asked("technical_means")
    table.say("uz.police", "permission_refused", "consent-uz")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("refused", "R16", "uz.police")
    assert conclusion(table.delivery)[0] == "refused"


@pytest.mark.parametrize(
    ("service", "content", "rule"),
    [
        ("uz.police", {"state": "KZ"}, "R16"),
        ("uz.police", {"permissions": ["opening"]}, "R16"),
        ("uz.police", {"valid_until": "2022-03-01T06:00:00Z"}, "R16"),
        ("uz.prosecutor", {}, "R16"),
        ("kz.prosecutor", {}, "R16"),
    ],
    ids=["other state", "less than asked", "already ended", "not asked", "not asked, other state"],
)
def test_r16_permission_that_does_not_answer_is_refused(service: str, content: dict[str, Any], rule: str) -> None:
    """For another State, for less than is asked, already over, or by who is not asked: refused, and nothing is permitted."""
    table = asked("technical_means")
    words = {"permissions": ["technical_means"]} | content
    assert became(table.say(service, "permission_granted", "consent-uz", **words)) == ("refused", rule)
    assert table.delivery.state.permits == {}


def test_r16_refusal_of_a_permission_is_for_ones_own_state() -> None:
    """An officer who names another State halts nothing."""
    table = asked("technical_means")
    assert became(table.say("uz.police", "permission_refused", "consent-uz", state="KZ")) == ("refused", "R16")
    assert table.delivery.state.halt is None


def test_r16_permission_ends_at_the_very_instant_it_names() -> None:
    """Departure is refused at `valid_until`, and not a microsecond before."""
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R16"))):
        table = made_ready(permitted("technical_means", valid_until="2022-03-02T06:00:00Z"))
        table.record(Cleared(leg=0))
        table.open("departure")
        table.pass_time(days=1, microseconds=-early)
        assert became(table.say("kz.customs", "dispatched", "departure")) == expected


def offered(**content: Any) -> Table:
    """Offered at the border of Uzbekistan, which has permitted foreign officers in these words; a day is left of it."""
    table = made_ready(permitted("accompanying_officers", valid_until="2022-03-02T06:00:00Z", **content))
    table.record(Cleared(leg=0))
    table.open("departure")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.customs", "dispatched")):
        table.say(service, kind, "departure")
    table.close("departure")
    return table


def test_r16_crossing_is_cleared_only_while_it_is_permitted() -> None:
    """The permission of the State ahead has run out on the way: the next leg does not begin."""
    table = offered()
    table.pass_time(days=1)
    assert forbidden(table, Cleared(leg=1)) == "R16"


def test_r16_crossing_itself_is_refused_once_it_is_no_longer_permitted() -> None:
    """Cleared in time and accepted too late: custody does not move (found by test)."""
    table = offered()
    table.record(Cleared(leg=1))
    table.open("tashkent-airport")
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.pass_time(days=1)
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("refused", "R16")
    assert table.delivery.state.responsible == "kz.customs"


def test_r16_device_that_no_plan_speaks_of_is_refused_where_any_state_on_the_route_separates_it() -> None:
    """Kazakhstan does not mind a tracker, Uzbekistan does: it is refused at the preparation in Almaty (found by test)."""
    for other, expected in ((card_of("UZ", separate=["technical_means"]), ("refused", "R16")), ({}, ("accepted", None))):
        table = opened(Table(other_cards=other).consent(), "preparation")
        assert became(table.say("kz.customs", "prepared", "preparation", **TRACKER)) == expected


def test_r16_tracker_is_technical_means_even_if_nobody_says_how_long_it_lasts() -> None:
    """Leaving out `lasts` is no way around the permission (found by test); a substitute is no device."""
    for what, expected in (("tracker", "refused"), ("opening_alarm", "refused"), ("marking", "accepted")):
        table = opened(Table(other_cards=card_of("KZ", separate=["technical_means"])).consent(), "preparation")
        item = {"label": "T-1", "what": what, "gross": "50 g"}
        assert became(table.say("kz.customs", "prepared", "preparation", items=[item]))[0] == expected


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([], "delivered_with_arrests"),
        ([{"service": "uz.police", "at": "consent-uz", "says": "permission_refused"}], "refused"),
        ([{"service": "uz.police", "at": "consent-uz"}], "expired"),
        ([{"service": "uz.police", "at": "consent-uz", "says": "permission_granted",
           "details": {"valid_until": "2022-03-01T18:00:00Z"}}], "refused"),
    ],
    ids=["granted", "refused", "silent", "too short"],
)  # fmt: skip
def test_r16_the_story_asks_for_permission_and_ends_without_it(acts: list[dict[str, Any]], outcome: str) -> None:
    """Told in the simulator: permitted it arrives; refused, silent or too short, it never crosses."""
    pace = {"fastest": "5m", "slowest": "20m"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": pace, "acts": acts})
    plan = plan_with("accompanying_officers")
    plan = with_changes(plan, preparation={"due": timedelta(hours=40)}, tashkent_airport={"due": timedelta(hours=40)})
    slow = scenario.model_copy(update={"paces": (PREPARED_SLOWLY,)})
    cards = example_cards() | card_of("UZ", separate=["accompanying_officers"])
    done = simulate(World(plan, example_directory(), cards, slow, 1))

    assert done.delivery.state.outcome == outcome
    Checker(plan).check(tuple(done.delivery.ledger))


def test_r16_permission_that_has_done_its_service_may_run_out_though_the_story_is_told_again() -> None:
    """Begun again from its ledger at every boundary, the story halts for nothing that is behind it (seed 223, found by test)."""
    plan = with_changes(plan_with("technical_means"), accounting={"due": timedelta(days=9)})
    brief = {"service": "uz.police", "at": "consent-uz", "says": "permission_granted",
             "details": {"valid_until": "2022-03-03T06:00:00Z"}}  # fmt: skip
    slow = {"says": "seizure", "fastest": "5d", "slowest": "6d"}
    words = {"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "paces": [slow], "acts": [brief]}
    cards = example_cards() | card_of("UZ", separate=["technical_means"])
    done = simulate(World(plan, example_directory(), cards, Scenario.model_validate(words), 1, restart_chance=0.5))
    assert done.restarts > 3
    assert (done.delivery.state.halt, done.delivery.state.outcome) == (None, "delivered_with_arrests")


def test_r12_nothing_is_halted_once_it_has_an_outcome() -> None:
    """Who runs the installation cannot call it refused afterwards, though something is not permitted any more (found by test)."""
    table = made_ready(permitted("technical_means", valid_until="2022-03-02T06:00:00Z"))
    table.say("uz.police", "stop_requested")
    table.say("kz.customs", "interdicted")
    table.record(Concluded(outcome="withdrawn", reason="test"))
    table.pass_time(days=2)
    assert forbidden(table, Halted(cause="permission", rule="R16", reason="test")) == "R12"


PREPARED_SLOWLY = Scenario.model_validate(
    {
        "vigil": "scenario/1",
        "pace": {"fastest": "1m", "slowest": "1m"},
        "paces": [{"says": "prepared", "fastest": "20h", "slowest": "21h"}],
    }
).paces[0]
