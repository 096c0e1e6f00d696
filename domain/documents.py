"""YAML documents the user brings (plan, directory, rule cards, scenario), read with every fault at its line.

YAML 1.2, so that `NO` is Norway and not false. Text in, record out: reading the file is the caller's part.
"""

import io
import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from domain.errors import Fault, Malformed
from domain.statements import faults_of

Record = TypeVar("Record", bound=BaseModel)

LONGEST = 1_000_000
"""Longest document, characters."""


class Document:
    """A YAML text and where each thing in it stands."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        if len(text) > LONGEST:
            raise Malformed(f"{name}: longer than {LONGEST} characters")
        try:
            self.tree: Any = YAML().load(io.StringIO(text))
            self._value = _plain(self.tree)
        except MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{name}:{mark.line + 1}" if mark is not None else name
            problem = f"not YAML: {error.problem or error.context or 'unreadable'}"
            raise Malformed(f"{name} is not YAML", [Fault(place=place, problem=problem)]) from error
        except (YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:  # ruamel lets these through
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
            raise Malformed(f"{name} is not YAML", [Fault(place=name, problem=f"not YAML: {reason}")]) from error

    def read(self, model: type[Record]) -> Record:
        """The record in the document, nothing converted silently. Raises `Malformed` with every fault, each at its line."""
        try:
            return model.model_validate_json(json.dumps(self._value), strict=True)
        except ValidationError as error:
            found = self.located(faults_of(error))
            raise Malformed(f"{self.name}: {len(found)} fault{'s' if len(found) > 1 else ''}", found) from error

    def located(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The same faults with file and line before the path, in the order of the file."""
        placed = [(self.line_of(fault.place.split(".")), fault) for fault in faults]
        placed.sort(key=lambda found: found[0])
        return tuple(Fault(place=f"{self.name}:{line}: {fault.place}", problem=fault.problem) for line, fault in placed)

    def line_of(self, path: Iterable[str]) -> int:
        """Line (from 1) of the deepest part of the path that stands in the document."""
        node, line = self.tree, 1
        for part in path:
            if isinstance(node, CommentedMap) and part in node:
                line = _line(node, part, line)
                node = node[part]
            elif isinstance(node, CommentedSeq) and part.isdigit() and int(part) < len(node):
                line = _line(node, int(part), line)
                node = node[int(part)]
            # other parts are pydantic's own (the branch of a union): they stand nowhere in the file
        return line


def _line(node: CommentedMap | CommentedSeq, key: str | int, around: int) -> int:
    """Line of one item, or of what is `around` it where the parser keeps none (a merged key, an ordered map)."""
    try:
        return int(node.lc.data[key][0]) + 1
    except (LookupError, TypeError):
        return around


def _plain(node: Any) -> Any:
    """Plain lists and dicts, so that a record never depends on how its file was written."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if isinstance(node, bool | int | float) or node is None:
        return node
    return str(node)
