"""Questions at a terminal. An answer that is not right is asked for again, with what would be right; Ctrl-C ends everything, and
nothing is written.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import typer
from pydantic import ValidationError

from client.console import talk
from client.language import _, speak
from domain.words.errors import Malformed, faults_of
from domain.words.text import shown, told

Answer = TypeVar("Answer")
Word = TypeVar("Word", bound=str)


def ask(question: str, read: Callable[[str], Answer], usual: str = "") -> Answer:
    """What `read` makes of the answer; where nothing is typed, of the `usual` one."""
    while True:
        said = typer.prompt(question, default=usual, show_default=bool(usual), err=True).strip()
        try:
            return read(said)
        except (ValueError, Malformed) as error:
            talk.print(f"  {why(error)}", style="red")


def one_of(words: Iterable[Word]) -> Callable[[str], Word]:
    """Reads one of these words."""
    known = {str(one): one for one in words}

    def read(text: str) -> Word:
        if text not in known:
            raise ValueError(_("{what} is not one of these: {known}", what=shown(text) or _("nothing"), known=", ".join(known)))
        return known[text]

    return read


def why(error: ValueError | Malformed) -> str:
    """What was wrong with an answer, and what would be right, in the reader's language."""
    if isinstance(error, Malformed):
        return "; ".join(told(one.problem, speak) for one in error.faults) or told(error.words[0], speak)
    if isinstance(error, ValidationError):
        return "; ".join(told(one.problem, speak) for one in faults_of(error))
    return told(error.args[0], speak)
