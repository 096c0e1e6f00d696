"""What is going on, in sentences that can be read out on the telephone: where it is and who holds it, what is wrong, who must
act, and what happens by itself if nothing comes, and when. Each sentence is whole in each language, and says no more than its
reader's part of the delivery (R11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.verdicts import Finding
from domain.views.glance import Glance, glance
from domain.views.ladders import WHOEVER, End, Ladder
from domain.views.names import IN_GENERAL, NEEDS, OUTCOMES
from domain.views.sentences import Translate, english, say_plainly, two_units
from domain.views.sight import Sight
from domain.views.timeline import Timeline
from domain.views.urgency import ABOUT, Group, Reason, urgencies
from domain.views.view import DeliveryView, Phase
from domain.words.moments import instant
from domain.words.text import mark

Where = Literal["road", "road_seen", "road_late", "road_seen_late"]
ROAD: Final[Mapping[Where, str]] = {
    "road": mark("It is on the road in {state}, held by {holder}."),
    "road_seen": mark("It is on the road in {state}, held by {holder}, seen {ago} ago at {place}."),
    "road_late": mark("It is on the road in {state}, held by {holder}, {late} behind plan."),
    "road_seen_late": mark("It is on the road in {state}, held by {holder}, seen {ago} ago at {place}, {late} behind plan."),
}
HERE: Final[Mapping[Phase, str]] = {
    "consent": mark("It has not left {state}: consent is waited for. {holder} answers for it."),
    "preparation": mark("It has not left {state}: it is being prepared. {holder} answers for it."),
    "departure": mark("It has not left {state}: it is about to depart. {holder} answers for it."),
    "under_way": ROAD["road"],
    "arrest": mark("It has arrived in {state}, and arrests are waited for. {holder} answers for it."),
    "accounting": mark("Everything is being accounted for in {state}. {holder} answers for it."),
    "held": mark("Nothing moves in {state}: {by} ordered a hold {ago} ago. {holder} answers for it."),
    "halted": mark("It was stopped in {state}, and {holder} answers for it."),
    "ended": mark("It is over, and its ledger is closed."),
}
"""By phase, for whom may know where it is."""
ELSEWHERE: Final[Mapping[Phase, str]] = {
    "consent": mark("It has not left: consent is waited for."),
    "preparation": mark("It has not left: it is being prepared."),
    "departure": mark("It has not left: it is about to depart."),
    "under_way": mark("It is on the road, outside your section of the route."),
    "arrest": mark("It has arrived, and arrests are waited for."),
    "accounting": mark("Everything is being accounted for."),
    "held": mark("Nothing moves: {by} ordered a hold {ago} ago."),
    "halted": mark("It was stopped."),
    "ended": HERE["ended"],
}
"""By phase, for others."""
STILL_WITH: Final = mark("{service} found it and holds it, until {holder} has received it.")
"""Before it has left."""
LAPSED: Final = mark("Nothing moves in {state}: what it goes by has been permitted no more for {ago}. {holder} answers for it.")
LAPSED_ELSEWHERE: Final = mark("Nothing moves: what it goes by has been permitted no more for {ago}.")
"""Where it is held by nobody's order."""
WRONG: Final[Mapping[Reason, str]] = {
    "to_seize": mark("It is not seized yet: {holder} must seize it."),
    "lost": mark("It has been out of sight for {ago}, since {moment}."),
    "overdue": mark("{services} did not answer in time: {need}. That was due {ago} ago, at {moment}."),
    "diverged": mark("The record was put back: nothing moves until people decide how to go on (R18)."),
    "differs": mark("Discrepancy: {finding}."),
    "consent": mark("The consent of {state} ends {ago} before it is expected to leave that State, at {moment}."),
    "unreachable": mark("The request has not reached {services} for {ago}."),
}
"""What is wrong; for other reasons nothing is."""
WHY: Final = mark("The reason: {finding} ({rule}).")
WHY_IN_GENERAL: Final = mark("The reason: {finding}.")
OUTCOME: Final = mark("Its outcome: {outcome}.")
ASKED: Final = mark("{services} must answer within {left}: {need}.")
ASKED_OPEN: Final = mark("{services} must answer: {need}.")
ASKED_LATE: Final = mark("{services} must still answer: {need}.")
NOBODY: Final = mark("Nobody is waited for.")
NOBODY_HERE: Final = mark("Nobody is waited for on your part of it.")
TOLD_NEXT: Final = mark("If nothing comes, {service} is told at {moment}, in {left}.")
THEN: Final[Mapping[End, str]] = {
    "halts": mark("If nothing comes by {moment}, in {left}, it halts and {holder} must seize it."),
    "interdicted": mark("If nothing comes by {moment}, in {left}, it is interdicted: {holder} must seize it."),
    "stays": mark("If nothing comes by {moment}, in {left}, it halts and does not leave."),
    "closes": mark("If nothing comes by {moment}, in {left}, that is closed without an answer."),
    "lapses": mark("If nothing comes by {moment}, in {left}, that permission ends, and so does what is done by it."),
    "out_of_sight": mark("If nothing comes by {moment}, in {left}, it counts as out of sight and is searched for."),
    "holds": mark("If nothing comes by {moment}, in {left}, it is held, and those in charge decide whether it goes on."),
    "overdue": mark("If nothing comes by {moment}, in {left}, it is overdue, and nothing follows by itself: call."),
    "open": mark("Nothing happens by itself, for there is no deadline: call."),
    "held": mark("Until it is decided how it goes on, nobody's silence counts."),
}
NOTHING: Final = mark("Nothing happens by itself any more: call.")


@dataclass(frozen=True)
class SituationSentence:
    """One sentence, and how loud it is."""

    text: str
    loud: Literal["act", "watch", "plain"] = "plain"


@dataclass(frozen=True)
class Situation:
    """All of it: the sentences that say how it stands, and apart from them what happens by itself."""

    group: Group
    reason: Reason
    stands: tuple[SituationSentence, ...]
    follows: tuple[SituationSentence, ...]
    about: Ladder | None
    """What is waited for first."""


@dataclass(frozen=True)
class SituationSource:
    """What the sentences are made from, less what is not the reader's."""

    delivery: Delivery
    shown: DeliveryView
    seen: Sight
    ladders: tuple[Ladder, ...]
    line: Timeline
    speak: Translate = english

    @property
    def now(self) -> datetime:
        """As at when."""
        return instant(self.shown.at)

    @property
    def holder(self) -> str | None:
        """Who has it now, where that is the reader's to know."""
        return self.shown.position.responsible if self.shown.position is not None else None

    def moment(self, at: datetime) -> str:
        """A time, in UTC and saying so."""
        return at.strftime("%Y-%m-%d %H:%M UTC")

    def ago(self, at: datetime) -> str:
        """The time between then and now."""
        return two_units(self.now - at, self.speak)

    def glance(self) -> Glance:
        """It at a glance, less what is not the reader's."""
        found = glance(self.delivery)
        if self.seen.whole:
            return found
        waits = tuple(one for one in found.waits if one.checkpoint in self.seen.checkpoints)
        own = found.shortest is not None and self.seen.own(found.shortest.service, self.delivery)
        asked_to_seize = any(one.contingency == unforeseen.INTERDICTION for one in waits)
        fewer = {
            "waits": waits,
            "differs": (*self.shown.because.discrepancy, *self.shown.because.unbalanced),
            "shortest": found.shortest if own else None,
            "to_seize": found.to_seize and asked_to_seize,
        }
        return found.model_copy(update=fewer)


def situation(part: SituationSource) -> Situation:
    """How it stands, worst first."""
    short = part.glance()
    found = tuple(urgencies(short, part.now))
    worst = found[0]
    about = _about(part, worst.reason)
    wrong = [
        SituationSentence(said, "act" if one.group == "needs_you" else "watch")
        for one in found
        for said in _wrong(part, short, one.reason)
    ]
    asked = () if worst.reason == "overdue" or part.shown.phase == "ended" else tuple(_asked(part, about))
    stands = (*map(SituationSentence, _where(part)), *wrong, *map(SituationSentence, asked))
    return Situation(worst.group, worst.reason, stands, tuple(map(SituationSentence, _follows(part, about))), about)


def _where(part: SituationSource) -> Iterator[str]:
    shown, phase, at, speak = part.shown, part.shown.phase, part.shown.position, part.speak
    held = shown.held
    by = {"by": held.by, "ago": part.ago(instant(held.since))} if held is not None else {"by": "", "ago": ""}
    lapsed = phase == "held" and held is not None and held.by is None
    if at is None:
        yield speak(LAPSED_ELSEWHERE if lapsed else ELSEWHERE[phase]).format(**by)
    elif phase == "under_way":
        seen = part.delivery.state.last_sighting
        late = part.line.delay > timedelta()
        road: Where = "road"
        if seen is not None:
            road = "road_seen_late" if late else "road_seen"
        elif late:
            road = "road_late"
        named = {"state": at.state, "holder": at.responsible, "late": two_units(part.line.delay, speak)}
        where = {"place": seen.place, "ago": part.ago(instant(seen.happened_at))} if seen is not None else {}
        yield speak(ROAD[road]).format(**named, **where)
    else:
        yield speak(LAPSED if lapsed else HERE[phase]).format(state=at.state, holder=at.responsible, **by)
    if at is not None and at.held_by is not None:
        yield speak(STILL_WITH).format(service=at.held_by, holder=at.responsible)
    why = shown.because.halted
    if isinstance(why, Finding):
        yield speak(WHY).format(finding=say_plainly(why, speak), rule=why.rule)
    elif why is not None:
        yield speak(WHY_IN_GENERAL).format(finding=speak(IN_GENERAL[why]))
    if shown.outcome is not None:
        yield speak(OUTCOME).format(outcome=speak(OUTCOMES[shown.outcome]))


def _wrong(part: SituationSource, short: Glance, reason: Reason) -> Iterator[str]:
    speak = part.speak
    if reason not in WRONG:
        return
    said = speak(WRONG[reason])
    match reason:
        case "to_seize":
            yield said.format(holder=part.holder or speak(WHOEVER))
        case "lost" if short.lost_since is not None:
            since = instant(short.lost_since)
            yield said.format(ago=part.ago(since), moment=part.moment(since))
        case "overdue":
            for one in part.ladders:
                due = instant(one.wait.due) if one.wait.due is not None else None
                if due is not None and (one.wait.overdue or due <= part.now) and one.lacking:
                    yield said.format(services=_names(one), need=_need(part, one), ago=part.ago(due), moment=part.moment(due))
        case "diverged":
            yield said
        case "differs":
            yield from (said.format(finding=say_plainly(one, speak)) for one in short.differs)
        case "consent" if short.shortest is not None:
            until, needed = instant(short.shortest.valid_until), instant(short.shortest.needed_until)
            lacking = two_units(needed - until, speak)
            yield said.format(state=short.shortest.state, ago=lacking, moment=part.moment(until))
        case "unreachable":
            for wait in short.waits:
                if wait.unreachable:
                    yield said.format(services=", ".join(wait.unreachable), ago=part.ago(instant(wait.since)))


def _about(part: SituationSource, reason: Reason) -> Ladder | None:
    """What is waited for first: what the worst is about, else what is due first."""
    waited = [one for one in part.ladders if one.lacking]
    same = [one for one in waited if one.contingency == ABOUT[reason]] if reason in ABOUT else []
    late = [one for one in waited if one.wait.overdue] if reason == "overdue" else []
    return next(iter((*same, *late, *waited)), None)


def _names(one: Ladder) -> str:
    return ", ".join(one.lacking)


def _need(part: SituationSource, one: Ladder) -> str:
    needs = dict.fromkeys(need for each in one.wait.services if each.standing != "answered" for need in each.says)
    return "; ".join(part.speak(NEEDS[need]) for need in needs)


def _asked(part: SituationSource, about: Ladder | None) -> Iterator[str]:
    if about is None:
        yield part.speak(NOBODY if part.seen.whole else NOBODY_HERE)
        return
    due = instant(about.wait.due) if about.wait.due is not None else None
    said = ASKED_OPEN if due is None else ASKED_LATE if about.wait.overdue or due <= part.now else ASKED
    left = two_units(due - part.now, part.speak) if due is not None else ""
    yield part.speak(said).format(services=_names(about), need=_need(part, about), left=left)


def _follows(part: SituationSource, about: Ladder | None) -> Iterator[str]:
    if about is None or part.shown.phase == "ended":
        return
    step = about.next
    if step is not None and step.what in ("tell", "tell_backup") and step.at is not None and step.at > part.now:
        left = two_units(step.at - part.now, part.speak)
        yield part.speak(TOLD_NEXT).format(service=step.to, moment=part.moment(step.at), left=left)
    due = instant(about.wait.due) if about.wait.due is not None else None
    if due is not None and about.end != "held" and (about.wait.overdue or due <= part.now):
        yield part.speak(NOTHING)
        return
    filled = {"moment": part.moment(due), "left": two_units(due - part.now, part.speak)} if due is not None else {}
    yield part.speak(THEN[about.end]).format(holder=part.holder or part.speak(WHOEVER), **filled)
