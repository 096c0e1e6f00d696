"""What each kind of statement must declare about itself, so that all that is known of a kind stands in one place.

A kind is a class: its fields, one declaration without defaults, and two methods. `judge` says what only this kind looks at,
`apply` (see `Content`) is all that it changes. What is asked of every kind in one order stands in `domain.rules.book`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Flag, auto
from typing import Any, ClassVar, Literal

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Content, Said, Statement
from domain.delivery.verdicts import ACCEPTED, Finding, Verdict
from domain.plan.directory import Service
from domain.plan.vocabulary import Need
from domain.signing.canonical import canonical, plain
from domain.words.limits import LARGEST_NOTE

Speaker = Literal["asked", "responsible", "grantor", "anyone"]
"""Whose say it is: who is asked at a checkpoint (R17), the authority responsible at this instant (R4), who holds an authorisation
(R1), anyone who takes part."""

Binding = Literal["consent", "decision", "word", "brake"]
"""What it must be about (R18). A consent: the plan in force, and no other history than this. A decision: a plan that is or was in
force, and no other history. Any other word: such a plan. A brake: whatever it says, it stops.
"""

Readers = Literal[
    "checkpoint", "both_sides", "asked_there", "own_state", "both_states", "prosecution", "leg", "addressed", "as_named"
]
"""Who reads it (R11), beside who said it, whom it names and those who see the whole. `checkpoint`: services of the speaker's
State at the same checkpoint; `both_sides`: whoever sees that checkpoint; `asked_there`: who is asked there; `own_state`:
services of the speaker's State; `both_states`: these, and those of the State that it is `to`; `prosecution`: prosecutors and
courts; `leg`: those whose leg it is on; `addressed`: whom it names, and nobody else; `as_named`: who reads the statement that it
names."""


class Counts(Flag):
    """When it counts: while the delivery is under way, after it has halted, after its outcome."""

    UNDER_WAY = auto()
    HALTED = auto()
    CONCLUDED = auto()


UNDER_WAY, HALTED, CONCLUDED = Counts.UNDER_WAY, Counts.HALTED, Counts.CONCLUDED
ALWAYS = UNDER_WAY | HALTED | CONCLUDED


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a kind says of itself. It has no defaults: what is left out fails at import."""

    title: str
    """In English; its Russian stands in the catalogue."""
    answers: Need | None
    """What a checkpoint asks that this answers."""
    confirms: bool
    """Whether it says yes to it, or may: two officers (R20) and conditions (R19) are asked for a yes only."""
    by: Speaker
    counts: Counts
    names_checkpoint: bool
    """Whether it must name the checkpoint that it answers; if not, it answers every open one that asks its service for it."""
    rule: str
    """The rule that says who may say it."""
    contact: bool
    """Whether it proves that somebody has the consignment in hand or in sight (R9)."""
    readers: Readers
    may_be_left_out: bool
    """Whether nothing else in the record rests on it, so that a copy may do without it (R23)."""
    largest: int
    """Bytes of its canonical statement."""


@dataclass(frozen=True)
class Stays:
    """What the state goes on holding of a statement, and how many bytes that may be."""

    what: tuple[Any, ...]
    most: int

    @property
    def size(self) -> int:
        """Bytes of it."""
        return size_of(self.what)


def size_of(what: Iterable[Any]) -> int:
    """Bytes of what the state goes on holding."""
    return len(canonical([plain(one) for one in what]))


def share(of: int, held: Iterable[Iterable[Any]], state: State, need: Need, said: Said) -> int:
    """Bytes that are left to whoever answers this need now: an equal share with those who are still to answer it, of what others
    have left of all. So together they never hold more, whatever becomes of the plan.
    """
    left = of - sum(map(size_of, held))
    own = (said.checkpoint, said.voice)
    return max(left, 0) // (1 + sum(one != own for one in still_asked(state, need)))


def still_asked(state: State, need: Need) -> Iterator[tuple[str, str]]:
    """Each checkpoint of the plan and service that has still to answer this need there."""
    for one in state.plan.checkpoints:
        progress = state.progress.get(one.id)
        for service, needs in one.needs.items():
            answered = progress is not None and (not progress.open or (service, need) in progress.answers)
            if need in needs and not answered:
                yield one.id, service


class Kind(Content):
    """What one kind of statement says."""

    declares: ClassVar[Declaration]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not cls.__doc__ or not isinstance(getattr(cls, "declares", None), Declaration):
            message = f"{cls.__name__} is a kind of statement: it needs a docstring and `declares`"
            raise TypeError(message)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What only this kind looks at, once it is clear that it is this service's turn to say it."""
        return ACCEPTED

    def is_contact(self) -> bool:
        """Whether this very statement proves that somebody has the consignment in hand or in sight."""
        return self.declares.contact

    def is_answer(self) -> bool:
        """Whether this very statement answers what was asked."""
        return self.declares.answers is not None

    def is_yes(self) -> bool:
        """Whether this very statement says yes to what was asked, and so takes two officers where two are asked (R20)."""
        return self.declares.confirms

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays | None:
        """What of it the state goes on holding, under the id of this statement, where that may be long: nothing."""
        return None

    def addressees(self) -> tuple[str, ...]:
        """Whom this very statement names as those who are to read it: nobody."""
        return ()

    def bound_to(self) -> Binding:
        """What this very statement must be about (R18)."""
        return "word"

    def may_be_shared(self) -> bool:
        """Whether this very statement may be said of several consignments of a group at once (R31): no, it is about one."""
        return False

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        """Those of its fields that were merely asked, and so can be filled in for a person: none."""
        return {}

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """Whether this service has anything to say by a statement of this kind now, beyond what `declares` says: always."""
        return True


def unasked(  # noqa: PLR0913 - what differs
    title: str,
    *,
    rule: str,
    readers: Readers = "own_state",
    answers: Need | None = None,
    confirms: bool = True,
    counts: Counts = ALWAYS,
    largest: int = LARGEST_NOTE,
) -> Declaration:
    """What a kind declares that anyone who takes part says by itself, as soon as there is something to say, named checkpoint or
    not: on which others may rest, and which proves nothing of where the consignment is. What it answers it confirms, or not.
    """
    return Declaration(
        title=title,
        answers=answers,
        confirms=answers is not None and confirms,
        by="anyone",
        counts=counts,
        names_checkpoint=False,
        rule=rule,
        contact=False,
        readers=readers,
        may_be_left_out=False,
        largest=largest,
    )


def of_another_state(given: str, delivery: Delivery, said: Said, wrong: Callable[..., Verdict]) -> Verdict | None:
    """What is wrong where it is given for another State than that of the checkpoint that asks for it."""
    planned = delivery.plan.find(said.checkpoint)
    if planned is None or given == planned.state:
        return None
    return wrong(checkpoint=said.checkpoint, asked=planned.state, given=given)


def officers_asked(state: State, said: Said, need: Need | None) -> int:
    """How many officers the checkpoint that it names asks its `voice` for; one where it asks nothing of it (R20)."""
    progress = state.progress.get(said.checkpoint)
    return progress.checkpoint.officers_for(said.voice, need) if progress is not None and need is not None else 1


def kind_of(statement: Statement) -> Kind:
    """What a statement of a book says, with what its kind declares."""
    content = statement.content
    assert isinstance(content, Kind)  # noqa: S101 - a book reads nothing else
    return content


def refused_for(finding: Finding) -> Verdict:
    """A refusal for something that was found."""
    return Verdict(verdict="refused", finding=finding)
