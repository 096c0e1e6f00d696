"""What each State's rule card demands of a plan, as a table (`domain.views.law` has the words)."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from client.language import _, speak
from client.tables import Lines, pairs
from domain.plan.demands import Demand
from domain.views.law import NOT_KNOWN_HERE, NOT_SO, NOTE, ExplainedCard, LawLine, explained


def demands_in_words(found: Sequence[Demand]) -> RenderableType:
    """One block for each State, in the reader's language."""
    parts: list[RenderableType] = []
    for one in (explained(demand, speak) for demand in found):
        title = Lines(show_header=False)
        title.add_row(Text(f"{one.title}{f': {one.example}' if one.example else ''}", "bold"))
        if one.goes:
            title.add_row(Text(one.goes))
        parts.append(title)
        table = pairs()
        for name, words in _rows(one):
            table.add_row(name, words)
        parts += [table, Text()]
    return Group(*parts[:-1])


def _rows(one: ExplainedCard) -> Iterator[tuple[str, str]]:
    before = ""
    for line in one.lines:
        yield "" if line.about == before else line.about, _said(line)
        before = line.about
    if one.left:
        yield _(NOT_KNOWN_HERE), one.left
    if one.notes:
        yield _(NOTE), one.notes


def _said(line: LawLine) -> str:
    fits = f" - {_(NOT_SO)}" if line.wrong else ""
    return f"{line.sentence}{fits} [{line.mark}: {line.sure}{f': {line.where}' if line.where else ''}]"
