"""The surveillance log: who watched from when until when, and who took over (R9)."""

from typing import Literal

from domain.delivery.delivery import Delivery
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.delivery.watching import Intervals, Watched
from domain.plan.acts import Act
from domain.rules.kind import HALTED, UNDER_WAY, Declaration, Kind
from domain.words.limits import LARGEST_OF_LISTS
from domain.words.moments import instant

WATCHED_LATER = refused("R9", "watched_in_future", "an interval of the log ends after now")
WATCHED_BEFORE = refused("R9", "watched_before", "an interval of the log begins before the delivery did")

LOG_FULL = refused("R28", "log_full", "the surveillance log holds {most} intervals of one delivery, and no more", most="count")


class SurveillanceLog(Kind):
    """In which intervals the responsible authority's teams watched the consignment, and to whom each handed over."""

    kind: Literal["surveillance_log"] = "surveillance_log"
    intervals: Intervals
    reference: Act | None = None
    """The report or log on paper."""

    declares = Declaration(
        title="Surveillance log",
        answers=None,
        confirms=False,
        by="responsible",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R4",
        contact=False,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_OF_LISTS,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`watched_in_future` where one of its intervals ends after now; `watched_before` where one begins before the first entry
        was recorded; `log_full` where there would be more than `most_intervals_in_all`.
        """
        if any(instant(one.ends) > said.at for one in self.intervals):
            return WATCHED_LATER()
        if any(instant(one.begins) < delivery.state.began for one in self.intervals):
            return WATCHED_BEFORE()
        most = delivery.law.figures.most_intervals_in_all
        return LOG_FULL(most=most) if delivery.state.logged + len(self.intervals) > most else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """Its intervals are in the log. By them they `have_watched_until` the last of their ends."""
        state.logged += len(self.intervals)
        state.watch_log.extend(Watched(one, said.seq) for one in self.intervals)
        state.have_watched_until(max(instant(one.ends) for one in self.intervals))
