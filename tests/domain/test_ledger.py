"""The ledger: what its salts depend on, and what may follow what."""

import pytest

from domain.delivery.decided import Ended
from domain.delivery.ledger import Entry, Ledger, salt
from domain.delivery.reported import Released
from domain.signing.canonical import canonical
from domain.signing.tree import leaf
from domain.words.errors import NotVerified

SECRET, OTHER = bytes(32), bytes(31) + b"\x01"
AT, BEFORE = "2022-03-01T00:00:00.000000Z", "2022-02-28T23:59:59.999999Z"


def test_a_salt_is_guessed_by_nobody_without_the_secret() -> None:
    """Another secret gives another salt to the same entry, and the same one gives the same again."""
    assert salt(SECRET, 7, Released()) == salt(SECRET, 7, Released())
    assert salt(SECRET, 7, Released()) != salt(OTHER, 7, Released())


def test_a_salt_is_of_one_entry_alone() -> None:
    """Another number and another content have another salt: what one entry shows says nothing of the next."""
    salts = {salt(SECRET, seq, event) for seq in (7, 8) for event in (Released(), Ended())}

    assert 4 == len(salts)


def test_what_does_not_follow_is_refused() -> None:
    """An entry of another number, and one that is older than the newest, are named with their number."""
    ledger = Ledger(SECRET)
    ledger.append(ledger.next(Released(), AT))
    follows = ledger.next(Ended(), AT)
    ledger.check(follows)
    for wrong in ({"seq": 0}, {"seq": 2}, {"at": BEFORE}):
        with pytest.raises(NotVerified) as refused:
            ledger.check(follows.model_copy(update=wrong))
        assert 1 == refused.value.entry


def test_a_copy_that_says_something_else_has_a_leaf_of_its_own() -> None:
    """The bytes of an entry are made once; what is changed in a copy is weighed anew, and its hash and size with it."""
    entry = Ledger(SECRET).next(Released(), AT)
    read = Entry.model_validate_json(entry.model_dump_json())
    changed = [entry.model_copy(update=one) for one in ({"seq": 1}, {"at": BEFORE}, {"salt": "0" * 64}, {"event": Ended()})]

    assert read.weighed() == entry.weighed()
    assert len(canonical(entry)) == entry.weighed()[1]
    assert leaf(canonical(entry)).hex() == entry.leaf()
    assert 5 == len({one.leaf() for one in (entry, *changed)})
    assert [len(canonical(one)) for one in changed] == [one.weighed()[1] for one in changed]
