"""The files of a drafted plan: it and its scenario in a folder of their own, whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from client.language import _, speak
from client.plan_text import in_yaml
from domain.plan.answers import Answers
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.draft import Draft, draft
from domain.words.errors import Malformed
from domain.words.text import told
from rehearsal.ordinary import ordinary


def drafted(said: Answers, known: tuple[Directory, Mapping[str, RuleCard]], language: str) -> tuple[Draft, dict[str, str]]:
    """The draft, and the text of each of its files. Raises `Malformed` with all that is lacking."""
    made = draft(said, *known, language)
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


def put(folder: Path, texts: Mapping[str, str], finish: Callable[[Path], None] = lambda _folder: None) -> None:
    """A new folder with these files, and what `finish` adds to it: all of it at once, or nothing. Raises `Malformed` where there
    is one already, unless it is empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Malformed(
            _("{path} exists already; it is never overwritten", path=folder), hint=_("choose another code name or folder")
        )
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        for name, text in texts.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")
        finish(work)
        work.chmod(0o755)
        work.replace(place)  # an empty folder gives way
    finally:
        shutil.rmtree(work, ignore_errors=True)
