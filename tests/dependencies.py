"""What we depend on is what the lock says, pinned by digest, under a licence we may use; `make check`, without a network.

With `--advisories` (`make audit`) pip-audit also looks for known vulnerabilities. Where no advisory database can be reached,
or it does not know a package, that is said and the exit code is 3: not having looked is never "clean".
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path

from deploy.bundle.locked import licence, normal, pins

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
NOT_OURS = {"pip", "setuptools", "vigil"}
"""Comes with Python's own venv, or is us."""
PERMISSIVE = re.compile(
    r"\b(MIT|MIT-0|Apache|BSD|ISC|ISCL|PSF|PSFL|Python Software Foundation|MPL|Mozilla Public License|Public Domain)\b",
    re.IGNORECASE,
)
LESSER = ("python-stdnum", "pycountry")
"""LGPL: used unchanged and replaceable, as decision 0006 says."""
DECISION = ROOT / "docs" / "decisions" / "0006-libraries.md"
CLEAN, FOUND, NOT_LOOKED = 0, 1, 3


def wrong(lock: str, installed: list[Distribution], decision: str) -> Iterator[str]:
    """Everything that is not as it must be."""
    pinned = pins(lock)
    yield from (f"{name}: no digest in the lock" for name, pin in pinned.items() if not pin.digests)
    for one in installed:
        name = normal(one.name)
        if name in NOT_OURS:
            continue
        if name not in pinned:
            yield f"{name}: installed, and not in the lock"
        elif pinned[name].version != one.version:
            yield f"{name}: installed in version {one.version}, locked in {pinned[name].version}"
        yield from _licence(name, one.metadata, decision)


def _licence(name: str, metadata: PackageMetadata, decision: str) -> Iterator[str]:
    said = licence(name, metadata)
    lesser = re.search(r"LGPL|Lesser General Public", said) is not None
    if lesser and not (name in LESSER and name in decision):
        yield f"{name}: under the LGPL, and decision 0006 does not say why that is right"
    elif not lesser and (
        re.search(r"GPL|General Public License", said) or not PERMISSIVE.search(f"{said} {metadata.get('License')}")
    ):
        yield f"{name}: under {said[:60] or 'no licence that it names'}, which is not on the list"


def advisories() -> int:
    """Look for known vulnerabilities, and say what could not be looked for."""
    command = (sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--disable-pip", "--require-hashes", "-f", "json")
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, LookupError):
        return _say(f"NOT LOOKED: no advisory database could be reached: {ran.stderr.strip().splitlines()[-1:]}", NOT_LOOKED)
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    known = [f"{one['name']} {one['version']}: {each['id']}" for one in packages for each in one.get("vulns", ())]
    if known:
        return _say("\n".join([*known, f"{len(known)} known vulnerabilities"]), FOUND)
    if skipped:
        return _say(f"NOT LOOKED: no advisories could be had for {len(skipped)} of {len(packages)} packages", NOT_LOOKED)
    return _say(f"{len(packages)} packages: no known vulnerability", CLEAN)


def _say(text: str, code: int) -> int:
    sys.stdout.write(f"{text}\n")
    return code


def main() -> int:
    """The offline part, and with `--advisories` the other."""
    if "--advisories" in sys.argv:
        return advisories()
    pinned = pins(LOCK.read_text(encoding="utf-8"))
    faults = list(wrong(LOCK.read_text(encoding="utf-8"), list(distributions()), DECISION.read_text(encoding="utf-8")))
    text = "\n".join(faults) or f"{len(pinned)} dependencies: pinned by digest, installed as locked, licences as allowed"
    return _say(text, FOUND if faults else CLEAN)


if __name__ == "__main__":
    sys.exit(main())
