"""R16: what needs a permission of its own where the State's card says so."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.consents import Consents
from domain.delivery.decided import Cleared, Halted, Opened
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.rules.course import PERMISSION_WANTING
from domain.views import forms
from domain.views.asked import inbox
from domain.words.moments import utc_text
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, brings, code, dispatched, entry_of, forbidden, outcome_of, prepared, replaced
from tests.domain.test_hostile_stand_ins import following, follows
from tests.domain.test_successors import FREE
from tests.support import Table, asking_all, asks, card_of, example_cards, example_directory, example_plan, with_changes

PERMIT = asks("uz.prosecutor authorisation", "uz.police permission")
TRACKER = {"items": [{"label": "T-1", "what": "tracker", "gross": "50 g", "lasts": "30d"}]}


def plan_with(permission: str) -> Plan:
    """Almaty - Tashkent, doing what needs this permission in Uzbekistan (opening: prepared there), where it is asked for."""
    plan = with_changes(consent_uz={"requires": PERMIT})
    if permission == "foreign_officers":
        legs = (plan.legs[0], plan.legs[1].model_copy(update={"accompanied_by": ("kz.knb",)}))
        return plan.model_copy(update={"legs": legs})
    if permission == "opening":
        plan = with_changes(
            plan, preparation={"state": "UZ", "locode": None, "requires": asks("uz.customs prepared", "kz.knb ready")}
        )
    return plan.model_copy(update={"uses": (permission,)})


def asked(permission: str, plan: Plan | None = None) -> Table:
    """Both States are asked; Kazakhstan has consented, and Uzbekistan's card wants this permitted apart."""
    table = Table(plan or plan_with(permission), other_cards=card_of("UZ", separate=[permission]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    return table


def permitted(permission: str, plan: Plan | None = None, **content: Any) -> Table:
    """It is permitted, in these words, and consent is closed."""
    table = asked(permission, plan)
    said = table.say("uz.police", "permission_granted", "consent-uz", permissions=[permission], **content)
    assert became(said) == ("accepted", None)
    assert table.is_closed("consent-kz", "consent-uz")
    return table


def not_asked(permission: str) -> Table:
    """The plan does not ask for it, which the plan check would find; all consent, and it is permitted by nobody."""
    plan = plan_with(permission)
    table = asked(permission, replaced(plan, "consent-uz", requires=plan.checkpoints[1].requires[:1]))
    assert table.is_closed("consent-kz", "consent-uz")
    return table


HALT = Halted(cause="permission", finding=PERMISSION_WANTING(permission="device", state="UZ"))


EACH = pytest.mark.parametrize("permission", ["opening", "device", "foreign_officers"])


@EACH
def test_r16_permission_is_wanted_only_where_the_card_separates_it(permission: Any) -> None:
    """The card that names it wants it, in that State; one that names another, or nothing, wants none; one that does not know
    wants all that is done.
    """
    plan, card = plan_with(permission), card_of("UZ", separate=[permission])["UZ"]
    others = [one for one in ("opening", "device", "foreign_officers") if one != permission]
    assert plan.permissions(card) == (permission,)
    for separate in (others, []):
        assert plan.permissions(card_of("UZ", separate=separate)["UZ"]) == ()
    assert plan.permissions(card_of("UZ", measures=[])["UZ"]) == ("post", permission)
    assert example_plan().permissions(card) == ()


def test_r16_opening_is_wanted_where_it_is_prepared_and_officers_where_they_travel() -> None:
    """Kazakhstan, where nothing is opened and nobody accompanies, need not permit it; a device travels through both."""
    card = card_of("KZ", separate=["opening", "device", "foreign_officers"])["KZ"]
    wanted = {one: plan_with(one).permissions(card) for one in ("opening", "device", "foreign_officers")}
    assert wanted == {"opening": (), "device": ("device",), "foreign_officers": ()}


@EACH
def test_r16_without_the_permission_it_halts(permission: str) -> None:
    """Permitted, departure is cleared; not permitted, the delivery is refused before anything is prepared."""
    assert prepared(permitted(permission)).delivery.state.cleared == 0

    missing = not_asked(permission)
    halt = missing.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("permission", "R16")
    assert halt.finding.parameters == {"permission": permission, "state": "UZ"}
    assert "preparation" not in missing.delivery.state.progress
    assert outcome_of(missing) == "refused"


@EACH
def test_r16_nothing_is_prepared_or_cleared_without_the_permission(permission: str) -> None:
    """Who runs the installation cannot leave the halt out and go on."""
    missing = not_asked(permission)
    halted = entry_of(missing, "halted")
    preparation = Opened(checkpoint="preparation", due=utc_text(missing.now + timedelta(hours=12)))
    for event in (Cleared(leg=0), preparation):
        assert "due then is halted" in forbidden(missing, event, instead_of=halted)


@pytest.mark.parametrize("permission", ["device", "foreign_officers"])
def test_r16_nothing_departs_once_the_permission_has_run_out(permission: str) -> None:
    """What goes on all along the way is permitted when it leaves: run out during the preparation, it halts."""
    table = permitted(permission, valid_until="2022-03-01T12:00:00Z")
    assert set(brings(table, hours=6, microseconds=-1)) == {"reminded", "told"}
    table.pass_time(microseconds=1)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, table.delivery.state.cleared) == ("permission", "R16", -1)


def test_r16_opening_needs_no_permission_any_more_once_it_is_prepared() -> None:
    """A permit to open that has run out, or was never used, does not keep what is sealed again from leaving."""
    table = dispatched(permitted("opening", valid_until="2022-03-01T07:00:00Z"))
    table.pass_time(hours=2)
    assert (table.delivery.state.halt, table.delivery.state.dispatched) == (None, True)


def test_r16_no_halt_is_declared_where_all_is_permitted() -> None:
    """Who runs the installation cannot end a delivery by saying that a permission is missing."""
    assert "is nothing, recorded is halted" in forbidden(permitted("device"), HALT)


def test_r16_consent_does_not_close_before_the_permission_is_given() -> None:
    """The checkpoint waits for both: the authorisation alone is not enough."""
    table = asked("device")
    assert table.delivery.state.progress["consent-uz"].waiting_for() == ("uz.police",)


def test_r16_who_is_asked_for_both_acts_permits_by_the_one_of_its_own() -> None:
    """Each form has what the other has not, and both count as they are."""
    plan = following("kz.prosecutor authorisation", "kz.prosecutor permission", court=False)
    table = Table(plan, other_cards=follows("prosecutor") | FREE)
    (asks_both,) = inbox(table.delivery, "kz.prosecutor", table.now)
    assert {"authorisation", "permission"} == {*asks_both.says}
    for kind in ("authorisation_granted", "permission_granted"):
        said = dict(forms.asked(kind, asks_both, table.now))
        assert "permits" not in said
        assert code(table.say("kz.prosecutor", kind, "consent-kz", **said)) is None
    assert table.delivery.consents.permitted("KZ", "following_person", table.now)


def test_r16_an_authorisation_permits_no_more_what_wants_an_act_of_its_own_by_now() -> None:
    """A change of plan may bring another rule of the card to bear; here the card itself says otherwise."""
    law = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
    inside = {"measures": ["device"], "needs": "permission", "by": ["prosecutor"], "law": law}
    table = Table(plan_with("device"), other_cards=card_of("UZ", measures=[inside]))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", permits=["device"])
    state, now = table.delivery.state, table.now
    assert Consents(state).permitted("UZ", "device", now)
    state.cards = {**state.cards, **card_of("UZ", measures=[inside | {"needs": "own_act"}])}
    assert not Consents(state).permitted("UZ", "device", now)


def test_r16_refused_permission_halts() -> None:
    """The State does not permit it: nothing advances, and it ends as refused."""
    table = asked("device")
    table.say("uz.police", "permission_refused", "consent-uz")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("refused", "R16", "uz.police")
    assert outcome_of(table) == "refused"


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
    table = asked("device")
    words = {"permissions": ["device"]} | content
    assert became(table.say(service, "permission_granted", "consent-uz", **words)) == ("refused", rule)
    assert table.delivery.state.permits == {}


def test_r16_refusal_of_a_permission_is_for_ones_own_state() -> None:
    """An officer who names another State halts nothing."""
    table = asked("device")
    assert became(table.say("uz.police", "permission_refused", "consent-uz", state="KZ")) == ("refused", "R16")
    assert table.delivery.state.halt is None


def test_r16_departure_that_was_cleared_halts_at_the_very_instant_the_permission_ends() -> None:
    """A microsecond before, it may leave; at `valid_until` it halts: nobody could let it go any more, so it waited for ever."""
    for early, expected in ((1, ("accepted", None)), (0, ("refused", "R8"))):
        table = prepared(permitted("device", valid_until="2022-03-02T06:00:00Z"))
        assert table.is_open("departure")
        table.pass_time(days=1, microseconds=-early)
        assert (table.delivery.state.halt is None) == bool(early)
        assert became(table.say("kz.police", "dispatched", "departure")) == expected


def ready_to_leave() -> Table:
    """Cleared for departure under a plan that waits at the border; Uzbekistan permits foreign officers for a day."""
    patient = replaced(plan_with("foreign_officers"), "tashkent-airport", overdue="hold")
    table = prepared(permitted("foreign_officers", patient, valid_until="2022-03-02T06:00:00Z"))
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    return table


def test_r16_crossing_that_was_cleared_halts_once_it_is_no_longer_permitted() -> None:
    """Cleared in time and accepted too late: custody does not move, and it is seized, since nobody could take it any more."""
    table = ready_to_leave()
    table.say("kz.police", "dispatched", "departure")
    assert table.delivery.state.cleared == 1
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.pass_time(days=1)
    answer = table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert (became(answer), code(answer)) == (("refused", "R8"), "has_halted")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, table.delivery.state.responsible) == ("permission", "R16", "kz.police")
    assert table.is_open("stop.interdiction")


def permitted_in_two_spans(permission: str) -> Table:
    """Permitted for a day, and again from the next day on; everybody is ready, and the departure is cleared."""
    both = asks("uz.prosecutor authorisation", "uz.police permission", "uz.customs permission")
    patient = replaced(plan_with(permission), "tashkent-airport", overdue="hold")
    plan = replaced(patient, "consent-uz", requires=with_changes(consent_uz={"requires": both}).checkpoints[1].requires)
    table = Table(plan, other_cards=card_of("UZ", separate=[permission]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    first = {"valid_from": "2022-03-01T00:00:00Z", "valid_until": "2022-03-02T06:00:00Z"}
    then = {"valid_from": "2022-03-02T18:00:00Z", "valid_until": "2022-03-20T00:00:00Z"}
    for service, span in (("uz.police", first), ("uz.customs", then)):
        table.say(service, "permission_granted", "consent-uz", permissions=[permission], **span)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    prepared(table)
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    return table


def test_r16_departure_waits_where_it_is_permitted_again_later() -> None:
    """Between the two it is refused and nothing halts, since somebody will be able to let it go."""
    table = permitted_in_two_spans("device")
    table.pass_time(days=1)
    assert table.delivery.state.halt is None
    early = table.say("kz.police", "dispatched", "departure")
    assert (became(early), code(early)) == (("refused", "R16"), "permission_missing")
    table.pass_time(hours=12)
    assert became(table.say("kz.police", "dispatched", "departure")) == ("accepted", None)


def test_r16_crossing_waits_where_it_is_permitted_again_later() -> None:
    """Cleared in time, and accepted between the two: custody moves only once it is permitted again."""
    table = permitted_in_two_spans("foreign_officers")
    table.say("kz.police", "dispatched", "departure")
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.pass_time(days=1)
    early = table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert (became(early), code(early), table.delivery.state.responsible) == (
        ("refused", "R16"),
        "permission_missing",
        "kz.police",
    )
    table.pass_time(hours=12)
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("accepted", None)
    assert table.delivery.state.responsible == "uz.customs"


def test_r16_crossing_is_cleared_only_while_it_is_permitted() -> None:
    """It left in time, its consent is being made longer, and the permission runs out: the crossing is not cleared, it halts."""
    patient = replaced(plan_with("foreign_officers"), "tashkent-airport", overdue="hold")
    slow = patient.contingencies.model_copy(update={"extension": timedelta(days=3)})
    table = Table(patient.model_copy(update={"contingencies": slow}), other_cards=card_of("UZ", separate=["foreign_officers"]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2022-03-04T23:00:00Z")
    permit = {"permissions": ["foreign_officers"], "valid_until": "2022-03-04T00:00:00Z"}
    table.say("uz.police", "permission_granted", "consent-uz", **permit)
    prepared(table)
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    table.pass_time(days=2)
    assert became(table.say("kz.police", "dispatched", "departure")) == ("accepted", None)
    assert (table.delivery.state.cleared, table.opened("extension")) == (0, "extension.uz.prosecutor.1")
    table.pass_time(hours=18)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, table.delivery.state.cleared) == ("permission", "R16", 0)


def test_r16_device_that_no_plan_speaks_of_is_refused_where_any_state_on_the_route_separates_it() -> None:
    """Kazakhstan does not mind a tracker, Uzbekistan does: it is refused at the preparation in Almaty (found by test)."""
    for other, expected in ((card_of("UZ", separate=["device"]), ("refused", "R16")), ({}, ("accepted", None))):
        table = Table(other_cards=other).consent()
        assert became(table.say("kz.police", "prepared", "preparation", **TRACKER)) == expected


def test_r16_tracker_is_device_even_if_nobody_says_how_long_it_lasts() -> None:
    """Leaving out `lasts` is no way around the permission (found by test); a substitute is no device."""
    for what, expected in (("tracker", "refused"), ("opening_alarm", "refused"), ("marking", "accepted")):
        table = Table(other_cards=card_of("KZ", separate=["device"])).consent()
        item = {"label": "T-1", "what": what, "gross": "50 g"}
        assert became(table.say("kz.police", "prepared", "preparation", items=[item]))[0] == expected


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        ([], "delivered_with_arrests"),
        ([{"service": "uz.police", "at": "consent-uz", "says": "permission_refused"}], "refused"),
        ([{"service": "uz.police", "at": "consent-uz"}], "expired"),
        ([{"service": "uz.police", "at": "consent-uz", "says": "permission_granted",
           "details": {"valid_until": "2022-03-01T18:00:00Z"}}], "delivered_with_arrests"),
        ([{"service": "uz.police", "at": "consent-uz", "says": "permission_granted",
           "details": {"valid_until": "2022-03-01T18:00:00Z"}}, {"service": "uz.police", "at": "renewal.uz.police"}], "refused"),
    ],
    ids=["granted", "refused", "silent", "made longer", "too short"],
)  # fmt: skip
def test_r16_the_story_asks_for_permission_and_ends_without_it(acts: list[dict[str, Any]], outcome: str) -> None:
    """Told in the simulator: permitted it arrives; refused, silent or too short, it never crosses."""
    pace = {"fastest": "5m", "slowest": "20m"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": pace, "acts": acts})
    plan = plan_with("foreign_officers")
    plan = with_changes(plan, preparation={"due": timedelta(hours=40)}, tashkent_airport={"due": timedelta(hours=40)})
    slow = scenario.model_copy(update={"paces": (PREPARED_SLOWLY,)})
    cards = example_cards() | card_of("UZ", separate=["foreign_officers"])
    done = simulate(World(plan, example_directory(), cards, slow, 1))

    assert done.delivery.state.outcome == outcome
    Checker(plan).check(done.delivery.ledger.entries)


def test_r16_permission_that_has_done_its_service_may_run_out_though_the_story_is_told_again() -> None:
    """Begun again from its ledger at every boundary, the story halts for nothing that is behind it (seed 223, found by test)."""
    plan = with_changes(plan_with("device"), accounting={"due": timedelta(days=9)})
    brief = {"service": "uz.police", "at": "consent-uz", "says": "permission_granted",
             "details": {"valid_until": "2022-03-03T06:00:00Z"}}  # fmt: skip
    slow = {"says": "seizure", "fastest": "5d", "slowest": "6d"}
    words = {"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "paces": [slow], "acts": [brief]}
    cards = example_cards() | card_of("UZ", separate=["device"])
    done = simulate(World(plan, example_directory(), cards, Scenario.model_validate(words), 1, restart_chance=0.5))
    assert done.restarts > 3
    assert (done.delivery.state.halt, done.delivery.state.outcome) == (None, "delivered_with_arrests")


@EACH
def test_r16_a_permission_that_a_card_does_not_know_of_is_asked_for_and_given(permission: str) -> None:
    """Nobody knows whether it needs one, and the plan asks: the request names it, it is permitted, and the delivery goes on."""
    plan = plan_with(permission)
    if permission == "opening":  # prepared in Kazakhstan, where its card does not know either
        plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.afm permission")})
        plan = plan.model_copy(update={"uses": ("opening",)})
    cards = example_cards() | card_of("UZ", measures=[]) | card_of("KZ", measures=[])
    assert faults_in(asking_all(plan), example_directory(), cards) == ()
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}})
    done = simulate(World(plan, example_directory(), cards, scenario, 1))
    assert done.delivery.state.outcome == "delivered_with_arrests"
    assert [one.permissions for some in done.delivery.state.permits.values() for one in some] == [("post", permission)]


def test_r12_nothing_is_halted_once_it_has_an_outcome() -> None:
    """Who runs the installation cannot call it refused afterwards, though something is not permitted any more (found by test)."""
    table = prepared(permitted("device", valid_until="2022-03-02T06:00:00Z"))
    table.say("uz.police", "stop_requested")
    assert outcome_of(table) == "stopped_before_departure"
    table.pass_time(days=2)
    assert "halted" not in table.events
    assert "R12" in forbidden(table, HALT)


PREPARED_SLOWLY = Scenario.model_validate(
    {
        "vigil": "scenario/1",
        "pace": {"fastest": "1m", "slowest": "1m"},
        "paces": [{"says": "prepared", "fastest": "20h", "slowest": "21h"}],
    }
).paces[0]


def test_r16_a_permission_that_begins_later_is_waited_for() -> None:
    """It neither halts nor lets go: departure is cleared at the instant from which it counts."""
    table = permitted("device", valid_from="2022-03-01T09:00:00Z")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    assert table.delivery.state.halt is None
    assert table.delivery.state.cleared == -1

    table.pass_time(hours=3)

    assert table.delivery.state.cleared == 0
    assert table.is_open("departure")
