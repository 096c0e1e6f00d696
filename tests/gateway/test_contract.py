"""The gateway answers what its OpenAPI document says, whoever asks and whatever is asked; `make fuzz` asks more."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from temporalio.client import Client

from domain.plan.access import MAY, OPEN
from gateway import openapi
from gateway.openapi import Begun, Says, Success
from tests.fuzz import door
from tests.fuzz.door import Target, attacked
from tests.installation import temporal_server

REQUESTS = 300


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    """A gateway to ask, on a Temporal server of its own: nothing that other tests have left under way holds an answer up."""
    async with await temporal_server() as environment, door.target(environment.client) as found:
        yield found


@pytest.fixture(scope="module")
def caller() -> Iterator[ProcessPoolExecutor]:
    """Who asks. What it imports takes longer than what it does."""
    with door.calling() as found:
        yield found


@pytest.mark.slow
async def test_every_answer_is_one_that_the_document_names(caller: ProcessPoolExecutor, target: Target) -> None:
    """Hundreds of requests, right and wrong, by everyone, each with a valid proof: no fault of the gateway's, no answer,
    type or form that is not in the document.
    """
    tried = await attacked(caller, target, REQUESTS, 1)

    assert not tried.faults, tried.told()
    assert tried.requests > REQUESTS / 2
    assert {*MAY, *OPEN} == {name.split()[0] for name in tried.answers}
    assert {"submit 201", "view 200", "ledger 200", "packet 200", "start 409", "amend 422"} <= tried.answers.keys()


@pytest.mark.parametrize(
    "wrong", [Says({200: Success(Begun)}), Says({201: Success(Any)}), Says({200: Success(Any, media="text/plain")})]
)
async def test_an_answer_that_the_document_does_not_name_is_found(
    caller: ProcessPoolExecutor, temporal: Client, monkeypatch: pytest.MonkeyPatch, wrong: Says
) -> None:
    """Of another form, status or type: the search above would see it."""
    monkeypatch.setitem(openapi.SAYS, "list", wrong)
    async with door.target(temporal) as found:
        tried = await attacked(caller, found, 10, 1, ["list"])

    assert 1 == len(tried.faults)
