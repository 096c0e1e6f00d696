"""Handing in what was signed: the same statement again until it counts, and statements that travel as files."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from typer.testing import CliRunner

from client import cli, submitting
from client.caller import CallerOptions
from client.submitting import hand_in, kept
from domain.record.receipts import SignedReceipt, opened
from domain.signing.envelope import Envelope
from domain.signing.keys import private_pem
from domain.words.errors import NotAllowed, NotFound, Unavailable, VigilError
from protocol import gateway
from protocol.calls import listening
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.client.conftest import Desk
from tests.client.test_cli import names_in
from tests.command import VIGIL, in_conversation
from tests.installation import stop_by
from tests.support import Table, signed_plan, submitted


async def test_what_no_gateway_takes_is_kept_and_counts_once_when_it_is_handed_in(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R8: a stop given while the gateway is away is in a file, and handed in twice it is one entry."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(submitting, "KEEP_TRYING", 0.0)
    stop = stop_by("uz.police", desk.plan)
    async with aiohttp.ClientSession() as http:
        away = Gateway(http, f"http://127.0.0.1:{free_ports(1)[0]}", "uz.police", private_key_of("uz.police"))
        with pytest.raises(Unavailable, match="no gateway answers") as told:
            await hand_in(away, stop, lambda _text: None)
    file = tmp_path / told.value.hint.split("kept in ")[1].split(":")[0]
    first = await desk.run("submit", file, "-o", "json", service="uz.police")
    again = await desk.run("submit", file, "-o", "json", service="kz.knb")

    assert f"`vigil submit {file.name} --as uz.police`" in told.value.hint
    assert 0o600 == file.stat().st_mode & 0o777
    assert (0, "accepted") == (first.code, first.json["verdict"]["verdict"])
    assert first.json == again.json


async def test_while_the_gateway_is_away_the_same_statement_is_tried_again(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer comes as soon as the gateway is there again, and the officer is told meanwhile."""
    monkeypatch.setattr(submitting, "PAUSE", 0.01)
    stop, heard, door = stop_by("uz.police", desk.plan), [], desk.installation.gateway("uz.police")
    reachable = door.submit
    answers = iter([Unavailable("away"), Unavailable("away")])

    async def flickering(delivery: str, statement: submitting.Envelope) -> object:
        if (error := next(answers, None)) is not None:
            raise error
        return await reachable(delivery, statement)

    monkeypatch.setattr(door, "submit", flickering)
    receipt = await hand_in(door, stop, heard.append)

    assert isinstance(receipt, SignedReceipt)
    assert 2 == len(heard)


async def test_a_gateway_that_hangs_keeps_no_stop_from_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """R8: behind the address one gateway takes the stop and says nothing; the same stop reaches another, and is one entry."""
    monkeypatch.setattr(submitting, "PAUSE", 0.01)
    stop, heard, bodies = stop_by("uz.police", desk.plan), list[str](), list[bytes]()
    door, working = desk.installation.gateway("uz.police"), asyncio.Event()

    async def behind_one_address(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        if len(bodies) == 1:
            monkeypatch.setattr(gateway, "HEARD_WITHIN", 60.0)
            await working.wait()
        receipt = await door.submit(desk.plan.operation, Envelope.model_validate_json(bodies[-1]))
        assert isinstance(receipt, SignedReceipt)
        return web.json_response(receipt.envelope.model_dump(mode="json"))

    monkeypatch.setattr(gateway, "HEARD_WITHIN", 0.2)
    app = web.Application()
    app.router.add_post("/{path:.*}", behind_one_address)
    async with listening(app, "127.0.0.1", free_ports(1)[0], patience=0) as port, aiohttp.ClientSession() as http:
        balanced = Gateway(http, f"http://127.0.0.1:{port}", "uz.police", private_key_of("uz.police"))
        receipt = await hand_in(balanced, stop, heard.append)
        working.set()

    assert isinstance(receipt, SignedReceipt)
    assert [bodies[0]] * 2 == bodies
    assert ["does not answer in time" in one for one in heard] == [True]


@pytest.mark.parametrize("refused", [NotAllowed("the key has ended"), NotFound("there is no such delivery")])
async def test_what_is_refused_once_its_answer_was_lost_is_kept(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: VigilError
) -> None:
    """R8: the first time it may have been recorded: signed anew it would be said twice. It is told as unclear."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(submitting, "PAUSE", 0.01)
    stop, door = stop_by("uz.police", desk.plan), desk.installation.gateway("uz.police")
    answers = iter([Unavailable("the gateway does not answer in time"), refused])

    async def unclear(_delivery: str, _statement: Envelope) -> SignedReceipt:
        raise next(answers)

    monkeypatch.setattr(door, "submit", unclear)
    with pytest.raises(Unavailable, match=refused.message) as told:
        await hand_in(door, stop, lambda _text: None)
    (file,) = (tmp_path / name for name in names_in(tmp_path) if name.endswith(".statement.json"))

    assert stop == kept(file)[0]
    assert f"vigil submit {file.name}" in told.value.hint


async def test_what_is_refused_at_once_is_kept_nowhere(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not recorded, as the gateway has said."""
    monkeypatch.chdir(tmp_path)
    door = desk.installation.gateway("uz.police")

    async def refuses(_delivery: str, _statement: Envelope) -> SignedReceipt:
        raise NotAllowed("the key has ended")

    monkeypatch.setattr(door, "submit", refuses)
    with pytest.raises(NotAllowed):
        await hand_in(door, stop_by("uz.police", desk.plan), lambda _text: None)

    assert not any(name.endswith(".statement.json") for name in names_in(tmp_path))


async def test_who_waits_for_no_answer_any_longer_still_has_what_was_signed(tmp_path: Path) -> None:
    """R8: Ctrl-C while the same stop is tried again ends the command, which says in which file it is: it may be recorded."""
    (tmp_path / "uz.police.pem").write_bytes(private_pem(private_key_of("uz.police")))
    words = ("stop", "saxaul-22", "--reason", "leak", "--as", "uz.police", "--keys", tmp_path)
    away = ("--gateway", f"http://127.0.0.1:{free_ports(1)[0]}")
    code, screen = await in_conversation(
        [("trying again", b"\x03")], *words, *away, cwd=tmp_path, environment={"VIGIL_LANG": "en"}
    )
    (file,) = (tmp_path / name for name in names_in(tmp_path) if name.endswith(".statement.json"))

    assert code, screen
    assert "stop_requested" == kept(file)[1].content.kind
    assert f"vigil submit {file.name}" in " ".join(screen.split())


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP])
async def test_what_was_signed_is_kept_where_the_command_is_asked_to_end_or_its_terminal_is_closed(
    tmp_path: Path, asked: signal.Signals
) -> None:
    """R8: a connection that breaks off takes the terminal with it, while the gateway may have recorded what was signed."""
    (tmp_path / "uz.police.pem").write_bytes(private_pem(private_key_of("uz.police")))
    words = ("stop", "saxaul-22", "--reason", "leak", "--as", "uz.police", "--keys", str(tmp_path))
    away = ("--gateway", f"http://127.0.0.1:{free_ports(1)[0]}", "-o", "json")
    environment = os.environ | {"VIGIL_LANG": "en"}
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under `nohup`
    try:
        process = await asyncio.create_subprocess_exec(VIGIL, *words, *away, cwd=tmp_path, env=environment, stderr=PIPE)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.stderr is not None
    async with asyncio.timeout(60):
        await process.stderr.readuntil(b"trying again")
        process.send_signal(asked)
        _out, err = await process.communicate()
    (file,) = (tmp_path / name for name in names_in(tmp_path) if name.endswith(".statement.json"))

    assert 130 == process.returncode
    assert "stop_requested" == kept(file)[1].content.kind
    assert f"vigil submit {file.name}" in err.decode()


async def test_a_statement_signed_offline_is_carried_and_handed_in(desk: Desk, tmp_path: Path) -> None:
    """`--offline` needs no gateway and leaves one signed file; who carries it hands it in under their own name."""
    words = ("confirm", desk.plan.operation, "nowhere", "place=Astana airport", "--kind", "sighted", "--offline", "-o", "json")
    words = (*words, "--plan", signed_plan(desk.plan).fingerprint())
    signed = await desk.run(*words, service="kz.police", cwd=tmp_path)
    file = tmp_path / signed.json["statement"]
    carried = await desk.run("submit", file, "-o", "json", service="uz.police")

    assert 0 == signed.code
    assert "kz.police" == kept(file)[1].service
    assert carried.json["verdict"]["verdict"] in ("accepted", "refused")
    assert carried.json["statement"] == kept(file)[1].id


async def test_a_receipt_that_cannot_be_kept_is_not_said_to_be_kept(desk: Desk) -> None:
    """What was said counts, and a person is warned; a program that looks for the file would find none."""
    (desk.keys / "receipts").write_text("no folder")
    ran = await desk.run("stop", desk.plan.operation, "--reason", "leak", "-o", "json", service="uz.police")

    assert ("accepted", None) == (ran.json["verdict"]["verdict"], ran.json["kept"])
    assert "the receipt cannot be kept" in ran.err


async def test_a_file_that_is_no_statement_is_refused_with_its_faults(desk: Desk, tmp_path: Path) -> None:
    """Exit code 2, the place named, nothing handed in; a file that is not there has code 3."""
    file = tmp_path / "not.json"
    file.write_text('{"payload": "x"}')
    wrong = await desk.run("submit", file, service="uz.police")
    absent = await desk.run("submit", tmp_path / "nothing", service="uz.police")

    assert (2, 3) == (wrong.code, absent.code)
    assert "payloadType" in wrong.err


def test_an_agreement_travels_as_a_file_from_one_side_to_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R15: the other side signs offline, the initiator puts the file into its own word, and the rules take it for settled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(CallerOptions, "key", lambda caller: private_key_of(caller.service))
    table = Table(alone=False)
    table.deconflict("uz.police")
    (contact,) = table.delivery.state.register.unsettled()

    def signed(service: str, *words: str) -> Path:
        """What `vigil confirm --offline` writes."""
        before = set(tmp_path.iterdir())
        common = ["--offline", "--kind", "conflict_settled", "reference=7/2026", "reason=one arrest for both"]
        plan = ["--plan", table.delivery.state.plan_digest]
        command = ["confirm", table.plan.operation, contact.checkpoint, "--as", service, *common, *words, *plan]
        assert 0 == CliRunner().invoke(cli.app, command).exit_code
        (made,) = set(tmp_path.iterdir()) - before
        return made

    theirs = signed("uz.police", "agreed_with=kz.knb")
    ours = signed("kz.knb", "agreed_with=uz.police", f"agreement={theirs}")

    assert table.is_open(contact.checkpoint)
    assert "accepted" == submitted(table.delivery, kept(ours)[0], table.now).verdict.verdict
    assert () == table.delivery.state.register.unsettled()


def kept_at(path: Path) -> tuple[int, Envelope]:
    """Who may read a file, and the envelope in it."""
    return path.stat().st_mode & 0o777, Envelope.model_validate_json(path.read_bytes())


async def test_a_receipt_is_kept_before_it_is_shown(desk: Desk) -> None:
    """It lies among the keys, for its owner only, signed by the installation; handed in again, it is the same."""
    stopped = await desk.run("stop", desk.plan.operation, "--reason", "leak", "-o", "json", service="uz.police")
    file = Path(stopped.json["kept"])
    mode, envelope = kept_at(file)
    receipt = opened(envelope, desk.installation.directory)

    assert desk.keys / "receipts" / desk.plan.operation / f"{receipt.seq}.json" == file
    assert 0o600 == mode
    assert (stopped.json["statement"], stopped.json["root"]) == (receipt.statement, receipt.root)
