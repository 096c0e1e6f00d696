"""Preparation by somebody who would take more out than States have consented to (R3)."""

from typing import Any

import pytest

from tests.course import code
from tests.support import MEPHEDRONE, Table, with_changes

ALL: dict[str, Any] = {"kept": [], "removed": [MEPHEDRONE]}


def substitute(gross: str) -> list[dict[str, Any]]:
    """One substitute of this weight."""
    return [{"label": "S-1", "what": "substitute", "gross": gross}]


def prepared(modality: str, **said: Any) -> str | None:
    """The code of what becomes of such a preparation, after consent to that way of handling."""
    table = Table(with_changes(plan_={"modality": modality}))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=[modality])
    return code(table.say("kz.police", "prepared", "preparation", modality=modality, **said))


@pytest.mark.parametrize(
    "said",
    [
        {"kept": []},
        {"kept": [MEPHEDRONE | {"net": 0}]},
        {"kept": [], "samples": [MEPHEDRONE]},
        {"kept": [MEPHEDRONE | {"net": "1 g"}], "samples": [MEPHEDRONE | {"net": "13.199 kg"}]},
    ],
)
def test_what_is_intact_is_still_in_it(said: dict[str, Any]) -> None:
    """What goes intact holds something, which nothing of something is not, and no sample is larger than what it is of."""
    assert prepared("intact", **said) == "not_that_modality"


def test_nothing_of_something_is_not_replaced_either() -> None:
    """Taken out in the record alone: nothing of it was."""
    said = {"kept": [MEPHEDRONE], "removed": [MEPHEDRONE | {"net": 0}], "items": substitute("1 mg")}
    assert prepared("replaced_in_part", **said) == "not_that_modality"


@pytest.mark.parametrize(
    ("gross", "by", "expected"),
    [
        ("unmeasured size {by}", "kz.prosecutor", "leave_not_said"),
        ("unmeasured size {by}", "kz.knb", "not_theirs_to_allow"),
        ("approximate 60 g", "", None),
        ("approximate 14 kg", "", "more_than_gross"),
    ],
)
def test_nobody_invents_the_mass_of_what_cannot_be_weighed(gross: str, by: str, expected: str | None) -> None:
    """A tracker in a car, a dye: why it is not weighed and who allowed that, which must be one that may; or about how much."""
    tracker = {"label": "T-1", "what": "tracker", "gross": gross.format(by=by)}
    assert prepared("intact", items=[tracker]) == expected


def test_what_stands_in_for_something_has_a_mass() -> None:
    """Else one gram would stand for a hundred kilograms again."""
    with pytest.raises(ValueError, match="a substitute has a mass"):
        prepared("replaced_in_whole", **ALL, items=substitute("unmeasured size kz.prosecutor"))


def test_a_sample_may_be_half_of_it() -> None:
    """A sample as large as the rest still is one."""
    half = MEPHEDRONE | {"net": "6.6 kg"}
    assert prepared("intact", kept=[half], samples=[half]) is None


@pytest.mark.parametrize(
    ("gross", "beside", "expected"),
    [
        ("0 mg", [], "no_substitute_for_it"),
        ("1 g", [], "no_substitute_for_it"),
        ("1 g", [{"currency": "EUR", "minor": 1}], "no_substitute_for_it"),
        ("13.3 kg", [], "no_substitute_for_it"),
        ("13.3 kg", [{"currency": "EUR", "minor": 1}], None),
        ("13.2 kg", [], None),
    ],
)
def test_a_substitute_weighs_what_it_replaces(gross: str, beside: list[dict[str, Any]], expected: str | None) -> None:
    """No weightless one, and none that a coin beside excuses; it may weigh more where something was removed that is counted."""
    said = ALL | {"removed": [MEPHEDRONE, *beside], "items": substitute(gross)}
    assert prepared("replaced_in_whole", **said) == expected
