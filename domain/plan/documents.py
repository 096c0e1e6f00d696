"""YAML documents the user brings (plan, directory, rule cards, scenario), read with every fault at its line.

YAML 1.2, so that `NO` is Norway and not false. Text in, record out: reading the file is the caller's part.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import RoundTripRepresenter

from domain.plan.mending import common, mended
from domain.plan.slips import (
    HALF,
    NO_COLON,
    another_kind,
    by_its_beginning,
    decimal_comma,
    kind_named,
    of_form,
    of_yaml,
    signed_already,
)
from domain.words.errors import REST, Fault, Malformed, faults_of
from domain.words.quantities import BY_HAND
from domain.words.text import Filled, fill, mark

Record = TypeVar("Record", bound=BaseModel)
Rule = Callable[[Record], Iterable[Fault]]
"""What a record must be beyond its form: the faults it finds."""

_BRACKET = re.compile(r"[\[\]{}]")
LONGEST = 1_000_000
"""Longest document, characters."""
MOST_VALUES = 100_000
"""Most values in a document, each alias counted as what it stands for: a few lines of aliases can stand for billions."""


HEAD = 1_000
"""Characters by which a file of quite another kind is known."""
DEEPEST = 100
"""Most lists and maps one inside another in `[` and `{`: the parser's time grows with the square of it."""
LARGEST = 2**63
"""No number in a document is larger; text of a few thousand digits costs seconds, and stands for nothing here."""


_SURROGATE = re.compile("[\ud800-\udfff]")


class _AsWritten(RoundTripConstructor):
    """What looks like a date stays the text that it is: whoever wants a date there says what is wrong with it."""


class _Day(str):
    """What looks like a date, and is written back without quotes as it was."""

    __slots__ = ()


class _Kept(RoundTripRepresenter):
    """How what was read is written back."""


_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def _as_text(constructor: RoundTripConstructor, node: ScalarNode) -> str:
    text: str = constructor.construct_yaml_str(node)
    return _Day(text) if type(text) is str else text  # one with an anchor is of another kind, which keeps that


def _as_it_was(representer: RoundTripRepresenter, text: _Day) -> ScalarNode:
    return representer.represent_scalar(_TIMESTAMP, str(text))


_AsWritten.add_constructor(_TIMESTAMP, _as_text)
_Kept.add_representer(_Day, _as_it_was)


def writer() -> YAML:
    """What writes the tree of a document back, changed where it was changed and else as it was."""
    yaml = YAML()
    yaml.Representer = _Kept
    return yaml


class Document:
    """A YAML text and where each thing in it stands."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        if (what := by_its_beginning(text[:HEAD].encode(errors="replace"))) is not None:
            raise Malformed(fill("{name}: this is {kind}, and a file in YAML is wanted here", name=name, kind=fill(what)))
        if not text.strip():
            raise Malformed(fill("{name} is empty", name=name))
        if len(text) > LONGEST:
            raise Malformed(fill("{name}: longer than {most} characters", name=name, most=LONGEST))
        if _deepest(text) > DEEPEST:
            problem = fill("not YAML: it is nested too deeply: more than {most} lists or maps one inside another", most=DEEPEST)
            raise Malformed(fill("{name} is not YAML", name=name), [Fault(place=name, problem=problem)])
        try:
            parser = YAML()
            parser.Constructor = _AsWritten
            self.tree: Any = parser.load(io.StringIO(text))
            self._value = _plain(self.tree, iter(range(MOST_VALUES)))
        except MarkedYAMLError as error:
            stands = error.context_mark if error.problem == NO_COLON else error.problem_mark
            place = f"{name}:{stands.line + 1}" if stands is not None else name
            lines = text.splitlines()
            line = lines[stands.line] if stands is not None and stands.line < len(lines) else ""
            problem = of_yaml(error.problem or error.context or "unreadable", line)
            raise Malformed(fill("{name} is not YAML", name=name), [Fault(place=place, problem=problem)]) from error
        except ReaderError as error:
            sign = chr(error.character) if isinstance(error.character, int) else ""
            place = f"{name}:{text.partition(sign)[0].count(chr(10)) + 1}" if sign and sign in text else name
            problem = fill(
                mark("a character stands here that no file in YAML may have: {code}"), code=f"U+{ord(sign or chr(0)):04X}"
            )
            raise Malformed(fill("{name} is not YAML", name=name), [Fault(place=place, problem=problem)]) from error
        except (YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:  # ruamel lets these through
            reason = str(error).partition("\n")[0]
            if isinstance(error, RecursionError):
                reason = fill("it is nested too deeply")
            elif error.args and isinstance(error.args[0], Filled):
                reason = error.args[0]
            raise Malformed(
                fill("{name} is not YAML", name=name), [Fault(place=name, problem=fill("not YAML: {reason}", reason=reason))]
            ) from error
        self._halves = [*_halves(self._value, ())]
        """Where half of a character stands in place of one."""
        if self._halves:
            self._value = _whole(self._value)

    @property
    def kind(self) -> str:
        """Which kind of file it says that it is, such as `plan`."""
        return kind_named(self._value.get("vigil")) if isinstance(self._value, dict) else ""

    def read(self, model: type[Record], rules: Iterable[Rule[Record]] = ()) -> Record:
        """The record in the document, nothing converted silently, and right by these rules.

        Raises `Malformed` with every fault at its line: of form, and of the rules whatever stands in place of what has no form;
        or with what it is, where it is a file of another kind.
        """
        self._raise_if_another(model)
        rules = tuple(rules)
        try:
            record = model.model_validate_json(json.dumps(self._value), strict=True, context=BY_HAND)
        except ValidationError as error:
            slips = faults_of(error)
            formless = (*slips, *self._cut_by_commas(slips))
            cases = (
                [[fault for rule in rules for fault in rule(one)] for one in mended(model, self._value, formless)]
                if rules
                else []
            )
            found = [*map(self._explained, slips), *common(cases, formless)]
        else:
            found = [fault for rule in rules for fault in rule(record)]
        found += [Fault(place=".".join(path), problem=fill(HALF)) for path in self._halves]
        if found:
            located = self.located(dict.fromkeys(found))
            many = mark("{name}: {count} faults") if len(located) > 1 else mark("{name}: {count} fault")
            raise Malformed(fill(many, name=self.name, count=len(located)), located)
        return record

    def _raise_if_another(self, model: type[BaseModel]) -> None:
        wanted = get_args(model.model_fields["vigil"].annotation) if "vigil" in model.model_fields else ()
        if wanted and signed_already(self._value):
            hint = mark("what people write is wanted; `vigil open` and `vigil verify` read what is signed")
            raise Malformed(fill("{name}: this is signed, and no file to be edited", name=self.name), hint=hint)
        other = another_kind(self._value.get("vigil"), wanted[0]) if wanted and isinstance(self._value, dict) else None
        if other is not None:
            raise Malformed(fill("{name}: {problem}", name=self.name, problem=other[0]), hint=other[1])

    def _cut_by_commas(self, slips: Iterable[Fault]) -> Iterator[Fault]:
        """Numbers of which a comma cut off the decimals: what is left of each has a form, and is not what was meant."""
        for slip in slips:
            *path, name = slip.place.split(".")
            if (cut := decimal_comma(self._at(path), name)) is not None:
                yield Fault(place=".".join([*path, cut[0]]), problem=slip.problem)

    def _explained(self, fault: Fault) -> Fault:
        """The fault in the words of `domain.plan.slips`, where it comes of a usual slip."""
        path = fault.place.split(".")
        parent, value = self._at(path[:-1]), self._at(path)
        return Fault(place=fault.place, problem=of_form(parent, path[-1], value, fault.problem))

    def _at(self, path: list[str]) -> Any:
        """What stands there in the document, or nothing."""
        node = self.tree
        for part in path:
            if isinstance(node, CommentedMap):
                node = node.get(part)
            elif isinstance(node, CommentedSeq) and part.isdigit() and int(part) < len(node):
                node = node[int(part)]
            else:
                return None
        return node

    def located(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The same faults with file and line before the path, in the order of the file."""
        faults = list(faults)
        placed = [(self.line_of(fault.place.split(".")), fault) for fault in faults if fault.place != REST]
        placed.sort(key=lambda found: found[0])
        located = [Fault(place=f"{self.name}:{line}: {fault.place}", problem=fault.problem) for line, fault in placed]
        return (*located, *(Fault(place=REST, problem=fault.problem) for fault in faults if fault.place == REST))

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

        return line


def _deepest(text: str) -> int:
    """How many brackets are open at once at most, wherever they stand: in words too, where nobody leaves so many open."""
    brackets = [1 if one in "[{" else -1 for one in _BRACKET.findall(text)]
    return max(accumulate(brackets, lambda depth, step: max(depth + step, 0), initial=0))


def _line(node: CommentedMap | CommentedSeq, key: str | int, around: int) -> int:
    """Line of one item, or of what is `around` it where the parser keeps none (a merged key, an ordered map)."""
    try:
        return int(node.lc.data[key][0]) + 1
    except (LookupError, TypeError):
        return around


def _plain(node: Any, room: Iterator[int]) -> Any:
    """Plain lists and dicts, so that a record never depends on how its file was written."""
    if next(room, None) is None:
        raise ValueError(fill("it stands for more than {most} values", most=MOST_VALUES))
    if isinstance(node, dict):
        return {str(key): _plain(value, room) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item, room) for item in node]
    if isinstance(node, int) and abs(node) > LARGEST:
        raise ValueError(fill("a number is too large"))
    if isinstance(node, bool | int | float) or node is None:
        return node
    return str(node)


def _halves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where half of a character stands, which no text has: in a name, or in a value."""
    if isinstance(value, dict):
        for name, one in value.items():
            if _SURROGATE.search(name):
                yield (*path, name)
            yield from _halves(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _halves(one, (*path, str(number)))
    elif isinstance(value, str) and _SURROGATE.search(value):
        yield path


def _whole(value: Any) -> Any:
    """The same with a sign for each half of a character, so that the rest of it can be looked at."""
    if isinstance(value, dict):
        return {_whole(name): _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
