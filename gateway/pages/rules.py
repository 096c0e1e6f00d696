"""What the rules call things, in the reader's language, for the scripts of the pages."""

from typing import Any

from domain.rules.books import BOOK
from domain.views.sentences import OWN_WORDS, Translate, say_kind
from domain.words.codes import CODES
from domain.words.text import word


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
