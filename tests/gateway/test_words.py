"""The pages' texts and their translations: every text is translated, and the compiled catalogue is the one that people read."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from gateway.pages import rules, words

PAGES = words.LOCALE.parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OTHERS = words.LANGUAGES[1:]


def texts() -> set[str]:
    """Every text of the pages, and of the rules: each sentence of what is found, each title of a kind or contingency."""
    options = {"templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
    keywords = {"_": None, "mark": None}
    return rules.texts() | {str(found[2]) for found in extract_from_dir(PAGES, METHODS, options, keywords)}


def catalogue(language: str, kind: str) -> Catalog:
    """A language's translations, as translators or as programs have them."""
    with Path(words.LOCALE / language / "LC_MESSAGES" / f"desk.{kind}").open("rb") as file:
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
