"""A table that says something of each of our words says it of every one of them: one that is missing is found at import."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain


def total(over: Iterable[str], **tables: Iterable[str]) -> None:
    """Raises `TypeError` unless each of these words stands in exactly one of these tables, and nothing else does. Tables are
    given by their names, so that the error can say which one lacks what.
    """
    counted, words = Counter(chain.from_iterable(tables.values())), dict.fromkeys(over)
    wrong = {
        "missing": [one for one in words if one not in counted],
        "not known": [one for one in counted if one not in words],
        "twice": [one for one, times in counted.items() if times > 1],
    }
    if any(wrong.values()):
        what = "; ".join(f"{fault}: {', '.join(found)}" for fault, found in wrong.items() if found)
        message = f"{' or '.join(tables)}: {what}"
        raise TypeError(message)
