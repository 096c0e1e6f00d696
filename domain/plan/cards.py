"""Rule cards: what one State's law demands, as versioned and sourced data. Nothing of it is hard-coded.

The cards shipped under `examples/` are examples and say so; where the sources did not say, the card says `not known`,
and then the State's own authorisation decides.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.plan.directory import ServiceKind
from domain.signing.canonical import Frozen
from domain.words.identifiers import Slug, State
from domain.words.limits import (
    LONGEST_LINE,
    LONGEST_NOTES,
    LONGEST_SOURCE,
    LONGEST_VERSION,
    MOST_DUTIES_OF_A_CARD,
    MOST_KINDS,
    MOST_LANGUAGES,
    MOST_SOURCES,
)
from domain.words.quantities import Span

NotKnown = Literal["not known"]

Modality = Literal["intact", "removed", "replaced_in_part", "replaced_in_whole"]
"""The way of handling the consignment (UN 1988 Convention art. 11(3))."""


Permission = Literal["opening", "technical_means", "accompanying_officers"]
"""What may need a permission of its own, beside the authorisation of the delivery (R16; Spain LECrim 263 bis for mail)."""


Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Duty(Frozen):
    """What whoever authorises must also do, and within what time (such as Spain LECrim 263 bis: a copy to the register)."""

    id: Slug
    what: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    within: Span
    """From the authorisation on."""


class RuleCard(Frozen):
    """One State's card."""

    vigil: Literal["card/1"]
    state: State
    version: Annotated[str, Field(min_length=1, max_length=LONGEST_VERSION)]
    example: bool
    sources: Annotated[tuple[Annotated[str, Field(max_length=LONGEST_SOURCE)], ...], Field(min_length=1, max_length=MOST_SOURCES)]
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1, max_length=4)] | NotKnown
    granted_by: Annotated[tuple[ServiceKind, ...], Field(min_length=1, max_length=MOST_KINDS)] | NotKnown
    longest: Span | NotKnown
    """Longest validity of one authorisation."""
    separate: Annotated[tuple[Permission, ...], Field(max_length=3)] | NotKnown = "not known"
    """What needs a permission of its own there (R16)."""
    notice: Span | NotKnown = "not known"
    """The least time the State must be given to answer a request."""
    duties: Annotated[tuple[Duty, ...], Field(max_length=MOST_DUTIES_OF_A_CARD)] = ()
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=MOST_LANGUAGES)] | NotKnown = "not known"
    """In which a request may be written (ISO 639-1)."""
    notes: Annotated[str, Field(max_length=LONGEST_NOTES)] = ""

    def allows(self, modality: Modality) -> bool | None:
        """Whether the card allows it; none where it is not known and the authorisation decides (R3)."""
        return None if self.modalities == "not known" else modality in self.modalities

    def lets_grant(self, kind: ServiceKind) -> bool:
        """Whether such a service may grant there; where it is not known, the State decides (R1)."""
        return self.granted_by == "not known" or kind in self.granted_by

    def separates(self, permission: Permission) -> bool:
        """Whether this needs a permission of its own there; where it is not known, the authorisation covers it (R16)."""
        return self.separate != "not known" and permission in self.separate
