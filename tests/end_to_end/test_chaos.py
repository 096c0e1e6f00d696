"""The drill that lets everything go wrong under load, and the soak: they find no difference, and would find one."""

import asyncio
import math
import os
import shutil
import socket
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionStatus

from bench.__main__ import PROMPT
from bench.chaos import disks, leftovers
from bench.chaos.__main__ import A_RUN, DoneFile, faults
from bench.chaos.drill import Done, drill, open_folder
from bench.chaos.faults import LINKS, PARTS, RESTARTS, WEIGHTS, Fault, drawn, possible
from bench.chaos.growth import Series
from bench.chaos.held import Case, Records, differences, taken_though_refused
from bench.chaos.installation import Hurt, System, hindrances
from bench.chaos.leftovers import left_of, open_in_temporal, piled_up
from bench.chaos.proxy import Proxy
from bench.chaos.restored import restored
from bench.chaos.traffic import Load
from domain.delivery.ledger import Entry, Receipt
from domain.record.receipts import SignedReceipt, signed
from domain.words.moments import instant
from protocol.calls import listening
from rehearsal.services import VIGIL, private_key_of
from tests.postgresql import is_installed
from tests.support import Table, example_directory, example_plan
from workflows.messages import AWAIT_CONFIRMATIONS, LedgerSize

SEED = 6
LOAD = Load(rate=5.0, length=40)
EACH = (
    Fault(1, "KILL", ("worker", "temporal"), after=0.5),
    Fault(2, "freeze", ("gateway", "service"), after=0.2, lasts=1.5),
    Fault(3, "full", ("temporal",), after=0.2, lasts=1.5),
    Fault(4, "clock", ("gateway",), after=0.2, lasts=1.5, step=86_400),
    Fault(5, "cut", ("worker-temporal", "gateway-database"), after=0.2, lasts=1.0),
    Fault(6, "silent", ("worker-service",), after=0.2, lasts=1.0),
    Fault(7, "TERM", ("gateway", "database"), after=0.2),
    Fault(8, "restarts", ("worker", "gateway"), after=0.2, lives=(0.5, 0.5), by=("KILL", "TERM")),
    Fault(9, "slow", ("services-gateway", "worker-database"), after=0.2, lasts=1.0),
    Fault(10, "outage", ("gateway",), after=0.2, lasts=6.0),
)
"""Of each kind one, and each part is hit. What an outage leaves undone is done in less time than it lasted. That counts from the
kill until something new is accepted, so that the start of the gateway, slow where much else runs, is on the longer side: what is
compared holds on a busy machine too.
"""

Shown = tuple[Sequence[Entry], Sequence[Receipt], LedgerSize]


def shown() -> Shown:
    """A ledger, two receipts of it, and what its workflow states."""
    table = Table()
    receipts = [
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz"),
        table.say("kz.police", "information"),
    ]
    ledger = table.delivery.ledger
    return ledger.entries, receipts, LedgerSize(branch=0, size=len(ledger), root=ledger.root)


def forged(receipt: Receipt, **changed: str) -> Receipt:
    """The receipt, with these fields instead."""
    return receipt.model_copy(update=changed)


def without(entries: Sequence[Entry], seq: int) -> list[Entry]:
    """The ledger, with an entry taken out and those after it moved up."""
    return [one.model_copy(update={"seq": number}) for number, one in enumerate([*entries[:seq], *entries[seq + 1 :]])]


def once_more(entries: Sequence[Entry], seq: int) -> list[Entry]:
    """The ledger, with an entry that stands at its end as well."""
    return [*entries, entries[seq].model_copy(update={"seq": len(entries)})]


def test_a_ledger_that_is_as_the_receipts_and_the_workflow_say_has_no_difference() -> None:
    """What a workflow has recorded, answered and stated agrees."""
    entries, receipts, size = shown()

    assert [] == list(differences(entries, receipts, [size]))


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda entries, held, size: (entries, [forged(held[0], root="0" * 64), *held[1:]], size), "the root at"),
        (lambda entries, held, size: (without(entries, held[0].seq), held, size), "is not that of the receipt"),
        (lambda entries, held, size: (entries[: held[-1].seq], held, size), "is not that of the receipt"),
        (lambda entries, held, size: (once_more(entries, held[0].seq), held, size), "stands 2 times"),
        (lambda entries, held, size: (entries, held, size.model_copy(update={"root": "0" * 64})), "was stated as"),
        (lambda entries, held, size: (entries, held, size.model_copy(update={"branch": 1})), "in branch 1"),
        (lambda entries, held, size: ([*entries[:-2], entries[-1]], held, size), "stands where entry"),
    ],
)
def test_each_planted_difference_is_found(plant: Callable[..., Shown], found: str) -> None:
    """A forged receipt, an entry that is lost or stands twice, and a workflow with another ledger are each told."""
    entries, held, size = plant(*shown())

    assert any(found in one for one in differences(entries, held, [size]))


def test_a_statement_that_was_refused_and_took_effect_is_found() -> None:
    """Its sender was told no after an answer that was lost, and its ledger says yes."""
    entries, held, _ = shown()

    assert [f"statement {held[1].statement} was refused, and stands"] == list(taken_though_refused(entries, {held[1].statement}))
    assert [] == list(taken_though_refused(entries, {"another"}))


@pytest.mark.parametrize(
    ("now", "handed", "found"), [(60.0, 0.0, 0), (60.0, 50.0, 0), (60.0, -30.0, 1), (-3600.0, None, 1), (60.0, None, 0)]
)
def test_a_receipt_whose_moment_is_not_between_call_and_answer_is_found(now: float, handed: float | None, found: int) -> None:
    """`now`: seconds from the entry until it is looked at; `handed`: from when it was handed in until the entry, where that is
    known. An entry is neither older than its statement nor newer than its receipt.
    """
    table = Table(now=datetime.now(UTC) - timedelta(seconds=now))
    receipt = table.say("kz.police", "information")
    records, case = Records(table.directory, lambda: 0.0), Case(table.plan)
    records.cases[receipt.delivery] = case
    if handed is not None:
        case.handed[receipt.statement] = instant(receipt.entry.at) - timedelta(seconds=handed)
    records.keep(SignedReceipt(signed(receipt, private_key_of(VIGIL)), receipt))

    assert found == len(records.differences)


def test_what_has_ended_is_compared_again_in_turn() -> None:
    """A receipt of it that comes later is kept too, and the one that was looked at longest ago is the next."""
    records = Records(example_directory(), lambda: 0.0)
    for number in range(3):
        case = Case(example_plan("almaty-tashkent").model_copy(update={"operation": f"saxaul-{number}"}))
        records.cases[case.plan.operation] = case
        records.ended(case)
    turns = [[one.plan.operation for one in records.next_over(2)] for _ in range(3)]

    assert [["saxaul-0", "saxaul-1"], ["saxaul-2", "saxaul-0"], ["saxaul-1", "saxaul-2"]] == turns
    assert {} == records.cases
    assert case is records.case_of("saxaul-2")


def test_time_in_which_something_is_wrong_is_not_quiet() -> None:
    """A delivery that stands still is told once nothing was wrong for so long, however often something is in between."""
    time = SimpleNamespace(now=0.0)
    records = Records(example_directory(), lambda: time.now)
    records.begin_anew()
    time.now = 10.0
    records.go_wrong()
    time.now = 30.0
    assert 10.0 == records.quiet()
    records.begin_anew()
    time.now = 35.0

    assert 15.0 == records.quiet()


def test_a_fault_is_drawn_from_the_seed_and_its_number_alone() -> None:
    """A run is resumed at any number, and a fault repeated; in three hundred every kind hits everything that it can."""
    first = [drawn(SEED, number) for number in range(1, 301)]

    assert first[200:] == [drawn(SEED, number) for number in range(201, 301)]
    assert {kind for kind, weight in WEIGHTS.items() if weight} == {one.kind for one in first}
    assert {*PARTS, *LINKS} == {name for one in first for name in one.on}
    assert all((one.kind in ("KILL", "TERM")) == (one.lasts == 0.0) for one in first)


def test_restarts_come_in_a_row_where_they_are_asked_for() -> None:
    """The worker and another part, each as often, drawn alike at any time; and the schedule of all kinds has none."""
    found = [drawn(SEED, number, ("restarts",)) for number in range(1, 21)]

    assert found[10:] == [drawn(SEED, number, ("restarts",)) for number in range(11, 21)]
    assert {2 * RESTARTS} == {one.kills + one.asked for one in found}
    assert {"worker"} == {one.on[0] for one in found}
    assert {*PARTS[1:]} == {one.on[1] for one in found}
    assert {"KILL", "TERM"} == {how for one in found for how in one.by}
    assert ("worker", "temporal") == possible(Fault(1, "restarts", ("worker", "database"), 1.0), {}, database=False).on


def test_who_is_asked_to_end_is_not_counted_as_killed() -> None:
    """Only SIGKILL is a kill, an outage among it; a fault of another kind ends nobody."""
    kills = {kind: Fault(1, kind, ("worker", "gateway"), 0.0).kills for kind in WEIGHTS}
    asked = {kind: Fault(1, kind, ("worker", "gateway"), 0.0).asked for kind in WEIGHTS}
    in_a_row = Fault(1, "restarts", ("worker", "gateway"), 0.0, lives=(1.0, 1.0, 1.0), by=("KILL", "TERM", "KILL"))

    assert {"KILL": 2, "outage": 2} == {kind: count for kind, count in kills.items() if count}
    assert {"TERM": 2} == {kind: count for kind, count in asked.items() if count}
    assert (4, 2) == (in_a_row.kills, in_a_row.asked)


def test_what_cannot_be_done_here_is_a_kill_and_the_schedule_stays_what_it_is() -> None:
    """Without root no disk is filled, and without a database's server what would hit it hits Temporal."""
    full, cut = Fault(3, "full", ("database",), 1.0, 2.0), Fault(4, "cut", ("worker-database", "worker-temporal"), 1.0, 2.0)

    assert Fault(3, "KILL", ("database",), 1.0) == possible(full, {"full": "no root"}, database=True)
    assert ("worker-temporal",) == possible(cut, {}, database=False).on
    assert (full, cut) == (possible(full, {}, database=True), possible(cut, {}, database=True))


def test_a_disk_that_is_written_to_meanwhile_is_full_after_another_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size cannot be less than what it holds by then; what never succeeds is an error."""
    sizes: list[str] = []

    def mounted(*words: str) -> None:
        sizes.append(words[1])
        if len(sizes) != 2:
            raise subprocess.CalledProcessError(32, "mount")

    monkeypatch.setattr(disks, "_mount", mounted)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_blocks=100, f_bfree=99 - len(sizes), f_frsize=4096))
    disks.fill(Path("full"))

    assert ["remount,size=4096", "remount,size=8192"] == sizes
    with pytest.raises(subprocess.CalledProcessError):
        disks.fill(Path("full"))


async def test_a_database_that_ended_on_a_full_disk_is_started_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not write its lock file before, and who waited for that would make no room meanwhile."""
    tried: list[str] = []
    ended = SimpleNamespace(process=SimpleNamespace(poll=lambda: 1), start=lambda: tried.append("database"))
    embedded = cast(Hurt, SimpleNamespace(processes={}, database=ended))
    system = System(embedded, example_directory(), PROMPT, Path(), {"database": Path("full")}, ())
    for name in ("fill", "make_room"):
        monkeypatch.setattr(disks, name, lambda _path, name=name: tried.append(name))
    full = Fault(1, "full", ("database",), after=0.0, lasts=1.0)
    await system.begin(full)
    await system.revive()
    await system.end(full)
    await system.revive()

    assert ["fill", "make_room", "database"] == tried


def until(kills: int) -> Namespace:
    """What is asked for: so many processes killed, by nothing but restarts."""
    return Namespace(kills=kills, only=("KILL", "TERM"), archive="postgresql")


def test_a_run_goes_on_where_another_has_ended_and_stops_at_so_many_kills(tmp_path: Path) -> None:
    """The file says what was done; it is read by the next run, which begins with the fault after that."""
    file = DoneFile(tmp_path, SEED, "sqlite", ())
    for fault in faults(until(5), SEED, None, file):
        assert fault.kind in ("KILL", "TERM")
        file.add(Done(fault.number, fault.kind, fault.on, fault.kills, fault.asked, 0.0, 1.0, 1.0))
    again = DoneFile(tmp_path, SEED, "sqlite", ())
    later = next(iter(faults(until(6), SEED, None, again)))

    assert file.done == again.done
    assert 5 <= again.kills <= 6
    assert again.done[-1].number + 1 == again.next == later.number
    assert [] == list(faults(until(5), SEED, None, again))


async def test_the_proxy_cuts_and_falls_silent_and_new_connections_are_as_good_as_ever_after_that() -> None:
    """Whoever was connected when it fell silent hears nothing for ever; who is cut off is told so."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):  # cut
                while data := await reader.read(100):
                    writer.write(data)
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as proxy:
        deaf, into_deaf = await asyncio.open_connection("127.0.0.1", proxy.port)
        into_deaf.write(b"one")
        assert b"one" == await deaf.read(3)
        await proxy.become("silent")
        into_deaf.write(b"two")
        await proxy.become("open")
        heard, into_heard = await asyncio.open_connection("127.0.0.1", proxy.port)
        into_heard.write(b"three")
        assert b"three" == await heard.read(5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(deaf.read(1), 0.1)
        await proxy.become("cut")
        for one in (heard, deaf):
            with pytest.raises(ConnectionResetError):
                await one.read(1)
        for one in (into_deaf, into_heard):
            one.close()

    assert 0 == proxy.connections


def test_growth_is_found_and_noise_is_none() -> None:
    """A line through all that is after the warm-up: what fills up at first, swings or jumps once is steady."""
    moments = [5.0 * number for number in range(200)]

    def grows(value: Callable[[float], float]) -> bool:
        return Series("worker", "memory", moments, [value(one) for one in moments]).grows(warm=300)

    assert not grows(lambda at: 200 + min(at, 300) + 5 * math.sin(at))
    assert not grows(lambda at: 500 if at == 995 else 200)
    assert grows(lambda at: 200 + at / 10 + 5 * math.sin(at))


async def test_what_an_installation_leaves_behind_is_found(tmp_path: Path) -> None:
    """A process that was started with a file of its folder, and a port that still listens."""
    async with listening(web.Application(), "127.0.0.1", 0) as port:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "input()", str(tmp_path), stdin=asyncio.subprocess.PIPE
        )
        left = left_of(tmp_path, [port])
        await process.communicate(b"\n")

    assert [f"process {process.pid} is left", f"port {port} is still open"] == [one.partition(":")[0] for one in left]
    assert [] == left_of(tmp_path, [port])


async def test_what_piles_up_in_a_process_that_rests_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets beyond the bound; a connection that this end has not closed though the other one has; and that it has ended."""
    monkeypatch.setattr(leftovers, "TO_REST", 0.2)
    ends = [socket.socketpair() for _ in range(40)]
    server = socket.create_server(("127.0.0.1", 0))
    caller = socket.create_connection(server.getsockname())
    kept, _ = server.accept()
    port = kept.getsockname()[1]
    caller.close()
    try:
        found = await piled_up({"gateway": os.getpid()})
    finally:
        for one in (server, kept, *(end for pair in ends for end in pair)):
            one.close()

    assert any(one.startswith("gateway has") and one.endswith("sockets while it rests") for one in found)
    assert f"gateway has not closed a connection at port {port}, whose other end has" in found
    assert not any("has not closed" in one for one in await piled_up({"gateway": os.getpid()}))
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    assert ["worker has ended while it should rest"] == await piled_up({"worker": ended.pid})


async def test_a_question_that_nobody_took_back_is_left_of_a_delivery_that_is_over() -> None:
    """One that was asked to end when its delivery did is not: the run that is over takes no note of its end."""
    described = SimpleNamespace(status=WorkflowExecutionStatus.COMPLETED, raw_description=DescribeWorkflowExecutionResponse())
    for state in ("STARTED", "CANCEL_REQUESTED"):
        one = described.raw_description.pending_activities.add(state=f"PENDING_ACTIVITY_STATE_{state}", attempt=1)
        one.activity_type.name = AWAIT_CONFIRMATIONS

    async def describe() -> SimpleNamespace:
        return described

    client = SimpleNamespace(get_workflow_handle=lambda _name: SimpleNamespace(describe=describe))
    left = await open_in_temporal(cast("Client", client), ["saxaul-22"])

    state = "PENDING_ACTIVITY_STATE_STARTED"
    assert [f"saxaul-22 is over, and await_confirmations is open ({state}, attempt 1)"] == left


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a PostgreSQL can run in."""
    path = open_folder()
    yield path
    shutil.rmtree(path)


@pytest.mark.kill
async def test_after_one_fault_of_each_kind_every_receipt_is_in_ledger_archive_workflow_and_packet(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of traffic processes are killed, frozen, cut off, without a disk and without the right time, and runs end: no
    difference, every delivery ends as it may, and nothing is left open. Where a kill took the place of another fault, that is
    said in the end: in CI it is a failure.
    """
    server = is_installed()
    performed = [possible(one, hindrances(), database=server) for one in EACH]
    monkeypatch.setenv("VIGIL_RUN_SECONDS", str(A_RUN))

    found = await drill(folder, SEED, performed, LOAD, asyncio.Event(), postgresql=server)
    said = capsys.readouterr().out

    assert [] == found, said
    assert f"{len(EACH)} faults" in said
    assert "backlog of an outage cleared" in said
    assert set(WEIGHTS) == {one.kind for one in EACH}
    if performed != [*EACH]:
        pytest.skip(f"not of each kind: {'; '.join(hindrances().values()) or 'PostgreSQL is not installed'}")


@pytest.mark.kill
async def test_a_machine_that_is_lost_is_put_back_by_the_scripts_for_administrators(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Databases, attachments, settings and keys are gone; each receipt from before the backup is in its ledger again, with its
    root; the doctor finds nothing wrong, and a new delivery runs to its end.
    """
    found = await restored(folder, LOAD)

    assert [] == found
    assert "are lost" in capsys.readouterr().out


@pytest.mark.kill
async def test_a_forged_receipt_ends_it_with_what_repeats_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A receipt with another root than its ledger's is found after the first fault, and the seed and number are told."""
    monkeypatch.setattr(
        Case, "held", property(lambda case: [forged(one.receipt, root="0" * 64) for one in case.receipts.values()])
    )

    found = await drill(folder, SEED, [Fault(3, "KILL", ("service",), 0.0)], LOAD, asyncio.Event(), postgresql=False)

    assert found
    assert f"--seeds {SEED} --from 3 --to 3" in capsys.readouterr().out
