from __future__ import annotations

import math

import pytest
from hypothesis import given
from msgspec.structs import replace

from pytest_memguard.model import Measurement, Verdict
from pytest_memguard.reports.rows import GRAVEST_FIRST, HEADER, Row, has_number, rows_of
from tests.reports.runs import AT_BASELINE, EVERYTHING, NO_GPU, NO_LEAK, ROOMY, TOO_HIGH, result_of, runs


def row_of(**fields) -> Row:
    measurement = Measurement(**{"probe": "python", "metric": "peak", "value": 100, "unit": "B"} | fields)
    return Row(result=result_of(measurement), measurement=measurement)


def cell_of(row: Row, name: str) -> str:
    return row.cells[HEADER.index(name)]


def test_gravest_first_is_the_order_of_the_verdicts():
    for position, verdict in enumerate(GRAVEST_FIRST):
        assert Verdict.gravest(list(GRAVEST_FIRST[position:])) is verdict
    assert set(GRAVEST_FIRST) == set(Verdict)


@pytest.mark.parametrize(
    ("fields", "head_room"),
    [
        ({"budget": 200}, 0.5),
        ({"budget": 80, "verdict": Verdict.FAIL}, -0.25),
        ({"budget": 80, "verdict": Verdict.PASS}, 0.0),
        ({"metric": "hit_rate", "unit": "ratio", "value": 0.9, "budget": 0.6}, 0.5),
        ({"metric": "hit_rate", "unit": "ratio", "value": 0.3, "budget": 0.6}, -0.5),
        ({"budget": 0}, None),
        ({}, None),
        ({"budget": 200, "value": None}, None),
        ({"budget": 200, "value": math.nan}, None),
    ],
    ids=[
        "below",
        "above",
        "noise",
        "minimum kept",
        "minimum missed",
        "nothing allowed",
        "no budget",
        "n/a",
        "nan",
    ],
)
def test_head_room(fields, head_room):
    row = row_of(**fields)
    assert row.head_room == (None if head_room is None else pytest.approx(head_room))
    assert cell_of(row, "head-room") == ("-" if head_room is None else f"{100 * head_room:.1f} %")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "-"),
        ({"budget": 200}, "200 B"),
        ({"budget": 200, "baseline": 100}, "200 B"),
        ({"baseline": 100 * 2**20}, "100.0 MiB +2.0 MiB"),
        ({"baseline": 0}, "0 B +4.0 KiB"),
        ({"metric": "hit_rate", "unit": "ratio", "budget": 0.9}, ">= 0.9"),
        ({"metric": "hit_rate", "unit": "ratio", "baseline": 0.5}, ">= 0.5 -0.01"),
        ({"metric": "allocations", "unit": "count", "budget": 12000}, "12,000"),
        ({"metric": "seconds", "unit": "s", "baseline": 0.25}, "250 ms"),
    ],
    ids=[
        "none",
        "budget",
        "own budget beats baseline",
        "baseline",
        "baseline 0",
        "minimum",
        "min base",
        "count",
        "time",
    ],
)
def test_budget_as_shown(fields, text):
    assert cell_of(row_of(**fields), "budget") == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "B", "n/a"),
        (math.nan, "B", "nan"),
        (math.inf, "s", "inf"),
        (0.256, "ratio", "0.256"),
        (7, "count", "7"),
    ],
)
def test_measured_as_shown(value, unit, text):
    assert cell_of(row_of(value=value, unit=unit), "measured") == text


def test_grave_and_tight_come_first():
    shown = [(row.measurement.verdict.value, row.measurement.metric) for row in rows_of(EVERYTHING.tests)]
    assert shown == [
        ("fail", "peak"),
        ("inconclusive", "leak"),
        ("pass", "peak"),  # 2 % below its baseline's tolerance
        ("pass", "hit_rate"),
        ("pass", "leak"),  # nothing allowed, nothing found: no head-room to be short of
    ]


def test_an_exceeded_budget_of_zero_is_tightest():
    leak = replace(NO_LEAK, value=1, verdict=Verdict.FAIL)
    rows = rows_of([result_of(TOO_HIGH, leak)])
    assert [row.measurement.metric for row in rows] == ["leak", "peak"]


def test_without_a_number_there_is_a_row_only_on_request():
    tests = [result_of(NO_GPU), result_of(name="test_async", reason="no runner")]
    assert rows_of(tests) == []
    every = rows_of(tests, numbers_only=False)
    assert [(row.measurement.probe, row.measurement.reason) for row in every] == [
        ("cupy", "cupy is not installed"),
        ("-", "no runner"),
    ]


def test_what_was_only_observed_comes_after_what_is_guarded():
    observed = result_of(replace(AT_BASELINE, baseline=None, value=2**40), name="test_seen", guarded=False)
    rows = rows_of([observed, result_of(NO_LEAK)])
    assert [row.result.guarded for row in rows] == [True, False]


def test_numbers_that_json_can_hold():
    assert has_number(ROOMY)
    assert not has_number(NO_GPU)
    assert not has_number(replace(ROOMY, value=math.nan))


@given(run=runs)
def test_every_row_has_a_text_for_every_column(run):
    for row in rows_of(run.tests, numbers_only=False):
        assert len(row.cells) == len(HEADER)
