from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from reference_impl.box import Box
from reference_impl.neighbors.cell_list import half_list, working_set_bytes
from reference_impl.neighbors.grid import make_grid, max_cells
from reference_impl.neighbors.sort import sort_atoms
from reference_impl.neighbors.system import checked_system
from tests.reference_impl.neighbors.systems import frozen, liquid


@pytest.mark.parametrize("atoms", [10, 1000, 10_000])
def test_memory_stays_within_the_working_set(atoms):
    positions, box = liquid(atoms)
    checked = checked_system(positions, box, min(2.8, float(box[0]) / 2), (True,) * 3)
    pairs = len(half_list(*checked).indices)
    tracemalloc.start()
    try:
        half_list(*checked)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= working_set_bytes(atoms, pairs) + 8192  # the grid, and Python's own objects


def test_sorted_atoms_are_the_atoms():
    positions, lengths = liquid(500)
    grid = make_grid(positions, Box.of(lengths), 2.0)
    atoms = sort_atoms(positions, grid)
    names = atoms.names[:500]
    assert sorted(names.tolist()) == list(range(500))
    np.testing.assert_array_equal(np.stack([atoms.x, atoms.y, atoms.z], 1)[:500], positions[names])
    assert atoms.starts[0] == 0
    assert atoms.starts[grid.counts.prod()] == 500
    assert (np.diff(atoms.starts[:-1]) >= 0).all()


@pytest.mark.parametrize("lengths", [(6.0, 6.0, 6.0), (1e9, 6.0, 6.0), (1e9, 1e9, 1e9), (1e13, 5.7, 1e5)])
def test_cells_are_wide_enough_and_not_too_many(lengths):
    positions = frozen(np.random.default_rng(0).uniform(0, 1, (50, 3)) * lengths)
    grid = make_grid(positions, Box.of(lengths), 2.8)
    assert grid.counts.prod() <= max_cells(50)
    assert ((np.array(lengths) / grid.counts)[1:] >= 2.8).all()
    assert grid.inner < 2.8**2 < grid.outer
