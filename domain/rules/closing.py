"""What is said when everything is over: the closing meeting, the costs, and what came of it later (R12)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.vocabulary import Line, Need
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.signing.canonical import Frozen
from domain.words.identifiers import ServiceId
from domain.words.limits import LARGEST_NOTE, LARGEST_OF_COSTS, LONGEST_REASON, MOST_COSTS
from domain.words.quantities import Money
from domain.words.text import mark

BEARS_NOTHING = refused(
    "R12", "bears_nothing", "{services} have no part in this delivery, so they bear none of its costs", services="names"
)


def _closing(title: str, answers: Need, largest: int = LARGEST_NOTE) -> Declaration:
    return Declaration(
        title=title,
        answers=answers,
        confirms=True,
        by="asked",
        counts=ALWAYS,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="both_sides" if answers == "debrief" else "checkpoint",
        may_be_left_out=False,
        largest=largest,
    )


class Debriefed(Kind):
    """The closing meeting was held."""

    kind: Literal["debriefed"] = "debriefed"
    note: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    declares = _closing("Closing meeting held", "debrief")


class Cost(Frozen):
    """What one service bears of the costs, for what."""

    by: ServiceId
    what: Line
    amount: Money


class CostsSettled(Kind):
    """Who bears the costs is settled (UN 1988 Convention art. 11(2)): each service its own, or each what stands there."""

    kind: Literal["costs_settled"] = "costs_settled"
    each_bears_its_own: bool = False
    borne: Annotated[tuple[Cost, ...], Field(max_length=MOST_COSTS)] = ()
    note: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    declares = _closing("Costs settled", "costs", LARGEST_OF_COSTS)

    @model_validator(mode="after")
    def _is_settled(self) -> "CostsSettled":
        if self.each_bears_its_own == bool(self.borne):
            message = mark("either each bears its own, or say who bears what; one of the two, and not both")
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`bears_nothing` where somebody bears a part who does not take part in the delivery: those services."""
        strangers = tuple(dict.fromkeys(one.by for one in self.borne if not delivery.state.participant(one.by)))
        return BEARS_NOTHING(services=strangers) if strangers else ACCEPTED


class LookedBack(Kind):
    """What came of it later, in the courts and elsewhere."""

    kind: Literal["looked_back"] = "looked_back"
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    declares = _closing("What came of it later", "look_back")
