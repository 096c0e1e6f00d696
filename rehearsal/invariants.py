"""What must hold in every delivery, whatever happens, written anew from the plan and the ledger alone.

Nothing here calls `domain.rules`: a fault planted there must be caught here. Each invariant bears the number of its rule.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.cards import Modality
from domain.ledger import Closed, Concluded, Ended, Entry, Opened, Silence, Stated, TakenUp, Told
from domain.moments import instant
from domain.plan import Plan
from domain.statements import (
    NEED_OF,
    ArrestMade,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationRefused,
    AuthorisationWithdrawn,
    Cash,
    Content,
    Delivered,
    Destroyed,
    Dispatched,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    Incident,
    Interdicted,
    LossRecorded,
    MovementDecision,
    NotCollected,
    PermissionRefused,
    Prepared,
    Seizure,
    Statement,
    StopRequested,
    SubstanceMass,
    confirms,
    read_statement,
)

ADVANCING = ("dispatched", "handover_offered", "handover_accepted", "delivered", "arrest_made", "prepared")


HALTING = (StopRequested, HandoverDeclined, NotCollected, Destroyed, PermissionRefused, AuthorisationRefused)
"""After which nothing advances."""


def _sizes(amounts: Sequence[SubstanceMass | Cash]) -> Iterator[tuple[str, int]]:
    """What, and how much of it: milligrams of a substance, minor units of a currency."""
    for one in amounts:
        yield (one.currency, one.minor) if isinstance(one, Cash) else (one.substance, one.net)


class BrokenInvariantError(AssertionError):
    """The rule's number, the entry and what is wrong."""


class Checker:
    """Reads a ledger entry by entry and keeps its own book of what has been allowed."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._early: dict[str, Statement] = {}
        self._ids: set[str] = set()
        self._consents: dict[str, tuple[str, datetime, datetime, tuple[Modality, ...]]] = {}
        self._leg: int | None = None
        self._measured: HandoverOffered | Prepared | HandoverAccepted | None = None
        self._offered: set[str] = set()
        self._doubt: HandoverOffered | HandoverAccepted | None = None
        self._decided: set[str] = set()
        self._halted = False
        self._outcome: str | None = None
        self._told: set[str] = set()
        self._delivered = False
        self._danger = False
        """Life was at risk when it halted."""
        self._searched = False
        self._arrests = 0
        self._firsts: dict[tuple[str, str, str], Statement] = {}
        """What a first officer has said where two must say the same."""
        self._opened: set[str] = set()
        self._closed: set[str] = set()
        self._sent: dict[str, int] = {}
        self._recovered: dict[str, int] = {}
        """Milligrams by substance, and minor units by currency."""
        self._explained = False

    def check(self, entries: Sequence[Entry]) -> None:
        """Raises `BrokenInvariantError` at the first entry that breaks one."""
        for entry in entries:
            for problem in self._entry(entry):
                message = f"entry {entry.seq}: {problem}"
                raise BrokenInvariantError(message)
        if not isinstance(entries[-1].event, Ended):
            message = "R12: the delivery did not end"
            raise BrokenInvariantError(message)
        if missing := set(self._plan.participants()) - self._told:
            message = f"R12: the outcome was not told to {sorted(missing)}"
            raise BrokenInvariantError(message)

    def _entry(self, entry: Entry) -> Iterator[str]:
        at = instant(entry.at)
        match entry.event:
            case Stated(envelope=envelope, verdict=verdict):
                statement = read_statement(envelope.body())
                if statement.id in self._ids and verdict.rule != "R18":
                    yield f"R18: statement {statement.id} counts twice"
                self._ids.add(statement.id)
                if verdict.verdict == "early":
                    self._early[statement.id] = statement
                elif verdict.verdict == "accepted":
                    yield from self._accepted(statement, at)
            case TakenUp(statement=name, verdict=verdict):
                statement = self._early.pop(name)
                if verdict.verdict == "accepted":
                    yield from self._accepted(statement, at)
            case Silence(checkpoint=name):
                planned = self._plan.find(name)
                overdue = planned is not None and (planned.step == "authorise" or planned.overdue == "interdict")
                if overdue or ".decision." in name or name.startswith(("extension.", "search.")):
                    self._halted = True
            case Opened(checkpoint=name):
                self._opened.add(name)
                self._searched |= name.startswith("search.")
                planned = self._plan.find(name)
                may = name.startswith(("stop.", "duty.", "balance."))
                if self._halted and not may and (planned is None or planned.step != "close"):
                    yield f"R8: {name} opened after the halt"
            case Closed(checkpoint=name, result="satisfied"):
                self._closed.add(name)
                self._explained |= name.startswith("balance.")
            case Closed(checkpoint=name, result="unanswered"):
                planned = self._plan.find(name)
                may = name == "stop.acknowledged" or name.startswith(("sighting.", "duty."))
                if not may and (planned is None or planned.step not in ("muster", "close")):
                    yield f"R2: {name} was passed without an answer"
            case Concluded(outcome=outcome):
                yield from self._concluded(outcome)
            case Told(kind="outcome", reached=reached, unreachable=unreachable):
                self._told |= {*reached, *unreachable}
            case _ if entry.event.event in ("halted", "expired"):
                self._halted = True
            case _:
                pass

    def _concluded(self, outcome: str) -> Iterator[str]:
        if self._outcome is not None:
            yield "R12: a second outcome"
        self._outcome = outcome
        if self._halted and not self._achieved() and outcome.startswith("delivered"):
            yield "R8: halted, and yet delivered"
        if self._danger != (outcome == "aborted_for_risk_to_life") and not self._achieved():
            yield f"R14: danger to life {self._danger}, and the outcome is {outcome}"
        if self._unequal() and not self._explained:
            yield f"R10: sent {self._sent}, recovered {self._recovered}, and nobody explained it"
        if outcome == "lost_or_stolen" and not self._searched:
            yield "R9: given up as lost without a search"

    def _first_of_two(self, statement: Statement) -> Statement | None:
        """Where two officers must say the same: what the first of them said. None where one is enough; a no needs only one."""
        planned, need = self._plan.find(statement.checkpoint or ""), NEED_OF.get(statement.kind)
        if planned is None or need is None or not confirms(statement.kind) or planned.officers_for(statement.voice, need) == 1:
            return None
        return self._firsts.setdefault((planned.id, statement.voice, statement.kind), statement)

    def _interdicted(self, statement: Statement) -> Iterator[str]:
        """A seizure halts it, unless the plan ends with it: then its delivery is open and asks for it."""
        planned = not self._halted and any(
            one.id in self._opened and one.id not in self._closed and "interdiction" in one.needs_of(statement.voice)
            for one in self._plan.at("deliver")
        )
        self._delivered |= planned
        self._halted |= not planned
        if statement.voice != self._responsible():
            yield f"R4: {statement.voice} interdicted on another's watch"

    def _unequal(self) -> bool:
        """Whether what was seized at the end is something else than what was sent on (cash aside, within the tolerance)."""
        if self._leg is None or not self._recovered:
            return False
        every = {*self._sent, *self._recovered}
        return any(abs(self._sent.get(one, 0) - self._recovered.get(one, 0)) > self._plan.weight_tolerance for one in every)

    def _achieved(self) -> bool:
        """Whether it was delivered and the arrests were over, or one was made: no halt undoes that."""
        return self._delivered and (self._arrests > 0 or {one.id for one in self._plan.at("arrest")} <= self._closed)

    def _accepted(self, statement: Statement, at: datetime) -> Iterator[str]:
        content = statement.content
        if self._halted and statement.kind in ADVANCING:
            yield f"R8: {statement.kind} counted after the halt"
        first = self._first_of_two(statement)
        if first is statement:
            return
        if first is not None and (first.officer == statement.officer or first.content != content):
            yield f"R20: {statement.officer} is no second officer of {first.officer}"
        yield from self._consent(statement, content)
        self._halted |= isinstance(content, HALTING)
        match content:
            case Incident(risk_to_life=True):
                self._danger |= not self._halted
                self._halted = True
            case ArrestMade():
                self._arrests += 1
            case LossRecorded():
                if statement.voice != self._responsible():
                    yield f"R4: {statement.service} gave up what {self._responsible()} answers for"
            case MovementDecision(proceed=False):
                self._halted = True
            case MovementDecision():
                yield from self._decision(statement)
            case Seizure(recovered=recovered):
                for what, size in _sizes(recovered):
                    self._recovered[what] = self._recovered.get(what, 0) + size
            case Prepared(modality=modality, kept=kept):
                self._measured = content
                self._sent = dict(_sizes(kept))
                if modality != self._plan.modality:
                    yield f"R3: prepared as {modality}"
            case Dispatched():
                self._leg = 0
                for state in self._plan.states():
                    yield from self._consented(state, at, "R1", "dispatched")
            case HandoverOffered():
                if statement.voice != self._responsible():
                    yield f"R6: {statement.voice} offered what {self._responsible()} holds"
                self._offered.add(statement.checkpoint or "")
                yield from self._compare(content)
            case HandoverAccepted():
                yield from self._acceptance(statement, content, at)
            case Delivered():
                self._delivered = True
                if self._leg != len(self._plan.legs) - 1:
                    yield "R4: delivered before the last leg"
            case Interdicted():
                yield from self._interdicted(statement)
            case _:
                pass

    def _consent(self, statement: Statement, content: Content) -> Iterator[str]:
        match content:
            case AuthorisationGranted(state=state, valid_from=begin, valid_until=end, modalities=modalities):
                if statement.voice not in self._plan.authorities(state):
                    yield f"R1: {statement.voice} was not asked for the consent of {state}"
                if not content.provisional:
                    self._consents[statement.voice] = (state, instant(begin), instant(end), modalities)
            case AuthorisationExtended(valid_until=end):
                state, begin_at, _, modalities = self._consents[statement.voice]
                self._consents[statement.voice] = (state, begin_at, instant(end), modalities)
            case AuthorisationWithdrawn(state=state):
                del self._consents[statement.voice]
                self._halted |= not self._delivered and state in self._ahead()
            case _:
                pass

    def _acceptance(self, statement: Statement, content: HandoverAccepted, at: datetime) -> Iterator[str]:
        if statement.checkpoint not in self._offered:
            yield "R6: accepted before anything was offered"
        following = (self._leg or 0) + 1
        if following >= len(self._plan.legs) or statement.voice != self._plan.legs[following].responsible:
            yield f"R6: custody went to {statement.voice}"
            return
        if self._plan.legs[following].state != self._plan.legs[following - 1].state:
            yield from self._consented(self._plan.legs[following].state, at, "R5", "crossed")
        yield from self._compare(content)
        if self._doubt is None:
            self._leg = following

    def _compare(self, found: HandoverOffered | HandoverAccepted) -> Iterator[str]:
        """Weight and seals against the last that held; until a decision, nothing may move."""
        if self._doubt is not None:
            yield "R7: something moved although what was found did not fit"
        known = self._measured
        if known is None:
            yield "R7: nothing was prepared"
            return
        fits = abs(found.gross - known.gross) <= self._plan.weight_tolerance
        fits &= {seal.number for seal in found.seals} == {seal.number for seal in known.seals}
        fits &= not isinstance(found, HandoverAccepted) or found.seals_intact
        if not fits:
            self._doubt, self._decided = found, set()

    def _decision(self, statement: Statement) -> Iterator[str]:
        if self._doubt is None:
            yield "R7: a decision about nothing"
            return
        self._decided.add(statement.voice)
        needed = {self._responsible(), *self._plan.authorities(self._plan.legs[self._leg or 0].state)}
        if needed <= self._decided:
            self._measured, doubt, self._doubt = self._doubt, self._doubt, None
            if isinstance(doubt, HandoverAccepted):
                self._leg = (self._leg or 0) + 1

    def _consented(self, state: str, at: datetime, rule: str, what: str) -> Iterator[str]:
        for authority in self._plan.authorities(state):
            consent = self._consents.get(authority)
            if consent is None:
                yield f"{rule}: {what} without the consent of {authority} for {state}"
            elif not consent[1] <= at < consent[2]:
                yield f"{rule}: {what} outside the validity of the consent of {authority}"
            elif self._plan.modality not in consent[3]:
                yield f"R3: {what} {self._plan.modality}, which {authority} does not allow"

    def _responsible(self) -> str:
        return self._plan.legs[self._leg or 0].responsible

    def _ahead(self) -> tuple[str, ...]:
        return tuple(leg.state for leg in self._plan.legs[self._leg or 0 :])
