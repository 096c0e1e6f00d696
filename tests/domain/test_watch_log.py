"""The surveillance log (R9): intervals, gaps between them, and what they do to check-ins."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.ledger import Entry
from domain.delivery.watching import Interval, Watched, unwatched
from domain.papers.paper import Value
from domain.papers.record import Record
from domain.record.verify import verify
from domain.rules.watch import check_in_due
from domain.rules.watch_log import room_by_now
from domain.views.forms import PARTS, content_of
from domain.views.sight import page
from domain.views.view import view
from domain.words.limits import MOST_INTERVALS_IN_ALL, MOST_UNWATCHED
from domain.words.moments import instant, utc_text
from tests.course import became, code
from tests.domain.test_more_papers import made
from tests.support import Table, with_changes

WATCH = {"check_in": "PT4H", "answer": "PT1H", "search": "PT6H"}


def on_its_way() -> Table:
    """Watched by check-ins, and on the road for an hour."""
    table = Table(with_changes(plan_={"surveillance": WATCH})).dispatch()
    table.pass_time(hours=1)
    return table


def interval(table: Table, begins: int, ends: int, team: str = "A", **more: Any) -> dict[str, Any]:
    """From so many minutes ago until so many."""
    times = {name: (table.now - timedelta(minutes=ago)).isoformat() for name, ago in (("begins", begins), ("ends", ends))}
    return {"team": team, "means": "visual", **times, **more}


def logged(table: Table, *intervals: dict[str, Any], by: str = "kz.police") -> tuple[str, str | None]:
    """What becomes of a log by who is responsible."""
    return became(table.say(by, "surveillance_log", intervals=list(intervals)))


def test_r9_gaps_between_intervals_are_shown_and_verified() -> None:
    """Two teams relieve each other with ten minutes between: a gap, with the entries beside it, in view and packet."""
    table = on_its_way()
    assert logged(table, interval(table, 50, 30, handed_to="B"), interval(table, 20, 5, "B", means="both")) == ("accepted", None)
    begins, ends = (utc_text(table.now - timedelta(minutes=ago)) for ago in (30, 20))
    found = view(table.delivery, table.directory.get("kz.police"), table.now).watch_log
    assert found is not None
    assert [(one.begins, one.ends) for one in found.gaps] == [(begins, ends)]
    assert (found.intervals, found.gaps_in_all) == (2, 1)
    proved = verify(table.packet())
    assert [(one.begins, one.ends) for one in proved.unwatched] == [(begins, ends)]


def test_r9_intervals_that_overlap_or_follow_at_once_leave_no_gap() -> None:
    """In whatever order and by how many statements they are said."""
    table = on_its_way()
    logged(table, interval(table, 20, 5, "B"))
    logged(table, interval(table, 50, 20), interval(table, 40, 30, "C"))
    assert unwatched(table.delivery.state.watch_log) == ()


def test_r9_a_short_interval_inside_a_long_one_opens_no_gap() -> None:
    """What one team still watches is watched, when the other has gone."""
    table = on_its_way()
    logged(table, interval(table, 50, 10), interval(table, 45, 40, "B"), interval(table, 20, 5, "C"))
    assert unwatched(table.delivery.state.watch_log) == ()


def test_r11_the_log_is_for_those_whose_leg_it_is_on() -> None:
    """Whoever has the consignment later is shown none of it."""
    table = on_its_way()
    logged(table, interval(table, 50, 30), interval(table, 20, 5))
    assert view(table.delivery, table.directory.get("uz.customs"), table.now).watch_log is None
    assert view(table.delivery, table.directory.get("kz.knb"), table.now).watch_log is not None


def handed_over() -> Table:
    """Kazakhstan watched it for an hour and handed it over; it is in Uzbekistan for an hour."""
    table = on_its_way()
    table.hand_over()
    table.pass_time(hours=1)
    return table


def test_r4_who_had_it_then_writes_its_watch_up_when_it_has_handed_over() -> None:
    """The night's report comes in the morning (Kazakhstan CPC art. 248), on the road and after the outcome: also of the last
    watch, which ended a little after the handover. It is read by those whose leg it was, and paper, view and packet have it.
    """
    table = handed_over()
    contact = table.delivery.state.last_contact
    assert logged(table, interval(table, 110, 70), interval(table, 65, 55, "B")) == ("accepted", None)
    assert table.delivery.state.last_contact == contact  # who has it now is still to say where it is
    for reader, reads in (("kz.knb", True), ("uz.customs", False)):
        service = table.directory.get(reader)
        assert (view(table.delivery, service, table.now).watch_log is not None) == reads
        assert isinstance(page(table.delivery, service, table.delivery.ledger.entries[-1].seq)[0], Entry) == reads
    assert logged(table, interval(table, 50, 40), by="uz.customs") == ("accepted", None)
    own = view(table.delivery, table.directory.get("uz.customs"), table.now).watch_log
    assert own is not None
    assert (own.intervals, own.gaps_in_all) == (1, 0)
    assert len(verify(table.packet()).unwatched) == 2
    legs = [leg.id for leg in table.plan.legs]
    printed = [made(Record.of(table.delivery), f"surveillance.{leg}").paper for leg in legs]
    assert [sum(isinstance(one, Value) and one.text in ("A", "B") for one in paper.pieces) for paper in printed] == [2, 1]

    table.say("uz.customs", "interdicted")
    for one in table.plan.participants():
        table.say(one, "stop_acknowledged", "stop.acknowledged")
    assert table.delivery.state.outcome is not None
    assert logged(table, interval(table, 70, 66, "C")) == ("accepted", None)


def test_r4_a_log_is_of_the_time_in_which_it_was_responsible() -> None:
    """Who had it before says nothing of the watch of who has it now, nor the other way round; and who never had it, nothing."""
    table = handed_over()
    for service, begins, ends in (("kz.police", 50, 40), ("uz.customs", 110, 70)):
        said = table.say(service, "surveillance_log", intervals=[interval(table, begins, ends)])
        assert (became(said), code(said)) == (("refused", "R4"), "not_its_watch")
    said = table.say("kz.knb", "surveillance_log", intervals=[interval(table, 110, 70)])
    assert (became(said), code(said)) == (("refused", "R4"), "never_responsible")


def test_r28_who_has_it_now_has_room_for_its_log_whatever_others_wrote_up() -> None:
    """Those before may fill half of it: of the intervals, and of the teams."""
    table = handed_over()
    figures = table.delivery.law.figures
    table.delivery.state.logged = figures.most_intervals_in_all // 2
    assert logged(table, interval(table, 50, 40), by="uz.customs") == ("accepted", None)
    assert code(table.say("kz.police", "surveillance_log", intervals=[interval(table, 110, 70)])) == "log_full"
    table.delivery.state.logged = 0
    watched = [interval(table, 110, 70, f"T{number}") for number in range(figures.most_teams // 2)]
    assert code(table.say("kz.police", "surveillance_log", intervals=watched)) == "too_many_teams"
    assert logged(table, *watched[1:]) == ("accepted", None)


def test_r11_a_gap_between_two_legs_is_for_who_sees_both() -> None:
    """When the last watch of the one leg ended, and the first of the other began, is nobody's who has one of them."""
    table = on_its_way()
    logged(table, interval(table, 30, 20))
    table.hand_over()
    table.pass_time(hours=1)
    logged(table, interval(table, 20, 10), by="uz.customs")
    counted = {}
    for reader in ("kz.police", "uz.customs", "kz.knb"):
        found = view(table.delivery, table.directory.get(reader), table.now).watch_log
        assert found is not None
        counted[reader] = (found.intervals, found.gaps_in_all)
    assert counted == {"kz.police": (1, 0), "uz.customs": (1, 0), "kz.knb": (2, 1)}


def test_r9_a_log_counts_as_a_contact_at_its_last_end_and_ends_no_gap() -> None:
    """The next check-in is counted from there; what is out of sight now stays so, since that moment."""
    table = on_its_way()
    logged(table, interval(table, 20, 10))
    assert check_in_due(table.delivery) == table.now - timedelta(minutes=10) + timedelta(hours=4)
    table.pass_time(hours=1)
    table.say("kz.police", "surveillance_lost")
    logged(table, interval(table, 30, 25))
    assert table.delivery.state.gap is not None
    assert table.delivery.state.gap.began == table.now - timedelta(minutes=25)
    logged(table, interval(table, 60, 50, "B"))
    assert table.delivery.state.gap.began == table.now - timedelta(minutes=25)
    table.say("kz.police", "sighted")
    assert table.delivery.state.gap is None


def test_r9_the_last_watch_is_written_up_when_it_is_over() -> None:
    """Seized and told to all, it has its outcome; the log of that day still comes, and no check-in follows from it."""
    table = on_its_way()
    table.say("kz.police", "interdicted")
    table.pass_time(hours=12)
    assert table.delivery.state.outcome == "interdicted_early"
    assert logged(table, interval(table, 750, 725)) == ("accepted", None)
    assert check_in_due(table.delivery) is None
    assert len(table.delivery.state.watch_log) == 1
    verify(table.packet())


def test_r4_only_the_responsible_authority_keeps_the_log() -> None:
    """Who is responsible later, or takes part, keeps none."""
    table = on_its_way()
    assert logged(table, interval(table, 20, 10), by="uz.customs") == ("refused", "R4")


@pytest.mark.parametrize(
    ("begins", "ends", "found"), [(20, -1, "watched_in_future"), (60 * 24 * 30, 10, "watched_before")], ids=["later", "before"]
)
def test_r9_nobody_watches_later_than_now_or_before_it_began(begins: int, ends: int, found: str) -> None:
    """An interval ends by now, and begins no sooner than the delivery."""
    table = on_its_way()
    said = table.say("kz.police", "surveillance_log", intervals=[interval(table, begins, ends)])
    assert (became(said), code(said)) == (("refused", "R9"), found)


def test_r28_so_many_intervals_are_kept_of_one_delivery() -> None:
    """Five thousand, and half of them on the first of two ways: at the bound it is taken, and one more is refused."""
    for table, service, most in (
        (on_its_way(), "kz.police", MOST_INTERVALS_IN_ALL // 2),
        (handed_over(), "uz.customs", MOST_INTERVALS_IN_ALL),
    ):
        table.delivery.state.logged = most - 1
        assert logged(table, interval(table, 20, 10), by=service) == ("accepted", None)
        said = table.say(service, "surveillance_log", intervals=[interval(table, 10, 5)])
        assert (became(said), code(said)) == (("refused", "R28"), "log_full")


@pytest.mark.parametrize(
    ("legs", "room"), [((0,), [60]), ((0, 0), [60, 60]), ((0, 0, 1), [30, 30, 60]), ((0, 1, 0), [20, 40, 60])]
)
def test_r28_there_is_more_room_each_time_that_another_is_responsible(legs: tuple[int, ...], room: list[int]) -> None:
    """In equal steps: so who has it once more finds some, and who has it all the way has all."""
    delivery = on_its_way().delivery
    both = delivery.plan.legs
    delivery.state.plan = delivery.plan.model_copy(update={"legs": tuple(both[one] for one in legs)})
    found = []
    for leg in range(len(legs)):
        delivery.state.leg = leg
        found.append(room_by_now(delivery, 60))
    assert found == room


def test_r28_so_many_gaps_are_shown() -> None:
    """A hundred, and how many there are in all."""
    table = on_its_way()
    one = Interval.model_validate(interval(table, 1, 0))
    began = instant(one.begins)
    table.delivery.state.watch_log = [
        Watched(
            one.model_copy(
                update={
                    "begins": (began + timedelta(minutes=2 * number)).isoformat(),
                    "ends": (began + timedelta(minutes=2 * number + 1)).isoformat(),
                }
            ),
            table.delivery.state.moves[0],
            0,
        )
        for number in range(MOST_UNWATCHED + 2)
    ]
    found = view(table.delivery, table.directory.get("kz.knb"), table.now).watch_log
    assert found is not None
    assert (len(found.gaps), found.gaps_in_all) == (MOST_UNWATCHED, MOST_UNWATCHED + 1)


def test_intervals_are_typed_on_lines() -> None:
    """Team, means, from and until, who took over; one that ends before it begins is refused."""
    words = (
        "A: visual: 2026-03-02T10:00:00+05:00/2026-03-02T12:30:00+05:00 > B; B: both: 2026-03-02T12:30:00Z/2026-03-02T13:00:00Z"
    )
    found = content_of("surveillance_log", {"intervals": words}, {}, PARTS)
    assert [(one.team, one.means, one.handed_to) for one in found.intervals] == [("A", "visual", "B"), ("B", "both", None)]  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="not right"):
        content_of("surveillance_log", {"intervals": "A: visual: 2026-03-02T10:00:00Z/2026-03-02T09:00:00Z"}, {}, PARTS)
