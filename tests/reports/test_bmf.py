from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from msgspec.structs import replace

from pytest_memguard.reports.bmf import render
from tests.reports.runs import EMPTY, EVERYTHING, NO_LEAK, ROOMY, result_of, run_of, runs


def test_everything():
    assert json.loads(render(EVERYTHING)) == {
        "tests/test_x.py::test_pass": {"heap-peak": {"value": 2**20}, "cupy-hit-rate": {"value": 0.95}},
        "tests/test_x.py::test_fail": {"python-peak": {"value": 41946608}, "python-leak": {"value": 0}},
        "tests/test_x.py::test_unclear": {"python-leak": {"value": 41}},
    }


def test_empty():
    assert json.loads(render(EMPTY)) == {}


def test_numbers_json_has_no_word_for_are_left_out():
    assert json.loads(render(run_of(result_of(replace(ROOMY, value=math.nan))))) == {}


def test_numbers_of_numpy():
    run = run_of(result_of(replace(NO_LEAK, value=np.int64(8))))
    assert json.loads(render(run)) == {"tests/test_x.py::test_y": {"python-leak": {"value": 8}}}


@given(run=runs)
def test_bencher_takes_the_names(run):
    for benchmark, measures in json.loads(render(run)).items():
        assert len(benchmark.encode()) <= 1024
        assert all(len(measure.encode()) <= 64 for measure in measures)


@pytest.mark.parametrize("letter", ["x", "é", "\U0001d6fc"])
def test_long_names_are_cut(letter):
    [benchmark] = json.loads(render(run_of(result_of(NO_LEAK, name=letter * 2000))))
    assert 1018 <= len(benchmark.encode()) <= 1024
    assert "…" in benchmark
    assert benchmark.endswith(letter * 10)
