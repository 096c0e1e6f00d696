"""Deliveries that start together: how long until each asks for consent, and so has been looked for in the register (R15).

`python -m bench.starts`. On an installation of real processes. Simulated services report what was found, sign that the register
is looked into, and are then asked for consent, which is the end of what is measured. Each delivery has a consignment of its own,
and there are no more of them than one service may look for in a day.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.crowd import Crowd, Silent
from bench.figures import options, tell
from bench.largest import memory, most_of
from bench.place import Embedding, Here
from client.dossier import Dossier, Staged
from client.embedded import held
from client.rehearse import Rehearsal
from domain.words.limits import MOST_SELECTORS_OF_A_SERVICE
from process.serve import leave
from rehearsal.scenario import Scenario
from tests.support import example_cards, example_directory, example_plan

PATIENCE = 600.0


async def measure(folder: Path, count: int) -> tuple[list[float], list[float], str]:
    """Seconds from the first start to each one's own, and to each question; and what the processes hold."""
    pattern = example_plan("almaty-tashkent").model_copy(update={"selectors": ()})
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
    with held(folder / "home") as home:
        staged = Staged(Dossier(pattern, example_directory(), example_cards()), scenario)
        directory, layout = Rehearsal((staged,), 1, home).lay_out()
        services = Silent(directory, layout.gateway_url, scenario, seed=1)
        async with Embedding(layout) as embedded, services, aiohttp.ClientSession() as http:
            crowd, started = Crowd(Here(embedded), http, services, pattern), list[float]()
            began = time.perf_counter()

            async def start(number: int) -> None:
                await crowd.start(number)
                started.append(time.perf_counter() - began)

            await asyncio.gather(*map(start, range(count)))
            async with asyncio.timeout(PATIENCE):
                while len(services.asked) < count:  # noqa: ASYNC110 - no bell rings
                    await asyncio.sleep(0.1)
            return started, [at - began for at in services.asked.values()], memory(most_of(embedded))


async def main() -> None:
    """On an installation of its own."""
    chosen = options(__doc__ or "", deliveries=200)
    if chosen.deliveries > MOST_SELECTORS_OF_A_SERVICE:
        raise SystemExit(f"one service looks for {MOST_SELECTORS_OF_A_SERVICE} things a day at most")
    folder = Path(tempfile.mkdtemp(prefix="vigil-starts-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    started, asked, held_by = await measure(folder, chosen.deliveries)
    tell(chosen.output, {"deliveries": chosen.deliveries}, {"started": started, "asks for consent": asked})
    sys.stderr.write(held_by)
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
