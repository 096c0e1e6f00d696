"""A shift is handed over by two persons: who goes and who comes sign the digest of one sheet, each with a key of their own.

The sheet is signed by the installation, so that any gateway knows one that was made here, and nobody signs what another wrote.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from domain.delivery.vocabulary import UtcText
from domain.plan.directory import Directory, Service
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen
from domain.signing.envelope import Envelope, open_envelope
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, NotVerified, faults_of
from domain.words.identifiers import OfficerCode, ServiceId
from domain.words.limits import LONGEST_LIST
from domain.words.moments import instant
from domain.words.text import fill, mark

SHEET_TYPE: Final = "application/vnd.vigil.sheet+json"
SHIFT_TYPE: Final = "application/vnd.vigil.shift+json"
"""Of the envelopes: the sheet as the installation signs it, and what each officer signs."""
SIGNED_WITHIN: Final = timedelta(minutes=30)
"""From a sheet to the signature of who hands over."""
TAKEN_WITHIN: Final = timedelta(hours=2)
"""From a sheet to the signature of who takes over."""
AHEAD: Final = timedelta(minutes=5)
"""By how much the clock of who signed may be ahead."""

Part = Literal["hands_over", "takes_over"]


OTHER_PART: Final[dict[Part, str]] = {
    "hands_over": mark("this signature takes a shift over, and one that hands it over is asked for"),
    "takes_over": mark("this signature hands a shift over, and one that takes it over is asked for"),
}


class Handed(Frozen):
    """What an officer signs: the part they have in handing over the shift of this sheet."""

    vigil: Literal["shift/1"] = "shift/1"
    part: Part
    sheet: Digest
    """SHA-256 of the sheet's payload."""
    service: ServiceId
    officer: OfficerCode
    at: UtcText


class HandingOver(Frozen):
    """What is handed in by who hands over: the sheet as the installation has signed it, and their own signature."""

    sheet: Envelope
    signed: Envelope


class Person(Frozen):
    """An officer, by the code of its service."""

    service: ServiceId
    officer: OfficerCode

    def __str__(self) -> str:
        return f"{self.service} {self.officer}"


class Handover(Frozen):
    """A handover as lists have it. It is closed once it is taken."""

    number: Annotated[int, Field(ge=1)]
    watch: ServiceId | None
    since: UtcText
    at: UtcText
    sheet: Digest
    heads: Digest
    open: Annotated[int, Field(ge=0)]
    given_by: Person
    given_at: UtcText
    taken_by: Person | None
    taken_at: UtcText | None


class HandoverRecord(Frozen):
    """The same with what was signed. `sheet`: none once a delivery that it names is expunged."""

    handover: Handover
    sheet: Envelope | None
    given: Envelope
    taken: Envelope | None


class Handovers(Frozen):
    """Some of those that are closed, the newest first. `next`: before which number to go on; none at the end. `waiting`: one that
    nobody has taken over yet.
    """

    waiting: Handover | None
    handovers: Annotated[tuple[Handover, ...], Field(max_length=LONGEST_LIST)]
    next: int | None


def handed_in(envelope: Envelope) -> Handed:
    """What an officer signed, unverified. Raises `Malformed`."""
    try:
        return Handed.model_validate_json(envelope.body())
    except ValidationError as error:
        raise Malformed(mark("this is no signature under a handover of the shift"), faults_of(error)) from error


def made_here(sheet: Envelope, at: str, system: Service | None) -> None:
    """Raises `NotAuthentic` unless the installation has signed this sheet, with a key that counted at its moment."""
    try:
        open_envelope(sheet, SHEET_TYPE, system.keys_at(instant(at)) if system is not None else {})
    except NotAuthentic as error:
        raise NotAuthentic(mark("this sheet was not made by this installation"), hint=mark("ask for a new one")) from error


def check_part(envelope: Envelope, part: Part, sheet: str, caller: Service, now: datetime) -> Handed:
    """What the caller's officer has signed, once all is right with it.

    Raises `Malformed` where it is another part or sheet, `NotAllowed` for another service's or one that was not signed now, and
    `NotAuthentic` for a key that does not count.
    """
    handed = handed_in(envelope)
    if handed.part != part:
        raise Malformed(OTHER_PART[part])
    if handed.sheet != sheet:
        raise Malformed(
            fill("what was signed is the sheet {signed}, not {sheet}", signed=handed.sheet[:16], sheet=sheet[:16]),
            hint=mark("read the sheet anew, and sign that"),
        )
    if handed.service != caller.id:
        raise NotAllowed(fill("{caller} cannot sign for {service}", caller=caller.id, service=handed.service))
    caller.opened(envelope, SHIFT_TYPE, handed.officer, now)
    if not now - SIGNED_WITHIN <= instant(handed.at) <= now + AHEAD:
        raise NotAllowed(
            fill("what {officer} signed is of {at}", officer=handed.officer, at=handed.at),
            hint=mark("it is good for 30 minutes: read the sheet anew, and sign that"),
        )
    return handed


def two_persons(given: Envelope, taken: Envelope) -> None:
    """Raises `NotAllowed` unless two persons have signed, each with a key of their own."""
    first, second = handed_in(given), handed_in(taken)
    keys = [{one.keyid for one in envelope.signatures} for envelope in (given, taken)]
    if (first.service, first.officer) == (second.service, second.officer) or keys[0] & keys[1]:
        raise NotAllowed(
            mark("it takes two persons to hand over a shift, each with a key of their own"),
            hint=mark("who comes on duty takes it over, under their own code, with their own key"),
        )


def verify_handover(record: HandoverRecord, directory: Directory) -> None:
    """Raises `NotVerified` unless both have signed this very sheet with keys that counted then, and the installation has made it.

    Without a sheet its digest alone is looked at.
    """
    of = record.handover
    try:
        if record.sheet is not None:
            if record.sheet.fingerprint() != of.sheet:
                raise NotVerified(fill("the sheet of handover {number} is another", number=of.number))
            made_here(record.sheet, of.at, directory.system())
        pairs = [(record.given, of.given_at, "hands_over"), (record.taken, of.taken_at, "takes_over")]
        for envelope, at, part in pairs:
            if envelope is None or at is None:
                continue
            handed = handed_in(envelope)
            if (handed.sheet, handed.part) != (of.sheet, part):
                raise NotVerified(fill("a signature of handover {number} is under something else", number=of.number))
            directory.get(handed.service).opened(envelope, SHIFT_TYPE, handed.officer, instant(at))
        if record.taken is not None:
            two_persons(record.given, record.taken)
    except (NotAuthentic, NotAllowed, Malformed) as error:
        raise NotVerified(fill("handover {number}: {error}", number=of.number, error=error.said)) from error
