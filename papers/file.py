"""A file says by itself which paper it is, as JSON in HTML and among the keywords in PDF: so it can be made anew and compared."""

import base64
import binascii
import json
import re
from typing import Annotated

from pydantic import Field, ValidationError

from domain.papers.making import Made
from domain.plan.vocabulary import Digest
from domain.record.packet import Purpose
from domain.signing.canonical import Frozen
from domain.words.errors import Malformed
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_NUMBER, MOST_ENTRIES

LARGEST_PAPER = 8_000_000
"""Bytes of a file that is taken for a paper."""
_IN_HTML = re.compile(rb'<script type="application/json" id="vigil-paper">([^<]{1,4000})</script>')
_IN_PDF = re.compile(rb"vigil-paper:([A-Za-z0-9_-]{1,4000})")


class Identity(Frozen):
    """Which paper a file is."""

    vigil: Annotated[str, Field(pattern=r"^paper/1$")] = "paper/1"
    delivery: OperationCode
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]{2})?$")]
    purpose: Purpose
    size: Annotated[int, Field(ge=1, le=MOST_ENTRIES)]
    """How many entries of the ledger there were, as far as it rests on them."""
    digest: Digest
    code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]


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


def in_html(identity: Identity) -> str:
    """As JSON in which no character begins a tag."""
    return identity.model_dump_json().replace("<", "\\u003c")


def in_pdf(identity: Identity) -> str:
    """As one keyword, of characters that every writer of PDF keeps."""
    return "vigil-paper:" + base64.urlsafe_b64encode(identity.model_dump_json().encode()).decode().rstrip("=")


def read(data: bytes) -> Identity:
    """Which paper this file says that it is. Raises `Malformed` for a file that is none."""
    if len(data) > LARGEST_PAPER:
        raise Malformed(f"a paper has {LARGEST_PAPER} bytes at most")
    try:
        if is_pdf(data):
            found = _IN_PDF.search(data)
            text = base64.urlsafe_b64decode(found[1] + b"=" * (-len(found[1]) % 4)) if found else b""
        else:
            found = _IN_HTML.search(data)
            text = found[1] if found else b""
        return Identity.model_validate(json.loads(text))
    except (ValidationError, ValueError, binascii.Error) as error:
        raise Malformed("this file does not say which paper it is: it is none that Vigil has made, or not a whole one") from error


def is_pdf(data: bytes) -> bool:
    """Whether it is PDF; else it is taken for HTML."""
    return data.startswith(b"%PDF-")
