"""What is wrong with a document whatever stands in place of the parts that have no form, so that a slip of the pen hides no rule.

In place of each such part everything is tried that stands elsewhere in the document and has the form that is wanted there, or
nothing at all. What the rules find in every case does not depend on the slip; whatever they find in some only may, and is looked
for once it is mended. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from domain.words.errors import REST, Fault, faults_of
from domain.words.quantities import BY_HAND
from domain.words.text import Filled

Record = TypeVar("Record", bound=BaseModel)

MOST_SLIPS: Final = 12
"""Parts without form that are tried out; a document with more is mended first."""
MOST_TRIED: Final = 12
"""Things that are tried in one place."""
MOST_KNOWN: Final = 500
"""Parts of a document that are tried; no plan of ours has as many."""
ABSENT: Final = object()
"""Nothing in that place."""
WRONG: Final = "stand-in-1"
"""What is no word of any list, and else a text or a service that nobody has."""
_PLAIN: Final[tuple[Any, ...]] = (
    True,
    "12h",
    WRONG,
    "1 kg",
    [WRONG],
    ["goods"],
    "ru",
    {"KZ": True},
    {"KZ": [WRONG]},
    {"scheme": "other", "value": WRONG},
    [{"scheme": "other", "value": WRONG}],
    {"substance": WRONG, "net": "1 kg"},
    {"basis": [WRONG], "channel": "direct", "language": "ru"},
    [{"substance": WRONG, "net": "1 kg"}],
    {"description": WRONG, "extraditable": {"KZ": True}},
    {"KZ": {"basis": [WRONG], "channel": "direct", "language": "ru"}},
    {
        "kind": "goods",
        "goods": ["goods"],
        "identifiers": [{"scheme": "other", "value": WRONG}],
        "declared_as": WRONG,
        "contents": [{"substance": WRONG, "net": "1 kg"}],
        "gross": "1 kg",
    },
    dict.fromkeys(
        [
            "facts",
            "grounds",
            "aim",
            "necessity",
            "concealment",
            "marking",
            "on_loss",
            "costs",
            "exhibits",
            "contact",
            "signed_by",
        ],
        WRONG,
    )
    | {"to": {"KZ": {"basis": [WRONG], "channel": "direct", "language": "ru"}}},
)
"""What is tried beside what the document has: blocks of a plan that people forget among them."""


def mended(model: type[Record], value: Any, faults: Iterable[Fault]) -> Iterator[Record]:
    """The record with what fits in place of each part without form, or of what that is a part of; none where nothing fits."""
    places = [one.place.split(".") for one in faults]
    if len(places) > MOST_SLIPS or [REST] in places:
        return
    fitting: list[tuple[list[str], list[Any]]] = []
    for part in places:
        tries = ((part[:depth], _fitting(model, value, part[:depth])) for depth in range(len(part), 0, -1))
        found = next(((place, fits) for place, fits in tries if fits), None)
        if found is None:
            return
        fitting.append(found)
    for number in range(max(len(fits) for _, fits in fitting)):
        tried = value
        for place, fits in fitting:
            tried = _with(tried, place, fits[number % len(fits)])
        try:
            yield _read(model, tried)
        except ValidationError:
            return


def common(found: Iterable[Sequence[Fault]], slips: Iterable[Fault]) -> list[Fault]:
    """What is found in every case, and not in a place that has no form: what is wrong there is told already."""
    cases = list(found)
    places = [one.place for one in slips]
    everywhere = set(cases[0]).intersection(*cases[1:]) if cases else set()
    return [
        one
        for one in (cases[0] if cases else ())
        if one in everywhere and not any(one.place == place or one.place.startswith(f"{place}.") for place in places)
    ]


def _fitting(model: type[BaseModel], value: Any, place: list[str]) -> list[Any]:
    """What has the form wanted there: nothing, if it may be left out; what stands elsewhere, under the same name first."""
    known = sorted(islice(_parts(value, ""), MOST_KNOWN), key=lambda part: part[0] != _name(place))
    words = (*_words(model, value, place), *_PLAIN)
    different = {json.dumps(one): one for one in (*(part for _, part in known), *words)}
    fits = (one for one in (ABSENT, *different.values()) if not _faulty(model, _with(value, place, one), place))
    return list(islice(fits, MOST_TRIED))


def _words(model: type[BaseModel], value: Any, place: list[str]) -> Iterator[str]:
    """The words of which one is wanted there, as the form says them."""
    try:
        _read(model, _with(value, place, WRONG))
    except ValidationError as error:
        for one in faults_of(error):
            if one.place.split(".") == place:
                yield from re.findall(r"'([^']+)'", one.problem)
                filled = one.problem.filled if isinstance(one.problem, Filled) else {}
                yield from str(filled.get("expected", filled.get("right", ""))).split(", ")


def _faulty(model: type[BaseModel], value: Any, place: list[str]) -> bool:
    """Whether something is wrong there, or further in."""
    try:
        _read(model, value)
    except ValidationError as error:
        return any(one.place.split(".")[: len(place)] == place for one in faults_of(error))
    return False


def _read(model: type[Record], value: Any) -> Record:
    return model.model_validate_json(json.dumps(value), strict=True, context=BY_HAND)


def _name(place: list[str]) -> str:
    return next((part for part in reversed(place) if not part.isdigit()), "")


def _parts(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Everything in a document, with the name that it stands under."""
    if name:
        yield name, value
    for key, part in (
        value.items() if isinstance(value, dict) else ((name, one) for one in value) if isinstance(value, list) else ()
    ):
        yield from _parts(part, key)


def _with(value: Any, place: list[str], new: Any) -> Any:
    """A copy of the document with something else in that place; as it is, where there is no such place."""
    tree = deepcopy(value)
    node = tree
    for part in place[:-1]:
        node = _at(node, part)
    key: Any = place[-1]
    if isinstance(node, list) and key.isdigit() and int(key) < len(node):
        if new is ABSENT:
            return value
        node[int(key)] = new
    elif isinstance(node, dict):
        node.pop(key, None) if new is ABSENT else node.update({key: new})
    return tree


def _at(node: Any, part: str) -> Any:
    if isinstance(node, list) and part.isdigit() and int(part) < len(node):
        return node[int(part)]
    return node.get(part) if isinstance(node, dict) else None
