"""`vigil board`: the desk in this machine's browser, signed in, and its link in nobody else's sight."""

import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.signing.keys import private_pem
from rehearsal.services import private_key_of
from tests.command import vigil
from tests.gateway.test_floor import ALL, ROWS, Night, over
from tests.gateway.test_pages import Browser


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Night]:
    """A gateway, and a key of a supervisor."""
    (tmp_path / f"{ALL}.pem").write_bytes(private_pem(private_key_of(ALL)))
    async with over(ROWS) as found:
        yield found


def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A browser that writes down what it is to open, and ends so; the contexts' file is of this test alone."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/opened"\nexit {code}\n')
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    monkeypatch.setenv("VIGIL_CONTEXTS", str(tmp_path / "own" / "contexts.json"))


def opened(tmp_path: Path) -> tuple[str, str, int]:
    """What the browser was told, the page it was led to, and who may read that."""
    told = (tmp_path / "opened").read_text().strip()
    page = Path(told.removeprefix("file://"))
    return told, page.read_text(), stat.S_IMODE(page.stat().st_mode)


async def test_the_desk_opens_signed_in_and_the_browser_is_told_no_link(
    at: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given a page that its owner alone reads, which leads to a link that signs in."""
    browser(tmp_path, monkeypatch, 0)
    ran = await vigil("board", "--as", ALL, "--officer", "S-1", "--keys", tmp_path, "--gateway", at.url)
    assert 0 == ran.code, ran.err
    told, page, mode = opened(tmp_path)
    (token,) = re.findall(r'url=[^"#]+/desk/in#([^"]+)"', page)

    assert told.startswith("file://")
    assert 0o600 == mode
    assert token not in told + ran.out + ran.err
    visitor = Browser(at.http, at.url)
    await visitor.enter(token)
    assert "Watch floor" in await visitor.page("/desk/floor")


async def test_where_no_browser_opens_the_link_is_printed(at: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `vigil sign-in` prints it."""
    browser(tmp_path, monkeypatch, 1)
    ran = await vigil("board", "--as", ALL, "--officer", "S-1", "--keys", tmp_path, "--gateway", at.url)
    assert (0, True) == (ran.code, f"{at.url}/desk/in#" in ran.out), ran.err
