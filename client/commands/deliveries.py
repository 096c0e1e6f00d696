"""Deliveries: started, changed, looked at, followed."""

import asyncio
import sys
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Group

from client import completing, render
from client.board import Board, board, said_below, said_beside, table
from client.caller import CallerOptions, InitiatorOptions
from client.console import FOR_PROGRAMS, ListScreen, WatchScreen, answer, out, paged, talk, write
from client.dossier import PlanFiles
from client.entries import in_lines, line
from client.foretelling import Foretelling, kept
from client.jointly import Countersigned, countersigned, signed
from client.language import _, speak
from client.listing import FOR_PEOPLE, ListOutput, Narrowing, table_of
from client.naming import raise_unless_foreseen
from client.options import KEYS, OFFICER, As, DeliveryId, DryRun, Keys, Officer, Output, grouped
from client.running import while_read
from client.signing import dry_plan
from domain.delivery.decided import Closed, Ended
from domain.delivery.ledger import Entry
from domain.signing.canonical import plain
from domain.views.view import DeliveryView
from domain.words.errors import Malformed, NotFound, TimedOut, Unavailable
from domain.words.quantities import check_span, parse_span, say_span
from domain.words.text import told
from protocol.gateway import Gateway

AGAIN = 2.0
"""Seconds after which a list that is watched is asked for again."""

app = typer.Typer()


@app.command()
@grouped
def countersign(
    files: PlanFiles,
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Sign a joint plan, as one of its two initiators, into a file in this folder, with which the other starts it."""
    plan = files.to_be_signed()
    if dry_run:
        dry_plan(plan, service, output)
    path = countersigned(plan, service, CallerOptions(service, officer, keys).key())
    text = _("{path}: signed by {service}; start it with --countersigned {path}", path=path, service=service)
    answer(output, {"file": str(path), "operation": plan.operation}, text)


@app.command()
@grouped
def start(
    files: PlanFiles,
    foretelling: Foretelling,
    who: InitiatorOptions,
    other: Countersigned = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Sign a plan as its initiator and start the delivery. It is simulated first, for statistics."""
    plan = files.to_be_signed()
    initiator = who.of(plan)
    envelope = signed(plan, initiator.key(), other, initiator.folder)
    if dry_run:
        dry_plan(plan, initiator.service, output)
    forecasts = foretelling.of(files)
    delivery = initiator.call(lambda door: door.start(envelope))
    text = _(
        "{delivery} has started; watch it with: vigil watch {delivery} --as {initiator}",
        delivery=delivery,
        initiator=initiator.service,
    )
    answer(output, {"delivery": delivery, "forecast": kept(forecasts, delivery, initiator)}, text)


@app.command()
@grouped
def amend(
    files: PlanFiles,
    who: InitiatorOptions,
    other: Countersigned = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Change a running delivery by a new signed plan, for what is still ahead: another way, participant or time."""
    plan = files.to_be_signed()
    initiator = who.of(plan)
    envelope = signed(plan, initiator.key(), other, initiator.folder)
    if dry_run:
        dry_plan(plan, initiator.service, output)
    entry = initiator.at(plan.operation, lambda door: door.amend(plan.operation, envelope))
    answer(output, {"delivery": plan.operation, "entry": entry.seq}, line(entry))


@app.command("list")
@grouped
def list_(filters: Narrowing, caller: CallerOptions, output: ListOutput = "text") -> None:
    """Your open deliveries, the worst first, as the watch floor has them: a capital letter is to act on, a small one to watch."""
    filters.query(), filters.of_floor()  # what cannot be asked is said before anybody is asked
    if filters.watch and output == "csv":
        raise Malformed(_("--watch -o csv: a table has one beginning"), hint=_("-o json writes a line each time it has changed"))
    if filters.watch:
        caller.call(lambda door: while_read(_list_again(door, filters, output), sys.stdout))
        return
    found = caller.call(lambda door: board(door, filters, filters.most(output)))
    if not found.lines and filters.names_a_service:
        filters.raise_unless_listed(one.id for one in caller.call(lambda door: door.directory()))
    for said in said_beside(found):
        talk.print(said, style="yellow")
    if not found.lines and output in FOR_PEOPLE:
        asked = filters != Narrowing(all=filters.all, open=filters.open, sort=filters.sort, limit=filters.limit)
        talk.print(_("None of your deliveries matches.") if asked else _("You have no such delivery."), style="dim")
        return
    if output == "csv":
        sys.stdout.write(found.csv())
    else:
        paged(output, found.documents(), table(found, out.width, wide=output == "wide"))
    for said in said_below(found):
        talk.print(said, style="yellow")


async def _list_again(door: Gateway, asked: Narrowing, output: str) -> None:
    """The list, and again when it has changed, until Ctrl-C: on a terminal in place, where time goes on too; elsewhere one after
    another.
    """
    before: Board | None = None
    with ListScreen(live=out.is_terminal and output not in FOR_PROGRAMS) as listed:
        while True:
            try:
                found = await board(door, asked, asked.most(output))
            except Unavailable as error:
                _away(error)
            else:
                if listed.live or found != before:
                    beside = (*said_beside(found), *said_below(found))
                    listed.see(found.documents(), Group(table(found, out.width, wide=output == "wide"), *beside), output)
                    before = found
            await asyncio.sleep(AGAIN)


@app.command()
@grouped
def directory(caller: CallerOptions, output: Output = "text") -> None:
    """Who else takes part in this installation, and with which keys.

    Compare a key id with the service itself, by telephone, before you rely on it.
    """
    found = caller.call(lambda door: door.directory())
    paged(output, [plain(one) for one in found], table_of(found))


@app.command()
@grouped
def show(delivery: DeliveryId, caller: CallerOptions, output: Output = "text") -> None:
    """One delivery as it stands: where it is, who is responsible, who is waited for and until when."""
    view = caller.at(delivery, lambda door: door.view(delivery))
    answer(output, plain(view), render.panel(view))


@app.command()
@grouped
def watch(delivery: DeliveryId, caller: CallerOptions, output: Output = "text") -> None:
    """Follow a delivery until it ends. With -o json: one ledger entry a line."""
    watched = WatchScreen(live=talk.is_terminal and output == "text")

    async def follow(door: Gateway) -> None:
        async for entry in door.changes(delivery, _away):
            if output == "json":
                write(entry.model_dump_json())
                sys.stdout.flush()
            else:
                watched.see(entry, await door.view(delivery, _away))

    with watched if output == "text" else nullcontext():
        caller.at(delivery, lambda door: while_read(follow(door), sys.stdout if output == "json" else sys.stderr))


@app.command()
@grouped
def wait(
    delivery: DeliveryId,
    caller: CallerOptions,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="wait until this checkpoint has closed; else until the end", autocompletion=completing.checkpoints),
    ] = None,
    timeout: Annotated[str, typer.Option(help="how long, such as 90s or 2h")] = "1h",
    output: Output = "text",
) -> None:
    """Wait for the end of a delivery, or for a checkpoint to close; exit code 6 if it takes too long."""
    try:
        span = check_span(parse_span(timeout))
    except ValueError as error:
        raise Malformed(_("--timeout {timeout}: {error}", timeout=timeout, error=told(error.args[0], speak))) from error

    async def follow(door: Gateway) -> DeliveryView:
        if checkpoint is not None:
            raise_unless_foreseen(checkpoint, await door.view(delivery))
        async for entry in door.changes(delivery, _away):
            match entry:
                case Entry(event=Closed(checkpoint=closed)) if checkpoint == closed:
                    break
                case Entry(event=Ended()) if checkpoint is not None:
                    raise NotFound(
                        _(
                            "{delivery} has ended, and no checkpoint {checkpoint} closed in it",
                            delivery=delivery,
                            checkpoint=checkpoint,
                        )
                    )
        return await door.view(delivery, _away)

    async def bounded(door: Gateway) -> DeliveryView:
        try:
            async with asyncio.timeout(span.total_seconds()):
                return await follow(door)
        except TimeoutError as error:
            raise TimedOut(
                _(
                    "{what} of {delivery} did not come within {span}",
                    what=checkpoint or _("the end"),
                    delivery=delivery,
                    span=say_span(span),
                )
            ) from error

    view = caller.at(delivery, bounded)
    answer(output, plain(view), render.panel(view))


def _away(error: Unavailable) -> None:
    talk.print(_("{message}; trying again", message=error.told_in(speak)[0]), style="yellow")


@app.command()
@grouped
def history(delivery: DeliveryId, caller: CallerOptions, output: Output = "text") -> None:
    """The whole ledger, one line an entry."""
    found = caller.at(delivery, lambda door: door.ledger(delivery))
    paged(output, [plain(entry) for entry in found], in_lines(found, folded=out.is_terminal))
