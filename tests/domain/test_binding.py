"""R18: a statement is about a plan of this delivery, and decides on no other history than the one that is recorded."""

import pytest

from domain.delivery.reported import Amended
from domain.delivery.statement import Seen
from domain.record.door import amend
from domain.record.verify import verify
from domain.views.asked import request
from tests.course import became, code
from tests.support import Table, example_plan, signed_plan, with_changes
from workflows.errands import Question, wanted

OTHER = "0" * 64
ELSEWHERE = Seen(size=2, root=OTHER)


def amended() -> Table:
    """The plan was changed while consent was asked for: the departure is given another time."""
    table = Table()
    plan = with_changes(example_plan(), departure={"due": "P2D"})
    amend(table.delivery, Amended(plan=signed_plan(plan)), table.now)
    table.settle()
    return table


def test_a_consent_is_to_the_plan_in_force() -> None:
    """A consent to the plan as it was is refused; one to the plan as it is counts."""
    table = amended()
    first, second = (known for _, known in table.delivery.state.plans)
    old = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", plan=first)
    new = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", plan=second)

    assert (("refused", "R18"), "other_plan") == (became(old), code(old))
    assert ("accepted", None) == became(new)


def test_another_word_may_be_about_an_earlier_plan() -> None:
    """What was said before the change reached its speaker counts; what names a plan of nowhere, or none, does not."""
    table = amended()
    first, _ = (known for _, known in table.delivery.state.plans)
    told = [table.say("kz.knb", "information", plan=plan) for plan in (first, OTHER, None)]

    assert [None, "unknown_plan", "names_no_plan"] == [code(one) for one in told]


@pytest.mark.parametrize(
    ("service", "kind", "more"),
    [
        ("uz.police", "stop_requested", {}),
        ("uz.police", "incident", {"risk_to_life": True, "what": "danger"}),
        ("kz.police", "interdicted", {}),
        ("kz.prosecutor", "authorisation_withdrawn", {}),
    ],
)
def test_a_brake_is_never_refused_for_plan_or_history(service: str, kind: str, more: dict[str, object]) -> None:
    """R8: whoever stops need not know which plan is in force, and what he has seen is no reason not to hear him."""
    for plan, seen in ((None, None), (OTHER, ELSEWHERE)):
        table = Table().dispatch()
        answer = table.say(service, kind, plan=plan, seen=seen, **more)

        assert "accepted" == answer.verdict.verdict
        assert table.delivery.state.halt is not None
        assert (() if seen is None else (answer.seq,)) == verify(table.packet()).other_history


def test_an_incident_without_a_risk_to_life_names_its_plan() -> None:
    """It stops nothing, so it is a word like others."""
    assert "names_no_plan" == code(Table().say("uz.police", "incident", risk_to_life=False, what="a puncture", plan=None))


def test_nobody_decides_on_another_history() -> None:
    """Consent, offer, acceptance and decision are refused where their service has seen more entries than stand here."""
    table = Table()
    more = Seen(size=len(table.delivery.ledger) + 1, root=OTHER)
    assert "seen_more" == code(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", seen=more))
    table = Table().dispatch()
    more = Seen(size=10_000, root=OTHER)
    offered = table.say("kz.police", "handover_offered", "tashkent-airport", seen=more)
    table.say("kz.police", "handover_offered", "tashkent-airport")
    taken = table.say("uz.customs", "handover_accepted", "tashkent-airport", seen=more)

    assert ["seen_more"] * 2 == [code(offered), code(taken)]


def test_whoever_has_every_entry_finds_who_decided_on_another_history() -> None:
    """The run that judges may have let go of its entries; whoever verifies has them, and names each that was shown others."""
    table = Table()
    answer = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", seen=ELSEWHERE)

    assert ("accepted", None) == became(answer)
    assert (answer.seq,) == verify(table.packet()).other_history


def test_what_was_asked_is_what_is_answered() -> None:
    """A request carries the plan in force and the ledger as it stands; an answer that repeats both counts."""
    table = Table()
    asked = request(table.delivery, "consent-kz", "kz.prosecutor")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    answer = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", plan=asked.plan, seen=asked.seen)

    assert table.delivery.state.plan_digest == asked.plan == signed_plan(table.plan).fingerprint()
    assert table.delivery.ledger.root_at(asked.seen.size) == asked.seen.root
    assert ("accepted", None) == became(answer)


def test_a_changed_plan_is_asked_afresh_where_consent_is() -> None:
    """The consent is another request, by another id; whoever is asked for anything else is not asked again."""
    before, after = Table(), amended()
    first, second = (request(one.delivery, "consent-kz", "kz.prosecutor") for one in (before, after))

    assert first.id != second.id
    assert Question("consent-kz", "kz.prosecutor", 0) in wanted(before.delivery)
    assert Question("consent-kz", "kz.prosecutor", 1) in wanted(after.delivery)


def test_what_came_early_is_judged_by_the_plan_of_its_time() -> None:
    """An early consent to a plan that is changed before its checkpoint opens is refused when it is taken up."""
    table = Table(alone=False)
    early = table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    amend(table.delivery, Amended(plan=signed_plan(with_changes(table.plan, departure={"due": "P2D"}))), table.now)
    table.deconflict()
    taken = [entry.event for entry in table.delivery.ledger.entries if entry.event.event == "taken_up"]

    assert "early" == early.verdict.verdict
    assert ["other_plan"] == [one.verdict.finding.code for one in taken if one.verdict.finding is not None]
