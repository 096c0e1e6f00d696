"""What the silence of services counts for in one row of the watch floor, worked out once for each row: of ten thousand rows the
glance is unpacked only for those that are shown.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal, NamedTuple

from domain.delivery import unforeseen
from domain.views.glance import Glance, Pending

SOON: Final = timedelta(hours=12)
"""From when on what is due is shown beside what is late: whoever is on the telephone asks for both."""
Late = Literal["to_seize", "late", "soon"]
"""It was stopped and is not seized; nobody answered in time; it comes due. The worst first."""
ORDER: Final[tuple[Late, ...]] = ("to_seize", "late", "soon")


class Unanswered(NamedTuple):
    """An open checkpoint at which silence counts."""

    number: int
    """Among those of the glance."""
    late: Literal["to_seize", "late"] | None
    """What it is whatever the hour; none: the hour decides."""
    at: str
    """When it is due, or was asked. Moments are texts of one form, which sort as they do."""
    checkpoint: str
    services: tuple[str, ...]
    more: int
    """How many more services have not answered than are named."""

    def stands(self, now: str, soon: str) -> Late | None:
        """How late it is; none where it is not to be shown yet. `soon`: until when something is due soon."""
        return self.late or ("late" if self.at <= now else "soon" if self.at <= soon else None)


def owed(seen: Glance) -> tuple[Unanswered, ...]:
    """Of one row. Who was silent owes still where it is due anew later (R8), and what is to be seized where nothing is due,
    however it ended; while its time stands, nobody's silence counts.
    """
    return tuple(_owed(seen))


def at_once(seen: Glance, contingency: str | None) -> bool:
    """Whether what this asks comes before all that is due or was: what has been stopped is to be seized."""
    return seen.to_seize and contingency == unforeseen.INTERDICTION


def _owed(seen: Glance) -> Iterator[Unanswered]:
    for number, wait in enumerate(seen.waits):
        if at_once(seen, wait.contingency):
            yield _of(number, wait, "to_seize")
        elif wait.due is not None and wait.silent:
            yield _of(number, wait, "late")
        elif wait.due is not None and not wait.paused:
            yield _of(number, wait, None)


def _of(number: int, wait: Pending, late: Literal["to_seize", "late"] | None) -> Unanswered:
    return Unanswered(number, late, wait.due or wait.since, wait.checkpoint, wait.services, wait.more)
