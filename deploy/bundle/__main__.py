"""Makes what a machine without a network installs: `python -m deploy.bundle` (`make bundle`, `make release`).

It is made from the commit that is checked out, never from what is changed beside it, and the same commit makes the same bytes:
`--twice` makes it twice, at another place and under other habits of the machine, and compares.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.utils import parse_wheel_filename

from deploy.bundle.locked import Pin, again, licence, needed, normal, pins
from deploy.bundle.packing import SUMS, digest, files_in, pack, sum_up
from deploy.bundle.sbom import Part, bill

ROOT = Path(__file__).parents[2]
SCRIPTS = ("install.sh", "switch.sh", "uninstall.sh", "upgrade.sh")
GOES_ALONG = ("deploy", "docs", "examples", "CHANGELOG.md", "LICENSE", "SECURITY.md")
"""What an administrator reads, and rehearses with."""
STAYS = (
    *("deploy/bundle", "deploy/cluster", "deploy/compose", "deploy/kustomize"),
    *("docs/pictures", "docs/vectors", "examples/reference-service"),
)
YET = ("deploy/compose/namespace.sh",)
"""What the doctor sends administrators to, of what stays."""
SBOM, MADE_FOR, LOCK = "sbom.cdx.json", "made-for", "requirements.lock"
NAME_DIGITS = 12
OTHERWISE = {"TZ": "Asia/Almaty", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
"""Habits of another machine, under which the second of two builds is made; its files are its owner's alone, too."""
ABOUT = "from archive.database import known; from domain.rules.books import BOOK; print(BOOK.version, *known())"


class NotMadeError(Exception):
    """It cannot be made, and what to do."""


def main() -> None:
    """Make it, and say what it is."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bundle", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="folder for what is made")
    parser.add_argument(
        "--release", action="store_true", help="the wheel and the source distribution beside the bundle, with digests"
    )
    parser.add_argument("--twice", action="store_true", help="make it twice and compare, byte by byte")
    asked = parser.parse_args()
    try:
        made = (_twice if asked.twice else made_in)(asked.into, release=asked.release)
    except NotMadeError as error:
        sys.exit(f"bundle: {error}")
    for path in made:
        print(f"{digest(path)}  {path}")


def _twice(into: Path, *, release: bool) -> list[Path]:
    first = made_in(into, release=release)
    with tempfile.TemporaryDirectory(prefix="vigil-another-") as other:
        command = [sys.executable, "-m", "deploy.bundle", "--into", other, *(["--release"] if release else [])]
        ran = subprocess.run(command, cwd=ROOT, env=os.environ | OTHERWISE, umask=0o077, stdout=subprocess.DEVNULL, check=False)
        if ran.returncode:
            raise NotMadeError("it could not be made a second time: see above")
        again = files_in(Path(other))
        differ = {(path.name, digest(path)) for path in first} ^ {(path.name, digest(path)) for path in again}
        if differ:
            raise NotMadeError(f"two builds differ: {', '.join(sorted({name for name, _ in differ}))}")
    print(f"made twice, {len(first)} files: every byte is the same")
    return first


def made_in(into: Path, *, release: bool) -> list[Path]:
    """The files that were made, by name. What was made before stays until all of it is there. Raises `NotMadeError`."""
    commit = _said("git", "rev-parse", "HEAD")
    moment = int(_said("git", "show", "--no-patch", "--format=%ct", "HEAD"))
    if _said("git", "status", "--porcelain"):
        if release:
            raise NotMadeError("something is changed and not committed: a release is a commit, and nothing beside it")
        print("bundle: something is changed and not committed, which is not in it", file=sys.stderr)
    if into.exists() and any(into.iterdir()) and not (into / SUMS).exists():
        raise NotMadeError(f"{into} holds something else: name a new folder")
    into = into.resolve()
    half = into.with_name(f"{into.name}.half")  # beside it, so on the same disk
    shutil.rmtree(half, ignore_errors=True)  # of one that was killed
    half.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(prefix="vigil-bundle-") as work:
            source = Path(work) / "source"
            _export(source)
            wheel = _built(source, "wheel", half if release else Path(work), moment)
            if release:
                _built(source, "sdist", half, moment)
            _bundle(source, wheel, half, commit, moment)
        sum_up(half)
        shutil.rmtree(into, ignore_errors=True)
        half.rename(into)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return files_in(into)


def _export(source: Path) -> None:
    """The files of the commit."""
    source.mkdir()
    with tempfile.TemporaryFile() as archive:
        _run("git", "archive", "--format=tar", "HEAD", cwd=ROOT, stdout=archive.fileno())
        archive.seek(0)
        _run("tar", "-x", cwd=source, stdin=archive.fileno())


def _built(source: Path, kind: str, into: Path, moment: int) -> Path:
    """The wheel or the source distribution of these files."""
    command = (sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into))
    before = set(into.iterdir())
    _said(*command, cwd=source, env=os.environ | {"SOURCE_DATE_EPOCH": str(moment)})
    (made,) = set(into.iterdir()) - before
    return made


def _bundle(source: Path, wheel: Path, into: Path, commit: str, moment: int) -> None:
    ours = str(parse_wheel_filename(wheel.name)[1])
    name = f"{ours}-{commit[:NAME_DIGITS]}"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    system, machine = platform.system(), platform.machine()
    folder = source.parent / f"vigil-{name}-{system.lower()}-{machine}-py{python}"
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    shutil.copy(wheel, wheels)
    parts = _parts(source, wheels)
    take_along(source, folder)
    for one in SCRIPTS:
        shutil.copy(source / "deploy" / "bundle" / one, folder)
    rules, *migrations = _said(
        sys.executable, "-c", ABOUT, cwd=source, env=os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    ).split()
    about = {
        "name": name,
        "version": ours,
        "commit": commit,
        "system": system,
        "machine": machine,
        "python": python,
        "glibc": _glibc(wheels),
        "rules": rules,
        "migrations": " ".join(migrations),
    }
    (folder / MADE_FOR).write_text("".join(f"{key}={value}\n" for key, value in about.items()), encoding="utf-8")
    (folder / LOCK).write_text(
        again({each: Pin(part.version, frozenset({part.digest})) for each, part in parts.items()}), encoding="utf-8"
    )
    (folder / SBOM).write_bytes(bill("vigil", parts, moment))
    sum_up(folder)
    pack(folder, into / f"{folder.name}.tar", moment)


def take_along(source: Path, folder: Path) -> None:
    """What people read and run, beside the wheels."""
    for one in GOES_ALONG:
        _copy(source / one, folder / one)
    for one in STAYS:
        shutil.rmtree(folder / one)
    for one in YET:
        (folder / one).parent.mkdir()
        _copy(source / one, folder / one)


def _parts(source: Path, wheels: Path) -> dict[str, Part]:
    """Every package that Vigil runs with, its wheel brought into the folder where that of Vigil lies already."""
    locked = pins((source / LOCK).read_text(encoding="utf-8"))
    try:
        below = needed(source / "pyproject.toml")
        other = [name for name in below if name != "vigil" and version(name) != locked[name].version]
    except (KeyError, PackageNotFoundError) as error:
        raise NotMadeError(f"{error} is needed, and not both locked and installed: make venv") from error
    if other:
        raise NotMadeError(f"not installed as locked: {', '.join(other)}: make venv")
    wanted = source.parent / "wanted.lock"
    wanted.write_text(again({name: locked[name] for name in below if name != "vigil"}), encoding="utf-8")
    how = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes")
    _run(sys.executable, "-m", "pip", "download", *how, "--dest", str(wheels), "--requirement", str(wanted))
    found = {normal(str(parse_wheel_filename(path.name)[0])): path for path in wheels.iterdir()}
    return {
        name: Part(
            version=str(parse_wheel_filename(found[name].name)[1]) if name == "vigil" else locked[name].version,
            digest=digest(found[name]),
            licence="Apache-2.0" if name == "vigil" else licence(name),
            needs=needs,
        )
        for name, needs in below.items()
    }


def _glibc(wheels: Path) -> str:
    """The oldest GNU C library with which every wheel runs."""
    newest: tuple[int, ...] = (2, 17)
    for path in wheels.iterdir():
        told = [tuple(map(int, one)) for one in re.findall(r"manylinux_(\d+)_(\d+)", path.name)]
        newest = max(newest, min(told, default=newest))
    return ".".join(map(str, newest))


def _copy(there: Path, here: Path) -> None:
    if there.is_dir():
        shutil.copytree(there, here)
    else:
        shutil.copy(there, here)


def _said(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    ran = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NotMadeError(f"{command[0]} {command[1]} failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout.strip()


def _run(*command: str, cwd: Path = ROOT, stdin: int | None = None, stdout: int | None = None) -> None:
    if subprocess.run(command, cwd=cwd, stdin=stdin, stdout=stdout, check=False).returncode:
        raise NotMadeError(f"{' '.join(command[:4])} failed: see above")


if __name__ == "__main__":
    main()
