"""What the page of a group lets a reader stop: see `gateway.pages.brakes`."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from domain.plan.plan import Plan
from gateway.pages.brakes import braked
from gateway.reception import Reception
from tests.domain.test_changes import change
from tests.groups import group_plans
from tests.support import Table


def test_who_has_taken_the_place_of_an_authority_may_withdraw_from_all_of_a_group() -> None:
    """What the one before it consented to is its successor's to take back (R22), on the page of the group as on each other."""
    table = Table(group_plans()[0])
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    document = table.delivery.plan.model_dump()
    for one in document["checkpoints"]:
        if not table.delivery.state.closed(one["id"]):
            who = {"kz.prosecutor": "kz.court"}
            one["requires"] = [asked | {"service": who.get(asked["service"], asked["service"])} for asked in one["requires"]]
    gone = [{"service": "kz.prosecutor", "by": "kz.court", "reason": "busy"}]
    document |= {"replaced": gone, "answers_for_law": {**document["answers_for_law"], "KZ": "kz.court"}}
    before = _consented(table, "kz.prosecutor")
    change(table, Plan.model_validate(document), by=table.plan.initiator)
    assert before == _consented(table, "kz.court") == (1,)


def _consented(table: Table, service: str) -> tuple[int, ...]:
    async def deliveries(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(rows=[SimpleNamespace(delivery=table.plan.operation)])

    async def delivery(*_: Any) -> Any:
        return table.delivery

    reception = SimpleNamespace(reading=SimpleNamespace(deliveries=deliveries, delivery=delivery))
    found = asyncio.run(braked(cast("Reception", reception), table.directory.get(service), "any"))
    assert found is not None
    return found.consented
