"""What each State's rule card demands of a plan, in words."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from domain.plan.demands import Demand, Point
from domain.views.law import how_sure, in_words, where
from domain.views.sentences import Translate, english, word


def demands_in_words(found: Sequence[Demand], translate: Translate = english) -> RenderableType:
    """One block for each State."""
    parts: list[RenderableType] = []
    for one in found:
        about = ", AN EXAMPLE, not the law: check it before any real use" if one.example else ""
        parts.append(Text(f"what {one.state} demands (rule card {one.version}{about})", "bold"))
        table = Table.grid(padding=(0, 2))
        for name, words in _rows(one, translate):
            table.add_row(f"  {name}", Text(words))
        parts += [table, Text()]
    return Group(*parts[:-1])


def _rows(one: Demand, translate: Translate) -> Iterator[tuple[str, str]]:
    before = ""
    for point in one.points:
        yield "" if point.about == before else translate(point.about), _said(point, translate)
        before = point.about
    if one.not_known:
        topics = ", ".join(translate(word(topic)) for topic in one.not_known)
        yield "not known", f"{topics}: {one.answered_by} answers for it (R1)"
    if one.notes:
        yield "note", one.notes


def _said(point: Point, translate: Translate) -> str:
    fits = {True: "", False: " - NOT SO", None: ""}[point.fits]
    place = where(point)
    return f"{in_words(point, translate)}{fits} [{how_sure(point, translate)}{f': {place}' if place else ''}]"
