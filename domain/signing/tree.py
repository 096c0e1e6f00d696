"""The Merkle tree of RFC 6962 (section 2.1) over a ledger's entries: leaves, roots, and proofs that a leaf is in a tree.

A *frontier* is all that is needed to go on: the roots of the full subtrees to the left, at most one for each bit of the
size. It gives the root, and the proof of the newest leaf only, which is the one that a receipt holds.
"""

import hashlib
from collections.abc import Sequence

HASH = 32
"""Bytes of a SHA-256."""
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf(data: bytes) -> bytes:
    """SHA-256(0x00 || data): the hash of one entry's canonical bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """`peaks`: roots of the full subtrees, the largest first. Raises `ValueError` where `size` has more or fewer."""
        if len(peaks) != size.bit_count() or any(len(peak) != HASH for peak in peaks):
            message = f"a tree of {size} leaves has {size.bit_count()} peaks of {HASH} bytes"
            raise ValueError(message)
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """All that it consists of, beside its size."""
        return tuple(self._peaks)

    def append(self, one: bytes) -> tuple[bytes, ...]:
        """Add a leaf; the proof that it is in the tree of the new size, nearest first."""
        self.size += 1
        proof: list[bytes] = []
        joined = one
        full = self.size & -self.size  # how many leaves the last full subtree now holds
        while full > 1:
            left = self._peaks.pop()
            proof.append(left)
            joined = node(left, joined)
            full >>= 1
        proof += reversed(self._peaks)
        self._peaks.append(joined)
        return tuple(proof)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node(peak, root)
        return root


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves."""
    frontier = Frontier()
    for one in leaves:
        frontier.append(one)
    return frontier.root()


def inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The proof that leaf `index` is in the tree of these leaves, nearest first (RFC 6962, 2.1.1)."""
    if len(leaves) == 1:
        return ()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return (*inclusion(leaves[:split], index), root(leaves[split:]))
    return (*inclusion(leaves[split:], index - split), root(leaves[:split]))


def root_of(one: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root of the tree of `size` leaves in which this proof puts the leaf at `index`; none if it is no proof of that."""
    if not 0 <= index < size:
        return None
    at, last, joined = index, size - 1, one
    for sibling in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            joined = node(sibling, joined)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            joined = node(joined, sibling)
        at, last = at >> 1, last >> 1
    return joined if last == 0 else None
