"""What any face of the gateway can do. Errors are ours, never Temporal's."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client

from archive.expunging import Approver, ExpungingOrder
from domain.delivery.ledger import Entry, Receipt, Withheld
from domain.delivery.requests import AnyAlarm, Inbox, Request, SignedInbox, Stranded
from domain.plan.access import reach, role_of
from domain.plan.cards import RuleCard
from domain.plan.directory import Listed, Service
from domain.plan.key_changes import Taken, read_change
from domain.record.expunction import Approvals, Expunged, approved
from domain.record.packet import Purpose, unsealed
from domain.record.receipts import signed
from domain.signing.canonical import canonical
from domain.signing.envelope import REQUEST_TYPE, Envelope, sign
from domain.views.floor import Engine
from domain.views.sight import sight
from domain.words.errors import NotAllowed, Unavailable
from domain.words.moments import utc_text
from domain.words.text import fill, mark
from gateway.acknowledging import Acknowledgements
from gateway.aside import Aside
from gateway.health import Health, Pulse
from gateway.leaving import KEY_CHANGES, Leaving
from gateway.overdue import OverdueRoom
from gateway.papers import Papers
from gateway.plans import Plans
from gateway.reading import Reading
from gateway.rekeying import Rekeying, Repeats, may_be_taken
from gateway.runs import Runs
from gateway.submissions import UNTIL_LEFT, Submissions
from gateway.temporal import answer_to, as_ours
from process.codec import Codec
from process.in_force import InForce
from workflows import messages
from workflows.messages import RunLength, hand_in


class Reception:
    """Serves callers that have proved who they are."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        client: Client,
        task_queue: str,
        directory: InForce,
        cards: dict[str, RuleCard],
        key: Ed25519PrivateKey,
        reading: Reading,
        pace: RunLength = RunLength(),  # noqa: B008 - it is frozen
    ) -> None:
        """`reading`: what readers are shown; `pace`: how long one run of a delivery lasts that is begun here."""
        self.reading = reading
        self.pulse = Pulse(client, task_queue)
        self._runs = Runs(client, task_queue)
        self._in_force = directory
        self._key = key
        self._aside, self._packing = Aside(), Aside()  # who has papers made keeps nobody from speaking
        self.plans = Plans(self._runs, directory, cards, key, reading, self.pulse, self._aside, pace)
        self.papers = Papers(reading, self._packing)
        self.shift = reading.shift(directory, key)
        self._leaving = Leaving(self._runs)
        self.submissions = Submissions(self._runs, directory, key, reading, self.pulse, self._leaving, self._aside)
        self.overdue = OverdueRoom(reading.floor, reading.lists, reading.chases, directory)
        reading.floor.chased = self.overdue.chased
        self._repeats = Repeats()
        self._acknowledgements = Acknowledgements(client, key, reading, self.pulse.clock)

    async def change_keys(self, caller: Service, envelope: Envelope) -> Taken:
        """Bring a signed change of keys to every delivery under way that its service speaks in; what became of it in each.

        It is entered in the archive first: from then on it is in force at every gateway and worker, and stays so. Deliveries are
        named only to who may list them. Asked again, it does no harm.

        Raises `Malformed`, `NotAuthentic`, `NotAllowed`, or `RuleBroken` (R24): then nothing has changed anywhere; and
        `Unavailable` if the archive or Temporal is away: then ask again.
        """
        received = monotonic()
        change = await self._aside.if_large(partial(read_change, envelope), len(envelope.payload))
        if caller.id != change.service and reach(role_of(caller), "keys") != "all":
            message = fill("{caller} cannot announce keys of {service}", caller=caller.id, service=change.service)
            raise NotAllowed(message, hint=mark("the service itself can, or an administrator"))
        new = await self._in_force.enter(envelope, self._key, lambda directory: may_be_taken(envelope, directory))
        service, at = self._in_force.now.get(change.service), (await self.pulse.clock()).moment(received)
        once = f"keys/{envelope.fingerprint()[:32]}"

        async def bring(delivery: str) -> None:
            handed = hand_in(envelope, delivery, at, self._key)
            with as_ours(delivery):
                update = self._runs.handle(delivery).execute_update(messages.CHANGE_KEYS, handed, id=once, rpc_timeout=UNTIL_LEFT)
                await answer_to(update, None)
            self._leaving.answered(delivery)

        async def leave(delivery: str) -> None:
            await self._leaving.leave(caller, delivery, hand_in(envelope, delivery, at, self._key), KEY_CHANGES)

        async with nullcontext() if new else self._repeats.turn(caller.id):
            taken = await Rekeying(lambda: self._runs.known_in(service), bring, leave).everywhere()
        return taken if reach(role_of(caller), "list") != "-" else taken.unnamed()

    async def alarms(self) -> tuple[AnyAlarm, ...]:
        """The deliveries that are stranded now, build by build; then the patterns of enquiries, the oldest first. Raises
        `Unavailable`.
        """
        return (*await self.stranded(), *await self.reading.patterns.newest())

    async def stranded(self) -> tuple[Stranded, ...]:
        """The deliveries that wait for a worker of a build of which none is up. Raises `Unavailable`."""
        return await self.pulse.stranded()

    async def inbox(self, caller: Service, cursor: str | None = None) -> tuple[Inbox, tuple[Request, ...]]:
        """A page of what the caller is being asked now, the most urgent first; and what of it nobody there has read yet."""
        found, rows = await self.reading.inbox(caller, cursor)
        unread = {one.id for one in rows if one.read_at is None}
        return found, tuple(one for one in found.requests if one.id in unread)

    async def has_read(self, reader: Service, requests: tuple[Request, ...]) -> None:
        """These have been shown to the service that they ask: their deliveries are told that it has received them."""
        await self._acknowledgements.report(reader, requests)

    def handed_over(self, receipt: Receipt) -> Envelope:
        """A receipt as it leaves this house: signed, so that whoever keeps it holds a witness."""
        return signed(receipt, self._key)

    def signed(self, found: Inbox) -> SignedInbox:
        """An inbox, each request signed by Vigil as for a service that is called: so that it can be carried in a file."""
        requests = tuple(sign(canonical(one), REQUEST_TYPE, self._key) for one in found.requests)
        return SignedInbox(requests=requests, unreadable=found.unreadable, next=found.next)

    async def packet(self, caller: Service, delivery: str, purpose: Purpose) -> bytes:
        """The evidence packet as of now, for this purpose, sealed with the installation's key: the bytes of the file.

        Raises `NotAllowed` unless the whole of it is the caller's to see (R11), `RuleBroken` (R23) if handling codes forbid it.
        """
        known = await self.reading.delivery(caller, delivery)
        if not sight(known, caller).whole:
            message = fill(
                "a packet holds the whole of {delivery}, and {service} sees a part of it (R11)",
                delivery=delivery,
                service=caller.id,
            )
            raise NotAllowed(
                message, hint=fill("ask {initiator}, or a supervisor, for it", initiator=", ".join(known.plan.initiators()))
            )
        history = await self._runs.history(delivery)
        system = self._in_force.now.system()
        sealers = system.keys if system is not None else ()
        others = await self.reading.others(caller, known)
        packet = unsealed(known, history, datetime.now(UTC), purpose, sealers=sealers, others=others)
        return await self._packing.do(partial(packet.sealed, self._key))

    async def expunge(self, delivery: str, given: Approvals) -> Expunged:
        """Destroy what a closed delivery says, in the archive and in Temporal, and give what remains. Asked again, it destroys
        what is left of it.

        Raises `Malformed`, `NotAuthentic` or `NotAllowed` for approvals that do not count, `NotAllowed` for a delivery that is
        open, `NotFound`; and `Unavailable`: then ask again.
        """
        now = datetime.now(UTC)
        first, second = approved(given, delivery, await self._in_force.latest(), now)
        order = ExpungingOrder(
            at=utc_text(now),
            ordered_by=first.ordered_by,
            law=first.law,
            first=Approver(service=first.service, officer=first.officer),
            second=Approver(service=second.service, officer=second.officer),
        )
        await self.reading.expunge(delivery, order)
        await self._runs.delete(delivery)
        return await self.reading.expunged(delivery)

    def changes(self, caller: Service, delivery: str, since: int) -> AsyncIterator[Entry | Withheld]:
        """Entries from `since` on, as the caller may have them, until the delivery has ended or its workflow is gone."""
        return self.reading.changes(caller, delivery, since, self._runs.under_way)

    @property
    def codec(self) -> Codec:
        """What opens the payloads of histories."""
        return self._runs.codec

    async def ready(self) -> Health:
        """Whether Temporal answers, and a worker is there. Raises `Unavailable`."""
        return await self.pulse.health()

    async def engine(self) -> Engine:
        """Whether anything advances by itself: a worker is up, and Temporal answers."""
        try:
            return "up" if (await self.ready()).worker == "up" else "no_worker"
        except Unavailable:
            return "away"

    def directory_for(self, caller: Service) -> tuple[Listed, ...]:
        """The services of the installation, as far as they are the caller's to see."""
        return self._in_force.now.shown_to(caller, whole=reach(role_of(caller), "directory") == "all")


RECEPTION: web.AppKey[Reception] = web.AppKey("reception", Reception)
