"""The evidence packet: what is sealed and handed to a court or to another State. `domain.record.verify` says what it proves.

A packet is one JSON file, `{"packet":...,"seal":...}`. The packet holds the directory snapshot and rule cards, the ledger
(its first entry holds the signed plan) and the raw Temporal history. The seal is a DSSE envelope over a manifest with the
SHA-256 of the packet's bytes exactly as they stand in the file, signed by the installation that exported it. It only says
who exported what; what the services said is proved by their own signatures. All of it is in canonical form (RFC 8785): no two
readers read two things in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, shared
from domain.delivery.reported import Stated
from domain.delivery.vocabulary import UtcText
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, ServiceKey, valid_keys
from domain.plan.vocabulary import Digest
from domain.record.provided import Provided, held_back, held_back_beside, raise_if_any
from domain.signing.canonical import Frozen, Verbatim, canonical, digest_of_bytes
from domain.signing.envelope import MANIFEST_TYPE, Envelope, open_envelope, sign
from domain.words.errors import Malformed, NotAuthentic, NotVerified, faults_of
from domain.words.identifiers import OperationCode, State
from domain.words.limits import MOST_BRANCHES, MOST_ENTRIES, MOST_KEYS
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark

Cards = dict[State, RuleCard]
Purpose = Literal["operation", "court"] | State
"""What a packet is for: the operation's own use, a court, or a State. What may be in it depends on that (R23)."""

EntryOrLeftOut = Annotated[Entry | LeftOut, Field(union_mode="left_to_right")]
"""Nothing is both, so what is an entry is not tried as the other."""


class Manifest(Frozen):
    """What the seal commits to; `packet` is the SHA-256 of the packet's bytes in the file."""

    vigil: Literal["manifest/2"] = "manifest/2"
    delivery: OperationCode
    size: Annotated[int, Field(ge=1)]
    """How many entries the ledger had."""
    root: Digest
    """Over all of them."""
    packet: Digest
    exported_at: UtcText
    purpose: Purpose = "operation"


class OtherHistory(Frozen):
    """What the archive has in another branch than the ledger: entries from the first on in which the two differ (R18)."""

    branch: Annotated[int, Field(ge=0, lt=MOST_BRANCHES)]
    entries: Annotated[tuple[EntryOrLeftOut, ...], Field(min_length=1, max_length=MOST_ENTRIES)]


class Packet(Frozen):
    """What is sealed."""

    vigil: Literal["packet/2"] = "packet/2"
    directory: Directory
    cards: Cards
    ledger: Annotated[tuple[EntryOrLeftOut, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
    others: Annotated[tuple[OtherHistory, ...], Field(max_length=MOST_BRANCHES)] = ()
    """Histories that were put back, each with what is not in the ledger too."""
    history: Verbatim = ""
    """Temporal's own history as JSON text; empty for a delivery that ran in the simulator, and where something is left out."""
    sealers: Annotated[tuple[ServiceKey, ...], Field(max_length=MOST_KEYS)] = ()
    """The installation's keys when it was exported. None: those of `directory`; it may have changed them since."""

    def histories(self) -> Iterator[tuple[Entry | LeftOut, ...]]:
        """The ledger, and each that was put back, with what it shares with the ledger."""
        yield self.ledger
        for one in self.others:
            yield (*self.ledger[: one.entries[0].seq], *one.entries)


_BEFORE, _BETWEEN, _AFTER = b'{"packet":', b',"seal":', b"}"


@dataclass(frozen=True)
class Unsealed:
    """A packet as it stood at one moment. Nothing changes it any more, so it is sealed wherever there is time for that."""

    packet: Packet
    delivery: str
    size: int
    root: str
    exported_at: str
    purpose: Purpose

    def sealed(self, key: Ed25519PrivateKey) -> bytes:
        """The file's bytes, sealed with the installation's key."""
        body = canonical(self.packet)
        manifest = Manifest(
            delivery=self.delivery,
            size=self.size,
            root=self.root,
            packet=digest_of_bytes(body),
            exported_at=self.exported_at,
            purpose=self.purpose,
        )
        envelope = sign(canonical(manifest), MANIFEST_TYPE, key)
        return b"".join((_BEFORE, body, _BETWEEN, canonical(envelope), _AFTER))


def unsealed(  # noqa: PLR0913 - a packet has these parts
    delivery: Delivery,
    history: str,
    at: datetime,
    purpose: Purpose = "operation",
    *,
    sealers: tuple[ServiceKey, ...] = (),
    others: Mapping[int, Delivery] = MappingProxyType({}),
) -> Unsealed:
    """The packet of a delivery as it stands, to be sealed with the installation's key, one of `sealers`. It is exported `at` this
    moment, or at that of the newest entry where a message bore a later one: clocks differ by seconds.
    `others`: the histories of it that were put back, by their branches in the archive.

    For a court or a State, what its provider has not permitted to go there is left out where nothing rests on it; where
    something does, raises `RuleBroken` (R23), which names each and whom to ask.
    """
    snapshot = delivery.snapshot
    beside = {branch: (other, shared(delivery.ledger, other.ledger)) for branch, other in others.items()}
    withheld = [held_back(delivery, purpose), *(held_back_beside(delivery, *one, purpose) for one in beside.values())]
    _nothing_rests_on(delivery, purpose, withheld)
    packet = Packet(
        directory=snapshot.directory,
        cards=snapshot.cards,
        ledger=_as_it_may_go(delivery, 0, withheld[0]),
        others=tuple(
            OtherHistory(branch=branch, entries=_as_it_may_go(other, since, items))
            for (branch, (other, since)), items in zip(beside.items(), withheld[1:], strict=True)
            if since < len(other.ledger)
        ),
        history="" if purpose != "operation" else history,
        sealers=sealers,
    )
    return Unsealed(
        packet=packet,
        delivery=delivery.plan.operation,
        size=len(delivery.ledger),
        root=delivery.ledger.root,
        exported_at=utc_text(max(at, delivery.state.now)),
        purpose=purpose,
    )


def seal(  # noqa: PLR0913 - a packet has these parts
    delivery: Delivery,
    history: str,
    key: Ed25519PrivateKey,
    at: datetime,
    purpose: Purpose = "operation",
    *,
    sealers: tuple[ServiceKey, ...] = (),
    others: Mapping[int, Delivery] = MappingProxyType({}),
) -> bytes:
    """The same, sealed at once."""
    return unsealed(delivery, history, at, purpose, sealers=sealers, others=others).sealed(key)


def _nothing_rests_on(delivery: Delivery, purpose: Purpose, withheld: Sequence[Sequence[Provided]]) -> None:
    """Raises `RuleBroken` where anything rests on what may not go there (R23)."""
    raise_if_any((one for items in withheld for one in items if one.decides), purpose, delivery)


def _as_it_may_go(delivery: Delivery, since: int, withheld: Sequence[Provided]) -> tuple[Entry | LeftOut, ...]:
    items = {one.seq: one for one in withheld}
    return tuple(_left_out(one, items[one.seq]) if one.seq in items else one for one in delivery.ledger.entries[since:])


def _left_out(entry: Entry, item: Provided) -> LeftOut:
    assert isinstance(entry.event, Stated)  # noqa: S101 - whatever else is held back decides something
    assert item.statement is not None  # noqa: S101
    return LeftOut(
        seq=entry.seq,
        leaf=entry.leaf(),
        provider=item.provider,
        code=item.code,
        statement=item.statement.id,
        size=len(entry.event.envelope.body()),
        verdict=entry.event.verdict,
    )


def unseal(data: bytes) -> tuple[Packet, Manifest, Envelope]:
    """The packet, the manifest and the seal it came in, once all three fit. Raises `NotVerified`."""
    body, _, sealed = data.removeprefix(_BEFORE).rpartition(_BETWEEN)
    if not (data.startswith(_BEFORE) and body and sealed.endswith(_AFTER)):
        raise NotVerified(mark("not an evidence packet, or not a whole one"))
    try:
        envelope = Envelope.model_validate_json(sealed[: -len(_AFTER)])
        manifest = Manifest.model_validate_json(envelope.body())
        if canonical(envelope) + _AFTER != sealed or canonical(manifest) != envelope.body():
            raise NotVerified(mark("the seal is not in its one canonical form"))
        if digest_of_bytes(body) != manifest.packet:
            raise NotVerified(mark("the content is not what was sealed: a byte was changed, added or removed"))
        packet = Packet.model_validate_json(body)
        if canonical(packet) != body:
            raise NotVerified(mark("the packet is not in its one canonical form: it can be read in two ways"))
        system = packet.directory.system()
        sealers = packet.sealers or (system.keys if system is not None else ())
        open_envelope(envelope, MANIFEST_TYPE, valid_keys(sealers, instant(manifest.exported_at)))
    except ValidationError as error:
        raise NotVerified(fill("not a packet: {error}", error=faults_of(error)[0].in_words())) from error
    except (Malformed, NotAuthentic) as error:
        raise NotVerified(fill("the seal is not valid: {error}", error=error.said)) from error
    if len(envelope.signatures) != 1:
        raise NotVerified(mark("a seal has one signature"))
    return packet, manifest, envelope
