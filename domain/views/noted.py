"""Which entries of a ledger some views need, noted once as it grows: of tens of thousands most say nothing of weights or places,
and a page is made anew whenever something changes.
"""

import json
from typing import Final
from weakref import WeakKeyDictionary

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import remarks_of
from domain.delivery.ledger import Entry, Ledger
from domain.delivery.reported import Stated
from domain.signing.envelope import payload_of

WEIGHT, POINT, CONSENT = b'"gross":', b'"at":[', b'"kind":"authorisation_'
"""What the payload of a statement holds that has a weight, the coordinates of a place, or is about a consent."""


class Noted:
    """What is noted of one ledger. Each in its order."""

    def __init__(self) -> None:
        self.events: list[Entry] = []
        """What nobody has said: it was asked, decided, closed, told."""
        self.weights: list[Entry] = []
        """Statements that count and have a weight, and perhaps others; one that came early where it was taken up."""
        self.points: list[Entry] = []
        """The same of coordinates."""
        self.consents: list[Entry] = []
        """Statements about a consent, perhaps said early, that were not refused."""
        self.refused: list[Entry] = []
        """Statements that were refused, and takings up of early ones that were."""
        self.remarked: list[Entry] = []
        """Of which something is remarked."""
        self._early: dict[str, Entry] = {}
        """By id: those that wait for their time."""
        self._upto = self._kept = 0

    def go_on(self, ledger: Ledger) -> None:
        """Note what has come since, and forget what the ledger has let go of."""
        if self._kept < ledger.kept:
            self._kept = ledger.kept
            for noted in (self.events, self.weights, self.points, self.consents, self.refused, self.remarked):
                noted[:] = [one for one in noted if one.seq >= self._kept]
        for entry in ledger.since(self._upto):
            if isinstance(entry, Entry):
                self._note(entry)
        self._upto = len(ledger)

    def _note(self, entry: Entry) -> None:
        event = entry.event
        if remarks_of(entry):
            self.remarked.append(entry)
        if not isinstance(event, Stated):
            self.events.append(entry)
            if isinstance(event, TakenUp):
                self._take_up(entry, event)
        elif event.verdict.verdict == "refused":
            self.refused.append(entry)
        else:
            payload = payload_of(event.envelope.payload)
            if event.verdict.verdict == "accepted":
                self._counts(entry, payload)
            if event.verdict.verdict == "early":
                self._early[json.loads(payload)["id"]] = entry
            if CONSENT in payload:
                self.consents.append(entry)

    def _take_up(self, entry: Entry, event: TakenUp) -> None:
        came = self._early.pop(event.statement, None)
        if event.verdict.verdict == "refused":
            self.refused.append(entry)
        elif event.verdict.verdict == "accepted" and came is not None and isinstance(came.event, Stated):
            self._counts(came, payload_of(came.event.envelope.payload))

    def _counts(self, entry: Entry, payload: bytes) -> None:
        if WEIGHT in payload:
            self.weights.append(entry)
        if POINT in payload:
            self.points.append(entry)


_NOTED: Final[WeakKeyDictionary[Ledger, Noted]] = WeakKeyDictionary()


def noted(ledger: Ledger) -> Noted:
    """What is noted of the entries that it holds."""
    found = _NOTED.setdefault(ledger, Noted())
    found.go_on(ledger)
    return found
