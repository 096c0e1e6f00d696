"""Receipts that this side keeps, beside its keys, and compares with whatever it is shown of their deliveries later."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from client.console import alarm, talk
from domain.delivery.ledger import Receipt
from domain.record.packet import unseal
from domain.record.receipts import Comparison, SignedReceipt, of_history, read_receipt
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, NotFound, NotVerified, VigilError, faults_of
from process import files

FOLDER = "receipts"
MOST = 20_000
"""Receipts that are kept of one delivery. The oldest give way: the root of a newer one commits to their entries too."""


class Shelf:
    """A folder `receipts/DELIVERY/SEQ.json` among the keys: the witness of `protocol.gateway.Gateway`. Of two for one entry, the
    one that came first is `SEQ.ROOT.json`.
    """

    def __init__(self, keys: Path) -> None:
        self._folder = keys / FOLDER

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
            talk.print(f"the receipt cannot be kept in {path}: {error.strerror}", style="bold yellow")

    def place_of(self, receipt: Receipt) -> Path:
        """The file of a receipt."""
        return self._folder / receipt.delivery / f"{receipt.seq}.json"

    def _is_there(self, path: Path, given: SignedReceipt) -> bool:
        """Whether the file holds this one. Another one for the same entry is an alarm, and is kept beside it."""
        if any(one.receipt == given.receipt for one in self._readable([path])):
            return True
        reason = f"{path} holds another receipt for the same entry of {given.receipt.delivery}"
        self.alarm(NotVerified(reason, given.receipt.seq))
        path.rename(path.with_name(f"{path.stem}.{given.receipt.root[:8]}.json"))
        return False

    def of(self, delivery: str) -> list[SignedReceipt]:
        """All that are kept of a delivery, in order."""
        return self._readable(self._files(delivery))

    def newest(self, delivery: str) -> SignedReceipt | None:
        """The last one that was given."""
        found = self._readable(self._files(delivery)[-1:])
        return found[0] if found else None

    def comparison(self, delivery: str) -> Comparison:
        """With all that is kept of a delivery."""
        return Comparison(delivery, [one.receipt for one in self.of(delivery)])

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
        """What these files hold. One that somebody has spoilt is an alarm."""
        found: list[SignedReceipt] = []
        for path in paths:
            try:
                found.append(_read(path))
            except VigilError as error:
                self.alarm(error)
        return found

    def _files(self, delivery: str) -> list[Path]:
        folder = self._folder / delivery
        found = [(path.stem.partition("."), path) for path in folder.glob("*.json")]
        numbered = [(int(seq), root == "", path) for (seq, _, root), path in found if seq.isdecimal()]
        return [path for *_, path in sorted(numbered)]


def receipts_at(places: Sequence[Path]) -> list[Envelope]:
    """Signed receipts in these files, and in all folders below these. Raises `NotFound` or `Malformed`."""
    found: list[Envelope] = []
    for place in places:
        if not place.exists():
            raise NotFound(f"there is no file or folder {place}")
        found += [_read(path).envelope for path in (sorted(place.rglob("*.json")) if place.is_dir() else [place])]
    return found


def _read(path: Path) -> SignedReceipt:
    try:
        envelope = Envelope.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Malformed(f"{path} holds no signed receipt", faults_of(error)) from error
    return SignedReceipt(envelope, read_receipt(envelope))
