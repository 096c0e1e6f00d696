"""Who is signed in with a browser, in the database, so that every gateway of an installation knows.

Nothing in it lets anybody in: of a token only the SHA-256 is kept, and a token is 256 random bits. Nor does what somebody writes
into it: a token bears the installation's seal over whose it is and until when, and its row must say the same. What a session may
do follows from the directory in force at each request, and is not kept here.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import Database
from archive.proofs import use_up
from archive.sealed import KeyWrapping
from archive.tables import begun, links, sessions
from domain.signing.canonical import canonical, digest_of_bytes
from domain.words.errors import Limited, NotAuthentic, NotVerified
from domain.words.moments import instant, utc_text
from domain.words.text import mark

LINK = timedelta(seconds=60)
"""How long a link that has been given is good for, once."""
AWAY = timedelta(minutes=5)
"""How long one who signs in through an OpenID provider may be there, before coming back, once."""
IDLE = timedelta(minutes=15)
"""How long a browser stays signed in without a request, or up to `PROLONGED` less."""
PROLONGED = timedelta(minutes=1)
"""How much longer a session must last by a request for that to be written. Each write waits for the one before it: else whoever
is signed in keeps everybody from writing, with requests that are refused.
"""
LONGEST = timedelta(hours=8)
"""How long at most, however busy: one shift."""

AT_ONCE = 4
"""Tokens that are looked for at the same time: anybody who reaches the gateway may have one looked for, and whoever floods it so
would hold every connection to the database, and nobody could be told any more which keys count.
"""
WAITS = 10.0
"""Seconds for which a look waits for those before it."""


@dataclass(frozen=True)
class SignedIn:
    """Whom a link or a session stands for, as it was when the link was asked for."""

    service: str
    officer: str
    key: str | None
    """Id of the key that proved it; none where an OpenID provider did."""
    subject: str | None = None
    """Whom the provider named, as the SHA-256 of issuer and subject; none where a key proved it."""


class Sessions:
    """Links and sessions. Each of its methods raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, ring: KeyWrapping, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._looks = asyncio.Semaphore(AT_ONCE)

    async def link(self, who: SignedIn, nonce: str) -> tuple[str, datetime]:
        """The token of a new one-time link, and until when it is good. `nonce` is that of the caller's proof.

        Raises `NotAuthentic` if the same proof has been used before, be it at another gateway.
        """
        now = self._clock()
        until = now + LINK
        token = self._token("link", who, utc_text(until))
        async with self._database.writing() as connection:
            await _forget(connection, now)
            await use_up(connection, who.service, nonce, now)
            whom = {"service": who.service, "officer": who.officer, "key": who.key}
            await connection.execute(insert(links).values(**whom, digest=_digest(token), until=utc_text(until)))
        return token, until

    async def enter(self, token: str) -> str:
        """The token of the session that this link opens: it opens one, once. Raises `NotAuthentic`."""
        refused = NotAuthentic(
            mark("this link has expired or was already used"),
            hint=mark("a link signs in once, within a minute: `vigil sign-in` again"),
        )
        async with self._used_up(links, token, refused) as (connection, found):
            who = SignedIn(found.service, found.officer, found.key)
            if not self._is_of("link", token, who, found.until):
                raise refused
            return await self._opened(connection, who)

    async def go(self) -> str:
        """The token of a browser that goes to an OpenID provider: with it, it may come `back`."""
        now, token = self._clock(), secrets.token_urlsafe(32)
        async with self._database.writing() as connection:
            await _forget(connection, now)
            await connection.execute(insert(begun).values(digest=_digest(token), until=utc_text(now + AWAY)))
        return token

    async def back(self, token: str) -> None:
        """It came back: once, within five minutes. Raises `NotAuthentic`."""
        refused = NotAuthentic(
            mark("this sign-in was not begun in this browser, or is over"),
            hint=mark("begin again; it takes one way, within five minutes"),
        )
        async with self._used_up(begun, token, refused):
            pass

    async def open(self, who: SignedIn) -> str:
        """The token of a new session of one whom an OpenID provider has named."""
        async with self._database.writing() as connection:
            return await self._opened(connection, who)

    async def of(self, token: str) -> SignedIn:
        """Who is signed in with this token; the session then lasts on. Raises `NotAuthentic` if there is none any more."""
        now, mine = self._clock(), sessions.c.digest == _digest(token)
        async with self._looking() as connection:
            found = (await connection.execute(select(sessions).where(mine, sessions.c.idle_until > utc_text(now)))).first()
        refused = NotAuthentic(mark("you are not signed in, or not any more"))
        if found is None:
            raise refused
        who = SignedIn(found.service, found.officer, found.key, found.subject)
        if not self._is_of("session", token, who, found.until):
            raise refused
        ends, idle_until = instant(found.until), instant(found.idle_until)
        lasting = min(now + IDLE, ends)
        if lasting - idle_until >= PROLONGED or idle_until < lasting == ends:
            async with self._database.writing() as connection:
                await connection.execute(update(sessions).where(mine).values(idle_until=utc_text(lasting)))
        return who

    async def end(self, token: str) -> None:
        """Sign out. A session that is none any more is no fault."""
        async with self._database.writing() as connection:
            await connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))

    @asynccontextmanager
    async def _used_up(
        self, table: Table, token: str, refused: NotAuthentic
    ) -> AsyncIterator[tuple[AsyncConnection, Row[tuple[Any, ...]]]]:
        """What this token stands for, which it does no more; with the transaction in which that is so. Raises `refused`."""
        good = (table.c.digest == _digest(token)) & (table.c.until > utc_text(self._clock()))
        async with self._looking() as connection:  # so that a stranger who guesses never keeps anybody from writing
            if (await connection.execute(select(table.c.digest).where(good))).first() is None:
                raise refused
        async with self._database.writing() as connection:
            found = (await connection.execute(delete(table).where(good).returning(table))).first()
            if found is None:
                raise refused
            yield connection, found

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[AsyncConnection]:
        """For one look for a token, in its turn. Raises `Limited`."""
        try:
            async with asyncio.timeout(WAITS):
                await self._looks.acquire()
        except TimeoutError as error:
            raise Limited(mark("too many browsers ask here at once"), after=1) from error
        try:
            async with self._database.reading() as connection:
                yield connection
        finally:
            self._looks.release()

    async def _opened(self, connection: AsyncConnection, who: SignedIn) -> str:
        now = self._clock()
        ends = {"idle_until": utc_text(now + IDLE), "until": utc_text(now + LONGEST)}
        token = self._token("session", who, ends["until"])
        await connection.execute(insert(sessions).values(**vars(who), digest=_digest(token), **ends))
        return token

    def _token(self, of: str, who: SignedIn, until: str) -> str:
        """A new one, of nobody else and no longer."""
        drawn = secrets.token_urlsafe(32)
        key, seal = self._ring.wrap(b"", _bound(of, drawn, who, until))
        return f"{drawn}.{key}.{seal.hex()}"

    def _is_of(self, of: str, token: str, who: SignedIn, until: str) -> bool:
        """Whether it was made so, whatever its row says now. Raises `Unavailable` where the key of its seal is missing here."""
        with suppress(NotVerified, ValueError):
            drawn, key, seal = token.split(".")
            return self._ring.unwrap(key, bytes.fromhex(seal), _bound(of, drawn, who, until)) == b""
        return False


def _bound(of: str, drawn: str, who: SignedIn, until: str) -> bytes:
    return canonical(["vigil session/1", of, drawn, who.service, who.officer, who.key, who.subject, until])


def _digest(token: str) -> str:
    return digest_of_bytes(token.encode())


async def _forget(connection: AsyncConnection, now: datetime) -> None:
    """Whatever is over leaves no row behind."""
    for end in (links.c.until, begun.c.until, sessions.c.idle_until):
        await connection.execute(delete(end.table).where(end <= utc_text(now)))
