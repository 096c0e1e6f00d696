"""Whether those who speak in a packet are those whom its reader trusts: services, keys, law, and the installation."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, Asked, KeysChanged, Started, Stated
from domain.delivery.requests import read_acknowledgement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import read_change
from domain.plan.plan import read_plan
from domain.record.packet import Packet
from domain.record.receipts import fits, fits_in, opened, read_receipt
from domain.rules.conflict import ConflictSettled
from domain.signing.envelope import Envelope
from domain.signing.keys import key_id
from domain.words.errors import NotVerified, VigilError
from domain.words.identifiers import State
from domain.words.moments import instant
from domain.words.text import fill, mark, word

ON_ITS_WAY = timedelta(minutes=5)
"""How long the end of a key may take from the directory to a ledger without what came in meanwhile being doubted."""


def services_are_trusted(delivery: Delivery, directory: Directory) -> None:
    """Each service is what the directory that is trusted says, also who only supervises, and who was replaced: whose it is and
    what it may do decide what counts. So does whether they are an example, among whom a plan may be as quick as it likes (R28).
    Who has a part stands there.
    """
    if delivery.directory.example and not directory.example:
        raise NotVerified(mark("the services of the packet are an example, and those of the directory you trust are none"))
    plans = [entry.event.plan for entry in delivery.ledger.entries if isinstance(entry.event, Started | Amended)]
    have_a_part = {name for plan in plans for name in read_plan(plan).participants()}
    for told in delivery.directory.services:
        known = directory.find(told.id)
        if known is None and told.id in have_a_part:
            raise NotVerified(
                fill("{service} has a part in the delivery, and is not in the directory you trust", service=told.id)
            )
        if known is not None and (told.kind, told.state) != (known.kind, known.state):
            its, trusted = (
                fill("of kind {kind} and of {state}", kind=word(one.kind), state=one.state or fill("no State"))
                for one in (told, known)
            )
            raise NotVerified(
                fill(
                    "{service} is {its} in the packet, and {trusted} in the directory you trust",
                    service=told.id,
                    its=its,
                    trusted=trusted,
                )
            )
        whose = {key_id(key.public): key.officer for key in known.keys} if known is not None else {}
        for key in told.keys:
            if key.officer != whose.get(key_id(key.public), key.officer):
                raise NotVerified(
                    fill("a key of {service} is another officer's in the packet than in the directory you trust", service=told.id)
                )


def cards_are_trusted(told: Mapping[State, RuleCard], trusted: Mapping[State, RuleCard]) -> None:
    """Raises `NotVerified` unless each State's law is as the cards have it that are trusted."""
    for state, card in sorted(told.items()):
        if state not in trusted:
            raise NotVerified(fill("the packet has a rule card of {state}, and you trust none of that State", state=state))
        other = [name for name in sorted(RuleCard.model_fields) if getattr(card, name) != getattr(trusted[state], name)]
        if other:
            raise NotVerified(
                fill("the rule card of {state} is another than the one you trust: {names}", state=state, names=", ".join(other))
            )


def keys_are_trusted(delivery: Delivery, trust: "Trust") -> None:
    """Every key that signed something was, by the directory that is trusted, a valid key of its service then."""
    for entry in delivery.ledger.entries:
        event, at = entry.event, instant(entry.at)
        if isinstance(event, Started | Amended):
            trust.check_plan(event.plan, at, entry.seq)
        elif isinstance(event, KeysChanged):
            change = read_change(event.change)
            signed_at = at if change.added else min(at, instant(change.made_at))  # a key that ends itself may take its time
            trust.check(change.by, event.change, signed_at, entry.seq)
        elif isinstance(event, Asked):
            for one in event.acknowledgements:
                trust.check(read_acknowledgement(one).service, one, at, entry.seq)
        elif isinstance(event, Stated):
            statement = delivery.law.read(event.envelope)
            trust.check(statement.service, event.envelope, at, entry.seq)
            said = statement.content
            if isinstance(said, ConflictSettled) and said.agreement is not None and event.verdict.verdict == "accepted":
                trust.check(said.agreed_with, said.agreement, at, entry.seq)


class Trust:
    """A directory that is trusted for other reasons, over a ledger.

    A key ends in a directory a little before the ledger knows of it. What came in between counted, and counts here too.
    """

    def __init__(self, directory: Directory, ledger: Sequence[Entry]) -> None:
        self._directory = directory
        changes = [(entry.seq, read_change(entry.event.change)) for entry in ledger if isinstance(entry.event, KeysChanged)]
        self._ended = {end.key: seq for seq, change in changes for end in change.ended}
        """Key id to the last entry that ends it, or ends it sooner."""

    def check_plan(self, plan: Envelope, at: datetime, entry: int) -> None:
        """Raises `NotVerified` unless each of its initiators has signed it, and nobody else."""
        initiators = read_plan(plan).initiators()
        whose = {one.keyid: self._owner(initiators, one.keyid) for one in plan.signatures}
        for service in initiators:
            mine = tuple(one for one in plan.signatures if whose[one.keyid] == service)
            if not mine:
                raise NotVerified(
                    fill("no key that signed the plan is one of {service} in the directory you trust", service=service), entry
                )
            self.check(service, plan.model_copy(update={"signatures": mine}), at, entry)

    def _owner(self, services: Sequence[str], key: str) -> str:
        """Which of these services has this key; the first where none has."""
        known = [one for one in map(self._directory.find, services) if one is not None]
        return next((one.id for one in known if any(key_id(each.public) == key for each in one.keys)), services[0])

    def check(self, service: str, envelope: Envelope, at: datetime, entry: int | None = None) -> None:
        """Raises `NotVerified`."""
        known = self._directory.find(service)
        keys = {key_id(key.public): key for key in known.keys} if known is not None else {}
        for signature in envelope.signatures:
            key = keys.get(signature.keyid)
            pending = entry is not None and entry <= self._ended.get(signature.keyid, -1)
            if key is None or not key.valid_at(at, ON_ITS_WAY if pending else timedelta()):
                whose = service or fill("the installation")
                reason = fill(
                    "the key {key} of {whose} is not in the directory you trust, or was not valid then",
                    key=signature.keyid,
                    whose=whose,
                )
                raise NotVerified(reason, entry)


def receipt_fits(envelope: Envelope, installation: Directory, histories: Sequence[Delivery]) -> bool:
    """Whether it is of this delivery at all. Raises `NotVerified` where it is, and does not fit."""
    try:
        if read_receipt(envelope).delivery != histories[0].plan.operation:
            return False
        receipt = opened(envelope, installation)
    except NotVerified:
        raise
    except VigilError as error:
        raise NotVerified(fill("a receipt of yours is none of this installation: {error}", error=error.said)) from error
    if not any(fits_in(receipt, one) for one in histories[1:]):
        fits(receipt, histories[0])
    return True


def installation_of(packet: Packet, directory: Directory | None) -> Directory:
    """Where the installation's keys stand, by which its receipts are checked: in the directory that is trusted. Where none is, in
    the packet's own, with the keys that it had when the packet was exported too.
    """
    if directory is not None:
        return directory
    services = tuple(
        one.model_copy(update={"keys": tuple(dict.fromkeys((*one.keys, *packet.sealers)))}) if one.kind == "system" else one
        for one in packet.directory.services
    )
    return packet.directory.model_copy(update={"services": services})
