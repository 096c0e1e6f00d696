"""The mass balance (R10): what was recovered, why it may differ, and a consignment that has split."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.delivery import unforeseen
from domain.delivery.balance import compared
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.holdings import LABEL_TAKEN, taken, whereabouts
from domain.delivery.memory import EndedPart, Recovered, SplitPart
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act
from domain.plan.goods import Find, Label, Part, Substances
from domain.plan.plan import Checkpoint, Requirement, Step
from domain.plan.quantity import Mass, Packages
from domain.plan.vocabulary import Digest, Reason
from domain.rules.contingency import Contingency, Unforeseen, another_in_charge, ever_opened, in_charge, is_over, open_about
from domain.rules.exhibits import room_for_fates
from domain.rules.kind import ALWAYS, HALTED, UNDER_WAY, Binding, Declaration, Kind, Stays, refused_for, share
from domain.rules.measuring import allowed, possible
from domain.rules.turns import may_not_move
from domain.signing.canonical import Sent
from domain.words.identifiers import OperationCode
from domain.words.limits import (
    LARGEST_NOTE,
    LARGEST_OF_GOODS,
    LARGEST_OF_PARTS,
    LONGEST_PLACE,
    MOST_FINDS,
    MOST_ITEMS,
    MOST_PARTS,
)
from domain.words.quantities import Money
from domain.words.text import mark

SPLITS_ONCE = refused("R10", "splits_once", "only what is on its way splits, and once")
OTHER_PARTS = refused("R10", "other_parts", "it split into {parts}; say how each ended", parts="names")
NOT_COUNTED = refused("R7", "packages_not_counted", "this plan has it checked by count: say how many packages there were")

RECOVERED_ELSEWHERE = refused(
    "R30",
    "recovered_elsewhere",
    "the consignment is in {states}, so nothing of it is recovered, weighed or counted in {state}; finds there are `finds`",
    states="names",
    state="name",
)


class Seizure(Kind):
    """What was recovered at the end, reweighed (R10)."""

    kind: Literal["seizure"] = "seizure"
    recovered: Substances
    gross: Mass | None = None
    """Of all of it, where it was weighed together; or why it was not."""
    packages: Packages | None = None
    """How many there were; said where the plan has it checked by `count`."""
    items: Annotated[tuple[Label, ...], Field(max_length=MOST_ITEMS)] = ()
    """Labels of the substitutes and devices recovered."""
    finds: Annotated[tuple[Find, ...], Field(max_length=MOST_FINDS)] = ()
    """New exhibits, which are no part of the consignment."""
    reference: Act | None = None
    """The record of it."""
    stored_at: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    """Where what was seized is held."""
    value: Money | None = None
    """Of what was seized, as it was estimated, where the law asks for it."""

    declares = Declaration(
        title="Seized and weighed again",
        answers="seizure",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_GOODS,
    )

    @model_validator(mode="after")
    def _each_label_once(self) -> "Seizure":
        labels = [one.label for one in self.finds]
        if len(labels) != len(dict.fromkeys(labels)):
            message = mark("each label stands once")
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What is found `as_seizure`."""
        return self.as_seizure(delivery, said.statement.id, said.voice)

    def as_seizure(self, delivery: Delivery, statement: str, voice: str) -> Verdict:
        """Where the State of its `voice` is none of the `whereabouts`, and what this said before under the id of this `statement`
        recovered nothing: `recovered_elsewhere` if it has anything `recovered` or any of the `items`, or a gross weight or a
        number of packages that is not 0. Else `packages_not_counted` where the plan has it checked by `count` and they were not.
        Then what is not `possible`, in the State of its `voice`; then whether it is `allowed` there that its gross weight was not
        measured; then `label_taken` for the finds whose label another exhibit bears than what was said under the id of this
        `statement`, or that only the rules give (R30).
        """
        known, lies_in = delivery.state.seizures.get(statement), whereabouts(delivery.state)
        there = (delivery.directory.get(voice).state or "",)
        if there[0] not in lies_in and not (known is not None and (known.amounts or known.items)):
            if self.recovered or self.items or self.gross or self.packages:
                return RECOVERED_ELSEWHERE(states=lies_in, state=there[0])
        elif self.packages is None and "count" in delivery.plan.consignment.checked_by:
            return NOT_COUNTED()
        for verdict in (
            possible(delivery.plan, self.recovered, (), self.gross, there),
            allowed(delivery.plan, (self.gross,), there),
        ):
            if verdict != ACCEPTED:
                return verdict
        borne = taken(delivery.state, [one.label for one in self.finds], known.finds if known is not None else ())
        return LABEL_TAKEN(labels=borne) if borne else ACCEPTED

    def bound_to(self) -> Binding:
        return "brake"

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """What was recovered, then its `items`, then the labels of its `finds`. Where a correction names more finds than there is
        room to say the fate of, what was said of exhibits.
        """
        others = ((*one.amounts, *one.items, *one.finds) for name, one in delivery.state.seizures.items() if name != statement)
        most, labels = delivery.law.figures.seized_bytes, tuple(one.label for one in self.finds)
        known = delivery.state.seizures.get(statement)
        if known is not None and not set(labels) <= set(known.finds):
            fates = room_for_fates(delivery, known.by, labels, delivery.law.figures.exhibits_bytes)
            if fates.size > fates.most:
                return fates
        return Stays((*self.recovered, *self.items, *labels), share(most, others, delivery.state, "seizure", said))

    def apply(self, state: State, said: Said) -> None:
        """This is what it did `recover`, by this statement; `again` where it is secured, and so was held already. What does not
        close any more is explained afresh.
        """
        state.weigh_anew(said.seq)
        state.recover(said.statement.id, self.recovery(said.voice, again=state.secured))

    def recovery(self, by: str, *, again: bool) -> Recovered:
        """What later checks need of it, who holds it, and whether it was weighed `again`."""
        finds = tuple(one.label for one in self.finds)
        return Recovered(self.recovered, self.items, finds, by, again, self.packages)


class DifferenceExplained(Kind):
    """Why what was recovered is not what was sent (R10)."""

    kind: Literal["difference_explained"] = "difference_explained"
    reason: Reason

    declares = Declaration(
        title="Difference explained",
        answers="explanation",
        confirms=True,
        by="asked",
        counts=ALWAYS,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )


SAID_AT_ITS_END = 160
"""Bytes of an outcome and a root beside what a part holds."""


class Split(Kind):
    """The consignment has split; each part is a delivery of its own from here on."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=2, max_length=MOST_PARTS)]
    reason: Reason

    declares = Declaration(
        title="Consignment split",
        answers=None,
        confirms=False,
        by="responsible",
        counts=UNDER_WAY,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_PARTS,
    )

    @model_validator(mode="after")
    def _each_once(self) -> "Split":
        names = [part.operation for part in self.parts]
        if len(names) != len(dict.fromkeys(names)):
            message = mark("each part has a code name of its own")
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What keeps it where it is (`may_not_move`); `splits_once` where it has split, is not `watched`, or has not been
        prepared; what of what its parts hold is not `allowed` in the State that it is in; the first of the differences where the
        contents of its parts, with what was `taken_out` on the way `compared` as `in_parts`, are not what was kept.
        """
        state = delivery.state
        if (wrong := may_not_move(state)) is not None:
            return wrong
        if state.parts or not state.watched or state.goods is None:
            return SPLITS_ONCE()
        inside = (one.quantity for part in self.parts for one in part.contents)
        verdict = allowed(delivery.plan, inside, (state.here.state,))
        if verdict != ACCEPTED:
            return verdict
        parts = [*(one.contents for one in self.parts), *(lot.amounts for lot in state.taken_out.values())]
        differs = compared("in_parts", state.goods.kept, parts, delivery.plan.tolerances)
        return refused_for(differs[0]) if differs else ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Its `parts`, so that there is room left to say of each how it ended (`parts_ended`)."""
        return Stays(self.parts, delivery.law.figures.parts_bytes - SAID_AT_ITS_END * len(self.parts))

    def apply(self, state: State, said: Said) -> None:
        """It has split into these parts."""
        state.parts = tuple(SplitPart(one.operation, one.contents) for one in self.parts)


class PartEnded(Sent):
    """How a part ended: its outcome, what was recovered, and the root of its ledger, which its packet must have."""

    operation: OperationCode
    outcome: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    recovered: Substances
    root: Digest


class PartsEnded(Kind):
    """Every part has ended."""

    kind: Literal["parts_ended"] = "parts_ended"
    parts: Annotated[tuple[PartEnded, ...], Field(min_length=2, max_length=MOST_PARTS)]

    declares = Declaration(
        title="Every part has ended",
        answers="parts",
        confirms=True,
        by="asked",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_PARTS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`other_parts`, with their code names sorted, unless it names exactly the parts that it split into."""
        expected = tuple(sorted(part.operation for part in delivery.state.parts))
        named = tuple(sorted(part.operation for part in self.parts))
        return ACCEPTED if named == expected else OTHER_PARTS(parts=expected)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Its `parts`."""
        return Stays(self.parts, delivery.law.figures.parts_bytes)

    def apply(self, state: State, said: Said) -> None:
        """This is how each part ended."""
        state.ended_parts = tuple(EndedPart(one.operation, one.outcome, one.recovered, one.root) for one in self.parts)


class PartsUnderWay(Contingency):
    """The initiator says how each part of a consignment that has split ended."""

    declares = Unforeseen(
        name="parts",
        title="how each part ended",
        needs="parts",
        without_end=True,
        after_halt=True,
        closes_unanswered=False,
        once=True,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """Once, when it has split."""
        if delivery.state.parts and not ever_opened(delivery.state, self.declares.name):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The initiator."""
        asked = (Requirement(service=delivery.plan.initiator, says="parts"),)
        return Checkpoint(id=name, requires=asked, due=delivery.plan.contingencies.remind_every)

    def title_of(self, key: str) -> str:
        return "split.parts"


class BalanceOpen(Contingency):
    """The authority in charge and the prosecutor explain why the mass balance does not close (R10)."""

    declares = Unforeseen(
        name=unforeseen.BALANCE,
        title="an explanation of the difference",
        needs="explanation",
        without_end=True,
        after_halt=True,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """When it `stands_still` and has differences that are `unexplained`, unless one is open; after its outcome too, where
        something was corrected.
        """
        if not open_about(delivery.state, self.declares.name, "") and stands_still(delivery) and delivery.balance.unexplained():
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those `in_charge`."""
        needs = tuple(Requirement(service=service, says="explanation") for service in in_charge(delivery))
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "balance"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied; and there are no differences any more, or there is `another_in_charge`, or somebody has answered
        before what was `weighed` since: who explained other differences has not explained these, so all are asked afresh.
        """
        before = any(seq < delivery.state.weighed for seq in progress.answers.values())
        gone = before or not delivery.balance.unexplained()
        return not progress.satisfied and (gone or another_in_charge(delivery, progress))

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it is satisfied, the differences are explained."""
        state.explained = state.explained or progress.result == "satisfied"


def stands_still(delivery: Delivery) -> bool:
    """Whether nothing more is done with the consignment. If it has split: `parts` has been open and is so no more, and no
    `acknowledgement` is open. Else, if nothing has halted it: it is delivered, and the steps `deliver`, `muster`, `arrest` and
    `account` have `passed`; or it is `held_back`, and `prepare` and `account` have. Else: it is secured, lost or destroyed, and
    no `acknowledgement` and no `interdiction` is open.
    """
    return delivery.once(_stands_still)


def _stands_still(delivery: Delivery) -> bool:
    state = delivery.state
    known = not open_about(state, unforeseen.ACKNOWLEDGEMENT, "")
    if state.parts:
        return is_over(state, "parts") and known
    if state.halt is None:
        steps: tuple[Step, ...] = ("deliver", "muster", "arrest", "account")
        if delivery.plan.held_back:
            return state.passed("prepare") and state.passed("account")
        return state.delivered and all(map(state.passed, steps))
    gone = state.secured or state.lost or state.destroyed
    return gone and known and not open_about(state, unforeseen.INTERDICTION, "")
