"""A peak failure names the line that allocated, however short the spike."""

from __future__ import annotations

import sys
from pathlib import PurePath

import pytest

_SPIKES = """
import pytest

@pytest.mark.memory_budget(peak="1 MiB")
@pytest.mark.parametrize("attempt", range(20))
def test_spike(attempt):
    x = bytearray(3 << 20)
    del x

@pytest.mark.memory_budget(peak="1 MiB")
def test_spike_of_a_callee():
    small = 1
    (lambda: len(bytearray(3 << 20)))()
    small = 2

@pytest.mark.memory_budget(peak="1 MiB")
def test_last_line():
    small = 1
    bytearray(3 << 20)

@pytest.mark.memory_budget(peak="1 MiB", rounds=3)
def test_every_round():
    bytearray(3 << 20)
    small = 1
"""


def _first_sites(run):
    return {
        name: measurement["sites"][0]
        for name, test in run.tests().items()
        for measurement in test["measurements"]
        if measurement["metric"] == "peak"
    }


def test_every_spike_has_a_site(pytester, run):
    path = pytester.makepyfile(_SPIKES)
    result = run.enforced()
    result.assert_outcomes(failed=23)
    sites = _first_sites(run)
    assert len(sites) == 23
    assert {PurePath(site["file"]).name for site in sites.values()} == {path.name}
    result.stdout.fnmatch_lines(["peak (python), held near the peak:"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no sys.monitoring: the line of the test must do")
def test_it_is_the_very_line(pytester, run):
    path = pytester.makepyfile(_SPIKES)
    run.enforced()
    lines = path.read_text().splitlines()
    for name, site in _first_sites(run).items():
        assert "bytearray(3 << 20)" in lines[site["line"] - 1], name
        assert site["text"] == lines[site["line"] - 1].strip()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no sys.monitoring")
def test_nothing_is_watched_afterwards(pytester, run):
    pytester.makepyfile(
        """
        import sys
        import pytest

        def tools():
            return [sys.monitoring.get_tool(number) for number in (3, 4)]

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_watched():
            assert "memguard" in tools()

        @pytest.mark.memory_budget(leak="1 MiB")
        def test_without_a_peak():
            assert "memguard" not in tools()
        """
    )
    run.enforced().assert_outcomes(passed=2)
