"""Words in languages that nobody who speaks them has reviewed: shown beside ours on one page, marked, and nowhere else.

Each such language has a short catalogue, `locale/LANGUAGE/LC_MESSAGES/terms.po`: phases of a delivery, its outcomes, and kinds of
services. What awaits a speaker is `fuzzy` there, as gettext calls it, and no tool compiles that. `process.language` looks nothing
up in these catalogues: a text that is signed, asked or refused cannot come from them. Names of States are those of the Unicode
CLDR, in the nominative.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from babel import Locale
from babel.messages.pofile import read_po

from domain.plan.directory import ServiceKind
from domain.views.names import OUTCOMES, PHASES
from domain.words.text import word
from process.language import LOCALE, having

CATALOGUE = "terms"
PROPOSED = having(f"{CATALOGUE}.po")
"""Languages that have such a catalogue (ISO 639-1). Another is one more folder."""
KINDS = tuple(str(word(kind)) for kind in get_args(ServiceKind))
"""Of services."""
TERMS = tuple(dict.fromkeys((*PHASES.values(), *OUTCOMES.values(), *KINDS)))
"""What is proposed in each, as it stands in the code."""


@dataclass(frozen=True)
class Proposal:
    """What a language has for one of our words."""

    word: str
    """None yet: empty, and ours is shown."""
    reviewed: bool
    """A speaker has taken the mark away."""


@cache
def proposals(language: str, folder: Path = LOCALE) -> Mapping[str, Proposal]:
    """Of this language, by our own word. Raises `OSError` where it has no such catalogue."""
    with (folder / language / "LC_MESSAGES" / f"{CATALOGUE}.po").open("rb") as file:
        found = read_po(file, abort_invalid=True)
    return {str(one.id): Proposal(str(one.string or ""), bool(one.string) and not one.fuzzy) for one in found if one.id}


def named(language: str) -> str:
    """What a language calls itself; its code where that is not known."""
    return Locale.parse(language).get_display_name(language) or language


def state_in(language: str, code: str) -> str:
    """What a State is called in it, in the nominative; empty where the CLDR does not say."""
    return str(Locale.parse(language).territories.get(code, ""))


def gathered(*_: object, **__: object) -> Iterator[tuple[int, None, str, tuple[str, ...]]]:
    """What is to be proposed, as `make words` takes it (an extractor of Babel)."""
    yield from ((1, None, text, ()) for text in TERMS)
