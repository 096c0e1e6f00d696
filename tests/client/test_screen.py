"""What stands on the live screen."""

import io

from rich.console import Console

from client import render
from domain.views.view import Awaited, OpenCheckpoint, view
from tests.support import Table


def test_what_a_narrow_screen_does_not_hold_is_cut_with_an_ellipsis() -> None:
    """At 100 columns a long entry and a long route end in an ellipsis, inside the frame; nobody takes a part for the whole."""
    table = Table().consent()
    table.say("uz.police", "stop_requested", reason="danger " * 20)
    stops = tuple(entry for entry in table.delivery.ledger.entries if entry.event.event == "stated")[-3:]
    screen = io.StringIO()
    Console(width=100, soft_wrap=True, file=screen).print(
        render.panel(view(table.delivery, table.directory.get("kz.knb"), table.now), table.now, tail=stops)
    )
    lines = screen.getvalue().splitlines()

    assert {100} == {len(line) for line in lines}
    assert any("danger" in line and line.endswith("… │") for line in lines)
    assert any("Almaty" in line and line.endswith("… │") for line in lines)


def test_on_a_narrow_screen_no_name_is_broken() -> None:
    """At 80 columns who is waited for, and what is asked, stand below one another; at 160 beside one another, a line each."""
    table, name = Table().consent(), "extension.kz.prosecutor.1"
    awaited = Awaited(service="kz.prosecutor", says=("stop_acknowledgement",), standing="received")
    waiting = OpenCheckpoint(
        checkpoint=name, place="", since="2026-03-02T08:30:00Z", due="2026-03-02T20:30:00Z", overdue=False, services=(awaited,)
    )
    found = view(table.delivery, table.directory.get("kz.knb"), table.now).model_copy(update={"waiting": (waiting,)})

    def lines(width: int) -> list[str]:
        screen = io.StringIO()
        Console(width=width, file=screen).print(render.panel(found, table.now))
        return screen.getvalue().splitlines()

    narrow, wide = lines(80), lines(160)
    for word in (name, "stop_acknowledgement", "kz.prosecutor", "2026-03-02 20:30:00 UTC"):
        assert [line for line in narrow if word in line], word
    assert 80 >= max(map(len, narrow))
    assert [] == [line for line in narrow if name in line and "stop_acknowledgement" in line]
    assert [line for line in wide if name in line and "stop_acknowledgement" in line]
