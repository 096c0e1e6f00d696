"""What every command shares: where it prints, and how it answers."""

import json
import sys
from collections import deque
from collections.abc import Iterable
from typing import Any, Self

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.segment import Segment

from client import render
from client.entries import line, line_of
from client.language import _, speak
from domain.delivery.ledger import Entry, Withheld
from domain.signing.canonical import plain
from domain.views.view import DeliveryView
from domain.words.errors import Malformed, RuleBroken, VigilError
from domain.words.text import in_json, shown, told

PIPE_WIDTH = 240
"""Columns where the output is not a terminal, so that nothing is broken over lines that a program reads."""

TAIL, TAIL_OF_SEVERAL = 6, 3
"""Of the newest entries, so many are shown on a live screen under one delivery, and under each of several."""


class Plain(Console):
    """A console on which words are words: nothing in them is a style, a picture or an order to the terminal.

    What is printed comes from other services, from files and from servers. So brackets are brackets, and a character that is not
    seen is written out, wherever on a screen it stands. Styles come from our code alone, as `Text`.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(highlight=False, soft_wrap=True, markup=False, emoji=False, **more)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be written, each piece with its style. Only rich itself controls the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment("\n".join(map(shown, segment.text.split("\n"))), segment.style)


out = Plain(width=None if sys.stdout.isatty() else PIPE_WIDTH)
talk = Plain(stderr=True, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def write(json_text: str) -> None:
    """JSON for a program, which a person may all the same look at."""
    sys.stdout.write(in_json(json_text) + "\n")


def answer(output: str, document: Any, text: Any, wrong: VigilError | None = None) -> None:
    """One document for a program, or something to read. Where something is `wrong` all the same, it is said and the command
    ends with its code.
    """
    if output == "json":
        write(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        out.print(text)
    if wrong is not None:
        explain(wrong)
        raise typer.Exit(wrong.exit_code)


_ALARMS: list[VigilError] = []


def alarm(error: VigilError) -> None:
    """Say at once, and once, that something cannot be right. The command goes on, and ends with the error's code."""
    if any(one.message == error.message for one in _ALARMS):
        return
    message, hint = error.told_in(speak)
    talk.print(_("vigil: ALARM: {what}", what=message), style="bold white on red")
    if hint:
        talk.print(f"  {hint}")
    _ALARMS.append(error)


def code_after(code: int) -> int:
    """The code with which a command ends that would end with this one."""
    return code or next((one.exit_code for one in _ALARMS), 0)


def explain(error: VigilError) -> None:
    """What went wrong, every fault of it, and what to do."""
    message, hint = error.told_in(speak)
    talk.print(f"vigil: {message}", style="bold red")
    if isinstance(error, Malformed):
        for fault in error.faults:
            talk.print(f"  {fault.place}: {told(fault.problem, speak)}")
    if hint:
        talk.print(f"  {hint}")


def problem(error: VigilError) -> None:
    """The same for a program: one document, in one line because a stream of lines may end with it."""
    more: dict[str, Any] = {"faults": [plain(fault) for fault in error.faults]} if isinstance(error, Malformed) else {}
    if isinstance(error, RuleBroken):
        more |= {"rule": error.rule} | ({"reason": error.reason} if error.reason is not None else {})
    document = {"error": {"code": error.code, "message": error.message, "hint": error.hint} | more}
    write(json.dumps(document, ensure_ascii=False))


class Watched:
    """Shows a delivery, or several (`named`), as it goes: a live screen on a terminal, a line for each entry elsewhere."""

    def __init__(self, *, live: bool, named: bool = False) -> None:
        self._live = Live(console=talk, refresh_per_second=8, transient=False) if live else None
        self._named = named
        self._tails: dict[str, deque[Entry | Withheld]] = {}
        self._panels: dict[str, RenderableType] = {}
        """What is shown of each."""

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def see(self, entry: Entry | Withheld, view: DeliveryView) -> None:
        """Show one more entry."""
        name = view.delivery
        self._tails.setdefault(name, deque(maxlen=TAIL_OF_SEVERAL if self._named else TAIL)).append(entry)
        if self._live is not None:
            self._panels[name] = render.panel(view, tail=tuple(self._tails[name]))
            self._live.update(Group(*self._panels.values()))
        else:
            talk.print(line_of(name, entry) if self._named else line(entry))
