"""A change of keys names each key once, and each key is in one hand, or it is not taken at any door.

The law takes a key that is named twice, and follows the last end of it; whoever compares changes would believe the first. A key
that stands twice in a directory makes it none: no run goes on with it, and no delivery begins.
"""

from collections import Counter
from collections.abc import Iterator

from domain.plan.directory import Directory
from domain.plan.key_changes import KeyChange
from domain.signing.keys import key_id
from domain.words.errors import Fault, Malformed
from domain.words.text import fill


def each_once(change: KeyChange) -> KeyChange:
    """The same change. Raises `Malformed` where it adds a key twice, or ends one twice."""
    added = Counter(key_id(one.public) for one in change.added)
    ended = Counter(one.key for one in change.ended)
    for key, count in (*added.items(), *ended.items()):
        if count > 1:
            raise Malformed(fill("the change names key {key} twice: each key is added once, and ended once", key=key))
    return change


def in_one_hand(directory: Directory) -> Iterator[Fault]:
    """Keys that stand there twice. Whoever adds a key need not have its private half: so it may be that of a service which comes
    later, with a changed plan.
    """
    owner: dict[str, str] = {}
    for service in directory.services:
        for key in service.keys:
            if key.public in owner:
                problem = fill(
                    "{service} cannot come into it: its key {key} stands there as one of {other}",
                    service=service.id,
                    key=key_id(key.public),
                    other=owner[key.public],
                )
                yield Fault(place=f"directory: {service.id}", problem=problem)
            owner.setdefault(key.public, service.id)
