"""The codec server: supervisors read histories in Temporal's own UI and command line (Temporal's remote codec protocol).

Only decoding: what a history holds is written by this installation, and never by hand. What is no ciphertext of ours, such as
a search attribute, comes back as it was sent.
"""

import json
from typing import Any

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payloads

from domain.signing.canonical import Frozen
from domain.words.errors import Malformed
from process.codec import CONTEXT, ENCRYPTED, Codec, ForgedError
from workflows.messages import delivery_of

LARGEST_BODY = 4_000_000
"""Bytes: one payload of the largest size that Temporal takes (2 MB), in base64."""


class Coded(Frozen):
    """What Temporal's UI and command line send and get: payloads in the JSON form of its protocol."""

    payloads: tuple[dict[str, Any], ...] = ()


def decoded(codec: Codec, body: bytes) -> tuple[bytes, list[str]]:
    """The same payloads, opened, and the deliveries they are of. Raises `Malformed`."""
    payloads = _payloads(body)
    deliveries = _open(codec, payloads)
    return MessageToJson(payloads).encode(), deliveries


def roomy(request: web.Request) -> web.Request:
    """A request to decode may be larger than others."""
    return request.clone(client_max_size=LARGEST_BODY) if request.match_info.route.name == "decode" else request


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
        delivery = delivery_of(json.loads(context)[1]) if context else None
        if delivery is not None:
            read[delivery] = None
    return list(read)
