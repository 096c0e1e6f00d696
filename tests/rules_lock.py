"""`domain/rules/rules.lock`: a digest of each file that has versions, so that no change of the rules is made by the way.

`make rules-lock` writes it anew, for the newest version.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from domain.rules.books import newest
from process.builds import ROOT, VERSIONED, digests

LOCK = Path("domain/rules/rules.lock")

WHAT_TO_DO = """\
Before the first release: record the golden ledgers anew (`make golden`), lock again (`make rules-lock`), and say in the
commit why the law changes. After it this is a new version: move what was so until now to `domain/rules/frozen/before_N.py`,
raise the number in `domain/rules/books.py`, record golden ledgers of the new version and lock again. Older ones stay."""


def text() -> str:
    """The lock as it would be now."""
    lines = [f"{digest}  {path}" for path, digest in digests(*VERSIONED).items()]
    return "\n".join((f"version {newest().version}", *lines, ""))


def locked(written: str) -> tuple[int, Mapping[str, str]]:
    """Version and digests by path, of a lock that was written."""
    first, *lines = written.splitlines()
    pairs = (line.split("  ", 1) for line in lines)
    return int(first.removeprefix("version ")), {path: digest for digest, path in pairs}


def differences(written: str) -> tuple[str, ...]:
    """Each file that differs from what is locked, is not locked, or is not there any more."""
    version, known = locked(written)
    now = digests(*VERSIONED)
    found = [path for path in sorted({*known, *now}) if known.get(path) != now.get(path)]
    return (*([] if version == newest().version else [f"version {version}, not {newest().version}"]), *found)


if __name__ == "__main__":
    (ROOT / LOCK).write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{LOCK}: version {newest().version}, {len(digests(*VERSIONED))} files\n")
