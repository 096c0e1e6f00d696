"""Random interleavings over a small delivery: whatever is said, and whenever, the rules hold and a stranger agrees."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.rules.rules import due_at
from domain.rules.timers import elapsed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.delivery.delivery import Delivery
from domain.delivery.events import Amended, Cleared, Closed, Concluded, Ended, Event, Halted, Opened, Told
from domain.delivery.statement import sign_statement
from domain.plan.plan import Plan
from domain.record.door import amend, read_statement, record, submit, take_up
from domain.record.verify import replay
from domain.rules import unforeseen
from domain.rules.course import conclusion
from domain.rules.speaking import Correction
from domain.views.asked import requests
from domain.words.errors import RuleBroken, VigilError
from rehearsal.books import voice_of
from rehearsal.chaos import attacks, haste
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.services import lines, private_key_of
from tests.support import Table, asks, card_of, signed_plan, with_changes

PLAN = with_changes(
    plan_={"uses": ["technical_means"], "surveillance": {"check_in": "8h", "answer": "2h", "search": "6h"}},
    consent_uz={
        "requires": asks("uz.prosecutor authorisation", "uz.police permission"),
        "escalate": [{"after": "30h", "to": "uz.customs", "may_answer": True}],
    },
    preparation={"requires": asks("kz.customs prepared 2")},
    arrest_almaty={"after": "arrest-tashkent"},
)
DUTY = {"id": "register", "what": "a copy to the register", "within": "5d"}
CARDS = card_of("UZ", separate=["technical_means"], duties=[DUTY]) | card_of("KZ", separate=["opening"])
SCENARIO = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1m", "slowest": "1m"}})
CONDITION = [{"text": "two cars", "at": "departure"}]
KINDS = ("stop_requested", "sighted", "surveillance_lost", "interdicted", "destroyed", "not_collected", "no_arrest", "seizure",
         "handover_declined", "authorisation_refused", "authorisation_withdrawn", "permission_granted", "difference_explained",
         "arrestee_released", "prepared", "handover_accepted", "delivered", "arrest_made", "duty_done")  # fmt: skip
services = st.sampled_from(PLAN.participants())


def known(delivery: Delivery) -> tuple[Any, ...]:
    """What a delivery knows."""
    state = delivery
    said = {name: (one.seq, one.verdict) for name, one in state.statements.items()}
    about = (state.halt, state.custody, state.discrepancy, state.leg, state.outcome, state.ended)
    return (state.ledger.head, said, about, state.arrests, state.seizures, state.grants, state.permits, state.delegations)


class Interleavings(RuleBasedStateMachine):
    """One delivery at a table. What the story may do and what anyone may say come in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(PLAN, other_cards=CARDS)
        self.checker = Checker(PLAN, self.table.cards, self.table.directory)
        self.checked = 0

    @property
    def delivery(self) -> Delivery:
        """The live state."""
        return self.table.delivery

    @initialize()
    def begin(self) -> None:
        """Both States are asked."""
        self.table.open("consent-kz", "consent-uz")

    # What the story does

    @rule()
    def go_on(self) -> None:
        """Open, clear, close and conclude whatever the rules permit now."""
        plan, now = self.delivery.plan, self.table.now
        events: list[Callable[[], Event]] = [
            lambda: Halted(cause="permission", rule="R16", reason="test"),
            lambda: Cleared(leg=self.delivery.state.cleared + 1),
            lambda: Concluded(outcome=conclusion(self.delivery)[0], reason="test"),
        ]
        names = [one.id for one in plan.checkpoints]
        names += [unforeseen.INTERDICTION, unforeseen.ACKNOWLEDGED, unforeseen.sighting_name(self.delivery)]
        names += [unforeseen.search_name(self.delivery), unforeseen.balance_name(self.delivery)]
        names += [unforeseen.duty_name(duty, service) for duty, service in unforeseen.duties(self.delivery)]
        if self.delivery.state.discrepancy is not None:
            names.append(unforeseen.decision_name(self.delivery))
        for name in names:
            planned = plan.find(name)
            definition = None if planned is not None else unforeseen.definition(self.delivery, name)
            if planned is not None or definition is not None:
                due = due_at(self.delivery, name, now)
                events.append(lambda name=name, due=due, definition=definition: Opened(  # type: ignore[misc]  # a lambda with defaults
                    checkpoint=name, due=due, definition=definition))  # fmt: skip
        for name, progress in self.delivery.state.progress.items():
            if progress.open:
                results = ("satisfied", "unanswered", "withdrawn")
                events += [lambda name=name, one=one: Closed(checkpoint=name, result=one) for one in results]  # type: ignore[misc]  # the same
        for event in events[1:] + events[:1] if not self.delivery.state.closed("consent-uz") else events:
            self.try_to(event())
        take_up(self.delivery, now)

    def try_to(self, event: Event) -> None:
        """Record it if the rules permit it; if not, nothing changes."""
        before = self.delivery.ledger.head
        try:
            record(self.delivery, event, self.table.now)
        except RuleBroken:
            assert before == self.delivery.ledger.head

    @precondition(
        lambda self: (
            self.delivery.state.outcome is not None
            and not self.delivery.state.ended
            and not self.delivery.state.open_checkpoints()
        )
    )
    @rule()
    def end(self) -> None:
        """Tell everyone, and nothing follows."""
        self.try_to(Told(kind="outcome", reached=PLAN.participants()))
        self.try_to(Ended())

    @rule(minutes=st.sampled_from((1, 60, 600, 3000)))
    def let_time_pass(self, minutes: int) -> None:
        """Whatever it brings is recorded, as the story does."""
        self.table.now += timedelta(minutes=minutes)
        while due := elapsed(self.delivery, self.table.now):
            self.try_to(due[0])

    # What services say

    @rule(data=st.data(), seed=st.integers(0, 3), hostile=st.booleans())
    def answer(self, data: st.DataObject, seed: int, hostile: bool) -> None:  # noqa: FBT001
        """Who is asked answers as it should, and in hostile surroundings others make something of it."""
        asked = [one for name, at in self.delivery.state.progress.items() if at.open for one in requests(self.delivery, name)]
        if not asked or self.delivery.state.ended:
            return
        for line in lines(data.draw(st.sampled_from(asked)), SCENARIO, seed, self.table.now):
            dice = data.draw(st.randoms(use_true_random=False))
            around = (*haste(line.envelope, PLAN, dice), line.envelope, *attacks(line.envelope, PLAN, dice))
            for envelope in around if hostile else (line.envelope,):
                self.hear(envelope)

    @precondition(lambda self: not self.delivery.state.ended)
    @rule(seed=st.integers(0, 3))
    def everyone_answers(self, seed: int) -> None:
        """All who are asked say what they should, and the story goes on."""
        for asked in [
            one for name, at in self.delivery.state.progress.items() if at.open for one in requests(self.delivery, name)
        ]:
            for line in lines(asked, SCENARIO, seed, self.table.now):
                self.hear(line.envelope)
        self.go_on()

    def hear(self, envelope: Any) -> None:
        """It comes in by the one door; noise is turned away."""
        before = self.delivery.ledger.head
        try:
            first = submit(self.delivery, envelope, self.table.now)
        except VigilError:
            assert before == self.delivery.ledger.head
        else:
            assert first == submit(self.delivery, envelope, self.table.now)

    @rule(service=services, kind=st.sampled_from(KINDS), at=st.sampled_from([None, *(one.id for one in PLAN.checkpoints)]),
          behalf=st.one_of(st.none(), services))  # fmt: skip
    def say_anything(self, service: str, kind: str, at: str | None, behalf: str | None) -> None:
        """Anything, by anybody, anywhere, in anyone's name."""
        state = self.table.directory.get(behalf or service).state
        if self.delivery.state.ended or (state is None and kind.startswith(("authorisation", "permission"))):
            return
        content = {"permissions": ["technical_means"]} if kind == "permission_granted" else {}
        self.table.say(service, kind, at, **content, **({"on_behalf_of": behalf} if behalf else {}))

    @precondition(lambda self: not self.delivery.state.ended)
    @rule(service=services, to=services, hours=st.integers(1, 100))
    def delegate(self, service: str, to: str, hours: int) -> None:
        """To anyone, for a while."""
        until = (self.table.now + timedelta(hours=hours)).isoformat()
        self.table.say(service, "delegated", to=to, valid_from=self.table.now.isoformat(), valid_until=until)

    @precondition(lambda self: self.delivery.state.counted and not self.delivery.state.ended)
    @rule(
        data=st.data(), service=st.one_of(st.none(), services), milligrams=st.integers(0, 30_000), officer=st.sampled_from("ab")
    )
    def correct(self, data: st.DataObject, service: str | None, milligrams: int, officer: str) -> None:
        """What counted is put right, by whoever said it or by another."""
        of = data.draw(st.sampled_from(sorted(self.delivery.state.counted)))
        said = self.delivery.said(of)
        assert said is not None
        if said.kind in ("prepared", "seizure", "interdicted"):
            right = said.content.model_copy(update={"gross": 13_900_000 + milligrams})
            content = Correction.model_validate({"of": of, "reason": "misread", "content": right.model_dump()})
            by = service or said.service
            statement = self.table.statement(by, "stop_acknowledged", officer=f"officer-{officer}")
            self.hear(sign_statement(statement.model_copy(update={"content": content}), private_key_of(by)))

    @precondition(lambda self: not self.delivery.state.ended)
    @rule(edit=st.sampled_from(("elsewhere", "elsewhere asked", "more time", "less time", "another taker", "lighter")))
    def change_the_plan(self, edit: str) -> None:
        """The initiator changes what is still ahead, or tries to change what is not."""
        document = self.delivery.plan.model_dump()
        places = {one["id"]: one for one in document["checkpoints"]}
        if edit.startswith("elsewhere"):
            places["delivery"]["place"] = f"address {len(self.delivery.ledger)}"
        if edit == "elsewhere asked":
            fresh = {"id": f"again-{len(self.delivery.ledger)}", "requires": asks("uz.prosecutor authorisation"), "escalate": ()}
            document["checkpoints"] = [*document["checkpoints"], places["consent-uz"] | fresh]
        if edit in ("more time", "less time"):
            places["tashkent-airport"]["due"] *= 2 if edit == "more time" else 0.5
        if edit == "another taker":
            document["legs"][-1]["responsible"] = "uz.police"
        if edit == "lighter":
            document["consignment"]["gross"] -= 1
        before = self.delivery.ledger.head
        try:
            amend(self.delivery, Amended(plan=signed_plan(Plan.model_validate(document))), self.table.now)
        except RuleBroken:
            assert before == self.delivery.ledger.head
        else:
            assert edit not in ("elsewhere", "less time", "lighter") or "delivery" not in self.delivery.state.progress

    # What must hold after each step

    @invariant()
    def a_stranger_agrees(self) -> None:
        """The ledger, replayed with every rule, is the same delivery."""
        again = replay(tuple(self.delivery.ledger), self.table.directory, self.table.cards)
        assert known(again) == known(self.delivery)

    @invariant()
    def no_invariant_breaks(self) -> None:
        """By the checker's own books; to the end of the ledger where it has ended."""
        self.checker.follow(self.delivery.ledger.since(self.checked))
        self.checked = len(self.delivery.ledger)

    @invariant()
    def the_books_agree(self) -> None:
        """Only who has the consignment or speaks for it has moved it: the last acceptance is the responsible authority's."""
        moved = [read_statement(entry.event.envelope) for entry in self.delivery.ledger
                 if entry.event.event == "stated" and entry.event.verdict.verdict == "accepted"]  # fmt: skip
        accepted = [voice_of(one) for one in moved if one.kind == "handover_accepted"]
        if self.delivery.state.leg:
            assert accepted[-1] == self.delivery.state.responsible


Interleavings.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestInterleavings = Interleavings.TestCase
