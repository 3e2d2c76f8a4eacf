from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from pytest_benchmark.cli import main

from pytest_memguard.model import Measurement
from pytest_memguard.reports.benchmark_json import render
from pytest_memguard.store.benchmark_json import is_benchmark_json, run_of_benchmarks
from tests.reports.runs import ENVIRONMENT, EVERYTHING, NO_LEAK, result_of, run_of

TIME = Measurement(probe="time", metric="seconds", value=0.25, unit="s")


def test_a_time_is_a_benchmark_of_one_round():
    run = run_of(result_of(NO_LEAK, TIME, name="test_y[a::b]"), *EVERYTHING.tests)
    content = json.loads(render(run))
    [benchmark] = content["benchmarks"]
    assert (benchmark["name"], benchmark["fullname"]) == ("test_y[a::b]", "tests/test_x.py::test_y[a::b]")
    stats = benchmark["stats"]
    assert stats["min"] == stats["max"] == stats["mean"] == stats["median"] == 0.25
    assert (stats["ops"], stats["rounds"], stats["iterations"], stats["stddev"]) == (4, 1, 1, 0)
    assert content["commit_info"]["id"] == "abc123"


@pytest.mark.parametrize("value", [0, 5e-324, float("nan"), None])
def test_it_is_json_whatever_was_measured(value):
    content = json.loads(render(run_of(result_of(replace(TIME, value=value)))), parse_constant=pytest.fail)
    assert len(content["benchmarks"]) == (value in {0, 5e-324})


def test_it_is_read_again():
    text = render(run_of(result_of(TIME))).encode()
    assert is_benchmark_json(text)
    run = run_of_benchmarks(text)
    assert [(test.nodeid, test.measurements) for test in run.tests] == [("tests/test_x.py::test_y", (TIME,))]
    kept = ("machine_class", "python", "commit")
    assert [getattr(run.environment, name) for name in kept] == [getattr(ENVIRONMENT, name) for name in kept]


def test_pytest_benchmark_reads_it(tmp_path, monkeypatch, capsys):
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, seconds in zip(paths, (0.25, 0.5), strict=True):
        path.write_text(render(run_of(result_of(replace(TIME, value=seconds)))))
    monkeypatch.setattr("sys.argv", ["pytest-benchmark", "compare", *map(str, paths)])
    main()
    said = capsys.readouterr().out
    assert "250.0000 (1.0)" in said
    assert "500.0000 (2.0" in said  # how many digits follow depends on the version
