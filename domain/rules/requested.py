"""What acts of consent have in common (R1): each is to one request, as it stands in what was asked, and has its time."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Facts
from domain.delivery.statement import Said
from domain.delivery.verdicts import Verdict, refused
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from domain.plan.vocabulary import Digest
from domain.words.limits import MOST_MEMBERS

OTHER_REQUEST = refused(
    "R1", "other_request", "{state} is asked something else now than the request that this decides on: read it anew", state="name"
)
WRITING_OVERDUE = refused(
    "R1",
    "writing_overdue",
    "it was given at {given}, and by its rule card {state} had to write it by {due}: only an authorisation in writing counts now",
    given="instant",
    state="name",
    due="instant",
)
"""What was given before it was written, and was not written in its time."""

Requests = Digest | Annotated[tuple[Digest, ...], Field(min_length=1, max_length=MOST_MEMBERS)]
"""The request for consent that is decided on, by its SHA-256 as it stood in what was asked; where it is said of several
consignments at once, that of each, in the order in which they are named.
"""


def own_request(plan: Plan, said: Said, request: Requests) -> str | None:
    """Which request for consent of this delivery it decides on, by its digest: its `request`; where it is said of several
    `members`, of those in `request` the one in the place that this one's number has among these `members`. None where it names
    none, or one though it is said of several, or several though it is said of one.
    """
    members = said.statement.members
    if members is None or isinstance(request, str):
        return request if members is None and isinstance(request, str) else None
    return dict(zip(members, request, strict=False)).get(plan.number)


def other_request(delivery: Delivery, said: Said, state: str, request: Requests) -> Verdict | None:
    """Whether it decides on another request than the one to this State that follows from the plan in force."""
    own = own_request(delivery.plan, said, request)
    return None if own is not None and own == digest_of_request(delivery.plan, state) else OTHER_REQUEST(state=state)


def decided(facts: Facts) -> Mapping[str, Any]:
    """Which request was asked."""
    return {"request": facts.request_digest} if facts.request_digest is not None else {}
