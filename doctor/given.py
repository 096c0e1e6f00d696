"""The settings as far as there are any: what is missing or wrong is a finding, and the rest is looked at all the same."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.findings import Diagnosis, fine, wrong
from domain.words.errors import Malformed
from domain.words.text import fill, mark
from process.settings import Settings, load

NEEDED = ("directory", "cards", "key", "payload_keys")
"""Settings without a default."""


@dataclass(frozen=True)
class Setup:
    """What is set."""

    settings: Settings
    lacks: frozenset[str] = frozenset()
    """Names of settings that are missing or wrong: what stands in their place is none."""

    def path(self, name: str) -> Path | None:
        """A file or folder, where one is named."""
        found = getattr(self.settings, name)
        return None if name in self.lacks or found is None else Path(found)


def given() -> tuple[Setup, tuple[Diagnosis, ...]]:
    """The settings of this environment, and what is to be said of them."""
    try:
        return Setup(load()), (fine("settings", mark("every setting is there, and has a value it may have")),)
    except Malformed as error:
        named = {fault.place.removeprefix("VIGIL_").lower(): fault for fault in error.faults}
    lacks = {name: fault for name, fault in named.items() if name in Settings.model_fields}
    instead: dict[str, Any] = {
        name: Path(os.devnull) if name in NEEDED else Settings.model_fields[name].get_default() for name in lacks
    }
    then = mark("set it where the processes read it; deploy/README.md has every setting")
    found = [
        wrong("settings", fill("{place}: {problem}", place=fault.place, problem=fault.problem), then) for fault in named.values()
    ]
    settings = Settings(_env_file=os.environ.get("VIGIL_ENV_FILE"), **instead)
    return Setup(settings, frozenset(lacks)), tuple(found)
