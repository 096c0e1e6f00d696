"""`vigil plan test`: a scenario is performed, in the simulator or for real, and its packet compared with what it expects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.text import Text

from client import entries
from client.console import talk
from client.dossier import Staged, at_their_lines
from client.language import _, speak
from client.rehearse import Rehearsal, home_for
from client.running import run
from client.staging import raise_if_nothing_is_expected, staged_by
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.vocabulary import Outcome
from domain.record.packet import unseal
from domain.record.verify import verify
from domain.signing.canonical import Frozen
from domain.words.errors import NotVerified, TimedOut
from rehearsal.groups import simulate_group
from rehearsal.scenario import ExpectedEvent, ExpectedStatement
from rehearsal.simulator import simulate
from rehearsal.trail import Misplaced, TrailEntry, first_missing, misplaced, nearest, sights_in

Stage = Literal["simulator", "temporal"]
Show = Callable[[str, Entry], None]
"""Shows an entry of this delivery."""
MOST_TOLD = 3
"""Refusals that are told of a scenario that went otherwise than expected; `--show` tells all."""


@dataclass(frozen=True)
class Trial:
    """A scenario that expects something, with the plan it names or the consignments of its group."""

    path: Path
    staged: tuple[Staged, ...]


class MissingStep(Frozen):
    """The first item of a trail that was not found; `number` counts from 1."""

    number: int
    item: ExpectedStatement | ExpectedEvent


class TrialResult(Frozen):
    """How one scenario went. These names are stable: programs read them."""

    scenario: str
    operation: str
    group: str | None
    """The group that it is of."""
    stage: Stage
    seed: int
    ok: bool
    expected: Outcome
    outcome: Outcome | None
    trail: int
    """Items that were looked for."""
    missing: MissingStep | None = None
    nearest: str = ""
    """What was found that is most like what is missing."""
    earlier_than: int | None = None
    """What is missing stands earlier, before the item of this number (from 1)."""
    counted_as: int | None = None
    """What is missing stands once only, and is the item of this number (from 1)."""
    refusals: tuple[str, ...] = ()
    """What was refused, each with its entry, rule and reason."""
    problem: str = ""
    """Why there is nothing to compare: it did not end, or its packet does not verify."""


def trial(path: Path, directory: Path | None, cards: Path | None) -> Trial:
    """The scenario, ready to be tried. Raises `Malformed` if anything is wrong with it, or if it expects nothing."""
    staged = staged_by(path, directory, cards)
    raise_if_nothing_is_expected(path, staged)
    return Trial(path, staged)


def simulated(one: Trial, seed: int) -> tuple[bytes, ...]:
    """The packet of each delivery of the scenario in the simulator. Raises `TimedOut` and `Malformed`."""
    worlds = [each.world(seed) for each in one.staged]
    with at_their_lines(one.staged):
        return tuple(done.packet for done in (simulate_group(worlds) if len(worlds) > 1 else [simulate(worlds[0])]))


def rehearsed(one: Trial, seed: int) -> tuple[bytes, ...]:
    """The packet of each delivery of the scenario on Temporal, over HTTP. Raises `TimedOut` and `NotVerified`."""
    with home_for(None) as home:
        done = run(Rehearsal(one.staged, seed, home).run(lambda _entry, _view: None, lambda _text: None))
        problem = next((each.problem for each in done if not each.verified), None)
        if problem is not None:
            raise NotVerified(problem)
    for each in done:
        talk.print(_("{scenario}: on Temporal, its packet is {packet}", scenario=one.path, packet=each.packet), style="dim")
    return tuple(Path(each.packet).read_bytes() for each in done)


def compared(
    one: Trial, seed: int, stage: Stage, perform: Callable[[], Sequence[bytes]], show: Show = lambda _name, _entry: None
) -> tuple[TrialResult, ...]:
    """What came of each delivery, beside what was expected; all their entries are shown in the order of time."""
    try:
        packets = perform()
    except (TimedOut, NotVerified) as error:
        return tuple(_result(one.path, each, seed, stage, PacketFindings(problem=error.told_in(speak)[0])) for each in one.staged)
    ledgers = [(each.name, entry) for each, packet in zip(one.staged, packets, strict=True) for entry in _entries(packet)]
    for name, entry in sorted(ledgers, key=lambda line: line[1].at):
        show(name, entry)
    return tuple(
        _result(one.path, each, seed, stage, _found(each, packet)) for each, packet in zip(one.staged, packets, strict=True)
    )


@dataclass(frozen=True)
class PacketFindings:
    """What a packet shows, as far as it can be compared."""

    outcome: Outcome | None = None
    missing: int | None = None
    """Number (from 0) of the first item of the trail that is missing."""
    nearest: str = ""
    misplaced: Misplaced | None = None
    refusals: tuple[str, ...] = ()
    problem: str = ""


def _found(one: Staged, packet: bytes) -> PacketFindings:
    expect = one.scenario.expect
    assert expect is not None  # noqa: S101 - `trial` refuses one without
    try:
        outcome, course = verify(packet).outcome, sights_in(packet)
    except NotVerified as error:
        return PacketFindings(problem=error.told_in(speak)[0])
    number = first_missing(expect.trail, course)
    like = nearest(expect.trail, course, number) if number is not None else None
    elsewhere = misplaced(expect.trail, course, number) if number is not None else None
    refused = tuple(entries.line(entry).plain.strip() for entry in _entries(packet) if _is_refused(entry))
    return PacketFindings(outcome, number, in_words(like) if like is not None else "", elsewhere, refused)


def _entries(packet: bytes) -> list[Entry]:
    """All but what is left out of a packet that somebody has cut."""
    return [entry for entry in unseal(packet)[0].ledger if isinstance(entry, Entry)]


def _is_refused(entry: Entry) -> bool:
    return isinstance(entry.event, Stated) and entry.event.verdict.verdict == "refused"


def _result(path: Path, one: Staged, seed: int, stage: Stage, found: PacketFindings) -> TrialResult:
    plan, expect, elsewhere = one.dossier.plan, one.scenario.expect, found.misplaced
    assert expect is not None  # noqa: S101 - `trial` refuses one without
    return TrialResult(
        scenario=str(path),
        operation=plan.operation,
        group=plan.group.code if plan.group is not None else None,
        stage=stage,
        seed=seed,
        ok=not found.problem and found.missing is None and found.outcome == expect.outcome,
        expected=expect.outcome,
        outcome=found.outcome,
        trail=len(expect.trail),
        missing=MissingStep(number=found.missing + 1, item=expect.trail[found.missing]) if found.missing is not None else None,
        nearest=found.nearest,
        earlier_than=elsewhere.item + 1 if elsewhere is not None and not elsewhere.is_that_item else None,
        counted_as=elsewhere.item + 1 if elsewhere is not None and elsewhere.is_that_item else None,
        refusals=found.refusals,
        problem=found.problem,
    )


def in_words(seen: TrailEntry) -> str:
    """What a ledger shows, as a trail would have it."""
    said = {"service": ", ".join(seen.services), "says": seen.says, "checkpoint": seen.checkpoint, "verdict": seen.verdict}
    happened = {"event": seen.event, "sibling": seen.sibling, "checkpoint": seen.checkpoint, "service": ", ".join(seen.services)}
    words = (said if seen.says is not None else happened | {"outcome": seen.outcome}) | {"rule": next(iter(seen.rules), None)}
    return "{" + ", ".join(f"{name}: {value}" for name, value in words.items() if value) + "}"


def line(tried: TrialResult) -> Text:
    """One delivery of a scenario in one line."""
    which = tried.scenario if tried.group is None else f"{tried.scenario}: {tried.operation}"
    if tried.ok:
        trail = _(", trail of {count} found", count=tried.trail) if tried.trail else ""
        return Text(_("ok      {scenario}: {outcome}{trail}", scenario=which, outcome=tried.outcome, trail=trail), "green")
    parts = [tried.problem] if tried.problem else []
    if not tried.problem and tried.outcome != tried.expected:
        parts.append(_("expected {expected}, found {found}", expected=tried.expected, found=tried.outcome))
    if tried.missing is not None:
        words = ", ".join(f"{name}: {value}" for name, value in tried.missing.item.model_dump(exclude_none=True).items())
        item = f"{{{words}}}"
        parts.append(
            _("trail item {number} of {count} is missing: {item}", number=tried.missing.number, count=tried.trail, item=item)
        )
        if tried.earlier_than is not None:
            parts.append(_("it stands earlier: before item {number}", number=tried.earlier_than))
        elif tried.counted_as is not None:
            parts.append(_("it stands there once only, as item {number}", number=tried.counted_as))
        elif tried.nearest:
            parts.append(_("nearest to it was {item}", item=tried.nearest))
    parts += [_("refused: {what}", what=one) for one in tried.refusals[:MOST_TOLD]]
    return Text(_("FAILED  {scenario}: {why}", scenario=which, why="; ".join(parts)), "bold red")
