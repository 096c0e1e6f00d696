"""R18: what was said is corrected by a new statement of who said it; the earlier one stays, and so does what was decided."""

from typing import Any

import pytest

from domain.record.replay import replay
from tests.course import accounted, became, dispatched
from tests.support import COURIER, MEPHEDRONE, RECIPIENT, SEAL, WORDS, Table, asks, with_changes

GROSS = 13_900_000
LESS = {"substance": "mephedrone (4-MMC)", "net": "12 kg"}


def corrects(table: Table, service: str, of: str, kind: str, *, officer: str = "officer-1", **content: Any) -> Any:
    """The service says what an earlier statement should have said; verdict and rule."""
    right = {"kind": kind} | WORDS[kind] | content
    return became(table.say(service, "correction", of=of, reason="misread", content=right, officer=officer))


def prepared(**content: Any) -> Table:
    """Prepared, under the id `the-preparation`; the checkpoint is still open."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", id="the-preparation", **content)
    return table


def that_counts(table: Table, kind: str) -> str:
    """The id of the one statement of this kind that has taken effect."""
    (found,) = [name for name, known in table.delivery.state.counted.items() if known.kind == kind]
    return found


def test_r18_correction_before_dispatch_changes_what_later_checks_compare_with() -> None:
    """The scale was misread: the corrected weight and seal are those the handover is compared with."""
    table = prepared(gross="139 kg")
    seals = [{"number": "KZ000002", "security": "H"}]
    assert corrects(table, "kz.police", "the-preparation", "prepared", seals=seals) == ("accepted", None)
    assert table.delivery.state.custody is not None
    assert (table.delivery.state.custody.gross, table.delivery.state.custody.seals[0].number) == (GROSS, "KZ000002")


def test_r18_correction_leaves_the_earlier_statement_where_it_stands() -> None:
    """The ledger has grown by one entry, the first is still there, and a stranger reads the same state from both."""
    table = prepared(gross="139 kg")
    before = table.delivery.ledger.entries
    corrects(table, "kz.police", "the-preparation", "prepared")
    assert table.delivery.ledger.entries[:-1] == before
    again = replay(table.delivery.ledger.entries, table.directory, table.cards)
    assert again.state == table.delivery.state


def test_r18_correction_after_dispatch_changes_the_balance_and_not_the_custody() -> None:
    """What has been compared on the way stays compared; the account at the end uses the corrected masses."""
    table = Table().dispatch()
    said = that_counts(table, "prepared")
    assert corrects(table, "kz.police", said, "prepared", gross="12.7 kg", kept=[LESS]) == ("accepted", None)
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS
    assert table.delivery.state.goods is not None
    assert table.delivery.state.goods.kept[0].net == 12_000_000  # type: ignore[union-attr]  # it is a mass


@pytest.mark.parametrize("service", ["kz.knb", "uz.customs", "kz.prosecutor"])
def test_r18_only_who_said_it_corrects_it(service: str) -> None:
    """Not another service, of whichever State; nothing changes."""
    table = prepared()
    assert corrects(table, service, "the-preparation", "prepared", gross="1 kg") == ("refused", "R18")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS


def test_r18_correction_is_of_the_same_kind() -> None:
    """A preparation is not corrected by a seizure."""
    assert corrects(prepared(), "kz.police", "the-preparation", "seizure") == ("refused", "R18")


def test_r18_what_was_never_said_or_never_counted_cannot_be_corrected() -> None:
    """Unknown, refused and early statements have had no effect, so there is nothing to put right."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", id="refused-one", modality="removed")
    table.say("uz.customs", "seizure", "accounting", id="early-one")
    assert corrects(table, "kz.police", "never-said", "prepared") == ("refused", "R18")
    assert corrects(table, "kz.police", "refused-one", "prepared") == ("refused", "R18")
    assert corrects(table, "uz.customs", "early-one", "seizure") == ("refused", "R18")


def test_r18_what_came_early_and_was_taken_up_can_be_corrected() -> None:
    """It counts from then on like any other (found by test)."""
    table = Table()
    table.say("kz.police", "prepared", "preparation", id="early-one", gross="139 kg")
    table.consent()
    assert corrects(table, "kz.police", "early-one", "prepared") == ("accepted", None)
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS


def test_r18_corrected_preparation_keeps_every_rule_of_a_preparation() -> None:
    """R3 and R10 hold for what is said anew as for what was said first."""
    table = prepared()
    assert corrects(table, "kz.police", "the-preparation", "prepared", modality="removed") == ("refused", "R3")
    units = [{"label": "1", "substance": "mephedrone (4-MMC)", "net": "1 kg"}]
    assert corrects(table, "kz.police", "the-preparation", "prepared", units=units) == ("refused", "R10")


def test_r18_corrected_seizure_takes_the_place_of_the_one_before() -> None:
    """The masses are not added up: what was recovered is what was said last."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    table.say("uz.customs", "seizure", "accounting", id="the-seizure", recovered=[LESS])
    assert table.delivery.balance.differences()
    assert corrects(table, "uz.customs", "the-seizure", "seizure", recovered=[MEPHEDRONE, MEPHEDRONE]) == ("accepted", None)
    assert table.delivery.balance.differences()
    assert table.is_open("balance.1")
    assert corrects(table, "uz.customs", "the-seizure", "seizure") == ("accepted", None)
    assert table.delivery.balance.differences() == ()
    assert table.delivery.state.outcome == "delivered_with_arrests"


def test_r18_corrected_arrest_changes_how_many_were_arrested() -> None:
    """Two persons, not one; and the outcome stays."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest")
    assert corrects(table, "uz.police", "the-arrest", "arrest_made", persons=[RECIPIENT, COURIER]) == ("accepted", None)
    assert [one.code for one in table.delivery.state.arrested] == ["P-1", "P-2"]


def test_r18_corrected_interdiction_after_a_halt_is_what_is_weighed() -> None:
    """After a stop nothing advances, and yet a wrong weight of what was seized can be put right."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    table.say("kz.police", "interdicted", id="the-seizure", gross="1.39 kg")
    assert table.delivery.balance.differences()
    assert corrects(table, "kz.police", "the-seizure", "interdicted") == ("accepted", None)
    assert table.delivery.balance.differences() == ()


def test_r18_nothing_decided_is_rewritten_by_a_correction() -> None:
    """Custody has moved on the old weight; the correction moves nothing back and stops nothing."""
    table = dispatched(Table().consent()).hand_over()
    assert corrects(table, "kz.police", that_counts(table, "prepared"), "prepared", gross="14 kg") == ("accepted", None)
    state = table.delivery.state
    assert (state.responsible, state.discrepancy, state.halt) == ("uz.customs", None, None)


def test_r18_after_the_outcome_a_correction_is_kept_as_late() -> None:
    """It stands in the ledger and changes nothing."""
    table = accounted()
    assert table.delivery.state.outcome is not None
    said = that_counts(table, "seizure")
    assert corrects(table, "uz.customs", said, "seizure", recovered=[LESS]) == ("late", "R12")
    assert table.delivery.balance.differences() == ()


TWO = with_changes(preparation={"requires": asks("kz.police prepared 2", "kz.knb ready")})


def by_two() -> Table:
    """Prepared and signed by two officers; the second signed `the-second`."""
    table = Table(TWO).consent()
    table.say("kz.police", "prepared", "preparation", id="the-first")
    table.say("kz.police", "prepared", "preparation", id="the-second", officer="officer-2")
    return table


def test_r20_what_two_officers_said_two_officers_correct() -> None:
    """One of them alone changes no weight that every later check compares with (found by test)."""
    table = by_two()
    other: dict[str, Any] = {"gross": "13.8 kg", "seals": [SEAL]}
    assert corrects(table, "kz.police", "the-second", "prepared", **other) == ("accepted", None)
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS
    assert corrects(table, "kz.police", "the-second", "prepared", **other) == ("refused", "R20")
    assert corrects(table, "kz.police", "the-second", "prepared", officer="officer-2", gross="14 kg") == ("refused", "R20")
    assert corrects(table, "kz.police", "the-second", "prepared", officer="officer-2", **other) == ("accepted", None)
    assert table.delivery.state.custody.gross == 13_800_000


def test_r20_first_signature_alone_has_had_no_effect_to_correct() -> None:
    """What counts is what the second signed; a correction names that one, so nothing is counted twice (found by test)."""
    assert corrects(by_two(), "kz.police", "the-first", "prepared", gross="1 kg") == ("refused", "R18")
