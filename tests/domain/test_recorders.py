"""A recorder that a cooperating person carries is an exhibit with a holder, and bears a label of its own (R30)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.holdings import exhibits
from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.views.view import view
from tests.course import became, code
from tests.domain.test_changes import change
from tests.support import Table, asks, card_of, example_plan

BEGUN = {
    "person": "P-2",
    "role": "courier",
    "consented_to": "officer-7",
    "consented_at": "2022-03-01T05:00:00Z",
    "reference": "K-1",
}
RECORDER = {"person": "P-2", "label": "R-1", "reference": "K-2"}
OPEN = card_of("KZ", separate=[])
"""A card by which nothing beside the delivery itself wants an act."""
LOST: dict[str, Any] = {"exhibits": ["R-1"], "how": "lost", "reference": "TEST-1 of 2022-03-01"}
KEPT: dict[str, Any] = LOST | {"how": "kept", "to": "case 7"}
OFFERED: dict[str, Any] = {"exhibits": ["R-1"], "to": "kz.police", "purpose": "examination"}
TRACKER = {"label": "R-1", "what": "tracker", "gross": "50 g"}


def led(*, issued: bool = True) -> Table:
    """A courier cooperates with the KNB, and carries its recorder R-1."""
    table = Table(other_cards=OPEN).deliver()
    assert became(table.say("kz.knb", "cooperation_begun", **BEGUN)) == ("accepted", None)
    if issued:
        assert became(table.say("kz.knb", "recorder_issued", **RECORDER)) == ("accepted", None)
    return table


def came_back() -> Table:
    """The same, handed back."""
    table = led()
    assert became(table.say("kz.knb", "recorder_returned", **RECORDER)) == ("accepted", None)
    return table


def holder(table: Table) -> tuple[str | None, bool, str | None]:
    """Who holds the recorder, whether somebody carries it, and what became of it."""
    one = exhibits(table.delivery.state)["R-1"]
    return one.holder, one.travels, one.fate


def test_r30_who_handed_a_recorder_out_holds_it_until_it_is_said_what_became_of_it() -> None:
    """While a person carries it and after it came back; then it goes on like every exhibit."""
    table = led()
    assert holder(table) == ("kz.knb", True, None)
    assert became(table.say("kz.knb", "recorder_returned", **RECORDER)) == ("accepted", None)
    assert holder(table) == ("kz.knb", False, None)
    assert became(table.say("kz.knb", "exhibits_offered", **OFFERED)) == ("accepted", None)
    taken = table.say("kz.police", "exhibits_accepted", exhibits=["R-1"], giver="kz.knb", intact=True)
    assert became(taken) == ("accepted", None)
    assert holder(table) == ("kz.police", False, None)
    assert became(table.say("kz.police", "disposed", **KEPT)) == ("accepted", None)
    assert holder(table) == ("kz.police", False, "kept")


@pytest.mark.parametrize(("kind", "words"), [("exhibits_offered", OFFERED), ("disposed", KEPT)])
def test_r30_what_a_person_carries_is_handed_back_first(kind: str, words: dict[str, Any]) -> None:
    """It is neither offered nor kept while it is out."""
    assert "still_travels" == code(led().say("kz.knb", kind, **words))
    assert became(came_back().say("kz.knb", kind, **words)) == ("accepted", None)


def test_r30_a_recorder_that_is_lost_is_carried_by_nobody() -> None:
    """Who handed it out says so, and nobody else; it does not come back, and the cooperation can end."""
    table = led()
    assert "not_its_holder" == code(table.say("kz.police", "disposed", **LOST))
    assert became(table.say("kz.knb", "disposed", **LOST)) == ("accepted", None)
    assert holder(table) == (None, False, "lost")
    assert "not_issued" == code(table.say("kz.knb", "recorder_returned", **RECORDER))
    assert "label_taken" == code(table.say("kz.knb", "recorder_issued", **RECORDER))
    assert became(table.say("kz.knb", "cooperation_ended", person="P-2", reason="over")) == ("accepted", None)


def test_r30_a_recorder_that_was_not_lost_after_all_is_handed_back() -> None:
    """Before, it was carried for ever once its loss was corrected: it came not back, went to nobody, and nobody waited for it."""
    table = led()
    table.say("kz.knb", "recorder_issued", **RECORDER | {"label": "R-2"})
    both = LOST | {"exhibits": ["R-1", "R-2"]}
    assert became(table.say("kz.knb", "disposed", id="the-loss", **both)) == ("accepted", None)
    right = {"kind": "disposed"} | LOST | {"exhibits": ["R-2"]}
    said = table.say("kz.knb", "correction", of="the-loss", reason="only the second", content=right)
    assert became(said) == ("accepted", None)
    assert holder(table) == ("kz.knb", True, None)
    assert "issued_already" == code(table.say("kz.knb", "recorder_issued", **RECORDER))
    assert "carries_still" == code(table.say("kz.knb", "cooperation_ended", person="P-2", reason="over"))
    assert became(table.say("kz.knb", "recorder_returned", **RECORDER)) == ("accepted", None)
    assert holder(table) == ("kz.knb", False, None)
    assert became(table.say("kz.knb", "cooperation_ended", person="P-2", reason="over")) == ("accepted", None)
    assert became(table.say("kz.knb", "exhibits_offered", **OFFERED)) == ("accepted", None)
    verify(table.packet())


@pytest.mark.parametrize("label", ["removed", "samples", "seized", "consignment"])
def test_r30_a_recorder_bears_no_label_that_the_rules_give(label: str) -> None:
    """Whether there is such an exhibit or not."""
    assert "label_taken" == code(led(issued=False).say("kz.knb", "recorder_issued", **RECORDER | {"label": label}))


def test_r30_a_recorder_bears_no_label_of_another_exhibit_and_no_exhibit_bears_that_of_a_recorder() -> None:
    """What is found later, and what was put in before."""
    table = led()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    find = {"label": "R-1", "what": "a find"}
    assert "label_taken" == code(table.say("uz.customs", "seizure", "accounting", finds=[find]))

    other = Table(other_cards=OPEN).consent()
    assert became(other.say("kz.police", "prepared", "preparation", items=[TRACKER])) == ("accepted", None)
    assert became(other.say("kz.knb", "cooperation_begun", **BEGUN)) == ("accepted", None)
    assert "label_taken" == code(other.say("kz.knb", "recorder_issued", **RECORDER))


def test_r30_a_recorder_goes_out_again_from_who_holds_it_alone() -> None:
    """Once it came back, and not once it is another's or something was said of it."""
    table = came_back()
    assert became(table.say("kz.police", "cooperation_begun", **BEGUN)) == ("accepted", None)
    assert "label_taken" == code(table.say("kz.police", "recorder_issued", **RECORDER))
    assert became(table.say("kz.knb", "recorder_issued", **RECORDER)) == ("accepted", None)
    assert became(table.say("kz.knb", "recorder_returned", **RECORDER)) == ("accepted", None)
    assert became(table.say("kz.knb", "exhibits_offered", **OFFERED)) == ("accepted", None)
    assert "label_taken" == code(table.say("kz.knb", "recorder_issued", **RECORDER))


def test_a_recorder_that_was_not_handed_back_is_said() -> None:
    """In the view of its State's services, and by whoever verifies the record; nobody of another State sees it."""
    table = led()
    for reader, expected in (("kz.police", [True]), ("uz.customs", [])):
        seen = view(table.delivery, table.directory.get(reader), table.now)
        assert expected == [one.travels for one in seen.exhibits if one.label == "R-1"]
    told = [(one.holder, one.travels) for one in verify(table.packet()).exhibits if one.label == "R-1"]
    assert [("kz.knb", True)] == told


def test_r30_a_recorder_of_who_takes_part_no_more_is_received_by_another_and_nobody_carries_it_any_more() -> None:
    """An authority of the same State receives it and hands it on; one of another State does not receive it."""
    looked_back = {
        "id": "looking-back",
        "step": "close",
        "state": "KZ",
        "place": "On line",
        "due": timedelta(days=20),
        "requires": asks("kz.customs look_back"),
    }
    document = example_plan().model_dump()
    asking = Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], looked_back]})
    table = Table(asking, other_cards=OPEN).consent()
    assert became(table.say("kz.customs", "cooperation_begun", **BEGUN)) == ("accepted", None)
    assert became(table.say("kz.customs", "recorder_issued", **RECORDER)) == ("accepted", None)
    change(table, example_plan())
    received: dict[str, Any] = {"exhibits": ["R-1"], "giver": "kz.customs", "intact": True}

    assert holder(table) == ("kz.customs", True, None)
    assert code(table.say("uz.police", "exhibits_accepted", **received)) == "received_elsewhere"
    assert became(table.say("kz.knb", "exhibits_accepted", **received)) == ("accepted", None)
    assert holder(table) == ("kz.knb", False, None)
    assert table.delivery.state.recorders["R-1"].person is None
    assert became(table.say("kz.knb", "exhibits_offered", **OFFERED)) == ("accepted", None)
    verify(table.packet())
