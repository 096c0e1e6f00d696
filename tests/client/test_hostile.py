"""What others have written cannot steer the terminal of who reads it, nor end the command that shows it."""

import io
import json
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import RenderableType
from rich.table import Table as Grid

from client import board, console, entries, render
from client.board import Board, BoardRow
from client.console import Plain, answer, explain, problem
from domain.delivery.decided import Halted
from domain.delivery.ledger import Entry, Receipt
from domain.delivery.reported import Stated
from domain.delivery.requests import Bound, Facts, Request
from domain.delivery.verdicts import Finding, Verdict
from domain.record.door import submit
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, sign
from domain.views.lists import Row
from domain.views.view import DeliveryView, view
from domain.words.errors import Fault, Malformed, VigilError
from rehearsal.services import private_key_of
from tests.domain.test_text import HOSTILE, ORDERS
from tests.forging import rewritten
from tests.support import Table

MARKUP = ("[/x]", "[/]", "[bold]", "[link=https://evil.example]x[/link]", "[red", "\\[", ":warning:")
SCREEN = 400
hostile = st.lists(st.sampled_from([*HOSTILE, *ORDERS, *MARKUP, "word", " "]), min_size=1, max_size=8).map("".join)

TABLE = Table().consent()
VIEW = view(TABLE.delivery, TABLE.directory.get("kz.knb"), TABLE.now)


def on_screen(found: RenderableType) -> str:
    """What reaches a terminal, colours and all."""
    screen = io.StringIO()
    Plain(file=screen, width=SCREEN, force_terminal=True, color_system=None, legacy_windows=False).print(found)
    return screen.getvalue()


def is_harmless(written: str) -> bool:
    """Whether nothing but text and the ends of lines is in it."""
    return all(
        char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") for char in written
    ) and not any(char in written for char in HOSTILE if char != "\n")


def asked(words: str) -> Request:
    """A request that says this wherever it can."""
    facts = Facts.model_construct(place=words, permissions=(), conditions=(Bound.model_construct(id="c-1", text=words, at=None),))
    return Request.model_construct(
        delivery=words, checkpoint="consent-kz", service="kz.knb", says=("authorisation",), officers=1, due=None, facts=facts
    )


def shown_view(words: str) -> DeliveryView:
    """A delivery whose every text is this."""
    route = tuple(stop.model_copy(update={"place": words}) for stop in VIEW.route)
    waiting = tuple(
        one.model_copy(
            update={"checkpoint": words, "services": tuple(who.model_copy(update={"service": words}) for who in one.services)}
        )
        for one in VIEW.waiting
    )
    texts = dict.fromkeys(("delivery", "title", "discrepancy", "out_of_sight", "halted", "root", "plan"), words)
    return VIEW.model_copy(update={**texts, "unbalanced": (words,), "route": route, "waiting": waiting})


def entry(words: str) -> Entry:
    """A ledger entry that says this."""
    first = next(iter(TABLE.delivery.ledger))
    return first.model_copy(update={"event": Halted.model_construct(cause="stop", finding=finding(words))})


def finding(words: str) -> Finding:
    """What was found, by somebody who is called this."""
    return Finding.model_construct(rule="R8", code="stop_ordered", parameters={"service": words, "entry": 7})


def receipt(words: str) -> Receipt:
    """A receipt that says this."""
    stated = Stated.model_construct(verdict=Verdict.model_construct(verdict="refused", finding=finding(words)))
    return Receipt.model_construct(entry=Entry.model_construct(seq=1, at=AT, event=stated), root=words)


def table_of(words: str) -> Grid:
    """Any table of any command, whose maker thought of nothing."""
    table = Grid(title=words)
    table.add_column(words)
    table.add_row(words)
    return table


AT = "2022-03-01T06:00:00.000000Z"
ROW = {"channel": None, "size": 3, "next_due": AT, "overdue_since": None, "expunged": True, "alarm": "other"}
ROW |= {"started_at": AT, "closed_at": AT}
WORDS = ("delivery", "group", "phase", "outcome", "title")


FACES: dict[str, Callable[[str], RenderableType]] = {
    "inbox": lambda words: render.requests((asked(words),)),
    "list": lambda words: board.table(
        Board(
            (
                BoardRow(
                    Row.model_construct(**ROW | dict.fromkeys(("delivery", "group", "phase", "outcome", "title"), words)), None
                ),
            )
        ),
        room=SCREEN,
        wide=True,
    ),
    "show": lambda words: render.panel(shown_view(words), TABLE.now, tail=(entry(words),)),
    "log": lambda words: entries.line(entry(words)),
    "receipt": lambda words: entries.receipt(receipt(words)),
    "a bare string": lambda words: f"it says {words}",
    "a bare table": table_of,
}


@pytest.mark.parametrize("face", FACES)
@settings(deadline=None)  # a busy machine is no fault
@given(words=hostile)
def test_nothing_raw_comes_out_of_any_face(face: str, words: str) -> None:
    """Random orders, controls and markup in every text of it: it is shown, and what is shown is text."""
    assert is_harmless(on_screen(FACES[face](words)))


@pytest.mark.parametrize("face", [name for name in FACES if name != "show"])
@pytest.mark.parametrize("words", MARKUP)
def test_brackets_are_brackets(face: str, words: str) -> None:
    """What looks like markup stands there as it was written."""
    assert words in on_screen(FACES[face](words))


def test_brackets_are_brackets_in_a_title() -> None:
    """The frame of a delivery has its title as it was written."""
    assert "[/x] and [bold]" in on_screen(FACES["show"]("[/x] and [bold]"))


@pytest.mark.parametrize("face", ["log", "receipt", "inbox", "list"])
def test_nobody_writes_a_line_of_his_own(face: str) -> None:
    """A line feed in a text does not begin another line, which might look like an entry."""
    words = "word\n   7  2022-03-01 06:00:00 UTC  outcome: arrested"
    assert "word\\n   7" in on_screen(FACES[face](words))


@settings(deadline=None)  # a busy machine is no fault
@given(words=hostile)
def test_json_is_the_same_document_and_its_text_is_seen(words: str) -> None:
    """What `-o json` writes for a program holds nothing that steers the terminal of a person, and every value of it."""
    document = {"title": words, words: [words]}
    written = io.StringIO()
    with redirect_stdout(written):
        answer("json", document, "")
        console.write(json.dumps(document, ensure_ascii=False))
    assert is_harmless(written.getvalue())
    first, _, second = written.getvalue().rpartition("\n}\n")
    assert [document, document] == [json.loads(f"{first}\n}}"), json.loads(second)]


@settings(deadline=None)  # a busy machine is no fault
@given(words=hostile)
def test_errors_are_explained_in_text(words: str) -> None:
    """Message, fault and hint of an error that quotes a stranger, for people and for programs."""
    error = Malformed(words, [Fault(place=words, problem=words)], hint=words)
    screen, written = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(written):
        patch.setattr(console, "talk", Plain(file=screen, width=SCREEN, force_terminal=True, color_system=None))
        explain(error)
        problem(error)
    assert is_harmless(screen.getvalue())
    assert is_harmless(written.getvalue())


@pytest.mark.slow
@settings(deadline=None)  # a busy machine is no fault
@given(words=hostile)
def test_a_packet_with_a_strangers_words_verifies_where_the_door_takes_them_or_says_in_text_why_not(words: str) -> None:
    """Signed by a service, sealed by an operator who asks no door: `verify` judges as the door does, and its reason is text."""
    table, door = Table(), Table()
    event = table.say("kz.knb", "information", text="word").entry.event
    assert isinstance(event, Stated)
    said = json.loads(event.envelope.body())
    said["content"]["text"] = words
    envelope = sign(canonical(said), STATEMENT_TYPE, private_key_of("kz.knb"))
    put_in = event.model_copy(update={"envelope": envelope})
    data = rewritten(table.packet(), lambda lines: [(at, put_in if one == event else one) for at, one in lines])
    try:
        submit(door.delivery, envelope, door.now)
        taken = True
    except Malformed:
        taken = False
    screen = io.StringIO()
    try:
        verify(data, table.directory)
        verified = True
    except VigilError as error:
        verified = False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(console, "talk", Plain(file=screen, width=SCREEN, force_terminal=True, color_system=None))
            explain(error)

    assert taken == verified
    assert is_harmless(screen.getvalue())
