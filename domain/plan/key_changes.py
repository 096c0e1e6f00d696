"""A change of a service's keys: one signed record, for the directory and for every delivery that is under way (R24).

A record only adds keys and ends keys. Whatever stands already stays: a validity never grows, and a key that is known is
not made anew. So a record taken twice, or in another order than it was made, changes nothing that it should not.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from domain.plan.directory import Directory, Service, ServiceKey
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, open_envelope
from domain.signing.keys import KeyId, key_id
from domain.words.errors import Fault, Malformed, NotAuthentic, faults_of
from domain.words.identifiers import OperationCode, ServiceId
from domain.words.limits import MOST_KEYS
from domain.words.moments import Moment, instant
from domain.words.text import fill, mark

ENTERED_TYPE = "application/vnd.vigil.entered+json"
"""Of the envelope in which the installation enters a change of keys in its archive."""


class KeyEnd(Frozen):
    """A key counts until `at`. `revoked`: it is not in its owner's hands alone any more."""

    key: KeyId
    at: Moment
    revoked: bool = False


class KeyChange(Frozen):
    """What changes about the keys of `service`; `by` is whose key signs the record."""

    vigil: Literal["keys/1"] = "keys/1"
    service: ServiceId
    by: ServiceId
    made_at: Moment
    added: Annotated[tuple[ServiceKey, ...], Field(max_length=4)] = ()
    ended: Annotated[tuple[KeyEnd, ...], Field(max_length=MOST_KEYS)] = ()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.added and not self.ended:
            message = "a change of keys adds a key or ends one"
            raise ValueError(message)
        return self


class Entered(Frozen):
    """A change of keys as the installation has entered it for all its gateways and workers: in which order, and when.

    It vouches for both and for the signature having been good then, as it does for what is in a ledger.
    """

    vigil: Literal["entered/1"] = "entered/1"
    seq: Annotated[int, Field(ge=1)]
    at: Moment
    change: Envelope


class Taken(Frozen):
    """What became of a change of keys in the deliveries that are under way, by code name."""

    taken: tuple[OperationCode, ...] = ()
    """In their ledgers, now or since before."""
    left: tuple[OperationCode, ...] = ()
    """No worker answered: Temporal keeps it, and it takes effect before anything that comes after it."""
    refused: tuple[Fault, ...] = ()
    """Where it does not count, and why."""
    named: bool = True
    """Whether the deliveries are named. Where they are not, their number is not said either: `refused` has each reason once."""
    waiting: bool = False
    """Whether it is left in any."""

    def unnamed(self) -> "Taken":
        """The same for somebody who may see no delivery: whether all is well, and what is not."""
        problems = dict.fromkeys(fault.problem for fault in self.refused)
        return Taken(refused=tuple(Fault(place="", problem=one) for one in problems), named=False, waiting=self.waiting)


def read_change(envelope: Envelope) -> KeyChange:
    """The record in an envelope, unverified. Raises `Malformed` with every fault, if the bytes are not canonical, and where it
    adds a key twice, or ends one twice: whoever looks at the first end would believe another than who looks at the last.
    """
    payload = envelope.body()
    try:
        change = KeyChange.model_validate_json(payload, strict=True)
    except ValidationError as error:
        raise Malformed(mark("not a change of keys"), faults_of(error)) from error
    if canonical(json.loads(payload)) != payload:
        raise Malformed(mark("the change of keys is not in canonical form (RFC 8785)"))
    added = Counter(key_id(one.public) for one in change.added)
    ended = Counter(one.key for one in change.ended)
    for key, count in (*added.items(), *ended.items()):
        if count > 1:
            raise Malformed(fill("the change names key {key} twice: each key is added once, and ended once", key=key))
    return change


def authentic(envelope: Envelope, directory: Directory, at: datetime) -> KeyChange:
    """The record, after checking that a key of `by` signed it that is valid at this instant.

    Raises `Malformed`, or `NotAuthentic` also where this directory does not know one of the two services, or where an officer's
    key would make a key that is not that officer's: one officer would be two (R20).
    """
    change = read_change(envelope)
    signer = directory.find(change.by)
    if signer is None or directory.find(change.service) is None:
        unknown = change.by if signer is None else change.service
        raise NotAuthentic(
            fill("unknown service {unknown}", unknown=unknown),
            hint=mark("a change of keys is of, and by, services that are known here"),
        )
    open_envelope(envelope, KEYS_TYPE, signer.keys_at(at))
    _gives_its_own(envelope, change, signer)
    return change


def read_entered(envelope: Envelope, installation: Service) -> Entered:
    """The entry, after checking that the installation signed it with a key that was valid then.

    Raises `Malformed` or `NotAuthentic`.
    """
    try:
        entered = Entered.model_validate_json(envelope.body(), strict=True)
    except ValidationError as error:
        raise Malformed(mark("not an entered change of keys"), faults_of(error)) from error
    open_envelope(envelope, ENTERED_TYPE, installation.keys_at(instant(entered.at)))
    return entered


def said_already(change: KeyChange, before: Iterable[KeyChange]) -> bool:
    """Whether these records together say all that this one does: then it need not be kept beside them."""
    made: set[str] = set()
    ends: dict[tuple[str, str, bool], datetime] = {}
    for one in before:
        made |= {key.public for key in one.added}
        for end in one.ended:
            place = (one.service, end.key, end.revoked)
            ends[place] = min(instant(end.at), ends.get(place, instant(end.at)))
    ended = (((change.service, end.key, end.revoked), instant(end.at)) for end in change.ended)
    return all(key.public in made for key in change.added) and all(place in ends and ends[place] <= at for place, at in ended)


def after(directory: Directory, entered: Entered) -> Directory:
    """The directory after a change that the installation has entered.

    Its ends count by the installation's word, which may end anybody's key. A key that it adds counts only if a key that is, or
    was, of its signer's has signed that: nobody who holds the archive, or the installation's key alone, gains a voice (R24).
    """
    change = read_change(entered.change)
    signer = directory.find(change.by)
    ends = change.model_copy(update={"added": ()})
    if not change.added or signer is None or directory.find(change.service) is None:
        return changed(directory, ends)
    try:
        open_envelope(entered.change, KEYS_TYPE, {key_id(key.public): key.public for key in signer.keys})
        _gives_its_own(entered.change, change, signer)
    except NotAuthentic:
        return changed(directory, ends)
    return changed(directory, ends if any(faults_in(directory, change)) else change)


def changed(directory: Directory, change: KeyChange) -> Directory:
    """The directory once the record has been taken: itself if it says nothing new, or is of a service not known here."""
    services = tuple(_changed(one, change) if one.id == change.service else one for one in directory.services)
    return directory if services == directory.services else directory.model_copy(update={"services": services})


def faults_in(directory: Directory, change: KeyChange) -> Iterator[str]:
    """Why this record may not be taken here (R24), where its signature is right: `by` is neither the service itself nor an
    administrator nor the installation; the installation adds a key to another service; it ends a key that the service does not
    have, and is not given; it adds a key of another service; or the service would have more than 64 keys.
    """
    signer, service = directory.get(change.by), directory.get(change.service)
    if change.by != change.service and signer.kind not in ("administrator", "system"):
        yield f"{change.by} is neither {change.service} nor an administrator"
    if change.by != change.service and signer.kind == "system" and change.added:
        yield "the installation may end a key of a service, and never give it one: else it could speak for it"
    known = {key_id(key.public) for key in service.keys} | {key_id(key.public) for key in change.added}
    for end in change.ended:
        if end.key not in known:
            yield f"{change.service} has no key {end.key}"
    others = {key.public: one.id for one in directory.services if one.id != service.id for key in one.keys}
    for key in change.added:
        if key.public in others:
            yield f"key {key_id(key.public)} is of {others[key.public]} already"
    if len(known) > MOST_KEYS:
        yield f"{change.service} would have {len(known)} keys, {MOST_KEYS} at most"


def _gives_its_own(envelope: Envelope, change: KeyChange, signer: Service) -> None:
    """Where a service changes its own keys and an officer's key signs, every key that is added is that officer's."""
    if change.by != change.service:
        return  # whether it may at all is for `faults_in`
    for signature in envelope.signatures:
        owner = signer.officer_of(signature.keyid)
        if owner is not None and any(key.officer != owner for key in change.added):
            message = fill("key {key} is {owner}'s, and makes keys for {owner} alone", key=signature.keyid, owner=owner)
            raise NotAuthentic(
                message, hint=fill("the service's own key makes it, or an administrator, or {owner} for {owner}", owner=owner)
            )


def _changed(service: Service, change: KeyChange) -> Service:
    known = {key.public for key in service.keys}
    keys = (*service.keys, *(key for key in change.added if key.public not in known))
    ends = {end.key: end for end in change.ended}
    after = tuple(_ended(key, ends.get(key_id(key.public))) for key in keys)
    return service if after == service.keys else service.model_copy(update={"keys": after})


def _ended(key: ServiceKey, end: KeyEnd | None) -> ServiceKey:
    if end is None:
        return key
    name = "revoked_at" if end.revoked else "valid_until"
    before: str | None = getattr(key, name)
    sooner = before is None or instant(end.at) < instant(before)
    return key.model_copy(update={name: end.at}) if sooner else key
