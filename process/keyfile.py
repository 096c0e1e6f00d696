"""The file that holds a service's private keys: one to sign with (Ed25519), one to decrypt with (age, X25519).

It begins with what is no secret, a line each (`public: ed25519:...`, as in the directory), so that it can be shown without
the passphrase. The secret is the PKCS 8 PEM and the age identity. It follows plain, or under a passphrase as an armoured age
file, or lies in the operating system's keyring. (PKCS 8 has a protection of its own, but the one our library makes costs a
guesser a third of a millisecond; this one costs a second.) A bare PEM, as other programs make it, is read too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import keyring
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from keyring.errors import KeyringError
from pydantic import ValidationError
from pyrage.x25519 import Identity

from domain.plan.directory import ServiceKey
from domain.signing.keys import key_id, private_key, private_pem, public_text
from domain.words.errors import Malformed, NotFound, Unavailable, faults_of
from domain.words.text import fill, mark
from process import age
from process.configuration import passphrase_in, text_of

Kept = Literal["plain", "passphrase", "keyring"]
Passphrase = Callable[[], str]
"""Asks for it, where it is needed."""
IN_KEYRING = "vigil"
"""Under this name, and the key id as user."""
EPOCH = "1970-01-01T00:00:00Z"
"""From when a bare PEM counts: it does not say."""

_BEGIN = "-----BEGIN "
_LOCKED = f"{_BEGIN}AGE ENCRYPTED FILE-----"
_IDENTITY = "AGE-SECRET-KEY-1"


@dataclass(frozen=True)
class Secrets:
    """The private halves."""

    key: Ed25519PrivateKey
    identity: Identity | None
    """None in a bare PEM."""

    def text(self) -> str:
        """As it stands in a file."""
        return private_pem(self.key).decode("ascii") + (f"{self.identity}\n" if self.identity is not None else "")


@dataclass(frozen=True)
class KeyFile:
    """What a key file says of its keys, and where their private halves are."""

    key: ServiceKey | None
    """None: a bare PEM that is locked, so that even its public half is not known."""
    kept: Kept
    body: str
    """What follows the lines that are no secret."""

    @property
    def id(self) -> str:
        """The key id; empty if it is not known."""
        return key_id(self.key.public) if self.key is not None else ""

    def text(self) -> str:
        """The whole file."""
        about = self.key.model_dump(exclude_none=True) if self.key is not None else {}
        lines = [f"{name}: {value}\n" for name, value in {**about, "kept": self.kept}.items()]
        return "".join(lines) + "\n" + self.body

    def secrets(self, passphrase: Passphrase, name: str) -> Secrets:
        """The private halves. Raises `NotAllowed` for a wrong passphrase, else `Malformed`, `NotFound` or `Unavailable`."""
        if self.kept == "keyring":
            return _read(_in_keyring(self.id, name), name)
        if self.body.startswith(_LOCKED):
            return _unlocked(self.body, passphrase(), name)
        if self.kept == "passphrase":
            return _read(self.body, name, passphrase())
        return _read(self.body, name)


def new(valid_from: str, kept: Kept, passphrase: Passphrase, officer: str | None = None) -> tuple[KeyFile, Secrets]:
    """A new key of this officer, or of the service's own system, not written anywhere yet; in the keyring it is there already.

    Raises `Unavailable` if there is no keyring.
    """
    secrets = Secrets(Ed25519PrivateKey.generate(), age.new_identity())
    assert secrets.identity is not None  # noqa: S101 - made above
    recipient = str(secrets.identity.to_public())
    key = ServiceKey(public=public_text(secrets.key), officer=officer, recipient=recipient, valid_from=valid_from)
    body = secrets.text() if kept == "plain" else ""
    if kept == "passphrase":
        body = age.lock(secrets.text().encode(), passphrase())
    if kept == "keyring":
        _into_keyring(key_id(key.public), secrets.text())
    return KeyFile(key, kept, body), secrets


def read(path: Path) -> KeyFile:
    """What a file says of its keys. Raises `NotFound` or `Malformed`."""
    text = text_of(path)
    head, begin, rest = text.partition(_BEGIN)
    lines = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    kept = lines.pop("kept", None)
    if kept is None:
        return _bare(text, str(path))
    if kept not in get_args(Kept):
        raise Malformed(fill("{path}: `kept: {kept}`; expected plain, passphrase or keyring", path=path, kept=kept))
    try:
        return KeyFile(ServiceKey.model_validate(lines), kept, begin + rest)  # type: ignore[arg-type]
    except ValidationError as error:
        raise Malformed(fill("{path} is no key file", path=path), faults_of(error)) from error


def key_in(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    """The private key of a process. Raises what `KeyFile.secrets` does."""

    def passphrase() -> str:
        if passphrase_file is None:
            hint = mark("set VIGIL_PASSPHRASE_FILE to a file that holds it")
            raise Malformed(fill("{path} is protected by a passphrase, and there is nobody to ask", path=path), hint=hint)
        return passphrase_in(passphrase_file)

    return read(path).secrets(passphrase, str(path)).key


def _bare(text: str, name: str) -> KeyFile:
    if "ENCRYPTED PRIVATE KEY" in text:
        return KeyFile(None, "passphrase", text)
    return KeyFile(ServiceKey(public=public_text(_read(text, name).key), valid_from=EPOCH), "plain", text)


@lru_cache(maxsize=64)
def _unlocked(body: str, passphrase: str, name: str) -> Secrets:
    """Remembered for as long as the process lives: it costs a second."""
    return _read(age.unlock(body, passphrase, name).decode(), name)


def _read(text: str, name: str, passphrase: str | None = None) -> Secrets:
    own = next((line for line in text.splitlines() if line.startswith(_IDENTITY)), None)
    try:
        key = private_key(text.encode(), passphrase.encode() if passphrase is not None else None)
        return Secrets(key, age.identity(own) if own is not None else None)
    except UnsupportedAlgorithm as error:  # a key of GOST R 34.10, for instance
        message = fill("{path}: {problem}", path=name, problem=fill("the private key is not an Ed25519 key"))
        raise Malformed(message, hint=mark("make one with `vigil keys new SERVICE`")) from error
    except Malformed as error:
        raise Malformed(fill("{path}: {problem}", path=name, problem=error.said), hint=error.words[1]) from error


def _in_keyring(key: str, name: str) -> str:
    try:
        text = keyring.get_password(IN_KEYRING, key)
    except KeyringError as error:
        raise _no_keyring() from error
    if text is None:
        raise NotFound(
            fill("the private half of {name} is not in the keyring of this user", name=name),
            hint=fill("look there for {place}, {key}", place=IN_KEYRING, key=key),
        )
    return text


def _into_keyring(key: str, text: str) -> None:
    try:
        keyring.set_password(IN_KEYRING, key, text)
    except KeyringError as error:
        raise _no_keyring() from error


def _no_keyring() -> Unavailable:
    message = mark("this system's keyring cannot be used here")
    return Unavailable(message, hint=mark("unlock it, or keep the key under a passphrase (the default)"))
