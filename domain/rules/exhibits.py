"""Exhibits (R30): handed on by offer and acceptance, examined, and at last disposed of; see `domain.delivery.holdings`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.holdings import (
    CONSIGNMENT,
    LABEL_TAKEN,
    carried,
    exhibits,
    holder,
    lots_of,
    mass_of,
    not_its_parts,
    of_service,
    offered,
    parts_in,
    taken,
)
from domain.delivery.memory import Exhibit, LastWord
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Content, Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused, remarked
from domain.plan.acts import DatedAct
from domain.plan.directory import Service
from domain.plan.goods import Label
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.powers import MAY_HOLD
from domain.plan.quantity import Bounds, bounds
from domain.plan.vocabulary import Need
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.kind import Kind, Stays, officers_asked, size_of, unasked
from domain.signing.canonical import Frozen
from domain.words.identifiers import OfficerCode, Seal, ServiceId
from domain.words.limits import (
    LARGEST_OF_ACTS,
    LARGEST_OF_SEALS,
    LARGEST_WHOLE,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_PLACE,
    MOST_MOVED,
    MOST_SEALS,
    MOST_WITNESSES,
    PURE,
)
from domain.words.quantities import Milligrams, say_mass
from domain.words.text import fill, mark

NOT_ITS_HOLDER = refused("R30", "not_its_holder", "{voice} does not hold {labels}", voice="name", labels="names")
STILL_TRAVELS = refused(
    "R30",
    "still_travels",
    "{labels} is on its way or carried by a person: that moves by handover or is handed back, and not as an exhibit",
    labels="names",
)
NO_TAKER = refused("R30", "no_taker", "{to} has no part in this delivery, so nothing can be offered to it", to="name")
MAY_NOT_HOLD = refused("R29", "may_not_hold", "{to} is a {what}, and has no power to hold exhibits", to="name", what="word")
NOT_OFFERED_TO = refused(
    "R30", "not_offered_to", "{giver} does not offer {labels} to {voice}", giver="name", labels="names", voice="name"
)
WEIGHS_OTHERWISE = remarked(
    "R30", "weighs_otherwise", "{label} weighed {found}, and was {expected} before", label="name", found="mass", expected="mass"
)

PARTS_DIFFER = refused(
    "R30",
    "parts_differ",
    "the parts of {label} weigh {found}, and it weighs {expected}",
    label="name",
    found="mass",
    expected="mass",
)
PARTS_WEIGH_OTHERWISE = remarked(
    "R30",
    "parts_weigh_otherwise",
    "with it the parts of {label} weigh {found}, and it weighed {expected}",
    label="name",
    found="mass",
    expected="mass",
)

Labels = Annotated[tuple[Label, ...], Field(min_length=1, max_length=MOST_MOVED)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
WeighedTogether = Annotated[Milligrams | None, Field(exclude_if=lambda mass: mass is None)]
"""Of all that is handed on, with its packing; none where it was not weighed."""
SealedBy = Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS, exclude_if=lambda seals: not seals)]
Changed = dict[str, Exhibit]


class ExhibitsOffered(Kind):
    """Exhibits, or what was found before it has left, are offered to another service, which holds them once it has accepted them;
    until then the giver does.
    """

    kind: Literal["exhibits_offered"] = "exhibits_offered"
    exhibits: Labels
    to: ServiceId
    purpose: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    """What for: to be carried on, examination, safe keeping, a proceeding, return."""
    gross: WeighedTogether = None
    seals: SealedBy = ()

    declares = unasked("Exhibits offered", rule="R30", answers="exhibit_offer", largest=LARGEST_OF_SEALS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It holds something that does not travel, or is to hand on what was found."""
        return bool(of_service(delivery.state, service.id)) or to_hand_on(delivery.state) == service.id

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_taker` unless it is `to` a service that takes part; `may_not_hold` unless that is `customs`, `border_guard`,
        `police`, `security`, `investigator`, `prosecutor`, `court` or `laboratory` (R29); then `not_its_holder` for those that
        its `voice` does not hold, and `still_travels` for those that travel, but for the consignment where its `voice` is the
        one `to_hand_on` that.
        """
        if not delivery.state.participant(self.to):
            return NO_TAKER(to=self.to)
        if (kind := delivery.directory.get(self.to).kind) not in MAY_HOLD:
            return MAY_NOT_HOLD(to=self.to, what=kind)
        return _held(delivery, said, self.exhibits, found=to_hand_on(delivery.state) == said.voice)

    def addressees(self) -> tuple[str, ...]:
        return (self.to,)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "to": facts.taker} if facts.taker is not None else {}

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, that it is offered, and to whom."""
        return _share(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """They are offered to that service, and to no other any more."""
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        return _each(state, said, self.exhibits, offered_to=self.to)


class DividedPart(Frozen):
    """One part of what was divided: a container, a packet, a sample of its own."""

    label: Label
    net: Milligrams | None = None
    """None where it was not weighed."""


class ExhibitDivided(Kind):
    """A lot is divided into parts, each under a label of its own, so that each has its own holder from then on."""

    kind: Literal["exhibit_divided"] = "exhibit_divided"
    exhibit: Label
    into: Annotated[tuple[DividedPart, ...], Field(min_length=2, max_length=MOST_MOVED)]

    declares = unasked("Exhibit divided", rule="R30")

    @model_validator(mode="after")
    def _each_once(self) -> "ExhibitDivided":
        if len({one.label for one in self.into}) != len(self.into):
            message = mark("each label stands once")
            raise ValueError(message)
        return self

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It holds something that does not travel."""
        return bool(of_service(delivery.state, service.id))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_its_holder` where its `voice` does not hold it, and `still_travels` where that travels; `label_taken` for labels
        that another exhibit bears, or that only the rules give; `parts_differ` where each part was weighed and they are not
        together what it weighs, or where those that were weighed are together more, by more than what it `lets_pass`;
        so too for each of `lots_of` it that is not so already.
        """
        if (verdict := _held(delivery, said, (self.exhibit,))) != ACCEPTED:
            return verdict
        if labels := taken(delivery.state, (one.label for one in self.into)):
            return LABEL_TAKEN(labels=labels)
        state, masses = delivery.state, [one.net for one in self.into]
        together = sum(one for one in masses if one is not None)
        weighed = Bounds(together, None, together) if None in masses else bounds(together)
        known = {self.exhibit: weighed}
        before, then = parts_in(state), parts_in(state, known) | known
        for lot in (self.exhibit, *lots_of(state, self.exhibit)):
            so_already = lot in before and not_its_parts(state, lot, before[lot])
            if (whole := mass_of(state, lot)) is not None and not so_already and not_its_parts(state, lot, then[lot]):
                return PARTS_DIFFER(label=lot, found=then[lot].said, expected=whole.said)
        return ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each part, what it is and who holds it."""
        return _share(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """It is divided, and nobody holds it any more; its `voice` holds each part, which came from the same hands."""
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        whole = exhibits(state).get(self.exhibit)
        if whole is None:
            return {}
        gone = _each(state, said, (self.exhibit,), holder=None, offered_to=None, fate="divided", disposal=None)
        parts = {
            one.label: Exhibit("part", said.voice, whole.by, entry=said.seq, net=one.net, of=self.exhibit) for one in self.into
        }
        return gone | parts


class ExhibitsAccepted(Kind):
    """Exhibits that were offered are received: who says this holds them."""

    kind: Literal["exhibits_accepted"] = "exhibits_accepted"
    exhibits: Labels
    giver: ServiceId
    intact: bool
    """Whether packing and seals are as the giver left them."""
    gross: WeighedTogether = None
    seals: SealedBy = ()
    note: Annotated[str, Field(max_length=LONGEST_LINE)] = ""

    declares = unasked("Exhibits received", rule="R30", answers="exhibit_acceptance", largest=LARGEST_OF_SEALS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Something is offered to it."""
        return bool(offered(delivery.state, service.id))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_offered_to` for those that the `giver` does not hold, or has not offered to its `voice`."""
        known = exhibits(delivery.state)
        not_theirs = tuple(
            one
            for one in self.exhibits
            if one not in known or (known[one].holder, known[one].offered_to) != (self.giver, said.voice)
        )
        return NOT_OFFERED_TO(giver=self.giver, labels=not_theirs, voice=said.voice) if not_theirs else ACCEPTED

    def addressees(self) -> tuple[str, ...]:
        return (self.giver,)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, who holds it."""
        return _share(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """Its `voice` holds them."""
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        return _each(state, said, self.exhibits, holder=said.voice, offered_to=None, fate=None, disposal=None)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits), "giver": facts.giver}


class LaboratoryReport(Kind):
    """What an examination of an exhibit found, with what it spent and left of it."""

    kind: Literal["laboratory_report"] = "laboratory_report"
    exhibit: Label
    report: Literal["presumptive_test", "test_report", "expert_opinion"]
    """How sure it is: a test on the spot, a report before there is a case, an opinion in one."""
    reference: DatedAct
    substance: Name
    """What it is, or that it is none that is controlled."""
    purity: Annotated[int, Field(ge=0, le=PURE)] | None = None
    """In thousandths; none where it was not determined."""
    received: Milligrams | None = None
    """Net, before; none where it was not weighed."""
    spent: Milligrams | None = None
    left: Milligrams | None = None

    declares = unasked("Examined", rule="R30", answers="examination")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It holds something that does not travel."""
        return bool(of_service(delivery.state, service.id))

    @model_validator(mode="after")
    def _adds_up(self) -> "LaboratoryReport":
        weighed = [one for one in (self.received, self.spent, self.left) if one is not None]
        if len(weighed) not in (0, 3):
            message = mark("received, spent and left are given together, or none of them")
            raise ValueError(message)
        if (self.received or 0) != (self.spent or 0) + (self.left or 0):
            message = fill(
                "{spent} spent and {left} left are not the {received} received",
                spent=say_mass(self.spent or 0),
                left=say_mass(self.left or 0),
                received=say_mass(self.received or 0),
            )
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_its_holder` where its `voice` does not hold it, and `still_travels` where that travels."""
        return _held(delivery, said, (self.exhibit,))

    def as_correction(self, delivery: Delivery, said: Said, of: str) -> Verdict:
        """The same of an exhibit that is another than the report was on before; of that, whoever holds it now."""
        return ACCEPTED if self.exhibit in reported_in(delivery.state, of) else self.judge(delivery, said)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of the exhibit, what is spent and left."""
        return _share(delivery, self.changed(delivery.state, said, statement), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """So much more is `spent`, as far as a record holds it, and so much is `left`; as before, where it was not weighed. Where
        the parts of a lot that it is of are `not_its_parts`, that is explained afresh (R10). It can be corrected until another
        report on the exhibit.
        """
        self.correct(state, said, said.statement.id)

    def correct(self, state: State, said: Said, of: str) -> None:
        """The same in the place of what that report said: what was spent and left before it is so again, and then this."""
        changed = self.changed(state, said, of)
        state.exhibits |= changed
        together = parts_in(state)
        lots = dict.fromkeys(lot for label in changed for lot in (label, *lots_of(state, label)) if lot in together)
        if any(not_its_parts(state, lot, together[lot]) for lot in lots):
            state.explained = False

    def changed(self, state: State, said: Said, statement: str) -> Changed:
        """How they are once it counts: as this report, or in its place."""
        before = reported_in(state, statement)
        undone = {
            label: replace(exhibits(state)[label], spent=word.spent, left=word.left, report=None, entry=said.seq)
            for label, word in before.items()
            if label != self.exhibit
        }
        known = exhibits(state).get(self.exhibit)
        if known is None:
            return undone
        word = before.get(self.exhibit) or _word(state, said, "examination", before, spent=known.spent, left=known.left)
        spent, left = min(word.spent + (self.spent or 0), LARGEST_WHOLE), self.left if self.left is not None else word.left
        return undone | _each(state, said, (self.exhibit,), spent=spent, left=left, report=word)


class Disposed(Kind):
    """What became of exhibits: destroyed, returned, before a court, kept for a proceeding, or lost."""

    kind: Literal["disposed"] = "disposed"
    exhibits: Labels
    how: Literal["destroyed", "returned", "handed_to_court", "kept", "lost"]
    reference: DatedAct
    """The act or decision."""
    to: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """To which owner or State it was returned, to which court it was handed, for which proceeding it is kept."""
    witnesses: Annotated[tuple[OfficerCode, ...], Field(max_length=MOST_WITNESSES)] = ()
    """The commission before which it was destroyed."""
    place: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    means: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """How it was destroyed: burnt, dissolved."""

    declares = unasked("Exhibits disposed of", rule="R30", answers="disposal", largest=LARGEST_OF_ACTS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It holds something that does not travel, or somebody carries a recorder of it."""
        return bool(of_service(delivery.state, service.id) or carried(delivery.state, service.id))

    @model_validator(mode="after")
    def _says_to_whom(self) -> "Disposed":
        if self.how == "destroyed" and not self.witnesses:
            message = mark("what is destroyed is destroyed before witnesses")
            raise ValueError(message)
        if self.how in ("returned", "handed_to_court", "kept") and not self.to:
            message = fill("say in `to` whom or what for: {how}", how=self.how)
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_its_holder` for those that its `voice` does not hold, and `still_travels` for those that travel, but for recorders
        that are `lost`.
        """
        return _held(delivery, said, self.exhibits, lost=self.how == "lost")

    def as_correction(self, delivery: Delivery, said: Said, of: str) -> Verdict:
        """The same of those that it was not said of before."""
        before = disposed_in(delivery.state, of)
        others = tuple(one for one in self.exhibits if one not in before)
        return _held(delivery, said, others, lost=self.how == "lost")

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, what became of it."""
        return _share(delivery, self.changed(delivery.state, said, statement), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """This is the `fate` of each, and none travels. What is `kept` its `voice` holds still, and of the rest nobody does any
        more; nothing of it is offered to anybody. `disposed_at` is now. It can be corrected until something else is said of who
        holds them, or what became of them.
        """
        self.correct(state, said, said.statement.id)

    def correct(self, state: State, said: Said, of: str) -> None:
        """The same in the place of what was said of them before. Of what it was said of before and is not any more, whoever said
        that has it as before.
        """
        state.exhibits |= self.changed(state, said, of)
        state.disposed_at = said.at

    def changed(self, state: State, said: Said, statement: str) -> Changed:
        """How they are once it counts: as this, or in its place."""
        before = disposed_in(state, statement)
        carriers = {label: one.person is not None for label, one in state.recorders.items()}
        back = {
            label: replace(
                exhibits(state)[label],
                holder=word.by,
                fate=None,
                disposal=None,
                travels=carriers.get(label, False),
                entry=said.seq,
            )
            for label, word in before.items()
            if label not in self.exhibits
        }
        word = next(iter(before.values()), None) or _word(state, said, "disposal", before)
        holder = word.by if self.how == "kept" else None
        fate: dict[str, Any] = {"holder": holder, "fate": self.how, "offered_to": None, "travels": False, "disposal": word}
        return back | _each(state, said, self.exhibits, **fate)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits)}


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


def reported_in(state: State, statement: str) -> dict[str, LastWord]:
    """Exhibits whose last report this statement is, as last corrected; none, where it has been overtaken."""
    return _last_in(state, statement, {label: one.report for label, one in state.exhibits.items()})


def disposed_in(state: State, statement: str) -> dict[str, LastWord]:
    """Exhibits whose fate this statement says, as last corrected, of which nothing else was said since."""
    return _last_in(state, statement, {label: one.disposal for label, one in state.exhibits.items()})


def _last_in(state: State, statement: str, words: Mapping[str, LastWord | None]) -> dict[str, LastWord]:
    known = state.statements.first(statement)
    return {label: one for label, one in words.items() if one is not None and known is not None and one.seq == known.seq}


def _word(state: State, said: Said, need: Need, before: Mapping[str, LastWord], **had: Any) -> LastWord:
    """What is remembered of what is said of an exhibit now: as what it corrects, where it does."""
    known = next(iter(before.values()), None)
    if known is not None:
        return LastWord(known.seq, known.by, known.officers, **had)
    return LastWord(said.seq, said.voice, officers_asked(state, said, need), **had)


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


def other_mass(delivery: Delivery, content: Content, of: str) -> Verdict | None:
    """It counts: an exhibit was weighed, and its mass is not what a report before left of it, or where there was none, all that
    was taken out or recovered of substances. Of a correction it is what it says now, against what was there before that report.
    """
    if not isinstance(content, LaboratoryReport) or content.received is None:
        return None
    expected = mass_of(_before_it(delivery.state, content, of), content.exhibit)
    if expected is None or not bounds(content.received).apart(expected):
        return None
    return WEIGHS_OTHERWISE(label=content.exhibit, found=content.received, expected=expected.said)


def parts_otherwise(delivery: Delivery, content: Content, of: str) -> Verdict | None:
    """It counts: a part that was not weighed before was, and with it the parts of a lot that it is of are not what that weighs,
    by more than that `lets_pass`. Of a correction it is what it says now.
    """
    if not isinstance(content, LaboratoryReport) or content.received is None:
        return None
    state = _before_it(delivery.state, content, of)
    part = exhibits(state)[content.exhibit]
    if part.net is not None or part.left is not None:
        return None
    together = parts_in(state, {content.exhibit: bounds(content.received)})
    for lot in lots_of(state, content.exhibit):
        if (whole := mass_of(state, lot)) is not None and not_its_parts(state, lot, together[lot]):
            return PARTS_WEIGH_OTHERWISE(label=lot, found=together[lot].said, expected=whole.said)
    return None


def _before_it(state: State, report: LaboratoryReport, of: str) -> State:
    """As it was before this report on its exhibit."""
    word = reported_in(state, of).get(report.exhibit)
    if word is None:
        return state
    before = replace(state.exhibits[report.exhibit], left=word.left)
    return replace(state, exhibits=state.exhibits | {report.exhibit: before})


def _held(delivery: Delivery, said: Said, labels: tuple[str, ...], *, lost: bool = False, found: bool = False) -> Verdict:
    """Whether whose say it is holds each of these, and none travels, unless it is a recorder that is lost, or what was found and
    is to be handed on.
    """
    known = exhibits(delivery.state)
    others = tuple(one for one in labels if one not in known or known[one].holder != said.voice)
    if others:
        return NOT_ITS_HOLDER(voice=said.voice, labels=others)
    may = ("recorder",) if lost else (CONSIGNMENT,) if found else ()
    travel = tuple(one for one in labels if known[one].travels and known[one].what not in may)
    return STILL_TRAVELS(labels=travel) if travel else ACCEPTED


def _each(state: State, said: Said, labels: tuple[str, ...], **said_of_it: Any) -> Changed:
    """Each of these that is an exhibit, with what this statement says of it."""
    known = exhibits(state)
    return {one: replace(known[one], entry=said.seq, **said_of_it) for one in labels if one in known}


def _share(delivery: Delivery, changed: Changed, most: int) -> Stays:
    """What stays of exhibits that came from the same hands as these, and how much that may be: an equal share with those from
    whose hands exhibits may come, of all, and no more than others have left of it.
    """
    after = delivery.state.exhibits | changed
    origins = {one.by for one in changed.values()}
    own = {label: one.words() for label, one in after.items() if one.by in origins}
    others = {label: one.words() for label, one in after.items() if one.by not in origins}
    share = most // len(_sources(delivery)) * max(len(origins), 1)
    return Stays((own,) if changed else (), min(share, most - size_of((others,))))


def _sources(delivery: Delivery) -> tuple[str, ...]:
    """Services from whose hands exhibits may come: those that are asked to prepare, to seize or to weigh, or are responsible, or
    have reported what was found, or have handed out a recorder.
    """
    asked = (one for at in delivery.plan.checkpoints for one in at.requires)
    found = (one.service for one in asked if one.says in ("prepared", "seizure", "interdiction"))
    recorders = (one.service for one in delivery.state.recorders.values())
    reported = (delivery.state.detected.by,) if delivery.state.detected is not None else ()
    return tuple(dict.fromkeys((*found, *(leg.responsible for leg in delivery.plan.legs), *reported, *recorders)))
