"""The rule books: every version of the rules that can be followed and verified. A delivery keeps the one it began with.

R1   No dispatch without a live authorisation of every State on the route, transit included.
     (UN 1988 Convention art. 11 for drugs and precursors [K]; UNTOC art. 20, UNCAC art. 50 for cash, weapons and other goods [K];
     Albania CPC 294/c [E]; Estonia CCP § 126-4, SCO agreement on customs assistance of 2007 art. 11: what is given before it is
     written is confirmed in writing [T].)
R2   Silence is never consent. (No tacit consent is found in any text; Albania CPC 294/c asks for it positively [E].)
R3   The way of handling is one that every State on the route allows, and a substitute weighs what it stands in for, unless the
     plan says that it need not. (UN 1988 art. 11(3): by mutual consent [K].)
R4   Exactly one responsible authority at each instant, of the State the consignment is in.
     (EU MLA Convention 2000 art. 12, ETS 182 art. 18: competence to act, direct and control is the requested State's [E].)
R5   No crossing into a State whose authorisation is missing, refused, withdrawn, expired, or would expire before the
     planned exit; expiry on the way warns, asks for an extension, then interdicts. (ETS 182 art. 18 [E]; Belgian durations [E].)
R6   Custody moves only by offer and acceptance; until acceptance the giver stays responsible.
     (Design decision; Austrian treaties art. 13: control passes at the border or handover point so that it is not interrupted
     [E].)
R7   Whatever the plan has a consignment checked by - weight, seals, or what stands in for them - stops the movement where it does
     not fit or could not be measured, until a fresh decision by the authority in charge, whoever authorised and who by the law
     must agree with them; where that is one service, which its law lets decide alone, by two of its officers. Only who authorises
     allows that something is not measured.
     (Design decision; Illinois v. Andreas: what counts is whether the contents may have changed [E].)
R8   Anyone may hold or stop. Nothing moves while it is held, until the responsible authority, the authorities of the State that
     it is in and who must agree with them decide to go on, to seize or to end; silence ends it. A stop is never lost and nothing
     advances after it.
     (Design decision; Austrian treaties art. 13: who is in control can intervene at any time [E].)
R9   Surveillance gaps are recorded with their bounds; a missed check-in opens its own ladder: asked, alarmed, searched,
     halted. Never closed by itself. (Illinois v. Andreas: 30 to 45 minutes [E]; Dutch rule: goods never reach the market [E].)
R10  The mass balance closes, substance by substance and piece by piece, or is explained, before the run closes; of what never
     left, what was weighed or counted twice. No sum in it is impossible, and no estimate passes for a measurement. (Van Traa:
     the records did not suffice [E].)
R11  A participant reads only what it needs: its legs, the handovers beside them and what binds it (`domain.views.sight`).
     (Design decision: need to know, as services practise it.)
R12  Each run ends in exactly one documented outcome, told to every participant. (Design decision.)
R13  The initiator is never the only one to authorise. The second voice is another service that authorises, or whose agreement
     the law of the State wants; or, where that law lets the initiator decide alone, two of its officers sign.
     (Russia 289-FZ art. 390: the head of the customs service decides, or a deputy, and others in agreement with it [E]; Latvia,
     Operational Activities Law s. 15-1: a prosecutor accepts what an official has decided [T].)
R14  Risk to life stops, whoever reports it. (Gedeon: the authority was invalid [E]; Austrian treaties: special danger
     [E]; Latvia, Operational Activities Law s. 15-1, Estonia CCP § 126-1(3): a bar [T].)
R15  No delivery whose consignment or target is in another live operation, unless both agree: looked for before consent is
     asked and again before dispatch. Consignments of one group are one operation (R31). (Design decision, after blind
     deconfliction as services practise it.)
R16  What is done beside letting the consignment go on - mail examined, the consignment opened, persons followed, devices put
     in, officers of other States taken along - is permitted by an act where the State's rule card wants one, or does not know
     whether it wants one; an opening is recorded as the card demands.
     (Spain LECrim 263 bis: opening mail is a separate procedure [E]; Azerbaijan, law on ORD art. 10(III) [E]; Latvia,
     Criminal Procedure Law s. 217: post, with the carrier's representative [T]; Kazakhstan CPC art. 246: with a protocol [T].)
R17  A statement counts only from the service that is asked for it, at the checkpoint that asks for it.
     (In-toto's functionaries; Golson: the magistrate was not the right authority [E].)
R18  One statement id, one content; what was said is corrected by a new statement, never replaced. A consent is to the plan in
     force, every word to a plan of this delivery, and nobody decides on another history than the one that is recorded.
     (Design decision.)
R19  A condition of an authorisation binds: no answer counts where it binds unless the answer says that it is met.
     (Poland, Austrian treaties: consent may be limited or given on conditions [E].)
R20  Two persons: where the plan asks for two officers, a second one of the same service signs the same with a key of his own, or
     nothing counts. (Practice of opening, weighing and releasing by two.)
R21  Who speaks for another service does so by its dated delegation, or as the backup its ladder has come to; delegations
     stay within a State and make no circle. They pass a say on, and no power: what by the card only certain kinds may say (R1,
     R16), nobody of another kind says for them. (Design decision.)
R22  A plan is changed under way only by its initiator and only for what is still ahead; a State whose part of the way
     changes consents afresh, and who has been replaced is not heard any more: its successor is
     asked what is open. (Consent covers only what it was asked for.)
R23  Information is used as its provider's handling code lets: H1 comes before no court, and H2 goes to nobody else, neither a
     court nor a third State, without the provider's recorded permission; H3 neither. (EU Manual on Law Enforcement Information
     Exchange, where H2 bars any further dissemination [E].)
R24  A key counts from the entry that makes it known, and after the entry that ends it no more; what was recorded before stays.
     A service changes its own keys and an administrator anyone's; the installation itself may only end them. (NIST SP 800-57
     part 1, 5.3: a cryptoperiod ends at once when a key is compromised.)
R28  Each service has a budget of statements and bytes in one delivery, a small one where nothing is asked of it, and brakes are
     set aside beyond it: nobody makes a delivery too large, and what stops it is always taken. (Design decision.)
R29  Every act of public authority is by a service that has the power, by its kind and in the State where it happens; what
     needs no force also by officers of another State who travel along there with a permission of that State. What is done
     where no consent is live any more counts, with a remark that says so. Who is prosecuted where is said by prosecutors and
     courts. Who begins a delivery, submits results or opens what is secret investigates or prosecutes. (UN 1988 Convention
     art. 2(3) [K]; UNTOC art. 4(2), 19 [K]; EU MLA Convention 2000 art. 13 [K]; Russia 144-FZ art. 12, 13 [K].)
R30  Custody begins with detection: before anybody is asked for consent, who found it and holds it reports what was found, where,
     when and how. Where another carries it on, that one has received it before it leaves. Nothing is without a holder after that:
     what is taken out, sampled, put in, seized or found has one, who hands it on by offer and acceptance, until it is said what
     became of it; for that it stays open after its outcome for as long as the plan gives. It is brought only into a State that
     has authorised, or by a request for legal assistance or a permission that is named; where it is not, nothing of it is
     recovered, and nobody holds it. (Russia CPC art. 143: a report of what
     was found [K]; acts of acceptance and transfer, as practised [K]; Van Traa: the records did not suffice [E]; CIS Agreement
     on samples of narcotic drugs of 18.10.2011 [E]; UNTOC art. 18 [K].)
R31  The consignments of one operation are deliveries of their own under one digest. What is signed for several counts in each
     that it names, and what is signed for one in no other. A checkpoint that waits for a sibling opens on the signed words of
     those who were asked there, never on the server's; who waits does so for a time, and then people decide. What is held back
     never leaves. (Practice of linked parcels, of which some are let go and others kept: Queensland, Hong Kong; Omsk and Taraz:
     arrests at one moment.)
"""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from domain.delivery import unforeseen
from domain.delivery.balance import Balance
from domain.delivery.consents import Consents
from domain.delivery.events import EVENTS
from domain.delivery.statement import Statement
from domain.plan import check
from domain.rules import (
    acts,
    agreement,
    amending,
    arrival,
    balance,
    closing,
    coming,
    conflict,
    consent,
    cooperation,
    course,
    custody,
    detection,
    disposing,
    divergence,
    duties,
    examining,
    grounds,
    handing_on,
    handling,
    hold,
    outside,
    permission,
    preparation,
    proceedings,
    receiving,
    renewal,
    sanction,
    siblings,
    speaking,
    stop,
    taking_out,
    urgency,
    watch,
    watch_log,
)
from domain.rules.book import Book, silent
from domain.rules.budget import Budget
from domain.rules.contingency import Contingency
from domain.rules.kind import Kind
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, NotFound
from domain.words.figures import FIGURES
from domain.words.text import fill

SUBJECTS: tuple[ModuleType, ...] = (
    detection,
    consent,
    agreement,
    urgency,
    permission,
    duties,
    sanction,
    renewal,
    preparation,
    custody,
    taking_out,
    watch,
    watch_log,
    stop,
    hold,
    arrival,
    balance,
    cooperation,
    handing_on,
    receiving,
    examining,
    disposing,
    conflict,
    siblings,
    closing,
    proceedings,
    acts,
    speaking,
    handling,
    divergence,
    course,
)
"""One file per subject: its kinds of statement and its contingencies together."""


def kinds_in(*subjects: ModuleType) -> Mapping[str, type[Kind]]:
    """The kinds of statement that stand in these files, by name, in their order."""
    there = [(subject, one) for subject in subjects for one in vars(subject).values() if isinstance(one, type)]
    kinds = [one for subject, one in there if issubclass(one, Kind) and one.__module__ == subject.__name__]
    return MappingProxyType({one.model_fields["kind"].default: one for one in kinds})


def contingencies_in(*subjects: ModuleType) -> Mapping[str, Contingency]:
    """The contingencies that stand in these files, by name, in their order."""
    there = [(subject, one) for subject in subjects for one in vars(subject).values() if isinstance(one, type)]
    found = [one() for subject, one in there if issubclass(one, Contingency) and one.__module__ == subject.__name__]
    return MappingProxyType({one.declares.name: one for one in found})


BOOK = Book(
    version=1,
    kinds=kinds_in(*SUBJECTS),
    contingencies=contingencies_in(*SUBJECTS),
    effects=MappingProxyType(EVENTS),
    consents=Consents,
    balance=Balance,
    checklist=course.CHECKLIST,
    moments=coming.moments,
    budget=Budget(),
    grounds=grounds.GROUNDS,
    remarks=grounds.REMARKS,
    say=speaking.say,
    silence=silent,
    news=outside.news,
    checks=check.CHECKS,
    changes=amending.CHANGES,
    figures=FIGURES,
)
"""The law as it is."""

if unknown := set(unforeseen.NAMES) - set(BOOK.contingencies):
    message = f"NAMES: no contingency is called {', '.join(sorted(unknown))}"
    raise TypeError(message)

BOOKS: Mapping[int, Book] = MappingProxyType({BOOK.version: BOOK})
"""By version, the newest first. Each older one is made of the one after it, by what `domain.rules.frozen` says."""

RELEASED: Final = 0
"""The newest version that was released, under which deliveries may have begun: neither it nor one before is recorded or locked
anew. None was yet.
"""


def newest() -> Book:
    """The rules that a delivery is under which begins now."""
    return next(iter(BOOKS.values()))


def book_for(version: int) -> Book:
    """The rules of this version. Raises `NotFound` if this program does not have them."""
    if version not in BOOKS:
        known = ", ".join(map(str, BOOKS))
        message = fill("it is under version {version} of the rules, which this program does not have", version=version)
        raise NotFound(message, hint=fill("it has {known}: use the Vigil that began it, or a newer one", known=known))
    return BOOKS[version]


def read(envelope: Envelope) -> Statement:
    """The statement in an envelope, unverified, of the newest rules that can read it. Raises `Malformed` if none can."""
    unread: Malformed | None = None
    for book in BOOKS.values():
        try:
            return book.read(envelope)
        except Malformed as error:
            unread = unread or error
    assert unread is not None  # noqa: S101 - there is at least one book
    raise unread


def may_be_opened(name: str) -> bool:
    """Whether a checkpoint of this name can be one that no plan holds."""
    return any(one.title_of("") in name for book in BOOKS.values() for one in book.contingencies.values())
