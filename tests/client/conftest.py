"""What tests of several commands share: an officer's desk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.plan.plan import Plan
from domain.signing.keys import private_pem
from rehearsal.services import private_key_of
from tests.command import Ran, vigil
from tests.installation import Installation, installed, renamed
from tests.support import example_plan, signed_plan

READING = ("attachment", "export", "history", "inbox", "list", "show")
"""Commands that read what others have said, which the archive may have a moment later than its receipt says."""


@dataclass(frozen=True)
class Desk:
    """An officer's desk: keys, a gateway, one delivery under way."""

    installation: Installation
    plan: Plan
    keys: Path

    async def run(self, command: str, *words: object, service: str, cwd: Path | None = None) -> Ran:
        """A command at the gateway, as this service. It reads what anybody has said before."""
        if command in READING:
            await self.installation.caught_up(self.plan)
        options = ("--as", service, "--keys", self.keys, "--gateway", self.installation.url)
        return await vigil(command, *words, *options, cwd=cwd)


@pytest.fixture
async def desk(temporal: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """A delivery that has just asked for consent, and every service's key at hand."""
    plan = renamed(example_plan("almaty-tashkent"))
    for service in plan.participants():
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield Desk(installation, plan, tmp_path)
