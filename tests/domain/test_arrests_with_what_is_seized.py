"""R8, R12: who was arrested with what was interdicted on its way is recorded with it, and the outcome says so."""

from domain.delivery.holdings import exhibits
from domain.delivery.persons import Arrested, Arrestee
from domain.papers.forms.story import arrests
from domain.papers.record import Record
from domain.record.verify import verify
from tests.course import became, code, outcome_of
from tests.support import Table

COURIERS = [{"code": "D-1", "role": "courier"}, {"code": "D-2", "role": "recipient", "unwitting": True}]


def seized(**says: object) -> Table:
    """Kazakhstan interdicts it on its way, and arrests two."""
    table = Table().dispatch()
    said = table.say(table.delivery.state.responsible, "interdicted", arrested=COURIERS, **says)
    assert became(said) == ("accepted", None)
    return table


def test_r12_who_was_arrested_with_it_stands_in_state_and_papers_and_outcome() -> None:
    """It is interdicted early; two are held, one of whom knew; and papers tell them as any other arrest."""
    table = seized()
    state = table.delivery.state
    assert [one.code for one in state.held] == ["D-1", "D-2"]
    assert [one.content.persons for one, _ in arrests(Record.of(table.delivery))] == [state.held]
    assert outcome_of(table) == "interdicted_early"
    because = state.because
    assert because is not None
    counts = {name: because.parameters[name] for name in ("arrested", "freed", "held", "couriers", "recipients")}
    assert (because.code, counts) == (
        "seized_with_arrests",
        {"arrested": 2, "freed": 0, "held": 2, "couriers": 1, "recipients": 0},
    )
    verify(table.packet())


def test_r12_they_are_released_and_corrected_as_any_other() -> None:
    """The service that holds them frees one, though no plan asks it to arrest; a correction says who it was."""
    table = seized(id="seizure-1")
    service = table.delivery.state.responsible
    content = {"kind": "interdicted", "place": "warehouse", "arrested": COURIERS[:1]}
    said = table.say(service, "correction", of="seizure-1", reason="one was a witness", content=content)
    assert became(said) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["D-1"]
    assert code(table.say(service, "arrestee_released", persons=["D-2"], reason="test")) == "not_under_arrest"
    assert became(table.say(service, "arrestee_released", persons=["D-1"], reason="test")) == ("accepted", None)
    assert table.delivery.state.held == ()


def test_r21_what_was_seized_for_another_stays_with_that_one_once_it_is_corrected() -> None:
    """Before, a delegate that corrected the weight by itself held consignment and courier from then on."""
    table = Table().dispatch()
    table.say("kz.police", "delegated", to="kz.knb")
    words = {"place": "warehouse", "arrested": COURIERS[:1]}
    said = table.say("kz.knb", "interdicted", on_behalf_of="kz.police", id="the-seizure", **words)
    assert became(said) == ("accepted", None)
    right = {"kind": "interdicted"} | words | {"gross": "13 kg"}
    for more in ({}, {"held_by": "kz.police"}):
        said = table.say("kz.knb", "correction", of="the-seizure", reason="misread", content=right | more)
        assert became(said) == ("accepted", None)
        assert exhibits(table.delivery.state)["consignment"].holder == "kz.police"
        assert table.delivery.state.holds("kz.police", "D-1")
    verify(table.packet())


def test_r12_without_arrests_the_outcome_says_who_interdicted_it() -> None:
    """As it was: nobody is named, and nobody is counted."""
    table = Table().dispatch()
    assert became(table.say(table.delivery.state.responsible, "interdicted")) == ("accepted", None)
    assert outcome_of(table) == "interdicted_early"
    assert table.delivery.state.because is not None
    assert table.delivery.state.because.code == "interdicted_on_the_way"
    assert table.delivery.state.arrests == {}


def test_r8_whoever_was_arrested_already_keeps_no_interdiction_back() -> None:
    """Named again with what is seized, the courier stays arrested once, and the consignment is in safe hands."""
    table = Table().deliver()
    person = COURIERS[0]
    service = table.delivery.state.responsible
    table.say("uz.police", "arrest_made", "arrest-tashkent", persons=[person])
    table.delivery.state.arrests["before"] = Arrested(service, (Arrestee.model_validate(person),))
    assert became(table.say(service, "interdicted", arrested=COURIERS)) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["D-1", "D-1", "D-2"]


def test_r12_who_is_arrested_after_a_stop_is_reported_and_counted() -> None:
    """Refused before: no checkpoint asks for it any more. The outcome counts them, papers and results tell them."""
    table = Table().dispatch()
    table.say("kz.prosecutor", "stop_requested")
    assert code(table.say("uz.police", "arrest_made", "arrest-tashkent", persons=COURIERS)) == "has_halted"
    assert became(table.say("uz.police", "arrest_reported", persons=COURIERS[:1], place="Tashkent")) == ("accepted", None)
    assert became(table.say("kz.knb", "arrest_reported", persons=COURIERS[1:], place="Almaty")) == ("accepted", None)
    assert became(table.say(table.delivery.state.responsible, "interdicted")) == ("accepted", None)
    assert outcome_of(table) == "interdicted_early"
    because = table.delivery.state.because
    assert because is not None
    assert (because.code, because.parameters["arrested"], because.parameters["couriers"]) == ("seized_with_arrests", 2, 1)
    assert [len(one.persons) for _, one in arrests(Record.of(table.delivery))] == [1, 1]
    verify(table.packet())


def test_r12_who_is_arrested_later_still_or_on_the_way_is_reported_too() -> None:
    """A courier on the way, whom no plan thought of; another after the outcome, which stays, and is corrected or released."""
    table = Table().dispatch()
    assert became(table.say("kz.knb", "arrest_reported", id="arrest-1", persons=COURIERS[:1], place="road")) == ("accepted", None)
    assert table.delivery.state.under_way
    table.say("kz.prosecutor", "stop_requested")
    content = {"kind": "arrest_reported", "persons": COURIERS, "place": "road"}
    said = table.say("kz.knb", "correction", of="arrest-1", reason="there were two", content=content)
    assert became(said) == ("accepted", None)
    table.say(table.delivery.state.responsible, "interdicted")
    assert outcome_of(table) == "interdicted_early"
    late = table.say("uz.police", "arrest_reported", persons=COURIERS[:1], place="Tashkent")
    assert became(late) == ("accepted", None)
    assert len(table.delivery.state.held) == 3
    verify(table.packet())


def test_r29_who_may_arrest_nobody_reports_no_arrest_and_nobody_is_arrested_twice() -> None:
    """A prosecutor has no power for it; a code is of one person; who is asked says it where it is asked; and there is a bound."""
    table = Table().deliver()
    reported = {"persons": COURIERS[:1], "place": "road"}
    assert code(table.say("kz.prosecutor", "arrest_reported", **reported)) == "no_power"
    assert code(table.say("uz.police", "arrest_reported", **reported)) == "arrest_is_asked"
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent", **reported)) == ("accepted", None)
    assert code(table.say("uz.police", "arrest_reported", **reported)) == "arrested_already"
    many = [{"code": f"P-{number}", "role": "courier"} for number in range(50)]
    assert code(table.say("uz.customs", "arrest_reported", persons=many, place="road")) == "held_too_much"
    assert became(table.say("uz.police", "arrest_reported", persons=COURIERS[1:], place="road")) == ("accepted", None)
