"""R7: what is found of the consignment when it is handed on as an exhibit is judged as what is found at a handover."""

from typing import Any

import pytest

from domain.delivery.holdings import exhibits
from domain.plan.plan import Plan
from domain.record.verify import verify
from tests.course import became, code
from tests.domain.test_changes import change
from tests.domain.test_exhibits import FOUND_BY, with_things_inside
from tests.domain.test_surveillance import in_charge_instead
from tests.support import SEAL, WORDS, Table, card_of, with_changes

OTHER_SEAL = {"number": "KZ000009", "security": "H"}
SEEN: dict[str, Any] = {"exhibits": ["consignment"], "gross": "13.9 kg", "seals": [SEAL]}
WEIGHT, SEALS = ("weight",), ("seals",)


def offers(table: Table, giver: str, to: str, **said: Any) -> tuple[str, ...]:
    """It is offered as found so; what is remarked of it."""
    return remarked(table.say(giver, "exhibits_offered", to=to, purpose="carried on", **SEEN | said))


def takes(table: Table, taker: str, giver: str, **said: Any) -> tuple[str, ...]:
    """It is received as found so; what is remarked of it."""
    return remarked(table.say(taker, "exhibits_accepted", giver=giver, **SEEN | {"intact": True} | said))


def remarked(answer: Any) -> tuple[str, ...]:
    """In what it differs; it counts all the same."""
    assert answer.verdict.verdict == "accepted"
    found = [one for one in answer.verdict.findings if one.code == "found_otherwise"]
    return tuple(found[0].parameters["what"]) if found else ()


def seized(*things: str) -> Table:
    """Seized on the way, acknowledged by everybody."""
    table = with_things_inside(*things)
    table.say("kz.police", "interdicted", packages=4)
    for service in table.at("stop.acknowledged").checkpoint.services():
        table.say(service, "stop_acknowledged")
    return table


@pytest.mark.parametrize(
    ("found", "what", "differs"),
    [
        ({}, (), ()),
        ({"gross": "13.88 kg"}, (), ()),
        ({"gross": "13.879999 kg"}, WEIGHT, ("weight_differs",)),
        ({"gross": None, "seals": []}, (), ()),
        ({"seals": [OTHER_SEAL]}, SEALS, ("seals_differ",)),
        ({"packages": 3}, ("count",), ("packages_differ",)),
        ({"intact": False}, SEALS, ("seal_broken",)),
        ({"gross": "1 kg", "seals": [OTHER_SEAL]}, ("seals", "weight"), ("seals_differ", "weight_differs")),
    ],
)
def test_r7_what_was_seized_is_handed_on_as_it_was_last_measured(
    found: dict[str, Any], what: tuple[str, ...], differs: tuple[str, ...]
) -> None:
    """Before, another weight was shown and nobody asked why. It counts, the record remarks it, and those in charge explain it at
    `balance.N`; what nobody looked at is not compared, and what is within the tolerance of a handover is no difference.
    """
    table = seized()
    assert offers(table, "kz.police", "kz.knb") == ()
    assert takes(table, "kz.knb", "kz.police", **found) == what
    assert exhibits(table.delivery.state)["consignment"].holder == "kz.knb"
    assert tuple(one.code for one in table.delivery.balance.unexplained()) == differs
    assert table.is_open("balance.1") if differs else "balance.1" not in table.delivery.state.progress
    assert bool(verify(table.packet()).remarked) is bool(what)
    if differs:
        for service in table.at("balance.1").checkpoint.services():
            table.say(service, "difference_explained", "balance.1")
        assert table.delivery.balance.unexplained() == ()


def test_r7_each_act_is_compared_with_the_one_before_it_and_what_is_in_it_goes_along() -> None:
    """In whose hands it became less is seen: who gives it on as received differs from nobody, and it stays to be explained."""
    table = seized("T-1")
    both: dict[str, Any] = {"exhibits": ["consignment", "T-1"]}
    assert offers(table, "kz.police", "kz.knb", **both) == ()
    assert takes(table, "kz.knb", "kz.police", **both, gross="12 kg") == WEIGHT
    assert offers(table, "kz.knb", "kz.police", gross="12 kg") == ()
    assert takes(table, "kz.police", "kz.knb", gross="11 kg") == WEIGHT
    (one,) = table.delivery.balance.unexplained()
    assert (one.parameters["found"], one.parameters["expected"]) == (11_000_000, 13_900_000)


def test_r10_who_explained_what_was_missing_before_has_not_explained_what_vanished_since() -> None:
    """100 g are explained by one, and then 10 kg are gone: both are asked about these, and not the second alone."""
    table = seized()
    offers(table, "kz.police", "kz.knb")
    takes(table, "kz.knb", "kz.police", gross="13.8 kg")
    table.say("kz.police", "difference_explained", "balance.1", reason="it has dried")
    assert offers(table, "kz.knb", "kz.police", gross="3 kg") == WEIGHT
    assert ("late", "R17") == became(table.say("kz.prosecutor", "difference_explained", "balance.1"))
    table.say("kz.prosecutor", "difference_explained", "balance.2")
    assert table.delivery.balance.unexplained()
    table.say("kz.police", "difference_explained", "balance.2", reason="a bag was stolen")
    assert not table.delivery.balance.unexplained()
    verify(table.packet())


def found_by_customs() -> Table:
    """Customs have found it, and hand it on to who carries it on."""
    return Table(with_changes(**FOUND_BY)).consent()


def test_r7_before_it_has_left_what_does_not_fit_waits_for_a_decision() -> None:
    """The taker weighs less than the giver: it is not handed on, not prepared and does not leave until those in charge have
    decided afresh, as after a handover.
    """
    table = found_by_customs()
    assert offers(table, "kz.customs", "kz.police") == ()
    assert takes(table, "kz.police", "kz.customs", gross="12 kg") == WEIGHT
    discrepancy = table.delivery.state.discrepancy
    assert discrepancy is not None
    assert [one.code for one in discrepancy.differs] == ["weight_differs"]
    assert code(table.say("kz.police", "prepared", "preparation")) == "awaits_decision"
    (name,) = [one.checkpoint.id for one in table.delivery.state.open_checkpoints() if one.contingency == "decision"]
    for service in table.at(name).checkpoint.services():
        assert became(table.say(service, "movement_decision", name)) == ("accepted", None)
    assert table.delivery.state.discrepancy is None
    assert table.delivery.state.custody is None  # it has still to be prepared
    assert became(table.say("kz.police", "prepared", "preparation", **WORDS["prepared"])) == ("accepted", None)
    table.deliver()
    assert verify(table.packet()).remarked


def test_r22_who_is_responsible_by_a_changed_plan_decides_on_what_does_not_fit() -> None:
    """It and the others are asked anew; who is so no more decides nothing."""
    table = found_by_customs()
    offers(table, "kz.customs", "kz.police")
    takes(table, "kz.police", "kz.customs", gross="12 kg")
    name = table.opened("decision")
    table.say("kz.police", "movement_decision", name)
    document = in_charge_instead(table.plan).model_dump()
    for one in document["checkpoints"]:
        if one["step"] in ("prepare", "dispatch"):
            one["requires"][0]["service"] = "kz.border"
    change(table, Plan.model_validate(document))
    assert table.at(name).result == "withdrawn"
    again = table.opened("decision")
    assert table.at(again).checkpoint.services() == ("kz.border", "kz.prosecutor")
    for service in ("kz.border", "kz.prosecutor"):
        table.say(service, "movement_decision", again)
    assert table.delivery.state.discrepancy is None


def test_r7_what_does_not_fit_after_its_preparation_keeps_it_there() -> None:
    """Who found it has prepared it, and hands it on with another seal: nothing leaves or is handed on; a no stops it."""
    asked = {"requires": [{"service": "kz.customs", "says": "prepared"}, {"service": "kz.knb", "says": "ready"}]}
    table = Table(with_changes(preparation=asked, **FOUND_BY), other_cards=card_of("KZ", exclusions=[])).consent()
    table.say("kz.customs", "prepared", "preparation", id="as-prepared")
    table.say("kz.knb", "ready", "preparation")
    assert offers(table, "kz.customs", "kz.police", seals=[OTHER_SEAL]) == SEALS
    refused = table.say("kz.police", "exhibits_accepted", exhibits=["consignment"], giver="kz.customs", intact=True)
    assert code(refused) == "awaits_decision"
    state = table.delivery.state
    (name,) = [one.checkpoint.id for one in state.open_checkpoints() if one.contingency == "decision"]
    for service in table.at(name).checkpoint.services():
        table.say(service, "movement_decision", name)
    assert state.custody is not None
    assert [one.number for one in state.custody.seals] == ["KZ000009"]
    right = {"kind": "prepared"} | WORDS["prepared"] | {"packing": "a quilt"}
    assert became(table.say("kz.customs", "correction", of="as-prepared", reason="-", content=right)) == ("accepted", None)
    assert [one.number for one in state.custody.seals] == ["KZ000009"]  # as was decided
    assert takes(table, "kz.police", "kz.customs", seals=[OTHER_SEAL], gross="12 kg") == WEIGHT
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    assert code(table.say("kz.police", "dispatched", "departure")) == "awaits_decision"
    (again,) = [one.checkpoint.id for one in state.open_checkpoints() if one.contingency == "decision"]
    table.say(table.at(again).checkpoint.services()[0], "movement_decision", again, proceed=False)
    assert state.halt is not None
    assert state.halt.cause == "decision"
