"""The ledger of the delivery that an examination plays: real entries, a real tree, and receipts such as a service gets."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from domain.delivery.decided import Ended
from domain.delivery.ledger import Entry, Receipt, Withheld
from domain.delivery.reported import Stated
from domain.delivery.statement import Seen
from domain.delivery.verdicts import ACCEPTED
from domain.record.receipts import signed
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope
from domain.signing.tree import Frontier
from domain.words.errors import Malformed
from domain.words.identifiers import StatementId
from domain.words.moments import utc_text

_ID: TypeAdapter[str] = TypeAdapter(StatementId)


class ExaminationRecord:
    """It begins with one entry that is not the service's to read."""

    def __init__(self, delivery: str, key: Ed25519PrivateKey) -> None:
        """`key`: Vigil's, which signs receipts."""
        self.delivery = delivery
        self.plan = secrets.token_hex(32)
        """Digest of the plan that the delivery is said to have."""
        self.entries: list[Entry | Withheld] = []
        self._key = key
        self._tree = Frontier()
        self._receipts: dict[str, Envelope] = {}
        self._grow(Withheld(seq=0, leaf=secrets.token_hex(32)))

    @property
    def seen(self) -> Seen:
        """The ledger as it stands."""
        return Seen(size=self._tree.size, root=self._tree.root().hex())

    def receipt(self, envelope: Envelope) -> Envelope:
        """The receipt of a statement, which stands in the ledger from now on; the first one where it does already."""
        known = self._receipts.get(envelope.payload)
        if known is None:
            entry, proof = self._append(Stated(envelope=envelope, verdict=ACCEPTED))
            receipt = Receipt(
                delivery=self.delivery,
                plan=self.plan,
                statement=statement_id(envelope),
                fingerprint=envelope.fingerprint(),
                entry=entry,
                size=self.seen.size,
                root=self.seen.root,
                proof=proof,
            )
            known = self._receipts[envelope.payload] = signed(receipt, self._key)
        return known

    def end(self) -> None:
        """Nothing follows."""
        self._append(Ended())

    def _append(self, event: Stated | Ended) -> tuple[Entry, tuple[str, ...]]:
        entry = Entry(seq=len(self.entries), at=utc_text(datetime.now(UTC)), salt=secrets.token_hex(32), event=event)
        return entry, self._grow(entry)

    def _grow(self, entry: Entry | Withheld) -> tuple[str, ...]:
        """One more leaf; the proof that it is in the tree."""
        self.entries.append(entry)
        one = entry.leaf() if isinstance(entry, Entry) else entry.leaf
        return tuple(step.hex() for step in self._tree.append(bytes.fromhex(one)))


def said_in(envelope: Envelope) -> dict[str, Any] | None:
    """What an envelope says, before anything is known about who signed it. None where that is no JSON object, or one that has no
    canonical form.
    """
    try:
        said = json.loads(envelope.body())
        canonical(said)
    except (Malformed, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def statement_id(envelope: Envelope) -> str:
    """The id that a statement gives itself, if it is one."""
    try:
        return _ID.validate_python((said_in(envelope) or {}).get("id"))
    except ValidationError:
        return "not-an-id"
