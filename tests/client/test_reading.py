"""`vigil reads`, as an auditor runs it: a process of its own, its output and its exit code."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import text
from temporalio.client import Client

from archive.reads import LONGEST_PAGE, Reads
from client.caller import CallerOptions
from client.commands import reads as reading
from domain.plan.plan import Plan
from domain.record.reads import EMPTY, Read, ReadsPage, Shown, Tip, after
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import READS_TYPE, sign
from domain.signing.keys import private_pem
from rehearsal.services import VIGIL, cast, private_key_of
from tests.command import Ran, vigil
from tests.installation import Installation, installed, log_of_reads, renamed
from tests.support import example_directory, example_plan, signed_plan


@dataclass(frozen=True)
class Audit:
    """An auditor's desk: a key, a directory to trust, a memory; and an installation that has shown a few things."""

    installation: Installation
    plan: Plan
    folder: Path

    async def run(self, *words: object) -> Ran:
        """The command."""
        where = ("--as", "audit", "--keys", self.folder, "--gateway", self.installation.url)
        trusted = ("--directory", self.folder / "directory.yaml", "--memory", self.memory)
        return await vigil("reads", *words, *where, *trusted)

    @property
    def memory(self) -> Path:
        """What the auditor has seen."""
        return self.folder / "memory" / "reads.json"

    async def log(self) -> tuple[Read, ...]:
        """The log itself."""
        return (await self.installation.reads.page(0, LONGEST_PAGE)).reads

    async def change(self, *statements: str) -> None:
        """What somebody does who holds the database."""
        async with self.installation.reads._database.writing() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    async def forge(self, reads: tuple[Read, ...], key: str = VIGIL) -> None:
        """The log made anew from these records, well chained and signed."""
        self.installation.reads._tip = tip = EMPTY  # as in a gateway that has just started
        await self.change("DELETE FROM seen", "DELETE FROM reads")
        async with self.installation.reads._database.writing() as connection:
            for one in reads:
                seen = {name: value for name, value in one.model_dump().items() if name not in ("number", "at", "prev")}
                read = Read(**seen, number=tip.count, at=one.at, prev=tip.head)
                tip = after(read)
                values = {"number": read.number, "record": canonical(read).decode()}
                await connection.execute(text("INSERT INTO reads VALUES (:number, :record)"), values)
            envelope = sign(canonical(tip), READS_TYPE, private_key_of(key)).model_dump_json()
            await connection.execute(text("UPDATE tips SET envelope = :envelope"), {"envelope": envelope})


@pytest.fixture
async def audit(temporal: Client, tmp_path: Path) -> AsyncIterator[Audit]:
    """A delivery that an officer and a system have looked at."""
    plan = renamed(example_plan("almaty-tashkent"))
    (tmp_path / "audit.pem").write_bytes(private_pem(private_key_of("audit")))
    async with installed(temporal, plan, None) as installation:
        YAML().dump(plain(installation.directory), tmp_path / "directory.yaml")
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.gateway("kz.knb", "officer-7").ledger(plan.operation)
        await installation.gateway("kz.knb", "officer-7").view(plan.operation)
        await installation.gateway("uz.police").view(plan.operation)
        await installation.gateway("kz.knb", "officer-8").packet(plan.operation)
        yield Audit(installation, plan, tmp_path)


async def test_an_auditor_sees_who_was_shown_what_and_when(audit: Audit) -> None:
    """A line for each: when with its zone, who, role, what, which part; verified and signed."""
    found = await audit.run()
    log = await audit.log()
    lines = found.out.splitlines()

    assert 0 == found.code, found.err
    assert 4 == len(lines) - 1
    for word in ("UTC", "kz.knb, officer officer-7", "service", "ledger", audit.plan.operation, "entries 0 to"):
        assert word in lines[1]
    assert "uz.police, its system" in lines[3]
    assert "for operation" in lines[4]
    assert "4 records" in found.err
    assert ("audit", "reads", 0, 3) == (log[4].service, log[4].action, log[4].first, log[4].last)


async def test_of_one_delivery_and_from_a_number_on(audit: Audit) -> None:
    """The whole is verified, what is asked for is shown; `--since` needs that what is before was verified here."""
    early = await audit.run("--since", "2")
    other = await audit.run("amber-heron")
    this = await audit.run(audit.plan.operation, "--since", "2", "-o", "json")

    assert (2, 0, 0) == (early.code, other.code, this.code)
    assert "has not been verified here" in early.err
    assert "nobody has been shown anything of that" in other.out
    assert [2, 3] == [read["number"] for read in this.json["reads"]]
    assert (True, True, True) == (this.json["verified"], this.json["signed"], this.json["tip"]["count"] > 4)
    assert 0o600 == audit.memory.stat().st_mode & 0o777


async def test_what_another_command_has_seen_meanwhile_is_remembered_too(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another gateway, or farther in this one: else what is taken away there would not be found the next time."""
    look, far = reading._look, Tip(count=1000, head="f" * 64, at="2026-03-02T08:00:00.000000Z")
    who = CallerOptions("audit", None, audit.folder, audit.installation.url)

    async def meanwhile(*asked: Any) -> reading.LogRead:
        found = await look(*asked)
        reading._remember(audit.memory, "http://127.0.0.1:9", far)
        reading._remember(audit.memory, audit.installation.url, far)
        return found

    monkeypatch.setattr(reading, "_look", meanwhile)
    command: Any = reading.reads
    await asyncio.to_thread(command.__wrapped__, who, memory=audit.memory)

    assert {"http://127.0.0.1:9": far, audit.installation.url: far} == reading._remembered(audit.memory)


@dataclass(frozen=True)
class Door:
    """As much of a gateway as the command needs, past HTTP: it gives pages of two, and records that it did."""

    log: Reads

    async def reads(self, since: int = 0, limit: int = 2) -> ReadsPage:
        """A page."""
        found = await self.log.page(since, min(limit, 2))
        await self.log.record(SEEN)
        return found


SEEN = Shown(service="kz.knb", officer="officer-7", key="5" * 32, role="service", action="view", deliveries=("saxaul-22",))
SYSTEM = cast(example_directory(), ()).get(VIGIL)


@pytest.fixture
async def log() -> AsyncIterator[Reads]:
    """A log of four."""
    async with log_of_reads(cast(example_directory(), ())) as found:
        for _ in range(4):
            await found.record(SEEN)
        yield found


async def looked(log: Reads, since: int = 0, known: Tip = EMPTY) -> reading.LogRead:
    """What the command makes of it."""
    return await reading._look(Door(log), since, known, SYSTEM)  # type: ignore[arg-type] - the same method


async def test_pages_are_one_log(log: Reads) -> None:
    """However small the pages, every record comes once; and so from any number on, taken up at the record before it."""
    whole = await looked(log)
    rest = await looked(log, 3, whole.tip)

    assert (None, None) == (whole.wrong, rest.wrong)
    assert [*range(len(whole.reads))] == [read.number for read in whole.reads]
    assert len(whole.reads) >= 4
    assert whole.reads[2:] == rest.reads[: len(whole.reads) - 2]


BROKEN = {
    "a flipped byte": (2, "UPDATE reads SET record = replace(record, 'officer-7', 'officer-6') WHERE number = 1"),
    "the last one": (4, "UPDATE reads SET record = replace(record, 'officer-7', 'officer-6') WHERE number = 3"),
    "a deleted record": (2, "DELETE FROM reads WHERE number = 2"),
    "the first one": (0, "DELETE FROM reads WHERE number = 0"),
    "a record twice": (2, "UPDATE reads SET record = (SELECT record FROM reads WHERE number = 1) WHERE number = 2"),
    "another order": (
        1,
        "UPDATE reads SET number = CASE number WHEN 1 THEN -2 WHEN 2 THEN -1 ELSE number END",
        "UPDATE reads SET number = -number WHERE number < 0",
    ),
    "the end": (2, "DELETE FROM reads WHERE number > 1"),
    "everything": (0, "DELETE FROM reads"),
    "no record": (1, "UPDATE reads SET record = 'nothing' WHERE number = 1"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=[*BROKEN])
async def test_a_log_that_was_changed_is_found_with_the_number(log: Reads, broken: tuple[int, *tuple[str, ...]]) -> None:
    """The number at which it breaks, and what was verified before it."""
    number, *statements = broken
    async with log._database.writing() as connection:
        for statement in ("DELETE FROM seen", *statements):
            await connection.execute(text(statement))
    found = await looked(log)

    assert found.wrong is not None
    assert number == found.wrong.entry
    assert [*range(len(found.reads))] == [read.number for read in found.reads]


async def test_a_changed_log_ends_the_command_with_its_own_code(audit: Audit) -> None:
    """Exit code 7 with the number, one document all the same, and nothing is remembered as seen."""
    await audit.change("UPDATE reads SET record = replace(record, 'officer-7', 'officer-6') WHERE number = 1")
    found = await audit.run("-o", "json")

    assert 7 == found.code, found.err
    assert "entry 2: " in found.err
    assert (False, [0, 1]) == (found.json["verified"], [read["number"] for read in found.json["reads"]])
    assert not audit.memory.exists()


async def test_a_log_put_back_or_made_anew_is_found_by_who_saw_it_before(audit: Audit) -> None:
    """Perfectly chained, signed by the installation's own key, and every gateway started anew since: an auditor remembers. Only
    who has never looked before cannot tell.
    """
    first = await audit.run()
    log = await audit.log()
    await audit.forge(log[:2])
    put_back = await audit.run()
    await audit.forge((log[0].model_copy(update={"officer": "nobody"}), *log[1:]))
    anew = await audit.run()
    audit.memory.unlink()
    stranger = await audit.run()

    assert [0, 7, 7, 0] == [one.code for one in (first, put_back, anew, stranger)]
    for one in (put_back, anew):
        assert "entry 3: it is not the record that was seen here before" in one.err


async def test_a_tip_that_another_has_signed_is_found_by_who_trusts_a_directory(audit: Audit) -> None:
    """Whoever holds the database and not the installation's key cannot make the log anew."""
    await audit.forge((await audit.log())[:3], "kz.knb")
    found = await audit.run()

    assert 7 == found.code
    assert "not signed by vigil" in found.err


async def test_who_is_no_auditor_is_told_so(audit: Audit) -> None:
    """Exit code 5."""
    (audit.folder / "uz.police.pem").write_bytes(private_pem(private_key_of("uz.police")))
    words = ("--as", "uz.police", "--keys", audit.folder, "--gateway", audit.installation.url, "--memory", audit.memory)
    found = await vigil("reads", *words)

    assert 5 == found.code
    assert not audit.memory.exists()
