"""`vigil doctor`: whoever runs an installation learns what is wrong with it, and what to do."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from client.console import answer, out
from client.embedded import SETTINGS
from client.language import _, language
from client.options import Output
from domain.words.errors import NotFound, Unavailable
from domain.words.text import mark, shown
from process.language import LANGUAGES, VARIABLES

FILE = "VIGIL_ENV_FILE"
PATIENCE = 180.0
"""Seconds for all looks; each has less."""
STATES = {
    "fine": ("+", mark("fine"), ""),
    "warning": ("!", mark("warning"), "yellow"),
    "wrong": ("x", mark("wrong"), "bold red"),
    "unknown": ("?", mark("unknown"), "dim"),
}
PARTS = {
    "settings": mark("settings"),
    "versions": mark("versions"),
    "ports": mark("ports"),
    "clock": mark("clock"),
    "keys": mark("keys and secrets"),
    "directory": mark("directory"),
    "certificates": mark("certificates"),
    "services": mark("services"),
    "temporal": "Temporal",
    "worker": mark("workers"),
    "gateway": mark("gateway"),
    "archive": mark("archive"),
    "ledgers": mark("ledgers"),
    "attachments": mark("attachments"),
    "disk": mark("disks"),
}


def doctor(
    settings: Annotated[
        Path | None, typer.Option("--settings", help="file of the VIGIL_ settings, such as /etc/vigil/vigil.env; else see --home")
    ] = None,
    home: Annotated[
        Path, typer.Option(envvar="VIGIL_HOME", help="folder of `vigil up`, whose settings count where no others are given")
    ] = Path("~/.local/share/vigil"),
    output: Output = "text",
) -> None:
    """Look at every part of the installation, on the machine where it runs: what is wrong, and what to do. Nothing is changed.

    Exit code 0 where nothing is wrong, 1 where something is.
    """
    environment = {**os.environ, VARIABLES[0]: language() if output == "text" else LANGUAGES[0]}
    found = asyncio.run(_asked(environment | _settings(settings, home.expanduser())))
    if output == "text":
        out.print(_shown(found["findings"]), soft_wrap=not out.is_terminal)
    else:
        answer(output, found, "")
    if not found["healthy"]:
        raise typer.Exit(1)


def _settings(named: Path | None, home: Path) -> dict[str, str]:
    """Whose settings count: of the file that is named, of the environment, or else those that `vigil up` was told."""
    if named is not None:
        if not named.is_file():
            raise NotFound(_("there is no file {path}", path=named), hint=_("name the file that the units of systemd read"))
        return {FILE: str(named)}
    if FILE in os.environ or "VIGIL_KEY" in os.environ or not (home / SETTINGS).is_file():
        return {}
    return {FILE: str(home / SETTINGS)}


async def _asked(environment: dict[str, str]) -> Any:
    """What the doctor finds, in a process of its own: the command line itself knows nothing of Temporal or the archive."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "doctor", stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
    )
    try:
        async with asyncio.timeout(PATIENCE):
            written, said = await process.communicate()
        return json.loads(written)
    except TimeoutError as error:
        message = _("the doctor did not come to an end within {seconds} seconds", seconds=round(PATIENCE))
        raise Unavailable(message, hint=_("try again")) from error
    except ValueError as error:
        why = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unavailable(_("the doctor did not come to an end: {why}", why=why), hint=_("try again")) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _shown(findings: list[dict[str, str]]) -> Table:
    table = Table(box=None, padding=(0, 2), show_header=False)
    for _column in range(3):
        table.add_column()
    for one in findings:
        sign, word, style = STATES[one["state"]]
        said = Text(shown(one["what"]))
        if one["then"]:
            said.append(f"\n-> {shown(one['then'])}", "italic")
        table.add_row(Text(f"{sign} {_(word)}", style), Text(_(PARTS[one["part"]])), said)
    bad = [sum(one["state"] == state for one in findings) for state in ("wrong", "warning", "unknown")]
    table.add_row()
    table.add_row(
        "", "", _("wrong: {wrong}, warnings: {warnings}, unknown: {unknown}", wrong=bad[0], warnings=bad[1], unknown=bad[2])
    )
    return table
