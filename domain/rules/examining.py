"""Exhibits are divided into parts, and examined by laboratories, which spend of them (R30)."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import (
    CONSIGNMENT,
    LABEL_TAKEN,
    exhibits,
    inside,
    lots_of,
    mass_of,
    not_its_parts,
    of_service,
    parts_in,
    taken,
)
from domain.delivery.memory import Exhibit, LastWord
from domain.delivery.state import State
from domain.delivery.statement import Content, Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused, remarked
from domain.plan.acts import DatedAct
from domain.plan.directory import Service
from domain.plan.goods import Label
from domain.plan.quantity import Bounds, bounds
from domain.rules.exhibits import Changed, each_with, last_in, last_word, may_act_on, share_while_held
from domain.rules.kind import Kind, Stays, unasked
from domain.signing.canonical import Frozen
from domain.words.limits import (
    LARGEST_WHOLE,
    LONGEST_LINE,
    LONGEST_NAME,
    MOST_MOVED,
    PURE,
)
from domain.words.quantities import Milligrams, say_mass
from domain.words.text import fill, mark

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

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]


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
        if (verdict := may_act_on(delivery, said, (self.exhibit,))) != ACCEPTED:
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
        return share_while_held(delivery, self.changed(delivery.state, said), delivery.law.figures.exhibits_bytes)

    def apply(self, state: State, said: Said) -> None:
        """It is divided, and nobody holds it any more; its `voice` holds each part, which came from the same hands, and each item
        that was `inside` the consignment, where that is divided.
        """
        state.exhibits |= self.changed(state, said)

    def changed(self, state: State, said: Said) -> Changed:
        """How they are once it counts."""
        whole = exhibits(state).get(self.exhibit)
        if whole is None:
            return {}
        gone = each_with(state, said, (self.exhibit,), holder=None, offered_to=None, fate="divided", disposal=None)
        parts = {
            one.label: Exhibit("part", said.voice, whole.by, entry=said.seq, net=one.net, of=self.exhibit) for one in self.into
        }
        loose = inside(state) if self.exhibit == CONSIGNMENT else ()
        return gone | parts | each_with(state, said, loose, holder=said.voice)


class LaboratoryReport(Kind):
    """What an examination of an exhibit found, with what it spent and left of it."""

    kind: Literal["laboratory_report"] = "laboratory_report"
    exhibit: Label
    report: Literal["presumptive_test", "test_report", "expert_opinion"]
    """How sure it is: a test on the spot, a report before there is a case, an opinion in one."""
    case_number: Annotated[str, Field(max_length=LONGEST_LINE, exclude_if=lambda number: not number)] = ""
    """Of the proceedings in which the opinion was ordered (Russia CPC art. 195, 204 [K]); a test or a report needs none."""
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
    def _opinion_is_in_a_case(self) -> "LaboratoryReport":
        if self.report == "expert_opinion" and not self.case_number.strip():
            message = mark("an expert's opinion is made in a case: say its number (case_number), or that it is a test_report")
            raise ValueError(message)
        return self

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
        return may_act_on(delivery, said, (self.exhibit,))

    def as_correction(self, delivery: Delivery, said: Said, of: str) -> Verdict:
        """The same of an exhibit that is another than the report was on before; of that, whoever holds it now."""
        return ACCEPTED if self.exhibit in reported_in(delivery.state, of) else self.judge(delivery, said)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of the exhibit, what is spent and left."""
        return share_while_held(delivery, self.changed(delivery.state, said, statement), delivery.law.figures.exhibits_bytes)

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
            state.weigh_anew(said.seq)

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
        word = before.get(self.exhibit) or last_word(state, said, "examination", before, spent=known.spent, left=known.left)
        spent, left = min(word.spent + (self.spent or 0), LARGEST_WHOLE), self.left if self.left is not None else word.left
        return undone | each_with(state, said, (self.exhibit,), spent=spent, left=left, report=word)


def reported_in(state: State, statement: str) -> dict[str, LastWord]:
    """Exhibits whose last report this statement is, as last corrected; none, where it has been overtaken."""
    return last_in(state, statement, {label: one.report for label, one in state.exhibits.items()})


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
