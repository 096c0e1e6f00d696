"""A scenario: how the services behave in a rehearsal, and how it is expected to end.

Without a scenario every service answers what it is asked, as asked, after a while. Each `act` departs from that: when the
service is asked at `at`, it says something else, says something more, or stays silent. `expect` makes it a test: the outcome,
and a *trail* of things that must appear in the ledger in this order, whatever stands between them.

The scenario of a group (R31) has acts and expectations for each of its consignments. From it follows a scenario of each.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError, model_validator

from domain.delivery.statement import Statement
from domain.delivery.vocabulary import Outcome
from domain.plan.plan import Plan
from domain.plan.vocabulary import Need
from domain.rules.books import BOOK
from domain.signing.canonical import Frozen
from domain.words.codes import RuleNumber
from domain.words.errors import Fault, faults_of
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId
from domain.words.likeness import did_you_mean
from domain.words.limits import MOST_MEMBERS
from domain.words.quantities import Span
from domain.words.text import fill, mark

KINDS: tuple[str, ...] = tuple(BOOK.kinds)
"""Every kind of statement there is."""

MOST_SIGHTS = 100

WHOLE = "document"
"""Place of a fault of a whole, which none of its fields has alone."""
NO_PART = mark("{service} has no part in {operation}")

OF_A_STATEMENT = ("id", "checkpoint", "plan", "seen", "officer", "happened_at", "fulfils", "handling", "attachments")
"""Fields of a statement beside its content that an act may set; by an `id` another act may correct it. Who signs it is `service`
or `by`."""


class Act(Frozen):
    """What one service does when it is asked at one checkpoint, instead of or beside the expected answer."""

    service: ServiceId
    at: CheckpointId
    says: Annotated[str, Field(max_length=40)] | None = None
    """Kind of statement; none is silence."""
    by: ServiceId | None = None
    """Who signs it in the service's stead, by delegation or as its backup (R21); none is the service itself."""
    details: dict[str, Any] = Field(default_factory=dict, max_length=20)
    """Fields that differ from what the service would say by itself."""
    statement: dict[str, Any] = Field(default_factory=dict, max_length=len(OF_A_STATEMENT))
    """What else differs in the statement that they stand in: its handling code, officer and time among it."""
    after: Span | None = None
    """From being asked (or from the expected arrival); by the scenario's pace if not given."""
    chance: Annotated[int, Field(ge=1, le=100)] = 100
    """In how many of a hundred rehearsals it happens; the seed decides."""


class PlanChange(Frozen):
    """The initiator changes the plan under way (R22)."""

    after: Span
    """From the start."""
    plan: Annotated[str, Field(max_length=200)] | Plan
    """The new plan's file, relative to the scenario's; read when the scenario is."""


class Pace(Frozen):
    """How long services take to answer: anything between the two."""

    fastest: Span
    slowest: Span

    @model_validator(mode="after")
    def _in_order(self) -> "Pace":
        if self.fastest > self.slowest:
            message = mark("fastest must not be longer than slowest")
            raise ValueError(message)
        return self


class PaceOf(Pace):
    """A pace of its own for one thing that is said, by one service or by all."""

    says: Need
    service: ServiceId | None = None


class ExpectedStatement(Frozen):
    """Something of a trail: a statement that stands in the ledger. What is left out may be anything."""

    service: ServiceId
    says: Annotated[str, Field(max_length=40)]
    checkpoint: CheckpointId | None = None
    verdict: Literal["accepted", "early", "late", "refused"] | None = None
    rule: RuleNumber | None = None
    """The rule that refused it, or by which something is remarked of it."""


class ExpectedEvent(Frozen):
    """Something of a trail: what was recorded. What is left out may be anything."""

    event: Literal[
        "amended",
        "opened",
        "asked",
        "reminded",
        "escalated",
        "silence",
        "closed",
        "expiring",
        "expired",
        "deconflicted",
        "deferred",
        "waits",
        "sibling_heard",
        "cleared",
        "halted",
        "told",
        "concluded",
        "ended",
    ]
    """`halted` is the moment from which nothing advances, whatever brought it: a statement, silence, an expiry, a rule."""
    checkpoint: CheckpointId | None = None
    service: ServiceId | None = None
    """One of the services the entry names."""
    sibling: OperationCode | None = None
    """The other consignment that it tells of."""
    rule: RuleNumber | None = None
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _says_what_it_has(self) -> "ExpectedEvent":
        for name in ("checkpoint", "service", "sibling", "rule", "outcome"):
            if getattr(self, name) is not None and name not in NAMED_BY[self.event]:
                has = ", ".join(NAMED_BY[self.event]) or fill("nothing more")
                raise ValueError(fill("an event {event} has no {name}; it has {has}", event=self.event, name=name, has=has))
        return self


NAMED_BY: dict[str, tuple[str, ...]] = {
    "amended": (),
    "opened": ("checkpoint",),
    "asked": ("checkpoint", "service"),
    "reminded": ("checkpoint", "service"),
    "escalated": ("checkpoint", "service"),
    "silence": ("checkpoint", "service"),
    "closed": ("checkpoint",),
    "expiring": ("service",),
    "expired": ("service",),
    "deconflicted": ("service",),
    "deferred": (),
    "waits": ("checkpoint",),
    "sibling_heard": ("sibling", "checkpoint"),
    "cleared": (),
    "halted": ("checkpoint", "service", "rule"),
    "told": ("checkpoint", "service"),
    "concluded": ("outcome",),
    "ended": (),
}
"""What a trail may say of each event."""


def _which(item: Any) -> str:
    """A mapping with `event` is something that happened, any other something that was said."""
    return "happened" if isinstance(item, ExpectedEvent) or (isinstance(item, dict) and "event" in item) else "said"


Sight = Annotated[Annotated[ExpectedStatement, Tag("said")] | Annotated[ExpectedEvent, Tag("happened")], Discriminator(_which)]


class Expected(Frozen):
    """How it is expected to end, and what the ledger must show on the way."""

    outcome: Outcome
    trail: Annotated[tuple[Sight, ...], Field(max_length=MOST_SIGHTS)] = ()
    """In this order; others may stand between."""


class Behaviour(Frozen):
    """What scenarios of a plan and of a group say alike: what it is about, and how quickly services answer."""

    vigil: str
    title: Annotated[str, Field(max_length=200)] = ""
    source: Annotated[str, Field(max_length=300)] = ""
    pace: Pace
    paces: Annotated[tuple[PaceOf, ...], Field(max_length=100)] = ()
    """Where something takes longer or shorter than the rest; the first that fits counts."""


class ScenarioCourse(Frozen):
    """What one delivery departs from the ordinary in, and how it is expected to end."""

    acts: Annotated[tuple[Act, ...], Field(max_length=100)] = ()
    expect: Expected | None = None


class Scenario(ScenarioCourse, Behaviour):
    """The whole scenario."""

    vigil: Literal["scenario/1"]
    plan: Annotated[str, Field(max_length=200)] = "plan.yaml"
    """The plan's file, relative to this one."""
    changes: Annotated[tuple[PlanChange, ...], Field(max_length=10)] = ()

    def plans(self, plan: Plan) -> tuple[Plan, ...]:
        """The plan it begins with, and those it is changed to."""
        return (plan, *(change.plan for change in self.changes if isinstance(change.plan, Plan)))

    def participants(self, plan: Plan) -> tuple[str, ...]:
        """Everyone who takes part at some time."""
        return tuple(dict.fromkeys(service for one in self.plans(plan) for service in one.everybody()))

    def acts_of(self, service: str, checkpoint: str) -> tuple[Act, ...]:
        """What this service does at this checkpoint beside or instead of answering."""
        return tuple(act for act in self.acts if act.service == service and act.at == checkpoint)

    def pace_of(self, service: str, need: Need | None) -> Pace:
        """How long this service takes to say this."""
        fitting = (one for one in self.paces if one.says == need and one.service in (None, service))
        return next(fitting, self.pace)

    def slowest(self, need: Need) -> Span:
        """The longest that anyone takes to say this."""
        return max([self.pace.slowest, *(one.slowest for one in self.paces if one.says == need)])


class ConsignmentScenario(ScenarioCourse):
    """What is of one consignment alone in the scenario of a group."""

    operation: OperationCode
    begins: Span | None = None
    """How long after the first; none is with it."""


class GroupScenario(Behaviour):
    """The scenario of a group. Of a consignment that it does not name, every service answers what it is asked."""

    vigil: Literal["group-scenario/1"]
    group: Annotated[str, Field(max_length=200)] = "group.yaml"
    """The group's file, relative to this one."""
    consignments: Annotated[tuple[ConsignmentScenario, ...], Field(max_length=MOST_MEMBERS)] = ()

    def begins(self, operation: str) -> timedelta:
        """How long after the first this consignment begins."""
        return next((one.begins for one in self.consignments if one.operation == operation and one.begins), timedelta())

    def of(self, operation: str) -> Scenario:
        """The scenario of one consignment."""
        found = next((one for one in self.consignments if one.operation == operation), ScenarioCourse())
        alike = {name: getattr(self, name) for name in Behaviour.model_fields if name != "vigil"}
        return Scenario(vigil="scenario/1", **alike, acts=found.acts, expect=found.expect)


def base_name(checkpoint: str) -> str:
    """The name a scenario knows: `.1`, `.2` of unforeseen checkpoints left out, and what a conflict or divergence is about."""
    if checkpoint.startswith("divergence."):
        return "divergence"
    base, _, number = checkpoint.rpartition(".")
    return base if number.isdigit() or base == "conflict" else checkpoint


def faults_in(scenario: Scenario, plan: Plan) -> Iterator[Fault]:
    """What in the scenario can never come true with this plan, so that a slip of the pen is not taken for a quiet delivery."""
    plans = scenario.plans(plan)
    for number, act in enumerate(scenario.acts):
        place = f"acts.{number}"
        yield from _named(scenario, plan, place, act.service, act.at, "at", act.says)
        planned = [one for one in (known.find(act.at) for known in plans) if one is not None]
        asked = dict.fromkeys(service for one in planned for service in one.services())
        if planned and act.service in scenario.participants(plan) and act.service not in asked:
            words = {"service": act.service, "checkpoint": act.at, "asked": ", ".join(asked)}
            problem = fill("{service} is not asked at {checkpoint}; {asked} are", **words)
            yield Fault(place=f"{place}.service", problem=problem)
        if act.by is not None and act.by not in scenario.participants(plan):
            yield Fault(place=f"{place}.by", problem=fill(NO_PART, service=act.by, operation=plan.operation))
        for name in act.statement:
            if name not in OF_A_STATEMENT:
                may = ", ".join(OF_A_STATEMENT)
                problem = fill("an act sets no {name} of a statement; it may set {may}", name=name, may=may)
                yield Fault(place=f"{place}.statement.{name}", problem=problem)
        yield from _corrected(scenario, act, place)
    yield from unsayable(scenario)
    for number, pace in enumerate(scenario.paces):
        yield from _named(scenario, plan, f"paces.{number}", pace.service, None, "", None)
    for number, sight in enumerate(scenario.expect.trail if scenario.expect is not None else ()):
        says = sight.says if isinstance(sight, ExpectedStatement) else None
        place = f"expect.trail.{number}"
        yield from _named(scenario, plan, place, sight.service, sight.checkpoint, "checkpoint", says)
        sibling = sight.sibling if isinstance(sight, ExpectedEvent) else None
        if sibling is not None and (stranger := _no_sibling(plan, sibling)):
            yield Fault(place=f"{place}.sibling", problem=stranger)


def _no_sibling(plan: Plan, name: str) -> str:
    """Why nothing is ever heard of this one; empty for another consignment of the plan's group."""
    if plan.group is None:
        return fill("{operation} is of no group, so it hears of no other", operation=plan.operation)
    if name == plan.operation:
        return fill("{operation} hears of the others of its group, not of itself", operation=name)
    if name not in plan.group.members:
        others = ", ".join(plan.group.members)
        return fill("{operation} is no consignment of this group; it has {others}", operation=name, others=others)
    return ""


def unsayable(scenario: "ScenarioCourse") -> Iterator[Fault]:
    """What no statement can have, in what acts set of its content and of the rest of it, whatever the plan is."""
    for number, act in enumerate(scenario.acts):
        kind = BOOK.kinds.get(act.says or "")
        if kind is not None:
            yield from _formless(kind, {"kind": act.says} | act.details, f"acts.{number}.details")
            known = {name: value for name, value in act.statement.items() if name in OF_A_STATEMENT}
            yield from _formless(Statement, known, f"acts.{number}.statement")


def _formless(model: type[BaseModel], given: Mapping[str, Any], place: str) -> Iterator[Fault]:
    """What of these fields has not its form. The service sets the others by itself, so none of them is missing."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        for fault in faults_of(error):
            if fault.place.partition(".")[0] in given:
                yield Fault(place=f"{place}.{fault.place}", problem=fault.problem)


def _corrected(scenario: Scenario, act: Act, place: str) -> Iterator[Fault]:
    """An id stands once, and what an act corrects is what another act of this service has said under it."""
    known = [(other.service, other.statement.get("id")) for other in scenario.acts]
    if "id" in act.statement and [name for _, name in known].count(act.statement["id"]) > 1:
        problem = fill("{id} is the id of another act; give each its own", id=act.statement["id"])
        yield Fault(place=f"{place}.statement.id", problem=problem)
    of = act.details.get("of")
    if act.says == "correction" and (act.service, of) not in known:
        sentence = mark("no act of {service} sets statement.id to {of}, so there is nothing to correct")
        problem = fill(sentence, service=act.service, of=of)
        yield Fault(place=f"{place}.details.of", problem=problem)


def faults_in_group(scenario: GroupScenario, plans: Sequence[Plan]) -> Iterator[Fault]:
    """The same of the scenario of a group, each at its place there; of what is said for all, what comes true in none of them."""
    known = [plan.operation for plan in plans]
    for number, one in enumerate(scenario.consignments):
        place = f"consignments.{number}"
        if one.operation not in known:
            problem = fill(
                "{operation} is no consignment of this group; it has {others}", operation=one.operation, others=", ".join(known)
            )
            yield Fault(place=f"{place}.operation", problem=problem)
            continue
        if one.operation in [other.operation for other in scenario.consignments[:number]]:
            problem = fill("{operation} stands here twice; say all of it in one place", operation=one.operation)
            yield Fault(place=f"{place}.operation", problem=problem)
        alone = Scenario(vigil="scenario/1", pace=scenario.pace, acts=one.acts, expect=one.expect)
        for fault in faults_in(alone, plans[known.index(one.operation)]):
            yield Fault(place=f"{place}.{fault.place}", problem=fault.problem)
    everybody = dict.fromkeys(service for plan in plans for service in plan.everybody())
    for number, pace in enumerate(scenario.paces):
        if pace.service is not None and pace.service not in everybody:
            problem = fill("{service} has no part in any consignment of this group", service=pace.service)
            yield Fault(place=f"paces.{number}.service", problem=problem)


def _named(  # noqa: PLR0913, PLR0917 - a place and what stands there
    scenario: Scenario, plan: Plan, place: str, service: str | None, checkpoint: str | None, field: str, says: str | None
) -> Iterator[Fault]:
    if service is not None and service not in scenario.participants(plan):
        yield Fault(place=f"{place}.service", problem=fill(NO_PART, service=service, operation=plan.operation))
    if checkpoint is not None and not any(_may_open(one, base_name(checkpoint)) for one in scenario.plans(plan)):
        words = {"checkpoint": checkpoint, "operation": plan.operation}
        yield Fault(place=f"{place}.{field}", problem=fill("no checkpoint {checkpoint} can open in {operation}", **words))
    if says is not None and says not in KINDS:
        question = did_you_mean(says, KINDS) or fill("docs/statements.md has them all")
        yield Fault(place=f"{place}.says", problem=fill("{says} is no kind of statement; {what}", says=says, what=question))


UNFORESEEN = (
    "stop.interdiction",
    "stop.acknowledged",
    "split.parts",
    "hold",
    "balance",
    "detection",
    "exhibits",
    "deconfliction",
    "conflict",
    "divergence",
    "course",
)
"""What may open whatever the plan is."""


def _may_open(plan: Plan, name: str) -> bool:
    """Whether it is a checkpoint of the plan, or one that the unforeseen may open."""
    extension, decision = name.removeprefix("extension."), name.removesuffix(".decision")
    contingency, _, about = name.partition(".")
    duty = name.removeprefix("duty.").rpartition(".")[0] if name.startswith("duty.") else ""
    alone = plan.find(name.removeprefix("sibling.")) if name.startswith("sibling.") else None
    return (
        plan.find(name) is not None
        or name in UNFORESEEN
        or (plan.group is not None and name == "sibling.stop")
        or (alone is not None and bool(alone.wait_for))
        or duty in plan.deciding()
        or (contingency in ("sanction", "renewal") and about in plan.deciding())
        or (extension != name and any(extension in plan.authorities(state) for state in plan.asked_states()))
        or (decision != name and plan.find(decision) is not None)
        or (plan.surveillance is not None and name in ("sighting", "search"))
    )
