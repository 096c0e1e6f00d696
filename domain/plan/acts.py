"""Acts on paper, as what is said names them: the number and the date under which a service has them in its files.

An act has one date: the day that stands on it. When something happened is a moment, and stands beside it.
"""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from domain.signing.canonical import Frozen
from domain.words.limits import LONGEST_NAME
from domain.words.moments import Date
from domain.words.quantities import BY_HAND

_DATED: Final = re.compile(r"\s*(.+)\s(?:of|от)\s+([0-9]\S*)\s*")
_DAY_FIRST: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")


class NamedAct(Frozen):
    """An act: its number, and the day that it bears, where that is known."""

    number: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    dated: Date | None = None

    def say(self) -> str:
        """As it is typed."""
        return self.number if self.dated is None else f"{self.number} of {self.dated}"


def _in_words(raw: Any, info: ValidationInfo) -> Any:
    """`7/5 of 2026-03-01` or `7/5`, in what a person wrote; else what it was. `7/5 от 01.03.2026` is the same."""
    if not isinstance(raw, str) or (info.mode == "json" and info.context != BY_HAND):
        return raw
    dated = _DATED.fullmatch(raw)
    return {"number": dated[1], "dated": _DAY_FIRST.sub(r"\3-\2-\1", dated[2])} if dated else {"number": raw}


def _bears_a_date(act: NamedAct) -> NamedAct:
    if act.dated is None:
        message = "say its date too: 7/5 of 2026-03-01"
        raise ValueError(message)
    return act


Act = Annotated[NamedAct, BeforeValidator(_in_words, json_schema_input_type=str | NamedAct)]
"""An act by number and, where it is known, date."""
DatedAct = Annotated[Act, AfterValidator(_bears_a_date)]
"""The same of an act that counts from a day on: its date is said."""
