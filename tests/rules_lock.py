"""What holds the law still: `rules.lock`, a digest of each file that decides, so that no change of the rules is made by the way;
and `codes.lock`, every code that there has been, so that none is ever used for anything else.

`make rules-lock` writes the first anew, for the newest version, and adds to the second what is new.
"""

import ast
import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from domain.delivery.verdicts import Judged
from domain.rules import books
from domain.rules.books import newest
from domain.words.codes import CODES, Code
from process import builds

LOCK = Path("domain/rules/rules.lock")
CODES_LOCK = Path("domain/words/codes.lock")

DOOR = Path("domain/record/door.py")
"""The one way into a ledger. It and all that it imports decide what is recorded: the rules, and what they rest on."""

WHAT_TO_DO = """\
Before the first release: record the golden ledgers anew (`make golden`), lock again (`make rules-lock`), and say in the
commit why the law changes. After it this is a new version: move what was so until now to `domain/rules/frozen/before_N.py`,
raise the number in `domain/rules/books.py`, record golden ledgers of the new version and lock again. Older ones stay."""

WHAT_TO_DO_ABOUT_CODES = """\
A code stands in ledgers that courts hold: it is never taken away, and never gets another rule, verdict or parameters. Give
what is new a name of its own (`make rules-lock` adds it)."""


SAID = {"found": 2, "refused": 2, "early": 2, "late": 2, "RuleBroken": 1}
"""By what is called, which of its arguments is a sentence."""
TITLED = ("Declaration", "Unforeseen")
NAMED = ("problem", "hint", "message")
"""Arguments and names that hold sentences."""


class WithoutSentences(ast.NodeTransformer):
    """Leaves out what is only said to people: it is in no entry and may be reworded."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Without its sentence, title and hint."""
        self.generic_visit(node)
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        place = SAID.get(called, len(node.args))
        node.args = [one for number, one in enumerate(node.args) if number != place or not _is_text(one)]
        said = (*NAMED, *(("title",) if called in TITLED else ()))
        node.keywords = [one for one in node.keywords if one.arg not in said or not _is_text(one.value)]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Without the sentence that is given a name."""
        self.generic_visit(node)
        if [one.id for one in node.targets if isinstance(one, ast.Name) and one.id in NAMED] and _is_text(node.value):
            node.value = ast.Constant("")
        return node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@cache
def digest_of(source: str) -> str:
    """A digest of what a file decides: of its syntax, without docstrings, comments, lay-out and sentences."""
    return hashlib.sha256(repr(_shape(WithoutSentences().visit(ast.parse(source)))).encode()).hexdigest()


def _shape(node: Any) -> Any:
    """A syntax tree as values that are the same under every Python: what is not there is left out."""
    if isinstance(node, ast.AST):
        fields = ((name, _shape(value)) for name, value in ast.iter_fields(node))
        return type(node).__name__, tuple((name, value) for name, value in fields if value not in (None, ()))
    if isinstance(node, list):
        return tuple(_shape(one) for one in node if not _is_docstring(one))
    return None if node is None else repr(node)


def _is_docstring(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def deciding() -> tuple[Path, ...]:
    """The door and all that it imports, to the last file."""
    found: set[Path] = set()
    coming = [DOOR]
    while coming:
        path = coming.pop()
        if path not in found and (builds.ROOT / path).is_file():
            found.add(path)
            coming += _imported_by((builds.ROOT / path).read_text(encoding="utf-8"))
    return tuple(sorted(found))


@cache
def _imported_by(source: str) -> tuple[Path, ...]:
    found: list[Path] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            of = Path(*node.module.split("."))
            found += (of.with_suffix(".py"), *(of / f"{one.name}.py" for one in node.names))
        elif isinstance(node, ast.Import):
            found += (Path(*one.name.split(".")).with_suffix(".py") for one in node.names)
    return tuple(found)


def digests() -> Mapping[str, str]:
    """By path, a digest of each file that decides."""
    return {str(path): digest_of((builds.ROOT / path).read_text(encoding="utf-8")) for path in deciding()}


def text() -> str:
    """The lock as it would be now."""
    lines = [f"{digest}  {path}" for path, digest in digests().items()]
    return "\n".join((f"version {newest().version}", *lines, ""))


def locked(written: str) -> tuple[int, Mapping[str, str]]:
    """Version and digests by path, of a lock that was written."""
    first, *lines = written.splitlines()
    pairs = (line.split("  ", 1) for line in lines)
    return int(first.removeprefix("version ")), {path: digest for digest, path in pairs}


def differences(written: str) -> tuple[str, ...]:
    """Each file that differs from what is locked, is not locked, or is not there any more."""
    version, known = locked(written)
    now = digests()
    found = [path for path in sorted({*known, *now}) if known.get(path) != now.get(path)]
    return (*([] if version == newest().version else [f"version {version}, not {newest().version}"]), *found)


def line_of(code: Code) -> str:
    """A code as it is locked: its name, rule, verdict and parameters. Its sentence may be reworded."""
    verdict = code.verdict if isinstance(code, Judged) else "found"
    return " ".join((code.name, code.rule, verdict, *(f"{name}={shape}" for name, shape in sorted(code.shapes.items()))))


def codes_text(written: str, codes: Mapping[str, Code] = CODES) -> str:
    """The list of codes with what is new. Raises `ValueError` where one that it holds is not there any more, or is another."""
    lines, now = written.splitlines(), {line_of(code) for code in codes.values()}
    if gone := [line for line in lines if line not in now]:
        message = f"not there any more, or another: {'; '.join(gone)}.\n{WHAT_TO_DO_ABOUT_CODES}"
        raise ValueError(message)
    return "".join(f"{line}\n" for line in sorted({*lines, *now}))


def released() -> str:
    """Why the newest version is neither locked nor recorded anew; empty while it may be."""
    if newest().version > books.RELEASED:
        return ""
    return f"version {newest().version} of the rules is released, and stays as it is: give the change a number of its own"


def write() -> Any:
    """Lock the rules and the codes as they are. The exit code, or why nothing was written."""
    if why := released():
        return why
    path = builds.ROOT / CODES_LOCK
    try:
        codes = codes_text(path.read_text(encoding="utf-8") if path.exists() else "")
    except ValueError as error:
        return f"{CODES_LOCK}: {error}"
    path.write_text(codes, encoding="utf-8")
    (builds.ROOT / LOCK).write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{LOCK}: version {newest().version}, {len(digests())} files; {CODES_LOCK}: {len(CODES)} codes\n")
    return 0


if __name__ == "__main__":
    sys.exit(write())
