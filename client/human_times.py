"""Times as people say them, `today 14:00`, read into RFC 3339 with the offset of the State of whoever says them.

What is signed is always RFC 3339: the offset is evidence of where the clock stood. So a day and an hour are taken only where it
is certain which offset they have: the one that is typed behind them, or the one that all clocks of the State have then.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from client.language import _
from domain.views.forms import kind_called
from domain.words.likeness import did_you_mean

DAYS = {
    "today": 0, "yesterday": -1, "tomorrow": 1, "now": 0,
    "сегодня": 0, "вчера": -1, "завтра": 1, "сейчас": 0,
}  # fmt: skip
"""Days by name, in each language that commands speak, whichever the reader's is."""
NOW = ("now", "сейчас")
_SAID = re.compile(
    r"(?P<day>[a-zа-я]+|\d{4}-\d\d-\d\d|\d\d?\.\d\d?\.\d{4})?,?\s*(?:at |в )?"
    r"(?:(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?\s*(?P<offset>Z|[+-]\d\d:\d\d)?",
    re.IGNORECASE,
)
_MACHINES = re.compile(r"\d{4}-\d\d-\d\d[Tt]")
"""How RFC 3339 begins, whatever is wrong behind it."""
FARTHEST = timedelta(hours=14)
"""How far the clocks of a place are from UTC at most."""
TABLE = "zone.tab"
"""Which zones a State has; it comes with the system's time zones."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class TypedTimes:
    """Reads a time that a person has typed. `state`: of whom; it is asked for only where it is needed."""

    state: Callable[[], str | None]
    now: Callable[[], datetime] = field(default=_now)

    def read(self, text: str) -> str:
        """RFC 3339; what is written like it as it is, to be judged where all times are. Raises `ValueError` where the offset is
        not certain, there is no such day or hour, or it is no time.
        """
        return self._read(text, lambda: zones_of(self._state(text)))

    def by(self, zone: tzinfo, text: str) -> str:
        """The same by the clocks of this zone, whatever the State."""
        return self._read(text, lambda: (zone,))

    def _read(self, text: str, known: Callable[[], Sequence[tzinfo]]) -> str:
        said = _SAID.fullmatch(text.strip())
        day = said["day"].lower() if said is not None and said["day"] else "today"
        if said is not None and day.isalpha() and day not in DAYS and (meant := did_you_mean(day, DAYS)):
            raise ValueError(_("{text}: there is no such day; {question}", text=text, question=meant))
        if said is not None and said["day"] and day not in NOW and not said["hour"] and (not day.isalpha() or day in DAYS):
            raise ValueError(_("{text}: the hour is missing, such as {text} 14:00", text=text))
        if said is None or not (said["hour"] or day in NOW) or (day.isalpha() and day not in DAYS):
            return _machines(text)
        zones = (_fixed(said["offset"], text),) if said["offset"] else known()
        found = {one.isoformat(timespec="seconds") for zone in zones for one in self._in(zone, day, said, text)}
        if len(found) != 1:
            offsets = ", ".join(sorted({one[19:] for one in found}))
            raise ValueError(_("{text}: by which clock? Put the offset behind it, one of {offsets}", text=text, offsets=offsets))
        return found.pop()

    def _state(self, text: str) -> str:
        state = self.state()
        if state is None or not zones_of(state):
            what = _("{text}: which clock is meant is not known here; put the offset behind it, such as +05:00", text=text)
            raise ValueError(what)
        return state

    def _in(self, zone: tzinfo, day: str, said: re.Match[str], text: str) -> Iterator[datetime]:
        """What it is by the clocks of this zone: twice where they are put back over it, or forward."""
        here = self.now().astimezone(zone)
        if day in NOW:
            yield here
            return
        try:
            date_ = here.date() + timedelta(days=DAYS[day]) if day in DAYS else _date(day)
            clock = time(int(said["hour"]), int(said["minute"]), int(said["second"] or 0))
        except ValueError as error:
            raise ValueError(_("{text}: there is no such day or hour", text=text)) from error
        yield from (datetime.combine(date_, clock.replace(fold=fold), zone) for fold in (0, 1))


def _machines(text: str) -> str:
    """What is written as machines do, as it is. Raises `ValueError` for anything else."""
    if _MACHINES.match(text.strip()):
        return text
    raise ValueError(_("{text}: expected a time such as today 14:00, 2026-03-02 14:00 or 2026-03-02T14:00:00+05:00", text=text))


def _fixed(offset: str, text: str) -> timezone:
    if offset in ("Z", "z"):
        return UTC
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    if ahead > FARTHEST:
        raise ValueError(_("{text}: no clock is so far from UTC; expected an offset such as +05:00", text=text))
    return timezone(-ahead if offset[0] == "-" else ahead)


def _date(text: str) -> date:
    """`2026-03-02`, or `2.3.2026` as it is written in the East."""
    if "-" in text:
        return date.fromisoformat(text)
    day, month, year = map(int, text.split("."))
    return date(year, month, day)


@cache
def zones_of(state: str) -> tuple[ZoneInfo, ...]:
    """The time zones of a State, as this system knows them; none where it knows none."""
    lines = next((path.read_text(encoding="utf-8") for path in _tables() if path.is_file()), "").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple(ZoneInfo(row[2]) for row in rows if row[0] == state)


def _tables() -> Iterator[Path]:
    yield from (Path(folder, TABLE) for folder in TZPATH)
    with suppress(ModuleNotFoundError):
        yield Path(str(files("tzdata") / "zoneinfo" / TABLE))


@cache
def moments_of(kind: str) -> frozenset[str]:
    """Fields of a statement of this kind that are times. Raises `Malformed` if there is no such kind."""
    properties = kind_called(kind).model_json_schema()["properties"]
    return frozenset(
        name for name, said in properties.items() if any(one.get("format") == "date-time" for one in said.get("anyOf", [said]))
    )
