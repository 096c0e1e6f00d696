"""A scenario: how the services behave in a rehearsal, and how it is expected to end.

Without a scenario every service answers what it is asked, as asked, after a while. Each `act` departs from that: when the
service is asked at `at`, it says something else, says something more, or stays silent.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.canonical import Frozen
from domain.identifiers import CheckpointId, ServiceId
from domain.ledger import Outcome
from domain.quantities import Span


class Act(Frozen):
    """What one service does when it is asked at one checkpoint, instead of or beside the expected answer."""

    service: ServiceId
    at: CheckpointId
    says: Annotated[str, Field(max_length=40)] | None = None
    """Kind of statement; none is silence."""
    details: dict[str, Any] = Field(default_factory=dict, max_length=20)
    """Fields that differ from what the service would say by itself."""
    after: Span | None = None
    """From being asked (or from the expected arrival); by the scenario's pace if not given."""


class Pace(Frozen):
    """How long services take to answer: anything between the two."""

    fastest: Span
    slowest: Span

    @model_validator(mode="after")
    def _in_order(self) -> "Pace":
        if self.fastest > self.slowest:
            message = "fastest must not be longer than slowest"
            raise ValueError(message)
        return self


class Expected(Frozen):
    """How it is expected to end."""

    outcome: Outcome


class Scenario(Frozen):
    """The whole scenario."""

    vigil: Literal["scenario/1"]
    title: Annotated[str, Field(max_length=200)] = ""
    source: Annotated[str, Field(max_length=300)] = ""
    plan: Annotated[str, Field(max_length=200)] = "plan.yaml"
    """The plan's file, relative to this one."""
    pace: Pace
    acts: Annotated[tuple[Act, ...], Field(max_length=100)] = ()
    expect: Expected | None = None

    def acts_of(self, service: str, checkpoint: str) -> tuple[Act, ...]:
        """What this service does at this checkpoint beside or instead of answering."""
        return tuple(act for act in self.acts if act.service == service and act.at == checkpoint)
