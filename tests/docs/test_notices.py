"""docs/notices.md says all there is to subscribe to, and what is sent."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from archive import subscriptions as kept
from client import cli
from domain.views.subscriptions import SUBJECTS, Wish
from domain.words.limits import (
    MOST_ON_FLOOR,
    MOST_QUIET,
    MOST_SUBSCRIPTIONS,
    MOST_SUBSCRIPTIONS_IN_ALL,
    MOST_SUBSCRIPTIONS_OF_SERVICE,
)
from gateway.telling import ONE_NOTICE, Teller

TEXT = (Path(__file__).parents[2] / "docs" / "notices.md").read_text(encoding="utf-8")
NOBODY: Any = None


def test_each_subject_has_its_row() -> None:
    """And there is no other."""
    assert [*SUBJECTS] == re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)


def test_what_is_shown_is_what_is_sent_and_taken() -> None:
    """The body of a webhook, and a subscription."""
    sent, taken = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
    real = Teller(NOBODY, NOBODY, "https://vigil.example")._document(3)

    assert real | {"timestamp": sent["timestamp"]} == sent
    assert 2 == len(Wish.model_validate(taken).subjects)


def test_the_figures_are_the_codes() -> None:
    """In words or digits."""
    assert (8, 40, 200, 7, 20_000) == (
        *(MOST_SUBSCRIPTIONS, MOST_SUBSCRIPTIONS_OF_SERVICE, MOST_SUBSCRIPTIONS_IN_ALL),
        *(MOST_QUIET, MOST_ON_FLOOR),
    )
    assert (15, 8, timedelta(minutes=1), timedelta(seconds=5)) == (ONE_NOTICE, kept.MOST_TRIES, kept.GAP, kept.URGENT_GAP)
    assert kept.PAUSE * (2 ** (kept.MOST_TRIES - 1) - 1) < timedelta(hours=1, minutes=5)
    assert kept.MINE > timedelta(seconds=ONE_NOTICE)


def test_each_command_that_is_shown_is_one() -> None:
    """Its options too: each is understood, and fails only for want of a key."""
    for line in re.findall(r"^vigil (notices .*?)(?:  +#.*)?$", TEXT, re.MULTILINE):
        done = CliRunner().invoke(cli.app, [*line.split(), "--keys", "/nowhere"])
        assert 2 != done.exit_code, (line, done.output)
