"""Every single change of a document that its model lets be thought of: each field another, each element of a list taken out, put
in or changed, each value that may be none given or taken away. Made from the model itself, so that a new field is changed by
whoever uses this without anybody remembering it; a type of which no other value is known raises `TypeError`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import chain, islice
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

TRIALS = (
    "walked-name",
    "walked words",
    "ZZ",
    "FR",
    "FRPAR",
    "other.one",
    "kk",
    "108-24-7",
    "EUR",
    "+05:00",
    "2022-03-05T12:00:00+05:00",
    "70.5",
    "0" * 64,
    "1" * 64,
)
"""Texts of which one is of every form there is: tried where the document has no other of the same form."""

FEW = 2
"""How many a list has at least, at most."""
MOST_KNOWN = 2_000
"""Values of a kind of which it is remembered whether they are of it."""

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Edit:
    """What stands at this place instead."""

    path: Path
    value: Any
    what: str
    """Told apart from other edits of the same place."""

    @property
    def name(self) -> str:
        """The place, and what is done there."""
        return f"{'.'.join(map(str, self.path))} {self.what}"

    def made(self, document: M) -> M | None:
        """The document with it; none where that is no such document."""
        try:
            return type(document).model_validate(_put(document, self.path, self.value).model_dump(warnings=False))
        except ValidationError:
            return None


def place(path: Path) -> str:
    """The place, whichever element of its lists it is in."""
    return ".".join("*" if isinstance(one, int) else one for one in path)


def edits(document: BaseModel, known: tuple[str, ...] = ()) -> Iterator[Edit]:
    """Every edit of this document, in a fixed order. `known`: texts that may stand in it beside those that do."""
    return chain.from_iterable(edits for _, edits in edits_by_path(document, known))


def edits_by_path(document: BaseModel, known: tuple[str, ...] = ()) -> Iterator[tuple[Path, Iterator[Edit]]]:
    """The same, path by path. They are made when they are wanted: of thousands one is taken."""
    texts = tuple(dict.fromkeys((*_texts(document), *known, *TRIALS)))
    return _paths((), document, type(document), texts)


def _paths(path: Path, value: Any, kind: Any, texts: tuple[str, ...]) -> Iterator[tuple[Path, Iterator[Edit]]]:
    if isinstance(value, BaseModel):
        for name, inner in _fields(type(value)):
            yield from _paths((*path, name), getattr(value, name), inner, texts)
        yield path, _own(path, value, kind, texts)
        return
    yield path, _own(path, value, kind, texts)
    plain, origin = _bare(kind)
    for number, one in enumerate(value if origin is tuple else ()):
        yield from _paths((*path, number), one, get_args(plain)[0], texts)


def _edits(path: Path, value: Any, kind: Any, texts: tuple[str, ...]) -> Iterator[Edit]:
    """Every edit of this and of what is in it."""
    if isinstance(value, BaseModel):
        for name, inner in _fields(type(value)):
            yield from _edits((*path, name), getattr(value, name), inner, texts)
    yield from _own(path, value, kind, texts, deep=True)


def _own(path: Path, value: Any, kind: Any, texts: tuple[str, ...], *, deep: bool = False) -> Iterator[Edit]:
    """Every other value of this kind that stands one step away. `deep`: edits of the elements of a list too."""
    plain, origin = _bare(kind)
    if path and path[-1] == "id":  # its own name, of which one other is enough
        yield Edit(path, _renamed(value), "= another")
    elif origin is tuple:
        yield from _of_list(path, value, get_args(plain)[0], texts, deep=deep)
    elif origin is dict:
        yield from _of_table(path, value, get_args(plain), texts)
    elif not isinstance(value, BaseModel):
        seen: set[Any] = set()
        for other in _values(value, kind, texts):
            if other not in seen and other != value:
                seen.add(other)
                yield Edit(path, other, f"= {other}")
    if NoneType in get_args(plain) and isinstance(value, BaseModel | tuple):
        yield Edit(path, None, "= None")


def _of_list(path: Path, value: tuple[Any, ...], kind: Any, texts: tuple[str, ...], *, deep: bool) -> Iterator[Edit]:
    for number, one in enumerate(value):
        yield Edit(path, (*value[:number], *value[number + 1 :]), f"without {number}")
        if deep:
            yield from _edits((*path, number), one, kind, texts)
        if isinstance(one, BaseModel) and "id" in type(one).model_fields:
            more = one.model_copy(update={"id": _renamed(one.id)})  # type: ignore[attr-defined]
            yield Edit(path, (*value, more), f"and {number} once more")
            continue
        for other in _edits((), one, kind, texts):
            changed = _put(one, other.path, other.value) if other.path else other.value
            yield Edit(path, (*value, changed), f"and {number} once more, {other.name.strip()}")
    if not value:
        for number, one in enumerate(_values(None, kind, texts)):
            yield Edit(path, (one,), f"given {number}")


def _renamed(name: str) -> str:
    return f"more-{name}"[:40]


def _of_table(path: Path, value: Mapping[Any, Any], kinds: tuple[Any, ...], texts: tuple[str, ...]) -> Iterator[Edit]:
    for key, one in value.items():
        yield Edit(path, {name: kept for name, kept in value.items() if name != key}, f"without {key}")
        for other in _edits((), one, kinds[1], texts):
            changed = _put(one, other.path, other.value) if other.path else other.value
            yield Edit(path, {**value, key: changed}, f"with {key} {other.name.strip()}")
    for key in _values(None, kinds[0], texts):
        if key not in value:
            yield Edit(path, {**value, key: next(iter(_values(None, kinds[1], texts)))}, f"and {key}")


def _values(value: Any, kind: Any, texts: tuple[str, ...]) -> Iterator[Any]:
    """Values of this kind: near to what stands there, or where nothing does, some to begin with."""
    plain, origin = _bare(kind)
    if origin in (Union, UnionType):
        for one in get_args(plain):
            yield from _values(value, one, texts)
    elif plain is NoneType:
        yield None
    elif origin is Literal:
        yield from get_args(plain)
    elif origin is tuple:
        some = tuple(islice(_values(None, get_args(plain)[0], texts), FEW))
        yield next(some[:size] for size in range(FEW + 1) if size == FEW or _fits(kind, some[:size]))
    elif origin is dict:
        names, kinds = (tuple(islice(_values(None, one, texts), 1)) for one in get_args(plain))
        yield from ({name: one} for name in names for one in kinds)
    elif isinstance(plain, type) and issubclass(plain, BaseModel):
        yield from _begun(plain, texts)
    elif plain is bool:
        yield from (True, False)
    elif plain is int:
        yield from _fitting(kind, (value // 2, value + 1, 2 * value) if isinstance(value, int) else (1, 2))
    elif plain is timedelta:
        yield from _fitting(kind, (value / 2, 2 * value) if value is not None else (timedelta(hours=6),))
    elif plain is str:
        yield from TRIALS[:2] if _fits(kind, TRIALS[1]) else _fitting(kind, texts)
    else:
        raise TypeError(f"no other value is known for {kind}")


def _begun(model: type[BaseModel], texts: tuple[str, ...]) -> Iterator[BaseModel]:
    """A model of which only what must be given is."""
    needed = [(name, kind) for name, kind in _fields(model) if model.model_fields[name].is_required()]
    yield model.model_validate({name: next(iter(_values(None, kind, texts))) for name, kind in needed})


def _fitting(kind: Any, values: tuple[Any, ...]) -> Iterator[Any]:
    """Those of these that are of this kind. Raises `TypeError` where none is."""
    found = False
    for one in values:
        if _fits(kind, one):
            found = True
            yield one
    if not found:
        raise TypeError(f"none of {values} is of {kind}")


def _fits(kind: Any, value: Any) -> bool:
    known = _KINDS.get(id(kind))
    if known is None:
        known = _KINDS[id(kind)] = _Known(kind, TypeAdapter(kind))
    if value not in known.found:
        if len(known.found) >= MOST_KNOWN:
            known.found.clear()
        try:
            known.found[value] = bool(known.adapter.validate_python(value) == value)
        except ValidationError:
            known.found[value] = False
    return known.found[value]


@dataclass(frozen=True)
class _Known:
    """What is known of a kind; a plan has few, and asks about the same texts again and again."""

    kind: Any
    adapter: TypeAdapter[Any]
    found: dict[Any, bool] = field(default_factory=dict)


_KINDS: dict[int, _Known] = {}


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """Its fields, each with its kind and what else is said of it."""
    return tuple(
        (name, Annotated[(one.annotation, *one.metadata)] if one.metadata else one.annotation)
        for name, one in model.model_fields.items()
    )


def _bare(kind: Any) -> tuple[Any, Any]:
    """The kind without what is said of it, and what it is made of."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind, get_origin(kind)


def _put(document: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if isinstance(first, int):
        return (*document[:first], _put(document[first], tuple(rest), value), *document[first + 1 :])
    return document.model_copy(update={first: _put(getattr(document, first), tuple(rest), value)})


def _texts(value: Any) -> Iterator[str]:
    """Every text that stands in it."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Mapping):
        yield from value
    elif isinstance(value, str):
        yield value
