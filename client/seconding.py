"""The second of two officers (R20): what the first has signed is signed again with another key. What is weighed, counted or seen
the second types without being shown the other finding; all else is taken over, and shown before it is signed.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from client.asking import ask
from client.caller import CallerOptions
from client.console import talk
from client.language import _, speak
from client.signing import in_words, somebody_is_there
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.requests import Request
from domain.delivery.statement import Handling, Statement
from domain.record.door import read_statement
from domain.rules.books import BOOK
from domain.rules.speaking import Correction
from domain.views.forms import masses_of
from domain.views.second import FirstWord, otherwise, still_holds
from domain.words.errors import Fault, Malformed, NotAllowed, NotFound
from domain.words.text import mark, told

Second = Annotated[
    bool,
    typer.Option(
        "--second",
        help="you are the second officer: sign what the first has signed; what is weighed, counted or seen you type yourself",
    ),
]
NOTHING = mark("nothing")
ANEW = mark("that officer signs anew first, and you then")
ALONE = mark("whoever signs first leaves --second out; each officer has a code and a key of their own, see --officer and --keys")


def first_signed(caller: CallerOptions, asked: Request, kind: str) -> FirstWord | None:
    """What a first officer of this service has signed there by a statement of this kind, while a second one is waited for; none
    where one officer is enough, or it is the caller's own.
    """
    if asked.officers == 1:
        return None
    view = caller.at(asked.delivery, lambda door: door.view(asked.delivery))
    services = [one for wait in view.waiting if wait.checkpoint == asked.checkpoint for one in wait.services]
    signed = [one for service in services if service.service == asked.service for one in service.signed_by_one]
    number = next((one.entry for one in signed if one.says == BOOK.kinds[kind].declares.answers), None)
    if number is None:
        return None
    first = _said_in(caller, asked.delivery, number)
    return first if first is not None and first.statement.officer != caller.code else None


def _said_in(caller: CallerOptions, delivery: str, number: int) -> FirstWord | None:
    entries = caller.at(delivery, lambda door: door.ledger(delivery, number))
    found = next((one for one in entries if isinstance(one, Entry) and one.seq == number), None)
    if found is None or not isinstance(found.event, Stated):
        return None
    return FirstWord(number, found.at, read_statement(found.event.envelope), ())


def to_second(caller: CallerOptions, asked: Request, kind: str) -> FirstWord:
    """The same for who says that they are the second. Raises `NotAllowed` where one officer is enough, and `NotFound` where no
    other has signed yet, or what is asked has changed since.
    """
    first = first_signed(caller, asked, kind)
    if first is not None and still_holds(first, asked):
        _tell(first)
        return first
    where = {"checkpoint": asked.checkpoint, "delivery": asked.delivery}
    if asked.officers == 1:
        raise NotAllowed(_("{checkpoint} of {delivery} asks one officer of you, not two", **where), hint=_("leave --second out"))
    if first is not None:
        raise NotFound(
            _("what is asked at {checkpoint} of {delivery} has changed since the first officer signed", **where), hint=_(ANEW)
        )
    hint = _(ALONE)
    raise NotFound(_("no other officer of yours has signed {checkpoint} of {delivery} yet", **where), hint=hint)


def correction_to_second(caller: CallerOptions, delivery: str, of: str) -> tuple[FirstWord, str]:
    """What a first officer has signed in the place of this statement, as one of its kind, and why. Raises `NotFound` where no
    other officer has.
    """
    view = caller.at(delivery, lambda door: door.view(delivery))
    signed = next((one for one in view.corrected_by_one if one.of == of and one.officer != caller.code), None)
    first = _said_in(caller, delivery, signed.entry) if signed is not None else None
    if first is None or not isinstance(first.statement.content, Correction):
        hint = _(ALONE)
        raise NotFound(_("no other officer of yours has signed a correction of {statement} yet", statement=of), hint=hint)
    _tell(first)
    right = first.statement.content
    said = first.statement.model_copy(update={"content": right.content})
    return FirstWord(first.entry, first.at, said, ()), right.reason


def _tell(first: FirstWord) -> None:
    talk.print(
        _(
            "officer {officer} has signed this in entry {entry}. What is weighed, counted or seen you say yourself; all else "
            "is as that officer said it: check it before you sign",
            officer=first.statement.officer,
            entry=first.entry,
        ),
        markup=False,
    )


def with_own_findings(first: FirstWord, words: Iterable[str]) -> list[str]:
    """The words of a second officer, with what they have found themselves; where somebody is there they are asked for it. Raises
    `Malformed` for each that is missing.
    """
    given = list(words)
    missing = [name for name in first.own_findings() if not any(one.startswith(f"{name}=") for one in given)]
    if missing and not somebody_is_there():
        faults = [Fault(place=name, problem=_("is your own finding: say what you see")) for name in missing]
        hint = _("the first officer's finding is not taken over; give yours as field=value")
        raise Malformed(_("a second officer has looked too"), faults, hint=hint)
    return [*given, *(f"{name}={ask(_('your own finding, {field}', field=name), _typed)}" for name in missing)]


def _typed(text: str) -> str:
    if not text:
        raise ValueError(_("say what you see"))
    return text


def beside(first: FirstWord | None, said: Statement) -> tuple[str, ...]:
    """Each field in which a second officer says otherwise, in a sentence; nothing where both say the same or nobody was first."""
    return tuple(_differs(first.statement, said, name) for name in otherwise(first.statement, said)) if first is not None else ()


def _differs(first: Statement, said: Statement, name: str) -> str:
    theirs, yours = (_words(one, name) for one in (first, said))
    return _(
        "{field}: officer {officer} has signed {theirs}, and you say {yours}. Signed so it is recorded as refused (R20), and "
        "nothing counts yet. Look again: change yours, or have {officer} sign anew",
        field=name,
        officer=first.officer,
        theirs=theirs,
        yours=yours,
    )


def _words(one: Statement, name: str) -> str:
    if name == "attachments":
        return "; ".join(f"{each.shows} ({each.digest[:16]})" for each in one.attachments) or told(NOTHING, speak)
    value = getattr(one.content, name, None)
    return in_words(value, mass=name in masses_of(one.kind)) if value not in (None, "", ()) else told(NOTHING, speak)


def handling_of_first(handling: Handling | None) -> str | None:
    """The code of its own that the first officer has given it, as an option has it."""
    return None if handling is None else f"{handling.code}: {handling.caveat}" if handling.caveat else handling.code


def raise_unless_alone(first: FirstWord, asked: Request) -> None:
    """Raises `Malformed` for what the first has signed of several consignments at once: the second signs the same."""
    if first.statement.members is not None:
        message = _("officer {officer} has signed this of several consignments at once", officer=first.statement.officer)
        raise Malformed(message, hint=f"vigil group confirm {first.statement.delivery} {asked.checkpoint} --second")


def members_of(first: FirstWord, asked: Sequence[Request]) -> tuple[int, ...]:
    """Of which consignments the first has signed. Raises `Malformed` where it was of one alone."""
    if first.statement.members is None:
        message = _("officer {officer} has signed this of each consignment alone", officer=first.statement.officer)
        raise Malformed(message, hint=f"vigil confirm {asked[0].delivery} {asked[0].checkpoint} --second")
    return first.statement.members
