"""After the outcome: what is still held can be said of for as long as the plan gives (R30), and a transfer is answered (R29)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.reported import Amended, Stated, Told
from domain.delivery.statement import sign_statement
from domain.plan.check import faults_in
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.record.door import admit, amend, change_keys, report, submit
from domain.record.packet import seal
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import public_text
from domain.views.asked import inbox
from domain.views.unasked import may_say
from domain.views.view import view
from domain.words.errors import NotAllowed, RuleBroken
from domain.words.limits import CORRECTABLE_FOR, LONGEST_AFTERWARDS
from domain.words.moments import utc_text
from rehearsal.services import VIGIL, private_key_of
from tests.course import became, code, entry_of
from tests.support import Table, example_cards, example_directory, example_plan, signed_plan, submitted

FOR = timedelta(days=90)
ACT = {"reference": "TEST-1 of 2022-03-01"}
TO_UZ = {"to": "UZ", "prosecutions": [{"role": "courier", "state": "UZ"}], "reference": "T-1", "legal_basis": "the treaty"}


def plan(**changed: Any) -> Plan:
    """Almaty - Tashkent, open for ninety days after its outcome."""
    return example_plan().model_copy(update={"afterwards": FOR} | changed)


def concluded(table: Table) -> Table:
    """It has its outcome, and its closing meeting was held."""
    table.deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    table.say("uz.customs", "seizure", "accounting")
    table.say("caricc", "debriefed", "debrief")
    assert table.delivery.state.outcome is not None
    return table


def ended(table: Table) -> bool:
    """Whether its ledger is closed."""
    return table.delivery.state.ended


def dispose(table: Table) -> str | None:
    """What was seized is handed to a court; the code of the verdict."""
    handed = {"exhibits": ["seized"], "how": "handed_to_court", "to": "court of Tashkent"}
    return code(table.say("uz.customs", "disposed", **handed, **ACT))


def test_r30_it_stays_open_while_something_is_held_and_ends_once_it_is_said_what_became_of_it() -> None:
    """Everybody is shown until when, and who holds it may say what becomes of it; that can be corrected for three days."""
    table = concluded(Table(plan()))
    state = table.delivery.state
    shown = view(table.delivery, table.directory.get("uz.customs"), table.now)

    assert not ended(table)
    assert state.outcome_at is not None
    assert utc_text(state.outcome_at + FOR) == shown.stays_open_until
    assert "disposed" in shown.may_say
    table.pass_time(days=80)
    assert not ended(table)
    assert dispose(table) is None
    shown = view(table.delivery, table.directory.get("uz.customs"), table.now)
    assert utc_text(table.now + CORRECTABLE_FOR) == shown.stays_open_until
    table.pass_time(hours=71)
    assert not ended(table)
    table.pass_time(hours=1)
    assert ended(table)
    assert view(table.delivery, table.directory.get("uz.customs"), table.now).stays_open_until is None


def test_r23_it_can_be_permitted_after_the_outcome_that_it_goes_before_a_court() -> None:
    """While it stays open each permits what it has said, the last seizure too; then the packet for the court verifies."""
    table = concluded(Table(plan(handling_code="H1")))
    for service in ("kz.knb", "kz.police", "kz.prosecutor", "uz.prosecutor", "uz.customs", "uz.police", "caricc"):
        assert code(table.say(service, "disclosure_permitted")) is None

    assert 0 == verify(seal(table.delivery, "", private_key_of(VIGIL), table.now, "court"), table.directory).left_out


def test_r30_it_ends_by_itself_when_that_time_is_over_and_says_who_holds_what_still() -> None:
    """Bounded: nobody keeps it open for ever, and the holder stays on record."""
    table = concluded(Table(plan()))
    table.pass_time(days=91)
    (held,) = [one for one in view(table.delivery, table.directory.get("kz.knb"), table.now).exhibits if one.label == "seized"]

    assert ended(table)
    assert table.delivery.state.outcome_at is not None
    assert table.delivery.ledger.entries[-1].at == utc_text(table.delivery.state.outcome_at + FOR)
    assert ("uz.customs", None) == (held.holder, held.fate)
    assert may_say(table.delivery, table.directory.get("uz.customs")) == ()


def test_r30_without_a_time_for_it_nothing_waits() -> None:
    """As a plan has it that says nothing of it."""
    assert ended(concluded(Table()))


def test_r30_what_is_kept_for_a_proceeding_is_settled() -> None:
    """It has a holder still, and it is said what became of it."""
    table = concluded(Table(plan()))
    assert became(table.say("uz.customs", "disposed", exhibits=["seized"], how="kept", to="case 7", **ACT)) == ("accepted", None)
    table.pass_time(days=3)
    assert ended(table)


def test_r30_it_is_verified_that_it_stayed_open() -> None:
    """The same rules decide offline when it ended."""
    table = concluded(Table(plan()))
    table.pass_time(days=91)
    assert (
        verify(seal(table.delivery, "", private_key_of(VIGIL), table.now), table.directory).outcome
        == table.delivery.state.outcome
    )


def test_r29_who_is_asked_to_take_over_proceedings_is_asked_at_a_checkpoint_and_reminded() -> None:
    """Prosecutors of that State, with the request that they answer; its silence closes it, and an answer still counts."""
    table = Table(plan()).deliver()
    table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id="transfer-1")
    (asked,) = [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.says == ("takeover",)]
    assert ("takeover.uz.1", "transfer-1") == (asked.checkpoint, asked.facts.transfer)
    assert "R29: KZ asks UZ to take over proceedings" == asked.facts.problem
    assert not [one for one in inbox(table.delivery, "uz.police", table.now) if one.says == ("takeover",)]
    table.pass_time(days=46)
    assert entry_of(table, "reminded", checkpoint="takeover.uz.1", services=("uz.prosecutor",))
    table.pass_time(days=45)
    assert table.is_closed("takeover.uz.1")
    assert "takeover.uz.2" not in table.delivery.state.progress
    assert became(table.say("uz.prosecutor", "transfer_accepted", of="transfer-1", reference="UZ-1")) == ("accepted", None)


def test_r29_what_is_asked_last_is_waited_for_as_long_as_what_was_asked_first() -> None:
    """A day before silence ends the wait for the first request there is a second: that one has 90 days too."""
    table = Table(plan()).deliver()
    table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id="transfer-1")
    table.pass_time(days=89)
    table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id="transfer-2")
    table.pass_time(days=89)
    assert table.is_open("takeover.uz.1")
    table.pass_time(days=1)
    assert table.is_closed("takeover.uz.1")
    assert all(one.unheard for one in table.delivery.state.transfers.values())


@pytest.mark.parametrize("answer", [("transfer_accepted", {"reference": "1"}), ("transfer_declined", {"reason": "none here"})])
def test_r29_an_answer_closes_it_whether_yes_or_no(answer: tuple[str, dict[str, str]]) -> None:
    """And what is asked after that is asked anew."""
    table = Table().deliver()
    kind, said = answer
    for name in ("transfer-1", "transfer-2"):
        table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id=name)
    assert became(table.say("uz.prosecutor", kind, of="transfer-1", **said)) == ("accepted", None)
    assert table.is_closed("takeover.uz.1")
    (asked,) = [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.says == ("takeover",)]
    assert ("takeover.uz.2", "transfer-2") == (asked.checkpoint, asked.facts.transfer)


def test_r29_one_that_is_answered_before_anybody_is_asked_again_is_moot() -> None:
    """Nothing waits for it."""
    table = Table().deliver()
    table.say("kz.prosecutor", "transfer_requested", **TO_UZ, id="transfer-1")
    table.say("uz.prosecutor", "transfer_declined", of="transfer-1", reason="none here")
    assert not [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.says == ("takeover",)]


def test_r30_it_does_not_stay_open_for_ever() -> None:
    """Two years are the most, which is a fault beyond that and none at the bound."""
    at, beyond = plan(afterwards=LONGEST_AFTERWARDS), plan(afterwards=LONGEST_AFTERWARDS + timedelta(days=1))
    assert () == faults_in(at, example_directory(), example_cards())
    (fault,) = faults_in(beyond, example_directory(), example_cards())
    assert ("afterwards", "R30: after its outcome it stays open for 731 d at most") == (fault.place, fault.problem)


def test_r18_once_it_has_ended_what_was_said_before_gets_its_receipt_and_nothing_new_is_taken() -> None:
    """Also while everybody is still being told of the outcome: whoever lost the receipt of the last word gets it."""
    table = concluded(Table())
    assert ended(table)
    ledger = table.delivery.ledger
    (*_, last) = [one.event.envelope for one in ledger.entries if isinstance(one.event, Stated)]
    before = len(ledger)

    assert last == submitted(table.delivery, last, table.now).entry.event.envelope  # type: ignore[union-attr]
    assert len(ledger) == before
    for kind in ("information", "stop_requested"):
        new = sign_statement(table.statement("uz.customs", kind), private_key_of("uz.customs"))
        with pytest.raises(NotAllowed, match="its ledger is closed"):
            admit(table.delivery, new, table.now)


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1), timedelta(days=9)], ids=str)
def test_r12_what_comes_in_before_anybody_has_looked_whether_it_is_over_does_not_follow_on_its_end(late: timedelta) -> None:
    """No worker was up when its time was over: a statement, a fact, a changed plan and a change of keys that come first find that
    it has ended, its end stands at its own moment, and the packet verifies.
    """

    def over() -> Table:
        table = concluded(Table(plan()))
        assert table.delivery.state.outcome_at is not None
        table.now = table.delivery.state.outcome_at + FOR + late
        return table

    said, reported, amended, rekeyed = over(), over(), over(), over()
    new = sign_statement(said.statement("uz.customs", "information", text="a word too late"), private_key_of("uz.customs"))
    added = ServiceKey(public=public_text(private_key_of("uz.customs, its new key")), valid_from=utc_text(rekeyed.now))
    change = KeyChange(service="uz.customs", by="uz.customs", made_at=utc_text(rekeyed.now), added=(added,))
    other = Amended(plan=signed_plan(amended.delivery.plan.model_copy(update={"afterwards": 2 * FOR})))
    with pytest.raises(NotAllowed, match="its ledger is closed"):
        submit(said.delivery, new, said.now)
    with pytest.raises(RuleBroken, match="the delivery has ended"):
        report(reported.delivery, Told(of=0, kind="outcome", checkpoint=None, reached=("uz.customs",)), reported.now)
    with pytest.raises(RuleBroken, match=r"R22: .* ended"):
        amend(amended.delivery, other, amended.now)
    with pytest.raises(RuleBroken, match="the delivery has ended"):
        change_keys(rekeyed.delivery, sign(canonical(change), KEYS_TYPE, private_key_of("uz.customs")), rekeyed.now)

    for table in (said, reported, amended, rekeyed):
        last, outcome_at = table.delivery.ledger.entries[-1], table.delivery.state.outcome_at
        assert outcome_at is not None
        assert ("ended", utc_text(outcome_at + FOR)) == (last.event.event, last.at)
        assert verify(seal(table.delivery, "", private_key_of(VIGIL), table.now), table.directory).ended


def offered(table: Table, label: str, to: str) -> str | None:
    """A find of the customs is offered, for assistance too where that is of another State; the code of the verdict."""
    more = {} if to.startswith("uz.") else {"assistance": "A-1 of 2022-03-02"}
    return code(table.say("uz.customs", "exhibits_offered", exhibits=[label], to=to, purpose="examination", **more))


@pytest.mark.parametrize("span", [timedelta(days=2), None])
def test_r30_who_offers_again_and_again_keeps_a_delivery_open_no_longer_than_its_plan_does(span: timedelta | None) -> None:
    """For what the plan gives afterwards, or for a decision where it gives nothing: until then each offer is asked about, and the
    first that comes after it ends it.
    """
    table = Table(plan(afterwards=span)).deliver()
    for service, kind, at in (("uz.police", "arrest_made", "arrest-tashkent"), ("kz.knb", "arrest_made", "arrest-almaty")):
        table.say(service, kind, at)
    table.say("uz.customs", "seizure", "accounting", finds=[{"label": "F-1", "what": "a packet"}])
    assert offered(table, "F-1", "kz.knb") is None
    assert code(table.say("caricc", "debriefed", "debrief")) is None
    most = span or table.plan.contingencies.decision
    began = table.delivery.state.outcome_at
    assert began is not None
    while table.now < began + most - timedelta(hours=1):
        assert [one.contingency for one in table.delivery.state.open_checkpoints()] == ["exhibits"]
        assert offered(table, "F-1", "kz.knb") is None
        table.pass_time(hours=1)
    table.pass_time(hours=1)
    assert not ended(table)

    assert offered(table, "F-1", "kz.knb") is None
    assert ended(table)


def test_r30_nothing_more_is_asked_once_what_the_plan_gives_is_over() -> None:
    """Where another question is still open then, what is offered is asked of nobody any more."""
    table = concluded(Table(plan(afterwards=timedelta(days=2))))
    assert ended(table) is False
    assert offered(table, "seized", "kz.knb") is None
    assert [one.contingency for one in table.delivery.state.open_checkpoints()] == ["exhibits"]
    table.pass_time(days=1)
    assert code(table.say("uz.prosecutor", "transfer_requested", **TO_UZ | {"to": "KZ"})) is None
    table.pass_time(days=1)
    assert [one.contingency for one in table.delivery.state.open_checkpoints()] == ["takeover"]
    assert offered(table, "seized", "uz.police") is None
    assert [one.contingency for one in table.delivery.state.open_checkpoints()] == ["takeover"]
