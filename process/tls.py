"""TLS (1.2 or newer, RFC 8446 and 5246): of the gateway's own door, and of those who knock at others'.

A certificate is renewed by putting the new one in its file's place: it is taken up within a minute, without a restart. One that
cannot be read, or does not go with its key, is not: the door goes on with the one that it has, and the log says so. Whose
certificates a door demands is read when it opens.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509

from domain.words.errors import Fault, Malformed
from domain.words.text import fill, mark

if TYPE_CHECKING:  # the command line needs none
    from process.settings import Settings

log = logging.getLogger("vigil.tls")

LOOK_EVERY: Final = 30.0
"""Seconds until the files are looked at again."""


class Served:
    """A certificate with its key, as a door shows it, and whom it demands one of."""

    def __init__(self, certificate: Path, key: Path, clients: Path | None = None) -> None:
        """`clients`: authorities; who knocks without a certificate of one of them is not let in. Raises `Malformed`."""
        self.files = certificate, key
        self._seen = self._look()  # before it is read: what is put there meanwhile is taken up at the next look
        self.context = _of_a_door()
        _take(self.context, certificate, key)
        self._ends = self._ending()
        if clients is not None:
            _trust(self.context, clients)
            self.context.verify_mode = ssl.CERT_REQUIRED

    def ends(self) -> datetime:
        """When the certificate ends that is shown: another that lies in its file and was not taken up helps nobody. Raises
        `Malformed`.
        """
        if self._ends is None:
            raise _no_certificate(self.files[0])
        return self._ends

    def renew(self) -> bool:
        """Whether another certificate was taken up."""
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            _take(_of_a_door(), *self.files)  # tried elsewhere: half a pair would be of no use to anybody
            _take(self.context, *self.files)
            self._ends = self._ending()
        except Malformed as error:
            log.error("the new certificate is not taken up: %s", error.message)  # noqa: TRY400 - what happened is said
            return False
        log.info("a new certificate is shown from now on")
        return True

    async def go_on(self) -> None:
        """Look for a new one, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await asyncio.to_thread(self.renew)

    def _ending(self) -> datetime | None:
        """Of what was just taken up; none where that cannot be told, and it is shown all the same."""
        try:
            return ends(self.files[0])
        except Malformed:
            return None

    def _look(self) -> tuple[tuple[int, int, int, int] | None, ...]:
        return tuple(map(_stamp, self.files))


def ends(certificate: Path) -> datetime:
    """When a certificate ends, the first one in its file. Raises `Malformed`."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        raise _no_certificate(certificate) from error


def certificate_of(chosen: "Settings") -> Served | None:
    """What the door shows; none where it speaks plainly. Raises `Malformed` for half a pair, or an address that is not HTTPS."""
    given = {"VIGIL_TLS_CERT": chosen.tls_cert, "VIGIL_TLS_KEY": chosen.tls_key}
    faults = [Fault(place=name, problem="not given; with TLS both are needed") for name, path in given.items() if path is None]
    if len(faults) == len(given) and chosen.tls_client_ca is None:
        return None
    if not chosen.gateway_url.startswith("https://"):
        faults.append(Fault(place="VIGIL_GATEWAY_URL", problem="expected https://: services and browsers are told this address"))
    if chosen.tls_cert is None or chosen.tls_key is None or faults:
        raise Malformed("TLS is not set up right", faults, hint="see deploy/README.md")
    return Served(chosen.tls_cert, chosen.tls_key, chosen.tls_client_ca)


def seconds_left(certificate: Served | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float:
    """Until the certificate ends that it shows; not a number where it shows none, or that cannot be told."""
    try:
        return (certificate.ends() - clock()).total_seconds() if certificate is not None else float("nan")
    except Malformed:
        return float("nan")


def trusting(authorities: Path | None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """For whoever knocks: which certificates are trusted beside those that the system trusts, and which one is shown where one is
    demanded. Raises `Malformed`.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        _trust(context, authorities)
    if certificate is not None:
        _take(context, certificate, key or certificate)
    return context


def _of_a_door() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _take(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        context.load_cert_chain(certificate, key, password=_nobody_is_there)
    except (OSError, ValueError) as error:  # what the library says may repeat what stands in the files
        message = fill("{certificate} and {key} are no certificate with its key", certificate=certificate, key=key)
        hint = mark("both are PEM, the key without a passphrase, readable by this process; `vigil admin certs` makes such")
        raise Malformed(message, hint=hint) from error


def _nobody_is_there() -> str:
    raise ValueError("the key is under a passphrase, and there is nobody to ask")


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(cafile=authorities)
    except (OSError, ValueError) as error:
        raise _no_certificate(authorities) from error


def _no_certificate(path: Path) -> Malformed:
    return Malformed(fill("{path} holds no certificate that can be read", path=path), hint=mark("it must be a file of PEM"))


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    """Other words, or another owner or mode: what could not be read is tried again once it was given to us."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
