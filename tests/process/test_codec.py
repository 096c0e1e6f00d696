import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import ActivityFailureInfo, CanceledFailureInfo, Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError, is_cancelled_exception

from domain.words.errors import Unavailable
from process.codec import CONTEXT, ENCRYPTED, KEY_ID, NONCE_BYTES, REFUSED, Codec, ForgedError, converter
from process.ring import Ring, id_of

OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))
HERE = WorkflowSerializationContext(namespace="default", workflow_id="delivery/saxaul-22")
THERE = WorkflowSerializationContext(namespace="default", workflow_id="delivery/other")
ELSEWHERE = WorkflowSerializationContext(namespace="other", workflow_id="delivery/saxaul-22")
SECRET = b"the parcel is watched"

payloads = st.builds(
    Payload, metadata=st.dictionaries(st.text(max_size=20), st.binary(max_size=50), max_size=4), data=st.binary(max_size=2000)
)
contexts = st.one_of(
    st.none(), st.builds(WorkflowSerializationContext, namespace=st.text(max_size=20), workflow_id=st.text(max_size=60))
)


def codec(context: SerializationContext | None = HERE, *keys: bytes) -> Codec:
    """A codec with these keys, in this context."""
    whole = Codec.of(Ring.of(*(keys or (NEW,))))
    return whole if context is None else whole.with_context(context)


async def sealed(payload: Payload | None = None) -> Payload:
    """A payload encrypted here."""
    [encrypted] = await codec().encode([payload or Payload(metadata={"encoding": b"json/plain"}, data=SECRET)])
    return encrypted


def flip(data: bytes, bit: int) -> bytes:
    """The same with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@given(given=st.lists(payloads, max_size=3), context=contexts)
async def test_whatever_is_encrypted_comes_back(given: list[Payload], context: SerializationContext | None) -> None:
    """Any payloads, one without data too, in any context or none: what is encoded decodes to the same."""
    one = codec(context)

    assert given == await one.decode(await one.encode(given))


@given(part=st.sampled_from(["data", KEY_ID, CONTEXT, "encoding"]), bit=st.integers(0, 8 * 400))
async def test_one_bit_changed_anywhere_is_refused(part: str, bit: int) -> None:
    """In nonce, ciphertext, tag, key id, context or encoding: nothing opens, whoever reads, and no error tells the content."""
    encrypted = await sealed()
    if part == "data":
        encrypted.data = flip(encrypted.data, bit)
    else:
        encrypted.metadata[part] = flip(encrypted.metadata[part], bit)
    for reader in (codec(), codec(None)):
        with pytest.raises(Unavailable) as refused:
            reader.opened(encrypted)

        assert "watched" not in str(refused.value) + refused.value.hint


@given(length=st.integers(0, NONCE_BYTES + 20))
async def test_what_is_cut_short_is_refused(length: int) -> None:
    """Any beginning of a payload."""
    encrypted = await sealed()
    encrypted.data = encrypted.data[:length]
    with pytest.raises(ForgedError, match="altered"):
        codec().opened(encrypted)


@pytest.mark.parametrize("reader", [THERE, ELSEWHERE])
async def test_a_payload_of_one_delivery_is_none_of_another(reader: SerializationContext) -> None:
    """Moved to another workflow or namespace it is refused, though the key is the same."""
    with pytest.raises(ForgedError, match="belongs to another delivery"):
        codec(reader).opened(await sealed())


async def test_without_a_context_it_is_refused_where_one_is_known_and_opens_where_none_is() -> None:
    """What the SDK gave no context says so itself; a reader that knows its delivery does not take it for its own."""
    [loose] = await codec(None).encode([Payload(data=SECRET)])

    assert SECRET == codec(None).opened(loose).data
    with pytest.raises(ForgedError):
        codec().opened(loose)


async def test_a_codec_server_opens_a_payload_of_any_delivery() -> None:
    """Where the reader knows no context, that of the payload stands in its metadata, in clear and authenticated."""
    encrypted = await sealed()

    assert SECRET == codec(None).opened(encrypted).data
    assert ["default", "delivery/saxaul-22"] == json.loads(encrypted.metadata[CONTEXT])
    assert {"encoding", KEY_ID, CONTEXT} == set(encrypted.metadata)
    assert SECRET not in encrypted.SerializeToString()


async def test_an_activity_shares_the_context_of_its_workflow_and_nexus_has_none() -> None:
    """What a workflow encrypts for its activity opens there; of a Nexus operation the SDK knows no workflow on both sides."""
    activity = ActivitySerializationContext("default", "1", "ask", "vigil", "delivery/saxaul-22", "Any", is_local=False)
    nexus = NexusSerializationContext("endpoint", "service", "operation")

    assert SECRET == codec(activity).opened(await sealed()).data
    assert b"" == codec(nexus).context


async def test_two_encryptions_of_the_same_differ() -> None:
    """Nobody sees that the same was said twice."""
    first, second = await sealed(), await sealed()

    assert first.data != second.data
    assert first.data[:NONCE_BYTES] != second.data[:NONCE_BYTES]


async def test_a_rotated_ring_reads_what_was_and_writes_with_the_new_key() -> None:
    """Decrypt with any, encrypt with the last; the old ring cannot read what is new, and the error names the key."""
    old, both = codec(HERE, OLD), codec(HERE, OLD, NEW)
    [before] = await old.encode([Payload(data=SECRET)])
    [after] = await both.encode([Payload(data=SECRET)])

    assert [SECRET, SECRET] == [one.data for one in await both.decode([before, after])]
    assert [id_of(OLD).encode(), id_of(NEW).encode()] == [one.metadata[KEY_ID] for one in (before, after)]
    with pytest.raises(Unavailable, match=id_of(NEW)) as missing:
        await old.decode([after])
    assert not isinstance(missing.value, ForgedError)
    assert "VIGIL_PAYLOAD_KEYS" in missing.value.hint


FORGED: dict[str, Callable[[Payload], Payload]] = {
    "plain": lambda _: Payload(metadata={"encoding": b"json/plain"}, data=b'{"conflicts": []}'),
    "null": lambda _: Payload(metadata={"encoding": b"binary/null"}),
    "empty": lambda _: Payload(),
    "refused": lambda _: Payload(metadata={"encoding": REFUSED}, data=b"x"),
    "no key id": lambda one: Payload(metadata={"encoding": ENCRYPTED}, data=one.data),
    "a key id that is text": lambda one: Payload(metadata={"encoding": ENCRYPTED, KEY_ID: b"\xff" * 16}, data=one.data),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_what_this_installation_did_not_write_converts_into_nothing(
    forge: Callable[[Payload], Payload], caplog: pytest.LogCaptureFixture
) -> None:
    """Plain payloads too, also one without data: each decodes to a payload that raises when it is used, and is logged."""
    whole = converter(Ring.of(NEW)).with_context(HERE)
    with pytest.raises(ForgedError, match="not written by this installation: it"):
        await whole.decode([forge(await sealed())])

    assert "a payload was refused" in caplog.text
    assert "conflicts" not in caplog.text


NOT_BEGUN = Payload(metadata={"encoding": b"json/plain"}, data=b'"ACTIVITY_ID_NOT_STARTED"')


@pytest.mark.parametrize(("said", "logged"), [(NOT_BEGUN, False), (Payload(data=b"forged"), True)])
async def test_what_was_called_back_is_that_whatever_the_server_says_of_it(
    said: Payload, caplog: pytest.LogCaptureFixture, *, logged: bool
) -> None:
    """Temporal's own word, which is plain, is no alarm; another's is, and neither keeps the delivery from going on."""
    whole = converter(Ring.of(NEW)).with_context(HERE)
    failure = Failure(message="x", canceled_failure_info=CanceledFailureInfo(details=Payloads(payloads=[said])))
    outer = Failure(activity_failure_info=ActivityFailureInfo(activity_id="keep:1"), cause=failure)
    error = await whole.decode_failure(outer)

    assert is_cancelled_exception(error)
    assert logged == ("a payload was refused" in caplog.text)


async def test_the_words_of_a_failure_are_encrypted() -> None:
    """Message, trace, details and cause: none is plain, and all come back."""
    whole: DataConverter = converter(Ring.of(NEW)).with_context(HERE)
    error, failure = ApplicationError("hidden-message", {"hint": "hidden-detail"}, type="malformed"), Failure()
    error.__cause__ = ValueError("hidden-cause")
    await whole.encode_failure(error, failure)
    kept = failure.SerializeToString()
    back = await whole.decode_failure(failure)

    assert b"hidden" not in kept
    assert isinstance(back, ApplicationError)
    assert ("hidden-message", ({"hint": "hidden-detail"},)) == (back.message, back.details)
    assert "hidden-cause" in str(back.cause)
