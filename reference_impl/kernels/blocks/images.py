"""Periodic images that a row can reach: itself or the next along x, as rows look forward, and all along y and z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["IMAGES", "image_number", "image_shifts"]

IMAGES = 18


@jit
def image_number(dx: int, dy: int, dz: int) -> int:
    """For ``dx`` in (0, 1), ``dy`` and ``dz`` in (-1, 0, 1)."""
    return (dx * 3 + dy + 1) * 3 + dz + 1


def image_shifts(lengths: NDArray[np.float64], dtype: type[np.floating]) -> NDArray[np.floating]:
    """How far each image is displaced, shape (3 * IMAGES,): x, y, z of the first, then of the next."""
    images = np.array([(dx, dy, dz) for dx in (0, 1) for dy in (-1, 0, 1) for dz in (-1, 0, 1)])
    return (images * lengths).astype(dtype).ravel()
