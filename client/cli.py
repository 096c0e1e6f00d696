"""The `vigil` command. Text for people, `-o json` for programs: one document on standard output, also of
a failure; talk on standard error.

Exit codes: 0 done, 1 error, 2 bad input or usage, 3 not found, 4 refused by a rule, 5 not authorised, 6 timed out,
7 verification failed.
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from client import passphrase
from client.commands import (
    alarms,
    codec,
    conformance,
    deliveries,
    evidence,
    expunging,
    installation,
    keys,
    plans,
    reads,
    rehearsing,
    signing_in,
    speaking,
)
from client.console import code_after, explain, problem
from client.running import Interrupted
from domain.words.errors import Malformed, VigilError

app = typer.Typer(name="vigil", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(plans.app, name="plan")
app.add_typer(keys.app, name="keys")
for group in (rehearsing, installation, deliveries, speaking, evidence):
    app.add_typer(group.app)
app.command()(signing_in.sign_in)
app.command()(reads.reads)
app.command()(expunging.expunge)
app.command()(alarms.alarms)
app.command()(codec.codec)
app.command()(conformance.conformance)


@app.callback(help=__doc__)
def options(
    passphrase_file: Annotated[
        Path | None, typer.Option(envvar=passphrase.VARIABLE, help="a file with the passphrase of your keys; else you are asked")
    ] = None,
) -> None:
    """What every command shares."""
    if passphrase_file is not None:
        passphrase.use(passphrase_file)


def main() -> None:
    """Run the command; errors are words and an exit code, never a traceback."""
    for_a_program = _wants_json(sys.argv)
    try:
        sys.exit(code_after(_run(standalone=not for_a_program)))
    except VigilError as error:
        wrong = error
    except typer.TyperException as error:  # of usage, where typer does not show it to people itself
        wrong = Malformed(error.format_message(), hint="see `vigil --help`")
    except OSError as error:
        if error.strerror is None:
            raise  # not from the operating system: a bug of our own
        wrong = VigilError(f"{error.filename or 'something'} cannot be read or written: {error.strerror}")
    except Interrupted as interrupted:
        sys.exit(interrupted.exit_code)
    if for_a_program:
        problem(wrong)
    explain(wrong)
    sys.exit(wrong.exit_code)


def _run(*, standalone: bool) -> int:
    """The code with which the command ended by itself."""
    try:
        return app(standalone_mode=standalone) or 0
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _wants_json(words: Sequence[str]) -> bool:
    """Read from the words themselves, which may be wrong in every other respect."""
    pairs = {f"{option}={value}" for option, value in pairwise(words)}
    return not {"-o=json", "--output=json", "-ojson"}.isdisjoint(pairs | set(words))


if __name__ == "__main__":
    main()
