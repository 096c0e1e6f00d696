"""Groups of consignments in virtual time (R31): each a delivery on a stage of its own, with services that now and then say a
thing once for several, and all of them on one clock. `python -m rehearsal --groups` runs them.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from domain.delivery.decided import Closed, Concluded, Ended, Opened
from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent
from domain.delivery.reported import SiblingHeard, Stated
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.group import BESIDE, GroupFile, expand
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from domain.record.door import read_statement
from domain.record.siblings import heard, heeding
from domain.rules.consent import AuthorisationGranted, AuthorisationRefused
from domain.rules.permission import PermissionGranted
from domain.rules.siblings import hears, is_news
from domain.rules.stop import Incident
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.words.errors import RuleBroken
from domain.words.moments import instant
from rehearsal.invariants import BrokenInvariantError
from rehearsal.peers import AHEAD, BEHIND
from rehearsal.services import EPOCH, VIGIL, Cue, private_key_of
from rehearsal.simulator import NotEnded, Simulated, Theatre, Watch, World

NUMBER = 3
"""Consignments of a simulated group."""
HALF, SELDOM = 0.5, 0.25
TOGETHER = 0.5
"""At how many of the checkpoints where a service may say once for several what it says, it does."""
LATEST = timedelta(days=2)
"""When the last of them begins."""
NEWS = 10
"""Seconds until a sibling has heard, at most."""
APART = BEHIND + AHEAD
"""By how much the clocks of two ledgers may be apart."""
SHARED = (AuthorisationGranted, AuthorisationRefused, PermissionGranted)
"""What services say once for several."""


def _says_another(sibling: Delivery, fact: SiblingHeard) -> bool:
    """Whether at what it has reached somebody has spoken for another, which is told to nobody."""
    progress = sibling.state.seen(fact.checkpoint)
    return progress is not None and len({*progress.answers.values()}) > len(fact.statements)


def _is_proved(listener: Delivery, fact: SiblingHeard) -> bool:
    """Whether who listens takes it all the same, since the others are enough."""
    try:
        return is_news(listener, fact, listener.state.now)
    except RuleBroken:
        return False


def group_of(plan: Plan, directory: Directory, cards: dict[str, RuleCard], seed: int) -> tuple[Plan, ...]:
    """A group of three that go the way of this plan: arrests wait for the others, one may leave after another, and one may be
    held back. The first that is drawn in whose plans there is no fault.
    """
    dice = random.Random(f"{seed}/group")  # noqa: S311 - a simulation must be repeatable
    for _ in range(10):
        found = expand(_file(plan, dice))
        if not found.faults and not any(faults for one in found.plans if (faults := faults_in(one, directory, cards))):
            return found.plans
    message = f"seed {seed}: no group of {plan.operation} is without fault: {found.faults}"
    raise BrokenInvariantError(message)


def _file(plan: Plan, dice: random.Random) -> GroupFile:
    words = plain(plan)
    for name in (*BESIDE, "parent", "vigil", "selectors"):
        words.pop(name, None)
    waits = dice.choice(("PT6H", "P2D", "P10D"))
    mustered = next((one.id for one in plan.at("muster")), plan.at("deliver")[-1].id)
    for one in words["checkpoints"]:
        if one["step"] == "arrest" and not one.get("after") and dice.random() > SELDOM:
            wait = {"delivery": "others", "checkpoint": mustered, "ended": dice.choice(("decide", "go_on"))}
            one |= {"wait_for": [wait], "waits": waits}
    codes = [f"group-{number}" for number in range(1, NUMBER + 1)]
    consignments: list[dict[str, Any]] = [{"operation": code} for code in codes]
    departure, first = plan.at("dispatch")[0].id, plan.legs[0]
    if dice.random() < HALF:
        wait = {"delivery": codes[0], "checkpoint": departure, "ended": dice.choice(("decide", "go_on"))}
        consignments[1]["differs"] = {"checkpoints": [{"id": departure, "wait_for": [wait], "waits": waits}]}
    if dice.random() < HALF:
        asked = [{"service": first.responsible, "says": "seizure"}]
        place = {"id": "kept-here", "step": "account", "state": first.state, "place": "Store", "due": "P3D", "requires": asked}
        consignments[2] |= {"held_back": True, "differs": {"checkpoints": [place]}}
    return GroupFile.model_validate(
        {
            "vigil": "group/1",
            "group": "group",
            "on_stop": dice.choice(("decide", "stop")),
            "shared": words,
            "consignments": consignments,
        }
    )


class _Member(Theatre):
    """One consignment, whose services may speak for the others too."""

    def __init__(self, world: World, watch: Watch, begins: datetime, director: "_Director") -> None:
        self._director = director
        super().__init__(world, watch, begins)

    def says(self, line: Cue) -> Cue:
        return self._director.for_several(line)

    def spoken(self, envelope: Envelope) -> None:
        self._director.pass_on(envelope, self)


class _Director:
    """All of them on one clock. What one of them comes to, the others hear of a moment later."""

    def __init__(self, worlds: Sequence[World], watches: Sequence[Watch], together: float) -> None:
        self._dice = random.Random(f"{worlds[0].seed}/director")  # noqa: S311 - a rehearsal must be repeatable
        self._seed = worlds[0].seed
        self._together = together
        self._plans = [one.plan for one in worlds]
        self._worlds, self._watches = worlds, watches
        self._to_come = sorted(range(len(worlds)), key=lambda number: worlds[number].begins)
        self._members: dict[int, _Member] = {}
        """Those that have begun, by their numbers."""
        self._under_way: set[tuple[int, SiblingHeard]] = set()
        """What is about to be heard, and by whom."""

    def perform(self) -> tuple[Simulated, ...]:
        """To the end of all."""
        while self._to_come or not all(one.over for one in self._members.values()):
            number = self._go_on()
            for other in self._members:
                if other != number:
                    self._listen(other, number)
                    self._listen(number, other)
        return tuple(self._members[number].close() for number in range(len(self._worlds)))

    @property
    def deliveries(self) -> tuple[Delivery | None, ...]:
        """How far each has come; none, where it has not begun."""
        return tuple(self._members[one].whole if one in self._members else None for one in range(len(self._worlds)))

    def _go_on(self) -> int:
        """The next thing of all. Whose it was."""
        playing = [(self._comes_next(number), number) for number, one in self._members.items() if not one.over]
        first = self._to_come[0] if self._to_come else None
        if first is not None and (not playing or EPOCH + self._worlds[first].begins <= min(playing)[0]):
            now = [max(one.now for one in self._members.values())] if self._members else []
            begins = max([EPOCH + self._worlds[first].begins, *now])
            self._members[first] = _Member(self._worlds[first], self._watches[first], begins, self)
            self._members[first].begin()
            return self._to_come.pop(0)
        number = min(playing)[1]
        with self._named(number):
            self._members[number].go_on()
        return number

    def _comes_next(self, number: int) -> datetime:
        with self._named(number):
            return self._members[number].comes_next()

    @contextmanager
    def _named(self, number: int) -> Iterator[None]:
        """Of one that does not end it is said which."""
        try:
            yield
        except NotEnded as error:
            raise NotEnded(f"{self._plans[number].operation}: {error.message}", error.delivery) from error

    def _listen(self, who: int, to: int) -> None:
        """What is new of one of them comes to another."""
        listener, sibling = self._members[who], self._members[to]
        if listener.over or not hears(listener.delivery.state):
            return
        wanted = heeding(listener.delivery)
        known = next(one for one in wanted.siblings if one.delivery == self._plans[to].operation)
        for fact in heard(sibling.whole, wanted.group, known, private_key_of(VIGIL)):
            if _says_another(sibling.whole, fact) and not _is_proved(listener.whole, fact):
                continue
            if any(one == who and _about(coming) == _about(fact) for one, coming in self._under_way):
                continue
            self._under_way.add((who, fact))
            at = max(listener.now, sibling.now) + timedelta(seconds=self._dice.randint(0, NEWS))
            listener.later(at, partial(self._tell, who, fact))

    def _tell(self, who: int, fact: SiblingHeard) -> None:
        self._under_way.discard((who, fact))
        if not self._members[who].over:
            self._members[who].told(fact)

    def for_several(self, line: Cue) -> Cue:
        """The same, said once for all that are asked for it there; some services do so."""
        said, group = line.statement, self._plans[0].group
        several = tuple(one.number for one in self._plans if _asks(one, said.service, said.checkpoint))
        together = random.Random(f"{self._seed}/{said.service}/{said.checkpoint}/together").random()  # noqa: S311
        if group is None or len(several) < 2 or together >= self._together or not isinstance(said.content, SHARED):
            return line
        content = said.content
        if isinstance(content, AuthorisationGranted | PermissionGranted):
            asked = tuple(digest_of_request(self._plans[number - 1], content.state) or "0" * 64 for number in several)
            content = content.model_copy(update={"request": asked})
        of_all = {"members": several, "delivery": group.code, "plan": group.digest, "seen": None}
        return replace(line, statement=said.model_copy(update=of_all | {"content": content}))

    def pass_on(self, envelope: Envelope, by: _Member) -> None:
        """What was said of several comes to all that it names and that have begun, and to one that it does not name, which turns
        it away.
        """
        if read_statement(envelope).members is None:
            return
        for one in self._members.values():
            if one is not by and not one.over:
                at = max(one.now, by.now) + timedelta(seconds=self._dice.randint(0, NEWS))
                one.later(at, lambda one=one: one.handed(envelope))  # type: ignore[misc]


def _about(fact: SiblingHeard) -> tuple[str, str, str | None]:
    return fact.sibling, fact.says, fact.checkpoint


def _is_of_danger(event: AnyEvent) -> bool:
    if not isinstance(event, Stated) or event.verdict.verdict != "accepted":
        return False
    content = read_statement(event.envelope).content
    return isinstance(content, Incident) and content.risk_to_life


def _asks(plan: Plan, service: str, checkpoint: str | None) -> bool:
    planned = plan.find(checkpoint or "")
    return planned is not None and plan.takes_place(planned) and service in planned.services()


def simulate_group(worlds: Sequence[World], watches: Sequence[Watch] = (), together: float = 0.0) -> tuple[Simulated, ...]:
    """All deliveries of a group to their ends. The same worlds give the same ledgers. `together`: at how many of the checkpoints
    where that may be done a service says once for several what it says.

    Raises `NotEnded` for the first that does not end.
    """
    return _Director(worlds, watches or [lambda _delivery, _entry: None] * len(worlds), together).perform()


def as_far_as(worlds: Sequence[World]) -> tuple[Delivery | None, ...]:
    """The deliveries of a group, to their ends or until one of them is given up; none for one that had not begun by then."""
    director = _Director(worlds, [lambda _delivery, _entry: None] * len(worlds), 0.0)
    with suppress(NotEnded):
        director.perform()
    return director.deliveries


def begins(seed: int) -> tuple[timedelta, ...]:
    """When each consignment of this seed's group begins."""
    dice = random.Random(f"{seed}/begins")  # noqa: S311 - a simulation must be repeatable
    return (timedelta(), *(dice.random() * LATEST for _ in range(NUMBER - 1)))


# What must hold among them


def check_group(group: Sequence[Simulated]) -> None:
    """Raises `BrokenInvariantError` where one of them opened a checkpoint before what it waits for, or did not stop with a
    sibling in danger; or where what was held back did not stay. It reads the ledgers alone.
    """
    books = {one.delivery.plan.operation: _Book(one) for one in group}
    for name, book in books.items():
        for problem in (*book.too_soon(books), *book.in_danger(books), *book.kept()):
            message = f"{name}: {problem}"
            raise BrokenInvariantError(message)


class _Book:
    """What one ledger says that siblings must know."""

    def __init__(self, one: Simulated) -> None:
        self.plan = one.delivery.state.plan
        self.entries = one.delivery.ledger.entries
        self.satisfied: dict[str, datetime] = {}
        self.concluded: tuple[str, datetime] | None = None
        self.ended: datetime | None = None
        self.halted = one.delivery.state.halt
        self.danger: datetime | None = None
        """Since when life is at risk there: it has halted for that, or that was said after it had halted for something else."""
        for entry in self.entries:
            if self.danger is None and self.halted is not None and entry.seq >= self.halted.seq:
                here = self.halted.cause == "risk_to_life" or _is_of_danger(entry.event)
                self.danger = instant(entry.at) if here else None
            match entry.event:
                case Closed(checkpoint=name, result="satisfied"):
                    self.satisfied.setdefault(name, instant(entry.at))
                case Concluded(outcome=outcome):
                    self.concluded = outcome, instant(entry.at)
                case Ended():
                    self.ended = instant(entry.at)
        self.shown = dict(self.satisfied)
        """The same, and what was in a history that was put back: what was heard of that was heard."""
        self.over = self.concluded[1] if self.concluded is not None else None
        """When it first had an outcome, be it in one that was put back."""
        for entry in (entry for other in one.others for entry in other.ledger.entries):
            at = instant(entry.at)
            match entry.event:
                case Closed(checkpoint=name, result="satisfied"):
                    self.shown[name] = min(at, self.shown.get(name, at))
                case Concluded():
                    self.over = min(at, self.over or at)

    def too_soon(self, books: dict[str, "_Book"]) -> Iterator[str]:
        """Checkpoints that have opened before what they wait for, and though nobody had decided that they wait no more."""
        for entry in self.entries:
            if not isinstance(entry.event, Opened) or (planned := self.plan.find(entry.event.checkpoint)) is None:
                continue
            at = instant(entry.at)
            alone = any(name.startswith(f"sibling.{planned.id}.") and closed <= at for name, closed in self.satisfied.items())
            for wait in planned.wait_for if not alone else ():
                other = books[wait.delivery]
                there = other.shown.get(wait.checkpoint)
                over = other.over is not None and other.over <= at + APART and wait.ended == "go_on"
                if (there is None or there > at + APART) and not over:
                    yield f"R31: {planned.id} opened at {entry.at}, before {wait.checkpoint} of {wait.delivery}"

    def in_danger(self, books: dict[str, "_Book"]) -> Iterator[str]:
        """One that went on though life was at risk in a sibling."""
        for name, other in books.items():
            if other is self or other.danger is None or self.plan.held_back:
                continue
            at = other.danger + timedelta(seconds=2 * NEWS) + APART
            went_on = self.concluded is None or self.concluded[1] > at
            if went_on and instant(self.entries[0].at) < at and self.halted is None:
                yield f"R14: it went on, and in {name} life was at risk"

    def kept(self) -> Iterator[str]:
        """What was held back has left, or has another outcome though nothing halted it."""
        if self.plan.held_back and self.halted is None and (self.concluded or ("", 0))[0] != "held_back":
            yield f"R31: it was held back, and its outcome is {self.concluded}"
        opened = (one.event.checkpoint for one in self.entries if isinstance(one.event, Opened))
        for planned in filter(None, map(self.plan.find, opened)):
            if not self.plan.takes_place(planned):
                yield f"R31: it was held back, and {planned.id} opened"
