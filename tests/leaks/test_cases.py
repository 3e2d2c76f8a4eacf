"""The zoo tells the truth: what is called a leak grows, and what is called a lookalike stops growing."""

from __future__ import annotations

import warnings
from array import array
from typing import TYPE_CHECKING

import pytest
from measure import counting
from zoo import LEAKS, LOOKALIKES, Case, State

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

_CALLS = 48
# What a loop of calls and readings moves by itself, the interpreter's resizing of one of its dictionaries included.
_NOISE_BYTES = {"python": 6144, "heap": 4096, "rss": 512 * 1024}


def _parameters(cases: tuple[Case, ...]) -> list[object]:
    return [
        pytest.param(
            case,
            probe,
            id=f"{case.name}-{probe}",
            marks=[pytest.mark.skip(reason=reason)] if (reason := case.skip_reason(probe)) else [],
        )
        for case in cases
        for probe in case.probes
    ]


@pytest.fixture
def state(case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    # A warning that is ignored is not registered, and one that pytest collects fills its summary.
    monkeypatch.setattr(warnings, "showwarning", lambda *_, **__: None)
    state = State(**{name: request.getfixturevalue(name) for name in case.fixtures})
    if case.prepare:
        case.prepare(state)
    yield state
    if case.undo:
        case.undo(state)


@pytest.mark.parametrize(("case", "probe"), _parameters(LEAKS))
def test_a_leak_adds_about_what_it_says(case: Case, probe: str, state: State):
    with counting(probe) as read:
        case(state)
        case(state)
        before = read()
        for _ in range(_CALLS):
            case(state)
        bytes_per_call = (read() - before) / _CALLS
    # A buffer that doubles holds between all of its room and half of it.
    assert 0.4 < bytes_per_call / case.bytes_per_call < 2.5, bytes_per_call


@pytest.mark.parametrize(
    ("case", "probe"), _parameters([case for case in LOOKALIKES if not case.held_by_pytest])
)
def test_a_lookalike_stops_growing(case: Case, probe: str, state: State):
    # Each half sees a cache that is emptied when full both full and empty.
    half = max(_CALLS // 2, case.settles_after)
    readings = array("q", bytes(8 * 2 * half))  # no integers that count
    with counting(probe) as read:
        read()
        for _ in range(case.settles_after + 2):
            case(state)
        for number in range(2 * half):
            case(state)
            readings[number] = read()
    # Sizes may vary for ever, but the smallest later on is no larger than the largest so far.
    assert min(readings[half:]) <= max(readings[:half]) + _NOISE_BYTES[probe], readings


def test_names_are_unique():
    names = [case.name for case in (*LEAKS, *LOOKALIKES)]
    assert len(set(names)) == len(names)
