"""What States have given: authorisations, and permissions of their own."""

from dataclasses import dataclass
from datetime import datetime

from domain.plan.cards import Form, Measure, Modality
from domain.plan.vocabulary import Condition


@dataclass
class Grant:
    """One authority's authorisation, as last extended."""

    service: str
    state: str
    modalities: tuple[Modality, ...]
    valid_from: datetime
    valid_until: datetime
    at: str = ""
    """The checkpoint that asked for it."""
    conditions: tuple[Condition, ...] = ()
    permits: tuple[Measure, ...] = ()
    """What else the same act permits (R16)."""
    provisional: bool = False
    """Not final yet: it authorises nothing."""
    since: datetime | None = None
    """When the first one of this authority began: a ceiling counts from then (R5)."""
    request: str = ""
    """SHA-256 of the request for consent that it decided on."""
    form: Form = "written"
    """How it was given; in writing, once that has followed (R1)."""
    given_at: datetime | None = None
    """When it was given, where it was not written then: from that moment the time for the writing counts."""
    withdrawn: bool = False
    expired: bool = False
    warnings: int = 0
    """How many of the plan's lead times have passed (R5)."""

    @property
    def final(self) -> bool:
        """Whether it says yes: it is neither provisional nor withdrawn."""
        return not self.provisional and not self.withdrawn

    def live(self, at: datetime) -> bool:
        """Whether it authorises anything at this instant: it is final, has begun and has not ended, and is neither withdrawn nor
        expired.
        """
        return self.final and not self.expired and self.valid_from <= at < self.valid_until

    def binding(self, checkpoint: str) -> tuple[tuple[str, str], ...]:
        """Number and text of the conditions that bind this checkpoint (R19): who set it, a slash, and its place among all of that
        authorisation, from 1. A provisional or withdrawn one binds nothing.
        """
        if self.provisional or self.withdrawn:
            return ()
        numbered = enumerate(self.conditions, 1)
        return tuple((f"{self.service}/{number}", one.text) for number, one in numbered if one.at == checkpoint)


@dataclass
class Agreed:
    """The agreement of one service that was given before it was written."""

    state: str
    form: Form
    """How it was given; in writing, once that has followed (R1)."""
    given_at: datetime
    """From that moment the time for the writing counts."""
    expired: bool = False
    """It was not written in time."""


@dataclass(frozen=True)
class Permit:
    """A permission of its own (R16)."""

    service: str
    permissions: tuple[Measure, ...]
    valid_from: datetime
    valid_until: datetime
    """Of one that is to be sanctioned, at the latest by when it must be."""
    urgent: bool = False
    """Given where it could not wait for this service, which has not sanctioned it yet."""


@dataclass(frozen=True)
class Lacking:
    """What a State wants permitted apart and has not (R16)."""

    state: str
    permission: Measure
