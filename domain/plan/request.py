"""What a plan says to the States that it asks for consent, beside what follows from it.

Its fields are those that texts demand of a request between services (SCO agreement on customs assistance of 2 November 2007,
art. 11; the bilateral customs agreements of Russia), and what officers ask for in practice of a controlled delivery. What a plan
says elsewhere (route, goods, way of handling, who travels along) is not said again: `domain.plan.request_for_consent` brings
both together.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.plan.attachment import Attachment
from domain.plan.cards import Language
from domain.plan.vocabulary import Involved, Line, Reason, Spoken
from domain.signing.canonical import Frozen
from domain.words.identifiers import ServiceId, State
from domain.words.limits import (
    LONGEST_FIRM,
    LONGEST_GROUNDS,
    LONGEST_INFORMATION,
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_REGISTERED,
    MOST_ANNEXES,
    MOST_ASKED_CONDITIONS,
    MOST_BASES,
    MOST_COMPANIONS,
    MOST_ESCORTS,
    MOST_PARTIES,
    MOST_PERSONS,
    MOST_ROLES,
    MOST_STATES,
)
from domain.words.moments import Moment

Means = Literal["direct", "i-24/7", "siena", "cencomm", "caricc", "liaison_officer"]
"""How a request reaches the authority beside Vigil: from service to service; by Interpol's I-24/7, Europol's SIENA or the WCO's
CENcomm; through CARICC; by a liaison officer."""

Words = Annotated[str, Field(max_length=LONGEST_REASON)]


Office = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
"""A post, in few words; never a person."""

FROM_MEMORY = "(K)"
"""The last word of an article or a legal basis that was written from memory: it is looked up before anybody relies on it."""


class Persons(Involved):
    """Persons of one role, never by name: names stand in an annex with its own secrecy mark."""

    count: Annotated[int, Field(ge=1, le=MOST_PERSONS)] | None = None
    """None: not known."""


class TradeParty(Frozen):
    """Who the papers of a commercial consignment name, as a request between customs has them (names of trade parties in full). A
    firm has its name; of a private person it is only said that there is one: the name stands in an annex with its own mark.
    """

    role: Literal["consignor", "consignee", "carrier", "forwarder", "declarant", "notify_party"]
    who: Literal["firm", "private_person", "not_known"]
    firm: Annotated[
        Annotated[str, Field(min_length=1, max_length=LONGEST_FIRM)] | None, Field(exclude_if=lambda name: name is None)
    ] = None
    """The name of the firm in full, as the papers have it."""
    number: Annotated[
        Annotated[str, Field(min_length=1, max_length=LONGEST_REGISTERED)] | None, Field(exclude_if=lambda number: number is None)
    ] = None
    """Its number in a register of its State, or for customs or taxes."""
    state: Annotated[State | None, Field(exclude_if=lambda state: state is None)] = None
    """Where it is established, or whence it comes."""


class Companions(Frozen):
    """Officers of one service of another State who travel along (`accompanied_by`)."""

    service: ServiceId
    officers: Annotated[int, Field(ge=1, le=MOST_COMPANIONS)]
    armed: bool = False


class AskedOrally(Frozen):
    """That a State was first asked by word of mouth, which this request confirms in writing (SCO agreement on customs assistance
    of 2 November 2007, art. 11: in exceptional cases, and at once confirmed).
    """

    at: Moment
    spoken: Spoken
    asked_by: Office
    """The office of who asked; never a name."""
    taken_down_by: Office
    """The office of who took it down there; never a name."""


class Addressed(Frozen):
    """What is said to one State alone."""

    basis: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MOST_BASES)]
    """Treaties, agreements and laws on which this State is asked, with their articles."""
    channel: Means
    language: Language
    asks: Words = ""
    """What it is asked to do beside consenting: take over at the border, keep watch, arrest."""
    asked_orally: Annotated[AskedOrally | None, Field(exclude_if=lambda asked: asked is None)] = None
    """Whether it was first asked by word of mouth."""


class ToldToAll(Frozen):
    """What is said to every State."""

    facts: Annotated[str, Field(min_length=1, max_length=LONGEST_INFORMATION)]
    """What happened, in short: what was found, where, when, by what, and what it is taken for."""
    case_number: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    grounds: Annotated[str, Field(min_length=1, max_length=LONGEST_GROUNDS)]
    """On what grounds it is thought that the offence is being committed."""
    aim: Reason
    necessity: Reason
    """Why it would not do to seize it now."""
    concealment: Reason
    """How it is packed, and where it is hidden."""
    persons: Annotated[tuple[Persons, ...], Field(max_length=MOST_ROLES)] = ()
    parties: Annotated[tuple[TradeParty, ...], Field(max_length=MOST_PARTIES, exclude_if=lambda parties: not parties)] = ()
    """Who the papers of the consignment name, by their roles in trade."""
    technical_means: Words = ""
    """Which devices and recordings, where the plan `uses` any."""
    companions: Annotated[tuple[Companions, ...], Field(max_length=MOST_ESCORTS)] = ()
    urgency: Literal["ordinary", "urgent"] = "ordinary"
    marking: Line
    """The secrecy mark, in the author's own word: no State's is translated into another's."""
    conditions: Annotated[tuple[Line, ...], Field(max_length=MOST_ASKED_CONDITIONS)] = ()
    """By what whoever asks is bound: how information and exhibits are used, who is told."""
    on_loss: Reason
    """What is done if control is lost."""
    costs: Reason
    exhibits: Reason
    """To whom what is seized is returned, and what for."""
    contact: Line
    """Where it is answered at any hour: a post and its number, never a person."""
    signed_by: Line
    """The office of who signs it: the head of the service, or who is authorised by which act."""
    annexes: Annotated[tuple[Attachment, ...], Field(max_length=MOST_ANNEXES)] = ()
    """Files that go with it."""


class PlannedRequest(ToldToAll):
    """What the initiator asks the States to decide on: what all are told, and each alone."""

    to: Annotated[dict[State, Addressed], Field(min_length=1, max_length=MOST_STATES)]
