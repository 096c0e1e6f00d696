"""The log of reads in the database: appended to by any number of gateways, one after another, and never changed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import PATIENCE, Database
from archive.proofs import unused
from archive.tables import reads, seen, tips, used_proofs
from domain.plan import proof
from domain.plan.directory import Service
from domain.record.reads import EMPTY, Read, ReadsPage, Shown, Tip, after, contains, signed_tip, unverified_tip
from domain.signing.canonical import canonical, digest_of_bytes
from domain.signing.envelope import READS_TYPE, Envelope, sign
from domain.words.errors import NotAuthentic, NotVerified, Unavailable
from domain.words.limits import MOST_READ
from domain.words.moments import utc_text
from domain.words.text import mark

AT_ONCE = 200
"""Records of one transaction at most. What comes while one is being written is written together in the next."""
NAMES_AT_ONCE = 20 * MOST_READ
"""Names of deliveries in them: each is a row, and 20,000 take half a second. Where hundreds begin to follow a full watch floor, a
transaction of all their records would take longer than any may, and be refused to everybody, again and again.
"""
LONGEST_PAGE = 1000


@dataclass(frozen=True)
class _WaitingRead:
    shown: Shown
    proof: str | None
    """Digest of the proof that was used, which must not be good for another answer."""
    written: asyncio.Future[Read] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def refuse(self, error: Exception) -> None:
        if not self.written.done():  # whoever waited may have gone
            self.written.set_exception(error)


class Reads:
    """The log of one installation, whose key signs how far it goes."""

    def __init__(self, database: Database, key: Ed25519PrivateKey, installation: Service) -> None:
        self._database = database
        self._key = key
        self._installation = installation
        self._tip = EMPTY
        """As far as this process has written or seen it. A log that does not contain it is not gone on with."""
        self._forget_at = datetime.min.replace(tzinfo=UTC)
        """When proofs that are no longer valid are next forgotten."""
        self._waiting: list[_WaitingRead] = []
        self._writer: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Bring the database up to date. Raises `Unavailable`; then it is tried again when something is to be written."""
        await self._database.migrate()

    async def close(self) -> None:
        """Write what waits, and end the connection."""
        if self._writer is not None:
            await self._writer
        await self._database.close()

    async def record(self, shown: Shown, nonce: str | None = None) -> Read:
        """Write down what is about to be shown; it is on the disk when this returns. `nonce` is that of the caller's proof.

        Raises `Unavailable` if the database is away, `NotVerified` if the log is no longer the one that was written, and
        `NotAuthentic` if the same proof has been shown something before, be it by another gateway.
        """
        used = digest_of_bytes(f"{shown.service} {nonce}".encode()) if nonce is not None else None
        mine = _WaitingRead(shown, used)
        self._waiting.append(mine)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await mine.written

    async def page(self, since: int, limit: int, delivery: str | None = None) -> ReadsPage:
        """At most `limit` records from number `since` on, of one delivery or of all. Raises `Unavailable`, and `NotVerified`
        with the number of what is in the database and is no record.
        """
        chosen = select(reads.c.number, reads.c.record).where(reads.c.number >= since).order_by(reads.c.number).limit(limit)
        if delivery is not None:
            chosen = chosen.join(seen, seen.c.number == reads.c.number).where(seen.c.delivery == delivery)
        async with self._database.reading() as connection:
            tip = _envelope((await connection.execute(select(tips.c.envelope))).scalar_one())
            rows = await connection.execute(chosen.where(reads.c.number < unverified_tip(tip).count))
            return ReadsPage(reads=tuple(_read(row.number, row.record) for row in rows), tip=tip)

    async def _write(self) -> None:
        while self._waiting:
            many = self._how_many()
            batch, self._waiting = self._waiting[:many], self._waiting[many:]
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._append(batch)
            except TimeoutError as error:
                away = Unavailable(mark("the archive does not answer in time"), hint=mark("try again"))
                away.__cause__ = error
                _refuse(batch, away)
            except Exception as error:  # noqa: BLE001 - it is raised to everybody who waits for this batch
                _refuse(batch, error)

    def _how_many(self) -> int:
        """Of those that wait, how many are written together: one at least."""
        names = accumulate(len(one.shown.deliveries) for one in self._waiting[:AT_ONCE])
        return max(1, sum(count <= NAMES_AT_ONCE for count in names))

    async def _append(self, batch: Sequence[_WaitingRead]) -> None:
        now = datetime.now(UTC)
        async with self._database.writing() as connection:
            tip = await self._locked(connection)
            if now >= self._forget_at:
                await connection.execute(delete(used_proofs).where(used_proofs.c.until < utc_text(now)))
            fresh = await _unused(connection, batch, now)
            written = []
            for one in fresh:
                read = tip.next(one.shown, utc_text(now))
                tip = after(read)
                written.append(read)
            if written:
                await self._insert(connection, written, tip)
        self._tip = tip
        if now >= self._forget_at:
            self._forget_at = now + timedelta(seconds=proof.LIFETIME)
        for one, read in zip(fresh, written, strict=True):
            if not one.written.done():
                one.written.set_result(read)
        _refuse(batch, NotAuthentic(mark("this proof has been used already"), hint=mark("sign each request anew")))

    async def _locked(self, connection: AsyncConnection) -> Tip:
        """The tip, which nobody else moves until the transaction is over. Raises `NotVerified` if it is not a later one of the
        log that this process knows: what goes on with a log vouches for it.
        """
        tip = signed_tip(
            _envelope((await connection.execute(select(tips.c.envelope).with_for_update())).scalar_one()), self._installation
        )
        number = self._tip.count - 1
        if self._tip not in (tip, EMPTY):  # another process has gone on with it, or worse
            found = (await connection.execute(select(reads.c.record).where(reads.c.number == number))).scalar_one_or_none()
            if tip.count < self._tip.count or found is None or not contains([_read(number, found)], self._tip):
                reason = "the log of reads no longer holds what was written there: it was changed, cut off or put back"
                raise NotVerified(reason, number)
        return tip

    async def _insert(self, connection: AsyncConnection, written: Sequence[Read], tip: Tip) -> None:
        await connection.execute(insert(reads), [{"number": one.number, "record": canonical(one).decode()} for one in written])
        named = [{"delivery": name, "number": one.number} for one in written for name in one.deliveries]
        if named:
            await connection.execute(insert(seen), named)
        envelope = sign(canonical(tip), READS_TYPE, self._key)
        await connection.execute(update(tips).values(envelope=envelope.model_dump_json()))


async def _unused(connection: AsyncConnection, batch: Sequence[_WaitingRead], now: datetime) -> list[_WaitingRead]:
    """Those whose proof has not been used, which it now has."""
    first: dict[str, _WaitingRead] = {}
    for one in batch:
        if one.proof is not None:
            first.setdefault(one.proof, one)
    if first:
        new = await unused(connection, first, now)
        first = {digest: one for digest, one in first.items() if digest in new}
    return [one for one in batch if one.proof is None or first.get(one.proof) is one]


def _refuse(batch: Sequence[_WaitingRead], error: Exception) -> None:
    for one in batch:
        one.refuse(error)


def _envelope(text: str | None) -> Envelope | None:
    if text is None:
        return None
    with suppress(ValidationError):
        return Envelope.model_validate_json(text)
    raise NotVerified(mark("the tip of the log of reads is not one"))


def _read(number: int, text: str) -> Read:
    with suppress(ValidationError):
        return Read.model_validate_json(text)
    raise NotVerified(mark("what is in the database is not a record of the log of reads"), number)
