"""The part of the register of live operations that some claims bear on: read, decided on, and written back.

What follows from a claim is decided in `domain.plan.register`, which is given this part and how much there is beside it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.proofs import INSERT
from archive.tables import claim_hashes, claims, enquiries, enquiry_alarms, live_counts, register
from domain.plan.enquiries import WINDOW, Alarm, Enquiries, Enquiry
from domain.plan.register import Beside, Claim, DatedClaim, Register, RegisterAnswer
from domain.words.errors import NotVerified
from domain.words.limits import MOST_ALARMS
from domain.words.moments import instant, utc_text
from domain.words.text import mark


@dataclass
class RegisterPart:
    """The register as some claims see it. They are entered one after another, and written at once."""

    register: Register
    released: frozenset[str]
    """Operations that have been released: nothing enters them again."""
    outside: Counter[str]
    """How many operations of each State are live beside those of this part."""
    hashes: int
    """What they touch together."""
    before: dict[str, Claim]
    """What was entered, by operation."""
    raised: int
    """The number of the newest alarm before."""
    entered: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Rows of the operations that are new or have changed."""
    looked: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the enquiries that are new."""

    def claim(self, dated: DatedClaim) -> RegisterAnswer:
        """What is answered to it."""
        claim = dated.claim
        if claim.delivery in self.released:
            return RegisterAnswer(number=self.register.number)
        beside = Beside(live=self.outside.total(), of_state=self.outside[claim.state], hashes=self.hashes)
        known = self.register.model_copy(update={"beside": beside})
        after, answer = known.claim(dated)
        if after.number > known.number:
            number = {"number": max(after.number, _milliseconds(instant(after.asked_at or dated.at)))}
            after, answer = after.model_copy(update=number), answer.model_copy(update=number)
            entered = after.claims[-1]
            row = entered.model_dump(exclude={"hashes"}) | number | {"group": entered.group}
            self.entered[claim.delivery] = row | {"touched": len(entered.hashes), "at": after.asked_at, "gone_since": None}
        for enquiry in after.enquiries.made[-1:]:
            if not known.enquiries.made or enquiry is not known.enquiries.made[-1]:
                row = {"number": after.number, "state": enquiry.state, "delivery": enquiry.delivery, "at": enquiry.at}
                self.looked.append(row | {"enquiry": enquiry.model_dump_json()})
        self.register = after
        return answer

    async def write(self, connection: AsyncConnection) -> None:
        """What has changed."""
        now = {one.delivery: one for one in self.register.claims if one.delivery in self.entered}
        if now:
            await self._enter(connection, now)
        if self.looked:
            await connection.execute(insert(enquiries), self.looked)
        alarms = [one for one in self.register.enquiries.alarms if one.number > self.raised]
        if alarms:
            rows = [{"number": one.number, "at": one.at, "next_at": one.at, "alarm": one.model_dump_json()} for one in alarms]
            await connection.execute(insert(enquiry_alarms), rows)
            await connection.execute(delete(enquiry_alarms).where(enquiry_alarms.c.number <= alarms[-1].number - MOST_ALARMS))
        if now or alarms:
            changed = {"raised": self.register.enquiries.raised, "asked_at": self.register.asked_at}
            await connection.execute(update(register).values(changed | {"number": self.register.number}))

    async def _enter(self, connection: AsyncConnection, now: dict[str, Claim]) -> None:
        insertion = INSERT[connection.dialect.name](claims)
        changed = {one.name: insertion.excluded[one.name] for one in claims.c if one.name not in {"delivery", "released_at"}}
        await connection.execute(
            insertion.on_conflict_do_update(index_elements=["delivery"], set_=changed), [self.entered[name] for name in now]
        )
        live, hashes = Counter[str](), Counter[str]()
        for one, by in [*((self.before[name], -1) for name in now if name in self.before), *((one, 1) for one in now.values())]:
            live[one.state] += by
            hashes[one.state] += by * len(one.hashes)
        await count(connection, live, hashes)
        new: list[dict[str, Any]] = []
        for name, claim in now.items():
            old = set(self.before[name].hashes) if name in self.before else set()
            if over := old.difference(claim.hashes):
                gone = claim_hashes.c.hash.in_([bytes.fromhex(one) for one in over])
                await connection.execute(delete(claim_hashes).where(claim_hashes.c.delivery == name, gone))
            new += [{"hash": bytes.fromhex(one), "delivery": name} for one in claim.hashes if one not in old]
        if new:
            await connection.execute(insert(claim_hashes), new)


async def part_of(connection: AsyncConnection, head: Row[Any], some: Sequence[DatedClaim]) -> RegisterPart:
    """The part of the register that these claims bear on."""
    names = {one.claim.delivery for one in some}
    own = (await connection.execute(select(claims).where(claims.c.delivery.in_(names)))).all()
    released = frozenset(row.delivery for row in own if row.released_at is not None)
    near = await _near(connection, [one.claim for one in some], {row.delivery for row in own})
    counts = (await connection.execute(select(live_counts))).all()
    outside = Counter({row.state: row.live for row in counts})
    outside.subtract(Counter(one.state for one in near))
    hashes = sum(row.hashes for row in counts) - sum(len(one.hashes) for one in near)
    asked = [instant(head.asked_at)] if head.asked_at is not None else []
    book = await _enquiries(connection, head, some, max([min(instant(one.at) for one in some), *asked]))
    return RegisterPart(
        register=Register(number=head.number, claims=near, enquiries=book, asked_at=head.asked_at),
        released=released,
        outside=+outside,
        hashes=max(0, hashes),
        before={one.delivery: one for one in near},
        raised=head.raised,
    )


async def _enquiries(connection: AsyncConnection, head: Row[Any], some: Sequence[DatedClaim], now: datetime) -> Enquiries:
    """The enquiries of their States, and the alarms, of the day before now."""
    since, states = utc_text(now - WINDOW), {one.claim.state for one in some}
    chosen = select(enquiries.c.enquiry).where(enquiries.c.state.in_(states), enquiries.c.at > since)
    made = (await connection.execute(chosen.order_by(enquiries.c.number))).scalars().all()
    chosen = select(enquiry_alarms.c.alarm).where(enquiry_alarms.c.at > since).order_by(enquiry_alarms.c.number.desc())
    alarms = (await connection.execute(chosen.limit(MOST_ALARMS))).scalars().all()
    try:
        return Enquiries(
            made=tuple(map(Enquiry.model_validate_json, made)),
            alarms=tuple(map(Alarm.model_validate_json, reversed(alarms))),
            raised=head.raised,
        )
    except ValidationError as error:
        raise NotVerified(mark("what is in the database is no enquiry, or no alarm"), head.number) from error


async def locked(connection: AsyncConnection) -> Row[Any]:
    """The row that whoever changes the register holds until the commit."""
    return (await connection.execute(select(register).with_for_update())).one()


async def row_of(connection: AsyncConnection, delivery: str) -> Row[Any] | None:
    """An operation, as it is entered."""
    return (await connection.execute(select(claims).where(claims.c.delivery == delivery))).first()


async def taken_out(connection: AsyncConnection, head: Row[Any], own: Row[Any], at: datetime) -> Row[Any]:
    """The register counts one change more, and this operation no more."""
    await count(connection, Counter({own.state: -1}), Counter({own.state: -own.touched}))
    await connection.execute(update(register).values(number=max(head.number + 1, _milliseconds(at))))
    return (await connection.execute(select(register))).one()


async def freed(connection: AsyncConnection, head: Row[Any], own: Row[Any]) -> RegisterAnswer:
    """What those find now that this operation touched; nothing where it never entered."""
    if not own.contact:
        return RegisterAnswer(number=head.number)
    hashes = (await connection.execute(select(claim_hashes.c.hash).where(claim_hashes.c.delivery == own.delivery))).scalars()
    claim = _claim(own, hashes)
    near = tuple(one for one in await _near(connection, [claim], {own.delivery}) if one.delivery != own.delivery)
    _, answer = Register(number=head.number, claims=(*near, claim)).release(own.delivery)
    return answer.model_copy(update={"number": head.number})


async def count(connection: AsyncConnection, live: Counter[str], hashes: Counter[str]) -> None:
    """So many more of each State are live, and touch so much more."""
    insertion = INSERT[connection.dialect.name](live_counts)
    more = {name: live_counts.c[name] + insertion.excluded[name] for name in ("live", "hashes")}
    rows = [{"state": state, "live": live[state], "hashes": hashes[state]} for state in sorted(live.keys() | hashes.keys())]
    await connection.execute(insertion.on_conflict_do_update(index_elements=["state"], set_=more), rows)


async def forget(connection: AsyncConnection, names: Iterable[str]) -> None:
    """All that is known of these operations but who has looked for them."""
    some = list(names)
    await connection.execute(delete(claim_hashes).where(claim_hashes.c.delivery.in_(some)))
    await connection.execute(delete(claims).where(claims.c.delivery.in_(some)))


def _milliseconds(at: datetime) -> int:
    """Numbers follow time, so that a database that was put back answers nobody with a number that has been."""
    return int(at.timestamp() * 1000)


async def _near(connection: AsyncConnection, some: Sequence[Claim], known: set[str]) -> tuple[Claim, ...]:
    """The operations that are known, as they are entered; those that touch that or what is claimed now; and those that touch
    these: of the last only what they share.
    """
    touched = {bytes.fromhex(one) for claim in some for one in claim.hashes}
    if known:
        own = select(claim_hashes.c.hash).where(claim_hashes.c.delivery.in_(known))
        touched |= set((await connection.execute(own)).scalars())
    sharing = select(claim_hashes.c.delivery).where(claim_hashes.c.hash.in_(touched))
    first = set((await connection.execute(sharing)).scalars()) | known
    if not first:
        return ()
    hashes: dict[str, set[bytes]] = {name: set() for name in first}
    theirs = select(claim_hashes.c.hash).where(claim_hashes.c.delivery.in_(first))
    for row in await connection.execute(select(claim_hashes).where(claim_hashes.c.hash.in_(theirs))):
        hashes.setdefault(row.delivery, set()).add(row.hash)
    live = select(claims).where(claims.c.delivery.in_(hashes), claims.c.released_at.is_(None)).order_by(claims.c.number)
    like = {one.delivery: one for one in some}
    return tuple(_claim(row, hashes[row.delivery], like.get(row.delivery)) for row in await connection.execute(live))


def _claim(row: Row[Any], hashes: Iterable[bytes], like: Claim | None = None) -> Claim:
    """The operation of a row. Its hashes stand in no order, but where it is the same as `like`, in that one's."""
    touched = tuple(sorted(one.hex() for one in hashes))
    if like is not None and touched == tuple(sorted(like.hashes)):
        touched = like.hashes
    said = {name: getattr(row, name) for name in Claim.model_fields if name != "hashes"}
    return Claim(**said, hashes=touched)
