from __future__ import annotations

import pytest

from pytest_memguard.stats.spread import drift, relative_band


def test_one_unlucky_process_does_not_widen_the_band():
    assert relative_band([1.0, 1.1, 1.02, 9.0, 1.05]) == pytest.approx(0.1)
    assert relative_band([1.0] * 4) is None


def test_drift_is_between_the_halves():
    assert drift([1, 1, 1, 1.3, 1.3, 1.3]) == pytest.approx(0.3)
    assert drift([1.3, 1.3, 1, 1]) == pytest.approx(0.3)
    assert drift([1, 5]) == 0
