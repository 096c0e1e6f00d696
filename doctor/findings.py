"""What the doctor finds: of which part, how it is, in words, and what to do. No finding has a secret in it."""

import logging
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from domain.words.errors import Malformed, Unavailable, VigilError
from domain.words.text import fill, mark, shown

log = logging.getLogger("vigil.doctor")

State = Literal["fine", "warning", "wrong", "unknown"]
"""`unknown`: it could not be looked at, because something else that is found wrong is in the way."""
Part = Literal[
    "settings",
    "versions",
    "ports",
    "clock",
    "keys",
    "directory",
    "certificates",
    "services",
    "temporal",
    "worker",
    "gateway",
    "archive",
    "ledgers",
    "attachments",
    "disk",
]
SOON: Final = timedelta(days=30)
"""Before what ends: from then on it is a warning."""
MOST_SHOWN: Final = 10
"""Names in one finding."""
LONGEST_CAUSE: Final = 300
"""Characters of the first line of what a library says: of a bucket it may be a whole page."""
_OF_THE_SYSTEM: Final = re.compile(r'Os \{[^}]*message: "([^"]+)"')
"""What the system said, inside what the SDK's core says of a connection."""


@dataclass(frozen=True)
class Diagnosis:
    """One. The texts are ours, with what is filled in, so that they can be said in another language."""

    part: Part
    state: State
    what: str
    then: str = ""
    """What to do; empty where nothing is to be done."""


def fine(part: Part, what: str) -> Diagnosis:
    """As it must be."""
    return Diagnosis(part, "fine", what)


def warning(part: Part, what: str, then: str) -> Diagnosis:
    """It works, and somebody must look at it."""
    return Diagnosis(part, "warning", what, then)


def wrong(part: Part, what: str, then: str) -> Diagnosis:
    """It does not work, or not for long."""
    return Diagnosis(part, "wrong", what, then)


def unknown(part: Part, what: str) -> Diagnosis:
    """It could not be looked at."""
    return Diagnosis(part, "unknown", what, mark("fix what is wrong above first, and look again"))


def because(part: Part, error: VigilError) -> Diagnosis:
    """What an error of ours says."""
    message, hint = error.words
    if isinstance(error, Malformed) and error.faults:
        first = fill("{place}: {problem}", place=error.faults[0].place, problem=error.faults[0].problem)
        message = fill("{what} ({first})", what=message, first=first)
    elif isinstance(error, Unavailable) and error.__cause__ is not None:  # callers are not told why
        message = fill("{what} ({first})", what=message, first=shown(_first_cause(error.__cause__), LONGEST_CAUSE))
    return wrong(part, message, hint or mark("fix it, and look again"))


def _first_cause(error: BaseException) -> str:
    """What the system said, where a library has wrapped it in what only its makers read; else the library's first line."""
    cause = getattr(error, "orig", error)
    system = _OF_THE_SYSTEM.search(str(cause))
    return system[1] if system is not None else str(cause).partition("\n")[0] or type(cause).__name__


def some(names: Iterable[str]) -> str:
    """The first names, with a mark where there are more."""
    known = sorted(names)
    return ", ".join([*known[:MOST_SHOWN], *(["..."] if len(known) > MOST_SHOWN else [])])


def ends(part: Part, what: str, at: datetime, now: datetime, then: str) -> Diagnosis | None:
    """What is to be said of what ends then; nothing while that is far off."""
    day = f"{at:%Y-%m-%d %H:%M} UTC"
    if at <= now:
        return wrong(part, fill("{what} has ended: {day}", what=what, day=day), then)
    if at - now < SOON:
        return warning(part, fill("{what} ends soon: {day}", what=what, day=day), then)
    return None


async def gathered(part: Part, look: AsyncGenerator[Diagnosis]) -> tuple[Diagnosis, ...]:
    """All that one look finds. A look that fails is a finding too, and keeps no other from being made."""
    found: list[Diagnosis] = []
    try:
        async with aclosing(look) as looking:
            async for one in looking:
                found.append(one)  # noqa: PERF401 - what was found stays found where the look fails
    except VigilError as error:
        found.append(because(part, error))
    except Exception as error:  # half of the parts may be down, each in its own way
        log.debug("a look failed", exc_info=True)
        what = fill("this could not be looked at: {why}", why=type(error).__name__)
        found.append(wrong(part, what, mark("look at the log of this part, and report it if nothing else is wrong")))
    return tuple(found)
