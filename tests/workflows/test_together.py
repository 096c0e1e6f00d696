"""A joint plan on a real server, and a service that is told at the end alone."""

import pytest
from temporalio.client import Client

from domain.record.verify import verify
from domain.words.errors import NotAuthentic, NotFound
from tests.installation import installed, quick
from tests.support import example_scenario, signed_plan, with_changes

TOLD = {"service": "kg.customs", "reason": "it went through Kyrgyzstan before it was found"}


async def test_either_initiator_hands_a_joint_plan_in_and_who_is_told_at_the_end_finds_it_then(temporal: Client) -> None:
    """Signed by one alone it does not start. Before its outcome the service that is told at the end finds nothing; then it finds
    it in its list, sees its part of it, and the packet verifies.
    """
    example, scenario = example_scenario("almaty-tashkent")
    offence = example.offence.model_dump() | {"articles": {"KZ": ["Art. 297"], "UZ": ["Art. 246"]}}
    joint = with_changes(example, plan_={"co_initiator": "uz.customs", "told_at_end": [TOLD], "offence": offence})
    plan, scenario = quick(joint, scenario)
    async with installed(temporal, plan, scenario) as at:
        door, later = at.gateway("uz.customs"), at.gateway("kg.customs")
        one = signed_plan(plan)
        with pytest.raises(NotAuthentic, match="not signed by"):
            await door.start(one.model_copy(update={"signatures": one.signatures[:1]}))
        await door.start(one)
        await at.kept(plan)
        with pytest.raises(NotFound):
            await later.view(plan.operation)
        await at.to_the_end(plan)
        seen = await later.view(plan.operation)
        packet = await at.gateway(plan.initiator).packet(plan.operation)

    assert (seen.whole, seen.outcome) == (False, "delivered_with_arrests")
    assert verify(packet, at.directory).outcome == "delivered_with_arrests"
