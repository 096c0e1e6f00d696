"""What stands in the cells of a row of the watch floor, in the reader's language: short, and with the consequence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from domain.plan.vocabulary import Need
from domain.rules.contingency import Consequence
from domain.views.floor import FloorRow, ReasonCount, concerned
from domain.views.glance import Pending
from domain.views.names import NEEDS
from domain.views.sentences import Translate, english, say_plainly, two_units
from domain.views.spans import HOURS
from domain.views.urgency import SOON, Group, Reason, Urgency
from domain.views.view import Phase
from domain.words.moments import instant
from domain.words.text import mark
from domain.words.total import total

REASONS: Final[Mapping[Reason, str]] = {
    "to_seize": mark("Stopped, not seized"),
    "lost": mark("Out of sight"),
    "overdue": mark("Overdue"),
    "diverged": mark("Record put back"),
    "held": mark("Held"),
    "differs": mark("Discrepancy to decide"),
    "consent": mark("Consent running out"),
    "due_soon": mark("Due in less than 2 h"),
    "unreachable": mark("Service not reached"),
    "under_way": mark("On the road"),
    "before": mark("Before departure"),
    "after": mark("After delivery"),
    "over": mark("Ended"),
}
LETTERS: Final[Mapping[Reason, str]] = {
    "to_seize": "S",
    "lost": "L",
    "overdue": "O",
    "diverged": "R",
    "held": "H",
    "differs": "D",
    "consent": "c",
    "due_soon": "t",
    "unreachable": "u",
}
"""The mark of each reason where nothing is drawn: capitals are to act on, small letters to watch."""
GROUPS: Final[Mapping[Group, str]] = {
    "needs_you": mark("Needs you"),
    "watch": mark("Watch"),
    "on_the_road": mark("On the road"),
    "before_departure": mark("Before departure"),
    "after_delivery": mark("After delivery"),
    "over": mark("Ended"),
}
"""What the bands are called."""
SHOWN: Final[Mapping[str, str]] = dict((*REASONS.items(), *GROUPS.items()))
"""What rows can be narrowed to."""
PHASES: Final[Mapping[Phase, str]] = {
    "consent": mark("consent"),
    "preparation": mark("preparation"),
    "departure": mark("departure"),
    "under_way": mark("on the road"),
    "arrest": mark("arrest"),
    "accounting": mark("accounting"),
    "held": mark("held"),
    "halted": mark("halted"),
    "ended": mark("ended"),
}
"""In one or two words. In sentences they have those of `domain.views.names`."""
SHORTLY: Final[Mapping[Need, str]] = {
    "detection": mark("report of the find"),
    "authorisation": mark("consent"),
    "agreement": mark("agreement"),
    "confirmation": mark("the written act"),
    "written_agreement": mark("the agreement in writing"),
    "extension": mark("longer consent"),
    "permission": mark("permission"),
    "duty": mark("a duty"),
    "prepared": mark("record of preparation"),
    "ready": mark("team ready"),
    "dispatched": mark("dispatch"),
    "sighting": mark("where it is"),
    "handover_offer": mark("offer, own weighing"),
    "handover_acceptance": mark("acceptance, own weighing"),
    "movement_decision": mark("go on or not"),
    "hold_decision": mark("go on, seize or end"),
    "deconfliction": mark("conflict check"),
    "conflict_settlement": mark("settle the conflict"),
    "delivered": mark("delivery"),
    "arrest": mark("report of the arrest"),
    "seizure": mark("seizure, weighed again"),
    "explanation": mark("explain the difference"),
    "parts": mark("how each part ended"),
    "debrief": mark("closing meeting"),
    "costs": mark("who bears the costs"),
    "jurisdiction": mark("who prosecutes whom"),
    "examination": mark("findings of the laboratory"),
    "disposal": mark("what became of exhibits"),
    "takeover": mark("take over the proceedings"),
    "exhibit_offer": mark("hand on what was found"),
    "exhibit_acceptance": mark("receipt of exhibits"),
    "look_back": mark("what came of it later"),
    "stop_acknowledgement": mark("confirm the stop"),
    "interdiction": mark("seizing it"),
}
"""What is waited for, in at most 28 characters."""
total(get_args(Need), SHORTLY=SHORTLY)
THEN: Final[Mapping[Consequence, str]] = {
    "halts": mark("If nobody answers, it halts."),
    "closes": mark("If nobody answers, it goes on without."),
    "out_of_sight": mark("If nobody answers, it counts as out of sight."),
    "holds": mark("If nobody answers, it is held."),
    "nothing": mark("Nothing follows by itself: call them."),
}
total(get_args(Consequence), THEN=THEN)
Tone = Literal["late", "soon", ""]


@dataclass(frozen=True)
class Cells:
    """What a row says beside its name, title and way."""

    reason: str
    """Why it stands where it does; empty where it only goes its way."""
    who: str
    """The service that is waited for; empty where none is."""
    more: int
    """How many more are."""
    need: str
    whole: str
    """The same in a sentence, with what follows; empty where nobody has to look."""
    left: str
    tone: Tone
    age: str
    phase: str
    used: float | None
    """The share of the allowed time that is used; none where there is no due time."""
    climbed: int
    rungs: int
    """Of the ladder."""


def awaited(row: FloorRow) -> Pending | None:
    """The open checkpoint that the row speaks of."""
    return concerned(row.glance, Urgency(row.reason, instant(row.until) if row.until is not None else None))


def cells(row: FloorRow, now: datetime, translate: Translate = english) -> Cells:
    """What stands in them at this moment."""
    seen, wait = row.glance, awaited(row)
    who, more = (wait.services[0], len(wait.services) - 1 + wait.more) if wait is not None and wait.services else ("", 0)
    if row.reason == "consent" and seen.shortest is not None:
        who, more = seen.shortest.service, 0
    need = _need(row, wait, now, translate)
    left, tone = time_left(row, now, translate)
    return Cells(
        reason=translate(REASONS[row.reason]) if row.group in ("needs_you", "watch") else "",
        who=who,
        more=more,
        need=need,
        whole=_whole(wait, who, need, translate) if row.group in ("needs_you", "watch") else "",
        left=left,
        tone=tone,
        age=_age(now - instant(seen.started_at), translate),
        phase=translate(PHASES[seen.phase]),
        used=_used(wait, now),
        climbed=wait.climbed if wait is not None else 0,
        rungs=wait.rungs if wait is not None else 0,
    )


def time_left(row: FloorRow, now: datetime, translate: Translate = english) -> tuple[str, Tone]:
    """Until when, as a countdown, and how loud it is."""
    if row.reason == "to_seize":
        return translate(UNTIL_SEIZED), "late"
    if row.until is None:
        return translate(NO_DEADLINE), ""
    left = instant(row.until) - now
    if left <= timedelta():
        return translate(LATE).format(span=two_units(left, translate)), "late"
    return two_units(left, translate), "soon" if left <= SOON else ""


UNTIL_SEIZED, NO_DEADLINE, LATE = mark("until seized"), mark("no deadline"), mark("late {span}")


def worst_of(counted: ReasonCount, now: datetime, translate: Translate = english) -> str:
    """The worst case of a counter, with its time."""
    if counted.delivery is None:
        return ""
    if counted.until is None or counted.reason == "unreachable":
        return counted.delivery
    left = instant(counted.until) - now
    text = mark("{delivery}, {span} late") if left <= timedelta() else mark("{delivery} in {span}")
    return translate(text).format(delivery=counted.delivery, span=two_units(left, translate))


def _age(span: timedelta, translate: Translate) -> str:
    """Of what is hours old, the hours; nobody compares minutes there."""
    hours = span // timedelta(hours=1)
    return translate(HOURS) % hours if 0 < hours < 24 else two_units(span, translate)


def _need(row: FloorRow, wait: Pending | None, now: datetime, translate: Translate) -> str:
    seen, need = row.glance, translate(SHORTLY[wait.needs]) if wait is not None else ""
    match row.reason:
        case "lost" if seen.lost_since is not None:
            span = two_units(now - instant(seen.lost_since), translate)
            return translate(mark("out of sight for {span}")).format(span=span)
        case "consent" if seen.shortest is not None:
            short = instant(seen.shortest.needed_until) - instant(seen.shortest.valid_until)
            return translate(mark("consent {span} too short")).format(span=two_units(short, translate))
        case "differs" if seen.differs:
            return f"{need}: {say_plainly(seen.differs[0], translate)}" if need else say_plainly(seen.differs[0], translate)
        case "unreachable" if wait is not None:
            span = two_units(now - instant(wait.since), translate)
            return translate(mark("{need}; not reached for {span}")).format(need=need, span=span)
        case "overdue" if wait is not None and wait.then == "nothing":
            return translate(mark("{need}; call them")).format(need=need)
        case "diverged":
            return translate(mark("how the record goes on"))
        case _:
            return need


def _whole(wait: Pending | None, who: str, need: str, translate: Translate) -> str:
    if wait is None:
        return need
    said = f"{who}: {translate(NEEDS[wait.needs])}." if who == next(iter(wait.services), "") else f"{who}: {need}."
    return f"{said} {translate(THEN[wait.then])}"


def _used(wait: Pending | None, now: datetime) -> float | None:
    if wait is None or wait.due is None:
        return None
    allowed = (instant(wait.due) - instant(wait.since)).total_seconds()
    return min(1.0, max(0.0, (now - instant(wait.since)).total_seconds() / allowed)) if allowed > 0 else 1.0
