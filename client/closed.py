"""Deliveries that packets hold, for what is counted offline: each is verified before it counts, and counts once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from client import carrying
from client.language import _, speak
from domain.delivery.delivery import Delivery
from domain.plan.directory import Directory
from domain.record.packet import unseal
from domain.record.replay import replay
from domain.record.verify import verify
from domain.views.results import CountedBy, Period, counts_at
from domain.words.errors import Malformed, NotVerified
from domain.words.limits import MOST_PACKETS
from process.configuration import directory_in


@dataclass(frozen=True)
class PacketTrust:
    """Whose keys are believed of packets, and with which keys they are decrypted."""

    directory: Directory | None
    unverified: bool
    folder: Path
    service: str | None


def trust(directory: Path | None, unverified: bool, folder: Path, service: str | None) -> PacketTrust:  # noqa: FBT001 - as the option is
    """As the options say it. Raises `NotVerified` where nobody is believed."""
    if directory is None and not unverified:
        hint = _("give --directory FILE, one that you have from elsewhere; or --keys-unverified, to count without proof")
        raise NotVerified(
            _("whose keys these are stands only in the packets themselves, which their forger would have written"), hint=hint
        )
    return PacketTrust(directory_in(directory) if directory is not None else None, unverified, folder.expanduser(), service)


def deliveries_in(packets: list[Path], period: Period, by: CountedBy, trusted: PacketTrust) -> Iterator[Delivery]:
    """Those that count in the period, one packet after another; none is kept. Raises `Malformed` for two of one delivery."""
    if len(packets) > MOST_PACKETS:
        raise Malformed(_("{count} packets: at most {most} are counted at once", count=len(packets), most=MOST_PACKETS))
    first: dict[str, Path] = {}
    for path in packets:
        delivery = _verified(path, trusted)
        name = delivery.plan.operation
        if name in first:
            raise Malformed(
                _("{one} and {other} are packets of {name}: it would count twice", one=first[name], other=path, name=name)
            )
        first[name] = path
        at = counts_at(delivery, by)
        if at is not None and period.holds(at):
            yield delivery


def _verified(path: Path, trusted: PacketTrust) -> Delivery:
    data = carrying.packet_in(path, trusted.folder, trusted.service)
    try:
        verify(data, trusted.directory)
    except NotVerified as error:
        raise NotVerified(_("{path}: {problem}", path=path, problem=error.told_in(speak)[0]), error.entry) from error
    packet, _manifest, _seal = unseal(data)
    return replay(packet.ledger, packet.directory, packet.cards)
