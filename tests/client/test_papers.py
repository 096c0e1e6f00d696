"""Papers from the command line, offline: listed, made and verified from a packet file."""

from pathlib import Path

import pytest

from rehearsal.simulator import World, simulate
from tests.command import vigil
from tests.support import example_cards, example_directory, example_scenario


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example, as it was exported."""
    plan, scenario = example_scenario("almaty-tashkent")
    path = tmp_path_factory.mktemp("papers") / "saxaul-22.packet.json"
    path.write_bytes(simulate(World(plan, example_directory(), example_cards(), scenario, 1)).packet)
    return path


async def test_papers_are_listed_made_and_verified_offline(packet: Path) -> None:
    """From nothing but a packet: which there are, one in two columns, and that it is the one the packet makes."""
    file = packet.with_name("act.html")
    listed = await vigil("paper", "list", packet, "-o", "json")
    made = await vigil("paper", "handover.tashkent-airport", packet, "--lang", "ru-en", "-O", file, "-o", "json")
    proved = await vigil("verify", packet, "--keys-unverified", "--paper", file, "--paper", made.json["code"], "-o", "json")

    assert "handover.tashkent-airport" in [one["name"] for one in listed.json]
    assert [made.json["code"]] * 2 == [one["code"] for one in proved.json["papers"]]
    assert "ПРИМЕР" in file.read_text()


async def test_a_paper_with_one_figure_changed_fails(packet: Path) -> None:
    """Exit code 7, and the figure."""
    file = packet.with_name("changed.html")
    await vigil("paper", "examination.preparation", packet, "--lang", "en", "-O", file)
    file.write_text(file.read_text().replace("13,200", "13,100", 1))
    answer = await vigil("verify", packet, "--keys-unverified", "--paper", file)

    assert 7 == answer.code
    assert "13,100" in answer.err


async def test_a_paper_that_is_named_by_nothing_is_missing(packet: Path) -> None:
    """An empty value is no file here: what is wrong is that none was said."""
    answer = await vigil("verify", packet, "--keys-unverified", "--paper", "")

    assert 2 == answer.code
    assert "--paper says nothing: a value is missing" in answer.err


async def test_what_a_court_may_not_have_is_refused(packet: Path) -> None:
    """Exit code 4, with who is to be asked to permit it."""
    answer = await vigil("paper", "court", packet)

    assert 4 == answer.code
    assert "disclosure_permitted" in answer.err
