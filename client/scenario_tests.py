"""`vigil plan test`: a scenario is performed, in the simulator or for real, and its packet compared with what it expects."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.text import Text

from client import entries
from client.console import talk
from client.dossier import Dossier, checked_scenario
from client.language import _
from client.rehearse import Rehearsal, home_for
from client.running import run
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.vocabulary import Outcome
from domain.record.packet import unseal
from domain.record.verify import verify
from domain.signing.canonical import Frozen
from domain.words.errors import Malformed, NotVerified, TimedOut
from rehearsal.scenario import ExpectedStatement, Happened, Scenario
from rehearsal.simulator import World, simulate
from rehearsal.trail import TrailEntry, first_missing, nearest, sights_in

Stage = Literal["simulator", "temporal"]
Show = Callable[[Entry], None]
MOST_TOLD = 3
"""Refusals that are told of a scenario that went otherwise than expected; `--show` tells all."""


@dataclass(frozen=True)
class Trial:
    """A scenario that expects something, and the plan it names."""

    path: Path
    dossier: Dossier
    scenario: Scenario


class Missing(Frozen):
    """The first item of a trail that was not found; `number` counts from 1."""

    number: int
    item: ExpectedStatement | Happened


class TrialResult(Frozen):
    """How one scenario went. These names are stable: programs read them."""

    scenario: str
    operation: str
    stage: Stage
    seed: int
    ok: bool
    expected: Outcome
    outcome: Outcome | None
    trail: int
    """Items that were looked for."""
    missing: Missing | None = None
    nearest: str = ""
    """What was found that is most like what is missing."""
    refusals: tuple[str, ...] = ()
    """What was refused, each with its entry, rule and reason."""
    problem: str = ""
    """Why there is nothing to compare: it did not end, or its packet does not verify."""


def trial(path: Path, directory: Path | None, cards: Path | None) -> Trial:
    """The scenario, ready to be tried. Raises `Malformed` if anything is wrong with it, or if it expects nothing."""
    dossier, scenario = checked_scenario(path, directory, cards)
    if scenario.expect is None:
        raise Malformed(
            _("{path} expects nothing, so there is nothing to test", path=path),
            hint=_("say how it ends: `expect: {outcome: ...}`"),
        )
    return Trial(path, dossier, scenario)


def simulated(one: Trial, seed: int) -> bytes:
    """The packet of the scenario in the simulator. Raises `TimedOut`."""
    return simulate(World(one.dossier.plan, one.dossier.directory, one.dossier.cards, one.scenario, seed)).packet


def rehearsed(one: Trial, seed: int) -> bytes:
    """The packet of the scenario on Temporal, over HTTP. Raises `TimedOut` and `NotVerified`."""
    with home_for(None) as home:
        done = run(Rehearsal(one.dossier, one.scenario, seed, home).run(lambda _entry, _view: None, lambda _text: None))
        if not done.verified:
            raise NotVerified(done.problem)
    talk.print(_("{scenario}: on Temporal, its packet is {packet}", scenario=one.path, packet=done.packet), style="dim")
    return Path(done.packet).read_bytes()


def compared(one: Trial, seed: int, stage: Stage, perform: Callable[[], bytes], show: Show = lambda _entry: None) -> TrialResult:
    """What came of it, beside what was expected; each entry of its ledger is shown."""
    expect = one.scenario.expect
    assert expect is not None  # noqa: S101 - `trial` refuses one without
    outcome, number, problem, like = None, None, "", ""
    refusals: list[str] = []
    try:
        packet = perform()
        outcome, course = verify(packet).outcome, sights_in(packet)
        for entry in unseal(packet)[0].ledger:
            if not isinstance(entry, Entry):
                continue  # left out of a packet that somebody has cut
            show(entry)
            if isinstance(entry.event, Stated) and entry.event.verdict.verdict == "refused":
                refusals.append(entries.line(entry).plain.strip())
        number = first_missing(expect.trail, course)
        found = nearest(expect.trail, course, number) if number is not None else None
        like = in_words(found) if found is not None else ""
    except (TimedOut, NotVerified) as error:
        problem = error.message
    return TrialResult(
        scenario=str(one.path),
        operation=one.dossier.plan.operation,
        stage=stage,
        seed=seed,
        ok=not problem and number is None and outcome == expect.outcome,
        expected=expect.outcome,
        outcome=outcome,
        trail=len(expect.trail),
        missing=Missing(number=number + 1, item=expect.trail[number]) if number is not None else None,
        nearest=like,
        refusals=tuple(refusals),
        problem=problem,
    )


def in_words(seen: TrailEntry) -> str:
    """What a ledger shows, as a trail would have it."""
    said = {"service": ", ".join(seen.services), "says": seen.says, "checkpoint": seen.checkpoint, "verdict": seen.verdict}
    happened = {"event": seen.event, "checkpoint": seen.checkpoint, "service": ", ".join(seen.services), "outcome": seen.outcome}
    words = (said if seen.says is not None else happened) | {"rule": seen.rule}
    return "{" + ", ".join(f"{name}: {value}" for name, value in words.items() if value) + "}"


def line(tried: TrialResult) -> Text:
    """One scenario in one line."""
    if tried.ok:
        trail = _(", trail of {count} found", count=tried.trail) if tried.trail else ""
        return Text(
            _("ok      {scenario}: {outcome}{trail}", scenario=tried.scenario, outcome=tried.outcome, trail=trail), "green"
        )
    parts = [tried.problem] if tried.problem else []
    if not tried.problem and tried.outcome != tried.expected:
        parts.append(_("expected {expected}, found {found}", expected=tried.expected, found=tried.outcome))
    if tried.missing is not None:
        words = ", ".join(f"{name}: {value}" for name, value in tried.missing.item.model_dump(exclude_none=True).items())
        item = f"{{{words}}}"
        parts.append(
            _("trail item {number} of {count} is missing: {item}", number=tried.missing.number, count=tried.trail, item=item)
        )
        parts += [_("nearest to it was {item}", item=tried.nearest)] if tried.nearest else []
    parts += [_("refused: {what}", what=one) for one in tried.refusals[:MOST_TOLD]]
    return Text(_("FAILED  {scenario}: {why}", scenario=tried.scenario, why="; ".join(parts)), "bold red")
