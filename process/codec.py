"""What Temporal keeps is ciphertext: the codec between every process of ours and the server (docs/decisions/0012).

Each payload is encrypted with AES-256-GCM (NIST SP 800-38D) under the current payload key and a random nonce of 96 bits. Its
metadata say in clear which key it was, and of which workflow in which namespace the payload is; both are authenticated with
it. So a payload that was altered, or moved from one delivery to another, does not open; and nobody without a key can add one.

What cannot have been written by this installation is replaced by a payload that converts into nothing (`REFUSED`). The SDK then
drops the signal, rejects the update and fails the query that brought it, and the delivery goes on. A payload under a key that
is missing here is another matter: it may be a stop order. That raises, and Temporal asks again until the ring is complete.
"""

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from domain.words.errors import Unavailable
from process.ring import Ring

log = logging.getLogger("vigil.codec")

ENCRYPTED = b"binary/encrypted"
REFUSED = b"binary/refused"
KEY_ID, CONTEXT = "encryption-key-id", "encryption-context"
NONCE_BYTES = 12
_KEY_ID = re.compile(rb"[0-9a-f]{16}")
_NOT_BEGUN = Payload(metadata={"encoding": b"json/plain"}, data=b'"ACTIVITY_ID_NOT_STARTED"')
"""What Temporal's server itself writes, of an activity that is called back before it begins: in clear, and the same each time."""


class ForgedError(Unavailable):
    """This payload was not written by this installation, or not for this place."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"what Temporal holds here was not written by this installation: {reason}",
            hint="find out who else writes into the Temporal server or its database",
        )


@dataclass(frozen=True)
class Codec(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts payloads. One without a context (a codec server) opens whatever its keys open."""

    ciphers: Mapping[bytes, AESGCM]
    current: bytes
    context: bytes = b""

    @classmethod
    def of(cls, ring: Ring) -> Self:
        """The codec of these payload keys."""
        return cls({one.encode(): AESGCM(key) for one, key in ring.keys.items()}, ring.current.encode())

    def with_context(self, context: SerializationContext) -> Self:
        """The same keys, for payloads of one workflow: of others none is opened."""
        return type(self)(self.ciphers, self.current, _text_of(context))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each."""
        return [self._closed(one) for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each; one that is not ours becomes `REFUSED`. Raises `Unavailable` if its key is missing."""
        return [self._opened_or_refused(one) for one in payloads]

    def opened(self, payload: Payload) -> Payload:
        """What was encrypted. Raises `ForgedError`, or `Unavailable` with the id of the key that is missing."""
        metadata = payload.metadata
        if metadata.get("encoding") != ENCRYPTED:
            raise ForgedError("it is not encrypted")
        key, context = metadata.get(KEY_ID, b""), metadata.get(CONTEXT, b"")
        if self.context and context != self.context:
            raise ForgedError("it belongs to another delivery")
        if not _KEY_ID.fullmatch(key):
            raise ForgedError("it names no payload key")
        cipher = self.ciphers.get(key)
        if cipher is None:
            message = f"payload key {key.decode()} is missing here, and Temporal holds what was encrypted with it"
            raise Unavailable(message, hint="put it back into the file that VIGIL_PAYLOAD_KEYS names, and start anew")
        nonce, encrypted = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, encrypted, _bound(key, context)))
        except (InvalidTag, ValueError):
            raise ForgedError("it was altered") from None

    def _closed(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        bound = _bound(self.current, self.context)
        encrypted = self.ciphers[self.current].encrypt(nonce, payload.SerializeToString(), bound)
        metadata = {"encoding": ENCRYPTED, KEY_ID: self.current, CONTEXT: self.context}
        return Payload(metadata=metadata, data=nonce + encrypted)

    def _opened_or_refused(self, payload: Payload) -> Payload:
        if payload == _NOT_BEGUN:
            return payload
        try:
            return self.opened(payload)
        except ForgedError as error:
            log.warning("a payload was refused: %s", error.reason)
            return Payload(metadata={"encoding": REFUSED}, data=error.reason.encode())


class _Refused(EncodingPayloadConverter):
    """Converts no value, and raises for what the codec refused."""

    @property
    def encoding(self) -> str:
        return REFUSED.decode()

    def to_payload(self, value: Any) -> None:  # noqa: ARG002 - the port's signature
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:  # noqa: ARG002
        raise ForgedError(payload.data.decode())


_EVERY = (*PydanticPayloadConverter().converters.values(), _Refused())
"""How values become JSON by their models, and what the codec refused raises where it is used. The SDK makes a converter at each
turn; how a model is read is worked out once for all of them.
"""


class Converter(CompositePayloadConverter):
    """Values as payloads."""

    def __init__(self) -> None:
        super().__init__(*_EVERY)


class Failures(DefaultFailureConverterWithEncodedAttributes):
    """Failures, encrypted. One that says only that something waits has no trace, which a reader would take for a fault."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """Fill the failure in. The exception is as before afterwards."""
        trace = exception.__traceback__
        if isinstance(exception, ApplicationError) and exception.category == ApplicationErrorCategory.BENIGN:
            exception.__traceback__ = None
        try:
            super().to_failure(exception, payload_converter, failure)
        finally:
            exception.__traceback__ = trace

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """What was called back says no more than that. The server writes its details, or whoever can write to it, and nobody
        reads them: what does not open there would fail the task of a delivery for ever.
        """
        if failure.HasField("canceled_failure_info"):
            failure.canceled_failure_info.ClearField("details")
        return super().from_failure(failure, payload_converter)


def converter(ring: Ring) -> DataConverter:
    """The one converter of every process. The messages and traces of failures are payloads too."""
    return DataConverter(
        payload_converter_class=Converter,
        payload_codec=Codec.of(ring),
        failure_converter_class=Failures,
    )


def _text_of(context: SerializationContext) -> bytes:
    """Namespace and workflow, readable and unmistakable; nothing where the SDK does not say."""
    if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext) and context.workflow_id:
        return json.dumps([context.namespace, context.workflow_id], ensure_ascii=False).encode()
    return b""


def _bound(key: bytes, context: bytes) -> bytes:
    """The additional authenticated data; an id has no zero byte."""
    return b"vigil payload/1\0" + key + b"\0" + context
