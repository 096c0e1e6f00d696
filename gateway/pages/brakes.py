"""The hold and the stop on a page: the reason that is proposed, and what the script that signs must know, of one delivery or of
the consignments of a group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from archive.questions import Filters
from domain.delivery.statement import Seen, Statement
from domain.plan.directory import Service
from domain.rules.books import BOOK
from domain.rules.consent import AuthorisationWithdrawn
from domain.rules.hold import HoldRequested
from domain.rules.stop import Incident, StopRequested
from domain.views.names import IN_GENERAL
from domain.views.sentences import Translate
from domain.views.urgency import Reason
from domain.views.view import GroupView
from domain.views.view import view as view_of
from domain.words.limits import MOST_MEMBERS
from domain.words.text import mark
from gateway.reception import Reception

BRAKES: Final = tuple(
    kind.model_fields["kind"].default for kind in (StopRequested, HoldRequested, Incident, AuthorisationWithdrawn)
)
"""What is said there."""
PROPOSED: Final[Mapping[Reason, tuple[str, str]]] = {
    "lost": (IN_GENERAL["lost"], "R9"),
    "overdue": (IN_GENERAL["silence"], "R2"),
    "differs": (mark("discrepancy in weight or seals"), "R7"),
    "consent": (mark("a consent does not last as long as the way"), "R5"),
    "diverged": (mark("the record was put back"), "R18"),
}
"""By what is wrong, the reason that is proposed, and the rule that it is wrong by. It is read by services that see a part: it
names no State, service or place (R11)."""


def proposed(reason: Reason, speak: Translate) -> str:
    """The reason that stands in the form before anybody has typed one; empty where nothing is wrong."""
    if reason not in PROPOSED:
        return ""
    text, rule = PROPOSED[reason]
    said = speak(text)
    return f"{said[:1].upper()}{said[1:]} ({rule})"


def fields_of_brakes() -> frozenset[str]:
    """Every field that a statement of theirs may have: no page needs the names of others."""
    models: tuple[type[BaseModel], ...] = (Statement, Seen, *(BOOK.kinds[kind] for kind in BRAKES))
    return frozenset(name for model in models for name in model.model_fields)


@dataclass(frozen=True)
class Braked:
    """The consignments of a group that a reader may hold or stop together (R31), by their numbers."""

    code: str
    digest: str
    members: tuple[tuple[int, str], ...]
    """Number and name of each that goes on."""
    consented: tuple[int, ...]
    """To which of them the reader's consent stands."""
    state: str
    """Of that consent."""

    def data(self) -> dict[str, Any]:
        """What the script needs to know beside what it knows of one: it is said of the group, and handed in to each."""
        return {"group": self.code, "plan": self.digest, "seen": None, "consented": self.consented, "state": self.state}


async def braked(reception: Reception, reader: Service, code: str) -> Braked | None:
    """Those of this group that are the reader's to see and go on; None where there are none."""
    rows = await reception.reading.deliveries(reader, Filters(group=code, open=True), "name", limit=MOST_MEMBERS)
    found: list[tuple[GroupView, str, bool]] = []
    for row in rows.rows:
        delivery = await reception.reading.delivery(reader, row.delivery)
        group = view_of(delivery, reader, delivery.state.now).group
        held = (delivery.state.grants.get(one) for one in delivery.plan.stands_for(reader.id))
        if group is not None and delivery.state.outcome is None:
            consents = any(one is not None and not one.withdrawn and not one.expired for one in held)
            found.append((group, row.delivery, consents))
    return _as_braked(sorted(found, key=lambda one: one[0].number), reader)


def _as_braked(found: Sequence[tuple[GroupView, str, bool]], reader: Service) -> Braked | None:
    if not found:
        return None
    first = found[0][0]
    same = [one for one in found if one[0].digest == first.digest]
    members = tuple((group.number, name) for group, name, _ in same)
    consented = tuple(group.number for group, _, stands in same if stands)
    return Braked(first.code, first.digest, members, consented, reader.state or "")
