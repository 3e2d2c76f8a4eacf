"""The forces of a Lennard-Jones system, by both back ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference_impl import neighbor_list
from reference_impl.box import Box, minimum_image
from reference_impl.kernels.lennard_jones import BlockForces, compiled, lennard_jones, oracle
from tests.reference_impl.neighbors.systems import frozen, liquid

MINIMUM = 2 ** (1 / 6)
BACK_ENDS = [oracle.add_forces, compiled.add_forces]


SAME_LATTICE = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])  # of three lengths: tilted cell vectors for it


def forces_by(add_forces, positions, box, neighbors, cutoff, *, is_half=True):
    forces = np.full(positions.shape, np.nan)
    box = Box.of(box)
    energy, virial = add_forces(
        positions, box, neighbors.indptr, neighbors.indices, cutoff**2, forces, is_half
    )
    return forces, energy, virial


def crystal(atoms_per_side=5, spacing=1.2, seed=0, noise=0.1):
    """Atoms nowhere too near to each other, so that rounding of the forces is small."""
    places = np.stack(np.meshgrid(*[np.arange(atoms_per_side)] * 3), axis=-1).reshape(-1, 3) * spacing
    places = places + np.random.default_rng(seed).uniform(-noise, noise, places.shape)
    return frozen(places), frozen(np.full(3, atoms_per_side * spacing))


@pytest.mark.parametrize("add_forces", BACK_ENDS)
@pytest.mark.parametrize("full", [False, True])
def test_two_atoms_rest_at_the_minimum(add_forces, full):
    positions = frozen([[9.9, 5, 5], [9.9 + MINIMUM - 10, 5, 5]])  # across the boundary
    pair = neighbor_list(positions, [10, 10, 10], 2.5, full=full)
    forces, energy, virial = forces_by(add_forces, positions, [10, 10, 10], pair, 2.5, is_half=not full)
    assert energy == pytest.approx(-1)
    assert abs(forces).max() < 1e-13
    assert abs(virial) < 1e-13


@pytest.mark.parametrize("add_forces", BACK_ENDS)
@pytest.mark.parametrize(("r", "sign"), [(1.0, 1), (1.5, -1)])
def test_near_atoms_repel_and_far_ones_attract(add_forces, r, sign):
    positions = frozen([[0, 0, 0], [r, 0, 0]])
    pair = neighbor_list(positions, None, 2.5)
    forces, energy, virial = forces_by(add_forces, positions, None, pair, 2.5)
    assert forces[1, 0] == -forces[0, 0]
    assert np.sign(forces[1, 0]) == sign
    assert forces[1, 0] == pytest.approx(48 * r**-13 - 24 * r**-7)
    assert energy == pytest.approx(4 * r**-12 - 4 * r**-6, abs=1e-12)
    assert virial == pytest.approx(r * forces[1, 0])


@given(
    seed=st.integers(0, 2**32),
    periodic=st.tuples(*[st.booleans()] * 3),
    cutoff=st.floats(0.9, 3.0),
    skin=st.sampled_from([0.0, 0.0, 0.2]),
)
def test_back_ends_and_lists_agree(seed, periodic, cutoff, skin):
    positions, lengths = crystal(seed=seed)
    assume(not any(periodic) or cutoff + skin <= lengths.min() / 2)
    box = Box.of(lengths, periodic)
    half = neighbor_list(positions, box, cutoff + skin)
    full = neighbor_list(positions, box, cutoff + skin, full=True)
    expected, energy, virial = forces_by(oracle.add_forces, positions, box, half, cutoff)
    scale = max(1.0, abs(expected).max())
    for add_forces in BACK_ENDS:
        for neighbors, is_half in ((half, True), (full, False)):
            found = forces_by(add_forces, positions, box, neighbors, cutoff, is_half=is_half)
            np.testing.assert_allclose(found[0], expected, rtol=1e-10, atol=1e-10 * scale)
            assert found[1:] == pytest.approx((energy, virial), rel=1e-10, abs=1e-10 * scale)
    assert abs(expected.sum(axis=0)).max() < 1e-11 * scale  # Newton's third law


@pytest.mark.parametrize("add_forces", BACK_ENDS)
@pytest.mark.parametrize("full", [False, True])
def test_cell_vectors_of_the_same_lattice_give_the_same_forces(add_forces, full):
    positions, lengths = crystal(atoms_per_side=6)
    tilted = Box.of(SAME_LATTICE * lengths)
    assert not tilted.is_orthorhombic
    found, expected = (
        forces_by(
            add_forces, positions, box, neighbor_list(positions, box, 1.9, full=full), 1.9, is_half=not full
        )
        for box in (tilted, lengths)
    )
    np.testing.assert_allclose(found[0], expected[0], atol=1e-9)
    assert found[1:] == pytest.approx(expected[1:])


@pytest.mark.parametrize("periodic", [(True, True, True), (True, False, True), (False, True, False)])
def test_the_energy_in_a_tilted_box_is_that_of_all_images(periodic):
    vectors = np.array([[9.0, 0, 0], [3.0, 9.0, 0.5], [2.0, -1.5, 9.0]])
    fractions = np.stack(np.meshgrid(*[np.arange(6)] * 3), axis=-1).reshape(-1, 3) / 6
    positions = frozen(fractions @ vectors + np.random.default_rng(1).uniform(-0.1, 0.1, fractions.shape))
    box = Box.of(vectors, periodic)
    steps = [np.arange(-1, 2) if flag else np.zeros(1) for flag in periodic]
    images = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 3) @ box.vectors
    r = np.linalg.norm(positions[:, None, None] - positions[None, :, None] - images, axis=-1)
    r = r[(r > 0) & (r < 2.5)]
    found = lennard_jones(positions, box, neighbor_list(positions, box, 2.5))
    assert found.energy == pytest.approx((4 * (r**-12 - r**-6)).sum() / 2)
    assert found.virial == pytest.approx((48 * r**-12 - 24 * r**-6).sum() / 2)


def test_forces_are_the_slope_of_the_energy():
    positions, box = crystal()
    found = lennard_jones(positions, box, neighbor_list(positions, box, 2.5))
    step = 1e-6
    for atom, axis in [(0, 0), (17, 1), (124, 2)]:
        energies = []
        for sign in (-1, 1):
            moved = positions.copy()
            moved[atom, axis] += sign * step
            energies.append(lennard_jones(moved, box, neighbor_list(moved, box, 2.5)).energy)
        slope = (energies[1] - energies[0]) / (2 * step)
        assert found.forces[atom, axis] == pytest.approx(-slope, rel=1e-6)


def test_the_virial_is_the_slope_of_the_energy_under_expansion():
    positions, box = crystal()
    neighbors = neighbor_list(positions, box, 2.5)

    def energy(scale):  # the same pairs: a pair that crosses the cutoff would add a step
        return lennard_jones(positions * scale, box * scale, neighbors, cutoff=2.5 * scale).energy

    assert lennard_jones(positions, box, neighbors).virial == pytest.approx(
        -(energy(1 + 1e-6) - energy(1 - 1e-6)) / 2e-6, rel=1e-6
    )


def test_symmetries():
    positions, box = crystal()
    found = lennard_jones(positions, box, neighbor_list(positions, box, 2.5))
    order = np.random.default_rng(1).permutation(len(positions))
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for moved, expected in (
        (positions + np.array([3.3, -20.0, 100.0]), found.forces),
        (positions[order], found.forces[order]),
        (positions @ turn.T, found.forces @ turn.T),
    ):
        again = lennard_jones(moved, box, neighbor_list(moved, box, 2.5))
        np.testing.assert_allclose(again.forces, expected, atol=1e-8)
        assert again.energy == pytest.approx(found.energy)


def test_out_is_overwritten_and_returned():
    positions, box = crystal()
    neighbors = neighbor_list(positions, box, 2.5)
    out = np.full(positions.shape, 7.0)
    found = lennard_jones(positions, box, neighbors, out=out)
    assert found.forces is out
    np.testing.assert_array_equal(out, lennard_jones(positions, box, neighbors).forces)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((4, 3)),
        np.empty((125, 3), np.float32),
        np.empty((3, 125)).T,
        frozen(np.empty((125, 3))),
        [1.0],
    ],
)
def test_an_out_that_cannot_take_the_forces(out):
    positions, box = crystal()
    with pytest.raises(ValueError, match=r"got out=.*allowed: float64 of shape \(125, 3\)"):
        lennard_jones(positions, box, neighbor_list(positions, box, 2.5), out=out)


def test_an_out_in_the_memory_of_the_positions_is_refused_before_it_is_written_to():
    room = np.arange(24.0).reshape(8, 3)
    positions = room[:6]
    with pytest.raises(ValueError, match="got an out that shares memory with the positions"):
        lennard_jones(positions, None, neighbor_list(positions, None, 2.5), out=room[2:])
    with pytest.raises(ValueError, match="got an out that shares memory with the positions"):
        BlockForces([20, 20, 20])(positions, out=room[2:])
    assert np.array_equal(room, np.arange(24.0).reshape(8, 3))


def test_a_list_of_other_atoms():
    positions, box = crystal()
    with pytest.raises(ValueError, match="got a list of 125 atoms, allowed: 10"):
        lennard_jones(positions[:10], box, neighbor_list(positions, box, 2.5))


def test_two_atoms_in_one_place_are_named():
    positions, box = crystal()
    positions = positions.copy()
    positions[40] = positions[7] + [box[0], 0, 0]
    with pytest.raises(ValueError, match="atoms 7 and 40 are in the same place"):
        lennard_jones(positions, box, neighbor_list(positions, box, 2.5))


def test_no_atoms_and_one():
    for positions in (np.empty((0, 3)), np.zeros((1, 3))):
        found = lennard_jones(positions, [9, 9, 9], neighbor_list(positions, [9, 9, 9], 2.5))
        assert found.forces.shape == positions.shape
        assert (found.energy, found.virial) == (0, 0)
        assert not found.forces.any()


def test_a_list_of_a_liquid_by_its_nearest_images():
    positions, box = liquid(400)
    neighbors = neighbor_list(positions, box, 2.5)
    i, j = neighbors.pairs().T
    r = np.linalg.norm(minimum_image(positions[i] - positions[j], box), axis=1)
    assert lennard_jones(positions, box, neighbors).energy == pytest.approx((4 * (r**-12 - r**-6)).sum())
