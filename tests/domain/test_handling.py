"""R23: handling codes decide where what a service has said may go."""

from typing import Any

import pytest

from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Amended, Stated
from domain.delivery.statement import Handling
from domain.papers.making import Wanted, make
from domain.papers.record import Record
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.packet import Packet, Purpose, seal, unseal, unsealed
from domain.record.provided import held_back
from domain.record.replay import replay
from domain.record.verify import verify
from domain.rules.handling import may_read
from domain.views.sight import page
from domain.words.errors import NotVerified, RuleBroken
from process.language import speakers
from rehearsal.services import VIGIL, private_key_of
from rehearsal.simulator import World, simulate
from tests.course import became
from tests.forging import sealed
from tests.support import Table, example_cards, example_directory, example_plan, example_scenario, signed_plan, with_changes


def under(code: str) -> Plan:
    """The example plan under this handling code."""
    return with_changes(plan_={"handling_code": code})


def packet_for(table: Table, purpose: Purpose) -> bytes:
    """The packet for a court or a State."""
    return seal(table.delivery, "the whole history", private_key_of(VIGIL), table.now, purpose)


def left_out_of(data: bytes) -> list[LeftOut]:
    """The statements that a packet does without."""
    return [entry for entry in unseal(data)[0].ledger if isinstance(entry, LeftOut)]


def reads(table: Table, service: str, kind: str) -> bool:
    """Whether this service can read a statement of this kind."""
    entries = page(table.delivery, table.directory.get(service), 0)
    stated = [entry.event for entry in entries if isinstance(entry, Entry) and isinstance(entry.event, Stated)]
    return kind in [read_statement(event.envelope).kind for event in stated]


def test_r23_h0_goes_before_a_court() -> None:
    """Nothing is held back, nothing is left out."""
    table = Table(under("H0")).dispatch()
    proved = verify(packet_for(table, "court"), table.directory)
    assert ("court", 0) == (proved.purpose, proved.left_out)


def test_r23_h1_on_which_the_record_rests_keeps_it_from_the_court_until_permitted() -> None:
    """The refusal names each and whom to ask; each provider's permission opens its own; then the packet verifies."""
    table = Table(under("H1")).prepare()
    with pytest.raises(RuleBroken, match="not permitted the plan") as refused:
        packet_for(table, "court")
    assert "prepared statement-0005 (H1)" in refused.value.sentence
    assert "disclosure_not_permitted" == refused.value.reason
    for service in ("kz.knb", "kz.police", "kz.prosecutor"):
        table.say(service, "disclosure_permitted")
    with pytest.raises(RuleBroken) as refused:
        packet_for(table, "court")
    assert "uz.prosecutor has not permitted authorisation_granted" in refused.value.sentence
    assert "kz." not in refused.value.sentence
    table.say("uz.prosecutor", "disclosure_permitted")
    assert 0 == verify(packet_for(table, "court"), table.directory).left_out


def test_r23_nobody_is_sent_to_ask_for_what_can_be_permitted_no_more() -> None:
    """While the ledger is open the refusal says what each has to say; once it is closed, that nobody can say it any more."""
    plan, scenario = example_scenario("almaty-tashkent")
    ended = simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery
    for entries, hint in ((ended.ledger.since(0)[:-1], "have each say"), (ended.ledger.since(0), "can be permitted no more")):
        delivery = replay(entries, ended.directory, ended.cards)
        with pytest.raises(RuleBroken) as packet:
            unsealed(delivery, "", ended.state.now, "court")
        with pytest.raises(RuleBroken) as paper:
            make(Record.of(delivery, "court"), Wanted("court", "en", "court"), speakers(None))
        assert [hint in (one.value.hint or "") for one in (packet, paper)] == [True, True]


def test_r23_the_operations_own_packet_holds_everything() -> None:
    """It is for those whom it was told to."""
    table = Table(under("H3")).prepare()
    proved = verify(table.packet(), table.directory)
    assert ("operation", 0) == (proved.purpose, proved.left_out)


def test_r23_information_under_h1_is_left_out_and_the_rest_is_proved() -> None:
    """Its leaf stands in its place, so that whoever has the entry can show that it is this one; no history leaks it."""
    table = Table(under("H0")).consent()
    table.say("kz.police", "information", text="our man in the post office", handling=Handling(code="H1"))
    table.say("uz.police", "information", text="read by the court", handling=Handling(code="H0"))
    table.say("kz.police", "prepared", "preparation")

    data = packet_for(table, "court")
    proved = verify(data, table.directory)
    left_out = left_out_of(data)

    assert b"our man" not in data
    assert b"b3VyIG1hbi" not in data
    assert b"the whole history" not in data
    assert ("court", 1, table.delivery.ledger.root) == (proved.purpose, proved.left_out, proved.root)
    assert [("kz.police", "H1", "accepted")] == [(one.provider, one.code, one.verdict.verdict) for one in left_out]
    kept = next(
        entry
        for entry in table.delivery.ledger.entries
        if isinstance(entry.event, Stated) and b"our man" in entry.event.envelope.body()
    )
    assert kept.leaf() == left_out[0].leaf


def test_r23_what_a_provider_permits_goes_there_and_nowhere_else() -> None:
    """To the court is not to a State; one statement is not all."""
    table = Table(under("H0")).consent()
    for number in (1, 2):
        table.say("kz.police", "information", id=f"a-tip-{number:04d}", text=f"tip {number}", handling=Handling(code="H1"))
    table.say("kz.police", "disclosure_permitted", statements=["a-tip-0002"])
    assert ["a-tip-0001"] == [one.statement for one in left_out_of(packet_for(table, "court"))]


def test_r23_nobody_permits_what_another_has_provided() -> None:
    """Refused, also for what was never said."""
    table = Table()
    table.say("kz.police", "information", id="a-tip-0001")
    assert ("refused", "R23") == became(table.say("uz.police", "disclosure_permitted", statements=["a-tip-0001"]))
    assert ("refused", "R23") == became(table.say("uz.police", "disclosure_permitted", statements=["never-said"]))
    assert ("accepted", None) == became(table.say("kz.police", "disclosure_permitted", statements=["a-tip-0001"]))


def test_r23_h2_of_its_own_goes_to_no_third_state() -> None:
    """The provider's and the initiator's States read it; a third one only once that is permitted; a packet for it likewise."""
    plan = with_changes(example_plan("omsk-taraz"), plan_={"handling_code": "H0"})
    initiator, other = plan.initiator, next(one for one in plan.participants() if one[:2] != plan.initiator[:2])
    table = Table(plan)
    everyone = list(plan.participants())
    state = table.directory.get(other).state
    assert state is not None
    table.say(initiator, "disclosure_permitted", to=state)  # that the plan goes there, which holds requests to other States
    table.say(initiator, "information", id="a-tip-0001", to=everyone, handling=Handling(code="H2"))
    assert reads(table, initiator, "information")
    assert not reads(table, other, "information")
    assert [initiator] == [one.provider for one in left_out_of(packet_for(table, state))]
    table.say(initiator, "disclosure_permitted", to=state)
    assert reads(table, other, "information")
    assert 0 == verify(packet_for(table, state), table.directory).left_out


def test_r23_a_plan_that_was_changed_goes_to_no_third_state_that_it_asked_beside_others() -> None:
    """The plan in force asks that State alone; the first one asked others too, and holds what they were asked."""
    plan = with_changes(example_plan("omsk-taraz"), plan_={"handling_code": "H0"})
    table = Table(plan)
    state = next(one for one in plan.request.to if one != table.directory.get(plan.initiator).state)
    alone = plan.request.model_copy(update={"to": {state: plan.request.to[state]}})
    table.delivery.append(Amended(plan=signed_plan(plan.model_copy(update={"request": alone}))), table.now)

    assert [0] == [one.seq for one in held_back(table.delivery, state) if one.statement is None]


@pytest.mark.parametrize(
    ("plans", "own", "asked_too", "others"), [("H0", None, True, True), ("H2", None, True, False), ("H0", "H2", False, False)]
)
def test_r23_the_plans_h2_does_not_keep_a_handover_from_those_who_make_it(
    plans: str, own: str | None, *, asked_too: bool, others: bool
) -> None:
    """They could not answer without it; a provider that marks one statement keeps even that from them."""
    table = Table(under(plans))
    more = {"handling": Handling.model_validate({"code": own})} if own is not None else {}
    said = table.statement("uz.customs", "handover_accepted", "tashkent-airport", **more)
    tajik = table.directory.get("tj.customs")
    assert asked_too == may_read(table.delivery, said, 5, tajik, addressed=True)
    assert others == may_read(table.delivery, said, 5, tajik, addressed=False)
    for insider in ("uz.police", "kz.prosecutor", "supervision"):
        assert may_read(table.delivery, said, 5, table.directory.get(insider), addressed=False)


@pytest.mark.parametrize(("code", "caveat"), [("H3", ""), ("H1", "for nobody")])
def test_r23_h3_comes_with_its_caveat_and_no_other_code_has_one(code: str, caveat: str) -> None:
    """A restriction that is not said cannot be kept."""
    with pytest.raises(ValueError, match="caveat"):
        Handling.model_validate({"code": code, "caveat": caveat})


def test_r23_who_seals_a_packet_cannot_leave_out_what_is_needed_or_what_no_code_keeps_back() -> None:
    """A consent that is left out is missed by the rules; a code that binds not, or a packet for the operation, is no reason."""
    table = Table(under("H0")).consent()
    table.say("kz.police", "information", text="a tip", handling=Handling(code="H1"))
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    packet, _, _ = unseal(packet_for(table, "court"))
    (tip,) = left_out_of(packet_for(table, "court"))
    consent = next(entry for entry in packet.ledger if isinstance(entry, Entry) and isinstance(entry.event, Stated))

    def with_other(seq: int, **changed: Any) -> Packet:
        other = tip.model_copy(update={"seq": seq} | changed)
        return packet.model_copy(update={"ledger": (*packet.ledger[:seq], other, *packet.ledger[seq + 1 :])})

    assert 1 == verify(sealed(packet, purpose="court")).left_out
    for forged, problem in (
        (sealed(packet, purpose="operation"), "does not call for that here"),
        (sealed(packet, purpose="UZ"), "does not call for that here"),
        (sealed(with_other(tip.seq, code="H0"), purpose="court"), "does not call for that here"),
        (sealed(with_other(consent.seq, leaf=consent.leaf(), statement="another-one"), purpose="court"), "what was due then"),
    ):
        with pytest.raises(NotVerified, match=problem):
            verify(forged)
