"""A campaign that was stopped goes on where it was, under the same rules."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from rehearsal import __main__ as campaign
from rehearsal.__main__ import Result
from rehearsal.ranges import Held, OtherRulesError

PATIENCE = 120.0


def test_what_has_held_is_kept_as_ranges_and_is_not_run_again(tmp_path: Path) -> None:
    """Whoever opens the file again has what was written, neighbours joined."""
    file = tmp_path / "done"
    for some in (range(1, 5), [9], range(5, 8)):
        Held(file).add(some)

    assert list(Held(file).ranges()) == ["1-7", "9"]
    assert Held(file).missing(range(6, 12)) == [8, 10, 11]


def test_a_file_of_other_rules_is_refused_with_the_reason(tmp_path: Path) -> None:
    """What held under other rules proves nothing of these."""
    file = tmp_path / "done"
    Held(file, rules="0" * 64).add([1])

    with pytest.raises(OtherRulesError, match="held under other rules"):
        Held(file)


def test_a_campaign_goes_on_after_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopped in the middle it has written what held; asked again it runs the others, and a seed that failed once more."""
    ran: list[int] = []

    def one_after_another(seeds: list[int], processes: int, _run: object) -> list[Result]:
        assert processes == 1
        ran.extend(seeds)
        return [Result(seed, "expired", "it broke" if seed == 3 else "") for seed in seeds]

    file = tmp_path / "done"
    monkeypatch.setattr(campaign, "run_many", one_after_another)
    for seeds in ("4", "6"):
        asked = ["", "--seed", "1", "--seeds", seeds, "--done", str(file), "--processes", "1"]
        monkeypatch.setattr("sys.argv", asked)
        assert campaign.main() == 1

    assert ran == [1, 2, 3, 4, 3, 5, 6]
    assert "1-2, 4-6 held" in capsys.readouterr().out


def test_a_campaign_ends_at_once_where_the_file_is_of_other_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, and runs nothing."""
    file = tmp_path / "done"
    Held(file, rules="0" * 64).add([1])
    monkeypatch.setattr("sys.argv", ["", "--seeds", "4", "--done", str(file)])

    with pytest.raises(SystemExit):
        campaign.main()
    assert "held under other rules" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's table of processes")
def test_a_campaign_that_is_ended_leaves_no_process(tmp_path: Path) -> None:
    """Whoever ends it by its id has ended all of it."""
    command = [sys.executable, "-m", "rehearsal", "--seeds", "5000", "--done", str(tmp_path / "done")]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            _until(lambda: len(_of_group(process.pid)) > 1)
            process.terminate()
            _, said = process.communicate(timeout=PATIENCE)
            assert (128 + signal.SIGTERM, b"") == (process.returncode, said)
            _until(lambda: not _of_group(process.pid))
        finally:
            for one in _of_group(process.pid):
                os.kill(one, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to be killed with its parent")
def test_a_process_that_begins_when_its_campaign_has_ended_ends_too() -> None:
    """It was started a moment before, and nobody knew of it yet."""
    begins = "import sys; from rehearsal.__main__ import _begin; _begin(int(sys.argv[1])); print('it runs')"
    ended, runs = (
        subprocess.run([sys.executable, "-c", begins, str(campaign)], capture_output=True, check=False)  # noqa: S603 - our own
        for campaign in (os.getppid(), os.getpid())
    )

    assert (1, b"", b"") == (ended.returncode, ended.stdout, ended.stderr)
    assert (0, b"it runs\n") == (runs.returncode, runs.stdout)


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def _of_group(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            state, _, its_group, *_ = file.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                found.append(int(file.parent.name))
    return found
