"""R18: what was said is corrected by a new statement of who said it; the earlier one stays, and so does what was decided."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.holdings import exhibits
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.record.door import change_keys
from domain.record.replay import replay
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.views.correcting import to_correct
from domain.words.moments import utc_text
from rehearsal.services import private_key_of, second
from tests.course import arrested, became, code, dispatched
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


def test_r18_preparation_is_corrected_also_where_a_state_has_withdrawn_its_consent() -> None:
    """It was opened, and got a tracker, by an authorisation that counted then; what was not done then needs one that counts."""
    tracker = {"label": "T-1", "what": "tracker", "gross": "50 g", "lasts": "88h"}
    done: dict[str, Any] = {"items": [tracker], "samples": [LESS | {"net": "5 g"}], "opened": True}
    table = prepared(**done)
    table.say("kz.prosecutor", "authorisation_withdrawn", "consent-kz")
    assert table.delivery.state.halt is not None
    assert corrects(table, "kz.police", "the-preparation", "prepared", **done, gross="13.8 kg") == ("accepted", None)
    other = done | {"items": [tracker | {"label": "T-2"}]}
    assert corrects(table, "kz.police", "the-preparation", "prepared", **other) == ("accepted", None)
    shorter = done | {"items": [tracker | {"lasts": "87h"}]}
    assert corrects(table, "kz.police", "the-preparation", "prepared", **shorter) == ("refused", "R9")
    assert corrects(table, "kz.police", "the-preparation", "prepared", **done | {"items": []}) == ("accepted", None)
    assert corrects(table, "kz.police", "the-preparation", "prepared", **done) == ("refused", "R16")


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


FOR: dict[str, Any] = {"plan_": {"afterwards": timedelta(days=90)}}
ACT: dict[str, Any] = {"reference": "TEST-1 of 2022-03-12"}
DESTROYED: dict[str, Any] = ACT | {"exhibits": ["seized"], "how": "destroyed", "witnesses": ["K-1"]}
REPORT: dict[str, Any] = ACT | {"exhibit": "seized", "report": "test_report", "substance": "mephedrone (4-MMC)"}


def over(**plan: Any) -> Table:
    """It has its outcome, and stays open for what is held."""
    table = Table(with_changes(**(FOR | plan))).deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", id="the-arrest", persons=[RECIPIENT, COURIER])
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    table.say("uz.customs", "seizure", "accounting", id="the-seizure")
    assert table.delivery.state.outcome is not None
    return table


def held(table: Table) -> dict[str, tuple[str | None, str | None]]:
    """Who holds what, and what became of it."""
    return {label: (one.holder, one.fate) for label, one in exhibits(table.delivery.state).items()}


def right(table: Table, service: str, of: str, kind: str, **content: Any) -> str | None:
    """The same as `corrects`, of what has no usual words; the code of the verdict."""
    words = {"kind": kind} | content
    return code(table.say(service, "correction", of=of, reason="misread", content=words))


def test_r18_seizure_is_corrected_after_the_outcome_and_what_does_not_close_is_explained() -> None:
    """The sums follow, the outcome stays, and it does not end before those in charge have explained it."""
    table = over()
    outcome = table.delivery.state.outcome
    assert corrects(table, "uz.customs", "the-seizure", "seizure", recovered=[LESS]) == ("accepted", None)
    assert table.delivery.balance.unexplained()
    assert table.is_open("balance.1")
    table.say("caricc", "debriefed", "debrief")
    table.pass_time(days=91)
    assert not table.delivery.state.ended
    for service in table.at("balance.1").checkpoint.services():
        table.say(service, "difference_explained", "balance.1")
    assert (outcome, True) == (table.delivery.state.outcome, table.delivery.state.ended)
    assert verify(table.packet()).outcome == outcome


def test_r18_corrected_seizure_takes_back_nothing_that_became_of_what_was_seized_after_it() -> None:
    """3 kg are recovered at the end, then all is stopped and the rest is seized and divided: it is not whole again because the
    3 kg were 4.
    """
    table = arrested()
    table.say("uz.customs", "seizure", "accounting", id="the-seizure", recovered=[LESS | {"net": "3 kg"}])
    table.say("kz.knb", "stop_requested")
    table.say("uz.customs", "interdicted")
    table.say("uz.customs", "exhibit_divided", exhibit="consignment", into=[{"label": "A"}, {"label": "B"}])
    before = held(table)
    assert (None, "divided") == before["consignment"]
    more = {"recovered": [LESS | {"net": "4 kg"}]}
    assert corrects(table, "uz.customs", "the-seizure", "seizure", **more) == ("accepted", None)
    assert before == held(table)


def test_r18_arrest_is_corrected_after_the_outcome_and_its_counts_follow() -> None:
    """Who was arrested is another number in what the outcome rests on; what would make it another outcome is refused."""
    table = over()
    assert 3 == counts(table)["arrested"]
    assert corrects(table, "uz.police", "the-arrest", "arrest_made", persons=[RECIPIENT]) == ("accepted", None)
    assert 2 == counts(table)["arrested"]
    assert corrects(table, "uz.police", "the-arrest", "arrest_made", persons=[RECIPIENT, COURIER]) == ("accepted", None)
    for service in ("uz.police", "kz.knb"):
        table.say(service, "arrestee_released", persons=[RECIPIENT["code"]], reason="no proof")
    words = WORDS["arrest_made"] | {"persons": [RECIPIENT]}
    assert "ends_otherwise" == right(table, "uz.police", "the-arrest", "arrest_made", **words)
    assert "delivered_with_arrests" == table.delivery.state.outcome


def counts(table: Table) -> dict[str, Any]:
    """The numbers that its outcome rests on."""
    assert table.delivery.state.because is not None
    return dict(table.delivery.state.because.parameters)


def test_r18_report_is_corrected_also_once_the_exhibit_was_handed_on() -> None:
    """What was spent and left is what the last correction says. The laboratory need not hold it any more, and no other service
    corrects it. What another report has overtaken is not corrected.
    """
    table = over()
    table.say("uz.customs", "laboratory_report", id="the-report", **REPORT, received="13.2 kg", spent="1 kg", left="12.2 kg")
    table.say("uz.customs", "exhibits_offered", exhibits=["seized"], to="uz.police", purpose="safe keeping")
    table.say("uz.police", "exhibits_accepted", exhibits=["seized"], giver="uz.customs", intact=True)
    words = REPORT | {"received": "13.2 kg", "spent": "1 g", "left": "13199 g"}
    assert "nothing_said" == right(table, "uz.police", "the-report", "laboratory_report", **words)
    assert "other_kind" == right(table, "uz.customs", "the-report", "disposed", **DESTROYED)
    assert right(table, "uz.customs", "the-report", "laboratory_report", **words) is None
    one = exhibits(table.delivery.state)["seized"]
    assert ("uz.police", 1_000, 13_199_000) == (one.holder, one.spent, one.left)
    assert "weighs_otherwise" == right(table, "uz.customs", "the-report", "laboratory_report", **REPORT | HEAVIER)
    assert right(table, "uz.customs", "the-report", "laboratory_report", **REPORT) is None
    one = exhibits(table.delivery.state)["seized"]
    assert (0, None) == (one.spent, one.left)
    table.say("uz.police", "laboratory_report", id="another-one", **REPORT, received="13.2 kg", spent="2 g", left="13198 g")
    assert "overtaken" == right(table, "uz.customs", "the-report", "laboratory_report", **words)
    assert verify(table.packet()).outcome == table.delivery.state.outcome


HEAVIER = {"received": "14 kg", "spent": "1 kg", "left": "13 kg"}


def test_r18_report_on_the_wrong_exhibit_is_on_the_right_one() -> None:
    """What it said of the one is undone; and of one that its service does not hold it cannot be."""
    table = over()
    table.say("uz.customs", "exhibit_divided", exhibit="seized", into=[{"label": "S-1"}, {"label": "S-2"}, {"label": "S-3"}])
    table.say("uz.customs", "exhibits_offered", exhibits=["S-3"], to="uz.police", purpose="safe keeping")
    table.say("uz.police", "exhibits_accepted", exhibits=["S-3"], giver="uz.customs", intact=True)
    weighed = {"received": "2 kg", "spent": "1 kg", "left": "1 kg"}
    table.say("uz.customs", "laboratory_report", id="the-report", **REPORT | weighed | {"exhibit": "S-1"})
    other = REPORT | weighed | {"exhibit": "S-3"}
    assert "not_its_holder" == right(table, "uz.customs", "the-report", "laboratory_report", **other)
    assert right(table, "uz.customs", "the-report", "laboratory_report", **other | {"exhibit": "S-2"}) is None
    known = exhibits(table.delivery.state)
    assert [(0, None), (1_000_000, 1_000_000)] == [(known[one].spent, known[one].left) for one in ("S-1", "S-2")]


def test_r18_report_on_the_wrong_exhibit_takes_the_place_of_no_later_one_on_the_right_one() -> None:
    """Else what was left before the second report would be left after it, and nobody could correct that one any more."""
    table = over()
    table.say("uz.customs", "exhibit_divided", exhibit="seized", into=[{"label": "S-1"}, {"label": "S-2"}])
    weighed = {"received": "2 kg", "spent": "1 kg", "left": "1 kg"}
    table.say("uz.customs", "laboratory_report", id="the-first", **REPORT | weighed | {"exhibit": "S-1"})
    later = REPORT | {"exhibit": "S-2", "received": "11.2 kg", "spent": "1 g", "left": "11199 g"}
    table.say("uz.customs", "laboratory_report", id="the-second", **later)
    other = REPORT | weighed | {"exhibit": "S-2"}
    assert "overtaken" == right(table, "uz.customs", "the-first", "laboratory_report", **other)
    assert 11_199_000 == exhibits(table.delivery.state)["S-2"].left
    assert right(table, "uz.customs", "the-second", "laboratory_report", **later) is None


def test_r18_disposal_is_corrected_and_holders_follow() -> None:
    """What was not destroyed is with who said so again; the other exhibit is, if that service holds it. Nobody else corrects it,
    and it stays open for three days after the last act, and no longer.
    """
    table = over()
    table.say("caricc", "debriefed", "debrief")
    table.say("uz.customs", "exhibit_divided", exhibit="seized", into=[{"label": "S-1"}, {"label": "S-2"}])
    wrong = DESTROYED | {"exhibits": ["S-1"]}
    table.say("uz.customs", "disposed", id="the-first-act", **wrong)
    assert (None, "destroyed") == held(table)["S-1"]
    assert "nothing_said" == right(table, "uz.police", "the-first-act", "disposed", **wrong)
    assert right(table, "uz.customs", "the-first-act", "disposed", **DESTROYED | {"exhibits": ["S-2"]}) is None
    assert [("uz.customs", None), (None, "destroyed")] == [held(table)[one] for one in ("S-1", "S-2")]
    kept = ACT | {"exhibits": ["S-1", "S-2"], "how": "kept", "to": "case 7"}
    assert right(table, "uz.customs", "the-first-act", "disposed", **kept) is None
    assert [("uz.customs", "kept")] * 2 == [held(table)[one] for one in ("S-1", "S-2")]
    table.say("uz.customs", "disposed", id="a-later-act", **DESTROYED | {"exhibits": ["S-1"]})
    assert "not_its_holder" == right(table, "uz.customs", "the-first-act", "disposed", **kept)
    assert verify(table.packet()).outcome == table.delivery.state.outcome
    table.pass_time(days=3)
    assert table.delivery.state.ended


def test_r18_disposal_that_was_overtaken_is_not_corrected() -> None:
    """What was kept and then handed to a court is corrected by what said the last of it, until another has received it."""
    table = over()
    table.say("uz.customs", "disposed", id="kept-for-it", **ACT, exhibits=["seized"], how="kept", to="case 7")
    table.say("uz.customs", "disposed", id="to-court", **ACT, exhibits=["seized"], how="handed_to_court", to="court")
    assert "overtaken" == right(table, "uz.customs", "kept-for-it", "disposed", **DESTROYED)
    assert right(table, "uz.customs", "to-court", "disposed", **ACT, exhibits=["seized"], how="kept", to="case 8") is None
    table.say("uz.customs", "exhibits_offered", exhibits=["seized"], to="uz.police", purpose="safe keeping")
    assert right(table, "uz.customs", "to-court", "disposed", **DESTROYED) is None
    assert right(table, "uz.customs", "to-court", "disposed", **ACT, exhibits=["seized"], how="kept", to="case 8") is None
    table.say("uz.customs", "exhibits_offered", exhibits=["seized"], to="uz.police", purpose="safe keeping")
    table.say("uz.police", "exhibits_accepted", exhibits=["seized"], giver="uz.customs", intact=True)
    assert "overtaken" == right(table, "uz.customs", "to-court", "disposed", **DESTROYED)
    assert {"seized": ("uz.police", None)} == held(table)


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


def test_r24_a_first_officers_correction_under_a_key_revoked_since_is_not_shown_as_what_was_said() -> None:
    """The one who signs after the revocation is the first again: the next may still sign it, since nothing says that already."""
    table = by_two()
    wrong: dict[str, Any] = {"gross": "13.8 kg", "seals": [SEAL]}
    corrects(table, "kz.police", "the-second", "prepared", officer="officer-2", **wrong)
    end = KeyEnd(key=key_id(public_text(private_key_of(second("kz.police")))), at=utc_text(table.now), revoked=True)
    record = KeyChange(service="kz.police", by="administration", made_at=utc_text(table.now), ended=(end,))
    change_keys(table.delivery, sign(canonical(record), KEYS_TYPE, private_key_of("administration")), table.now)
    assert corrects(table, "kz.police", "the-second", "prepared", **wrong) == ("accepted", None)

    said = table.delivery.state.statements.first("the-second")
    assert said is not None
    shown = to_correct(table.delivery, table.directory.get("kz.police"), said.seq)
    assert table.delivery.state.custody is not None
    assert shown is not None
    assert getattr(shown.content, "gross", None) == table.delivery.state.custody.gross == GROSS


def test_r20_first_signature_alone_has_had_no_effect_to_correct() -> None:
    """What counts is what the second signed; a correction names that one, so nothing is counted twice (found by test)."""
    assert corrects(by_two(), "kz.police", "the-first", "prepared", gross="1 kg") == ("refused", "R18")


def test_r20_disposal_by_two_officers_is_corrected_by_two() -> None:
    """One of them alone brings nothing back."""
    close = {"requires": asks("caricc debrief", "uz.customs disposal 2")}
    table = over(debrief=close)
    for officer in ("officer-1", "officer-2"):
        table.say("uz.customs", "disposed", "debrief", id=f"act-{officer}", officer=officer, **DESTROYED)
    kept = {"kind": "disposed"} | ACT | {"exhibits": ["seized"], "how": "kept", "to": "case 7"}
    for officer, holder in (("officer-1", None), ("officer-2", "uz.customs")):
        table.say("uz.customs", "correction", of="act-officer-2", reason="misread", content=kept, officer=officer)
        assert holder == held(table)["seized"][0]
