"""Arrival: delivered or not, and who was arrested."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.persons import Arrested, Arrestees, Persons, each_person
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.powers import MAY_ARREST
from domain.plan.vocabulary import Reason
from domain.rules.kind import ALWAYS, UNDER_WAY, Declaration, Kind, Stays, share, size_of, unasked
from domain.rules.turns import asked_afresh_here, may_not_move, not_over_yet
from domain.words.limits import LARGEST_NOTE, LARGEST_OF_LISTS, LONGEST_PLACE
from domain.words.moments import instant

NOT_ASKED_TO_ARREST = refused("R17", "not_asked_to_arrest", "{voice} is not asked to arrest anybody", voice="name")
NOT_UNDER_ARREST = refused(
    "R12", "not_under_arrest", "{voice} holds nobody under arrest as {persons}", voice="name", persons="names"
)
ARRESTED_ALREADY = refused(
    "R12", "arrested_already", "{voice} has arrested others as {persons}; each person has a code", voice="name", persons="names"
)
ARREST_IS_ASKED = refused(
    "R17", "arrest_is_asked", "{checkpoint} asks {voice} for this; say it there", checkpoint="name", voice="name"
)
NOBODY_CAME = found(
    "R12",
    "not_delivered",
    "{service} could not deliver it, {because} (entry {entry})",
    service="name",
    because="word",
    entry="entry",
)

Place = Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]


class Delivered(Kind):
    """The consignment has reached the recipient."""

    kind: Literal["delivered"] = "delivered"
    how: Reason
    seen: bool = True
    """False where it was taken out of sight (Valencia): the recovery is an investigation of its own."""

    declares = Declaration(
        title="Delivered to the recipient",
        answers="delivered",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=True,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What keeps it where it is (`may_not_move`). At the end of another leg than the last, then what keeps it from the next
        one (`not_over_yet`).
        """
        state = delivery.state
        waits = asked_afresh_here(state) if _is_last(state, said) else not_over_yet(delivery, said.at)
        return may_not_move(state) or waits or ACCEPTED

    def is_contact(self) -> bool:
        """Where it was not `seen`, nobody had it in sight."""
        return self.seen

    def apply(self, state: State, said: Said) -> None:
        """At the end of the last leg it is delivered; at the end of another it is on the next leg."""
        if _is_last(state, said):
            state.arrive()
        else:
            state.move(said.seq, said.at, instant(said.statement.happened_at))


def _is_last(state: State, said: Said) -> bool:
    """Whether the last leg ends where it was delivered."""
    return state.plan.leg_to(said.checkpoint) == len(state.plan.legs) - 1


class NotCollected(Kind):
    """It was not delivered, and nobody will come for it any more."""

    kind: Literal["not_collected"] = "not_collected"
    because: Literal["no_show", "fictitious_addressee", "dead_addressee", "refused_by_addressee"]
    reason: Reason

    declares = Declaration(
        title="Not delivered",
        answers="delivered",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `no_show` and `not_delivered`."""
        finding = NOBODY_CAME(service=said.service, because=self.because, entry=said.seq)
        state.stop_all("no_show", finding, said.seq, said.service)


class ArrestMade(Kind):
    """Who was arrested, by code and role; no names."""

    kind: Literal["arrest_made"] = "arrest_made"
    persons: Arrestees
    place: Place
    reference: Act | None = None
    """The record of it."""

    declares = Declaration(
        title="Arrest made",
        answers="arrest",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_LISTS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What is found of it `as_arrest`."""
        return self.as_arrest(delivery, said.statement.id, said.voice)

    def as_arrest(self, delivery: Delivery, statement: str, voice: str) -> Verdict:
        """`arrested_already` where its `voice`, or one for which that `stands_for`, has arrested somebody under one of its codes
        by another statement, and `holds` them still, or this one corrects what did not say so: the first such, and those codes.
        """
        state, before = delivery.state, delivery.state.arrests.get(statement)
        others = each_person(one for name, one in state.arrests.items() if name != statement)
        said = {one.code for one in before.persons} if before is not None else set()
        known = [(one, who.code) for who in self.persons for one in delivery.plan.stands_for(voice) if (one, who.code) in others]
        still = [(one, code) for one, code in known if (state.holds(one, code) if before is None else code not in said)]
        twice = tuple(code for one, code in still if one == still[0][0])
        return ARRESTED_ALREADY(voice=still[0][0], persons=twice) if twice else ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Its `persons`."""
        others = (arrest.persons for name, arrest in delivery.state.arrests.items() if name != statement)
        return Stays(self.persons, share(delivery.law.figures.arrested_bytes, others, delivery.state, "arrest", said))

    def apply(self, state: State, said: Said) -> None:
        """These persons are arrested by its `voice`, by this statement."""
        state.arrest(said.statement.id, Arrested(said.voice, self.persons))

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"place": facts.place}


class ArrestReported(ArrestMade):
    """Who was arrested though no checkpoint asks for it: with what was stopped, after it, or on the way."""

    kind: Literal["arrest_reported"] = "arrest_reported"  # type: ignore[assignment]

    declares = unasked("Arrest reported", rule="R17", largest=LARGEST_OF_LISTS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It may arrest by its kind, and no open checkpoint asks it to."""
        return service.kind in MAY_ARREST and _asked_to_arrest(delivery, service.id) is None

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`arrest_is_asked` where an open checkpoint asks its `voice` for `arrest` and has no answer to that; then what is found
        of it `as_arrest`.
        """
        if (name := _asked_to_arrest(delivery, said.voice)) is not None:
            return ARREST_IS_ASKED(checkpoint=name, voice=said.voice)
        return self.as_arrest(delivery, said.statement.id, said.voice)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Its `persons`. All that its `voice` holds of arrests is no more than an equal share of those who take part."""
        arrests = delivery.state.arrests
        own = [one.persons for name, one in arrests.items() if name != statement and one.service == said.voice]
        most = delivery.law.figures.arrested_bytes // len(delivery.state.participants)
        return Stays(self.persons, min(super().stays(delivery, said, statement).most, most - sum(map(size_of, own))))

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {}


def _asked_to_arrest(delivery: Delivery, voice: str) -> str | None:
    """The open checkpoint that asks this service for `arrest` and has no answer."""
    waits = (
        one.checkpoint.id
        for one in delivery.state.open_checkpoints()
        if "arrest" in one.checkpoint.needs_of(voice) and (voice, "arrest") not in one.answers
    )
    return next(waits, None)


class NoArrest(Kind):
    """The team ends its action without an arrest."""

    kind: Literal["no_arrest"] = "no_arrest"
    reason: Reason

    declares = Declaration(
        title="No arrest",
        answers="arrest",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )


class ArresteeReleased(Kind):
    """Persons arrested before have been released; no names."""

    kind: Literal["arrestee_released"] = "arrestee_released"
    persons: Persons
    reason: Reason

    declares = Declaration(
        title="Arrested persons released",
        answers=None,
        confirms=False,
        by="anyone",
        counts=ALWAYS,
        names_checkpoint=False,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_LISTS,
    )

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It has arrested somebody, or one whose place it has taken."""
        voices = delivery.plan.stands_for(service.id)
        return any(one.service in voices for one in delivery.state.arrests.values())

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_asked_to_arrest` unless some checkpoint of the plan asks its `voice`, or one for which that `stands_for`, for
        `arrest`, or such a one has arrested somebody; `not_under_arrest` where none of them has arrested one of these, or it
        `holds` one no more: those codes.
        """
        state, voices = delivery.state, delivery.plan.stands_for(said.voice)
        asked = any("arrest" in one.needs_of(voice) for one in delivery.plan.checkpoints for voice in voices)
        if not asked and not any(one.service in voices for one in state.arrests.values()):
            return NOT_ASKED_TO_ARREST(voice=said.voice)
        free = tuple(one for one in self.persons if not any(state.holds(voice, one) for voice in voices))
        return NOT_UNDER_ARREST(voice=said.voice, persons=free) if free else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """Its `voice` has freed each of these, or where it does not `hold` one, the first of those that do for which it
        `stands_for`: under one code two services may hold two persons. From each statement by which that one `holds` them.
        """
        for code in self.persons:
            voice = next(one for one in state.plan.stands_for(said.voice) if state.holds(one, code))
            state.free(voice, (code,))
