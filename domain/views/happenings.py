"""What of a ledger a shift hands over: departures, stops, holds, seizures, refusals, silence, outcomes. The rest is routine.

Which entry is one stands beside it in the archive, in one word, so that nobody opens thousands to find ten. What it says is read
from the entry itself.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from domain.delivery.decided import Concluded, Ended, Escalated, Expired, Halted, Silence
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, Diverged, Started, Stated
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Finding
from domain.delivery.vocabulary import Outcome, UtcText
from domain.rules.books import BOOKS, read
from domain.signing.canonical import Frozen
from domain.words.identifiers import OfficerCode, OperationCode, ServiceId
from domain.words.limits import MOST_IN_A_CELL, MOST_REMARKS
from domain.words.total import total

What = Literal[
    "stopped",
    "halted",
    "put_back",
    "held",
    "lost",
    "expired",
    "silent",
    "told_next",
    "declined",
    "refused",
    "seized",
    "decided",
    "found_again",
    "ended",
    "concluded",
    "started",
    "amended",
    "departed",
    "handed_over",
    "delivered",
]
"""What an entry is of a shift, what must not be missed first."""
WHATS: Final[tuple[What, ...]] = get_args(What)

_SAID: Final[Mapping[str, What]] = {
    "stop_requested": "stopped",
    "authorisation_withdrawn": "stopped",
    "hold_requested": "held",
    "hold_decided": "decided",
    "movement_decision": "decided",
    "surveillance_lost": "lost",
    "loss_recorded": "lost",
    "surveillance_regained": "found_again",
    "authorisation_refused": "declined",
    "agreement_refused": "declined",
    "permission_refused": "declined",
    "handover_declined": "declined",
    "interdicted": "seized",
    "seizure": "seized",
    "destroyed": "seized",
    "dispatched": "departed",
    "handover_accepted": "handed_over",
    "delivered": "delivered",
}
"""By kind of statement, where it was accepted."""
ROUTINE: Final = frozenset(
    {
        "detected",
        "authorisation_granted",
        "authorisation_extended",
        "agreement_given",
        "authorisation_confirmed",
        "agreement_confirmed",
        "permission_granted",
        "duty_done",
        "prepared",
        "ready",
        "handover_offered",
        "taken_out",
        "sighted",
        "device_failed",
        "surveillance_log",
        "stop_acknowledged",
        "incident",
        "not_collected",
        "arrest_made",
        "arrest_reported",
        "no_arrest",
        "arrestee_released",
        "difference_explained",
        "split",
        "parts_ended",
        "cooperation_begun",
        "cooperation_ended",
        "recorder_issued",
        "recorder_returned",
        "exhibits_offered",
        "exhibits_accepted",
        "exhibit_divided",
        "laboratory_report",
        "disposed",
        "deconfliction_requested",
        "deconfliction_refused",
        "conflict_settled",
        "conflict_yielded",
        "debriefed",
        "costs_settled",
        "looked_back",
        "jurisdiction_understood",
        "transfer_requested",
        "transfer_accepted",
        "transfer_declined",
        "paper_registered",
        "declassified",
        "results_submitted",
        "case_opened",
        "persons_notified",
        "delegated",
        "correction",
        "information",
        "disclosure_permitted",
    }
)
"""Kinds that no shift hands over, whatever they say; a risk to life in one is another matter."""
total(dict.fromkeys(kind for book in BOOKS.values() for kind in book.kinds), _SAID=_SAID, ROUTINE=ROUTINE)
_DECIDED: Final[Mapping[type, What]] = {
    Started: "started",
    Amended: "amended",
    Silence: "silent",
    Escalated: "told_next",
    Halted: "halted",
    Expired: "expired",
    Diverged: "put_back",
    Concluded: "concluded",
    Ended: "ended",
}
"""By event."""


class Happened(Frozen):
    """One entry that a shift hands over, in codes."""

    at: UtcText
    """When it was recorded."""
    delivery: OperationCode
    seq: Annotated[int, Field(ge=0)]
    what: What
    by: ServiceId | None = None
    officer: OfficerCode | None = None
    """Who said it, where somebody did."""
    services: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_IN_A_CELL)] = ()
    """Whom else it is about: who was silent, who was told, whose consent has run out."""
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None = None
    """Of what was said."""
    finding: Finding | None = None
    also: Annotated[tuple[Finding, ...], Field(max_length=MOST_REMARKS - 1)] = ()
    """What else is remarked of it."""
    outcome: Outcome | None = None


def happening(entry: Entry) -> What | None:
    """What this entry is of a shift; none: routine."""
    event = entry.event
    if not isinstance(event, Stated):
        return _DECIDED.get(type(event))
    if event.verdict.verdict == "refused":
        return "refused"
    if event.verdict.verdict != "accepted":
        return None
    said = read(event.envelope)
    return "stopped" if getattr(said.content, "risk_to_life", None) is True else _SAID.get(said.kind)


def happened(delivery: str, entry: Entry) -> Happened | None:
    """The same with what it says."""
    what, event = happening(entry), entry.event
    if what is None:
        return None
    line: dict[str, object] = {"at": entry.at, "delivery": delivery, "seq": entry.seq, "what": what}
    match event:
        case Stated():
            line |= _said(read(event.envelope)) | {"finding": event.verdict.finding, "also": event.verdict.also}
        case Silence():
            line |= {"services": event.services[:MOST_IN_A_CELL], "finding": event.finding}
        case Escalated():
            line |= {"services": (event.to,)}
        case Expired():
            line |= {"services": (event.service,)}
        case Halted() | Concluded():
            line |= {"finding": event.finding, "outcome": getattr(event, "outcome", None)}
        case _:
            pass
    return Happened.model_validate(line)


def _said(one: Statement) -> dict[str, object]:
    return {"by": one.service, "officer": one.officer, "kind": one.kind}
