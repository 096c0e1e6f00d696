"""What is taken out of the consignment on its way (R10, R16, R30): with its act, permission, holder, and in the balance."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.holdings import amounts, exhibits, going_on
from domain.delivery.memory import Recovered
from domain.papers.paper import Bars
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
from domain.views.sight import sight
from domain.views.unasked import may_say
from domain.views.weighings import sums
from domain.words.errors import NotAllowed
from tests.course import GROSS, became, code
from tests.domain.test_goods import CHEQUES, CIGARETTES, HEROIN, RIFLES, ends, gone, offers, plan_of
from tests.domain.test_more_papers import for_the_court, made, said_in, text
from tests.support import MEPHEDRONE, SEAL, Table, card_of, example_cards, example_directory, example_plan, with_changes

NEW_SEAL = {"number": "KZ000009", "security": "H"}
TEN = {"substance": "4-mmc", "net": "10 g"}
SAID: dict[str, Any] = {
    "label": "S-1",
    "samples": [TEN],
    "purpose": "is it still that",
    "reference": "7/9 of 2022-03-02",
    "place": "customs yard",
    "opened": True,
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
    assert custody.before is not None
    said = table.say("kz.police", "exhibits_offered", exhibits=["S-1"], to="kz.knb", purpose="examination")
    assert became(said) == ("accepted", None)
    report = {"exhibit": "S-1", "report": "test_report", "reference": "5 of 2022-03-02", "substance": "mephedrone (4-MMC)"}
    found = table.say("kz.police", "laboratory_report", **report, received="9 g", spent="1 g", left="8 g")
    assert code(found) == "weighs_otherwise"

    (offer,) = [one for one in inbox(table.delivery, "kz.police", table.now) if "handover_offer" in one.says]
    assert offer.facts.gross == GROSS - 10_000
    for service, kind in (("kz.police", "handover_offered"), ("uz.customs", "handover_accepted")):
        assert became(table.say(service, kind, "tashkent-airport", gross="13.89 kg", seals=[NEW_SEAL])) == ("accepted", None)
    on_the_next_leg = table.delivery.state.custody
    assert on_the_next_leg is not None
    assert on_the_next_leg.before is None
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
    (added,) = sums(table.delivery, sight(table.delivery, table.directory.get("kz.knb")))
    assert added.kept == added.taken_out + (added.recovered or 0)
    assert (added.taken_out, added.closes) == (10_000, True)
    court = for_the_court(table)
    assert "Kazakhstan as S-1, act No. 7/9 of 02.03.2022: 4-mmc 10\u202fg." in text(court)
    assert "taken out on the way13,890\u202fgKZ000009/H" in text(court), "why another seal was on it is said where seals are"
    assert "Kazakhstan13,890\u202fg" in text(made(Record.of(table.delivery), "results"))
    assert said_in(court, "taken out on the way 10\u202fg") == said_in(court, "goes on 13,190\u202fg")
    (bars,) = [one for one in court.paper.blocks if isinstance(one, Bars) and len(one.rows) == 4]
    kept, went_on = (bars.rows[number].bars for number in (1, 2))
    assert (kept[-1].begin, kept[-1].end) == (went_on[0].begin, went_on[-1].end)
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
        ({"samples": [{"substance": "4-mmc", "net": "13.5 kg"}]}, "not_so_much_in_it"),
        ({"samples": [{"substance": "4-mmc", "net": "14 kg"}]}, "more_than_gross"),
        ({"samples": [{"substance": "heroin", "net": 1}]}, "not_so_much_in_it"),
        ({"samples": [{"substance": "heroin", "cas": "50-36-2", "net": 1}]}, "another_substance"),
        ({"broken": []}, "other_seals_before"),
        ({"broken": [SEAL, NEW_SEAL]}, "other_seals_before"),
        ({"seals": []}, "checked_otherwise"),
        ({"opened": False}, "taken_out_unopened"),
        ({"opened": False, "broken": [], "seals": [SEAL]}, "taken_out_unopened"),
        ({"opened": False, "whole_packages": 1}, "taken_out_unopened"),
        ({"service": "kz.knb"}, "not_responsible"),
    ],
)
def test_r10_what_cannot_be_taken_out(said: dict[str, Any], found: str) -> None:
    """No more than is in it, with its seals accounted for, by who is responsible; from inside only of what was opened."""
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
    without.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["post"])
    without.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    halt = without.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.finding.parameters["permission"]) == ("permission", "opening")

    table = Table(plan, other_cards=card_of("KZ", records=[{"acts": ["opening"], "by": "recording", "law": LAW}]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["post", "opening"])
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.dispatch()
    assert takes(on_its_way(other_cards=card_of("KZ", separate=["opening"]))) == "opening_not_permitted"
    assert takes(table, opened=True) == "sampling_not_recorded"
    shot = Attachment(digest="0" * 64, size=9, media_type="image/jpeg", shows="the seal")
    said = table.say("kz.police", "taken_out", **(SAID | {"opened": True}), attachments=(shot,))
    assert became(said) == ("accepted", None)
    assert table.delivery.state.goods is not None
    assert table.delivery.state.goods.opened
    later = table.now + timedelta(days=60)
    assert "opening" in [one.permission for one in table.delivery.consents.not_permitted(("KZ",), later)]  # while it is there
    verify(table.packet())


NO_MASS: dict[str, Any] = {"broken": [], "seals": (), "gross": None, "packages": 8, "picture": None}
EUROS = {"currency": "EUR", "minor": 50_000, "notes": [{"value": 5_000, "count": 10}], "serials": "cd" * 32}


def by_count(*goods: dict[str, Any], **planned: Any) -> Table:
    """What is counted and not weighed, in ten packages, on its way."""
    plan = plan_of(*goods, by=("count",), **planned)
    return gone(plan, kept=goods, gross=None, seals=(), packages=10)


@pytest.mark.parametrize(
    ("goods", "some", "too_many"),
    [
        (RIFLES, {"count": 3}, ("not_so_many_in_it", {"count": 11})),
        (CHEQUES, {"count": 1}, ("not_so_many_in_it", {"count": 4})),
        (CIGARETTES, {"count": 499}, ("not_so_many_in_it", {"count": 501})),
        (EUROS, {"minor": 20_000, "notes": (), "serials": None}, ("not_so_much_cash_in_it", {"minor": 50_001, "notes": ()})),
    ],
)
def test_r10_what_is_counted_is_taken_out_by_count_and_the_balance_closes(
    goods: dict[str, Any], some: dict[str, Any], too_many: tuple[str, dict[str, Any]]
) -> None:
    """Pieces, notes, cheques, weapons, and whole packages: never more than there were; the next check expects the packages that
    are left, and the end the rest. Who holds it says how many are in which exhibit.
    """
    table = by_count(goods)
    found, much = too_many
    for said, code_of in (
        ({"samples": [goods | much]}, found),
        ({"samples": [goods | some], "whole_packages": 11}, "not_so_many_packages"),
        ({"samples": [CIGARETTES | {"goods": "tea"}]}, "not_so_many_in_it"),
    ):
        assert takes(table, **NO_MASS | said) == code_of
    assert takes(table, **NO_MASS | {"samples": [goods | some], "whole_packages": 2, "opened": False}) is None
    state = table.delivery.state
    name = "minor" if "minor" in goods else "count"
    assert [getattr(one, name) for one in amounts(state, "S-1")] == [some[name]]
    act = made(Record.of(table.delivery), "sampling.on-the-way", reader=table.directory.get("kz.police"))
    assert "Whole packages taken out: 2." in text(act)
    left = goods[name] - some[name]
    assert [getattr(one, name) for one in going_on(state)] == [left]
    assert takes(table, **NO_MASS | {"label": "S-2", "samples": [goods | some | {name: left + 1}]}) == found
    rest = goods | some | {name: left} | ({"serials": "ef" * 32} if "serials" in goods else {})  # the list of fewer is another
    assert ends(table, {"gross": None, "seals": (), "packages": 8}, recovered=[rest], packages=8) == ()


def test_r7_packages_that_are_missing_beside_are_found_at_the_next_check() -> None:
    """Two were taken out, and seven are left of ten: the count at the stop does not hide the third. Where
    they are not counted on the way, no more are taken out than the plan has.
    """
    table = by_count(CIGARETTES)
    assert takes(table, **NO_MASS | {"samples": [CIGARETTES | {"count": 100}], "whole_packages": 2, "packages": 7}) is None
    assert offers(table, gross=None, seals=(), packages=7) == (None, ("packages_differ",))
    weighed = gone(plan_of(HEROIN, goods={"packages": 8}), kept=[HEROIN])
    gram = [HEROIN | {"net": "1 g"}]
    assert takes(weighed, samples=gram, whole_packages=5) is None
    again: dict[str, Any] = {"label": "S-2", "samples": gram, "broken": [NEW_SEAL], "seals": [SEAL]}
    assert takes(weighed, **again, whole_packages=4) == "not_so_many_packages"
    assert takes(weighed, **again, whole_packages=3) is None


def test_r7_what_is_not_measured_when_it_is_taken_out_says_why_and_is_explained() -> None:
    """Who allowed it is asked to authorise there; no weight is invented, and the balance asks."""
    unmeasured = {"unmeasured": "no_means", "allowed_by": "uz.prosecutor"}
    assert takes(on_its_way(), samples=[TEN | {"net": unmeasured}]) == "not_theirs_to_allow"
    table = on_its_way()
    allowed = TEN | {"net": unmeasured | {"allowed_by": "kz.prosecutor"}}
    assert takes(table, samples=[allowed], gross="13.89 kg") == "leave_not_said"
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS - 10_000
    assert [one.code for one in table.delivery.balance.differences()] == ["not_measured"]


def rights(table: Table, of: str, **said: Any) -> str | None:
    """Who took it out says what it should have said; the code of the verdict."""
    words = {"kind": "taken_out"} | SAID | said
    return code(table.say("kz.police", "correction", of=of, reason="misread", content=words))


def test_r18_what_was_taken_out_is_corrected_also_where_its_state_has_withdrawn_its_consent() -> None:
    """It was permitted when it was opened; what was never opened is not said to have been."""
    table = on_its_way()
    table.say("kz.police", "taken_out", id="a-sample", **SAID)
    closed_one = SAID | {"label": "S-2", "opened": False, "broken": [], "whole_packages": 1, "seals": [NEW_SEAL]}
    table.say("kz.police", "taken_out", id="a-package", **closed_one)
    table.say("kz.prosecutor", "authorisation_withdrawn", "consent-kz")
    for of, words, found in (("a-sample", SAID, None), ("a-package", closed_one | {"opened": True}, "opening_not_permitted")):
        right = {"kind": "taken_out"} | words | {"place": "police yard"}
        assert code(table.say("kz.police", "correction", of=of, reason="misread", content=right)) == found


def test_r18_what_was_taken_out_is_corrected_with_all_that_rests_on_it() -> None:
    """Its mass, label and seals: what holds it, the sums and the next check follow. Nobody else corrects it, and nothing that it
    could not have said at first.
    """
    table = on_its_way()
    assert became(table.say("kz.police", "taken_out", id="the-sample", **SAID)) == ("accepted", None)
    other = {"kind": "taken_out"} | SAID | {"samples": [TEN | {"net": "1 g"}]}
    said = table.say("kz.knb", "correction", of="the-sample", reason="misread", content=other)
    assert code(said) == "nothing_said"
    much = [TEN | {"net": "13.5 kg"}]
    assert rights(table, "the-sample", samples=much) == "not_so_much_in_it"
    assert rights(table, "the-sample", broken=[]) == "other_seals_before"
    assert rights(table, "the-sample", label="samples") == "label_taken"
    assert rights(table, "the-sample", opened=False) == "taken_out_unopened"
    hundred, seal = [TEN | {"net": "100 g"}], NEW_SEAL | {"number": "KZ000008"}
    assert rights(table, "the-sample", label="S-9", samples=hundred, seals=[seal], gross="13.8 kg") is None
    state = table.delivery.state
    assert state.custody is not None
    assert (state.custody.gross, [one.number for one in state.custody.seals]) == (GROSS - 100_000, ["KZ000008"])
    assert {"S-9": "kz.police"} == {label: one.holder for label, one in exhibits(state).items() if label[0] == "S"}
    assert [one.net for one in going_on(state) if isinstance(one, SubstanceMass)] == [13_100_000]
    table.say("kz.police", "laboratory_report", **REPORT)
    assert rights(table, "the-sample", label="S-1", samples=hundred, seals=[seal]) == "keeps_its_label"
    again = {"label": "S-9", "samples": [TEN], "seals": [seal]}
    table.say("kz.police", "handover_offered", "tashkent-airport", gross="13.8 kg", seals=[seal])
    assert rights(table, "the-sample", **again, gross="13.89 kg") is None
    assert state.custody.gross == GROSS - 100_000  # it was compared with
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="13.8 kg", seals=[seal])
    table.say("uz.customs", "delivered", "delivery")
    for service in ("uz.police", "kz.knb"):
        table.say(service, "ready", "muster")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("uz.customs", "seizure", "accounting", recovered=[MEPHEDRONE | {"net": "13.1 kg"}])
    assert [one.code for one in table.delivery.balance.unexplained()] == ["mass_differs"]
    assert rights(table, "the-sample", label="S-9", samples=hundred, seals=[seal]) is None
    assert table.delivery.balance.differences() == ()
    assert verify(table.packet()).outcome == table.delivery.state.outcome


def test_r28_what_it_was_before_is_forgotten_once_it_has_arrived() -> None:
    """Nothing of it is corrected in what is compared with after that, so it is not carried on."""
    table = Table().dispatch().hand_over()
    assert takes(table, "uz.customs") is None
    table.say("uz.customs", "delivered", "delivery")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.before is None


def test_r18_only_what_was_taken_out_last_changes_what_is_compared_with() -> None:
    """Another sample was taken out since, from the consignment as that left it: the sums follow, and the next check does not."""
    table = on_its_way()
    table.say("kz.police", "taken_out", id="the-first", **SAID)
    assert takes(table, label="S-2", broken=[NEW_SEAL], seals=[SEAL], gross="13.88 kg") is None
    assert rights(table, "the-first", samples=[TEN | {"net": "20 g"}]) is None
    state = table.delivery.state
    assert state.custody is not None
    assert state.custody.gross == GROSS - 20_000
    assert [one.net for one in going_on(state) if isinstance(one, SubstanceMass)] == [13_170_000]
    assert list(state.taken_out) == ["S-1", "S-2"]
    whole = {"samples": [TEN], "opened": False, "broken": [], "whole_packages": 1}
    assert rights(table, "the-first", **whole) is None, "a whole package came out of it, and it was opened for the other"
    assert state.custody.gross == GROSS - 20_000


REPORT: dict[str, Any] = {
    "exhibit": "S-9",
    "report": "test_report",
    "reference": "5 of 2022-03-02",
    "substance": "mephedrone (4-MMC)",
}
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
