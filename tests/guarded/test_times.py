"""CPU time of each kernel by itself, as committed in `baselines/timing.json`."""

from __future__ import annotations

import time

import numpy as np
import pytest

from reference_impl import ArrayPool, BlockForces, VerletList, lennard_jones, neighbor_list
from reference_impl.backends import HAS_NUMBA
from reference_impl.dynamics import fcc_lattice
from reference_impl.memory import BlockPool, ThreadCaches
from reference_impl.products import blocked_product
from reference_impl.spectral import FFTWorkspaces, divergence
from tests.guarded.conftest import DENSITY, LIST_CUTOFF

pytestmark = [
    pytest.mark.skipif(not HAS_NUMBA, reason="the committed times are those of compiled kernels"),
    pytest.mark.benchmark(timer=time.process_time, min_rounds=10, max_time=0.5),
]
ATOMS = 10_000
TILTED = np.array([[1.0, 0.0, 0.0], [0.2, 1.0, 0.0], [-0.1, 0.3, 1.0]])


@pytest.fixture(scope="module")
def crystal():
    positions, box = fcc_lattice(ATOMS, DENSITY)
    positions += np.random.default_rng(0).uniform(-0.05, 0.05, positions.shape)
    return positions, box


@pytest.mark.parametrize("order", ["caller", "sorted"])
def test_neighbor_list(benchmark, crystal, order):
    found = benchmark(neighbor_list, *crystal, LIST_CUTOFF, order=order)
    assert len(found.indices) > 30 * ATOMS


def test_neighbor_list_of_a_tilted_box(benchmark, crystal):
    positions, box = crystal
    found = benchmark(neighbor_list, positions / box @ (TILTED * box), TILTED * box, LIST_CUTOFF)
    assert len(found.indices) > 30 * ATOMS


def test_a_list_that_is_kept(benchmark, crystal):
    positions, box = crystal
    lists = VerletList(LIST_CUTOFF - 0.3, 0.3, box)
    lists.update(positions)
    benchmark(lists.update, positions + 0.05)
    assert lists.builds == 1


def test_forces_of_a_list(benchmark, crystal):
    neighbors = neighbor_list(*crystal, LIST_CUTOFF)
    found = benchmark(lennard_jones, *crystal, neighbors)
    assert found.energy < -6 * ATOMS


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_forces_of_blocks(benchmark, crystal, precision):
    positions, box = crystal
    forces = BlockForces(box, precision=precision)
    found = benchmark(forces, positions)
    assert found.energy < -6 * ATOMS
    assert forces.builds == 1


def test_product_of_blocks(benchmark):
    a, b = np.random.default_rng(0).random((2, 256, 256))
    np.testing.assert_allclose(benchmark(blocked_product, a, b), a @ b)


def test_an_array_of_a_pool(benchmark):
    pool = ArrayPool(max_bytes=2**24)

    def step():
        for _ in range(1_000):
            pool.release(pool.acquire((100, 3), np.float64))

    benchmark(step)
    assert pool.misses == 1


@pytest.mark.parametrize("has_caches", [False, True])
def test_a_block_of_a_pool(benchmark, has_caches):
    pool = ThreadCaches(BlockPool(2**20)) if has_caches else BlockPool(2**20)

    def step():
        for _ in range(1_000):
            pool.free(pool.allocate(1_000))

    benchmark(step)
    assert pool.allocated_bytes == 0


@pytest.fixture(scope="module")
def flow():
    return np.random.default_rng(0).normal(size=(3, 64, 64, 64)), np.empty((64, 64, 64))


def test_divergence(benchmark, flow):
    components, out = flow
    benchmark(divergence, components, 0.1, out=out)
    assert np.array_equal(out, sum(np.gradient(components[axis], 0.1, axis=axis) for axis in range(3)))


@pytest.mark.parametrize("dtype", ["d", "D"])
def test_transforms_in_a_workspace(benchmark, flow, dtype):
    pytest.importorskip("scipy", reason="the committed times are those of SciPy's transforms")
    with FFTWorkspaces().lease((64, 64, 64), dtype) as workspace:

        def there_and_back():
            workspace.field[...] = flow[0][0]
            workspace.forward()
            workspace.inverse()

        benchmark(there_and_back)
        np.testing.assert_allclose(workspace.field, flow[0][0], atol=1e-12)
