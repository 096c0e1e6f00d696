"""Nobody decides on a gap (R1): whoever takes a signed plan refuses it while a text of it is still to be written."""

from typing import Any

import pytest

from domain.delivery.reported import Amended
from domain.plan.check import faults_in, rules
from domain.plan.gaps import gaps_in, with_stand_ins
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.words.errors import NotVerified, RuleBroken
from tests.support import Table, example_cards, example_directory, example_plan, signed_plan

ASKED = "<what was found and how>"
GAP = "request.facts: R1: nobody decides on a gap; write in place of the text between < and >: what was found and how"


def with_a_gap(plan: Plan | None = None, **changed: Any) -> Plan:
    """The example's plan, in which nobody has written what was found."""
    plan = plan or example_plan()
    return plan.model_copy(update={"request": plan.request.model_copy(update={"facts": ASKED}), **changed})


def test_r1_a_plan_with_a_gap_is_not_started() -> None:
    """The gap is named with its place and what is asked for there; filled, there is no fault."""
    found = faults_in(with_a_gap(), example_directory(), example_cards())

    assert [GAP] == [str(one) for one in found]
    assert () == faults_in(example_plan(), example_directory(), example_cards())


def test_a_gap_is_no_fault_of_a_draft() -> None:
    """Whoever writes a plan hears of faults and gaps apart, so that a draft can be checked before its last word is written."""
    checks = rules(example_directory(), example_cards())
    assert [] == [fault for check in checks for fault in check(with_a_gap())]


def test_r1_a_delivery_is_not_changed_by_a_plan_with_a_gap() -> None:
    """The door refuses it by the rule, and nothing is recorded."""
    table = Table()
    entries = len(table.delivery.ledger)
    amended = Amended(plan=signed_plan(with_a_gap(title="Another title")))

    with pytest.raises(RuleBroken, match="nobody decides on a gap"):
        amend(table.delivery, amended, table.delivery.state.now)
    assert entries == len(table.delivery.ledger)


def test_r1_whoever_verifies_takes_no_record_that_began_with_a_gap() -> None:
    """Whoever runs the server may begin a delivery by a plan that no gateway would take: it does not verify."""
    with pytest.raises(NotVerified, match="nobody decides on a gap"):
        verify(Table(with_a_gap()).packet())


@pytest.mark.parametrize("text", ["weighs <5 kg and >3 kg", "a < b", "<>", "<what> was found", "<a> and <b>"])
def test_a_text_that_only_has_such_signs_is_no_gap(text: str) -> None:
    """A gap is the whole of a text: nobody is kept from writing a comparison."""
    plan = example_plan()
    assert [] == list(gaps_in(plan.model_copy(update={"request": plan.request.model_copy(update={"facts": text})})))


def test_a_rehearsal_has_stand_ins_for_gaps_and_changes_nothing_else() -> None:
    """In square brackets, as long as the gap, so that it fits; a plan without gaps stays the same to the byte."""
    stood_in = with_stand_ins(with_a_gap())

    assert [] == list(gaps_in(stood_in))
    assert f"[{ASKED[1:-1]}]" == stood_in.request.facts
    assert with_a_gap() == stood_in.model_copy(update={"request": with_a_gap().request})
    assert canonical(example_plan()) == canonical(with_stand_ins(example_plan()))
