"""Calling the gateway: as an officer of a service, with the service's own key."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter, ValidationError

from client import keys
from domain.errors import Malformed
from domain.identifiers import OfficerCode
from domain.statements import faults_of
from process.gateway import Gateway

T = TypeVar("T")
_OFFICER: TypeAdapter[str] = TypeAdapter(OfficerCode)


def call(url: str, service: str, officer: str, folder: Path, work: Callable[[Gateway], Awaitable[T]]) -> T:
    """Do something at the gateway as an officer of a service, with the key that it has in use."""
    return call_with(keys.key_of(folder, service), url, service, officer, work)


def call_with(key: Ed25519PrivateKey, url: str, service: str, officer: str, work: Callable[[Gateway], Awaitable[T]]) -> T:
    """The same with this key of the service."""
    try:
        code = _OFFICER.validate_python(officer)
    except ValidationError as error:
        raise Malformed(f"--officer {officer}", faults_of(error, place="officer")) from error

    async def connected() -> T:
        async with aiohttp.ClientSession() as http:
            return await work(Gateway(http, url, service, key, code))

    return asyncio.run(connected())
