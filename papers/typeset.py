"""The process that makes one PDF: a paper as JSON comes in, the file goes out. It loads nothing but the typesetter."""

import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typst

TEMPLATE = Path(__file__).parent / "templates" / "paper.typ"
MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""What the file says of when it was made: when is no part of a paper."""
SECONDS = 60
"""Of work that one paper may take: the largest takes a few."""
MEMORY = 2 * 1024**3
"""Bytes of address space that it may take."""


def typeset(given: bytes, output: Literal["pdf", "png"] = "pdf") -> bytes | list[bytes]:
    """What the template makes of it: the bytes of a PDF, or of one picture for each page."""
    made = typst.compile(
        TEMPLATE.read_bytes(), format=output, ignore_system_fonts=True, sys_inputs={"given": given.decode()}, timestamp=MADE
    )
    assert made is not None  # noqa: S101 - it is none only where an output file is named
    return made


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    made = typeset(sys.stdin.buffer.read())
    assert isinstance(made, bytes)  # noqa: S101 - a PDF is one file
    sys.stdout.buffer.write(made)
