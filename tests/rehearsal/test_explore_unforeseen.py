"""While what is unforeseen is asked, the plan is changed: at each contingency of the book, not only where it goes by itself."""

import pytest

from domain.delivery.progress import Progress
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.rules import balance
from process.configuration import text_of
from rehearsal.__main__ import EXAMPLES, PLANS
from rehearsal.explore import Changed, plans_of
from rehearsal.explore_unforeseen import AFTER_HALT, WAITS, Dossier, explore_unforeseen, wait_at
from rehearsal.invariants import BrokenInvariantError
from tests.support import example_cards, example_directory

STEP = 47
"""Of so many changes of one field one is tried, and each that takes several."""


def dossiers() -> list[Dossier]:
    """Those of the examples."""
    plans = (Document(text_of(EXAMPLES / name / "plan.yaml"), name).read(Plan) for name in PLANS)
    return [(plan, example_directory(), example_cards()) for plan in plans]


def see_that_it_was_tried(contingency: str, found: Changed) -> None:
    """Changes were made there and led to an end, and others were refused; after a halt all were, for that reason."""
    made, refused = (+found.made).keys(), (+found.refused).keys()
    assert "nothing" in refused
    assert ("one more at close" in made) == (contingency not in AFTER_HALT)
    if contingency in AFTER_HALT:
        assert not made
        assert "R8: the delivery has halted" in " ".join(found.reasons)
    assert found.outcomes.total() >= found.made.total()
    assert "None" not in found.outcomes


def test_a_question_that_is_left_with_who_was_replaced_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is to explain is replaced while it is asked. Where the rules forget its successor, and that others are in charge,
    the exploration says so.
    """
    stage = wait_at("balance", dossiers())
    replaced = [one for one in plans_of(stage.world, 10_000) if one[0] == "uz.prosecutor replaced after consent-uz"]
    found = explore_unforeseen(stage, "balance", replaced)
    assert {"delivered_with_arrests"} == set(found.outcomes)

    monkeypatch.setattr(Progress, "hand_over", lambda *_: None)
    monkeypatch.setattr(balance, "another_in_charge", lambda *_: False)
    with pytest.raises(BrokenInvariantError, match=r"asks who takes part no more: balance\.1 of uz\.prosecutor"):
        explore_unforeseen(stage, "balance", replaced)


@pytest.mark.slow
@pytest.mark.parametrize("contingency", WAITS)
def test_some_changes_while_what_is_unforeseen_is_asked_leave_a_delivery_that_goes_on(contingency: str) -> None:
    """R22: each is refused whole with its reasons, or leads to an end after each answer there. `make whole` tries all."""
    stage = wait_at(contingency, dossiers())
    see_that_it_was_tried(contingency, explore_unforeseen(stage, contingency, plans_of(stage.world, STEP)))


@pytest.mark.whole
@pytest.mark.parametrize("contingency", WAITS)
def test_every_change_while_what_is_unforeseen_is_asked_leaves_a_delivery_that_goes_on(contingency: str) -> None:
    """R22: each change of each field. `make campaign` lets time pass, too."""
    stage = wait_at(contingency, dossiers())
    plans = plans_of(stage.world)
    found = explore_unforeseen(stage, contingency, plans)
    see_that_it_was_tried(contingency, found)
    assert {name for name, _ in plans} == {*found.made, *found.refused}
