"""Whether a delivery is a service's to see is asked of Temporal, and not at each statement."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client

from domain.words.errors import NotFound
from gateway.runs import PARTICIPANTS, Runs
from tests.support import example_directory


class OneDelivery:
    """A Temporal that has one, in which the police take part; and counts how often it is asked."""

    asked = 0

    def get_workflow_handle(self, _: str) -> "OneDelivery":
        """Of whichever."""
        return self

    async def describe(self, rpc_timeout: timedelta) -> Any:  # noqa: ARG002 - as the SDK calls it
        """Who takes part."""
        self.asked += 1
        return SimpleNamespace(typed_search_attributes={PARTICIPANTS: ["kz.police"]})


async def test_who_has_no_part_is_looked_at_each_time_and_who_has_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """For ten seconds, that service alone, and that delivery alone; and as many are remembered as there is room for."""
    monkeypatch.setattr("gateway.runs.NOT_HERE", 0.0)
    monkeypatch.setattr("gateway.runs.MOST_KNOWN", 2)
    temporal, directory = OneDelivery(), example_directory()
    runs = Runs(cast("Client", temporal), "vigil")
    police, customs = directory.get("kz.police"), directory.get("kz.customs")

    for _ in range(3):
        await runs.seen_by(police, "saxaul-22")
    assert temporal.asked == 1
    for _ in range(2):
        with pytest.raises(NotFound):
            await runs.seen_by(customs, "saxaul-22")
    assert temporal.asked == 3
    await runs.seen_by(police, "saxaul-23")
    await runs.seen_by(police, "saxaul-24")
    assert (temporal.asked, len(runs._seen)) == (5, 1)
    monkeypatch.setattr("gateway.runs.STANDS", -1.0)
    await runs.seen_by(police, "saxaul-25")
    await runs.seen_by(police, "saxaul-25")
    assert temporal.asked == 7
