"""What a service may say without being asked is offered to it as things stand, and only then."""

import pytest

from domain.rules.books import BOOK
from domain.views.forms import PARTS
from domain.views.unasked import ELSEWHERE, known, may_say
from domain.views.view import view
from tests.course import became
from tests.support import Table

SAMPLE = {"substance": "mephedrone (4-MMC)", "net": "5 g"}
EXHIBITS = {"exhibits_offered", "laboratory_report", "disposed"}
TO_UZ = {"to": "UZ", "prosecutions": [{"role": "courier", "state": "UZ"}], "reference": "T-1", "legal_basis": "the treaty"}
COOPERATES = {"person": "P-1", "role": "courier", "consented_to": "K-1", "consented_at": "2022-03-01T06:00:00Z", "reference": "1"}


def offered(table: Table, service: str) -> set[str]:
    """What this service is offered to say."""
    return set(may_say(table.delivery, table.directory.get(service)))


def test_the_view_offers_it() -> None:
    """So the command line, the desk and the API have it from one place."""
    table = Table()
    assert (
        may_say(table.delivery, table.directory.get("kz.police"))
        == view(table.delivery, table.directory.get("kz.police"), table.now).may_say
    )


def test_what_is_only_an_answer_is_never_offered() -> None:
    """A kind that must name the checkpoint that asks for it stands in an inbox, and stops and corrections have their own door."""
    table = Table().deliver()
    said = {kind for service in table.plan.participants() for kind in offered(table, service)}
    answers = {name for name, kind in BOOK.kinds.items() if kind.declares.names_checkpoint or kind.declares.by == "asked"}
    assert said
    assert not said & (answers | set(ELSEWHERE))


def test_what_is_seen_is_the_responsible_authoritys_to_say() -> None:
    """It follows the consignment: who hands it over is offered it no more."""
    table = Table().consent()
    before = (offered(table, "kz.police"), offered(table, "uz.customs"))
    table.deliver()
    after = (offered(table, "kz.police"), offered(table, "uz.customs"))
    assert [["sighted" in one for one in both] for both in (before, after)] == [[True, False], [False, True]]
    assert [["surveillance_log" in one for one in both] for both in (before, after)] == [[True, False], [True, True]]


def test_who_holds_an_exhibit_may_hand_it_on_and_who_is_offered_it_may_take_it() -> None:
    """Nobody else; and the form knows which exhibits and from whom."""
    table = Table().consent()
    assert not offered(table, "kz.police") & EXHIBITS
    assert became(table.say("kz.police", "prepared", "preparation", samples=[SAMPLE])) == ("accepted", None)
    assert offered(table, "kz.police") >= EXHIBITS
    assert "exhibits_accepted" not in offered(table, "kz.knb")
    table.say("kz.police", "exhibits_offered", exhibits=["samples"], to="kz.knb", purpose="examination")
    assert "exhibits_accepted" in offered(table, "kz.knb")
    assert not offered(table, "kz.knb") & EXHIBITS
    taker, giver = (table.directory.get(one) for one in ("kz.knb", "kz.police"))
    assert known(table.delivery, taker, "exhibits_accepted", table.now) == {"exhibits": ["samples"], "giver": "kz.police"}
    assert known(table.delivery, giver, "disposed", table.now) == {"exhibits": ["samples"]}
    assert known(table.delivery, giver, "information", table.now) == {}


def test_proceedings_are_for_prosecutors_and_an_answer_for_the_state_that_is_asked() -> None:
    """A request to take them over is answered once."""
    table = Table().deliver()
    first = {"jurisdiction_understood", "transfer_requested"}
    answers = {"transfer_accepted", "transfer_declined"}
    assert first <= offered(table, "kz.prosecutor")
    assert not first & offered(table, "kz.police")
    assert not answers & offered(table, "uz.prosecutor")
    table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id="transfer-1")
    assert answers <= offered(table, "uz.prosecutor")
    assert not answers & (offered(table, "kz.prosecutor") | offered(table, "uz.police"))
    table.say("uz.prosecutor", "transfer_declined", of="transfer-1", reason="none here")
    assert not answers & offered(table, "uz.prosecutor")


def test_who_leads_somebody_that_cooperates_may_hand_out_a_recorder_and_take_it_back() -> None:
    """First the consent, then the rest; a prosecutor leads nobody."""
    table = Table().deliver()
    later = {"cooperation_ended", "recorder_issued"}
    assert "cooperation_begun" in offered(table, "uz.police")
    assert "cooperation_begun" not in offered(table, "uz.prosecutor")
    assert not later & offered(table, "uz.police")
    assert became(table.say("uz.police", "cooperation_begun", **COOPERATES)) == ("accepted", None)
    assert later <= offered(table, "uz.police")
    assert "recorder_returned" not in offered(table, "uz.police")
    assert not later & offered(table, "kz.police")


@pytest.mark.parametrize("service", ["kz.police", "uz.customs"])
def test_after_a_halt_only_what_still_counts_is_offered(service: str) -> None:
    """Nobody is invited to say what would be refused."""
    table = Table().consent()
    table.say("kz.police", "stop_requested", reason="seen")
    assert table.delivery.state.halt is not None
    assert not offered(table, service) & {"split", "cooperation_begun", "recorder_issued", "authorisation_extended"}
    assert "information" in offered(table, service)


def test_nobody_who_takes_no_part_is_offered_anything() -> None:
    """A service of the directory that is not in the plan."""
    table = Table()
    outside = next(one for one in table.directory.services if not table.delivery.state.participant(one.id))
    assert may_say(table.delivery, outside) == ()


@pytest.mark.parametrize("kind", BOOK.kinds)
def test_every_list_can_be_typed(kind: str) -> None:
    """Of what a form or a command line is given in words, each list has a way to be read."""
    lists = {
        name
        for name, said in BOOK.kinds[kind].model_json_schema()["properties"].items()
        if any(one.get("type") == "array" for one in said.get("anyOf", [said]))
    }
    assert {name for name in lists if name not in PARTS and f"{kind}.{name}" not in PARTS} == set()


def test_nothing_is_offered_once_the_ledger_is_closed() -> None:
    """Whoever holds something then is told so, and is not invited to say what nobody would take."""
    table = Table()
    table.say("kz.knb", "stop_requested", reason="over")
    table.say("kz.police", "interdicted", gross="13.9 kg", place="Almaty")
    for service in table.plan.participants():
        table.say(service, "stop_acknowledged")
    assert table.delivery.state.ended
    assert not any(offered(table, service) for service in table.plan.participants())
