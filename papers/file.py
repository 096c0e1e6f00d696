"""A file says by itself which paper it is, as JSON in HTML and among the keywords in PDF: so it can be made anew and compared."""

import base64
import json
import re

from pydantic import ValidationError

from domain.papers.handed import Identity
from domain.words.errors import Malformed
from domain.words.text import fill, mark

LARGEST_PAPER = 8_000_000
"""Bytes of a file that is taken for a paper."""
_IN_HTML = re.compile(rb'<script type="application/json" id="vigil-paper">([^<]{1,4000})</script>')
_IN_PDF = re.compile(rb"vigil-paper:([A-Za-z0-9_-]{1,4000})")


def in_html(identity: Identity) -> str:
    """As JSON in which no character begins a tag."""
    return identity.model_dump_json().replace("<", "\\u003c")


def in_pdf(identity: Identity) -> str:
    """As one keyword, of characters that every writer of PDF keeps."""
    return "vigil-paper:" + base64.urlsafe_b64encode(identity.model_dump_json().encode()).decode().rstrip("=")


def read(data: bytes) -> Identity:
    """Which paper this file says that it is. Raises `Malformed` for a file that is none."""
    if len(data) > LARGEST_PAPER:
        raise Malformed(fill("a paper has {most} bytes at most", most=LARGEST_PAPER))
    found = (_IN_PDF if is_pdf(data) else _IN_HTML).search(data)
    text = found[1] if found is not None else b""
    try:
        if is_pdf(data):
            text = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        return Identity.model_validate(json.loads(text))
    except (ValidationError, ValueError) as error:
        raise Malformed(
            mark("this file does not say which paper it is: it is none that Vigil has made, or not a whole one")
        ) from error


def is_pdf(data: bytes) -> bool:
    """Whether it is PDF; else it is taken for HTML."""
    return data.startswith(b"%PDF-")
