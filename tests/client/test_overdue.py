"""`vigil overdue`: who is silent, in words and for programs, and the note that somebody has taken it over."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from client.commands import overdue
from domain.signing.keys import private_pem
from domain.views.overdue import LAST_PAGE, Overdue
from rehearsal.services import private_key_of
from tests.command import Ran, vigil
from tests.gateway.test_floor import ALL, READER, Night, over
from tests.gateway.test_overdue import ROWS, chased, telephoned


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Night]:
    """A night in which two services are silent, and keys in a folder."""
    for service in (ALL, READER, "audit"):
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    async with over(ROWS) as found:
        found.reception.overdue._directory.replace(telephoned())
        yield found


async def run(at: Night, folder: Path, *words: str, service: str = ALL) -> Ran:
    """The command at this gateway, as an officer."""
    return await vigil("overdue", *words, "--as", service, "--officer", "S-1", "--keys", folder, "--gateway", at.url)


async def test_the_list_says_whom_to_call_about_what(at: Night, tmp_path: Path) -> None:
    """The worst first, with number, hours and what follows; for programs the same as one document; in Russian too."""
    shown = await run(at, tmp_path)
    assert 0 == shown.code, shown.err
    first = ("Call uz.customs first. amber-2 waits", "+998 000 000 00 01", "on duty")
    for said in (*first, "late 3 h ", "nothing by itself: call"):
        assert said in shown.out
    found = (await run(at, tmp_path, "--late", "-o", "json")).json
    assert ["uz.customs", "ru.customs"] == [one["service"] for one in found["silent"]]
    only = (await run(at, tmp_path, "ru.customs", "-o", "json")).json
    assert (1, 2) == (len(only["silent"]), only["services"])
    assert "kz.knb" not in (await run(at, tmp_path, "--state", "RU", service=READER)).out


async def test_a_list_without_end_is_not_followed_for_ever() -> None:
    """A gateway that always shows its first page, and names one more, is asked for as many as there can be."""
    first = Overdue(at="2026-03-02T08:00:00.000000Z", late=0, services=0, silent=(), matching=0, page=1, pages=10**9, beyond=0)
    asked: list[str] = []

    async def endless(question: dict[str, str]) -> Overdue:
        asked.append(question.get("page", "1"))
        assert len(asked) <= LAST_PAGE
        return first

    door: Any = SimpleNamespace(overdue=endless)

    assert LAST_PAGE == len(await overdue._all(door, {}))


async def test_an_officer_takes_a_service_over_once_what_is_signed_was_shown(at: Night, tmp_path: Path) -> None:
    """A dry run signs nothing; then it stands for others, and is given back."""
    dry = await run(at, tmp_path, "uz.customs", "--take", "--dry-run", "-o", "json")
    assert ("uz.customs", None) == (dry.json["note"]["chased"], await chased(at))
    taken = await run(at, tmp_path, "uz.customs", "--take", "--hours", "2", "--yes")
    assert (0, "supervision S-1") == (taken.code, await chased(at))
    assert "uz.customs: S-1 of supervision chases it until" in taken.out
    assert "S-1 of supervision chases it until" in (await run(at, tmp_path)).out
    assert 0 == (await run(at, tmp_path, "uz.customs", "--give-back", "--yes")).code
    assert await chased(at) is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--take",), 2, "say which service, and one of --take and --give-back"),
        (("uz.customs", "--take", "--give-back"), 2, "one of --take and --give-back"),
        (("uz.customs", "--take", "--hours", "13"), 2, "expected 12 or less"),
        (("kz.knb", "--take"), 3, "kz.knb owes nothing now"),
        (("--sort", "due"), 2, "expected one of worst, state"),
        (("--state", "uz"), 2, "did you mean UZ?"),
        (("uz.custom",), 3, "did you mean uz.customs"),
        (("uz.custom", "--take"), 3, "did you mean uz.customs"),
        ((), 5, "not for audit"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_would_be_right(
    at: Night, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """And changes nothing."""
    ran = await run(at, tmp_path, *words, service=ALL if words else "audit")
    assert (code, True) == (ran.code, said in ran.err), ran.err
    assert await chased(at) is None
