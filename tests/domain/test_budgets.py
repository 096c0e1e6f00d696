"""R28: each service may say so much in one delivery, and what stops it is always taken."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.event import Moment
from domain.delivery.statement import Statement, sign_statement
from domain.plan.goods import Part
from domain.plan.plan import Plan
from domain.record.door import admit, submit
from domain.record.verify import verify
from domain.rules.book import book_of, said
from domain.rules.budget import Budget, share_of
from domain.signing.canonical import canonical, plain
from domain.words import limits
from domain.words.errors import NotVerified, RuleBroken
from domain.words.limits import (
    BRAKES,
    BRAKES_MORE,
    EARLY_BYTES,
    LARGEST_BRAKE,
    MOST_KNOWN,
    MOST_SERVICES,
    MOST_STATEMENTS,
    SHARED_STATEMENTS,
    SPEAKER_STATEMENTS,
    UNASKED_BYTES,
    UNASKED_STATEMENTS,
)
from rehearsal.services import private_key_of
from tests.course import became, code
from tests.domain.test_changes import change, refused
from tests.second_book import with_figures
from tests.support import MEPHEDRONE, Table, asks, example_plan, with_changes

UNASKED = "supervision"
"""It watches over the installation, and is asked nothing."""
ASKED = "uz.customs"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Budgets so small that a test spends them."""
    with_figures(monkeypatch, unasked_statements=3, speaker_statements=5, brakes=2)


def turned_away(table: Table, service: str, kind: str, **content: object) -> str:
    """Why nothing is recorded of this."""
    before, state = len(table.delivery.ledger), table.delivery.state.spent.get(service)
    with pytest.raises(RuleBroken, match="R28") as why:
        table.say(service, kind, **content)
    assert why.value.reason in ("budget_spent", "stopped_already")
    assert (before, state) == (len(table.delivery.ledger), table.delivery.state.spent.get(service))
    return str(why.value)


def spend(table: Table, service: str = UNASKED, statements: int = 3) -> None:
    """The service says as much as it may, and is told once that it has."""
    for _ in range(statements):
        assert code(table.say(service, "information")) is None
    assert "statements_spent" == code(table.say(service, "information"))


def test_r28_a_service_has_so_many_statements_and_is_told_once_that_they_are_spent() -> None:
    """The first beyond them is recorded as refused, later ones leave no trace, and others go on; a stranger verifies it."""
    table = Table()
    spend(table)

    assert "said as much as it may" in turned_away(table, UNASKED, "information")
    assert ("accepted", None) == became(table.say("kz.knb", "information"))
    assert verify(table.packet()).refused == 1


def test_r28_who_is_asked_has_more_than_who_is_not() -> None:
    """By the plan: whoever is asked at a checkpoint or responsible for a leg, and the initiator."""
    delivery = Table().delivery
    few_bytes = UNASKED_BYTES
    asked = delivery.plan.speakers()

    assert {"kz.knb", "kz.police", "uz.customs", "uz.police", "kz.prosecutor", "uz.prosecutor"} <= set(asked)
    assert (3, few_bytes) == share_of(delivery, UNASKED) == share_of(delivery, "nowhere.police")
    assert 5 == share_of(delivery, ASKED)[0]
    spend(Table(), ASKED, 5)


def test_r28_who_comes_in_the_place_of_somebody_who_is_asked_has_as_much() -> None:
    """A successor has the consents of whom it replaced to make longer, and a backup answers for who is silent: with what a
    bystander has they would be spent while the delivery waits for them.
    """
    backup = with_changes(consent_kz={"escalate": [{"after": "PT1H", "to": "kz.afm", "may_answer": True}]})
    told = with_changes(consent_kz={"escalate": [{"after": "PT1H", "to": "kz.afm"}]})
    replaced = with_changes(plan_={"replaced": [{"service": "kz.prosecutor", "by": "kz.court", "reason": "busy"}]})

    assert 5 == share_of(Table(backup).delivery, "kz.afm")[0]
    assert 3 == share_of(Table(told).delivery, "kz.afm")[0]
    assert 5 == share_of(Table(replaced).delivery, "kz.court")[0]
    assert {"kz.prosecutor", "kz.court"} <= set(replaced.speakers())


def test_r28_a_share_is_smaller_where_many_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that all of them together stay within what one delivery holds."""
    delivery = Table().delivery
    count = len(delivery.plan.speakers())
    with_figures(monkeypatch, delivery, shared_statements=4 * count - 1, shared_bytes=1000 * count)

    assert (3, 1000) == share_of(delivery, ASKED)


def test_r28_bytes_are_counted_as_statements_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long ones spend the budget sooner; what is refused counts too."""
    with_figures(monkeypatch, unasked_bytes=3_000)
    table = Table()
    long = "x" * 1500
    said = [table.say(UNASKED, "information", text=long) for _ in range(2)]

    assert [None, "bytes_spent"] == [code(one) for one in said]
    assert "R28" in turned_away(table, UNASKED, "information", text=long)
    assert 2 == table.delivery.state.spent[UNASKED].statements
    assert verify(table.packet()).refused == 1


def test_r28_a_full_delivery_hears_only_what_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the budgets have changed with its plan, the statements that are known have a bound."""
    table = Table()
    with_figures(monkeypatch, table.delivery, most_statements=len(table.delivery.state.statements) + 1)
    table.say("kz.knb", "information")

    assert "delivery_full" == code(table.say("kz.knb", "information"))
    assert "R28" in turned_away(table, "kz.knb", "information")
    assert ("accepted", None) == became(table.say("kz.knb", "stop_requested"))


def test_r28_the_same_again_is_answered_when_the_budget_is_spent() -> None:
    """It needs no entry."""
    table = Table()
    envelope = sign_statement(table.statement(UNASKED, "information"), private_key_of(UNASKED))
    first = submit(table.delivery, envelope, table.now)
    spend(table, UNASKED, 2)

    assert first == submit(table.delivery, envelope, table.now)


def test_r28_other_content_under_one_id_spends_the_budget() -> None:
    """R18 refuses it, and each attempt counts: a contradiction is no way around."""
    table = Table()
    said = table.statement(UNASKED, "information")
    answers = [table.say(UNASKED, "information", id=said.id, text=f"{number}") for number in range(4)]

    assert [None, "contradiction", "contradiction", "statements_spent"] == [code(one) for one in answers]


@pytest.mark.parametrize("service", [UNASKED, ASKED])
def test_r8_a_stop_is_taken_when_the_budget_is_gone(service: str) -> None:
    """From every service, at once, and the rest of what is set aside for brakes too."""
    table = Table().dispatch()
    spent = table.delivery.state.spent.get(service)
    spend(table, service, (3 if service == UNASKED else 5) - (spent.statements if spent else 0))
    answer = table.say(service, "stop_requested")

    assert ("accepted", None) == became(answer)
    assert table.delivery.state.halt is not None
    assert answer.seq == table.delivery.state.halt.seq
    verify(table.packet())


def test_r8_the_first_stop_is_taken_even_when_what_is_set_aside_is_gone() -> None:
    """Who has spent all on brakes that were refused still stops: it can do so once."""
    table = Table().dispatch()
    for number in range(8):
        refused = {"gross": "13.9 kg", "seals_intact": True, "place": f"{number}"}
        with suppress(RuleBroken):
            table.say(UNASKED, "interdicted", **refused)
    assert table.delivery.state.spent[UNASKED].over
    assert 3 + 2 + 1 == table.delivery.state.spent[UNASKED].statements

    assert ("accepted", None) == became(table.say(UNASKED, "stop_requested"))
    halt = table.delivery.state.halt
    assert halt is not None
    assert f"it is stopped already, by entry {halt.seq}" in turned_away(table, UNASKED, "stop_requested")
    verify(table.packet())


def test_r28_more_brakes_are_set_aside_after_each_decision_to_go_on() -> None:
    """For a seal that did not fit: one more for each service."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", seals_intact=False)
    decision = table.opened("decision")
    for service in table.at(decision).checkpoint.services():
        table.say(service, "movement_decision", decision)
    assert 1 == table.delivery.state.went_on
    spend(table)
    for number in range(2):
        table.say(UNASKED, "interdicted", place=f"{number}")

    assert 3 + 1 + 2 == table.delivery.state.spent[UNASKED].statements


def test_r28_what_is_too_large_for_its_kind_leaves_no_trace() -> None:
    """It is turned away at the door, before anything is written, and a stranger refuses a ledger that has it."""
    table = Table()
    information = table.statement("kz.knb", "information", to=["uz.customs"], text="x")
    largest = information.content.declares.largest  # type: ignore[attr-defined]  # it is a kind

    def of(size: int) -> Statement:
        missing = size - len(canonical(information))
        return information.model_copy(update={"content": information.content.model_copy(update={"text": "x" * (missing + 1)})})

    with pytest.raises(RuleBroken, match=f"{largest + 1} bytes"):
        budget_of(table, of(largest + 1))
    budget_of(table, of(largest))


def budget_of(table: Table, statement: Statement) -> None:
    """As at the door, for content that the fields of the kind would not allow."""
    envelope = sign_statement(statement, private_key_of(statement.service))
    book = book_of(table.delivery)
    new = said(statement, envelope, Moment(len(table.delivery.ledger), table.now))
    if (error := book.budget.turned_away(table.delivery, new, envelope, book.judge)) is not None:
        raise error


def test_r28_who_has_said_all_that_it_may_acknowledges_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked to, as everybody is who takes part."""
    with_figures(monkeypatch, unasked_statements=1)
    table = Table(with_changes(tashkent_airport={"escalate": [{"after": "6h", "to": "uz.security"}]})).dispatch()
    for _ in range(2):
        table.say("uz.security", "arrestee_released", persons=["X"], reason="none")
    table.say("uz.police", "stop_requested", reason="danger")
    assert "uz.security" in table.at("stop.acknowledged").waiting_for()
    assert code(table.say("uz.security", "stop_acknowledged", "stop.acknowledged")) is None


def test_r28_a_split_leaves_room_to_say_how_its_parts_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody could ever close it: more parts than that are told in fewer words."""
    parts = [{"operation": f"saxaul-22-{number}", "contents": [MEPHEDRONE | {"net": "1.32 kg"}]} for number in range(1, 11)]
    size = len(canonical([plain(Part.model_validate(one)) for one in parts]))
    for room, found in ((159, "held_too_much"), (160, None)):
        with monkeypatch.context() as less:
            with_figures(less, parts_bytes=size + room * len(parts))
            table = Table().dispatch()
            assert code(table.say("kz.police", "split", parts=parts, reason="to many couriers")) == found
    ended = [{"operation": one["operation"], "outcome": "recovered", "root": "ab" * 32} for one in parts]
    with_figures(monkeypatch, table.delivery, parts_bytes=size + 160 * len(parts))
    for one, part in zip(ended, parts, strict=True):
        one["recovered"] = part["contents"]
    assert code(table.say("kz.knb", "parts_ended", table.opened("parts"), parts=ended)) is None


def test_r28_what_comes_early_waits_within_its_bound() -> None:
    """What waits for its checkpoint is carried from run to run: a service has 4 KiB of it, and more is refused, not kept."""
    table = Table()
    answers = []
    while not answers or code(answers[-1]) != "early_spent":
        answers.append(table.say("uz.police", "ready", "departure"))
        table.delivery.state.spent.clear()  # it is not about the budget
    waiting = [canonical(one.envelope) for one in table.delivery.state.early.values()]

    assert ("refused", "R28") == became(answers[-1])
    assert EARLY_BYTES - 2_000 < sum(map(len, waiting)) <= EARLY_BYTES
    assert ("early", "R17") == became(table.say("uz.customs", "ready", "departure"))


@pytest.mark.parametrize(
    ("kind", "service", "at", "words"),
    [
        ("authorisation_granted", "kz.prosecutor", "consent-kz", {"conditions": [{"text": "x" * 450}] * 3}),
        (
            "prepared",
            "kz.police",
            "preparation",
            {"items": [{"label": one * 40, "what": "marking", "gross": "1 g"} for one in "LM"]},
        ),
    ],
)
def test_r28_what_the_state_goes_on_holding_has_a_share(
    monkeypatch: pytest.MonkeyPatch, kind: str, service: str, at: str, words: dict[str, object]
) -> None:
    """By the need it answers and how often the plan asks for it: refused beyond it, and the same in fewer words counts."""
    with_figures(monkeypatch, granted_bytes=100, prepared_bytes=200)
    table = Table()
    if kind == "prepared":
        table.consent()
    refused = table.say(service, kind, at, **words)

    assert (("refused", "R28"), "held_too_much") == (became(refused), code(refused))
    assert ("accepted", None) == became(table.say(service, kind, at))
    verify(table.packet())


def test_r28_a_correction_holds_no_more_than_what_it_corrects(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the other's place, and has the same share."""
    table = Table().prepare()
    with_figures(monkeypatch, table.delivery, prepared_bytes=40)
    said = next(iter(table.delivery.state.counted))
    content = table.statement("kz.police", "prepared", "preparation").content
    answer = table.say("kz.police", "correction", of=said, reason="weighed again", content=content.model_dump())

    assert "held_too_much" == code(answer)


def test_r28_a_ledger_beyond_a_budget_is_refused_by_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lets one service say more than others may is found out."""
    table = Table()
    with monkeypatch.context() as lenient:
        with_figures(lenient, table.delivery, unasked_statements=10)
        for _ in range(6):
            table.say(UNASKED, "information")
        packet = table.packet()
    with pytest.raises(NotVerified, match="R28"):
        verify(packet)


def test_r28_a_second_refusal_for_a_budget_in_a_ledger_is_refused_by_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first is recorded: more of them could make a ledger as large as what they refuse."""
    table = Table()
    spend(table)
    with monkeypatch.context() as lenient:
        lenient.setattr(Budget, "turned_away", lambda *_: None)
        assert "statements_spent" == code(table.say(UNASKED, "information"))
        packet = table.packet()
    with pytest.raises(NotVerified, match="R28"):
        verify(packet)


def test_r28_a_flood_is_turned_away_before_anything_is_written() -> None:
    """`admit` is what stands before an Update is taken: it says no without one."""
    table = Table()
    spend(table)
    envelope = sign_statement(table.statement(UNASKED, "information"), private_key_of(UNASKED))
    with pytest.raises(RuleBroken, match="R28"):
        admit(table.delivery, envelope, table.now)
    assert admit(table.delivery, sign_statement(table.statement(UNASKED, "stop_requested"), private_key_of(UNASKED)), table.now)


def test_r28_what_all_budgets_come_to_is_known_by_id() -> None:
    """Ten that are asked and 54 that are not, or 64 that are: with brakes and what was refused once, the table holds it."""
    shared = [min(SPEAKER_STATEMENTS, SHARED_STATEMENTS // asked) * asked for asked in range(1, MOST_SERVICES + 1)]
    ordinary = max(of_asked + UNASKED_STATEMENTS * (MOST_SERVICES - asked) for asked, of_asked in enumerate(shared, 1))
    told_once, first_stop = MOST_SERVICES, 1

    assert ordinary == MOST_STATEMENTS
    assert MOST_STATEMENTS + MOST_SERVICES * (BRAKES + BRAKES_MORE) + told_once + first_stop <= MOST_KNOWN
    assert LARGEST_BRAKE < limits.LARGEST_OF_GOODS
    assert example_plan().participants()


LABORATORY = "kz.customs"
LOOKING_BACK = {
    "id": "looking-back",
    "step": "close",
    "state": "KZ",
    "place": "On line",
    "due": timedelta(days=20),
    "requires": asks(f"{LABORATORY} look_back"),
}
REPORT: dict[str, Any] = {"report": "test_report", "reference": "LAB-1 of 2022-03-02", "substance": "mephedrone", "purity": 700}
KEPT: dict[str, Any] = {"how": "kept", "to": "case 7", "reference": "TEST-1 of 2022-03-01"}


def looked_back(*, asked: bool) -> Plan:
    """The plan in which the laboratory is told of silence, and at the end is asked to look back or is not."""
    plan = with_changes(debrief={"escalate": [{"after": timedelta(days=1), "to": LABORATORY}]})
    return Plan.model_validate(plan.model_dump() | {"checkpoints": [*plan.checkpoints, *([LOOKING_BACK] if asked else [])]})


def sampled(*, asked: bool) -> Table:
    """Both States have consented, and the police has prepared it and holds samples."""
    table = Table(looked_back(asked=asked)).consent()
    assert code(table.say("kz.police", "prepared", "preparation", samples=[MEPHEDRONE | {"net": "5 g"}])) is None
    return table


def moved(table: Table, giver: str, taker: str) -> list[str | None]:
    """The samples are offered and received: what was found of both statements."""
    offered = table.say(giver, "exhibits_offered", exhibits=["samples"], to=taker, purpose="examination")
    return [code(offered), code(table.say(taker, "exhibits_accepted", exhibits=["samples"], giver=giver, intact=True))]


def says_until_refused(table: Table, service: str) -> int:
    """How many statements more it says."""
    said = 0
    while code(table.say(service, "information")) is None:
        said += 1
    return said


def test_r28_a_plan_that_asks_more_services_leaves_a_share_to_who_has_said_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said before is counted once for all, and what is left is shared anew: each says so much more, and no more."""
    with_figures(monkeypatch, speaker_statements=20, shared_statements=80)
    table = Table(looked_back(asked=False))
    for _ in range(11):  # of 80 each of seven has eleven, and each of eight has ten
        assert code(table.say(ASKED, "information")) is None
    change(table, looked_back(asked=True))
    said = len(table.delivery.state.statements)

    assert share_of(table.delivery, ASKED)[0] == (80 - said) // 8 > 0
    assert says_until_refused(table, ASKED) == (80 - said) // 8
    assert table.delivery.state.said_before.statements == said
    verify(table.packet())


def test_r28_bytes_that_were_said_before_are_shared_anew_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all bytes that may be, those that were said under the plan before are gone."""
    with_figures(monkeypatch, speaker_bytes=10_000, shared_bytes=40_000, unasked_bytes=100)
    table = Table(looked_back(asked=False))
    assert code(table.say(ASKED, "information")) is None
    spent = sum(one.bytes for one in table.delivery.state.spent.values())
    change(table, looked_back(asked=True))
    another = looked_back(asked=False).model_copy(update={"title": "Another title"})

    assert table.delivery.state.spent[ASKED].bytes == 0
    assert share_of(table.delivery, ASKED)[1] == (40_000 - spent) // 8 > 0
    with_figures(monkeypatch, table.delivery, unasked_bytes=(40_000 - spent) // 7 + 1)
    assert "which leaves too few for 7 services" in refused(table, another)


@pytest.mark.parametrize(("said", "taken"), [(4, True), (5, False)])
def test_r28_no_plan_asks_more_services_than_there_is_something_left_for(
    monkeypatch: pytest.MonkeyPatch,
    said: int,
    taken: bool,  # noqa: FBT001
) -> None:
    """With less for each than for who is not asked at all it is not changed, unless the same are asked as before."""
    with_figures(monkeypatch, speaker_statements=20, shared_statements=30)
    table, another = Table(looked_back(asked=False)), looked_back(asked=False).model_copy(update={"title": "Another title"})
    for number in range(said):
        assert code(table.say(("kz.police", ASKED)[number % 2], "information")) is None
    if not taken:
        assert "R28: 7 statements have been made, which leaves too few for 8 services" in refused(table, looked_back(asked=True))
        for _ in range(3):
            assert code(table.say("kz.knb", "information")) is None
        change(table, another)
        assert table.delivery.state.said_before.statements == 0
    else:
        change(table, looked_back(asked=True))
        assert share_of(table.delivery, ASKED)[0] == 3
        for service in ("kz.police", ASKED, "kz.police", ASKED):
            assert code(table.say(service, "information")) is None
        assert "R28: 10 statements have been made, which leaves too few for 7" in refused(table, another)


def test_r28_whoever_changes_the_plan_again_and_again_leaves_a_quarter_of_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change gives the initiator a share anew; it spends it, and at last it changes nothing: others have enough still."""
    with_figures(monkeypatch, speaker_statements=40, shared_statements=320, unasked_statements=1)
    table, spoken = Table(looked_back(asked=False)), False
    for number in range(20):
        with suppress(RuleBroken):
            says_until_refused(table, "kz.knb")
        plan = looked_back(asked=not number % 2).model_copy(update={"title": f"Title {number}"})
        try:
            change(table, plan)
        except RuleBroken as error:
            spoken = "which leaves too few" in str(error)
            break
    assert spoken
    assert share_of(table.delivery, ASKED)[0] >= 10


def test_r28_who_is_asked_no_more_has_its_small_share_whatever_it_has_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it says what became of what it holds; at that share one more is refused."""
    with_figures(monkeypatch, speaker_statements=20)
    table = sampled(asked=True)
    assert moved(table, "kz.police", LABORATORY) == [None, None]
    for _ in range(9):
        assert code(table.say(LABORATORY, "information")) is None
    change(table, looked_back(asked=False))

    assert code(table.say(LABORATORY, "disposed", exhibits=["samples"], **KEPT)) is None
    assert says_until_refused(table, LABORATORY) == 3 + 3 - 1


def test_r28_who_is_asked_only_now_has_said_nothing_of_its_share_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where, for what it holds, it has said more than that already."""
    with_figures(monkeypatch, speaker_statements=20, shared_statements=40)
    table = sampled(asked=False)
    assert moved(table, "kz.police", LABORATORY) == [None, None]
    for _ in range(5):
        assert code(table.say(LABORATORY, "information")) is None
    change(table, looked_back(asked=True))
    share = share_of(table.delivery, LABORATORY)[0]

    assert 0 < share < 6
    assert says_until_refused(table, LABORATORY) == share


def test_r28_a_laboratory_speaks_of_what_it_is_offered_and_of_what_it_has_examined() -> None:
    """For each it has three statements more, before it has received it, and when it has handed it back: not one beyond them."""
    table = sampled(asked=False)
    for _ in range(3):
        assert code(table.say(LABORATORY, "information")) is None
    assert moved(table, "kz.police", LABORATORY) == [None, None]
    assert code(table.say(LABORATORY, "laboratory_report", id="report-1", exhibit="samples", **REPORT)) is None
    assert code(table.say(LABORATORY, "exhibits_offered", exhibits=["samples"], to="kz.police", purpose="back")) is None
    table = sampled(asked=False)
    assert moved(table, "kz.police", LABORATORY) == [None, None]
    assert code(table.say(LABORATORY, "laboratory_report", id="report-1", exhibit="samples", **REPORT)) is None
    assert moved(table, LABORATORY, "kz.police") == [None, None]
    again = {"kind": "laboratory_report", "exhibit": "samples", **REPORT, "purity": 70}
    assert code(table.say(LABORATORY, "correction", of="report-1", reason="purity", content=again)) is None
    assert says_until_refused(table, LABORATORY) == 3 + 3 - 4
