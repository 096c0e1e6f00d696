"""The directory: every participating service, its State, what kind of authority it is, its keys and how it is reached.

It is data the user brings (design section 5). A delivery keeps the snapshot it started with.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, field_validator, model_validator

from domain.plan.addresses import protected
from domain.plan.duty import NO_ZONE, Hours, Telephone, Zone
from domain.signing.canonical import Frozen, digest
from domain.signing.envelope import Envelope, open_envelope
from domain.signing.keys import KeyId, PublicKeyText, key_id
from domain.signing.recipients import RecipientText
from domain.words.errors import Fault, NotAuthentic, NotFound
from domain.words.identifiers import OfficerCode, ServiceId, State
from domain.words.likeness import or_meant
from domain.words.limits import (
    LONGEST_LINE,
    MOST_CHANNELS,
    MOST_KEYS,
    MOST_KEYS_EACH,
    MOST_LISTED_SERVICES,
    MOST_NAMES,
    MOST_OF_A_BODY,
)
from domain.words.moments import Moment, instant
from domain.words.quantities import Span
from domain.words.text import fill, mark

ServiceKind = Literal[
    "customs",
    "border_guard",
    "police",
    "security",
    "investigator",
    "prosecutor",
    "court",
    "postal_operator",
    "laboratory",
    "coordinator",
    "supervisor",
    "auditor",
    "administrator",
    "system",
]

MAY_SEIZE: tuple[ServiceKind, ...] = ("customs", "border_guard", "police", "security")
"""Kinds that hold the power to seize and so may be the responsible authority of a leg (R4; domain brief, section 3)."""

MAY_ASK_THE_REGISTER: tuple[ServiceKind, ...] = ("prosecutor", "court", "coordinator")
"""Kinds whose signature lets the register of live operations be looked into (R15): they answer for what is asked, and do not
investigate themselves. A State's central authority stands in the directory as one of them."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class ServiceKey(Frozen):
    """A public key with its validity; what was signed before a revocation stays valid."""

    public: PublicKeyText
    officer: OfficerCode | None = Field(default=None, exclude_if=lambda code: code is None)
    """Whose key it is, by code. None: the service's own system has it, which vouches for the officers it names."""
    recipient: RecipientText | None = Field(default=None, exclude_if=lambda text: text is None)
    """For whom files for the service are encrypted while this key is valid; who holds the one private half holds the other."""
    valid_from: Moment
    valid_until: Moment | None = None
    revoked_at: Moment | None = None

    def valid_at(self, moment: datetime, grace: timedelta = timedelta()) -> bool:
        """Whether a signature recorded at this instant counts; with `grace`, also so long after the key's end."""
        ends = [instant(end) for end in (self.valid_until, self.revoked_at) if end is not None]
        return instant(self.valid_from) <= moment and all(moment < end + grace for end in ends)


def valid_keys(keys: Iterable[ServiceKey], moment: datetime) -> dict[str, str]:
    """Key id to public key, of those that are valid at this instant."""
    return {key_id(key.public): key.public for key in keys if key.valid_at(moment)}


class Push(Frozen):
    """We call the service's endpoint; it calls the gateway when it has something to say."""

    by: Literal["push"] = "push"
    url: HttpUrl


class Poll(Frozen):
    """We call the service's endpoint, and ask it again for its answers: it cannot call us."""

    by: Literal["poll"] = "poll"
    url: HttpUrl
    every: Span


MailAddress = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$")]
"""`addr-spec` of RFC 5321 in its usual form: no quotes, no comments, no line that could become a header."""


class Webhook(Frozen):
    """They are told by an HTTP call after Standard Webhooks 1.0.0, signed by Vigil's own key."""

    by: Literal["webhook"] = "webhook"
    url: HttpUrl


class Email(Frozen):
    """They are told by mail: the mailbox of a duty, not of a person."""

    by: Literal["email"] = "email"
    to: MailAddress


Channel = Annotated[Webhook | Email, Field(discriminator="by")]


class Desk(Frozen):
    """People at a desk: their requests wait in their inbox at the gateway, and they may be told that something does."""

    by: Literal["desk"] = "desk"
    notify: Annotated[tuple[Channel, ...], Field(max_length=MOST_CHANNELS, exclude_if=lambda told: not told)] = ()
    """Where they are told. It stays in the directory: see `Service.for_others`."""


Reach = Annotated[Push | Poll | Desk, Field(discriminator="by")]


class Service(Frozen):
    """One participating service. `state` is empty only for coordinators, those who run the installation, and Vigil itself."""

    id: ServiceId
    kind: ServiceKind
    state: State | None = None
    members: Annotated[tuple[State, ...], Field(max_length=MOST_OF_A_BODY, exclude_if=lambda states: not states)] = ()
    """Of which States it is a body, where it is of no one State: requests to these may concern it."""
    names: Annotated[dict[str, Text], Field(min_length=1, max_length=MOST_NAMES)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = Field(default=None, exclude_if=lambda code: code is None)
    """In which its people are told things (ISO 639-1). None, or one that there is not: in each that there is."""
    official_names: dict[str, Text] = Field(default_factory=dict, max_length=MOST_NAMES, exclude_if=lambda names: not names)
    """Whole, as they head its papers, by language."""
    unit: Text | None = Field(default=None, exclude_if=lambda unit: unit is None)
    """Which part of it takes part, as its papers name it."""
    address: Text | None = Field(default=None, exclude_if=lambda address: address is None)
    """Of the office, for its papers."""
    contact: Text = "not given"
    telephone: Telephone | None = Field(default=None, exclude_if=lambda number: number is None)
    """Of its duty, for who has to chase it."""
    hours: Hours | None = Field(default=None, exclude_if=lambda hours: hours is None)
    """When somebody answers it. None: that is not known here."""
    zone: Zone | None = Field(default=None, exclude_if=lambda zone: zone is None)
    """By whose clocks it lives."""
    keys: Annotated[tuple[ServiceKey, ...], Field(max_length=MOST_KEYS)] = ()
    reach: Reach = Desk()
    task_queue: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] | None = None
    """Temporal task queue whose workers can reach this service, where it is not the installation's own."""

    @model_validator(mode="after")
    def _belongs_somewhere(self) -> "Service":
        if self.state is None and self.kind not in ("coordinator", "supervisor", "auditor", "administrator", "system"):
            message = f"a service of kind {self.kind} belongs to a State: give `state:` (ISO 3166-1 alpha-2)"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _hours_are_of_a_place(self) -> "Service":
        if self.hours is not None and self.zone is None:
            raise ValueError(NO_ZONE)
        return self

    @property
    def may_seize(self) -> bool:
        """Whether it holds the power to seize."""
        return self.kind in MAY_SEIZE

    def for_others(self) -> "Service":
        """Without where its people are told: that concerns the installation alone, and leaves its directory for nobody."""
        return self.model_copy(update={"reach": Desk()}) if isinstance(self.reach, Desk) and self.reach.notify else self

    def for_deliveries(self) -> "Service":
        """The same without how it is telephoned, which changes while a delivery lives, and is for no packet."""
        there = self.for_others()
        if (there.telephone, there.hours, there.zone) == (None, None, None):
            return there
        return there.model_copy(update={"telephone": None, "hours": None, "zone": None})

    def keys_at(self, moment: datetime) -> dict[str, str]:
        """Key id to public key, of the keys that are valid at this instant."""
        return valid_keys(self.keys, moment)

    def officer_of(self, key: str) -> str | None:
        """The officer whose key this is, by its id. None: it is of the service's own system, or is not known here."""
        return next((one.officer for one in self.keys if key_id(one.public) == key), None)

    def opened(self, envelope: Envelope, payload_type: str, officer: str, at: datetime) -> bytes:
        """What this officer of the service has signed with keys that count at this instant.

        Raises what `open_envelope` and `check_signer` raise.
        """
        payload = open_envelope(envelope, payload_type, self.keys_at(at))
        for signature in envelope.signatures:
            self.check_signer(signature.keyid, officer, at)
        return payload

    def check_officer(self, key: str, officer: str) -> None:
        """Raises `NotAuthentic` if this key is another officer's: with a key of their own, nobody calls as somebody else."""
        owner = self.officer_of(key)
        if owner not in (None, officer):
            message = fill("key {key} is {owner}'s, and what it signed names {officer}", key=key, owner=owner, officer=officer)
            raise NotAuthentic(message, hint=mark("each officer signs with a key of their own, under their own code"))

    def check_signer(self, key: str, officer: str, at: datetime) -> None:
        """Raises `NotAuthentic` if this key is another officer's, or the service's where the officer has one at this instant: who
        has a key of their own says things by it and by no other, and nobody else does.
        """
        self.check_officer(key, officer)
        if self.officer_of(key) is None and any(one.officer == officer and one.valid_at(at) for one in self.keys):
            message = fill(
                "key {key} is the service's, and {officer}, whom what it signed names, has a key of their own",
                key=key,
                officer=officer,
            )
            raise NotAuthentic(message, hint=mark("an officer who has a key signs with it"))

    def recipients_at(self, moment: datetime) -> tuple[str, ...]:
        """For whom a file for it is encrypted at this instant; none where it has not given any."""
        return tuple(key.recipient for key in self.keys if key.recipient is not None and key.valid_at(moment))


class Listed(Frozen):
    """A service as another may see it: enough to verify what it signs. How it is reached only where that is the reader's."""

    id: ServiceId
    kind: ServiceKind
    state: State | None
    names: dict[str, Text]
    keys: tuple[ServiceKey, ...]
    contact: Text | None = None
    telephone: Telephone | None = Field(default=None, exclude_if=lambda number: number is None)
    hours: Hours | None = Field(default=None, exclude_if=lambda hours: hours is None)
    zone: Zone | None = Field(default=None, exclude_if=lambda zone: zone is None)
    reach: Reach | None = None


class Directory(Frozen):
    """All services, each id once."""

    vigil: Literal["directory/1"]
    example: bool = False
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=MOST_LISTED_SERVICES)]

    @field_validator("services")
    @classmethod
    def _each_once(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        seen: dict[str, int] = {}
        for service in services:
            if service.id in seen:
                message = f"service {service.id} stands twice; each id stands once"
                raise ValueError(message)
            seen[service.id] = 1
        return services

    @field_validator("services")
    @classmethod
    def _each_key_once(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        for key, one, other in in_two_hands(services):
            message = f"key {key} stands twice, at {one} and {other}; each is in one hand"
            raise ValueError(message)
        return services

    def digest(self) -> str:
        """SHA-256 of its canonical bytes."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return digest(self)

    def find(self, service: str) -> Service | None:
        """The service of this id, or none."""
        return self._by_id.get(service)

    def unknown(self, service: str) -> str:
        """What is wrong with a service that is not in it, and which was meant where one has nearly its name."""
        problem = fill("service {service} is not in the directory", service=service)
        return or_meant(problem, service, (one.id for one in self.services))

    @cached_property
    def _by_id(self) -> Mapping[str, Service]:
        return {one.id: one for one in self.services}

    def signer(self, envelope: Envelope) -> Service | None:
        """Whose key made the first signature, or says so; none where nobody here has such a key."""
        return self._by_key.get(envelope.signatures[0].keyid)

    def signers(self, envelope: Envelope) -> tuple["Service", ...]:
        """Whose keys made its signatures, or say so, each once."""
        known = {one.id: one for each in envelope.signatures if (one := self._by_key.get(each.keyid)) is not None}
        return tuple(known.values())

    @cached_property
    def _by_key(self) -> Mapping[str, Service]:
        return {key_id(key.public): one for one in self.services for key in one.keys}

    def get(self, service: str) -> Service:
        """The service of this id; raises `NotFound`."""
        found = self.find(service)
        if found is None:
            message = fill("no service {service} in the directory", service=service)
            raise NotFound(message)
        return found

    def system(self) -> Service | None:
        """Vigil's own entry, with the key that signs requests and packets."""
        return next((known for known in self.services if known.kind == "system"), None)

    def for_others(self) -> "Directory":
        """Without where people are told, which is for those alone who tell them."""
        return self.model_copy(update={"services": tuple(known.for_others() for known in self.services)})

    def shown_to(self, reader: Service, *, whole: bool) -> tuple[Listed, ...]:
        """Every service with its keys; contact and reach of the reader itself, or `whole`, of everyone."""
        return tuple(
            Listed(
                id=one.id,
                kind=one.kind,
                state=one.state,
                names=one.names,
                keys=one.keys,
                contact=one.contact if whole or one.id == reader.id else None,
                telephone=one.telephone if whole or one.id == reader.id else None,
                hours=one.hours if whole or one.id == reader.id else None,
                zone=one.zone if whole or one.id == reader.id else None,
                reach=one.for_others().reach if whole or one.id == reader.id else None,
            )
            for one in self.services
        )

    def snapshot(self, services: Iterable[str]) -> "Directory":
        """Only these services and Vigil itself, in the directory's order: what a delivery carries with it."""
        wanted = frozenset(services)
        kept = (known for known in self.services if known.id in wanted or known.kind == "system")
        return self.model_copy(update={"services": tuple(one.for_deliveries() for one in kept)})


def faults_in(directory: Directory) -> Iterator[Fault]:
    """What is wrong with a directory that is brought, and would not be with a part of it: more keys than it may carry; an address
    at which what is sent could be read on the way.
    """
    keys, most = sum(len(one.keys) for one in directory.services), max(MOST_KEYS, MOST_KEYS_EACH * len(directory.services))
    if keys > most:
        problem = f"{keys} keys in all; of {len(directory.services)} services {most} at most, {MOST_KEYS_EACH} each on average"
        yield Fault(place="services", problem=problem)
    for service in directory.services:
        for place, url in _addresses(service.reach):
            if not protected(url.scheme, url.host or ""):
                problem = f"{service.id}: expected https://; http:// is for a service on this very machine alone"
                yield Fault(place=f"services.{directory.services.index(service)}.{place}", problem=problem)


def _addresses(reach: Reach) -> Iterator[tuple[str, HttpUrl]]:
    if not isinstance(reach, Desk):
        yield "reach.url", reach.url
        return
    for number, channel in enumerate(reach.notify):
        if isinstance(channel, Webhook):
            yield f"reach.notify.{number}.url", channel.url


def in_two_hands(services: Iterable[Service]) -> Iterator[tuple[KeyId, ServiceId, ServiceId]]:
    """Each key that stands twice among these services, at which one first and at which one again."""
    owner: dict[str, str] = {}
    for service in services:
        for key in service.keys:
            if key.public in owner:
                yield key_id(key.public), owner[key.public], service.id
            owner.setdefault(key.public, service.id)
