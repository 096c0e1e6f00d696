"""What the ledger records, each with its effect on the state and, where it is not about a statement, who reads it (R11)."""

from typing import Annotated, get_args

from pydantic import Field

from domain.delivery.decided import (
    CameDue,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Escalated,
    Expired,
    Expiring,
    Halted,
    LookDue,
    Opened,
    Reminded,
    Silence,
    TakenUp,
    Waits,
)
from domain.delivery.event import Event
from domain.delivery.reported import (
    Amended,
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    KeysChanged,
    Released,
    SiblingHeard,
    Started,
    Stated,
    Told,
)

AnyEvent = Annotated[
    Started
    | Amended
    | KeysChanged
    | Stated
    | TakenUp
    | Waits
    | Opened
    | Asked
    | CameDue
    | AskedOnceMore
    | Reminded
    | Escalated
    | Silence
    | Closed
    | Expiring
    | Expired
    | Deconflicted
    | Deferred
    | LookDue
    | Released
    | Cleared
    | Halted
    | Told
    | ArchiveBehind
    | ArchiveCaughtUp
    | Diverged
    | SiblingHeard
    | Concluded
    | Ended,
    Field(discriminator="event"),
]

EVENTS: dict[str, type[Event]] = {one.model_fields["event"].default: one for one in get_args(get_args(AnyEvent)[0])}
"""By name, each with the effect that it has under the law as it is."""

OUTSIDE = (
    Amended,
    KeysChanged,
    Stated,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Released,
    Told,
    ArchiveBehind,
    ArchiveCaughtUp,
    Diverged,
    SiblingHeard,
)
"""Events that somebody or something outside brings. All others are decisions: they follow from state and time alone."""
