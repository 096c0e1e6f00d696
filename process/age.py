"""Files for one reader: encrypted in the age format (age-encryption.org/v1), so that a stick or a disk may be lost.

What is under a passphrase is made and read here, and not by the library: that measures how much work takes a second. On a busy
machine it finds little, so that what it makes is guessed easily, and what was made before counts as too much work to be read.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from secrets import token_bytes
from textwrap import wrap
from typing import Final

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pyrage.x25519 import Identity, Recipient

from domain.signing.keys import unb64
from domain.words.errors import Malformed, NotAllowed
from domain.words.text import fill, mark

_FIRST = b"age-encryption.org/v1\n"
_STRANGER = "No matching keys found"
"""What the library says; it has one class of error for everything."""

WORK: Final = 18
"""Scrypt's work, a power of two: a second or so, and 256 MiB, for each guess, as with the program `age`."""
MOST_WORK: Final = 22
"""What is still read: a file that asks for more, a guesser would not have made."""
_BEGIN, _END = (f"-----{which} AGE ENCRYPTED FILE-----" for which in ("BEGIN", "END"))
_ZERO: Final = bytes(12)
_ONLY: Final = bytes(11) + b"\x01"
"""Nonce of the first chunk of 64 KiB, which is the last."""
_LOCKED: Final = re.compile(
    rb"(?P<head>age-encryption\.org/v1\n"
    rb"-> scrypt (?P<salt>[A-Za-z0-9+/]{22}) (?P<work>[1-9][0-9]?)\n(?P<key>[A-Za-z0-9+/]{43})\n---)"
    rb" (?P<mac>[A-Za-z0-9+/]{43})\n(?P<nonce>.{16})(?P<sealed>.{16,65552})",
    re.DOTALL,
)


def new_identity() -> Identity:
    """A new private key to decrypt with (X25519)."""
    return Identity.generate()


def identity(text: str) -> Identity:
    """The private key in its text form, `AGE-SECRET-KEY-1...`. Raises `Malformed`."""
    try:
        return Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise Malformed(mark("not a private key of the age format")) from error


def is_encrypted(data: bytes) -> bool:
    """Whether this is a file of the age format."""
    return data.startswith(_FIRST)


def encrypt(data: bytes, recipients: Sequence[str]) -> bytes:
    """The file that any of these recipients can read, and nobody else."""
    sealed: bytes = pyrage.encrypt(data, [Recipient.from_str(text) for text in recipients])
    return sealed


def decrypt(data: bytes, identities: Sequence[Identity], name: str) -> bytes:
    """What was encrypted. Raises `NotAllowed` where it is for somebody else, `Malformed` where a byte is wrong or missing."""
    try:
        opened: bytes = pyrage.decrypt(data, list(identities))
    except pyrage.DecryptError as error:
        if str(error) == _STRANGER:
            raise NotAllowed(
                fill("{name} is encrypted, and not for a key that is here", name=name),
                hint=mark("say where yours are with --keys, or have it made for you, with --encrypt-for"),
            ) from error
        raise Malformed(
            fill("{name} is damaged: it is not what was encrypted", name=name), hint=mark("have it sent again")
        ) from error
    return opened


def lock(data: bytes, passphrase: str) -> str:
    """The data, at most 64 KiB, under a passphrase, as armoured text."""
    salt, file_key, nonce = token_bytes(16), token_bytes(16), token_bytes(16)
    wrapped = ChaCha20Poly1305(_worked(passphrase, salt, WORK)).encrypt(_ZERO, file_key, None)
    head = f"{_FIRST.decode()}-> scrypt {_text(salt)} {WORK}\n{_text(wrapped)}\n---".encode()
    mac = hmac.digest(_derived(file_key, b"header"), head, "sha256")
    sealed = ChaCha20Poly1305(_derived(file_key, b"payload", nonce)).encrypt(_ONLY, data, None)
    lines = wrap(base64.b64encode(b"".join((head, b" ", _text(mac).encode(), b"\n", nonce, sealed))).decode(), 64)
    return "\n".join((_BEGIN, *lines, _END, ""))


def unlock(text: str, passphrase: str, name: str) -> bytes:
    """Inverse of `lock`, whichever program made it. Raises `NotAllowed` for a wrong passphrase, else `Malformed`."""
    found = _LOCKED.fullmatch(_bytes(text.strip().removeprefix(_BEGIN).removesuffix(_END).replace("\n", ""), name))
    if found is None or int(found["work"]) > MOST_WORK:
        raise Malformed(fill("{name} is damaged", name=name))
    salt, wrapped, mac = (_bytes(found[part].decode() + "=" * (-len(found[part]) % 4), name) for part in ("salt", "key", "mac"))
    try:
        file_key = ChaCha20Poly1305(_worked(passphrase, salt, int(found["work"]))).decrypt(_ZERO, wrapped, None)
    except InvalidTag as error:
        raise NotAllowed(fill("the passphrase is not that of {name}", name=name)) from error
    if not hmac.compare_digest(mac, hmac.digest(_derived(file_key, b"header"), found["head"], "sha256")):
        raise Malformed(fill("{name} is damaged", name=name))
    try:
        return ChaCha20Poly1305(_derived(file_key, b"payload", found["nonce"])).decrypt(_ONLY, found["sealed"], None)
    except InvalidTag as error:
        raise Malformed(fill("{name} is damaged", name=name)) from error


def _worked(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=1 << work, r=8, p=1).derive(passphrase.encode())


def _derived(file_key: bytes, what: bytes, salt: bytes = b"") -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=what).derive(file_key)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str, name: str) -> bytes:
    try:
        return unb64(text)
    except Malformed as error:
        raise Malformed(fill("{name} is damaged", name=name)) from error
