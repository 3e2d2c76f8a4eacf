"""Where atoms stand: columns of the box, blocks of a column, lanes of a block."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Columns", "Order", "columns_of", "most_blocks", "new_order"]

# A block is as wide as its column; cubes would be the most compact, but wider columns end in fewer blocks that are
# not full. Measured: fewest vectors per atom from 1.6 to 2.2.
_BLOCKS_PER_CUBE = 1.7
SPARE = 16  # bounds are longer by a vector: the last of them reads past the end


class Columns(NamedTuple):
    """A periodic box, cut into columns along z.

    ``counts`` and ``widths`` have shape (2,), ``lengths`` (3,). ``steps`` of shape (K, 2) lead from a column to
    those after it that can hold atoms within ``reach``, its own column first: of two opposite steps only one.
    """

    counts: NDArray[np.int64]
    widths: NDArray[np.float64]
    lengths: NDArray[np.float64]
    steps: NDArray[np.int64]
    reach: float


class Order(NamedTuple):
    """Which atom stands where; M slots in blocks of ``lanes``, each block in one column, by ascending z.

    ``names`` (M,) are the atoms' numbers in the caller's order, -1 where a block is not full. Blocks
    ``starts[c]:starts[c + 1]`` are those of column ``c``, columns ``shares[t]:shares[t + 1]`` those of thread
    ``t``. ``bounds`` (6, M / lanes + SPARE) enclose each block: lowest and highest x, y, z. Coordinates stand in
    arrays of length 3 M: x of all lanes of the first block, then their y, then their z, then the next block.
    The rest is room for sorting: ``columns`` of the slots, where each came from (``source``), and how many of
    each thread's atoms are in each column (``counts``).
    """

    names: NDArray[np.int32]
    starts: NDArray[np.int64]
    shares: NDArray[np.int64]
    bounds: NDArray[np.float32]
    columns: NDArray[np.int32]
    source: NDArray[np.int32]
    heights: NDArray[np.float64]
    counts: NDArray[np.int64]


def columns_of(lengths: NDArray[np.float64], atoms: int, reach: float, lanes: int) -> Columns:
    """Columns for ``atoms`` in a box of ``lengths`` (3,), so that blocks of ``lanes`` atoms are about cubes."""
    side = (_BLOCKS_PER_CUBE * lanes * math.prod(lengths.tolist()) / atoms) ** (1 / 3)
    nx = min(max(int(lengths[0] / side), 1), atoms)
    counts = np.array([nx, min(max(int(lengths[1] / side), 1), atoms // nx)])  # no more columns than atoms
    widths = lengths[:2] / counts
    wide = reach + 1e-6 * float(lengths.max())  # bounds of blocks are float32
    far_x, far_y = (math.ceil(wide / width) for width in widths.tolist())
    steps = [
        (dx, dy)
        for dx in range(far_x + 1)
        for dy in range(-far_y if dx else 0, far_y + 1)
        if math.hypot(_gap(dx) * widths[0], _gap(dy) * widths[1]) < wide
    ]
    return Columns(counts, widths, lengths.copy(), np.array(steps, np.int64), wide)


def _gap(step: int) -> int:
    """Whole columns between two columns."""
    return max(abs(step) - 1, 0)


def most_blocks(atoms: int, columns: Columns, lanes: int) -> int:
    """However the atoms are spread over the columns."""
    return atoms // lanes + int(columns.counts.prod())


def new_order(atoms: int, columns: Columns, lanes: int, threads: int) -> Order:
    """Atoms as the caller has them, before the first sort."""
    blocks = most_blocks(atoms, columns, lanes)
    slots = blocks * lanes
    number = math.prod(columns.counts.tolist())
    names = np.full(slots, -1, np.int32)
    names[:atoms] = np.arange(atoms)
    return Order(
        names=names,
        starts=np.zeros(number + 1, np.int64),
        shares=np.zeros(threads + 1, np.int64),
        bounds=np.zeros((6, blocks + SPARE), np.float32),
        columns=np.zeros(slots, np.int32),
        source=np.zeros(slots, np.int32),
        heights=np.zeros(slots),
        counts=np.zeros((threads, number), np.int64),
    )
