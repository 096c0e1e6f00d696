"""R15: who looks for what others watch learns nothing before a competent service has signed, nor by amendments."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Closed
from domain.delivery.reported import Deconflicted, Deferred
from domain.delivery.statement import Said
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.plan.selectors import Selector
from domain.record.door import amend
from domain.record.verify import verify
from domain.signing.canonical import canonical, digest
from domain.views.asked import inbox
from domain.views.sight import page
from domain.views.view import view
from domain.words.errors import RuleBroken
from domain.words.moments import utc_text
from rehearsal.peers import GOOD
from rehearsal.simulator import changing
from tests.course import became, forbidden
from tests.support import Table, example_plan, with_changes
from workflows.errands import Look, wanted

FISHER = "kz.knb"
SIGNER = "kz.prosecutor"
ASKED = "deconfliction.1"


def looks(table: Table) -> bool:
    """Whether the register is to be looked into now."""
    return any(isinstance(one, Look) for one in wanted(table.delivery))


def unsigned(plan: Plan | None = None) -> Table:
    """A delivery that has begun, and nobody has signed for a look."""
    return Table(plan or example_plan(), signed=False, alone=False)


def more_selectors(plan: Plan, *names: str) -> Plan:
    """The plan that touches these as well."""
    added = tuple(Selector(kind="phone", hash=digest(name)) for name in names)
    return plan.model_copy(update={"selectors": (*plan.selectors, *added)})


def changed(table: Table, plan: Plan) -> None:
    """The initiator changes the plan."""

    class World:
        directory = table.directory
        cards = table.cards
        peers = GOOD

    amend(table.delivery, changing(World, plan), table.now)  # type: ignore[arg-type]
    table.settle()


def shown(table: Table, service: str) -> bytes:
    """All that a service can read, in one text."""
    reader = table.directory.get(service)
    found: list[Any] = [view(table.delivery, reader, table.now), *inbox(table.delivery, service, table.now)]
    return b"\n".join(map(canonical, [*found, *page(table.delivery, reader, 0)]))


def test_before_a_signature_nothing_is_looked_into_however_long_it_waits() -> None:
    """Neither at the start, nor when it has come due and halted; and the register's answer would be no entry of the ledger."""
    table = unsigned()
    assert not looks(table)
    with pytest.raises(RuleBroken, match="R15"):
        table.report(Deconflicted(number=1, order=0))
    assert "R15" in forbidden(table, Deconflicted(number=1, order=0))
    table.pass_time(days=3)
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("silence", "R15", "not_signed") == (halt.cause, halt.rule, halt.finding.code)
    assert not looks(table)


@pytest.mark.parametrize("service", ["kz.police", "uz.prosecutor", "uz.police", FISHER])
def test_nobody_else_signs_for_it(service: str) -> None:
    """Not the initiator, no other service of its State, no prosecutor of another State."""
    table = unsigned()
    assert ("refused", "R15") == became(table.say(service, "deconfliction_requested", ASKED))
    assert not looks(table)


def test_the_rule_itself_refuses_who_is_not_competent() -> None:
    """The checkpoint asks only services that are; the rule does not rely on that."""
    table = unsigned()
    said = table.statement(FISHER, "deconfliction_requested", ASKED)
    verdict = said.content.judge(table.delivery, Said(99, table.now, said, ("a" * 32,)))
    assert verdict.finding is not None
    assert "not_competent" == verdict.finding.code


def test_a_delegation_does_not_let_the_initiator_sign_for_itself() -> None:
    """Its prosecutor cannot let it say what the prosecutor is asked."""
    table = unsigned()
    assert ("refused", "R13") == became(table.say(SIGNER, "delegated", to=FISHER))
    said = table.say(FISHER, "deconfliction_requested", ASKED, on_behalf_of=SIGNER)
    assert ("refused", "R21") == became(said)
    assert not looks(table)


def test_a_plan_without_anybody_who_may_sign_is_no_plan() -> None:
    """The check says whom it lacks: the initiator itself does not count."""
    plan = with_changes(plan_={"initiator": SIGNER})
    table = unsigned()
    found = [one.problem for one in faults_in(plan, table.directory, table.cards) if one.problem.startswith("R15")]
    assert ["other than who initiates it" in problem for problem in found] == [True]


def test_a_signature_lets_it_be_looked_into_and_a_stranger_agrees() -> None:
    """The answer names the signature's entry, in the packet too."""
    table = unsigned()
    assert ("accepted", None) == became(table.say(SIGNER, "deconfliction_requested", ASKED))
    assert looks(table)
    table.deconflict()
    assert table.is_open("consent-kz", "consent-uz")
    assert not looks(table)
    assert verify(table.packet(), table.directory).size == len(table.delivery.ledger)


def test_a_refusal_ends_it() -> None:
    """Nothing is looked into, and it goes no further."""
    table = unsigned()
    table.say(SIGNER, "deconfliction_refused", ASKED)
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("refused", "R15") == (halt.cause, halt.rule)
    assert not looks(table)


def test_who_signs_is_told_how_much_is_looked_for_and_never_what() -> None:
    """Kinds and counts, and who asks."""
    plan = more_selectors(example_plan(), "one", "two")
    (asked,) = inbox(unsigned(plan).delivery, SIGNER, unsigned(plan).now)
    assert "telephones 2" in asked.facts.problem
    assert digest("one") not in canonical(asked).decode()


@pytest.mark.parametrize("service", ["uz.prosecutor", "uz.customs", "uz.police", SIGNER])
def test_whether_somebody_watches_is_in_no_word_that_others_read(service: str) -> None:
    """Who takes part and does not run it reads the same bytes whether another operation was found or nobody has looked yet. That
    none was found it can tell from both, once consent is asked; as SECURITY.md says, that tells by itself that nothing stands in
    the way.
    """
    found, unlooked, unwatched = (Table(alone=False) for _ in range(3))
    found.deconflict("ru.police")
    unwatched.deconflict()
    assert unwatched.is_open("consent-kz", "consent-uz")
    assert shown(unlooked, service) == shown(found, service) != shown(unwatched, service)
    assert shown(unlooked, FISHER) != shown(found, FISHER)


@pytest.mark.parametrize("service", ["uz.prosecutor", "uz.customs", "uz.police"])
def test_a_halt_for_a_conflict_looks_like_any_decision_not_to_go_on(service: str) -> None:
    """Neither by word nor by rule do others hear that another operation comes first."""
    table = Table(alone=False)
    table.deconflict("ru.police")
    table.say(FISHER, "conflict_yielded", table.opened("conflict"), reason="they were first")
    assert b"R15" not in shown(table, service)
    assert b"operation comes first" not in shown(table, service)
    assert "it was decided not to go on" == view(table.delivery, table.directory.get(service), table.now).halted


def test_one_signature_serves_a_change_that_touches_nothing_more() -> None:
    """More time at a checkpoint needs no other."""
    table = Table()
    changed(table, with_changes(debrief={"due": "9d"}))
    assert "deconfliction.2" not in table.delivery.state.progress
    assert table.is_open("consent-kz", "consent-uz")


def test_a_change_that_touches_more_needs_a_signature_before_anything_is_looked_into() -> None:
    """An initiator cannot fish with amendments: nothing is looked into and nothing leaves before it is signed afresh."""
    table = Table()
    table.signed = table.alone = False
    changed(table, more_selectors(table.plan, "new"))
    assert table.is_open("deconfliction.2")
    assert not looks(table)
    table.prepare()
    assert not table.is_open("departure")
    table.say(SIGNER, "deconfliction_requested", "deconfliction.2")
    assert looks(table)
    table.deconflict()
    assert table.is_open("departure")


def test_a_signature_for_another_plan_is_none() -> None:
    """It is to the plan in force, as a consent is."""
    table = unsigned()
    before = table.delivery.state.plan_digest
    changed(table, more_selectors(table.plan, "new"))
    assert ("refused", "R18") == became(table.say(SIGNER, "deconfliction_requested", ASKED, plan=before))
    assert not looks(table)


def test_an_answer_to_an_earlier_signature_does_not_stand_for_what_was_added() -> None:
    """Another's claim brings an answer about the old claim: it counts as news, and nothing leaves on it."""
    table = Table()
    table.alone = False
    first = table.delivery.state.register.orders[-1]
    changed(table, more_selectors(table.plan, "new"))
    table.report(Deconflicted(number=table.delivery.state.register.number + 1, order=first))
    assert not table.delivery.state.register.looked
    assert looks(table)


def test_what_a_plan_left_out_and_touches_again_is_signed_for_and_looked_for_again() -> None:
    """The register let go of it when it was looked into meanwhile, so nothing leaves on the signature and look before."""
    table = Table(more_selectors(example_plan(), "new"))
    changed(table, example_plan())
    table.prepare()
    assert table.is_open("departure")
    table.signed = table.alone = False
    changed(table, more_selectors(example_plan().model_copy(update={"title": "As before"}), "new"))
    assert table.is_open("deconfliction.2")
    assert "refused" == became(table.say("kz.police", "dispatched", "departure"))[0]
    assert not looks(table)
    table.say(SIGNER, "deconfliction_requested", "deconfliction.2")
    assert looks(table)
    table.deconflict()
    assert ("accepted", None) == became(table.say("kz.police", "dispatched", "departure"))


def test_selectors_added_after_it_has_left_are_signed_for_or_passed_over() -> None:
    """Silence halts nothing that is under way, and nothing more is looked into."""
    table = Table().dispatch()
    table.signed = table.alone = False
    changed(table, more_selectors(table.plan, "new"))
    assert table.is_open("deconfliction.2")
    table.pass_time(seconds=table.plan.contingencies.decision.total_seconds())
    assert "unanswered" == result_of(table, "deconfliction.2")
    assert table.delivery.state.halt is None
    assert not looks(table)
    assert "deconfliction.3" not in table.delivery.state.progress


def test_selectors_added_after_it_has_left_may_be_refused() -> None:
    """Nor does a refusal halt what is under way; nobody is asked for these again."""
    table = Table().dispatch()
    table.signed = table.alone = False
    changed(table, more_selectors(table.plan, "new"))
    assert "accepted" == became(table.say(SIGNER, "deconfliction_refused", "deconfliction.2", reason="too many"))[0]
    assert table.delivery.state.halt is None
    assert not looks(table)
    assert not table.is_open("deconfliction.3")


def result_of(table: Table, checkpoint: str) -> str:
    """How a checkpoint closed."""
    events = [entry.event for entry in table.delivery.ledger.entries]
    return next(one.result for one in events if isinstance(one, Closed) and one.checkpoint == checkpoint)


def test_what_was_put_off_is_looked_into_when_there_is_room() -> None:
    """The ledger says until when, and not why; then the register is asked again."""
    table = unsigned()
    table.say(SIGNER, "deconfliction_requested", ASKED)
    order = table.delivery.state.register.orders[-1]
    later = table.now.replace(hour=table.now.hour + 2)
    table.report(Deferred(order=order, not_before=utc_text(later)))
    assert not looks(table)
    assert "nothing new" in forbidden(table, Deferred(order=order, not_before=utc_text(later)))
    table.pass_time(hours=1)
    assert not looks(table)
    table.pass_time(hours=1)
    assert looks(table)
    assert {"order", "not_before", "event"} == set(Deferred.model_fields)


@pytest.mark.parametrize("far", [False, True], ids=["a day ahead", "further ahead"])
def test_how_far_a_look_is_put_off_counts_from_when_the_register_says_so(*, far: bool) -> None:
    """The register was away for hours, in which nothing was recorded: that it has no room for a day is news all the same, and
    more than that is not.
    """
    table = unsigned()
    table.say(SIGNER, "deconfliction_requested", ASKED)
    order = table.delivery.state.register.orders[-1]
    table.now += timedelta(hours=3)
    later = table.now + timedelta(days=1, minutes=6 if far else 0)
    table.report(Deferred(order=order, not_before=utc_text(later)))
    assert looks(table) == far
    verify(table.packet())
