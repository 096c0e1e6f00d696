"""A rule book: one version of all the rules. What it holds stands in `domain.rules.books`."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import Annotated, Any, Final, Union

from pydantic import Field, ValidationError

from domain.delivery.balance import Balance
from domain.delivery.consents import Consents
from domain.delivery.delivery import Delivery
from domain.delivery.event import Event, Moment
from domain.delivery.events import AnyEvent
from domain.delivery.known import Known
from domain.delivery.memory import Early
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.statement import Said, Statement, StatementOf
from domain.delivery.verdicts import ACCEPTED, Judged, Verdict, found
from domain.plan.check import Check
from domain.plan.directory import Directory
from domain.plan.plan import STEP_NEEDS, Plan
from domain.plan.vocabulary import Need
from domain.rules import custody
from domain.rules.budget import Budget
from domain.rules.contingency import Contingency
from domain.rules.kind import Kind
from domain.rules.outside import Report
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, open_envelope, payload_of
from domain.words.errors import Fault, Malformed, faults_of
from domain.words.figures import Figures
from domain.words.remembered import Remembered
from domain.words.text import fill, mark

MOST_READ: Final = 1024
"""Small statements that are kept as they were read: each has some 5 KB in memory."""
MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""Of the larger ones, as they came: forty of the largest. In memory they are some five times that."""

Step = Callable[[Delivery, datetime], Iterator[AnyEvent]]
"""One step of the checklist: what it has to record now; the first is the decision."""
Change = Callable[[Delivery, Plan, Directory], Iterator[Fault]]
"""What keeps a new plan from taking the place of the delivery's (R22)."""

Look = Callable[[Delivery, Said], Verdict | None]


@dataclass(frozen=True)
class Ground:
    """One ground on which a statement does not count, or not yet."""

    look: Look
    """What is found of a statement; none where the ground is not there."""
    codes: tuple[Judged, ...]
    """All that may be found; none are named where that is the kind's own."""

    def __call__(self, delivery: Delivery, said: Said) -> Verdict | None:
        """Look. Changes nothing."""
        verdict = self.look(delivery, said)
        if verdict is not None and verdict.finding is not None and self.codes:
            assert verdict.finding.code in [one.name for one in self.codes]  # noqa: S101 - else what docs/rules.md lists is not true
        return verdict


def ground(*codes: Judged) -> Callable[[Look], Ground]:
    """Make a ground of a function, on which these codes may be found."""
    return lambda look: Ground(look, codes)


NO_ANSWER = found("R2", "no_answer", "no answer in time from {services}: silence is not consent", services="names")


@dataclass(frozen=True, kw_only=True, eq=False)
class Book:
    """One version of the rules. What an older version did otherwise is put in the place of these, see `domain.rules.frozen`."""

    version: int
    kinds: Mapping[str, type[Kind]]
    """Kinds of statement, by name."""
    contingencies: Mapping[str, Contingency]
    effects: Mapping[str, type[Event]]
    """What each event that is recorded does, by its name."""
    consents: type[Consents]
    balance: type[Balance]
    checklist: tuple[Step, ...]
    moments: Callable[[Delivery], Iterator[datetime]]
    """Every instant at which a decision may fall."""
    budget: Budget
    """How much may be said."""
    grounds: tuple[Ground, ...]
    """Why a statement that is authentic and new does not count, or not yet: the first that is there decides."""
    remarks: tuple[Ground, ...]
    """What is remarked of a statement that counts all the same: all that is there is told, in this order."""
    say: Callable[[State, Said], None]
    """What an accepted statement changes."""
    silence: Callable[[State, Progress, tuple[str, ...], Moment], None]
    """What follows from an answer to a checkpoint of the plan that did not come in time (R2)."""
    news: Callable[[Delivery, Report, datetime], Report | None]
    """A fact from outside as it is recorded now; none where it says nothing new."""
    checks: tuple[Check, ...]
    """What a plan must be, beside its size."""
    changes: tuple[Change, ...]
    """What a change of plan must be, beside."""
    figures: Figures
    """The numbers that decide: how much may be said, how large a plan may be."""

    def __post_init__(self) -> None:
        """Raises `TypeError` where kinds and checkpoints do not fit together."""
        _check_needs(self.answers, self.kinds, self.contingencies)

    @cached_property
    def answers(self) -> Mapping[Need, tuple[str, ...]]:
        """Which kinds answer each need; the confirming one first."""
        return MappingProxyType(_answers(self.kinds))

    @cached_property
    def statement(self) -> type[Statement]:
        """A statement of any of these kinds."""
        content: Any = Annotated[Union[tuple(self.kinds.values())], Field(discriminator="kind")]  # noqa: UP007 - made at run time
        model: type[Statement] = StatementOf[content]
        return model

    @cached_property
    def _read(self) -> Callable[[str], Statement]:
        return Remembered(partial(_parsed, self.statement), MOST_READ, MOST_CHARACTERS)

    # What events ask of it, see `domain.delivery.events.Law`

    def read(self, envelope: Envelope) -> Statement:
        """The statement in an envelope, unverified. Raises `Malformed` with every fault, and if its bytes are not canonical."""
        return self._read(envelope.payload)

    def opened(self, envelope: Envelope, keys: Mapping[str, str]) -> Statement:
        """The statement in an envelope that these keys have signed. Raises `NotAuthentic` or `Malformed`."""
        open_envelope(envelope, STATEMENT_TYPE, keys)
        return self.read(envelope)

    def heard(self, state: State, envelope: Envelope, verdict: Verdict, when: Moment) -> None:
        """A statement has come in: remember it, keep it where it is early, let it take effect where it was accepted."""
        statement = self.read(envelope)
        known, size = Known(statement.service, when.seq), len(envelope.body())
        state.remember(statement.id, envelope.fingerprint(), known, size, over=self.budget.goes_beyond(verdict))
        if verdict.verdict == "early":
            state.early[statement.id] = Early(envelope, when.seq)
        elif verdict.verdict == "accepted":
            self.say(state, said(statement, envelope, when))

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What becomes of a statement that is authentic and new, whatever has been said before. Changes nothing."""
        against = next((verdict for one in self.grounds if (verdict := one(delivery, said)) is not None), None)
        if against is not None:
            return against
        found = tuple(verdict.finding for one in self.remarks if (verdict := one(delivery, said)) is not None)
        return Verdict(verdict="accepted", finding=found[0], also=found[1:]) if found else ACCEPTED

    def taken_up(self, state: State, statement: str, verdict: Verdict, when: Moment) -> None:
        """The time of an early statement has come."""
        early = state.early.pop(statement)
        if verdict.verdict == "accepted":
            self.say(state, said(self.read(early.envelope), early.envelope, Moment(early.seq, when.at)))

    def fell_silent(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """What follows from an answer that did not come in time (R2)."""
        if progress.contingency is not None:
            self.contingencies[progress.contingency].after_silence(state, progress, services, when)
            return
        self.silence(state, progress, services, when)

    def closed(self, state: State, progress: Progress, when: Moment) -> None:
        """What follows from the close of a checkpoint that no plan holds."""
        if progress.contingency is not None:
            self.contingencies[progress.contingency].after_close(state, progress, when)

    # What rules and views ask of it

    def need_of(self, kind: str | None) -> Need | None:
        """What a kind of statement answers, if anything."""
        known = self.kinds.get(kind or "")
        return known.declares.answers if known is not None else None

    def content(self, words: Mapping[str, Any]) -> Kind:
        """What is said, from the words of a document. Raises pydantic's `ValidationError`, or `Malformed` for no such kind."""
        known = self.kinds.get(str(words.get("kind")))
        if known is None:
            message = fill("there is no kind of statement {kind}", kind=words.get("kind"))
            raise Malformed(message, hint=fill("one of {kinds}", kinds=", ".join(self.kinds)))
        return known.model_validate(words)

    def confirming(self, need: Need) -> str:
        """The one kind that says yes to a need."""
        return self.answers[need][0]


def said(statement: Statement, envelope: Envelope, when: Moment) -> Said:
    """A statement as the ledger has it."""
    return Said(when.seq, when.at, statement, tuple(one.keyid for one in envelope.signatures))


def silent(state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
    """A State that does not answer has not consented (R2); whatever else is overdue does as its checkpoint says."""
    planned = state.plan.find(progress.checkpoint.id)
    if planned is not None and planned.step == "authorise":
        state.stop_all("silence", NO_ANSWER(services=services), when.seq)
    elif progress.checkpoint.overdue == "interdict":
        finding = custody.OVERDUE(checkpoint=progress.checkpoint.id, services=services)
        state.stop_all("silence", finding, when.seq)


def _parsed(model: type[Statement], text: str) -> Statement:
    payload = payload_of(text)
    try:
        statement = model.model_validate_json(payload, strict=True)
    except ValidationError as error:
        message = mark("not a statement")
        raise Malformed(message, faults_of(error)) from error
    if canonical(json.loads(payload)) != payload:
        message = mark("the statement is not in canonical form (RFC 8785)")
        raise Malformed(message)
    return statement


def _answers(kinds: Mapping[str, type[Kind]]) -> dict[Need, tuple[str, ...]]:
    """Which kinds answer each need; the confirming one first."""
    answers: dict[Need, tuple[str, ...]] = {}
    for name, kind in kinds.items():
        need = kind.declares.answers
        if need is not None:
            so_far = answers.get(need, ())
            answers[need] = (name, *so_far) if kind.declares.confirms else (*so_far, name)
    return answers


def _check_needs(
    answers: Mapping[Need, tuple[str, ...]], kinds: Mapping[str, type[Kind]], contingencies: Mapping[str, Contingency]
) -> None:
    asked = {need for needs in STEP_NEEDS.values() for need in needs} | {one.declares.needs for one in contingencies.values()}
    for need in sorted(asked | answers.keys()):
        confirming = [one for one in answers.get(need, ()) if kinds[one].declares.confirms]
        if len(confirming) != 1:
            message = f"{need} needs exactly one kind that says yes to it, not {confirming}"
            raise TypeError(message)
        if need not in asked:
            message = f"no checkpoint can ask for {need}"
            raise TypeError(message)


def book_of(delivery: Delivery) -> Book:
    """The rules that a delivery is under."""
    assert isinstance(delivery.law, Book)  # noqa: S101 - a delivery is begun under no other law
    return delivery.law
