"""What is said of silent services, in the reader's language, on the page and by the command alike."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from domain.delivery.chasing import Chase
from domain.rules.contingency import Consequence
from domain.views.floor_in_words import LATE, SHORTLY, UNTIL_SEIZED
from domain.views.overdue import Missing, Overdue, Silent
from domain.views.sentences import Translate, english, two_units
from domain.words.moments import instant
from domain.words.text import mark

Tone = Literal["late", "soon"]

NOTHING_LATE: Final = mark("No answer is late.")
ARE_LATE: Final = mark("Answers that are late: {late}. Silent services: {services}.")
CALL_FIRST: Final = mark("Call {service} first.")
STOPPED: Final = mark("{delivery} was stopped {span} ago and is not seized.")
LATE_FIRST: Final = mark("{delivery} waits for it, {span} late.")
CHASED_FIRST: Final = mark("{officer} of {service} has taken that over.")
BEYOND: Final = mark("{count} more waits have no room in this list: the pages of their deliveries name them.")
NOT_SILENT: Final = mark("nothing is late")
SILENT_SINCE: Final = mark("silent since {time}")
IT_IS: Final = mark("it is {time} there")
TIME_NOT_KNOWN: Final = mark("local time is not known")
ON_DUTY: Final = mark("on duty")
ON_DUTY_UNTIL: Final = mark("on duty until {time}")
OFF_DUTY_UNTIL: Final = mark("off duty until {time}")
HOURS_NOT_KNOWN: Final = mark("duty hours are not known")
NO_NUMBER: Final = mark("no telephone number is known")
TAKEN: Final = mark("{officer} of {service} chases it until {time}")
NOT_TAKEN: Final = mark("nobody has taken it over")
NO_RUNGS: Final = mark("no rungs")
RUNG: Final = mark("rung {climbed} of {rungs}")
OPENED_AT: Final = mark("opened {time}")
NOT_OPENED: Final = mark("not opened")
NOT_REACHED: Final = mark("its system is not reached")
OPENED_NOT_KNOWN: Final = mark("not known")
REMINDER: Final = mark("reminder at {time}")
IS_TOLD: Final = mark("{service} is told at {time}")
HELD: Final = mark("until it is decided how it goes on, nobody's silence counts")
ASKED_AGAIN: Final = mark("asked again at {time}, until it is seized (R8)")
NOTHING: Final = mark("nothing by itself: call")
THEN: Final[Mapping[Consequence, str]] = {
    "halts": mark("{time}: it halts"),
    "closes": mark("{time}: it closes without an answer"),
    "out_of_sight": mark("{time}: it counts as out of sight"),
    "holds": mark("{time}: it is held, and is decided on anew"),
    "nothing": mark("{time}: it is late, and nothing follows by itself"),
}


def clock(moment: str, now: datetime) -> str:
    """A time with its zone; the day too where it is another one."""
    at = instant(moment).astimezone(UTC)
    return at.strftime("%H:%M UTC" if at.date() == now.astimezone(UTC).date() else "%m-%d %H:%M UTC")


def in_one_sentence(found: Overdue, translate: Translate = english) -> str:
    """How many are late, and whom to call first, and why."""
    if not found.late:
        return translate(NOTHING_LATE)
    said = [translate(ARE_LATE).format(late=found.late, services=found.services)]
    first = next((one for one in found.silent if one.late), None)
    if first is not None and found.page == 1:
        worst, now = first.missing[0], instant(found.at)
        said.append(translate(CALL_FIRST).format(service=first.service))
        text = STOPPED if worst.late == "to_seize" else LATE_FIRST
        span = two_units(now - instant(worst.since if worst.late == "to_seize" else worst.due or worst.since), translate)
        said.append(translate(text).format(delivery=worst.delivery, span=span))
        if first.chase is not None:
            said.append(translate(CHASED_FIRST).format(officer=first.chase.officer, service=first.chase.service))
    return " ".join(said)


def name_of(block: Silent, language: str) -> str:
    """What it is called in this language, else in English, else as it calls itself; empty where nobody knows it."""
    return block.names.get(language) or block.names.get("en") or next(iter(block.names.values()), "")


def there(block: Silent, translate: Translate = english) -> str:
    """What time it is there, and whether somebody is."""
    if block.local is None:
        time = translate(TIME_NOT_KNOWN)
    else:
        time = translate(IT_IS).format(time=f"{block.local[11:16]} ({block.local[16:]})")
    return f"{time}, {_duty(block, translate)}"


def _duty(block: Silent, translate: Translate) -> str:
    if block.on_duty is None or block.local is None:
        return translate(HOURS_NOT_KNOWN)
    if block.until is None:
        return translate(ON_DUTY)
    same = block.until[:10] == block.local[:10]
    until = block.until[11:16] if same else f"{block.until[5:10]} {block.until[11:16]}"
    return translate(ON_DUTY_UNTIL if block.on_duty else OFF_DUTY_UNTIL).format(time=until)


def since(block: Silent, now: datetime, translate: Translate = english) -> str:
    """Since when it is silent."""
    if block.since is None:
        return translate(NOT_SILENT)
    return translate(SILENT_SINCE).format(time=clock(block.since, now))


def whom(block: Silent, translate: Translate = english) -> str:
    """Where to call, as far as the directory says."""
    return " · ".join(one for one in (block.telephone, block.contact) if one) or translate(NO_NUMBER)


def taken(chase: Chase | None, now: datetime, translate: Translate = english) -> str:
    """Who chases it."""
    if chase is None:
        return translate(NOT_TAKEN)
    return translate(TAKEN).format(officer=chase.officer, service=chase.service, time=clock(chase.until, now))


def lateness(one: Missing, now: datetime, translate: Translate = english) -> tuple[str, Tone]:
    """By how much it is late, or in how much time it is due."""
    if one.late == "to_seize":
        return translate(UNTIL_SEIZED), "late"
    left = instant(one.due or one.since) - now
    span = two_units(left, translate)
    return (translate(LATE).format(span=span), "late") if one.late == "late" else (span, "soon")


def what(one: Missing, translate: Translate = english) -> str:
    """What is missing, and where."""
    return translate(SHORTLY[one.needs])


def rung(one: Missing, translate: Translate = english) -> str:
    """How far up the ladder it is."""
    return translate(RUNG).format(climbed=one.climbed, rungs=one.rungs) if one.rungs else translate(NO_RUNGS)


def opened(one: Missing, now: datetime, translate: Translate = english) -> str:
    """Whether somebody there has opened it."""
    if one.opened_at is not None:
        return translate(OPENED_AT).format(time=clock(one.opened_at, now))
    if one.unreachable:
        return translate(NOT_REACHED)
    return translate(NOT_OPENED if one.opened == "no" else OPENED_NOT_KNOWN)


def comes_next(one: Missing, now: datetime, translate: Translate = english) -> str:
    """What follows by itself, and what it ends with."""
    at = clock(one.next.at, now) if one.next.at is not None else ""
    end = translate(THEN[one.then]).format(time=clock(one.due, now)) if one.due is not None and one.late == "soon" else ""
    match one.next.what:
        case "held":
            return translate(HELD)
        case "remind" if one.late == "to_seize":
            return translate(ASKED_AGAIN).format(time=at)
        case "remind":
            step = translate(REMINDER).format(time=at)
        case "tell":
            step = translate(IS_TOLD).format(service=one.next.to or "", time=at)
        case "due":
            step = ""
        case _:
            step = "" if end else translate(NOTHING)
    return "; ".join(part for part in (step, end) if part)


def all_taken(chases: Sequence[Chase], now: datetime, translate: Translate = english) -> str:
    """Who chases whom, in a line of the watch floor; empty where nobody does."""
    if not chases:
        return ""
    told = [
        translate(SHORT).format(chased=one.chased, officer=one.officer, service=one.service, time=clock(one.until, now))
        for one in chases[:MOST_IN_A_LINE]
    ]
    more = [f"+{len(chases) - MOST_IN_A_LINE}"] if len(chases) > MOST_IN_A_LINE else []
    return translate(TAKEN_OVER).format(chases="; ".join([*told, *more]))


TAKEN_OVER, SHORT = mark("Taken over: {chases}."), mark("{chased} by {officer} of {service} until {time}")
MOST_IN_A_LINE: Final = 8
"""Of the watch floor: the page of overdue services has the others."""
