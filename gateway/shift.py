"""The handover of a shift: its sheet, made anew for whoever asks, and the signatures of two officers under one.

A sheet is signed by the installation and kept by nobody until an officer hands over with it. Whoever signs it signs its digest.
It is refused once what needs somebody is no longer what it says.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError

from archive.cached_deliveries import FoldedDeliveries
from archive.shifts import ALL, Shifts
from domain.plan.access import reach, role_of
from domain.plan.directory import Service
from domain.record.handover import (
    SHEET_TYPE,
    SIGNED_WITHIN,
    TAKEN_WITHIN,
    HandingOver,
    Handover,
    HandoverRecord,
    Handovers,
    Person,
    check_part,
    handed_in,
    made_here,
    two_persons,
)
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import Envelope, sign
from domain.views.glance import Glance, glance
from domain.views.shift import (
    LONGEST,
    MOST_HOURS,
    USUALLY,
    MadeSheet,
    Sheet,
    SheetSource,
    Shift,
    changed_since,
    differences,
    sheet_of,
)
from domain.words.errors import Malformed, NotAllowed, NotFound, NotVerified, faults_of
from domain.words.limits import LARGEST_NUMBER_OF_HANDOVER, MOST_COMPARED
from domain.words.moments import Moment, instant, utc_text
from domain.words.text import fill, mark
from gateway.aside import Aside
from gateway.floor import Stand, WatchFloor
from process.in_force import InForce


class SheetChangedError(Malformed):
    """What needs somebody is no longer what a sheet says; each fault is at a delivery."""


class ShiftQuery(Frozen):
    """Which sheet is asked for. `since`: None: since the last handover. `hours`: how long the coming shift is."""

    since: Moment | None = None
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)] = int(USUALLY / timedelta(hours=1))


class HandoversQuery(Frozen):
    """Which former ones: those before this number."""

    before: Annotated[int, Field(ge=1, le=LARGEST_NUMBER_OF_HANDOVER)] | None = None


def shift_query_of(query: Mapping[str, str]) -> ShiftQuery:
    """What an address asks for. Raises `Malformed` with each parameter that is wrong."""
    given: dict[str, object] = dict(query)
    with suppress(ValueError, KeyError):
        given["hours"] = int(query["hours"][:4])
    try:
        return ShiftQuery.model_validate(given)
    except ValidationError as error:
        raise Malformed(mark("the sheet of a shift cannot be asked for like this"), faults_of(error)) from error


def handovers_query_of(query: Mapping[str, str]) -> int | None:
    """The same of former handovers."""
    given: dict[str, object] = dict(query)
    with suppress(ValueError, KeyError):
        given["before"] = int(query["before"][:10])
    try:
        return HandoversQuery.model_validate(given).before
    except ValidationError as error:
        raise Malformed(mark("former handovers cannot be asked for like this"), faults_of(error)) from error


def handover_number(text: str) -> int:
    """The number of a handover in an address. Raises `NotFound`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_NUMBER_OF_HANDOVER))):
        raise NotFound(fill("there is no handover {number} here", number=text))
    return int(text)


class ShiftDesk:
    """Serves callers that have proved who they are and may have this."""

    def __init__(
        self, floor: WatchFloor, folded: FoldedDeliveries, shifts: Shifts, directory: InForce, key: Ed25519PrivateKey
    ) -> None:
        self._floor = floor
        self._folded = folded
        self._shifts = shifts
        self._directory = directory
        self._key = key
        self._aside = Aside()
        self._comparing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Of each watch one sheet at a time reads deliveries as they stood: that costs a second, and anybody may ask for many."""

    async def sheet(self, caller: Service, asked: ShiftQuery) -> MadeSheet:
        """The sheet of the caller's watch as of now. Raises `Malformed` for a beginning that is none, and `Unavailable`."""
        watch = _watch_of(caller)
        stand, last = await self._floor.stand(caller), await self._shifts.last(watch)
        since = _beginning(asked, last.at if last is not None else None, stand.at)
        shift = Shift(watch or None, since, stand.at, stand.at + timedelta(hours=asked.hours), last)
        async with self._comparing[watch]:
            found = await self._shifts.happened(watch, utc_text(since), utc_text(stand.at))
            then = await self._as_they_stood(stand, since)
        known = SheetSource(
            rows=stand.rows,
            heads=stand.heads,
            counts=found.counts,
            happened=found.lines,
            then=then,
            beyond=stand.beyond,
            unreadable=sorted({*stand.unreadable, *found.unreadable}),
        )
        made = await self._aside.do(partial(sheet_of, shift, known))
        signed = sign(canonical(made), SHEET_TYPE, self._key)
        return MadeSheet(sheet=made, digest=signed.fingerprint(), signed=signed)

    async def hand_over(self, caller: Service, given: HandingOver) -> Handover:
        """Keep that this officer hands over with this sheet; the same again gives what there is.

        Raises `Malformed` where the sheet is not what is so now, with what has changed; `NotAuthentic` for a sheet or a key that
        does not count; `NotAllowed` for another's sheet, or one that is too old.
        """
        watch, sheet = _watch_of(caller), _read(given.sheet)
        directory = await self._directory.latest()
        made_here(given.sheet, sheet.at, directory.system())
        if (sheet.watch or ALL) != watch:
            raise NotAllowed(mark("this sheet is of another's deliveries"))
        now, digest = datetime.now(UTC), given.sheet.fingerprint()
        handed = check_part(given.signed, "hands_over", digest, directory.get(caller.id), now)
        known = await self._shifts.of_sheet(watch, digest)
        if known is not None and known.given_by == Person(service=handed.service, officer=handed.officer):
            return known
        _in_time(sheet, SIGNED_WITHIN, now)
        await self._unchanged(caller, sheet)
        return await self._shifts.give(sheet, given.sheet, given.signed, utc_text(now))

    async def take_over(self, caller: Service, taken: Envelope) -> Handover:
        """Close the handover that waits, by the signature of who takes it over; the same again gives what there is.

        Raises `NotFound` where that sheet does not wait, and what `hand_over` does.
        """
        watch, digest = _watch_of(caller), handed_in(taken).sheet
        directory, now = await self._directory.latest(), datetime.now(UTC)
        handed = check_part(taken, "takes_over", digest, directory.get(caller.id), now)
        known = await self._shifts.of_sheet(watch, digest)
        if known is None:
            waiting = await self._shifts.waiting(watch)
            hint = (
                fill("read handover {number}, and sign that", number=waiting.number) if waiting else mark("read the sheet anew")
            )
            raise NotFound(mark("nobody hands over with this sheet, or not any more"), hint=hint)
        record = await self._shifts.record(watch, known.number)
        two_persons(record.given, taken)
        if known.taken_by is not None:
            if known.taken_by == Person(service=handed.service, officer=handed.officer):
                return known
            raise NotAllowed(fill("handover {number} is taken already, by {who}", number=known.number, who=str(known.taken_by)))
        if record.sheet is None:
            raise NotAllowed(mark("a delivery on this sheet has been expunged"), hint=mark("hand over with a new sheet"))
        sheet = _read(record.sheet)
        _in_time(sheet, TAKEN_WITHIN, now)
        await self._unchanged(caller, sheet)
        return await self._shifts.take(record, taken, utc_text(now))

    async def former(self, caller: Service, before: int | None) -> Handovers:
        """A page of the closed handovers of the caller's watch, the newest first."""
        return await self._shifts.former(_watch_of(caller), before)

    async def record(self, caller: Service, number: int) -> tuple[HandoverRecord, Sheet | None]:
        """One of them, and its sheet. Raises `NotFound`."""
        found = await self._shifts.record(_watch_of(caller), number)
        return found, _read(found.sheet) if found.sheet is not None else None

    async def _unchanged(self, caller: Service, sheet: Sheet) -> None:
        found = differences(sheet, (await self._floor.stand(caller)).rows)
        if found:
            hint = mark("read the sheet anew, and sign that")
            raise SheetChangedError(mark("what needs somebody has changed since this sheet was made"), found, hint=hint)

    async def _as_they_stood(self, stand: Stand, since: datetime) -> dict[str, Glance]:
        """The worst of what has changed, as it stood then. What cannot be read is left out: the sheet says of how many so."""
        names = await self._aside.do(lambda: [row.delivery for row in changed_since(stand.rows, since)][:MOST_COMPARED])
        sizes = await self._shifts.sizes(names, utc_text(since)) if names else {}
        found = {}
        for name, size in sizes.items():
            with suppress(NotFound, NotVerified):
                found[name] = glance(await self._folded.as_at(name, size))
            await asyncio.sleep(0)
        return found


def _watch_of(caller: Service) -> str:
    """Whose deliveries a shift of this caller's watches."""
    return ALL if reach(role_of(caller), "shift") == "all" else caller.id


def _beginning(asked: ShiftQuery, last: str | None, now: datetime) -> datetime:
    """Raises `Malformed`."""
    if asked.since is None:
        return max(instant(last) if last is not None else now - USUALLY, now - LONGEST)
    since = instant(asked.since)
    if not now - LONGEST <= since < now:
        problem = fill("since: {moment} is not within the last {days} days", moment=asked.since, days=str(LONGEST.days))
        raise Malformed(problem, hint=mark("give a moment that has been, such as 2026-03-14T20:00:00+05:00"))
    return since


def _read(sheet: Envelope) -> Sheet:
    try:
        return Sheet.model_validate_json(sheet.body())
    except ValidationError as error:
        raise Malformed(mark("this is no sheet of a shift"), faults_of(error)) from error


def _in_time(sheet: Sheet, within: timedelta, now: datetime) -> None:
    if now - instant(sheet.at) > within:
        minutes = str(within // timedelta(minutes=1))
        message = fill("this sheet is of {at}, and good for {minutes} minutes", at=sheet.at, minutes=minutes)
        raise NotAllowed(message, hint=mark("read the sheet anew, and sign that"))
