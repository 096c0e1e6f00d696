"""What is made for people of data that others wrote: each text in it as it is seen, in whatever face it then stands."""

from collections.abc import Mapping
from html import escape
from typing import Any

from domain.words.text import shown


def legible(data: Any) -> Any:
    """The same data with every text in it `shown`: values, and the names of values; what is no text stays as it is."""
    if isinstance(data, str):
        return shown(data)
    if isinstance(data, Mapping):
        return {legible(name): legible(one) for name, one in data.items()}
    if isinstance(data, list | tuple):
        return [legible(one) for one in data]
    return data


def in_svg(text: str) -> str:
    """A text inside a picture: words, whatever it holds. One control character makes the whole file no XML."""
    return escape(shown(text))
