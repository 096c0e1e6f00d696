"""Files that are carried: statements, requests and packets, encrypted for one reader, signed, and told apart from forgeries."""

import json
import shlex
import stat
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from client.submitting import kept
from domain.delivery.requests import Request, SignedInbox
from domain.delivery.statement import Seen
from domain.signing.canonical import canonical
from domain.signing.envelope import REQUEST_TYPE, Envelope, sign
from domain.signing.keys import key_id
from process import keyfile
from process.keyfile import KeyFile
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.client.conftest import Desk
from tests.client.test_cli import names_in
from tests.command import Ran, vigil
from tests.support import example_directory, signed_plan

PROSECUTOR, POLICE, KNB = "uz.prosecutor", "uz.police", "kz.knb"
FINDINGS = ("reference=UZ-1", "granted_by_role=prosecutor", 'legal_basis="case by case"')


@dataclass(frozen=True)
class Offices:
    """Services each on a machine of its own, which all have the directory; none of them needs a network."""

    folder: Path

    @property
    def directory(self) -> Path:
        """The directory that all have."""
        return self.folder / "directory.yaml"

    def keys(self, service: str) -> Path:
        """The folder of keys on the machine of a service."""
        return self.folder / service / "keys"

    async def run(self, service: str, *words: object) -> Ran:
        """A command on the machine of this service, in its own name."""
        who = ("--as", service, "--keys", self.keys(service))
        return await vigil(*words, *who, cwd=self.folder / service)

    async def stop(self, service: str, *words: object) -> Ran:
        """A stop signed into a file."""
        return await self.run(service, "stop", "amber-heron", "--reason", "leak", "--offline", *words)

    async def for_the_police(self) -> Path:
        """A stop by the Committee, encrypted for the police."""
        made = await self.stop(KNB, "--encrypt-for", POLICE, "--directory", self.directory, "-o", "json")
        return self.folder / KNB / made.json["statement"]


@pytest.fixture
def offices(tmp_path: Path) -> Offices:
    """The Committee, the police and a prosecutor have keys; customs' entry has a key that nothing can be encrypted for."""
    found = Offices(tmp_path)
    made: dict[str, KeyFile] = {}
    for service in (KNB, POLICE, PROSECUTOR):
        made[service], _ = keyfile.new("2026-01-01T00:00:00Z", "plain", str)
        found.keys(service).mkdir(parents=True)
        (found.keys(service) / f"{service}.pem").write_text(made[service].text())
    bare, _ = keyfile.new("2026-01-01T00:00:00Z", "plain", str)
    assert bare.key is not None
    keys = {service: one.key for service, one in made.items()} | {"uz.customs": bare.key.model_copy(update={"recipient": None})}
    services = tuple(
        one.model_copy(update={"keys": (keys[one.id],)}) if one.id in keys else one for one in example_directory().services
    )
    directory = example_directory().model_copy(update={"services": services})
    found.directory.write_text(directory.model_dump_json(exclude_none=True))
    return found


async def test_a_file_for_one_reader_tells_nobody_else_anything(offices: Offices) -> None:
    """Not even who wrote it: the police open it, others are told that it is not for them, and it is named `.age`."""
    file = await offices.for_the_police()
    theirs = await offices.run(POLICE, "open", file, "--file", "stop.json", "-o", "json")
    others = await offices.run(PROSECUTOR, "open", file)
    writer = await offices.run(KNB, "open", file)

    assert ".statement.json.age" in file.name
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert b"knb" not in file.read_bytes()
    assert 0 == theirs.code
    assert KNB == kept(offices.folder / POLICE / "stop.json")[1].service
    assert [5, 5] == [others.code, writer.code]
    assert "is encrypted, and not for a key that is here" in others.err
    assert {"keys"} == names_in(offices.folder / PROSECUTOR)


async def test_a_reader_may_be_named_by_its_recipient_alone(offices: Offices) -> None:
    """Somebody who is in no directory, such as a court's expert; any key that is there opens it, without --as."""
    _, secrets = keyfile.new("2026-01-01T00:00:00Z", "plain", str)
    assert secrets.identity is not None
    made = await offices.stop(KNB, "--encrypt-for", str(secrets.identity.to_public()), "-o", "json")
    (offices.keys(POLICE) / "eu.expert.pem").write_text(secrets.text())
    opened = await vigil("open", offices.folder / KNB / made.json["statement"], "--keys", offices.keys(POLICE))

    assert [0, 0] == [made.code, opened.code]


@pytest.mark.parametrize(
    "spoil",
    [lambda data: data[:-1], lambda data: data[:40], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data + b"x"],
    ids=["an end missing", "only a beginning", "a bit turned", "more at the end"],
)
async def test_a_damaged_file_is_not_opened_at_all(offices: Offices, spoil: Any) -> None:
    """Exit code 2, and nothing of it is written."""
    file = await offices.for_the_police()
    file.write_bytes(spoil(file.read_bytes()))
    ran = await offices.run(POLICE, "open", file, "--file", "stop.json")

    assert 2 == ran.code
    assert "is damaged" in ran.err
    assert {"keys"} == names_in(offices.folder / POLICE)


async def test_what_need_not_be_opened_is_left_as_it_is(offices: Offices) -> None:
    """A file that is not encrypted, one whose plain form is there already, and none at all."""
    plain = offices.folder / KNB / (await offices.stop(KNB, "-o", "json")).json["statement"]
    file = await offices.for_the_police()
    first, again = [await offices.run(POLICE, "open", file, "--file", "stop.json") for _ in range(2)]
    not_locked = await offices.run(POLICE, "open", plain)
    absent = await offices.run(POLICE, "open", "none.age")

    assert [0, 2, 2, 3] == [first.code, again.code, not_locked.code, absent.code]
    assert "exists already" in again.err
    assert "is not encrypted" in not_locked.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--encrypt-for", "uz.customs", "--directory", "DIRECTORY"), 3, "uz.customs has no recipient"),
        (("--encrypt-for", "xx.nobody", "--directory", "DIRECTORY"), 3, "no service xx.nobody"),
        (("--encrypt-for", POLICE), 2, "--directory is needed"),
        (("--encrypt-for", "age1" + "q" * 58), 2, "as `vigil keys new` prints it"),
        (("--encrypt-for", POLICE, "--directory", "none.yaml"), 3, "there is no file none.yaml"),
    ],
    ids=["no recipient", "unknown service", "no directory", "no recipient at all", "missing directory"],
)
async def test_what_cannot_be_encrypted_is_not_written_plain_instead(
    offices: Offices, words: tuple[str, ...], code: int, said: str
) -> None:
    """It says why, and there is no file."""
    ran = await offices.stop(KNB, *(offices.directory if word == "DIRECTORY" else word for word in words))

    assert code == ran.code
    assert said in ran.err
    assert {"keys"} == names_in(offices.folder / KNB)


@pytest.mark.parametrize(
    "words",
    [
        ("stop", "amber-heron", "--reason", "leak", "--encrypt-for", "age1x"),
        ("confirm", "amber-heron", "consent-uz", "--encrypt-for", "age1x"),
        ("refuse", "amber-heron", "consent-uz", "--request", "requests.json"),
        ("inbox", "--encrypt-for", "age1x"),
    ],
    ids=lambda words: f"{words[0]} {words[-2]}",
)
async def test_an_option_for_files_is_refused_where_there_is_no_file(offices: Offices, words: tuple[str, ...]) -> None:
    """Who believes that something is encrypted must not be wrong."""
    ran = await offices.run(KNB, *words)

    assert 2 == ran.code
    assert f"{words[-2]} goes with --" in ran.err


# With a gateway


def known_to(desk: Desk, folder: Path) -> tuple[object, ...]:
    """Option that names the installation's directory, where the police and the prosecutor can be encrypted for."""
    directory = desk.installation.directory
    services = []
    for one in directory.services:
        made, secrets = keyfile.new("2026-01-01T00:00:00Z", "plain", str)
        assert made.key is not None
        bare = (desk.keys / f"{one.id}.pem").exists()
        if bare and secrets.identity is not None:
            path = desk.keys / f"{one.id}.pem"
            path.write_text(path.read_text() + f"{secrets.identity}\n")
        recipient = made.key.recipient if bare else None
        services.append(
            one.model_copy(update={"keys": tuple(key.model_copy(update={"recipient": recipient}) for key in one.keys)})
        )
    path = folder / "known.yaml"
    path.write_text(directory.model_copy(update={"services": tuple(services)}).model_dump_json(exclude_none=True))
    return ("--directory", path)


async def test_an_officer_without_a_network_answers_what_is_asked_and_another_hands_it_in(desk: Desk, tmp_path: Path) -> None:
    """Requests go out on a stick for the prosecutor alone, the answer comes back for the police alone, and counts."""
    known = known_to(desk, tmp_path)
    out = await desk.run("inbox", "--file", "asked.json", "--encrypt-for", PROSECUTOR, *known, service=PROSECUTOR, cwd=tmp_path)
    answer = ("confirm", desk.plan.operation, "consent-uz", *FINDINGS, "--as", PROSECUTOR, "--keys", desk.keys, *known)
    signed = await vigil(*answer, "--offline", "--request", "asked.json.age", "--encrypt-for", POLICE, "-o", "json", cwd=tmp_path)
    given = await desk.run("submit", signed.json["statement"], "-o", "json", service=POLICE, cwd=tmp_path)
    again = await desk.run("submit", signed.json["statement"], "-o", "json", service=POLICE, cwd=tmp_path)

    assert [0, 0, 0] == [out.code, signed.code, given.code]
    assert "asked.json" not in names_in(tmp_path)
    assert "accepted" == given.json["verdict"]["verdict"]
    assert given.json == again.json


def altered(envelope: Envelope) -> Envelope:
    """The same signature over another way of handling."""
    text = b64decode(envelope.payload).replace(b'"intact"', b'"removed"')
    return envelope.model_copy(update={"payload": b64encode(text).decode()})


def by_a_stranger(envelope: Envelope) -> Envelope:
    """The same request, signed by a service."""
    return sign(b64decode(envelope.payload), REQUEST_TYPE, private_key_of(KNB))


def of_another_type(envelope: Envelope) -> Envelope:
    """Something else that the installation has signed."""
    return sign(b64decode(envelope.payload), "application/vnd.vigil.notice+json", private_key_of(VIGIL))


@pytest.mark.parametrize("forge", [altered, by_a_stranger, of_another_type])
async def test_requests_that_are_not_the_installations_are_not_answered(desk: Desk, tmp_path: Path, forge: Any) -> None:
    """Exit code 5, whoever made them is not believed, and nothing is signed."""
    known, file = known_to(desk, tmp_path), tmp_path / "asked.json"
    await desk.run("inbox", "--file", file, service=PROSECUTOR)
    inbox = SignedInbox.model_validate_json(file.read_bytes())
    file.write_text(inbox.model_copy(update={"requests": tuple(map(forge, inbox.requests))}).model_dump_json())
    answer = ("confirm", desk.plan.operation, "consent-uz", *FINDINGS, "--as", PROSECUTOR, "--keys", desk.keys, *known)
    before = names_in(tmp_path)
    ran = await vigil(*answer, "--offline", "--request", file, cwd=tmp_path)

    assert [forge(one) for one in inbox.requests] != list(inbox.requests)
    assert 5 == ran.code
    assert "do not act on it" in ran.err
    assert before == names_in(tmp_path)


async def test_a_file_without_the_request_in_question_says_so(desk: Desk, tmp_path: Path) -> None:
    """No requests at all, those of another service, and no file: what is asked cannot be told from them, or from none."""
    known = known_to(desk, tmp_path)
    await desk.run("inbox", "--file", "asked.json", service="kz.prosecutor", cwd=tmp_path)
    (tmp_path / "not.json").write_text(json.dumps({"requests": [{"payload": "x"}]}))
    answer = (
        "confirm",
        desk.plan.operation,
        "consent-uz",
        *FINDINGS,
        "--as",
        PROSECUTOR,
        "--keys",
        desk.keys,
        *known,
        "--offline",
    )
    ran = [await vigil(*answer, "--request", name, cwd=tmp_path) for name in ("asked.json", "not.json", "none.json")]
    ran.append(await vigil(*answer, cwd=tmp_path))

    assert [3, 2, 3, 2] == [one.code for one in ran]
    assert "no open request for uz.prosecutor" in ran[0].err
    assert "holds no signed requests" in ran[1].err
    assert "carried here with --request" in ran[3].err


def as_it_stands(asked: Request) -> Request:
    """The request, whatever had been recorded when it was made: that it was read is recorded too."""
    return asked.model_copy(update={"seen": Seen(size=1, root="0" * 64)})


async def test_a_carried_request_is_the_one_that_the_gateway_shows(desk: Desk, tmp_path: Path) -> None:
    """Signed by the installation, each by itself, with everything that the inbox says."""
    await desk.run("inbox", "--file", tmp_path / "asked.json", service=PROSECUTOR)
    shown = await desk.run("inbox", "-o", "json", service=PROSECUTOR)
    inbox = SignedInbox.model_validate_json((tmp_path / "asked.json").read_bytes())
    carried = [Request.model_validate_json(one.body()) for one in inbox.requests]

    assert [as_it_stands(Request.model_validate(one)) for one in shown.json["requests"]] == list(map(as_it_stands, carried))
    assert {key_id(desk.installation.directory.get(VIGIL).keys[0].public)} == {
        signature.keyid for one in inbox.requests for signature in one.signatures
    }
    assert all(canonical(one) == envelope.body() for one, envelope in zip(carried, inbox.requests, strict=True))


async def test_what_was_carried_encrypted_is_not_written_in_clear_where_no_gateway_answers(desk: Desk, tmp_path: Path) -> None:
    """It is in its file, which is named; and whoever finds the stick reads nothing."""
    words = ("stop", desk.plan.operation, "--reason", "leak", "--offline", "--encrypt-for", POLICE, *known_to(desk, tmp_path))
    signed = await vigil(*words, "--as", PROSECUTOR, "--keys", desk.keys, "-o", "json", cwd=tmp_path)
    file, before = signed.json["statement"], names_in(tmp_path)
    away = ("--gateway", f"http://127.0.0.1:{free_ports(1)[0]}", "--as", POLICE, "--keys", desk.keys)
    ran = await vigil("submit", file, *away, cwd=tmp_path)

    assert file.endswith(".age")
    assert 1 == ran.code
    assert f"`vigil submit {file} --as {POLICE}`" in ran.err
    assert before == names_in(tmp_path)


async def test_the_command_that_is_printed_hands_in_what_was_signed_without_a_network(desk: Desk, tmp_path: Path) -> None:
    """Typed as it stands it is taken: it names who hands it in, who has signed it or for whom it is encrypted."""
    said = ("say", desk.plan.operation, "information", "text=a note", "--offline", *known_to(desk, tmp_path))
    words = (*said, "--plan", signed_plan(desk.plan).fingerprint(), "--as", PROSECUTOR, "--keys", desk.keys)
    mine, for_another = [await vigil(*words, *more, cwd=tmp_path) for more in ((), ("--encrypt-for", POLICE))]
    command = shlex.split(mine.out.partition("hand it in with: ")[2])
    ran = await vigil(*command[1:], "--gateway", desk.installation.url, "--keys", desk.keys, cwd=tmp_path)

    assert 0 == ran.code, ran
    assert ["vigil", "submit", "--as", PROSECUTOR] == [*command[:2], *command[3:]]
    assert for_another.out.endswith(f".age --as {POLICE}\n")


async def test_a_packet_is_exported_for_one_reader_and_verified_by_it(desk: Desk, tmp_path: Path) -> None:
    """Without a network; for others it is only bytes."""
    known = known_to(desk, tmp_path)
    words = ("export", desk.plan.operation, "--file", "packet.json", "--encrypt-for", POLICE)
    made = await desk.run(*words, *known, "-o", "json", service=KNB, cwd=tmp_path)
    verify = ("verify", "packet.json.age", "--keys", desk.keys, *known)
    theirs, others = [await vigil(*verify, "--as", one, cwd=tmp_path) for one in (POLICE, PROSECUTOR)]

    assert [0, 0, 5] == [made.code, theirs.code, others.code]
    assert "packet.json" not in names_in(tmp_path)
    assert "every signature, every link, every rule" in theirs.out
