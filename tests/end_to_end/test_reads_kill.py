"""A real gateway, killed with SIGKILL in the middle of a burst: whoever was answered is in the log of reads."""

import asyncio
import itertools
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from archive.database import Database
from archive.reads import LONGEST_PAGE, Reads
from domain.record.reads import Read, signed_tip, verify_reads
from domain.words.errors import VigilError
from protocol.gateway import Gateway
from rehearsal.services import VIGIL, cast, private_key_of
from tests.end_to_end.test_kill import rehearsing
from tests.support import example_directory

pytestmark = pytest.mark.kill
PATIENCE = 90.0
AT_ONCE = 16
ANSWERS = 100
"""How many are answered before the kill."""


async def test_whoever_was_answered_before_the_kill_is_in_the_log(tmp_path: Path) -> None:
    """Sixteen officers at once, each request under a code of its own; the chain has no gap, and goes on after the restart."""
    numbers, answered, enough = itertools.count(), set[str](), asyncio.Event()

    async def look(http: aiohttp.ClientSession, url: str, delivery: str, service: str) -> None:
        while True:
            officer = f"officer-{next(numbers)}"
            try:
                await Gateway(http, url, service, private_key_of(service), officer).view(delivery)
            except VigilError:
                return  # killed
            answered.add(officer)
            if len(answered) >= ANSWERS:
                enough.set()

    async with asyncio.timeout(PATIENCE), rehearsing(tmp_path) as (embedded, plan, gateway):
        url = embedded.layout.gateway_url
        async with aiohttp.ClientSession() as http:
            burst = [asyncio.create_task(look(http, url, plan.operation, plan.initiator)) for _ in range(AT_ONCE)]
            await enough.wait()
            embedded.processes["gateway"].send_signal(signal.SIGKILL)
            await asyncio.gather(*burst)
        await embedded.processes["gateway"].wait()
        await embedded.start("gateway", sys.executable, "-m", "gateway")
        await embedded.wait_until_up()
        await gateway.view(plan.operation)
    system = cast(example_directory(), ()).get(VIGIL)
    log = Reads(Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db"), private_key_of(VIGIL), system)
    reads: list[Read] = []
    while len(page := (await log.page(len(reads), LONGEST_PAGE)).reads):
        reads += page
    tip = (await log.page(0, 1)).tip
    await log.close()

    assert len(answered) >= ANSWERS
    assert answered <= {read.officer for read in reads}
    assert signed_tip(tip, system) == verify_reads(reads)
    assert reads[-1].officer is None  # the view after the restart
