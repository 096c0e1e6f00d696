"""The form of a second officer, who signs the same as a first one of the same service (R20): what the first has said stands there
to be checked, and what is the second's own finding is empty.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Request
from domain.delivery.statement import Statement
from domain.plan.directory import Service
from domain.rules.books import BOOK
from domain.signing.canonical import plain
from domain.views.correcting import ToCorrect
from domain.views.forms import kind_called
from domain.views.second import OWN_FINDING, FirstWord, first_word, otherwise
from domain.words.errors import Malformed
from domain.words.text import mark
from gateway.pages.forms import FilledForm, FormField

SIGNED_ANEW: Final = mark("what the first officer has signed does not stand as this page has shown it")


def first_asked(known: Delivery, reader: Service, asked: Request, kind: str) -> FirstWord | None:
    """What a first officer of the reader has answered there by a statement of this kind, while a second one is waited for."""
    return first_word(known, reader, asked.checkpoint, asked.service, BOOK.kinds[kind].declares.answers)


def first_filled(known: Delivery, reader: Service, filled: FilledForm) -> FirstWord:
    """The same for a form that a second officer has filled in. Raises `Malformed` where it is another than the page showed."""
    need, voice = kind_called(filled.kind).declares.answers, filled.on_behalf_of or reader.id
    first = first_word(known, reader, filled.checkpoint or "", voice, need)
    if first is None or first.entry != filled.second:
        raise Malformed(SIGNED_ANEW, hint=mark("load the page anew, and read what stands there now"))
    return first


def first_to_correct(corrects: ToCorrect, entry: int) -> FirstWord:
    """What a first officer has signed in its place. Raises `Malformed` where it is another than the page showed."""
    if corrects.first is None or corrects.first.entry != entry:
        raise Malformed(SIGNED_ANEW, hint=mark("load the page anew, and read what stands there now"))
    return corrects.first


def to_check(boxes: Sequence[FormField]) -> tuple[FormField, ...]:
    """The fields of a second officer: nothing is filled in, and of what is no finding of their own nothing must be."""
    return tuple(box if box.name in OWN_FINDING else replace(box, required=False, value="", values=()) for box in boxes)


def data_of_first(first: FirstWord) -> dict[str, Any]:
    """What the script needs to know of it."""
    said, content = first.statement, plain(first.statement.content)
    return {
        "officer": said.officer,
        "entry": first.entry,
        "keys": list(first.keys),
        "content": {name: content[name] for name in first.taken_over() if name in content},
        "attachments": [plain(one) for one in said.attachments],
    }


def compared(first: FirstWord, said: Statement) -> dict[str, Any]:
    """Where a second officer says something else than the first, and what the first has said there."""
    known = plain(first.statement.content) | {"attachments": [plain(one) for one in first.statement.attachments]}
    return {"officer": first.statement.officer, "differs": {name: known.get(name) for name in otherwise(first.statement, said)}}
