"""What every command shares: where it prints, and how it answers."""

import json
import sys
from collections import deque
from typing import Any, Self

import typer
from rich.console import Console
from rich.live import Live

from client import render
from domain.delivery.ledger import Entry
from domain.signing.canonical import plain
from domain.views.sight import Withheld
from domain.views.view import DeliveryView
from domain.words.errors import Malformed, RuleBroken, VigilError

PIPE_WIDTH = 240
"""Columns where the output is not a terminal, so that nothing is broken over lines that a program reads."""
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
talk = Console(stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else PIPE_WIDTH)


def answer(output: str, document: Any, text: Any, wrong: VigilError | None = None) -> None:
    """One document for a program, or something to read. Where something is `wrong` all the same, it is said and the command
    ends with its code.
    """
    if output == "json":
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        out.print(text)
    if wrong is not None:
        explain(wrong)
        raise typer.Exit(wrong.exit_code)


def explain(error: VigilError) -> None:
    """What went wrong, every fault of it, and what to do."""
    talk.print(f"vigil: {error.message}", style="bold red", markup=False)
    if isinstance(error, Malformed):
        for fault in error.faults:
            talk.print(f"  {fault}", markup=False)
    if error.hint:
        talk.print(f"  {error.hint}", markup=False)


def problem(error: VigilError) -> None:
    """The same for a program: one document, in one line because a stream of lines may end with it."""
    more: dict[str, Any] = {"faults": [plain(fault) for fault in error.faults]} if isinstance(error, Malformed) else {}
    if isinstance(error, RuleBroken):
        more["rule"] = error.rule
    document = {"error": {"code": error.code, "message": error.message, "hint": error.hint} | more}
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


class Watched:
    """Shows a delivery as it goes: a live screen on a terminal, a line for each entry elsewhere."""

    def __init__(self, *, live: bool) -> None:
        self._live = Live(console=talk, refresh_per_second=8, transient=False) if live else None
        self._tail: deque[Entry | Withheld] = deque(maxlen=6)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def see(self, entry: Entry | Withheld, view: DeliveryView) -> None:
        """Show one more entry."""
        self._tail.append(entry)
        if self._live is not None:
            self._live.update(render.panel(view, tail=tuple(self._tail)))
        else:
            talk.print(render.line(entry))
