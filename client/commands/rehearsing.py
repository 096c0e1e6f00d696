"""`vigil rehearse`: a plan or a group tried out on this machine, with everything real but the services."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table

from client.console import Watched, answer, talk
from client.dossier import PlanFiles
from client.options import Output, grouped
from client.rehearse import Rehearsal, Rehearsed, home_for, raise_if_endless
from client.running import run
from client.staging import staged
from domain.signing.canonical import plain
from domain.words.errors import NotVerified, VigilError

app = typer.Typer()


@app.command()
@grouped
def rehearse(
    files: PlanFiles,
    scenario: Annotated[Path | None, typer.Option(help="how the services behave; else scenario.yaml beside the plan")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    keep: Annotated[Path | None, typer.Option(help="keep every file in this folder; else only the packet is left")] = None,
    output: Output = "text",
) -> None:
    """Rehearse a plan, or a group in its place, on this machine: real Temporal, real HTTP, simulated services, compressed time.

    Without --keep its files are in a temporary folder: the evidence packets stay there; database, logs and keys are removed,
    unless something goes wrong.
    """
    chosen = staged(files, scenario)
    for one in chosen:
        raise_if_endless(one)
    several = len(chosen) > 1
    with home_for(keep) as home:
        with Watched(live=talk.is_terminal, named=several) as watched:
            work = Rehearsal(chosen, seed, home).run(watched.see, lambda text: talk.print(text, style="dim"))
            rehearsed = run(work)
        documents = [plain(one) | {"as_expected": one.as_expected} for one in rehearsed]
        wrong = next((error for one in rehearsed if (error := _wrong_with(one, named=several)) is not None), None)
        answer(output, documents if several else documents[0], Group(*map(_rehearsed, rehearsed)), wrong)


def _wrong_with(done: Rehearsed, *, named: bool) -> VigilError | None:
    which = f"{done.delivery}: " if named else ""
    if not done.verified:
        return NotVerified(f"{which}{done.problem}")
    if not done.as_expected:
        return VigilError(f"{which}it ended as {done.outcome}; the scenario expects {done.expected}")
    return None


def _rehearsed(done: Rehearsed) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("delivery", done.delivery)
    table.add_row("outcome", f"{done.outcome}" + (" (as expected)" if done.expected and done.as_expected else ""))
    table.add_row("statements", f"{done.statements} signed, {done.refused} refused")
    table.add_row("ledger", f"{done.entries} entries, root {done.ledger_root}")
    table.add_row("packet", done.packet)
    table.add_row("verified", "yes, offline, every signature and every rule" if done.verified else f"NO: {done.problem}")
    table.add_row("took", f"{done.seconds} s")
    return table
