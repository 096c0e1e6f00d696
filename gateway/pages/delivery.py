"""The page of one delivery, made from what is the reader's to see: how it stands in sentences, the route, the plan against what
happened, what is waited for and what follows by itself, every weighing, and the ledger in sentences.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.progress import RequestStanding
from domain.delivery.reported import Stated
from domain.plan.directory import Service
from domain.plan.quantity import say_quantity
from domain.rules.book import book_of
from domain.views.correcting import KINDS, may_correct
from domain.views.floor_in_words import LATE
from domain.views.ladders import Ladder, Step, ladders, say_step
from domain.views.names import STEPS
from domain.views.noted import noted
from domain.views.route_map import RouteMap, route_map
from domain.views.sentences import Translate, say_kind, two_units
from domain.views.sight import Sight, sight
from domain.views.situation import Situation, SituationSource, situation
from domain.views.statistics_in_words import what_for
from domain.views.timeline import Timeline, timeline
from domain.views.timeline_picture import name_of, picture
from domain.views.view import DeliveryView
from domain.views.view import view as view_of
from domain.views.way import said, way
from domain.views.weighings import Sum, Weighing, sums, weighings
from domain.words.moments import instant
from domain.words.quantities import say_mass
from domain.words.text import mark, told, word
from gateway.pages.brakes import proposed
from gateway.pages.maps import NO_MAPS, Maps
from gateway.pages.story import GROUPS, Chapter, StoryFilter

TELEPHONE: Final = re.compile(r"\+[0-9][0-9 ()-]{6,24}")
"""What in a contact can be dialled."""
SCALE, HALF = 64.0, 28.0
"""Of the drawing of a deviation: its width, and half of the band that the tolerance is."""
LEFT: Final = mark("left {time}")
REACHED: Final = mark("reached {time}")
ABOUT: Final = mark("about {time}")
"""When it was at a stop, or will be as far as is known."""
NEXT: Final = mark("then {service}, {span}")
NOW: Final = mark("{service} has it: {span} of {planned}")
"""Who has it from a stop on, and for how long."""
PREPARED: Final = mark("{what}: {planned} by the plan {sign} {kept} kept + {removed} taken out + {samples} samples.")
RECOVERED: Final = mark("{kept} kept {sign} {recovered} recovered.")
TAKEN_OUT: Final = mark("{kept} kept = {taken_out} taken out on the way + {left} that go on.")
BOTH: Final = mark("{kept} kept {sign} {taken_out} taken out on the way + {recovered} recovered.")
LESS: Final = mark("That is {mass} less, which the tolerance of the plan lets pass.")
MORE: Final = mark("That is {mass} more, which the tolerance of the plan lets pass.")
HANDLING: Final = mark("handling {code}")
DAY: Final = mark("day {number}")
EXAMPLE: Final = mark("EXAMPLE")


@dataclass(frozen=True)
class Called:
    """Whom to call, how, and by which address."""

    service: str
    contact: str
    dial: str


@dataclass(frozen=True)
class Climbed:
    """A ladder in the reader's words."""

    ladder: Ladder
    title: str
    """What is asked there, and of which State."""
    steps: tuple[tuple[Step, str], ...]
    calls: tuple[Called, ...]


@dataclass(frozen=True)
class Weighed:
    """A weighing in the reader's words."""

    weighing: Weighing
    kind: str
    gross: str
    deviation: str
    at: float | None
    """Where it stands in the drawing of the tolerance."""


@dataclass(frozen=True)
class OnePage:
    """All that the template draws."""

    view: DeliveryView
    tags: tuple[str, ...]
    """How it goes, its handling code and its day, for who sees the whole."""
    situation: Situation
    way: str
    way_said: str
    whens: Mapping[str, tuple[str, str]]
    """By stop, when it was there or will be, and by how much that is late."""
    holders: Mapping[str, str]
    """By stop, who has it from there on, and for how long."""
    route: RouteMap
    timeline: Timeline
    references: Mapping[str, str]
    """By service, number and date of the act by which it consents, as it said last."""
    gantt: str
    rows: tuple[tuple[str, Any], ...]
    waits: tuple[Climbed, ...]
    call: Called | None
    """Whom to call first."""
    weighings: tuple[Weighed, ...]
    sums: tuple[tuple[str, bool], ...]
    """How each substance adds up, and whether it closes."""
    chapter: Chapter
    narrowed: StoryFilter
    groups: tuple[tuple[str, str, str], ...]
    """To narrow the ledger down: code, name and address."""
    earlier: str
    """The address of earlier entries; empty where there are none."""
    acknowledged: tuple[tuple[str, RequestStanding], ...]
    """Who has acknowledged that it was stopped, and who not yet, as far as the reader is told; empty where nobody is asked."""
    correctable: frozenset[int]
    """Entries of the chapter that say what the reader may correct."""
    proposed: str
    """A reason for a hold or a stop, from what is wrong; empty where nothing is."""
    temporal: str
    """The address of its workflow in Temporal's own pages; empty where the installation says none, or the reader sees a part."""
    maps: Maps = NO_MAPS
    """Drawn later, beside the event loop."""


def one_page(  # noqa: PLR0913, PLR0917 - a page is made of these
    delivery: Delivery,
    reader: Service,
    now: datetime,
    speak: Translate,
    narrowed: StoryFilter,
    newest: Chapter,
    temporal: str = "",
) -> OnePage:
    """It, for this reader, as at `now`; with this chapter of its ledger."""
    shown, seen = view_of(delivery, reader, now), sight(delivery, reader)
    line, climbs = timeline(delivery, seen, now), ladders(delivery, shown, seen)
    part = SituationSource(delivery, shown, seen, climbs, line, speak)
    stands = situation(part)
    first = next(iter(stands.about.calls), None) if stands.about is not None else None
    return OnePage(
        view=shown,
        tags=tuple(_tags(delivery, seen, now, speak)),
        situation=stands,
        way=way(part),
        way_said=said(part),
        whens=_whens(delivery, shown, line, speak),
        holders=_holders(delivery, line, speak),
        route=route_map(part),
        timeline=line,
        references=_references(delivery),
        gantt=picture(line, speak),
        rows=tuple((name_of(row, speak), row) for row in line.rows),
        waits=tuple(_climbed(delivery, one, part.holder, speak) for one in climbs),
        call=_called(first.service, first.contact) if first is not None else None,
        weighings=tuple(_weighed(one, speak) for one in weighings(delivery, seen)),
        sums=tuple((_added(one, speak), one.closes) for one in sums(delivery, seen)),
        chapter=newest,
        narrowed=narrowed,
        groups=tuple((code, name, _address(replace(narrowed, show=code))) for code, name in (("", ""), *GROUPS.items())),
        earlier=_address(narrowed, before=str(newest.since)) if newest.since is not None else "",
        acknowledged=tuple(_acknowledged(delivery, seen)),
        correctable=frozenset(
            one.line.seq
            for one in newest.tales
            if one.line.kind in KINDS and one.line.service == reader.id and may_correct(delivery, reader, one.line.seq)
        ),
        proposed=proposed(stands.reason, speak),
        temporal=temporal if seen.whole else "",
    )


def _whens(delivery: Delivery, shown: DeliveryView, line: Timeline, speak: Translate) -> dict[str, tuple[str, str]]:
    """From the legs that are the reader's to know (R11)."""
    found, passed = dict[str, tuple[str, str]](), {stop.checkpoint for stop in shown.route if stop.passed}

    def at(text: str, moment: datetime) -> str:
        return speak(text).format(time=moment.astimezone(UTC).strftime("%m-%d %H:%M UTC"))

    for row in line.rows:
        if row.what != "leg":
            continue
        leg = delivery.plan.legs[row.number]
        if row.real is not None:
            found.setdefault(leg.start, (at(LEFT, row.real.begins), ""))
        late = speak(LATE).format(span=two_units(row.delay, speak)) if row.delay else ""
        if row.expected is not None:
            found[leg.end] = at(ABOUT, row.expected.ends), late
        elif row.real is not None and leg.end in passed:
            found[leg.end] = at(REACHED, row.real.ends), late
    return found


def _holders(delivery: Delivery, line: Timeline, speak: Translate) -> dict[str, str]:
    """From the legs that are the reader's to know (R11)."""
    found = dict[str, str]()
    for row in line.rows:
        if row.what != "leg" or not row.services or (lasts := row.real or row.planned or row.expected) is None:
            continue
        planned = two_units(row.planned.ends - row.planned.begins, speak) if row.planned is not None else ""
        text = NOW if row.goes_on and planned else NEXT
        span = two_units(lasts.ends - lasts.begins, speak)
        found[delivery.plan.legs[row.number].start] = speak(text).format(service=row.services[0], span=span, planned=planned)
    return found


def _references(delivery: Delivery) -> dict[str, str]:
    """Of everybody: the page names it beside a consent that is the reader's to see."""
    found = dict[str, str]()
    for entry in noted(delivery.ledger).consents:
        if isinstance(entry.event, Stated):
            said = book_of(delivery).read(entry.event.envelope)
            if (reference := getattr(said.content, "reference", None)) is not None:
                found[said.on_behalf_of or said.service] = reference.say()
    return found


def _tags(delivery: Delivery, seen: Sight, now: datetime, speak: Translate) -> Iterator[str]:
    plan = delivery.plan
    if not seen.whole:
        return
    if plan.example:
        yield speak(EXAMPLE)
    yield told(word(plan.modality), speak)
    yield speak(HANDLING).format(code=plan.handling_code)
    if delivery.state.outcome is None:
        yield speak(DAY).format(number=(now - instant(delivery.ledger.entries[0].at)).days + 1)


def _added(one: Sum, speak: Translate) -> str:
    def sign(left: int, right: int, *, closes: bool) -> str:
        return "≠" if not closes else "=" if left == right else "≈"

    def passes(left: int, right: int, *, closes: bool) -> str:
        """By how much it is otherwise, where nobody is asked about it."""
        mass = told(say_mass(abs(left - right)), speak)
        return f" {speak(LESS if right < left else MORE).format(mass=mass)}" if closes and left != right else ""

    names = ("planned", "kept", "removed", "samples", "taken_out", "recovered")
    masses = {name: told(say_mass(getattr(one, name) or 0), speak) for name in names}
    masses["left"] = told(say_mass(one.kept - one.taken_out), speak)
    found = one.kept + one.removed + one.samples
    made = sign(one.planned, found, closes=one.prepared_closes)
    text = speak(PREPARED).format(what=one.substance, sign=made, **masses)
    text += passes(one.planned, found, closes=one.prepared_closes)
    if one.recovered is None:
        return f"{text} {speak(TAKEN_OUT).format(**masses)}" if one.taken_out else text
    found = one.taken_out + one.recovered
    ends = sign(one.kept, found, closes=one.recovered_closes)
    text = f"{text} {speak(BOTH if one.taken_out else RECOVERED).format(sign=ends, **masses)}"
    return text + passes(one.kept, found, closes=one.recovered_closes)


def _address(narrowed: StoryFilter, **query: str) -> str:
    given = {name: value for name, value in (query | asdict(narrowed)).items() if value}
    return f"?{urlencode(given)}#ledger"


def _acknowledged(delivery: Delivery, seen: Sight) -> Iterator[tuple[str, RequestStanding]]:
    """Of the stop, service by service; who sees a part is told of itself alone (R11)."""
    for progress in delivery.state.every_checkpoint().values():
        if progress.contingency == unforeseen.ACKNOWLEDGEMENT:
            for service in progress.checkpoint.services():
                if seen.whole or service == seen.reader.id:
                    yield service, progress.standing_of(service)


def _climbed(delivery: Delivery, one: Ladder, holder: str | None, speak: Translate) -> Climbed:
    steps = tuple((step, say_step(step, holder, speak)) for step in one.steps)
    return Climbed(one, _title(delivery, one, speak), steps, tuple(_called(each.service, each.contact) for each in one.calls))


def _title(delivery: Delivery, one: Ladder, speak: Translate) -> str:
    planned = delivery.plan.find(one.wait.checkpoint)
    if planned is None:
        return what_for(one.contingency or "", speak)
    return f"{speak(STEPS[planned.step])} {planned.state}"


def _called(service: str, contact: str) -> Called:
    number = TELEPHONE.search(contact)
    return Called(service, contact, re.sub(r"[^+0-9]", "", number.group()) if number is not None else "")


def _weighed(one: Weighing, speak: Translate) -> Weighed:
    off, allowed = one.deviation, one.tolerance
    text = "" if not off else ("−" if off < 0 else "+") + told(say_mass(abs(off)), speak)
    at = None
    if off is not None and allowed is not None:
        at = SCALE / 2 + max(-1.1, min(1.1, off / max(allowed, 1))) * HALF
    return Weighed(one, say_kind(one.kind, speak), say_quantity(one.gross, speak), text, at)
