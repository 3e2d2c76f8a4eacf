"""A list in the sorted order, in one sweep: as long as it gets, with little more memory than that."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.neighbors.chunks import NONE, shares
from reference_impl.neighbors.rows import LIST
from reference_impl.threads import run_at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_impl.neighbors.chunks import Sweeper

__all__ = ["list_in_order"]

_WAVES = 16  # what all threads but the first list at once is this part of the list, because it is copied
_WAVE_ATOMS = 4096  # of each thread, at least: a wave costs a tenth of a millisecond
_FIRST_PART = 64  # of the list that is expected: from so much of it, the whole is foretold
_FIRST_LABELS = 2**16  # at least: from few atoms too much would be foretold, and given back
_SMALL = 2**19  # labels: growing costs such a list more time than sweeping


def list_in_order(sweepers: Sequence[Sweeper], counts: NDArray[np.int64], expected: int) -> NDArray[np.int32]:
    """Labels of the pairs of one sorted atom after the other, and their numbers into ``counts[1:]``.

    The same whatever the number of ``sweepers``, one per thread. ``expected`` is a guess of the number of pairs.
    """
    starts, threads = sweepers[0].search.atoms.starts, len(sweepers)
    waves = max(1, min(_WAVES, len(counts) // (threads * _WAVE_ATOMS))) if threads > 1 else 1
    chunks = shares(sweepers[0].search, threads * waves)
    first_labels = expected if expected <= _SMALL else max(expected // _FIRST_PART, _FIRST_LABELS)
    result = _Growing(first_labels, int(starts[-1, -1]), sweepers[0].room)
    for wave in range(0, len(chunks), threads):
        others = []
        tasks = [partial(result.extend_by_sweep, sweepers[0], *chunks[wave], counts)]
        for sweeper, (first, stop) in zip(sweepers[1:], chunks[wave + 1 : wave + threads], strict=False):
            places = int(starts[stop - 1, -1] - starts[first, 0])
            others.append(_Growing(expected * places // int(starts[-1, -1]), places, sweeper.room))
            tasks.append(partial(others[-1].extend_by_sweep, sweeper, first, stop, counts))
        run_at_once(tasks)
        del tasks
        while others:  # and none of them is kept for long
            result.extend(others.pop(0))
    return result.trimmed()


class _Growing:
    """Labels of up to ``places`` sorted atoms; its length follows from how many the atoms so far have.

    A sweep stops where fewer than ``spare`` are free.
    """

    def __init__(self, length: int, places: int, spare: int) -> None:
        self._labels, self._filled, self._spare = np.empty(length + spare, np.int32), 0, spare
        self._places, self._covered = places, 0

    def extend_by_sweep(self, sweeper: Sweeper, first: int, stop: int, counts: NDArray[np.int64]) -> None:
        starts = sweeper.search.atoms.starts
        row, atom = first, int(starts[first, 0])
        while row < stop:
            before, found = atom, self._labels[self._filled :]
            row, atom, listed = sweeper.sweep(row, stop, atom, found, counts, NONE, LIST)
            del found
            self._filled += listed
            if row < stop:
                self._covered += atom - before
                self._make_room(sweeper.room)
            else:
                self._covered += int(starts[stop - 1, -1]) - before

    def extend(self, other: _Growing) -> None:
        if self._filled + other._filled > len(self._labels):
            self._make_room(other._filled)
        self._labels[self._filled : self._filled + other._filled] = other._labels[: other._filled]
        self._filled += other._filled
        self._covered += other._covered

    def _make_room(self, room: int) -> None:
        needed = self._filled + room
        foretold = int(1.01 * self._filled / max(1, self._covered) * self._places) + self._spare
        self._resize(foretold if foretold >= needed else needed + self._filled // 20)

    def _resize(self, length: int) -> None:
        self._labels.resize(length, refcheck=False)  # where the system can, without a copy

    def trimmed(self) -> NDArray[np.int32]:
        # Giving back a percent would make the next list of this length a new mapping, all of whose pages fault.
        if self._filled < 0.98 * len(self._labels):
            self._resize(self._filled)
        return self._labels[: self._filled]
