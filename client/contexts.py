"""Contexts: at which gateway one works, as which service, with the keys in which folder. Nothing in them is secret.

What a command says itself counts first, then the environment, then the context. The file belongs to its owner alone: whoever may
change it sends what is signed elsewhere.
"""

import os
import re
import stat
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from client.language import _
from domain.signing.canonical import Frozen
from domain.words.errors import Malformed, NotFound, faults_of
from domain.words.identifiers import OfficerCode, ServiceId
from domain.words.likeness import did_you_mean
from domain.words.limits import LONGEST_LINE, MOST_CONTEXTS
from domain.words.text import fill, mark
from process import files
from process.configuration import text_of

FILE = Path("~/.config/vigil/contexts.json")
VARIABLE = "VIGIL_CONTEXTS"
"""Where the file is, if elsewhere."""
CHOSEN = "VIGIL_CONTEXT"
"""The context of this terminal, whichever is the usual one."""
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def _name(text: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", text) is None:
        raise ValueError(mark("expected small letters, digits, dots, dashes and underscores, 40 at most, such as tashkent"))
    return text


Name = Annotated[str, AfterValidator(_name)]
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(fill("expected the address of a gateway, e.g. {address}", address="https://vigil.example"))
    if parts.username is not None or parts.password is not None or parts.query:
        raise ValueError(mark("an address without a name, a password or a query: nothing secret is kept here"))
    return text


Line = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class Context(Frozen):
    """What commands take where neither they nor the environment say otherwise."""

    gateway: Annotated[Line, AfterValidator(_address)] | None = None
    service: ServiceId | None = None
    officer: OfficerCode | None = None
    keys: Line | None = None
    """Folder of the keys."""
    directory: Line | None = None
    """File of the services."""

    def variables(self) -> dict[str, str]:
        """The same as the environment says it."""
        said = (self.gateway, self.service, self.officer, self.keys, self.directory)
        return {name: value for name, value in zip(VARIABLES, said, strict=True) if value is not None}


VARIABLES = ("VIGIL_GATEWAY", "VIGIL_AS", "VIGIL_OFFICER", "VIGIL_KEYS", "VIGIL_DIRECTORY")


class Contexts(Frozen):
    """All of them, and which one is used where none is named."""

    vigil: Literal["contexts/1"] = "contexts/1"
    current: Name | None = None
    contexts: Annotated[dict[Name, Context], Field(default_factory=dict, max_length=MOST_CONTEXTS)]

    def get(self, name: str) -> Context:
        """The context of this name. Raises `NotFound`."""
        if name not in self.contexts:
            hint = did_you_mean(name, self.contexts) or _("see `vigil context list`; `vigil context add` makes one")
            raise NotFound(_("there is no context {name}", name=name), hint=hint)
        return self.contexts[name]


def place() -> Path:
    """Where the file is."""
    return Path(os.environ.get(VARIABLE) or FILE).expanduser()


def kept() -> Contexts:
    """What the file holds; nothing where there is none. Raises `Malformed` if it is none of ours, or others may write it."""
    path = place()
    if not path.exists():
        return Contexts(contexts={})
    if path.stat().st_mode & OTHERS_MAY_WRITE:
        message = _("{path} can be changed by others, who would choose what you sign and where it goes", path=path)
        raise Malformed(message, hint=f"chmod 600 {path}")
    try:
        return Contexts.model_validate_json(text_of(path))
    except ValidationError as error:
        raise Malformed(_("{path} holds no contexts", path=path), faults_of(error)) from error


def with_new(name: str, said: dict[str, str | None]) -> Contexts:
    """All, with a new one. The first becomes the usual one. Raises `Malformed` for what is none, or is there already."""
    known = kept()
    if name in known.contexts:
        hint = _("`vigil context remove {name}` first", name=name)
        raise Malformed(_("there is a context {name} already", name=name), hint=hint)
    try:
        _NAME.validate_python(name)
        Context.model_validate(said)
        both = {**known.model_dump()["contexts"], name: said}
        return Contexts.model_validate({"current": known.current or name, "contexts": both})
    except ValidationError as error:
        place = "" if error.title == Context.__name__ else "name"
        raise Malformed(_("the context {name} is not right", name=name), faults_of(error, place=place)) from error


def written(contexts: Contexts) -> Contexts:
    """Put it into the file, for its owner only."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.write(path, contexts.model_dump_json(indent=2, exclude_none=True).encode() + b"\n")
    return contexts


def use(name: str | None) -> None:
    """Let this process take what the context says, where its environment does not. `name`: else the terminal's, else the usual
    one. Raises `NotFound` or `Malformed`.
    """
    chosen = name or os.environ.get(CHOSEN)
    known = kept()
    if chosen is None and known.current is None:
        return
    for variable, value in known.get(chosen or known.current or "").variables().items():
        os.environ.setdefault(variable, value)
