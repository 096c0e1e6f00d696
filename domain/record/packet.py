"""The evidence packet, and `verify`: a stranger, offline, reaches the live workflow's verdict or names where it differs.

A packet is one JSON file, `{"packet":...,"seal":...}`. The packet holds the directory snapshot and rule cards, the ledger
(its first entry holds the signed plan) and the raw Temporal history. The seal is a DSSE envelope over a manifest with the
SHA-256 of the packet's bytes exactly as they stand in the file, signed by the installation that exported it. It only says
who exported what; what the services said is proved by their own signatures.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Amended, Entry, KeysChanged, LeftOut, Outcome, Receipt, Started, Stated, UtcText
from domain.delivery.statements import ConflictSettled, read_statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, ServiceKey, valid_keys
from domain.plan.key_changes import authentic, read_change
from domain.plan.plan import Plan
from domain.plan.vocabulary import Digest
from domain.record.door import verified_plan
from domain.rules import handling
from domain.rules.rules import contradiction, judge, permits
from domain.signing.canonical import Frozen, Verbatim, canonical, digest_of_bytes
from domain.signing.envelope import MANIFEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.signing.keys import key_id
from domain.words.errors import Malformed, NotAuthentic, NotVerified, RuleBroken, VigilError, faults_of
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.moments import instant, utc_text

Cards = dict[State, RuleCard]
ON_ITS_WAY = timedelta(minutes=5)
"""How long the end of a key may take from the directory to a ledger without what came in meanwhile being doubted."""
Purpose = Literal["operation", "court"] | State
"""What a packet is for: the operation's own use, a court, or a State. What may be in it depends on that (R23)."""


class Manifest(Frozen):
    """What the seal commits to; `packet` is the SHA-256 of the packet's bytes in the file."""

    vigil: Literal["manifest/1"] = "manifest/1"
    delivery: OperationCode
    entries: Annotated[int, Field(ge=1)]
    head: Digest
    packet: Digest
    exported_at: UtcText
    purpose: Purpose = "operation"


class Packet(Frozen):
    """What is sealed."""

    vigil: Literal["packet/1"] = "packet/1"
    directory: Directory
    cards: Cards
    ledger: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=100_000)]
    history: Verbatim = ""
    """Temporal's own history as JSON text; empty for a delivery that ran in the simulator, and where something is left out."""
    sealers: Annotated[tuple[ServiceKey, ...], Field(max_length=16)] = ()
    """The installation's keys when it was exported. None: those of `directory`; it may have changed them since."""


class SignerSeen(Frozen):
    """A key that signed something in the packet; compare it with what the service itself tells you."""

    service: ServiceId
    key: str


class Verified(Frozen):
    """What a verified packet proves."""

    delivery: OperationCode
    outcome: Outcome | None
    """None: exported while the delivery was still running."""
    ended: bool
    entries: int
    head: Digest
    statements: int
    refused: int
    left_out: int
    """Statements that their handling code keeps out of this packet (R23); the ledger's hashes commit to them."""
    purpose: Purpose
    signers: tuple[SignerSeen, ...]
    sealed_by: str
    exported_at: UtcText


_BEFORE, _BETWEEN, _AFTER = b'{"packet":', b',"seal":', b"}"


def seal(  # noqa: PLR0913 - a packet has these parts
    delivery: Delivery,
    history: str,
    key: Ed25519PrivateKey,
    at: datetime,
    purpose: Purpose = "operation",
    *,
    sealers: tuple[ServiceKey, ...] = (),
) -> bytes:
    """The file's bytes: the packet of a delivery as it stands, sealed with the installation's key, one of `sealers`.

    For a court or a State, what its provider has not permitted to go there is left out where nothing rests on it; where
    something does, raises `RuleBroken` (R23), which names each and whom to ask.
    """
    directory, cards = delivery.brought
    withheld = {item.seq: item for item in handling.held_back(delivery, purpose)} if purpose != "operation" else {}
    if faults := [f"{item.provider} has not permitted {item.name} ({item.code})" for item in withheld.values() if item.decides]:
        hint = f"have each say `disclosure_permitted` to={purpose}, see docs/statements.md"
        raise RuleBroken("R23", f"not for {purpose} yet: {'; '.join(faults)}", hint=hint)
    ledger = tuple(_left_out(entry, withheld[entry.seq]) if entry.seq in withheld else entry for entry in delivery.ledger)
    story = "" if purpose != "operation" else history
    packet = Packet(directory=directory, cards=cards, ledger=ledger, history=story, sealers=sealers)
    body = packet.model_dump_json().encode()
    manifest = Manifest(
        delivery=delivery.plan.operation,
        entries=len(delivery.ledger),
        head=delivery.ledger.head,
        packet=digest_of_bytes(body),
        exported_at=utc_text(at),
        purpose=purpose,
    )
    envelope = sign(canonical(manifest), MANIFEST_TYPE, key)
    return b"".join((_BEFORE, body, _BETWEEN, canonical(envelope), _AFTER))


def _left_out(entry: Entry, item: handling.Item) -> Entry:
    assert isinstance(entry.event, Stated)  # noqa: S101 - whatever else is held back decides something
    assert item.statement is not None  # noqa: S101
    event = LeftOut(
        hash=entry.head(),
        provider=item.provider,
        code=item.code,
        statement=item.statement.id,
        fingerprint=entry.event.envelope.fingerprint(),
        verdict=entry.event.verdict,
    )
    return entry.model_copy(update={"event": event})


def unseal(data: bytes) -> tuple[Packet, Manifest, Envelope]:
    """The packet, the manifest and the seal it came in, once all three fit. Raises `NotVerified`."""
    body, _, sealed = data.removeprefix(_BEFORE).rpartition(_BETWEEN)
    if not (data.startswith(_BEFORE) and body and sealed.endswith(_AFTER)):
        raise NotVerified("not a packet, or not a whole one")
    try:
        envelope = Envelope.model_validate_json(sealed[: -len(_AFTER)])
        manifest = Manifest.model_validate_json(envelope.body())
        if canonical(envelope) + _AFTER != sealed or canonical(manifest) != envelope.body():
            raise NotVerified("the seal is not in its one canonical form")
        if digest_of_bytes(body) != manifest.packet:
            raise NotVerified("the content is not what was sealed: a byte was changed, added or removed")
        packet = Packet.model_validate_json(body)
        system = packet.directory.system()
        sealers = packet.sealers or (system.keys if system is not None else ())
        open_envelope(envelope, MANIFEST_TYPE, valid_keys(sealers, instant(manifest.exported_at)))
    except ValidationError as error:
        raise NotVerified(f"not a packet: {faults_of(error)[0]}") from error
    except (Malformed, NotAuthentic) as error:
        raise NotVerified(f"the seal is not valid: {error}") from error
    if len(envelope.signatures) != 1:
        raise NotVerified("a seal has one signature")
    return packet, manifest, envelope


def verify(data: bytes, directory: Directory | None = None, receipts: Sequence[Receipt] = ()) -> Verified:
    """Re-run every rule over the packet.

    `directory` is one you trust for other reasons: every key used must then stand in it. `receipts` are those you were
    given while the delivery ran: each must fit the ledger. Raises `NotVerified`, naming the entry where it can.
    """
    packet, manifest, envelope = unseal(data)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    for entry in packet.ledger:
        if isinstance(entry.event, LeftOut) and not handling.bound(
            delivery, entry.event.code, entry.event.provider, manifest.purpose
        ):
            raise NotVerified(f"left out, and its code {entry.event.code} does not call for that here", entry.seq)
    claims = (manifest.delivery, manifest.entries, manifest.head)
    if claims != (delivery.plan.operation, len(packet.ledger), delivery.ledger.head):
        raise NotVerified("the seal is of another ledger")
    if directory is not None:
        system = directory.system()
        trust = _Trust(directory, packet.ledger)
        trust.check(system.id if system is not None else "", envelope, instant(manifest.exported_at))
        _keys_are_trusted(packet, delivery.plan, trust)
    for receipt in receipts:
        _fits(delivery, receipt)
    stated = [entry.event for entry in packet.ledger if isinstance(entry.event, Stated)]
    return Verified(
        delivery=delivery.plan.operation,
        outcome=delivery.outcome,
        ended=delivery.ended,
        entries=len(packet.ledger),
        head=delivery.ledger.head,
        statements=len(stated),
        refused=sum(event.verdict.verdict == "refused" for event in stated),
        left_out=sum(isinstance(entry.event, LeftOut) for entry in packet.ledger),
        purpose=manifest.purpose,
        signers=_signers(stated),
        sealed_by=envelope.signatures[0].keyid,
        exported_at=manifest.exported_at,
    )


def fit_parts(whole: bytes, parts: Sequence[bytes]) -> None:
    """Return if these are packets of parts that the whole split into, each verified, with the head and outcome it states.

    Raises `NotVerified`.
    """
    packet, _, _ = unseal(whole)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    stated = {part.operation: (part.outcome, part.head) for part in delivery.ended_parts}
    for part in parts:
        proved = verify(part)
        inside, _, _ = unseal(part)
        plan = replay(inside.ledger, inside.directory, inside.cards).plan
        if plan.parent != delivery.plan.operation or proved.delivery not in stated:
            raise NotVerified(f"{proved.delivery} is no part of {delivery.plan.operation}")
        if stated[proved.delivery] != (proved.outcome, proved.head):
            raise NotVerified(f"{delivery.plan.operation} states another end of {proved.delivery} than its own packet proves")


def replay(entries: Sequence[Entry], directory: Directory, cards: Mapping[State, RuleCard]) -> Delivery:
    """The delivery these entries add up to, every signature checked and every rule run again. Raises `NotVerified`."""
    first = entries[0]
    if not isinstance(first.event, Started):
        reason = "a ledger begins with the signed plan"
        raise NotVerified(reason, 0)
    try:
        plan = verified_plan(first.event.plan, directory, instant(first.at))
    except VigilError as error:
        raise NotVerified(str(error), 0) from error
    delivery = Delivery(plan, directory, cards)
    for entry in entries:
        try:
            delivery.ledger.check(entry)
            _check(delivery, entry)
            delivery.append(entry)
        except NotVerified:
            raise
        except (VigilError, LookupError, ValueError, ArithmeticError, StopIteration) as error:
            raise NotVerified(str(error), entry.seq) from error
    return delivery


def _check(delivery: Delivery, entry: Entry) -> None:
    """Whether the live workflow could have recorded this entry."""
    at = instant(entry.at)
    if isinstance(entry.event, Amended):
        verified_plan(entry.event.plan, delivery.directory, at)
    if isinstance(entry.event, KeysChanged):
        authentic(entry.event.change, delivery.directory, at)
    if isinstance(entry.event, LeftOut):
        if entry.event.verdict.verdict == "early":
            raise NotVerified("an early statement is taken up later, so it cannot be left out", entry.seq)
        return
    if not isinstance(entry.event, Stated):
        permits(delivery, entry.event, at)
        return
    envelope, verdict = entry.event.envelope, entry.event.verdict
    statement = read_statement(envelope.body())
    open_envelope(envelope, STATEMENT_TYPE, delivery.directory.get(statement.service).keys_at(at))
    if statement.delivery != delivery.plan.operation or not delivery.participant(statement.service):
        reason = f"{statement.service} has no part in this delivery"
        raise NotVerified(reason, entry.seq)
    if delivery.ended:
        raise RuleBroken("R12", "the delivery has ended")
    if delivery.known(statement.id, envelope.fingerprint()) is not None:
        raise NotVerified(f"statement {statement.id} is recorded twice", entry.seq)
    first = delivery.statements.get(statement.id)
    expected = judge(delivery, statement, at) if first is None else contradiction(statement.id, first.seq)
    if expected != verdict:
        reason = f"the rules say {expected.verdict} {expected.rule or ''} {expected.reason}".rstrip()
        raise NotVerified(f"{reason}; recorded is {verdict.verdict} {verdict.rule or ''}".rstrip(), entry.seq)


def _keys_are_trusted(packet: Packet, plan: Plan, trust: "_Trust") -> None:
    """Every key that signed something was, by the directory that is trusted, a valid key of its service then."""
    for entry in packet.ledger:
        event, at = entry.event, instant(entry.at)
        if isinstance(event, Started | Amended):
            trust.check(plan.initiator, event.plan, at, entry.seq)
        elif isinstance(event, KeysChanged):
            change = read_change(event.change)
            signed_at = at if change.added else min(at, instant(change.made_at))  # a key that ends itself may take its time
            trust.check(change.by, event.change, signed_at, entry.seq)
        elif isinstance(event, Stated):
            statement = read_statement(event.envelope.body())
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


def _fits(delivery: Delivery, receipt: Receipt) -> None:
    if not 0 <= receipt.seq < len(delivery.ledger) or delivery.ledger.head_at(receipt.seq) != receipt.head:
        reason = f"your receipt for statement {receipt.statement} is of another ledger"
        raise NotVerified(reason, receipt.seq)
    entry = delivery.ledger[receipt.seq]
    said = read_statement(entry.event.envelope.body()).id if isinstance(entry.event, Stated) else None
    if not isinstance(entry.event, Stated) or said != receipt.statement or entry.event.verdict != receipt.verdict:
        reason = f"your receipt for statement {receipt.statement} is not for what stands there"
        raise NotVerified(reason, receipt.seq)


def _signers(stated: Sequence[Stated]) -> tuple[SignerSeen, ...]:
    seen: dict[tuple[str, str], SignerSeen] = {}
    for event in stated:
        service = read_statement(event.envelope.body()).service
        for signature in event.envelope.signatures:
            seen[service, signature.keyid] = SignerSeen(service=service, key=signature.keyid)
    return tuple(seen[pair] for pair in sorted(seen))
