"""`vigil plan new` and `vigil init`: from a handful of answers to a plan, and from an empty folder to a first delivery."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from ruamel.yaml import YAML

from client import keyring
from client.commands.keys import InKeyring, Plainly, kept
from client.console import answer
from client.dossier import beside
from client.language import _, language
from client.new_plan import AnswerOptions, CodeName, answers
from client.options import CardsFolder, DirectoryFile, DryRun, Output, grouped
from client.plan_files import drafted, put
from client.signing import dry
from domain.plan.casting import PARTS
from domain.plan.draft import Draft
from domain.plan.gaps import gaps_in
from domain.signing.canonical import plain
from domain.words.errors import NotFound
from process.configuration import cards_in, directory_in

SHIPPED = tuple(Path(__file__).parents[above] / "examples" for above in (1, 2))
"""Where the example directory and cards are: beside the client where it is installed, else at the top of the project."""
OWN = "vigil"
"""The installation's own service id."""
BESIDE = ("cards", "keys", "home")
"""What lies in an installation's folder beside its plans: no plan is called so."""


@grouped
def plan_new(
    said: AnswerOptions,
    code_name: CodeName = None,
    folder: Annotated[
        Path | None, typer.Option("--in", help="a new folder for it; else one of its code name", show_default=False)
    ] = None,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Begin a plan: a handful of answers, as options or asked for, become a plan that the check accepts, and its scenario.

    Who takes part is chosen from the directory by power, State and rule card; what only you know is left as a gap. Nothing is
    overwritten.
    """
    place = (folder or Path(OWN)) / "plan.yaml"  # whatever it will be called, it will lie in this folder
    known = directory_in(directory or beside(place, "directory.yaml")), cards_in(cards or beside(place, "cards"))
    wanted = answers(code_name, said, known)
    made, texts = drafted(wanted, known, language())
    target = folder or Path(wanted.operation)
    if dry_run:
        dry(output, _document(made, target / "plan.yaml", target / "scenario.yaml"), texts["plan.yaml"])
    put(target, texts, hint=_("choose another code name or folder"))
    plan, scenario = target / "plan.yaml", target / "scenario.yaml"
    text = _(
        "{plan} and {scenario} are written.\n\nNext:\n  vigil plan check {plan}\n  vigil plan test {scenario}",
        plan=plan,
        scenario=scenario,
    )
    answer(output, _document(made, plan, scenario), _told(made, text))


@grouped
def init(
    said: AnswerOptions,
    folder: Annotated[Path, typer.Argument(help="a new or empty folder", show_default=False)],
    code_name: CodeName = None,
    plainly: Plainly = False,
    in_keyring: InKeyring = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Begin an installation in an empty folder: directory, rule cards, keys, and a first plan with its scenario.

    Services and cards are the examples of the States on the route: put in your own. The keys of all who take part are made here,
    so that you can try it alone; for a real delivery each service makes its own (docs/keys.md).
    """
    known = directory_in(_shipped("directory.yaml")), cards_in(_shipped("cards"))
    how = kept(plainly=plainly, in_keyring=in_keyring)
    made, texts = drafted(answers(code_name, said, known, BESIDE), known, language())
    name = made.plan.operation
    states = {one.state for one in made.plan.checkpoints} | {*made.plan.states()}
    files = {f"{name}/{file}": text for file, text in texts.items()}
    files["directory.yaml"] = _directory_of(_shipped("directory.yaml"), states)

    if dry_run:
        document = _document(made, folder / name / "plan.yaml", folder / name / "scenario.yaml")
        dry(output, document, "\n".join(str(folder / one) for one in files))

    def finish(work: Path) -> None:
        (work / "cards").mkdir()
        for state in sorted(states):
            shutil.copy(_shipped("cards") / f"{state}.yaml", work / "cards")
        keyring.make(work / "keys", [OWN, *made.plan.everybody()], work / "directory.yaml", how, installation=True)

    put(folder, files, finish, hint=_("choose a new folder, or an empty one"))
    plan, scenario = folder / name / "plan.yaml", folder / name / "scenario.yaml"
    done = _("{folder} has a directory, rule cards, keys and the plan {name}.", folder=folder, name=name)
    named = _("names each gap: fill it")
    tried = _("in virtual time")
    apart = _("in a terminal of its own")
    steps = (
        "export VIGIL_KEYS=$PWD/keys VIGIL_HOME=$PWD/home",
        f"vigil plan check {name}/plan.yaml      # {named}",
        f"vigil plan test {name}/scenario.yaml   # {tried}",
        f"vigil up --directory directory.yaml    # {apart}",
        f"vigil start {name}/plan.yaml",
    )
    text = "\n".join([done, "", _("Next, in {folder}:", folder=folder), *(f"  {step}" for step in steps)])
    document = _document(made, plan, scenario) | {"directory": str(folder / "directory.yaml"), "keys": str(folder / "keys")}
    answer(output, document, _told(made, text))


def _shipped(name: str) -> Path:
    found = next((folder / name for folder in SHIPPED if (folder / name).exists()), None)
    if found is None:
        raise NotFound(
            _("the examples do not come with this installation"),
            hint=_("copy examples/ of the project, and use `vigil plan new`"),
        )
    return found


def _directory_of(whole: Path, states: set[str]) -> str:
    """The directory's text with the services of these States, and those of none; each line as it is, with its comment above."""
    lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    services: list[Mapping[str, Any]] = YAML(typ="safe").load(whole)["services"]
    gone = {one["id"] for one in services if one.get("state") is not None and one["state"] not in states}
    of_keys = _("Keys: made by `vigil init`, to try it alone; for a real delivery each service makes its own (docs/keys.md).")
    kept_lines: list[str] = []
    for line in lines:
        if line.startswith("# Keys: "):
            kept_lines += [f"# {of_keys}\n"]
            continue
        if line.startswith("#   vigil keys new "):
            continue  # there they are
        if line.lstrip().startswith("- {id: ") and line.partition("{id: ")[2].partition(",")[0] in gone:
            continue
        if line.startswith("  #") and kept_lines and kept_lines[-1].startswith("  #"):
            kept_lines.pop()  # of services that are gone
        kept_lines.append(line)
    return "".join(kept_lines)


def _document(made: Draft, plan: Path, scenario: Path) -> dict[str, Any]:
    """For a program. These names are stable."""
    return {
        "operation": made.plan.operation,
        "plan": str(plan),
        "scenario": str(scenario),
        "gaps": [plain(one) for one in gaps_in(made.plan)],
        "choices": [
            {"part": one.part, "state": one.state, "chosen": one.chosen, "others": list(one.others)} for one in made.choices
        ],
        "answers_for_law": dict(made.plan.answers_for_law),
    }


def _told(made: Draft, text: str) -> Table:
    """Who has which part, who could have it too, and what is left to do."""
    table = Table.grid(padding=(0, 2))
    for one in made.choices:
        others = _("could be too: {services}", services=", ".join(one.others)) if one.others else ""
        table.add_row(one.state, _(PARTS[one.part]), one.chosen, others)
    gaps = len(tuple(gaps_in(made.plan)))
    whole = Table.grid()
    whole.add_row(table)
    whole.add_row("")
    whole.add_row(_("Gaps that are left to fill (texts between < and >): {count}.", count=gaps))
    whole.add_row(text)
    return whole
