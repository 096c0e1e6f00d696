"""docs/officer.ru.md: what a Russian officer is told to do works, word for word."""

import re
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from client.cli import app
from tests.docs.tours import ROOT, commands, folder_with, walked

GUIDE = (ROOT / "docs" / "officer.ru.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("usual_ports")
async def test_each_command_of_the_guide_works_in_order_and_answers_in_russian(tmp_path: Path) -> None:
    """From the plan to the packet: consents, preparation, handover, a stop, the history and the proof."""
    out = await walked(commands(GUIDE), folder_with(tmp_path, "examples"))

    for said in (
        "поставка saxaul-22 начата",
        "uz.prosecutor: согласие на проведение дано",
        "Передача принята".lower(),
        "распоряжение об остановке",
        "uz.customs: поставка пресечена, груз изъят",
        "по ключам из",
        "каждая подпись, каждое звено, каждое правило",
    ):
        assert said in out, said


def test_the_guide_names_each_of_its_commands_as_it_is() -> None:
    """Each is one that there is, and those which an officer needs are among them."""
    known = get_command(app)
    names = set(known.list_commands(typer.Context(known)))  # type: ignore[attr-defined]
    named = set(
        re.findall(r"(?:^|`|&& |; do |\(\) \{ )vigil (?:--lang ru |--context almaty )?([a-z][a-z-]*)", GUIDE, re.MULTILINE)
    )

    assert set() == named - names
    assert {"start", "show", "inbox", "confirm", "refuse", "stop", "history", "export", "verify", "submit"} <= named


def test_every_link_of_the_guide_leads_somewhere() -> None:
    """No document that it names is missing."""
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE)

    assert [] == [link for link in links if not (ROOT / "docs" / link).exists()]
