"""How many cores this process has."""

import math
import os
from pathlib import Path
from typing import Final

OF_THIS_PROCESS: Final = Path("/proc/self/cgroup")
CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")


def cores(group: Path = OF_THIS_PROCESS, groups: Path = CONTROL_GROUPS) -> int:
    """Those of the machine, or as many as its control group (version 2) gives it the time of, if these are fewer: a container
    that may use one core of a machine of sixty-four has one. Python itself counts all of them.
    """
    there = os.cpu_count() or 1
    try:
        own = next(line[3:] for line in group.read_text(encoding="ascii").splitlines() if line.startswith("0::"))
        time, period = (groups / own.lstrip("/") / "cpu.max").read_text(encoding="ascii").split()
        return min(there, max(1, math.ceil(int(time) / int(period))))
    except (OSError, ValueError, StopIteration):  # no control groups, or `max`: no limit
        return there
