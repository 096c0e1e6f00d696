"""Exhibits, and what was found before it leaves, are handed on by offer and acceptance; until then the giver holds them (R30)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.holdings import (
    CONSIGNMENT,
    exhibits,
    held_outside,
    holder,
    of_service,
    offered,
)
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.powers import MAY_HOLD
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.exhibits import Changed, Labels, each_with, may_act_on, share_of_them
from domain.rules.kind import Kind, Stays, unasked
from domain.words.identifiers import Seal, ServiceId
from domain.words.limits import (
    LARGEST_OF_SEALS,
    LONGEST_LINE,
    MOST_SEALS,
)
from domain.words.quantities import Milligrams

NO_TAKER = refused("R30", "no_taker", "{to} has no part in this delivery, so nothing can be offered to it", to="name")
MAY_NOT_HOLD = refused("R29", "may_not_hold", "{to} is a {what}, and has no power to hold exhibits", to="name", what="word")
NO_ASSISTANCE = refused(
    "R29",
    "no_assistance",
    "{to} is of {state}, which has not authorised this delivery: say in `assistance` by which request for legal assistance, or "
    "by which permission, it is brought there",
    to="name",
    state="name",
)
NOT_OFFERED_TO = refused(
    "R30", "not_offered_to", "{giver} does not offer {labels} to {voice}", giver="name", labels="names", voice="name"
)
NOT_OUTSIDE = refused(
    "R30", "not_outside", "no authority that takes no part holds {labels}: say in `giver` who has offered it", labels="names"
)
RECEIVED_ELSEWHERE = refused(
    "R29",
    "received_elsewhere",
    "what an authority of {state} holds that takes no part is received by a service of that State; {voice} is none",
    state="name",
    voice="name",
)

WeighedTogether = Annotated[Milligrams | None, Field(exclude_if=lambda mass: mass is None)]
"""Of all that is handed on, with its packing; none where it was not weighed."""
SealedBy = Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS, exclude_if=lambda seals: not seals)]


class ExhibitsOffered(Kind):
    """Exhibits, or what was found before it has left, are offered to another service, which holds them once it has accepted them;
    until then the giver does.
    """

    kind: Literal["exhibits_offered"] = "exhibits_offered"
    exhibits: Labels
    to: ServiceId
    purpose: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    """What for: to be carried on, examination, safe keeping, a proceeding, return."""
    assistance: Annotated[Act | None, Field(exclude_if=lambda act: act is None)] = None
    """The request for legal assistance, or the permission, by which it is brought into another State."""
    gross: WeighedTogether = None
    seals: SealedBy = ()

    declares = unasked("Exhibits offered", rule="R30", answers="exhibit_offer", largest=LARGEST_OF_SEALS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It holds something that does not travel, or is to hand on what was found."""
        return bool(of_service(delivery.state, service.id)) or to_hand_on(delivery.state) == service.id

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_taker` unless it is `to` a service that takes part; `may_not_hold` unless that is `customs`, `border_guard`,
        `police`, `security`, `investigator`, `prosecutor`, `court` or `laboratory` (R29);
        `no_assistance` where that is of another State than its `voice`, no authority of which has authorised, and it names
        no `assistance`; then `not_its_holder` for those that its `voice` does not hold, and `still_travels` for those that
        travel, but for the consignment where its `voice` is the one `to_hand_on` that.
        """
        if not delivery.state.participant(self.to):
            return NO_TAKER(to=self.to)
        if (kind := delivery.directory.get(self.to).kind) not in MAY_HOLD:
            return MAY_NOT_HOLD(to=self.to, what=kind)
        giver, there = (delivery.directory.get(one).state for one in (said.voice, self.to))
        has_part = any(one.final and one.state == there for one in delivery.state.grants.values())
        if there != giver and not has_part and self.assistance is None:
            return NO_ASSISTANCE(to=self.to, state=there or "-")
        return may_act_on(delivery, said, self.exhibits, found=to_hand_on(delivery.state) == said.voice)

    def addressees(self) -> tuple[str, ...]:
        return (self.to,)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "to": facts.taker} if facts.taker is not None else {}

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, that it is offered, and to whom."""
        return share_of_them(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """They are offered to that service, and to no other any more."""
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        return each_with(state, said, self.exhibits, offered_to=self.to)


class ExhibitsAccepted(Kind):
    """Exhibits that were offered, or that an authority held which takes no part, are received: who says this holds them."""

    kind: Literal["exhibits_accepted"] = "exhibits_accepted"
    exhibits: Labels
    giver: Annotated[ServiceId | None, Field(exclude_if=lambda giver: giver is None)] = None
    """None: an authority that takes no part and is no service of the directory."""
    intact: bool
    """Whether packing and seals are as the giver left them."""
    gross: WeighedTogether = None
    seals: SealedBy = ()
    note: Annotated[str, Field(max_length=LONGEST_LINE)] = ""

    declares = unasked("Exhibits received", rule="R30", answers="exhibit_acceptance", largest=LARGEST_OF_SEALS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Something is offered to it, or it may receive what an authority of its State holds that takes no part."""
        here = service.kind in MAY_HOLD and service.state == delivery.state.here.state
        return bool(offered(delivery.state, service.id) or (here and held_outside(delivery.state)))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_offered_to`, or where it names no `giver` `not_outside`, for those that the `giver` does not hold, or that it has
        not offered to its `voice`, unless they are `held_outside`; where some are that, `received_elsewhere` unless its
        `voice` is of the State where it is, and `may_not_hold` unless that is of a kind to which something may be offered.
        """
        known, outside = exhibits(delivery.state), held_outside(delivery.state)
        not_theirs = tuple(
            one
            for one in self.exhibits
            if one not in known or known[one].holder != self.giver or (known[one].offered_to != said.voice and one not in outside)
        )
        if not_theirs and self.giver is None:
            return NOT_OUTSIDE(labels=not_theirs)
        if not_theirs:
            return NOT_OFFERED_TO(giver=self.giver or "", labels=not_theirs, voice=said.voice)
        taker, here = delivery.directory.get(said.voice), delivery.state.here.state
        if not any(one in outside for one in self.exhibits):
            return ACCEPTED
        if taker.state != here:
            return RECEIVED_ELSEWHERE(state=here, voice=taker.id)
        return ACCEPTED if taker.kind in MAY_HOLD else MAY_NOT_HOLD(to=taker.id, what=taker.kind)

    def addressees(self) -> tuple[str, ...]:
        return (self.giver,) if self.giver is not None else ()

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, who holds it."""
        return share_of_them(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """Its `voice` holds them."""
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        return each_with(state, said, self.exhibits, holder=said.voice, offered_to=None, fate=None, disposal=None)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "giver": facts.giver}


class HandingOn(Contingency):
    """Who holds what was found, and is not the responsible authority, offers it to that: nothing leaves before (R30)."""

    declares = Unforeseen(
        name="handing_on",
        title="that what was found is offered to who carries it on",
        needs="exhibit_offer",
        without_end=True,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While it is under way, somebody who takes part is `to_hand_on` the consignment, who neither `prepares_it` nor has
        offered it to anybody, and none is open.
        """
        state = delivery.state
        held_by = to_hand_on(state)
        if held_by is None or not state.under_way or not state.participant(held_by) or prepares_it(state):
            return
        handed_on = state.exhibits.get(CONSIGNMENT)
        if (handed_on is None or handed_on.offered_to is None) and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Its `holder`."""
        asked = Requirement(service=holder(delivery.state), says="exhibit_offer")
        return Checkpoint(id=name, requires=(asked,), due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return "handing-on"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """Another holds it, or it has left, and it is not satisfied."""
        held_by = to_hand_on(delivery.state)
        return not progress.satisfied and progress.checkpoint.services() != (held_by,)


class Receiving(Contingency):
    """Who is offered exhibits says that it has received them; until then, and if it does not, the giver holds them (R30)."""

    declares = Unforeseen(
        name="exhibits",
        title="whether exhibits were received",
        needs="exhibit_acceptance",
        without_end=False,
        after_halt=True,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While something is offered, unless one is open: one taker after another."""
        if first_taker(delivery.state) is not None and not open_about(delivery.state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The service to which the first of what is offered is."""
        asked = Requirement(service=first_taker(delivery.state) or "", says="exhibit_acceptance")
        return Checkpoint(id=name, requires=(asked,), due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "exhibits"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """Nothing is offered to that service any more, and it is not satisfied."""
        return not progress.satisfied and not offered(delivery.state, progress.checkpoint.services()[0])

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Nothing is offered to that service any more."""
        for label in offered(state, services[0]):
            state.exhibits[label] = replace(state.exhibits[label], offered_to=None)


def first_taker(state: State) -> str | None:
    """To whom the first exhibit that is offered is, in the order in which they were first handed on."""
    return next((one.offered_to for one in state.exhibits.values() if one.offered_to is not None), None)


def to_hand_on(state: State) -> str | None:
    """Who holds the consignment and has still to hand it on, so that the responsible authority has it before it leaves: its
    `holder`, where that is another. None before anybody has reported it, and once it has left, is secured, destroyed or lost.
    """
    if state.detected is None or state.dispatched or state.secured or state.destroyed or state.lost:
        return None
    held_by = holder(state)
    return held_by if held_by != state.responsible else None


def prepares_it(state: State) -> bool:
    """Whether who is `to_hand_on` the consignment is asked for `prepared` at a checkpoint that has not closed: so it hands it on
    as it was prepared.
    """
    held_by = to_hand_on(state)
    waits = (one for one in state.plan.at("prepare") if not state.closed(one.id))
    return held_by is not None and any("prepared" in one.needs_of(held_by) for one in waits)
