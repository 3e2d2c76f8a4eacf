"""The smallest dtype: everything in range fits, and nothing smaller would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.layout import smallest_dtype

INTEGERS = st.integers(-(2**63), 2**64 - 1)


@given(INTEGERS, INTEGERS)
def test_integers_fit_and_a_smaller_type_would_not_do(one, other):
    minimum, maximum = sorted((one, other))
    if minimum < 0 and maximum >= 2**63:
        with pytest.raises(ValueError, match="allowed: -9223372036854775808 to 9223372036854775807"):
            smallest_dtype(minimum, maximum)
        return
    found = smallest_dtype(minimum, maximum)
    assert int(np.array(minimum, found)) == minimum
    assert int(np.array(maximum, found)) == maximum
    for kind in ("u1", "i1", "u2", "i2", "u4", "i4"):
        info = np.iinfo(kind)
        if np.dtype(kind).itemsize < found.itemsize:
            assert not info.min <= minimum <= maximum <= info.max


@given(
    largest=st.floats(1e-3, 1e30),
    precision=st.floats(1e-12, 1e20),
    fractions=st.lists(st.floats(-1, 1), min_size=1, max_size=20),
)
def test_floats_round_by_no_more_than_allowed(largest, precision, fractions):
    try:
        found = smallest_dtype(-largest, largest, precision=precision)
    except ValueError:
        assert np.spacing(largest) / 2 > precision
        return
    for fraction in (*fractions, 1.0):
        value = fraction * largest
        assert abs(float(np.array(value, found)) - value) <= precision
    for kind in (np.float16, np.float32):
        if np.dtype(kind).itemsize < found.itemsize:
            assert largest > float(np.finfo(kind).max) or np.spacing(kind(largest)) > precision


@pytest.mark.parametrize(
    ("limits", "precision", "dtype"),
    [
        ((0, 255), None, "u1"),
        ((0, 256), None, "u2"),
        ((-1, 255), None, "i2"),
        ((0, 2**64 - 1), None, "u8"),
        ((0.0, 7.0), None, "u1"),
        ((0, 2047.9), 0.5, "f2"),  # spaced by 1 from 1024 on
        ((0, 2048), 0.5, "f4"),  # and by 2 from 2048 on
        ((0, 65504), 16, "f2"),
        ((0, 65505), 16, "f4"),
        ((0, 100), 1e-5, "f4"),
        ((0, 100), 1e-7, "f8"),
        ((0, 0), 1e-30, "f4"),  # between subnormal numbers
        ((-1e300, 0), 1e290, "f8"),
    ],
)
def test_known_cases(limits, precision, dtype):
    assert smallest_dtype(*limits, precision=precision) == np.dtype(dtype)


@pytest.mark.parametrize(
    ("limits", "precision", "message"),
    [
        ((1, 0), None, "minimum=1, maximum=0, allowed: finite, and in this order"),
        ((0, np.nan), None, "allowed: finite"),
        ((0, 0.5), None, "allowed: integers; fractions need one"),
        ((0, 2**64), None, "or 0 to 18446744073709551615"),
        ((0, 1), 0, "precision=0, allowed: above 0"),
        ((0, 1), np.nan, "precision=nan"),
        ((0, 1e6), 1e-12, "allowed: 5.82e-11 and more"),
    ],
)
def test_wrong_limits(limits, precision, message):
    with pytest.raises(ValueError, match=message):
        smallest_dtype(*limits, precision=precision)
