"""What stands on the live screen."""

import io

from rich.console import Console

from client import render
from domain.views.view import view
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
