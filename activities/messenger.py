"""People at a desk are told that something waits for them, by webhook or by mail, and never what: no content, no place, no
name, and no checkpoint, since those are named after places. What they are asked they read in their inbox, under their own key.

A webhook follows Standard Webhooks 1.0.0 with its asymmetric signature `v1a`, by Vigil's own Ed25519 key: there is no secret to
share, to keep or to steal. A mail has the same `Message-ID` whenever the same thing is told again.

Where they are told stands in the directory that the worker was started with, and nowhere else: no delivery, no packet and no
history holds an address (docs/decisions/0013).
"""

import asyncio
import logging
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal, NamedTuple

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.delivery.requests import Notice, Request
from domain.delivery.vocabulary import AnyNotice, UtcText
from domain.plan.directory import Channel, Desk, Email, Webhook
from domain.signing.canonical import Frozen, canonical, digest, digest_of_bytes, plain
from domain.views.names import ALERTS
from domain.views.sentences import Translate
from domain.words.errors import Fault, Malformed
from domain.words.identifiers import OperationCode, ServiceId
from domain.words.moments import instant, utc_text
from domain.words.text import mark, shown
from process.in_force import InForce
from process.language import speakers
from process.mail import Mailbox, NotMailedError, send
from protocol.webhooks import NotTakenError, post

log = logging.getLogger("vigil.messenger")

ONE_ALERT = 15.0
"""Seconds for one webhook or one mail, from the first look-up of a name to the last word of its server. Standard Webhooks
recommends 15 to 30.
"""


class NotToldError(Exception):
    """Nobody took the message, as far as is known. Trying again later may help."""

    def __init__(self, message: str, *, perhaps: bool = False) -> None:
        """`perhaps`: somebody was given it, and did not say in time whether they have it."""
        super().__init__(message)
        self.perhaps = perhaps


class Alert(Frozen):
    """All that is told: something of this kind waits for this service."""

    type: Literal["request", AnyNotice]
    delivery: OperationCode
    service: ServiceId
    at: UtcText
    """When it came up; the same however often it is told."""
    number: str
    """Id of the request or notice. It may tell the checkpoint, so it stays here: see `message_id`."""

    @classmethod
    def of_request(cls, request: Request) -> "Alert":
        """That a request waits."""
        return cls(type="request", delivery=request.delivery, service=request.service, at=request.asked_at, number=request.id)

    @classmethod
    def of_notice(cls, notice: Notice, at: datetime) -> "Alert":
        """That there is a notice."""
        return cls(type=notice.kind, delivery=notice.delivery, service=notice.service, at=utc_text(at), number=notice.id)


def message_id(alert: Alert, key: Ed25519PrivateKey) -> str:
    """The same for the same thing, and without a full stop, as the specification demands.

    It is made with the key, for a plain hash would tell the checkpoint to whoever tries out names of places.
    """
    return f"msg_{digest_of_bytes(key.sign(b'alert ' + digest([alert.type, alert.number]).encode()))[:32]}"


class Reached(NamedTuple):
    """Whether a message has been taken somewhere, and whether everywhere."""

    anyone: bool
    everyone: bool


class Messenger:
    """Tells people at a desk, in Vigil's name."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        directory: InForce,
        key: Ed25519PrivateKey,
        gateway: str,
        mailbox: Mailbox | None = None,
    ) -> None:
        """`gateway` is where they read what waits. Raises `Malformed` if somebody is told by mail and no mail is set up."""
        self._http = http
        self._key = key
        self._gateway = gateway
        self._mailbox = mailbox
        self._directory = directory
        everyone = [one.id for one in directory.now.services]
        unreached = [one for one in everyone if any(isinstance(channel, Email) for channel in self.channels(one))]
        if mailbox is None and unreached:
            faults = [
                Fault(place=f"directory: {one}: reach.notify", problem="by email, and no mail is set up") for one in unreached
            ]
            raise Malformed(mark("not everybody could be told"), faults, hint=mark("set VIGIL_SMTP_URL and VIGIL_MAIL_FROM"))

    def channels(self, service: str) -> tuple[Channel, ...]:
        """Where this service is told; nowhere if the directory names no place."""
        known = self._directory.now.find(service)
        return known.reach.notify if known is not None and isinstance(known.reach, Desk) else ()

    def _language(self, service: str) -> str | None:
        known = self._directory.now.find(service)
        return known.language if known is not None else None

    async def tell(self, alert: Alert, taken: list[str], perhaps: list[str] | None = None) -> "Reached":
        """Tell through every channel that has not taken this yet, side by side. It returns within `ONE_ALERT`, whatever they do.

        `taken` keeps which have: it gets a mark of each, and with it nothing is told twice. `perhaps` gets a mark of each of
        which nobody knows whether it has.
        """
        number = message_id(alert, self._key)
        marks = {digest([plain(one), number])[:16]: one for one in self.channels(alert.service)}

        async def through(mark: str, channel: Channel) -> None:
            try:
                await self._send(channel, alert)
            except NotToldError as error:
                log.warning("%s", error, extra={"service": alert.service, "delivery": alert.delivery})
                if error.perhaps and perhaps is not None:
                    perhaps.append(mark)
            else:
                taken.append(mark)

        await asyncio.gather(*(through(mark, channel) for mark, channel in marks.items() if mark not in taken))
        return Reached(anyone=not marks.keys().isdisjoint(taken), everyone=marks.keys() <= set(taken))

    async def _send(self, channel: Channel, alert: Alert) -> None:
        """Raises `NotToldError`, in time: what a server may take for each of its steps adds up."""
        match channel:
            case Webhook():
                try:
                    async with asyncio.timeout(ONE_ALERT):
                        await self._post(channel, alert)
                except TimeoutError as error:
                    raise NotToldError(f"{alert.service} cannot be told by {channel.by} in time") from error
            case Email():
                await self._mail(channel, alert)

    async def _post(self, channel: Webhook, alert: Alert) -> None:
        told = {
            "type": alert.type if alert.type == "request" else f"notice.{alert.type}",
            "timestamp": alert.at,
            "data": {
                "delivery": alert.delivery,
                "service": alert.service,
                "gateway": self._gateway,
            },
        }
        try:
            await post(self._http, str(channel.url), message_id(alert, self._key), canonical(told), self._key)
        except NotTakenError as error:
            raise NotToldError(f"the webhook of {alert.service} {error}") from error

    async def _mail(self, channel: Email, alert: Alert) -> None:
        box = self._mailbox
        if box is None:  # a directory that came later
            raise NotToldError(f"{alert.service} is told by mail, and no mail is set up")
        number, language = message_id(alert, self._key), self._language(alert.service)
        try:
            await send(box, mail(alert, number, box.sender, channel.to, self._gateway, language), ONE_ALERT)
        except NotMailedError as error:
            raise NotToldError(
                f"the mail server does not take the mail to {alert.service}: {error}", perhaps=error.perhaps
            ) from error


def mail(  # noqa: PLR0913, PLR0917 - what a mail is made of
    alert: Alert, number: str, sender: str, to: str, gateway: str, language: str | None = None
) -> EmailMessage:
    """The message, the same bytes whenever the same thing is told. `language`: of those who read it, if it is known."""
    speak = tuple(speakers(language).values())
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = f"Vigil: {shown(alert.delivery)}: {' / '.join(one(ALERTS[alert.type]) for one in speak)}"
    message["Date"] = format_datetime(instant(alert.at))
    message["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    message.set_content("\n".join(_letter(alert, gateway, one) for one in speak))
    return message


def _letter(alert: Alert, gateway: str, speak: Translate) -> str:
    what = speak(ALERTS[alert.type])
    lines = (
        speak(mark("To {service}, in the operation {delivery}: {what}.")),
        "",
        speak(mark("This message says no more on purpose. Read it at")),
        "{gateway}",
        speak(mark("with: vigil inbox --as {service}")),
        "",
        speak(mark("Nobody reads answers to this message.")),
        "",
    )
    return "\n".join(lines).format(service=shown(alert.service), delivery=shown(alert.delivery), what=what, gateway=gateway)
