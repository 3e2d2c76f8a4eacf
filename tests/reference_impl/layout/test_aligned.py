"""Alignment is asserted by address, for any dtype, shape and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reference_impl.layout import aligned_copy, aligned_empty, aligned_zeros, is_aligned

DTYPES = st.one_of(
    hnp.scalar_dtypes(), st.sampled_from([np.dtype("i1, f8"), np.dtype(("f4", 3)), np.dtype("V5")])
)


@given(
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    dtype=DTYPES,
    order=st.sampled_from("CF"),
    power=st.integers(0, 13),
)
def test_the_address_is_a_multiple(shape, dtype, order, power):
    made = aligned_empty(shape, dtype, order=order, alignment=2**power)
    like = np.empty(shape, dtype, order=order)
    assert (made.shape, made.dtype) == (like.shape, like.dtype)
    assert not made.size or made.strides == like.strides
    assert made.ctypes.data % 2**power == 0
    assert made.flags.writeable
    assert made.flags[f"{order}_CONTIGUOUS"]
    made[...] = np.zeros((), made.dtype)  # within its memory
    zeros = aligned_zeros(shape, dtype, order=order, alignment=2**power)
    assert not np.frombuffer(zeros.tobytes(), np.uint8).any()


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(max_dims=3)))
def test_a_copy_is_equal_and_its_own(values):
    copy = aligned_copy(values.T)
    assert copy.tobytes() == values.T.tobytes()
    assert copy.ctypes.data % 64 == 0
    assert not np.shares_memory(copy, values)


def test_the_default_is_a_cache_line():
    arrays = [aligned_empty(n) for n in range(1, 200)]
    assert all(array.ctypes.data % 64 == 0 for array in arrays)
    assert all(map(is_aligned, arrays))
    assert not is_aligned(arrays[-1][1:])
    assert is_aligned(arrays[-1][1:], 8)
    assert not arrays[-1][1:].ctypes.data % 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": 3, "dtype": object}, "holds objects"),
        ({"shape": 3, "alignment": 48}, "alignment=48, allowed: powers of two"),
        ({"shape": 3, "alignment": 0}, "alignment=0"),
        ({"shape": (2, -1)}, r"shape \(2, -1\), allowed: lengths >= 0"),
    ],
)
def test_wrong_requests(arguments, message):
    for allocate in (aligned_empty, aligned_zeros):
        with pytest.raises(ValueError, match=message):
            allocate(**arguments)
