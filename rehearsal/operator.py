"""A dishonest operator: whoever holds the installation's key, and the secret of a delivery, seals another history than there was.

What it may try has one answer each: the receipts that services keep, or the packet that another State was given. Worst is who
seals nothing false, but keeps two histories and shows each to others: both are lawful, so nobody finds it alone, and any two do
who compare.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Entry, Ledger, LeftOut, Receipt
from domain.delivery.reported import Amended, KeysChanged, Stated
from domain.record.door import amend, change_keys, report, resume, submit
from domain.record.histories import against
from domain.record.packet import Manifest, Packet, seal, unseal
from domain.record.receipts import Comparison, signed
from domain.record.verify import verify
from domain.rules.outside import Report
from domain.signing.canonical import canonical, digest_of_bytes
from domain.signing.envelope import MANIFEST_TYPE, sign
from domain.words.errors import NotVerified, VigilError
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
SHOWS_TWO = 0.25
"""How often it is tried to show two histories, instead of one of these."""


@dataclass(frozen=True)
class ShownHistory:
    """A history as some services are shown it, while the delivery is under way and afterwards."""

    delivery: Delivery
    receipts: tuple[Receipt, ...]
    """What they were given of it."""
    packet: bytes


def two_histories(run: Simulated, number: int) -> tuple[ShownHistory, ShownHistory]:
    """What came in as entry `number` came in only in the one; whatever came later came in in both, and was judged in each by the
    rules. Each gives receipts of its own.
    """
    unsealed, _, _ = unseal(run.packet)
    entries = run.delivery.ledger.entries
    other = resume(unsealed.directory, unsealed.cards, entries[:number], secret_of(run.seed))
    given = [one for one in run.receipts if one.seq < number]
    for entry in entries[number + 1 :]:
        with suppress(VigilError):  # there it is not true, or nobody takes it any more
            answer = _taken(other, entry)
            if isinstance(answer, Receipt):
                given.append(answer)
    packet = seal(other, "", private_key_of(VIGIL), max(other.state.now, run.delivery.state.now))
    return ShownHistory(run.delivery, run.receipts, run.packet), ShownHistory(other, tuple(given), packet)


def _taken(delivery: Delivery, entry: Entry) -> object:
    at = instant(entry.at)
    match entry.event:
        case Stated(envelope=envelope):
            return submit(delivery, envelope, at)
        case Amended():
            return amend(delivery, entry.event, at)
        case KeysChanged(change=change):
            return change_keys(delivery, change, at)
        case _ if isinstance(entry.event, Report):
            return report(delivery, entry.event, at)
    return None


def two_histories_are_found(run: Simulated, number: int) -> None:
    """Each verifies with the receipts that were given of it, so nobody finds it alone. Whoever compares does.

    Raises `BrokenInvariantError` if one does not: who holds another's receipts and is shown the ledger, who holds another's
    packet, or who reads what a service had seen when it signed what counts in both.
    """
    one, other = two_histories(run, number)
    try:
        proved = verify(other.packet, receipts=[signed(one, private_key_of(VIGIL)) for one in other.receipts])
    except NotVerified as error:
        raise BrokenInvariantError(f"of two histories one is not lawful: {error.message}") from error
    for mine, theirs in ((one, other), (other, one)):
        later = [receipt for receipt in theirs.receipts if receipt.seq >= number]
        if later and _shows(mine, later):
            raise BrokenInvariantError("an operator who shows two histories is not found by who holds another's receipts")
    if against(one.packet, other.packet).agree:
        raise BrokenInvariantError("an operator who shows two histories is not found by who holds another's packet")
    if set(signed_elsewhere(other, number)) - set(proved.other_history):
        raise BrokenInvariantError("an operator who shows two histories is not found by what was seen in the other")


def _shows(shown: ShownHistory, receipts: Sequence[Receipt]) -> bool:
    """Whether who holds these is shown the whole ledger, and finds nothing."""
    ledger = shown.delivery.ledger
    comparison = Comparison(shown.delivery.plan.operation, receipts)
    try:
        for entry in ledger.entries:
            comparison.see(entry)
        comparison.ends_at(len(ledger), ledger.root)
    except NotVerified:
        return False
    return True


def signed_elsewhere(shown: ShownHistory, number: int) -> Iterable[int]:
    """Entries of what counts here, and was signed by who had seen the other history beyond where the two part."""
    for entry in shown.delivery.ledger.entries[number:]:
        if isinstance(entry.event, Stated) and entry.event.verdict.verdict == "accepted":
            seen = shown.delivery.law.read(entry.event.envelope).seen
            if seen is not None and seen.size > number:
                yield entry.seq


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
    if len(said) > 1 and not packet.others and dice.random() < SHOWS_TWO:
        two_histories_are_found(run, dice.choice(said[:-1]))
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
