"""Slips of the pen: explained where they are made, and hiding nothing else that is wrong."""

from typing import Any

import pytest

from domain.plan.cards import RuleCard
from domain.plan.check import rules
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.group import GroupFile
from domain.plan.mending import MOST_SLIPS
from domain.plan.plan import Plan
from domain.words.errors import Malformed
from domain.words.text import Filled
from rehearsal.scenario import Scenario
from tests.domain.test_documents import changed
from tests.support import EXAMPLES, Table, example_cards, example_directory

GROUP = (EXAMPLES / "omsk-taraz-parcels" / "group.yaml").read_text()
SCENARIO = (EXAMPLES / "almaty-tashkent" / "scenario.yaml").read_text()


def refused(text: str, model: type[Any] = Plan, *, checked: bool = False) -> Malformed:
    """What is said of a file."""
    with pytest.raises(Malformed) as error:
        Document(text, "file.yaml").read(model, rules(example_directory(), example_cards()) if checked else ())
    return error.value


def problems(text: str) -> list[str]:
    """What is wrong with a plan, form and rules."""
    return [one.problem for one in refused(text, checked=True).faults]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("title: Air mail, Almaty to Tashkent", "title: Air mail: Almaty", 'put the text in quotes: title: "Air mail: Almaty"'),
        ("place: Airport, Tashkent", "place: Airport: Tashkent", 'put the text in quotes: place: "Airport: Tashkent"'),
        ("means: air mail}", "means: by air: mail}", 'put the text in quotes: means: "by air: mail"'),
        ("place: Airport, Tashkent", 'place: "Airport, Tashkent', "a quote above is not closed"),
        (
            "      channel: caricc\n      language: ru",
            '      channel: "caricc\n      language: ru',
            "a quote or bracket that is opened is not closed",
        ),
        ("place: Airport, Tashkent", "place: 'Airport' Tashkent", "the text goes on behind its closing quote"),
        ("place: Airport, Tashkent", "place: @Airport", "a text that begins with this sign stands in quotes"),
        ("modality: intact", "modality intact", "a name has a colon and a space behind it: modality: intact"),
        ("    place: Airport, Tashkent", "     place: Airport", "indent it as above"),
        ("    place: Airport, Tashkent", "\tplace: Airport", "indent with spaces"),
        ("    place: Airport, Tashkent", "   place: Airport", "the same number of spaces"),
        ("place: Airport, Tashkent", "place: *Airport", "repeats what `&Airport` names, and nothing is named so"),
        ("place: Airport, Tashkent", 'place: "Airport \\q"', "put the text in single quotes"),
        ("modality: intact", "modality: intact\n---\n", "a second document begins here with `---`"),
        ("modality: intact", "modality: int\x00act", "no file in YAML may have: U+0000"),
        ("means: air mail}", "means: air mail}}", "a bracket is closed here that none opens"),
    ],
)
def test_what_is_no_yaml_is_explained_at_its_line(right: str, wrong: str, told: str) -> None:
    """An unquoted colon, a quote that is not closed, a sign, an indent, a tab: each says what to write instead."""
    (fault,) = refused(changed((right, wrong))).faults

    assert told in fault.problem
    assert isinstance(fault.problem, Filled)
    assert fault.place.startswith("file.yaml:")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("means: air mail}", "means: air mail, or so}", 'put the text in quotes: means: "air mail, or so"'),
        ("value: CP220322019KZ}", "value: A, B, C}", 'put the text in quotes: value: "A, B, C"'),
        ("    - Information is used", "    - Information: is used", 'put the text in quotes: "Information: is used'),
    ],
)
def test_an_unquoted_comma_or_colon_is_explained(right: str, wrong: str, told: str) -> None:
    """YAML takes them for something else, and the form alone would speak of extra inputs and strings."""
    assert any(told in one.problem for one in refused(changed((right, wrong))).faults)


def test_a_comma_for_decimals_is_answered_with_a_point() -> None:
    """Within brackets it ends the value: what is left of the mass is looked at no further, and no rule is said to be broken."""
    (fault,) = refused(changed(("net: 13.2 kg", "net: 13,2 kg")), checked=True).faults

    assert fault.problem.endswith(": net: 13.2 kg")


@pytest.mark.parametrize(
    ("text", "model", "told"),
    [
        (SCENARIO, Plan, "file.yaml: this is a scenario, and a plan is wanted here"),
        (changed(), Scenario, "file.yaml: this is a plan, and a scenario is wanted here"),
        (changed(), Directory, "file.yaml: this is a plan, and a directory of services is wanted here"),
        ((EXAMPLES / "cards" / "KZ.yaml").read_text(), Plan, "file.yaml: this is a rule card, and a plan is wanted here"),
        (
            (EXAMPLES / "directory.yaml").read_text(),
            RuleCard,
            "file.yaml: this is a directory of services, and a",
        ),
        (GROUP, Plan, "file.yaml: this is a group of consignments, and a plan is wanted here"),
        (GROUP, Scenario, "file.yaml: this is a group of consignments, and a scenario is wanted here"),
        (changed(), GroupFile, "file.yaml: this is a plan, and a group of consignments is wanted here"),
        ('{"payload": "", "payloadType": "", "signatures": []}', Plan, "file.yaml: this is signed, and no file to be edited"),
    ],
)
def test_a_wrong_kind_of_file_is_called_by_its_name(text: str, model: type[Any], told: str) -> None:
    """One sentence in place of a fault for each of its fields."""
    error = refused(text, model)

    assert error.message.startswith(told)
    assert not error.faults
    assert error.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (Table().packet().decode(), "this is an evidence packet; `vigil verify` reads it"),
        ("-----BEGIN PRIVATE KEY-----\n", "this is a key or certificate"),
        ("public: ed25519:x\nkept: plain\n\n-----BEGIN PRIVATE KEY-----\n", "this is a key or certificate"),
        ("%PDF-1.7\n", "this is a PDF document"),
        ("<!doctype html>\n", "this is a page for a browser"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "this is a picture"),
        ("", "file.yaml is empty"),
        (" \n", "file.yaml is empty"),
    ],
)
def test_what_is_no_yaml_at_all_is_called_by_its_name(text: str, told: str) -> None:
    """By how it begins, however long it is; and a file in which nothing stands is said to be empty."""
    error = refused(text)

    assert told in error.message
    assert not error.faults


WRONG = (
    ("coordinator: caricc", "coordinator: nobody"),
    ("locode: UZTAS", "locode: KZALA"),
    ("answers_for_law: {KZ: kz.prosecutor, UZ: uz.prosecutor}", "answers_for_law: {KZ: kz.prosecutor}"),
    ("marking: For official use only", "marking: secret"),
)
"""Four rules broken in four places."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "slip",
    [
        ("handling_code: H1", "handling_code: H9"),
        ("modality: intact\n", ""),
        ("value: CP220322019KZ", "value: CP220322018KZ"),
        ("    due: 12h", "    due: 12"),
        ("    place: Astana\n", ""),
        ("initiator: kz.knb\n", ""),
        ("  gross: 13.9 kg", "  gross: heavy"),
        ("takes: 10h, ", ""),
        ("means: air mail}", "means: air mail, or so}"),
        ("{service: kz.knb, says: ready}", "{service: kz.knb}"),
        ("extraditable: {KZ: true, UZ: true}", "extraditable: both"),
        ("declared_as: Household goods", "declared: Household goods"),
    ],
)
def test_a_slip_hides_no_rule(slip: tuple[str, str]) -> None:
    """Every rule that is broken elsewhere is told beside the slip, and nothing that follows from the slip alone."""
    slips = [one.problem for one in refused(changed(slip)).faults]
    whole = problems(changed(*WRONG))

    assert 4 == len(whole)
    assert {*whole, *slips} == {*problems(changed(slip, *WRONG))}


def test_a_document_of_many_slips_is_mended_first() -> None:
    """What is tried out is bounded: beyond that only the form is told."""
    text = changed(*WRONG)
    for number in range(MOST_SLIPS + 1):
        text += f"extra{number}: 1\n"

    assert MOST_SLIPS + 1 == len(problems(text))
