"""Usual slips of the pen in YAML, explained: what the parser or the form says of them helps nobody who does not know YAML.

A comma ends a text inside `{}` and `[]`, a colon with a space behind it begins a value, and neither is meant where a place or a
title has one. And a file of another kind is called by its name.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ruamel.yaml.comments import CommentedMap

from domain.words.errors import OF_PYDANTIC
from domain.words.quantities import MASS_UNITS
from domain.words.text import Filled, fill, mark

KINDS: Final[Mapping[str, str]] = {
    "plan": mark("a plan"),
    "scenario": mark("a scenario"),
    "group": mark("a group of consignments"),
    "group-scenario": mark("a scenario of a group"),
    "directory": mark("a directory of services"),
    "card": mark("a rule card"),
}
"""What the first line of a file says that it is."""
HINTS: Final[Mapping[str, str]] = {
    "plan": mark("a plan says what travels, on which way, and who must say what; its file usually is plan.yaml"),
    "scenario": mark("a scenario says how the services behave and how it is to end; `vigil plan new` writes one beside the plan"),
    "group": mark("a group file says what several consignments share and what differs; its file usually is group.yaml"),
    "group-scenario": mark("a scenario of a group says of each consignment how the services behave and how it is to end"),
    "directory": mark("a directory names the services; its file usually is directory.yaml"),
    "card": mark("a card says what the law of one State demands; it lies in the folder of cards"),
}
READ_BY: Final[Mapping[str, str]] = {
    "plan": "vigil plan check",
    "scenario": "vigil plan test",
    "group": "vigil group check",
    "group-scenario": "vigil plan test",
}
"""Which command reads a file of this kind by itself."""
PACKET: Final = b'{"packet":'
BEGINS: Final[Mapping[bytes, str]] = {
    PACKET: mark("an evidence packet; `vigil verify` reads it"),
    b"age-encryption.org/": mark("encrypted for somebody; `vigil open` opens it"),
    b"<!DOCTYPE": mark("a page for a browser"),
    b"<!doctype": mark("a page for a browser"),
    b"<html": mark("a page for a browser"),
    b"<svg": mark("a picture"),
    b"%PDF-": mark("a PDF document"),
    b"\xff\xd8\xff": mark("a picture"),
    b"\x89PNG": mark("a picture"),
    b"PK\x03\x04": mark("a document of an office program, or an archive"),
    b"SQLite format 3": mark("a database"),
}
"""What a file is that is no YAML, by how it begins."""
_KEY: Final = re.compile(rb"^-----BEGIN ", re.MULTILINE)
"""It may stand below what a person reads of it."""
_FIRST: Final = re.compile(rb"^\s*vigil: *([a-z-]{1,20})/", re.MULTILINE)
_COLON: Final = re.compile(r"^\s*(?:- )?\{?([A-Za-z_]+): *([^\"'{\[#][^{}\[\]]*: .*?)\s*$")

_FLOW_COLON: Final = re.compile(r"(?<![A-Za-z_])([A-Za-z_]+): *([^\"'{}\[\],#][^{}\[\],]*: [^{}\[\],]*?)\s*[,}\]]")
"""The same within braces, where a comma ends a value."""
LONGEST_LINE: Final = 300
"""Characters of a line that is explained: looking for a colon in one of a million would take minutes."""


def another_kind(found: Any, wanted: Any) -> tuple[str, str] | None:
    """That this is a file of another kind, with what the wanted one is; none where it is what is wanted, or says nothing."""
    kind, right = kind_named(found), kind_named(wanted)
    if kind == right or kind not in KINDS or right not in KINDS:
        return None
    problem = fill("this is {kind}, and {right} is wanted here", kind=fill(KINDS[kind]), right=fill(KINDS[right]))
    if kind not in READ_BY:
        return problem, HINTS[right]
    return problem, fill("{hint}; `{command}` reads this one", hint=fill(HINTS[right]), command=READ_BY[kind])


def written_by_people(data: bytes) -> str | None:
    """Which kind of file of ours it begins as; none where it is none."""
    named = _FIRST.search(data)
    return KINDS.get(named[1].decode()) if named is not None else None


def by_its_beginning(data: bytes) -> str | None:
    """What a file is that nobody writes as YAML; none where it may be one."""
    if _KEY.search(data):
        return mark("a key or certificate")
    return next((what for sign, what in BEGINS.items() if data.lstrip().startswith(sign)), None)


def kind_named(said: Any) -> str:
    """The kind of file that the first line names, without its version."""
    return str(said).partition("/")[0]


def signed_already(value: Any) -> bool:
    """Whether it is a signed envelope and no file that people write."""
    return isinstance(value, Mapping) and {"payload", "payloadType", "signatures"} <= value.keys()


NO_COLON: Final = "could not find expected ':'"
"""What the parser says, of the line behind the one that lacks it."""
_TWICE: Final = re.compile(r'found duplicate key "([^"]{1,60})"')
"""The parser goes on with both values, which belong in no message."""


HALF: Final = mark("half of a character stands here (a surrogate): write the character itself")
_ALIAS: Final = re.compile(r"found undefined alias '([^']{1,60})'")
_SCALE: Final = "|".join(sorted(MASS_UNITS, key=len, reverse=True))
_WHOLE: Final = re.compile(r"(?:[a-z]+ )?[0-9]+")
_DECIMALS: Final = re.compile(rf"[0-9]+ ?(?:{_SCALE})")


def of_yaml(reason: str, line: str) -> Filled:
    """What the parser stumbled over in this line, and what to write instead."""
    line = line[:LONGEST_LINE]
    colon = _FLOW_COLON.search(line) if "{" in line else _COLON.match(line)
    if colon is not None and ("mapping values" in reason or "':'" in reason):
        name, text = colon.groups()
        return fill("a colon with a space behind it begins a value; put the text in quotes: {right}", right=f'{name}: "{text}"')
    if reason == NO_COLON:
        name, _, text = line.strip().partition(" ")
        return fill("a name has a colon and a space behind it: {right}", right=f"{name}: {text}".strip())
    if twice := _TWICE.match(reason):
        return fill("{what} stands twice; once is enough", what=twice[1])
    if alias := _ALIAS.match(reason):
        sentence = mark(
            "a text that begins with * stands in quotes: `*{name}` repeats what `&{name}` names, and nothing is named so"
        )
        return fill(sentence, name=alias[1])
    for sign, words in _SAID.items():
        if sign in reason:
            return fill(words)
    return fill("not YAML: {reason}", reason=reason)


_SAID: Final[Mapping[str, str]] = {
    "'\\t'": mark("a tab stands here; indent with spaces"),
    "cannot start any token": mark("a text that begins with this sign stands in quotes"),
    "mapping values": mark(
        "a colon with a space behind it begins a value, and none may begin here: put it in quotes, or indent it as above"
    ),
    "but got ':'": mark(
        "a colon with a space behind it begins a value; inside brackets put its text in quotes, and close each bracket"
    ),
    "expected ','": mark("a bracket is not closed, or a comma is missing, here or above"),
    "end of stream": mark("a quote or bracket that is opened is not closed"),
    "found '<scalar>'": mark(
        "the text goes on behind its closing quote, or a quote above is not closed, or this line is not indented as the others"
    ),
    "found '}'": mark("a bracket is closed here that none opens"),
    "found ']'": mark("a bracket is closed here that none opens"),
    "<block end>": mark("this line is not indented as the others of its list or block: give each the same number of spaces"),
    "<document start>": mark("this line is not indented as those above: give each the same number of spaces"),
    "another document": mark("a second document begins here with `---`; a file has one"),
    "escape": mark("a backslash in double quotes begins an escape, and this is none: put the text in single quotes"),
    "sequence entries are not allowed": mark("a text that begins with this sign stands in quotes"),
    "mapping keys are not allowed": mark("a text that begins with this sign stands in quotes"),
    "chomping": mark("a text that begins with this sign stands in quotes"),
    "alphabetic or numeric": mark("a text that begins with this sign stands in quotes"),
}


def decimal_comma(parent: Any, name: str) -> tuple[str, str] | None:
    """Where a comma for decimals has cut a mass in two inside brackets: the name of its first half, and the mass with a point."""
    if not isinstance(parent, CommentedMap) or not parent.fa.flow_style() or parent.get(name, name) is not None:
        return None
    names = list(parent)
    before = names[names.index(name) - 1] if names.index(name) else None
    if before is None or not _DECIMALS.fullmatch(str(name)) or not _WHOLE.fullmatch(str(parent[before])):
        return None
    return str(before), f"{parent[before]}.{name}"


def of_form(parent: Any, name: str, value: Any, problem: str) -> str:
    """What is wrong with this part, where it comes of an unquoted comma or colon; else as it was said."""
    cut_off = value is None and problem.startswith(OF_PYDANTIC["extra_forbidden"])
    if isinstance(parent, CommentedMap) and name in parent and cut_off:
        if (cut := decimal_comma(parent, name)) is not None:
            return fill("decimals have a point, and a comma ends a value inside brackets: {right}", right=": ".join(cut))
        names = list(parent)
        before = names.index(name) - 1
        while before > 0 and parent[names[before]] is None:
            before -= 1
        if parent.fa.flow_style() and before >= 0:
            text = ", ".join([str(parent[names[before]]), *map(str, names[before + 1 : names.index(name) + 1])])
            right = f'{names[before]}: "{text}"'
            return fill("a comma ends a text inside brackets; put the text in quotes: {right}", right=right)
    if isinstance(value, CommentedMap) and len(value) == 1 and problem == OF_PYDANTIC["string_type"]:
        key, rest = next(iter(value.items()))
        right = f'"{key}: {rest}"'
        return fill(
            "a colon with a space behind it makes a name of what stands before it; put the text in quotes: {right}", right=right
        )
    return problem
