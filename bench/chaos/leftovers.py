"""What is left of an installation. Once it has ended, nothing of it may run, listen or be connected. While it rests, nothing may
have piled up in its processes, and no delivery that is over may have a run, an activity or a timer in Temporal.
"""

import asyncio
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowExecutionStatus

from bench.chaos.growth import held_by, targets
from workflows.messages import DECONFLICT, DELIVER_NOTICE, workflow_id

LISTENS, CONNECTED, HALF_CLOSED = "0A", "01", "08"
"""As the kernel writes them. Half closed: the other end has gone, and this one has not closed it."""
MOST_AT_REST = {"sockets": 60.0, "threads": 60.0, "files": 60.0}
"""Of one process of ours, while nobody says anything."""
TO_REST = 60.0
"""Seconds until it has no more: connections that fell silent are given up by then, and pools let go of what they do not need."""
LOOK_EVERY = 0.5
BY_ITSELF = {DECONFLICT, DELIVER_NOTICE}
"""What may be under way when a delivery ends, since nothing waits for its result: of a run that is over no attempt is made again.
The register takes in nobody who was released. That a notice was delivered stands in the ledger before the delivery ends; all
that is missing is the activity's own end, where its worker was killed between the two.
"""
ASKED_TO_END = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
"""A question that was taken back in the same breath in which the delivery ended: its worker hears of it with its next word, and a
run that is over takes no note of that.
"""


async def open_in_temporal(client: Client, over: Iterable[str]) -> list[str]:
    """What Temporal still holds of deliveries that are over."""
    found = []
    for operation in over:
        described = await client.get_workflow_handle(workflow_id(operation)).describe()
        if described.status != WorkflowExecutionStatus.COMPLETED:
            found.append(f"{operation} is over, and its run in Temporal is {described.status and described.status.name}")
        open_ = {
            f"{one.activity_type.name} is open ({PendingActivityState.Name(one.state)}, attempt {one.attempt})"
            for one in described.raw_description.pending_activities
            if one.activity_type.name not in BY_ITSELF and one.state != ASKED_TO_END
        }
        found += [f"{operation} is over, and {one}" for one in sorted(open_)]
    return found


async def piled_up(processes: Mapping[str, int]) -> list[str]:
    """What these have too much of, each by its name, once they have had time to rest; what they have not closed by then; and who
    of them has ended.
    """
    found: list[str] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(TO_REST):
            while found := [one for name, process in processes.items() for one in _too_much(name, process)]:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(LOOK_EVERY)
    return found


def _too_much(name: str, process: int) -> Iterator[str]:
    try:
        held, sockets = held_by(process, None), set(targets(process))
    except OSError:
        yield f"{name} has ended while it should rest"
        return
    yield from (f"{name} has {held[what]:.0f} {what} while it rests" for what, most in MOST_AT_REST.items() if held[what] > most)
    left = [port for state, port, number in _sockets() if state == HALF_CLOSED and f"socket:[{number}]" in sockets]
    yield from (f"{name} has not closed a connection at port {port}, whose other end has" for port in left)


def left_of(folder: Path, ports: Collection[int]) -> list[str]:
    """Processes that were started with anything in the folder, and sockets on the ports. Raises nothing; knows Linux alone."""
    mine = os.getpid()
    running = [f"process {one} is left: {what}" for one, what in _processes_with(str(folder)) if one != mine]
    open_ = {port for state, port, _ in _sockets() if state in (LISTENS, CONNECTED)}
    return running + [f"port {port} is still open" for port in sorted(open_ & set(ports))]


def _processes_with(text: str) -> Iterator[tuple[int, str]]:
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in command or text.encode() in (place / "environ").read_bytes():
                yield int(place.name), command.strip()


def _sockets() -> Iterator[tuple[str, int, str]]:
    """State, local port and number of each TCP socket of this machine."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            words = line.split()
            yield words[3], int(words[1].rpartition(":")[2], 16), words[9]
