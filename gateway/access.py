"""Who is calling, and whether this one delivery is theirs. Who may do what at all is the table of `domain.plan.access`."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from domain.plan import proof
from domain.plan.access import reach, role_of
from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan
from domain.plan.proof import Caller
from domain.words.errors import NotAllowed, NotAuthentic, NotFound
from domain.words.identifiers import OperationCode
from domain.words.text import fill, mark
from process.in_force import InForce

_CODE: TypeAdapter[str] = TypeAdapter(OperationCode)


@dataclass(frozen=True)
class Visitor:
    """Who calls: with a proof for this one request, or with a browser that is signed in."""

    service: Service
    officer: str | None
    """The person, by code; none where a system calls."""
    key: str | None
    """Id of the key that proves it, or has when the session began. None where an OpenID provider did: such a session reads."""
    nonce: str | None
    """Of the proof, which is good for one answer. None in a session."""
    subject: str | None = None
    """Whom an OpenID provider named, as the SHA-256 of issuer and subject; none where a key proves it."""


CALLER: web.RequestKey[Visitor] = web.RequestKey("caller", Visitor)


class Proofs:
    """Checks proofs, and accepts each once.

    What is remembered for that is of callers who proved who they are, and of two minutes: it cannot be filled from outside.
    """

    def __init__(self, directory: InForce, url: str) -> None:
        """`url` is where callers reach the gateway: a proof made for another installation's address is none here."""
        self._directory = directory
        self.url = url.rstrip("/")
        self._used: OrderedDict[str, datetime] = OrderedDict()

    @property
    def system(self) -> Service | None:
        """The installation's own entry, as last known."""
        return self._directory.now.system()

    async def latest(self) -> Directory:
        """The directory as of now. Raises `Unavailable` if it has not been known for too long."""
        return await self._directory.latest()

    async def look(self) -> None:
        """Learn what has become of keys; where that fails, `known` says for how long the last news are good."""
        await self._directory.look()

    async def glance(self) -> bool:
        """The same, waiting for a moment only: whether that was enough."""
        return await self._directory.glance()

    def known(self) -> None:
        """Raises `Unavailable` if it has not been known for too long which keys count."""
        self._directory.sure()

    def caller(self, header: str | None, method: str, target: str) -> Caller:
        """Who calls; the body is still to be checked. `target` is path and query as received. Raises `NotAuthentic`."""
        now = datetime.now(UTC)
        caller = proof.identify(header, self._directory.now, method, f"{self.url}{target}", now=now)
        nonce = f"{caller.service.id} {caller.nonce}"
        while self._used and next(iter(self._used.values())) < now:
            self._used.popitem(last=False)
        if nonce in self._used:
            message = mark("this proof has been used already")
            raise NotAuthentic(message, hint=mark("sign each request anew"))
        self._used[nonce] = now + timedelta(seconds=2 * proof.LIFETIME)
        return caller

    async def still(self, caller: Visitor) -> None:
        """Raises `NotAuthentic` once the key that the caller proved itself with counts no more."""
        await self._directory.look()
        self.counts(caller)

    def counts(self, caller: Visitor) -> None:
        """Raises `NotAuthentic` if that key does not count, as far as is known, or if its service has another role than when it
        asked.
        """
        service = self._directory.now.find(caller.service.id)
        same = service is not None and role_of(service) == role_of(caller.service)
        if service is None or not same or caller.key not in service.keys_at(datetime.now(UTC)):
            raise NotAuthentic(fill("key {key} of {service} counts no more", key=caller.key, service=caller.service.id))


PROOFS: web.AppKey[Proofs] = web.AppKey("proofs", Proofs)


def may_start(caller: Service, plan: Plan) -> None:
    """Raises `NotAllowed` unless the caller is one of the plan's initiators."""
    if caller.id not in plan.initiators():
        message = fill(
            "{service} cannot start a plan whose initiator is {initiator}",
            service=caller.id,
            initiator=", ".join(plan.initiators()),
        )
        raise NotAllowed(message, hint=fill("call as {initiator}", initiator=", ".join(plan.initiators())))


def may_see(caller: Service, delivery: str, participants: tuple[str, ...]) -> None:
    """Raises `NotFound`, as for a delivery that does not exist, unless it is the caller's to see."""
    if reach(role_of(caller), "view") != "all" and caller.id not in participants:
        raise no_delivery(delivery)


def may_exist(delivery: str) -> None:
    """Raises `NotFound` for what is no code name of an operation, so that nothing else is ever asked of Temporal."""
    try:
        _CODE.validate_python(delivery)
    except ValidationError as error:
        raise no_delivery(delivery) from error


def no_delivery(delivery: str) -> NotFound:
    """The one answer for what does not exist and what is not the caller's."""
    return NotFound(
        fill("there is no delivery {delivery} here for you", delivery=delivery), hint=mark("`vigil list` shows yours")
    )
