"""Whose turn it is to say what, and what becomes of what is said twice, early or late."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.delivery import Delivery
from domain.delivery.events import Asked, Cleared, Closed, Opened, Stated, TakenUp
from domain.delivery.statement import sign_statement
from domain.delivery.verdicts import Verdict
from domain.plan.directory import Directory
from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.record.door import admit, receipt, resume, submit, take_up
from domain.rules import unforeseen
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.course import (
    GROSS,
    PHASES,
    became,
    delivered,
    forbidden,
    handed_over,
    let_time_bring,
    opened,
    prepared,
    replaced,
)
from tests.support import Table, example_plan, signed_plan

# R17


@pytest.mark.parametrize(
    ("service", "kind", "at"),
    [
        ("kz.police", "ready", "preparation"),
        ("uz.customs", "ready", "preparation"),
        ("kz.knb", "prepared", "preparation"),
        ("kz.customs", "ready", "preparation"),
        ("kz.knb", "ready", "nowhere"),
        ("kz.knb", "ready", None),
        ("kz.customs", "dispatched", "delivery"),
    ],
)
def test_r17_statement_counts_only_from_who_is_asked_where_it_is_asked(service: str, kind: str, at: str | None) -> None:
    """A wrong service, an unknown checkpoint, no checkpoint or another need: refused, and nothing is answered."""
    plan = replaced(example_plan(), "debrief", requires=(Requirement(service="kz.police", says="debrief"),))
    table = opened(Table(plan).consent(), "preparation")
    assert became(table.say(service, kind, at)) == ("refused", "R17")
    assert table.delivery.state.progress["preparation"].answers == {}


def test_r17_answering_twice_is_refused() -> None:
    """The first answer stands, also if the second says something else."""
    table = opened(Table().consent(), "preparation")
    table.say("kz.customs", "prepared", "preparation")
    assert became(table.say("kz.customs", "prepared", "preparation", gross="14 kg")) == ("refused", "R17")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS


def test_r17_it_is_seized_once() -> None:
    """What was weighed at the seizure is put right by a correction, not by seizing it again with another weight."""
    table = Table().approach()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.customs", "interdicted", gross="1.39 kg")) == ("accepted", None)
    first = table.delivery.state.interdicted
    assert became(table.say("kz.customs", "interdicted")) == ("refused", "R17")
    assert table.delivery.state.interdicted == first


def test_r17_consent_cannot_be_given_after_it_was_refused() -> None:
    """The two answers to one need are one turn."""
    table = opened(delivered(), *())
    table.say("uz.police", "no_arrest", "arrest-tashkent")
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("refused", "R17")
    assert table.delivery.state.arrested == 0


def test_r17_late_statements_are_kept_and_change_nothing() -> None:
    """After its checkpoint has closed an answer is recorded as late and the state stays as it was."""
    plan = replaced(example_plan(), "arrest-almaty", need=1, requires=ARRESTS)
    table = delivered_with(plan)
    table.say("kz.knb", "no_arrest", "arrest-almaty")
    table.close("arrest-almaty")
    before = len(table.delivery.ledger)
    assert became(table.say("kz.police", "arrest_made", "arrest-almaty")) == ("late", None)
    assert (len(table.delivery.ledger), table.delivery.state.arrested) == (before + 1, 0)


ARRESTS = (Requirement(service="kz.knb", says="arrest"), Requirement(service="kz.police", says="arrest"))


def delivered_with(plan: Plan) -> Table:
    """Delivered by this plan."""
    table = handed_over(Table(plan).approach())
    table.open("delivery")
    table.say("uz.customs", "delivered", "delivery")
    table.close("delivery")
    table.open("arrest-tashkent", "arrest-almaty")
    return table


def test_r17_early_statements_wait_for_their_checkpoint() -> None:
    """Kept as early, without effect, and evaluated anew when the checkpoint opens: accepted or refused then."""
    table = opened(Table(), "consent-kz", "consent-uz")
    assert became(table.say("kz.knb", "ready", "preparation")) == ("early", None)
    assert became(table.say("kz.customs", "prepared", "preparation", modality="removed")) == ("early", None)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}")
    table.close("consent-kz", "consent-uz")
    assert len(table.delivery.state.early) == 2
    table.open("preparation")
    verdicts = [entry.event.verdict for entry in table.delivery.ledger if isinstance(entry.event, TakenUp)]
    assert [(verdict.verdict, verdict.rule) for verdict in verdicts] == [("accepted", None), ("refused", "R3")]
    assert (table.delivery.state.early, table.delivery.state.custody) == ({}, None)


def test_r17_checkpoints_open_in_the_order_of_the_steps() -> None:
    """No checkpoint opens before every one of an earlier step has closed, nor twice, nor one that nobody planned."""
    table = opened(Table(), "consent-kz")
    due = utc_text(table.now + timedelta(hours=1))
    for name in ("preparation", "delivery", "arrest-almaty", "accounting", "debrief", "consent-kz", "nowhere"):
        assert forbidden(table, Opened(checkpoint=name, due=due)) == "R17"
    table.open("consent-uz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.close("consent-kz")
    assert forbidden(table, Opened(checkpoint="preparation", due=due)) == "R17"


def test_r17_without_a_handover_the_delivery_still_follows_the_departure() -> None:
    """On a route of one leg no handover stands between: the delivery opens only after the departure has closed."""
    plan = example_plan()
    kept = tuple(checkpoint for checkpoint in plan.checkpoints if checkpoint.id not in ("consent-uz", "tashkent-airport"))
    leg = plan.legs[0].model_copy(update={"end": "delivery"})
    table = Table(plan.model_copy(update={"checkpoints": kept, "legs": (leg,)}))
    table.open("consent-kz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.close("consent-kz")
    prepared(table).record(Cleared(leg=0))
    with pytest.raises(RuleBroken, match="R17: delivery does not open before departure has closed"):
        table.open("delivery")


def test_r17_planned_checkpoint_is_defined_by_the_plan_alone() -> None:
    """Opening it with a definition that asks fewer services is not permitted (found by test)."""
    table = Table().consent()
    planned = table.plan.find("preparation")
    assert planned is not None
    fewer = Checkpoint(id="preparation", requires=planned.requires[1:], due=planned.due)
    due = utc_text(table.now + planned.due)
    assert forbidden(table, Opened(checkpoint="preparation", due=due, definition=fewer)) == "R17"


@pytest.mark.parametrize("hours", [None, 0, 1000])
def test_r2_planned_checkpoint_is_due_when_the_plan_says(hours: int | None) -> None:
    """Who runs the installation cannot let a request for consent wait for ever, nor make it overdue at once."""
    table = Table()
    due = None if hours is None else utc_text(table.now + timedelta(hours=hours))
    assert forbidden(table, Opened(checkpoint="consent-kz", due=due)) == "R2"


def test_r17_nobody_was_asked_at_a_checkpoint_that_is_not_open() -> None:
    """Asking is recorded only where a checkpoint has opened; closing, only where it is open."""
    table = Table()
    assert forbidden(table, Asked(checkpoint="consent-kz", received=("kz.prosecutor",))) == "R17"
    assert forbidden(table, Closed(checkpoint="consent-kz", result="satisfied")) == "R17"
    table.consent()
    assert forbidden(table, Closed(checkpoint="consent-kz", result="satisfied")) == "R17"


def test_r17_quorum_counts_distinct_services() -> None:
    """One of two is enough where the plan says so, and one service that speaks twice is still one."""
    table = delivered_with(replaced(example_plan(), "arrest-almaty", need=2, requires=(*ARRESTS, *ARRESTS_TASHKENT)))
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert became(table.say("kz.knb", "no_arrest", "arrest-almaty")) == ("refused", "R17")
    assert forbidden(table, Closed(checkpoint="arrest-almaty", result="satisfied")) == "R17"
    table.say("uz.customs", "arrest_made", "arrest-almaty")
    table.close("arrest-almaty")


ARRESTS_TASHKENT = (Requirement(service="uz.customs", says="arrest"),)


# R18


def test_r18_same_bytes_get_the_same_receipt_and_no_second_entry() -> None:
    """A statement sent again, even after more has happened, is the same statement."""
    table = opened(Table(), "consent-kz")
    envelope = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    first = submit(table.delivery, envelope, table.now)
    table.say("kz.prosecutor", "stop_requested")
    before = len(table.delivery.ledger)
    table.pass_time(hours=1)
    assert submit(table.delivery, envelope, table.now) == first
    assert receipt(table.delivery, envelope) == first
    assert len(table.delivery.ledger) == before


def test_r18_same_id_with_other_content_is_recorded_as_refused() -> None:
    """The attempt is evidence, the first content stands, and its receipt stays what it was."""
    table = opened(Table().consent(), "preparation")
    first = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert became(again) == ("refused", "R18")
    assert again.seq == first.seq + 1
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS
    kept = table.delivery.ledger[first.seq].event
    assert isinstance(kept, Stated)
    assert receipt(table.delivery, kept.envelope) == first


def test_r18_the_same_contradiction_again_is_recorded_once() -> None:
    """Repeating it gets the first refusal's receipt and leaves no second entry: the ledger cannot be filled that way."""
    table = opened(Table().consent(), "preparation")
    table.say("kz.customs", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    so_far = len(table.delivery.ledger)

    assert again == table.say("kz.customs", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert so_far == len(table.delivery.ledger)


def test_r18_id_used_by_one_service_cannot_be_used_by_another() -> None:
    """Whoever takes an id first has it."""
    table = Table()
    table.say("kz.knb", "stop_requested", id="one-and-the-same")
    assert became(table.say("uz.police", "stop_requested", id="one-and-the-same")) == ("refused", "R18")


def test_r18_early_statement_is_taken_up_once_and_with_the_rules_verdict() -> None:
    """Nothing that is not kept is taken up, and not with another verdict, nor while it is still early."""
    table = Table().approach()
    early = table.say("uz.customs", "handover_accepted", "tashkent-airport").statement
    accepted = Verdict(verdict="accepted")
    assert forbidden(table, TakenUp(statement=early, verdict=accepted)) == "R18"
    still = table.delivery.state.statements[early].verdict
    assert forbidden(table, TakenUp(statement=early, verdict=still)) == "R18"
    assert forbidden(table, TakenUp(statement="never-said", verdict=accepted)) == "R18"
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert forbidden(table, TakenUp(statement=early, verdict=accepted)) == "R18"


def test_r18_there_is_no_receipt_for_what_was_never_said_or_signed_otherwise() -> None:
    """A receipt is of exactly these bytes and this signature."""
    table = Table()
    said = table.statement("kz.knb", "stop_requested")
    signed, by_another = (sign_statement(said, private_key_of(service)) for service in ("kz.knb", "uz.police"))
    assert receipt(table.delivery, signed) is None
    first = submit(table.delivery, signed, table.now)
    assert receipt(table.delivery, signed) == first
    assert receipt(table.delivery, by_another) is None


# The door: what is noise leaves no trace


def raw(payload: bytes) -> Envelope:
    """These bytes, signed by a participant."""
    return sign(payload, STATEMENT_TYPE, private_key_of("kz.knb"))


def with_keys(**key: str) -> Table:
    """A table at which the key of `kz.knb` has this validity."""
    table = Table()
    services = tuple(
        service.model_copy(update={"keys": (service.keys[0].model_copy(update=dict(key)),)})
        if service.id == "kz.knb"
        else service
        for service in table.directory.services
    )
    table.directory = Directory(vigil="directory/1", services=services)
    table.delivery.directory = table.directory
    return table


def test_admit_refuses_noise_and_leaves_no_trace() -> None:
    """Malformed, not canonical, unknown, forged, about another delivery or from outside: nothing enters the ledger."""
    table = Table()
    statement = table.statement("kz.knb", "stop_requested")
    payload = canonical(statement)
    good = sign_statement(statement, private_key_of("kz.knb"))
    elsewhere = statement.model_copy(update={"delivery": "another-one"})
    unknown = statement.model_copy(update={"service": "kz.nobody"})
    outside = table.statement("ru.police", "stop_requested")
    noise = [
        (raw(b"not json"), Malformed),
        (raw(b"{}"), Malformed),
        (raw(payload.replace(b'{"checkpoint"', b'{ "checkpoint"')), Malformed),
        (raw(payload[:-1] + b',"more":1}'), Malformed),
        (raw(payload + b"\n"), Malformed),
        (good.model_copy(update={"payload": good.payload[:-4] + "!!!!"}), Malformed),
        (sign_statement(elsewhere, private_key_of("kz.knb")), NotFound),
        (sign_statement(unknown, private_key_of("kz.nobody")), NotAuthentic),
        (sign_statement(statement, private_key_of("uz.police")), NotAuthentic),
        (good.model_copy(update={"payload": raw(payload.replace(b"danger", b"dangex")).payload}), NotAuthentic),
        (sign(payload, "application/vnd.vigil.plan+json", private_key_of("kz.knb")), NotAuthentic),
        (sign(payload, STATEMENT_TYPE, private_key_of("kz.knb"), private_key_of("uz.police")), NotAuthentic),
        (sign_statement(outside, private_key_of("ru.police")), NotAllowed),
    ]
    before = tuple(table.delivery.ledger)
    for envelope, error in noise:
        with pytest.raises(error):
            submit(table.delivery, envelope, table.now)
    assert tuple(table.delivery.ledger) == before
    assert (table.delivery.state.statements, table.delivery.state.halt) == ({}, None)
    assert became(submit(table.delivery, good, table.now)) == ("accepted", None)


@pytest.mark.parametrize(
    "key",
    [
        {"revoked_at": "2022-03-01T06:00:00Z"},
        {"valid_until": "2022-03-01T06:00:00Z"},
        {"valid_from": "2022-03-01T06:00:00.000001Z"},
    ],
)
def test_admit_refuses_a_key_that_is_not_valid_now(key: dict[str, str]) -> None:
    """Revoked, run out or not yet valid at this instant: not authentic; the other side of the boundary is admitted."""
    table = with_keys(**key)
    statement = table.statement("kz.knb", "sighted")
    envelope = sign_statement(statement, private_key_of("kz.knb"))
    with pytest.raises(NotAuthentic):
        admit(table.delivery, envelope, table.now)
    inside = timedelta(microseconds=1 if "valid_from" in key else -1)
    assert admit(table.delivery, envelope, table.now + inside) == statement


@given(phase=st.sampled_from(sorted(PHASES)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_the_ledger_adds_up_to_the_same_delivery(phase: str, data: st.DataObject) -> None:
    """Random words by random services at random checkpoints: nothing crashes, and the entries rebuild the same state."""
    table = PHASES[phase]()
    names = [checkpoint.id for checkpoint in table.plan.checkpoints] + [None, "nowhere", unforeseen.ACKNOWLEDGED]
    for _ in range(data.draw(st.integers(1, 8))):
        service = data.draw(st.sampled_from(table.plan.participants()))
        kind = data.draw(st.sampled_from(sorted(KINDS)))
        at = data.draw(st.sampled_from(names))
        if kind.startswith("authorisation_") and table.directory.get(service).state is None:
            continue
        table.say(service, kind, at, **KINDS[kind])
        table.pass_time(hours=data.draw(st.integers(0, 30)))
        let_time_bring(table)
        take_up(table.delivery, table.now)
    again = resume(signed_plan(table.plan), table.directory, table.cards, tuple(table.delivery.ledger))
    assert summary(again) == summary(table.delivery)


KINDS: dict[str, dict[str, Any]] = {
    "authorisation_granted": {},
    "authorisation_refused": {},
    "authorisation_extended": {"valid_until": "2022-04-09T00:00:00Z"},
    "authorisation_withdrawn": {},
    "prepared": {},
    "ready": {},
    "dispatched": {},
    "sighted": {},
    "handover_offered": {},
    "handover_accepted": {"gross": "13.8 kg"},
    "handover_declined": {},
    "movement_decision": {},
    "delivered": {},
    "arrest_made": {},
    "no_arrest": {},
    "seizure": {},
    "debriefed": {},
    "stop_acknowledged": {},
    "interdicted": {},
}


def summary(delivery: Delivery) -> tuple[Any, ...]:
    """All that a delivery knows."""
    return (
        delivery.ledger.head,
        delivery.state.statements,
        delivery.state.early,
        delivery.state.progress,
        delivery.state.grants,
        delivery.state.custody,
        delivery.state.discrepancy,
        delivery.state.cleared,
        delivery.state.leg,
        delivery.state.delivered,
        delivery.state.arrested,
        delivery.state.secured,
        delivery.state.halt,
    )
