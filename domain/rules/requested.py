"""Consent is to one request, as it stands in what was asked (R1)."""

from collections.abc import Mapping
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Facts
from domain.delivery.statement import Said
from domain.delivery.verdicts import Verdict, refused
from domain.plan.request_for_consent import digest_of_request

OTHER_REQUEST = refused(
    "R1", "other_request", "{state} is asked something else now than the request that this decides on: read it anew", state="name"
)


def other_request(delivery: Delivery, said: Said, state: str, request: str) -> Verdict | None:
    """Whether it decides on another request than the one to this State that follows from the plan in force. What is said of a
    group decides on the requests of all whose plans are under its digest, and names that.
    """
    group = delivery.plan.group if said.statement.members is not None else None
    asked = group.digest if group is not None else digest_of_request(delivery.plan, state)
    return None if request == asked else OTHER_REQUEST(state=state)


def decided(facts: Facts) -> Mapping[str, Any]:
    """Which request was asked."""
    return {"request": facts.request_digest} if facts.request_digest is not None else {}
