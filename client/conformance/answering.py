"""What a participating service says when it is asked: its statements, how it is polled for them, and how it hands them in."""

import asyncio
import secrets
import time
from collections.abc import Sequence

from client.conformance.exam import CONDITIONS, ELSEWHERE, ONE_CALL, Exam, Reply, Unmet, Untried, as_bytes
from client.conformance.gateway import LOOK_EVERY, OF_A_DELIVERY, OF_ALL, TRIALS
from client.conformance.taking import RECEIVED, REFUSED, wanted
from domain.delivery.ledger import Receipt
from domain.rules.books import BOOK
from domain.signing.canonical import digest_of_bytes
from domain.signing.envelope import RECEIPT_TYPE, Envelope, sign
from domain.words.limits import MOST_ANSWERS
from domain.words.text import fill, in_a_row, mark
from protocol.calls import answers_to

HOLD = 2
"""Seconds for which a poll asks to be held."""


async def answers_one(exam: Exam) -> str:
    """It answers the main request at all."""
    try:
        said = await exam.said_to(exam.main)
    except Untried as error:
        raise Unmet(error.said) from error
    return fill("{count} in answer to {request}", count=len(said), request=exam.main["id"])


async def signs_it(exam: Exam) -> str:
    """Its answers are statements that Vigil would accept as its own."""
    kinds = [exam.statement(one).kind for one in await exam.said_to(exam.main)]
    return fill("signed by {service}: {kinds}", service=exam.service.id, kinds=", ".join(kinds))


async def fits(exam: Exam) -> str:
    """Its answers are about what was asked."""
    for one in await exam.said_to(exam.main):
        said = exam.loosely(one)
        wrong = [name for name in ("delivery", "checkpoint", "plan", "service") if said.get(name) != exam.main[name]]
        if wrong:
            problem = in_a_row(
                fill("{field} {found}, asked was {asked}", field=name, found=repr(said.get(name)), asked=repr(exam.main[name]))
                for name in wrong
            )
            raise Unmet(problem, {name: exam.main[name] for name in wrong}, {name: said.get(name) for name in wrong})
        kind = said.get("content", {}).get("kind")
        if kind not in BOOK.answers[exam.says]:
            problem = fill("a statement {kind}, which does not answer {asked}", kind=repr(kind), asked=repr(exam.says))
            raise Unmet(problem, {"kind": BOOK.confirming(exam.says)}, {"kind": kind})
    kinds = ", ".join(BOOK.answers[exam.says])
    return fill("at {checkpoint}, one of {kinds}", checkpoint=exam.main["checkpoint"], kinds=kinds)


async def answers_once(exam: Exam) -> str:
    """The same request again is the same request: nothing new is said to it."""
    before = [one.payload for one in await exam.said_to(exam.main)]
    await exam.ask(exam.main)
    await asyncio.sleep(exam.settle)
    after = [one.payload for one in await exam.said_to(exam.main)]
    if after != before:
        problem = fill("{after} different answers, {before} before it was asked again", after=len(after), before=len(before))
        raise Unmet(problem, {"answers": before}, {"answers": after})
    return fill("{count} as before", count=len(after))


async def two_officers(exam: Exam) -> str:
    """Where two officers must sign, there are two statements that say the same."""
    await exam.ask(exam.pair)
    try:
        pair = (await exam.said_to(exam.pair, 2))[:2]
        first, second = [exam.loosely(one) for one in pair]
    except Untried as error:
        raise Unmet(error.said) from error
    if first.get("content") != second.get("content") or first.get("officer") == second.get("officer"):
        problem = mark("two statements with other content, or by the same officer")
        raise Unmet(problem, first | {"officer": "another", "id": "another"}, second)
    if {one.keyid for one in pair[0].signatures} & {one.keyid for one in pair[1].signatures}:
        raise Unmet(mark("two statements under the same key: each officer signs with one of their own"))
    return mark("two statements of the same content by two officers")


async def signs_no_fork(exam: Exam) -> str:
    """A request that names another root than its own receipt proves, for as many entries: it signs anything but that root. One
    that is polled may have no place for receipts, and then has nothing to compare with.
    """
    (first, *_) = await exam.said_to(exam.main)
    given = exam.record.receipt(first)
    if exam.gateway is not None:
        await exam.attempts_at(first, len(TRIALS) + 1)
    elif (await exam.hand_over(given)).status == 404:
        return mark("it keeps no receipt")
    await asyncio.sleep(exam.settle)
    forged = {"size": Receipt.model_validate_json(given.body()).size, "root": secrets.token_hex(32)}
    forked = exam.request(seen=forged)
    await exam.ask(forked)
    await asyncio.sleep(exam.settle)
    seen = [exam.loosely(one).get("seen") for one in await exam.by_now(forked)]
    if forged in seen:
        raise Unmet(mark("a statement that names it"), {"seen": None}, {"seen": forged})
    return fill("{count} statements, and none names it", count=len(seen))


async def says_what_is_met(exam: Exam) -> str:
    """A yes says that each condition that binds it is met."""
    for one in await exam.said_to(exam.main):
        said = exam.loosely(one)
        kind, fulfils = said["content"].get("kind"), said.get("fulfils")
        if BOOK.need_of(str(kind)) is None or not BOOK.kinds[str(kind)].declares.confirms:
            raise Untried(fill("a statement {kind} says no, and need not say it", kind=repr(kind)))
        met = fulfils if isinstance(fulfils, list) else []
        if not set(CONDITIONS) <= {str(one) for one in met}:
            raise Unmet(f"fulfils {fulfils!r}", {"fulfils": list(CONDITIONS)}, {"fulfils": fulfils})
    return f"fulfils {', '.join(CONDITIONS)}"


def _texts(said: Sequence[Envelope]) -> list[str]:
    return [one.payload for one in said]


# Polled


async def polled_unproved(exam: Exam) -> Reply:
    """A poll without a proof: it would tell anyone what was answered."""
    return await exam.get(answers_to(exam.main["id"], 0), 0, None)


async def polled_replayed(exam: Exam) -> Reply:
    """A poll with the proof of an earlier one."""
    path = answers_to(exam.main["id"], 0)
    made = exam.proof("GET", path, b"")
    await exam.get(path, 0, made)
    return await exam.get(path, 0, made)


async def polled_with_another_query(exam: Exam) -> Reply:
    """A poll with the proof of one after another number: the query is covered too."""
    made = exam.proof("GET", answers_to(exam.main["id"], 1), b"")
    return await exam.get(answers_to(exam.main["id"], 0), 0, made)


async def polled_at_the_host_it_is_told(exam: Exam) -> Reply:
    """A poll with a proof for another host, that says in its header `Host` that it is for that one."""
    path = answers_to(exam.main["id"], 0)
    return await exam.get(path, 0, exam.proof_elsewhere("GET", path, b""), host=ELSEWHERE)


async def keeps_the_order(exam: Exam) -> str:
    """The same answers in the same order, each time."""
    first, second = [await exam.said_to(exam.pair, 2) for _ in range(2)]
    if [one.payload for one in second[: len(first)]] != [one.payload for one in first]:
        problem = mark("other answers, or another order, the second time")
        raise Unmet(problem, {"answers": _texts(first)}, {"answers": _texts(second[: len(first)])})
    return fill("{count} in the same order", count=len(first))


async def respects_after(exam: Exam) -> str:
    """What has been fetched is not given again."""
    said = await exam.said_to(exam.pair, 2)
    for after in range(1, len(said) + 1):
        rest = await exam.answers(exam.pair, after)
        if [one.payload for one in rest] != [one.payload for one in said[after:]]:
            wanted_ = len(said) - after
            problem = fill(
                "after={after}: {count} answers, expected the last {wanted}", after=after, count=len(rest), wanted=wanted_
            )
            raise Unmet(problem, {"answers": _texts(said[after:])}, {"answers": _texts(rest)})
    return fill("the rest, after each of {count}", count=len(said))


async def at_most_so_many(exam: Exam) -> str:
    """A request for so many officers as Vigil never wants: whoever takes it gives its answers in turns."""
    many = exam.request(officers=MOST_ANSWERS + 20)
    taken = await exam.ask(many)
    if taken.status not in RECEIVED:
        return fill("{answer} to a request for {count} officers", answer=taken.said(), count=many["officers"])
    until, found = time.monotonic() + exam.settle, await exam.by_now(many)
    while len(found) < MOST_ANSWERS and time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY)
        before, found = len(found), await exam.by_now(many)
        until = time.monotonic() + exam.settle if len(found) > before else until
    if len(found) == MOST_ANSWERS:
        rest = await exam.answers(many, MOST_ANSWERS)
        if {one.payload for one in rest} & {one.payload for one in found}:
            raise Unmet(mark("answers of the first 100 again"), {"answers": []}, {"answers": _texts(rest)})
    return fill("{count} at once", count=len(found))


async def held_and_answered(exam: Exam) -> str:
    """A poll for more than there is ends with an empty list, at once or when it has been held."""
    said = await exam.said_to(exam.main)
    path = answers_to(exam.main["id"], len(said))
    found = await exam.get(path, HOLD)
    if found.status != 200:
        raise Unmet(found.said(), wanted((200,)), found.whole())
    if found.seconds > HOLD + ONE_CALL / 2:
        raise Unmet(found.timed())
    return found.timed()


async def odd_polls(exam: Exam) -> str:
    """Questions that make no sense get an answer that says so."""
    for after, statuses in (("-1", REFUSED), ("one", REFUSED), ("9" * 40, range(200, 500))):
        found = await exam.get(answers_to(exam.main["id"], after), 0)
        if found.status not in statuses:
            raise Unmet(fill("after={after}: {answer}", after=after, answer=found.said()), wanted(statuses), found.whole())
    return mark("4xx where `after` is no number")


async def unknown_request(exam: Exam) -> Reply:
    """A poll about a request that it never received."""
    return await exam.get(answers_to(f"{exam.delivery}/never-asked/{exam.service.id}", 0), 0)


async def takes_its_receipt(exam: Exam) -> Reply:
    """The receipt of what it has answered. It may have no place for it."""
    (first, *_) = await exam.said_to(exam.main)
    await exam.hand_over(exam.record.receipt(first))
    return await exam.hand_over(exam.record.receipt(first))


async def takes_no_other_receipt(exam: Exam) -> Reply:
    """A receipt that somebody else signed."""
    (first, *_) = await exam.said_to(exam.main)
    return await exam.hand_over(sign(exam.record.receipt(first).body(), RECEIPT_TYPE, exam.stranger))


# Pushed


async def repeats(exam: Exam) -> str:
    """It hands in the same bytes until it has the receipt."""
    (first, *_) = await exam.said_to(exam.main)
    try:
        attempts = await exam.attempts_at(first, len(TRIALS) + 1)
    except Untried as error:
        raise Unmet(error.said) from error
    other = next((one.envelope for one in attempts if one.envelope != first), None)
    if other is not None:
        raise Unmet(mark("other bytes, or another signature, when it was handed in again"), first, other)
    return fill("the same envelope {count} times", count=len(attempts))


async def proves_each(exam: Exam) -> str:
    """Each attempt carries a proof of its own."""
    (first, *_) = await exam.said_to(exam.main)
    attempts = await exam.attempts_at(first, 2)
    for one in attempts:
        if one.problem:
            right = {"htm": "POST", "htu": exam.submission_address, "bod": digest_of_bytes(as_bytes(one.envelope))}
            raise Unmet(one.problem, {**right, "jti": "one of its own"}, one.authorization)
    return fill("{count} good proofs", count=len(attempts))


async def rests(exam: Exam) -> str:
    """With the receipt it is done."""
    (first, *_) = await exam.said_to(exam.main)
    before = len(await exam.attempts_at(first, len(TRIALS) + 1))
    await asyncio.sleep(exam.settle)
    after = len(exam.attempts(first))
    if after != before:
        raise Unmet(fill("handed in {count} times more", count=after - before))
    return mark("nothing more")


async def nothing_else(exam: Exam) -> str:
    """It calls what the gateway has, each time with a good proof; to follow the changes is right, and so is not to."""
    strays = exam.gateway.strays if exam.gateway is not None else []
    if strays:
        own = {f"/v1/deliveries/{exam.delivery}{below}": methods for below, methods in OF_A_DELIVERY.items()}
        has = [f"{' or '.join(methods)} {path}" for path, methods in (own | OF_ALL).items()]
        raise Unmet(strays[0], "\n".join(has), strays[0])
    return mark("no other call")
