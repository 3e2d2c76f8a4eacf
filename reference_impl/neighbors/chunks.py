"""Some rows of cells, swept by one thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.lanes import copy, prefetch
from reference_impl.neighbors.rows import COUNT, FILL, LIST, sweep_rows
from reference_impl.neighbors.stencil import empty_stencil

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from reference_impl.neighbors.rows import Search

__all__ = ["Chunk", "in_threads"]

_NONE = np.empty(0, np.int32)


class Chunk:
    """The rows ``first:stop``: counted, then filled.

    What fits into a scratch of ``scratch`` labels is swept once, the rest twice.
    """

    def __init__(
        self, search: Search, first: int, stop: int, room: int, scratch: int, *, vectors: bool
    ) -> None:
        self._search, self._first, self._stop, self._room, self._vectors = search, first, stop, room, vectors
        self._stencil = empty_stencil(search.grid, search.atoms.x.dtype.type)
        self._found = np.empty(scratch + room, np.int32)
        self._row, self._atom, self._listed = first, 0, 0

    def _sweep(
        self, task: int, counts: NDArray[np.int64], indices: NDArray[np.int32]
    ) -> tuple[int, int, int]:
        found = self._found if task == LIST else self._rest
        return sweep_rows(
            self._search,
            self._stencil,
            self._row,
            self._stop,
            self._atom,
            found,
            self._room,
            counts,
            indices,
            task,
            self._vectors,
        )

    def count(self, counts: NDArray[np.int64]) -> None:
        """Number of pairs of each atom ``a`` into ``counts[a + 1]``."""
        self._row, self._atom, self._listed = self._sweep(LIST, counts, _NONE)
        if self._row < self._stop:
            self._rest = np.empty(self._room, np.int32)
            self._sweep(COUNT, counts, _NONE)

    def fill(self, indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> None:
        _scatter(self._search, self._first, self._found, self._listed, indptr, indices)
        if self._row < self._stop:
            self._sweep(FILL, indptr, indices)


def in_threads(tasks: Sequence[Callable[[], None]]) -> None:
    """Run ``tasks`` at once, the first in this thread; waits for all."""
    if len(tasks) == 1:
        tasks[0]()
        return
    with ThreadPoolExecutor(len(tasks) - 1) as pool:
        others = [pool.submit(task) for task in tasks[1:]]
        tasks[0]()
        for other in others:
            other.result()


@jit
def _scatter(
    search: Search,
    first_row: int,
    found: NDArray[np.int32],
    listed: int,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
) -> None:
    """Put ``listed`` labels, those of one sorted atom after the other, into their rows."""
    _, _, _, labels, starts, _ = search.atoms
    ghosts, columns = search.grid.ghosts, search.grid.counts[0]
    k, last = 0, len(labels) - 1
    for row in range(first_row, len(starts)):
        for i in range(starts[row, ghosts], starts[row, ghosts + columns]):
            if k == listed:
                return
            for line in range(4):
                prefetch(indices, indptr[labels[min(i + 8, last)]] + 16 * line)
            label = labels[i]
            size = indptr[label + 1] - indptr[label]
            copy(found, k, indices, indptr[label], size)
            k += size
