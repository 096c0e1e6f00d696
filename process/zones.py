"""The time zones that this system knows: by name, from its own table of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.plan.directory import Directory
from domain.words.errors import Fault
from domain.words.text import fill

SURE = "Europe/London"
"""A zone that is in every table: a system that does not know it has none, and nothing is said of others there."""


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of this name; none where this system does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_time(zone: str | None, now: datetime) -> datetime | None:
    """What time it is there; none where that is not known."""
    known = zone_of(zone) if zone is not None else None
    return now.astimezone(UTC).astimezone(known) if known is not None else None


def unknown_zones(directory: Directory) -> Iterator[Fault]:
    """Services whose zone is none, where this system could know it."""
    if zone_of(SURE) is None:
        return
    for number, service in enumerate(directory.services):
        if service.zone is not None and zone_of(service.zone) is None:
            problem = fill(
                "{service}: this system knows no time zone {zone}; expected a name such as {example}",
                service=service.id,
                zone=service.zone,
                example="Asia/Tashkent",
            )
            yield Fault(place=f"services.{number}.zone", problem=problem)
