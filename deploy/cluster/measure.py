"""What `bench`, `bench.crowd` and `bench.claims` measure on one machine, measured on the cluster, with their shapes and words.

`python -m deploy.cluster.measure ways` takes the same deliveries three ways; `python -m deploy.cluster.measure crowd` opens many;
`python -m deploy.cluster.measure claims` claims at a register of its own in the cluster's PostgreSQL, from the desk. It needs a
cluster that is up, and starts workers of its own beside Vigil's; what it changes is as it was when it ends.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
from temporalio.client import Client
from temporalio.service import GrpcCompression

from bench import __main__ as three_ways
from bench import claims, crowd
from bench.__main__ import AT_ONCE, PROMPT, Bench
from bench.crowd import PACE, QUICK, Crowd, Effort, Silent
from bench.figures import with_children
from bench.place import Place
from bench.plain import plain_converter
from bench.ways import Asked, Bare, Updates, Whole
from deploy.cluster import __main__ as cluster
from deploy.cluster import postgresql
from deploy.cluster.configuration import balancing_programs, temporal_programs, vigil_programs
from deploy.cluster.desk import FRONT_ENDS, AtTheDesk, ring, sit_down, tls
from deploy.cluster.postgresql import DatabaseError
from deploy.cluster.processes import NotUpError, await_up, end, start, started
from deploy.cluster.topology import DATABASE, DATABASES, FLOATING, GATEWAY_URL, GATEWAYS, NAMESPACE, WORKERS, Machine, Program
from domain.plan.directory import Directory
from process.configuration import directory_in
from process.serve import leave
from process.temporal import connect
from tests.support import example_plan

KILLED = ("history-1", "matching-1", "frontend-1", "worker-1", "gateway-1")
"""One of each role; the other one of it goes on meanwhile."""


class SilentAtTheDesk(AtTheDesk, Silent):
    """Services that let deliveries begin, and say nothing else."""


class AskedAtTheDesk(AtTheDesk, Asked):
    """Services that note what they are asked."""


class Cluster(Place):
    """The cluster, from its desk. `more`: what is started beside it, by what it does."""

    url = GATEWAY_URL
    servers = ("temporal", "postgresql", "balancer")
    killable = KILLED

    def __init__(self, more: Mapping[str, Sequence[Program]]) -> None:
        self._by_part: dict[str, Sequence[Program]] = {
            "temporal": temporal_programs(),
            "postgresql": tuple(map(postgresql.program, DATABASES)),
            "balancer": balancing_programs(),
            "worker": _of(WORKERS),
            "gateway": _of(GATEWAYS),
            **more,
        }

    def parts(self) -> Mapping[str, Sequence[int]]:
        """What runs; PostgreSQL's servers with all that they have started."""
        running = {
            part: [number for one in programs if (number := started(one.name)) is not None]
            for part, programs in self._by_part.items()
        }
        return running | {"postgresql": [one for server in running["postgresql"] for one in with_children(server)]}

    def stored(self) -> int:
        """On the one that takes writes: its log apart."""
        leader = postgresql.primary()
        assert leader is not None  # noqa: S101 - the cluster is up
        return int(postgresql.ask(leader, "SELECT sum(pg_database_size(datname)) FROM pg_database"))

    async def kill(self, part: str) -> None:
        """By its number."""
        await asyncio.to_thread(end, self._program(part), "SIGKILL")

    async def again(self, part: str) -> None:
        """As it was."""
        await asyncio.to_thread(start, self._program(part))

    async def wait_until_up(self) -> None:
        """As a gateway says, once every program is up."""
        for programs in self._by_part.values():
            for one in programs:
                await asyncio.to_thread(await_up, one)
        await asyncio.to_thread(postgresql.await_that, lambda: cluster.health() == "up", "Vigil is up; see its logs")

    def _program(self, name: str) -> Program:
        return next(one for programs in self._by_part.values() for one in programs if one.name == name)


def _of(machines: Sequence[Machine]) -> Sequence[Program]:
    return tuple(one for one in vigil_programs() if one.machine in machines)


def archive_in(store: str) -> str:
    """The URL of one of PostgreSQL's databases, for Vigil."""
    return f"postgresql+asyncpg://vigil@{FLOATING}:{DATABASE}/{store}?ssl=verify-full"


def beside(kind: str) -> tuple[Program, ...]:
    """Workers of another kind (`bench.processes`), one on each machine of a worker, with a queue and an archive of their own."""
    more = {
        "VIGIL_TASK_QUEUE": kind,
        "VIGIL_ARCHIVE_URL": archive_in(postgresql.MEASURED),
    }
    return tuple(
        replace(
            one,
            name=f"{kind}-{number}",
            command=(sys.executable, "-m", "bench.processes", kind),
            environment={**one.environment, **more},
            says=one.says if kind == "plain" else None,  # the bare one says nothing, and starts at once
        )
        for number, one in enumerate(_of(WORKERS), 1)
    )


def short_day() -> tuple[Program, ...]:
    """Vigil's workers, for whom a day of the register is a few seconds."""
    return tuple(replace(one, command=(sys.executable, "-m", "bench.processes", "short_day")) for one in _of(WORKERS))


@asynccontextmanager
async def running(programs: Sequence[Program], instead_of: Sequence[Program] = ()) -> AsyncIterator[None]:
    """These run meanwhile, in place of those."""
    try:
        await asyncio.to_thread(_exchange, instead_of, programs)
        yield
    finally:
        await asyncio.to_thread(_exchange, programs, instead_of)


def _exchange(old: Sequence[Program], new: Sequence[Program]) -> None:
    for one in old:
        end(one)
    cluster.bring_up(new)


def known() -> Directory:
    """The services of the example, which answer at the desk."""
    return directory_in(WORKERS[0].folder / "directory.yaml")


async def ways(chosen: argparse.Namespace) -> dict[str, Any]:
    """`bench`, on the cluster."""
    more = {kind: beside(kind) for kind in ("bare", "plain")}
    services = AskedAtTheDesk(known(), GATEWAY_URL, PROMPT, seed=1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running([one for programs in more.values() for one in programs]))
        await stack.enter_async_context(running(short_day(), _of(WORKERS)))
        await stack.enter_async_context(services)
        quick = partial(
            Client.connect, FRONT_ENDS, namespace=NAMESPACE, tls=tls() or False, grpc_compression=GrpcCompression.NONE
        )
        bare, unencrypted = await quick(), await quick(data_converter=plain_converter(ring()))
        encrypted = await connect(FRONT_ENDS, NAMESPACE, ring(), tls=tls())
        own = Bare(bare), Updates(services, unencrypted), Whole(services, encrypted)
        return await Bench(Cluster(more | {"worker": short_day()}), own).measure(
            chosen.rounds, chosen.deliveries, chosen.open, chosen.statements
        )


async def many(chosen: argparse.Namespace) -> dict[str, Any]:
    """`bench.crowd`, on the cluster."""
    pattern = example_plan("almaty-tashkent").model_copy(update={"selectors": ()})
    services = SilentAtTheDesk(known(), GATEWAY_URL, PACE, seed=1)
    workers = short_day()
    async with running(workers, _of(WORKERS)), services, aiohttp.ClientSession() as http:
        at = Crowd(Cluster({"worker": workers}), http, services, pattern, effort=QUICK if chosen.quick else Effort())
        return await crowd.measure(at, sorted(chosen.sizes))


@contextmanager
def register() -> Iterator[str]:
    """The URL of a register of its own, empty and gone afterwards, which this process and those that it starts reach as a worker
    does.
    """
    leader = postgresql.primary()
    assert leader is not None  # noqa: S101 - the cluster is up
    gone = f"DROP DATABASE IF EXISTS {postgresql.CLAIMED} WITH (FORCE)"
    os.environ.update({name: value for name, value in _of(WORKERS)[0].environment.items() if name.startswith("PGSSL")})
    postgresql.ask(leader, gone)  # of a run that was killed
    postgresql.ask(leader, f"CREATE DATABASE {postgresql.CLAIMED} OWNER vigil")
    try:
        yield archive_in(postgresql.CLAIMED)
    finally:
        postgresql.ask(leader, gone)


def claimed(chosen: argparse.Namespace) -> dict[str, Any]:
    """`bench.claims`, on the cluster."""
    with register() as url:
        found = {"postgresql": claims.measured(url, None, chosen.claims, chosen.at_once)}
    return claims.document(found, chosen.claims, chosen.at_once)


async def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.cluster.measure", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("ways", "crowd", "claims"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--deliveries", type=int, default=AT_ONCE, help="of each round, at once")
    parser.add_argument("--open", type=int, default=300, help="whose memory is measured")
    parser.add_argument("--statements", type=int, default=three_ways.STATEMENTS, help="into one open delivery")
    parser.add_argument("--sizes", type=int, nargs="+", default=crowd.SIZES[:2], help="open deliveries, fewest first")
    parser.add_argument("--claims", type=int, default=claims.CLAIMS, help="by two processes")
    parser.add_argument("--at-once", type=int, default=claims.AT_ONCE, help="callers in each of the two")
    parser.add_argument("--quick", action="store_true", help="of the crowd: only to see that it works")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    sit_down()
    try:
        if chosen.what == "ways":
            three_ways.tell(await ways(chosen), chosen.output)
        elif chosen.what == "crowd":
            crowd.tell(await many(chosen), chosen.output)
        else:
            claims.tell(await asyncio.to_thread(claimed, chosen), chosen.output)
    except (NotUpError, DatabaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    leave(asyncio.run(main()))
