"""Where something is measured: an installation of real processes, on this machine alone or on a cluster."""

import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import MEBI, cpu_seconds, memory_now, most_memory
from client.embedded import Embedded


class Place(ABC):
    """An installation that is up. A part of it is one process, or several that do the same."""

    url: str
    """Where its gateways answer."""
    servers: tuple[str, ...]
    """The parts that are not Vigil's own."""
    killable: tuple[str, ...]
    """The parts that may be killed and started again, each of one process."""

    @abstractmethod
    def parts(self) -> Mapping[str, Sequence[int]]:
        """The numbers of each part's processes."""

    @abstractmethod
    def stored(self) -> int:
        """Bytes of all databases."""

    @abstractmethod
    async def kill(self, part: str) -> None:
        """It has no time to say anything."""

    @abstractmethod
    async def again(self, part: str) -> None:
        """Start it as it was started before; it need not be up when this returns."""

    @abstractmethod
    async def wait_until_up(self) -> None:
        """Return when all of it answers."""

    def used(self, part: str) -> float:
        """Seconds of the cores that a part has used so far, with what its processes started."""
        return sum(map(cpu_seconds, self.parts()[part]))

    def memory(self, part: str) -> float:
        """MiB that a part has now."""
        return sum(map(memory_now, self.parts()[part])) / MEBI

    def most_memory(self, part: str) -> int:
        """MiB that its processes have had at most."""
        return sum(map(most_memory, self.parts()[part]))


@dataclass
class Embedding(Embedded):
    """The embedded system, whose processes can be started again as they were."""

    short_day: bool = False
    """Whether a day of its register is `bench.processes.DAY` seconds."""
    told: dict[str, tuple[tuple[str, ...], Mapping[str, str] | None]] = field(default_factory=dict)
    """How each was started."""

    async def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one process, which dies with this one; its output goes to its log."""
        self.told[name] = command, environment
        if name == "worker" and self.short_day:
            command = (sys.executable, "-m", "bench.processes", "short_day")
        await super().start(name, *command, environment=environment)


@dataclass
class Here(Place):
    """The embedded system on this machine."""

    embedded: Embedding
    servers: tuple[str, ...] = ("temporal",)
    killable: tuple[str, ...] = ("temporal", "worker", "gateway")

    def __post_init__(self) -> None:
        self.url = self.embedded.layout.gateway_url

    def parts(self) -> Mapping[str, Sequence[int]]:
        """Each is one process."""
        return {name: (process.pid,) for name, process in self.embedded.processes.items()}

    def stored(self) -> int:
        """In its folder: their pages, those among them that stand in the log of what was written last."""
        folder: Path = self.embedded.layout.home.path
        return sum(map(_pages, folder.glob("*.db")))

    async def kill(self, part: str) -> None:
        """By its number."""
        self.embedded.processes[part].kill()
        await self.embedded.processes[part].wait()

    async def again(self, part: str) -> None:
        """With what it was told before."""
        command, environment = self.embedded.told[part]
        await self.embedded.start(part, *command, environment=environment)

    async def wait_until_up(self) -> None:
        """As its gateway says."""
        await self.embedded.wait_until_up()


def _pages(database: Path) -> int:
    """Bytes of all pages of an SQLite database. Its file grows only when the log is written back."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as base:
        (size,), (count,) = (base.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count"))
    return int(size) * int(count)
