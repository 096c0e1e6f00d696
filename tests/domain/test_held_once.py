"""What many deliveries begin with is in memory once."""

import gc
import weakref

from domain.delivery.carried import carried, going_on
from domain.delivery.delivery import Snapshot
from domain.plan.directory import Directory
from tests.support import SECRET, Table, example_cards, example_directory


def begun_with(directory: Directory) -> Snapshot:
    """As it comes out of a message: nothing in it was in memory before."""
    return Snapshot.model_validate_json(Snapshot(directory=directory, cards=example_cards()).model_dump_json())


def test_two_that_begin_with_the_same_hold_it_once() -> None:
    """The same directory and cards, also where one delivery is carried on; another directory is another."""
    directory = example_directory()
    one, other = begun_with(directory), begun_with(directory)
    less = directory.model_copy(update={"services": directory.services[1:]})

    assert one.directory is other.directory
    assert all(one.cards[state] is other.cards[state] for state in one.cards)
    assert begun_with(less).directory == less
    first, second = (going_on(carried(Table().delivery), Table().rules, SECRET).state for _ in range(2))
    assert first.directory is second.directory
    assert all(first.cards[state] is second.cards[state] for state in first.cards)


def test_what_nobody_holds_is_let_go_of() -> None:
    """So it grows with what is under way, and with nothing else."""
    kept = begun_with(example_directory().model_copy(update={"services": example_directory().services[3:]}))
    held = weakref.ref(kept.directory)
    assert held() is not None
    del kept
    gc.collect()
    assert held() is None
