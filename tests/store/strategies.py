"""Hypothesis strategies for what the store reads and writes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pytest_memguard.model import METRICS, Environment, Measurement, Run, Site, TestResult, Verdict

# How long a disk and a busy machine take says nothing about what is tested.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = texts.filter(bool)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
verdicts = st.sampled_from(Verdict)
sites = st.builds(
    Site,
    file=texts,
    line=st.integers(1, 10**6),
    bytes=st.integers(0, 2**60),
    blocks=st.integers(0, 2**60),
    text=texts,
    via=texts,
)
measurements = st.builds(
    Measurement,
    probe=texts,
    metric=st.sampled_from([*METRICS, "other"]),
    value=st.none() | numbers,
    unit=texts,
    budget=st.none() | numbers,
    baseline=st.none() | numbers,
    verdict=verdicts,
    reason=texts,
    sites=st.lists(sites, max_size=2).map(tuple),
)
tests = st.builds(
    TestResult,
    nodeid=texts,
    file=texts,
    line=st.integers(1, 10**6),
    verdict=verdicts,
    measurements=st.lists(measurements, max_size=3).map(tuple),
    guarded=st.booleans(),
    reason=texts,
    failed=st.booleans(),
)
environments = st.builds(
    Environment,
    machine_class=texts,
    python=texts,
    platform=texts,
    commit=st.none() | texts,
    packages=st.dictionaries(texts, texts, max_size=3),
)
runs = st.builds(
    Run,
    schema=st.just(1),
    environment=environments,
    tests=st.lists(tests, max_size=3).map(tuple),
    unguarded=st.integers(0, 10**6),
    missing_baselines=st.lists(texts, max_size=2).map(tuple),
    orphaned_baselines=st.lists(texts, max_size=2).map(tuple),
)

# As they come out of a file: bytes and counts are integers, ratios have four digits.
stored = {
    "B": st.integers(0, 2**60),
    "count": st.integers(0, 2**60),
    "ratio": st.floats(0, 1).map(lambda ratio: float(f"{ratio:.4g}")),
}
entries_of_a_probe = st.fixed_dictionaries(
    {}, optional={name: stored[metric.unit] for name, metric in METRICS.items()}
).filter(bool)
entries = st.dictionaries(
    st.text(max_size=12).filter(bool),
    st.dictionaries(names, entries_of_a_probe, min_size=1, max_size=2),
    max_size=5,
)
