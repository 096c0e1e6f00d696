"""What every command shares: where it prints, and how it answers."""

import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from typing import Any, Self

import typer
from rich.console import Console, ConsoleDimensions, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from client import render
from client.entries import line, line_of
from client.language import _, speak
from domain.delivery.ledger import Entry, Withheld
from domain.signing.canonical import plain
from domain.views.view import DeliveryView
from domain.words.errors import Limited, Malformed, RuleBroken, VigilError
from domain.words.text import in_json, shown, told

PIPE_WIDTH = 240
"""Columns where the output is not a terminal, so that nothing is broken over lines that a program reads."""

LONGEST_ROW = 20_000
"""Columns of a row of a table there, which has each cell whole."""

TAIL, TAIL_OF_SEVERAL = 6, 3
"""Of the newest entries, so many are shown on a live screen under one delivery, and under each of several."""


class Plain(Console):
    """A console on which words are words: nothing in them is a style, a picture or an order to the terminal.

    What is printed comes from other services, from files and from servers. So brackets are brackets, and a character that is not
    seen is written out, wherever on a screen it stands. Styles come from our code alone, as `Text`.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(highlight=False, soft_wrap=True, markup=False, emoji=False, **more)
        self._width = more.get("width")  # not that of the terminal in which the process began

    @property
    def size(self) -> ConsoleDimensions:
        """Of the terminal; where there is none, so wide that no line is broken."""
        return super().size if self.is_terminal or self._width is not None else ConsoleDimensions(PIPE_WIDTH, super().size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be written, each piece with its style. Only rich itself controls the terminal. Where there is none, a row of
        a table is one line, and no line ends with blanks.
        """
        as_wide_as_needed = not self.is_terminal and self._width is None
        if isinstance(renderable, Table) and as_wide_as_needed:
            options = (options or self.options).update(max_width=LONGEST_ROW)
        seen = (
            segment if segment.control else Segment("\n".join(map(shown, segment.text.split("\n"))), segment.style)
            for segment in super().render(renderable, options)
        )
        return _without_blanks_at_the_end(seen) if as_wide_as_needed else seen


def _without_blanks_at_the_end(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The same lines, without the blanks that fill them up: those before the end of a line."""
    blanks: list[Segment] = []  # written once something follows on their line
    for segment in segments:
        for number, piece in enumerate([""] if segment.control else segment.text.split("\n")):
            if number:
                blanks.clear()
                yield Segment("\n", segment.style)
            if text := piece.rstrip(" "):
                yield from blanks
                blanks.clear()
                yield Segment(text, segment.style)
            if len(text) < len(piece):
                blanks.append(Segment(piece[len(text) :], segment.style))
        if segment.control:
            yield segment
    yield from blanks


out = Plain()
talk = Plain(stderr=True)


def write(json_text: str) -> None:
    """JSON for a program, which a person may all the same look at."""
    sys.stdout.write(in_json(json_text) + "\n")


def answer(output: str, document: Any, text: Any, wrong: VigilError | None = None) -> None:
    """One document for a program, or something to read. Where something is `wrong` all the same, it is said and the command
    ends with its code.
    """
    if output == "json":
        write(json.dumps(document, ensure_ascii=False, indent=2))
    elif output == "yaml":
        text_ = io.StringIO()
        YAML(typ="safe", pure=True).dump(document, text_)
        sys.stdout.write("\n".join(map(shown, text_.getvalue().split("\n"))))
    else:
        out.print(text)
    if wrong is not None:
        explain(wrong)
        raise typer.Exit(wrong.exit_code)


def paged(output: str, document: Any, text: RenderableType) -> None:
    """The same for what may be longer than the screen: at a terminal in a pager, the one that `PAGER` names or `less`."""
    words = shlex.split(os.environ.get("PAGER", "less"))
    if output in FOR_PROGRAMS or not (out.is_terminal and sys.stdin.isatty()) or not words or shutil.which(words[0]) is None:
        answer(output, document, text)
        return
    with out.capture() as captured:
        fitted(text)
    if captured.get().count("\n") < out.height:
        sys.stdout.write(captured.get())
        return
    before = signal.signal(
        signal.SIGINT, lambda *_: None
    )  # Ctrl-C is the pager's: killed, it would leave a terminal without echo
    try:
        with suppress(BrokenPipeError):  # whoever has seen enough closes it
            subprocess.run(words, input=captured.get().encode(), env={"LESS": "FRX", **os.environ}, check=False)  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)


def fitted(text: RenderableType) -> None:
    """Print it as wide as the terminal, nothing broken within a word; where it is none, lines as long as they are."""
    out.print(text, soft_wrap=not out.is_terminal)


FOR_PROGRAMS = ("json", "yaml")

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
    message, hint = (shown(told(words, speak)) for words in error.words)
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
    if isinstance(error, Limited):
        more |= {"after": error.after}
    document = {"error": {"code": error.code, "message": error.message, "hint": error.hint} | more}
    write(json.dumps(document, ensure_ascii=False))


class WatchScreen:
    """Shows a delivery, or several (`named`), as it goes: a live screen on a terminal, a line for each entry elsewhere."""

    def __init__(self, *, live: bool, named: bool = False) -> None:
        self._live = Live(console=talk, refresh_per_second=8, transient=True) if live else None
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
            self._live.update(Text(), refresh=True)  # the frame is cleared, and stands below once: whole, however high it is
            self._live.stop()
            if self._panels:
                talk.print(Group(*self._panels.values()), soft_wrap=False)

    def see(self, entry: Entry | Withheld, view: DeliveryView) -> None:
        """Show one more entry."""
        name = view.delivery
        self._tails.setdefault(name, deque(maxlen=TAIL_OF_SEVERAL if self._named else TAIL)).append(entry)
        if self._live is not None:
            self._panels[name] = render.panel(view, tail=tuple(self._tails[name]))
            self._live.update(Group(*self._panels.values()))
        else:
            talk.print(line_of(name, entry) if self._named else line(entry))


class ListScreen:
    """Shows a list as it changes: in place on a terminal, one after another elsewhere."""

    def __init__(self, *, live: bool) -> None:
        self.live = live
        self._live = Live(console=out, refresh_per_second=4, transient=False) if live else nullcontext()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def see(self, documents: Sequence[Any], shown_as: RenderableType, output: str) -> None:
        """Show it as it is now."""
        if isinstance(self._live, Live):
            self._live.update(shown_as, refresh=True)
        elif output == "json":
            write(json.dumps(documents, ensure_ascii=False))
        else:
            answer(output, documents, Group(shown_as, Text()))
        sys.stdout.flush()
