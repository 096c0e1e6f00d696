"""What is taken out of the consignment on its way (R10, R16, R30): with its act, permission, holder, and in the balance."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.holdings import amounts, exhibits
from domain.delivery.memory import Recovered
from domain.papers.record import Record
from domain.plan.attachment import Attachment
from domain.plan.check import faults_in
from domain.plan.goods import SubstanceMass
from domain.plan.plan import Plan
from domain.plan.request_for_consent import request_for_consent
from domain.record.verify import verify
from domain.rules.budget import HELD_TOO_MUCH
from domain.views.asked import inbox
from domain.views.request_in_words import in_words
from domain.views.unasked import may_say
from domain.words.errors import NotAllowed
from tests.course import GROSS, became, code
from tests.domain.test_more_papers import made, text
from tests.support import MEPHEDRONE, SEAL, Table, card_of, example_cards, example_directory, example_plan, with_changes

NEW_SEAL = {"number": "KZ000009", "security": "H"}
TEN = {"substance": "4-mmc", "net": "10 g"}
SAID: dict[str, Any] = {
    "label": "S-1",
    "samples": [TEN],
    "purpose": "is it still that",
    "reference": "7/9 of 2022-03-02",
    "place": "customs yard",
    "opened": False,
    "broken": [SEAL],
    "seals": [NEW_SEAL],
    "gross": "13.89 kg",
    "witnesses": ["witness-1"],
}
LESS = MEPHEDRONE | {"net": "13.19 kg"}


def takes(table: Table, service: str = "kz.police", **said: Any) -> str | None:
    """It takes out a sample; the code of the verdict."""
    return code(table.say(service, "taken_out", **(SAID | said)))


def on_its_way(plan: Plan | None = None, **says: Any) -> Table:
    """On the road in Kazakhstan."""
    return Table(plan or example_plan(), **says).dispatch()


def opened_on_the_way() -> Plan:
    """It may be opened on its leg in Kazakhstan."""
    legs = example_plan().model_dump()["legs"]
    return with_changes(plan_={"legs": [legs[0] | {"opened": True}, *legs[1:]]})


def test_r30_a_sample_on_the_road_has_a_holder_and_the_balance_closes() -> None:
    """Before, nothing could be taken out once it had left. Who is responsible holds it, and may offer it to be examined; what
    goes on is what was kept less that, which is what the next check and the last weighing compare with.
    """
    table = on_its_way()
    assert "taken_out" in may_say(table.delivery, table.directory.get("kz.police"))
    assert became(table.say("kz.police", "taken_out", **SAID)) == ("accepted", None)
    lot = exhibits(table.delivery.state)["S-1"]
    assert (lot.what, lot.holder, lot.fate) == ("samples", "kz.police", None)
    assert [one.net for one in amounts(table.delivery.state, "consignment") if hasattr(one, "net")] == [13_190_000]
    custody = table.delivery.state.custody
    assert custody is not None
    assert (custody.gross, [one.number for one in custody.seals]) == (GROSS - 10_000, ["KZ000009"])
    said = table.say("kz.police", "exhibits_offered", exhibits=["S-1"], to="kz.knb", purpose="examination")
    assert became(said) == ("accepted", None)
    report = {"exhibit": "S-1", "report": "test_report", "reference": "5 of 2022-03-02", "substance": "mephedrone (4-MMC)"}
    found = table.say("kz.police", "laboratory_report", **report, received="9 g", spent="1 g", left="8 g")
    assert code(found) == "weighs_otherwise"

    (offer,) = [one for one in inbox(table.delivery, "kz.police", table.now) if "handover_offer" in one.says]
    assert offer.facts.gross == GROSS - 10_000
    for service, kind in (("kz.police", "handover_offered"), ("uz.customs", "handover_accepted")):
        assert became(table.say(service, kind, "tashkent-airport", gross="13.89 kg", seals=[NEW_SEAL])) == ("accepted", None)
    table.say("uz.customs", "delivered", "delivery")
    for service in ("uz.police", "kz.knb"):
        table.say(service, "ready", "muster")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    assert became(table.say("uz.customs", "seizure", "accounting", recovered=[LESS])) == ("accepted", None)
    assert table.delivery.balance.differences() == ()
    act = made(Record.of(table.delivery), "sampling.on-the-way", reader=table.directory.get("kz.police"))
    assert all(one in text(act) for one in ("7/9", "10\u202fg", "KZ000009", "is it still that"))
    with pytest.raises(NotAllowed):
        made(Record.of(table.delivery), "sampling.on-the-way", reader=table.directory.get("uz.customs"))
    assert ("S-1", "kz.police") in [(one.label, one.holder) for one in verify(table.packet()).exhibits]

    much = on_its_way()
    assert takes(much, samples=[TEN | {"net": "2 kg"}], gross="11.9 kg") is None
    much.delivery.state.seizures["accounting"] = Recovered((SubstanceMass(substance="4-mmc", net=11_200_000),), ())
    assert much.delivery.balance.differences() == ()


def test_r7_what_else_is_missing_is_found_at_the_next_check() -> None:
    """A kilogram less than it was without the sample: what was weighed at the stop does not hide it."""
    table = on_its_way()
    assert takes(table, gross="12.89 kg") is None
    table.say("kz.police", "handover_offered", "tashkent-airport", gross="12.89 kg", seals=[NEW_SEAL])
    discrepancy = table.delivery.state.discrepancy
    assert discrepancy is not None
    assert [one.code for one in discrepancy.differs] == ["weight_differs"]
    assert takes(table, label="S-2") == "awaits_decision"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"label": "samples"}, "label_taken"),
        ({"samples": [{"substance": "4-mmc", "net": "14 kg"}]}, "not_so_much_in_it"),
        ({"samples": [{"substance": "heroin", "net": 1}]}, "not_so_much_in_it"),
        ({"samples": [{"substance": "heroin", "cas": "50-36-2", "net": 1}]}, "another_substance"),
        ({"broken": []}, "other_seals_before"),
        ({"broken": [SEAL, NEW_SEAL]}, "other_seals_before"),
        ({"seals": []}, "checked_otherwise"),
        ({"opened": True}, "opening_not_permitted"),
        ({"service": "kz.knb"}, "not_responsible"),
    ],
)
def test_r10_what_cannot_be_taken_out(said: dict[str, Any], found: str) -> None:
    """No more than is in it, with its seals accounted for, by who is responsible, opened only where that is permitted."""
    assert takes(on_its_way(), **said) == found


def test_r10_only_of_what_is_on_its_way_and_not_while_it_is_handed_over() -> None:
    """Before it has left that is said at its preparation; and what has been offered is taken as it was offered."""
    assert takes(Table().prepare()) == "not_on_its_way"
    table = on_its_way()
    assert takes(table) is None
    assert takes(table, label="S-1", broken=[NEW_SEAL], seals=[SEAL]) == "label_taken"
    nearly = [{"substance": "4-mmc", "net": "13.195 kg"}]
    assert takes(table, label="S-2", samples=nearly, broken=[NEW_SEAL], seals=[SEAL]) == "not_so_much_in_it"
    table.say("kz.police", "handover_offered", "tashkent-airport", gross="13.89 kg", seals=[NEW_SEAL])
    assert takes(table, label="S-2", broken=[NEW_SEAL], seals=[SEAL]) == "offered_already"


def test_r16_it_is_opened_on_the_way_where_an_act_permits_that() -> None:
    """A leg says so in the plan: then each State on it is asked, and told in the request; it does not leave without."""
    plan = opened_on_the_way()
    assert "opening" in plan.measures("KZ")
    told = request_for_consent(plan, "KZ")
    assert told is not None
    assert "it may be opened there, to take a sample out" in str(in_words(told))
    asked = with_changes(plan, consent_kz={"requires": [{"service": "kz.prosecutor", "says": "authorisation"}]})
    assert not [one for one in faults_in(asked, example_directory(), example_cards()) if one.problem.startswith("R16")]

    without = Table(plan)
    without.consent()
    halt = without.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.finding.parameters["permission"]) == ("permission", "opening")

    table = Table(plan, other_cards=card_of("KZ", records=[{"acts": ["opening"], "by": "recording", "law": LAW}]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["post", "opening"])
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.dispatch()
    assert takes(table, opened=True) == "sampling_not_recorded"
    shot = Attachment(digest="0" * 64, size=9, media_type="image/jpeg", shows="the seal")
    said = table.say("kz.police", "taken_out", **(SAID | {"opened": True}), attachments=(shot,))
    assert became(said) == ("accepted", None)
    assert table.delivery.state.goods is not None
    assert table.delivery.state.goods.opened
    later = table.now + timedelta(days=60)
    assert "opening" in [one.permission for one in table.delivery.consents.not_permitted(("KZ",), later)]  # while it is there
    verify(table.packet())


LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}


def test_r28_each_authority_has_its_share_of_what_is_held_on_to() -> None:
    """However often something is taken out, it is held in the bytes that preparation left, in equal shares."""
    table = on_its_way()
    many = [{"substance": "x", "net": 0}] * 50
    seals, codes = ([SEAL], [NEW_SEAL]), []
    for number in range(8):
        codes.append(takes(table, label=f"S-{number}", samples=many, broken=seals[number % 2], seals=seals[1 - number % 2]))
        if codes[-1] is not None:
            break
    assert codes == [None] * 4 + [HELD_TOO_MUCH.name]
