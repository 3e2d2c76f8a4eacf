"""The radial distribution function."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl.box import minimum_image
from reference_impl.dynamics import fcc_lattice, radial_distribution


def test_shells_of_the_crystal_hold_the_neighbors_that_crystallography_gives():
    positions, box = fcc_lattice(864, 1.0)
    nearest = (4 / 1.0) ** (1 / 3) / np.sqrt(2)
    found = radial_distribution(positions, box, cutoff=2.1 * nearest, bins=500)
    edges = np.append(0.0, found.distance + found.distance[0])
    atoms = found.density * np.diff(edges**3) * 4 / 3 * np.pi * (863 / 864)
    shells = found.distance[atoms > 1e-9]
    np.testing.assert_allclose(shells, nearest * np.sqrt([1, 2, 3, 4]), atol=edges[1])
    np.testing.assert_allclose(
        atoms[atoms > 1e-9], [12, 6, 24, 12]
    )  # C. Kittel, Introduction to Solid State Physics


def test_an_ideal_gas_has_its_mean_density_at_every_distance():
    length = 10.0
    positions = np.random.default_rng(0).uniform(-length, 2 * length, (4_000, 3)).astype(np.float32)
    found = radial_distribution(positions, np.full(3, length), cutoff=length / 2, bins=20)
    assert found.density[4:] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("box", [[8, 8, 8], [[8, 0, 0], [1, 8, 0], [-2, 3, 8]]])
def test_every_pair_is_counted_once_by_its_nearest_image(box):
    positions = np.random.default_rng(1).uniform(0, 8, (100, 3))
    found = radial_distribution(positions, box, cutoff=3.0, bins=30)
    i, j = np.triu_indices(100, 1)
    r = np.linalg.norm(minimum_image(positions[i] - positions[j], box), axis=1)
    counts, edges = np.histogram(r, 30, (0, 3.0))
    gas = 4 / 3 * np.pi * np.diff(edges**3) / 8**3 * 100 * 99 / 2
    np.testing.assert_allclose(found.density, counts / gas)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bins": 0}, "got bins=0 for 9 atoms"),
        ({"positions": np.zeros((1, 3))}, "got bins=200 for 1 atoms, allowed: 1 and more, 2 and more"),
        ({"cutoff": 5.0}, "allowed: at most half the shortest periodic box length"),
        ({"box": None}, "open along x and y and z, allowed here: periodic along all axes"),
    ],
)
def test_what_is_refused(arguments, message):
    call = {"positions": np.random.default_rng(0).uniform(0, 8, (9, 3)), "box": [8, 8, 8], "cutoff": 2.0}
    with pytest.raises(ValueError, match=message):
        radial_distribution(**call | arguments)
