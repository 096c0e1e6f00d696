"""Run one of our processes so that it tells what it holds: `python counted.py worker FILE`. At each SIGUSR1 it writes to the file
how many asyncio tasks it has, and how many thousand blocks of memory Python's own objects take.
"""

import asyncio
import json
import runpy
import signal
import sys
from pathlib import Path


def main() -> None:
    """Become the process."""
    name, file = sys.argv[1], Path(sys.argv[2])

    def tell(*_: object) -> None:
        new = file.with_suffix(".new")
        new.write_text(
            json.dumps({"tasks": len(asyncio.all_tasks()), "blocks": sys.getallocatedblocks() / 1000}), encoding="ascii"
        )
        new.replace(file)  # nobody reads half of it

    signal.signal(signal.SIGUSR1, tell)
    sys.argv[:] = [name]
    sys.path[0] = ""  # as with `-m`
    runpy.run_module(name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
