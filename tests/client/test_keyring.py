"""`vigil keys`: made, protected, shown, rotated, revoked, replaced and announced, as processes."""

import fcntl
import json
import re
import stat
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from client import key_rollout, keyring
from client.commands import keys, payload
from client.key_rollout import Destination
from domain.plan.directory import Directory, ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd, read_change
from domain.record.door import read_statement
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, private_pem, public_text
from domain.words.errors import Malformed
from domain.words.moments import instant
from process import files
from process.configuration import directory_in
from process.keyfile import IN_KEYRING
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.client.conftest import Desk
from tests.client.test_cli import names_in
from tests.command import Ran, at_a_terminal, vigil
from tests.support import EXAMPLES, example_of

POLICE = "uz.police"
WORDS, OTHERS = "correct horse battery staple", "staple battery horse correct"
ROOT = EXAMPLES.parent
OF_GOST = """-----BEGIN PRIVATE KEY-----
MDMCAQAwCgYIKoUDBwEBAQEEIgQgAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
-----END PRIVATE KEY-----
"""
"""Of GOST R 34.10-2012, as the library does not know it."""


@dataclass(frozen=True)
class Office:
    """A folder of keys and a directory file, on one machine."""

    folder: Path

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.folder / "keys"

    @property
    def directory(self) -> Path:
        """The directory file."""
        return self.folder / "directory.yaml"

    async def run(self, *words: object, words_in: str = "pass") -> Ran:
        """`vigil`, with this folder of keys, and the passphrase in a file."""
        return await vigil("--passphrase-file", self.folder / words_in, *words, "--keys", self.keys, cwd=self.folder)

    async def made(self, *services: str, how: str = "--plain") -> None:
        """Keys that the directory knows."""
        assert 0 == (await self.run("keys", "new", how, *services, "--directory", self.directory)).code

    def known(self, service: str = POLICE) -> tuple[ServiceKey, ...]:
        """The keys that stand in the directory."""
        return directory_in(self.directory).get(service).keys

    async def offline(self, service: str = POLICE) -> Ran:
        """A stop signed into a file: what needs the private key and nothing else."""
        return await self.run("stop", "amber-heron", "--reason", "leak", "--as", service, "--offline", "-o", "json")

    async def signer(self, service: str = POLICE) -> str:
        """Key id of the key that the service signs with now."""
        signed = await self.offline(service)
        envelope = Envelope.model_validate_json((self.folder / signed.json["statement"]).read_bytes())
        return envelope.signatures[0].keyid


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """With a directory like the example, and two passphrases in files."""
    example_of(tmp_path, "KZ", "UZ")
    for name, words in {"pass": WORDS, "other": OTHERS, "short": "short", "empty": ""}.items():
        (tmp_path / name).write_text(words + "\n")
    return Office(tmp_path)


def secret_of(path: Path) -> list[str]:
    """The lines of a plain key file that nobody else may ever see."""
    return [
        line for line in path.read_text().splitlines() if line.startswith("AGE-SECRET-KEY") or re.fullmatch(r"M[CI]4\S+", line)
    ]


# How they are kept


async def test_a_new_key_is_under_a_passphrase_and_its_public_half_is_not(office: Office) -> None:
    """The file is its owner's, says what is no secret, and hides the rest; with the passphrase it signs."""
    made = await office.run("keys", "new", POLICE, "--directory", office.directory, "-o", "json")
    file = office.keys / f"{POLICE}.pem"
    shown = await office.run("keys", "show", POLICE, "-o", "json")

    assert (0, "passphrase") == (made.code, made.json[0]["kept"])
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert 0o700 == stat.S_IMODE(office.keys.stat().st_mode)
    assert "BEGIN AGE ENCRYPTED FILE" in file.read_text()
    assert "PRIVATE KEY" not in file.read_text()
    assert made.json[0]["public"] == shown.json[0]["public"] == office.known()[0].public
    assert made.json[0]["key_id"] == await office.signer()


@pytest.mark.parametrize(
    ("words_in", "more", "said"),
    [
        ("short", (), "a passphrase has 12 characters or more"),
        ("empty", (), "holds no passphrase"),
        ("pass", ("--plain", "--keyring"), "a key is kept in one way"),
    ],
)
async def test_a_key_that_would_be_kept_badly_is_not_made(
    office: Office, words_in: str, more: tuple[str, ...], said: str
) -> None:
    """Exit code 2, what would be right, and neither a file nor a line in the directory."""
    ran = await office.run("keys", "new", POLICE, "--directory", office.directory, *more, words_in=words_in)

    assert 2 == ran.code
    assert said in ran.err
    assert not office.keys.exists()
    assert () == office.known()


async def test_where_nobody_can_be_asked_it_says_how_else(office: Office) -> None:
    """A program without a terminal and without a file gets exit code 2 and the ways out, with -o json in one document."""
    ran = await vigil("keys", "new", POLICE, "--keys", office.keys, "-o", "json")

    assert (2, "malformed") == (ran.code, ran.json["error"]["code"])
    assert "--passphrase-file" in ran.json["error"]["hint"]
    assert not office.keys.exists()


async def test_a_passphrase_is_typed_twice_for_a_new_key_and_once_to_use_it(office: Office) -> None:
    """Two that differ make nothing; nothing that is typed is shown."""
    where = ("--keys", office.keys)
    differ = await at_a_terminal([WORDS, OTHERS], "keys", "new", POLICE, *where)
    none_made = office.keys.exists()
    made = await at_a_terminal([WORDS, WORDS], "keys", "new", POLICE, *where)
    wrong = await at_a_terminal([OTHERS], "keys", "rotate", POLICE, *where)

    assert [2, 0, 5] == [differ[0], made[0], wrong[0]]
    assert "the two are not the same" in differ[1]
    assert not none_made
    assert "the passphrase is not that of" in wrong[1]
    assert not [screen for _, screen in (differ, made, wrong) if WORDS in screen or OTHERS in screen]


async def test_each_key_may_have_a_passphrase_of_its_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a rotation to another passphrase the old key still opens what was encrypted for it, with the old one."""
    where = ("--keys", office.keys, "--directory", office.directory)
    monkeypatch.chdir(office.folder)
    made = await at_a_terminal([OTHERS, OTHERS], "keys", "new", POLICE, *where)
    await office.made("uz.customs")
    locked = await office.run(
        *("stop", "amber-heron", "--reason", "leak", "--as", "uz.customs", "--offline", "-o", "json"),
        *("--encrypt-for", POLICE, "--directory", office.directory),
    )
    rotated = await at_a_terminal([OTHERS, WORDS, WORDS], "keys", "rotate", POLICE, *where)
    opened = await at_a_terminal([WORDS, OTHERS], "open", locked.json["statement"], "--as", POLICE, "--keys", office.keys)

    assert [0, 0, 0, 0] == [made[0], locked.code, rotated[0], opened[0]]
    assert "no longer encrypted" in opened[1]


def kept_in(office: Office) -> dict[str, str]:
    """What this user's keyring holds."""
    return dict(json.loads((office.folder / "keyring.json").read_text()))


@pytest.fixture
def in_a_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """This user has a keyring."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.keyring_in_a_file.InAFile")
    monkeypatch.setenv("VIGIL_TEST_KEYRING", str(office.folder / "keyring.json"))


@pytest.mark.usefixtures("in_a_file")
async def test_a_key_in_the_keyring_is_in_no_file(office: Office) -> None:
    """The file says only where it is; it signs without being asked; gone from the keyring it is missed by name, code 3."""
    await office.made(POLICE, how="--keyring")
    kept = kept_in(office)
    file = (office.keys / f"{POLICE}.pem").read_text()
    number = key_id(office.known()[0].public)
    signer = await office.signer()
    (office.folder / "keyring.json").unlink()
    lost = await office.offline()

    assert [f"{IN_KEYRING} {number}"] == list(kept)
    assert "BEGIN" not in file
    assert number == signer
    assert (3, "not-found") == (lost.code, lost.json["error"]["code"])
    assert number in lost.json["error"]["hint"]


@pytest.mark.usefixtures("in_a_file")
async def test_a_rotated_key_is_kept_as_the_one_before(office: Office) -> None:
    """In the keyring, unless it is said otherwise."""
    await office.made(POLICE, how="--keyring")
    first = await office.run("keys", "rotate", POLICE, "--directory", office.directory)
    second = await office.run("keys", "rotate", POLICE, "--directory", office.directory, "--plain")
    shown = await office.run("keys", "show", POLICE, "-o", "json")

    assert [0, 0] == [first.code, second.code]
    assert ["keyring", "keyring", "plain"] == sorted(one["kept"] for one in shown.json)


async def test_without_a_keyring_nothing_is_made_in_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has none: exit code 1, what to do, no file."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    ran = await office.run("keys", "new", POLICE, "--keyring", "--directory", office.directory, "-o", "json")

    assert (1, "unavailable") == (ran.code, ran.json["error"]["code"])
    assert not list(office.keys.glob("*"))
    assert () == office.known()


@pytest.mark.parametrize(
    ("spoil", "words_in", "code", "said"),
    [
        (lambda text: text, "other", 5, "the passphrase is not that of"),
        (lambda text: text[:-90], "pass", 2, "is damaged"),
        (lambda text: text.replace("kept: passphrase", "kept: nowhere"), "pass", 2, "expected plain, passphrase or keyring"),
        (lambda text: text.replace("public: ed25519:", "public: rsa:"), "pass", 2, "is no key file"),
        (lambda _text: OF_GOST, "pass", 2, "the private key is not an Ed25519 key"),
    ],
    ids=["wrong passphrase", "damaged", "kept elsewhere", "no public key", "of another algorithm"],
)
async def test_a_key_file_that_cannot_be_used_says_why(office: Office, spoil: Any, words_in: str, code: int, said: str) -> None:
    """The file is named, and nothing is signed."""
    await office.run("keys", "new", POLICE)
    file = office.keys / f"{POLICE}.pem"
    file.write_text(spoil(file.read_text()))
    before = names_in(office.folder)
    ran = await office.run("stop", "amber-heron", "--reason", "leak", "--as", POLICE, "--offline", words_in=words_in)

    assert code == ran.code
    assert said in ran.err
    assert str(file) in ran.err
    assert before == names_in(office.folder)


# Shown


async def test_keys_are_shown_with_their_validity_and_never_their_secret(office: Office) -> None:
    """All in the folder, or those named; what the directory says beside them; a key that it lacks is said to be missing."""
    await office.made(POLICE, "uz.customs")
    await office.run("keys", "new", "--plain", "uz.prosecutor")
    every = await office.run("keys", "show", "--directory", office.directory, "-o", "json")
    text = await office.run("keys", "show", "--directory", office.directory)
    elsewhere = await vigil("keys", "show", POLICE, "--directory", office.directory, "--keys", office.folder / "none")

    assert {POLICE: True, "uz.customs": True, "uz.prosecutor": False} == {
        one["service"]: one["in_directory"] for one in every.json
    }
    assert "NOT in the directory" in text.out
    assert re.search(r"uz\.police +- +([0-9a-f]{4} ){7}[0-9a-f]{4} ", text.out)
    assert "not here" in elsewhere.out
    for secret in [line for path in office.keys.iterdir() for line in secret_of(path)]:
        assert secret not in text.out + json.dumps(every.json)


async def test_what_cannot_be_shown_is_not_found(office: Office) -> None:
    """A service without keys here, an empty folder, a directory that is not there: exit code 3 and what to do."""
    await office.made(POLICE)
    absent = await office.run("keys", "show", "uz.customs", "--directory", office.directory)
    empty = await vigil("keys", "show", "--keys", office.folder / "none")
    missing = await office.run("keys", "show", "--directory", office.folder / "no.yaml")

    assert [3, 3, 3] == [absent.code, empty.code, missing.code]
    assert "vigil keys new uz.customs" in absent.err
    assert "vigil keys new SERVICE" in empty.err


# Rotated


async def test_a_rotation_enters_the_new_key_and_the_end_of_the_old(office: Office) -> None:
    """The new one signs at once, the old one counts for another week and goes on opening what was encrypted for it."""
    await office.made(POLICE)
    old = await office.signer()
    rotated = await office.run("keys", "rotate", POLICE, "--directory", office.directory, "-o", "json")
    first, second = office.known()
    ends = instant(first.valid_until or "") - instant(second.valid_from)

    assert 0 == rotated.code
    assert timedelta(days=7) == ends
    assert [old, key_id(second.public)] == [key_id(first.public), await office.signer()]
    assert {f"{POLICE}.pem", f"{POLICE}@{old}.pem"} == names_in(office.keys)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in office.keys.iterdir()}
    assert rotated.json["change"]["added"][0]["public"] == second.public


async def test_without_the_directory_the_old_key_is_used_until_the_new_one_can_be_known(office: Office) -> None:
    """An officer far from the operator is not locked out: the new key begins in a day, and the file to hand in is named."""
    await office.made(POLICE)
    old = await office.signer()
    rotated = await office.run("keys", "rotate", POLICE, "-o", "json")
    record = read_change(Envelope.model_validate_json((office.folder / rotated.json["file"]).read_bytes()))
    entered = await office.run("keys", "announce", rotated.json["file"], "--directory", office.directory)
    again = await office.run("keys", "announce", rotated.json["file"], "--directory", office.directory)

    assert timedelta(hours=23) < instant(record.added[0].valid_from) - datetime.now(UTC) <= timedelta(days=1)
    assert old == await office.signer()
    assert "give " + rotated.json["file"] + " to the operator" in rotated.err
    assert [0, 0] == [entered.code, again.code]
    assert 2 == len(office.known())


async def test_the_installation_is_told_to_restart_what_signs_with_its_old_key(office: Office) -> None:
    """Workers and gateways hold the key that they began with."""
    await office.run("keys", "new", "vigil", "--plain", "--installation", "--directory", office.directory)
    ran = await office.run("keys", "rotate", "vigil", "--directory", office.directory)

    assert 0 == ran.code
    assert re.search(r"restart +gateways and workers before the old key ends", ran.out)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("uz.customs",), 3, "there is no private key of uz.customs"),
        ((POLICE, "--overlap", "0s"), 2, "--overlap 0s"),
        ((POLICE, "--overlap", "soon"), 2, "--overlap soon"),
        ((POLICE, "--from", "yesterday"), 2, "--from yesterday"),
        ((POLICE, "--plain", "--keyring"), 2, "a key is kept in one way"),
        ((POLICE, "--directory", "no.yaml"), 3, "there is no file no.yaml"),
        (("no service",), 2, "is no service id"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else None,
)
async def test_a_rotation_that_is_refused_changes_nothing(office: Office, words: tuple[str, ...], code: int, said: str) -> None:
    """Neither the folder of keys, nor the directory, nor a file to hand in."""
    await office.made(POLICE)
    before = names_in(office.folder), names_in(office.keys), office.directory.read_text()
    ran = await office.run("keys", "rotate", *words)

    assert code == ran.code
    assert said in ran.err
    assert before == (names_in(office.folder), names_in(office.keys), office.directory.read_text())


async def test_no_key_is_used_that_nobody_could_be_told_of(office: Office) -> None:
    """Where the signed change cannot be kept, or not be entered, the key before stays the one in use, and nothing is left."""
    await office.made(POLICE)
    unwritable = office.directory.rename(office.folder / f"{'d' * 245}.yaml")  # no name for a file beside it is short enough
    before, signer = (names_in(office.keys), names_in(office.folder), unwritable.read_text()), await office.signer()
    words = ("--passphrase-file", office.folder / "pass", "keys", "rotate", POLICE, "--keys", office.keys, "--plain")
    kept_nowhere = await vigil(*words, cwd=Path("/proc"))
    not_entered = await office.run("keys", "rotate", POLICE, "--plain", "--directory", unwritable)
    (statement,) = office.folder.glob("*.statement.json")
    statement.unlink()

    assert 0 not in (kept_nowhere.code, not_entered.code), (kept_nowhere, not_entered)
    assert before == (names_in(office.keys), names_in(office.folder), unwritable.read_text())
    assert signer == await office.signer()


def test_two_commands_that_change_the_directory_at_once_change_both(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one enters, such as that a key is revoked, is not written over by what the other had read before."""
    waits, entered = threading.Event(), fcntl.flock

    def enter(service: int) -> None:
        with keyring._edited(office.directory) as tree:
            tree["services"][service]["names"]["en"] = "changed"

    def told(file: int, how: int) -> None:
        waits.set()
        entered(file, how)

    second = threading.Thread(target=enter, args=(2,))
    with keyring._edited(office.directory) as tree:
        monkeypatch.setattr(keyring, "flock", told)
        second.start()
        while second.is_alive() and not waits.wait(0.01):
            pass
        tree["services"][1]["names"]["en"] = "changed"
    second.join()

    assert 2 == office.directory.read_text().count("en: changed")


async def test_a_key_that_the_directory_does_not_know_cannot_rotate(office: Office) -> None:
    """It proves nothing there: exit code 5, and the key stays the one in use."""
    await office.run("keys", "new", "--plain", POLICE)
    ran = await office.run("keys", "rotate", POLICE, "--directory", office.directory)

    assert 5 == ran.code
    assert {f"{POLICE}.pem"} == names_in(office.keys)
    assert () == office.known()


async def test_a_key_that_has_ended_signs_nothing(office: Office) -> None:
    """It says when it ended and who helps, before anything is signed that nobody would take."""
    await office.made(POLICE)
    file = office.keys / f"{POLICE}.pem"
    file.write_text(file.read_text().replace("kept:", "valid_until: 2026-01-01T00:00:00Z\nkept:"))
    signed, rotated = await office.offline(), await office.run("keys", "rotate", POLICE, "--directory", office.directory)

    assert [5, 5] == [signed.code, rotated.code]
    assert "ended 2026-01-01T00:00:00Z" in signed.err
    assert "vigil keys replace" in rotated.err


# Revoked


async def test_a_service_revokes_its_own_key_and_cannot_sign_with_it_any_more(office: Office) -> None:
    """The directory says since when; here it is not used again, and the way to a new one is named."""
    await office.made(POLICE)
    ran = await office.run("keys", "revoke", POLICE, "--directory", office.directory, "-o", "json")
    (known,) = office.known()
    after = await office.offline()
    again = await office.run("keys", "revoke", POLICE, key_id(known.public), "--directory", office.directory)

    assert 0 == ran.code
    assert known.revoked_at == ran.json["change"]["ended"][0]["at"]
    assert "an administrator gives it one" in ran.err
    assert 5 == after.code
    assert f"was revoked {known.revoked_at}" in after.err
    assert 0 == again.code
    assert known == office.known()[0]


async def test_the_old_key_is_revoked_by_its_id_as_it_was_read_aloud(office: Office) -> None:
    """After a rotation, in groups of four; the new key goes on."""
    await office.made(POLICE)
    await office.run("keys", "rotate", POLICE, "--directory", office.directory)
    old, new = (key_id(key.public) for key in office.known())
    spoken = " ".join(old[start : start + 4] for start in range(0, 32, 4))
    mistyped = await office.run("keys", "revoke", POLICE, old[:-1], "--directory", office.directory)
    ran = await office.run("keys", "revoke", POLICE, spoken, "--directory", office.directory)

    assert (2, True) == (mistyped.code, f"did you mean {old}" in mistyped.err), mistyped.err
    assert 0 == ran.code
    assert [True, False] == [key.revoked_at is not None for key in office.known()]
    assert new == await office.signer()
    assert "an administrator" not in ran.err


@pytest.mark.parametrize("by", ["vigil", "administration"])
async def test_installation_and_administrators_revoke_for_a_service(office: Office, by: str) -> None:
    """By the key's id, since they do not have it."""
    await office.made(POLICE)
    await office.run("keys", "new", "--plain", "vigil", "--installation", "--directory", office.directory)
    await office.made("administration")
    (office.keys / f"{POLICE}.pem").unlink()
    ran = await office.run(
        "keys", "revoke", POLICE, key_id(office.known()[0].public), "--as", by, "--directory", office.directory
    )

    assert 0 == ran.code
    assert office.known()[0].revoked_at is not None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((POLICE, "0" * 32), 4, f"R24: {POLICE} has no key {'0' * 32}"),
        ((POLICE, "abcd"), 2, "is no key id"),
        ((POLICE, "--as", "uz.customs"), 4, f"R24: uz.customs is neither {POLICE} nor an administrator"),
        (("uz.prosecutor",), 3, "there is no private key of uz.prosecutor"),
    ],
    ids=["another's key", "no key id", "another service", "not here"],
)
async def test_a_revocation_that_is_refused_changes_nothing(office: Office, words: tuple[str, ...], code: int, said: str) -> None:
    """Neither the directory, nor what is used here."""
    await office.made(POLICE, "uz.customs")
    before = names_in(office.folder), office.directory.read_text()
    ran = await office.run("keys", "revoke", *words, "--directory", office.directory)

    assert code == ran.code
    assert said in ran.err
    assert before == (names_in(office.folder), office.directory.read_text())
    assert 0 == (await office.offline()).code


# Replaced


async def test_an_administrator_replaces_a_lost_key_and_ends_all_before(office: Office) -> None:
    """Those that count, and one that was still to begin: who has the one may have the other. The new one speaks at once."""
    await office.made(POLICE, "administration")
    await office.run("keys", "rotate", POLICE, "--from", "2100-01-01T00:00:00Z", "--directory", office.directory)
    new = await vigil("keys", "new", "--plain", POLICE, "--keys", office.folder / "new", "-o", "json")
    halves = (new.json[0]["public"], "--recipient", new.json[0]["recipient"])
    ran = await office.run("keys", "replace", POLICE, *halves, "--as", "administration", "--directory", office.directory)
    first, pending, last = office.known()

    assert 0 == ran.code
    assert first.revoked_at is not None
    assert first.revoked_at == pending.revoked_at
    assert (None, None, new.json[0]["recipient"]) == (last.revoked_at, last.valid_until, last.recipient)


@pytest.mark.parametrize(
    ("by", "public", "code", "said"),
    [
        (
            "vigil",
            public_text(private_key_of("new")),
            4,
            "R24: the installation may end a key of a service, and never give it one",
        ),
        ("uz.customs", public_text(private_key_of("new")), 4, "R24: uz.customs is neither"),
        ("administration", "ed25519:short", 2, "a public key is written"),
        ("kz.knb", public_text(private_key_of("new")), 3, "there is no private key of kz.knb"),
    ],
)
async def test_nobody_else_gives_a_service_a_key(office: Office, by: str, public: str, code: int, said: str) -> None:
    """The directory stays as it was."""
    await office.made(POLICE, "uz.customs", "administration")
    await office.run("keys", "new", "--plain", "vigil", "--installation", "--directory", office.directory)
    before = office.directory.read_text()
    ran = await office.run("keys", "replace", POLICE, public, "--as", by, "--directory", office.directory)

    assert code == ran.code
    assert said in ran.err
    assert before == office.directory.read_text()


# Announced


def written(folder: Path, change: KeyChange, key: str) -> Path:
    """A signed change of keys in a file."""
    path = folder / "change.keys.json"
    path.write_text(sign(canonical(change), KEYS_TYPE, private_key_of(key)).model_dump_json())
    return path


def in_a_directory(folder: Path, directory: Directory) -> Path:
    """The directory as a file: JSON is YAML."""
    path = folder / "in-force.yaml"
    path.write_text(directory.model_dump_json(exclude_none=True))
    return path


async def test_keys_are_rotated_and_revoked_at_the_gateway(desk: Desk, tmp_path: Path) -> None:
    """Every delivery under way takes it at once; the command names it, in text and as one document."""
    gateway = ("--gateway", desk.installation.url, "--keys", desk.keys)
    directory = in_a_directory(tmp_path, desk.installation.directory)
    rotated = await vigil("keys", "rotate", POLICE, *gateway, "--directory", directory, "--plain", "-o", "json", cwd=tmp_path)
    desk.installation.in_force.replace(directory_in(directory))
    old = key_id(public_text(private_key_of(POLICE)))
    revoked = await vigil("keys", "revoke", POLICE, old, *gateway, "--directory", directory, cwd=tmp_path)
    stop = await desk.run("stop", desk.plan.operation, "--reason", "leak", service=POLICE)

    assert {"taken": [desk.plan.operation], "left": [], "refused": [], "named": True, "waiting": False} == rotated.json[
        "deliveries"
    ]
    assert re.search(rf"REVOKED +{POLICE}: {old[:4]} ", revoked.out)
    assert re.search(rf"taken by +{desk.plan.operation}", revoked.out)
    assert 0 == stop.code


async def test_without_a_directory_a_rotation_is_announced_with_the_key_that_counts(desk: Desk, tmp_path: Path) -> None:
    """Even where the new key is to begin at once, and nobody knows it yet."""
    gateway = ("--gateway", desk.installation.url, "--keys", desk.keys)
    now = datetime.now(UTC).isoformat()
    ran = await vigil("keys", "rotate", POLICE, *gateway, "--plain", "--from", now, "-o", "json", cwd=tmp_path)

    assert (0, [desk.plan.operation]) == (ran.code, ran.json["deliveries"]["taken"])


async def test_what_no_gateway_heard_is_kept_and_announced_later(desk: Desk, tmp_path: Path) -> None:
    """Exit code 1, the file and the command to repeat it; then every delivery has it. Repeating does no harm."""
    away = f"http://127.0.0.1:{free_ports(1)[0]}"
    ran = await vigil("keys", "revoke", POLICE, "--gateway", away, "--keys", desk.keys, cwd=tmp_path)
    (file,) = (tmp_path / name for name in names_in(tmp_path) if name.endswith(".keys.json"))
    words = ("keys", "announce", file, "--as", "kz.knb", "--gateway", desk.installation.url, "--keys", desk.keys)
    stranger = await vigil(*words)
    (tmp_path / "administration.pem").write_bytes(private_pem(private_key_of("administration")))
    told = [await vigil(*words, "--as", "administration", "-o", "json") for _ in range(2)]

    assert 1 == ran.code
    assert f"vigil keys announce {file.name}" in ran.err
    assert "the directory does not say so yet" in ran.err
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert 5 == stranger.code
    assert [(0, False, [])] * 2 == [(one.code, one.json["deliveries"]["named"], one.json["deliveries"]["taken"]) for one in told]


async def test_who_waits_for_no_gateway_any_longer_has_the_end_of_a_key_in_the_directory(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while a gateway hangs: the key counts no more by the directory and here, and it is said how the rest is told."""
    await office.made(POLICE)
    monkeypatch.chdir(office.folder)

    def interrupted(*_who: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(key_rollout, "call_with", interrupted)
    way = Destination(office.directory, f"http://127.0.0.1:{free_ports(1)[0]}", None, office.keys)
    revoke: Any = keys.revoke
    with pytest.raises(typer.Exit) as ended:
        revoke.__wrapped__(POLICE, way)
    said = capsys.readouterr().err
    (file,) = (name for name in names_in(office.folder) if name.endswith(".keys.json"))
    (known,) = office.known()

    assert 1 == ended.value.exit_code
    assert known.revoked_at is not None
    assert "was revoked" in (await office.offline()).err
    assert f"vigil keys announce {file}" in said


def test_no_payload_key_is_lost_where_two_rotate_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One rotates between the other's look and its writing: the other says so, and the key that the first has made stays."""
    payload.make(tmp_path)
    made = []

    def another_first(beside: Path, data: bytes) -> None:
        monkeypatch.setattr(payload, "write_new", files.write_new)
        made.append(payload.rotate(tmp_path)[1])
        files.write_new(beside, data)

    monkeypatch.setattr(payload, "write_new", another_first)
    with pytest.raises(Malformed, match="a rotation is under way"):
        payload.rotate(tmp_path)
    after = payload.rotate(tmp_path)[1]

    assert made[0].current in after.keys
    assert 3 == len(after.keys)


async def test_what_was_killed_while_it_revoked_a_key_is_gone_on_with_by_its_file(office: Office) -> None:
    """The key is used here no more, as where it was revoked in one go: the one before signs, which still counts."""
    await office.made(POLICE)
    await office.run("keys", "rotate", POLICE, "--directory", office.directory, "--plain")
    (before,) = (path for path in office.keys.glob(f"{POLICE}@*.pem"))
    file, newest = office.folder / "change.keys.json", (office.keys / f"{POLICE}.pem")
    untold = newest.read_text()
    await office.run("keys", "revoke", POLICE, "--directory", office.directory)
    max(office.folder.glob("*.keys.json")).rename(file)
    newest.write_text(untold)  # as it lies there where the command was killed before it came so far
    announced = await office.run("keys", "announce", file, "--directory", office.directory)

    assert 0 == announced.code, announced.err
    assert before.stem.partition("@")[2] == await office.signer()


async def test_a_service_announces_itself_that_the_only_key_it_has_has_ended(desk: Desk, tmp_path: Path) -> None:
    """The command that was named for when a gateway answers again does what it says, though the key counts here no more."""
    keys = ("--gateway", f"http://127.0.0.1:{free_ports(1)[0]}", "--keys", desk.keys)
    await vigil("keys", "revoke", POLICE, *keys, cwd=tmp_path)
    (file,) = (tmp_path / name for name in names_in(tmp_path) if name.endswith(".keys.json"))
    told = await vigil("keys", "announce", file, "--gateway", desk.installation.url, "--keys", desk.keys, "-o", "json")

    assert (0, [desk.plan.operation]) == (told.code, told.json["deliveries"]["taken"]), told.err


async def test_an_officers_key_is_made_shown_and_changed_as_that_officers(office: Office) -> None:
    """The file and the directory say whose it is; a new one that follows on it is the same officer's, and no other key ends."""
    await office.made(POLICE)
    other = Office(office.folder / "of an officer")
    other.folder.mkdir()
    (other.folder / "pass").write_text(WORDS)
    made = await other.run("keys", "new", "--plain", POLICE, "--officer", "P-1", "--directory", office.directory, "-o", "json")
    await other.run("keys", "rotate", POLICE, "--directory", office.directory, "--plain")
    found = directory_in(office.directory).get(POLICE).keys
    shown = await other.run("keys", "show")

    assert ["P-1"] == [one["officer"] for one in made.json]
    assert [(None, False), ("P-1", True), ("P-1", False)] == [(key.officer, key.valid_until is not None) for key in found]
    assert re.search(r"uz\.police +P-1 ", shown.out)


async def test_an_administrator_replaces_one_officers_key_and_no_other(office: Office) -> None:
    """Who has lost a key gets a new one; colleagues go on with theirs."""
    await office.made(POLICE, "administration")
    lost = await office.run("keys", "new", "--plain", "uz.customs", "--officer", "C-1", "-o", "json")
    public = [public_text(private_key_of(name)) for name in ("first", "again")]
    for new in public:
        words = ("keys", "replace", POLICE, new, "--for", "C-1", "--as", "administration", "--directory", office.directory)
        assert 0 == (await office.run(*words)).code
    found = directory_in(office.directory).get(POLICE).keys

    assert 0 == lost.code
    assert [(None, False), ("C-1", True), ("C-1", False)] == [(key.officer, key.revoked_at is not None) for key in found]


async def test_who_has_a_key_of_their_own_says_nothing_under_another_code(office: Office) -> None:
    """The command refuses it before anything is signed, and names the officer whose key it is where nobody is named."""
    await office.run("keys", "new", "--plain", POLICE, "--officer", "P-1")
    said = ("stop", "saxaul-22", "--reason", "leak", "--as", POLICE, "--offline")
    refused = await office.run(*said, "--officer", "P-2")
    await office.run(*said)
    (file,) = office.folder.glob("*.statement.json")

    assert 5 == refused.code
    assert "is P-1's, and --officer names P-2" in refused.err
    assert "P-1" == read_statement(Envelope.model_validate_json(file.read_text())).officer


async def test_what_is_no_change_of_keys_is_not_announced(office: Office) -> None:
    """Nothing at all, a statement, a record whose bytes were altered, or nowhere to announce it: refused with its faults."""
    await office.made(POLICE)
    directory = ("--directory", office.directory)
    (office.folder / "not.json").write_text('{"payload": "x"}')
    statement = (await office.offline()).json["statement"]
    end = KeyEnd(key=key_id(office.known()[0].public), at="2026-01-01T00:00:00Z")
    forged = written(office.folder, KeyChange(service=POLICE, by=POLICE, made_at="2026-01-01T00:00:00Z", ended=(end,)), "thief")
    before = office.directory.read_text()
    ran = [
        await office.run("keys", "announce", "not.json", *directory),
        await office.run("keys", "announce", statement, *directory),
        await office.run("keys", "announce", "none.json", *directory),
        await office.run("keys", "announce", forged, *directory),
        await office.run("keys", "announce", forged),
    ]

    assert [2, 2, 3, 5, 2] == [one.code for one in ran]
    assert "payloadType" in ran[0].err
    assert "not a change of keys" in ran[1].err
    assert "give --directory, --gateway or both" in ran[4].err
    assert before == office.directory.read_text()
