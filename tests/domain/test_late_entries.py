"""When it happened and when it was recorded: two times, both kept, and remarked on where they lie far apart."""

from datetime import timedelta

import pytest

from domain.delivery.statement import sign_statement
from domain.record.door import submit
from rehearsal.services import private_key_of
from tests.support import Table


@pytest.mark.parametrize(
    ("lag", "words"),
    [
        (timedelta(minutes=59), ""),
        (timedelta(hours=1), "recorded 1 h after it happened"),
        (timedelta(hours=30, seconds=5), "recorded 1 d 6 h after it happened"),
        (timedelta(minutes=-5), ""),
        (timedelta(minutes=-6), "it is said to happen later than this"),
    ],
)
def test_an_entry_made_late_says_so(lag: timedelta, words: str) -> None:
    """A stop carried by hand for a day counts at once, and the record shows the lag; a wrong clock is remarked on too."""
    table = Table().dispatch()
    said = table.statement("uz.police", "stop_requested")
    carried = said.model_copy(update={"happened_at": (table.now - lag).isoformat()})
    receipt = submit(table.delivery, sign_statement(carried, private_key_of("uz.police")), table.now)

    assert ("accepted", words) == (receipt.verdict.verdict, receipt.verdict.reason)
    assert table.delivery.state.halt is not None


def test_what_comes_after_its_checkpoint_closed_is_kept_and_changes_nothing() -> None:
    """A late answer, hand-carried, is in the ledger as late; what was decided without it stays decided."""
    table = Table().dispatch()
    said = table.statement("kz.knb", "ready", "preparation", note="carried by courier")
    carried = said.model_copy(update={"happened_at": (table.now - timedelta(hours=9)).isoformat()})
    receipt = submit(table.delivery, sign_statement(carried, private_key_of("kz.knb")), table.now)

    assert "late" == receipt.verdict.verdict
    assert "recorded 9 h after it happened" in receipt.verdict.reason
    assert table.delivery.state.closed("preparation")
