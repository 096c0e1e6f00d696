"""Texts that were put together as English where they arose, known again by their form and made texts of ours.

What decides is locked (`domain.rules`), and some of what it says of a value was never a text that can be said in another
language; nor is what pydantic says. Where such a text leaves for a reader it is looked for here. Pure.
"""

import re
from collections.abc import Sequence
from typing import Final

from domain.words.text import Filled, either, fill, mark

LONGEST: Final = 1_000
"""Characters of a text that is looked for: the longest problem of a fault."""


def _forms(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(form, re.DOTALL), template) for form, template in pairs)


_FORMS: Final[Sequence[tuple[re.Pattern[str], str]]] = _forms(
    (
        r"Money: (?P<text>.+) is not an amount of (?P<currency>[A-Z]{3}), expected text such as (?P<right>[0-9.]+)",
        mark("Money: {text} is not an amount of {currency}, expected text such as {right}"),
    ),
    (
        r"Free text: it has (?P<count>[0-9]+) characters, expected 1 to 40",
        mark("Free text: it has {count} characters, expected 1 to 40"),
    ),
    (
        r"Free text: (?P<text>.+) has invisible characters, expected none",
        mark("Free text: {text} has invisible characters, expected none"),
    ),
    (
        r"Text: character (?P<number>[0-9]+) is (?P<what>.+), which is not seen as it is, expected .+ on one line",
        mark("Text: character {number} is {what}, which is not seen as it is, expected visible characters on one line"),
    ),
    (
        r"RFC 3339: (?P<date>.+) has the wrong form, expected a full date, e\.g\. 2026-03-01",
        mark("RFC 3339: {date} has the wrong form, expected a full date, e.g. 2026-03-01"),
    ),
    (r"RFC 3339: (?P<moment>'[^']*') (?P<why>has .+|is .+|falls .+)", mark("RFC 3339: {moment} {why}")),
    (
        r"has day (?P<day>[0-9]+), expected 01 to (?P<last>[0-9]+) in (?P<month>[0-9]{4}-[0-9]{2})",
        mark("has day {day}, expected 01 to {last} in {month}"),
    ),
    (r"has month (?P<month>[0-9]+), expected 01 to 12", mark("has month {month}, expected 01 to 12")),
    (r"has (?P<count>[0-9]+) digits of fraction, expected at most 6", mark("has {count} digits of fraction, expected at most 6")),
    (r"is in year 0000, expected years 0001 to 9999", mark("is in year 0000, expected years 0001 to 9999")),
    (r"has hour 24, expected 00:00:00 of the next day", mark("has hour 24, expected 00:00:00 of the next day")),
    (
        r"has an impossible time of day, expected 00:00:00 to 23:59:59",
        mark("has an impossible time of day, expected 00:00:00 to 23:59:59"),
    ),
    (
        r"has an impossible offset, expected hours 00 to 23 and minutes 00 to 59",
        mark("has an impossible offset, expected hours 00 to 23 and minutes 00 to 59"),
    ),
    (
        r"is a leap second, which no clock here holds, expected second 59 or 00",
        mark("is a leap second, which no clock here holds, expected second 59 or 00"),
    ),
    (
        r"falls outside the calendar in UTC, expected years 0001 to 9999",
        mark("falls outside the calendar in UTC, expected years 0001 to 9999"),
    ),
    (
        r'"48h", "2d 12h", "90m" or "P2DT12H"',
        mark('"48h", "2d 12h", "90m" or "P2DT12H"'),
    ),
    (
        r'Mass: [a-z]+ is not exact, expected whole milligrams or text such as "13.2 kg"',
        mark('Mass: this is no exact mass, expected whole milligrams or text such as "13.2 kg"'),
    ),
    (
        r'Span: [a-zA-Z]+ is not exact, expected "48h", "2d 12h", "90m" or "P2DT12H"',
        mark('Span: a number without its unit is no span of time, expected "48h", "2d 12h", "90m" or "P2DT12H"'),
    ),
    (
        r"Money: [a-z]+ is not exact, expected whole minor units, e\.g\. 1250 for 12\.50 EUR",
        mark("Money: this is no exact amount, expected whole minor units, e.g. 1250 for 12.50 EUR"),
    ),
    (r"it has (?P<count>[0-9]+) faults: this is something else", mark("it has {count} faults: this is something else")),
    (r"and (?P<count>[0-9]+) more", mark("and {count} more")),
    (
        r"Input should be (?:an object|a valid dictionary.*)",
        mark("expected names with their values, such as `name: value` in lines of their own"),
    ),
    (r"Input should be a valid (?:array|list|tuple)", mark("expected a list, such as [one, two]")),
    (r"Input should be a valid boolean", mark("expected yes or no")),
    (r"Input should be a valid integer.*", mark("expected a whole number")),
    (r"Input should be greater than or equal to (?P<ge>-?[0-9]+)", mark("expected {ge} or more")),
)
"""How a text of English is known, and the text of ours that it is."""
_DECIDING: Final = "(?:prosecutor|court|coordinator)"
_ROLES: Final = re.compile(f"{_DECIDING}(?: or {_DECIDING})+")
"""Who may do something, as a sentence has them with `or` between."""
_ONCE: Final = mark("{text}; {question}")


def again(text: str) -> str:
    """The same text as one of ours, as far as it is known, and whatever is filled into it too; else as it is."""
    if isinstance(text, Filled):
        return _within(text)
    if len(text) > LONGEST:
        return text
    if _ROLES.fullmatch(text):
        return either(text.split(" or "))
    for form, template in _FORMS:
        if (found := form.fullmatch(text)) is not None and None not in found.groupdict().values():
            return fill(template, **{name: again(part) for name, part in found.groupdict().items()})
    return text


def _within(text: Filled) -> Filled:
    """With the same of what is filled in. A question whether the one thing that is expected was meant says nothing more."""
    if text.template == _ONCE:
        expected = text.filled["text"]
        if isinstance(expected, Filled) and tuple(expected.filled) == ("right",):
            return expected
    filled = {name: again(part) if isinstance(part, str) else part for name, part in text.filled.items()}
    return text if all(filled[name] is text.filled[name] for name in filled) else fill(text.template, **filled)
