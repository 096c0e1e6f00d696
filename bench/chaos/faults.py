"""What goes wrong, drawn from a seed and a number: so a run is resumed at any number, and any fault is repeated alone.

Two that are of one seed and number are the same fault on the same kind of machine. Where something cannot be done here, such as
filling a disk without being root, it is drawn all the same and performed as a kill -9, so that the schedule stays what it is.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

Part = Literal["worker", "gateway", "database", "temporal", "service"]
PARTS: tuple[Part, ...] = ("worker", "gateway", "database", "temporal", "service")
"""`database`: the archive's, where it is a server. `service`: one participant's system, a process of its own."""
Link = Literal["worker-temporal", "gateway-temporal", "worker-database", "gateway-database", "services-gateway", "worker-service"]
LINKS: tuple[Link, ...] = (
    "worker-temporal",
    "gateway-temporal",
    "worker-database",
    "gateway-database",
    "services-gateway",
    "worker-service",
)
"""Who calls whom, through a proxy of this tool."""
Kind = Literal["KILL", "TERM", "outage", "freeze", "cut", "silent", "slow", "full", "clock", "restarts"]
WEIGHTS: dict[Kind, int] = {
    "KILL": 24,
    "TERM": 12,
    "outage": 6,
    "freeze": 14,
    "cut": 10,
    "silent": 8,
    "slow": 8,
    "full": 8,
    "clock": 10,
    "restarts": 0,
}
"""How often each is drawn; what never is comes where it is asked for."""
End = Literal["KILL", "TERM"]
"""How a process ends: killed, or asked to."""
ENDS: dict[Kind, End] = {"KILL": "KILL", "TERM": "TERM", "outage": "KILL"}
"""Those that end a process, each as it does."""
TWO_AT_ONCE = 0.2
LONGEST_PAUSE = 3.0
"""Seconds from one comparison to the next fault, at most."""
RESTARTS = 20
"""Of the worker and another part, before everything is compared."""
SHORTEST_LIFE, LONGEST_LIFE = 0.5, 6.0
"""Seconds from one of these starts to the next end: some come before the worker has begun, some in the middle of replays."""
STEPS = (-86_400, -3_600, -90, -5, 5, 90, 3_600, 86_400)
"""Seconds by which a clock is set."""


@dataclass(frozen=True)
class Fault:
    """One fault. `on`: parts or links. `after`: seconds since all was up and compared. `lasts`: seconds, where it has an end.
    `step`: seconds by which a clock is off meanwhile.
    """

    number: int
    kind: Kind
    on: tuple[str, ...]
    after: float
    lasts: float = 0.0
    step: int = 0
    lives: tuple[float, ...] = ()
    """Seconds from each start to the next end."""
    by: tuple[End, ...] = ()
    """How each of these ends."""

    @property
    def kills(self) -> int:
        """How many processes it kills (SIGKILL)."""
        return self._ending("KILL")

    @property
    def asked(self) -> int:
        """How many it asks to end (SIGTERM)."""
        return self._ending("TERM")

    def _ending(self, by: End) -> int:
        return len(self.on) * (self.by.count(by) + (ENDS.get(self.kind) == by))

    def __str__(self) -> str:
        lasts = f" for {self.lasts:.1f} s" if self.lasts else f" {len(self.lives)} times" if self.lives else ""
        step = f" by {self.step:+} s" if self.step else ""
        what = f"{' and '.join(self.on)}{step}{lasts}"
        return f"{self.number:5}  {self.kind:<8}  {what:<44} after {self.after:3.1f} s"


def drawn(seed: int, number: int, only: Collection[Kind] = ()) -> Fault:
    """The fault of this number; `only`: of one of these kinds, else of any."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - it must be repeatable
    weights = {kind: weight or 1 for kind, weight in WEIGHTS.items() if kind in only} if only else WEIGHTS
    (kind,) = dice.choices(tuple(weights), tuple(weights.values()))
    after, two = round(dice.uniform(0.0, LONGEST_PAUSE), 1), 2 if dice.random() < TWO_AT_ONCE else 1
    if kind in ("KILL", "TERM"):
        return Fault(number, kind, tuple(dice.sample(PARTS, two)), after)
    if kind == "restarts":
        lives = tuple(round(dice.uniform(SHORTEST_LIFE, LONGEST_LIFE), 1) for _ in range(RESTARTS))
        ends: tuple[End, ...] = ("KILL", "TERM")
        by = tuple(dice.choices(ends, k=RESTARTS))
        return Fault(number, kind, ("worker", dice.choice(PARTS[1:])), after, lives=lives, by=by)
    if kind == "outage":
        return Fault(number, kind, (dice.choice(PARTS[:4]),), after, round(dice.uniform(8.0, 16.0), 1))
    if kind == "freeze":
        return Fault(number, kind, tuple(dice.sample(PARTS, two)), after, round(dice.uniform(0.5, 15.0), 1))
    if kind == "full":
        return Fault(number, kind, (dice.choice(("database", "temporal")),), after, round(dice.uniform(2.0, 8.0), 1))
    if kind == "clock":
        step = dice.choice(STEPS)
        return Fault(number, kind, (dice.choice(("worker", "gateway")),), after, round(dice.uniform(2.0, 8.0), 1), step)
    return Fault(number, kind, tuple(dice.sample(LINKS, two)), after, round(dice.uniform(1.0, 12.0), 1))


def possible(fault: Fault, missing: dict[Kind, str], *, database: bool) -> Fault:
    """The same where it can be done here. `database`: whether the archive's is a server; where it is a file, Temporal or the way
    to it is hit in its place.
    """
    if fault.kind in missing:
        fault = Fault(fault.number, "KILL", fault.on, fault.after)
    if database:
        return fault
    instead = {"database": "temporal", "worker-database": "worker-temporal", "gateway-database": "gateway-temporal"}
    return replace(fault, on=tuple(dict.fromkeys(instead.get(one, one) for one in fault.on)))
