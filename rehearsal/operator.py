"""A dishonest operator: whoever holds the installation's key, and the secret of a delivery, seals another history than there was.

What it may try has one answer each: the receipts that services keep, or the packet that another State was given.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from domain.delivery.events import AnyEvent, Stated
from domain.delivery.ledger import Entry, Ledger, LeftOut
from domain.record.packet import Manifest, Packet, unseal
from domain.record.receipts import signed
from domain.record.verify import against, verify
from domain.signing.canonical import canonical, digest_of_bytes
from domain.signing.envelope import MANIFEST_TYPE, sign
from domain.words.errors import NotVerified
from domain.words.moments import instant, utc_text
from rehearsal.invariants import BrokenInvariantError
from rehearsal.services import VIGIL, private_key_of
from rehearsal.simulator import Simulated, secret_of

Line = tuple[str, AnyEvent]
"""When and what: an entry without its number and salt."""
Fraud = Callable[[list[Line], int], list[Line]]


def linked(lines: Iterable[Line], secret: bytes, before: Sequence[Entry | LeftOut] = ()) -> tuple[Entry, ...]:
    """These lines with right numbers and salts, those that stood so `before` as they were; no rule is asked."""
    ledger = Ledger(secret)
    stood = dict(enumerate(before))
    for at, event in lines:
        was = stood.get(len(ledger))
        ledger.append(was if isinstance(was, Entry) and (was.at, was.event) == (at, event) else ledger.next(event, at))
    return ledger.entries


def root_over(entries: Iterable[Entry | LeftOut]) -> str:
    """The root of a ledger of these."""
    ledger = Ledger()
    for entry in entries:
        ledger.append(entry)
    return ledger.root


def sealed(packet: Packet, manifest: Manifest, by: str = VIGIL, /, **claims: Any) -> bytes:
    """The file of a packet, sealed anew over whatever it holds; `claims` of the manifest that stand otherwise."""
    body = canonical(packet)
    over = {"size": len(packet.ledger), "root": root_over(packet.ledger), "packet": digest_of_bytes(body)}
    claimed = Manifest.model_validate(manifest.model_dump() | over | claims)
    envelope = sign(canonical(claimed), MANIFEST_TYPE, private_key_of(by))
    return b"".join((b'{"packet":', body, b',"seal":', canonical(envelope), b"}"))


def omits(lines: list[Line], number: int) -> list[Line]:
    """A statement never came in."""
    return [*lines[:number], *lines[number + 1 :]]


def reorders(lines: list[Line], number: int) -> list[Line]:
    """It came before what came before it; the moments stay."""
    (earlier, before), (later, said) = lines[number - 1 : number + 1]
    return [*lines[: number - 1], (earlier, said), (later, before), *lines[number + 1 :]]


def backdates(lines: list[Line], number: int) -> list[Line]:
    """It came a little sooner."""
    at, said = lines[number]
    return [*lines[:number], (utc_text(instant(at) - timedelta(microseconds=1)), said), *lines[number + 1 :]]


FRAUDS: tuple[Fraud, ...] = (omits, reorders, backdates)


def is_found_out(run: Simulated) -> None:
    """Try one of these on a statement of this delivery.

    Raises `BrokenInvariantError` if the receipts of the services do not show it, or a comparison with the honest packet.
    """
    dice = random.Random(f"{run.seed}/operator")  # noqa: S311 - a rehearsal must be repeatable
    packet, manifest, _ = unseal(run.packet)
    lines = [(one.at, one.event) for one in packet.ledger if isinstance(one, Entry)]
    said = [number for number, (_, event) in enumerate(lines) if number and isinstance(event, Stated)]
    if not said:
        return
    fraud = dice.choice(FRAUDS)
    forged = linked(fraud(lines, dice.choice(said)), secret_of(run.seed), packet.ledger)
    file = sealed(packet.model_copy(update={"ledger": forged}), manifest)
    if against(run.packet, file).agree:
        raise BrokenInvariantError(f"an operator who {fraud.__name__} is not found by who holds another packet")
    try:
        verify(file, receipts=[signed(one, private_key_of(VIGIL)) for one in run.receipts])
    except NotVerified:
        return
    raise BrokenInvariantError(f"an operator who {fraud.__name__} is not found by who holds the receipts")
