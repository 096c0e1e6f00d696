"""`vigil conformance` against the reference service, sound and with one fault at a time."""

# ruff: noqa: D102 - the class of a fault says what its method does wrong

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client.checks import CHECKS, By, Found, examine
from client.examination import Exam
from domain.plan.directory import Service, ServiceKey
from domain.signing.keys import private_pem, public_text
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.command import Ran, vigil
from tests.reference import FOLDER, SERVICE, configured, in_a_thread, protocol, reference, served

ROOT = FOLDER.parents[1]
PUBLIC = public_text(private_key_of(SERVICE))
SECOND = public_text(private_key_of(f"{SERVICE} second"))


def test_every_check_names_a_section_of_the_protocol() -> None:
    """Each section that a check names is a heading of docs/protocol.md, and no two checks have the same name."""
    headings = re.findall(r"^##+ ([0-9.]+?)\.? ", (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert {check.section for check in CHECKS} <= set(headings)
    assert len(CHECKS) == len({check.name for check in CHECKS})


# As a process


async def examined(folder: Path, by: By, *more: object, port: int | None = None) -> Ran:
    """The command against the reference service as a process of its own; against nobody if a port is given."""
    mine, gateway = free_ports(2)
    where = (
        "--service",
        SERVICE,
        "--public",
        PUBLIC,
        "--public",
        SECOND,
        "--keys",
        folder / "test-key",
        "--by",
        by,
        "--patience",
        "15",
    )
    door = f"http://127.0.0.1:{gateway}"
    if port is not None:
        return await vigil("conformance", f"http://127.0.0.1:{port}/vigil", *where, "--gateway", door, *more)
    key = await vigil("keys", "new", VIGIL, "--plain", "--keys", folder / "test-key", "-o", "json")
    config = configured(folder, mine, gateway=door if by == "push" else None)
    config.write_text(config.read_text().replace(public_text(private_key_of(VIGIL)), key.json[0]["public"]))
    async with served(config):
        return await vigil("conformance", f"http://127.0.0.1:{mine}/vigil", *where, "--gateway", door, *more)


@pytest.mark.parametrize("by", ["push", "poll"])
async def test_the_reference_service_takes_part_as_the_protocol_says(tmp_path: Path, by: By) -> None:
    """As a real process, pushing and polled, it passes every check there is for it; exit code 0."""
    ran = await examined(tmp_path, by, "-o", "json")

    assert [] == [one for one in ran.json["checks"] if one["result"] != "passed"]
    assert sum(by in check.by for check in CHECKS) == ran.json["passed"]
    assert (0, 0) == (ran.code, ran.json["failed"])


async def test_a_system_that_does_not_conform_is_told_what_was_seen_and_expected(tmp_path: Path) -> None:
    """One that is asked for what it has no answer to: the table says so, each with its section; exit code 7."""
    ran = await examined(tmp_path, "poll", "--says", "costs", "--patience", "1")

    assert 7 == ran.code
    assert re.search(r"5\.3 +answers what is asked +failed +0 answers .* a statement, in good time", ran.out)
    assert re.search(r"3 +refuses a request without a proof +passed +status 401", ran.out)
    assert "checks did not pass" in ran.err


async def test_where_nobody_answers_nothing_is_examined(tmp_path: Path) -> None:
    """Exit code 1 and what to do, and no list of failures."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    ran = await examined(tmp_path, "push", "-o", "json", port=free_ports(1)[0])

    assert 1 == ran.code
    assert "unavailable" == ran.json["error"]["code"]


async def test_a_gateway_address_that_is_taken_is_refused(tmp_path: Path) -> None:
    """The command says so before anything is asked."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        ran = await examined(tmp_path, "push", "--gateway", f"http://127.0.0.1:{port}", port=port)

    assert 1 == ran.code
    assert f"no gateway can listen at http://127.0.0.1:{port}" in ran.err


async def test_wrong_options_are_refused_with_what_would_be_right(tmp_path: Path) -> None:
    """Exit code 2, and nothing is called."""
    await vigil("keys", "new", VIGIL, "--plain", "--keys", tmp_path / "test-key")
    port = free_ports(1)[0]
    wrong = {
        ("--says", "everything"): "expected one of authorisation",
        ("--public", "ed25519:short"): "a public key is written",
        ("--service", "Not An Id"): "Service id",
        ("--state", "ZZ"): "state",
        ("--gateway", "nowhere"): "is no address",
    }
    ran = await asyncio.gather(*(examined(tmp_path, "push", *pair, port=port) for pair in wrong))

    assert [2] * len(wrong) == [one.code for one in ran]
    for said, one in zip(wrong.values(), ran, strict=True):
        assert said in one.err


async def test_without_a_key_of_its_own_it_does_not_begin(tmp_path: Path) -> None:
    """There is no default folder: nobody tests with the installation's own key by accident."""
    ran = await vigil("conformance", "http://127.0.0.1:1/vigil", "--service", SERVICE, "--public", PUBLIC)
    missing = await examined(tmp_path, "push", port=free_ports(1)[0])

    assert 2 == ran.code
    assert "--keys" in ran.err
    assert 3 == missing.code
    assert "vigil keys new vigil" in missing.err


# Faults


class Faulty(reference.Service):  # type: ignore[misc] - the example is not typed for us
    """The reference service, for faults."""

    def claims(self, authorization: str | None) -> dict[str, Any]:
        """What a proof says, whoever made it."""
        return json.loads(protocol._unb64url((authorization or "").split(".")[1]))  # type: ignore[no-any-return]


class TakesUnsigned(Faulty):
    """No proof is as good as a proof."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        if authorization is not None:
            super().check_caller(authorization, method, target, body)


class TakesReplays(Faulty):
    """Forgets which proofs it has seen."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.store.first_use = lambda *_: True


class AnyMethod(Faulty):
    """Believes the proof which method it is of."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        method = self.claims(authorization)["htm"] if authorization and authorization.count(".") == 2 else method
        super().check_caller(authorization, method, target, body)


class AnyAddress(Faulty):
    """Believes the proof which address it is of."""

    def check_caller(self, authorization: str | None, method: str, target: str, body: bytes) -> None:
        told = self.claims(authorization)["htu"] if authorization and authorization.count(".") == 2 else ""
        if "elsewhere" not in told:
            super().check_caller(authorization, method, target, body)


class TakesOthersRequests(Faulty):
    """Keeps what is for somebody else."""

    def take_request(self, body: bytes) -> None:
        said = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)
        if said.get("service") in (None, SERVICE):
            super().take_request(body)


class TrustsAnyKey(Faulty):
    """An envelope by a key that it does not know is taken as it is."""

    def take_request(self, body: bytes) -> None:
        known = re.search(rb'"keyid":"([0-9a-f]+)"', body)
        if known is None or known[1].decode() in self.config.vigil_keys:
            super().take_request(body)


class SaysFiveHundred(reference.Handler):  # type: ignore[misc]
    """Breaks on what is no JSON."""

    def _answered(self, work: Any) -> None:
        def broken() -> tuple[int, Any]:
            try:
                return work()  # type: ignore[no-any-return]
            except protocol.RefusedError as error:
                if error.reason == "not JSON":
                    return 500, {}
                raise

        super()._answered(broken)


class TakesLargeBodies(reference.Handler):  # type: ignore[misc]
    """Reads whatever comes."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))  # type: ignore[no-any-return]


class IgnoresAfter(Faulty):
    """Gives all its answers to each poll."""

    def answers(self, request: str, after: int, wait: float) -> list[Any]:
        return super().answers(request, 0, wait) if after else super().answers(request, after, wait)  # type: ignore[no-any-return]


class HoldsTooLong(Faulty):
    """Holds a poll for longer than it was allowed to."""

    def answers(self, request: str, after: int, wait: float) -> list[Any]:
        return super().answers(request, after, 8 if wait else 0)  # type: ignore[no-any-return]


class SignsWithAnotherKey(Faulty):
    """Signs with a key that is not in the directory."""

    def __init__(self, config: Any, _key: Any, store: Any) -> None:
        super().__init__(config, Ed25519PrivateKey.generate(), store)


class AnswersAnew(Faulty):
    """Says something new each time it is asked the same."""

    def take_request(self, body: bytes) -> None:
        super().take_request(body)
        request = protocol.open_envelope(body, protocol.REQUEST, self.config.vigil_keys)
        if self.store.said_to(request["id"], 0, 1):
            content = reference.filled_in(self.config.policy["authorisation"], request["facts"])
            self.answer(request, content, ["another"], [])


class OneKey(reference.Service):  # type: ignore[misc]
    """Signs for every officer with its own key."""

    def __init__(self, config: Any, key: Any, store: Any) -> None:
        super().__init__(config, key, store)
        self.config.officers.update(dict.fromkeys(self.config.officers, self.config.key))


class OneOfficer(Faulty):
    """Has one officer sign, always."""

    def answer(self, request: Any, content: Any, officers: list[str], fulfils: list[str]) -> list[str]:
        return super().answer(request, content, officers[:1], fulfils)  # type: ignore[no-any-return]


class SaysSomethingElse(Faulty):
    """Answers another question."""

    def answer(self, request: Any, _content: Any, officers: list[str], fulfils: list[str]) -> list[str]:
        return super().answer(request, {"kind": "ready"}, officers, fulfils)  # type: ignore[no-any-return]


class NeverAnswers(Faulty):
    """Receives, and no more."""

    def answer_by_policy(self) -> None:
        """Nothing."""


class TakesLeftForReceipt(Faulty):
    """Does not hand in again what was left for later."""

    def _post(self, path: str, body: bytes) -> tuple[int, str]:
        status, answer = super()._post(path, body)
        return (200 if status == 202 else status), answer


class ReusesProofs(Faulty):
    """Sends the same call again, proof and all."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.made: dict[bytes, str] = {}

    def authorization(self, url: str, body: bytes) -> str:
        return self.made.setdefault(body, super().authorization(url, body))


class NeverDone(Faulty):
    """Hands in what has its receipt already."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.store.keep_receipt = lambda *_: None

    def hand_in(self) -> bool:
        return bool(super().hand_in() or True)


@dataclass(frozen=True)
class Fault:
    """A class with a fault, how it is examined, and the checks that are to fail."""

    by: By
    fails: set[str]
    service: type[Any] = Faulty
    handler: type[Any] = field(default_factory=lambda: reference.Handler)


FAULTS: dict[str, Fault] = {
    "none, pushing": Fault("push", set()),
    "none, polled": Fault("poll", set()),
    "unsigned": Fault("push", {"refuses a request without a proof"}, TakesUnsigned),
    "unsigned polls": Fault("poll", {"refuses a request without a proof", "refuses a poll without a proof"}, TakesUnsigned),
    "replays": Fault("push", {"refuses a proof that was used already"}, TakesReplays),
    "method": Fault("push", {"refuses a proof of another method"}, AnyMethod),
    "address": Fault("push", {"refuses a proof of another host"}, AnyAddress),
    "others' requests": Fault("push", {"refuses a request for another service"}, TakesOthersRequests),
    "any key": Fault("push", {"refuses an envelope signed by another key"}, TrustsAnyKey),
    "500": Fault("push", {"answers nonsense with an error of the caller"}, handler=SaysFiveHundred),
    "large bodies": Fault("push", {"refuses a body of more than 1,000,000 bytes"}, handler=TakesLargeBodies),
    "after": Fault("poll", {"leaves out what was fetched"}, IgnoresAfter),
    "holds": Fault("poll", {"answers a held poll"}, HoldsTooLong),
    "another key": Fault("poll", {"signs its answers"}, SignsWithAnotherKey),
    "answers anew": Fault("poll", {"answers once, however often it is asked"}, AnswersAnew),
    "one key": Fault("push", {"has two officers sign where two must"}, OneKey),
    "one officer": Fault("push", {"has two officers sign where two must"}, OneOfficer),
    "something else": Fault("poll", {"answers what was asked"}, SaysSomethingElse),
    "no answer": Fault("push", {"answers what is asked", "has two officers sign where two must"}, NeverAnswers),
    "left is done": Fault("push", {"hands in again until it has the receipt"}, TakesLeftForReceipt),
    "old proofs": Fault("push", {"proves each attempt anew"}, ReusesProofs),
    "never done": Fault("push", {"is done when it has the receipt"}, NeverDone),
}


async def found_in(fault: Fault, folder: Path, mine: int, door: int) -> list[Found]:
    """What an examination of this service finds."""
    vigil_key = Ed25519PrivateKey.generate()
    gateway = f"http://127.0.0.1:{door}"
    config = configured(folder, mine, gateway=gateway if fault.by == "push" else None, vigil=vigil_key)
    keys = tuple(ServiceKey(public=public, valid_from="2000-01-01T00:00:00Z") for public in (PUBLIC, SECOND))
    service = Service(id=SERVICE, kind="prosecutor", state="UZ", names={"en": "x"}, keys=keys)
    url, pushes = f"http://127.0.0.1:{mine}/vigil", fault.by == "push"
    async with aiohttp.ClientSession() as http:
        exam = Exam(http, url, service, (VIGIL, vigil_key), "authorisation", pushes=pushes, patience=4, settle=1.5)
        async with exam.gateway(gateway), in_a_thread(config, fault.service, fault.handler):
            return await examine(exam, fault.by, _nothing)


_nothing: Callable[[object], None] = lambda _check: None  # noqa: E731


async def test_each_fault_fails_the_check_that_is_its_own(tmp_path: Path) -> None:
    """Services with one fault each: exactly what is wrong with each is found, and nothing else is blamed."""
    for number in range(len(FAULTS)):
        (tmp_path / str(number)).mkdir()
    ports = iter(free_ports(2 * len(FAULTS)))
    found = await asyncio.gather(
        *(found_in(fault, tmp_path / str(number), next(ports), next(ports)) for number, fault in enumerate(FAULTS.values()))
    )
    failed = [{one.check.name for one in each if one.result == "failed"} for each in found]

    assert {name: fault.fails for name, fault in FAULTS.items()} == dict(zip(FAULTS, failed, strict=True))


async def test_one_that_does_not_even_acknowledge_is_not_examined_further(tmp_path: Path) -> None:
    """It knows another key as Vigil's: one check fails, the others are not tried, and the key that it should know is named."""
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "test-key").mkdir(mode=0o700)
    key = Ed25519PrivateKey.generate()
    (folder / "test-key" / "vigil.pem").write_bytes(private_pem(key))
    port = free_ports(1)[0]
    async with served(configured(folder, port, gateway=None)):
        ran = await examined(folder, "poll", "-o", "json", port=port)
        told = await examined(folder, "poll", port=port)
    results = [one["result"] for one in ran.json["checks"]]

    assert 7 == ran.code
    assert ["failed", *["untried"] * (len(results) - 1)] == results
    assert "status 401" in ran.json["checks"][0]["seen"]
    assert f"have your system know {public_text(key)} as the key of vigil" in told.err
