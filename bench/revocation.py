"""How soon a change of keys binds the whole installation: another gateway than the one that has taken it, and the worker.

`python -m bench.revocation` on real processes, with two gateways over one archive, in PostgreSQL where that is installed. In each
round a service is given a key at one gateway and speaks with it at the other; then that key is revoked at the first one. It
speaks meanwhile, one statement after the other: at the second gateway, and straight to the worker, as a gateway would hand in
that has not heard of it. What was handed in after the revocation's answer is refused, or is counted as taken too late.

The answer comes a second after the key has ended, since deliveries are looked for once more that have just started.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figures import figures, machine
from bench.several import Several, standing
from bench.shape import Script, pattern, script
from domain.delivery.statement import sign_statement
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import NotAuthentic, Unavailable
from gateway.temporal import as_ours
from process.serve import leave
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.installation import VIGIL_KEY, said_by
from workflows import messages
from workflows.messages import hand_in, update_id

ROUNDS: Final = 20
MOST_ROUNDS: Final = 50
"""Each makes a key, and a directory carries so many in all."""
PAUSE: Final = 0.02
"""Seconds between two statements: so much less often than what is measured is looked at."""
PATIENCE: Final = 60.0
OTHER, WORKER = "the other gateway", "the worker"
"""Where it speaks."""

Hand = Callable[[Envelope], Awaitable[bool]]
"""Hand in a statement; whether it has a receipt, or its signature is refused. Raises `Unavailable`."""


@dataclass(frozen=True)
class Spoken:
    """A statement that was handed in: when, when it was answered, and whether it was taken."""

    sent: float
    answered: float
    taken: bool


@dataclass
class Voice:
    """A service that speaks at one door with one key, one statement after the other."""

    hand: Hand
    make: Callable[[], Envelope]
    spoken: list[Spoken] = field(default_factory=list)
    hushed: bool = False

    async def go_on(self) -> None:
        """Until it is hushed. What nobody has judged is no answer."""
        while not self.hushed:
            envelope, sent = self.make(), time.perf_counter()
            with suppress(Unavailable):
                taken = await self.hand(envelope)
                self.spoken.append(Spoken(sent, time.perf_counter(), taken))
            await asyncio.sleep(PAUSE)

    async def until(self, done: Callable[[Spoken], bool]) -> Spoken:
        """The first statement of which this is so. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            while (found := next((one for one in self.spoken if done(one)), None)) is None:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(PAUSE / 4)
        return found


@dataclass
class Revoking:
    """Two gateways with a delivery under way, and what was measured."""

    at: Several
    http: aiohttp.ClientSession
    own: Script
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds of each thing."""
    too_late: dict[str, int] = field(default_factory=lambda: dict.fromkeys((OTHER, WORKER), 0))
    """Statements under a revoked key that were handed in after the answer, and taken."""

    def door(self, service: str, gateway: int) -> Gateway:
        """One of the gateways, as this service calls it with a key that stays."""
        return Gateway(self.http, self.at.services.gateways[gateway], service, private_key_of(service))

    async def round(self, service: str) -> None:
        """A key begins to count, and counts no more."""
        key = Ed25519PrivateKey.generate()
        await self._begins(service, key)
        voices = {name: Voice(hand, lambda: self._said(service, key)) for name, hand in self._hands(service).items()}
        async with asyncio.TaskGroup() as group:
            for one in voices.values():
                group.create_task(one.go_on())
            for one in voices.values():
                await one.until(lambda spoken: spoken.taken)
            await self._ends(service, key, voices)
            for one in voices.values():  # a call to Temporal that is cancelled would look like one that nobody answers
                one.hushed = True

    async def _begins(self, service: str, key: Ed25519PrivateKey) -> None:
        """The service gives itself a key at one gateway, and speaks with it at the other."""
        added = ServiceKey(public=public_text(key), valid_from=datetime.now(UTC).isoformat())
        await self._change(service, added=(added,))
        answered = time.perf_counter()
        assert await self._to_gateway(service, self._said(service, key)), "a new key does not count at the other gateway"
        self.took["a new key: answered, until its word has a receipt of the other gateway"].append(time.perf_counter() - answered)

    async def _ends(self, service: str, key: Ed25519PrivateKey, voices: Mapping[str, Voice]) -> None:
        """The key is revoked at one gateway: when nobody takes its word any more."""
        end = KeyEnd(key=key_id(public_text(key)), at=datetime.now(UTC).isoformat(), revoked=True)
        asked = time.perf_counter()
        await self._change(service, ended=(end,))
        answered = time.perf_counter()
        self.took["a revocation: asked, until its answer"].append(answered - asked)
        for name, voice in voices.items():
            first = await voice.until(lambda spoken: spoken.sent >= asked and not spoken.taken)
            after = await voice.until(lambda spoken: spoken.sent >= answered and not spoken.taken)
            self.took[f"asked, until {name} refuses"].append(first.answered - asked)
            self.took[f"answered, until {name} has refused what came after it"].append(after.answered - answered)
        for name, voice in voices.items():
            self.too_late[name] += sum(one.taken for one in voice.spoken if one.sent >= answered)

    async def _change(self, service: str, **says: Any) -> None:
        """The service changes its keys at one gateway, by the key that stays."""
        change = KeyChange(service=service, by=service, made_at=datetime.now(UTC).isoformat(), **says)
        taken = await self.door(service, 0).change_keys(sign(canonical(change), KEYS_TYPE, private_key_of(service)))
        assert not taken.refused, taken.refused

    def _said(self, service: str, key: Ed25519PrivateKey) -> Envelope:
        said = read_statement(said_by(service, self.own.plan, Information(text=uuid.uuid4().hex)))
        return sign_statement(said, key)

    def _hands(self, service: str) -> Mapping[str, Hand]:
        async def to_gateway(envelope: Envelope) -> bool:
            return await self._to_gateway(service, envelope)

        return {OTHER: to_gateway, WORKER: self._to_worker}

    async def _to_gateway(self, service: str, envelope: Envelope) -> bool:
        try:
            given = await self.door(service, 1).submit(self.own.plan.operation, envelope)
        except NotAuthentic:
            return False
        if not isinstance(given, SignedReceipt):
            raise Unavailable("it was left and not judged")
        return True

    async def _to_worker(self, envelope: Envelope) -> bool:
        delivery = self.own.plan.operation
        handed = hand_in(envelope, delivery, datetime.now(UTC), VIGIL_KEY)
        try:
            with as_ours(delivery):
                await self.at.way.handle(self.own).execute_update(
                    messages.SUBMIT, handed, id=update_id(envelope), result_type=messages.ANSWER
                )
        except NotAuthentic:
            return False
        return True


async def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """All of it, as one document."""
    async with standing(folder) as at, aiohttp.ClientSession() as http:
        await at.grow(1, 2)
        own = script(pattern())
        await at.way.begin(own)
        found, services = Revoking(at, http, own), own.plan.participants()
        for number in range(rounds):
            await found.round(services[number % len(services)])
    return {
        "machine": machine(),
        "archive": at.archive,
        "rounds": rounds,
        "milliseconds": {name: figures(took if len(took) > 1 else took * 2) for name, took in found.took.items()},
        "taken_after_the_answer": found.too_late,
    }


def table(document: Mapping[str, Any]) -> str:
    """For people."""
    lines = [f"{document['rounds']} rounds; the archive is in {document['archive']}\n"]
    for name, found in document["milliseconds"].items():
        lines.append(f"{name:<76}" + "".join(f"   {what} {value:8.1f} ms" for what, value in found.items()) + "\n")
    late = ", ".join(f"{count} by {name}" for name, count in document["taken_after_the_answer"].items())
    return "".join([*lines, f"taken though it came after the answer: {late}\n"])


async def main() -> int:
    """On an installation of its own; 1 if anything was taken under a revoked key after the answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, choices=range(1, MOST_ROUNDS + 1), metavar=f"1..{MOST_ROUNDS}")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-revocation-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    document = await measure(folder, chosen.rounds)
    shutil.rmtree(folder)
    sys.stdout.write(json.dumps(document) + "\n" if chosen.output == "json" else table(document))
    return int(any(document["taken_after_the_answer"].values()))


if __name__ == "__main__":
    leave(asyncio.run(main()))
