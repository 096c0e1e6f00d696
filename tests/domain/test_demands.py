from datetime import timedelta

import pytest

from domain.plan.demands import demands, needed
from domain.plan.plan import Requirement
from domain.views.asked import request
from domain.words.moments import instant
from tests.support import EXAMPLE_PLANS, Table, example_cards, example_plan


@pytest.mark.parametrize("name", EXAMPLE_PLANS)
def test_the_time_needed_is_what_the_request_for_consent_states(name: str) -> None:
    """What the officer reads beforehand is what each State is then asked for."""
    plan = example_plan(name)
    table = Table(plan)
    asked = [checkpoint for checkpoint in plan.at("authorise") if checkpoint.state in plan.states()]
    table.settle()

    for checkpoint in asked:
        until = request(table.delivery, checkpoint.id, checkpoint.services()[0]).facts.valid_until
        assert until is not None
        assert needed(plan, checkpoint.state) == instant(until) - table.now


def test_what_a_card_does_not_know_is_neither_yes_nor_no() -> None:
    """The example cards know nothing of the ways, grants and durations: none, not false."""
    found = demands(example_plan(), example_cards())

    assert ["KZ", "UZ"] == [one.state for one in found]
    assert all(one.example and one.sources for one in found)
    assert {(None, None)} == {(one.modality_allowed, one.extension_likely) for one in found}
    assert [("kz.prosecutor",), ("uz.prosecutor",)] == [one.asked for one in found]


def test_what_a_card_knows_is_held_against_the_plan() -> None:
    """An allowed way and a duration that is too short, and one that is just long enough."""
    plan, cards = example_plan(), example_cards()
    span = needed(plan, "KZ")
    for longest, extended in ((span, False), (span - timedelta(milliseconds=1), True)):
        known = {"modalities": ("intact",), "granted_by": ("prosecutor",), "longest": longest}
        cards["KZ"] = cards["KZ"].model_copy(update=known)
        found = demands(plan, cards)[0]

        assert (True, ("prosecutor",), extended) == (found.modality_allowed, found.granted_by, found.extension_likely)


def test_what_needs_a_permission_of_its_own_is_held_against_what_the_plan_does_there() -> None:
    """R16: opening needs it where the consignment is prepared, and nowhere else; whom the plan asks is told beside it."""
    plan, cards = example_plan(), example_cards()
    known = {"separate": ("opening", "device"), "notice": timedelta(hours=24), "languages": ("ru", "uz")}
    cards = {state: card.model_copy(update=known) for state, card in cards.items()}
    consent = plan.checkpoints[0]
    asks = (*consent.requires, Requirement(service="kz.court", says="permission"))
    checkpoints = (consent.model_copy(update={"requires": asks}), *plan.checkpoints[1:])
    kz, uz = demands(plan.model_copy(update={"uses": ("opening",), "checkpoints": checkpoints}), cards)

    assert (("opening",), ("kz.court",)) == (kz.permissions, kz.permission_asked)
    assert ((), ()) == (uz.permissions, uz.permission_asked)
    assert (timedelta(hours=24), timedelta(hours=48), ("ru", "uz")) == (kz.notice, kz.answer_within, kz.languages)
