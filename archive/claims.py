"""The register of live operations in the database (R15): each claim and each release is one transaction.

Whoever claims locks the one row of `register` until the commit, at whichever worker. So of two that touch the same thing the
later finds the earlier, quotas are counted over all claims, and numbers become visible in order. What follows from a claim is
decided in `domain.plan.register`, which is given the part of the register that the claim bears on; what that changes is written
here.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import Database
from archive.proofs import INSERT
from archive.tables import claim_hashes, claims, deliveries, enquiries, enquiry_alarms, live_counts, register
from domain.plan.enquiries import WINDOW, Alarm, Enquiries, Enquiry
from domain.plan.register import Answer, Beside, Claim, DatedClaim, Register
from domain.words.errors import NotVerified
from domain.words.limits import MOST_ALARMS
from domain.words.moments import instant, utc_text

REMEMBERED = timedelta(days=1)
"""For how long it is known that an operation is live no more, and for how long one that nothing performs counts as live: its
consignment may be moving all the same, and who restored too old a backup has time to see it.
"""
MOST_SUSPECTS = 100
"""Claims that are looked at in one round, since nothing may perform their operations."""


class Claims:
    """The register. Each of its methods raises `Unavailable` if the database is away: then it may or may not have been written,
    and to ask again changes nothing more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gate = asyncio.Lock()
        """Whoever waits for the row in the database has a connection in hand, and so one of a process waits there."""

    async def claim(self, dated: DatedClaim) -> Answer:
        """Enter an operation; entering it again changes nothing. One that has been released stays so, and hears of nobody."""
        claim = dated.claim
        async with self._gate, self._database.writing() as connection:
            head = await _locked(connection)
            own = await _row(connection, claim.delivery)
            if own is not None and own.released_at is not None:
                return Answer(number=head.number)
            now = max([instant(dated.at), *([instant(head.asked_at)] if head.asked_at is not None else [])])
            near = await _near(connection, claim, entered=own is not None)
            part = await _part(connection, head, claim, near, now)
            after, answer = part.claim(dated)
            if after.number > head.number:
                number = max(after.number, _milliseconds(now))
                after = after.model_copy(update={"number": number})
                answer = answer.model_copy(update={"number": number})
            await _write(connection, part, after, dated)
        return answer

    async def release(self, delivery: str, at: datetime) -> Answer:
        """Take an operation out; those that it touched find one conflict less, also when it is released again."""
        async with self._gate, self._database.writing() as connection:
            head = await _locked(connection)
            own = await _row(connection, delivery)
            if own is None:  # so that no attempt that comes late enters it
                nobody = {"contact": "", "state": "", "signer": "", "order": 0, "touched": 0, "number": head.number}
                gone = {"delivery": delivery, "at": utc_text(at), "released_at": utc_text(at)}
                await connection.execute(insert(claims).values(nobody | gone))
                return Answer(number=head.number)
            if own.released_at is None:
                head = await _taken_out(connection, head, own, at)
                await connection.execute(
                    update(claims).where(claims.c.delivery == delivery).values(released_at=utc_text(at), gone_since=None)
                )
            return await _freed(connection, head, own)

    async def gone(self, delivery: str, at: datetime) -> Answer | None:
        """Nothing performs it any more, it was seen at this moment: after a day it counts as live no more. The answer, once it
        does not.
        """
        async with self._gate, self._database.writing() as connection:
            head = await _locked(connection)
            own = await _row(connection, delivery)
            if own is None or own.released_at is not None:
                return None
            if own.gone_since is None:
                await connection.execute(update(claims).where(claims.c.delivery == delivery).values(gone_since=utc_text(at)))
            if own.gone_since is None or instant(own.gone_since) + REMEMBERED > at:
                return None
            answer = await _freed(connection, await _taken_out(connection, head, own, at), own)
            await _forget(connection, (delivery,))
        return answer

    async def there(self, delivery: str) -> None:
        """Something performs it, after all."""
        async with self._database.writing() as connection:
            await connection.execute(update(claims).where(claims.c.delivery == delivery).values(gone_since=None))

    async def suspects(self) -> tuple[str, ...]:
        """Live operations that nothing may perform: of whose delivery there is no ledger here, or one that has ended or is gone;
        those first of which that was not known, then those that have been gone longest.
        """
        chosen = select(claims.c.delivery).outerjoin(deliveries, deliveries.c.delivery == claims.c.delivery)
        odd = deliveries.c.delivery.is_(None) | deliveries.c.ended | (deliveries.c.alarm == "gone")
        chosen = chosen.where(claims.c.released_at.is_(None), odd | claims.c.gone_since.is_not(None))
        async with self._database.reading() as connection:
            oldest = chosen.order_by(claims.c.gone_since.is_not(None), claims.c.gone_since, claims.c.number)
            return tuple((await connection.execute(oldest.limit(MOST_SUSPECTS))).scalars())

    async def tidy(self, now: datetime) -> None:
        """Forget what has been over for a day."""
        over = select(claims.c.delivery).where(claims.c.released_at <= utc_text(now - REMEMBERED))
        async with self._database.writing() as connection:
            await _forget(connection, (await connection.execute(over)).scalars().all())
            await connection.execute(delete(enquiries).where(enquiries.c.at <= utc_text(now - WINDOW)))


async def _locked(connection: AsyncConnection) -> Row[Any]:
    """The row that whoever changes the register holds until the commit."""
    return (await connection.execute(select(register).with_for_update())).one()


async def _row(connection: AsyncConnection, delivery: str) -> Row[Any] | None:
    return (await connection.execute(select(claims).where(claims.c.delivery == delivery))).first()


def _milliseconds(at: datetime) -> int:
    """Numbers follow time, so that a database that was put back answers nobody with a number that has been."""
    return int(at.timestamp() * 1000)


async def _near(connection: AsyncConnection, claim: Claim, *, entered: bool) -> tuple[Claim, ...]:
    """The operation as it is entered, those that touch that or what is claimed now, and those that touch these: of the last only
    what they share.
    """
    touched = {bytes.fromhex(one) for one in claim.hashes}
    if entered:
        own = select(claim_hashes.c.hash).where(claim_hashes.c.delivery == claim.delivery)
        touched |= set((await connection.execute(own)).scalars())
    sharing = select(claim_hashes.c.delivery).where(claim_hashes.c.hash.in_(touched))
    first = set((await connection.execute(sharing)).scalars())
    if not first and not entered:
        return ()
    of_first = await connection.execute(select(claim_hashes).where(claim_hashes.c.delivery.in_(first)))
    found = {(row.delivery, row.hash) for row in of_first}
    if first - {claim.delivery}:
        shared = select(claim_hashes).where(claim_hashes.c.hash.in_({one for _, one in found}))
        found |= {(row.delivery, row.hash) for row in await connection.execute(shared)}
    names = {claim.delivery, *(name for name, _ in found)}
    live = select(claims).where(claims.c.delivery.in_(names), claims.c.released_at.is_(None))
    return tuple(
        _claim(row, (one for name, one in found if name == row.delivery), claim)
        for row in await connection.execute(live.order_by(claims.c.number))
    )


def _claim(row: Row[Any], hashes: Iterable[bytes], like: Claim | None = None) -> Claim:
    """The operation of a row. Its hashes stand in no order, but where it is the same as `like`, in that one's."""
    touched = tuple(sorted(one.hex() for one in hashes))
    if like is not None and row.delivery == like.delivery and touched == tuple(sorted(like.hashes)):
        touched = like.hashes
    return Claim(delivery=row.delivery, contact=row.contact, state=row.state, signer=row.signer, order=row.order, hashes=touched)


async def _part(connection: AsyncConnection, head: Row[Any], claim: Claim, near: tuple[Claim, ...], now: datetime) -> Register:
    """The part of the register that a claim bears on."""
    since = utc_text(now - WINDOW)
    chosen = select(enquiries.c.enquiry).where(enquiries.c.state == claim.state, enquiries.c.at > since)
    made = (await connection.execute(chosen.order_by(enquiries.c.number))).scalars().all()
    chosen = select(enquiry_alarms.c.alarm).where(enquiry_alarms.c.service == claim.contact, enquiry_alarms.c.at > since)
    alarms = (await connection.execute(chosen.order_by(enquiry_alarms.c.number).limit(MOST_ALARMS))).scalars().all()
    try:
        book = Enquiries(
            made=tuple(map(Enquiry.model_validate_json, made)),
            alarms=tuple(map(Alarm.model_validate_json, alarms)),
            raised=head.raised,
        )
    except ValidationError as error:
        raise NotVerified("what is in the database is no enquiry, or no alarm", head.number) from error
    counts = (await connection.execute(select(live_counts))).all()
    of_state = sum(one.live for one in counts if one.state == claim.state) - sum(one.state == claim.state for one in near)
    beside = Beside(
        live=max(0, sum(one.live for one in counts) - len(near)),
        of_state=max(0, of_state),
        hashes=max(0, sum(one.hashes for one in counts) - sum(len(one.hashes) for one in near)),
    )
    return Register(number=head.number, claims=near, enquiries=book, asked_at=head.asked_at, beside=beside)


async def _write(connection: AsyncConnection, before: Register, after: Register, dated: DatedClaim) -> None:
    """What has changed."""
    claim, entered = dated.claim, after.number > before.number
    if entered:
        await _enter(connection, after, claim, next((one for one in before.claims if one.delivery == claim.delivery), None))
    for enquiry in after.enquiries.made[len(before.enquiries.made) :]:
        row = {"number": after.number, "state": enquiry.state, "delivery": enquiry.delivery, "at": enquiry.at}
        await connection.execute(insert(enquiries).values(row | {"enquiry": enquiry.model_dump_json()}))
    for alarm in (one for one in after.enquiries.alarms if one.number > before.enquiries.raised):
        row = {"number": alarm.number, "service": alarm.service, "at": alarm.at, "next_at": alarm.at}
        await connection.execute(insert(enquiry_alarms).values(row | {"alarm": alarm.model_dump_json()}))
        await connection.execute(delete(enquiry_alarms).where(enquiry_alarms.c.number <= alarm.number - MOST_ALARMS))
    if after != before:
        changed = {"number": after.number, "raised": after.enquiries.raised, "asked_at": after.asked_at}
        await connection.execute(update(register).values(changed))


async def _enter(connection: AsyncConnection, after: Register, claim: Claim, before: Claim | None) -> None:
    row = claim.model_dump(exclude={"hashes"}) | {"number": after.number, "touched": len(claim.hashes), "gone_since": None}
    insertion = INSERT[connection.dialect.name](claims)
    values = row | {"at": after.asked_at}
    changed = {name: insertion.excluded[name] for name in values if name != "delivery"}
    await connection.execute(insertion.on_conflict_do_update(index_elements=["delivery"], set_=changed), values)
    if before is not None:
        await _count(connection, before.state, -1, -len(before.hashes))
    await _count(connection, claim.state, 1, len(claim.hashes))
    new, old = set(claim.hashes), set(before.hashes if before is not None else ())
    if old - new:
        over = claim_hashes.c.hash.in_([bytes.fromhex(one) for one in old - new])
        await connection.execute(delete(claim_hashes).where(claim_hashes.c.delivery == claim.delivery, over))
    if new - old:
        rows = [{"hash": bytes.fromhex(one), "delivery": claim.delivery} for one in sorted(new - old)]
        await connection.execute(insert(claim_hashes), rows)


async def _count(connection: AsyncConnection, state: str, live: int, hashes: int) -> None:
    insertion = INSERT[connection.dialect.name](live_counts)
    more = {"live": live_counts.c.live + insertion.excluded.live, "hashes": live_counts.c.hashes + insertion.excluded.hashes}
    added = insertion.on_conflict_do_update(index_elements=["state"], set_=more)
    await connection.execute(added, {"state": state, "live": live, "hashes": hashes})


async def _taken_out(connection: AsyncConnection, head: Row[Any], own: Row[Any], at: datetime) -> Row[Any]:
    """The register without it counts one change more."""
    await _count(connection, own.state, -1, -own.touched)
    number = max(head.number, _milliseconds(at)) + 1
    await connection.execute(update(register).values(number=number))
    return (await connection.execute(select(register))).one()


async def _freed(connection: AsyncConnection, head: Row[Any], own: Row[Any]) -> Answer:
    """What those find now that this operation touched."""
    hashes = (await connection.execute(select(claim_hashes.c.hash).where(claim_hashes.c.delivery == own.delivery))).scalars()
    claim = _claim(own, hashes)
    near = tuple(one for one in await _near(connection, claim, entered=True) if one.delivery != own.delivery)
    _, answer = Register(number=head.number, claims=(*near, claim)).release(own.delivery)
    return answer.model_copy(update={"number": head.number})


async def _forget(connection: AsyncConnection, names: Iterable[str]) -> None:
    some = list(names)
    await connection.execute(delete(claim_hashes).where(claim_hashes.c.delivery.in_(some)))
    await connection.execute(delete(claims).where(claims.c.delivery.in_(some)))
