"""What is found of a statement, and why a delivery halts: a rule, a code and its parameters; never a sentence."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.signing.canonical import Frozen
from domain.words.codes import CODES, Code, CodeName, Parameter, RuleNumber, Shape
from domain.words.identifiers import ServiceId
from domain.words.limits import MOST_PARAMETERS, MOST_REMARKS

Cause = Literal[
    "stop",
    "refused",
    "withdrawn",
    "expired",
    "silence",
    "undecided",
    "declined",
    "decision",
    "modality",
    "permission",
    "lost",
    "no_show",
    "destroyed",
    "risk_to_life",
    "conflict",
]
"""Why a delivery halted."""


class Finding(Frozen):
    """What was found, under which rule."""

    rule: RuleNumber
    code: CodeName
    parameters: Annotated[dict[str, Parameter], Field(default_factory=dict, max_length=MOST_PARAMETERS)]

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        code = CODES.get(self.code)
        if code is None or code.rule != self.rule or not code.holds(self.parameters):
            message = f"{self.rule} has no code {self.code} with these parameters"
            raise ValueError(message)
        return self


class Verdict(Frozen):
    """What became of a statement. `late` and `early` ones are kept: late changes nothing, early waits for its checkpoint."""

    verdict: Literal["accepted", "early", "late", "refused"]
    finding: Finding | None = None
    """Why. Where it was accepted: what is remarked of it all the same; none where there is nothing."""
    also: Annotated[tuple[Finding, ...], Field(max_length=MOST_REMARKS - 1, exclude_if=lambda also: not also)] = ()
    """What else is remarked of it, where that is more than one thing."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found, in order."""
        return (self.finding, *self.also) if self.finding is not None else ()

    @property
    def rule(self) -> str | None:
        """The rule that says so; the first, where several do."""
        return self.finding.rule if self.finding is not None else None


ACCEPTED = Verdict(verdict="accepted")


class Found(Code):
    """A code of its own kind: called with its parameters, it is the finding."""

    def __call__(self, **parameters: Parameter) -> Finding:
        """The finding with these parameters. Raises `TypeError` for others than its own."""
        return Finding(rule=self.rule, code=self.name, parameters=self.given(parameters))


class Judged(Code):
    """A code that is a verdict's: called with its parameters, it is the verdict."""

    def __init__(
        self,
        verdict: Literal["accepted", "early", "late", "refused"],
        rule: str,
        name: str,
        sentence: str,
        shapes: dict[str, Shape],
    ) -> None:
        super().__init__(rule, name, sentence, shapes)
        self.verdict = verdict

    def __call__(self, **parameters: Parameter) -> Verdict:
        """The verdict with these parameters. Raises `TypeError` for others than its own."""
        finding = Finding(rule=self.rule, code=self.name, parameters=self.given(parameters))
        return Verdict(verdict=self.verdict, finding=finding)


def found(rule: str, name: str, sentence: str, **shapes: Shape) -> Found:
    """A code for what is found."""
    return Found(rule, name, sentence, shapes)


def refused(rule: str, name: str, sentence: str, **shapes: Shape) -> Judged:
    """A code for a refusal."""
    return Judged("refused", rule, name, sentence, shapes)


def early(rule: str, name: str, sentence: str, **shapes: Shape) -> Judged:
    """A code for what is kept until its time has come."""
    return Judged("early", rule, name, sentence, shapes)


def late(rule: str, name: str, sentence: str, **shapes: Shape) -> Judged:
    """A code for what is kept and changes nothing any more."""
    return Judged("late", rule, name, sentence, shapes)


def remarked(rule: str, name: str, sentence: str, **shapes: Shape) -> Judged:
    """A code for what counts, and of which something is remarked."""
    return Judged("accepted", rule, name, sentence, shapes)


class Halt(Frozen):
    """Why nothing advances any more. `by` is the service whose word it was, if it was one's; `seq` the entry that brought it."""

    cause: Cause
    finding: Finding
    seq: int
    by: ServiceId | None = None

    @property
    def rule(self) -> str:
        """The rule that says so."""
        return self.finding.rule
