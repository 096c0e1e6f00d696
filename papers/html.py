"""A paper as HTML: one file, nothing fetched, and a browser prints it as the paper that it is."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.papers.handed import identity_of
from domain.papers.making import Made
from domain.record.packet import Purpose
from domain.views.canvas import broken
from papers.file import in_html
from papers.printed import printed

BESIDE_BARS, LETTERS_OF_BARS = 135, 9
"""Room for the name of a row beside its bars, and the size of its letters, in units of the picture."""
TEMPLATES = Path(__file__).parent / "templates"


def render(made: Made, purpose: Purpose = "operation") -> bytes:
    """The bytes of the file: the same for the same paper."""
    template = _environment().get_template("paper.html")
    style = (TEMPLATES / "paper.css").read_text(encoding="utf-8")
    return template.render(printed(made), identity=in_html(identity_of(made, purpose)), style=style).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["css"] = in_css
    environment.filters["counted"] = counted
    environment.filters["by_option"] = by_option
    environment.filters["in_lines"] = in_lines
    environment.filters["unparted"] = unparted
    environment.filters["first_word"] = first_word
    return environment


def by_option(command: str) -> list[str]:
    """A command, or two in two languages, so that each option with its value is a part: no line ends within it."""
    return re.split(r"(--[a-z]+ [^ ]+)", command)


def in_lines(name: str) -> list[str]:
    """The name of a row of bars, in lines that end before its bars begin."""
    return broken(name, BESIDE_BARS, LETTERS_OF_BARS)


def unparted(text: str) -> str:
    """A text in which no line ends between the sign for a number and the number, nor between "of" and the blank behind it."""
    text = text.replace("№ ", "№\u00a0").replace("No. ", "No.\u00a0")
    return f"{text[:-1]}\u00a0" if text.endswith((" of ", " от ")) else text


def first_word(text: str) -> tuple[str, str]:
    """A text behind a box: what stays on the line of its box, and the rest."""
    begins = len(text) - len(text.lstrip())
    end = text.find(" ", begins)
    return (text, "") if end < 0 else (text[:end], text[end:])


def counted(sheet: str) -> str:
    """Which sheet of how many, as CSS makes it of its counters."""
    counters = {"{page}": "counter(page)", "{pages}": "counter(pages)"}
    return " ".join(counters.get(part) or f'"{in_css(part)}"' for part in re.split(r"(\{pages?\})", sheet) if part)


def in_css(text: str) -> str:
    r"""A text inside quotes of CSS: whatever is more than a letter, digit or space is written by its number."""
    return "".join(one if one.isalnum() or one == " " else f"\\{ord(one):x} " for one in text)
