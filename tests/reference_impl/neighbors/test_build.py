from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from reference_impl import neighbor_list
from reference_impl.backends import HAS_NUMBA
from reference_impl.box import Box
from reference_impl.neighbors import FullList, HalfList, brute_force, pairs_within
from reference_impl.neighbors.cell_list import half_list
from reference_impl.neighbors.system import checked_system
from tests.reference_impl.neighbors.systems import TILTED, frozen, liquid, systems, tilted_liquid

needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="without numba lists are the oracle's")


def assert_same_pairs(result, oracle):
    assert result.indptr.dtype == np.int64
    assert result.indices.dtype == np.int32
    assert result.indptr[0] == 0
    assert result.indptr[-1] == len(result.indices)
    np.testing.assert_array_equal(result.pairs(), oracle.pairs())


@given(systems())
@settings(max_examples=300, deadline=None)
def test_pairs_equal_brute_force(system):
    positions, box, cutoff, periodic = system
    oracle = brute_force(positions, box, cutoff, periodic=periodic)
    assert_same_pairs(neighbor_list(positions, box, cutoff, periodic=periodic), oracle)


@needs_numba
@given(systems())
@settings(max_examples=100, deadline=None)
def test_portable_loops_give_the_same_pairs(system):
    positions, box, cutoff, periodic = system
    oracle = brute_force(positions, box, cutoff, periodic=periodic)
    checked = checked_system(positions, box, cutoff, periodic)
    assert_same_pairs(half_list(*checked, vectors=False), oracle)


@given(systems())
@settings(max_examples=100, deadline=None)
def test_a_full_list_has_both_directions(system):
    positions, box, cutoff, periodic = system
    half = brute_force(positions, box, cutoff, periodic=periodic).pairs()
    full = neighbor_list(positions, box, cutoff, full=True, periodic=periodic)
    assert isinstance(full, FullList)
    both = np.concatenate([half, half[:, ::-1]])
    np.testing.assert_array_equal(full.pairs(), both[np.lexsort((both[:, 1], both[:, 0]))])


@pytest.mark.parametrize("seed", range(3))
def test_liquids_of_many_cells(seed):
    positions, box = liquid(2000, seed)
    assert_same_pairs(neighbor_list(positions, box, 2.8), brute_force(positions, box, 2.8))


@pytest.mark.parametrize("seed", range(3))
def test_tilted_liquids_of_many_cells(seed):
    positions, cell = tilted_liquid(2000, seed)
    assert_same_pairs(neighbor_list(positions, cell, 2.8), brute_force(positions, cell, 2.8))


@needs_numba
@given(systems())
@settings(max_examples=100, deadline=None)
def test_double_precision_sweeps_give_the_same_pairs(system):
    positions, box, cutoff, periodic = system
    checked = checked_system(positions, box, cutoff, periodic)
    if len(positions) > 1:
        assert_same_pairs(half_list(*checked, double=True), brute_force(*checked))


@pytest.mark.parametrize("box", [[10.0, 7.3, 5.6], [5.6, 5.6, 40.0], [100.0, 100.0, 5.7]])
def test_boxes_that_are_no_multiple_of_the_cell(box):
    positions = np.random.default_rng(1).uniform(0, 1, (400, 3)) * box
    assert_same_pairs(neighbor_list(positions, box, 2.8), brute_force(positions, box, 2.8))


@pytest.mark.parametrize("cutoff", [1.0, np.sqrt(2), np.sqrt(3), 2.0, np.nextafter(2.0, 3), 2.5])
def test_lattice_shells_at_the_cutoff_do_not_count(cutoff):
    lattice = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3) * 0.1
    result = neighbor_list(lattice, [0.6] * 3, 0.1 * cutoff)
    assert_same_pairs(result, brute_force(lattice, [0.6] * 3, 0.1 * cutoff))


def test_known_numbers_of_neighbors():
    lattice = np.stack(np.meshgrid(*[np.arange(8.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    for cutoff, shells in ((1.0, 0), (1.1, 6), (1.5, 18), (1.8, 26), (2.1, 32)):
        full = neighbor_list(lattice, [8.0] * 3, cutoff, full=True)
        np.testing.assert_array_equal(np.diff(full.indptr), shells)


@pytest.mark.parametrize("system", [liquid, tilted_liquid])
def test_an_atom_moved_by_whole_boxes_has_the_same_neighbors(system):
    positions, box = system(500)
    images = np.random.default_rng(0).integers(-3, 4, (500, 3))
    moved = neighbor_list(positions + images @ Box.of(box).vectors, box, 2.8)
    np.testing.assert_array_equal(moved.pairs(), neighbor_list(positions, box, 2.8).pairs())


@pytest.mark.parametrize(
    "edge", [0.0, 10.0, -10.0, 20.0, -1e-18, np.nextafter(10.0, 0), np.nextafter(10.0, 11)]
)
def test_atoms_on_the_boundary(edge):
    positions = frozen([[edge] * 3, [0.5] * 3, [9.5] * 3, [5.0] * 3])
    assert_same_pairs(neighbor_list(positions, [10.0] * 3, 2.0), brute_force(positions, [10.0] * 3, 2.0))
    assert len(neighbor_list(positions, [10.0] * 3, 2.0).indices) == 3


@pytest.mark.parametrize("atoms", [0, 1])
@pytest.mark.parametrize("periodic", [(True,) * 3, (False,) * 3])
def test_no_atoms_and_one_atom(atoms, periodic):
    positions = frozen(np.full((atoms, 3), 0.5))
    for full in (False, True):
        result = neighbor_list(positions, [2.0] * 3, 1.0, full=full, periodic=periodic)
        assert result.indptr.tolist() == [0] * (atoms + 1)
        assert result.pairs().shape == (0, 2)


def test_open_systems_need_no_box():
    positions, box = liquid(300)
    np.testing.assert_array_equal(
        neighbor_list(positions, None, 1.5).pairs(),
        neighbor_list(positions, box, 1.5, periodic=(False,) * 3).pairs(),
    )
    assert neighbor_list(np.zeros((3, 3)), None, 1e-3).pairs().tolist() == [[0, 1], [0, 2], [1, 2]]


def test_sparse_systems_take_memory_by_atoms_not_by_volume():
    positions = frozen([[0, 0, 0], [1e12, 0, 0], [1e12, 1e12, 1e12], [1e12, 1e12, 1e12 + 0.5]])
    assert neighbor_list(positions, None, 1.0).pairs().tolist() == [[2, 3]]
    assert neighbor_list(positions % 1e9, [1e9] * 3, 1.0).pairs().tolist()


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda p: np.repeat(p, 2, axis=0)[::2],
        lambda p: p[::-1][::-1],
        lambda p: p.tolist(),
        lambda p: p.astype(">f8"),
        np.array,
    ],
)
def test_any_memory_layout(layout):
    positions, box = liquid(200)
    np.testing.assert_array_equal(
        neighbor_list(layout(positions), box, 2.0).pairs(), neighbor_list(positions, box, 2.0).pairs()
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_coordinate_that_is_not_finite_is_named(value):
    positions = np.array(liquid(20)[0])
    positions[13, 1] = value
    with pytest.raises(ValueError, match=r"atom 13 has y = .* \(axis 1\), allowed: finite"):
        neighbor_list(positions, [3.0] * 3, 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((4, 2))}, r"positions of shape \(4, 2\), allowed: \(N, 3\)"),
        ({"positions": np.zeros(3)}, r"positions of shape \(3,\)"),
        ({"positions": np.zeros((4, 3), complex)}, "dtype complex128"),
        ({"positions": [["a"] * 3]}, "dtype <U1"),
        ({"cutoff": 1.01}, "at most half the shortest periodic box length, 1;"),
        ({"box": None, "cutoff": 1e-14, "positions": np.ones((2, 3))}, "move the origin to the atoms"),
        (
            {"box": np.eye(3) + 1e3 * np.eye(3, k=1), "cutoff": 1e-8},
            "sums of cell vectors .* times the cutoff",
        ),
        ({"cutoff": 0.0}, "cutoff=0.0, allowed: positive"),
        ({"cutoff": -1.0}, "allowed: positive"),
        ({"cutoff": np.nan}, "allowed: positive"),
        ({"cutoff": np.inf}, "allowed: positive"),
        ({"box": [2.0, 2.0]}, r"box of shape \(2,\), allowed: three lengths"),
        ({"box": np.ones((3, 3))}, "span no volume, allowed: linearly independent along periodic axes"),
        ({"box": [[2.0, 0, 0], [0, 2.0, 0], [0, 0, 0]]}, "span no volume"),
        ({"box": np.full((3, 3), np.inf)}, "cell vectors .* allowed: finite"),
        (
            {"box": [[2.0, 0, 0], [0, 2.0, 0], [2.0, 0, 0.2]], "cutoff": 0.11},
            "half the shortest distance between periodic faces, 0.0995037190209989;",
        ),
        ({"cutoff": 1e-200}, "allowed: 1e-140 to 1e"),
        ({"box": [2.0, 0.0, 2.0]}, "positive and finite"),
        ({"box": [2.0, np.nan, 2.0]}, "positive and finite"),
        ({"periodic": (True, True)}, "three booleans"),
        ({"order": "random"}, "order='random', allowed: caller, sorted"),
        ({"threads": 0}, "threads=0, allowed: whole numbers from 1 on"),
    ],
)
def test_refused_input(change, message):
    arguments = {"positions": np.zeros((4, 3)), "box": [2.0] * 3, "cutoff": 1.0} | change
    with pytest.raises(ValueError, match=message):
        neighbor_list(**arguments)


@needs_numba
@pytest.mark.parametrize("atoms", [1000, 20_000])  # once all fits into the scratch, once it does not
def test_lists_of_any_length_are_whole(atoms):
    positions, box = liquid(atoms)
    pairs = neighbor_list(positions, box, 2.8).pairs()
    np.testing.assert_array_equal(pairs, pairs_within(positions, box, 2.8, method="kdtree")[0])


def in_callers_names(result):
    pairs = np.sort(result.order[result.pairs()], axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@given(systems())
@settings(max_examples=100, deadline=None)
def test_the_sorted_order_has_the_same_pairs(system):
    positions, box, cutoff, periodic = system
    result = neighbor_list(positions, box, cutoff, periodic=periodic, order="sorted")
    oracle = brute_force(positions, box, cutoff, periodic=periodic)
    assert sorted(result.order.tolist()) == list(range(len(positions)))
    np.testing.assert_array_equal(in_callers_names(result), oracle.pairs())
    there = brute_force(positions[result.order], box, cutoff, periodic=periodic)
    np.testing.assert_array_equal(result.pairs(), there.pairs())


def test_a_full_list_keeps_its_order():
    positions, box = liquid(300)
    half = neighbor_list(positions, box, 2.0, order="sorted")
    full = neighbor_list(positions, box, 2.0, order="sorted", full=True)
    np.testing.assert_array_equal(full.order, half.order)
    assert full.nbytes == full.indptr.nbytes + full.indices.nbytes + full.order.nbytes
    assert len(full.pairs()) == 2 * len(half.pairs())


def dense_and_empty(atoms):
    """Nine in ten atoms in a corner of the box: neither threads nor lengths of lists can be foretold."""
    positions, box = liquid(atoms)
    positions = np.array(positions)
    positions[atoms // 10 :] *= 0.3
    return positions, box


@needs_numba
@pytest.mark.parametrize("order", ["caller", "sorted"])
@pytest.mark.parametrize("system", [liquid, tilted_liquid, dense_and_empty])
def test_the_list_is_the_same_whatever_the_threads(system, order):
    positions, box = system(13_000)
    one = neighbor_list(positions, box, 1.5, order=order)
    pairs = one.pairs() if one.order is None else in_callers_names(one)
    np.testing.assert_array_equal(pairs, pairs_within(positions, box, 1.5, method="kdtree")[0])
    for threads in (2, 3):
        several = neighbor_list(positions, box, 1.5, order=order, threads=threads)
        np.testing.assert_array_equal(several.indptr, one.indptr)
        np.testing.assert_array_equal(several.indices, one.indices)


@needs_numba
def test_the_sorted_order_is_local():
    positions, box = liquid(5000)
    result = neighbor_list(positions, box, 2.8, order="sorted")
    neighbors_in_space = positions[result.order]
    step = np.diff(neighbors_in_space, axis=0)
    step -= box * np.rint(step / box)
    assert np.median(np.linalg.norm(step, axis=1)) < 2.8


def test_a_mirrored_box_has_the_pairs_of_the_box():
    positions, cell = tilted_liquid(300)
    mirror = np.diag([1.0, 1.0, -1.0])
    np.testing.assert_array_equal(
        neighbor_list(positions @ mirror, cell @ mirror, 2.0).pairs(),
        neighbor_list(positions, cell, 2.0).pairs(),
    )


def test_the_order_of_cell_vectors_does_not_matter():
    positions, cell = tilted_liquid(300)
    np.testing.assert_array_equal(
        neighbor_list(positions, cell[[2, 0, 1]], 2.0).pairs(), neighbor_list(positions, cell, 2.0).pairs()
    )


@pytest.mark.parametrize("scale", [1e-130, 1e-12, 1e12, 1e120])
def test_the_unit_does_not_matter(scale):
    positions, cell = tilted_liquid(300)
    np.testing.assert_array_equal(
        neighbor_list(positions * scale, cell * scale, 2.0 * scale).pairs(),
        neighbor_list(positions, cell, 2.0).pairs(),
    )


def test_denormal_coordinates_are_coordinates():
    positions = frozen([[5e-324, 0, 0], [-5e-324, 1e-310, 0], [9.999, 0, 0], [5.0, 5, 5]])
    for box in ([10.0] * 3, None):
        assert_same_pairs(neighbor_list(positions, box, 1.0), brute_force(positions, box, 1.0))


@pytest.mark.parametrize("periodic", [(True, False, False), (True, True, False), (False, False, False)])
@pytest.mark.parametrize("cell", [np.ones(3), TILTED], ids=["lengths", "tilted"])
def test_the_unit_does_not_matter_along_open_axes(cell, periodic):
    positions = np.random.default_rng(0).uniform(-9, 9, (100, 3))
    expected = brute_force(positions, 9 * cell, 2.0, periodic=periodic)
    for scale in (1e-130, 1e-30, 1e30):
        small = neighbor_list(positions * scale, 9 * cell * scale, 2.0 * scale, periodic=periodic)
        assert_same_pairs(small, expected)


@pytest.mark.parametrize("seed", range(3))
def test_rounding_far_from_a_thin_box_loses_no_pair(seed):
    rng = np.random.default_rng(seed)
    cell = rng.uniform(-10, 10, (3, 3))
    cell[2] = cell[0] + cell[1] + 0.01 * rng.standard_normal(3)
    cutoff = 0.4 * Box.of(cell).smallest_width
    positions = rng.uniform(-1e3, 1e3, (100, 3))
    ways = rng.standard_normal((100, 3))
    nearly = (1 - 1e-7) * cutoff * ways / np.linalg.norm(ways, axis=1, keepdims=True)
    images = positions + nearly + rng.integers(-3, 4, (100, 3)) @ cell
    system = frozen(np.concatenate([positions, images])), frozen(cell), cutoff
    assert len(brute_force(*system).indices) == 100
    assert_same_pairs(neighbor_list(*system), brute_force(*system))


def test_huge_coordinates_are_wrapped():
    positions, box = liquid(300)
    far = positions + 1e12 * np.rint(box)
    assert_same_pairs(neighbor_list(far, np.rint(box), 2.0), brute_force(far, np.rint(box), 2.0))


def test_open_axes_do_not_limit_the_cutoff():
    box = Box.of([20.0, 20.0, 1.0], (True, True, False))
    positions = np.random.default_rng(0).uniform(0, 20, (100, 3))
    assert_same_pairs(neighbor_list(positions, box, 9.9), brute_force(positions, box, 9.9))


def test_rows_are_those_of_the_caller():
    result = neighbor_list(frozen([[5.0, 5, 5], [0, 0, 0], [5.5, 5, 5]]), [10.0] * 3, 1.0)
    assert isinstance(result, HalfList)
    assert sorted(np.diff(result.indptr).tolist()) == [0, 0, 1]
    assert result.pairs().tolist() == [[0, 2]]
