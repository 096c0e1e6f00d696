"""What the lock pins, what of it Vigil runs with on this machine, and under which licence each is."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement

READ = {"axe-playwright-python": "MIT, and MPL-2.0 for axe-core in it", "pyrage": "MIT"}
"""Their metadata names no licence; a file in their source does."""


@dataclass(frozen=True)
class Pin:
    """One package: the only version, and the only files of it, that are installed."""

    version: str
    digests: frozenset[str]
    """SHA-256, hexadecimal, of each file that may be it."""


def normal(name: str) -> str:
    """A package's name in its one form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, Pin]:
    """Each requirement of a lock, by its name. Raises `ValueError` for a line that is none."""
    found = {}
    for requirement in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines():
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;[^-]+?)?((?:\s+--hash=sha256:[0-9a-f]{64})*)\s*", requirement)
        if match is None:
            raise ValueError(f"not a pinned requirement: {requirement[:80]}")
        found[normal(match[1])] = Pin(match[2], frozenset(re.findall(r"sha256:([0-9a-f]{64})", match[3])))
    return found


def needed(pyproject: Path) -> dict[str, frozenset[str]]:
    """What the project runs with on this machine, each with what it needs itself; tools for developers are not among it.

    Read from what is installed, which `make check` holds against the lock. Raises `PackageNotFoundError` for what is not.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    found: dict[str, set[str]] = {}
    waiting = [(normal(project["name"]), _met(project["dependencies"], ""))]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        found.setdefault(name, set()).update(normal(one.name) for one in wanted)
        for one in wanted:
            for extra in ("", *one.extras):
                below = normal(one.name)
                if (below, extra) not in seen:
                    seen.add((below, extra))
                    waiting.append((below, _met(requires(below) or (), extra)))
    return {name: frozenset(below) for name, below in sorted(found.items())}


def _met(lines: Iterable[str], extra: str) -> list[Requirement]:
    every = map(Requirement, lines)
    return [one for one in every if one.marker is None or one.marker.evaluate({"extra": extra})]


def licence(name: str, said: PackageMetadata | None = None) -> str:
    """Under which licence a package says it is: an SPDX expression or its own words; empty where it says none."""
    known = metadata(name) if said is None else said
    classified = [one.rpartition(" :: ")[2] for one in known.get_all("Classifier") or [] if one.startswith("License ::")]
    classified = [one for one in classified if one != "OSI Approved"]  # which says nothing
    named, own = (", ".join(known.get_all(one) or []) for one in ("License-Expression", "License"))
    return named or ", ".join(classified) or own or READ.get(name, "")


def again(known: Mapping[str, Pin]) -> str:
    """A lock of these packages alone, as pip reads it."""
    lines = (
        (f"{name}=={pin.version}", *(f"--hash=sha256:{one}" for one in sorted(pin.digests)))
        for name, pin in sorted(known.items())
    )
    return "".join(f"{' '.join(line)}\n" for line in lines)
