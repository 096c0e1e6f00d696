"""A chain of recipients, one after another (Paris to Mumbai), and a consignment that splits."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Concluded
from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.record.verify import fit_parts, verify
from domain.rules.conclusion import conclusion
from domain.words.errors import NotVerified, RuleBroken
from rehearsal.scenario import Act, Pace, Scenario
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, code, forbidden
from tests.domain.test_changes import FRESH, change
from tests.domain.test_divergence import put_back
from tests.domain.test_rules_of_custody import decide, mismatched
from tests.domain.test_successors import with_another_in_charge
from tests.support import Table, example_cards, example_directory, example_plan, signed_plan

PACE = Pace(fastest=timedelta(minutes=10), slowest=timedelta(hours=1))


def chain() -> Plan:
    """Almaty to Tashkent, where the addressee passes it on to a second recipient."""
    document: dict[str, Any] = example_plan().model_dump()
    first = next(one for one in document["checkpoints"] if one["id"] == "delivery")
    first["requires"] = [*first["requires"], {"service": "uz.police", "says": "arrest"}]
    last = first | {"id": "second-recipient", "place": "Second address", "requires": first["requires"][:1]}
    document["checkpoints"] = [*document["checkpoints"], last]
    city = document["legs"][-1]
    document["legs"] = [*document["legs"], city | {"id": "onward", "start": "delivery", "end": "second-recipient"}]
    return Plan.model_validate(document)


def performed(plan: Plan, *acts: Act) -> Simulated:
    """The plan in the simulator, with these acts."""
    return simulate(World(plan, example_directory(), example_cards(), Scenario(vigil="scenario/1", pace=PACE, acts=acts), 1))


def test_a_chain_of_recipients_is_a_plan() -> None:
    """Two deliveries, the first of which passes it on, under the same authority; with an arrest at the first."""
    assert () == faults_in(chain(), example_directory(), example_cards())


def test_r4_in_a_chain_the_authority_does_not_change_without_a_handover() -> None:
    """Where another authority takes over, custody is offered and accepted."""
    document = chain().model_dump()
    document["legs"][-1]["responsible"] = "uz.police"
    faults = faults_in(Plan.model_validate(document), example_directory(), example_cards())

    assert ["R6"] == [fault.problem[:2] for fault in faults]


def test_r4_a_way_that_comes_back_to_where_it_was_has_a_checkpoint_for_each_time() -> None:
    """One checkpoint opens once: when the way came there again, nobody was asked, and nothing moved it any more."""
    document = chain().model_dump()
    back = document["legs"][-1] | {"id": "back", "start": "second-recipient", "end": "delivery"}
    again = back | {"id": "again", "start": "delivery", "end": "third-recipient"}
    third = document["checkpoints"][-1] | {"id": "third-recipient"}
    document |= {"legs": [*document["legs"], back, again], "checkpoints": [*document["checkpoints"], third]}
    faults = faults_in(Plan.model_validate(document), example_directory(), example_cards())

    assert ["legs.3.end"] == [fault.place for fault in faults]


def test_r22_in_a_chain_who_is_in_charge_is_replaced_between_two_recipients() -> None:
    """What it did at the first recipient stays, and its successor delivers to the second."""
    table = Table(chain()).dispatch().hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "delivery")
    change(table, with_another_in_charge(table))

    assert became(table.say("uz.police", "delivered", "second-recipient")) == ("accepted", None)
    assert table.delivery.state.delivered


def test_a_chain_is_delivered_when_its_last_recipient_has_it() -> None:
    """The first delivery moves it on to the next leg; only the last ends the way, and the first arrest counts."""
    done = performed(chain())
    opened = [entry.event.checkpoint for entry in done.delivery.ledger.entries if entry.event.event == "opened"]

    assert "delivered_with_arrests" == verify(done.packet).outcome
    assert opened.index("delivery") < opened.index("second-recipient")
    assert 3 == len(done.delivery.state.arrests)


def parts(*masses: str) -> list[dict[str, Any]]:
    """Parts of the parcel, by mass."""
    return [
        {"operation": f"saxaul-22-{number}", "contents": [{"substance": "mephedrone (4-MMC)", "net": mass}]}
        for number, mass in enumerate(masses, 1)
    ]


def test_r10_a_split_is_whole() -> None:
    """Parts that are not together what travelled are refused; nothing has split then."""
    table = Table().dispatch()
    unequal = table.say("kz.police", "split", parts=parts("6 kg", "6 kg"), reason="repacked")

    assert ("refused", "R10") == became(unequal)
    assert () == table.delivery.state.parts


def test_r4_only_who_holds_it_says_that_it_has_split() -> None:
    """Another's word about the consignment does not end the delivery."""
    table = Table().dispatch()
    assert ("refused", "R4") == became(table.say("uz.customs", "split", parts=parts("6 kg", "7.2 kg"), reason="repacked"))


def test_r7_what_does_not_fit_does_not_split_before_it_is_decided_how_to_go_on() -> None:
    """Before, who had handed on 12 kg of 13.9 kg said that it had split, and nobody was asked to decide any more."""
    table = mismatched(gross="12 kg")
    said: dict[str, Any] = {"parts": parts("6 kg", "7.2 kg"), "reason": "repacked"}
    assert "awaits_decision" == code(table.say("kz.police", "split", **said))
    decide(table, "kz.police", "kz.prosecutor")
    assert ("accepted", None) == became(table.say("uz.customs", "split", **said))


def test_r18_what_was_put_back_does_not_split_before_it_is_decided_how_to_go_on() -> None:
    """Else its parts would go on by a record of which it is not known whether it is the right one."""
    _, table = put_back()
    said = table.say("kz.police", "split", parts=parts("6 kg", "7.2 kg"), reason="repacked")
    assert "record_put_back" == code(said)


def test_r22_the_plan_of_what_has_split_does_not_change_any_more() -> None:
    """Each part is a delivery of its own by then, and nothing of the parent is still ahead (found by simulation)."""
    table = Table().dispatch()
    table.say("kz.police", "split", parts=parts("6 kg", "7.2 kg"), reason="repacked")
    longer = table.plan.model_copy(update={"title": "Another title"})
    change = Amended(plan=signed_plan(longer))

    with pytest.raises(RuleBroken, match="has halted, split or ended"):
        amend(table.delivery, change, table.now)


def test_a_split_delivery_ends_when_its_parts_have_ended() -> None:
    """The initiator says how each part ended; the parent's outcome is `split`, and its packet verifies."""
    act = Act(
        service="kz.police",
        at="tashkent-airport",
        says="split",
        details={"parts": parts("6 kg", "7.2 kg"), "reason": "two couriers"},
        after=timedelta(hours=1),
    )
    ended = Act(
        service="kz.knb",
        at="split.parts",
        says="parts_ended",
        details={
            "parts": [
                {
                    "operation": one["operation"],
                    "outcome": "delivered_with_arrests",
                    "recovered": one["contents"],
                    "root": "0" * 64,
                }
                for one in parts("6 kg", "7.2 kg")
            ]
        },
    )
    done = performed(example_plan(), act, ended)

    assert "split" == verify(done.packet).outcome
    assert done.delivery.state.every_checkpoint()["split.parts"].result == "satisfied"


def test_r10_parts_that_recovered_less_are_explained_before_the_parent_ends() -> None:
    """What the parts did not find again is a difference of the whole."""
    table = Table().dispatch()
    table.say("kz.police", "split", parts=parts("6 kg", "7.2 kg"), reason="two couriers")
    lost = [
        {"operation": one["operation"], "outcome": "interdicted_early", "recovered": [], "root": "0" * 64}
        for one in parts("6 kg", "7.2 kg")
    ]
    table.say("kz.knb", "parts_ended", "split.parts", parts=lost)

    assert table.delivery.state.outcome is None
    assert ["mass_differs"] == [one.code for one in table.delivery.balance.unexplained()]
    for service in ("kz.police", "kz.prosecutor"):
        assert table.delivery.state.outcome is None
        table.say(service, "difference_explained", "balance.1")
    assert "split" == table.delivery.state.outcome


def test_r12_what_has_split_is_not_concluded_before_its_parts_have_ended() -> None:
    """Until the initiator has said how each part ended, nothing can be said of the whole."""
    table = Table().dispatch()
    table.say("kz.police", "split", parts=parts("6 kg", "7.2 kg"), reason="two couriers")
    assert table.is_open("split.parts")
    table.pass_time(days=30)
    assert table.delivery.state.outcome is None
    split = Concluded(outcome="split", finding=conclusion(table.delivery.state)[1])
    assert "nothing" in forbidden(table, split)

    ended = [
        {"operation": one["operation"], "outcome": "no_show", "recovered": one["contents"], "root": "0" * 64}
        for one in parts("6 kg", "7.2 kg")
    ]
    table.say("kz.knb", "parts_ended", "split.parts", parts=ended)
    assert "split" == table.delivery.state.outcome


def with_its_part() -> tuple[Table, Plan, Simulated]:
    """What has split in two and has ended, the plan of its first part, and that in the simulator."""
    document = example_plan().model_dump()
    document |= {"operation": "saxaul-22-1", "parent": "saxaul-22"}
    document["consignment"]["contents"][0]["net"] = "6 kg"
    plan = Plan.model_validate(document)
    part = performed(plan)
    proved = verify(part.packet)
    table = Table().dispatch()
    table.say("kz.police", "split", parts=parts("6 kg", "7.2 kg"), reason="two couriers")
    first, second = parts("6 kg", "7.2 kg")
    ended = [
        {"operation": "saxaul-22-1", "outcome": proved.outcome, "recovered": first["contents"], "root": proved.root},
        {"operation": "saxaul-22-2", "outcome": "no_show", "recovered": second["contents"], "root": "0" * 64},
    ]
    table.say("kz.knb", "parts_ended", "split.parts", parts=ended)
    return table, plan, part


def test_the_packets_of_the_parts_fit_what_the_whole_states() -> None:
    """A court checks the parts beside the whole: the right ones fit, another delivery's or another end's do not."""
    table, plan, part = with_its_part()

    fit_parts(table.packet(), [part.packet])
    fit_parts(table.packet(), [part.packet], table.directory, example_cards())
    fewer = tuple(one for one in table.directory.services if one.id != "kz.knb")
    stranger = table.directory.model_copy(update={"services": fewer})
    with pytest.raises(NotVerified, match="not in the directory you trust"):
        fit_parts(table.packet(), [part.packet], stranger)
    with pytest.raises(NotVerified, match="no part of"):
        fit_parts(table.packet(), [performed(example_plan()).packet])
    otherwise = performed(plan, Act(service="kz.knb", at="arrest-almaty", says="no_arrest"))
    with pytest.raises(NotVerified, match="another end"):
        fit_parts(table.packet(), [otherwise.packet])


def test_r5_what_a_first_recipient_passes_on_waits_for_a_state_that_is_asked_afresh() -> None:
    """The second recipient is in another town by a changed plan: it is on the way there once Uzbekistan consents to that."""
    table = Table(chain()).dispatch().hand_over()
    document = chain().model_dump()
    document["checkpoints"][-1]["place"] = "Samarkand"
    document["checkpoints"] = [*document["checkpoints"], FRESH]
    amend(table.delivery, Amended(plan=signed_plan(Plan.model_validate(document))), table.now)
    assert ("early", "R5") == became(table.say("uz.customs", "delivered", "delivery"))

    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert 2 == table.delivery.state.leg
