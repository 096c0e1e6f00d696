"""People at a desk are told that something waits for them, by webhook or by mail, and never what: no content, no place, no
name. What they are asked they read in their inbox, under their own key.

A webhook follows Standard Webhooks 1.0.0 with its asymmetric signature `v1a`, by Vigil's own Ed25519 key: there is no secret to
share, to keep or to steal. A mail has the same `Message-ID` whenever the same thing is told again.

Where they are told stands in the directory that the worker was started with, and nowhere else: no delivery, no packet and no
history holds an address (docs/decisions/0013).
"""

import logging
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal, NamedTuple

import aiohttp
from aiosmtplib import SMTPException, send
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.delivery.ledger import NoticeKind, UtcText
from domain.delivery.requests import Notice, Request
from domain.plan.directory import Channel, Desk, Email, Webhook
from domain.signing.canonical import Frozen, canonical, digest, plain
from domain.signing.keys import b64
from domain.words.errors import Fault, Malformed
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId
from domain.words.moments import instant, utc_text
from process.in_force import InForce
from process.mail import Mailbox

log = logging.getLogger("vigil.desks")

ONE_CALL = aiohttp.ClientTimeout(total=15)
"""As the specification recommends: 15 to 30 seconds."""
ONE_MAIL = 15.0
"""Seconds for one mail to be taken by the server."""

WORDS: dict[Literal["request", NoticeKind], str] = {
    "request": "something is asked of you",
    "reminder": "an answer is still waited for",
    "escalation": "others have not answered, and you are next",
    "silence": "an answer has not come in time",
    "withdrawn": "nothing is waited for any more",
    "amended": "the plan was changed",
    "outcome": "it has an outcome",
    "keys": "keys of a service were changed",
    "alarm": "there is an alarm",
    "conflict": "there is somebody to call",
}
"""What a mail says of each kind."""


class NotToldError(Exception):
    """Nobody took the message. Trying again later may help."""


class Waiting(Frozen):
    """All that is told: something of this kind waits for this service."""

    type: Literal["request", NoticeKind]
    delivery: OperationCode
    checkpoint: CheckpointId | None
    service: ServiceId
    at: UtcText
    """When it came up; the same however often it is told."""
    number: str
    """Id of the request or notice. It is not told: what is, is made from it."""

    @classmethod
    def of_request(cls, request: Request) -> "Waiting":
        """That a request waits."""
        who = {"delivery": request.delivery, "checkpoint": request.checkpoint, "service": request.service}
        return cls(type="request", **who, at=request.asked_at, number=request.id)

    @classmethod
    def of_notice(cls, notice: Notice, at: datetime) -> "Waiting":
        """That there is a notice."""
        who = {"delivery": notice.delivery, "service": notice.service}
        return cls(type=notice.kind, checkpoint=notice.checkpoint, **who, at=utc_text(at), number=notice.id)

    @property
    def message_id(self) -> str:
        """The same for the same thing, and without a full stop, as the specification demands."""
        return f"msg_{digest([self.type, self.number])[:32]}"


class Told(NamedTuple):
    """Whether a message has been taken somewhere, and whether everywhere."""

    anyone: bool
    everyone: bool


class Desks:
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
            raise Malformed("not everybody could be told", faults, hint="set VIGIL_SMTP_URL and VIGIL_MAIL_FROM")

    def channels(self, service: str) -> tuple[Channel, ...]:
        """Where this service is told; nowhere if the directory names no place."""
        known = self._directory.now.find(service)
        return known.reach.notify if known is not None and isinstance(known.reach, Desk) else ()

    async def tell(self, waiting: Waiting, taken: list[str]) -> "Told":
        """Tell through every channel that has not taken this yet. `taken` keeps which have: it gets a mark of each, and with it
        nothing is told twice.
        """
        marks = {digest([plain(one), waiting.message_id])[:16]: one for one in self.channels(waiting.service)}
        for mark, channel in marks.items():
            if mark in taken:
                continue
            try:
                await self._send(channel, waiting)
            except NotToldError as error:
                log.warning("%s", error, extra={"service": waiting.service, "delivery": waiting.delivery})
            else:
                taken.append(mark)
        return Told(anyone=not marks.keys().isdisjoint(taken), everyone=marks.keys() <= set(taken))

    async def _send(self, channel: Channel, waiting: Waiting) -> None:
        match channel:
            case Webhook():
                await self._post(channel, waiting)
            case Email():
                await self._mail(channel, waiting)

    async def _post(self, channel: Webhook, waiting: Waiting) -> None:
        told = {
            "type": waiting.type if waiting.type == "request" else f"notice.{waiting.type}",
            "timestamp": waiting.at,
            "data": {
                "delivery": waiting.delivery,
                "checkpoint": waiting.checkpoint,
                "service": waiting.service,
                "gateway": self._gateway,
            },
        }
        body = canonical(told)
        try:
            async with self._http.post(
                str(channel.url), data=body, headers=self._signed(waiting, body), timeout=ONE_CALL, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise NotToldError(f"the webhook of {waiting.service} answers with status {answer.status}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NotToldError(f"the webhook of {waiting.service} cannot be reached") from error

    def _signed(self, waiting: Waiting, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks; the time is that of this attempt."""
        now = str(int(datetime.now(UTC).timestamp()))
        signature = self._key.sign(b".".join([waiting.message_id.encode(), now.encode(), body]))
        return {
            "Content-Type": "application/json",
            "webhook-id": waiting.message_id,
            "webhook-timestamp": now,
            "webhook-signature": f"v1a,{b64(signature)}",
        }

    async def _mail(self, channel: Email, waiting: Waiting) -> None:
        box = self._mailbox
        if box is None:  # a directory that came later
            raise NotToldError(f"{waiting.service} is told by mail, and no mail is set up")
        try:
            await send(
                mail(waiting, box.sender, channel.to, self._gateway),
                hostname=box.host,
                port=box.port,
                username=box.username,
                password=box.password,
                use_tls=box.protection == "tls",
                start_tls=box.protection == "starttls",
                local_hostname=box.sender.rpartition("@")[2],
                timeout=ONE_MAIL,
            )
        except (SMTPException, OSError) as error:  # their texts may hold addresses
            raise NotToldError(f"the mail server does not take the mail to {waiting.service}: {type(error).__name__}") from error


def mail(waiting: Waiting, sender: str, to: str, gateway: str) -> EmailMessage:
    """The message, the same bytes whenever the same thing is told."""
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = f"Vigil: {waiting.delivery}: {WORDS[waiting.type]}"
    message["Date"] = format_datetime(instant(waiting.at))
    message["Message-ID"] = f"<{waiting.message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    where = f", at {waiting.checkpoint}" if waiting.checkpoint is not None else ""
    message.set_content(
        f"To {waiting.service}, in the operation {waiting.delivery}{where}: {WORDS[waiting.type]}.\n"
        "\n"
        "This message says no more on purpose. Read it at\n"
        f"{gateway}\n"
        f"with: vigil inbox --as {waiting.service}\n"
        "\n"
        "Nobody reads answers to this message.\n"
    )
    return message
