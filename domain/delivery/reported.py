"""What comes from outside, as the ledger records it: the plan, what is said, and what became of asking and telling."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.delivery.consents import ended_behind
from domain.delivery.event import Event, Law, Moment
from domain.delivery.grants import Agreed, Grant
from domain.delivery.memory import Diverging
from domain.delivery.progress import First
from domain.delivery.requests import SignedAcknowledgement, read_acknowledgement
from domain.delivery.state import State
from domain.delivery.verdicts import Verdict, found
from domain.delivery.vocabulary import Differing, NoticeKind, Services, SiblingNews, UtcText
from domain.plan.cards import RuleCard, canonical_cards
from domain.plan.directory import Directory, Service
from domain.plan.key_changes import changed, read_change
from domain.plan.plan import read_plan
from domain.plan.register import Contact
from domain.plan.request_for_consent import DECIDING, closest, loosened
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, canonical, digest_of_bytes, plain
from domain.signing.envelope import SIBLING_TYPE, Envelope, open_envelope
from domain.words.errors import Refused, RuleBroken
from domain.words.identifiers import CheckpointId, OperationCode
from domain.words.limits import (
    CONTACTS_BYTES,
    MOST_BRANCHES,
    MOST_BROUGHT_CARDS,
    MOST_BROUGHT_SERVICES,
    MOST_CONTACTS,
    MOST_SERVICES,
    SIBLING_BYTES,
)
from domain.words.moments import instant

SIBLING_STOPPED = found("R31", "sibling_stopped", "{sibling}, of the same group, was stopped", sibling="name")
SIBLING_IN_DANGER = found("R31", "danger_to_a_sibling", "in {sibling}, of the same group, life is at risk", sibling="name")


class Started(Event):
    """The signed plan, what it was checked against, and the version of the rules that the delivery is under to its end."""

    event: Literal["started"] = "started"
    rules: Annotated[int, Field(ge=1)]
    plan: Envelope
    directory: Digest
    cards: Digest

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The signed plan is in force from here on, and who is responsible by it may `take_charge`. Directory and cards must have
        these digests.
        """
        if self.directory != state.directory.digest() or self.cards != cards_digest(state.cards):
            rule, reason = "R1", "the directory or the rule cards are not those this delivery started with"
            raise RuleBroken(rule, reason)
        state.plans.append((when.seq, self.plan.fingerprint()))
        state.take_charge(when.at, when.at)


class Amended(Event):
    """The plan was changed by a new signed one, for what is still ahead (R22), with the services and cards new to it."""

    event: Literal["amended"] = "amended"
    plan: Envelope
    services: Annotated[tuple[Service, ...], Field(max_length=MOST_BROUGHT_SERVICES)] = ()
    cards: Annotated[tuple[RuleCard, ...], Field(max_length=MOST_BROUGHT_CARDS)] = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The new services and cards are known, and the new plan is in force, from here on; who is responsible by it may
        `take_charge`. `cleared` falls back to the leg it is on, -1 before it has left. Where the new plan has a looser watch than
        the `watch` before, `closer` is as close as both of them, span by span; else there is none. What the register knows is as
        by its `change`. A checkpoint that is open and stands in the new plan is asked as it stands there, and is `due_anew`,
        `due_after` later than `counted_from`; where its reminders are others, those have come whose time is not after now, or
        after it has `stood`. One that is open and no plan holds they `hand_over`, and it is `due_anew` when it was. What a first
        officer has said at either of an `authorisation`, `agreement` or `permission` is forgotten: it was to the plan before.
        Where the `expiry_warnings` are others, no authorisation has been warned of. What `ended_behind` has expired: nothing
        halts for it. They `wait_anew`, as it was planned before. It is `newly_watched` where it was not watched, or was newly and
        not all have consented since. Of who takes part no more, and has no successor, what is not written has expired and what is
        not sanctioned has ended; nothing is offered to it any more.
        """
        state.newly_watched = state.watch is None or (state.newly_watched and not state.passed("authorise"))
        old, before, watch, new = state.plan, state.plan.participants(), state.watch, read_plan(self.plan)
        for grant in state.grants.values():
            grant.expired = grant.expired or ended_behind(state, new, grant, when.at)
        state.directory, state.cards = self.known_with(state)
        state.plan = new
        if set(new.speakers()) != set(old.speakers()):
            state.share_anew({*old.speakers(), *new.speakers()})
        state.plans.append((when.seq, self.plan.fingerprint()))
        looser = watch is not None and loosened(watch, state.plan.surveillance)
        state.closer = closest(watch, state.plan.surveillance) if watch is not None and looser else None
        state.take_charge(when.at, when.at)
        state.cleared = min(state.cleared, -1 if state.leg is None else state.leg)
        state.register.change(old, state.plan)
        for name, progress in state.progress.items():
            planned = state.plan.find(name)
            if planned is not None and progress.open:
                if planned.remind != progress.checkpoint.remind:
                    progress.rung = sum(progress.counted_from + one <= (progress.stood or when.at) for one in planned.remind)
                progress.checkpoint = planned
                progress.due_anew(progress.counted_from + state.plan.due_after(planned), when.at)
            elif progress.contingency is not None:
                progress.hand_over(state.plan, when.at)
            progress.firsts = {key: first for key, first in progress.firsts.items() if key[1] not in DECIDING}
        if sorted(state.plan.expiry_warnings) != sorted(old.expiry_warnings):
            for grant in state.grants.values():
                grant.warnings = 0
        state.wait_anew(old)
        acts: list[tuple[str, Grant | Agreed]] = [*state.grants.items(), *state.agreed.items()]
        for service, given in acts:
            given.expired = given.expired or (given.form != "written" and not state.lies_with(service))
        for there, permits in state.permits.items():
            state.permits[there] = tuple(one for one in permits if not one.urgent or state.lies_with(one.service))
        for label, one in state.exhibits.items():
            if one.offered_to is not None and not state.participant(one.offered_to):
                state.exhibits[label] = replace(one, offered_to=None)
        state.owe(when.seq, "amended", None, tuple(dict.fromkeys((*state.plan.participants(), *before))))

    def known_with(self, state: State) -> tuple[Directory, dict[str, RuleCard]]:
        """The services and rule cards known once this has brought its own; what is known stays as it is."""
        new = tuple(service for service in self.services if state.directory.find(service.id) is None)
        directory = state.directory.model_copy(update={"services": (*state.directory.services, *new)})
        return directory, {card.state: card for card in self.cards} | state.cards


class KeysChanged(Event):
    """Keys of a service were added or ended by a signed record, from here on (R24)."""

    event: Literal["keys_changed"] = "keys_changed"
    readers = "everybody"  # everybody must know whose key counts no more
    change: Envelope

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The keys of the service are those that the record makes of them. What a first officer of it has said under one that is
        revoked is forgotten. Its signer has changed keys once more, and while the archive is behind that counts as one of
        its brakes.
        """
        change = read_change(self.change)
        state.directory = changed(state.directory, change)
        revoked = [end.key for end in change.ended if end.revoked]  # by a clock that may be ahead

        def stands(first: First) -> bool:
            return first.service != change.service or not any(one in revoked for one in first.keys)

        state.firsts = {name: first for name, first in state.firsts.items() if stands(first)}
        for progress in state.progress.values():
            progress.firsts = {key: first for key, first in progress.firsts.items() if stands(first)}
        state.rekeyed[change.by] = state.rekeyed.get(change.by, 0) + 1
        if state.behind is not None:
            state.behind[change.by] = state.behind.get(change.by, 0) + 1
        state.owe(when.seq, "keys", None, state.plan.participants())


class Stated(Event):
    """A statement came in, with the verdict."""

    event: Literal["stated"] = "stated"
    readers = "speaker"
    envelope: Envelope
    verdict: Verdict

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The statement is remembered, whatever its verdict. An early one waits; an accepted one takes effect."""
        law.heard(state, self.envelope, self.verdict, when)


class Asked(Event):
    """What came of asking: who received the request, who could not be reached yet, and whose people were told that it waits."""

    event: Literal["asked"] = "asked"
    readers = "checkpoint"
    checkpoint: CheckpointId
    received: Services = ()
    unreachable: Services = ()
    told: Services = ()
    acknowledgements: Annotated[tuple[SignedAcknowledgement, ...], Field(max_length=MOST_SERVICES)] = ()
    """Signed by some of those who have received it."""

    @property
    def signed(self) -> Services:
        """Who has signed that it received the request."""
        return tuple(read_acknowledgement(one).service for one in self.acknowledgements)

    @property
    def unsigned(self) -> Services:
        """Of whom the installation alone says that they received it."""
        return tuple(one for one in self.received if one not in self.signed)

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """It is shown how far each request has come. Where nothing was known of that, the checkpoint may `begin_late`."""
        progress = state.progress[self.checkpoint]
        progress.begin_late(when.at, law.figures)
        standing = progress.standing
        once_received = {service for service, known in standing.items() if known == "received"}
        standing.update(dict.fromkeys(self.unreachable, "unreachable"))
        standing.update(dict.fromkeys(self.told, "told"))
        standing.update(dict.fromkeys((*self.received, *once_received), "received"))


class AskedOnceMore(Event):
    """Those who must be polled have been asked once more, or who was never asked is asked now."""

    event: Literal["asked_once_more"] = "asked_once_more"
    readers = "checkpoint"
    checkpoint: CheckpointId
    unreachable: Services = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """They have been, so silence may decide; unless the checkpoint may `begin_late`."""
        progress = state.progress[self.checkpoint]
        progress.asked_again = not progress.begin_late(when.at, law.figures)


class Deconflicted(Event):
    """The register's answer: every other live operation that touches this one now, by whom to call about it (R15)."""

    event: Literal["deconflicted"] = "deconflicted"
    number: Annotated[int, Field(ge=0)]
    """Higher after each change of the register: of two answers, the higher is the newer."""
    order: Annotated[int, Field(ge=0)]
    """The entry in which it was signed that the register is looked into. Without one it is not, and answers nothing."""
    contacts: Annotated[tuple[Contact, ...], Field(max_length=MOST_CONTACTS)] = ()

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        if len(canonical([plain(one) for one in self.contacts])) > CONTACTS_BYTES:
            raise ValueError(f"R28: whom to call has {CONTACTS_BYTES} bytes at most")
        return self

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This is what is known of other operations, and of which answer. What is settled or let be of a conflict that is not
        named any more is forgotten, and how often it was opened too: where the other operation comes back, the two agree anew.
        They `forget_settled` what was settled of it.
        Where `order` is the newest signature and the register `covers` the plan, it has `looked`, and no more `afresh`.
        """
        register = state.register
        register.number, register.contacts = self.number, self.contacts
        there = [one.conflict for one in self.contacts]
        register.forget_settled([one for one in register.settled if one not in there], when.at)
        register.settled = tuple(one for one in register.settled if one in there)
        register.let_be = tuple(one for one in register.let_be if one in there)
        over = [one for one in state.opened if one.startswith("conflict/") and one.removeprefix("conflict/") not in there]
        for one in over:
            del state.opened[one]
        if register.orders[-1:] == (self.order,) and register.covers(state.plan):
            register.looked, register.afresh = True, False


class Deferred(Event):
    """The register was not looked into, for want of room or by a quota (R15). It does not say which, nor anything of others."""

    event: Literal["deferred"] = "deferred"
    order: Annotated[int, Field(ge=0)]
    not_before: UtcText

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The register is not asked again before then."""
        state.register.not_before = instant(self.not_before)


class Released(Event):
    """The operation no longer counts as live in the register (R15)."""

    event: Literal["released"] = "released"

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The register has let go of it."""
        state.released = True


class Told(Event):
    """What came of notices that follow from entry `of`."""

    event: Literal["told"] = "told"
    readers = "notice"
    of: Annotated[int, Field(ge=0)]
    kind: NoticeKind
    checkpoint: CheckpointId | None = None
    reached: Services = ()
    unreachable: Services = ()

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Whoever was reached or could not be reached need not be told any more of notices of this kind from that entry."""
        for owed in state.owed:
            if (owed.seq, owed.kind) == (self.of, self.kind):
                owed.services = tuple(one for one in owed.services if one not in (*self.reached, *self.unreachable))
        state.owed = [owed for owed in state.owed if owed.services]


class ArchiveBehind(Event):
    """What the archive has not yet has become too much to go on with: only brakes are heard until it has caught up (R28)."""

    event: Literal["archive_behind"] = "archive_behind"
    readers = "everybody"
    kept: Annotated[int, Field(ge=0)]
    """It has the first so many entries."""

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The archive is behind, and nobody has used a brake since."""
        state.behind = {}
        state.owe(when.seq, "archive", None, state.plan.participants())


class ArchiveCaughtUp(Event):
    """The archive has nearly everything again, and everybody is heard."""

    event: Literal["archive_caught_up"] = "archive_caught_up"
    readers = "everybody"
    kept: Annotated[int, Field(ge=0)]

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """The archive is behind no more."""
        state.behind = None
        state.owe(when.seq, "archive", None, state.plan.participants())


class Diverged(Event):
    """The archive has another history of this delivery, so one of the two was put back. This one goes on in a branch of its own,
    once people have decided so; after the end, until everybody has been told.
    """

    event: Literal["diverged"] = "diverged"
    readers = "everybody"
    branch: Annotated[int, Field(ge=0, lt=MOST_BRANCHES)]
    """Of the other history in the archive."""
    seq: Annotated[int, Field(ge=0)]
    """The first entry of which it is seen."""
    how: Differing
    size: Annotated[int, Field(ge=1)]
    root: Digest
    """Of the other history, as far as the archive had it."""

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """This history is the next branch, and it has not ended. Nothing advances before it has been decided how to go on."""
        state.branch = self.branch + 1
        state.divergence = Diverging(when.seq)
        state.ended = False
        state.owe(when.seq, "diverged", None, state.plan.participants())


class SiblingSealed(Frozen):
    """What the installation signs of a sibling: how it stands, and the ledger by which that can be held against it."""

    vigil: Literal["sibling/1"] = "sibling/1"
    group: Digest
    sibling: OperationCode
    says: SiblingNews
    checkpoint: CheckpointId | None = None
    size: Annotated[int, Field(ge=0)]
    root: Digest


class SiblingHeard(Event):
    """Of another delivery of the group (R31): it has reached what is waited for here, was held or stopped, or has ended. With the
    signed words that prove the first, and for all of it the installation's signature.
    """

    event: Literal["sibling_heard"] = "sibling_heard"
    sibling: OperationCode
    says: SiblingNews
    checkpoint: CheckpointId | None = None
    statements: Annotated[tuple[Envelope, ...], Field(max_length=2 * MOST_SERVICES)] = ()
    size: Annotated[int, Field(ge=0)]
    """Entries of its ledger then, and the root over them; none where it has been expunged."""
    root: Digest
    seal: Envelope

    @model_validator(mode="after")
    def _can_be_carried(self) -> Self:
        if len(canonical([plain(one) for one in self.statements])) > SIBLING_BYTES:
            raise ValueError(f"R28: what proves it has {SIBLING_BYTES} bytes at most")
        return self

    def sealed(self, group: str) -> SiblingSealed:
        """What the installation has signed."""
        said = {name: getattr(self, name) for name in ("sibling", "says", "checkpoint", "size", "root")}
        return SiblingSealed(group=group, **said)

    def apply(self, state: State, when: Moment, law: Law) -> None:
        """Something more has been `heard`. `reached`: they `remember_siblings`, with this `checkpoint` of the `sibling` as
        one that is `reached`. `held`, `stopped`, `danger`, `ended`: that is its `standing`. Unless it `ended`, every participant
        is told, and no more than that. Then, unless this one is `held_back`: by `danger` it halts with the cause `risk_to_life`
        and `danger_to_a_sibling`; by `stopped`, where `on_stop` of the group is `stop`, with the cause `stop` and
        `sibling_stopped`, and else `stop` of what is known of siblings is this entry.
        """
        group, siblings = state.plan.group, state.siblings
        assert group is not None  # noqa: S101 - else there is no sibling
        siblings.heard += 1
        if self.says == "reached":
            there = (self.sibling, self.checkpoint)
            state.remember_siblings(*(one.key for one in state.awaited() if (one.delivery, one.checkpoint) == there))
            return
        siblings.standing[group.members.index(self.sibling)] = self.says
        if self.says != "ended":
            state.owe(when.seq, "sibling", None, state.plan.participants())
        if state.plan.held_back or self.says not in ("stopped", "danger"):
            return
        if self.says == "danger":
            state.stop_all("risk_to_life", SIBLING_IN_DANGER(sibling=self.sibling), when.seq)
        elif group.on_stop == "stop":
            state.stop_all("stop", SIBLING_STOPPED(sibling=self.sibling), when.seq)
        else:
            siblings.stop = when.seq


def sealed_by(fact: SiblingHeard, group: str, directory: Directory, at: datetime) -> bool:
    """Whether the installation of this directory has signed what is said of a sibling of this group."""
    system = directory.system()
    try:
        signed = open_envelope(fact.seal, SIBLING_TYPE, system.keys_at(at) if system is not None else {})
    except Refused:
        return False
    return signed == canonical(fact.sealed(group))


def cards_digest(cards: dict[str, RuleCard]) -> str:
    """Digest of rule cards by State."""
    return digest_of_bytes(canonical_cards(cards))
