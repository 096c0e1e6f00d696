"""R18: the archive has another history of a delivery. Nothing moves until people decide; both histories are in the packet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.carried import carried
from domain.delivery.decided import Ended
from domain.delivery.ledger import Entry
from domain.delivery.reported import Diverged, Stated, Told
from domain.delivery.statement import Handling
from domain.record.door import go_on, read_statement, resume
from domain.record.histories import against
from domain.record.packet import seal, unseal
from domain.record.receipts import signed
from domain.record.verify import verify
from domain.words.errors import NotVerified, RuleBroken
from domain.words.limits import MOST_BRANCHES
from tests.course import arrested, became, code, forbidden
from tests.forging import sealed
from tests.support import SECRET, VIGIL, Table, private_key_of

SUPERVISION, PROSECUTOR = "supervision", "kz.prosecutor"


def found_in(other: Table, branch: int = 0) -> Diverged:
    """What is recorded where the archive has all that this table's delivery has said."""
    ledger = other.delivery.ledger
    return Diverged(branch=branch, seq=0, how="ahead", size=len(ledger), root=ledger.root)


def put_back(prepare: Callable[[Table], object] = lambda table: table.dispatch()) -> tuple[Table, Table]:
    """Twice the same delivery up to some point; one goes on, is put back, and the other finds its history in the archive."""
    old, new = Table(), Table()
    for table in (old, new):
        prepare(table)
    old.say("uz.police", "information", text="they are watched")
    new.pass_time(minutes=1)
    new.report(found_in(old))
    new.settle()
    return old, new


def packet_of(new: Table, *old: Table, purpose: Any = "operation") -> bytes:
    """The packet, with the histories that were put back."""
    others = {branch: one.delivery for branch, one in enumerate(old)}
    return seal(new.delivery, "", private_key_of(VIGIL), new.now, purpose, others=others)


def checkpoints(new: Table) -> tuple[str, str]:
    """Where supervisor and prosecutor decide."""
    supervisor, prosecutor = (name for name, one in new.delivery.state.progress.items() if one.contingency == "divergence")
    return supervisor, prosecutor


def decide(new: Table) -> Table:
    """Both decide to go on."""
    supervisor, prosecutor = checkpoints(new)
    new.say(SUPERVISION, "movement_decision", supervisor)
    new.say(PROSECUTOR, "movement_decision", prosecutor)
    return new


def test_r18_a_record_that_was_put_back_is_told_to_everybody_and_two_are_asked() -> None:
    """Every participant gets a notice; a supervisor and the initiator's prosecutor are each asked, for as long as it takes."""
    _, new = put_back()
    told = [one.event for one in new.delivery.ledger.entries if isinstance(one.event, Told) and one.event.kind == "diverged"]
    progress = [new.at(name) for name in checkpoints(new)]

    assert set(new.plan.participants()) == {service for one in told for service in one.reached}
    assert [(SUPERVISION,), (PROSECUTOR,)] == [one.checkpoint.services() for one in progress]
    assert [None, None] == [one.due for one in progress]
    assert 1 == new.delivery.state.branch


def test_r18_nothing_moves_before_both_have_decided() -> None:
    """Neither a departure nor a handover nor an arrival counts; what is open may be answered else, and nothing new opens."""
    _, new = put_back(lambda table: table.prepare().say("uz.customs", "ready", "departure"))
    new.say("uz.police", "ready", "departure")
    left = new.say("kz.police", "dispatched", "departure")
    _, later = put_back()
    later.say("kz.police", "handover_offered", "tashkent-airport")
    taken = later.say("uz.customs", "handover_accepted", "tashkent-airport")
    _, last = put_back(lambda table: table.dispatch().hand_over())
    arrived = last.say("uz.customs", "delivered", "delivery")

    assert ["record_put_back"] * 3 == [code(one) for one in (left, taken, arrived)]
    assert not new.delivery.state.dispatched
    assert 0 == later.delivery.state.leg
    assert "muster" not in " ".join(last.delivery.state.progress)


@pytest.mark.parametrize("held_first", [True, False])
@pytest.mark.parametrize("decided_first", ["hold", "divergence"])
def test_r18_nobody_is_silent_at_what_may_not_count_before_both_have_decided(*, held_first: bool, decided_first: str) -> None:
    """The time of a handover stands still meanwhile, and no longer where it is held at the same time: it goes on from where it
    was.
    """

    def hold(table: Table) -> Table:
        table.say("uz.police", "hold_requested")
        return table

    def go_on(table: Table) -> Table:
        about = table.opened("hold")
        for service in table.at(about).checkpoint.services():
            table.say(service, "hold_decided", about, decision="go_on")
        return table

    _, new = put_back(lambda table: hold(table.dispatch()) if held_first else table.dispatch())
    began = new.now - timedelta(minutes=1) if held_first else new.now
    due = new.at("tashkent-airport").due
    assert due is not None
    new.pass_time(minutes=30)
    new = new if held_first else hold(new)
    first, last = (go_on, decide) if decided_first == "hold" else (decide, go_on)
    first(new).pass_time(minutes=30)
    last(new)

    assert new.delivery.state.halt is None
    assert new.now - began == new.at("tashkent-airport").paused
    assert due + (new.now - began) == new.at("tashkent-airport").due


def test_r18_silence_does_not_end_what_waits_for_a_decision_on_its_record() -> None:
    """The handover is long overdue, and could not have been answered."""
    _, new = put_back()
    new.pass_time(days=3)
    assert (False, None) == (new.at("tashkent-airport").silent, new.delivery.state.halt)
    decide(new).hand_over()
    assert 1 == new.delivery.state.leg


def test_r18_one_decision_is_not_enough_and_two_let_it_go_on() -> None:
    """Supervisor and prosecutor decide apart; after both, the handover counts."""
    _, new = put_back()
    supervisor, prosecutor = checkpoints(new)
    new.say("kz.police", "handover_offered", "tashkent-airport")
    new.say(SUPERVISION, "movement_decision", supervisor)
    early = new.say("uz.customs", "handover_accepted", "tashkent-airport")
    new.say(PROSECUTOR, "movement_decision", prosecutor)
    then = new.say("uz.customs", "handover_accepted", "tashkent-airport")

    assert ("refused", "accepted") == (early.verdict.verdict, then.verdict.verdict)
    assert new.delivery.state.divergence is None
    assert new.is_closed(supervisor, prosecutor)


@pytest.mark.parametrize("who", [0, 1])
def test_r18_either_of_them_halts_it(who: int) -> None:
    """One word against it is enough, and what is asked of the other is withdrawn."""
    _, new = put_back()
    names = checkpoints(new)
    new.say((SUPERVISION, PROSECUTOR)[who], "movement_decision", names[who], proceed=False)

    halt = new.delivery.state.halt
    assert halt is not None
    assert ("decision", "decided_against") == (halt.cause, halt.finding.code)
    assert new.is_closed(*names)
    verify(packet_of(new, put_back()[0]))


def test_r18_nobody_else_decides() -> None:
    """Neither the initiator nor another State's prosecutor is asked."""
    _, new = put_back()
    for service in ("kz.knb", "uz.prosecutor", "kz.police"):
        assert "refused" == new.say(service, "movement_decision", checkpoints(new)[1]).verdict.verdict


def test_r8_a_stop_is_taken_while_nobody_has_decided() -> None:
    """It stops at once, and the decision is no longer asked for."""
    _, new = put_back()
    names = checkpoints(new)

    assert ("accepted", None) == became(new.say("uz.police", "stop_requested"))
    assert new.delivery.state.halt is not None
    assert new.is_closed(*names)


def test_r18_a_fact_that_is_known_is_no_news() -> None:
    """The same history, found again by a batch and by the sweep, is recorded once."""
    old, new = put_back()
    size = len(new.delivery.ledger)
    new.report(found_in(old))

    assert size == len(new.delivery.ledger)


def test_r18_a_record_that_is_put_back_again_is_decided_on_afresh() -> None:
    """What was asked about the first is withdrawn, and a decision on it counts no more."""
    old, new = put_back()
    before = checkpoints(new)
    new.say(SUPERVISION, "movement_decision", before[0])
    new.report(replace_branch(found_in(old), 1))
    after = checkpoints(new)

    assert not set(before) & set(after)
    assert new.is_closed(*before)
    assert 2 == new.delivery.state.branch
    assert new.delivery.state.divergence is not None
    assert () == new.delivery.state.divergence.decided
    decide(new)
    assert new.delivery.state.divergence is None


def replace_branch(fact: Diverged, branch: int) -> Diverged:
    """The same of another branch."""
    return fact.model_copy(update={"branch": branch})


def test_r18_so_many_histories_are_kept_and_no_more() -> None:
    """A fact of one more cannot be made: the delivery waits for somebody to mend the archive."""
    old, new = put_back()
    for branch in range(1, MOST_BRANCHES):
        new.report(replace_branch(found_in(old), branch))
    assert MOST_BRANCHES == new.delivery.state.branch
    with pytest.raises(ValueError, match="less than 16"):
        Diverged(branch=MOST_BRANCHES, seq=0, how="ahead", size=1, root="0" * 64)


def test_r12_a_delivery_that_has_ended_tells_everybody_and_ends_again() -> None:
    """Its last entries may be what the archive has otherwise."""
    old, new = Table(), Table()
    for table, hours in ((old, 1), (new, 2)):
        table.pass_time(hours=hours)
        table.say("uz.prosecutor", "authorisation_refused", "consent-uz", reason="no")
        table.say("kz.police", "interdicted", "stop.interdiction")
        table.pass_time(days=9)
        assert table.delivery.state.ended
    new.report(found_in(old))
    assert not new.delivery.state.ended
    new.settle()
    new.pass_time(minutes=1)

    assert 2 == sum(isinstance(one.event, Ended) for one in new.delivery.ledger.entries)
    assert new.delivery.state.ended
    verify(packet_of(new, old))


def test_a_run_that_goes_on_knows_that_it_was_put_back() -> None:
    """What is carried says so, and who has decided."""
    _, new = put_back()
    new.say(SUPERVISION, "movement_decision", checkpoints(new)[0])
    again = go_on(carried(new.delivery), SECRET)

    assert new.delivery.state.divergence == again.state.divergence
    assert 1 == again.state.branch
    assert carried(new.delivery).led_to_by(resume(new.directory, new.cards, new.delivery.ledger.entries, SECRET))


def test_a_packet_has_both_histories_and_both_are_verified() -> None:
    """It says from where on they differ, and what was said only in the one that was put back; its receipts fit."""
    old, new = put_back()
    lost = old.say("kz.knb", "information", text="a second word")
    decide(new)
    proved = verify(packet_of(new, old), new.directory, [signed(lost, private_key_of(VIGIL))])

    (history,) = proved.put_back
    assert (0, len(old.delivery.ledger), old.delivery.ledger.root) == (history.branch, history.size, history.root)
    assert old.delivery.ledger.leaf_at(history.since) != new.delivery.ledger.leaf_at(history.since)
    assert old.delivery.ledger.leaf_at(history.since - 1) == new.delivery.ledger.leaf_at(history.since - 1)
    assert lost.statement in history.statements
    assert 1 == proved.receipts


def test_a_packet_without_the_history_that_was_put_back_is_refused() -> None:
    """Whoever seals cannot leave it out, nor put in one that nobody found, nor let it stand for another."""
    old, new = put_back()
    with pytest.raises(NotVerified, match="R18: the history that was found in branch 0 is not in the packet"):
        verify(new.packet())
    with pytest.raises(NotVerified, match="R18: no entry says that branch 1 was put back"):
        verify(seal(new.delivery, "", private_key_of(VIGIL), new.now, others={0: old.delivery, 1: strange().delivery}))
    with pytest.raises(NotVerified, match="R18: the history that was found in branch 0"):
        verify(packet_of(new, strange()))


def strange() -> Table:
    """Another history of the same delivery, which nobody found."""
    table = Table().dispatch()
    table.say("kz.knb", "information", text="another word")
    return table


def test_the_rules_are_run_again_over_the_history_that_was_put_back() -> None:
    """An entry of it that is altered is found, by its number."""
    old, new = put_back()
    packet = unseal(packet_of(new, old))[0]
    (other,) = packet.others
    first = other.entries[0]
    assert isinstance(first, Entry)
    altered = first.model_copy(update={"salt": "0" * 64})
    changed = packet.model_copy(update={"others": (other.model_copy(update={"entries": (altered, *other.entries[1:])}),)})
    with pytest.raises(NotVerified):
        verify(sealed(changed))


def test_r23_a_packet_for_a_court_leaves_out_of_both_histories_what_may_not_go_there() -> None:
    """What was said only in the history that was put back is bound by its handling code, too."""
    old, new = Table().dispatch(), Table().dispatch()
    old.say("uz.police", "information", text="a source says", handling=Handling(code="H1"))
    new.report(found_in(old))
    new.settle()
    for service in ("kz.knb", "kz.prosecutor", "kz.police", "uz.prosecutor", "uz.customs"):
        new.say(service, "disclosure_permitted")
    new.say(
        "uz.police", "disclosure_permitted", statements=("statement-0008",)
    )  # that it was ready, on which the departure rests
    data = packet_of(new, old, purpose="court")

    assert b"a source says" not in data
    assert 1 == len(verify(data).put_back)


def test_r18_nothing_is_concluded_before_both_have_decided() -> None:
    """All is accounted for, and the outcome waits; after a halt it does not."""
    old, new = arrested(1), arrested(1)
    old.say("kz.knb", "information")
    new.report(found_in(old))
    new.settle()
    new.say("uz.customs", "seizure", "accounting")
    before = new.delivery.state.outcome
    decide(new)

    assert before is None
    assert "delivered_with_arrests" == new.delivery.state.outcome
    verify(packet_of(new, old))


def test_a_history_does_not_name_itself() -> None:
    """The ledger cannot say that it is itself what was put back, nor is a second history taken along that names itself alone."""
    new = Table().dispatch()
    own = Diverged(branch=0, seq=1, how="ahead", size=1, root=new.delivery.ledger.root_at(1))
    new.report(own)
    assert 0 == new.delivery.state.branch
    assert "says nothing new" in forbidden(new, own)

    honest, second = Table().dispatch(), Table().dispatch()
    second.say("kz.knb", "information")
    second.report(found_in(second))
    second.settle()
    with pytest.raises(NotVerified, match="R18"):
        verify(packet_of(honest, second))


def test_a_history_that_was_put_back_names_the_one_before_it() -> None:
    """Put back twice, the ledger names the second and that one the first; both are there."""
    first, second, third = Table().dispatch(), Table().dispatch(), Table().dispatch()
    first.say("kz.knb", "information", text="the first")
    second.report(found_in(first))
    second.settle()
    third.report(found_in(second, branch=1))
    third.settle()

    assert [0, 1] == [one.branch for one in verify(packet_of(third, first, second)).put_back]
    with pytest.raises(NotVerified, match="R18"):
        verify(seal(third.delivery, "", private_key_of(VIGIL), third.now, others={1: second.delivery}))


def test_two_packets_of_a_record_that_was_put_back_agree_where_one_has_the_others_history() -> None:
    """One was exported before; whoever compares accuses nobody. A history that neither names is found."""
    old, new = put_back()
    before, after = old.packet(), packet_of(new, old)

    assert against(before, after).agree
    assert against(after, before).agree
    assert not against(strange().packet(), after).agree


def test_r23_what_only_the_history_that_was_put_back_holds_is_permitted_here() -> None:
    """By name, or with all that was provided before it was known; what somebody else has said there, nobody permits."""
    old, new = Table().dispatch(), Table().dispatch()
    for _ in range(30):
        old.say("uz.police", "information")
    old.say("uz.prosecutor", "authorisation_withdrawn", reason="a doubt", handling=Handling(code="H1"))
    lost = next(one for one in reversed(old.delivery.ledger.entries) if isinstance(one.event, Stated))
    name = read_statement(lost.event.envelope).id  # type: ignore[union-attr]
    new.report(found_in(old))
    new.settle()
    for service in ("kz.knb", "kz.prosecutor", "kz.police", "uz.customs", "uz.police"):
        new.say(service, "disclosure_permitted")
    with pytest.raises(RuleBroken, match=rf"uz\.prosecutor has not permitted .*{name}"):
        packet_of(new, old, purpose="court")
    new.say("uz.customs", "disclosure_permitted", statements=(name,))
    with pytest.raises(RuleBroken, match=rf"uz\.prosecutor has not permitted .*{name}"):
        packet_of(new, old, purpose="court")
    assert ("accepted", None) == became(new.say("uz.prosecutor", "disclosure_permitted", statements=(name,)))
    new.say("uz.prosecutor", "disclosure_permitted")
    verify(packet_of(new, old, purpose="court"))


def test_r18_no_decision_on_what_a_taker_found_moves_it_before_both_have_decided() -> None:
    """A weight did not fit at the airport, and the record was put back: whoever is in charge there does not pass it on alone."""

    def found_otherwise(table: Table) -> None:
        table.dispatch().say("kz.police", "handover_offered", "tashkent-airport")
        table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="12 kg")

    _, new = put_back(found_otherwise)
    about = new.opened("decision")
    services = new.at(about).checkpoint.services()

    def said() -> set[str | None]:
        return {code(new.say(one, "movement_decision", about)) for one in services}

    assert {"record_put_back"} == said()
    assert 0 == new.delivery.state.leg
    decide(new)
    assert {None} == said()
    assert 1 == new.delivery.state.leg
