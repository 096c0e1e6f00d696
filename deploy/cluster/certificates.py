"""A small authority that certifies the machines of a cluster: who they are, and under which addresses. Its own key stays in its
folder, which no machine of the cluster can read. Another authority can take its place: what the rest uses are files in PEM.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = timedelta(days=397)
EARLIER = timedelta(minutes=5)
"""So much may the clock of a machine be behind."""


@dataclass(frozen=True)
class Sheet:
    """A certificate and its key, each a file."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Who certifies. `folder`: where its certificate and its key are."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """What everybody trusts."""
        return self.folder / "ca.crt"

    @classmethod
    def make(cls, folder: Path) -> Self:
        """A new one, or that which is there already."""
        made = cls(folder)
        if made.certificate.exists():
            return made
        key, name = ec.generate_private_key(ec.SECP256R1()), _named("Vigil cluster authority")
        builder = _valid(x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _write(folder / "ca.key", _private(key), 0o600)
        _write(made.certificate, _text(builder.sign(key, hashes.SHA256())), 0o644)
        return made

    def issue(self, stem: Path, name: str, addresses: Iterable[str]) -> Sheet:
        """A certificate for a name and these addresses, good for both ends of a connection: STEM.crt and STEM.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        ours = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 - `make` wrote it
        builder = _valid(
            x509.CertificateBuilder().subject_name(_named(name)).issuer_name(ours.subject).public_key(key.public_key())
        )
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        known = x509.SubjectAlternativeName([x509.DNSName(name), *(x509.IPAddress(ip_address(one)) for one in addresses)])
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs_certificates=False), True),
            (both, False),
            (known, False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        sheet = Sheet(stem.with_name(f"{stem.name}.crt"), stem.with_name(f"{stem.name}.key"))
        _write(sheet.certificate, _text(builder.sign(signer, hashes.SHA256())), 0o644)
        _write(sheet.key, _private(key), 0o600)
        return sheet


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _valid(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - EARLIER).not_valid_after(now + LASTS)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    """Never readable by others than it should be, not for a moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
