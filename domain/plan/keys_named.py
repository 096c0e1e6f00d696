"""A change of keys names each key once, or it is not taken at any door.

The law takes a key that is named twice, and follows the last end of it; whoever compares changes would believe the first. A key
that is added twice stands twice in a directory, and such a directory is none: no run goes on with it, and no delivery begins.
"""

from collections import Counter

from domain.plan.key_changes import KeyChange
from domain.signing.keys import key_id
from domain.words.errors import Malformed
from domain.words.text import fill


def each_once(change: KeyChange) -> KeyChange:
    """The same change. Raises `Malformed` where it adds a key twice, or ends one twice."""
    added = Counter(key_id(one.public) for one in change.added)
    ended = Counter(one.key for one in change.ended)
    for key, count in (*added.items(), *ended.items()):
        if count > 1:
            raise Malformed(fill("the change names key {key} twice: each key is added once, and ended once", key=key))
    return change
