"""A delivery in which everyone says as much as they may (R28), with a stop in the middle: how long receipts take, how far the
archive is behind, whether each receipt is in the packet, and how large that is.

`python -m bench.largest --statements 20000` is all that ten services may say; fewer show the same in less time.
"""

import argparse
import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.handling import Information
from domain.rules.stop import StopRequested
from domain.words.limits import SPEAKER_STATEMENTS
from process.serve import leave
from tests.installation import Installation, installed, renamed, said_by, temporal_server
from tests.support import example_plan, signed_plan
from workflows.messages import workflow_id

AT_ONCE = 3
"""Statements that each service has under way."""
LARGE, EVERY = 1_900, 10
"""Characters of the text of each so many-th statement; all others are short."""


async def speak(at: Installation, plan: Plan, service: str, number: int) -> tuple[list[float], list[SignedReceipt]]:
    """One service says so much; seconds until each receipt, and the receipts."""
    door = at.gateway(service)
    numbers: Iterator[int] = iter(range(number))
    times: list[float] = []
    receipts: list[SignedReceipt] = []

    async def one_after_another() -> None:
        for one in numbers:
            text = "observed " * (LARGE // 9 if one % EVERY == 0 else 30)
            envelope = said_by(service, plan, Information(text=text.strip()))
            began = time.perf_counter()
            given = await door.submit(plan.operation, envelope)
            assert isinstance(given, SignedReceipt), given
            times.append(time.perf_counter() - began)
            receipts.append(given)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return times, receipts


async def stop(at: Installation, plan: Plan, after: float) -> tuple[float, float]:
    """A stop after so many seconds: seconds until its receipt, and until somebody is asked to seize."""
    await asyncio.sleep(after)
    began = time.perf_counter()
    given = await at.gateway("uz.police").submit(plan.operation, said_by("uz.police", plan, StopRequested(reason="danger")))
    heard = time.perf_counter() - began
    assert isinstance(given, SignedReceipt), given
    assert "accepted" == given.receipt.verdict.verdict
    await at.opened(plan, "stop.interdiction")
    return heard, time.perf_counter() - began


async def behind(at: Installation, plan: Plan, lags: list[float]) -> None:
    """Measure, until cancelled, how long after a receipt the archive has its entry."""
    door = at.gateway("kz.customs")
    while True:
        given = await door.submit(plan.operation, said_by("kz.customs", plan, Information(text="where are we")))
        began = time.perf_counter()
        if isinstance(given, SignedReceipt):
            await at.kept(plan, given.receipt.size)
            lags.append(time.perf_counter() - began)
        await asyncio.sleep(0.5)


def shown(name: str, seconds: Sequence[float]) -> None:
    """A line with p50, p99 and the longest."""
    cuts = statistics.quantiles(seconds, n=100)
    sys.stdout.write(
        f"{name:<34} p50 {cuts[49] * 1000:7.1f} ms   p99 {cuts[98] * 1000:7.1f} ms   max {max(seconds) * 1000:7.1f} ms\n"
    )


async def measure(folder: Path, statements: int) -> None:
    """Print it all."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with await temporal_server(folder / "temporal.db") as environment, installed(environment.client, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        asked = dict.fromkeys(service for one in plan.checkpoints for service in one.services())
        speakers = [one for one in asked if one != "uz.police"]
        each = min(statements // len(speakers), SPEAKER_STATEMENTS - 60)
        lags: list[float] = []
        watching = asyncio.create_task(behind(at, plan, lags))
        began = time.perf_counter()
        stopping = asyncio.create_task(stop(at, plan, max(each * len(speakers) / 400, 2)))
        found = await asyncio.gather(*(speak(at, plan, service, each) for service in speakers))
        took = time.perf_counter() - began
        heard, acted = await stopping
        watching.cancel()
        await at.caught_up(plan)
        receipts = [one for _, given in found for one in given]
        runs = [run async for run in environment.client.list_workflows(f"WorkflowId = '{workflow_id(plan.operation)}'")]
        began = time.perf_counter()
        packet = await at.gateway(plan.initiator, plan.initiator).packet(plan.operation)
        exported = time.perf_counter() - began
        began = time.perf_counter()
        proved = verify(packet, at.directory, [one.envelope for one in receipts])
        verified = time.perf_counter() - began

    times = [one for each_of, _ in found for one in each_of]
    shown(f"{len(times)} receipts", times)
    shown("archive behind a receipt", lags)
    sys.stdout.write(
        f"stop: its receipt                  {heard * 1000:7.1f} ms, who must seize is asked {acted * 1000:7.1f} ms\n"
    )
    sys.stdout.write(f"statements a second                {len(times) / took:7.1f}, in {len(runs)} runs\n")
    size = len(packet) / 2**20
    sys.stdout.write(f"packet                             {size:7.1f} MiB, {proved.size} entries, made in {exported:.1f} s\n")
    sys.stdout.write(f"verified, with all {proved.receipts} receipts     {verified:7.1f} s\n")
    sys.stdout.write(
        f"memory of worker and gateway       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MiB at most\n"
    )


async def main() -> None:
    """On a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=2_000, help="of all services together")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        await measure(Path(folder), chosen.statements)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
