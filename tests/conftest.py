from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from tests.installation import temporal_server


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[Client]:
    """A client of one real Temporal server for the whole session."""
    async with await temporal_server() as environment:
        yield environment.client
