"""When it happened and when it was recorded: two times, both kept, and remarked on where they lie far apart."""

from datetime import timedelta

import pytest

from domain.delivery.ledger import Receipt
from domain.delivery.statement import sign_statement
from domain.record.door import read_statement
from domain.views.sentences import lag
from domain.words.moments import instant
from rehearsal.services import private_key_of
from tests.course import became
from tests.support import Table, submitted

BEHIND = "recorded {} after it happened"
AHEAD = "it is said to happen later than it was recorded"


def carried(table: Table, service: str, kind: str, at: str | None, behind: timedelta) -> Receipt:
    """A statement that comes in so long after what it tells of."""
    said = table.statement(service, kind, at)
    carried = said.model_copy(update={"happened_at": (table.now - behind).isoformat()})
    return submitted(table.delivery, sign_statement(carried, private_key_of(service)), table.now)


def remark(receipt: Receipt) -> str:
    """What a reader of the entry is told about its two times."""
    event = receipt.entry.event
    assert event.event == "stated"
    return lag(read_statement(event.envelope).happened_at, instant(receipt.entry.at))


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (timedelta(minutes=59, seconds=59), ""),
        (timedelta(hours=1), BEHIND.format("1 h")),
        (timedelta(hours=30, seconds=5), BEHIND.format("1 d 6 h")),
        (timedelta(minutes=-5), ""),
        (timedelta(minutes=-6), AHEAD),
    ],
)
def test_an_entry_made_late_says_so(behind: timedelta, words: str) -> None:
    """A stop carried by hand for a day counts at once, and its reader is told of the lag; so is that of a wrong clock."""
    table = Table().dispatch()
    receipt = carried(table, "uz.police", "stop_requested", None, behind)

    assert (("accepted", None), words) == (became(receipt), remark(receipt))
    assert table.delivery.state.halt is not None


def test_what_comes_after_its_checkpoint_closed_is_kept_and_changes_nothing() -> None:
    """A late answer, hand-carried, is in the ledger as late; what was decided without it stays decided."""
    table = Table().dispatch()
    receipt = carried(table, "kz.knb", "ready", "preparation", timedelta(hours=9))

    assert (("late", "R17"), BEHIND.format("9 h")) == (became(receipt), remark(receipt))
    assert table.is_closed("preparation")


def test_what_was_kept_as_early_is_remarked_on_by_when_it_came_in() -> None:
    """It waits a day for its checkpoint, and that day is no lag of its entry."""
    table = Table()
    receipt = carried(table, "kz.knb", "ready", "preparation", timedelta(minutes=1))
    table.pass_time(days=1)
    table.consent()

    assert (("early", "R17"), "") == (became(receipt), remark(receipt))
    assert "taken_up" in table.events
