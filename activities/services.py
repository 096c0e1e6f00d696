"""How a service is reached over HTTP: requests, notices and polls, each signed by Vigil's key and bounded in time and size.

A service that pushes and one that is polled are asked alike (`POST /requests`); the polled one is then asked for its
answers (`GET /requests/ID/answers`, long poll with `Prefer: wait`, RFC 7240), and handed their receipts
(`POST /receipts`). People at a desk are not called: their requests wait in their inbox at the gateway, and `activities.messenger`
tells them so.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError
from yarl import URL

from domain.delivery.requests import Notice, Request, SignedAcknowledgement, acknowledged
from domain.plan.directory import Desk, Service
from domain.signing.canonical import Frozen, canonical
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, Envelope, sign
from domain.views.notices import in_words
from domain.words.errors import Malformed
from domain.words.limits import LARGEST_BODY, MOST_ANSWERS
from domain.words.sizes import bounded
from process.language import speakers
from protocol.calls import Signer, answers_to, read_up_to

log = logging.getLogger("vigil.services")

ONE_CALL = aiohttp.ClientTimeout(total=10)
LARGEST_SIGNED = 8 * 1024
"""Bytes of the answer to a request that are read: an acknowledgement in its envelope is smaller."""
SOON = 1.0
"""Seconds within which they come."""
POLL_WAIT = 10
"""Seconds a polled service may hold our question before answering that there is nothing."""
ONE_POLL = aiohttp.ClientTimeout(total=POLL_WAIT + 10)


class AwayError(Exception):
    """The service could not be reached, or what it answered makes no sense. Asking again later may help."""


class NoPlaceError(AwayError):
    """It is there, and what is called is not."""


class NonsenseError(AwayError):
    """It did answer, and what it answered is no list of answers."""


class PolledAnswers(Frozen):
    """A polled service's answers from a number on, as they came: one that is nothing must not take the others with it."""

    answers: Annotated[tuple[Any, ...], Field(max_length=MOST_ANSWERS)]


class ServiceCaller:
    """Calls services in Vigil's name."""

    def __init__(self, http: aiohttp.ClientSession, vigil: str, key: Ed25519PrivateKey) -> None:
        self._http = http
        self._key = key
        self._caller = Signer(vigil, key)

    async def ask(self, service: Service, request: Request) -> SignedAcknowledgement | None:
        """Hand over a request; returns when the service acknowledges receipt, with what it has signed of that, if it has.

        Raises `AwayError`.
        """
        said = canonical(request)
        body = sign(said, REQUEST_TYPE, self._key).model_dump_json().encode()
        answer = await self._call(service, "POST", "/requests", body, {"Idempotency-Key": request.id})
        return acknowledged(answer, service.keys_at(datetime.now(UTC)), request)

    async def notify(self, service: Service, notice: Notice) -> None:
        """Hand over a notice, in words of its service's language. Raises `AwayError`."""
        said = in_words(notice, speakers(service.language))
        body = sign(canonical(said), NOTICE_TYPE, self._key).model_dump_json().encode()
        await self._call(service, "POST", "/notices", body, {"Idempotency-Key": notice.id})

    async def hand_over(self, service: Service, receipt: Envelope) -> None:
        """The receipt of something that a polled service has said, for it to keep.

        Raises `AwayError`; `NoPlaceError` where it keeps none.
        """
        await self._call(
            service, "POST", "/receipts", receipt.model_dump_json().encode(), {"Idempotency-Key": receipt.fingerprint()}
        )

    async def answers(self, service: Service, request: str, after: int, told: Sequence[str] = ()) -> tuple[Envelope | None, ...]:
        """What a polled service has answered beyond the first `after`; None for each that is no envelope.

        `told` are words about its answers so far, such as `refused=3:malformed`, which it is told by being asked like this.
        Raises `AwayError`, or `NonsenseError` if it answers something else.
        """
        path = "&".join([answers_to(request, after), *told])
        data = await self._call(service, "GET", path, b"", {"Prefer": f"wait={POLL_WAIT}"})
        try:
            return tuple(_envelope(one) for one in PolledAnswers.model_validate_json(bounded(data)).answers)
        except (ValidationError, Malformed) as error:
            raise NonsenseError(f"{service.id} answers something that is no list of statements") from error

    async def _call(self, service: Service, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        if isinstance(service.reach, Desk):
            raise TypeError(f"{service.id} is people at a desk: they are told, not called")
        url = URL(f"{str(service.reach.url).rstrip('/')}{path}", encoded=True)
        timeout = ONE_POLL if method == "GET" else ONE_CALL
        sent = {**headers, "Authorization": self._caller.proof(method, str(url), body), "Content-Type": "application/json"}
        try:
            async with self._http.request(method, url, data=body, headers=sent, timeout=timeout, allow_redirects=False) as answer:
                if answer.status not in (200, 202):
                    raise (NoPlaceError if answer.status == 404 else AwayError)(
                        f"{service.id} answers with status {answer.status}"
                    )
                if method == "POST":
                    return await _signed_soon(answer) if path == "/requests" else b""
                data = await read_up_to(LARGEST_BODY, answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise AwayError(f"{service.id} cannot be reached") from error
        if len(data) > LARGEST_BODY:
            raise NonsenseError(f"{service.id} answers with more than {LARGEST_BODY} bytes")
        return data


async def _signed_soon(answer: aiohttp.ClientResponse) -> bytes:
    """What it says beside that it has received it; nothing where that does not come at once."""
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(SOON):
            return await read_up_to(LARGEST_SIGNED, answer)
    return b""


def _envelope(answer: object) -> Envelope | None:
    try:
        return Envelope.model_validate(answer)
    except ValidationError:
        return None
