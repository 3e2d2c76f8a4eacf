from __future__ import annotations

import json

import msgspec
from hypothesis import given

from pytest_memguard.model import Run
from pytest_memguard.reports.json_file import render
from tests.reports.runs import EVERYTHING, result_of, run_of, runs


def test_it_reads_back():
    assert msgspec.json.decode(render(EVERYTHING), type=Run) == EVERYTHING


def test_names_that_are_no_unicode_do_not_lose_the_run():
    document = json.loads(render(run_of(result_of(name="test_\udc80"))))
    assert document["tests"][0]["nodeid"] == r"tests/test_x.py::test_\udc80"


@given(run=runs)
def test_any_run_is_valid_json(run):
    assert json.loads(render(run))["schema"] == 1
