"""What Vigil says to a service: a request to confirm something at a checkpoint, and notices. Both are signed by Vigil's key.

A request holds what this service needs to answer and nothing about other States' targets, refusals or sources (R11).
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from domain import unforeseen
from domain.canonical import Frozen
from domain.cards import Modality
from domain.delivery import Delivery
from domain.identifiers import CheckpointId, OperationCode, Seal, ServiceId, State
from domain.ledger import NoticeKind, UtcText
from domain.moments import utc_text
from domain.plan import Contents
from domain.quantities import Milligrams
from domain.statements import Need

RequestId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9./-]{0,199}$")]


class Facts(Frozen):
    """What bears on the answer."""

    place: str
    state: State
    modality: Modality
    expected_at: UtcText | None
    """Planned arrival, for a handover or the delivery."""
    valid_until: UtcText | None
    """Until when an authorisation must run, margin included."""
    gross: Milligrams
    """Expected gross weight, milligrams; at detection until prepared."""
    tolerance: Milligrams
    seals: tuple[Seal, ...]
    contents: tuple[Contents, ...]
    problem: str = ""
    """What a decision, a conflict or a stop is about."""
    agree_with: ServiceId | None = None
    """Whom to call about a conflict, and whose agreement settles it."""


class Request(Frozen):
    """Please say this, here, until then. The id is also the idempotency key: asking again is the same request."""

    vigil: Literal["request/1"] = "request/1"
    id: RequestId
    delivery: OperationCode
    checkpoint: CheckpointId
    service: ServiceId
    says: tuple[Need, ...]
    asked_at: UtcText
    due: UtcText | None
    facts: Facts


class Notice(Frozen):
    """For your information: nothing to confirm."""

    vigil: Literal["notice/1"] = "notice/1"
    id: Annotated[str, Field(max_length=200)]
    delivery: OperationCode
    service: ServiceId
    kind: NoticeKind
    checkpoint: CheckpointId | None = None
    text: Annotated[str, Field(max_length=1000)]


class Inbox(Frozen):
    """What one service is being asked, in all its deliveries."""

    requests: tuple[Request, ...]
    unanswered: tuple[OperationCode, ...] = ()
    """Deliveries that did not say in time whether they ask anything: look again."""


def request(delivery: Delivery, name: str, service: str) -> Request:
    """The request to one service at an open checkpoint. Asking again is the same request, by its id."""
    progress = delivery.progress[name]
    return Request(
        id=f"{delivery.plan.operation}/{name}/{service}",
        delivery=delivery.plan.operation,
        checkpoint=name,
        service=service,
        says=progress.checkpoint.needs_of(service),
        asked_at=utc_text(progress.opened),
        due=utc_text(progress.due) if progress.due is not None else None,
        facts=_facts(delivery, name, service),
    )


def requests(delivery: Delivery, name: str) -> tuple[Request, ...]:
    """The requests to every service an open checkpoint still waits for."""
    return tuple(request(delivery, name, service) for service in delivery.progress[name].waiting_for())


def inbox(delivery: Delivery, service: str) -> tuple[Request, ...]:
    """What this service is being asked now."""
    return tuple(
        request(delivery, name, service)
        for name, progress in delivery.progress.items()
        if progress.open and service in progress.waiting_for()
    )


def _facts(delivery: Delivery, name: str, service: str) -> Facts:
    plan, progress = delivery.plan, delivery.progress[name]
    planned = plan.find(name)
    travels = planned is not None and planned.step in ("hand_over", "deliver") and progress.due is not None
    problem = delivery.discrepancy.problem if delivery.discrepancy is not None else ""
    other = unforeseen.call_about(delivery, name)
    if other is not None:
        problem = f"another operation touches this one; call {other.service}: {other.call}"
    if delivery.halt is not None:
        problem = delivery.halt.reason
    known = delivery.directory.find(service)
    state = planned.state if planned is not None else (known.state if known is not None else None)
    return Facts(
        place=planned.place if planned is not None else delivery.here.means,
        state=state or delivery.here.state,
        modality=plan.modality,
        expected_at=utc_text(progress.due - progress.checkpoint.due) if travels and progress.due is not None else None,
        valid_until=_needed_until(delivery, state or delivery.here.state, progress.opened, name),
        gross=delivery.custody.gross if delivery.custody is not None else plan.consignment.gross,
        tolerance=plan.weight_tolerance,
        seals=delivery.custody.seals if delivery.custody is not None else (),
        contents=plan.consignment.contents,
        problem=problem,
        agree_with=other.service if other is not None else None,
    )


def _needed_until(delivery: Delivery, state: str, opened: datetime, name: str) -> str | None:
    """Until when this State's consent must run, with every step before the passage taking as long as it may."""
    plan = delivery.plan
    planned = plan.find(name)
    asks_consent = name.startswith("extension.") or (planned is not None and planned.step == "authorise")
    if not asks_consent or state not in delivery.states_ahead():
        return None
    until = opened + plan.margin + plan.contingencies.extension + plan.time_to_leave(state, delivery.leg or 0)
    if not delivery.dispatched:
        before = (plan.at("authorise"), plan.at("prepare"), plan.at("dispatch"))
        until += sum((max(checkpoint.due for checkpoint in step) for step in before if step), timedelta())
    return utc_text(until)
