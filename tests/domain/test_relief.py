"""R9: no team watches the same time twice, and who is handed over to is who comes next."""

import pytest

from domain.words.limits import MOST_TEAMS
from tests.course import became, code
from tests.domain.test_watch_log import interval, logged, on_its_way
from tests.support import Table


def logs(table: Table, *intervals: dict[str, object], by: str = "kz.police") -> str | None:
    """The code by which a log does not count."""
    return code(table.say(by, "surveillance_log", intervals=list(intervals)))


@pytest.mark.parametrize(
    "intervals",
    [((50, 30), (50, 30)), ((50, 30), (40, 20)), ((50, 10), (40, 20)), ((40, 20), (50, 30))],
    ids=["the same", "overlapping", "inside", "the later one first"],
)
def test_r9_no_team_watches_the_same_time_twice(intervals: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """In one log or in two, it is refused; the log has the time once."""
    table = on_its_way()
    assert logs(table, *(interval(table, *one) for one in intervals)) == "watched_twice"
    assert logs(table, interval(table, *intervals[0])) is None
    assert logs(table, interval(table, *intervals[1])) == "watched_twice"
    assert (table.delivery.state.logged, len(table.delivery.state.watch_log)) == (1, 1)


def test_r9_the_same_interval_cannot_fill_the_log() -> None:
    """Fifty times over, or by fifty statements: once is all there is."""
    table = on_its_way()
    assert logs(table, *(interval(table, 50, 30) for _ in range(50))) == "watched_twice"
    assert logs(table, interval(table, 50, 30)) is None
    assert {logs(table, interval(table, 50, 30)) for _ in range(3)} == {"watched_twice"}


def test_r9_a_team_goes_on_where_it_ended_and_others_watch_beside_it() -> None:
    """From the moment on at which it ended; two teams may watch the same time."""
    table = on_its_way()
    assert logs(table, interval(table, 50, 30), interval(table, 30, 20), interval(table, 45, 15, "B")) is None
    assert logs(table, interval(table, 20, 10), interval(table, 15, 5, "B")) is None
    assert table.delivery.state.logged == 5


@pytest.mark.parametrize(
    ("intervals", "found"),
    [
        (((50, 30, "A", "B"), (30, 10, "B", None)), None),
        (((50, 30, "A", "B"), (25, 10, "B", None)), None),
        (((50, 30, "A", "B"), (40, 10, "B", None)), None),
        (((50, 30, "A", "B"), (30, 10, "B", None), (30, 5, "C", None)), None),
        (((50, 30, "A", "B"), (40, 10, "B", None), (25, 5, "C", None)), None),
        (((50, 30, "A", "B"),), None),
        (((50, 30, "A", "B"), (30, 10, "C", None)), "other_relief"),
        (((50, 30, "A", "B"), (30, 10, "A", None)), "other_relief"),
        (((50, 30, "A", "B"), (30, 20, "C", None), (20, 10, "B", None)), "other_relief"),
        (((50, 30, "A", "B"), (45, 40, "B", None), (30, 10, "C", None)), "other_relief"),
    ],
    ids=[
        "at once",
        "later",
        "before",
        "beside a third",
        "watching already",
        "open",
        "another",
        "itself",
        "too late",
        "gone again",
    ],
)
def test_r9_who_was_handed_over_to_comes_next(intervals: tuple[tuple[int, int, str, str | None], ...], found: str | None) -> None:
    """At once or after a gap, or it is watching already; no other comes in its place."""
    table = on_its_way()
    said = [interval(table, begins, ends, team, handed_to=to) for begins, ends, team, to in intervals]
    assert logs(table, *said) == found


def test_r9_it_comes_next_in_the_next_log_too() -> None:
    """What was handed over in one statement is taken up in another; who has come is not waited for again."""
    table = on_its_way()
    assert logs(table, interval(table, 50, 30, handed_to="B")) is None
    refused = table.say("kz.police", "surveillance_log", intervals=[interval(table, 30, 20, "C")])
    assert (became(refused), code(refused)) == (("refused", "R9"), "other_relief")
    assert refused.verdict.finding is not None
    assert refused.verdict.finding.parameters == {"team": "A", "to": "B", "next": "C"}
    assert logs(table, interval(table, 30, 20, "B")) is None
    assert logs(table, interval(table, 20, 10, "C")) is None


def test_r9_each_authority_keeps_its_own_teams() -> None:
    """Teams of the next leg have the same names, and wait for no relief of the one before."""
    table = on_its_way()
    assert logs(table, interval(table, 50, 30, handed_to="B")) is None
    table.hand_over()
    table.pass_time(hours=1)
    assert logs(table, interval(table, 50, 30), by="uz.customs") is None


def test_r9_a_team_does_not_hand_over_to_itself() -> None:
    """The statement is none."""
    table = on_its_way()
    with pytest.raises(ValueError, match="hands over to another"):
        logged(table, interval(table, 50, 30, handed_to="A"))


def test_r28_the_log_knows_so_many_teams_and_no_more() -> None:
    """Half of them of who has it first, so that who has it next has as many; at the bound they count, one more is refused, and a
    team that is known goes on.
    """
    table = on_its_way()
    for service in ("kz.police", "uz.customs"):
        teams = [f"{service}-{number}" for number in range(MOST_TEAMS // 2)]
        assert logs(table, *(interval(table, 50, 30, team) for team in teams), by=service) is None
        said = table.say(service, "surveillance_log", intervals=[interval(table, 50, 30, "one-more")])
        assert (became(said), code(said)) == (("refused", "R28"), "too_many_teams")
        assert logs(table, interval(table, 30, 20, teams[1]), by=service) is None
        if service == "kz.police":
            table.hand_over()
            table.pass_time(hours=1)
