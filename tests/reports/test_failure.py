from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_memguard.model import Verdict
from pytest_memguard.reports.failure import failure_lines, site_lines
from tests.reports.runs import NO_LEAK, ROOMY, SITES, TOO_HIGH, UNCLEAR, runs

LEAK = replace(
    NO_LEAK,
    value=2**20,
    verdict=Verdict.FAIL,
    reason="leak 1.0 MiB per call, budget 0 B, probe python",
    sites=SITES[1:],
)


def test_sentences_first_then_sites():
    assert list(failure_lines([ROOMY, TOO_HIGH, UNCLEAR, LEAK], top=2)) == [
        "peak 40.0 MiB, budget 39.0 MiB (+2.6 %), probe python",
        "leak 1.0 MiB per call, budget 0 B, probe python",
        "",
        "peak (python), held near the peak:",
        "  40.0 MiB  1 block    tests/test_x.py:12      a = np.zeros(n)  (via numpy/core.py:3)",
        "     400 B  70 blocks  tests/test_longer.py:7  names = []",
        "  ... and 1 more site with 100 B",
        "",
        "leak (python), still held after the call:",
        "  400 B  70 blocks  tests/test_longer.py:7  names = []",
        "  100 B  2 blocks   t.py:1",
    ]


def test_all_sites():
    assert len(list(site_lines(SITES, None))) == 3


def test_no_sites_wanted():
    assert list(failure_lines([TOO_HIGH], top=0)) == [TOO_HIGH.reason]


def test_no_sites_known():
    assert list(failure_lines([replace(TOO_HIGH, sites=())], top=5)) == [TOO_HIGH.reason]


def test_nothing_failed():
    assert list(failure_lines([ROOMY, UNCLEAR], top=5)) == []


@given(run=runs, top=st.none() | st.integers(0, 3))
def test_a_site_stays_on_its_line(run, top):
    for result in run.tests:
        for measurement in result.measurements:
            for line in site_lines(measurement.sites, top):
                assert len(line.splitlines()) == 1
