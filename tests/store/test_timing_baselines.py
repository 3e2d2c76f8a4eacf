from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.model.timing_baseline import (
    Acceptance,
    MachineClass,
    Reference,
    TimingBaselines,
    TimingEntry,
)
from pytest_memguard.store import timing_baselines
from pytest_memguard.store.errors import StoreError
from pytest_memguard.store.timing_baselines import Measured
from pytest_memguard.store.timing_entries import format_timing, parse_timing
from tests.store.strategies import unhurried

seconds = st.floats(1e-9, 1e4).map(lambda value: float(f"{value:.4g}"))
times = st.lists(seconds, min_size=1, max_size=3).map(tuple)
names = st.text(min_size=1, max_size=8)
dates = st.just("2026-01-02T03:04:05Z")
entries = st.builds(
    TimingEntry,
    code=names,
    minima=times,
    quantiles=st.lists(times, max_size=2).map(tuple),
    band=st.none() | seconds,
    pair_sd=st.none() | seconds,
    commit=st.none() | names,
    date=dates,
)
wholes = st.builds(
    TimingBaselines,
    reference=st.builds(
        Reference, commit=st.none() | names, date=dates, lock=st.none() | names, clean=st.booleans()
    ),
    settings=st.dictionaries(names, seconds, max_size=2),
    accepted=st.dictionaries(
        names,
        st.builds(Acceptance, ratio=seconds.map(lambda x: float(f"{1 + x:.4g}")), reason=names, date=dates),
    ),
    machines=st.dictionaries(names, seconds, max_size=2).map(
        lambda scores: {name: MachineClass(name=name, facts={"cpu": name}, scores=scores) for name in scores}
    ),
    benchmarks=st.dictionaries(names, st.dictionaries(names, entries, min_size=1, max_size=3), max_size=2),
)

M = MachineClass(name="m", facts={"cpu": "x"}, scores={"loop": 1e-4})
AT = Reference(commit="c1", date="2026-01-01T00:00:00Z", lock="l", clean=True)


def entry(*minima, **more) -> TimingEntry:
    return TimingEntry(
        **{"code": "h", "minima": minima or (0.01,), "commit": "c1", "date": "2026-01-01", **more}
    )


def measured(machine=M, reference=AT, **entries) -> Measured:
    return Measured(machine=machine, reference=reference, entries=entries, settings={"processes": 10})


@unhurried
@given(wholes)
def test_what_is_written_is_read(whole):
    assert parse_timing(format_timing(whole), "f") == whole


def test_the_file_is_sorted_has_four_digits_and_a_line_per_entry(tmp_path):
    timing_baselines.update(tmp_path, measured(b=entry(0.0123456, 0.02), a=entry(band=0.1)))
    text = (tmp_path / "timing.json").read_text()
    assert text.splitlines() == [
        "{",
        '"accepted": {},',
        '"benchmarks": {',
        '"m": {',
        '"a": {"band": 0.1, "code": "h", "commit": "c1", "date": "2026-01-01", "minima": [0.01], "unit": "s"},',
        '"b": {"code": "h", "commit": "c1", "date": "2026-01-01", "minima": [0.01235, 0.02], "unit": "s"}',
        "}",
        "},",
        '"machines": {',
        '"m": {"facts": {"cpu": "x"}, "scores": {"loop": 0.0001}}',
        "},",
        '"reference": {"clean": true, "commit": "c1", "date": "2026-01-01T00:00:00Z", "lock": "l"},',
        '"schema": 1,',
        '"settings": {"processes": 10}',
        "}",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "f:1:2: not JSON"),
        ('{"schema": 2}', "f has schema 2, written by a newer"),
        ("<<<<<<< ours\n", "f:1: unresolved merge conflict"),
        (
            '{"schema": 1,\n"benchmarks": {"m": {"t.py::t": {"code": "h", "minima": "x"}}}}',
            "f:2: m → t.py::t → minima: ",
        ),
        (
            '{"schema": 1, "benchmarks": {"m": {"t": {"code": "h", "minima": []}}}}',
            "m → t → minima: got [], accepted",
        ),
        ('{"schema": 1, "benchmarks": {"m": 3}}', "f:1: benchmarks → m: got 3, accepted: an object"),
        (
            '{"schema": 1, "accepted": {"t": {"ratio": 0.5, "reason": "", "date": ""}}}',
            "accepted → t → ratio: got 0.5",
        ),
        (
            '{"schema": 1, "accepted": {"t": {"ratio": 2}}}',
            "accepted → t: object missing required field `reason`",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, complaint):
    with pytest.raises(StoreError, match="f") as caught:
        parse_timing(text, "f")
    assert complaint in str(caught.value)


def test_other_classes_and_other_tests_stay(tmp_path):
    timing_baselines.update(tmp_path, measured(a=entry(1.0), b=entry(2.0)))
    other = MachineClass(name="n")
    timing_baselines.update(tmp_path, measured(machine=other, a=entry(3.0)))
    _, new = timing_baselines.update(tmp_path, measured(a=entry(4.0)))
    assert {name: {t: e.seconds for t, e in of.items()} for name, of in new.benchmarks.items()} == {
        "m": {"a": 4.0, "b": 2.0},
        "n": {"a": 3.0},
    }
    assert timing_baselines.load(tmp_path) == new


def test_the_reference_moves_when_all_of_a_class_was_measured_at_it(tmp_path):
    timing_baselines.update(tmp_path, measured(a=entry(), b=entry()))
    at_2 = replace(AT, commit="c2")
    _, partly = timing_baselines.update(tmp_path, measured(reference=at_2, a=entry(commit="c2")))
    assert partly.reference == AT
    _, wholly = timing_baselines.update(tmp_path, measured(reference=at_2, b=entry(commit="c2")))
    assert wholly.reference == at_2


def test_an_acceptance_ends_with_the_next_measurement_of_every_class(tmp_path):
    other = MachineClass(name="n")
    timing_baselines.update(tmp_path, measured(a=entry()))
    timing_baselines.update(tmp_path, measured(machine=other, a=entry()))
    meant = Acceptance(ratio=2.0, reason="exact now", date="2026-02-01", expires="2026-03-01")
    timing_baselines.accept(tmp_path, "a", meant)
    later = entry(date="2026-02-02")
    _, new = timing_baselines.update(tmp_path, measured(a=later))
    assert new.accepted == {"a": meant}
    assert not meant.applies_to(new.benchmarks["m"]["a"], "2026-02-03")
    assert meant.applies_to(new.benchmarks["n"]["a"], "2026-03-01")
    assert not meant.applies_to(new.benchmarks["n"]["a"], "2026-03-02")
    _, new = timing_baselines.update(tmp_path, measured(machine=other, a=later))
    assert new.accepted == {}


def test_nothing_can_be_accepted_of_an_unknown_benchmark(tmp_path):
    with pytest.raises(StoreError, match=r"timing.json has no time of t: there is nothing"):
        timing_baselines.accept(tmp_path, "t", Acceptance(ratio=2, reason="r", date="d"))
    assert not list(tmp_path.iterdir())


def test_removing_takes_all_that_is_known(tmp_path):
    timing_baselines.update(tmp_path, measured(a=entry(), b=entry()))
    timing_baselines.accept(tmp_path, "a", Acceptance(ratio=2, reason="r", date="2026-02-01"))
    old, new = timing_baselines.remove(tmp_path, ["a"])
    assert new.nodeids == ("b",)
    assert timing_baselines.changed_lines(old, new) == ["a time seconds removed (was 10 ms)"]


def test_a_file_that_would_not_change_is_not_touched(tmp_path):
    timing_baselines.update(tmp_path, measured(a=entry()))
    before = (tmp_path / "timing.json").stat().st_mtime_ns
    timing_baselines.update(tmp_path, measured(a=entry()))
    assert (tmp_path / "timing.json").stat().st_mtime_ns == before
    assert json.loads((tmp_path / "timing.json").read_text())["schema"] == 1
