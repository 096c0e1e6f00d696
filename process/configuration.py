"""The files an installation is given: its directory, its rule cards, its own key."""

import re
from functools import lru_cache
from pathlib import Path

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service, faults_in
from domain.plan.documents import Document
from domain.plan.slips import by_its_beginning
from domain.words.errors import Fault, Malformed, NotFound
from domain.words.likeness import did_you_mean
from domain.words.limits import LARGEST_TEXT, MOST_OFFERED
from domain.words.text import fill, mark
from process.zones import unknown_zones

MOST_LOOKED_THROUGH = 1_000
"""Names in a folder among which one is looked for that is like what was typed."""
MOST_READ = 64
"""Texts of a kind that are not read once more, whatever their files' names: many scenarios are tried with one directory and the
same cards.
"""


def text_of(path: Path) -> str:
    """The file's text. Raises `NotFound`, or `Malformed` for what is no text or has no end."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TEXT + 1)
    except FileNotFoundError as error:
        raise NotFound(fill("there is no file {path}", path=path), hint=like_it(path)) from error
    except IsADirectoryError as error:
        inside = sorted(one.name for one in path.glob("*.yaml"))[:MOST_OFFERED]
        hint = fill("name one in it: {names}", names=", ".join(inside)) if inside else mark("name a file in it")
        raise Malformed(fill("{path} is a folder, and a file is wanted here", path=path), hint=hint) from error
    except OSError as error:
        message = fill("{what} cannot be read: {why}", what=path, why=error.strerror or error)
        raise Malformed(message) from error
    if len(data) > LARGEST_TEXT:
        raise Malformed(fill("{what} is longer than {most} bytes", what=path, most=LARGEST_TEXT))
    try:
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        what = by_its_beginning(data)
        if what is not None:
            raise Malformed(fill("{name}: this is {kind}, and a text is wanted here", name=path, kind=fill(what))) from error
        raise Malformed(fill("{name} is no text in UTF-8", name=path)) from error


def like_it(path: Path) -> str:
    """Which file or folder was meant, where nothing has this name."""
    folder = path.parent
    if folder.is_dir():
        meant = did_you_mean(path.name, (one.name for one in sorted(folder.iterdir())[:MOST_LOOKED_THROUGH]))
        return meant or fill("look into {folder}", folder=folder.resolve())
    return fill("there is no folder {folder}", folder=folder)


def directory_in(path: Path) -> Directory:
    """The directory. Raises `NotFound` or `Malformed` with every fault."""
    text = text_of(path)
    try:
        return _directory(text)
    except Malformed:
        return _read_directory(text, str(path))  # which is not right, and says where


@lru_cache(maxsize=MOST_READ)
def _directory(text: str) -> Directory:
    return _read_directory(text, "")


def _read_directory(text: str, name: str) -> Directory:
    return Document(text, name).read(Directory, [faults_in, unknown_zones])


def cards_in(folder: Path) -> dict[str, RuleCard]:
    """State to rule card, one file each. Raises `NotFound` or `Malformed`; two cards for one State are a fault."""
    if not folder.is_dir():
        message = fill("there is no folder of rule cards {folder}", folder=folder)
        raise NotFound(message)
    cards: dict[str, RuleCard] = {}
    for path in sorted(folder.glob("*.yaml")):
        text = text_of(path)
        try:
            card = _card(text)
        except Malformed:
            card = Document(text, str(path)).read(RuleCard)  # which is not right, and says where
        if card.state in cards:
            fault = Fault(place=str(path), problem=f"a second card for {card.state}")
            raise Malformed(fill("{folder}: two cards for {state}", folder=folder, state=card.state), [fault])
        cards[card.state] = card
    return cards


@lru_cache(maxsize=MOST_READ)
def _card(text: str) -> RuleCard:
    return Document(text, "").read(RuleCard)


def password_in(path: Path | None) -> str | None:
    """The password in a file, where there is one. Raises `NotFound` or `Malformed`."""
    return text_of(path).strip() if path is not None else None


def passphrase_in(path: Path) -> str:
    """The passphrase in a file, less the line end. Raises `NotFound` or `Malformed`."""
    words = text_of(path).removesuffix("\n")
    if not words:
        raise Malformed(fill("{path} holds no passphrase", path=path))
    return words


def deconfliction_key_in(path: Path | None) -> bytes:
    """The deconfliction key, 32 bytes. Raises `NotFound` or `Malformed`."""
    hint = mark("make one with `vigil keys deconfliction`, or take that of the installations you match with")
    if path is None:
        message = mark("there is no deconfliction key: VIGIL_DECONFLICTION_KEY is not set")
        raise Malformed(message, hint=hint)
    text = text_of(path).strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        message = fill("{path} is no deconfliction key: 64 hexadecimal digits", path=path)
        raise Malformed(message, hint=hint)
    return bytes.fromhex(text)


def installation_of(directory: Directory) -> Service:
    """The installation's own entry. Raises `Malformed` if the directory has none."""
    system = directory.system()
    if system is None:
        message = mark("the directory has no service of kind `system`: the installation itself")
        raise Malformed(message, hint=mark("add it with `vigil keys new vigil --installation --directory FILE`"))
    return system
