"""Where the passphrase of a private key comes from: a file, or a person at a terminal. Never an argument, never shown."""

import getpass
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from client.language import _
from domain.words.errors import Malformed, NotAllowed
from process.configuration import passphrase_in

VARIABLE = "VIGIL_PASSPHRASE_FILE"
SHORTEST = 12
"""Characters of a new passphrase: a file can be tried on many machines at once."""
_TYPED: list[str] = []
"""So that it is asked for once in a command, unless keys have different ones."""
T = TypeVar("T")


def use(file: Path) -> None:
    """Take it from this file: here, and in the processes that this one starts."""
    os.environ[VARIABLE] = str(file.resolve())


def typed() -> str | None:
    """The passphrase that a person has typed last for a key that is there; none if it came from a file, or was not needed."""
    return _TYPED[-1] if _TYPED else None


def unlocked(name: str, unlock: Callable[[str], T]) -> T:
    """What `unlock` makes of the passphrase: that in the file, else one that was typed before, else one that is asked for.

    Raises `NotAllowed` if it is wrong, `Malformed` where there is none and nobody to ask.
    """
    words = _from_file()
    if words is not None:
        return unlock(words)
    for before in _TYPED:
        with suppress(NotAllowed):
            return unlock(before)
    words = _asked(_("Passphrase of {name}: ", name=name))
    found = unlock(words)
    _TYPED.append(words)
    return found


def known(unlock: Callable[[str], T]) -> T | None:
    """What `unlock` makes of a passphrase that is known already; None where none fits. Nobody is asked."""
    words = _from_file()
    for one in (*([words] if words is not None else []), *_TYPED):
        with suppress(NotAllowed):
            return unlock(one)
    return None


def chosen() -> str:
    """The passphrase for new keys, typed twice where it is typed. Raises `Malformed`."""
    words = _from_file()
    if words is None:
        words = _asked(_("New passphrase: "))
        if words != getpass.getpass(_("The same again: ")):
            raise Malformed(_("the two are not the same"), hint=_("nothing was made; try again"))
    if len(words) < SHORTEST:
        raise Malformed(
            _("a passphrase has {least} characters or more", least=SHORTEST),
            hint=_("several words are easier to keep in mind than signs"),
        )
    return words


def _from_file() -> str | None:
    name = os.environ.get(VARIABLE)
    return passphrase_in(Path(name)) if name else None


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        hint = _(
            "name a file with --passphrase-file before the command, or {variable}; for a new key, --keyring or --plain will do",
            variable=VARIABLE,
        )
        raise Malformed(_("a passphrase is needed, and there is nobody to ask"), hint=hint)
    return getpass.getpass(prompt)
