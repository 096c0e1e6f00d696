"""What whoever holds the installation's own key can make of an evidence packet: other lines, linked and sealed anew."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, Receipt
from domain.delivery.reported import Stated
from domain.record.door import receipt
from domain.record.packet import Manifest, Packet, unseal
from domain.words.moments import utc_text
from rehearsal import operator
from rehearsal.operator import Line
from rehearsal.services import EPOCH, VIGIL
from rehearsal.simulator import Simulated
from tests.support import SECRET, example_plan

MANIFEST = Manifest(
    delivery=example_plan().operation,
    size=1,
    root="0" * 64,
    packet="0" * 64,
    exported_at=utc_text(EPOCH + timedelta(days=60)),
)
"""Of the example's delivery; what it says of a packet is filled in."""


def taken_apart(data: bytes) -> tuple[Packet, list[Line]]:
    """The packet and its lines."""
    packet = _inside(data)
    return packet, [(entry.at, entry.event) for entry in packet.ledger if isinstance(entry, Entry)]


@lru_cache(maxsize=8)
def _inside(data: bytes) -> Packet:
    """One packet is forged in a hundred ways, and opened once."""
    return unseal(data)[0]


def place_of(lines: Sequence[Line], kind: str, **fields: Any) -> int:
    """The number of the first line of this kind with these fields."""
    return next(
        number
        for number, (_, event) in enumerate(lines)
        if event.event == kind and all(getattr(event, name) == value for name, value in fields.items())
    )


def linked(lines: Iterable[Line], before: Sequence[Entry | LeftOut] = ()) -> tuple[Entry, ...]:
    """These lines with right numbers and salts, those that stood so `before` as they were; no rule is asked."""
    return operator.linked(lines, SECRET, before)


def sealed(packet: Packet, /, *, by: str = VIGIL, **claims: Any) -> bytes:
    """A packet sealed anew over whatever it holds; `claims` of the manifest that stand otherwise."""
    return operator.sealed(packet, MANIFEST, by, **claims)


def with_seal(data: bytes, seal: bytes) -> bytes:
    """The same packet under this seal instead of its own."""
    before, between, _ = data.rpartition(b',"seal":')
    return before + between + seal + b"}"


def rewritten(data: bytes, change: Callable[[list[Line]], list[Line]]) -> bytes:
    """The packet of a stolen gateway: lines changed, linked and sealed anew."""
    packet, lines = taken_apart(data)
    return sealed(packet.model_copy(update={"ledger": linked(change(lines), packet.ledger)}))


def receipts_of(run: Simulated) -> tuple[Receipt, ...]:
    """The receipts that the services were given."""
    return receipts_in(run.delivery)


def receipts_in(delivery: Delivery) -> tuple[Receipt, ...]:
    """The receipts of all that was said in it."""
    stated = [entry.event.envelope for entry in delivery.ledger.entries if isinstance(entry.event, Stated)]
    return tuple(one for envelope in stated if isinstance(one := receipt(delivery, envelope), Receipt))
