"""`verify`: a stranger, offline, reaches the live workflow's verdict or names where it differs.

What services said must be what the rules say of it then. What Vigil itself recorded must *equal* what `domain.rules.course`
decides there, at that moment, and nothing that was due may be missing. What came from outside without a service's signature
must be possible.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.delivery.delivery import Delivery
from domain.delivery.events import OUTSIDE, Amended, Asked, Diverged, KeysChanged, Started, Stated
from domain.delivery.ledger import Entry, LeftOut, shared
from domain.delivery.requests import read_acknowledgement
from domain.delivery.vocabulary import Outcome, UtcText
from domain.plan.cards import RuleCard
from domain.plan.check_size import sizes
from domain.plan.directory import Directory
from domain.plan.key_changes import authentic, changed, read_change
from domain.plan.plan import read_plan
from domain.plan.vocabulary import Digest
from domain.record.door import check_budget, key_faults, stated, verified_plan
from domain.record.packet import OtherHistory, Packet, Purpose, unseal
from domain.record.provided import held_back, held_back_beside
from domain.record.receipts import fits, fits_in, opened, read_receipt, saw_another_history
from domain.rules.amending import faults_in
from domain.rules.book import book_of
from domain.rules.books import book_for
from domain.rules.conflict import ConflictSettled
from domain.rules.course import upcoming
from domain.rules.handling import bound
from domain.signing.canonical import Frozen
from domain.signing.envelope import STATEMENT_TYPE, Envelope
from domain.signing.keys import key_id
from domain.words.errors import NotVerified, VigilError
from domain.words.identifiers import OperationCode, ServiceId, State, StatementId
from domain.words.moments import instant, utc_text

ON_ITS_WAY = timedelta(minutes=5)
"""How long the end of a key may take from the directory to a ledger without what came in meanwhile being doubted."""


class SignerSeen(Frozen):
    """A key that signed something in the packet; compare it with what the service itself tells you."""

    service: ServiceId
    key: str


class Countersigned(Frozen):
    """A service has signed that it had seen so many entries under this root: what is before is nobody's to alter alone."""

    service: ServiceId
    entry: int
    at: UtcText
    size: int
    root: Digest


class PutBack(Frozen):
    """A history of the delivery that was put back, and another took its place (R18). Its entries are in the packet too."""

    branch: int
    since: int
    """The first entry in which it is another than the ledger."""
    size: int
    root: Digest
    outcome: Outcome | None
    statements: tuple[StatementId, ...]
    """What was said there from then on."""


class Verified(Frozen):
    """What a verified packet proves."""

    delivery: OperationCode
    outcome: Outcome | None
    """None: exported while the delivery was still running."""
    ended: bool
    size: int
    root: Digest
    rules: int
    """Version of the rules that were run again."""
    statements: int
    refused: int
    left_out: int
    """Statements that their handling code keeps out of this packet (R23); the ledger's hashes commit to them."""
    purpose: Purpose
    receipts: int
    """Receipts held beside it: the installation has signed each, and each fits."""
    foreign_receipts: int
    """Receipts of other deliveries, held beside them: nothing was looked at in these."""
    put_back: tuple[PutBack, ...]
    """Histories that were put back. A receipt of one of these fits, and proves it."""
    other_history: tuple[int, ...]
    """Entries whose service says that it had seen another history than this: they count, and somebody must ask why."""
    hearsay: int
    """Requests of which the installation alone says that they were received: no acknowledgement is signed."""
    countersigned: Countersigned | None
    """The newest root that a service has signed as what it had seen; none has."""
    signers: tuple[SignerSeen, ...]
    sealed_by: str
    exported_at: UtcText


def verify(
    data: bytes,
    directory: Directory | None = None,
    receipts: Sequence[Envelope] = (),
    cards: Mapping[State, RuleCard] | None = None,
) -> Verified:
    """Re-run every rule over the packet.

    `directory` and `cards` are those you trust for other reasons: every key used must then stand in the one, each participant be
    of the same kind and State there, and each State's law be as in the other. `receipts` are those you were given while the
    delivery ran: each must be signed by the installation, by the directory that you trust or else by the packet's own, and fit
    the ledger. Raises `NotVerified`, naming the entry where it can.
    """
    packet, manifest, envelope = unseal(data)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    claims = (manifest.delivery, manifest.size, manifest.root)
    if claims != (delivery.plan.operation, len(packet.ledger), delivery.ledger.root):
        raise NotVerified("the seal is of another ledger")
    if manifest.exported_at < delivery.ledger.entries[-1].at:
        raise NotVerified("it was sealed before its last entry was recorded", delivery.ledger.entries[-1].seq)
    _may_have_begun(packet, delivery)
    others = {one.branch: _replayed(packet, one) for one in packet.others}
    _all_histories_are_there(delivery, others)
    for history in (delivery, *others.values()):
        _purpose_is_kept(packet, manifest.purpose, history, delivery)
        if directory is not None:
            _services_are_trusted(history, directory)
            system = directory.system()
            trust = _Trust(directory, history.ledger.entries)
            trust.check(system.id if system is not None else "", envelope, instant(manifest.exported_at))
            _keys_are_trusted(history, trust)
    if cards is not None:
        _cards_are_trusted(packet.cards, cards)
    installation = installation_of(packet, directory)
    fitting = sum(_receipt_fits(receipt, installation, (delivery, *others.values())) for receipt in receipts)
    heard = [entry.event for entry in delivery.ledger.entries if isinstance(entry.event, Stated)]
    return Verified(
        delivery=delivery.plan.operation,
        outcome=delivery.state.outcome,
        ended=delivery.state.ended,
        size=len(packet.ledger),
        root=delivery.ledger.root,
        rules=rules_of(packet.ledger),
        statements=len(heard),
        refused=sum(event.verdict.verdict == "refused" for event in heard),
        left_out=sum(isinstance(entry, LeftOut) for entry in packet.ledger),
        purpose=manifest.purpose,
        receipts=fitting,
        foreign_receipts=len(receipts) - fitting,
        put_back=tuple(_put_back(delivery, branch, other) for branch, other in others.items()),
        other_history=tuple(saw_another_history(delivery)),
        hearsay=sum(len(one.unsigned) for one in _asked(delivery)),
        countersigned=_newest_countersigned(delivery),
        signers=_signers(delivery, heard),
        sealed_by=envelope.signatures[0].keyid,
        exported_at=manifest.exported_at,
    )


def fit_parts(
    whole: bytes, parts: Sequence[bytes], directory: Directory | None = None, cards: Mapping[State, RuleCard] | None = None
) -> None:
    """Return if these are packets of parts that the whole split into, each verified, with the root and outcome it states.

    `directory` and `cards` are trusted of the parts as of the whole. Raises `NotVerified`.
    """
    packet, _, _ = unseal(whole)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    told = {part.operation: (part.outcome, part.root) for part in delivery.state.ended_parts}
    for part in parts:
        proved = verify(part, directory, cards=cards)
        inside, _, _ = unseal(part)
        plan = replay(inside.ledger, inside.directory, inside.cards).plan
        if plan.parent != delivery.plan.operation or proved.delivery not in told:
            raise NotVerified(f"{proved.delivery} is no part of {delivery.plan.operation}")
        ends = [(proved.outcome, proved.root), *((one.outcome, one.root) for one in proved.put_back)]
        if told[proved.delivery] not in ends:
            raise NotVerified(f"{delivery.plan.operation} states another end of {proved.delivery} than its own packet proves")


class Compared(Frozen):
    """What two packets of one delivery say of each other."""

    same: int
    """How many entries, from the first on, both ledgers begin with."""
    sizes: tuple[int, int]
    agree: bool
    """Whether one of them only goes on where the other ends, or has put that back and holds it still: no history is hidden."""


def against(data: bytes, other: bytes) -> Compared:
    """Compare two packets of one delivery, from two States or two moments. Who keeps two histories has sealed both.

    What was put back, and one of them has beside its ledger, is no second history that somebody hides. What handling codes keep
    out of one of them is compared by its leaf. Raises `NotVerified` where they are of two deliveries.
    """
    (mine, manifest, _), (theirs, other_manifest, _) = unseal(data), unseal(other)
    if manifest.delivery != other_manifest.delivery:
        raise NotVerified(f"they are of two deliveries: {manifest.delivery} and {other_manifest.delivery}")
    histories = [list(one.histories()) for one in (mine, theirs)]
    return Compared(
        same=shared(mine.ledger, theirs.ledger),
        sizes=(len(mine.ledger), len(theirs.ledger)),
        agree=_holds(histories[0], histories[1]) or _holds(histories[1], histories[0]),
    )


def _holds(newer: Sequence[Sequence[Entry | LeftOut]], older: Sequence[Sequence[Entry | LeftOut]]) -> bool:
    """Whether every history of the one is the beginning of some history of the other."""
    return all(any(shared(one, other) == len(one) for other in newer) for one in older)


def replay(entries: Sequence[Entry | LeftOut], directory: Directory, cards: Mapping[State, RuleCard]) -> Delivery:
    """The delivery these entries add up to, every signature checked and every rule run again. Raises `NotVerified`."""
    first, version = entries[0], rules_of(entries)
    assert isinstance(first, Entry)  # noqa: S101 - `rules_of` has looked
    assert isinstance(first.event, Started)  # noqa: S101
    try:
        plan = verified_plan(first.event.plan, directory, instant(first.at))
        delivery = Delivery(plan, directory, cards, book_for(version), instant(first.at))
        delivery.take(first)
    except NotVerified:
        raise
    except VigilError as error:
        raise NotVerified(str(error), 0) from error
    for entry in entries[1:]:
        follow(delivery, entry)
    return delivery


def follow(delivery: Delivery, entry: Entry | LeftOut) -> None:
    """Take one more entry, once it has been checked like all before it. Raises `NotVerified`."""
    try:
        delivery.ledger.check(entry)
        _check(delivery, entry)
        delivery.take(entry)
    except NotVerified:
        raise
    except (VigilError, LookupError, ValueError, ArithmeticError, StopIteration) as error:
        raise NotVerified(str(error), entry.seq) from error


def rules_of(entries: Sequence[Entry | LeftOut]) -> int:
    """The version of the rules that a ledger says it is under. Raises `NotVerified`."""
    first = entries[0]
    if not isinstance(first, Entry) or not isinstance(first.event, Started):
        reason = "a ledger begins with the signed plan"
        raise NotVerified(reason, 0)
    return first.event.rules


def _check(delivery: Delivery, entry: Entry | LeftOut) -> None:
    """Whether the live workflow could have recorded this entry. Raises `NotVerified`, or what a door would have raised."""
    if isinstance(entry, LeftOut):
        if entry.verdict.verdict == "early":
            raise NotVerified("an early statement is taken up later, so it cannot be left out", entry.seq)
        return
    at, event = instant(entry.at), entry.event
    if delivery.state.ended and not isinstance(event, Diverged):
        raise NotVerified("R12: the delivery has ended", entry.seq)
    decided = upcoming(delivery, at)
    if not isinstance(event, OUTSIDE):
        if decided is None or (utc_text(decided[0]), decided[1]) != (entry.at, event):
            expected = "nothing" if decided is None else f"{decided[1].event} at {utc_text(decided[0])}"
            raise NotVerified(f"what was due then is {expected}, recorded is {event.event}", entry.seq)
        return
    if decided is not None:
        raise NotVerified(f"{decided[1].event} was due at {utc_text(decided[0])}, and is not there", entry.seq)
    match event:
        case Stated():
            _check_stated(delivery, event, entry)
        case Amended():
            if delivery.state.behind is not None:
                raise NotVerified("R28: the plan was changed while the archive was behind", entry.seq)
            plan = verified_plan(event.plan, delivery.directory, at)
            faults = faults_in(delivery, plan, *event.known_with(delivery.state))
            if faults or plan.initiator != delivery.plan.initiator:
                raise NotVerified("; ".join(map(str, faults)) or "another initiator changes the plan", entry.seq)
        case KeysChanged():
            change = authentic(event.change, delivery.directory, at)
            found = [*key_faults(delivery, change)]
            if found or changed(delivery.directory, change) == delivery.directory:
                raise NotVerified("; ".join(("R24", *found)), entry.seq)
        case _:
            news = book_of(delivery).news(delivery, event, at)
            if news is None:
                raise NotVerified(f"{event.event} says nothing new, or what cannot be so", entry.seq)
            if news != event:
                raise NotVerified("R17: an acknowledgement is not of what was asked, or not signed by who was asked", entry.seq)


def _check_stated(delivery: Delivery, event: Stated, entry: Entry) -> None:
    at, envelope = instant(entry.at), event.envelope
    statement = delivery.law.read(envelope)
    delivery.directory.get(statement.service).opened(envelope, STATEMENT_TYPE, statement.officer, at)
    if statement.delivery != delivery.plan.operation or not delivery.state.participant(statement.service):
        raise NotVerified(f"{statement.service} has no part in this delivery", entry.seq)
    if delivery.state.statements.find(statement.id, envelope.fingerprint()) is not None:
        raise NotVerified(f"statement {statement.id} is recorded twice", entry.seq)
    check_budget(delivery, statement, envelope, at)
    expected = stated(delivery, statement, envelope, at).verdict
    if expected != event.verdict:
        said = f"the rules say {expected.verdict} {expected.rule or ''}".rstrip()
        raise NotVerified(f"{said}; recorded is {event.verdict.verdict} {event.verdict.rule or ''}".rstrip(), entry.seq)


def _may_have_begun(packet: Packet, delivery: Delivery) -> None:
    """Whoever seals a packet may also begin a delivery: the plan it began with is one that the rules let anybody begin."""
    first = packet.ledger[0]
    assert isinstance(first, Entry)  # noqa: S101 - `rules_of` has looked
    assert isinstance(first.event, Started)  # noqa: S101
    plan, book = read_plan(first.event.plan), book_of(delivery)
    checked = (fault for check in book.checks for fault in check(plan, packet.directory, packet.cards))
    if faults := [*checked, *sizes(plan, packet.directory, packet.cards, book.figures)]:
        raise NotVerified("; ".join(map(str, faults)), 0)


def _replayed(packet: Packet, other: OtherHistory) -> Delivery:
    """The delivery as another branch has it: what it shares with the ledger, then its own."""
    since = other.entries[0].seq
    whole = (*packet.ledger[:since], *other.entries)
    if shared(packet.ledger, whole) != since:
        raise NotVerified(f"branch {other.branch} begins with what is in the ledger too", since)
    return replay(whole, packet.directory, packet.cards)


def _all_histories_are_there(delivery: Delivery, others: Mapping[int, Delivery]) -> None:
    """Every history that was found to be another is in the packet, and none that no entry names (R18): the ledger names some, and
    these may name more. None names itself.
    """
    named, coming = dict[int, Delivery](), [delivery]
    while coming:
        each = coming.pop()
        for entry in each.ledger.entries:
            if isinstance(found := entry.event, Diverged):
                other = others.get(found.branch)
                if other is None or not _begins(other, found) or _begins(each, found):
                    raise NotVerified(f"R18: the history that was found in branch {found.branch} is not in the packet", entry.seq)
                if found.branch not in named:
                    named[found.branch] = other
                    coming.append(other)
    if strange := [branch for branch in others if branch not in named]:
        raise NotVerified(f"R18: no entry says that branch {strange[0]} was put back")
    if list(others) != sorted(others):
        raise NotVerified("histories that were put back stand in the order of their branches")


def _begins(history: Delivery, found: Diverged) -> bool:
    """Whether this history has, or had once, the root that was found."""
    return len(history.ledger) >= found.size and history.ledger.root_at(found.size) == found.root


def _put_back(delivery: Delivery, branch: int, other: Delivery) -> PutBack:
    since = shared(delivery.ledger, other.ledger)
    said = [entry.event for entry in other.ledger.since(since) if isinstance(entry, Entry) and isinstance(entry.event, Stated)]
    return PutBack(
        branch=branch,
        since=since,
        size=len(other.ledger),
        root=other.ledger.root,
        outcome=other.state.outcome,
        statements=tuple(other.law.read(one.envelope).id for one in said),
    )


def _purpose_is_kept(packet: Packet, purpose: Purpose, history: Delivery, delivery: Delivery) -> None:
    """R23 holds of this copy: nothing is missing that may be in it, and nothing in it that may not."""
    for entry in history.ledger:
        if isinstance(entry, LeftOut) and not bound(history, entry.code, entry.provider, purpose):
            raise NotVerified(f"left out, and its code {entry.code} does not call for that here", entry.seq)
    if packet.history and purpose != "operation":
        raise NotVerified(f"R23: the raw history is in it, which holds what may not go to {purpose}")
    since = 0 if history is delivery else shared(delivery.ledger, history.ledger)
    for item in held_back(delivery, purpose) if history is delivery else held_back_beside(delivery, history, since, purpose):
        reason = f"R23: {item.name} is in it, and {item.provider} has not permitted that for {purpose} ({item.code})"
        raise NotVerified(reason, item.seq)


def _services_are_trusted(delivery: Delivery, directory: Directory) -> None:
    """Each participant is what the directory that is trusted says: whose it is and what it may do decide what counts. So does
    whether they are an example, among whom a plan may be as quick as it likes (R28).
    """
    if delivery.directory.example and not directory.example:
        raise NotVerified("the services of the packet are an example, and those of the directory you trust are none")
    for name in delivery.plan.participants():
        told, known = delivery.directory.find(name), directory.find(name)
        if told is not None and known is not None and (told.kind, told.state) != (known.kind, known.state):
            of, trusted = f"{told.kind} of {told.state}", f"{known.kind} of {known.state}"
            raise NotVerified(f"{name} is a {of} in the packet and a {trusted} in the directory you trust")


def _cards_are_trusted(told: Mapping[State, RuleCard], trusted: Mapping[State, RuleCard]) -> None:
    for state, card in sorted(told.items()):
        if state not in trusted:
            raise NotVerified(f"the packet has a rule card of {state}, and you trust none of that State")
        other = [name for name in sorted(RuleCard.model_fields) if getattr(card, name) != getattr(trusted[state], name)]
        if other:
            raise NotVerified(f"the rule card of {state} is another than the one you trust: {', '.join(other)}")


def _keys_are_trusted(delivery: Delivery, trust: "_Trust") -> None:
    """Every key that signed something was, by the directory that is trusted, a valid key of its service then."""
    for entry in delivery.ledger.entries:
        event, at = entry.event, instant(entry.at)
        if isinstance(event, Started | Amended):
            trust.check(delivery.plan.initiator, event.plan, at, entry.seq)
        elif isinstance(event, KeysChanged):
            change = read_change(event.change)
            signed_at = at if change.added else min(at, instant(change.made_at))  # a key that ends itself may take its time
            trust.check(change.by, event.change, signed_at, entry.seq)
        elif isinstance(event, Asked):
            for one in event.acknowledgements:
                trust.check(read_acknowledgement(one).service, one, at, entry.seq)
        elif isinstance(event, Stated):
            statement = delivery.law.read(event.envelope)
            trust.check(statement.service, event.envelope, at, entry.seq)
            said = statement.content
            if isinstance(said, ConflictSettled) and said.agreement is not None and event.verdict.verdict == "accepted":
                trust.check(said.agreed_with, said.agreement, at, entry.seq)


class _Trust:
    """A directory that is trusted for other reasons, over a ledger.

    A key ends in a directory a little before the ledger knows of it. What came in between counted, and counts here too.
    """

    def __init__(self, directory: Directory, ledger: Sequence[Entry]) -> None:
        self._directory = directory
        changes = [(entry.seq, read_change(entry.event.change)) for entry in ledger if isinstance(entry.event, KeysChanged)]
        self._ended = {end.key: seq for seq, change in changes for end in change.ended}
        """Key id to the last entry that ends it, or ends it sooner."""

    def check(self, service: str, envelope: Envelope, at: datetime, entry: int | None = None) -> None:
        """Raises `NotVerified`."""
        known = self._directory.find(service)
        keys = {key_id(key.public): key for key in known.keys} if known is not None else {}
        for signature in envelope.signatures:
            key = keys.get(signature.keyid)
            pending = entry is not None and entry <= self._ended.get(signature.keyid, -1)
            if key is None or not key.valid_at(at, ON_ITS_WAY if pending else timedelta()):
                whose = service or "the installation"
                reason = f"the key {signature.keyid} of {whose} is not in the directory you trust, or was not valid then"
                raise NotVerified(reason, entry)


def _receipt_fits(envelope: Envelope, installation: Directory, histories: Sequence[Delivery]) -> bool:
    """Whether it is of this delivery at all. Raises `NotVerified` where it is, and does not fit."""
    try:
        if read_receipt(envelope).delivery != histories[0].plan.operation:
            return False
        receipt = opened(envelope, installation)
    except NotVerified:
        raise
    except VigilError as error:
        raise NotVerified(f"a receipt of yours is none of this installation: {error.message}") from error
    if not any(fits_in(receipt, one) for one in histories[1:]):
        fits(receipt, histories[0])
    return True


def installation_of(packet: Packet, directory: Directory | None) -> Directory:
    """Where the installation's keys stand, by which its receipts are checked: in the directory that is trusted. Where none is, in
    the packet's own, with the keys that it had when the packet was exported too.
    """
    if directory is not None:
        return directory
    services = tuple(
        one.model_copy(update={"keys": tuple(dict.fromkeys((*one.keys, *packet.sealers)))}) if one.kind == "system" else one
        for one in packet.directory.services
    )
    return packet.directory.model_copy(update={"services": services})


def _asked(delivery: Delivery) -> Iterator[Asked]:
    return (entry.event for entry in delivery.ledger.entries if isinstance(entry.event, Asked))


def _newest_countersigned(delivery: Delivery) -> Countersigned | None:
    """The largest tree that a statement in this ledger names as what its service had seen, where it was this ledger's."""
    newest: Countersigned | None = None
    for entry in delivery.ledger.entries:
        if isinstance(entry.event, Stated):
            said = delivery.law.read(entry.event.envelope)
            seen = said.seen
            larger = seen is not None and seen.size <= entry.seq and seen.size > (newest.size if newest is not None else 0)
            if seen is not None and larger and delivery.ledger.root_at(seen.size) == seen.root:
                newest = Countersigned(service=said.service, entry=entry.seq, at=entry.at, size=seen.size, root=seen.root)
    return newest


def _signers(delivery: Delivery, heard: Sequence[Stated]) -> tuple[SignerSeen, ...]:
    seen: dict[tuple[str, str], SignerSeen] = {}
    for event in heard:
        service = delivery.law.read(event.envelope).service
        for signature in event.envelope.signatures:
            seen[service, signature.keyid] = SignerSeen(service=service, key=signature.keyid)
    return tuple(seen[pair] for pair in sorted(seen))
