"""Private keys on this machine, in files that only their owner can read; and their public halves in a directory file.

`SERVICE.pem` holds the newest keys of a service, `SERVICE@KEYID.pem` those before. What is said is signed with the newest that
is valid; a file that was encrypted for any of them can be read.
"""

import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError
from pyrage.x25519 import Identity
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from client import passphrase
from client.language import _
from domain.plan.directory import Directory, ServiceKey
from domain.plan.directory import faults_in as faults_in_whole
from domain.plan.documents import Document, writer
from domain.plan.key_changes import authentic, changed, faults_in, read_change
from domain.signing.envelope import Envelope
from domain.signing.keys import key_id, public_text
from domain.words.errors import Malformed, NotAllowed, NotFound, RuleBroken, faults_of
from domain.words.identifiers import ServiceId
from domain.words.likeness import did_you_mean
from domain.words.moments import instant
from domain.words.text import mark
from process import files, keyfile
from process.configuration import text_of
from process.keyfile import Kept, KeyFile, Secrets

_SERVICE: TypeAdapter[str] = TypeAdapter(ServiceId)
_NEW_ONE = mark("if the clock here is right, an administrator gives it a new one with `vigil keys replace`")


@dataclass(frozen=True)
class HeldKeys:
    """Keys of a service that are here."""

    service: str
    path: Path
    file: KeyFile

    def secrets(self) -> Secrets:
        """The private halves; asks for the passphrase where there is one. Raises `NotAllowed` if it is wrong."""
        name = str(self.path)
        if self.file.kept != "passphrase":
            return self.file.secrets(str, name)
        return passphrase.unlocked(name, lambda words: self.file.secrets(lambda: words, name))

    def at_hand(self) -> Secrets | None:
        """The private halves, where they open without a question to anybody."""
        name = str(self.path)
        if self.file.kept != "passphrase":
            return self.file.secrets(str, name)
        return passphrase.known(lambda words: self.file.secrets(lambda: words, name))

    def key(self) -> ServiceKey:
        """The public halves with what is known here of their validity; asks for the passphrase where else it is not known."""
        return self.file.key or ServiceKey(public=public_text(self.secrets().key), valid_from=keyfile.EPOCH)

    def valid_at(self, moment: datetime) -> bool:
        """Whether they count at this instant, as far as it is known here."""
        return self.file.key is None or self.file.key.valid_at(moment)


def file_of(folder: Path, service: str) -> Path:
    """Where a service's newest keys lie. Raises `Malformed` for what is no service id: it would lead out of the folder."""
    try:
        return folder / f"{_SERVICE.validate_python(service)}.pem"
    except ValidationError as error:
        raise Malformed(_("{service} is no service id", service=service), faults_of(error, place="service")) from error


def held(folder: Path, service: str) -> tuple[HeldKeys, ...]:
    """All keys of the service that are here, the newest first. Raises `NotFound` with what to do, or `Malformed`."""
    newest = file_of(folder, service)
    older = sorted(path for path in folder.glob(f"{service}@*.pem") if re.fullmatch(r"[0-9a-f]{32}", path.stem.partition("@")[2]))
    try:
        found = [HeldKeys(service, path, keyfile.read(path)) for path in (newest, *older)]
    except NotFound as error:
        message = _("there is no private key of {service} in {folder}", service=service, folder=folder)
        make = _("make one with `vigil keys new {service}`, or say where they are with --keys", service=service)
        meant = did_you_mean(service, services_in(folder))
        raise NotFound(message, hint=_("{question}; {hint}", question=meant, hint=make) if meant else make) from error
    return tuple(sorted(found, key=_since, reverse=True))


def services_in(folder: Path) -> tuple[str, ...]:
    """Services whose keys are in this folder."""
    return tuple(sorted(path.stem for path in folder.glob("*.pem") if "@" not in path.stem))


def in_use(folder: Path, service: str) -> HeldKeys:
    """The keys that the service uses now: the newest that count. Raises `NotAllowed` if none does, and what `held` raises."""
    found, now = held(folder, service), datetime.now(UTC)
    using = next((one for one in found if one.valid_at(now)), None)
    if using is None:
        raise NotAllowed(
            _(
                "no key of {service} in {folder} counts now: the newest {key}",
                service=service,
                folder=folder,
                key=_span(found[0].key()),
            ),
            hint=_(_NEW_ONE),
        )
    return using


def _span(key: ServiceKey) -> str:
    if key.revoked_at is not None:
        return _("was revoked {moment}", moment=key.revoked_at)
    if key.valid_until is not None:
        return _("ended {moment}", moment=key.valid_until)
    return _("begins {moment}", moment=key.valid_from)


def key_of(folder: Path, service: str) -> Ed25519PrivateKey:
    """The private key that the service signs with now. Raises what `in_use` and `HeldKeys.secrets` raise."""
    return in_use(folder, service).secrets().key


def officer_of(folder: Path, service: str) -> str | None:
    """Whose key it is that the service uses here now; none: its own system's, or none counts. Raises `Malformed`."""
    try:
        using = in_use(folder, service)
    except (NotAllowed, NotFound):  # whoever asks for the key itself is told
        return None
    return using.file.key.officer if using.file.key is not None else None


def identities_of(folder: Path, service: str) -> tuple[Identity, ...]:
    """All that the service can decrypt with. Raises what `held` and `HeldKeys.secrets` raise."""
    return tuple(found for one in held(folder, service) if (found := one.secrets().identity) is not None)


def _since(one: HeldKeys) -> datetime:
    return instant(one.file.key.valid_from if one.file.key is not None else keyfile.EPOCH)


def deconfliction_file(folder: Path) -> Path:
    """Where the deconfliction key lies."""
    return folder / "deconfliction.key"


def make_deconfliction(folder: Path) -> Path:
    """A new deconfliction key, written for its owner only. An existing one is never overwritten: raises `Malformed`."""
    path = deconfliction_file(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.write_new(path, f"{secrets.token_hex(32)}\n".encode())
    return path


def make(  # noqa: PLR0913 - what is made, for whom, and where it goes
    folder: Path,
    services: Iterable[str],
    directory: Path | None,
    kept: Kept,
    *,
    installation: bool,
    officer: str | None = None,
) -> tuple[HeldKeys, ...]:
    """New keys for each service, or for this officer of each, kept as is said; their public halves are entered into the directory
    file if there is one.

    Nothing is written unless all is right. Existing keys are never overwritten: raises `Malformed`. Raises `NotFound` if a
    service is not in the directory; `installation` adds an entry for Vigil itself where there is none.
    """
    paths = {service: file_of(folder, service) for service in services}
    for path in paths.values():
        if path.exists():
            hint = _("`vigil keys rotate` makes a new one beside it; or move it away first, if you are sure")
            raise Malformed(_("{path} exists already; a key is never overwritten", path=path), hint=hint)
    words = passphrase.chosen() if kept == "passphrase" else ""  # before: no other command waits for what somebody types
    with _edited(directory) as tree:
        for service in paths if tree is not None else ():
            _entry_of(tree, service, str(directory), installation=installation)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        new = {service: keyfile.new(since, kept, lambda: words, officer)[0] for service in paths}
        made = tuple(HeldKeys(service, path, new[service]) for service, path in paths.items())
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in made:
            files.write_new(one.path, one.file.text().encode())
            if tree is not None and one.file.key is not None:
                _entry_of(tree, one.service, str(directory)).setdefault("keys", CommentedSeq()).append(_as_yaml(one.file.key))
    return made


def add(folder: Path, service: str, new: KeyFile, ended: Sequence[ServiceKey]) -> None:
    """Put a new key in the place of the newest, which is kept under another name; note the ends of those before."""
    for one in held(folder, service):
        known = one.key()
        after = next((key for key in ended if key.public == known.public), known)
        older = folder / f"{service}@{key_id(known.public)}.pem"
        files.write(older, replace(one.file, key=after).text().encode())
    files.write(file_of(folder, service), new.text().encode())


def note(one: HeldKeys, key: ServiceKey) -> None:
    """Note what has become of the key, in its file."""
    files.write(one.path, replace(one.file, key=key).text().encode())


def enter(directory: Path, change: Envelope, *, only_check: bool = False) -> None:
    """Enter a signed change of keys into a directory file.

    Raises `NotFound`, `Malformed`, `NotAuthentic`, or `RuleBroken` (R24): then nothing has changed. What has been entered
    already is entered again without harm.
    """
    before, record = Document(text_of(directory), str(directory)).read(Directory), read_change(change)
    after = changed(before, record)
    if after != before:
        authentic(change, before, datetime.now(UTC))
    if faults := tuple(faults_in(before, record)):
        raise RuleBroken("R24", "; ".join(faults), reason="keys_not_changed")
    if only_check or after == before:
        return
    with _edited(directory) as tree:
        keys = _entry_of(tree, record.service, str(directory)).setdefault("keys", CommentedSeq())
        known = {item["public"]: item for item in keys}
        for key in after.get(record.service).keys:
            if key.public in known:
                known[key.public].update(_as_yaml(key))
            else:
                keys.append(_as_yaml(key))


def _as_yaml(key: ServiceKey) -> CommentedMap:
    return CommentedMap(key.model_dump(exclude_none=True))


@contextmanager
def _edited(directory: Path | None) -> Iterator[Any]:
    """The directory's YAML, to be changed in place and written back whole, comments and order kept; none without a file."""
    if directory is None:
        yield None
        return
    with _alone(directory):
        before = Document(text_of(directory), str(directory))
        before.read(Directory)
        yaml, tree = writer(), before.tree
        yaml.width = 200
        with files.replacing(directory, as_it_was=True) as file:
            yield tree
            text = io.StringIO()
            yaml.dump(tree, text)
            Document(text.getvalue(), str(directory)).read(Directory, [faults_in_whole])
            file.write(text.getvalue().encode())


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """No other command changes the file meanwhile: it would write over what this one enters. Its folder is locked, since the file
    itself is another one afterwards.
    """
    folder = os.open(file.resolve().parent, os.O_RDONLY)
    try:
        flock(folder, LOCK_EX)
        yield
    finally:
        os.close(folder)


def _entry_of(tree: Any, service: str, directory: str, *, installation: bool = False) -> Any:
    services: list[Any] = tree["services"]
    entry = next((one for one in services if one["id"] == service), None)
    if entry is None and installation and all(one["kind"] != "system" for one in services):
        entry = CommentedMap({"id": service, "kind": "system", "names": CommentedMap({"en": "Vigil"})})
        services.append(entry)
    if entry is None:
        raise NotFound(
            _("no service {service} in {directory}", service=service, directory=directory),
            hint=_("add its entry first: id, kind, state and names"),
        )
    return entry
