"""What real cases have taught the rules: each test names the case that showed it."""

from typing import Any

import pytest

from domain.plan.plan import Plan
from domain.rules.conclusion import conclusion
from domain.rules.course import PERMISSION_WANTING
from tests.course import became
from tests.support import Table, asking_all, example_plan

SUBSTITUTE = {"label": "INERT-1", "what": "substitute", "gross": "648 kg"}
COCAINE = {"substance": "cocaine", "net": "648 kg"}


def changed(plan: Plan, **fields: Any) -> Plan:
    """The plan with these fields."""
    return Plan.model_validate(plan.model_dump(mode="json") | fields)


def opens(table: Table) -> tuple[str, str | None]:
    """What becomes of a record of preparation in which everything was opened and replaced."""
    table.say("es.court", "authorisation_granted", "consent", modalities=["replaced_in_whole"])
    done = {"modality": "replaced_in_whole", "gross": "660 kg", "kept": [], "removed": [COCAINE], "items": [SUBSTITUTE]}
    return became(table.say("es.guardia-civil", "prepared", "preparation", opened=True, **done))


def test_r16_opening_a_container_needs_no_permission_for_post() -> None:
    """Spain's separate procedure is for items of post: a container may be opened without it, a parcel may not."""
    container = example_plan("algeciras-valencia")
    item = {"scheme": "other", "value": "EXAMPLE"}
    consignment = container.consignment.model_dump(mode="json") | {"kind": "mail", "identifiers": [item]}

    assert opens(Table(container)) == ("accepted", None)
    parcel = Table(changed(container, consignment=consignment))
    parcel.say("es.court", "authorisation_granted", "consent", modalities=["replaced_in_whole"])
    assert parcel.delivery.state.halt is not None
    assert parcel.delivery.state.halt.finding == PERMISSION_WANTING(permission="post", state="ES")


def test_r16_a_plan_that_opens_is_asked_for_a_permission_only_for_post() -> None:
    """The same card, the same plan: only an item of post wants the permission in the plan. Of watching the card says nothing."""
    container = changed(example_plan("algeciras-valencia"), uses=["opening"])
    consignment = container.consignment.model_dump(mode="json") | {"kind": "express"}
    card = Table(container).cards["ES"]

    assert container.permissions(card) == ("watching_thing",)
    assert changed(container, consignment=consignment).permissions(card) == ("post", "opening", "watching_thing")


@pytest.mark.parametrize(("asked", "outcome"), [(False, "interdicted_early"), (True, "stopped_before_departure")])
def test_r12_seized_before_departure_of_its_own_accord_is_interdicted_early(asked: bool, outcome: str) -> None:  # noqa: FBT001
    """Istanbul: who seizes it before it leaves has interdicted it; who seizes it because of a stop has only secured it."""
    table = Table().prepare()
    if asked:
        table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "interdicted")) == ("accepted", None)
    assert conclusion(table.delivery.state)[0] == outcome


def test_r1_a_state_that_is_only_an_alternative_may_consent_too() -> None:
    """A plan may ask a State that is not on its route: the delivery carries its card, and its consent is recorded."""
    plan = example_plan()
    alternate = plan.checkpoints[0].model_copy(update={"id": "consent-kg", "state": "KG"})
    asked = tuple(one.model_copy(update={"service": "kg.prosecutor"}) for one in alternate.requires)
    alternate = alternate.model_copy(update={"requires": asked})
    table = Table(asking_all(plan.model_copy(update={"checkpoints": (alternate, *plan.checkpoints)})))

    assert "KG" in table.cards
    assert became(table.say("kg.prosecutor", "authorisation_granted", "consent-kg")) == ("accepted", None)


def test_r9_what_was_taken_unseen_is_not_in_sight() -> None:
    """Valencia: a delivery out of sight ends no gap; one that was seen does."""
    for seen in (False, True):
        table = Table().dispatch().hand_over()
        table.say("uz.customs", "surveillance_lost", reason="lost")
        table.say("uz.customs", "delivered", "delivery", seen=seen)
        assert table.delivery.state.delivered
        assert (table.delivery.state.gap is None) is seen
