"""`verify`: a stranger, offline, reaches the live workflow's verdict or names where it differs.

What services said must be what the rules say of it then. What Vigil itself recorded must *equal* what `domain.rules.course`
decides there, at that moment, and nothing that was due may be missing. What came from outside without a service's signature
must be possible.
"""

from collections.abc import Iterator, Mapping, Sequence

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import exhibits
from domain.delivery.ledger import Entry, LeftOut, shared
from domain.delivery.reported import Asked, Started, Stated
from domain.delivery.vocabulary import Outcome, UtcText
from domain.delivery.watching import unwatched
from domain.plan.attachment import Attachment
from domain.plan.cards import RuleCard
from domain.plan.check_size import sizes
from domain.plan.directory import Directory
from domain.plan.group import member
from domain.plan.plan import read_plan
from domain.plan.vocabulary import Digest, HandlingCode
from domain.record.histories import PutBack, all_histories_are_there, put_back, replayed
from domain.record.left_out import rest_on_left_out
from domain.record.packet import Packet, Purpose, unseal
from domain.record.provided import (
    held_back,
    held_back_beside,
    left_out_beside_though_permitted,
    left_out_though_permitted,
)
from domain.record.receipts import saw_another_history
from domain.record.replay import replay, rules_of
from domain.record.trust import (
    Trust,
    cards_are_trusted,
    installation_of,
    keys_are_trusted,
    receipt_fits,
    services_are_trusted,
)
from domain.rules.book import book_of
from domain.rules.handling import bound, named
from domain.signing.canonical import Frozen
from domain.signing.envelope import Envelope
from domain.words.errors import NotVerified
from domain.words.identifiers import OperationCode, ServiceId, State, StatementId
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark, one_by_one


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


class UnwatchedSpan(Frozen):
    """From when until when nobody watched, and the entries of the log beside it."""

    begins: UtcText
    ends: UtcText
    after: int
    before: int


class HeldExhibit(Frozen):
    """Who holds an exhibit when the record ends, or what became of it (R30)."""

    label: str
    what: str
    holder: ServiceId | None
    fate: str | None
    travels: bool
    """It is on its way, or it is a recorder that was not handed back."""
    inside: bool
    """It is in the consignment, and has its holder and its fate."""


class AttachedFile(Frozen):
    """A file that this record names. Whoever has it proves by its digest that it is the one."""

    entry: int
    service: ServiceId
    statement: StatementId | None
    """None: the plan names it, as an annex of its request."""
    attachment: Attachment
    code: HandlingCode
    may_go: bool
    """Whether the file may go where this packet goes (R23)."""


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
    """Statements that are not in this packet, for their handling codes as whoever sealed it says (R23). The ledger's hashes
    commit to them; of what is said in their place a receipt or the operation's own packet shows whether it is so.
    """
    rests_on_left_out: tuple[int, ...]
    """Entries of what was refused, or counts, because of these: that they were said, by whom and how, nobody says but who sealed
    the packet.
    """
    purpose: Purpose
    receipts: int
    """Receipts held beside it: the installation has signed each, and each fits."""
    foreign_receipts: int
    """Receipts of other deliveries, held beside them: nothing was looked at in these."""
    put_back: tuple[PutBack, ...]
    """Histories that were put back. A receipt of one of these fits, and proves it."""
    other_history: tuple[int, ...]
    """Entries whose service says that it had seen another history than this: they count, and somebody must ask why."""
    remarked: tuple[int, ...]
    """Entries of what counts and of which the rules remark something: it was done where no consent was live any more (R29), or an
    exhibit did not weigh what it had (R30); and of silences and refusals with which a permission ended (R16)."""
    exhibits: tuple[HeldExhibit, ...]
    """Of everything that was found, taken out, put in or seized: its holder, or what became of it."""
    attachments: tuple[AttachedFile, ...]
    """The files that it names."""
    unwatched: tuple[UnwatchedSpan, ...]
    """Gaps in continuous observation, between intervals of the surveillance log (R9)."""
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

    `directory` and `cards` are those you trust for other reasons: every key used and each participant must then stand in the one,
    each service be of the same kind and State there, and each State's law be as in the other. `receipts` are those you were given
    while the delivery ran: each must be signed by the installation, by the directory that you trust or else by the packet's own,
    and fit the ledger. Raises `NotVerified`, naming the entry where it can.
    """
    packet, manifest, envelope = unseal(data)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    claims = (manifest.delivery, manifest.size, manifest.root)
    if claims != (delivery.plan.operation, len(packet.ledger), delivery.ledger.root):
        raise NotVerified(mark("the seal is of another ledger"))
    if manifest.exported_at < delivery.ledger.entries[-1].at:
        raise NotVerified(mark("it was sealed before its last entry was recorded"), delivery.ledger.entries[-1].seq)
    _may_have_begun(packet, delivery)
    others = {one.branch: replayed(packet, one) for one in packet.others}
    all_histories_are_there(delivery, others)
    for history in (delivery, *others.values()):
        _purpose_is_kept(packet, manifest.purpose, history, delivery)
        if directory is not None:
            services_are_trusted(history, directory)
            system = directory.system()
            trust = Trust(directory, history.ledger.entries)
            trust.check(system.id if system is not None else "", envelope, instant(manifest.exported_at))
            keys_are_trusted(history, trust)
        if cards is not None:  # those that came with a changed plan, too
            cards_are_trusted(history.state.cards, cards)
    installation = installation_of(packet, directory)
    fitting = sum(receipt_fits(receipt, installation, (delivery, *others.values())) for receipt in receipts)
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
        rests_on_left_out=tuple(rest_on_left_out(delivery)),
        purpose=manifest.purpose,
        receipts=fitting,
        foreign_receipts=len(receipts) - fitting,
        put_back=tuple(put_back(delivery, branch, other) for branch, other in others.items()),
        other_history=tuple(saw_another_history(delivery)),
        remarked=tuple(dict.fromkeys(entry.seq for entry, _ in delivery.remarked())),
        unwatched=tuple(
            UnwatchedSpan(begins=utc_text(one.begins), ends=utc_text(one.ends), after=one.after, before=one.before)
            for one in unwatched(delivery.state.watch_log)
        ),
        exhibits=tuple(
            HeldExhibit(label=label, what=one.what, holder=one.holder, fate=one.fate, travels=one.travels, inside=one.inside)
            for label, one in exhibits(delivery.state).items()
        ),
        attachments=tuple(attached(delivery, manifest.purpose)),
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
            raise NotVerified(fill("{part} is no part of {delivery}", part=proved.delivery, delivery=delivery.plan.operation))
        ends = [(proved.outcome, proved.root), *((one.outcome, one.root) for one in proved.put_back)]
        if told[proved.delivery] not in ends:
            raise NotVerified(
                fill(
                    "{delivery} states another end of {part} than its own packet proves",
                    delivery=delivery.plan.operation,
                    part=proved.delivery,
                )
            )


def attached(delivery: Delivery, purpose: Purpose) -> Iterator[AttachedFile]:
    """The files that a delivery names, and whether each may go where a packet for this purpose does."""
    for one in named(delivery):
        yield AttachedFile(
            entry=one.seq,
            service=one.service,
            statement=one.statement.id if one.statement is not None else None,
            attachment=one.attachment,
            code=one.code(delivery),
            may_go=one.may_go(delivery, purpose),
        )


def _may_have_begun(packet: Packet, delivery: Delivery) -> None:
    """Whoever seals a packet may also begin a delivery: the plan it began with is one that the rules let anybody begin."""
    first = packet.ledger[0]
    assert isinstance(first, Entry)  # noqa: S101 - `rules_of` has looked
    assert isinstance(first.event, Started)  # noqa: S101
    plan, book = read_plan(first.event.plan), book_of(delivery)
    checked = (fault for check in book.checks for fault in check(plan, packet.directory, packet.cards))
    if faults := [*checked, *member(plan), *sizes(plan, packet.directory, packet.cards, book.figures)]:
        raise NotVerified(one_by_one(one.in_words() for one in faults), 0)


def _purpose_is_kept(packet: Packet, purpose: Purpose, history: Delivery, delivery: Delivery) -> None:
    """R23 holds of this copy: nothing is missing that may be in it, and nothing in it that may not."""
    for entry in history.ledger:
        if isinstance(entry, LeftOut) and (purpose == "operation" or not bound(history, entry.code, entry.provider, purpose)):
            raise NotVerified(fill("left out, and its code {code} does not call for that here", code=entry.code), entry.seq)
    since = 0 if history is delivery else shared(delivery.ledger, history.ledger)
    mine = left_out_though_permitted(delivery, purpose)
    for out in mine if history is delivery else left_out_beside_though_permitted(delivery, history, since, purpose):
        raise NotVerified(fill("left out, and {provider} has permitted that it goes here (R23)", provider=out.provider), out.seq)
    if packet.history and purpose != "operation":
        raise NotVerified(fill("R23: the raw history is in it, which holds what may not go to {purpose}", purpose=purpose))
    for item in held_back(delivery, purpose) if history is delivery else held_back_beside(delivery, history, since, purpose):
        reason = fill(
            "R23: {name} is in it, and {provider} has not permitted that for {purpose} ({code})",
            name=item.name,
            provider=item.provider,
            purpose=purpose,
            code=item.code,
        )
        raise NotVerified(reason, item.seq)


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
