"""The versions that are installed side by side (`deploy/bundle/install.sh`), and to which of them one can change over."""

import sys
from asyncio import to_thread
from collections.abc import AsyncGenerator
from pathlib import Path

from archive.database import known
from doctor.findings import Finding, fine, some
from doctor.given import Given
from domain.rules.books import BOOK
from domain.words.text import fill

MADE_FOR = "made-for"
"""The file of an installed version that says what it is; it is put there last, so whatever has it is whole."""


async def side_by_side(_given: Given) -> AsyncGenerator[Finding]:
    """Every other version beside this one; nothing where this one was installed otherwise."""
    for one in others(await to_thread(Path(sys.prefix).resolve), known(), BOOK.version):
        yield one


def others(environment: Path, migrations: tuple[str, ...], rules: int) -> list[Finding]:
    """What is to be said of each version in a folder beside that of this one, which has these migrations and rules."""
    here = environment.parent
    if not (here / MADE_FOR).is_file():
        return []
    found = []
    for folder in sorted(here.parent.iterdir()):
        if folder == here or not (folder / MADE_FOR).is_file():
            continue
        lines = (folder / MADE_FOR).read_text(encoding="utf-8").splitlines()
        about = dict(line.split("=", 1) for line in lines if "=" in line)
        unknown = [one for one in migrations if one not in about.get("migrations", "").split()]
        older = not about.get("rules", "").isdigit() or int(about["rules"]) < rules
        what = (
            fill(
                "{version} is beside this one, and does not know the migrations {unknown}, which cannot be undone: "
                "to change over to it takes the backup from before them",
                version=folder.name,
                unknown=some(unknown),
            )
            if unknown
            else fill(
                "{version} is beside this one, and does not have rules {rules}: "
                "to change over to it takes the backup from before them",
                version=folder.name,
                rules=rules,
            )
            if older
            else fill("{version} is beside this one, and can be changed over to as things are", version=folder.name)
        )
        found.append(fine("versions", what))
    return found
