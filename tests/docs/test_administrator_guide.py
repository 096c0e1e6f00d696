"""docs/administrator.md: what an administrator is told to do works, word for word."""

import re

import pytest

from tests.docs.tours import ROOT, commands, walked

GUIDE = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("usual_ports")
async def test_an_installation_is_made_lost_and_put_back_by_the_commands_of_the_guide() -> None:
    """The doctor finds what is missing, and nothing once it is back; the receipt shows what the restore has lost."""
    out = await walked(commands(GUIDE), ROOT)
    before, _, after = out.partition("restore: done")

    assert ["wrong: 0", "wrong: 1", "wrong: 0"] == re.findall(r"wrong: \d", before)
    assert "no worker asks for work at vigil" in before
    assert ["wrong: 0", "wrong: 0"] == re.findall(r"wrong: \d", after)
    assert "keeps what has ended for 1 days" in before
    assert "keeps what has ended for 1 days" not in after
    for said in (
        "detection reported at detection.1",
        "is of another ledger",
        "holds another receipt for the same entry",
        "2 in all",
    ):
        assert said in after, said


def test_every_link_of_the_guide_leads_somewhere() -> None:
    """No document that it names is missing."""
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", GUIDE)]

    assert [] == [link for link in links if not (ROOT / "docs" / link).exists()]
