"""How lists are narrowed down, and how the directory is shown: services, and the keys to compare and keep."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, get_args

import typer
from rich.table import Table

from client import completing
from client.entries import moment
from client.human_times import TypedTimes
from client.language import _, needs, speak
from client.naming import raise_unless_a_state, raise_unless_listed
from client.tables import Lines
from domain.plan.cards import Channel
from domain.plan.directory import Listed, ServiceKey
from domain.signing.keys import key_id
from domain.views.floor import asked
from domain.views.floor_in_words import SHOWN
from domain.views.names import PHASES
from domain.words.errors import Malformed
from domain.words.likeness import did_you_mean
from domain.words.moments import instant, utc_text
from domain.words.text import told
from process.language import of

CHANNELS: tuple[str, ...] = get_args(Channel)
USUALLY = 100
"""So many deliveries are shown to people who do not say how many; programs have all."""
FOR_PEOPLE = ("text", "wide")
ListOutput = Annotated[
    Literal["text", "wide", "json", "yaml", "csv"],
    typer.Option("--output", "-o", help="text or wide for people, json, yaml or csv for programs"),
]


@dataclass(frozen=True)
class Narrowing:
    """What a list of deliveries is narrowed down to, and its order."""

    group: Annotated[
        str | None, typer.Option(help="only the consignments of this operation", autocompletion=completing.groups)
    ] = None
    show: Annotated[
        str | None,
        typer.Option(help="only those of which this is so, such as overdue or needs_you", autocompletion=completing.shown),
    ] = None
    now_in: Annotated[
        str | None,
        typer.Option("--in", help="only those that are in this State now, such as UZ", autocompletion=completing.states),
    ] = None
    concerns: Annotated[
        str | None,
        typer.Option(help="only those that this service holds, or that wait for it", autocompletion=completing.services),
    ] = None
    state: Annotated[
        str | None, typer.Option(help="only those that touch this State, such as UZ", autocompletion=completing.states)
    ] = None
    participant: Annotated[
        str | None, typer.Option(help="only those in which this service takes part", autocompletion=completing.services)
    ] = None
    phase: Annotated[
        str | None, typer.Option(help="only those in this phase, such as under_way", autocompletion=completing.phases)
    ] = None
    channel: Annotated[
        str | None, typer.Option(help="only those by this channel, such as air_cargo", autocompletion=completing.channels)
    ] = None
    text: Annotated[str | None, typer.Option(help="only those with this in their code name or title")] = None
    due_before: Annotated[str | None, typer.Option(help='only those due before this moment, such as "today 18:00"')] = None
    overdue: Annotated[bool | None, typer.Option("--overdue/--not-overdue", help="only those that are overdue, or are not")] = (
        None
    )
    open: Annotated[bool, typer.Option("--open/--closed", help="those that are open, or those that have ended")] = True
    all: Annotated[bool, typer.Option("--all", help="both")] = False
    mine: Annotated[bool, typer.Option("--mine", help="only those that ask something of you")] = False
    sort: Annotated[
        Literal["worst", "due", "age", "started", "name"],
        typer.Option(help="the worst first, what comes due next, the oldest, the newest, or by name"),
    ] = "worst"
    limit: Annotated[
        int | None, typer.Option("--limit", "-L", min=1, help="no more than so many; else people see 100, programs all")
    ] = None
    watch: Annotated[bool, typer.Option("--watch", "-w", help="show it again when it has changed, until Ctrl-C")] = False

    def query(self) -> dict[str, str]:
        """The parameters of the list. Raises `Malformed` for a phase or a time that there is not."""
        if self.phase is not None and self.phase not in PHASES:
            hint = did_you_mean(self.phase, PHASES) or _("one of {phases}", phases=", ".join(PHASES))
            raise Malformed(_("there is no phase {phase}", phase=self.phase), hint=hint)
        if self.channel is not None and self.channel not in CHANNELS:
            raise _none("--channel", self.channel, CHANNELS)
        for option, state in (("--state", self.state), ("--in", self.now_in)):
            if state is not None:
                raise_unless_a_state(option, state)
        said = {"overdue": self.overdue, "open": None if self.all else self.open, "mine": self.mine or None}
        given = {name: "yes" if value else "no" for name, value in said.items() if value is not None}
        words = ("group", "state", "phase", "channel", "text", "due_before")
        sort = self.sort if self.sort in ("started", "name") else "due"
        chosen = {name: getattr(self, name) for name in words} | {"service": self.participant, "sort": sort}
        if self.due_before is not None:
            chosen["due_before"] = _in_utc(self.due_before)
        return given | {name: value for name, value in chosen.items() if value is not None}

    def of_floor(self) -> dict[str, str]:
        """The parameters of the watch floor. Raises `Malformed` for one that it does not know."""
        given = {"show": self.show, "in": self.now_in, "service": self.concerns, "phase": self.phase, "text": self.text}
        chosen = {name: value for name, value in given.items() if value is not None}
        options = {"show": "--show", "in": "--in", "service": "--concerns", "phase": "--phase", "text": "--text"}
        for name in asked(chosen)[1]:
            raise _none(options[name], chosen[name], {"show": tuple(SHOWN), "phase": tuple(PHASES)}.get(name, ()))
        return chosen | {"sort": self.sort if self.sort in ("due", "age", "name") else "worst"}

    def most(self, output: str) -> int | None:
        """How many are shown at most; none: all."""
        return self.limit if self.limit is not None or output not in FOR_PEOPLE else USUALLY

    @property
    def of_floor_alone(self) -> bool:
        """Whether something is asked that only the watch floor knows: then what is not on it is left out."""
        return (self.show, self.now_in, self.concerns) != (None, None, None)

    @property
    def of_list_alone(self) -> bool:
        """Whether something is asked that only the list knows: then rows of the watch floor are not all of it."""
        said = (self.group, self.state, self.participant, self.channel, self.due_before, self.overdue)
        return self.mine or any(one is not None for one in said)

    @property
    def names_a_service(self) -> bool:
        """Whether a service is named, which may be none."""
        return (self.concerns, self.participant) != (None, None)

    def raise_unless_listed(self, services: Iterable[str]) -> None:
        """Raises `NotFound` for a service that is none of these."""
        known = tuple(services)
        for option, name in (("--concerns", self.concerns), ("--participant", self.participant)):
            raise_unless_listed([name] if name is not None else (), known, option)


def _none(option: str, value: str, known: Sequence[str]) -> Malformed:
    """That there is nothing of this name, and what there is."""
    there_are = _("one of {known}", known=", ".join(known)) if known else _("`vigil directory` lists services and their States")
    return Malformed(
        _("{option} {value}: there is none", option=option, value=value), hint=did_you_mean(value, known) or there_are
    )


def _in_utc(text: str) -> str:
    """A moment as the list is asked for it; a time as people say it is by the clock of this machine. Raises `Malformed`."""
    now = datetime.now().astimezone()
    try:
        return utc_text(instant(TypedTimes(lambda: None, lambda: now).by(now.tzinfo or UTC, text)))
    except ValueError as error:
        raise Malformed(_("--due-before: {why}", why=told(error.args[0], speak))) from error


def table_of(services: Iterable[Listed]) -> Table:
    """A line for each key, with whether it counts now."""
    table = Lines(_("service"), _("kind of service"), _("State"), _("name"), _("key id"), _("counts"))
    for one in services:
        name = one.names.get(of(os.environ), one.names.get("en", next(iter(one.names.values()))))
        for number, key in enumerate(one.keys or (None,)):
            who = (one.id, needs([one.kind]), one.state or "", name) if number == 0 else ("", "", "", "")
            table.add_row(*who, *((key_id(key.public), _counts(key)) if key is not None else (_("no key"), "")))
    return table


def _counts(key: ServiceKey) -> str:
    if key.revoked_at is not None:
        return _("revoked {moment}", moment=moment(key.revoked_at))
    if key.valid_at(datetime.now(UTC)):
        return _("until {moment}", moment=moment(key.valid_until)) if key.valid_until is not None else _("yes")
    if key.valid_until is None:
        return _("from {begins}", begins=moment(key.valid_from))
    return _("from {begins} until {ends}", begins=moment(key.valid_from), ends=moment(key.valid_until))
