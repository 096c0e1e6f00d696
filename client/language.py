"""The command line in the language of whoever reads it: `VIGIL_LANG` says which, or else what the system says (`LANG`).

Every text is English in the code, inside `_`; `make words` gathers it for translators, and a test finds what has no translation.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from domain.words.text import Filled, told, word
from process.language import LANGUAGES, of, speaker


def _(text: str, /, **filled: object) -> str:
    """A text of ours in the reader's language, with what is filled in."""
    said = speaker(of(os.environ))(text)
    inside = {name: told(one, speak) if isinstance(one, Filled) else one for name, one in filled.items()}
    return said.format_map(inside) if inside else said


def language() -> str:
    """The reader's language."""
    return of(os.environ)


def speak(text: str) -> str:
    """A text of somebody else's module in the reader's language."""
    return _(text)


def needs(codes: Iterable[str]) -> str:
    """What is asked for, one after another; in English by the codes that commands take."""
    return ", ".join(speak(word(code)) if of(os.environ) != LANGUAGES[0] else code for code in codes)


def named(names: Mapping[Any, str], code: str) -> str:
    """What one of our own words is called (`domain.views.names`); a word of a newer gateway is shown as it is."""
    return _(names.get(code, code))
