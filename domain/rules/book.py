"""A rule book: one version of all the rules. What it holds stands in `domain.rules.books`."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Union

from pydantic import Field, ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent, Moment
from domain.delivery.progress import Progress
from domain.delivery.state import Early, Known, State
from domain.delivery.statement import Said, Statement, StatementOf
from domain.delivery.verdicts import Verdict, found
from domain.plan.plan import STEP_NEEDS
from domain.plan.vocabulary import Need
from domain.rules import custody, speaking
from domain.rules.contingency import Contingency
from domain.rules.kind import Kind
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, open_envelope, payload_of
from domain.words.errors import Malformed, faults_of

Step = Callable[[Delivery, datetime], Iterator[AnyEvent]]
"""One step of the checklist: what it has to record now; the first is the decision."""

NO_ANSWER = found("R2", "no_answer", "no answer in time from {services}: silence is not consent", services="names")


class Book:
    """One version of the rules."""

    def __init__(
        self,
        version: int,
        kinds: Iterable[type[Kind]],
        contingencies: Iterable[Contingency],
        checklist: tuple[Step, ...],
    ) -> None:
        """Raises `TypeError` where kinds and checkpoints do not fit together."""
        self.version = version
        self.kinds: Mapping[str, type[Kind]] = MappingProxyType({kind.model_fields["kind"].default: kind for kind in kinds})
        self.contingencies: Mapping[str, Contingency] = MappingProxyType({one.declares.name: one for one in contingencies})
        self.checklist = checklist
        self.answers: Mapping[Need, tuple[str, ...]] = MappingProxyType(_answers(self.kinds))
        _check_needs(self.answers, self.kinds, self.contingencies)
        content: Any = Annotated[Union[tuple(self.kinds.values())], Field(discriminator="kind")]  # noqa: UP007 - made at run time
        self.statement = StatementOf[content]
        self._read = lru_cache(maxsize=1024)(self._parsed)

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
        state.remember(statement.id, Known(statement.service, envelope.fingerprint(), when.seq, verdict))
        if verdict.verdict == "early":
            state.early[statement.id] = Early(envelope, when.seq)
        elif verdict.verdict == "accepted":
            speaking.say(state, said(statement, envelope, when))

    def taken_up(self, state: State, statement: str, verdict: Verdict, when: Moment) -> None:
        """The time of an early statement has come."""
        early = state.early.pop(statement)
        if verdict.verdict == "accepted":
            speaking.say(state, said(self.read(early.envelope), early.envelope, Moment(early.seq, when.at)))

    def fell_silent(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """What follows from an answer that did not come in time (R2)."""
        if progress.contingency is not None:
            self.contingencies[progress.contingency].after_silence(state, progress, services, when)
            return
        planned = state.plan.find(progress.checkpoint.id)
        if planned is not None and planned.step == "authorise":
            state.stop_all("silence", NO_ANSWER(services=services), when.seq)
        elif progress.checkpoint.overdue == "interdict":
            finding = custody.OVERDUE(checkpoint=progress.checkpoint.id, services=services)
            state.stop_all("silence", finding, when.seq)

    def closed(self, state: State, progress: Progress, when: Moment) -> None:
        """What follows from the close of a checkpoint that no plan holds."""
        if progress.contingency is not None:
            self.contingencies[progress.contingency].after_close(state, progress, when)

    # What rules and views ask of it

    def judge(self, delivery: Delivery, statement: Said) -> Verdict:
        """What becomes of a statement that is authentic and new. Changes nothing."""
        return speaking.judge(delivery, statement)

    def need_of(self, kind: str | None) -> Need | None:
        """What a kind of statement answers, if anything."""
        known = self.kinds.get(kind or "")
        return known.declares.answers if known is not None else None

    def content(self, words: Mapping[str, Any]) -> Kind:
        """What is said, from the words of a document. Raises pydantic's `ValidationError`, or `Malformed` for no such kind."""
        known = self.kinds.get(str(words.get("kind")))
        if known is None:
            raise Malformed(f"there is no kind of statement {words.get('kind')}", hint=f"one of {', '.join(self.kinds)}")
        return known.model_validate(words)

    def confirming(self, need: Need) -> str:
        """The one kind that says yes to a need."""
        return self.answers[need][0]

    def _parsed(self, text: str) -> Statement:
        payload = payload_of(text)
        try:
            statement = self.statement.model_validate_json(payload, strict=True)
        except ValidationError as error:
            message = "not a statement"
            raise Malformed(message, faults_of(error)) from error
        if canonical(json.loads(payload)) != payload:
            message = "the statement is not in canonical form (RFC 8785)"
            raise Malformed(message)
        return statement


def said(statement: Statement, envelope: Envelope, when: Moment) -> Said:
    """A statement as the ledger has it."""
    return Said(when.seq, when.at, statement, tuple(one.keyid for one in envelope.signatures))


def kind_of(statement: Statement) -> Kind:
    """What a statement of a book says, with what its kind declares."""
    content = statement.content
    assert isinstance(content, Kind)  # noqa: S101 - a book reads nothing else
    return content


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
