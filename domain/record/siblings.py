"""What a delivery of a group is told of its siblings (R31), with the proof of it: made of their ledgers by whoever may read
these, and looked at again by whoever is told (`domain.rules.siblings`) and by whoever verifies its packet.
"""

from collections.abc import Iterator
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Event
from domain.delivery.ledger import Entry
from domain.delivery.memory import SiblingStanding
from domain.delivery.reported import SiblingHeard, SiblingSealed, Stated
from domain.delivery.vocabulary import SiblingNews
from domain.plan.vocabulary import Digest
from domain.rules.siblings import standing_of
from domain.rules.stop import Incident
from domain.signing.canonical import Frozen, canonical, plain
from domain.signing.envelope import SIBLING_TYPE, Envelope, sign
from domain.signing.tree import EMPTY
from domain.words.identifiers import OperationCode, Slug
from domain.words.limits import MOST_MEMBERS, MOST_WAITS_IN_ALL, SIBLING_BYTES

NO_LEDGER: Final = EMPTY.hex()
"""The root of a sibling that has been expunged."""

STOPS: Final = ("danger", "stopped")
"""News that stops a delivery: it is told before what would open something."""


class Heeded(Frozen):
    """One sibling: what is known of it already, and what of it is waited for."""

    delivery: OperationCode
    standing: SiblingStanding | None = None
    awaited: Annotated[tuple[Slug, ...], Field(max_length=MOST_WAITS_IN_ALL)] = ()


class Heeding(Frozen):
    """What one delivery wants to hear of its siblings."""

    delivery: OperationCode
    group: Digest
    siblings: Annotated[tuple[Heeded, ...], Field(max_length=MOST_MEMBERS)]


def heeding(delivery: Delivery) -> Heeding:
    """What this delivery wants to hear now. It is one of a group."""
    return delivery.once(_heeding)


def _heeding(delivery: Delivery) -> Heeding:
    group, state = delivery.plan.group, delivery.state
    assert group is not None  # noqa: S101 - else it has no sibling
    waits = [one for one in state.awaited() if state.under_way and one.key not in state.siblings.reached]
    return Heeding(
        delivery=delivery.plan.operation,
        group=group.digest,
        siblings=tuple(
            Heeded(
                delivery=name,
                standing=standing_of(state, name),
                awaited=tuple(dict.fromkeys(one.checkpoint for one in waits if one.delivery == name)),
            )
            for name in group.members
            if name != delivery.plan.operation
        ),
    )


def heard(sibling: Delivery, group: str, known: Heeded, key: Ed25519PrivateKey) -> Iterator[SiblingHeard]:
    """All that is new of a sibling, signed with the installation's key: what it has reached, then how it stands; nothing of
    another group. Who is told may refuse what proves nothing there, such as words under a key that has ended since, and must
    hear of a danger all the same.
    """
    own = sibling.plan.group
    if own is None or own.digest != group:
        return
    for name in known.awaited:
        progress = sibling.state.seen(name)
        if progress is not None and progress.result == "satisfied":
            words = _words(sibling, tuple(progress.answers.values()))
            if words:
                yield _sealed(sibling, group, key, "reached", name, words)
    says = _stands(sibling, known.standing)
    if says is not None:
        yield _sealed(sibling, group, key, says)


def expunged(name: str, group: str, key: Ed25519PrivateKey) -> SiblingHeard:
    """That a sibling has ended, of whose ledger nothing is left."""
    return _signed(SiblingSealed(group=group, sibling=name, says="ended", size=0, root=NO_LEDGER), key)


def _stands(sibling: Delivery, known: SiblingStanding | None) -> SiblingNews | None:
    """How it stands, where that is not known."""
    state = sibling.state
    put_back = known == "ended" and state.outcome is None
    if known in (None, "held", "stopped") or put_back:
        if sibling.once(_in_danger):
            return "danger"
        if state.halt is not None and known != "stopped":
            return "stopped"
    if state.outcome is not None and known != "ended":
        return "ended"
    return "held" if state.hold is not None and known is None and state.under_way else None


def _in_danger(sibling: Delivery) -> bool:
    """Whether life is at risk there: that halted it, or was said once something else had, which the first halt does not show."""
    halt = sibling.state.halt
    if halt is None:
        return False
    since = (one.event for one in sibling.ledger.since(halt.seq) if isinstance(one, Entry))
    return halt.cause == "risk_to_life" or any(_says_danger(sibling, event) for event in since)


def _says_danger(sibling: Delivery, event: Event) -> bool:
    if not isinstance(event, Stated) or event.verdict.verdict != "accepted":
        return False
    content = sibling.law.read(event.envelope).content
    return isinstance(content, Incident) and content.risk_to_life


def _words(sibling: Delivery, entries: tuple[int, ...]) -> tuple[Envelope, ...]:
    """What was said in these entries, but for what one says for another: that proves nothing elsewhere. Nothing where one of them
    has a handling code of its own, or they are too large: then people decide.
    """
    found: list[Envelope] = []
    for seq in dict.fromkeys(entries):
        entry = sibling.ledger[seq]
        if not isinstance(entry, Entry) or not isinstance(entry.event, Stated):
            return ()
        statement = sibling.law.read(entry.event.envelope)
        if statement.handling is not None:
            return ()
        if statement.on_behalf_of is None:
            found.append(entry.event.envelope)
    return tuple(found) if len(canonical([plain(one) for one in found])) <= SIBLING_BYTES else ()


def _sealed(  # noqa: PLR0913, PLR0917 - what is signed of a sibling
    sibling: Delivery,
    group: str,
    key: Ed25519PrivateKey,
    says: SiblingNews,
    checkpoint: str | None = None,
    statements: tuple[Envelope, ...] = (),
) -> SiblingHeard:
    ledger, name = sibling.ledger, sibling.plan.operation
    said = SiblingSealed(group=group, sibling=name, says=says, checkpoint=checkpoint, size=len(ledger), root=ledger.root)
    return _signed(said, key, statements)


def _signed(said: SiblingSealed, key: Ed25519PrivateKey, statements: tuple[Envelope, ...] = ()) -> SiblingHeard:
    return SiblingHeard(
        sibling=said.sibling,
        says=said.says,
        checkpoint=said.checkpoint,
        statements=statements,
        size=said.size,
        root=said.root,
        seal=sign(canonical(said), SIBLING_TYPE, key),
    )
