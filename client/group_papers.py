"""The papers of an operation of several consignments as one set: each paper of each, and a list of them that is filed with it."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.language import _, speak
from domain.papers.handed import Format
from domain.papers.making import Offered, Wanted, purpose_of
from domain.words.errors import NotAllowed, NotFound, RuleBroken, VigilError
from process.files import write_new
from protocol.gateway import Gateway

LIST = "list.txt"
"""What is in a set, and what is not; beside the folders of the consignments."""


@dataclass(frozen=True)
class Drawn:
    """One paper of the set."""

    delivery: str
    offered: Offered
    file: str = ""
    code: str = ""
    refused: VigilError | None = None
    """Why it is not in the set."""

    def document(self) -> dict[str, Any]:
        """For programs."""
        told = {"delivery": self.delivery, "name": self.offered.name, "title": self.offered.title, "of": self.offered.of}
        if self.refused is not None:
            return told | {"refused": self.refused.code, "why": self.refused.message}
        return told | {"file": self.file, "code": self.code}

    def line(self) -> str:
        """For people: what it is, its code and its file; or why it is not there."""
        what = f"{speak(self.offered.title)} {self.offered.of}".rstrip()
        if self.refused is not None:
            return _(
                "  {paper}: not in the set: {why}", paper=f"{what} ({self.offered.name})", why=self.refused.told_in(speak)[0]
            )
        return _("  {paper}: {code}, {file}", paper=what, code=self.code, file=self.file)


@dataclass(frozen=True)
class PaperSet:
    """Where the papers go, in which language and format, and for whose use."""

    folder: Path
    language: str
    form: Format
    purpose: str

    async def drawn(self, door: Gateway, deliveries: Iterable[str]) -> AsyncIterator[Drawn]:
        """Each paper that one may have of each delivery, written. What may not go there, or came to be another's, is told; one
        that is made for a court alone is in no other set.
        """
        for delivery in deliveries:
            for one in await door.papers(delivery):
                language = self.language if self.language in one.languages else one.languages[0]
                if purpose_of(Wanted(one.name, language, self.purpose)) != self.purpose:
                    continue
                try:
                    found = await door.paper(delivery, one.name, language, self.form, self.purpose)
                except (RuleBroken, NotAllowed, NotFound) as error:
                    yield Drawn(delivery, one, refused=error)
                    continue
                path = self.folder / delivery / f"{one.name}.{language}.{self.form}"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_new(path, found.content())
                yield Drawn(delivery, one, str(path.relative_to(self.folder)), found.paper.code)

    def listed(self, group: str, drawn: Iterable[Drawn]) -> tuple[Path, str]:
        """Write the list of the set; where it is, and what it says."""
        text = "\n".join((_("Papers of {group}", group=group), *_by_delivery(drawn), ""))
        path = self.folder / LIST
        self.folder.mkdir(parents=True, exist_ok=True)
        write_new(path, text.encode())
        return path, text


def _by_delivery(drawn: Iterable[Drawn]) -> Iterator[str]:
    delivery = ""
    for one in drawn:
        if one.delivery != delivery:
            delivery = one.delivery
            yield f"\n{delivery}"
        yield one.line()


def document_of(group: str, path: Path, drawn: Iterable[Drawn]) -> dict[str, Any]:
    """The same for programs."""
    return {"group": group, "list": str(path), "papers": [one.document() for one in drawn]}
