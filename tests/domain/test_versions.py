"""The rules have versions: a delivery keeps the one it began with, and a stranger checks it under that one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.delivery.balance import Balance
from domain.delivery.consents import Consents
from domain.delivery.delivery import Delivery
from domain.delivery.event import Law, Moment
from domain.delivery.reported import Amended, Deconflicted, Released, Started
from domain.delivery.state import State
from domain.record.door import amend, begin, read_statement, resume
from domain.record.packet import unseal
from domain.record.verify import verify
from domain.rules import books
from domain.rules.book import Book
from domain.rules.books import BOOK
from domain.rules.course import advance, due, next_moment
from domain.words.errors import Fault, Malformed, NotFound, NotVerified, RuleBroken
from domain.words.figures import Figures
from tests.course import became
from tests.domain.test_packet import replaced
from tests.forging import rewritten
from tests.second_book import released
from tests.support import SECRET, Table, signed_plan, with_changes

UNSEEN = "the inner box, without breaking the cover"


def under_way() -> Table:
    """A delivery on its way, whose handover is open."""
    return Table().dispatch()


def hand_over(table: Table) -> tuple[str, str | None]:
    """What becomes of an acceptance that names what was not checked."""
    table.say("kz.police", "handover_offered", "tashkent-airport")
    return became(table.say("uz.customs", "handover_accepted", "tashkent-airport", not_checked=UNSEEN))


def go_on_in_a_new_run(table: Table) -> None:
    """What a continue-as-new or a restart does."""
    ledger = table.delivery.ledger
    table.delivery = resume(table.directory, table.cards, ledger.entries, SECRET)
    assert ledger.root == table.delivery.ledger.root


def test_a_delivery_under_way_stays_under_its_version_when_there_is_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun under 1, it is judged by 1 after the release of 2, and its packet says 1 and verifies."""
    table = under_way()
    released(monkeypatch)
    go_on_in_a_new_run(table)

    assert ("accepted", None) == hand_over(table)
    assert 1 == verify(table.packet()).rules


def test_a_delivery_that_begins_after_the_release_is_under_the_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words have another verdict under 2, and the packet says 2 and verifies."""
    released(monkeypatch)
    table = under_way()
    go_on_in_a_new_run(table)

    assert ("refused", "R7") == hand_over(table)
    assert 2 == verify(table.packet()).rules


@pytest.mark.parametrize("recorded", [1, 2])
def test_a_packet_that_names_another_version_than_its_own_does_not_verify(monkeypatch: pytest.MonkeyPatch, recorded: int) -> None:
    """Recorded under one and passed off as of the other, it fails at the entry where the two differ."""
    table = Table()
    if recorded == 2:
        released(monkeypatch)
        table = Table()
    table.dispatch()
    verdict = hand_over(table)
    released(monkeypatch)
    entries = unseal(table.packet())[0].ledger
    started = table.delivery.ledger.entries[0].event
    assert isinstance(started, Started)
    at = max(entry.seq for entry in table.delivery.ledger.entries if entry.event.event == "stated")
    forged = rewritten(table.packet(), replaced(0, started.model_copy(update={"rules": 3 - recorded})))

    with pytest.raises(NotVerified) as found:
        verify(forged)
    assert verdict == (("accepted", None), ("refused", "R7"))[recorded - 1]
    assert at == found.value.entry
    assert len(entries) > at


def test_an_unknown_version_is_refused_by_its_number() -> None:
    """Nobody guesses at rules that this program does not have: neither who verifies nor who goes on with a delivery."""
    table = under_way()
    started = table.delivery.ledger.entries[0]
    assert isinstance(started.event, Started)
    other = started.model_copy(update={"event": started.event.model_copy(update={"rules": 7})})

    with pytest.raises(NotVerified, match="version 7 of the rules") as found:
        verify(rewritten(table.packet(), replaced(0, other.event)))
    with pytest.raises(NotFound, match="version 7 of the rules"):
        resume(table.directory, table.cards, (other, *table.delivery.ledger.entries[1:]), SECRET)
    assert 0 == found.value.entry


def test_a_statement_is_read_by_whichever_version_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that the newest version no longer has is still read for the deliveries under an older one."""
    table = under_way()
    said = table.say("uz.police", "information", text="a tip").entry.event
    without = {name: kind for name, kind in BOOK.kinds.items() if name != "information"}
    monkeypatch.setattr(books, "BOOKS", {2: replace(BOOK, version=2, kinds=without), 1: BOOK})

    assert "information" == read_statement(said.envelope).kind
    monkeypatch.setattr(books, "BOOKS", {2: replace(BOOK, version=2, kinds=without)})
    with pytest.raises(Malformed):
        read_statement(said.envelope)


def test_kinds_that_do_not_fit_their_needs_are_no_book() -> None:
    """A version in which nothing answers what a checkpoint asks fails when it is made."""
    without = {name: kind for name, kind in BOOK.kinds.items() if name != "handover_offered"}

    with pytest.raises(TypeError, match="handover_offer"):
        replace(BOOK, version=2, kinds=without)


class ReleasedOtherwise(Released):
    """As it was in a version of this test's: it did not count."""

    def apply(self, _state: State, _when: Moment, _law: Law) -> None:
        """It does nothing."""
        assert isinstance(self, ReleasedOtherwise)


class NeverMissing(Consents):
    """Everybody has consented."""

    def missing(self, _at: datetime) -> tuple[str, ...]:
        """Nobody."""
        return ()


class NothingDiffers(Balance):
    """Everything fits."""


def of(**parts: Any) -> Delivery:
    """A delivery under a version that does this otherwise."""
    table = Table()
    book: Book = replace(BOOK, **parts)
    return begin(signed_plan(table.plan), table.directory, table.cards, table.now, SECRET, book)


def test_an_event_has_the_effect_that_its_version_gives_it() -> None:
    """What is recorded is the same, and what comes of it is the version's own."""
    usual, other = of(), of(effects={**BOOK.effects, "released": ReleasedOtherwise})
    for delivery in (usual, other):
        delivery.append(Released(), delivery.state.now)

    assert [True, False] == [delivery.state.released for delivery in (usual, other)]
    assert usual.ledger.entries[-1].event == other.ledger.entries[-1].event


def test_what_rules_ask_of_the_state_is_the_versions_own() -> None:
    """Consent and balance are asked of the version's own classes."""
    other = of(consents=NeverMissing, balance=NothingDiffers)

    assert of().consents.missing(other.state.now)
    assert not other.consents.missing(other.state.now)
    assert isinstance(other.balance, NothingDiffers)


def test_when_something_falls_due_is_the_versions_own() -> None:
    """The instants at which a decision may fall, and the checklist that makes it."""

    def tomorrow(delivery: Delivery) -> Iterator[datetime]:
        yield delivery.state.now + timedelta(days=1)

    other = of(moments=tomorrow)

    assert other.state.now + timedelta(days=1) == next_moment(other, other.state.now)
    assert due(of(checklist=()), other.state.now) is None


def test_a_change_of_plan_is_checked_by_the_versions_own_rules() -> None:
    """What a plan must be, and what a change must be: both are of the version under which the delivery began."""

    def never(*_: object) -> Iterator[Fault]:
        yield Fault(place="plan", problem="not under these rules")

    longer = with_changes(plan_={"title": "Another title"})
    change = Amended(plan=signed_plan(longer), services=Table().directory.services)

    usual = of()

    assert change == amend(usual, change, usual.state.now).event
    for parts in ({"checks": (never,)}, {"changes": (never,)}):
        other = of(**parts)
        with pytest.raises(RuleBroken, match="not under these rules"):
            amend(other, change, other.state.now)


def test_how_much_may_be_said_is_the_versions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service says as much as the version lets it under which the delivery began, before and after another is released; its
    packet verifies, and not when it is passed off as of the other.
    """

    def spend(table: Table) -> list[str]:
        return [became(table.say("supervision", "information"))[0] for _ in range(6)]

    before, older = Table(), BOOK.figures
    newer = replace(BOOK, version=2, figures=replace(older, unasked_statements=5))
    monkeypatch.setattr(books, "BOOKS", {2: newer, 1: BOOK})
    go_on_in_a_new_run(before)
    after = Table()

    assert [["accepted"] * 6, [*["accepted"] * 5, "refused"]] == [spend(before), spend(after)]
    assert [1, 2] == [verify(one.packet()).rules for one in (before, after)]
    for table, other in ((before, 2), (after, 1)):
        started = table.delivery.ledger.entries[0].event
        with pytest.raises(NotVerified):
            verify(rewritten(table.packet(), replaced(0, started.model_copy(update={"rules": other}))))


def test_the_figures_are_the_versions_own() -> None:
    """A version in which one moment brings fewer events finds a fault sooner."""
    table = Table(alone=False, signed=False)
    for most in (1, 1_000):
        table.delivery = of()
        table.say("kz.police", "detected", "detection.1")
        table.say("kz.prosecutor", "deconfliction_requested", "deconfliction.1")
        table.delivery.law = replace(BOOK, figures=Figures(most_at_once=most))
        table.delivery.append(Deconflicted(number=0, order=table.delivery.state.register.orders[-1]), table.now)
        if most == 1:
            with pytest.raises(RuntimeError, match="more than 1 events follow from one"):
                advance(table.delivery, table.now)
        else:
            advance(table.delivery, table.now)

    assert table.is_open("consent-kz", "consent-uz")
