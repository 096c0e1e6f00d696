"""What officers read on a terminal of 80 columns stays inside it, and nothing is cut off: names are typed again from there."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest
from rich.console import RenderableType
from typer.testing import CliRunner

from client import board, cli, console, render
from client.board import Board, BoardRow
from client.card_demands import demands_in_words
from client.commands.evidence import _proof
from client.listing import table_of
from domain.plan.demands import demands
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request, request_for_consent
from domain.record.verify import verify
from domain.views.asked import inbox
from domain.views.floor import FloorQuestion, placed
from domain.views.lists import Row
from domain.views.selection import floor_page
from domain.views.view import view
from tests.floors import glance_of, trouble
from tests.support import Table, example_plan

WIDTH = 80
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at_consent() -> Table:
    """Both States are asked."""
    return Table()


def shown_view(table: Table) -> RenderableType:
    """One delivery, whole."""
    return render.panel(view(table.delivery, table.directory.get("kz.knb"), table.now), table.now)


def shown_inbox(table: Table) -> RenderableType:
    """What a prosecutor decides on, in full."""
    return render.asked_in_full(inbox(table.delivery, "uz.prosecutor", table.now))


def shown_request(table: Table) -> RenderableType:
    """The request before anything has begun."""
    asked, digest = request_for_consent(table.plan, "UZ"), digest_of_request(table.plan, "UZ")
    assert asked is not None
    assert digest is not None
    return render.for_consent(asked, digest)


def shown_list(table: Table) -> RenderableType:
    """A list with a long name."""
    moment, plan = "2026-03-02T08:30:00.000000Z", table.plan
    due = {"next_due": moment, "overdue_since": moment, "started_at": moment, "closed_at": None}
    stands = {"phase": "consent", "outcome": None, "ended": False, "expunged": False, "alarm": "seen", "size": 3}
    name = {"delivery": "the-longest-code-name-that-anybody-gives", "title": plan.title, "group": plan.operation}
    row = Row.model_validate({"whole": True, "channel": "mail"} | name | stands | due)
    seen = glance_of(row.delivery, NOW, title=plan.title, **trouble("overdue", NOW))
    page = floor_page([placed(seen, NOW)], FloorQuestion(), NOW)
    return board.table(Board((BoardRow(row, page.rows[0]), BoardRow(row, None))), WIDTH, NOW)


SCREENS: dict[str, Callable[[Table], RenderableType]] = {
    "delivery": shown_view,
    "inbox": shown_inbox,
    "request": shown_request,
    "list": shown_list,
    "unasked": lambda table: render.sayable(view(table.delivery, table.directory.get("kz.police"), table.now).may_say),
    "law": lambda table: demands_in_words(demands(table.plan, table.cards)),
    "directory": lambda table: table_of(table.directory.shown_to(table.directory.get("kz.knb"), whole=False)),
}


def printed(what: RenderableType, monkeypatch: pytest.MonkeyPatch) -> str:
    """As a terminal of 80 columns shows it."""
    terminal = console.Plain(width=WIDTH)
    monkeypatch.setattr(console, "out", terminal)
    with terminal.capture() as captured:
        terminal.print(what)
    return captured.get()


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_of_an_officer_keeps_to_80_columns(screen: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both languages, and without a cut."""
    monkeypatch.setenv("VIGIL_LANG", language)
    text = printed(SCREENS[screen](at_consent()), monkeypatch)

    assert text.strip()
    assert [] == [line for line in text.split("\n") if len(line) > WIDTH]
    if screen != "delivery":  # the line of the route shows that it is cut
        assert "…" not in text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_check_of_a_plan_keeps_to_80_columns(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each checkpoint with its whole name, and under it each service with what it must say."""
    monkeypatch.setenv("VIGIL_LANG", language)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    plan: Plan = example_plan("almaty-tashkent")
    terminal = console.Plain(width=WIDTH)
    monkeypatch.setattr(console, "out", terminal)
    with terminal.capture() as captured:
        ran = CliRunner().invoke(cli.app, ["plan", "check", "examples/almaty-tashkent/plan.yaml"])
    text = captured.get()

    assert 0 == ran.exit_code, ran.output
    assert [] == [line for line in text.split("\n") if len(line) > WIDTH]
    assert all(re.search(rf"^ {one.id} ", text, re.MULTILINE) for one in plan.checkpoints)
    assert all(f"{need.service}: " in text for one in plan.checkpoints for need in one.requires)
    assert "…" not in text


def test_one_entry_that_is_remarked_is_told_as_one() -> None:
    """The table of what a packet proves counts them; several are told as several."""
    proved = verify(Table().consent().packet())

    def told(*entries: int) -> str:
        screen = console.Plain(file=io.StringIO())
        screen.print(_proof(proved.model_copy(update={"remarked": entries, "other_history": entries}), None, given=False))
        return cast("io.StringIO", screen.file).getvalue()

    assert "entry 66: it counts, and the rules remark something of it" in told(66)
    assert "at entry 66 a service says" in told(66)
    assert "entries 66, 67: each counts" in told(66, 67)
    assert "at entries 66, 67 a service says" in told(66, 67)
