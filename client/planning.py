"""`vigil plan ...`: what an officer does with a plan before anyone is asked for consent."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from client import trying
from client.brought import checked_plan
from client.console import CardsFolder, DirectoryFile, Output, PlanFile, answer, out, talk
from client.rehearse import home_for
from client.trying import Stage, Trial, Tried
from domain.canonical import plain
from domain.errors import VigilError
from domain.quantities import say_span

app = typer.Typer(help="Plans: check them before anyone is asked for consent.", no_args_is_help=True)


@app.command("check")
def plan_check(plan: PlanFile, directory: DirectoryFile = None, cards: CardsFolder = None, output: Output = "text") -> None:
    """Check a plan: every fault at once, with file, line and what was expected."""
    brought = checked_plan(plan, directory, cards)
    found = brought.plan
    table = Table(title=f"{found.operation}: {found.title}", title_justify="left", box=None, padding=(0, 2))
    for heading in ("checkpoint", "step", "State", "who must say what", "due", "if overdue"):
        table.add_column(heading)
    for one in found.checkpoints:
        asked = ", ".join(f"{need.service}: {need.says}" for need in one.requires)
        table.add_row(one.id, one.step, one.state, asked, say_span(one.due), one.overdue)
    document = {
        "plan": str(plan),
        "operation": found.operation,
        "states": found.states(),
        "participants": found.participants(),
    }
    answer(output, document | {"faults": []}, table)
    talk.print(f"{plan}: no faults; route {' → '.join(found.states())}, {len(found.participants())} participants")
    without = [one for one in found.participants() if not brought.directory.get(one).keys]
    if without:
        talk.print(f"to start it, these still need keys in the directory: {', '.join(without)}")


@app.command("test")
def plan_test(
    scenarios: Annotated[list[Path], typer.Argument(help="scenarios (YAML); each names its plan", show_default=False)],
    on: Annotated[Stage, typer.Option(help="in virtual time, or for real: Temporal, HTTP and compressed time")] = "simulator",
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Run scenarios and compare each with what it expects: the outcome and the trail. Exit code 0 only if all are as expected."""
    trials = [trying.trial(path, directory, cards) for path in scenarios]
    tried: list[Tried] = []
    for one in trials:
        tried.append(trying.compared(one, seed, on, _performance(one, seed, on)))
        if output == "text":
            out.print(trying.line(tried[-1]))
    if output == "json":
        answer(output, [plain(one) for one in tried], None)
    failed = sum(not one.ok for one in tried)
    if failed:
        raise VigilError(f"{failed} of {len(tried)} scenarios did not go as they expect")


def _performance(one: Trial, seed: int, on: Stage) -> Callable[[], bytes]:
    if on == "simulator":
        return lambda: trying.simulated(one, seed)
    home = home_for(None)
    talk.print(f"{one.path}: on Temporal, files are in {home}", style="dim")
    return lambda: trying.rehearsed(one, seed, home)
