"""Private keys on this machine, one file each, readable by their owner only; and their public halves in a directory file."""

import io
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from domain.directory import Directory
from domain.documents import Document
from domain.envelope import private_pem, public_text
from domain.errors import Malformed, NotFound
from domain.identifiers import ServiceId
from domain.statements import faults_of
from process.brought import key_in, text_of

_SERVICE: TypeAdapter[str] = TypeAdapter(ServiceId)


def file_of(folder: Path, service: str) -> Path:
    """Where a service's private key lies. Raises `Malformed` for what is no service id: it would lead out of the folder."""
    try:
        return folder / f"{_SERVICE.validate_python(service)}.pem"
    except ValidationError as error:
        raise Malformed(f"{service!r} is no service id", faults_of(error, place="service")) from error


def key_of(folder: Path, service: str) -> Ed25519PrivateKey:
    """The service's private key. Raises `NotFound` with what to do, or `Malformed`."""
    try:
        return key_in(file_of(folder, service))
    except NotFound as error:
        message = f"there is no private key of {service} in {folder}"
        raise NotFound(message, hint=f"make one with `vigil keys new {service}`, or say where they are with --keys") from error


def write_new(path: Path, secret: bytes) -> None:
    """Write a secret for its owner only. Raises `Malformed` if there is a file already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        message = f"{path} exists already; a key is never overwritten"
        raise Malformed(message, hint="move it away first, if you are sure") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())


def deconfliction_file(folder: Path) -> Path:
    """Where the deconfliction key lies."""
    return folder / "deconfliction.key"


def make_deconfliction(folder: Path) -> Path:
    """A new deconfliction key, written for its owner only. An existing one is never overwritten: raises `Malformed`."""
    path = deconfliction_file(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_new(path, f"{secrets.token_hex(32)}\n".encode())
    return path


def make(folder: Path, services: Iterable[str], directory: Path | None, *, installation: bool) -> dict[str, Ed25519PrivateKey]:
    """A new key for each service, written for its owner only, its public half entered into the directory file if there is one.

    Nothing is written unless all is right. An existing key is never overwritten: raises `Malformed`. Raises `NotFound` if a
    service is not in the directory; `installation` adds an entry for Vigil itself where there is none.
    """
    made = {file_of(folder, service): (service, Ed25519PrivateKey.generate()) for service in services}
    for path in made:
        if path.exists():
            message = f"{path} exists already; a key is never overwritten"
            raise Malformed(message, hint="move it away first, if you are sure")
    keys = dict(made.values())
    text = _entered(directory, keys, installation=installation) if directory is not None else ""
    with directory.open("r+", encoding="utf-8") if directory is not None else nullcontext() as file:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, (_, key) in made.items():
            write_new(path, private_pem(key))
        if file is not None:
            file.write(text)
            file.truncate()
    return keys


def _entered(directory: Path, keys: Mapping[str, Ed25519PrivateKey], *, installation: bool) -> str:
    """The directory's text with these keys, comments and order kept."""
    Document(text_of(directory), str(directory)).read(Directory)
    yaml = YAML()
    yaml.width = 200
    tree = yaml.load(directory.read_text(encoding="utf-8"))
    services: list[Any] = tree["services"]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    for service, key in keys.items():
        entry = next((one for one in services if one["id"] == service), None)
        if entry is None and installation and all(one["kind"] != "system" for one in services):
            entry = CommentedMap({"id": service, "kind": "system", "names": CommentedMap({"en": "Vigil"})})
            services.append(entry)
        if entry is None:
            message = f"no service {service} in {directory}"
            raise NotFound(message, hint="add its entry first: id, kind, state and names")
        entry.setdefault("keys", CommentedSeq()).append(CommentedMap({"public": public_text(key), "valid_from": since}))
    text = io.StringIO()
    yaml.dump(tree, text)
    return text.getvalue()
