"""Files that pytest-benchmark itself has written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pytest_memguard.store import run_file
from pytest_memguard.store.benchmark_json import is_benchmark_json
from pytest_memguard.store.errors import StoreError
from tests.cli.samples import measured, memguard, result, run_of, saved

TEST = """
import time, pytest

@pytest.mark.parametrize("ms", [2, 4])
def test_sleep(benchmark, ms):
    benchmark.pedantic(time.sleep, (ms / 1000,), rounds=3)
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    (folder / "test_s.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--benchmark-json=bench.json"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "bench.json"


def changed(path, tmp_path, change):
    content = json.loads(path.read_text())
    change(content)
    (tmp_path / "other.json").write_text(json.dumps(content))
    return tmp_path / "other.json"


def test_it_is_read_as_a_run(path):
    run = run_file.load(path)
    assert [test.nodeid for test in run.tests] == ["test_s.py::test_sleep[2]", "test_s.py::test_sleep[4]"]
    (measurement,) = run.tests[0].measurements
    assert (measurement.probe, measurement.metric, measurement.unit) == ("time", "seconds", "s")
    assert 0.002 < measurement.value < 0.5
    assert run.environment.machine_class
    assert run.environment.python.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")


def test_it_can_be_reported_and_compared(path, tmp_path):
    done = memguard("report", path)
    assert done.exit_code == 0
    assert "test_s.py::test_sleep[4]  time   seconds" in done.stdout
    assert memguard("compare", path, path).exit_code == 0

    def slower(content):
        content["benchmarks"][0]["stats"]["min"] *= 2

    other = changed(path, tmp_path, slower)
    done = memguard("compare", path, other)
    assert done.exit_code == 1
    assert "+100.0 %  worse" in done.stdout
    assert memguard("compare", path, other, "--tolerance-time-percent", 101).exit_code == 0


def test_times_of_two_machines_are_not_compared(path, tmp_path):
    def elsewhere(content):
        content["machine_info"]["cpu"] = {"brand_raw": "another", "count": 99}
        content["benchmarks"][0]["stats"]["min"] *= 9

    other = changed(path, tmp_path, elsewhere)
    done = memguard("compare", path, other)
    assert done.exit_code == 0
    assert done.stdout.count("not comparable") == 2
    assert memguard("compare", path, other, "--strict").exit_code == 3


def test_what_is_wrong_in_it_is_named(path, tmp_path):
    def broken(content):
        content["benchmarks"][1]["stats"]["min"] = "fast"

    other = changed(path, tmp_path, broken)
    with pytest.raises(StoreError, match=r"is not a file of pytest-benchmark: .*benchmarks\[1\].stats.min"):
        run_file.load(other)


def test_run_files_are_none_of_them(tmp_path):
    path = saved(tmp_path, "run.json", run_of(result("t", measured())))
    with open(path, "rb") as file:  # noqa: PTH123
        assert not is_benchmark_json(file.read())
    assert not is_benchmark_json(b"{}")
    assert not is_benchmark_json(b"[1")
    assert not is_benchmark_json(b'{"benchmarks": []}')
