"""How large a JSON text from outside may be, told from its bytes before anything is made of it.

What reads JSON makes an object of each value and an error of each that is wrong, and both cost hundreds of times what the byte
cost that asked for it. So values and depth are counted first, in one pass, and the count ends at the first value too many.
"""

import re
from typing import Final

from domain.words.errors import Malformed
from domain.words.limits import DEEPEST, MOST_VALUES
from domain.words.text import fill

_MARK: Final = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.?)*+"?)*+([\[\]{},]|\Z)', re.DOTALL)
"""One mark of structure, and what stands before it. It fits wherever it is tried, so that no byte is looked at twice."""


def bounded(data: bytes, what: str = "the body", *, most: int = MOST_VALUES) -> bytes:
    """Return `data` unchanged; `Malformed` where it would stand for more than `most` values, or too deep a tree.

    Whether it is JSON at all is for the parser to say.
    """
    opened = data.count(b"[") + data.count(b"{")
    if opened <= DEEPEST and opened + data.count(b",") < most:  # wherever they stand: most bodies are as small as that
        return data
    values, depth = 1, 0
    for found in _MARK.finditer(data):
        match found[1]:
            case b",":
                values += 1
            case b"[" | b"{":
                values, depth = values + 1, depth + 1
            case b"]" | b"}":
                depth -= 1
            case _:
                break
        if depth < 0:  # no parser reads on from here
            break
        if depth > DEEPEST:
            raise Malformed(
                fill(
                    "{what} is nested too deeply: more than {deepest} lists or objects one inside another",
                    what=what,
                    deepest=DEEPEST,
                )
            )
        if values > most:
            raise Malformed(fill("{what} holds more than {most} values", what=what, most=most))
    return data
