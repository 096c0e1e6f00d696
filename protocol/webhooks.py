"""People are told by a webhook after Standard Webhooks 1.0.0 with its asymmetric signature `v1a`, by Vigil's own key: there is no
secret to share, to keep or to steal.
"""

from datetime import UTC, datetime

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.signing.keys import b64

UNTIMED = aiohttp.ClientTimeout(total=None)
"""Whoever posts has a bound for the whole of it."""


class NotTakenError(Exception):
    """The receiver did not take it: it answered with `status`, or could not be reached. Trying again later may help."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"answers with status {status}" if status is not None else "cannot be reached")
        self.status = status


async def post(http: aiohttp.ClientSession, url: str, number: str, body: bytes, key: Ed25519PrivateKey) -> None:
    """Post it, once, following nothing and reading nothing of the answer. `number`: of what is told, the same however often.

    Raises `NotTakenError`. It takes as long as it takes.
    """
    headers = _signed(number, body, key)
    try:
        async with http.post(url, data=body, headers=headers, timeout=UNTIMED, allow_redirects=False) as answer:
            if not 200 <= answer.status < 300:
                raise NotTakenError(answer.status)
    except (aiohttp.ClientError, OSError) as error:
        raise NotTakenError(None) from error


def _signed(number: str, body: bytes, key: Ed25519PrivateKey) -> dict[str, str]:
    """The headers of Standard Webhooks; the time is that of this attempt."""
    now = str(int(datetime.now(UTC).timestamp()))
    signature = key.sign(b".".join([number.encode(), now.encode(), body]))
    return {
        "Content-Type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": now,
        "webhook-signature": f"v1a,{b64(signature)}",
    }
