"""What a delivery's entries say, encrypted under a data key of its own (AES-256-GCM, NIST SP 800-38D).

The data key is drawn here. The archive keeps it only as the installation's ring has wrapped it, so a copy of the database opens
nothing. To expunge a delivery is to destroy that one wrapped key; the leaves and the root, which are no secret, stay.

The associated data name the delivery, table, column and key of the row. So what was sealed for one place opens in no other: who
can write the database can destroy an entry, and cannot put one delivery's entry into another, or entry 7 where 8 was.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.signing.canonical import canonical
from domain.words.errors import NotVerified
from domain.words.text import fill

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class KeyWrapping(Protocol):
    """The keys of the installation. The newest wraps, every one unwraps."""

    def wrap(self, data: bytes, context: bytes) -> tuple[str, bytes]:
        """The id of the key that wrapped, and what it wrapped, bound to the context."""

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped. Raises `Unavailable` if that key is missing here, `NotVerified` if it was altered or moved."""


@dataclass(frozen=True)
class DataKey:
    """The key of one delivery."""

    delivery: str
    _cipher: AESGCM = field(repr=False)

    @classmethod
    def new(cls, delivery: str, ring: KeyWrapping) -> tuple[Self, str, bytes]:
        """A new key, the id of the ring's key that wraps it, and the key as wrapped."""
        key = secrets.token_bytes(KEY_BYTES)
        return cls(delivery, AESGCM(key)), *ring.wrap(key, _bound(delivery))

    @classmethod
    def unwrapped(cls, delivery: str, ring_key: str, wrapped: bytes, ring: KeyWrapping) -> Self:
        """The key of a row of `data_keys`. Raises `Unavailable`, or `NotVerified` if it is another delivery's."""
        return cls(delivery, AESGCM(ring.unwrap(ring_key, wrapped, _bound(delivery))))

    def seal(self, data: bytes, *place: str | int) -> bytes:
        """Encrypt what stands in this place: table, column, and the row's key within the delivery."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, _bound(self.delivery, *place))

    def open(self, sealed: bytes, *place: str | int) -> bytes:
        """What was sealed for this place. Raises `NotVerified` if it was altered or stood elsewhere."""
        return _decrypted(self._cipher, sealed, _bound(self.delivery, *place), f"{place[0]} of {self.delivery}")


def _decrypted(cipher: AESGCM, sealed: bytes, bound: bytes, what: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise NotVerified(fill("{what}: it was altered, or written for another place", what=what)) from None


def _bound(delivery: str, *place: str | int) -> bytes:
    """The associated data. JSON keeps the parts apart."""
    return canonical(["vigil archive/1", delivery, *place])
