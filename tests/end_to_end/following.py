"""How the tests of whole installations follow a ledger while processes come and go."""

import asyncio

from domain.delivery.ledger import Entry
from domain.words.errors import Unavailable
from protocol.gateway import Gateway

AGAIN = 0.5
"""Seconds until a gateway is asked again that was away, or ahead of its archive."""


async def until(gateway: Gateway, delivery: str, event: str, checkpoint: str | None = None) -> list[Entry]:
    """The ledger up to the first entry of this kind (at this checkpoint), whoever is away meanwhile."""
    while True:
        try:
            return await _up_to(gateway, delivery, event, checkpoint)
        except Unavailable:
            await asyncio.sleep(AGAIN)


async def _up_to(gateway: Gateway, delivery: str, event: str, checkpoint: str | None) -> list[Entry]:
    entries: list[Entry] = []
    async for entry in gateway.changes(delivery):
        assert isinstance(entry, Entry)
        entries.append(entry)
        if entry.event.event == event and checkpoint in {None, getattr(entry.event, "checkpoint", None)}:
            return entries
    raise AssertionError(event)
