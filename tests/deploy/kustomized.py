"""Holds what the tests build of `deploy/kustomize/` against what kustomize itself makes: `python -m tests.deploy.kustomized`.

Tests build each overlay themselves, so that they need no such program. `KUSTOMIZE` names it; else it is `kustomize`, or `kubectl
kustomize`. This ends with 1 where something differs, and with 3 where there is none.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import Any

from ruamel.yaml import YAML

from tests.deploy.test_kustomize import HERE, OVERLAYS, built, named


def program() -> tuple[list[str], list[str]] | None:
    """The command that builds a folder, and the one that says its version."""
    chosen = os.environ.get("KUSTOMIZE")
    if chosen:
        return [*shlex.split(chosen), "build"], [*shlex.split(chosen), "version"]
    if shutil.which("kustomize"):
        return ["kustomize", "build"], ["kustomize", "version"]
    return (["kubectl", "kustomize"], ["kubectl", "version", "--client"]) if shutil.which("kubectl") else None


def made(text: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What kustomize has made, without the digest that it adds to a name."""
    plain = re.sub(r"\b(settings|namespace-script)-[0-9a-z]{10}\b", r"\1", text)
    return {named(one): one for one in YAML(typ="safe", pure=True).load_all(plain)}


def main() -> int:
    """The code to end with."""
    found = program()
    if found is None:
        sys.stderr.write("neither kustomize nor kubectl is here; KUSTOMIZE=/path/to/kustomize names one\n")
        return 3
    build, version = found
    said, well = [_said(*version)], True
    for overlay in OVERLAYS:
        ours, theirs = built(overlay), made(_said(*build, str(HERE / overlay)))
        apart = [one for one in {**ours, **theirs} if ours.get(one) != theirs.get(one)]
        said += [f"{overlay}: {' '.join(one)} differs:\n  {ours.get(one)}\n  {theirs.get(one)}" for one in apart]
        said += [f"{overlay}: the same {len(ours)} resources"] if not apart else []
        well = well and not apart
    sys.stdout.writelines(f"{line}\n" for line in said)
    return 0 if well else 1


def _said(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
