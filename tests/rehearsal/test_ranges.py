"""A campaign that was stopped goes on where it was, under the same rules."""

from pathlib import Path

import pytest

from rehearsal import __main__ as campaign
from rehearsal.__main__ import Result
from rehearsal.ranges import Held, OtherRulesError


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
