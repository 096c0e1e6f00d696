"""What is reached over the network: services and their webhooks, mail, and the doors of this installation itself."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from cryptography import x509

from doctor.findings import Diagnosis, ends, fine, some, unknown, warning, wrong
from doctor.given import Setup
from domain.plan.directory import Desk, Service, Webhook
from domain.words.text import fill, mark
from process.configuration import directory_in
from process.mail import mailbox
from process.tls import trusting

PATIENCE: Final = 5.0
"""Seconds for one connection."""
AT_ONCE: Final = 16
RENEWED: Final = mark("have it renewed, and put it where the gateway or the proxy in front reads it")
UNREACHED: Final = mark("ask its people whether it is up, and look at name server, firewall and certificate on the way")
THEIRS: Final = mark("tell its people: once it has ended, nothing goes there")
SHOW: Final = mark(
    "give the doctor one, as every caller has it where VIGIL_TLS_CLIENT_CA is set: VIGIL_CLIENT_CERT and VIGIL_CLIENT_KEY, of an "
    "authority that the gateway names"
)
USUAL: Final = {"http": 80, "https": 443}


async def services(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Whether a connection to each service, and to each webhook of a desk, comes about. Nothing is sent there."""
    where = given.path("directory")
    if where is None:
        yield unknown("services", mark("without a directory nobody knows where services are"))
        return
    gate, tls = asyncio.Semaphore(AT_ONCE), _trusting(given)
    places = [place for one in directory_in(where).services for place in _places(one)]
    found = await asyncio.gather(*(_reached(gate, tls, name, url) for name, url in places))
    reached = [name for (name, _), (one, _) in zip(places, found, strict=True) if one is None]
    for one, soon in found:
        if one is not None:
            yield one
        if soon is not None:
            yield soon
    if reached or not places:
        what = fill(
            "addresses that answer: {count} of {all} ({services})", count=len(reached), all=len(places), services=some(reached)
        )
        yield fine("services", what if places else mark("no service has an address: all are told in their inbox"))


def _places(service: Service) -> Iterator[tuple[str, str]]:
    if not isinstance(service.reach, Desk):
        yield service.id, str(service.reach.url)
        return
    yield from ((service.id, str(one.url)) for one in service.reach.notify if isinstance(one, Webhook))


async def _reached(
    gate: asyncio.Semaphore, tls: ssl.SSLContext, name: str, url: str
) -> tuple[Diagnosis | None, Diagnosis | None]:
    """What is wrong, and when its certificate ends where that is soon."""
    parts = urlsplit(url)
    host, port, safe = parts.hostname or "", parts.port or USUAL.get(parts.scheme, 0), parts.scheme == "https"
    at = fill("{service} at {host}:{port}", service=name, host=host, port=port)
    async with gate:
        why, expires = await connected(host, port, tls if safe else None)
    if why is not None:
        return wrong("services", fill("{what} is not reached: {why}", what=at, why=why), UNREACHED), None
    now = datetime.now(UTC)
    return None, ends("certificates", fill("the certificate of {what}", what=at), expires, now, THEIRS) if expires else None


async def connected(host: str, port: int, safe: ssl.SSLContext | None) -> tuple[str | None, datetime | None]:
    """Why no connection comes about, or nothing; and when the certificate ends that was shown."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port, ssl=safe, server_hostname=host if safe is not None else None)
    except TimeoutError:
        return mark("no answer in time"), None
    except ssl.SSLCertVerificationError as error:
        return fill("its certificate is not trusted here: {why}", why=error.verify_message), None
    except OSError as error:
        return _of_the_system(error), None
    shown: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    data = shown.getpeercert(binary_form=True) if shown is not None else None
    writer.transport.abort()
    return None, x509.load_der_x509_certificate(data).not_valid_after_utc if data is not None else None


def _turned_away(error: Exception) -> bool:
    """Whether a connection came about and was ended without a word: so a gateway does with whoever shows none of the certificates
    that it demands, by TLS 1.3 and before it.
    """
    ended = aiohttp.ServerDisconnectedError, ConnectionResetError
    return isinstance(error, ended) or isinstance(getattr(error, "os_error", None) or error.__cause__, ConnectionResetError)


def _of_the_system(error: OSError) -> str:
    """Its words by the number; asyncio puts its own, with the address, in their place. A name that is not found has none."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


async def mail(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The mail server, where there is one."""
    box = mailbox(given.settings.smtp_url, given.settings.mail_from, given.path("smtp_password"))
    if box is None:
        return
    why, _ = await connected(box.host, box.port, ssl.create_default_context() if box.protection == "tls" else None)
    at = fill("the mail server {host}:{port}", host=box.host, port=box.port)
    then = mark("until it is, desks that are told by mail are not told; their requests wait in the inbox")
    yield (
        fine("services", fill("{what} answers", what=at))
        if why is None
        else wrong("services", fill("{what} is not reached: {why}", what=at, why=why), then)
    )


async def front_end(given: Setup) -> AsyncGenerator[Diagnosis]:
    """That of Temporal, where it proves who it is: whether that is trusted here, and until when."""
    ca, at = given.path("temporal_ca"), given.settings.temporal_address
    if ca is None:
        return
    host, _, port = at.rpartition(":")
    tls = trusting(ca, given.path("temporal_certificate"), given.path("temporal_certificate_key"))
    why, expires = await connected(host.strip("[]"), int(port), tls)
    if why is not None:
        yield wrong("temporal", fill("{what} is not reached: {why}", what=at, why=why), UNREACHED)
    elif expires is not None:
        fit = fill("the certificate of {what} is trusted, and ends {day}", what=at, day=_day(expires))
        soon = ends("certificates", fill("the certificate of {what}", what=at), expires, datetime.now(UTC), THEIRS)
        yield soon or fine("certificates", fit)


async def gateway(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The gateway at its address, as services reach it: whether it answers, and what it says of the rest."""
    url = given.settings.gateway_url.rstrip("/")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or USUAL.get(parts.scheme, 0)
    tls = _trusting(given)
    then = mark("start it (python -m gateway), or set VIGIL_GATEWAY_URL to the address under which services reach it")
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE * 2)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=tls)) as http,
            http.get(f"{url}/v1/health") as answer,
        ):
            said = await answer.json(content_type=None)
    except aiohttp.ClientConnectorCertificateError as error:  # it answers: to start it again would be of no use
        why = getattr(error.certificate_error, "verify_message", type(error).__name__)
        what = fill("{what} is not reached: {why}", what=url, why=fill("its certificate is not trusted here: {why}", why=why))
        yield wrong("certificates", what, RENEWED)
        return
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        if parts.scheme == "https" and _turned_away(error):
            said = warning if given.path("tls_client_ca") is not None else wrong
            what = fill("what listens at {url} ends the connection: a gateway that demands a certificate does so", url=url)
            yield said("certificates", what, SHOW)
            return
        why = _of_the_system(error) if isinstance(error, aiohttp.ClientConnectorError) else type(error).__name__
        yield wrong("ports", fill("no gateway answers at {url}: {why}", url=url, why=why), then)
        return
    yield fine("ports", fill("the gateway answers at {url}", url=url))
    if answer.status != 200 or not isinstance(said, dict):
        yield wrong("gateway", mark("the gateway cannot reach Temporal"), mark("look at what is said of Temporal here"))
    elif said.get("status") == "up":
        yield fine("gateway", mark("the gateway says that every part is up"))
    else:
        away = {name: value for name, value in said.items() if (name, value) in _PARTLY or (name == "stranded" and value)}
        what = fill("the gateway says: {parts}", parts=", ".join(f"{name} {value}" for name, value in sorted(away.items())))
        yield warning("gateway", what, mark("look at what is said of these parts here"))
    if parts.scheme == "https":
        _, expires = await connected(host, port, tls)
        soon = (
            ends("certificates", fill("the certificate of {what}", what=url), expires, datetime.now(UTC), RENEWED)
            if expires
            else None
        )
        yield soon or fine(
            "certificates", fill("the certificate of {what} is trusted, and ends {day}", what=url, day=_day(expires))
        )


_PARTLY: Final = frozenset({("worker", "none"), ("archive", "away"), ("attachments", "away")})


def _trusting(given: Setup) -> ssl.SSLContext:
    """As the processes do. Raises `Malformed`."""
    return trusting(given.path("ca"), given.path("client_cert"), given.path("client_key"))


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "?"
