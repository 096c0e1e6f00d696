"""Thousands of requests at a real gateway, made from its own OpenAPI document, each with a valid proof: `make fuzz`.

Every answer must be one that the document names, of the type and form it names, and never the gateway's own fault. Beside
what fits the document and what does not, statements are handed in that are signed and make sense, or almost.
"""

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any, Self

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests.auth import AuthBase
from requests.exceptions import InvalidHeader, InvalidURL
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from temporalio.client import Client

from domain.plan import proof
from domain.plan.plan import Plan
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, sign
from gateway.limits import SHARES, Share
from process.serve import leave
from rehearsal.services import private_key_of
from tests.installation import BYSTANDERS, installed, renamed, temporal_server
from tests.support import WORDS, Table, example_plan, signed_plan

NAMES = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
]
"""Those of schemathesis that hold whoever asks."""
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
SAID = sorted(WORDS.keys() - {"delegated"})
"""Kinds of statements that are whole without more."""
PATIENCE = 30.0
"""Seconds for one answer."""
STREAMS_LAST = 0.1
"""Seconds: a stream of what is open has no end of its own, and each answer is read to its end."""
ROUND = 1_000
"""Requests at one delivery. Each that counts is in its ledger, and an evidence packet holds all of that."""


@dataclass
class Tried:
    """What came of it."""

    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """By operation and status."""
    faults: dict[str, str] = field(default_factory=dict)
    """The first of each kind: operation and what is wrong, with the request that shows it."""

    def add(self, other: Self) -> None:
        """As if one had tried both."""
        self.requests += other.requests
        self.answers += other.answers
        self.faults = other.faults | self.faults

    def told(self) -> str:
        """Each fault with what shows it, whole: a test that fails says what it was."""
        return "\n".join(f"FAULT {name}\n{text}" for name, text in self.faults.items())


@dataclass(frozen=True)
class Target:
    """A gateway with a delivery under way, and one that is over."""

    url: str
    plan: Plan
    over: str

    @property
    def callers(self) -> tuple[str, ...]:
        """Everyone with a part in the delivery, and everyone with none."""
        return (*self.plan.participants(), *BYSTANDERS)


class Proving(AuthBase):
    """A fresh proof for whatever is sent, bytes and all."""

    def __init__(self, url: str, service: str) -> None:
        self._url = url
        self._service = service

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign it."""
        body = request.body or b""
        made = proof.make(
            self._service,
            private_key_of(self._service),
            str(request.method),
            f"{self._url}{request.path_url}",
            body.encode() if isinstance(body, str) else bytes(body),
            now=datetime.now(UTC),
            nonce=uuid.uuid4().hex,
        )
        request.headers["Authorization"] = made
        return request


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _signed(document: Any, payload_type: str, service: str) -> Any:
    payload = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")
    return json.loads(sign(payload, payload_type, private_key_of(service)).model_dump_json())


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """The document with something in it that is something else, wherever it may be."""
    copy = json.loads(json.dumps(document))
    place = copy
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return copy
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or draw(st.integers(0, 2)) == 0:
            place[key] = draw(JSONS)
            return copy
        place = place[key]


@st.composite
def plans(draw: st.DrawFn, target: Target) -> Any:
    """The plan of the delivery under way, mostly with something changed, signed by its initiator."""
    plan = json.loads(canonical(target.plan))
    if draw(st.integers(0, 4)):
        plan = draw(changed(plan))
    if isinstance(plan, dict):
        plan["operation"] = target.plan.operation  # so that no other is ever started
    return _signed(plan, PLAN_TYPE, target.plan.initiator)


@st.composite
def statements(draw: st.DrawFn, target: Target, table: Table) -> Any:
    """An envelope of a statement as a service would make it, or with a field that is something else, signed all the same."""
    service = draw(st.sampled_from(target.callers))
    said = json.loads(table.statement("uz.customs", draw(st.sampled_from(SAID))).model_dump_json())
    said |= {"service": service, "id": draw(st.uuids()).hex}
    said["checkpoint"] = draw(st.none() | st.sampled_from([one.id for one in target.plan.checkpoints]))
    return _signed(draw(changed(said)) if draw(st.booleans()) else said, STATEMENT_TYPE, service)


def attack(target: Target, many: int, number: int, only: Collection[str] = ()) -> Tried:
    """Send so many requests, the same ones for the same seed number; to these operations, or to all."""
    tried, table = Tried(), Table(target.plan)
    document = requests.get(f"{target.url}/v1/openapi.json", timeout=PATIENCE).json()
    schema = schemathesis.openapi.from_dict(document)
    load_all_checks()
    checks = CHECKS.get_by_names(NAMES)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [one for one in operations if not only or one.definition.raw["operationId"] in only]
    each = -(-many // (len(operations) * len(MODES)))
    session = requests.Session()
    for operation in operations:
        one = _one(target, session, operation.definition.raw, checks, tried)
        name = operation.definition.raw["operationId"]
        deliveries = [target.over, None] if name == "changes" else [*[target.plan.operation] * 4, target.over, None]
        sensible = statements(target, table) if name == "submit" else plans(target)
        for mode in MODES:
            test = given(
                case=operation.as_strategy(generation_mode=mode),
                service=st.sampled_from(target.callers),
                delivery=st.sampled_from(deliveries),
                body=st.one_of(sensible, sensible, sensible, st.none()),
            )(one)
            configured = settings(
                max_examples=each, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
            )
            with suppress(Unsatisfiable):  # nothing goes in that could be wrong
                seed(number)(configured(test))()
    return tried


def calling() -> ProcessPoolExecutor:
    """Another process, as a caller is one: what it costs, and what it imports, is not the gateway's."""
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))


async def attacked(caller: ProcessPoolExecutor, target: Target, many: int, number: int, only: Collection[str] = ()) -> Tried:
    """Attack from this process."""
    return await asyncio.get_running_loop().run_in_executor(caller, attack, target, many, number, only)


def _one(
    target: Target, session: requests.Session, said: dict[str, Any], checks: list[Any], tried: Tried
) -> Callable[[Any, str, str | None, Any], None]:
    url, name = target.url, said["operationId"]

    def one(case: Any, service: str, delivery: str | None, body: Any) -> None:
        """Send one request, and look at its answer."""
        if delivery is not None and "delivery" in (case.path_parameters or {}):
            case.path_parameters["delivery"] = delivery
        if body is not None and "requestBody" in said:
            case.body = body
        began = time.monotonic()
        try:
            answer = case.call(base_url=url, session=session, auth=Proving(url, service), timeout=PATIENCE)
        except (InvalidHeader, InvalidURL, UnicodeError):
            return  # no HTTP client can send it
        except requests.RequestException as error:
            asked = f"{case.method} {case.formatted_path} by {service}, after {tried.requests} answers"
            waited = f"{time.monotonic() - began:.1f} s"
            tried.faults.setdefault(f"{name}: {type(error).__name__}", f"{asked}, in {waited}: {error}\n{body or case.body!r}")
            return
        tried.requests += 1
        tried.answers[f"{name} {answer.status_code}"] += 1
        try:
            case.validate_response(answer, checks=checks)
        except (FailureGroup, Failure) as failures:
            for failure in getattr(failures, "exceptions", [failures]):
                tried.faults.setdefault(f"{name} {answer.status_code}: {type(failure).__name__}", str(failures))

    return one


@contextmanager
def without_shares() -> Iterator[None]:
    """As if each caller were thousands: what is tried here is not how much one may ask."""
    kept = dict(SHARES)
    SHARES.update({lane: Share(burst=10**9, seconds=1, under_way=10**9) for lane in SHARES})
    try:
        yield
    finally:
        SHARES.update(kept)


@asynccontextmanager
async def target(client: Client) -> AsyncIterator[Target]:
    """Everything real, and nobody answering."""
    plan, over = (renamed(example_plan("almaty-tashkent")) for _ in range(2))
    with without_shares(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.floor.LASTS", STREAMS_LAST)
        async with installed(client, plan, None) as installation:
            door = installation.gateway(plan.initiator)
            for one in (plan, over):
                await door.start(signed_plan(one))
            await installation.until(plan, lambda entry: entry.event.event == "opened")
            await installation.handle(over).terminate()
            yield Target(installation.url, plan, over.operation)


async def _main(many: int, number: int) -> int:
    tried, began = Tried(), time.monotonic()
    with calling() as caller:
        async with await temporal_server() as environment:
            while tried.requests < many:
                async with target(environment.client) as found:
                    tried.add(await attacked(caller, found, min(many - tried.requests, ROUND), number))
                number += 1
                sys.stderr.write(f"{tried.requests:7,} requests, {len(tried.faults)} faults, {time.monotonic() - began:.0f} s\n")
    lines = [f"{count:7,}  {name}" for name, count in sorted(tried.answers.items())]
    lines.append(f"\n{tried.told()}")
    seconds = time.monotonic() - began
    lines.append(f"\n{tried.requests:,} requests in {seconds:.0f} s, seeds up to {number - 1}: {len(tried.faults)} faults")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if tried.faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    leave(asyncio.run(_main(chosen.requests, chosen.seed)))
