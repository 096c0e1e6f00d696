"""The codec server: supervisors read histories in Temporal's own UI and command line (Temporal's remote codec protocol).

Only decoding: what a history holds is written by this installation, and never by hand. What is no ciphertext of ours, such as
a search attribute, comes back as it was sent.
"""

import json
import logging

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payloads

from domain.directory import Service
from domain.errors import Malformed, NotAllowed
from gateway.access import CALLER
from gateway.desk import Desk
from process.codec import CONTEXT, ENCRYPTED, Codec, ForgedError

log = logging.getLogger("vigil.gateway")

PATH = "/v1/codec/decode"
LARGEST_BODY = 4_000_000
"""Bytes: one payload of the largest size that Temporal takes (2 MB), in base64."""


def may_decode(caller: Service) -> None:
    """Raises `NotAllowed` unless the caller may read every delivery."""
    if caller.kind != "supervisor":
        raise NotAllowed(f"{caller.id} cannot read the histories of all deliveries", hint="a supervisor can")


def decoding(desk: Desk) -> list[web.RouteDef]:
    """The route; payloads are opened with the keys of the desk."""

    async def decode(request: web.Request) -> web.Response:
        caller = request[CALLER]
        may_decode(caller)
        payloads = _payloads(await request.read())
        read = _open(desk.codec, payloads)
        for delivery in read:
            log.info("a history was read", extra={"service": caller.id, "delivery": delivery})
        return web.Response(text=MessageToJson(payloads), content_type="application/json")

    return [web.post(PATH, decode)]


def roomy(request: web.Request) -> web.Request:
    """A request to decode may be larger than others."""
    return request.clone(client_max_size=LARGEST_BODY) if request.path == PATH else request


def _payloads(body: bytes) -> Payloads:
    try:
        return Parse(body, Payloads())
    except (ParseError, UnicodeDecodeError):  # its words would repeat the content
        message = "the body is not what Temporal sends to a codec server"
        raise Malformed(message, hint='expected JSON: {"payloads": [{"metadata": {...}, "data": "..."}]}') from None


def _open(codec: Codec, payloads: Payloads) -> list[str]:
    """Open each payload of ours in its place; the deliveries they are of. Raises `Malformed` or `Unavailable`."""
    read: dict[str, None] = {}
    for number, payload in enumerate(payloads.payloads):
        if payload.metadata.get("encoding") != ENCRYPTED:
            continue
        context = payload.metadata.get(CONTEXT, b"")
        try:
            payload.CopyFrom(codec.opened(payload))
        except ForgedError as error:
            raise Malformed(f"payload {number} does not open: {error.reason}") from None
        if context:
            read[json.loads(context)[1].removeprefix("delivery/")] = None
    return list(read)
