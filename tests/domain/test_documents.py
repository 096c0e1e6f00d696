"""Documents the user brings: every fault at its line, and whatever comes in, never a crash."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.plan.cards import RuleCard
from domain.plan.check import faults_in, rules
from domain.plan.directory import Directory, Service
from domain.plan.documents import LONGEST, Document, writer
from domain.plan.plan import Plan
from domain.words.errors import Malformed, faults_of
from domain.words.text import Filled
from tests.support import EXAMPLES, example_cards, example_directory

PLAN = (EXAMPLES / "almaty-tashkent" / "plan.yaml").read_text()


def line_with(text: str, words: str) -> int:
    """Number, from 1, of the first line that holds these words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def changed(*pairs: tuple[str, str]) -> str:
    """The plan's text with these changes, each at its first occurrence."""
    text = PLAN
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def faults(text: str, model: type[Plan | Directory | RuleCard] = Plan) -> list[str]:
    """Places of the faults, as written."""
    with pytest.raises(Malformed) as refused:
        Document(text, "plan.yaml").read(model)
    return [fault.place for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("contents", "place"),
    [("substance: heroin, net: 13.5", "net"), ("currency: EUR, minor: 12.5", "minor"), ("net: 1 kg", "substance")],
)
def test_a_fault_of_a_substance_or_of_cash_is_told_once(contents: str, place: str) -> None:
    """What is meant as a mass is not refused for being no cash as well, and cash not for being no mass."""
    text = changed(("substance: mephedrone (4-MMC), cas: 1189805-46-6, net: 13.2 kg", contents))

    assert [f"plan.yaml:{line_with(text, contents)}: consignment.contents.0.{place}"] == faults(text)


def test_faults_stand_at_their_lines_all_at_once() -> None:
    """Four things wrong in one file: four faults, in the order of the file."""
    text = changed(
        ("handling_code: H1", "handling_code: H9"),
        ("value: CP220322019KZ", "value: CP220322018KZ"),
        ("    due: 12h", "    due: 12"),
        ("means: postal delivery", "means: 5"),
    )
    assert faults(text) == [
        f"plan.yaml:{line_with(text, 'H9')}: handling_code",
        f"plan.yaml:{line_with(text, 'CP220322018KZ')}: consignment.identifiers.0.value",
        f"plan.yaml:{line_with(text, 'due: 12')}: checkpoints.2.due",
        f"plan.yaml:{line_with(text, 'id: city')}: legs.1.means",
    ]


def test_missing_field_is_placed_at_what_lacks_it() -> None:
    """A missing field stands nowhere; its line is that of the thing without it."""
    text = changed(("    place: Astana\n", ""))
    assert faults(text) == [f"plan.yaml:{line_with(text, 'id: consent-kz')}: checkpoints.0.place"]


def test_unknown_field_is_a_fault() -> None:
    """A slip of the pen is not ignored."""
    text = changed(("margin: 24h", "margin: 24h\nmargn: 12h"))
    assert faults(text) == [f"plan.yaml:{line_with(text, 'margn')}: margn"]


def test_planning_faults_are_placed_too() -> None:
    """Faults of `domain.plan.check` get their lines from the same document."""
    text = changed(("locode: KZALA", "locode: UZTAS"))
    document = Document(text, "plan.yaml")
    placed = document.located(faults_in(document.read(Plan), example_directory(), example_cards()))
    assert [fault.place for fault in placed] == [f"plan.yaml:{line_with(text, 'UZTAS')}: checkpoints.2.locode"]


def test_parent_fault_that_only_follows_from_its_part_is_dropped() -> None:
    """A wrong service leaves the list too short; only the service is named."""
    text = changed(("requires: [{service: kz.prosecutor, says: authorisation}]", "requires: [{service: '!', says: ready}]"))
    assert faults(text) == [f"plan.yaml:{line_with(text, chr(39))}: checkpoints.0.requires.0.service"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("a:\n\t- b\n", 2),
        ("a: *nothing\n", 1),
        ("--- 1\n--- 2\n", 2),
        ('a: 1\nb: "unclosed\n', 3),
        ("a: !!binary 'x'\n", 1),
    ],
)
def test_what_is_not_yaml_is_refused_at_its_line(text: str, line: int) -> None:
    """A duplicate key, an open bracket, a tab, an unknown alias, two documents: refused with the line."""
    with pytest.raises(Malformed) as refused:
        Document(text, "f.yaml")
    assert [fault.place for fault in refused.value.faults] == [f"f.yaml:{line}"]


def test_a_key_that_stands_twice_is_named_without_what_it_holds() -> None:
    """The parser would repeat both values, which may be long and are nobody's to see in a message."""
    with pytest.raises(Malformed) as refused:
        Document("courier: a name\ncourier: another name\n", "f.yaml")
    assert ["courier stands twice; once is enough"] == [fault.problem for fault in refused.value.faults]


@pytest.mark.parametrize(
    "text",
    [
        "a: \x00",
        "a: \ud800",
        "[" * 400,
        "&a [*a]",
        "a: !!int x",
        "a: !!float x",
        "a: !!bool x",
        "a: " + "9" * 5000,
    ],
    ids=["nul", "surrogate", "deep", "self-reference", "int", "float", "bool", "digits"],
)
def test_what_the_parser_itself_chokes_on_is_refused_too(text: str) -> None:
    """Control characters, endless nesting, impossible numbers: refused like any fault (found by test)."""
    with pytest.raises(Malformed, match="is not YAML"):
        Document(text, "f.yaml")


def test_an_impossible_date_hides_nothing_else() -> None:
    """A date is text until a field wants one: a day that there is not has its line, and so has every other fault."""
    text = changed(
        ("title: Air mail, Almaty to Tashkent", "title: 2022-02-30"),
        ("margin: 24h", "margin: 2022-02-30T00:00:00Z"),
        ("handling_code: H1", "handling_code: H9"),
    )

    assert {f"plan.yaml:{line_with(text, one)}: {one}" for one in ("handling_code", "margin")} == set(faults(text))


def test_a_date_is_written_back_as_it_was() -> None:
    """A tree that a command changes in one place has its dates without quotes still, as whoever wrote them has them."""
    text, written = "a: 2022-03-01T00:00:00Z\nb: [2022-03-01]\nc: '2022-03-01'\n", io.StringIO()
    document = Document(text, "f.yaml")
    writer().dump(document.tree, written)

    assert text.replace("'", "") == written.getvalue().replace("'", "")
    assert text.partition("c:")[0] == written.getvalue().partition("c:")[0]


def test_half_a_character_is_a_fault_at_its_line() -> None:
    """An escape that stands for half of a character is named where it stands, beside what else is wrong."""
    text = changed(("title: Air mail, Almaty to Tashkent", 'title: "\\ud800"'), ("handling_code: H1", "handling_code: H9"))
    with pytest.raises(Malformed) as refused:
        Document(text, "plan.yaml").read(Plan)

    assert {"title", "handling_code"} == {one.place.rpartition(" ")[2] for one in refused.value.faults}
    assert any("half of a character" in one.problem for one in refused.value.faults)
    assert not any("JSON" in one.problem for one in refused.value.faults)


@pytest.mark.parametrize("text", ["words", "- 1", "5", "!!omap [a: 1]", "? [a]\n: 1"])
def test_document_of_another_shape_is_refused(text: str) -> None:
    """A word, a list or an ordered map is no plan."""
    assert faults(text)


def test_fault_in_a_merged_key_has_the_line_around_it() -> None:
    """A merged key stands elsewhere in the file: its fault gets the line of what it was merged into (found by test)."""
    text = "x: &x {sub: {bad: 1}}\nvigil: card/1\nnotes: {<<: *x}\n"
    assert Document(text, "f").line_of(("notes", "sub")) == 3


def test_document_that_is_too_long_is_refused_unread() -> None:
    """A million characters is the most; exactly a million is read."""
    with pytest.raises(Malformed, match="longer than"):
        Document("#" * (LONGEST + 1), "f.yaml")
    Document("#" * LONGEST, "f.yaml")


def test_no_is_norway() -> None:
    """`NO` is a State and a word, never false."""
    text = changed(("extraditable: {KZ: true", "extraditable: {NO: true"), ("title: Air mail, Almaty to Tashkent", "title: NO"))
    plan = Document(text, "plan.yaml").read(Plan)
    assert (plan.title, plan.offence.extraditable) == ("NO", {"NO": True, "UZ": True})


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("tolerances: {gross: 20 g,", "tolerances: {gross: 20.0,", "tolerances.gross"),
        ("tolerances: {gross: 20 g,", "tolerances: {gross: true,", "tolerances.gross"),
        ("tolerances: {gross: 20 g,", "tolerances: {gross: -1,", "tolerances.gross"),
        ("margin: 24h", "margin: 24", "margin"),
        ("margin: 24h", "margin: 1.5h", "margin"),
        ("title: Air mail, Almaty to Tashkent", "title: [a]", "title"),
        ("title: Air mail, Almaty to Tashkent", "title: 7", "title"),
        ("expiry_warnings: [48h, 12h, 2h]", "expiry_warnings: 48h", "expiry_warnings"),
        ("coordinator: caricc", "coordinator: {}", "coordinator"),
        ("vigil: plan/1", "vigil: plan/2", "vigil"),
    ],
)
def test_wrong_types_are_refused(old: str, new: str, path: str) -> None:
    """No fraction, no truth for a number, no number for a text."""
    text = changed((old, new))
    assert faults(text) == [f"plan.yaml:{line_with(text, new)}: {path}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("extraditable: {KZ: true", "extraditable: {KZ: NO"),
        ("example: true", "example: 1"),
        ("    due: 48h", "    need: 1.0\n    due: 48h"),
        ("    due: 48h", "    need: true\n    due: 48h"),
    ],
)
def test_nothing_is_converted_silently(old: str, new: str) -> None:
    """`NO` is no truth value, 1 is not true, 1.0 and true are no whole number."""
    assert faults(changed((old, new)))


@given(text=st.text(alphabet=st.sampled_from("abc:[]{}&*!|>-?'\"%#\n\t 019.,<"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is brought, the answer is a record or `Malformed`, never another error."""
    with pytest.raises(Malformed):
        Document(text, "f.yaml").read(Directory)


def test_faults_of_form_do_not_hide_faults_of_the_rules() -> None:
    """A plan that is wrong in both gets both at once, in the order of the file."""
    text = changed(
        ("tolerances: {gross: 20 g,", "tolerances: {gross: heavy,"),
        ("coordinator: caricc", "coordinator: nobody.known"),
        ("service: uz.police", "service: uz.nobody"),
    )
    with pytest.raises(Malformed) as refused:
        Document(text, "plan.yaml").read(Plan, rules(example_directory(), example_cards()))
    places = [fault.place.rpartition(" ")[2] for fault in refused.value.faults]

    assert ["coordinator", "tolerances.gross", "checkpoints.3.requires.2.service"] == places[:3]


def test_a_few_lines_that_stand_for_billions_of_values_are_refused() -> None:
    """Aliases of aliases cost the reader neither time nor memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(Malformed) as refused:
        Document("\n".join(lines), "bomb.yaml")

    reason = refused.value.faults[0].problem
    assert isinstance(reason, Filled)
    assert "more than 100000 values" in reason
    assert isinstance(reason.filled["reason"], Filled)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("url", "there is no such field"),
        ("notfy", "there is no such field; did you mean notify?"),
        ("evry", "there is no such field"),
    ],
)
def test_nobody_who_has_written_a_field_of_another_kind_is_asked_whether_that_was_meant(extra: str, said: str) -> None:
    """A desk has no address and no interval: only its own fields are offered."""
    service = {"id": "uz.police", "kind": "police", "state": "UZ", "names": {"en": "x"}, "reach": {"by": "desk", extra: "x"}}
    with pytest.raises(ValidationError) as refused:
        Service.model_validate(service)
    assert [f"reach.{extra}: {said}"] == [*map(str, faults_of(refused.value))]
