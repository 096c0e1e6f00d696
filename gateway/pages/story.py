"""The ledger as plain sentences, one for each entry, with a mark for what it is: said, asked, decided, closed or refused. A page
of it is made from the newest entry backwards, narrowed to some of these, to a service or to a kind.
"""

from asyncio import sleep
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from markupsafe import escape

from domain.delivery.ledger import Entry, Withheld
from domain.rules.books import BOOK
from domain.views.names import OUTCOMES
from domain.views.sentences import Translate, say, say_kind, say_plainly
from domain.words.limits import LONGEST_SEARCH
from domain.words.moments import instant
from domain.words.text import mark
from gateway.pages.lines import HistoryLine, line

LOOKED_THROUGH: Final = 2_000
"""Entries that are looked through at once for those that a reader has narrowed the ledger down to."""
MOST_WRITTEN: Final = 80_000
"""Bytes of what is said on a page, so that one of long texts weighs no more than another. One entry is there whatever it says."""
AT_ONCE: Final = 50
"""Entries after which others have their turn."""
Group = Literal["said", "asked", "decided", "closed", "refused", "withheld"]
MARKS: Final[Mapping[Group, str]] = {
    "said": "●",
    "asked": "→",
    "decided": "!",
    "closed": "✓",
    "refused": "✕",
    "withheld": "·",
}
GROUPS: Final[Mapping[Group, str]] = {
    "said": mark("Said"),
    "asked": mark("Asked, reminded, told"),
    "decided": mark("Decided"),
    "closed": mark("Closed"),
    "refused": mark("Refused"),
    "withheld": mark("Withheld"),
}
SAID: Final[Mapping[str, str]] = {
    "accepted": mark("{service} ({officer}) said: {kind}."),
    "early": mark("{service} ({officer}) said early: {kind}. It is kept until its time."),
    "late": mark("{service} ({officer}) said late: {kind}. It is kept, and changes nothing."),
    "refused": mark("{service} ({officer}) tried to say: {kind}. It does not count."),
}
WHY: Final[Mapping[str, str]] = {
    "accepted": mark("Remarked ({rule}): {why}"),
    "early": mark("Early ({rule}): {why}"),
    "late": mark("Late ({rule}): {why}"),
    "refused": mark("Refused ({rule}): {why}"),
}
CLOSED: Final[Mapping[str, str]] = {
    "satisfied": mark("{checkpoint} closed: everybody has answered."),
    "unanswered": mark("{checkpoint} closed: an answer is missing."),
    "withdrawn": mark("{checkpoint} closed: its request was withdrawn."),
    "refused": mark("{checkpoint} closed: the measure is not permitted any more."),
}
REACHED: Final[Mapping[str, str]] = {
    "acknowledged": mark("{services} signed that the request of {checkpoint} was received."),
    "received": mark("{services} received the request of {checkpoint}."),
    "told": mark("{services} was told on the desk that {checkpoint} waits."),
    "unreachable": mark("{services} could not be reached about {checkpoint}."),
    "reached": mark("A notice reached {services}."),
    "away": mark("A notice did not reach {services}."),
}
EVENTS: Final[Mapping[str, tuple[Group, str]]] = {
    "started": ("decided", mark("It was started from its signed plan.")),
    "amended": ("decided", mark("The plan was changed by a new signed one.")),
    "keys_changed": ("decided", mark("Keys of {service} were changed.")),
    "taken_up": ("decided", mark("What was said early was taken up.")),
    "opened": ("asked", mark("{checkpoint} opened; answers are due by {moment}.")),
    "opened_open": ("asked", mark("{checkpoint} opened; it has no deadline.")),
    "asked": ("asked", mark("Nobody was asked anew at {checkpoint}.")),
    "reminded": ("asked", mark("{services} was reminded of {checkpoint}.")),
    "escalated": ("asked", mark("{services} was told, next on the ladder, that an answer is missing at {checkpoint}.")),
    "silence": ("decided", mark("{services} did not answer in time at {checkpoint}.")),
    "expiring": ("decided", mark("The consent of {service} is about to run out, at {moment}.")),
    "expired": ("decided", mark("The consent of {service} has run out.")),
    "deconflicted": ("decided", mark("The register was looked into for other operations.")),
    "deferred": ("decided", mark("The register was not looked into; it may be asked again from {moment} on.")),
    "look_due": ("decided", mark("The register may be asked again.")),
    "waits": ("asked", mark("{checkpoint} waits for siblings until {moment}.")),
    "sibling_heard": ("said", mark("A sibling was heard of: {facts}.")),
    "cleared": ("decided", mark("The rules allow it to go on.")),
    "halted": ("decided", mark("It halted.")),
    "told": ("asked", mark("Notices were sent.")),
    "closed": ("closed", CLOSED["satisfied"]),
    "concluded": ("closed", mark("It has its outcome: {outcome}.")),
    "ended": ("closed", mark("It ended, and its ledger is closed.")),
    "came_due": ("decided", mark("{checkpoint} came due; those who may not have been asked or heard are asked once more.")),
    "asked_once_more": ("asked", mark("Those who may not have been asked or heard were asked once more at {checkpoint}.")),
    "archive_behind": ("decided", mark("The archive fell behind: only what stops the delivery is taken.")),
    "archive_caught_up": ("decided", mark("The archive has caught up: everybody is heard.")),
    "diverged": ("decided", mark("The record was put back: the archive has another history, and people decide how to go on.")),
    "released": ("decided", mark("It was taken off the register of live operations.")),
}
"""By event: what it is, and its sentence."""
WITHHELD: Final = mark("Withheld: not yours to read (R11)")


@dataclass(frozen=True)
class Tale:
    """One entry."""

    line: HistoryLine
    group: Group
    sentences: tuple[str, ...]
    why: str = ""
    """What a rule says of it."""

    @property
    def mark(self) -> str:
        """Of its group."""
        return MARKS[self.group]

    def words(self) -> str:
        """All that a reader reads of it, to be searched."""
        one = self.line
        return " ".join((str(one.seq), *self.sentences, self.why, one.checkpoint, *one.facts, one.leaf))


@dataclass(frozen=True)
class StoryFilter:
    """What a reader has narrowed the ledger down to; empty: everything."""

    show: str = ""
    service: str = ""
    kind: str = ""
    text: str = ""
    """What stands in the words of an entry, small and capital letters alike."""

    def takes(self, one: Tale) -> bool:
        """Whether an entry is among it."""
        return self._is_of(one) and (not self.text or self.text.casefold() in one.words().casefold())

    def _is_of(self, one: Tale) -> bool:
        services = (one.line.service, *one.line.facts) if one.line.event != "stated" else (one.line.service,)
        named = (*services, *(name for _, names in one.line.groups for name in names))
        fits = not self.show or one.group == self.show
        return fits and (not self.service or self.service in named) and (not self.kind or self.kind == one.line.kind)


@dataclass(frozen=True)
class Chapter:
    """A page of the ledger, the newest entry first; `since`: where the earlier ones end, none where there are none."""

    tales: tuple[Tale, ...]
    since: int | None
    services: tuple[str, ...]
    """Who speaks in what was looked through, for who wants to narrow it; and which kinds of statements."""
    kinds: tuple[str, ...]
    unfinished: bool = False
    """As many entries were looked through as are at once: what is earlier may match too."""


def narrowed_to(query: Mapping[str, str]) -> StoryFilter:
    """What an address asks for. What is none of these is not asked for."""
    show, service, kind, text = (query.get(name, "") for name in ("show", "service", "kind", "text"))
    show, kind = show if show in get_args(Group) else "", kind if kind in BOOK.kinds else ""
    return StoryFilter(show, service[:40], kind, text.strip()[:LONGEST_SEARCH])


class ChapterMaker:
    """Makes a chapter of entries that come one by one, the newest first: the first `most` that are among what is asked for, of
    `LOOKED_THROUGH` at most, as long as they say no more than `MOST_WRITTEN`.
    """

    def __init__(self, most: int, narrowed: StoryFilter, speak: Translate) -> None:
        self._most, self._narrowed, self._speak = most, narrowed, speak
        self._found: list[Tale] = []
        self._services, self._kinds = {narrowed.service}, {narrowed.kind}
        self._since: int | None = None
        self._looked, self._through, self._written = 0, False, 0

    def takes(self, entry: Entry | Withheld) -> bool:
        """Whether it is still wanted; if so, it has been looked at."""
        if self._looked == LOOKED_THROUGH:
            self._since, self._through = entry.seq + 1, len(self._found) < self._most
            return False
        one = tale(entry, self._speak)
        self._looked += 1
        self._services.add(one.line.service)
        self._kinds.add(one.line.kind)
        if not self._narrowed.takes(one):
            return True
        self._written += len(escape(one.words()).encode())
        if self._found and (len(self._found) == self._most or self._written > MOST_WRITTEN):
            self._since = self._found[-1].line.seq
            return False
        self._found.append(one)
        return True

    def chapter(self) -> Chapter:
        """Of what was taken so far."""
        services, kinds = tuple(sorted(self._services - {""})), tuple(sorted(self._kinds - {""}))
        return Chapter(tuple(self._found), self._since, services, kinds, self._through)


async def chapter(entries: Iterable[Entry | Withheld], most: int, narrowed: StoryFilter, speak: Translate) -> Chapter:
    """Of these entries, the newest first; others have their turn between."""
    teller = ChapterMaker(most, narrowed, speak)
    for number, entry in enumerate(entries, 1):
        if not teller.takes(entry):
            break
        if number % AT_ONCE == 0:
            await sleep(0)
    return teller.chapter()


def tale(entry: Entry | Withheld, speak: Translate) -> Tale:
    """An entry as one."""
    one = line(entry, speak)
    if one.withheld:
        return Tale(one, "withheld", (speak(WITHHELD),))
    if one.event == "stated" and one.verdict is not None:
        verdict = one.verdict.verdict
        said = speak(SAID[verdict]).format(service=one.service, officer=one.officer, kind=say_kind(one.kind, speak))
        why = (speak(WHY[verdict]).format(rule=each.rule, why=say_plainly(each, speak)) for each in one.verdict.findings)
        return Tale(one, "refused" if verdict == "refused" else "said", (said,), "; ".join(why))
    group, sentence = EVENTS["opened_open" if one.event == "opened" and one.moment is None else one.event]
    if one.groups:
        return Tale(one, group, tuple(_reached(one, one.groups, speak)))
    sentence = CLOSED[one.result] if one.event == "closed" and one.result else sentence
    until = instant(one.moment).strftime("%Y-%m-%d %H:%M UTC") if one.moment else ""
    filled = {"services": ", ".join(one.facts), "facts": ": ".join(one.facts), "moment": until}
    outcome = speak(OUTCOMES[one.outcome]) if one.outcome else ""
    text = speak(sentence).format(service=one.service, checkpoint=one.checkpoint, outcome=outcome, **filled)
    found = (one.finding,) if one.finding is not None else one.verdict.findings if one.verdict is not None else ()
    return Tale(one, group, (text,), "; ".join(say(each, speak) for each in found))


def _reached(one: HistoryLine, groups: Iterable[tuple[str, tuple[str, ...]]], speak: Translate) -> Iterable[str]:
    for how, services in groups:
        key = "away" if how == "unreachable" and one.event == "told" else how
        yield speak(REACHED[key]).format(services=", ".join(services), checkpoint=one.checkpoint)
