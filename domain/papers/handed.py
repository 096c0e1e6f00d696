"""A paper as it is handed over: its file, and what says which paper it is, so that anybody can make it anew."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import Field

from domain.papers.making import Made
from domain.plan.vocabulary import Digest
from domain.record.packet import Purpose
from domain.signing.canonical import Frozen, Verbatim
from domain.words.errors import Malformed
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_NUMBER, MOST_ENTRIES
from domain.words.text import mark

Format = Literal["html", "pdf"]


class Identity(Frozen):
    """Which paper a file is."""

    vigil: Literal["paper/1"] = "paper/1"
    delivery: OperationCode
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{2})?$")]
    purpose: Purpose
    size: Annotated[int, Field(ge=1, le=MOST_ENTRIES)]
    """How many entries of the ledger there were, as far as it rests on them."""
    digest: Digest
    code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]


class PaperFile(Frozen):
    """A paper as it is handed over."""

    paper: Identity
    format: Format
    file: Verbatim
    """Its bytes, in base64."""

    def content(self) -> bytes:
        """The bytes. Raises `Malformed`."""
        try:
            return base64.b64decode(self.file, validate=True)
        except binascii.Error as error:
            raise Malformed(mark("the file of a paper is not in base64")) from error


def identity_of(made: Made, purpose: Purpose) -> Identity:
    """What its file says of it."""
    paper = made.paper
    return Identity(
        delivery=paper.delivery,
        name=paper.name,
        language=paper.language,
        purpose=purpose,
        size=paper.size,
        digest=paper.digest,
        code=paper.code,
    )
