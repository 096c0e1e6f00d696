"""How much one caller may ask at once, so that no service's mistake or malice keeps the others out.

A limit is a caller's own: what one does is never counted against another. A caller has six lanes, each with a leaky bucket and
a number of requests that may be under way, and what fills one leaves the others free. Stops have a lane of their own: a
system that floods the gateway with sightings does not keep its officers from ordering a stop (R8). Beyond a limit the answer
is 429 with `Retry-After`, and nothing has been done.

Nobody anonymous gets as far as this, but where an OpenID provider signs people in: whoever goes there is not known yet, so all
strangers share a seventh lane, `enter`, and with it nothing else. See `gateway.connections` for what strangers are held to.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from aiohttp import web
from aiolimiter import AsyncLimiter
from pydantic import ValidationError

from domain.signing.envelope import Envelope
from domain.words.errors import Limited, VigilError
from domain.words.limits import LARGEST_OF_GOODS, MOST_SELECTORS_OF_A_SERVICE
from domain.words.sizes import bounded
from domain.words.text import fill
from gateway.turns import a_place
from process.in_force import BRAKES

Lane = Literal["ask", "say", "start", "stop", "follow", "files", "enter"]

LARGEST_NUMBER = 999_999_999
"""Of an entry or a record that is asked for: beyond it there is none, and a text of digits costs time."""
MOST_CODED = 100_000
"""Values in a body that a codec server decodes: a page of a history has payloads by the thousand, of six values each."""
MOST_EXPECTED = 10_000
"""Readers and deliveries of which it is remembered how far a reader knows. One forgotten may be shown half a second old."""
MOST_REMEMBERED = 10_000
"""Requests remembered as read. One that is forgotten is told once more, which changes nothing."""
LEFT_STATEMENTS = 30
"""Statements of one caller that one gateway leaves with Temporal in one delivery until that answers: as many as R28 gives to a
service of which nothing is asked. Such a share of each of 64 services, with their brakes, is 32 MiB in base64 and 3,456 signals,
of the 50 MiB and 10,000 signals that Temporal takes in a run; what a run has before is 8 MB.
"""
LEFT_BYTES = LARGEST_OF_GOODS
"""Of these: one of the largest kind, or all that is usual."""
LEFT_BRAKES = 24
"""Likewise of what only stops or ends something, beside the statements: as many as R28 sets aside for brakes after decisions to
go on. In base64 as many bytes.
"""
LEFT_KEY_CHANGES, LEFT_KEY_CHANGES_BYTES = 8, 64 * 1024
"""Likewise of changes of keys, each of 8 KiB at most: 512 signals more, and 6 MiB."""
MOST_LEFT = 10_000
"""What is remembered as left. One that is forgotten may be left once more, and counts once more."""
MOST_SHARES = 100_000
"""Shares that are counted, of each caller three in each delivery, some 300 bytes each. Who makes the gateway forget some, by
leaving something in 33,000 deliveries, fills no run within two days so: of 10,000 signals that it takes, they are 62.
"""
PAGE_OF_LEDGER = 50
"""Entries on one page for people, the newest first."""
LONGEST_TOKEN = 200
"""Bytes that a stranger may send to sign in."""
LONGEST_ANSWER = 8_000
"""Bytes that may come back from an OpenID provider: codes of a few thousand exist."""


WAITS = 10.0
"""Seconds for which a request waits for its own caller's others, and is then refused."""


@dataclass(frozen=True)
class Share:
    """What one caller may do in one lane: `burst` requests at once, again full after `seconds`; so many under way."""

    burst: int
    seconds: float
    under_way: int
    at_work: int | None = None
    """Of those under way, how many are seen to at the same time, while the others wait in their order, for `WAITS` at most; None:
    all. A gateway that sees to all that three callers may have under way answers nobody in time.
    """
    of_all: int | None = None
    """How many of all callers together may be under way; None: as many as there are."""


SHARES: dict[Lane, Share] = {
    "ask": Share(burst=600, seconds=30, under_way=32, at_work=8),
    "say": Share(burst=3000, seconds=30, under_way=64, at_work=8),
    "start": Share(burst=MOST_SELECTORS_OF_A_SERVICE, seconds=86_400, under_way=64, at_work=8),
    "stop": Share(burst=3000, seconds=30, under_way=256),
    "follow": Share(burst=600, seconds=30, under_way=20, of_all=400),
    "files": Share(burst=300, seconds=60, under_way=4, of_all=40),
    "enter": Share(burst=60, seconds=60, under_way=16),
}
"""An officer's system needs a hundredth of it. A stream holds a connection for as long as it lasts, so their number is bounded as
a whole. Each delivery that is begun stays, so there are as many in a day as its service may look for things in the register.
"""


class Limits:
    """Keeps count. As many buckets as services of the directory times lanes, at most."""

    def __init__(self, starts: int | None = None) -> None:
        """`starts`: how many deliveries one caller may begin in a day; None: as many as else."""
        self._starts = starts
        self._buckets: dict[tuple[str, Lane], AsyncLimiter] = {}
        self._under_way: Counter[tuple[str, Lane]] = Counter()
        self._at_work: dict[tuple[str, Lane], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, caller: str, lane: Lane) -> AsyncIterator[bool]:
        """Be under way in this lane, if the caller's share allows; whether that had to wait for its turn. Raises `Limited`."""
        share, key = SHARES[lane], (caller, lane)
        if lane == "start" and self._starts is not None:
            share = replace(share, burst=self._starts)
        if key not in self._buckets:
            self._buckets[key] = AsyncLimiter(share.burst, share.seconds)
        bucket = self._buckets[key]
        if self._under_way[key] >= share.under_way:
            raise _limited(_under_way(caller, share.under_way))
        if share.of_all is not None and self.under_way(lane) >= share.of_all:
            raise _limited(fill("{count} requests of this kind are under way", count=share.of_all))
        if not bucket.has_capacity():
            raise _limited(_too_often(caller, lane, share), share.seconds / share.burst)
        await bucket.acquire()  # at once, since there is room
        self._under_way[key] += 1
        try:
            at_once = nullcontext(enter_result=False)
            async with self._seen_to(caller, lane, share.at_work) if share.at_work else at_once as waited:
                yield waited
        finally:
            self._under_way[key] -= 1

    @asynccontextmanager
    async def _seen_to(self, caller: str, lane: Lane, at_work: int) -> AsyncIterator[bool]:
        """Wait until fewer than `at_work` of the caller's requests are seen to, and be one of them; whether that took waiting.

        Raises `Limited`.
        """
        places = self._at_work.setdefault((caller, lane), asyncio.Semaphore(at_work))
        waits = places.locked()
        async with a_place(places, WAITS, lambda: _limited(_under_way(caller, at_work))):
            yield waits

    def under_way(self, lane: Lane) -> int:
        """How many requests of all callers are under way in this lane."""
        return sum(count for (_, one), count in self._under_way.items() if one == lane)


LIMITS: web.AppKey[Limits] = web.AppKey("limits", Limits)


FILES = ("attach", "file")
"""Actions that carry a file one way or the other, which takes as long as it takes."""


FOLLOWING = ("changes", "floor-changes")
"""Actions whose answer goes on, and holds a connection meanwhile."""


def lane_of(action: str | None, body: bytes) -> Lane:
    """The lane of a request; `body` is looked at only where it may be a stop."""
    if action in FOLLOWING:
        return "follow"
    if action in FILES:
        return "files"
    if action == "start":
        return "start"
    if action != "submit":
        return "ask"
    return "stop" if _stops(body) else "say"


def _stops(body: bytes) -> bool:
    """Whether this reads as a stop; who signed it is checked later, as for any statement."""
    try:
        said = json.loads(Envelope.model_validate_json(bounded(body)).body())
        return said["content"]["kind"] in BRAKES
    except (ValidationError, VigilError, ValueError, LookupError, TypeError, RecursionError):
        return False


def is_form_of_stop(body: bytes) -> bool:
    """Whether this reads as a form of a page that is filled in to stop; it corrects nothing, and is no second officer's."""
    try:
        said = json.loads(bounded(body))
        return said["kind"] in BRAKES and not {"corrects", "second"} & said.keys()
    except (VigilError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _under_way(caller: str, count: int) -> str:
    return fill("{caller} has {count} requests of this kind under way", caller=caller, count=count)


def _too_often(caller: str, lane: Lane, share: Share) -> str:
    if lane == "start":
        return fill("{caller} begins more than {count} deliveries a day", caller=caller, count=share.burst)
    seconds = f"{share.seconds:.0f}"
    return fill("{caller} asks more than {count} times in {seconds} s", caller=caller, count=share.burst, seconds=seconds)


def _limited(message: str, after: float = 1.0) -> Limited:
    return Limited(message, after=ceil(after))
