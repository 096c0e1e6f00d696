"""Codes: what was found, as a stable name with typed parameters. Codes are hashed; sentences are made from them at the edges.

A code is never reused and never given other parameters. A parameter is an identifier, a number, an instant or the number of
an entry, never a participant's free text: who may read a reason reads it in the entry that holds it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.words.limits import LARGEST_WHOLE

Shape = Literal["entry", "count", "mass", "money", "span", "term", "instant", "name", "names", "kind", "word", "words"]
"""What a parameter is: `mass` in milligrams, `money` in minor units, `span` in milliseconds, `term` as `iso_term` writes it,
`instant` as `utc_text` does;
`name` an identifier that stands as it is, `kind` a kind of statement, `word` one of our own words."""
Parameter = str | int | tuple[str, ...]
Parameters = Mapping[str, Parameter]
RuleNumber = Annotated[str, Field(pattern=r"^R[1-9][0-9]?$")]
CodeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")]

_WHOLE: tuple[Shape, ...] = ("entry", "count", "mass", "money", "span")
_SEVERAL: tuple[Shape, ...] = ("names", "words")


class Code:
    """One thing that can be found. Each `{parameter}` of its English sentence is one of `shapes`, and each of those is in it."""

    def __init__(self, rule: str, name: str, sentence: str, shapes: Mapping[str, Shape]) -> None:
        """Raises `ValueError` for a name that is taken, and where sentence and parameters do not agree."""
        if name in CODES:
            message = f"the code {name} is taken"
            raise ValueError(message)
        if (found := frozenset(re.findall(r"{([a-z_]+)}", sentence))) != shapes.keys():
            message = f"the code {name} says {sorted(found)} and is given {sorted(shapes)}"
            raise ValueError(message)
        self.rule, self.name, self.sentence, self.shapes = rule, name, sentence, dict(shapes)
        CODES[name] = self

    def holds(self, parameters: Mapping[str, object]) -> bool:
        """Whether these are its parameters, each of its shape."""
        return parameters.keys() == self.shapes.keys() and all(
            isinstance(value, int if shape in _WHOLE else tuple if shape in _SEVERAL else str) and not isinstance(value, bool)
            for value, shape in ((parameters[name], shape) for name, shape in self.shapes.items())
        )

    def given(self, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
        """The parameters, once they are right; a number beyond what a record holds, as the sum of many may be, as the largest
        that it does. Raises `TypeError`.
        """
        if not self.holds(parameters):
            message = f"the code {self.name} takes {self.shapes}, not {dict(parameters)}"
            raise TypeError(message)
        return {name: min(value, LARGEST_WHOLE) if isinstance(value, int) else value for name, value in parameters.items()}


CODES: Final[dict[str, Code]] = {}
"""Every code by its name."""
