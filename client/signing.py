"""Before something is signed: whoever signs is shown what it says, what will come of it, and is asked, where there is somebody to
ask.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.text import Text

from client.asking import ask, one_of
from client.caller import CallerOptions
from client.console import answer, talk
from client.human_times import TypedTimes
from client.language import _, speak
from client.options import DryRun, Yes
from client.tables import pairs
from domain.delivery.requests import Request
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.plan import Plan
from domain.plan.quantity import Estimate, Unmeasured, say_quantity
from domain.rules.books import BOOK
from domain.rules.speaking import Correction
from domain.signing.canonical import digest, plain
from domain.signing.envelope import Envelope
from domain.views.foreseen import foreseen, mistimed, over
from domain.views.forms import masses_of
from domain.words.errors import Malformed, VigilError
from domain.words.identifiers import Seal
from domain.words.moments import instant
from domain.words.text import shown, told, word
from process.configuration import directory_in

AGREED = ("y", "yes", "д", "да")
DECLINED = ("n", "no", "н", "нет")


NoReason = Annotated[bool, typer.Option("--no-reason", help="you owe no reason, and give none")]


def clock_of(caller: CallerOptions, directory: Path | None = None, *, offline: bool = False) -> TypedTimes:
    """The clock of the State of whoever speaks, as the directory names it: the file, where there is one, else the gateway's."""

    def state() -> str | None:
        if directory is not None:
            return directory_in(directory).get(caller.service).state
        if offline:
            return None
        listed = caller.call(lambda door: door.directory())
        return next((one.state for one in listed if one.id == caller.service), None)

    return TypedTimes(state)


@dataclass(frozen=True)
class SignOptions:
    """How what is signed is agreed to, as the options of what is signed say."""

    yes: Yes = False
    dry_run: DryRun = False

    def signed(
        self, said: Statement, key: Ed25519PrivateKey, output: str, request: Request | None = None, remarks: tuple[str, ...] = ()
    ) -> Envelope:
        """The statement, signed; once it is agreed to, where somebody is there to be asked. `remarks`: what else is to be known
        first. Raises `VigilError` where it is not, `Malformed` for moments that cannot be; ends the command after a dry run.
        """
        now = instant(said.happened_at)
        if wrong := mistimed(said.content, now):
            raise Malformed(_("nothing was signed"), wrong)
        asked = foreseen(said.content, request, said.fulfils, speak) if request is not None else ()
        coming = (*remarks, *over(said.content, now, speak), *asked)
        if self.dry_run:
            talk.print(_("nothing is signed or handed in: this is a dry run"), style="dim")
            document = {"dry_run": True, "statement": plain(said), "foreseen": list(coming)}
            answer(output, document, in_full(said, coming))
            raise typer.Exit
        if not self.yes and somebody_is_there():
            talk.print(in_full(said, coming))
            if declined(_("Sign this and hand it in? (yes/no)")):
                raise VigilError(_("nothing was signed"))
        else:
            for one in coming:
                talk.print(one, style="bold yellow")
        return sign_statement(said, key)


def declined(question: str) -> bool:
    """Whether the answer is no, as it is where nothing is typed."""
    return ask(question, one_of((*AGREED, *DECLINED)), _("no")) in DECLINED


def at_once(dry_run: bool) -> SignOptions:  # noqa: FBT001 - as the option says
    """A brake is not asked about: whoever pulls it is in a hurry."""
    return SignOptions(yes=True, dry_run=dry_run)


def somebody_is_there() -> bool:
    """Whether a person sits at the terminal."""
    return sys.stdin.isatty() and talk.is_terminal


def dry(output: str, document: dict[str, Any], text: RenderableType) -> NoReturn:
    """Say what would be done, and end the command."""
    talk.print(_("nothing is written: this is a dry run"), style="dim")
    answer(output, {"dry_run": True} | document, text)
    raise typer.Exit


def dry_plan(plan: Plan, service: str, output: str) -> NoReturn:
    """The same of a plan that has been checked: which one would be signed, by whom."""
    document = {"operation": plan.operation, "service": service, "plan": digest(plan)}
    dry(output, document, _("{operation}: {service} would sign the plan {plan}", **document))


def dry_plans(plans: Sequence[Plan], output: str) -> NoReturn:
    """The same of the plans of a group."""
    document = [{"operation": one.operation, "service": one.initiator, "plan": digest(one)} for one in plans]
    lines = (_("{operation}: {service} would sign the plan {plan}", **one) for one in document)
    dry(output, {"plans": document}, "\n".join(lines))


def in_full(said: Statement, coming: tuple[str, ...] = ()) -> RenderableType:
    """All that is signed, a line each, as it will stand in the ledger; and what will come of it."""
    table = pairs()
    table.add_row(_("what"), Text(speak(BOOK.kinds[said.kind].declares.title), "bold"))
    where = said.delivery if said.checkpoint is None else f"{said.delivery}, {said.checkpoint}"
    table.add_row(_("delivery"), where)
    if said.members is not None:
        table.add_row(_("consignments"), ", ".join(map(str, said.members)))
    table.add_row(_("signed by"), _("{service}, officer {officer}", service=said.service, officer=said.officer))
    if said.on_behalf_of is not None:
        table.add_row(_("on behalf of"), said.on_behalf_of)
    table.add_row(_("happened at"), said.happened_at)
    for name, value in _fields(said):
        table.add_row(name, value)
    for number in said.fulfils:
        table.add_row(_("condition met"), number)
    if said.handling is not None:
        table.add_row(_("handling code"), " ".join(filter(None, (said.handling.code, said.handling.caveat))))
    for one in said.attachments:
        table.add_row(_("file"), ", ".join(filter(None, (f"{one.shows} ({one.digest[:16]})", one.handling))))
    if said.plan is not None:
        table.add_row(_("plan"), said.plan)
    return Group(table, *(Text(shown(one), "bold yellow") for one in coming))


def _fields(said: Statement) -> Iterator[tuple[str, str]]:
    """Each field by the name under which it is typed; what says nothing is left out."""
    if isinstance(said.content, Correction):
        corrected = said.content.content
        yield from (("of", said.content.of), ("reason", said.content.reason))
        yield "content", speak(BOOK.kinds[corrected.kind].declares.title)
        yield from _of_kind(corrected)
    else:
        yield from _of_kind(said.content)


def _of_kind(content: Content) -> Iterator[tuple[str, str]]:
    masses = masses_of(content.kind)
    for name in type(content).model_fields:
        value = getattr(content, name)
        if name != "kind" and value not in (None, "", ()):
            yield name, in_words(value, mass=name in masses)


def in_words(value: Any, *, mass: bool = False) -> str:
    """A value as it is shown before it is signed."""
    match value:
        case bool():
            return _("yes") if value else _("no")
        case Unmeasured() | Estimate():
            return say_quantity(value, speak)
        case int() if mass:
            return say_quantity(value, speak)
        case Seal():
            return f"{value.number}/{value.security}"
        case tuple():
            return "; ".join(map(in_words, value))
        case BaseModel():
            return _of_record(value)
        case _:
            return str(value)


def _of_record(record: BaseModel) -> str:
    """Something with parts: in its own words, where it has any, else part by part."""
    say = getattr(record, "say", None)
    if say is not None:
        return str(say() if say.__func__.__code__.co_argcount == 1 else say(speak))
    parts = ((name, getattr(record, name)) for name in type(record).model_fields)
    return ", ".join(
        f"{told(word(name), speak)}: {in_words(value, mass=name in ('gross', 'net', 'division'))}"
        for name, value in parts
        if value not in (None, "", ())
    )
