"""Words that the ledger, the state and what is told share."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.words.identifiers import ServiceId
from domain.words.limits import MOST_SERVICES
from domain.words.moments import kept

Services = Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SERVICES)]
UtcText = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"), AfterValidator(kept)
]
"""`utc_text`'s one form of an instant; texts of it sort as their instants do."""

Outcome = Literal[
    "delivered_with_arrests",
    "delivered_without_arrest",
    "interdicted_as_planned",
    "interdicted_early",
    "refused",
    "expired",
    "withdrawn",
    "stopped_before_departure",
    "no_show",
    "returned_to_sender",
    "lost_or_stolen",
    "destroyed",
    "split",
    "aborted_for_risk_to_life",
    "held_back",
]
"""Every way a delivery can end (design section 4); exactly one (R12)."""

NoticeKind = Literal[
    "reminder",
    "escalation",
    "silence",
    "withdrawn",
    "amended",
    "outcome",
    "alarm",
    "conflict",
    "keys",
    "archive",
    "diverged",
    "held",
    "resumed",
    "sibling",
]
"""What a notice is about: an answer is waited for, by you or by one whose superior or backup you are, did not come in time,
is no longer waited for; the plan was changed; how it ended; the consignment is out of sight; another operation touches this;
keys of a service were changed; the archive has fallen behind, or has caught up; the archive has another history of it; nothing
moves until it is decided; it goes on; another consignment of the same operation was held or stopped."""

SiblingNews = Literal["reached", "held", "stopped", "danger", "ended"]
"""What is heard of another delivery of the same group (R31)."""

AnyNotice = Literal[NoticeKind, "enquiries", "stranded"]
"""The same, and what is about no single delivery, for supervisors: a pattern of enquiries at the register; deliveries that wait
for a worker of a build of which none is up."""

Differing = Literal["other", "ahead", "root"]
"""How it is seen that the archive has another history than the workflow: another leaf stands at an entry; it has entries of which
the workflow does not know; or somewhere before one of the two was altered, for the roots differ."""

Result = Literal["satisfied", "unanswered", "withdrawn", "refused"]
"""How a checkpoint closed."""
