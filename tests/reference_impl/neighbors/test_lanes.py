from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.backends import HAS_AVX2, HAS_NUMBA
from reference_impl.neighbors import lanes
from reference_impl.neighbors.stencil import MAX_ROWS

ATOMS, COLUMNS = 200, 20
PRECISIONS = st.sampled_from([np.float32, np.float64])


def swept_by(plan, sweep):
    """Stretches and what is found in them, by these two; from Python, where intrinsics cannot be called."""
    if not HAS_NUMBA:
        pytest.skip("without numba there is nothing to compile")
    import numba

    @numba.njit
    def call_plan(*arguments):
        plan(*arguments)

    @numba.njit
    def call_sweep(*arguments):
        return sweep(*arguments)

    return call_plan, call_sweep


@pytest.fixture(scope="module", params=[8, 16])
def vectors(request):
    """Both ways to bring hits to the front: where AVX-512 is missing, LLVM writes out the one made for it."""
    if not HAS_AVX2:
        pytest.skip("the processor has no AVX2")
    from llvmlite import binding

    from reference_impl.neighbors import sweep_ir

    if request.param == 16 and binding.llvm_version_info < (19, 0, 0):
        pytest.skip("this LLVM cannot compress vectors")
    return swept_by(sweep_ir.plan, sweep_ir.make_sweep(request.param))


@pytest.fixture(scope="module")
def portable():
    return swept_by(lanes.plan_portable, lanes.sweep_portable)


@given(st.integers(0, 2**32), PRECISIONS, st.sampled_from([1, 2]), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_vectors_and_portable_loops_agree(portable, vectors, seed, dtype, blocks, k):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-2, 2, MAX_ROWS).astype(dtype)
    high = low + dtype(0.5)
    front, along = rng.uniform(-2, 2, (2, MAX_ROWS)).astype(dtype)
    base = rng.integers(0, 3, MAX_ROWS).astype(np.int32) * (COLUMNS + 1)
    numbers = np.array([rng.uniform(0, 4), 4.0, 4, COLUMNS, 3.0], dtype)
    starts = np.sort(rng.integers(0, ATOMS, 3 * (COLUMNS + 1))).astype(np.int32)
    stencil = (low, high, front, along, base, numbers, starts)
    x, y, z = rng.uniform(0, 3, (3, ATOMS + lanes.LANES + 16)).astype(dtype)
    x[ATOMS:] = np.inf
    labels = rng.permutation(len(x)).astype(np.int32)
    members = -rng.integers(0, 2, (2, MAX_ROWS)).astype(np.int32)
    limits = dtype(1.0), dtype(rng.uniform(1.0, 1.2))
    at = int(rng.integers(0, 3)) * MAX_ROWS
    center = dtype(0.5), dtype(0.4), dtype(0.3)
    results = []
    for plan, sweep in (portable, vectors):
        begin, end = np.full((2, 3 * MAX_ROWS), -7, np.int32)  # what is planned elsewhere must not matter
        begin[at : at + MAX_ROWS] = end[at : at + MAX_ROWS] = 0
        for block in range(blocks):
            plan(*stencil, block, 3, *center, begin, end, at)
        assert (np.delete(begin, range(at, at + MAX_ROWS)) == -7).all()
        found = np.full(ATOMS * MAX_ROWS, -1, np.int32)
        todo = np.empty(ATOMS * MAX_ROWS, np.int32)
        nothing = (end <= begin) & (end >= 0)
        begin[nothing] = end[nothing] = 0
        stretches = begin.tolist(), end.tolist()
        end[end > 0] = ATOMS  # vectors see to the end of their rows, and beyond it is nothing near
        stop, doubt = sweep(
            x, y, z, labels, begin, end, at, members, 1, blocks, *center, *limits, lanes.FRONT, todo, found, k
        )
        assert (found[:k] == -1).all()
        results.append((stretches, sorted(found[k:stop].tolist()), doubt))
    assert results[0] == results[1]


NAMES = (
    "x, y, z, labels, begin, end, at, members, group, blocks, cx, cy, cz, inner, outer, front, todo, found, k"
)
PROGRAM = f"""
from numba import njit, types
from reference_impl.neighbors import lanes

@njit
def sweep({NAMES}):
    return lanes.sweep_vector({NAMES})

floats, ints, bytes_ = (types.Array(dtype, 1, "C") for dtype in (types.float32, types.int32, types.uint8))
number, count, members = types.float32, types.int64, types.Array(types.int32, 2, "C")
sweep.compile(
    (floats, floats, floats, ints, ints, ints, count, members, count, count, *[number] * 5, bytes_, ints, ints, count)
)
(assembly,) = sweep.inspect_asm().values()
print(lanes.LANES, "vpcompressd" in assembly, "zmm" in assembly, "vpermd" in assembly)
"""


@pytest.mark.skipif(not HAS_AVX2, reason="the processor is not of this family")
@pytest.mark.parametrize(
    ("processor", "features", "expected"),
    [
        ("skylake-avx512", "+avx2,+fma,+popcnt,+avx512f,+avx512vl,+avx512bw,+avx512dq", "16 True True"),
        ("haswell", "+avx2,+fma,+popcnt", "8 False False True"),
    ],
)
def test_a_named_processor_gets_its_instructions(processor, features, expected):
    from llvmlite import binding

    if processor == "skylake-avx512" and binding.llvm_version_info < (19, 0, 0):
        pytest.skip("this LLVM cannot compress vectors")
    environment = os.environ | {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().startswith(expected), done.stdout + done.stderr
