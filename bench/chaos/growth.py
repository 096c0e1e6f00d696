"""What processes hold while time passes, and whether it grows."""

import json
import os
import signal
import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from domain.views.canvas import ACCENT, BAD, FAINT, QUIET, Canvas

MEASURES = {"memory": "MiB", "blocks": "thousand", "tasks": "", "threads": "", "sockets": "", "files": ""}
"""Blocks are what Python's objects take. Where memory grows and they do not, the C library holds what was given back."""
ALLOWED = {
    "memory": (0.10, 12.0),
    "blocks": (0.10, 60.0),
    "tasks": (0.10, 12.0),
    "threads": (0.10, 6.0),
    "sockets": (0.10, 12.0),
    "files": (0.10, 12.0),
}
"""By how much each may be more at the end than after the warm-up, by a robust line: this part of its median, and so many."""
MOST_POINTS = 400
"""Of which the line is made: more are thinned out, since each two of them have a part in it."""
WIDTH, ROW, LEFT, MARGIN = 1000.0, 120.0, 210.0, 30.0


@dataclass
class Series:
    """One measure of one process: moments (seconds) and values."""

    process: str
    measure: str
    at: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def grown(self, warm: float) -> float:
        """By how much it is more at the end than at `warm` seconds, by the Theil-Sen line through what is after that."""
        points = [(moment, value) for moment, value in zip(self.at, self.values, strict=True) if moment >= warm]
        points = points[:: max(len(points) // MOST_POINTS, 1)]
        slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 > x1]
        return statistics.median(slopes) * (points[-1][0] - points[0][0]) if slopes else 0.0

    def allowed(self, warm: float) -> float:
        """By how much it may be more."""
        part, number = ALLOWED[self.measure]
        values = [value for moment, value in zip(self.at, self.values, strict=True) if moment >= warm]
        return part * statistics.median(values) + number if values else number

    def grows(self, warm: float) -> bool:
        """Whether that is too much."""
        return self.grown(warm) > self.allowed(warm)


def held_by_all(processes: Iterable[int]) -> dict[str, float]:
    """What these hold together, such as a server that has one for each connection; of their memory what they do not share."""
    found = dict.fromkeys(("memory", "threads", "sockets", "files"), 0.0)
    for one in processes:
        with suppress(OSError):  # it has ended
            found = {name: value + found[name] for name, value in held_by(one, None, memory="RssAnon").items()}
    return found


def held_by(process: int, file: Path | None, *, memory: str = "VmRSS") -> dict[str, float]:
    """What a process of this machine holds now; `file`: where it writes how many tasks it has, asked the time before;
    `memory`: what the kernel calls that which is meant. Raises `OSError` if it has ended.
    """
    proc = Path(f"/proc/{process}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text(encoding="ascii").splitlines())
    names = list(targets(process))
    found = {
        "memory": int(status[memory].split()[0]) / 1024,
        "threads": float(status["Threads"]),
        "sockets": float(sum(name.startswith("socket:") for name in names)),
        "files": float(sum(name.startswith("/") for name in names)),
    }
    if file is not None:
        with suppress(OSError, ValueError):
            found |= {name: float(value) for name, value in json.loads(file.read_text(encoding="ascii")).items()}
        os.kill(process, signal.SIGUSR1)
    return found


def targets(process: int) -> Iterator[str]:
    """What each of its open descriptors leads to: `socket:[number]`, or a file. Raises `OSError` if it has ended."""
    for one in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            yield str(one.readlink())


def picture(found: Sequence[Series], warm: float, title: str) -> str:
    """Every series, one beneath the other, as SVG. What grows is said in words too."""
    canvas = Canvas(WIDTH, MARGIN)
    canvas.text(MARGIN, MARGIN + 10, title, size=16, bold=True)
    y, right = MARGIN + 40, WIDTH - MARGIN
    for one in found:
        if not one.values:
            continue
        most, last = max(one.values) * 1.1 or 1.0, one.at[-1] or 1.0
        bottom, width, height = y + ROW - 30, right - LEFT, ROW - 40
        colour, grows = (BAD, "grows") if one.grows(warm) else (ACCENT, "steady")
        canvas.text(MARGIN, y + 14, f"{one.process}: {one.measure}", bold=True)
        unit = f" {MEASURES[one.measure]}" if MEASURES[one.measure] else ""
        canvas.text(MARGIN, y + 32, f"last {one.values[-1]:.0f}{unit}", size=12, fill=QUIET)
        canvas.text(MARGIN, y + 48, f"{grows}: {one.grown(warm):+.1f}", size=12, fill=colour)
        for level in (0.0, max(one.values)):
            height_of = bottom - height * level / most
            canvas.line((LEFT, height_of), (right, height_of), stroke=FAINT)
            canvas.text(LEFT - 6, height_of + 4, f"{level:.0f}", size=10, fill=QUIET, anchor="end")
        canvas.line(
            (LEFT + width * min(warm / last, 1.0), y), (LEFT + width * min(warm / last, 1.0), bottom), stroke=QUIET, dash="3 3"
        )
        points = zip(one.at, one.values, strict=True)
        canvas.line(
            *((LEFT + width * moment / last, bottom - height * value / most) for moment, value in points),
            stroke=colour,
            width=1.5,
        )
        y += ROW
    canvas.height = y + MARGIN
    return canvas.svg(title)
