"""Changes under way (R22): only by the initiator, only what is still ahead, and with fresh consent where the way changes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.events import Amended, Cleared, Closed, Opened
from domain.delivery.ledger import Entry
from domain.plan.plan import Plan
from domain.record.door import amend, take_up
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, sign
from domain.words.errors import NotAllowed, NotAuthentic, RuleBroken
from rehearsal.scenario import Act, Change, Pace, Scenario
from rehearsal.services import private_key_of
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, consenting, forbidden, opened, prepared, under_way
from tests.support import Table, asks, example_cards, example_directory, example_plan

FRESH = {
    "id": "consent-uz-2",
    "step": "authorise",
    "state": "UZ",
    "place": "Tashkent",
    "due": timedelta(hours=24),
    "requires": [{"service": "uz.prosecutor", "says": "authorisation"}],
}


def changed(edit: Any, plan: Plan | None = None) -> Plan:
    """The plan after an edit of its fields."""
    document = (plan or example_plan()).model_dump()
    edit(document)
    return Plan.model_validate(document)


def elsewhere(document: dict[str, Any]) -> None:
    """The parcel is to be delivered at another address in Uzbekistan."""
    delivery = next(one for one in document["checkpoints"] if one["id"] == "delivery")
    delivery["place"] = "Another address, Samarkand"


def elsewhere_with_consent(document: dict[str, Any]) -> None:
    """The same, and Uzbekistan is asked afresh."""
    elsewhere(document)
    document["checkpoints"] = [*document["checkpoints"], FRESH]


def change(table: Table, plan: Plan, by: str = "kz.knb") -> Entry:
    """The initiator (or another) signs the new plan and hands it in."""
    envelope = sign(canonical(plan), PLAN_TYPE, private_key_of(by))
    return amend(table.delivery, Amended(plan=envelope), table.now)


def refused(table: Table, plan: Plan) -> str:
    """Why the new plan may not take the old one's place; nothing is recorded."""
    so_far = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as error:
        change(table, plan)
    assert so_far == len(table.delivery.ledger)
    assert "R22" == error.value.rule
    return error.value.reason


def test_r22_another_way_needs_the_consent_of_its_state_afresh() -> None:
    """Uzbekistan consented to a delivery in Tashkent; one in Samarkand is asked for before it is delivered there."""
    table = Table().dispatch()
    assert "UZ must be asked afresh" in refused(table, changed(elsewhere))
    change(table, changed(elsewhere_with_consent))

    assert "Another address, Samarkand" == table.delivery.plan.checkpoints[5].place
    assert not table.delivery.state.closed("consent-uz-2")


def test_r22_a_state_that_refuses_the_other_way_halts_it() -> None:
    """The fresh request is a request like any other."""
    table = Table().dispatch()
    change(table, changed(elsewhere_with_consent))
    table.plan = table.delivery.plan
    table.open("consent-uz-2")
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz-2")

    assert table.delivery.state.halt is not None
    assert "R1" == table.delivery.state.halt.rule


def test_r22_only_the_initiator_changes_a_plan() -> None:
    """Another's signature is no signature, and another initiator's plan is not this delivery's."""
    table = Table().dispatch()
    with pytest.raises(NotAuthentic):
        change(table, changed(elsewhere_with_consent), by="uz.police")
    with pytest.raises(NotAllowed):
        change(table, changed(lambda plan: plan.update(initiator="uz.police")), by="uz.police")


def at_departure() -> Table:
    """Cleared, and its departure is open."""
    table = Table().prepare()
    table.record(Cleared(leg=0))
    return opened(table, "departure")


def set_in(kind: str, name: str, **values: Any) -> Any:
    """An edit of one checkpoint or leg."""

    def edit(document: dict[str, Any]) -> None:
        next(one for one in document[kind] if one["id"] == name).update(values)

    return edit


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (set_in("checkpoints", "preparation", place="elsewhere"), "preparation has been passed"),
        (set_in("legs", "flight", id="another"), "leg flight has been travelled or begun"),
        (set_in("checkpoints", "tashkent-airport", due=timedelta(hours=1)), "more time, not less"),
        (set_in("checkpoints", "tashkent-airport", overdue="hold"), "only its time, its ladder and who is asked"),
        (lambda plan: plan["consignment"].update(gross=1), "does not change under way"),
        (lambda plan: plan.update(modality="removed"), "it has been prepared"),
        (lambda plan: plan.update(weight_tolerance=10**9), "does not change under way"),
        (
            lambda plan: plan.update(replaced=[{"service": "uz.police", "by": "kz.police", "reason": "busy"}]),
            "must be a service of the same State",
        ),
        (
            lambda plan: plan.update(replaced=[{"service": "uz.police", "by": "uz.customs", "reason": "busy"}]),
            "uz.police is still asked",
        ),
        (lambda plan: plan.update(replaced=[{"service": "kz.knb", "by": "kz.police", "reason": "busy"}]), "not replaced"),
    ],
)
def test_r22_what_has_happened_does_not_change(edit: Any, reason: str) -> None:
    """Passed checkpoints, begun legs, what is asked at an open one and what travels stay as they were."""
    assert reason in refused(Table().approach(), changed(edit))


def test_r22_nobody_answers_in_place_of_who_has_answered() -> None:
    """Until the police has said that it is ready, the post may be asked instead; then its word stands at the open departure."""
    instead = changed(
        set_in("checkpoints", "departure", requires=asks("kz.customs dispatched", "uz.customs ready", "uz.post ready"))
    )
    table = at_departure()
    change(table, instead)
    assert ("kz.customs", "uz.customs", "uz.post") == table.delivery.state.progress["departure"].waiting_for()

    table = at_departure()
    table.say("uz.police", "ready", "departure")
    reason = refused(table, instead)
    assert "checkpoints.3.requires: R22: uz.police has answered; nobody answers in its place any more" == reason


def test_r22_nothing_changes_after_a_halt() -> None:
    """R8: a changed plan does not set a stopped delivery going again."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert "halted" in refused(table, changed(elsewhere_with_consent))


def test_r22_an_open_checkpoint_may_be_given_more_time() -> None:
    """Its due time moves, counted from when it opened."""
    table = Table().approach()
    before = table.delivery.state.progress["tashkent-airport"].due
    change(table, changed(set_in("checkpoints", "tashkent-airport", due=timedelta(hours=36))))
    after = table.delivery.state.progress["tashkent-airport"].due

    assert before is not None
    assert after == before + timedelta(hours=24)


def test_r22_what_lies_ahead_of_a_changed_plan_is_cleared_anew() -> None:
    """The crossing was cleared for a shorter stay; custody passes only once the consent has been extended to the longer one."""
    table = under_way(prepared(consenting(uz="2022-03-05T06:00:00Z")))
    table.record(Cleared(leg=1))
    table.open("tashkent-airport")
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(days=7))))
    assert ("early", None) == became(table.say("uz.customs", "handover_accepted", "tashkent-airport"))
    assert "R5" == forbidden(table, Cleared(leg=1))

    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-15T06:00:00Z")
    table.record(Cleared(leg=1))
    take_up(table.delivery, table.now)
    assert "uz.customs" == table.delivery.state.responsible


def test_r22_who_has_been_replaced_is_not_heard_any_more() -> None:
    """The stand-in is asked in its place, and what the other signs from then on is turned away."""

    def edit(document: dict[str, Any]) -> None:
        for checkpoint in document["checkpoints"][4:]:
            for one in checkpoint["requires"]:
                one["service"] = one["service"].replace("uz.police", "uz.post")
        document["replaced"] = [{"service": "uz.police", "by": "uz.post", "reason": "conflict of interest"}]

    table = Table().dispatch()
    change(table, changed(edit))
    with pytest.raises(NotAllowed):
        table.say("uz.police", "stop_requested")

    assert "accepted" == table.say("uz.post", "stop_requested").verdict.verdict


def told(edit: Any, after: timedelta, *acts: Act) -> Simulated:
    """The story with the plan changed so long after the start; who is in no act answers ten minutes after being asked."""
    pace = Pace(fastest=timedelta(minutes=10), slowest=timedelta(minutes=10))
    scenario = Scenario(vigil="scenario/1", pace=pace, acts=acts, changes=(Change(after=after, plan=changed(edit)),))
    return simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))


def test_r22_a_changed_delivery_ends_and_its_packet_verifies() -> None:
    """The story asks for the fresh consent, delivers at the other address, and a stranger's machine agrees."""
    done = told(elsewhere_with_consent, timedelta(hours=6))
    kinds = [entry.event.event for entry in done.delivery.ledger]

    assert "delivered_with_arrests" == verify(done.packet).outcome
    assert 1 == kinds.count("amended")
    assert done.delivery.state.closed("consent-uz-2")


LEAVES = Act(service="kz.customs", at="departure", says="dispatched", after=timedelta(hours=2))
READY = Act(service="uz.police", at="departure", says="ready", after=timedelta(hours=2))
CONSENTS = Act(service="uz.prosecutor", at="consent-uz-2", says="authorisation_granted", after=timedelta(hours=14))


@pytest.mark.parametrize(
    ("edit", "acts"),
    [
        (set_in("checkpoints", "arrest-almaty", due=timedelta(hours=30)), (LEAVES,)),
        (elsewhere_with_consent, (LEAVES,)),
        (elsewhere_with_consent, (READY, CONSENTS)),
    ],
    ids=["before it has left", "before it has left, with a fresh consent", "just after it has left"],
)
def test_r22_a_plan_changed_while_departure_is_open_is_followed_from_there(edit: Any, acts: tuple[Act, ...]) -> None:
    """What had been cleared is cleared anew, once, and the delivery goes on (found by test)."""
    done = told(edit, timedelta(minutes=45), *acts)
    ledger = [entry.event for entry in done.delivery.ledger]
    changed_at = next(number for number, event in enumerate(ledger) if isinstance(event, Amended))

    assert not done.delivery.state.open_checkpoints()
    assert "departure" in {event.checkpoint for event in ledger[:changed_at] if isinstance(event, Opened)}
    assert "departure" in {event.checkpoint for event in ledger[changed_at:] if isinstance(event, Closed)}
    assert "delivered_with_arrests" == verify(done.packet).outcome


def test_r22_what_waited_for_a_fresh_consent_goes_on_the_moment_it_is_given() -> None:
    """Offered and accepted at the airport while Uzbekistan is asked afresh, it passes as soon as Uzbekistan consents."""
    done = told(elsewhere_with_consent, timedelta(minutes=50), CONSENTS)
    closed = {entry.event.checkpoint: entry.at for entry in done.delivery.ledger if isinstance(entry.event, Closed)}

    assert closed["consent-uz-2"] == closed["tashkent-airport"]
