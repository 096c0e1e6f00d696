"""Exhibits, and what was found before it leaves, are handed on by offer and acceptance; until then the giver holds them (R30)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.custody import AWAITS_DECISION, Custody, Discrepancy
from domain.delivery.delivery import Delivery
from domain.delivery.holdings import CONSIGNMENT, exhibits, held_outside, of_service, offered
from domain.delivery.memory import HandedOn
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.transfers import as_known, differing, with_found
from domain.delivery.verdicts import ACCEPTED, Verdict, refused, remarked
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.goods import Check
from domain.plan.powers import MAY_HOLD
from domain.plan.quantity import Packages
from domain.rules.exhibits import Changed, Labels, each_with, may_act_on, share_of_them, to_hand_on
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
FOUND_OTHERWISE = remarked("R7", "found_otherwise", "it is otherwise than when somebody last looked at it: {what}", what="words")

WeighedTogether = Annotated[Milligrams | None, Field(exclude_if=lambda mass: mass is None)]
"""Of all that is handed on, with its packing; none where it was not weighed."""
CountedTogether = Annotated[Packages | None, Field(exclude_if=lambda packages: packages is None)]
"""How many packages of the consignment there are; none where they were not counted."""
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
    packages: CountedTogether = None

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
        travel, but for the consignment where its `voice` is the one `to_hand_on` that; and `awaits_decision` where that
        `waits_for_a_decision`.
        """
        if not delivery.state.participant(self.to):
            return NO_TAKER(to=self.to)
        if (kind := delivery.directory.get(self.to).kind) not in MAY_HOLD:
            return MAY_NOT_HOLD(to=self.to, what=kind)
        giver, there = (delivery.directory.get(one).state for one in (said.voice, self.to))
        has_part = any(one.final and one.state == there for one in delivery.state.grants.values())
        if there != giver and not has_part and self.assistance is None:
            return NO_ASSISTANCE(to=self.to, state=there or "-")
        verdict = may_act_on(delivery, said, self.exhibits, found=to_hand_on(delivery.state) == said.voice)
        return verdict if verdict != ACCEPTED else waits_for_a_decision(delivery.state, self.exhibits)

    def addressees(self) -> tuple[str, ...]:
        return (self.to,)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "to": facts.taker} if facts.taker is not None else {}

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, that it is offered, and to whom."""
        return share_of_them(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """They are offered to that service, and to no other any more. Where that is asked already, it has as much time from now
        on: else what is offered last would lapse with what was offered first. The consignment is `looked_at` as this says.
        """
        changed = self.changed(state, said)
        look_at(state, said, self)
        state.exhibits |= changed
        for asked in state.open_checkpoints():
            if asked.contingency == "exhibits" and self.to in asked.checkpoint.services():
                asked.due_anew(said.at + asked.checkpoint.due, said.at)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        return looked_at(state, self, each_with(state, said, self.exhibits, offered_to=self.to))


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
    packages: CountedTogether = None
    note: Annotated[str, Field(max_length=LONGEST_LINE)] = ""

    declares = unasked("Exhibits received", rule="R30", answers="exhibit_acceptance", largest=LARGEST_OF_SEALS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Something is offered to it, or it may receive what an authority of its State holds that takes no part."""
        here = service.kind in MAY_HOLD and service.state == delivery.state.here.state
        return bool(offered(delivery.state, service.id) or (here and held_outside(delivery.state)))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_offered_to`, or where it names no `giver` `not_outside`, for those that the `giver` does not hold, or that it has
        not offered to its `voice`, unless they are `held_outside`; then `awaits_decision` where the consignment
        `waits_for_a_decision`; then, where some are `held_outside` and not offered to its `voice`, `received_elsewhere` unless
        that is of the State of the `giver`, or where none is named of the one where it is, and `may_not_hold` unless that is of a
        kind to which something may be offered.
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
        if (verdict := waits_for_a_decision(delivery.state, self.exhibits)) != ACCEPTED:
            return verdict
        taker, giver = delivery.directory.get(said.voice), delivery.directory.find(self.giver or "")
        here = giver.state if giver is not None and giver.state is not None else delivery.state.here.state
        if all(known[one].offered_to == said.voice for one in self.exhibits):
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
        """Its `voice` holds them; a recorder among them nobody carries any more. The consignment is `looked_at` as this says."""
        changed = self.changed(state, said)
        for label in (one for one in self.exhibits if one in state.recorders):
            state.recorders[label] = replace(state.recorders[label], person=None)
        look_at(state, said, self)
        state.exhibits |= changed

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        taken = each_with(state, said, self.exhibits, holder=said.voice, offered_to=None, fate=None, disposal=None)
        taken = {label: replace(one, travels=False) if one.what == "recorder" else one for label, one in taken.items()}
        return looked_at(state, self, taken)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "giver": facts.giver}


def waits_for_a_decision(state: State, labels: tuple[str, ...]) -> Verdict:
    """Whether the consignment is among these and not handed on: a discrepancy waits for a decision, and it has not left."""
    if CONSIGNMENT in labels and state.discrepancy is not None and state.under_way and not state.dispatched:
        return AWAITS_DECISION(entry=state.discrepancy.seq)
    return ACCEPTED


def found_of_it(state: State, act: ExhibitsOffered | ExhibitsAccepted) -> HandedOn | None:
    """What is found of the consignment; none where that is not handed on, or with something that was not put into it, so that it
    was not weighed alone.
    """
    put_in = [item.label for item in state.goods.items] if state.goods is not None else []
    if CONSIGNMENT not in act.exhibits or any(one not in (CONSIGNMENT, *put_in) for one in act.exhibits):
        return None
    intact = act.intact if isinstance(act, ExhibitsAccepted) else True
    return HandedOn(act.gross, tuple(sorted(one.number for one in act.seals)), act.packages, intact)


def looked_at(state: State, act: ExhibitsOffered | ExhibitsAccepted, changed: Changed) -> Changed:
    """The same, with what was found of the consignment then, and before of what was not looked at."""
    found = found_of_it(state, act)
    if found is None or CONSIGNMENT not in changed:
        return changed
    known = with_found(as_known(state), found)
    return changed | {CONSIGNMENT: replace(changed[CONSIGNMENT], handed=known)}


def look_at(state: State, said: Said, act: ExhibitsOffered | ExhibitsAccepted) -> None:
    """Where what is found of the consignment is `differing` from what was last found of it, the balance is explained afresh; and
    before it has left, while it is under way, that is a discrepancy at the start of the first leg.
    """
    found = found_of_it(state, act)
    differs = differing(state, as_known(state), found) if found is not None else ()
    if not differs:
        return
    state.weigh_anew(said.seq)
    if state.under_way and not state.dispatched:
        by: tuple[tuple[Check, bool], ...] = (
            ("weight", act.gross is not None),
            ("seals", bool(act.seals)),
            ("count", act.packages is not None),
        )
        now, known = Custody(act.gross, act.seals, act.packages), state.custody
        now = known.checked(now, tuple(check for check, done in by if done)) if known is not None else now
        state.discrepancy = Discrepancy(state.here.start, said.seq, differs, now, taker=False)


def found_otherwise(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts: the consignment was handed on as an exhibit, and what was found of it is `differing` from what was last found.
    `what` is in this order `seals`, where one is said to be broken or they are others, `weight` and `count`.
    """
    act, state = said.content, delivery.state
    found = found_of_it(state, act) if isinstance(act, ExhibitsOffered | ExhibitsAccepted) else None
    differs = {one.code for one in differing(state, as_known(state), found)} if found is not None else set()
    words = {"seals": {"seal_broken", "seals_differ"}, "weight": {"weight_differs"}, "count": {"packages_differ"}}
    what = tuple(word for word, codes in words.items() if differs & codes)
    return FOUND_OTHERWISE(what=what) if what else None
