"""`vigil statistics`: how the deliveries of a period went, beside what was simulated before they started."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from pydantic import ValidationError
from rich.console import Group
from rich.text import Text

from client import carrying
from client.caller import CallerOptions
from client.closed import Asker, Given, Trusted, Unverified, deliveries_in, trust
from client.commands.results import table_of
from client.console import answer, talk
from client.language import _, speak
from client.naming import raise_unless_a_state
from client.options import GATEWAY, KEYS, OFFICER, Keys, Officer, Output, Url
from domain.signing.canonical import plain
from domain.views import statistics_in_words as words
from domain.views.results import period_of
from domain.views.statistics import Narrowed, Statistics, of_deliveries
from domain.views.statistics_picture import picture
from domain.words.errors import Malformed, faults_of
from domain.words.moments import utc_text

WAYS: Final[Mapping[str, Callable[[Statistics], str]]] = {
    ".csv": words.in_csv,
    ".json": lambda found: found.model_dump_json(indent=2),
    ".svg": lambda found: picture(found, speak),
}


def statistics(
    packets: Given = None,
    period: Annotated[
        str | None, typer.Option(help="2026, 2026-Q2, 2026-06, 2026-06-15, FIRST/LAST of such, or two moments; else this year")
    ] = None,
    zone: Annotated[str, typer.Option(help="by whose calendar: UTC, or an offset such as +05:00")] = "UTC",
    by: Annotated[
        Literal["started", "ended"], typer.Option(help="whether a delivery counts when it started, or when it ended")
    ] = "ended",
    kind: Annotated[str | None, typer.Option(help="only this kind of checkpoint, such as authorise/transit or hand_over")] = None,
    only: Annotated[str | None, typer.Option("--service", help="only what this service was asked and refused")] = None,
    state: Annotated[str | None, typer.Option("--state", help="only deliveries through this State")] = None,
    channel: Annotated[str | None, typer.Option(help="only deliveries that travel so, such as air_cargo")] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="write a file as well: .csv, .json or .svg says as what")
    ] = None,
    directory: Trusted = None,
    keys_unverified: Unverified = False,
    service: Asker = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """How the deliveries of a period went: how long each kind of checkpoint and each service was waited for, against what was
    simulated before the start; how they ended; what was refused. Of all for supervisors; else of one's own part (R11). From
    packets, offline, of the whole of each.
    """
    for one in file or []:
        if one.suffix not in WAYS:
            raise Malformed(_("{path}: the name of the file ends with .csv, .json or .svg", path=one))
    wanted = period_of(period or str(datetime.now(UTC).year), zone)
    if state is not None:
        raise_unless_a_state("--state", state)
    given = {"kind": kind, "service": only, "state": state, "channel": channel}
    narrowed = {name: one for name, one in given.items() if one is not None}
    if packets:
        counted = deliveries_in(packets, wanted, by, trust(directory, keys_unverified, keys, service))
        found = of_deliveries(counted, wanted, by, _narrowed(narrowed), utc_text(datetime.now(UTC)))
    elif service is not None:
        asked = {"period": f"{wanted.since}/{wanted.until}", "by": by} | narrowed
        found = CallerOptions(service, officer, keys, gateway).call(lambda door: door.statistics(asked))
    else:
        raise Malformed(_("say with --as who asks, or give packets to count from"))
    for one in file or []:
        carrying.write(one, WAYS[one.suffix](found).encode())
        talk.print(_("{path}: written", path=one))
    answer(output, plain(found), _shown(found))


def _narrowed(given: Mapping[str, str]) -> Narrowed:
    try:
        return Narrowed.model_validate(given)
    except ValidationError as error:
        raise Malformed(_("these statistics cannot be made"), faults_of(error)) from error


def _shown(found: Statistics) -> Group:
    parts = [Text(one, style="bold" if number == 0 else "") for number, one in enumerate(words.sentences(found, speak))]
    parts += [Text("")]
    for text, of, beside in words.headline(found, speak):
        parts.append(Text(f"{text}  {of}" + (f" ({beside})" if beside else "")))
    tables = [part for one in words.in_tables(found, speak) for part in (Text(""), Text(one.title, style="bold"), table_of(one))]
    return Group(*parts, *tables, Text(""), *(Text(one, style="dim") for one in words.remarks(found, speak)))
