"""Attachments at the door: told of, handed out and handed in. None is held in memory as a whole, and no statement waits for it.

What is handed in is what a statement names that the caller reads, or what it is about to name. The proof of the request is over
the digest of the file, which stands in the address: so it is known before the first byte who answers for which file.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from archive.attachments.files import Files
from domain.plan.attachment import File
from domain.plan.directory import Service
from domain.plan.vocabulary import Digest
from domain.rules.handling import Named
from domain.signing.canonical import Frozen
from domain.views.attachments import FilesOfDelivery, files_of, known_to
from domain.words.errors import Malformed, NotAllowed, NotFound, VigilError, faults_of
from domain.words.text import fill, mark
from gateway.access import CALLER, PROOFS
from gateway.bodies import sized, streamed
from gateway.health import ArchivePulse
from gateway.pages import entrance
from gateway.reads import hands_out, still_may_read
from gateway.reception import Reception

log = logging.getLogger("vigil.gateway")

TIDY_EVERY = 3600.0
"""Seconds between two looks for files that have not come whole, or that nothing names."""


class FileTaken(Frozen):
    """A file has been handed in."""

    digest: Digest
    new: bool
    """False: this service had handed it in before."""


class FileRoom:
    """Serves callers that have proved who they are."""

    def __init__(self, files: Files | None, reception: Reception) -> None:
        """None: this installation keeps no files, and says so."""
        self._files = files
        self._reception = reception
        self.pulse = ArchivePulse(files.beats) if files is not None else None

    @property
    def _kept(self) -> Files:
        if self._files is None:
            message = mark("this installation keeps no attachments")
            raise NotAllowed(message, hint=mark("statements name them all the same; hand the file over otherwise"))
        return self._files

    async def told(self, caller: Service, name: str) -> FilesOfDelivery:
        """The files of what the caller reads, and what it has handed in that nothing names yet."""
        delivery = await self._reception.reading.delivery(caller, name)
        kept = await self._files.kept(name) if self._files is not None else {}
        own = tuple(digest for digest, services in kept.items() if caller.id in services)
        return files_of(delivery, caller, kept, own)

    async def out(self, caller: Service, name: str, digest: str) -> tuple[Named, int, AsyncGenerator[bytes]]:
        """What names a file, how long it is, and what is in it.

        Raises `NotFound` for what is not the caller's to know of, or nobody has handed in, and `NotAllowed` by its code (R23).
        """
        delivery = await self._reception.reading.delivery(caller, name)
        found = [one for one in known_to(delivery, caller) if one.attachment.digest == digest]
        if not found:
            raise NotFound(mark("nothing that you read names such a file"), hint=mark("`vigil attachment list` shows yours"))
        yours = [one for one in found if one.may_be_had(delivery, caller)]
        if not yours:
            message = fill("its handling code {code} keeps it from you (R23)", code=found[0].code(delivery))
            raise NotAllowed(message, hint=fill("ask {service} to permit that it is disclosed", service=found[0].service))
        size, pieces = await self._kept.get(name, digest)
        return yours[0], size, pieces

    async def take(self, caller: Service, name: str, file: File, request: web.Request) -> bool:
        """Take a file; whether it is new. Raises `Malformed` for what is not the file that is said here or was said in a
        statement, and `NotAllowed` where nothing names it and it is too late to, or beyond a quota.
        """
        files, delivery = self._kept, await self._reception.reading.delivery(caller, name)
        known = [one.attachment for one in known_to(delivery, caller) if one.attachment.digest == file.digest]
        if known and not any((one.size, one.media_type) == (file.size, file.media_type) for one in known):
            raise Malformed(mark("what names this file says another size or type"))
        if not known and (delivery.state.ended or not delivery.state.participant(caller.id)):
            message = fill("nothing in {delivery} names this file, and nothing that you say can any more", delivery=name)
            raise NotAllowed(message)

        async def still() -> None:
            await request.app[PROOFS].still(request[CALLER])

        return await files.put(name, caller.id, file, streamed(request), still)

    async def go_on_tidying(self) -> None:
        """Remove what is left over, every hour."""
        while self._files is not None:
            try:
                removed = await self._files.tidy(self._reception.reading.names_files)
                if removed:
                    log.info("files that nothing named, or that had not come whole, were removed", extra={"count": removed})
            except VigilError as error:
                log.warning("nothing is tidied away for now", extra={"code": error.code})
            await asyncio.sleep(TIDY_EVERY)


FILES: web.AppKey[FileRoom] = web.AppKey("files", FileRoom)
_FILE = TypeAdapter(File)


async def nothing_yet(_request: web.Request) -> None:
    """In place of the usual `100 Continue`: a file is not asked for before it is known that it is taken (`streamed`)."""


async def handed_in(request: web.Request) -> FileTaken:
    """Take the file in the body. Raises what `FileRoom.take` does, and what HTTP has for a body that is no file."""
    delivery, digest = request.match_info["delivery"], request.match_info["digest"]
    said = {"digest": digest, "size": sized(request), "media_type": request.query.get("media_type", "")}
    try:
        told = _FILE.validate_python(said)
    except ValidationError as error:
        raise Malformed(mark("that is no file that is taken"), faults_of(error)) from error
    return FileTaken(digest=digest, new=await request.app[FILES].take(request[CALLER].service, delivery, told, request))


async def handed_out(request: web.Request) -> web.StreamResponse:
    """The answer with a file, for a program and for a browser alike, which saves it and shows nothing of it."""
    delivery, digest = request.match_info["delivery"], request.match_info["digest"]
    named, size, pieces = await request.app[FILES].out(request[CALLER].service, delivery, digest)
    async with aclosing(pieces):
        return await _streamed_out(request, named, size, pieces)


async def _streamed_out(request: web.Request, named: Named, size: int, pieces: AsyncGenerator[bytes]) -> web.StreamResponse:
    delivery, digest = request.match_info["delivery"], named.attachment.digest
    first = await anext(pieces)  # what is wrong with the storage shows here
    await hands_out(request, delivery, named.seq, digest)
    answer = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{named.attachment.name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Length": str(size),
        }
    )
    await answer.prepare(request)
    try:
        await answer.write(first)
        looked = monotonic()
        async for piece in pieces:
            if monotonic() - looked >= entrance.CHECKED:  # a long file takes hours on a slow line
                await still_may_read(request)
                looked = monotonic()
            await answer.write(piece)
    except VigilError as error:  # the head has gone out: whoever reads sees that it ends too soon
        log.warning("an attachment was broken off", extra={"code": error.code, "delivery": delivery})
        _break_off(request)
    return answer


def _break_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
