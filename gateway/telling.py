"""Tells an officer that something waits at the desk, and of how many deliveries: by a signed webhook or by mail, once, and no
longer than `ONE_NOTICE`. It says nothing else: no code name, no place, no service, no subject.

Where notices go is an officer's choice, and where they may go the operator's: a gateway posts to no other host, whatever an
officer writes, and follows nothing (docs/decisions/0061).
"""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.subscriptions import KeptSubscription
from domain.plan.directory import Email, Webhook
from domain.signing.canonical import canonical, digest, digest_of_bytes
from domain.views.subscriptions import Failure, Page, Wish
from domain.words.errors import Fault, Malformed
from domain.words.limits import MOST_SUBSCRIPTIONS_IN_ALL
from domain.words.moments import utc_text
from domain.words.text import fill, mark
from process.language import speaker, speakers
from process.mail import Mailbox, NotMailedError, send
from protocol.webhooks import NotTakenError, post

ONE_NOTICE: Final = 15.0
"""Seconds for one webhook or one mail, from the first look-up of a name to the last word of its server."""
WAITS: Final = mark("Vigil: something waits at the desk ({count})")
TEST: Final = mark("Vigil: this is a test, and nothing waits by it")
LETTER: Final = (
    mark("Something waits at the desk. Deliveries: {count}."),
    mark("This message says no more on purpose. Read it at"),
    mark("Whoever subscribed to it ends it there, on the page You, or with: vigil notices unsubscribe {subscription}"),
    mark("Nobody reads answers to this message."),
)


def way_out(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """To receivers, to all of them at once. Nothing that one answers goes along with what is posted next: no cookie is kept."""
    connector = aiohttp.TCPConnector(limit=MOST_SUBSCRIPTIONS_IN_ALL, ssl=tls)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def places(text: str) -> tuple[str, ...]:
    """The hosts and domains that a setting names."""
    return tuple(dict.fromkeys(text.replace(",", " ").lower().split()))


class Teller:
    """The installation's way to officers' webhooks and mailboxes."""

    def __init__(  # noqa: PLR0913, PLR0917 - by what, in whose name, and where to
        self,
        http: aiohttp.ClientSession,
        key: Ed25519PrivateKey,
        gateway: str,
        may_go_to: tuple[str, ...] = (),
        mailbox: Mailbox | None = None,
        patience: float = ONE_NOTICE,
    ) -> None:
        self._http = http
        self._key = key
        self._desk = f"{gateway.rstrip('/')}/desk"
        self._mailbox = mailbox
        self._patience = patience
        self.may_go_to = may_go_to

    def check(self, wish: Wish) -> None:
        """Raises `Malformed` where notices may not go there, or nobody could send them."""
        failure = self._hinders(wish)
        if failure == "not_set_up":
            raise Malformed(
                mark("this installation sends no mail"), hint=mark("subscribe by page or webhook, or ask whoever runs it")
            )
        if failure is not None:
            allowed = ", ".join(self.may_go_to) or "-"
            problem = fill("notices may not go there; they may to: {places}", places=allowed)
            raise Malformed(
                mark("not to that address"),
                [Fault(place="way", problem=problem)],
                hint=mark("whoever runs the installation adds it to VIGIL_NOTICES_TO"),
            )

    def _hinders(self, wish: Wish) -> Failure | None:
        match wish.way:
            case Webhook(url=url):
                host = (url.host or "").lower()
                usual = {"https": 443, "http": 80}[url.scheme]  # nobody tries which other ports of a host answer
                names = {f"{host}:{url.port}", f"{host}:*", *([host] if url.port == usual else [])}
                return None if names & {*self.may_go_to} else "not_allowed"
            case Email(to=to):
                if self._mailbox is None:
                    return "not_set_up"
                return None if to.rpartition("@")[2].lower() in self.may_go_to else "not_allowed"
            case Page():
                return None

    async def tell(self, one: KeptSubscription, count: int | None, language: str | None = None) -> Failure | None:
        """Say that something came up in so many deliveries; none: that this is a test. Returns why it was not taken, if so,
        within `ONE_NOTICE`, whatever the receiver does. `language`: of who reads it, if it is known.
        """
        if (hindered := self._hinders(one.wish)) is not None:
            return hindered
        of = [one.id, one.heard, one.heard_urgent] if count is not None else [one.id, "test", utc_text(datetime.now(UTC))]
        number = f"msg_{digest_of_bytes(self._key.sign(b'waiting ' + digest(of).encode()))[:32]}"
        try:
            async with asyncio.timeout(self._patience):
                match one.wish.way:
                    case Webhook(url=url):
                        await post(self._http, str(url), number, canonical(self._document(count)), self._key)
                    case Email(to=to):
                        assert self._mailbox is not None  # noqa: S101 - `_hinders` has looked
                        mail = letter(one.id, count, number, self._mailbox.sender, to, self._desk, language)
                        await send(self._mailbox, mail, self._patience)
        except TimeoutError:
            return "late"
        except NotTakenError as error:
            return "away" if error.status is None else "status"
        except NotMailedError:
            return "mail"
        return None

    def _document(self, count: int | None) -> dict[str, object]:
        kind = "desk.test" if count is None else "desk.waiting"
        return {"type": kind, "timestamp": utc_text(datetime.now(UTC)), "data": {"count": count or 0, "desk": self._desk}}


def letter(  # noqa: PLR0913, PLR0917 - what a mail is made of
    subscription: str, count: int | None, number: str, sender: str, to: str, desk: str, language: str | None
) -> EmailMessage:
    """The mail, in the language of who reads it; in each that there is where that is not known."""
    languages = tuple(speakers(language))
    subject = TEST if count is None else WAITS
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = " / ".join(speaker(one)(subject).format(count=count) for one in languages)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    values = {"count": count, "subscription": subscription, "desk": desk}
    message.set_content("\n".join(line.format(**values) for one in languages for line in _lines(one, count)))
    return message


def _lines(language: str, count: int | None) -> Iterator[str]:
    speak = speaker(language)
    first, where, end, nobody = LETTER
    yield from (speak(TEST if count is None else first), "", speak(where), "{desk}", "", speak(end), speak(nobody), "")
