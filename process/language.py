"""The languages in which people are told things: on pages, on the command line, in notices and in refusals.

Every text is English in the code. Other languages have it in one catalogue, `locale/LANGUAGE/LC_MESSAGES/vigil.po`, whose
compiled form is read here; `make words` gathers what is new. What the rules find is gathered from their sentences
(`domain.views.sentences.texts`), everything else from `mark` (`domain.views.names`) and `_` in the code and the pages.
"""

import gettext
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pycountry

from domain.views.rulebook import explanations
from domain.views.sentences import texts

LOCALE = Path(__file__).parent / "locale"
CATALOGUE = "vigil"
STATES = "iso3166-1"
"""The catalogue of names of States, which pycountry brings."""


def having(file: str, folder: Path = LOCALE) -> tuple[str, ...]:
    """Languages with a catalogue of this name."""
    return tuple(sorted(path.parts[-3] for path in folder.glob(f"*/LC_MESSAGES/{file}")))


LANGUAGES = ("en", *having(f"{CATALOGUE}.mo"))
"""In which everything is said, and signed: what the code is written in, and each whole catalogue, which speakers have reviewed.
What has proposals alone is in `process.proposals`."""
VARIABLES = ("VIGIL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Of the environment, which say what a person reads; the first that is set counts."""


@cache
def translations(language: str) -> gettext.NullTranslations:
    """What this language has, and what States are called in it; the code's own words where it is English."""
    found = gettext.translation(CATALOGUE, LOCALE, [language], fallback=language == LANGUAGES[0])
    found.add_fallback(gettext.translation(STATES, pycountry.LOCALES_DIR, [language], fallback=True))
    return found


def speaker(language: str) -> Callable[[str], str]:
    """Says a text in this language."""
    return translations(language).gettext


def speakers(language: str | None) -> dict[str, Callable[[str], str]]:
    """By its name, what says a text in this language; where it is none of ours, or none is named, in each that there is."""
    return {one: speaker(one) for one in ((language,) if language in LANGUAGES else LANGUAGES)}


def chosen(accept: str) -> str:
    """The language of ours that a reader likes best, by `Accept-Language` (RFC 9110, section 12.5.4)."""
    best, liking = LANGUAGES[0], 0.0
    for one in accept.split(","):
        name, _, weight = one.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        try:
            likes = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in LANGUAGES and likes > liking:
            best, liking = language, likes
    return best


def of(environment: Mapping[str, str]) -> str:
    """The language of a person at a terminal: `ru_RU.UTF-8` reads Russian. English where it is none of ours."""
    said = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    language = said.lower().partition("_")[0].partition(".")[0].partition("-")[0]
    return language if language in LANGUAGES else LANGUAGES[0]


def gathered(*_: object, **__: object) -> Iterator[tuple[int, None, str, tuple[str, ...]]]:
    """What the rules call things, as `make words` takes it (an extractor of Babel)."""
    yield from ((1, None, text, ()) for text in sorted({*texts(), *explanations()}))
