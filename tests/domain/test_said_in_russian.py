"""What is said to a reader of Russian holds no English of ours: units, faults of a changed plan, and what a form finds wrong."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from domain.plan.answers import read_number
from domain.plan.check import deconfliction, faults_in
from domain.plan.demands import demands
from domain.plan.plan import Plan
from domain.rules import amending
from domain.rules.books import BOOK
from domain.views.asked import inbox, say_about
from domain.views.forms import PARTS, content_of
from domain.views.law import explained
from domain.views.sentences import say_plainly
from domain.words.errors import OF_PYDANTIC, Malformed, faults_of
from domain.words.identifiers import free_text
from domain.words.moments import instant, on_calendar
from domain.words.quantities import MAX_SPAN, UNITS, Money, parse_amount, parse_mass, parse_span, say_mass, say_span
from domain.words.text import Filled, checked, told
from gateway.problems import problem
from process.language import speaker
from tests.support import Table, example_cards, example_directory, example_plan, with_changes

RUSSIAN = speaker("ru")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
ENGLISH = re.compile(r"(?<![\w`.{'])(the|is|are|has|be|not|of|a|must|kg|g|mg|expected)(?![\w`.}'])")


def in_russian(text: str) -> str:
    """As its reader has it."""
    return told(text, RUSSIAN)


@pytest.mark.parametrize("milligrams", [0, 40, 250_000, 13_200_000, -1900])
def test_a_mass_is_shown_with_its_unit_and_read_back(milligrams: int) -> None:
    """Officers type what they see."""
    shown = in_russian(say_mass(milligrams))
    assert re.fullmatch(r"-?[0-9.]+ (кг|г|мг)", shown)
    assert parse_mass(shown.removeprefix("-")) == abs(milligrams)


@pytest.mark.parametrize("span", [timedelta(days=2, hours=12), timedelta(minutes=90), timedelta(milliseconds=1500), MAX_SPAN])
def test_a_span_is_shown_with_its_units_and_read_back(span: timedelta) -> None:
    """As in English."""
    shown = in_russian(say_span(span))
    assert not re.search("[a-z]", shown)
    assert parse_span(shown) == span == parse_span(say_span(span))


def test_every_unit_is_translated() -> None:
    """The desk's scripts take them from there too."""
    assert all(CYRILLIC.search(RUSSIAN(one)) for one in UNITS.values())


def changes() -> dict[str, Plan]:
    """Changes of a plan under way that are faults, each of another kind."""
    plan = example_plan()
    ahead = {"remind": (), "due": timedelta(hours=1)}
    return {
        "nothing": plan,
        "fixed": plan.model_copy(update={"margin": timedelta(hours=1)}),
        "sooner": with_changes(plan, consent_uz=ahead),
        "elsewhere": with_changes(plan, consent_uz={"place": "Samarkand"}),
        "taken out": plan.model_copy(update={"checkpoints": plan.checkpoints[1:]}),
        "another modality": plan.model_copy(update={"modality": "removed"}),
    }


@pytest.mark.parametrize("change", changes())
def test_what_is_wrong_with_a_change_is_said_in_russian(change: str) -> None:
    """On the command line, and by the gateway to who asks for Russian."""
    table, plan = Table(), changes()[change]
    faults = amending.faults_in(table.delivery, plan, table.directory, table.cards)
    assert faults
    answered = problem(Malformed("not right", faults)).in_language("ru").document.faults or ()
    assert [in_russian(one.problem) for one in faults] == [one.problem for one in answered]
    for one in answered:
        assert CYRILLIC.search(one.problem)
        assert not ENGLISH.search(one.problem), one.problem


def test_what_a_state_would_be_asked_afresh_is_named_in_russian() -> None:
    """Part by part."""
    table = Table().consent()
    plan = with_changes(table.plan, plan_={"modality": "removed"})
    (said, *_) = [one.problem for one in amending.fresh_consents(table.delivery, plan, table.directory)]
    assert "способ проведения" in in_russian(said)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sighted", {}),
        ("sighted", {"place": ""}),
        ("sighted", {"nowhere": "x"}),
        ("prepared", {"gross": "13,9 kg", "modality": "intact"}),
        ("prepared", {"gross": "13.9", "modality": "no such"}),
        ("delegated", {"to": "kz.knb", "valid_from": "2026-03-02", "valid_until": "2026-03-03T18:00:00", "reason": "x"}),
        ("disposed", {"exhibits": "seized", "how": "destroyed", "reference": "1", "written_at": "2026-03-02T18:00:00+05:00"}),
        ("laboratory_report", {"exhibit": "x", "report": "test_report", "reference": "1", "substance": "x", "spent": "1 g",
                               "written_at": "2026-03-02T18:00:00+05:00"}),
        ("no_such_kind", {}),
    ],
)  # fmt: skip
def test_what_a_form_finds_wrong_is_said_in_russian(kind: str, words: dict[str, str]) -> None:
    """Missing, empty, no field, a comma, no unit, no choice, no offset, and what a kind looks at itself."""
    with pytest.raises(Malformed) as caught:
        content_of(kind, words, {}, PARTS)
    said = [in_russian(caught.value.words[0]), *(in_russian(one.problem) for one in caught.value.faults)]
    assert all(CYRILLIC.search(one) for one in said), said
    assert not [one for one in said if ENGLISH.search(one)]


@pytest.mark.parametrize(
    ("content", "problem", "russian"),
    [
        ({"kind": "sighted", "place": ""}, "is empty", "пусто"),
        ({"kind": "sighted"}, "is missing", "не указано"),
        ({"kind": "sighted", "place": "x" * 5000}, "expected at most 120 characters", "ожидалось знаков: не более 120"),
        (
            {"kind": "movement_decision", "proceed": "perhaps", "reason": "x"},
            "expected yes or no",
            "ожидалось да или нет (yes, no)",
        ),
    ],
)
def test_what_pydantic_finds_is_said_in_words_of_an_officer(content: dict[str, Any], problem: str, russian: str) -> None:
    """Neither `Field required` nor `String should have at least 1 character`."""
    with pytest.raises(ValidationError) as caught:
        BOOK.content(content)
    (fault,) = faults_of(caught.value)
    assert (problem, russian) == (fault.problem, in_russian(fault.problem))


def test_a_choice_that_was_mistyped_is_answered_with_the_one_that_was_meant() -> None:
    """All that there are, and of them the nearest; none where nothing is like it."""
    with pytest.raises(Malformed) as caught:
        content_of("detected", {"how": "xray", "sure": "unsure"}, {}, PARTS)
    found = {one.place: one.problem for one in caught.value.faults}
    assert found["how"].endswith("; did you mean x_ray?")
    assert "expected one of suspected, presumptive_test, laboratory" == found["sure"]


@pytest.mark.parametrize("kind", OF_PYDANTIC)
def test_each_word_of_pydantic_that_is_translated_is_one_of_its_kinds_of_error(kind: str) -> None:
    """A new version that renames one is found."""
    assert kind in get_args(ErrorType)


def whole(text: object) -> bool:
    """Whether it is a text of ours, and so is each sentence that is filled in; what was typed and figures are none."""
    parts = text.filled.items() if isinstance(text, Filled) else ()
    return isinstance(text, Filled) and all(
        whole(part) for name, part in parts if name in ("why", "examples", "kinds", "example")
    )


@pytest.mark.parametrize(
    "refused",
    [
        lambda: parse_amount("EUR", "1.234"),
        lambda: read_number("upu_s10 "),
        lambda: free_text(""),
        lambda: checked("abc\tdef"),
        lambda: on_calendar("2026-02-30"),
        lambda: on_calendar("2026-2-3"),
        *(
            lambda moment=moment: instant(moment)
            for moment in (
                "2026-02-30T10:00:00Z",
                "2026-13-01T10:00:00Z",
                "0000-01-01T10:00:00Z",
                "2026-01-01T24:00:00Z",
                "2026-01-01T25:00:00Z",
                "2026-01-01T10:00:60Z",
                "2026-01-01T10:00:00.1234567Z",
                "2026-01-01T10:00:00+24:00",
                "0001-01-01T00:00:00+05:00",
                "2026-01-01T10:00:00",
            )
        ),
        lambda: parse_span("soon"),
        lambda: parse_span(5),
        lambda: parse_mass(1.5),
        lambda: Money(currency="EUR", minor=1.5),  # type: ignore[arg-type]
    ],
)
def test_what_is_wrong_with_a_value_can_be_said_again(refused: Callable[[], object]) -> None:
    """With what is filled in."""
    with pytest.raises(ValueError, match="expected") as caught:
        refused()
    error = caught.value
    said = faults_of(error)[0].problem if isinstance(error, ValidationError) else error.args[0]
    assert whole(said), said


def test_who_may_ask_the_register_is_said_in_russian() -> None:
    """Kinds of services, with `or` between them."""
    plan = example_plan("aktobe-post-office")
    alone = plan.model_copy(update={"coordinator": None, "initiator": "kz.prosecutor"})
    (said,) = [in_russian(one.problem) for one in deconfliction(alone, example_directory(), example_cards())]
    assert "прокуратура или суд" in said


def test_the_one_thing_that_is_expected_is_said_once() -> None:
    """`expected plan/1` alone, without the question whether that was meant."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Plan).validate_python(example_plan().model_dump() | {"vigil": "plan/2"})
    (fault,) = faults_of(caught.value)
    assert "expected plan/1" == fault.problem


def test_a_fault_keeps_what_can_be_said_again() -> None:
    """A text of ours inside what pydantic reports is not lost on the way."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Plan).validate_python(example_plan().model_dump() | {"tolerances": {"gross": "20"}})
    (fault,) = faults_of(caught.value)
    assert isinstance(fault.problem, Filled)
    assert "нет единицы" in in_russian(fault.problem)


def test_what_the_law_demands_is_said_with_russian_units() -> None:
    """Terms too."""
    table = Table()
    said = [line.sentence for one in demands(table.plan, table.cards) for line in explained(one, RUSSIAN).lines]
    assert any(re.search(r"[0-9]+ (д|ч)\b", one) for one in said)
    assert not [one for one in said if re.search(r"[0-9] (d|h|m|kg|g)\b", one)]


@pytest.mark.parametrize("name", ["leaves-in-an-hour", "cash-by-bus", "partial-replacement"])
def test_what_the_law_demands_is_said_in_russian_throughout(name: str) -> None:
    """Who decides, what forbids it, what a law is called, which article and the notes too, as far as they come along; words of
    any other card stay as they are.
    """
    plan = example_plan(name)
    told_so = [explained(one, RUSSIAN) for one in demands(plan, example_cards())]
    said = [text for one in told_so for line in one.lines for text in (line.sentence, line.where)]
    assert not [text for text in (*said, *(one.notes for one in told_so)) if ENGLISH.search(text)]
    assert not any(one.as_written for one in told_so if one.notes)

    other = {state: card.model_copy(update={"notes": "NOTES of their own"}) for state, card in example_cards().items()}
    assert {("NOTES of their own", True)} == {
        (one.notes, one.as_written) for one in (explained(card, RUSSIAN) for card in demands(plan, other))
    }


def test_a_finding_is_said_with_russian_units() -> None:
    """Of a weight that does not fit."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say(
        "uz.customs", "seizure", "accounting", gross="13 kg", recovered=[{"substance": "mephedrone (4-MMC)", "net": "12 kg"}]
    )
    said = [say_plainly(one, RUSSIAN) for one in table.delivery.balance.unexplained()]
    assert any("кг" in one for one in said)
    assert not [one for one in said if "kg" in one]


def test_no_fault_of_an_example_is_there_to_translate() -> None:
    """The examples are right, so that what is looked at above is what the changes bring."""
    table = Table()
    assert faults_in(table.plan, table.directory, table.cards) == ()


def test_what_a_request_is_about_is_said_in_russian() -> None:
    """A hold, a stop for those whose word it was not, and a weight that does not fit: from codes, and beside them in English."""
    held = Table().dispatch()
    held.say("uz.police", "hold_requested", reason="in sight of a patrol")
    refused = Table()
    refused.say("uz.prosecutor", "authorisation_refused", "consent-uz", reason="no")
    differs = Table().dispatch()
    differs.say("kz.police", "handover_offered", "tashkent-airport", gross="19 kg")
    asked = [*inbox(held.delivery, "kz.police", held.now), *inbox(refused.delivery, "kz.police", refused.now)]
    asked += inbox(differs.delivery, "kz.police", differs.now)
    told_about = [one.facts for one in asked if one.facts.about]
    assert {"hold_ordered", "refused", "weight_differs"} <= {
        getattr(each, "code", getattr(each, "cause", "")) for one in told_about for each in one.about
    }
    for one in told_about:
        said = say_about(one.about, RUSSIAN)
        assert CYRILLIC.search(said)
        assert not ENGLISH.search(said), said
        assert one.problem == say_about(one.about)
