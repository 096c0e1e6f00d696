"""The versions that are installed side by side (`deploy/bundle/install.sh`), and to which of them one can change over."""

import sys
from asyncio import to_thread
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from doctor.findings import Diagnosis, fine, some
from doctor.given import Setup
from domain.words.text import fill

MADE_FOR = "made-for"
"""The file of an installed version that says what it is; it is put there last, so whatever has it is whole."""


async def side_by_side(_given: Setup) -> AsyncGenerator[Diagnosis]:
    """Every other version beside this one; nothing where this one was installed otherwise."""
    for one in await to_thread(others, Path(sys.prefix)):
        yield one


def others(environment: Path) -> list[Diagnosis]:
    """What is to be said of each version in a folder beside this one, whose environment this is, as `switch.sh` decides it."""
    here = environment.resolve().parent
    if not (here / MADE_FOR).is_file():
        return []
    ours = _about(here)
    folders = [one for one in sorted(here.parent.iterdir()) if one != here and (one / MADE_FOR).is_file()]
    return [fine("versions", _said(folder.name, ours, _about(folder))) for folder in folders]


def _said(name: str, ours: Mapping[str, str], other: Mapping[str, str]) -> str:
    unknown = set(ours.get("migrations", "").split()) - set(other.get("migrations", "").split())
    if unknown:
        return fill(
            "{version} is beside this one, and does not know the migrations {unknown}, which cannot be undone: "
            "to change over to it takes the backup from before them",
            version=name,
            unknown=some(unknown),
        )
    if int(other.get("rules", 0)) < int(ours.get("rules", 0)):
        return fill(
            "{version} is beside this one, and does not have rules {rules}: "
            "to change over to it takes the backup from before them",
            version=name,
            rules=ours["rules"],
        )
    return fill("{version} is beside this one, and can be changed over to as things are", version=name)


def _about(folder: Path) -> dict[str, str]:
    """What the version in this folder says of itself."""
    lines = (folder / MADE_FOR).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
