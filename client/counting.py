"""What `vigil results` and `vigil statistics` count of a period, as their options say it: from packets, or at the gateway."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from client import carrying
from client.caller import CallerOptions
from client.closed import deliveries_in, trust
from client.console import talk
from client.language import _
from client.options import GATEWAY, KEYS, OFFICER, Keys, Officer, Output, Url
from domain.delivery.delivery import Delivery
from domain.views.results import CountedBy, Period, period_of
from domain.words.errors import Malformed
from protocol.gateway import Gateway

T = TypeVar("T")


@dataclass(frozen=True)
class CountingOptions:
    """Of which period, counted when, from where, and into which files."""

    packets: Annotated[
        list[Path] | None, typer.Argument(help="packets to count from, offline; none: ask the gateway", show_default=False)
    ] = None
    period: Annotated[
        str | None, typer.Option(help="2026, 2026-Q2, 2026-06, 2026-06-15, FIRST/LAST of such, or two moments; else this year")
    ] = None
    zone: Annotated[str, typer.Option(help="by whose calendar: UTC, or an offset such as +05:00")] = "UTC"
    by: Annotated[CountedBy, typer.Option(help="whether a delivery counts when it started, or when it ended")] = "ended"
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="write a file as well: .csv, .json or .svg says as what")
    ] = None
    directory: Annotated[Path | None, typer.Option(help="a directory you trust: the keys of each packet must stand in it")] = None
    keys_unverified: Annotated[
        bool, typer.Option("--keys-unverified", help="believe the packets themselves whose keys they name")
    ] = False
    service: Annotated[
        str | None, typer.Option("--as", envvar="VIGIL_AS", help="the service that asks; of packets, whose key decrypts them")
    ] = None
    officer: Officer = OFFICER
    keys: Keys = KEYS
    gateway: Url = GATEWAY
    output: Output = "text"

    def wanted(self) -> Period:
        """The period: this year, where none is named. Raises `Malformed`."""
        return period_of(self.period or str(datetime.now(UTC).year), self.zone)

    def files(self) -> list[Path]:
        """What is written beside."""
        return self.file or []

    def deliveries(self) -> Iterator[Delivery]:
        """Those of the packets that count. Raises `NotVerified` where nobody's keys are believed."""
        believed = trust(self.directory, self.keys_unverified, self.keys, self.service)
        return deliveries_in(self.packets or [], self.wanted(), self.by, believed)

    def ask(self, work: Callable[[Gateway, Mapping[str, str]], Awaitable[T]]) -> T:
        """The gateway, about the period. Raises `Malformed` where nobody asks."""
        if self.service is None:
            raise Malformed(_("say with --as who asks, or give packets to count from"))
        wanted = self.wanted()
        asked = {"period": f"{wanted.since}/{wanted.until}", "by": self.by}
        return CallerOptions(self.service, self.officer, self.keys, self.gateway).call(lambda door: work(door, asked))

    def write(self, text_of: Callable[[Path], str]) -> None:
        """Each file, and say so."""
        for one in self.files():
            carrying.write(one, text_of(one).encode())
            talk.print(_("{path}: written", path=one))
