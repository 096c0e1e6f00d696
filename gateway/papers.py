"""Papers of deliveries, for readers that have proved who they are: which there are, and one of them as a file."""

from functools import partial
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from domain.delivery.delivery import Delivery
from domain.papers.handed import Format, PaperFile
from domain.papers.making import Made, Offered, Wanted, allowed, make, offered, purpose_of, record_of, to_make
from domain.papers.record import Record
from domain.plan.directory import Service
from domain.record.packet import Packet, Purpose
from domain.words.errors import Malformed, faults_of
from domain.words.text import mark
from gateway.aside import Aside
from gateway.reading import Reading
from papers.rendering import packed
from process.language import speakers


class Query(BaseModel):
    """How a paper is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Literal["ru", "en", "ru-en"] = "ru"
    format: Format = "html"
    purpose: Purpose = "operation"


def paper_wanted(request: web.Request) -> tuple[Wanted, Format]:
    """What the address of a paper asks for. Raises `Malformed`."""
    try:
        asked = Query.model_validate(dict(request.query))
    except ValidationError as error:
        raise Malformed(mark("a paper is not asked for like that"), faults_of(error)) from error
    return Wanted(request.match_info["name"], asked.language, asked.purpose), asked.format


class Papers:
    """Makes them of what the archive has."""

    def __init__(self, reading: Reading, aside: Aside) -> None:
        self._reading, self._aside = reading, aside

    async def offered(self, caller: Service, delivery: str) -> tuple[Offered, ...]:
        """Which papers the caller may have now. Raises as `Reading.delivery` does."""
        return tuple(offered(Record.of(await self._reading.delivery(caller, delivery)), caller))

    async def paper(self, caller: Service, delivery: str, wanted: Wanted, form: Format) -> tuple[Made, PaperFile]:
        """One of them, and its file. Raises as `Reading.delivery` and `domain.papers.making.make` do."""
        known = await self._reading.delivery(caller, delivery)
        packet, made = _as_it_stands(known, caller, wanted)
        return await self._aside.do(partial(_file, packet, made, caller, wanted, form))


def _as_it_stands(known: Delivery, caller: Service, wanted: Wanted) -> tuple[Packet | None, Made | None]:
    """The paper, or what it is made of once the rules have been run again: that takes long, and needs nothing that changes."""
    record = Record.of(known)
    allowed(record, wanted, caller)
    packet = to_make(record, wanted)
    return (packet, None) if packet is not None else (None, make(record, wanted, speakers(None), caller))


def _file(packet: Packet | None, made: Made | None, caller: Service, wanted: Wanted, form: Format) -> tuple[Made, PaperFile]:
    found = made
    if packet is not None:
        found = make(record_of(packet, purpose_of(wanted)), wanted, speakers(None), caller)
    assert found is not None  # noqa: S101 - it is one or the other
    return found, packed(found, purpose_of(wanted), form)
