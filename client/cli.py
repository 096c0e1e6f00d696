"""The `vigil` command. Text for people, `-o json` for programs: one document on standard output, also of
a failure; talk on standard error.

Exit codes: 0 done, 1 error, 2 bad input or usage, 3 not found, 4 refused by a rule, 5 not authorised, 6 timed out,
7 verification failed.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from client import carrying, codec, keys_commands, passphrase, payload, planning, render
from client import keys as keyring
from client.brought import checked_plan, scenario_for
from client.calling import call
from client.carrying import Carried, EncryptFor, Known, RequestFile
from client.conformance import conformance
from client.console import (
    GATEWAY,
    KEYS,
    OFFICER,
    As,
    CardsFolder,
    DirectoryFile,
    Keys,
    Officer,
    Output,
    PlanFile,
    Url,
    Watched,
    answer,
    explain,
    out,
    problem,
    talk,
)
from client.embedded import Embedded, Layout, held
from client.handing import hand_in, keep, kept
from client.listing import table_of
from client.reading import reads
from client.rehearse import Rehearsal, Rehearsed, home_for
from client.running import Interrupted, run
from client.saying import content_of, correction, kind_for, statement
from client.signing_in import sign_in
from domain.canonical import canonical, plain
from domain.envelope import PLAN_TYPE, Envelope, sign
from domain.errors import Malformed, NotFound, NotVerified, RuleBroken, TimedOut, Unavailable, VigilError
from domain.ledger import Closed, Ended, Entry, Left, Receipt
from domain.packet import fit_parts
from domain.packet import verify as verify_packet
from domain.quantities import check_span, parse_span, say_span
from domain.requests import Request
from domain.statements import DisclosurePermitted, Incident, Information, StopRequested, faults_of
from domain.unforeseen import decides, outlives_a_halt
from domain.views import DeliveryView
from process.brought import cards_in, directory_in
from process.files import write_new
from process.gateway import AGAIN_AFTER, Gateway
from process.ring import ring_in

app = typer.Typer(name="vigil", help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(planning.app, name="plan")
app.add_typer(keys_commands.app, name="keys")
app.command()(conformance)
app.command("codec")(codec.codec)
app.command()(reads)
app.command()(sign_in)

Offline = Annotated[bool, typer.Option("--offline", help="sign into a file in this folder, to be handed in with `vigil submit`")]
HandlingOption = Annotated[str | None, typer.Option("--handling", help='a code of its own: H1, or "H3: its caveat"')]
For = Annotated[str | None, typer.Option("--for", help="the service whose say it is, where you speak in its stead")]
Fulfils = Annotated[list[str] | None, typer.Option(help="a condition that binds here and is met, such as uz.prosecutor/1")]
Reader = Annotated[str | None, typer.Option("--as", envvar="VIGIL_AS", help="whose key decrypts it: else any that is here")]
DeliveryId = Annotated[str, typer.Argument(help="the delivery, by its operation's code name", show_default=False)]

PURPOSES = {
    "operation": "for the operation itself; for a court or a State export it anew with --purpose",
    "court": "for a court",
}


@app.callback(help=__doc__)
def options(
    passphrase_file: Annotated[
        Path | None, typer.Option(envvar=passphrase.VARIABLE, help="a file with the passphrase of your keys; else you are asked")
    ] = None,
) -> None:
    """What every command shares."""
    if passphrase_file is not None:
        passphrase.use(passphrase_file)


def main() -> None:
    """Run the command; errors are words and an exit code, never a traceback."""
    for_a_program = _wants_json(sys.argv)
    try:
        sys.exit(app(standalone_mode=not for_a_program))
    except VigilError as error:
        wrong = error
    except typer.TyperException as error:  # of usage, where typer does not show it to people itself
        wrong = Malformed(error.format_message(), hint="see `vigil --help`")
    except OSError as error:
        if error.strerror is None:
            raise  # not from the operating system: a bug of our own
        wrong = VigilError(f"{error.filename or 'something'} cannot be read or written: {error.strerror}")
    except Interrupted as interrupted:
        sys.exit(interrupted.exit_code)
    if for_a_program:
        problem(wrong)
    explain(wrong)
    sys.exit(wrong.exit_code)


def _wants_json(words: Sequence[str]) -> bool:
    """Read from the words themselves, which may be wrong in every other respect."""
    pairs = {f"{option}={value}" for option, value in pairwise(words)}
    return not {"-o=json", "--output=json", "-ojson"}.isdisjoint(pairs | set(words))


# Plans: the other commands are in `client.planning`


@app.command()
def rehearse(
    plan: PlanFile,
    scenario: Annotated[Path | None, typer.Option(help="how the services behave; else scenario.yaml beside the plan")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    keep: Annotated[Path | None, typer.Option(help="keep every file in this folder; else only the packet is left")] = None,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Rehearse a plan on this machine: real Temporal, real HTTP, simulated services, compressed time.

    Without --keep its files are in a temporary folder: the evidence packet stays there; database, logs and keys are removed,
    unless something goes wrong.
    """
    brought = checked_plan(plan, directory, cards)
    behaviour = scenario_for(plan, brought, scenario)
    with home_for(keep) as home:
        with Watched(live=talk.is_terminal) as watched:
            work = Rehearsal(brought, behaviour, seed, home).run(watched.see, lambda text: talk.print(text, style="dim"))
            rehearsed = run(work)
        document = plain(rehearsed) | {"as_expected": rehearsed.as_expected}
        answer(output, document, _rehearsed(rehearsed), _wrong_with(rehearsed))


def _wrong_with(done: Rehearsed) -> VigilError | None:
    if not done.verified:
        return NotVerified(done.problem)
    if not done.as_expected:
        return VigilError(f"it ended as {done.outcome}; the scenario expects {done.expected}")
    return None


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
    port: Annotated[int, typer.Option(min=1, max=65535, help="port of the gateway")] = 8470,
    temporal_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the Temporal server")] = 7233,
    ui_port: Annotated[int, typer.Option(min=1, max=65535, help="port of Temporal's own web pages")] = 8233,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65534, help="port of the gateway's metrics, for Prometheus; the worker's is the next")
    ] = None,
) -> None:
    """Run the embedded system on this machine until Ctrl-C: Temporal on a SQLite file, a worker, a gateway."""
    system = directory_in(directory).system()
    if system is None:
        message = f"{directory} has no entry for the installation itself"
        raise NotFound(message, hint=f"make its key and entry: vigil keys new vigil --installation --directory {directory}")
    own = keyring.in_use(keys.expanduser(), system.id)
    own.secrets()
    laws = cards or directory.parent / "cards"
    cards_in(laws)
    secret = keyring.deconfliction_file(keys.expanduser())
    if not secret.exists():
        keyring.make_deconfliction(keys.expanduser())
    payload_keys = payload.file_of(keys.expanduser())
    if not payload_keys.exists():
        payload.make(keys.expanduser())
    ring_in(payload_keys)
    with held(home.expanduser()) as locked, suppress(Interrupted):
        layout = Layout(
            home=locked,
            directory=directory.resolve(),
            cards=laws.resolve(),
            key=own.path.resolve(),
            passphrase=passphrase.typed(),
            deconfliction_key=secret.resolve(),
            payload_keys=payload_keys.resolve(),
            gateway_port=port,
            temporal_port=temporal_port,
            ui_port=ui_port,
            metrics_port=metrics_port,
        )
        run(_up(layout))


async def _up(layout: Layout) -> None:
    wanted = [("gateway", layout.gateway_port), ("Temporal", layout.temporal_port), ("UI", layout.ui_port)]
    if layout.metrics_port is not None:
        wanted += [("metrics", layout.metrics_port), ("metrics", layout.metrics_port + 1)]
    for name, port in wanted:
        await _raise_if_taken(name, port)
    async with Embedded(layout) as embedded:
        talk.print(f"gateway     {layout.gateway_url}")
        talk.print(f"Temporal    127.0.0.1:{layout.temporal_port}, its pages http://127.0.0.1:{layout.ui_port}")
        if layout.metrics_port is not None:
            first, second = (f"http://127.0.0.1:{layout.metrics_port + further}/metrics" for further in (0, 1))
            talk.print(f"metrics     {first} of the gateway, {second} of the worker")
        talk.print(f"kept in     {layout.home.path}")
        talk.print("stop with Ctrl-C; everything acknowledged is on disk", style="dim")
        waits = {asyncio.create_task(process.wait()): name for name, process in embedded.processes.items()}
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        ended = waits[done.pop()]
        raise VigilError(f"{ended} ended by itself", hint=f"see {embedded.log_of(ended)}")


async def _raise_if_taken(name: str, port: int | None) -> None:
    try:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    except OSError as error:
        message = f"port {port}, wanted for {name}, is taken or not allowed"
        raise VigilError(message, hint="stop what uses it, or choose another port") from error
    server.close()
    await server.wait_closed()


# Deliveries


@app.command()
def start(
    plan: PlanFile,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Sign a plan as its initiator and start the delivery."""
    found = checked_plan(plan, directory, cards).plan
    envelope = sign(canonical(found), PLAN_TYPE, keyring.key_of(keys.expanduser(), found.initiator))
    delivery = call(gateway, found.initiator, officer, keys.expanduser(), lambda door: door.start(envelope))
    answer(
        output,
        {"delivery": delivery},
        f"{delivery} has started; watch it with: vigil watch {delivery} --as {found.initiator}",
    )


@app.command()
def amend(
    plan: PlanFile,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    directory: DirectoryFile = None,
    cards: CardsFolder = None,
    output: Output = "text",
) -> None:
    """Change a running delivery by a new signed plan, for what is still ahead: another way, participant or time."""
    found = checked_plan(plan, directory, cards).plan
    envelope = sign(canonical(found), PLAN_TYPE, keyring.key_of(keys.expanduser(), found.initiator))
    entry = call(gateway, found.initiator, officer, keys.expanduser(), lambda door: door.amend(found.operation, envelope))
    answer(output, {"delivery": found.operation, "entry": entry.seq}, render.line(entry))


@app.command("list")
def list_(
    service: As,
    group: Annotated[str | None, typer.Option(help="only the consignments of this operation")] = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Your deliveries."""
    found = call(gateway, service, officer, keys.expanduser(), lambda door: door.deliveries())
    found = [row for row in found if group in (None, row.group)]
    answer(output, [plain(row) for row in found], render.rows(found))


@app.command("directory")
def directory_(
    service: As, officer: Officer = OFFICER, keys: Keys = KEYS, gateway: Url = GATEWAY, output: Output = "text"
) -> None:
    """Who else takes part in this installation, and with which keys.

    Compare a key id with the service itself, by telephone, before you rely on it.
    """
    found = call(gateway, service, officer, keys.expanduser(), lambda door: door.directory())
    answer(output, [plain(one) for one in found], table_of(found))


@app.command()
def show(
    delivery: DeliveryId,
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """One delivery as it stands: where it is, who is responsible, who is waited for and until when."""
    view = call(gateway, service, officer, keys.expanduser(), lambda door: door.view(delivery))
    answer(output, plain(view), render.panel(view))


@app.command()
def watch(
    delivery: DeliveryId,
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Follow a delivery until it ends. With -o json: one ledger entry a line."""
    watched = Watched(live=talk.is_terminal and output == "text")

    async def follow(door: Gateway) -> None:
        async for entry in door.changes(delivery, _away):
            if output == "json":
                sys.stdout.write(entry.model_dump_json() + "\n")
                sys.stdout.flush()
            else:
                watched.see(entry, await _view(door, delivery))

    with watched if output == "text" else nullcontext():
        call(gateway, service, officer, keys.expanduser(), follow)


@app.command()
def wait(
    delivery: DeliveryId,
    service: As,
    checkpoint: Annotated[str | None, typer.Option(help="wait until this checkpoint has closed; else until the end")] = None,
    timeout: Annotated[str, typer.Option(help="how long, such as 90s or 2h")] = "1h",
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Wait for the end of a delivery, or for a checkpoint to close; exit code 6 if it takes too long."""
    try:
        span = check_span(parse_span(timeout))
    except ValueError as error:
        raise Malformed(f"--timeout {timeout}: {error}") from error

    async def follow(door: Gateway) -> DeliveryView:
        if checkpoint is not None:
            _raise_unless_foreseen(checkpoint, await door.view(delivery))
        async for entry in door.changes(delivery, _away):
            match entry:
                case Entry(event=Closed(checkpoint=closed)) if checkpoint == closed:
                    break
                case Entry(event=Ended()) if checkpoint is not None:
                    raise NotFound(f"{delivery} has ended, and no checkpoint {checkpoint} closed in it")
        return await _view(door, delivery)

    async def bounded(door: Gateway) -> DeliveryView:
        try:
            async with asyncio.timeout(span.total_seconds()):
                return await follow(door)
        except TimeoutError as error:
            raise TimedOut(f"{checkpoint or 'the end'} of {delivery} did not come within {say_span(span)}") from error

    view = call(gateway, service, officer, keys.expanduser(), bounded)
    answer(output, plain(view), render.panel(view))


def _away(error: Unavailable) -> None:
    talk.print(f"{error.message}; trying again", style="yellow", markup=False)


async def _view(door: Gateway, delivery: str) -> DeliveryView:
    """The summary, from a gateway that has answered before: while it is away it is asked again."""
    while True:
        try:
            return await door.view(delivery)
        except Unavailable as error:
            _away(error)
        await asyncio.sleep(AGAIN_AFTER)


def _raise_unless_foreseen(checkpoint: str, view: DeliveryView) -> None:
    if checkpoint not in view.checkpoints and not outlives_a_halt(checkpoint) and not decides(checkpoint):
        whose = "has" if view.whole else "has for you"
        message = f"{view.delivery} {whose} no checkpoint {checkpoint}, and no rule opens one of that name"
        raise NotFound(message, hint=f"it {whose} {', '.join(view.checkpoints)}")


@app.command()
def inbox(
    service: As,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="write the requests, signed, into this file, to be carried")
    ] = None,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """What you are being asked, in all your deliveries. With --file, for an officer without a network: `confirm --request`."""
    if file is None and encrypt_for is not None:
        raise Malformed("--encrypt-for goes with --file: without a file nothing is carried")
    if file is None:
        found = call(gateway, service, officer, keys.expanduser(), lambda door: door.inbox())
        answer(output, plain(found), render.requests(found.requests) if found.requests else "nothing is asked of you now")
        unanswered = found.unanswered
    else:
        carrying.recipients(encrypt_for, directory)
        signed = call(gateway, service, officer, keys.expanduser(), lambda door: door.signed_inbox())
        path = carrying.write(file, signed.model_dump_json().encode() + b"\n", encrypt_for, directory)
        answer(output, {"file": str(path), "requests": len(signed.requests)}, f"{path}: {len(signed.requests)} signed requests")
        unanswered = signed.unanswered
    if unanswered:
        talk.print(f"not included, because they did not answer in time: {', '.join(unanswered)}", style="bold yellow")


@app.command()
def confirm(
    delivery: DeliveryId,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you", show_default=False)],
    service: As,
    fields: Annotated[list[str] | None, typer.Argument(help="field=value, your own findings", show_default=False)] = None,
    kind: Annotated[str | None, typer.Option(help="kind of statement, where the checkpoint asks for several")] = None,
    fulfils: Fulfils = None,
    handling: HandlingOption = None,
    on_behalf_of: For = None,
    offline: Offline = False,
    request: RequestFile = None,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Sign what a checkpoint asks of you and hand it in."""
    said = Said(delivery, checkpoint, service, officer, kind, fields or [], fulfils or [], on_behalf_of, handling, positive=True)
    _say(said, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory, request))


@app.command()
def refuse(
    delivery: DeliveryId,
    checkpoint: Annotated[str, typer.Argument(help="the checkpoint that asks you", show_default=False)],
    service: As,
    fields: Annotated[list[str] | None, typer.Argument(help="field=value, your own findings", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="why; consent may be refused without one")] = "",
    kind: Annotated[str | None, typer.Option(help="kind of statement, where the checkpoint asks for several")] = None,
    fulfils: Fulfils = None,
    handling: HandlingOption = None,
    on_behalf_of: For = None,
    offline: Offline = False,
    request: RequestFile = None,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Say no to what a checkpoint asks of you."""
    words = [*(fields or []), *([f"reason={reason}"] if reason else [])]
    said = Said(delivery, checkpoint, service, officer, kind, words, fulfils or [], on_behalf_of, handling, positive=False)
    _say(said, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory, request))


@app.command()
def stop(
    delivery: DeliveryId,
    service: As,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    risk_to_life: Annotated[bool, typer.Option("--risk-to-life", help="life is at risk: the outcome will say so")] = False,
    offline: Offline = False,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
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
    _pass_on(service, officer, envelope, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory))


@app.command()
def inform(
    delivery: DeliveryId,
    text: Annotated[str, typer.Argument(help="what others are to know", show_default=False)],
    service: As,
    to: Annotated[list[str] | None, typer.Option(help="who is to read it, besides whoever runs the operation")] = None,
    source: Annotated[str | None, typer.Option(help="how reliable the source is: A, B, C or X")] = None,
    certainty: Annotated[str | None, typer.Option(help="how sure the information is: 1 to 4")] = None,
    handling: HandlingOption = None,
    offline: Offline = False,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Let others know something. It decides nothing."""
    content = _content(Information, text=text, to=to or [], source=source, certainty=certainty)
    key = keyring.key_of(keys.expanduser(), service)
    envelope = statement(delivery, service, officer, content, key, handling=handling)
    _pass_on(service, officer, envelope, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory))


@app.command()
def permit(
    delivery: DeliveryId,
    service: As,
    to: Annotated[str, typer.Option(help="court, or a State such as UZ", show_default=False)],
    of: Annotated[list[str] | None, typer.Option("--statement", help="only this statement of yours; as often as needed")] = None,
    offline: Offline = False,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Permit that what you have said goes where its handling code does not let it (R23)."""
    content = _content(DisclosurePermitted, to=to, statements=of or [])
    envelope = statement(delivery, service, officer, content, keyring.key_of(keys.expanduser(), service))
    _pass_on(service, officer, envelope, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory))


def _content(kind: type[Information | DisclosurePermitted], **fields: object) -> Information | DisclosurePermitted:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise Malformed("nothing was signed", faults_of(error)) from error


@app.command()
def correct(
    delivery: DeliveryId,
    of: Annotated[str, typer.Argument(metavar="STATEMENT-ID", help="your statement that was wrong", show_default=False)],
    kind: Annotated[str, typer.Argument(help="its kind", show_default=False)],
    service: As,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    fields: Annotated[list[str] | None, typer.Argument(help="field=value, all of what is right", show_default=False)] = None,
    offline: Offline = False,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Correct what you said. The earlier statement stays; this one says what it should have said."""
    content = correction(of, kind, fields or [], reason)
    envelope = statement(delivery, service, officer, content, keyring.key_of(keys.expanduser(), service))
    _pass_on(service, officer, envelope, keys.expanduser(), gateway, output, Carried(offline, encrypt_for, directory))


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="a signed statement, as --offline writes it", show_default=False)],
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Hand in a signed statement from a file. Whoever carries it need not be who signed it."""
    envelope, _ = kept(file, keys.expanduser(), service)
    _hand_in(service, officer, envelope, keys.expanduser(), gateway, output)


@dataclass(frozen=True)
class Said:
    """What an officer says at a checkpoint, before it is signed."""

    delivery: str
    checkpoint: str
    service: str
    officer: str
    kind: str | None
    fields: Sequence[str]
    fulfils: Sequence[str]
    on_behalf_of: str | None
    handling: str | None
    positive: bool

    def asked_among(self, requests: Sequence[Request]) -> Request | None:
        """The request that this answers, if it is there."""
        which = (self.delivery, self.checkpoint, self.on_behalf_of or self.service)
        return next((one for one in requests if (one.delivery, one.checkpoint, one.service) == which), None)

    def signed(self, request: Request | None, folder: Path) -> Envelope:
        """The signed statement. Raises `Malformed` with every field that is missing or wrong."""
        chosen = self.kind
        if chosen is None:
            if request is None:
                message = f"{self.checkpoint} of {self.delivery} asks nothing of {self.service} now"
                raise NotFound(message, hint="see `vigil inbox`; to speak early, late, offline or for another, use --kind")
            chosen = kind_for(request, positive=self.positive)
        decision = [f"proceed={'yes' if self.positive else 'no'}"] if chosen == "movement_decision" else []
        content = content_of(chosen, [*self.fields, *decision], request)
        key = keyring.key_of(folder, self.service)
        who = (self.delivery, self.service, self.officer)
        return statement(
            *who,
            content,
            key,
            self.checkpoint,
            on_behalf_of=self.on_behalf_of,
            fulfils=self.fulfils,
            handling=self.handling,
        )


def _say(said: Said, folder: Path, gateway: str, output: str, carried: Carried) -> None:
    carried.check()
    keyring.key_of(folder, said.service)
    if carried.offline:
        brought = carried.request
        asked = carrying.requests_in(brought, folder, said.service, carried.directory) if brought is not None else ()
        _keep(said.signed(said.asked_among(asked), folder), output, carried)
        return
    found = call(gateway, said.service, said.officer, folder, lambda door: door.inbox())
    if said.delivery in found.unanswered:
        message = f"no worker answers for {said.delivery}, so what {said.checkpoint} asks of {said.service} cannot be seen"
        raise Unavailable(
            message, hint="have a worker started and try again; or sign with --kind and --offline for `vigil submit`"
        )
    _hand_in(said.service, said.officer, said.signed(said.asked_among(found.requests), folder), folder, gateway, output)


def _pass_on(service: str, officer: str, envelope: Envelope, folder: Path, gateway: str, output: str, carried: Carried) -> None:
    carried.check()
    if carried.offline:
        _keep(envelope, output, carried)
    else:
        _hand_in(service, officer, envelope, folder, gateway, output)


def _keep(envelope: Envelope, output: str, carried: Carried) -> None:
    path = keep(envelope, carried.encrypt_for, carried.directory)
    answer(output, {"statement": str(path)}, f"{path}: signed; hand it in with: vigil submit {path}")


def _hand_in(service: str, officer: str, envelope: Envelope, folder: Path, gateway: str, output: str) -> None:
    given = call(
        gateway, service, officer, folder, lambda door: hand_in(door, envelope, lambda text: talk.print(text, style="dim"))
    )
    if isinstance(given, Left):
        words = "kept, not judged yet: no worker is up; it takes effect before anything else when one is. Say it by telephone too"
        answer(output, plain(given), words)
        return
    wrong = None
    if given.verdict.verdict == "refused":
        message = "recorded as refused: the attempt stands in the ledger"
        wrong = RuleBroken(given.verdict.rule or "", given.verdict.reason, hint=message)
    answer(output, plain(given), render.receipt(given), wrong)


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="a file that was encrypted for you", show_default=False)],
    service: Reader = None,
    plain_file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else its name without .age")] = None,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Decrypt a file into one that other programs can read. The commands here read it as it is."""
    path = plain_file or file.with_name(file.name.removesuffix(carrying.ENCRYPTED))
    data = carrying.read(file, keys.expanduser(), service, must_be_encrypted=True)
    write_new(path, data)
    answer(output, {"file": str(path), "bytes": len(data)}, f"{path}: {len(data)} bytes, no longer encrypted")


# Evidence


@app.command()
def history(
    delivery: DeliveryId,
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """The whole ledger, one line an entry."""
    found = call(gateway, service, officer, keys.expanduser(), lambda door: door.ledger(delivery))
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
    purpose: Annotated[str, typer.Option(help="operation, court, or a State such as UZ (R23)")] = "operation",
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Export the evidence packet: one file that anyone can verify offline, or with --encrypt-for one reader alone."""
    carrying.recipients(encrypt_for, directory)
    data = call(gateway, service, officer, keys.expanduser(), lambda door: door.packet(delivery, purpose))
    path = carrying.write(file or Path(f"{delivery}.packet.json"), data, encrypt_for, directory)
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
    part: Annotated[list[Path] | None, typer.Option(help="packets of the parts it split into: each must fit")] = None,
    service: Reader = None,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Verify a packet, offline: every signature, every link, every rule. Exit code 7 if anything is wrong."""
    try:
        data, *parts = (carrying.read(path, keys.expanduser(), service) for path in (packet, *(part or [])))
        receipts = [Receipt.model_validate_json(carrying.read(path, keys.expanduser(), service)) for path in receipt or []]
    except ValidationError as error:
        raise Malformed("not a receipt, as `-o json` prints it", faults_of(error)) from error
    proved = verify_packet(data, directory_in(directory) if directory is not None else None, receipts)
    fit_parts(data, parts)
    table = Table.grid(padding=(0, 2))
    table.add_row("verified", "yes: every signature, every link, every rule")
    table.add_row("delivery", proved.delivery)
    table.add_row("outcome", proved.outcome or "still running when it was exported")
    table.add_row("statements", f"{proved.statements} signed, {proved.refused} refused")
    table.add_row("ledger", f"{proved.entries} entries, head {proved.head}")
    if proved.left_out:
        table.add_row("left out", f"{proved.left_out} statements that decide nothing, as their handling codes demand (R23)")
    table.add_row("purpose", PURPOSES.get(proved.purpose, f"for {proved.purpose}"))
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
