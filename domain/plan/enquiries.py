"""Who has looked for what in the register: quotas over time, and patterns that supervisors are told of (R15).

Whoever may look, may fish: put numbers into a plan to learn which of them somebody watches. So the register counts different
selectors by service and State, and how often a service looks for the same one. What goes beyond is not looked into before
there is room again. Time comes with the messages. Pure: an answer is a new book.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import (
    MANY_MISSES,
    MANY_NEIGHBOURS,
    MANY_SELECTORS,
    MOST_ALARMS,
    MOST_ENQUIRIES,
    MOST_HASHES_EACH,
    MOST_IDENTIFIERS,
    MOST_LOOKS_FOR_A_SELECTOR,
    MOST_MARKS,
    MOST_NAMED,
    MOST_SELECTORS_OF_A_SERVICE,
    MOST_SELECTORS_OF_A_STATE,
)
from domain.words.moments import Moment, instant

WINDOW = timedelta(days=1)
"""Over which enquiries are counted."""

Mark = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The beginning of a keyed hash: enough to count different ones."""
Block = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
"""The hundred that a number is in: the keyed hash of the number without its last three digits; empty where it has no others."""

Pattern = Literal["many_selectors", "many_misses", "neighbouring_numbers", "over_quota", "crowded", "full"]
"""What an alarm is about. `over_quota`: more than a service or State may look for. `crowded`: more operations on one thing than
the register tells of. `full`: no room for another live operation, or for another enquiry of the State.
"""


class Enquiry(Frozen):
    """One look that was counted: when, for whom, by whose signature, after what, and whether it found nobody."""

    at: Moment
    service: ServiceId
    state: State
    signer: ServiceId
    delivery: OperationCode
    marks: Annotated[tuple[Mark, ...], Field(max_length=MOST_HASHES_EACH)]
    blocks: Annotated[tuple[Block, ...], Field(max_length=MOST_IDENTIFIERS)] = ()
    """Of each number of the consignment, in the order of the first marks."""
    missed: bool = False
    group: Annotated[Digest | None, Field(exclude_if=lambda digest: digest is None)] = None
    """Of a consignment of a group: it is one operation with the others, and one look for what they share (R31)."""

    @property
    def size(self) -> int:
        """Marks in it."""
        return len(self.marks) + len(self.blocks)


class Alarm(Frozen):
    """A pattern, for supervisors. It names operations and services, and nothing that they look for."""

    number: Annotated[int, Field(ge=1)]
    at: Moment
    pattern: Pattern
    service: ServiceId
    state: State
    count: Annotated[int, Field(ge=0)]
    """Of what the pattern counts, within the window."""
    deliveries: Annotated[tuple[OperationCode, ...], Field(min_length=1, max_length=MOST_NAMED)]
    signers: Annotated[tuple[ServiceId, ...], Field(min_length=1, max_length=MOST_NAMED)]


class Enquiries(Frozen):
    """The enquiries of the window, and the alarms that came of them: all, or those of one State and one service."""

    made: tuple[Enquiry, ...] = ()
    alarms: Annotated[tuple[Alarm, ...], Field(max_length=MOST_ALARMS)] = ()
    raised: Annotated[int, Field(ge=0)] = 0
    """Alarms ever raised: the number of the newest."""

    def at(self, now: datetime) -> "Enquiries":
        """As of this instant: what the window has left behind is forgotten."""
        kept = tuple(one for one in self.made if instant(one.at) + WINDOW > now)
        return self if len(kept) == len(self.made) else self.model_copy(update={"made": kept})

    def room_from(self, enquiry: Enquiry) -> datetime | None:
        """When there is room for it at the earliest, as enquiries leave the window; none: there is now."""
        if _fits(self.made, enquiry):
            return None
        left = bisect_left(range(len(self.made) + 1), 1, lo=1, key=lambda gone: int(_fits(self.made[gone:], enquiry)))
        return instant(self.made[left - 1].at) + WINDOW

    def full_for(self, enquiry: Enquiry) -> bool:
        """Whether it is the enquiries of its whole State together that leave no room for it."""
        return _full([one for one in self.made if one.state == enquiry.state], enquiry)

    def with_one(self, enquiry: Enquiry) -> "Enquiries":
        """With another that was looked into, and the alarms that follow from it. There must be room for it."""
        book = self.model_copy(update={"made": (*self.made, enquiry)}) if enquiry.marks else self
        for pattern, count, most in _counted(book.made, enquiry.service):
            if count >= most:
                book = book.with_alarm(pattern, count, enquiry)
        return book

    def with_alarm(self, pattern: Pattern, count: int, enquiry: Enquiry) -> "Enquiries":
        """With this alarm about the one who asks, unless the same was raised within the window."""
        about = (pattern, enquiry.service)
        now = instant(enquiry.at)
        if any((one.pattern, one.service) == about and instant(one.at) + WINDOW > now for one in self.alarms):
            return self
        own = [*(one for one in self.made if one.service == enquiry.service and one != enquiry), enquiry]
        alarm = Alarm(
            number=self.raised + 1,
            at=enquiry.at,
            pattern=pattern,
            service=enquiry.service,
            state=enquiry.state,
            count=count,
            deliveries=_newest(one.delivery for one in own),
            signers=_newest(one.signer for one in own),
        )
        kept = (*self.alarms, alarm)[-MOST_ALARMS:]
        return self.model_copy(update={"alarms": kept, "raised": alarm.number})


def _counted(made: tuple[Enquiry, ...], service: str) -> Iterator[tuple[Pattern, int, int]]:
    """Each pattern of this service with what is counted of it, and how many are many."""
    own = [one for one in made if one.service == service]
    yield "many_selectors", len({mark for one in own for mark in one.marks}), MANY_SELECTORS
    yield "many_misses", len({one.delivery for one in own if one.missed}), MANY_MISSES
    numbers = {pair for one in own for pair in zip(one.marks, one.blocks, strict=False)}
    blocks = Counter(block for _, block in numbers if block)
    yield "neighbouring_numbers", max(blocks.values(), default=0), MANY_NEIGHBOURS


def _fits(made: tuple[Enquiry, ...], enquiry: Enquiry) -> bool:
    """Whether no quota is passed with this one more."""
    if not enquiry.marks:  # nothing that was not looked for already by the same operation
        return True
    before = [one for one in made if one.state == enquiry.state]
    of_state = [*before, enquiry]
    of_service = [one for one in of_state if one.service == enquiry.service]
    looks = dict.fromkeys((one.group or str(at), mark) for at, one in enumerate(of_service) for mark in one.marks)
    times = Counter(mark for _, mark in looks)
    return (
        not _full(before, enquiry)
        and len({mark for one in of_state for mark in one.marks}) <= MOST_SELECTORS_OF_A_STATE
        and len(times) <= MOST_SELECTORS_OF_A_SERVICE
        and all(times[mark] <= MOST_LOOKS_FOR_A_SELECTOR for mark in enquiry.marks)
    )


def _full(of_state: list[Enquiry], enquiry: Enquiry) -> bool:
    return len(of_state) >= MOST_ENQUIRIES or sum(one.size for one in of_state) + enquiry.size > MOST_MARKS


def _newest(names: Iterable[str]) -> tuple[str, ...]:
    """Each once, the last of them."""
    return tuple(dict.fromkeys(reversed(tuple(names))))[:MOST_NAMED][::-1]
