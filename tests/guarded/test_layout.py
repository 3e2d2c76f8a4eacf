"""Layouts: exact footprints of what lies how, no copy where a view is promised, and what each of them saves in time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl.layout import (
    LazyArray,
    aligned_empty,
    aligned_zeros,
    array_of_structures,
    as_matrix,
    as_structures,
    columns,
    smallest_dtype,
    structure_of,
    structure_of_arrays,
)

N = 100_000
PYTHON_ITSELF = KiB(16)  # views, call frames
PARTICLE = np.dtype(
    [("kind", "i1"), ("position", "f8", 3), ("fixed", "?"), ("velocity", "f8", 3), ("charge", "f4")],
    align=True,
)
STRUCTURE = structure_of(PARTICLE)
FIELD_BYTES = PARTICLE.itemsize - STRUCTURE.padding_bytes  # 54 of 72


def timed(group):
    """Both sides of a choice stand beside each other in the table of the benchmarks."""
    return pytest.mark.benchmark(group=group, timer=time.process_time, min_time=0.001, max_time=0.2)


@pytest.fixture(scope="module")
def particles():
    return np.zeros(N, PARTICLE)


@pytest.mark.memory_budget(peak=lambda n: 8 * n + 64 + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("n", [1, 1_000, 1_000_000])
@pytest.mark.parametrize("allocate", [aligned_empty, aligned_zeros])
def test_alignment_costs_no_more_than_a_cache_line(allocate, n):
    assert allocate(n).ctypes.data % 64 == 0


@pytest.mark.memory_budget(peak=N * FIELD_BYTES + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_a_structure_of_arrays_holds_no_padding(particles):
    structure_of_arrays(particles)


@pytest.mark.memory_budget(peak=N * STRUCTURE.ordered.itemsize + PYTHON_ITSELF, leak="0 B", warmup=1)
def test_ordered_records_hold_less_padding():
    assert STRUCTURE.ordered.itemsize == 56
    np.zeros(N, STRUCTURE.ordered)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_views_allocate_nothing(particles):
    found = columns(particles)
    assert array_of_structures(found, align=True) is particles
    back = as_matrix(as_structures(found["position"], "xyz"))
    assert np.shares_memory(back, particles)


@pytest.mark.memory_budget(peak=lambda dtype, size: N * size + PYTHON_ITSELF, leak="0 B", warmup=1)
@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        (smallest_dtype(0, 200), 1),
        (smallest_dtype(-1, 200), 2),
        (smallest_dtype(0, 1_000, precision=1e-3), 4),
        (smallest_dtype(0, 1_000, precision=1e-6), 8),
    ],
    ids=str,
)
def test_the_smallest_dtype_takes_its_bytes(dtype, size):
    np.zeros(N, dtype)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_an_array_that_nobody_uses_costs_nothing():
    assert not LazyArray(lambda: np.ones(N)).is_evaluated


@pytest.mark.memory_budget(peak=2 * 8 * N + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_an_evaluated_array_has_let_go_of_what_it_was_made_of():
    source = np.ones(N)
    lazy = LazyArray(lambda source=source: source * 2)
    del source
    assert lazy[0] == 2
    np.ones(N)  # with the source still held this were the third


@pytest.fixture(scope="module")
def lazy():
    return LazyArray(lambda: np.ones(N))


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_further_uses_are_free(lazy):
    assert np.add.reduce(lazy) == N
    assert np.asarray(lazy) is lazy.value


# What it saves in time ----------------------------------------------------------------------------------------------


@timed("the sum of one field of 100,000 records of 72 bytes")
@pytest.mark.parametrize("layout", ["structures", "arrays"])
def test_a_loop_over_one_field(benchmark, particles, layout):
    fields = columns(particles) if layout == "structures" else structure_of_arrays(particles)
    assert benchmark(np.add.reduce, fields["charge"]) == 0


@timed("a sum of two arrays of 100,000 numbers up to 1000")
@pytest.mark.parametrize("precision", [1e-3, 1e-6])
def test_arithmetic_in_the_smallest_dtype(benchmark, precision):
    numbers = np.ones(N, smallest_dtype(0, 1_000, precision=precision))
    benchmark(np.add, numbers, numbers, out=np.empty_like(numbers))


@timed("a thousand exponentials")
@pytest.mark.parametrize("is_used", [False, True])
def test_an_array_is_made_when_it_is_used(benchmark, is_used):
    numbers = np.linspace(0, 1, 1_000)

    def step():
        lazy = LazyArray(lambda: np.exp(numbers))
        return lazy[0] if is_used else 1

    assert benchmark(step) == 1
