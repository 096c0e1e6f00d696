"""What the tests of documents share."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def usual_ports() -> Iterator[None]:
    """The ports that commands of a document use as they stand: one test at a time, whatever process runs it."""
    with (Path(tempfile.gettempdir()) / "vigil-usual-ports").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
