"""The ledger: what its salts depend on, and what may follow what."""

import pytest

from domain.delivery.events import Ended, Released
from domain.delivery.ledger import Ledger, salt
from domain.words.errors import NotVerified

SECRET, OTHER = bytes(32), bytes(31) + b"\x01"
AT, BEFORE = "2022-03-01T00:00:00.000000Z", "2022-02-28T23:59:59.999999Z"


def test_a_salt_is_guessed_by_nobody_without_the_secret() -> None:
    """Another secret gives another salt to the same entry, and the same one gives the same again."""
    assert salt(SECRET, 7, b"said") == salt(SECRET, 7, b"said")
    assert salt(SECRET, 7, b"said") != salt(OTHER, 7, b"said")


def test_a_salt_is_of_one_entry_alone() -> None:
    """Another number and another content have another salt: what one entry shows says nothing of the next."""
    salts = {salt(SECRET, seq, content) for seq in (7, 8) for content in (b"said", b"heard")}

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
