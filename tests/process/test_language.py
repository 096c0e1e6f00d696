"""What people are told, and its translations: every text is translated, and the compiled catalogue is the one that they read."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from domain.words import errors
from process.language import CATALOGUE, LANGUAGES, LOCALE, chosen, having, of, speakers, translations
from process.proposals import PROPOSED, TERMS, Proposal, named, proposals, state_in

ROOT = Path(__file__).parents[2]
OTHERS = LANGUAGES[1:]
KEYWORDS = {"_": None, "mark": None, "fill": None}


@cache
def texts() -> set[str]:
    """Every text: of the code, of the pages, and of the rules, as `make words` gathers them."""
    with (LOCALE / "babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)
    folders = sorted({pattern.partition("/")[0] for pattern, method in mapping})
    found: set[str] = set()
    for folder in folders:
        inside = [(pattern.partition("/")[2], method) for pattern, method in mapping if pattern.startswith(f"{folder}/")]
        chosen = {pattern.partition("/")[2]: said for pattern, said in options.items() if pattern.startswith(f"{folder}/")}
        found |= {str(one[2]) for one in extract_from_dir(ROOT / folder, inside, chosen, KEYWORDS)}
    return found


def catalogue(language: str, kind: str) -> Catalog:
    """A language's translations, as translators or as programs have them."""
    with Path(LOCALE / language / "LC_MESSAGES" / f"{CATALOGUE}.{kind}").open("rb") as file:
        return read_po(file) if kind == "po" else read_mo(file)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_nothing_else_is(language: str) -> None:
    """Each once, not as a guess; `make words` gathers what is new."""
    found = {str(one.id): one for one in catalogue(language, "po") if one.id}

    assert texts() == found.keys()
    assert [] == [text for text, one in found.items() if not one.string or one.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_up_to_date(language: str) -> None:
    """What is used is what the translators' file says."""
    po, mo = ({str(one.id): one.string for one in catalogue(language, kind) if one.id} for kind in ("po", "mo"))

    assert po == mo


KEPT = [ROOT / "archive" / f"{name}.py" for name in ("sessions", "reads", "cursors")]
BEHIND_PAGES = [*(one for room in ("gateway", "domain", "workflows", "protocol") for one in (ROOT / room).rglob("*.py")), *KEPT]
OF_OPERATORS = ("__main__.py", "oidc_settings.py", "payloads.py")
"""What whoever runs the installation reads in a log, or a program does."""
READ = {one.__name__: 0 for one in errors.BY_CODE.values() if one is not errors.NotVerified} | {"RuleBroken": 1}
"""Errors that people meet, and which of its arguments is the sentence. A verifier's findings are its own."""


def test_what_a_page_says_is_wrong_can_be_said_in_another_language() -> None:
    """Message and hint of each error that is raised behind a page are texts that are gathered, and no mere strings."""
    left = [
        f"{path.name}:{said.lineno}"
        for path in BEHIND_PAGES
        if path.name not in OF_OPERATORS
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in READ
        for said in (*call.args[READ[call.func.id] :][:1], *(one.value for one in call.keywords if one.arg == "hint"))
        if isinstance(said, ast.Constant | ast.JoinedStr)
    ]
    assert [] == left


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_what_is_filled_in(language: str) -> None:
    """Each placeholder, and each rule, stands in it as in the text; so no page breaks in one language only."""
    for one in catalogue(language, "po"):
        for pattern in (r"%\(\w+\)s|%d|\{\w+\}", r"\bR[0-9]+\b"):
            assert sorted(re.findall(pattern, str(one.id))) == sorted(re.findall(pattern, str(one.string))), one.id


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "kk_KZ.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "en_GB"}, "en"),
        ({"LANG": "en_GB", "VIGIL_LANG": "ru"}, "ru"),
        ({"LANG": "ru_RU", "VIGIL_LANG": ""}, "ru"),
    ],
)
def test_a_person_at_a_terminal_reads_the_language_of_the_environment(environment: dict[str, str], language: str) -> None:
    """`VIGIL_LANG` before what the system says; English where it is none of ours."""
    assert language == of(environment)


NATIONAL = ("az", "be", "et", "kk", "ky", "lv", "tg", "uz")


@pytest.mark.parametrize("language", NATIONAL)
def test_a_national_language_has_each_word_or_ours_falls_back(language: str) -> None:
    """Nothing is in its catalogue that is none of ours; what it has is a word, and awaits a speaker; what it has not is known."""
    found = proposals(language)

    assert set(TERMS) == found.keys()
    assert {"administrator", "system"} == {text for text, one in found.items() if not one.word}
    assert not any(one.reviewed for one in found.values())
    assert not any("%" in one.word or "{" in one.word for one in found.values())


@pytest.mark.parametrize("language", NATIONAL)
def test_what_no_speaker_has_reviewed_is_no_language_of_ours(language: str) -> None:
    """Whoever likes it best, at a browser, a terminal or in the directory, is told in one in which everything is reviewed."""
    assert language in PROPOSED
    assert language not in LANGUAGES
    assert "en" == chosen(f"{language}-XX,{language};q=0.9") == of({"VIGIL_LANG": language})
    assert set(LANGUAGES) == speakers(language).keys()
    with pytest.raises(OSError, match="No translation file"):
        translations(language)


def test_names_of_states_are_those_of_the_cldr_in_the_nominative() -> None:
    """And a language says its own name; of a State that is none, nothing."""
    assert ("Қазақстан", "Өзбекстан", "Kasahstan", "Krievija", "Ӯзбекистон", "Расія") == tuple(
        state_in(*one) for one in (("kk", "KZ"), ("ky", "UZ"), ("et", "KZ"), ("lv", "RU"), ("tg", "UZ"), ("be", "RU"))
    )
    assert ("", "eesti", "русский") == (state_in("kk", "QX"), named("et"), named("ru"))


def test_one_folder_is_one_language(tmp_path: Path) -> None:
    """With words alone it has proposals, of which a speaker takes the mark away; with a compiled catalogue all is said in it."""
    folder = tmp_path / "ka" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "terms.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: ka\\n"\n\nmsgid "court"\nmsgstr "a"\n\n#, fuzzy\nmsgid "police"\nmsgstr "b"\n'
    )
    assert (("ka",), ()) == (having("terms.po", tmp_path), having("vigil.mo", tmp_path))
    assert {"court": Proposal("a", reviewed=True), "police": Proposal("b", reviewed=False)} == proposals("ka", tmp_path)
    (folder / "vigil.mo").touch()

    assert ("ka",) == having("vigil.mo", tmp_path)
