"""The sheet of a shift in sentences of the reader's language, for page, paper and command line alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.views.floor_in_words import REASONS, SHORTLY, THEN, UNTIL_SEIZED
from domain.views.happenings import WHATS, Happened, What
from domain.views.names import OUTCOMES
from domain.views.sentences import Translate, english, say, say_kind, two_units
from domain.views.shift import Moved, Running, Sheet, Waiting
from domain.words.moments import instant
from domain.words.text import mark

COUNTS: Final[Mapping[What, str]] = {
    "stopped": mark("stopped"),
    "halted": mark("halted by a rule"),
    "put_back": mark("records put back"),
    "held": mark("held"),
    "lost": mark("lost from sight"),
    "expired": mark("consents run out"),
    "silent": mark("silent"),
    "told_next": mark("told up the ladder"),
    "declined": mark("refused by a service"),
    "refused": mark("refused by a rule"),
    "seized": mark("seized"),
    "decided": mark("decided"),
    "found_again": mark("in sight again"),
    "ended": mark("ended"),
    "concluded": mark("with an outcome"),
    "started": mark("started"),
    "amended": mark("plans changed"),
    "departed": mark("left"),
    "handed_over": mark("handed over"),
    "delivered": mark("delivered"),
}
"""How much of what has happened, each after its number."""
TELLS: Final[Mapping[What, str]] = {
    "stopped": mark("{delivery} was stopped by {by} ({officer}): {kind}."),
    "halted": mark("{delivery} halted by itself."),
    "put_back": mark("{delivery}: its record was put back; people decide how it goes on."),
    "held": mark("{delivery} was held by {by} ({officer})."),
    "lost": mark("{delivery}: {by} ({officer}) has lost sight of it."),
    "expired": mark("{delivery}: the consent of {services} has run out."),
    "silent": mark("{delivery}: {services} did not answer in time."),
    "told_next": mark("{delivery}: {services} was told, next on the ladder, that an answer is missing."),
    "declined": mark("{delivery}: {by} ({officer}) said no: {kind}."),
    "refused": mark("{delivery}: {by} ({officer}) tried to say: {kind}. It does not count."),
    "seized": mark("{delivery}: {by} ({officer}) said: {kind}."),
    "decided": mark("{delivery}: {by} ({officer}) decided: {kind}."),
    "found_again": mark("{delivery}: {by} ({officer}) has it in sight again."),
    "ended": mark("{delivery} ended, and its ledger is closed."),
    "concluded": mark("{delivery} has its outcome: {outcome}."),
    "started": mark("{delivery} was started."),
    "amended": mark("{delivery}: its plan was changed by a new signed one."),
    "departed": mark("{delivery} left; {by} ({officer}) said so."),
    "handed_over": mark("{delivery}: {by} ({officer}) took it over."),
    "delivered": mark("{delivery} was delivered; {by} ({officer}) said so."),
}
"""Each in a sentence."""
WAITS: Final = mark("{who}: {need}.")
AND_MORE: Final = mark("{who} and {count} more")
HOLDS: Final = mark("{service} holds it in {state}.")
TOLD: Final = mark("{service} was told last.")
CALL: Final = mark("call {service}")
NO_END: Final = mark("no end set")
LATE: Final = mark("late {span}: {moment}")


@dataclass(frozen=True)
class SheetRow:
    """An open delivery on the sheet."""

    delivery: str
    reason: str
    text: str
    until: str
    tone: str
    """`act`, `watch` or nothing."""


@dataclass(frozen=True)
class Coming:
    """What comes due or ends in the coming shift."""

    at: datetime
    moment: str
    delivery: str
    text: str
    tone: str


def clock(moment: str, of: datetime) -> str:
    """The hour of a moment in UTC, with the day where it is another than that of the sheet."""
    at = instant(moment)
    return at.strftime("%H:%M") if at.date() == of.astimezone(UTC).date() else at.strftime("%m-%d %H:%M")


def rows(sheet: Sheet, translate: Translate = english) -> Iterator[SheetRow]:
    """What waits for the next shift."""
    at = instant(sheet.at)
    for one in sheet.waiting:
        yield SheetRow(one.delivery, translate(REASONS[one.reason]), _stands(one, translate), *_until(one, at, translate))


def coming(sheet: Sheet, translate: Translate = english) -> tuple[Coming, ...]:
    """What comes due and which consents end in the coming shift, in the order of time."""
    at, until = instant(sheet.at), instant(sheet.until)
    found = []
    for one in sheet.waiting:
        if one.due is not None and at < instant(one.due) <= until:
            ends = one.then is not None and one.then in ("halts", "holds", "out_of_sight")
            text = _with_consequence(one, translate) if ends else _asks(one, translate)
            found.append(_coming(one.due, at, one.delivery, text, "act" if ends else ""))
    for consent in sheet.consents:
        if instant(consent.valid_until) > at:
            tone = "watch" if instant(consent.valid_until) < instant(consent.needed_until) else ""
            found.append(_coming(consent.valid_until, at, consent.delivery, runs(consent, at, translate), tone))
    return tuple(sorted(found, key=lambda one: (one.at, one.delivery)))


def _coming(moment: str, at: datetime, delivery: str, text: str, tone: str) -> Coming:
    return Coming(instant(moment), clock(moment, at), delivery, text, tone)


def runs(one: Running, at: datetime, translate: Translate = english) -> str:
    """A consent that ends, and whether that is too early."""
    short = instant(one.needed_until) - instant(one.valid_until)
    said = translate(mark("consent of {service} for {state} ends")).format(service=one.service, state=one.state)
    if short <= timedelta():
        return f"{said}."
    lacks = translate(mark("{span} too early, it is needed until {moment}"))
    return f"{said}: {lacks.format(span=two_units(short, translate), moment=clock(one.needed_until, at))}."


def tells(one: Happened, translate: Translate = english) -> str:
    """What has happened, with the rule where one is behind it."""
    filled = {
        "delivery": one.delivery,
        "by": one.by or "",
        "officer": one.officer or "",
        "services": ", ".join(one.services),
        "kind": say_kind(one.kind, translate) if one.kind is not None else "",
        "outcome": translate(OUTCOMES[one.outcome]) if one.outcome is not None else "",
    }
    said = translate(TELLS[one.what]).format_map(filled)
    found = (one.finding, *one.also) if one.finding is not None else ()
    return " ".join((said, *(f"{say(each, translate)}." for each in found)))


def moved(one: Moved, translate: Translate = english) -> str:
    """How it stood and how it stands."""
    return f"{translate(REASONS[one.was])} → {translate(REASONS[one.now])}"


def counted(sheet: Sheet, translate: Translate = english) -> str:
    """How much of what has happened, in one line."""
    return ", ".join(f"{sheet.counts[what]} {translate(COUNTS[what])}" for what in WHATS if what in sheet.counts)


def remarks(sheet: Sheet, translate: Translate = english) -> Iterator[str]:
    """What the sheet does not hold."""
    if sheet.not_compared:
        yield translate(mark("Whether it got worse or better is not known of {count} more.")).format(count=sheet.not_compared)
    if sheet.beyond:
        yield translate(mark("{count} open deliveries are beyond what this gateway holds.")).format(count=sheet.beyond)
    if sheet.unreadable:
        names = ", ".join(sheet.unreadable)
        yield translate(mark("Somebody has altered the record of {names} in the database.")).format(names=names)


def _stands(one: Waiting, translate: Translate) -> str:
    parts = [translate(HOLDS).format(service=one.holder, state=one.state)]
    if one.need is not None and one.who:
        parts.append(_with_consequence(one, translate))
    if one.told is not None:
        parts.append(translate(TOLD).format(service=one.told))
    return " ".join(parts)


def _with_consequence(one: Waiting, translate: Translate) -> str:
    return f"{_asks(one, translate)} {translate(THEN[one.then])}" if one.then is not None else _asks(one, translate)


def _asks(one: Waiting, translate: Translate) -> str:
    who = ", ".join(one.who) or one.holder
    if one.more:
        who = translate(AND_MORE).format(who=who, count=one.more)
    return translate(WAITS).format(who=who, need=translate(SHORTLY[one.need])) if one.need is not None else who


def _until(one: Waiting, at: datetime, translate: Translate) -> tuple[str, str]:
    if one.reason == "to_seize":
        return translate(UNTIL_SEIZED), "act"
    if one.until is None:
        return translate(CALL).format(service=one.who[0]) if one.who else translate(NO_END), ""
    left = instant(one.until) - at
    if left <= timedelta():
        return translate(LATE).format(span=two_units(left, translate), moment=clock(one.until, at)), "act"
    return clock(one.until, at), "watch" if left <= timedelta(hours=2) else ""
