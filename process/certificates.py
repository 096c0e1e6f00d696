"""Certificates for a small site: an authority of its own, and what it signs (X.509, RFC 5280). Larger ones have an authority.

Keys are ECDSA on P-256, which every client knows. The authority signs no other authority, and what it signs is good for doors
and for those who knock.
"""

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.words.errors import Malformed, NotAllowed, NotFound
from domain.words.text import fill, mark, shown

AUTHORITY: Final = "ca"
MOST_NAMES: Final = 20
LONGEST: Final = 397
"""Days of a certificate that is no authority's: what browsers take."""
LONGEST_OF_AUTHORITY: Final = 3660
LONGEST_NAME: Final = 64
"""Bytes of what an authority is called (`ub-common-name`, RFC 5280)."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_HOST: Final = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_EARLIER: Final = timedelta(minutes=5)
"""Before now, from which on it counts: other clocks are behind."""


@dataclass(frozen=True)
class KeyAndCertificate:
    """A certificate and its key, as they lie in a folder."""

    certificate: Path
    key: Path
    names: tuple[str, ...]
    ends: datetime


def make_authority(folder: Path, name: str, days: int, now: datetime, *, dry_run: bool = False) -> KeyAndCertificate:
    """A new authority in this folder; `dry_run`: as it would be. Raises `NotAllowed` where there is one, `Malformed`."""
    if name != shown(name) or not name.strip() or len(name.encode()) > LONGEST_NAME:
        hint = fill("expected a name of at most {most} Latin letters; one of Cyrillic counts as two", most=LONGEST_NAME)
        raise Malformed(fill("an authority cannot be called '{name}'", name=shown(name)), hint=hint)
    paths = _paths(folder, AUTHORITY)
    _must_be_free(*paths)
    key = ec.generate_private_key(ec.SECP256R1())
    ends = now + timedelta(days=_days(days, LONGEST_OF_AUTHORITY))
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    unsigned = (
        _unsigned(called, called, key.public_key(), now, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not dry_run:
        _write(paths[1], _private(key))
        _write(paths[0], unsigned.sign(key, SHA256()).public_bytes(Encoding.PEM), 0o644)
    return KeyAndCertificate(*paths, (name,), ends)


def issue(  # noqa: PLR0913 - what is to be in it, and where
    folder: Path,
    name: str,
    hosts: Sequence[str],
    days: int,
    now: datetime,
    *,
    renew: bool = False,
    to: Path | None = None,
    dry_run: bool = False,
) -> KeyAndCertificate:
    """A certificate for these hosts, signed by the authority in this folder. `renew`: for the key that is there, in the place of
    the one before. `to`: where it is written, without the ending, else beside the authority under its name. `dry_run`: as it
    would be, and nothing is written. Raises `NotFound` without an authority, `NotAllowed` where there is one already or none to
    renew, `Malformed`.
    """
    if not _NAME.fullmatch(name) or name == AUTHORITY:
        message = fill(
            "{name} is no name of a file: small letters, digits, dots and dashes; not {other}", name=name, other=AUTHORITY
        )
        raise Malformed(message)
    authority, signing = _authority(folder)
    ends = now + timedelta(days=_days(days, LONGEST))
    if ends > authority.not_valid_after_utc:
        hint = mark("choose fewer days, or make a new authority in another folder and have it trusted")
        raise NotAllowed(fill("the authority ends before: {day}", day=f"{authority.not_valid_after_utc:%Y-%m-%d}"), hint=hint)
    paths = _paths(folder, name) if to is None else _paths(to.parent, to.name)
    if renew:
        key, hosts = _to_renew(paths, hosts)
    else:
        _must_be_free(*paths)
        key = ec.generate_private_key(ec.SECP256R1())
    names = _alternatives(hosts)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    signed = (
        _unsigned(called, authority.subject, key.public_key(), now, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(signing, SHA256())
    )
    if not (renew or dry_run):
        _write(paths[1], _private(key))
    if not dry_run:
        _write(paths[0], signed.public_bytes(Encoding.PEM), 0o644)
    return KeyAndCertificate(*paths, tuple(hosts), ends)


def there(folder: Path) -> list[KeyAndCertificate]:
    """Every certificate in this folder. Raises `NotFound` or `Malformed`."""
    if not folder.is_dir():
        raise NotFound(fill("there is no folder {folder}", folder=folder))
    found = []
    for path in sorted(folder.glob("*.pem")):
        one = _certificate(path)
        found.append(KeyAndCertificate(path, path.with_suffix(".key"), _hosts_of(one), one.not_valid_after_utc))
    return found


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    begun = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return begun.serial_number(x509.random_serial_number()).not_valid_before(now - _EARLIER).not_valid_after(ends)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _days(days: int, most: int) -> int:
    if not 1 <= days <= most:
        raise Malformed(fill("{days} days; expected 1 to {most}", days=days, most=most))
    return days


def _alternatives(hosts: Sequence[str]) -> list[x509.GeneralName]:
    if not 1 <= len(hosts) <= MOST_NAMES:
        raise Malformed(fill("{count} names of hosts; expected 1 to {most}", count=len(hosts), most=MOST_NAMES))
    return [_alternative(host) for host in hosts]


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not _HOST.fullmatch(host):
        message = fill("{host} is neither a host in small letters nor an IP address", host=host)
        raise Malformed(message, hint=mark("such as vigil.example.org or 10.0.0.5, without https:// and without a port"))
    return x509.DNSName(host)


def _hosts_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(str(one.value) for one in certificate.subject)
    return tuple(str(one.value) for one in names)


def _to_renew(paths: tuple[Path, Path], hosts: Sequence[str]) -> tuple[ec.EllipticCurvePrivateKey, Sequence[str]]:
    """The key that is there, and the hosts of the certificate before where none are given; there need be none where some are."""
    if not paths[1].exists() or not (hosts or paths[0].exists()):
        raise NotFound(fill("there is no {path} to renew", path=paths[0]), hint=mark("leave --renew out to make one"))
    return _key(paths[1]), hosts or _hosts_of(_certificate(paths[0]))


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    paths = _paths(folder, AUTHORITY)
    if not all(path.exists() for path in paths):
        hint = fill("make one: vigil admin certs ca --folder {folder}", folder=folder)
        raise NotFound(fill("there is no authority in {folder}", folder=folder), hint=hint)
    return _certificate(paths[0]), _key(paths[1])


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise Malformed(fill("{path} holds no certificate that can be read", path=path)) from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Malformed(fill("{path} holds no key that can be read", path=path)) from error
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise Malformed(fill("{path} holds a key of another kind", path=path))
    return found


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.pem", folder / f"{name}.key"


def _must_be_free(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            hint = mark("nothing is overwritten: choose another name or folder, or renew what is there with --renew")
            raise NotAllowed(fill("{path} is there already", path=path), hint=hint)


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, in the place of what was there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def now() -> datetime:
    """To the second, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)
