"""What whoever holds the installation's key can change in a packet without being found: every field of every entry, of directory,
cards and seal, each in every way that its type allows, salted and sealed anew. `python -m tests.operator` prints what passes, by
its name and with the reason that SECURITY.md gives, and fails where one has none.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Receipt
from domain.delivery.reported import (
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    Released,
    Started,
    Told,
    cards_digest,
)
from domain.delivery.vocabulary import NoticeKind
from domain.plan.directory import Directory
from domain.plan.plan import read_plan
from domain.record.packet import OtherHistory, Packet
from domain.record.verify import verify
from domain.signing.canonical import plain
from domain.words.errors import Malformed, NotVerified
from domain.words.moments import instant, utc_text
from rehearsal.operator import root_over
from rehearsal.services import VIGIL
from rehearsal.simulator import World, simulate
from tests.forging import Line, linked, receipts_of, sealed, taken_apart
from tests.support import example_cards, example_directory, example_plan, example_scenario, held

EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
EXAMPLES = ("stopped-under-way", "consent-withdrawn")
EVERY = 6
"""Lines after which facts are invented that name services."""
STEPS = (timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1))


@dataclass(frozen=True)
class Forgery:
    """One change. `what`: the kind of entry and the place in it, or what is done to the whole."""

    what: str
    data: bytes


@dataclass(frozen=True)
class Tried:
    """What came of all of them: how many there were, and which passed, without receipts and with all of them."""

    forgeries: int
    passed: Counter[str]
    passed_receipts: Counter[str]


HEARSAY = frozenset({"asked", "asked_once_more", "told", "deconflicted", "deferred", "released"})
"""Facts from outside that no service signs."""
DATED = HEARSAY | {"stated", "keys_changed", "amended"}
"""What comes from outside at some time."""


UNUSED = (
    "example",
    *(f"services[].{name}" for name in ("id", "names", "official_names", "unit", "members")),
    *(f"services[].{name}" for name in ("address", "contact", "language", "task_queue", "reach", "keys")),
)
"""Of the directory: what no rule asks for, of a service that nobody asks, or of a key that has signed nothing."""


@dataclass(frozen=True)
class Reason:
    """Why something passes. `says`: the words of SECURITY.md for it. `receipts`: whether those that services hold show it."""

    name: str
    says: str
    receipts: bool
    explains: Callable[[str, str], bool]
    """Given the kind of entry, and the place in it or what is done to it."""


REASONS = (
    Reason(
        "order",
        "the order in which statements came in, as far as the same is decided",
        receipts=True,
        explains=lambda event, place: (
            place.startswith("after ") and {event, place.removeprefix("after ")} <= HEARSAY | {"stated"}
        ),
    ),
    Reason("behind", "It says by `archive_behind`", receipts=False, explains=lambda event, _: event == "archive_behind"),
    Reason("sealers", "the list of the installation's keys", receipts=False, explains=lambda event, _: event == "sealers"),
    Reason("put back", "by saying that it was put back", receipts=False, explains=lambda event, _: event == "diverged"),
    Reason(
        "unused",
        "of the directory that it began with what nothing rests on",
        receipts=True,
        explains=lambda event, place: event == "directory" and place.startswith(UNUSED),
    ),
    Reason("history", "Temporal's own history", receipts=False, explains=lambda event, _: event == "history"),
    Reason("time", "the time or the order", receipts=True, explains=lambda event, place: event in DATED and place == "at"),
    Reason("unsigned", "what no service signs", receipts=True, explains=lambda event, _: event in HEARSAY),
    Reason(
        "idle",
        "a statement from which nothing follows is left out",
        receipts=True,
        explains=lambda event, place: (event, place) == ("stated", "left out"),
    ),
    Reason(
        "end", "without the last entries", receipts=False, explains=lambda event, place: (event, place) == ("ended", "left out")
    ),
    Reason(
        "export",
        "exported sooner or later",
        receipts=False,
        explains=lambda event, place: (event, place) == ("seal", "exported_at"),
    ),
    Reason("purpose", "for another purpose", receipts=False, explains=lambda event, place: (event, place) == ("seal", "purpose")),
)
"""Each that there is. The first that explains a forgery is its reason."""


def reason_of(what: str) -> Reason | None:
    """Why a forgery of this name passes; None where nothing that SECURITY.md names explains it."""
    event, _, place = what.partition(" ")
    return next((one for one in REASONS if one.explains(event, place)), None)


def unexplained(found: Tried) -> list[str]:
    """What passes without a reason, or beside receipts that should show it."""
    reasons = {what: reason_of(what) for what in found.passed}
    return [
        what for what, reason in sorted(reasons.items()) if reason is None or (reason.receipts and found.passed_receipts[what])
    ]


def tried(name: str) -> Tried:
    """Every forgery of one example's packet, held against the directory and the cards that are trusted."""
    plan, scenario = example_scenario(name)
    run = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    receipts, trusted = receipts_of(run), run.delivery.directory
    assert passes(run.packet, trusted, receipts)
    count, passed, passed_receipts = 0, Counter[str](), Counter[str]()
    for forgery in forgeries(run.packet):
        count += 1
        if passes(forgery.data, trusted, ()):
            passed[forgery.what] += 1
            passed_receipts[forgery.what] += passes(forgery.data, trusted, receipts)
    return Tried(count, passed, +passed_receipts)


def passes(data: bytes, directory: Directory, receipts: Sequence[Receipt]) -> bool:
    """Whether it verifies; any error but `NotVerified` is a fault of ours."""
    try:
        verify(data, directory, held(*receipts), example_cards())
    except NotVerified:
        return False
    return True


def forgeries(data: bytes) -> Iterator[Forgery]:
    """All of them, of one packet."""
    packet, lines = taken_apart(data)
    known = values_of(plain(packet))
    for number, (at, event) in enumerate(lines):
        for place, changed in variants(plain(event), known):
            other = read(changed)
            if other is not None and other != event:
                yield Forgery(f"{event.event} {place}", anew(packet, [*lines[:number], (at, other), *lines[number + 1 :]]))
        for step in (*STEPS, *(-one for one in STEPS)):
            moved = utc_text(instant(at) + step)
            yield Forgery(f"{event.event} at", anew(packet, [*lines[:number], (moved, event), *lines[number + 1 :]]))
        yield Forgery(f"{event.event} left out", anew(packet, [*lines[:number], *lines[number + 1 :]]))
        yield Forgery(f"{event.event} twice", anew(packet, [*lines[: number + 1], *lines[number:]]))
        if number + 1 < len(lines):
            (next_at, following) = lines[number + 1]
            swapped = [*lines[:number], (at, following), (next_at, event), *lines[number + 2 :]]
            yield Forgery(f"{event.event} after {following.event}", anew(packet, swapped))
        every = invented(packet, lines[: number + 1]) if number % EVERY == 0 else ()
        for facts in (*every, *archive_and_register(lines[: number + 1])):
            more = [(at, one) for one in facts]
            yield Forgery(f"{facts[0].event} invented", anew(packet, [*lines[: number + 1], *more, *lines[number + 1 :]]))
        yield from put_back(packet, lines, number) if number % EVERY == 0 or number + 2 >= len(lines) else ()
    for part in ("directory", "cards", "sealers", "history"):
        for place, changed in variants(plain(packet)[part], known):
            other_packet = packet_with(packet, part, changed)
            if other_packet is not None and other_packet != packet:
                yield Forgery(f"{part} {place}".strip(), relinked(other_packet, lines))
    for one in packet.directory.services:
        if one.keys and (other_packet := packet_with(packet, "sealers", plain(one.keys))) is not None:
            yield from (Forgery("sealers", sealed_as(other_packet, lines, by=by)) for by in dict.fromkeys((VIGIL, one.id)))
    last = instant(lines[-1][0])
    for purpose in ("court", "KZ", "LV"):
        yield Forgery("seal purpose", sealed_as(packet, lines, purpose=purpose))
    for exported in (last - timedelta(microseconds=1), last, last + timedelta(days=3650)):
        yield Forgery("seal exported_at", sealed_as(packet, lines, exported_at=utc_text(exported)))


def invented(packet: Packet, lines: Sequence[Line]) -> Iterator[tuple[AnyEvent, ...]]:
    """Facts from outside that nobody brought: of every service, at every checkpoint that has opened."""
    return ((one,) for one in of_asking_and_telling(packet, lines))


def archive_and_register(lines: Sequence[Line]) -> Iterator[tuple[AnyEvent, ...]]:
    """What archive and register have not said: that the archive was behind, for good or for a while, with all that follows from
    it; and that the register was not looked into, by the newest of what was signed, until a moment before or after the last.
    """
    behind, caught_up, size = ArchiveBehind(kept=0), ArchiveCaughtUp(kept=0), len(lines)
    everybody = participants(lines)
    told = [Told(kind="archive", of=seq, reached=everybody) for seq in (size, size + 1, size + 2)]
    yield (caught_up,)
    yield (behind,)
    yield (behind, caught_up)
    yield (behind, told[0], caught_up, told[2])
    yield (behind, caught_up, *told[:2])
    orders = [number for number, (_, event) in enumerate(lines) if event.event == "stated"]
    for order in orders[-2:]:
        for ahead in (timedelta(seconds=1), timedelta(hours=24)):
            yield (Deferred(order=order, not_before=utc_text(instant(lines[-1][0]) + ahead)),)


def put_back(packet: Packet, lines: Sequence[Line], number: int) -> Iterator[Forgery]:
    """It is said after this line that another history was put back, in which the line came a moment later."""
    at, event = lines[number]
    later = utc_text(instant(at) + STEPS[0])
    history = linked([*lines[:number], (later, event)], packet.ledger)
    found = Diverged(branch=0, seq=number, how="other", size=len(history), root=root_over(history))
    both = packet.model_copy(update={"others": (OtherHistory(branch=0, entries=history[number:]),)})
    yield Forgery("others invented", sealed_as(both, lines))
    yield Forgery("diverged invented", anew(packet, [*lines[: number + 1], (at, found), *lines[number + 1 :]]))
    for after in ((), lines[number + 1 :]):
        yield Forgery("diverged invented", anew(both, [*lines[: number + 1], (at, found), *after]))


def participants(lines: Sequence[Line]) -> tuple[str, ...]:
    """Who has a part by the plan that it began with."""
    started = lines[0][1]
    assert isinstance(started, Started)
    return read_plan(started.plan).participants()


def of_asking_and_telling(packet: Packet, lines: Sequence[Line]) -> Iterator[AnyEvent]:
    """Of every service, and of one that there is not."""
    opened = [event.checkpoint for _, event in lines if event.event == "opened"]
    services = [*(one.id for one in packet.directory.services), "nobody.known"]
    yield Released()
    for order in (0, 3):
        yield Deconflicted(number=99, order=order, contacts=())
    for checkpoint in opened:
        yield AskedOnceMore(checkpoint=checkpoint)
        for service in services:
            yield Asked(checkpoint=checkpoint, received=(service,))
            yield Asked(checkpoint=checkpoint, unreachable=(service,))
    for kind in get_args(NoticeKind):
        for service in services:
            yield Told(kind=kind, of=len(lines) - 1, reached=(service,))


def variants(value: Any, known: dict[str, list[Any]], place: str = "") -> Iterator[tuple[str, Any]]:
    """A JSON value with one thing in it changed, and where: `known` has what stands under the same name elsewhere."""
    if isinstance(value, dict):
        for name, part in value.items():
            where = f"{place}.{name}" if place else name
            yield from ((inner, {**value, name: other}) for inner, other in variants(part, known, where))
            yield from ((where, {**value, name: other}) for other in known.get(name, ()) if other != part)
            yield where, {one: its for one, its in value.items() if one != name}
    elif isinstance(value, list):
        for number, part in enumerate(value):
            inside = variants(part, known, f"{place}[]")
            yield from ((inner, [*value[:number], other, *value[number + 1 :]]) for inner, other in inside)
            yield f"{place}[]", [*value[:number], *value[number + 1 :]]
            yield f"{place}[]", [*value[: number + 1], *value[number:]]
    else:
        yield from ((place, other) for other in others(value))


def others(value: Any) -> Iterable[Any]:
    """Other values of the same type."""
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1, 0)
        case str():
            return (value + "x", value[:-1], value[1:] + value[:1])
        case _:
            return ("x", 1)


MOST = 4
"""Values from elsewhere that are tried in each place."""


def values_of(value: Any) -> dict[str, list[Any]]:
    """What stands in it under each name: a few different ones of each."""
    found: dict[str, list[Any]] = {}

    def look(part: Any) -> None:
        if isinstance(part, dict):
            for name, inner in part.items():
                known = found.setdefault(name, [])
                if not isinstance(inner, dict | list) and inner not in known and len(known) < MOST:
                    known.append(inner)
                look(inner)
        elif isinstance(part, list):
            for inner in part:
                look(inner)

    look(value)
    return found


def read(changed: Any) -> AnyEvent | None:
    """The event, if it is one."""
    try:
        return EVENT.validate_python(changed)
    except (ValidationError, Malformed):
        return None


def packet_with(packet: Packet, part: str, changed: Any) -> Packet | None:
    """The packet with another directory or other cards, if those are such."""
    try:
        return Packet.model_validate(plain(packet) | {part: changed})
    except (ValidationError, Malformed):
        return None


def anew(packet: Packet, lines: Sequence[Line]) -> bytes:
    """These lines linked, salted and sealed anew."""
    return sealed_as(packet.model_copy(update={"ledger": linked(lines, packet.ledger)}), lines)


def relinked(packet: Packet, lines: Sequence[Line]) -> bytes:
    """These lines, the first with the digests of this packet's directory and cards, linked, salted and sealed anew."""
    (at, started), *rest = lines
    digests = {"directory": packet.directory.digest(), "cards": cards_digest(packet.cards)}
    return anew(packet, [(at, started.model_copy(update=digests)), *rest])


def sealed_as(packet: Packet, lines: Sequence[Line], **claims: Any) -> bytes:
    """Sealed a while after its last line."""
    latest = instant(max(at for at, _ in lines))
    usual = {"delivery": example_plan().operation, "exported_at": utc_text(latest + timedelta(hours=2))}
    return sealed(packet, **(usual | claims))


def main(names: Sequence[str]) -> int:
    """Print what passes in the packets of these examples, each with its reason; 1 where one has none."""
    wrong = 0
    for name in names:
        found = tried(name)
        passed, kept = sum(found.passed.values()), sum(found.passed_receipts.values())
        _print(f"{name}: {found.forgeries} forgeries, {passed} pass, {kept} of them with every receipt held beside")
        for what, count in sorted(found.passed.items()):
            reason = reason_of(what)
            why = f"{reason.name}: {reason.says}" if reason is not None else "NO REASON: SECURITY.md does not name it"
            _print(f"  {count:5} {found.passed_receipts[what]:5}  {what:24}  {why}")
        for what in unexplained(found):
            wrong = 1
            _print(f"  {what} passes, and should not")
    return wrong


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a chore


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or EXAMPLES))
