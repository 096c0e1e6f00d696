"""What encryption costs a statement: of the time to its receipt over HTTP, of the history; and a payload, in microseconds.

One run on one real server: the same installation with the codec and without, one statement after the other in turn. Read the
ratios; the rest is this machine's. Run it with `make benches`.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from bench.figures import milliseconds
from bench.plain import plain_converter
from domain.plan.plan import Plan
from domain.rules.watch import Sighted
from domain.signing.envelope import Envelope
from process.codec import Codec
from process.serve import leave
from tests.installation import PAYLOAD_KEYS, Installation, installed, renamed, said_by, temporal_server
from tests.support import example_plan, signed_plan

ROUNDS = 300
WARM_UP = 30
TIMES = 5_000
SIZES = (300, 2_000, 200_000)
"""Bytes, about those of a receipt, of a statement in its envelope, and of all that a long delivery is made of."""
SPEAKER = "kz.police"


def sighting(plan: Plan) -> Envelope:
    """A signed statement."""
    return said_by(SPEAKER, plan, Sighted(place="on the road"))


async def history_bytes(at: Installation, plan: Plan) -> int:
    """What Temporal keeps of the delivery."""
    return (await at.handle(plan).describe()).raw_description.workflow_execution_info.history_size_bytes


async def receipts(client: Client) -> None:
    """Print p50 and p99 with the codec and without, and what a statement adds to the history."""
    address = client.service_client.config.target_host
    clients = {"encrypted": client, "plain": await Client.connect(address, data_converter=plain_converter(PAYLOAD_KEYS))}
    times: dict[str, list[float]] = {name: [] for name in clients}
    grown = dict.fromkeys(clients, 0.0)
    async with AsyncExitStack() as stack:
        sides: dict[str, tuple[Installation, Plan]] = {}
        for name, one in clients.items():
            plan = renamed(example_plan("almaty-tashkent"))
            sides[name] = (await stack.enter_async_context(installed(one, plan, None)), plan)
            await sides[name][0].gateway(plan.initiator).start(signed_plan(plan))
        for number in range(WARM_UP + ROUNDS):
            for name, (at, plan) in sides.items():
                if number == WARM_UP:
                    grown[name] -= await history_bytes(at, plan)
                door, said = at.gateway(SPEAKER), sighting(plan)
                took = await milliseconds(lambda door=door, plan=plan, said=said: door.submit(plan.operation, said))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                if number >= WARM_UP:
                    times[name].append(took)
        for name, (at, plan) in sides.items():
            grown[name] += await history_bytes(at, plan)
    medians = {name: statistics.median(one) for name, one in times.items()}
    for name, took_each in times.items():
        cuts = statistics.quantiles(took_each, n=100)
        sys.stdout.write(
            f"receipt, {name:<17} p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms   history {grown[name] / ROUNDS:.0f} bytes\n"
        )
    sys.stdout.write(f"ratio of medians           {medians['encrypted'] / medians['plain']:.2f}\n")
    sys.stdout.write(f"ratio of histories         {grown['encrypted'] / grown['plain']:.2f}\n")


async def payloads() -> None:
    """Print what one payload of each size costs."""
    codec = Codec.of(PAYLOAD_KEYS).with_context(WorkflowSerializationContext("default", "delivery/saxaul-22"))
    for size in SIZES:
        payload = Payload(metadata={"encoding": b"json/plain"}, data=b"x" * size)
        [encrypted] = await codec.encode([payload])
        took = {}
        for name, work, what in (("encode", codec.encode, payload), ("decode", codec.decode, encrypted)):
            began = time.perf_counter()
            for _ in range(TIMES):
                await work([what])
            took[name] = (time.perf_counter() - began) / TIMES * 1e6
        more = encrypted.ByteSize() - payload.ByteSize()
        sys.stdout.write(
            f"payload of {size:>7} bytes    encode {took['encode']:6.1f} us  decode {took['decode']:6.1f} us  {more:+d} bytes\n"
        )


async def main() -> None:
    """On a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with await temporal_server(Path(folder, "temporal.db")) as environment:
            await payloads()
            await receipts(environment.client)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
