"""How a benchmark is asked and what it says: as text for people, as JSON for programs."""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
KIBI, MEBI = 1024, 1024 * 1024


def options(document: str, **given: int) -> argparse.Namespace:
    """What the command line asks for: each of these numbers, or what is given here, and `--output`."""
    parser = argparse.ArgumentParser(description=document)
    for name, count in given.items():
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser.parse_args()


def figures(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {name: round(one * 1000, 1) for name, one in (("p50", cuts[49]), ("p99", cuts[98]), ("max", max(seconds)))}


def tell(output: str, given: Mapping[str, int], measured: Mapping[str, Sequence[float]]) -> None:
    """Of what, and each figure."""
    found = {name: figures(one) for name, one in measured.items()}
    if output == "json":
        sys.stdout.write(json.dumps({"of": dict(given), "milliseconds": found}) + "\n")
        return
    sys.stdout.write(", ".join(f"{count} {name}" for name, count in given.items()) + "\n")
    for name, one in found.items():
        sys.stdout.write(f"{name:<48}" + "".join(f"   {what} {value:8.1f} ms" for what, value in one.items()) + "\n")


async def milliseconds(action: Callable[[], Awaitable[object]]) -> float:
    """Of one action."""
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


def cpu_seconds(process: int) -> float:
    """What a process has used of the cores so far, with those it started that have ended (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def with_children(process: int) -> list[int]:
    """A process, and all that it has started (Linux)."""
    with suppress(OSError):
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
        return [process, *(one for child in children for one in with_children(int(child)))]
    return [process]


def most_memory(process: int) -> int:
    """The most memory that a process has had, in MiB (Linux)."""
    return _status(process, "VmHWM") // KIBI


def memory_now(process: int) -> int:
    """The memory that a process has now, in bytes (Linux)."""
    return _status(process, "VmRSS") * KIBI


def _status(process: int, name: str) -> int:
    """In KiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


def machine() -> dict[str, Any]:
    """Where it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEBI / KIBI
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(memory),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def _processor() -> str:
    """Its model, where Linux names it; else its kind."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()
