"""Whose turn it is to say what, and what becomes of what is said twice, early or late."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.decided import Closed, Opened, TakenUp
from domain.delivery.reported import Asked, Stated
from domain.delivery.statement import sign_statement
from domain.delivery.verdicts import ACCEPTED
from domain.plan.directory import Directory
from domain.plan.plan import Checkpoint, Requirement
from domain.record.door import admit, receipt, resume
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.course import GROSS, PHASES, became, entry_of, forbidden, prepared, replaced
from tests.support import SECRET, Table, example_plan, submitted

# R17


@pytest.mark.parametrize(
    ("service", "kind", "at"),
    [
        ("kz.afm", "ready", "preparation"),
        ("uz.customs", "ready", "preparation"),
        ("kz.knb", "prepared", "preparation"),
        ("kz.police", "ready", "preparation"),
        ("kz.knb", "ready", "nowhere"),
        ("kz.knb", "ready", None),
        ("kz.police", "dispatched", "delivery"),
    ],
)
def test_r17_statement_counts_only_from_who_is_asked_where_it_is_asked(service: str, kind: str, at: str | None) -> None:
    """A wrong service, an unknown checkpoint, no checkpoint or another need: refused, and nothing is answered."""
    plan = replaced(example_plan(), "debrief", requires=(Requirement(service="kz.afm", says="debrief"),))
    table = Table(plan).consent()
    assert became(table.say(service, kind, at)) == ("refused", "R17")
    assert table.delivery.state.progress["preparation"].answers == {}


def test_r17_answering_twice_is_refused() -> None:
    """The first answer stands, also if the second says something else."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation")
    assert became(table.say("kz.police", "prepared", "preparation", gross="14 kg")) == ("refused", "R17")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS


def test_r17_it_is_seized_once() -> None:
    """What was weighed at the seizure is put right by a correction, not by seizing it again with another weight."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "interdicted", gross="1.39 kg")) == ("accepted", None)
    first = table.delivery.state.interdicted
    assert became(table.say("kz.police", "interdicted")) == ("refused", "R17")
    assert table.delivery.state.interdicted == first


def test_r17_consent_cannot_be_given_after_it_was_refused() -> None:
    """The two answers to one need are one turn."""
    table = Table(replaced(example_plan(), "arrest-tashkent", requires=(POLICE, *A_THIRD))).deliver()
    table.say("uz.police", "no_arrest", "arrest-tashkent")
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("refused", "R17")
    assert table.delivery.state.arrested == ()


def test_r17_late_statements_are_kept_and_change_nothing() -> None:
    """After its checkpoint has closed an answer is recorded as late and the state stays as it was."""
    plan = replaced(example_plan(), "arrest-almaty", need=1, requires=ARRESTS)
    table = Table(plan).deliver()
    table.say("kz.knb", "no_arrest", "arrest-almaty")
    assert table.is_closed("arrest-almaty")
    before = len(table.delivery.ledger)
    assert became(table.say("kz.afm", "arrest_made", "arrest-almaty")) == ("late", "R17")
    assert (len(table.delivery.ledger), table.delivery.state.arrested) == (before + 1, ())


ARRESTS = (Requirement(service="kz.knb", says="arrest"), Requirement(service="kz.afm", says="arrest"))


def test_r17_early_statements_wait_for_their_checkpoint() -> None:
    """Kept as early, without effect, and evaluated anew when the checkpoint opens: accepted or refused then."""
    table = Table()
    assert became(table.say("kz.knb", "ready", "preparation")) == ("early", "R17")
    assert became(table.say("kz.police", "prepared", "preparation", modality="removed")) == ("early", "R17")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert len(table.delivery.state.early) == 2
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    verdicts = [entry.event.verdict for entry in table.delivery.ledger.entries if isinstance(entry.event, TakenUp)]
    assert [(verdict.verdict, verdict.rule) for verdict in verdicts] == [("accepted", None), ("refused", "R3")]
    assert (table.delivery.state.early, table.delivery.state.custody) == ({}, None)
    assert table.delivery.state.progress["preparation"].waiting_for() == ("kz.police",)


def test_r17_checkpoints_open_in_the_order_of_the_steps() -> None:
    """No checkpoint opens before every one of an earlier step has closed, nor twice, nor one that nobody planned."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    for name in ("preparation", "delivery", "arrest-almaty", "accounting", "debrief", "consent-kz", "nowhere"):
        planned = table.plan.find(name)
        due = utc_text(table.now + (table.plan.due_after(planned) if planned is not None else timedelta(hours=1)))
        assert "is nothing, recorded is opened" in forbidden(table, Opened(checkpoint=name, due=due))
    assert list(table.delivery.state.progress) == ["consent-kz", "consent-uz"]


def test_r17_without_a_handover_the_delivery_still_follows_the_departure() -> None:
    """On a route of one leg no handover stands between: the delivery opens only after the departure has closed."""
    plan = example_plan()
    kept = tuple(checkpoint for checkpoint in plan.checkpoints if checkpoint.id not in ("consent-uz", "tashkent-airport"))
    leg = plan.legs[0].model_copy(update={"end": "delivery"})
    table = Table(plan.model_copy(update={"checkpoints": kept, "legs": (leg,)}))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    prepared(table).say("kz.police", "dispatched", "departure")
    assert (table.is_open("departure"), table.delivery.state.dispatched) == (True, True)
    assert "delivery" not in table.delivery.state.progress
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    assert table.is_open("delivery")


def test_r17_planned_checkpoint_is_defined_by_the_plan_alone() -> None:
    """Opening it with a definition that asks fewer services is not believed (found by test)."""
    table = Table().consent()
    planned = table.plan.find("preparation")
    assert planned is not None
    fewer = Checkpoint(id="preparation", requires=planned.requires[1:], due=planned.due)
    opening = entry_of(table, "opened", checkpoint="preparation")
    assert "due then is opened" in forbidden(table, opening.event.model_copy(update={"definition": fewer}), instead_of=opening)


@pytest.mark.parametrize("hours", [None, 0, 1000])
def test_r2_planned_checkpoint_is_due_when_the_plan_says(hours: int | None) -> None:
    """Who runs the installation cannot let a request for consent wait for ever, nor make it overdue at once."""
    table = Table()
    due = None if hours is None else utc_text(table.now + timedelta(hours=hours))
    opening = entry_of(table, "opened", checkpoint="consent-kz")
    assert "due then is opened" in forbidden(table, opening.event.model_copy(update={"due": due}), instead_of=opening)


def test_r17_nobody_was_asked_at_a_checkpoint_that_is_not_open() -> None:
    """Asking is recorded only where a checkpoint is open, and of those it asks; closing, only where it has its answers."""
    table = Table()
    for name, who in (("preparation", "kz.knb"), ("nowhere", "kz.knb"), ("consent-kz", "uz.prosecutor")):
        with pytest.raises(RuleBroken, match="R17"):
            table.report(Asked(checkpoint=name, received=(who,)))
        assert "R17" in forbidden(table, Asked(checkpoint=name, received=(who,)))
    satisfied = Closed(checkpoint="consent-kz", result="satisfied")
    assert "is nothing, recorded is closed" in forbidden(table, satisfied)
    table.consent()
    before = len(table.delivery.ledger)
    table.report(Asked(checkpoint="consent-kz", received=("kz.prosecutor",)))
    assert len(table.delivery.ledger) == before
    assert "says nothing new" in forbidden(table, Asked(checkpoint="consent-kz", received=("kz.prosecutor",)))
    assert "is nothing, recorded is closed" in forbidden(table, satisfied)


def test_r17_quorum_counts_distinct_services() -> None:
    """Two of three are enough where the plan says so, and one service that speaks twice is still one."""
    table = Table(replaced(example_plan(), "arrest-almaty", need=2, requires=(*ARRESTS, *A_THIRD))).deliver()
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert became(table.say("kz.knb", "no_arrest", "arrest-almaty")) == ("refused", "R17")
    assert table.is_open("arrest-almaty")
    table.say("kz.police", "arrest_made", "arrest-almaty")
    assert table.is_closed("arrest-almaty")


POLICE = Requirement(service="uz.police", says="arrest")
A_THIRD = (Requirement(service="kz.police", says="arrest"),)


# R18


def test_r18_same_bytes_get_the_same_receipt_and_no_second_entry() -> None:
    """A statement sent again, even after more has happened, is the same statement."""
    table = Table()
    envelope = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    first = submitted(table.delivery, envelope, table.now)
    table.say("kz.prosecutor", "stop_requested")
    table.pass_time(hours=1)
    before = len(table.delivery.ledger)
    assert submitted(table.delivery, envelope, table.now) == first
    assert receipt(table.delivery, envelope) == first
    assert len(table.delivery.ledger) == before


def test_r18_same_id_with_other_content_is_recorded_as_refused() -> None:
    """The attempt is evidence, the first content stands, and its receipt stays what it was."""
    table = Table().consent()
    first = table.say("kz.police", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.police", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert became(again) == ("refused", "R18")
    assert again.seq > first.seq
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == GROSS
    kept = table.delivery.ledger[first.seq].event
    assert isinstance(kept, Stated)
    assert receipt(table.delivery, kept.envelope) == first


def test_r18_the_same_contradiction_again_is_recorded_once() -> None:
    """Repeating it gets the first refusal's receipt and leaves no second entry: the ledger cannot be filled that way."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", id="one-and-the-same")
    again = table.say("kz.police", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    so_far = len(table.delivery.ledger)

    assert again == table.say("kz.police", "prepared", "preparation", id="one-and-the-same", gross="1 kg")
    assert so_far == len(table.delivery.ledger)


def test_r18_id_used_by_one_service_cannot_be_used_by_another() -> None:
    """Whoever takes an id first has it."""
    table = Table()
    table.say("kz.knb", "stop_requested", id="one-and-the-same")
    assert became(table.say("uz.police", "stop_requested", id="one-and-the-same")) == ("refused", "R18")


def test_r18_early_statement_is_taken_up_once_and_with_the_rules_verdict() -> None:
    """Nothing that is not kept is taken up, and not with another verdict, nor while it is still early."""
    table = Table().dispatch()
    early = table.say("uz.customs", "handover_accepted", "tashkent-airport")
    for name, verdict in ((early.statement, ACCEPTED), (early.statement, early.verdict), ("never-said", ACCEPTED)):
        assert "is nothing, recorded is taken_up" in forbidden(table, TakenUp(statement=name, verdict=verdict))
    refused = table.say("uz.police", "handover_accepted", "tashkent-airport").verdict
    assert refused.verdict == "refused"
    table.say("kz.police", "handover_offered", "tashkent-airport")
    taken_up = entry_of(table, "taken_up", statement=early.statement)
    wrong = TakenUp(statement=early.statement, verdict=refused)
    assert "due then is taken_up" in forbidden(table, wrong, instead_of=taken_up)
    assert "is nothing, recorded is taken_up" in forbidden(table, TakenUp(statement=early.statement, verdict=ACCEPTED))


def test_r18_there_is_no_receipt_for_what_was_never_said_or_signed_otherwise() -> None:
    """A receipt is of exactly these bytes and this signature."""
    table = Table()
    said = table.statement("kz.knb", "stop_requested")
    signed, by_another = (sign_statement(said, private_key_of(service)) for service in ("kz.knb", "uz.police"))
    assert receipt(table.delivery, signed) is None
    first = submitted(table.delivery, signed, table.now)
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
    table.delivery.state.directory = table.directory
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
            submitted(table.delivery, envelope, table.now)
    assert tuple(table.delivery.ledger) == before
    assert (len(table.delivery.state.statements), table.delivery.state.halt) == (2, None)
    assert became(submitted(table.delivery, good, table.now)) == ("accepted", None)


@pytest.mark.parametrize(
    "key",
    [
        {"revoked_at": "2022-03-01T07:00:00Z"},
        {"valid_until": "2022-03-01T07:00:00Z"},
        {"valid_from": "2022-03-01T07:00:00.000001Z"},
    ],
)
def test_admit_refuses_a_key_that_is_not_valid_now(key: dict[str, str]) -> None:
    """Revoked, run out or not yet valid at this instant: not authentic; the other side of the boundary is admitted."""
    table = with_keys(**key)
    statement = table.statement("kz.knb", "sighted")
    envelope = sign_statement(statement, private_key_of("kz.knb"))
    then = table.now + timedelta(hours=1)
    with pytest.raises(NotAuthentic):
        admit(table.delivery, envelope, then)
    inside = timedelta(microseconds=1 if "valid_from" in key else -1)
    assert admit(table.delivery, envelope, then + inside) == statement


@pytest.mark.slow
@given(phase=st.sampled_from(sorted(PHASES)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_the_ledger_adds_up_to_the_same_delivery(phase: str, data: st.DataObject) -> None:
    """Random words by random services at random checkpoints: nothing crashes, and the entries rebuild the same state."""
    table = PHASES[phase]()
    names = [checkpoint.id for checkpoint in table.plan.checkpoints] + [None, "nowhere", "stop.acknowledged"]
    for _ in range(data.draw(st.integers(1, 8))):
        service = data.draw(st.sampled_from(table.plan.participants()))
        kind = data.draw(st.sampled_from(sorted(KINDS)))
        at = data.draw(st.sampled_from(names))
        if table.delivery.state.ended or (kind.startswith("authorisation_") and table.directory.get(service).state is None):
            continue
        table.say(service, kind, at, **KINDS[kind])
        table.pass_time(hours=data.draw(st.integers(0, 30)))
    again = resume(table.directory, table.cards, table.delivery.ledger.entries, SECRET)
    assert again.state == table.delivery.state
    assert again.ledger.root == table.delivery.ledger.root


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
