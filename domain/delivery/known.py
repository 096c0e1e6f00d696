"""What a delivery knows of every statement that has come in, in 24 bytes: enough to know it again (R18), and whose it was.

Statements themselves leave with the ledger. What stays is made with the delivery's secret: plain hashes, cut so short, would
let a hostile service make another's statement look known.
"""

import base64
import hmac
from collections.abc import Iterator
from dataclasses import dataclass

ID, CONTENT, SEQ, SPEAKER = 10, 10, 3, 1
"""Bytes of a keyed hash of the id and of the fingerprint, of the entry's number, and of the number of who said it."""
EACH = ID + CONTENT + SEQ + SPEAKER


@dataclass(frozen=True)
class Known:
    """A statement that has been recorded: who said it, and where."""

    service: str
    seq: int


class KnownStatements:
    """The table of them, in the order in which they came."""

    def __init__(self, secret: bytes | None = None) -> None:
        """Without a secret, ids and fingerprints stand in full: for whoever verifies, and has every entry."""
        self._secret = secret
        self._speakers: dict[str, int] = {}
        self._first: dict[bytes, Known] = {}
        """By what stands for the id."""
        self._all: dict[tuple[bytes, bytes], Known] = {}
        """By what stands for id and fingerprint."""

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, statement: str) -> bool:
        return self._tag(b"id", statement, ID) in self._first

    def __iter__(self) -> Iterator[Known]:
        return iter(self._all.values())

    def __eq__(self, other: object) -> bool:
        """Whether the same have been recorded: by whom, and where. What stands for their words depends on the secret."""
        return isinstance(other, KnownStatements) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def first(self, statement: str) -> Known | None:
        """What was recorded first under this id."""
        return self._first.get(self._tag(b"id", statement, ID))

    def find(self, statement: str, fingerprint: str) -> Known | None:
        """Exactly this content under this id."""
        return self._all.get(self._pair(statement, fingerprint))

    def add(self, statement: str, fingerprint: str, known: Known) -> None:
        """One has been recorded. Other content under an id that was used is known by its own fingerprint (R18)."""
        pair = self._pair(statement, fingerprint)
        self._speakers.setdefault(known.service, len(self._speakers))
        self._first.setdefault(pair[0], known)
        self._all[pair] = known

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who has said something, in the order in which each first did."""
        return tuple(self._speakers)

    def packed(self) -> str:
        """All of it but the speakers: base64 of `EACH` bytes for each statement. Only with a secret."""
        assert self._secret is not None  # noqa: S101 - who verifies carries nothing on
        each = (
            b"".join((*pair, known.seq.to_bytes(SEQ, "big"), self._speakers[known.service].to_bytes(SPEAKER, "big")))
            for pair, known in self._all.items()
        )
        return base64.b64encode(b"".join(each)).decode()

    @classmethod
    def unpacked(cls, secret: bytes, speakers: tuple[str, ...], packed: str) -> "KnownStatements":
        """The same table again. Raises `ValueError` for what is none."""
        table, data = cls(secret), base64.b64decode(packed, validate=True)
        if len(data) % EACH:
            message = f"a table of known statements has {EACH} bytes for each"
            raise ValueError(message)
        table._speakers = {service: number for number, service in enumerate(speakers)}
        for start in range(0, len(data), EACH):
            one = data[start : start + EACH]
            pair, seq, speaker = (one[:ID], one[ID : ID + CONTENT]), one[-SPEAKER - SEQ : -SPEAKER], one[-1]
            known = Known(speakers[speaker], int.from_bytes(seq, "big"))
            table._first.setdefault(pair[0], known)
            table._all[pair] = known
        return table

    def _pair(self, statement: str, fingerprint: str) -> tuple[bytes, bytes]:
        return self._tag(b"id", statement, ID), self._tag(b"content", fingerprint, CONTENT)

    def _tag(self, what: bytes, text: str, size: int) -> bytes:
        """What stands for it in the table."""
        if self._secret is None:
            return text.encode()
        return hmac.digest(self._secret, what + b"/" + text.encode(), "sha256")[:size]
