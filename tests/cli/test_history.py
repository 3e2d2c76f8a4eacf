"""The history of committed numbers, in a real repository."""

from __future__ import annotations

import csv
import sys

import pytest

from pytest_memguard.model import Measurement
from pytest_memguard.model.timing_baseline import MachineClass, Reference, TimingBaselines, TimingEntry
from pytest_memguard.store.entries import format_entries
from pytest_memguard.store.timing_baselines import Measured, merged
from pytest_memguard.store.timing_entries import format_timing
from tests.cli.repository import Repository
from tests.cli.samples import MiB, memguard, result, run_of, saved

PEAKS = [40, 40, 40, 60, 60]
SECONDS = [0.010, 0.0101, 0.0099, 0.0102, 0.0150, 0.0149, 0.0151, 0.0150]


def times(seconds: float) -> str:
    entry = TimingEntry(code="h", minima=(seconds,), band=0.05)
    measured = Measured(
        machine=MachineClass(name="m"), reference=Reference(), entries={"t.py::b": entry}, settings={}
    )
    return format_timing(merged(TimingBaselines(), measured))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    repository = Repository(tmp_path / "r")
    repository.ids = []
    for number, seconds in enumerate(SECONDS):
        files = {"baselines/timing.json": times(seconds), "code.py": f"{number}"}
        if number < len(PEAKS):
            files["baselines/memory.json"] = format_entries(
                {"t.py::t": {"python": {"peak": PEAKS[number] * MiB}}}
            )
        repository.ids.append(repository.commit(files))
        repository.commit({"other.py": f"{number}"}, "says nothing about numbers")
    monkeypatch.chdir(repository.folder)
    return repository


def rows(text: str, name: str) -> list[list[str]]:
    """Of one series: the cells of its rows."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    block = next(block for block in blocks if block[0].startswith(name))
    return [line.split(None, 2) for line in block[2:]]


def test_numbers_with_their_commits_and_steps(repository):
    pytest.importorskip("ruptures", reason="comes with the extra history")
    done = memguard("history")
    assert (done.exit_code, done.stderr) == (0, "")
    memory = rows(done.stdout, "t.py::t python peak")
    assert memory == [
        [repository.ids[0][:12], "2026-01-01", "40.0 MiB"],
        [repository.ids[3][:12], "2026-01-07", "60.0 MiB  +50.0 %  step: +50.0 %"],
    ]
    slow = rows(done.stdout, "t.py::b time seconds on m")
    assert len(slow) == len(SECONDS)
    assert [row[2] for row in slow if "step" in row[2]] == ["15 ms  +47.1 %  step: +49.3 %"]


def test_a_glob_a_metric_and_all_rows(repository):
    assert "t.py::b" not in memguard("history", "t.py::t").stdout
    assert "t.py::t" not in memguard("history", "--metric", "seconds").stdout
    assert len(rows(memguard("history", "--metric", "peak", "--all").stdout, "t.py::t")) == len(SECONDS)
    assert memguard("history", "nothing").stdout.startswith("no numbers: nothing is committed")
    assert memguard("history", "a", "b").exit_code == 2


def test_runs_come_after_commits(repository, tmp_path):
    peak = Measurement(probe="python", metric="peak", value=90 * MiB, unit="B")
    path = saved(tmp_path, "run.json", run_of(result("t.py::t", peak)))
    done = memguard("history", "t.py::t", path)
    assert done.exit_code == 0
    last = rows(done.stdout, "t.py::t")[-1]
    assert last[0] == "-"
    assert "90.0 MiB  +50.0 %  run.json" in last[2]


def test_a_commit_that_cannot_be_read_is_left_out(repository):
    repository.commit({"baselines/memory.json": "<<<<<<< ours\n"})
    done = memguard("history", "t.py::t")
    assert done.exit_code == 0
    assert "left out: " in done.stderr
    assert "memory.json:1: unresolved merge conflict" in done.stderr
    assert len(rows(done.stdout, "t.py::t")) == 2


def test_csv_for_otava(repository):
    done = memguard("history", "--csv", "-")
    table = list(csv.DictReader(done.stdout.splitlines()))
    assert len(table) == len(SECONDS)
    assert list(table[0]) == ["time", "commit", "run", "t.py::b time seconds", "t.py::t python peak"]
    assert table[0]["commit"] == repository.ids[0]
    assert float(table[4]["t.py::b time seconds"]) == 0.015
    assert memguard("history", "--csv", "out.csv").exit_code == 0
    assert (repository.folder / "out.csv").read_text() == done.stdout


def test_a_plot(repository):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert memguard("history", "--plot", "out.png").exit_code == 0
    assert (repository.folder / "out.png").read_bytes().startswith(b"\x89PNG")
    assert memguard("history", "--plot", "nowhere/out.png").exit_code == 4


def test_without_the_libraries(repository, monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)
    done = memguard("history", "t.py::t")
    assert done.exit_code == 0
    assert "step" not in done.stdout
    assert "without change points: pip install 'pytest-memguard[history]'" in done.stderr
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = memguard("history", "--plot", "out.png")
    assert (done.exit_code, "--plot needs matplotlib" in done.stderr) == (4, True)


def test_outside_of_git_there_are_runs_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = memguard("history")
    assert done.exit_code == 0
    assert "no history of baselines in git" in done.stderr
