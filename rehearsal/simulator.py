"""The simulator: whole deliveries in virtual time, with simulated services. One seed, one course.

What decides here is what decides on Temporal (`domain.rules.course`), what is wanted outside is wanted there too
(`workflows.errands`). Only the stage is another: a heap of moments, without tasks or clocks. Now and then a new run goes on from
what this one carries, so that nothing hides outside it, and nothing is needed that it forgets.
"""

import hashlib
import heapq
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.delivery.carried import Carried, carried
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, Receipt
from domain.delivery.reported import Amended, Asked, AskedOnceMore, Deconflicted, Deferred, Diverged, Released, Told
from domain.delivery.requests import Request
from domain.delivery.statement import Statement, sign_statement
from domain.plan.access import supervises
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.plan.register import Claim, DatedClaim, Register, RegisterAnswer, contacts
from domain.plan.selectors import hashes
from domain.record.door import amend, archive_has, begin, go_on, report, resume, submit
from domain.record.packet import seal
from domain.record.receipts import fits, fits_in
from domain.rules.conflict import signature
from domain.rules.course import advance, next_moment
from domain.rules.outside import Report
from domain.rules.stop import StopRequested
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.views.asked import request
from domain.words.errors import RuleBroken, TimedOut, VigilError
from domain.words.limits import MOST_CARRIED_UNKEPT
from domain.words.moments import utc_text
from rehearsal.chaos import Rival, attacks, haste
from rehearsal.peers import GOOD, ONE_CALL, REGISTER, Peers, delay, fires, is_lost, pause, stepped
from rehearsal.scenario import PlanChange, Scenario
from rehearsal.services import (
    DECONFLICTION_KEY,
    EPOCH,
    VIGIL,
    Cue,
    acknowledgement,
    cast,
    lines,
    private_key_of,
    stand_in,
)
from rehearsal.wedges import wedge
from workflows.errands import Errand, Heed, Look, OnceMore, Question, Release, Telling, wanted

Watch = Callable[[Delivery, Entry], None]

SIGNS = 0.5
"""Part of the requests whose receipt a service signs: the others are at a desk, or have not learnt to."""
PATIENCE = timedelta(days=45)
"""How long a simulated delivery may be held, beyond what its legs take, before its initiator stops it."""
ANEW = 1_000_000_007
"""From the seed of what is said to that of what is said to a run that was put back."""
MOST_ENTRIES = 20_000
"""Length of a ledger at which a simulation is given up, however little time has passed."""


class Wedged(AssertionError):
    """Nothing moves it on, and it has not ended."""


class NotEnded(TimedOut):
    """Nobody seizes what was stopped long ago; `delivery` is how far it came."""

    def __init__(self, message: str, delivery: Delivery) -> None:
        super().__init__(message)
        self.delivery = delivery


@dataclass(frozen=True)
class Simulated:
    """How one simulated delivery went."""

    seed: int
    delivery: Delivery
    packet: bytes
    restarts: int
    receipts: tuple[Receipt, ...]
    """What the services have been given, and keep."""
    others: tuple[Delivery, ...] = ()
    """Its histories that were put back, as far as they had come."""


@dataclass(frozen=True)
class World:
    """What a simulation starts from."""

    plan: Plan
    directory: Directory
    cards: dict[str, RuleCard]
    scenario: Scenario
    seed: int
    restart_chance: float = 0.0
    """Chance of a restart after each thing that happens."""
    hostility: float = 0.0
    """Chance that a statement which comes in is followed by every attack of `rehearsal.chaos`."""
    rivals: tuple[Rival, ...] = ()
    """Other live operations that touch the same consignment."""
    put_back_chance: float = 0.0
    """Chance, after each thing that happens, that somebody puts the run back to where it was some time ago."""
    peers: Peers = GOOD
    """Who of them hangs, what is late or lost, and which clocks step."""
    backups: bool = False
    """Whether a backup answers in place of others once their ladder has come to it."""
    begins: timedelta = timedelta()
    """How long after the first of its group."""


def signed(plan: Plan) -> Envelope:
    """The plan, signed by its initiator."""
    return sign(canonical(plan), PLAN_TYPE, *map(private_key_of, plan.initiators()))


def changing(world: World, plan: Plan) -> Amended:
    """The change to this plan, with the services and cards that it needs."""
    services = cast(world.directory, (*plan.everybody(), *plan.vouching()), world.peers.reach()).services
    cards = tuple(world.cards[state] for state in plan.asked_states() if state in world.cards)
    return Amended(plan=signed(plan), services=services, cards=cards)


def simulate(world: World, watch: Watch = lambda _delivery, _entry: None) -> Simulated:
    """One delivery to its end. `watch` sees every entry as it is recorded. The same world gives the same ledger.

    Raises `NotEnded` for a delivery that does not end though its initiator has long stopped it: nobody seizes it.
    """
    theatre = Theatre(world, watch)
    theatre.begin()
    while not theatre.over:
        theatre.go_on()
    return theatre.close()


def secret_of(seed: int) -> bytes:
    """Behind the salts of a simulated delivery's ledger: no secret at all, so that one seed gives one ledger."""
    return hashlib.sha256(f"{seed}/secret".encode()).digest()


class Theatre:
    """The stage and the services around one delivery."""

    def __init__(self, world: World, watch: Watch, begins: datetime = EPOCH) -> None:
        self._world = world
        self._watch = watch
        self._dice = random.Random(f"{world.seed}/stage")  # noqa: S311 - a rehearsal must be repeatable
        watching = [one.id for one in world.directory.services if supervises(one)] if world.put_back_chance else []
        self._directory = cast(world.directory, (*world.plan.everybody(), *world.plan.vouching(), *watching), world.peers.reach())
        self._plan = signed(world.plan)
        self._cards = {state: card for state, card in world.cards.items() if state in world.plan.asked_states()}
        self._secret = secret_of(world.seed)
        self._began = self._now = begins
        self._delivery = begin(self._plan, self._directory, self._cards, self._now, self._secret)
        self._patience = sum((leg.takes for leg in world.plan.legs), start=PATIENCE)
        self._coming: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._clocks = random.Random(f"{world.seed}/clocks")  # noqa: S311 - a rehearsal must be repeatable
        self._timers = random.Random(f"{world.seed}/timers")  # noqa: S311 - a rehearsal must be repeatable
        self._signals = random.Random(f"{world.seed}/signals")  # noqa: S311 - a rehearsal must be repeatable
        self._runs = random.Random(f"{world.seed}/runs")  # noqa: S311 - a rehearsal must be repeatable
        self._answered: set[str] = set()
        """Requests of this branch that have come to their services: they know them by their numbers, and answer once."""
        self._begun: set[Errand] = set()
        """Errands that are under way, and need not be begun."""
        self._receipts: list[Receipt] = []
        """What the services have been given, and keep."""
        self._seen = 0
        self._whole = self._delivery
        """It as an archive has it, with every entry."""
        self._restarts = 0
        self._fate = random.Random(f"{world.seed}/put back")  # noqa: S311 - a rehearsal must be repeatable
        self._saved: tuple[Carried, int] | None = None
        """What a run was some time ago, and how many entries there were."""
        self._others: dict[int, Delivery] = {}
        """Histories that were put back, by their branches."""
        self._unfound = False
        """Whether one of these has not been found yet."""
        self._register = Register()

    def begin(self) -> None:
        """What is to come comes, and what is wanted at once is done."""
        self._at(self._began + self._patience, self._lose_patience)
        for change in self._world.scenario.changes:
            self._at(self._began + change.after, lambda change=change: self._change(change))  # type: ignore[misc]
        for number, rival in enumerate(self._world.rivals):
            self._compete(f"rival-{number}", rival)
        self._settle()

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._delivery.state.ended and not self._unfound

    @property
    def whole(self) -> Delivery:
        """It as an archive has it."""
        return self._whole

    @property
    def delivery(self) -> Delivery:
        """It as its run has it."""
        return self._delivery

    @property
    def now(self) -> datetime:
        """Its moment."""
        return self._now

    def go_on(self) -> None:
        """The next thing, at its moment."""
        self._give_up_if_endless()
        self._step()
        self._settle()
        if self._dice.random() < self._world.restart_chance:
            self._restart()
        if self._world.put_back_chance:
            self._save_or_put_back()

    def comes_next(self) -> datetime:
        """When that is. Raises `NotEnded` where nothing is coming."""
        brings = next_moment(self._delivery, self._delivery.reached)
        moments = [one for one in (brings, self._coming[0][0] if self._coming else None) if one is not None]
        if not moments:
            raise self._not_ended("nothing is coming any more")
        return max(min(moments), self._now)

    def later(self, moment: datetime, happens: Callable[[], None]) -> None:
        """Something happens to it then, from outside."""
        self._at(moment, happens)

    def told(self, fact: Report) -> None:
        """A fact from outside, and perhaps once more."""
        self._bring(fact, slow=False)

    def handed(self, envelope: Envelope) -> None:
        """A statement that comes in, whoever brings it."""
        if not self.over:
            self._submit(envelope)

    def close(self) -> Simulated:
        """How it went: every receipt that was given fits, and its packet is sealed."""
        for receipt in self._receipts:
            if not any(fits_in(receipt, one) for one in self._others.values()):
                fits(receipt, self._whole)
        packet = seal(self._whole, "", private_key_of(VIGIL), self._now, others=self._others)
        others = tuple(self._others.values())
        return Simulated(self._world.seed, self._whole, packet, self._restarts, tuple(self._receipts), others)

    # The stage

    def _at(self, moment: datetime, happens: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (max(moment, self._now), next(self._order), happens))

    def _step(self) -> None:
        """What time brings comes before what is said at the same instant, unless its timer is late."""
        brings = next_moment(self._delivery, self._delivery.reached)
        if brings is not None and (not self._coming or (brings <= self._coming[0][0] and not self._is_late())):
            fired = max(self._now, fires(self._world.peers, brings, self._clocks))
            self._now = fired if fired > self._now else max(self._now, brings)  # one that fired too early is set again
            advance(self._delivery, self._now)
            return
        if not self._coming:
            raise self._not_ended("nothing is coming any more")
        self._now, _, happens = heapq.heappop(self._coming)
        happens()

    def _is_late(self) -> bool:
        return self._timers.random() < self._world.peers.sluggish

    def _settle(self) -> None:
        """Do what is wanted until nothing new is, and show what has been recorded."""
        self._show()
        while (errands := [one for one in wanted(self._delivery) if self._is_new(one)]) and not self._delivery.state.ended:
            self._do(errands[0])
            self._show()
        if why := wedge(self._delivery, self._delivery.reached, self._world.seed):
            raise Wedged(f"{why} (entry {self._seen}, {utc_text(self._now)})")

    def _is_new(self, errand: Errand) -> bool:
        return errand not in self._begun

    def _do(self, errand: Errand) -> None:
        match errand:
            case Look() | Release() if self._hangs(REGISTER):
                self._begun.add(errand)
                self._at(self._world.peers.back(REGISTER, self._now), lambda: self._begun.discard(errand))
            case Release():
                self._begun.add(errand)
                self._answer(self._register.release(self._world.plan.operation))
                self._bring(Released(), errand)
            case Look():
                self._begun.add(errand)
                self._claim(self._world.plan.operation, self._world.plan.initiator, *signature(self._delivery), errand)
            case Question():
                self._ask(errand)
            case OnceMore(checkpoint=name, services=services):
                self._begun.add(errand)
                away = tuple(one for one in services if self._hangs(one))
                self._at(self._now + ONE_CALL, lambda: self._bring(AskedOnceMore(checkpoint=name, unreachable=away), errand))
            case Heed():
                self._begun.add(errand)  # whoever directs a group brings what is new, see `rehearsal.groups`
            case Telling():
                self._tell(errand)

    def _hangs(self, who: str) -> bool:
        return self._world.peers.back(who, self._now) > self._now

    def _tell(self, errand: Telling) -> None:
        """Whoever can be told of the same is told at once; of another it is said later that it could not be reached."""
        of, kind, name = errand.of, errand.kind, errand.checkpoint
        if self._is_away(errand, errand.service):
            self._begun.add(errand)
            missed = Told(of=of, kind=kind, checkpoint=name, unreachable=(errand.service,))
            self._at(self._now + ONE_CALL, lambda: self._bring(missed, errand))
            return
        owed = next(one for one in self._delivery.state.owed if (one.seq, one.kind, one.checkpoint) == (of, kind, name))
        reached = tuple(one for one in owed.services if not self._is_away(errand, one))
        if kind == "escalation" and name is not None:
            self._stand_in(name, reached)
        self._begun.add(errand)
        self._bring(Told(of=of, kind=kind, checkpoint=name, reached=reached), errand)

    def _bring(self, fact: Report, errand: Errand | None = None, *, slow: bool = True) -> None:
        """What an errand has found comes in: now or later, and perhaps once more. Then it may be begun again."""

        def comes() -> None:
            if isinstance(fact, Asked | AskedOnceMore):
                self._report_of(fact)
            elif not self.over:
                self._report(fact)
            if errand is not None:
                self._begun.discard(errand)

        if self._signals.random() < self._world.peers.again:
            self._at(self._now + pause(self._signals), comes)
        if slow and self._signals.random() < self._world.peers.slow:
            self._at(self._now + pause(self._signals), comes)
        else:
            comes()

    def _is_away(self, errand: Telling, service: str) -> bool:
        return self._hangs(service) or is_lost(self._world.peers, f"{self._world.seed}/{errand.of}/{errand.kind}/{service}")

    def _moment(self) -> datetime:
        """The moment that a message which comes now bears."""
        return stepped(self._world.peers, self._now, self._clocks)

    def _report(self, fact: Report) -> None:
        """A fact. To a run that was put back it may be of what has not happened there; and what comes due first may end it."""
        try:
            report(self._delivery, fact, self._moment())
        except RuleBroken:
            if not (self._others or self._delivery.state.ended):
                raise

    def _show(self) -> None:
        new = self._delivery.ledger.since(self._seen)
        for entry in new if self._whole is not self._delivery else ():
            self._whole.take(entry)
        for entry in new:
            assert isinstance(entry, Entry)  # noqa: S101 - only a packet leaves something out
            self._watch(self._whole, entry)
        self._seen += len(new)
        if self._delivery.ledger.unkept_bytes > MOST_CARRIED_UNKEPT:
            self._archive(self._seen)

    def _archive(self, size: int) -> None:
        """The archive has so many entries; what it is told stands beside, with all of them."""
        self._part()
        if not self._unfound:  # what is put back it keeps no more of, until that is found
            archive_has(self._delivery, size, self._now)

    def _part(self) -> None:
        """From here on what the archive has stands beside what the run has."""
        if self._whole is self._delivery:
            self._whole = resume(self._directory, self._cards, self._delivery.ledger.entries, self._secret)

    def _restart(self) -> None:
        """The archive has some of the entries, and a new run goes on from what this one carries: where all of them lead."""
        where = f"seed {self._world.seed}, entry {self._seen}"
        self._archive(self._dice.randint(self._delivery.ledger.kept, self._seen))
        self._show()
        words = carried(self._delivery)
        assert words.led_to_by(self._whole), f"{where}: a run carries what does not follow from its entries"  # noqa: S101
        self._delivery = go_on(Carried.model_validate_json(words.model_dump_json()), self._secret)
        assert words == carried(self._delivery), f"{where}: a new run does not go on where the old one stood"  # noqa: S101
        self._restarts += 1
        if self._runs.random() < self._world.peers.forgetful:
            self._begun.clear()

    def _save_or_put_back(self) -> None:
        """Somebody resets the run, or restores a backup. The archive finds it with the next batch, and the run is told."""
        throw, state = self._fate.random(), self._delivery.state
        if self._saved is None or throw > 1 - 5 * self._world.put_back_chance:
            self._saved = carried(self._delivery), self._seen
            return
        words, size = self._saved
        again = state.divergence is not None or self._unfound or state.branch >= 2
        if throw > self._world.put_back_chance or size == self._seen or again:
            return
        self._part()
        other = self._others[state.branch] = self._whole
        found = Diverged(branch=state.branch, seq=size, how="ahead", size=self._seen, root=other.ledger.root)
        self._delivery = go_on(Carried.model_validate_json(words.model_dump_json()), self._secret)
        self._whole = resume(self._directory, self._cards, other.ledger.entries[:size], self._secret)
        self._seen, self._unfound, self._saved = size, True, None
        self._begun.clear()  # the new run asks again
        self._answered.clear()
        advance(self._delivery, self._now)  # and what had come due by now does so at once
        if self._now >= self._began + self._patience:
            self._at(self._now + timedelta(days=1), self._lose_patience)
        self._at(self._now + timedelta(milliseconds=self._fate.randint(0, 60_000)), lambda: self._find(found))

    def _find(self, found: Diverged) -> None:
        self._bring(found, slow=False)
        self._unfound = False

    def _give_up_if_endless(self) -> None:
        if self._now >= self._began + 2 * self._patience or len(self._delivery.ledger) >= MOST_ENTRIES:
            raise self._not_ended(f"it had not ended after {(self._now - self._began).days} days")

    def _not_ended(self, why: str) -> NotEnded:
        waits = [
            f"{one.checkpoint.id} waits for {', '.join(one.waiting_for())}" for one in self._delivery.state.open_checkpoints()
        ]
        message = f"{why}, and {len(self._delivery.ledger)} entries: {'; '.join(waits)}"
        return NotEnded(message, self._whole)

    # The services

    def _ask(self, question: Question) -> None:
        self._begun.add(question)
        name, service = question.checkpoint, question.service
        asked = request(self._delivery, name, service)
        dice = random.Random(f"{self._world.seed}/{asked.id}/received")  # noqa: S311 - repeatable
        received = self._world.peers.back(service, self._now) + timedelta(milliseconds=dice.randint(0, 1000))
        signed = dice.random() < SIGNS
        if self._hangs(service):
            self._at(self._now + ONE_CALL, lambda: self._bring(Asked(checkpoint=name, unreachable=(service,))))
        self._at(received, lambda: self._receive(asked, signed=signed))
        if asked.id in self._answered:
            return
        self._answered.add(asked.id)
        anew = self._world.seed + ANEW * len(self._others)  # what is asked again is answered by statements of their own
        for line in lines(asked, self._world.scenario, anew, self._now):
            self._say(self.says(line), name, line.at if not line.answers else max(line.at, received))

    def _report_of(self, fact: Asked | AskedOnceMore) -> None:
        """What came of asking; nothing, once the checkpoint has closed, be it by what comes due until this moment, or others are
        asked there.
        """
        state, name = self._delivery.state, fact.checkpoint
        if not state.is_open(name) or state.ended:
            return
        try:
            self._report(fact)
        except RuleBroken:
            named = (*fact.unreachable, *fact.received) if isinstance(fact, Asked) else fact.unreachable
            if state.is_open(name) and {*named} <= {*state.progress[name].checkpoint.services()}:
                raise

    def _receive(self, asked: Request, *, signed: bool) -> None:
        said = (acknowledgement(asked, self._now),) if signed else ()
        self._bring(Asked(checkpoint=asked.checkpoint, received=(asked.service,), acknowledgements=said))

    def _say(self, line: Cue, name: str, at: datetime) -> None:
        """Once its checkpoint has closed an answer is said by the heedless alone. Who hangs says nothing meanwhile."""
        at = self._world.peers.back(line.statement.service, at + delay(self._world.peers, line.statement.id))
        self._at(at, lambda: self._spoken(line) if not line.answers or self._is_said(name) else None)

    def _is_said(self, name: str) -> bool:
        return self._delivery.state.is_open(name) or (self._signals.random() < self._world.peers.heedless and not self.over)

    def _spoken(self, line: Cue) -> None:
        self._hear(line.envelope)
        self.spoken(line.envelope)

    def says(self, line: Cue) -> Cue:
        """What a service says: this. Among siblings, perhaps once for several."""
        return line

    def spoken(self, envelope: Envelope) -> None:
        """It has been said: nobody else hears it."""

    def _stand_in(self, name: str, services: tuple[str, ...]) -> None:
        progress = self._delivery.state.progress.get(name)
        if progress is None or not self._world.backups:  # what has closed may be forgotten before that is told
            return
        for backup in filter(progress.may_answer, services):
            for silent in progress.waiting_for():
                asked = request(self._delivery, name, silent)
                for line in stand_in(asked, backup, self._world.scenario, self._world.seed, self._now):
                    self._say(line, name, line.at)

    def _lose_patience(self) -> None:
        """A delivery that is held for ever is stopped by the initiator, as a person would."""
        stop = Statement(
            id=f"{self._world.seed:032x}",
            delivery=self._world.plan.operation,
            plan=self._delivery.state.plan_digest,
            service=self._world.plan.initiator,
            officer="duty",
            happened_at=self._now.isoformat(),
            content=StopRequested(reason="held for too long"),
        )
        self._hear(sign_statement(stop, private_key_of(stop.service)))

    def _change(self, change: PlanChange) -> None:
        """The initiator changes the plan; one that may not be changed like that any more stays as it is."""
        assert isinstance(change.plan, Plan)  # noqa: S101 - a scenario that has been read holds plans
        with suppress(VigilError):
            amend(self._delivery, changing(self._world, change.plan), self._moment())

    def _compete(self, operation: str, rival: Rival) -> None:
        self._at(self._began + rival.comes, lambda: self._claim(operation, rival.service, rival.service, 0))
        self._at(self._began + rival.goes, lambda: self._answer(self._register.release(operation)))

    def _claim(self, operation: str, contact: str, signer: str, order: int, errand: Errand | None = None) -> None:
        """Every operation here touches what this plan touches."""
        touched = hashes(DECONFLICTION_KEY, self._world.plan.consignment.identifiers, self._delivery.plan.selectors)
        state = self._world.directory.get(contact).state or self._world.plan.legs[0].state
        claim = Claim(delivery=operation, contact=contact, state=state, signer=signer, order=order, hashes=touched)
        changed = self._register.claim(DatedClaim(claim=claim, at=utc_text(self._now)))
        later = changed[1].not_before
        if later is not None and operation == self._world.plan.operation:
            self._bring(Deferred(order=order, not_before=later), errand)
        self._answer(changed, errand)

    def _answer(self, changed: tuple[Register, RegisterAnswer], errand: Errand | None = None) -> None:
        self._register, answer = changed
        for finding in answer.findings:
            if finding.party.delivery == self._world.plan.operation and not self._delivery.state.ended:
                others = cast(self._world.directory, tuple(other.contact for other in finding.others))
                found = contacts(DECONFLICTION_KEY, finding, others)
                self._bring(Deconflicted(number=answer.number, order=finding.party.order, contacts=found), errand)

    def _hear(self, envelope: Envelope) -> None:
        """Something comes in by the one door, and in hostile surroundings what others make of it."""
        if self._dice.random() < self._world.hostility:
            for hasty in haste(envelope, self._world.plan, self._dice):
                self._submit(hasty)
        self._submit(envelope)
        if self._dice.random() < self._world.hostility:
            for attack in attacks(envelope, self._world.plan, self._dice):
                self._submit(attack)

    def _submit(self, envelope: Envelope) -> None:
        with suppress(VigilError):  # noise is turned away, and the sender is told
            answer = submit(self._delivery, envelope, self._moment())
            if isinstance(answer, Receipt):  # else the archive gives it
                self._receipts.append(answer)
