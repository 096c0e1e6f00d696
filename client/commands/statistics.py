"""`vigil statistics`: how the deliveries of a period went, beside what was simulated before they started."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from rich.console import Group
from rich.text import Text

from client.commands.results import table_of
from client.console import answer
from client.counting import CountingOptions
from client.language import _, speak
from client.naming import raise_unless_a_state
from client.options import grouped
from domain.signing.canonical import plain
from domain.views import statistics_in_words as words
from domain.views.statistics import Narrowed, Statistics, of_deliveries
from domain.views.statistics_picture import picture
from domain.words.errors import Malformed, faults_of
from domain.words.moments import utc_text

WAYS: Final[Mapping[str, Callable[[Statistics], str]]] = {
    ".csv": words.in_csv,
    ".json": lambda found: found.model_dump_json(indent=2),
    ".svg": lambda found: picture(found, speak),
}


@grouped
def statistics(
    count: CountingOptions,
    kind: Annotated[str | None, typer.Option(help="only this kind of checkpoint, such as authorise/transit or hand_over")] = None,
    only: Annotated[str | None, typer.Option("--service", help="only what this service was asked and refused")] = None,
    state: Annotated[str | None, typer.Option("--state", help="only deliveries through this State")] = None,
    channel: Annotated[str | None, typer.Option(help="only deliveries that travel so, such as air_cargo")] = None,
) -> None:
    """How the deliveries of a period went: how long each kind of checkpoint and each service was waited for, against what was
    simulated before the start; how they ended; what was refused. Supervisors get all deliveries,
    others their own part (R11). From packets, offline, it is the whole of each.
    """
    for one in count.files():
        if one.suffix not in WAYS:
            raise Malformed(_("{path}: the name of the file ends with .csv, .json or .svg", path=one))
    wanted = count.wanted()
    if state is not None:
        raise_unless_a_state("--state", state)
    given = {"kind": kind, "service": only, "state": state, "channel": channel}
    narrowed = {name: one for name, one in given.items() if one is not None}
    if count.packets:
        found = of_deliveries(count.deliveries(), wanted, count.by, _narrowed(narrowed), utc_text(datetime.now(UTC)))
    else:
        found = count.ask(lambda door, asked: door.statistics({**asked, **narrowed}))
    count.write(lambda path: WAYS[path.suffix](found))
    answer(count.output, plain(found), _shown(found))


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
