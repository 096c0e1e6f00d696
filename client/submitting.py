"""Handing in: one signed statement, the same bytes until it is acknowledged; and files of statements, which wait or are carried.

A statement that has been signed is never thrown away: what no gateway takes is kept in a file, and handed in again it counts
once, because it is the same statement.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TypeVar

from pydantic import ValidationError

from client import carrying
from client.console import talk
from client.language import _, speak
from client.running import ASKS
from domain.delivery.ledger import Left
from domain.delivery.statement import Statement
from domain.plan.slips import by_its_beginning, written_by_people
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, Unavailable, VigilError, faults_of
from protocol.gateway import Gateway

T = TypeVar("T")

KEEP_TRYING = 20.0
"""Seconds for which the gateway is asked again before the statement is kept in a file."""
PAUSE = 1.0
HEAD = 1_000
"""Bytes by which a file of quite another kind is known."""


async def again(ask: Callable[[], Awaitable[T]], say: Callable[[str], None]) -> T:
    """The gateway's answer to what is signed: the same bytes are sent again while it is away, for an answer may be lost after
    they counted. Raises what it refuses with, or `Unavailable`.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + KEEP_TRYING
    while True:
        try:
            return await ask()
        except Unavailable as error:
            if loop.time() + PAUSE > until:
                raise
            say(_("{message}; trying again with the same statement ...", message=error.told_in(speak)[0]))
        await asyncio.sleep(PAUSE)


async def hand_in(
    gateway: Gateway, envelope: Envelope, say: Callable[[str], None], *, to: str | None = None, file: Path | None = None
) -> SignedReceipt | Left:
    """The gateway's answer. `to`: one of several deliveries that it is about (R31). `file`: where it is kept already.

    Raises what it refuses with, or `Unavailable` once the statement is kept in a file: what is refused after an answer was lost
    may have been recorded before.
    """
    statement = read_statement(envelope)
    lost: list[str] = []

    def told(text: str) -> None:
        lost.append(text)
        say(text)

    try:
        return await again(lambda: gateway.submit(to or statement.delivery, envelope), told)
    except VigilError as error:
        if not (lost or isinstance(error, Unavailable)):
            raise
        raise Unavailable(error.message, hint=_kept(envelope, file, gateway.caller)) from error


@contextmanager
def kept_where_interrupted(envelope: Envelope, file: Path | None, by: str) -> Iterator[None]:
    """Where somebody waits for the answer no longer, or the terminal is closed, the statement is kept in a file too: it may have
    been recorded, and signed anew it would be another. `by`: who carries it, which need not be who has signed it.
    """
    heeded = [number for number in ASKS if signal.getsignal(number) is not signal.SIG_IGN]  # as `nohup` has it
    before = {number: signal.signal(number, signal.default_int_handler) for number in heeded}
    try:
        yield
    except KeyboardInterrupt:
        talk.print(_kept(envelope, file, by), markup=False)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def submitting(path: Path, by: str) -> str:
    """The command that hands in the statement of a file, as it is typed."""
    return f"vigil submit {quote(str(path))} --as {by}"


def _kept(envelope: Envelope, file: Path | None, by: str) -> str:
    path = file or keep(envelope)  # what came encrypted is not written in clear
    command = submitting(path, by)
    return _("the signed statement is kept in {path}: hand it in with `{command}`; it counts once", path=path, command=command)


def keep(envelope: Envelope, to: str | None = None, directory: Path | None = None) -> Path:
    """A file of the statement in this folder, for its owner only; `to`: encrypted for one reader."""
    statement = read_statement(envelope)
    path = Path(f"{statement.delivery}.{statement.id}.statement.json")
    try:
        return carrying.write(path, envelope.model_dump_json().encode() + b"\n", to, directory)
    except OSError as error:
        raise VigilError(_("the statement cannot be kept in {path}: {why}", path=path, why=error.strerror)) from error


def kept(path: Path, folder: Path | None = None, service: str | None = None) -> tuple[Envelope, Statement]:
    """The statement in a file, decrypted if need be. Raises what `carrying.read` raises, or `Malformed`."""
    try:
        data = carrying.read(path, folder, service)
        envelope = Envelope.model_validate_json(data)
    except ValidationError as error:
        if (what := by_its_beginning(data[:HEAD]) or written_by_people(data[:HEAD])) is not None:
            message = _("{path}: this is {kind}, and a signed statement is wanted here", path=path, kind=speak(what))
            raise Malformed(message, hint=_("`vigil confirm --offline` writes one")) from error
        raise Malformed(_("{path} holds no signed statement", path=path), faults_of(error)) from error
    return envelope, read_statement(envelope)
