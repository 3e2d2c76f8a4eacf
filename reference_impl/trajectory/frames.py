"""Frames as readers give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Real = NDArray[np.float32] | NDArray[np.float64]

__all__ = ["Frame", "Frames"]


class Frame(NamedTuple):
    """One frame: ``box`` of shape (3,) or (3, 3), ``positions`` and ``velocities`` of shape (N, 3)."""

    step: int
    time: float
    box: NDArray[np.float64]
    positions: Real
    velocities: Real | None
    observables: dict[str, float]


class Frames(NamedTuple):
    """Some frames in a row; every array has them along its first axis."""

    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    boxes: NDArray[np.float64]
    positions: Real
    velocities: Real | None
    observables: dict[str, NDArray[np.float64]]

    def each(self) -> Iterator[Frame]:
        """The frames one by one, as views."""
        for i in range(len(self.steps)):
            yield Frame(
                int(self.steps[i]),
                float(self.times[i]),
                self.boxes[i],
                self.positions[i],
                None if self.velocities is None else self.velocities[i],
                {name: float(values[i]) for name, values in self.observables.items()},
            )
