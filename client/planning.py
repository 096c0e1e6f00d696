"""`vigil plan ...`: what an officer does with a plan before anyone is asked for consent."""

import typer
from rich.table import Table

from client.brought import checked_plan
from client.console import CardsFolder, DirectoryFile, Output, PlanFile, answer, talk
from domain.quantities import say_span

app = typer.Typer(help="Plans: check them before anyone is asked for consent.", no_args_is_help=True)


@app.command("check")
def check(plan: PlanFile, directory: DirectoryFile = None, cards: CardsFolder = None, output: Output = "text") -> None:
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
