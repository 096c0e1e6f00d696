"""What the cards demand of a plan, point by point, and how sure that is."""

from datetime import timedelta
from typing import Any

import pytest

from domain.plan import demands as law
from domain.plan.demands import Demand, Point, demands, needed, not_known
from domain.plan.plan import Plan
from domain.views.asked import request
from domain.views.law import NOT_KNOWN, SURE, how_sure, in_words, where
from domain.words.moments import instant
from tests.support import EXAMPLE_PLANS, Table, asks, card_of, example_cards, example_plan, with_changes


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


def points(found: Demand, sentence: str) -> list[Point]:
    """Those that say this."""
    return [one for one in found.points if one.sentence == sentence]


def of_kazakhstan(plan: Plan | None = None, **says: Any) -> Demand:
    """What its card demands, saying this as well."""
    return demands(plan or example_plan(), example_cards() | card_of("KZ", **says))[0]


def test_what_a_card_does_not_know_is_said_so_and_somebody_answers_for_it() -> None:
    """The example card of Kazakhstan knows nothing of who decides, of the ways and of the duration; its prosecutor answers."""
    found = of_kazakhstan()

    assert (("decider", "handling", "term", "records", "afterwards"), "kz.prosecutor") == (found.not_known, found.answered_by)
    for sentence in (law.DECIDES_UNKNOWN, law.HANDLING_UNKNOWN, law.LASTS_UNKNOWN, law.LANGUAGES_UNKNOWN):
        (point,) = points(found, sentence)
        assert (None, None, NOT_KNOWN, "") == (point.law, point.fits, how_sure(point), where(point))


def test_what_a_card_knows_says_where_it_stands_and_how_sure_it_is() -> None:
    """Text and article beside each, and whether it was read, read in part, or is believed."""
    (post,) = points(of_kazakhstan(), law.NEEDS_PERMISSION)

    assert "post: permitted by prosecutor, in its authorisation or apart (R16)" == in_words(post)
    assert SURE["T"] == how_sure(post)
    assert where(post).endswith("with amendments to 21 November 2024, 11(3)(5), 12(4)")


def test_what_a_card_knows_is_held_against_the_plan() -> None:
    """An allowed way and a barred one; a duration that is just long enough, and one that is too short."""
    plan = example_plan()
    span = needed(plan, "KZ")
    for longest, fits in ((span, True), (span - timedelta(milliseconds=1), False)):
        (point,) = points(of_kazakhstan(longest=longest), law.LASTS)
        assert fits is point.fits
    for modalities, fits in ((("intact",), True), (("removed",), False)):
        (point,) = points(of_kazakhstan(modalities=modalities), law.ALLOWED)
        assert fits is point.fits
    known = of_kazakhstan(modalities=("intact",), granted_by=("prosecutor",), longest=span, records=[], afterwards=[])
    assert ((), "prosecutor") == (known.not_known, in_words(points(known, law.DECIDES)[0]).split(" ")[0])


def test_what_needs_a_permission_is_held_against_what_the_plan_does_there() -> None:
    """R16: opening needs it where the consignment is prepared, and nowhere else; the post in every State."""
    both = asks("kz.prosecutor authorisation", "kz.court permission")
    plan = with_changes(plan_={"uses": ["opening"]}, consent_kz={"requires": both})
    cards = example_cards() | card_of("KZ", separate=("opening", "device")) | card_of("UZ", separate=("opening", "device"))
    kz, uz = demands(plan, cards)

    assert (("opening",), ()) == (kz.permissions, uz.permissions)
    assert ["opening"] == [one for point in points(kz, law.NEEDS_OWN_ACT) for one in point.values["measures"]]
    assert ("post",) == not_known(plan, card_of("UZ", measures=())["UZ"])[-1:]


def test_every_point_of_every_example_is_a_sentence() -> None:
    """No example card says what cannot be said in words."""
    for name in EXAMPLE_PLANS:
        for one in demands(example_plan(name), example_cards()):
            assert all(in_words(point) and how_sure(point) for point in one.points)
