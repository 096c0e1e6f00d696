"""What is proved, and to whom: packets exported and verified, and what is encrypted for one reader opened."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from client import carrying, render
from client.caller import Caller
from client.console import answer, talk
from client.options import KEYS, DeliveryId, EncryptFor, Keys, Known, Output, Reader, grouped
from domain.delivery.ledger import Receipt
from domain.record.verify import fit_parts
from domain.record.verify import verify as verify_packet
from domain.signing.canonical import plain
from domain.words.errors import Malformed, faults_of
from process.brought import directory_in
from process.files import write_new

PURPOSES = {
    "operation": "for the operation itself; for a court or a State export it anew with --purpose",
    "court": "for a court",
}

app = typer.Typer()


@app.command()
@grouped
def export(
    delivery: DeliveryId,
    caller: Caller,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else DELIVERY.packet.json here")] = None,
    purpose: Annotated[str, typer.Option(help="operation, court, or a State such as UZ (R23)")] = "operation",
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    output: Output = "text",
) -> None:
    """Export the evidence packet: one file that anyone can verify offline, or with --encrypt-for one reader alone."""
    carrying.recipients(encrypt_for, directory)
    data = caller.call(lambda door: door.packet(delivery, purpose))
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
    table.add_row("ledger", f"{proved.size} entries, root {proved.root}")
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
