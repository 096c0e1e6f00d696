"""Whoever calls a gateway: as an officer of a service, with the service's own key."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from client import completing
from client.connecting import session
from client.keyring import key_of, officer_of
from client.language import _
from client.options import DUTY, GATEWAY, KEYS, OFFICER, As, Keys, Officer, Url
from client.receipts import KeptReceipts
from domain.plan.plan import Plan
from domain.words.errors import Malformed, NotAllowed, NotFound, VigilError, faults_of
from domain.words.identifiers import OfficerCode
from domain.words.likeness import did_you_mean
from domain.words.limits import LONGEST_LIST
from process.language import of
from protocol.gateway import Gateway

T = TypeVar("T")
_OFFICER: TypeAdapter[str] = TypeAdapter(OfficerCode)


@dataclass(frozen=True)
class CallerOptions:
    """As the options of nearly every command say."""

    service: As
    officer: Officer = OFFICER
    keys: Keys = KEYS
    gateway: Url = GATEWAY

    @property
    def folder(self) -> Path:
        """Where the service's keys are."""
        return self.keys.expanduser()

    @property
    def code(self) -> str:
        """Which officer it is: whose key it is, else as the option says. Raises `NotAllowed` if that is another."""
        return code_for(self.folder, self.service, self.officer)

    def key(self) -> Ed25519PrivateKey:
        """What the service signs with now. Raises `NotFound`, `NotAllowed` or `Malformed`."""
        return key_of(self.folder, self.service)

    def call(self, work: Callable[[Gateway], Awaitable[T]]) -> T:
        """Do something at the gateway."""
        return call_with(self.key(), self.gateway, self.service, self.code, work, self.shelf)

    def at(self, delivery: str, work: Callable[[Gateway], Awaitable[T]]) -> T:
        """The same about one delivery; where there is none of that name, which one was meant is said. Raises `NotFound` so."""
        try:
            return self.call(work)
        except NotFound as error:
            known: list[str] = []
            with suppress(VigilError):
                known = [row.delivery for row in self.call(lambda door: door.deliveries({}, LONGEST_LIST))]
            if delivery in known:
                raise
            raise NotFound(error.message, hint=did_you_mean(delivery, known) or error.words[1]) from error

    @property
    def shelf(self) -> KeptReceipts:
        """Where receipts are kept."""
        return KeptReceipts(self.folder, self.service)


@dataclass(frozen=True)
class InitiatorOptions:
    """The same of whoever starts or changes a delivery: the plan says who that is."""

    service: Annotated[
        str | None,
        typer.Option(
            "--as", help="the initiator you act for; left out: as the plan says", autocompletion=completing.own_services
        ),
    ] = None
    officer: Officer = OFFICER
    keys: Keys = KEYS
    gateway: Url = GATEWAY

    def of(self, plan: Plan) -> CallerOptions:
        """Who signs the plan and hands it in. Raises `NotAllowed` for a service that does not initiate it."""
        service = self.service or plan.initiator
        if service not in plan.initiators():
            message = _(
                "{service} does not initiate {operation}, and cannot sign its plan", service=service, operation=plan.operation
            )
            hint = _("leave --as out, or name {services}", services=", ".join(plan.initiators()))
            raise NotAllowed(message, hint=hint)
        return CallerOptions(service, self.officer, self.keys, self.gateway)


def code_for(folder: Path, service: str, officer: str | None) -> str:
    """The code of the officer who acts with the key of the service that is in use here. Raises `NotAllowed` for another."""
    owner = officer_of(folder, service)
    if None not in (owner, officer) and owner != officer:
        message = _(
            "the key of {service} in {folder} is {owner}'s, and --officer names {officer}",
            service=service,
            folder=folder,
            owner=owner,
            officer=officer,
        )
        raise NotAllowed(message, hint=_("each officer has a key of their own, in a folder of their own: say where with --keys"))
    return owner or officer or DUTY


def call_with(  # noqa: PLR0913, PLR0917 - who calls whom, for what
    key: Ed25519PrivateKey,
    url: str,
    service: str,
    officer: str,
    work: Callable[[Gateway], Awaitable[T]],
    shelf: KeptReceipts | None = None,
) -> T:
    """Do something at a gateway with this key of the service. `shelf`: where receipts are kept and compared."""
    try:
        code = _OFFICER.validate_python(officer)
    except ValidationError as error:
        raise Malformed(_("--officer {officer}", officer=officer), faults_of(error, place="officer")) from error

    async def connected() -> T:
        async with session() as http:
            return await work(Gateway(http, url, service, key, code, shelf, of(os.environ)))

    return asyncio.run(connected())
