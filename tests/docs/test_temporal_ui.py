"""docs/temporal-ui.md: each saved query finds on a real server what the page says that it does."""

import re
import uuid
from pathlib import Path
from typing import get_args

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.delivery.vocabulary import Outcome
from workflows import messages

PAGE = (Path(__file__).parents[2] / "docs" / "temporal-ui.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^\| ([^|]+) \| `([^`]+ (?:=|IN) [^`]+)` \|$", PAGE, re.MULTILINE))
PHASE, PARTICIPANTS = SearchAttributeKey.for_keyword(messages.PHASE), SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS)
FOUND = {
    "on the road": {"moving"},
    "stopped, and not yet at its end": {"halted"},
    "not begun to move": {"planned"},
    "open, with this service": {"moving", "halted"},
    "open, with both": {"moving"},
    "ended by hand in Temporal, which nobody should": {"terminated"},
}
"""By what the page says: which of the runs below."""
RUNS = {
    "planned": ("planned", ["kz.police"]),
    "moving": ("under_way", ["kz.police", "uz.customs"]),
    "halted": ("halted", ["uz.customs"]),
    "terminated": ("planned", ["kz.police", "uz.customs"]),
}


@pytest.mark.parametrize("what", FOUND)
async def test_a_saved_query_finds_what_the_page_says(temporal: Client, what: str) -> None:
    """Of four deliveries without a worker, exactly those."""
    mark, queue = uuid.uuid4().hex[:8], f"nobody-{uuid.uuid4().hex[:8]}"
    handles = {}
    for name, (phase, participants) in RUNS.items():
        attributes = TypedSearchAttributes([SearchAttributePair(PHASE, phase), SearchAttributePair(PARTICIPANTS, participants)])
        handles[name] = await temporal.start_workflow(
            messages.WORKFLOW, id=messages.workflow_id(f"{mark}-{name}"), task_queue=queue, search_attributes=attributes
        )
    await handles["terminated"].terminate("by hand")
    ours = f"WorkflowId STARTS_WITH '{messages.workflow_id(mark)}'"
    try:
        while await of(temporal, f"{ours} AND ExecutionStatus = 'Terminated'") != {handles["terminated"].id} or len(
            await of(temporal, ours)
        ) != len(RUNS):
            pass  # the list is a moment behind
        found = await of(temporal, f"{ours} AND {QUERIES[what]}")
    finally:
        for name in RUNS.keys() - {"terminated"}:
            await handles[name].terminate("the test is over")

    assert {handles[name].id for name in FOUND[what]} == found


async def of(temporal: Client, query: str) -> set[str]:
    """The workflows that a query finds."""
    return {one.id async for one in temporal.list_workflows(query)}


def test_every_query_of_the_page_is_tried_and_every_phase_is_one() -> None:
    """None stands there untested, and what is compared with `VigilPhase` is what a delivery shows."""
    assert FOUND.keys() == QUERIES.keys()
    assert set(re.findall(r'VigilPhase = "(\w+)"', PAGE)) <= {"planned", "under_way", "halted", *get_args(Outcome)}
