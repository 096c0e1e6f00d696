"""The book that `rehearsal.invariants` keeps of persons: who is under arrest, who cooperates and carries a recorder, who may say
who is prosecuted where. Nothing here asks a rule.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from domain.delivery.persons import Arrestee
from domain.delivery.statement import Statement
from domain.plan.directory import Directory
from domain.rules.arrival import ArresteeReleased, ArrestMade
from domain.rules.cooperation import CooperationBegun, CooperationEnded, RecorderIssued, RecorderReturned
from domain.rules.proceedings import TransferAccepted, TransferDeclined, TransferRequested
from domain.rules.stop import Interdicted
from domain.rules.watch_log import SurveillanceLog
from domain.words.moments import instant
from rehearsal.oracle import FORCE, voice_of

PROSECUTION = ("jurisdiction_understood", "transfer_requested", "transfer_accepted", "transfer_declined")


class PersonsBook:
    """Each statement that counted is told to `heard`, which says what is wrong with it."""

    def __init__(self, directory: Directory | None) -> None:
        self._directory = directory
        self._arrests: dict[str, tuple[str, frozenset[str]]] = {}
        """By statement: who has arrested whom."""
        self._freed: set[tuple[str, str]] = set()
        """By which statement whom: of those that it names, who has been released."""
        self._recorders: dict[tuple[str, str], set[str]] = {}
        """By service and person who cooperates: labels."""
        self._transfers: dict[str, str] = {}
        """By statement: the State that is asked, until it has answered."""

    @property
    def arrested(self) -> int:
        """How many persons have been arrested, each once."""
        return len(self._taken())

    @property
    def held(self) -> int:
        """How many of them have not been released."""
        return sum(map(self._is_held, self._taken()))

    def _taken(self) -> Counter[tuple[str, str]]:
        """How often each has been arrested."""
        return Counter((service, code) for service, codes in self._arrests.values() for code in codes)

    def _is_held(self, person: tuple[str, str]) -> bool:
        service, code = person
        return any(
            by == service and code in codes and (statement, code) not in self._freed
            for statement, (by, codes) in self._arrests.items()
        )

    def corrected(self, statement: str, content: ArrestMade) -> None:
        """An arrest was of others than was said."""
        self._arrests[statement] = self._arrests[statement][0], frozenset(one.code for one in content.persons)
        self._forget(statement)

    def _forget(self, statement: str) -> None:
        """Whom it does not name, it has not arrested, and so nobody has released."""
        self._freed = {one for one in self._freed if one[0] != statement or one[1] in self._arrests[statement][1]}

    def seized(self, statement: str, voice: str, persons: tuple[Arrestee, ...]) -> None:
        """Who was arrested with what was interdicted; whom the service holds already, it has not arrested again. A correction
        arrests nobody anew.
        """
        codes = {one.code for one in persons}
        if statement in self._arrests:
            voice, said = self._arrests.pop(statement)
            codes -= {code for service, code in self._taken() if service == voice} - said
        else:
            codes = {one for one in codes if not self._is_held((voice, one))}
        self._arrests[statement] = voice, frozenset(codes)
        self._forget(statement)

    def heard(self, statement: Statement, at: datetime, gone: tuple[str, ...] = ()) -> Iterator[str]:
        """What is wrong with a statement that counted, by a voice that has taken the place of these."""
        voice = voice_of(statement)
        voices = (voice, *gone)
        known = self._directory.find(voice) if self._directory is not None else None
        if statement.kind in PROSECUTION and known is not None and known.kind not in ("prosecutor", "court"):
            yield f"R29: {voice} said {statement.kind}"
        match statement.content:
            case ArrestMade(persons=persons):
                codes = frozenset(one.code for one in persons)
                if any(self._is_held((one, code)) for code in codes for one in voices):
                    yield f"R12: {voice} arrested somebody twice"
                self._arrests[statement.id] = voice, codes
            case Interdicted(arrested=persons):
                self.seized(statement.id, voice, persons)
            case ArresteeReleased(persons=codes):
                for code in codes:
                    holding = [one for one in voices if self._is_held((one, code))]
                    if not holding:
                        yield f"R12: {voice} released somebody who is not under arrest"
                    self._freed |= {
                        (name, code) for name, (by, said) in self._arrests.items() if by in holding[:1] and code in said
                    }
            case SurveillanceLog(intervals=intervals):
                if any(instant(one.ends) > at for one in intervals):
                    yield "R9: somebody watched later than now"
            case TransferRequested(to=to):
                self._transfers[statement.id] = to
            case TransferAccepted(of=of) | TransferDeclined(of=of):
                if known is not None and self._transfers.pop(of, None) != known.state:
                    yield f"R29: {voice} answered for another State, or twice"
            case _:
                yield from self._cooperates(statement, voices)

    def _cooperates(self, statement: Statement, voices: tuple[str, ...]) -> Iterator[str]:
        voice = voices[0]
        known = self._directory.find(voice) if self._directory is not None else None
        match statement.content:
            case CooperationBegun(person=person):
                if known is not None and known.kind not in FORCE:
                    yield f"R29: {voice} leads somebody who cooperates"
                self._recorders[voice, person] = set()
            case RecorderIssued(person=person, label=label):
                if (voice, person) not in self._recorders:
                    yield f"R16: {person} carries {label} and does not cooperate"
                self._recorders.setdefault((voice, person), set()).add(label)
            case RecorderReturned(person=person, label=label):
                of = [one for one in voices if label in self._recorders.get((one, person), ())]
                if not of:
                    yield f"R16: {label} came back from {person}, who did not carry it"
                for one in of:
                    self._recorders[one, person].discard(label)
            case CooperationEnded(person=person):
                leads = next((one for one in voices if (one, person) in self._recorders), voice)
                if self._recorders.pop((leads, person), {"unknown"}):
                    yield f"R16: {person} does not cooperate, or carries a recorder still"
            case _:
                pass
