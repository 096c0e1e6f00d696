"""The reference service of `examples/reference-service`, for tests: as a process, or in a thread with a fault put into it."""

import asyncio
import importlib
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.signing.keys import private_pem, public_text
from rehearsal.services import SECOND, VIGIL, private_key_of
from tests.support import EXAMPLES

FOLDER = EXAMPLES / "reference-service"
SERVICE = "uz.prosecutor"
PATIENCE = 20

sys.path.insert(0, str(FOLDER))
reference: Any = importlib.import_module("service")
protocol: Any = importlib.import_module("vigil_protocol")


def configured(
    folder: Path,
    port: int,
    *,
    gateway: str | None,
    vigil: Ed25519PrivateKey | None = None,
    policy: Path = FOLDER / "policy.json",
    listen: int | None = None,
) -> Path:
    """A configuration file, with the key that the service has in a rehearsal. It trusts the rehearsal's Vigil, or another.
    `listen`: its own port, where what is at `port` passes on to it.
    """
    (folder / "service.pem").write_bytes(private_pem(private_key_of(SERVICE)))
    (folder / "second.pem").write_bytes(private_pem(private_key_of(f"{SERVICE} {SECOND}")))
    public = public_text(vigil or private_key_of(VIGIL))
    lines = [
        f'service = "{SERVICE}"',
        f'url = "http://127.0.0.1:{port}/vigil"',
        'key = "service.pem"',
        'database = "service.sqlite"',
        f'policy = "{policy}"',
        *([f'listen = "127.0.0.1:{listen}"'] if listen is not None else []),
        *([f'gateway = "{gateway}"'] if gateway else []),
        f'[officers]\n"{SECOND}" = "second.pem"',
        f'[vigil]\nid = "{VIGIL}"\nkeys = ["{public}"]',
    ]
    path = folder / "config.toml"
    path.write_text("\n".join(lines))
    return path


@asynccontextmanager
async def served(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own, once it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, FOLDER / "service.py", "serve", config, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    drained = None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"serves at" not in (line := await process.stderr.readline()):
                assert line, "the service ended before it listened"
        drained = asyncio.create_task(process.stderr.read())  # a full pipe would stop it
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)
        if drained is not None:
            await drained


async def command(*words: object) -> tuple[int, str]:
    """One of the operator's commands: exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, FOLDER / "service.py", *map(str, words), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@asynccontextmanager
async def in_a_thread(config: Path, service: type[Any], handler: type[Any]) -> AsyncIterator[None]:
    """The service, made of these classes, in threads of this process."""
    chosen = reference.Config.read(config)
    quiet = type("Quiet", (handler,), {"log_message": lambda *_: None})
    built = service(chosen, reference.key_in(chosen.key), reference.Store(chosen.database))
    server, stop = reference.Server(built, quiet), threading.Event()
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,)), threading.Thread(target=built.work, args=(stop,))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        built.news.set()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        built.store.close()
