"""What must hold in every delivery, whatever happens, written anew from the plan and the ledger alone.

Nothing here calls `domain.rules`: a fault planted there must be caught here. Each invariant bears the number of its rule.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.cards import Modality
from domain.deconfliction import Contact
from domain.envelope import STATEMENT_TYPE, key_id, open_envelope
from domain.ledger import Cleared, Closed, Concluded, Deconflicted, Ended, Entry, Event, Opened, Silence, Stated, TakenUp, Told
from domain.moments import instant
from domain.plan import Plan
from domain.statements import (
    ArrestMade,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationWithdrawn,
    ConflictSettled,
    ConflictYielded,
    Content,
    Delivered,
    Dispatched,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    Incident,
    LossRecorded,
    MovementDecision,
    Prepared,
    Statement,
    StopRequested,
    read_statement,
)

ADVANCING = ("dispatched", "handover_offered", "handover_accepted", "delivered", "arrest_made", "prepared")


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
        self._closed: set[str] = set()
        self._others: dict[str, Contact] = {}
        """Checkpoint of a conflict to whom to call, by the register's newest answer."""
        self._asked_anew = False
        """Whether the register has answered since a planned checkpoint closed."""
        self._agreed: set[str] = set()

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
        yield from self._looked(entry.event)
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
                self._searched |= name.startswith("search.")
                planned = self._plan.find(name)
                if self._halted and not name.startswith("stop.") and (planned is None or planned.step != "close"):
                    yield f"R8: {name} opened after the halt"
            case Closed(checkpoint=name, result="satisfied"):
                self._closed.add(name)
            case Closed(checkpoint=name, result="unanswered"):
                planned = self._plan.find(name)
                watched = name.startswith("conflict.") and self._leg is not None
                may = watched or name == "stop.acknowledged" or name.startswith("sighting.")
                if not may and (planned is None or planned.step != "close"):
                    yield f"R2: {name} was passed without an answer"
            case Concluded(outcome=outcome):
                if self._outcome is not None:
                    yield "R12: a second outcome"
                self._outcome = outcome
                if self._halted and not self._achieved() and outcome.startswith("delivered"):
                    yield "R8: halted, and yet delivered"
                if self._danger != (outcome == "aborted_for_risk_to_life") and not self._achieved():
                    yield f"R14: danger to life {self._danger}, and the outcome is {outcome}"
                if outcome == "lost_or_stolen" and not self._searched:
                    yield "R9: given up as lost without a search"
            case Told(kind="outcome", reached=reached, unreachable=unreachable):
                self._told |= {*reached, *unreachable}
            case _ if entry.event.event in ("halted", "expired"):
                self._halted = True
            case _:
                pass

    def _achieved(self) -> bool:
        """Whether it was delivered and the arrests were over, or one was made: no halt undoes that."""
        return self._delivered and (self._arrests > 0 or {one.id for one in self._plan.at("arrest")} <= self._closed)

    def _looked(self, event: Event) -> Iterator[str]:
        """What the register answered, and what may only happen after it has been asked (R15)."""
        match event:
            case Deconflicted(contacts=contacts):
                self._others = {f"conflict.{one.conflict}": one for one in contacts}
                self._asked_anew = True
            case Opened(checkpoint=name) if name in {one.id for one in self._plan.at("authorise")}:
                yield from self._alone(f"{name} opened")
            case Cleared(leg=0):
                yield from self._alone("cleared for dispatch")
            case Silence(checkpoint=name) if name.startswith("conflict."):
                self._halted |= self._leg is None
            case Closed(checkpoint=name, result=result):
                self._asked_anew &= self._plan.find(name) is None
                if name.startswith("conflict.") and result == "satisfied" and name not in self._agreed and not self._halted:
                    yield f"R15: {name} closed without an agreement"
            case _:
                pass

    def _alone(self, what: str) -> Iterator[str]:
        """No other operation touches this one, or both sides have signed that both may go on (R15)."""
        if not self._asked_anew:
            yield f"R15: {what}, and nobody had looked for other operations"
        for name, contact in self._others.items():
            if name not in self._agreed:
                yield f"R15: {what} while {name} with {contact.service} was not settled"

    def _agreement(self, statement: Statement, content: ConflictSettled, at: datetime) -> Iterator[str]:
        """Two signed words about one conflict: each of its side, each naming the other."""
        contact = self._others.get(statement.checkpoint or "")
        if contact is None or content.agreement is None:
            yield f"R15: {statement.checkpoint} settled with nobody"
            return
        keys = {key_id(key.public): key.public for key in contact.keys if key.valid_at(at)}
        other = read_statement(open_envelope(content.agreement, STATEMENT_TYPE, keys))
        if not isinstance(other.content, ConflictSettled) or (
            (statement.service, content.agreed_with, statement.delivery, statement.checkpoint)
            != (other.content.agreed_with, other.service, self._plan.operation, other.checkpoint)
        ):
            yield f"R15: {other.service} signed no agreement to {statement.checkpoint}"
        if statement.service != self._plan.initiator or other.service != contact.service:
            yield f"R15: {statement.service} and {other.service} agreed; {contact.service} should have"
        self._agreed.add(statement.checkpoint or "")

    def _accepted(self, statement: Statement, at: datetime) -> Iterator[str]:
        content = statement.content
        if self._halted and statement.kind in ADVANCING:
            yield f"R8: {statement.kind} counted after the halt"
        yield from self._consent(statement, content)
        match content:
            case StopRequested() | HandoverDeclined() | ConflictYielded():
                self._halted = True
            case Incident(risk_to_life=True):
                self._danger |= not self._halted
                self._halted = True
            case ArrestMade():
                self._arrests += 1
            case LossRecorded():
                if statement.service != self._responsible():
                    yield f"R4: {statement.service} gave up what {self._responsible()} answers for"
            case MovementDecision(proceed=False):
                self._halted = True
            case MovementDecision():
                yield from self._decision(statement)
            case Prepared(modality=modality):
                self._measured = content
                if modality != self._plan.modality:
                    yield f"R3: prepared as {modality}"
            case ConflictSettled():
                yield from self._agreement(statement, content, at)
            case Dispatched():
                yield from self._alone("dispatched")
                self._leg = 0
                for state in self._plan.states():
                    yield from self._consented(state, at, "R1", "dispatched")
            case HandoverOffered():
                if statement.service != self._responsible():
                    yield f"R6: {statement.service} offered what {self._responsible()} holds"
                self._offered.add(statement.checkpoint or "")
                yield from self._compare(content)
            case HandoverAccepted():
                yield from self._acceptance(statement, content, at)
            case Delivered():
                self._delivered = True
                if self._leg != len(self._plan.legs) - 1:
                    yield "R4: delivered before the last leg"
            case _ if statement.kind in ("authorisation_refused", "interdicted"):
                self._halted = True
                if statement.kind == "interdicted" and statement.service != self._responsible():
                    yield f"R4: {statement.service} interdicted on another's watch"
            case _:
                pass

    def _consent(self, statement: Statement, content: Content) -> Iterator[str]:
        match content:
            case AuthorisationGranted(state=state, valid_from=begin, valid_until=end, modalities=modalities):
                if statement.service not in self._plan.authorities(state):
                    yield f"R1: {statement.service} was not asked for the consent of {state}"
                self._consents[statement.service] = (state, instant(begin), instant(end), modalities)
            case AuthorisationExtended(valid_until=end):
                state, begin_at, _, modalities = self._consents[statement.service]
                self._consents[statement.service] = (state, begin_at, instant(end), modalities)
            case AuthorisationWithdrawn(state=state):
                del self._consents[statement.service]
                self._halted |= not self._delivered and state in self._ahead()
            case _:
                pass

    def _acceptance(self, statement: Statement, content: HandoverAccepted, at: datetime) -> Iterator[str]:
        if statement.checkpoint not in self._offered:
            yield "R6: accepted before anything was offered"
        following = (self._leg or 0) + 1
        if following >= len(self._plan.legs) or statement.service != self._plan.legs[following].responsible:
            yield f"R6: custody went to {statement.service}"
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
        self._decided.add(statement.service)
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
