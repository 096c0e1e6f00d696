"""How this command reaches a gateway: whose certificates it trusts, and which one it shows where one is demanded."""

import os
from pathlib import Path

import aiohttp

from process.tls import trusting

AUTHORITIES, CERTIFICATE, KEY = "VIGIL_CA", "VIGIL_CLIENT_CERT", "VIGIL_CLIENT_KEY"


def session() -> aiohttp.ClientSession:
    """For calls of a gateway. Raises `Malformed` for a file that is no certificate."""
    authorities, certificate, key = (
        Path(value).expanduser() if (value := os.environ.get(name)) else None for name in (AUTHORITIES, CERTIFICATE, KEY)
    )
    if authorities is None and certificate is None:
        return aiohttp.ClientSession()
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(authorities, certificate, key)))
