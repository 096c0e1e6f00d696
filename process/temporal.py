"""The connection to Temporal: the one converter that every process shares, and patience while the server starts."""

import asyncio
import logging

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from domain.errors import Unavailable

log = logging.getLogger("vigil.temporal")

IDENTITY = "vigil"
"""How we call ourselves in Temporal's history, which evidence packets carry: no process id, no name of a machine."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


async def connect(address: str, namespace: str, *, runtime: Runtime | None = None, patience: float = 60.0) -> Client:
    """A client, after as many tries as fit into `patience` seconds. Raises `Unavailable`."""
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + patience, FIRST_PAUSE
    while True:
        try:
            return await Client.connect(
                address, namespace=namespace, data_converter=pydantic_data_converter, identity=IDENTITY, runtime=runtime
            )
        except (RuntimeError, RPCError) as error:
            if loop.time() + pause > until:
                message = f"no Temporal server answers at {address}"
                raise Unavailable(message, hint="start it, or set VIGIL_TEMPORAL_ADDRESS") from error
            log.info("waiting for Temporal", extra={"address": address})
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
