"""What was worked out of a text, kept for who asks again: of the newest texts, in count and in bytes."""

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SMALL: Final = 4 * 1024
"""Characters of a text of which so many are kept, whatever they are together."""


class Remembered(Generic[T]):
    """Works it out once, as long as it is remembered; never what it raises. Threads may share it."""

    def __init__(self, find: Callable[[str], T], most: int, most_characters: int) -> None:
        """So many small texts, and of larger ones as many as have so many characters together."""
        self._find = find
        self._small = lru_cache(maxsize=most)(find)
        self._most = most_characters
        self._large: OrderedDict[str, T] = OrderedDict()
        self._characters = 0
        self._gate = Lock()

    def __call__(self, text: str) -> T:
        """What is found in this text."""
        if len(text) <= SMALL:
            return self._small(text)
        with self._gate:
            if text in self._large:
                self._large.move_to_end(text)
                return self._large[text]
        found = self._find(text)
        with self._gate:
            if text not in self._large:
                self._large[text] = found
                self._characters += len(text)
            while self._characters > self._most:
                gone, _ = self._large.popitem(last=False)
                self._characters -= len(gone)
        return found
