"""What a preparation record must fit: the way of handling (R3), the units (R10), the devices (R9) and the permission (R16)."""

from typing import Any

import pytest

from tests.course import became, code
from tests.support import MEPHEDRONE, Table, card_of, example_plan, with_changes

A_TENTH = {"substance": "mephedrone (4-MMC)", "net": "1.32 kg"}
THE_REST = {"substance": "mephedrone (4-MMC)", "net": "11.88 kg"}
SUGAR = {"label": "S-1", "what": "substitute", "gross": "11.88 kg"}
TRACKER = {"label": "T-1", "what": "tracker", "gross": "50 g"}

RIGHT: dict[str, dict[str, Any]] = {
    "intact": {"kept": [MEPHEDRONE]},
    "removed": {"kept": [], "removed": [MEPHEDRONE]},
    "removed_in_part": {"kept": [A_TENTH], "removed": [THE_REST]},
    "replaced_in_part": {"kept": [A_TENTH], "removed": [THE_REST], "items": [SUGAR]},
    "replaced_in_whole": {"kept": [], "removed": [MEPHEDRONE], "items": [SUGAR | {"gross": "13.2 kg"}]},
}
"""What each way of handling means."""


def preparing(modality: str = "intact", **cards: Any) -> Table:
    """Consent for this way of handling is given, and the preparation is open."""
    table = Table(with_changes(plan_={"modality": modality}), other_cards=cards)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=[modality])
    assert table.is_open("preparation")
    return table


def says(table: Table, **content: Any) -> tuple[str, str | None]:
    """The customs says how it has prepared it; verdict and rule."""
    return became(table.say("kz.police", "prepared", "preparation", **content))


@pytest.mark.parametrize("modality", RIGHT)
def test_r3_preparation_that_is_what_the_way_of_handling_means_is_accepted(modality: str) -> None:
    """Intact, removed, removed in part, replaced in part, replaced in whole."""
    assert says(preparing(modality), modality=modality, **RIGHT[modality]) == ("accepted", None)


@pytest.mark.parametrize(("modality", "done"), [(one, other) for one in RIGHT for other in RIGHT if one != other])
def test_r3_what_was_done_must_be_what_is_called(modality: str, done: str) -> None:
    """Calling it one thing and doing another is refused, whichever two they are; nothing is in custody."""
    table = preparing(modality)
    assert says(table, modality=modality, **RIGHT[done]) == ("refused", "R3")
    assert table.delivery.state.custody is None


@pytest.mark.parametrize("modality", ["removed", "removed_in_part", "replaced_in_part", "replaced_in_whole"])
def test_r3_way_of_handling_that_nobody_consented_to_is_refused(modality: str) -> None:
    """Well done, and not what the States have agreed to."""
    assert says(preparing("intact"), modality=modality, **RIGHT[modality]) == ("refused", "R3")


def test_r3_samples_may_be_taken_from_what_travels_intact() -> None:
    """The laboratory's grams are neither kept nor removed."""
    sample = {"substance": "mephedrone (4-MMC)", "net": "5 g"}
    assert says(preparing(), samples=[sample]) == ("accepted", None)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([6_600_000, 6_600_000], ("accepted", None)),
        ([6_600_000, 6_580_000], ("accepted", None)),
        ([6_600_000, 6_579_999], ("refused", "R10")),
        ([6_600_000, 6_620_000], ("accepted", None)),
        ([6_600_000, 6_620_001], ("refused", "R10")),
        ([13_200_000], ("accepted", None)),
    ],
)
def test_r10_units_add_up_to_what_was_kept_removed_and_sampled(units: list[int], expected: Any) -> None:
    """Within the tolerance of 20 g, to the milligram."""
    weighed = [{"label": f"U-{number}", "substance": "mephedrone (4-MMC)", "net": net} for number, net in enumerate(units)]
    assert says(preparing(), units=weighed) == expected


def test_r10_units_are_compared_substance_by_substance() -> None:
    """The right mass of another substance is the wrong mass of both."""
    other = [{"label": "U-1", "substance": "something else", "net": "13.2 kg"}]
    assert says(preparing(), units=other) == ("refused", "R10")


def test_r10_units_count_what_was_removed_and_sampled_too() -> None:
    """Of four packets one travels on, one went to the laboratory, two to the store."""
    units = [{"label": f"U-{number}", "substance": "mephedrone (4-MMC)", "net": "3.3 kg"} for number in range(4)]
    part = {"substance": "mephedrone (4-MMC)", "net": "3.3 kg"}
    done = {"kept": [part], "samples": [part], "removed": [part, part], "items": [SUGAR | {"gross": "6.6 kg"}]}
    assert says(preparing("replaced_in_part"), modality="replaced_in_part", units=units, **done) == ("accepted", None)


def test_r10_cash_is_not_weighed_with_the_units() -> None:
    """Notes beside the powder are no unit, wherever they were put: kept, removed or with the samples (found by test)."""
    notes = {"currency": "USD", "minor": 5_000_000}
    units = [{"label": "U-1", "substance": "mephedrone (4-MMC)", "net": "13.2 kg"}]
    for where in ({"kept": [MEPHEDRONE, notes]}, {"samples": [notes]}):
        assert says(preparing(), units=units, **where) == ("accepted", None)


def test_r9_device_must_last_for_the_whole_way_and_the_margin() -> None:
    """64 h to the planned exit and 24 h of margin: 88 h are enough, a millisecond less is not; a substitute needs none."""
    for lasts, expected in (("88h", ("accepted", None)), (88 * 3_600_000 - 1, ("refused", "R9"))):
        text = f"PT{lasts / 1000}S" if isinstance(lasts, int) else lasts
        assert says(preparing(), items=[TRACKER | {"lasts": text}]) == expected


def test_r16_opening_needs_a_permission_where_the_card_separates_it() -> None:
    """Opened without one it is refused, unopened it is not, and a card that does not separate it asks for none."""
    separated = card_of("KZ", separate=["opening"])
    assert says(preparing(**separated), opened=True) == ("refused", "R16")
    assert says(preparing(**separated), opened=False) == ("accepted", None)
    assert says(preparing(**card_of("KZ", separate=[])), opened=True) == ("accepted", None)


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ({"samples": [MEPHEDRONE | {"net": "1 g"}], "kept": [MEPHEDRONE | {"net": "13.199 kg"}]}, "done_unopened"),
        ({"broken": [{"number": "KZ000002", "security": "H"}]}, "done_unopened"),
        ({"items": [TRACKER]}, None),
    ],
)
def test_r16_what_is_done_inside_is_done_to_what_was_opened(done: dict[str, Any], found: str | None) -> None:
    """Sampled or unsealed without opening is a contradiction, and so is what is removed and replaced; a tracker goes on from
    outside.
    """
    assert code(preparing().say("kz.police", "prepared", "preparation", **done, opened=False)) == found
    part = {"kept": [MEPHEDRONE | {"net": "1 kg"}], "removed": [MEPHEDRONE | {"net": "12.2 kg"}]}
    for modality, more in (("removed_in_part", {}), ("replaced_in_part", {"items": [SUGAR | {"gross": "12.2 kg"}]})):
        said = preparing(modality).say("kz.police", "prepared", "preparation", modality=modality, opened=False, **part, **more)
        assert code(said) == "done_unopened"


def test_r16_opening_follows_from_what_is_done_and_a_watch_from_how_it_is_kept_in_sight() -> None:
    """Said or not: whatever is not sent on intact is opened where it is prepared, and what is watched is watched on the whole
    route; a passenger is followed. A card that does not know is asked, and nothing is prepared or leaves without a permission.
    """
    watch = {"check_in": "6h", "answer": "2h", "search": "12h"}
    by_sight = example_plan().consignment.model_dump() | {"checked_by": ["sight"]}
    legs = example_plan().model_dump()["legs"]
    for changes, kz, uz in (
        ({"modality": "removed"}, {"post", "opening"}, {"post"}),
        ({"surveillance": watch}, {"post", "watching_thing"}, {"post", "watching_thing"}),
        ({"consignment": by_sight}, {"post", "watching_thing"}, {"post", "watching_thing"}),
        ({"legs": [legs[0] | {"checked_by": ["sight"]}, legs[1]]}, {"post", "watching_thing"}, {"post", "watching_thing"}),
        (
            {"surveillance": watch, "consignment": by_sight | {"kind": "passenger"}},
            {"following_person", "watching_thing"},
            {"following_person", "watching_thing"},
        ),
    ):
        plan = with_changes(plan_=changes)
        assert ({*plan.measures("KZ")}, {*plan.measures("UZ")}, plan.measures("FR")) == (kz, uz, ())
    lacking = (({"surveillance": watch}, "watching_thing", "UZ"), ({"modality": "removed"}, "opening", "KZ"))
    for changes, permission, state in lacking:
        table = Table(with_changes(plan_=changes))
        for code_of in ("kz", "uz"):
            said: dict[str, Any] = {"permits": ["post"], "modalities": [table.plan.modality]}
            table.say(f"{code_of}.prosecutor", "authorisation_granted", f"consent-{code_of}", **said)
        halt = table.delivery.state.halt
        assert halt is not None
        assert halt.finding.parameters == {"permission": permission, "state": state}


def test_r16_opening_is_the_preparing_states_matter_alone() -> None:
    """What Uzbekistan separates does not bind what is opened in Kazakhstan."""
    cards = card_of("KZ", separate=[]) | card_of("UZ", separate=["opening"])
    assert says(preparing(**cards), opened=True) == ("accepted", None)
