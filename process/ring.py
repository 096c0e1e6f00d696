"""The payload keys: a ring of AES-256 keys under which everything that Temporal keeps is encrypted.

A file of text, for its owner only:

    vigil payload-keys/1
    # id and key (256 bits, hexadecimal), the oldest first: the last one encrypts, every one decrypts
    4f7bd5d0c8a1e3f2 0e1c...

An id is derived from its key, so a line that was copied wrongly is found when a process starts, and not when a delivery can
no longer be read. Ids stand in Temporal's histories and in errors; they are no secret.
"""

import hashlib
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.words.errors import Fault, Malformed, NotVerified, Unavailable
from domain.words.text import fill, mark
from process.configuration import text_of

FORMAT = "vigil payload-keys/1"
ABOUT = "# id and key (256 bits, hexadecimal), the oldest first: the last one encrypts, every one decrypts"
KEY_BYTES = 32
NONCE_BYTES = 12
HINT = mark("make one with `vigil keys payload new`; gateway and workers of an installation share it")


def id_of(key: bytes) -> str:
    """16 hexadecimal digits, derived from the key one way."""
    return hashlib.sha256(b"vigil payload key\0" + key).hexdigest()[:16]


@dataclass(frozen=True)
class Ring:
    """Payload keys by their ids, the oldest first."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def current(self) -> str:
        """Id of the key that encrypts."""
        return list(self.keys)[-1]

    @classmethod
    def of(cls, *keys: bytes) -> Self:
        """A ring of these keys, the oldest first."""
        return cls({id_of(key): key for key in keys})

    def rotated(self) -> Self:
        """The ring with a new current key behind all others."""
        return type(self).of(*self.keys.values(), secrets.token_bytes(KEY_BYTES))

    def text(self) -> str:
        """The text of its file."""
        return "\n".join([FORMAT, ABOUT, *(f"{one} {key.hex()}" for one, key in self.keys.items()), ""])


class Wrapping:
    """The ring as the archive wraps data keys with it (`archive.sealed.Ring`): the current payload key wraps, every one unwraps.

    Keys that wrap are derived from the payload keys (HKDF), so that nothing of Temporal's opens in the archive, nor the reverse.
    """

    def __init__(self, ring: Ring) -> None:
        self._current = ring.current
        self._ciphers = {one: AESGCM(_derived(key)) for one, key in ring.keys.items()}

    def wrap(self, data: bytes, context: bytes) -> tuple[str, bytes]:
        """The id of the current key, and what it wrapped, bound to the context."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self._current, nonce + self._ciphers[self._current].encrypt(nonce, data, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped. Raises `Unavailable` if that key is missing here, `NotVerified` if it was altered or moved."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            message = f"payload key {key_id} is missing here, and the archive holds what was wrapped with it"
            raise Unavailable(message, hint="put it back into the file that VIGIL_PAYLOAD_KEYS names, and start anew")
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise NotVerified("a wrapped key: it was altered, or written for another place") from None


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"vigil archive/1").derive(key)


def new_ring() -> Ring:
    """A ring with one new key."""
    return Ring.of(secrets.token_bytes(KEY_BYTES))


def ring_in(path: Path) -> Ring:
    """The payload keys. Raises `NotFound`, or `Malformed` with every fault; what stands in a line is never repeated."""
    text = text_of(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o027:  # group may read: that is how systemd shows the access list of a credential
        message = fill("{path} can be read or changed by others than its owner (mode {mode})", path=path, mode=f"{mode:o}")
        raise Malformed(message, hint=fill("chmod {takes} {path}", takes="g-w,o=", path=path))
    lines = text.splitlines()
    if not lines or lines[0] != FORMAT:
        raise Malformed(
            fill("{path} is no file of payload keys: its first line is not `{first}`", path=path, first=FORMAT), hint=HINT
        )
    keys: dict[str, bytes] = {}
    faults: list[Fault] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            one, key = _read(line)
        except ValueError as error:
            faults.append(Fault(place=f"{path}:{number}", problem=str(error)))
        else:
            keys[one] = key
    if faults or not keys:
        raise Malformed(fill("{path} holds no ring of payload keys", path=path), faults, hint=HINT)
    return Ring(keys)


def _read(line: str) -> tuple[str, bytes]:
    one, _, digits = line.strip().partition(" ")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"expected an id, a space, and {2 * KEY_BYTES} hexadecimal digits")
    if one != id_of(key):
        raise ValueError("the id is not that of the key: one of the two was copied wrongly")
    return one, key
