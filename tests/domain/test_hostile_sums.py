"""Sums of many quantities at their bounds (R10, R28): they are refused or compared like any other, and stop nobody else."""

from domain.words.limits import LARGEST_WHOLE
from domain.words.quantities import MAX_WHOLE
from tests.course import code
from tests.support import Table

MOST = [{"substance": "heroin", "net": MAX_WHOLE}] * 20


def test_what_weighs_more_than_a_record_can_say_is_refused() -> None:
    """Twenty substances at the largest mass are `more_than_gross`, and the sum is said as the largest number of a record."""
    answer = Table().consent().say("kz.police", "prepared", "preparation", kept=MOST)
    assert code(answer) == "more_than_gross"
    assert answer.verdict.finding is not None
    assert answer.verdict.finding.parameters["inside"] == LARGEST_WHOLE


def test_such_a_sum_said_early_stops_nobody_else() -> None:
    """A preparation said before its turn with such a sum is refused once its turn comes, and the consents count."""
    table = Table()
    assert table.say("kz.police", "prepared", "preparation", kept=MOST).verdict.verdict == "early"
    table.consent()
    assert table.is_open("preparation")
    table.pass_time(hours=1)
    assert table.say("kz.prosecutor", "stop_requested").verdict.verdict == "accepted"


def test_a_seizure_of_such_a_sum_does_not_close() -> None:
    """What was recovered beyond what a record can say is a difference like any other, and the packet can be made."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert code(table.say("uz.customs", "seizure", "accounting", recovered=MOST)) is None
    assert table.is_open("balance.1")
    assert table.delivery.balance.differences()[-1].parameters["found"] == LARGEST_WHOLE
    assert table.packet()
