"""What a known service can do with one request that is meant to hurt: it gets a short answer, and nobody waits for it."""

import asyncio
import json
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import WorkflowUpdateFailedError

from domain.signing.envelope import KEYS_TYPE, PLAN_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.words.errors import REASONS, Malformed, Reason, RuleBroken
from domain.words.limits import LARGEST_BRAKE
from domain.words.text import fill
from gateway import aside, bodies, middlewares
from gateway.limits import Lane
from gateway.middlewares import SMALL
from gateway.reception import Reception
from gateway.temporal import as_ours
from process.language import speaker
from rehearsal.services import private_key_of
from tests.gateway.test_http import Door, door_of
from workflows.controlled_delivery import as_application_error

SUBMIT = "/v1/deliveries/saxaul-22/statements"


async def refused(door: Door, body: bytes) -> Any:
    """The problem document that a signed body gets."""
    answer, document = await door.call("POST", SUBMIT, body, sign=body, Content_Type="application/json")
    assert 422 == answer.status
    return document


async def test_a_body_of_many_unknown_members_gets_a_hundred_faults_or_their_number() -> None:
    """Of 800 names that nobody knows the first hundred are told, and how many more there are; of 8,000 only how many."""
    async with door_of() as door:
        some, many = [
            (await refused(door, json.dumps({f"x{number}": 1 for number in range(count)}).encode()))["faults"]
            for count in (800, 8000)
        ]
    assert 101 == len(some)
    assert "and 703 more" == some[-1]["problem"]
    assert ["it has 8003 faults: this is something else"] == [one["problem"] for one in many]


def test_a_stop_is_small_enough_to_be_looked_at_before_its_lane_is_known() -> None:
    """The largest, in its envelope with all the signatures that one may have."""
    keys = [Ed25519PrivateKey.generate() for _ in range(4)]
    assert len(sign(b"x" * LARGEST_BRAKE, STATEMENT_TYPE, *keys).model_dump_json()) <= SMALL


@pytest.mark.parametrize(("size", "looked_at"), [(SMALL, True), (SMALL + 1, False)])
async def test_what_is_larger_than_a_stop_is_not_looked_at_for_one(
    size: int,
    looked_at: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To know the lane of a large body would take the event loop from those who stop."""
    seen: list[int] = []

    def lane(_action: str | None, body: bytes) -> Lane:
        seen.append(len(body))
        return "say"

    monkeypatch.setattr(middlewares, "lane_of", lane)
    async with door_of() as door:
        await refused(door, b"{" + b" " * (size - 2) + b"}")
    assert [size if looked_at else 0] == seen


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"x{number}": 1 for number in range(20_000)}).encode(),
        json.dumps({"signatures": [{"a": 1}] * 30_000}).encode(),
        json.dumps([{"a": 1}] * 30_000).encode(),
    ],
    ids=["20,000 members", "30,000 signatures", "30,000 objects"],
)
async def test_a_body_of_too_many_values_is_not_even_parsed(body: bytes) -> None:
    """One sentence comes back, and no list of faults."""
    async with door_of() as door:
        document = await refused(door, body)
    assert ("the body holds more than 10000 values", []) == (document["detail"], document["faults"])


async def test_names_that_steer_a_terminal_come_back_written_out() -> None:
    """The answer repeats which member is wrong, as text."""
    async with door_of() as door:
        document = await refused(door, b'{"a\\u001b[2J\\u202e": 1}')
    assert "a\\x1b[2J\\u202e" in {fault["place"] for fault in document["faults"]}


@pytest.mark.parametrize(("size", "beside"), [(100, False), (200_000, True)])
async def test_a_large_body_is_read_beside_the_event_loop(size: int, beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """Whoever is served meanwhile does not wait for it; a small one is not worth the way."""
    where: list[bool] = []

    def seen(body: bytes, **_: Any) -> bytes:
        where.append(threading.current_thread() is not threading.main_thread())
        return body

    monkeypatch.setattr(bodies, "bounded", seen)
    async with door_of() as door:
        await refused(door, json.dumps({"x": "y" * size}).encode())
    assert [beside] == where


async def test_who_waits_for_a_reader_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All readers are busy: 503, nothing was done, and small bodies are read all the same."""
    busy = threading.Event()

    def slow(body: bytes, **_: Any) -> bytes:
        if len(body) > aside.AT_A_GLANCE:
            busy.wait(10)
        return body

    monkeypatch.setattr(bodies, "bounded", slow)
    monkeypatch.setattr(aside, "PATIENCE", 0.05)
    large = json.dumps({"x": "y" * 200_000}).encode()
    async with door_of() as door, asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(door.call("POST", SUBMIT, large, sign=large, Content_Type="application/json"))
            for _ in range(aside.AT_ONCE + 1)
        ]
        (first,), _ = await asyncio.wait(asked, return_when="FIRST_COMPLETED")
        small = await refused(door, b"{}")
        busy.set()
    answers = sorted((answer.status, document["code"]) for answer, document in (one.result() for one in asked))

    assert 503 == first.result()[0].status
    assert [(422, "malformed")] * aside.AT_ONCE + [(503, "unavailable")] == answers
    assert small["faults"]


async def test_who_has_papers_made_keeps_nobody_from_speaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers and packets have turns of their own, so that a large statement or plan is read while those of others are made."""
    monkeypatch.setattr(aside, "PATIENCE", 0.2)
    over, papers = threading.Event(), list[asyncio.Task[Any]]()

    def made(reception: Reception, *given: Any) -> None:
        began(reception, *given)
        papers.extend(asyncio.create_task(reception.papers._aside.do(lambda: over.wait(20))) for _ in range(aside.AT_ONCE))

    began = Reception.__init__
    monkeypatch.setattr(Reception, "__init__", made)
    body = sign(b"x" * 20_000, STATEMENT_TYPE, private_key_of("kz.knb")).model_dump_json().encode()
    async with door_of() as door:
        answer, _ = await door.call("POST", SUBMIT, body, sign=body, Content_Type="application/json")
        over.set()
        await asyncio.gather(*papers)

    assert 422 == answer.status


@pytest.mark.parametrize(("path", "kind"), [(SUBMIT, STATEMENT_TYPE), ("/v1/deliveries", PLAN_TYPE)])
async def test_what_nobody_has_signed_is_not_parsed(path: str, kind: str) -> None:
    """Neither with a key that nobody here has, nor with one whose signature does not fit: nothing is said of what is in it."""
    stranger, known = Ed25519PrivateKey.generate(), private_key_of("kz.knb")
    strange, other = sign(b'{"x": 1}', kind, stranger), sign(b"{}", kind, known)
    forged = strange.model_copy(update={"signatures": other.signatures})
    told = []
    async with door_of() as door:
        for one in (strange, forged):
            body = one.model_dump_json().encode()
            told.append(await door.call("POST", path, body, sign=body, Content_Type="application/json"))
    assert [401, 401] == [answer.status for answer, _ in told]
    assert not any("faults" in document for _, document in told)


@pytest.mark.parametrize("reason", [*REASONS, None])
def test_why_a_rule_forbids_something_goes_through_temporal(reason: Reason | None) -> None:
    """The workflow's error comes out at the gateway as it went in: rule, sentence, reason and what to do, in any language."""
    sentence = fill("delivery {operation} has ended; its ledger is closed", operation="saxaul-22")
    error = RuleBroken("R28", sentence, reason=reason, hint="nothing more")
    with pytest.raises(RuleBroken) as told, as_ours("any"):
        raise WorkflowUpdateFailedError(as_application_error(error))

    assert vars(error) == vars(told.value)
    assert error.told_in(speaker("ru")) == told.value.told_in(speaker("ru"))
    assert "поставка saxaul-22" in told.value.told_in(speaker("ru"))[0]


@pytest.mark.parametrize(
    ("path", "kind", "reads"),
    [(SUBMIT, STATEMENT_TYPE, "gateway.submissions.read_statement"), ("/v1/keys", KEYS_TYPE, "gateway.reception.read_change")],
)
@pytest.mark.parametrize(("size", "beside"), [(100, False), (20_000, True)])
async def test_what_is_signed_and_large_is_read_beside_the_event_loop(  # noqa: PLR0917 - what is tried
    path: str,
    kind: str,
    reads: str,
    size: int,
    beside: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A statement and a change of keys: who sends a thousand large ones takes no time from those who stop."""
    where: list[bool] = []

    def seen(_envelope: Envelope) -> None:
        where.append(threading.current_thread() is not threading.main_thread())
        raise Malformed("enough was seen")

    monkeypatch.setattr(reads, seen)
    body = sign(b"x" * size, kind, private_key_of("kz.knb")).model_dump_json().encode()
    async with door_of() as door:
        answer, _ = await door.call("POST", path, body, sign=body, Content_Type="application/json")

    assert (422, [beside]) == (answer.status, where)
