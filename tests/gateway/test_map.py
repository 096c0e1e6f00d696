"""The route on a map: where it was seen, where it is by the plan, what a part is drawn, and what is said without coordinates."""

import re
from html import escape, unescape
from itertools import combinations

import pytest

from domain.plan.plan import Call, Plan
from domain.rules.watch import Sighted
from domain.views.map_ground import ground
from domain.views.map_labels import LabelBox
from domain.words.places import At
from gateway.pages.delivery import one_page
from gateway.pages.maps import Maps, maps
from gateway.pages.story import Chapter, StoryFilter
from papers.outlines import outlines
from process.language import speaker
from tests.course import PHASES
from tests.support import Table, example_plan

HEAVIEST = 12_000
"""Bytes of one picture at most."""
ALMATY, SHYMKENT = ("76.9286", "43.2567"), ("69.6", "42.34")
NEAR_TASHKENT = ("69.2", "41.4")
"""On the first leg; what shows the second alone has it in its frame."""


def see(table: Table, place: str, at: At) -> None:
    """It is seen there by who is responsible now."""
    said = table.statement("kz.police", "sighted")
    table.hand_in(said.model_copy(update={"content": Sighted(place=place, at=at)}))


def drawn(table: Table, service: str, language: str = "en", *, land: bool = True) -> Maps:
    """What this service is drawn now."""
    now, speak = max(table.now, table.delivery.state.now), speaker(language)
    found = one_page(table.delivery, table.directory.get(service), now, speak, StoryFilter(), Chapter((), None, (), ()))
    return maps(found.route, found.way_said, speak, outlines() if land else None)


def without(plan: Plan, *names: str) -> Plan:
    """A plan that says of these checkpoints no coordinates."""
    checkpoints = (one.model_copy(update={"at": None}) if one.id in names else one for one in plan.checkpoints)
    return plan.model_copy(update={"checkpoints": tuple(checkpoints)})


@pytest.mark.parametrize("phase", PHASES)
def test_a_route_is_drawn_in_every_phase(phase: str) -> None:
    """Two renderings with the same words, light enough, with numbers on them and nothing of a script or a style."""
    table = PHASES[phase]()
    for language in ("en", "ru"):
        found = drawn(table, table.plan.initiator, language)
        assert 2 == len(found.pictures)
        for picture in found.pictures:
            assert len(picture.encode()) < HEAVIEST
            assert ["1", "2", "3"] == re.findall(r'<text class="nr[^>]*>(\d)</text>', picture)
            assert "style=" not in picture
        said = {re.findall(r'aria-label="([^"]*)"', picture)[0] for picture in found.pictures}
        assert 1 == len(said)
        assert 2 == len({name for picture in found.pictures for name in re.findall(r'<mask id="([^"]*)"', picture)})


def test_a_full_mark_was_seen_and_a_hollow_one_follows_from_the_plan() -> None:
    """By the plan, then seen, then by the plan again when that is hours old, and a diamond once it was stopped; in words too."""
    table = Table().dispatch()
    table.pass_time(hours=1)
    assert 'class="me open"' in drawn(table, "kz.knb").pictures[0]
    see(table, "Shymkent", SHYMKENT)
    found = drawn(table, "kz.knb")
    assert '<circle class="me" ' in found.pictures[0]
    assert "It was seen at Shymkent, 2022-03-01 07:00 UTC." in found.pictures[0]
    assert "It was seen at Shymkent, 2022-03-01 07:00 UTC." in found.says
    table.pass_time(hours=5)
    assert 'class="me open"' in drawn(table, "kz.knb").pictures[0]
    assert 'class="sight"' in drawn(table, "kz.knb").pictures[0]
    table.say("kz.knb", "stop_requested")
    assert '<path class="me act"' in drawn(table, "kz.knb").pictures[0]


def test_a_part_is_drawn_its_own_stretch_alone() -> None:
    """R11: who has the next leg is drawn neither the way before, nor where it was seen there, nor the State of it."""
    table = Table().dispatch()
    table.pass_time(hours=1)
    see(table, "Shymkent", SHYMKENT)
    see(table, "Konysbayeva", NEAR_TASHKENT)
    whole, part = drawn(table, "kz.knb"), drawn(table, "uz.customs")

    assert "KAZAKHSTAN" in whole.pictures[0]
    assert ["2", "3"] == re.findall(r'<text class="nr[^>]*>(\d)</text>', part.pictures[0])
    for picture in part.pictures:
        for hidden in ("KAZAKHSTAN", "Shymkent", "Konysbayeva", 'class="me', 'class="sight"', 'class="done"'):
            assert hidden not in picture
    before = Table().dispatch()
    before.pass_time(hours=1)
    assert drawn(before, "uz.customs").pictures == part.pictures


POSTS = {"tashkent-airport": "Tashkent <airport>, post 00102 " + "x" * 100, "delivery": "Chilanzar"}
ON_THE_WAY = ((SHYMKENT, "Zhibek Zholy"), (NEAR_TASHKENT, "Konysbayeva"), (None, "Saryagash"))


def with_posts() -> Plan:
    """The example's plan with a post at two places, and three at which its first leg calls; one of these has no coordinates."""
    plan = example_plan()
    checkpoints = (one.model_copy(update={"post": POSTS.get(one.id)}) for one in plan.checkpoints)
    calls = tuple(Call(kind="road", state="KZ", place="road", post=name, at=at) for at, name in ON_THE_WAY)
    legs = (plan.legs[0].model_copy(update={"calls": calls}), *plan.legs[1:])
    return plan.model_copy(update={"checkpoints": tuple(checkpoints), "legs": legs})


def test_a_post_is_a_shield_with_its_name_and_no_name_stands_on_another() -> None:
    """In both renderings: cut where it is long, whole in the words, over no mark, no State and no other name; who has the other
    leg is told none of it (R11). Without coordinates it stands in words alone.
    """
    table = Table(with_posts()).dispatch()
    table.pass_time(hours=1)
    found, part = drawn(table, "kz.knb"), drawn(table, "uz.customs")

    told = f"2 {POSTS['tashkent-airport']}; 3 Chilanzar; Zhibek Zholy; Konysbayeva; Saryagash."
    assert f"Border and customs posts, as shields on the map: {told}" in found.says
    for picture in found.pictures:
        assert f"{escape(told)}" in picture.partition(">")[0]
        assert 4 == len(re.findall(r'<path class="cp[^>]*10 8|<path class="cp[^>]*6 5', picture))
        boxes = [
            LabelBox(float(x), float(y) - 4, len(unescape(text)) * wide / 2, 6)
            for kind, wide in (("post", 7.2), ("st", 10.9))
            for x, y, text in re.findall(rf'<text class="{kind}" x="(\d+)" y="(\d+)">([^<]*)', picture)
        ]
        assert 4 <= len(boxes)
        boxes += [
            LabelBox(float(x), float(y) - 4, 9, 9) for x, y in re.findall(r'<text class="nr[^"]*" x="(\d+)" y="(\d+)"', picture)
        ]
        assert not any(one.meets(other) for one, other in combinations(boxes, 2))
        assert "x" * 40 not in picture.partition(">")[2]
        assert "&lt;airport&gt;" in picture
    assert any("2 Tashkent <airport>" in said and "Zholy" not in said for said in part.says)
    assert not any("Zholy" in picture for picture in part.pictures)
    without_any = Table(without(with_posts(), *POSTS)).dispatch()
    assert f"Border and customs posts: {told}" in drawn(without_any, "kz.knb").says


def test_without_coordinates_there_is_the_line_alone() -> None:
    """One sentence says so; where one place has none, it is named by its number and the others are drawn."""
    none = Table(without(example_plan(), "departure", "tashkent-airport", "delivery")).dispatch()
    assert Maps(says=("There is no map: fewer than two places of it have coordinates.",)) == drawn(none, "kz.knb")
    some = drawn(Table(without(example_plan(), "tashkent-airport")).dispatch(), "kz.knb")
    assert ["1", "3"] == re.findall(r'<text class="nr[^>]*>(\d)</text>', some.pictures[0])
    assert "Without coordinates, and so not on the map: 2." in some.says


def test_without_outlines_places_are_drawn_all_the_same() -> None:
    """The page says that they are not installed; the way and the numbers stay."""
    found = drawn(Table().dispatch(), "kz.knb", land=False)
    assert "Outlines of States are not installed, so only places are drawn." in found.says
    for picture in found.pictures:
        assert 'class="land"' not in picture
        assert ["1", "2", "3"] == re.findall(r'<text class="nr[^>]*>(\d)</text>', picture)


def test_no_sighting_makes_a_map_anew_or_useless() -> None:
    """Who says that it is at the other end of the world has a mark at the edge, and costs no new ground."""
    table = Table().dispatch()
    drawn(table, "kz.knb")
    before = ground.cache_info().misses
    for number, at in enumerate((("-70.1", "-10.2"), ("151.2", "-33.9"), ("0", "90"))):
        table.pass_time(minutes=number + 1)
        see(table, "far away", at)
        found = drawn(table, "kz.knb")
        assert "It was seen beyond the edge of the map." in found.says
        mark = re.search(r'<circle class="me" cx="(\d+)" cy="(\d+)"', found.pictures[0])
        assert mark is not None
        assert 0 < int(mark[1]) < 860
        assert 0 < int(mark[2]) < 236
    assert before == ground.cache_info().misses
