"""`vigil rehearse`: a plan or a group tried out on this machine, with everything real but the services."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table

from client.console import WatchScreen, answer, talk
from client.dossier import PlanFiles
from client.language import _, named
from client.options import Output, grouped
from client.rehearse import Rehearsal, Rehearsed, home_for, raise_if_endless
from client.running import run
from client.staging import staged
from domain.signing.canonical import plain
from domain.views.names import OUTCOMES
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
        with WatchScreen(live=talk.is_terminal, named=several) as watched:
            work = Rehearsal(chosen, seed, home).run(watched.see, lambda text: talk.print(text, style="dim"))
            rehearsed = run(work)
        documents = [plain(one) | {"as_expected": one.as_expected} for one in rehearsed]
        wrong = next((error for one in rehearsed if (error := _wrong_with(one)) is not None), None)
        answer(output, documents if several else documents[0], Group(*map(_rehearsed, rehearsed)), wrong)


def _wrong_with(done: Rehearsed) -> VigilError | None:
    if not done.verified:
        return NotVerified(f"{done.delivery}: {done.problem}")
    if not done.as_expected:
        words = _("it ended as {outcome}; the scenario expects {expected}", outcome=done.outcome, expected=done.expected)
        return VigilError(f"{done.delivery}: {words}")
    return None


def _rehearsed(done: Rehearsed) -> Table:
    table = Table.grid(padding=(0, 2))
    outcome = named(OUTCOMES, done.outcome) if done.outcome is not None else _("not ended")
    table.add_row(_("delivery"), done.delivery)
    table.add_row(_("outcome"), _("{outcome}, as expected", outcome=outcome) if done.expected and done.as_expected else outcome)
    table.add_row(_("statements"), _("{statements} signed, {refused} refused", statements=done.statements, refused=done.refused))
    table.add_row(_("ledger"), _("{count} entries, root {root}", count=done.entries, root=done.ledger_root))
    table.add_row(_("packet"), done.packet)
    whether = _("yes, offline, every signature and every rule") if done.verified else _("NO: {problem}", problem=done.problem)
    table.add_row(_("verified"), whether)
    table.add_row(_("took"), _("{number} s", number=done.seconds))
    return table
