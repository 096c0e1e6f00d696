"""What a first officer has said where a second one of the same service must sign the same (R20), for that second officer: who may
be shown it, what of it before they have said their own finding, and where theirs is another.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.progress import First
from domain.delivery.reported import KeysChanged, Stated
from domain.delivery.requests import Request, SignedByOne
from domain.delivery.statement import Content, Statement
from domain.plan.directory import Service
from domain.plan.key_changes import read_change
from domain.plan.vocabulary import Need
from domain.rules.books import read
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
    first = _first(delivery, reader, checkpoint, voice, need) if need is not None else None
    return word_of(delivery, first) if first is not None else None


def signed_by_one(delivery: Delivery, reader: Service, checkpoint: str, voice: str) -> tuple[SignedByOne, ...]:
    """Which first officers of the reader's own service have signed there for this voice, while a second one is waited for."""
    needs = delivery.state.progress[checkpoint].checkpoint.needs_of(voice)
    firsts = ((need, _first(delivery, reader, checkpoint, voice, need)) for need in needs)
    return tuple(SignedByOne(says=need, officer=first.officer, entry=first.seq) for need, first in firsts if first is not None)


def _first(delivery: Delivery, reader: Service, checkpoint: str, voice: str, need: Need) -> First | None:
    progress = delivery.state.progress.get(checkpoint)
    first = progress.firsts.get((voice, need)) if progress is not None and progress.open else None
    return first if first is not None and first.service == reader.id else None


def word_of(delivery: Delivery, first: First) -> FirstWord | None:
    """The statement of a first officer, from its entry; none where that is left out of what is held here."""
    entry = delivery.ledger[first.seq] if delivery.ledger.holds(first.seq) else None
    if not isinstance(entry, Entry) or not isinstance(entry.event, Stated):
        return None
    return FirstWord(entry.seq, entry.at, read(entry.event.envelope), first.keys)


def revokes(entry: object, service: str, keys: Collection[str]) -> bool:
    """Whether this entry revokes one of these keys of a service: what a first officer has said under them is forgotten (R24)."""
    if not isinstance(entry, Entry) or not isinstance(entry.event, KeysChanged):
        return False
    change = read_change(entry.event.change)
    revoked = [end.key for end in change.ended if end.revoked and instant(end.at) <= instant(entry.at)]
    return change.service == service and any(one in revoked for one in keys)


def still_holds(first: FirstWord, asked: Request) -> bool:
    """Whether it is about what is asked now: a consent names the digest of its request, which changes with the plan (R22)."""
    named = getattr(first.statement.content, "request", None)
    return named is None or asked.facts.request_digest in ((named,) if isinstance(named, str) else named)


def otherwise(first: Statement, said: Statement) -> tuple[str, ...]:
    """Fields in which a second officer says something else than the first: each of the content, and the files."""
    one, other = plain(first.content), plain(said.content)
    names = [name for name in (*one, *(name for name in other if name not in one)) if one.get(name) != other.get(name)]
    files = [plain(each) for each in first.attachments] != [plain(each) for each in said.attachments]
    return (*names, "attachments") if files else tuple(names)


def fields_of(content: Content) -> tuple[str, ...]:
    """What a statement of this kind says beside its kind."""
    return tuple(name for name in type(content).model_fields if name != "kind")
