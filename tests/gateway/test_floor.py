"""The watch floor at the gateway: who is shown which rows, what is counted, how rows follow what happens, and the page of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from archive.reads import Reads
from archive.sessions import Sessions, SignedIn
from domain.signing.keys import key_id
from domain.views.glance import Glance
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import put, standing
from tests.floors import SUPERVISED_BY, glance_of, trouble
from tests.gateway.test_api import signed
from tests.gateway.test_http import DIRECTORY, NOBODY
from tests.gateway.test_pages import Browser
from tests.installation import PAYLOAD_KEYS, log_of_reads, reading_of

READER, PART, ALL = SUPERVISED_BY, "uz.customs", "supervision"
NOW = datetime.now(UTC)
RING = Wrapping(PAYLOAD_KEYS)


def made(name: str, kind: str = "", **changed: Any) -> Glance:
    """A row in this trouble."""
    return glance_of(name, NOW, **(trouble(kind, NOW) | changed))


ROWS = [
    made("cedar-1"),
    made("amber-2", "overdue"),
    made("birch-3", "to_seize"),
    made("tulip-4", "due_soon", whole=()),
    made("heron-5", "consent"),
    made("ibex-6", "held", title="Cash <b>in a parcel</b>"),
]
IN_ORDER = ["birch-3", "amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"]


async def keep(reads: Reads, rows: list[Glance], **changed: Any) -> None:
    """Have the archive keep these rows, as a worker does."""
    await put(reads._database, RING, {one.delivery: standing(glance=one, title=one.title, **changed) for one in rows})


@dataclass
class Night:
    """A gateway over an archive of rows, with no Temporal behind it."""

    url: str
    http: aiohttp.ClientSession
    reads: Reads
    sessions: Sessions
    reception: Reception
    engine: list[str] = field(default_factory=lambda: ["up"])

    async def ask(self, path: str, service: str = ALL) -> tuple[int, Any]:
        """Status and document of one answer."""
        target = f"{self.url}{path}"
        async with self.http.get(target, headers=signed(service, "GET", target)) as answer:
            return answer.status, json.loads(await answer.text())

    async def names(self, query: str = "", service: str = ALL) -> list[str]:
        """Code names of the rows of a page, in its order."""
        status, found = await self.ask(f"/v1/floor{query}", service)
        assert 200 == status
        return [one["glance"]["delivery"] for one in found["rows"]]

    async def browser(self, service: str = ALL) -> Browser:
        """One in which an officer of this service is signed in."""
        key = key_id(DIRECTORY.get(service).keys[0].public)
        token = await self.sessions.open(SignedIn(service=service, officer="S-1", key=key))
        return Browser(self.http, self.url, f"vigil={token}")


@asynccontextmanager
async def over(rows: list[Glance]) -> AsyncIterator[Night]:
    """A gateway over an archive of these."""
    port = free_ports(1)[0]
    url, known = f"http://127.0.0.1:{port}", InForce(DIRECTORY)
    async with aiohttp.ClientSession() as http, log_of_reads(DIRECTORY) as reads:
        await keep(reads, rows)
        reception = Reception(NOBODY, "none", known, {}, private_key_of(VIGIL), reading_of(reads._database))
        sessions = Sessions(reads._database)
        night = Night(url, http, reads, sessions, reception)

        async def engine() -> Any:
            return night.engine[0]

        reception.engine = engine  # type: ignore[method-assign]
        async with serving(application(reception, Proofs(known, url), reads, sessions), "127.0.0.1", port, grace=1):
            yield night


@pytest.fixture
async def at() -> AsyncIterator[Night]:
    """A night with six open deliveries."""
    async with over(ROWS) as found:
        yield found
