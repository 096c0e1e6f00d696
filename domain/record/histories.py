"""Two histories of one delivery: a packet has all that its ledger names, and two packets agree or do not."""

from collections.abc import Mapping, Sequence

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, leaf_of, shared
from domain.delivery.reported import Diverged, Stated
from domain.delivery.vocabulary import Outcome
from domain.plan.vocabulary import Digest
from domain.record.left_out import TELL, rest_on_left_out, told_otherwise
from domain.record.packet import OtherHistory, Packet, unseal
from domain.record.replay import replay
from domain.signing.canonical import Frozen
from domain.words.errors import NotVerified
from domain.words.identifiers import StatementId
from domain.words.text import fill, mark


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
    left_out: int
    """Statements from then on that are not in this packet, as whoever sealed it says (R23)."""
    rests_on_left_out: tuple[int, ...]
    """Entries from then on that rest on what is left out: nobody but who sealed the packet says that it was said, and how."""


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
    out of one of them is compared by its leaf, and what is said in its place with the entry, where the other has it. Raises
    `NotVerified` where that is not so, and where they are of two deliveries.
    """
    (mine, manifest, _), (theirs, other_manifest, _) = unseal(data), unseal(other)
    if manifest.delivery != other_manifest.delivery:
        raise NotVerified(
            fill("they are of two deliveries: {delivery} and {other}", delivery=manifest.delivery, other=other_manifest.delivery)
        )
    histories = [list(one.histories()) for one in (mine, theirs)]
    for packet, others in ((mine, histories[1]), (theirs, histories[0])):
        _left_out_as_it_was(packet, others)
    return Compared(
        same=shared(mine.ledger, theirs.ledger),
        sizes=(len(mine.ledger), len(theirs.ledger)),
        agree=_holds(histories[0], histories[1]) or _holds(histories[1], histories[0]),
    )


def _left_out_as_it_was(packet: Packet, others: Sequence[Sequence[Entry | LeftOut]]) -> None:
    """What is left out of one packet is what the other has of it: its entry, or what is said there in its place."""
    known = {leaf_of(entry): entry for history in others for entry in history}
    for history in packet.histories():
        out = [(one, known[one.leaf]) for one in history if isinstance(one, LeftOut) and one.leaf in known]
        delivery = replay(history, packet.directory, packet.cards) if out else None
        for shown, entry in out:
            if isinstance(entry, Entry):
                what = told_otherwise(shown, entry, delivery)
            else:
                what = next((name for name in OF_BOTH if getattr(shown, name) != getattr(entry, name)), None)
            if what is not None:
                reason = fill(
                    "{what} of statement {statement}, which is left out, is another by the other packet",
                    what=what,
                    statement=shown.statement,
                )
                raise NotVerified(reason, shown.seq, hint=TELL)


OF_BOTH = ("seq", "provider", "statement", "size", "verdict")
"""Of what is left out of two packets, in which the plan's handling code may be another."""


def _holds(newer: Sequence[Sequence[Entry | LeftOut]], older: Sequence[Sequence[Entry | LeftOut]]) -> bool:
    """Whether every history of the one is the beginning of some history of the other."""
    return all(any(shared(one, other) == len(one) for other in newer) for one in older)


def replayed(packet: Packet, other: OtherHistory) -> Delivery:
    """The delivery as another branch has it: what it shares with the ledger, then its own."""
    since = other.entries[0].seq
    whole = (*packet.ledger[:since], *other.entries)
    if shared(packet.ledger, whole) != since:
        raise NotVerified(fill("branch {branch} begins with what is in the ledger too", branch=other.branch), since)
    return replay(whole, packet.directory, packet.cards)


def all_histories_are_there(delivery: Delivery, others: Mapping[int, Delivery]) -> None:
    """Every history that was found to be another is in the packet, and none that no entry names (R18): the ledger names some, and
    these may name more.
    """
    named, coming = dict[int, Delivery](), [delivery]
    while coming:
        each = coming.pop()
        for entry in each.ledger.entries:
            if isinstance(found := entry.event, Diverged):
                other = others.get(found.branch)
                if other is None or not _begins(other, found):
                    raise NotVerified(
                        fill("R18: the history that was found in branch {branch} is not in the packet", branch=found.branch),
                        entry.seq,
                    )
                if found.branch not in named:
                    named[found.branch] = other
                    coming.append(other)
    if strange := [branch for branch in others if branch not in named]:
        raise NotVerified(fill("R18: no entry says that branch {branch} was put back", branch=strange[0]))
    if list(others) != sorted(others):
        raise NotVerified(mark("histories that were put back stand in the order of their branches"))


def _begins(history: Delivery, found: Diverged) -> bool:
    """Whether this history has, or had once, the root that was found."""
    return len(history.ledger) >= found.size and history.ledger.root_at(found.size) == found.root


def put_back(delivery: Delivery, branch: int, other: Delivery) -> PutBack:
    """What the record says that was put back: the history of another branch, from where it parts from the ledger."""
    since = shared(delivery.ledger, other.ledger)
    said = [entry.event for entry in other.ledger.since(since) if isinstance(entry, Entry) and isinstance(entry.event, Stated)]
    return PutBack(
        branch=branch,
        since=since,
        size=len(other.ledger),
        root=other.ledger.root,
        outcome=other.state.outcome,
        statements=tuple(other.law.read(one.envelope).id for one in said),
        left_out=sum(isinstance(entry, LeftOut) for entry in other.ledger.since(since)),
        rests_on_left_out=tuple(rest_on_left_out(other, since)),
    )
