"""What is left of an installation that has ended: nothing of it may run, listen or be connected; and, while Temporal is still up,
no delivery that is over may have a run, an activity or a timer there.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowExecutionStatus

from workflows.messages import DECONFLICT, DELIVER_NOTICE, workflow_id

LISTENS, CONNECTED = "0A", "01"
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


def left_of(folder: Path, ports: Collection[int]) -> list[str]:
    """Processes that were started with anything in the folder, and sockets on the ports. Raises nothing; knows Linux alone."""
    mine = os.getpid()
    running = [f"process {one} is left: {what}" for one, what in _processes_with(str(folder)) if one != mine]
    return running + [f"port {port} is still open" for port in sorted(set(_open_ports()) & set(ports))]


def _processes_with(text: str) -> Iterator[tuple[int, str]]:
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in command or text.encode() in (place / "environ").read_bytes():
                yield int(place.name), command.strip()


def _open_ports() -> Iterator[int]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            local, _, state = line.split()[1:4]
            if state in (LISTENS, CONNECTED):
                yield int(local.rpartition(":")[2], 16)
