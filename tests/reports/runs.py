"""Runs to render: a small one of every kind of result, and whatever Hypothesis makes of hostile text."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_memguard.model import Environment, Measurement, Run, Site, TestResult, Verdict

ENVIRONMENT = Environment(
    machine_class="linux-x86_64-avx512",
    python="3.11.7",
    platform="Linux",
    commit="abc123",
    packages={"numpy": "2.4.6"},
)
SITES = (
    Site(
        file="tests/test_x.py",
        line=12,
        bytes=40 * 2**20,
        blocks=1,
        text="a = np.zeros(n)",
        via="numpy/core.py:3",
    ),
    Site(file="tests/test_longer.py", line=7, bytes=400, blocks=70, text="  names = []\n"),
    Site(file="t.py", line=1, bytes=100, blocks=2),
)
TOO_HIGH = Measurement(
    probe="python",
    metric="peak",
    value=41946608,
    unit="B",
    budget=40894464,
    verdict=Verdict.FAIL,
    reason="peak 40.0 MiB, budget 39.0 MiB (+2.6 %), probe python",
    sites=SITES,
)
NO_LEAK = Measurement(probe="python", metric="leak", value=0, unit="B", budget=0)
ROOMY = Measurement(probe="cupy", metric="hit_rate", value=0.95, unit="ratio", budget=0.9)
AT_BASELINE = Measurement(probe="heap", metric="peak", value=2**20, unit="B", baseline=2**20)
UNCLEAR = Measurement(
    probe="python",
    metric="leak",
    value=41,
    unit="B",
    budget=0,
    verdict=Verdict.INCONCLUSIVE,
    reason="growth fades too slowly to tell",
)
NO_GPU = Measurement(
    probe="cupy",
    metric="peak",
    value=None,
    unit="B",
    budget=0,
    verdict=Verdict.UNAVAILABLE,
    reason="cupy is not installed",
)


def result_of(*measurements: Measurement, name: str = "test_y", **fields) -> TestResult:
    verdict = Verdict.gravest([measurement.verdict for measurement in measurements])
    defaults = {
        "nodeid": f"tests/test_x.py::{name}",
        "file": "tests/test_x.py",
        "line": 12,
        "verdict": verdict,
    }
    return TestResult(**defaults | {"measurements": measurements} | fields)


def run_of(*tests: TestResult, **fields) -> Run:
    return Run(environment=ENVIRONMENT, tests=tests, **fields)


EMPTY = run_of()
EVERYTHING = run_of(
    result_of(AT_BASELINE, ROOMY, name="test_pass"),
    result_of(TOO_HIGH, NO_LEAK, name="test_fail"),
    result_of(UNCLEAR, name="test_unclear"),
    result_of(NO_GPU, name="test_gpu"),
    result_of(name="test_async", reason="no runner of async tests is known"),
    unguarded=30,
    missing_baselines=("tests/test_x.py::test_new [python peak]",),
    orphaned_baselines=("tests/test_gone.py::test_a", "tests/test_gone.py::test_b"),
)

_HOSTILE = "|`<>&\\\n\r\t:,%_*[]()!~#@$-+=\"' a\u00e9\u6f22\u0301\u202e\u2028\x1b\x85\udc80"
texts = st.text(max_size=12) | st.text(_HOSTILE, max_size=12)
numbers = st.none() | st.integers(-(2**63), 2**64) | st.floats()
_measurements = st.builds(
    Measurement,
    probe=texts,
    metric=st.sampled_from(["peak", "leak", "hit_rate", "allocations", "seconds"]) | texts,
    value=numbers,
    unit=st.sampled_from(["B", "s", "ratio", "count"]),
    budget=numbers,
    baseline=numbers,
    verdict=st.sampled_from(Verdict),
    reason=texts,
    sites=st.lists(
        st.builds(
            Site,
            file=texts,
            line=st.integers(1),
            bytes=st.integers(0),
            blocks=st.integers(0),
            text=texts,
            via=texts,
        ),
        max_size=2,
    ).map(tuple),
)
_results = st.builds(
    TestResult,
    nodeid=texts,
    file=texts,
    line=st.integers(1),
    verdict=st.sampled_from(Verdict),
    measurements=st.lists(_measurements, max_size=3).map(tuple),
    guarded=st.booleans(),
    reason=texts,
)
runs = st.builds(
    Run,
    schema=st.just(1),
    environment=st.builds(
        Environment, machine_class=texts, python=texts, platform=texts, commit=st.none() | texts
    ),
    tests=st.lists(_results, max_size=4).map(tuple),
    unguarded=st.integers(0),
    missing_baselines=st.lists(texts, max_size=2).map(tuple),
    orphaned_baselines=st.lists(texts, max_size=2).map(tuple),
)
