"""What is said when everything is over: the closing meeting, the costs, and what came of it later (R12)."""

from typing import Annotated, Literal

from pydantic import Field

from domain.plan.vocabulary import Need
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.words.limits import LARGEST_NOTE, LONGEST_REASON


def _closing(title: str, answers: Need) -> Declaration:
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
        largest=LARGEST_NOTE,
    )


class Debriefed(Kind):
    """The closing meeting was held."""

    kind: Literal["debriefed"] = "debriefed"
    note: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    declares = _closing("Closing meeting held", "debrief")


class CostsSettled(Kind):
    """Who bears the costs is settled (UN 1988 Convention art. 11(2))."""

    kind: Literal["costs_settled"] = "costs_settled"
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    declares = _closing("Costs settled", "costs")


class LookedBack(Kind):
    """What came of it later, in the courts and elsewhere."""

    kind: Literal["looked_back"] = "looked_back"
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    declares = _closing("What came of it later", "look_back")
