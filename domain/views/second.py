"""What a first officer has said where a second one of the same service must sign the same (R20), for that second officer: who may
be shown it, what of it before they have said their own finding, and where theirs is another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.progress import First
from domain.delivery.reported import Stated
from domain.delivery.requests import SignedByOne
from domain.delivery.statement import Content, Said, Statement
from domain.plan.directory import Service
from domain.plan.vocabulary import Need
from domain.rules.books import read
from domain.rules.speaking import first_of
from domain.signing.canonical import plain
from domain.words.moments import instant

OWN_FINDING: Final = frozenset(
    {
        "gross",
        "packages",
        "seals",
        "broken",
        "sample_seals",
        "seals_intact",
        "intact",
        "in_sight",
        "devices",
        "received",
        "spent",
        "left",
    }
)
"""What each of two officers reads off a scale, counts or looks at, and so says without being shown what the other has said."""


@dataclass(frozen=True)
class FirstWord:
    """A first officer's statement, which counts once a second one has signed the same."""

    entry: int
    at: str
    statement: Statement
    keys: tuple[str, ...]

    def taken_over(self) -> Mapping[str, Any]:
        """What a second officer is shown of its content, and says too without typing it: all but what is their own finding."""
        content = self.statement.content
        return {name: getattr(content, name) for name in fields_of(content) if name not in OWN_FINDING}

    def own_findings(self) -> tuple[str, ...]:
        """What it says that a second officer must have found too."""
        content = self.statement.content
        return tuple(name for name in fields_of(content) if name in OWN_FINDING and getattr(content, name) not in (None, ()))


def first_word(delivery: Delivery, reader: Service, checkpoint: str, voice: str, need: Need | None) -> FirstWord | None:
    """What a first officer of the reader's own service has said there for this voice, while a second one is waited for. None for
    every other reader, were it who is spoken for (R11): of them no second officer is waited for.
    """
    progress = delivery.state.progress.get(checkpoint)
    first = progress.firsts.get((voice, need)) if progress is not None and progress.open and need is not None else None
    if first is None or first.service != reader.id:
        return None
    for entry in reversed(delivery.ledger.entries):
        found = _said_in(entry, first, checkpoint, voice)
        if found is not None:
            return found
    return None


def signed_by_one(delivery: Delivery, reader: Service, checkpoint: str, voice: str) -> tuple[SignedByOne, ...]:
    """Which first officers of the reader's own service have signed there for this voice, while a second one is waited for."""
    needs = delivery.state.progress[checkpoint].checkpoint.needs_of(voice)
    firsts = ((need, first_word(delivery, reader, checkpoint, voice, need)) for need in needs)
    return tuple(
        SignedByOne(says=need, officer=first.statement.officer, entry=first.entry) for need, first in firsts if first is not None
    )


def _said_in(entry: Entry, first: First, checkpoint: str, voice: str) -> FirstWord | None:
    """The statement of this entry, where it is what this first officer has said."""
    if not isinstance(entry.event, Stated):
        return None
    said = read(entry.event.envelope)
    if (said.service, said.officer, said.checkpoint, said.voice) != (first.service, first.officer, checkpoint, voice):
        return None
    heard = first_of(Said(entry.seq, instant(entry.at), said, first.keys))
    return FirstWord(entry.seq, entry.at, said, first.keys) if heard == first else None


def otherwise(first: Statement, said: Statement) -> tuple[str, ...]:
    """Fields in which a second officer says something else than the first: each of the content, and the files."""
    one, other = plain(first.content), plain(said.content)
    names = [name for name in (*one, *(name for name in other if name not in one)) if one.get(name) != other.get(name)]
    files = [plain(each) for each in first.attachments] != [plain(each) for each in said.attachments]
    return (*names, "attachments") if files else tuple(names)


def fields_of(content: Content) -> tuple[str, ...]:
    """What a statement of this kind says beside its kind."""
    return tuple(name for name in type(content).model_fields if name != "kind")
