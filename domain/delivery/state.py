"""The state of one delivery: all that has come of what its ledger records. Events and statements change it, nothing else does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, ClassVar, TypeVar

from pydantic import ConfigDict, Field

from domain.delivery.custody import Custody, Discrepancy
from domain.delivery.grants import Agreed, Grant, Permit
from domain.delivery.known import Known, KnownStatements
from domain.delivery.memory import (
    Cooperating,
    Correctable,
    Delegation,
    Detection,
    Disclosure,
    Diverging,
    Early,
    EndedPart,
    Exhibit,
    Gap,
    OnHold,
    Owed,
    PreparedGoods,
    Recorder,
    Recovered,
    RegisterState,
    Secured,
    Siblings,
    Sighting,
    Spent,
    SplitPart,
    TakenLot,
    Transfer,
    Understanding,
)
from domain.delivery.persons import Arrested, Arrestee, each_person
from domain.delivery.progress import First, Progress
from domain.delivery.verdicts import Cause, Finding, Halt
from domain.delivery.vocabulary import NoticeKind, Outcome, Result
from domain.delivery.watching import InCharge, Relief, Watched
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Leg, Plan, Step, Surveillance, Wait
from domain.signing.canonical import HELD_ONCE
from domain.words.limits import MOST_STRETCHES

T = TypeVar("T")
OfReaders = Annotated[T, Field(exclude=True)]
"""What does not go from run to run with the rest of the state."""


@dataclass
class State:
    """All that the entries of a ledger add up to."""

    __pydantic_config__: ClassVar = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    plan: Plan
    """The plan in force."""
    directory: Annotated[Directory, HELD_ONCE]
    """The services known now, with their keys."""
    cards: dict[str, Annotated[RuleCard, HELD_ONCE]]
    """The rule cards known now, by State."""
    now: datetime
    """When the newest entry was recorded; time never runs back."""
    began: datetime
    """When the first was."""
    statements: OfReaders[KnownStatements] = field(default_factory=KnownStatements)
    """Every statement that has been recorded, whatever became of it: its id and fingerprint, its service, and its entry (R18)."""

    plans: list[tuple[int, str]] = field(default_factory=list)
    """Each plan that has been in force: the entry from which on, and the SHA-256 of its payload."""
    spent: dict[str, Spent] = field(default_factory=dict)
    """By service: what each has said, of those that are asked since the plan last asked others."""
    said_before: Annotated[Spent, Field(exclude_if=lambda before: before == Spent())] = field(default_factory=Spent)
    """What all that were asked have said before that."""
    rekeyed: dict[str, int] = field(default_factory=dict)
    """By service: how often it has changed keys (R24)."""
    behind: dict[str, int] | None = None
    """While the archive is behind: how many brakes, and changes of keys, of each service have been taken since (R28)."""
    branch: int = 0
    """Of this history in the archive: one more than that of which it was found that it is another."""
    divergence: Diverging | None = None
    """While people have still to decide how to go on after that."""
    hold: OnHold | None = None
    """While it is not decided what becomes of a hold; the first one stands (R8)."""
    went_on: int = 0
    """How often it was decided to go on after something did not fit (R7)."""
    counted: dict[str, Correctable] = field(default_factory=dict)
    """Statements that can be corrected, by id (R18)."""
    firsts: dict[str, First] = field(default_factory=dict)
    """By the id it corrects: what a first officer says where two must correct the same (R20)."""
    early: dict[str, Early] = field(default_factory=dict)
    """By id: statements that wait for their time, in the order in which they came."""
    progress: dict[str, Progress] = field(default_factory=dict)
    """Every checkpoint of the plan that has opened, and of others those that are open. Of what has closed only that is left."""
    past: OfReaders[dict[str, Progress]] = field(default_factory=dict, compare=False)
    """Those that have closed, with all that was answered there. For who reads a whole ledger: no rule asks for it."""
    opened: dict[str, int] = field(default_factory=dict)
    """How often each contingency has opened about each key, by `contingency/key`."""
    owed: list[Owed] = field(default_factory=list)
    """Notices that services have still to be told, the oldest first."""
    grants: dict[str, Grant] = field(default_factory=dict)
    """By service: what it has authorised, in the order in which each first did."""
    superseded: dict[str, Grant] = field(default_factory=dict)
    """By service: what the act of its successor has come in the place of, and about which a duty was asked for. That is owed
    still; else it counts for nothing, and binds nobody.
    """
    agreed: dict[str, Agreed] = field(default_factory=dict)
    """By service: its agreement, where it was given before it was written."""
    permits: dict[str, tuple[Permit, ...]] = field(default_factory=dict)
    """By State: what it has permitted, in the order in which it did."""
    delegations: dict[str, Delegation] = field(default_factory=dict)
    """By whom: the last delegation of what it is asked to say."""
    disclosures: OfReaders[list[Disclosure]] = field(default_factory=list, compare=False)
    """What providers have permitted to go further (R23). For who reads a whole ledger: no verdict and no decision asks for it."""
    detected: Detection | None = None
    """Who reported what was found, and holds it; none until somebody has (R30)."""
    exhibits: dict[str, Exhibit] = field(default_factory=dict)
    """By label: what was handed on, examined or disposed of since it became an exhibit (R30); see `domain.delivery.holdings`."""
    disposed_at: datetime | None = None
    """When it was last said what became of exhibits (R30)."""
    goods: PreparedGoods | None = None
    """What was done to the consignment; none until it has been prepared."""
    taken_out: dict[str, TakenLot] = field(default_factory=dict)
    """By label: what was taken out on its way."""
    seizures: dict[str, Recovered] = field(default_factory=dict)
    """By statement id, as last corrected."""
    interdicted: Secured | None = None
    """What was seized by the responsible authority; as last corrected."""
    parts: tuple[SplitPart, ...] = ()
    """What it has split into."""
    ended_parts: tuple[EndedPart, ...] = ()
    """How each of them ended."""
    custody: Custody | None = None
    """What it weighed and bore at the last check that held (R7); none until it has been prepared."""
    discrepancy: Discrepancy | None = None
    """What did not fit and waits for a decision (R7)."""
    siblings: Siblings = field(default_factory=Siblings)
    """What has been heard of the others of its group (R31)."""
    register: RegisterState = field(default_factory=RegisterState)
    """What the register of live operations has answered (R15)."""
    released: bool = False
    """Whether it no longer counts as live in the register."""
    cleared: int = -1
    """The last leg the rules have allowed to begin."""
    leg: int | None = None
    """The leg it is on; none before dispatch."""
    moves: list[int] = field(default_factory=list)
    """Number of the first entry recorded on each leg."""
    charges: list[InCharge] = field(default_factory=list)
    """Who has been responsible on which leg, from when until when, the first one first (R4)."""
    delivered: bool = False
    """It has reached its recipient, or the point at which it was to be seized: the way is over."""
    arrests: dict[str, Arrested] = field(default_factory=dict)
    """Persons arrested, by statement id, as last corrected."""
    freed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the statement that says that they were arrested: codes of the persons who were released again."""
    understandings: OfReaders[dict[str, Understanding]] = field(default_factory=dict, compare=False)
    """By service: who prosecutes whom, as it said last. For who reads a whole ledger: no rule asks for it."""
    transfers: dict[str, Transfer] = field(default_factory=dict)
    """Requests to take over proceedings, by statement id."""
    cooperating: tuple[Cooperating, ...] = ()
    """Persons who cooperate now."""
    recorders: dict[str, Recorder] = field(default_factory=dict)
    """By label: recorders that were handed out, with who carries each; an exhibit each (R30)."""
    secured: bool = False
    """Seized by the responsible authority."""
    unasked: bool = False
    """Seized of its own accord, and not because a halt had it asked to."""
    destroyed: bool = False
    """It no longer exists."""
    last_sighting: Sighting | None = None
    """Where it was last seen; nothing is decided by it."""
    last_contact: datetime | None = None
    """When the last statement was recorded that had it in hand or in sight."""
    closer: Surveillance | None = None
    """How closely it is watched until the States have consented to a looser watch (R22); none: no change has loosened it."""
    newly_watched: bool = False
    """A change of plan, to which States have still to consent, has it watched, and it was not before (R22)."""
    gap: Gap | None = None
    """The interval out of sight that has not ended."""
    gaps: int = 0
    """How many intervals out of sight have ended."""
    logged: int = 0
    """Of how many intervals somebody has said that they watched it."""
    reliefs: dict[str, dict[str, Relief]] = field(default_factory=dict)
    """By service and team: until when each team watched, by the log, and whom it handed over to."""
    watch_log: OfReaders[list[Watched]] = field(default_factory=list, compare=False)
    """In which intervals somebody watched it. For who reads a whole ledger: no rule asks for it."""
    failed_devices: tuple[str, ...] = ()
    """Labels of devices that no longer work."""
    lost: bool = False
    """Given up as lost, by an act of loss."""
    explained: bool = False
    """Whether why the mass balance does not close has been explained (R10)."""
    weighed: int = 0
    """The newest entry after which something may not close: who explained before has not explained that."""
    halt: Halt | None = None
    """Why nothing advances any more (R8); none while nothing has stopped it."""
    outcome: Outcome | None = None
    """How it ended (R12)."""
    outcome_at: datetime | None = None
    """When it had its outcome."""
    because: Finding | None = None
    """Why it is this outcome."""
    ended: bool = False
    """Nothing more is decided."""

    # What is asked of it

    @property
    def here(self) -> Leg:
        """The leg it is on, or the first before it has left."""
        return self.plan.legs[self.leg or 0]

    @property
    def responsible(self) -> str:
        """The one authority responsible at this instant (R4): the one of the leg it is on, or of the first before it has left."""
        return self.here.responsible

    @property
    def dispatched(self) -> bool:
        """Whether it has left."""
        return self.leg is not None

    @property
    def under_way(self) -> bool:
        """Whether the ordinary course goes on: it has neither halted nor split, and has no outcome."""
        return self.halt is None and not self.parts and self.outcome is None

    @property
    def advances(self) -> bool:
        """Whether what comes next may begin: it is under way and not held (R8), and no divergence waits for people to
        decide (R18).
        """
        return self.under_way and self.hold is None and self.divergence is None

    @property
    def watched(self) -> bool:
        """Whether it is on its way and must be kept in sight (R9): it has left, is not delivered, and is under way."""
        return self.dispatched and not self.delivered and self.under_way

    @property
    def watch(self) -> Surveillance | None:
        """How closely it is watched (R9): as the plan has it; while a change has loosened that and `authorise` has not `passed`,
        as `closer` has it.
        """
        return self.plan.surveillance if self.closer is None or self.passed("authorise") else self.closer

    @property
    def participants(self) -> tuple[str, ...]:
        """The plan's `participants`; once it has its outcome, the plan's `everybody`."""
        return self.plan.participants() if self.outcome is None else self.plan.everybody()

    @property
    def arrested(self) -> tuple[Arrestee, ...]:
        """Persons who have been arrested, those who were freed again too; each once."""
        return tuple(each_person(self.arrests.values()).values())

    @property
    def held(self) -> tuple[Arrestee, ...]:
        """Those of them whom the service that arrested them still `holds`."""
        found = each_person(self.arrests.values()).items()
        return tuple(person for (service, code), person in found if self.holds(service, code))

    def holds(self, service: str, code: str) -> bool:
        """Whether this service has said of the person of this code that it arrested them, by a statement from which they are not
        freed.
        """
        return any(True for _ in self._holding(service, code))

    def _holding(self, service: str, code: str) -> Iterator[str]:
        """Statements by which this service holds the person of this code."""
        for statement, one in self.arrests.items():
            said = one.service == service and any(person.code == code for person in one.persons)
            if said and code not in self.freed.get(statement, ()):
                yield statement

    @property
    def plan_digest(self) -> str:
        """SHA-256 of the payload of the plan in force."""
        return self.plans[-1][1]

    def plan_at(self, seq: int) -> str:
        """The same, when entry `seq` had been recorded."""
        return next(known for first, known in reversed(self.plans) if first <= seq)

    def has_had_plan(self, digest: str) -> bool:
        """Whether this plan is or was in force."""
        return any(known == digest for _, known in self.plans)

    def states_ahead(self) -> tuple[str, ...]:
        """The `states` of the leg it is on and of those after it, in order; of all legs before it has left."""
        return tuple(dict.fromkeys(state for leg in self.plan.legs[self.leg or 0 :] for state in leg.states))

    def leg_at(self, seq: int) -> int:
        """The leg it was on when an entry was recorded, by `moves`; the first one before it had left."""
        return max(sum(first <= seq for first in self.moves) - 1, 0)

    def open_checkpoints(self) -> tuple[Progress, ...]:
        """Checkpoints that wait, in the order in which they opened."""
        return tuple(progress for progress in self.progress.values() if progress.open)

    def is_open(self, checkpoint: str | None) -> bool:
        """Whether this checkpoint waits."""
        progress = self.progress.get(checkpoint or "")
        return progress is not None and progress.open

    def waits_with(self, progress: Progress) -> bool:
        """Whether what is asked there would move it: it is a checkpoint of step `dispatch`, `hand_over` or `deliver`, or of the
        contingency `decision`, `sibling` or `sibling_stop`.
        """
        planned = self.plan.find(progress.checkpoint.id)
        moves = planned is not None and planned.step in ("dispatch", "hand_over", "deliver")
        return moves or progress.contingency in ("decision", "sibling", "sibling_stop")

    def stands(self, progress: Progress) -> bool:
        """Whether nobody's silence counts there now, since no answer would: it is held (R8), or a divergence waits for people to
        decide (R18), and it `waits_with` that; or it is a checkpoint of the way, and a discrepancy waits for a decision (R7); or
        it `leads_on`, and the leg that comes next is not `cleared` any more, or after the last a State is `asked_here` (R22).
        """
        if self.hold is not None or self.divergence is not None:
            return self.waits_with(progress)
        if self.discrepancy is not None and progress.contingency is None:
            return self.waits_with(progress)
        following = 0 if self.leg is None else self.leg + 1
        waits = self.cleared < following if following < len(self.plan.legs) else bool(self.asked_here())
        return waits and self.leads_on(progress)

    def asked_here(self) -> tuple[str, ...]:
        """States of the leg that it is on which a changed plan asks afresh, and which have not answered."""
        asked = (one for one in self.plan.at("authorise") if not self.closed(one.id))
        return tuple(one.state for one in asked if one.state in self.here.states)

    def leads_on(self, progress: Progress) -> bool:
        """Whether by what is asked there the leg that comes next may begin: it is a checkpoint of step `dispatch` before it has
        left, or else the one at the end of the leg it is on; or the contingency `decision` called for it, about what a taker had
        found.
        """
        if progress.contingency is not None:
            return progress.contingency == "decision" and self.discrepancy is not None and self.discrepancy.taker
        planned = self.plan.find(progress.checkpoint.id)
        step = planned.step if planned is not None else None
        return step == "dispatch" if self.leg is None else progress.checkpoint.id == self.here.end

    def closed(self, checkpoint: str) -> bool:
        """Whether this checkpoint of the plan has opened and closed."""
        progress = self.progress.get(checkpoint)
        return progress is not None and not progress.open

    def passed(self, step: Step) -> bool:
        """Whether every checkpoint of the step in the plan in force has opened and closed; true where it has none."""
        return all(map(self.closed, self.plan.ids_at(step)))

    def satisfied(self, step: Step) -> bool:
        """Whether every checkpoint of the step in the plan in force has closed as `satisfied`; true where it has none."""
        return all(one.id in self.progress and self.progress[one.id].result == "satisfied" for one in self.plan.at(step))

    def participant(self, service: str) -> bool:
        """Whether a service takes part: it is one of the `participants`, or a supervisor of the directory."""
        known = self.directory.find(service)
        return known is not None and (service in self.participants or known.kind == "supervisor")

    def every_checkpoint(self) -> dict[str, Progress]:
        """All that have opened, with what was answered there, as far as that is still known here."""
        return self.progress | self.past

    def seen(self, checkpoint: str | None) -> Progress | None:
        """One of them."""
        return self.past.get(checkpoint or "") or self.progress.get(checkpoint or "")

    def awaited(self) -> tuple[Wait, ...]:
        """What checkpoints that have not opened wait for of siblings (R31): all that stands in their `wait_for`."""
        return tuple(wait for one in self.plan.checkpoints if one.id not in self.progress for wait in one.wait_for)

    # What changes it

    def remember_siblings(self, *reached: str) -> None:
        """These are `reached` too. Of what is `reached` only what is still `awaited` is kept; of those that are `alone` or
        `waiting`, only checkpoints that have not opened.
        """
        siblings, keys = self.siblings, [one.key for one in self.awaited()]
        siblings.reached = tuple(one for one in dict.fromkeys((*siblings.reached, *reached)) if one in keys)
        siblings.alone = tuple(one for one in siblings.alone if one not in self.progress)
        siblings.waiting = {name: until for name, until in siblings.waiting.items() if name not in self.progress}

    def wait_anew(self, before: Plan) -> None:
        """The plan before was another (R31). What is `reached` stays so where nothing that is `awaited` now wants other words for
        it than before. A checkpoint that waits for something else than before, and not for less alone, is neither `alone` nor
        `waiting` any more, nor is one that is gone; one that waits for another time is not `waiting`.
        """
        siblings = self.siblings
        words = {(one.key, one.requires, one.need) for planned in before.checkpoints for one in planned.wait_for}
        others = {one.key for one in self.awaited() if (one.key, one.requires, one.need) not in words}
        siblings.reached = tuple(one for one in siblings.reached if one not in others)
        pairs = [(now, old) for now in self.plan.checkpoints for old in before.checkpoints if now.id == old.id]
        same = {(old.id, old.waits) for now, old in pairs if all(one in old.wait_for for one in now.wait_for)}
        siblings.alone = tuple(one for one in siblings.alone if any(name == one for name, _ in same))
        time = {one.id: one.waits for one in self.plan.checkpoints}
        siblings.waiting = {one: until for one, until in siblings.waiting.items() if (one, time.get(one)) in same}

    def remember(self, statement: str, fingerprint: str, known: Known, size: int, *, over: bool) -> None:
        """A statement of so many bytes has been recorded, whatever became of it (R18, R28): `spent` of its service has one
        statement more, and the bytes of its payload; `over` stays true once a budget was what it was refused for. While the
        archive is behind, `behind` of its service is one more.
        """
        self.statements.add(statement, fingerprint, known)
        spent = self.spent.get(known.service, Spent())
        statements, bytes_ = spent.statements + 1, spent.bytes + size
        self.spent[known.service] = replace(spent, statements=statements, bytes=bytes_, over=spent.over or over)
        if self.behind is not None:
            self.behind[known.service] = self.behind.get(known.service, 0) + 1

    def share_anew(self, asked: Iterable[str]) -> None:
        """Others are asked than before: what these have said, who are asked or were so, is `said_before`, and what is left of all
        that may be said is shared anew (R28). So nobody has said more already than its new share.
        """
        for service in (one for one in asked if one in self.spent):
            spent, all_ = self.spent[service], self.said_before
            self.said_before = replace(all_, statements=all_.statements + spent.statements, bytes=all_.bytes + spent.bytes)
            self.spent[service] = replace(spent, statements=0, bytes=0)

    def lies_with(self, service: str) -> bool:
        """Whether what was to do for this service is for anybody still: it takes part, or who has taken its place by the plan."""
        return self.participant(self.plan.successor_of(service))

    def stand_in(self, service: str, voice: str) -> None:
        """It has `decided` in the place of that one, as `spent` has it, unless that is among those `carrying_out`."""
        if voice not in self.plan.carrying_out():
            self.spent[service] = replace(self.spent.get(service, Spent()), decided=True)

    def close(self, checkpoint: str, result: Result) -> Progress:
        """A checkpoint has closed; how it stood. Its answers and first officers are forgotten, and one that no plan holds is
        altogether.
        """
        progress = self.past[checkpoint] = self.progress[checkpoint]
        progress.result = result
        if progress.contingency is not None:
            del self.progress[checkpoint]
        else:
            self.progress[checkpoint] = replace(progress, answers={}, firsts={}, standing={})
        return progress

    def handle(self, goods: PreparedGoods) -> None:
        """This is what was done to the consignment. A device that is not in it any more has not failed; and what was found of the
        consignment when it was handed on before is not compared with any more.
        """
        self.goods = goods
        if (known := self.exhibits.get("consignment")) is not None:
            self.exhibits["consignment"] = replace(known, handed=None)
        labels = [one.label for one in goods.items]
        self.failed_devices = tuple(one for one in self.failed_devices if one in labels)

    def open_up(self) -> None:
        """It has been opened on its way."""
        if self.goods is not None:
            self.goods = replace(self.goods, opened=True)

    def stop_all(self, cause: Cause, finding: Finding, seq: int, by: str | None = None) -> None:
        """It halts: nothing advances from here on. The first halt stands; later ones change nothing (R8)."""
        if self.halt is None:
            self.halt = Halt(cause=cause, finding=finding, seq=seq, by=by)

    def hold_all(self, at: datetime, seq: int, by: str | None) -> None:
        """It is held, and nothing moves from here on; every participant is `held`. A hold before stands, and this one is the
        `newest` of it.
        """
        if self.hold is not None:
            self.hold = replace(self.hold, newest=seq, newest_by=by)
            return
        self.hold = OnHold(at, seq, by, seq, by)
        self.owe(seq, "held", None, self.plan.participants())

    def go_on(self, seq: int) -> None:
        """It is held no more, and every participant is `resumed`."""
        self.hold = None
        self.owe(seq, "resumed", None, self.plan.participants())

    def let_time_run(self, at: datetime) -> None:
        """After each entry: an open checkpoint where it `stands` has `stood` from now on, if it had not; one where it does so no
        more has been `paused` for as long as it `stood`, and is `due_anew`, so much later.
        """
        for progress in self.open_checkpoints():
            if self.stands(progress):
                progress.stood = progress.stood or at
            elif progress.stood is not None:
                progress.run_on(progress.stood, at)

    def move(self, seq: int, at: datetime, since: datetime) -> None:
        """It is on the next leg, the first where it had not left; `moves` has the number of the entry after this one. Whoever had
        held the consignment, the responsible authority has it, and may `take_charge`, since then or now, whichever is earlier.
        """
        self.exhibits.pop("consignment", None)
        self.settle_custody()
        self.leg = 0 if self.leg is None else self.leg + 1
        self.moves.append(seq + 1)
        self.take_charge(at, min(at, since))

    def take_charge(self, at: datetime, since: datetime) -> None:
        """Unless it was so already: who is `responsible` now has a charge since that moment, and the one before ends now. Of
        more than 12 only the last are known.
        """
        leg = self.leg or 0
        if self.charges and (self.charges[-1].service, self.charges[-1].leg) == (self.responsible, leg):
            return
        if self.charges:
            self.charges[-1].until = at
        self.charges.append(InCharge(self.responsible, leg, since))
        del self.charges[:-MOST_STRETCHES]

    def arrive(self) -> None:
        """It has reached its recipient, or the point at which it was to be seized."""
        self.delivered = True
        self.settle_custody()

    def settle_custody(self) -> None:
        """What was taken out of it before is not corrected any more in what later checks compare with."""
        if self.custody is not None:
            self.custody = replace(self.custody, taken=0, before=None)

    def recover(self, statement: str, recovered: Recovered) -> None:
        """This statement says, perhaps as corrected, what was recovered. Where that is apart from the consignment, nobody holds
        or is offered the consignment itself any more, unless the rest of it was seized as well.
        """
        self.seizures[statement] = recovered
        if recovered.apart and not self.secured:
            self.exhibits.pop("consignment", None)

    def weigh_anew(self, seq: int) -> None:
        """By this entry something may not close that did, or close otherwise: it is explained afresh, by everybody."""
        self.explained, self.weighed = False, max(self.weighed, seq)

    def arrest(self, statement: str, arrested: Arrested) -> None:
        """This statement says, perhaps as corrected, who was arrested. Whom it does not name is not freed from it either."""
        self.arrests[statement] = arrested
        codes = [one.code for one in arrested.persons]
        if free := tuple(one for one in self.freed.pop(statement, ()) if one in codes):
            self.freed[statement] = free

    def free(self, service: str, codes: tuple[str, ...]) -> None:
        """This service has released these: they are freed from each statement by which it `holds` them."""
        for code in codes:
            for statement in self._holding(service, code):
                self.freed[statement] = (*self.freed.get(statement, ()), code)

    def have_in_sight(self, at: datetime) -> None:
        """Somebody has it in hand or in sight (R9): `last_contact` is now, and a gap ends."""
        self.last_contact = at
        if self.gap is not None:
            self.gap = None
            self.gaps += 1

    def lose_sight(self, at: datetime, seq: int) -> None:
        """Nobody has it in sight any more (R9): a gap begins with the last contact, or now where there was none, unless there is
        one.
        """
        if self.gap is None:
            self.gap = Gap(self.last_contact or at, seq)

    def have_watched_until(self, at: datetime) -> None:
        """By the log, somebody watched it until then (R9): that is the `last_contact`, where it is later; and where that is
        later than a gap began, the gap begins then. Only what is said at once ends a gap.
        """
        if self.last_contact is None or at > self.last_contact:
            self.last_contact = at
        if self.gap is not None and at > self.gap.began:
            self.gap = replace(self.gap, began=at)

    def owe(self, seq: int, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...]) -> None:
        """These services are to be told. Who has still to be told the same, about the same checkpoint, is told by this entry
        alone; and who is told that something is `withdrawn` is reminded of it no more.
        """
        if not services:
            return
        about = [kind, *(("reminder", "escalation") if kind == "withdrawn" else ())]
        for one in self.owed:
            if one.checkpoint == checkpoint and one.kind in about:
                one.services = tuple(service for service in one.services if service not in services)
        self.owed = [*(one for one in self.owed if one.services), Owed(seq, kind, checkpoint, services)]

    def owe_at_most(self, most: int) -> None:
        """Where what is to be told is more than `owed_bytes`, the oldest is given up (R28)."""
        while sum(one.size for one in self.owed) > most:
            del self.owed[0]
