"""The `vigil` command. Text for people, `-o json` for programs: one document on standard output, also of
a failure; talk on standard error.

Exit codes: 0 done, 1 error, 2 bad input or usage, 3 not found, 4 refused by a rule, 5 not authorised, 6 timed out,
7 verification failed.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from platform import python_version
from typing import Annotated, Any, Literal

import typer
from typer.main import get_command

from client import completing, helping, passphrase
from client import contexts as kept_contexts
from client.commands import (
    admin,
    alarms,
    attaching,
    beginning,
    codec,
    conformance,
    contexts,
    deliveries,
    doctoring,
    evidence,
    explaining,
    expunging,
    groups,
    installation,
    keys,
    notices,
    overdue,
    papers,
    plans,
    reads,
    rehearsing,
    results,
    sandboxing,
    shifts,
    signing_in,
    speaking,
    statistics,
)
from client.console import code_after, explain, problem
from client.language import _
from client.running import Interrupted
from domain.rules.books import BOOK
from domain.words.errors import NotFound, VigilError
from process.configuration import like_it
from process.language import LANGUAGES

app = typer.Typer(name="vigil", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
plans.app.command("new")(beginning.plan_new)
app.add_typer(plans.app, name="plan")
app.command()(beginning.init)
app.add_typer(groups.app, name="group")
app.add_typer(keys.app, name="keys")
app.add_typer(attaching.app, name="attachment")
app.add_typer(contexts.app, name="context")
for group in (rehearsing, sandboxing, installation, deliveries, speaking, evidence):
    app.add_typer(group.app)
app.command()(signing_in.sign_in)
app.command()(signing_in.board)
app.command()(papers.paper)
app.command()(reads.reads)
app.command()(results.results)
app.command()(statistics.statistics)
app.command()(shifts.shift)
app.command()(overdue.overdue)
app.command()(expunging.expunge)
app.command()(alarms.alarms)
app.add_typer(notices.app, name="notices")
app.command()(codec.codec)
app.command()(explaining.explain)
app.command()(conformance.conformance)
app.command()(doctoring.doctor)
app.add_typer(admin.app, name="admin")

ORDER = (
    *("inbox", "confirm", "refuse", "say", "inform", "permit", "correct", "submit", "stop", "hold"),
    *(
        "list",
        "show",
        "watch",
        "wait",
        "history",
        "overdue",
        "board",
        "sign-in",
        "shift",
        "notices",
        "alarms",
        "statistics",
        "results",
    ),
    *("plan", "group", "rehearse", "start", "countersign", "amend"),
    *("paper", "export", "verify", "open", "attachment", "reads", "expunge"),
    *("explain", "directory", "context", "keys", "init", "up", "doctor", "admin", "sandbox", "conformance", "codec"),
)
"""Of the commands in the help: what an officer does, what a supervisor looks at, plans, what is filed and proved, the rest."""


def _print_version(wanted: bool | None) -> None:  # noqa: FBT001 - as the option says
    """Print which version this is, of the rules too, and end."""
    if wanted:
        rules = _("rules {version}", version=BOOK.version)
        typer.echo(f"vigil {version('vigil')}, {rules}, Python {python_version()}")
        raise typer.Exit


@app.callback(help=__doc__)
def options(
    ctx: typer.Context,
    passphrase_file: Annotated[
        Path | None, typer.Option(envvar=passphrase.VARIABLE, help="a file with the passphrase of your keys; else you are asked")
    ] = None,
    _lang: Annotated[
        Literal[LANGUAGES] | None,  # type: ignore[valid-type] # as many as there are catalogues
        typer.Option("--lang", help="what you read; else as VIGIL_LANG or your system says"),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(help="gateway, service and keys of this context (`vigil context`)", autocompletion=completing.contexts),
    ] = None,
    _wanted: Annotated[
        bool | None, typer.Option("--version", help="which version this is", is_eager=True, callback=_print_version)
    ] = None,
) -> None:
    """What every command shares. The language is chosen before any command is understood (`helping.choose`)."""
    if ctx.invoked_subcommand != "context":  # which mends what may be wrong with them
        kept_contexts.use(context)
    if passphrase_file is not None:
        passphrase.use(passphrase_file)


def main() -> None:
    """Run the command; errors are words and an exit code, never a traceback."""
    gc.freeze()  # what has been loaded stays: to go over it for garbage took a third of the time of a command
    gc.enable()
    for_a_program = _wants_json(sys.argv)
    helping.choose(sys.argv[1:])
    completing.no_blank_behind_fields()
    try:
        code = code_after(_run())
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except VigilError as error:
        wrong: VigilError = error
    except typer.Abort:
        typer.echo(err=True)  # below the question
        wrong = VigilError(_("cancelled"))
    except typer.TyperException as error:
        if helping.is_help(error) and not for_a_program:
            typer.echo(error.format_message(), err=True)
            sys.exit(2)
        wrong = helping.of_usage(error)
    except OSError as error:
        if error.strerror is None:
            raise  # not from the operating system: a bug of our own
        what = error.filename or _("something")
        folder = Path(error.filename or ".").parent
        hint = "" if folder.is_dir() else _("there is no folder {folder}", folder=folder)
        wrong = VigilError(_("{what} cannot be read or written: {why}", what=what, why=error.strerror), hint=hint)
        if isinstance(error, FileNotFoundError) and not hint:
            wrong = NotFound(_("there is no file {path}", path=what), hint=like_it(Path(what)))
    except Interrupted as interrupted:
        sys.exit(interrupted.exit_code)
    if for_a_program:
        problem(wrong)
    explain(wrong)
    sys.exit(wrong.exit_code)


def _run() -> int:
    """The code with which the command ended by itself."""
    command = put_together()
    helping.in_language(command)
    try:
        return command(standalone_mode=False) or 0
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


@cache
def put_together() -> Any:
    """All commands, in no language yet. A process has one language, and so may keep them."""
    command: Any = get_command(app)
    command.commands = {name: command.commands[name] for name in ORDER}
    return command


def gathered(*_: object, **__: object) -> Iterator[tuple[int, None, str, tuple[str, ...]]]:
    """What commands say of themselves, as `make words` takes it (an extractor of Babel)."""
    yield from ((1, None, text, ()) for text in sorted(set(helping.texts(get_command(app)))))


def _wants_json(words: Sequence[str]) -> bool:
    """Read from the words themselves, which may be wrong in every other respect."""
    pairs = {f"{option}={value}" for option, value in pairwise(words)}
    return not {"-o=json", "--output=json", "-ojson"}.isdisjoint(pairs | set(words))


if __name__ == "__main__":
    main()
