"""The plan of one controlled delivery: what travels, on which route, past which checkpoints, and who must say what where.

A plan is a flat table an officer can read: checkpoints in order, each of one *step*, and legs between them, each in
exactly one State under one responsible authority (R4). Checkpoints of the same step stand side by side: they open
together, and the delivery goes on when all of them are closed.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from domain.plan.cards import POSTAL, Case, Channel, GoodsClass, Measure, Modality, RuleCard, Stage
from domain.plan.goods import Amount, Check, Tolerances
from domain.plan.powers import WITH_PERMISSION
from domain.plan.quantity import Count, Mass, Unmeasured
from domain.plan.request import PlannedRequest
from domain.plan.selectors import Selector
from domain.plan.vocabulary import Digest, HandlingCode, Line, Need
from domain.signing.canonical import Frozen, digest
from domain.signing.envelope import Envelope, payload_of
from domain.words.errors import Malformed, faults_of
from domain.words.identifiers import (
    CheckpointId,
    ConsignmentIdentifier,
    OperationCode,
    ServiceId,
    Slug,
    State,
    UnLocode,
)
from domain.words.limits import (
    LONGEST_LINE,
    LONGEST_SOURCE,
    MOST_CALLS,
    MOST_DUTIES_OF_A_CARD,
    MOST_ESCORTS,
    MOST_EXTRADITING,
    MOST_IDENTIFIERS,
    MOST_LEGS,
    MOST_MEMBERS,
    MOST_MOMENTS,
    MOST_OFFENCES,
    MOST_OUTSIDE,
    MOST_REPLACED,
    MOST_RUNGS,
    MOST_SELECTORS,
    MOST_SERVICES,
    MOST_STATES,
    MOST_SUBSTANCES,
    MOST_TOLD_AT_END,
    MOST_WAITS,
)
from domain.words.moments import Moment, Offset
from domain.words.places import MaybeAt
from domain.words.quantities import Span
from domain.words.text import mark

Step = Literal["authorise", "prepare", "dispatch", "hand_over", "deliver", "muster", "arrest", "account", "close"]
TO_DEPART: tuple[Step, ...] = ("authorise", "prepare", "dispatch")
"""The steps until it departs, one after the other."""

STEP_NEEDS: dict[Step, tuple[Need, ...]] = {
    "authorise": ("authorisation", "agreement", "permission"),
    "prepare": ("prepared", "ready"),
    "dispatch": ("dispatched", "ready"),
    "hand_over": ("handover_offer", "handover_acceptance"),
    "deliver": ("delivered", "interdiction", "arrest", "ready"),
    "muster": ("ready",),
    "arrest": ("arrest",),
    "account": ("seizure",),
    "close": ("debrief", "costs", "jurisdiction", "examination", "disposal", "look_back"),
}
"""What the checkpoints of each step may ask."""

STAYING: tuple[Step, ...] = ("authorise", "prepare", "account")
"""What is done with a consignment that is held back."""

Used = Literal["opening", "following_person", "watching_thing", "device", "vehicle_entry", "audio_video"]
"""Measures that a plan says it takes. The others follow: `post` from how it goes, `foreign_officers` from who travels along. And
so do these, said or not: `opening` from a modality other than `intact`, `watching_thing` and `following_person` from a watch.
"""


MaybePost = Annotated[Line | None, Field(exclude_if=lambda post: post is None)]
"""A border or customs post by its name and the number that its State gives it."""


class Requirement(Frozen):
    """One service must say one thing."""

    service: ServiceId
    says: Need
    officers: Annotated[int, Field(ge=1, le=2)] = 1
    """2: two officers of the service must sign the same (R20)."""


class Rung(Frozen):
    """One step of a ladder: whom to tell, how long after opening, that an answer is still missing."""

    after: Span
    to: ServiceId
    may_answer: bool = False
    """Whether it may then answer in place of who does not: a backup, not only a superior."""


class Checkpoint(Frozen):
    """A point the delivery does not pass before the right services have said the right things."""

    id: CheckpointId
    requires: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=2 * MOST_SERVICES)]
    need: Literal["all"] | Annotated[int, Field(ge=1, le=MOST_SERVICES)] = "all"
    """How many *distinct services* must have said all that is asked of them."""
    due: Span
    """Time from opening until overdue; for a handover or delivery, beyond the leg's own duration."""
    remind: Annotated[tuple[Span, ...], Field(max_length=MOST_MOMENTS)] = ()
    """Moments after opening at which services that have not answered are reminded."""
    escalate: Annotated[tuple[Rung, ...], Field(max_length=MOST_RUNGS)] = ()
    """Who is told next, one after another, when reminding does not help: backup, contact point, central authority, centre."""
    overdue: Literal["hold", "interdict"] = "hold"
    """What overdue means. Never "go on": silence is not consent (R2)."""

    @cached_property
    def needs(self) -> Mapping[str, tuple[Need, ...]]:
        """What each service is asked to say here, in the plan's order."""
        needs: dict[str, tuple[Need, ...]] = {}
        for one in self.requires:
            needs[one.service] = (*needs.get(one.service, ()), one.says)
        return needs

    @cached_property
    def asked(self) -> Mapping[str, frozenset[tuple[str, Need]]]:
        """The same for each service, as pairs of it and what it is asked to say."""
        return {service: frozenset((service, need) for need in needs) for service, needs in self.needs.items()}

    def services(self) -> tuple[str, ...]:
        """The distinct services asked, in order."""
        return self._services

    @cached_property
    def _services(self) -> tuple[str, ...]:
        return tuple(self.needs)

    def needs_of(self, service: str) -> tuple[Need, ...]:
        """What this service is asked to say here."""
        return self.needs.get(service, ())

    def officers_for(self, service: str, need: Need) -> int:
        """How many officers of the service must say it (R20)."""
        return max(
            (one.officers for one in self.requires if (one.service, one.says) == (service, need)),
            default=1,
        )

    def authorities(self) -> tuple[str, ...]:
        """The services asked to authorise here."""
        return tuple(dict.fromkeys(one.service for one in self.requires if one.says == "authorisation"))

    def quorum(self) -> int:
        """How many distinct services must have answered: all that are asked, or as many as `need` says."""
        return len(self.needs) if self.need == "all" else self.need

    def one_closes(self) -> bool:
        """Whether the first act that is given there closes it: one is enough, of one officer, and nothing else is asked."""
        return self.quorum() == 1 and all(one.says == "authorisation" and one.officers == 1 for one in self.requires)


class Wait(Frozen):
    """A checkpoint of a sibling that must have been reached first (R31), and whose signed words prove that it has been."""

    delivery: OperationCode
    checkpoint: Slug
    requires: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=2 * MOST_SERVICES)]
    need: Literal["all"] | Annotated[int, Field(ge=1, le=MOST_SERVICES)] = "all"
    ended: Literal["decide", "go_on"] = "decide"
    """What it means that the sibling has ended without it: people decide, or it is waited for no more."""

    @cached_property
    def key(self) -> str:
        """What it is, in few letters: a delivery remembers what it has heard of."""
        return digest([self.delivery, self.checkpoint])[:12]


class PlannedCheckpoint(Checkpoint):
    """A checkpoint of the plan, with its step and place. Its id has no dots: those are kept for the unforeseen."""

    id: Slug
    step: Step
    state: State
    place: Line
    locode: UnLocode | None = None
    at: MaybeAt = None
    """Where that is on a map; no rule looks at it."""
    post: MaybePost = None
    """The border or customs post there, as its State names and numbers it: few have a UN/LOCODE."""
    planned_for: Annotated[Moment | None, Field(exclude_if=lambda moment: moment is None)] = None
    """When it is planned to leave, cross or arrive, by the clocks there; none: that is not known yet. Nothing is due by it."""
    zone: Annotated[Offset | None, Field(exclude_if=lambda zone: zone is None)] = None
    """By how much clocks there are ahead of UTC, for acts that are signed there."""
    after: Slug | None = None
    """Where arrests must not warn each other: this one opens only when that one has closed."""
    wait_for: Annotated[tuple[Wait, ...], Field(max_length=MOST_WAITS, exclude_if=lambda waits: not waits)] = ()
    """Checkpoints of siblings that must have been reached before this one opens (R31)."""
    waits: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """How long, once it is its turn, it waits for them; then it halts, unless those in charge have decided (R2)."""


PlaceOfCall = Literal["port", "airport", "station", "road", "sea", "air"]
"""Where a leg calls: at a harbour, an airport, a railway station, by the road; at sea; or in the air, without landing."""

NotTouched = Literal["stays_on_board", "passes_through", "high_seas"]
"""Why a State need not consent. `stays_on_board`: it is not unloaded where the carrier calls. `passes_through`: the carrier goes
through its territorial sea or its airspace and does not call (UNCLOS art. 27). `high_seas`: it is in no State.
"""

UNTOUCHED: Mapping[NotTouched, tuple[PlaceOfCall, ...]] = MappingProxyType(
    {"stays_on_board": ("port", "airport"), "passes_through": ("sea", "air"), "high_seas": ("sea", "air")}
)
"""Where each may be. By land nothing stays on board: who comes to a station or along a road has entered that State."""

BY_LAND: tuple[Channel, ...] = ("truck", "rail")
"""Channels that are never in the air. They may be on a ferry."""

IN_THE_AIR: tuple[PlaceOfCall, ...] = ("airport", "air")
"""Places where only what flies is."""


class Call(Frozen):
    """Where a leg calls on its way: a port, an airport, a meeting at sea. Its State is one on the route, and consents like any
    other, unless nothing of the consignment touches it.
    """

    kind: PlaceOfCall
    state: State | None = None
    """None: on the high seas, which are no State's."""
    place: Line
    locode: UnLocode | None = None
    post: MaybePost = None
    at: MaybeAt = None
    """Where that is on a map; no rule looks at it."""
    not_touched: NotTouched | None = None
    """Why that State is not touched, so that it need not consent."""


class Leg(Frozen):
    """The way between two checkpoints, in one State, under one responsible authority; with where it calls."""

    id: Slug
    state: State
    responsible: ServiceId
    """The authority that holds the right to interdict here; it must be of this State (R4)."""
    start: Slug
    end: Slug
    takes: Span
    means: Line
    accompanied_by: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_ESCORTS)] = ()
    """Officers of other States who travel with it (R16)."""
    calls: Annotated[tuple[Call, ...], Field(max_length=MOST_CALLS, exclude_if=lambda calls: not calls)] = ()
    """Where it calls on its way, in order."""
    checked_by: Annotated[tuple[Check, ...], Field(max_length=5, exclude_if=lambda checks: not checks)] = ()
    """How it is checked at the handover where this leg ends (R7); none: as the consignment says."""
    opened: Annotated[bool, Field(exclude_if=lambda opened: not opened)] = False
    """Whether it may be opened on this leg too, to take a sample out, which may need a permission of its own (R16)."""

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Its State, then those of its calls that are touched, each once."""
        touched = (one.state for one in self.calls if one.state is not None and one.not_touched is None)
        return tuple(dict.fromkeys((self.state, *touched)))


class Consignment(Frozen):
    """What travels."""

    kind: Channel
    goods: Annotated[tuple[GoodsClass, ...], Field(min_length=1, max_length=8)]
    """What it is, as laws and treaties tell it apart."""
    identifiers: Annotated[tuple[ConsignmentIdentifier, ...], Field(min_length=1, max_length=MOST_IDENTIFIERS)]
    declared_as: Line
    contents: Annotated[tuple[Amount, ...], Field(min_length=1, max_length=MOST_SUBSTANCES)]
    """What it holds, as far as that is known when the plan is written."""
    gross: Mass
    """Gross weight at detection."""
    packages: Count | None = None
    """How many packages it has, where they are counted."""
    checked_by: Annotated[tuple[Check, ...], Field(max_length=5)] = ("weight", "seals")
    """What every check of it compares (R7)."""
    not_weighed: Unmeasured | None = None
    """Where weight is not among these: why, and who allowed it."""
    imported: Annotated[bool, Field(exclude_if=lambda imported: not imported)] = False
    """It came from abroad into the State where its way begins, and is under the control of the customs there."""


class Offence(Frozen):
    """What is being investigated, and whether it is extraditable in each State (ETS 182 art. 18)."""

    description: Line
    extraditable: Annotated[dict[State, bool], Field(min_length=1, max_length=MOST_EXTRADITING)]
    articles: Annotated[
        dict[State, Annotated[tuple[Line, ...], Field(min_length=1, max_length=MOST_OFFENCES)]],
        Field(default_factory=dict, max_length=MOST_EXTRADITING),
    ]
    """Its qualification in each State, as the law there names its articles."""
    stage: Stage = "operational"
    """Whether a criminal case has been opened where it begins."""


class Replaced(Frozen):
    """A participant that another has taken the place of: what it says from then on does not count."""

    service: ServiceId
    by: ServiceId
    reason: Line


NotAsked = Literal["own_case", "legal_assistance", "exhibits_sent"]
"""Why a State that is not on the route need not consent. `own_case`: its services act in a case of their own. `legal_assistance`:
they act on a request for legal assistance or extradition, which is decided on apart. `exhibits_sent`: what was seized elsewhere
is sent there, and counted, weighed or examined.
"""

WITHOUT_CONSENT: Mapping[NotAsked, tuple[Step, ...]] = MappingProxyType(
    {
        "own_case": ("muster", "arrest", "account"),
        "legal_assistance": ("muster", "arrest", "account", "close"),
        "exhibits_sent": ("account", "close"),
    }
)
"""What may be done there for each of these reasons."""


class Outside(Frozen):
    """A State through which the consignment does not go, and in which somebody is arrested, or something weighed or examined, or
    of which a service is asked to be ready.
    """

    state: State
    why: NotAsked
    """Why it need not consent."""
    note: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """What else is to be said of that."""


class ToldAtEnd(Frozen):
    """A service that takes no part while the delivery runs, and is told of it once it has its outcome."""

    service: ServiceId
    reason: Line
    """Why it is told: it went through that State before it was found, and the like."""


class Contingencies(Frozen):
    """How long the answers to the unforeseen may take: the usual times, where a plan does not say."""

    decision: Span = timedelta(hours=12)
    """For the fresh decision after a seal or weight did not fit (R7); then the delivery is interdicted."""
    acknowledge_stop: Span = timedelta(hours=12)
    """For each participant to acknowledge a stop (R8); then its silence is recorded."""
    remind_every: Span = timedelta(hours=1)
    """Between reminders to an authority that must interdict (R8); they become rare, and end (`domain.words.limits`)."""
    extension: Span = timedelta(hours=12)
    """For an authority to extend a consent that would not outlast the way through its State (R5)."""


class Surveillance(Frozen):
    """How closely the consignment is watched while it is on its way (R9)."""

    check_in: Span
    """Longest time without a sighting by the responsible authority; then it is asked where the consignment is."""
    answer: Span
    """For the answer; then surveillance counts as lost, and every participant is alarmed."""
    search: Span
    """For the search; then the delivery halts as lost."""
    degraded: Span | None = None
    """The longest time without a sighting once a device has failed; none: as before."""


class Group(Frozen):
    """The operation of several consignments that this is one of. Each is a delivery with a plan of its own."""

    code: OperationCode
    members: Annotated[tuple[OperationCode, ...], Field(min_length=2, max_length=MOST_MEMBERS)]
    on_stop: Literal["decide", "stop"] = "decide"
    """What follows here when a sibling has been stopped: those in charge decide, or this one stops too."""
    digest: Digest
    """The root of the tree (RFC 6962) whose leaves are the plans of all members, in their order: who signs it signs them all."""
    proof: Annotated[tuple[Digest, ...], Field(max_length=5)] = ()
    """That this plan is among them."""


class Plan(Frozen):
    """The whole plan. Times are spans, counted from when things happen."""

    vigil: Literal["plan/1"]
    operation: OperationCode
    """Code name; it becomes the delivery's id and is never secret. No names, places or goods in it."""
    title: Line
    example: bool = False
    source: Annotated[str, Field(max_length=LONGEST_SOURCE)] = ""
    handling_code: HandlingCode
    """The code of the plan, and of every statement that has none of its own."""
    offence: Offence
    initiator: ServiceId
    co_initiator: Annotated[ServiceId | None, Field(exclude_if=lambda service: service is None)] = None
    """The other service of a joint plan: it signs the plan too, and each change of it."""
    coordinator: ServiceId | None = None
    found_by: Annotated[ServiceId | None, Field(exclude_if=lambda service: service is None)] = None
    """Who found it and holds it first, where that is another than who is responsible for the first leg (R30)."""
    request: PlannedRequest
    """What every State on the way is asked to decide on, beside what stands elsewhere in the plan (R1)."""
    modality: Modality
    uses: Annotated[tuple[Used, ...], Field(max_length=6)] = ()
    """What it does on the way that may need a permission of its own (R16), beside what follows from how it travels."""
    answers_for_law: Annotated[dict[State, ServiceId], Field(default_factory=dict, max_length=MOST_STATES)]
    """Who answers for what the card of a State does not know: one of those that are asked to authorise there (R1)."""
    duty_times: Annotated[
        dict[State, Annotated[dict[Slug, Span], Field(min_length=1, max_length=MOST_DUTIES_OF_A_CARD)]],
        Field(default_factory=dict, max_length=MOST_STATES, exclude_if=lambda times: not times),
    ]
    """Within what time a duty is done for which the law of a State gives none, by its `id`, from its event on (R16)."""
    reverse: bool = False
    """It travels back to its sender, under watch."""
    consignment: Consignment
    tolerances: Tolerances = Tolerances(net={})
    """By how much masses may differ (R3, R7, R10)."""
    margin: Span = timedelta(hours=24)
    """By how much an authorisation must outlast the planned passage through its State (R1, R5)."""
    expiry_warnings: Annotated[tuple[Span, ...], Field(max_length=MOST_MOMENTS)] = (
        timedelta(hours=48),
        timedelta(hours=12),
        timedelta(hours=2),
    )
    """Lead times at which an authorisation about to expire is warned of (R5)."""
    checkpoints: Annotated[tuple[PlannedCheckpoint, ...], Field(min_length=1, max_length=MOST_SERVICES)]
    legs: Annotated[tuple[Leg, ...], Field(min_length=1, max_length=MOST_LEGS)]
    outside: Annotated[tuple[Outside, ...], Field(max_length=MOST_OUTSIDE, exclude_if=lambda states: not states)] = ()
    """States that have a part and are not on the route."""
    custody_passes: Annotated[Literal["entry", "signature"], Field(exclude_if=lambda moment: moment == "entry")] = "entry"
    """When responsibility passes at a handover, as acts on paper say it: with the entry of the acceptance, or when they are
    signed. What the rules do rests on the entry either way (R6).
    """
    contingencies: Contingencies = Contingencies()
    surveillance: Surveillance | None = None
    """None: no check-ins are asked for."""
    afterwards: Annotated[Span | None, Field(exclude_if=lambda span: span is None)] = None
    """For how long after its outcome it stays open, while something is held of which it is not said what became of it (R30); and
    how long a State has to answer whether it takes over proceedings (R29). None: it ends once nothing is open.
    """
    told_at_end: Annotated[tuple[ToldAtEnd, ...], Field(max_length=MOST_TOLD_AT_END, exclude_if=lambda told: not told)] = ()
    """Services that learn of it only when it has its outcome."""
    replaced: Annotated[tuple[Replaced, ...], Field(max_length=MOST_REPLACED)] = ()
    """Participants replaced under way (R22)."""
    group: Group | None = None
    """The operation of several consignments that this is one of (R31)."""
    held_back: Annotated[bool, Field(exclude_if=lambda held: not held)] = False
    """It never departs: it is kept as evidence, while others of its group travel on (R31)."""
    parent: OperationCode | None = None
    """The delivery that was split, of which this is a part."""
    selectors: Annotated[tuple[Selector, ...], Field(max_length=MOST_SELECTORS)] = ()
    """Persons, telephones, plates and addresses it touches, as hashes, for deconfliction (R15)."""

    @property
    def number(self) -> int:
        """Which one of its group this is, counted from 1; 0 where it is of none."""
        members = self.group.members if self.group is not None else ()
        return members.index(self.operation) + 1 if self.operation in members else 0

    @cached_property
    def _by_step(self) -> Mapping[Step, tuple[PlannedCheckpoint, ...]]:
        return {step: tuple(one for one in self.checkpoints if one.step == step) for step in STEP_NEEDS}

    @cached_property
    def _by_id(self) -> Mapping[str, PlannedCheckpoint]:
        return {one.id: one for one in reversed(self.checkpoints)}

    def at(self, step: Step) -> tuple[PlannedCheckpoint, ...]:
        """The checkpoints of a step, in the plan's order."""
        return self._by_step[step]

    @cached_property
    def _ids_by_step(self) -> Mapping[Step, tuple[str, ...]]:
        return {step: tuple(one.id for one in planned if self.takes_place(one)) for step, planned in self._by_step.items()}

    def ids_at(self, step: Step) -> tuple[str, ...]:
        """The ids of those that take place."""
        return self._ids_by_step[step]

    def takes_place(self, checkpoint: PlannedCheckpoint) -> bool:
        """Whether a checkpoint may ever open: all do. Of what is `held_back`, those of the steps `authorise`, `prepare` and
        `account` in the State of the first leg alone.
        """
        return not self.held_back or (checkpoint.step in STAYING and checkpoint.state == self.legs[0].state)

    def due_after(self, checkpoint: PlannedCheckpoint) -> timedelta:
        """How long after opening a checkpoint is due: its `due`, and what each leg that ends there `takes`."""
        return sum((leg.takes for leg in self.legs if leg.end == checkpoint.id), start=checkpoint.due)

    def find(self, checkpoint: str) -> PlannedCheckpoint | None:
        """The checkpoint of this id, or none."""
        return self._by_id.get(checkpoint)

    def ends_with_a_seizure(self) -> bool:
        """Whether it is not delivered but seized at the end of its way, as planned: a checkpoint of step `deliver` asks for
        `interdiction`.
        """
        return any(one.says == "interdiction" for at in self.at("deliver") for one in at.requires)

    @cached_property
    def _states(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state for leg in self.legs for state in leg.states))

    def states(self) -> tuple[str, ...]:
        """The States on the route, in the order of the legs, transit included: the `states` of each, which are its own, and then
        those of its `calls`, but for what is `not_touched`. Each once.
        """
        return self._states

    @cached_property
    def _asked_states(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.states(), *(one.state for one in self.at("authorise")))))

    def asked_states(self) -> tuple[str, ...]:
        """The States that are asked to decide: those on the route, then where else a checkpoint of step `authorise` is. Each
        once.
        """
        return self._asked_states

    def has_part(self, state: str) -> bool:
        """Whether a State is on the route, somebody is asked to authorise there, or the plan says in `outside` why not."""
        return state in self.states() or bool(self.authorities(state)) or any(one.state == state for one in self.outside)

    def authorities(self, state: str) -> tuple[str, ...]:
        """The services asked for `authorisation` at checkpoints of step `authorise` in a State, of one that has been `replaced`
        its successor. Each once.
        """
        found = (one.authorities() for one in self.at("authorise") if one.state == state)
        return tuple(dict.fromkeys(self.successor_of(service) for services in found for service in services))

    def checked_at(self, checkpoint: str | None) -> tuple[Check, ...]:
        """How it is checked there: by the `checked_by` of the leg that ends there, or else by that of the consignment."""
        own = next((leg.checked_by for leg in self.legs if leg.end == checkpoint), ())
        return own or self.consignment.checked_by

    def may_allow(self, service: str, state: str) -> bool:
        """Whether it may allow that something is not measured there (R7): it is asked for `authorisation` in that State, also
        where it has been `replaced` since, or is the successor of one that is.
        """
        asked = (service in one.authorities() for one in self.at("authorise") if one.state == state)
        return service in self.authorities(state) or any(asked)

    @cached_property
    def case(self) -> Case:
        """What kind of delivery it is, for the law of each State."""
        way = (*(state for leg in self.legs for state in leg.states), self.legs[-1].state)
        goods = self.consignment
        return Case(channel=goods.kind, goods=goods.goods, stage=self.offence.stage, way=way, imported=goods.imported)

    def measures(self, state: str) -> tuple[Measure, ...]:
        """What it does in a State beside letting the consignment go on: `post`, where it is of kind `mail` or `express`;
        `opening`, where it has a checkpoint of step `prepare` and the plan `uses` it or has another modality than `intact`, or
        where it may be `opened` on a leg there; `watching_thing`, on the whole route, where it is `watched`, and then
        `following_person` too where it is of kind `passenger`; `foreign_officers`, where a leg there is `accompanied_by`
        somebody; and whatever else it `uses`, everywhere. In the order of what follows here. In a State that is not on the route
        only what it does to persons: `following_person` and `audio_video`, where the plan `uses` them.
        """
        return self.once(Plan._measures, state)

    def _measures(self, state: str) -> tuple[Measure, ...]:
        passes = state in self.states()
        watched = passes and self.watched
        opened = "opening" in self.uses or self.modality != "intact"
        here: dict[Measure, bool] = {
            "post": passes and self.consignment.kind in POSTAL,
            "opening": (opened and any(one.state == state for one in self.at("prepare")))
            or any(leg.opened and leg.state == state for leg in self.legs),
            "following_person": "following_person" in self.uses or (watched and self.consignment.kind == "passenger"),
            "watching_thing": watched or (passes and "watching_thing" in self.uses),
            "device": passes and "device" in self.uses,
            "vehicle_entry": passes and "vehicle_entry" in self.uses,
            "audio_video": "audio_video" in self.uses,
            "foreign_officers": any(leg.accompanied_by for leg in self.legs if state in leg.states),
        }
        return tuple(one for one, done in here.items() if done)

    @property
    def watched(self) -> bool:
        """Whether it is watched on its way: `surveillance` asks for check-ins, or `sight` is among what some check goes by."""
        by = (self.consignment.checked_by, *(leg.checked_by for leg in self.legs))
        return self.surveillance is not None or any("sight" in one for one in by)

    def permissions(self, card: RuleCard) -> tuple[Measure, ...]:
        """What of it an act must permit in the State of this card (R16): each of the `measures` there for which the card says so,
        or of which it says nothing; and whatever the card says, `foreign_officers` where one of them is asked there for
        `prepared`, `dispatched` or `delivered` (R29).
        """
        acting = ("foreign_officers",) if self._acted_for_by_guests(card.state) else ()
        return tuple(one for one in self.measures(card.state) if one in acting or card.wants_permitted(one, self.case))

    def asks_permission(self, state: str) -> bool:
        """Whether some service is asked for `permission` in this State."""
        return any(one.says == "permission" for at in self.at("authorise") if at.state == state for one in at.requires)

    def accompanies(self, service: str, state: str) -> bool:
        """Whether its officers travel with a leg that has this State among its `states`."""
        return any(service in leg.accompanied_by for leg in self.legs if state in leg.states)

    def _acted_for_by_guests(self, state: str) -> bool:
        """Whether some checkpoint in this State asks those who travel along to do there what their State has no power to."""
        return self.once(Plan._asks_guests, state)

    def _asks_guests(self, state: str) -> bool:
        asked = ((one.service, one.says) for at in self.checkpoints if at.state == state for one in at.requires)
        return any(says in WITH_PERMISSION and self.accompanies(service, state) for service, says in asked)

    def participants(self) -> tuple[str, ...]:
        """Every service that has a part, each once: the `initiators`; checkpoint by checkpoint those that are asked, then those
        on its ladder; leg by leg who is responsible and who travels with it; the coordinator; the `finder`; who has taken the
        place of one that was `replaced`. Not those that have been `replaced`, or are `told_at_end`.
        """
        return self._participants

    def successor_of(self, service: str) -> str:
        """Who does now what this service did: whoever has `replaced` it, from one to the next in the order of that list; itself
        where nobody has.
        """
        return self.line_of(service)[-1]

    def line_of(self, service: str) -> tuple[str, ...]:
        """This service, then whoever has `replaced` it, from one to the next in the order of that list."""
        line = [service]
        for one in self.replaced:
            if one.service == line[-1]:
                line.append(one.by)
        return tuple(line)

    def stands_for(self, service: str) -> tuple[str, ...]:
        """This service, then those whose successor it is, each once."""
        gone = (one.service for one in self.replaced if self.successor_of(one.service) == service)
        return tuple(dict.fromkeys((service, *gone)))

    @cached_property
    def _participants(self) -> tuple[str, ...]:
        def mentioned() -> Iterator[str]:
            yield from self.initiators()
            for checkpoint in self.checkpoints:
                yield from checkpoint.services()
                for rung in checkpoint.escalate:
                    yield rung.to
            for leg in self.legs:
                yield leg.responsible
                yield from leg.accompanied_by
            if self.coordinator is not None:
                yield self.coordinator
            yield self.finder
            for one in self.replaced:
                yield one.by

        gone = [*(one.service for one in self.replaced), *(one.service for one in self.told_at_end)]
        return tuple(service for service in dict.fromkeys(mentioned()) if service not in gone)

    def initiators(self) -> tuple[str, ...]:
        """Who has signed it: the initiator, and the `co_initiator` where there is one."""
        return (self.initiator,) if self.co_initiator is None else (self.initiator, self.co_initiator)

    @property
    def finder(self) -> str:
        """Who reports what was found, and holds it then: `found_by`, or else who is responsible for the first leg (R30)."""
        return self.found_by or self.legs[0].responsible

    @cached_property
    def _deciding(self) -> tuple[str, ...]:
        asked = [one.service for at in self.at("authorise") for one in at.requires]
        return tuple(dict.fromkeys((*asked, *map(self.successor_of, asked))))

    def deciding(self) -> tuple[str, ...]:
        """The services asked for `authorisation`, `agreement` or `permission` at checkpoints of step `authorise`, then the
        successors of those that have been replaced. Each once.
        """
        return self._deciding

    @cached_property
    def _stood_in_for(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for at in self.at("authorise"):
            for rung in at.escalate:
                if rung.may_answer:
                    found.setdefault(rung.to, {}).update(dict.fromkeys(at.services()))
        return {service: tuple(asked) for service, asked in found.items()}

    def stood_in_for(self, service: str) -> tuple[str, ...]:
        """The services that are asked at checkpoints of step `authorise` whose ladder lets this one answer there
        (`may_answer`). Each once.
        """
        return self._stood_in_for.get(service, ())

    @cached_property
    def _carrying_out(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.initiators(), *(leg.responsible for leg in self.legs))))

    def carrying_out(self) -> tuple[str, ...]:
        """The `initiators`, and who is responsible for a leg. Each once."""
        return self._carrying_out

    def everybody(self) -> tuple[str, ...]:
        """The `participants`, then those that are `told_at_end`."""
        return (*self.participants(), *(one.service for one in self.told_at_end))

    def vouching(self) -> tuple[str, ...]:
        """Services of siblings whose signed words this delivery waits for, each once: it must know their keys."""
        asked = (one.service for at in self.checkpoints for wait in at.wait_for for one in wait.requires)
        return tuple(dict.fromkeys(asked))

    def beside(self) -> tuple[str, ...]:
        """Services whose keys it must know though they take no part while it goes on, each once: those that are `told_at_end`,
        and those that are `vouching`.
        """
        part = self.participants()
        told = (one.service for one in self.told_at_end)
        return tuple(service for service in dict.fromkeys((*told, *self.vouching())) if service not in part)

    def speakers(self) -> tuple[str, ...]:
        """The `initiators`, every service that is asked or responsible, the `finder`, who may answer for one that is asked
        (`may_answer`), and the successors of those that have been replaced. Each once.
        """
        return self._speakers

    @cached_property
    def _speakers(self) -> tuple[str, ...]:
        asked = (service for checkpoint in self.checkpoints for service in checkpoint.services())
        found = (*self.initiators(), *asked, *(leg.responsible for leg in self.legs), self.finder, *self._stood_in_for)
        return tuple(dict.fromkeys((*found, *map(self.successor_of, found))))

    def leg_to(self, checkpoint: str) -> int | None:
        """The number of the leg that ends there, or none."""
        return next((number for number, leg in enumerate(self.legs) if leg.end == checkpoint), None)

    def time_of(self, checkpoint: PlannedCheckpoint) -> timedelta:
        """How long a checkpoint may take from its turn on: until it is due, and before that for what it `waits`, and for who then
        decides that it goes on without (R31).
        """
        waits = timedelta() if checkpoint.waits is None else checkpoint.waits + self.contingencies.decision
        return waits + self.due_after(checkpoint)

    def time_to_depart(self) -> timedelta:
        """How long it may take until it departs: of each step before that the longest `time_of` a checkpoint, one after the
        other. Of what is `held_back`, until it is prepared.
        """
        steps = (filter(self.takes_place, self.at(step)) for step in TO_DEPART)
        return sum((max(map(self.time_of, step), default=timedelta()) for step in steps), timedelta())

    def asking(self, state: str) -> list[PlannedCheckpoint]:
        """The checkpoints of step `authorise` that ask for an authorisation in a State, in order."""
        return [one for one in self.at("authorise") if one.state == state and one.authorities()]

    def time_to_end(self, state: str, leg: int = 0) -> timedelta:
        """How long a State's authorisation is needed from the start of a leg: its `time_to_leave`; of what is `held_back`, until
        it is accounted for.
        """
        if not self.held_back:
            return self.time_to_leave(state, leg)
        return max((one.due for one in self.at("account") if self.takes_place(one)), default=timedelta())

    def spare(self) -> timedelta:
        """How much longer than to the end of its way an authorisation must last: the margin, and at least what is `unused`."""
        return max(self.margin, self.unused())

    def asked_beyond(self) -> timedelta:
        """How much longer than to the end of its way it is asked to last: the margin and the time to extend it (R5), and at least
        what is `unused`.
        """
        return max(self.margin + self.contingencies.extension, self.unused())

    def unused(self) -> timedelta:
        """How long before its end an authorisation that nobody may extend halts the delivery (R5): by the last warning, or by the
        silence of who is asked to extend it since the first, whichever comes sooner.
        """
        leads = sorted(self.expiry_warnings)
        if len(leads) < 2:
            return sum(leads, timedelta())
        return max(leads[0], leads[-1] - self.contingencies.extension)

    def time_to_leave(self, state: str, leg: int = 0) -> timedelta:
        """How long it may take from the start of a leg until the planned exit from a State: the `due_after` of the checkpoints at
        the ends of all legs from that one to the last in that State, or that calls there.
        """
        last = max(index for index, known in enumerate(self.legs) if state in known.states)
        ends = [self.find(known.end) for known in self.legs[leg : last + 1]]
        return sum((self.due_after(end) for end in ends if end is not None), start=timedelta())


def read_plan(envelope: Envelope) -> Plan:
    """The plan inside an envelope, unverified. Raises `Malformed` with every fault."""
    return _read(envelope.payload)


@lru_cache(maxsize=64)
def _read(payload: str) -> Plan:
    try:
        return Plan.model_validate_json(payload_of(payload), strict=True)
    except ValidationError as error:
        message = mark("not a plan")
        raise Malformed(message, faults_of(error)) from error
