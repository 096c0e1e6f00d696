"""R22: whoever has taken the place of another is asked what is open there, and nothing passes from who was replaced."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.delivery.carried import Carried, carried
from domain.delivery.decided import Silence
from domain.delivery.grants import Permit
from domain.delivery.holdings import exhibits
from domain.plan.plan import Checkpoint, Plan
from domain.plan.successors import asked_instead
from domain.rules.duties import duty_of, permitted
from domain.rules.replacing import who_permits_on
from domain.views.asked import inbox, request
from domain.views.given import say_changed
from domain.views.unasked import may_say
from domain.views.view import view
from rehearsal.services import EPOCH
from tests.course import GROSS, arrested, became, code, dispatched, prepared
from tests.domain.test_changes import change, refused
from tests.domain.test_goods import COVER, plan_of
from tests.domain.test_hostile_stand_ins import (
    AGREED_BESIDE,
    AGREES,
    ALONE,
    DEPUTY,
    LAW,
    following,
    follows,
    permits,
)
from tests.domain.test_law import ALONE as LETS
from tests.domain.test_law import alone, problems, provision
from tests.domain.test_leaves import CLOSED
from tests.domain.test_leaves import prepared as prepares
from tests.domain.test_persons import BEGUN, RECORDER
from tests.support import MEASURES, Table, asks, card_of, example_cards, example_plan, with_changes
from workflows.errands import Question, wanted

BESIDE = ALONE | {"granted_by": ["prosecutor", "border_guard", "court"]}
"""By the card the border service and a court may decide too."""
GOES_ON = {"decision": "go_on"}
UZ_LAW = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
FREE = card_of("UZ", measures=[{"measures": list(MEASURES), "needs": "nothing", "law": UZ_LAW}])
"""In Uzbekistan nothing needs a permission."""


def instead(plan: Plan, old: str, by: str, *, passed: tuple[str, ...] = ("consent-kz",)) -> Plan:
    """The second takes the place of the first, at all but what has been passed, and is asked for consent if that was."""
    document = plan.model_dump()
    for one in document["checkpoints"]:
        if one["id"] not in passed:
            one["requires"] = [
                asked | {"service": by if asked["service"] == old else asked["service"]} for asked in one["requires"]
            ]
    if old == "kz.prosecutor":
        asked = {"service": by, "says": "authorisation"}
        afresh = document["checkpoints"][0] | {"id": "consent-kz-2", "requires": [asked], "escalate": []}
        document["checkpoints"] = [*document["checkpoints"], afresh]
        document["answers_for_law"] |= {"KZ": by} if "KZ" in document["answers_for_law"] else {}
    document["coordinator"] = "kz.court"
    document["replaced"] = [*document["replaced"], {"service": old, "by": by, "reason": "busy"}]
    return Plan.model_validate(document)


def on_its_way(law: dict[str, Any] = BESIDE) -> Table:
    """It has left; the security service began it."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation"), "escalate": [DEPUTY]})
    return Table(plan, other_cards=card_of("KZ", **law)).dispatch()


def asked(table: Table, at: str) -> list[str]:
    """Who is asked at a checkpoint by a question that is under way."""
    return [one.service for one in wanted(table.delivery) if isinstance(one, Question) and one.checkpoint == at]


def test_who_is_replaced_while_something_is_held_is_asked_no_more_and_its_successor_is() -> None:
    """The question goes out to it, it stands in its inbox, it decides, and the state says so after it was carried on."""
    table = on_its_way()
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold.1") == ["kz.police", "kz.prosecutor"]
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert asked(table, "hold.1") == ["kz.police", "kz.court"]
    assert "hold.1" in [one.checkpoint for one in inbox(table.delivery, "kz.court", table.now)]
    state = carried(table.delivery).model_dump_json()
    assert '"kz.court"' in state[state.index('"hold.1"') :]
    assert Carried.model_validate_json(state).model_dump_json() == state
    table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)
    assert table.is_open("hold.1")
    assert became(table.say("kz.court", "hold_decided", "hold.1", **GOES_ON)) == ("accepted", None)
    assert table.delivery.state.hold is None


def test_nothing_passes_from_who_was_replaced_but_a_brake() -> None:
    """The card lets its delegate decide, and it did for the prosecutor; for one who has no part any more it only brakes."""
    for gone in (False, True):
        table = on_its_way()
        table.say("kz.knb", "hold_requested")
        table.say("kz.prosecutor", "delegated", to="kz.border")
        if gone:
            change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
        says = table.say("kz.border", "hold_decided", "hold.1", on_behalf_of="kz.prosecutor", **GOES_ON)
        assert code(says) == ("may_not_speak" if gone else None)
        assert became(table.say("kz.border", "stop_requested", on_behalf_of="kz.prosecutor"))[0] == "accepted"


def test_what_the_one_before_consented_to_is_shown_as_given_before() -> None:
    """Its successor is asked afresh about the changed plan. Until it consents the State is said to be asked, and what the one
    before had given not to carry that; then, as far as that permits more and so stays, to be to what was planned before.
    """
    table = on_its_way()
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))

    def told() -> dict[str, str]:
        shown = view(table.delivery, table.directory.get("kz.knb"), table.now).consents
        return {one.service: say_changed(one) for one in shown if one.state == "KZ"}

    assert {"kz.prosecutor": "KZ is asked afresh: this consent does not carry what is planned now"} == told()
    table.say("kz.court", "authorisation_granted", "consent-kz-2", permits=[])
    before = "KZ has decided afresh since: this consent is to what was planned before"
    assert {"kz.prosecutor": before, "kz.court": ""} == told()


def test_what_a_replaced_service_delegated_passes_no_further() -> None:
    """Neither what it said for another: from the police to the prosecutor, and on to the border service."""
    table = on_its_way()
    table.say("kz.police", "delegated", to="kz.prosecutor")
    table.say("kz.prosecutor", "delegated", to="kz.border")
    table.say("kz.knb", "hold_requested")
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert code(table.say("kz.border", "hold_decided", "hold.1", on_behalf_of="kz.police", **GOES_ON)) == "may_not_speak"


def test_one_who_is_asked_already_and_takes_another_place_decides_by_two_officers() -> None:
    """Where one service is left to let it go on, what one officer of it has said is asked anew (R7); not where two are."""
    table = on_its_way()
    table.say("kz.knb", "hold_requested")
    table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)
    progress = table.at("hold.1")
    others = with_changes(plan_={"replaced": [{"service": "kz.prosecutor", "by": "kz.border", "reason": "busy"}]})
    replace(progress).hand_over(others, EPOCH)
    assert [one.officers for one in progress.checkpoint.requires] == [1, 1]
    progress.hand_over(
        with_changes(plan_={"replaced": [{"service": "kz.prosecutor", "by": "kz.police", "reason": "busy"}]}), EPOCH
    )
    assert [(one.service, one.officers) for one in progress.checkpoint.requires] == [("kz.police", 2)]
    table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)
    assert table.is_open("hold.1")
    table.say("kz.police", "hold_decided", "hold.1", officer="officer-2", **GOES_ON)
    assert table.delivery.state.hold is None


def test_what_was_answered_stays() -> None:
    """The prosecutor had decided before it was replaced: nobody is asked for that again."""
    table = on_its_way()
    table.say("kz.knb", "hold_requested")
    table.say("kz.prosecutor", "hold_decided", "hold.1", **GOES_ON)
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert asked(table, "hold.1") == ["kz.police"]
    table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)
    assert table.delivery.state.hold is None


def test_who_may_not_decide_takes_the_place_of_nobody_who_does() -> None:
    """Else what is held would wait for one who may not let it go on; and who was replaced does not come back."""
    table = on_its_way(ALONE)
    problem = refused(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert "replaced.0: R1: kz.prosecutor was asked to decide or to agree, and by the rule card of KZ a court" in problem
    table = on_its_way()
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    plan = table.delivery.plan.model_dump()
    plan["replaced"] = [*plan["replaced"], {"service": "kz.court", "by": "kz.prosecutor", "reason": "back"}]
    assert "R22: kz.prosecutor has been replaced itself and does not come back" in refused(table, Plan.model_validate(plan))


def permitted_in_urgency(*by: str) -> Table:
    """The prosecutor lets a person be followed, which those of this kind are to sanction: the court is asked."""
    urgent = {
        "measures": ["following_person"],
        "by": ["prosecutor"],
        "sanctioned_within": "72h",
        "law": {"mark": "T", "text": "ord"},
    }
    table = Table(following(), other_cards=follows(*by, urgent_measures=[urgent]) | FREE)
    permits(table, "kz.prosecutor", urgent_at=table.now.isoformat())
    assert asked(table, "sanction.kz.court.1") == ["kz.court"]
    return table


@pytest.mark.parametrize("silent", [True, False])
def test_a_sanction_that_is_open_is_asked_of_the_successor_of_the_court(*, silent: bool) -> None:
    """It sanctions what was urgent; or its silence is its own, and the measure ends."""
    table = permitted_in_urgency("court", "border_guard")
    change(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))
    assert asked(table, "sanction.kz.court.1") == ["kz.border"]
    if not silent:
        said = table.say("kz.border", "permission_granted", "sanction.kz.court.1", permissions=["following_person"])
        assert code(said) is None
        assert not table.is_open("sanction.kz.court.1")
    assert len([one for one in table.delivery.state.permits["KZ"] if one.urgent]) == silent
    table.pass_time(hours=73)
    events = (one.event for one in table.delivery.ledger.entries)
    services = [one.services for one in events if isinstance(one, Silence) and one.checkpoint == "sanction.kz.court.1"]
    assert services == ([("kz.border",)] if silent else [])


BY_ITS_CARD = (
    "R16: in the place of kz.court kz.border would be asked for a permission of following person, and by the rule card of KZ a "
    "border guard gives none; name in `by` a service that may"
)


def test_r16_who_may_not_sanction_takes_the_place_of_nobody_who_is_to() -> None:
    """By the card a court alone lets a person be followed: wherever it is by now, that is to be sanctioned."""
    table = permitted_in_urgency("court")
    assert BY_ITS_CARD in refused(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))
    table.dispatch().hand_over()
    assert BY_ITS_CARD in refused(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))


def permitted_by_court(*by: str) -> Table:
    """A court has let a person be followed for a day, as those of this kind may; in Uzbekistan nobody needs to."""
    table = Table(following(), other_cards=follows(*by) | FREE)
    assert code(permits(table, "kz.court", valid_until=(table.now + timedelta(days=1)).isoformat())) is None
    return table


def test_r16_who_may_not_permit_for_longer_takes_the_place_of_nobody_who_has_permitted() -> None:
    """Else it would be asked again and again for what the card lets it not give."""
    table = permitted_by_court("court")
    assert BY_ITS_CARD in refused(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))
    table = permitted_by_court("court", "border_guard")
    change(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))


def test_r16_of_who_comes_and_goes_in_one_change_only_the_last_is_asked() -> None:
    """Another court takes the court's place by way of the border service, which may permit nothing."""
    table = permitted_by_court("court")
    through = instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",))
    on = [*through.model_dump()["replaced"], {"service": "kz.border", "by": "kz.prosecutor", "reason": "busy"}]
    faults = refused(table, with_changes(through, plan_={"replaced": on}))
    assert "in the place of kz.border kz.prosecutor would be asked" in faults
    assert "in the place of kz.court" not in faults


@pytest.mark.parametrize("earlier", ["by a warning", "by the card", "without warnings"])
def test_r16_what_lasts_as_long_as_the_plan_takes_there_is_asked_for_no_more(earlier: str) -> None:
    """With all that is still to be done before it leaves, the plan's margin, and as long before its end as it would be asked for:
    somebody whose keys were stolen is replaced by whoever there is.
    """
    plan, card = following(), follows("court", asked="10d") if earlier == "by the card" else follows("court")
    before = timedelta(days=10) if earlier == "by the card" else max(plan.expiry_warnings)
    if earlier == "without warnings":
        plan, before = with_changes(plan, plan_={"expiry_warnings": []}), plan.contingencies.extension
    gone = instead(plan, "kz.court", "kz.border", passed=("court-kz",))
    now = Table(plan, other_cards=card | FREE).now
    lasts = now + timedelta(hours=48 + 12 + 12) + gone.time_to_leave("KZ", 0) + gone.margin + before
    for until in (lasts, lasts - timedelta(seconds=1)):
        table = Table(plan, other_cards=card | FREE)
        assert code(permits(table, "kz.court", valid_until=until.isoformat())) is None
        assert [one.place for one in who_permits_on(table.delivery, gone, table.directory)] == ["replaced.0"] * (until < lasts)


def test_r16_what_is_over_before_it_leaves_is_waited_for_no_more() -> None:
    """Both States have consented and it is prepared: only the departure and the way are still to come; then the way alone."""
    lasts: list[timedelta] = []
    for done in (Table.consent, Table.prepare, Table.dispatch):
        table = Table(following(), other_cards=follows("court") | FREE)
        permits(table, "kz.court", valid_until="2022-03-20T00:00:00Z")
        done(table)
        gone = instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",))
        (permit,) = table.delivery.state.permits["KZ"]
        ends = (table.now + timedelta(hours=one) for one in range(480))

        def asked(until: datetime, table: Table = table, gone: Plan = gone, permit: Permit = permit) -> bool:
            table.delivery.state.permits["KZ"] = (replace(permit, valid_until=until),)
            return any(who_permits_on(table.delivery, gone, table.directory))

        lasts.append(next(until for until in ends if until > table.now and not asked(until)) - table.now)
    assert [timedelta(hours=12), timedelta(hours=12)] == [before - after for before, after in pairwise(lasts)]


@pytest.mark.parametrize("days", [2, 25])
def test_r16_who_is_asked_afresh_is_waited_for_once_it_has_left(days: int) -> None:
    """What the court permits ends in three weeks; while Uzbekistan, asked afresh, answers within two days or 25, it stands."""
    table = Table(following(), other_cards=follows("court") | FREE)
    permits(table, "kz.court", valid_until="2022-03-20T00:00:00Z")
    gone = instead(table.dispatch().delivery.plan, "kz.court", "kz.border", passed=("court-kz",))
    (uz,) = (one for one in gone.at("authorise") if one.state == "UZ")
    again = uz.model_copy(update={"id": "uz-9", "due": timedelta(days=days)})
    plan = gone.model_copy(update={"checkpoints": (*gone.checkpoints, again)})
    assert any(who_permits_on(table.delivery, plan, table.directory)) == (days == 25)


def test_r16_what_another_permits_for_longer_is_asked_of_nobody_in_its_place() -> None:
    """The prosecutor has let the person be followed for longer than the court has: nobody asks the court for more. What the
    police permit in the prosecutor's place, in urgency, may end at once.
    """
    own = {"id": "permit-kz-2", "requires": asks("kz.prosecutor permission"), "escalate": []}
    document = following().model_dump()
    document["checkpoints"] = [*document["checkpoints"], document["checkpoints"][0] | own]
    urgent = {"measures": ["following_person"], "by": ["police"], "sanctioned_within": "10d", "law": LAW}
    table = Table(Plan.model_validate(document), other_cards=follows("court", "prosecutor", urgent_measures=[urgent]) | FREE)
    plan = instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz", "permit-kz-2"))
    permits(table, "kz.court", valid_until=(table.now + timedelta(days=1)).isoformat())
    assert BY_ITS_CARD in refused(table, plan)
    words = {"permissions": ["following_person"], "valid_until": "2022-04-01T00:00:00Z"}
    stands_in = {"on_behalf_of": "kz.prosecutor", "urgent_at": table.now.isoformat()}
    assert code(table.say("kz.police", "permission_granted", "permit-kz-2", **words, **stands_in)) is None
    assert BY_ITS_CARD in refused(table, plan)
    assert code(table.say("kz.prosecutor", "permission_granted", "sanction.kz.prosecutor.1", **words)) is None
    change(table, plan)


@pytest.mark.parametrize("said", [True, False])
def test_r7_who_takes_the_place_of_the_only_other_that_decides_says_it_by_two_officers(*, said: bool) -> None:
    """The border service decides alone by its law, and the police in charge beside it. That has said yes before it is replaced by
    the border service, or not: one officer of one service lets nothing go on.
    """
    laws = {
        "deciders": [provision(by=["border_guard"], role="its head", alone=True)],
        "exclusions": [],
        "measures": [],
        "agreements": [],
    }
    asked_at = {"requires": asks("kz.border authorisation 2"), "escalate": []}
    answers = {"answers_for_law": {"KZ": "kz.border", "UZ": "uz.prosecutor"}, "coordinator": "kz.court"}
    table = Table(with_changes(consent_kz=asked_at, plan_=answers), other_cards=card_of("KZ", **laws) | FREE)
    for officer in ("officer-1", "officer-2"):
        table.say("kz.border", "authorisation_granted", "consent-kz", officer=officer)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    dispatched(table)
    table.say("kz.knb", "hold_requested")
    if said:
        assert code(table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)) is None
    plan = instead(table.delivery.plan, "kz.police", "kz.border", passed=("consent-kz", "preparation", "departure"))
    change(table, in_charge_too(plan, "kz.police", "kz.border"))
    for officer in ("officer-1", "officer-2"):
        assert table.delivery.state.hold is not None
        assert code(table.say("kz.border", "hold_decided", "hold.1", officer=officer, **GOES_ON)) is None
    assert table.delivery.state.hold is None


def test_what_is_no_decision_to_go_on_one_officer_says_in_both_places() -> None:
    """An explanation of a difference of mass is asked of the police and the prosecutor, which takes the place of the police."""
    needs = asks("kz.police explanation", "kz.prosecutor explanation")
    asked_of_both = Checkpoint.model_validate({"id": "balance.1", "requires": needs, "due": timedelta(hours=1)})
    plan = with_changes(plan_={"replaced": [{"service": "kz.police", "by": "kz.prosecutor", "reason": "busy"}]})
    (left,) = asked_instead(asked_of_both, plan).requires
    assert (left.service, left.officers) == ("kz.prosecutor", 1)


def in_charge_too(plan: Plan, old: str, by: str) -> Plan:
    """The second is in charge of each leg of which the first was."""
    legs = [one.model_copy(update={"responsible": by}) if one.responsible == old else one for one in plan.legs]
    return plan.model_copy(update={"legs": tuple(legs)})


@pytest.mark.parametrize("why", ["over", "behind"])
def test_r16_who_is_asked_for_no_longer_permission_may_have_any_successor(why: str) -> None:
    """What was permitted has ended, or the consignment has left that State."""
    table = permitted_by_court("court")
    if why == "over":
        table.pass_time(hours=25)
    if why == "behind":
        table.dispatch().hand_over()
    change(table, instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",)))


def test_r16_where_the_new_plan_leads_back_who_takes_a_place_may_permit_there() -> None:
    """It has left Kazakhstan, and one change sends it back there and replaces the court."""
    table = permitted_by_court("court").dispatch().hand_over()
    plan = instead(table.delivery.plan, "kz.court", "kz.border", passed=("court-kz",))
    assert [*who_permits_on(table.delivery, plan, table.directory)] == []
    home = plan.model_copy(update={"legs": (*plan.legs, plan.legs[0].model_copy(update={"id": "home"}))})
    assert [one.place for one in who_permits_on(table.delivery, home, table.directory)] == ["replaced.0"]


def test_r16_once_it_is_delivered_nobody_is_asked_for_a_longer_permission() -> None:
    """What is permitted in the State where it is delivered may end then."""
    followed = {"measures": ["following_person"], "needs": "own_act", "by": ["prosecutor"], "law": UZ_LAW}
    rest = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": UZ_LAW}
    plan = with_changes(
        following("kz.prosecutor authorisation", court=False),
        consent_uz={"requires": asks("uz.prosecutor authorisation", "uz.prosecutor permission")},
    )
    free = card_of("KZ", measures=[{"measures": list(MEASURES), "needs": "nothing", "law": LAW}])
    table = Table(plan, other_cards=card_of("UZ", measures=[followed, rest]) | free)
    words = {"permissions": ["following_person"], "valid_until": (table.now + timedelta(days=1)).isoformat()}
    assert code(table.say("uz.prosecutor", "permission_granted", "consent-uz", **words)) is None
    plan = instead(plan, "uz.prosecutor", "uz.customs", passed=("consent-uz",))
    assert [one.place for one in who_permits_on(table.delivery, plan, table.directory)] == ["replaced.0"]
    table.deliver()
    assert table.delivery.state.delivered
    assert [*who_permits_on(table.delivery, plan, table.directory)] == []


def test_r16_what_the_new_plan_does_not_do_is_asked_of_nobody_until_another_change_brings_it_back() -> None:
    """A court alone lets a person be followed, and the border service too lets the thing be watched: it takes the court's place
    where nobody is followed any more. Then nobody is followed again, while what the court permitted runs.
    """
    rules = [
        {"measures": ["following_person"], "needs": "own_act", "by": ["court"], "law": LAW},
        {"measures": ["watching_thing"], "needs": "own_act", "by": ["court", "border_guard"], "law": LAW},
        {
            "measures": [one for one in MEASURES if one not in ("following_person", "watching_thing")],
            "needs": "nothing",
            "law": LAW,
        },
    ]
    both = ["following_person", "watching_thing"]
    plan = with_changes(following(), plan_={"uses": both})
    table = Table(plan, other_cards=card_of("KZ", measures=rules) | FREE)
    until = (table.now + timedelta(days=1)).isoformat()
    assert code(table.say("kz.court", "permission_granted", "court-kz", permissions=both, valid_until=until)) is None

    def uses(plan: Plan, *measures: str) -> Plan:
        document, number = plan.model_dump(), len(plan.checkpoints)
        afresh = [
            one | {"id": f"{one['id']}-{number}", "requires": asks(f"{state}.prosecutor authorisation"), "escalate": []}
            for state in ("kz", "uz")
            for one in document["checkpoints"]
            if one["id"] == f"consent-{state}"
        ]
        return Plan.model_validate(document | {"uses": measures, "checkpoints": [*document["checkpoints"], *afresh]})

    court_gone = instead(plan, "kz.court", "kz.border", passed=("court-kz",))
    assert BY_ITS_CARD in refused(table, court_gone)
    change(table, uses(court_gone, "watching_thing"))
    assert BY_ITS_CARD in refused(table, uses(table.delivery.plan, *both))


def test_r16_an_opening_that_is_over_is_asked_of_nobody() -> None:
    """It was opened when it was prepared; whoever let it be opened may have any successor then."""
    opens = {"measures": ["opening"], "needs": "own_act", "by": ["court"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one != "opening"], "needs": "nothing", "law": LAW}
    plan = with_changes(following(), plan_={"uses": ["opening"]})
    table = Table(plan, other_cards=card_of("KZ", measures=[opens, rest]) | FREE)
    words = {"permissions": ["opening"], "valid_until": (table.now + timedelta(days=1)).isoformat()}
    assert code(table.say("kz.court", "permission_granted", "court-kz", **words)) is None
    table.consent()
    court_gone = instead(plan, "kz.court", "kz.border", passed=("court-kz",))
    assert "permission of opening" in refused(table, court_gone)
    prepared(table)
    change(table, court_gone)


def permitted_beside(**words: Any) -> Table:
    """The prosecutor has authorised, and let a person be followed by the same act. The border service may authorise alone."""
    spoken = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation"], "law": LAW}
    plan = with_changes(following(court=False), consent_kz={"escalate": []})
    law = follows("prosecutor", needs="permission", granted_by=["prosecutor", "border_guard"], urgent=[spoken])
    table = Table(plan, other_cards=law | FREE)
    assert code(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["following_person"], **words)) is None
    return table


BY_ANOTHER = "in the place of kz.prosecutor kz.border would be asked"


@pytest.mark.parametrize("oral", [True, False])
def test_r16_what_an_authorisation_permits_beside_is_extended_and_written_by_who_may(*, oral: bool) -> None:
    """Its successor may authorise, and not let a person be followed: it could extend or write neither, and it would halt."""
    spoken = {"form": "oral", "given_at": "2022-03-01T06:00:00Z"}
    table = permitted_beside(**spoken if oral else {"valid_until": "2022-03-03T13:00:00Z"})
    another = without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.border"))
    assert BY_ANOTHER in refused(table, another)
    table.consent().dispatch().hand_over()
    if oral:
        assert BY_ANOTHER in refused(table, another)
    else:
        change(table, another)


def test_r16_what_is_provisional_or_has_expired_is_neither_extended_nor_written() -> None:
    """Nor what has expired. So its successor is asked for nothing that it may not permit."""
    for provisional in (True, False):
        table = permitted_beside(provisional=provisional, valid_until="2022-03-03T13:00:00Z")
        plan = instead(table.delivery.plan, "kz.prosecutor", "kz.border", passed=())
        assert len([*who_permits_on(table.delivery, plan, table.directory)]) == (not provisional)
    table.delivery.state.grants["kz.prosecutor"].expired = True
    assert [*who_permits_on(table.delivery, plan, table.directory)] == []


@pytest.mark.parametrize("before", [3, 0])
def test_an_authorisation_of_one_who_was_replaced_is_its_successors_to_extend_write_and_withdraw(
    before: int,
) -> None:
    """It was given by word of mouth and runs short, before the change or after it: both are asked of the successor."""
    oral = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation"], "law": LAW}
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation")})
    table = Table(plan, other_cards=card_of("KZ", urgent=[oral], **BESIDE))
    spoken = {"form": "oral", "given_at": table.now.isoformat(), "valid_until": (table.now + timedelta(hours=50)).isoformat()}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **spoken)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.pass_time(hours=before)
    assert table.is_open("extension.kz.prosecutor.1") is (before > 0)
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.pass_time(hours=3 - before)
    assert asked(table, "written.kz.prosecutor.1") == asked(table, "extension.kz.prosecutor.1") == ["kz.court"]
    words = {"state": "KZ", "reference": "TEST-7", "written_by_role": "head", "written_at": table.now.isoformat()}
    assert code(table.say("kz.court", "authorisation_confirmed", legal_basis="test", **words)) is None
    assert code(table.say("kz.court", "authorisation_extended", valid_until="2022-03-20T06:00:00Z")) is None
    assert not table.is_open("written.kz.prosecutor.1")
    assert not table.is_open("extension.kz.prosecutor.1")
    assert code(table.say("kz.court", "authorisation_withdrawn")) is None
    assert table.delivery.state.halt is not None


def test_a_duty_of_one_who_was_replaced_is_its_successors() -> None:
    """Open, or still to come; once, where the successor has authorised too. Nobody blames who has no part for its silence."""
    done = {"what": "the act is registered", "within": "24h", "law": LAW}
    owed = [done | {"id": "registered", "after": "authorisation"}, done | {"id": "told", "after": "outcome"}]
    for consents in (False, True):
        table = on_its_way(BESIDE | {"duties": owed})
        assert asked(table, "duty.kz.prosecutor.registered") == ["kz.prosecutor"]
        change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
        assert asked(table, "duty.kz.prosecutor.registered") == ["kz.court"]
        assert code(table.say("kz.court", "duty_done", "duty.kz.prosecutor.registered")) is None
        if consents:
            table.say("kz.court", "authorisation_granted", "consent-kz-2")
        table.say("kz.knb", "stop_requested")
        table.say("kz.police", "interdicted", "stop.interdiction")
        table.pass_time(hours=13)
        about = "kz.court" if consents else "kz.prosecutor"
        assert asked(table, f"duty.{about}.told") == ["kz.court"]
        assert [one for one in table.delivery.state.opened if one.endswith(".told")] == [f"duty/{about}.told"]


def test_whoever_took_the_place_of_one_that_must_agree_is_asked_at_a_hold_that_comes_later() -> None:
    """What customs agreed to stands, and its successor decides whether it goes on; not whoever that lets speak, whom the
    card does not let agree.
    """
    asked_both = asks("kz.prosecutor authorisation", "kz.customs agreement")
    plan = with_changes(consent_kz={"requires": asked_both, "escalate": [DEPUTY]})
    table = Table(plan, other_cards=card_of("KZ", **AGREED_BESIDE))
    table.say("kz.customs", "agreement_given", "consent-kz", **AGREES)
    table.dispatch()
    change(table, instead(table.delivery.plan, "kz.customs", "kz.border"))
    table.say("kz.border", "delegated", to="kz.court")
    table.say("kz.police", "hold_requested")
    assert asked(table, "hold.1") == ["kz.police", "kz.prosecutor", "kz.border"]
    says = table.say("kz.court", "hold_decided", "hold.1", on_behalf_of="kz.border", **GOES_ON)
    assert code(says) == "may_not_let_go_on"
    assert code(table.say("kz.border", "hold_decided", "hold.1", **GOES_ON)) is None


def test_r1_whose_decision_needs_an_agreement_takes_the_place_of_nobody_without_it() -> None:
    """Customs decided alone; what security decides, customs must agree to, and it is not there any more."""
    law = {
        "deciders": [{"by": ["customs", "security"], "role": "its head", "law": LAW}],
        "agreements": [{"of": ["customs"], "decided_by": ["security"], "law": LAW}],
        "exclusions": [],
        "measures": [],
    }
    plan = with_changes(
        consent_kz={"requires": asks("kz.customs authorisation")},
        plan_={"answers_for_law": {"KZ": "kz.customs"}, "coordinator": "kz.prosecutor"},
    )
    table = Table(plan, other_cards=card_of("KZ", **law)).dispatch()
    document = instead(table.delivery.plan, "kz.customs", "kz.knb").model_dump()
    asked_now = [{"service": "kz.knb", "says": "authorisation"}]
    afresh = document["checkpoints"][0] | {"id": "consent-kz-2", "requires": asked_now, "escalate": []}
    document |= {"checkpoints": [*document["checkpoints"], afresh], "answers_for_law": {"KZ": "kz.knb"}}
    problem = refused(table, Plan.model_validate(document))
    assert "R1: by the rule card of KZ what a security decides needs the agreement of customs" in problem


def test_r17_whom_one_that_was_replaced_has_arrested_its_successor_releases() -> None:
    """Else it would be said of them for ever that they are held."""
    table = arrested()
    passed = tuple(name for name, progress in table.delivery.state.progress.items() if not progress.open)
    change(table, instead(table.delivery.plan, "uz.police", "uz.customs", passed=passed))
    held = len(table.delivery.state.held)
    assert code(table.say("uz.prosecutor", "arrestee_released")) == "not_asked_to_arrest"
    assert became(table.say("uz.customs", "arrestee_released")) == ("accepted", None)
    assert len(table.delivery.state.held) < held


def test_of_two_that_decide_one_is_replaced_and_its_successor_is_asked_at_a_hold_that_comes_later() -> None:
    """No consent is asked afresh, since the other has decided too."""
    both = asks("kz.prosecutor authorisation", "kz.border authorisation")
    table = Table(with_changes(consent_kz={"requires": both, "escalate": []}), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.border", "authorisation_granted", "consent-kz")
    document = instead(table.dispatch().delivery.plan, "kz.prosecutor", "kz.court").model_dump()
    document["checkpoints"] = [one for one in document["checkpoints"] if one["id"] != "consent-kz-2"]
    document["answers_for_law"] |= {"KZ": "kz.border"}
    change(table, Plan.model_validate(document))
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold.1") == ["kz.police", "kz.court", "kz.border"]


def without_asking_afresh(plan: Plan) -> Plan:
    """The plan, whose consent by who was replaced stands."""
    document = plan.model_dump()
    document["checkpoints"] = [one for one in document["checkpoints"] if one["id"] != "consent-kz-2"]
    return Plan.model_validate(document)


def test_r5_what_one_that_was_replaced_gave_and_is_too_short_is_asked_for_longer_before_it_is_warned_of() -> None:
    """Else it waits for nobody until the first warning; and where the plan warns late, until it has run out."""
    table = Table(with_changes(plan_={"margin": timedelta(hours=96)}), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=(table.now + timedelta(hours=90)).isoformat())
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    change(table, without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.court")))
    prepared(table)
    assert asked(table, "extension.kz.prosecutor.1") == ["kz.court"]


def test_r1_what_a_successor_decides_afresh_comes_in_the_place_of_what_the_one_before_it_gave() -> None:
    """Nothing halts where that one did not allow the way of handling that both States decide on now, nor where what it gave runs
    out, by word of mouth or written.
    """
    oral = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation"], "law": LAW}
    table = Table(with_changes(), other_cards=card_of("KZ", urgent=[oral], **BESIDE))
    ends = (table.now + timedelta(days=8)).isoformat()
    spoken = {"form": "oral", "given_at": table.now.isoformat()}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=ends, **spoken)
    document = instead(table.delivery.plan, "kz.prosecutor", "kz.court").model_dump()
    also = next(one for one in document["checkpoints"] if one["id"] == "consent-uz") | {"id": "consent-uz-2"}
    document |= {"modality": "replaced_in_whole", "checkpoints": [*document["checkpoints"], also]}
    change(table, Plan.model_validate(document))
    assert asked(table, "written.kz.prosecutor.1") == ["kz.court"]
    for service, at in (("uz.prosecutor", "consent-uz"), ("uz.prosecutor", "consent-uz-2"), ("kz.court", "consent-kz-2")):
        assert code(table.say(service, "authorisation_granted", at, modalities=["replaced_in_whole"])) is None
    assert list(table.delivery.state.grants) == ["uz.prosecutor", "kz.court"]
    assert not table.is_open("written.kz.prosecutor.1")
    assert table.delivery.consents.missing(table.now) == ()
    table.pass_time(days=9)
    assert table.delivery.state.halt is None
    assert Carried.model_validate_json(state := carried(table.delivery).model_dump_json()).model_dump_json() == state


def test_r1_what_a_successor_gave_when_its_state_was_asked_before_is_not_in_the_place_of_what_was_asked_later() -> None:
    """The border service had authorised first, and the prosecutor was asked later: what it gave stays its successor's."""
    plan = with_changes(consent_kz={"requires": asks("kz.border authorisation"), "escalate": []})
    document = plan.model_dump()
    later = document["checkpoints"][0] | {"id": "later-kz", "requires": asks("kz.prosecutor authorisation")}
    document |= {"checkpoints": [*document["checkpoints"], later]}
    table = Table(Plan.model_validate(document), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "later-kz")
    passed = without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.border", passed=("later-kz",)))
    change(table, Plan.model_validate(passed.model_dump() | {"answers_for_law": plan.answers_for_law | {"KZ": "kz.border"}}))
    table.say("kz.border", "authorisation_granted", "consent-kz")
    assert list(table.delivery.state.grants) == ["kz.prosecutor", "kz.border"]
    assert table.delivery.consents.missing(table.now) == ("UZ",)


def test_r5_a_ceiling_counts_from_the_first_that_one_before_it_gave() -> None:
    """Else to replace an authority would begin its time anew."""
    law = BESIDE | {"terms": [{"longest": "P30D", "ceiling": "P40D", "law": LAW}]}
    table = Table(with_changes(), other_cards=card_of("KZ", **law))
    times = {"valid_from": table.now.isoformat(), "valid_until": (table.now + timedelta(days=20)).isoformat()}
    assert code(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **times)) is None
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.pass_time(days=12)
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    for days, found in ((29, "beyond_ceiling"), (28, None)):
        until = (table.now + timedelta(days=days)).isoformat()
        says = table.say("kz.court", "authorisation_granted", "consent-kz-2", valid_from=table.now.isoformat(), valid_until=until)
        assert code(says) == found


def test_r1_what_a_successor_agrees_to_afresh_comes_in_the_place_of_what_was_agreed_by_word_of_mouth() -> None:
    """Nobody is asked for the written act of an agreement in whose place another stands."""
    oral = {"forms": ["oral"], "written_within": "24h", "of": ["agreement"], "law": LAW}
    asked_both = asks("kz.prosecutor authorisation", "kz.customs agreement")
    plan = with_changes(consent_kz={"requires": asked_both, "escalate": [DEPUTY]})
    table = Table(plan, other_cards=card_of("KZ", urgent=[oral], **AGREED_BESIDE))
    spoken = AGREES | {"form": "oral", "given_at": table.now.isoformat(), "reference": None}
    table.say("kz.customs", "agreement_given", "consent-kz", **spoken)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    document = instead(table.delivery.plan, "kz.customs", "kz.border").model_dump()
    afresh = document["checkpoints"][0] | {"id": "consent-kz-2", "requires": asks("kz.border agreement"), "escalate": []}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], afresh]}))
    assert asked(table, "agreed.kz.customs.1") == ["kz.border"]
    assert code(table.say("kz.border", "agreement_given", "consent-kz-2", **AGREES)) is None
    assert not table.is_open("agreed.kz.customs.1")


def test_r17_of_two_persons_under_one_code_a_release_frees_one() -> None:
    """Whom it arrested itself before whom the one before it did; and under a code that one used it arrests nobody else."""
    table = arrested()
    own = {"persons": [{"code": "P-1", "role": "courier"}], "place": "Termez"}
    assert became(table.say("uz.customs", "arrest_reported", **own)) == ("accepted", None)
    passed = tuple(name for name, progress in table.delivery.state.progress.items() if not progress.open)
    change(table, instead(table.delivery.plan, "uz.police", "uz.customs", passed=passed))
    found = table.say("uz.customs", "arrest_reported", **own).verdict.finding
    assert found is not None
    assert (found.code, found.parameters) == ("arrested_already", {"voice": "uz.customs", "persons": ("P-1",)})
    for left in (("uz.police",), ()):
        assert became(table.say("uz.customs", "arrestee_released")) == ("accepted", None)
        held = [one for one in ("uz.customs", "uz.police") if table.delivery.state.holds(one, "P-1")]
        assert tuple(held) == left
        again = table.say("uz.customs", "arrest_reported", **own).verdict.finding
        assert ((again.code, again.parameters["voice"]) if again is not None else ()) == (
            ("arrested_already", *left) if left else ()
        )
    assert code(table.say("uz.customs", "arrestee_released")) is None


def test_r1_who_takes_the_place_of_one_that_comes_and_goes_in_the_same_change_may_decide_too() -> None:
    """From the border service to customs, which may, and on to the post office, which may not."""
    law = ALONE | {"granted_by": ["border_guard", "customs"]}
    own = {"answers_for_law": {"KZ": "kz.border"}, "coordinator": "kz.prosecutor"}
    plan = with_changes(plan_=own, consent_kz={"requires": asks("kz.border authorisation"), "escalate": []})
    table = Table(plan, other_cards=card_of("KZ", **law))
    table.say("kz.border", "authorisation_granted", "consent-kz")
    for by, wrong in (("kz.post", True), ("kz.afm", True)):
        document = instead(table.delivery.plan, "kz.border", "kz.customs").model_dump()
        document["replaced"] = [*document["replaced"], {"service": "kz.customs", "by": by, "reason": "busy"}]
        document |= {"answers_for_law": {"KZ": by}, "coordinator": "kz.prosecutor"}
        problem = refused(table, Plan.model_validate(document))
        assert ("replaced.1: R1: kz.customs was asked to decide or to agree" in problem) is wrong
        assert "replaced.0" not in problem


def test_r22_nobody_is_replaced_twice() -> None:
    """The second would change nothing, and who reads the plan would take another for its successor."""
    table = on_its_way()
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    document = table.delivery.plan.model_dump()
    document["replaced"] = [*document["replaced"], {"service": "kz.prosecutor", "by": "kz.border", "reason": "busy"}]
    problem = refused(table, Plan.model_validate(document))
    assert "replaced.1: R22: kz.prosecutor has been replaced already; replace kz.court, which has taken its place" in problem


def test_r7_who_allowed_that_something_is_not_measured_may_be_replaced_before_it_has_authorised() -> None:
    """The plan names it with what it allows, and what is in the consignment does not change: its successor authorises that."""
    plan = with_changes(consent_kz={"escalate": []}, plan_={"coordinator": "kz.court"}).model_dump()
    closed = {"unmeasured": "closed", "allowed_by": "kz.prosecutor"}
    plan["consignment"]["contents"] = [{"substance": "mephedrone (4-MMC)", "net": closed}]
    table = Table(Plan.model_validate(plan | {"tolerances": {"gross": "20 g"}}), other_cards=card_of("KZ", **BESIDE))
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court", passed=()))
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz")) is None


def test_r22_who_has_given_half_of_what_is_asked_of_it_is_replaced_for_the_rest() -> None:
    """The prosecutor has authorised, and its keys are stolen before it has let the person be followed: the court may do that."""
    law = follows("prosecutor", "court", granted_by=["prosecutor", "court"])
    base = following("kz.prosecutor authorisation", "kz.prosecutor permission", court=False)
    base = with_changes(base, consent_kz={"escalate": []}, plan_={"coordinator": "kz.court"})

    def gone(*needs: str) -> Plan:
        replaced = [{"service": "kz.prosecutor", "by": "kz.court", "reason": "its keys were stolen"}]
        plan = {"replaced": replaced, "answers_for_law": {"KZ": "kz.court", "UZ": "uz.prosecutor"}}
        return with_changes(base, consent_kz={"requires": asks(*needs)}, plan_=plan)

    table = Table(base, other_cards=law | FREE)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert "nobody answers in its place" in refused(table, gone("kz.court authorisation", "kz.court permission"))
    change(table, gone("kz.prosecutor authorisation", "kz.court permission"))
    assert asked(table, "consent-kz") == ["kz.court"]
    assert code(permits(table, "kz.court", at="consent-kz")) is None
    assert table.delivery.state.closed("consent-kz")


def test_r7_who_has_taken_the_place_of_an_authority_may_allow_that_something_is_not_measured() -> None:
    """It is the authority now, although its State was not asked afresh."""
    table = on_its_way()
    change(table, without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.court")))
    assert [table.delivery.plan.may_allow(one, "KZ") for one in ("kz.court", "kz.prosecutor", "kz.police")] == [True, True, False]


def test_r13_who_has_decided_in_another_place_takes_charge_of_nothing() -> None:
    """The border service decided for the prosecutor, and would then take the place of the police that carries it out."""
    for decides in (True, False):
        plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation"), "escalate": [DEPUTY]})
        table = Table(plan, other_cards=card_of("KZ", **BESIDE))
        table.say("kz.prosecutor", "delegated", to="kz.border")
        who = {"on_behalf_of": "kz.prosecutor"} if decides else {}
        table.say("kz.border" if decides else "kz.prosecutor", "authorisation_granted", "consent-kz", **who)
        document = instead(table.delivery.plan, "kz.police", "kz.border").model_dump()
        legs = [one | {"responsible": one["responsible"].replace("kz.police", "kz.border")} for one in document["legs"]]
        after = Plan.model_validate(document | {"legs": legs, "coordinator": plan.coordinator})
        if decides:
            assert "legs.0.responsible: R13: kz.border has decided in another's place" in refused(table, after)
        else:
            change(table, after)


def with_another_in_charge(table: Table, old: str = "uz.customs", by: str = "uz.police") -> Plan:
    """The plan in force, where from now on the second is in charge in the place of the first. What has been passed, or answered
    by the first, stays.
    """
    state = table.delivery.state
    stays = [name for name, one in state.progress.items() if not one.open or any(who == old for who, _ in one.answers)]
    document = instead(table.delivery.plan, old, by, passed=tuple(stays)).model_dump()
    document["legs"] = [
        one | {"responsible": by} if one["responsible"] == old and number >= (state.leg or 0) else one
        for number, one in enumerate(document["legs"])
    ]
    return Plan.model_validate(document | {"coordinator": table.delivery.plan.coordinator})


@pytest.mark.parametrize("seized", [False, True])
def test_r22_who_is_in_charge_is_replaced_after_it_has_accepted_custody(*, seized: bool) -> None:
    """The customs are not to be trusted any more, while it is on their leg or once they have seized it at its end, as planned.
    The police take charge, and all goes on to its end.
    """
    plan = with_changes(delivery={"requires": asks("uz.customs interdiction")}) if seized else example_plan()
    table = Table(plan).dispatch().hand_over()
    if seized:
        table.say("uz.customs", "interdicted", "delivery", gross=GROSS)
    change(table, with_another_in_charge(table))
    assert "uz.police" == table.delivery.state.responsible
    said = [("uz.police", "arrest_made", "arrest-tashkent"), ("kz.knb", "no_arrest", "arrest-almaty")]
    for service, kind, at in (
        *([] if seized else [("uz.police", "delivered", "delivery")]),
        *said,
        ("uz.police", "seizure", "accounting"),
    ):
        assert became(table.say(service, kind, at)) == ("accepted", None)
    table.pass_time(days=30)
    assert table.delivery.state.ended


def test_r22_who_has_offered_custody_is_replaced_before_it_is_accepted() -> None:
    """Its offer stays, and who takes it has it from then on."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    change(table, with_another_in_charge(table, "kz.police", "kz.border"))
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("accepted", None)
    assert "uz.customs" == table.delivery.state.responsible


def test_r22_no_ladder_leads_to_who_was_replaced() -> None:
    """It would be told who does not answer, and nobody else would; what a ladder has come to already stays."""
    table = Table(with_changes(consent_kz={"escalate": [DEPUTY]}), other_cards=card_of("KZ", **BESIDE))
    document = table.delivery.plan.model_dump()
    document["replaced"] = [{"service": "kz.border", "by": "kz.afm", "reason": "busy"}]
    to_nobody = Plan.model_validate(document)
    assert "replaced.0: R22: the ladder of consent-kz still leads to kz.border" in refused(table, to_nobody)
    document["checkpoints"][0]["escalate"] = [DEPUTY | {"to": "kz.afm"}]
    change(table, Plan.model_validate(document))
    table = Table(
        with_changes(consent_kz={"escalate": [DEPUTY], "due": timedelta(hours=48)}), other_cards=card_of("KZ", **BESIDE)
    )
    table.pass_time(hours=31)
    change(table, with_changes(table.delivery.plan, plan_={"replaced": document["replaced"]}))


def test_a_duty_of_two_that_have_authorised_is_asked_once_where_one_takes_the_place_of_the_other() -> None:
    """What was asked of the one before stays open; what comes later is asked about its successor alone."""
    done = {"what": "the act is registered", "within": "24h", "law": LAW}
    owed = [done | {"id": "registered", "after": "authorisation"}, done | {"id": "told", "after": "outcome"}]
    both = asks("kz.prosecutor authorisation", "kz.border authorisation")
    plan = with_changes(consent_kz={"requires": both, "escalate": []})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE | {"duties": owed}))
    table.say("kz.border", "authorisation_granted", "consent-kz")
    table.dispatch()
    document = without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.border")).model_dump()
    change(table, Plan.model_validate(document | {"answers_for_law": document["answers_for_law"] | {"KZ": "kz.border"}}))
    assert [asked(table, f"duty.{one}.registered") for one in ("kz.prosecutor", "kz.border")] == [["kz.border"]] * 2
    table.say("kz.knb", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction")
    table.pass_time(hours=13)
    assert [one for one in table.delivery.state.opened if one.endswith(".told")] == ["duty/kz.border.told"]


def test_r29_who_cooperated_with_one_that_was_replaced_gives_its_recorder_back_to_the_successor() -> None:
    """It holds it then, with what it has recorded; and says that they cooperate no more, which nobody else may say."""
    table = Table(other_cards=card_of("KZ", separate=[])).dispatch()
    table.say("kz.police", "cooperation_begun", **BEGUN)
    table.say("kz.police", "recorder_issued", **RECORDER)
    passed = tuple(name for name, progress in table.delivery.state.progress.items() if not progress.open)
    document = instead(table.delivery.plan, "kz.police", "kz.border", passed=passed).model_dump()
    legs = [one | {"responsible": one["responsible"].replace("kz.police", "kz.border")} for one in document["legs"]]
    change(table, Plan.model_validate(document | {"legs": legs}))
    over = {"person": "P-2", "reason": "over"}
    assert code(table.say("kz.knb", "recorder_returned", **RECORDER)) == "not_issued"
    assert {"recorder_returned", "cooperation_ended"} <= set(may_say(table.delivery, table.directory.get("kz.border")))
    assert code(table.say("kz.border", "cooperation_ended", **over)) == "carries_still"
    assert became(table.say("kz.border", "recorder_returned", **RECORDER)) == ("accepted", None)
    assert exhibits(table.delivery.state)["R-1"].holder == "kz.border"
    assert became(table.say("kz.border", "cooperation_ended", **over)) == ("accepted", None)
    assert table.delivery.state.cooperating == ()


def test_r29_no_carrier_takes_the_place_of_who_found_it() -> None:
    """It would report it, and hold it then."""
    for by, found in (("kz.post", "found_by: R29: a postal operator does not hold what was found"), ("kz.afm", None)):
        table = Table(with_changes(plan_={"found_by": "kz.customs"}), reported=False)
        gone = [{"service": "kz.customs", "by": by, "reason": "busy"}]
        changed = with_changes(table.plan, plan_={"replaced": gone})
        if found is not None:
            assert found in refused(table, changed)
        else:
            change(table, changed)
            assert asked(table, "detection.1") == [by]


def test_r22_who_has_answered_where_another_is_waited_for_may_be_replaced() -> None:
    """What it said counts, and nobody need wait for the other to be rid of it."""
    asked_both = asks("kz.prosecutor authorisation", "kz.customs agreement")
    plan = with_changes(consent_kz={"requires": asked_both, "escalate": []})
    agreed = {"decided_by": ["prosecutor", "court"], "of": ["customs"], "law": LAW}
    law = ALONE | {"granted_by": ["prosecutor", "court"], "agreements": [agreed]}
    table = Table(plan, other_cards=card_of("KZ", **law))
    document = without_asking_afresh(instead(plan, "kz.prosecutor", "kz.court")).model_dump()
    after = Plan.model_validate(document | {"answers_for_law": document["answers_for_law"] | {"KZ": "kz.court"}})
    assert "R22: kz.prosecutor is still asked or responsible" in refused(table, after)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    change(table, after)
    assert asked(table, "consent-kz") == ["kz.customs"]
    table.say("kz.customs", "agreement_given", "consent-kz", **AGREES)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.delivery.consents.missing(table.now) == ()
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold.1") == ["kz.police", "kz.court", "kz.customs"]


def test_r22_an_open_question_is_not_turned_to_one_that_is_replaced() -> None:
    """It has answered nothing there, and may not any more: it would be waited for in vain."""
    table = Table()
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}")
    prepared(table)
    document = table.plan.model_dump()
    departure = next(one for one in document["checkpoints"] if one["id"] == "departure")
    others = {"uz.police": "kz.border"}
    departure["requires"] = [one | {"service": others.get(one["service"], one["service"])} for one in departure["requires"]]
    document["replaced"] = [{"service": "kz.border", "by": "kz.afm", "reason": "busy"}]
    assert "R22: kz.border is still asked or responsible" in refused(table, Plan.model_validate(document))


def test_r22_nor_is_an_open_question_for_consent() -> None:
    """What the court is asked is turned to the border service, in whose place the court comes."""
    plan = with_changes(consent_kz={"requires": asks("kz.court authorisation"), "escalate": []})
    document = plan.model_dump()
    plan = Plan.model_validate(document | {"answers_for_law": document["answers_for_law"] | {"KZ": "kz.court"}})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE))
    document = plan.model_dump()
    document["checkpoints"][0]["requires"] = asks("kz.border authorisation")
    document["replaced"] = [{"service": "kz.border", "by": "kz.court", "reason": "busy"}]
    assert "R22: kz.border is still asked or responsible" in refused(table, Plan.model_validate(document))


def test_r1_who_may_not_decide_takes_no_place_at_a_hold_where_the_question_is_taken_out_at_once() -> None:
    """The border service is asked at the hold as an authority; the financial police does not let it go on in its place."""
    table = on_its_way()
    document = table.delivery.plan.model_dump()
    afresh = document["checkpoints"][0] | {"id": "consent-kz-2", "requires": asks("kz.border authorisation"), "escalate": []}
    document["checkpoints"] = [*document["checkpoints"], afresh]
    change(table, Plan.model_validate(document))
    table.say("kz.knb", "hold_requested")
    document = table.delivery.plan.model_dump()
    document["checkpoints"] = [one for one in document["checkpoints"] if one["id"] != "consent-kz-2"]
    document["replaced"] = [{"service": "kz.border", "by": "kz.afm", "reason": "busy"}]
    assert "R1: kz.border was asked to decide or to agree" in refused(table, Plan.model_validate(document))


def test_r7_the_leave_of_one_that_was_replaced_stands_after_its_successor_has_authorised_the_same_plan() -> None:
    """Both have decided on a plan that says it, so that nothing is remarked."""
    table = Table(plan_of(CLOSED, goods={"gross": COVER}), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz-2")) is None
    assert prepares(table, kept=[CLOSED], gross=COVER) is None


def test_r7_who_decides_afresh_by_two_of_its_officers_decides_alone_also_in_the_place_of_another() -> None:
    """One officer of the prosecutor had authorised; the police, which its law lets decide alone, does so by two."""
    law = card_of("KZ", deciders=[LETS | {"by": ["police", "prosecutor"]}])
    document = with_changes(alone(2), consent={"requires": asks("kz.prosecutor authorisation")}).model_dump()
    consent = next(one for one in document["checkpoints"] if one["id"] == "consent")
    afresh = consent | {"id": "consent-2", "requires": asks("kz.police authorisation 2"), "escalate": []}
    legs = [leg | {"responsible": "kz.police"} for leg in document["legs"]]
    document |= {"checkpoints": [*document["checkpoints"], afresh], "legs": legs, "answers_for_law": {"KZ": "kz.police"}}
    document["replaced"] = [{"service": "kz.prosecutor", "by": "kz.police", "reason": "busy"}]
    assert not [one for _, one in problems(Plan.model_validate(document), law) if one.startswith(("R7", "R13"))]


def test_r5_a_successor_takes_back_what_stands_also_while_its_own_is_provisional() -> None:
    """What the prosecutor gave lets it go on still."""
    table = on_its_way()
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz-2", provisional=True)) is None
    assert code(table.say("kz.court", "authorisation_withdrawn")) is None


def test_r16_what_only_the_one_before_permitted_is_permitted_still_and_its_result_is_told() -> None:
    """The court, which nobody asks for the tracker any more, does not name it; the prosecutor's leave for it stands."""
    told = {"what": "the result is told", "within": "24h", "law": LAW, "id": "told", "after": "end_of_permission"}
    table = on_its_way(BESIDE | {"duties": [told]})
    before = permitted(table.delivery.state, "KZ")["kz.prosecutor"][0]
    assert "device" in before
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    fewer = [one for one in before if one != "device"]
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz-2", permits=fewer)) is None
    table.say("kz.knb", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction")
    table.pass_time(hours=13)
    assert "device" in [one for measures, _ in permitted(table.delivery.state, "KZ").values() for one in measures]


@pytest.mark.parametrize(("left_out", "rests"), [("device", False), ("post", True)])
def test_r16_what_the_one_before_gave_may_end_unless_it_alone_permits_what_is_wanted(left_out: str, *, rests: bool) -> None:
    """The court decides for longer than the prosecutor did. It names the post item, without which the way is not gone, or not."""
    table = on_its_way()
    permits = [one for one in table.delivery.state.grants["kz.prosecutor"].permits if one != left_out]
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    longer = {"valid_until": "2022-04-05T00:00:00Z", "permits": permits}
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz-2", **longer)) is None
    assert table.delivery.consents.rests_on(table.delivery.state.grants["kz.prosecutor"]) == rests


def test_r22_a_duty_about_what_is_superseded_says_still_what_is_to_be_done() -> None:
    """The court has authorised afresh after the duty of the prosecutor was asked for: it is owed, and done by the court."""
    registered = {"what": "the act is registered", "within": "48h", "law": LAW, "id": "registered", "after": "authorisation"}
    table = on_its_way(BESIDE | {"duties": [registered]})
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.say("kz.court", "authorisation_granted", "consent-kz-2")
    assert (list(table.delivery.state.grants), list(table.delivery.state.superseded)) == (
        ["uz.prosecutor", "kz.court"],
        ["kz.prosecutor"],
    )
    owed = {one.checkpoint: one.facts for one in inbox(table.delivery, "kz.court", table.now) if one.says == ("duty",)}
    assert list(owed) == ["duty.kz.prosecutor.registered", "duty.kz.court.registered"]
    assert [(facts.duty, facts.about != ()) for facts in owed.values()] == [("the act is registered", True)] * 2
    assert code(table.say("kz.court", "duty_done", "duty.kz.prosecutor.registered")) is None
    assert Carried.model_validate_json(state := carried(table.delivery).model_dump_json()).model_dump_json() == state


def test_r22_the_result_of_what_is_superseded_is_told_once_it_was_asked_for() -> None:
    """What the prosecutor permitted ended behind the border, and its result is asked for; then the court authorises afresh."""
    told = {"what": "the result is told", "within": "90h", "law": LAW, "id": "told", "after": "end_of_permission"}
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation"), "escalate": [DEPUTY]})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE | {"duties": [told]}))
    ends = table.now + plan.time_to_leave("KZ", 0) + plan.margin + timedelta(minutes=1)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=ends.isoformat())
    table.dispatch().hand_over()
    table.pass_time(hours=(ends - table.now).total_seconds() / 3600)
    (teller,) = table.at("duty.kz.prosecutor.told").waiting_for()
    before = request(table.delivery, "duty.kz.prosecutor.told", teller).facts
    assert before.duty == "the result is told"
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.say("kz.court", "authorisation_granted", "consent-kz-2")
    assert list(table.delivery.state.superseded) == ["kz.prosecutor"]
    assert request(table.delivery, "duty.kz.prosecutor.told", teller).facts == before
    assert code(table.say(teller, "duty_done", "duty.kz.prosecutor.told")) is None


@pytest.mark.parametrize("asked_first", [True, False])
def test_r22_a_result_that_was_asked_for_names_still_what_both_acts_of_who_was_replaced_permitted(*, asked_first: bool) -> None:
    """An act of its own permitted one measure, the authorisation another. What was asked for before the court authorises is about
    both; what is asked for after it is about the first alone.
    """
    told = {"what": "the result is told", "within": "90h", "law": LAW, "id": "told", "after": "end_of_permission"}
    own = {"measures": ["following_person"], "needs": "own_act", "by": ["prosecutor"], "law": LAW}
    also = {"measures": ["device"], "needs": "permission", "by": ["prosecutor", "court"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one not in ("device", "following_person")], "needs": "nothing", "law": LAW}
    there = {"measures": list(MEASURES), "needs": "nothing", "law": {"mark": "T", "text": example_cards()["UZ"].texts[0].id}}
    both = asks("kz.prosecutor authorisation", "kz.prosecutor permission")
    request_says = example_plan().request.model_dump() | {"technical_means": "a recorder"}
    plan = with_changes(
        consent_kz={"requires": both, "escalate": [DEPUTY]}, plan_={"uses": ["following_person"], "request": request_says}
    )
    cards = card_of("KZ", **BESIDE | {"duties": [told], "measures": [own, also, rest]}) | card_of("UZ", measures=[there])
    table = Table(plan, other_cards=cards)
    ends = table.now + plan.time_to_leave("KZ", 0) + plan.margin + timedelta(minutes=1)
    until = {"valid_until": ends.isoformat()}
    table.say("kz.prosecutor", "permission_granted", "consent-kz", permissions=["following_person"], **until)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["device"], **until)
    table.dispatch().hand_over()

    def end_it() -> None:
        table.pass_time(hours=(ends - table.now).total_seconds() / 3600)

    if asked_first:
        end_it()
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz-2", permits=["device"])) is None
    assert list(table.delivery.state.superseded) == (["kz.prosecutor"] if asked_first else [])
    if not asked_first:
        end_it()
    owed = duty_of(table.delivery, "kz.prosecutor.told")
    assert owed is not None
    assert owed.permissions == (("following_person", "device") if asked_first else ("following_person",))
    assert table.at("duty.kz.prosecutor.told").waiting_for() == (owed.service,)


def test_r28_what_is_provisional_and_about_what_no_duty_was_asked_for_is_carried_no_further() -> None:
    """Its successor has authorised: nothing of it is left."""
    table = Table(with_changes(consent_kz={"escalate": []}), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", provisional=True)
    document = without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.court", passed=())).model_dump()
    change(table, Plan.model_validate(document))
    assert code(table.say("kz.court", "authorisation_granted", "consent-kz")) is None
    assert (list(table.delivery.state.grants), table.delivery.state.superseded) == (["kz.court"], {})
