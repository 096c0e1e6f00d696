"""`vigil explain`: what a rule, a code or a kind of statement is, from the tables of docs/rules.md."""

import re
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from client import completing
from client.console import answer, paged
from client.language import _, speak
from client.options import Output
from client.tables import Lines, pairs
from domain.views.rulebook import Explained, explained, known_names, rules
from domain.words.errors import NotFound
from domain.words.likeness import did_you_mean

_NUMBER = re.compile(r"R?\d+", re.IGNORECASE)


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            help="a rule (R11), a code (seals_differ), a kind of statement (prepared), what is asked for; left out: all",
            show_default=False,
            autocompletion=completing.explained,
        ),
    ] = None,
    output: Output = "text",
) -> None:
    """What a name of the rules means, which rule it is of, who says it and by which fields. Needs no network."""
    if name is None:
        found = [one for each in known_names() for one in explained(each, speak)]
        paged(output, [asdict(one) for one in found], _index(found))
        return
    found = list(explained(name, speak))
    if not found and (parts := [each for each in known_names() if _plain(name) in _plain(each)]):
        found = [one for each in parts for one in explained(each, speak)]
        paged(output, [asdict(one) for one in found], _index(found))
        return
    if not found:
        if _NUMBER.fullmatch(name):
            raise NotFound(_("there is no rule {number}", number=name.upper()), hint=_there_are())
        hint = _("`vigil explain` lists what there is; checkpoints of a plan: `vigil show DELIVERY`; services: `vigil directory`")
        if meant := did_you_mean(name, known_names()):
            hint = _("{question}; {hint}", question=meant, hint=hint)
        raise NotFound(_("nothing in the rules is called {name}", name=name), hint=hint)
    answer(output, [asdict(one) for one in found], Group(*(part for one in found for part in _shown(one))))


def _there_are() -> str:
    """The numbers that rules have, with the gaps between them."""
    numbers = [int(one[1:]) for one in rules()]
    begins = [one for one in numbers if one - 1 not in numbers]
    ends = [one for one in numbers if one + 1 not in numbers]
    spans = (f"R{first} - R{last}" if first != last else f"R{first}" for first, last in zip(begins, ends, strict=True))
    return _("rules have the numbers {numbers}; `vigil explain` lists them", numbers=", ".join(spans))


def _plain(name: str) -> str:
    """`handover` is in `hand_over` too."""
    return name.lower().replace("_", "")


def _index(found: list[Explained]) -> Lines:
    table = Lines(_("name"), _("what it is"), _("what it says"))
    for one in found:
        table.add_row(one.name, one.what, one.says)
    return table


def _shown(one: Explained) -> list[RenderableType]:
    table = pairs()
    for heading, words in one.more:
        table.add_row(heading, words)
    return [Text(f"{one.name}: {one.what}", "bold"), Text(one.says), table, Text()]
