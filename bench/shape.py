"""The shape that three ways of doing the same work have in common: a delivery of five checkpoints at which three services
each confirm something, between the consent before them and the accounting after them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.delivery.statement import Statement, sign_statement
from domain.plan.plan import Plan
from domain.signing.envelope import Envelope
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.installation import renamed
from tests.support import RESULT, Table, asks, example_plan, signed_plan

CHECKPOINTS = ("preparation", "departure", "counter", "posts", "arrest")
SERVICES = 3
CONFIRMATIONS = len(CHECKPOINTS) * SERVICES
SPEAK = ("kz.police", "kz.customs", "kz.knb", "kz.border", "kz.prosecutor")
"""Who has something to tell at any time: each is asked for something, and so may say much."""
_REMARK = "observed " * 30
_READY = ("kz.customs", "kz.knb")
_FOUND = [{"substance": "cannabis", "net": "510 g"}]
_SAID: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("kz.police", "prepared", "preparation", {"gross": "1.9 kg", "kept": _FOUND}),
    *((service, "ready", "preparation", {}) for service in _READY),
    *((service, "ready", "departure", {}) for service in _READY),
    ("kz.police", "dispatched", "departure", {}),
    *((service, "ready", "counter", {}) for service in _READY),
    ("kz.police", "delivered", "counter", {}),
    *((service, "ready", "posts", {}) for service in ("kz.police", *_READY)),
    *((service, "arrest_made", "arrest", {}) for service in ("kz.police", "kz.knb", "kz.border")),
)


def pattern() -> Plan:
    """A parcel that is collected in the country where it was found; no other operation touches it."""
    fields: dict[str, Any] = example_plan("aktobe-post-office").model_dump(mode="json")
    by_name = {one["id"]: one for one in fields["checkpoints"]}
    ready = [f"{service} ready" for service in _READY]
    for name, first in (("preparation", "prepared"), ("departure", "dispatched"), ("counter", "delivered")):
        by_name[name]["requires"] = asks(f"kz.police {first}", *ready)
    by_name["arrest"]["requires"] = asks("kz.police arrest", "kz.knb arrest", "kz.border arrest")
    posts: dict[str, Any] = {"id": "posts", "step": "muster", "state": "KZ", "place": "Aktobe", "due": "6h"}
    posts["requires"] = asks("kz.police ready", *ready)
    fields["checkpoints"].insert(list(by_name).index("counter") + 1, posts)
    return Plan.model_validate(fields)


Said = tuple[Statement, Envelope]
"""A statement, and how its service signed it."""


@dataclass(frozen=True)
class Script:
    """One delivery: its plan, and what its services say, signed before anything is measured."""

    plan: Plan
    signed: Envelope
    before: tuple[Said, ...]
    """What is reported and allowed until the first of the five checkpoints is open."""
    confirmations: tuple[Said, ...]
    after: tuple[Said, ...]
    """What ends it: what was seized, and the result, which the law has the prosecutor told."""
    remarks: tuple[Said, ...] = ()
    """What nobody is asked for, by one service after another."""


def script(plan: Plan, remarks: int = 0) -> Script:
    """A delivery of that plan, under a code name and with a consignment of its own, and so many remarks on it."""
    own = renamed(plan)
    number = plan.consignment.identifiers[0].model_copy(update={"value": own.operation})
    own = own.model_copy(update={"consignment": own.consignment.model_copy(update={"identifiers": (number,)})})
    table = Table(own, reported=False, signed=False)
    days = {"valid_from": _in(timedelta(days=-1)), "valid_until": _in(timedelta(days=20))}

    def said(service: str, kind: str, at: str | None, more: dict[str, Any]) -> Said:
        statement = table.statement(service, kind, at, **more)
        return statement, sign_statement(statement, private_key_of(service))

    return Script(
        plan=own,
        signed=signed_plan(own),
        before=(
            said("kz.police", "detected", "detection.1", {"detected_at": _in(timedelta(hours=-2))}),
            said("kz.prosecutor", "deconfliction_requested", "deconfliction.1", {}),
            said("kz.prosecutor", "authorisation_granted", "consent", days),
        ),
        confirmations=tuple(said(*one) for one in _SAID),
        after=(
            said("kz.police", "seizure", "accounting", {"recovered": _FOUND}),
            said("kz.police", "duty_done", f"duty.kz.prosecutor{RESULT}", {}),
        ),
        remarks=tuple(said(SPEAK[one % len(SPEAK)], "information", None, {"text": _REMARK}) for one in range(remarks)),
    )


def _in(span: timedelta) -> str:
    return utc_text(datetime.now(UTC) + span)
