"""`vigil plan ...`: what an officer does with a plan before anyone is asked for consent."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.progress import MofNCompleteColumn, Progress
from rich.text import Text

from client import outlook, render, scenario_tests
from client.card_demands import demands_in_words
from client.console import answer, out, talk
from client.dossier import PlanFiles, at_their_lines, remarks, tell_gaps, tell_remarks
from client.drawing import drawn, plan_svg
from client.entries import line, line_of
from client.language import _, needs
from client.options import CardsFolder, DirectoryFile, Output, grouped
from client.picture import forecast_svg
from client.scenario_tests import Stage, Trial, TrialResult
from client.staging import staged
from client.tables import pairs
from domain.delivery.ledger import Entry
from domain.plan.demands import demands
from domain.plan.plan import Requirement
from domain.plan.request_for_consent import request_for_consent
from domain.plan.selectors import SelectorKind, selector
from domain.signing.canonical import digest, plain
from domain.views.consequences import when_overdue
from domain.views.names import OVERDUE, STEPS
from domain.words.errors import Malformed, VigilError
from domain.words.quantities import say_span
from domain.words.text import shown
from process.configuration import deconfliction_key_in
from rehearsal.forecast import RunEstimate, forecast
from rehearsal.trials import FEW, Trials

DECONFLICTION = Path("~/.config/vigil/keys/deconfliction.key")

app = typer.Typer(help="Plans: check them before anyone is asked for consent.", no_args_is_help=True)


@app.command("check")
@grouped
def plan_check(files: PlanFiles, output: Output = "text") -> None:
    """Check a plan: every fault at once, with file, line and what was expected; and what each State's rule card demands of it."""
    dossier = files.checked()
    found, explained = dossier.plan, demands(dossier.plan, dossier.cards)
    table = pairs()
    table.title = Text(shown(f"{found.operation}: {found.title}"))
    for one in found.checkpoints:
        due = _("due {span}, if overdue: {action}", span=say_span(found.due_after(one)), action=_(OVERDUE[when_overdue(one)]))
        asked = (f"{need.service}: {needs([need.says])}{_by_two(need)}" for need in one.requires)
        table.add_row(one.id, Text("\n".join(map(shown, (f"{_(STEPS[one.step])}, {one.state}; {due}", *asked)))))
    document = {
        "plan": str(files.plan),
        "operation": found.operation,
        "states": found.states(),
        "participants": found.participants(),
        "demands": [plain(one) for one in explained],
    }
    notes = remarks(files.plan, found)
    answer(
        output,
        document | {"faults": [], "gaps": [plain(one) for one in dossier.gaps], "notes": [plain(one) for one in notes]},
        Group(table, Text(), demands_in_words(explained)),
    )
    talk.print(
        _(
            "{plan}: no faults; route {states}, {count} participants",
            plan=files.plan,
            states=" → ".join(found.states()),
            count=len(found.participants()),
        )
    )
    tell_remarks(notes)
    if found.replaced:
        talk.print(_("with `replaced` it changes a delivery under way: `vigil amend` takes it, `vigil start` never does"))
    tell_gaps(dossier.gaps, to_amend=bool(found.replaced))
    without = [one for one in found.participants() if not dossier.directory.get(one).keys]
    if without:
        services = ", ".join(without)
        to_start = _("to start it, these still need keys in the directory: {services}", services=services)
        to_amend = _("for `vigil amend`, these still need keys in the directory: {services}", services=services)
        talk.print(to_amend if found.replaced else to_start)


def _by_two(need: Requirement) -> str:
    return _(" by two officers") if need.officers > 1 else ""


@app.command("test")
def plan_test(
    scenarios: Annotated[
        list[Path],
        typer.Argument(
            help="scenarios (YAML), each naming its plan or group; a group file stands for the one beside it", show_default=False
        ),
    ],
    on: Annotated[Stage, typer.Option(help="in virtual time, or for real: Temporal, HTTP and compressed time")] = "simulator",
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    show: Annotated[bool, typer.Option("--show", help="show each ledger, and each refusal with its reason")] = False,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Run scenarios and compare each with what it expects: the outcome and the trail. Exit code 0 only if all are as expected."""
    trials = [scenario_tests.trial(path, directory, cards) for path in scenarios]
    tried: list[TrialResult] = []
    failed = 0
    for one in trials:
        several = len(one.staged) > 1
        found = scenario_tests.compared(one, seed, on, _performance(one, seed, on), _shows(named=several) if show else _hides)
        for each in found if output == "text" else ():
            out.print(scenario_tests.line(each))
            for refusal in each.refusals if show else ():
                out.print(_("refused: {what}", what=refusal))
        tried += found
        failed += not all(each.ok for each in found)
    all_of = len(trials)
    wrong = (
        VigilError(_("{failed} of {tried} scenarios did not go as they expect", failed=failed, tried=all_of)) if failed else None
    )
    answer(
        output,
        [plain(one) for one in tried],
        _("{failed} of {tried} went as expected", failed=all_of - failed, tried=all_of),
        wrong,
    )


def _shows(*, named: bool) -> scenario_tests.Show:
    return lambda delivery, entry: talk.print(line_of(delivery, entry) if named else line(entry))


def _hides(_delivery: str, _entry: Entry) -> None:
    """Without `--show` no entry is shown."""


def _performance(one: Trial, seed: int, on: Stage) -> Callable[[], tuple[bytes, ...]]:
    if on == "simulator":
        return lambda: scenario_tests.simulated(one, seed)
    return lambda: scenario_tests.rehearsed(one, seed)


@app.command("simulate")
@grouped
def plan_simulate(
    files: PlanFiles,
    runs: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many deliveries")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="of the first; the others follow it. One seed, one course")] = 1,
    scenario: Annotated[Path | None, typer.Option(help="how the services behave; else scenario.yaml beside the plan")] = None,
    trouble: Annotated[int, typer.Option(min=0, max=100, help="in how many of 100 runs something goes wrong as well")] = 0,
    picture: Annotated[Path | None, typer.Option(help="write the picture to this file (SVG)")] = None,
    output: Output = "text",
) -> None:
    """Simulate many deliveries: how long they take, who is waited for, which consent runs out, where they fail. Of a group in the
    plan's place, each consignment.
    """
    chosen = staged(files, scenario)
    if picture is not None and len(chosen) > 1:
        message = _("a picture shows one forecast, and {file} is a group with one for each consignment", file=files.plan)
        raise Malformed(message, hint=_("leave out --picture; `-o json` has the figures of each"))
    trials = Trials(tuple(one.world(seed) for one in chosen), runs, trouble)
    with at_their_lines(chosen):
        courses = zip(*_with_progress(trials), strict=True)
    found = [forecast(one.dossier.plan, course) for one, course in zip(chosen, courses, strict=True)]
    if picture is not None:
        _write(picture, forecast_svg(found[0], chosen[0].dossier.plan.title))
    parts = [part for one in found for part in (outlook.forecast(one), Text())][:-1]
    answer(output, [plain(one) for one in found] if len(found) > 1 else plain(found[0]), Group(*parts))
    if not trouble and not any(one.scenario.acts for one in chosen):
        talk.print(_("nothing goes wrong in this scenario; --trouble 30 shows what may"), style="dim")


@app.command("request")
@grouped
def plan_request(
    files: PlanFiles,
    to: Annotated[str | None, typer.Option(help="to this State alone, such as UZ")] = None,
    output: Output = "text",
) -> None:
    """Show what each State is asked to decide on, in full, as it will be shown there and nowhere else."""
    plan = files.checked().plan
    if to is not None and to not in plan.request.to:
        raise Malformed(
            _("{state} is asked nothing by this plan", state=to), hint=_("it asks {states}", states=", ".join(plan.request.to))
        )
    states = [to] if to is not None else list(plan.request.to)
    found = {state: asked for state in states if (asked := request_for_consent(plan, state)) is not None}
    parts: list[RenderableType] = []
    for state, asked in found.items():
        parts += [Text(_("the request to {state}", state=state), "bold"), render.for_consent(asked, digest(asked)), Text()]
    document = {state: {"request": plain(asked), "request_digest": digest(asked)} for state, asked in found.items()}
    answer(output, document, Group(*parts[:-1]))


@app.command("draw")
@grouped
def plan_draw(
    files: PlanFiles,
    picture: Annotated[Path | None, typer.Option(help="write the picture to this file (SVG)")] = None,
) -> None:
    """Draw a plan: the route, the checkpoints, and who must say what."""
    found = files.checked().plan
    if picture is not None:
        _write(picture, plan_svg(found))
    out.print(drawn(found))


@app.command("hash")
def plan_hash(
    kind: Annotated[SelectorKind, typer.Argument(help="person, phone, plate or address", show_default=False)],
    value: Annotated[str | None, typer.Argument(help="else it is read from standard input", show_default=False)] = None,
    key: Annotated[Path, typer.Option("--key", envvar="VIGIL_DECONFLICTION_KEY", help="the deconfliction key")] = DECONFLICTION,
    output: Output = "text",
) -> None:
    """Hash a person, telephone, plate or address for the `selectors` of a plan, where it never stands in clear."""
    secret = deconfliction_key_in(key.expanduser())
    try:
        found = selector(secret, kind, value if value is not None else sys.stdin.readline())
    except ValueError as error:
        raise Malformed(str(error)) from error
    answer(output, plain(found), f"{{kind: {found.kind}, hash: {found.hash}}}")


def _with_progress(trials: Trials) -> Iterator[tuple[RunEstimate, ...]]:
    """The courses as they come; on a terminal, how many have come."""
    bar = Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=talk, transient=True, auto_refresh=False)
    if not talk.is_terminal or trials.runs <= FEW:
        yield from trials.run()
        return
    with bar:  # refreshed by hand: a thread of its own must not run while processes are started
        task = bar.add_task("deliveries", total=trials.runs)
        for one in trials.run():
            yield one
            bar.advance(task)
            bar.refresh()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    talk.print(_("picture: {path}", path=path))
