"""That somebody has taken over to chase a service that is silent: a signed note, for those who watch the same deliveries.

It stands beside the ledgers and not in them, ends by itself, and nothing is decided by it. It names a service and an officer, and
no delivery.
"""

import json
from datetime import datetime, timedelta
from typing import Final, Literal, Self

from pydantic import ValidationError, model_validator

from domain.delivery.vocabulary import UtcText
from domain.plan.directory import Directory
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, faults_of
from domain.words.identifiers import OfficerCode, ServiceId
from domain.words.moments import instant
from domain.words.text import fill, mark

CHASE_TYPE: Final = "application/vnd.vigil.chase+json"
LONGEST: Final = timedelta(hours=12)
"""For which a note holds: a shift."""
APART: Final = timedelta(minutes=5)
"""By how much the clock of who signed may differ, and for how long a note is good to be handed in."""


class Chase(Frozen):
    """An officer of a service chases another one until a moment. One that ends when it begins gives it back."""

    vigil: Literal["chase/1"] = "chase/1"
    chased: ServiceId
    """The service that is silent."""
    service: ServiceId
    officer: OfficerCode
    at: UtcText
    until: UtcText

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not timedelta() <= instant(self.until) - instant(self.at) <= LONGEST:
            raise ValueError(fill("`until` is at most {hours} hours after `at`, and not before it", hours=12))
        return self

    def holds(self, now: datetime) -> bool:
        """Whether somebody still chases it."""
        return now < instant(self.until)


def chase_in(envelope: Envelope) -> Chase:
    """The note in an envelope, unverified. Raises `Malformed`, also where its bytes are not in their one form."""
    payload = envelope.body()
    try:
        found = Chase.model_validate_json(payload)
    except ValidationError as error:
        raise Malformed(mark("this is no note that a service is chased"), faults_of(error)) from error
    if canonical(json.loads(payload)) != payload:
        raise Malformed(mark("the note is not in canonical form (RFC 8785)"))
    return found


def authentic(envelope: Envelope, directory: Directory) -> Chase:
    """The note, signed by the officer whom it names with a key that counted then.

    Raises `Malformed`; `NotAuthentic`, also where the directory does not know one of the two services.
    """
    found = chase_in(envelope)
    signer = directory.find(found.service)
    if signer is None or directory.find(found.chased) is None:
        raise NotAuthentic(
            fill("unknown service {service}", service=found.service if signer is None else found.chased),
            hint=mark("a note names two services of the directory"),
        )
    signer.opened(envelope, CHASE_TYPE, found.officer, instant(found.at))
    return found


def check_fresh(found: Chase, now: datetime) -> None:
    """Raises `NotAllowed` for a note of another time: one that somebody kept puts nobody in charge later."""
    if abs(now - instant(found.at)) > APART:
        raise NotAllowed(
            fill("the note is of {at}, and it is {now}", at=found.at, now=now.strftime("%H:%M UTC")),
            hint=mark("sign it anew, and see that this clock is right"),
        )
