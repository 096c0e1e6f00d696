"""Prove that the nets hold: plant one bug at a time, in a copy of the tree, and see that the tests that must catch it do.

Run it with `make bugs`; `make bugs ONLY=R15` plants those of one rule. They stand in `tests/planted`, a room for each part of the
tree, in the order of their places in it. Each bug is a replacement in one file, and names the quickest tests that must catch it.
What slips through those is tried with the simulator's campaign and with every test of the domain, so that a hole is known for
what it is; the exit code is 0 only if every bug was caught where it must be.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.planted import (
    archive,
    delivery,
    engine,
    faces,
    gateway,
    plan,
    record,
    rules_of_consent,
    rules_of_course,
    rules_of_custody,
    rules_of_speaking,
    running,
    views,
)
from tests.planted.bug import Bug

ROOT = Path(__file__).parent.parent
LEFT_OUT = (".git", ".venv", ".*_cache", ".hypothesis", "build", "__pycache__")
SEEDS = 60
LONGEST = 600
"""Seconds for one net, of which the tests of the domain are the slowest, on a busy machine."""
MOST_FAILED, MOST_SAID = 9, 4000
"""Tests that fail without a bug until the others are left, and characters of what they say."""

OF_RULES = (rules_of_consent, rules_of_custody, rules_of_speaking, rules_of_course)
ROOMS = (plan, delivery, *OF_RULES, views, record, engine, archive, gateway, faces, running)
BUGS = tuple(bug for room in ROOMS for bug in room.BUGS)

PYTEST = (sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider")
NAMED = (*PYTEST, "-m", "not (browser or kill)")
"""A test that is named is run however long it takes."""
NOTHING_RAN = {4: "pytest was asked for what is not there", 5: "no test ran"}
"""Exit codes of pytest that prove nothing."""
OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("only the simulator", (sys.executable, "-m", "rehearsal", "--seed", "0", "--seeds", str(SEEDS))),
    ("only other tests", (*PYTEST, "tests/domain", "--ignore", "tests/domain/test_rules_lock.py")),
)
"""What is tried where its own tests let a bug through. That the rules are as they were locked is no proof: no bug is."""
AT_ONCE = 2


def passes(command: tuple[str, ...], tree: Path, within: float = LONGEST, said: Path | None = None) -> bool:
    """Whether the net lets it through; what it prints is in `said`. One that never ends has noticed something, and its processes
    are ended with it.

    Raises `RuntimeError` for one that somebody else has ended: it has noticed nothing.
    """
    env = {"PYTHONPATH": str(tree), "PATH": os.environ["PATH"]}
    with Path(said or os.devnull).open("w") as out:
        ran = subprocess.Popen(command, cwd=tree, env=env, stdout=out, stderr=out, start_new_session=True)  # noqa: S603 - our own
    try:
        code = ran.wait(within)
    except subprocess.TimeoutExpired:
        os.killpg(ran.pid, signal.SIGKILL)
        ran.wait()
        return False
    if code < 0:
        message = f"a run was ended by {signal.Signals(-code).name}, so that it proves nothing"
        raise RuntimeError(message)
    if code in NOTHING_RAN:
        raise RuntimeError(f"{NOTHING_RAN[code]}: {' '.join(command)}")
    return code == 0


def planted(bug: Bug, text: str) -> str:
    """The text of its file with the bug in it. Raises `ValueError` if the bug no longer fits the code."""
    if text.count(bug.right) != 1:
        message = f"{bug.file} holds {bug.right!r} {text.count(bug.right)} times, and a bug has one place"
        raise ValueError(message)
    return text.replace(bug.right, bug.wrong)


@contextmanager
def with_bug(bug: Bug, tree: Path) -> Iterator[None]:
    """The tree with the bug in it. Raises what `planted` raises."""
    file = tree / bug.file
    sound = file.read_text()
    file.write_text(planted(bug, sound))
    try:
        yield
    finally:
        file.write_text(sound)


def caught_by(bug: Bug, tree: Path) -> str:
    """`its tests`, or the first other net that catches it, or an empty text. Raises what `planted` raises."""
    with with_bug(bug, tree):
        if not passes((*NAMED, *bug.tests()), tree):
            return "its tests"
        return next((name for name, command in OTHERS if not passes(command, tree)), "")


def see_that_all_pass(bugs: tuple[Bug, ...], tree: Path) -> None:
    """Raises `RuntimeError` where a test fails without any bug: it would seem to catch every one."""
    tests, said = sorted({test for bug in bugs for test in bug.tests()}), tree.with_suffix(".said")
    if not passes((*NAMED, "--maxfail", str(MOST_FAILED), "-n", str(AT_ONCE), *tests), tree, LONGEST * len(tests), said):
        message = f"a test fails without any bug, so that it proves nothing:\n{said.read_text()[-MOST_SAID:]}"
        raise RuntimeError(message)


def try_all(bugs: tuple[Bug, ...], folder: Path) -> Iterator[tuple[Bug, str]]:
    """Each bug with what has caught it, some at a time, each in a tree that has no other."""
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(AT_ONCE):
        shutil.copytree(ROOT, folder / str(number), ignore=shutil.ignore_patterns(*LEFT_OUT))
        trees.put(folder / str(number))

    def attempt(bug: Bug) -> str:
        tree = trees.get()
        try:
            return caught_by(bug, tree)
        finally:
            trees.put(tree)

    see_that_all_pass(bugs, folder / "0")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from zip(bugs, pool.map(attempt, bugs), strict=True)


def main() -> int:
    """Exit code 0 if every bug is caught by its own tests, and they pass where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted_bugs", description=__doc__)
    parser.add_argument("only", nargs="*", help="rules, such as R15; none: all of them")
    only = parser.parse_args().only
    bugs = tuple(bug for bug in BUGS if not only or bug.rule in only)
    began, holes = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        for bug, net in try_all(bugs, Path(folder)):
            holes += net != "its tests"
            right = re.sub(r"\s+", " ", bug.right.strip())
            sys.stdout.write(f"{bug.rule:<8} {bug.file:<32} {right[:64]:<64}  {net or 'NOT CAUGHT'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(bugs) - holes} of {len(bugs)} planted bugs caught in {time.monotonic() - began:.0f} s\n")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
