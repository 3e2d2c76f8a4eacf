"""Lennard-Jones forces of a device against the host's, in each precision and by either method."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from reference_impl import lennard_jones, neighbor_list
from reference_impl.backends import HAS_NUMBA
from reference_impl.cuda import lennard_jones as on_device
from tests.reference_impl.cuda.on_cpu.device import CpuDevice
from tests.reference_impl.neighbors.systems import TILTED, frozen

# Of the largest force, or of the sum: places rounded to float32 in these boxes, and a device's quick quotients.
TOLERANCES = {"float32": 3e-5, "mixed": 3e-5, "float64": 1e-13}
# In a box 106 long places are off by 4e-6, and forces of near pairs by 13 times as much of themselves. Over the pairs
# of so many atoms that cancels.
MANY_FORCES, MANY_ENERGY = {"float32": 5e-4, "mixed": 5e-4, "float64": 1e-11}, 1e-6
WAYS = [(method, precision) for method in ("list", "cells", "all_pairs") for precision in TOLERANCES]


def crystal(atoms_per_side=5, spacing=1.2, seed=0, noise=0.1):
    places = np.stack(np.meshgrid(*[np.arange(atoms_per_side)] * 3), axis=-1).reshape(-1, 3) * spacing
    places = places + np.random.default_rng(seed).uniform(-noise, noise, places.shape)
    return frozen(places), frozen(np.full(3, atoms_per_side * spacing))


def on_host(positions, box, cutoff=2.5):
    return lennard_jones(positions, box, neighbor_list(positions, box, cutoff), cutoff=cutoff)


def check(found, expected, precision):
    scale = abs(expected.forces).max(initial=1.0)
    np.testing.assert_allclose(found.forces, expected.forces, atol=TOLERANCES[precision] * scale)
    for got, wanted in zip(found[1:], expected[1:], strict=True):
        assert got == pytest.approx(wanted, rel=TOLERANCES[precision], abs=TOLERANCES[precision] * scale)


@pytest.mark.parametrize(("method", "precision"), WAYS)
@pytest.mark.parametrize("block", [32, 96, 128])
def test_forces_are_those_of_the_host(device, method, precision, block):
    positions, box = crystal()
    found = on_device(positions, box, device=device, precision=precision, method=method, block=block)
    check(found, on_host(positions, box), precision)


@pytest.mark.parametrize(("method", "precision"), WAYS)
def test_two_atoms_rest_at_the_minimum(device, method, precision):
    positions = [[9.9, 5, 5], [9.9 + 2 ** (1 / 6) - 10, 5, 5]]  # across the boundary
    found = on_device(positions, [10, 10, 10], device=device, precision=precision, method=method)
    assert found.energy == pytest.approx(-1, rel=1e-6)
    assert abs(found.forces).max() < (1e-12 if precision == "float64" else 1e-4)


@pytest.mark.parametrize(("method", "precision"), WAYS)
@pytest.mark.parametrize("atoms", [0, 1, 2])
def test_hardly_any_atoms(device, method, precision, atoms):
    positions = np.arange(3.0 * atoms).reshape(-1, 3) * 0.5
    found = on_device(positions, [9, 9, 9], device=device, precision=precision, method=method)
    assert found.forces.shape == (atoms, 3)
    check(found, on_host(positions, [9, 9, 9]), precision)


def test_a_box_of_three_sides_and_atoms_outside(device):
    positions, box = crystal(6)
    stretched = positions * [1.0, 1.1, 0.95] + [31.0, -55.0, 2.0]
    lengths = box * [1.0, 1.1, 0.95]
    for method, precision in WAYS:
        found = on_device(stretched, lengths, device=device, precision=precision, method=method, cutoff=2.2)
        check(found, on_host(stretched, lengths, 2.2), precision)


@pytest.mark.parametrize("precision", TOLERANCES)
def test_turned_moved_and_renamed_systems(device, precision):
    positions, box = crystal()
    expected = on_host(positions, box).forces
    order = np.random.default_rng(1).permutation(len(positions))
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for moved, forces in (
        (positions + np.array([3.3, -20.0, 100.0]), expected),
        (positions[order], expected[order]),
        (positions @ turn.T, expected @ turn.T),
    ):
        found = on_device(moved, box, device=device, precision=precision)
        np.testing.assert_allclose(
            found.forces, forces, atol=max(TOLERANCES[precision], 1e-11) * abs(forces).max()
        )
        assert (
            abs(found.forces.sum(axis=0)).max() < len(positions) * TOLERANCES[precision] * abs(forces).max()
        )


@pytest.mark.parametrize("lengths", [(5.01, 7.4, 6.2), (40.0, 5.0, 5.3), (26.0, 26.0, 26.0)])
def test_cells_of_any_number_hold_all_pairs(cpu_device, lengths):
    """Fewer than are looked at, as many, and more, in boxes that are crowded here and empty there."""
    rng = np.random.default_rng(4)
    lattice = np.stack(
        np.meshgrid(*[np.arange(0, length - 1.0, 1.1) for length in lengths]), axis=-1
    ).reshape(-1, 3)
    positions = lattice[rng.permutation(len(lattice))[:150]] + rng.uniform(
        -0.05, 0.05, (min(150, len(lattice)), 3)
    )
    found = on_device(positions, lengths, device=cpu_device, precision="float64", method="cells")
    check(found, on_host(positions, lengths), "float64")


def test_sums_in_float64_lose_less(cpu_device):
    """Of a row of many pulls that cancel: an ordered crystal, where a force is what rounding leaves of it."""
    positions, box = crystal(6, noise=0.0)
    left = {
        precision: abs(on_device(positions, box, device=cpu_device, precision=precision).forces).mean()
        for precision in TOLERANCES
    }
    assert left["float64"] < 1e-10
    assert left["mixed"] < left["float32"]


def test_the_same_bits_whatever_runs_first(library):
    positions, box = crystal()
    for method, precision in WAYS:
        first, second = (
            on_device(
                positions,
                box,
                device=CpuDevice(library, backwards=backwards),
                precision=precision,
                method=method,
            )
            for backwards in (False, True)
        )
        np.testing.assert_array_equal(first.forces, second.forces)
        assert first[1:] == second[1:]


@pytest.mark.parametrize("method", ["list", "cells", "all_pairs"])
def test_two_atoms_in_one_place_are_named(device, method):
    positions, box = crystal()
    positions = positions.copy()
    positions[40] = positions[7] + [box[0], 0, 0]
    with pytest.raises(ValueError, match="atoms 7 and 40 are in the same place"):
        on_device(positions, box, device=device, method=method)


def test_atoms_too_near_for_float32(device):
    positions = [[1.0, 1.0, 1.0], [1.0 + 1e-5, 1.0, 1.0]]
    with pytest.raises(ValueError, match="float32 cannot hold their energy, allowed: precision='float64'"):
        on_device(positions, [9, 9, 9], device=device)
    assert np.isfinite(on_device(positions, [9, 9, 9], device=device, precision="float64").energy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "half"}, "got precision='half', allowed on a device: float32, mixed, float64"),
        ({"method": "tree"}, "got method='tree', allowed: list, cells, all_pairs"),
        ({"method": "all_pairs", "block": 256}, "got block=256, allowed with all pairs: up to 128"),
        ({"block": 48}, "got block=48, allowed: multiples of 32"),
        ({"box": TILTED}, "allowed here: a box of three lengths"),
        ({"box": None}, "open along x and y and z"),
    ],
)
def test_what_is_refused(cpu_device, options, message):
    positions, box = crystal()
    box = options.pop("box", box)
    with pytest.raises(ValueError, match=message):
        on_device(positions, box, device=cpu_device, **options)


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_forces_far_from_the_middle_are_within_what_many_are_held_to(cpu_device, precision):
    positions, _ = crystal(6, spacing=1.06)  # in the corner of a box as long as that of a million
    box = np.full(3, 106.0)
    found, expected = (
        on_device(positions, box, device=cpu_device, precision=precision),
        on_host(positions, box),
    )
    scale = abs(expected.forces).max()
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=MANY_FORCES[precision] * scale / 2)


@cache
def a_million():
    positions, box = crystal(100, spacing=1.06)
    return positions, box, on_host(positions, box)


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed: the host would take minutes")
@pytest.mark.parametrize("method", ["list", "cells"])
@pytest.mark.parametrize("precision", TOLERANCES)
def test_a_million_atoms(method, precision):
    from reference_impl.cuda import CupyDevice

    positions, box, expected = a_million()
    found = on_device(positions, box, device=CupyDevice(), precision=precision, method=method)
    scale = abs(expected.forces).max()
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=MANY_FORCES[precision] * scale)
    assert found.energy == pytest.approx(
        expected.energy, rel=1e-11 if precision == "float64" else MANY_ENERGY
    )
