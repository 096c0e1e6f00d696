"""A signed change of keys on its way: into the directory file, and through a gateway into every delivery under way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from client import keyring
from client.caller import call_with, code_for
from client.console import answer, talk
from client.entries import moment
from client.language import _, speak
from client.options import KEYS, OFFICER, DryRun, Keys, Officer
from client.signing import dry
from domain.plan.key_changes import KeyChange, Taken, read_change
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.signing.keys import aloud, key_id
from domain.words.errors import Unavailable, VigilError
from domain.words.moments import instant
from process import files
from process.configuration import directory_in

Announced = Annotated[
    str | None, typer.Option("--gateway", envvar="VIGIL_GATEWAY", help="the gateway that tells the deliveries under way")
]


@dataclass(frozen=True)
class Destination:
    """Where a change of keys goes, and with what, as the options say."""

    directory: Annotated[
        Path | None, typer.Option(envvar="VIGIL_DIRECTORY", help="the directory file that it is entered into")
    ] = None
    gateway: Announced = None
    officer: Officer = OFFICER
    keys: Keys = KEYS
    dry_run: DryRun = False

    @property
    def folder(self) -> Path:
        """Where the keys are."""
        return self.keys.expanduser()


@dataclass(frozen=True)
class Rollout:
    """A signed change of keys, and where it goes."""

    envelope: Envelope
    caller: str
    way: Destination
    file: Path | None = None
    """Where it is kept already."""

    @property
    def change(self) -> KeyChange:
        """What it says."""
        return read_change(self.envelope)

    def check(self, output: str) -> None:
        """Raise what the directory would refuse it with, before anything is written. A dry run ends here."""
        if self.way.directory is not None:
            keyring.enter(self.way.directory, self.envelope, only_check=True)
        if self.way.dry_run:
            dry(output, {"change": plain(self.change)}, _keys_of(self.change))

    def kept(self) -> Path:
        """The file it is kept in: it must not be lost, since some delivery may not have it yet."""
        if self.file is not None:
            return self.file
        path = Path(f"{self.change.service}.{instant(self.change.made_at):%Y%m%dT%H%M%S%fZ}.keys.json")
        files.write_new(path, self.envelope.model_dump_json().encode() + b"\n")
        return path

    def begun(self) -> "Rollout":
        """Kept, and where a new key comes, entered: before that key is used by anybody. Where it cannot be entered it is not kept
        either.
        """
        path = self.kept()
        try:
            if self.change.added and self.way.directory is not None:
                keyring.enter(self.way.directory, self.envelope)
        except BaseException:
            if self.file is None:
                path.unlink(missing_ok=True)
            raise
        return replace(self, file=path)

    def announce(self) -> Taken | None:
        """Have the deliveries under way told; none without a gateway."""
        if self.way.gateway is None:
            return None
        own = self._proves()
        officer = own.file.key.officer if own.file.key is not None else None
        code = officer or code_for(self.way.folder, self.caller, self.way.officer)
        key = own.secrets().key
        return call_with(key, self.way.gateway, self.caller, code, lambda door: door.change_keys(self.envelope))

    def _proves(self) -> keyring.HeldKeys:
        """What the caller proves itself with: the key that has signed it while that counts, for a gateway may know no newer one,
        or where no key counts here any more, for its own end may be what is to be told. Else the one that is in use.
        """
        folder, now, signed = self.way.folder, datetime.now(UTC), [one.keyid for one in self.envelope.signatures]
        held = keyring.held(folder, self.caller)
        own = next((one for one in held if one.file.id in signed), None)
        if own is not None and (own.valid_at(now) or not any(one.valid_at(now) for one in held)):
            return own
        return keyring.in_use(folder, self.caller)


def roll_out(rollout: Rollout, output: str, then: Callable[[], None] = lambda: None) -> None:
    """Enter it, announce it, and say what became of it.

    A new key is entered first, so that what starts meanwhile knows it; the end of a key is announced first, with a proof that
    may be made by that very key.
    """
    path = rollout.begun().kept()
    told: Taken | None = None
    wrong: VigilError | None = None
    try:
        told = rollout.announce()
    except VigilError as error:
        wrong = error
    except KeyboardInterrupt:  # whoever waits for no gateway any longer has revoked a key all the same
        wrong = Unavailable(_("cancelled"))
    if rollout.way.directory is not None:
        keyring.enter(rollout.way.directory, rollout.envelope)
    then()
    document = {
        "change": plain(rollout.change),
        "file": str(path),
        "directory": str(rollout.way.directory) if rollout.way.directory else None,
    }
    document |= {"deliveries": plain(told)} if told is not None else {"deliveries": None}
    if rollout.way.directory is None:
        text = _(
            "the directory does not say so yet: give {path} to the operator, for `vigil keys announce FILE --directory FILE`",
            path=path,
        )
        talk.print(text, style="bold yellow")
    answer(output, document, _said(rollout, told, path), _missing(told, wrong, path))


def _keys_of(change: KeyChange) -> Table:
    """The keys that come and those that end."""
    table = Table.grid(padding=(0, 2))
    for key in change.added:
        whose = change.service
        if key.officer is not None:
            whose = _("{service}, officer {officer}", service=change.service, officer=key.officer)
        begins = _("from {moment}", moment=moment(key.valid_from))
        table.add_row(_("new key"), f"{whose}: {aloud(key_id(key.public))}, {begins}")
        table.add_row("", key.public)
    for end in change.ended:
        table.add_row(_("REVOKED") if end.revoked else _("ends"), f"{change.service}: {aloud(end.key)}, {moment(end.at)}")
    return table


def _said(rollout: Rollout, told: Taken | None, path: Path) -> Table:
    table = _keys_of(rollout.change)
    table.add_row(_("kept in"), str(path))
    if rollout.way.directory is not None:
        table.add_row(_("entered in"), _("{path}, which gateways and workers follow", path=rollout.way.directory))
        if rollout.change.added and directory_in(rollout.way.directory).get(rollout.change.service).kind == "system":
            table.add_row(_("restart"), _("gateways and workers before the old key ends: they sign with the one they began with"))
    if told is None:
        table.add_row(_("NOT in force"), _("gateways, workers and deliveries under way do not know; announce it at a gateway"))
    elif not told.named:
        table.add_row(_("in force"), _("at every gateway and worker"))
        table.add_row(_("deliveries"), _unnamed(told))
        for fault in told.refused:
            table.add_row(_("REFUSED"), fault.problem)
    else:
        table.add_row(_("in force"), _("at every gateway and worker"))
        table.add_row(_("taken by"), ", ".join(told.taken) or _("no delivery under way needs it"))
        if told.left:
            table.add_row(
                _("left for"),
                _(
                    "{deliveries}: no worker is up; it takes effect before anything else when one is",
                    deliveries=", ".join(told.left),
                ),
            )
        for fault in told.refused:
            table.add_row(_("REFUSED by"), str(fault))
    return table


def _unnamed(told: Taken) -> str:
    if told.waiting:
        return _("under way in which no worker is up take it before anything else when one is")
    return _("under way that need it have it") if not told.refused else _("under way do not all take it")


def _missing(told: Taken | None, wrong: VigilError | None, path: Path) -> VigilError | None:
    again = _("then again: vigil keys announce {path}", path=path)
    if isinstance(wrong, Unavailable):
        message, hint = wrong.told_in(speak)
        return Unavailable(_("the deliveries under way do not know yet: {what}", what=message), hint=f"{hint}; {again}")
    if wrong is not None:
        return wrong
    if told is not None and told.refused:
        many = str(len(told.refused)) if told.named else _("some")
        return VigilError(
            _("deliveries under way do not take it: {count}", count=many),
            hint=_("announce what they lack first; {again}", again=again),
        )
    return None
