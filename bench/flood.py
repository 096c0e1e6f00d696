"""One participant with valid keys, at every door of the gateway at once: what it may say and ask, and what it may not, over and
over.

`python -m bench.flood URL PLAN SERVICE OTHER` floods until it is told to end (SIGTERM), and then says what each door answered.
PLAN: a file with the delivery's plan. SERVICE floods, and carries statements that bear the name of OTHER.
"""

import argparse
import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from domain.plan.plan import Plan
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from protocol.calls import Signer, of_delivery
from rehearsal.services import private_key_of
from tests.installation import said_by, stop_by

NONSENSE = b"[" * 1_000_000
LONGEST = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class Door:
    """One thing that is asked again and again, so many at once. `body`: made anew each time."""

    name: str
    at_once: int
    method: str
    path: str
    body: Callable[[], bytes] = bytes


def doors(plan: Plan, hostile: str, other: str) -> tuple[Door, ...]:
    """Every way in that a participant has; the one by which it is polled is with the simulated services."""
    statements, delivery = f"{of_delivery(plan.operation)}/statements", of_delivery(plan.operation)
    once = said_by(hostile, plan, Information(text="once more"))
    forged = stop_by(other, plan).model_copy(update={"signatures": once.signatures})
    changed = plan.model_copy(update={"title": "another plan"})

    def posted(envelope: Callable[[], Envelope]) -> Callable[[], bytes]:
        return lambda: envelope().model_dump_json().encode()

    return (
        Door("news", 30, "POST", statements, posted(lambda: said_by(hostile, plan, Information(text="news")))),
        Door("the same once more", 20, "POST", statements, posted(lambda: once)),
        Door("stops of another plan", 20, "POST", statements, posted(lambda: stop_by(hostile, changed))),
        Door("stops in another's name", 10, "POST", statements, posted(lambda: forged)),
        Door("nonsense", 10, "POST", statements, lambda: NONSENSE),
        Door("views", 10, "GET", delivery),
        Door("ledgers", 10, "GET", f"{delivery}/ledger"),
        Door("packets", 5, "GET", f"{delivery}/packet"),
        Door("inboxes", 5, "GET", "/v1/inbox"),
        Door("lists", 5, "GET", "/v1/deliveries?limit=200"),
        Door("streams", 30, "GET", f"{delivery}/changes"),
        Door("links to sign in", 5, "POST", "/v1/sign-in"),
        Door("pages", 10, "GET", "/desk"),
    )


async def flood(url: str, plan: Plan, hostile: str, other: str) -> Counter[tuple[str, str]]:
    """Do all of it until SIGTERM; how often each door answered what."""
    answers: Counter[tuple[str, str]] = Counter()
    enough = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, enough.set)
    signer = Signer(hostile, private_key_of(hostile), "officer-1")

    async def again_and_again(door: Door) -> None:
        while True:
            body, address = door.body(), f"{url}{door.path}"
            headers = {"Authorization": signer.proof(door.method, address, body), "Content-Type": "application/json"}
            try:
                async with http.request(door.method, address, data=body, headers=headers, timeout=LONGEST) as answer:
                    async for _ in answer.content.iter_any():
                        pass
                    answers[door.name, str(answer.status)] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                answers[door.name, type(error).__name__] += 1
            await asyncio.sleep(0)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        tasks = [asyncio.create_task(again_and_again(door)) for door in doors(plan, hostile, other) for _ in range(door.at_once)]
        await enough.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return answers


def main() -> None:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "plan", "service", "other"):
        parser.add_argument(name)
    chosen = parser.parse_args()
    plan = Plan.model_validate_json(Path(chosen.plan).read_bytes())
    answers = asyncio.run(flood(chosen.url, plan, chosen.service, chosen.other))
    for door in doors(plan, chosen.service, chosen.other):
        row = (f"{what} x {count}" for (name, what), count in sorted(answers.items()) if name == door.name)
        sys.stdout.write(f"  {door.name:<26}{', '.join(row)}\n")


if __name__ == "__main__":
    main()
