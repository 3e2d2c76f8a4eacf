"""Times measured in fresh processes of a real repository."""

from __future__ import annotations

import json

import pytest

from pytest_memguard.cli.baseline.timing_numbers import Process, entries_of, objections
from pytest_memguard.model.timing_baseline import Reference
from pytest_memguard.store import timing_baselines
from tests.cli.repository import Repository
from tests.cli.samples import memguard

SLEEPS = """
import time

def test_sleep(benchmark):
    benchmark.pedantic(time.sleep, (0.004,), rounds=3)

def test_fails(benchmark):
    benchmark.pedantic(time.sleep, (0.001,), rounds=1)
    assert False, "by itself"

def test_no_benchmark():
    raise RuntimeError("not asked for")
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    repository = Repository(tmp_path / "r")
    repository.commit({"test_s.py": SLEEPS})
    monkeypatch.chdir(repository.folder)
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.delenv(name, raising=False)
    return repository


@pytest.fixture
def calm(monkeypatch):
    """A machine whose controls stay: whether it is calm says nothing about the code."""
    monkeypatch.setattr("pytest_memguard.cli.baseline.timing_numbers.LARGEST_DRIFT", 1e9)


def test_five_processes_make_an_entry_with_a_band(repository, calm):
    done = memguard("baseline", "update", "--timing", "--processes", 5, "--widest-band", 1e9)
    assert done.exit_code == 0, done.stderr
    first, second, last = done.stdout.splitlines()
    assert first == "left out: test_s.py::test_fails: call: AssertionError: by itself"
    assert second.startswith("test_s.py::test_sleep time seconds new 4")
    assert ", band " in second
    assert last == "baselines/timing.json: 1 benchmark from 5 processes"
    found = timing_baselines.load(repository.folder / "baselines")
    ((machine, entries),) = found.benchmarks.items()
    assert (
        len(entries["test_s.py::test_sleep"].minima) == len(entries["test_s.py::test_sleep"].quantiles) == 5
    )
    assert 0 < entries["test_s.py::test_sleep"].pair_sd < 1
    assert (
        found.reference.commit
        == entries["test_s.py::test_sleep"].commit
        == repository.git("rev-parse", "HEAD")
    )
    assert found.reference.clean
    assert found.machines[machine].scores.keys() == {"loop", "memory", "mix"}
    assert "host" not in json.dumps(found.machines[machine].facts)


def test_a_tree_that_is_not_as_committed_is_refused(repository):
    repository.write({"test_s.py": SLEEPS + "\n# more"})
    done = memguard("baseline", "update", "--timing")
    assert done.exit_code == 4
    assert "the tree is not as committed: test_s.py; commit or stash first" in done.stderr


def test_no_repository_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = memguard("baseline", "update", "--timing")
    assert (done.exit_code, "git knows no HEAD" in done.stderr) == (4, True)


def test_wrong_use(repository):
    assert memguard("baseline", "update").exit_code == 2
    done = memguard("baseline", "update", "--timing", "--processes", 5, "--", "nowhere.py")
    assert done.exit_code == 4
    assert "pytest could not run the benchmarks (exit status 4" in done.stderr


def processes(*minima, controls=None):
    return [
        Process(
            benchmarks={"t": {"minimum": each, "quartiles": (each,) * 3, "code": "h"}},
            scores={"loop": control},
        )
        for each, control in zip(minima, controls or [1.0] * len(minima), strict=True)
    ]


def test_processes_far_apart_and_drifting_controls_are_objected_to():
    wide = processes(1.0, 1.6, 1.7, 1.0, 1.0)
    assert list(objections(wide, entries_of(wide, Reference()))) == [
        "t has a band of 60% over its processes, accepted: 50%"
    ]
    drifting = processes(*[1.0] * 6, controls=[1, 1, 1, 1.5, 1.5, 1.5])
    assert list(objections(drifting, entries_of(drifting, Reference()))) == [
        "the control 'loop' drifted by 50% meanwhile, accepted: 25%"
    ]


def test_a_benchmark_that_not_every_process_has_is_left_out():
    some = [*processes(1.0, 1.0), Process(benchmarks={}, scores={"loop": 1.0})]
    assert entries_of(some, Reference()) == {}
