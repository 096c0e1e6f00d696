"""Files for one reader: encrypted in the age format (age-encryption.org/v1), so that a stick or a disk may be lost."""

from collections.abc import Sequence

import pyrage
from pyrage.x25519 import Identity, Recipient

from domain.words.errors import Malformed, NotAllowed

_FIRST = b"age-encryption.org/v1\n"
_STRANGER = "No matching keys found"
_WRONG_WORDS = "Decryption failed"
"""What the library says; it has one class of error for everything."""


def new_identity() -> Identity:
    """A new private key to decrypt with (X25519)."""
    return Identity.generate()


def identity(text: str) -> Identity:
    """The private key in its text form, `AGE-SECRET-KEY-1...`. Raises `Malformed`."""
    try:
        return Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise Malformed("not a private key of the age format") from error


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
                f"{name} is encrypted, and not for a key that is here",
                hint="say where yours are with --keys, or have it made for you, with --encrypt-for",
            ) from error
        raise Malformed(f"{name} is damaged: it is not what was encrypted", hint="have it sent again") from error
    return opened


def lock(data: bytes, passphrase: str) -> str:
    """The data under a passphrase, as armoured text (scrypt, about a second of work for each guess)."""
    locked: bytes = pyrage.passphrase.encrypt(data, passphrase, armored=True)
    return locked.decode("ascii")


def unlock(text: str, passphrase: str, name: str) -> bytes:
    """Inverse of `lock`. Raises `NotAllowed` for a wrong passphrase, `Malformed` for a damaged text."""
    try:
        opened: bytes = pyrage.passphrase.decrypt(text.encode("ascii"), passphrase)
    except pyrage.DecryptError as error:
        if str(error) == _WRONG_WORDS:
            raise NotAllowed(f"the passphrase is not that of {name}") from error
        raise Malformed(f"{name} is damaged") from error
    except UnicodeEncodeError as error:
        raise Malformed(f"{name} is damaged") from error
    return opened
