"""Receipts as witnesses: signed by the installation, kept by who got them, compared with every ledger that is shown later.

A receipt commits its installation to the plan in force, to what became of the statement, and by the root to everything that
stood before it. Whoever omits, reorders, backdates or shows two histories contradicts bytes that others hold.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, Receipt, Withheld, leaf_of
from domain.delivery.reported import Stated
from domain.plan.directory import Directory, ServiceKey
from domain.record import left_out
from domain.record.door import read_statement
from domain.record.left_out import told_otherwise
from domain.signing.canonical import canonical
from domain.signing.envelope import RECEIPT_TYPE, Envelope, open_envelope, sign
from domain.signing.keys import key_id
from domain.signing.tree import Frontier, root_of
from domain.words.errors import Malformed, NotAuthentic, NotVerified, faults_of
from domain.words.identifiers import ServiceId
from domain.words.moments import instant
from domain.words.text import fill, mark, nested

TELL = mark("keep both: together they prove that the ledger was changed. Tell the other States")
"""What to do where a ledger and a receipt of it are of two histories."""


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt, and the envelope in which it came: what its holder keeps."""

    envelope: Envelope
    receipt: Receipt


def signed(receipt: Receipt, key: Ed25519PrivateKey) -> Envelope:
    """The receipt as whoever relays it hands it over: signed with the installation's key."""
    return sign(canonical(receipt), RECEIPT_TYPE, key)


def read_receipt(envelope: Envelope) -> Receipt:
    """The receipt in an envelope, whoever signed it. Raises `Malformed`; `NotVerified` unless it proves its own entry."""
    payload = envelope.body()
    try:
        receipt = Receipt.model_validate_json(payload, strict=True)
    except ValidationError as error:
        raise Malformed(mark("not a receipt"), faults_of(error)) from error
    if canonical(json.loads(payload)) != payload:
        raise Malformed(mark("the receipt is not in canonical form (RFC 8785)"))
    if (fault := _fault(receipt)) is not None:
        raise NotVerified(
            fill("the receipt for statement {statement}: {message}", statement=receipt.statement, message=nested(fault)),
            receipt.seq,
        )
    return receipt


def opened(envelope: Envelope, directory: Directory, at: datetime | None = None) -> Receipt:
    """A receipt that the installation of this directory has signed, with a key that was valid then, and that is whole.

    `at`: when it came. None: that is not known, and is not before its entry was recorded; who asks for the receipt of an old word
    again gets it under the installation's key of that day. Raises `NotAuthentic`, `Malformed` or `NotVerified`.
    """
    system = directory.system()
    if system is None:
        raise NotAuthentic(mark("the directory has no installation that could have signed a receipt"))
    receipt = read_receipt(envelope)
    open_envelope(envelope, RECEIPT_TYPE, may_sign(receipt, system.keys) if at is None else system.keys_at(at))
    return receipt


def may_sign(receipt: Receipt, keys: Iterable[ServiceKey]) -> dict[str, str]:
    """Those of the installation's keys with which it may be signed: whoever asks for it again has it under a newer one."""
    recorded = instant(receipt.entry.at)
    return {key_id(one.public): one.public for one in keys if one.valid_at(max(recorded, instant(one.valid_from)))}


def fits(receipt: Receipt, delivery: Delivery) -> None:
    """Return if the receipt is whole in itself, and of this ledger. Raises `NotVerified`."""
    ledger, seq = delivery.ledger, receipt.seq
    if (fault := _fault(receipt)) is not None:
        raise NotVerified(
            fill("your receipt for statement {statement}: {fault}", statement=receipt.statement, fault=nested(fault)), seq
        )
    if receipt.delivery != delivery.plan.operation or seq >= len(ledger) or ledger.root_at(receipt.size) != receipt.root:
        raise NotVerified(
            fill("your receipt for statement {statement} is of another ledger", statement=receipt.statement), seq, hint=TELL
        )
    shown = ledger[seq]
    if isinstance(shown, LeftOut) and (what := told_otherwise(shown, receipt.entry, delivery)) is not None:
        raise _misstated(receipt, what)
    if receipt.plan != delivery.state.plan_at(seq):
        raise NotVerified(
            fill("your receipt for statement {statement} names another plan than was in force", statement=receipt.statement), seq
        )


def fits_in(receipt: Receipt, delivery: Delivery) -> bool:
    """Whether it is of this ledger."""
    try:
        fits(receipt, delivery)
    except NotVerified:
        return False
    return True


def saw_another_history(delivery: Delivery, since: int = 0) -> Iterator[int]:
    """Entries from a number on of statements that count, though their services say that they had seen another history (R18)."""
    for entry in delivery.ledger.since(since):
        if isinstance(entry, Entry) and isinstance(entry.event, Stated) and entry.event.verdict.verdict == "accepted":
            seen = delivery.law.read(entry.event.envelope).seen
            if seen is not None and (seen.size > entry.seq or delivery.ledger.root_at(seen.size) != seen.root):
                yield entry.seq


class Comparison:
    """Compares a ledger, entry by entry as it is shown, with the receipts that somebody holds of it."""

    def __init__(
        self, delivery: str, held: Iterable[Receipt], edge: Frontier | None = None, reader: ServiceId | None = None
    ) -> None:
        """`edge`: the tree of the entries that were compared before, where it goes on from them. `reader`: whom it is shown; one
        that is not asked yet is shown the beginning, and what others have said may be beyond it (R11).
        """
        self._delivery, self._reader = delivery, reader
        self._held = _by_entry(one for one in held if one.delivery == delivery)
        self._frontier = Frontier(edge.size, edge.peaks) if edge is not None else Frontier()
        self._next: int | None = self._frontier.size
        """Number of the entry that comes next; none where what was shown did not go on from there."""

    @property
    def edge(self) -> Frontier:
        """The tree of all entries from the first on that were compared."""
        return Frontier(self._frontier.size, self._frontier.peaks)

    def see(self, entry: Entry | Withheld | LeftOut) -> None:
        """One more entry, whole or as its leaf. Raises `NotVerified` where a receipt says otherwise."""
        shown = bytes.fromhex(leaf_of(entry))
        held = self._held.get(entry.seq, ())
        for one in held:
            if one.entry.leaf() != shown.hex():
                raise _contradicted(one)
            if isinstance(entry, LeftOut) and (what := told_otherwise(entry, one.entry)) is not None:
                raise _misstated(one, what)
        self._next = entry.seq + 1 if self._next == entry.seq else None
        if self._next is not None:
            self._frontier.append(shown)
            for one in held:
                if one.root != self._frontier.root().hex():
                    raise _contradicted(one)

    def had(self, size: int, root: str) -> None:
        """It had so many entries once, and this root. Raises `NotVerified` where a receipt, or what was seen, says otherwise."""
        for one in self._held.get(size - 1, ()):
            if one.root != root:
                raise _contradicted(one)
        if self._frontier.size == size and self._frontier.root().hex() != root:
            reason = fill(
                "what is shown of {delivery} has another root at {count} entries than is said of it",
                delivery=self._delivery,
                count=size,
            )
            raise NotVerified(reason, hint=TELL)

    def ends_at(self, size: int, root: str | None = None) -> None:
        """It has so many entries by now, and this root. Raises `NotVerified` where a receipt says otherwise."""
        for held in chain.from_iterable(self._held.values()):
            if held.size > size and self._reader in (None, _said_by(held)):
                raise _contradicted(held)
        if root is not None:
            self.had(size, root)


def edge_of(receipt: Receipt) -> Frontier:
    """The tree of a whole receipt, to go on from: the proof of its newest leaf is made of the peaks that stood before it."""
    edge = Frontier(receipt.seq, [bytes.fromhex(one) for one in reversed(receipt.proof)])
    edge.append(bytes.fromhex(receipt.entry.leaf()))
    return edge


def of_history(history: Iterable[Entry | LeftOut], held: Iterable[Receipt]) -> Iterator[Receipt]:
    """Those of these whole receipts that are of a history, which is given from its first entry on."""
    at, frontier = _by_entry(held), Frontier()
    for entry in history:
        leaf = leaf_of(entry)
        frontier.append(bytes.fromhex(leaf))
        for one in at.get(entry.seq, ()):
            if one.entry.leaf() == leaf and one.root == frontier.root().hex():
                yield one


def _by_entry(held: Iterable[Receipt]) -> Mapping[int, Sequence[Receipt]]:
    """Receipts by the number of their entry: of two histories there are two for one."""
    found: defaultdict[int, list[Receipt]] = defaultdict(list)
    for one in held:
        found[one.seq].append(one)
    return found


def _said_by(held: Receipt) -> ServiceId | None:
    """Whose statement it is a receipt for."""
    event = held.entry.event
    return read_statement(event.envelope).service if isinstance(event, Stated) else None


def _contradicted(held: Receipt) -> NotVerified:
    reason = fill(
        "what is shown of {delivery} contradicts your receipt for statement {statement}",
        delivery=held.delivery,
        statement=held.statement,
    )
    return NotVerified(reason, held.seq, hint=TELL)


def _misstated(held: Receipt, what: str) -> NotVerified:
    """It is left out of what is shown, and what is said there in its place is not so."""
    reason = fill(
        "{what} of statement {statement}, which is left out, is another by your receipt", what=what, statement=held.statement
    )
    return NotVerified(reason, held.seq, hint=left_out.TELL)


NOT_FOR_IT = mark("it is not for what stands there")


def _fault(receipt: Receipt) -> str | None:
    """What is wrong with it by itself: it proves its own entry, and is for the statement that stands there."""
    event = receipt.entry.event
    leaf, proof = bytes.fromhex(receipt.entry.leaf()), [bytes.fromhex(one) for one in receipt.proof]
    root = root_of(leaf, receipt.seq, receipt.size, proof)
    if receipt.size != receipt.seq + 1 or root is None or root.hex() != receipt.root:
        return mark("it does not prove its own entry")
    if not isinstance(event, Stated) or event.envelope.fingerprint() != receipt.fingerprint:
        return NOT_FOR_IT
    try:
        said = json.loads(event.envelope.body())
    except ValueError:  # bytes that are no JSON, or a number longer than Python reads
        return NOT_FOR_IT
    its_own = isinstance(said, dict) and said.get("id") == receipt.statement and _is_about(said, receipt.delivery)
    return None if its_own else NOT_FOR_IT


def _is_about(said: dict[str, Any], delivery: str) -> bool:
    """Whether a statement is about this delivery, or about members of a group (R31): of which, the plan in its ledger says."""
    return said.get("delivery") == delivery or isinstance(said.get("members"), list)
