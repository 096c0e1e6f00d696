"""How many confirmations a second several workers and gateways take, and what the cores do meanwhile: until the server or the
machine is the limit.

`python -m bench.scale`. The whole way of `bench`, under load, on one Temporal server, with one worker and one gateway first, then
with more of each. A row in which the cores of all parts together are what the machine has says that the machine is the limit, and
not the part that was added.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.__main__ import timed
from bench.figures import figures, machine
from bench.several import Several, standing
from bench.shape import CONFIRMATIONS, pattern, script
from process.serve import leave

SETS = ((1, 1), (2, 1), (2, 2), (3, 2))
"""Workers and gateways."""


async def confirmed(at: Several, deliveries: int) -> dict[str, Any]:
    """So many deliveries at once: how many confirmations a second, and the cores of each part."""
    scripts, took = [script(pattern()) for _ in range(deliveries)], list[float]()
    await timed(at.way.begin, scripts)
    before = at.used()
    seconds = await timed(partial(at.way.confirm_all, took), scripts)
    cores = {name: round((used - before[name]) / seconds, 2) for name, used in at.used().items()}
    await timed(at.way.end, scripts)
    return {
        "confirmations_a_second": round(deliveries * CONFIRMATIONS / seconds, 1),
        "milliseconds": figures(took),
        "cores": cores | {"all": round(sum(cores.values()), 2)},
    }


async def measure(folder: Path, sets: Sequence[tuple[int, int]], deliveries: int) -> dict[str, Any]:
    """All of it, as one document."""
    rows: list[dict[str, Any]] = []
    async with standing(folder) as at:
        await confirmed(at, min(deliveries, 8))  # nothing of it counts: everything is done for the first time
        for workers, gateways in sets:
            await at.grow(workers, gateways)
            rows.append({"workers": workers, "gateways": gateways} | await confirmed(at, deliveries))
            sys.stderr.write(f"{json.dumps(rows[-1])}\n")
        return {"machine": machine(), "archive": at.archive, "deliveries": deliveries, "sets": rows}


def table(document: Mapping[str, Any]) -> str:
    """For people: a row for each set."""
    parts = list(document["sets"][0]["cores"])
    lines = [f"{'workers':>8}{'gateways':>9}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}" + "".join(f"{one:>12}" for one in parts)]
    for row in document["sets"]:
        took = row["milliseconds"]
        lines.append(
            f"{row['workers']:>8}{row['gateways']:>9}{row['confirmations_a_second']:>10}{took['p50']:>9}{took['p99']:>9}"
            + "".join(f"{row['cores'][one]:>12}" for one in parts)
        )
    return "\n".join([*lines, f"cores of {os.cpu_count()}; the archive is in {document['archive']}", ""])


async def main() -> None:
    """On an installation of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=48, help="at once, in each set")
    parser.add_argument("--quick", action="store_true", help="only to see that it works: two sets, few deliveries")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-scale-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    document = await measure(folder, SETS[1:3] if chosen.quick else SETS, 4 if chosen.quick else chosen.deliveries)
    shutil.rmtree(folder)
    sys.stdout.write(json.dumps(document) + "\n" if chosen.output == "json" else table(document))


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
