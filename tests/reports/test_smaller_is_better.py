from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from msgspec.structs import replace

from pytest_memguard.reports.smaller_is_better import render
from tests.reports.runs import EMPTY, EVERYTHING, NO_LEAK, result_of, run_of, runs


def test_everything_but_the_hit_rate():
    assert json.loads(render(EVERYTHING)) == [
        {"name": "tests/test_x.py::test_pass [heap peak]", "unit": "B", "value": 2**20},
        {"name": "tests/test_x.py::test_fail [python peak]", "unit": "B", "value": 41946608},
        {"name": "tests/test_x.py::test_fail [python leak]", "unit": "B", "value": 0},
        {"name": "tests/test_x.py::test_unclear [python leak]", "unit": "B", "value": 41},
    ]


def test_empty():
    assert json.loads(render(EMPTY)) == []


def test_numbers_of_numpy():
    [entry] = json.loads(render(run_of(result_of(replace(NO_LEAK, value=np.int64(8))))))
    assert entry["value"] == 8


@given(run=runs)
def test_any_run_is_json_that_javascript_reads(run):
    def refused(constant):
        raise AssertionError(constant)

    json.loads(render(run), parse_constant=refused)
