"""`vigil shift`: the sheet as text and JSON, and its handover by two officers, each with a folder of keys of their own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from client import submitting
from client.caller import CallerOptions
from client.commands import shifts
from domain.record.handover import Handover, Handovers, handed_in
from domain.signing.envelope import Envelope
from domain.signing.keys import private_pem
from domain.words.errors import Unavailable
from protocol.gateway import Gateway
from tests.command import Ran, vigil
from tests.gateway import test_floor
from tests.gateway.test_floor import ALL, NOW, Night, keep, made
from tests.gateway.test_shift import OFFICERS, watched, with_officers


@dataclass
class Desk:
    """A night, and the machines of two officers."""

    night: Night
    folder: Path

    async def run(self, *words: str, officer: str = "S-1") -> Ran:
        """What the command says to an officer."""
        there = ("--as", ALL, "--officer", officer, "--keys", str(self.folder / officer), "--gateway", self.night.url)
        return await vigil("shift", *words, *there, cwd=self.folder)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Desk]:
    """Six open deliveries."""
    for code, key in OFFICERS.items():
        (tmp_path / code).mkdir()
        (tmp_path / code / f"{ALL}.pem").write_bytes(private_pem(key))
        (tmp_path / code / f"{ALL}.pem").chmod(0o600)
    (tmp_path / "directory.yaml").write_text(with_officers(test_floor.DIRECTORY).model_dump_json(exclude_none=True))
    async with watched(monkeypatch) as night:
        yield Desk(night, tmp_path)


async def test_the_sheet_is_shown_and_handed_over_and_both_signatures_verify(desk: Desk) -> None:
    """As text for people and as JSON for programs; the second officer signs the sheet of the first."""
    shown, told = await desk.run(), await desk.run("--hours", "8", "-o", "json")
    assert 0 == shown.code, shown.err
    assert [line.split()[0] for line in shown.out.splitlines() if "holds it in" in line][:2] == ["birch-3", "amber-2"]
    assert "6 open, 6 on the road, 3 need somebody now" in shown.out
    assert f"heads {told.json['heads']}" in shown.out

    dry = await desk.run("hand-over", "--dry-run", "-o", "json")
    assert (0, "hands_over", True) == (dry.code, dry.json["signed"]["part"], dry.json["dry_run"])
    assert "no shift waits" in (await desk.run("take-over", "--yes", officer="S-2")).err
    given = await desk.run("hand-over", "--yes", "-o", "json")
    waits = await desk.run("former")
    alone = await desk.run("take-over", "--yes")
    taken = await desk.run("take-over", "--yes", officer="S-2")
    former = await desk.run("former", "1", "--directory", "directory.yaml", officer="S-2")

    assert (0, None) == (given.code, given.json["taken_by"])
    assert "waits" in waits.out
    assert "two persons" in alone.err
    assert (0, "handover 1 is closed: the shift is yours") == (taken.code, taken.out.strip())
    assert "both signatures are good by directory.yaml" in former.out
    assert "birch-3" in former.out
    assert given.json["sheet"] in former.out


async def test_a_handover_of_which_the_answer_is_lost_is_told_to_be_closed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same signature is sent again: signed anew it would be told that no shift waits, though it is that officer's already."""
    take_over, lost = Gateway.take_over, iter((True, False))

    async def losing(door: Gateway, signed: Envelope) -> Handover:
        found = await take_over(door, signed)
        if next(lost):
            raise Unavailable("no gateway answers")
        return found

    monkeypatch.setattr(submitting, "PAUSE", 0.01)
    monkeypatch.setattr(Gateway, "take_over", losing)
    await desk.run("hand-over", "--yes")
    caller = CallerOptions(ALL, "S-2", desk.folder / "S-2", desk.night.url)
    await asyncio.to_thread(shifts._take_over, caller, shifts._Signing(yes=True, dry_run=False, output="text"))

    assert "handover 1 is closed: the shift is yours" in capsys.readouterr().out


async def test_the_sheet_that_is_signed_is_the_one_that_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the list says of it: who handed over anew between the two answers, or a gateway, has another sheet signed."""
    handovers, signed = Gateway.handovers, list[Envelope]()

    async def of_another(door: Gateway, before: int | None = None) -> Handovers:
        found = await handovers(door, before)
        assert found.waiting is not None
        return found.model_copy(update={"waiting": found.waiting.model_copy(update={"sheet": "0" * 64})})

    async def noted(door: Gateway, taken: Envelope) -> Handover:
        signed.append(taken)
        return (await door.handover(1)).handover

    monkeypatch.setattr(Gateway, "handovers", of_another)
    monkeypatch.setattr(Gateway, "take_over", noted)
    given = await desk.run("hand-over", "--yes", "-o", "json")
    caller = CallerOptions(ALL, "S-2", desk.folder / "S-2", desk.night.url)
    await asyncio.to_thread(shifts._take_over, caller, shifts._Signing(yes=True, dry_run=False, output="text"))

    assert given.json["sheet"] == handed_in(signed[0]).sheet


async def test_what_changed_meanwhile_is_named_and_nothing_is_closed(desk: Desk) -> None:
    """The second officer is told which delivery, and what it was by the sheet."""
    await desk.run("hand-over", "--yes")
    await keep(desk.night.reads, [made("cedar-1", "overdue")])
    refused = await desk.run("take-over", "--yes", officer="S-2")

    assert refused.code != 0
    assert "has changed since this sheet was made" in refused.err
    assert "cedar-1: needs somebody now, and by the sheet it does not: Overdue" in refused.err
    assert [] == (await desk.run("former", "-o", "json")).json["handovers"]


async def test_a_time_is_read_as_people_say_it_and_refused_without_its_zone(desk: Desk) -> None:
    """With an offset behind it; a supervision has no State whose clock could be meant."""
    earlier = (NOW - timedelta(hours=3)).strftime("%Y-%m-%d %H:%M")
    said = await desk.run("--since", f"{earlier} +00:00", "-o", "json")
    bare = await desk.run("--since", earlier)
    wrong = await desk.run("sheet", "3")

    assert earlier.replace(" ", "T") == said.json["since"][:16]
    assert "put the offset behind it" in bare.err
    assert "belongs to `vigil shift former`" in wrong.err
