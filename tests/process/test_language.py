"""What people are told, and its translations: every text is translated, and the compiled catalogue is the one that they read."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from process.language import CATALOGUE, LANGUAGES, LOCALE, of

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
