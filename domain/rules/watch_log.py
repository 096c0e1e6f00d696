"""The surveillance log: who watched from when until when, and who took over (R9)."""

from itertools import accumulate, groupby
from typing import Literal

from domain.delivery.delivery import Delivery
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.delivery.watching import Intervals, Watched, after, leg_watched, overlapping, relieved_by_another
from domain.plan.acts import Act
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.words.limits import LARGEST_OF_LISTS
from domain.words.moments import instant, utc_text

WATCHED_LATER = refused("R9", "watched_in_future", "an interval of the log ends after now")
WATCHED_BEFORE = refused("R9", "watched_before", "an interval of the log begins before the delivery did")
WATCHED_TWICE = refused(
    "R9",
    "watched_twice",
    "{team} watches no time twice, and its intervals come in their order: one begins before another of it has ended",
    team="name",
)
NOT_ITS_WATCH = refused(
    "R4",
    "not_its_watch",
    "an interval of the log, from {begins}, is of no time in which {voice} was responsible",
    begins="instant",
    voice="name",
)
OTHER_RELIEF = refused(
    "R9", "other_relief", "{team} handed over to {to}, and {next} came next", team="name", to="name", next="name"
)

TOO_MANY_TEAMS = refused(
    "R28", "too_many_teams", "the surveillance log knows {most} teams of one delivery, and no more", most="count"
)
LOG_FULL = refused("R28", "log_full", "the surveillance log holds {most} intervals of one delivery, and no more", most="count")


class SurveillanceLog(Kind):
    """In which intervals teams of who is, or was then, the responsible authority watched it, and to whom each handed over."""

    kind: Literal["surveillance_log"] = "surveillance_log"
    intervals: Intervals
    reference: Act | None = None
    """The report or log on paper."""

    declares = Declaration(
        title="Surveillance log",
        answers=None,
        confirms=False,
        by="ever_responsible",  # and not only now: it is written up when the leg is over
        counts=ALWAYS,  # the last watch is written up when it is over (Kazakhstan CPC art. 248: a daily report)
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_OF_LISTS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`watched_in_future` where one of its intervals ends after now; `watched_before` where one begins before the first entry
        was recorded; `not_its_watch` for the first that none of the `charges` of its `voice` `covers`; `log_full` where there
        would be more than of `most_intervals_in_all` there may be by now, in equal steps with each time that another is
        responsible by the plan, or half of that where it is not responsible any more; of the teams of this `voice`:
        `watched_twice` where intervals are `overlapping`, and `other_relief` where a team was `relieved_by_another`;
        `too_many_teams` where with these the log would know more than of `most_teams`, likewise.
        """
        if any(instant(one.ends) > said.at for one in self.intervals):
            return WATCHED_LATER()
        if any(instant(one.begins) < delivery.state.began for one in self.intervals):
            return WATCHED_BEFORE()
        figures, state = delivery.law.figures, delivery.state
        other = next((one for one in self.intervals if leg_watched(state.charges, said.voice, one) is None), None)
        if other is not None:
            return NOT_ITS_WATCH(begins=utc_text(instant(other.begins)), voice=said.voice)
        part = 1 if said.voice == state.responsible else 2  # who has it now is never left without room by those before
        most = room_by_now(delivery, figures.most_intervals_in_all) // part
        if state.logged + len(self.intervals) > most:
            return LOG_FULL(most=most)
        known = state.reliefs.get(said.voice, {})
        if (team := overlapping(self.intervals, known)) is not None:
            return WATCHED_TWICE(team=team)
        if (relief := relieved_by_another(self.intervals, known)) is not None:
            return OTHER_RELIEF(team=relief[0], to=relief[1], next=relief[2])
        teams = sum(map(len, (state.reliefs | {said.voice: after(self.intervals, known)}).values()))
        most = room_by_now(delivery, figures.most_teams) // part
        return TOO_MANY_TEAMS(most=most) if teams > most else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """Its intervals are in the log, and until when each team has watched. By them they `have_watched_until` the last of their
        ends, where it is responsible now.
        """
        state.reliefs[said.voice] = after(self.intervals, state.reliefs.get(said.voice, {}))
        state.logged += len(self.intervals)
        for one in self.intervals:
            leg = leg_watched(state.charges, said.voice, one)
            state.watch_log.append(Watched(one, said.seq, leg if leg is not None else state.leg or 0))
        if said.voice == state.responsible:
            state.have_watched_until(max(instant(one.ends) for one in self.intervals))

    def legs(self, state: State, voice: str, seq: int) -> tuple[int, ...]:
        """Those on which its `voice` was responsible when it was watched; where it was on none, the one that it is on."""
        legs = (leg_watched(state.charges, voice, one) for one in self.intervals)
        return tuple(dict.fromkeys(one for one in legs if one is not None)) or super().legs(state, voice, seq)


def room_by_now(delivery: Delivery, most: int) -> int:
    """Of so many, as many as there may be by now, in equal steps with each time that another is responsible by the plan: so who
    has it now leaves room to those ahead, and finds some.
    """
    stretches = [len(list(legs)) for _, legs in groupby(delivery.plan.legs, key=lambda leg: leg.responsible)]
    ends, leg = list(accumulate(stretches)), delivery.state.leg or 0
    return most * (1 + sum(end <= leg for end in ends)) // len(ends)
