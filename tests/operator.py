"""What whoever holds the installation's key can change in a packet without being found: every field of every entry, of directory,
cards and seal, each in every way that its type allows, salted and sealed anew. The word of a sibling is signed anew too, and the
root of a history that was put back is computed anew.

`python -m tests.operator` prints what passes, with the reason that SECURITY.md gives, and how much by each reason. It fails where
something has none.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from domain.delivery.events import AnyEvent
from domain.delivery.ledger import Entry, LeftOut, Receipt
from domain.delivery.reported import (
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    KeysChanged,
    Released,
    SiblingHeard,
    SiblingSealed,
    Started,
    Stated,
    Told,
    cards_digest,
)
from domain.delivery.vocabulary import NoticeKind, SiblingNews
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan, read_plan
from domain.record.door import read_statement
from domain.record.packet import OtherHistory, Packet
from domain.record.verify import verify
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import KEYS_TYPE, SIBLING_TYPE, sign
from domain.signing.keys import key_id
from domain.words.errors import Malformed, NotVerified
from domain.words.moments import instant, utc_text
from rehearsal.operator import root_over
from rehearsal.services import VIGIL, private_key_of
from tests.forging import Line, linked, sealed, taken_apart
from tests.packets import PACKETS, Made, made
from tests.support import example_plan, held

EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
NO_REASON = "no reason"
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
ORDERED = HEARSAY | {"stated", "keys_changed", "amended", "sibling_heard"}
"""What comes from outside at some time, before or after something else that does."""


OF_SERVICES = (
    *(f"services[].{name}" for name in ("id", "names", "official_names", "unit", "members")),
    *(f"services[].{name}" for name in ("address", "contact", "language", "task_queue", "reach", "keys")),
)
UNUSED = {"directory": ("example", *OF_SERVICES), "amended": OF_SERVICES}
"""Of the directory, and of the services that come with a change of plan: what no rule asks for, of a service that nobody asks, or
of a key that has signed nothing."""
NOT_NEEDED = ("services", "services[]", "cards", "cards[]", "cards[].state")
"""Of a change of plan: what comes with it whole, where nobody asks for it or it is known already."""


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
        "the order in which statements and changes of plan or keys came in, as far as the same is decided",
        receipts=True,
        explains=lambda event, place: place.startswith("after ") and {event, place.removeprefix("after ")} <= ORDERED,
    ),
    Reason(
        "behind",
        "It says by `archive_behind`",
        receipts=False,
        explains=lambda event, _: event in ("archive_behind", "archive_caught_up"),
    ),
    Reason("sealers", "the list of the installation's keys", receipts=False, explains=lambda event, _: event == "sealers"),
    Reason("put back", "by saying that it was put back", receipts=False, explains=lambda event, _: event == "diverged"),
    Reason(
        "unused",
        "of the directory that it began with, and of the services and cards that a changed plan brings, what nothing rests on",
        receipts=True,
        explains=lambda event, place: (
            (event in UNUSED and place.startswith(UNUSED[event])) or (event == "amended" and place in NOT_NEEDED)
        ),
    ),
    Reason(
        "sibling",
        "a sibling was held, was stopped, is in danger or has ended (R31), or keeps back what a sibling has come to",
        receipts=False,
        explains=lambda event, _: event == "sibling_heard",
    ),
    Reason(
        "ended key",
        "that the installation has ended a key (R24)",
        receipts=False,
        explains=lambda event, place: (event, place) == ("keys_changed", "invented"),
    ),
    Reason("history", "Temporal's own history", receipts=False, explains=lambda event, _: event == "history"),
    Reason("time", "the time or the order", receipts=True, explains=lambda event, place: event in ORDERED and place == "at"),
    Reason("unsigned", "what no service signs", receipts=True, explains=lambda event, _: event in HEARSAY),
    Reason(
        "idle",
        "a statement or a change of keys from which nothing follows is left out",
        receipts=True,
        explains=lambda event, place: event in ("stated", "keys_changed") and place == "left out",
    ),
    Reason(
        "end", "without the last entries", receipts=False, explains=lambda event, place: (event, place) == ("end", "left out")
    ),
    Reason(
        "export",
        "exported sooner or later",
        receipts=False,
        explains=lambda event, place: (event, place) == ("seal", "exported_at"),
    ),
    Reason(
        "in its place",
        "what stands in the place of what is left out (R23)",
        receipts=True,
        explains=lambda event, place: event == "left_out" and place.split(".")[0] in (*LeftOut.model_fields, "for stated"),
    ),
    Reason(
        "never said",
        "or invents there what was never said",
        receipts=False,
        explains=lambda event, place: event == "left_out" and place.removeprefix("for ") in HEARSAY,
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


def tried(name: str, each: int = 1) -> Tried:
    """Every forgery of one packet, or each so-manieth, held against the directory and the cards that are trusted."""
    packet = made(name)
    assert passes(packet.packet, packet, packet.receipts)
    count, passed, passed_receipts = 0, Counter[str](), Counter[str]()
    for forgery in islice(forgeries(packet.packet, whole=packet.whole), 0, None, each):
        count += 1
        if passes(forgery.data, packet, ()):
            passed[forgery.what] += 1
            passed_receipts[forgery.what] += passes(forgery.data, packet, packet.receipts)
    return Tried(count, passed, +passed_receipts)


def passes(data: bytes, trusts: Made, receipts: Sequence[Receipt]) -> bool:
    """Whether it verifies by what its reader trusts; any error but `NotVerified` is a fault of ours."""
    try:
        verify(data, trusts.directory, held(*receipts), trusts.cards)
    except NotVerified:
        return False
    return True


def forgeries(data: bytes, *, whole: bool = True) -> Iterator[Forgery]:
    """All of them, of one packet; `whole`: also what stands beside its ledger is changed, and asking and telling is invented.
    Of one that leaves something out: what is said in the place of that, since all else is alike.
    """
    packet, lines = taken_apart(data)
    if len(lines) < len(packet.ledger):
        yield from left_out(packet, lines)
        return
    known = values_of(plain(packet))
    yield from of_lines(lines, plan_of(lines), known, lambda changed: anew(packet, changed))
    for number in range(len(lines)):
        so_far = lines[: number + 1]
        every = invented(packet, so_far, whole=whole) if number % EVERY == 0 else ()
        for facts in (*every, *archive_and_register(so_far)):
            yield Forgery(f"{facts[0].event} invented", anew(packet, put_in(lines, number, facts)))
        for facts in words_of_siblings(so_far) if number % EVERY == 0 else ():
            for until in (number + 1, len(lines)):
                yield Forgery("sibling_heard invented", anew(packet, put_in(lines[:until], number, facts)))
        last = number % EVERY == 0 or number + 2 >= len(lines)
        yield from put_back(packet, lines, number) if last and not packet.others else ()
    for other in packet.others:
        since = other.entries[0].seq
        its = [*lines[:since], *((one.at, one.event) for one in other.entries if isinstance(one, Entry))]
        yield from of_lines(its, plan_of(lines), known, partial(with_other, packet, lines, other), since)
    yield from beside(packet, lines, known) if whole else ()
    last_at = instant(lines[-1][0])
    for purpose in ("court", "KZ", "LV"):
        yield Forgery("seal purpose", sealed_as(packet, lines, purpose=purpose))
    for exported in (last_at - timedelta(microseconds=1), last_at, last_at + timedelta(days=3650)):
        yield Forgery("seal exported_at", sealed_as(packet, lines, exported_at=utc_text(exported)))


def of_lines(
    lines: Sequence[Line],
    plan: Plan,
    known: dict[str, list[Any]],
    sealed_anew: Callable[[Sequence[Line]], bytes],
    since: int = 0,
) -> Iterator[Forgery]:
    """Every field of every line from `since` on, its moment, the line itself left out and twice, and it after the next."""
    for number, (at, event) in enumerate(lines[since:], since):
        before, after = lines[:number], lines[number + 1 :]
        for place, changed in variants(plain(event), known):
            other = read(changed)
            if other is not None and other != event:
                signed = other if place.startswith("seal") else signed_anew(other, plan)
                yield Forgery(f"{event.event} {place}", sealed_anew([*before, (at, signed), *after]))
        for step in (*STEPS, *(-one for one in STEPS)):
            moved = utc_text(instant(at) + step)
            yield Forgery(f"{event.event} at", sealed_anew([*before, (moved, event), *after]))
        gone = f"{event.event if after else 'end'} left out"
        yield Forgery(gone, sealed_anew([*before, *after]))
        yield Forgery(gone, sealed_anew(forgotten(lines, number)))
        yield Forgery(f"{event.event} twice", sealed_anew([*before, (at, event), (at, event), *after]))
        if after:
            (next_at, following), *rest = after
            swapped = [*before, (at, following), (next_at, event), *rest]
            yield Forgery(f"{event.event} after {following.event}", sealed_anew(swapped))


def left_out(packet: Packet, lines: Sequence[Line]) -> Iterator[Forgery]:
    """Every field of what is said in the place of what is left out; and in the place of each entry that is there that it is left
    out, of each service, under an id of its own and under that of each that is.
    """
    known, gone = values_of(plain(packet)), [one for one in packet.ledger if isinstance(one, LeftOut)]

    def told(number: int, changed: Any) -> bytes | None:
        try:
            other = LeftOut.model_validate(changed)
        except (ValidationError, Malformed):
            return None
        if other == packet.ledger[number]:
            return None
        ledger = (*packet.ledger[:number], other, *packet.ledger[number + 1 :])
        return sealed_as(packet.model_copy(update={"ledger": ledger}), lines, purpose="court")

    for number, entry in enumerate(packet.ledger):
        if isinstance(entry, LeftOut):
            changes = list(variants(plain(entry), known))
        else:
            where = {"seq": number, "leaf": entry.leaf()}
            own = read_statement(entry.event.envelope).id if isinstance(entry.event, Stated) else "invented"
            ids = dict.fromkeys((own, *(one.statement for one in gone)))
            changes = [
                (f"for {entry.event.event}", plain(one) | where | {"provider": service, "statement": name})
                for one in gone
                for service in participants(lines)
                for name in ids
            ]
        for place, changed in changes:
            if (data := told(number, changed)) is not None:
                yield Forgery(f"left_out {place}", data)


def beside(packet: Packet, lines: Sequence[Line], known: dict[str, list[Any]]) -> Iterator[Forgery]:
    """What stands beside the ledger, and the installation's keys as those of any service."""
    for part in ("directory", "cards", "sealers", "history"):
        for place, changed in variants(plain(packet)[part], known):
            other_packet = packet_with(packet, part, changed)
            if other_packet is not None and other_packet != packet:
                yield Forgery(f"{part} {place}".strip(), relinked(other_packet, lines))
    for one in packet.directory.services:
        if one.keys and (other_packet := packet_with(packet, "sealers", plain(one.keys))) is not None:
            yield from (Forgery("sealers", sealed_as(other_packet, lines, by=by)) for by in dict.fromkeys((VIGIL, one.id)))


def invented(packet: Packet, lines: Sequence[Line], *, whole: bool) -> Iterator[tuple[AnyEvent, ...]]:
    """Facts from outside that nobody brought: of every service, at every checkpoint that has opened; and each key ended by the
    installation, which may do that.
    """
    yield from ((one,) for one in of_asking_and_telling(packet, lines)) if whole else ()
    everybody, at = participants(lines), lines[-1][0]
    for service in everybody:
        for key in packet.directory.get(service).keys:
            end = KeyEnd(key=key_id(key.public), at=at, revoked=True)
            record = KeyChange(service=service, by=VIGIL, made_at=at, ended=(end,))
            ended = KeysChanged(change=sign(canonical(record), KEYS_TYPE, private_key_of(VIGIL)))
            yield (ended,)
            yield ended, Told(kind="keys", of=len(lines), reached=everybody)


def words_of_siblings(lines: Sequence[Line]) -> Iterator[tuple[AnyEvent, ...]]:
    """All that can be said of each sibling with the installation's signature alone: what it has reached, too."""
    plan = plan_of(lines)
    group = plan.group
    if group is None:
        return
    told = Told(kind="sibling", of=len(lines), reached=plan.participants())
    for sibling in group.members:
        for says in get_args(SiblingNews):
            names: tuple[str | None, ...] = plan.ids_at("dispatch") if says == "reached" else (None,)
            for name in names:
                said = SiblingSealed(group=group.digest, sibling=sibling, says=says, checkpoint=name, size=1, root="0" * 64)
                words = said.model_dump(include={"sibling", "says", "checkpoint", "size", "root"})
                heard = SiblingHeard(**words, seal=sign(canonical(said), SIBLING_TYPE, private_key_of(VIGIL)))
                yield (heard,)
                yield heard, told


def forgotten(lines: Sequence[Line], number: int) -> list[Line]:
    """The line never was, and nobody was told of it."""
    rest = [one for one in lines[number + 1 :] if not (isinstance(one[1], Told) and one[1].of == number)]
    return [*lines[:number], *renumbered(rest, number, -1)]


def put_in(lines: Sequence[Line], number: int, facts: Iterable[AnyEvent]) -> list[Line]:
    """These facts come after the line, at its moment."""
    more = [(lines[number][0], one) for one in facts]
    return [*lines[: number + 1], *more, *renumbered(lines[number + 1 :], number, len(more))]


def renumbered(lines: Iterable[Line], number: int, by: int) -> list[Line]:
    """These lines name entries behind this one by the numbers that those have once there are so many more before them."""
    found: list[Line] = []
    for at, event in lines:
        match event:
            case Told():
                found.append((at, event.model_copy(update={"of": event.of + by * (event.of > number)})))
            case Deconflicted() | Deferred():
                found.append((at, event.model_copy(update={"order": event.order + by * (event.order > number)})))
            case _:
                found.append((at, event))
    return found


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
    return plan_of(lines).participants()


def plan_of(lines: Sequence[Line]) -> Plan:
    """The plan that it began with."""
    started = lines[0][1]
    assert isinstance(started, Started)
    return read_plan(started.plan)


def named_by(lines: Sequence[Line]) -> str:
    """The delivery that its plan names; a plan that cannot be read any more names none, and another name is as good."""
    try:
        return plan_of(lines).operation
    except (AssertionError, Malformed, ValidationError):
        return example_plan().operation


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


def signed_anew(event: AnyEvent, plan: Plan) -> AnyEvent:
    """What the installation signs in it, signed anew: the word of a sibling."""
    if not isinstance(event, SiblingHeard) or plan.group is None:
        return event
    seal = sign(canonical(event.sealed(plan.group.digest)), SIBLING_TYPE, private_key_of(VIGIL))
    return event.model_copy(update={"seal": seal})


def anew(packet: Packet, lines: Sequence[Line]) -> bytes:
    """These lines linked, salted and sealed anew."""
    told = with_roots(packet, lines)
    return sealed_as(packet.model_copy(update={"ledger": linked(told, packet.ledger)}), told)


def with_roots(packet: Packet, lines: Sequence[Line]) -> list[Line]:
    """These lines, with the sizes and roots that histories which were put back have by now, where they are told as they were."""
    told = [one.event for one in packet.ledger if isinstance(one, Entry) and isinstance(one.event, Diverged)]
    others = {one.branch: one.entries for one in packet.others}
    before = linked(lines, packet.ledger) if others else ()
    return [(at, root_told(event, before, others) if event in told else event) for at, event in lines]


def root_told(found: AnyEvent, before: Sequence[Entry], others: Mapping[int, Sequence[Entry | LeftOut]]) -> AnyEvent:
    """What was found, of the history as it is in the packet now."""
    if not isinstance(found, Diverged) or found.branch not in others:
        return found
    history = [*before[: others[found.branch][0].seq], *others[found.branch]]
    size = min(found.size, len(history))
    return found.model_copy(update={"size": size, "root": root_over(history[:size])})


def with_other(packet: Packet, lines: Sequence[Line], other: OtherHistory, its: Sequence[Line]) -> bytes:
    """The packet with these lines as the history that was put back, linked, salted and sealed anew."""
    since = other.entries[0].seq
    entries = linked(its, (*packet.ledger[:since], *other.entries))[since:]
    kept = [one for one in packet.others if one is not other]
    more = [other.model_copy(update={"entries": entries})] if entries else []
    return anew(packet.model_copy(update={"others": tuple(sorted((*kept, *more), key=lambda one: one.branch))}), lines)


def relinked(packet: Packet, lines: Sequence[Line]) -> bytes:
    """These lines, the first with the digests of this packet's directory and cards, linked, salted and sealed anew."""
    (at, started), *rest = lines
    digests = {"directory": packet.directory.digest(), "cards": cards_digest(packet.cards)}
    return anew(packet, [(at, started.model_copy(update=digests)), *rest])


def sealed_as(packet: Packet, lines: Sequence[Line], **claims: Any) -> bytes:
    """Sealed a while after its last line."""
    latest = instant(max(at for at, _ in lines))
    usual = {"delivery": named_by(lines), "exported_at": utc_text(latest + timedelta(hours=2))}
    return sealed(packet, **(usual | claims))


def main(names: Sequence[str]) -> int:
    """Print what passes in these packets, each with its reason, and how much by each reason; 1 where one has none."""
    wrong, forged = 0, 0
    all_passed, all_kept = Counter[str](), Counter[str]()
    for name in names:
        found = tried(name)
        forged += found.forgeries
        passed, kept = sum(found.passed.values()), sum(found.passed_receipts.values())
        _print(f"{name}: {found.forgeries} forgeries, {passed} pass, {kept} of them with every receipt held beside")
        for what, count in sorted(found.passed.items()):
            reason = reason_of(what)
            by = reason.name if reason is not None else NO_REASON
            _print(f"  {count:5} {found.passed_receipts[what]:5}  {what:34}  {by}")
            all_passed[by] += count
            all_kept[by] += found.passed_receipts[what]
        for what in unexplained(found):
            wrong = 1
            _print(f"  {what} passes, and should not")
    _print(f"all: {forged} forgeries, {all_passed.total()} pass, {all_kept.total()} of them with every receipt held beside")
    said = {one.name: one.says for one in REASONS} | {NO_REASON: "SECURITY.md does not name it"}
    for by, count in all_passed.most_common():
        _print(f"  {count:5} {all_kept[by]:5}  {by:10}  {said[by]}")
    return wrong


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a chore


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or tuple(PACKETS)))
