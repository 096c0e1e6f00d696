"""A paper as data: blocks of lines, lines of pieces. Whatever is printed and is no fixed wording says where it comes from.

A piece is fixed wording of the form; a value with its sources; a blank, which is filled by hand or struck out; or a box, which
data alone tick. How it looks is no part of it: `papers/` makes HTML and PDF of it, and both show all of it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

from domain.plan.vocabulary import HandlingCode
from domain.signing.canonical import digest

Source = int | Literal["plan", "directory", "card", "computed"]
"""Where a value comes from: the number of a ledger entry, the plan, the directory, a rule card; or it follows from others."""
Width = Literal[1, 2, 3, 4, 5]
"""Of a blank, from a number to a line."""
CODE_DIGITS = 12


@dataclass(frozen=True)
class Words:
    """Fixed wording of the form, in its language."""

    text: str
    strong: bool = False
    piece: Literal["words"] = "words"


@dataclass(frozen=True)
class Value:
    """What is printed of the data. Raises `ValueError` where nobody says where it comes from."""

    text: str
    sources: tuple[Source, ...]
    strong: bool = False
    unsure: bool = False
    """A provision of law, or what a card says of it, of which nobody has said that the text was read."""
    piece: Literal["value"] = "value"

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("a value that is printed says where it comes from: an entry, the plan, directory, card or computed")


@dataclass(frozen=True)
class Blank:
    """A ruled line: not in the data, to be written in or struck out."""

    width: Width = 3
    caption: str = ""
    piece: Literal["blank"] = "blank"


@dataclass(frozen=True)
class TickBox:
    """A box; data tick it, and nobody else does."""

    ticked: bool = False
    piece: Literal["box"] = "box"


Piece = Words | Value | Blank | TickBox
Line = tuple[Piece, ...]
Style = Literal["text", "left", "small", "note", "subject", "centre", "marking", "handling", "right", "ruling"]


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    line: Line
    style: Style = "text"
    block: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Heading:
    """A heading of a section."""

    line: Line
    block: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Sentence:
    """A numbered sentence of a report. Raises `ValueError` for one that rests on nothing."""

    number: str
    line: Line
    block: Literal["sentence"] = "sentence"

    def __post_init__(self) -> None:
        if not any(isinstance(one, Value) for one in self.line):
            raise ValueError(f"sentence {self.number} rests on no entry, plan, card or computation")


@dataclass(frozen=True)
class Items:
    """A list."""

    lines: tuple[Line, ...]
    ordered: bool = False
    block: Literal["items"] = "items"


@dataclass(frozen=True)
class Fields:
    """Names of fields with what stands in them; numbered ones are ruled like a table."""

    rows: tuple[tuple[Line, tuple[Line, ...]], ...]
    numbered: bool = False
    block: Literal["fields"] = "fields"


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its share of the width, and whether it holds figures."""

    head: Line
    share: int = 1
    figures: bool = False


@dataclass(frozen=True)
class TableRow:
    """A row of a table; one that sums up stands out."""

    cells: tuple[Line, ...]
    total: bool = False


@dataclass(frozen=True)
class Table:
    """A table. `left_out`: how many rows more there are, which it does not print, and where they are."""

    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    left_out: Line = ()
    small: bool = False
    once: bool = False
    """Each row is of one entry, whose number is shown in its first column alone."""
    block: Literal["table"] = "table"

    def __post_init__(self) -> None:
        if any(len(one.cells) != len(self.columns) for one in self.rows):
            raise ValueError("a row of a table has as many cells as the table has columns")


@dataclass(frozen=True)
class Summary:
    """Boxes side by side: a figure, and what it is."""

    cells: tuple[tuple[Line, Line], ...]
    block: Literal["summary"] = "summary"


Shade = Literal["light", "dark", "middle", "none"]


@dataclass(frozen=True)
class TimeBar:
    """A bar of a row, in thousandths of the width."""

    begin: int
    end: int
    shade: Shade
    label: Line = ()


@dataclass(frozen=True)
class BarRow:
    """A row of bars with its name."""

    name: Line
    bars: tuple[TimeBar, ...]


@dataclass(frozen=True)
class Tick:
    """A line across all rows, with its text: a day, an arrest."""

    at: int
    label: Line
    strong: bool = False


@dataclass(frozen=True)
class Bars:
    """A picture of bars along one scale, and what the shades mean."""

    rows: tuple[BarRow, ...]
    ticks: tuple[Tick, ...]
    legend: tuple[tuple[str, Line], ...] = ()
    block: Literal["bars"] = "bars"


Known = Literal["recorded", "planned", "seized"]
"""How it is known that it came to a place: recorded; planned alone; or it was seized there, on the way."""


@dataclass(frozen=True)
class Station:
    """A place on a map, in thousandths of the width from the left; its number, which a table explains, and what stands below."""

    at: int
    number: str
    known: Known
    below: Line = ()


@dataclass(frozen=True)
class MapStretch:
    """Of a map, from one place to the next: who answers for it, as far as it went and to where it was to go."""

    begin: int
    end: int
    gone: int
    """As far as it went; its beginning where it did not."""
    name: Line


@dataclass(frozen=True)
class Strip:
    """One row of a map; the next one goes on where it ends."""

    stretches: tuple[MapStretch, ...]
    stations: tuple[Station, ...]


@dataclass(frozen=True)
class Located:
    """A place of a map by its number, in degrees as the plan says them; and whether the way that leads to it was gone."""

    number: str
    known: Known
    longitude: str
    latitude: str
    gone: bool
    post: str = ""
    """The border or customs post there, where the plan names one."""


@dataclass(frozen=True)
class Map:
    """The way as a picture, place after place: in strips, which know of order alone, and, of the places that are `located`, with
    the States that the way goes through, each by code and name.
    """

    strips: tuple[Strip, ...]
    legend: tuple[tuple[Known, Line], ...]
    located: tuple[Located, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    block: Literal["map"] = "map"


@dataclass(frozen=True)
class Author:
    """Whose paper it is."""

    state: Line
    name: Line
    lines: tuple[Line, ...] = ()
    block: Literal["author"] = "author"


@dataclass(frozen=True)
class Title:
    """The kind of paper, and what it is about."""

    kind: Line
    about: tuple[Line, ...]
    block: Literal["title"] = "title"


@dataclass(frozen=True)
class Dated:
    """Date, place and number in one line."""

    date: Line
    place: Line
    number: Line
    block: Literal["dated"] = "dated"


@dataclass(frozen=True)
class SignatureLine:
    """Who signs by hand."""

    role: Line
    stamp: bool = False


@dataclass(frozen=True)
class Signatures:
    """Lines for signatures and names, which are written by hand; one below the other, or two in a row."""

    signatures: tuple[SignatureLine, ...]
    signature: str
    """What stands below the lines."""
    name: str
    stamp: str
    paired: bool = False
    block: Literal["signatures"] = "signatures"


@dataclass(frozen=True)
class Break:
    """The next page begins here."""

    block: Literal["break"] = "break"


@dataclass(frozen=True)
class Columns:
    """Blocks beside each other."""

    left: "tuple[Block, ...]"
    right: "tuple[Block, ...]"
    ruled: bool = False
    block: Literal["columns"] = "columns"


Block = (
    Paragraph
    | Heading
    | Sentence
    | Items
    | Fields
    | Table
    | Summary
    | Bars
    | Map
    | Author
    | Title
    | Dated
    | Signatures
    | Break
    | Columns
)


@dataclass(frozen=True)
class Paper:
    """One paper, as it is made from one packet by one form in one language: the same for whoever makes it."""

    SCHEMA: ClassVar[str] = "paper/1"

    form: str
    version: int
    """Of the form: another one prints other words."""
    subject: str
    """What of the delivery it is about: a checkpoint, a State; empty where it is about the whole."""
    language: str
    delivery: str
    example: bool
    marking: str
    """The secrecy mark, as its author wrote it; empty where that is left to be written."""
    handling: HandlingCode
    """The strictest code of what is printed in it."""
    running: str
    """What it is called in the foot of each page."""
    blocks: tuple[Block, ...]
    size: int
    """How many entries were there when the newest that it rests on was recorded."""
    root: str
    """Of the ledger as of then."""

    @property
    def name(self) -> str:
        """What it is asked for by."""
        return f"{self.form}.{self.subject}" if self.subject else self.form

    @cached_property
    def data(self) -> dict[str, Any]:
        """All that is printed, as JSON: what the digest is over."""
        found = {"vigil": self.SCHEMA, **{name: getattr(self, name) for name in _COVERED}}
        return found | {"blocks": [asdict(one) for one in self.blocks]}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of that, canonical."""
        return digest(self.data)

    @cached_property
    def code(self) -> str:
        """Twelve digits of it, which can be read aloud: a way to look it up; the digest is the proof."""
        return code_of(self.digest)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Every piece of it, in order."""
        return tuple(_pieces(self.blocks))

    @cached_property
    def entries(self) -> tuple[int, ...]:
        """The entries that it prints something of, in order."""
        return entries_of(self.pieces)

    @cached_property
    def blanks(self) -> int:
        """How many blanks it has, lines for signatures apart."""
        return sum(isinstance(one, Blank) for one in self.pieces)


_COVERED = ("form", "version", "subject", "language", "delivery", "example", "marking", "handling", "running")


def code_of(digest_text: str) -> str:
    """The first 48 bits of a digest as twelve digits."""
    return f"{int(digest_text[:CODE_DIGITS], 16) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def in_groups(code: str) -> str:
    """A code as it is printed."""
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def entries_of(pieces: tuple[Piece, ...]) -> tuple[int, ...]:
    """The entries that these values come from, in order."""
    numbers = {source: None for one in pieces if isinstance(one, Value) for source in one.sources if isinstance(source, int)}
    return tuple(sorted(numbers))


def pieces_of(blocks: tuple[Block, ...]) -> tuple[Piece, ...]:
    """Every piece of these blocks, in order."""
    return tuple(_pieces(blocks))


def _pieces(part: Any) -> Iterator[Piece]:
    """Wherever they stand in it."""
    if isinstance(part, Piece):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _pieces(one)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _pieces(getattr(part, field.name))
