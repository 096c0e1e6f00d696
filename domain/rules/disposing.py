"""What becomes of exhibits at last (R30)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import (
    CONSIGNMENT,
    carried,
    exhibits,
    inside,
    of_service,
)
from domain.delivery.memory import LastWord
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import DatedAct
from domain.plan.directory import Service
from domain.rules.exhibits import Changed, Labels, each_with, last_in, last_word, may_act_on, share_at_last
from domain.rules.kind import Kind, Stays, unasked
from domain.words.identifiers import OfficerCode
from domain.words.limits import (
    LARGEST_OF_ACTS,
    LONGEST_LINE,
    LONGEST_PLACE,
    MOST_WITNESSES,
)
from domain.words.text import fill, mark

INSIDE_UNNAMED = refused(
    "R30",
    "inside_unnamed",
    "in the consignment there is {labels}: name each beside it, or say first what becomes of each",
    labels="names",
)


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
        that are `lost`; then `inside_unnamed` for the items that are `inside` the consignment, where it names that and not them.
        """
        verdict = may_act_on(delivery, said, self.exhibits, lost=self.how == "lost")
        return verdict if verdict != ACCEPTED else self._names_what_is_inside(delivery.state)

    def _names_what_is_inside(self, state: State) -> Verdict:
        unnamed = tuple(one for one in inside(state) if one not in self.exhibits) if CONSIGNMENT in self.exhibits else ()
        return INSIDE_UNNAMED(labels=unnamed) if unnamed else ACCEPTED

    def as_correction(self, delivery: Delivery, said: Said, of: str) -> Verdict:
        """The same of those that it was not said of before."""
        before = disposed_in(delivery.state, of)
        others = tuple(one for one in self.exhibits if one not in before)
        verdict = may_act_on(delivery, said, others, lost=self.how == "lost")
        return verdict if verdict != ACCEPTED else self._names_what_is_inside(delivery.state)

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Of each exhibit, what became of it."""
        return share_at_last(delivery, self.changed(delivery.state, said, statement), delivery.law.figures.exhibits_bytes)

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
        word = next(iter(before.values()), None) or last_word(state, said, "disposal", before)
        holder = word.by if self.how == "kept" else None
        fate: dict[str, Any] = {"holder": holder, "fate": self.how, "offered_to": None, "travels": False, "disposal": word}
        return back | each_with(state, said, self.exhibits, **fate)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"exhibits": list(facts.exhibits)}


def disposed_in(state: State, statement: str) -> dict[str, LastWord]:
    """Exhibits whose fate this statement says, as last corrected, of which nothing else was said since."""
    return last_in(state, statement, {label: one.disposal for label, one in state.exhibits.items()})
