"""The evidence packet, and `verify`: a stranger, offline, reaches the live workflow's verdict or names where it differs.

A packet is one file of canonical JSON (RFC 8785): the directory snapshot and rule cards, the ledger (its first entry holds
the signed plan), the raw Temporal history, and a manifest over all of it signed by the installation that exported it.
The seal only says who exported what; what the services said is proved by their own signatures.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from domain.canonical import Frozen, canonical, digest_of_bytes
from domain.cards import RuleCard
from domain.delivery import Delivery
from domain.directory import Directory
from domain.envelope import MANIFEST_TYPE, STATEMENT_TYPE, Envelope, key_id, open_envelope, sign
from domain.errors import NotVerified, RuleBroken, VigilError
from domain.identifiers import OperationCode, ServiceId, State
from domain.ledger import Entry, Outcome, Receipt, Started, Stated, UtcText
from domain.moments import instant, utc_text
from domain.record import verified_plan
from domain.rules import judge, permits
from domain.statements import Digest, faults_of, read_statement

Cards = dict[State, RuleCard]


class Manifest(Frozen):
    """What the seal commits to."""

    vigil: Literal["manifest/1"] = "manifest/1"
    delivery: OperationCode
    entries: Annotated[int, Field(ge=1)]
    head: Digest
    directory: Digest
    cards: Digest
    history: Digest
    exported_at: UtcText


class Packet(Frozen):
    """The file."""

    vigil: Literal["packet/1"] = "packet/1"
    directory: Directory
    cards: Cards
    ledger: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=100_000)]
    history: str = ""
    """Temporal's own history as JSON text; empty for a delivery that ran in the simulator."""
    seal: Envelope


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
    signers: tuple[SignerSeen, ...]
    sealed_by: str
    exported_at: UtcText


def seal(delivery: Delivery, history: str, key: Ed25519PrivateKey, at: datetime) -> Packet:
    """The packet of a delivery as it stands."""
    manifest = Manifest(
        delivery=delivery.plan.operation,
        entries=len(delivery.ledger),
        head=delivery.ledger.head,
        directory=delivery.snapshot_digest(),
        cards=delivery.cards_digest(),
        history=digest_of_bytes(history.encode()),
        exported_at=utc_text(at),
    )
    return Packet(
        directory=delivery.directory,
        cards=delivery.cards,
        ledger=tuple(delivery.ledger),
        history=history,
        seal=sign(canonical(manifest), MANIFEST_TYPE, key),
    )


def read_packet(data: bytes) -> Packet:
    """The packet in a file's bytes. Raises `NotVerified` if they are not a packet in canonical form."""
    try:
        packet = Packet.model_validate_json(data)
    except ValidationError as error:
        first = faults_of(error)[0]
        reason = f"not a packet: {first}"
        raise NotVerified(reason) from error
    if canonical(packet) != data:
        reason = "the file is not in canonical form: a byte was changed, added or removed"
        raise NotVerified(reason)
    return packet


def verify(data: bytes, directory: Directory | None = None, receipts: Sequence[Receipt] = ()) -> Verified:
    """Re-run every rule over the packet.

    `directory` is one you trust for other reasons: every key used must then stand in it. `receipts` are those you were
    given while the delivery ran: each must fit the ledger. Raises `NotVerified`, naming the entry where it can.
    """
    packet = read_packet(data)
    if directory is not None:
        _keys_are_trusted(packet.directory, directory)
    delivery = replay(packet.ledger, packet.directory, packet.cards)
    manifest, sealed_by = _manifest(packet)
    claims = (manifest.delivery, manifest.entries, manifest.head, manifest.directory, manifest.cards, manifest.history)
    found = (
        delivery.plan.operation,
        len(packet.ledger),
        delivery.ledger.head,
        delivery.snapshot_digest(),
        delivery.cards_digest(),
        digest_of_bytes(packet.history.encode()),
    )
    if claims != found:
        reason = "the seal is of other content: entries, directory, cards or history are not what was exported"
        raise NotVerified(reason)
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
        signers=_signers(stated),
        sealed_by=sealed_by,
        exported_at=manifest.exported_at,
    )


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
            _check(delivery, entry)
            delivery.append(entry)
        except NotVerified:
            raise
        except (VigilError, KeyError) as error:
            raise NotVerified(str(error), entry.seq) from error
    return delivery


def _check(delivery: Delivery, entry: Entry) -> None:
    """Whether the live workflow could have recorded this entry."""
    at = instant(entry.at)
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
    known = delivery.statements.get(statement.id)
    if known is None:
        expected = judge(delivery, statement, at)
        if expected != verdict:
            reason = f"the rules say {expected.verdict} {expected.rule or ''} {expected.reason}".rstrip()
            raise NotVerified(f"{reason}; recorded is {verdict.verdict} {verdict.rule or ''}".rstrip(), entry.seq)
    elif known.fingerprint == envelope.fingerprint() or (verdict.verdict, verdict.rule) != ("refused", "R18"):
        reason = f"statement {statement.id} is recorded twice"
        raise NotVerified(reason, entry.seq)


def _manifest(packet: Packet) -> tuple[Manifest, str]:
    system = packet.directory.system()
    if system is None:
        reason = "the directory names no installation (a service of kind system) whose key could have sealed this"
        raise NotVerified(reason)
    keys = {key_id(key.public): key.public for key in system.keys}
    try:
        payload = open_envelope(packet.seal, MANIFEST_TYPE, keys)
        manifest = Manifest.model_validate_json(payload)
        valid = system.keys_at(instant(manifest.exported_at))
    except (VigilError, ValidationError) as error:
        reason = f"the seal is not valid: {error}"
        raise NotVerified(reason) from error
    signer = packet.seal.signatures[0].keyid
    if signer not in valid:
        reason = f"the seal's key {signer} was not valid when it was made"
        raise NotVerified(reason)
    if canonical(manifest) != payload or len(packet.seal.signatures) != 1:
        reason = "the seal is not in its one canonical form"
        raise NotVerified(reason)
    return manifest, signer


def _keys_are_trusted(found: Directory, trusted: Directory) -> None:
    for service in found.services:
        known = trusted.find(service.id)
        theirs = {key.public for key in known.keys} if known is not None else set()
        for key in service.keys:
            if key.public not in theirs:
                reason = f"the key {key_id(key.public)} of {service.id} is not in the directory you trust"
                raise NotVerified(reason)


def _fits(delivery: Delivery, receipt: Receipt) -> None:
    if receipt.seq >= len(delivery.ledger) or delivery.ledger.head_at(receipt.seq) != receipt.head:
        reason = f"your receipt for statement {receipt.statement} is of another ledger"
        raise NotVerified(reason, receipt.seq)


def _signers(stated: Sequence[Stated]) -> tuple[SignerSeen, ...]:
    seen: dict[tuple[str, str], SignerSeen] = {}
    for event in stated:
        service = read_statement(event.envelope.body()).service
        for signature in event.envelope.signatures:
            seen[service, signature.keyid] = SignerSeen(service=service, key=signature.keyid)
    return tuple(seen[pair] for pair in sorted(seen))


