"""The installation's way to send mail: an SMTP server (RFC 5321), over TLS where a password is given."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib
from pydantic import TypeAdapter, ValidationError

from domain.plan.directory import MailAddress
from domain.words.errors import Fault, Malformed
from process.configuration import text_of

Protection = Literal["none", "starttls", "tls"]

_SCHEMES: dict[str, tuple[Protection, int]] = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
"""How a connection is protected, and the usual port (RFC 8314)."""
_SENDER: TypeAdapter[str] = TypeAdapter(MailAddress)


class NotMailedError(Exception):
    """The server did not take a mail, as far as is known. Trying again later may help."""

    def __init__(self, message: str, *, perhaps: bool = False) -> None:
        """`perhaps`: it was given the mail, and did not say in time, or in words of SMTP, whether it has it."""
        super().__init__(message)
        self.perhaps = perhaps


class Mailbox(NamedTuple):
    """From where, and through which server."""

    sender: str
    host: str
    port: int
    protection: Protection
    username: str | None = None
    password: str | None = None


def mailbox(url: str | None, sender: str | None, password: Path | None) -> Mailbox | None:
    """What the settings say; None if they say nothing of mail. Raises `Malformed` or `NotFound`; no message holds a secret."""
    if url is None and sender is None and password is None:
        return None
    if url is None or sender is None:
        missing = "VIGIL_SMTP_URL" if url is None else "VIGIL_MAIL_FROM"
        raise _wrong(missing, "not given; to send mail both are needed")
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise _wrong("VIGIL_SMTP_URL", f"expected {', '.join(f'{scheme}://HOST:PORT' for scheme in _SCHEMES)}")
    protection, usual = _SCHEMES[parts.scheme]
    if parts.password is not None:
        raise _wrong("VIGIL_SMTP_URL", "it holds a password; put that into a file of its own and name it by VIGIL_SMTP_PASSWORD")
    if (parts.username is None) != (password is None):
        raise _wrong(
            "VIGIL_SMTP_PASSWORD", "a password needs a user in VIGIL_SMTP_URL (smtps://USER@HOST), and a user a password"
        )
    if password is not None and protection == "none":
        raise _wrong("VIGIL_SMTP_URL", "a password is not sent in clear: smtps:// or smtp+starttls://")
    try:
        _SENDER.validate_python(sender)
    except ValidationError as error:
        raise _wrong("VIGIL_MAIL_FROM", "no mail address") from error
    username = unquote(parts.username) if parts.username is not None else None
    secret = text_of(password).strip() if password is not None else None
    return Mailbox(sender, parts.hostname, port or usual, protection, username, secret)


class _Client(aiosmtplib.SMTP):
    """Knows whether the server has been given the mail."""

    given = False

    async def data(self, message: str | bytes, /, **more: Any) -> aiosmtplib.SMTPResponse:
        """Give it: the server has nothing of it before it has answered the word DATA, and it is written."""
        if (protocol := self.protocol) is None:
            return await super().data(message, **more)  # which says so
        write = protocol.write

        def giving(data: bytes) -> None:
            self.given = self.given or data != b"DATA\r\n"
            write(data)

        setattr(protocol, "write", giving)  # noqa: B010 - mypy takes no assignment to a method
        try:
            return await super().data(message, **more)
        finally:
            setattr(protocol, "write", write)  # noqa: B010


async def send(box: Mailbox, message: EmailMessage, patience: float) -> None:
    """Hand a mail to the server, within so many seconds. Raises `NotMailedError`.

    What the server has said that it has is mailed: whether it answers to the word of leave is not waited for, or a mail that was
    taken would be sent again and again.
    """
    client = _Client(
        hostname=box.host,
        port=box.port,
        username=box.username,
        password=box.password,
        use_tls=box.protection == "tls",
        start_tls=box.protection == "starttls",
        local_hostname=box.sender.rpartition("@")[2],
        timeout=patience,
    )
    try:
        async with asyncio.timeout(patience):
            await client.connect()
            await client.send_message(message)
        if isinstance(client.transport, asyncio.WriteTransport):
            client.transport.write(b"QUIT\r\n")
    except (aiosmtplib.SMTPException, OSError) as error:  # their texts may hold addresses
        refuses = isinstance(error, aiosmtplib.SMTPResponseException) and error.code != aiosmtplib.SMTPStatus.invalid_response
        perhaps = client.given and not refuses
        raise NotMailedError(type(error).__name__, perhaps=perhaps) from error
    finally:
        client.close()


def _wrong(setting: str, problem: str) -> Malformed:
    return Malformed("mail is not set up right", [Fault(place=setting, problem=problem)], hint="see deploy/README.md")
