"""`vigil results`: what came of the deliveries of a period, for heads of services; from the gateway, or from packets offline."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from client.console import answer
from client.counting import CountingOptions
from client.language import _, speak
from client.naming import raise_unless_a_state
from client.options import grouped
from domain.delivery.delivery import Delivery
from domain.signing.canonical import plain
from domain.views import results_in_words as words
from domain.views.results import Adding, Results
from domain.views.results_picture import picture
from domain.views.returns import FORMS, Form, Return, of_incidents, of_period
from domain.words.errors import Malformed
from domain.words.moments import utc_text
from process.language import of

BAR: Final = 24
"""Characters of the longest bar."""


@dataclass(frozen=True)
class CountedPackets:
    """What was counted, and of packets the deliveries whose forms are of single incidents."""

    results: Results
    deliveries: tuple[Delivery, ...] = ()


@grouped
def results(
    count: CountingOptions,
    form: Annotated[Form | None, typer.Option(help="in the fields of a return to an international body")] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="of a return of incidents: the State whose services have seized")
    ] = None,
) -> None:
    """What came of the deliveries of a period: operations, consignments, legs and parcels apart, seizures, arrests, holds and
    stops, refusals, silences and times of answers: `vigil statistics` says by whom, where and by which rule. Supervisors get all
    deliveries, others their own part (R11).
    """
    count.wanted()
    if state is not None:
        raise_unless_a_state("--state", state)
    filled = _Filled(form, state)
    for one in count.files():
        _writer(one, filled)
    if count.packets:
        found = _of_packets(count, form)
    else:
        if count.service is not None and form is not None and form not in of_period:
            hint = _("give the packets of the deliveries: each holds what this return asks of its incident")
            raise Malformed(_("{form} is of single incidents, and results hold numbers alone", form=form), hint=hint)
        found = CountedPackets(count.ask(lambda door, asked: door.results(asked)))
    count.write(lambda path: _writer(path, filled)(found))
    if form is None:
        answer(count.output, plain(found.results), _shown(found.results))
    else:
        table = filled.of(found)
        answer(count.output, table.document(), _form_shown(table))


@dataclass(frozen=True)
class _Filled:
    """A return, and of which State it is where it is of single incidents."""

    form: Form | None
    state: str | None

    def __post_init__(self) -> None:
        if self.form in of_incidents and self.state is None:
            raise Malformed(_("{form} is of the seizures of one State: say with --state of which", form=self.form))

    def of(self, found: CountedPackets) -> Return:
        """The form, filled in."""
        assert self.form is not None  # noqa: S101 - there is nothing to fill in else
        if self.form in of_period:
            return of_period[self.form](found.results)
        known = dict.fromkeys(one.state for each in found.deliveries for one in each.directory.services if one.state is not None)
        if known and self.state not in known:
            message = _("no service of {state} has a part in these packets", state=self.state)
            raise Malformed(message, hint=_("there are services of {states}", states=", ".join(sorted(known))))
        return of_incidents[self.form](found.deliveries, self.state or "")


def _of_packets(count: CountingOptions, form: Form | None) -> CountedPackets:
    """What a return of incidents does not ask of a delivery is not kept."""
    adding, kept = Adding(), list[Delivery]()
    for delivery in count.deliveries():
        adding.add(delivery)
        if form in of_incidents:
            kept.append(delivery)
    now = utc_text(datetime.now(UTC))
    found = Results(counted_by=count.by, period=count.wanted(), as_of=now, whole=True, totals=tuple(adding.totals()))
    return CountedPackets(found, tuple(kept))


def _writer(path: Path, filled: "_Filled") -> Callable[[CountedPackets], str]:
    """What makes the text of such a file. Raises `Malformed`."""
    language = of(os.environ)
    if filled.form is not None:
        if path.suffix != ".csv":
            raise Malformed(_("{path}: a return is written as .csv", path=path))
        return lambda found: filled.of(found).csv()
    ways: Mapping[str, Callable[[CountedPackets], str]] = {
        ".csv": lambda found: words.in_csv(found.results),
        ".json": lambda found: found.results.model_dump_json(indent=2),
        ".svg": lambda found: picture(found.results, speak, language),
    }
    if path.suffix not in ways:
        raise Malformed(_("{path}: the name of the file ends with .csv, .json or .svg", path=path))
    return ways[path.suffix]


def _shown(found: Results) -> Group:
    """The numbers, then every table with a bar beside what can be compared."""
    language = of(os.environ)
    head = Text(f"{speak(words.COUNTED_BY[found.counted_by])}: {words.in_period(found.period)}", style="bold")
    numbers = "   ".join(f"{name}: {count}" for name, count in words.headline(found, speak, language))
    parts: list[Text | Table] = [head, Text(numbers)]
    if not found.totals:
        parts.append(Text(speak(words.NOTHING)))
    for one in words.in_tables(found, speak, language):
        parts += [Text(""), Text(one.title, style="bold"), table_of(one)]
    more = _("Which service took how long, and which rule refused what: vigil statistics")
    return Group(*parts, Text(""), *(Text(one, style="dim") for one in (*words.remarks(found, speak), more)))


def table_of(one: words.ShownTable) -> Table:
    """With a bar beside what can be compared."""
    table = Table(box=None, padding=(0, 2), show_edge=False)
    for number, heading in enumerate(one.head):
        table.add_column(heading, justify="left" if number < one.words else "right", overflow="fold")
    most = max((row.size for row in one.rows), default=0)
    if most:
        table.add_column(one.bars, min_width=BAR)
    for row in one.rows:
        table.add_row(*row.cells, *([_bar(row.size, most)] if most else []))
    return table


def _bar(size: int, most: int) -> str:
    """At least an eighth of a character for what is there at all."""
    eighths = max(8 * BAR * size // most, 1) if size else 0
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def _form_shown(one: Return) -> Group:
    table = Table(box=None, padding=(0, 2))
    for heading in one.head:
        table.add_column(heading, overflow="fold")
    for row in one.rows:
        table.add_row(*row)
    return Group(
        Text(FORMS[one.form], style="bold"), table, Text(_("Fields are as believed; the form itself was not read."), style="dim")
    )
