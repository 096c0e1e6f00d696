"""The settings as far as there are any: what is missing or wrong is a finding, and the rest is looked at all the same."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_settings import DotEnvSettingsSource

from doctor.findings import Diagnosis, fine, wrong
from domain.words.errors import Malformed
from domain.words.text import fill, mark
from process.settings import Settings, load

OF_LIBRARIES = ("PGSSL", "SSL_CERT_")
"""How variables begin by which the archive's driver, and whoever looks at certificates, are told whom to trust."""
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


def as_processes_have_it() -> None:
    """What libraries read of the environment stands there as the processes have it, to whom a service manager gives all of the
    file of settings, and nothing of the shell of whoever looks.
    """
    file = os.environ.get("VIGIL_ENV_FILE")
    for name, value in DotEnvSettingsSource(Settings, env_file=file).env_vars.items() if file else ():
        if name.upper().startswith(OF_LIBRARIES) and value:
            os.environ[name.upper()] = value


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
