"""How many claims a second the register of live operations takes (R15), and how long one waits for its answer.

`python -m bench.claims`. Two processes, as two workers, claim side by side through connections of their own: in a SQLite file,
and in a PostgreSQL server that is made for it where one is installed. Every claim is committed to the disk. In the same run the
floor is measured: a transaction that locks the register's row, counts up and commits, and nothing else.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pycountry
from sqlalchemy import select, update

from archive.claims import Claims
from archive.database import Database
from archive.tables import register
from bench.figures import figures, machine
from domain.plan.register import Claim, DatedClaim
from domain.signing.canonical import digest
from domain.words.moments import utc_text
from tests.postgresql import PASSWORD, PostgreSQL, is_installed
from tests.tables import sqlite_url

CLAIMS, AT_ONCE = 3_000, 16
"""In all, and callers in each process."""
WORKERS = 2
STATES = tuple(sorted(one.alpha_2 for one in pycountry.countries))
SERVICES = ("police", "customs", "prosecutor", "border")
"""Of each State: so many that no quota is reached."""


@dataclass(frozen=True)
class Share:
    """What one process is to do."""

    url: str
    password: str | None
    what: str
    worker: int
    claims: int
    at_once: int


def claim(worker: int, number: int) -> Claim:
    """An operation with two things of its own, and each tenth with one that the operation before touches, too."""
    state, name = STATES[number % len(STATES)], f"w{worker}-{number}"
    things = [f"{name}-a", f"{name}-b", *([f"w{worker}-{number - 1}-a"] if number % 10 == 9 else [])]
    service = f"{state.lower()}.{SERVICES[number // len(STATES) % len(SERVICES)]}"
    return Claim(
        delivery=f"op-{name}",
        contact=service,
        state=state,
        signer=f"{state.lower()}.court",
        order=2,
        hashes=tuple(map(digest, things)),
    )


async def done(share: Share) -> tuple[float, list[float]]:
    """Seconds of each; and until all were."""
    archive = Database(share.url, share.password)
    kept = Claims(archive)

    async def claims(number: int) -> None:
        await kept.claim(DatedClaim(claim=claim(share.worker, number), at=utc_text(datetime.now(UTC))))

    async def counts(_: int) -> None:
        async with gate, archive.writing() as connection:
            (await connection.execute(select(register).with_for_update())).one()
            await connection.execute(update(register).values(number=register.c.number + 1))

    gate, act = asyncio.Lock(), {"claims": claims, "floor": counts}[share.what]
    await archive.migrate()
    took, numbers, began = list[float](), iter(range(share.claims)), time.perf_counter()

    async def one_after_another(act: Callable[[int], Awaitable[None]]) -> None:
        for number in numbers:
            before = time.perf_counter()
            await act(number)
            took.append(time.perf_counter() - before)

    await asyncio.gather(*(one_after_another(act) for _ in range(share.at_once)))
    whole = time.perf_counter() - began
    await archive.close()
    return whole, took


def worker(share: Share) -> tuple[float, list[float]]:
    """In a process of its own."""
    return asyncio.run(done(share))


def measured(url: str, password: str | None, many: int, at_once: int) -> dict[str, Any]:
    """The figures of so many claims in one database."""
    found: dict[str, Any] = {}
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        for what in ("floor", "claims"):
            shares = [Share(url, password, what, number, many // WORKERS, at_once) for number in range(WORKERS)]
            came = list(pool.map(worker, shares))
            took = [one for _, some in came for one in some]
            found[what] = {"a_second": round(len(took) / max(whole for whole, _ in came), 1), "milliseconds": figures(took)}
    floor, claims = (found[what]["a_second"] for what in ("floor", "claims"))
    return found | {"ratio": round(claims / floor, 2)}


def document(by_database: Mapping[str, Mapping[str, Any]], many: int, at_once: int) -> dict[str, Any]:
    """What was found, with where and of what."""
    return {"machine": machine(), "of": {"claims": many, "workers": WORKERS, "at_once": at_once}, **by_database}


def tell(said: Mapping[str, Any], output: str) -> None:
    """Print it."""
    if output == "json":
        sys.stdout.write(json.dumps(said) + "\n")
        return
    of, by_database = said["of"], {name: one for name, one in said.items() if name not in {"machine", "of"}}
    sys.stdout.write(", ".join(f"{name} {value}" for name, value in said["machine"].items()) + "\n")
    sys.stdout.write(f"{of['claims']} claims by {of['workers']} workers, {of['at_once']} at once in each\n")
    for name, one in by_database.items():
        for what in ("floor", "claims"):
            told = one[what]
            sys.stdout.write(f"{name:<12}{what:<8}{told['a_second']:8.1f} a second   {told['milliseconds']}\n")
        sys.stdout.write(f"{name:<12}ratio   {one['ratio']:8.2f}\n")


@contextmanager
def databases() -> Iterator[dict[str, tuple[str, str | None]]]:
    """Each kind that can be had here."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigil-claims-")))
        some: dict[str, tuple[str, str | None]] = {"sqlite": (sqlite_url(folder), None)}
        if is_installed():
            server = PostgreSQL(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigil-postgresql-"))))
            stack.callback(server.stop)
            some["postgresql"] = server.create("claims"), PASSWORD
        yield some


def main() -> None:
    """Measure each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="callers in each process")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    with databases() as some:
        found = {name: measured(*where, chosen.claims, chosen.at_once) for name, where in some.items()}
    tell(document(found, chosen.claims, chosen.at_once), chosen.output)


if __name__ == "__main__":
    main()
