"""docs/reference is what the code has: commands, calls, and fields of plan and packet."""

from pathlib import Path

import pytest

from client.cli import ORDER
from gateway.api import routes
from tests.docs.reference import FOLDER, pages


@pytest.mark.parametrize("page", sorted(FOLDER.iterdir()), ids=lambda page: page.stem)
def test_a_page_is_what_the_code_makes(page: Path) -> None:
    """A command, option, call or field that has changed stands there as it is now, byte for byte."""
    assert pages()[page] == page.read_text(encoding="utf-8"), "out of date: `make reference`"


def test_nothing_else_lies_there() -> None:
    """No page is left of what is no more."""
    assert set(pages()) == set(FOLDER.iterdir())


def test_each_command_and_each_call_has_its_heading() -> None:
    """A reader finds each by its name, once."""
    said = [line for text in pages().values() for line in text.splitlines() if line.startswith("### ")]
    wanted = [f"### vigil {name}" for name in ORDER] + [f"### {one.method} {one.path}" for one in routes]  # type: ignore[attr-defined]

    assert [1] * len(wanted) == [said.count(one) for one in wanted]
    assert 70 < len(wanted)
