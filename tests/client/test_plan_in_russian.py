"""What is wrong with a plan, and what the cards demand of it, are said in the reader's language, and no sentence is left out."""

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.words.text import told
from process.language import speaker
from tests.command import vigil
from tests.domain.test_planning import FAULTS
from tests.support import EXAMPLES, example_cards, example_directory

ROOT = Path(__file__).parents[2]
CHECKS = sorted((ROOT / "domain" / "plan").glob("check*.py"))
RULE = re.compile(r"\bR[0-9]+\b")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.stem)
def test_no_fault_of_a_plan_is_a_sentence_that_cannot_be_translated(path: Path) -> None:
    """Each is gathered by `mark` or `fill`; what is put together otherwise names a place or a thing, and has no blank in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    put_together = [one for one in ast.walk(tree) if isinstance(one, ast.JoinedStr)]
    said = [part.value for one in put_together for part in one.values if isinstance(part, ast.Constant)]

    assert [] == [words for words in said if " " in str(words)]


@pytest.mark.parametrize("plan", [plan for plan, *_ in FAULTS])
def test_each_fault_is_kept_as_a_text_that_can_be_said_again(plan: Callable[[], Plan]) -> None:
    """With what is filled in, so that it is Russian where the reader is."""
    found = faults_in(plan(), example_directory(), example_cards())

    assert found
    assert [] == [one.problem for one in found if not CYRILLIC.search(told(one.problem, speaker("ru")))]


async def test_faults_are_said_in_russian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a plan with a wrong responsible authority, a way that the law does not know, and nobody who answers for it; place and
    rule stay as they are.
    """
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    plan = tmp_path / "examples" / "almaty-tashkent" / "plan.yaml"
    text = plan.read_text().replace("responsible: uz.customs", "responsible: kz.knb")
    plan.write_text(text.replace("answers_for_law: {KZ: kz.prosecutor, ", "answers_for_law: {"))
    english = await vigil("plan", "check", plan)
    monkeypatch.setenv("VIGIL_LANG", "ru")
    russian = await vigil("plan", "check", plan)

    assert (2, 2) == (english.code, russian.code)
    assert "в карточке правил KZ не установлено: кто принимает решение" in russian.err
    assert "does not know: who decides" in english.err
    places = [re.findall(r"plan\.yaml:\d+: \S+", one.err) for one in (english, russian)]
    assert places[0] == places[1]
    assert RULE.findall(english.err) == RULE.findall(russian.err)
    assert all(CYRILLIC.search(line) for line in russian.err.splitlines())


async def test_what_the_cards_demand_is_said_in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles, sentences, marks, topics; the words of a law stay."""
    monkeypatch.setenv("VIGIL_LANG", "ru")
    ran = await vigil("plan", "check", EXAMPLES / "almaty-tashkent" / "plan.yaml")

    assert 0 == ran.code
    for words in (
        "чего требует KZ",
        "ЭТО ПРИМЕР",
        "кто принимает решение",
        "N: искали, не найдено",
        "отвечает kz.prosecutor (R1)",
    ):
        assert words in ran.out
    assert "not known" not in ran.out
