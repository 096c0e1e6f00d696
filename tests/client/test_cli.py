"""The `vigil` command as people and programs run it: a process of its own, its output and its exit code."""

import asyncio
import shutil
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.delivery.ledger import Entry, Receipt
from domain.delivery.statement import Seen
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from domain.record.door import read_statement
from domain.record.receipts import signed
from domain.signing.envelope import RECEIPT_TYPE, Envelope, sign
from domain.signing.keys import private_pem, public_text
from domain.signing.tree import Frontier
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.client.conftest import Desk
from tests.command import vigil
from tests.domain.test_chain import with_its_part
from tests.domain.test_left_out import as_for_a_court, invented
from tests.domain.test_packet import keyed, with_service
from tests.installation import renamed
from tests.support import EXAMPLES, Table, example_of

PLAN = EXAMPLES / "almaty-tashkent" / "plan.yaml"


def names_in(folder: Path) -> set[str]:
    """What a folder holds."""
    return {path.name for path in folder.iterdir()}


WHILE_IT_LOADS = """
import os, signal, sys

class CtrlC:
    def find_spec(self, name, path, target=None):
        if name == "client.cli":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from client.entrance import main
main()
"""


async def test_ctrl_c_while_the_command_loads_ends_it_without_a_word() -> None:
    """As a signal ends a program, and without a traceback."""
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", WHILE_IT_LOADS, stderr=asyncio.subprocess.PIPE)
    _out, err = await ended.communicate()
    assert (-signal.SIGINT, b"") == (ended.returncode, err)


async def test_a_plan_without_faults_is_shown_and_documented() -> None:
    """Exit 0; text for people, one JSON document with stable names for programs."""
    text, document = await vigil("plan", "check", PLAN), await vigil("plan", "check", PLAN, "-o", "json")

    assert (0, 0) == (text.code, document.code)
    assert "consent-uz" in text.out
    assert {"plan", "operation", "states", "participants", "demands", "faults", "gaps", "notes"} == set(document.json)
    assert ["KZ", "UZ"] == document.json["states"]


async def test_a_plan_with_several_faults_gets_all_of_them_with_file_and_line(tmp_path: Path) -> None:
    """Exit 2, and each fault says what would be right."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    plan = tmp_path / "examples" / "almaty-tashkent" / "plan.yaml"
    text = plan.read_text()
    plan.write_text(text.replace("CP220322019KZ", "CP220322018KZ").replace("gross: 13.9 kg", "gross: 13,9 kg"))
    form = await vigil("plan", "check", plan)
    plan.write_text(
        text.replace("responsible: uz.customs", "responsible: kz.knb").replace("modality: intact", "modality: removed")
    )
    rules = await vigil("plan", "check", plan)

    assert (2, 2) == (form.code, rules.code)
    assert "plan.yaml:21: consignment.identifiers.0.value: UPU S10: check digit is 8, expected 9" in form.err
    assert "plan.yaml:25: consignment.gross" in form.err
    assert "R4" in rules.err
    assert "" == form.out


async def test_usage_and_missing_files_have_codes_of_their_own(tmp_path: Path) -> None:
    """2 for usage, 3 for a file that is not there, 1 with what to do when no gateway answers."""
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    (tmp_path / "kz.knb.pem").write_bytes(private_pem(private_key_of("kz.knb")))
    usage = await vigil("rehearse")
    missing = await vigil("plan", "check", tmp_path / "no.yaml")
    keyless = await vigil("inbox", "--as", "uz.police", "--keys", tmp_path)
    away = await vigil("inbox", "--as", "kz.knb", "--keys", tmp_path, "--gateway", nowhere)

    assert [2, 3, 3, 1] == [usage.code, missing.code, keyless.code, away.code]
    assert "vigil keys new uz.police" in keyless.err
    assert "vigil up" in away.err
    assert "Traceback" not in usage.err + missing.err + keyless.err + away.err


async def test_a_key_is_made_for_its_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600; the public half stands in the directory, whose comments are kept."""
    directory = example_of(tmp_path, "KZ", "UZ")
    options = ("--plain", "--keys", tmp_path / "keys", "--directory", directory)
    made = await vigil("keys", "new", "kz.police", *options, "-o", "json")
    again = await vigil("keys", "new", "kz.police", *options)
    unknown = await vigil("keys", "new", "xx.nobody", *options)

    outside = await vigil("keys", "new", "../../evil", *options)

    assert [0, 2, 3, 2] == [made.code, again.code, unknown.code, outside.code]
    assert 0o600 == stat.S_IMODE((tmp_path / "keys" / "kz.police.pem").stat().st_mode)
    assert made.json[0]["public"] in directory.read_text()
    assert directory.read_text().startswith("# EXAMPLE.")


async def test_keys_are_made_for_all_services_or_for_none(tmp_path: Path) -> None:
    """One service that is not in the directory, a second installation, or a directory with a fault: no key file is written."""
    directory = example_of(tmp_path, "KZ", "UZ")
    before, options = directory.read_text(), ("--plain", "--keys", tmp_path / "keys", "--directory", directory)
    unknown = await vigil("keys", "new", "kz.police", "xx.nobody", *options)
    untouched = directory.read_text()
    installation = await vigil("keys", "new", "vigil", "--installation", *options)
    second = await vigil("keys", "new", "other", "--installation", *options)
    known = directory.read_text()
    directory.write_text("vigil: directory/9")
    faulty = await vigil("keys", "new", "kz.police", *options)

    assert [3, 0, 3, 2] == [unknown.code, installation.code, second.code, faulty.code]
    assert untouched == before
    assert 1 == known.count("kind: system")
    assert ["vigil.pem"] == [path.name for path in (tmp_path / "keys").iterdir()]


@pytest.mark.core
async def test_an_officer_finds_confirms_and_refuses(desk: Desk) -> None:
    """From the inbox to a receipt; a field that is missing is named and nothing is sent; a refusal halts the delivery."""
    name = desk.plan.operation
    inbox = await desk.run("inbox", "-o", "json", service="kz.prosecutor")
    full = await desk.run("inbox", name, service="kz.prosecutor")
    incomplete = await desk.run("confirm", name, "consent-kz", "reference=KZ-17", service="kz.prosecutor")
    confirmed = await desk.run(
        "confirm", name, "consent-kz", "reference=KZ-17", "granted_by_role=prosecutor", "legal_basis=art. 1", "-o", "json",
        service="kz.prosecutor",
    )  # fmt: skip
    refused = await desk.run("refuse", name, "consent-uz", "--reason", "danger", service="uz.prosecutor")
    shown = await desk.run("show", name, "-o", "json", service="kz.knb")

    assert ["consent-kz"] == [one["checkpoint"] for one in inbox.json["requests"] if one["delivery"] == name]
    assert f"{name}, consent-kz: the request" in full.out
    assert str(digest_of_request(desk.plan, "KZ")) in full.out
    assert 2 == incomplete.code
    assert "granted_by_role" in incomplete.err
    assert (0, "accepted") == (confirmed.code, confirmed.json["verdict"]["verdict"])
    assert 0 == refused.code
    assert shown.json["halted"].startswith("R1: UZ does not consent")


async def test_what_breaks_a_rule_is_told_with_its_number_and_code_four(desk: Desk) -> None:
    """The receipt is on standard output, the rule on standard error."""
    ran = await desk.run("confirm", desk.plan.operation, "departure", "--kind", "sighted", "place=road", "-o", "json",
                         service="uz.police")  # fmt: skip

    assert (4, "R4") == (ran.code, ran.json["verdict"]["finding"]["rule"])
    assert "R4" in ran.err


@pytest.mark.core
async def test_anyone_stops_and_the_history_says_who(desk: Desk) -> None:
    """A stop by the coordinator; the ledger as lines and as JSON; list shows it halted in due course."""
    name = desk.plan.operation
    stopped = await desk.run("stop", name, "--reason", "leak", service="caricc")
    history = await desk.run("history", name, service="kz.knb")
    entries = await desk.run("history", name, "-o", "json", service="kz.knb")
    listed = await desk.run("list", service="kz.knb")

    assert 0 == stopped.code
    assert "caricc: stop ordered: leak" in history.out
    assert "UTC" in history.out
    assert "\x1b[" not in history.out
    assert [entry["seq"] for entry in entries.json] == list(range(len(entries.json)))
    assert name in listed.out


async def test_a_russian_reader_is_answered_in_russian(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a rule refuses and why, the ledger, and what the gateway says is to be done."""
    name = desk.plan.operation
    monkeypatch.setenv("VIGIL_LANG", "ru")
    refused = await desk.run("confirm", name, "departure", "--kind", "sighted", "place=road", service="uz.police")
    history = await desk.run("history", name, service="kz.knb")
    nowhere = await desk.run("show", "nowhere-1", service="kz.knb")

    assert (4, 0, 3) == (refused.code, history.code, nowhere.code)
    assert "vigil: поставки nowhere-1 здесь для вас нет\n  ваши показывает `vigil list`" in nowhere.err
    assert refused.out.startswith("ОТКЛОНЕНО [R4] ")
    assert "R4: uz.police сейчас не является ответственным органом" in refused.err
    assert "записано как отклонённое" in refused.err
    assert "поставка начата по подписанному плану" in history.out


async def test_waiting_has_an_end(desk: Desk) -> None:
    """Exit 6 when it takes too long, 2 when the span is no span."""
    late = await desk.run("wait", desk.plan.operation, "--timeout", "300ms", service="kz.knb")
    wrong = await desk.run("wait", desk.plan.operation, "--timeout", "soon", service="kz.knb")

    assert (6, 2) == (late.code, wrong.code)
    assert "did not come within" in late.err


async def test_waiting_for_a_checkpoint_that_cannot_come_ends_at_once(desk: Desk) -> None:
    """Exit 3 with the names the plan has; one that a rule may open is waited for; after the end, one that never closed is 3."""
    name = desk.plan.operation
    nosuch = await desk.run("wait", name, "--checkpoint", "nosuch", service="kz.knb")
    unforeseen = await desk.run("wait", name, "--checkpoint", "stop.interdiction", "--timeout", "300ms", service="kz.knb")
    await desk.run("stop", name, "--reason", "leak", service="caricc")
    await desk.installation.opened(desk.plan, "stop.interdiction")
    await desk.run("confirm", name, "stop.interdiction", "gross=13.9 kg", "seals_intact=yes", "place=Almaty", service="kz.police")
    for service in set(desk.plan.participants()) - {"caricc"}:
        await desk.run("confirm", name, "stop.acknowledged", service=service)
    ended = await desk.run("wait", name, "-o", "json", service="kz.knb")
    never = await desk.run("wait", name, "--checkpoint", "departure", service="kz.knb")

    assert [3, 6, 0, 3] == [nosuch.code, unforeseen.code, ended.code, never.code]
    assert "consent-kz, consent-uz" in nosuch.err
    assert "ended" == ended.json["phase"]
    assert "no checkpoint departure closed" in never.err


@pytest.mark.core
async def test_an_outsider_gets_not_found(desk: Desk) -> None:
    """Exit 3, as for a delivery that does not exist; 5 with a key that is not in the directory."""
    (desk.keys / "tj.customs.pem").write_bytes(private_pem(private_key_of("tj.customs")))
    (desk.keys / "ru.police.pem").write_bytes(private_pem(private_key_of("ru.police")))
    outside = await desk.run("show", desk.plan.operation, service="tj.customs")
    unknown = await desk.run("show", desk.plan.operation, service="ru.police")

    assert (3, 5) == (outside.code, unknown.code)


def envelope_in(path: Path) -> Envelope:
    """What a file of a receipt holds."""
    return Envelope.model_validate_json(path.read_bytes())


def in_its_place(path: Path, receipt: Receipt) -> Path:
    """This receipt is kept instead of the one in the file, signed by the installation."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    other = path.with_name(f"{receipt.seq}.json")
    other.write_text(signed(receipt, private_key_of(VIGIL)).model_dump_json())
    return other


def as_signed_by(receipt: Path, service: str, file: Path) -> None:
    """Into this file, the same receipt as a service would have to sign it that is not the installation."""
    file.write_text(sign(envelope_in(receipt).body(), RECEIPT_TYPE, private_key_of(service)).model_dump_json())


def trusting(desk: Desk, folder: Path) -> tuple[object, ...]:
    """The words that give the directory that everybody here trusts."""
    file = folder / "trusted.yaml"
    file.write_text(desk.installation.directory.model_dump_json())
    return "--directory", file


async def test_a_packet_is_exported_and_verified_offline(desk: Desk, tmp_path: Path) -> None:
    """Exit 0 with what it proves; with one bit flipped 7; a folder of receipts that fit, and one that nobody signed."""
    name = desk.plan.operation
    file, forged = tmp_path / "packet.json", tmp_path / "receipt.json"
    stopped = await desk.run("stop", name, "--reason", "leak", "-o", "json", service="caricc")
    receipt = Path(stopped.json["kept"])
    exported = await desk.run("export", name, "-f", file, service="kz.knb")
    trusted = trusting(desk, tmp_path)
    proved = await vigil("verify", file, *trusted, "--receipts", receipt.parent, "-o", "json")
    as_signed_by(receipt, "caricc", forged)
    other = await vigil("verify", file, *trusted, "--receipts", receipt.parent, "--receipts", forged)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    flipped = await vigil("verify", file, *trusted)

    assert (0, 0, 7, 7) == (exported.code, proved.code, other.code, flipped.code)
    assert 1 == proved.json["receipts"]
    assert "a receipt of yours is none of this installation" in other.err
    assert {"delivery", "outcome", "ended", "size", "root", "statements", "refused", "signers", "sealed_by"} <= set(proved.json)
    assert proved.json["verified"] is True
    assert "a byte was changed" in flipped.err


async def test_a_packet_is_verified_against_a_directory_that_one_trusts_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    """Exit 7 without one. The first line says whose keys it was verified against; `--keys-unverified` proves no signer."""
    file = tmp_path / "packet.json"
    await desk.run("export", desk.plan.operation, "-f", file, service="kz.knb")
    alone = await vigil("verify", file)
    trusted = (*trusting(desk, tmp_path), "--cards", EXAMPLES / "cards")
    proved = await vigil("verify", file, *trusted, "--against", file)
    believed = await vigil("verify", file, "--keys-unverified")
    (tmp_path / "none").mkdir()
    lawless = await vigil("verify", file, *trusted[:2], "--cards", tmp_path / "none")

    assert (7, 0, 0, 7) == (alone.code, proved.code, believed.code, lawless.code)
    assert "stands only in the packet itself" in alone.err
    assert "--keys-unverified" in alone.err
    assert "trusted.yaml" in proved.out.splitlines()[0]
    assert "the packet itself" in believed.out.splitlines()[0]
    assert "NOT PROVED" in believed.out
    assert "you trust none of that State" in lawless.err


async def test_two_packets_of_one_delivery_that_part_are_found(desk: Desk, tmp_path: Path) -> None:
    """Two States compare what each was given: exit 7 at the entry where the histories part."""
    file, other = tmp_path / "packet.json", tmp_path / "other.json"
    await desk.run("export", desk.plan.operation, "-f", file, service="kz.knb")
    table = Table(desk.plan)
    table.say("caricc", "stop_requested")
    other.write_bytes(table.packet())
    parted = await vigil("verify", file, *trusting(desk, tmp_path), "--against", other)

    assert 7 == parted.code
    assert "two histories of one delivery" in parted.err


async def test_a_part_that_was_made_with_invented_keys_is_refused(tmp_path: Path) -> None:
    """What is trusted of the whole is trusted of its parts, and nothing else: exit 7, though by its own keys it verifies."""
    table, _, part = with_its_part()
    whole, of_it, directory = tmp_path / "whole.json", tmp_path / "part.json", tmp_path / "directory.json"
    whole.write_bytes(table.packet())
    of_it.write_bytes(part.packet)
    its_own = public_text(private_key_of("caricc, who has signed nothing of the whole"))
    true = with_service(table.directory, "caricc", lambda known: keyed(known, "caricc", public=its_own))
    directory.write_text(true.model_dump_json())
    alone = await vigil("verify", whole, "--directory", directory)
    believed = await vigil("verify", whole, "--keys-unverified", "--part", of_it)
    refused = await vigil("verify", whole, "--directory", directory, "--part", of_it)

    assert [0, 0, 7] == [alone.code, believed.code, refused.code]
    assert "of caricc is not in the directory you trust" in refused.err


async def test_what_contradicts_a_receipt_is_an_alarm(desk: Desk, tmp_path: Path) -> None:
    """Whoever holds a receipt of another history is alarmed by each command that shows this one, and it ends with code 7."""
    name = desk.plan.operation
    stopped = await desk.run("stop", name, "--reason", "leak", "-o", "json", service="caricc")
    other = Table(desk.plan)
    other.consent()
    answer = other.say("caricc", "stop_requested", id=stopped.json["statement"])
    place = in_its_place(Path(stopped.json["kept"]), answer)
    exported = await desk.run("export", name, "-f", tmp_path / "packet.json", service="kz.knb")
    history = await desk.run("history", name, service="kz.knb")
    verified = await vigil("verify", tmp_path / "packet.json", "--keys-unverified", "--keys", desk.keys)
    shutil.rmtree(place.parent)
    quiet = await desk.run("history", name, service="kz.knb")

    assert [7, 7, 7, 0] == [one.code for one in (exported, history, verified, quiet)]
    assert all("contradicts your receipt" in one.err for one in (exported, history))
    assert "is of another ledger" in verified.err
    assert (tmp_path / "packet.json").exists()
    assert "stop ordered: leak" in history.out


async def test_what_is_verified_says_which_receipts_it_has_checked(desk: Desk, tmp_path: Path) -> None:
    """Those beside the keys count where the installation has signed them; one that somebody else has is an alarm and no receipt.
    The command's own folder can be named: receipts of other deliveries are counted and passed over.
    """
    name, file = desk.plan.operation, tmp_path / "packet.json"
    kept = Path((await desk.run("stop", name, "--reason", "leak", "-o", "json", service="caricc")).json["kept"])
    await desk.run("export", name, "-f", file, service="kz.knb")
    other = Table(renamed(desk.plan))
    in_its_place(kept.parent.with_name(other.plan.operation) / "0.json", other.say("caricc", "stop_requested"))
    words = (*trusting(desk, tmp_path), "--receipts", kept.parents[1])
    proved, document = await vigil("verify", file, *words), await vigil("verify", file, *words, "-o", "json")
    (tmp_path / "none").mkdir()
    nothing = await vigil("verify", file, *words[:2], "--receipts", tmp_path / "none", "--keys", tmp_path / "none")
    as_signed_by(kept, "caricc", kept)
    alone = await vigil("verify", file, *words[:2], "--keys", desk.keys, "-o", "json")

    assert (0, 0, 7) == (proved.code, document.code, alone.code)
    assert "1: each is signed with one of these keys, and of this ledger" in proved.out
    assert "receipts of other deliveries: 1" in proved.out
    assert "none of this delivery is among those you gave" in nothing.out
    assert (1, 1) == (document.json["receipts"], document.json["foreign_receipts"])
    assert 0 == alone.json["receipts"]
    assert f"the receipt in {kept} proves nothing" in alone.err


async def test_receipts_of_which_none_proves_anything_are_one_alarm(desk: Desk, tmp_path: Path) -> None:
    """However many are kept, what is wrong with all of them is said once, with their number and the first."""
    name, file = desk.plan.operation, tmp_path / "packet.json"
    kept = [Path((await desk.run("stop", name, "--reason", why, "-o", "json", service="caricc")).json["kept"]) for why in "ab"]
    await desk.run("export", name, "-f", file, service="kz.knb")
    for one in kept:
        as_signed_by(one, "caricc", one)
    verified = await vigil("verify", file, *trusting(desk, tmp_path), "--keys", desk.keys)

    assert verified.code == 7
    assert 1 == verified.err.count("ALARM")
    assert f"2 receipts prove nothing, {kept[0]} the first" in verified.err


async def test_what_rests_on_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Whoever reads what `verify` says of a packet for a court sees whose word that is, and what was refused for it."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="kz-knb-stops"))
    stop = table.say("kz.knb", "stop_requested", id="kz-knb-stops")
    (tmp_path / "packet.json").write_bytes(as_for_a_court(table))
    verified = await vigil("verify", tmp_path / "packet.json", "--keys-unverified", "--keys", tmp_path)
    assert "so says who sealed it" in verified.out
    assert f"NOT PROVED {stop.seq} rest on" in " ".join(verified.out.split()).replace("entries ", "")


async def test_a_forked_history_is_not_signed_by_its_victim(desk: Desk) -> None:
    """Whoever holds a receipt of another history consents to nothing of this one: an alarm, exit code 7, and nothing is signed.
    `--unseen` signs and names nothing; a stop is signed all the same, and names what the receipt proves.
    """
    name, fields = desk.plan.operation, ("reference=1", "granted_by_role=prosecutor", "legal_basis=art. 1")
    said = await desk.run("inform", name, "a tip", "-o", "json", service="kz.prosecutor")
    place = in_its_place(Path(said.json["kept"]), forked(desk.plan, said.json["seq"]))
    held = Receipt.model_validate_json(envelope_in(place).body())
    consent = await desk.run("confirm", name, "consent-kz", *fields, service="kz.prosecutor")
    stop = await desk.run("stop", name, "--reason", "leak", "-o", "json", service="kz.prosecutor")
    unseen = await desk.run("inform", name, "a tip", "--unseen", "-o", "json", service="kz.prosecutor")
    history = await desk.run("history", name, "-o", "json", service="kz.knb")
    said_by_it = [one["seq"] for one in history.json if one["event"]["event"] == "stated" and by(one) == "kz.prosecutor"]
    seen = [seen_in(history.json[one.json["seq"]]) for one in (stop, unseen)]

    assert [7, 7, 0] == [one.code for one in (consent, stop, unseen)]
    assert "vigil: nothing was signed: " in consent.err
    assert all("ALARM" in one.err and "what is shown of" in one.err for one in (consent, stop))
    assert said_by_it[1:] == [one.json["seq"] for one in (said, stop, unseen)]  # after it has let the register be looked into
    assert [Seen(size=held.size, root=held.root), None] == seen


def forked(plan: Plan, seq: int) -> Receipt:
    """A receipt of another history of a delivery, for the entry of this number."""
    other = Table(plan)
    while (receipt := other.say("kz.prosecutor", "information", text="a tip")).seq < seq:
        pass
    return receipt


def by(entry: Any) -> str:
    """Who said what is in an entry."""
    return read_statement(Envelope.model_validate(entry["event"]["envelope"])).service


def seen_in(entry: Any) -> Seen | None:
    """What the statement in an entry says that its service had seen."""
    return read_statement(Envelope.model_validate(entry["event"]["envelope"])).seen


async def test_a_statement_names_what_its_service_has_compared(desk: Desk) -> None:
    """A stop without a receipt looks at the delivery; then the ledger goes on from the newest receipt, entry by entry, up to what
    is shown, and how far is remembered beside the receipts.
    """
    name = desk.plan.operation
    first = await desk.run("stop", name, "--reason", "leak", "-o", "json", service="uz.police")
    second = await desk.run("inform", name, "a tip", "-o", "json", service="uz.police")
    history = await desk.run("history", name, "-o", "json", service="kz.knb")
    known = Frontier()
    leaves = [bytes.fromhex(Entry.model_validate(one).leaf()) for one in history.json]
    stop, tip = (seen_in(history.json[one.json["seq"]]) for one in (first, second))
    assert stop is not None
    assert tip is not None
    for leaf in leaves[: tip.size]:
        known.append(leaf)

    assert stop.size <= first.json["seq"] < tip.size <= second.json["seq"]
    assert known.root().hex() == tip.root
    assert '"size":' in (Path(first.json["kept"]).parent / "compared").read_text()


async def test_a_rehearsal_is_one_json_document(tmp_path: Path) -> None:
    """The whole system as processes: as expected, verified, its files kept, talk on standard error only."""
    ran = await vigil("rehearse", PLAN, "--scenario", EXAMPLES / "destination-refuses" / "scenario.yaml", "--seed", 3,
                      "--keep", tmp_path / "kept", "-o", "json")  # fmt: skip

    assert 0 == ran.code
    assert {"delivery", "outcome", "statements", "refused", "ledger_root", "packet", "verified"} <= set(ran.json)
    assert ("refused", True, True) == (ran.json["outcome"], ran.json["verified"], ran.json["as_expected"])
    assert ran.json["packet"] in map(str, (tmp_path / "kept").iterdir())
    assert "uz.prosecutor: authorisation refused" in ran.err


@pytest.mark.slow
async def test_a_rehearsal_that_ends_otherwise_than_expected_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1: the scenario is a test with an expectation. What it left is kept, and it says where."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    scenario = tmp_path / "scenario.yaml"
    text = (EXAMPLES / "destination-refuses" / "scenario.yaml").read_text()
    scenario.write_text(text.replace("outcome: refused", "outcome: delivered_with_arrests"))
    ran = await vigil("rehearse", PLAN, "--scenario", scenario, "-o", "json")
    folder = Path(ran.json["packet"]).parent

    assert (1, False) == (ran.code, ran.json["as_expected"])
    assert "the scenario expects delivered_with_arrests" in ran.err
    assert f"everything it left is in {folder}" in ran.err
    assert {"temporal.db", "worker.log", "saxaul-22.packet.json"} <= names_in(folder)


@pytest.mark.slow
async def test_a_rehearsal_leaves_its_packet_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --keep: the packet that it names can be opened afterwards; database, logs and keys are gone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ran = await vigil("rehearse", PLAN, "--scenario", EXAMPLES / "destination-refuses" / "scenario.yaml", "-o", "json")
    proved = await vigil("verify", ran.json["packet"], "--keys-unverified")

    assert (0, 0) == (ran.code, proved.code)
    assert {"saxaul-22.packet.json"} == names_in(Path(ran.json["packet"]).parent)


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """`vigil up` says which port, for what, and what to do; nothing is left running."""
    directory = example_of(tmp_path, "KZ", "UZ", cards=True)
    await vigil("keys", "new", "vigil", "--plain", "--installation", "--directory", directory, "--keys", tmp_path)
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    try:
        ran = await vigil("up", "--directory", directory, "--keys", tmp_path, "--home", tmp_path / "home", "--port", port)
    finally:
        taken.close()

    assert 1 == ran.code
    assert f"port {port}, wanted for gateway, is taken" in ran.err


async def test_what_does_not_start_is_quoted_as_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`vigil up` gives the reason of a gateway that ends at once, and nothing that its log had from before."""
    directory, home = example_of(tmp_path, "KZ", "UZ", cards=True), tmp_path / "home"
    await vigil("keys", "new", "vigil", "--plain", "--installation", "--directory", directory, "--keys", tmp_path)
    home.mkdir(mode=0o700)
    (home / "gateway.log").write_text("gateway: what was wrong last week\n")
    monkeypatch.setenv("VIGIL_OIDC", str(tmp_path / "oidc.yaml"))
    ports = zip(("--port", "--temporal-port", "--ui-port"), free_ports(3), strict=True)
    ran = await vigil(
        "up", "--directory", directory, "--keys", tmp_path, "--home", home, *(word for pair in ports for word in pair)
    )

    assert 1 == ran.code
    assert "oidc.yaml" in ran.err
    assert "last week" not in ran.err
