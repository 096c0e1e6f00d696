import re
from pathlib import Path

import pytest

from tests.docs.tours import ROOT, commands, folder_with, walked

README = (ROOT / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("usual_ports")
async def test_the_tour_of_the_readme_works_word_for_word(tmp_path: Path) -> None:
    """Every command of the tour, in order, in one shell that stops at the first failure; only `make venv` is skipped."""
    out = await walked(commands(README), folder_with(tmp_path, "examples"))

    assert "uz.prosecutor: authorisation refused" in out
    assert "directory.yaml: every signature, every link, every rule" in out
    assert re.search(r"^outcome +refused", out, re.MULTILINE)


def test_the_commands_it_names_exist() -> None:
    """Both commands at the top are targets of the Makefile, with a line in `make help`."""
    makefile = (ROOT / "Makefile").read_text()
    for name in re.findall(r"^make (\w+) ", README, re.MULTILINE):
        assert re.search(rf"^{name}:.*## ", makefile, re.MULTILINE), name


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """No document it names is missing."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert [] == [link for link in links if not (ROOT / link).exists()]
