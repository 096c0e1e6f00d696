"""What follows before the courts, and what it has cost: jurisdiction, transfer of proceedings (R29), costs (R12)."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.views.forms import PARTS, content_of
from domain.views.sight import hears_statement, sight
from domain.views.view import DeliveryView, view
from domain.words.limits import MOST_TRANSFERS
from tests.course import accounted, became, code
from tests.second_book import with_figures
from tests.support import Table, asks, example_cards, example_directory, example_plan, with_changes

WHO = [{"role": "supplier", "state": "KZ"}, {"role": "recipient", "state": "UZ", "person": "P-1"}]
ASKED = {"to": "UZ", "prosecutions": [{"role": "courier", "state": "UZ"}], "reference": "T-1", "legal_basis": "the treaty"}


def closing() -> Plan:
    """The plan asks at the end who prosecutes whom, and what it has cost."""
    words = example_plan().model_dump()
    close = {
        "id": "proceedings",
        "step": "close",
        "state": "UZ",
        "place": "On line",
        "due": "P20D",
        "requires": asks("uz.prosecutor jurisdiction", "uz.customs costs"),
    }
    words["checkpoints"] = (*words["checkpoints"], close)
    return Plan.model_validate(words)


def shown(table: Table, reader: str) -> DeliveryView:
    """What this service is shown."""
    return view(table.delivery, table.directory.get(reader), table.now)


def test_r29_who_prosecutes_whom_is_agreed_when_each_state_says_the_same() -> None:
    """Said by one State it is not agreed by all; said by the other in the same words, it is."""
    table = Table().deliver()
    assert became(table.say("kz.prosecutor", "jurisdiction_understood", prosecutions=WHO)) == ("accepted", None)
    assert [one.agreed for one in shown(table, "uz.prosecutor").prosecutions] == [False]
    table.say("uz.prosecutor", "jurisdiction_understood", prosecutions=WHO[::-1])
    assert [one.agreed for one in shown(table, "kz.prosecutor").prosecutions] == [True, True]
    table.say("uz.prosecutor", "jurisdiction_understood", prosecutions=WHO[:1])
    assert [one.agreed for one in shown(table, "kz.knb").prosecutions] == [False, False]


def test_r11_who_prosecutes_whom_is_for_prosecutors_and_courts() -> None:
    """And for who sees the whole; nobody else is shown it."""
    table = Table().deliver()
    table.say("kz.prosecutor", "jurisdiction_understood", prosecutions=WHO, id="jurisdiction-1")
    readers = {
        name
        for name in table.plan.participants()
        if hears_statement(table.delivery, sight(table.delivery, table.directory.get(name)), "jurisdiction-1")
    }
    assert readers == {"kz.knb", "caricc", "kz.prosecutor", "uz.prosecutor"}
    assert shown(table, "uz.customs").prosecutions == ()


def test_a_checkpoint_at_the_end_asks_for_it_and_is_answered_by_a_word_without_its_name() -> None:
    """It may be said at any time; said once it is asked, it answers there."""
    table = Table(closing())
    table.deliver()
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting")
    assert became(table.say("uz.prosecutor", "jurisdiction_understood", prosecutions=WHO)) == ("accepted", None)
    table.say("uz.customs", "costs_settled", "proceedings", each_bears_its_own=True)
    assert table.is_closed("proceedings")


def test_r29_only_a_prosecutor_or_court_is_asked_who_prosecutes() -> None:
    """A plan that asks the customs is a fault."""
    plan = closing()
    wrong = with_changes(plan, proceedings={"requires": asks("uz.customs jurisdiction")})
    assert faults_in(plan, example_directory(), example_cards()) == ()
    (fault,) = faults_in(wrong, example_directory(), example_cards())
    assert "R29" in fault.problem


def requested() -> tuple[Table, str]:
    """Kazakhstan asks Uzbekistan to take over."""
    table = Table().deliver()
    said = table.say("kz.prosecutor", "transfer_requested", **ASKED)
    assert became(said) == ("accepted", None)
    return table, said.statement


@pytest.mark.parametrize(("kind", "words"), [("transfer_accepted", {"reference": "T-2"}), ("transfer_declined", {})])
def test_r29_a_state_takes_proceedings_over_or_does_not(kind: str, words: dict[str, Any]) -> None:
    """Once, and only the State that is asked; both States are shown it and no third."""
    table, of = requested()
    assert [one.answered for one in shown(table, "uz.customs").transfers] == [False]
    assert code(table.say("kz.prosecutor", kind, of=of, **words)) == "no_transfer"
    assert code(table.say("uz.prosecutor", kind, of="nobody-asked", **words)) == "no_transfer"
    assert became(table.say("uz.prosecutor", kind, of=of, **words)) == ("accepted", None)
    assert code(table.say("uz.prosecutor", kind, of=of, **words)) == "transfer_decided"
    assert [one.answered for one in shown(table, "kz.police").transfers] == [True]


def test_r11_the_answer_is_read_by_whoever_reads_the_request() -> None:
    """The State that asked learns of it."""
    table, of = requested()
    table.say("uz.prosecutor", "transfer_accepted", of=of, reference="T-2", id="transfer-answer")
    seen = sight(table.delivery, table.directory.get("kz.police"))
    assert hears_statement(table.delivery, seen, "transfer-answer")


@pytest.mark.parametrize(
    ("service", "kind", "words", "found"),
    [
        ("kz.police", "jurisdiction_understood", {"prosecutions": WHO}, ("R29", "prosecutes_nobody")),
        ("kz.police", "transfer_requested", ASKED, ("R29", "prosecutes_nobody")),
        ("uz.customs", "transfer_accepted", {"of": "nobody-asked", "reference": "T-2"}, ("R29", "prosecutes_nobody")),
        ("uz.customs", "transfer_declined", {"of": "nobody-asked"}, ("R29", "prosecutes_nobody")),
        ("uz.police", "transfer_requested", ASKED | {"on_behalf_of": "uz.prosecutor"}, ("R29", "prosecutes_nobody")),
        ("uz.prosecutor", "transfer_requested", ASKED, ("R29", "own_proceedings")),
        ("kz.prosecutor", "transfer_requested", ASKED | {"to": "FR"}, ("R29", "nobody_takes_over")),
    ],
)
def test_what_is_refused_of_proceedings(service: str, kind: str, words: dict[str, Any], found: tuple[str, str]) -> None:
    """Of who is no prosecutor or court, in the place of one neither; to its own State, to one of which nobody takes part."""
    table = Table().deliver()
    table.say("uz.prosecutor", "delegated", to="uz.police")
    said = table.say(service, kind, **words)
    assert (said.verdict.rule, code(said)) == found


def test_r28_so_many_requests_are_made() -> None:
    """Of each State an equal share of sixteen; one more is refused, and the other State makes its own."""
    table = Table().deliver()
    for service, to in (("kz.prosecutor", "UZ"), ("uz.prosecutor", "KZ")):
        asked = ASKED | {"to": to}
        for _ in range(MOST_TRANSFERS // 2):
            assert became(table.say(service, "transfer_requested", **asked)) == ("accepted", None)
        assert code(table.say(service, "transfer_requested", **asked)) == "transfers_spent"


def test_r28_all_states_together_make_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are fewer requests than States, each might make one."""
    table = Table().deliver()
    with_figures(monkeypatch, table.delivery, most_transfers=1)
    assert became(table.say("kz.prosecutor", "transfer_requested", **ASKED)) == ("accepted", None)
    assert code(table.say("uz.prosecutor", "transfer_requested", **ASKED | {"to": "KZ"})) == "transfers_spent"


def test_proceedings_go_on_after_the_outcome() -> None:
    """Courts take longer than deliveries."""
    table = accounted()
    assert table.delivery.state.outcome is not None
    assert became(table.say("kz.prosecutor", "transfer_requested", **ASKED)) == ("accepted", None)


COST = {"by": "kz.police", "what": "escort to the border", "amount": {"currency": "EUR", "minor": 125_000}}


@pytest.mark.parametrize("words", [{}, {"each_bears_its_own": True, "borne": [COST]}, {"borne": [COST | {"what": ""}]}])
def test_costs_are_each_ones_own_or_said_line_by_line(words: dict[str, Any]) -> None:
    """Neither, both, and a line that says not what for, are no statement."""
    with pytest.raises(ValidationError):
        Table().statement("uz.customs", "costs_settled", "proceedings", **words)


def test_r12_whoever_bears_costs_takes_part() -> None:
    """A service that has no part bears none; who takes part does."""
    table = Table(closing())
    table.deliver()
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting")
    said = table.say("uz.customs", "costs_settled", "proceedings", borne=[COST, COST | {"by": "fr.customs"}])
    assert (became(said), code(said)) == (("refused", "R12"), "bears_nothing")
    assert became(table.say("uz.customs", "costs_settled", "proceedings", borne=[COST])) == ("accepted", None)


def test_costs_and_prosecutions_are_typed_on_lines() -> None:
    """`kz.police: escort: EUR: 1250.00`, `recipient: UZ: P-1`; what is no currency is refused."""
    costs = content_of("costs_settled", {"borne": "kz.police: escort: EUR: 1250.00"}, {}, PARTS)
    assert [one.amount.minor for one in costs.borne] == [125_000]  # type: ignore[attr-defined]
    said = content_of("jurisdiction_understood", {"prosecutions": "supplier: KZ; recipient: UZ: P-1"}, {}, PARTS)
    assert [(one.role, one.state, one.person) for one in said.prosecutions] == [  # type: ignore[attr-defined]
        ("supplier", "KZ", None),
        ("recipient", "UZ", "P-1"),
    ]
    with pytest.raises(Exception, match="not right"):
        content_of("costs_settled", {"borne": "kz.police: escort: ducats: 3"}, {}, PARTS)


def test_r11_a_third_state_reads_nothing_of_a_transfer() -> None:
    """Of three States on the route the two that it is between read it."""
    table = Table(example_plan("kyrgyzstan-kazakhstan-russia"))
    words = ASKED | {"to": "KG", "prosecutions": [{"role": "supplier", "state": "KG"}]}
    assert became(table.say("kz.prosecutor", "transfer_requested", id="transfer-3", handling={"code": "H0"}, **words)) == (
        "accepted",
        None,
    )
    seen = {one: sight(table.delivery, table.directory.get(one)) for one in table.plan.participants()}
    part = {one for one, found in seen.items() if not found.whole}
    readers = {one for one in part if hears_statement(table.delivery, seen[one], "transfer-3")}
    assert readers == {one for one in part if one.startswith(("kz.", "kg."))}
    assert any(one.startswith("ru.") for one in part)
