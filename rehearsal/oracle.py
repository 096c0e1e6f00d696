"""The books that `rehearsal.invariants` keeps: who may speak, what is permitted, what was weighed. Nothing here asks a rule.

Each book is told what counted, in order, and says what is wrong with it; each finding begins with the number of its rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from domain.delivery.decided import Cleared, Closed, Concluded, Opened, Silence, TakenUp
from domain.delivery.event import Event
from domain.delivery.reported import Deconflicted, Diverged, Stated
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Finding
from domain.plan.attachment import Attachment
from domain.plan.cards import Measure, Provision, RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Leg, Plan
from domain.plan.register import Contact
from domain.record.door import read_statement
from domain.rules.books import BOOK
from domain.rules.conflict import ConflictSettled, DeconflictionRequested
from domain.rules.consent import AuthorisationExtended, AuthorisationGranted
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction, Delegated
from domain.signing.envelope import STATEMENT_TYPE, open_envelope
from domain.signing.keys import key_id
from domain.words.moments import instant

NO = (
    "authorisation_refused",
    "permission_refused",
    "handover_declined",
    "not_collected",
    "no_arrest",
    "loss_recorded",
    "destroyed",
    "surveillance_regained",
)
"""Answers that need neither a second officer nor a condition met."""
CONSENTS = ("authorisation_granted", "agreement_given", "permission_granted")
"""What is consented to is a plan."""


ACTS = ("prepared", "dispatched", "delivered", "arrest_made", "seizure")
"""What is done at a checkpoint, in its State, by public authority."""
LAPSED = ("held_for_sanction", "held_for_permission")
"""What holds it by itself."""
MOVING = ("dispatched", "handover_accepted", "delivered", "split")
"""What moves the consignment on."""
FORCE = ("customs", "border_guard", "police", "security")
"""Kinds of service that have it."""


def passed_in(leg: Leg) -> tuple[str, ...]:
    """The States that a leg goes through or touches."""
    return (leg.state, *(one.state for one in leg.calls if one.state is not None and one.not_touched is None))


def who_agrees(plan: Plan, cards: Mapping[str, RuleCard], directory: Directory | None, state: str) -> tuple[str, ...]:
    """Who is asked to agree there, and must by the law of the State, since another of its services begins it or decides."""
    if directory is None or state not in cards:
        return ()
    kind = {one.id: one.kind for one in directory.services if one.state == state}
    asked = [(one.service, one.says) for at in plan.checkpoints if at.step == "authorise" for one in at.requires]
    begins = {kind.get(one) for one in plan.initiators()}
    decides = {kind.get(in_its_place(plan, service)) for service, says in asked if says == "authorisation"}
    wanted = {
        of
        for one in cards[state].agreements
        if one.is_about(plan.case, state) and ({*one.begun_by} & begins or {*one.decided_by} & decides)
        for of in one.of
    }
    agree = [in_its_place(plan, service) for service, says in asked if says == "agreement"]
    return tuple(name for name in agree if kind.get(name) in wanted)


def in_its_place(plan: Plan, service: str) -> str:
    """Who does now what this service did, of those that came one after another."""
    for one in plan.replaced:
        if one.service == service:
            service = one.by
    return service


def voice_of(statement: Statement) -> str:
    """The service whose say it is."""
    return statement.on_behalf_of or statement.service


class OracleBook:
    """What every book follows: the plan as it is now."""

    _plan: Plan

    def follow(self, plan: Plan) -> None:
        """The plan was changed under way (R22)."""
        self._plan = plan


class SpeakerBook(OracleBook):
    """Who speaks for whom (R21), on which conditions (R19), and whether by two (R20)."""

    def __init__(self, plan: Plan, directory: Directory | None) -> None:
        self._plan = plan
        self._directory = directory
        self._delegated: dict[str, tuple[str, datetime, datetime]] = {}
        self._backups: set[tuple[str, str]] = set()
        self._stood_in: dict[str, set[str]] = {}
        """By service: for whom it has answered where States decide."""
        self._open: set[str] = set()
        self._conditions: dict[str, list[tuple[str, str]]] = {}
        """By authority: where each condition binds, and its number."""
        self._asked: dict[str, str] = {}
        """By authority: the last checkpoint that asked for what it has authorised."""
        self._permits: dict[str, frozenset[Measure]] = {}
        """By authority: what its authorisation permits besides."""
        self._firsts: dict[str, Statement] = {}
        self._counted: dict[str, Statement] = {}
        self._keys: dict[str, frozenset[str]] = {}

    def follow(self, plan: Plan) -> None:
        """What a first officer has consented to was the plan before."""
        super().follow(plan)
        self._firsts = {key: first for key, first in self._firsts.items() if first.kind not in CONSENTS}

    def opened(self, checkpoint: str) -> None:
        """Its services are asked from now on."""
        self._open.add(checkpoint)

    def closed(self, checkpoint: str) -> None:
        """Nobody is asked there any more."""
        self._open.discard(checkpoint)

    def climbed(self, checkpoint: str, to: str) -> None:
        """The ladder has come to this service."""
        planned = self._plan.find(checkpoint)
        if planned is not None and any(rung.may_answer and rung.to == to for rung in planned.escalate):
            self._backups.add((checkpoint, to))

    def heard(self, statement: Statement, at: datetime) -> Iterator[str]:
        """What is wrong with a statement that was accepted, whoever signed it."""
        voice, stood = voice_of(statement), self._stood_in.setdefault(statement.service, set())
        urgent = self._is_urgent(statement, voice)
        if voice != statement.service and not (
            urgent or self._is_backup(statement, voice) or self._is_delegate(statement, voice, at)
        ):
            yield f"R21: {statement.service} spoke for {voice}"
        if voice != statement.service and not urgent and not self._is_backup(statement, voice):
            yield from self._both(statement.service, voice, stood)
        planned = self._plan.find(statement.checkpoint or "")
        if voice != statement.service and not urgent and planned is not None and planned.step == "authorise":
            stood.add(voice)
        if self._answers(statement) and statement.kind not in NO:
            for where, number in [one for some in self._conditions.values() for one in some]:
                if where == statement.checkpoint and number not in statement.fulfils:
                    yield f"R19: {statement.kind} counted at {where} without condition {number}"
        if statement.kind in ACTS:
            yield from self._acted(statement, voice)
        match statement.content:
            case Correction(of=of, content=content):
                earlier = self._counted.get(of)
                if earlier is None or (earlier.service, earlier.kind) != (statement.service, content.kind):
                    yield f"R18: {statement.service} corrected {of}"
            case Delegated(to=to, valid_from=begins, valid_until=ends):
                self._delegated[statement.service] = (to, instant(begins), instant(ends))
                if self._state(to) != self._state(statement.service) or statement.service in self._chain(statement.service):
                    yield f"R21: {statement.service} delegated to {to}"
            case _:
                pass

    def _both(self, speaker: str, voice: str, stood: set[str]) -> Iterator[str]:
        """Whether one of these decides and another carries it out, so that one would say both (R13): who speaks and for whom, and
        for whom that may answer, or has, where States decide.
        """
        consents = [at for at in self._plan.checkpoints if at.step == "authorise"]
        deciding = {one.service for at in consents for one in at.requires}
        backed = {
            one.service
            for at in consents
            if any(rung.may_answer and rung.to == speaker for rung in at.escalate)
            for one in at.requires
        }
        carrying = {*self._plan.initiators(), *(leg.responsible for leg in self._plan.legs)} & {speaker, voice}
        if any(one != other for one in {speaker, voice, *backed, *stood} & deciding for other in carrying):
            yield f"R13: {speaker} spoke for {voice}, and said both"

    def _acted(self, statement: Statement, voice: str) -> Iterator[str]:
        """Whether who did it has the power, and is of the State where it was done or travels along there (R29)."""
        planned = self._plan.find(statement.checkpoint or "")
        known = self._directory.find(statement.service) if self._directory is not None else None
        if planned is None or known is None:
            return
        carrier = known.kind == "postal_operator" and statement.kind in ("dispatched", "delivered")
        investigates = known.kind == "investigator" and statement.kind in ("arrest_made", "seizure")
        if known.kind not in FORCE and not carrier and not investigates:
            yield f"R29: {statement.service} has no power for {statement.kind}"
        guest = any(voice in leg.accompanied_by for leg in self._plan.legs if planned.state in passed_in(leg))
        force = statement.kind in ("arrest_made", "seizure")
        if known.state != planned.state and (force or not guest):
            yield f"R29: {statement.service} did {statement.kind} in {planned.state}"

    def signed(self, statement: Statement, keys: frozenset[str]) -> None:
        """Whose keys signed it: officers are told apart by their keys (R20)."""
        self._keys[statement.id] = keys

    def _is_second(self, first: Statement | None, statement: Statement) -> bool:
        return (
            first is not None
            and first.service == statement.service
            and first.officer != statement.officer
            and self._keys[first.id].isdisjoint(self._keys[statement.id])
        )

    def counts(self, statement: Statement) -> bool:
        """Whether it takes effect, or is only the first of two signatures (R20)."""
        key = f"{statement.checkpoint}/{voice_of(statement)}/{statement.kind}"
        two = self._answers(statement) and statement.kind not in NO and self._officers(statement) == 2
        if isinstance(statement.content, Correction):
            key = statement.content.of
            two = key in self._counted and self._officers(self._counted[key]) == 2
        first = self._firsts.get(key)  # it stays the first, also once a second has said the same
        if isinstance(statement.content, Correction):
            self._firsts.pop(key, None)
        if two and not self._is_second(first, statement):
            self._firsts[key] = statement
            return False
        self._counted[statement.id] = statement
        content = statement.content
        if isinstance(content, AuthorisationGranted) and not content.provisional:
            numbered = enumerate(content.conditions, 1)
            voice = voice_of(statement)
            self._conditions[voice] = [(one.at, f"{voice}/{number}") for number, one in numbered if one.at is not None]
            self._authorised(voice, statement.checkpoint or "", frozenset(content.permits))
        if statement.kind == "authorisation_withdrawn":
            self._conditions.pop(voice_of(statement), None)
        return True

    def _authorised(self, voice: str, asked: str, permits: frozenset[Measure]) -> None:
        """A successor's authorisation ends the conditions of whom it follows, unless a later checkpoint asked for what they
        gave, or that permits more.
        """
        order = [one.id for one in self._plan.checkpoints if one.step == "authorise"]
        later = order[order.index(asked) + 1 :] if asked in order else []
        former = [one for one in self._asked if one != voice and in_its_place(self._plan, one) == voice]
        for one in former:
            if self._asked[one] not in later and self._permits[one] <= permits:
                self._conditions.pop(one, None)
        if self._asked.get(voice) not in later:
            self._asked[voice] = asked
        self._permits[voice] = permits

    def two_agree(self, statement: Statement) -> bool:
        """Whether a first signature that waits for this second one says the same."""
        first = self._firsts.get(f"{statement.checkpoint}/{voice_of(statement)}/{statement.kind}")
        return not self._is_second(first, statement) or (
            first is not None and (first.content, first.attachments) == (statement.content, statement.attachments)
        )

    def _answers(self, statement: Statement) -> bool:
        return statement.checkpoint in self._open and self._officers(statement) > 0

    def _officers(self, statement: Statement) -> int:
        planned = self._plan.find(statement.checkpoint or "")
        asked = planned.requires if planned is not None else ()
        wanted = [
            one.officers for one in asked if one.service == voice_of(statement) and statement.kind in BOOK.answers[one.says]
        ]
        return max(wanted, default=0)

    def _is_backup(self, statement: Statement, voice: str) -> bool:
        known = (statement.checkpoint, statement.service) in self._backups
        return known and self._answers(statement) and self._state(voice) == self._state(statement.service)

    def _is_urgent(self, statement: Statement, voice: str) -> bool:
        """Whether it permits what cannot wait for a service of its own State that is asked for that."""
        content, planned = statement.content, self._plan.find(statement.checkpoint or "")
        asked = planned is not None and any((one.service, one.says) == (voice, "permission") for one in planned.requires)
        urgent = isinstance(content, PermissionGranted) and content.urgent_at is not None
        return asked and urgent and self._state(voice) == self._state(statement.service)

    def _is_delegate(self, statement: Statement, voice: str, at: datetime) -> bool:
        while voice in self._delegated:
            voice, begins, ends = self._delegated[voice]
            if not begins <= at < ends:
                return False
            if voice == statement.service:
                return True
        return False

    def _chain(self, service: str) -> list[str]:
        """Whom a service's say comes to in the end, one after another."""
        chain: list[str] = []
        while (known := self._delegated.get(chain[-1] if chain else service)) is not None and known[0] not in chain:
            chain.append(known[0])
        return chain

    def _state(self, service: str) -> str | None:
        known = self._directory.find(service) if self._directory is not None else None
        return known.state if known is not None else None


EVERYWHERE: tuple[Measure, ...] = ("following_person", "watching_thing", "device", "vehicle_entry", "audio_video")
"""Measures that a plan takes in every State of its route, where it takes them."""


class LawBook(OracleBook):
    """What of the cards is about this delivery."""

    def __init__(self, plan: Plan, cards: Mapping[str, RuleCard]) -> None:
        self._plan = plan
        self._cards = cards

    def _is_about(self, one: Provision, state: str) -> bool:
        """Whether a value of the card of this State is about such a delivery."""
        if one.movements and self._movement(state) not in one.movements:
            return False
        case = self._plan.case
        goods = not one.goods or bool(set(one.goods) & set(case.goods))
        return (not one.channels or case.channel in one.channels) and goods and one.stage in (None, case.stage)

    def _movement(self, state: str) -> str:
        """How it goes through a State; empty where it does not."""
        through = {known for leg in self._plan.legs for known in passed_in(leg)}
        if state not in through:
            return ""
        if through == {state}:
            return "domestic"
        ends = {self._plan.legs[-1].state: "import"} | {self._plan.legs[0].state: "export"}
        return ends.get(state, "transit")


class PermissionBook(LawBook):
    """What needs a permission of its own, and has it (R16)."""

    def __init__(self, plan: Plan, cards: Mapping[str, RuleCard]) -> None:
        super().__init__(plan, cards)
        self._given: list[tuple[str, Measure, datetime, datetime, str]] = []
        """Which State permits what, from when until when, and in whose place where it was urgent."""
        self._prepared = False
        """It has been opened, if it was to be; it is not opened again."""

    def given(self, content: PermissionGranted | AuthorisationGranted | AuthorisationExtended, voice: str) -> None:
        """A State permits something, apart from its authorisation or in it; in it nothing that wants an act of its own. What it
        permits runs as long as the authorisation, where that is extended. What was urgent runs until it must be sanctioned.
        """
        if isinstance(content, AuthorisationExtended):
            until = instant(content.valid_until)
            self._given = [
                (state, one, begun, max(ends, until) if state == content.state else ends, urgent)
                for state, one, begun, ends, urgent in self._given
            ]
            return
        within = isinstance(content, AuthorisationGranted)
        for one in content.permits if isinstance(content, AuthorisationGranted) else content.permissions:
            if not (within and self._rule(content.state, one) == "own_act"):
                until = min((instant(content.valid_until), *self._sanctioned_by(content)))
                urgent = voice if isinstance(content, PermissionGranted) and content.urgent_at is not None else ""
                self._given.append((content.state, one, instant(content.valid_from), until, urgent))

    def not_sanctioned(self, voice: str) -> None:
        """Whose say it is does not sanction what was urgent: it is permitted no more."""
        self._given = [one for one in self._given if one[4] != voice]

    def _sanctioned_by(self, content: PermissionGranted | AuthorisationGranted) -> Iterator[datetime]:
        """By when what is urgent must be sanctioned at the latest, whoever has permitted it."""
        if not isinstance(content, PermissionGranted) or content.urgent_at is None:
            return
        for one in self._cards[content.state].urgent_measures:
            if set(one.measures) & set(content.permissions) and self._is_about(one, content.state):
                yield instant(content.urgent_at) + one.sanctioned_within

    def on_the_way(self, state: str, at: datetime, what: str) -> Iterator[str]:
        """Whether everything the plan does in this State is permitted there."""
        preparing = any(one.step == "prepare" and one.state == state for one in self._plan.checkpoints)
        accompanied = any(state in passed_in(leg) and leg.accompanied_by for leg in self._plan.legs)
        watched = self._plan.surveillance is not None or any(
            "sight" in by for by in (self._plan.consignment.checked_by, *(leg.checked_by for leg in self._plan.legs))
        )
        handled = "opening" in self._plan.uses or self._plan.modality != "intact"
        does: dict[Measure, bool] = {one: one in self._plan.uses for one in EVERYWHERE} | {
            "post": self._plan.consignment.kind in ("mail", "express"),
            "opening": (preparing and handled and not self._prepared)
            or any(leg.opened and leg.state == state for leg in self._plan.legs),
            "foreign_officers": accompanied,
        }
        does["watching_thing"] |= watched
        does["following_person"] |= watched and self._plan.consignment.kind == "passenger"
        for permission in (one for one, done in does.items() if done):
            yield from self._wanted(state, permission, at, what)

    def prepared(self, content: Prepared, at: datetime, attached: Sequence[Attachment]) -> Iterator[str]:
        """Whether what was done at the preparation is permitted: opened there, devices all along the route."""
        self._prepared = True
        put_in = any(one.what == "substitute" for one in content.items)
        if (put_in or content.removed or content.samples or content.broken) and not content.opened:
            yield "R16: it was not opened, and something was done in it"
        if content.opened:
            yield from self.opened(self._plan.at("prepare")[0].state, at, attached)
        if any(item.lasts is not None or item.what in ("tracker", "opening_alarm") for item in content.items):
            for state in (one for leg in self._plan.legs for one in passed_in(leg)):
                yield from self._wanted(state, "device", at, "prepared")

    def opened(self, where: str, at: datetime, attached: Sequence[Attachment]) -> Iterator[str]:
        """Whether that is permitted there, and was recorded where the law wants that."""
        yield from self._wanted(where, "opening", at, "opened")
        records = self._cards[where].records if where in self._cards else ()
        about = [one.by for one in records if "opening" in one.acts and self._is_about(one, where)]
        if about[:1] == ["recording"] and not any(one.is_recording for one in attached):
            yield f"R16: opened in {where} without a recording"

    def _rule(self, state: str, measure: Measure) -> str:
        """What the card of the State says that it needs; an empty text where it does not know."""
        about = [one for one in self._cards[state].measures if measure in one.measures] if state in self._cards else []
        fitting = [one.needs for one in about if self._is_about(one, state)]
        return fitting[0] if fitting else ""

    def _wanted(self, state: str, permission: Measure, at: datetime, what: str) -> Iterator[str]:
        if state not in self._cards or self._rule(state, permission) == "nothing":
            return
        if not any(given[:2] == (state, permission) and given[2] <= at < given[3] for given in self._given):
            yield f"R16: {what} without the permission of {state} for {permission}"


class DivergenceBook(OracleBook):
    """Whether the record was put back, and who has decided to go on since (R18)."""

    def __init__(self, plan: Plan, directory: Directory | None) -> None:
        self._plan = plan
        self._directory = directory
        self._waits: set[str] = set()

    def happened(self, event: Event) -> Iterator[str]:
        """What must not be while nobody has decided."""
        if isinstance(event, Diverged):
            watched = any(one.kind == "supervisor" for one in self._directory.services) if self._directory is not None else False
            self._waits = {"supervisor", "prosecutor"} if watched else {"prosecutor"}
        if not self._waits:
            return
        match event:
            case Stated(envelope=envelope, verdict=verdict):
                said = read_statement(envelope).kind
                if verdict.verdict == "accepted" and said in ("dispatched", "handover_accepted", "delivered"):
                    yield f"R18: {said} counted though the record was put back and nobody had decided"
            case Opened(checkpoint=name):
                if self._plan.find(name) is not None:
                    yield f"R18: {name} opened though the record was put back and nobody had decided"
            case Cleared() | Concluded():
                yield f"R18: {event.event} though the record was put back and nobody had decided"
            case _:
                pass

    def decided(self, checkpoint: str, voice: str) -> Iterator[str]:
        """One of them has decided to go on."""
        of = checkpoint.split(".")[2]
        known = self._directory.find(voice) if self._directory is not None else None
        first = self._directory.find(self._plan.initiator) if self._directory is not None else None
        if known is not None and first is not None:
            right = known.kind == "supervisor" if of == "supervisor" else known.state == first.state
            if not right:
                yield f"R18: {voice} decided as {of}"
        self._waits.discard(of)


class HoldBook(OracleBook):
    """Who has ordered a hold, and whether all whose say it is wanted it to go on before anything moved (R8)."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._held = False
        self._wanting: set[tuple[str, str]] = set()
        self._needed: set[str] = set()

    def ordered(self) -> None:
        """A hold counts."""
        if not self._held:
            self._held, self._wanting, self._needed = True, set(), set()

    def wanted_on(self, voice: str, officer: str, in_charge: set[str]) -> None:
        """An officer of one whose say it is wants it to go on; these are all of them."""
        self._wanting.add((voice, officer))
        self._needed = self._needed or in_charge

    def heard(self, statement: Statement) -> Iterator[str]:
        """Whether it moved what is held."""
        moves = statement.kind in MOVING or (
            statement.kind == "movement_decision"
            and getattr(statement.content, "proceed", False)
            and ".decision." in (statement.checkpoint or "")
        )
        if self._held and moves:
            yield f"R8: {statement.kind} counted while it is held"

    def happened(self, event: Event) -> Iterator[str]:
        """What is decided while it is held."""
        match event:
            case Cleared(leg=leg) if self._held:
                yield f"R8: leg {leg} was cleared while it is held"
            case Opened(checkpoint=name) if self._held and self._plan.find(name) is not None:
                yield f"R8: {name} opened while it is held"
            case Silence(finding=Finding(code=code)) | Closed(finding=Finding(code=code)) if code in LAPSED and not self._held:
                self.ordered()
            case Silence(checkpoint=name) if self._held:
                planned = self._plan.find(name)
                if ".decision." in name or (planned is not None and planned.step in ("dispatch", "hand_over", "deliver")):
                    yield f"R8: silence at {name} counted while it is held"
            case Concluded() if self._held:
                yield "R8: it has an outcome while it is held"
            case Closed(checkpoint=name, result="withdrawn") if name.startswith("hold."):
                self._wanting, self._needed = set(), set()  # another is in charge, or it was ordered anew: all are asked afresh
            case Closed(checkpoint=name, result=result) if name.startswith("hold."):
                alone = len(self._needed) == 1 and len(self._wanting) == 1  # where that is one service, two of its officers
                if result != "satisfied" or not self._needed or alone or not self._needed <= {one for one, _ in self._wanting}:
                    yield f"R8: {name} closed before all wanted it to go on"
                self._held = False
            case _:
                pass


class Conflicts(OracleBook):
    """What the register answered about other operations, and what both sides have signed (R15)."""

    def __init__(self, plan: Plan, directory: Directory | None) -> None:
        self._plan = plan
        self._directory = directory
        self._requests: dict[int, str] = {}
        """Entry to who signed there that the register is looked into."""
        self._early: dict[str, tuple[Statement, int]] = {}
        """Requests that were made, by id, each with its entry."""
        self._signed: set[str] = set()
        """Selectors that were signed for."""
        self._others: dict[str, Contact] = {}
        """Checkpoint of a conflict to whom to call, by the register's newest answer."""
        self._asked_anew = False
        """Whether the register has answered since a planned checkpoint closed."""
        self._agreed: set[str] = set()
        self._asked = self._begun = False
        """States have been asked, and something has followed: what a changed plan asks afresh is asked without looking again."""
        self.undecided = False
        """A conflict was left unanswered, or given way to, before it had left."""

    def follow(self, plan: Plan) -> None:
        """Of what a changed plan adds, nobody has signed for anything."""
        self._signed -= {one.hash for one in plan.selectors} - {one.hash for one in self._plan.selectors}
        super().follow(plan)
        self._asked_anew &= self._covered()

    def _covered(self) -> bool:
        return bool(self._requests) and {one.hash for one in self._plan.selectors} <= self._signed

    def _requested(self, name: str) -> Iterator[str]:
        """Somebody signed that the register is looked into: who answers for such requests in the initiator's State."""
        statement, seq = self._early[name]
        signer, plan = statement.service, self._plan
        self._requests[seq] = signer
        self._signed |= {one.hash for one in plan.selectors}
        self._asked_anew = False
        if self._directory is not None:
            known, initiator = self._directory.get(signer), self._directory.get(plan.initiator)
            if known.state != initiator.state or known.kind not in ("prosecutor", "court", "coordinator"):
                yield f"R15: {signer} signed that the register is looked into for {plan.initiator}"
        if signer in plan.initiators():
            yield f"R15: {signer} signed for itself that the register is looked into"

    def happened(self, event: Event, seq: int, *, gone: bool) -> Iterator[str]:
        """What the register answered, and what may only happen after it has been asked. `gone`: it has left."""
        self._begun |= self._asked and not isinstance(event, Opened)
        match event:
            case Stated(envelope=envelope, verdict=verdict) if verdict.verdict in ("accepted", "early"):
                said = read_statement(envelope)
                if isinstance(said.content, DeconflictionRequested):
                    self._early[said.id] = said, seq
                    yield from self._requested(said.id) if verdict.verdict == "accepted" else ()
            case TakenUp(statement=name, verdict=verdict) if name in self._early and verdict.verdict == "accepted":
                yield from self._requested(name)
            case Deconflicted(order=order, contacts=contacts):
                if order not in self._requests:
                    yield "R15: the register was looked into, and nobody had signed for it"
                self._others = {f"conflict.{one.conflict}": one for one in contacts}
                self._asked_anew |= self._covered() and order == max(self._requests)
            case Opened(checkpoint=name) if self._authorises(name) and not self._begun:
                self._asked = True
                yield from self.alone(f"{name} opened")
            case Cleared(leg=0):
                yield from self.alone("cleared for dispatch")
            case Silence(checkpoint=name) if name.startswith("conflict."):
                self.undecided |= not gone
            case Closed(checkpoint=name, result=result):
                self._asked_anew &= self._plan.find(name) is None
                unsigned = result == "satisfied" and name not in self._agreed and not self.undecided
                if name.startswith("conflict.") and unsigned:
                    yield f"R15: {name} closed without an agreement"
            case _:
                pass

    def _authorises(self, name: str) -> bool:
        planned = self._plan.find(name)
        return planned is not None and planned.step == "authorise"

    def alone(self, what: str) -> Iterator[str]:
        """No other operation touches this one, or both sides have signed that both may go on."""
        if not self._asked_anew:
            yield f"R15: {what}, and nobody had looked for other operations"
        for name, contact in self._others.items():
            if name not in self._agreed:
                yield f"R15: {what} while {name} with {contact.service} was not settled"

    def agreed(self, statement: Statement, content: ConflictSettled, at: datetime) -> Iterator[str]:
        """Two signed words about one conflict: each of its side, each naming the other."""
        contact = self._others.get(statement.checkpoint or "")
        if contact is None or content.agreement is None:
            yield f"R15: {statement.checkpoint} settled with nobody"
            return
        keys = {key_id(key.public): key.public for key in contact.keys if key.valid_at(at)}
        open_envelope(content.agreement, STATEMENT_TYPE, keys)
        other = read_statement(content.agreement)
        if not isinstance(other.content, ConflictSettled) or (
            (statement.service, content.agreed_with, statement.delivery, statement.checkpoint)
            != (other.content.agreed_with, other.service, self._plan.operation, other.checkpoint)
        ):
            yield f"R15: {other.service} signed no agreement to {statement.checkpoint}"
        if statement.service != self._plan.initiator or other.service != contact.service:
            yield f"R15: {statement.service} and {other.service} agreed; {contact.service} should have"
        self._agreed.add(statement.checkpoint or "")
