"""What docs/protocol.md demands of a participating service, as checks: `CHECKS` is the list, each with its section."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from client.examination import LARGEST_BODY, ONE_CALL, TRIALS, Answer, Exam, Unmet, Untried
from domain.delivery.statements import ANSWERS
from domain.plan.proof import LIFETIME
from domain.signing.canonical import canonical
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, sign

By = Literal["push", "poll"]
Result = Literal["passed", "failed", "untried"]
Seen = Awaitable[str]

STALE = 2 * LIFETIME
"""Seconds by which a proof is too old or too new."""
HOLD = 2
"""Seconds for which a poll asks to be held."""


@dataclass(frozen=True)
class Check:
    """One thing the protocol demands. `look` says what was seen; it raises `Unmet` or `Untried`."""

    section: str
    name: str
    expected: str
    look: Callable[[Exam], Seen]
    by: tuple[By, ...] = ("push", "poll")


@dataclass(frozen=True)
class Found:
    """What came of a check."""

    check: Check
    result: Result
    seen: str


def among(statuses: range | tuple[int, ...], call: Callable[[Exam], Awaitable[Answer]]) -> Callable[[Exam], Seen]:
    """The call is answered with one of these statuses, in time."""

    async def look(exam: Exam) -> str:
        found = await call(exam)
        if found.status not in statuses:
            raise Unmet(str(found))
        if found.seconds > ONE_CALL:
            raise Unmet(f"{found} after {found.seconds:.1f} s")
        return f"{found} after {found.seconds:.1f} s"

    return look


RECEIVED = (200, 202)
REFUSED = range(400, 500)


def unproved(forge: Callable[[Exam, bytes], str | None]) -> Callable[[Exam], Seen]:
    """A request that Vigil signed, carried by somebody who has no such proof."""

    async def call(exam: Exam) -> Answer:
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


async def replayed(exam: Exam) -> Answer:
    """The same call with the same proof a second time."""
    body = exam.signed(exam.request())
    made = exam.proof("POST", "/requests", body)
    first = await exam.post("/requests", body, made)
    if first.status not in RECEIVED:
        raise Untried(f"the first call was answered with {first}")
    return await exam.post("/requests", body, made)


async def same_again(exam: Exam) -> Answer:
    """The main request once more: Vigil does so when an acknowledgement was lost."""
    return await exam.ask(exam.main)


async def notice_twice(exam: Exam) -> Answer:
    """The same notice a second time."""
    notice = exam.notice()
    await exam.tell(notice)
    return await exam.tell(notice)


async def signed_by_a_stranger(exam: Exam) -> Answer:
    """Vigil's proof on an envelope that Vigil did not sign."""
    envelope = sign(canonical(exam.request()), REQUEST_TYPE, exam.stranger)
    return await exam.post("/requests", envelope.model_dump_json().encode())


async def altered(exam: Exam) -> Answer:
    """Vigil's proof and signature, on other content than was signed."""
    true, other = (exam.envelope(exam.request()) for _ in range(2))
    return await exam.post("/requests", other.model_copy(update={"signatures": true.signatures}).model_dump_json().encode())


async def unsigned_envelope(exam: Exam) -> Answer:
    """An envelope with no signature at all."""
    bare = exam.envelope(exam.request()).model_copy(update={"signatures": ()})
    return await exam.post("/requests", bare.model_dump_json().encode())


async def of_another_type(exam: Exam) -> Answer:
    """A notice's envelope where a request is expected: a signature counts for its type only."""
    return await exam.post("/requests", exam.signed(exam.request(), NOTICE_TYPE))


async def with_more_fields(exam: Exam) -> Answer:
    """As a later version may send it."""
    request = exam.request()
    return await exam.ask(request | {"later": {"added": True}, "facts": request["facts"] | {"later": "added"}})


NONSENSE: tuple[tuple[str, bytes], ...] = (
    ("an empty body", b""),
    ("no JSON", b"not even JSON"),
    ("no UTF-8", b"\xff\xfe\x00"),
    ("a list", b"[]"),
    ("an empty object", b"{}"),
    ("an envelope without content", b'{"payloadType": 1, "payload": null, "signatures": "none"}'),
    ("no base64", b'{"payloadType": "application/vnd.vigil.request+json", "payload": "*", "signatures": [{}]}'),
    ("JSON without end", b"[" * 50_000),
)
PAYLOADS: tuple[tuple[str, bytes], ...] = (
    ("a signed text", b"not even JSON"),
    ("a signed list", b"[]"),
    ("a signed empty object", b"{}"),
)


async def survives_nonsense(exam: Exam) -> str:
    """Bodies that are no envelopes, and envelopes that hold no request, each with a good proof."""
    bodies = [*NONSENSE, *((name, exam.signed(payload)) for name, payload in PAYLOADS)]
    for name, body in bodies:
        found = await exam.post("/requests", body)
        if found.status not in REFUSED:
            raise Unmet(f"{name}: {found}")
    return f"4xx to each of {len(bodies)} kinds"


async def bounded(exam: Exam) -> str:
    """A body that is larger than any of Vigil's."""
    found = await exam.post("/requests", b" " * (LARGEST_BODY + 1))
    if found.status not in (0, 413):
        raise Unmet(str(found))
    return str(found)


# Its answers


async def answers_one(exam: Exam) -> str:
    """It answers the main request at all."""
    try:
        said = await exam.said_to(exam.main)
    except Untried as error:
        raise Unmet(str(error)) from error
    return f"{len(said)} in answer to {exam.main['id']}"


async def signs_it(exam: Exam) -> str:
    """Its answers are statements that Vigil would accept as its own."""
    kinds = [exam.statement(one).kind for one in await exam.said_to(exam.main)]
    return f"signed by {exam.service.id}: {', '.join(kinds)}"


async def fits(exam: Exam) -> str:
    """Its answers are about what was asked."""
    for one in await exam.said_to(exam.main):
        said = exam.loosely(one)
        wrong = [name for name in ("delivery", "checkpoint", "service") if said.get(name) != exam.main[name]]
        if wrong:
            raise Unmet("; ".join(f"{name} {said.get(name)!r}, asked was {exam.main[name]!r}" for name in wrong))
        kind = said.get("content", {}).get("kind")
        if kind not in ANSWERS[exam.says]:
            raise Unmet(f"a statement {kind!r}, which does not answer {exam.says!r}")
    return f"at {exam.main['checkpoint']}, one of {', '.join(ANSWERS[exam.says])}"


async def answers_once(exam: Exam) -> str:
    """The same request again is the same request: nothing new is said to it."""
    before = [one.payload for one in await exam.said_to(exam.main)]
    await exam.ask(exam.main)
    await asyncio.sleep(exam.settle)
    after = [one.payload for one in await exam.said_to(exam.main)]
    if after != before:
        raise Unmet(f"{len(after)} different answers, {len(before)} before it was asked again")
    return f"{len(after)} as before"


async def two_officers(exam: Exam) -> str:
    """Where two officers must sign, there are two statements that say the same."""
    await exam.ask(exam.pair)
    try:
        pair = (await exam.said_to(exam.pair, 2))[:2]
        first, second = [exam.loosely(one) for one in pair]
    except Untried as error:
        raise Unmet(str(error)) from error
    if first.get("content") != second.get("content") or len({first.get("officer"), second.get("officer")}) != 2:
        raise Unmet("two statements with other content, or by the same officer")
    if {one.keyid for one in pair[0].signatures} & {one.keyid for one in pair[1].signatures}:
        raise Unmet("two statements under the same key: each officer signs with one of their own")
    return "two statements of the same content by two officers"


# Polled


async def polled_unproved(exam: Exam) -> Answer:
    """A poll without a proof: it would tell anyone what was answered."""
    return await exam.get(exam.answers_path(exam.main["id"], 0), 0, None)


async def polled_replayed(exam: Exam) -> Answer:
    """A poll with the proof of an earlier one."""
    path = exam.answers_path(exam.main["id"], 0)
    made = exam.proof("GET", path, b"")
    await exam.get(path, 0, made)
    return await exam.get(path, 0, made)


async def polled_with_another_query(exam: Exam) -> Answer:
    """A poll with the proof of one after another number: the query is covered too."""
    made = exam.proof("GET", exam.answers_path(exam.main["id"], 1), b"")
    return await exam.get(exam.answers_path(exam.main["id"], 0), 0, made)


async def keeps_the_order(exam: Exam) -> str:
    """The same answers in the same order, each time."""
    first, second = [await exam.said_to(exam.pair, 2) for _ in range(2)]
    if [one.payload for one in second[: len(first)]] != [one.payload for one in first]:
        raise Unmet("other answers, or another order, the second time")
    return f"{len(first)} in the same order"


async def respects_after(exam: Exam) -> str:
    """What has been fetched is not given again."""
    said = await exam.said_to(exam.pair, 2)
    for after in range(1, len(said) + 1):
        rest = await exam.answers(exam.pair, after)
        if [one.payload for one in rest] != [one.payload for one in said[after:]]:
            raise Unmet(f"after={after}: {len(rest)} answers, expected the last {len(said) - after}")
    return f"the rest, after each of {len(said)}"


async def held_and_answered(exam: Exam) -> str:
    """A poll for more than there is ends with an empty list, at once or when it has been held."""
    said = await exam.said_to(exam.main)
    path = exam.answers_path(exam.main["id"], len(said))
    found = await exam.get(path, HOLD)
    if found.status != 200:
        raise Unmet(str(found))
    if found.seconds > HOLD + ONE_CALL / 2:
        raise Unmet(f"an answer after {found.seconds:.1f} s")
    return f"{found} after {found.seconds:.1f} s"


async def odd_polls(exam: Exam) -> str:
    """Questions that make no sense get an answer that says so."""
    for after, statuses in (("-1", REFUSED), ("one", REFUSED), ("9" * 40, range(200, 500))):
        found = await exam.get(exam.answers_path(exam.main["id"], after), 0)
        if found.status not in statuses:
            raise Unmet(f"after={after}: {found}")
    return "4xx where `after` is no number"


async def unknown_request(exam: Exam) -> Answer:
    """A poll about a request that it never received."""
    return await exam.get(exam.answers_path(f"{exam.delivery}/never-asked/{exam.service.id}", 0), 0)


# Pushed


async def repeats(exam: Exam) -> str:
    """It hands in the same bytes until it has the receipt."""
    (first, *_) = await exam.said_to(exam.main)
    try:
        attempts = await exam.attempts_at(first, len(TRIALS) + 1)
    except Untried as error:
        raise Unmet(str(error)) from error
    if any(one.envelope != first for one in attempts):
        raise Unmet("other bytes, or another signature, when it was handed in again")
    return f"the same envelope {len(attempts)} times"


async def proves_each(exam: Exam) -> str:
    """Each attempt carries a proof of its own."""
    (first, *_) = await exam.said_to(exam.main)
    attempts = await exam.attempts_at(first, 2)
    wrong = [one.problem for one in attempts if one.problem]
    if wrong:
        raise Unmet(wrong[0])
    if len({one.nonce for one in attempts}) != len(attempts):
        raise Unmet("the same proof again")
    return f"{len(attempts)} good proofs"


async def rests(exam: Exam) -> str:
    """With the receipt it is done."""
    (first, *_) = await exam.said_to(exam.main)
    before = len(await exam.attempts_at(first, len(TRIALS) + 1))
    await asyncio.sleep(exam.settle)
    after = len(exam.attempts(first))
    if after != before:
        raise Unmet(f"handed in {after - before} times more")
    return "nothing more"


async def nothing_else(exam: Exam) -> str:
    """It calls what the gateway has."""
    if exam.strays:
        raise Unmet(exam.strays[0])
    return "no other call"


CHECKS = (
    Check("5.1", "acknowledges a request", "200 or 202 within 10 s", among(RECEIVED, lambda exam: exam.ask(exam.main))),
    Check("5.1", "takes the same request again", "200 or 202 within 10 s", among(RECEIVED, same_again)),
    Check("5.1", "takes a request with fields that it does not know", "200 or 202", among(RECEIVED, with_more_fields)),
    Check("5.1", "refuses a request for another service", "4xx",
          among(REFUSED, lambda exam: exam.ask(exam.request(service="zz.other", id=f"{exam.delivery}/main/zz.other")))),
    Check("5.1", "refuses a request of a version that it cannot know", "4xx",
          among(REFUSED, lambda exam: exam.ask(exam.request(vigil="request/999")))),
    Check("5.2", "acknowledges a notice", "200 or 202 within 10 s", among(RECEIVED, lambda exam: exam.tell(exam.notice()))),
    Check("5.2", "takes the same notice again", "200 or 202 within 10 s", among(RECEIVED, notice_twice)),
    Check("5.2", "takes a notice of a kind that it does not know", "200 or 202",
          among(RECEIVED, lambda exam: exam.tell(exam.notice(kind="kind_of_a_later_version")))),
    Check("5.2", "refuses a notice for another service", "4xx",
          among(REFUSED, lambda exam: exam.tell(exam.notice(service="zz.other")))),
    Check("3", "refuses a request without a proof", "401", unproved(lambda _exam, _body: None)),
    Check("3", "refuses a proof that is no token", "401", unproved(lambda _exam, _body: "Vigil not-a-token")),
    Check("3", "refuses a proof by an unknown key", "401", unproved(by_a_stranger)),
    Check("3", "refuses a proof whose signature does not fit", "401", unproved(under_vigils_key_id)),
    Check("3", "refuses a proof in another's name", "401", unproved(with_claims(iss="zz.other"))),
    Check("3", "refuses a proof that says another algorithm", "401", unproved(with_claims(alg="EdDSA"))),
    Check("3", "refuses a proof made too long ago", "401", unproved(at_another_time(-STALE))),
    Check("3", "refuses a proof from the future", "401", unproved(at_another_time(STALE))),
    Check("3", "refuses a proof of another method", "401", unproved(with_claims(htm="GET"))),
    Check("3", "refuses a proof of another path", "401",
          unproved(lambda exam, body: exam.proof("POST", "/notices", body))),
    Check("3", "refuses a proof of another host", "401",
          unproved(with_claims(htu="https://elsewhere.example/requests"))),
    Check("3", "refuses a proof of another body", "401",
          unproved(lambda exam, _body: exam.proof("POST", "/requests", b"{}"))),
    Check("3", "refuses a proof that could be used twice", "401", unproved(with_claims(jti=None))),
    Check("3", "refuses a proof that was used already", "401", among((401,), replayed)),
    Check("4.2", "refuses an envelope signed by another key", "401", among((401,), signed_by_a_stranger)),
    Check("4.2", "refuses an envelope whose content was altered", "401", among((401,), altered)),
    Check("4.2", "refuses an envelope without a signature", "4xx", among(REFUSED, unsigned_envelope)),
    Check("4.2", "refuses an envelope of another type", "4xx", among(REFUSED, of_another_type)),
    Check("5", "answers nonsense with an error of the caller", "4xx, never 5xx", survives_nonsense),
    Check("5", "refuses a body of more than 1,000,000 bytes", "413, or the connection closed", bounded),
    Check("5.3", "answers what is asked", "a statement, in good time", answers_one),
    Check("4.2", "signs its answers", "statements in canonical form, signed by a key of the service", signs_it),
    Check("4.3", "answers what was asked", "delivery, checkpoint, service and kind of the request", fits),
    Check("8", "answers once, however often it is asked", "the answers it had given before", answers_once),
    Check("4.4", "has two officers sign where two must", "two statements, the same content, two officers", two_officers),
    Check("3", "refuses a poll without a proof", "401", among((401,), polled_unproved), ("poll",)),
    Check("3", "refuses a poll whose proof was used already", "401", among((401,), polled_replayed), ("poll",)),
    Check("3", "refuses a poll whose proof is of another query", "401",
          among((401,), polled_with_another_query), ("poll",)),
    Check("5.4", "keeps its answers in one order", "the same list each time", keeps_the_order, ("poll",)),
    Check("5.4", "leaves out what was fetched", "the answers without the first `after`", respects_after, ("poll",)),
    Check("5.4", "answers a held poll", f"200 within {HOLD} s and a little", held_and_answered, ("poll",)),
    Check("5.4", "answers a poll that makes no sense", "4xx, or an empty list", odd_polls, ("poll",)),
    Check("5.4", "answers a poll about what it was never asked", "404, or an empty list",
          among((200, 404), unknown_request), ("poll",)),
    Check("8", "hands in again until it has the receipt", f"the same envelope after: {', '.join(TRIALS)}", repeats, ("push",)),
    Check("3", "proves each attempt anew", "a good proof, never the same twice", proves_each, ("push",)),
    Check("8", "is done when it has the receipt", "no further attempt", rests, ("push",)),
    Check("6.4", "calls nothing that the gateway has not", "POST /v1/deliveries/DELIVERY/statements", nothing_else, ("push",)),
)  # fmt: skip


async def examine(exam: Exam, by: By, began: Callable[[Check], None]) -> list[Found]:
    """All checks, one after another; nothing more is tried where not even the first request is acknowledged.

    Raises `Unavailable` if there is nobody to examine.
    """
    found: list[Found] = []
    for check in (one for one in CHECKS if by in one.by):
        if found and found[0].result != "passed":
            found.append(Found(check, "untried", "a request is not acknowledged"))
            continue
        began(check)
        try:
            found.append(Found(check, "passed", await check.look(exam)))
        except Unmet as error:
            found.append(Found(check, "failed", str(error)))
        except Untried as error:
            found.append(Found(check, "untried", str(error)))
    return found
