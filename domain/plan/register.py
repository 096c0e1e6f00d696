"""Deconfliction: whether two live operations touch the same thing, found out without showing it (R15).

What an operation touches is a *selector*: a number of its consignment, a person, a telephone, a plate, an address. Each is
brought into the one form in which two officers who mean the same will write it, and hashed with the installation's
deconfliction key (HMAC-SHA256, RFC 2104): who lacks the key cannot try out numbers. A *register* keeps the hashes of
every live operation and says of two that share one only that they do, and which service to call. It answers what a competent
service of the asker's own State has signed for, and no more than the quotas let (`domain.plan.enquiries`). Pure: the register's
answer is a new register. An archive that keeps it shows the part of it that a claim bears on, and how much there is beside that.
"""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from domain.plan.directory import MAY_ASK_THE_REGISTER, Directory, ServiceKey, Text
from domain.plan.enquiries import Block, Enquiries, Enquiry, Pattern
from domain.plan.plan import Plan
from domain.plan.selectors import Hash, _keyed
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, canonical
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import (
    CONTACTS_BYTES,
    MOST_CONTACTS,
    MOST_HASHES,
    MOST_HASHES_EACH,
    MOST_IDENTIFIERS,
    MOST_KEYS,
    MOST_LIVE_OF_A_STATE,
    MOST_LIVE_OPERATIONS,
)
from domain.words.moments import Moment, instant, utc_text

LATER = timedelta(hours=1)
"""After how long there may be room again where operations must end first."""

ConflictId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
"""Number of a conflict: the same on both sides, so that two officers on the telephone know that they mean the same one."""


class Claim(Frozen):
    """A live operation as the register knows it: its code name, whom to call about it, who signed that the register is looked
    into and in which entry of its ledger, and what it touches, as hashes; of a consignment of a group, its digest.
    """

    delivery: OperationCode
    contact: ServiceId
    state: State
    signer: ServiceId
    order: Annotated[int, Field(ge=0)]
    hashes: Annotated[tuple[Hash, ...], Field(max_length=MOST_HASHES_EACH)]
    group: Annotated[Digest | None, Field(exclude_if=lambda digest: digest is None)] = None
    """Under which its plan has been proved to be (R31): nobody comes under another's."""

    def touches(self, other: "Claim") -> bool:
        """Whether these are two operations that share a hash. Consignments of one group are one operation (R31)."""
        siblings = self.group is not None and self.group == other.group
        return self.delivery != other.delivery and not siblings and not frozenset(self.hashes).isdisjoint(other.hashes)


class DatedClaim(Frozen):
    """A claim, and when it came."""

    claim: Claim
    at: Moment
    blocks: Annotated[tuple[Block, ...], Field(max_length=MOST_IDENTIFIERS)] = ()
    """Of each number of the consignment, in the order of the first hashes."""


class Contact(Frozen):
    """All that one side of a conflict is told: its number, and whom to call. The keys prove what that service agrees to."""

    conflict: ConflictId
    service: ServiceId
    call: Text
    """How to reach people there at any hour, as the directory has it."""
    keys: Annotated[tuple[ServiceKey, ...], Field(max_length=MOST_KEYS)]

    @property
    def checkpoint(self) -> str:
        """The checkpoint of this conflict: each has one, and it is called the same on both sides."""
        return f"conflict.{self.conflict}"


class Party(Frozen):
    """An operation as an answer names it: without what it touches."""

    delivery: OperationCode
    contact: ServiceId
    order: Annotated[int, Field(ge=0)]


class Overlap(Frozen):
    """What a change of the register means for one operation: everyone it now conflicts with."""

    party: Party
    others: Annotated[tuple[Party, ...], Field(max_length=MOST_CONTACTS)]


class RegisterAnswer(Frozen):
    """The register's answer: a finding for each operation touched, the asker's last. `number` is higher after each change."""

    number: Annotated[int, Field(ge=0)]
    findings: Annotated[tuple[Overlap, ...], Field(max_length=MOST_CONTACTS + 1)] = ()
    not_before: Moment | None = None
    """It was not looked into, for want of room or by a quota, and may be asked again from then on. It never says for which."""


class Beside(Frozen):
    """How much there is in the register beside the part of it that is shown: so much takes up room, and touches nothing here."""

    live: Annotated[int, Field(ge=0)] = 0
    of_state: Annotated[int, Field(ge=0)] = 0
    """Of them, operations of the State of whoever claims."""
    hashes: Annotated[int, Field(ge=0)] = 0


class Register(Frozen):
    """Every live operation of an installation, each once, in the order in which they came; and who has asked. Or a part of it:
    operations that claim, those that touch them and those that touch these, the enquiries of their States, and what is `beside`.
    """

    number: Annotated[int, Field(ge=0)] = 0
    claims: tuple[Claim, ...] = ()
    enquiries: Enquiries = Enquiries()
    beside: Beside = Beside()
    asked_at: Moment | None = None
    """The newest moment that anyone has brought. It never runs back, so that no quota does."""

    def claim(self, dated: DatedClaim) -> tuple["Register", RegisterAnswer]:
        """Enter an operation; entering it again changes nothing. Of two that touch, the later one finds the earlier.

        By an older signature than it was entered by, it lets go of nothing: an attempt has come late, or its delivery was put
        back. Where there is no room for it, or a quota is passed, nothing is looked into and nothing entered.
        """
        claim, known = dated.claim, self._known(dated.claim.delivery)
        if known is not None and claim.order < known.order:
            both = tuple(dict.fromkeys((*claim.hashes, *known.hashes)))[:MOST_HASHES_EACH]
            claim = claim.model_copy(update={"hashes": both})
            dated = dated.model_copy(update={"claim": claim})
        if claim == known:
            return self, RegisterAnswer(number=self.number, findings=_findings(self.claims, *self.touching(claim), claim))
        now = max([instant(dated.at), *([instant(self.asked_at)] if self.asked_at is not None else [])])
        book = self.enquiries.at(now)
        enquiry = self._enquiry(dated, now)
        wanting = self._wanting(claim)
        if wanting is not None:
            return self._deferred(book.with_alarm(*wanting, enquiry), now, now + LATER)
        room = book.room_from(enquiry)
        if room is not None:
            pattern: Pattern = "full" if book.full_for(enquiry) else "over_quota"
            return self._deferred(book.with_alarm(pattern, len(enquiry.marks), enquiry), now, room)
        register = self.model_copy(
            update={
                "number": self.number + 1,
                "claims": (*self._without(claim.delivery), claim),
                "enquiries": book.with_one(enquiry),
                "asked_at": utc_text(now),
            }
        )
        return register, RegisterAnswer(
            number=register.number, findings=_findings(register.claims, *register.touching(claim), claim)
        )

    def release(self, delivery: str) -> tuple["Register", RegisterAnswer]:
        """Take an operation out; those it touched find one conflict less."""
        found = self._known(delivery)
        if found is None:
            return self, RegisterAnswer(number=self.number)
        register = self.model_copy(update={"number": self.number + 1, "claims": self._without(delivery)})
        return register, RegisterAnswer(number=register.number, findings=_findings(register.claims, *self.touching(found)))

    def _deferred(self, book: Enquiries, now: datetime, not_before: datetime) -> tuple["Register", RegisterAnswer]:
        register = self.model_copy(update={"enquiries": book, "asked_at": utc_text(now)})
        return register, RegisterAnswer(number=self.number, not_before=utc_text(not_before))

    def _enquiry(self, dated: DatedClaim, now: datetime) -> Enquiry:
        """What of this counts: what the same operation has not looked for already."""
        claim, before = dated.claim, self._known(dated.claim.delivery)
        known = before.hashes if before is not None else ()
        new = [one for one in claim.hashes if one not in known]
        return Enquiry(
            at=utc_text(now),
            service=claim.contact,
            state=claim.state,
            signer=claim.signer,
            delivery=claim.delivery,
            marks=tuple(one[:16] for one in new),
            blocks=dated.blocks if before is None else (),
            missed=not self.touching(claim),
            group=claim.group,
        )

    def _wanting(self, claim: Claim) -> tuple[Pattern, int] | None:
        """What there is no room for, with how many there are; none where there is."""
        others, beside = self._without(claim.delivery), self.beside
        live = len(others) + beside.live
        of_state = sum(one.state == claim.state for one in others) + beside.of_state
        if live >= MOST_LIVE_OPERATIONS or of_state >= MOST_LIVE_OF_A_STATE:
            return "full", live
        if sum(len(one.hashes) for one in others) + beside.hashes + len(claim.hashes) > MOST_HASHES:
            return "full", live
        touching = self.touching(claim)
        crowd = max([len(touching), *(1 + sum(one.touches(other) for other in others) for one in touching)])
        return ("crowded", crowd) if crowd > MOST_CONTACTS else None

    def _known(self, delivery: str) -> Claim | None:
        return next((one for one in self.claims if one.delivery == delivery), None)

    def _without(self, delivery: str) -> tuple[Claim, ...]:
        return tuple(one for one in self.claims if one.delivery != delivery)

    def touching(self, claim: Claim) -> tuple[Claim, ...]:
        """The live operations that share something with this one, in the order in which they came."""
        return tuple(one for one in self.claims if one.touches(claim))


def _findings(claims: tuple[Claim, ...], *touched: Claim) -> tuple[Overlap, ...]:
    """For each of these operations, all of those claims that touch it."""
    return tuple(
        Overlap(party=_party(one), others=tuple(_party(other) for other in claims if other.touches(one))) for one in touched
    )


def _party(claim: Claim) -> Party:
    return Party(delivery=claim.delivery, contact=claim.contact, order=claim.order)


def competent(plan: Plan, directory: Directory) -> tuple[str, ...]:
    """Who may sign that the register is looked into for this plan: of its `participants`, in the order of these, those that are
    prosecutors, courts or coordinators of the initiator's own State, and none of the `initiators` itself.
    """
    initiator = directory.find(plan.initiator)
    known = [directory.find(service) for service in plan.participants() if service not in plan.initiators()]
    return tuple(
        one.id
        for one in known
        if one is not None
        and initiator is not None
        and one.state is not None
        and one.state == initiator.state
        and one.kind in MAY_ASK_THE_REGISTER
    )


def contacts(key: bytes, finding: Overlap, directory: Directory) -> tuple[Contact, ...]:
    """What the operation of a finding is told: for each other, the number of their conflict and whom to call.

    The number is the same for the other side, and shows no code name to who does not know both and the key. Of each service as
    many keys are told as fit into its share (R28).
    """

    def contact(other: Party) -> Contact:
        known = directory.find(other.contact)
        one = Contact(
            conflict=_keyed(key, "conflict", *sorted((finding.party.delivery, other.delivery)))[:12],
            service=other.contact,
            call=known.contact if known is not None else "not in the directory any more",
            keys=(),
        )
        keys = known.keys if known is not None else ()
        return one.model_copy(update={"keys": _first_of(keys, CONTACTS_BYTES // len(finding.others) - len(canonical(one)) - 1)})

    return tuple(contact(other) for other in finding.others)


def _first_of(keys: tuple[ServiceKey, ...], most: int) -> tuple[ServiceKey, ...]:
    """As many of these as have at most so many bytes: those without an end before others, and the service's own before those of
    its officers. For whom files are encrypted is nobody's matter here.
    """
    told = [one.model_copy(update={"recipient": None}) for one in keys]
    left = most
    chosen: list[ServiceKey] = []
    for one in sorted(told, key=lambda one: (one.valid_until is not None or one.revoked_at is not None, one.officer is not None)):
        left -= len(canonical(one)) + 1
        if left >= 0:
            chosen.append(one)
    return tuple(one for one in told if one in chosen)
