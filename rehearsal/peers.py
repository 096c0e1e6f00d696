"""Peers that hang, answers that come very late, notices that are lost, a register that does not answer, clocks that step,
timers that are late, and reports that come late, twice, or of what is asked no more.

All from one seed, so that a delivery among them can be repeated.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.plan.directory import Poll, Reach
from domain.plan.plan import Plan
from rehearsal.services import EPOCH

REGISTER = "register"
"""Who hangs where the register does."""
BEHIND, AHEAD = timedelta(minutes=2), timedelta(seconds=2)
"""By how much the moment of a message may be off: what the door of the workflow admits."""
EARLY = timedelta(seconds=2)
"""By how much a timer may fire too early."""
ONE_CALL = timedelta(seconds=15)
"""How long a call to a peer that hangs is waited for, before it is said to be unreachable."""
CALM = 0.5
"""Part of the seeds in which each of these troubles does not come at all."""
MOST_HANGS = 3


@dataclass(frozen=True)
class Hang:
    """A service, or the register, that nothing gets through to from one moment to another."""

    who: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Peers:
    """How those outside are reached, and how right the clocks are."""

    hangs: tuple[Hang, ...] = ()
    polled: tuple[str, ...] = ()
    """Services that cannot call us."""
    late: float = 0.0
    """Chance that what is said comes in days later."""
    lost: float = 0.0
    """Chance that a notice is not delivered."""
    stepping: float = 0.0
    """Chance that a message bears another moment than now, and that a timer fires early."""
    sluggish: float = 0.0
    """Chance that a timer fires only after what comes next: no worker was up at its moment, or the worker was busy."""
    slow: float = 0.0
    """Chance that what an errand has found comes in later, after what others have found since."""
    again: float = 0.0
    """Chance that it comes in once more: its activity was tried again though the delivery had been told."""
    heedless: float = 0.0
    """Chance that a service answers though it is asked no more: it has not heard of that yet."""
    forgetful: float = 0.0
    """Chance that a new run begins each errand anew, while those of the run before still report."""

    def back(self, who: str, at: datetime) -> datetime:
        """The first moment from this one on at which it does not hang."""
        for hang in sorted(self.hangs, key=lambda one: one.begins):
            if hang.who == who and hang.begins <= at < hang.ends:
                at = hang.ends
        return at

    def reach(self) -> dict[str, Reach]:
        """How each of those who are polled is reached; the others are people at a desk."""
        return {one: Poll(url="https://example.org/", every=timedelta(minutes=1)) for one in self.polled}


GOOD = Peers()
"""All are there, and all clocks are right."""


def delay(peers: Peers, throw: str) -> timedelta:
    """How much later what is said comes in."""
    dice = random.Random(f"{throw}/late")  # noqa: S311 - a simulation must be repeatable
    return timedelta(minutes=dice.randint(1, 30_000)) if dice.random() < peers.late else timedelta()


def is_lost(peers: Peers, throw: str) -> bool:
    """Whether this notice is not delivered."""
    return random.Random(f"{throw}/lost").random() < peers.lost  # noqa: S311 - a simulation must be repeatable


def stepped(peers: Peers, now: datetime, dice: random.Random) -> datetime:
    """Which moment a message that comes now bears."""
    if dice.random() >= peers.stepping:
        return now
    return now + dice.choice((timedelta(milliseconds=-1), timedelta(seconds=-3), -BEHIND, timedelta(milliseconds=1), AHEAD))


def pause(dice: random.Random) -> timedelta:
    """How much later a report comes in: mostly soon, and after days where no worker was up."""
    return timedelta(seconds=dice.choice((1, 60, 3600, 86_400, 864_000)) * dice.random())


def fires(peers: Peers, moment: datetime, dice: random.Random) -> datetime:
    """When the timer for this moment fires."""
    early = dice.choice((timedelta(microseconds=1), timedelta(milliseconds=1), EARLY))
    return moment - early if dice.random() < peers.stepping else moment


def peers(plan: Plan, seed: int) -> Peers:
    """In half of the seeds each: some hang, some are polled, some are late, notices are lost, clocks step, timers are late,
    reports come late or twice, what is asked no more is answered, and a new run begins each errand anew.
    """
    dice = random.Random(f"{seed}/peers")  # noqa: S311 - a simulation must be repeatable
    everyone = plan.participants()

    def hang() -> Hang:
        begins = EPOCH + timedelta(minutes=dice.choice((0, dice.randint(0, 10_000))))
        return Hang(dice.choice((REGISTER, *everyone)), begins, begins + timedelta(minutes=dice.choice((1, 60, 2000, 20_000))))

    def comes() -> bool:
        return dice.random() >= CALM

    return Peers(
        hangs=tuple(hang() for _ in range(dice.randint(1, MOST_HANGS))) if comes() else (),
        polled=tuple(dice.sample(everyone, dice.randint(1, len(everyone)))) if comes() else (),
        late=dice.choice((0.02, 0.2)) if comes() else 0.0,
        lost=dice.choice((0.1, 1.0)) if comes() else 0.0,
        stepping=dice.choice((0.1, 0.5)) if comes() else 0.0,
        sluggish=dice.choice((0.1, 0.5)) if comes() else 0.0,
        slow=dice.choice((0.1, 0.5)) if comes() else 0.0,
        again=dice.choice((0.1, 0.5)) if comes() else 0.0,
        heedless=dice.choice((0.1, 1.0)) if comes() else 0.0,
        forgetful=dice.choice((0.5, 1.0)) if comes() else 0.0,
    )
