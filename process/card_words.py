"""What the rule cards that come along say in words of their own, so that it is translated with everything else."""

from collections.abc import Iterator
from typing import IO

from domain.plan.cards import RuleCard
from domain.plan.documents import Document
from domain.views.law import words_of


def gathered(file: IO[bytes], *_: object, **__: object) -> Iterator[tuple[int, None, str, tuple[str, ...]]]:
    """The words of one card, as `make words` takes them (an extractor of Babel)."""
    card = Document(file.read().decode(), file.name).read(RuleCard)
    yield from ((1, None, text, ()) for text in dict.fromkeys(words_of(card)))
