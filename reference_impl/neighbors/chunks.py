"""Rows of cells as work for threads: each has a sweeper, and chunks of rows to sweep."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.lanes import copy, prefetch
from reference_impl.neighbors.rows import COUNT, FILL, LIST, sweep_rows
from reference_impl.neighbors.search import most_candidates
from reference_impl.neighbors.stencil import empty_stencil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.search import Search

__all__ = ["NONE", "Chunk", "Sweeper", "shares"]

NONE = np.empty(0, np.int32)


class Sweeper:
    """What one thread needs to sweep; ``room`` is how many labels one atom could have on the way."""

    def __init__(self, search: Search, *, vectors: bool) -> None:
        self.search, self.vectors = search, vectors
        self.room = most_candidates(search)
        self._stencil = empty_stencil(search.grid, search.atoms.x.dtype.type)

    def sweep(  # noqa: PLR0913, PLR0917 - as the compiled function
        self,
        first: int,
        stop: int,
        resume: int,
        found: NDArray[np.int32],
        counts: NDArray[np.int64],
        indices: NDArray[np.int32],
        task: int,
    ) -> tuple[int, int, int]:
        """As :func:`reference_impl.neighbors.rows.sweep_rows`."""
        return sweep_rows(
            self.search,
            self._stencil,
            first,
            stop,
            resume,
            found,
            self.room,
            counts,
            indices,
            task,
            self.vectors,
        )


class Chunk:
    """The rows ``first:stop`` in the caller's order: counted, then filled.

    What fits into ``scratch`` labels is swept once, the rest twice.
    """

    def __init__(self, sweeper: Sweeper, first: int, stop: int, scratch: int) -> None:
        self._sweeper, self._first, self._stop = sweeper, first, stop
        self._found = _taken(scratch + sweeper.room)
        self._row, self._atom, self._listed = first, 0, 0

    def count(self, counts: NDArray[np.int64]) -> None:
        """Number of pairs of each atom ``a`` into ``counts[a + 1]``."""
        self._row, self._atom, self._listed = self._sweeper.sweep(
            self._first, self._stop, 0, self._found, counts, NONE, LIST
        )
        self._sweep_rest(counts, NONE, COUNT)

    def fill(self, indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> None:
        _scatter(self._sweeper.search, self._first, self._found, self._listed, indptr, indices)
        _give_back(self._found)
        self._sweep_rest(indptr, indices, FILL)

    def _sweep_rest(self, counts: NDArray[np.int64], indices: NDArray[np.int32], task: int) -> None:
        if self._row < self._stop:
            found = np.empty(self._sweeper.room, np.int32)
            self._sweeper.sweep(self._row, self._stop, self._atom, found, counts, indices, task)


_spare: list[NDArray[np.int32]] = []
_SPARES, _SPARE_LENGTH = 4, 2**20  # no more than 16 MiB are kept


def _taken(length: int) -> NDArray[np.int32]:
    """A scratch of at least ``length``, out of those given back: new memory costs as much as filling it twice."""
    while _spare:
        try:
            scratch = _spare.pop()
        except IndexError:  # another thread was faster
            break
        if len(scratch) >= length:
            return scratch
    return np.empty(length, np.int32)


def _give_back(scratch: NDArray[np.int32]) -> None:
    if len(_spare) < _SPARES and len(scratch) <= _SPARE_LENGTH:
        _spare.append(scratch)


def shares(search: Search, parts: int) -> list[tuple[int, int]]:
    """Consecutive rows of cells, ``parts`` times about as many atoms; fewer where there are not as many rows."""
    ends = search.atoms.starts[:, -1]
    stops = np.searchsorted(ends, ends[-1] * np.arange(1, parts) / parts) + 1
    return [(first, stop) for first, stop in pairwise([0, *stops.tolist(), len(ends)]) if first < stop]


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
