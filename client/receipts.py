"""Receipts that this side keeps, beside its keys, and compares with whatever it is shown of their deliveries later."""

import os
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from client.console import alarm, talk
from client.language import _, speak
from domain.delivery.ledger import Receipt
from domain.plan.directory import Directory
from domain.plan.vocabulary import Digest
from domain.record.packet import unseal
from domain.record.receipts import Comparison, SignedReceipt, edge_of, of_history, opened, read_receipt
from domain.signing.canonical import Frozen
from domain.signing.envelope import Envelope
from domain.signing.tree import Frontier
from domain.words.errors import Malformed, NotFound, NotVerified, VigilError, faults_of
from domain.words.limits import MOST_PEAKS
from process import files

FOLDER = "receipts"
MOST = 20_000
"""Receipts that are kept of one delivery. The oldest give way: the root of a newer one commits to their entries too."""


EDGE = "compared"
"""Name of the file that says how far a delivery's ledger was compared: no receipt, so it has no `.json`."""


class _Edge(Frozen):
    """The right edge of the tree over what was compared."""

    size: Annotated[int, Field(ge=1)]
    peaks: Annotated[tuple[Digest, ...], Field(max_length=MOST_PEAKS)]


class KeptReceipts:
    """A folder `receipts/DELIVERY/SEQ.json` among the keys: the witness of `protocol.gateway.Gateway`. Of two for one entry, the
    one that came first is `SEQ.ROOT.json`, and one more of that root `SEQ.ROOT-2.json`.
    """

    def __init__(self, keys: Path, service: str | None = None) -> None:
        """`service`: to which deliveries are shown; several may keep their receipts in one folder."""
        self._folder, self._service = keys / FOLDER, service

    def keep(self, given: SignedReceipt) -> None:
        """Keep one, before anybody is told of it."""
        path = self.place_of(given.receipt)
        try:
            if path.exists() and self._is_there(path, given):
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(path, given.envelope.model_dump_json().encode() + b"\n")
            for old in self._files(given.receipt.delivery)[:-MOST]:
                old.unlink(missing_ok=True)
        except OSError as error:
            talk.print(_("the receipt cannot be kept in {path}: {why}", path=path, why=error.strerror), style="bold yellow")

    def place_of(self, receipt: Receipt) -> Path:
        """The file of a receipt."""
        return self._folder / receipt.delivery / f"{receipt.seq}.json"

    def _is_there(self, path: Path, given: SignedReceipt) -> bool:
        """Whether the file holds this one. Another one for the same entry is an alarm, and is kept beside it."""
        there = self._readable([path])
        if any(one.receipt == given.receipt for one in there):
            return True
        reason = _("{path} holds another receipt for the same entry of {delivery}", path=path, delivery=given.receipt.delivery)
        self.alarm(NotVerified(reason, given.receipt.seq))
        path.rename(_beside(path, there[0].receipt.root if there else "spoilt"))
        return False

    def of(self, delivery: str) -> list[SignedReceipt]:
        """All that are kept of a delivery, in order."""
        return self._readable(self._files(delivery))

    def newest(self, delivery: str) -> SignedReceipt | None:
        """The last one that was given."""
        found = self._readable(self._files(delivery)[-1:])
        return found[0] if found else None

    def signed_by(self, installation: Directory, delivery: str) -> list[Envelope]:
        """Those of a delivery that this installation has signed. What it has not proves nothing: an alarm for each reason."""
        found: list[Envelope] = []
        others: dict[str, list[Path]] = {}
        for one in self.of(delivery):
            try:
                opened(one.envelope, installation)
            except VigilError as error:
                others.setdefault(error.told_in(speak)[0], []).append(self.place_of(one.receipt))
            else:
                found.append(one.envelope)
        for problem, (first, *more) in others.items():
            self.alarm(NotVerified(_proves_nothing(problem, first, len(more))))
        return found

    def comparison(self, delivery: str, edge: Frontier | None = None) -> Comparison:
        """With all that is kept of a delivery. `edge`: of what was compared before."""
        return Comparison(delivery, [one.receipt for one in self.of(delivery)], edge, self._service)

    def edge(self, delivery: str) -> Frontier | None:
        """The tree of a delivery's entries, as far as they were compared with its receipts: from its first receipt on. None
        without one. What cannot be read is an alarm, and all is compared anew.
        """
        path = self._folder / delivery / EDGE
        try:
            known = _Edge.model_validate_json(path.read_bytes())
            return Frontier(known.size, [bytes.fromhex(one) for one in known.peaks])
        except FileNotFoundError:
            pass  # nothing was compared yet
        except OSError as error:
            self.alarm(_unread(path, error))
        except (ValidationError, ValueError):
            message = _("{path} is spoilt: it said how far the ledger of {delivery} was compared", path=path, delivery=delivery)
            self.alarm(Malformed(message))
        first = self._readable(self._files(delivery)[:1])
        return edge_of(first[0].receipt) if first else None

    def compared(self, delivery: str, edge: Frontier) -> None:
        """Remember that so much of it was compared."""
        known = _Edge(size=edge.size, peaks=tuple(one.hex() for one in edge.peaks))
        try:
            files.write(self._folder / delivery / EDGE, known.model_dump_json().encode() + b"\n")
        except OSError as error:
            talk.print(
                _("how far {delivery} was compared cannot be kept: {why}", delivery=delivery, why=error.strerror),
                style="bold yellow",
            )

    def compare_packet(self, delivery: str, data: bytes) -> None:
        """A packet of the delivery with what is kept. Raises `NotVerified`."""
        packet, manifest, _ = unseal(data)
        held = {(one.receipt.seq, one.receipt.root): one.receipt for one in self.of(delivery)}
        for history in islice(packet.histories(), 1, None):
            for one in list(of_history(history, held.values())):
                del held[one.seq, one.root]
        comparison = Comparison(delivery, held.values())
        for entry in packet.ledger:
            comparison.see(entry)
        comparison.ends_at(manifest.size, manifest.root)

    def alarm(self, error: VigilError) -> None:
        """Something was shown or given that cannot be right."""
        alarm(error)

    def _readable(self, paths: Sequence[Path]) -> list[SignedReceipt]:
        """What these files hold. One that somebody has spoilt, or that cannot be read, is an alarm, and holds up no stop."""
        found: list[SignedReceipt] = []
        for path in paths:
            try:
                found.append(_read(path))
            except VigilError as error:
                self.alarm(error)
            except OSError as error:
                self.alarm(_unread(path, error))
        return found

    def _files(self, delivery: str) -> list[Path]:
        folder = self._folder / delivery
        found = [(path.stem.partition("."), path) for path in folder.glob("*.json")]
        numbered = [(int(seq), root == "", path) for (seq, _, root), path in found if seq.isdecimal()]
        return [path for *_, path in sorted(numbered)]


def _proves_nothing(problem: str, first: Path, more: int) -> str:
    if more:
        return _("{count} receipts prove nothing, {path} the first: {problem}", count=more + 1, path=first, problem=problem)
    return _("the receipt in {path} proves nothing: {problem}", path=first, problem=problem)


def _beside(path: Path, root: str) -> Path:
    """Where this receipt gives way to another for its entry: whatever is there of a third is not written over."""
    names = chain([root[:8]], (f"{root[:8]}-{number}" for number in count(2)))
    places = (path.with_name(f"{path.stem}.{name}.json") for name in names)
    return next(one for one in places if not one.exists() or one.read_bytes() == path.read_bytes())


def _below(folder: Path) -> Iterator[Path]:
    """The files of receipts in a folder and all folders below it, also where a link leads to one, each folder once. Raises
    `OSError` for one that cannot be read: what is in it is not passed over.
    """
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=_raised, followlinks=True):
        if (known := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(known)
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.lower().endswith(".json"))


def _unread(path: Path, error: OSError) -> Malformed:
    return Malformed(_("{what} cannot be read: {why}", what=path, why=error.strerror))


def _raised(error: OSError) -> None:
    raise error


def receipts_at(places: Sequence[Path]) -> list[Envelope]:
    """Signed receipts in these files, and in all folders below these. Raises `NotFound`, `Malformed` or `OSError`."""
    found: list[Envelope] = []
    for place in places:
        if not place.exists():
            raise NotFound(_("there is no file or folder {place}", place=place))
        found += [_read(path).envelope for path in (_below(place) if place.is_dir() else [place])]
    return found


def _read(path: Path) -> SignedReceipt:
    try:
        envelope = Envelope.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Malformed(_("{path} holds no signed receipt", path=path), faults_of(error)) from error
    return SignedReceipt(envelope, read_receipt(envelope))
