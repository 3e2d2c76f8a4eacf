"""Rows of blocks: every pair within reach once, in one image, and how full the blocks are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("numba", reason="blocks are made by compiled code")

from reference_impl.kernels.blocks.images import IMAGES, image_number
from reference_impl.kernels.blocks.layout import columns_of
from reference_impl.kernels.lennard_jones.block_state import BlockState
from reference_impl.kernels.lennard_jones.workspace import DONE, refresh
from reference_impl.neighbors import brute_force
from tests.reference_impl.kernels.test_block_forces import crystal


def sorted_state(positions, lengths, cutoff, threads=1, dtype=np.float64):
    state = BlockState(positions, lengths, cutoff=cutoff, skin=0.0, dtype=dtype, threads=threads)
    assert state._team.run(refresh, state.work, None, None, threads) == [DONE] * threads
    return state


def pairs_of_rows(state):
    """(lower atom, higher atom) of the lanes that a row reaches, within ``reach`` in the image it names."""
    work, width = state.work, state._width
    found = []
    names = work.order.names.reshape(-1, width)
    places = work.built.reshape(-1, 3, width)
    shifts = work.shifts.reshape(IMAGES, 3)
    for t in range(len(work.rows.entries)):
        entries, k = work.rows.entries[t], 0
        first, stop = work.order.starts[work.order.shares[t : t + 2]]
        for block in range(first, stop):
            for lane in np.flatnonzero(names[block] >= 0):
                near = [(block, image_number(0, 0, 0), later) for later in range(lane + 1, width)]
                end, k = k + 1 + entries[k], k + 1
                while k < end:
                    image, count = entries[k] % IMAGES, entries[k] // IMAGES
                    for offset in entries[k + 1 : k + 1 + count]:
                        near += [(offset // (3 * width), image, other) for other in range(width)]
                    k += 1 + count
                for other_block, image, other in near:
                    if names[other_block, other] < 0:
                        continue
                    apart = places[other_block, :, other] + shifts[image] - places[block, :, lane]
                    if (apart**2).sum() < work.cutoff_squared:
                        found.append(tuple(sorted((int(names[block, lane]), int(names[other_block, other])))))
    return found


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("atoms", "lengths", "cutoff"),
    [
        (300, (7.0, 7.0, 7.0), 2.8),
        (300, (6.0, 9.0, 7.0), 2.999),
        (60, (5.0, 5.0, 60.0), 2.4),
        (60, (60.0, 5.0, 5.0), 2.4),
        (7, (9.0, 9.0, 9.0), 4.4),
        (1, (9.0, 9.0, 9.0), 4.4),
    ],
)
def test_every_pair_once(atoms, lengths, cutoff, threads):
    positions, lengths = crystal(atoms, lengths, seed=atoms)
    found = Counter(pairs_of_rows(sorted_state(positions, lengths, cutoff, threads)))
    expected = Counter(map(tuple, brute_force(positions, lengths, cutoff).pairs().tolist()))
    assert found == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_are_nearly_full_and_ascend(dtype):
    positions, lengths = crystal(4_000, [17.0] * 3, seed=0)
    state = sorted_state(positions, lengths, 2.8, dtype=dtype)
    order, width = state.work.order, state._width
    used = order.starts[-1]
    assert used * width < 1.06 * len(positions)
    assert sorted(order.names[order.names >= 0]) == list(range(len(positions)))
    np.testing.assert_allclose(state.taken(state.work.places), positions % lengths, atol=1e-12)
    for first, stop in zip(order.starts, order.starts[1:], strict=False):
        heights = state.work.built.reshape(-1, 3, width)[first:stop, 2].ravel()
        filled = order.names.reshape(-1, width)[first:stop].ravel() >= 0
        assert (np.diff(heights[filled]) >= 0).all()
        assert filled[:-width].all()


def test_there_are_no_more_columns_than_atoms():
    for lengths in ([100.0, 100.0, 1.0], [1.0, 100.0, 100.0], [1e9, 1.0, 1.0], [5.0] * 3):
        for atoms in (1, 10, 1_000):
            columns = columns_of(np.array(lengths), atoms, 0.5, 4)
            assert 1 <= columns.counts.prod() <= atoms
