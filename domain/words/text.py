"""Text as it is seen: what a person reads on a screen or on paper is all that it holds.

What is checked, in the order of the code; the source is the Unicode Standard (chapter 4, and UAX #44):

1. No character that steers instead of being seen: control (Cc), format (Cf), which takes in the marks of direction, the joiners
   and the soft hyphen, and the separators of lines and paragraphs (Zl, Zp).
2. No character that nobody knows: private (Co), unassigned (Cn) and half of a surrogate pair (Cs).
3. No letter or mark that is shown by nothing (Default_Ignorable_Code_Point), such as a filler or a variation selector.

Every letter of every script, its combining marks, digits, punctuation, symbols and spaces are text. A text is neither composed
nor otherwise changed: what an officer signed stays, bit for bit.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from json import dumps
from typing import Any, Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"})
_SHOWN_BY_NOTHING: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode calls ignorable though its category is one of letters or marks."""

_SIGNS: Final = re.compile(r"[!-&(-+/:<-@\[-`{-~]|^-")
"""What may be more than a sign in Markdown: most punctuation of ASCII anywhere, and a dash where a line begins."""
_NUMBERED: Final = re.compile(r"^([0-9]+)[.]")
"""What makes a list of a line that begins with it."""


def mark(text: str) -> str:
    """`text`, which is to be translated."""
    return text


class Filled(str):
    """An English text of ours with what is filled in, which can be said again in another language."""

    __slots__ = ("filled", "template")
    template: str
    filled: Mapping[str, object]


def fill(template: str, /, **filled: object) -> Filled:
    """A text which is to be translated, with what is filled in."""
    text = Filled(template.format_map(filled))
    text.template, text.filled = template, filled
    return text


def nested(text: str) -> Filled:
    """A whole text of ours that is filled into another, so that it is said in the other language too."""
    return text if isinstance(text, Filled) else fill(text.replace("{", "{{").replace("}", "}}"))


def word(code: str) -> Filled:
    """One of our own words, which is to be translated."""
    return fill(code.replace("_", " "))


def either(codes: Iterable[str]) -> Filled:
    """Our own words, with `or` between them. There is one at least."""
    return reduce(lambda one, other: fill("{one} or {other}", one=one, other=other), map(word, codes))


def together(texts: Iterable[str]) -> str:
    """Texts of ours, with a comma between them. There is one at least."""
    return reduce(lambda one, other: fill("{one}, {other}", one=one, other=other), texts)


def in_a_row(texts: Iterable[str]) -> str:
    """Texts of ours, one after another; empty where there is none."""
    return reduce(lambda one, other: fill("{one} {other}", one=one, other=other) if one else other, texts, "")


def one_by_one(texts: Iterable[str]) -> str:
    """Texts of ours, with a semicolon between them; empty where there is none."""
    return reduce(lambda one, other: fill("{one}; {other}", one=one, other=other) if one else other, texts, "")


def told(text: str, translate: Callable[[str], str]) -> str:
    """A text of ours in another language, and what is filled in where that is one too; one that is none of ours as it is."""
    if not isinstance(text, Filled):
        return translate(text) if text else text
    filled = {name: told(one, translate) if isinstance(one, Filled) else one for name, one in text.filled.items()}
    return (translate(text.template) if text.template else "").format_map(filled)


def parts(text: str) -> Any:
    """A text of ours in JSON, so that another process can say it in another language too; `put_together` is the way back."""
    if not isinstance(text, Filled):
        return str(text)
    filled = {name: parts(one) if isinstance(one, str) else str(one) for name, one in text.filled.items()}
    return {"template": text.template, "filled": filled}


def put_together(given: Any) -> str:
    """The text that has these `parts`."""
    if isinstance(given, str):
        return given
    template, filled = given["template"], given["filled"]
    return fill(template, **{name: put_together(one) for name, one in filled.items()})


def checked(text: str) -> str:
    """Return `text` unchanged; `ValueError` with the first character in it that is not seen, and where it stands."""
    if _is_seen(text):
        return text
    place, char = next(((place, char) for place, char in enumerate(text, 1) if not _is_text(char)), (0, ""))
    if not char:
        return text
    name = unicodedata.name(char, "")
    what = f"U+{ord(char):04X}{f' {name}' if name else ''}"
    raise ValueError(
        fill(
            "Text: character {number} is {what}, which is not seen as it is, expected visible characters on one line",
            number=place,
            what=what,
        )
    )


def shown(text: str, longest: int | None = None) -> str:
    r"""`text` with every character that is not seen written out, such as `\x1b`, and cut where it is longer than `longest`.

    For what people read, whoever wrote it. What is shown is never read back.
    """
    if longest is not None and len(text) > longest:
        text = text[: longest - 1] + "…"
    if not _is_seen(text):
        text = "".join(char if _is_text(char) else char.encode("unicode_escape").decode("ascii") for char in text)
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


def in_markdown(text: str) -> str:
    """`text` as words in Markdown, without the spaces around it. A backslash stands before what could be more than a sign
    (CommonMark 0.31, section 2.4).
    """
    return _NUMBERED.sub(r"\1\\.", _SIGNS.sub(r"\\\g<0>", shown(text).strip()))


def in_json(json: str) -> str:
    r"""The same JSON with every character that is not seen written as its `\u` escape: another spelling of the same values.

    Line feeds stay, which stand between values alone.
    """
    if json.isascii() and "\x7f" not in json:  # the other controls of ASCII are escaped by every writer of JSON
        return json
    return "".join(char if char == "\n" or _is_text(char) else dumps(char)[1:-1] for char in json)


def _is_seen(text: str) -> bool:
    """Whether all of it is text, at the cost of one look; False where a longer look must tell."""
    return text.isprintable() and (text.isascii() or _SHOWN_BY_NOTHING.search(text) is None)


def _is_text(char: str) -> bool:
    return unicodedata.category(char) not in _HIDDEN and _SHOWN_BY_NOTHING.match(char) is None
