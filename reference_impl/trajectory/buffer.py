"""Frames in memory until there are enough of them to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.trajectory.h5md import BOX, POSITION, STEP, TIME, VELOCITY, columns, observable
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.trajectory.header import Header

__all__ = ["FrameBuffer"]


class FrameBuffer:
    """Room for ``limit_bytes`` of frames, taken at once.

    Raises
    ------
    ValueError
        When that is less than one frame.
    """

    def __init__(self, header: Header, limit_bytes: int) -> None:
        capacity = whole(limit_bytes, "buffer_bytes") // header.frame_bytes
        if capacity < 1:
            raise ValueError(
                f"got buffer_bytes={limit_bytes}, allowed: at least one frame, {header.frame_bytes}"
            )
        self.header = header
        self.capacity = capacity
        self.count = 0
        self._columns: dict[str, NDArray[Any]] = {
            column.path: np.empty((capacity, *column.shape), column.dtype) for column in columns(header)
        }

    def filled(self, path: str) -> NDArray[Any]:
        return self._columns[path][: self.count]

    def add(
        self,
        step: int,
        time: float,
        box: ArrayLike,
        vectors: Mapping[str, ArrayLike | None],
        observables: Mapping[str, float],
    ) -> None:
        """Copy one frame in; nothing has changed when it is refused."""
        header, place = self.header, self.count
        if not np.isfinite(time):
            raise ValueError(f"got time={time}, allowed: finite")
        if set(observables) != set(header.observables):
            raise ValueError(f"got observables {sorted(observables)}, allowed: {sorted(header.observables)}")
        for path, name in ((POSITION, "positions"), (VELOCITY, "velocities")):
            values = vectors[path]
            if (values is None) is (path in self._columns):
                state = "lacks" if values is None else "has"
                raise ValueError(f"got a frame that {state} {name}, allowed: as the header of the file says")
            if values is not None:
                _copy(values, self._columns[path][place], name)
        _copy(box, self._columns[BOX][place], "box")
        for name, value in observables.items():
            self._columns[observable(name)][place] = value
        self._columns[TIME][place] = time
        self._columns[STEP][place] = step
        self.count += 1


def _copy(values: ArrayLike, into: NDArray[Any], name: str) -> None:
    given = np.asarray(values)
    if given.shape != into.shape or given.dtype.kind not in "iuf":
        raise ValueError(
            f"got {name} of shape {given.shape}, {given.dtype}; allowed: {into.shape}, real numbers"
        )
    with np.errstate(over="ignore"):  # is seen below
        into[...] = given
    if not np.isfinite([into.min(), into.max()]).all():  # extremes pass on NaN, without a temporary
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(into))[0])
        raise ValueError(f"{name}[{', '.join(map(str, at))}] = {given[at]} is not finite as {into.dtype}")
