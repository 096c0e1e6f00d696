"""The page of one delivery, made from what is the reader's to see: how it stands in sentences, the route, the plan against what
happened, what is waited for and what follows by itself, every weighing, and the ledger in sentences.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from domain.delivery.delivery import Delivery
from domain.delivery.progress import RequestStanding
from domain.plan.directory import Service
from domain.plan.quantity import say_quantity
from domain.views.floor_in_words import LATE
from domain.views.ladders import Ladder, Step, ladders, say_step
from domain.views.route_map import RouteMap, route_map
from domain.views.sentences import Translate, say_kind, two_units
from domain.views.sight import Sight, sight
from domain.views.sight import page as entries_of
from domain.views.situation import Part, Situation, situation
from domain.views.timeline import Timeline, timeline
from domain.views.timeline_picture import name_of, picture
from domain.views.view import DeliveryView
from domain.views.view import view as view_of
from domain.views.way import said, way
from domain.views.weighings import Weighing, weighings
from domain.words.quantities import say_mass
from domain.words.text import mark, told
from gateway.limits import PAGE_OF_LEDGER
from gateway.pages.brakes import proposed
from gateway.pages.maps import NO_MAPS, Maps
from gateway.pages.story import GROUPS, Chapter, Narrowed, chapter

TELEPHONE: Final = re.compile(r"\+[0-9][0-9 ()-]{6,24}")
"""What in a contact can be dialled."""
SCALE, HALF = 64.0, 28.0
"""Of the drawing of a deviation: its width, and half of the band that the tolerance is."""
LEFT: Final = mark("left {time}")
REACHED: Final = mark("reached {time}")
ABOUT: Final = mark("about {time}")
"""When it was at a stop, or will be as far as is known."""


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
    situation: Situation
    way: str
    way_said: str
    whens: Mapping[str, tuple[str, str]]
    """By stop, when it was there or will be, and by how much that is late."""
    route: RouteMap
    timeline: Timeline
    gantt: str
    rows: tuple[tuple[str, Any], ...]
    waits: tuple[Climbed, ...]
    call: Called | None
    """Whom to call first."""
    weighings: tuple[Weighed, ...]
    chapter: Chapter
    narrowed: Narrowed
    groups: tuple[tuple[str, str, str], ...]
    """To narrow the ledger down: code, name and address."""
    earlier: str
    """The address of earlier entries; empty where there are none."""
    acknowledged: tuple[tuple[str, RequestStanding], ...]
    """Who has acknowledged that it was stopped, and who not yet, as far as the reader is told; empty where nobody is asked."""
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
    narrowed: Narrowed,
    before: int | None = None,
    temporal: str = "",
) -> OnePage:
    """It, for this reader, as at `now`."""
    shown, seen = view_of(delivery, reader, now), sight(delivery, reader)
    line, climbs = timeline(delivery, seen, now), ladders(delivery, shown, seen)
    part = Part(delivery, shown, seen, climbs, line, speak)
    stands = situation(part)
    entries = entries_of(delivery, reader, 0)
    newest = chapter(entries, shown.entries if before is None else before, PAGE_OF_LEDGER, narrowed, speak)
    first = next(iter(stands.about.calls), None) if stands.about is not None else None
    return OnePage(
        view=shown,
        situation=stands,
        way=way(part),
        way_said=said(part),
        whens=_whens(delivery, shown, line, speak),
        route=route_map(part),
        timeline=line,
        gantt=picture(line, speak),
        rows=tuple((name_of(row, speak), row) for row in line.rows),
        waits=tuple(_climbed(one, part.holder, speak) for one in climbs),
        call=_called(first.service, first.contact) if first is not None else None,
        weighings=tuple(_weighed(one, speak) for one in weighings(delivery, seen)),
        chapter=newest,
        narrowed=narrowed,
        groups=tuple((code, name, _address(replace(narrowed, show=code))) for code, name in (("", ""), *GROUPS.items())),
        earlier=_address(narrowed, before=str(newest.since)) if newest.since is not None else "",
        acknowledged=tuple(_acknowledged(delivery, seen)),
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


def _address(narrowed: Narrowed, **query: str) -> str:
    given = {name: value for name, value in (query | asdict(narrowed)).items() if value}
    return f"?{urlencode(given)}#ledger"


def _acknowledged(delivery: Delivery, seen: Sight) -> Iterator[tuple[str, RequestStanding]]:
    """Of the stop, service by service; who sees a part is told of itself alone (R11)."""
    for progress in delivery.state.every_checkpoint().values():
        if progress.contingency == "acknowledgement":
            for service in progress.checkpoint.services():
                if seen.whole or service == seen.reader.id:
                    yield service, progress.standing_of(service)


def _climbed(one: Ladder, holder: str | None, speak: Translate) -> Climbed:
    steps = tuple((step, say_step(step, holder, speak)) for step in one.steps)
    return Climbed(one, steps, tuple(_called(each.service, each.contact) for each in one.calls))


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
