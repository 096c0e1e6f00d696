import asyncio
import json
import os
import re
from asyncio.subprocess import PIPE
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from client.commands import codec
from client.commands.codec import bridge, origins_of
from client.embedded import TEMPORAL
from domain.plan.directory import Service, ServiceKey
from domain.plan.plan import Plan
from domain.signing.keys import private_pem, public_text
from domain.words.errors import Malformed, NotAllowed, VigilError
from rehearsal.services import private_key_of
from tests.command import VIGIL, vigil
from tests.gateway.test_api import signed
from tests.installation import Installation, installed, renamed
from tests.support import example_plan, signed_plan
from workflows.messages import workflow_id

SUPERVISOR = "kz.supervision"
UI = "http://127.0.0.1:8233"
PATH = "/v1/codec/decode"
SECRET = "seen by the court only"


@dataclass
class At:
    """An installation with a supervisor, and one delivery under way."""

    installation: Installation
    plan: Plan
    keys: Path

    async def ask(self, body: bytes, service: str = SUPERVISOR) -> tuple[int, Any]:
        """What the gateway answers a service that asks it to decode."""
        headers = signed(service, "POST", f"{self.installation.url}{PATH}", body) if service else {}
        headers["Content-Type"] = "application/json"
        async with self.installation.http.post(f"{self.installation.url}{PATH}", data=BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def encrypted(self, text: str) -> dict[str, Any]:
        """A payload of this delivery as Temporal's clients send it to a codec server."""
        converter = self.installation.client.data_converter.with_context(
            WorkflowSerializationContext("default", workflow_id(self.plan.operation))
        )
        [payload] = await converter.encode([text])
        return {
            "metadata": {name: b64encode(value).decode() for name, value in payload.metadata.items()},
            "data": b64encode(payload.data).decode(),
        }

    async def shown(self, command: str, endpoint: str = "") -> str:
        """What Temporal's own command line shows of the delivery, base64 taken out of it."""
        server = self.installation.client.service_client.config.target_host
        process = await asyncio.create_subprocess_exec(
            *(
                TEMPORAL,
                "workflow",
                command,
                "--output",
                "json",
                "--workflow-id",
                workflow_id(self.plan.operation),
                "--address",
                server,
            ),
            stdout=PIPE,
            stderr=PIPE,
            env=os.environ | ({"TEMPORAL_CODEC_ENDPOINT": endpoint} if endpoint else {}),
        )
        out, _ = await process.communicate()
        data = re.findall(r'"data": "([^"]*)"', out.decode())
        return "\n".join([out.decode(), *(b64decode(one).decode(errors="replace") for one in data)])


@pytest.fixture(scope="module")
async def at(temporal: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[At]:
    """One installation for the whole module."""
    plan = renamed(example_plan("almaty-tashkent"))
    keys = tmp_path_factory.mktemp("keys")
    for service in (SUPERVISOR, "kz.knb"):
        (keys / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    key = ServiceKey.model_validate({"public": public_text(private_key_of(SUPERVISOR)), "valid_from": "2020-01-01T00:00:00Z"})
    supervisor = Service.model_validate({"id": SUPERVISOR, "kind": "supervisor", "names": {"en": "Supervision"}, "keys": [key]})
    async with installed(temporal, plan, None, beside=[supervisor]) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan, keys)


@asynccontextmanager
async def vigil_codec(at: At, *words: str) -> AsyncIterator[str]:
    """`vigil codec` as a process; the endpoint that it prints."""
    options = ("--as", SUPERVISOR, "--keys", at.keys, "--gateway", at.installation.url)
    process = await asyncio.create_subprocess_exec(VIGIL, "codec", *map(str, options), *words, stderr=PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stderr.readline()).decode()
        assert line.startswith("codec endpoint"), line
        yield line.split()[-1]
    finally:
        process.terminate()
        await process.communicate()
    assert 0 == process.returncode


async def test_a_supervisor_reads_a_history_with_temporals_own_command_line(at: At) -> None:
    """Through the bridge `temporal workflow` shows history, pending activities and details in clear; without it nothing; and when
    the bridge has ended its address is worth nothing.
    """
    seen = {
        "show": "Air mail, Almaty to Tashkent",
        "describe": "waiting for uz.prosecutor (asked)",
        "metadata": "consent-uz waits for uz.prosecutor",
    }
    without = {command: await at.shown(command) for command in seen}
    async with vigil_codec(at) as endpoint:
        through = {command: await at.shown(command, endpoint) for command in seen}
    with pytest.raises(aiohttp.ClientConnectorError):
        await at.installation.http.post(f"{endpoint}/decode", data=b"{}")

    assert [] == [command for command, text in seen.items() if text not in through[command]]
    assert [] == [text for text in (*seen.values(), "(asked)", "Airport") for shown in without.values() if text in shown]
    assert all(b64encode(b"binary/encrypted").decode() in shown for shown in without.values())


async def test_who_is_no_supervisor_is_told_at_once(at: At) -> None:
    """The bridge asks before it listens: exit code 5, and nothing is served."""
    refused = await vigil("codec", "--as", "kz.knb", "--keys", at.keys, "--gateway", at.installation.url)

    assert 5 == refused.code
    assert "`decode` is not for kz.knb, of kind security" in refused.err
    assert "codec endpoint" not in refused.err


async def test_the_gateway_decodes_for_supervisors_only(at: At) -> None:
    """200 for a supervisor's own signed request, 403 for any other service, 401 for nobody, 200 for no other path or method."""
    body = json.dumps({"payloads": [await at.encrypted(SECRET)]}).encode()
    status, answer = await at.ask(body)

    assert 200 == status
    assert json.dumps(SECRET) == b64decode(answer["payloads"][0]["data"]).decode()
    assert [403, 403, 401] == [(await at.ask(body, one))[0] for one in ("kz.knb", "caricc", "")]
    assert 405 == await statuses(at, "GET", PATH)
    assert 404 == await statuses(at, "POST", "/v1/codec/encode")


async def statuses(at: At, method: str, path: str) -> int:
    """The status of a supervisor's request."""
    async with at.installation.http.request(
        method, f"{at.installation.url}{path}", headers=signed(SUPERVISOR, method, f"{at.installation.url}{path}")
    ) as answer:
        return answer.status


async def test_what_is_no_ciphertext_of_ours_comes_back_as_it_was_sent(at: At) -> None:
    """Search attributes and an empty list: a codec server is asked about them too."""
    plain = {"metadata": {"encoding": b64encode(b"json/plain").decode()}, "data": b64encode(b'"planned"').decode()}

    assert (200, {"payloads": [plain]}) == await at.ask(json.dumps({"payloads": [plain]}).encode())
    assert (200, {}) == await at.ask(b"{}")


async def test_the_largest_payload_that_temporal_takes_is_decoded(at: At) -> None:
    """2 MB, which is more than any other request to the gateway may hold."""
    text = "x" * 1_990_000
    status, answer = await at.ask(json.dumps({"payloads": [await at.encrypted(text)]}).encode())
    too_large = await at.ask(b" " * 4_000_001)

    assert 200 == status
    assert len(text) + 2 == len(b64decode(answer["payloads"][0]["data"]))
    assert 413 == too_large[0]


async def test_what_does_not_open_is_refused_without_a_word_of_it(at: At) -> None:
    """Altered, of no known key, no JSON, another JSON: a problem document each, and never what was sent."""
    altered, unknown = await at.encrypted(SECRET), await at.encrypted(SECRET)
    altered["data"] = b64encode(bytes(40)).decode()
    unknown["metadata"]["encryption-key-id"] = b64encode(b"0123456789abcdef").decode()
    bodies = [json.dumps({"payloads": [one]}).encode() for one in (altered, unknown)]
    answers = [await at.ask(body) for body in (*bodies, b"{", b'{"seen by": 1}', b"\xff")]

    assert [422, 503, 422, 422, 422] == [status for status, _ in answers]
    assert "payload 0 does not open: it was altered" == answers[0][1]["detail"]
    assert "0123456789abcdef is missing here" in answers[1][1]["detail"]
    assert not any("seen by" in json.dumps(document) for _, document in answers)


async def test_who_read_which_delivery_is_recorded(at: At) -> None:
    """One record for an answer, with the supervisor and the delivery; nothing of what was read."""
    before = len((await at.installation.reads.page(0, 1000)).reads)
    await at.ask(json.dumps({"payloads": [await at.encrypted(SECRET)] * 2}).encode())

    (read,) = (await at.installation.reads.page(before, 1000)).reads
    assert (SUPERVISOR, "decode", (at.plan.operation,)) == (read.service, read.action, read.deliveries)
    assert SECRET not in read.model_dump_json()


async def echo(body: bytes) -> bytes:
    """A gateway that decodes nothing."""
    return body


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
@pytest.mark.parametrize(
    ("origin", "status"), [(UI, 200), ("http://127.0.0.1:8234", 403), ("https://evil.example", 403), ("null", 403)]
)
async def test_a_browser_lets_only_temporals_ui_read(at: At, method: str, origin: str, status: int) -> None:
    """Its origin gets the headers of CORS, in the preflight too; another gets none, and no answer."""
    async with bridge(echo, origins_of(f"{UI}/namespaces")) as endpoint:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-namespace"}
        async with at.installation.http.request(method, f"{endpoint}/decode", headers=headers, data=b"{}") as answer:
            allowed = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}

    assert (status if method == "POST" or status == 403 else 204) == answer.status
    assert (UI if status == 200 else None) == allowed.get("Access-Control-Allow-Origin")
    if status == 200 and method == "OPTIONS":
        assert {"content-type", "x-namespace"} == set(allowed["Access-Control-Allow-Headers"].lower().split(", "))
    assert "*" not in allowed.values()


async def test_the_bridge_answers_its_own_user_and_nobody_else(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose a connection is, is told by the system; another user's has no answer, though it knows the address."""
    users = []
    seen = codec.user_of
    monkeypatch.setattr(codec, "user_of", lambda host, port: users.append(seen(host, port)) or users[-1])
    async with bridge(echo, origins_of(UI)) as endpoint:
        async with at.installation.http.post(f"{endpoint}/decode", data=b"{}") as own:
            pass
        monkeypatch.setattr(codec, "user_of", lambda _host, _port: os.getuid() + 1)
        async with at.installation.http.post(f"{endpoint}/decode", data=b"{}") as other:
            text = await other.text()

    assert (200, 403) == (own.status, other.status)
    assert "only the user who began this is answered" in text
    assert users == [os.getuid() if codec.tells_users() else None]
    assert (-1 if codec.tells_users() else None) == seen("127.0.0.1", 1)


def test_this_machine_has_two_names_and_another_has_one() -> None:
    """A browser takes them for two origins."""
    assert {"http://127.0.0.1:8233", "http://localhost:8233"} == origins_of(UI)
    assert {"https://temporal.example"} == origins_of("https://temporal.example/namespaces")


async def test_the_bridge_answers_at_its_secret_path_and_nothing_else(at: At) -> None:
    """Another user of the machine who finds the port finds nothing; each run has another path; the size is bounded."""
    async with bridge(echo, origins_of(UI)) as endpoint, bridge(echo, origins_of(UI)) as other:
        base, _, secret = endpoint.rpartition("/")
        wrong = (f"{base}/decode", f"{base}/{'x' * len(secret)}/decode", f"{endpoint}/other", endpoint, f"{endpoint}/decode/")
        statuses = []
        for url in wrong:
            async with at.installation.http.post(url, data=b"{}") as answer:
                statuses.append(answer.status)
        async with at.installation.http.get(f"{endpoint}/decode") as read:
            pass
        async with at.installation.http.post(f"{endpoint}/decode", data=BytesIO(b" " * 4_000_001)) as large:
            pass

    assert [404] * len(wrong) == statuses
    assert (405, 413) == (read.status, large.status)
    assert len(secret) >= 32
    assert base.startswith("http://127.0.0.1:")
    assert secret not in other


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 200), (b'{"payloads": []}', 200), (b'{"payloads": [{"data": "eA=="}]}', 403), (b"nonsense", 403)]
)
async def test_nothing_is_encrypted_for_whoever_writes_by_hand(at: At, body: bytes, status: int) -> None:
    """Temporal's command line has the arguments of a question encoded: none are, so only questions without any go through."""
    async with bridge(echo, origins_of(UI)) as endpoint, at.installation.http.post(f"{endpoint}/encode", data=body) as answer:
        assert status == answer.status


@pytest.mark.parametrize(
    ("error", "status"), [(NotAllowed("no"), 403), (Malformed("bad"), 400), (VigilError("away"), 502)], ids=["no", "bad", "away"]
)
async def test_what_the_gateway_refuses_the_bridge_refuses(at: At, error: VigilError, status: int) -> None:
    """The status tells Temporal's UI, and the words stand on the supervisor's terminal."""

    async def refuse(_: bytes) -> bytes:
        raise error

    async with (
        bridge(refuse, UI) as endpoint,
        at.installation.http.post(f"{endpoint}/decode", data=b"{}", headers={"Origin": UI}) as answer,
    ):
        assert (status, f"{error.message}\n") == (answer.status, await answer.text())


def test_a_ui_address_that_is_none_is_refused() -> None:
    """With what would be one."""
    with pytest.raises(Malformed, match="no address of a page"):
        origins_of("temporal ui")
