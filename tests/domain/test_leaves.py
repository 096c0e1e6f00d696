"""R7: who allows that something is not measured has the power to; and where it has not said so itself, that is said."""

from typing import Any

import pytest

from client.entries import receipt
from domain.delivery.reported import Stated
from domain.plan.check import faults_in
from domain.record.verify import verify
from domain.rules.books import BOOK
from domain.views.view import view
from domain.words.limits import MOST_REMARKS
from gateway.pages.story import tale
from tests.course import became, code, forbidden
from tests.domain.test_goods import COVER, HEROIN, UNSEEN, gone, plan_of, preparing
from tests.support import SEAL, Table, asks, card_of, example_cards, example_directory, with_changes

CLOSED = HEROIN | {"net": {"unmeasured": "closed", "allowed_by": "kz.prosecutor"}}
OLD_SCALE = {"model": "VLT-15", "number": "20447", "verified_until": "2021-12-31", "division": "1 g"}
SEALED = {"gross": COVER, "seals": [SEAL]}


def prepared(table: Table, **said: Any) -> str | None:
    """What is remarked, or refused, of the record of preparation."""
    return code(table.say("kz.police", "prepared", "preparation", **{"modality": table.plan.modality} | said))


def test_r7_who_has_consented_to_it_has_said_so_itself() -> None:
    """The plan says that it is not weighed, and by whose leave; that service authorised this plan: nothing is to be remarked."""
    plan = plan_of(CLOSED, goods={"gross": COVER})
    table = preparing(plan)
    assert prepared(table, kept=[CLOSED], gross=COVER) is None


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({"kept": [CLOSED]}, HEROIN),
        ({"kept": [HEROIN], "gross": COVER}, HEROIN),
        ({"kept": [HEROIN], "gross": COVER | {"unmeasured": "time"}}, CLOSED),
    ],
    ids=["contents", "gross weight", "for another reason"],
)
def test_r7_who_is_named_and_has_not_said_so_is_told_of(said: dict[str, Any], allowed: dict[str, Any]) -> None:
    """The preparer names the prosecutor, who was never asked: it counts, and entry, view and `verify` say so."""
    table = gone(plan_of(allowed), **said)
    entry, finding = next(table.delivery.remarked())
    assert (finding.code, finding.parameters) == ("leave_not_said", {"services": ("kz.prosecutor",)})
    shown = view(table.delivery, table.directory.get("kz.knb"), table.now).because
    assert shown is not None
    assert [one.entry for one in shown.remarked] == [entry.seq]
    assert entry.seq in verify(table.packet()).remarked


def test_r7_one_who_has_not_answered_has_not_said_so() -> None:
    """Another authorises alone, as the plan lets it; the one that is named has said nothing at all."""
    both = asks("kz.prosecutor authorisation", "kz.knb authorisation")
    plan = with_changes(plan_of(CLOSED), consent_kz={"requires": both, "need": 1})
    table = Table(plan, other_cards=card_of("KZ", separate=()))
    table.say("kz.knb", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_open("preparation")
    assert prepared(table, kept=[CLOSED]) == "leave_not_said"


def test_r7_what_is_not_weighed_at_the_end_nobody_has_allowed_beforehand() -> None:
    """The plan's leave is for the way: at the seizure it is remarked again, and explained (R10)."""
    table = gone(plan_of(CLOSED), kept=[CLOSED])
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    said = table.say("uz.customs", "seizure", "accounting", recovered=[CLOSED])
    assert (became(said), code(said)) == (("accepted", "R7"), "leave_not_said")


def test_r7_nor_has_anybody_for_the_gross_weight_at_the_end() -> None:
    """The plan says that it is not weighed on the way; whoever seizes it could weigh it."""
    table = gone(plan_of(HEROIN, goods={"gross": COVER}), kept=[HEROIN])
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert code(table.say("uz.customs", "seizure", "accounting", recovered=[HEROIN], gross=COVER)) == "leave_not_said"


def test_r7_an_authority_allows_it_in_its_own_state() -> None:
    """What is weighed in Kazakhstan Uzbekistan's prosecutor lets nobody leave out, nor the other way round."""
    uzbek = {"unmeasured": "closed", "allowed_by": "uz.prosecutor"}
    assert prepared(preparing(plan_of(HEROIN)), kept=[HEROIN | {"net": uzbek}]) == "not_theirs_to_allow"
    assert prepared(preparing(plan_of(HEROIN)), kept=[HEROIN], gross=uzbek) == "not_theirs_to_allow"
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert code(table.say("kz.police", "handover_offered", "tashkent-airport", gross=uzbek)) == "not_theirs_to_allow"
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    for wrong in ({"recovered": [CLOSED]}, {"recovered": [HEROIN], "gross": COVER}):
        assert code(table.say("uz.customs", "seizure", "accounting", **wrong)) == "not_theirs_to_allow"


def test_r7_what_the_plan_allows_is_allowed_all_the_way() -> None:
    """Every State on the way has decided on it."""
    plan = plan_of(HEROIN, by=("seals",), surveillance=None)
    table = gone(plan, kept=[HEROIN], gross=None)
    assert code(table.say("kz.police", "handover_offered", "tashkent-airport", gross=None)) is None
    weighed = plan_of(HEROIN, goods={"gross": COVER})
    table = gone(weighed, kept=[HEROIN], gross=COVER)
    table.say("kz.police", "handover_offered", "tashkent-airport", gross=COVER)
    said = table.say("uz.customs", "handover_accepted", "tashkent-airport", gross=COVER)
    assert code(said) in (None, "awaits_decision")


def test_r7_a_brake_is_remarked_too() -> None:
    """Whoever interdicts may name anybody; it is no less a stop, and it is said."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    nobody = {"unmeasured": "time", "allowed_by": "kz.ghost"}
    said = table.say("kz.police", "interdicted", gross=nobody)
    assert (became(said), code(said)) == (("accepted", "R7"), "leave_not_said")
    assert table.delivery.state.secured


def test_r7_a_correction_is_remarked_by_what_it_says_now() -> None:
    """The weight was made up, and nobody weighed it after all."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    first = next(name for name, one in table.delivery.state.counted.items() if one.kind == "prepared")
    content = {"kind": "prepared", "modality": "intact", "kept": [CLOSED], "witnesses": ["witness-1"], "gross": "13.9 kg"}
    said = table.say("kz.police", "correction", of=first, reason="not opened", content=content | {"seals": [SEAL]})
    assert code(said) == "leave_not_said"


def test_r7_a_correction_that_says_what_the_plan_says_needs_nobodys_word() -> None:
    """The authority has authorised just that."""
    table = gone(plan_of(CLOSED), kept=[CLOSED])
    first = next(name for name, one in table.delivery.state.counted.items() if one.kind == "prepared")
    content = {"kind": "prepared", "modality": "intact", "kept": [CLOSED], "witnesses": ["witness-1"], "gross": "13.8 kg"}
    said = table.say("kz.police", "correction", of=first, reason="a slip", content=content | {"seals": [SEAL]})
    assert (became(said), code(said)) == (("accepted", None), None)


def test_r7_whoever_guesses_needs_nobodys_leave() -> None:
    """An estimate names no authority, and nothing is remarked of it."""
    table = gone(plan_of(HEROIN, by=("sight",), surveillance={"check_in": "PT4H", "answer": "PT1H", "search": "PT6H"}),
                 kept=[HEROIN | {"net": "approximate 10 kg"}], **UNSEEN)  # fmt: skip
    assert list(table.delivery.remarked()) == []


def test_r7_a_plan_whose_authority_is_replaced_stays_one() -> None:
    """What it has allowed stands in the plan for good; another takes its place from now on."""
    plan = plan_of(CLOSED)
    gone_on = with_changes(plan, plan_={"replaced": [{"service": "kz.prosecutor", "by": "kz.afm", "reason": "on leave"}]})
    assert not [one for one in faults_in(gone_on, example_directory(), example_cards()) if one.problem.startswith("R7")]


@pytest.mark.parametrize(("to", "found"), [("caricc", "may_not_hold"), ("uz.prosecutor", None)])
def test_r29_who_holds_exhibits_has_the_power_to(to: str, found: str | None) -> None:
    """A centre coordinates and holds nothing; a prosecutor may."""
    table = gone(plan_of(HEROIN), kept=[HEROIN], items=[])
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert code(table.say("uz.customs", "seizure", "accounting", recovered=[HEROIN])) is None
    label = seized_label(table)
    assert code(table.say("uz.customs", "exhibits_offered", exhibits=[label], to=to, purpose="safe keeping")) == found


def seized_label(table: Table) -> str:
    """Of what was seized."""
    return next(one.label for one in verify(table.packet()).exhibits if one.holder == "uz.customs")


def test_all_that_is_remarked_of_a_statement_is_told() -> None:
    """By whose leave it was not weighed nobody has said, and the scale's time was over: each is told, in ledger, view, proof,
    terminal and desk, and of what corrects it too. A record that leaves one out is another than the rules make.
    """
    table = preparing(plan_of(HEROIN))
    said = table.say("kz.police", "prepared", "preparation", kept=[CLOSED], scale=OLD_SCALE)
    words = {"kind": "prepared", "modality": "intact", "kept": [CLOSED], "witnesses": ["witness-1"], "gross": "13.9 kg"}
    content = words | {"seals": [SEAL], "scale": OLD_SCALE}
    corrected = table.say("kz.police", "correction", of=said.statement, reason="a digit", content=content)
    both = ["leave_not_said", "scale_unverified"]
    for one in (said, corrected):
        assert both == [finding.code for finding in one.verdict.findings]
        assert all(line in str(receipt(one)) for line in ("has not said so itself", "weighed on a scale"))
        assert tale(one.entry, str).why.count("Remarked (R7)") == len(both)
    shown = view(table.delivery, table.directory.get("kz.knb"), table.now).because.remarked
    assert [(one.entry, one.finding.code) for one in shown] == [(one.seq, code) for one in (said, corrected) for code in both]
    assert verify(table.packet()).remarked == (said.seq, corrected.seq)
    first = said.entry.event
    assert isinstance(first, Stated)
    fewer = first.model_copy(update={"verdict": first.verdict.model_copy(update={"also": ()})})
    assert "the rules say accepted R7" in forbidden(table, fewer, said.entry)


def test_no_more_can_be_remarked_than_a_verdict_holds() -> None:
    """Every ground for a remark finds room."""
    assert len(BOOK.remarks) <= MOST_REMARKS
