"""Random interleavings over a small delivery: whatever is said, and whenever, the rules hold and a stranger agrees."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, Asked, AskedOnceMore, Deconflicted, Deferred, Released, Stated, Told
from domain.delivery.statement import Statement, sign_statement
from domain.plan.directory import Poll
from domain.plan.plan import Plan
from domain.record.door import Report, amend, read_statement, report, resume, submit
from domain.record.replay import follow, replay
from domain.record.verify import verify
from domain.rules.course import advance, next_moment, upcoming
from domain.rules.speaking import Correction
from domain.views.asked import requests
from domain.words.errors import RuleBroken, VigilError
from domain.words.moments import utc_text
from rehearsal.chaos import attacks, haste
from rehearsal.invariants import Checker
from rehearsal.oracle import voice_of
from rehearsal.scenario import Scenario
from rehearsal.services import lines, private_key_of, second
from tests.support import SECRET, Table, asks, card_of, signed_plan, with_changes
from workflows.errands import Look, OnceMore, Question, Release, Telling, wanted

PLAN = with_changes(
    plan_={"uses": ["device"], "surveillance": {"check_in": "8h", "answer": "2h", "search": "6h"}},
    consent_uz={
        "requires": asks("uz.prosecutor authorisation", "uz.police permission"),
        "escalate": [{"after": "30h", "to": "uz.security", "may_answer": True}],
    },
    preparation={"requires": asks("kz.police prepared 2")},
    arrest_almaty={"after": "arrest-tashkent"},
)
DUTY = {"id": "register", "what": "a copy to the register", "within": "5d"}
CARDS = card_of("UZ", separate=["device"], duties=[DUTY]) | card_of("KZ", separate=["opening"])
POLLED = {name: Poll(url=f"https://{name}.example/vigil", every="1m") for name in ("uz.prosecutor", "kz.police", "kz.knb")}
SCENARIO = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1m", "slowest": "1m"}})
KINDS = ("stop_requested", "sighted", "surveillance_lost", "interdicted", "destroyed", "not_collected", "no_arrest", "seizure",
         "handover_declined", "authorisation_refused", "authorisation_withdrawn", "permission_granted", "difference_explained",
         "arrestee_released", "prepared", "handover_accepted", "delivered", "arrest_made", "duty_done", "stop_acknowledged",
         "movement_decision")  # fmt: skip
CHECKPOINTS = tuple(one.id for one in PLAN.checkpoints)
services = st.sampled_from(PLAN.participants())


class Quiet(Table):
    """A table at which nothing outside happens by itself."""

    def settle(self) -> None:
        """Nothing: the test says when."""


class Interleavings(RuleBasedStateMachine):
    """One delivery at a table. What anyone may say, what time brings and what happens outside come in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Quiet(PLAN, other_cards=CARDS, reach=POLLED)
        self.checker = Checker(PLAN, self.table.cards, self.table.directory)
        self.checked = 0
        self.stranger = replay(tuple(self.delivery.ledger), self.table.directory, self.table.cards)

    @property
    def delivery(self) -> Delivery:
        """The live state."""
        return self.table.delivery

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return not self.delivery.state.ended

    # What time brings, and what happens outside

    @rule(minutes=st.sampled_from((1, 60, 600, 3000)))
    def let_time_pass(self, minutes: int) -> None:
        """Whatever it brings is recorded, each thing at its moment."""
        self.table.pass_time(minutes=minutes)

    @precondition(lambda self: self.goes_on)
    @rule(data=st.data())
    def happen_outside(self, data: st.DataObject) -> None:
        """One of the things that are wanted outside comes to its end."""
        errands = [one for one in wanted(self.delivery) if not isinstance(one, Question)]
        if errands:
            self.perform(data.draw(st.sampled_from(errands)), well=data.draw(st.booleans()))

    @precondition(lambda self: self.goes_on)
    @rule()
    def everything_happens_outside(self) -> None:
        """All that is wanted outside comes to a good end."""
        while errands := [one for one in wanted(self.delivery) if not isinstance(one, Question)]:
            self.perform(errands[0], well=True)

    def perform(self, errand: object, *, well: bool) -> None:
        """Do it; if not well, another operation is found, or nobody is reached."""
        match errand:
            case Look():
                self.table.deconflict(*(() if well else ("ru.police",)))
            case Release():
                self.table.report(Released())
            case OnceMore(checkpoint=name, services=silent):
                self.table.report(AskedOnceMore(checkpoint=name, unreachable=() if well else silent))
            case Telling(of=of, kind=kind, checkpoint=name, service=service):
                reached = {"reached" if well else "unreachable": (service,)}
                self.table.report(Told(of=of, kind=kind, checkpoint=name, **reached))

    @precondition(lambda self: self.goes_on)
    @rule(data=st.data(), name=st.sampled_from((*CHECKPOINTS, "stop.acknowledged", "nowhere")), service=services)
    def report_anything(self, data: st.DataObject, name: str, service: str) -> None:
        """Facts from outside that may be, that say nothing new, and that cannot be."""
        facts: tuple[Report, ...] = (
            Asked(checkpoint=name, received=(service,)),
            Asked(checkpoint=name, unreachable=(service,)),
            Asked(checkpoint=name, told=(service,)),
            AskedOnceMore(checkpoint=name),
            Told(of=len(self.delivery.ledger) // 2, kind="outcome", reached=(service,)),
            Deconflicted(number=max(self.delivery.state.register.number, 0), order=data.draw(st.integers(0, 5))),
            Deferred(order=data.draw(st.integers(0, 5)), not_before=utc_text(self.table.now + timedelta(hours=1))),
            Released(),
        )
        before = self.delivery.ledger.root
        try:
            entry = report(self.delivery, data.draw(st.sampled_from(facts)), self.table.now)
        except RuleBroken:
            entry = None
        assert (entry is None) == (before == self.delivery.ledger.root)

    @rule()
    def restart(self) -> None:
        """A new run goes on from the entries."""
        self.table.delivery = resume(self.table.directory, self.table.cards, self.delivery.ledger.entries, SECRET)

    # What services say

    @precondition(lambda self: self.goes_on)
    @rule(data=st.data(), seed=st.integers(0, 3), hostile=st.booleans())
    def answer(self, data: st.DataObject, seed: int, hostile: bool) -> None:  # noqa: FBT001
        """Who is asked answers as it should, and in hostile surroundings others make something of it."""
        asked = self.asked()
        if not asked:
            return
        for line in lines(data.draw(st.sampled_from(asked)), SCENARIO, seed, self.table.now):
            dice = data.draw(st.randoms(use_true_random=False))
            around = (*haste(line.envelope, PLAN, dice), line.envelope, *attacks(line.envelope, PLAN, dice))
            for envelope in around if hostile else (line.envelope,):
                self.hear(envelope)

    @precondition(lambda self: self.goes_on)
    @rule(seed=st.integers(0, 3))
    def everyone_answers(self, seed: int) -> None:
        """All who are asked say what they should."""
        for asked in self.asked():
            for line in lines(asked, SCENARIO, seed, self.table.now):
                self.hear(line.envelope)

    def asked(self) -> list[Any]:
        """What services are asked now."""
        progress = self.delivery.state.progress
        return [one for name, at in progress.items() if at.open for one in requests(self.delivery, name)]

    def hear(self, envelope: Any) -> None:
        """It comes in by the one door; noise is turned away, and whoever repeats it gets the same receipt."""
        before = self.delivery.ledger.root
        try:
            first = submit(self.delivery, envelope, self.table.now)
        except VigilError:
            assert before == self.delivery.ledger.root
        else:
            with suppress(VigilError):  # it may have been the last word
                assert first == submit(self.delivery, envelope, self.table.now)

    @precondition(lambda self: self.goes_on)
    @rule(service=services, kind=st.sampled_from(KINDS), at=st.sampled_from([None, *CHECKPOINTS]),
          behalf=st.one_of(st.none(), services))  # fmt: skip
    def say_anything(self, service: str, kind: str, at: str | None, behalf: str | None) -> None:
        """Anything, by anybody, anywhere, in anyone's name."""
        state = self.table.directory.get(behalf or service).state
        if state is None and kind.startswith(("authorisation", "permission")):
            return
        content = {"permissions": ["device"]} if kind == "permission_granted" else {}
        self.table.say(service, kind, at, **content, **({"on_behalf_of": behalf} if behalf else {}))

    @precondition(lambda self: self.goes_on)
    @rule(service=services, to=services, hours=st.integers(1, 100))
    def delegate(self, service: str, to: str, hours: int) -> None:
        """To anyone, for a while."""
        until = (self.table.now + timedelta(hours=hours)).isoformat()
        self.table.say(service, "delegated", to=to, valid_from=self.table.now.isoformat(), valid_until=until)

    @precondition(lambda self: self.delivery.state.counted and self.goes_on)
    @rule(data=st.data(), service=st.one_of(st.none(), services), milligrams=st.integers(0, 30_000), officer=st.integers(1, 2))
    def correct(self, data: st.DataObject, service: str | None, milligrams: int, officer: int) -> None:
        """What counted is put right, by whoever said it or by another."""
        of = data.draw(st.sampled_from(sorted(self.delivery.state.counted)))
        said = self.said(of)
        if said.kind in ("prepared", "seizure", "interdicted"):
            right = said.content.model_copy(update={"gross": 13_900_000 + milligrams})
            content = Correction.model_validate({"of": of, "reason": "misread", "content": right.model_dump()})
            by = service or said.service
            statement = self.table.statement(by, "stop_acknowledged", officer=f"officer-{officer}")
            signer = by if officer == 1 else second(by)
            self.hear(sign_statement(statement.model_copy(update={"content": content}), private_key_of(signer)))

    def said(self, statement: str) -> Statement:
        """The statement of this id."""
        known = self.delivery.state.statements.first(statement)
        assert known is not None
        entry = self.delivery.ledger[known.seq]
        assert isinstance(entry, Entry)
        assert isinstance(entry.event, Stated)
        return read_statement(entry.event.envelope)

    @precondition(lambda self: self.goes_on)
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
            places["tashkent-airport"]["due"] += timedelta(hours=1) if edit == "more time" else -timedelta(minutes=1)
        if edit == "another taker":
            document["legs"][-1]["responsible"] = "uz.police"
        if edit == "lighter":
            document["consignment"]["gross"] -= 1
        before = self.delivery.ledger.root
        begun = "consent-uz" in self.delivery.state.progress
        try:
            amend(self.delivery, Amended(plan=signed_plan(Plan.model_validate(document))), self.table.now)
        except RuleBroken:
            assert before == self.delivery.ledger.root
        else:
            assert edit != "lighter"
            assert edit != "elsewhere" or not begun

    # What must hold after each step

    @invariant()
    def a_stranger_agrees(self) -> None:
        """The ledger so far, followed with every rule by who has only the entries, is the same delivery: as it goes on, and as it
        was resumed.
        """
        for entry in self.delivery.ledger.since(len(self.stranger.ledger)):
            follow(self.stranger, entry)
        assert self.stranger.state == self.delivery.state
        assert self.stranger.ledger.root == self.delivery.ledger.root

    @invariant()
    def no_invariant_breaks(self) -> None:
        """By the checker's own books."""
        self.checker.follow(self.delivery.ledger.entries[self.checked :])
        self.checked = len(self.delivery.ledger)

    @invariant()
    def nothing_due_is_left_and_it_never_stands_still(self) -> None:
        """Each decision has been made; it has ended, somebody is asked, something is wanted outside, or a moment is coming."""
        delivery = self.delivery
        assert upcoming(delivery, self.table.now) is None
        assert delivery.state.ended or wanted(delivery) or next_moment(delivery, self.table.now) is not None

    @invariant()
    def the_books_agree(self) -> None:
        """Only who has the consignment or speaks for it has moved it: the last acceptance is the responsible authority's."""
        taken_up = [one.event for one in self.delivery.ledger.entries if isinstance(one.event, TakenUp)]
        counted = [self.said(one.statement) for one in taken_up if one.verdict.verdict == "accepted"]
        stated = [one.event for one in self.delivery.ledger.entries if isinstance(one.event, Stated)]
        counted += [read_statement(one.envelope) for one in stated if one.verdict.verdict == "accepted"]
        if self.delivery.state.leg:
            takers = {voice_of(one) for one in counted if one.kind == "handover_accepted"}
            assert takers == {self.delivery.state.responsible}

    def teardown(self) -> None:
        """To the end, if it was not there: everybody does what is wanted until nothing is, and the packet is verified."""
        for turn in range(200):
            if self.delivery.state.ended:
                break
            self.everything_happens_outside()
            if self.goes_on:
                self.everyone_answers(1000 + turn)  # each word is a new one: what was refused before may count now
                self.table.pass_time(hours=6)
        assert self.delivery.state.ended, [one.checkpoint.id for one in self.delivery.state.open_checkpoints()]
        advance(self.delivery, self.table.now + timedelta(days=1000))
        proved = verify(self.table.packet())
        event(f"outcome {proved.outcome}")
        assert (proved.outcome, proved.size) == (self.delivery.state.outcome, len(self.delivery.ledger))
        self.no_invariant_breaks()


Interleavings.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestInterleavings = Interleavings.TestCase
