"""Who may say what for whom (R4, R17, R21), by how many officers (R20), under which conditions (R19); and corrections (R18)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, model_validator

from domain.delivery.custody import Custody
from domain.delivery.delivery import Delivery
from domain.delivery.memory import Correctable, Delegation
from domain.delivery.progress import First, Progress
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.delivery.vocabulary import Outcome
from domain.plan.plan import Plan
from domain.plan.vocabulary import Reason
from domain.rules.arrival import ArrestMade, ArrestReported
from domain.rules.balance import Seizure
from domain.rules.conclusion import conclusion
from domain.rules.disposing import Disposed, disposed_in
from domain.rules.examining import LaboratoryReport, reported_in
from domain.rules.kind import ALWAYS, HALTED, UNDER_WAY, Declaration, Kind, Stays, officers_asked
from domain.rules.measures import may_be_permitted
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import Prepared
from domain.rules.stop import Interdicted, seized_by
from domain.rules.taking_out import TakenOut, lots_in
from domain.signing.canonical import digest, plain
from domain.words.identifiers import ServiceId, StatementId
from domain.words.limits import LARGEST_NOTE, LARGEST_OF_GOODS
from domain.words.moments import Moment, check_window, instant

SAME_OFFICER = refused("R20", "same_officer", "that key has signed already; a second officer of {service} must", service="name")
SAYS_OTHERWISE = refused(
    "R20",
    "says_otherwise",
    "the second officer of {service} says something else than the first; both must sign the same",
    service="name",
)

NO_PART = refused("R21", "no_part", "{to} has no part in this delivery, so nothing can be delegated to it", to="name")
OTHER_STATE = refused(
    "R21",
    "delegate_of_other_state",
    "{to} is of another State than {service}; a State's say stays within it",
    to="name",
    service="name",
)
CIRCLE = refused("R21", "circle", "a circle: {services}", services="names")
SAYS_BOTH = refused(
    "R13",
    "says_both",
    "{to} would say both what {decider} decides and what {carrier} carries out; two decide, so let another say it",
    to="name",
    decider="name",
    carrier="name",
)
NOTHING_SAID = refused(
    "R18", "nothing_said", "{service} has not said anything that counts and can be corrected under that id", service="name"
)
OVERTAKEN = refused(
    "R18",
    "overtaken",
    "something later was said of {labels}; what was said before it cannot be corrected any more",
    labels="names",
)
ENDS_OTHERWISE = refused(
    "R12",
    "ends_otherwise",
    "with this the outcome would be {then}, and it is {outcome}: that does not change any more",
    then="word",
    outcome="word",
)
OTHER_KIND = refused(
    "R18", "other_kind", "it is {said}, and is corrected by such a one, not by {given}", said="kind", given="kind"
)


class Delegated(Kind):
    """From one moment to another, what this service is asked may be said by another on its behalf."""

    kind: Literal["delegated"] = "delegated"
    to: ServiceId
    valid_from: Moment
    valid_until: Moment
    reason: Reason

    declares = Declaration(
        title="Say delegated",
        answers=None,
        confirms=False,
        by="anyone",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R21",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    @model_validator(mode="after")
    def _window(self) -> "Delegated":
        check_window(self.valid_from, self.valid_until)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_part` unless it delegates to a service that takes part; `delegate_of_other_state` unless that is of its own State;
        `circle` where that service has delegated, from one to the next, back to one of these: the services in that order;
        `says_both` where that service, or one to which it has delegated in turn, `would_say_both` then: the first such.
        """
        state = delivery.state
        giver, taker = delivery.directory.find(said.service), delivery.directory.find(self.to)
        if taker is None or not state.participant(taker.id):
            return NO_PART(to=self.to)
        if giver is None or giver.state != taker.state:
            return OTHER_STATE(to=self.to, service=said.service)
        passed = [said.service, self.to]
        while passed[-1] not in passed[:-1] and passed[-1] in state.delegations:
            passed.append(state.delegations[passed[-1]].to)
        if passed[-1] in passed[:-1]:
            return CIRCLE(services=tuple(passed))
        then = state.delegations | {said.service: self.delegation()}
        both = ((one, would_say_both(state, then, one, said.at)) for one in passed[1:])
        return next((SAYS_BOTH(to=to, decider=pair[0], carrier=pair[1]) for to, pair in both if pair is not None), ACCEPTED)

    def delegation(self) -> Delegation:
        """To whom, from when and until when."""
        return Delegation(self.to, instant(self.valid_from), instant(self.valid_until))

    def apply(self, state: State, said: Said) -> None:
        """What its service is asked may be said by that one, from then until then. A delegation before is over."""
        state.delegations[said.service] = self.delegation()


class Correction(Kind):
    """An earlier statement of this service was wrong, and this is what it should have said. The earlier one stays (R18)."""

    kind: Literal["correction"] = "correction"
    of: StatementId
    reason: Reason
    content: Annotated[
        Prepared | TakenOut | ArrestMade | ArrestReported | Seizure | Interdicted | LaboratoryReport | Disposed,
        Field(discriminator="kind"),
    ]

    declares = Declaration(
        title="Correction",
        answers=None,
        confirms=False,
        by="anyone",
        counts=ALWAYS,
        names_checkpoint=False,
        rule="R18",
        contact=False,
        readers="as_named",
        may_be_left_out=False,
        largest=LARGEST_OF_GOODS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`overtaken` where its service has said what it names, that says of an exhibit neither the last report nor the fate, and
        something later was said of it; `nothing_said` unless a statement under the id it names counts and is of the same service;
        `other_kind` unless what it says is of the kind of that one; for a `prepared` what is found `as_of` the time at which that
        one was recorded, for an `arrest_made` or `arrest_reported` what is found `as_arrest`, for a `seizure` what is found
        `as_seizure`, for an `interdicted` what is found `as_held`, for a `laboratory_report` on an exhibit on which there is a
        later one `overtaken`, then for a `taken_out`, `laboratory_report` or `disposed` what is found `as_correction`;
        `ends_otherwise` where it has its outcome, and its `conclusion` would be another outcome with this than without; then what
        is wrong with a `second_officer`, where two correct.
        """
        if overtaken := _overtaken(delivery.state, said, self):
            return OVERTAKEN(labels=overtaken)
        earlier = _earlier(delivery.state, self.of)
        if earlier is None or earlier.service != said.service:
            return NOTHING_SAID(service=said.service)
        if earlier.kind != self.content.kind:
            return OTHER_KIND(said=earlier.kind, given=self.content.kind)
        if isinstance(self.content, Prepared):
            verdict = self.content.as_of(delivery, earlier.at, said.statement.attachments)
            if verdict != ACCEPTED:
                return verdict
        if isinstance(self.content, ArrestMade):
            verdict = self.content.as_arrest(delivery, self.of, delivery.state.arrests[self.of].service)
            if verdict != ACCEPTED:
                return verdict
        if isinstance(self.content, Seizure):
            verdict = self.content.as_seizure(delivery, self.of, delivery.state.seizures[self.of].by)
            if verdict != ACCEPTED:
                return verdict
        if isinstance(self.content, Interdicted):
            verdict = self.content.as_held(delivery, seized_by(delivery.state))
            if verdict != ACCEPTED:
                return verdict
        if isinstance(self.content, LaboratoryReport) and _reported_since(delivery.state, self.content.exhibit, earlier.seq):
            return OVERTAKEN(labels=(self.content.exhibit,))
        if isinstance(self.content, TakenOut | LaboratoryReport | Disposed):
            verdict = self.content.as_correction(delivery, said, self.of)
            if verdict != ACCEPTED:
                return verdict
        if (otherwise := _ends_otherwise(delivery.state, said, self)) is not None:
            return ENDS_OTHERWISE(then=otherwise, outcome=delivery.state.outcome or "")
        return second_officer(said, delivery.state.firsts.get(self.of)) or ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays | None:
        """What stays of what it says, in the place of what it corrects."""
        return self.content.stays(delivery, said, self.of)

    def apply(self, state: State, said: Said) -> None:
        """What its kind is compared with from here on is what it says now: of a `seizure` what was recovered, by the statement
        it corrects; of an `interdicted` the gross weight, the number of packages, who holds it, and who was
        arrested with it; of an `arrest_made` or `arrest_reported` its persons, of
        whom those stay freed whom it named before; of a
        `prepared` what was done to the consignment, and before it has left what later checks compare with, unless it was
        `decided` that it goes on otherwise; of a
        `taken_out`, `laboratory_report` or `disposed` what those `correct`. What has been
        decided on the old ones stays decided; but what does not close in the balance is explained afresh, and where it has its
        outcome the counts in what that rests on are those of now, while the `conclusion` is the same outcome.
        """
        if not isinstance(self.content, ArrestMade | LaboratoryReport | Disposed):
            state.weigh_anew(said.seq)
        self._correct(state, said)
        if state.outcome is not None and (concluded := conclusion(state))[0] == state.outcome:
            state.because = concluded[1]

    def _correct(self, state: State, said: Said) -> None:
        match self.content:
            case TakenOut() | LaboratoryReport() | Disposed() as of_exhibits:
                of_exhibits.correct(state, said, self.of)
            case Seizure() as seizure:
                before = state.seizures[self.of]
                state.recover(self.of, seizure.recovery(before.by, again=before.again))
            case Interdicted() as interdicted:
                interdicted.correct(state, self.of, seized_by(state))
            case Prepared() as prepared:
                by = state.goods.by if state.goods is not None else said.voice
                state.handle(prepared.goods(by))
                if not state.dispatched and not (state.custody is not None and state.custody.decided):
                    state.custody = Custody.of(prepared, state.gaps)
            case ArrestMade(persons=persons):
                state.arrest(self.of, replace(state.arrests[self.of], persons=persons))


OF_EXHIBITS: Final = frozenset((TakenOut, LaboratoryReport, Disposed))
"""What of this is known from its exhibits, and so need not be remembered once more."""
CORRECTABLE: Final = tuple(
    kind.model_fields["kind"].default
    for kind in get_args(Correction.model_fields["content"].annotation)
    if kind not in OF_EXHIBITS
)
"""Kinds whose statements are remembered so that they can be corrected: the others that a correction can say."""


def _earlier(state: State, statement: str) -> Correctable | None:
    """What is remembered of a statement that counts and may be corrected: of what was taken out, a report or a disposal, with its
    exhibits.
    """
    if statement in state.counted:
        return state.counted[statement]
    known = state.statements.first(statement)
    for lot in lots_in(state, statement).values():
        assert known is not None  # noqa: S101 - its entry is the one of that statement
        return Correctable(known.service, "taken_out", lot.seq, lot.at, 1)
    for kind, words in (("laboratory_report", reported_in(state, statement)), ("disposed", disposed_in(state, statement))):
        for word in words.values():
            assert known is not None  # noqa: S101 - its entry is the one of that statement
            return Correctable(known.service, kind, word.seq, state.now, word.officers)
    return None


def _overtaken(state: State, said: Said, correction: Correction) -> tuple[str, ...]:
    """Exhibits of a report or a disposal of which something later was said than what this would correct, and not as it did."""
    content, known = correction.content, state.statements.first(correction.of)
    if known is None or known.service != said.service or _earlier(state, correction.of) is not None:
        return ()
    labels = (content.exhibit,) if isinstance(content, LaboratoryReport) else getattr(content, "exhibits", ())
    known_of = ((label, state.exhibits[label]) for label in labels if label in state.exhibits)
    return tuple(label for label, one in known_of if one.entry > known.seq)


def _reported_since(state: State, label: str, seq: int) -> bool:
    """Whether the last report on an exhibit came after this entry."""
    known = state.exhibits.get(label)
    return known is not None and known.report is not None and known.report.seq > seq


def _ends_otherwise(state: State, said: Said, correction: Correction) -> Outcome | None:
    """The outcome it would have with corrected arrests, where that is another than without."""
    if state.outcome is None or not isinstance(correction.content, ArrestMade | Interdicted):
        return None
    then = replace(state, arrests={**state.arrests}, freed={**state.freed})
    correction._correct(then, said)  # noqa: SLF001 - it changes nothing else of an arrest than what is copied
    outcome = conclusion(then)[0]
    return outcome if outcome != conclusion(state)[0] else None


def second_officer(said: Said, first: First | None) -> Verdict | None:
    """What is wrong with a second signature, where one service has said it first (R20): `says_otherwise`, if it
    `is_second_officer` and says something else; `same_officer`, if it is not and says the same. What is neither takes the place
    of the first.
    """
    if first is None or first.service != said.service:
        return None
    same = first.word == _word(said)
    if not is_second_officer(said, first):
        return SAME_OFFICER(service=said.service) if same else None
    return None if same else SAYS_OTHERWISE(service=said.service)


def is_second_officer(said: Said, first: First | None) -> bool:
    """Whether this is a second officer's signature under what a first one of the same service has said (R20): by another officer,
    and with none of the same keys, since one officer may have several.
    """
    return (
        first is not None
        and first.service == said.service
        and first.officer != said.statement.officer
        and frozenset(first.keys).isdisjoint(said.keys)
    )


def first_of(said: Said) -> First:
    """What is remembered of a first officer's statement until a second one has said the same."""
    return First(said.service, said.statement.officer, said.keys, _word(said), said.seq)


def _word(said: Said) -> str:
    """Digest of what two officers must both sign: what is said, and the files that belong to it."""
    return digest([plain(said.content), [plain(one) for one in said.statement.attachments]])


def may_speak(delivery: Delivery, said: Said) -> bool:
    """Whether whoever signed may say this for the service whose say it is (R21): it is that service, or `is_delegate` of it; or
    the checkpoint that it names asks that service for it, and it `is_backup` there, or permits in urgency and `may_be_urgent`.
    For one that has been replaced a brake alone.
    """
    voice, speaker, state = said.voice, said.service, delivery.state
    content = said.content
    assert isinstance(content, Kind)  # noqa: S101
    if voice == speaker or _is_delegate(state, speaker, voice, said.at, brakes=content.bound_to() == "brake"):
        return True
    progress = state.progress.get(said.checkpoint)
    if progress is None or content.declares.answers not in progress.checkpoint.needs_of(voice):
        return False
    urgent = isinstance(content, PermissionGranted) and content.urgent_at is not None
    return is_backup(delivery, speaker, voice, progress) or (urgent and may_be_urgent(delivery, speaker, voice, progress))


def asked_in_place(delivery: Delivery, speaker: str, at: datetime) -> tuple[tuple[str, str], ...]:
    """Open checkpoints, and who is waited for there, at which this service may answer for that one now (R21)."""

    def found() -> Iterator[tuple[str, str]]:
        for name, progress in delivery.state.progress.items():
            for voice in progress.waiting_for() if progress.open else ():
                if voice != speaker and (
                    _is_delegate(delivery.state, speaker, voice, at)
                    or is_backup(delivery, speaker, voice, progress)
                    or may_be_urgent(delivery, speaker, voice, progress)
                ):
                    yield name, voice

    return tuple(found())


def would_say_both(state: State, delegations: Mapping[str, Delegation], service: str, at: datetime) -> tuple[str, str] | None:
    """Of this service, and of all whose say comes to it by delegations that have not ended now, from one to the next: one that is
    among those `carrying_out` by the plan. And of the same, of those for which by the plan it may decide (`stood_in_for`):
    another that is among those `deciding`, or this service where it has `decided`. None where there are no two such (R13).
    """
    plan, voices = state.plan, [service]
    for voice in voices:  # it grows
        givers = (giver for giver, one in delegations.items() if one.to == voice and at < one.valid_until)
        voices.extend(giver for giver in givers if giver not in voices)
    has = service in state.spent and state.spent[service].decided
    may = (one for one in (*voices, *plan.stood_in_for(service)) if one in plan.deciding())
    decides = dict.fromkeys((*may, service) if has else may)
    pairs = ((one, other) for one in decides for other in voices if other in plan.carrying_out())
    return next(((one, other) for one, other in pairs if one != other), None)


def _is_delegate(state: State, speaker: str, voice: str, at: datetime, *, brakes: bool = False) -> bool:
    """Whether delegations lead from the service whose say it is to this one, from one to the next, each of which has begun and
    has not ended now, none of one that has been `replaced`, unless it `brakes`; and by the plan in force this one does not
    `would_say_both`.
    """
    if would_say_both(state, state.delegations, speaker, at) is not None:
        return False
    while (delegation := state.delegations.get(voice)) is not None:
        if not (brakes or _stays(state.plan, voice)) or not delegation.valid_from <= at < delegation.valid_until:
            return False
        voice = delegation.to
        if voice == speaker:
            return True
    return False


def _stays(plan: Plan, voice: str) -> bool:
    """Whether it has not been `replaced`: else what it had to say is its successor's."""
    return plan.successor_of(voice) == voice


def is_backup(delivery: Delivery, speaker: str, voice: str, progress: Progress | None) -> bool:
    """Whether the checkpoint is open, its ladder lets this service answer there (`may_answer`), and it is of the same State as
    the one in whose place it answers, which has not been `replaced`.
    """
    if progress is None or not progress.open or not progress.may_answer(speaker) or not _stays(delivery.plan, voice):
        return False
    backup, asked = delivery.directory.find(speaker), delivery.directory.find(voice)
    return backup is not None and asked is not None and backup.state == asked.state


def may_be_urgent(delivery: Delivery, speaker: str, voice: str, progress: Progress) -> bool:
    """Whether a checkpoint of the plan is open that asks that service, which has not been `replaced`, for `permission` and has no
    answer to it, and this one, which takes part and is of the same State, may by the card of that permit something of it in
    urgency (R16).
    """
    asks = progress.open and progress.contingency is None and "permission" in progress.checkpoint.needs_of(voice)
    known, asked = delivery.directory.find(speaker), delivery.directory.find(voice)
    if (
        not (asks and _stays(delivery.plan, voice))
        or (voice, "permission") in progress.answers
        or known is None
        or asked is None
        or known.state != asked.state
    ):
        return False
    card, case = delivery.cards.get(asked.state or ""), delivery.plan.case
    return (
        card is not None
        and delivery.state.participant(speaker)
        and any(card.urgent_for_measure(one, known.kind, case) for one in may_be_permitted(delivery.plan, card, asked.kind))
    )


# An accepted statement takes effect


def say(state: State, said: Said) -> None:
    """An accepted statement takes effect. Where it `is_first_of_two`, it waits for a second and nothing else follows. Else, in
    this order: a `prepared`, `arrest_made`, `arrest_reported`, `seizure` or `interdicted` is `counted`, so that it can be
    corrected, with how many officers the checkpoint that it names asks for; by a contact they `have_in_sight` what travels; an
    answer is counted; and what its kind changes is changed.
    """
    content = said.content
    assert isinstance(content, Kind)  # noqa: S101
    if _is_first_of_two(state, said, content):
        return
    if content.kind in CORRECTABLE:
        state.counted[said.statement.id] = Correctable(
            said.service, content.kind, said.seq, said.at, officers_asked(state, said, content.declares.answers)
        )
    if content.is_contact():
        state.have_in_sight(said.at)
    if content.is_answer():
        _answer(state, said, content)
    content.apply(state, said)


def _is_first_of_two(state: State, said: Said, content: Kind) -> bool:
    """Whether it is what a first officer says, which is kept until a second one has said the same (R20). It says yes, the
    checkpoint that it names asks its `voice` for two officers, and it `is_second_officer` to nobody there: then it takes the
    place of what a first one has said. A no needs only one.
    """
    if isinstance(content, Correction):
        return _is_first_to_correct(state, said, content)
    need = content.declares.answers
    progress = state.progress.get(said.checkpoint)
    if need is None or progress is None or not content.is_yes():
        return False
    key = (said.voice, need)
    if progress.checkpoint.officers_for(*key) == 1 or is_second_officer(said, progress.firsts.get(key)):
        return False
    progress.firsts[key] = first_of(said)
    return True


def _is_first_to_correct(state: State, said: Said, correction: Correction) -> bool:
    """The same of a correction of what two officers had to say. The second takes away what the first has said."""
    earlier = _earlier(state, correction.of)
    if earlier is None or earlier.officers == 1:
        return False
    first = state.firsts.pop(correction.of, None)
    if is_second_officer(said, first):
        return False
    state.firsts[correction.of] = first_of(said)
    return True


def _answer(state: State, said: Said, content: Kind) -> None:
    """It answers for its `voice` the checkpoint that it names, or where its kind need not name one, each open one that asks its
    `voice` for it. The first answer stays. At a checkpoint of step `authorise` whoever signed it for another does `stand_in` for
    that, unless it permits in urgency.
    """
    need = content.declares.answers
    if need is None:
        return
    planned = state.plan.find(said.checkpoint or "")
    urgent = isinstance(content, PermissionGranted) and content.urgent_at is not None
    if said.service != said.voice and planned is not None and planned.step == "authorise" and not urgent:
        state.stand_in(said.service, said.voice)
    for name, progress in state.progress.items():
        named = said.checkpoint == name or (not content.declares.names_checkpoint and progress.open)
        if named and need in progress.checkpoint.needs_of(said.voice):
            progress.answers.setdefault((said.voice, need), said.seq)
