"""`vigil group ...`: an operation of several consignments (R31), each a delivery of its own, under one plan and one digest."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from client import completing, render
from client.caller import CallerOptions, InitiatorOptions
from client.commands.papers import Language
from client.console import answer, paged, talk
from client.dossier import PlanFiles, tell_gaps
from client.entries import line_of
from client.foretelling import Foretelling, kept
from client.group_files import GroupFiles
from client.group_papers import Drawn, PaperSet, document_of
from client.jointly import Countersigned, signed
from client.language import _, named, speak
from client.naming import raise_unless_a_purpose, raise_unless_a_state
from client.new_group import group_of
from client.options import DryRun, FieldWords, KindOption, Output, grouped
from client.plan_files import put
from client.saying import PlanAsSeen, content_of, kind_for, statement, with_decision, with_reason
from client.seconding import Second, beside, first_signed, handling_of_first, members_of, to_second, with_own_findings
from client.signing import NoReason, SignOptions, at_once, clock_of, dry, dry_plans
from client.submitting import hand_in, kept_where_interrupted
from domain.delivery.ledger import Entry, Left
from domain.delivery.requests import Request
from domain.delivery.statement import Content, Statement
from domain.papers.handed import Format
from domain.plan.plan import Plan
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.views.forms import asked_otherwise
from domain.views.lists import Row
from domain.views.names import OUTCOMES, PHASES
from domain.views.second import FirstWord
from domain.views.sentences import say_verdict
from domain.views.view import DeliveryView, GroupView
from domain.words.errors import Malformed, NotFound, RuleBroken, VigilError
from domain.words.likeness import did_you_mean
from domain.words.limits import LONGEST_LIST
from domain.words.quantities import say_span
from process.files import write_new
from protocol.gateway import Gateway

GroupCode = Annotated[
    str, typer.Argument(help="the group, by its code name", show_default=False, autocompletion=completing.groups)
]
Only = Annotated[list[str] | None, typer.Option("--only", help="only for this consignment; as often as needed")]

app = typer.Typer(help="Operations of several consignments, with consents, arrests and stops in common.", no_args_is_help=True)


@app.command("new")
@grouped
def new(
    group: Annotated[str, typer.Argument(help="its code name; the consignments are called GROUP-1, GROUP-2, ...")],
    plan: Annotated[Path, typer.Argument(help="a plan, as `vigil plan new` begins one: what all share", show_default=False)],
    consignment: Annotated[
        list[str], typer.Option("--consignment", help='what one of them is: "heroin 5 kg"; twice or more', show_default=False)
    ],
    folder: Annotated[
        Path | None, typer.Option("--in", help="a new folder for it; else one of its code name", show_default=False)
    ] = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Begin a group with a plan: it becomes what all share, each consignment has its own goods, and gaps for number and papers.

    Nothing is overwritten. Which waits for which, and which is held back, you write yourself (docs/plans.md).
    """
    texts, target = group_of(plan, group, consignment), folder or Path(group)
    document = {"group": str(target / "group.yaml"), "scenario": str(target / "scenario.yaml")}
    if dry_run:
        dry(output, document, texts["group.yaml"])
    put(target, texts, hint=_("choose another code name or folder"))
    text = _(
        "{group} and {scenario} are written.\n\nNext:\n  vigil group check {group}\n  vigil plan test {scenario}\n  "
        "vigil group start {group}",
        **document,
    )
    answer(output, document, text)


@app.command("check")
@grouped
def check(files: GroupFiles, output: Output = "text") -> None:
    """Check a group file and the plan of each consignment: every fault at once, at its line in the one file."""
    dossier = files.checked()
    table = Table(title=f"{dossier.file.group}", title_justify="left", box=None, padding=(0, 2))
    for heading in (_("consignment"), _("what is done"), _("checkpoint"), _("waits for"), _("for how long")):
        table.add_column(heading)
    for plan in dossier.plans:
        done = _("held back") if plan.held_back else " → ".join(plan.states())
        waits = [one for one in plan.checkpoints if one.wait_for]
        table.add_row(plan.operation, done, *([""] * 3 if waits else []))
        for one in waits:
            of = ", ".join(f"{wait.delivery}: {wait.checkpoint}" for wait in one.wait_for)
            table.add_row("", "", one.id, of, say_span(one.waits) if one.waits is not None else "")
    digest = _digest(dossier.plans[0].group)
    document = {"group": dossier.file.group, "digest": digest, "plans": [plain(one) for one in dossier.plans], "faults": []}
    document |= {"gaps": [plain(one) for one in dossier.gaps]}
    answer(output, document, Group(table, Text(), Text(_("digest {digest}", digest=digest))))
    tell_gaps(dossier.gaps)


@app.command("start")
@grouped
def start(
    files: GroupFiles,
    foretelling: Foretelling,
    who: InitiatorOptions,
    other: Countersigned = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Sign the plan of each consignment as its initiator and start its delivery. What has been started already stays as it is."""
    plans = files.to_be_signed()
    initiators = [who.of(plan) for plan in plans]
    if dry_run:
        dry_plans(plans, output)
    forecasts = foretelling.of(PlanFiles(files.group, files.directory, files.cards))
    started: dict[str, bool] = {}
    for plan, initiator in zip(plans, initiators, strict=True):
        envelope = signed(plan, initiator.key(), other, initiator.folder)
        try:
            initiator.call(lambda door, envelope=envelope: door.start(envelope))  # type: ignore[misc]
            started[plan.operation] = True
            kept(forecasts, plan.operation, initiator)
        except RuleBroken as error:
            if error.reason != "started_already" or not initiator.call(lambda door, plan=plan: _is_of(door, plan)):  # type: ignore[misc]
                raise
            started[plan.operation] = False
    said = [
        _("{delivery} has started", delivery=name) if new else _("{delivery} had been started already", delivery=name)
        for name, new in started.items()
    ]
    answer(output, {"group": files.group.stem, "deliveries": started}, "\n".join(said))


@app.command("show")
@grouped
def show(group: GroupCode, caller: CallerOptions, output: Output = "text") -> None:
    """The consignments of a group that are yours to see: how each stands, what waits for which, how each ended."""
    found = caller.call(lambda door: _views(door, group))
    views = [one for one in found.values() if isinstance(one, DeliveryView)]
    wrong = next((one for one in found.values() if isinstance(one, VigilError)), None)
    answer(output, {"group": group, "deliveries": [plain(one) for one in views]}, _overview(views), wrong)


@app.command("ledger")
@grouped
def ledger(group: GroupCode, caller: CallerOptions, output: Output = "text") -> None:
    """The ledgers of a group, entry by entry in the order of time, each with its consignment."""

    async def read(door: Gateway) -> list[tuple[str, Any]]:
        rows = await _rows(door, group)
        found = [(row.delivery, entry) for row in rows for entry in await door.ledger(row.delivery)]
        return sorted(found, key=lambda one: one[1].at if isinstance(one[1], Entry) else "")

    every = caller.call(read)
    found = [(name, entry) for name, entry in every if isinstance(entry, Entry)]
    lines = [line_of(name, entry) for name, entry in found]
    if len(found) < len(every):
        lines.append(Text(_("entries that are not yours to read (R11): {count}", count=len(every) - len(found)), style="dim"))
    paged(output, [{"delivery": name, "entry": plain(entry)} for name, entry in found], Text("\n").join(lines))


@app.command("packet")
@grouped
def packet(
    group: GroupCode,
    caller: CallerOptions,
    folder: Annotated[Path | None, typer.Option("--to", help="folder for the packets; else GROUP here")] = None,
    purpose: Annotated[str, typer.Option(help="operation, court, or a State such as UZ (R23)")] = "operation",
    output: Output = "text",
) -> None:
    """Export the evidence packet of each consignment. Each verifies by itself, whatever became of the others."""
    raise_unless_a_purpose("--purpose", purpose)
    to = folder or Path(group)

    async def export(door: Gateway) -> dict[str, bytes]:
        return {row.delivery: await door.packet(row.delivery, purpose) for row in await _rows(door, group)}

    written = []
    for name, data in caller.call(export).items():
        to.mkdir(parents=True, exist_ok=True)
        path = to / f"{name}.packet.json"
        write_new(path, data)
        written.append(str(path))
    answer(output, {"group": group, "packets": written}, "\n".join(written))


@app.command("papers")
@grouped
def papers(
    group: GroupCode,
    caller: CallerOptions,
    folder: Annotated[Path | None, typer.Option("--to", help="folder for the papers; else GROUP.papers here")] = None,
    to: Annotated[str, typer.Option("--for", help="for whose use: operation, court, or a State such as UZ (R23)")] = "operation",
    language: Annotated[Language, typer.Option("--lang", help="of the papers; ru-en of those that are made so")] = "ru",
    form: Annotated[Format, typer.Option("--format", help="HTML prints from any browser")] = "html",
    output: Output = "text",
) -> None:
    """Print all papers of all consignments that are yours to have as one set, with a list of them. What may not go there is named
    in the list, and exit code 4 says that it is not in the set.
    """
    wanted = PaperSet(folder or Path(f"{group}.papers"), language, form, to)
    if wanted.folder.exists():
        raise Malformed(_("{path} is there already: a set is printed into a new folder", path=wanted.folder))

    async def draw(door: Gateway) -> list[Drawn]:
        return [one async for one in wanted.drawn(door, [row.delivery for row in await _rows(door, group)])]

    drawn = caller.call(draw)
    path, text = wanted.listed(group, drawn)
    lacking = [one for one in drawn if one.refused is not None]
    message = _("{count} of {all} papers may not go there; the list says why", count=len(lacking), all=len(drawn))
    answer(output, document_of(group, path, drawn), text, RuleBroken("R23", message) if lacking else None)


@app.command("confirm")
@grouped
def confirm(
    group: GroupCode,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you, the same in each", show_default=False)],
    caller: CallerOptions,
    signing: SignOptions,
    fields: FieldWords = None,
    kind: KindOption = None,
    only: Only = None,
    second: Second = False,
    output: Output = "text",
) -> None:
    """Sign once what is asked of you in several consignments, and hand it in to each that it names.

    Where two officers must sign the same, the second signs with --second, for the consignments that the first has named.
    """
    _say(group, checkpoint, caller, signing, fields or [], kind, only or [], output, positive=True, second=second)


@app.command("refuse")
@grouped
def refuse(
    group: GroupCode,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you, the same in each", show_default=False)],
    caller: CallerOptions,
    signing: SignOptions,
    reason: Annotated[str, typer.Option(help="why")] = "",
    no_reason: NoReason = False,
    only: Only = None,
    output: Output = "text",
) -> None:
    """Say no, once, to what is asked of you in several consignments, and why."""
    words = [f"reason={reason}"] if reason else []
    _say(group, checkpoint, caller, signing, words, None, only or [], output, positive=False, no_reason=no_reason)


@app.command("withdraw")
@grouped
def withdraw(
    group: GroupCode,
    caller: CallerOptions,
    signing: SignOptions,
    state: Annotated[
        str, typer.Option(help="the State that takes its consent back", show_default=False, autocompletion=completing.states)
    ],
    reason: Annotated[str, typer.Option(help="why; none is owed")] = "",
    only: Only = None,
    output: Output = "text",
) -> None:
    """Take your consent back, for all consignments of a group or for some."""
    raise_unless_a_state("--state", state)
    words = [f"state={state}", *([f"reason={reason}"] if reason else [])]
    _to_all(group, content_of("authorisation_withdrawn", words, None), caller, signing, only or [], output)


@app.command("stop")
@grouped
def stop(
    group: GroupCode,
    caller: CallerOptions,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    risk_to_life: Annotated[bool, typer.Option("--risk-to-life", help="life is at risk: the outcomes will say so")] = False,
    only: Only = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Stop all consignments of a group in which you take part, now, by one signature."""
    said = ("incident", ["risk_to_life=yes", f"what={reason}"]) if risk_to_life else ("stop_requested", [f"reason={reason}"])
    _to_all(group, content_of(*said, None), caller, at_once(dry_run), only or [], output)


@app.command("hold")
@grouped
def hold(
    group: GroupCode,
    caller: CallerOptions,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    only: Only = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Hold all consignments of a group in which you take part, by one signature, until it is decided whether each goes on."""
    _to_all(group, content_of("hold_requested", [f"reason={reason}"], None), caller, at_once(dry_run), only or [], output)


# What these are made of


async def _is_of(door: Gateway, plan: Plan) -> bool:
    """Whether what has been started under this name is of the same group: its file may have changed since."""
    return _digest((await door.view(plan.operation)).group) == _digest(plan.group)


def _digest(group: Any) -> str:
    return str(group.digest) if group is not None else ""


async def _rows(door: Gateway, group: str) -> list[Row]:
    """The consignments of a group that are the caller's to see, without those that were expunged. Raises `NotFound` where there
    is none.
    """
    found = sorted(await door.deliveries({"group": group, "sort": "name"}), key=lambda row: row.delivery)
    if not found:
        known = [row.group for row in await door.deliveries({}, LONGEST_LIST) if row.group is not None]
        raise NotFound(_("no consignment of {group} is yours to see", group=group), hint=did_you_mean(group, known) or "")
    for row in found:
        if row.expunged:
            talk.print(_("{name} is expunged: what was said in it is destroyed", name=row.delivery), style="dim")
    return [row for row in found if not row.expunged]


async def _views(door: Gateway, group: str) -> dict[str, DeliveryView | VigilError]:
    """Each of them, or why it cannot be shown: that keeps no stop from the others."""

    async def look(name: str) -> DeliveryView | VigilError:
        try:
            return await door.view(name)
        except VigilError as error:
            return error

    names = [row.delivery for row in await _rows(door, group)]
    return dict(zip(names, await asyncio.gather(*map(look, names)), strict=True))


def _overview(views: Sequence[DeliveryView]) -> RenderableType:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("consignment"), _("stands"), _("waits for siblings"), _("waits for services")):
        table.add_column(heading)
    for view in views:
        stands = named(OUTCOMES, view.outcome) if view.outcome else named(PHASES, view.phase)
        held = view.group.waits if view.group is not None else ()
        asked = [f"{one.checkpoint}: {', '.join(who.service for who in one.services)}" for one in view.waiting]
        table.add_row(view.delivery, stands, "\n".join(map(render.waits_for_siblings, held)), "\n".join(asked))
    return table


def _say(
    group: str,
    checkpoint: str,
    caller: CallerOptions,
    signing: SignOptions,
    fields: Sequence[str],
    kind: str | None,
    only: Sequence[str],
    output: str,
    *,
    positive: bool,
    no_reason: bool = False,
    second: bool = False,
) -> None:
    """Answer what is asked at the same checkpoint of several consignments by one statement."""
    if only:
        _raise_unless_of_it(group, only, [row.delivery for row in caller.call(lambda door: _rows(door, group))])
    requests = caller.call(lambda door: door.inbox()).requests
    found = [one for one in requests if _asks(one, group, caller.service)]
    at = [one.checkpoint for one in found]
    there = [one for one in found if one.checkpoint == checkpoint]
    asked = [one for one in there if not only or one.delivery in only]
    if not asked:
        _raise_if_alone(group, checkpoint, caller, requests)
        message = _(
            "no open request for {service} at {checkpoint} of {group}", checkpoint=checkpoint, group=group, service=caller.service
        )
        alone = _(
            "see `vigil inbox`; what is asked of each alone, and all after a change of plan, is answered with `vigil confirm`"
        )
        if there:
            elsewhere = _("asked there: {deliveries}", deliveries=", ".join(one.delivery for one in there))
            raise NotFound(message, hint=elsewhere)
        raise NotFound(message, hint=did_you_mean(checkpoint, at) or alone)
    asked.sort(key=_number)
    base = max(asked, key=lambda one: one.facts.valid_until or "")
    chosen = kind or kind_for(base, positive=positive)
    words = with_decision(chosen, fields, positive=positive)
    if not positive:
        words = with_reason(chosen, words, none=no_reason)
    first, handling = to_second(caller, asked[0], chosen) if second else first_signed(caller, asked[0], chosen), None
    if first is not None and second:
        members = members_of(first, asked)
        asked = [one for one in asked if _number(one) in members]
        words, handling = with_own_findings(first, words), handling_of_first(first.statement.handling)
        content = content_of(chosen, words, base, clock_of(caller), taken_over=first.taken_over())
    else:
        _raise_unless_alike(chosen, asked, words)
        members, content = tuple(map(_number, asked)), content_of(chosen, words, base, clock_of(caller))
        if hasattr(content, "request"):  # that of each, as it was shown
            content = content.model_copy(update={"request": tuple(one.facts.request_digest or "" for one in asked)})
    of = asked[0].facts.group
    assert of is not None  # noqa: S101 - `_asks` has looked
    numbers = {one.delivery: _number(one) for one in asked}
    more: dict[str, Any] = {"members": members, "first": first, "handling": handling}
    _hand_in_to_all(numbers, of.code, of.digest, content, caller, signing, output, base, **more)


def _raise_unless_alike(kind: str, asked: Sequence[Request], words: Iterable[str]) -> None:
    """Raises `Malformed` where they are asked for what is not the same, and these words do not say what is answered to all: one
    signature would say of one what only another was asked for.
    """
    typed = {word.partition("=")[0] for word in words}
    for one in asked[1:]:
        if apart := [name for name in asked_otherwise(kind, (asked[0], one), datetime.now(UTC)) if name not in typed]:
            both = {"first": asked[0].delivery, "other": one.delivery}
            message = _("{first} and {other} are not asked for the same: {fields}", fields=", ".join(apart), **both)
            fields = " ".join(f"{name}=..." for name in apart)
            hint = _("answer each with --only, or say what holds for all of them: {fields}", fields=fields)
            raise Malformed(message, hint=hint)


def _raise_unless_of_it(group: str, only: Sequence[str], known: Sequence[str]) -> None:
    """Raises `NotFound` for a consignment named that is none of this group, as far as the caller sees it."""
    for one in only:
        if one not in known:
            there_are = _("yours to see: {deliveries}", deliveries=", ".join(known))
            message = _("--only: {delivery} is no consignment of {group} that is yours to see", delivery=one, group=group)
            raise NotFound(message, hint=there_are)


def _raise_if_alone(group: str, checkpoint: str, caller: CallerOptions, requests: Sequence[Request]) -> None:
    """Raises `NotFound` where it is asked there of consignments of the group, of each alone."""
    mine = {row.delivery for row in caller.call(lambda door: _rows(door, group))}
    asked = [one for one in requests if one.delivery in mine and one.checkpoint == checkpoint]
    alone = [one.delivery for one in asked if one.facts.group is None]
    if alone:
        message = _("{checkpoint} is answered of each alone: {deliveries}", checkpoint=checkpoint, deliveries=", ".join(alone))
        raise NotFound(message, hint=f"vigil confirm {alone[0]} {checkpoint} --as {caller.service} ...")


def _asks(one: Request, group: str, service: str) -> bool:
    known = one.facts.group
    return known is not None and known.code == group and one.service == service


def _number(one: Request) -> int:
    return one.facts.group.number if one.facts.group is not None else 0


def _to_all(group: str, content: Content, caller: CallerOptions, signing: SignOptions, only: Sequence[str], output: str) -> None:
    """Say something of all consignments of a group that go on and are the caller's to see, or of some."""
    every = caller.call(lambda door: _views(door, group))
    _raise_unless_of_it(group, only, [*every])
    chosen = {name: one for name, one in every.items() if not only or name in only}
    unseen = {name: one for name, one in chosen.items() if isinstance(one, VigilError)}
    views = [one for one in chosen.values() if isinstance(one, DeliveryView) and one.outcome is None]
    found: dict[str, GroupView] = {one.delivery: one.group for one in views if one.group is not None}
    if not found:
        raise next(iter(unseen.values()), NotFound(_("no consignment of {group} that goes on is yours to see", group=group)))
    first = next(iter(found.values()))
    numbers = {name: one.number for name, one in found.items()}
    _hand_in_to_all(numbers, first.code, first.digest, content, caller, signing, output, unseen=unseen)


def _hand_in_to_all(
    numbers: dict[str, int],
    code: str,
    digest: str,
    content: Content,
    caller: CallerOptions,
    signing: SignOptions,
    output: str,
    request: Request | None = None,
    *,
    members: tuple[int, ...] = (),
    first: FirstWord | None = None,
    handling: str | None = None,
    unseen: Mapping[str, VigilError] = MappingProxyType({}),
) -> None:
    """One signed statement comes to each consignment that it names: those of these `numbers`, or of these `members` those that
    still ask. Each judges it by itself; one that fails keeps none back. `unseen`: those that cannot be shown now, and why.
    """
    members = members or tuple(sorted(numbers.values()))
    checkpoint = request.checkpoint if request is not None else None
    about = PlanAsSeen(digest)
    said = statement(code, caller.service, caller.code, content, about, checkpoint, handling=handling, members=members)
    envelope = signing.signed(said, caller.key(), output, request, beside(first, said))
    _to_each(tuple(numbers), envelope, said, caller, output, unseen)


def hand_in_kept(envelope: Envelope, said: Statement, caller: CallerOptions, output: str, file: Path) -> None:
    """Hand in a statement that was kept to each consignment that it names. One that the caller does not see does not take it."""
    members = said.members or ()
    views = caller.call(lambda door: _views(door, said.delivery))
    seen = [one for one in views.values() if isinstance(one, DeliveryView)]
    names = tuple(one.delivery for one in seen if one.group is not None and one.group.number in members)
    _to_each(names, envelope, said, caller, output, more=len(members) - len(names), file=file)


def _to_each(
    names: Sequence[str],
    envelope: Envelope,
    said: Statement,
    caller: CallerOptions,
    output: str,
    unseen: Mapping[str, VigilError] = MappingProxyType({}),
    more: int = 0,
    file: Path | None = None,
) -> None:
    async def to_each(door: Gateway) -> list[Any]:
        talking = (hand_in(door, envelope, lambda text: talk.print(text, style="dim"), to=name, file=file) for name in names)
        return await asyncio.gather(*talking, return_exceptions=True)

    with kept_where_interrupted(envelope, file, caller.service):
        given = {**dict(zip(names, caller.call(to_each), strict=True)), **unseen}
    document = {name: _became(one) for name, one in given.items()}
    lines = [f"{name}: {became['said']}" for name, became in document.items()]
    count = more + len([one for one in document.values() if one["verdict"] not in ("accepted", "early", "left")])
    problem = RuleBroken("R31", _("{count} of {all} did not take it", count=count, all=len(given) + more)) if count else None
    answer(output, {"group": said.delivery, "members": said.members, "deliveries": document}, "\n".join(lines), problem)


def _became(given: Any) -> dict[str, Any]:
    """What became of it in one of them."""
    if isinstance(given, BaseException):
        if not isinstance(given, VigilError):
            raise given
        return {"verdict": given.code, "said": "; ".join(filter(None, (given.message, given.hint)))}
    if isinstance(given, Left):
        return {"verdict": "left", "said": _("kept, not judged yet: no worker is up")}
    receipt = given.receipt
    said = say_verdict(receipt.verdict, speak) or _("accepted")
    return {"verdict": receipt.verdict.verdict, "seq": receipt.seq, "said": said}
