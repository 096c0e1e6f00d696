"""What a hostile body costs, by its size: one request that is meant to hurt, read as the gateway reads it.

Time against size up to the largest body that is taken: one hostile byte costs one byte, so the last column stays what it is, or
falls where a body is refused before it is parsed. Run it with `make benches`.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from pydantic import ValidationError

from domain.plan.plan import read_plan
from domain.record.door import read_statement
from domain.rules.handling import Information
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import Malformed, faults_of
from domain.words.sizes import bounded
from rehearsal.services import private_key_of
from tests.installation import said_by
from tests.support import example_plan

ROUNDS = 5
SIZES = (10_000, 30_000, 70_000, 200_000, 500_000, 1_000_000)
"""Bytes."""


def members(size: int) -> bytes:
    """An object of members that nobody knows."""
    return json.dumps({f"x{number:06}": 1 for number in range(size // 13)}).encode()


def objects(size: int) -> bytes:
    """An envelope with a list of small objects for its signatures."""
    return json.dumps({"signatures": [{"a": 1}] * (size // 10)}).encode()


def depth(size: int) -> bytes:
    """Lists in lists."""
    return b"[" * size


def quotes(size: int) -> bytes:
    """A text that never ends, and could end anywhere."""
    return b'"' + b'\\"' * (size // 2)


def name(size: int) -> bytes:
    """One member that nobody knows, with a long name."""
    return json.dumps({"x" * size: 1}).encode()


def parts(size: int) -> bytes:
    """A statement with thousands of parts that are wrong."""
    statement = plain(read_statement(said_by("kz.police", PLAN, Information(text="news"))))
    return canonical(statement | {"content": {"kind": "prepared", "units": [{"a": 1}] * (size // 8)}})


def checkpoints(size: int) -> bytes:
    """A plan with thousands of checkpoints that are none."""
    return canonical(plain(PLAN) | {"checkpoints": [{}] * (size // 3)})


def marks(size: int) -> bytes:
    """A statement with a letter under thousands of marks, in text that is composed (NFC) before it is compared."""
    statement = plain(read_statement(said_by("kz.police", PLAN, Information(text="news"))))
    seal = {"number": "KZ-0048213", "security": "H", "maker": "a" + "\u0315\u0327" * (size // 4)}
    return canonical(statement | {"content": {"kind": "prepared", "sample_seals": [seal]}})


def numbers(size: int) -> bytes:
    """The same in a plan."""
    number = {"scheme": "other", "value": "a" + "\u0315\u0327" * (size // 4)}
    return canonical(plain(PLAN) | {"consignment": plain(PLAN.consignment) | {"identifiers": [number]}})


PLAN = example_plan("almaty-tashkent")
ATTACKS: tuple[Callable[[int], bytes], ...] = (members, objects, depth, quotes, name, parts, checkpoints, marks, numbers)


def outside(body: bytes) -> None:
    """The body is the attack."""
    try:
        Envelope.model_validate_json(bounded(body))
    except ValidationError as error:
        faults_of(error)


def inside(envelope: Envelope) -> None:
    """The body is an envelope, signed as it should be; what is in it is the attack."""
    with suppress(Malformed):
        read_statement(envelope)
    read_plan(envelope)


def timed(what: Callable[[], None]) -> float:
    """Seconds of the quickest of some rounds; what is refused is refused."""

    def once() -> Iterator[float]:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with suppress(Malformed):
                what()
            yield time.perf_counter() - began

    return min(once())


def main() -> None:
    """One line for each attack and size."""
    key = private_key_of("kz.knb")
    sys.stdout.write(f"{'attack':<12}{'where':<10}{'bytes':>10}{'ms':>10}{'ns/byte':>10}\n")
    for attack in ATTACKS:
        for size in SIZES:
            body = attack(size)
            _say(attack, "outside", body, partial(outside, body))
            if len(body) <= 500_000:
                envelope = sign(body, STATEMENT_TYPE, key)
                _say(attack, "inside", body, partial(inside, envelope))


def _say(attack: Callable[[int], bytes], where: str, body: bytes, what: Callable[[], None]) -> None:
    seconds = timed(what)
    sys.stdout.write(f"{attack.__name__:<12}{where:<10}{len(body):>10}{seconds * 1e3:>10.2f}{seconds * 1e9 / len(body):>10.0f}\n")


if __name__ == "__main__":
    main()
