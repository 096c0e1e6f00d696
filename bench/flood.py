"""One participant with valid keys, at every door of the gateway at once (`bench.doors`): what it may say and ask, and what it may
not, over and over.

`python -m bench.flood URL PLAN SERVICE OTHER` says that it is ready, floods from a line on its standard input until that ends,
and then says what each door answered, as one JSON document. PLAN: a file with the delivery's plan. SERVICE floods, and carries
statements that bear the name of OTHER. `flooding` has several do so side by side.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from yarl import URL

from bench.doors import OFFICER, Door, Participant
from domain.plan.plan import Plan
from protocol.calls import Signer
from rehearsal.services import private_key_of

LONGEST: Final = aiohttp.ClientTimeout(total=30)
PATIENCE: Final = 60.0
"""Seconds in which a process that floods has ended."""
READY: Final = b"ready\n"
SAME: Final = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a request that a page of the gateway makes."""
Answers = Mapping[str, Mapping[str, int]]
"""How often each door answered what: a status, or why there was none."""


@dataclass
class Knocking:
    """A participant at the gateway's doors: with proofs, and with a browser in which it is signed in."""

    http: aiohttp.ClientSession
    url: str
    signer: Signer
    cookie: str = ""

    async def sign_in(self) -> None:
        """With a link of its own."""
        link = f"{self.url}/v1/sign-in"
        async with self.http.post(link, headers={"Authorization": self.signer.proof("POST", link, b"")}) as answer:
            token = (await answer.json())["token"]
        async with self.http.post(f"{self.url}/desk/in", json={"token": token}, headers=SAME) as entered:
            self.cookie = entered.headers["Set-Cookie"].partition(";")[0]

    @asynccontextmanager
    async def asked(self, door: Door) -> AsyncIterator[aiohttp.ClientResponse]:
        """Knock once."""
        sent = door.make()
        address = URL(f"{self.url}{sent.path}", encoded=True)
        headers = {"Content-Type": "application/octet-stream" if sent.file else "application/json"}
        if door.is_page:
            headers |= {"Cookie": self.cookie, **SAME}
        else:
            headers["Authorization"] = self.signer.proof(door.method, str(address), sent.file or sent.body)
        async with self.http.request(
            door.method, address, data=sent.body, headers=headers, timeout=LONGEST, allow_redirects=False
        ) as answer:
            yield answer


async def flood(url: str, who: Participant, enough: asyncio.Event) -> Answers:
    """Knock at all of them until it is enough; what came of it."""
    answers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    async def again_and_again(door: Door) -> None:
        while True:
            try:
                async with at.asked(door) as answer:
                    answers[door.name][str(answer.status)] += 1  # a stream has no end of its own
                    async for _ in answer.content.iter_any():
                        pass
            except (aiohttp.ClientError, OSError) as error:  # a timeout among them
                answers[door.name][type(error).__name__] += 1
            await asyncio.sleep(0)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as http:
        at = Knocking(http, url, Signer(who.name, private_key_of(who.name), OFFICER))
        await at.sign_in()
        tasks = [asyncio.create_task(again_and_again(door)) for door in who.doors() for _ in range(door.at_once)]
        await enough.wait()
        for task in tasks:
            task.cancel()
        came = await asyncio.gather(*tasks, return_exceptions=True)
        for one in came:
            if isinstance(one, Exception):  # nobody knocked there any more
                raise one
    return answers


@dataclass
class Flood:
    """Processes that are ready to flood, one for each hostile participant."""

    processes: Mapping[str, asyncio.subprocess.Process]
    answers: dict[str, Answers] = field(default_factory=dict)
    """Of each of them, once it is over."""

    async def begin(self) -> None:
        """Have them flood, all at once."""
        for process in self.processes.values():
            assert process.stdin is not None
            process.stdin.write(b"\n")
            await process.stdin.drain()

    async def end(self) -> None:
        """Have them end, and say what came of it. Raises `TimeoutError`."""
        for process in self.processes.values():
            assert process.stdin is not None
            process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            for name, process in self.processes.items():
                assert process.stdout is not None
                said = await process.stdout.read()
                assert await process.wait() == 0, f"the flood of {name} did not go to its end"
                self.answers[name] = json.loads(said)


@asynccontextmanager
async def flooding(url: str, plan: Plan, hostile: Sequence[str], other: str, folder: Path) -> AsyncIterator[Flood]:
    """These participants are ready to flood, each in a process of its own; what is still there at the end is ended."""
    file, processes = folder / "plan.json", dict[str, asyncio.subprocess.Process]()
    file.write_text(plan.model_dump_json(), encoding="utf-8")
    try:
        for name in hostile:
            command, pipe = (sys.executable, "-m", "bench.flood", url, str(file), name, other), asyncio.subprocess.PIPE
            processes[name] = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        for process in processes.values():
            assert process.stdout is not None
            assert await process.stdout.readline() == READY
        yield Flood(processes)
    finally:
        for process in processes.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


def told(answers: Answers) -> str:
    """For people: a line for each door."""
    said = {door: ", ".join(f"{what} x {count}" for what, count in sorted(came.items())) for door, came in answers.items()}
    return "".join(f"  {door:<26}{came}\n" for door, came in said.items())


async def until_told(url: str, who: Participant) -> Answers:
    """Flood from a line on the standard input until its end; nothing, where there is no line."""
    given, enough = asyncio.StreamReader(), asyncio.Event()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(given), sys.stdin)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    if not await given.readline():
        return {}

    async def wait() -> None:
        await given.read()
        enough.set()

    waiting = asyncio.create_task(wait())
    answers = await flood(url, who, enough)
    await waiting
    return answers


def main() -> None:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "plan", "service", "other"):
        parser.add_argument(name)
    chosen: Any = parser.parse_args()
    who = Participant(Plan.model_validate_json(Path(chosen.plan).read_bytes()), chosen.service, chosen.other)
    sys.stdout.write(json.dumps(asyncio.run(until_told(chosen.url, who))) + "\n")


if __name__ == "__main__":
    main()
