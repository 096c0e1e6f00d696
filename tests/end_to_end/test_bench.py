"""The benchmarks run, and measure what they say. What they measure is no test's to judge."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.doors import LEFT_OUT, ROUTES
from bench.figures import machine

ROOT = Path(__file__).parents[2]


def measured(folder: Path, *command: str) -> dict[str, Any]:
    """The one document that stands in the last line."""
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", *command, "-o", "json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-2000:]
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def test_a_figure_comes_with_its_machine() -> None:
    """Which processor, how many of them, how much memory, under which kernel and which Python."""
    found = machine()

    assert {"cores", "processor", "memory_gib", "kernel", "python", "load"} == found.keys()
    assert all(value for name, value in found.items() if name != "load")


@pytest.mark.whole
def test_three_ways_are_measured_to_the_end(tmp_path: Path) -> None:
    """Each way takes its deliveries through all confirmations and ends them; forty at once bring fewer events than one."""
    (tmp_path / "build").mkdir()
    document = measured(tmp_path, "bench", "--rounds", "1", "--deliveries", "2", "--open", "10", "--statements", "80")
    assert {"workflow", "whole", "idle_p50", "memory"} == document["ratio"].keys()
    assert all(one["confirmations_a_second"] > 0 for one in document["ways"].values())
    assert 1 < document["events"]["crowded"] < document["events"]["in_turn"]
    assert (tmp_path / "build" / "bench.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.whole
def test_a_curve_is_drawn_of_open_deliveries(tmp_path: Path) -> None:
    """Two sizes, with what each process uses and how long each question takes, and what comes back after a kill."""
    document = measured(tmp_path, "bench.crowd", "--sizes", "4", "8", "--quick")
    assert [4, 8] == [one["open"] for one in document["curve"]]
    assert all({"temporal", "worker", "gateway"} == one["idle_cores"].keys() for one in document["curve"])
    assert 3 == len(document["milliseconds_after_a_kill"])


@pytest.mark.slow
def test_a_revoked_key_is_refused_everywhere_once_that_is_answered(tmp_path: Path) -> None:
    """A new key counts at another gateway, and one that was revoked counts neither there nor with the worker: what is handed in
    after the answer is taken by nobody.
    """
    document = measured(tmp_path, "bench.revocation", "--rounds", "2")
    assert {"the other gateway": 0, "the worker": 0} == document["taken_after_the_answer"]
    assert 6 == len(document["milliseconds"])


@pytest.mark.whole
def test_workers_and_gateways_are_added_and_share_the_load(tmp_path: Path) -> None:
    """Two sets, each with the cores of every part; what is added works."""
    document = measured(tmp_path, "bench.scale", "--quick")
    assert [(2, 1), (2, 2)] == [(row["workers"], row["gateways"]) for row in document["sets"]]
    assert all(row["confirmations_a_second"] > 0 for row in document["sets"])
    assert all({"temporal", "worker", "gateway", "services", "all"} <= row["cores"].keys() for row in document["sets"])


@pytest.mark.slow
def test_a_large_delivery_is_flooded_by_two_and_stopped_meanwhile(tmp_path: Path) -> None:
    """All ten services are in the record, those who flooded among them; each knocked at every door, and the stop was acted on."""
    document = measured(tmp_path, "bench.largest", "--statements", "60", "--hostile", "2")
    said, knocked = document["statements"]["by_service"], document["flood"]
    assert 10 == len(said)
    assert sum(said.values()) == document["statements"]["recorded"] >= 60
    assert document["hostile"] == [*knocked]
    wanted = {*ROUTES} - {*LEFT_OUT, "submit"}
    assert all(len(wanted & {*answers}) > 0.8 * len(wanted) for answers in knocked.values())  # some answer late on a busy machine
    assert {"without load", "in the flood"} == document["stop"].keys()
    assert document["packet"]["receipts"] > 60
