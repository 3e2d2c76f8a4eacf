"""Forces over blocks, held against the oracle."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl import neighbor_list
from reference_impl.box import Box
from reference_impl.kernels.lennard_jones import BlockForces, lennard_jones, oracle
from tests.reference_impl.neighbors.systems import frozen

TOLERANCES = {"float64": 1e-10, "float32": 1e-4}


def crystal(atoms, lengths, seed, noise=0.1):
    """Atoms on a jittered lattice that fills the box, in random order, some of them outside it."""
    lengths = np.array(lengths)
    side = (lengths.prod() / atoms) ** (1 / 3)
    counts = np.maximum(np.ceil(lengths / side), 1).astype(int)
    rng = np.random.default_rng(seed)
    places = (np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 3) + 0.5) / counts
    places = rng.permutation(places)[:atoms] * lengths
    places += rng.uniform(-noise, noise, places.shape) * (lengths / counts).min()
    places += rng.integers(-1, 2, places.shape) * lengths
    return frozen(places), frozen(lengths)


def expected(positions, lengths, cutoff):
    forces = np.empty(positions.shape)
    half = neighbor_list(positions, lengths, cutoff)
    box = Box.of(lengths)
    energy, virial = oracle.add_forces(positions, box, half.indptr, half.indices, cutoff**2, forces, True)
    return forces, energy, virial


def assert_equal(found, positions, lengths, cutoff, precision):
    forces, energy, virial = expected(positions, lengths, cutoff)
    tolerance = TOLERANCES[precision]
    largest = max(abs(forces).max(), 1e-12)
    np.testing.assert_allclose(found.forces, forces, rtol=0, atol=tolerance * largest)
    assert found.energy == pytest.approx(energy, rel=tolerance, abs=tolerance * largest)
    assert found.virial == pytest.approx(virial, rel=tolerance, abs=tolerance * largest * cutoff)


@settings(deadline=None)  # compiled on the first call
@given(
    atoms=st.integers(1, 300),
    shape=st.tuples(*[st.floats(1.0, 4.0)] * 3),
    spacing=st.floats(0.9, 3.0),
    reach=st.floats(0.3, 1.0),
    skin_share=st.floats(0.0, 0.5),
    precision=st.sampled_from(sorted(TOLERANCES)),
    threads=st.sampled_from([1, 1, 2, 3]),
    seed=st.integers(0, 2**32),
)
def test_any_small_system(*, atoms, shape, spacing, reach, skin_share, precision, threads, seed):
    lengths = np.array(shape) * spacing * (atoms / np.prod(shape)) ** (1 / 3)
    positions, lengths = crystal(atoms, lengths, seed)
    list_cutoff = reach * 0.4999 * lengths.min()
    cutoff, skin = list_cutoff * (1 - skin_share), list_cutoff * skin_share
    forces = BlockForces(lengths, cutoff=cutoff, skin=skin, precision=precision, threads=threads)
    for move in range(3):
        noise = np.random.default_rng(seed + move).uniform(-0.02, 0.02, positions.shape) * spacing
        moved = positions + move * noise
        assert_equal(forces(moved), moved, lengths, cutoff, precision)


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_liquid_of_thousands(precision, threads):
    positions, lengths = crystal(5_000, [18.0, 18.0, 18.3], seed=1)
    found = BlockForces(lengths, precision=precision, threads=threads)(positions)
    assert_equal(found, positions, lengths, 2.5, precision)
    momentum = 1e-11 if precision == "float64" else 1e-3
    assert abs(found.forces.sum(axis=0)).max() < momentum * max(1.0, abs(found.forces).max())


def test_room_for_rows_grows_where_atoms_crowd():
    # A droplet in a wide box has many times the neighbors of an even gas.
    droplet, _ = crystal(2_000, [12.0] * 3, seed=3)
    lengths = frozen([60.0, 60.0, 60.0])
    droplet = frozen(droplet % 12 + 55)  # across the corner
    for precision in TOLERANCES:
        found = BlockForces(lengths, precision=precision, threads=2)(droplet)
        assert_equal(found, droplet, lengths, 2.5, precision)


def test_the_list_is_kept_until_an_atom_moved_half_the_skin():
    positions, lengths = crystal(400, [8.0] * 3, seed=0)
    forces = BlockForces(lengths, skin=0.4)
    forces(positions)
    for share, builds in ((0.49, 1), (0.51, 2)):
        moved = positions.copy()
        moved[7] += [
            share * 0.4 / np.sqrt(2),
            share * 0.4 / np.sqrt(2) - lengths[1],
            0.0,
        ]  # and around the box
        assert_equal(forces(moved), moved, lengths, 2.5, "float64")
        assert forces.builds == builds
    assert forces.updates == 3


def test_out_is_overwritten_and_other_systems_start_anew():
    positions, lengths = crystal(400, [8.0] * 3, seed=0)
    forces = BlockForces(lengths)
    out = np.full(positions.shape, 7.0)
    assert forces(positions, out=out).forces is out
    again = forces(positions)
    np.testing.assert_array_equal(out, again.forces)
    assert forces(positions[:100]).forces.shape == (100, 3)
    assert forces.builds == 2
    empty = forces(np.empty((0, 3)))
    assert (empty.forces.shape, empty.energy, empty.virial) == ((0, 3), 0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "float16"}, "got precision='float16', allowed: float64, float32"),
        ({"threads": 0}, "got threads=0, allowed: whole numbers from 1 on"),
        ({"threads": 1.5}, "got threads=1.5"),
        ({"skin": -1.0}, "got skin=-1.0"),
        ({"cutoff": 5.0}, "at most half the shortest periodic box length"),
        ({"box": None}, "open along x and y and z, allowed here: periodic along all axes"),
        ({"box": [[8, 0, 0], [1, 8, 0], [0, 0, 8]]}, "allowed here: a box of three lengths"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BlockForces(**{"box": [8.0, 8.0, 8.0]} | arguments)


def test_positions_that_cannot_be():
    positions, lengths = crystal(400, [8.0] * 3, seed=0)
    forces = BlockForces(lengths)
    lost = positions.copy()
    lost[3, 1] = np.nan
    with pytest.raises(ValueError, match="atom 3 has y = nan"):
        forces(lost)
    double = positions.copy()
    double[40] = double[7] - [0, 0, lengths[2]]
    with pytest.raises(ValueError, match="atoms 7 and 40 are in the same place"):
        forces(double)
    assert_equal(forces(positions), positions, lengths, 2.5, "float64")


def test_a_call_after_an_interrupted_one_starts_anew(monkeypatch):
    pytest.importorskip("numba", reason="without numba nothing is kept")
    from reference_impl.kernels.lennard_jones.block_state import BlockState

    positions, lengths = crystal(400, [8.0] * 3, seed=0)
    forces = BlockForces(lengths)
    with monkeypatch.context() as patch:
        patch.setattr(BlockState, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            forces(positions)
    assert_equal(forces(positions), positions, lengths, 2.5, "float64")


def interrupt(*_arguments):
    raise KeyboardInterrupt


def test_what_float32_cannot_hold_is_said():
    pair = frozen([[1.0, 1, 1], [1.0004, 1, 1]])
    assert np.isfinite(lennard_jones(pair, [9, 9, 9], neighbor_list(pair, [9, 9, 9], 2.5)).energy)
    assert np.isfinite(BlockForces([9, 9, 9])(pair).energy)
    with pytest.raises(ValueError, match="allowed: precision='float64'"):
        BlockForces([9, 9, 9], precision="float32")(pair)


_PROGRAM = """
import numpy as np
from reference_impl.kernels.lennard_jones import BlockForces
positions = np.load({positions!r})
for precision in ("float64", "float32"):
    np.save({stem!r} + precision, BlockForces([8.0] * 3, precision=precision)(positions).forces)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names a processor of that family")
def test_a_processor_with_narrow_vectors_and_no_fma(tmp_path):
    pytest.importorskip("numba", reason="compiles for another processor")
    positions, lengths = crystal(400, [8.0] * 3, seed=0)
    np.save(tmp_path / "positions.npy", positions)
    program = _PROGRAM.format(positions=str(tmp_path / "positions.npy"), stem=str(tmp_path / "forces_"))
    older = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2", "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=os.environ | older, check=True)
    for precision, tolerance in TOLERANCES.items():
        forces, _, _ = expected(positions, lengths, 2.5)
        found = np.load(tmp_path / f"forces_{precision}.npy")
        np.testing.assert_allclose(found, forces, rtol=0, atol=tolerance * abs(forces).max())
