"""A box of any shape as a brick: what lets one kernel sweep orthorhombic and triclinic boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["Frame", "as_tuples", "frame_of"]


class Frame(NamedTuple):
    """The frame in which the first cell vector lies along x and the second in the plane of x and y.

    There the cell vectors are (lx, 0, 0), (xy, ly, 0) and (xz, yz, lz). The brick lx by ly by lz holds each atom
    once, as the box itself does; it is merely that a neighboring brick is displaced by the tilts.
    ``into`` (3, 3) takes positions into the frame, ``positions @ into``: it turns, may reflect, and divides by
    ``unit``, so that squares of lengths are far from the ends of float32. In that unit ``lengths`` (3,) are
    lx, ly, lz with 0.0 along open axes, ``tilts`` (3,) are xy, xz, yz.
    """

    into: tuple[tuple[float, ...], ...]
    lengths: tuple[float, ...]
    tilts: tuple[float, ...]
    is_rotated: bool


def frame_of(box: Box, unit: float) -> Frame:
    if box.is_orthorhombic:
        x, y, z = (box.lengths / unit).tolist()
        return Frame(
            ((1 / unit, 0.0, 0.0), (0.0, 1 / unit, 0.0), (0.0, 0.0, 1 / unit)), (x, y, z), (0.0,) * 3, False
        )
    orthogonal, upper = np.linalg.qr(box.vectors.T)
    signs = np.sign(upper.diagonal())
    lower = upper.T * signs / unit
    lengths = np.where(box.periodic, lower.diagonal(), 0.0)
    # Open axes stand at right angles to the others: what is left of their tilts is rounding.
    tilts = [lower[i, j] * (box.periodic[i] & box.periodic[j]) for i, j in ((1, 0), (2, 0), (2, 1))]
    into = orthogonal * signs / unit
    return Frame(as_tuples(into), tuple(lengths.tolist()), tuple(map(float, tilts)), True)


def as_tuples(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    """Numbers by value: compiled code counts references to arrays, whenever one is named."""
    return tuple(map(tuple, matrix.tolist()))
