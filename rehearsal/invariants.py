"""What must hold in every delivery, whatever happens, written anew from the plan and the ledger alone.

Nothing here calls `domain.rules.rules`: a fault planted there must be caught here. Each invariant bears the number of its rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from domain.delivery.decided import Closed, Concluded, Ended, Escalated, Expired, Expiring, Halted, Opened, Silence, TakenUp
from domain.delivery.event import Event
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, SiblingHeard, Stated, Told
from domain.delivery.statement import Content, Statement
from domain.delivery.verdicts import Verdict
from domain.plan.attachment import Attachment
from domain.plan.cards import Modality, RuleCard
from domain.plan.directory import Directory
from domain.plan.goods import Check
from domain.plan.plan import Plan, read_plan
from domain.record.door import read_statement
from domain.rules.arrival import ArrestMade, Delivered, NotCollected
from domain.rules.balance import Seizure, Split
from domain.rules.conflict import ConflictSettled, ConflictYielded, DeconflictionRefused
from domain.rules.consent import AuthorisationExtended, AuthorisationGranted, AuthorisationRefused, AuthorisationWithdrawn
from domain.rules.custody import Dispatched, HandoverAccepted, HandoverDeclined, HandoverOffered, MovementDecision
from domain.rules.handing_on import ExhibitsOffered
from domain.rules.hold import HoldDecided, HoldRequested
from domain.rules.permission import PermissionGranted, PermissionRefused
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction
from domain.rules.stop import Destroyed, Incident, Interdicted, StopRequested
from domain.rules.taking_out import TakenOut
from domain.rules.watch import LossRecorded, SurveillanceLost
from domain.rules.watch_log import SurveillanceLog
from domain.words.moments import instant
from rehearsal.exhibit_book import ExhibitBook
from rehearsal.oracle import (
    ACTS,
    Conflicts,
    DivergenceBook,
    HoldBook,
    PermissionBook,
    SpeakerBook,
    in_its_place,
    passed_in,
    voice_of,
    who_agrees,
)
from rehearsal.persons import PersonsBook
from rehearsal.scales import BalanceBook, CustodyBook
from rehearsal.stand_ins import StandInBook

CONTACTS = ("dispatched", "sighted", "surveillance_regained", "handover_offered", "handover_accepted", "delivered", "taken_out")
"""What is said by who has it in hand or in sight."""
LAPSES = ("sanction.", "renewal.")
SILENT = ("sighting.", "duty.", "exhibits.", "takeover.", "sanction.", "renewal.")
"""Begin the names of what silence closes: it decides nothing, and what is not permitted any more ends by itself."""
ADVANCING = ("dispatched", "handover_offered", "handover_accepted", "delivered", "arrest_made", "prepared", "taken_out")


class BrokenInvariantError(AssertionError):
    """The rule's number, the entry and what is wrong."""


class Checker:
    """Reads a ledger entry by entry and keeps its own book of what has been allowed."""

    def __init__(self, plan: Plan, cards: Mapping[str, RuleCard] | None = None, directory: Directory | None = None) -> None:
        self._plan = plan
        self._cards, self._directory = cards or {}, directory
        self._voices = SpeakerBook(plan, directory)
        self._permits = PermissionBook(plan, cards or {})
        self._stand_ins = StandInBook(plan, cards or {}, directory)
        self._scales = BalanceBook(plan)
        self._early: dict[str, Statement] = {}
        self._ids: set[str] = set()
        self._consents: dict[str, tuple[str, datetime, datetime, tuple[Modality, ...]]] = {}
        self._leg: int | None = None
        self._custody = CustodyBook(plan)
        self._offered: set[str] = set()
        self._doubt: HandoverOffered | HandoverAccepted | None = None
        self._decided: set[tuple[str, str]] = set()
        self._cause = ""
        """Why it halted, if it has."""
        self._by = ""
        """Whose word that was, if it was one's."""
        self._outcome: str | None = None
        self._told: set[str] = set()
        self._delivered = False
        self._searched = False
        self._persons = PersonsBook(directory)
        self._open: set[str] = set()
        self._closed: set[str] = set()
        self._seized: Interdicted | None = None
        """Once the responsible authority has seized it."""
        self._unasked = False
        """It was seized before anybody asked for that."""
        self._split = False
        self._lost = False
        self._destroyed = False
        self._explained = False
        self._conflicts = Conflicts(plan, directory)
        self._holds = HoldBook(plan)
        self._exhibits = ExhibitBook(plan, directory)
        self._charged: set[str] = set()
        """Who has been responsible at any time."""
        self._refused: set[str] = set()
        """Where it was refused to permit a measure for longer, or to sanction it: the delivery goes on."""
        self._asked: dict[str, tuple[str, ...]] = {}
        """Who is asked at what no plan holds."""
        self._doubtful = DivergenceBook(plan, directory)

    def check(self, entries: Sequence[Entry]) -> None:
        """Raises `BrokenInvariantError` at the first entry that breaks one."""
        self.follow(entries)
        if not isinstance(entries[-1].event, Ended):
            message = "R12: the delivery did not end"
            raise BrokenInvariantError(message)
        if missing := set(self._plan.everybody()) - self._told:
            message = f"R12: the outcome was not told to {sorted(missing)}"
            raise BrokenInvariantError(message)

    def follow(self, entries: Sequence[Entry]) -> None:
        """The same for a ledger that still grows: these are the entries that follow on those before."""
        for entry in entries:
            for problem in self._entry(entry):
                message = f"entry {entry.seq}: {problem}"
                raise BrokenInvariantError(message)

    def _entry(self, entry: Entry) -> Iterator[str]:  # noqa: PLR0915 - one `match` over all events is a table
        at = instant(entry.at)
        self._charged.add(self._responsible())
        yield from self._conflicts.happened(entry.event, entry.seq, gone=self._leg is not None)
        if self._conflicts.undecided:
            self._halt("conflict")
        if not self._cause and not self._split:
            yield from self._doubtful.happened(entry.event)
        if not self._cause and not self._split:
            yield from self._holds.happened(entry.event)
        match entry.event:
            case Stated(envelope=envelope, verdict=verdict):
                statement = read_statement(envelope)
                if statement.id not in self._ids:
                    self._voices.signed(statement, frozenset(one.keyid for one in envelope.signatures))
                if statement.id in self._ids and verdict.rule != "R18":
                    yield f"R18: statement {statement.id} counts twice"
                self._ids.add(statement.id)
                if not statement.about(self._plan):
                    yield f"R31: statement {statement.id} is about {statement.delivery}, and was taken here"
                if verdict.verdict == "early":
                    self._early[statement.id] = statement
                elif verdict.verdict == "accepted":
                    yield from self._remarked(statement, at, verdict)
                    yield from self._accepted(statement, at)
            case TakenUp(statement=name, verdict=verdict):
                statement = self._early.pop(name)
                if verdict.verdict == "accepted":
                    yield from self._remarked(statement, at, verdict)
                    yield from self._accepted(statement, at)
            case Amended(plan=plan):
                yield from self._follow(read_plan(plan))
            case Escalated(checkpoint=name, to=to):
                self._voices.climbed(name, to)
            case Opened(checkpoint=name, definition=definition):
                self._open.add(name)
                self._asked[name] = definition.services() if definition is not None else ()
                self._voices.opened(name)
                self._searched |= name.startswith("search.")
                planned = self._plan.find(name)
                may = name.startswith(("stop.", "duty.", "balance.", "split.", "exhibits.", "takeover."))
                if self._cause and not may and (planned is None or planned.step != "close"):
                    yield f"R8: {name} opened after the halt"
                if planned is not None and planned.step == "authorise" and not self._exhibits.detected:
                    yield "R30: asked for consent, and nobody had reported what was found"
            case Closed(checkpoint=name, result="satisfied"):
                self._close(name)
                self._closed.add(name)
                self._explained |= name.startswith("balance.")
            case Closed(checkpoint=name, result="withdrawn"):
                self._close(name)
            case Closed(checkpoint=name, result="refused"):
                self._close(name)
                if name not in self._refused:
                    yield f"R16: {name} closed as refused, and nobody refused it there"
            case Closed(checkpoint=name, result="unanswered"):
                self._close(name)
                planned = self._plan.find(name)
                gone = name.startswith(("conflict.", "deconfliction.")) and self._leg is not None
                may = gone or name == "stop.acknowledged" or name.startswith(SILENT)
                if not may and (planned is None or planned.step not in ("muster", "close")):
                    yield f"R2: {name} was passed without an answer"
            case Concluded(outcome=outcome):
                yield from self._concluded(outcome)
            case Told(kind="outcome", reached=reached, unreachable=unreachable):
                self._told |= {*reached, *unreachable}
            case event:
                self._time(event)

    def _follow(self, plan: Plan) -> Iterator[str]:
        """The plan was changed: what had been passed stays as it was (R22)."""
        changed = [name for name in sorted(self._closed) if self._plan.find(name) != plan.find(name)]
        if self._cause or changed:
            yield f"R22: the plan was changed after a halt, or for what had been passed: {changed}"
        self._plan = plan
        books = (
            self._voices,
            self._permits,
            self._stand_ins,
            self._scales,
            self._custody,
            self._conflicts,
            self._doubtful,
            self._holds,
            self._exhibits,
        )
        for book in books:
            book.follow(plan)

    def _time(self, event: Event) -> None:
        """What time has brought to an end."""
        match event:
            case SiblingHeard(says=says) if not self._plan.held_back and self._plan.group is not None:
                if says == "danger" or (says == "stopped" and self._plan.group.on_stop == "stop"):
                    self._halt("risk_to_life" if says == "danger" else "stop")
            case Silence(checkpoint=name) if name.startswith("exhibits."):
                self._exhibits.lapsed(self._asked[name][0])
            case Silence(checkpoint=name):
                if name.startswith("sighting."):
                    self._custody.out_of_sight()
                planned = self._plan.find(name)
                overdue = planned is not None and (planned.step == "authorise" or planned.overdue == "interdict")
                unsigned = name.startswith("deconfliction.") and self._leg is None
                if name.startswith("hold."):
                    self._halt("undecided")
                elif overdue or unsigned or ".decision." in name or name.startswith("sibling."):
                    self._halt("silence")
                elif name.startswith(("written.", "agreed.")) and (self._outcome is not None or self._split):
                    pass  # nothing is left to halt; that it was never written is said
                elif name.startswith(("extension.", "written.", "agreed.", "search.")):
                    self._halt("lost" if name.startswith("search.") else "expired")
            case Expiring(rung=rung):
                if rung == len(self._plan.expiry_warnings):
                    self._halt("expired")
            case Expired():
                self._halt("expired")
            case Halted(cause=cause):
                self._halt(cause)
            case _:
                pass

    def _halt(self, cause: str) -> None:
        """The first cause stands."""
        self._cause = self._cause or cause

    def _close(self, name: str) -> None:
        self._open.discard(name)
        self._voices.closed(name)

    def _concluded(self, outcome: str) -> Iterator[str]:
        if self._outcome is not None:
            yield "R12: a second outcome"
        self._outcome = outcome
        if outcome != self._amounts_to():
            yield f"R12: what happened amounts to {self._amounts_to()}, and the outcome is {outcome}"
        if self._cause and not self._split and self._seized is None and not self._lost and not self._destroyed:
            yield "R8: halted, and nobody has seized it"
        gone = self._destroyed or (self._lost and self._seized is None)
        whole = self._scales.unequal if self._leg is not None or self._plan.held_back else self._scales.short_before_it_left
        if not gone and not self._split and not self._explained and whole(self._seized, self._custody):
            yield "R10: what was recovered is not what was sent, and nobody explained it"
        if outcome == "lost_or_stolen" and not self._searched and self._plan.surveillance is not None:
            yield "R9: given up as lost without a search"
        unseized = (self._delivered or self._plan.held_back) and self._explained
        yield from self._exhibits.unheld(gone=gone or self._split or unseized)

    def holders(self, known: Mapping[str, str | None]) -> None:
        """Raises `BrokenInvariantError` where the delivery says of an exhibit that another holds it than whoever should (R30)."""
        for problem in self._exhibits.differ(known):
            raise BrokenInvariantError(problem)

    def _amounts_to(self) -> str:
        """The one outcome of all that has counted (R12)."""
        if self._split:
            return "split"
        if self._plan.held_back and not self._cause:
            return "held_back"
        if self._delivered and (not self._cause or self._achieved()):
            if self._plan.reverse:
                return "returned_to_sender"
            if any(one.says == "interdiction" for at in self._plan.at("deliver") for one in at.requires):
                return "interdicted_as_planned"
            return "delivered_with_arrests" if self._persons.held else "delivered_without_arrest"
        if self._cause == "risk_to_life":
            return "aborted_for_risk_to_life"
        if self._destroyed or (self._lost and self._seized is None):
            return "destroyed" if self._destroyed else "lost_or_stolen"
        if self._cause == "silence" and self._leg is None:
            return "expired"
        by_cause = {"refused": "refused", "modality": "refused", "permission": "refused", "no_show": "no_show"}
        before = "withdrawn" if self._by in self._plan.initiators() else "stopped_before_departure"
        early = before if self._leg is None and not self._unasked else "interdicted_early"
        return {**by_cause, "expired": "expired", "withdrawn": "withdrawn", "": "nothing"}.get(self._cause, early)

    def _achieved(self) -> bool:
        """Whether it was delivered and the arrests were over, or one was made: no halt undoes that."""
        over = {one.id for one in self._plan.at("arrest")} <= self._closed
        return self._delivered and (over or self._persons.arrested > 0)

    def _remarked(self, statement: Statement, at: datetime, verdict: Verdict) -> Iterator[str]:
        """What was done where a State has no live consent any more counts, and is said (R29)."""
        planned = self._plan.find(statement.checkpoint or "")
        if statement.kind not in ACTS or planned is None:
            return
        happened = min(instant(statement.happened_at), at)
        authorities = self._asked_to_authorise(planned.state)
        over = authorities and all(
            (known := self._consents.get(one)) is None or not known[1] <= happened < known[2] for one in authorities
        )
        if over and all(one.rule != "R29" for one in verdict.findings):
            yield f"R29: nobody says that {statement.kind} came after the consent of {planned.state}"

    def _accepted(self, statement: Statement, at: datetime) -> Iterator[str]:
        """What counts: every book hears it, and each says what should not have counted."""
        content, voice = statement.content, voice_of(statement)
        if self._cause and statement.kind in ADVANCING:
            yield f"R8: {statement.kind} counted after the halt"
        yield from self._holds.heard(statement)
        yield from self._voices.heard(statement, at)
        yield from self._stand_ins.heard(statement)
        if not self._voices.two_agree(statement):
            yield f"R20: a second officer of {statement.service} said something else, and it counted"
        if not self._voices.counts(statement):
            return
        yield from self._exhibits.heard(statement)
        yield from self._consent(voice, content, statement.checkpoint or "")
        yield from self._persons.heard(statement, at, self._before(voice))
        if statement.kind in CONTACTS and getattr(content, "seen", True):
            self._custody.in_sight()
        yield from self._permitted(statement, at)
        yield from self._travelled(statement, at)
        if isinstance(content, Interdicted | LossRecorded | Destroyed) and voice != self._responsible():
            yield f"R4: {voice} said {statement.kind} on the watch of {self._responsible()}"
        yield from self._offers_abroad(voice, content)
        if isinstance(content, SurveillanceLog) and voice not in self._charged:
            yield f"R4: {voice} has a log, and was never responsible"
        cause = self._cause
        self._ends(statement, content)
        self._stops(statement)
        if self._cause != cause:
            self._by = statement.service

    def _offers_abroad(self, voice: str, content: Content) -> Iterator[str]:
        """What is offered into another State goes to one that has consented, or by an act that is named (R29)."""
        if not isinstance(content, ExhibitsOffered) or content.assistance is not None or self._directory is None:
            return
        giver, there = (self._directory.get(one).state for one in (voice, content.to))
        if giver != there and all(known[0] != there for known in self._consents.values()):
            yield f"R29: {voice} offered exhibits into {there}, which has no part"

    def _permitted(self, statement: Statement, at: datetime) -> Iterator[str]:
        """Who lets it be done, and who lets it go on after a wait."""
        content, voice, checkpoint = statement.content, voice_of(statement), statement.checkpoint or ""
        match content:
            case PermissionGranted() | AuthorisationGranted() | AuthorisationExtended():
                self._permits.given(content, voice)
            case MovementDecision(proceed=True) if checkpoint.startswith("divergence."):
                yield from self._doubtful.decided(checkpoint, voice)
            case MovementDecision(proceed=True) if checkpoint.startswith("sibling."):
                pass  # see `rehearsal.groups`
            case MovementDecision(proceed=True):
                yield from self._decision(voice, statement.officer)
            case HoldDecided(decision="go_on"):
                self._holds.wanted_on(voice, statement.officer, self._in_charge())
            case ConflictSettled():
                yield from self._conflicts.agreed(statement, content, at)
            case _:
                pass

    def _travelled(self, statement: Statement, at: datetime) -> Iterator[str]:
        """What happened to it on its way, from its preparation to what was seized."""
        content, voice = statement.content, voice_of(statement)
        match content:
            case Prepared():
                yield from self._prepared(content, at, statement.attachments)
            case Dispatched():
                if self._plan.held_back:
                    yield "R31: what is held back has left"
                yield from self._conflicts.alone("dispatched")
                self._leg = 0
                for state in self._plan.states():
                    yield from self._consented(state, at, "R1", "dispatched")
                    yield from self._permits.on_the_way(state, at, "dispatched")
            case HandoverOffered():
                if voice != self._responsible():
                    yield f"R6: {voice} offered what {self._responsible()} holds"
                self._offered.add(statement.checkpoint or "")
                yield from self._compare(content)
            case HandoverAccepted():
                yield from self._acceptance(statement, content, at)
            case SurveillanceLost():
                self._custody.out_of_sight()
            case TakenOut():
                if self._leg is None or self._delivered or voice != self._responsible():
                    yield f"R10: {voice} took something out of what it does not have on its way"
                self._scales.taken_out(statement.id, content)
                self._custody.taken_out(content)
                if not content.opened and (content.broken or not content.whole_packages):
                    yield f"R16: {voice} took something out of what it did not open"
                if content.opened:
                    yield from self._permits.opened(self._plan.legs[self._leg or 0].state, at, statement.attachments)
            case Delivered():
                yield from self._reached(statement)
            case Seizure():
                self._scales.seized(statement.id, content)
            case _:
                pass

    def _prepared(self, content: Prepared, at: datetime, attached: Sequence[Attachment]) -> Iterator[str]:
        """It is as the plan and the permissions have it."""
        self._custody.prepared(content)
        self._scales.prepared(content)
        if self._custody.missing(content, self._plan.consignment.checked_by):
            yield "R7: prepared without what it is checked by"
        yield from self._permits.prepared(content, at, attached)
        if content.modality != self._plan.modality:
            yield f"R3: prepared as {content.modality}"

    def _reached(self, statement: Statement) -> Iterator[str]:
        """A recipient has it: the last one, or one in a chain, from whom it goes on to the next."""
        ends = [leg.end for leg in self._plan.legs]
        if self._leg is None or ends[self._leg] != statement.checkpoint:
            yield f"R4: delivered at {statement.checkpoint}, where the leg that it is on does not end"
        elif self._leg == len(ends) - 1:
            self._delivered = True
        else:
            self._leg += 1

    def _ends(self, statement: Statement, content: Content) -> None:
        """What became of it in the end."""
        match content:
            case Interdicted():
                self._seized = content
                self._unasked |= not self._cause
                if self._is_the_end(statement):
                    self._delivered = True
                else:
                    self._halt("stop")
            case LossRecorded():
                self._lost = True
            case Destroyed():
                self._destroyed = True
            case Correction():
                self._correct(content, voice_of(statement))
            case _:
                pass

    def _stops(self, statement: Statement) -> None:
        """Whether this ends the ordinary course."""
        at = statement.checkpoint or ""
        match statement.content:
            case StopRequested():
                self._halt("stop")
            case HoldRequested() if not self._cause and not self._split:
                self._holds.ordered()
            case HoldDecided(decision="seize" | "end"):
                self._halt("decision")
            case Split():
                self._split = True
                self._halt("split")
            case ConflictYielded():
                self._halt("conflict")
            case HandoverDeclined():
                self._halt("declined")
            case MovementDecision(proceed=False):
                self._halt("decision")
            case Incident(risk_to_life=True):
                self._halt("risk_to_life")
            case NotCollected():
                self._halt("no_show")
            case Destroyed():
                self._halt("destroyed")
            case DeconflictionRefused() if self._leg is None:
                self._halt("refused")
            case PermissionRefused() if at.startswith(LAPSES):
                self._refused.add(at)
                if at.startswith("sanction."):
                    self._permits.not_sanctioned(voice_of(statement))
            case AuthorisationRefused() | PermissionRefused():
                self._halt("refused")
            case _:
                pass

    def _is_the_end(self, statement: Statement) -> bool:
        """Whether the plan ends with this seizure."""
        planned = self._plan.find(statement.checkpoint or "")
        return (
            planned is not None
            and planned.step == "deliver"
            and planned.id in self._open
            and any((one.service, one.says) == (voice_of(statement), "interdiction") for one in planned.requires)
        )

    def _correct(self, correction: Correction, voice: str) -> None:
        match correction.content:
            case Seizure() as seizure:
                self._scales.seized(correction.of, seizure)
            case Interdicted() as seized:
                self._seized = seized
                self._persons.seized(correction.of, voice, seized.arrested)
            case TakenOut() as taken:
                self._scales.taken_out(correction.of, taken)
            case ArrestMade() as arrest:
                self._persons.corrected(correction.of, arrest)
            case Prepared() as prepared:
                self._scales.prepared(prepared)
                if self._leg is None:
                    self._custody.prepared(prepared)

    def _given_by(self, voice: str, checkpoint: str) -> str:
        """Of those whose place a voice has taken, and itself: about whose consent it speaks."""
        known = [one for one in (voice, *self._before(voice)) if one in self._consents]
        return next((one for one in known if one in checkpoint), known[0])

    def _before(self, voice: str) -> tuple[str, ...]:
        """Those whose place a voice has taken."""
        return tuple(one.service for one in self._plan.replaced if in_its_place(self._plan, one.service) == voice)

    def _consent(self, voice: str, content: Content, checkpoint: str) -> Iterator[str]:
        match content:
            case AuthorisationGranted(provisional=False, state=state, valid_from=begin, valid_until=end, modalities=modalities):
                if voice not in self._asked_to_authorise(state):
                    yield f"R1: {voice} was not asked for the consent of {state}"
                self._consents[voice] = (state, instant(begin), instant(end), modalities)
            case AuthorisationExtended(valid_until=end):
                whose = self._given_by(voice, checkpoint)
                state, begin_at, _, modalities = self._consents[whose]
                self._consents[whose] = (state, begin_at, instant(end), modalities)
            case AuthorisationWithdrawn(state=state):
                del self._consents[self._given_by(voice, checkpoint)]
                if not self._delivered and state in self._ahead():
                    self._halt("withdrawn")
            case _:
                pass

    def _acceptance(self, statement: Statement, content: HandoverAccepted, at: datetime) -> Iterator[str]:
        if statement.checkpoint not in self._offered:
            yield "R6: accepted before anything was offered"
        following = (self._leg or 0) + 1
        if following >= len(self._plan.legs) or voice_of(statement) != self._plan.legs[following].responsible:
            yield f"R6: custody went to {voice_of(statement)}"
            return
        for state in passed_in(self._plan.legs[following]):
            if state != self._plan.legs[following - 1].state:
                yield from self._consented(state, at, "R5", "crossed")
                yield from self._permits.on_the_way(state, at, "crossed")
        yield from self._compare(content)
        if self._doubt is None:
            self._leg = following

    def _compare(self, found: HandoverOffered | HandoverAccepted) -> Iterator[str]:
        """Weight and seals against the last that held; until a decision, nothing may move."""
        if self._doubt is not None:
            yield "R7: something moved although what was found did not fit"
        by = self._checked_by()
        fits = self._custody.fits(found, by)
        if fits is None:
            yield "R7: nothing was prepared"
        elif self._custody.missing(found, by):
            yield "R7: it was not checked by what the plan names"
        elif not fits:
            self._doubt, self._decided = found, set()
            self._custody.doubted()

    def _checked_by(self) -> tuple[Check, ...]:
        """How it is checked at the end of the leg that it is on."""
        return self._plan.legs[self._leg or 0].checked_by or self._plan.consignment.checked_by

    def _decision(self, voice: str, officer: str) -> Iterator[str]:
        if self._doubt is None:
            yield "R7: a decision about nothing"
            return
        self._decided.add((voice, officer))
        needed = self._in_charge()
        alone = len(needed) == 1 and len(self._decided) == 1  # where that is one service, two of its officers
        if needed <= {service for service, _ in self._decided} and not alone:
            doubt, self._doubt = self._doubt, None
            self._custody.decided(doubt, self._checked_by())
            if isinstance(doubt, HandoverAccepted):
                self._leg = (self._leg or 0) + 1

    def _consented(self, state: str, at: datetime, rule: str, what: str) -> Iterator[str]:
        """Whether at each of its checkpoints as many authorities of the State consent now as must."""
        authorities = self._plan.authorities(state)
        for asked in (one for one in self._plan.at("authorise") if one.state == state):
            here = [one for one in asked.authorities() if one in authorities]
            lacking = [problem for one in here for problem in self._lacking(one, state, at, rule, what)]
            others = len(asked.services()) - len(asked.authorities())
            if len(here) - len(lacking) < (len(here) if asked.need == "all" else asked.need - others):
                yield lacking[0]

    def _lacking(self, authority: str, state: str, at: datetime, rule: str, what: str) -> Iterator[str]:
        consent = self._consents.get(authority)
        if consent is None:
            yield f"{rule}: {what} without the consent of {authority} for {state}"
        elif not consent[1] <= at < consent[2]:
            yield f"{rule}: {what} outside the validity of the consent of {authority}"
        elif self._plan.modality not in consent[3]:
            yield f"R3: {what} {self._plan.modality}, which {authority} does not allow"

    def _in_charge(self) -> set[str]:
        """Whose decision it is whether it goes on."""
        here = self._plan.legs[self._leg or 0].state
        agree = who_agrees(self._plan, self._cards, self._directory, here)
        decide = {in_its_place(self._plan, one) for one in self._asked_to_authorise(here)}
        return {self._responsible(), *decide, *agree}

    def _asked_to_authorise(self, state: str) -> set[str]:
        """By the plan in force, replaced since or not."""
        return {one for at in self._plan.at("authorise") if at.state == state for one in at.authorities()}

    def _responsible(self) -> str:
        return self._plan.legs[self._leg or 0].responsible

    def _ahead(self) -> tuple[str, ...]:
        return tuple(state for leg in self._plan.legs[self._leg or 0 :] for state in passed_in(leg))
