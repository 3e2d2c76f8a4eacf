from __future__ import annotations

import datetime as dt

import pytest

from pytest_memguard.model.timing_baseline import MachineClass, Reference, TimingEntry
from pytest_memguard.store import timing_baselines
from pytest_memguard.store.timing_baselines import Measured
from tests.cli.samples import memguard


@pytest.fixture
def folder(tmp_path):
    entry = TimingEntry(code="h", minima=(0.01,), band=0.1, date="2026-01-01T00:00:00Z")
    measured = Measured(
        machine=MachineClass(name="m"), reference=Reference(), entries={"t.py::t": entry}, settings={}
    )
    timing_baselines.update(tmp_path, measured)
    return tmp_path


@pytest.mark.parametrize(("given", "ratio"), [("1.3", 1.3), ("1.3x", 1.3), ("30%", 1.3), ("+30 %", 1.3)])
def test_a_slow_down_is_noted_and_shown(folder, given, ratio):
    done = memguard(
        "baseline",
        "accept",
        "t.py::t",
        "--ratio",
        given,
        "--reason",
        "exact",
        "--expires",
        "2999-01-01",
        "--baselines",
        folder,
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "t.py::t: up to 1.3 times as long until 2999-01-01: exact\n"
    acceptance = timing_baselines.load(folder).accepted["t.py::t"]
    assert (acceptance.ratio, acceptance.reason, acceptance.expires) == (ratio, "exact", "2999-01-01")
    shown = memguard("baseline", "show", "--baselines", folder).stdout
    assert "t.py::t  time   seconds     10 ms  m; band 10.0%; accepted 1.3x until 2999-01-01: exact" in shown


def test_it_expires_by_itself(folder):
    memguard("baseline", "accept", "t.py::t", "--ratio", "2", "--reason", "r", "--baselines", folder)
    expires = dt.date.fromisoformat(timing_baselines.load(folder).accepted["t.py::t"].expires)
    assert 89 <= (expires - dt.datetime.now(dt.timezone.utc).date()).days <= 90


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["t.py::t", "--ratio", "0.5", "--reason", "r"], "got '0.5', accepted: times as long"),
        (["t.py::t", "--ratio", "2", "--reason", "r", "--expires", "2020-01-01"], "which has passed"),
        (["t.py::t", "--ratio", "2", "--reason", "r", "--expires", "soon"], "accepted: a date such as"),
        (["t.py::t", "--ratio", "2", "--reason", " "], "got an empty --reason"),
        (["t.py::t", "--ratio", "2"], "missing option '--reason'"),
        (["t.py::u", "--ratio", "2", "--reason", "r"], "has no time of t.py::u"),
    ],
)
def test_wrong_use(folder, arguments, complaint):
    done = memguard("baseline", "accept", *arguments, "--baselines", folder)
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert not timing_baselines.load(folder).accepted


def test_prune_takes_the_times_of_tests_that_are_gone(folder, tmp_path, monkeypatch):
    place = tmp_path / "project"
    place.mkdir()
    (place / "pytest.ini").write_text("[pytest]\n")
    (place / "t.py").write_text("def test_other(): pass\n")
    monkeypatch.chdir(place)
    done = memguard("baseline", "prune", "--baselines", folder, "--", "t.py")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0] == "removed t.py::t"
    assert not timing_baselines.load(folder).nodeids
