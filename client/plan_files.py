"""The files of a drafted plan: it and its scenario in a folder of their own, whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from client.language import _, speak
from client.new_plan import option_of
from client.plan_text import in_yaml
from domain.plan.answers import Answers
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.draft import Draft, draft
from domain.plan.plan import Plan
from domain.words.errors import Fault, Malformed
from domain.words.text import told
from rehearsal.ordinary import ordinary


def drafted(said: Answers, known: tuple[Directory, Mapping[str, RuleCard]], language: str) -> tuple[Draft, dict[str, str]]:
    """The draft, and the text of each of its files. Raises `Malformed` with all that is lacking."""
    try:
        made = draft(said, *known, language)
    except Malformed as error:
        raise Malformed(error.words[0], [_by_option(one) for one in error.faults], hint=error.words[1]) from error
    unknown = "\n".join(
        _("the rule card of {state} does not know: {topics}", state=state, topics=told(topics, speak))
        for state, topics in made.answered.items()
    )
    notes = {
        "offence": _("say false where the offence is not extraditable"),
        "answers_for_law": unknown,
        "checkpoints": _("due times are the usual ones; docs/plans.md says what else a checkpoint may have"),
        "legs": _("put in how long each leg really takes") if not said.takes else "",
        "afterwards": _("while what was seized is held; until then it can be permitted that what was said goes before a court"),
        "request": _(
            "what each State decides on; look up every provision in basis, and add the agreements between your services to it"
        ),
    }
    head = _("Begun with `vigil plan new`. What stands between < and > is still to be written: `vigil plan check` names each.")
    scenario = _("Everybody does what the plan asks. Copy it, and let things go wrong: docs/plans.md, Scenarios.")
    return made, {"plan.yaml": in_yaml(made.tree, head, notes), "scenario.yaml": in_yaml(ordinary(made.plan), scenario, {})}


def _by_option(fault: Fault) -> Fault:
    """What is wrong with an answer that is no field of a plan stands at the option of that answer."""
    only_answered = fault.place in Answers.model_fields and fault.place not in Plan.model_fields
    return Fault(place=option_of(fault.place), problem=fault.problem) if only_answered else fault


def put(folder: Path, texts: Mapping[str, str], finish: Callable[[Path], None] = lambda _folder: None, hint: str = "") -> None:
    """These files, and what `finish` adds to them, in a new folder or in the empty one that is there: all of it at once, or
    nothing. Raises `Malformed` with this `hint` where there is something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Malformed(_("{path} exists already; it is never overwritten", path=folder), hint=hint)
    place = folder.resolve()
    there = place.exists()
    if not there:
        place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place if there else place.parent))
    try:
        for name, text in texts.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")
        finish(work)
        if there:
            _fill(place, work)
        else:
            work.chmod(0o755)
            work.replace(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _fill(place: Path, work: Path) -> None:
    """Move all that is in `work` into the folder around it, which stays the one in which a shell may stand, with its mode. What
    cannot be moved takes back what was.
    """
    taken = next((path for one in work.iterdir() if (path := place / one.name).exists()), None)
    if taken is not None:
        raise Malformed(_("{path} exists already; it is never overwritten", path=taken))
    moved: list[Path] = []
    try:
        for one in sorted(work.iterdir()):
            moved.append(one.replace(place / one.name))  # noqa: PERF401 - what was moved is known where the next is not
    except BaseException:
        for one in moved:
            one.replace(work / one.name)
        raise
