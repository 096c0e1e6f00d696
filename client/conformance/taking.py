"""What a participating service takes and what it refuses: requests, notices, proofs and envelopes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import ValidationError

from client.conformance.exam import ELSEWHERE, ONE_CALL, Exam, Reply, Unmet, Untried
from domain.delivery.requests import Request, acknowledged
from domain.signing.canonical import canonical, digest_of_bytes
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.words.limits import LARGEST_BODY
from domain.words.text import fill, mark

Seen = Awaitable[str]
Look = Callable[[Exam], Seen]

LEEWAY = 10
"""Seconds by which a proof that must be taken is younger than the protocol has it, and one that must not be older: so far may the
clocks of two machines be apart.
"""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def wanted(statuses: range | tuple[int, ...]) -> str:
    """These statuses as an answer begins with one of them."""
    names = [str(one) for one in statuses] if isinstance(statuses, tuple) else [f"{statuses.start} to {statuses.stop - 1}"]
    return f"HTTP/1.1 {' or '.join(names)}"


def among(statuses: range | tuple[int, ...], call: Callable[[Exam], Awaitable[Reply]]) -> Look:
    """The call is answered with one of these statuses, in time."""

    async def look(exam: Exam) -> str:
        found = await call(exam)
        if found.status not in statuses:
            raise Unmet(found.said(), wanted(statuses), found.whole())
        if found.seconds > ONE_CALL:
            raise Unmet(found.timed())
        return found.timed()

    return look


RECEIVED = (200, 202)


async def signs_what_it_received(exam: Exam) -> str:
    """An acknowledgement that is signed is of the request, byte for byte; Vigil leaves every other one out."""
    said = exam.request()
    found = await exam.ask(said)
    try:
        envelope = Envelope.model_validate_json(found.body)
    except ValidationError:
        return mark("none is signed")
    request = Request.model_validate(said)
    if acknowledged(found.body, exam.service.keys_at(datetime.now(UTC)), request) is None:
        wanted = {"request": request.id, "service": request.service, "digest": digest_of_bytes(canonical(said))}
        raise Unmet(mark("it is not of this request, or not signed by this service"), canonical(wanted), envelope.body())
    return mark("signed")


REFUSED = range(400, 500)


def unproved(forge: Callable[[Exam, bytes], str | None]) -> Look:
    """A request that Vigil signed, carried by somebody who has no such proof."""

    async def call(exam: Exam) -> Reply:
        body = exam.signed(exam.request())
        return await exam.post("/requests", body, forge(exam, body))

    return among((401,), call)


def with_claims(**claims: Any) -> Callable[[Exam, bytes], str]:
    """A proof by Vigil's own key that says something else."""
    return lambda exam, body: exam.proof("POST", "/requests", body, **claims)


def at_another_time(seconds: int) -> Callable[[Exam, bytes], str]:
    """A proof made too long ago, or ahead of time."""

    def forge(exam: Exam, body: bytes) -> str:
        return exam.proof("POST", "/requests", body, iat=exam.now() + seconds)

    return forge


def by_a_stranger(exam: Exam, body: bytes) -> str:
    """A proof in Vigil's name by a key that nobody knows."""
    return exam.proof("POST", "/requests", body, key=exam.stranger)


def under_vigils_key_id(exam: Exam, body: bytes) -> str:
    """The same, under the id of Vigil's key."""
    return exam.proof("POST", "/requests", body, key=exam.stranger, kid=exam.key_id)


async def replayed(exam: Exam) -> Reply:
    """The same call with the same proof a second time."""
    body = exam.signed(exam.request())
    made = exam.proof("POST", "/requests", body)
    first = await exam.post("/requests", body, made)
    if first.status not in RECEIVED:
        raise Untried(fill("the first call was answered with {answer}", answer=first.said()))
    return await exam.post("/requests", body, made)


async def same_again(exam: Exam) -> Reply:
    """The main request once more: Vigil does so when an acknowledgement was lost."""
    return await exam.ask(exam.main)


async def notice_twice(exam: Exam) -> Reply:
    """The same notice a second time."""
    notice = exam.notice()
    await exam.tell(notice)
    return await exam.tell(notice)


async def signed_by_a_stranger(exam: Exam) -> Reply:
    """Vigil's proof on an envelope that Vigil did not sign."""
    envelope = sign(canonical(exam.request()), REQUEST_TYPE, exam.stranger)
    return await exam.post("/requests", envelope.model_dump_json().encode())


async def altered(exam: Exam) -> Reply:
    """Vigil's proof and signature, on other content than was signed."""
    true, other = (exam.envelope(exam.request()) for _ in range(2))
    return await exam.post("/requests", other.model_copy(update={"signatures": true.signatures}).model_dump_json().encode())


async def unsigned_envelope(exam: Exam) -> Reply:
    """An envelope with no signature at all."""
    bare = exam.envelope(exam.request()).model_copy(update={"signatures": ()})
    return await exam.post("/requests", bare.model_dump_json().encode())


async def in_another_envelope(exam: Exam, *changed: dict[str, Any]) -> str:
    """An envelope that Vigil signed, with each of these changes in turn, and Vigil's proof: none is taken."""
    for change in changed:
        body = exam.envelope(exam.request()).model_dump(mode="json") | change
        found = await exam.post("/requests", canonical(body))
        if found.status not in REFUSED:
            problem = fill("{fields} changed: {answer}", fields=", ".join(change), answer=found.said())
            raise Unmet(problem, wanted(REFUSED), found.whole())
    return fill("4xx to each of {count}", count=len(changed))


async def of_another_type(exam: Exam) -> str:
    """A notice's envelope where a request is expected, and a request whose type was changed: a signature counts for its type."""
    found = await exam.post("/requests", exam.signed(exam.request(), NOTICE_TYPE))
    if found.status not in REFUSED:
        raise Unmet(fill("{answer} to the type of a notice", answer=found.said()), wanted(REFUSED), found.whole())
    return await in_another_envelope(exam, {"payloadType": NOTICE_TYPE}, {"payloadType": STATEMENT_TYPE}, {"payloadType": ""})


async def with_a_second_signature(exam: Exam) -> str:
    """Vigil's signature, and after or before it one that is not: each must be good. Two by one key are no envelope at all."""
    for keyid in (None, exam.key_id):
        said = canonical(exam.request())
        good, bad = sign(said, REQUEST_TYPE, exam.key, exam.stranger).signatures
        second = bad if keyid is None else bad.model_copy(update={"keyid": keyid})
        for signatures in ((good, second), (second, good)):
            envelope = sign(said, REQUEST_TYPE, exam.key).model_copy(update={"signatures": signatures})
            found = await exam.post("/requests", envelope.model_dump_json().encode())
            right = REFUSED if keyid is not None else (401,)
            if found.status not in right:
                raise Unmet(found.said(), wanted(right), found.whole())
    return mark("401 to a stranger's, and 4xx to one that does not fit")


async def in_lax_base64(exam: Exam) -> str:
    """The same bytes in base64 that is not their one text: lenient readers take it, and two texts would be one statement."""
    envelope = _with_all_that_differs(exam)
    (signature,), payload = envelope["signatures"], envelope["payload"]
    sig = signature["sig"]
    forms = {
        mark("payload without padding"): {"payload": payload.rstrip("=")},
        mark("payload with a line break"): {"payload": f"{payload[:60]}\n{payload[60:]}"},
        mark("payload with bits at its end that say nothing"): {"payload": _loose(payload)},
        mark("payload in the URL-safe alphabet"): {"payload": _url_safe(payload)},
        mark("signature without padding"): {"signatures": [signature | {"sig": sig.rstrip("=")}]},
        mark("signature with a line break"): {"signatures": [signature | {"sig": f"{sig[:60]}\n{sig[60:]}"}]},
        mark("signature with bits at its end that say nothing"): {"signatures": [signature | {"sig": _loose(sig)}]},
        mark("signature in the URL-safe alphabet"): {"signatures": [signature | {"sig": _url_safe(sig)}]},
    }
    for name, form in forms.items():
        found = await exam.post("/requests", canonical(envelope | form))
        if found.status not in REFUSED:
            raise Unmet(fill("{what}: {answer}", what=fill(name), answer=found.said()), wanted(REFUSED), found.whole())
    return fill("4xx to each of {count} forms", count=len(forms))


def _with_all_that_differs(exam: Exam) -> dict[str, Any]:
    """An envelope whose payload is padded, and whose payload and signature have letters that the URL-safe alphabet has not."""
    for number in count():
        said = exam.request(f"base64-{number}")
        said["facts"]["problem"] = "???"  # one of three stands where it is written as a slash
        envelope: dict[str, Any] = exam.envelope(said).model_dump(mode="json")
        (signature,), payload = envelope["signatures"], envelope["payload"]
        if payload.endswith("=") and _url_safe(signature["sig"]) != signature["sig"]:
            return envelope
    raise AssertionError


def _url_safe(text: str) -> str:
    return text.replace("+", "-").replace("/", "_")


def _loose(text: str) -> str:
    bare = text.rstrip("=")
    return bare[:-1] + _ALPHABET[_ALPHABET.index(bare[-1]) + 1] + "=" * (len(text) - len(bare))


async def at_the_host_it_is_told(exam: Exam) -> Reply:
    """A proof for another host, on a call that says in its header `Host` that it is for that one."""
    body = exam.signed(exam.request())
    return await exam.post("/requests", body, exam.proof_elsewhere("POST", "/requests", body), host=ELSEWHERE)


def aged(seconds: int) -> Look:
    """The main request again, with a proof that is so many seconds old: that is soon enough."""

    async def call(exam: Exam) -> Reply:
        body = exam.signed(exam.main)
        return await exam.post("/requests", body, exam.proof("POST", "/requests", body, iat=exam.now() - seconds))

    return among(RECEIVED, call)


async def withdrawn_first(exam: Exam) -> str:
    """A notice that a checkpoint has closed, and only then its request, which was under way: it is not answered any more."""
    gone = exam.request()
    for call in (exam.tell(exam.notice(kind="withdrawn", checkpoint=gone["checkpoint"])), exam.ask(gone)):
        found = await call
        if found.status not in RECEIVED:
            raise Untried(fill("answered with {answer}", answer=found.said()))
    await asyncio.sleep(exam.settle)
    said = await exam.by_now(gone)
    if said:
        raise Unmet(fill("{count} answers to what was withdrawn", count=len(said)), b"", said[0].body())
    return mark("no answer")


async def with_more_fields(exam: Exam) -> Reply:
    """As a later version may send it."""
    request = exam.request()
    return await exam.ask(request | {"later": {"added": True}, "facts": request["facts"] | {"later": "added"}})


NONSENSE: tuple[tuple[str, bytes], ...] = (
    (mark("an empty body"), b""),
    (mark("no JSON"), b"not even JSON"),
    (mark("no UTF-8"), b"\xff\xfe\x00"),
    (mark("a list"), b"[]"),
    (mark("an empty object"), b"{}"),
    (mark("an envelope without content"), b'{"payloadType": 1, "payload": null, "signatures": "none"}'),
    (mark("no base64"), b'{"payloadType": "application/vnd.vigil.request+json", "payload": "*", "signatures": [{}]}'),
    (mark("JSON without end"), b"[" * 50_000),
)
PAYLOADS: tuple[tuple[str, bytes], ...] = (
    (mark("a signed text"), b"not even JSON"),
    (mark("a signed list"), b"[]"),
    (mark("a signed empty object"), b"{}"),
)


async def survives_nonsense(exam: Exam) -> str:
    """Bodies that are no envelopes, and envelopes that hold no request, each with a good proof."""
    bodies = [*NONSENSE, *((name, exam.signed(payload)) for name, payload in PAYLOADS)]
    for name, body in bodies:
        found = await exam.post("/requests", body)
        if found.status not in REFUSED:
            raise Unmet(fill("{what}: {answer}", what=fill(name), answer=found.said()), wanted(REFUSED), found.whole())
    return fill("4xx to each of {count} kinds", count=len(bodies))


async def bounded(exam: Exam) -> str:
    """A body that is larger than any of Vigil's."""
    found = await exam.post("/requests", b" " * (LARGEST_BODY + 1))
    if found.status not in (0, 413):
        raise Unmet(found.said(), wanted((413,)), found.whole())
    return found.said()
