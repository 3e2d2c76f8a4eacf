import sys

import pytest

from pytest_memguard.probes.lines import LineProfile

MIB = 2**20
pytestmark = pytest.mark.skipif(
    sys.gettrace() is not None, reason="a debugger or coverage holds the trace function"
)


def test_every_line_has_its_own_peak_and_growth():
    def inner():
        spike = bytearray(8 * MIB)
        return len(spike)

    def outer():
        kept = bytearray(2 * MIB)
        for _ in range(3):
            inner()
        return kept

    profile = LineProfile()
    profile.start()
    try:
        kept = outer()
    finally:
        profile.stop()
    lines = {code.co_name: totals for code, totals in profile.lines.items()}
    first = outer.__code__.co_firstlineno
    allocating, calling = lines["outer"][first + 1], lines["outer"][first + 3]
    assert allocating.growth_bytes == pytest.approx(2 * MIB, rel=0.01)
    assert (calling.count, calling.peak_bytes) == (3, pytest.approx(8 * MIB, rel=0.01))
    assert calling.growth_bytes < 10_000
    assert lines["inner"][inner.__code__.co_firstlineno + 1].count == 3
    assert profile.peak_bytes == pytest.approx(10 * MIB, rel=0.01)
    assert len(kept) == 2 * MIB
    assert sys.gettrace() is None


def test_a_line_goes_on_when_what_it_waits_for_is_there():
    kept = []

    def suspended():
        kept.append((yield) or bytes(50_000))
        yield

    profile = LineProfile()
    profile.start()
    try:
        steps = suspended()
        next(steps)
        next(steps)
    finally:
        profile.stop()
    first, *_ = [profile.lines[code] for code in profile.lines if code.co_name == "suspended"]
    line = suspended.__code__.co_firstlineno + 1
    assert first[line].count == 1
    assert 50_000 <= first[line].growth_bytes < 51_000
    assert 50_000 <= first[line].peak_bytes < 52_000
