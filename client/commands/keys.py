"""`vigil keys`: make, change, revoke, show. Nothing secret is ever printed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from client import completing, keyring, passphrase
from client.commands import payload
from client.console import answer, talk
from client.entries import moment
from client.key_rollout import Announced, Destination, Rollout, roll_out
from client.language import _, speak
from client.options import KEYS, OFFICER, DryRun, Keys, Officer, Output, grouped
from client.signing import dry
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd, read_change
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import KeyId, aloud, key_id
from domain.words.errors import Malformed, NotFound, faults_of
from domain.words.identifiers import OfficerCode
from domain.words.likeness import did_you_mean
from domain.words.moments import Moment, instant
from domain.words.quantities import check_span, parse_span
from domain.words.text import mark, shown, told
from process import keyfile
from process.configuration import directory_in, text_of
from process.keyfile import Kept

app = typer.Typer(help="Keys: each service signs with its own.", no_args_is_help=True)
app.add_typer(payload.app, name="payload")

Plainly = Annotated[bool, typer.Option("--plain", help="without protection: for machines, tests and demonstrations")]
InKeyring = Annotated[bool, typer.Option("--keyring", help="in this system's keyring; else under a passphrase")]
By = Annotated[str | None, typer.Option("--as", envvar="VIGIL_AS", help="who does it: else the service itself")]

Owner = Annotated[
    str | None,
    typer.Option("--for", help="code of the officer whose key it becomes; else as the key that signs this"),
]

OVERLAP = "7d"
LEAD = timedelta(days=1)
"""What the operator is given to enter a new key: until it is in the directory nobody knows it."""

_MOMENT: TypeAdapter[str] = TypeAdapter(Moment)
_KEY_ID: TypeAdapter[str] = TypeAdapter(KeyId)
_OFFICER: TypeAdapter[str] = TypeAdapter(OfficerCode)


def kept(*, plainly: bool, in_keyring: bool, before: Kept = "passphrase") -> Kept:
    """How a new key is protected, as options say it. Raises `Malformed` where they say two things."""
    if plainly and in_keyring:
        raise Malformed(
            _("--plain and --keyring: a key is kept in one way"), hint=_("give one of them, or neither for a passphrase")
        )
    return "plain" if plainly else "keyring" if in_keyring else before


@app.command()
def new(
    services: Annotated[list[str], typer.Argument(help="service ids, such as kz.police", show_default=False)],
    directory: Annotated[Path | None, typer.Option(help="add the public keys to this directory file")] = None,
    installation: Annotated[bool, typer.Option(help="this is Vigil's own key: add its entry if there is none")] = False,
    officer: Annotated[str | None, typer.Option(help="code of the officer whose keys they are; else the service's own")] = None,
    plainly: Plainly = False,
    in_keyring: InKeyring = False,
    keys: Keys = KEYS,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Make private keys for each service, to sign and to decrypt; print (or enter into the directory) their public halves."""
    how = kept(plainly=plainly, in_keyring=in_keyring)
    whose = _officer(officer, "--officer") if officer is not None else None
    if dry_run:
        paths = [str(keyring.file_of(keys.expanduser(), service)) for service in services]
        dry(output, {"files": paths}, "\n".join(paths))
    made = keyring.make(keys.expanduser(), services, directory, how, installation=installation, officer=whose)
    answer(output, [_document(one, one.file.key) for one in made], _table([_document(one, one.file.key) for one in made]))
    if how == "plain":
        talk.print(_("whoever can read these files can sign: they are not protected"), style="dim")


@app.command()
def deconfliction(keys: Keys = KEYS, dry_run: DryRun = False, output: Output = "text") -> None:
    """Make the key of `vigil plan hash` and of the workers. Installations that match with one another share one."""
    if dry_run:
        place = str(keyring.deconfliction_file(keys.expanduser()))
        dry(output, {"file": place}, place)
    path = str(keyring.make_deconfliction(keys.expanduser()))
    answer(output, {"file": path}, path)


@app.command()
def show(
    services: Annotated[
        list[str] | None, typer.Argument(help="service ids; else all whose keys are here", autocompletion=completing.own_services)
    ] = None,
    directory: Annotated[Path | None, typer.Option(envvar="VIGIL_DIRECTORY", help="where their validity stands")] = None,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Every key of a service: its id to be read aloud, its validity, and where its private half is. Never the secret."""
    folder = keys.expanduser()
    known = directory_in(directory) if directory is not None else None
    documents = []
    for service in services or keyring.services_in(folder):
        entry = known.find(service) if known is not None else None
        entered = {key_id(key.public): key for key in entry.keys} if entry is not None else {}
        here = _here(folder, service, needed=not entered)
        documents += [
            _document(one, entered.get(one.file.id, one.file.key), entered=_entered(known, one, entered)) for one in here
        ]
        ids = [one.file.id for one in here]
        documents += [_document(service, key, entered=True) for number, key in entered.items() if number not in ids]
    if not documents:
        raise NotFound(
            _("there are no keys in {folder}", folder=folder),
            hint=_("make some with `vigil keys new SERVICE`, or say where they are with --keys"),
        )
    answer(output, documents, _table(documents))


def _here(folder: Path, service: str, *, needed: bool) -> tuple[keyring.HeldKeys, ...]:
    try:
        return keyring.held(folder, service)
    except NotFound:
        if needed:
            raise
        return ()


def _entered(known: object, one: keyring.HeldKeys, entered: dict[str, ServiceKey]) -> bool | None:
    return one.file.id in entered if known is not None else None


def _document(one: keyring.HeldKeys | str, key: ServiceKey | None, *, entered: bool | None = None) -> dict[str, Any]:
    here = None if isinstance(one, str) else one
    document: dict[str, Any] = {
        "service": one if isinstance(one, str) else one.service,
        "officer": key.officer if key is not None else None,
        "key_id": key_id(key.public) if key is not None else None,
        "public": key.public if key is not None else None,
        "recipient": key.recipient if key is not None else None,
        "valid_from": key.valid_from if key is not None else None,
        "valid_until": key.valid_until if key is not None else None,
        "revoked_at": key.revoked_at if key is not None else None,
        "file": str(here.path) if here is not None else None,
        "kept": here.file.kept if here is not None else None,
    }
    return document | ({"in_directory": entered} if entered is not None else {})


def _table(documents: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("service"), _("officer"), _("key id, to be read aloud"), _("validity"), _("private half")):
        table.add_column(heading)
    for one in documents:
        private = f"{one['file']}, {_(KEPT[one['kept']])}" if one["file"] else _("not here")
        table.add_row(one["service"], one["officer"] or "-", _aloud(one["key_id"]), _validity(one), private)
        for public in filter(None, (one["public"], one["recipient"])):
            table.add_row("", "", public)
    return table


KEPT: Mapping[Kept, str] = {
    "plain": mark("not protected"),
    "passphrase": mark("under a passphrase"),
    "keyring": mark("in the keyring"),
}


def _validity(one: Mapping[str, Any]) -> str:
    said = [
        _("from {moment}", moment=moment(one["valid_from"])) if one["valid_from"] else _("not known without the passphrase"),
        _("until {moment}", moment=moment(one["valid_until"])) if one["valid_until"] else "",
        _("REVOKED {moment}", moment=moment(one["revoked_at"])) if one["revoked_at"] else "",
        _("NOT in the directory") if one.get("in_directory") is False else "",
    ]
    return ", ".join(filter(None, said))


def _aloud(number: str | None) -> str:
    return aloud(number) if number is not None else "-"


@app.command()
@grouped
def rotate(
    service: Annotated[
        str, typer.Argument(help="the service that gets a new key", show_default=False, autocompletion=completing.own_services)
    ],
    way: Destination,
    since: Annotated[
        str | None, typer.Option("--from", help="when the new key begins (RFC 3339); else now, or without --directory in a day")
    ] = None,
    overlap: Annotated[str, typer.Option(help="how long the old key counts beside it")] = OVERLAP,
    plainly: Plainly = False,
    in_keyring: InKeyring = False,
    output: Output = "text",
) -> None:
    """Make a new key beside the old one, of the same officer; the old one counts for a while longer and then ends.

    The old one is used until the new one begins. Without the directory file at hand that is in a day: give the signed file to the
    operator before.
    """
    folder, now = way.folder, datetime.now(UTC)
    soon = now if way.directory is not None else now + LEAD
    begins = _moment(since) if since is not None else soon.isoformat(timespec="seconds")
    end = (instant(begins) + _span(overlap, "--overlap")).isoformat(timespec="seconds")
    using = keyring.in_use(folder, service)
    secrets = using.secrets()
    whose = using.key().officer
    old = _unended((one.key() for one in keyring.held(folder, service)), now, whose)
    how = kept(plainly=plainly, in_keyring=in_keyring, before=using.file.kept)
    made, _ = keyfile.new(begins, how, passphrase.chosen, whose)
    change = KeyChange(service=service, by=service, made_at=now.isoformat(), added=(made.key,), ended=_ends(old, end))
    signed = sign(canonical(change), KEYS_TYPE, secrets.key)
    rollout = Rollout(signed, service, way)
    rollout.check(output)
    rollout = rollout.begun()
    keyring.add(folder, service, made, [key.model_copy(update={"valid_until": end}) for key in old if not key.valid_until])
    roll_out(rollout, output)


@app.command()
def replace(
    service: Annotated[str, typer.Argument(help="the service that gets the key", show_default=False)],
    public: Annotated[str, typer.Argument(help="the public half of a new one, ed25519:...", show_default=False)],
    by: Annotated[str, typer.Option("--as", envvar="VIGIL_AS", help="the administrator who does it")],
    directory: Annotated[Path, typer.Option(envvar="VIGIL_DIRECTORY", help="the directory file that it is entered into")],
    recipient: Annotated[str | None, typer.Option(help="for whom files for it are encrypted, age1...")] = None,
    owner: Owner = None,
    gateway: Announced = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Give a service or an officer of it (--for) a new key, which has lost the old one or has none yet: for an administrator.

    Those before are revoked: the officer's, or those of the service's own system.
    """
    folder, now = keys.expanduser(), datetime.now(UTC)
    whose = _officer(owner, "--for") if owner is not None else None
    key = _public(public, now, recipient=recipient, officer=whose)
    old = _unended(directory_in(directory).get(service).keys, now, whose)
    ended = tuple(end.model_copy(update={"revoked": True}) for end in _ends(old, now.isoformat()))
    change = KeyChange(service=service, by=by, made_at=now.isoformat(), added=(key,), ended=ended)
    rollout = Rollout(
        sign(canonical(change), KEYS_TYPE, keyring.key_of(folder, by)),
        by,
        Destination(directory, gateway, officer, keys, dry_run),
    )
    rollout.check(output)
    roll_out(rollout, output)


@app.command()
@grouped
def add(
    service: Annotated[
        str, typer.Argument(help="the service whose key it becomes", show_default=False, autocompletion=completing.own_services)
    ],
    public: Annotated[str, typer.Argument(help="its public half, ed25519:..., as a browser shows it", show_default=False)],
    way: Destination,
    until: Annotated[str | None, typer.Option(help="how long it counts, such as 90d; else until it is revoked")] = None,
    owner: Owner = None,
    output: Output = "text",
) -> None:
    """Make a key whose private half is elsewhere, such as in an officer's browser, one of the service's keys.

    Compare its id with whoever holds it, by telephone, first: what it signs, the service has said. An officer's key makes keys
    for that officer alone; the service's own makes them for whoever --for names.
    """
    folder, now = way.folder, datetime.now(UTC)
    end = (now + _span(until, "--until")).isoformat(timespec="seconds") if until is not None else None
    whose = _officer(owner, "--for") if owner is not None else keyring.officer_of(folder, service)
    key = _public(public, now, valid_until=end, officer=whose)
    change = KeyChange(service=service, by=service, made_at=now.isoformat(), added=(key,))
    envelope = sign(canonical(change), KEYS_TYPE, keyring.key_of(folder, service))
    rollout = Rollout(envelope, service, way)
    rollout.check(output)
    roll_out(rollout, output)


def _public(public: str, now: datetime, **more: str | None) -> ServiceKey:
    """Raises `Malformed` for what is no public key."""
    try:
        return ServiceKey(public=public, valid_from=now.isoformat(timespec="seconds"), **more)
    except ValidationError as error:
        raise Malformed(_("not a public key"), faults_of(error)) from error


def _officer(code: str, option: str) -> str:
    try:
        return _OFFICER.validate_python(code)
    except ValidationError as error:
        raise Malformed(f"{option} {code}", faults_of(error, place="officer")) from error


def _unended(keys: Iterable[ServiceKey], now: datetime, officer: str | None) -> list[ServiceKey]:
    """Those of this officer that count, and those that are to count: a thief may have either."""
    own = [key for key in keys if key.officer == officer]
    return [key for key in own if all(now < instant(end) for end in (key.valid_until, key.revoked_at) if end is not None)]


def _ends(old: Sequence[ServiceKey], end: str) -> tuple[KeyEnd, ...]:
    """The ends of these keys, but for those that end sooner anyway."""
    later = [key for key in old if key.valid_until is None or instant(end) < instant(key.valid_until)]
    return tuple(KeyEnd(key=key_id(key.public), at=end) for key in later)


@app.command()
@grouped
def revoke(
    service: Annotated[
        str, typer.Argument(help="the service whose key it is", show_default=False, autocompletion=completing.own_services)
    ],
    way: Destination,
    key: Annotated[str | None, typer.Argument(metavar="KEYID", help="which; else the one that is in use here")] = None,
    by: By = None,
    output: Output = "text",
) -> None:
    """End a key now, because it is not in its owner's hands alone any more. What it signed before stays valid.

    The service itself does it, an administrator, or the installation (`--as vigil`).
    """
    folder, now = way.folder, datetime.now(UTC).isoformat()
    mine = by in (None, service)
    held = _here(folder, service, needed=mine or key is None)
    chosen = _key_id(key, service, held) if key is not None else keyring.in_use(folder, service).file.id
    if not chosen:
        raise Malformed(
            _("which key of {service}? The file does not say", service=service),
            hint=_("give its id, see `vigil keys show {service}`", service=service),
        )
    here = [one for one in held if one.file.id == chosen]
    end = KeyEnd(key=chosen, at=now, revoked=True)
    change = KeyChange(service=service, by=by or service, made_at=now, ended=(end,))
    signer = here[0].secrets().key if mine and here else None  # whoever knows the key can tell that it ends
    envelope = sign(canonical(change), KEYS_TYPE, signer or keyring.key_of(folder, by or service))
    rollout = Rollout(envelope, by or service, way)
    rollout.check(output)
    roll_out(rollout, output, then=lambda: _note_revoked(here, now))


def _note_revoked(here: list[keyring.HeldKeys], now: str) -> None:
    for one in here:
        if one.file.key is not None:
            keyring.note(one, one.file.key.model_copy(update={"revoked_at": now}))
            if not any(other.valid_at(datetime.now(UTC)) for other in keyring.held(one.path.parent, one.service)):
                words = _(
                    "no key of {service} here counts any more: an administrator gives it one with `vigil keys replace`",
                    service=one.service,
                )
                talk.print(words, style="bold yellow")


@app.command()
@grouped
def announce(
    file: Annotated[Path, typer.Argument(help="a signed change of keys, as rotate and revoke write it", show_default=False)],
    way: Destination,
    by: Annotated[str | None, typer.Option("--as", envvar="VIGIL_AS", help="who hands it in: else who signed it")] = None,
    output: Output = "text",
) -> None:
    """Enter a signed change of keys into the directory, and have the deliveries under way told. May be repeated."""
    try:
        envelope = Envelope.model_validate_json(text_of(file))
    except ValidationError as error:
        raise Malformed(_("{path} holds no signed change of keys", path=file), faults_of(error)) from error
    if way.directory is None and way.gateway is None:
        raise Malformed(_("nowhere to announce it"), hint=_("give --directory, --gateway or both"))
    signer = by or read_change(envelope).by
    rollout = Rollout(envelope, signer, way, file=file)
    rollout.check(output)

    def note() -> None:  # as `revoke` does, which may have been ended before it came so far
        held = _here(way.folder, rollout.change.service, needed=False)
        for end in rollout.change.ended:
            _note_revoked([one for one in held if end.revoked and one.file.id == end.key], end.at)

    roll_out(rollout, output, then=note)


def _moment(text: str) -> str:
    try:
        return _MOMENT.validate_python(text)
    except ValidationError as error:
        raise Malformed(f"--from {text}", faults_of(error, place="from")) from error


def _span(text: str, option: str) -> timedelta:
    try:
        return check_span(parse_span(text))
    except ValueError as error:
        raise Malformed(f"{option} {text}: {told(error.args[0], speak)}") from error


def _key_id(text: str, service: str, held: Iterable[keyring.HeldKeys]) -> str:
    """The key id, without the blanks with which it is read aloud. Raises `Malformed` for what is none."""
    typed = "".join(text.split())
    try:
        return _KEY_ID.validate_python(typed)
    except ValidationError as error:
        hint = did_you_mean(typed, filter(None, (one.file.id for one in held))) or _(
            "`vigil keys show {service}` prints those that are here", service=service
        )
        raise Malformed(_("{key} is no key id: 32 hexadecimal digits", key=shown(text)), hint=hint) from error
