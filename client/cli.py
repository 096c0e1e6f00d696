"""The `vigil` command. Text for people, `-o json` for programs: one document on standard output, talk on standard error.

Exit codes: 0 done, 1 error, 2 bad input or usage, 3 not found, 4 refused by a rule, 5 not authorised, 6 timed out,
7 verification failed.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import aiohttp
import typer
from pydantic import ValidationError
from rich.table import Table

from client import keys as keyring
from client import planning, render
from client.brought import checked_plan, scenario_for
from client.console import CardsFolder, DirectoryFile, Output, PlanFile, Watched, answer, out, talk
from client.embedded import Embedded, Layout
from client.handing import hand_in, keep, kept
from client.rehearse import Rehearsal, Rehearsed, home_for
from client.saying import content_of, kind_for, statement
from domain.canonical import canonical, plain
from domain.envelope import PLAN_TYPE, Envelope, key_id, public_text, sign
from domain.errors import Malformed, NotFound, NotVerified, RuleBroken, TimedOut, VigilError
from domain.ledger import Left, Receipt
from domain.packet import verify as verify_packet
from domain.quantities import parse_span, say_span
from domain.requests import Request
from domain.statements import Incident, StopRequested, faults_of
from domain.views import DeliveryView
from process.brought import directory_in
from process.gateway import Gateway

T = TypeVar("T")

app = typer.Typer(name="vigil", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
keys_app = typer.Typer(help="Keys: each service signs with its own.", no_args_is_help=True)
app.add_typer(planning.app, name="plan")
app.add_typer(keys_app, name="keys")

As = Annotated[str, typer.Option("--as", envvar="VIGIL_AS", help="the service you act for, such as uz.customs")]
Keys = Annotated[Path, typer.Option("--keys", envvar="VIGIL_KEYS", help="folder of private keys")]
Url = Annotated[str, typer.Option("--gateway", envvar="VIGIL_GATEWAY", help="address of the gateway")]
Offline = Annotated[bool, typer.Option("--offline", help="sign into a file in this folder, to be handed in with `vigil submit`")]
Officer = Annotated[str, typer.Option("--officer", envvar="VIGIL_OFFICER", help="your officer code; never a name")]
DeliveryId = Annotated[str, typer.Argument(help="the delivery, by its operation's code name", show_default=False)]

KEYS = Path("~/.config/vigil/keys").expanduser()
GATEWAY = "http://127.0.0.1:8470"
OFFICER = "duty"


def main() -> None:
    """Run the command; errors are words and an exit code, never a traceback."""
    try:
        app()
    except VigilError as error:
        explain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def explain(error: VigilError) -> None:
    """What went wrong, every fault of it, and what to do."""
    talk.print(f"vigil: {error.message}", style="bold red", markup=False)
    if isinstance(error, Malformed):
        for fault in error.faults:
            talk.print(f"  {fault}", markup=False)
    if error.hint:
        talk.print(f"  {error.hint}", markup=False)


def call(url: str, service: str, folder: Path, work: Callable[[Gateway], Awaitable[T]]) -> T:
    """Do something at the gateway as a service."""

    async def connected() -> T:
        async with aiohttp.ClientSession() as http:
            return await work(Gateway(http, url, service, keyring.key_of(folder, service)))

    return asyncio.run(connected())


# Plans: the other commands are in `client.planning`


@app.command()
def rehearse(
    plan: PlanFile,
    scenario: Annotated[Path | None, typer.Option(help="how the services behave; else scenario.yaml beside the plan")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    keep: Annotated[Path | None, typer.Option(help="keep database, logs and packet in this folder")] = None,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Rehearse a plan on this machine: real Temporal, real HTTP, simulated services, compressed time."""
    brought = checked_plan(plan, directory, cards)
    rehearsal = Rehearsal(brought, scenario_for(plan, brought.plan, scenario), seed, home_for(keep))
    watched = Watched(live=talk.is_terminal)
    with watched:
        rehearsed = asyncio.run(rehearsal.run(watched.see, lambda text: talk.print(text, style="dim")))
    answer(output, plain(rehearsed) | {"as_expected": rehearsed.as_expected}, _rehearsed(rehearsed))
    if not rehearsed.verified:
        raise NotVerified(rehearsed.problem)
    if not rehearsed.as_expected:
        raise VigilError(f"it ended as {rehearsed.outcome}; the scenario expects {rehearsed.expected}")


def _rehearsed(done: Rehearsed) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("delivery", done.delivery)
    table.add_row("outcome", f"{done.outcome}" + (" (as expected)" if done.expected and done.as_expected else ""))
    table.add_row("statements", f"{done.statements} signed, {done.refused} refused")
    table.add_row("ledger", f"{done.entries} entries, head {done.ledger_head}")
    table.add_row("packet", done.packet)
    table.add_row("verified", "yes, offline, every signature and every rule" if done.verified else f"NO: {done.problem}")
    table.add_row("took", f"{done.seconds} s")
    return table


# The installation


@app.command()
def up(
    directory: Annotated[Path, typer.Option(help="directory of services (YAML)", show_default=False)],
    cards: Annotated[Path | None, typer.Option(help="folder of rule cards; else `cards` beside the directory")] = None,
    home: Annotated[Path, typer.Option(envvar="VIGIL_HOME", help="where everything is kept")] = Path("~/.local/share/vigil"),
    keys: Keys = KEYS,
    port: Annotated[int, typer.Option(help="port of the gateway")] = 8470,
    temporal_port: Annotated[int, typer.Option(help="port of the Temporal server")] = 7233,
    ui_port: Annotated[int, typer.Option(help="port of Temporal's own web pages")] = 8233,
) -> None:
    """Run the embedded system on this machine until Ctrl-C: Temporal on a SQLite file, a worker, a gateway."""
    system = directory_in(directory).system()
    if system is None:
        message = f"{directory} has no entry for the installation itself"
        raise NotFound(message, hint=f"make its key and entry: vigil keys new vigil --installation --directory {directory}")
    secret = keyring.deconfliction_file(keys.expanduser())
    if not secret.exists():
        keyring.make_deconfliction(keys.expanduser())
    layout = Layout(
        home=home.expanduser(),
        directory=directory.resolve(),
        cards=(cards or directory.parent / "cards").resolve(),
        key=keyring.file_of(keys.expanduser(), system.id).resolve(),
        deconfliction_key=secret.resolve(),
        gateway_port=port,
        temporal_port=temporal_port,
        ui_port=ui_port,
    )
    if not layout.key.exists():
        keyring.key_of(keys.expanduser(), system.id)
    asyncio.run(_up(layout))


async def _up(layout: Layout) -> None:
    for name, port in (("gateway", layout.gateway_port), ("Temporal", layout.temporal_port), ("UI", layout.ui_port)):
        await _raise_if_taken(name, port)
    async with Embedded(layout) as embedded:
        talk.print(f"gateway     {layout.gateway_url}")
        talk.print(f"Temporal    127.0.0.1:{layout.temporal_port}, its pages http://127.0.0.1:{layout.ui_port}")
        talk.print(f"kept in     {layout.home}")
        talk.print("stop with Ctrl-C; everything acknowledged is on disk", style="dim")
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        waits = {asyncio.create_task(process.wait()): name for name, process in embedded.processes.items()}
        stop = asyncio.create_task(asked.wait())
        done, _ = await asyncio.wait([stop, *waits], return_when=asyncio.FIRST_COMPLETED)
        ended = [name for wait, name in waits.items() if wait in done]
        if ended:
            raise VigilError(f"{ended[0]} ended by itself", hint=f"see {embedded.log_of(ended[0])}")


async def _raise_if_taken(name: str, port: int | None) -> None:
    try:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    except OSError as error:
        raise VigilError(f"port {port}, wanted for {name}, is taken", hint="stop what uses it, or choose another port") from error
    server.close()
    await server.wait_closed()


@keys_app.command("new")
def keys_new(
    services: Annotated[list[str], typer.Argument(help="service ids, such as kz.customs", show_default=False)],
    directory: Annotated[Path | None, typer.Option(help="add the public keys to this directory file")] = None,
    installation: Annotated[bool, typer.Option(help="this is Vigil's own key: add its entry if there is none")] = False,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Make a private key for each service; print (or enter into the directory) its public half."""
    made = []
    for service in services:
        key = keyring.make(keys.expanduser(), service)
        text = public_text(key)
        if directory is not None:
            keyring.enter(directory, service, key, installation=installation)
        made.append(
            {
                "service": service,
                "public": text,
                "key_id": key_id(text),
                "file": str(keyring.file_of(keys.expanduser(), service)),
            }
        )
    table = Table(box=None, padding=(0, 2))
    for heading in ("service", "public key", "private key"):
        table.add_column(heading)
    for one in made:
        table.add_row(one["service"], one["public"], one["file"])
    answer(output, made, table)


@keys_app.command("deconfliction")
def keys_deconfliction(keys: Keys = KEYS, output: Output = "text") -> None:
    """Make the key of `vigil plan hash` and of the workers. Installations that match with one another share one."""
    path = str(keyring.make_deconfliction(keys.expanduser()))
    answer(output, {"file": path}, path)


# Deliveries


@app.command()
def start(
    plan: PlanFile,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Sign a plan as its initiator and start the delivery."""
    found = checked_plan(plan, directory, cards).plan
    envelope = sign(canonical(found), PLAN_TYPE, keyring.key_of(keys.expanduser(), found.initiator))
    delivery = call(gateway, found.initiator, keys.expanduser(), lambda door: door.start(envelope))
    answer(
        output,
        {"delivery": delivery},
        f"{delivery} has started; watch it with: vigil watch {delivery} --as {found.initiator}",
    )


@app.command("list")
def list_(service: As, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text") -> None:
    """Your deliveries."""
    found = call(gateway, service, keys.expanduser(), lambda door: door.deliveries())
    answer(output, [plain(row) for row in found], render.rows(found))


@app.command()
def show(delivery: DeliveryId, service: As, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text") -> None:
    """One delivery as it stands: where it is, who is responsible, who is waited for and until when."""
    view = call(gateway, service, keys.expanduser(), lambda door: door.view(delivery))
    answer(output, plain(view), render.panel(view))


@app.command()
def watch(delivery: DeliveryId, service: As, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text") -> None:
    """Follow a delivery until it ends. With -o json: one ledger entry a line."""
    watched = Watched(live=talk.is_terminal and output == "text")

    async def follow(door: Gateway) -> None:
        async for entry in door.changes(delivery):
            if output == "json":
                sys.stdout.write(entry.model_dump_json() + "\n")
                sys.stdout.flush()
            else:
                watched.see(entry, await door.view(delivery))

    with watched if output == "text" else nullcontext():
        call(gateway, service, keys.expanduser(), follow)


@app.command()
def wait(
    delivery: DeliveryId,
    service: As,
    checkpoint: Annotated[str | None, typer.Option(help="wait until this checkpoint has closed; else until the end")] = None,
    timeout: Annotated[str, typer.Option(help="how long, such as 90s or 2h")] = "1h",
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Wait for the end of a delivery, or for a checkpoint to close; exit code 6 if it takes too long."""
    try:
        span = parse_span(timeout)
    except ValueError as error:
        raise Malformed(f"--timeout {timeout}: {error}") from error

    async def follow(door: Gateway) -> DeliveryView:
        async for entry in door.changes(delivery):
            if checkpoint is not None and entry.event.event == "closed" and entry.event.checkpoint == checkpoint:
                break
        else:
            if checkpoint is not None and checkpoint not in {stop.checkpoint for stop in (await door.view(delivery)).route}:
                raise NotFound(f"{delivery} has ended, and no checkpoint {checkpoint} closed in it")
        return await door.view(delivery)

    async def bounded(door: Gateway) -> DeliveryView:
        try:
            return await asyncio.wait_for(follow(door), span.total_seconds())
        except TimeoutError as error:
            raise TimedOut(f"{checkpoint or 'the end'} of {delivery} did not come within {say_span(span)}") from error

    view = call(gateway, service, keys.expanduser(), bounded)
    answer(output, plain(view), render.panel(view))


@app.command()
def inbox(service: As, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text") -> None:
    """What you are being asked, in all your deliveries."""
    found = call(gateway, service, keys.expanduser(), lambda door: door.inbox())
    answer(output, plain(found), render.requests(found.requests) if found.requests else "nothing is asked of you now")
    if found.unanswered:
        talk.print(f"not included, because they did not answer in time: {', '.join(found.unanswered)}", style="bold yellow")


@app.command()
def confirm(
    delivery: DeliveryId,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you", show_default=False)],
    service: As,
    fields: Annotated[list[str] | None, typer.Argument(help="field=value, your own findings", show_default=False)] = None,
    kind: Annotated[str | None, typer.Option(help="kind of statement, where the checkpoint asks for several")] = None,
    offline: Offline = False,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Sign what a checkpoint asks of you and hand it in."""
    said = Said(delivery, checkpoint, service, officer, kind, fields or [], positive=True)
    _say(said, keys.expanduser(), gateway, output, offline=offline)


@app.command()
def refuse(
    delivery: DeliveryId,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you", show_default=False)],
    service: As,
    reason: Annotated[str, typer.Option(help="why; consent may be refused without one")] = "",
    kind: Annotated[str | None, typer.Option(help="kind of statement, where the checkpoint asks for several")] = None,
    offline: Offline = False,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Say no to what a checkpoint asks of you."""
    said = Said(delivery, checkpoint, service, officer, kind, [f"reason={reason}"] if reason else [], positive=False)
    _say(said, keys.expanduser(), gateway, output, offline=offline)


@app.command()
def stop(
    delivery: DeliveryId,
    service: As,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    risk_to_life: Annotated[bool, typer.Option("--risk-to-life", help="life is at risk: the outcome will say so")] = False,
    offline: Offline = False,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Stop a delivery, now. Anyone who takes part may."""
    try:
        content = Incident(risk_to_life=True, what=reason) if risk_to_life else StopRequested(reason=reason)
    except ValidationError as error:
        raise Malformed("the reason is not usable", faults_of(error)) from error
    envelope = statement(delivery, service, officer, content, keyring.key_of(keys.expanduser(), service))
    if offline:
        _keep(envelope, output)
    else:
        _hand_in(service, envelope, keys.expanduser(), gateway, output)


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="a signed statement, as --offline writes it", show_default=False)],
    service: As,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Hand in a signed statement from a file. Whoever carries it need not be who signed it."""
    envelope, _ = kept(file)
    _hand_in(service, envelope, keys.expanduser(), gateway, output)


@dataclass(frozen=True)
class Said:
    """What an officer says at a checkpoint, before it is signed."""

    delivery: str
    checkpoint: str
    service: str
    officer: str
    kind: str | None
    fields: Sequence[str]
    positive: bool

    def signed(self, request: Request | None, folder: Path) -> Envelope:
        """The signed statement. Raises `Malformed` with every field that is missing or wrong."""
        chosen = self.kind
        if chosen is None:
            if request is None:
                message = f"{self.checkpoint} of {self.delivery} asks nothing of {self.service} now"
                raise NotFound(message, hint="see `vigil inbox`; to speak early, late or offline, say what with --kind")
            chosen = kind_for(request, positive=self.positive)
        decision = [f"proceed={'yes' if self.positive else 'no'}"] if chosen == "movement_decision" else []
        content = content_of(chosen, [*self.fields, *decision], request)
        key = keyring.key_of(folder, self.service)
        return statement(self.delivery, self.service, self.officer, content, key, self.checkpoint)


def _say(said: Said, folder: Path, gateway: str, output: str, *, offline: bool) -> None:
    keyring.key_of(folder, said.service)
    if offline:
        _keep(said.signed(None, folder), output)
        return
    found = call(gateway, said.service, folder, lambda door: door.inbox())
    asked = [one for one in found.requests if (one.delivery, one.checkpoint) == (said.delivery, said.checkpoint)]
    _hand_in(said.service, said.signed(asked[0] if asked else None, folder), folder, gateway, output)


def _keep(envelope: Envelope, output: str) -> None:
    path = keep(envelope)
    answer(output, {"statement": str(path)}, f"{path}: signed; hand it in with: vigil submit {path}")


def _hand_in(service: str, envelope: Envelope, folder: Path, gateway: str, output: str) -> None:
    given = call(gateway, service, folder, lambda door: hand_in(door, envelope, lambda text: talk.print(text, style="dim")))
    if isinstance(given, Left):
        words = "kept, not judged yet: no worker is up; it takes effect before anything else when one is. Say it by telephone too"
        answer(output, plain(given), words)
        return
    answer(output, plain(given), render.receipt(given))
    if given.verdict.verdict == "refused":
        message = "recorded as refused: the attempt stands in the ledger"
        raise RuleBroken(given.verdict.rule or "", given.verdict.reason, hint=message)


# Evidence


@app.command()
def history(delivery: DeliveryId, service: As, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text") -> None:
    """The whole ledger, one line an entry."""
    found = call(gateway, service, keys.expanduser(), lambda door: door.ledger(delivery))
    if output == "json":
        answer(output, [plain(entry) for entry in found], None)
        return
    for entry in found:
        out.print(render.line(entry))


@app.command()
def export(
    delivery: DeliveryId,
    service: As,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else DELIVERY.packet.json here")] = None,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Export the evidence packet: one file that anyone can verify offline."""
    data = call(gateway, service, keys.expanduser(), lambda door: door.packet(delivery))
    path = file or Path(f"{delivery}.packet.json")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise VigilError(f"{path} cannot be written: {error.strerror}") from error
    answer(
        output,
        {"packet": str(path), "bytes": len(data)},
        f"{path}: {len(data)} bytes; verify it with: vigil verify {path}",
    )


@app.command()
def verify(
    packet: Annotated[Path, typer.Argument(help="the evidence packet", show_default=False)],
    directory: Annotated[Path | None, typer.Option(help="a directory you trust: every key must then stand in it")] = None,
    receipt: Annotated[list[Path] | None, typer.Option(help="receipts (JSON) you were given: each must fit")] = None,
    output: Output = "text",
) -> None:
    """Verify a packet, offline: every signature, every link, every rule. Exit code 7 if anything is wrong."""
    try:
        data = packet.read_bytes()
        receipts = [Receipt.model_validate_json(path.read_bytes()) for path in receipt or []]
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {error.filename}") from error
    except OSError as error:
        raise Malformed(f"{packet} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise Malformed("not a receipt, as `-o json` prints it", faults_of(error)) from error
    proved = verify_packet(data, directory_in(directory) if directory is not None else None, receipts)
    table = Table.grid(padding=(0, 2))
    table.add_row("verified", "yes: every signature, every link, every rule")
    table.add_row("delivery", proved.delivery)
    table.add_row("outcome", proved.outcome or "still running when it was exported")
    table.add_row("statements", f"{proved.statements} signed, {proved.refused} refused")
    table.add_row("ledger", f"{proved.entries} entries, head {proved.head}")
    table.add_row("exported", f"{render.moment(proved.exported_at)}, sealed by key {proved.sealed_by}")
    for signer in proved.signers:
        table.add_row("signed by", f"{signer.service}, key {signer.key}")
    answer(output, plain(proved) | {"verified": True}, table)
    if directory is None:
        talk.print(
            "the keys are those in the packet: compare them with what the services tell you, or use --directory",
            style="dim",
        )


if __name__ == "__main__":
    main()
