"""What the rules call things, in the reader's language: sentences of what is found, titles of kinds and of contingencies.

Their English stands beside the rules; `make words` gathers it from here for translators.
"""

from collections.abc import Iterator
from typing import Any, get_args

from domain.delivery.balance import COMPARED
from domain.delivery.vocabulary import Outcome
from domain.plan.cards import Modality, Permission
from domain.plan.vocabulary import Need
from domain.rules.arrival import NotCollected
from domain.rules.books import BOOK
from domain.views.sentences import AHEAD, BEHIND, Translate, say_kind, word
from domain.views.sight import IN_GENERAL
from domain.words.codes import CODES

OWN_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *get_args(Need),
            *get_args(Outcome),
            *get_args(Modality),
            *get_args(Permission),
            *get_args(NotCollected.model_fields["because"].annotation),
            *COMPARED,
        )
    )
)
"""Words of our own that may stand in a sentence."""


def texts() -> frozenset[str]:
    """Every English text of the rules that a reader's language must have."""
    sentences = (code.sentence for code in CODES.values())
    titles = (kind.declares.title for kind in BOOK.kinds.values())
    asked = (one.declares.title for one in BOOK.contingencies.values())
    return frozenset((*sentences, *titles, *asked, *map(word, OWN_WORDS), *IN_GENERAL.values(), AHEAD, BEHIND))


def gathered(*_: object, **__: object) -> Iterator[tuple[int, None, str, tuple[str, ...]]]:
    """The same as `make words` takes it (an extractor of Babel)."""
    yield from ((1, None, text, ()) for text in sorted(texts()))


def kinds(speak: Translate) -> dict[str, str]:
    """The title of every kind of statement."""
    return {name: speak(kind.declares.title) for name, kind in BOOK.kinds.items()}


def for_script(speak: Translate) -> dict[str, Any]:
    """All that a script needs to say what was found (`sentences.say_plainly` does the same here)."""
    return {
        "sentences": {name: [speak(code.sentence), code.shapes] for name, code in CODES.items()},
        "kinds": {name: say_kind(name, speak) for name in BOOK.kinds},
        "words": {one: speak(word(one)) for one in OWN_WORDS},
    }
