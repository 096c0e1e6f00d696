"""Each unforeseen checkpoint is reached, and each answer there is heard, within some hundreds of seeds."""

from collections import Counter
from collections.abc import Iterator

import pytest

from domain.delivery.decided import Opened, Silence
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.plan.check import faults_in
from domain.record.door import read_statement
from domain.rules.books import BOOK
from rehearsal.__main__ import LED, world
from rehearsal.simulator import simulate
from rehearsal.unforeseen import NEVER, TURNS

ROUNDS = 100
"""In each of these every turn comes once, with another plan. Few plans ask for the agreement of another service, and few
permissions are all that keeps one going that ends."""


def reached(entries: tuple[Entry, ...]) -> Iterator[tuple[str, str | None]]:
    """Each contingency that opened a checkpoint here, with each kind that counted there, and nothing for silence."""
    opened: dict[str, str] = {}
    for entry in entries:
        match entry.event:
            case Opened(checkpoint=name, contingency=str() as contingency):
                opened[name] = contingency
            case Silence(checkpoint=name) if name in opened:
                yield opened[name], None
            case Stated(envelope=envelope, verdict=verdict) if verdict.verdict == "accepted":
                statement = read_statement(envelope)
                if statement.checkpoint in opened:
                    yield opened[statement.checkpoint], statement.kind
            case _:
                pass


def test_what_never_opens_is_what_the_rules_call_a_second_net() -> None:
    """Every other contingency of the book has its turns, with each kind that answers it, and silence."""
    turns = {(one.contingency, one.says) for one in TURNS}

    assert set(BOOK.contingencies) - NEVER == {name for name, _ in turns}
    for name in set(BOOK.contingencies) - NEVER:
        needs = BOOK.contingencies[name].declares.needs
        assert {(name, says) for says in (None, *BOOK.answers[needs])} <= turns


@pytest.mark.slow
def test_each_unforeseen_checkpoint_is_reached_and_each_answer_and_silence_there() -> None:
    """Of those that wait without end, silence is a late answer: nothing is recorded of it."""
    wanted = {
        (one.contingency, one.says)
        for one in TURNS
        if one.says is not None or not BOOK.contingencies[one.contingency].declares.without_end
    }
    found: Counter[tuple[str, str | None]] = Counter()
    for number in range(ROUNDS * len(TURNS)):
        turn = TURNS[(number + number // len(TURNS)) % len(TURNS)]
        if (turn.contingency, turn.says) in wanted - set(found):
            found.update(reached(simulate(world(LED * number)).delivery.ledger.entries))

    assert wanted - set(found) == set()


def test_a_plan_by_which_it_is_found_by_one_that_was_to_be_told_at_the_end_is_without_fault() -> None:
    """Who has a part in it by what leads there is told of it no more at the end alone."""
    found = world(5787)

    assert () == found.plan.told_at_end
    assert [] == list(faults_in(found.plan, found.directory, found.cards))


def test_what_leads_there_is_drawn_for_no_plan_that_has_a_fault_with_it() -> None:
    """Here it would be watched, and a police that may not permit that stands on a ladder."""
    found = world(9477)

    assert [] == list(faults_in(found.plan, found.directory, found.cards))
