"""What a command says when it cannot do what it should: words, a code, and for a program one document. Never a traceback."""

import asyncio
import json
from pathlib import Path

import pytest

from client.console import explain, problem
from domain.signing.keys import private_pem
from domain.words.errors import Limited, RuleBroken, Unavailable
from protocol.gateway import _Problem
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.client.test_cli import PLAN
from tests.command import Ran, vigil
from tests.support import EXAMPLES

NOWHERE = "no/such.yaml"
COMMANDS: dict[str, tuple[int, str]] = {
    f"plan check {NOWHERE}": (3, "not-found"),
    f"plan test {NOWHERE}": (3, "not-found"),
    f"plan simulate {NOWHERE}": (3, "not-found"),
    f"rehearse {NOWHERE}": (3, "not-found"),
    "keys new ../evil --plain": (2, "malformed"),
    "start PLAN --keys KEYS --gateway AWAY": (1, "unavailable"),
    "list --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "show x --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "watch x --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "wait x --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "inbox --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "confirm x y --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "refuse x y --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "stop NAME --reason leak --as xx.nobody --keys KEYS": (3, "not-found"),
    f"submit {NOWHERE} --as kz.knb --keys KEYS": (3, "not-found"),
    "history x --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "export x --as kz.knb --keys KEYS --gateway AWAY": (1, "unavailable"),
    "verify PLAN": (7, "not-verified"),
    "inbox": (2, "malformed"),
    "inbox --colour blue": (2, "malformed"),
}
BAD: dict[str, tuple[int, str]] = {
    "inbox --as kz.knb --keys KEYS --gateway foo": (2, "'foo' is no address of a gateway"),
    "inbox --as kz.knb --keys KEYS --gateway ftp://x": (2, "'ftp://x' is no address of a gateway"),
    "inbox --as kz.knb --keys FILE": (2, "Not a directory"),
    "keys new kz.knb --plain --keys FILE/keys": (1, "Not a directory"),
    "keys new kz.police --plain --keys HOME/k --directory PLAN": (2, "plan.yaml"),
    "wait x --as kz.knb --keys KEYS --timeout 0s": (2, "--timeout 0s: Span: it is not above zero"),
    "wait x --as kz.knb --keys KEYS --timeout 9999999d": (2, "it is longer than 3660 d"),
    "stop x_y --reason leak --as kz.knb --keys KEYS": (2, "delivery:"),
    "stop x --reason leak --officer o/o --as kz.knb --keys KEYS": (2, "officer:"),
    f"confirm x Y/Z --kind ready --offline --plan {'0' * 64} --as kz.knb --keys KEYS": (2, "checkpoint:"),
    "confirm x y --kind nosuch --offline --as kz.knb --keys KEYS": (2, "nosuch"),
    "confirm x y =now --kind ready --offline --as kz.knb --keys KEYS": (2, "=now: expected field=value"),
    "confirm x y place=a --kind ready --offline --as kz.knb --keys KEYS": (2, "place: no such field; expected note"),
    "confirm x y note=a note=b --kind ready --offline --as kz.knb --keys KEYS": (2, "note: given twice"),
    "rehearse PLAN --keep FILE/kept": (1, "Not a directory"),
    "up --directory DIRECTORY --keys KEYS --cards CARDS --home FILE/home": (1, "Not a directory"),
    "up --directory DIRECTORY --keys KEYS --cards NONE": (3, "no folder of rule cards"),
    "up --directory DIRECTORY --port 84710": (2, "--port is not right: expected 65535 or less"),
    "plan draw PLAN --picture NONE/x.svg": (1, "No such file or directory"),
    "plan check PLAN --cards PLAN": (3, "no folder of rule cards"),
    "verify HOME": (2, "HOME is a folder, and a file is wanted here"),
    "verify PLAN --keys-unverified": (7, "plan.yaml: this is a plan, and an evidence packet is wanted here"),
    "paper list PLAN": (7, "plan.yaml: this is a plan, and an evidence packet is wanted here"),
    "results PLAN --keys-unverified": (7, "plan.yaml: this is a plan, and an evidence packet is wanted here"),
    "export PLAN --format epcis --keys-unverified": (7, "plan.yaml: this is a plan, and an evidence packet is wanted here"),
    "plan check HOME/direktory.yaml": (3, "did you mean directory.yaml?"),
    "plan check HOME/no/plan.yaml": (3, "there is no folder HOME/no"),
    "list --as kz.kbn --keys KEYS": (3, "did you mean kz.knb?; make one with `vigil keys new kz.kbn`"),
    "list --as kz.knb --keys KEYS --channel mailx": (2, "did you mean mail?"),
    "list --as kz.knb --keys KEYS --in Uzbekistan": (2, "a State is two capital letters, such as UZ"),
    "list --as kz.knb --keys KEYS --sort wurst": (2, "expected one of worst, due, age, started, name; did you mean worst?"),
    "list --as kz.knb --keys KEYS --limit 0": (2, "--limit / -L is not right: expected 1 or more"),
    "list --as kz.knb --limit": (2, "--limit says nothing: a value is missing"),
    "list --as kz.knb --context here": (2, "say it before the command: vigil --context ..."),
    "wait x y --as kz.knb": (2, "y: more than this command takes"),
    "context add Bad_Name": (2, "name: expected small letters, digits"),
    "explain seals_differs": (3, "did you mean seals_differ"),
    "verify PACKET --receipts HOME/none": (3, "there is no file or folder HOME/none"),
}


async def run(words: str, home: Path, *more: str) -> Ran:
    """The command, its capitals replaced by what they stand for."""
    (home / "keys").mkdir(exist_ok=True)
    (home / "file").touch()
    directory = home / "directory.yaml"
    entry = "  - {id: vigil, kind: system, names: {en: Vigil}}\n"
    directory.write_text((EXAMPLES / "directory.yaml").read_text() + entry)
    for service in ("kz.knb", "vigil"):
        (home / "keys" / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    known = {
        "PLAN": PLAN, "KEYS": home / "keys", "FILE": home / "file", "HOME": home, "CARDS": EXAMPLES / "cards",
        "NONE": home / "none", "NAME": "saxaul-22",
        "PACKET": home / "file", "DIRECTORY": directory, "AWAY": f"http://127.0.0.1:{free_ports(1)[0]}",
    }  # fmt: skip
    said = []
    for word in words.split():
        first, slash, rest = word.partition("/")
        said.append(f"{known.get(first, first)}{slash}{rest}")
    return await vigil(*said, *more, cwd=home)


async def test_a_failure_is_one_problem_document_for_a_program(tmp_path: Path) -> None:
    """Every command with `-o json`: one document on standard output with code, message and hint; the words on standard error."""
    gate = asyncio.Semaphore(2)

    async def checked(number: int, words: str, code: int, name: str) -> None:
        (tmp_path / str(number)).mkdir()
        async with gate:
            ran = await run(words, tmp_path / str(number), "-o", "json")
        assert (code, name) == (ran.code, json.loads(ran.out)["error"]["code"]), (words, ran)
        assert {"code", "message", "hint"} <= set(ran.json["error"])
        assert ran.json["error"]["message"] in ran.err

    await asyncio.gather(*(checked(number, words, *told) for number, (words, told) in enumerate(COMMANDS.items())))


async def test_faults_and_rules_are_in_the_problem_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program need not read them from words: each fault has its place and its problem, a rule its number and reason."""
    faulty = await run("confirm x y place=a --kind ready --offline --as kz.knb --keys KEYS", tmp_path, "-o", "json")
    problem(RuleBroken("R18", "started already", reason="started_already", hint="`vigil show`"))
    broken = json.loads(capsys.readouterr().out)["error"]

    assert [{"place": "place", "problem": "no such field; expected note"}] == faulty.json["error"]["faults"]
    said = {"code": "rule-broken", "message": "R18: started already", "hint": "`vigil show`"}
    assert said | {"rule": "R18", "reason": "started_already"} == broken


def test_who_asks_too_much_is_told_for_how_long_to_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """In words for a person, in seconds for a program: no header of the answer is seen at a terminal."""
    seen = _Problem(code="limited", detail="kz.knb begins more than 3 deliveries a day", hint=Limited("", after=66_600).hint)
    error = seen.error("https://vigil.example", "66600")
    problem(error)
    explain(error)
    said = capsys.readouterr()

    assert 66_600 == json.loads(said.out)["error"]["after"]
    assert "  ask again in 18 h 30 m: nothing has been done, and nothing counts twice" in said.err.splitlines()


@pytest.mark.parametrize("words", BAD)
async def test_a_bad_value_is_told_in_words(tmp_path: Path, words: str) -> None:
    """Addresses, ports, folders, spans, ids and fields: what is wrong is named, the code says whose fault it is."""
    code, told = BAD[words]
    ran = await run(words, tmp_path)

    assert code == ran.code, ran
    assert told.replace("HOME", str(tmp_path)) in ran.err
    assert "Traceback" not in ran.err
    assert "" == ran.out


@pytest.mark.parametrize("after", ["86400000000000", "9" * 5000], ids=["long", "endless"])
def test_a_time_that_nobody_waits_is_no_fault_of_the_command(after: str) -> None:
    """Whatever stands before a gateway may write that into `Retry-After`."""
    seen = _Problem(code="limited", detail="too often").error("http://gateway.example", after)
    assert (Unavailable, "the gateway at http://gateway.example says: too often") == (type(seen), seen.message)
