"""One machine is lost with all that lay on it, and put back by the scripts of deploy/systemd: databases, attachments, settings
and keys.

`python -m bench.chaos.restored`. Services speak meanwhile. Whatever had its receipt before the backup began must be there in the
end, with its root; what came later is lost, and who holds its receipt sees that. Then the doctor looks, and a delivery runs from
its start to a packet that verifies. Ends with 1 where it is not so, and leaves everything in its folder.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.chaos.drill import UP, Trial, open_folder, say, under_load
from bench.chaos.held import survived
from bench.chaos.traffic import Load
from client.embedded import SETTINGS, Layout
from process.serve import leave

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "systemd"
OURS = ("gateway", "worker", "temporal")
"""In the order in which they are lost; they are started in the other."""
ENOUGH = 60
"""Receipts before the backup, and after it."""
AGAIN = 0.1


def told(layout: Layout, settings: Path) -> dict[str, str]:
    """Where the scripts find everything."""
    home = layout.home.path
    return {
        "PYTHON": sys.executable,
        "TEMPORAL_DB": str(home / "temporal.db"),
        "ARCHIVE_DB": str(home / "archive.db"),
        "ATTACHMENTS": str(home / "attachments"),
        "SETTINGS": str(settings),
    }


def ran(script: str, environment: Mapping[str, str], *words: Path) -> str:
    """What a script says, as an administrator runs it. Raises `CalledProcessError`."""
    command = ["/bin/sh", str(SCRIPTS / script), *map(str, words)]
    return subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def lose(layout: Layout, settings: Path) -> None:
    """Nothing of it is left: databases, attachments, settings and keys."""
    home = layout.home.path
    for one in (*home.glob("temporal.db*"), *home.glob("archive.db*")):
        one.unlink()
    for folder in (home / "attachments", settings):
        shutil.rmtree(folder)


def wrong_by_the_doctor(layout: Layout) -> list[str]:
    """What `vigil doctor` finds wrong, but for ledgers: the archive was copied after Temporal, and a delivery in which somebody
    spoke meanwhile waits for a decision.
    """
    asked = [sys.executable, "-m", "client.cli", "doctor", "--settings", str(layout.home.path / SETTINGS), "-o", "json"]
    said = json.loads(subprocess.run(asked, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603
    findings: list[dict[str, str]] = said["findings"]
    return [
        f"the doctor: {one['part']}: {one['what']}" for one in findings if one["state"] == "wrong" and one["part"] != "ledgers"
    ]


async def until(trial: Trial, receipts: int) -> None:
    """Services have been given so many more receipts. Raises `TimeoutError`."""
    wanted = trial.records.given + receipts
    async with asyncio.timeout(UP):
        while trial.records.given < wanted:  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(AGAIN)


async def restored(folder: Path, load: Load) -> list[str]:
    """What is not as it must be."""
    settings, backups, vault = folder / "etc", folder / "backups", folder / "vault"
    for one in (backups, vault):
        one.mkdir()
    async with under_load(folder, 1, load, postgresql=False, settings=settings) as trial:
        layout, system, traffic = trial.system.embedded.layout, trial.system, trial.traffic
        where, clock = told(layout, settings), asyncio.get_running_loop().time
        await until(trial, ENOUGH)
        before = [(case, list(case.held)) for case in trial.records.cases.values()]
        backup = Path((await asyncio.to_thread(ran, "backup.sh", where, backups, vault)).strip())
        await until(trial, ENOUGH)
        await traffic.hush()
        later = [[one for one in case.held if one not in held] for case, held in before]
        for name in OURS:
            await system.kill(name)
        lose(layout, settings)
        began = clock()
        await asyncio.to_thread(ran, "restore.sh", where, backup, next(vault.iterdir()))
        for name in reversed(OURS):
            await system.start(name)
        async with asyncio.timeout(UP):
            while not await trial.healthy():  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(AGAIN)
        took = clock() - began
        found, lost = list[str](), 0
        for (case, held), since in zip(before, later, strict=True):
            entries = await traffic.ledger(case, max((one.seq + 1 for one in held), default=0))
            wrong, gone = survived(entries, held, since)
            found += [f"{case.plan.operation}: {one}" for one in wrong]
            lost += gone
        found += await asyncio.to_thread(wrong_by_the_doctor, layout)
        await traffic.run_through()
        found += trial.records.differences
        say(
            f"restored in {took:.0f} s: {sum(len(held) for _, held in before)} receipts of before the backup, "
            f"{len(found)} of them or of what followed not as they must be; of {sum(map(len, later))} after it {lost} are lost"
        )
    return found


async def main(words: Sequence[str] | None = None) -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=Load.rate, help="statements a second, of all services together")
    chosen = parser.parse_args(words)
    folder = open_folder()
    found = await restored(folder, Load(rate=chosen.rate))
    if found:
        say("\n".join(found))
        say(f"all is left in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    leave(asyncio.run(main()))
