"""Names that are nearly what was typed: for who has mistyped one."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from domain.words.text import Filled, fill

MOST_MEANT: Final = 3
"""Names that are offered; of more nobody chooses."""
ALIKE: Final = 0.7
"""How much of a name must be the same (`difflib`): a letter or two may be wrong, and another word is none of these."""


SHORTEST: Final = 4
"""Letters of a name that is looked for inside another: fewer are in too many."""
BETWEEN: Final = tuple("._-")
"""What ends a word within a name: `air` is the beginning of `air_cargo`."""
PARTS: Final = re.compile(r"[a-z]{4,}")
"""Words within a name, such as `consignment` in `consignment_lost`."""


def meant(typed: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of these names that are most like what was typed, the likest first; then those that hold it whole, or that it holds.
    Where there are none of these, those that share a word with it. None that is quite another.
    """
    names = tuple(dict.fromkeys(known))
    begun = (one for one in names if one[: len(typed)] == typed and one[len(typed) : len(typed) + 1] in BETWEEN)
    inside = (one for one in names if min(len(one), len(typed)) >= SHORTEST and (one in typed or typed in one))
    words = frozenset(PARTS.findall(typed))
    sharing = (one for one in names if not words.isdisjoint(PARTS.findall(one)))
    found = tuple(dict.fromkeys((*get_close_matches(typed, names, MOST_MEANT, ALIKE), *begun, *inside)))
    return (found or tuple(sharing))[:MOST_MEANT]


def did_you_mean(typed: str, known: Iterable[str]) -> Filled | None:
    """A question for who has mistyped a name; none where nothing known is like it."""
    names = meant(typed, known)
    return fill("did you mean {names}?", names=", ".join(names)) if names else None


def or_meant(text: str, typed: str, known: Iterable[str]) -> str:
    """A text, and where a name was mistyped the one that was meant."""
    question = did_you_mean(typed, known)
    return text if question is None else fill("{text}; {question}", text=text, question=question)
