"""What a rule card demands, in words, and how sure that is."""

from domain.plan.demands import Point
from domain.views.sentences import Translate, english, word

SURE = {
    "T": "the text was read",
    "E": "an excerpt was read",
    "K": "believed, not read: check it",
}
"""How sure a value is, by its mark."""
NOT_KNOWN = "looked for, not found"


def in_words(point: Point, translate: Translate = english) -> str:
    """The sentence of a point."""
    said = {
        name: value if isinstance(value, str) else ", ".join(translate(word(one)) for one in value)
        for name, value in point.values.items()
    }
    return translate(point.sentence).format_map(said)


def how_sure(point: Point, translate: Translate = english) -> str:
    """How sure it is."""
    return translate(SURE[point.law.mark] if point.law is not None else NOT_KNOWN)


def where(point: Point) -> str:
    """Text, edition and article; empty where it is not known."""
    if point.law is None or point.text is None:
        return ""
    return ", ".join(one for one in (point.text.title, point.text.edition, point.law.article) if one)
