from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.gate import BASELINE_TOLERANCE, tolerance_of
from pytest_memguard.model import KERNEL_METRICS, MEMORY_METRICS

REGISTERS = st.integers(0, 255)


@given(REGISTERS, REGISTERS)
def test_registers_agree_within_the_eight_in_which_they_are_handed_out(baseline, value):
    tolerance = tolerance_of("registers")
    agrees = tolerance.lowest(baseline, "count") <= value <= tolerance.highest(baseline, "count")
    assert agrees is (-(-baseline // 8) == -(-value // 8))


def test_bytes_that_a_compiler_writes_are_exact():
    for metric in KERNEL_METRICS.keys() - {"registers"}:
        assert tolerance_of(metric).lowest(100, "B") == tolerance_of(metric).highest(100, "B") == 100


def test_everything_else_has_the_tolerance_of_memory():
    assert {tolerance_of(metric) for metric in (*MEMORY_METRICS, "seconds")} == {BASELINE_TOLERANCE}
    assert tolerance_of("peak", tolerance_of("registers")) == tolerance_of("registers")
