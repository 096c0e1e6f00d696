"""Who was arrested, by code and part (R12), and who cooperates and carries a recorder (R16, R29)."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.delivery.ledger import Receipt
from domain.delivery.persons import Arrestee
from domain.papers.forms.story import arrests, persons_in
from domain.papers.record import Record
from domain.record.verify import verify
from domain.views.forms import PARTS, content_of
from domain.views.sight import hears_statement, sight
from domain.views.view import view
from domain.words.limits import MOST_COOPERATING, MOST_PERSONS
from tests.course import arrested, became, code
from tests.second_book import with_figures
from tests.support import COURIER, RECIPIENT, WORDS, Table, card_of, example_plan

SUPPLIER, ORGANISER = {"code": "P-3", "role": "supplier"}, {"code": "P-4", "role": "organiser"}
USED = {"code": "P-5", "role": "courier", "unwitting": True}
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


def corrected(table: Table, of: str, **content: Any) -> tuple[str, str | None]:
    """What becomes of a correction of this arrest by the police."""
    right = WORDS["arrest_made"] | {"kind": "arrest_made"} | content
    return became(table.say("uz.police", "correction", of=of, reason="a slip", content=right))


def shown(table: Table, reader: str) -> Any:
    """What this service is shown."""
    return view(table.delivery, table.directory.get(reader), table.now)


def test_r12_the_outcome_counts_by_part_who_is_still_held() -> None:
    """A supplier was reached and no distributor; who was used unwittingly, and whose part is not known, count in no part."""
    table = Table().deliver()
    unknown = {"code": "P-6", "role": "not_known"}
    table.say("uz.police", "arrest_made", "arrest-tashkent", persons=[RECIPIENT, COURIER, USED, unknown])
    table.say("kz.knb", "arrest_made", "arrest-almaty", persons=[SUPPLIER, ORGANISER])
    table.say("uz.police", "arrestee_released", persons=["P-1"])
    table.say("uz.customs", "seizure", "accounting")
    assert table.delivery.state.outcome == "delivered_with_arrests"
    assert table.delivery.state.because is not None
    roles = {"organisers": 1, "suppliers": 1, "couriers": 1, "distributors": 0, "recipients": 0}
    assert table.delivery.state.because.parameters == {"arrested": 6, "freed": 1, "held": 5} | roles
    found = shown(table, "kz.knb").arrests
    assert (found.arrested, found.released, found.held) == (6, 1, 5)
    assert (found.supplier_reached, found.distributor_reached) == (True, False)


def test_r11_a_service_is_shown_the_arrests_of_its_own_state() -> None:
    """Those of another State are not counted for it; who has none to see is shown none."""
    table = arrested()
    assert shown(table, "uz.police").arrests.arrested == 1
    assert shown(table, "kz.police").arrests is None


def test_r12_a_code_is_of_one_service() -> None:
    """Two services may give the same code to two persons; one service gives it once, also by a correction."""
    table = arrested()
    assert len(table.delivery.state.arrested) == 2
    again = Table().deliver()
    again.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT, COURIER])
    again.say("kz.knb", "arrest_made", "arrest-almaty", persons=[SUPPLIER])
    assert corrected(again, "the-arrest", persons=[RECIPIENT, SUPPLIER]) == ("accepted", None)
    assert [one.role for one in again.delivery.state.arrested] == ["recipient", "supplier", "supplier"]


def test_r12_who_was_released_stays_so_when_an_arrest_is_corrected() -> None:
    """The one who was released is not held under any correction; the one who was not is."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT])
    table.say("uz.police", "arrestee_released")
    assert table.delivery.state.held == ()
    corrected(table, "the-arrest", persons=[RECIPIENT, COURIER])
    assert [one.code for one in table.delivery.state.held] == ["P-2"]


def test_r12_who_is_dropped_by_a_correction_and_arrested_after_all_is_held() -> None:
    """Before, a release outlived the arrest that it was of: who was arrested anew under that code did not count as held, and
    could not be released.
    """
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT, COURIER])
    table.say("uz.police", "arrestee_released", persons=["P-1"])
    assert corrected(table, "the-arrest", persons=[COURIER]) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["P-2"]
    said = table.say("uz.police", "arrest_reported", persons=[RECIPIENT], place="Tashkent")
    assert became(said) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["P-2", "P-1"]
    assert became(table.say("uz.police", "arrestee_released", persons=["P-1"])) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["P-2"]
    verify(table.packet())


def test_r12_who_is_dropped_by_a_correction_and_named_by_the_next_is_held() -> None:
    """The release was of the arrest as it stood then: what is said anew of it is an arrest that nobody was released from."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT, COURIER])
    table.say("uz.police", "arrestee_released", persons=["P-1"])
    assert corrected(table, "the-arrest", persons=[COURIER]) == ("accepted", None)
    assert corrected(table, "the-arrest", persons=[RECIPIENT, COURIER]) == ("accepted", None)
    assert [one.code for one in table.delivery.state.held] == ["P-1", "P-2"]
    verify(table.packet())


def test_r12_a_person_is_arrested_once() -> None:
    """The same service at another checkpoint gives another code."""
    asked = [{"service": "kz.knb", "says": "arrest"}]
    words = example_plan().model_dump()
    there = {"requires": asked, "state": "KZ", "locode": None}
    words["checkpoints"] = tuple(one | there if one["step"] == "arrest" else one for one in words["checkpoints"])
    table = Table(type(example_plan()).model_validate(words)).deliver()
    first, second = (one.id for one in table.plan.at("arrest"))
    table.say("kz.knb", "arrest_made", first, persons=[RECIPIENT])
    said = table.say("kz.knb", "arrest_made", second, persons=[RECIPIENT])
    assert (became(said), code(said)) == (("refused", "R12"), "arrested_already")
    assert became(table.say("kz.knb", "arrest_made", second, persons=[COURIER], id="the-arrest")) == ("accepted", None)
    right = WORDS["arrest_made"] | {"kind": "arrest_made", "persons": [RECIPIENT]}
    said = table.say("kz.knb", "correction", of="the-arrest", reason="a slip", content=right)
    assert (became(said), code(said)) == (("refused", "R12"), "arrested_already")


def test_r12_who_was_released_and_is_arrested_anew_is_one_person_and_held_again() -> None:
    """It was refused, so they had to be told under another code and counted twice. A correction arrests nobody anew."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT, COURIER])
    again = {"persons": [RECIPIENT], "place": "Tashkent"}
    assert code(table.say("uz.police", "arrest_reported", **again)) == "arrested_already"
    for held in (True, False, True):
        if not held:
            assert became(table.say("uz.police", "arrestee_released", persons=["P-1"], reason="test")) == ("accepted", None)
        elif table.delivery.state.freed:
            assert became(table.say("uz.police", "arrest_reported", id="arrest-anew", **again)) == ("accepted", None)
        state, seen = table.delivery.state, shown(table, "uz.police").arrests
        assert ([one.code for one in state.arrested], len(state.held)) == (["P-1", "P-2"], 1 + held)
        assert (seen.arrested, seen.released, seen.held) == (2, 1 - held, 1 + held)
    assert persons_in(arrests(Record.of(table.delivery))) == 2
    assert corrected(table, "the-arrest", persons=[RECIPIENT, SUPPLIER]) == ("accepted", None)
    assert code(table.say("uz.police", "arrest_reported", **again)) == "arrested_already"
    wrong = WORDS["arrest_made"] | {"kind": "arrest_reported", "persons": [SUPPLIER], "place": "Tashkent"}
    assert code(table.say("uz.police", "correction", of="arrest-anew", reason="a slip", content=wrong)) == "arrested_already"
    table.say("uz.police", "arrestee_released", persons=["P-1"], reason="test")
    assert code(table.say("uz.police", "arrestee_released", persons=["P-1"], reason="test")) == "not_under_arrest"
    assert [one.code for one in table.delivery.state.held] == ["P-3"]
    verify(table.packet())


def test_r12_a_seizure_arrests_anew_whom_it_does_not_hold_and_its_correction_nobody() -> None:
    """Whom it held is arrested once; whom it had released, with what was seized too; released then, a correction holds nobody."""
    table = Table().dispatch()
    for person in (RECIPIENT, COURIER):
        table.say("kz.police", "arrest_reported", persons=[person], place="road")
    table.say("kz.police", "arrestee_released", persons=["P-1"], reason="test")
    table.say("kz.police", "interdicted", id="the-seizure", arrested=[RECIPIENT, COURIER])
    assert ([one.code for one in table.delivery.state.held], len(table.delivery.state.arrested)) == (["P-1", "P-2"], 2)
    assert [one.code for one in table.delivery.state.arrests["the-seizure"].persons] == ["P-1"]
    table.say("kz.police", "arrestee_released", persons=["P-1", "P-2"], reason="test")
    right = WORDS["interdicted"] | {"kind": "interdicted", "arrested": [RECIPIENT, COURIER]}
    assert became(table.say("kz.police", "correction", of="the-seizure", reason="a slip", content=right)) == ("accepted", None)
    assert table.delivery.state.held == ()
    assert "the-seizure" in table.delivery.state.arrests
    table.say("kz.police", "correction", of="the-seizure", reason="a slip", content=right | {"arrested": []})
    assert "the-seizure" not in table.delivery.state.arrests
    verify(table.packet())


def test_r28_those_who_are_still_to_arrest_share_what_is_held_on_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of it is for the first of two; the second has what the first has left."""
    many = [{"code": f"P-{number}", "role": "courier"} for number in range(8)]
    with_figures(monkeypatch, arrested_bytes=300)
    table = Table().deliver()
    assert code(table.say("uz.police", "arrest_made", "arrest-tashkent", persons=many)) == "held_too_much"
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent", persons=many[:1])) == ("accepted", None)
    assert became(table.say("kz.knb", "arrest_made", "arrest-almaty", persons=many[:7])) == ("accepted", None)


@pytest.mark.parametrize(
    "persons",
    [[], [RECIPIENT, RECIPIENT], [{"code": "P-1", "role": "supplier", "unwitting": True}], [{"code": "a b", "role": "courier"}]],
    ids=["nobody", "one twice", "a supplier who did not know", "no code"],
)
def test_an_arrest_is_of_persons_with_codes_and_parts(persons: list[dict[str, Any]]) -> None:
    """Nobody, the same code twice, a part that cannot be, and a name with a blank in it are no statement."""
    with pytest.raises(ValidationError):
        Table().statement("uz.police", "arrest_made", "arrest-tashkent", persons=persons)


def test_r28_as_many_are_arrested_at_once_as_a_statement_holds() -> None:
    """Fifty by one statement, and no more."""
    persons = [{"code": f"P-{number}", "role": "courier"} for number in range(MOST_PERSONS + 1)]
    table = Table().deliver()
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent", persons=persons[:-1])) == ("accepted", None)
    with pytest.raises(ValidationError):
        table.statement("kz.knb", "arrest_made", "arrest-almaty", persons=persons)


def test_persons_are_typed_as_code_part_and_whether_they_knew() -> None:
    """`P-1: supplier; P-2: courier: unwitting`; another third word is refused."""
    found = content_of("arrest_made", {"persons": "P-1: supplier; P-2: courier: unwitting", "place": "Almaty"}, {}, PARTS)
    assert found.persons == (  # type: ignore[attr-defined]
        Arrestee(code="P-1", role="supplier"),
        Arrestee(code="P-2", role="courier", unwitting=True),
    )
    with pytest.raises(Exception, match="not right"):
        content_of("arrest_made", {"persons": "P-2: courier: perhaps", "place": "Almaty"}, {}, PARTS)


def led() -> Table:
    """A courier cooperates with the KNB, where nothing more wants an act."""
    table = Table(other_cards=OPEN).deliver()
    assert became(table.say("kz.knb", "cooperation_begun", **BEGUN)) == ("accepted", None)
    return table


def refused(said: Receipt) -> tuple[str, str | None]:
    """The rule and the code."""
    assert said.verdict.verdict == "refused"
    return str(said.verdict.rule), code(said)


def test_a_recorder_is_handed_out_and_back() -> None:
    """While it is out its State is shown so, and nobody else; then the cooperation ends."""
    table = led()
    assert became(table.say("kz.knb", "recorder_issued", **RECORDER)) == ("accepted", None)
    assert shown(table, "kz.police").recorders == ("R-1",)
    assert shown(table, "uz.customs").recorders == ()
    assert refused(table.say("kz.knb", "cooperation_ended", person="P-2", reason="over")) == ("R16", "carries_still")
    back = RECORDER | {"recording": "0" * 64}
    assert became(table.say("kz.knb", "recorder_returned", **back)) == ("accepted", None)
    assert became(table.say("kz.knb", "cooperation_ended", person="P-2", reason="over")) == ("accepted", None)
    assert table.delivery.state.cooperating == ()


@pytest.mark.parametrize(
    ("service", "kind", "words", "found"),
    [
        ("kz.prosecutor", "cooperation_begun", BEGUN | {"person": "P-9"}, ("R29", "leads_nobody")),
        ("kz.prosecutor", "cooperation_ended", {"person": "P-2", "reason": "x"}, ("R29", "leads_nobody")),
        ("kz.prosecutor", "recorder_issued", RECORDER, ("R29", "leads_nobody")),
        ("kz.prosecutor", "recorder_returned", RECORDER, ("R29", "leads_nobody")),
        ("kz.knb", "cooperation_begun", BEGUN, ("R16", "cooperates_already")),
        ("kz.knb", "cooperation_begun", BEGUN | {"consented_at": "2029-01-01T00:00:00Z"}, ("R16", "consented_in_future")),
        ("kz.police", "cooperation_ended", {"person": "P-2", "reason": "x"}, ("R16", "cooperates_not")),
        ("kz.police", "recorder_issued", RECORDER, ("R16", "cooperates_not")),
        ("kz.knb", "recorder_returned", RECORDER, ("R16", "not_issued")),
    ],
)
def test_what_is_refused_of_cooperation(service: str, kind: str, words: dict[str, Any], found: tuple[str, str]) -> None:
    """Who leads nobody, who does not cooperate or does already, a consent that is still to come, a recorder that is not out."""
    assert refused(led().say(service, kind, **words)) == found


def test_r16_a_recorder_goes_out_once_and_by_an_act_where_the_card_wants_one() -> None:
    """The card of the examples does not know whether it wants one, so an act must permit it."""
    table = led()
    table.say("kz.knb", "recorder_issued", **RECORDER)
    assert refused(table.say("kz.knb", "recorder_issued", **RECORDER)) == ("R16", "issued_already")
    strict = Table(other_cards=card_of("KZ", separate=["audio_video"])).deliver()
    strict.say("kz.knb", "cooperation_begun", **BEGUN)
    assert refused(strict.say("kz.knb", "recorder_issued", **RECORDER)) == ("R16", "recorder_not_permitted")


def test_r28_so_many_persons_and_recorders_are_held_on_to() -> None:
    """Of one service five together, so that another has room for as many; one more of either is refused to both."""
    table = led()
    for number in range(MOST_COOPERATING // 2 - 1):
        assert became(table.say("kz.knb", "recorder_issued", **RECORDER | {"label": f"R-{number}"})) == ("accepted", None)
    assert refused(table.say("kz.knb", "recorder_issued", **RECORDER | {"label": "R-99"})) == ("R28", "cooperation_spent")
    for number in range(MOST_COOPERATING // 2):
        said = table.say("uz.police", "cooperation_begun", **BEGUN | {"person": f"Q-{number}"})
        assert became(said) == ("accepted", None)
    for service in ("kz.knb", "uz.police", "uz.customs"):
        said = table.say(service, "cooperation_begun", **BEGUN | {"person": "P-9"})
        assert refused(said) == ("R28", "cooperation_spent")


def test_r11_who_cooperates_is_known_in_their_own_state() -> None:
    """Another State's services do not read it."""
    table = Table(other_cards=OPEN).deliver()
    table.say("kz.knb", "cooperation_begun", id="cooperation-1", **BEGUN)
    seen = {name: sight(table.delivery, table.directory.get(name)) for name in table.plan.participants()}
    readers = [name for name, one in seen.items() if hears_statement(table.delivery, one, "cooperation-1")]
    assert {one.split(".")[0] for one in readers} == {"kz", "caricc"}
