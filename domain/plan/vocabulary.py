"""Words that plans and statements share."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.signing.canonical import Frozen
from domain.words.identifiers import CheckpointId
from domain.words.limits import LONGEST_LINE, LONGEST_REASON

_GAP = re.compile(r"<[^<>]+>")


def is_gap(text: str) -> bool:
    """Whether a text stands for one that is still to be written (`domain.plan.gaps`)."""
    return _GAP.fullmatch(text.strip()) is not None


Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Need = Literal[
    "detection",
    "authorisation",
    "agreement",
    "confirmation",
    "written_agreement",
    "extension",
    "permission",
    "duty",
    "prepared",
    "ready",
    "dispatched",
    "sighting",
    "handover_offer",
    "handover_acceptance",
    "movement_decision",
    "hold_decision",
    "deconfliction",
    "conflict_settlement",
    "delivered",
    "arrest",
    "seizure",
    "explanation",
    "parts",
    "debrief",
    "costs",
    "jurisdiction",
    "takeover",
    "examination",
    "disposal",
    "exhibit_offer",
    "exhibit_acceptance",
    "look_back",
    "stop_acknowledgement",
    "interdiction",
]
"""What a checkpoint can ask a service to say."""


Spoken = Literal["in_person", "telephone", "radio", "video"]
"""By what means something is said by word of mouth."""


HandlingCode = Literal["H0", "H1", "H2", "H3"]
"""What a recipient may do with what it is told (EU Manual on Law Enforcement Information Exchange). H0: use it against crime.
H1: not before a court without the provider's permission. H2: disseminate it no further without that. H3: what
its caveat says, and till it is permitted, neither."""

Line = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


CriminalRole = Literal["organiser", "supplier", "courier", "distributor", "recipient", "not_known"]
"""What somebody did in the offence. Nobody has to guess: what is not known is `not_known`, and is corrected when it is."""

BLIND: tuple[CriminalRole, ...] = ("courier", "recipient")
"""Who may have been used without knowing it."""


class Involved(Frozen):
    """Somebody who has a role in the offence, never by name."""

    role: CriminalRole
    unwitting: Annotated[bool, Field(exclude_if=lambda unwitting: not unwitting)] = False
    """A courier or recipient who is used and does not know."""

    @model_validator(mode="after")
    def _is_used_as_one_of_these(self) -> Self:
        if self.unwitting and self.role not in BLIND:
            message = f"an unwitting person is a {' or '.join(BLIND)}"
            raise ValueError(message)
        return self


class Condition(Frozen):
    """What a State demands in return. Bound to a checkpoint, every answer there must say that it is met (R19)."""

    text: Reason
    at: CheckpointId | None = None


ConditionId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,49}/[1-9][0-9]?$")]
"""Who set it and its number, from 1, in the authorisation: `uz.prosecutor/1`."""
