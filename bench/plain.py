"""Temporal's payloads as they are, to see what encrypting them costs."""

from collections.abc import Sequence
from dataclasses import replace

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from process.codec import Codec, converter
from process.ring import Ring


class Plain(Codec):
    """Encrypts nothing."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same."""
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The same."""
        return list(payloads)


def plain_converter(ring: Ring) -> DataConverter:
    """The converter of every process, but that nothing is encrypted."""
    return replace(converter(ring), payload_codec=Plain.of(ring))
