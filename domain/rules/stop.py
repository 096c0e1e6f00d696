"""Anyone may stop (R8), risk to life stops by itself (R14), and the responsible authority seizes what is stopped."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.memory import Secured
from domain.delivery.persons import Arrested, Arrestee, MaybeArrestees, each_person
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused, remarked
from domain.plan.directory import Service
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.powers import MAY_HOLD
from domain.plan.quantity import Mass, Packages
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Contingency, Unforeseen, ever_opened
from domain.rules.kind import HALTED, UNDER_WAY, Binding, Declaration, Kind
from domain.words.identifiers import OfficerCode, ServiceId
from domain.words.limits import LARGEST_BRAKE, LARGEST_NOTE, LONGEST_LINE, LONGEST_PLACE, MOST_WITNESSES

NO_STOP = refused("R8", "no_stop", "there is no stop to acknowledge")
ALREADY_SEIZED = refused("R17", "already_seized", "it has been seized already; what was wrong about that is corrected")
NOT_ANY_MORE = refused("R10", "not_any_more", "it has been seized; what becomes of it then is not this delivery's any more")

HOLDER_NOT_KNOWN = refused(
    "R30", "holder_not_known", "{held_by} is no service of the directory: name it in `seized_by`", held_by="name"
)
HOLDER_TAKES_PART = refused(
    "R30", "holder_takes_part", "{held_by} takes part: it holds it once it has accepted what is offered to it", held_by="name"
)
HELD_ELSEWHERE = remarked(
    "R30",
    "held_elsewhere",
    "{held_by} is of {state}, where it is not, and does not hold it: name in `seized_by` who has seized it, if another did",
    held_by="name",
    state="name",
)
HOLDS_NOTHING = refused(
    "R29", "holds_nothing", "{held_by} is a {what}, and has no power to hold exhibits", held_by="name", what="word"
)

ORDERED = found("R8", "stop_ordered", "{service} ordered a stop (entry {entry})", service="name", entry="entry")
SEIZED = found(
    "R8", "interdicted_on_the_way", "{service} interdicted the consignment (entry {entry})", service="name", entry="entry"
)
SEIZED_BY_ANOTHER = found(
    "R8", "interdicted_by_another", "an authority that took no part interdicted the consignment (entry {entry})", entry="entry"
)
BURNT = found("R10", "reported_destroyed", "{service} reports it destroyed (entry {entry})", service="name", entry="entry")
DANGER = found("R14", "risk_to_life", "{service} reports a risk to life (entry {entry})", service="name", entry="entry")


class StopRequested(Kind):
    """Anyone may stop, at any moment (R8)."""

    kind: Literal["stop_requested"] = "stop_requested"
    reason: Reason

    declares = Declaration(
        title="Stop ordered",
        answers=None,
        confirms=False,
        by="anyone",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R8",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def bound_to(self) -> Binding:
        return "brake"

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `stop` and `stop_ordered`."""
        state.stop_all("stop", ORDERED(service=said.service, entry=said.seq), said.seq, said.service)


class StopAcknowledged(Kind):
    """The service knows of the stop and acts on it (R8)."""

    kind: Literal["stop_acknowledged"] = "stop_acknowledged"

    declares = Declaration(
        title="Stop acknowledged",
        answers="stop_acknowledgement",
        confirms=True,
        by="asked",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )


class Interdicted(Kind):
    """The responsible authority has seized the consignment."""

    kind: Literal["interdicted"] = "interdicted"
    gross: Mass | None = None
    """Gross weight, where it was measured; or why it was not."""
    packages: Packages | None = None
    """How many there are, where they were counted."""
    seals_intact: bool | None = None
    """Said where there are seals."""
    place: Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]
    seized_by: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """Where an authority that was not told has seized it: which one. It is in safe hands all the same, and not in ours."""
    held_by: Annotated[ServiceId | None, Field(exclude_if=lambda service: service is None)] = None
    """Where that one is a service of the directory, or has handed it over to who says this: who holds it now."""
    arrested: Annotated[MaybeArrestees, Field(exclude_if=lambda persons: not persons)] = ()
    """Who was arrested with it, by code and role; no names."""

    declares = Declaration(
        title="Consignment interdicted",
        answers="interdiction",
        confirms=True,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`already_seized` where it is secured. Then what is found `as_held`."""
        return ALREADY_SEIZED() if delivery.state.secured else self.as_held(delivery, said.voice)

    def as_held(self, delivery: Delivery, voice: str) -> Verdict:
        """Where it is held by another than its `voice`, and than who is known to hold it: `holder_not_known` unless that is a
        service of the directory; `holder_takes_part` where that takes part; `holds_nothing` unless it is of a kind that may hold
        exhibits (R29).
        """
        known, before = delivery.directory.find(self.held_by or voice), delivery.state.interdicted
        if self.held_by in (None, voice) or (before is not None and before.holder == self.held_by):
            return ACCEPTED
        if known is None:
            return HOLDER_NOT_KNOWN(held_by=self.held_by)
        if delivery.state.participant(known.id):
            return HOLDER_TAKES_PART(held_by=known.id)
        return ACCEPTED if known.kind in MAY_HOLD else HOLDS_NOTHING(held_by=known.id, what=known.kind)

    def elsewhere(self, state: State, voice: str) -> Service | None:
        """Whom it names as who holds it, where that is neither its `voice` nor of one of the `states` of the leg that it is on: a
        service of another State seizes nothing there (R29).
        """
        known = state.directory.find(self.held_by) if self.held_by not in (None, voice) else None
        return known if known is not None and known.state not in state.here.states else None

    def bound_to(self) -> Binding:
        return "brake"

    def apply(self, state: State, said: Said) -> None:
        """It is secured, with this gross weight and number of packages as far as they are known: held by whom it names as
        `held_by`, unless that is `elsewhere`, else by nobody of this delivery if `seized_by` names somebody, else by its `voice`,
        whoever had held the consignment. It is `unasked` unless it had halted before. Those who were `arrested` with it are
        arrested by its `voice`, by this statement, but for whom that `holds` already under the same code.
        Where the plan `ends_as_planned` with this it is delivered; else it halts with the cause `stop` and
        `interdicted_by_another` if `seized_by` names somebody, or `interdicted_on_the_way`.
        """
        state.secured, state.interdicted = True, self.seized(state, said.voice)
        state.unasked = state.halt is None
        state.exhibits.pop("consignment", None)
        self.arrest(state, said.statement.id, said.voice)
        if ends_as_planned(state, said):
            state.arrive()
            return
        finding = SEIZED_BY_ANOTHER(entry=said.seq) if self.seized_by else SEIZED(service=said.service, entry=said.seq)
        state.stop_all("stop", finding, said.seq, said.service)

    def arrest(self, state: State, statement: str, voice: str) -> None:
        """Who was arrested with it."""
        self._arrest(state, statement, voice, tuple(one for one in self.arrested if not state.holds(voice, one.code)))

    def correct(self, state: State, statement: str, voice: str) -> None:
        """What was seized, and who was arrested with it, in the place of what this statement has said before for this `voice`: of
        persons those that it named then, and whom no other has.
        """
        state.interdicted = self.seized(state, voice)
        before = state.arrests.pop(statement, Arrested(voice, ()))
        said, others = {one.code for one in before.persons}, each_person(state.arrests.values())
        persons = tuple(one for one in self.arrested if one.code in said or (voice, one.code) not in others)
        self._arrest(state, statement, voice, persons)

    def _arrest(self, state: State, statement: str, voice: str, persons: tuple[Arrestee, ...]) -> None:
        if persons:
            state.arrest(statement, Arrested(voice, persons))
        else:
            state.freed.pop(statement, None)

    def seized(self, state: State, voice: str) -> Secured:
        """What later checks need of it: an estimate of its weight is none. It is held by whom it names, unless that is
        `elsewhere`; else by who says this, unless another has seized it.
        """
        named = self.held_by if self.elsewhere(state, voice) is None else None
        holder = named or (None if self.seized_by else voice)
        return Secured(self.gross if isinstance(self.gross, int) else None, self.packages, holder, voice)


class Destroyed(Kind):
    """The consignment no longer exists: burnt, spilt, or destroyed because it was a danger."""

    kind: Literal["destroyed"] = "destroyed"
    circumstances: Reason
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=MOST_WITNESSES)]

    declares = Declaration(
        title="Consignment destroyed",
        answers="interdiction",
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_any_more` where it is secured."""
        return NOT_ANY_MORE() if delivery.state.secured else ACCEPTED

    def bound_to(self) -> Binding:
        return "brake"

    def apply(self, state: State, said: Said) -> None:
        """It is destroyed, and halts with the cause `destroyed` and `reported_destroyed`."""
        state.destroyed = True
        state.stop_all("destroyed", BURNT(service=said.service, entry=said.seq), said.seq, said.service)


class Incident(Kind):
    """Something happened that all must know of. Where life is at risk, it stops the delivery by itself (R14)."""

    kind: Literal["incident"] = "incident"
    risk_to_life: bool
    what: Reason

    declares = Declaration(
        title="Incident",
        answers=None,
        confirms=False,
        by="anyone",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R14",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def bound_to(self) -> Binding:
        """It stops where life is at risk."""
        return "brake" if self.risk_to_life else "word"

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """Where life is at risk, it halts with the cause `risk_to_life` and the finding `risk_to_life`; else nothing follows."""
        if self.risk_to_life:
            state.stop_all("risk_to_life", DANGER(service=said.service, entry=said.seq), said.seq, said.service)


class Interdiction(Contingency):
    """The responsible authority seizes what was stopped; there is no deadline (R8)."""

    declares = Unforeseen(
        name=unforeseen.INTERDICTION,
        title="that it has been seized",
        needs="interdiction",
        without_end=True,
        after_halt=True,
        closes_unanswered=False,
        once=True,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """Once, when it has halted and has no outcome, and is neither secured, destroyed nor lost, nor has split."""
        state = delivery.state
        gone = state.secured or state.destroyed or state.lost or bool(state.parts)
        if state.halt is not None and state.outcome is None and not gone and not ever_opened(state, self.declares.name):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The responsible authority."""
        interdiction = (Requirement(service=delivery.state.responsible, says="interdiction"),)
        return Checkpoint(id=name, requires=interdiction, due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return "stop.interdiction"


class StopAcknowledgement(Contingency):
    """Every other participant acknowledges the stop (R8)."""

    declares = Unforeseen(
        name=unforeseen.ACKNOWLEDGEMENT,
        title="that the stop is known",
        needs="stop_acknowledgement",
        without_end=False,
        after_halt=True,
        closes_unanswered=True,
        once=True,
        everybody_named=True,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """Once, when it has halted and has no outcome, and there is somebody to ask."""
        state = delivery.state
        if state.halt is not None and state.outcome is None and _others(delivery) and not ever_opened(state, self.declares.name):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Everyone who takes part, but for the service whose word halted it."""
        needs = tuple(Requirement(service=service, says="stop_acknowledgement") for service in _others(delivery))
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.acknowledge_stop)

    def title_of(self, key: str) -> str:
        return "stop.acknowledged"


def seized_by(state: State) -> str:
    """Whose say it was that it was seized, also where another said that for it."""
    assert state.interdicted is not None  # noqa: S101 - nobody corrects a seizure that there was not
    return state.interdicted.by


def ends_as_planned(state: State, said: Said) -> bool:
    """Whether this seizure is the one the plan ends with: the checkpoint it names is open, is one of step `deliver`, and asks its
    `voice` for `interdiction`.
    """
    return any(
        one.id == said.checkpoint and "interdiction" in one.needs_of(said.voice) and state.is_open(one.id)
        for one in state.plan.at("deliver")
    )


def _others(delivery: Delivery) -> tuple[str, ...]:
    halt = delivery.state.halt
    by = halt.by if halt is not None else None
    return tuple(service for service in delivery.plan.participants() if service != by)
