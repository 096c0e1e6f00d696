"""What an installation says of its OpenID provider, and whom it lets in by it: the file that `VIGIL_OIDC` names."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from yarl import URL

from domain.plan.access import supervises
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.signing.canonical import Frozen
from domain.words.errors import Fault, Malformed
from domain.words.identifiers import OfficerCode, ServiceId
from process.configuration import text_of

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _address(text: str) -> str:
    """An address at which a provider may be asked. Raises `ValueError`."""
    url = URL(text)
    if url.host is None or url.scheme not in ("https", "http") or url.user is not None or url.fragment:
        raise ValueError("expected an address such as https://login.example")
    if url.scheme == "http" and url.host not in LOOPBACK:
        raise ValueError("expected https://; http:// is for a provider on this very machine alone")
    return text


Address = Annotated[str, Field(max_length=2000), AfterValidator(_address)]
Subject = Annotated[str, Field(min_length=1, max_length=255)]


class Registration(Frozen):
    """The file that `VIGIL_OIDC` names: the provider, what it knows this installation as, and whom it may sign in."""

    issuer: Address
    """Exactly as the provider writes it."""
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret_file: Path | None = None
    """A file with the client's secret, beside this one or with its whole path; none for a public client."""
    service: ServiceId
    """For which they sign in; it is of kind `supervisor`."""
    officers: Annotated[dict[Subject, OfficerCode], Field(min_length=1, max_length=500)]
    """The provider's `sub` to the officer's code. Nobody else gets in."""

    @field_validator("issuer")
    @classmethod
    def _no_query(cls, issuer: str) -> str:
        if URL(issuer).query_string:
            raise ValueError("an issuer has no query (OpenID Connect Discovery 1.0)")
        return issuer

    @field_validator("officers")
    @classmethod
    def _each_once(cls, officers: dict[str, str]) -> dict[str, str]:
        if len(set(officers.values())) < len(officers):
            raise ValueError("an officer's code stands twice; each is one person's")
        return officers


def registration_in(path: Path, directory: Directory) -> tuple[Registration, str | None]:
    """The registration in this file, and the client's secret where there is one.

    Raises `NotFound` or `Malformed` with every fault; none names a person.
    """

    def of_supervisors(registration: Registration) -> Iterable[Fault]:
        service = directory.find(registration.service)
        if service is None:
            yield Fault(place="service", problem=f"no service {registration.service} in the directory")
        elif not supervises(service):
            problem = f"{service.id} is of kind {service.kind}; only those of a service of kind supervisor sign in so"
            yield Fault(place="service", problem=problem)

    try:
        registration = Document(text_of(path), str(path)).read(Registration, [of_supervisors])
    except Malformed as error:
        faults = [fault.model_copy(update={"place": re.sub(r"(: officers)\..*", r"\1", fault.place)}) for fault in error.faults]
        raise Malformed(error.message, faults, hint="deploy/oidc.example.yaml shows how it is written") from error
    if registration.client_secret_file is None:
        return registration, None
    file = path.parent / registration.client_secret_file
    secret = text_of(file).strip()
    if not secret:
        raise Malformed(f"{file} holds no client secret")
    return registration, secret
